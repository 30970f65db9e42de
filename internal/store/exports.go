package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/standing"
)

// ListOf asks who is on a list: who stands in these parts of an indicator on a day, or the households of such people.
type ListOf struct {
	Indicator  string
	Parts      []standing.Status
	Area       area.Code
	On         calendar.Date
	Holders    bool // only who holds a certificate
	ByNumber   bool // only who has an ID number
	Households bool
}

// What is asked of who is on a list: $1 indicator, $2 day, $3 and $4 bounds of the area, $5 parts, $6 holders only, $7 by number only, of persons
// $8 and $9, bounds of the actor's area, and then how many at most.
var (
	standsOn = `s.indicator = $1 AND s.valid_from <= $2 AND (s.valid_to IS NULL OR s.valid_to >= $2) AND s.status = ANY($5) AND (NOT $6 OR s.level > 0)`
	memberOn = `m.household_id = h.id AND m.superseded_at IS NULL AND m.from_on <= $2 AND (m.to_on IS NULL OR m.to_on >= $2)`
	whoStand = `FROM standings s JOIN persons p ON p.id = s.person_id AND p.managing_area_code >= $8 AND p.managing_area_code < $9`
	areOn    = ` WHERE ` + standsOn + ` AND s.area_code >= $3 AND s.area_code < $4 AND (NOT $7 OR p.id_number IS NOT NULL)`
	inOrder  = ` ORDER BY s.area_code, s.person_id LIMIT $10`
	withOne  = `FROM households h CROSS JOIN LATERAL (
			SELECT FROM household_members m JOIN standings s ON s.person_id = m.person_id JOIN persons p ON p.id = m.person_id
			WHERE ` + memberOn + ` AND ` + standsOn + ` AND (NOT $7 OR p.id_number IS NOT NULL) LIMIT 1) one
		WHERE h.area_code >= $3 AND h.area_code < $4`
	housesInOrder = ` ORDER BY h.area_code, h.id LIMIT $8`

	countPersons    = `SELECT count(*) ` + whoStand + areOn
	countHouseholds = `SELECT count(*) ` + withOne
	personsOn       = `SELECT s.person_id ` + whoStand + areOn + inOrder
	householdsOn    = `SELECT h.id ` + withOne + housesInOrder
)

func (q ListOf) args(who access.Actor, more ...any) []any {
	lo, hi := q.Area.Range()
	parts := make([]int16, len(q.Parts))
	for i, p := range q.Parts {
		parts[i] = int16(p)
	}
	args := []any{q.Indicator, q.On, lo, hi, parts, q.Holders, q.ByNumber}
	if !q.Households {
		within := boundsOf(who).persons
		args = append(args, strings.TrimRight(within, ":"), within)
	}
	return append(args, more...)
}

// of is one of two statements: of persons, or of households.
func (q ListOf) of(persons, households string) string {
	if q.Households {
		return households
	}
	return persons
}

// CountListed counts who is on a list. Who has left the actor's area is not among them.
func (db *DB) CountListed(ctx context.Context, who access.Actor, q ListOf) (n int, err error) {
	err = db.Read(ctx, who, counting, func(b *pgx.Batch) {
		b.Queue(q.of(countPersons, countHouseholds), q.args(who)...).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
	})
	if err != nil {
		return 0, fmt.Errorf("count who is on a list: %w", err)
	}
	return n, nil
}

