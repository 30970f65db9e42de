package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/award"
	"zhucan/internal/casefile"
	"zhucan/internal/idnum"
)

// Dossier is the file of a person with the awards, which is all that standings are derived from.
type Dossier struct {
	File   casefile.File
	Awards []award.Award
}

// Dossiers reads the files of persons, in the order of their ids. Who is outside the area is not among them.
func (db *DB) Dossiers(ctx context.Context, who access.Actor, ids ...uuid.UUID) ([]Dossier, error) {
	l := newLoader(db, ids, "")
	if err := db.Read(ctx, who, l.queries()...); err != nil {
		return nil, fmt.Errorf("read files: %w", err)
	}
	return l.finish()
}

// Dossier reads the file of one person.
func (db *DB) Dossier(ctx context.Context, who access.Actor, id uuid.UUID) (Dossier, error) {
	return one(db.Dossiers(ctx, who, id))
}

// PersonFile reads a person with cards and their events: what the person's own page shows, in half the statements.
func (db *DB) PersonFile(ctx context.Context, who access.Actor, id uuid.UUID) (Dossier, error) {
	l := newLoader(db, []uuid.UUID{id}, "")
	if err := db.read(ctx, who, plannedOnce, l.persons, l.certificates, l.events); err != nil {
		return Dossier{}, fmt.Errorf("read a person: %w", err)
	}
	return one(l.finish())
}

// LockDossiers reads files and holds their persons until the transaction ends, so that what is derived from a file
// and what is written to it agree.
func (tx *Tx) LockDossiers(ctx context.Context, ids ...uuid.UUID) ([]Dossier, error) {
	l := newLoader(tx.db, ids, " FOR UPDATE")
	if err := tx.Batch(ctx, l.queries()...); err != nil {
		return nil, fmt.Errorf("lock files: %w", err)
	}
	return l.finish()
}

// LockDossier reads and holds the file of one person.
func (tx *Tx) LockDossier(ctx context.Context, id uuid.UUID) (Dossier, error) {
	return one(tx.LockDossiers(ctx, id))
}

// LockPersonOf holds the person whose certificate, circumstance or application has this id, and reads the file.
func (tx *Tx) LockPersonOf(ctx context.Context, kind string, id uuid.UUID) (Dossier, error) {
	from := map[string]string{"certificate": "certificates", "circumstance": "circumstances", "application": "applications"}[kind]
	var person uuid.UUID
	if err := tx.sql.QueryRowContext(ctx, "SELECT person_id FROM "+from+" WHERE id = $1", id).Scan(&person); err != nil {
		return Dossier{}, fmt.Errorf("find the person of a %s: %w", kind, translate(err))
	}
	return tx.LockDossier(ctx, person)
}

func one(list []Dossier, err error) (Dossier, error) {
	if err != nil {
		return Dossier{}, err
	}
	if len(list) == 0 {
		return Dossier{}, NotFound
	}
	return list[0], nil
}

// loader gathers the rows of files from one batch.
type loader struct {
	db   *DB
	ids  []uuid.UUID
	lock string
	list []*Dossier
	byID map[uuid.UUID]*Dossier
}

func newLoader(db *DB, ids []uuid.UUID, lock string) *loader {
	sorted := slices.SortedFunc(slices.Values(ids), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return &loader{db: db, ids: slices.Compact(sorted), lock: lock, byID: map[uuid.UUID]*Dossier{}}
}

func (l *loader) queries() []Query {
	return []Query{l.persons, l.certificates, l.events, l.circumstances, l.aliases, l.awards}
}

func (l *loader) persons(b *pgx.Batch) {
	b.Queue("SELECT "+personColumns+" FROM persons WHERE id = ANY($1) ORDER BY id"+l.lock, l.ids).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			s := &sealedPerson{}
			if err := rows.Scan(s.fields()...); err != nil {
				return err
			}
			p, err := l.db.openPerson(s)
			if err != nil {
				return err
			}
			d := &Dossier{File: casefile.File{Person: p}}
			l.list = append(l.list, d)
			l.byID[p.ID] = d
		}
		return rows.Err()
	})
}

