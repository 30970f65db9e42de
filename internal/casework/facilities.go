package casework

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// What was entered wrongly from outside is put right here. Nothing is deleted: whoever asks what was known before gets the answer that he got
// then.

var (
	errFigureSuperseded     = fault.New(fault.Conflict, "SUPERSEDED", "该数字已被替代或撤销", "the figure has given way or is withdrawn")
	errFacilityWithdrawn    = fault.New(fault.Conflict, "FACILITY_WITHDRAWN", "该设施已从名录撤下", "the facility was taken off the list")
	errInspectionSuperseded = fault.New(fault.Conflict, "SUPERSEDED", "该次检查已被更正或撤销", "the inspection has been corrected or withdrawn")
)

// WithdrawFigure ends a figure that should not have been entered: nothing takes its place. A wrong number is recorded anew instead.
func (d *Desk) WithdrawFigure(ctx context.Context, who access.Actor, id uuid.UUID, reason string) (f store.Figure, err error) {
	if reason = strings.TrimSpace(reason); reason == "" {
		return f, noReason
	}
	err = d.write(ctx, who, "figure.withdraw", func(tx *store.Tx) error {
		if f, err = tx.LockFigure(ctx, id); err != nil {
			return err
		}
		switch {
		case !who.Covers(f.Area):
			return store.NotFound
		case !f.SupersededAt.IsZero():
			return errFigureSuperseded
		}
		if err := tx.WithdrawFigure(ctx, id, reason); err != nil {
			return err
		}
		f.SupersededAt, f.Withdrawn = tx.Now, reason
		return tx.Describe(ctx, id, map[string]any{"indicator": f.Indicator, "year": f.Year, "reason": reason})
	})
	return f, err
}

// Facility is all that was said of a facility of the actor's area.
func (d *Desk) Facility(ctx context.Context, who access.Actor, id uuid.UUID) (store.FacilityFile, error) {
	f, err := d.DB.Facility(ctx, who, id)
	if err == nil && !who.Covers(f.Area) {
		err = store.NotFound
	}
	return f, err
}

// heldFacility holds a facility of the actor's area that is on the list.
func heldFacility(ctx context.Context, tx *store.Tx, who access.Actor, id uuid.UUID) (store.FacilityFile, error) {
	f, err := tx.LockFacility(ctx, id)
	switch {
	case err != nil:
		return f, err
	case !who.Covers(f.Area):
		return f, store.NotFound
	case !f.SupersededAt.IsZero():
		return f, errFacilityWithdrawn
	}
	return f, nil
}

// FacilityCorrection says what was wrong about a facility; what is nil stays. With Void it should never have been on the list.
type FacilityCorrection struct {
	Area                *area.Code
	Name, Kind, Address *string
	Void                bool
	Reason              string
}

// CorrectFacility puts a facility right that was entered wrongly, or takes it off the list with its inspections.
func (d *Desk) CorrectFacility(ctx context.Context, who access.Actor, id uuid.UUID, version int, in FacilityCorrection) (f store.FacilityFile, err error) {
	if in.Reason = strings.TrimSpace(in.Reason); in.Reason == "" {
		return f, noReason
	}
	err = d.write(ctx, who, "facility.correct", func(tx *store.Tx) error {
		old, err := heldFacility(ctx, tx, who, id)
		if err == nil {
			err = stale(old.Version, version)
		}
		if err != nil {
			return err
		}
		if err := d.correctFacility(ctx, tx, old.Facility, in); err != nil {
			return err
		}
		if err := tx.Describe(ctx, id, map[string]any{"reason": in.Reason, "void": in.Void}); err != nil {
			return err
		}
		f, err = tx.LockFacility(ctx, id)
		return err
	})
	return f, err
}

func (d *Desk) correctFacility(ctx context.Context, tx *store.Tx, old store.Facility, in FacilityCorrection) error {
	now, err := in.over(old)
	if err != nil {
		return err
	}
	if now == nil {
		return tx.WithdrawFacility(ctx, old.ID, in.Reason)
	}
	if now.Area != old.Area {
		if err := d.villageOf(ctx, tx.Who, now.Area); err != nil {
			return err
		}
	}
	return tx.CorrectFacility(ctx, d.NewID(), old, *now, in.Reason)
}

