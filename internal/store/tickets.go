package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/ticket"
)

// TicketFilter narrows a list of tickets. Zero members do not narrow.
type TicketFilter struct {
	Area    area.Code
	States  []ticket.State // in one of these
	Topic   string
	Overdue map[string]calendar.Date // only the overdue: what has waited under a limit since this day
	After   uuid.UUID
	Limit   int
}

const ticketColumns = `t.id, t.version, t.home_area, t.state, t.channel, t.kind, t.topic, t.anonymous, t.caller_name, t.caller_phone, t.person_id, t.text,
	t.received_at, t.area_code, coalesce(t.unit_role, ''), t.clock_since, coalesce(t.clock_limit, ''), coalesce(t.result, ''), t.reopened, t.closed_at`

// seesTicket says who sees a ticket of his area, by his role $1 and area $2: the hotline and the auditor, and the unit that has it.
// Row security keeps areas apart, and this the offices of one area.
const seesTicket = "($1 IN ('hotline_clerk', 'auditor') OR t.unit_role = $1 AND t.area_code = $2)"

// scanTicket reads the columns of a ticket, and those that come behind them.
func (db *DB) scanTicket(row pgx.Row, more ...any) (t ticket.Ticket, err error) {
	var name, phone, text []byte
	var person *uuid.UUID
	var closed *time.Time
	columns := []any{&t.ID, &t.Version, &t.Home, &t.State, &t.Channel, &t.Kind, &t.Topic, &t.Anonymous, &name, &phone, &person, &text,
		&t.ReceivedAt, &t.Unit.Area, &t.Unit.Role, &t.Since, &t.Limit, &t.Result, &t.Reopened, &closed}
	if err = row.Scan(append(columns, more...)...); err != nil {
		return t, err
	}
	if t.Unit.Role == "" {
		t.Unit = ticket.Unit{}
	}
	o := opener{ring: db.Ring, table: "tickets", row: t.ID}
	t.Caller = ticket.Caller{Name: o.open("caller_name", name), Phone: o.open("caller_phone", phone)}
	t.Text, t.PersonID, t.ClosedAt = o.open("text", text), orZero(person), orZero(closed)
	return t, o.err
}

// ListTickets lists tickets after an id in order, without their steps.
func (db *DB) ListTickets(ctx context.Context, who access.Actor, f TicketFilter) (list []ticket.Ticket, err error) {
	lo, hi := f.Area.Range()
	var limits, since []string
	for limit, day := range f.Overdue {
		limits, since = append(limits, limit), append(since, day.String())
	}
	sql := "SELECT " + ticketColumns + " FROM tickets t WHERE " + seesTicket + ` AND t.area_code >= $3 AND t.area_code < $4 AND ($5::text[] IS NULL OR t.state = ANY($5))
		AND ($6 = '' OR t.topic = $6) AND ($7::text[] IS NULL OR EXISTS (SELECT FROM unnest($7, $8::text[]::date[]) o(l, day) WHERE o.l = t.clock_limit AND t.clock_since <= o.day))
		AND t.id > $9 ORDER BY t.id LIMIT $10`
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(sql, string(who.Role), string(who.Area), lo, hi, f.States, f.Topic, limits, since, f.After, f.Limit).Query(into(&list, func(row pgx.CollectableRow) (ticket.Ticket, error) { return db.scanTicket(row) }))
	})
	if err != nil {
		return nil, fmt.Errorf("list tickets: %w", err)
	}
	return list, nil
}

// Ticket reads a ticket with its steps.
func (db *DB) Ticket(ctx context.Context, who access.Actor, id uuid.UUID) (ticket.Ticket, error) {
	return db.ticket(who, id, "", func(q ...Query) error { return db.Read(ctx, who, q...) })
}

// LockTicket reads a ticket with its steps and keeps others from taking one until the transaction ends.
func (tx *Tx) LockTicket(ctx context.Context, id uuid.UUID) (ticket.Ticket, error) {
	return tx.db.ticket(tx.Who, id, " FOR UPDATE", func(q ...Query) error { return tx.Batch(ctx, q...) })
}

func (db *DB) ticket(who access.Actor, id uuid.UUID, lock string, run func(...Query) error) (t ticket.Ticket, err error) {
	err = run(func(b *pgx.Batch) {
		b.Queue("SELECT "+ticketColumns+" FROM tickets t WHERE "+seesTicket+" AND t.id = $3"+lock, string(who.Role), string(who.Area), id).
			QueryRow(func(row pgx.Row) error { t, err = db.scanTicket(row); return err })
	}, func(b *pgx.Batch) {
		b.Queue(`SELECT s.id, s.seq, s.step, s.from_state, s.to_state, coalesce(s.unit_area, ''), coalesce(s.unit_role, ''), s.text, coalesce(s.result, ''), s.at,
			s.actor_id, s.actor_role, coalesce(a.name, ''), s.acting_for FROM ticket_steps s LEFT JOIN accounts a ON a.id = s.actor_id WHERE s.ticket_id = $1 ORDER BY s.seq`, id).
			Query(func(rows pgx.Rows) error {
				t.Steps, err = pgx.CollectRows(rows, db.scanTicketStep)
				return err
			})
	})
	return t, translate(err)
}

