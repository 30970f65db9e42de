package indicator

// Light says where a value stands in words, so that nobody has to see a colour.
type Light string

// The lights. Near is short of the target by no more than NearPercent points.
const (
	LightMet           Light = "met"
	LightNear          Light = "near"
	LightUnmet         Light = "unmet"
	LightNotApplicable Light = "not_applicable"
	LightMissing       Light = "missing"
	LightSuppressed    Light = "suppressed" // of a public table, which does not show the value
)

// NearPercent is how many percent points below the target still are near to it (choice).
const NearPercent = 2

// ShortBy is the least number that, covered out of the gap, meets the target (还差 n 人达标); 0 when it is met. applicable is
// false for a denominator of 0, and where even everybody would not do.
func (c Count) ShortBy(comparator string, targetPercent int) (n int64, applicable bool) {
	met, applicable := c.Met(comparator, targetPercent)
	if !applicable || met {
		return 0, applicable
	}
	aim := int64(targetPercent) * c.Denominator()
	needed := aim/100 + 1 // the least N with 100·N > t·Den
	if comparator == "=" {
		if needed = aim / 100; 100*needed != aim || needed < c.Covered {
			return 0, false // no whole number of persons is the target, or it has been passed
		}
	}
	if needed > c.Denominator() {
		return 0, false
	}
	return needed - c.Covered, true
}

// Light is where a count stands.
func (c Count) Light(comparator string, targetPercent int) Light {
	met, applicable := c.Met(comparator, targetPercent)
	switch {
	case !applicable:
		return LightNotApplicable
	case met:
		return LightMet
	}
	if 100*c.Covered >= int64(targetPercent-NearPercent)*c.Denominator() {
		return LightNear
	}
	return LightUnmet
}
