package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
)

// AuditEntry is one signed transaction or refused attempt.
type AuditEntry struct {
	Seq       int64
	ID        uuid.UUID
	At        time.Time
	AccountID uuid.UUID
	Username  string
	Role      string
	Area      area.Code
	Action    string
	SubjectID uuid.UUID
	Outcome   string
	RequestID string
	Detail    json.RawMessage
	Changes   []AuditChange
	Hash      []byte
}

// AuditChange is one row changed under an entry, without its content.
type AuditChange struct {
	Table string    `json:"table"`
	RowID uuid.UUID `json:"row_id"`
	Op    string    `json:"op"`
}

// AuditFilter narrows a list of entries. Zero members do not narrow.
type AuditFilter struct {
	Area      area.Code
	Before    int64 // entries with a smaller seq; 0: from the newest
	AccountID uuid.UUID
	SubjectID uuid.UUID
	Action    string
	Outcome   string
	From      calendar.Date // the first day
	Until     calendar.Date // the last day
	Limit     int
}

// ListAudit lists entries of an area, newest first, each with at most 100 of its changes.
func (db *DB) ListAudit(ctx context.Context, f AuditFilter) ([]AuditEntry, error) {
	lo, hi := f.Area.Range()
	const sql = `SELECT e.seq, e.id, e.at, e.account_id, coalesce(a.username, ''), e.role, e.area_code, e.action, e.subject_id, e.outcome,
		e.request_id, e.detail, e.hash,
		(SELECT coalesce(jsonb_agg(jsonb_build_object('table', c.table_name, 'row_id', c.row_id, 'op', c.op) ORDER BY c.n), '[]')
		 FROM (SELECT * FROM audit_changes c WHERE c.entry_id = e.id ORDER BY c.n LIMIT 100) c)
		FROM audit_entries e LEFT JOIN accounts a ON a.id = e.account_id
		WHERE e.seq IS NOT NULL AND ($1::bigint = 0 OR e.seq < $1) AND e.area_code >= $2 AND e.area_code < $3
		  AND ($4::uuid IS NULL OR e.account_id = $4) AND ($5::uuid IS NULL OR e.subject_id = $5) AND ($6 = '' OR e.action = $6)
		  AND ($7 = '' OR e.outcome = $7) AND ($9::date IS NULL OR e.at >= $9::date::timestamp AT TIME ZONE 'Asia/Shanghai')
		  AND ($10::date IS NULL OR e.at < ($10::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')
		ORDER BY e.seq DESC LIMIT $8`
	rows, err := db.pool.Query(ctx, sql, f.Before, lo, hi, orNull(f.AccountID), orNull(f.SubjectID), f.Action, f.Outcome, f.Limit, f.From, f.Until)
	if err != nil {
		return nil, translate(fmt.Errorf("list the audit: %w", err))
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (e AuditEntry, err error) {
		var account, subject *uuid.UUID
		err = r.Scan(&e.Seq, &e.ID, &e.At, &account, &e.Username, &e.Role, &e.Area, &e.Action, &subject, &e.Outcome, &e.RequestID, &e.Detail, &e.Hash, &e.Changes)
		e.AccountID, e.SubjectID = orZero(account), orZero(subject)
		return e, err
	})
	if err != nil {
		return nil, translate(fmt.Errorf("list the audit: %w", err))
	}
	return list, nil
}

// Verification is what a walk over the chain found.
type Verification struct {
	Entries int64
	Changes int64
	Head    []byte // hash of the last entry
	Broken  string // the first broken entry and what is wrong with it; empty when the chain holds
}

// auditText is one row of the walk: an entry's own columns as text and one of its changes.
type auditText struct {
	seq                                        *int64
	id                                         uuid.UUID
	digest, prev, hash                         []byte
	table, rowID, op, oldRow, newRow           *string
	n                                          *int64
	at                                         int64
	account, session, role, area, action, subj string
	outcome, request, detail                   string
}

const walkSQL = `SELECT e.seq, e.id, (extract(epoch FROM e.at) * 1000000)::bigint, coalesce(e.account_id::text, ''), coalesce(e.session_id::text, ''),
	e.role, e.area_code, e.action, coalesce(e.subject_id::text, ''), e.outcome, e.request_id, e.detail::text, e.digest, e.prev_hash, e.hash,
	c.n, c.table_name, c.row_id::text, c.op, c.old_row::text, c.new_row::text
	FROM audit_entries e LEFT JOIN audit_changes c ON c.entry_id = e.id ORDER BY e.seq NULLS FIRST, e.id, c.n`

