package httpapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// household is a household of village A with these persons in it since 2016.
func (s *service) household(persons ...string) string {
	s.t.Helper()
	members := []any{}
	for i, p := range persons {
		members = append(members, map[string]any{"person_id": p, "relation": []string{"head", "spouse", "child"}[i], "from": "2016-01-01"})
	}
	return s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA, "address": "金丝雀路1号", "members": members}).want(201).text("id")
}

// homeFact records a fact of a household.
func (s *service) homeFact(household, kind string, value any, from string) answer {
	s.t.Helper()
	return s.do("liaison.a", "POST", "/households/"+household+"/circumstances", map[string]any{"kind": kind, "value": value, "valid_from": from, "source": "入户"}).want(201)
}

// severeHome is a household of one severe person, who lives in a home of his own unless another is named.
func (s *service) severeHome(n int, dwelling string) (household, person string) {
	s.t.Helper()
	s.at("2018-07-01")
	person = s.born("liaison.a", villageA, n, "1970-01-01", 4, 1, nil)
	household = s.household(person)
	s.homeFact(household, "dwelling", dwelling, "2016-01-01")
	return household, person
}

const (
	homeNeed   = `{"survey_year":2018,"items":[{"item":"RAMP"},{"item":"BATH"}]}`
	atHome     = `{"findings":"门口三级台阶","hardship":"dibao","hardship_basis":"低保证","willing":true}`
	homePlan   = `{"items":[{"item":"RAMP","cost_fen":300000},{"item":"BATH","cost_fen":50000}],"agreed_by":"family"}`
	homeBudget = `{"total_fen":350000,"funds":[{"source":"lottery","fen":250000},{"source":"district","fen":100000}]}`
	threeSigns = `[{"by":"cdpf","name":"甲"},{"by":"applicant","name":"乙"},{"by":"builder","name":"丙"}]`
)

// verified is a retrofit of a household that was verified in January 2019.
func (s *service) verified(household string) *chain {
	s.t.Helper()
	return s.open("liaison.a", "retrofit", household, "2019-01-05", homeNeed).take("liaison.a", "verify", "2019-01-10", atHome)
}

// built takes a verified retrofit to its acceptance.
func (c *chain) built() *chain {
	c.s.t.Helper()
	return c.take("town.a", "plan", "2019-01-20", homePlan).take("cdpf", "approve", "2019-02-01", homeBudget).
		take("cdpf", "contract", "2019-02-10", `{"contractor":"某建筑公司","number":"2019-01","amount_fen":345000}`).
		take("town.a", "start", "2019-03-01", "").take("town.a", "finish", "2019-03-20", "").state("ACCEPTANCE")
}

// shown is an acceptance with a photo from before and one from after for each of the items.
func (c *chain) shown(result, signatures string, items ...string) string {
	c.s.t.Helper()
	list := []string{}
	for i, item := range items {
		list = append(list, fmt.Sprintf(`{"item":%q,"before":[%q],"after":[%q]}`, item, c.photo(2*i+1), c.photo(2*i+2)))
	}
	return fmt.Sprintf(`{"result":%q,"signatures":%s,"items":[%s]}`, result, signatures, strings.Join(list, ","))
}

// photo is the id of the photo number n at the service.
func (c *chain) photo(n int) string {
	c.s.t.Helper()
	a := c.s.upload("town.a", snapshot(c.s.t, n), c.path+"/attachments")
	if a.status != 200 {
		a.want(201)
	}
	return a.text("id")
}

