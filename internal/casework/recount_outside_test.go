package casework_test

import (
	"fmt"
	"maps"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// What comes from outside: figures with a source, and facilities with their inspections.

type rawFigure struct {
	Indicator   string `json:"indicator"`
	Year        int    `json:"year"`
	Area        string `json:"area_code"`
	Income      int64  `json:"income_fen"`
	Numerator   int64  `json:"numerator"`
	Denominator int64  `json:"denominator"`
}

type rawFacility struct {
	ID   uuid.UUID `json:"id"`
	Area string    `json:"area_code"`
}

type rawInspection struct {
	Facility  uuid.UUID     `json:"facility_id"`
	On        calendar.Date `json:"inspected_on"`
	Compliant bool          `json:"compliant"`
}

// figure enters a figure for a year, now and then one that gives way to another, or withdraws one.
func (w *world) figure() error {
	if w.chance(20) {
		return w.withdrawFigure()
	}
	f := casework.NewFigure{Indicator: "income_growth", Year: pick(w, 2015, 2015, 2019, 2020, 2021, 2022, 2023), Area: pick(w, area.Code(district), district, "370305001"), SourceDoc: "抽样调查"}
	if f.Income = int64(1000000 + w.random.IntN(900000)); w.chance(40) {
		f.Indicator, f.Income, f.Denominator = "facility_accessibility", 0, new(int64(1+w.random.IntN(50)))
		f.Numerator, f.Area = new(w.random.Int64N(*f.Denominator+1)), pick(w, area.Code(district), "370305100", "370305111", "370305001009")
	}
	_, err := w.desk.RecordFigure(w.t.Context(), w.sender, f)
	return err
}

func (w *world) withdrawFigure() error {
	list, err := w.desk.Figures(w.t.Context(), w.sender, "")
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return nothing
	}
	_, err = w.desk.WithdrawFigure(w.t.Context(), w.sender, pick(w, list...).ID, "录入错误")
	return err
}

// correctFacility puts right where a facility stands or what an inspection has found, or takes one of them away.
func (w *world) correctFacility() error {
	ctx := w.t.Context()
	f, err := w.desk.Facility(ctx, w.sender, pick(w, w.facilities...))
	if err != nil {
		return err
	}
	if len(f.Inspections) == 0 || w.chance(30) {
		in := casework.FacilityCorrection{Reason: "录入错误", Void: w.chance(30)}
		if !in.Void {
			in.Area = new(pick(w, area.Code("370305001005"), "370305100202", "370305111245"))
		}
		_, err = w.desk.CorrectFacility(ctx, w.sender, f.ID, f.Version, in)
		return err
	}
	look := pick(w, f.Inspections...)
	in := casework.InspectionCorrection{Reason: "录入错误", Void: w.chance(30)}
	if !in.Void {
		in.Compliant, in.On = new(!look.Compliant), new(w.lately())
	}
	_, err = w.desk.CorrectInspection(ctx, w.sender, f.ID, look.ID, in)
	return err
}

// inspect puts a facility on the list, looks at one that is there, or corrects what was said of one.
func (w *world) inspect() error {
	if len(w.facilities) > 0 && w.chance(25) {
		return w.correctFacility()
	}
	if len(w.facilities) == 0 || w.chance(30) {
		at := pick(w, area.Code("370305001005"), "370305100202", "370305111245")
		f, err := w.desk.CreateFacility(w.t.Context(), w.sender, store.Facility{Area: at, Name: fmt.Sprint("服务中心", len(w.facilities)), Kind: "government"})
		if err == nil {
			w.facilities = append(w.facilities, f.ID)
		}
		return err
	}
	_, err := w.desk.InspectFacility(w.t.Context(), w.sender, store.Inspection{Facility: pick(w, w.facilities...), On: w.lately(), Standard: "GB 50763-2012", Compliant: w.chance(50)})
	return err
}

// facilitiesKnown are where the facilities stood by what was known at an instant.
const facilitiesKnown = `SELECT jsonb_build_object('id', id, 'area_code', area_code) FROM facilities
		WHERE coalesce(corrected_at, created_at) <= $1 AND (withdrawn_at IS NULL OR withdrawn_at > $1)
	UNION ALL SELECT jsonb_build_object('id', facility_id, 'area_code', area_code) FROM facilities_past WHERE recorded_at <= $1 AND superseded_at > $1`

// outsideAt is what the rows of an instant say of the two indicators that are not counted from files, by area, in words.
func (w *world) outsideAt(r *register, at moment) map[string]string {
	w.t.Helper()
	conn := w.owner()
	figures := fetch[rawFigure](w.office, conn, at.KnownAt, asRows+"external_figures t"+strings.Replace(factsHeld, "valid_from, recorded_at, ", "", 1))
	facilities := fetch[rawFacility](w.office, conn, at.KnownAt, facilitiesKnown)
	last := map[uuid.UUID]rawInspection{}
	for _, i := range fetch[rawInspection](w.office, conn, at.KnownAt, asRows+"facility_inspections t"+strings.Replace(factsHeld, "valid_from", "inspected_on", 1)) {
		if !i.On.After(at.On) {
			last[i.Facility] = i
		}
	}
	said := map[string]string{}
	for _, d := range r.tree {
		if !between(at.On, d.From, d.To) {
			continue
		}
		yes, all := int64(0), int64(0)
		for _, f := range facilities {
			_, placed := r.village(f.Area, at.On)
			if i, seen := last[f.ID]; seen && strings.HasPrefix(f.Area, d.Code) && (placed || d.Code == district) {
				if all++; i.Compliant {
					yes++
				}
			}
		}
		if all > 0 {
			said["facility_accessibility "+d.Code] = fmt.Sprint(yes, "/", all)
		}
		for _, f := range figures {
			if f.Area != d.Code {
				continue
			}
			if f.Indicator == "facility_accessibility" && f.Year == at.On.Year() {
				said["facility_accessibility "+d.Code] = fmt.Sprint(f.Numerator, "/", f.Denominator)
			}
			for _, base := range figures {
				if f.Indicator == "income_growth" && base.Indicator == "income_growth" && base.Area == d.Code && base.Year == 2015 && f.Year == 2020 && at.On.Year() >= 2020 {
					said["income_growth "+d.Code] = fmt.Sprintf("%d→%d in 5 years", base.Income, f.Income)
				}
			}
		}
	}
	return said
}

// wantOutside compares what the service says with that; what it does not say has to be missing, and not 0.
func (w *world) wantOutside(r *register, at moment) {
	w.t.Helper()
	got := map[string]string{}
	for _, key := range []string{"income_growth", "facility_accessibility"} {
		rows, _, err := w.desk.Values(w.t.Context(), w.maker, casework.ValuesOf{Area: district, Moment: at.Moment, By: store.ByTree, Indicator: key})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, row := range rows {
			switch {
			case row.Group != "": // facilities of a village that is no more
			case row.Growth != nil:
				got[key+" "+string(row.Area)] = fmt.Sprintf("%d→%d in %d years", row.Growth.From, row.Growth.To, row.Growth.Years)
			case !row.Missing:
				got[key+" "+string(row.Area)] = fmt.Sprint(row.Covered, "/", row.Denominator())
			}
		}
	}
	if want := w.outsideAt(r, at); !maps.Equal(got, want) {
		w.t.Errorf("%s from outside:\n%v\nrecounted\n%v", at, got, want)
	}
}
