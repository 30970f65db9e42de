package casework

import (
	"context"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// NewRelease asks for a release of all indicators of an area on a day, as known at an instant; zero is now.
type NewRelease struct {
	Title   string
	Area    area.Code
	AsOf    calendar.Date
	KnownAt time.Time // CheckKnown has found nothing wrong with it
	Public  bool
}

// breakdown is a section of a release: a dimension, and the units of the indicators that have it.
type breakdown struct {
	by    store.Dimension
	units []string
}

var (
	persons    = []string{policy.UnitPerson}
	households = []string{policy.UnitHousehold}
	allUnits   = []string{policy.UnitPerson, policy.UnitHousehold, policy.UnitFacility, policy.UnitIndex}

	breakdowns = []breakdown{{store.ByTree, allUnits}, {store.ByCategory, persons}, {store.ByComponent, persons}, {store.ByLevel, persons},
		{store.BySeverity, persons}, {store.BySex, persons}, {store.ByAgeBand, persons}, {store.ByAgeGroup, persons},
		{store.ByUrbanRural, []string{policy.UnitPerson, policy.UnitHousehold, policy.UnitFacility}}, {store.ByHardship, persons},
		{store.ByRegisteredPoor, persons}, {store.ByHukouType, persons}, {store.ByHolders, households}}
)

// SealRelease counts at an instant behind which nothing is still being recorded, and keeps the files of what it counted: the
// same id gives the same bytes for ever. In one process one is sealed after the other.
func (d *Desk) SealRelease(ctx context.Context, who access.Actor, in NewRelease) (r store.Release, err error) {
	if in.Area, err = InArea(who, in.Area); err != nil {
		return r, err
	}
	in.Title = strings.TrimSpace(in.Title)
	if err := d.checkRelease(in); err != nil {
		return r, err
	}
	done, err := d.DB.TakeSealing(ctx)
	if err != nil {
		return r, err
	}
	defer done()
	if err := d.wasThere(ctx, in); err != nil {
		return r, err
	}
	still, err := d.DB.CloseInstant(ctx, who)
	if err != nil {
		return r, err
	}
	if in.KnownAt.IsZero() {
		in.KnownAt = still
	}
	pack, err := d.PackAt(ctx, in.KnownAt)
	if err != nil {
		return r, err
	}
	r = store.Release{ID: d.NewID(), Area: in.Area, AsOf: in.AsOf, KnownAt: in.KnownAt.UTC(), Public: in.Public, Title: in.Title, PackVersion: pack.Version,
		SHA256: map[string][]byte{}, SealedBy: who.AccountID, SealerName: who.Username}
	rows, err := d.releaseRows(ctx, who, pack, in)
	if err != nil {
		return r, err
	}
	var before map[uuid.UUID]*issue
	if in.Public { // counted before anybody has to wait; what is published meanwhile is added
		if before, err = d.issues(ctx, who, in, nil); err != nil {
			return r, err
		}
	}
	err = d.write(ctx, who, "release.seal", func(tx *store.Tx) (err error) {
		if err := tx.AllowLong(ctx); err != nil {
			return err
		}
		if in.Public {
			if err := tx.LockPublishing(ctx); err != nil {
				return err
			}
			if rows, r.Hidden, err = d.publicRows(ctx, who, in, rows, before); err != nil {
				return err
			}
		}
		return keepRelease(ctx, tx, &r, pack, rows)
	})
	return r, err
}

// keepRelease writes the files of a release and records it.
func keepRelease(ctx context.Context, tx *store.Tx, r *store.Release, pack *policy.Pack, rows iter.Seq2[exchange.Figure, error]) error {
	r.SealedAt = tx.Now
	if err := writeRelease(ctx, tx, r, pack, rows); err != nil {
		return err
	}
	if err := tx.InsertRelease(ctx, *r); err != nil {
		return err
	}
	tx.Emit(store.Event{Type: releaseIsSealed, Subject: r.ID, Area: r.Area, Data: map[string]any{"as_of": r.AsOf.String(), "public": r.Public}})
	return tx.Describe(ctx, r.ID, map[string]any{"rows": r.Rows, "public": r.Public, "as_of": r.AsOf})
}

func (d *Desk) checkRelease(in NewRelease) error {
	switch {
	case in.Title == "":
		return field("title", "REQUIRED", "须填写标题", "it needs a title")
	case in.AsOf.After(d.today()):
		return field("as_of", "IN_FUTURE", "统计日期不能晚于今天", "the day lies in the future")
	case in.Public && in.Area != d.Pack().District:
		// parts of a district beside the whole, published apart, would tell what each of them hides
		return field("public", "NOT_A_DISTRICT", "公开版只能按全区发布", "only the whole district is published")
	}
	return nil
}

// wasThere refuses an area that is no division of the day, or was not known to be one at the instant: nothing is counted there. It is
// found out before the instant is closed, for which all writers wait.
func (d *Desk) wasThere(ctx context.Context, in NewRelease) error {
	root, err := d.DB.RootOf(ctx, in.Area, store.Moment{On: in.AsOf, KnownAt: in.KnownAt})
	if err == nil && len(root) == 0 {
		err = field("area_code", "NOT_THEN", "该区划在统计日期不存在，或在知悉时间尚未录入", "there was no such division on that day, or it was not recorded by that instant")
	}
	return err
}

// releaseRows are the rows of a release. Up to a district they are counted once; above, each time they are written, one
// indicator at a time, so that a province takes no memory.
func (d *Desk) releaseRows(ctx context.Context, who access.Actor, pack *policy.Pack, in NewRelease) (iter.Seq2[exchange.Figure, error], error) {
	var parts []releasePart
	for _, section := range breakdowns {
		counted := released(pack, section, in.Public)
		step := max(len(counted), 1)
		if in.Area.AboveDistrict() {
			step = 1
		}
		for part := range slices.Chunk(counted, step) {
			parts = append(parts, releasePart{section.by, part})
		}
	}
	each := func(yield func(exchange.Figure, error) bool) {
		for _, part := range parts {
			list, err := d.figuresOf(ctx, who, part.counted, ValuesOf{Area: in.Area, Moment: store.Moment{On: in.AsOf, KnownAt: in.KnownAt}, By: part.by})
			if err != nil {
				yield(exchange.Figure{}, err)
				return
			}
			for _, f := range list {
				if !yield(f, nil) {
					return
				}
			}
		}
	}
	if in.Area.AboveDistrict() {
		return each, nil
	}
	return collected(each)
}

// releasePart is what is counted in one question: indicators of a section.
type releasePart struct {
	by      store.Dimension
	counted []*policy.Indicator
}

func collected(rows iter.Seq2[exchange.Figure, error]) (iter.Seq2[exchange.Figure, error], error) {
	var list []exchange.Figure
	for f, err := range rows {
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return listed(list), nil
}

func listed(list []exchange.Figure) iter.Seq2[exchange.Figure, error] {
	return func(yield func(exchange.Figure, error) bool) {
		for _, f := range list {
			if !yield(f, nil) {
				return
			}
		}
	}
}

// released are the indicators of a section: those that are reported, and by place also their variants and the benefits of other
// offices. What is public has only the reported ones, because two definitions of the same rate differ by few people, and none that
// counts who is outside its denominator: then what is shown of a group does not say how many are in it.
func released(pack *policy.Pack, section breakdown, public bool) (list []*policy.Indicator) {
	if public && !published(section.by) {
		return nil
	}
	for _, of := range [][]policy.Indicator{pack.Indicators, pack.Benefits} {
		for i := range of {
			reported := of[i].Variant == "" && of[i].TargetPercent > 0
			if slices.Contains(section.units, of[i].Unit) && (reported && (!public || !of[i].CountsExtra) || section.by == store.ByTree && !public) {
				list = append(list, &of[i])
			}
		}
	}
	return list
}

// writeRelease writes the files of a release, all from the same rows.
func writeRelease(ctx context.Context, tx *store.Tx, r *store.Release, pack *policy.Pack, rows iter.Seq2[exchange.Figure, error]) error {
	head := releaseHead(*r, pack)
	for _, form := range []string{"json", "csv", "xlsx"} {
		if form == "xlsx" && r.Rows > exchange.MaxFigureRows {
			continue
		}
		file := tx.NewReleaseFile(ctx, r.ID, form)
		r.Rows = 0
		counted := func(yield func(exchange.Figure, error) bool) {
			for f, err := range rows {
				r.Rows++
				if !yield(f, err) {
					return
				}
			}
		}
		if err := exchange.WriteFigures(file, form, exchange.Figures{FiguresHead: head, Rows: counted}); err != nil {
			return err
		}
		var err error
		if r.SHA256[form], err = file.End(); err != nil {
			return err
		}
	}
	return nil
}

func releaseHead(r store.Release, pack *policy.Pack) exchange.FiguresHead {
	head := exchange.FiguresHead{ID: r.ID.String(), Title: r.Title, Public: &r.Public, AsOf: r.AsOf, KnownAt: &r.KnownAt, Area: string(r.Area), PackVersion: r.PackVersion,
		SealedAt: &r.SealedAt, SealedBy: r.SealerName, Dictionary: exchange.FigureColumns}
	for _, def := range released(pack, breakdown{store.ByTree, allUnits}, r.Public) {
		d := figureDefinition(def)
		for _, c := range pack.ExcludedBy(def, r.AsOf) {
			d.Exclusions = append(d.Exclusions, exchange.Named{Code: c.Code, Text: excludes(c)})
		}
		head.Definitions = append(head.Definitions, *d)
	}
	return head
}

// excludes says whom a condition excludes: its own text is what holds of those who are counted.
func excludes(c policy.Condition) string { return "不符合“" + c.ZH + "”的" }

// ReadRelease reads a release of the actor's area, or a public one.
func (d *Desk) ReadRelease(ctx context.Context, who access.Actor, id uuid.UUID) (store.Release, error) {
	return d.DB.Release(ctx, who, id)
}

// ListReleases lists the releases of an area and below, the latest first.
func (d *Desk) ListReleases(ctx context.Context, who access.Actor, asked area.Code, before uuid.UUID, limit int) ([]store.Release, error) {
	in, err := InArea(who, asked)
	if err != nil {
		return nil, err
	}
	return d.DB.Releases(ctx, in, before, limit)
}

// OpenRelease begins to hand out the file of a release. Who takes it out stands in the audit log.
func (d *Desk) OpenRelease(ctx context.Context, who access.Actor, id uuid.UUID, form string) (r store.Release, copyTo func(io.Writer) error, err error) {
	if r, err = d.DB.Release(ctx, who, id); err != nil {
		return r, nil, err
	}
	if r.SHA256[form] == nil {
		return r, nil, fault.New(fault.Conflict, "TOO_MANY_ROWS", "行数超过工作簿上限，请下载csv", "more rows than a workbook holds; take csv")
	}
	reading, err := d.DB.Reading(ctx, who, r.SealedAt)
	if err != nil {
		return r, nil, err
	}
	err = d.write(ctx, who, "release.file", func(tx *store.Tx) error {
		return tx.Describe(ctx, id, map[string]any{"form": form, "rows": r.Rows})
	})
	return r, func(w io.Writer) error { return d.DB.CopyReleaseFile(reading, w, r, form) }, err
}