// TestV18ElderScheme: a household that the scheme for the elderly has served is refused.
func TestV18ElderScheme(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, _ := s.severeHome(1, "own")
	s.homeFact(h, "elder_home_retrofit", true, "2018-05-01")
	if got := codeOf(s.asked("liaison.a", "retrofit", h, "2019-01-05", homeNeed).want(422)); got != "ELDER_SCHEME" {
		t.Errorf("refused with %s", got)
	}
	s.wantRate(retrofitRate, yearEnd19, 0, 0)
	s.wantRate(retrofitRate+"@all_severe", yearEnd19, 0, 1)

	late, _ := s.severeHome(2, "own") // served between application and verification
	c := s.open("liaison.a", "retrofit", late, "2019-01-05", homeNeed)
	s.homeFact(late, "elder_home_retrofit", true, "2019-01-06")
	c.refused(422, "ELDER_SCHEME", "liaison.a", "verify", "2019-01-10", atHome)
}

// TestRefusedAndAskedAnew: a family that refused and asks again is a need that nobody has verified: from the new application on it is no more left
// out as one that refuses, and counts again once it is verified. That day may be put right.
func TestRefusedAndAskedAnew(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, _ := s.severeHome(1, "own")
	excluded := func(when, day string, want int) {
		t.Helper()
		if got := len(s.names(retrofitRate, day, "excluded")); got != want {
			t.Errorf("%s %d households are left out on %s, want %d", when, got, day, want)
		}
	}
	s.verified(h).take("town.a", "refuse", "2019-02-01", `{"reason":"不同意方案","signed_by":"family"}`).state("REFUSED")
	excluded("refused", "2019-02-01", 1)
	again := s.open("liaison.a", "retrofit", h, "2019-05-01", homeNeed)
	excluded("asked anew", "2019-04-30", 1)
	excluded("asked anew", "2019-05-01", 0)
	s.wantRate(retrofitRate, "2019-05-01", 0, 0)
	again.last = s.do("liaison.a", "POST", again.path+"/correct", map[string]any{"opened_on": "2019-04-20", "reason": "录错"}, "If-Match", again.last.version()).want(200)
	excluded("put right", "2019-04-19", 1)
	excluded("put right", "2019-04-20", 0)
	again.take("liaison.a", "verify", "2019-05-10", atHome)
	excluded("verified", "2019-05-09", 0)
	s.wantRate(retrofitRate, "2019-05-09", 0, 0)
	s.wantRate(retrofitRate, "2019-05-10", 0, 1)
}

// TestV19ShortLet: a home that is rented for a short time is not altered; it is recorded so.
func TestV19ShortLet(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, _ := s.severeHome(1, "rented_short")
	c := s.open("liaison.a", "retrofit", h, "2019-01-05", homeNeed)
	c.refused(422, "DWELLING_NOT_FIXED", "liaison.a", "verify", "2019-01-10", atHome)
	s.wantRate(retrofitRate, yearEnd19, 0, 0)
	c.take("town.a", "not_alterable", "2019-01-11", `{"reason":"短期租住"}`).state("NOT_ALTERABLE")
	s.wantRate(retrofitRate, yearEnd19, 0, 0)

	unknown := s.household(s.born("liaison.a", villageA, 2, "1970-01-01", 4, 1, nil))
	s.open("liaison.a", "retrofit", unknown, "2019-01-12", homeNeed).refused(409, "DWELLING_NOT_KNOWN", "liaison.a", "verify", "2019-01-13", atHome)
	mild := s.household(s.born("liaison.a", villageA, 3, "1970-01-01", 4, 3, nil))
	s.homeFact(mild, "dwelling", "own", "2016-01-01")
	s.open("liaison.a", "retrofit", mild, "2019-01-12", homeNeed).refused(422, "NO_SEVERE_MEMBER", "liaison.a", "verify", "2019-01-13", atHome)
}

