package httpapi_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// born makes somebody with a birthday and, for a category from 1 on, a card of that category and level. The rest of the body is
// as in `POST /persons`.
func (s *service) born(user, village string, n int, birth string, category, level int, rest map[string]any) string {
	s.t.Helper()
	body := fmt.Sprintf("379999%s%03d", strings.ReplaceAll(birth, "-", ""), n)
	check, _ := checkCharacter(body)
	id := body + string(check)
	person := map[string]any{"name": "金丝雀" + fmt.Sprint(n), "id_number": id, "hukou_area_code": village, "hukou_type": "agricultural"}
	if category > 0 {
		person["certificate"] = map[string]any{"number": fmt.Sprintf("%s%d%d", id, category, level), "category": category, "level": level, "issued_on": "2016-01-08"}
	}
	for name, value := range rest {
		if card, ok := person["certificate"].(map[string]any); ok && name == "components" {
			card[name] = value
			continue
		}
		person[name] = value
	}
	return s.do(user, "POST", "/persons", person).want(201).text("id")
}

// surveyed answers a year's questionnaire: what has to be answered by its first option, but for some questions.
func (s *service) surveyed(person string, year int, on string, answers map[string][]string) answer {
	s.t.Helper()
	s.at(on)
	path := fmt.Sprintf("/surveys/%d/", year)
	chosen := map[string][]string{"RETROFIT_RECEIVED": {"no"}, "EMPLOYMENT": {"self"}}
	for code, codes := range answers {
		chosen[code] = codes
	}
	given := []any{}
	for _, raw := range s.do("town.a", "GET", path+"questionnaire?person_id="+person, nil).want(200).json()["questions"].([]any) {
		q := raw.(map[string]any)
		code := q["code"].(string)
		after, _ := q["after_question"].(string)
		leads := after == "" || slices.ContainsFunc(chosen[after], func(c string) bool { return slices.Contains(q["after_any"].([]any), any(c)) })
		if !leads || q["required"] != true && chosen[code] == nil {
			continue
		}
		if chosen[code] == nil {
			chosen[code] = []string{q["options"].([]any)[0].(map[string]any)["code"].(string)}
		}
		given = append(given, map[string]any{"question": code, "chosen": chosen[code]})
	}
	return s.do("town.a", "POST", path+"responses", map[string]any{"person_id": person, "mode": "visit", "collected_on": on, "answers": given}).want(201)
}

// The answers of who needs a functional training, or a device as well.
var (
	needsTraining = map[string][]string{"REHAB_NEED": {"training"}}
	needsDevice   = map[string][]string{"REHAB_NEED": {"device"}}
	needsNothing  = map[string][]string{"REHAB_NEED": {"none"}}
)

// chain is a service on its way, as those who deal with it see it.
type chain struct {
	s    *service
	path string
	last answer
}

// open opens a service of a person, a retrofit of a household, on a day.
func (s *service) open(user, kind, subject, on, need string) *chain {
	s.t.Helper()
	a := s.asked(user, kind, subject, on, need).want(201)
	return &chain{s: s, path: "/services/" + a.text("id"), last: a}
}

func (s *service) asked(user, kind, subject, on, need string) answer {
	s.t.Helper()
	s.at(on)
	body := map[string]any{"kind": kind, "person_id": subject, "need": json.RawMessage(need)}
	if kind == "retrofit" {
		delete(body, "person_id")
		body["household_id"] = subject
	}
	return s.do(user, "POST", "/services", body)
}

// try takes a step on a day and answers what came of it.
func (c *chain) try(user, step, on, evidence string) answer {
	c.s.t.Helper()
	c.s.at(on)
	return c.ask(user, step, on, evidence)
}

// ask is try where the clock stands on the day already and the user is signed in, for two at one moment.
func (c *chain) ask(user, step, on, evidence string) answer {
	c.s.t.Helper()
	body := map[string]any{"step": step, "on": on}
	if evidence != "" {
		body["evidence"] = json.RawMessage(evidence)
	}
	return c.s.do(user, "POST", c.path+"/steps", body, "If-Match", c.last.version())
}

