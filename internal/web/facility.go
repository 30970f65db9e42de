package web

import (
	"github.com/google/uuid"

	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// facilityData is a facility with its inspections, what was corrected, and the forms that put right what was entered wrongly.
type facilityData struct {
	facilityLine
	Off                            string // why it was taken off the list
	Inspections                    []inspectionLine
	Earlier                        []facilityPast
	Correct, Remove, Amend, Cancel *Form
}

type inspectionLine struct{ On, Standard, Report, State, Tone, Gone string }

type facilityPast struct{ Name, Kind, Place, Address, Until, Reason string }

func showFacility(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	f, err := v.desk.Facility(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	where := v.placeNames()
	data := facilityData{facilityLine: facilityLine{Name: f.Name, Kind: v.t("facility_kind." + f.Kind), Place: where(f.Area), Address: f.Address}}
	if !f.SupersededAt.IsZero() {
		data.Off = v.t("facility.off", f.SupersededAt.In(china).Format("2006-01-02"), f.Reason)
	}
	for _, e := range f.Earlier {
		data.Earlier = append(data.Earlier, facilityPast{Name: e.Name, Kind: v.t("facility_kind." + e.Kind), Place: where(e.Area), Address: e.Address,
			Until: e.SupersededAt.In(china).Format("2006-01-02"), Reason: e.Reason})
	}
	for _, i := range f.Inspections {
		data.Inspections = append(data.Inspections, v.inspectionLine(i))
	}
	if !v.acts("correct") || data.Off != "" {
		return data, nil
	}
	v.inspectionForms(&data, f.Inspections)
	return data, v.correctionForms(&data, f.Facility)
}

func (v *visit) inspectionLine(i store.Inspection) inspectionLine {
	line := inspectionLine{On: i.On.String(), Standard: i.Standard, Report: i.Report, State: v.t("facility.fails"), Tone: "bad"}
	if i.Compliant {
		line.State, line.Tone = v.t("facility.complies"), "good"
	}
	if !i.SupersededAt.IsZero() {
		line.Tone, line.Gone = "", v.t("facility.look.gone", i.SupersededAt.In(china).Format("2006-01-02"), i.Reason)
	}
	return line
}

// correctionForms are what puts the facility itself right, and what takes it off the list.
func (v *visit) correctionForms(data *facilityData, f store.Facility) error {
	villages, err := v.villages()
	data.Correct = v.newForm("correct", "facility.correct", &Field{Name: "name", Label: v.t("facility.name"), Kind: "text", Need: true, Max: 100, Value: f.Name},
		&Field{Name: "kind", Label: v.t("facility.kind"), Kind: "select", Need: true, Options: v.options("facility_kind", facilityKinds...), Value: f.Kind},
		&Field{Name: "area_code", Label: v.t("facility.village"), Kind: "select", Need: true, Options: villages, Value: string(f.Area)},
		&Field{Name: "address", Label: v.t("facility.address"), Kind: "text", Max: 200, Value: f.Address}, v.facilityReason("correct"))
	data.Correct.Version = f.Version
	data.Remove = v.newForm("remove", "facility.remove", v.facilityReason("remove"))
	data.Remove.Version, data.Remove.Grave = f.Version, true
	return err
}

// inspectionForms are what puts one of the inspections right that stand, and what takes it away; none where none stands.
func (v *visit) inspectionForms(data *facilityData, inspections []store.Inspection) {
	var standing []Option
	for _, i := range inspections {
		if line := v.inspectionLine(i); line.Gone == "" {
			standing = append(standing, Option{Value: i.ID.String(), Label: line.On + " " + line.State + " " + line.Standard})
		}
	}
	if len(standing) == 0 {
		return
	}
	which := func(of string) *Field {
		return &Field{Name: "inspection", Label: v.t("facility.look.which"), Kind: "select", Need: true, Options: standing, Value: onlyOne(standing), Of: of}
	}
	data.Amend = v.newForm("amend", "facility.look.correct", which("amend"), &Field{Name: "inspected_on", Label: v.t("facility.on"), Hint: v.t("facility.look.hint"), Kind: "date"},
		&Field{Name: "compliant", Label: v.t("facility.result"), Kind: "radio", Options: v.options("complies", "yes", "no")},
		&Field{Name: "standard", Label: v.t("facility.standard"), Kind: "text", Max: 100}, &Field{Name: "report", Label: v.t("facility.report"), Kind: "text", Max: 200}, v.facilityReason("amend"))
	data.Cancel = v.newForm("cancel", "facility.look.void", which("cancel"), v.facilityReason("cancel"))
	data.Cancel.Grave = true
}

// onlyOne is the choice where there is no other.
func onlyOne(options []Option) string {
	if len(options) == 1 {
		return options[0].Value
	}
	return ""
}

func (v *visit) facilityReason(of string) *Field {
	return &Field{Name: "reason", Label: v.t("facility.why"), Kind: "textarea", Max: 500, Need: true, Of: of}
}

func correctFacility(v *visit) (string, error) {
	r := v.reader()
	name, kind, at, address := r.text("name", 100, true), r.choice("kind", true, facilityKinds...), r.place("area_code", true), r.text("address", 200, false)
	return v.putFacilityRight(r, casework.FacilityCorrection{Name: &name, Kind: &kind, Area: &at, Address: &address})
}

func removeFacility(v *visit) (string, error) {
	return v.putFacilityRight(v.reader(), casework.FacilityCorrection{Void: true})
}

func (v *visit) putFacilityRight(r *reader, in casework.FacilityCorrection) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	in.Reason = r.text("reason", 500, true)
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.CorrectFacility(v.ctx, v.who, id, v.version(), in)
	return "/facilities/" + id.String() + "?done=facility_corrected", err
}

// amendInspection corrects what was filled in; what was left empty stays.
func amendInspection(v *visit) (string, error) {
	r := v.reader()
	in := casework.InspectionCorrection{}
	if day := r.day("inspected_on", false); !day.IsZero() {
		in.On = &day
	}
	if result := r.choice("compliant", false, "yes", "no"); result != "" {
		in.Compliant = new(result == "yes")
	}
	if standard := r.text("standard", 100, false); standard != "" {
		in.Standard = &standard
	}
	if report := r.text("report", 200, false); report != "" {
		in.Report = &report
	}
	return v.putInspectionRight(r, in)
}

func cancelInspection(v *visit) (string, error) {
	return v.putInspectionRight(v.reader(), casework.InspectionCorrection{Void: true})
}

func (v *visit) putInspectionRight(r *reader, in casework.InspectionCorrection) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	var inspection uuid.UUID
	inspection, in.Reason = r.ref("inspection"), r.text("reason", 500, true)
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.CorrectInspection(v.ctx, v.who, id, inspection, in)
	return "/facilities/" + id.String() + "?done=facility_corrected", err
}
