package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/statement"
)

// The states of a statement. Pending waits for an officer; overruled gave way to what an officer recorded by hand.
const (
	StatementActive    = "active"
	StatementPending   = "pending"
	StatementDismissed = "dismissed"
	StatementWithdrawn = "withdrawn"
	StatementUndone    = "undone"
	StatementOverruled = "overruled"
)

// Statement is what a list said of a person and a kind of fact.
type Statement struct {
	statement.Statement
	ID       uuid.UUID
	ImportID uuid.UUID // zero: what was recorded by hand before a list spoke of it
	Row      int       // 0: the list is silent
	PersonID uuid.UUID
	// HouseholdID is of what is said of a household; the person is the member by whom the list knows it.
	HouseholdID uuid.UUID
	Area        area.Code
	Kind        string
	State       string
	MonthlyFen  int64         // of a pending one: what a month stands to lose
	DueOn       calendar.Date // of a pending one
	HoldID      uuid.UUID
	RecordedAt  time.Time
	DecidedAt   time.Time
	DecidedBy   uuid.UUID
	Reason      string
	// WithdrawnBy is the import because of which it was withdrawn.
	WithdrawnBy uuid.UUID
}

const statementColumns = `s.id, s.import_id, s.row, s.person_id, s.area_code, s.kind, s.says, s.sort, s.from_on, s.to_on, s.as_of, s.state, s.monthly_fen, s.due_on, s.hold_id,
	s.recorded_at, s.decided_at, s.decided_by, s.reason, s.household_id, s.withdrawn_by`

func scanStatement(row pgx.CollectableRow) (s Statement, err error) {
	var imported, hold, by, household, withdrawn *uuid.UUID
	var decided *time.Time
	err = row.Scan(&s.ID, &imported, &s.Row, &s.PersonID, &s.Area, &s.Kind, &s.Says, &s.Sort, &s.From, &s.To, &s.AsOf, &s.State, &s.MonthlyFen, &s.DueOn, &hold,
		&s.RecordedAt, &decided, &by, &s.Reason, &household, &withdrawn)
	s.HouseholdID, s.ImportID, s.HoldID, s.DecidedBy, s.DecidedAt, s.WithdrawnBy = orZero(household), orZero(imported), orZero(hold), orZero(by), orZero(decided), orZero(withdrawn)
	return s, err
}

// LiveStatements reads what was said of persons and kinds and counts or waits still, in the order in which it was recorded.
func (tx *Tx) LiveStatements(ctx context.Context, kinds []string, persons []uuid.UUID) ([]Statement, error) {
	// each person on his own, by the index: together they were planned as a scan of all that was ever said
	return tx.statements(ctx, `(SELECT DISTINCT unnest($1::uuid[])) u (id) CROSS JOIN LATERAL (SELECT * FROM list_statements WHERE person_id = u.id OFFSET 0) s
		WHERE s.kind = ANY($2) AND s.household_id IS NULL AND s.state IN ('active', 'pending') ORDER BY s.person_id, s.id`, persons, kinds)
}

// DismissedStatements reads what lists of a kind and sender said of persons and an officer has found wrong, unless the list was taken back, or somebody had to say first
// whom its row means. What another sender says of itself is a second witness.
func (tx *Tx) DismissedStatements(ctx context.Context, list, sender string, persons []uuid.UUID) ([]Statement, error) {
	return tx.statements(ctx, `(SELECT DISTINCT unnest($1::uuid[])) u (id) CROSS JOIN LATERAL (SELECT * FROM list_statements WHERE person_id = u.id OFFSET 0) s
		JOIN imports i ON i.id = s.import_id AND i.kind = $2 AND i.sender = $3 AND i.state = 'done'
		WHERE s.state = 'dismissed' AND s.decided_at IS NOT NULL AND NOT EXISTS (SELECT FROM import_unmatched m WHERE m.import_id = s.import_id AND m.row = s.row)
		ORDER BY s.person_id, s.id`, persons, list, sender)
}

