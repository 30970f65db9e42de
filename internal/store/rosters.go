package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/roster"
)

// What is on a roster, in steps. $1 roster, $2 month, $3 and $4 bounds of the area, $5 programme or null, $6 today.
//
// Of each account only the open months are looked at; for most that is the roster's own month. What a live payment of
// another roster covers is not paid again, be it under a file that is merged into this one; and what is kept back with consent by a line
// that the bank has not answered is not kept back again. The area that manages a person in the latest month owed is the one whose
// roster pays. What is owed for a month without a due, since more has come back than was paid, is a supplement to the line that paid it, for
// the roster of where the person lives.
// Who has moved away since is on the roster with account, holds and recoveries, so the steps are run everywhere and bound themselves.
//
// Of a few accounts everything is looked up by their keys, each; of many, all is read and joined. A fence, OFFSET 0, keeps a look-up
// from being planned as a join.
type accounts struct{ open, fence string }

var (
	ofMany = accounts{open: `SELECT person_id, programme, open_from FROM open_months WHERE open_from <= $2 AND ($5::text IS NULL OR programme = $5)`}
	ofFew  = accounts{fence: "OFFSET 0", open: `SELECT o.* FROM (SELECT person_id FROM dues WHERE area_code >= $3 AND area_code < $4
            UNION SELECT person_id FROM recovery_months WHERE area_code >= $3 AND area_code < $4 AND repaid_fen + waived_fen > 0) d
        CROSS JOIN LATERAL (SELECT person_id, programme, open_from FROM open_months o
            WHERE o.person_id = d.person_id AND open_from <= $2 AND ($5::text IS NULL OR programme = $5) OFFSET 0) o`}
)

// fewDues is up to how many dues in the area of a roster each account is looked up by its keys; beyond, all are read.
const fewDues = 100_000

func (a accounts) owedMonths() string {
	return `
open AS (
    ` + a.open + `
), owed AS (
    SELECT d.person_id, d.programme, m::date AS month, d.award_id, d.level, d.amount_fen, d.rate_document, d.area_code
    FROM open o CROSS JOIN LATERAL (SELECT * FROM dues d WHERE d.person_id = o.person_id AND d.programme = o.programme
        AND d.from_month <= $2 AND (d.to_month IS NULL OR d.to_month >= o.open_from) ` + a.fence + `) d
    CROSS JOIN LATERAL generate_series(greatest(d.from_month, o.open_from)::timestamp, least(d.to_month, $2)::timestamp, '1 month') m
)`
}

func (a accounts) paidMonths() string {
	return `
paid AS (
    SELECT person_id, programme, month, sum(fen) AS fen, max(sequence) AS last
    FROM (
        SELECT p.person_id, p.programme, p.month, p.amount_fen AS fen, p.sequence
        FROM open o CROSS JOIN LATERAL (SELECT * FROM payments p WHERE p.person_id = o.person_id AND p.programme = o.programme AND p.month >= o.open_from
            AND p.live AND p.roster_id <> $1 ` + a.fence + `) p
        UNION ALL
        SELECT g.into_id, p.programme, p.month, p.amount_fen, 0
        FROM payments p JOIN merged_persons g ON g.person_id = p.person_id
        WHERE p.person_id = ANY(ARRAY(SELECT person_id FROM merged_persons)) AND p.live AND p.roster_id <> $1
    ) p
    GROUP BY 1, 2, 3
), back AS (
    SELECT b.person_id, b.programme, b.month, sum(b.repaid_fen + b.waived_fen) AS fen, max(b.area_code) AS area_code
    FROM open o CROSS JOIN LATERAL (SELECT * FROM recovery_months b WHERE b.person_id = o.person_id AND b.programme = o.programme AND b.month >= o.open_from
        AND b.month <= $2 ` + a.fence + `) b
    GROUP BY 1, 2, 3
)`
}

