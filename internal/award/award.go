// Package award is the right to a benefit over months.
package award

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/fault"
)

// The grounds of an award: a decided application, or the list of recipients taken over when an office starts.
const (
	FromApplication = "application"
	FromImport      = "import"
)

// Award is the right of one person to one programme from a month on.
type Award struct {
	ID            uuid.UUID
	Version       int
	PersonID      uuid.UUID
	Programme     string
	ApplicationID uuid.UUID // zero for an award taken over
	AppliedOn     calendar.Date
	Basis         string
	StartMonth    calendar.Month // no month before it is another award's; when an award begins follows from the facts, see standing
	EndMonth      calendar.Month // last month; zero: open
	OwedFrom      calendar.Month // the first that can be owed: that of the application, or what the system before has not paid
	EndReason     string
	Reinstated    Reinstatement // the last one; zero: none
	Void          bool          // wrong from the start (false materials): nothing was ever owed
	Suspensions   []Suspension
	Grants        []Grant
	RecordedAt    time.Time
	RecordedBy    uuid.UUID
}

// AskedOn is the day from which on a right rests on what happens: that of the application, or that on which it was taken over.
func (a Award) AskedOn() calendar.Date {
	if a.AppliedOn.IsZero() {
		return calendar.DateOf(a.RecordedAt)
	}
	return a.AppliedOn
}

// Suspended reports whether the award is suspended without an end.
func (a Award) Suspended() bool {
	return slices.ContainsFunc(a.Suspensions, func(s Suspension) bool { return s.To.IsZero() })
}

// End ends the award after a month, once.
func (a *Award) End(last calendar.Month, reason string) error {
	if a.EndReason != "" {
		return fault.New(fault.Conflict, "ENDED_ALREADY", "该待遇已终止", "the award has been ended already")
	}
	a.EndMonth, a.EndReason = last, reason
	return nil
}

// Reinstatement is by which document, and why, an end was taken back.
type Reinstatement struct{ Document, Reason string }

// Reinstatable reports whether the end of the award may be taken back. One that follows from what else is recorded cannot.
func (a Award) Reinstatable() bool {
	return !a.Void && a.EndReason != "" && a.EndReason != Succeeded && a.EndReason != Merged
}

// Reinstate takes the end back. Where a later award of the same programme has taken its place, it lasts until that begins.
func (a *Award) Reinstate(by Reinstatement, others []Award) error {
	if !a.Reinstatable() {
		return fault.New(fault.Conflict, "NOT_ENDED", "该待遇没有可撤销的终止", "the award was not ended, or not in a way that can be taken back")
	}
	last := a.EndMonth
	a.EndMonth, a.EndReason, a.Reinstated = calendar.Month{}, "", by
	for _, o := range others {
		next := o.StartMonth.Add(-1)
		if o.ID == a.ID || o.Void || o.Programme != a.Programme || next.Before(last) || !a.EndMonth.IsZero() && !next.Before(a.EndMonth) {
			continue
		}
		a.EndMonth, a.EndReason = next, Succeeded
	}
	if a.EndMonth == last {
		return fault.New(fault.Conflict, "ALREADY_AWARDED", "该人已享受此项补贴", "the person has this benefit already")
	}
	return nil
}

// Suspension is months in which a right that runs is not paid.
type Suspension struct {
	ID       uuid.UUID
	AwardID  uuid.UUID
	From, To calendar.Month // To is the last month; zero: still suspended
	Reason   string         // REVERIFY or an officer's words
	BackPay  bool           // once over, its months are paid after all
}

// Reverify is the reason of a suspension for want of a verification.
const Reverify = "REVERIFY"

// CardCancelled is the reason of an end with the card on which the right rested.
const CardCancelled = "CARD_CANCELLED"

// Succeeded is the reason of an end where a later application has put another award in its place.
const Succeeded = "SUCCEEDED"

// Forgiven reports whether the months of s are paid after all.
func (s Suspension) Forgiven() bool { return s.BackPay && !s.To.IsZero() }

// Grant pays one month of the gap before a late renewal, at the level of the new card. There are at most three, the
// latest before the month of issue, each with an officer's reason (2021 Opinion on improving the two subsidies).
type Grant struct {
	ID      uuid.UUID
	AwardID uuid.UUID
	Month   calendar.Month
	Level   int
	Reason  string
}