// HomeStatements is LiveStatements of households, by household. Whichever member a list named, also one who is managed elsewhere: so it
// is read in the whole register.
func (tx *Tx) HomeStatements(ctx context.Context, kinds []string, households []uuid.UUID) (map[uuid.UUID][]Statement, error) {
	byHome := map[uuid.UUID][]Statement{}
	err := tx.Everywhere(ctx, func() error {
		list, err := tx.statements(ctx, `list_statements s WHERE s.household_id = ANY($1) AND s.kind = ANY($2) AND s.state IN ('active', 'pending') ORDER BY s.id`, households, kinds)
		for _, s := range list {
			byHome[s.HouseholdID] = append(byHome[s.HouseholdID], s)
		}
		return err
	})
	return byHome, err
}

// SaidOf reads what an import said of somebody, unless it was found wrong or taken back.
func (tx *Tx) SaidOf(ctx context.Context, imported, person uuid.UUID) ([]Statement, error) {
	return tx.statements(ctx, "list_statements s WHERE s.person_id = $1 AND s.import_id = $2 AND s.state IN ('active', 'pending', 'withdrawn') ORDER BY s.id", person, imported)
}

// StatementsOfImport reads what an import said that counts or waits still, of some persons.
func (tx *Tx) StatementsOfImport(ctx context.Context, id uuid.UUID) ([]Statement, error) {
	return tx.statements(ctx, "list_statements s WHERE s.import_id = $1 AND s.state IN ('active', 'pending') ORDER BY s.person_id, s.id", id)
}

// WithdrawnBy reads what lists in force said and was withdrawn because of an import: of everybody, or of one person.
func (tx *Tx) WithdrawnBy(ctx context.Context, id, person uuid.UUID) ([]Statement, error) {
	return tx.statements(ctx, `list_statements s WHERE s.withdrawn_by = $1 AND s.state = 'withdrawn' AND ($2::uuid IS NULL OR s.person_id = $2)
		AND EXISTS (SELECT FROM imports i WHERE i.id = s.import_id AND i.state = 'done') ORDER BY s.person_id, s.id`, id, orNull(person))
}

// Silent is that an import of a list that names everybody does not name somebody, or a household.
type Silent struct {
	PersonID, HouseholdID, ImportID uuid.UUID
	AsOf                            calendar.Date
	Area                            area.Code // of the import, where a household is meant
	TakenIn                         time.Time // the same
}

// SilentOfHomes is SilentImports of households, also of those that are not written yet. What was said of a subject is gathered first,
// by the index of the subject: to look for each import whether it names each subject was planned as a scan of all that was ever said.
func (tx *Tx) SilentOfHomes(ctx context.Context, than Import, homes []casefile.Household) (list []Silent, err error) {
	ids, areas := make([]uuid.UUID, len(homes)), make([]string, len(homes))
	for i, h := range homes {
		ids[i], areas[i] = h.ID, string(h.Area)
	}
	err = tx.Batch(ctx, afresh(func(b *pgx.Batch) {
		b.Queue(`SELECT h.id, i.id, i.as_of, i.area_code, coalesce(i.finished_at, i.at) FROM unnest($1::uuid[], $4::text[]) h (id, area_code)
			CROSS JOIN LATERAL (SELECT coalesce(array_agg(s.import_id), '{}') AS imports FROM list_statements s WHERE s.household_id = h.id) said
			JOIN imports i ON i.kind = $2 AND i.state = 'done' AND NOT i.dry_run AND i.id <> $3
				AND h.area_code COLLATE "C" >= i.area_code AND h.area_code COLLATE "C" < i.area_code || ':'
			WHERE array_position(said.imports, i.id) IS NULL ORDER BY 1, 2`,
			ids, than.Kind, than.ID, areas).Query(func(rows pgx.Rows) error {
			list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Silent, err error) {
				return s, row.Scan(&s.HouseholdID, &s.ImportID, &s.AsOf, &s.Area, &s.TakenIn)
			})
			return err
		})
	}))
	if err != nil {
		return nil, fmt.Errorf("find lists that are silent: %w", err)
	}
	return list, nil
}

