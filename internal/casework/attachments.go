package casework

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/attachment"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// Attach keeps a file at a service. The same file again is the same one, and leaves nothing behind.
func (d *Desk) Attach(ctx context.Context, who access.Actor, service uuid.UUID, content []byte) (a store.Attachment, first bool, err error) {
	file, err := d.StageFile(ctx, who, service, content)
	if err != nil {
		return a, false, err
	}
	return d.AttachStaged(ctx, who, service, file)
}

// StagedFile is a file whose content is stored and not recorded yet. A crash at this point leaves a content without a record, which
// SweepFiles removes, and never a record without its content.
type StagedFile struct {
	content store.Attachment // what it is, without what it belongs to
	used    bool             // it is recorded, or nobody knows whether it is
}

// StageFile checks a file for a service and stores its content. It may wait for other pictures and for the file store, so the caller holds
// no lock or connection meanwhile. AttachStaged then records the file.
func (d *Desk) StageFile(ctx context.Context, who access.Actor, service uuid.UUID, content []byte) (*StagedFile, error) {
	if _, err := d.DB.Service(ctx, who, service); err != nil {
		return nil, err
	}
	return d.stage(ctx, content)
}

// StageForApplication is StageFile for a file of an application.
func (d *Desk) StageForApplication(ctx context.Context, who access.Actor, application uuid.UUID, content []byte) (*StagedFile, error) {
	if _, err := d.DB.Application(ctx, who, application); err != nil {
		return nil, err
	}
	return d.stage(ctx, content)
}

func (d *Desk) stage(ctx context.Context, content []byte) (*StagedFile, error) {
	file, err := attachment.Take(ctx, content)
	if err != nil {
		return nil, err
	}
	f := &StagedFile{content: store.Attachment{ID: d.NewID(), Type: file.Type, Bytes: len(file.Content), SHA256: file.SHA256}}
	return f, d.Files.Put(ctx, f.content.ID, file.Content)
}

// DropUnused removes the content of a file that nobody went on to record.
func (d *Desk) DropUnused(ctx context.Context, f *StagedFile) {
	if !f.used {
		d.dropContent(ctx, f.content.ID)
	}
}

// dropContent removes a content that no attachment knows. One that cannot be removed now is swept later.
func (d *Desk) dropContent(ctx context.Context, id uuid.UUID) {
	if err := d.Files.Delete(context.WithoutCancel(ctx), id); err != nil {
		d.Log.WarnContext(ctx, "a content that no attachment knows was not removed", "err", err)
	}
}

// AttachStaged records a file at a service.
func (d *Desk) AttachStaged(ctx context.Context, who access.Actor, service uuid.UUID, file *StagedFile) (a store.Attachment, first bool, err error) {
	return d.attach(ctx, who, store.Attachment{ServiceID: service}, file, func(tx *store.Tx) error {
		_, err := tx.LockService(ctx, service)
		return err
	})
}

// AttachToApplication keeps a file at an application, as Attach does at a service.
func (d *Desk) AttachToApplication(ctx context.Context, who access.Actor, application uuid.UUID, content []byte) (a store.Attachment, first bool, err error) {
	file, err := d.stage(ctx, content)
	if err != nil {
		return a, false, err
	}
	return d.AttachStagedToApplication(ctx, who, application, file)
}

// AttachStagedToApplication records a file at an application.
func (d *Desk) AttachStagedToApplication(ctx context.Context, who access.Actor, application uuid.UUID, file *StagedFile) (a store.Attachment, first bool, err error) {
	return d.attach(ctx, who, store.Attachment{ApplicationID: application}, file, func(tx *store.Tx) error {
		_, err := tx.LockPersonOf(ctx, "application", application)
		return err
	})
}

func (d *Desk) attach(ctx context.Context, who access.Actor, to store.Attachment, file *StagedFile, lock func(*store.Tx) error) (a store.Attachment, first bool, err error) {
	file.used = true
	a, subject := file.content, to.ServiceID
	if subject == uuid.Nil {
		subject = to.ApplicationID
	}
	a.ServiceID, a.ApplicationID, a.RecordedBy = to.ServiceID, to.ApplicationID, who.AccountID
	err = d.write(ctx, who, "attachment.add", func(tx *store.Tx) error {
		if err := lock(tx); err != nil {
			return err
		}
		same, found, err := tx.SameAttachment(ctx, subject, a.SHA256)
		if err != nil {
			return err
		}
		if found && !same.Withdrawn.IsZero() {
			return uploadedWithdrawn
		}
		if found {
			a = same
			return tx.Describe(ctx, same.ID, map[string]any{"again": true})
		}
		first, a.RecordedAt = true, tx.Now
		if err := tx.InsertAttachment(ctx, a); err != nil {
			return err
		}
		return tx.Describe(ctx, a.ID, subjectOf(a))
	})
	if err == nil && !first {
		d.dropContent(ctx, file.content.ID)
	}
	return a, first, err
}

