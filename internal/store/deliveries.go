package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
)

// Claim is the right to send to one webhook, for a time. It is renewed with each delivery that is recorded.
type Claim struct {
	Webhook
	Token  uuid.UUID
	Secret string
}

// claimed finds a webhook with something to send that nobody sends to: something is due to be tried again, or an event lies behind
// the cursor and none before it is being tried. Of several it is the one that was looked after the longest time ago.
const claimed = `UPDATE webhook_progress SET claimed_by = $1, claimed_until = clock_timestamp() + $2 WHERE webhook_id = (
	SELECT p.webhook_id FROM webhook_progress p JOIN webhooks w ON w.id = p.webhook_id
	WHERE w.deleted_at IS NULL AND NOT w.paused AND (p.claimed_until IS NULL OR p.claimed_until < clock_timestamp())
	  AND (EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.next_at <= $3)
	    OR p.cursor < events_horizon() AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.seq > p.cursor))
	ORDER BY p.claimed_until NULLS FIRST, p.webhook_id LIMIT 1 FOR UPDATE OF p SKIP LOCKED)`

// ClaimWebhook claims a webhook to which something is to be sent, if there is one. Claims go by the database's clock, whatever the
// time of the service is: they guard against processes, not for people.
func (db *DB) ClaimWebhook(ctx context.Context, lasts time.Duration) (c Claim, found bool, err error) {
	c.Token = db.NewID()
	var sealed []byte
	err = db.Read(ctx, access.SystemActor(), func(b *pgx.Batch) {
		b.Queue(claimed, c.Token, lasts, db.Now())
		b.Queue(`SELECT w.id, w.area_code, w.url, w.types, w.secret, p.cursor FROM webhooks w JOIN webhook_progress p ON p.webhook_id = w.id
			WHERE p.claimed_by = $1`, c.Token).QueryRow(func(row pgx.Row) error {
			err := row.Scan(&c.ID, &c.Area, &c.URL, &c.Types, &sealed, &c.Cursor)
			if found = err == nil; errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			return err
		})
	})
	if err != nil || !found {
		return c, false, err
	}
	c.Secret, err = db.Ring.Open("webhooks", "secret", c.ID, sealed)
	if err != nil {
		return c, true, fmt.Errorf("open the secret of webhook %s: %w", c.ID, err)
	}
	return c, true, nil
}

// ReleaseWebhook gives a claim back.
func (db *DB) ReleaseWebhook(ctx context.Context, c Claim) error {
	_, err := db.pool.Exec(ctx, "UPDATE webhook_progress SET claimed_by = NULL, claimed_until = clock_timestamp() WHERE webhook_id = $1 AND claimed_by = $2", c.ID, c.Token)
	if err != nil {
		return translate(fmt.Errorf("give a webhook back: %w", err))
	}
	return nil
}

// Outgoing is an event on its way to a webhook.
type Outgoing struct {
	Event
	Delivery uuid.UUID // zero before the first attempt
	Attempts int       // that failed
	Again    bool      // it was given up before, and others have gone out since
}