// Lived is a household in which somebody lived, and when.
type Lived struct {
	Household uuid.UUID
	Days      calendar.Interval
}

// Homes are the households of a person, in order.
type Homes []Lived

// On is the household in which the person lived on a day; before the first that is known, or between two, the next; nil after the last.
func (h Homes) On(day calendar.Date) uuid.UUID {
	for _, lived := range h {
		if lived.Days.To.IsZero() || !lived.Days.To.Before(day) {
			return lived.Household
		}
	}
	return uuid.Nil
}

// Left is the last day on which the person is known to have lived in a household.
func (h Homes) Left() (day calendar.Date) {
	for _, lived := range h {
		if lived.Days.To.After(day) {
			day = lived.Days.To
		}
	}
	return day
}

// HomesOf are the households in which persons have lived, by person.
func (tx *Tx) HomesOf(ctx context.Context, persons []uuid.UUID) (map[uuid.UUID]Homes, error) {
	homes := map[uuid.UUID]Homes{}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT person_id, household_id, from_on, to_on FROM household_members WHERE person_id = ANY($1) AND superseded_at IS NULL ORDER BY from_on", persons).
			Query(func(rows pgx.Rows) error {
				for rows.Next() {
					var person uuid.UUID
					var lived Lived
					if err := rows.Scan(&person, &lived.Household, &lived.Days.From, &lived.Days.To); err != nil {
						return err
					}
					homes[person] = append(homes[person], lived)
				}
				return rows.Err()
			})
	})
	if err != nil {
		return nil, fmt.Errorf("find households: %w", err)
	}
	return homes, nil
}

// HomesHolding lists the households of an area of which a kind of fact is recorded for a day, after one in order.
func (tx *Tx) HomesHolding(ctx context.Context, kind string, in area.Code, on calendar.Date, after uuid.UUID, limit int) (ids []uuid.UUID, err error) {
	lo, hi := in.Range()
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`SELECT DISTINCT household_id FROM household_circumstances WHERE kind = $1 AND area_code >= $2 AND area_code < $3 AND superseded_at IS NULL
			AND valid_from <= $4 AND (valid_to IS NULL OR valid_to >= $4) AND household_id > $5 ORDER BY household_id LIMIT $6`,
			kind, lo, hi, on, after, limit).Query(func(rows pgx.Rows) (err error) {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list households of %s: %w", kind, err)
	}
	return ids, nil
}

