package care

import (
	"slices"

	"zhucan/internal/casefile"
	"zhucan/internal/fault"
)

// UnderWay reports whether a service was neither given nor has ended otherwise.
func (s Service) UnderWay() bool { return !slices.Contains(settledStates, s.State) }

// settledStates are the states of all chains in which the service was given or nothing follows. They are listed by hand, because the
// checks of a chain need them, and a chain cannot refer to itself.
var settledStates = []string{"COMPLETED", "EVALUATED", "NOT_SUITABLE", "ACCEPTED", "FOLLOWED_UP", "LOAN_RETURNED", "DONE", "ARCHIVED", "NOT_ALTERABLE",
	"DEMOLITION_PLANNED", "REJECTED", "REFUSED", "MOVED", "DECEASED"}

// SettledStates are the states in which a service is not under way any more.
func SettledStates() []string { return slices.Clone(settledStates) }

var openAlready = fault.New(fault.Conflict, "OPEN_ALREADY", "已有同一需求在办", "the same need is under way already")

// openTwice reports whether the same need is under way in another service. A device that is lent until another is granted is
// another need than that (choice).
func (c Case) openTwice(need Evidence) bool {
	lends := func(e Evidence) bool { return e.Text("mode") == "loan" }
	return slices.ContainsFunc(c.Others, func(o Service) bool {
		if o.ID == c.ID || o.Kind != c.Kind || o.PersonID != c.PersonID || o.HouseholdID != c.HouseholdID || !o.UnderWay() {
			return false
		}
		return c.Kind != Device || o.item() == need.Text("item") && lends(o.Need) == lends(need)
	})
}

var outside = refuse("NO_VALID_CERTIFICATE", "须持有效残疾人证，或为未办证的残疾儿童（0至17岁）", "a valid certificate is needed, or to be a disabled child up to 17 without one")

// inPopulation refuses people for whom the chains are not made: they are for holders of a valid card, and for disabled children without
// one yet. What was given elsewhere or before is recorded all the same.
func (c Case) inPopulation() error {
	child := c.Facts.Certificate.Status == casefile.NoCertificate && c.File.Person.RecordType != casefile.Recovering && c.File.Person.Diagnosis != "" &&
		casefile.IsChild(c.File.Person.BirthDate, c.On)
	if c.TakenOver || c.Facts.Certificate.Status.Valid() || child {
		return nil
	}
	return outside
}
