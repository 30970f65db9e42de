package casefile

import (
	"cmp"
	"slices"

	"zhucan/internal/calendar"
)

// CertificateStatus is what a card is on a day.
type CertificateStatus string

// The statuses of a card; Active, Reassessing and Migrating count as valid.
const (
	NoCertificate CertificateStatus = ""
	Active        CertificateStatus = "ACTIVE"
	Reassessing   CertificateStatus = "REASSESSING"
	Migrating     CertificateStatus = "MIGRATING"
	Expired       CertificateStatus = "EXPIRED"
	Frozen        CertificateStatus = "FROZEN"
	Replaced      CertificateStatus = "REPLACED"
	Cancelled     CertificateStatus = "CANCELLED"
)

var statuses = map[CertificateStatus]string{NoCertificate: "未持证", Active: "有效", Reassessing: "复评中，有效", Migrating: "迁移中，有效", Expired: "已过期", Frozen: "冻结",
	Replaced: "已换发", Cancelled: "注销"}

// ZH is the status as officers say it.
func (s CertificateStatus) ZH() string { return statuses[s] }

// Valid reports whether a card of this status carries the subsidies.
func (s CertificateStatus) Valid() bool { return s == Active || s == Reassessing || s == Migrating }

// Window is a declared transition: a card that runs out inside it counts as valid until its end.
type Window = calendar.Interval

// CertificateFacts is the card of a day as rules see it.
type CertificateFacts struct {
	Status     CertificateStatus
	Category   int
	Level      int // 1 (most severe) to 4; 0 without a card
	Components []Component
}

// Facts is everything that rules may read of one person on one day.
//
// The day of an event that ends something still belongs to what it ends: somebody who dies, moves out or whose card is
// frozen on the first of a month has that day, and so that month (次月停发: the month of the event is paid).
type Facts struct {
	Day         calendar.Date
	Alive       bool
	Age         int // completed years; -1 when the birth date is not known
	Sex         string
	Hukou       string // division codes
	Residence   string
	Managing    string
	BirthDate   calendar.Date
	HukouType   string // of now
	Certificate CertificateFacts
	// UncertifiedChild is a registered disabled child who has no card yet, from the day of registration on.
	UncertifiedChild bool
	NeedsLastYear    []string // by the survey of the year before
	NeedsThisYear    []string
	ServedThisYear   []string // since 1 January
	listed           []Circumstance
	values           []Circumstance // those that hold on the day
}

// Holding are the circumstances that hold on the day. They are not to be changed.
func (f Facts) Holding() []Circumstance { return f.values }

// Value is what is recorded of a kind on the day; Unrecorded when nothing is.
func (f Facts) Value(kind string) Value {
	for _, c := range f.values {
		if c.Kind == kind {
			return c.Value
		}
	}
	return Value{}
}

// Has reports what is recorded of one sort of a kind whose sorts run side by side.
func (f Facts) Has(kind, sort string) Value {
	for _, c := range f.values {
		if c.Kind == kind && c.Value.Sort == sort {
			return c.Value
		}
	}
	return Value{}
}

// Latest is what held last of a kind up to the day, also where it holds no longer: that it is not so any more, or that nobody knows, takes
// nothing back of what was so.
func (f Facts) Latest(kind string) Value {
	var latest Circumstance
	for _, c := range f.listed {
		if c.Kind == kind && c.Value.Answer == Yes && !c.ValidFrom.Before(latest.ValidFrom) {
			latest = c
		}
	}
	return latest.Value
}

const registeredPoor = "registered_poor"

// RegisteredPoor reports whether the person stands on the list of registered poor on the day, exited or not. Who was taken off it as
// wrongly identified never stood there by right.
func (f Facts) RegisteredPoor() bool {
	v := f.Value(registeredPoor)
	return v.Answer == Yes && v.Sort != "removed"
}

// All are the sorts of a kind that hold on the day.
func (f Facts) All(kind string) (sorts []string) {
	for _, c := range f.values {
		if c.Kind == kind && c.Value.Answer == Yes {
			sorts = append(sorts, c.Value.Sort)
		}
	}
	return sorts
}

// On is the file on a day. Circumstances that were superseded do not count.
func (f File) On(day calendar.Date, transitions []Window) Facts {
	facts := Facts{Day: day, Alive: true, Age: -1, Sex: f.Person.Sex, BirthDate: f.Person.BirthDate, HukouType: f.Person.HukouType}
	if birth := f.Person.BirthDate; !birth.IsZero() && !day.Before(birth) {
		facts.Age = calendar.Age(birth, day)
	}
	for _, c := range f.Circumstances {
		if !c.SupersededAt.IsZero() {
			continue
		}
		if c.Kind == "death" && c.Value.Answer == Yes && c.ValidFrom.Before(day) {
			facts.Alive = false
		}
		if c.effective().Contains(day) {
			facts.values = append(facts.values, c)
		}
		if !c.ValidFrom.After(day) {
			facts.listed = append(facts.listed, c)
		}
	}
	facts.Hukou = facts.Value(HukouArea).Sort
	facts.Managing = facts.Value(ManagingArea).Sort
	facts.Residence = cmp.Or(facts.Value(ResidenceArea).Sort, facts.Managing) // who has no hukou here is managed where he lives
	facts.Certificate = f.certificateOn(day, transitions)
	facts.UncertifiedChild = f.uncertifiedChild(facts)
	facts.NeedsLastYear, facts.NeedsThisYear = f.needsOf(day.Year()-1, day), f.needsOf(day.Year(), day)
	facts.ServedThisYear = f.servedIn(day)
	return facts
}