func (l *loader) certificates(b *pgx.Batch) {
	const columns = `SELECT id, version, person_id, number, number_raw, category, level, components, issued_on, expires_on, held_to, recorded_at
		FROM certificates WHERE person_id = ANY($1) ORDER BY issued_on, id`
	each(b, columns, l.ids, func(rows pgx.Rows) error {
		var c casefile.Certificate
		var number, raw []byte
		var components []int16
		err := rows.Scan(&c.ID, &c.Version, &c.PersonID, &number, &raw, &c.Category, &c.Level, &components, &c.IssuedOn, &c.ExpiresOn, &c.HeldTo, &c.RecordedAt)
		if err != nil {
			return err
		}
		o := opener{ring: l.db.Ring, table: "certificates", row: c.ID}
		c.Number, err = idnum.ParseCertificate(o.open("number", number), farFuture)
		if err != nil {
			return fmt.Errorf("read a stored certificate number: %w", err)
		}
		c.RawNumber, c.Components = o.open("number_raw", raw), componentsOf(components)
		if d := l.byID[c.PersonID]; d != nil {
			d.File.Certificates = append(d.File.Certificates, c)
		}
		return o.err
	})
}

func (l *loader) events(b *pgx.Batch) {
	const columns = `SELECT id, certificate_id, person_id, event, happened_on, reason, coalesce(cancel_reason, ''), recorded_at
		FROM certificate_events WHERE person_id = ANY($1) ORDER BY happened_on, recorded_at, id`
	each(b, columns, l.ids, func(rows pgx.Rows) error {
		var e casefile.CertificateEvent
		if err := rows.Scan(&e.ID, &e.CertificateID, &e.PersonID, &e.Event, &e.On, &e.Reason, &e.CancelReason, &e.RecordedAt); err != nil {
			return err
		}
		if d := l.byID[e.PersonID]; d != nil {
			d.File.Events = append(d.File.Events, e)
		}
		return nil
	})
}

func (l *loader) circumstances(b *pgx.Batch) {
	const columns = `SELECT id, person_id, kind, value, valid_from, valid_to, source, source_doc, recorded_at, recorded_by, superseded_at
		FROM circumstances WHERE person_id = ANY($1) ORDER BY valid_from, recorded_at, id`
	each(b, columns, l.ids, func(rows pgx.Rows) error {
		var c casefile.Circumstance
		var by *uuid.UUID
		var superseded *time.Time
		err := rows.Scan(&c.ID, &c.PersonID, &c.Kind, &c.Raw, &c.ValidFrom, &c.ValidTo, &c.Source, &c.SourceDoc, &c.RecordedAt, &by, &superseded)
		if err != nil {
			return err
		}
		kind, _ := casefile.KindOf(c.Kind)
		if c.Value, err = casefile.ParseValue(kind, c.Raw); err != nil {
			return fmt.Errorf("read a stored %s: %w", c.Kind, err)
		}
		c.RecordedBy, c.SupersededAt = orZero(by), orZero(superseded)
		if d := l.byID[c.PersonID]; d != nil {
			d.File.Circumstances = append(d.File.Circumstances, c)
		}
		return nil
	})
}

func (l *loader) aliases(b *pgx.Batch) {
	each(b, "SELECT id, person_id, kind, value, reason, recorded_at FROM person_aliases WHERE person_id = ANY($1) ORDER BY recorded_at, id", l.ids,
		func(rows pgx.Rows) error {
			var a casefile.Alias
			var value []byte
			if err := rows.Scan(&a.ID, &a.PersonID, &a.Kind, &value, &a.Reason, &a.RecordedAt); err != nil {
				return err
			}
			o := opener{ring: l.db.Ring, table: "person_aliases", row: a.ID}
			a.Value = o.open("value", value)
			if d := l.byID[a.PersonID]; d != nil {
				d.File.Aliases = append(d.File.Aliases, a)
			}
			return o.err
		})
}

const awardColumns = `id, version, person_id, programme, application_id, basis, start_month, end_month, recorded_at, recorded_by`

func scanAward(rows pgx.Rows) (award.Award, error) {
	var a award.Award
	var application, by *uuid.UUID
	err := rows.Scan(&a.ID, &a.Version, &a.PersonID, &a.Programme, &application, &a.Basis, &a.StartMonth, &a.EndMonth, &a.RecordedAt, &by)
	a.ApplicationID, a.RecordedBy = orZero(application), orZero(by)
	return a, err
}

func (l *loader) awards(b *pgx.Batch) {
	each(b, "SELECT "+awardColumns+" FROM awards WHERE person_id = ANY($1) ORDER BY start_month, id", l.ids, func(rows pgx.Rows) error {
		a, err := scanAward(rows)
		if d := l.byID[a.PersonID]; err == nil && d != nil {
			d.Awards = append(d.Awards, a)
		}
		return err
	})
}

func (l *loader) finish() ([]Dossier, error) {
	list := make([]Dossier, len(l.list))
	for i, d := range l.list {
		list[i] = *d
	}
	return list, nil
}

// each queues a query over person ids and scans its rows one by one.
func each(b *pgx.Batch, sql string, ids []uuid.UUID, scan func(pgx.Rows) error) {
	b.Queue(sql, ids).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func orZero[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}
