package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/names"
)

// accountKey tells whether two persons are paid to one account: a keyed hash of its number, and one of the guardian whose account it is.
type accountKey struct{ key, wardOf []byte }

func (db *DB) accountKey(p Payee) accountKey {
	k := accountKey{key: db.Ring.BlindIndex("shared_account", p.Account)}
	if p.Relation == "guardian" {
		k.wardOf = db.Ring.BlindIndex("shared_account_guardian", names.Key(p.Holder))
	}
	return k
}

func (k accountKey) equal(o accountKey) bool {
	return bytes.Equal(k.key, o.key) && bytes.Equal(k.wardOf, o.wardOf)
}

// accountKeysOf makes the stored keys those of the accounts to which persons are paid now. A key that stays keeps the instant since which
// it is so.
func (tx *Tx) accountKeysOf(payees []Payee) Query {
	var owners []uuid.UUID
	var keys, guardians [][]byte
	for _, p := range payees {
		k := tx.db.accountKey(p)
		owners, keys, guardians = append(owners, p.PersonID), append(keys, k.key), append(guardians, k.wardOf)
	}
	return func(b *pgx.Batch) {
		b.Queue(`INSERT INTO account_keys (person_id, key, ward_of, recorded_at) SELECT u.*, $4 FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS u
			ON CONFLICT (person_id) DO UPDATE SET key = excluded.key, ward_of = excluded.ward_of, recorded_at = excluded.recorded_at
			WHERE account_keys.key <> excluded.key OR account_keys.ward_of IS DISTINCT FROM excluded.ward_of`, owners, keys, guardians, tx.Now)
	}
}

// writeAccountKeys makes the keys of persons anew.
func (tx *Tx) writeAccountKeys(ctx context.Context, persons []uuid.UUID) error {
	var payees []Payee
	err := tx.Batch(ctx, tx.db.payeesNow(persons, &payees))
	if err == nil {
		err = tx.Batch(ctx, func(b *pgx.Batch) {
			b.Queue(`DELETE FROM account_keys k WHERE person_id = ANY($1) AND NOT EXISTS (SELECT FROM payees y
				WHERE y.person_id = k.person_id AND y.superseded_at IS NULL AND NOT EXISTS (SELECT FROM merged_persons g WHERE g.person_id = y.person_id))`, persons)
		}, tx.accountKeysOf(payees))
	}
	if err != nil {
		return fmt.Errorf("write which accounts are the same: %w", err)
	}
	return nil
}

// payeesNow reads to whom the money of persons goes now; of one who is merged into another nothing goes anywhere.
func (db *DB) payeesNow(persons []uuid.UUID, into *[]Payee) Query {
	return func(b *pgx.Batch) {
		each(b, `SELECT id, person_id, holder, relation, account, reason, recorded_at, superseded_at FROM payees y
			WHERE person_id = ANY($1) AND superseded_at IS NULL AND NOT EXISTS (SELECT FROM merged_persons g WHERE g.person_id = y.person_id)`, persons, func(rows pgx.Rows) error {
			p, err := db.scanPayee(rows)
			*into = append(*into, p)
			return err
		})
	}
}

// accountKeysDiffer finds the persons whose keys are not those of their accounts.
func (db *DB) accountKeysDiffer(ctx context.Context, who access.Actor, persons []uuid.UUID) (wrong []uuid.UUID, err error) {
	var payees []Payee
	stored, given := map[uuid.UUID]accountKey{}, map[uuid.UUID]accountKey{}
	err = db.Read(ctx, who, db.payeesNow(persons, &payees), func(b *pgx.Batch) {
		each(b, "SELECT person_id, key, ward_of FROM account_keys WHERE person_id = ANY($1)", persons, func(rows pgx.Rows) error {
			var id uuid.UUID
			var k accountKey
			err := rows.Scan(&id, &k.key, &k.wardOf)
			stored[id] = k
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read which accounts are the same: %w", err)
	}
	for _, p := range payees {
		given[p.PersonID] = db.accountKey(p)
	}
	return slices.DeleteFunc(slices.Clone(persons), func(id uuid.UUID) bool { return stored[id].equal(given[id]) }), nil
}
