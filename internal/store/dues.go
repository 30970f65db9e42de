package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/ledger"
	"zhucan/internal/money"
	"zhucan/internal/recovery"
)

var duesTable = table{"dues", []string{"person_id uuid", "programme", "from_month date", "to_month date", "award_id uuid", "level smallint",
	"amount_fen bigint", "rule_set text", "rate_document text", "area_code", "known_from timestamptz"}}

const dueColumns = `person_id, programme, award_id, from_month, to_month, level, amount_fen, rule_set, rate_document, area_code`

func dueFields(d *ledger.Due) []any {
	return []any{&d.PersonID, &d.Programme, &d.AwardID, &d.From, &d.To, &d.Level, &d.Amount, &d.RuleSet, &d.RateDocument, &d.Area}
}

func scanDue(rows pgx.Rows) (d ledger.Due, err error) {
	return d, rows.Scan(dueFields(&d)...)
}

// duesChange makes what is owed to persons what is given.
type duesChange struct {
	tx      *Tx
	persons []uuid.UUID
	dues    []ledger.Due

	before, now map[personProgramme][]knownDue
	opened      map[personProgramme]calendar.Month
}

func (c *duesChange) read(b *pgx.Batch) {
	c.before = map[personProgramme][]knownDue{}
	each(b, "SELECT "+dueColumns+", known_from FROM dues WHERE person_id = ANY($1) ORDER BY person_id, programme, from_month", c.persons, func(rows pgx.Rows) error {
		d, err := scanKnownDue(rows)
		c.before[keyOf(d.Due)] = append(c.before[keyOf(d.Due)], d)
		return err
	})
}

func (c *duesChange) differs() bool {
	c.now = map[personProgramme][]knownDue{}
	for _, d := range c.dues {
		c.now[keyOf(d)] = append(c.now[keyOf(d)], knownDue{d, c.tx.knownSince(d, c.before[keyOf(d)])})
	}
	c.opened = differing(c.before, c.now)
	return len(c.opened) > 0
}

// knownDue is a due with the instant since which its first month is known to be owed at this amount.
type knownDue struct {
	ledger.Due
	since time.Time
}

func scanKnownDue(rows pgx.Rows) (d knownDue, err error) {
	err = rows.Scan(append(dueFields(&d.Due), &d.since)...)
	return d, err
}

// knownSince is now, unless the same amount was owed before for the first month of a due, however that was cut.
func (tx *Tx) knownSince(d ledger.Due, before []knownDue) time.Time {
	for _, old := range before {
		if old.Amount == d.Amount && !d.From.Before(old.From) && (old.To.IsZero() || !d.From.After(old.To)) {
			return old.since
		}
	}
	return tx.Now
}

// personProgramme is one account of the ledger.
type personProgramme struct {
	person    uuid.UUID
	programme string
}

func (p personProgramme) compare(o personProgramme) int {
	return cmp.Or(slices.Compare(p.person[:], o.person[:]), cmp.Compare(p.programme, o.programme))
}

func keyOf(d ledger.Due) personProgramme { return personProgramme{d.PersonID, d.Programme} }

// differing is, for each account in which what is owed differs, the first month in which it does.
func differing(before, now map[personProgramme][]knownDue) map[personProgramme]calendar.Month {
	opened := map[personProgramme]calendar.Month{}
	compare := func(list, other map[personProgramme][]knownDue) {
		for key, dues := range list {
			for _, d := range dues {
				if !slices.ContainsFunc(other[key], func(o knownDue) bool { return o.Due == d.Due }) && (opened[key].IsZero() || d.From.Before(opened[key])) {
					opened[key] = d.From
				}
			}
		}
	}
	compare(before, now)
	compare(now, before)
	return opened
}

// write replaces the accounts in which something differs.
func (c *duesChange) write(b *pgx.Batch) {
	var persons []uuid.UUID
	var programmes, months []string
	var rows []row
	for _, key := range slices.SortedFunc(maps.Keys(c.opened), personProgramme.compare) { // in the order in which a roster holds accounts
		persons, programmes, months = append(persons, key.person), append(programmes, key.programme), append(months, c.opened[key].First().String())
		for _, d := range c.now[key] {
			rows = append(rows, row{d.PersonID, d.Programme, d.From, d.To, d.AwardID, d.Level, int64(d.Amount), d.RuleSet, d.RateDocument, string(d.Area), d.since})
		}
	}
	b.Queue(`DELETE FROM dues d USING unnest($1::uuid[], $2::text[]) AS u (person_id, programme)
		WHERE d.person_id = u.person_id AND d.programme = u.programme`, persons, programmes)
	b.Queue(`INSERT INTO open_months (person_id, programme, open_from) SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[])
		ON CONFLICT (person_id, programme) DO UPDATE SET open_from = least(open_months.open_from, excluded.open_from)`, persons, programmes, months)
	duesTable.queue(b, rows)
}

