package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"zhucan/internal/application"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// statusData is for an applicant, who has no account: the form by which he asks, and how his case stands. Nothing in it is of the person.
type statusData struct {
	Ask   *Form
	Facts []pair
	Rate  *Form // of a decided case
	Rated bool
}

func (s *Site) statusPage(c echo.Context) error {
	return s.showStatus(c, s.visit(c, nil), http.StatusOK, store.Case{})
}

// askStatus answers an applicant, and keeps what he thinks of the decision. The number of a case and its code stand in forms and in no address, so
// the page is the answer to the form.
func (s *Site) askStatus(c echo.Context) error {
	v := s.visit(c, nil)
	if err := v.readForm(c); err != nil {
		return err
	}
	found, err := v.statusAsked()
	if err == nil {
		return s.showStatus(c, v, http.StatusOK, found)
	}
	f, ok := fault.Of(err)
	if !ok || !slices.Contains([]fault.Kind{fault.Invalid, fault.NotFound, fault.Conflict, fault.TooMany}, f.Kind) {
		return err
	}
	if v.fault = f; f.RetryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	return s.showStatus(c, v, f.Kind.Status(), found)
}

// statusAsked is the case that the form asks after, also where what is thought of it was refused.
func (v *visit) statusAsked() (found store.Case, err error) {
	r := v.reader()
	number, code := r.text("case_number", 40, true), r.text("code", 20, true)
	if err := r.err(); err != nil {
		return found, err
	}
	client, _ := netip.ParseAddr(v.echo.RealIP())
	if found, err = v.desk.CaseStatus(v.ctx, number, code, client); err != nil || v.do != "rate" {
		return found, err
	}
	o := v.opinion(r)
	if r.problems = append(r.problems, v.unfit...); len(r.problems) > 0 {
		return found, r.err()
	}
	_, err = v.desk.RateByCode(v.ctx, number, code, client, requestID(v.echo), o)
	return found, err
}

func (s *Site) showStatus(c echo.Context, v *visit, status int, found store.Case) error {
	v.title = "status.title"
	data := statusData{Ask: v.newForm("ask", "status.ask", &Field{Name: "case_number", Label: v.t("status.number"), Kind: "text", Need: true, Max: 40, Auto: "off"},
		&Field{Name: "code", Label: v.t("status.code"), Kind: "text", Need: true, Max: 20, Auto: "off"})}
	if found.CaseNumber != "" {
		data.Facts = v.statusFacts(found)
		data.Rated = v.do == "rate" && v.fault == nil
	}
	if !found.DecidedAt.IsZero() && !data.Rated {
		data.Rate = v.newForm("rate", "status.rate", append([]*Field{{Name: "case_number", Kind: "hidden", Value: v.value("case_number")}, {Name: "code", Kind: "hidden", Value: v.value("code")}},
			v.ratingFields("status.rate.hint")...)...)
	}
	return s.render(c, v, "status", status, data)
}

func (v *visit) statusFacts(c store.Case) (list []pair) {
	list = []pair{{v.t("case.stage"), v.t("stage." + string(c.Stage))}}
	day := func(label string, on calendar.Date) {
		if !on.IsZero() {
			list = append(list, pair{v.t(label), on.String()})
		}
	}
	day("status.applied_on", c.AppliedOn)
	day("status.returned_on", c.ReturnedOn)
	if !c.DecidedAt.IsZero() {
		day("status.decided_on", calendar.DateOf(c.DecidedAt))
	}
	if clock := v.desk.Clock(c.Application); clock != nil && c.Stage != application.Returned {
		day("status.due_on", clock.DueOn)
	}
	return list
}
