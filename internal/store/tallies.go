package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
)

// tallied are the dimensions whose counts are kept by village; all others are counted from standings.
var tallied = map[Dimension]bool{ByNone: true, ByTown: true, ByVillage: true, ByTree: true, ByUrbanRural: true}

// tally is how many there are of each status: persons, or households.
const tally = "covered, gap, excluded, extra, waived"

// onTick are the ticks whose rows make the day in parameter $2: the last that is kept, and those to come behind it.
const onTick = "tick = ANY (ARRAY(SELECT tick FROM tally_ticks WHERE tick <= $2 AND tick >= (SELECT max(tick) FROM tally_ticks WHERE kept AND tick <= $2)))"

// within are the indicators $1 in the area from $3 to $4.
const within = " AND indicator = ANY($1) AND area_code >= $3 AND area_code < $4"

// tallyStatement adds up what is kept of the indicators $1 on the day $2 in the area from $3 to $4, with the tree of that day.
func tallyStatement(by split) string {
	return `
WITH s AS (
    SELECT indicator, area_code, ` + tallySumsAs + ` FROM (
        SELECT indicator, area_code, ` + tally + ` FROM tallies WHERE ` + onTick + within + ` AND day <= $2
        UNION ALL
        SELECT indicator, area_code, ` + tally + ` FROM tally_moves WHERE valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)` + within + `
    ) o GROUP BY indicator, area_code
)
SELECT s.indicator, ` + by.group + ` AS grouped, sum(s.covered), sum(s.gap), sum(s.excluded), sum(s.waived), sum(s.extra),
       coalesce(sum(s.covered + s.gap + s.excluded) FILTER (WHERE d.code IS NULL), 0)
FROM s` + (Moment{}).villages(2, 0) + ` AND d.code >= $3 AND d.code < $4
WHERE s.covered + s.gap + s.excluded + s.extra > 0 GROUP BY 1, 2 ORDER BY 1, 2`
}

// aboveDistricts adds up what is kept by district, of the indicators $1 on the day $2 in an area from $3 to $4 that lies above districts.
// Who stands in no village of that day is not kept, and not told here.
const aboveDistricts = `
SELECT indicator, '', sum(covered), sum(gap), sum(excluded), sum(waived), sum(extra), 0
FROM (
    SELECT indicator, ` + tally + ` FROM district_tallies WHERE ` + onTick + within + ` AND day <= $2
    UNION ALL
    SELECT indicator, ` + tally + ` FROM tally_moves WHERE valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)` + within + `
) o GROUP BY indicator HAVING sum(covered + gap + excluded + extra) > 0 ORDER BY indicator`

// kept is the statement that counts from what is kept, and whether there is one.
func (q CountOf) kept() (statement string, ok bool) {
	switch {
	case !tallied[q.By] || !q.KnownAt.IsZero():
		return "", false
	case q.By == ByNone && q.Area.AboveDistrict():
		return aboveDistricts, true
	}
	return tallyStatement(splits[q.By]), true
}

// foldMoves takes everything that has moved into the tallies. A day belongs to the last tick before it; a tick that is kept has the
// sum of all days until it. Only differences are added, so whatever is there already stays right. In order, so that what is read
// together lies together.
var foldMoves = `
WITH moved AS (
    DELETE FROM tally_moves RETURNING *
), days AS (
    SELECT indicator, area_code, day, ` + tallySumsAs + `
    FROM (SELECT indicator, area_code, valid_from AS day, ` + tally + ` FROM moved
        UNION ALL SELECT indicator, area_code, valid_to + 1, -covered, -gap, -excluded, -extra, -waived FROM moved WHERE valid_to IS NOT NULL) e
    GROUP BY 1, 2, 3
), ticked AS MATERIALIZED (
    SELECT (SELECT max(tick) FROM tally_ticks WHERE tick < day) AS tick, days.* FROM days
    WHERE covered <> 0 OR gap <> 0 OR excluded <> 0 OR extra <> 0 OR waived <> 0
), quarters AS (
    SELECT tick, indicator, area_code, ` + tallySumsAs + ` FROM ticked GROUP BY 1, 2, 3
), since AS (
    INSERT INTO tallies SELECT tick, indicator, area_code, day, ` + tally + ` FROM ticked ORDER BY 1, 2, 3, 4 ` + addTally + ` RETURNING 1
), districts_since AS (
    INSERT INTO district_tallies AS tallies SELECT tick, indicator, left(area_code, 6), day, ` + tallySums + ` FROM ticked GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 ` + addTally + ` RETURNING 1
), district_quarters AS (
    SELECT tick, indicator, left(area_code, 6) AS area_code, ` + tallySumsAs + ` FROM quarters GROUP BY 1, 2, 3
), districts AS (
    INSERT INTO district_tallies AS tallies ` + atTicks("district_quarters") + addTally + ` RETURNING 1
)
INSERT INTO tallies ` + atTicks("quarters") + addTally

