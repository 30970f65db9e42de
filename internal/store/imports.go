package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/statement"
)

// Refusal is one row of a file that was not taken: where and why, never what it held.
type Refusal struct {
	Row    int    `json:"row"`
	Column string `json:"column"`
	Code   string `json:"code"`
	ZH     string `json:"zh"`
	EN     string `json:"en"`
}

// The states of an import. Waiting: a list leaves out too many of those whom it should name, and somebody has to confirm it.
const (
	ImportQueued  = "queued"
	ImportWaiting = "waiting"
	ImportDone    = "done"
	ImportFailed  = "failed"
	ImportUndone  = "undone"
)

// Import is a file that came in, and what became of its rows.
type Import struct {
	ID                                   uuid.UUID
	Version                              int
	Kind                                 string
	Sender                               string
	AsOf                                 calendar.Date // of which day a list speaks; zero for a roster
	SHA256                               []byte        // of the file, and of a roster a zero more for each time that it was sent again
	Area                                 area.Code
	AccountID                            uuid.UUID
	ActingFor                            uuid.UUID // by whose rights a deputy has handed it in; zero: by his own
	DryRun                               bool
	State                                string
	New, Changed, Same, Refused, Pending int
	Refusals                             []Refusal
	Mapping                              map[string]string
	Reading                              json.RawMessage // what was recognised of a list or roster
	Failure                              *Refusal        // why the whole was not taken
	Key                                  string          // the caller's Idempotency-Key
	At                                   time.Time
	FinishedAt                           time.Time
	Done, Total                          int // rows, while it is under way
	Absence                              *Absence
	Kept                                 []Refusal // of one taken back: what stays of it, and why
	ConfirmedAt                          time.Time // that it may leave out as many as it does
	ConfirmedReason                      string
}

// Absence is how many a list that claims to name everybody should still name, and how many of them it does not.
type Absence struct{ Known, Missing int }

// InsertImport records an import, done already or queued.
func (tx *Tx) InsertImport(ctx context.Context, i Import) error {
	refusals, err := json.Marshal(append([]Refusal{}, i.Refusals...))
	if err != nil {
		return fmt.Errorf("write refusals: %w", err)
	}
	mapping, err := json.Marshal(i.Mapping)
	if err != nil || i.Mapping == nil {
		mapping = []byte("{}")
	}
	state, finished := i.State, &tx.Now
	if state == "" {
		state = ImportDone
	}
	if state == ImportQueued {
		finished = nil
	}
	_, err = tx.sql.ExecContext(ctx, `INSERT INTO imports (id, kind, sha256, area_code, account_id, dry_run, new_rows, changed_rows, same_rows, refused_rows, pending_rows, refusals, at,
			state, sender, as_of, mapping, key, finished_at, acting_for, reading)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, nullif($18, ''), $19, $20, nullif($21, '')::jsonb)`,
		i.ID, i.Kind, i.SHA256, string(i.Area), orNull(i.AccountID), i.DryRun, i.New, i.Changed, i.Same, i.Refused, i.Pending, string(refusals), tx.Now,
		state, i.Sender, i.AsOf, string(mapping), i.Key, finished, orNull(tx.Who.ActingFor), string(i.Reading))
	if err != nil {
		return fmt.Errorf("record an import: %w", err)
	}
	return nil
}

// FinishImport records what became of a queued import.
func (tx *Tx) FinishImport(ctx context.Context, i Import) error {
	refusals, err := json.Marshal(append([]Refusal{}, i.Refusals...))
	if err != nil {
		return fmt.Errorf("write refusals: %w", err)
	}
	var failure *string
	if i.Failure != nil {
		text, _ := json.Marshal(i.Failure)
		failure = new(string)
		*failure = string(text)
	}
	var reading *string
	if i.Reading != nil {
		reading = new(string)
		*reading = string(i.Reading)
	}
	var known, missing *int
	if i.Absence != nil {
		known, missing = &i.Absence.Known, &i.Absence.Missing
	}
	result, err := tx.sql.ExecContext(ctx, `UPDATE imports SET version = version + 1, state = $2, new_rows = $3, changed_rows = $4, same_rows = $5, refused_rows = $6, pending_rows = $7,
			refusals = $8, failure = $9, reading = $10, finished_at = $11, known_rows = $12, missing_rows = $13
		WHERE id = $1 AND state = 'queued'`, i.ID, i.State, i.New, i.Changed, i.Same, i.Refused, i.Pending, string(refusals), failure, reading, tx.Now, known, missing)
	if err != nil {
		return fmt.Errorf("finish an import: %w", err)
	}
	n, err := result.RowsAffected()
	return exactlyOne(int(n), err)
}

