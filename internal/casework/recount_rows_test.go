package casework_test

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/calendar"
)

// What follows reads the register's rows as they stood at an instant, past the service. Facts carry when they were recorded
// and superseded; of rows that are changed in place the audit keeps each state.

type rawPerson struct {
	ID        uuid.UUID     `json:"id"`
	Sex       string        `json:"sex"`
	Birth     calendar.Date `json:"birth_date"`
	Diagnosis string        `json:"diagnosis"`
	Type      string        `json:"record_type"`
	Managing  string        `json:"managing_area_code"`
	HukouType string        `json:"hukou_type"`
	CreatedAt time.Time     `json:"created_at"`
}

type rawCard struct {
	ID         uuid.UUID     `json:"id"`
	Person     uuid.UUID     `json:"person_id"`
	Category   int           `json:"category"`
	Level      int           `json:"level"`
	Components []int         `json:"components"` // category and level, one number each
	Issued     calendar.Date `json:"issued_on"`
	Expires    calendar.Date `json:"expires_on"`
	HeldTo     calendar.Date `json:"held_to"`
}

type rawEvent struct {
	Card  uuid.UUID     `json:"certificate_id"`
	Event string        `json:"event"`
	On    calendar.Date `json:"happened_on"`
}

type rawFact struct {
	Person    uuid.UUID       `json:"person_id"`
	Household uuid.UUID       `json:"household_id"`
	Kind      string          `json:"kind"`
	Value     json.RawMessage `json:"value"`
	From      calendar.Date   `json:"valid_from"`
	To        calendar.Date   `json:"valid_to"`
}

// The answers that a fact gives.
const (
	yes     = "yes"
	no      = "no"
	unknown = "unknown"
)

// says is the answer of a fact, and of which sort it is.
func (f rawFact) says() (answer, sort string) {
	switch text := strings.Trim(string(f.Value), `"`); text {
	case "true":
		return yes, yes
	case "false", no:
		return no, ""
	case unknown:
		return unknown, ""
	default:
		return yes, text
	}
}

func (f rawFact) on(day calendar.Date) bool { return between(day, f.From, f.To) }

// between reports whether a day lies from one on to another, which may be open.
func between(day, from, to calendar.Date) bool {
	return !day.Before(from) && (to.IsZero() || !day.After(to))
}

type rawAnswers struct {
	Person     uuid.UUID     `json:"person_id"`
	Year       int           `json:"survey_year"`
	On         calendar.Date `json:"collected_on"`
	Needs      []string      `json:"needs"`
	RecordedAt time.Time     `json:"recorded_at"`
}

// rawStep is a step of a service, with whom the service is for.
type rawStep struct {
	Service   uuid.UUID     `json:"service_id"`
	Person    uuid.UUID     `json:"person_id"`
	Household uuid.UUID     `json:"household_id"`
	Opened    calendar.Date `json:"opened_on"`
	Seq       int           `json:"seq"`
	State     string        `json:"to_state"`
	On        calendar.Date `json:"happened_on"`
	Counts    []string      `json:"counts"`
}

type rawAward struct {
	ID        uuid.UUID     `json:"id"`
	Person    uuid.UUID     `json:"person_id"`
	Programme string        `json:"programme"`
	Applied   calendar.Date `json:"applied_on"`
	Basis     string        `json:"basis"`
	Start     calendar.Date `json:"start_month"`
	OwedFrom  calendar.Date `json:"owed_from"`
	EndReason string        `json:"end_reason"`
	End       calendar.Date `json:"end_month"`
	Void      bool          `json:"void"`
	Recorded  time.Time     `json:"recorded_at"`
}

type rawSuspension struct {
	Award   uuid.UUID     `json:"award_id"`
	From    calendar.Date `json:"from_month"`
	To      calendar.Date `json:"to_month"`
	BackPay bool          `json:"back_pay"`
}

type rawHousehold struct {
	ID   uuid.UUID `json:"id"`
	Area string    `json:"area_code"`
}

type rawMember struct {
	Household uuid.UUID     `json:"household_id"`
	Person    uuid.UUID     `json:"person_id"`
	From      calendar.Date `json:"from_on"`
	To        calendar.Date `json:"to_on"`
	Until     *time.Time    `json:"superseded_at"` // null: held true
}

type rawDivision struct {
	Code  string        `json:"code"`
	Level string        `json:"level"`
	Class string        `json:"urban_rural_class"`
	From  calendar.Date `json:"valid_from"`
	To    calendar.Date `json:"valid_to"`
}

// The statements. Each gives rows as JSON for one instant, in the order in which things happened or were recorded.
const (
	factsHeld = ` WHERE recorded_at <= $1 AND (superseded_at IS NULL OR superseded_at > $1) ORDER BY valid_from, recorded_at, id`
	asRows    = "SELECT to_jsonb(t) FROM "
	// asTheyAre are the rows of a table as they now are.
	asTheyAre = "SELECT to_jsonb(t) FROM %s t WHERE $1::timestamptz IS NOT NULL ORDER BY t.id"
	// changedInPlace is the last state of each row of a table that was written by the instant.
	changedInPlace = `SELECT row FROM (SELECT DISTINCT ON (c.row_id) c.new_row AS row FROM audit_changes c JOIN audit_entries e ON e.id = c.entry_id
		WHERE c.table_name = '%s' AND e.at <= $1 ORDER BY c.row_id, c.n DESC) t ORDER BY row->>'id'`
	stepsTaken = `SELECT to_jsonb(t) || jsonb_build_object('person_id', s.person_id, 'household_id', s.household_id, 'opened_on', s.opened_on)
		FROM service_steps t JOIN services s ON s.id = t.service_id WHERE t.recorded_at <= $1 AND (t.voided_at IS NULL OR t.voided_at > $1) ORDER BY s.opened_on, s.id, t.seq`
)

// fetch reads rows into T.
func fetch[T any](o *office, conn *pgx.Conn, known time.Time, sql string) (list []T) {
	o.t.Helper()
	rows, err := conn.Query(o.t.Context(), sql, known)
	if err == nil {
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (one T, err error) {
			var text []byte
			if err = row.Scan(&text); err == nil {
				err = json.Unmarshal(text, &one)
			}
			return one, err
		})
	}
	if err != nil {
		o.t.Fatalf("%s: %v", sql, err)
	}
	return list
}