var (
	// few months have come back, so dues, lines and payments are looked up for each: counted, which stays a look-up where EXISTS becomes a join
	items = `
more AS MATERIALIZED (
    SELECT b.person_id, b.programme, b.month, b.fen - coalesce(p.fen, 0) AS fen, coalesce(p.last, 0) + 1 AS sequence, b.area_code
    FROM back b LEFT JOIN paid p USING (person_id, programme, month)
    WHERE b.fen > coalesce(p.fen, 0) AND (SELECT count(*) FROM dues d WHERE d.person_id = b.person_id AND d.programme = b.programme
        AND d.from_month <= b.month AND (d.to_month IS NULL OR d.to_month >= b.month)) = 0
), undue AS (
    SELECT b.*, l.award_id, l.level, l.rate_fen, l.rate_document
    FROM more b CROSS JOIN LATERAL (SELECT * FROM roster_lines l
        WHERE l.person_id = ANY(ARRAY(SELECT b.person_id UNION ALL SELECT g.person_id FROM merged_persons g WHERE g.into_id = b.person_id))
            AND l.programme = b.programme AND l.hold = '' AND l.roster_id <> $1
        ORDER BY (SELECT count(*) FROM payments p WHERE p.roster_id = l.roster_id AND p.person_id = l.person_id AND p.programme = l.programme AND p.month = b.month) DESC,
            l.roster_id DESC LIMIT 1) l
), item AS (
    SELECT person_id, programme, month, o.award_id, o.amount_fen - coalesce(p.fen, 0) + coalesce(b.fen, 0) AS fen, coalesce(p.last, 0) + 1 AS sequence,
           CASE WHEN p.last IS NOT NULL THEN 'supplement' WHEN month = $2 THEN 'regular' ELSE 'arrears' END AS kind
    FROM owed o LEFT JOIN paid p USING (person_id, programme, month) LEFT JOIN back b USING (person_id, programme, month)
    WHERE o.amount_fen - coalesce(p.fen, 0) + coalesce(b.fen, 0) > 0
    UNION ALL
    SELECT person_id, programme, month, award_id, fen, sequence, 'supplement' FROM undue
)`
	addedUp = `
latest AS (
    SELECT DISTINCT ON (person_id, programme) person_id, programme, award_id, level, rate, rate_document, area_code
    FROM (SELECT person_id, programme, month, award_id, level, amount_fen AS rate, rate_document, area_code FROM owed
        UNION ALL SELECT person_id, programme, month, award_id, level, rate_fen, rate_document, area_code FROM undue) o
    ORDER BY person_id, programme, month DESC
), summed AS (
    SELECT person_id, programme, count(*) AS months,
           min(month) FILTER (WHERE kind <> 'regular') AS arrears_from, max(month) FILTER (WHERE kind <> 'regular') AS arrears_to,
           coalesce(sum(fen) FILTER (WHERE kind = 'regular'), 0) AS regular, coalesce(sum(fen) FILTER (WHERE kind = 'arrears'), 0) AS arrears,
           coalesce(sum(fen) FILTER (WHERE kind = 'supplement'), 0) AS supplement, sum(fen) AS gross
    FROM item GROUP BY 1, 2
), consented AS (
    SELECT r.person_id, r.programme, sum(r.consented_fen) AS fen FROM recoveries r WHERE r.state <> 'closed' AND r.consented_fen > 0 GROUP BY 1, 2
), kept_back AS (
    SELECT coalesce(g.into_id, l.person_id) AS person_id, l.programme, sum(l.deduction_fen) AS fen
    FROM roster_lines l LEFT JOIN merged_persons g ON g.person_id = l.person_id
    WHERE l.deduction_fen > 0 AND l.state IN ('due', 'sent') AND l.roster_id <> $1 GROUP BY 1, 2
), holds AS (
    SELECT h.person_id, coalesce(h.programme, '') AS programme, min(h.reason) AS reason FROM payment_holds h WHERE h.released_at IS NULL GROUP BY 1, 2
), shown AS (
    SELECT DISTINCT i.person_id, i.programme FROM notices n JOIN notice_items i ON i.notice_id = n.id WHERE n.until_on >= $6::date
)`
	lineColumns = `person_id, programme, award_id, payee_id, area_code, level, rate_fen, rate_document, months, arrears_from, arrears_to,
    regular_fen, arrears_fen, supplement_fen, deduction_fen, net_fen, hold`
	freshLines = `SELECT person_id, programme, award_id, payee_id, area_code, level, rate, rate_document, months::int, arrears_from, arrears_to,
    regular::bigint, arrears::bigint, supplement::bigint, deduction::bigint, (gross - deduction)::bigint, hold FROM line`
)

