package web

import (
	"github.com/google/uuid"

	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// homeVisitsData is what was found of somebody in pay at home (入户核查), the last visit first.
type homeVisitsData struct {
	Name   string
	Lines  []homeVisitLine
	Record *Form
}

type homeVisitLine struct{ On, Outcome, Tone, Note, By string }

var homeOutcomes = []string{"met", "not_met", "moved", "died", "other"}

func showHomeVisits(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	d, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := homeVisitsData{Name: d.File.Person.Name}
	if data.Lines, err = v.homeVisitLines(id); err != nil {
		return nil, err
	}
	if v.acts("record") {
		data.Record = v.newForm("record", "homevisit.record", &Field{Name: "on", Label: v.t("homevisit.on"), Kind: "date", Need: true, Value: v.today.String()},
			&Field{Name: "outcome", Label: v.t("homevisit.outcome"), Kind: "radio", Need: true, Options: v.options("homevisit_outcome", homeOutcomes...)},
			&Field{Name: "note", Label: v.t("homevisit.note"), Hint: v.t("homevisit.note.hint"), Kind: "textarea", Max: 500})
	}
	return data, nil
}

func (v *visit) homeVisitLines(person uuid.UUID) (lines []homeVisitLine, err error) {
	list, err := v.desk.HomeVisits(v.ctx, v.who, person)
	for _, one := range list {
		line := homeVisitLine{On: one.On.String(), Outcome: v.t("homevisit_outcome." + one.Outcome), Tone: "good", Note: one.Note, By: one.ByName}
		if one.Outcome != "met" {
			line.Tone = "bad"
		}
		lines = append(lines, line)
	}
	return lines, err
}

func recordHomeVisit(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	in := store.HomeVisit{PersonID: id, On: r.day("on", true), Outcome: r.choice("outcome", true, homeOutcomes...), Note: r.text("note", 500, false)}
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.VisitHome(v.ctx, v.who, in)
	return v.path + "?done=homevisit", err
}

// fillHomeVisits adds what was found at home to a file, and where it is recorded, for who may know of it. What the last visit has not found as recorded is said
// at the head: it changes nothing by itself.
func (v *visit) fillHomeVisits(data *recordData, person uuid.UUID) (err error) {
	if !v.may("/persons/:id/home-visits") {
		return nil
	}
	if data.Visited, err = v.homeVisitLines(person); fault.Is(err, "FORBIDDEN") { // of a liaison who acts for an officer
		return nil
	} else if err != nil {
		return err
	}
	data.HomeVisits = v.path + "/home-visits"
	if len(data.Visited) > 0 && data.Visited[0].Tone == "bad" {
		data.Warnings = append(data.Warnings, v.t("homevisit.warning", data.Visited[0].On, data.Visited[0].Outcome))
	}
	return nil
}