// subjectOf names what an attachment belongs to, for the audit.
func subjectOf(a store.Attachment) map[string]any {
	if a.ApplicationID != uuid.Nil {
		return map[string]any{"application_id": a.ApplicationID}
	}
	return map[string]any{"service_id": a.ServiceID}
}

// ReadAttachment reads a file. Who looked at it is kept.
func (d *Desk) ReadAttachment(ctx context.Context, who access.Actor, id uuid.UUID) (a store.Attachment, content []byte, err error) {
	err = d.write(ctx, who, "attachment.read", func(tx *store.Tx) error {
		if a, err = tx.LockAttachment(ctx, id); err != nil {
			return err
		}
		if !a.Withdrawn.IsZero() {
			return readWithdrawn
		}
		return tx.Describe(ctx, id, subjectOf(a))
	})
	if err != nil {
		return a, nil, err
	}
	content, err = d.Files.Get(ctx, id)
	return a, content, err
}

var (
	readWithdrawn     = fault.New(fault.NotFound, "ATTACHMENT_WITHDRAWN", "该材料已撤回，不再提供查看", "the file was withdrawn and is not shown any more")
	uploadedWithdrawn = fault.New(fault.Conflict, "ATTACHMENT_WITHDRAWN", "该材料已撤回，不能再次上传", "the file was withdrawn here and is not taken again")
	withdrawnAlready  = fault.New(fault.Conflict, "ATTACHMENT_WITHDRAWN", "该材料已撤回", "the file is withdrawn already")
	notUploader       = fault.New(fault.Forbidden, "NOT_YOUR_FILE", "只有上传人或区残联审核岗可以撤回", "only who uploaded it, or the district's reviewer, withdraws it")
)

// MayWithdraw reports whether somebody may withdraw a file: its uploader, and the office that answers for the files.
func MayWithdraw(a store.Attachment, who access.Actor) bool {
	return a.Withdrawn.IsZero() && (a.RecordedBy == who.AccountID || who.Role == access.CDPFReviewer)
}

// WithdrawAttachment takes a file out of sight that should not have been uploaded. Steps that named it stay and show it as withdrawn; no
// new step may name it.
func (d *Desk) WithdrawAttachment(ctx context.Context, who access.Actor, id uuid.UUID, reason string) error {
	if reason = strings.TrimSpace(reason); reason == "" {
		return noReason
	}
	return d.write(ctx, who, "attachment.withdraw", func(tx *store.Tx) error {
		a, err := tx.LockAttachment(ctx, id)
		if err != nil {
			return err
		}
		if a.Withdrawn.IsZero() && !MayWithdraw(a, who) {
			return notUploader
		}
		done, err := tx.WithdrawAttachment(ctx, id, reason)
		if err != nil {
			return err
		}
		if !done {
			return withdrawnAlready
		}
		detail := subjectOf(a)
		detail["reason"] = reason
		return tx.Describe(ctx, id, detail)
	})
}

// sweepAge is how old a content has to be before it is taken for left over: no request lasts that long.
const sweepAge = 24 * time.Hour

// SweepFiles removes nothing where contents without a record are more than sweepMost and more than one in sweepShare of all.
const sweepMost, sweepShare = 20, 10

// SweepFiles removes contents that no attachment knows, and says how many there were. What is left over is a few among many; where it is
// most, or all, the database is not the one that the files belong to, or an older one of it. They could not be brought back, so nothing is
// removed then, and somebody has to look.
func (d *Desk) SweepFiles(ctx context.Context, who access.Actor) (removed int, err error) {
	ids, err := d.Files.Older(ctx, d.Now().Add(-sweepAge))
	if err != nil {
		return 0, err
	}
	lost, err := d.DB.Unrecorded(ctx, who, ids)
	if err != nil {
		return 0, err
	}
	if n := len(lost); n > 0 && n == len(ids) || n > sweepMost && n*sweepShare > len(ids) {
		return 0, fmt.Errorf("the database knows %d of %d files: is it the one that they belong to? Nothing was removed", len(ids)-n, len(ids))
	}
	for _, id := range lost {
		if err := d.Files.Delete(ctx, id); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

// KeepFiles sweeps from time to time until ctx ends.
func (d *Desk) KeepFiles(ctx context.Context, every time.Duration) {
	repeatedly(ctx, every, func() {
		if n, err := d.SweepFiles(ctx, access.SystemActor()); err != nil && ctx.Err() == nil {
			d.Log.WarnContext(ctx, "contents that no attachment knows were not removed", "err", err)
		} else if n > 0 {
			d.Log.InfoContext(ctx, "contents that no attachment knows were removed", "count", n)
		}
	})
}