func (a accounts) lines() string {
	return `
line AS (
    SELECT s.*, l.award_id, l.level, l.rate, l.rate_document, l.area_code, y.id AS payee_id,
           least(greatest(coalesce(c.fen, 0) - coalesce(k.fen, 0), 0), s.gross) AS deduction,
           coalesce(h.reason, g.reason, CASE WHEN w.person_id IS NOT NULL THEN 'NOTICE' END, CASE WHEN y.id IS NULL THEN 'NO_ACCOUNT' END, '') AS hold
    FROM summed s JOIN latest l USING (person_id, programme)
    LEFT JOIN LATERAL (SELECT id FROM payees y WHERE y.person_id = s.person_id AND y.superseded_at IS NULL ` + a.fence + `) y ON true
    LEFT JOIN consented c ON c.person_id = s.person_id AND c.programme = s.programme
    LEFT JOIN kept_back k ON k.person_id = s.person_id AND k.programme = s.programme
    LEFT JOIN holds h ON h.person_id = s.person_id AND h.programme = s.programme
    LEFT JOIN holds g ON g.person_id = s.person_id AND g.programme = ''
    LEFT JOIN shown w ON w.person_id = s.person_id AND w.programme = s.programme
    WHERE l.area_code >= $3 AND l.area_code < $4
)`
}

// calculation is all steps up to the lines.
func (a accounts) calculation() string {
	return "WITH " + a.owedMonths() + "," + a.paidMonths() + "," + items + "," + addedUp + "," + a.lines()
}

// calculate writes lines and payments in one statement: two rosters that find the same difference at the same time
// cannot both write it. Payments are written in the order of their keys, which so grow at one end.
func (a accounts) calculate() string {
	return a.calculation() + `, written AS (
    INSERT INTO roster_lines (roster_id, seq, ` + lineColumns + `, state)
    SELECT $1, row_number() OVER (ORDER BY f.hold <> '', f.area_code, f.person_id, f.programme), f.*, CASE WHEN f.hold = '' THEN 'due' ELSE 'held' END
    FROM (` + freshLines + `) AS f (` + lineColumns + `)
    RETURNING person_id, programme, state
)
INSERT INTO payments (roster_id, person_id, programme, month, award_id, kind, sequence, amount_fen)
SELECT $1, i.person_id, i.programme, i.month, i.award_id, i.kind, i.sequence, i.fen
FROM item i JOIN written w USING (person_id, programme) WHERE w.state = 'due'
ORDER BY i.person_id, i.programme, i.month`
}

// outdated counts lines that a calculation now would not make so, or would make beside them.
func (a accounts) outdated() string {
	return a.calculation() + `, fresh AS (` + freshLines + `), kept AS (
    SELECT ` + lineColumns + ` FROM roster_lines WHERE roster_id = $1
)
SELECT (SELECT count(*) FROM (TABLE fresh EXCEPT TABLE kept) a) + (SELECT count(*) FROM (TABLE kept EXCEPT TABLE fresh) b)`
}

// forMany plans for many rows. The planner cannot see how many a step will hand to the next, guesses few, and would
// look through all of one step for each row of another. And it lifts the bounds of row security, as Everywhere does, in the same round trip.
const forMany = `SELECT set_config('enable_nestloop', 'off', true), set_config('work_mem', '64MB', true),
	set_config('zhucan.area_before', current_setting('zhucan.area', true), true), set_config('zhucan.area', ':', true)`

// asBefore puts back what forMany has set.
const asBefore = `SELECT set_config('enable_nestloop', 'on', true), set_config('work_mem', '4MB', true),
	set_config('zhucan.area', current_setting('zhucan.area_before', true), true)`

