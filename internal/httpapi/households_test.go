package httpapi_test

import (
	"fmt"
	"testing"
)

// houseRate is indicator 7.
const houseRate = "dangerous_house_conversion"

// TestHouseholdCountsOnce: three severe members are one household, by the number of its holders one of several.
func TestHouseholdCountsOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	var three []string
	for n := 1; n <= 3; n++ {
		three = append(three, s.born("liaison.a", villageA, n, "1970-01-01", 4, 1, nil))
	}
	crowded := s.household(three...)
	s.homeFact(crowded, "dwelling", "own", "2016-01-01")
	single, _ := s.severeHome(4, "own")
	s.verified(crowded)
	s.verified(single)
	s.wantRate(retrofitRate, yearEnd19, 0, 2)
	s.wantPart(retrofitRate, yearEnd19, "gap", crowded, single)
	if got := s.group(retrofitRate, "multi_disabled", yearEnd19); got["several"] != "0/1" || got["one"] != "0/1" || len(got) != 2 {
		t.Errorf("by holders: %v, want one of several and one of one", got)
	}
	if got := s.group(retrofitRate, "level", yearEnd19); got["not_applicable"] != "0/2" || len(got) != 1 {
		t.Errorf("households by level: %v, want all in a group of their own", got)
	}
}

// TestMemberMovesOut: with the day after the last severe member's last day the household is no longer counted, and it is again
// when he is back.
func TestMemberMovesOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	severe, mild := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 1, nil), s.born("liaison.a", villageA, 2, "1970-01-01", 4, 3, nil)
	h := s.household(severe, mild)
	s.homeFact(h, "dwelling", "own", "2016-01-01")
	s.verified(h)
	s.wantRate(retrofitRate, yearEnd19, 0, 1)
	path := "/households/" + h
	members := s.do("liaison.a", "GET", path, nil).want(200).json()["members"].([]any)
	end := path + "/members/" + members[0].(map[string]any)["id"].(string) + "/end"
	s.at("2019-06-20")
	for to, code := range map[string]string{"2015-12-31": "DATES_REVERSED", "2019-06-21": "IN_FUTURE"} {
		if got := codeOf(s.do("liaison.a", "POST", end, map[string]any{"to": to}).want(422)); got != code {
			t.Errorf("a last day %s: %s, want %s", to, got, code)
		}
	}
	s.do("liaison.a", "POST", end, map[string]any{"to": "2019-06-15"}).want(200)
	s.wantRate(retrofitRate, "2019-06-15", 0, 1)
	s.wantRate(retrofitRate, "2019-06-16", 0, 0)
	if got := s.group(retrofitRate, "multi_disabled", "2019-06-15"); got["several"] != "0/1" {
		t.Errorf("on his last day: %v", got)
	}
	s.do("liaison.a", "POST", path+"/members/"+someID+"/end", map[string]any{"to": "2019-06-15"}).want(404)
	s.at("2019-09-10")
	back := map[string]any{"person_id": severe, "relation": "head", "from": "2019-09-01"}
	s.do("liaison.a", "POST", path+"/members", back).want(201)
	s.wantRate(retrofitRate, "2019-08-31", 0, 0)
	s.wantRate(retrofitRate, "2019-09-01", 0, 1)
	if list := s.do("liaison.a", "GET", path, nil).want(200).json()["members"].([]any); len(list) != 3 {
		t.Errorf("%d memberships, want the earlier one beside the new", len(list))
	}
	s.wantDerived()
}

