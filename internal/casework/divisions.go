package casework

import (
	"context"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/store"
)

// ImportDivisions adds divisions that are not there yet.
func (d *Desk) ImportDivisions(ctx context.Context, who access.Actor, list []area.Division) (added int, err error) {
	err = d.write(ctx, who, "divisions.import", func(tx *store.Tx) error {
		added, err = tx.InsertDivisions(ctx, list)
		return err
	})
	return added, err
}
