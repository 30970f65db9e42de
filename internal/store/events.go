package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
)

// Event is a change that other departments may want to know, in ids and codes.
type Event struct {
	ID         uuid.UUID
	Seq        int64 // given at commit, in the order in which changes become visible
	Type       string
	Subject    uuid.UUID // the record that changed
	Person     uuid.UUID // whose it is; zero where it is nobody's
	Area       area.Code // of the person at the end of the transaction where empty
	OccurredAt time.Time
	Data       map[string]any
}

// Emit puts an event into the transaction. It is written when the write is done, and goes with it when that fails.
func (tx *Tx) Emit(e Event) {
	e.ID, e.OccurredAt = tx.db.NewID(), tx.Now
	tx.events = append(tx.events, e)
}

var (
	eventsOfPersons = table{"events", []string{"id uuid", "type", "subject_id uuid", "person_id uuid", "occurred_at timestamptz", "data jsonb"}}
	eventsOfPlaces  = table{"events", []string{"id uuid", "type", "subject_id uuid", "person_id uuid", "occurred_at timestamptz", "data jsonb", "area_code"}}
)

// takeEvents is the statements that write what was emitted since the last time.
func (tx *Tx) takeEvents() (Query, error) {
	var persons, places []row
	for _, e := range tx.events {
		data, err := json.Marshal(e.Data)
		if err != nil {
			return nil, fmt.Errorf("write an event: %w", err)
		}
		if e.Data == nil {
			data = []byte("{}")
		}
		r := row{e.ID, e.Type, e.Subject, e.Person, e.OccurredAt, string(data)}
		if e.Area == "" {
			persons = append(persons, r)
		} else {
			places = append(places, append(r, string(e.Area)))
		}
	}
	tx.events = nil
	return func(b *pgx.Batch) {
		tx.inserting(eventsOfPersons, persons)(b)
		eventsOfPlaces.queue(b, places)
	}, nil
}

const outboxColumns = `id, seq, type, subject_id, person_id, area_code, occurred_at, data`

func scanEvent(row pgx.CollectableRow) (e Event, err error) {
	var person *uuid.UUID
	err = row.Scan(&e.ID, &e.Seq, &e.Type, &e.Subject, &person, &e.Area, &e.OccurredAt, &e.Data)
	e.Person = orZero(person)
	return e, err
}

// EventFilter asks for events behind one of a number. Zero members do not narrow.
type EventFilter struct {
	After int64
	Area  area.Code
	Types []string
	Limit int
}

// Events lists events in order. horizon is a number up to which nothing that fits is missing from the list, unless the list is
// cut off at its limit. It is asked for first: what commits between the two questions is listed and lies behind it.
func (db *DB) Events(ctx context.Context, who access.Actor, f EventFilter) (list []Event, horizon int64, err error) {
	lo, hi := f.Area.Range()
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT events_horizon()").QueryRow(func(row pgx.Row) error { return row.Scan(&horizon) })
		b.Queue("SELECT "+outboxColumns+` FROM events WHERE seq > $1 AND area_code >= $2 AND area_code < $3 AND ($4::text[] IS NULL OR type = ANY($4))
			ORDER BY seq LIMIT $5`, f.After, lo, hi, f.Types, f.Limit).Query(into(&list, scanEvent))
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list events: %w", err)
	}
	return list, horizon, nil
}
