package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// SecondFactor is what a sign-in to an account is held against beside its password.
type SecondFactor struct {
	Secret   string
	BegunAt  time.Time
	BegunIn  uuid.UUID // session
	LastStep int64     // of the code of the app that was shown last
	Spare    [][]byte  // keyed hashes of the codes that have not been used yet
}

// BeginSecondFactor keeps a secret that waits until somebody shows that his app knows it, in the place of one that waited before.
func (tx *Tx) BeginSecondFactor(ctx context.Context, account uuid.UUID, secret string) error {
	s := sealer{ring: tx.db.Ring, table: "second_factors", row: account}
	sealed := s.seal("secret", secret)
	if s.err != nil {
		return s.err
	}
	_, err := tx.sql.ExecContext(ctx, `INSERT INTO second_factors (account_id, secret, begun_at, begun_in) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, begun_at = excluded.begun_at, begun_in = excluded.begun_in, last_step = 0, spare = '{}'`,
		account, sealed, tx.Now, tx.Who.SessionID)
	if err != nil {
		return fmt.Errorf("begin a second factor: %w", err)
	}
	return nil
}

const secondFactor = "SELECT secret, begun_at, begun_in, last_step, spare FROM second_factors WHERE account_id = $1"

func (db *DB) scanSecondFactor(row pgx.Row, account uuid.UUID) (f SecondFactor, err error) {
	var sealed []byte
	var session *uuid.UUID
	if err := row.Scan(&sealed, &f.BegunAt, &session, &f.LastStep, &f.Spare); err != nil {
		return f, translate(fmt.Errorf("read a second factor: %w", err))
	}
	f.BegunIn = orZero(session)
	o := opener{ring: db.Ring, table: "second_factors", row: account}
	f.Secret = o.open("secret", sealed)
	return f, o.err
}

// SecondFactor reads that of an account; NotFound where nobody ever began one.
func (db *DB) SecondFactor(ctx context.Context, account uuid.UUID) (SecondFactor, error) {
	return db.scanSecondFactor(db.pool.QueryRow(ctx, secondFactor, account), account)
}

// LockSecondFactor reads it and holds it, so that no code is shown twice at once.
func (tx *Tx) LockSecondFactor(ctx context.Context, account uuid.UUID) (f SecondFactor, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(secondFactor+" FOR UPDATE", account).QueryRow(func(row pgx.Row) (err error) {
			f, err = tx.db.scanSecondFactor(row, account)
			return err
		})
	})
	return f, err
}

// KeepSecondFactor writes which codes have been shown.
func (tx *Tx) KeepSecondFactor(ctx context.Context, account uuid.UUID, f SecondFactor) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE second_factors SET last_step = $2, spare = $3 WHERE account_id = $1", account, f.LastStep, f.Spare)
	if err != nil {
		return fmt.Errorf("keep a second factor: %w", err)
	}
	return nil
}

// SecondFactorShown notes of a session that who opened it has shown the second factor.
func (tx *Tx) SecondFactorShown(ctx context.Context, session uuid.UUID) error {
	if _, err := tx.sql.ExecContext(ctx, "UPDATE sessions SET second_factor = true WHERE id = $1", session); err != nil {
		return fmt.Errorf("note the second factor of a session: %w", err)
	}
	return nil
}
