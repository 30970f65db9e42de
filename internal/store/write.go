package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
)

// Tx is one signed transaction: it knows who writes and why, and has one time.
type Tx struct {
	db   *DB
	conn *sql.Conn
	sql  *sql.Tx
	gorm *gorm.DB
	Who  access.Actor
	Now  time.Time
	// PackID is the pack in force, which stays in force until this transaction ends. Zero where there is none.
	PackID     uuid.UUID
	closed     time.Time // the last instant that was closed, zero where none was
	events     []Event   // emitted and not yet written
	everywhere bool      // inside Everywhere
	// areas are those of persons who are held by this transaction, or come to be in it: nobody else moves them. Taking reads them while
	// another portion is written, so what is written meanwhile must not hold or move anybody.
	areas map[uuid.UUID]area.Code
	after []func(context.Context) // what follows once it is committed, and needs a place of its own
}

// Write runs fn in one transaction signed with who and action (the why). The database refuses unsigned writes and
// audits signed ones. Inside Once, Write joins the transaction that also keeps the answer.
func (db *DB) Write(ctx context.Context, who access.Actor, action string, fn func(*Tx) error) error {
	return db.join(ctx, who, func(tx *Tx) error {
		if err := tx.sign(ctx, action, "done", uuid.Nil, nil, tx.keepRules); err != nil {
			return err
		}
		tx.afterClosed()
		return tx.recorded(ctx, fn)
	})
}

// Tried is Write for what is only tried: nothing of it stays, and where it joins a transaction what that has written does.
func (db *DB) Tried(ctx context.Context, who access.Actor, action string, fn func(*Tx) error) error {
	return db.join(ctx, who, func(tx *Tx) error {
		if _, err := tx.sql.ExecContext(ctx, "SAVEPOINT tried"); err != nil {
			return fmt.Errorf("begin to try: %w", err)
		}
		tried := db.Write(context.WithValue(ctx, txKey{}, tx), who, action, fn)
		if _, err := tx.sql.ExecContext(ctx, "ROLLBACK TO SAVEPOINT tried"); err != nil {
			return errors.Join(tried, fmt.Errorf("take back what was tried: %w", err))
		}
		return tried
	})
}

// WriteRules is Write for a change of the rules themselves: no other write runs beside it, because what others derive
// has to be by the old rules and before, or by the new ones and after. It reaches the whole register, whoever writes.
func (db *DB) WriteRules(ctx context.Context, who access.Actor, action string, fn func(*Tx) error) error {
	return db.join(ctx, who, func(tx *Tx) error {
		if err := tx.sign(ctx, action, "done", uuid.Nil, nil, tx.changeRules); err != nil {
			return err
		}
		tx.afterClosed()
		if err := tx.AllowLong(ctx); err != nil {
			return err
		}
		return tx.recorded(ctx, fn)
	})
}

// join is the transaction that the context is in, or a new one.
func (db *DB) join(ctx context.Context, who access.Actor, fn func(*Tx) error) error {
	if outer, ok := ctx.Value(txKey{}).(*Tx); ok && outer.db == db {
		return fn(outer)
	}
	return db.transact(ctx, who, fn)
}

// keepRules holds the rules as they are until the transaction ends, and says which they are.
func (tx *Tx) keepRules(batch *pgx.Batch) {
	batch.Queue("SELECT pg_advisory_xact_lock_shared" + rulesLock)
	batch.Queue("SELECT id" + activePack).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(&tx.PackID)
		}
		return rows.Err()
	})
	tx.findClosed(batch)
}

func (tx *Tx) findClosed(batch *pgx.Batch) {
	batch.Queue("SELECT max(at) FROM closed_instants").QueryRow(func(row pgx.Row) error {
		var at *time.Time
		err := row.Scan(&at)
		tx.closed = orZero(at)
		return err
	})
}