// of are the parameters of a calculation.
func (tx *Tx) of(r roster.Roster) []any {
	lo, hi := r.Area.Range()
	return []any{r.ID, r.Month.First().String(), lo, hi, textOrNull(r.Programme), calendar.DateOf(tx.Now).String()}
}

// accountsOf says whether few or many accounts belong to an area.
func (tx *Tx) accountsOf(ctx context.Context, in area.Code) (accounts, error) {
	lo, hi := in.Range()
	var dues int
	err := tx.sql.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT FROM dues WHERE area_code >= $1 AND area_code < $2 LIMIT $3) d", lo, hi, fewDues+1).Scan(&dues)
	if err != nil {
		return accounts{}, fmt.Errorf("count the accounts of an area: %w", translate(err))
	}
	if dues > fewDues {
		return ofMany, nil
	}
	return ofFew, nil
}

// CalculateRoster writes the lines of a roster that has none, and says what they come to.
func (tx *Tx) CalculateRoster(ctx context.Context, r roster.Roster) (t roster.Totals, err error) {
	accounts, err := tx.accountsOf(ctx, r.Area)
	if err != nil {
		return t, err
	}
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT pg_advisory_xact_lock" + rosterLock)
		b.Queue("DELETE FROM roster_lines WHERE roster_id = $1", r.ID)
		b.Queue(forMany)
		b.Queue(accounts.calculate(), tx.of(r)...)
		b.Queue(asBefore)
		queueTotals(b, &t, r.ID, "")
	})
	if err != nil {
		return t, fmt.Errorf("calculate a roster: %w", err)
	}
	return t, nil
}

// queueTotals adds up the lines of a roster of which a condition holds.
func queueTotals(b *pgx.Batch, t *roster.Totals, id uuid.UUID, also string) {
	b.Queue(`SELECT count(DISTINCT person_id) FILTER (WHERE hold = ''), count(*) FILTER (WHERE hold = ''), count(*) FILTER (WHERE hold <> ''),
			coalesce(sum(months) FILTER (WHERE hold = ''), 0)::int, coalesce(sum(net_fen + deduction_fen) FILTER (WHERE hold = ''), 0)::bigint,
			coalesce(sum(deduction_fen) FILTER (WHERE hold = ''), 0)::bigint, coalesce(sum(net_fen) FILTER (WHERE hold = ''), 0)::bigint
		FROM roster_lines WHERE roster_id = $1`+also, id).QueryRow(func(row pgx.Row) error {
		return row.Scan(&t.Persons, &t.Lines, &t.Held, &t.PersonMonths, &t.Gross, &t.Deduction, &t.Net)
	})
	b.Queue(`SELECT programme, count(*), sum(months)::int, sum(net_fen)::bigint FROM roster_lines WHERE roster_id = $1 AND hold = ''`+also+`
		GROUP BY 1 ORDER BY 1`, id).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var p roster.ProgrammeTotal
			if err := rows.Scan(&p.Programme, &p.Persons, &p.PersonMonths, &p.Net); err != nil {
				return err
			}
			t.Programmes = append(t.Programmes, p)
		}
		return rows.Err()
	})
}

// ClearRoster takes the lines off a roster that is not locked.
func (tx *Tx) ClearRoster(ctx context.Context, id uuid.UUID) error {
	if _, err := tx.sql.ExecContext(ctx, "DELETE FROM roster_lines WHERE roster_id = $1", id); err != nil {
		return fmt.Errorf("clear a roster: %w", err)
	}
	return nil
}

// OutdatedLines is in how many lines a roster differs from what would be calculated now.
func (tx *Tx) OutdatedLines(ctx context.Context, r roster.Roster) (n int, err error) {
	accounts, err := tx.accountsOf(ctx, r.Area)
	if err != nil {
		return 0, err
	}
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT pg_advisory_xact_lock" + rosterLock)
		b.Queue(forMany)
		b.Queue(accounts.outdated(), tx.of(r)...).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
		b.Queue(asBefore)
	})
	if err != nil {
		return 0, fmt.Errorf("compare a roster with what is owed now: %w", err)
	}
	return n, nil
}