// SilentImports finds the other imports of a kind that are in force, reach the persons' areas and say nothing of them. One that was taken in before
// somebody could be found by his number is not silent about him: before he was in the register or in the area of the list, or the number was put right.
// It may have named him in a row that was refused. Of merged files the one with the valid number stays, so its day counts. Nor is one silent of which a row
// may mean somebody, until an officer has said whom.
func (tx *Tx) SilentImports(ctx context.Context, than Import, persons []uuid.UUID) (list []Silent, err error) {
	err = tx.Batch(ctx, afresh(func(b *pgx.Batch) {
		b.Queue(`SELECT p.id, i.id, i.as_of FROM persons p
			CROSS JOIN LATERAL (SELECT coalesce(array_agg(s.import_id), '{}') AS imports FROM list_statements s WHERE s.person_id = p.id) said
			JOIN imports i ON i.kind = $2 AND i.state = 'done' AND NOT i.dry_run AND i.id <> $3
				AND p.managing_area_code >= i.area_code AND p.managing_area_code < i.area_code || ':' AND p.created_at <= coalesce(i.finished_at, i.at)
			WHERE p.id = ANY($1) AND array_position(said.imports, i.id) IS NULL
				AND EXISTS (SELECT FROM circumstances m WHERE m.person_id = p.id AND m.kind = 'managing_area' AND m.valid_to IS NULL
					AND m.recorded_at <= coalesce(i.finished_at, i.at) AND (m.superseded_at IS NULL OR m.superseded_at > coalesce(i.finished_at, i.at))
					AND (m.value #>> '{}') COLLATE "C" >= i.area_code AND (m.value #>> '{}') COLLATE "C" < i.area_code || ':' OFFSET 0)
				AND NOT EXISTS (SELECT FROM person_aliases a WHERE a.person_id = p.id AND a.kind = 'id_number_corrected' AND a.recorded_at > coalesce(i.finished_at, i.at) OFFSET 0)
				AND NOT EXISTS (SELECT FROM import_candidates c JOIN import_unmatched u ON u.import_id = c.import_id AND u.row = c.row
					WHERE c.person_id IN (SELECT p.id UNION ALL SELECT g.person_id FROM merged_persons g WHERE g.into_id = p.id) AND c.import_id = i.id AND u.outcome = 'open' OFFSET 0)
			ORDER BY 1, 2`,
			persons, than.Kind, than.ID).Query(func(rows pgx.Rows) error {
			list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Silent, err error) {
				return s, row.Scan(&s.PersonID, &s.ImportID, &s.AsOf)
			})
			return err
		})
	}))
	if err != nil {
		return nil, fmt.Errorf("find lists that are silent: %w", err)
	}
	return list, nil
}

// LockStatement reads a statement of the actor's area and keeps others from deciding it.
func (tx *Tx) LockStatement(ctx context.Context, id uuid.UUID) (Statement, error) {
	return one(tx.statements(ctx, "list_statements s WHERE s.id = $1 FOR UPDATE", id))
}

func (tx *Tx) statements(ctx context.Context, from string, args ...any) (list []Statement, err error) {
	err = tx.Batch(ctx, afresh(func(b *pgx.Batch) {
		b.Queue("SELECT "+statementColumns+" FROM "+from, args...).Query(func(rows pgx.Rows) error {
			list, err = pgx.CollectRows(rows, scanStatement)
			return err
		})
	}))
	if err != nil {
		return nil, fmt.Errorf("read what lists said: %w", err)
	}
	return list, nil
}

// InsertStatements keeps what was said.
func (tx *Tx) InsertStatements(ctx context.Context, list ...Statement) error {
	return tx.insert(ctx, statementsTable, tx.statementRows(list))
}

// InsertDismissed keeps what was said and is as good as dismissed: an officer has found it wrong before.
func (tx *Tx) InsertDismissed(ctx context.Context, list ...Statement) error {
	t, rows := statementsTable, tx.statementRows(list)
	t.columns = append(slices.Clip(t.columns), "decided_at timestamptz", "decided_by uuid", "reason text")
	for i, s := range list {
		rows[i] = append(rows[i], s.DecidedAt, s.DecidedBy, s.Reason)
	}
	return tx.insert(ctx, t, rows)
}

// Taken is what a portion of a list says of persons and what of their facts follows.
type Taken struct {
	Statements []Statement
	Superseded []uuid.UUID // facts
	Facts      []casefile.Circumstance
	Changes    []ImportChange // as they are shown
}

// Taking is how a portion of an import is written in one round trip. It only has to be sent: it can be made while another is being written.
func (tx *Tx) Taking(imported uuid.UUID, t Taken) (Query, error) {
	facts, err := tx.circumstanceRows(t.Facts)
	if err != nil {
		return nil, err
	}
	queries := []Query{tx.inserting(statementsTable, tx.statementRows(t.Statements)), tx.inserting(circumstancesTable, facts),
		tx.inserting(importChangesTable, importChangeRows(imported, t.Changes))}
	if len(t.Superseded) > 0 {
		queries = slices.Insert(queries, 1, tx.superseding(t.Superseded))
	}
	return func(b *pgx.Batch) {
		for _, q := range queries {
			q(b)
		}
	}, nil
}

