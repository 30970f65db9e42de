package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/money"
)

// Notice is a public notice with its items.
type Notice struct {
	ID         uuid.UUID
	Version    int
	Area       area.Code
	From       calendar.Date
	Until      calendar.Date // last day
	Telephones []string
	CreatedBy  uuid.UUID
	CreatedAt  time.Time
	Items      []NoticeItem
}

// NoticeItem is all that a board shows of a case.
type NoticeItem struct {
	ID            uuid.UUID
	N             int
	ApplicationID uuid.UUID // for officers only
	PersonID      uuid.UUID // for officers only
	MaskedName    string
	Village       string
	Programme     string
	Monthly       money.Fen
}

// NotPublished are approved cases of an area that no notice has shown, in the order in which they were entered.
func (tx *Tx) NotPublished(ctx context.Context, in area.Code, limit int) (list []Case, err error) {
	lo, hi := in.Range()
	return tx.db.applications(func(q Query) error { return tx.Batch(ctx, q) },
		`a.stage = 'approved' AND a.area_code >= $1 AND a.area_code < $2 AND NOT EXISTS (SELECT FROM notice_items i WHERE i.application_id = a.id)
		ORDER BY a.id LIMIT $3 FOR UPDATE OF a`, lo, hi, limit)
}

// BirthDates reads when persons were born.
func (tx *Tx) BirthDates(ctx context.Context, persons []uuid.UUID) (map[uuid.UUID]calendar.Date, error) {
	born := map[uuid.UUID]calendar.Date{}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		each(b, "SELECT id, birth_date FROM persons WHERE id = ANY($1)", persons, func(rows pgx.Rows) error {
			var id uuid.UUID
			var day calendar.Date
			err := rows.Scan(&id, &day)
			born[id] = day
			return err
		})
	})
	return born, err
}

// InsertNotice writes a notice with its items.
func (tx *Tx) InsertNotice(ctx context.Context, n Notice) error {
	telephones, err := json.Marshal(append([]string{}, n.Telephones...))
	if err == nil {
		_, err = tx.sql.ExecContext(ctx, "INSERT INTO notices (id, area_code, from_on, until_on, telephones, created_by, created_at) VALUES ($1, $2, $3::date, $4::date, $5, $6, $7)",
			n.ID, string(n.Area), n.From, n.Until, string(telephones), n.CreatedBy, n.CreatedAt)
	}
	if err != nil {
		return fmt.Errorf("insert a notice: %w", err)
	}
	rows := make([]row, len(n.Items))
	for i, item := range n.Items {
		rows[i] = row{item.ID, n.ID, item.N, item.ApplicationID, item.PersonID, item.MaskedName, item.Village, item.Programme, int64(item.Monthly)}
	}
	return tx.insert(ctx, table{"notice_items", []string{"id uuid", "notice_id uuid", "place bigint", "application_id uuid", "person_id uuid", "masked_name", "village", "programme", "monthly_fen bigint"}}, rows)
}

const noticeColumns = `n.id, n.version, n.area_code, n.from_on, n.until_on, n.telephones, n.created_by, n.created_at,
	(SELECT coalesce(jsonb_agg(jsonb_build_object('ID', i.id, 'N', i.place, 'ApplicationID', i.application_id, 'PersonID', i.person_id, 'MaskedName', i.masked_name,
		'Village', i.village, 'Programme', i.programme, 'Monthly', i.monthly_fen) ORDER BY i.place), '[]') FROM notice_items i WHERE i.notice_id = n.id)`

func scanNotice(row pgx.Row) (n Notice, err error) {
	err = row.Scan(&n.ID, &n.Version, &n.Area, &n.From, &n.Until, &n.Telephones, &n.CreatedBy, &n.CreatedAt, &n.Items)
	return n, err
}

// RunningNotice reads a notice for everybody, while it runs.
func (db *DB) RunningNotice(ctx context.Context, id uuid.UUID, on calendar.Date) (n Notice, err error) {
	err = db.Read(ctx, access.SystemActor(), func(b *pgx.Batch) {
		b.Queue("SELECT "+noticeColumns+" FROM notices n WHERE n.id = $1 AND n.from_on <= $2 AND n.until_on >= $2", id, on.String()).
			QueryRow(func(row pgx.Row) error { n, err = scanNotice(row); return err })
	})
	return n, translate(err)
}

// ListNotices lists notices of an area in the order in which they were made.
func (db *DB) ListNotices(ctx context.Context, who access.Actor, in area.Code, after uuid.UUID, limit int) (list []Notice, err error) {
	lo, hi := in.Range()
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT "+noticeColumns+" FROM notices n WHERE n.area_code >= $1 AND n.area_code < $2 AND n.id > $3 ORDER BY n.id LIMIT $4", lo, hi, after, limit).
			Query(func(rows pgx.Rows) error {
				for rows.Next() {
					n, err := scanNotice(rows)
					if err != nil {
						return err
					}
					list = append(list, n)
				}
				return rows.Err()
			})
	})
	return list, err
}