// TestOneHouseholdADay: nobody lives in two households on one day.
func TestOneHouseholdADay(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-07-01")
	one, two := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 1, nil), s.born("liaison.a", villageA, 2, "1970-01-01", 4, 1, nil)
	first, second := s.household(one), s.household(two)
	join := func(household, from string) answer {
		return s.do("liaison.a", "POST", "/households/"+household+"/members", map[string]any{"person_id": one, "relation": "other", "from": from})
	}
	join(second, "2019-01-01").want(409, "MEMBER_ELSEWHERE")
	join(first, "2019-01-01").want(409, "MEMBER_ELSEWHERE")
	both := map[string]any{"area_code": villageA, "members": []any{map[string]any{"person_id": one, "relation": "head", "from": "2019-01-01"}}}
	s.do("liaison.a", "POST", "/households", both).want(409, "MEMBER_ELSEWHERE")
	three := s.born("liaison.a", villageA, 3, "1970-01-01", 4, 1, nil)
	again := map[string]any{"person_id": three, "relation": "head", "from": "2019-01-01"}
	s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA, "members": []any{again, again}}).want(409, "MEMBER_ELSEWHERE")
	if got := codeOf(join(second, "2019-07-02").want(422)); got != "IN_FUTURE" {
		t.Errorf("joining tomorrow: %s", got)
	}
	if list := s.do("liaison.a", "GET", "/households", nil).want(200).json()["items"].([]any); len(list) != 2 {
		t.Errorf("%d households, want the two that were entered", len(list))
	}
	member := s.do("liaison.a", "GET", "/households/"+first, nil).want(200).json()["members"].([]any)[0].(map[string]any)
	s.do("liaison.a", "POST", "/households/"+first+"/members/"+member["id"].(string)+"/end", map[string]any{"to": "2019-03-31"}).want(200)
	join(second, "2019-03-31").want(409, "MEMBER_ELSEWHERE") // the last day still belongs to the first
	join(second, "2019-04-01").want(201)
	for household, want := range map[string]int{first: 1, second: 2} {
		if got := len(s.do("liaison.a", "GET", "/households/"+household, nil).want(200).json()["members"].([]any)); got != want {
			t.Errorf("%d members, want %d", got, want)
		}
	}
	if list := s.do("liaison.a", "GET", "/households?person_id="+one, nil).want(200).json()["items"].([]any); len(list) != 2 {
		t.Errorf("the person was a member of %d households, want 2", len(list))
	}
}

// TestHouseholdOnce: with a key, a household is entered and changed once, and the answer is what it then is.
func TestHouseholdOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-07-01")
	one := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 1, nil)
	enter := func() answer {
		return s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA}, "Idempotency-Key", "home-1").want(201)
	}
	first, again := enter(), enter()
	if first.text("id") != again.text("id") {
		t.Error("the same key entered another household")
	}
	for range 2 {
		a := s.do("liaison.a", "POST", "/households/"+first.text("id")+"/members", map[string]any{"person_id": one, "relation": "head", "from": "2019-01-01"}, "Idempotency-Key", "join-1").want(201)
		if members := a.json()["members"].([]any); len(members) != 1 {
			t.Errorf("the answer has %d members, want the one who joined", len(members))
		}
	}
}

