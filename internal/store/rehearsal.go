package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/money"
	"zhucan/internal/roster"
	"zhucan/internal/standing"
)

// Rehearsal is a transaction that derives and calculates on copies of what is derived, for everybody who is or was managed
// in an area, and leaves no trace. The copies are temporary tables of the same names that stand before the real ones,
// so every statement means what it means in earnest.
type Rehearsal struct {
	*Tx
	Area area.Code
}

var errRehearsed = errors.New("a rehearsal is never committed")

// copied are the tables that deriving writes. Rows of recoveries find their area as the real ones do.
var copied = []string{"standings", "dues", "open_months", "recoveries", "recovery_months"}

// Rehearse runs fn on copies. It reads the whole area whoever asks: what of it may be shown is the caller's to know.
func (db *DB) Rehearse(ctx context.Context, who access.Actor, in area.Code, fn func(*Rehearsal) error) error {
	err := db.transact(ctx, who, func(tx *Tx) error {
		if err := tx.copyDerived(ctx, in); err != nil {
			return fmt.Errorf("copy what is derived: %w", err)
		}
		if err := fn(&Rehearsal{tx, in}); err != nil {
			return err
		}
		return errRehearsed
	})
	if errors.Is(err, errRehearsed) {
		return nil
	}
	return err
}

func (tx *Tx) copyDerived(ctx context.Context, in area.Code) error {
	const like = " (LIKE public.%[1]s INCLUDING ALL) ON COMMIT DROP"
	err := tx.Batch(ctx, func(b *pgx.Batch) { // on its own: a batch prepares all its statements before the first makes a table
		tx.db.enter(b, tx.Who, bounds{everything, everything})
		b.Queue("SELECT set_config('statement_timeout', '300s', true), set_config('search_path', 'pg_temp, public', true)")
		b.Queue("CREATE TEMP TABLE rehearsed (person_id uuid PRIMARY KEY) ON COMMIT DROP")
		for _, t := range []string{"recovery_events", "standings_past"} {
			b.Queue("CREATE TEMP TABLE " + t + fmt.Sprintf(like, t))
		}
		for _, t := range copied {
			b.Queue("CREATE TEMP TABLE " + t + fmt.Sprintf(like, t))
		}
	})
	if err != nil {
		return err
	}
	lo, hi := in.Range()
	return tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`INSERT INTO rehearsed SELECT id FROM public.persons WHERE managing_area_code >= $1 AND managing_area_code < $2
			UNION SELECT person_id FROM public.standings WHERE area_code >= $1 AND area_code < $2`, lo, hi)
		for _, t := range copied {
			b.Queue("INSERT INTO pg_temp." + t + " SELECT o.* FROM public." + t + " o JOIN rehearsed USING (person_id)")
		}
		b.Queue("INSERT INTO pg_temp.recovery_events SELECT e.* FROM public.recovery_events e JOIN pg_temp.recoveries r ON r.id = e.recovery_id")
		for _, t := range []string{"recoveries", "recovery_months"} {
			b.Queue("CREATE TRIGGER area_of_person BEFORE INSERT ON pg_temp." + t + " FOR EACH ROW WHEN (NEW.area_code IS NULL) EXECUTE FUNCTION public.area_of_person()")
		}
	})
}

// Persons lists who is rehearsed, after an id in order.
func (r *Rehearsal) Persons(ctx context.Context, after uuid.UUID, limit int) (ids []uuid.UUID, err error) {
	err = r.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT person_id FROM rehearsed WHERE person_id > $1 ORDER BY 1 LIMIT $2", after, limit).Query(into(&ids, pgx.RowTo[uuid.UUID]))
	})
	if err != nil {
		return nil, fmt.Errorf("list persons: %w", err)
	}
	return ids, nil
}

// Cost is what a town owes for a month now, and as rehearsed.
type Cost struct {
	Area                    area.Code
	Month                   calendar.Month
	Programme               string
	PersonsNow, PersonsThen int
	Now, Then               money.Fen
}

// Change is what the months of a window come to for one account now, and as rehearsed, where that differs.
type Change struct {
	PersonID  uuid.UUID
	Area      area.Code
	Programme string
	Now, Then money.Fen
}

// bothDues are the months $1 to $2 that are owed in the area $3 to $4, now and then.
const bothDues = `
WITH side AS (
    SELECT false AS drafted, person_id, programme, area_code, amount_fen, from_month, to_month FROM public.dues JOIN rehearsed USING (person_id)
    UNION ALL
    SELECT true, person_id, programme, area_code, amount_fen, from_month, to_month FROM pg_temp.dues
), owed AS (
    SELECT side.*, m::date AS month
    FROM side CROSS JOIN LATERAL generate_series(greatest(from_month, $1::date)::timestamp, least(to_month, $2::date)::timestamp, '1 month') m
    WHERE from_month <= $2::date AND (to_month IS NULL OR to_month >= $1::date) AND area_code >= $3 AND area_code < $4
)`

