package store

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/names"
)

// Cursor is where a list by area and id goes on.
type Cursor struct {
	Area area.Code
	ID   uuid.UUID
}

// String is the cursor as clients hand it back; empty for the beginning.
func (c Cursor) String() string {
	if c.ID == uuid.Nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(string(c.Area) + "|" + c.ID.String()))
}

// ParseCursor reads a cursor that a client handed back.
func ParseCursor(text string) (Cursor, error) {
	if text == "" {
		return Cursor{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	code, id, ok := strings.Cut(string(raw), "|")
	parsed, idErr := uuid.Parse(id)
	if err != nil || !ok || idErr != nil || strings.Trim(code, "0123456789") != "" {
		return Cursor{}, BadCursor
	}
	return Cursor{Area: area.Code(code), ID: parsed}, nil
}

// BadCursor is said of a cursor that we have not given.
var BadCursor = fault.New(fault.Malformed, "BAD_CURSOR", "分页游标无效", "the cursor is not one of ours")

// ParsePlace reads the number behind which a list goes on that a client handed back; zero is the beginning. Such numbers have four bytes.
func ParsePlace(text string) (int, error) {
	n, err := strconv.ParseInt(cmp.Or(text, "0"), 10, 32)
	if err != nil || n < 0 {
		return 0, BadCursor
	}
	return int(n), nil
}

// ParseBefore reads the number of an entry before which a list goes on that a client handed back; zero is the newest. Entries are many.
func ParseBefore(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, BadCursor
	}
	return n, nil
}

// PersonFilter narrows a list of persons. Zero members do not narrow.
type PersonFilter struct {
	Area     area.Code
	Category int
	Level    int
	Name     string // a part of the name, in any of its forms
	Current  bool   // without the files of the past
	After    Cursor
	Limit    int
}

// Listed is one line of a list of persons: the person and the card held now.
type Listed struct {
	casefile.Person
	Category, Level int
}

// paging makes the planner read a page in the order of an index. Planned for any area, a page looks as if there were one row to sort; so
// it read and sorted the whole area, which took a quarter of a second in a district.
func paging(b *pgx.Batch) {
	b.Queue("SELECT set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)")
}

// ListPersons lists persons of an area in order of village. A condition by range keeps every page as quick as the first: the index is read
// from where the list goes on, and the first page from the beginning of the area and not of the index.
func (db *DB) ListPersons(ctx context.Context, who access.Actor, f PersonFilter) ([]Listed, error) {
	key := names.Key(f.Name)
	if f.Name != "" && key == "" {
		return nil, nil // what has no letter is part of nobody's name
	}
	lo, hi := f.Area.Range()
	if f.After.ID == uuid.Nil {
		f.After.Area = area.Code(lo)
	}
	const sql = `SELECT ` + personColumns + `, coalesce(c.category, 0), coalesce(c.level, 0)
		FROM persons p LEFT JOIN certificates c ON c.person_id = p.id AND c.held_to IS NULL
		WHERE p.managing_area_code >= $1 AND p.managing_area_code < $2 AND (p.managing_area_code, p.id) > ($3, $4)
		  AND NOT EXISTS (SELECT FROM merged_persons g WHERE g.person_id = p.id)
		  AND (NOT $9 OR p.record_type <> 'HISTORICAL') AND ($5 = 0 OR c.category = $5) AND ($6 = 0 OR c.level = $6) AND ($7 = '' OR position($7 IN CASE WHEN p.name_key IS NULL THEN p.name ELSE p.name_key END) > 0)
		ORDER BY p.managing_area_code, p.id LIMIT $8`
	var list []Listed
	err := db.Read(ctx, who, paging, func(b *pgx.Batch) {
		b.Queue(sql, lo, hi, string(f.After.Area), f.After.ID, f.Category, f.Level, key, f.Limit, f.Current).Query(func(rows pgx.Rows) (err error) {
			list, err = db.scanListed(rows)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list persons: %w", err)
	}
	db.Told(ctx, who, idsBy(list, func(p Listed) uuid.UUID { return p.ID }))
	return list, nil
}

// CountCurrent counts the persons of an area whose files are not of the past.
func (db *DB) CountCurrent(ctx context.Context, who access.Actor, in area.Code) (n int, err error) {
	lo, hi := in.Range()
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(`SELECT count(*) FROM persons p WHERE p.managing_area_code >= $1 AND p.managing_area_code < $2 AND p.record_type <> 'HISTORICAL'
			AND NOT EXISTS (SELECT FROM merged_persons g WHERE g.person_id = p.id)`, lo, hi).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
	})
	if err != nil {
		return 0, fmt.Errorf("count persons: %w", err)
	}
	return n, nil
}

func (db *DB) scanListed(rows pgx.Rows) ([]Listed, error) {
	var list []Listed
	for rows.Next() {
		s := &sealedPerson{}
		var l Listed
		if err := rows.Scan(append(s.fields(), &l.Category, &l.Level)...); err != nil {
			return nil, err
		}
		p, err := db.openPerson(s)
		if err != nil {
			return nil, err
		}
		l.Person = p
		list = append(list, l)
	}
	return list, rows.Err()
}

// Search finds persons by exactly one of these. A number of a file that was merged into another one finds that one.
type Search struct {
	IDNumber    string // normalised; also finds by an earlier number
	Certificate string // canonical
	Name        string // whole, in any of its forms
}

// livesOn is the id of the file in which a file n goes on: g.into_id where n was merged into another, else n.id. It is not written with
// coalesce: PostgreSQL does not take that to be leakproof, so it would be compared only after row security, and by no index.
const livesOn = "CASE WHEN g.into_id IS NULL THEN n.id ELSE g.into_id END"

// seeking makes the planner find the few who are meant by their keys. Planned for any area, it takes an area to hold so few persons that
// all of them could as well be read.
func seeking(b *pgx.Batch) {
	b.Queue("SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)")
}

// SearchPersons finds persons in the area by number or whole name, at most 50. What has no letter is nobody's name.
func (db *DB) SearchPersons(ctx context.Context, who access.Actor, s Search) ([]Listed, error) {
	const from = `SELECT ` + personColumns + `, coalesce(c.category, 0), coalesce(c.level, 0)
		FROM persons p LEFT JOIN certificates c ON c.person_id = p.id AND c.held_to IS NULL WHERE `
	within := boundsOf(who).persons
	where, args := `p.name_key = $1 AND p.managing_area_code >= rtrim($2, ':') AND p.managing_area_code < $2
		AND NOT EXISTS (SELECT FROM merged_persons g WHERE g.person_id = p.id)`, []any{names.Key(s.Name), within}
	switch {
	case s.IDNumber != "":
		where = `p.id IN (SELECT ` + livesOn + ` FROM (SELECT id FROM persons WHERE id_number_index = $1
			UNION SELECT person_id FROM person_aliases WHERE value_index = $1) n LEFT JOIN merged_persons g ON g.person_id = n.id)`
		args = []any{db.index(indexID, s.IDNumber)}
	case s.Certificate != "":
		where, args = `p.id IN (SELECT CASE WHEN g.into_id IS NULL THEN c.person_id ELSE g.into_id END FROM certificates c LEFT JOIN merged_persons g ON g.person_id = c.person_id WHERE c.number_index = $1)`, []any{db.index(indexCertificate, s.Certificate)}
	}
	var list []Listed
	if args[0] == "" {
		return nil, nil
	}
	err := db.Read(ctx, who, seeking, func(b *pgx.Batch) {
		b.Queue(from+where+" ORDER BY p.id LIMIT 50", args...).Query(func(rows pgx.Rows) (err error) {
			list, err = db.scanListed(rows)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("search persons: %w", err)
	}
	db.Told(ctx, who, idsBy(list, func(p Listed) uuid.UUID { return p.ID }))
	return list, nil
}

// Match is the person whom a number belongs to.
type Match struct {
	PersonID uuid.UUID
	Managing area.Code
	Name     string
}

// MatchIDNumbers finds who carries each of these numbers now or else carried it before, in the whole area of the writer. A number that was once
// written into another's file by mistake is not his: who has it now is meant.
func (tx *Tx) MatchIDNumbers(ctx context.Context, numbers []string) (map[string]Match, error) {
	const sql = `SELECT n.number, p.id, p.managing_area_code, p.name FROM (
			SELECT id_number_index AS number, id, false AS earlier FROM persons WHERE id_number_index = ANY($1)
			UNION ALL SELECT value_index, person_id, true FROM person_aliases WHERE value_index = ANY($1)) n
		LEFT JOIN merged_persons g ON g.person_id = n.id JOIN persons p ON p.id = ` + livesOn + `
		ORDER BY n.earlier DESC, p.id` // the last counts
	found, err := tx.matches(ctx, indexID, numbers, sql)
	if err != nil {
		return nil, fmt.Errorf("match ID numbers: %w", err)
	}
	return found, nil
}

// MatchCertificates finds whose card has or had each of these numbers, in the whole area of the writer.
func (tx *Tx) MatchCertificates(ctx context.Context, numbers []string) (map[string]Match, error) {
	const sql = `SELECT n.number, p.id, p.managing_area_code, p.name FROM (
			SELECT number_index AS number, person_id AS id FROM certificates WHERE number_index = ANY($1)) n
		LEFT JOIN merged_persons g ON g.person_id = n.id JOIN persons p ON p.id = ` + livesOn
	found, err := tx.matches(ctx, indexCertificate, numbers, sql)
	if err != nil {
		return nil, fmt.Errorf("match certificates: %w", err)
	}
	return found, nil
}

// matches reads by number whom a query over the blind indexes of numbers ($1) finds. Of several rows of one number the last counts.
func (tx *Tx) matches(ctx context.Context, purpose string, numbers []string, sql string) (map[string]Match, error) {
	hashes, byHash := make([][]byte, len(numbers)), make(map[string]string, len(numbers))
	for i, number := range numbers {
		hashes[i] = tx.db.index(purpose, number)
		byHash[string(hashes[i])] = number
	}
	found := make(map[string]Match, len(numbers))
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(sql, hashes).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var hash []byte
				var m Match
				if err := rows.Scan(&hash, &m.PersonID, &m.Managing, &m.Name); err != nil {
					return err
				}
				found[byHash[string(hash)]] = m
			}
			return rows.Err()
		})
	})
	return found, err
}