var statementsTable = table{"list_statements", []string{"id uuid", "import_id uuid", "row bigint", "person_id uuid", "kind", "says", "sort text", "from_on date", "to_on date",
	"as_of date", "state", "monthly_fen bigint", "due_on date", "hold_id uuid", "recorded_at timestamptz", "household_id uuid",
	"withdrawn_by uuid"}}

func (tx *Tx) statementRows(list []Statement) []row {
	rows := make([]row, len(list))
	for i, s := range list {
		rows[i] = row{s.ID, s.ImportID, s.Row, s.PersonID, s.Kind, string(s.Says), s.Sort, s.From, s.To, s.AsOf, s.State, s.MonthlyFen, s.DueOn, s.HoldID, tx.Now, s.HouseholdID, s.WithdrawnBy}
	}
	return rows
}

// DecideStatements puts statements into a state and lets the money go that they held: a hold ends with the last that waits of all that share it.
func (tx *Tx) DecideStatements(ctx context.Context, state, reason string, list ...Statement) error {
	return tx.decideStatements(ctx, state, reason, uuid.Nil, list)
}

// WithdrawStatements withdraws statements because of an import. They are heard again when it is taken back.
func (tx *Tx) WithdrawStatements(ctx context.Context, by uuid.UUID, reason string, list ...Statement) error {
	return tx.decideStatements(ctx, StatementWithdrawn, reason, by, list)
}

func (tx *Tx) decideStatements(ctx context.Context, state, reason string, withdrawnBy uuid.UUID, list []Statement) error {
	if len(list) == 0 {
		return nil
	}
	var ids, held []uuid.UUID
	for _, s := range list {
		ids = append(ids, s.ID)
		if s.HoldID != uuid.Nil && s.State == StatementPending {
			held = append(held, s.HoldID)
		}
	}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("UPDATE list_statements SET state = $2, decided_at = $3, decided_by = $4, reason = $5, withdrawn_by = $6 WHERE id = ANY($1)",
			ids, state, tx.Now, orNull(tx.Who.AccountID), reason, orNull(withdrawnBy))
		if len(held) > 0 { // each hold on its own, by the index of the person: OFFSET 0 keeps it from being joined to all that was ever said
			b.Queue(`UPDATE payment_holds h SET released_at = $2, released_by = $3 WHERE id = ANY($1) AND released_at IS NULL AND NOT EXISTS (
				SELECT FROM list_statements s WHERE s.person_id = h.person_id AND s.hold_id = h.id AND s.state = 'pending' OFFSET 0)`, held, tx.Now, orNull(tx.Who.AccountID))
		}
	})
	if err != nil {
		return fmt.Errorf("decide what lists said: %w", err)
	}
	return nil
}

// HeardAgain keeps what became of statements that were withdrawn and are heard again: they wait, count, or stay withdrawn because of another import.
func (tx *Tx) HeardAgain(ctx context.Context, list ...Statement) error {
	if len(list) == 0 {
		return nil
	}
	var ids []uuid.UUID
	var states, due []string
	var holds, by []*uuid.UUID
	var monthly []int64
	for _, s := range list {
		ids, states, due, monthly = append(ids, s.ID), append(states, s.State), append(due, s.DueOn.String()), append(monthly, s.MonthlyFen)
		holds, by = append(holds, orNull(s.HoldID)), append(by, orNull(s.WithdrawnBy))
	}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("UPDATE list_statements s SET withdrawn_by = u.by FROM unnest($1::uuid[], $2::text[], $3::uuid[]) u (id, state, by) WHERE s.id = u.id AND u.state = 'withdrawn'",
			ids, states, by)
		b.Queue(`UPDATE list_statements s SET state = u.state, hold_id = u.hold, monthly_fen = u.monthly, due_on = nullif(u.due, '')::date, withdrawn_by = NULL, decided_at = NULL,
				decided_by = NULL, reason = ''
			FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::text[]) u (id, state, hold, monthly, due) WHERE s.id = u.id AND u.state <> 'withdrawn'`,
			ids, states, holds, monthly, due)
	})
	if err != nil {
		return fmt.Errorf("hear again what lists said: %w", err)
	}
	return nil
}

