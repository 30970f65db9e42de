package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
)

// How many cases an account decides within a time before the auditor hears of it, and after which time he hears of it again. Nobody reads a case
// in six seconds; one who goes through many that he has read before comes to as much, so nobody is kept from going on. (choice)
const (
	manyDecided   = 10
	decidedWithin = time.Minute
	fastAgain     = time.Hour
)

const decidedFast = "applications.decided_fast"

// decisionsSQL counts the decisions of an account since $2, and says whether that is more than $3 and stands in no entry since $4. Both look at
// the account's last entries by their index and no further: at a hundred beside each decision, and at more only once there are too many.
const decisionsSQL = `SELECT n, CASE WHEN n > $3 THEN NOT EXISTS (SELECT FROM (SELECT action, at FROM audit_entries WHERE account_id = $1 AND seq > 0 ORDER BY seq DESC LIMIT 2000) e
		WHERE e.action = '` + decidedFast + `' AND e.at > $4) ELSE false END
	FROM (SELECT count(*) AS n FROM (SELECT action, outcome, at FROM audit_entries WHERE account_id = $1 AND seq > 0 ORDER BY seq DESC LIMIT 100) e
		WHERE e.action IN ('application.approve', 'application.return', 'application.reject') AND e.outcome = 'done' AND e.at > $2) d`

// decisions asks for them, at an instant.
func decisions(b *pgx.Batch, account uuid.UUID, at time.Time) (fast func() (n int, untold bool)) {
	var found int
	var untold bool
	b.Queue(decisionsSQL, account, at.Add(-decidedWithin), manyDecided, at.Add(-fastAgain)).QueryRow(func(row pgx.Row) error { return row.Scan(&found, &untold) })
	return func() (int, bool) { return found, untold }
}

// Decided notes, once the decision of a case is committed, that its account decides too fast to read what it decides. The database counts, so it is
// the same in however many processes; a decision that is not committed yet counts when it is.
func (tx *Tx) Decided() {
	db, who := tx.db, tx.Who
	tx.after = append(tx.after, func(ctx context.Context) {
		if err := db.decided(ctx, who); err != nil {
			db.Log.ErrorContext(ctx, "fast deciding was not recorded", "err", err, "request_id", who.RequestID)
		}
	})
}

func (db *DB) decided(ctx context.Context, who access.Actor) error {
	if who.AccountID == uuid.Nil {
		return nil
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), noteLimit)
	defer done()
	batch := &pgx.Batch{}
	fast := decisions(batch, who.AccountID, db.Now())
	if err := db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	if _, untold := fast(); !untold {
		return nil
	}
	return db.transact(ctx, who, func(tx *Tx) error {
		if err := tx.Batch(ctx, func(b *pgx.Batch) {
			b.Queue("SELECT pg_advisory_xact_lock" + fastLock)
			fast = decisions(b, who.AccountID, tx.Now)
		}); err != nil {
			return err
		}
		n, untold := fast()
		if !untold {
			return nil
		}
		db.Log.WarnContext(ctx, "an account decides cases unusually fast", "account", who.AccountID, "decisions", n, "request_id", who.RequestID)
		return tx.sign(ctx, decidedFast, "done", uuid.Nil, map[string]any{"decisions": n, "seconds": int(decidedWithin.Seconds())}, nil)
	})
}
