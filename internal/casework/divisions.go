package casework

import (
	"context"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/store"
)

// ImportDivisions adds divisions that are not there yet, and ends those that are said to have ended.
func (d *Desk) ImportDivisions(ctx context.Context, who access.Actor, list []area.Division) (changed int, err error) {
	err = d.write(ctx, who, "divisions.import", func(tx *store.Tx) error {
		changed, err = tx.InsertDivisions(ctx, list)
		return err
	})
	return changed, err
}