// PersonNames are the names of persons, of those in the actor's area.
func (db *DB) PersonNames(ctx context.Context, who access.Actor, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	return db.namesBy(ctx, who, "SELECT id, name FROM persons WHERE id = ANY($1)", ids)
}

// Identified is what people call somebody, and by which village he is managed.
type Identified struct {
	Name     string
	Managing area.Code
}

// PersonsNamed are the persons of some ids whom the actor may see.
func (db *DB) PersonsNamed(ctx context.Context, who access.Actor, ids []uuid.UUID) (map[uuid.UUID]Identified, error) {
	named := make(map[uuid.UUID]Identified, len(ids))
	err := db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT id, name, managing_area_code FROM persons WHERE id = ANY($1)", ids).Query(func(rows pgx.Rows) error {
			var id uuid.UUID
			var n Identified
			_, err := pgx.ForEachRow(rows, []any{&id, &n.Name, &n.Managing}, func() error { named[id] = n; return nil })
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	return named, nil
}

// AccountNames are the names of those who work with the service.
func (db *DB) AccountNames(ctx context.Context, who access.Actor, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	return db.namesBy(ctx, who, "SELECT id, name FROM accounts WHERE id = ANY($1)", ids)
}

func (db *DB) namesBy(ctx context.Context, who access.Actor, sql string, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	names := make(map[uuid.UUID]string, len(ids))
	err := db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(sql, ids).Query(func(rows pgx.Rows) error {
			var id uuid.UUID
			var name string
			_, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error { names[id] = name; return nil })
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	return names, nil
}
