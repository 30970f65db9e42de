package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
)

// Phone is a browser in which somebody works without a network, as it was when it was last heard of.
type Phone struct {
	ID          uuid.UUID
	AccountID   uuid.UUID
	Username    string
	Name        string    // of whom it belongs to
	Area        area.Code // in which he works
	Waiting     int       // entries that are not sent yet
	OldestAt    time.Time // when the oldest of them was entered
	ContactedAt time.Time
}

// InsertPhone adds a phone of who writes, with the secret that opens it.
func (tx *Tx) InsertPhone(ctx context.Context, id uuid.UUID, secret string) error {
	s := sealer{ring: tx.db.Ring, table: "phones", row: id}
	sealed := s.seal("secret", secret)
	if s.err != nil {
		return s.err
	}
	_, err := tx.sql.ExecContext(ctx, "INSERT INTO phones (id, account_id, secret, made_at, contacted_at) VALUES ($1, $2, $3, $4, $4)", id, tx.Who.AccountID, sealed, tx.Now)
	if err != nil {
		return fmt.Errorf("insert a phone: %w", err)
	}
	return nil
}

// PhoneSecret is what opens a phone of who writes. Another's phone is not there.
func (tx *Tx) PhoneSecret(ctx context.Context, id uuid.UUID) (string, error) {
	var sealed []byte
	err := tx.sql.QueryRowContext(ctx, "SELECT secret FROM phones WHERE id = $1 AND account_id = $2", id, tx.Who.AccountID).Scan(&sealed)
	if err != nil {
		return "", fmt.Errorf("read a phone: %w", translate(err))
	}
	return tx.db.Ring.Open("phones", "secret", id, sealed)
}

// SessionBegan is when a session was signed in to.
func (db *DB) SessionBegan(ctx context.Context, session uuid.UUID) (at time.Time, err error) {
	err = db.pool.QueryRow(ctx, "SELECT created_at FROM sessions WHERE id = $1", session).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return at, NotFound
	}
	if err != nil {
		return at, translate(fmt.Errorf("read a session: %w", err))
	}
	return at, nil
}

// PhoneContact keeps what a phone of an account says of itself.
func (db *DB) PhoneContact(ctx context.Context, account, id uuid.UUID, waiting int, oldest time.Time) error {
	var since *time.Time
	if waiting > 0 {
		since = &oldest
	}
	tag, err := db.pool.Exec(ctx, "UPDATE phones SET waiting = $3, oldest_at = $4, contacted_at = $5 WHERE id = $1 AND account_id = $2", id, account, waiting, since, db.Now())
	if err != nil {
		return translate(fmt.Errorf("hear of a phone: %w", err))
	}
	if tag.RowsAffected() == 0 {
		return NotFound
	}
	return nil
}

// WaitingPhones lists the phones of accounts of an area on which entries wait, those first that wait longest.
func (db *DB) WaitingPhones(ctx context.Context, who access.Actor, in area.Code, limit int) (list []Phone, err error) {
	if !who.Covers(in) {
		return nil, NotFound
	}
	lo, hi := in.Range()
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(`SELECT p.id, a.id, a.username, a.name, a.area_code, p.waiting, p.oldest_at, p.contacted_at
			FROM phones p JOIN accounts a ON a.id = p.account_id WHERE p.waiting > 0 AND a.area_code >= $1 AND a.area_code < $2
			ORDER BY p.oldest_at, p.id LIMIT $3`, lo, hi, limit).Query(func(rows pgx.Rows) error {
			list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Phone, err error) {
				return p, row.Scan(&p.ID, &p.AccountID, &p.Username, &p.Name, &p.Area, &p.Waiting, &p.OldestAt, &p.ContactedAt)
			})
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list phones: %w", err)
	}
	return list, nil
}

// LatestResponses are, of persons, the latest answers of a year, and the latest from before it.
func (db *DB) LatestResponses(ctx context.Context, who access.Actor, year int, persons ...uuid.UUID) (during, before map[uuid.UUID]Response, err error) {
	during, before = map[uuid.UUID]Response{}, map[uuid.UUID]Response{}
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT DISTINCT ON (person_id, survey_year = $2) "+responseColumns+` FROM survey_responses WHERE person_id = ANY($1) AND survey_year <= $2
			ORDER BY person_id, survey_year = $2, survey_year DESC, recorded_at DESC, id DESC`, persons, year).Query(func(rows pgx.Rows) error {
			list, err := pgx.CollectRows(rows, scanResponse)
			for _, r := range list {
				if r.Year == year {
					during[r.PersonID] = r
				} else {
					before[r.PersonID] = r
				}
			}
			return err
		})
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read answers: %w", err)
	}
	return during, before, nil
}

// LatestResponse is the latest set of answers of a person in a year; the zero id where there is none.
func (tx *Tx) LatestResponse(ctx context.Context, person uuid.UUID, year int) (r Response, err error) {
	var list []Response
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT "+responseColumns+` FROM survey_responses WHERE person_id = $1 AND survey_year = $2
			ORDER BY recorded_at DESC, id DESC LIMIT 1`, person, year).Query(func(rows pgx.Rows) (err error) { list, err = pgx.CollectRows(rows, scanResponse); return err })
	})
	if err != nil {
		return r, fmt.Errorf("read answers: %w", err)
	}
	if len(list) > 0 {
		r = list[0]
	}
	return r, nil
}
