package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/ticket"
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

// Placed is how much bears the very code of a division: persons, households, open tickets of its unit, and facilities. A file that is merged into
// another is nobody's.
type Placed struct{ Persons, Households, Tickets, Facilities int }

// Sum is how much it is in all.
func (p Placed) Sum() int { return p.Persons + p.Households + p.Tickets + p.Facilities }

const (
	ticketsPlaced    = " FROM tickets WHERE area_code = ANY($1) AND unit_role IS NOT NULL AND state IN ('assigned', 'answered', 'called_back')"
	facilitiesPlaced = " FROM facilities f WHERE area_code = ANY($1) AND withdrawn_at IS NULL"
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
		count("SELECT area_code, count(*)"+householdsPlaced+" GROUP BY 1", func(p *Placed) *int { return &p.Households }),
		count("SELECT area_code, count(*)"+ticketsPlaced+" GROUP BY 1", func(p *Placed) *int { return &p.Tickets }),
		count("SELECT area_code, count(*)"+facilitiesPlaced+" GROUP BY 1", func(p *Placed) *int { return &p.Facilities }))
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

// TicketsPlaced holds some of the open tickets that a division's unit has and one inside their hotline's area can have, and reads them without their steps
// but for the last one's number.
func (tx *Tx) TicketsPlaced(ctx context.Context, at, next area.Code, limit int) (list []ticket.Ticket, last map[uuid.UUID]int, err error) {
	last = map[uuid.UUID]int{}
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT "+ticketColumns+", (SELECT max(s.seq) FROM ticket_steps s WHERE s.ticket_id = t.id) FROM tickets t WHERE t.id IN (SELECT id"+ticketsPlaced+
			") AND left($2, length(t.home_area)) = t.home_area ORDER BY t.id LIMIT $3 FOR UPDATE OF t", []area.Code{at}, string(next), limit).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var n int
				t, err := tx.db.scanTicket(rows, &n)
				if err != nil {
					return err
				}
				list, last[t.ID] = append(list, t), n
			}
			return rows.Err()
		})
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list the tickets of a division: %w", err)
	}
	return list, last, nil
}

// FacilitiesPlaced holds some of the facilities of a division of which the next one has none by the same name.
func (tx *Tx) FacilitiesPlaced(ctx context.Context, at, next area.Code, limit int) (ids []uuid.UUID, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT id"+facilitiesPlaced+` AND NOT EXISTS (SELECT FROM facilities o WHERE o.area_code = $2 AND o.name = f.name AND o.withdrawn_at IS NULL)
			ORDER BY id LIMIT $3 FOR UPDATE`, []area.Code{at}, string(next), limit).Query(func(rows pgx.Rows) (err error) {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list the facilities of a division: %w", err)
	}
	return ids, nil
}

// KeepFacilityPlace writes where a facility stood up to a day.
func (tx *Tx) KeepFacilityPlace(ctx context.Context, id, facility uuid.UUID, at area.Code, lastDay calendar.Date) error {
	return tx.insert(ctx, table{"facility_places", []string{"id uuid", "facility_id uuid", "valid_to date", "area_code", "recorded_at timestamptz"}}, []row{{id, facility, lastDay, string(at), tx.Now}})
}