// take takes a step that has to be taken.
func (c *chain) take(user, step, on, evidence string) *chain {
	c.s.t.Helper()
	c.last = c.try(user, step, on, evidence).want(201)
	return c
}

// refused tries a step that must not be taken: the code is the problem's or that of its first field.
func (c *chain) refused(status int, code, user, step, on, evidence string) *chain {
	c.s.t.Helper()
	a := c.try(user, step, on, evidence).want(status)
	if got := codeOf(a); got != code {
		c.s.t.Fatalf("%s: %s, want %s: %s", step, got, code, a.body)
	}
	c.unchanged()
	return c
}

// codeOf is the code of the first field, or of the problem where no field is wrong.
func codeOf(a answer) string {
	if fields, _ := a.json()["errors"].([]any); len(fields) > 0 {
		return fields[0].(map[string]any)["code"].(string)
	}
	return a.text("code")
}

// unchanged reads the service again: it stands where it stood after the last step that was taken.
func (c *chain) unchanged() {
	c.s.t.Helper()
	now := c.s.do("town.a", "GET", c.path, nil).want(200)
	if now.version() != c.last.version() || now.text("state") != c.last.text("state") || len(now.json()["steps"].([]any)) != len(c.last.json()["steps"].([]any)) {
		c.s.t.Fatalf("a refusal changed the service: %s, before %s", now.body, c.last.body)
	}
}

// state fails the test unless the service stands there.
func (c *chain) state(want string) *chain {
	c.s.t.Helper()
	if got := c.last.text("state"); got != want {
		c.s.t.Fatalf("the service is %s, want %s", got, want)
	}
	return c
}

// wantRate fails the test unless an indicator has this numerator and denominator on a day, and as many names behind them.
func (s *service) wantRate(indicator, day string, numerator, denominator int) {
	s.t.Helper()
	items := s.do("stats", "GET", "/indicators/values?indicator="+indicator+"&as_of="+day, nil).want(200).json()["items"].([]any)
	v := items[0].(map[string]any)
	if v["numerator"] != float64(numerator) || v["denominator"] != float64(denominator) {
		s.t.Errorf("%s on %s is %v/%v, want %d/%d", indicator, day, v["numerator"], v["denominator"], numerator, denominator)
	}
	covered, gap := s.names(indicator, day, "covered"), s.names(indicator, day, "gap")
	if len(covered) != numerator || len(gap) != denominator-numerator {
		s.t.Errorf("%s on %s: %d covered and %d others by name, want %d and %d", indicator, day, len(covered), len(gap), numerator, denominator-numerator)
	}
}

// names are the ids behind one part of a number.
func (s *service) names(indicator, day, part string) (ids []string) {
	s.t.Helper()
	for _, raw := range s.do("cdpf", "GET", "/indicators/"+indicator+"/persons?list="+part+"&as_of="+day, nil).want(200).json()["items"].([]any) {
		one := raw.(map[string]any)
		id, ok := one["person_id"].(string)
		if !ok {
			id = one["household_id"].(string)
		}
		ids = append(ids, id)
	}
	return ids
}

// wantPart fails the test unless exactly these are in a part of a number.
func (s *service) wantPart(indicator, day, part string, want ...string) {
	s.t.Helper()
	got := s.names(indicator, day, part)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Errorf("%s of %s on %s: %v, want %v", part, indicator, day, got, want)
	}
}

// Keys of the indicators that the chains feed.
const (
	rehabRate    = "rehab_coverage"
	deviceRate   = "device_fitting"
	retrofitRate = "retrofit_coverage"
)

const (
	training  = `{"types":[{"type":"training"}]}`
	found     = `{"institution":"区康复中心","assessor":"甲","findings":"功能受限"}`
	yearEnd19 = "2019-12-31"
)

