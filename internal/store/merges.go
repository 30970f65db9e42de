package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/award"
	"zhucan/internal/casefile"
)

// Merge is two files of one person made one, and whether that was undone.
type Merge struct {
	ID         uuid.UUID
	Version    int
	PersonID   uuid.UUID // who stays
	Area       area.Code // of who stays
	MergedID   uuid.UUID
	MergedName string // empty where the merged file is outside the reader's area
	Reason     string
	MergedAt   time.Time
	MergedBy   uuid.UUID
	UndoneAt   time.Time
	UndoneBy   uuid.UUID
	UndoReason string
	Rows       MergeRows
}

// Told is how many rows a merge has moved, by tables. Visits at home are not among them: liaisons read of merges, and do not know who was visited.
func (m Merge) Told() map[string]int {
	told := map[string]int{}
	for table, rows := range m.Rows.Moved {
		if table != "home_visits" {
			told[table] = len(rows)
		}
	}
	return told
}

// MergeRows is what a merge did, row by row, by tables.
type MergeRows struct {
	Moved map[string]map[uuid.UUID]string `json:"moved"` // rows of the merged file that went to the other, with their state
	Back  map[string]map[uuid.UUID]string `json:"back"`  // rows of the file that stays that went to the merged one
	Cut   []CutRow                        `json:"cut"`
	Added []uuid.UUID                     `json:"added"` // facts
}

// CutRow is a row that got another end, with how it was and its state since.
type CutRow struct {
	Table     string    `json:"table"`
	ID        uuid.UUID `json:"id"`
	End       *string   `json:"end"` // the day or month as it was; null: open
	EndReason string    `json:"end_reason,omitempty"`
	State     string    `json:"state"`
}

// movable is a table of which rows go with a merge. state is what tells whether a row has changed since; a row of a table without one
// may go on changing, and goes back as it then is.
type movable struct {
	name, state string
	noArea      bool   // the area is not the person's
	which       string // a condition on row t; $1 who has it now, $2 who gets it, $3 ids that were planned
}

const planned = "t.id = ANY($3)"

// movables are the tables in the order in which their rows move.
var movables = []movable{
	{name: "circumstances", state: "coalesce(t.superseded_at::text, '')", which: planned},
	{name: "certificates", state: "t.version::text", which: planned},
	{name: "certificate_events", which: "t.certificate_id IN (SELECT id FROM certificates WHERE person_id = $2)"},
	{name: "awards", state: "t.version::text", which: planned},
	{name: "award_suspensions", state: "coalesce(t.to_month::text, '')", which: "t.award_id IN (SELECT id FROM awards WHERE person_id = $2)"},
	{name: "award_grants", which: "t.award_id IN (SELECT id FROM awards WHERE person_id = $2)"},
	{name: "person_aliases", which: "NOT EXISTS (SELECT FROM person_aliases o WHERE o.person_id = $2 AND o.kind = t.kind AND o.value_index = t.value_index)"},
	{name: "applications", state: "t.version::text"},
	{name: "notice_items"},
	{name: "objections"},
	{name: "ratings"},
	{name: "payees", state: "coalesce(t.superseded_at::text, '')", which: "t.superseded_at IS NOT NULL OR NOT EXISTS (SELECT FROM payees o WHERE o.person_id = $2 AND o.superseded_at IS NULL)"},
	{name: "payment_holds"},
	{name: "recoveries"},
	{name: "recovery_months"},
	{name: "verifications"},
	{name: "home_visits"},
	{name: "survey_responses"},
	{name: "services", state: "t.version::text"},
	{name: "list_statements", state: "t.state"},
	{name: "worklist_actions"},
	{name: "household_members", state: "t.version::text", noArea: true, which: `t.superseded_at IS NOT NULL
		OR NOT EXISTS (SELECT FROM household_members o WHERE o.person_id = $2 AND o.superseded_at IS NULL AND daterange(o.from_on, o.to_on, '[]') && daterange(t.from_on, t.to_on, '[]'))`},
	{name: "tickets", noArea: true},
}

func (m movable) stateOf() string {
	if m.state == "" {
		return "''"
	}
	return m.state
}

