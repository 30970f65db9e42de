package population

import (
	"math/rand/v2"

	"zhucan/internal/area"
)

// towns says how well each town does, from -1 to 1: one number for all that it does, so that a town that is behind with one
// thing is behind with others.
type towns map[area.Code]float64

func newTowns(seed uint64, divisions []area.Division) towns {
	random := rand.New(rand.NewPCG(seed, 370305))
	t := towns{}
	for _, d := range divisions {
		if d.Code.Level() == "town" {
			t[d.Code] = 2*random.Float64() - 1
		}
	}
	return t
}

// share is a share of a hundred, or of a thousand, moved by at most spread by how well the town of a village does.
func (t towns) share(base, spread int, village area.Code) int {
	return base + int(float64(spread)*t[village.Parent()])
}

// behind reports whether the town of a village is among those that do badly.
func (t towns) behind(village area.Code) bool { return t[village.Parent()] < -0.4 }
