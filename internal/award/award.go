// Package award is the right to a benefit over months.
package award

import (
	"time"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
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
	StartMonth    calendar.Month
	EndMonth      calendar.Month // last month; zero: open
	RecordedAt    time.Time
	RecordedBy    uuid.UUID
}

// Covers reports whether the right runs in month m. Whether m is also payable depends on the conditions of m.
func (a Award) Covers(m calendar.Month) bool {
	return !m.Before(a.StartMonth) && (a.EndMonth.IsZero() || !m.After(a.EndMonth))
}