// MoveRows gives rows of one person to another and returns them: of some tables those that were planned, of the others all that can
// stand beside what is there.
func (tx *Tx) MoveRows(ctx context.Context, from, to uuid.UUID, plan map[string][]uuid.UUID) (map[string]map[uuid.UUID]string, error) {
	return tx.moveRows(ctx, movables, from, to, plan)
}

// MoveAwards gives awards of one person, with all that hangs on them, to another and returns the rows.
func (tx *Tx) MoveAwards(ctx context.Context, from, to uuid.UUID, awards []uuid.UUID) (map[string]map[uuid.UUID]string, error) {
	of := slices.DeleteFunc(slices.Clone(movables), func(m movable) bool {
		return m.name != "awards" && m.name != "award_suspensions" && m.name != "award_grants"
	})
	return tx.moveRows(ctx, of, from, to, map[string][]uuid.UUID{"awards": awards})
}

func (tx *Tx) moveRows(ctx context.Context, tables []movable, from, to uuid.UUID, plan map[string][]uuid.UUID) (map[string]map[uuid.UUID]string, error) {
	moved := map[string]map[uuid.UUID]string{}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		for _, m := range tables {
			args := []any{from, to}
			if m.which == planned {
				args = append(args, append([]uuid.UUID{}, plan[m.name]...))
			}
			m.queueMove(b, moved, args...)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("move the rows of a file: %w", err)
	}
	return moved, nil
}

func (m movable) queueMove(b *pgx.Batch, moved map[string]map[uuid.UUID]string, args ...any) {
	set, where := "person_id = $2", "t.person_id = $1"
	if !m.noArea {
		set += ", area_code = (SELECT managing_area_code FROM persons WHERE id = $2)"
	}
	if m.which != "" {
		where += " AND (" + m.which + ")"
	}
	b.Queue("UPDATE "+m.name+" t SET "+set+" WHERE "+where+" RETURNING t.id, "+m.stateOf(), args...).Query(func(rows pgx.Rows) error {
		return scanStates(rows, m.name, moved)
	})
}

func scanStates(rows pgx.Rows, name string, into map[string]map[uuid.UUID]string) error {
	for rows.Next() {
		var id uuid.UUID
		var state string
		if err := rows.Scan(&id, &state); err != nil {
			return err
		}
		if into[name] == nil {
			into[name] = map[uuid.UUID]string{}
		}
		into[name][id] = state
	}
	return rows.Err()
}

// RowsNow reads in which state rows are now that a merge has moved to somebody; what is not there any more is not among them.
func (tx *Tx) RowsNow(ctx context.Context, person uuid.UUID, moved map[string]map[uuid.UUID]string) (map[string]map[uuid.UUID]string, error) {
	now := map[string]map[uuid.UUID]string{}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		for _, m := range movables {
			if ids := keysOf(moved[m.name]); len(ids) > 0 {
				b.Queue("SELECT t.id, "+m.stateOf()+" FROM "+m.name+" t WHERE t.id = ANY($1) AND t.person_id = $2", ids, person).
					Query(func(rows pgx.Rows) error { return scanStates(rows, m.name, now) })
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read the rows of a merge: %w", err)
	}
	return now, nil
}

// ReturnRows gives rows that a merge has moved back to whose they were.
func (tx *Tx) ReturnRows(ctx context.Context, from, to uuid.UUID, moved map[string]map[uuid.UUID]string) error {
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		for _, m := range movables {
			if ids := keysOf(moved[m.name]); len(ids) > 0 {
				m.which = planned
				m.queueMove(b, map[string]map[uuid.UUID]string{}, from, to, ids)
			}
		}
	})
	if err != nil {
		return fmt.Errorf("give the rows of a merge back: %w", err)
	}
	return nil
}

func keysOf(rows map[uuid.UUID]string) (ids []uuid.UUID) {
	for id := range rows {
		ids = append(ids, id)
	}
	return ids
}

// CutCard gives a card another last day, and says how it was.
func (tx *Tx) CutCard(ctx context.Context, c casefile.Certificate) (CutRow, error) {
	return tx.cut(ctx, "certificates", c.ID, `UPDATE certificates c SET held_to = $2::date, version = c.version + 1 FROM certificates o WHERE c.id = $1 AND o.id = c.id
		RETURNING o.held_to::text, '', c.version::text`, c.HeldTo.String())
}

