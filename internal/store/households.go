package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/casefile"
)

// Household reads the file of one household. Files of members are not among it: see HouseholdFiles.
func (db *DB) Household(ctx context.Context, who access.Actor, id uuid.UUID) (casefile.HouseholdFile, error) {
	l := newHouseholdLoader(db, []uuid.UUID{id}, "")
	return l.only(db.Read(ctx, who, l.queries()...))
}

// HouseholdWithFiles reads a household of the actor's area with the files of its members, wherever they are managed: for what the rules see of
// the household, which does not depend on who asks.
func (db *DB) HouseholdWithFiles(ctx context.Context, who access.Actor, id uuid.UUID) (casefile.HouseholdFile, error) {
	l := newHouseholdLoader(db, []uuid.UUID{id}, "")
	if h, err := l.only(db.Read(ctx, who, l.queries()...)); err != nil || len(h.Members) == 0 {
		return h, err
	}
	members := newLoader(db, l.persons(), "")
	if err := db.readIn(ctx, who, bounds{everything, everything}, members.queries()...); err != nil {
		return casefile.HouseholdFile{}, fmt.Errorf("read the files of members: %w", err)
	}
	return l.files(members)[0], nil
}

// Household reads a household as the transaction has left it: nobody else sees it so before the end.
func (tx *Tx) Household(ctx context.Context, id uuid.UUID) (casefile.HouseholdFile, error) {
	l := newHouseholdLoader(tx.db, []uuid.UUID{id}, "")
	return l.only(tx.Batch(ctx, l.queries()...))
}

// ListHouseholds lists the households of an area after an id, in order, with members and facts.
func (db *DB) ListHouseholds(ctx context.Context, who access.Actor, in area.Code, person, after uuid.UUID, limit int) (list []casefile.HouseholdFile, err error) {
	lo, hi := in.Range()
	var ids []uuid.UUID
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(`SELECT id FROM households h WHERE area_code >= $1 AND area_code < $2 AND id > $3
			AND ($4::uuid IS NULL OR EXISTS (SELECT FROM household_members m WHERE m.household_id = h.id AND m.person_id = $4 AND m.superseded_at IS NULL)) ORDER BY id LIMIT $5`,
			lo, hi, after, orNull(person), limit).Query(into(&ids, pgx.RowTo[uuid.UUID]))
	})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	l := newHouseholdLoader(db, ids, "")
	if err := db.Read(ctx, who, l.queries()...); err != nil {
		return nil, fmt.Errorf("list households: %w", err)
	}
	for _, h := range l.list {
		list = append(list, *h)
	}
	return list, nil
}

// LockHouseholds reads households with the files of their members and holds the households until the transaction ends. Who
// changes a member's file holds that person first and the household then, so that of two members changed at the same
// time the later one's derivation sees the earlier.
func (tx *Tx) LockHouseholds(ctx context.Context, ids ...uuid.UUID) ([]casefile.HouseholdFile, error) {
	return tx.householdFiles(ctx, newHouseholdLoader(tx.db, ids, " FOR UPDATE"))
}

// LockHousehold reads and holds one household.
func (tx *Tx) LockHousehold(ctx context.Context, id uuid.UUID) (casefile.HouseholdFile, error) {
	return one(tx.LockHouseholds(ctx, id))
}

// ReadHouseholds reads households with the files of their members and holds nothing.
func (tx *Tx) ReadHouseholds(ctx context.Context, ids ...uuid.UUID) ([]casefile.HouseholdFile, error) {
	return tx.householdFiles(ctx, newHouseholdLoader(tx.db, ids, ""))
}

// householdFiles reads what households and their members are after it holds them: every statement sees what is there when it begins. A
// member may be managed outside the actor's area, and counts all the same; so the files are read in the whole register.
func (tx *Tx) householdFiles(ctx context.Context, l *householdLoader) ([]casefile.HouseholdFile, error) {
	if err := tx.Batch(ctx, append([]Query{l.hold}, l.queries()...)...); err != nil {
		return nil, fmt.Errorf("read households: %w", err)
	}
	files := newLoader(tx.db, l.persons(), "")
	if len(files.ids) > 0 {
		if err := tx.Everywhere(ctx, func() error { return tx.Batch(ctx, files.queries()...) }); err != nil {
			return nil, fmt.Errorf("read the files of members: %w", err)
		}
	}
	return l.files(files), nil
}

