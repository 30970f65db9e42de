// Package casefile is the file of one person: who it is, the certificates, and every dated fact with its source.
// A File answers what was true on a date; KnownAt answers what was known at an instant.
package casefile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/idnum"
)

// RecordType says on what ground a person is in the register.
type RecordType string

// The record types: holders of a certificate, disabled children without one yet, borrowers who recover, and the past.
const (
	Certified        RecordType = "CERTIFIED"
	UncertifiedChild RecordType = "UNCERTIFIED_CHILD"
	Recovering       RecordType = "RECOVERING"
	HistoricalPerson RecordType = "HISTORICAL"
	childUpTo                   = 17 // years; disabled children without a certificate are 0 to 17 (choice)
	// CertificateYears is how long a card is valid (残疾人证管理办法).
	CertificateYears = 10
)

// Guardian is who acts for a minor or a person with intellectual or psychiatric disability.
type Guardian struct {
	Name, Relation string
	IDNumber       idnum.Resident // zero when not known
	Phone          string
}

// Person is what is true of a person apart from dates. Places are those of now; their history is in Circumstances.
type Person struct {
	ID               uuid.UUID
	Version          int
	RecordType       RecordType
	Name             string
	Sex              string        // male, female or empty
	BirthDate        calendar.Date // zero when not known
	IDNumber         idnum.Resident
	InvalidID        string // a number that fails its check, recorded as it stands; blocks applications
	BirthCertificate string
	Phone            string
	Diagnosis        string
	HukouType        string // agricultural, non_agricultural or empty
	Hukou            area.Code
	Residence        area.Code
	Managing         area.Code
	Guardian         *Guardian
	CreatedAt        time.Time
	UpdatedAt        time.Time
	MergedInto       uuid.UUID // of a file merged into another one: which; nothing is derived from it, and nobody writes to it
}

// Component is one disability of a person with several, with its own level.
type Component struct{ Category, Level int }

// Certificate is one card. A reissue, renewal or change is a new card; the old one ends the day before.
type Certificate struct {
	ID         uuid.UUID
	Version    int
	PersonID   uuid.UUID
	Number     idnum.Certificate
	RawNumber  string // as the file wrote it, where that differs
	Category   int
	Level      int
	Components []Component
	IssuedOn   calendar.Date
	ExpiresOn  calendar.Date // last valid day
	HeldTo     calendar.Date // last day on which this was the person's card; zero: still is
	RecordedAt time.Time
	ByList     bool // a list of the certificate base brought it, and no officer wrote it
}

// CertificateEvent is what happened to a card on a day.
type CertificateEvent struct {
	ID            uuid.UUID
	CertificateID uuid.UUID
	PersonID      uuid.UUID
	Event         string
	On            calendar.Date
	Reason        string
	CancelReason  string // of a CANCEL
	RecordedAt    time.Time
	ByList        bool // it follows from what a list said
}

// Duplicate is why a card is cancelled that was one too many (一人一证): another one stands for it.
const Duplicate = "DUPLICATE"

// Circumstance is a dated fact: both days belong to the interval, a zero ValidTo leaves it open.
type Circumstance struct {
	ID           uuid.UUID
	PersonID     uuid.UUID
	Kind         string
	Raw          json.RawMessage // the value as given
	Value        Value
	ValidFrom    calendar.Date
	ValidTo      calendar.Date
	Source       string
	SourceDoc    string
	RecordedAt   time.Time
	RecordedBy   uuid.UUID
	SupersededAt time.Time // zero while this is what we hold true
}

// Interval is the days on which c holds.
func (c Circumstance) Interval() calendar.Interval {
	return calendar.Interval{From: c.ValidFrom, To: c.ValidTo}
}

// Verification is one look at whether a person still meets the conditions (定期复核).
type Verification struct {
	ID         uuid.UUID
	PersonID   uuid.UUID
	On         calendar.Date
	Method     string // data, visit or video
	Passed     bool
	Findings   string
	RecordedAt time.Time
	RecordedBy uuid.UUID
}

