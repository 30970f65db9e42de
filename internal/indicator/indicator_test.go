package indicator_test

import (
	"testing"

	"zhucan/internal/indicator"
)

func TestRate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n, den          int64
		comparator      string
		target          int
		rate            string
		met, applicable bool
	}{
		{9600, 10000, ">", 96, "96.00", false, true}, {9601, 10000, ">", 96, "96.01", true, true}, {1184, 1227, ">", 95, "96.49", true, true},
		{312, 313, "=", 100, "99.68", false, true}, {313, 313, "=", 100, "100.00", true, true}, {0, 0, ">", 96, "", false, false},
		{95996, 100000, ">", 96, "95.99", false, true}, {120, 122, ">", 95, "98.36", true, true}, {0, 5, ">", 96, "0.00", false, true},
	} {
		c := indicator.Count{Covered: tt.n, Gap: tt.den - tt.n}
		met, applicable := c.Met(tt.comparator, tt.target)
		if c.Rate() != tt.rate || met != tt.met || applicable != tt.applicable {
			t.Errorf("%d of %d: %q met %v applicable %v, want %q %v %v", tt.n, tt.den, c.Rate(), met, applicable, tt.rate, tt.met, tt.applicable)
		}
	}
}