// UndoImport marks an import as taken back, with what stays of it.
func (tx *Tx) UndoImport(ctx context.Context, id uuid.UUID, version int, kept []Refusal) error {
	text, err := json.Marshal(append([]Refusal{}, kept...))
	if err != nil {
		return fmt.Errorf("write what stays: %w", err)
	}
	result, err := tx.sql.ExecContext(ctx, "UPDATE imports SET version = version + 1, state = 'undone', kept = $3 WHERE id = $1 AND version = $2 AND state IN ('waiting', 'done')",
		id, version, string(text))
	if err != nil {
		return fmt.Errorf("take back an import: %w", err)
	}
	n, err := result.RowsAffected()
	return exactlyOne(int(n), err)
}

// ConfirmImport queues an import again that waits, and says who found that it may leave out as many as it does.
func (tx *Tx) ConfirmImport(ctx context.Context, id uuid.UUID, version int, reason string) error {
	result, err := tx.sql.ExecContext(ctx, `UPDATE imports SET version = version + 1, state = 'queued', refusals = '[]', finished_at = NULL, confirmed_at = $3, confirmed_by = $4,
		confirmed_reason = $5 WHERE id = $1 AND version = $2 AND state = 'waiting'`, id, version, tx.Now, orNull(tx.Who.AccountID), reason)
	if err != nil {
		return fmt.Errorf("confirm an import: %w", err)
	}
	if _, err := tx.sql.ExecContext(ctx, "UPDATE import_progress SET seen_at = NULL, done = 0, total = 0 WHERE import_id = $1", id); err != nil {
		return fmt.Errorf("confirm an import: %w", err)
	}
	n, err := result.RowsAffected()
	return exactlyOne(int(n), err)
}

const importColumns = `i.id, i.version, i.kind, i.sender, i.as_of, i.sha256, i.area_code, i.account_id, i.dry_run, i.state, i.new_rows, i.changed_rows, i.same_rows, i.refused_rows,
	i.pending_rows, i.refusals, i.mapping, i.reading, i.failure, i.at, i.finished_at, coalesce(p.done, 0), coalesce(p.total, 0),
	i.known_rows, i.missing_rows, i.kept, i.confirmed_at, i.confirmed_reason, i.acting_for
	FROM imports i LEFT JOIN import_progress p ON p.import_id = i.id`

func scanImport(row pgx.CollectableRow) (i Import, err error) {
	var account, actingFor *uuid.UUID
	var finished, confirmed *time.Time
	var known, missing *int
	err = row.Scan(&i.ID, &i.Version, &i.Kind, &i.Sender, &i.AsOf, &i.SHA256, &i.Area, &account, &i.DryRun, &i.State, &i.New, &i.Changed, &i.Same, &i.Refused, &i.Pending,
		&i.Refusals, &i.Mapping, &i.Reading, &i.Failure, &i.At, &finished, &i.Done, &i.Total,
		&known, &missing, &i.Kept, &confirmed, &i.ConfirmedReason, &actingFor)
	i.AccountID, i.ActingFor, i.FinishedAt, i.ConfirmedAt = orZero(account), orZero(actingFor), orZero(finished), orZero(confirmed)
	if known != nil {
		i.Absence = &Absence{*known, orZero(missing)}
	}
	return i, err
}

func (db *DB) imports(ctx context.Context, where string, args ...any) (list []Import, err error) {
	rows, err := db.pool.Query(ctx, "SELECT "+importColumns+" "+where, args...)
	if err == nil {
		list, err = pgx.CollectRows(rows, scanImport)
	}
	if err != nil {
		return nil, translate(fmt.Errorf("read imports: %w", err))
	}
	return list, nil
}

// ImportByID reads an import of the actor's area.
func (db *DB) ImportByID(ctx context.Context, who access.Actor, id uuid.UUID) (Import, error) {
	i, err := one(db.imports(ctx, "WHERE i.id = $1", id))
	if err == nil && !who.Covers(i.Area) {
		return Import{}, NotFound
	}
	return i, err
}

