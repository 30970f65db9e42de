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
	"zhucan/internal/names"
)

// Unmatched is a row of a list that names nobody for certain.
type Unmatched struct {
	ID         uuid.UUID
	ImportID   uuid.UUID
	Row        int
	Outcome    string // open, nobody, or what the row did: changed, same, pending
	PersonID   uuid.UUID
	Reason     string
	DecidedAt  time.Time
	DecidedBy  uuid.UUID
	Candidates []Candidate
}

// UnmatchedOpen is of a row that nobody has decided yet.
const UnmatchedOpen = "open"

// Candidate is somebody whom a row may mean.
type Candidate struct {
	PersonID uuid.UUID
	Name     string
	Birth    calendar.Date
	Area     area.Code
	Basis    string // name_birth_town or guardian_name; or by a number, ByNumber or ByFormerName
	HasID    bool   // with a valid ID number
}

// What speaks for a candidate whose number a row has beside another name than his: nothing else, or that he was called so before.
const (
	ByNumber     = "number"
	ByFormerName = "number_former_name"
)

// FormerNames finds, by row, those of some persons whose files say that they had the row's name before.
func (tx *Tx) FormerNames(ctx context.Context, persons map[int][]uuid.UUID, called map[int]string) (former map[int]map[uuid.UUID]bool, err error) {
	var numbers []int32
	var ids []uuid.UUID
	var values [][]byte
	for row, some := range persons {
		for _, person := range some {
			numbers, ids, values = append(numbers, int32(row)), append(ids, person), append(values, tx.db.index(indexID, called[row]))
		}
	}
	former = map[int]map[uuid.UUID]bool{}
	if len(numbers) == 0 {
		return former, nil
	}
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`SELECT u.row, u.person_id FROM unnest($1::int[], $2::uuid[], $3::bytea[]) u (row, person_id, value)
			JOIN person_aliases a ON a.person_id = u.person_id AND a.kind = 'name' AND a.value_index = u.value`, numbers, ids, values).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var row int
				var person uuid.UUID
				if err := rows.Scan(&row, &person); err != nil {
					return err
				}
				if former[row] == nil {
					former[row] = map[uuid.UUID]bool{}
				}
				former[row][person] = true
			}
			return rows.Err()
		})
	})
	if err != nil {
		return nil, fmt.Errorf("find former names: %w", err)
	}
	return former, nil
}

// Described is how a row without a number that anybody has describes somebody.
type Described struct {
	Row      int
	Name     string
	Birth    calendar.Date
	Guardian string // the ID number of the guardian
	Towns    []area.Code
	Numbered bool // the row has a valid number, so nobody with another one is meant
}

// MatchDescribed finds who may be meant, in the whole area of the writer: the same name with the birth date in one of the towns, or the
// same name with the guardian. Forms of a name make no difference.
func (tx *Tx) MatchDescribed(ctx context.Context, rows []Described) (map[int][]Candidate, error) {
	var numbers []int32
	var kinds []string
	var keys [][]byte
	numbered := map[int]bool{}
	for _, r := range rows {
		numbered[r.Row] = r.Numbered
		name := names.Key(r.Name)
		add := func(kind string, parts ...string) {
			if key := tx.db.matchKey(kind, parts...); key != nil {
				numbers, kinds, keys = append(numbers, int32(r.Row)), append(kinds, kind), append(keys, key)
			}
		}
		for _, town := range r.Towns {
			add(matchNameBirthTown, name, r.Birth.String(), string(town))
		}
		add(matchGuardianName, r.Guardian, name)
	}
	found := map[int][]Candidate{}
	if len(keys) == 0 {
		return found, nil
	}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`SELECT DISTINCT ON (u.row, p.id) u.row, p.id, p.name, p.birth_date, p.managing_area_code, u.kind, p.id_number_index IS NOT NULL AND NOT p.id_number_invalid
			FROM unnest($1::int[], $2::text[], $3::bytea[]) u (row, kind, key) JOIN match_keys k ON k.kind = u.kind AND k.key = u.key JOIN persons p ON p.id = k.person_id
			ORDER BY u.row, p.id, u.kind DESC`, numbers, kinds, keys).
			Query(func(rows pgx.Rows) error {
				for rows.Next() {
					var row int
					var c Candidate
					if err := rows.Scan(&row, &c.PersonID, &c.Name, &c.Birth, &c.Area, &c.Basis, &c.HasID); err != nil {
						return err
					}
					if !c.HasID || !numbered[row] {
						found[row] = append(found[row], c)
					}
				}
				return rows.Err()
			})
	})
	if err != nil {
		return nil, fmt.Errorf("match descriptions: %w", err)
	}
	return found, nil
}

// InsertUnmatched keeps rows that name nobody for certain, with whom they may mean.
func (tx *Tx) InsertUnmatched(ctx context.Context, list []Unmatched) error {
	var rows, candidates []row
	for _, u := range list {
		rows = append(rows, row{u.ID, u.ImportID, u.Row})
		for _, c := range u.Candidates {
			candidates = append(candidates, row{u.ImportID, u.Row, c.PersonID, c.Basis})
		}
	}
	if err := tx.insert(ctx, table{"import_unmatched", []string{"id uuid", "import_id uuid", "row bigint"}}, rows); err != nil {
		return err
	}
	return tx.insert(ctx, table{"import_candidates", []string{"import_id uuid", "row bigint", "person_id uuid", "basis"}}, candidates)
}

