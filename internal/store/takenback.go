package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
)

// What a list brought goes with the list. Its rows move to tables of the past with the instant: until then the service said so.

// TakeBackCards moves cards and events of cards to the past. The events come first: they hang on the cards.
func (tx *Tx) TakeBackCards(ctx context.Context, cards []casefile.Certificate, events []casefile.CertificateEvent) error {
	eventIDs, cardIDs := make([]uuid.UUID, len(events)), make([]uuid.UUID, len(cards))
	for i, e := range events {
		eventIDs[i] = e.ID
	}
	for i, c := range cards {
		cardIDs[i] = c.ID
	}
	if err := tx.takeBack(ctx, "certificate_events", "id", eventIDs); err != nil {
		return err
	}
	return tx.takeBack(ctx, "certificates", "id", cardIDs)
}

// TakeBackServices moves services with their steps to the past.
func (tx *Tx) TakeBackServices(ctx context.Context, ids []uuid.UUID) error {
	if err := tx.takeBack(ctx, "service_steps", "service_id", ids); err != nil {
		return err
	}
	return tx.takeBack(ctx, "services", "id", ids)
}

func (tx *Tx) takeBack(ctx context.Context, from, key string, ids []uuid.UUID) error {
	if len(ids) == 0 {
		return nil
	}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(fmt.Sprintf("INSERT INTO %[1]s_taken_back SELECT t.*, $2 FROM %[1]s t WHERE %[2]s = ANY($1)", from, key), ids, tx.Now)
		b.Queue(fmt.Sprintf("DELETE FROM %s WHERE %s = ANY($1)", from, key), ids)
	})
	if err != nil {
		return fmt.Errorf("take back %s: %w", from, translate(err))
	}
	return nil
}

// HoldCertificates writes until when cards are held, also later than before: where the card that followed was taken back.
func (tx *Tx) HoldCertificates(ctx context.Context, cards ...casefile.Certificate) error {
	if len(cards) == 0 {
		return nil
	}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		for _, c := range cards {
			b.Queue("UPDATE certificates SET held_to = $2, version = version + 1 WHERE id = $1", c.ID, c.HeldTo)
		}
	})
	if err != nil {
		return fmt.Errorf("hold certificates: %w", translate(err))
	}
	return nil
}

// CardsTakenBack reads the cards of a person and their events that were there at an instant and have been taken back since.
func (db *DB) CardsTakenBack(ctx context.Context, who access.Actor, person uuid.UUID, file *casefile.File, at time.Time) error {
	l := newLoader(db, []uuid.UUID{person}, "")
	past := &Dossier{}
	l.byID[person] = past
	err := db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT c.person_id, "+cardColumns+" FROM certificates_taken_back c WHERE c.person_id = $1 AND c.taken_back_at > $2", person, at).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var r cardRow
				if err := rows.Scan(append([]any{&r.person}, r.fields()...)...); err != nil {
					return err
				}
				if err := l.addCard(r); err != nil {
					return err
				}
			}
			return rows.Err()
		})
		b.Queue("SELECT "+eventColumns+" FROM certificate_events_taken_back e WHERE e.person_id = $1 AND e.taken_back_at > $2", person, at).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var r eventRow
				if err := rows.Scan(r.fields()...); err != nil {
					return err
				}
				l.addEvent(r)
			}
			return rows.Err()
		})
	})
	if err != nil {
		return fmt.Errorf("read what was taken back: %w", err)
	}
	for _, gone := range past.File.Certificates { // it ended the card before it, then
		for i := range file.Certificates {
			if c := &file.Certificates[i]; c.IssuedOn.Before(gone.IssuedOn) && (c.HeldTo.IsZero() || !c.HeldTo.Before(gone.IssuedOn)) {
				c.HeldTo = gone.IssuedOn.Add(-1)
			}
		}
	}
	file.Certificates = append(file.Certificates, past.File.Certificates...)
	file.Events = append(file.Events, past.File.Events...)
	return nil
}

