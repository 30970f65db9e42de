package indicator

import (
	"fmt"
	"math/big"
)

// Growth is an income at two points in time, in fen a head and year.
type Growth struct {
	From, To int64
	Years    int
}

// Rate is the average yearly growth in percent, truncated to two places: the greatest hundredth of a percent that,
// compounded over the years, does not lead past To. The n-th root is never taken; powers of integers are compared.
func (g Growth) Rate() string {
	low, high := int64(-10000), int64(10000) // from a loss of everything on; a doubling every year is rarely passed
	for g.reaches(high, 10000) {
		low, high = high, 2*high
	}
	for low < high {
		if middle := low + (high-low+1)/2; g.reaches(middle, 10000) {
			low = middle
		} else {
			high = middle - 1
		}
	}
	sign := ""
	if low < 0 {
		sign, low = "-", -low
	}
	return fmt.Sprintf("%s%d.%02d", sign, low/100, low%100)
}

// Met reports whether the growth is more than a target in tenths of a percent.
func (g Growth) Met(targetTenths int) bool {
	return g.reaches(int64(targetTenths), 1000) && g.compare(int64(targetTenths), 1000) > 0
}

// reaches reports whether growing by part/whole a year leads to no more than To.
func (g Growth) reaches(part, whole int64) bool { return g.compare(part, whole) >= 0 }

// compare sets To against From grown by part/whole a year.
func (g Growth) compare(part, whole int64) int {
	years := big.NewInt(int64(g.Years))
	grown := new(big.Int).Exp(big.NewInt(whole+part), years, nil)
	base := new(big.Int).Exp(big.NewInt(whole), years, nil)
	return new(big.Int).Mul(big.NewInt(g.To), base).Cmp(grown.Mul(grown, big.NewInt(g.From)))
}