// CutAward gives an award another last month, and says how it was.
func (tx *Tx) CutAward(ctx context.Context, a award.Award) (CutRow, error) {
	return tx.cut(ctx, "awards", a.ID, `UPDATE awards a SET end_month = $2::date, end_reason = $3, version = a.version + 1 FROM awards o WHERE a.id = $1 AND o.id = a.id
		RETURNING o.end_month::text, o.end_reason, a.version::text`, a.EndMonth.First().String(), a.EndReason)
}

func (tx *Tx) cut(ctx context.Context, table string, id uuid.UUID, sql string, args ...any) (CutRow, error) {
	c := CutRow{Table: table, ID: id}
	err := tx.sql.QueryRowContext(ctx, sql, append([]any{id}, args...)...).Scan(&c.End, &c.EndReason, &c.State)
	if err != nil {
		return c, fmt.Errorf("cut a row of %s: %w", table, err)
	}
	return c, nil
}

// CutRowsChanged finds the rows that were cut and have changed since.
func (tx *Tx) CutRowsChanged(ctx context.Context, list []CutRow) (changed []CutRow, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		for _, c := range list {
			b.Queue("SELECT version::text FROM "+c.Table+" WHERE id = $1", c.ID).QueryRow(func(row pgx.Row) error {
				var state string
				if err := row.Scan(&state); err != nil {
					return err
				}
				if state != c.State {
					changed = append(changed, c)
				}
				return nil
			})
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read the rows that a merge has cut: %w", err)
	}
	return changed, nil
}

// Uncut gives rows the ends back that they had.
func (tx *Tx) Uncut(ctx context.Context, list []CutRow) error {
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		for _, c := range list {
			switch c.Table {
			case "certificates":
				b.Queue("UPDATE certificates SET held_to = $2::text::date, version = version + 1 WHERE id = $1", c.ID, c.End)
			case "awards":
				b.Queue("UPDATE awards SET end_month = $2::text::date, end_reason = $3, version = version + 1 WHERE id = $1", c.ID, c.End, c.EndReason)
			}
		}
	})
	if err != nil {
		return fmt.Errorf("undo the cuts of a merge: %w", err)
	}
	return nil
}

// DeferOverlaps has it checked at the commit that awards do not overlap, so that those of two persons may change places.
func (tx *Tx) DeferOverlaps(ctx context.Context) error {
	_, err := tx.sql.ExecContext(ctx, "SET CONSTRAINTS awards_do_not_overlap DEFERRED")
	return err
}

// MarkMerged records that one person is merged into another from now on. While that stands, the database lets rows move between the two.
func (tx *Tx) MarkMerged(ctx context.Context, m Merge) error {
	_, err := tx.sql.ExecContext(ctx, "INSERT INTO merged_persons (person_id, into_id, merge_id) VALUES ($1, $2, $3)", m.MergedID, m.PersonID, m.ID)
	return err
}

// UnmarkMerged records that somebody is a person of his own again.
func (tx *Tx) UnmarkMerged(ctx context.Context, merged uuid.UUID) error {
	_, err := tx.sql.ExecContext(ctx, "DELETE FROM merged_persons WHERE person_id = $1", merged)
	return err
}

// InsertMerge records a merge with what it did.
func (tx *Tx) InsertMerge(ctx context.Context, m Merge) error {
	rows, err := json.Marshal(m.Rows)
	if err != nil {
		return fmt.Errorf("write the rows of a merge: %w", err)
	}
	return tx.insert(ctx, table{"person_merges", []string{"id uuid", "person_id uuid", "merged_id uuid", "reason", "rows jsonb", "merged_at timestamptz", "merged_by uuid", "acting_for uuid"}},
		[]row{{m.ID, m.PersonID, m.MergedID, m.Reason, string(rows), tx.Now, tx.Who.AccountID, tx.Who.ActingFor}})
}

// EndMerge records that a merge was undone.
func (tx *Tx) EndMerge(ctx context.Context, id uuid.UUID, reason string) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE person_merges SET version = version + 1, undone_at = $2, undone_by = $3, undo_reason = $4 WHERE id = $1", id, tx.Now, tx.Who.AccountID, reason)
	if err != nil {
		return fmt.Errorf("record that a merge was undone: %w", err)
	}
	return nil
}