// LatestNotices lists notices of an area, the latest first, before one in this order; zero: from the beginning.
func (db *DB) LatestNotices(ctx context.Context, who access.Actor, in area.Code, before uuid.UUID, limit int) (list []Notice, err error) {
	lo, hi := in.Range()
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT "+noticeColumns+" FROM notices n WHERE n.area_code >= $1 AND n.area_code < $2 AND ($3::uuid IS NULL OR n.id < $3) ORDER BY n.id DESC LIMIT $4", lo, hi, orNull(before), limit).
			Query(func(rows pgx.Rows) error {
				list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Notice, error) { return scanNotice(row) })
				return err
			})
	})
	return list, err
}

// Notice reads a notice of the actor's area, also one that is over.
func (db *DB) Notice(ctx context.Context, who access.Actor, id uuid.UUID) (n Notice, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT "+noticeColumns+" FROM notices n WHERE n.id = $1", id).QueryRow(func(row pgx.Row) error { n, err = scanNotice(row); return err })
	})
	if err == nil && !who.Covers(n.Area) {
		return Notice{}, NotFound
	}
	return n, translate(err)
}

// Objection is what somebody says against a case on a notice.
type Objection struct {
	ID         uuid.UUID
	Version    int
	ItemID     uuid.UUID
	PersonID   uuid.UUID
	ReceivedOn calendar.Date
	Content    string
	Outcome    string // open, dismissed or upheld
	Answer     string
	HoldID     uuid.UUID
}

// ItemPerson is whose case an item of a notice is, inside the actor's area.
func (tx *Tx) ItemPerson(ctx context.Context, notice, item uuid.UUID) (person uuid.UUID, programme string, err error) {
	err = tx.sql.QueryRowContext(ctx, "SELECT person_id, programme FROM notice_items WHERE id = $1 AND notice_id = $2", item, notice).Scan(&person, &programme)
	return person, programme, translate(err)
}

// InsertObjection records an objection and holds payment for the person until it is resolved.
func (tx *Tx) InsertObjection(ctx context.Context, o Objection, programme string) error {
	err := tx.insert(ctx, table{"payment_holds", []string{"id uuid", "person_id uuid", "programme", "reason", "placed_at timestamptz", "placed_by uuid"}},
		[]row{{o.HoldID, o.PersonID, programme, "OBJECTION", tx.Now, tx.Who.AccountID}})
	if err != nil {
		return err
	}
	return tx.insert(ctx, table{"objections", []string{"id uuid", "item_id uuid", "person_id uuid", "received_on date", "content", "recorded_at timestamptz", "recorded_by uuid", "hold_id uuid"}},
		[]row{{o.ID, o.ItemID, o.PersonID, o.ReceivedOn, o.Content, tx.Now, tx.Who.AccountID, o.HoldID}})
}

// LockObjection reads an objection and holds it.
func (tx *Tx) LockObjection(ctx context.Context, id uuid.UUID) (o Objection, err error) {
	err = tx.sql.QueryRowContext(ctx, "SELECT id, version, item_id, person_id, received_on, content, outcome, answer, hold_id FROM objections WHERE id = $1 FOR UPDATE", id).
		Scan(&o.ID, &o.Version, &o.ItemID, &o.PersonID, &o.ReceivedOn, &o.Content, &o.Outcome, &o.Answer, &o.HoldID)
	return o, translate(err)
}

// AnswerObjection writes how an objection was resolved. The hold ends with one that was dismissed; one that was upheld
// keeps it until an officer has ended the award.
func (tx *Tx) AnswerObjection(ctx context.Context, o Objection) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE objections SET version = version + 1, outcome = $2, answer = $3, answered_at = $4, answered_by = $5 WHERE id = $1",
		o.ID, o.Outcome, o.Answer, tx.Now, orNull(tx.Who.AccountID))
	if err == nil && o.Outcome == "dismissed" {
		err = tx.ReleaseHold(ctx, o.HoldID)
	}
	if err != nil {
		return fmt.Errorf("answer an objection: %w", err)
	}
	return nil
}

// ListObjections lists the objections to the items of a notice.
func (db *DB) ListObjections(ctx context.Context, who access.Actor, notice uuid.UUID) (list []Objection, err error) {
	var at area.Code
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT area_code FROM notices WHERE id = $1", notice).QueryRow(func(row pgx.Row) error { return row.Scan(&at) })
		b.Queue(`SELECT o.id, o.version, o.item_id, o.person_id, o.received_on, o.content, o.outcome, o.answer, o.hold_id FROM objections o
			JOIN notice_items i ON i.id = o.item_id WHERE i.notice_id = $1 ORDER BY o.id`, notice).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var o Objection
				if err := rows.Scan(&o.ID, &o.Version, &o.ItemID, &o.PersonID, &o.ReceivedOn, &o.Content, &o.Outcome, &o.Answer, &o.HoldID); err != nil {
					return err
				}
				list = append(list, o)
			}
			return rows.Err()
		})
	})
	if err == nil && !who.Covers(at) {
		err = NotFound
	}
	return list, translate(err)
}
