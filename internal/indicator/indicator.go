// Package indicator is the arithmetic of coverage rates: integers are compared, decimals only shown.
package indicator

import "fmt"

// Count is how many persons or households are in each part of the population of a day.
type Count struct {
	Covered  int64
	Gap      int64
	Excluded int64
	Extra    int64 // served without being in the target population
	Waived   int64 // of the gap: who waived by signature
}

// Denominator is everybody who should receive.
func (c Count) Denominator() int64 { return c.Covered + c.Gap }

// Add sums counts up the tree; rates are never averaged.
func (c Count) Add(o Count) Count {
	return Count{c.Covered + o.Covered, c.Gap + o.Gap, c.Excluded + o.Excluded, c.Extra + o.Extra, c.Waived + o.Waived}
}

// Rate is the percentage as decimal text, truncated to two places so that an unmet target never prints as met;
// empty when there is nobody to cover (不适用).
func (c Count) Rate() string {
	if c.Denominator() == 0 {
		return ""
	}
	hundredths := c.Covered * 10000 / c.Denominator()
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

// Met compares in integers: for ">" 100·N > t·Den, for "=" N = Den. applicable is false for a denominator of 0.
func (c Count) Met(comparator string, targetPercent int) (met, applicable bool) {
	if c.Denominator() == 0 {
		return false, false
	}
	if comparator == "=" {
		return 100*c.Covered == int64(targetPercent)*c.Denominator(), true
	}
	return 100*c.Covered > int64(targetPercent)*c.Denominator(), true
}
