package web_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// nextPage goes on to the page behind a list.
func (sh shown) nextPage() shown {
	sh.b.site.t.Helper()
	for _, a := range all(sh.doc, "a") {
		if to := attr(a, "href"); strings.Contains(to, "cursor=") {
			return sh.b.get(to).want(200)
		}
	}
	sh.b.site.t.Fatalf("%s is the last page", sh.path)
	return sh
}

// pick finds a value of a select on this page that is not on another.
func (sh shown) pick(name string, other shown) string {
	sh.b.site.t.Helper()
	for _, value := range sh.choices(name) {
		if !slices.Contains(other.choices(name), value) {
			return value
		}
	}
	sh.b.site.t.Fatalf("%s has no choice of %s that is not on the page before", sh.path, name)
	return ""
}

// TestRefusedOnItsPage: a form of a second page comes back on that page, narrowed as it was, with what was chosen, also where the list has
// moved on meanwhile and where its session has run out.
func TestRefusedOnItsPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	for n := range 23 {
		s.person(100+n, 3, villageA)
	}
	b := s.as("town.a")
	first := b.get("/worklists/no_survey?reason=&area=" + villageA).want(200)
	second := first.nextPage()
	who := second.pick("who", first)
	form := second.form("act").set("who", who, "outcome", "visited", "note", "入户未遇", "on", "2026-02-30")
	refused := form.send().want(422)
	if again := refused.form("act"); again.values.Get("who") != who || again.values.Get("note") != "入户未遇" || !slices.Equal(refused.choices("who"), second.choices("who")) {
		t.Errorf("it comes back for %q with %q, of %d", again.values.Get("who"), again.values.Get("note"), len(refused.choices("who")))
	}
	if !strings.Contains(refused.form("act").action, "area="+villageA) || strings.Contains(refused.form("act").action, "done=") {
		t.Errorf("it goes to %s", refused.form("act").action)
	}
	if id, _, _ := strings.Cut(who, " "); strings.Contains(refused.form("act").action, id) {
		t.Error("whom it is about stands in the address")
	}

	// sent from the first page, where he is pushed off: he stays chosen
	form.action = "/worklists/no_survey"
	if again := form.send().want(422).form("act"); again.values.Get("who") != who {
		t.Errorf("pushed off the page, it comes back for %q", again.values.Get("who"))
	}
	form = second.form("act").set("who", who, "outcome", "visited", "note", "入户未遇", "on", "2026-02-30")
	s.clock.Add(20 * time.Minute)
	late := form.send().want(401).form("sign-in").set("username", "town.a", "password", password).send().want(200).says("还没有提交")
	if again := late.form("act"); again.values.Get("who") != who || !strings.Contains(again.action, "cursor=") || !slices.Equal(late.choices("who"), second.choices("who")) {
		t.Errorf("after signing in anew it is for %q at %s", again.values.Get("who"), again.action)
	}
	late.form("act").set("on", s.today().String()).send().want(303)
	leads, err := s.desk.Leads(context.Background(), s.actor("town.a"), casework.LeadsOf{Worklist: "no_survey", Limit: 200})
	must(t, err)
	for _, l := range leads {
		if (l.Last != nil) != (l.PersonID.String() == who) {
			t.Errorf("noted about %s: %v", l.PersonID, l.Last != nil)
		}
	}
}

// TestRefusedOnItsPageElsewhere: the same for facilities, deputies and the boxes of a queue.
func TestRefusedOnItsPageElsewhere(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	for n := range 22 {
		_, err := s.desk.CreateFacility(ctx, s.actor("town.a"), store.Facility{Name: fmt.Sprint("设施", n), Kind: "school", Area: villageA})
		must(t, err)
		day := calendar.MustDate("2023-04-01").Add(n)
		_, err = s.desk.Depute(ctx, s.actor("admin"), store.Deputation{PrincipalID: s.accounts["town.a"].ID, DeputyID: s.accounts["town.c"].ID, From: day, Until: day, Reason: "休假"})
		must(t, err)
	}
	var cases []store.Case
	for n := range 22 {
		cases = append(cases, s.submitted(200+n, 1, villageA))
	}
	b := s.as("town.a")
	first := b.get("/facilities").want(200)
	second := first.nextPage()
	one := second.pick("facility", first)
	refused := second.form("inspect").set("facility", one, "inspected_on", "2030-01-01", "standard", "GB", "compliant", "yes").send().want(422)
	if got := refused.form("inspect").values.Get("facility"); got != one {
		t.Errorf("the inspection comes back for %q", got)
	}

	first = s.as("admin").get("/deputies").want(200)
	second = first.nextPage()
	if refused := second.form("end").send().want(422); !slices.Equal(refused.choices("deputation"), second.choices("deputation")) {
		t.Errorf("the deputies come back as %d, and were %d", len(refused.choices("deputation")), len(second.choices("deputation")))
	}

	second = b.get("/queue?programme=nursing_subsidy").want(200).nextPage()
	form := second.form("decide")
	form.choose("case", boxes(second, "case")...).set("decision", "reject")
	refused = form.send().want(422)
	if got := ticked(refused, "case"); !slices.Equal(got, form.values["case"]) {
		t.Errorf("ticked are %v, and were %v", got, form.values["case"])
	}
	form.action = "/queue"
	refused = form.send().want(422)
	if got := ticked(refused, "case"); !slices.Equal(got, form.values["case"]) || len(boxes(refused, "case")) != len(got)+20 {
		t.Errorf("pushed off the page, ticked are %v", got)
	}
	form = refused.form("decide").choose("case", form.values["case"]...).set("decision", "approve")
	form.action = second.form("decide").action
	if after := form.send().want(200).says("办理结果"); len(boxes(after, "case")) != 20 || !strings.Contains(after.form("decide").action, "programme=") {
		t.Errorf("the queue goes on with %d cases at %s", len(boxes(after, "case")), after.form("decide").action)
	}
	for _, c := range cases {
		now, err := s.desk.DB.Application(ctx, s.actor("town.a"), c.ID)
		must(t, err)
		if picked := slices.ContainsFunc(form.values["case"], func(box string) bool { return strings.HasPrefix(box, c.ID.String()) }); picked != (now.AwardID != uuid.Nil) {
			t.Errorf("%s is %s", c.ID, now.Stage)
		}
	}
}

// boxes are the values of the boxes that a page has.
func boxes(sh shown, name string) (values []string) {
	for _, i := range all(sh.doc, "input") {
		if attr(i, "type") == "checkbox" && attr(i, "name") == name {
			values = append(values, attr(i, "value"))
		}
	}
	return values
}

// ticked are those of them that are ticked.
func ticked(sh shown, name string) (values []string) {
	for _, i := range all(sh.doc, "input") {
		if attr(i, "type") == "checkbox" && attr(i, "name") == name && has(i, "checked") {
			values = append(values, attr(i, "value"))
		}
	}
	return values
}