// TestHouseholdsStayInTheirArea: another village finds no household, enters none elsewhere and takes in nobody of another; a member
// who is managed elsewhere counts, and is not named.
func TestHouseholdsStayInTheirArea(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, person := s.severeHome(1, "own")
	path := "/households/" + h
	away := s.born("liaison.b", villageB, 2, "1970-01-01", 4, 2, nil)
	move := map[string]any{"address": "金丝雀路2号"}
	join := map[string]any{"person_id": away, "relation": "spouse", "from": "2018-01-01"}
	for _, user := range []string{"liaison.b", "town.c"} {
		s.do(user, "GET", path, nil).want(404, "NOT_FOUND")
		s.do(user, "PATCH", path, move, "If-Match", `"1"`).want(404, "NOT_FOUND")
		s.do(user, "POST", path+"/circumstances", map[string]any{"kind": "dibao_case", "value": "A", "valid_from": "2018-01-01", "source": "x"}).want(404, "NOT_FOUND")
		s.do(user, "POST", path+"/members", join).want(404, "NOT_FOUND")
		if list := s.do(user, "GET", "/households?person_id="+person, nil).want(200).json()["items"].([]any); len(list) != 0 {
			t.Errorf("%s finds %d households", user, len(list))
		}
	}
	s.do("liaison.a", "POST", path+"/members", join).want(404, "NOT_FOUND")
	s.do("liaison.b", "POST", "/households", map[string]any{"area_code": villageA}).want(422, "OUTSIDE_AREA")
	if got := codeOf(s.do("town.a", "POST", "/households", map[string]any{"area_code": townA}).want(422)); got != "UNKNOWN_AREA" {
		t.Errorf("a household of a town: %s", got)
	}
	for _, user := range []string{"stats", "hotline", "finance", "admin"} {
		s.do(user, "GET", path, nil).want(403)
	}
	s.do("town.a", "POST", path+"/members", join).want(201)
	s.verified(h)
	if got := s.group(retrofitRate, "multi_disabled", yearEnd19); got["several"] != "0/1" {
		t.Errorf("with a member of another village: %v", got)
	}
	for user, want := range map[string]bool{"liaison.a": false, "town.a": true} {
		named := 0
		for _, raw := range s.do(user, "GET", path, nil).want(200).json()["members"].([]any) {
			if m := raw.(map[string]any); m["person_id"] == away && m["name"] != nil {
				named++
			}
		}
		if (named == 1) != want {
			t.Errorf("%s reads the name of a member elsewhere %d times", user, named)
		}
	}
}

// TestHouseholdMoves: a stale copy changes nothing; from the day of a move the household is counted where it lives, and before it
// where it lived.
func TestHouseholdMoves(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, _ := s.severeHome(1, "own") // entered in July 2018; the home is known since 2016
	path := "/households/" + h
	s.at("2019-06-10")
	now := s.do("liaison.a", "GET", path, nil).want(200)
	s.do("liaison.a", "PATCH", path, map[string]any{"address": "金丝雀路2号"}).want(428)
	moved := s.do("liaison.a", "PATCH", path, map[string]any{"address": "金丝雀路2号"}, "If-Match", now.version()).want(200)
	s.do("liaison.a", "PATCH", path, map[string]any{"address": "金丝雀路3号"}, "If-Match", now.version()).want(412, "STALE")
	if moved.text("address") != "金丝雀路2号" {
		t.Errorf("the address is %s", moved.text("address"))
	}
	to := func(village, on string) map[string]any { return map[string]any{"area_code": village, "moved_on": on} }
	s.do("liaison.a", "PATCH", path, to(villageB, "2019-06-01"), "If-Match", moved.version()).want(422, "OUTSIDE_AREA")
	if got := codeOf(s.do("town.a", "PATCH", path, to(villageB, "2019-06-11"), "If-Match", moved.version()).want(422)); got != "IN_FUTURE" {
		t.Errorf("a move tomorrow: %s", got)
	}
	gone := s.do("town.a", "PATCH", path, to(villageB, "2019-06-01"), "If-Match", moved.version()).want(200)
	s.do("liaison.a", "GET", path, nil).want(404, "NOT_FOUND")
	s.do("liaison.b", "GET", path, nil).want(200)
	s.wantPlaces(map[string]string{"2017-05-01": villageA, "2018-12-31": villageA, "2019-05-31": villageA, "2019-06-01": villageB})
	s.at("2019-09-10")
	back := s.do("town.a", "PATCH", path, to(villageA, "2019-09-01"), "If-Match", gone.version()).want(200)
	s.do("town.a", "PATCH", path, to(villageB, "2019-03-01"), "If-Match", back.version()).want(409, "OVERLAPS")
	s.wantPlaces(map[string]string{"2017-05-01": villageA, "2018-12-31": villageA, "2019-05-31": villageA, "2019-06-01": villageB, "2019-08-31": villageB, "2019-09-01": villageA})
	s.wantDerived()
}

