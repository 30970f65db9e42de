package web

import (
	"strconv"

	"github.com/google/uuid"

	"zhucan/internal/exchange"
	"zhucan/internal/store"
)

// ratingsData is what people think of decisions and services, with their words.
type ratingsData struct {
	filters
	Lines []ratingLine
	More  string
}

type ratingLine struct{ Path, About, Place, Score, Text, Channel, At, Tone string }

var scores = []string{"1", "2", "3", "4", "5"}

func showRatings(v *visit) (any, error) {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	most := v.options("choice", scores...)
	f := store.RatingFilter{Most: asked(most, v.query.Get("score_up_to")), After: after.ID, Limit: pageSize}
	var places []filter
	if places, f.Area, err = v.areaFilter(); err != nil {
		return nil, err
	}
	found, err := v.desk.DB.ListRatings(v.ctx, v.who, f)
	if err != nil {
		return nil, err
	}
	data := ratingsData{filters: filters{Filters: append([]filter{{"score_up_to", v.t("rating.most"), v.t("persons.all"), most}}, places...)}}
	where := v.placeNames()
	for _, r := range found {
		line := ratingLine{Path: "/applications/" + r.ApplicationID.String(), About: v.t("rating.application"), Place: where(r.Area), Score: v.t("choice." + strconv.Itoa(r.Score)), Text: r.Text,
			Channel: v.t("rated_by." + r.Channel), At: r.RatedAt.In(china).Format("2006-01-02 15:04")}
		if r.ServiceID != uuid.Nil {
			line.Path, line.About = "/services/"+r.ServiceID.String(), v.t("rating.service")
		}
		if r.Score <= 2 {
			line.Tone = "bad"
		}
		data.Lines = append(data.Lines, line)
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	return data, nil
}

// takenData is who took which list for another department, the latest first.
type takenData struct {
	filters
	All   string // where everybody's are, while those of one account are shown
	Lines []takenLine
	More  string
}

type takenLine struct{ List, Partner, Place, Form, Purpose, Rows, Who, By, Role, At string }

func showTaken(v *visit) (any, error) {
	before, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	var lists []Option
	for _, l := range exchange.PartnerLists {
		lists = append(lists, Option{Value: l.Name, Label: v.either(l.ZH, l.EN), Chosen: l.Name == v.query.Get("list")})
	}
	places, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	by := idOf(v.query.Get("account"))
	found, err := v.desk.ListExports(v.ctx, v.who, store.ExportFilter{Area: in, List: chosenOf(lists), AccountID: by, Before: before.ID, Limit: pageSize})
	if err != nil {
		return nil, err
	}
	data := takenData{filters: filters{Filters: append([]filter{{"list", v.t("taken.list"), v.t("persons.all"), lists}}, places...)}}
	if by != uuid.Nil {
		data.Text = &Field{Name: "account", Kind: "hidden", Value: by.String()}
		data.All = v.path
	}
	where := v.placeNames()
	for _, e := range found {
		line := takenLine{List: e.List, Place: where(e.Area), Form: e.Form, Purpose: e.Purpose, Rows: strconv.Itoa(e.Rows), Who: e.Name + v.within(e.Username), By: v.path + "?account=" + e.AccountID.String(), Role: v.t("role." + string(e.Role)),
			At: e.At.In(china).Format("2006-01-02 15:04")}
		if l := exchange.PartnerListNamed(e.List); l != nil {
			line.List, line.Partner = v.either(l.ZH, l.EN), l.Partner
		}
		data.Lines = append(data.Lines, line)
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	return data, nil
}