const unmatchedColumns = `SELECT u.id, u.import_id, u.row, u.outcome, u.person_id, u.reason, u.decided_at, u.decided_by,
	(SELECT coalesce(jsonb_agg(jsonb_build_object('PersonID', p.id, 'Name', p.name, 'Birth', p.birth_date, 'Area', p.managing_area_code, 'Basis', c.basis,
		'HasID', p.id_number_index IS NOT NULL AND NOT p.id_number_invalid) ORDER BY p.managing_area_code, p.id), '[]')
		FROM import_candidates c JOIN persons p ON p.id = c.person_id WHERE c.import_id = u.import_id AND c.row = u.row)
	FROM import_unmatched u `

func scanUnmatched(row pgx.CollectableRow) (u Unmatched, err error) {
	var person, by *uuid.UUID
	var at *time.Time
	err = row.Scan(&u.ID, &u.ImportID, &u.Row, &u.Outcome, &person, &u.Reason, &at, &by, &u.Candidates)
	u.PersonID, u.DecidedAt, u.DecidedBy = orZero(person), orZero(at), orZero(by)
	return u, err
}

func collectUnmatched(list *[]Unmatched) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, scanUnmatched)
		return err
	}
}

// UnmatchedRows lists rows of an import after one in order, with the candidates in the actor's area.
func (db *DB) UnmatchedRows(ctx context.Context, who access.Actor, imported uuid.UUID, after, limit int) (list []Unmatched, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(unmatchedColumns+"WHERE u.import_id = $1 AND u.row > $2 ORDER BY u.row LIMIT $3", imported, after, limit).Query(collectUnmatched(&list))
	})
	if err != nil {
		return nil, fmt.Errorf("list unmatched rows: %w", err)
	}
	return list, nil
}

// LockUnmatched reads an unmatched row and holds it.
func (tx *Tx) LockUnmatched(ctx context.Context, imported uuid.UUID, n int) (Unmatched, error) {
	var list []Unmatched
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(unmatchedColumns+"WHERE u.import_id = $1 AND u.row = $2 FOR UPDATE OF u", imported, n).Query(collectUnmatched(&list))
	})
	return one(list, err)
}

// DecideUnmatched records whom a row means, and what it did; a zero person is nobody.
func (tx *Tx) DecideUnmatched(ctx context.Context, u Unmatched) error {
	_, err := tx.sql.ExecContext(ctx, `UPDATE import_unmatched SET version = version + 1, outcome = $2, person_id = $3, reason = $4, decided_at = $5, decided_by = $6, acting_for = $7
		WHERE id = $1`, u.ID, u.Outcome, orNull(u.PersonID), u.Reason, tx.Now, orNull(tx.Who.AccountID), orNull(tx.Who.ActingFor))
	if err != nil {
		return fmt.Errorf("decide an unmatched row: %w", err)
	}
	return nil
}

// NamedIn reports whether a row of an import speaks of somebody. One that only may mean him, and by which the list is not silent about his
// household, does not.
func (tx *Tx) NamedIn(ctx context.Context, imported, person uuid.UUID) (named bool, err error) {
	err = tx.sql.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM list_statements s WHERE s.person_id = $1 AND s.import_id = $2 AND s.row > 0 AND NOT (s.state = 'dismissed'
		AND EXISTS (SELECT FROM import_unmatched u WHERE u.import_id = s.import_id AND u.row = s.row AND u.person_id IS DISTINCT FROM s.person_id)))`, person, imported).Scan(&named)
	return named, err
}

// NotNamed are those of some persons about whom an import has said nothing, and whom no open row of it may mean.
func (tx *Tx) NotNamed(ctx context.Context, imported uuid.UUID, persons []uuid.UUID) (left []uuid.UUID, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`SELECT p.id FROM unnest($2::uuid[]) p (id) WHERE NOT EXISTS (SELECT FROM list_statements s WHERE s.person_id = p.id AND s.import_id = $1)
			AND NOT EXISTS (SELECT FROM import_candidates c JOIN import_unmatched u ON u.import_id = c.import_id AND u.row = c.row
				WHERE c.person_id = p.id AND c.import_id = $1 AND u.outcome = 'open')`, imported, persons).Query(func(rows pgx.Rows) error {
			left, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("find whom a list leaves out: %w", err)
	}
	return left, nil
}

// ChangesOfImport is how many changes an import has noted.
func (tx *Tx) ChangesOfImport(ctx context.Context, id uuid.UUID) (n int, err error) {
	err = tx.sql.QueryRowContext(ctx, "SELECT coalesce(max(n), 0) FROM import_changes WHERE import_id = $1", id).Scan(&n)
	return n, err
}

// RecountImport writes the counts and refusals of an import that is done, after a row was taken late.
func (tx *Tx) RecountImport(ctx context.Context, i Import) error {
	refusals, err := json.Marshal(append([]Refusal{}, i.Refusals...))
	if err != nil {
		return fmt.Errorf("write refusals: %w", err)
	}
	result, err := tx.sql.ExecContext(ctx, `UPDATE imports SET version = version + 1, changed_rows = $3, same_rows = $4, refused_rows = $5, pending_rows = $6, refusals = $7,
		new_rows = $8 WHERE id = $1 AND version = $2 AND state = 'done'`, i.ID, i.Version, i.Changed, i.Same, i.Refused, i.Pending, string(refusals), i.New)
	if err != nil {
		return fmt.Errorf("count an import again: %w", err)
	}
	n, err := result.RowsAffected()
	return exactlyOne(int(n), err)
}