func planOf(item string) string {
	return fmt.Sprintf(`{"items":[{"item":%q}],"agreed_by":"guardian"}`, item)
}

// given is the evidence of a service that cost 105 yuan, a hundred of it paid by a source.
func given(item, source string) string {
	return fmt.Sprintf(`{"item":%q,"institution":"区康复中心","place":"institution","started_on":"2019-02-01","sessions":10,"cost_fen":10500,
		"payers":[{"source":%q,"fen":10000},{"source":"self","fen":500}],"signed_by":"guardian"}`, item, source)
}

// inRehab is a service of a person that has been planned.
func (s *service) inRehab(person, item string) *chain {
	s.t.Helper()
	c := s.open("liaison.a", "rehab", person, "2019-01-05", training)
	return c.take("liaison.a", "assess", "2019-01-08", found).take("town.a", "plan", "2019-01-10", planOf(item))
}

// TestV01NeedAndTraining: a need of the 2018 survey and a training in 2019 are in numerator and denominator of 2019.
func TestV01NeedAndTraining(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	served := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 2, nil)
	waiting := s.born("liaison.a", villageA, 2, "1970-01-01", 4, 3, nil)
	content := s.born("liaison.a", villageA, 3, "1970-01-01", 4, 3, nil)
	s.surveyed(served, 2018, "2018-08-01", needsTraining)
	s.surveyed(waiting, 2018, "2018-08-02", needsTraining)
	s.surveyed(content, 2018, "2018-08-03", needsNothing)
	s.inRehab(served, "THERAPY").take("liaison.a", "serve", "2019-03-05", given("THERAPY", "project")).
		take("town.a", "complete", "2019-06-01", "").take("town.a", "evaluate", "2019-06-10", `{"outcome":"improved","satisfaction":"5"}`).state("EVALUATED")
	s.wantRate(rehabRate, "2018-12-31", 0, 0) // the needs of 2018 are those of 2019
	s.wantRate(rehabRate, "2019-03-04", 0, 2)
	s.wantRate(rehabRate, "2019-03-05", 1, 2)
	s.wantRate(rehabRate, yearEnd19, 1, 2)
	s.wantPart(rehabRate, yearEnd19, "covered", served)
	s.wantPart(rehabRate, yearEnd19, "gap", waiting)
	s.wantRate(rehabRate, "2020-01-01", 0, 0)
	s.wantDerived()
}

// TestV03ThreeServices: three services in a year are three person-times of one person.
func TestV03ThreeServices(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	id := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 2, nil)
	s.surveyed(id, 2018, "2018-08-01", needsTraining)
	c := s.inRehab(id, "THERAPY")
	for _, day := range []string{"2019-03-05", "2019-04-05", "2019-05-05"} {
		c.take("liaison.a", "serve", day, given("THERAPY", "project"))
	}
	times := 0
	for _, raw := range s.do("auditor", "GET", c.path, nil).want(200).json()["steps"].([]any) {
		if counts := raw.(map[string]any)["counts"].([]any); slices.Contains(counts, any("rehab")) {
			times++
		}
	}
	if times != 3 {
		t.Errorf("%d person-times, want 3", times)
	}
	s.wantRate(rehabRate, yearEnd19, 1, 1)
}

// TestV04OnlyALecture: a lecture is recorded and counts for nothing.
func TestV04OnlyALecture(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	id := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 2, nil)
	s.surveyed(id, 2018, "2018-08-01", needsTraining)
	s.inRehab(id, "THERAPY").take("liaison.a", "serve", "2019-03-05", given("LECTURE", "project")).state("IN_SERVICE")
	s.wantRate(rehabRate, yearEnd19, 0, 1)
}