// AccountsVersion changes whenever somebody opens months of one of the accounts that a roster pays. Held, the accounts stay as they are until the
// transaction ends: months that are opened meanwhile are opened after MoveOn, which would otherwise close them unseen.
func (tx *Tx) AccountsVersion(ctx context.Context, r roster.Roster, held bool) (version string, err error) {
	hold := ""
	if held {
		hold = "FOR UPDATE OF o"
	}
	err = tx.sql.QueryRowContext(ctx, `SELECT coalesce(md5(string_agg(w::text, ' ')), '') FROM (SELECT o.xmin AS w FROM open_months o JOIN roster_lines l USING (person_id, programme)
		WHERE l.roster_id = $1 AND l.hold = '' ORDER BY o.person_id, o.programme `+hold+`) o`, r.ID).Scan(&version)
	if err != nil {
		return "", fmt.Errorf("hold the accounts of a roster: %w", err)
	}
	return version, nil
}

// Doubt is why whoever checks a roster should look at a line that it pays.
type Doubt string

// The doubts.
const (
	Unpublished    Doubt = "unpublished"     // its case was shown by no public notice
	ChangedAccount Doubt = "changed_account" // it goes to another account than the last payment that reached the person
	SharedAccount  Doubt = "shared_account"  // it goes to an account that somebody else has, too, as on the worklist
	Returned       Doubt = "returned"        // it pays a month once more of which one officer has said that the bank has sent it back
)

// Doubts are all of them, in the order in which they are told.
var Doubts = []Doubt{Unpublished, ChangedAccount, SharedAccount, Returned}

// doubtful says of a line l whether it bears a doubt.
var doubtful = map[Doubt]string{
	Returned: `(l.person_id, l.programme) IN (SELECT n.person_id, n.programme FROM returned_payments v JOIN roster_lines o ON o.roster_id = v.roster_id AND o.seq = v.seq
		JOIN payments m ON m.roster_id = o.roster_id AND m.person_id = o.person_id AND m.programme = o.programme
		JOIN payments n ON n.roster_id = @roster AND n.person_id = m.person_id AND n.programme = m.programme AND n.month = m.month)`,
	Unpublished: `EXISTS (SELECT FROM awards a WHERE a.id = l.award_id AND a.application_id IS NOT NULL AND NOT EXISTS (SELECT FROM notice_items i WHERE i.application_id = a.application_id))`,
	ChangedAccount: `l.payee_id <> (SELECT p.payee_id FROM roster_lines p JOIN rosters r ON r.id = p.roster_id
		WHERE p.person_id = l.person_id AND p.state = 'paid' ORDER BY r.month DESC, r.made_at DESC LIMIT 1)`,
	SharedAccount: `EXISTS (SELECT FROM persons h JOIN account_keys k ON k.person_id = h.id JOIN account_keys o ON ` + sameAccount + ` JOIN persons q ON q.id = o.person_id
		WHERE h.id = l.person_id AND ` + living + ` AND ` + alive("q") + `)`,
}

const paidBy = " FROM roster_lines l WHERE l.roster_id = @roster AND l.hold = '' AND "

// CountDoubts counts the lines of a roster that bear each doubt, also of those who have moved away since.
func (db *DB) CountDoubts(ctx context.Context, who access.Actor, id uuid.UUID, today calendar.Date) (map[Doubt]int, error) {
	lines := map[Doubt]int{}
	err := db.readIn(ctx, who, bounds{everything, everything}, func(b *pgx.Batch) {
		for _, d := range Doubts {
			b.Queue("SELECT count(*)"+paidBy+doubtful[d], pgx.NamedArgs{"roster": id, "today": today.String()}).QueryRow(func(row pgx.Row) error {
				var n int
				err := row.Scan(&n)
				lines[d] = n
				return err
			})
		}
	})
	if err != nil {
		return nil, fmt.Errorf("count the lines of a roster to look at: %w", err)
	}
	return lines, nil
}

