package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/money"
	"zhucan/internal/roster"
)

type stampRow struct {
	by *uuid.UUID
	at *time.Time
}

func (s stampRow) stamp() roster.Stamp { return roster.Stamp{By: orZero(s.by), At: orZero(s.at)} }

const rosterLineColumns = `l.roster_id, l.seq, l.person_id, l.programme, l.award_id, l.payee_id, l.area_code, l.level, l.rate_fen, l.rate_document, l.months,
	l.arrears_from, l.arrears_to, l.regular_fen, l.arrears_fen, l.supplement_fen, l.deduction_fen, l.net_fen, l.hold, l.state, l.failure`

// returned joins what has come back of a line, which is shown with it.
const (
	returnedColumns = `, v.returned_on, coalesce(v.document, '')`
	returned        = ` LEFT JOIN returned_payments v ON v.roster_id = l.roster_id AND v.seq = l.seq`
)

func lineFields(l *roster.Line, payee **uuid.UUID) []any {
	return []any{&l.RosterID, &l.Seq, &l.PersonID, &l.Programme, &l.AwardID, payee, &l.Area, &l.Level, &l.Rate, &l.RateDocument, &l.Months,
		&l.ArrearsFrom, &l.ArrearsTo, &l.Regular, &l.Arrears, &l.Supplement, &l.Deduction, &l.Net, &l.Hold, &l.State, &l.Failure}
}

// RosterChecksum is the sha256 over all lines of a roster in order, one text a line. It reads a few lines at a time.
func (tx *Tx) RosterChecksum(ctx context.Context, id uuid.UUID) ([]byte, error) {
	sum := sha256.New()
	err := tx.Everywhere(ctx, func() error {
		return tx.conn.Raw(func(driver any) error { return checksumLines(ctx, driver.(*stdlib.Conn).Conn(), id, sum) })
	})
	if err != nil {
		return nil, fmt.Errorf("add up a roster: %w", err)
	}
	return sum.Sum(nil), nil
}

// checksumLines leaves out what changes after locking: the bank's answer. What the bank is told of a line belongs to it, unless the roster was
// locked before that was kept.
func checksumLines(ctx context.Context, conn *pgx.Conn, id uuid.UUID, to io.Writer) error {
	rows, err := conn.Query(ctx, `SELECT concat_ws('|', seq, person_id, l.programme, award_id, payee_id, area_code, level, rate_fen, rate_document, months,
			coalesce(arrears_from::text, ''), coalesce(arrears_to::text, ''), regular_fen, arrears_fen, supplement_fen, deduction_fen, net_fen, hold)
			|| CASE WHEN b.since_lock THEN concat_ws('|', '', b.name, coalesce(encode(b.id_number, 'hex'), ''), b.holder, encode(b.account, 'hex'),
				coalesce(b.card_id::text, ''), coalesce(encode(b.card_number, 'hex'), ''), coalesce(b.category, 0), b.town, b.village, b.programme) ELSE '' END
		FROM roster_lines l LEFT JOIN bank_lines b USING (roster_id, seq) WHERE roster_id = $1 ORDER BY seq`, id)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if _, err := fmt.Fprintf(to, "%s\n", rows.RawValues()[0]); err != nil {
			return err
		}
	}
	return rows.Err()
}

// RosterChecksum computes the checksum of a roster as it stands.
func (db *DB) RosterChecksum(ctx context.Context, who access.Actor, id uuid.UUID) (sum []byte, err error) {
	hash := sha256.New()
	err = db.readOnly(ctx, who, bounds{everything, everything}, func(tx pgx.Tx) error { return checksumLines(ctx, tx.Conn(), id, hash) })
	return hash.Sum(nil), err
}

// readOnly runs fn in a transaction inside bounds, for answers too large for one batch.
func (db *DB) readOnly(ctx context.Context, who access.Actor, inside bounds, fn func(pgx.Tx) error) error {
	return translate(pgx.BeginTxFunc(ctx, db.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		db.enter(batch, who, inside)
		batch.Queue("SELECT set_config('statement_timeout', '300s', true)")
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		return fn(tx)
	}))
}

