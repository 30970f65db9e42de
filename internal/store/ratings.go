package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/area"
)

// Rating is what somebody thinks of a decision or of a service step.
type Rating struct {
	ID            uuid.UUID
	ApplicationID uuid.UUID
	PersonID      uuid.UUID // of the application
	ServiceID     uuid.UUID
	StepID        uuid.UUID
	Area          area.Code
	Score         int
	Text          string
	Channel       string // liaison, hotline or code
	RatedAt       time.Time
	RatedBy       uuid.UUID
	ActingFor     uuid.UUID
}

// InsertRating keeps a rating of a case or service of its area.
func (tx *Tx) InsertRating(ctx context.Context, r Rating) error {
	s := sealer{ring: tx.db.Ring, table: "ratings", row: r.ID}
	values := row{r.ID, r.ApplicationID, r.PersonID, r.ServiceID, r.StepID, string(r.Area), r.Score, s.seal("text", r.Text), r.Channel, r.RatedAt, r.RatedBy, r.ActingFor}
	if s.err != nil {
		return s.err
	}
	return tx.insert(ctx, table{"ratings", []string{"id uuid", "application_id uuid", "person_id uuid", "service_id uuid", "step_id uuid", "area_code", "score smallint",
		"text bytea", "channel", "rated_at timestamptz", "rated_by uuid", "acting_for uuid"}}, []row{values})
}

// RatingFilter narrows a list of ratings. Zero members do not narrow.
type RatingFilter struct {
	Area  area.Code
	Most  int // only scores up to this
	After uuid.UUID
	Limit int
}

const ratingColumns = "SELECT id, application_id, person_id, service_id, step_id, area_code, score, text, channel, rated_at, rated_by, acting_for FROM ratings "

// RatingsOf are the ratings of some decisions and service steps.
func (db *DB) RatingsOf(ctx context.Context, who access.Actor, steps ...uuid.UUID) (list []Rating, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(ratingColumns+"WHERE step_id = ANY($1)", steps).Query(db.collectRatings(&list))
	})
	if err != nil {
		return nil, fmt.Errorf("read ratings: %w", err)
	}
	return list, nil
}

// ListRatings lists ratings of an area after an id in order.
func (db *DB) ListRatings(ctx context.Context, who access.Actor, f RatingFilter) (list []Rating, err error) {
	lo, hi := f.Area.Range()
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(ratingColumns+"WHERE area_code >= $1 AND area_code < $2 AND ($3 = 0 OR score <= $3) AND id > $4 ORDER BY id LIMIT $5", lo, hi, f.Most, f.After, f.Limit).
			Query(db.collectRatings(&list))
	})
	if err != nil {
		return nil, fmt.Errorf("list ratings: %w", err)
	}
	return list, nil
}

func (db *DB) collectRatings(list *[]Rating) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, db.scanRating)
		return err
	}
}

func (db *DB) scanRating(row pgx.CollectableRow) (r Rating, err error) {
	var app, person, service, by, actingFor *uuid.UUID
	var text []byte
	if err = row.Scan(&r.ID, &app, &person, &service, &r.StepID, &r.Area, &r.Score, &text, &r.Channel, &r.RatedAt, &by, &actingFor); err != nil {
		return r, err
	}
	r.ApplicationID, r.PersonID, r.ServiceID, r.RatedBy, r.ActingFor = orZero(app), orZero(person), orZero(service), orZero(by), orZero(actingFor)
	o := opener{ring: db.Ring, table: "ratings", row: r.ID}
	r.Text = o.open("text", text)
	return r, o.err
}

const indexStatusCode = "status_code"

// statusCodeHash is what is kept of a code. The number of the case is part of it: the same code of two cases has two hashes.
func (db *DB) statusCodeHash(caseNumber, code string) []byte {
	return db.index(indexStatusCode, caseNumber+"|"+code)
}

// SetStatusCode keeps a code by its hash; the one before is good no more.
func (tx *Tx) SetStatusCode(ctx context.Context, app application.Application, code string) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE applications SET status_code_hash = $2 WHERE id = $1", app.ID, tx.db.statusCodeHash(app.CaseNumber, code))
	if err != nil {
		return fmt.Errorf("keep a status code: %w", err)
	}
	return nil
}

// CaseByCode finds the case that a number and its code open. Nobody signs in for it, so nothing bounds it but the code.
func (db *DB) CaseByCode(ctx context.Context, caseNumber, code string) (Case, error) {
	return one(db.applications(func(q Query) error { return db.Read(ctx, access.SystemActor(), q) },
		"a.case_number = $1 AND a.status_code_hash = $2", caseNumber, db.statusCodeHash(caseNumber, code)))
}

// Case reads a case inside a transaction.
func (tx *Tx) Case(ctx context.Context, id uuid.UUID) (Case, error) {
	return one(tx.db.applications(func(q Query) error { return tx.Batch(ctx, q) }, "a.id = $1", id))
}