// linesWith are the numbers of the lines that bear a doubt, a page of them.
func (db *DB) linesWith(ctx context.Context, who access.Actor, q LinesOf) (seqs []int, err error) {
	seqs = []int{}
	err = db.readIn(ctx, who, bounds{everything, everything}, func(b *pgx.Batch) {
		b.Queue("SELECT l.seq"+paidBy+doubtful[q.Doubt]+" AND l.seq > @after ORDER BY l.seq LIMIT @limit",
			pgx.NamedArgs{"roster": q.Roster, "today": q.Today.String(), "after": q.After, "limit": q.Limit}).Query(func(rows pgx.Rows) (err error) {
			seqs, err = pgx.AppendRows(seqs, rows, pgx.RowTo[int])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("find the lines of a roster to look at: %w", err)
	}
	return seqs, nil
}

// MoveOn closes the months that a locked roster pays, but none from the first on that stands on a roster which may still be given up.
func (tx *Tx) MoveOn(ctx context.Context, r roster.Roster) error {
	_, err := tx.sql.ExecContext(ctx, `WITH waiting AS (
			SELECT coalesce(g.into_id, p.person_id) AS person_id, p.programme, min(p.month) AS month
			FROM rosters r JOIN payments p ON p.roster_id = r.id LEFT JOIN merged_persons g ON g.person_id = p.person_id
			WHERE r.state IN ('calculated', 'checked') AND r.id <> $1 GROUP BY 1, 2
		)
		UPDATE open_months o SET open_from = least($2::date, w.month)
		FROM roster_lines l LEFT JOIN waiting w ON w.person_id = l.person_id AND w.programme = l.programme
		WHERE l.roster_id = $1 AND l.hold = '' AND o.person_id = l.person_id AND o.programme = l.programme AND o.open_from < least($2::date, w.month)`,
		r.ID, r.Month.Add(1).First().String())
	if err != nil {
		return fmt.Errorf("close the months that a roster pays: %w", err)
	}
	return nil
}

const rosterColumns = `id, version, month, area_code, programme, state, made_by, made_at, checked_by, checked_at, locked_by, locked_at, sent_by, sent_at,
	closed_by, closed_at, persons, lines, person_months, held, gross_fen, deduction_fen, net_fen, programmes::text, checksum`

func scanRoster(row pgx.Row) (r roster.Roster, err error) {
	var programme *string
	var programmes string
	var stamps [5]stampRow
	err = row.Scan(&r.ID, &r.Version, &r.Month, &r.Area, &programme, &r.State, &stamps[0].by, &stamps[0].at, &stamps[1].by, &stamps[1].at,
		&stamps[2].by, &stamps[2].at, &stamps[3].by, &stamps[3].at, &stamps[4].by, &stamps[4].at, &r.Totals.Persons, &r.Totals.Lines,
		&r.Totals.PersonMonths, &r.Totals.Held, &r.Totals.Gross, &r.Totals.Deduction, &r.Totals.Net, &programmes, &r.Checksum)
	if err != nil {
		return r, err
	}
	r.Programme = orZero(programme)
	r.Made, r.Checked, r.Locked, r.Sent, r.Closed = stamps[0].stamp(), stamps[1].stamp(), stamps[2].stamp(), stamps[3].stamp(), stamps[4].stamp()
	return r, json.Unmarshal([]byte(programmes), &r.Totals.Programmes)
}

// InsertRoster writes a new roster.
func (tx *Tx) InsertRoster(ctx context.Context, r roster.Roster) error {
	_, err := tx.sql.ExecContext(ctx, "INSERT INTO rosters (id, month, area_code, programme, state, made_by, made_at) VALUES ($1, $2::date, $3, $4, $5, $6, $7)",
		r.ID, r.Month, string(r.Area), textOrNull(r.Programme), string(r.State), r.Made.By, r.Made.At)
	if err != nil {
		return fmt.Errorf("insert a roster: %w", err)
	}
	return nil
}

// UpdateRoster writes what can change of a roster.
func (tx *Tx) UpdateRoster(ctx context.Context, r roster.Roster) error {
	programmes, err := json.Marshal(append([]roster.ProgrammeTotal{}, r.Totals.Programmes...))
	if err != nil {
		return fmt.Errorf("write the totals of a roster: %w", err)
	}
	done, err := tx.sql.ExecContext(ctx, `UPDATE rosters SET version = version + 1, state = $3, made_by = $4, made_at = $5, checked_by = $6, checked_at = $7,
			locked_by = $8, locked_at = $9, sent_by = $10, sent_at = $11, closed_by = $12, closed_at = $13, persons = $14, lines = $15, person_months = $16,
			held = $17, gross_fen = $18, deduction_fen = $19, net_fen = $20, programmes = $21, checksum = $22
		WHERE id = $1 AND version = $2`, r.ID, r.Version, string(r.State), r.Made.By, r.Made.At, orNull(r.Checked.By), instantOrNull(r.Checked.At),
		orNull(r.Locked.By), instantOrNull(r.Locked.At), orNull(r.Sent.By), instantOrNull(r.Sent.At), orNull(r.Closed.By), instantOrNull(r.Closed.At),
		r.Totals.Persons, r.Totals.Lines, r.Totals.PersonMonths, r.Totals.Held, int64(r.Totals.Gross), int64(r.Totals.Deduction), int64(r.Totals.Net),
		string(programmes), r.Checksum)
	if err != nil {
		return fmt.Errorf("update a roster: %w", err)
	}
	n, err := done.RowsAffected()
	return exactlyOne(int(n), err)
}

// PayingAreas are the areas of which a roster was ever locked.
func (tx *Tx) PayingAreas(ctx context.Context) (list []area.Code, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT DISTINCT area_code FROM rosters WHERE checksum IS NOT NULL").Query(func(rows pgx.Rows) (err error) {
			list, err = pgx.CollectRows(rows, pgx.RowTo[area.Code])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list where rosters pay: %w", err)
	}
	return list, nil
}

// LockRoster reads a roster and holds it until the transaction ends.
func (tx *Tx) LockRoster(ctx context.Context, id uuid.UUID) (r roster.Roster, err error) {
	lo, hi := tx.Who.Area.Range()
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT "+rosterColumns+" FROM rosters WHERE id = $1 AND ($2 = '' OR area_code >= $2 AND area_code < $3) FOR UPDATE", id, lo, hi).
			QueryRow(func(row pgx.Row) error { r, err = scanRoster(row); return err })
	})
	return r, translate(err)
}