// Costs are what the months of a window cost by town, month and programme.
func (r *Rehearsal) Costs(ctx context.Context, from, to calendar.Month) (list []Cost, err error) {
	lo, hi := r.Area.Range()
	err = r.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(bothDues+`
			SELECT left(area_code, 9), month, programme, count(*) FILTER (WHERE NOT drafted), count(*) FILTER (WHERE drafted),
			       coalesce(sum(amount_fen) FILTER (WHERE NOT drafted), 0)::bigint, coalesce(sum(amount_fen) FILTER (WHERE drafted), 0)::bigint
			FROM owed GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, from.First().String(), to.First().String(), lo, hi).Query(into(&list, func(row pgx.CollectableRow) (c Cost, err error) {
			return c, row.Scan(&c.Area, &c.Month, &c.Programme, &c.PersonsNow, &c.PersonsThen, &c.Now, &c.Then)
		}))
	})
	if err != nil {
		return nil, fmt.Errorf("add up the costs of a rehearsal: %w", err)
	}
	return list, nil
}

// Changes are the accounts that come to more or less in a window, the largest loss first.
func (r *Rehearsal) Changes(ctx context.Context, from, to calendar.Month) (list []Change, err error) {
	lo, hi := r.Area.Range()
	err = r.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(bothDues+`
			SELECT person_id, max(area_code), programme, now, later FROM (
			    SELECT person_id, area_code, programme, sum(CASE WHEN drafted THEN 0 ELSE amount_fen END) OVER w AS now,
			           sum(CASE WHEN drafted THEN amount_fen ELSE 0 END) OVER w AS later
			    FROM owed WINDOW w AS (PARTITION BY person_id, programme)) s
			WHERE now <> later GROUP BY person_id, programme, now, later ORDER BY later - now, person_id, programme`,
			from.First().String(), to.First().String(), lo, hi).Query(into(&list, func(row pgx.CollectableRow) (c Change, err error) {
			return c, row.Scan(&c.PersonID, &c.Area, &c.Programme, &c.Now, &c.Then)
		}))
	})
	if err != nil {
		return nil, fmt.Errorf("list the changes of a rehearsal: %w", err)
	}
	return list, nil
}

// Missing is how many persons of a town and level meet the conditions on a day and do not receive.
type Missing struct {
	Area      area.Code
	Indicator string
	Level     int
	Now, Then int
}

// Missing counts who is entitled and not enrolled.
func (r *Rehearsal) Missing(ctx context.Context, on calendar.Date) (list []Missing, err error) {
	lo, hi := r.Area.Range()
	err = r.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`WITH side AS (
			    SELECT false AS drafted, * FROM public.standings UNION ALL SELECT true, * FROM pg_temp.standings
			)
			SELECT left(area_code, 9), indicator, level, count(*) FILTER (WHERE NOT drafted), count(*) FILTER (WHERE drafted) FROM side
			WHERE status = $1 AND valid_from <= $2::date AND (valid_to IS NULL OR valid_to >= $2::date) AND area_code >= $3 AND area_code < $4
			GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, int(standing.Gap), on.String(), lo, hi).Query(into(&list, func(row pgx.CollectableRow) (m Missing, err error) {
			return m, row.Scan(&m.Area, &m.Indicator, &m.Level, &m.Now, &m.Then)
		}))
	})
	if err != nil {
		return nil, fmt.Errorf("count who is missing in a rehearsal: %w", err)
	}
	return list, nil
}

// Lines are what a roster would pay, by the statement that makes rosters.
func (r *Rehearsal) Lines(ctx context.Context, of roster.Roster) (list []roster.Line, err error) {
	err = r.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(forMany)
		b.Queue(ofMany.calculation()+" "+freshLines, r.of(of)...).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var l roster.Line
				var payee *uuid.UUID
				if err := rows.Scan(&l.PersonID, &l.Programme, &l.AwardID, &payee, &l.Area, &l.Level, &l.Rate, &l.RateDocument, &l.Months,
					&l.ArrearsFrom, &l.ArrearsTo, &l.Regular, &l.Arrears, &l.Supplement, &l.Deduction, &l.Net, &l.Hold); err != nil {
					return err
				}
				list = append(list, l)
			}
			return rows.Err()
		})
		b.Queue(asBefore)
	})
	if err != nil {
		return nil, fmt.Errorf("rehearse a roster: %w", err)
	}
	return list, nil
}

// AskedBack is how much more is asked back than now.
func (r *Rehearsal) AskedBack(ctx context.Context) (fen money.Fen, err error) {
	err = r.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`SELECT (coalesce((SELECT sum(amount_fen) FROM pg_temp.recovery_months), 0)
			- coalesce((SELECT sum(amount_fen) FROM public.recovery_months JOIN rehearsed USING (person_id)), 0))::bigint`).
			QueryRow(func(row pgx.Row) error { return row.Scan(&fen) })
	})
	if err != nil {
		return 0, fmt.Errorf("add up what a rehearsal asks back: %w", err)
	}
	return fen, nil
}
