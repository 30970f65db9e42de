package web

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/care"
	"zhucan/internal/store"
)

// waitingData is the services that wait for this office, or those that are open or have ended, the one entered first in front.
type waitingData struct {
	filters
	Lead    string
	Wrong   []string // what the address asks for that there is not
	Waiting int64
	Lines   []waitingLine
	More    string
}

type waitingLine struct {
	serviceLine
	Name, Place string
	Died        string // why it waits for nobody
}

// showServices shows what waits in the service chains. Its address says of which kind, and in which state: `open` is all that has not come
// to its end, `ended` what has, and nothing is what this role leads on; for one that leads on nothing it is all that is open.
func showServices(v *visit) (any, error) {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	kind, state := v.query.Get("kind"), v.query.Get("state")
	lead := "services.lead"
	if len(care.WaitsFor(v.who.Role)) == 0 {
		lead, state = "services.lead.all", cmp.Or(state, "open")
	}
	_, chosen := standingOf(kind, state)
	chosen = chosen || state == "open" || state == "ended"
	places, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	found, waiting, err := v.desk.DB.ServiceQueue(v.ctx, v.who, in, v.standing(kind, state), !chosen, after.ID, pageSize)
	if err != nil {
		return nil, err
	}
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	data := waitingData{Lead: v.t(lead), Waiting: waiting, filters: v.serviceFilters(kind, state)}
	data.Filters = append(data.Filters, places...)
	if kind != "" && care.ChainOf(care.Kind(kind)) == nil {
		data.Wrong = append(data.Wrong, v.t("services.bad_kind"))
	}
	if state != "" && !chosen {
		data.Wrong = append(data.Wrong, v.t("services.bad_state"))
	}
	for _, s := range found {
		line := waitingLine{serviceLine: v.serviceLine(s.Service), Name: s.Name, Place: place(area.Code(s.Area))}
		line.Died = v.diedOn(s.Service)
		switch {
		case s.Name == "":
			line.Name = orNone(v, s.Address)
		case s.HouseholdID != uuid.Nil:
			line.Name = v.t("household.of", s.Name)
		}
		data.Lines = append(data.Lines, line)
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	return data, nil
}

// diedOn says that the person of a service has died, as recorded now; nothing where he has not.
func (v *visit) diedOn(s care.Service) string {
	if s.DiedOn.IsZero() {
		return ""
	}
	return v.t("services.died", s.DiedOn)
}

// standing is the states of the services that are asked for. A state of another kind, or one that there is not, does not narrow.
func (v *visit) standing(kind, state string) []care.Standing {
	list := care.WaitsFor(v.who.Role)
	if state == "open" {
		list = care.OpenStandings()
	} else if state == "ended" {
		list = care.EndedStandings()
	} else if at, ok := standingOf(kind, state); ok {
		list = []care.Standing{at}
	}
	return slices.DeleteFunc(list, func(at care.Standing) bool { return care.ChainOf(care.Kind(kind)) != nil && string(at.Kind) != kind })
}

// standingOf reads a state as addresses have it, behind its kind.
func standingOf(kind, text string) (care.Standing, bool) {
	of, state, _ := strings.Cut(text, ".")
	at := care.Standing{Kind: care.Kind(of), State: state}
	return at, slices.Contains(allStandings(), at) && (kind == of || care.ChainOf(care.Kind(kind)) == nil)
}

// allStandings are the states of all chains, the open ones in front.
func allStandings() []care.Standing { return append(care.OpenStandings(), care.EndedStandings()...) }

func (v *visit) serviceFilters(kind, state string) filters {
	var kinds []Option
	states := []Option{{Value: "open", Label: v.t("services.open"), Chosen: state == "open"}, {Value: "ended", Label: v.t("services.ended"), Chosen: state == "ended"}}
	for _, c := range care.Chains {
		kinds = append(kinds, Option{Value: string(c.Kind), Label: v.either(c.ZH, c.EN), Chosen: kind == string(c.Kind)})
	}
	_, chosen := standingOf(kind, state)
	for _, at := range allStandings() {
		if care.ChainOf(care.Kind(kind)) != nil && string(at.Kind) != kind {
			continue
		}
		c, value := care.ChainOf(at.Kind), string(at.Kind)+"."+at.State
		states = append(states, Option{Value: value, Label: v.t("services.in", v.either(c.ZH, c.EN), v.serviceState(care.Service{Kind: at.Kind, State: at.State})), Chosen: chosen && value == state})
	}
	mine := ""
	if len(care.WaitsFor(v.who.Role)) > 0 {
		mine = v.t("services.mine")
	}
	return filters{Filters: []filter{{"kind", v.t("service.kind"), v.t("persons.all"), kinds}, {"state", v.t("service.state"), mine, states}}}
}

// servicesCard is the line of the start page about them; none for whom none can wait.
func (v *visit) servicesCard(data *homeData) error {
	if !v.may("/services") || len(care.WaitsFor(v.who.Role)) == 0 {
		return nil
	}
	n, err := v.desk.DB.CountServices(v.ctx, v.who, v.who.Area, care.WaitsFor(v.who.Role))
	card := listCard{Path: "/services", Name: v.t("services.card"), Count: n}
	if n > 0 {
		data.Lists = append([]listCard{card}, data.Lists...)
	} else {
		data.Quiet = append(data.Quiet, card)
	}
	return err
}
