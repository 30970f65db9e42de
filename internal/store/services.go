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
	"zhucan/internal/calendar"
	"zhucan/internal/care"
)

// ServiceFilter narrows a list of services.
type ServiceFilter struct {
	Area      area.Code
	Kind      string
	State     string
	Person    uuid.UUID
	Household uuid.UUID
	Standing  []care.Standing // only in one of these; nil: in any
	After     uuid.UUID
	Limit     int
}

const serviceColumns = `s.id, s.version, s.kind, s.person_id, s.household_id, s.area_code, s.state, s.opened_on, s.need, s.opened_by, s.created_at,
	(SELECT min(c.valid_from) FROM circumstances c WHERE ` + deathOf + `s.person_id)`

// deathOf is behind a WHERE over circumstances c: a death of the person that follows.
const deathOf = `c.kind = 'death' AND c.superseded_at IS NULL AND ` + said + ` AND c.person_id = `

func serviceOf(row pgx.CollectableRow) (care.Service, error) { return scanService(row) }

// scanService reads the columns of a service, and those that come behind them.
func scanService(row pgx.CollectableRow, more ...any) (s care.Service, err error) {
	var person, household, by *uuid.UUID
	var need []byte
	columns := []any{&s.ID, &s.Version, &s.Kind, &person, &household, &s.Area, &s.State, &s.OpenedOn, &need, &by, &s.CreatedAt, &s.DiedOn}
	if err = row.Scan(append(columns, more...)...); err != nil {
		return s, err
	}
	s.PersonID, s.HouseholdID, s.OpenedBy = orZero(person), orZero(household), orZero(by)
	s.Need, err = care.ParseEvidence(need)
	return s, err
}

// ListServices lists services after an id in order, without their steps.
func (db *DB) ListServices(ctx context.Context, who access.Actor, f ServiceFilter) (list []care.Service, err error) {
	lo, hi := f.Area.Range()
	with, args := "", []any{lo, hi, f.Kind, f.State, orNull(f.Person), orNull(f.Household), f.After, f.Limit}
	if f.Standing != nil {
		kinds, states := apart(f.Standing)
		with, args = "WITH services AS MATERIALIZED (SELECT s.* FROM "+standingIn("$9", "$10", true)+") ", append(args, kinds, states)
	}
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(with+"SELECT "+serviceColumns+` FROM services s WHERE s.area_code >= $1 AND s.area_code < $2 AND ($3 = '' OR s.kind = $3) AND ($4 = '' OR s.state = $4)
			AND ($5::uuid IS NULL OR s.person_id = $5) AND ($6::uuid IS NULL OR s.household_id = $6) AND s.id > $7 ORDER BY s.id LIMIT $8`, args...).Query(func(rows pgx.Rows) error {
			list, err = pgx.CollectRows(rows, serviceOf)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	return list, nil
}

// ServicesOfAll lists the services of persons and of households, without their steps.
func (db *DB) ServicesOfAll(ctx context.Context, who access.Actor, persons, households []uuid.UUID) (list []care.Service, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT "+serviceColumns+" FROM services s WHERE s.person_id = ANY($1) OR s.household_id = ANY($2) ORDER BY s.id", persons, households).Query(func(rows pgx.Rows) error {
			list, err = pgx.CollectRows(rows, serviceOf)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list the services of persons and households: %w", err)
	}
	return list, nil
}

// Service reads a service with its steps.
func (db *DB) Service(ctx context.Context, who access.Actor, id uuid.UUID) (care.Service, error) {
	var list []care.Service
	err := db.Read(ctx, who, servicesBy("s.id = $1", &list, id), stepsBy("s.id = $1", &list, id))
	return one(list, err)
}

// ServicesOf reads with their steps the services of a person and of households, as far as they lie in the actor's area.
func (db *DB) ServicesOf(ctx context.Context, who access.Actor, person uuid.UUID, households []uuid.UUID) (list []care.Service, err error) {
	const where = "(s.person_id = $1 OR s.household_id = ANY($2))"
	if err = db.Read(ctx, who, servicesBy(where, &list, person, households), stepsBy(where, &list, person, households)); err != nil {
		return nil, fmt.Errorf("read services: %w", err)
	}
	return list, nil
}

// Service reads a service as the transaction has left it: nobody else sees it so before the end.
func (tx *Tx) Service(ctx context.Context, id uuid.UUID) (care.Service, error) {
	return one(tx.services(ctx, "s.id = $1", []any{id}))
}

// services reads services with their steps, behind what comes first.
func (tx *Tx) services(ctx context.Context, where string, args []any, first ...Query) (list []care.Service, err error) {
	if err = tx.Batch(ctx, append(first, servicesBy(where, &list, args...), stepsBy(where, &list, args...))...); err != nil {
		return nil, fmt.Errorf("read services: %w", err)
	}
	return list, nil
}

// LockService reads a service with its steps and keeps others from taking one until the transaction ends.
func (tx *Tx) LockService(ctx context.Context, id uuid.UUID) (care.Service, error) {
	return one(tx.services(ctx, "s.id = $1", []any{id}, func(b *pgx.Batch) { b.Queue("SELECT id FROM services WHERE id = $1 FOR UPDATE", id) }))
}

// ServiceSubject is for whom a service is: a person or a household.
func (tx *Tx) ServiceSubject(ctx context.Context, id uuid.UUID) (person, household uuid.UUID, err error) {
	var p, h *uuid.UUID
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT person_id, household_id FROM services WHERE id = $1", id).QueryRow(func(row pgx.Row) error { return row.Scan(&p, &h) })
	})
	return orZero(p), orZero(h), translate(err)
}