// ListImports lists the imports of an area, the latest first, before one in this order.
func (db *DB) ListImports(ctx context.Context, in area.Code, before uuid.UUID, limit int) ([]Import, error) {
	lo, hi := in.Range()
	return db.imports(ctx, "WHERE i.area_code >= $1 AND i.area_code < $2 AND ($3::uuid IS NULL OR i.id < $3) ORDER BY i.id DESC LIMIT $4", lo, hi, orNull(before), limit)
}

// AppliedImports finds the imports that a file has been already and that were not taken back, the last first.
func (db *DB) AppliedImports(ctx context.Context, like Import) ([]Import, error) {
	sum := like.SHA256[:sha256.Size]
	return db.imports(ctx, `WHERE i.kind = $1 AND i.area_code = $2 AND i.sha256 >= $3 AND i.sha256 < $4 AND i.sender = $5 AND i.as_of IS NOT DISTINCT FROM $6 AND NOT i.dry_run
		AND i.state IN ('queued', 'waiting', 'done') ORDER BY i.sha256 DESC`, like.Kind, string(like.Area), sum, append(slices.Clone(sum), 1), like.Sender, like.AsOf)
}

// ImportByKey finds the import that an account has asked for with an Idempotency-Key.
func (db *DB) ImportByKey(ctx context.Context, who access.Actor, key string) (i Import, found bool, err error) {
	i, err = one(db.imports(ctx, "WHERE i.account_id = $1 AND i.key = $2", who.AccountID, key))
	if errors.Is(err, NotFound) {
		return Import{}, false, nil
	}
	return i, err == nil, err
}

// TakeList waits for the turn to work on a list, and TakeRoster for that to take in a roster, which lasts until done is called. In a process each is
// read one after the other: a long one takes more than 100 MiB, of the 256 that a district's service has.
func (db *DB) TakeList(ctx context.Context) (done func(), err error) { return turn(ctx, db.lists) }

// TakeRoster is described with TakeList.
func (db *DB) TakeRoster(ctx context.Context) (done func(), err error) { return turn(ctx, db.rosters) }

func turn(ctx context.Context, of chan struct{}) (done func(), err error) {
	select {
	case of <- struct{}{}:
		return func() { <-of }, nil
	case <-ctx.Done():
		return nil, translate(fmt.Errorf("wait for others: %w", ctx.Err()))
	}
}

// An account sends in so many files at a time, each of which is kept in memory until it is answered, and waits so long for one of them to be.
const (
	sentAtOnce = 3
	sendWait   = 10 * time.Second
)

var tooManyFiles = func() *fault.Error {
	f := fault.New(fault.TooMany, "TOO_MANY_FILES", "正在上传的文件过多，请稍后再试", "too many files are being sent in; try again later")
	f.RetryAfter = int(sendWait.Seconds())
	return f
}()

// sendings are the files that accounts send in now, or wait to.
type sendings struct {
	mu sync.Mutex
	of map[uuid.UUID]*sending
}

type sending struct {
	places chan struct{}
	users  int
}

func (s *sendings) enter(account uuid.UUID) *sending {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[uuid.UUID]*sending{}
	}
	mine := s.of[account]
	if mine == nil {
		mine = &sending{places: make(chan struct{}, sentAtOnce)}
		s.of[account] = mine
	}
	mine.users++
	return mine
}

func (s *sendings) leave(account uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mine := s.of[account]; mine.users > 1 {
		mine.users--
	} else {
		delete(s.of, account)
	}
}

// TakeUpload lets an account send in a file, until done is called.
func (db *DB) TakeUpload(ctx context.Context, account uuid.UUID) (done func(), err error) {
	mine := db.sendings.enter(account)
	wait, cancel := context.WithTimeoutCause(ctx, sendWait, tooManyFiles)
	defer cancel()
	select {
	case mine.places <- struct{}{}:
		return func() { <-mine.places; db.sendings.leave(account) }, nil
	case <-wait.Done():
		db.sendings.leave(account)
		return nil, context.Cause(wait)
	}
}

// staleWorker is how long a worker may be silent before another takes its import over.
const staleWorker = 30 * time.Second