// atTicks is by how much the counts of each kept tick differ after what has changed in the quarters before it: the sum of an area goes on
// until the next quarter in which something has changed there. Where it comes back to nothing no tick is touched.
func atTicks(quarters string) string {
	return `
    SELECT t.tick, indicator, area_code, t.tick, ` + tally + ` FROM (
        SELECT indicator, area_code, tick AS since, lead(tick) OVER one AS until, sum(covered) OVER one AS covered, sum(gap) OVER one AS gap,
            sum(excluded) OVER one AS excluded, sum(extra) OVER one AS extra, sum(waived) OVER one AS waived
        FROM ` + quarters + ` WINDOW one AS (PARTITION BY indicator, area_code ORDER BY tick)
    ) s JOIN tally_ticks t ON t.kept AND t.tick > since AND (until IS NULL OR t.tick <= until)
    WHERE covered <> 0 OR gap <> 0 OR excluded <> 0 OR extra <> 0 OR waived <> 0 ORDER BY 1, 2, 3 `
}

const (
	tallySums   = "sum(covered), sum(gap), sum(excluded), sum(extra), sum(waived)"
	tallySumsAs = "sum(covered)::int AS covered, sum(gap)::int AS gap, sum(excluded)::int AS excluded, sum(extra)::int AS extra, sum(waived)::int AS waived"
)

const addTally = `ON CONFLICT (tick, indicator, area_code, day) DO UPDATE SET covered = tallies.covered + excluded.covered, gap = tallies.gap + excluded.gap,
	excluded = tallies.excluded + excluded.excluded, extra = tallies.extra + excluded.extra, waived = tallies.waived + excluded.waived`

// keepTick makes the counts of the first tick that has come by the day $1 and is not kept: those of the tick before, and what has
// changed since. No row where none is due.
const keepTick = `
WITH due AS (
    UPDATE tally_ticks SET kept = true WHERE tick = (SELECT min(tick) FROM tally_ticks WHERE NOT kept AND tick <= $1) RETURNING tick
), made AS (
    INSERT INTO tallies
    SELECT due.tick, indicator, area_code, due.tick, ` + tallySums + `
    FROM due, tallies WHERE tallies.tick = (SELECT max(tick) FROM tally_ticks t WHERE t.kept AND t.tick < due.tick) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
), districts_made AS (
    INSERT INTO district_tallies
    SELECT due.tick, indicator, area_code, due.tick, ` + tallySums + `
    FROM due, district_tallies d WHERE d.tick = (SELECT max(tick) FROM tally_ticks t WHERE t.kept AND t.tick < due.tick) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
)
SELECT count(*) FROM due`

// FoldTallies takes what has moved since the last time into the counts kept by village, and keeps the ticks that have come by the
// day on. Answers are the same before, during and after; they only come faster. Another process that is at it is not waited for.
func (db *DB) FoldTallies(ctx context.Context, on calendar.Date) error {
	err := db.tallying(ctx, func(tx *Tx) error {
		var mine bool
		if err := tx.sql.QueryRowContext(ctx, "SELECT pg_try_advisory_xact_lock"+tallyLock).Scan(&mine); err != nil || !mine {
			return err
		}
		return tx.fold(ctx, on)
	})
	if err != nil {
		return fmt.Errorf("fold tallies: %w", err)
	}
	return nil
}

// tallying is a transaction over all kept counts. It leaves no entry in the audit, since it changes no answer.
func (db *DB) tallying(ctx context.Context, fn func(*Tx) error) error {
	return db.transact(ctx, access.SystemActor(), func(tx *Tx) error {
		err := tx.Batch(ctx, func(b *pgx.Batch) { tx.db.enter(b, tx.Who, bounds{everything, everything}) })
		if err != nil {
			return err
		}
		if err := tx.AllowLong(ctx); err != nil {
			return err
		}
		if _, err := tx.sql.ExecContext(ctx, "SELECT set_config('work_mem', '32MB', true)"); err != nil { // to sort there, and not on the disk
			return translate(err)
		}
		return fn(tx)
	})
}

func (tx *Tx) fold(ctx context.Context, on calendar.Date) error {
	if _, err := tx.sql.ExecContext(ctx, foldMoves); err != nil {
		return translate(err)
	}
	for due := 1; due > 0; {
		if err := tx.sql.QueryRowContext(ctx, keepTick, on.String()).Scan(&due); err != nil {
			return translate(err)
		}
	}
	return nil
}

// moveAll puts all standings into the moves; folding them makes emptied tallies again.
const moveAll = `INSERT INTO tally_moves SELECT indicator, area_code, valid_from, valid_to, ` + counted + `
	FROM (` + everyStanding + `) s GROUP BY 1, 2, 3, 4`

