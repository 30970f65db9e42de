package casework

import (
	"context"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/store"
)

// ImportDivisions adds divisions of the actor's area that are not there yet, and ends those that are said to have ended.
func (d *Desk) ImportDivisions(ctx context.Context, who access.Actor, list []area.Division) (changed int, err error) {
	for _, one := range list {
		if !who.Covers(one.Code) {
			return 0, field("file", "OUTSIDE_AREA", "文件中有超出本人管辖区域的区划："+string(one.Code), "the file has a division outside your area: "+string(one.Code))
		}
	}
	err = d.write(ctx, who, "divisions.import", func(tx *store.Tx) error {
		changed, err = tx.InsertDivisions(ctx, list)
		return err
	})
	return changed, err
}
