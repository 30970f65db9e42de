package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zhucan/internal/access"
)

// Attachment is what is known of an uploaded file. Its content lies in the blob store under the same id. It belongs to a service
// or to an application.
type Attachment struct {
	ID            uuid.UUID
	ServiceID     uuid.UUID
	ApplicationID uuid.UUID
	Type          string
	Bytes         int
	SHA256        [32]byte
	RecordedAt    time.Time
	RecordedBy    uuid.UUID
	Withdrawn     time.Time // zero: it is not
	WithdrawnBy   uuid.UUID
	Reason        string // for which it was withdrawn
}

const attachmentColumns = `id, service_id, application_id, media_type, bytes, sha256, recorded_at, recorded_by, withdrawn_at, withdrawn_by, withdrawn_reason`

func scanAttachment(row pgx.CollectableRow) (a Attachment, err error) {
	var sum []byte
	var service, application, by, withdrawnBy *uuid.UUID
	var withdrawn *time.Time
	err = row.Scan(&a.ID, &service, &application, &a.Type, &a.Bytes, &sum, &a.RecordedAt, &by, &withdrawn, &withdrawnBy, &a.Reason)
	a.ServiceID, a.ApplicationID, a.RecordedBy, a.Withdrawn, a.WithdrawnBy = orZero(service), orZero(application), orZero(by), orZero(withdrawn), orZero(withdrawnBy)
	copy(a.SHA256[:], sum)
	return a, err
}

// Attachments lists what was uploaded to a service or an application of the actor's area, in order.
func (db *DB) Attachments(ctx context.Context, who access.Actor, subject uuid.UUID) (list []Attachment, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT "+attachmentColumns+" FROM attachments WHERE service_id = $1 OR application_id = $1 ORDER BY id", subject).Query(into(&list, scanAttachment))
	})
	if err != nil {
		return nil, fmt.Errorf("list attachments: %w", err)
	}
	return list, nil
}

// LockAttachment reads an attachment of the actor's area inside a transaction that records who looked.
func (tx *Tx) LockAttachment(ctx context.Context, id uuid.UUID) (a Attachment, err error) {
	var list []Attachment
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT "+attachmentColumns+" FROM attachments WHERE id = $1", id).Query(into(&list, scanAttachment))
	})
	if err != nil || len(list) == 0 {
		return a, orNotFound(err)
	}
	return list[0], nil
}

func orNotFound(err error) error {
	if err == nil {
		return NotFound
	}
	return translate(err)
}

// SameAttachment finds a file with the same content at a service or an application.
func (tx *Tx) SameAttachment(ctx context.Context, subject uuid.UUID, sum [32]byte) (a Attachment, found bool, err error) {
	var list []Attachment
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT "+attachmentColumns+" FROM attachments WHERE (service_id = $1 OR application_id = $1) AND sha256 = $2", subject, sum[:]).Query(into(&list, scanAttachment))
	})
	if err != nil || len(list) == 0 {
		return a, false, err
	}
	return list[0], true, nil
}

// InsertAttachment records a file of a service or of an application.
func (tx *Tx) InsertAttachment(ctx context.Context, a Attachment) error {
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		const values = `$3, $4, $5, $6::timestamptz, $7::uuid`
		sql, subject := `SELECT $1, id, NULL::uuid, NULL::uuid, area_code, `+values+` FROM services WHERE id = $2`, a.ServiceID
		if a.ApplicationID != uuid.Nil {
			sql, subject = `SELECT $1, NULL::uuid, id, person_id, area_code, `+values+` FROM applications WHERE id = $2`, a.ApplicationID
		}
		b.Queue(`INSERT INTO attachments (id, service_id, application_id, person_id, area_code, media_type, bytes, sha256, recorded_at, recorded_by) `+sql,
			a.ID, subject, a.Type, a.Bytes, a.SHA256[:], tx.Now, orNull(tx.Who.AccountID))
	})
	if err != nil {
		return fmt.Errorf("record an attachment: %w", translate(err))
	}
	return nil
}

// WithdrawAttachment marks a file as withdrawn, once: done is false where it was already.
func (tx *Tx) WithdrawAttachment(ctx context.Context, id uuid.UUID, reason string) (done bool, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("UPDATE attachments SET withdrawn_at = $2, withdrawn_by = $3, withdrawn_reason = $4 WHERE id = $1 AND withdrawn_at IS NULL", id, tx.Now, orNull(tx.Who.AccountID), reason).
			Exec(func(tag pgconn.CommandTag) error { done = tag.RowsAffected() > 0; return nil })
	})
	if err != nil {
		return false, fmt.Errorf("withdraw an attachment: %w", translate(err))
	}
	return done, nil
}

// Unrecorded are those of some ids that no attachment and no import has.
func (db *DB) Unrecorded(ctx context.Context, who access.Actor, ids []uuid.UUID) (list []uuid.UUID, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(`SELECT u.id FROM unnest($1::uuid[]) u(id) WHERE NOT EXISTS (SELECT FROM attachments a WHERE a.id = u.id)
			AND NOT EXISTS (SELECT FROM imports i WHERE i.id = u.id)`, ids).Query(into(&list, pgx.RowTo[uuid.UUID]))
	})
	return list, err
}
