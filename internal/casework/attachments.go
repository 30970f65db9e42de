package casework

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/attachment"
	"zhucan/internal/store"
)

// Attach keeps a file at a service. The content is kept before it is recorded: what fails between leaves a content that
// nobody knows, which SweepFiles removes, and never a record without its content. The same file again is the same one.
func (d *Desk) Attach(ctx context.Context, who access.Actor, service uuid.UUID, content []byte) (a store.Attachment, first bool, err error) {
	if _, err := d.DB.Service(ctx, who, service); err != nil {
		return a, false, err
	}
	file, err := attachment.Take(content)
	if err != nil {
		return a, false, err
	}
	a = store.Attachment{ID: d.NewID(), ServiceID: service, Type: file.Type, Bytes: len(file.Content), SHA256: file.SHA256, RecordedBy: who.AccountID}
	if err := d.Files.Put(ctx, a.ID, file.Content); err != nil {
		return a, false, err
	}
	err = d.write(ctx, who, "attachment.add", func(tx *store.Tx) error {
		if _, err := tx.LockService(ctx, service); err != nil {
			return err
		}
		same, found, err := tx.SameAttachment(ctx, service, file.SHA256)
		if err != nil {
			return err
		}
		if found {
			a = same
			return tx.Describe(ctx, same.ID, map[string]any{"again": true})
		}
		first, a.RecordedAt = true, tx.Now
		if err := tx.InsertAttachment(ctx, a); err != nil {
			return err
		}
		return tx.Describe(ctx, a.ID, map[string]any{"service_id": service})
	})
	return a, first, err
}

// ReadAttachment reads a file. Who looked at it is kept.
func (d *Desk) ReadAttachment(ctx context.Context, who access.Actor, id uuid.UUID) (a store.Attachment, content []byte, err error) {
	err = d.write(ctx, who, "attachment.read", func(tx *store.Tx) error {
		if a, err = tx.LockAttachment(ctx, id); err != nil {
			return err
		}
		return tx.Describe(ctx, id, map[string]any{"service_id": a.ServiceID})
	})
	if err != nil {
		return a, nil, err
	}
	content, err = d.Files.Get(ctx, id)
	return a, content, err
}

// sweepAge is how old a content has to be before it is taken for left over: no request lasts that long.
const sweepAge = 24 * time.Hour

// SweepFiles removes contents that no attachment knows, and says how many there were.
func (d *Desk) SweepFiles(ctx context.Context, who access.Actor) (removed int, err error) {
	ids, err := d.Files.Older(ctx, d.Now().Add(-sweepAge))
	if err != nil {
		return 0, err
	}
	lost, err := d.DB.Unrecorded(ctx, who, ids)
	if err != nil {
		return 0, err
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
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if n, err := d.SweepFiles(ctx, access.SystemActor()); err != nil && ctx.Err() == nil {
				d.Log.WarnContext(ctx, "contents that no attachment knows could not be removed", "err", err)
			} else if n > 0 {
				d.Log.InfoContext(ctx, "contents that no attachment knows were removed", "count", n)
			}
		}
	}
}
