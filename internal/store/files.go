package store

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/idnum"
)

// Dossier is the file of a person with the awards, which is all that standings are derived from.
type Dossier struct {
	File   casefile.File
	Awards []award.Award
	Payee  *Payee // whose account is paid to and since when, without its number; nil: it is not known where to pay
	Stays  []Stay // when in which households, in no order of days
}

// Stay is the days on which a person belongs to a household.
type Stay struct {
	Household uuid.UUID
	Days      calendar.Interval
}

// Households are those that the person is or was a member of.
func (d Dossier) Households() (list []uuid.UUID) {
	for _, s := range d.Stays {
		if !slices.Contains(list, s.Household) { // somebody may come back to one
			list = append(list, s.Household)
		}
	}
	return list
}

// HomeOn is the household of a person on a day; zero where no household of the reader's area is.
func (d Dossier) HomeOn(day calendar.Date) uuid.UUID {
	for _, s := range d.Stays {
		if s.Days.Contains(day) {
			return s.Household
		}
	}
	return uuid.Nil
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

// PersonFile reads a person with cards and what tells their status, all that the person's own page shows: in one statement for who
// has the rights, and where that finds nothing, once more in the long way that tells why.
func (db *DB) PersonFile(ctx context.Context, who access.Actor, id uuid.UUID) (Dossier, error) {
	l := newLoader(db, []uuid.UUID{id}, "")
	sql, args := db.PersonPage(who, id)
	rows, err := db.pool.Query(ctx, sql, args...)
	if err == nil {
		err = l.scanPage(rows)
	}
	if err == nil && len(l.list) == 0 {
		err = db.Read(ctx, who, l.page)
	}
	if err != nil {
		return Dossier{}, translate(fmt.Errorf("read a person: %w", err))
	}
	db.Told(ctx, who, idsBy(l.list, func(d *Dossier) uuid.UUID { return d.File.Person.ID }))
	return one(l.finish())
}

// LockDossiers reads files and holds their persons until the transaction ends, so that what is derived from a file
// and what is written to it agree.
func (tx *Tx) LockDossiers(ctx context.Context, ids ...uuid.UUID) ([]Dossier, error) {
	l := tx.newLoader(ids, " FOR UPDATE")
	if err := tx.load(ctx, l); err != nil {
		return nil, fmt.Errorf("lock files: %w", err)
	}
	for _, d := range l.list {
		tx.areas[d.File.Person.ID] = d.File.Person.Managing
	}
	return l.finish()
}

// ReadDossiers reads files inside the transaction and locks nobody: for a caller who keeps all other writers out, or writes nothing.
func (tx *Tx) ReadDossiers(ctx context.Context, ids ...uuid.UUID) ([]Dossier, error) {
	l := tx.newLoader(ids, "")
	if err := tx.load(ctx, l); err != nil {
		return nil, fmt.Errorf("read files: %w", err)
	}
	return l.finish()
}

// filesAtOnce is how many files are read in one round trip. Questions about more do not fit into the socket's buffer: the database would
// already answer the first of them, and wait for a client that is still writing and looks for answers only every fifteen milliseconds.
const filesAtOnce = 500

func (tx *Tx) load(ctx context.Context, l *loader) error {
	for l.ids = range slices.Chunk(l.ids, filesAtOnce) {
		if err := tx.Batch(ctx, l.queries()...); err != nil {
			return err
		}
	}
	return nil
}

// LockDossier reads and holds the file of one person, to write to it. A file that is merged into another one is not written to.
func (tx *Tx) LockDossier(ctx context.Context, id uuid.UUID) (Dossier, error) {
	return writable(tx.LockDossiers(ctx, id))
}

func writable(list []Dossier, err error) (Dossier, error) {
	d, err := one(list, err)
	if err == nil && d.File.Person.MergedInto != uuid.Nil {
		return d, MergedAlready
	}
	return d, err
}

// LockPersonOf holds the person whose certificate, circumstance, application or award has this id, and reads the file.
func (tx *Tx) LockPersonOf(ctx context.Context, kind string, id uuid.UUID) (Dossier, error) {
	person, err := tx.personOf(ctx, kind, id)
	if err != nil {
		return Dossier{}, err
	}
	return tx.LockDossier(ctx, person)
}

func (tx *Tx) personOf(ctx context.Context, kind string, id uuid.UUID) (person uuid.UUID, err error) {
	from := map[string]string{"certificate": "certificates", "circumstance": "circumstances", "application": "applications", "award": "awards"}[kind]
	if err := tx.sql.QueryRowContext(ctx, "SELECT person_id FROM "+from+" WHERE id = $1", id).Scan(&person); err != nil {
		return person, fmt.Errorf("find the person of a %s: %w", kind, translate(err))
	}
	return person, nil
}

// one is the only one of a list, which is absent where the list is empty.
func one[T any](list []T, err error) (only T, _ error) {
	switch {
	case err != nil:
		return only, err
	case len(list) == 0:
		return only, NotFound
	}
	return list[0], nil
}

// loader gathers the rows of files from one batch.
type loader struct {
	db     *DB
	ids    []uuid.UUID
	lock   string
	writes bool // for who writes and derives, which must not depend on where a household stands
	list   []*Dossier
	byID   map[uuid.UUID]*Dossier
}

func newLoader(db *DB, ids []uuid.UUID, lock string) *loader {
	sorted := slices.SortedFunc(slices.Values(ids), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return &loader{db: db, ids: slices.Compact(sorted), lock: lock, byID: map[uuid.UUID]*Dossier{}}
}

func (tx *Tx) newLoader(ids []uuid.UUID, lock string) *loader {
	l := newLoader(tx.db, ids, lock)
	l.writes = true
	return l
}

func (l *loader) queries() []Query {
	return []Query{l.persons, l.certificates, l.events, l.circumstances, l.aliases, l.awards, l.suspensions, l.grants, l.payees, l.verifications, l.needs, l.served, l.memberships}
}

func (l *loader) persons(b *pgx.Batch) {
	sql, ids := overIDs("SELECT "+personColumns+" FROM persons p WHERE id = ANY($1) ORDER BY id"+l.lock, l.ids)
	b.Queue(sql, ids).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			s := &sealedPerson{}
			if err := rows.Scan(s.fields()...); err != nil {
				return err
			}
			if err := l.addPerson(s); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// A page is one person beside each event of each card. Most have one of either: sorting them here is cheaper than there.
var (
	pageColumns = personColumns + ", " + cardColumns + ", e.event, e.happened_on, e.recorded_at" // what tells a card's status
	pageJoins   = ` LEFT JOIN certificates c ON c.person_id = p.id
		LEFT JOIN certificate_events e ON e.person_id = p.id AND e.certificate_id = c.id`
	// Entering comes first because the person is found with what it brings. Were it planned the other way round, row
	// security would have no bounds and show nothing.
	enteredPage, enteredOwnPage = pageEnteredBy(withRights), pageEnteredBy(withOwnRights)
)

// PersonPage is the statement by which PersonFile reads a page, and its parameters: a benchmark sends the very same past the service.
func (db *DB) PersonPage(who access.Actor, id uuid.UUID) (sql string, args []any) {
	sql = enteredPage
	if who.ActingFor == uuid.Nil {
		sql = enteredOwnPage
	}
	return sql, append(db.enterArgs(who, boundsOf(who)), id)
}

func pageEnteredBy(rights string) string {
	return "WITH entered AS MATERIALIZED (SELECT r.*, $9::uuid AS person FROM (" + rights + ") r) SELECT " + pageColumns +
		" FROM entered JOIN persons p ON p.id = entered.person" + pageJoins
}

func (l *loader) page(b *pgx.Batch) {
	b.Queue("SELECT "+pageColumns+" FROM persons p"+pageJoins+" WHERE p.id = $1", l.ids[0]).Query(l.scanPage)
}

func (l *loader) scanPage(rows pgx.Rows) error {
	defer rows.Close()
	seen := map[uuid.UUID]bool{}
	for rows.Next() {
		s, card, event := &sealedPerson{}, cardRow{person: &l.ids[0]}, eventRow{person: &l.ids[0]}
		if err := rows.Scan(append(slices.Concat(s.fields(), card.fields()), &event.event, &event.on, &event.recorded)...); err != nil {
			return err
		}
		if len(l.list) == 0 {
			if err := l.addPerson(s); err != nil {
				return err
			}
		}
		if card.id != nil && !seen[*card.id] {
			seen[*card.id] = true
			if err := l.addCard(card); err != nil {
				return err
			}
		}
		if event.event != nil {
			event.card = card.id
			l.addEvent(event)
		}
	}
	for _, d := range l.list {
		slices.SortFunc(d.File.Certificates, func(a, b casefile.Certificate) int {
			return cmp.Or(a.IssuedOn.Compare(b.IssuedOn), bytes.Compare(a.ID[:], b.ID[:]))
		})
		slices.SortFunc(d.File.Events, func(a, b casefile.CertificateEvent) int {
			return cmp.Or(a.On.Compare(b.On), a.RecordedAt.Compare(b.RecordedAt))
		})
	}
	return rows.Err()
}

func (l *loader) addPerson(s *sealedPerson) error {
	p, err := l.db.openPerson(s)
	if err != nil {
		return err
	}
	d := &Dossier{File: casefile.File{Person: p}}
	l.list = append(l.list, d)
	l.byID[p.ID] = d
	return nil
}

const cardColumns = `c.id, c.version, c.number, c.number_raw, c.category, c.level, c.components, c.issued_on, c.expires_on,
	c.held_to, c.recorded_at, c.by_list`

// cardRow is a certificate as stored, or nothing but nulls beside a person without one.
type cardRow struct {
	id, person               *uuid.UUID
	version, category, level *int
	number, raw              []byte
	components               []int16
	issued, expires, heldTo  calendar.Date
	recorded                 *time.Time
	byList                   *bool
}

func (r *cardRow) fields() []any {
	return []any{&r.id, &r.version, &r.number, &r.raw, &r.category, &r.level, &r.components, &r.issued, &r.expires, &r.heldTo, &r.recorded, &r.byList}
}

func (l *loader) addCard(r cardRow) error {
	c := casefile.Certificate{ID: *r.id, Version: *r.version, PersonID: *r.person, Category: *r.category, Level: *r.level, IssuedOn: r.issued,
		ExpiresOn: r.expires, HeldTo: r.heldTo, RecordedAt: *r.recorded, Components: componentsOf(r.components), ByList: orZero(r.byList)}
	o := opener{ring: l.db.Ring, table: "certificates", row: c.ID}
	number, err := idnum.ParseCertificate(o.open("number", r.number), farFuture)
	if err != nil {
		return fmt.Errorf("read a stored certificate number: %w", err)
	}
	c.Number, c.RawNumber = number, o.open("number_raw", r.raw)
	if d := l.byID[c.PersonID]; d != nil {
		d.File.Certificates = append(d.File.Certificates, c)
	}
	return o.err
}

func (l *loader) certificates(b *pgx.Batch) {
	each(b, "SELECT c.person_id, "+cardColumns+" FROM certificates c WHERE c.person_id = ANY($1) ORDER BY c.issued_on, c.id", l.ids, func(rows pgx.Rows) error {
		var r cardRow
		if err := rows.Scan(append([]any{&r.person}, r.fields()...)...); err != nil {
			return err
		}
		return l.addCard(r)
	})
}

const eventColumns = `e.id, e.certificate_id, e.person_id, e.event, e.happened_on, e.reason, e.cancel_reason, e.recorded_at, e.by_list`

// eventRow is what happened to a certificate, or nothing but nulls.
type eventRow struct {
	id, card, person      *uuid.UUID
	event, reason, cancel *string
	on                    calendar.Date
	recorded              *time.Time
	byList                *bool
}

func (r *eventRow) fields() []any {
	return []any{&r.id, &r.card, &r.person, &r.event, &r.on, &r.reason, &r.cancel, &r.recorded, &r.byList}
}

func (l *loader) addEvent(r eventRow) {
	if d := l.byID[*r.person]; d != nil {
		d.File.Events = append(d.File.Events, casefile.CertificateEvent{ID: orZero(r.id), CertificateID: *r.card, PersonID: *r.person,
			Event: *r.event, On: r.on, Reason: orZero(r.reason), CancelReason: orZero(r.cancel), RecordedAt: *r.recorded, ByList: orZero(r.byList)})
	}
}

func (l *loader) events(b *pgx.Batch) {
	each(b, "SELECT "+eventColumns+" FROM certificate_events e WHERE e.person_id = ANY($1) ORDER BY e.happened_on, e.recorded_at, e.id", l.ids,
		func(rows pgx.Rows) error {
			var r eventRow
			if err := rows.Scan(r.fields()...); err != nil {
				return err
			}
			l.addEvent(r)
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

func (l *loader) needs(b *pgx.Batch) {
	each(b, "SELECT person_id, survey_year, collected_on, needs, recorded_at FROM survey_responses WHERE person_id = ANY($1) ORDER BY recorded_at, id", l.ids,
		func(rows pgx.Rows) error {
			var person uuid.UUID
			var n casefile.SurveyNeeds
			err := rows.Scan(&person, &n.Year, &n.On, &n.Kinds, &n.RecordedAt)
			if d := l.byID[person]; d != nil {
				d.File.Needs = append(d.File.Needs, n)
			}
			return err
		})
}

func (l *loader) served(b *pgx.Batch) {
	const completed = `SELECT s.person_id, t.happened_on, t.counts, t.recorded_at FROM services s JOIN service_steps t ON t.service_id = s.id
		WHERE s.person_id = ANY($1) AND t.counts <> '{}' AND t.voided_at IS NULL ORDER BY t.recorded_at, t.id`
	each(b, completed, l.ids, func(rows pgx.Rows) error {
		var person uuid.UUID
		var s casefile.Served
		err := rows.Scan(&person, &s.On, &s.Kinds, &s.RecordedAt)
		if d := l.byID[person]; d != nil {
			d.File.Served = append(d.File.Served, s)
		}
		return err
	})
}

func (l *loader) memberships(b *pgx.Batch) {
	stored := "SELECT person_id, household_id, from_on, to_on FROM household_members WHERE person_id = ANY($1) AND superseded_at IS NULL ORDER BY 1, 2"
	if l.writes {
		stored = "SELECT person_id, household_id, from_on, to_on FROM memberships_of($1)"
	}
	each(b, stored, l.ids, func(rows pgx.Rows) error {
		var person uuid.UUID
		var s Stay
		err := rows.Scan(&person, &s.Household, &s.Days.From, &s.Days.To)
		if d := l.byID[person]; d != nil {
			d.Stays = append(d.Stays, s)
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

// overIDs makes a query over ids, ANY($1), one over a single id where there is only one: for a list the planner expects ten ids, finds its
// generic plan too dear, and plans anew each time, which takes longer than to read a file.
func overIDs(sql string, ids []uuid.UUID) (string, any) {
	if len(ids) == 1 && strings.Contains(sql, "ANY($1)") {
		return strings.ReplaceAll(sql, "ANY($1)", "$1"), ids[0]
	}
	return sql, ids
}

// each queues a query over person ids and scans its rows one by one.
func each(b *pgx.Batch, sql string, ids []uuid.UUID, scan func(pgx.Rows) error) {
	sql, arg := overIDs(sql, ids)
	eachRow(b, sql, []any{arg}, scan)
}

// eachRow is each with any parameters.
func eachRow(b *pgx.Batch, sql string, args []any, scan func(pgx.Rows) error) {
	b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
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