// Outgoing lists what is to be sent to a claimed webhook now, in order: what was revived, then the event that is being tried if its
// time has come, or else the next events. covered is how far the cursor may go when all of it is done; it is zero while one is
// being tried.
func (db *DB) Outgoing(ctx context.Context, c Claim, limit int) (list []Outgoing, covered int64, err error) {
	scan := func(rows pgx.Rows) error {
		for rows.Next() {
			var o Outgoing
			var person *uuid.UUID
			if err := rows.Scan(&o.ID, &o.Seq, &o.Type, &o.Subject, &person, &o.Area, &o.OccurredAt, &o.Data, &o.Delivery, &o.Attempts); err != nil {
				return err
			}
			o.Person, o.Again = orZero(person), o.Seq <= c.Cursor
			list = append(list, o)
		}
		return rows.Err()
	}
	const event = `SELECT e.id, e.seq, e.type, e.subject_id, e.person_id, e.area_code, e.occurred_at, e.data, `
	lo, hi := c.Area.Range()
	trying := false
	err = db.Read(ctx, access.SystemActor(), func(b *pgx.Batch) {
		b.Queue("SELECT events_horizon(), EXISTS (SELECT FROM webhook_deliveries WHERE webhook_id = $1 AND state = 'pending' AND seq > $2)", c.ID, c.Cursor).
			QueryRow(func(row pgx.Row) error { return row.Scan(&covered, &trying) })
		b.Queue(event+`d.id, d.attempts FROM webhook_deliveries d JOIN events e ON e.id = d.event_id WHERE d.webhook_id = $1 AND d.state = 'pending'
			AND d.next_at <= $2 ORDER BY e.seq LIMIT $3`, c.ID, db.Now(), limit).Query(scan)
		b.Queue(event+`'00000000-0000-0000-0000-000000000000'::uuid, 0 FROM events e WHERE e.seq > $1 AND e.area_code >= $2 AND e.area_code < $3 AND e.type = ANY($4)
			AND NOT EXISTS (SELECT FROM webhook_deliveries WHERE webhook_id = $5 AND state = 'pending' AND seq > $1) ORDER BY e.seq LIMIT $6`,
			c.Cursor, lo, hi, c.Types, c.ID, limit).Query(scan)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read what is to be sent: %w", err)
	}
	if n := len(list); trying || n >= limit {
		covered = 0
	} else if n > 0 {
		covered = max(covered, list[n-1].Seq)
	}
	return list, covered, nil
}

// ErrClaimLost says that a claim has run out and somebody else may be sending.
var ErrClaimLost = errors.New("the claim of a webhook has run out")

// Attempt is what came of sending an event once.
type Attempt struct {
	Outgoing
	State  string // as in Delivery
	At     time.Time
	NextAt time.Time
	Status int
	Error  string
}

// renewed moves the cursor of a claimed webhook on and renews the claim; without the claim it changes nothing, and nor does what
// rests on it.
const renewed = `UPDATE webhook_progress SET cursor = greatest(cursor, $3), claimed_until = clock_timestamp() + $4
	WHERE webhook_id = $1 AND claimed_by = $2 AND claimed_until > clock_timestamp() RETURNING webhook_id`

// RecordAttempt keeps what came of an attempt. An event that was delivered or given up is behind the cursor from then on. stopped
// says that the webhook was paused or deleted meanwhile.
func (db *DB) RecordAttempt(ctx context.Context, c Claim, a Attempt, lasts time.Duration) (stopped bool, err error) {
	upTo := a.Seq
	if a.State == "pending" {
		upTo = 0
	}
	err = db.pool.QueryRow(ctx, `WITH held AS (`+renewed+`), kept AS (
		INSERT INTO webhook_deliveries (id, webhook_id, event_id, seq, type, state, attempts, next_at, status, error, first_at, last_at)
		SELECT $5, webhook_id, $6, $7, $8, $9, $10, $11, nullif($12::smallint, 0), $13, $14, $14 FROM held
		ON CONFLICT (webhook_id, seq) DO UPDATE SET state = excluded.state, attempts = excluded.attempts, next_at = excluded.next_at,
			status = excluded.status, error = excluded.error, last_at = excluded.last_at RETURNING webhook_id)
		SELECT w.paused OR w.deleted_at IS NOT NULL FROM kept JOIN webhooks w ON w.id = kept.webhook_id`,
		c.ID, c.Token, upTo, lasts, db.NewID(), a.ID, a.Seq, a.Type, a.State, a.Attempts, instantOrNull(a.NextAt), a.Status, a.Error, a.At).Scan(&stopped)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, ErrClaimLost
	}
	if err != nil {
		return false, translate(fmt.Errorf("record a delivery: %w", err))
	}
	return stopped, nil
}

// SkipTo moves the cursor of a claimed webhook behind events that it has not asked for.
func (db *DB) SkipTo(ctx context.Context, c Claim, seq int64, lasts time.Duration) error {
	done, err := db.pool.Exec(ctx, renewed, c.ID, c.Token, seq, lasts)
	if err != nil {
		return translate(fmt.Errorf("move a webhook on: %w", err))
	}
	if done.RowsAffected() == 0 {
		return ErrClaimLost
	}
	return nil
}

// ForgetDeliveries removes what was delivered before an instant. What was given up stays.
func (db *DB) ForgetDeliveries(ctx context.Context, before time.Time) (int64, error) {
	done, err := db.pool.Exec(ctx, "DELETE FROM webhook_deliveries WHERE state = 'delivered' AND last_at < $1", before)
	if err != nil {
		return 0, translate(fmt.Errorf("forget deliveries: %w", err))
	}
	return done.RowsAffected(), nil
}
