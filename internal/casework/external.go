package casework

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// NewFigure is a figure from outside as it is entered: an income, or so many out of so many. A member that is left out is not zero.
type NewFigure struct {
	Indicator              string
	Year                   int
	Area                   area.Code // the actor's own where empty
	Income                 int64
	Numerator, Denominator *int64
	SourceDoc              string
}

// RecordFigure records a figure from outside with its source. One of the same indicator, year and area gives way to it.
func (d *Desk) RecordFigure(ctx context.Context, who access.Actor, in NewFigure) (f store.Figure, err error) {
	if in.Area, err = InArea(who, in.Area); err != nil {
		return f, err
	}
	in.SourceDoc = strings.TrimSpace(in.SourceDoc)
	if err := d.checkFigure(in); err != nil {
		return f, err
	}
	if err := d.checkFigureArea(ctx, in); err != nil {
		return f, err
	}
	f = store.Figure{ID: d.NewID(), Indicator: in.Indicator, Year: in.Year, Area: in.Area, Income: in.Income, SourceDoc: in.SourceDoc}
	if in.Denominator != nil {
		f.Numerator, f.Denominator = *in.Numerator, *in.Denominator
	}
	err = d.write(ctx, who, "figure.record", func(tx *store.Tx) error {
		f.RecordedAt = tx.Now
		if err := tx.PutFigure(ctx, f); err != nil {
			return err
		}
		return tx.Describe(ctx, f.ID, map[string]any{"indicator": f.Indicator, "year": f.Year})
	})
	return f, err
}

func (d *Desk) checkFigure(f NewFigure) error {
	def := d.Pack().Indicator(f.Indicator)
	switch {
	case f.SourceDoc == "":
		return field("source_doc", "REQUIRED", "须注明来源文件", "say where it is from")
	case def == nil || !def.External():
		return field("indicator", "NOT_EXTERNAL", "该指标由档案统计，不能录入", "the indicator is counted from files; it is not entered")
	case (f.Numerator == nil) != (f.Denominator == nil):
		return field("numerator", "FIGURE_FORM", "达标数和总数须同时填写", "the numerator and the denominator are entered together")
	case (def.Unit == policy.UnitIndex) != (f.Income > 0) || (def.Unit == policy.UnitFacility) != (f.Denominator != nil):
		return field("indicator", "FIGURE_FORM", "该指标应录入"+formOf[def.Unit], "the figure has another form than the indicator asks for")
	case f.Denominator != nil && *f.Numerator > *f.Denominator:
		return field("numerator", "FIGURE_FORM", "分子大于分母", "the numerator is larger than the denominator")
	case f.Year > d.today().Year():
		return field("year", "IN_FUTURE", "年份不能晚于今年", "the year lies in the future")
	}
	return nil
}

// checkFigureArea refuses an area that is no division, neither today nor at the end of the year that the figure is of: it would be shown nowhere.
func (d *Desk) checkFigureArea(ctx context.Context, f NewFigure) error {
	for _, on := range []calendar.Date{d.today(), calendar.NewYear(f.Year + 1).Add(-1)} {
		_, err := d.DB.Division(ctx, f.Area, on)
		if !fault.Is(err, store.NotFound.Code) {
			return err
		}
	}
	return field("area_code", "UNKNOWN_AREA", "区划代码不存在", "no division has this code")
}

var formOf = map[string]string{policy.UnitIndex: "人均可支配收入", policy.UnitFacility: "达标数和总数"}

// CreateFacility puts a facility on the list of its village.
func (d *Desk) CreateFacility(ctx context.Context, who access.Actor, f store.Facility) (store.Facility, error) {
	f.ID, f.Version = d.NewID(), 1
	if err := d.villageOf(ctx, who, f.Area); err != nil {
		return f, err
	}
	err := d.write(ctx, who, "facility.create", func(tx *store.Tx) error {
		if err := tx.InsertFacility(ctx, f); err != nil {
			return err
		}
		return tx.Describe(ctx, f.ID, nil)
	})
	return f, err
}

// InspectFacility records a look at a facility of the actor's area.
func (d *Desk) InspectFacility(ctx context.Context, who access.Actor, i store.Inspection) (store.Inspection, error) {
	i.ID = d.NewID()
	if i.On.After(calendar.DateOf(d.Now())) {
		return i, field("inspected_on", "IN_FUTURE", "日期不能晚于今天", "the day lies in the future")
	}
	err := d.write(ctx, who, "facility.inspect", func(tx *store.Tx) error {
		if _, err := heldFacility(ctx, tx, who, i.Facility); err != nil {
			return err
		}
		i.RecordedAt = tx.Now
		if err := tx.InsertInspection(ctx, i); err != nil {
			return err
		}
		return tx.Describe(ctx, i.Facility, nil)
	})
	return i, err
}

// Facilities lists the facilities of an area with their last inspections up to a day, as they were known at an instant or are now.
func (d *Desk) Facilities(ctx context.Context, who access.Actor, asked area.Code, m store.Moment, after uuid.UUID, limit int) ([]store.Facility, error) {
	in, err := InArea(who, asked)
	if err != nil {
		return nil, err
	}
	return d.DB.ListFacilities(ctx, m, in, after, limit)
}

// Figures lists what was recorded for an area, also what gave way.
func (d *Desk) Figures(ctx context.Context, who access.Actor, asked area.Code) ([]store.Figure, error) {
	in, err := InArea(who, asked)
	if err != nil {
		return nil, err
	}
	return d.DB.Figures(ctx, store.FiguresOf{Area: in, All: true})
}
