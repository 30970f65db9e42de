package web

import (
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/care"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// ratingFields ask what somebody thinks, entered for him.
func (v *visit) ratingFields(hint string) []*Field {
	return []*Field{{Name: "score", Label: v.t("rating.score"), Kind: "radio", Need: true, Options: v.options("choice", scores...)},
		{Name: "text", Label: v.t("rating.text"), Hint: v.t(hint), Kind: "textarea", Max: 1000}}
}

// rating is the form that asks what somebody thinks, or, where that was said, what was said. His words are for the offices that read
// them, and for who entered them.
type rating struct {
	Form *Form
	Told []pair
}

// ratingOf is about a decision or a service step, and nil where nothing was said and this role asks nobody, nor who did it himself.
func (v *visit) ratingOf(step uuid.UUID, own bool) (*rating, error) {
	found, err := v.desk.DB.RatingsOf(v.ctx, v.who, step)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		if own || !v.acts("rate") {
			return nil, nil
		}
		return &rating{Form: v.newForm("rate", "rating.enter", v.ratingFields("rating.text.hint")...)}, nil
	}
	r := found[0]
	told := []pair{{v.t("rating.at"), r.RatedAt.In(china).Format("2006-01-02")}, {v.t("rating.channel"), v.t("rated_by." + r.Channel)}}
	if v.may("/ratings") || r.RatedBy == v.who.AccountID {
		told = append(told, pair{v.t("rating.score"), v.t("choice." + strconv.Itoa(r.Score))}, pair{v.t("rating.text"), orNone(v, r.Text)})
	}
	return &rating{Told: told}, nil
}

// opinion reads what ratingFields ask.
func (v *visit) opinion(r *reader) casework.Opinion {
	n, _ := strconv.Atoi(r.choice("score", true, scores...))
	return casework.Opinion{Score: n, Text: r.text("text", 1000, false)}
}

// rate keeps what somebody thinks of the case or service of the page.
func rate(keep func(v *visit, id uuid.UUID, o casework.Opinion) (store.Rating, error)) func(*visit) (string, error) {
	return func(v *visit) (string, error) {
		id, err := v.id()
		if err != nil {
			return "", err
		}
		r := v.reader()
		o := v.opinion(r)
		if err := r.err(); err != nil {
			return "", err
		}
		_, err = keep(v, id, o)
		return v.path + "?done=rated", err
	}
}

var (
	rateCase = rate(func(v *visit, id uuid.UUID, o casework.Opinion) (store.Rating, error) {
		return v.desk.RateApplication(v.ctx, v.who, id, o)
	})
	rateService = rate(func(v *visit, id uuid.UUID, o casework.Opinion) (store.Rating, error) {
		return v.desk.RateService(v.ctx, v.who, id, o)
	})
)

// rateableData is somebody whom a clerk of the hotline asks, and what about.
type rateableData struct {
	About string
	Lines []rateableLine
	Form  *Form
	Back  string // to write down what he brings
}

type rateableLine struct{ What, On, Rated string }

func showRateable(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	d, err := v.desk.DB.PersonFile(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	found, err := v.desk.Rateable(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := rateableData{About: v.maskedPerson(d.File.Person), Back: "/tickets/new?person=" + id.String()}
	var open []Option
	for _, r := range found {
		line := rateableLine{What: v.rateableName(r), On: r.On.String(), Rated: v.t("rating.open")}
		if r.Rated.RatedAt.IsZero() {
			open = append(open, Option{Value: rateableKey(r), Label: line.What + " " + line.On})
		} else {
			line.Rated = v.t("rated_by."+r.Rated.Channel) + " " + r.Rated.RatedAt.In(china).Format("2006-01-02")
		}
		data.Lines = append(data.Lines, line)
	}
	if len(open) > 0 {
		about := &Field{Name: "about", Label: v.t("rating.about"), Kind: "radio", Need: true, Options: open}
		data.Form = v.newForm("rate", "rating.enter", append([]*Field{about}, v.ratingFields("rating.text.hint")...)...)
	}
	return data, nil
}

func (v *visit) rateableName(r casework.Rateable) string {
	if r.ApplicationID != uuid.Nil {
		return v.programme(r.About) + " " + v.t("rating.application")
	}
	chain := care.ChainOf(care.Kind(r.About))
	return v.either(chain.ZH, chain.EN)
}

func rateableKey(r casework.Rateable) string {
	if r.ApplicationID != uuid.Nil {
		return "application " + r.ApplicationID.String()
	}
	return "service " + r.ServiceID.String()
}

func rateFound(v *visit) (string, error) {
	r := v.reader()
	kind, id, _ := strings.Cut(r.text("about", 60, true), " ")
	o := v.opinion(r)
	if err := r.err(); err != nil {
		return "", err
	}
	keep := v.desk.RateService
	if kind == "application" {
		keep = v.desk.RateApplication
	}
	_, err := keep(v.ctx, v.who, idOf(id), o)
	return v.path + "?done=rated", err
}
