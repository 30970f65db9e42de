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
	Basis         string
	StartMonth    calendar.Month // no month before it is another award's; when an award begins follows from the facts, see standing
	EndMonth      calendar.Month // last month; zero: open
	OwedFrom      calendar.Month // the first that can be owed: that of the application, or what the system before has not paid
	EndReason     string
	Void          bool // wrong from the start (false materials): nothing was ever owed
	Suspensions   []Suspension
	Grants        []Grant
	RecordedAt    time.Time
	RecordedBy    uuid.UUID
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

// Suspension is months in which a right that runs is not paid.
type Suspension struct {
	ID       uuid.UUID
	AwardID  uuid.UUID
	From, To calendar.Month // To is the last month; zero: still suspended
	Reason   string         // REVERIFY or an officer's words
	BackPay  bool           // once over, its months are paid after all
}

// Reverify is why a right is suspended that nobody has verified.
const Reverify = "REVERIFY"

// Succeeded is why a right has ended that had ended by itself before another was given.
const Succeeded = "SUCCEEDED"

// CardCancelled is why a right has ended that rested on a card which was cancelled, where another card has followed.
const CardCancelled = "CARD_CANCELLED"

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