func (db *DB) scanTicketStep(row pgx.CollectableRow) (s ticket.Step, err error) {
	var text []byte
	var by, actingFor *uuid.UUID
	err = row.Scan(&s.ID, &s.Seq, &s.Step, &s.From, &s.To, &s.Unit.Area, &s.Unit.Role, &text, &s.Result, &s.At, &by, &s.ActorRole, &s.ActorName, &actingFor)
	if err != nil {
		return s, err
	}
	o := opener{ring: db.Ring, table: "ticket_steps", row: s.ID}
	s.Text, s.ActorID, s.ActingFor = o.open("text", text), orZero(by), orZero(actingFor)
	return s, o.err
}

// held is the area that a ticket stands under: that of its unit, or of the hotline.
func held(t ticket.Ticket) area.Code {
	if t.Unit.Area == "" {
		return t.Home
	}
	return t.Unit.Area
}

// InsertTicket writes a new ticket with its first step.
func (tx *Tx) InsertTicket(ctx context.Context, t ticket.Ticket) error {
	s := sealer{ring: tx.db.Ring, table: "tickets", row: t.ID}
	values := row{t.ID, string(t.Home), string(held(t)), string(t.State), t.Channel, t.Kind, t.Topic, t.Anonymous, s.seal("caller_name", t.Caller.Name),
		s.seal("caller_phone", t.Caller.Phone), t.PersonID, s.seal("text", t.Text), t.ReceivedAt, tx.Now, t.Since, t.Limit}
	if s.err != nil {
		return s.err
	}
	err := tx.insert(ctx, table{"tickets", []string{"id uuid", "home_area", "area_code", "state", "channel", "kind", "topic", "anonymous boolean", "caller_name bytea",
		"caller_phone bytea", "person_id uuid", "text bytea", "received_at timestamptz", "recorded_at timestamptz", "clock_since date", "clock_limit"}}, []row{values})
	if err != nil {
		return err
	}
	return tx.insertTicketSteps(ctx, t.ID, t.Steps)
}

// UpdateTicket writes where a ticket now stands and the steps that are new. It may go to a unit outside the area of who gives it
// away, who then does not see it any more.
func (tx *Tx) UpdateTicket(ctx context.Context, t ticket.Ticket, newSteps []ticket.Step) error {
	return tx.Everywhere(ctx, func() error {
		if err := tx.insertTicketSteps(ctx, t.ID, newSteps); err != nil {
			return err
		}
		result, err := tx.sql.ExecContext(ctx, `UPDATE tickets SET version = version + 1, area_code = $3, unit_role = nullif($4, ''), state = $5, clock_since = $6::date,
			clock_limit = nullif($7, ''), result = nullif($8, ''), reopened = $9, closed_at = $10 WHERE id = $1 AND version = $2`,
			t.ID, t.Version, string(held(t)), string(t.Unit.Role), string(t.State), t.Since.String(), t.Limit, t.Result, t.Reopened, instantOrNull(t.ClosedAt))
		if err != nil {
			return fmt.Errorf("update a ticket: %w", translate(err))
		}
		n, err := result.RowsAffected()
		return exactlyOne(int(n), err)
	})
}

func (tx *Tx) insertTicketSteps(ctx context.Context, ticketID uuid.UUID, steps []ticket.Step) error {
	rows := make([]row, len(steps))
	for i, d := range steps {
		s := sealer{ring: tx.db.Ring, table: "ticket_steps", row: d.ID}
		rows[i] = row{d.ID, ticketID, d.Seq, d.Step, string(d.From), string(d.To), string(d.Unit.Area), string(d.Unit.Role), s.seal("text", d.Text), d.Result, d.At,
			d.ActorID, string(d.ActorRole), d.ActingFor}
		if s.err != nil {
			return s.err
		}
	}
	return tx.insert(ctx, table{"ticket_steps", []string{"id uuid", "ticket_id uuid", "seq smallint", "step", "from_state", "to_state", "unit_area", "unit_role",
		"text bytea", "result", "at timestamptz", "actor_id uuid", "actor_role", "acting_for uuid"}}, rows)
}
