package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
)

// Webhook is where events of some kinds and of an area are sent.
type Webhook struct {
	ID        uuid.UUID
	Version   int
	Area      area.Code
	URL       string
	Types     []string
	Paused    bool
	CreatedAt time.Time
	Cursor    int64     // every event up to here is done with
	Behind    int64     // events behind it that have not been looked at
	Dead      int       // deliveries that were given up
	Attempts  int       // that the next event has failed
	NextAt    time.Time // of the next attempt then
	Error     string
}

const webhooks = `SELECT w.id, w.version, w.area_code, w.url, w.types, w.paused, w.created_at, p.cursor, events_horizon() - p.cursor,
	(SELECT count(*) FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'dead'), coalesce(h.attempts, 0), h.next_at, coalesce(h.error, '')
	FROM webhooks w JOIN webhook_progress p ON p.webhook_id = w.id
	LEFT JOIN webhook_deliveries h ON h.webhook_id = w.id AND h.state = 'pending' AND h.seq > p.cursor
	WHERE w.deleted_at IS NULL AND `

func scanWebhook(row pgx.Row) (w Webhook, err error) {
	var next *time.Time
	err = row.Scan(&w.ID, &w.Version, &w.Area, &w.URL, &w.Types, &w.Paused, &w.CreatedAt, &w.Cursor, &w.Behind, &w.Dead, &w.Attempts, &next, &w.Error)
	w.NextAt = orZero(next)
	return w, err
}

// ListWebhooks lists the webhooks of an area and below, after one in order.
func (db *DB) ListWebhooks(ctx context.Context, in area.Code, after uuid.UUID, limit int) (list []Webhook, err error) {
	lo, hi := in.Range()
	rows, err := db.pool.Query(ctx, webhooks+"w.area_code >= $1 AND w.area_code < $2 AND w.id > $3 ORDER BY w.id LIMIT $4", lo, hi, after, limit)
	if err == nil {
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Webhook, error) { return scanWebhook(row) })
	}
	if err != nil {
		return nil, translate(fmt.Errorf("list webhooks: %w", err))
	}
	return list, nil
}

// Webhook reads a webhook of the actor's area.
func (db *DB) Webhook(ctx context.Context, who access.Actor, id uuid.UUID) (Webhook, error) {
	w, err := scanWebhook(db.pool.QueryRow(ctx, webhooks+"w.id = $1", id))
	if err != nil {
		return Webhook{}, translate(err)
	}
	if !who.Covers(w.Area) {
		return Webhook{}, NotFound
	}
	return w, nil
}

// InsertWebhook registers a webhook with its secret, behind a number of an event; a number below zero is all there is by now.
func (tx *Tx) InsertWebhook(ctx context.Context, w Webhook, secret string) error {
	s := sealer{ring: tx.db.Ring, table: "webhooks", row: w.ID}
	sealed := s.seal("secret", secret)
	if s.err != nil {
		return s.err
	}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("INSERT INTO webhooks (id, area_code, url, types, secret, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			w.ID, string(w.Area), w.URL, w.Types, sealed, tx.Now, orNull(tx.Who.AccountID))
		b.Queue("INSERT INTO webhook_progress (webhook_id, cursor) SELECT $1, CASE WHEN $2::bigint < 0 THEN events_horizon() ELSE $2 END", w.ID, w.Cursor)
	})
	if err != nil {
		return fmt.Errorf("register a webhook: %w", err)
	}
	return nil
}

// LockWebhook reads a webhook of the writer's area and holds it until the transaction ends.
func (tx *Tx) LockWebhook(ctx context.Context, id uuid.UUID) (w Webhook, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(webhooks+"w.id = $1 FOR UPDATE OF w", id).QueryRow(func(row pgx.Row) error { w, err = scanWebhook(row); return err })
	})
	if err == nil && !tx.Who.Covers(w.Area) {
		return Webhook{}, NotFound
	}
	return w, translate(err)
}

// PauseWebhook stops sending to a webhook, or goes on where it stopped, at once also with what waits for another attempt.
func (tx *Tx) PauseWebhook(ctx context.Context, w Webhook, paused bool) error {
	return tx.changeWebhook(ctx, w, func(b *pgx.Batch) {
		b.Queue("UPDATE webhooks SET version = version + 1, paused = $3 WHERE id = $1 AND version = $2", w.ID, w.Version, paused)
		if !paused {
			b.Queue("UPDATE webhook_deliveries SET next_at = $2 WHERE webhook_id = $1 AND state = 'pending' AND next_at > $2", w.ID, tx.Now)
		}
	})
}

// DeleteWebhook stops sending to a webhook for good.
func (tx *Tx) DeleteWebhook(ctx context.Context, w Webhook) error {
	return tx.changeWebhook(ctx, w, func(b *pgx.Batch) {
		b.Queue("UPDATE webhooks SET version = version + 1, deleted_at = $3 WHERE id = $1 AND version = $2", w.ID, w.Version, tx.Now)
	})
}

func (tx *Tx) changeWebhook(ctx context.Context, w Webhook, change Query) error {
	if err := tx.Batch(ctx, change); err != nil {
		return fmt.Errorf("change webhook %s: %w", w.ID, err)
	}
	return nil
}

// Delivery is what became of one event at one webhook.
type Delivery struct {
	ID       uuid.UUID
	EventID  uuid.UUID
	Seq      int64
	Type     string
	State    string // pending, delivered or dead
	Attempts int
	NextAt   time.Time
	Status   int // of the last answer, 0: none
	Error    string
	FirstAt  time.Time
	LastAt   time.Time
}

const deliveryColumns = `id, event_id, seq, type, state, attempts, next_at, coalesce(status, 0), error, first_at, last_at`

func scanDelivery(row pgx.Row) (d Delivery, err error) {
	var next *time.Time
	err = row.Scan(&d.ID, &d.EventID, &d.Seq, &d.Type, &d.State, &d.Attempts, &next, &d.Status, &d.Error, &d.FirstAt, &d.LastAt)
	d.NextAt = orZero(next)
	return d, err
}

// Deliveries lists deliveries of a webhook, the latest event first, before one of its number.
func (db *DB) Deliveries(ctx context.Context, webhook uuid.UUID, state string, before int64, limit int) (list []Delivery, err error) {
	rows, err := db.pool.Query(ctx, "SELECT "+deliveryColumns+` FROM webhook_deliveries WHERE webhook_id = $1 AND ($2 = '' OR state = $2)
		AND ($3::bigint = 0 OR seq < $3) ORDER BY seq DESC LIMIT $4`, webhook, state, before, limit)
	if err == nil {
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Delivery, error) { return scanDelivery(row) })
	}
	if err != nil {
		return nil, translate(fmt.Errorf("list deliveries: %w", err))
	}
	return list, nil
}

// LockDelivery reads a delivery of a webhook and holds it until the transaction ends.
func (tx *Tx) LockDelivery(ctx context.Context, webhook, id uuid.UUID) (d Delivery, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT "+deliveryColumns+" FROM webhook_deliveries WHERE webhook_id = $1 AND id = $2 FOR UPDATE", webhook, id).
			QueryRow(func(row pgx.Row) error { d, err = scanDelivery(row); return err })
	})
	return d, translate(err)
}

// Revive lets a delivery that was given up be tried again from the beginning.
func (tx *Tx) Revive(ctx context.Context, id uuid.UUID) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE webhook_deliveries SET state = 'pending', attempts = 0, next_at = $2 WHERE id = $1", id, tx.Now)
	if err != nil {
		return fmt.Errorf("revive a delivery: %w", err)
	}
	return nil
}