// recorded runs fn and writes the events of what it did.
func (tx *Tx) recorded(ctx context.Context, fn func(*Tx) error) error {
	tx.events = nil // of an earlier write in this transaction that failed and was got over
	if err := fn(tx); err != nil {
		return err
	}
	return tx.WriteEvents(ctx)
}

// WriteEvents writes what was emitted so far. It is done at the end of each write; who emits tens of thousands does it on the way.
func (tx *Tx) WriteEvents(ctx context.Context) error {
	if len(tx.events) == 0 {
		return nil
	}
	events, err := tx.takeEvents()
	if err != nil {
		return err
	}
	if err := tx.Batch(ctx, events); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return nil
}

// afterClosed moves the time of a transaction behind the last closed instant: it may have begun before, and waited.
func (tx *Tx) afterClosed() {
	if !tx.closed.IsZero() && !tx.Now.After(tx.closed) {
		tx.Now = tx.closed.UTC().Add(time.Microsecond)
	}
}

// changeRules waits until nobody holds the rules, and opens the whole register.
func (tx *Tx) changeRules(batch *pgx.Batch) {
	batch.Queue("SELECT set_config('lock_timeout', '30s', true)")
	batch.Queue("SELECT pg_advisory_xact_lock" + rulesLock)
	batch.Queue("SELECT set_config('lock_timeout', '2s', true), set_config('zhucan.area', ':', true)")
	tx.findClosed(batch)
}

// Refused records an attempt that was turned away, in a transaction of its own.
func (db *DB) Refused(ctx context.Context, who access.Actor, action string, subject uuid.UUID, detail map[string]any) error {
	return db.transact(ctx, who, func(tx *Tx) error { return tx.sign(ctx, action, "refused", subject, detail, nil) })
}

type txKey struct{}

// Joins reports whether what is written under ctx belongs to a transaction that is still open, as a request with an Idempotency-Key has.
func (db *DB) Joins(ctx context.Context) bool {
	outer, ok := ctx.Value(txKey{}).(*Tx)
	return ok && outer.db == db
}

// place waits until another transaction may begin. One inside another goes with its place, and waits for nobody.
func (db *DB) place(ctx context.Context) (leave func(), err error) {
	if db.Joins(ctx) {
		return func() {}, nil
	}
	return turn(ctx, db.writing)
}

func (db *DB) transact(ctx context.Context, who access.Actor, fn func(*Tx) error) error {
	after, err := db.commit(ctx, who, fn)
	for _, do := range after {
		do(ctx)
	}
	return err
}

// commit runs fn in a transaction, and says what follows once that is committed.
func (db *DB) commit(ctx context.Context, who access.Actor, fn func(*Tx) error) (after []func(context.Context), err error) {
	leave, err := db.place(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return nil, translate(fmt.Errorf("take a connection: %w", err))
	}
	defer conn.Close()
	sqlTx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return nil, translate(fmt.Errorf("begin: %w", err))
	}
	defer sqlTx.Rollback() // after a commit it does nothing
	g := db.gorm.Session(&gorm.Session{NewDB: true, Context: ctx})
	g.Statement.ConnPool = sqlTx
	tx := &Tx{db: db, conn: conn, sql: sqlTx, gorm: g, Who: who, Now: db.Now().UTC().Truncate(time.Microsecond), areas: map[uuid.UUID]area.Code{}}
	if err := fn(tx); err != nil {
		return nil, translate(err)
	}
	if err := sqlTx.Commit(); err != nil {
		return nil, translate(fmt.Errorf("commit: %w", err))
	}
	return tx.after, nil
}