const (
	counted = `count(*) FILTER (WHERE status = 1) AS covered, count(*) FILTER (WHERE status = 2) AS gap, count(*) FILTER (WHERE status = 3) AS excluded,
		count(*) FILTER (WHERE status = 4) AS extra, count(*) FILTER (WHERE status = 2 AND reason = 'WAIVED') AS waived`
	everyStanding = `SELECT indicator, area_code, valid_from, valid_to, status, reason FROM standings
		UNION ALL SELECT indicator, area_code, valid_from, valid_to, status, reason FROM household_standings`
)

// RebuildTallies makes the kept counts again from the standings. Changes wait for it, as long as it takes: of a province it is minutes.
func (db *DB) RebuildTallies(ctx context.Context, on calendar.Date) error {
	err := db.tallying(ctx, func(tx *Tx) error {
		for _, statement := range []string{"SELECT set_config('statement_timeout', '0', true)", "SELECT pg_advisory_xact_lock" + tallyLock, "LOCK TABLE standings, household_standings IN SHARE MODE",
			"DELETE FROM tallies", "DELETE FROM district_tallies", "DELETE FROM tally_moves", moveAll} {
			if _, err := tx.sql.ExecContext(ctx, statement); err != nil {
				return translate(err)
			}
		}
		return tx.fold(ctx, on)
	})
	if err != nil {
		return fmt.Errorf("rebuild tallies: %w", err)
	}
	return nil
}

// differingTallies counts the indicators and villages of which, from some day on, what is kept and a recount of the standings differ:
// every day on which either changes is compared, and every tick that is kept with the days before it.
const differingTallies = `
WITH kept AS (
    SELECT indicator, area_code, day, ` + tally + ` FROM tallies WHERE day > tick
    UNION ALL SELECT indicator, area_code, valid_from, ` + tally + ` FROM tally_moves
    UNION ALL SELECT indicator, area_code, valid_to + 1, -covered, -gap, -excluded, -extra, -waived FROM tally_moves WHERE valid_to IS NOT NULL
), stand AS (
    SELECT indicator, area_code, valid_from, valid_to, ` + counted + ` FROM (` + everyStanding + `) s GROUP BY 1, 2, 3, 4
), recount AS (
    SELECT indicator, area_code, valid_from AS day, ` + tally + ` FROM stand
    UNION ALL SELECT indicator, area_code, valid_to + 1, -covered, -gap, -excluded, -extra, -waived FROM stand WHERE valid_to IS NOT NULL
), days AS (
    SELECT indicator, area_code, day FROM (
        SELECT * FROM kept UNION ALL SELECT indicator, area_code, day, -covered, -gap, -excluded, -extra, -waived FROM recount) d
    GROUP BY 1, 2, 3 HAVING sum(covered) <> 0 OR sum(gap) <> 0 OR sum(excluded) <> 0 OR sum(extra) <> 0 OR sum(waived) <> 0
), sums AS (
    SELECT t.tick, d.indicator, d.area_code, d.covered, d.gap, d.excluded, d.extra, d.waived
    FROM (SELECT tick, indicator, area_code, sum(covered) AS covered, sum(gap) AS gap, sum(excluded) AS excluded, sum(extra) AS extra, sum(waived) AS waived
        FROM tallies WHERE day > tick GROUP BY 1, 2, 3) d JOIN tally_ticks t ON t.kept AND t.tick > d.tick
    UNION ALL SELECT tick, indicator, area_code, -covered, -gap, -excluded, -extra, -waived FROM tallies WHERE day = tick
), ticks AS (
    SELECT indicator, area_code FROM sums GROUP BY tick, 1, 2
    HAVING sum(covered) <> 0 OR sum(gap) <> 0 OR sum(excluded) <> 0 OR sum(extra) <> 0 OR sum(waived) <> 0
), districts AS (
    SELECT indicator, area_code FROM (SELECT tick, indicator, left(area_code, 6) AS area_code, day, ` + tally + ` FROM tallies
        UNION ALL SELECT tick, indicator, area_code, day, -covered, -gap, -excluded, -extra, -waived FROM district_tallies) d
    GROUP BY tick, 1, 2, day HAVING sum(covered) <> 0 OR sum(gap) <> 0 OR sum(excluded) <> 0 OR sum(extra) <> 0 OR sum(waived) <> 0
)
SELECT count(*) FROM (SELECT indicator, area_code FROM days UNION SELECT indicator, area_code FROM ticks UNION SELECT indicator, area_code FROM districts) wrong`

// DifferingTallies counts the pairs of indicator and village whose kept counts differ from a recount on some day, and those of indicator
// and district whose kept counts are not the sum of the villages'.
func (db *DB) DifferingTallies(ctx context.Context) (n int, err error) {
	err = db.Read(ctx, access.SystemActor(), func(b *pgx.Batch) {
		b.Queue("SELECT set_config('statement_timeout', '0', true)") // of a province it is minutes
		b.Queue(differingTallies).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
	})
	if err != nil {
		return 0, fmt.Errorf("compare tallies: %w", err)
	}
	return n, nil
}