// TestV05UncertifiedChild: a child without a card counts, also in the rate of the children.
func TestV05UncertifiedChild(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	child := s.born("liaison.a", villageA, 1, "2013-05-01", 0, 0, map[string]any{"diagnosis": "孤独症", "guardian": map[string]any{"name": "金丝雀母", "relation": "mother"}})
	adult := s.born("liaison.a", villageA, 2, "1970-01-01", 4, 2, nil)
	s.surveyed(child, 2018, "2018-08-01", needsTraining)
	s.surveyed(adult, 2018, "2018-08-01", needsTraining)
	s.inRehab(child, "COMMUNICATION_TRAINING").take("liaison.a", "serve", "2019-03-05", given("COMMUNICATION_TRAINING", "project"))
	s.wantRate(rehabRate, yearEnd19, 1, 2)
	s.wantPart(rehabRate, yearEnd19, "covered", child)
	bands := s.group(rehabRate, "age_band", yearEnd19)
	if bands["0-6"] != "1/1" || bands["18-59"] != "0/1" || len(bands) != 2 {
		t.Errorf("by age: %v, want 1/1 of the children and 0/1 of the adults", bands)
	}
}

// TestV06Died: who dies unserved is no longer in the denominator.
func TestV06Died(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	id := s.born("liaison.a", villageA, 1, "1950-01-01", 4, 2, nil)
	s.surveyed(id, 2018, "2018-08-01", needsTraining)
	c := s.inRehab(id, "THERAPY")
	s.at("2019-03-20")
	s.fact(id, "death", true, "2019-03-15", "")
	s.wantRate(rehabRate, "2019-03-15", 0, 1) // the day itself still belongs to what it ends
	s.wantRate(rehabRate, yearEnd19, 0, 0)
	c.refused(409, "DECEASED", "liaison.a", "serve", "2019-03-20", given("THERAPY", "project"))
	c.take("liaison.a", "deceased", "2019-03-20", "").state("DECEASED")
	if got := codeOf(s.asked("liaison.a", "rehab", id, "2019-04-01", training).want(409)); got != "DECEASED" {
		t.Errorf("a service of a dead person: %s", got)
	}
	s.wantDerived()
}

// rescue is the approval of the child rescue programme for a category and a year.
func rescue(category int, applied string, year int) string {
	return fmt.Sprintf(`{"row":"ZIBO_2018","category":%d,"applied_on":%q,"year":%d,"institution":"育才中心","approved_fen":1500000,"guardian_consents":true}`, category, applied, year)
}

// TestV07OneCategoryAYear: a child with two disabilities is trained in institutions for one of them a year.
func TestV07OneCategoryAYear(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	child := s.born("liaison.a", villageA, 1, "2012-05-01", 7, 1, map[string]any{"components": []any{map[string]any{"category": 4, "level": 1}, map[string]any{"category": 5, "level": 2}}})
	s.surveyed(child, 2018, "2018-08-01", needsTraining)
	s.inRehab(child, "MOTOR_TRAINING").take("cdpf", "approve_rescue", "2019-01-15", rescue(4, "2019-01-12", 2019)).take("liaison.a", "serve", "2019-03-05", given("MOTOR_TRAINING", "rescue")).
		take("liaison.a", "complete", "2019-03-06", "")
	second := s.open("liaison.a", "rehab", child, "2019-03-10", training).take("liaison.a", "assess", "2019-03-11", found).take("town.a", "plan", "2019-03-12", planOf("COGNITION_TRAINING"))
	second.refused(422, "ONE_CATEGORY_A_YEAR", "cdpf", "approve_rescue", "2019-03-15", rescue(5, "2019-03-12", 2019))
	second.refused(422, "OVER_RESCUE_CAP", "liaison.a", "serve", "2019-04-05", given("COGNITION_TRAINING", "rescue")) // nothing was approved here
	second.take("cdpf", "approve_rescue", "2019-12-15", rescue(5, "2019-12-12", 2020))
	s.wantRate(rehabRate, yearEnd19, 1, 1)
	if got := s.group(rehabRate, "category", yearEnd19); got["7"] != "1/1" || len(got) != 1 {
		t.Errorf("by category: %v, want the child once", got)
	}
	if got := s.group(rehabRate, "component", yearEnd19); got["4"] != "1/1" || got["5"] != "1/1" || len(got) != 2 {
		t.Errorf("by component: %v, want the child under both", got)
	}
}