// RosterFilter narrows a list of rosters. Zero members do not narrow.
type RosterFilter struct {
	Area   area.Code
	Month  calendar.Month
	After  uuid.UUID
	Latest bool // the latest first, instead of the first
	Limit  int
}

// ListRosters lists rosters of an area in the order in which they were made, or the other way round.
func (db *DB) ListRosters(ctx context.Context, who access.Actor, f RosterFilter) (list []roster.Roster, err error) {
	lo, hi := f.Area.Range()
	order := "AND id > $4 ORDER BY id"
	if f.Latest {
		order = "AND ($4 = '00000000-0000-0000-0000-000000000000'::uuid OR id < $4) ORDER BY id DESC"
	}
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT "+rosterColumns+` FROM rosters WHERE area_code >= $1 AND area_code < $2 AND ($3::date IS NULL OR month = $3) `+order+` LIMIT $5`,
			lo, hi, textOrNull(dateText(f.Month)), f.After, f.Limit).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				r, err := scanRoster(rows)
				if err != nil {
					return err
				}
				list = append(list, r)
			}
			return rows.Err()
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list rosters: %w", err)
	}
	return list, nil
}

// Roster reads one roster of the actor's area.
func (db *DB) Roster(ctx context.Context, who access.Actor, id uuid.UUID) (r roster.Roster, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT "+rosterColumns+" FROM rosters WHERE id = $1", id).QueryRow(func(row pgx.Row) error { r, err = scanRoster(row); return err })
	})
	return r, err
}