// uncertifiedChild reports whether somebody was registered for a diagnosis and has no card on a day of childhood. Who only
// recovers is in no population (choice).
func (f File) uncertifiedChild(on Facts) bool {
	return f.Person.RecordType != Recovering && f.Person.Diagnosis != "" && on.Certificate.Status == NoCertificate && on.Age >= 0 && on.Age <= childUpTo &&
		!on.Day.Before(calendar.DateOf(f.Person.CreatedAt))
}

// endsAfterItsDay names the kinds that begin with an event which ends a right: the event's own day is not yet affected.
var endsAfterItsDay = []string{"death", "imprisonment", "missing"}

// effective is the days on which rules see c.
func (c Circumstance) effective() calendar.Interval {
	i := c.Interval()
	if slices.Contains(endsAfterItsDay, c.Kind) {
		i.From = i.From.Add(1)
		if !i.To.IsZero() && i.To.Before(i.From) {
			i.To = i.From.Add(-1)
		}
	}
	return i
}

// certificateOn is the card as rules see it. The first of a month belongs to the card before one that is issued on it, if that is still
// good: a month is paid at the level of its first good day, and a new level applies from the month after (choice).
func (f File) certificateOn(day calendar.Date, transitions []Window) CertificateFacts {
	c, ok := f.Current(day)
	if !ok {
		return CertificateFacts{}
	}
	if before, held := f.Current(day.Add(-1)); held && before.ID != c.ID && day == day.Month().First() {
		if facts := f.cardOn(before, day, transitions); facts.Status.Valid() {
			return facts
		}
	}
	return f.cardOn(c, day, transitions)
}

func (f File) cardOn(c Certificate, day calendar.Date, transitions []Window) CertificateFacts {
	facts := CertificateFacts{Category: c.Category, Level: c.Level, Components: c.Components}
	facts.Status = f.statusAfter(c, day.Add(-1)) // an event that ends something ends it after its day
	if today := f.statusAfter(c, day); today.Valid() && !facts.Status.Valid() {
		facts.Status = today // one that gives something back gives it on its day
	}
	if facts.Status == Cancelled || facts.Status == Frozen {
		return facts
	}
	if c.expiresOn(transitions).Before(day) {
		facts.Status = Expired
	}
	return facts
}

// expiresOn is the last valid day, carried to the end of a transition that was declared over it.
func (c Certificate) expiresOn(transitions []Window) calendar.Date {
	last := c.ExpiresOn
	for _, w := range transitions {
		if w.Contains(last) && w.To.After(last) {
			last = w.To
		}
	}
	return last
}

// statusAfter is the status of card c once all its events up to and including day have happened, expiry left aside.
func (f File) statusAfter(c Certificate, day calendar.Date) CertificateStatus {
	status, latest := Active, calendar.Date{}
	for _, e := range f.Events {
		if e.CertificateID != c.ID || e.On.After(day) || e.On.Before(latest) {
			continue
		}
		if next, changes := statusOf[e.Event]; changes && status != Cancelled {
			status, latest = next, e.On
		}
	}
	return status
}

// Cancellations are the days on which the card that the person held was cancelled, in order. What rested on the card ends with that,
// whichever card follows and whenever that is told (M15). A card that was one too many (Duplicate) does not count: another stands for it.
func (f File) Cancellations() (days []calendar.Date) {
	for _, e := range f.Events {
		held := slices.ContainsFunc(f.Certificates, func(c Certificate) bool {
			return c.ID == e.CertificateID && (c.HeldTo.IsZero() || !e.On.After(c.HeldTo.Add(1))) // another may have followed on that very day
		})
		if e.Event == "CANCEL" && e.CancelReason != Duplicate && held {
			days = append(days, e.On)
		}
	}
	slices.SortFunc(days, calendar.Date.Compare)
	return days
}

// statusOf is what an event makes of a card; events that issue a new card end the old one by its HeldTo instead.
var statusOf = map[string]CertificateStatus{
	"FREEZE": Frozen, "UNFREEZE": Active, "CANCEL": Cancelled, "REASSESS": Reassessing,
	"MIGRATE_OUT": Migrating, "MIGRATE_IN": Active,
}

// StatusOn is the status of card c at the end of a day: what an officer at the counter sees.
func (f File) StatusOn(c Certificate, day calendar.Date) CertificateStatus {
	if !c.HeldTo.IsZero() && c.HeldTo.Before(day) {
		return Replaced
	}
	status := f.statusAfter(c, day)
	if status.Valid() && c.ExpiresOn.Before(day) {
		return Expired
	}
	return status
}

// Breakpoints are the days on which what rules see of the file may change, in order and without repeats. Birthdays that
// rules ask for are the rules' own.
func (f File) Breakpoints(transitions []Window) []calendar.Date {
	var days []calendar.Date
	add := func(d calendar.Date) {
		if !d.IsZero() {
			days = append(days, d)
		}
	}
	after := func(last calendar.Date) {
		if !last.IsZero() {
			days = append(days, last.Add(1))
		}
	}
	for _, c := range f.Certificates {
		add(c.IssuedOn)
		after(c.IssuedOn)
		after(c.HeldTo)
		after(c.expiresOn(transitions))
	}
	for _, e := range f.Events {
		add(e.On)
		after(e.On)
	}
	for _, c := range f.Circumstances {
		if !c.SupersededAt.IsZero() {
			continue
		}
		add(c.effective().From)
		after(c.effective().To)
	}
	days = append(days, f.serviceDays()...)
	if birth := f.Person.BirthDate; !birth.IsZero() {
		add(birth)
	}
	if f.Person.Diagnosis != "" && !f.Person.BirthDate.IsZero() {
		add(calendar.DateOf(f.Person.CreatedAt))
		add(f.Person.BirthDate.AddYears(childUpTo + 1))
	}
	slices.SortFunc(days, calendar.Date.Compare)
	return slices.Compact(days)
}
