package casework

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar/workdays"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// Rules are what a desk works by: the pack in force and the calendar of working days. Another process may put others
// in force at any time; every write finds out before it begins, reads within the time that KeepRules is given.
type Rules struct {
	now  atomic.Pointer[inForce]
	past sync.Map // packs that were in force before, compiled, by id
}

type inForce struct {
	pack uuid.UUID // zero for one that no database has activated
	*policy.Pack
	days *workdays.Calendar
}

// NewRules are the rules of a pack that is not in a database, until one is.
func NewRules(pack *policy.Pack) *Rules {
	r := &Rules{}
	r.now.Store(&inForce{Pack: pack, days: workdays.Builtin()})
	return r
}

// LoadRules reads the rules in force.
func LoadRules(ctx context.Context, db *store.DB) (*Rules, error) {
	r := &Rules{}
	return r, r.refresh(ctx, db)
}

func (r *Rules) refresh(ctx context.Context, db *store.DB) error {
	active, err := db.ActivePack(ctx)
	if err != nil {
		return err
	}
	days, err := calendarOf(ctx, db)
	if err != nil {
		return err
	}
	return r.put(active, days)
}

func (r *Rules) put(active store.Pack, days *workdays.Calendar) error {
	old := r.now.Load()
	next := &inForce{pack: active.ID, days: days}
	if old != nil && old.pack == active.ID {
		next.Pack = old.Pack
	} else {
		var err error
		if next.Pack, err = policy.Load([]byte(active.Document)); err != nil {
			return err
		}
	}
	r.now.Store(next)
	return nil
}

// calendarOf is the calendar of the service with the orders that the office has recorded.
func calendarOf(ctx context.Context, db *store.DB) (*workdays.Calendar, error) {
	recorded, err := db.Calendars(ctx)
	if err != nil {
		return nil, err
	}
	days := workdays.Builtin()
	for _, c := range recorded {
		if days, err = days.With(c.Year); err != nil {
			return nil, fmt.Errorf("read the calendars: %w", err)
		}
	}
	return days, nil
}

// Pack is the pack in force.
func (d *Desk) Pack() *policy.Pack { return d.Rules.now.Load().Pack }

// PackAt is the pack that was in force at an instant; the one in force now for the zero instant, and before the first.
func (d *Desk) PackAt(ctx context.Context, instant time.Time) (*policy.Pack, error) {
	now := d.Rules.now.Load()
	if instant.IsZero() {
		return now.Pack, nil
	}
	then, found, err := d.DB.PackAt(ctx, instant)
	if err != nil || !found || then.ID == now.pack {
		return now.Pack, err
	}
	if pack, ok := d.Rules.past.Load(then.ID); ok {
		return pack.(*policy.Pack), nil
	}
	pack, err := policy.Load([]byte(then.Document))
	if err != nil {
		return nil, fmt.Errorf("read the pack of an earlier time: %w", err)
	}
	d.Rules.past.Store(then.ID, pack)
	return pack, nil
}

// Workdays is the calendar of working days in force.
func (d *Desk) Workdays() *workdays.Calendar { return d.Rules.now.Load().days }

// KeepRules looks for new rules from time to time until ctx ends.
func (d *Desk) KeepRules(ctx context.Context, every time.Duration) {
	repeatedly(ctx, every, func() {
		if err := d.Rules.refresh(ctx, d.DB); err != nil && ctx.Err() == nil {
			d.Log.WarnContext(ctx, "the rules in force could not be read", "err", err)
		}
	})
}

// write does fn in a signed transaction by the rules in force, which stay in force until it ends.
func (d *Desk) write(ctx context.Context, who access.Actor, action string, fn func(*store.Tx) error) error {
	return d.DB.Write(ctx, who, action, func(tx *store.Tx) error {
		if now := d.Rules.now.Load(); tx.PackID != uuid.Nil && tx.PackID != now.pack {
			active, err := tx.PackInForce(ctx)
			if err != nil {
				return err
			}
			if err := d.Rules.put(active, now.days); err != nil {
				return err
			}
		}
		return fn(tx)
	})
}