// VerifyAudit recomputes the whole chain from the stored columns and names the first entry that does not hold, or that a checkpoint knows
// otherwise. In a process one walks at a time: a walk takes as long as there are entries, and a connection.
func (db *DB) VerifyAudit(ctx context.Context, noted ...Checkpoint) (Verification, error) {
	done, err := turn(ctx, db.walks)
	if err != nil {
		return Verification{}, err
	}
	defer done()
	w := &chainWalk{noted: bySeq(noted)}
	err = db.inLongRead(ctx, func(tx pgx.Tx) error { return w.over(ctx, tx) })
	if err != nil {
		return Verification{}, translate(fmt.Errorf("verify the audit: %w", err))
	}
	return w.result, nil
}

func (w *chainWalk) over(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, walkSQL)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() && w.result.Broken == "" {
		var t auditText
		err := rows.Scan(&t.seq, &t.id, &t.at, &t.account, &t.session, &t.role, &t.area, &t.action, &t.subj, &t.outcome, &t.request, &t.detail,
			&t.digest, &t.prev, &t.hash, &t.n, &t.table, &t.rowID, &t.op, &t.oldRow, &t.newRow)
		if err != nil {
			return err
		}
		w.add(t)
	}
	rows.Close() // also when entries are left behind a broken one
	if err := rows.Err(); err != nil {
		return err
	}
	w.finishEntry()
	w.compareEnd()
	if w.result.Broken == "" {
		w.result.Broken, err = ownerless(ctx, tx)
	}
	return err
}

// ownerless says whether there is a change of no entry, which no digest covers.
func ownerless(ctx context.Context, tx pgx.Tx) (broken string, err error) {
	err = tx.QueryRow(ctx, `SELECT coalesce(min(format('change %s: belongs to no entry', n)), '') FROM audit_changes c
		WHERE NOT EXISTS (SELECT FROM audit_entries e WHERE e.id = c.entry_id)`).Scan(&broken)
	return broken, err
}

// chainWalk recomputes entry after entry.
type chainWalk struct {
	result  Verification
	current *auditText
	lines   []byte
	noted   []Checkpoint // those of entries to come, in order
}

func (w *chainWalk) add(t auditText) {
	if w.current != nil && w.current.id != t.id {
		w.finishEntry()
	}
	w.current = &t
	if t.n == nil || w.result.Broken != "" {
		return
	}
	w.result.Changes++
	line := sha256.Sum256([]byte(strings.Join([]string{*t.table, *t.rowID, *t.op, orZero(t.oldRow), orZero(t.newRow)}, "\n")))
	w.lines = append(w.lines, line[:]...)
}

func (w *chainWalk) finishEntry() {
	t := w.current
	if t == nil || w.result.Broken != "" {
		return
	}
	w.current = nil
	digest := sha256.Sum256(w.lines)
	w.lines = w.lines[:0]
	w.result.Entries++
	if t.seq == nil || *t.seq != w.result.Entries {
		w.result.Broken = fmt.Sprintf("entry %d: missing, or entry %s stands in its place", w.result.Entries, t.id)
		return
	}
	text := strings.Join([]string{fmt.Sprint(*t.seq), t.id.String(), fmt.Sprint(t.at), t.account, t.session, t.role, t.area, t.action,
		t.subj, t.outcome, t.request, t.detail}, "\n")
	hash := sha256.Sum256(append(append(bytes.Clone(w.result.Head), digest[:]...), text...))
	switch {
	case !bytes.Equal(digest[:], t.digest):
		w.result.Broken = fmt.Sprintf("entry %d (%s): its recorded changes were altered", *t.seq, t.id)
	case !bytes.Equal(w.result.Head, t.prev):
		w.result.Broken = fmt.Sprintf("entry %d (%s): does not follow the entry before it", *t.seq, t.id)
	case !bytes.Equal(hash[:], t.hash):
		w.result.Broken = fmt.Sprintf("entry %d (%s): its own columns were altered", *t.seq, t.id)
	}
	w.result.Head = t.hash
	w.compare(*t.seq, t.hash)
}