// Alias is a number that a person had before.
type Alias struct {
	ID         uuid.UUID
	PersonID   uuid.UUID
	Kind       string // id_number_corrected, id_number_15 or name
	Value      string
	Reason     string
	RecordedAt time.Time
}

// File is everything recorded about one person.
type File struct {
	Person        Person
	Aliases       []Alias
	Certificates  []Certificate
	Events        []CertificateEvent
	Verifications []Verification // in order of their days
	Circumstances []Circumstance // including superseded ones, where the reader asked for them
	Needs         []SurveyNeeds  // in the order in which they were recorded
	Served        []Served
}

// With is the file with one more fact, in the order in which the register gives them.
func (f File) With(c Circumstance) File {
	f.Circumstances = append(slices.Clone(f.Circumstances), c)
	slices.SortFunc(f.Circumstances, func(a, b Circumstance) int {
		return cmp.Or(a.ValidFrom.Compare(b.ValidFrom), a.RecordedAt.Compare(b.RecordedAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return f
}

// KnownAt is the file as it was known at an instant: later records are left out, later corrections undone.
func (f File) KnownAt(at time.Time) File {
	later := func(recorded time.Time) bool { return recorded.After(at) }
	out := File{Person: f.Person}
	out.Aliases = slices.DeleteFunc(slices.Clone(f.Aliases), func(a Alias) bool { return later(a.RecordedAt) })
	out.Events = slices.DeleteFunc(slices.Clone(f.Events), func(e CertificateEvent) bool { return later(e.RecordedAt) })
	out.Verifications = slices.DeleteFunc(slices.Clone(f.Verifications), func(v Verification) bool { return later(v.RecordedAt) })
	out.Needs = slices.DeleteFunc(slices.Clone(f.Needs), func(n SurveyNeeds) bool { return later(n.RecordedAt) })
	out.Served = slices.DeleteFunc(slices.Clone(f.Served), func(s Served) bool { return later(s.RecordedAt) })
	for _, c := range f.Certificates {
		if !later(c.RecordedAt) {
			if next, replaced := f.replacedBy(c); replaced && later(next.RecordedAt) {
				c.HeldTo = calendar.Date{}
			}
			out.Certificates = append(out.Certificates, c)
		}
	}
	for _, c := range f.Circumstances {
		if later(c.RecordedAt) {
			continue
		}
		if !c.SupersededAt.IsZero() && !later(c.SupersededAt) {
			continue
		}
		c.SupersededAt = time.Time{}
		out.Circumstances = append(out.Circumstances, c)
	}
	return out
}

func (f File) replacedBy(old Certificate) (Certificate, bool) {
	for _, c := range f.Certificates {
		if !old.HeldTo.IsZero() && c.IssuedOn == old.HeldTo.Add(1) {
			return c, true
		}
	}
	return Certificate{}, false
}

// Current returns the card held on a day.
func (f File) Current(day calendar.Date) (Certificate, bool) {
	for _, c := range f.Certificates {
		if (calendar.Interval{From: c.IssuedOn, To: c.HeldTo}).Contains(day) {
			return c, true
		}
	}
	return Certificate{}, false
}

// WasNumbered reports whether the ID number was corrected from this one.
func (f File) WasNumbered(number string) bool {
	return slices.ContainsFunc(f.Aliases, func(a Alias) bool { return a.Kind == "id_number_corrected" && a.Value == number })
}

// DefaultExpiry is the last valid day of a card of which only the issue date is known: ten years less a day
// (残疾人证管理办法: valid ten years; the last day is our choice). A card of 29 February 2012 ends on 28 February 2022.
func DefaultExpiry(issued calendar.Date) calendar.Date {
	return issued.AddYears(CertificateYears).Add(-1)
}

// IsChild reports whether somebody born on birth is of the age of an uncertified disabled child on a day.
func IsChild(birth, on calendar.Date) bool {
	return !birth.IsZero() && calendar.Age(birth, on) <= childUpTo
}