// sign opens the audit entry and sets the area. Counting bounds are open: deriving a standing writes all its past areas.
// also is what else has to come first.
func (tx *Tx) sign(ctx context.Context, action, outcome string, subject uuid.UUID, detail map[string]any, also Query) error {
	text, err := json.Marshal(detail)
	if err != nil || detail == nil {
		text = []byte("{}")
	}
	b := boundsOf(tx.Who)
	b.counts = everything
	return tx.Batch(ctx, func(batch *pgx.Batch) {
		tx.db.enter(batch, tx.Who, b)
		batch.Queue("SELECT audit_sign($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", tx.db.NewID(), tx.Now, orNull(tx.Who.AccountID),
			orNull(tx.Who.SessionID), string(tx.Who.Role), string(tx.Who.Area), action, orNull(subject), outcome, tx.Who.RequestID, text)
		if also != nil {
			also(batch)
		}
	})
}

// Describe adds to the audit entry what it is about, and writes the events so far in the same round trip.
func (tx *Tx) Describe(ctx context.Context, subject uuid.UUID, detail map[string]any) error {
	for _, name := range []string{"reason", "purpose", "sender"} { // somebody's own words, and the auditor's to read
		if words, given := detail[name].(string); given {
			detail[name] = idnum.MaskNumbers(words)
		}
	}
	text, err := json.Marshal(detail)
	if err != nil || detail == nil {
		text = []byte("{}")
	}
	events, err := tx.takeEvents()
	if err != nil {
		return err
	}
	return tx.Batch(ctx, func(b *pgx.Batch) { b.Queue("SELECT audit_describe($1, $2)", orNull(subject), text) }, events)
}

// Batch runs queries on the transaction's connection in one round trip.
func (tx *Tx) Batch(ctx context.Context, queries ...Query) error {
	return tx.conn.Raw(func(driver any) error {
		batch := &pgx.Batch{}
		for _, q := range queries {
			q(batch)
		}
		return driver.(*stdlib.Conn).Conn().SendBatch(ctx, batch).Close()
	})
}