// TouchPersons raises the versions of persons whose files changed as a whole.
func (tx *Tx) TouchPersons(ctx context.Context, ids ...uuid.UUID) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE persons SET version = version + 1, updated_at = $2 WHERE id = ANY($1)", ids, tx.Now)
	if err != nil {
		return fmt.Errorf("touch persons: %w", err)
	}
	return nil
}

// OpenAccounts lets the next roster look at all months of persons.
func (tx *Tx) OpenAccounts(ctx context.Context, ids ...uuid.UUID) error {
	_, err := tx.sql.ExecContext(ctx, `INSERT INTO open_months (person_id, programme, open_from) SELECT person_id, programme, min(month)
		FROM (SELECT person_id, programme, from_month AS month FROM dues WHERE person_id = ANY($1)
			UNION ALL SELECT person_id, programme, month FROM recovery_months WHERE person_id = ANY($1)) m GROUP BY 1, 2
		ON CONFLICT (person_id, programme) DO UPDATE SET open_from = least(open_months.open_from, excluded.open_from)`, ids)
	if err != nil {
		return fmt.Errorf("open accounts: %w", err)
	}
	return nil
}

const mergeColumns = `m.id, m.version, m.person_id, m.area_code, m.merged_id, coalesce(p.name, ''), m.reason, m.merged_at, m.merged_by, m.undone_at, m.undone_by, m.undo_reason, m.rows
	FROM person_merges m LEFT JOIN persons p ON p.id = m.merged_id`

func scanMerge(row pgx.CollectableRow) (m Merge, err error) {
	var undoneAt *time.Time
	var undoneBy *uuid.UUID
	err = row.Scan(&m.ID, &m.Version, &m.PersonID, &m.Area, &m.MergedID, &m.MergedName, &m.Reason, &m.MergedAt, &m.MergedBy, &undoneAt, &undoneBy, &m.UndoReason, &m.Rows)
	m.UndoneAt, m.UndoneBy = orZero(undoneAt), orZero(undoneBy)
	return m, err
}

func collectMerges(list *[]Merge) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, scanMerge)
		return err
	}
}

// LockMerge reads a merge and holds it.
func (tx *Tx) LockMerge(ctx context.Context, id uuid.UUID) (Merge, error) {
	var list []Merge
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT "+mergeColumns+" WHERE m.id = $1 FOR UPDATE OF m", id).Query(collectMerges(&list))
	})
	return one(list, err)
}

// Merge reads a merge of the actor's area.
func (db *DB) Merge(ctx context.Context, who access.Actor, id uuid.UUID) (Merge, error) {
	var list []Merge
	err := db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT "+mergeColumns+" WHERE m.id = $1", id).Query(collectMerges(&list))
	})
	return one(list, err)
}

// MergesOf lists the merges of which a person is either side, also undone ones, in their order.
func (db *DB) MergesOf(ctx context.Context, who access.Actor, person uuid.UUID) (list []Merge, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT "+mergeColumns+" WHERE m.person_id = $1 OR m.merged_id = $1 ORDER BY m.id", person).Query(collectMerges(&list))
	})
	if err != nil {
		return nil, fmt.Errorf("list merges: %w", err)
	}
	return list, nil
}

// HasMerged reports whether anybody is merged into a person now.
func (tx *Tx) HasMerged(ctx context.Context, person uuid.UUID) (has bool, err error) {
	err = tx.sql.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM merged_persons WHERE into_id = $1)", person).Scan(&has)
	return has, err
}

// OpenInBoth lists the programmes for which both persons have an application under way.
func (tx *Tx) OpenInBoth(ctx context.Context, a, b uuid.UUID) (programmes []string, err error) {
	const open = `SELECT programme FROM applications WHERE person_id = $%d AND stage IN ('draft', 'submitted', 'town_review', 'cdpf_review', 'civil_affairs_decision', 'returned')`
	err = tx.Batch(ctx, func(batch *pgx.Batch) {
		batch.Queue(fmt.Sprintf(open+" INTERSECT "+open, 1, 2), a, b).Query(func(rows pgx.Rows) (err error) {
			programmes, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		})
	})
	return programmes, err
}
