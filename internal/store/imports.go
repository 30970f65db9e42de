package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
)

// Refusal is one row of a file that was not taken: where and why, never what it held.
type Refusal struct {
	Row    int    `json:"row"`
	Column string `json:"column"`
	Code   string `json:"code"`
	ZH     string `json:"zh"`
	EN     string `json:"en"`
}

// Import is a file that came in, and what became of its rows.
type Import struct {
	ID                          uuid.UUID
	Kind                        string
	SHA256                      []byte
	Area                        area.Code
	AccountID                   uuid.UUID
	DryRun                      bool
	New, Changed, Same, Refused int
	Refusals                    []Refusal
	At                          time.Time
}

// InsertImport records an import.
func (tx *Tx) InsertImport(ctx context.Context, i Import) error {
	if i.Refusals == nil {
		i.Refusals = []Refusal{}
	}
	refusals, err := json.Marshal(i.Refusals)
	if err != nil {
		return fmt.Errorf("write refusals: %w", err)
	}
	_, err = tx.sql.ExecContext(ctx, `INSERT INTO imports (id, kind, sha256, area_code, account_id, dry_run, new_rows, changed_rows, same_rows, refused_rows, refusals, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		i.ID, i.Kind, i.SHA256, string(i.Area), orNull(i.AccountID), i.DryRun, i.New, i.Changed, i.Same, i.Refused, string(refusals), tx.Now)
	if err != nil {
		return fmt.Errorf("record an import: %w", err)
	}
	return nil
}

const importColumns = `id, kind, sha256, area_code, account_id, dry_run, new_rows, changed_rows, same_rows, refused_rows, refusals, at`

func (db *DB) findImport(ctx context.Context, where string, args ...any) (Import, error) {
	var i Import
	var account *uuid.UUID
	err := db.pool.QueryRow(ctx, "SELECT "+importColumns+" FROM imports WHERE "+where, args...).Scan(&i.ID, &i.Kind, &i.SHA256, &i.Area,
		&account, &i.DryRun, &i.New, &i.Changed, &i.Same, &i.Refused, &i.Refusals, &i.At)
	i.AccountID = orZero(account)
	return i, translate(err)
}

// ImportByID reads an import of the actor's area.
func (db *DB) ImportByID(ctx context.Context, who access.Actor, id uuid.UUID) (Import, error) {
	i, err := db.findImport(ctx, "id = $1", id)
	if err == nil && !who.Covers(i.Area) {
		return Import{}, NotFound
	}
	return i, err
}

// AppliedImport finds the import that a file has been already, if it has.
func (db *DB) AppliedImport(ctx context.Context, kind string, in area.Code, sha256 []byte) (i Import, found bool, err error) {
	i, err = db.findImport(ctx, "kind = $1 AND area_code = $2 AND sha256 = $3 AND NOT dry_run", kind, string(in), sha256)
	if errors.Is(err, NotFound) {
		return Import{}, false, nil
	}
	return i, err == nil, err
}
