package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
)

// Payee is whom and where to pay for a person.
type Payee struct {
	ID           uuid.UUID
	PersonID     uuid.UUID
	Holder       string
	Relation     string // self, guardian or estate
	Account      string
	Reason       string
	NamedAt      time.Time // by an officer, or by whoever handed in the application that names it; zero: when it is recorded
	RecordedAt   time.Time
	SupersededAt time.Time
}

var payeesTable = table{"payees", []string{"id uuid", "person_id uuid", "holder", "relation", "account bytea", "reason text", "named_at timestamptz", "recorded_at timestamptz", "recorded_by uuid"}}

// ReplacePayees puts new accounts in the place of those that persons had.
func (tx *Tx) ReplacePayees(ctx context.Context, payees ...Payee) error {
	if len(payees) == 0 {
		return nil
	}
	rows, persons := make([]row, len(payees)), make([]uuid.UUID, len(payees))
	for i, p := range payees {
		s := sealer{ring: tx.db.Ring, table: "payees", row: p.ID}
		if p.NamedAt.IsZero() {
			p.NamedAt = tx.Now
		}
		rows[i] = row{p.ID, p.PersonID, p.Holder, p.Relation, s.seal("account", p.Account), p.Reason, p.NamedAt, tx.Now, tx.Who.AccountID}
		if persons[i] = p.PersonID; s.err != nil {
			return s.err
		}
	}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("UPDATE payees SET superseded_at = $2 WHERE person_id = ANY($1) AND superseded_at IS NULL", persons, tx.Now)
		payeesTable.queue(b, rows)
		tx.accountKeysOf(persons, payees)(b)
	})
	if err != nil {
		return fmt.Errorf("supersede an account: %w", err)
	}
	return nil
}

// Payees lists the accounts of a person, the present one last.
func (db *DB) Payees(ctx context.Context, who access.Actor, person uuid.UUID) (list []Payee, err error) {
	seen := false
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT EXISTS (SELECT FROM persons WHERE id = $1)", person).QueryRow(func(r pgx.Row) error { return r.Scan(&seen) })
		b.Queue(`SELECT id, person_id, holder, relation, account, reason, recorded_at, superseded_at FROM payees WHERE person_id = $1 ORDER BY recorded_at, id`,
			person).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				p, err := db.scanPayee(rows)
				if err != nil {
					return err
				}
				list = append(list, p)
			}
			return rows.Err()
		})
	})
	if err == nil && !seen {
		err = NotFound
	}
	return list, err
}

func (db *DB) scanPayee(rows pgx.Rows) (p Payee, err error) {
	var sealed []byte
	var superseded *time.Time
	if err := rows.Scan(&p.ID, &p.PersonID, &p.Holder, &p.Relation, &sealed, &p.Reason, &p.RecordedAt, &superseded); err != nil {
		return p, err
	}
	p.SupersededAt = orZero(superseded)
	o := opener{ring: db.Ring, table: "payees", row: p.ID}
	p.Account = o.open("account", sealed)
	return p, o.err
}

// PayAccounts are the accounts to which persons are paid now.
func (tx *Tx) PayAccounts(ctx context.Context, persons []uuid.UUID) (accounts map[uuid.UUID]string, err error) {
	accounts = map[uuid.UUID]string{}
	if len(persons) == 0 {
		return accounts, nil
	}
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		each(b, "SELECT id, person_id, account FROM payees WHERE person_id = ANY($1) AND superseded_at IS NULL", persons, func(rows pgx.Rows) error {
			var id, person uuid.UUID
			var sealed []byte
			if err := rows.Scan(&id, &person, &sealed); err != nil {
				return err
			}
			o := opener{ring: tx.db.Ring, table: "payees", row: id}
			accounts[person] = o.open("account", sealed)
			return o.err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read accounts to pay to: %w", err)
	}
	return accounts, nil
}

func (l *loader) payees(b *pgx.Batch) {
	each(b, "SELECT person_id, relation, named_at FROM payees WHERE person_id = ANY($1) AND superseded_at IS NULL", l.ids, func(rows pgx.Rows) error {
		var p Payee
		err := rows.Scan(&p.PersonID, &p.Relation, &p.NamedAt)
		if d := l.byID[p.PersonID]; err == nil && d != nil {
			d.Payee = &p
		}
		return err
	})
}