// TestV20FamilyRefuses: a family that does not want the plan signs, and is no longer in the denominator.
func TestV20FamilyRefuses(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, _ := s.severeHome(1, "own")
	c := s.verified(h).take("town.a", "plan", "2019-01-20", homePlan)
	s.wantRate(retrofitRate, "2019-01-09", 0, 0)
	s.wantRate(retrofitRate, "2019-01-10", 0, 1)
	c.refused(422, "REQUIRED", "liaison.a", "refuse", "2019-02-05", `{"reason":"不愿破坏院墙"}`)
	paper := c.attached("liaison.a", 9)
	c.take("liaison.a", "refuse", "2019-02-05", fmt.Sprintf(`{"reason":"不愿破坏院墙","signed_by":"family","files":[%q]}`, paper)).state("REFUSED")
	s.wantRate(retrofitRate, "2019-02-04", 0, 1)
	s.wantRate(retrofitRate, "2019-02-05", 0, 0)
	s.wantPart(retrofitRate, yearEnd19, "excluded", h)
	s.wantDerived()
}

// TestV21SevereMemberDies: a home that was done stays in numerator and denominator when the only severe member dies.
func TestV21SevereMemberDies(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, person := s.severeHome(1, "own")
	waiting, mourned := s.severeHome(2, "own")
	c := s.verified(h).built()
	s.verified(waiting)
	s.wantRate(retrofitRate, "2019-03-25", 0, 2)
	c.take("cdpf", "accept", "2019-03-25", c.shown("PASS", threeSigns, "RAMP", "BATH")).state("DONE")
	s.wantRate(retrofitRate, "2019-03-24", 0, 2)
	s.wantRate(retrofitRate, "2019-03-25", 1, 2)
	s.at("2019-07-01")
	s.fact(person, "death", true, "2019-06-15", "")
	s.fact(mourned, "death", true, "2019-06-15", "")
	s.wantRate(retrofitRate, "2019-06-15", 1, 2) // the day itself still belongs to what it ends
	s.wantRate(retrofitRate, yearEnd19, 1, 1)
	s.wantPart(retrofitRate, yearEnd19, "covered", h)
	s.wantRate(retrofitRate, "2020-12-31", 1, 1) // cumulative since 2016
	s.wantDerived()
}

// TestRetrofitsThatTheSurveyAsksFor: who says that the home needs a retrofit stands on a list of the village and the town until one is under way
// or was dealt with since, a later answer says otherwise, or the year after the survey is over.
func TestRetrofitsThatTheSurveyAsksFor(t *testing.T) {
	t.Parallel()
	s := start(t)
	asks := func(person, on, need string) {
		s.at(on)
		s.do("liaison.a", "POST", "/surveys/2018/responses", survey(person, "visit", on, grown("REHAB_NEED=none", "RETROFIT_NEED="+need, "R29_CARE=2"))).want(201)
	}
	listed := func(on string, want ...string) {
		t.Helper()
		s.at(on)
		for _, user := range []string{"liaison.a", "town.a", "cdpf"} {
			var got []string
			for _, l := range items(s.do(user, "GET", "/worklists/retrofit_need", nil).want(200), "items") {
				got = append(got, l["person_id"].(string))
			}
			if !slices.Equal(got, want) {
				t.Errorf("on %s, %s sees %v, want %v", on, user, got, want)
			}
		}
		for _, l := range items(s.do("liaison.b", "GET", "/worklists/retrofit_need", nil).want(200), "items") {
			t.Errorf("another village sees %v", l)
		}
	}
	home, person := s.severeHome(1, "own")
	served, before := s.severeHome(2, "own")
	listed("2018-07-02")
	s.open("liaison.a", "retrofit", served, "2018-07-03", homeNeed).take("town.a", "refuse", "2018-07-04", `{"reason":"不愿","signed_by":"family"}`)
	asks(person, "2018-08-03", "yes")
	listed("2018-08-04", person)
	asks(before, "2018-08-05", "yes") // has changed her mind
	listed("2018-08-06", person, before)
	asks(before, "2018-08-07", "no")
	listed("2018-08-08", person)
	c := s.open("liaison.a", "retrofit", home, "2018-09-05", homeNeed)
	listed("2018-09-06")
	c.take("town.a", "refuse", "2018-09-10", `{"reason":"不愿","signed_by":"family"}`)
	listed("2018-09-11")
	asks(before, "2018-09-12", "yes")
	listed("2018-09-13", before)
	listed("2019-12-31", before)
	listed("2020-01-01")
	s.at("2018-10-01")
	s.fact(before, "death", true, "2018-09-20", "")
	listed("2018-10-02")
}