// afresh makes the planner plan a query for the tables as they are: a bulk load fills tables, and a plan from when they were empty scans
// all of them for each row. Only for queries that read: checks of foreign keys would be planned anew for each row, too.
func afresh(query Query) Query {
	return func(b *pgx.Batch) {
		b.Queue("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
		query(b)
		b.Queue("SELECT set_config('plan_cache_mode', 'auto', true)")
	}
}

// asKept runs a query by its generic plan, where planning it takes longer than running it.
func asKept(query Query) Query {
	return func(b *pgx.Batch) {
		b.Queue("SELECT set_config('plan_cache_mode', 'force_generic_plan', true)")
		query(b)
		b.Queue("SELECT set_config('plan_cache_mode', 'auto', true)")
	}
}

// AllowLong raises the time bound of this transaction's statements, for imports and rebuilds.
func (tx *Tx) AllowLong(ctx context.Context) error {
	_, err := tx.sql.ExecContext(ctx, "SELECT set_config('statement_timeout', '300s', true), set_config('idle_in_transaction_session_timeout', '300s', true)")
	return err
}

// RefreshStatistics lets the planner know what a bulk load has changed.
func (tx *Tx) RefreshStatistics(ctx context.Context) error {
	if _, err := tx.sql.ExecContext(ctx, "SELECT refresh_statistics(), refresh_worklist_statistics()"); err != nil {
		return fmt.Errorf("refresh statistics: %w", err)
	}
	return nil
}

func orNull(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// Answer is what was given to a request, kept to be given again.
type Answer struct {
	Status int
	ETag   string
	Body   []byte
	Kept   []byte // what a repeat gets instead, where Body has what is shown once; nil: Body
}

// Once runs fn at most once for an account and key. A second request with the same hash gets the first answer, one with another hash is
// refused; of two at the same time the later waits for the earlier. The answer is written in the transaction that does the work, so a
// rolled-back attempt can be tried again. Requests hold passwords and numbers, so their hash is kept under a key: a plain one could be found
// by trying one request after the other.
func (db *DB) Once(ctx context.Context, who access.Actor, key string, hash []byte, fn func(context.Context) (Answer, error)) (Answer, error) {
	var answer Answer
	hash = db.Ring.BlindIndex("request", string(hash))
	err := db.transact(ctx, who, func(tx *Tx) error {
		inserted, err := tx.sql.ExecContext(ctx, `INSERT INTO idempotency_keys (account_id, key, request_hash, created_at)
			VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, who.AccountID, key, hash, tx.Now)
		if err != nil {
			return fmt.Errorf("claim an idempotency key: %w", err)
		}
		if n, _ := inserted.RowsAffected(); n == 0 {
			answer, err = tx.givenAnswer(ctx, key, hash)
			return err
		}
		if answer, err = fn(context.WithValue(ctx, txKey{}, tx)); err != nil {
			return err
		}
		return tx.keepAnswer(ctx, key, answer)
	})
	return answer, err
}

// keepAnswer stores what a repeat gets, sealed as a whole: an answer may hold what the rows that it shows seal column by column.
func (tx *Tx) keepAnswer(ctx context.Context, key string, a Answer) error {
	kept := a.Body
	if a.Kept != nil {
		kept = a.Kept
	}
	sealed, err := tx.db.Ring.Seal("idempotency_keys", "body", answerRow(tx.Who.AccountID, key), string(kept))
	if err != nil {
		return err
	}
	_, err = tx.sql.ExecContext(ctx, `UPDATE idempotency_keys SET status = $3, etag = $4, body = $5
		WHERE account_id = $1 AND key = $2`, tx.Who.AccountID, key, a.Status, a.ETag, sealed)
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}

// answerRow is the id to which an answer is sealed, as the row of an idempotency key has none.
func answerRow(account uuid.UUID, key string) uuid.UUID { return uuid.NewSHA1(account, []byte(key)) }

func (tx *Tx) givenAnswer(ctx context.Context, key string, hash []byte) (Answer, error) {
	var a Answer
	var first, sealed []byte
	err := tx.sql.QueryRowContext(ctx, `SELECT request_hash, status, etag, body FROM idempotency_keys
		WHERE account_id = $1 AND key = $2`, tx.Who.AccountID, key).Scan(&first, &a.Status, &a.ETag, &sealed)
	if err != nil {
		return a, fmt.Errorf("read an earlier answer: %w", err)
	}
	if string(first) != string(hash) {
		return a, fault.New(fault.Invalid, "IDEMPOTENCY_KEY_REUSED", "这次提交此前已经办理，内容却与那次不同；请先查看办理结果，仍需办理的再提交一次", "this Idempotency-Key was used for another request; look at what became of that one first")
	}
	body, err := tx.db.Ring.Open("idempotency_keys", "body", answerRow(tx.Who.AccountID, key), sealed)
	if err != nil {
		return a, fmt.Errorf("open an earlier answer: %w", err)
	}
	a.Body = []byte(body)
	return a, nil
}

// ForgetAnswers removes answers that were kept before an instant, no more than most of them, and says how many.
func (db *DB) ForgetAnswers(ctx context.Context, before time.Time, most int) (int64, error) {
	done, err := db.pool.Exec(ctx, `DELETE FROM idempotency_keys k USING (SELECT account_id, key FROM idempotency_keys WHERE created_at < $1
		ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED) o WHERE k.account_id = o.account_id AND k.key = o.key`, before, most)
	if err != nil {
		return 0, translate(fmt.Errorf("forget answers: %w", err))
	}
	return done.RowsAffected(), nil
}

var errNotOneRow = errors.New("exactly one row should have changed")

// changedMeanwhile is the answer to a change of what somebody else was first to change.
var changedMeanwhile = fault.New(fault.Conflict, "CHANGED_MEANWHILE", "记录已被他人修改，请刷新后重试", "somebody else changed this record")

// exactlyOne turns an update that met nobody into a conflict: somebody else was first.
func exactlyOne(rows int, err error) error {
	if err != nil {
		return err
	}
	if rows != 1 {
		return changedMeanwhile.Wrap(errNotOneRow)
	}
	return nil
}