// ListedService is a service that a row of a list names.
type ListedService struct {
	Row                   int
	ServiceID             uuid.UUID
	PersonID, HouseholdID uuid.UUID // whose it is
	Named                 uuid.UUID // the person whom the row names
	Brought               int       // the version, voided steps left aside, that this row has made or says as well, or as it is read, that any list has made; 0: none
	Elsewhere             bool      // another list that is in force names it
	Said                  int       // as it is read: the version that other lists in force have made or say as well
	Further               bool      // this row has brought the service on beyond that
	WorkedOn              bool      // a step, a file or a rating has been added since
}

// InsertListedServices keeps which services a list has named.
func (tx *Tx) InsertListedServices(ctx context.Context, imported uuid.UUID, list ...ListedService) error {
	rows := make([]row, len(list))
	for i, s := range list {
		rows[i] = row{imported, s.Row, s.ServiceID, s.Named, s.Brought}
	}
	return tx.insert(ctx, table{"list_services", []string{"import_id uuid", "row bigint", "service_id uuid", "person_id uuid", "brought bigint"}}, rows)
}

// NamedForService reports whether a list in force has named a person for a service.
func (tx *Tx) NamedForService(ctx context.Context, service, person uuid.UUID) (named bool, err error) {
	err = tx.sql.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM list_services l JOIN imports i ON i.id = l.import_id
		WHERE l.service_id = $1 AND l.person_id = $2 AND i.state = 'done')`, service, person).Scan(&named)
	return named, translate(err)
}

// ListedServices reads the services that an import has named and that are there, with what decides whether they go with it.
func (tx *Tx) ListedServices(ctx context.Context, imported uuid.UUID) (list []ListedService, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`SELECT l.row, s.id, s.person_id, s.household_id, l.person_id,
				coalesce((SELECT max(o.brought) FROM list_services o WHERE o.service_id = s.id), 0),
				EXISTS (SELECT FROM list_services o JOIN imports i ON i.id = o.import_id WHERE o.service_id = s.id AND i.state = 'done' AND i.id <> $1),
				coalesce((SELECT max(o.brought) FROM list_services o JOIN imports i ON i.id = o.import_id WHERE o.service_id = s.id AND i.state = 'done' AND i.id <> $1), 0), l.brought,
				(SELECT count(*) FROM service_steps t WHERE t.service_id = s.id AND t.step = 'report' AND t.voided_at IS NULL) > 1,
				s.version - (SELECT count(*) FROM service_steps t WHERE t.service_id = s.id AND t.voided_at IS NOT NULL)
					> coalesce((SELECT max(o.brought) FROM list_services o WHERE o.service_id = s.id), 0)
					OR EXISTS (SELECT FROM attachments a WHERE a.service_id = s.id) OR EXISTS (SELECT FROM ratings r WHERE r.service_id = s.id)
			FROM list_services l JOIN services s ON s.id = l.service_id WHERE l.import_id = $1 ORDER BY l.row`, imported).Query(func(rows pgx.Rows) error {
			list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s ListedService, err error) {
				var person, household *uuid.UUID
				var mine int
				err = row.Scan(&s.Row, &s.ServiceID, &person, &household, &s.Named, &s.Brought, &s.Elsewhere, &s.Said, &mine, &s.Further, &s.WorkedOn)
				s.PersonID, s.HouseholdID, s.Further = orZero(person), orZero(household), s.Further && mine > s.Said
				return s, err
			})
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read the services of a list: %w", err)
	}
	return list, nil
}

// ServicesByID reads services with their steps.
func (tx *Tx) ServicesByID(ctx context.Context, ids []uuid.UUID) ([]care.Service, error) {
	return tx.services(ctx, "s.id = ANY($1)", []any{ids})
}

// LockServices keeps services from being worked on until the transaction ends.
func (tx *Tx) LockServices(ctx context.Context, ids []uuid.UUID) error {
	err := tx.Batch(ctx, func(b *pgx.Batch) { b.Queue("SELECT id FROM services WHERE id = ANY($1) ORDER BY id FOR UPDATE", ids) })
	if err != nil {
		return fmt.Errorf("lock services: %w", err)
	}
	return nil
}