// ClaimImport takes the oldest queued import that nobody works on for a worker, or the one of an id.
func (db *DB) ClaimImport(ctx context.Context, worker, id uuid.UUID) (i Import, found bool, err error) {
	var claimed uuid.UUID
	err = db.pool.QueryRow(ctx, `WITH free AS (
			SELECT i.id FROM imports i LEFT JOIN import_progress p ON p.import_id = i.id
			WHERE i.state = 'queued' AND ($2::uuid IS NULL OR i.id = $2) AND (p.seen_at IS NULL OR p.seen_at < clock_timestamp() - $3::interval)
			ORDER BY i.at LIMIT 1 FOR UPDATE OF i SKIP LOCKED
		)
		INSERT INTO import_progress (import_id, worker, seen_at) SELECT id, $1, clock_timestamp() FROM free
		ON CONFLICT (import_id) DO UPDATE SET worker = $1, seen_at = clock_timestamp(), done = 0, total = 0
			WHERE import_progress.seen_at IS NULL OR import_progress.seen_at < clock_timestamp() - $3::interval
		RETURNING import_id`, worker, orNull(id), staleWorker).Scan(&claimed)
	if errors.Is(err, pgx.ErrNoRows) {
		return i, false, nil
	}
	if err != nil {
		return i, false, translate(fmt.Errorf("claim an import: %w", err))
	}
	i, err = one(db.imports(ctx, "WHERE i.id = $1", claimed))
	return i, err == nil, err
}

// Progress records how far a worker is; it fails where another has taken the import over.
func (db *DB) Progress(ctx context.Context, worker, id uuid.UUID, done, total int) error {
	tag, err := db.pool.Exec(ctx, "UPDATE import_progress SET done = $3, total = $4, seen_at = clock_timestamp() WHERE import_id = $1 AND worker = $2", id, worker, done, total)
	if err != nil {
		return translate(fmt.Errorf("record progress: %w", err))
	}
	return exactlyOne(int(tag.RowsAffected()), nil)
}

// ImportChange is what a row of a list changes, or would.
type ImportChange struct {
	N             int
	Row           int // 0: the list is silent about the person
	PersonID      uuid.UUID
	Name          string
	Area          area.Code
	Outcome       string // changed or pending
	Kind          string
	Before, After []statement.Fact
	MonthlyFen    int64
}

// shownFact is a fact as it is kept with an import.
type shownFact struct {
	Sort string        `json:"sort"`
	From calendar.Date `json:"from"`
	To   calendar.Date `json:"to,omitzero"`
}

func shown(list []statement.Fact) string {
	facts := make([]shownFact, len(list))
	for i, f := range list {
		facts[i] = shownFact{f.Sort, f.Days.From, f.Days.To}
	}
	text, _ := json.Marshal(facts)
	return string(text)
}

func unshown(list []shownFact) []statement.Fact {
	facts := make([]statement.Fact, len(list))
	for i, f := range list {
		facts[i] = statement.Fact{Sort: f.Sort, Days: calendar.Interval{From: f.From, To: f.To}}
	}
	return facts
}

// InsertImportChanges keeps what an import changes, or would.
func (tx *Tx) InsertImportChanges(ctx context.Context, id uuid.UUID, list []ImportChange) error {
	return tx.insert(ctx, importChangesTable, importChangeRows(id, list))
}

var importChangesTable = table{"import_changes", []string{"import_id uuid", "n bigint", "row bigint", "person_id uuid", "outcome", "kind", "before jsonb", "after jsonb", "monthly_fen bigint"}}

func importChangeRows(id uuid.UUID, list []ImportChange) []row {
	rows := make([]row, len(list))
	for i, c := range list {
		rows[i] = row{id, c.N, c.Row, c.PersonID, c.Outcome, c.Kind, shown(c.Before), shown(c.After), c.MonthlyFen}
	}
	return rows
}

// ImportChanges lists what an import changes of persons in the actor's area, after a number in order.
func (db *DB) ImportChanges(ctx context.Context, who access.Actor, id uuid.UUID, after, limit int) (list []ImportChange, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(`SELECT c.n, c.row, c.person_id, p.name, c.area_code, c.outcome, c.kind, c.before, c.after, c.monthly_fen FROM import_changes c JOIN persons p ON p.id = c.person_id
			WHERE c.import_id = $1 AND c.n > $2 ORDER BY c.n LIMIT $3`, id, after, limit).Query(func(rows pgx.Rows) error {
			list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c ImportChange, err error) {
				var before, after []shownFact
				err = row.Scan(&c.N, &c.Row, &c.PersonID, &c.Name, &c.Area, &c.Outcome, &c.Kind, &before, &after, &c.MonthlyFen)
				c.Before, c.After = unshown(before), unshown(after)
				return c, err
			})
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list changes of an import: %w", err)
	}
	return list, nil
}