// ServicesAround reads with their steps all services of persons and households: those that may stand in each other's way.
func (tx *Tx) ServicesAround(ctx context.Context, persons, households []uuid.UUID) ([]care.Service, error) {
	return tx.services(ctx, "(s.person_id = ANY($1) OR s.household_id = ANY($2))", []any{persons, households})
}

// RetrofitsBefore reads with their steps the retrofits of other households in which somebody who is a member of this one on a day lived when they
// were accepted.
func (tx *Tx) RetrofitsBefore(ctx context.Context, household uuid.UUID, on calendar.Date) ([]care.Service, error) {
	return tx.services(ctx, `s.kind = 'retrofit' AND s.household_id <> $1 AND EXISTS (SELECT FROM household_members n
		JOIN household_members o ON o.person_id = n.person_id AND o.household_id = s.household_id AND o.superseded_at IS NULL
		JOIN service_steps t ON t.service_id = s.id AND t.to_state = 'DONE' AND t.voided_at IS NULL AND t.happened_on >= o.from_on AND (o.to_on IS NULL OR t.happened_on <= o.to_on)
		WHERE n.household_id = $1 AND n.superseded_at IS NULL AND n.from_on <= $2 AND (n.to_on IS NULL OR n.to_on >= $2))`, []any{household, on})
}

func servicesBy(where string, list *[]care.Service, args ...any) Query {
	return func(b *pgx.Batch) {
		b.Queue("SELECT "+serviceColumns+" FROM services s WHERE "+where+" ORDER BY s.id", args...).Query(func(rows pgx.Rows) (err error) {
			*list, err = pgx.CollectRows(rows, serviceOf)
			return err
		})
	}
}

// stepsBy hangs steps on the services that were read before.
func stepsBy(where string, list *[]care.Service, args ...any) Query {
	return func(b *pgx.Batch) {
		b.Queue(`SELECT t.service_id, t.id, t.seq, t.step, t.from_state, t.to_state, t.happened_on, t.evidence, t.counts, t.actor_id, t.actor_role, t.acting_for, t.recorded_at,
			t.voided_at, t.voided_by, t.voided_role, t.voided_for, t.void_reason FROM service_steps t JOIN services s ON s.id = t.service_id WHERE `+where+" ORDER BY t.service_id, t.seq", args...).Query(func(rows pgx.Rows) error {
			at := map[uuid.UUID]*care.Service{}
			for i := range *list {
				at[(*list)[i].ID] = &(*list)[i]
			}
			for rows.Next() {
				service, d, err := scanStep(rows)
				if err != nil {
					return err
				}
				switch s := at[service]; {
				case s == nil:
				case d.Voided.At.IsZero():
					s.Steps = append(s.Steps, d)
				default:
					s.Voided = append(s.Voided, d)
				}
			}
			return rows.Err()
		})
	}
}

func scanStep(rows pgx.Rows) (service uuid.UUID, d care.Done, err error) {
	var by, actingFor, voidedBy, voidedFor *uuid.UUID
	var evidence []byte
	var at *time.Time
	var role, reason *string
	if err = rows.Scan(&service, &d.ID, &d.Seq, &d.Step, &d.From, &d.To, &d.On, &evidence, &d.Counts, &by, &d.Role, &actingFor, &d.RecordedAt,
		&at, &voidedBy, &role, &voidedFor, &reason); err != nil {
		return service, d, err
	}
	d.By, d.ActingFor = orZero(by), orZero(actingFor)
	if at != nil {
		d.Voided = care.Voided{At: *at, By: orZero(voidedBy), Role: access.Role(*role), ActingFor: orZero(voidedFor), Reason: *reason}
	}
	d.Evidence, err = care.ParseEvidence(evidence)
	return service, d, err
}

