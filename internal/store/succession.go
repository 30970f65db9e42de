package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
)

// EndedDivisions lists the divisions of an area that have ended before a day, in the order of their ends: one may be followed by another
// that has ended, too. A code that is there again is not among them, since whoever has it may be of the new one. known says whether there
// ever was a division in the area.
func (db *DB) EndedDivisions(ctx context.Context, in area.Code, before calendar.Date) (list []area.Division, known bool, err error) {
	lo, hi := in.Range()
	err = db.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM divisions WHERE code >= $1 AND code < $2 AND superseded_at IS NULL)", lo, hi).Scan(&known)
	if err != nil {
		return nil, false, fmt.Errorf("look for divisions: %w", translate(err))
	}
	list, err = readAll(ctx, db, scanDivision, "SELECT "+divisionColumns+` FROM divisions d WHERE code >= $1 AND code < $2 AND superseded_at IS NULL AND valid_to < $3
		AND NOT EXISTS (SELECT FROM divisions n WHERE n.code = d.code AND n.superseded_at IS NULL AND n.valid_from > d.valid_from) ORDER BY valid_to, code`, lo, hi, before)
	if err != nil {
		return nil, false, fmt.Errorf("read ended divisions: %w", err)
	}
	return list, known, nil
}

// Placed is how many persons and households bear the very code of a division. A file that is merged into another is nobody's.
type Placed struct{ Persons, Households int }

const (
	personsPlaced    = " FROM persons p WHERE managing_area_code = ANY($1) AND NOT EXISTS (SELECT FROM merged_persons g WHERE g.person_id = p.id)"
	householdsPlaced = " FROM households WHERE area_code = ANY($1)"
)

// PlacedByDivision counts who stands in each of some divisions; one in which nobody does is left out.
func (db *DB) PlacedByDivision(ctx context.Context, who access.Actor, codes []area.Code) (map[area.Code]Placed, error) {
	found := map[area.Code]Placed{}
	count := func(sql string, into func(*Placed) *int) Query {
		return func(b *pgx.Batch) {
			b.Queue(sql, codes).Query(func(rows pgx.Rows) error {
				var code area.Code
				var n int
				_, err := pgx.ForEachRow(rows, []any{&code, &n}, func() error {
					p := found[code]
					*into(&p) = n
					found[code] = p
					return nil
				})
				return err
			})
		}
	}
	err := db.Read(ctx, who,
		count("SELECT managing_area_code, count(*)"+personsPlaced+" GROUP BY 1",
			func(p *Placed) *int { return &p.Persons }),
		count("SELECT area_code, count(*)"+householdsPlaced+" GROUP BY 1", func(p *Placed) *int { return &p.Households }))
	if err != nil {
		return nil, fmt.Errorf("count who stands in divisions: %w", err)
	}
	return found, nil
}

// PersonsPlaced lists some of the persons who stand in a division.
func (tx *Tx) PersonsPlaced(ctx context.Context, at area.Code, limit int) ([]uuid.UUID, error) {
	return tx.placedIn(ctx, personsPlaced, at, limit)
}

// HouseholdsPlaced lists some of the households that stand in a division.
func (tx *Tx) HouseholdsPlaced(ctx context.Context, at area.Code, limit int) ([]uuid.UUID, error) {
	return tx.placedIn(ctx, householdsPlaced, at, limit)
}

func (tx *Tx) placedIn(ctx context.Context, from string, at area.Code, limit int) (ids []uuid.UUID, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT id"+from+" ORDER BY id LIMIT $2", []area.Code{at}, limit).Query(func(rows pgx.Rows) (err error) {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list who stands in a division: %w", err)
	}
	return ids, nil
}
