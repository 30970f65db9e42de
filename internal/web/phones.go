package web

import (
	"strconv"
	"time"

	"zhucan/internal/store"
)

// phonesData is which phones hold entries that the office does not have yet, and which others there are.
type phonesData struct {
	filters
	Lists []phoneList
}

// phoneList is those on which entries wait, or the others.
type phoneList struct {
	Waiting bool
	Lines   []phoneLine
	More    string
}

type phoneLine struct {
	Path, Name, Place, Since, Heard string
	Waiting                         int
	Late                            bool
}

const lateAfter = 14 * 24 * time.Hour // after which an entry has waited too long; its phone says so, too

// showPhones shows both lists. Each leads on to more of its own.
func showPhones(v *visit) (any, error) {
	data := phonesData{}
	list, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	data.Filters = list
	after, err := store.ParsePhonePlace(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	for _, waiting := range []bool{true, false} {
		only, asked := v.query.Get("waiting"), strconv.FormatBool(waiting)
		if only != "" && only != asked {
			continue
		}
		found, err := v.desk.DB.ListPhones(v.ctx, v.who, store.PhoneFilter{Area: in, Waiting: &waiting, After: after, Limit: pageSize})
		if err != nil {
			return nil, err
		}
		l := phoneList{Waiting: waiting}
		for _, p := range found {
			line := v.phoneLine(p)
			line.Place = place(p.Area)
			l.Lines = append(l.Lines, line)
		}
		if n := len(found); n == pageSize {
			if l.More = v.more(true, found[n-1].Place().String()); only == "" {
				l.More += "&waiting=" + asked
			}
		}
		data.Lists = append(data.Lists, l)
	}
	return data, nil
}

func (v *visit) phoneLine(p store.Phone) phoneLine {
	line := phoneLine{Path: "/phones/" + p.ID.String(), Name: p.Name, Waiting: p.Waiting, Heard: p.ContactedAt.In(china).Format("2006-01-02 15:04")}
	if p.Waiting > 0 {
		line.Since, line.Late = p.OldestAt.In(china).Format("2006-01-02"), v.desk.Now().Sub(p.OldestAt) > lateAfter
	}
	return line
}

// phonesCard is the line of the start page about them.
func (v *visit) phonesCard(data *homeData) error {
	if !v.may("/phones") {
		return nil
	}
	waiting, late, err := v.desk.DB.WaitingOnPhones(v.ctx, v.who, v.desk.Now().Add(-lateAfter))
	card := listCard{Path: "/phones", Name: v.t("phones.card"), Count: waiting, Overdue: late}
	if card.Count > 0 {
		data.Lists = append(data.Lists, card)
	} else {
		data.Quiet = append(data.Quiet, card)
	}
	return err
}

// phoneData is one phone, and the form that writes it off.
type phoneData struct {
	Name     string
	Facts    []pair
	Late     bool
	Lost     string // since when; empty: it is not
	WriteOff *Form
}

func showPhone(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	p, err := v.desk.DB.Phone(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	line := v.phoneLine(p)
	data := phoneData{Name: p.Name, Late: line.Late, Facts: []pair{{v.t("phones.place"), v.placeName(p.Area)}, {v.t("phones.waiting"), strconv.Itoa(p.Waiting)}}}
	if line.Since != "" {
		data.Facts = append(data.Facts, pair{v.t("phones.since"), line.Since})
	}
	data.Facts = append(data.Facts, pair{v.t("phones.heard"), line.Heard}, pair{v.t("phones.made"), p.MadeAt.In(china).Format("2006-01-02")})
	if !p.WrittenOffAt.IsZero() {
		data.Lost = p.WrittenOffAt.In(china).Format("2006-01-02 15:04")
		return data, nil
	}
	data.WriteOff = v.newForm("write-off", "phone.write_off", &Field{Name: "reason", Label: v.t("phone.reason"), Hint: v.t("phone.reason.hint"), Kind: "textarea", Need: true, Max: 500})
	data.WriteOff.Grave = true
	return data, nil
}

func writeOffPhone(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	_, err = v.desk.WriteOffPhone(v.ctx, v.who, id, v.form.Get("reason"))
	return "/phones?done=phone_written_off", err
}