// Everywhere lifts the bounds of row security for fn: for what is derived, which must not depend on who changes it. A
// household may stand in another village than a member's file.
func (tx *Tx) Everywhere(ctx context.Context, fn func() error) error {
	if tx.everywhere {
		return fn()
	}
	var area, counted string
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT current_setting('zhucan.area', true), current_setting('zhucan.count_area', true)").QueryRow(func(row pgx.Row) error {
			return row.Scan(&area, &counted)
		})
		b.Queue("SELECT set_config('zhucan.area', ':', true), set_config('zhucan.count_area', ':', true)")
	})
	if err != nil {
		return fmt.Errorf("lift the bounds: %w", err)
	}
	tx.everywhere = true
	err = fn()
	tx.everywhere = false
	if err != nil {
		return err
	}
	return tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT set_config('zhucan.area', $1, true), set_config('zhucan.count_area', $2, true)", area, counted)
	})
}

// householdLoader gathers the rows of households from one batch.
type householdLoader struct {
	db   *DB
	ids  []uuid.UUID
	lock string
	list []*casefile.HouseholdFile
	byID map[uuid.UUID]*casefile.HouseholdFile
}

func newHouseholdLoader(db *DB, ids []uuid.UUID, lock string) *householdLoader {
	return &householdLoader{db: db, ids: ids, lock: lock, byID: map[uuid.UUID]*casefile.HouseholdFile{}}
}

// only is the household that was read.
func (l *householdLoader) only(err error) (casefile.HouseholdFile, error) {
	h, err := one(l.list, err)
	if err != nil {
		return casefile.HouseholdFile{}, fmt.Errorf("read a household: %w", err)
	}
	return *h, nil
}

// persons are those who are or were members.
func (l *householdLoader) persons() (ids []uuid.UUID) {
	for _, h := range l.list {
		for _, m := range h.Members {
			ids = append(ids, m.PersonID)
		}
	}
	return ids
}

// files are the households with what was read of their members.
func (l *householdLoader) files(members *loader) []casefile.HouseholdFile {
	list := make([]casefile.HouseholdFile, len(l.list))
	for i, h := range l.list {
		h.Files = map[uuid.UUID]casefile.File{}
		for _, m := range h.Members {
			if d := members.byID[m.PersonID]; d != nil && d.File.Person.MergedInto == uuid.Nil {
				h.Files[m.PersonID] = d.File
			}
		}
		list[i] = *h
	}
	return list
}

func (l *householdLoader) hold(b *pgx.Batch) {
	if l.lock != "" {
		b.Queue("SELECT id FROM households WHERE id = ANY($1) ORDER BY id FOR UPDATE", l.ids)
	}
}

func (l *householdLoader) queries() []Query {
	return []Query{l.households, l.members, l.circumstances, l.retrofits}
}

func (l *householdLoader) households(b *pgx.Batch) {
	each(b, "SELECT id, version, area_code, address, created_at, updated_at FROM households WHERE id = ANY($1) ORDER BY id", l.ids, func(rows pgx.Rows) error {
		h := &casefile.HouseholdFile{}
		var address []byte
		if err := rows.Scan(&h.Household.ID, &h.Household.Version, &h.Household.Area, &address, &h.Household.CreatedAt, &h.Household.UpdatedAt); err != nil {
			return err
		}
		o := opener{ring: l.db.Ring, table: "households", row: h.Household.ID}
		h.Household.Address = o.open("address", address)
		l.list, l.byID[h.Household.ID] = append(l.list, h), h
		return o.err
	})
}

