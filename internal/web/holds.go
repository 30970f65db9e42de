package web

import (
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/store"
)

// holdsData is what keeps a person's money back, and what once did.
type holdsData struct {
	Name    string
	Ledger  string
	Lines   []holdLine
	Notes   []string
	Place   *Form
	Release *Form
}

type holdLine struct {
	Programme, Why, Note, Placed, Released string
	Now                                    bool
}

// both is the choice of holding every programme back.
const both = "both"

func showHolds(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	d, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	holds, err := v.desk.DB.Holds(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := holdsData{Name: d.File.Person.Name, Ledger: v.address("/persons/:id/ledger")}
	if data.Lines, err = v.holdLines(holds); err != nil {
		return nil, err
	}
	if v.acts("place") {
		data.Place = v.placeForm()
		v.releaseForm(&data, holds)
	}
	return data, nil
}

func (v *visit) holdLines(holds []store.Hold) (list []holdLine, err error) {
	var by []uuid.UUID
	for _, h := range holds {
		by = append(by, h.PlacedBy)
	}
	names, err := v.desk.DB.AccountNames(v.ctx, v.who, by)
	if err != nil {
		return nil, err
	}
	for _, h := range holds {
		line := holdLine{Programme: v.heldProgramme(h), Why: v.t("hold." + h.Reason), Note: h.Note, Placed: h.PlacedAt.In(china).Format("2006-01-02") + " " + names[h.PlacedBy], Now: h.ReleasedAt.IsZero()}
		if !line.Now {
			line.Released = h.ReleasedAt.In(china).Format("2006-01-02")
		}
		list = append(list, line)
	}
	return list, nil
}

func (v *visit) heldProgramme(h store.Hold) string {
	if h.Programme == "" {
		return v.t("hold_of." + both)
	}
	return v.programme(h.Programme)
}

// holdWhy is a hold in one line.
func (v *visit) holdWhy(h store.Hold) string {
	why := v.t("form.problem", v.heldProgramme(h), v.t("hold."+h.Reason))
	if h.Note == "" {
		return why
	}
	return v.t("form.problem", why, h.Note)
}

func (v *visit) placeForm() *Form {
	programmes := v.options("hold_of", both)
	for _, p := range v.desk.Pack().Programmes {
		programmes = append(programmes, Option{Value: p.ID, Label: v.either(p.ZH, p.EN)})
	}
	return v.newForm("place", "holds.place", &Field{Name: "programme", Label: v.t("holds.of"), Kind: "radio", Need: true, Options: programmes, Value: both},
		&Field{Name: "note", Label: v.t("application.reason"), Kind: "textarea", Need: true, Max: 500, Of: "place"})
}

// releaseForm lets go what is in force. What waits for the answer to an objection, or for a decision about a list, is only named.
func (v *visit) releaseForm(data *holdsData, holds []store.Hold) {
	var list []Option
	for _, h := range holds {
		switch {
		case !h.ReleasedAt.IsZero():
		case h.Contested:
			data.Notes = append(data.Notes, v.t("holds.contested"))
		case h.Undecided:
			data.Notes = append(data.Notes, v.t("holds.undecided"))
		default:
			list = append(list, Option{Value: h.ID.String(), Label: v.holdWhy(h)})
		}
	}
	if len(list) == 0 {
		return
	}
	which := &Field{Name: "hold", Label: v.t("holds.which"), Kind: "radio", Need: true, Options: list}
	if len(list) == 1 {
		which.Value = list[0].Value
	}
	reason := v.reasonField(500)
	reason.Of = "release"
	data.Release = v.newForm("release", "holds.release", which, reason)
}

func placeHold(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	choices := []string{both}
	for _, p := range v.desk.Pack().Programmes {
		choices = append(choices, p.ID)
	}
	r := v.reader()
	h := store.Hold{PersonID: id, Programme: r.choice("programme", true, choices...), Note: r.text("note", 500, true)}
	if err := r.err(); err != nil {
		return "", err
	}
	if h.Programme == both {
		h.Programme = ""
	}
	_, err = v.desk.PlaceHold(v.ctx, v.who, h)
	return v.path + "?done=hold_placed", err
}

func releaseHold(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	holds, err := v.desk.DB.Holds(v.ctx, v.who, id)
	if err != nil {
		return "", err
	}
	r := v.reader()
	hold, reason := r.ref("hold"), r.text("reason", 500, true)
	if err := r.err(); err != nil {
		return "", err
	}
	if !slices.ContainsFunc(holds, func(h store.Hold) bool { return h.ID == hold }) {
		return "", store.NotFound
	}
	_, err = v.desk.ReleaseHold(v.ctx, v.who, hold, reason)
	return v.path + "?done=hold_released", err
}