// PendingOf asks for pending statements of an area, after one in order.
type PendingOf struct {
	Area   area.Code
	Import uuid.UUID // only of this import; zero: all
	After  uuid.UUID
	Limit  int
}

// PendingStatement is one that waits, with the name of whom it is about.
type PendingStatement struct {
	Statement
	Name   string
	Sender string
}

// PendingStatements lists what an area has to confirm.
func (db *DB) PendingStatements(ctx context.Context, who access.Actor, q PendingOf) (list []PendingStatement, err error) {
	lo, hi := q.Area.Range()
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT "+statementColumns+`, p.name, i.sender FROM list_statements s JOIN persons p ON p.id = s.person_id JOIN imports i ON i.id = s.import_id
			WHERE s.state = 'pending' AND s.area_code >= $1 AND s.area_code < $2 AND ($3::uuid IS NULL OR s.import_id = $3) AND s.id > $4 ORDER BY s.id LIMIT $5`,
			lo, hi, orNull(q.Import), q.After, q.Limit).Query(func(rows pgx.Rows) error {
			list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p PendingStatement, err error) {
				return scanPending(row)
			})
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list what lists said: %w", err)
	}
	return list, nil
}

// scanPending reads the columns of a statement with two more behind them.
func scanPending(row pgx.CollectableRow) (p PendingStatement, err error) {
	p.Statement, err = scanStatement(withMore{row, []any{&p.Name, &p.Sender}})
	return p, err
}

// withMore is a row with more columns than its scanner knows of; they are scanned into more.
type withMore struct {
	pgx.CollectableRow
	more []any
}

// Scan scans into dest and then into more.
func (r withMore) Scan(dest ...any) error { return r.CollectableRow.Scan(append(dest, r.more...)...) }

// HoldersOf lists the persons of an area of whom a kind of fact is recorded for a day, in order: sixteen bytes each, so all at once.
func (tx *Tx) HoldersOf(ctx context.Context, kind string, in area.Code, on calendar.Date) (ids []uuid.UUID, err error) {
	lo, hi := in.Range()
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`SELECT DISTINCT person_id FROM circumstances WHERE kind = $1 AND area_code >= $2 AND area_code < $3 AND superseded_at IS NULL
			AND valid_from <= $4 AND (valid_to IS NULL OR valid_to >= $4) AND `+ownFile+` ORDER BY person_id`,
			kind, lo, hi, on).Query(func(rows pgx.Rows) (err error) {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list holders of %s: %w", kind, err)
	}
	return ids, nil
}

// ownFile leaves out the facts of files that are merged into others: what a list says is said of the file that stays.
const ownFile = "NOT EXISTS (SELECT FROM merged_persons g WHERE g.person_id = circumstances.person_id)"

// sortOfFact reads the sort of a fact's value as casefile.ParseValue does; that of true alone is the first of its kind's, $5.
const sortOfFact = `CASE jsonb_typeof(value) WHEN 'boolean' THEN ($5::text[])[1] WHEN 'string' THEN CASE value #>> '{}' WHEN 'yes' THEN ($5::text[])[1] ELSE value #>> '{}' END
	ELSE coalesce(nullif(value->>'sort', ''), nullif(value->>'kind', ''), nullif(value->>'type', ''), (SELECT word FROM unnest(ARRAY[value->>'scheme', value->>'status', value->>'mode'])
		WITH ORDINALITY AS one(word, n) WHERE word = ANY($5) ORDER BY n LIMIT 1), ($5::text[])[1]) END`

// HoldersKnown counts whom a list that names everybody should name: those of an area of whom a fact of a kind is recorded for a day, of
// one sort alone where one is given. Of the named it says how many those are.
func (tx *Tx) HoldersKnown(ctx context.Context, kind casefile.Kind, only string, in area.Code, on calendar.Date, named []uuid.UUID) (known, there int, err error) {
	return tx.known(ctx, "circumstances", "person_id", ownFile, kind, only, in, on, named)
}

// HomesKnown is HoldersKnown of households.
func (tx *Tx) HomesKnown(ctx context.Context, kind casefile.Kind, in area.Code, on calendar.Date, named []uuid.UUID) (known, there int, err error) {
	return tx.known(ctx, "household_circumstances", "household_id", "true", kind, "", in, on, named)
}

func (tx *Tx) known(ctx context.Context, table, subject, which string, kind casefile.Kind, only string, in area.Code, on calendar.Date, named []uuid.UUID) (known, there int, err error) {
	lo, hi := in.Range()
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		// named through a sub-select, which is hashed: with = ANY($7) each holder would be compared to each of fifty thousand
		b.Queue(`SELECT count(DISTINCT `+subject+`), count(DISTINCT `+subject+`) FILTER (WHERE `+subject+` IN (SELECT unnest($7::uuid[]))) FROM `+table+`
			WHERE kind = $1 AND area_code >= $2 AND area_code < $3 AND superseded_at IS NULL AND valid_from <= $4 AND (valid_to IS NULL OR valid_to >= $4)
				AND value NOT IN ('false', '"no"', '"unknown"') AND coalesce(value->>'answer', 'yes') = 'yes' AND ($6 = '' OR `+sortOfFact+` = $6)
				AND `+which,
			kind.Name, lo, hi, on, kind.Sorts, only, named).QueryRow(func(row pgx.Row) error { return row.Scan(&known, &there) })
	})
	if err != nil {
		return 0, 0, fmt.Errorf("count holders of %s: %w", kind.Name, err)
	}
	return known, there, nil
}

// PersonOfStatement is whom a statement of the actor's area is about.
func (tx *Tx) PersonOfStatement(ctx context.Context, id uuid.UUID) (person uuid.UUID, err error) {
	err = tx.sql.QueryRowContext(ctx, "SELECT person_id FROM list_statements WHERE id = $1", id).Scan(&person)
	return person, translate(err)
}

// ImportOf is of an import what is asked of its list: of which kind it is, and who sent it.
func (tx *Tx) ImportOf(ctx context.Context, id uuid.UUID) (Import, error) {
	i := Import{ID: id}
	err := tx.sql.QueryRowContext(ctx, "SELECT kind, sender FROM imports WHERE id = $1", id).Scan(&i.Kind, &i.Sender)
	return i, translate(err)
}

// InsertMapping remembers what a sender's headings mean.
func (tx *Tx) InsertMapping(ctx context.Context, id uuid.UUID, i Import) error {
	text, err := json.Marshal(i.Mapping)
	if err != nil {
		return fmt.Errorf("write a mapping: %w", err)
	}
	return tx.insert(ctx, table{"list_mappings", []string{"id uuid", "area_code", "kind", "sender text", "mapping jsonb", "recorded_at timestamptz", "recorded_by uuid"}},
		[]row{{id, string(i.Area), i.Kind, i.Sender, string(text), tx.Now, i.AccountID}})
}

// MappingOf is what a sender's headings were last said to mean; nil where nobody said anything.
func (db *DB) MappingOf(ctx context.Context, i Import) (mapping map[string]string, err error) {
	err = db.pool.QueryRow(ctx, "SELECT mapping FROM list_mappings WHERE area_code = $1 AND kind = $2 AND sender = $3 ORDER BY recorded_at DESC, id DESC LIMIT 1",
		string(i.Area), i.Kind, i.Sender).Scan(&mapping)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a mapping: %w", translate(err))
	}
	return mapping, nil
}