// changed are the persons to whom something else is owed than before, in order.
func (c *duesChange) changed() (persons []uuid.UUID) {
	for key := range c.opened {
		persons = append(persons, key.person)
	}
	slices.SortFunc(persons, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(persons)
}

// Dues reads what is owed to persons, in order of programme and month.
func (db *DB) Dues(ctx context.Context, who access.Actor, persons []uuid.UUID) (map[uuid.UUID][]ledger.Due, error) {
	owed := map[uuid.UUID][]ledger.Due{}
	err := db.Read(ctx, who, func(b *pgx.Batch) {
		each(b, "SELECT "+dueColumns+" FROM dues WHERE person_id = ANY($1) ORDER BY person_id, programme, from_month", persons, func(rows pgx.Rows) error {
			d, err := scanDue(rows)
			owed[d.PersonID] = append(owed[d.PersonID], d)
			return err
		})
	})
	return owed, err
}

// Overpaid is what one account was paid beyond what is owed, in the months in which that is not what it is asked back.
type Overpaid struct {
	PersonID  uuid.UUID
	Programme string
	Months    []recovery.Over
}

// overpaid compares, month by month, what the bank has paid with what is owed and with what is asked back. What has been
// repaid stays asked for, and beside it what was waived, as far as it was overpaid: so what is kept back or repaid although it was waived is
// owed again. What was paid under a merged file counts for the one that stays.
const overpaid = `
WITH account AS (
    SELECT DISTINCT coalesce(g.into_id, u.id) AS id FROM unnest($1::uuid[]) AS u (id) LEFT JOIN merged_persons g ON g.person_id = u.id
), whose AS (
    SELECT id AS person_id, id AS account FROM account UNION ALL SELECT g.person_id, g.into_id FROM account a JOIN merged_persons g ON g.into_id = a.id
), paid AS (
    SELECT w.account AS person_id, p.programme, p.month, sum(p.amount_fen) AS fen
    FROM whose w JOIN payments p ON p.person_id = w.person_id JOIN roster_lines l ON l.roster_id = p.roster_id AND l.person_id = p.person_id AND l.programme = p.programme
    WHERE p.live AND l.state = 'paid'
    GROUP BY 1, 2, 3
), asked AS (
    SELECT m.person_id, m.programme, m.month, sum(m.amount_fen) AS fen, sum(m.repaid_fen) AS repaid, sum(m.waived_fen) AS waived
    FROM account a JOIN recovery_months m ON m.person_id = a.id
    GROUP BY 1, 2, 3
), found AS (
    SELECT o.person_id, o.programme, o.month, o.asked, greatest(over.fen, o.repaid + least(o.waived, over.fen)) AS fen
    FROM (SELECT person_id, programme, month, coalesce(paid.fen, 0) AS paid, coalesce(asked.fen, 0) AS asked, coalesce(asked.repaid, 0) AS repaid,
                 coalesce(asked.waived, 0) AS waived
          FROM paid FULL JOIN asked USING (person_id, programme, month)) o
    LEFT JOIN dues d ON d.person_id = o.person_id AND d.programme = o.programme AND d.from_month <= o.month
        AND (d.to_month IS NULL OR d.to_month >= o.month)
    CROSS JOIN LATERAL (SELECT greatest(o.paid - coalesce(d.amount_fen, 0), 0) AS fen) over
)
SELECT person_id, programme, month, fen::bigint FROM found WHERE fen <> asked ORDER BY 1, 2, 3`

// Overpaid finds what persons were paid beyond what is owed to them and are not asked for yet, or are asked for wrongly.
func (tx *Tx) Overpaid(ctx context.Context, persons []uuid.UUID) (list []Overpaid, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		each(b, overpaid, persons, func(rows pgx.Rows) error {
			var o Overpaid
			var month recovery.Over
			if err := rows.Scan(&o.PersonID, &o.Programme, &month.Month, &month.Fen); err != nil {
				return err
			}
			if n := len(list); n == 0 || list[n-1].PersonID != o.PersonID || list[n-1].Programme != o.Programme {
				list = append(list, o)
			}
			last := &list[len(list)-1]
			last.Months = append(last.Months, month)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("find what was paid and not owed: %w", err)
	}
	return list, nil
}

// LedgerRow is one month of one account.
type LedgerRow struct {
	Programme    string
	Month        calendar.Month
	Due          money.Fen
	Level        int
	RuleSet      string
	RateDocument string
	Paid         money.Fen // the bank has confirmed it
	OnRoster     money.Fen // on a roster that the bank has not answered yet
	Repaid       money.Fen
	Waived       money.Fen
	RosterIDs    []uuid.UUID // that paid, or are to pay, this month; the latest last
}

// Difference is what is still owed; below zero what is still to come back.
func (r LedgerRow) Difference() money.Fen { return r.Due - r.Paid + r.Repaid + r.Waived }
