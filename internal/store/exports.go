package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

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

var (
	standsOn = `s.indicator = $1 AND s.valid_from <= $2 AND (s.valid_to IS NULL OR s.valid_to >= $2) AND s.status = ANY($5) AND (NOT $6 OR s.level > 0)`
	onList   = `SELECT s.person_id FROM standings s JOIN persons p ON p.id = s.person_id AND ` + ownArea("p.managing_area_code") + `
		WHERE ` + standsOn + ` AND s.area_code >= $3 AND s.area_code < $4 AND (NOT $7 OR p.id_number IS NOT NULL) ORDER BY s.area_code, s.person_id`
	memberOn   = `m.household_id = h.id AND m.superseded_at IS NULL AND m.from_on <= $2 AND (m.to_on IS NULL OR m.to_on >= $2)`
	withOnesOn = `SELECT h.id FROM households h CROSS JOIN LATERAL (
			SELECT FROM household_members m JOIN standings s ON s.person_id = m.person_id JOIN persons p ON p.id = m.person_id
			WHERE ` + memberOn + ` AND ` + standsOn + ` AND (NOT $7 OR p.id_number IS NOT NULL) LIMIT 1) one
		WHERE h.area_code >= $3 AND h.area_code < $4 ORDER BY h.area_code, h.id`
)

// OnList lists the ids of who is on a list, in order of villages. Who has left the actor's area is not among them.
func (db *DB) OnList(ctx context.Context, who access.Actor, q ListOf) (ids []uuid.UUID, err error) {
	lo, hi := q.Area.Range()
	parts := make([]int16, len(q.Parts))
	for i, p := range q.Parts {
		parts[i] = int16(p)
	}
	sql := onList
	if q.Households {
		sql = withOnesOn
	}
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		if !q.Households {
			hashing(b)
		}
		b.Queue(sql, q.Indicator, q.On, lo, hi, parts, q.Holders, q.ByNumber).Query(func(rows pgx.Rows) error {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("find who is on a list: %w", err)
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

var (
	listedPersons = `SELECT p.id, p.id, p.name, p.id_number, p.birth_date, p.managing_area_code, coalesce(c.category, 0), coalesce(c.level, 0), NULL::bytea, 0
		FROM persons p LEFT JOIN certificates c ON c.person_id = p.id AND c.held_to IS NULL WHERE p.id = ANY($1)`
	listedHouseholds = `SELECT h.id, coalesce(f.id, h.id), coalesce(f.name, ''), f.id_number, f.birth_date, h.area_code, 0, 0, h.address,
		(SELECT count(DISTINCT m.person_id) FROM household_members m JOIN standings s ON s.person_id = m.person_id
			WHERE ` + memberOn + ` AND s.indicator = $3 AND s.valid_from <= $2 AND (s.valid_to IS NULL OR s.valid_to >= $2) AND s.status < 4 AND s.level > 0)
		FROM households h LEFT JOIN LATERAL (SELECT p.id, p.name, p.id_number, p.birth_date FROM household_members m JOIN persons p ON p.id = m.person_id
			LEFT JOIN certificates c ON c.person_id = p.id AND c.held_to IS NULL WHERE ` + memberOn + `
			ORDER BY m.relation <> 'head', c.id IS NULL, m.from_on, m.id LIMIT 1) f ON true WHERE h.id = ANY($1)`
)

// Listed reads what a list tells of these, in their order. Who cannot be seen any more is left out.
func (db *DB) Listed(ctx context.Context, who access.Actor, q ListOf, ids []uuid.UUID) (list []OneListed, err error) {
	sql, args := listedPersons, []any{ids}
	if q.Households {
		sql, args = listedHouseholds, []any{ids, q.On, q.Indicator}
	}
	found := make(map[uuid.UUID]OneListed, len(ids))
	read := func(b *pgx.Batch) {
		b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var one OneListed
				var person uuid.UUID
				var number, address []byte
				if err := rows.Scan(&one.ID, &person, &one.Name, &number, &one.BirthDate, &one.Area, &one.Category, &one.Level, &address, &one.Holders); err != nil {
					return err
				}
				persons, households := opener{ring: db.Ring, table: "persons", row: person}, opener{ring: db.Ring, table: "households", row: one.ID}
				one.IDNumber, one.Address = persons.open("id_number", number), households.open("address", address)
				if err := errors.Join(persons.err, households.err); err != nil {
					return err
				}
				found[one.ID] = one
			}
			return rows.Err()
		})
	}
	if len(ids) > fewPersons {
		read = afresh(read)
	}
	err = db.Read(ctx, who, read)
	if err != nil {
		return nil, fmt.Errorf("read a list: %w", err)
	}
	for _, id := range ids {
		if one, ok := found[id]; ok {
			list = append(list, one)
		}
	}
	return list, nil
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
