package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zhucan/internal/access"
	"zhucan/internal/secret"
)

// keepToRing refuses keys that are not those of this register, and keeps proofs of those that are new to it. It writes past Write: a proof is
// nobody's act, and the audit begins with the first one.
func (db *DB) keepToRing(ctx context.Context) error {
	if db.Owner {
		return nil
	}
	known, err := provenBy(ctx, db.pool, db.Ring)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == noSuchTable { // of this schema the caller learns from CheckSchema
		return nil
	}
	if err != nil {
		return err
	}
	proofs, err := db.Ring.Proofs()
	if err != nil {
		return err
	}
	proofs = slices.DeleteFunc(proofs, func(p secret.Proof) bool {
		return slices.ContainsFunc(known, func(k secret.Proof) bool { return k.Use == p.Use && k.KeyID == p.KeyID })
	})
	if len(proofs) == 0 {
		return nil
	}
	if len(known) == 0 {
		if err := db.opensWhatIsThere(ctx); err != nil {
			return err
		}
	}
	return db.keepProofs(ctx, proofs)
}

// provenBy reads the proofs and refuses a ring that one of them does not fit.
func provenBy(ctx context.Context, from interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
}, ring *secret.Ring) ([]secret.Proof, error) {
	rows, err := from.Query(ctx, "SELECT use, key_id, proof FROM key_proofs ORDER BY use, key_id")
	if err != nil {
		return nil, fmt.Errorf("read the proofs of keys: %w", err)
	}
	known, err := pgx.CollectRows(rows, pgx.RowToStructByPos[secret.Proof])
	if err != nil {
		return nil, fmt.Errorf("read the proofs of keys: %w", err)
	}
	for _, p := range known {
		if err := ring.Fits(p); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// keepProofs keeps what is new, all or nothing. Of two rings that come to a new register at one moment, the second waits for the first here and
// is then compared with it.
func (db *DB) keepProofs(ctx context.Context, proofs []secret.Proof) error {
	tx, err := db.pool.Begin(ctx)
	if err != nil {
		return fmt.Errorf("keep the proofs of keys: %w", err)
	}
	defer tx.Rollback(ctx)
	for _, p := range proofs {
		_, err := tx.Exec(ctx, "INSERT INTO key_proofs (use, key_id, proof, added_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", p.Use, p.KeyID, p.Value, db.Now())
		if err != nil {
			return fmt.Errorf("keep the proofs of keys: %w", err)
		}
	}
	if _, err := provenBy(ctx, tx, db.Ring); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// firstAndLast are two people with numbers. The last one is sealed by the newest key that has been used.
const firstAndLast = `(SELECT id, id_number, id_number_index FROM persons WHERE id_number IS NOT NULL ORDER BY id LIMIT 1)
	UNION ALL (SELECT id, id_number, id_number_index FROM persons WHERE id_number IS NOT NULL ORDER BY id DESC LIMIT 1)`

// opensWhatIsThere refuses keys that do not open what is in a register from before proofs were kept, or index it otherwise.
func (db *DB) opensWhatIsThere(ctx context.Context) error {
	return db.Read(ctx, access.SystemActor(), func(b *pgx.Batch) {
		b.Queue(firstAndLast).Query(func(rows pgx.Rows) error {
			var id uuid.UUID
			var sealed, index []byte
			_, err := pgx.ForEachRow(rows, []any{&id, &sealed, &index}, func() error {
				number, err := db.Ring.Open("persons", "id_number", id, sealed)
				if err != nil || index != nil && !bytes.Equal(index, db.index(indexID, number)) {
					return secret.ErrOther
				}
				return nil
			})
			return err
		})
	})
}