func (l *householdLoader) members(b *pgx.Batch) {
	const members = `SELECT m.id, m.version, m.household_id, m.person_id, coalesce(p.name, ''), m.relation, m.from_on, m.to_on, m.recorded_at, m.superseded_at
		FROM household_members m LEFT JOIN persons p ON p.id = m.person_id WHERE m.household_id = ANY($1) ORDER BY m.from_on, m.recorded_at, m.id`
	each(b, members, l.ids, func(rows pgx.Rows) error {
		var m casefile.Member
		var superseded *time.Time
		err := rows.Scan(&m.ID, &m.Version, &m.HouseholdID, &m.PersonID, &m.Name, &m.Relation, &m.From, &m.To, &m.RecordedAt, &superseded)
		m.SupersededAt = orZero(superseded)
		switch h := l.byID[m.HouseholdID]; {
		case h == nil:
		case superseded == nil:
			h.Members = append(h.Members, m)
		default:
			h.Superseded = append(h.Superseded, m)
		}
		return err
	})
}

func (l *householdLoader) circumstances(b *pgx.Batch) {
	const columns = `SELECT id, household_id, kind, value, valid_from, valid_to, source, source_doc, recorded_at, recorded_by, superseded_at
		FROM household_circumstances WHERE household_id = ANY($1) ORDER BY valid_from, recorded_at, id`
	each(b, columns, l.ids, func(rows pgx.Rows) error {
		var c casefile.Circumstance
		var household uuid.UUID
		var by *uuid.UUID
		var superseded *time.Time
		err := rows.Scan(&c.ID, &household, &c.Kind, &c.Raw, &c.ValidFrom, &c.ValidTo, &c.Source, &c.SourceDoc, &c.RecordedAt, &by, &superseded)
		if err != nil {
			return err
		}
		kind, _ := casefile.HouseholdKindOf(c.Kind)
		if c.Value, err = casefile.ParseValue(kind, c.Raw); err != nil {
			return fmt.Errorf("read a stored %s: %w", c.Kind, err)
		}
		c.RecordedBy, c.SupersededAt = orZero(by), orZero(superseded)
		if h := l.byID[household]; h != nil {
			h.Circumstances = append(h.Circumstances, c)
		}
		return nil
	})
}

func (l *householdLoader) retrofits(b *pgx.Batch) {
	const steps = `SELECT s.household_id, s.id, t.happened_on, t.to_state, t.done FROM services s CROSS JOIN LATERAL (
			SELECT 0 AS seq, s.opened_on AS happened_on, 'NEED' AS to_state, false AS done
			UNION ALL SELECT seq, happened_on, to_state, 'retrofit' = ANY(counts) FROM service_steps WHERE service_id = s.id AND voided_at IS NULL) t
		WHERE s.household_id = ANY($1) ORDER BY s.opened_on, s.id, t.seq`
	each(b, steps, l.ids, func(rows pgx.Rows) error {
		var household uuid.UUID
		var r casefile.RetrofitDay
		err := rows.Scan(&household, &r.ServiceID, &r.On, &r.State, &r.Done)
		if h := l.byID[household]; h != nil {
			h.Retrofits = append(h.Retrofits, r)
		}
		return err
	})
}

// InsertHousehold adds a household.
func (tx *Tx) InsertHousehold(ctx context.Context, h casefile.Household) error {
	r, err := tx.householdRow(h)
	if err != nil {
		return err
	}
	return tx.insert(ctx, householdsTable, []row{r})
}

var householdsTable = table{"households", []string{"id uuid", "area_code", "address bytea", "created_at timestamptz", "created_by uuid", "updated_at timestamptz"}}

func (tx *Tx) householdRow(h casefile.Household) (row, error) {
	s := sealer{ring: tx.db.Ring, table: "households", row: h.ID}
	return row{h.ID, string(h.Area), s.seal("address", h.Address), tx.Now, tx.Who.AccountID, tx.Now}, s.err
}

// UpdateHousehold writes area and address, and the next version.
func (tx *Tx) UpdateHousehold(ctx context.Context, h casefile.Household) error {
	s := sealer{ring: tx.db.Ring, table: "households", row: h.ID}
	address := s.seal("address", h.Address)
	if s.err != nil {
		return s.err
	}
	_, err := tx.sql.ExecContext(ctx, "UPDATE households SET version = version + 1, area_code = $2, address = $3, updated_at = $4 WHERE id = $1",
		h.ID, string(h.Area), address, tx.Now)
	if err != nil {
		return fmt.Errorf("change a household: %w", translate(err))
	}
	return nil
}