// OnList are the ids of who is on a list at this moment, in order of villages, and at most so many.
func (db *DB) OnList(ctx context.Context, who access.Actor, q ListOf, limit int) (ids []uuid.UUID, err error) {
	err = db.Read(ctx, who, counting, func(b *pgx.Batch) {
		b.Queue(q.of(personsOn, householdsOn), q.args(who, limit)...).Query(func(rows pgx.Rows) (err error) {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read who is on a list: %w", err)
	}
	return ids, nil
}

// OneListed is what lists tell of a person or of a household.
type OneListed struct {
	ID        uuid.UUID
	Name      string
	IDNumber  string
	BirthDate calendar.Date
	Area      area.Code
	Category  int
	Level     int
	Address   string
	Holders   int
}

// What a list tells of who is on it, and the same of those whose ids are known: of persons $1, and of households $3, behind $1 and $2. It is planned for whom it is asked of: the files of a village are
// looked up, and those of a district joined.
var (
	toldPersons       = `SELECT p.id, p.id, p.name, p.id_number, p.birth_date, p.managing_area_code, coalesce(c.category, 0), coalesce(c.level, 0), NULL::bytea, 0 `
	withCards         = ` LEFT JOIN certificates c ON c.person_id = p.id AND c.held_to IS NULL`
	listedPersons     = toldPersons + whoStand + withCards + areOn + inOrder
	listedPersonsByID = toldPersons + `FROM unnest($1::uuid[]) WITH ORDINALITY n (id, at) JOIN persons p ON p.id = n.id` + withCards + ` ORDER BY n.at`

	toldHouseholds = `SELECT h.id, coalesce(f.id, h.id), coalesce(f.name, ''), f.id_number, f.birth_date, h.area_code, 0, 0, h.address,
		(SELECT count(DISTINCT m.person_id) FROM household_members m JOIN standings s ON s.person_id = m.person_id
			WHERE ` + memberOn + ` AND s.indicator = $1 AND s.valid_from <= $2 AND (s.valid_to IS NULL OR s.valid_to >= $2) AND s.status < 4 AND s.level > 0) `
	withHeads = ` LEFT JOIN LATERAL (SELECT p.id, p.name, p.id_number, p.birth_date FROM household_members m JOIN persons p ON p.id = m.person_id
			LEFT JOIN certificates c ON c.person_id = p.id AND c.held_to IS NULL WHERE ` + memberOn + `
			ORDER BY m.relation <> 'head', c.id IS NULL, m.from_on, m.id LIMIT 1) f ON true`
	listedHouses     = toldHouseholds + `FROM (SELECT h.* ` + withOne + housesInOrder + `) h` + withHeads + ` ORDER BY h.area_code, h.id`
	listedHousesByID = toldHouseholds + `FROM unnest($3::uuid[]) WITH ORDINALITY n (id, at) JOIN households h ON h.id = n.id` + withHeads + ` ORDER BY n.at`
)

// Listed reads what a list tells of the first who are on it, in order of villages and at most so many.
func (db *DB) Listed(ctx context.Context, who access.Actor, q ListOf, limit int) ([]OneListed, error) {
	return db.told(ctx, who, q.of(listedPersons, listedHouses), q.args(who, limit), limit)
}

// ListedByID reads what a list tells of these, in their order. Who has left the actor's area is not among them.
func (db *DB) ListedByID(ctx context.Context, who access.Actor, q ListOf, ids []uuid.UUID) ([]OneListed, error) {
	if q.Households {
		return db.told(ctx, who, listedHousesByID, []any{q.Indicator, q.On, ids}, len(ids))
	}
	return db.told(ctx, who, listedPersonsByID, []any{ids}, len(ids))
}

func (db *DB) told(ctx context.Context, who access.Actor, sql string, args []any, limit int) (list []OneListed, err error) {
	err = db.Read(ctx, who, counting, func(b *pgx.Batch) {
		b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
			list, err = db.scanTold(rows, limit)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read a list: %w", err)
	}
	return list, nil
}

// scanTold reads up to so many rows of a list. There may be many, so nothing is made for each of them that can be made once.
func (db *DB) scanTold(rows pgx.Rows, limit int) ([]OneListed, error) {
	var one OneListed
	var number, address pgtype.DriverBytes
	persons, households := opener{ring: db.Ring, table: "persons"}, opener{ring: db.Ring, table: "households"}
	fields := []any{&one.ID, &persons.row, &one.Name, &number, &one.BirthDate, (*string)(&one.Area), &one.Category, &one.Level, &address, &one.Holders}
	list := make([]OneListed, 0, limit)
	for rows.Next() {
		if err := rows.Scan(fields...); err != nil {
			return nil, err
		}
		households.row = one.ID
		one.IDNumber, one.Address = persons.open("id_number", number), households.open("address", address)
		if err := errors.Join(persons.err, households.err); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// Export says that somebody took a list out.
type Export struct {
	ID        uuid.UUID
	List      string
	Area      area.Code
	Form      string
	Purpose   string
	Rows      int
	AccountID uuid.UUID
	Username  string
	Name      string
	Role      access.Role
	ActingFor uuid.UUID
	At        time.Time
}

// InsertExport keeps that a list is taken out by who writes.
func (tx *Tx) InsertExport(ctx context.Context, e Export) error {
	return tx.insert(ctx, table{"exports", []string{"id uuid", "list", "area_code", "form", "purpose", "rows bigint", "account_id uuid", "role", "acting_for uuid", "at timestamptz"}},
		[]row{{e.ID, e.List, string(e.Area), e.Form, e.Purpose, e.Rows, tx.Who.AccountID, string(tx.Who.Role), tx.Who.ActingFor, tx.Now}})
}

// ExportFilter narrows a list of exports. Zero members do not narrow.
type ExportFilter struct {
	Area      area.Code
	List      string
	AccountID uuid.UUID
	Before    uuid.UUID
	Limit     int
}

// Exports lists what was taken out of an area and below, the latest first.
func (db *DB) Exports(ctx context.Context, f ExportFilter) (list []Export, err error) {
	lo, hi := f.Area.Range()
	rows, err := db.pool.Query(ctx, `SELECT e.id, e.list, e.area_code, e.form, e.purpose, e.rows, e.account_id, a.username, a.name, e.role, e.acting_for, e.at
		FROM exports e JOIN accounts a ON a.id = e.account_id WHERE e.area_code >= $1 AND e.area_code < $2 AND ($3 = '' OR e.list = $3)
		AND ($4::uuid IS NULL OR e.account_id = $4) AND ($5::uuid IS NULL OR e.id < $5) ORDER BY e.id DESC LIMIT $6`,
		lo, hi, f.List, orNull(f.AccountID), orNull(f.Before), f.Limit)
	if err == nil {
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Export, err error) {
			var acting *uuid.UUID
			err = row.Scan(&e.ID, &e.List, &e.Area, &e.Form, &e.Purpose, &e.Rows, &e.AccountID, &e.Username, &e.Name, &e.Role, &acting, &e.At)
			e.ActingFor = orZero(acting)
			return e, err
		})
	}
	if err != nil {
		return nil, translate(fmt.Errorf("list exports: %w", err))
	}
	return list, nil
}
