package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
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

// What is asked of who is on a list: $1 indicator, $2 day, $3 and $4 bounds of the area, $5 parts, $6 holders only, $7 by number only, and of a
// page $8 and $9, behind which it begins, and $10, how long it is.
var (
	standsOn = `s.indicator = $1 AND s.valid_from <= $2 AND (s.valid_to IS NULL OR s.valid_to >= $2) AND s.status = ANY($5) AND (NOT $6 OR s.level > 0)`
	memberOn = `m.household_id = h.id AND m.superseded_at IS NULL AND m.from_on <= $2 AND (m.to_on IS NULL OR m.to_on >= $2)`
	withOne  = `CROSS JOIN LATERAL (
			SELECT FROM household_members m JOIN standings s ON s.person_id = m.person_id JOIN persons p ON p.id = m.person_id
			WHERE ` + memberOn + ` AND ` + standsOn + ` AND (NOT $7 OR p.id_number IS NOT NULL) LIMIT 1) one
		WHERE h.area_code >= $3 AND h.area_code < $4`
	countPersons = `SELECT count(*), ` + allOf("s.person_id") + ` FROM standings s JOIN persons p ON p.id = s.person_id AND ` + ownArea("p.managing_area_code") + `
		WHERE ` + standsOn + ` AND s.area_code >= $3 AND s.area_code < $4 AND (NOT $7 OR p.id_number IS NOT NULL)`
	countHouseholds = `SELECT count(*), ` + allOf("h.id") + ` FROM households h ` + withOne
)

func (q ListOf) args(more ...any) []any {
	lo, hi := q.Area.Range()
	parts := make([]int16, len(q.Parts))
	for i, p := range q.Parts {
		parts[i] = int16(p)
	}
	return append([]any{q.Indicator, q.On, lo, hi, parts, q.Holders, q.ByNumber}, more...)
}

// Tally is how many are on a list, and a number that their ids make together in any order: with somebody in the place of somebody else it is another.
type Tally struct {
	Rows int
	All  int64
}

// Add counts one more.
func (t *Tally) Add(id uuid.UUID) {
	t.Rows++
	t.All ^= int64(binary.BigEndian.Uint64(id[8:]) & (1<<48 - 1))
}

// allOf is Tally.All of a column of ids: of their last 48 bits, which are random.
func allOf(ids string) string {
	return "coalesce(bit_xor(('x' || right(" + ids + "::text, 12))::bit(48)::bigint), 0)"
}

// OnList counts who is on a list. Who has left the actor's area is not among them.
func (db *DB) OnList(ctx context.Context, who access.Actor, q ListOf) (t Tally, err error) {
	sql := countPersons
	if q.Households {
		sql = countHouseholds
	}
	err = db.Read(ctx, who, counting, func(b *pgx.Batch) {
		b.Queue(sql, q.args()...).QueryRow(func(row pgx.Row) error { return row.Scan(&t.Rows, &t.All) })
	})
	if err != nil {
		return t, fmt.Errorf("count who is on a list: %w", err)
	}
	return t, nil
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

// A page is planned for whom it is asked of: the files of a village are looked up, and those of a district joined.
var (
	listedPersons = `SELECT s.area_code, p.id, p.id, p.name, p.id_number, p.birth_date, p.managing_area_code, coalesce(c.category, 0), coalesce(c.level, 0), NULL::bytea, 0
		FROM standings s JOIN persons p ON p.id = s.person_id AND ` + ownArea("p.managing_area_code") + `
		LEFT JOIN certificates c ON c.person_id = p.id AND c.held_to IS NULL
		WHERE ` + standsOn + ` AND s.area_code >= $3 AND s.area_code < $4 AND (NOT $7 OR p.id_number IS NOT NULL) AND (s.area_code, s.person_id) > ($8, $9)
		ORDER BY s.area_code, s.person_id LIMIT $10`
	listedHouseholds = `SELECT h.area_code, h.id, coalesce(f.id, h.id), coalesce(f.name, ''), f.id_number, f.birth_date, h.area_code, 0, 0, h.address,
		(SELECT count(DISTINCT m.person_id) FROM household_members m JOIN standings s ON s.person_id = m.person_id
			WHERE ` + memberOn + ` AND s.indicator = $1 AND s.valid_from <= $2 AND (s.valid_to IS NULL OR s.valid_to >= $2) AND s.status < 4 AND s.level > 0)
		FROM (SELECT h.* FROM households h ` + withOne + ` AND (h.area_code, h.id) > ($8, $9) ORDER BY h.area_code, h.id LIMIT $10) h
		LEFT JOIN LATERAL (SELECT p.id, p.name, p.id_number, p.birth_date FROM household_members m JOIN persons p ON p.id = m.person_id
			LEFT JOIN certificates c ON c.person_id = p.id AND c.held_to IS NULL WHERE ` + memberOn + `
			ORDER BY m.relation <> 'head', c.id IS NULL, m.from_on, m.id LIMIT 1) f ON true ORDER BY h.area_code, h.id`
)

// Listed reads a page of what a list tells, in order of villages: as many as limit who come behind a place, and the place of the last of them.
func (db *DB) Listed(ctx context.Context, who access.Actor, q ListOf, after Cursor, limit int) (list []OneListed, last Cursor, err error) {
	sql := listedPersons
	if q.Households {
		sql = listedHouseholds
	}
	if after.ID == uuid.Nil {
		lo, _ := q.Area.Range()
		after.Area = area.Code(lo) // where the reading of the index begins
	}
	err = db.Read(ctx, who, counting, func(b *pgx.Batch) {
		b.Queue(sql, q.args(string(after.Area), after.ID, limit)...).Query(func(rows pgx.Rows) (err error) {
			list, last, err = db.scanOnList(rows, limit)
			return err
		})
	})
	if err != nil {
		return nil, last, fmt.Errorf("read a list: %w", err)
	}
	return list, last, nil
}

// scanOnList reads up to so many rows of a list, and the place of the last. There may be many, so nothing is made for each of them that can be
// made once.
func (db *DB) scanOnList(rows pgx.Rows, limit int) (list []OneListed, last Cursor, err error) {
	var one OneListed
	var number, address pgtype.DriverBytes
	persons, households := opener{ring: db.Ring, table: "persons"}, opener{ring: db.Ring, table: "households"}
	fields := []any{(*string)(&last.Area), &one.ID, &persons.row, &one.Name, &number, &one.BirthDate, (*string)(&one.Area), &one.Category, &one.Level, &address, &one.Holders}
	list = make([]OneListed, 0, limit)
	for rows.Next() {
		if err := rows.Scan(fields...); err != nil {
			return nil, last, err
		}
		households.row = one.ID
		one.IDNumber, one.Address = persons.open("id_number", number), households.open("address", address)
		if err := errors.Join(persons.err, households.err); err != nil {
			return nil, last, err
		}
		list, last.ID = append(list, one), one.ID
	}
	return list, last, rows.Err()
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
