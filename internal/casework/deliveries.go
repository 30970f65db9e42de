package casework

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/store"
	"zhucan/internal/webhook"
)

// backoff is how long to wait after each failure of an event. Others wait behind it meanwhile, since they go out in order; after the
// last, some 16 hours from the first attempt, it is given up and the next has its turn.
var backoff = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour}

const (
	senders       = 4                   // webhooks that a process sends to at the same time
	turn          = 50                  // events of a webhook before another has its turn
	keepDelivered = 90 * 24 * time.Hour // how long it can be looked up what was delivered
	forgetEvery   = time.Hour
)

// EventBody is an event as partners get it, in the feed and by webhook.
type EventBody struct {
	ID         uuid.UUID      `json:"id"`
	Seq        int64          `json:"seq"`
	Type       string         `json:"type"`
	SubjectID  uuid.UUID      `json:"subject_id"`
	AreaCode   string         `json:"area_code"`
	OccurredAt time.Time      `json:"occurred_at"`
	Data       map[string]any `json:"data"`
}

// BodyOf is the outward form of an event.
func BodyOf(e store.Event) EventBody {
	data := map[string]any{}
	for name, value := range e.Data {
		data[name] = value
	}
	if e.Person != uuid.Nil {
		data["person_id"] = e.Person
	}
	return EventBody{e.ID, e.Seq, e.Type, e.Subject, string(e.Area), e.OccurredAt.UTC(), data}
}

// KeepDelivering sends events to webhooks until ctx ends. Any number of processes may do so: a webhook is sent to by one at a time.
func (d *Desk) KeepDelivering(ctx context.Context, every time.Duration) {
	var work sync.WaitGroup
	for range senders {
		work.Go(func() { d.keepSending(ctx, every) })
	}
	for forget := time.NewTicker(forgetEvery); ; {
		select {
		case <-ctx.Done():
			forget.Stop()
			work.Wait()
			return
		case <-forget.C:
			if _, err := d.DB.ForgetDeliveries(ctx, d.Now().Add(-keepDelivered)); err != nil && ctx.Err() == nil {
				d.Log.WarnContext(ctx, "old deliveries could not be removed", "err", err)
			}
		}
	}
}

func (d *Desk) keepSending(ctx context.Context, every time.Duration) {
	for ctx.Err() == nil {
		sent, err := d.DeliverTurn(ctx)
		if err != nil && ctx.Err() == nil {
			d.Log.WarnContext(ctx, "events could not be sent", "err", err)
		}
		if err == nil && sent {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
}

// DeliverTurn sends to one webhook what is due there, up to a turn. It says whether there was one.
func (d *Desk) DeliverTurn(ctx context.Context) (found bool, err error) {
	c, found, err := d.DB.ClaimWebhook(ctx, d.claim())
	if !found {
		return false, err
	}
	defer func() {
		if gone := d.DB.ReleaseWebhook(context.WithoutCancel(ctx), c); gone != nil && err == nil {
			err = gone
		}
	}()
	if err != nil {
		return true, err
	}
	list, covered, err := d.DB.Outgoing(ctx, c, turn)
	if err != nil {
		return true, err
	}
	for _, o := range list {
		goOn, err := d.deliver(ctx, c, o)
		if err != nil || !goOn {
			return true, quiet(err)
		}
	}
	if covered > 0 {
		return true, quiet(d.DB.SkipTo(ctx, c, covered, d.claim()))
	}
	return true, nil
}

// claim is how long a process may send without recording anything before another takes over from it: longer than a message takes.
func (d *Desk) claim() time.Duration { return d.Sender.Timeout + d.Sender.Timeout/2 }

// quiet takes away an error that only means that another process has taken over.
func quiet(err error) error {
	if errors.Is(err, store.ErrClaimLost) {
		return nil
	}
	return err
}

// deliver sends one event once and records what came of it. goOn says whether the next may follow. What is broken off by the end of
// the process is not recorded, and sent again.
func (d *Desk) deliver(ctx context.Context, c store.Claim, o store.Outgoing) (goOn bool, err error) {
	body, err := json.Marshal(BodyOf(o.Event))
	if err != nil {
		return false, fmt.Errorf("write an event: %w", err)
	}
	now := d.Now()
	result := d.Sender.Send(ctx, webhook.Message{ID: o.ID, URL: c.URL, Secret: c.Secret, At: now, Body: body})
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	a := outcome(o, result, now)
	if a.State == "dead" {
		d.Log.WarnContext(ctx, "an event was given up", "webhook", c.ID, "event", o.ID, "seq", o.Seq, "code", a.Error, "status", a.Status)
	}
	stopped, err := d.DB.RecordAttempt(context.WithoutCancel(ctx), c, a, d.claim())
	return !stopped && (a.State != "pending" || o.Again), err
}

// outcome is what a result makes of a delivery.
func outcome(o store.Outgoing, r webhook.Result, now time.Time) store.Attempt {
	a := store.Attempt{Outgoing: o, State: "delivered", At: now, Status: r.Status, Error: r.Error}
	a.Attempts++
	switch {
	case r.Error == "":
	case a.Attempts > len(backoff):
		a.State = "dead"
	default:
		a.State, a.NextAt = "pending", now.Add(backoff[a.Attempts-1])
	}
	return a
}