// TestServedAsAMemberElsewhere: a household that was divided, or entered anew, gets no second retrofit for those who had the first; who joined
// later has had none.
func TestServedAsAMemberElsewhere(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, person := s.severeHome(1, "own")
	c := s.verified(h).built()
	c.take("cdpf", "accept", "2019-03-25", c.shown("PASS", threeSigns, "RAMP", "BATH"))
	s.at("2019-06-01")
	joined := s.born("liaison.a", villageA, 3, "1972-01-01", 4, 1, nil)
	s.do("liaison.a", "POST", "/households/"+h+"/members", map[string]any{"person_id": joined, "relation": "spouse", "from": "2019-05-01"}).want(201)
	for _, raw := range s.do("town.a", "GET", "/households/"+h, nil).want(200).json()["members"].([]any) {
		s.do("liaison.a", "POST", "/households/"+h+"/members/"+raw.(map[string]any)["id"].(string)+"/end", map[string]any{"to": "2019-05-31"}).want(200)
	}
	alone := func(person string) string {
		return s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA, "address": "金丝雀路1号",
			"members": []any{map[string]any{"person_id": person, "relation": "head", "from": "2019-06-01"}}}).want(201).text("id")
	}
	again, other := alone(person), alone(joined)
	if got := codeOf(s.asked("liaison.a", "retrofit", again, "2019-07-05", homeNeed).want(422)); got != "SERVED_LATELY" {
		t.Errorf("refused with %s", got)
	}
	s.open("liaison.a", "retrofit", other, "2019-07-05", homeNeed)
	s.open("liaison.a", "retrofit", again, "2019-07-06", `{"items":[{"item":"RAMP"}],"again_because":"moved"}`).take("town.a", "refuse", "2019-07-07", `{"reason":"不愿","signed_by":"family"}`)
	s.open("liaison.a", "retrofit", again, "2024-03-25", homeNeed) // five years are over
}

// TestV22BathChair: what a fitting of devices pays for costs nothing in a retrofit, and is linked; what a retrofit pays for is not
// granted as a device.
func TestV22BathChair(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, person := s.severeHome(1, "own")
	s.surveyed(person, 2018, "2018-08-01", needsDevice)
	fitting := s.reviewed(person, "093307", "grant", 1).take("cdpf", "approve", "2019-01-09", costs("093307", 30000, 30000, 0, "none"))
	c := s.verified(h)
	c.refused(422, "FUNDED_BY_DEVICE", "town.a", "plan", "2019-01-20", homePlan)
	linked := func(cost int, service string) string {
		return fmt.Sprintf(`{"items":[{"item":"RAMP","cost_fen":300000},{"item":"BATH","cost_fen":%d,"device_service":%q}],"agreed_by":"family"}`, cost, service)
	}
	id := fitting.last.text("id")
	c.refused(422, "ONE_SOURCE_ONLY", "town.a", "plan", "2019-01-20", linked(50000, id))
	c.refused(422, "NO_SUCH_SERVICE", "town.a", "plan", "2019-01-20", linked(0, someID))
	c.take("town.a", "plan", "2019-01-20", linked(0, id))
	if got := c.last.json()["steps"].([]any)[1].(map[string]any)["evidence"].(map[string]any)["items"].([]any)[1].(map[string]any); got["device_service"] != id || got["cost_fen"] != 0.0 {
		t.Errorf("the records are not linked: %v", got)
	}
	c.refused(422, "NOT_AS_PLANNED", "cdpf", "approve", "2019-02-01", homeBudget)
	c.take("cdpf", "approve", "2019-02-01", `{"total_fen":300000,"funds":[{"source":"lottery","fen":300000}]}`)
	fitting.take("town.a", "fit", "2019-02-05", `{"supplier":"辅具店","pieces":1}`).take("liaison.a", "accept", "2019-02-06", `{"signed_by":"person"}`)
	s.wantRate(deviceRate, yearEnd19, 1, 1)
	s.wantRate(retrofitRate, yearEnd19, 0, 1)

	paying, other := s.severeHome(2, "own") // the other way round
	s.verified(paying).take("town.a", "plan", "2019-01-20", homePlan)
	device := s.reviewed2(other, "093307", "2019-02-01")
	device.refused(422, "FUNDED_BY_RETROFIT", "cdpf", "approve", "2019-02-02", costs("093307", 30000, 30000, 0, "none"))
	member := s.do("town.a", "GET", "/households/"+paying, nil).want(200).json()["members"].([]any)[0].(map[string]any)["id"].(string)
	s.do("liaison.a", "POST", "/households/"+paying+"/members/"+member+"/end", map[string]any{"to": "2019-02-01"}).want(200)
	device.take("cdpf", "approve", "2019-02-02", costs("093307", 30000, 30000, 0, "none")) // it stays in the home that he has left
}