var membersTable = table{"household_members", []string{"id uuid", "household_id uuid", "area_code", "person_id uuid", "relation", "from_on date", "to_on date",
	"recorded_at timestamptz", "recorded_by uuid"}}

// InsertMembers adds persons to a household of an area.
func (tx *Tx) InsertMembers(ctx context.Context, at area.Code, members ...casefile.Member) error {
	rows := make([]row, len(members))
	for i, m := range members {
		rows[i] = tx.memberRow(at, m)
	}
	return tx.insert(ctx, membersTable, rows)
}

func (tx *Tx) memberRow(at area.Code, m casefile.Member) row {
	return row{m.ID, m.HouseholdID, string(at), m.PersonID, m.Relation, m.From, m.To, tx.Now, tx.Who.AccountID}
}

// TouchHousehold writes the next version: who belongs to a household is part of what is read of it.
func (tx *Tx) TouchHousehold(ctx context.Context, id uuid.UUID) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE households SET version = version + 1, updated_at = $2 WHERE id = $1", id, tx.Now)
	if err != nil {
		return fmt.Errorf("touch a household: %w", translate(err))
	}
	return nil
}

// SupersedeMember takes a membership out of what we hold true.
func (tx *Tx) SupersedeMember(ctx context.Context, id uuid.UUID) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE household_members SET version = version + 1, superseded_at = $2 WHERE id = $1 AND superseded_at IS NULL", id, tx.Now)
	if err != nil {
		return fmt.Errorf("supersede a membership: %w", translate(err))
	}
	return nil
}

// EndMember writes the last day of a membership, and the next version.
func (tx *Tx) EndMember(ctx context.Context, m casefile.Member) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE household_members SET version = version + 1, to_on = $2::date WHERE id = $1", m.ID, m.To.String())
	if err != nil {
		return fmt.Errorf("end a membership: %w", translate(err))
	}
	return nil
}

var householdFactsTable = table{"household_circumstances", []string{"id uuid", "household_id uuid", "area_code", "kind", "exclusive_key", "value jsonb", "valid_from date",
	"valid_to date", "source", "source_doc text", "recorded_at timestamptz", "recorded_by uuid"}}

// InsertHouseholdCircumstances records facts of households of an area.
func (tx *Tx) InsertHouseholdCircumstances(ctx context.Context, household casefile.Household, facts ...casefile.Circumstance) error {
	rows := make([]row, len(facts))
	for i, c := range facts {
		rows[i] = tx.householdFactRow(household, c)
	}
	return tx.insert(ctx, householdFactsTable, rows)
}

func (tx *Tx) householdFactRow(h casefile.Household, c casefile.Circumstance) row {
	kind, _ := casefile.HouseholdKindOf(c.Kind)
	return row{c.ID, h.ID, string(h.Area), c.Kind, kind.ExclusiveKey(c.Value), string(c.Raw), c.ValidFrom, c.ValidTo, c.Source, c.SourceDoc, tx.Now, tx.Who.AccountID}
}

// SupersedeHouseholdFact takes a fact out of what we hold true.
func (tx *Tx) SupersedeHouseholdFact(ctx context.Context, id uuid.UUID) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE household_circumstances SET superseded_at = $2 WHERE id = $1 AND superseded_at IS NULL", id, tx.Now)
	if err != nil {
		return fmt.Errorf("supersede a fact: %w", translate(err))
	}
	return nil
}

// HouseholdIDs lists households after an id in order, for work over the whole register in portions.
func (tx *Tx) HouseholdIDs(ctx context.Context, after uuid.UUID, limit int) (ids []uuid.UUID, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT id FROM households WHERE id > $1 ORDER BY id LIMIT $2", after, limit).Query(into(&ids, pgx.RowTo[uuid.UUID]))
	})
	if err != nil {
		return nil, fmt.Errorf("list households: %w", err)
	}
	return ids, nil
}
