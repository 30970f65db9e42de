package indicator_test

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"zhucan/internal/indicator"
)

// meets is the plan's test in whole numbers: for more than t percent 100·N > t·Den, for exactly t percent 100·N = t·Den.
func meets(covered, denominator int64, comparator string, target int) bool {
	left, right := 100*covered, int64(target)*denominator
	return comparator == ">" && left > right || comparator == "=" && left == right
}

// TestShortBy tries, for every denominator up to 400 and everybody covered of it, one more after the other until the target is met.
func TestShortBy(t *testing.T) {
	t.Parallel()
	for _, comparator := range []string{">", "="} {
		for _, target := range []int{90, 95, 96, 97, 100} {
			for denominator := int64(1); denominator <= 400; denominator++ {
				for covered := int64(0); covered <= denominator; covered++ {
					c := indicator.Count{Covered: covered, Gap: denominator - covered}
					want, possible := int64(0), true
					for !meets(covered+want, denominator, comparator, target) && possible {
						want++
						possible = covered+want <= denominator
					}
					if !possible {
						want = 0
					}
					if n, applicable := c.ShortBy(comparator, target); n != want || applicable != possible {
						t.Fatalf("%d of %d, %s %d %%: short by %d, possible %v; want %d, %v", covered, denominator, comparator, target, n, applicable, want, possible)
					}
					if met, applicable := c.Met(comparator, target); met != meets(covered, denominator, comparator, target) || !applicable {
						t.Fatalf("%d of %d, %s %d %%: met %v", covered, denominator, comparator, target, met)
					}
				}
			}
		}
	}
	for _, comparator := range []string{">", "="} {
		if n, applicable := (indicator.Count{Excluded: 3, Extra: 2}).ShortBy(comparator, 96); n != 0 || applicable {
			t.Errorf("nobody to cover is short by %d, %v", n, applicable)
		}
	}
}

// TestRateTruncates: what is shown is the greatest hundredth of a percent that is not more than the fraction, so that an unmet target
// never prints as met.
func TestRateTruncates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		denominator := rapid.Int64Range(1, 100_000_000).Draw(t, "denominator")
		covered := rapid.Int64Range(0, denominator).Draw(t, "covered")
		shown, ok := new(big.Rat).SetString((indicator.Count{Covered: covered, Gap: denominator - covered}).Rate())
		exact := new(big.Rat).SetFrac64(covered*100, denominator)
		if !ok || shown.Cmp(exact) > 0 || new(big.Rat).Add(shown, big.NewRat(1, 100)).Cmp(exact) <= 0 {
			t.Fatalf("%d of %d prints %s, it is %s", covered, denominator, shown, exact.FloatString(6))
		}
		for _, target := range []int{90, 95, 96, 97} {
			if aim := big.NewRat(int64(target), 1); shown.Cmp(aim) > 0 && !meets(covered, denominator, ">", target) {
				t.Fatalf("%d of %d prints %s and does not meet more than %d", covered, denominator, shown.FloatString(2), target)
			}
		}
	})
}

// TestLight: near is what falls short by two points at most, in fractions.
func TestLight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		denominator := rapid.Int64Range(0, 400).Draw(t, "denominator")
		covered := rapid.Int64Range(0, denominator).Draw(t, "covered")
		comparator, target := rapid.SampledFrom([]string{">", "="}).Draw(t, "comparator"), rapid.SampledFrom([]int{90, 95, 96, 97, 100}).Draw(t, "target")
		want := indicator.LightUnmet
		switch {
		case denominator == 0:
			want = indicator.LightNotApplicable
		case meets(covered, denominator, comparator, target):
			want = indicator.LightMet
		case new(big.Rat).SetFrac64(covered*100, denominator).Cmp(big.NewRat(int64(target-2), 1)) >= 0:
			want = indicator.LightNear
		}
		if got := (indicator.Count{Covered: covered, Gap: denominator - covered}).Light(comparator, target); got != want {
			t.Fatalf("%d of %d, %s %d %%: %s, want %s", covered, denominator, comparator, target, got, want)
		}
	})
}

// root is the n-th root of a ratio to 300 bits, by halving: every step compares powers.
func root(ratio *big.Float, n int) *big.Float {
	low, high := new(big.Float).SetPrec(300), new(big.Float).SetPrec(300).Copy(ratio)
	high.Add(high, big.NewFloat(1))
	for range 400 {
		middle := new(big.Float).SetPrec(300).Add(low, high)
		middle.Quo(middle, big.NewFloat(2))
		power := new(big.Float).SetPrec(300).SetInt64(1)
		for range n {
			power.Mul(power, middle)
		}
		if power.Cmp(ratio) <= 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// TestGrowth compares with roots of many digits: what is shown is the growth cut off after two places, downwards, and met is by
// the root itself.
func TestGrowth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := indicator.Growth{From: rapid.Int64Range(1, 1_000_000_000_000).Draw(t, "from"), Years: rapid.IntRange(1, 12).Draw(t, "years")}
		factor := rapid.Float64Range(0.0001, 400).Draw(t, "factor")
		g.To = min(int64(math.Ceil(float64(g.From)*factor)), 1_000_000_000_000)
		ratio := new(big.Float).SetPrec(300).Quo(new(big.Float).SetPrec(300).SetInt64(g.To), new(big.Float).SetPrec(300).SetInt64(g.From))
		exact := root(ratio, g.Years)
		exact.Sub(exact, big.NewFloat(1)).Mul(exact, big.NewFloat(100))
		shown, _, err := big.ParseFloat(g.Rate(), 10, 300, big.ToNearestEven)
		const hair = 1e-9 // where the root is a hundredth exactly, a float of any length stands beside it
		over, under := new(big.Float).Sub(shown, exact), new(big.Float).Sub(exact, shown)
		if a, _ := over.Float64(); err != nil || a > hair {
			t.Fatalf("%+v prints %s, it is %s", g, g.Rate(), exact.Text('f', 9))
		}
		if b, _ := under.Float64(); b > 0.01+hair {
			t.Fatalf("%+v prints %s, it is %s", g, g.Rate(), exact.Text('f', 9))
		}
		for _, tenths := range []int{0, 85, 100} {
			difference, _ := new(big.Float).Sub(exact, big.NewFloat(float64(tenths)/10)).Float64()
			if math.Abs(difference) > hair && g.Met(tenths) != (difference > 0) {
				t.Fatalf("%+v grows by %s: met %d tenths is %v", g, exact.Text('f', 9), tenths, g.Met(tenths))
			}
		}
	})
}

// TestGrowthByHand: exactly the target does not meet it; a loss is cut off downwards, too.
func TestGrowthByHand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to int64
		years    int
		rate     string
		met      bool
	}{
		{10000, 10850, 1, "8.50", false}, {10000, 10851, 1, "8.51", true}, {100000, 108501, 1, "8.50", true}, {1, 1, 5, "0.00", false},
		{10000000000, 15036566902, 5, "8.50", true}, {10000000000, 15036566901, 5, "8.49", false}, // 1.085⁵ = 1.503656690178
		{10000, 9999, 1, "-0.01", false}, {30000, 20000, 1, "-33.34", false}, {100, 1, 1, "-99.00", false}, {1, 400, 1, "39900.00", true},
	} {
		g := indicator.Growth{From: c.from, To: c.to, Years: c.years}
		if got := fmt.Sprint(g.Rate(), " ", g.Met(85)); got != fmt.Sprint(c.rate, " ", c.met) {
			t.Errorf("%+v: %s, want %s %v", g, got, c.rate, c.met)
		}
	}
}