// over is the facility with what was wrong about it put right; nil where it should never have been on the list.
func (in FacilityCorrection) over(old store.Facility) (*store.Facility, error) {
	next := old
	amend(&next.Area, in.Area)
	amend(&next.Name, in.Name)
	amend(&next.Kind, in.Kind)
	amend(&next.Address, in.Address)
	switch {
	case in.Void && (in.Area != nil || in.Name != nil || in.Kind != nil || in.Address != nil):
		return nil, field("void", "VOID_ALONE", "撤下名录的，不再更正其他内容", "of a facility that is taken off the list nothing else is corrected")
	case in.Void:
		return nil, nil
	case next == old:
		return nil, field("name", "NOTHING_CORRECTED", "与原登记相同，没有更正的内容", "this is what is recorded already")
	}
	return &next, nil
}

// InspectionCorrection says what was wrong about an inspection; what is nil stays. With Void it never took place.
type InspectionCorrection struct {
	On               *calendar.Date
	Standard, Report *string
	Compliant        *bool
	Void             bool
	Reason           string
}

// CorrectInspection puts an inspection right that was entered wrongly, or takes it away. The right one has an id of its own.
func (d *Desk) CorrectInspection(ctx context.Context, who access.Actor, facility, id uuid.UUID, in InspectionCorrection) (f store.FacilityFile, err error) {
	if in.Reason = strings.TrimSpace(in.Reason); in.Reason == "" {
		return f, noReason
	}
	err = d.write(ctx, who, "facility.correct_inspection", func(tx *store.Tx) error {
		held, err := heldFacility(ctx, tx, who, facility)
		if err != nil {
			return err
		}
		if err := d.correctInspection(ctx, tx, held.Inspections, id, in); err != nil {
			return err
		}
		if err := tx.Describe(ctx, facility, map[string]any{"reason": in.Reason, "inspection_id": id, "void": in.Void}); err != nil {
			return err
		}
		f, err = tx.LockFacility(ctx, facility)
		return err
	})
	return f, err
}

func (d *Desk) correctInspection(ctx context.Context, tx *store.Tx, inspections []store.Inspection, id uuid.UUID, in InspectionCorrection) error {
	i := slices.IndexFunc(inspections, func(i store.Inspection) bool { return i.ID == id })
	if i < 0 {
		return store.NotFound
	}
	next, err := in.over(inspections[i], calendar.DateOf(tx.Now))
	if err != nil {
		return err
	}
	if err := tx.SupersedeInspection(ctx, id, in.Reason); err != nil || next == nil {
		return err
	}
	next.ID = d.NewID()
	return tx.InsertInspection(ctx, *next)
}

// over is the inspection with what was wrong about it put right; nil where it never took place.
func (in InspectionCorrection) over(old store.Inspection, today calendar.Date) (*store.Inspection, error) {
	next := old
	amend(&next.On, in.On)
	amend(&next.Standard, in.Standard)
	amend(&next.Report, in.Report)
	amend(&next.Compliant, in.Compliant)
	switch {
	case !old.SupersededAt.IsZero():
		return nil, errInspectionSuperseded
	case in.Void && (in.On != nil || in.Standard != nil || in.Report != nil || in.Compliant != nil):
		return nil, field("void", "VOID_ALONE", "撤销检查的，不再更正其他内容", "of an inspection that never took place nothing else is corrected")
	case in.Void:
		return nil, nil
	case next == old:
		return nil, field("inspected_on", "NOTHING_CORRECTED", "与原登记相同，没有更正的内容", "this is what is recorded already")
	case next.On.After(today):
		return nil, field("inspected_on", "IN_FUTURE", "日期不能晚于今天", "the day lies in the future")
	}
	return &next, nil
}

// amend writes a value that was given over one that was there.
func amend[T any](to *T, given *T) {
	if given != nil {
		*to = *given
	}
}