// wantPlaces fails the test unless the only severe household is counted in these villages on these days.
func (s *service) wantPlaces(places map[string]string) {
	s.t.Helper()
	for day, village := range places {
		items := s.do("cdpf", "GET", "/indicators/values?indicator="+retrofitRate+"@all_severe&by=village&area="+townA+"&as_of="+day, nil).want(200).json()["items"].([]any)
		for _, raw := range items {
			v := raw.(map[string]any)
			if want := map[bool]float64{true: 1, false: 0}[v["area_code"] == village]; v["denominator"] != want {
				s.t.Errorf("on %s %v counts %v households, want %v", day, v["area_code"], v["denominator"], want)
			}
		}
	}
}

// TestDangerousHouses: the stock of indicator 7, a fact that was corrected and what it was before.
func TestDangerousHouses(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, person := s.severeHome(1, "own")
	safe, _ := s.severeHome(2, "own")
	path := "/households/" + h
	s.at("2019-03-01")
	stock := s.homeFact(h, "dangerous_house", "C", "2017-01-01")
	s.do("liaison.a", "POST", path+"/circumstances", map[string]any{"kind": "dangerous_house", "value": "D", "valid_from": "2018-01-01", "source": "住建"}).want(409, "OVERLAPS")
	for name, body := range map[string]map[string]any{"VALUE_NOT_OF_KIND": {"kind": "dangerous_house", "value": "B"}, "DATES_REVERSED": {"kind": "dibao_case", "value": "A", "valid_to": "2016-12-31"}} {
		body["valid_from"], body["source"] = "2017-01-01", "住建"
		if got := codeOf(s.do("liaison.a", "POST", path+"/circumstances", body).want(422)); got != name {
			t.Errorf("%v: %s, want %s", body, got, name)
		}
	}
	s.wantRate(houseRate, "2016-12-31", 0, 0)
	s.wantRate(houseRate, "2017-01-01", 0, 1)
	fixed := s.do("liaison.a", "POST", path+"/circumstances/"+stock.text("id")+"/correct", map[string]any{"value": "D", "valid_from": "2017-03-01", "source": "住建", "reason": "鉴定报告"}).want(200)
	s.do("liaison.a", "POST", path+"/circumstances/"+stock.text("id")+"/correct", map[string]any{"value": "C", "source": "住建", "reason": "又"}).want(409, "SUPERSEDED")
	s.wantRate(houseRate, "2017-02-28", 0, 0)
	s.wantRate(houseRate, "2017-03-01", 0, 1)
	s.homeFact(h, "house_converted", "rebuilt", "2018-10-20")
	s.wantRate(houseRate, "2018-10-19", 0, 1)
	s.wantRate(houseRate, "2018-10-20", 1, 1)
	s.wantRate(houseRate+"@poor_only", "2018-12-31", 0, 0)
	s.fact(person, "registered_poor", "yes", "2018-01-01", "")
	s.wantRate(houseRate+"@poor_only", "2018-12-31", 1, 1)
	s.wantPart(houseRate, "2018-12-31", "covered", h)
	history := map[string]string{}
	for _, raw := range s.do("auditor", "GET", path, nil).want(200).json()["circumstances"].([]any) {
		if c := raw.(map[string]any); c["kind"] == "dangerous_house" {
			history[c["id"].(string)] = fmt.Sprint(c["value"], " ", c["valid_from"], " ", c["superseded_at"] != nil)
		}
	}
	if len(history) != 2 || history[stock.text("id")] != "C 2017-01-01 true" || history[fixed.text("id")] != "D 2017-03-01 false" {
		t.Errorf("the history is %v", history)
	}
	s.do("liaison.a", "POST", "/households/"+safe+"/circumstances/"+fixed.text("id")+"/correct", map[string]any{"value": "C", "source": "x", "reason": "x"}).want(404)
	s.wantDerived()
}
