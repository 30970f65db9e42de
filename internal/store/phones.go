package store

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/fault"
)

// Phone is a browser in which somebody works without a network, as it was when it was last heard of.
type Phone struct {
	ID           uuid.UUID
	AccountID    uuid.UUID
	Username     string
	Name         string    // of whom it belongs to
	Area         area.Code // in which he works
	Waiting      int       // entries that are not sent yet
	OldestAt     time.Time // when the oldest of them was entered; zero: none waits
	ContactedAt  time.Time
	MadeAt       time.Time
	WrittenOffAt time.Time // lost; zero: not
}

const phones = `SELECT p.id, a.id, a.username, a.name, a.area_code, p.waiting, p.oldest_at, p.contacted_at, p.made_at, p.written_off_at
	FROM phones p JOIN accounts a ON a.id = p.account_id WHERE `

func scanPhone(row pgx.Row) (p Phone, err error) {
	var oldest, lost *time.Time
	err = row.Scan(&p.ID, &p.AccountID, &p.Username, &p.Name, &p.Area, &p.Waiting, &oldest, &p.ContactedAt, &p.MadeAt, &lost)
	p.OldestAt, p.WrittenOffAt = orZero(oldest), orZero(lost)
	return p, err
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

// PhoneSecret is what opens a phone of who writes. Another's phone is not there, and one that is written off has none.
func (tx *Tx) PhoneSecret(ctx context.Context, id uuid.UUID) (string, error) {
	var sealed []byte
	err := tx.sql.QueryRowContext(ctx, "SELECT secret FROM phones WHERE id = $1 AND account_id = $2", id, tx.Who.AccountID).Scan(&sealed)
	if err != nil {
		return "", fmt.Errorf("read a phone: %w", translate(err))
	}
	if len(sealed) == 0 {
		return "", PhoneWrittenOff
	}
	return tx.db.Ring.Open("phones", "secret", id, sealed)
}

// PhoneWrittenOff is said of a phone that somebody has reported lost.
var PhoneWrittenOff = fault.New(fault.Conflict, "PHONE_WRITTEN_OFF", "这部手机已登记遗失：上传完毕后须重新登录并设置本机密码", "this phone was written off as lost: once all is sent it needs a new sign-in and PIN")

// LockPhone reads a phone and holds it until the transaction ends.
func (tx *Tx) LockPhone(ctx context.Context, id uuid.UUID) (p Phone, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(phones+"p.id = $1 FOR UPDATE OF p", id).QueryRow(func(row pgx.Row) error { p, err = scanPhone(row); return err })
	})
	return p, translate(err)
}

// WriteOffPhone marks a phone as lost and destroys what opens it.
func (tx *Tx) WriteOffPhone(ctx context.Context, id uuid.UUID) error {
	if _, err := tx.sql.ExecContext(ctx, "UPDATE phones SET secret = '', written_off_at = $2 WHERE id = $1", id, tx.Now); err != nil {
		return fmt.Errorf("write off a phone: %w", err)
	}
	return nil
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
	var lost bool
	err := db.pool.QueryRow(ctx, `UPDATE phones SET waiting = $3, oldest_at = $4, contacted_at = $5 WHERE id = $1 AND account_id = $2
		RETURNING written_off_at IS NOT NULL`, id, account, waiting, since, db.Now()).Scan(&lost)
	if errors.Is(err, pgx.ErrNoRows) {
		return NotFound
	}
	if err != nil {
		return translate(fmt.Errorf("hear of a phone: %w", err))
	}
	if lost {
		return PhoneWrittenOff
	}
	return nil
}

// PhoneFilter says which phones to list.
type PhoneFilter struct {
	Area    area.Code
	Waiting *bool // whether entries wait on it; nil: either
	After   PhonePlace
	Limit   int
}

// PhonePlace is a place in the order of the phones. It says when that phone had been heard of: it is heard of again while somebody reads on.
type PhonePlace struct {
	Heard time.Time
	ID    uuid.UUID
}

// Place is where a phone stands.
func (p Phone) Place() PhonePlace { return PhonePlace{p.ContactedAt, p.ID} }

// String is the place as a cursor.
func (p PhonePlace) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(p.Heard.UTC().Format(time.RFC3339Nano) + "|" + p.ID.String()))
}

// ParsePhonePlace reads a cursor that a client handed back; empty is the beginning.
func ParsePhonePlace(text string) (p PhonePlace, err error) {
	if text == "" {
		return p, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	heard, id, ok := strings.Cut(string(raw), "|")
	if err == nil && ok {
		if p.Heard, err = time.Parse(time.RFC3339Nano, heard); err == nil {
			p.ID, err = uuid.Parse(id)
		}
	}
	if err != nil || !ok {
		return PhonePlace{}, BadCursor
	}
	return p, nil
}

// ListPhones lists the phones of accounts of an area that are not written off, those first that have not been heard of for longest.
func (db *DB) ListPhones(ctx context.Context, who access.Actor, f PhoneFilter) (list []Phone, err error) {
	if !who.Covers(f.Area) {
		return nil, NotFound
	}
	lo, hi := f.Area.Range()
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(phones+`p.written_off_at IS NULL AND a.area_code >= $1 AND a.area_code < $2 AND ($3::boolean IS NULL OR (p.waiting > 0) = $3)
			AND ($5::uuid IS NULL OR (p.contacted_at, p.id) > ($4, $5)) ORDER BY p.contacted_at, p.id LIMIT $6`,
			lo, hi, f.Waiting, f.After.Heard, orNull(f.After.ID), f.Limit).Query(into(&list, func(row pgx.CollectableRow) (Phone, error) { return scanPhone(row) }))
	})
	if err != nil {
		return nil, fmt.Errorf("list phones: %w", err)
	}
	return list, nil
}

// WaitingOnPhones is how many entries wait on the phones of one's area, and on how many phones the oldest is from before an instant.
func (db *DB) WaitingOnPhones(ctx context.Context, who access.Actor, before time.Time) (entries, late int64, err error) {
	lo, hi := who.Area.Range()
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(`SELECT coalesce(sum(p.waiting), 0), count(*) FILTER (WHERE p.oldest_at < $3) FROM phones p JOIN accounts a ON a.id = p.account_id
			WHERE p.waiting > 0 AND p.written_off_at IS NULL AND a.area_code >= $1 AND a.area_code < $2`, lo, hi, before).
			QueryRow(func(row pgx.Row) error { return row.Scan(&entries, &late) })
	})
	if err != nil {
		return 0, 0, fmt.Errorf("count what waits on phones: %w", err)
	}
	return entries, late, nil
}

// Phone reads a phone of an account of one's area.
func (db *DB) Phone(ctx context.Context, who access.Actor, id uuid.UUID) (p Phone, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(phones+"p.id = $1", id).QueryRow(func(row pgx.Row) error { p, err = scanPhone(row); return err })
	})
	if err != nil {
		return p, fmt.Errorf("read a phone: %w", translate(err))
	}
	if !who.Covers(p.Area) {
		return Phone{}, NotFound
	}
	return p, nil
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
			ORDER BY recorded_at DESC, id DESC LIMIT 1`, person, year).Query(into(&list, scanResponse))
	})
	if err != nil {
		return r, fmt.Errorf("read answers: %w", err)
	}
	if len(list) > 0 {
		r = list[0]
	}
	return r, nil
}