// LinesOf asks for lines of a roster, after one in order.
type LinesOf struct {
	Roster uuid.UUID
	State  string // empty: any
	Doubt  Doubt  // empty: any; as it stands on a day
	Today  calendar.Date
	After  int
	Limit  int
}

// RosterLines lists lines after one in order. Names are there where the person is in the actor's area by now.
func (db *DB) RosterLines(ctx context.Context, who access.Actor, q LinesOf) (list []roster.Line, err error) {
	var only []int // nil: all
	if q.Doubt != "" {
		if only, err = db.linesWith(ctx, who, q); err != nil {
			return nil, err
		}
	}
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT "+rosterLineColumns+`, coalesce(p.name, ''), coalesce(y.holder, ''), y.id, y.account`+returnedColumns+`
			FROM roster_lines l LEFT JOIN persons p ON p.id = l.person_id LEFT JOIN payees y ON y.id = l.payee_id`+returned+`
			WHERE l.roster_id = $1 AND l.seq > $2 AND ($4 = '' OR l.state = $4) AND ($5::int[] IS NULL OR l.seq = ANY($5)) ORDER BY l.seq LIMIT $3`, q.Roster, q.After, q.Limit, q.State, only).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var l roster.Line
				var payee, account *uuid.UUID
				var sealed []byte
				if err := rows.Scan(append(lineFields(&l, &payee), &l.PersonName, &l.Holder, &account, &sealed, &l.ReturnedOn, &l.ReturnDocument)...); err != nil {
					return err
				}
				l.PayeeID = orZero(payee)
				o := opener{ring: db.Ring, table: "payees", row: orZero(account)}
				l.Account = o.open("account", sealed)
				if o.err != nil {
					return o.err
				}
				list = append(list, l)
			}
			return rows.Err()
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list the lines of a roster: %w", err)
	}
	return list, nil
}

// toTheBank is which lines go to the bank: of what is kept back whole it has nothing to pay.
const toTheBank = " AND net_fen > 0"

// BankTotals are what the lines of a locked roster that go to the bank come to.
func (db *DB) BankTotals(ctx context.Context, who access.Actor, id uuid.UUID) (t roster.Totals, err error) {
	if err := db.Read(ctx, who, func(b *pgx.Batch) { queueTotals(b, &t, id, toTheBank) }); err != nil {
		return t, fmt.Errorf("add up what goes to the bank: %w", err)
	}
	return t, nil
}

// bankLines are the lines that go to the bank, with what it is told of whom they pay. Merged files are joined, and chosen by CASE: row security lets
// nothing be compared before it that might leak, as a sub-select or coalesce might for all PostgreSQL knows, and so every card of the register was
// held against every line.
const bankLines = `INSERT INTO bank_lines (roster_id, seq, name, id_number, holder, account, card_id, card_number, category, town, village, programme)
	SELECT l.roster_id, l.seq, p.name, p.id_number, y.holder, y.account, c.id, c.number, c.category, coalesce(t.name, ''), coalesce(v.name, ''), coalesce($4::jsonb ->> l.programme, l.programme)
	FROM roster_lines l JOIN persons p ON p.id = l.person_id JOIN payees y ON y.id = l.payee_id
	LEFT JOIN merged_persons g ON g.person_id = l.person_id
	LEFT JOIN certificates c ON c.person_id = CASE WHEN g.into_id IS NULL THEN l.person_id ELSE g.into_id END AND c.issued_on <= $3 AND (c.held_to IS NULL OR c.held_to >= $3)
	LEFT JOIN divisions t ON t.code = left(l.area_code, 9) AND t.superseded_at IS NULL AND t.valid_from <= $2 AND (t.valid_to IS NULL OR t.valid_to >= $2)
	LEFT JOIN divisions v ON v.code = l.area_code AND v.level = 'village' AND v.superseded_at IS NULL AND v.valid_from <= $2 AND (v.valid_to IS NULL OR v.valid_to >= $2)
	WHERE l.roster_id = $1 AND l.hold = ''` + toTheBank

// KeepBankLines fixes what the bank is told of whom a roster pays, also of those who have moved out of its area since it was calculated. The
// names of programmes are by their id.
func (tx *Tx) KeepBankLines(ctx context.Context, r roster.Roster, programmes map[string]string) error {
	names, err := json.Marshal(programmes)
	if err == nil {
		err = tx.Batch(ctx, func(b *pgx.Batch) {
			b.Queue(forMany)
			b.Queue(bankLines, r.ID, r.Month.First().String(), r.Month.Last().String(), string(names))
			b.Queue(asBefore)
		})
	}
	if err != nil {
		return fmt.Errorf("keep what the bank is told of a roster: %w", err)
	}
	return nil
}

// PaidLines are the lines of a locked roster that go to the bank, in order, with the clear numbers that the bank needs, all as they were when it
// was locked. They are used while they are read, so many in one statement. That reads all of them into memory if it has to, so that no
// connection is held for a slow line. Who has read the roster gets all of its lines, also those of persons who have moved out of the area since.
func (db *DB) PaidLines(ctx context.Context, who access.Actor, r roster.Roster, atOnce int) iter.Seq2[roster.Line, error] {
	return func(yield func(roster.Line, error) bool) {
		for after, more := 0, true; more; {
			read := 0
			for line, err := range ahead(db.paidPage(ctx, who, r, after, atOnce), atOnce) {
				if !yield(line, err) || err != nil {
					return
				}
				after = line.Seq
				read++
			}
			more = read == atOnce
		}
	}
}

// paidPage are so many of them behind one. Both tables are read in the order of their keys, so that the first line comes at once.
func (db *DB) paidPage(ctx context.Context, who access.Actor, r roster.Roster, after, limit int) iter.Seq2[roster.Line, error] {
	return func(yield func(roster.Line, error) bool) {
		err := db.readIn(ctx, who, bounds{everything, everything}, counting, paging, func(b *pgx.Batch) {
			b.Queue("SELECT "+rosterLineColumns+`, b.name, b.id_number, b.holder, b.account, b.card_id, b.card_number, coalesce(b.category, 0), b.town, b.village, b.programme
				FROM roster_lines l JOIN bank_lines b ON b.roster_id = l.roster_id AND b.seq = l.seq
				WHERE l.roster_id = $1 AND l.seq > $2 ORDER BY l.seq LIMIT $3`, r.ID, after, limit).Query(func(rows pgx.Rows) error { return db.scanPaid(rows, yield) })
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(roster.Line{}, fmt.Errorf("read the lines of a roster: %w", err))
		}
	}
}

// errEnough ends the reading of rows that nobody wants any more.
var errEnough = errors.New("enough")

// scanPaid gives each line of a page. There may be many, so what they are read into is made once.
func (db *DB) scanPaid(rows pgx.Rows, yield func(roster.Line, error) bool) error {
	var l roster.Line
	var payee, card *uuid.UUID
	var id, account, number pgtype.DriverBytes
	fields := append(lineFields(&l, &payee), &l.PersonName, &id, &l.Holder, &account, &card, &number, &l.Category, &l.Town, &l.Village, &l.ProgrammeName)
	for rows.Next() {
		if err := rows.Scan(fields...); err != nil {
			return err
		}
		l.PayeeID = orZero(payee)
		person, where := opener{ring: db.Ring, table: "persons", row: l.PersonID}, opener{ring: db.Ring, table: "payees", row: l.PayeeID}
		cards := opener{ring: db.Ring, table: "certificates", row: orZero(card)}
		l.IDNumber, l.Account, l.Certificate = person.open("id_number", id), where.open("account", account), cards.open("number", number)
		if err := errors.Join(person.err, where.err, cards.err); err != nil {
			return err
		}
		if !yield(l, nil) {
			return errEnough
		}
	}
	return rows.Err()
}

// LinesBySeq reads lines of a roster with their accounts, to hold the bank's answer against them.
func (tx *Tx) LinesBySeq(ctx context.Context, id uuid.UUID, seqs []int) (map[int]roster.Line, error) {
	found := map[int]roster.Line{}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT "+rosterLineColumns+`, y.account`+returnedColumns+` FROM roster_lines l JOIN payees y ON y.id = l.payee_id`+returned+`
			WHERE l.roster_id = $1 AND l.seq = ANY($2) AND l.hold = ''`, id, seqs).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var l roster.Line
				var payee *uuid.UUID
				var sealed []byte
				if err := rows.Scan(append(lineFields(&l, &payee), &sealed, &l.ReturnedOn, &l.ReturnDocument)...); err != nil {
					return err
				}
				l.PayeeID = orZero(payee)
				o := opener{ring: tx.db.Ring, table: "payees", row: l.PayeeID}
				if l.Account = o.open("account", sealed); o.err != nil {
					return o.err
				}
				found[l.Seq] = l
			}
			return rows.Err()
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read the lines of a roster: %w", err)
	}
	return found, nil
}

// Outcome is what the bank did with one line.
type Outcome struct {
	Seq     int
	Paid    bool
	Failure string
}

// RecordOutcomes writes what the bank did. The months of a failed payment are owed again.
func (tx *Tx) RecordOutcomes(ctx context.Context, id uuid.UUID, outcomes []Outcome) error {
	seqs, states, failures := []int{}, []string{}, []string{}
	for _, o := range outcomes {
		state := "failed"
		if o.Paid {
			state = "paid"
		}
		seqs, states, failures = append(seqs, o.Seq), append(states, state), append(failures, o.Failure)
	}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`UPDATE roster_lines l SET state = u.state, failure = u.failure, answered_at = $5 FROM unnest($2::int[], $3::text[], $4::text[]) AS u (seq, state, failure)
			WHERE l.roster_id = $1 AND l.seq = u.seq AND l.state = 'sent'`, id, seqs, states, failures, tx.Now)
		b.Queue(`UPDATE payments p SET live = false FROM roster_lines l
			WHERE l.roster_id = $1 AND l.seq = ANY($2) AND l.state = 'failed' AND p.roster_id = l.roster_id AND p.person_id = l.person_id
				AND p.programme = l.programme AND p.live`, id, seqs)
		// in the order in which everybody holds accounts
		b.Queue(`SELECT FROM open_months o WHERE (o.person_id, o.programme) IN (SELECT CASE WHEN g.into_id IS NULL THEN p.person_id ELSE g.into_id END, p.programme
			FROM payments p LEFT JOIN merged_persons g ON g.person_id = p.person_id WHERE p.roster_id = $1 AND NOT p.live) ORDER BY o.person_id, o.programme FOR UPDATE`, id)
		b.Queue(`UPDATE open_months o SET open_from = least(o.open_from, f.month)
			FROM (SELECT coalesce(g.into_id, p.person_id) AS person_id, p.programme, min(p.month) AS month
				FROM payments p LEFT JOIN merged_persons g ON g.person_id = p.person_id WHERE p.roster_id = $1 AND NOT p.live GROUP BY 1, 2) f
			WHERE o.person_id = f.person_id AND o.programme = f.programme`, id)
	})
	if err != nil {
		return fmt.Errorf("record what the bank did: %w", err)
	}
	return nil
}

// ReturnLine writes that a paid line has come back: its months are owed again, and the next roster looks at them.
func (tx *Tx) ReturnLine(ctx context.Context, l roster.Line) error {
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`INSERT INTO returned_payments (id, roster_id, seq, area_code, returned_on, document, reason, recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5::date, $6, $7, $8, $9)`,
			tx.db.NewID(), l.RosterID, l.Seq, string(l.Area), l.ReturnedOn.String(), l.ReturnDocument, l.Failure, tx.Now, tx.Who.AccountID)
		b.Queue("UPDATE roster_lines SET state = 'failed', failure = $3, answered_at = $4 WHERE roster_id = $1 AND seq = $2", l.RosterID, l.Seq, l.Failure, tx.Now)
		b.Queue("UPDATE payments SET live = false WHERE roster_id = $1 AND person_id = $2 AND programme = $3", l.RosterID, l.PersonID, l.Programme)
		b.Queue(`INSERT INTO open_months (person_id, programme, open_from)
			SELECT CASE WHEN g.into_id IS NULL THEN p.person_id ELSE g.into_id END, p.programme, min(p.month)
			FROM payments p LEFT JOIN merged_persons g ON g.person_id = p.person_id WHERE p.roster_id = $1 AND p.person_id = $2 AND p.programme = $3 GROUP BY 1, 2
			ON CONFLICT (person_id, programme) DO UPDATE SET open_from = least(open_months.open_from, excluded.open_from)`, l.RosterID, l.PersonID, l.Programme)
	})
	if err != nil {
		return fmt.Errorf("record what came back: %w", err)
	}
	return nil
}

// EverMerged lists somebody and all with whom he is or was one person in the register: what was kept back from one of them may stand with another.
func (tx *Tx) EverMerged(ctx context.Context, person uuid.UUID) (ids []uuid.UUID, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`WITH RECURSIVE who (id) AS (
				SELECT $1::uuid UNION SELECT CASE WHEN m.merged_id = w.id THEN m.person_id ELSE m.merged_id END
				FROM who w JOIN person_merges m ON m.merged_id = w.id OR m.person_id = w.id
			) SELECT id FROM who ORDER BY id`, person).Query(func(rows pgx.Rows) (err error) {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list who was one person: %w", err)
	}
	return ids, nil
}

// Deduction is what a line of a roster that was just paid has kept back from somebody.
type Deduction struct {
	PersonID  uuid.UUID
	Programme string
	Month     calendar.Month // the last that the line pays
	Fen       money.Fen
}

// PaidOf lists the persons of lines, and what was kept back from them; for one who is merged into another, that one.
func (tx *Tx) PaidOf(ctx context.Context, id uuid.UUID, seqs []int) (persons []uuid.UUID, kept []Deduction, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`SELECT coalesce(g.into_id, l.person_id), l.programme, (SELECT max(p.month) FROM payments p WHERE p.roster_id = l.roster_id AND p.person_id = l.person_id
					AND p.programme = l.programme), l.deduction_fen
				FROM roster_lines l LEFT JOIN merged_persons g ON g.person_id = l.person_id
				WHERE l.roster_id = $1 AND l.seq = ANY($2) AND l.state = 'paid' ORDER BY l.person_id`, id, seqs).
			Query(func(rows pgx.Rows) error {
				for rows.Next() {
					var d Deduction
					if err := rows.Scan(&d.PersonID, &d.Programme, &d.Month, &d.Fen); err != nil {
						return err
					}
					persons = append(persons, d.PersonID)
					if d.Fen > 0 {
						kept = append(kept, d)
					}
				}
				return rows.Err()
			})
	})
	return persons, kept, err
}

const unanswered = "SELECT count(*) FROM roster_lines WHERE roster_id = $1 AND state = 'sent'"

// Unanswered counts the lines of a roster for which the bank has said nothing yet.
func (tx *Tx) Unanswered(ctx context.Context, id uuid.UUID) (n int, err error) {
	err = tx.sql.QueryRowContext(ctx, unanswered, id).Scan(&n)
	return n, err
}

// Unanswered counts the lines of a roster for which the bank has said nothing yet.
func (db *DB) Unanswered(ctx context.Context, who access.Actor, id uuid.UUID) (n int, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(unanswered, id).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
	})
	if err != nil {
		return 0, fmt.Errorf("count the lines without an answer: %w", err)
	}
	return n, nil
}

// SettleKeptBack notes that lines are paid of which all is kept back, and lists them: the bank has nothing to pay of them, so nobody waits for it.
func (tx *Tx) SettleKeptBack(ctx context.Context, id uuid.UUID) (seqs []int, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("UPDATE roster_lines SET state = 'paid', answered_at = $2 WHERE roster_id = $1 AND state IN ('due', 'sent') AND net_fen = 0 RETURNING seq", id, tx.Now).
			Query(func(rows pgx.Rows) (err error) {
				seqs, err = pgx.CollectRows(rows, pgx.RowTo[int])
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("settle the lines that are kept back: %w", err)
	}
	return seqs, nil
}

// MarkSent notes on every other paid line that the bank has it.
func (tx *Tx) MarkSent(ctx context.Context, id uuid.UUID) error {
	if _, err := tx.sql.ExecContext(ctx, "UPDATE roster_lines SET state = 'sent' WHERE roster_id = $1 AND state = 'due'", id); err != nil {
		return fmt.Errorf("mark lines as sent: %w", err)
	}
	return nil
}
