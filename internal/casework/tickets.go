package casework

import (
	"context"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/store"
	"zhucan/internal/ticket"
)

// ReceiveTicket writes down what somebody brings to the hotline.
func (d *Desk) ReceiveTicket(ctx context.Context, who access.Actor, in ticket.Ticket) (t ticket.Ticket, err error) {
	if d.Pack().Tickets.Topic(in.Topic) == nil {
		return t, field("topic", "UNKNOWN_TOPIC", "没有这个事项类别", "there is no such topic")
	}
	if in.Caller.Phone, err = phone("caller.phone", in.Caller.Phone); err != nil {
		return t, err
	}
	in.ID = d.NewID()
	err = d.write(ctx, who, "ticket.receive", func(tx *store.Tx) error {
		if in.PersonID != uuid.Nil {
			if _, err := tx.LockDossier(ctx, in.PersonID); err != nil {
				return err
			}
		}
		if t, err = ticket.Receive(in, who, tx.Now, d.Pack().Tickets.WrittenWithin); err != nil {
			return err
		}
		t.Steps[0].ID = d.NewID()
		if err := tx.InsertTicket(ctx, t); err != nil {
			return err
		}
		return tx.Describe(ctx, t.ID, map[string]any{"kind": t.Kind, "topic": t.Topic})
	})
	return t, err
}

// TakeTicketStep takes a step of a ticket that the actor sees. Afterwards it may be another unit's.
func (d *Desk) TakeTicketStep(ctx context.Context, who access.Actor, id uuid.UUID, version int, deed ticket.Deed) (t ticket.Ticket, err error) {
	if deed.Unit.Area != "" {
		if err := d.checkArea(ctx, "unit.area_code", deed.Unit.Area, d.today()); err != nil {
			return t, err
		}
	}
	err = d.write(ctx, who, "ticket."+deed.Step, func(tx *store.Tx) error {
		if t, err = tx.LockTicket(ctx, id); err != nil {
			return err
		}
		if err := stale(t.Version, version); err != nil {
			return err
		}
		known := len(t.Steps)
		if err := t.Take(who, deed, tx.Now); err != nil {
			return err
		}
		for i := known; i < len(t.Steps); i++ {
			t.Steps[i].ID = d.NewID()
		}
		if err := tx.UpdateTicket(ctx, t, t.Steps[known:]); err != nil {
			return err
		}
		t.Version++
		return tx.Describe(ctx, id, nil)
	})
	return t, err
}

// RevealCaller tells who brought a ticket, to call him back. It is audited like every reveal.
func (d *Desk) RevealCaller(ctx context.Context, who access.Actor, id uuid.UUID, reason string) (t ticket.Ticket, err error) {
	err = d.write(ctx, who, "ticket.reveal", func(tx *store.Tx) error {
		if t, err = tx.LockTicket(ctx, id); err != nil {
			return err
		}
		return tx.Describe(ctx, id, map[string]any{"reason": reason})
	})
	return t, err
}

// TicketClock is the time that a ticket has left.
func (d *Desk) TicketClock(t ticket.Ticket) *ticket.Clock {
	return t.ClockOn(d.today(), d.Workdays(), d.Pack().Tickets.Limits)
}

// TicketsOverdueSince are the days since which tickets have to have waited under each limit to be overdue today.
func (d *Desk) TicketsOverdueSince() map[string]calendar.Date {
	since := map[string]calendar.Date{}
	for limit, days := range d.Pack().Tickets.Limits {
		since[limit] = d.Workdays().PassedBy(d.today(), days)
	}
	return since
}
