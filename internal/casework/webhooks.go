package casework

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/fault"
	"zhucan/internal/store"
	"zhucan/internal/webhook"
)

// NewWebhook is a webhook as an administrator registers it.
type NewWebhook struct {
	URL   string
	Types []string
	Area  area.Code // the actor's own where empty
	After *int64    // the number of the event behind which it begins; nil: what happens from now on
}

// RegisterWebhook has events sent to an address from now on. The secret is told this once.
func (d *Desk) RegisterWebhook(ctx context.Context, who access.Actor, in NewWebhook) (w store.Webhook, secret string, err error) {
	if in.Area, err = InArea(who, in.Area); err != nil {
		return w, "", err
	}
	if err := d.checkReceiver(in.URL); err != nil {
		return w, "", err
	}
	if secret, err = webhook.NewSecret(rand.Reader); err != nil {
		return w, "", err
	}
	w = store.Webhook{ID: d.NewID(), Version: 1, Area: in.Area, URL: in.URL, Types: in.Types, Cursor: -1}
	if in.After != nil {
		w.Cursor = *in.After
	}
	err = d.write(ctx, who, "webhook.register", func(tx *store.Tx) error {
		if err := tx.InsertWebhook(ctx, w, secret); err != nil {
			return err
		}
		if w, err = tx.LockWebhook(ctx, w.ID); err != nil {
			return err
		}
		if w.Behind < 0 {
			return field("after", "CURSOR_AHEAD", "游标超前于现有数据", "the cursor is ahead of all that is there")
		}
		return tx.Describe(ctx, w.ID, map[string]any{"types": in.Types, "area": string(in.Area)})
	})
	return w, secret, err
}

func (d *Desk) checkReceiver(url string) error {
	switch err := d.Sender.CheckURL(url); {
	case errors.Is(err, webhook.ErrAddress):
		return field("url", "ADDRESS_REFUSED", "接收地址属于内部网络，未经配置不能发送", "the receiver's address is private, and its network is not among those that the operator has named")
	case err != nil:
		return field("url", "BAD_URL", "接收地址须为 http(s)://主机/路径，不含用户名、密码和#", "the address is http(s)://host/path, without user, password or fragment")
	}
	return nil
}

// ListWebhooks lists the webhooks of an area and below.
func (d *Desk) ListWebhooks(ctx context.Context, who access.Actor, asked area.Code, after uuid.UUID, limit int) ([]store.Webhook, error) {
	in, err := InArea(who, asked)
	if err != nil {
		return nil, err
	}
	return d.DB.ListWebhooks(ctx, in, after, limit)
}

// PauseWebhook stops sending to a webhook, or goes on: with the event at which it stopped, and at once.
func (d *Desk) PauseWebhook(ctx context.Context, who access.Actor, id uuid.UUID, version int, paused bool) (store.Webhook, error) {
	return d.changeWebhook(ctx, who, map[bool]string{true: "webhook.pause", false: "webhook.resume"}[paused], id, version, func(tx *store.Tx, w *store.Webhook) error {
		w.Paused = paused
		return tx.PauseWebhook(ctx, *w, paused)
	})
}

// DeleteWebhook stops sending to a webhook for good.
func (d *Desk) DeleteWebhook(ctx context.Context, who access.Actor, id uuid.UUID, version int) error {
	_, err := d.changeWebhook(ctx, who, "webhook.delete", id, version, func(tx *store.Tx, w *store.Webhook) error { return tx.DeleteWebhook(ctx, *w) })
	return err
}

func (d *Desk) changeWebhook(ctx context.Context, who access.Actor, action string, id uuid.UUID, version int,
	change func(*store.Tx, *store.Webhook) error) (w store.Webhook, err error) {
	err = d.write(ctx, who, action, func(tx *store.Tx) error {
		if w, err = tx.LockWebhook(ctx, id); err != nil {
			return err
		}
		if err := stale(w.Version, version); err != nil {
			return err
		}
		if err := change(tx, &w); err != nil {
			return err
		}
		w.Version++
		return tx.Describe(ctx, id, nil)
	})
	return w, err
}

// Deliveries lists what became of events at a webhook, the latest event first.
func (d *Desk) Deliveries(ctx context.Context, who access.Actor, webhook uuid.UUID, state string, before int64, limit int) ([]store.Delivery, error) {
	if _, err := d.DB.Webhook(ctx, who, webhook); err != nil {
		return nil, err
	}
	return d.DB.Deliveries(ctx, webhook, state, before, limit)
}

// RetryDelivery has an event sent again that was given up. It comes to the receiver behind others that are later than it.
func (d *Desk) RetryDelivery(ctx context.Context, who access.Actor, webhook, id uuid.UUID) (one store.Delivery, err error) {
	err = d.write(ctx, who, "webhook.retry", func(tx *store.Tx) error {
		if _, err := tx.LockWebhook(ctx, webhook); err != nil {
			return err
		}
		if one, err = tx.LockDelivery(ctx, webhook, id); err != nil {
			return err
		}
		if one.State != "dead" {
			return fault.New(fault.Conflict, "NOT_DEAD", "该投递未失败，无需重试", "only a delivery that was given up is tried again by hand")
		}
		if err := tx.Revive(ctx, id); err != nil {
			return err
		}
		one.State, one.Attempts, one.NextAt = "pending", 0, tx.Now
		return tx.Describe(ctx, webhook, map[string]any{"delivery_id": id, "seq": one.Seq})
	})
	return one, err
}