// TestRetrofitIsSettled: a home that has to be put right counts only when it is accepted; the money is archived by who paid it,
// and the household is not served again for five years but after a move.
func TestRetrofitIsSettled(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, _ := s.severeHome(1, "own")
	c := s.verified(h).built()
	if got := codeOf(s.asked("liaison.a", "retrofit", h, "2019-03-21", homeNeed).want(409)); got != "OPEN_ALREADY" {
		t.Errorf("a second one: %s", got)
	}
	c.take("cdpf", "accept", "2019-03-25", c.shown("RECTIFY", threeSigns, "RAMP")).state("RECTIFY").take("town.a", "finish", "2019-04-01", "")
	c.take("cdpf", "accept", "2019-04-02", c.shown("FAIL", threeSigns, "RAMP")).state("IN_WORK").take("town.a", "finish", "2019-05-01", "")
	s.wantRate(retrofitRate, "2019-05-01", 0, 1)
	c.take("cdpf", "accept", "2019-05-05", c.shown("PASS", threeSigns, "RAMP", "BATH"))
	s.wantRate(retrofitRate, "2019-05-05", 1, 1)
	c.refused(422, "OVER_CONTRACT", "cdpf", "archive", "2019-06-01", `{"paid_fen":345001,"funds":[{"source":"lottery","fen":345001}]}`)
	c.refused(422, "DOES_NOT_ADD_UP", "cdpf", "archive", "2019-06-01", `{"paid_fen":345000,"funds":[{"source":"lottery","fen":250000},{"source":"self","fen":94999}]}`)
	c.take("cdpf", "archive", "2019-06-01", `{"paid_fen":345000,"funds":[{"source":"lottery","fen":250000},{"source":"self","fen":95000}]}`).
		take("liaison.a", "warranty_visit", "2019-12-01", `{"findings":"使用良好"}`).state("ARCHIVED")
	if got := codeOf(s.asked("liaison.a", "retrofit", h, "2022-01-05", homeNeed).want(422)); got != "SERVED_LATELY" {
		t.Errorf("within five years: %s", got)
	}
	again := s.open("liaison.a", "retrofit", h, "2022-01-06", `{"items":[{"item":"RAMP"}],"again_because":"moved"}`).take("liaison.a", "verify", "2022-01-07", atHome)
	again.take("liaison.a", "refuse", "2022-01-08", `{"reason":"不需要了","signed_by":"family"}`)
	s.wantRate(retrofitRate, "2022-12-31", 1, 1) // what was done once stays done
	s.wantDerived()
}
