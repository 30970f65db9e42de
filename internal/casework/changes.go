package casework

import (
	"context"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/fault"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// Change is what differs in one indicator between two releases: the counts of the whole area, and who moved from where to where.
type Change struct {
	Definition    *policy.Indicator
	Before, After Value
	Passages      []store.Passage
}

// ReleaseChanges explains a release by an earlier one of the same area: for each indicator that is reported, its counts at both
// moments and the passages between them.
func (d *Desk) ReleaseChanges(ctx context.Context, who access.Actor, id, since uuid.UUID) (list []Change, err error) {
	before, after, err := d.twoReleases(ctx, who, id, since)
	if err != nil {
		return nil, err
	}
	if ctx, err = d.DB.Reading(ctx, who, before.KnownAt, after.KnownAt); err != nil {
		return nil, err
	}
	pack, err := d.PackAt(ctx, after.KnownAt)
	if err != nil {
		return nil, err
	}
	reported, err := definitions(pack, "")
	if err != nil {
		return nil, err
	}
	from, err := d.values(ctx, who, reported, ValuesOf{Area: before.Area, Moment: momentOf(before), By: store.ByNone}, before.Area)
	if err != nil {
		return nil, err
	}
	to, err := d.values(ctx, who, reported, ValuesOf{Area: after.Area, Moment: momentOf(after), By: store.ByNone}, after.Area)
	if err != nil {
		return nil, err
	}
	for i, def := range reported {
		c := Change{Definition: def, Before: from[i], After: to[i]}
		if !def.External() {
			if c.Passages, err = d.DB.Passages(ctx, who, passagesOf(def, before, after)); err != nil {
				return nil, err
			}
		}
		list = append(list, c)
	}
	return list, nil
}

// ReleaseChangeNames lists who moved in an indicator between two releases, of those in the actor's area, by the definition of the later one.
func (d *Desk) ReleaseChangeNames(ctx context.Context, who access.Actor, id, since uuid.UUID, key string, afterID uuid.UUID, limit int) (*policy.Indicator, []store.Mover, error) {
	before, after, err := d.twoReleases(ctx, who, id, since)
	if err != nil {
		return nil, nil, err
	}
	if ctx, err = d.DB.Reading(ctx, who, before.KnownAt, after.KnownAt); err != nil {
		return nil, nil, err
	}
	def, err := d.named(ctx, key, after.KnownAt)
	if err != nil {
		return nil, nil, err
	}
	q := passagesOf(def, before, after)
	q.After, q.Limit = afterID, limit
	list, err := d.DB.Movers(ctx, who, q)
	return def, list, err
}

// twoReleases reads two releases of one area, which has to be the actor's: also between public ones, who moved is not public.
func (d *Desk) twoReleases(ctx context.Context, who access.Actor, id, since uuid.UUID) (before, after store.Release, err error) {
	if after, err = d.DB.Release(ctx, who, id); err != nil {
		return before, after, err
	}
	if before, err = d.DB.Release(ctx, who, since); err != nil {
		return before, after, err
	}
	switch {
	case !who.Covers(before.Area) || !who.Covers(after.Area):
		return before, after, store.NotFound
	case before.Area != after.Area:
		return before, after, fault.New(fault.Conflict, "OTHER_AREA", "两次发布的区域不同，不能比较", "the two releases are of different areas")
	}
	return before, after, nil
}

func momentOf(r store.Release) store.Moment { return store.Moment{On: r.AsOf, KnownAt: r.KnownAt} }

func passagesOf(def *policy.Indicator, before, after store.Release) store.PassagesOf {
	return store.PassagesOf{Indicator: def.Key(), Households: def.Unit == policy.UnitHousehold, Area: after.Area, From: momentOf(before), To: momentOf(after)}
}
