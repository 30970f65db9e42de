package web_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/store"
)

// served is a rehabilitation of somebody that the town completed, if it did.
func (s *site) served(person uuid.UUID, complete bool) string {
	s.t.Helper()
	ctx, who := context.Background(), s.actor("town.a")
	evidence := func(text string) care.Evidence {
		e, err := care.ParseEvidence([]byte(text))
		must(s.t, err)
		return e
	}
	one, err := s.desk.OpenService(ctx, who, care.Rehab, person, uuid.Nil, calendar.MustDate("2022-01-05"), evidence(`{"types":[{"type":"training"}]}`))
	must(s.t, err)
	steps := [][3]string{{"assess", "2022-01-08", `{"institution":"区康复中心","assessor":"甲","findings":"步态不稳"}`}, {"plan", "2022-01-10", `{"items":[{"item":"THERAPY"}],"agreed_by":"person"}`},
		{"serve", "2022-03-05", `{"item":"THERAPY","institution":"区康复中心","place":"home","started_on":"2022-02-01","sessions":12,"cost_fen":0,"payers":[{"source":"project","fen":0}],"signed_by":"person"}`}}
	if complete {
		steps = append(steps, [3]string{"complete", "2022-06-01", `{}`})
	}
	for _, step := range steps {
		one, err = s.desk.TakeStep(ctx, who, one.ID, one.Version, step[0], calendar.MustDate(step[1]), evidence(step[2]))
		must(s.t, err)
	}
	return "/services/" + one.ID.String()
}

// opinions are the ratings of the town, as score and words.
func (s *site) opinions() (list []string) {
	s.t.Helper()
	found, err := s.desk.DB.ListRatings(context.Background(), s.actor("town.a"), store.RatingFilter{Area: townA, Limit: 200})
	must(s.t, err)
	for _, r := range found {
		list = append(list, string(rune('0'+r.Score))+" "+r.Channel+" "+r.Text)
	}
	return list
}

// TestRatingPages: what somebody thinks of a decision and of a service is entered where they are shown, once, and not by who did them.
func TestRatingPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person(421, 2, villageA)
	b := s.as("liaison.a")
	decided := "/applications/" + s.granted("liaison.a", person).ID.String()
	waiting := "/applications/" + s.submitted(423, 2, villageA).ID.String()
	given, begun := s.served(person, true), s.served(s.person(425, 2, villageA), false)
	for _, at := range []string{waiting, begun} {
		if sh := b.get(at).want(200); strings.Contains(sh.body, `value="rate"`) {
			t.Errorf("%s is rated before it is there", at)
		}
	}
	for _, at := range []string{decided, given} {
		if sh := s.as("town.a").get(at).want(200); strings.Contains(sh.body, `value="rate"`) {
			t.Errorf("%s is rated by who did it", at)
		}
		form := func() *filled { return b.get(at).want(200).says("代填群众评价").form("rate") }
		form().send().want(422).says("请选择")
		form().set("score", "6").send().want(422).says("请从选项中选择")
		form().set("score", "3", "text", strings.Repeat("字", 1001)).send().want(422).says("不能超过1000个字")
		late := form().set("score", "5")
		entered := form().set("score", "2", "text", "等了太久："+at)
		entered.send().follow().want(200).says("评价已记录")
		entered.send().want(303) // the same form: kept once
		told := late.send().want(409).says("群众评价", "专职委员代填", "等了太久："+at)
		for _, sh := range []shown{told, b.get(at).want(200)} {
			if strings.Contains(sh.body, `value="rate"`) {
				t.Errorf("%s is rated already and asks again", at)
			}
		}
		s.as("town.a").get(at).want(200).says("群众评价", "等了太久："+at)
	}
	if got, want := strings.Join(s.opinions(), "\n"), "2 liaison 等了太久："+decided+"\n2 liaison 等了太久："+given; got != want {
		t.Errorf("kept:\n%s\nwant\n%s", got, want)
	}
	s.as("town.a").get("/ratings").want(200).says("不满意", "等了太久："+decided, "等了太久："+given, "专职委员代填")
}

// TestRatingByHotline: a clerk who calls somebody back finds what he may be asked about and enters it once, and is told nothing more.
func TestRatingByHotline(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person(431, 2, villageA)
	s.granted("liaison.a", person)
	s.served(person, true)
	clerk := s.as("hotline")
	found := clerk.get("/lookup").want(200).form("search").set("text", "金丝雀431").send().want(200)
	at := found.link("代填群众评价")
	page := clerk.get(at).want(200).says("金****", "护理补贴 申请办理", "康复服务", "尚未评价")
	if strings.Contains(page.body, "金丝雀") || strings.Contains(page.body, number(431)) {
		t.Error("the person is not masked")
	}
	var about []string
	for _, i := range all(page.doc, "input") {
		if attr(i, "name") == "about" {
			about = append(about, attr(i, "value"))
		}
	}
	page.form("rate").send().want(422).says("请填写此项", "请选择")
	page.form("rate").set("about", "service "+uuid.NewString(), "score", "4").send().want(404)
	for _, which := range about {
		form := clerk.get(at).want(200).form("rate").set("about", which, "score", "4", "text", "办得快："+which[:7])
		form.send().follow().want(200).says("评价已记录", "热线代填")
		form.send().want(303)
	}
	if got, want := strings.Join(s.opinions(), "\n"), "4 hotline 办得快：applica\n4 hotline 办得快：service"; got != want {
		t.Errorf("kept:\n%s\nwant\n%s", got, want)
	}
	if sh := clerk.get(at).want(200); strings.Contains(sh.body, `value="rate"`) {
		t.Error("all is rated, and the page asks again")
	}
	clerk.get("/lookup/" + s.person(433, 2, villageA).String()).want(200).says("没有可评价的")
	for _, text := range hostile {
		page.form("rate").set("about", text, "score", text, "text", text).send().wantHarmless()
	}
	s.as("liaison.a").get(at).want(403)
}

// TestHostileRatings stores each text as what somebody said of a service, and in the form of a case that was refused.
func TestHostileRatings(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	decided := "/applications/" + s.granted("liaison.a", s.person(427, 2, villageA)).ID.String()
	for i, text := range hostile {
		b.get(decided).form("rate").set("score", text, "text", text).send().want(422).wantHarmless()
		at := s.served(s.person(501+2*i, 2, villageA), true)
		b.get(at).form("rate").set("score", text, "text", text).send().want(422).wantHarmless()
		b.get(at).form("rate").set("score", "1", "text", text).send().want(303)
		b.get(at).want(200).wantHarmless()
	}
	s.as("town.a").get("/ratings").want(200).wantHarmless()
	if kept := s.opinions(); len(kept) != len(hostile) {
		t.Errorf("%d ratings", len(kept))
	}
}