// group is an indicator by a dimension: numerator and denominator of each group.
func (s *service) group(indicator, by, day string) map[string]string {
	s.t.Helper()
	groups := map[string]string{}
	for _, raw := range s.do("stats", "GET", "/indicators/values?indicator="+indicator+"&by="+by+"&as_of="+day, nil).want(200).json()["items"].([]any) {
		v := raw.(map[string]any)
		groups[v["group"].(string)] = fmt.Sprintf("%v/%v", v["numerator"], v["denominator"])
	}
	return groups
}

// TestV08ResidencePermit: a child of twelve with autism and hukou elsewhere gets the programme by his residence permit; he is not
// in the indicator by hukou, and is in that by residence.
func TestV08ResidencePermit(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	elsewhere := map[string]any{"hukou_area_code": "130102001001", "residence_area_code": villageA, "managing_area_code": villageA}
	child := s.born("liaison.a", villageA, 1, "2007-02-01", 6, 2, elsewhere)
	s.surveyed(child, 2018, "2018-08-01", needsTraining)
	c := s.inRehab(child, "COMMUNICATION_TRAINING")
	c.refused(422, "NOT_LOCAL", "cdpf", "approve_rescue", "2019-01-15", rescue(6, "2019-01-12", 2019))
	s.fact(child, "residence_permit", true, "2018-01-01", "")
	c.take("cdpf", "approve_rescue", "2019-01-15", rescue(6, "2019-01-12", 2019)).take("liaison.a", "serve", "2019-03-05", given("COMMUNICATION_TRAINING", "rescue"))
	s.wantRate(rehabRate, yearEnd19, 0, 0)
	s.wantPart(rehabRate, yearEnd19, "extra")
	s.wantRate(rehabRate+"@resident_basis", "2019-03-04", 0, 1)
	s.wantRate(rehabRate+"@resident_basis", yearEnd19, 1, 1)
}

// TestResidentOfTheManagingVillage: of whom no place of residence is recorded, the village that keeps the file is it, for the rate as for the
// rescue programme; who is recorded as living elsewhere is no resident.
func TestResidentOfTheManagingVillage(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	for seq, more := range []map[string]any{{}, {"residence_area_code": "130102001001"}} {
		more["hukou_area_code"], more["managing_area_code"] = "130102001001", villageA
		child := s.born("liaison.a", villageA, 1+seq, "2007-02-01", 6, 2, more)
		s.surveyed(child, 2018, "2018-08-01", needsTraining)
		s.fact(child, "residence_permit", true, "2018-01-01", "")
	}
	s.wantRate(rehabRate+"@resident_basis", yearEnd19, 0, 1)
}

// TestV09TurnsEighteen: the approved year is finished, nothing new is approved.
func TestV09TurnsEighteen(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	id := s.born("liaison.a", villageA, 1, "2001-06-15", 6, 2, nil)
	s.surveyed(id, 2018, "2018-08-01", needsTraining)
	c := s.inRehab(id, "COMMUNICATION_TRAINING").take("cdpf", "approve_rescue", "2019-01-15", rescue(6, "2019-01-12", 2019))
	c.take("liaison.a", "serve", "2019-08-01", given("COMMUNICATION_TRAINING", "rescue"))
	c.refused(422, "NOT_FOR_AGE", "cdpf", "approve_rescue", "2019-09-01", rescue(6, "2019-08-20", 2020))
	c.refused(422, "NOT_FOR_AGE", "liaison.a", "serve", "2020-02-01", given("COMMUNICATION_TRAINING", "self"))
	s.wantRate(rehabRate, yearEnd19, 1, 1)
}
