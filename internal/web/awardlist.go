package web

import (
	"github.com/google/uuid"

	"zhucan/internal/award"
	"zhucan/internal/store"
)

// awardsData is the rights of an area in the order in which they were given.
type awardsData struct {
	filters
	Lines []rightLine
	More  string
}

// rightLine is a right and whose it is.
type rightLine struct {
	awardLine
	Person, Place, Ledger string
}

func showAwards(v *visit) (any, error) {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	programmes := v.programmeOptions(v.query.Get("programme"))
	places, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	found, err := v.desk.Awards(v.ctx, v.who, store.AwardFilter{Area: in, Programme: chosenOf(programmes), After: after.ID, Limit: pageSize})
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(found))
	for i, a := range found {
		ids[i] = a.PersonID
	}
	named, err := v.desk.DB.PersonsNamed(v.ctx, v.who, ids)
	if err != nil {
		return nil, err
	}
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	data := awardsData{filters: filters{Filters: append([]filter{{"programme", v.t("case.programme"), v.t("persons.all"), programmes}}, places...)}}
	for _, a := range found {
		line := v.rightLine(a, named[a.PersonID].Name)
		line.Place = place(named[a.PersonID].Managing)
		data.Lines = append(data.Lines, line)
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	return data, nil
}

// rightLine says of a right that pays nothing this month why.
func (v *visit) rightLine(a award.Award, name string) rightLine {
	person := "/persons/" + a.PersonID.String()
	line := rightLine{Person: name, Ledger: person + "/ledger"}
	line.Path, line.Programme, line.Months = person+"/awards/"+a.ID.String(), v.programme(a.Programme), v.daysText(a.StartMonth.String(), a.EndMonth.String())
	if state := v.awardPaused(a); state != "" {
		line.State, line.Tone = v.t("award_state."+state), awardTones[state]
	}
	return line
}