var servicesTable = table{"services", []string{"id uuid", "version bigint", "kind", "person_id uuid", "household_id uuid", "area_code", "state", "opened_on date", "need jsonb",
	"opened_by uuid", "created_at timestamptz"}}

// serviceRow is a service as it is opened, or as it stands when it is taken over: each step taken is another version.
func (tx *Tx) serviceRow(s care.Service) (row, error) {
	need, err := json.Marshal(s.Need)
	if err != nil {
		return nil, fmt.Errorf("write a need: %w", err)
	}
	return row{s.ID, 1 + len(s.Steps), string(s.Kind), s.PersonID, s.HouseholdID, s.Area, s.State, s.OpenedOn, string(need), tx.Who.AccountID, tx.Now}, nil
}

// CorrectService writes what a service was opened with, put right.
func (tx *Tx) CorrectService(ctx context.Context, s care.Service) error {
	need, err := json.Marshal(s.Need)
	if err != nil {
		return fmt.Errorf("write a need: %w", err)
	}
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("UPDATE services SET version = version + 1, opened_on = $2, need = $3 WHERE id = $1", s.ID, s.OpenedOn, string(need))
	})
	if err != nil {
		return fmt.Errorf("correct a service: %w", err)
	}
	return nil
}

// InsertStep writes a step that was taken, and where the service then stands.
func (tx *Tx) InsertStep(ctx context.Context, s care.Service, d care.Done) error {
	return tx.InsertSteps(ctx, Stepped{s, d})
}

// Stepped is a service after a step.
type Stepped struct {
	Service care.Service
	Step    care.Done
}

// InsertSteps is InsertStep of many, in their order.
func (tx *Tx) InsertSteps(ctx context.Context, list ...Stepped) error {
	if len(list) == 0 {
		return nil
	}
	evidence := make([][]byte, len(list))
	for i, l := range list {
		var err error
		if evidence[i], err = json.Marshal(l.Step.Evidence); err != nil {
			return fmt.Errorf("write the evidence of a step: %w", err)
		}
	}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		for i, l := range list {
			s, d := l.Service, l.Step
			b.Queue(`INSERT INTO service_steps (id, service_id, area_code, seq, step, from_state, to_state, happened_on, evidence, counts, actor_id, actor_role, acting_for, recorded_at)
				SELECT $1, id, area_code, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM services WHERE id = $2`,
				d.ID, s.ID, d.Seq, d.Step, d.From, d.To, d.On, evidence[i], d.Counts, orNull(d.By), string(d.Role), orNull(d.ActingFor), tx.Now)
			b.Queue("UPDATE services SET version = version + 1, state = $2 WHERE id = $1", s.ID, s.State)
		}
	})
	if err != nil {
		return fmt.Errorf("take a step: %w", translate(err))
	}
	return nil
}

// VoidStep writes that a step was taken back, and where the service then stands.
func (tx *Tx) VoidStep(ctx context.Context, s care.Service, d care.Done) error {
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("UPDATE service_steps SET voided_at = $2, voided_by = $3, voided_role = $4, voided_for = $5, void_reason = $6 WHERE id = $1 AND voided_at IS NULL",
			d.ID, d.Voided.At, orNull(d.Voided.By), string(d.Voided.Role), orNull(d.Voided.ActingFor), d.Voided.Reason)
		b.Queue("UPDATE services SET version = version + 1, state = $2 WHERE id = $1", s.ID, s.State)
	})
	if err != nil {
		return fmt.Errorf("take a step back: %w", translate(err))
	}
	return nil
}

// ServiceFiles are the attachments of a service that were not withdrawn.
func (tx *Tx) ServiceFiles(ctx context.Context, service uuid.UUID) (map[uuid.UUID]bool, error) {
	files := map[uuid.UUID]bool{}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT id FROM attachments WHERE service_id = $1 AND withdrawn_at IS NULL", service).Query(func(rows pgx.Rows) error {
			ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			for _, id := range ids {
				files[id] = true
			}
			return err
		})
	})
	return files, err
}

// Housemates are the members, then and now, of the households of a person.
func (tx *Tx) Housemates(ctx context.Context, households []uuid.UUID) (persons []uuid.UUID, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT DISTINCT person_id FROM household_members WHERE household_id = ANY($1) AND superseded_at IS NULL", households).Query(func(rows pgx.Rows) error {
			persons, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		})
	})
	return persons, err
}
