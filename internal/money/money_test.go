package money

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestYuan(t *testing.T) {
	t.Parallel()
	slowly := func(f Fen) string {
		if f < 0 {
			return fmt.Sprintf("-%d.%02d", -f/100, -f%100)
		}
		return fmt.Sprintf("%d.%02d", f/100, f%100)
	}
	amounts := []Fen{0, 1, 9, 10, 99, 100, 101, 16700, 1<<63 - 1, -1, -9, -10, -100, -12345}
	for range 10_000 {
		amounts = append(amounts, Fen(rand.Int64N(1<<40)-1<<39))
	}
	for _, f := range amounts {
		if got, want := f.Yuan(), slowly(f); got != want {
			t.Errorf("%d fen: %s, want %s", int64(f), got, want)
		}
	}
}
