package httpapi_test

import (
	"fmt"
	"strings"
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

// members are those of a household, by person, and its version.
func (s *service) members(household string) (ids map[string]string, version string) {
	s.t.Helper()
	h := s.do("liaison.a", "GET", "/households/"+household, nil).want(200)
	ids = map[string]string{}
	for _, raw := range h.json()["members"].([]any) {
		m := raw.(map[string]any)
		ids[m["person_id"].(string)] = m["id"].(string)
	}
	return ids, h.version()
}

// correctMember puts right what is recorded of a person in a household.
func (s *service) correctMember(user, household, person string, body map[string]any) answer {
	s.t.Helper()
	ids, version := s.members(household)
	return s.do(user, "POST", "/households/"+household+"/members/"+ids[person]+"/correct", body, "If-Match", version)
}

// TestMemberCorrected: a family that was entered with the day of its entering is counted on the days before once its first day is put right.
// What was sealed and known before stays as it was, and what was recorded stays readable.
func TestMemberCorrected(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	person := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 1, nil)
	entered := map[string]any{"person_id": person, "relation": "other", "from": "2018-07-01"}
	h := s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA, "members": []any{entered}}).want(201).text("id")
	s.homeFact(h, "dangerous_house", "C", "2017-01-01")
	s.homeFact(h, "dwelling", "own", "2016-01-01")
	ids, version := s.members(h)
	path := "/households/" + h + "/members/" + ids[person] + "/correct"
	release := s.sealed(map[string]any{"as_of": "2017-12-31"})
	sealed := s.file("stats", release.text("id"), "json")
	s.at("2018-07-20")
	known := "2018-07-10T04:00:00Z"
	s.wantRate(houseRate, "2017-12-31", 0, 0)
	s.wantRate(houseRate, "2018-07-01", 0, 1)

	since := map[string]any{"from": "2016-01-01", "relation": "head", "reason": "2016年起居住于此"}
	s.do("liaison.a", "POST", path, since).want(428)
	fixed := s.do("liaison.a", "POST", path, since, "If-Match", version).want(200)
	s.do("liaison.a", "POST", path, since, "If-Match", version).want(412, "STALE")
	s.do("liaison.a", "POST", path, since, "If-Match", fixed.version()).want(409, "SUPERSEDED")
	s.do("liaison.a", "POST", "/households/"+h+"/members/"+ids[person]+"/end", map[string]any{"to": "2018-07-02"}).want(409, "SUPERSEDED")
	s.do("liaison.a", "POST", "/households/"+h+"/members/"+someID+"/correct", since, "If-Match", fixed.version()).want(404)
	s.wantRate(houseRate, "2016-12-31", 0, 0)
	s.wantRate(houseRate, "2017-12-31", 0, 1)
	s.wantPart(houseRate, "2017-12-31", "gap", h)
	s.wantStands("stats", map[string]string{"indicator=" + houseRate + "&as_of=2017-12-31&known_at=" + known: "0/0 <nil> not_applicable, short by <nil>"})
	if after := s.file("stats", release.text("id"), "json"); string(after) != string(sealed) {
		t.Error("the release has changed")
	}
	now, before := fixed.json()["members"].([]any), fixed.json()["superseded_members"].([]any)
	if m := now[0].(map[string]any); len(now) != 1 || m["from"] != "2016-01-01" || m["relation"] != "head" || m["superseded_at"] != nil {
		t.Errorf("the members are %v", now)
	}
	if m := before[0].(map[string]any); len(before) != 1 || m["id"] != ids[person] || m["from"] != "2018-07-01" || m["relation"] != "other" || m["superseded_at"] == nil {
		t.Errorf("what was recorded before is %v", before)
	}
	s.wantDerived()
}

// TestMemberVoided: who never belonged to a household is counted there on no day, is found in none, and may enter his own.
func TestMemberVoided(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	one, wrong := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 1, nil), s.born("liaison.a", villageA, 2, "1970-01-01", 4, 1, nil)
	h := s.household(one, wrong)
	s.homeFact(h, "dwelling", "own", "2016-01-01")
	s.verified(h)
	if got := s.group(retrofitRate, "multi_disabled", yearEnd19); got["several"] != "0/1" {
		t.Errorf("before: %v", got)
	}
	for code, body := range map[string]map[string]any{"VOID_ALONE": {"void": true, "from": "2017-01-01"}, "NOTHING_CORRECTED": {"from": "2016-01-01"}, "IN_FUTURE": {"to": "2099-01-01"},
		"DATES_REVERSED": {"to": "2015-12-31"}, "ENDED_AND_ONGOING": {"to": "2017-12-31", "ongoing": true}} {
		body["reason"] = "x"
		if got := codeOf(s.correctMember("liaison.a", h, wrong, body).want(422)); got != code {
			t.Errorf("%v: %s, want %s", body, got, code)
		}
	}
	s.correctMember("liaison.a", h, wrong, map[string]any{"void": true}).want(422)
	gone := s.correctMember("town.a", h, wrong, map[string]any{"void": true, "reason": "登记错户"}).want(200)
	if now, before := gone.json()["members"].([]any), gone.json()["superseded_members"].([]any); len(now) != 1 || len(before) != 1 {
		t.Errorf("%d members and %d earlier records, want one of each", len(now), len(before))
	}
	for _, day := range []string{"2016-06-30", yearEnd19} {
		if got := s.group(retrofitRate+"@all_severe", "multi_disabled", day); got["several"] != "" {
			t.Errorf("on %s: %v, want no household of several", day, got)
		}
	}
	if list := s.do("liaison.a", "GET", "/households?person_id="+wrong, nil).want(200).json()["items"].([]any); len(list) != 0 {
		t.Errorf("the person is found in %d households, want none", len(list))
	}
	s.household(wrong)
	entry := s.do("auditor", "GET", "/audit-events?action=household.member_correct", nil).want(200)
	if !strings.Contains(string(entry.body), "登记错户") {
		t.Errorf("the audit does not say why: %s", entry.body)
	}
	s.wantDerived()
}

// TestCorrectedDaysAreFree: a correction takes no day of another household or of another membership, gives back those that were wrong, and is for who
// may enter members, in their area.
func TestCorrectedDaysAreFree(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-07-01")
	person, other := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 1, nil), s.born("liaison.a", villageA, 2, "1970-01-01", 4, 1, nil)
	first, second := s.household(person), s.household(other)
	over := func(household, from, to string) answer {
		return s.do("liaison.a", "POST", "/households/"+household+"/members", map[string]any{"person_id": person, "relation": "other", "from": from, "to": to})
	}
	if got := codeOf(over(second, "2015-01-01", "2014-12-31").want(422)); got != "DATES_REVERSED" {
		t.Errorf("a membership that ends before it begins: %s", got)
	}
	if got := codeOf(over(second, "2015-01-01", "2019-07-02").want(422)); got != "IN_FUTURE" {
		t.Errorf("a membership that ends tomorrow: %s", got)
	}
	over(second, "2014-01-01", "2014-12-31").want(201)
	over(first, "2015-01-01", "2015-06-30").want(201)
	now := s.do("liaison.a", "GET", "/households/"+first, nil).want(200).json()["members"].([]any)[1].(map[string]any)["id"].(string)
	correct := func(user, from string) answer {
		_, version := s.members(first)
		return s.do(user, "POST", "/households/"+first+"/members/"+now+"/correct", map[string]any{"from": from, "reason": "x"}, "If-Match", version)
	}
	correct("liaison.a", "2015-06-30").want(409, "ALREADY_MEMBER")
	correct("liaison.a", "2014-12-31").want(409, "ALREADY_MEMBER")
	s.do("liaison.a", "POST", "/households/"+second+"/members", map[string]any{"person_id": person, "relation": "other", "from": "2015-12-01", "to": "2015-12-31"}).want(201)
	correct("liaison.a", "2015-12-31").want(409, "MEMBER_ELSEWHERE")
	for _, user := range []string{"civil", "finance", "stats", "hotline", "auditor", "admin"} {
		correct(user, "2018-01-01").want(403)
	}
	for _, user := range []string{"liaison.b", "town.c"} {
		correct(user, "2018-01-01").want(404, "NOT_FOUND")
	}
	correct("liaison.a", "2018-01-01").want(200)
	over(second, "2016-01-01", "2017-12-31").want(201)
	s.wantDerived()
}

// TestMergeOfCorrectedMember: what was believed of a membership goes with its file in a merge, also where it would stand in the way of what holds,
// and back again; a merge is not undone once a membership that came with it is corrected.
func TestMergeOfCorrectedMember(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-04-01")
	stays, goes := s.twice(710)
	s.household(stays)
	wrong, earlier := s.household(goes), map[string]any{"person_id": goes, "relation": "head", "from": "2015-01-01", "to": "2015-06-30"}
	s.correctMember("town.a", wrong, goes, map[string]any{"void": true, "reason": "登记错户"}).want(200)
	h := s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA, "members": []any{earlier}}).want(201).text("id")
	believed := func() string {
		list := s.do("liaison.a", "GET", "/households/"+wrong, nil).want(200).json()["superseded_members"].([]any)
		return list[0].(map[string]any)["person_id"].(string)
	}
	m := s.merge("town.a", goes, stays).want(201)
	if ids, _ := s.members(h); ids[stays] == "" || believed() != stays {
		t.Errorf("the members are %v, and believed was %s; want %s in both", ids, believed(), stays)
	}
	s.undo(m).want(200)
	if ids, _ := s.members(h); ids[goes] == "" || believed() != goes {
		t.Errorf("the members are %v, and believed was %s; want %s in both", ids, believed(), goes)
	}
	m = s.merge("town.a", goes, stays).want(201)
	s.correctMember("town.a", h, stays, map[string]any{"from": "2014-01-01", "reason": "x"}).want(200)
	s.undo(m).want(409, "CHANGED_SINCE")
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
	join(first, "2019-01-01").want(409, "ALREADY_MEMBER")
	both := map[string]any{"area_code": villageA, "members": []any{map[string]any{"person_id": one, "relation": "head", "from": "2019-01-01"}}}
	s.do("liaison.a", "POST", "/households", both).want(409, "MEMBER_ELSEWHERE")
	three := s.born("liaison.a", villageA, 3, "1970-01-01", 4, 1, nil)
	again := map[string]any{"person_id": three, "relation": "head", "from": "2019-01-01"}
	s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA, "members": []any{again, again}}).want(409, "ALREADY_MEMBER")
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

// TestHouseholdMovedAnotherDay: the day of the last move is corrected, with the village or without it, and what was before the move stays;
// a household of which no move is recorded has none to correct, and no day may lie before the move before.
func TestHouseholdMovedAnotherDay(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, _ := s.severeHome(1, "own")
	path := "/households/" + h
	s.at("2019-09-10")
	version := s.do("town.a", "GET", path, nil).want(200).version()
	change := func(body map[string]any) answer { return s.do("town.a", "PATCH", path, body, "If-Match", version) }
	done := func(body map[string]any) { version = change(body).want(200).version() }
	for _, body := range []map[string]any{{"moved_on": "2019-06-01"}, {"area_code": villageA, "moved_on": "2019-06-01"}} {
		if got := codeOf(change(body).want(422)); got != "NOT_MOVED" {
			t.Errorf("%v of who never moved: %s", body, got)
		}
	}
	done(map[string]any{"area_code": villageA, "address": "金丝雀路2号"})
	done(map[string]any{"area_code": villageB, "moved_on": "2019-06-01"})
	done(map[string]any{"area_code": villageB, "moved_on": "2019-08-01"})
	s.wantPlaces(map[string]string{"2018-12-31": villageA, "2019-06-01": villageA, "2019-07-31": villageA, "2019-08-01": villageB})
	done(map[string]any{"moved_on": "2019-02-01"})
	s.wantPlaces(map[string]string{"2018-12-31": villageA, "2019-01-31": villageA, "2019-02-01": villageB, "2019-08-01": villageB})
	done(map[string]any{"area_code": villageA, "moved_on": "2019-09-01"})
	change(map[string]any{"moved_on": "2019-01-31"}).want(409, "OVERLAPS")
	done(map[string]any{"moved_on": "2019-09-05"})
	s.wantPlaces(map[string]string{"2018-12-31": villageA, "2019-02-01": villageB, "2019-09-04": villageB, "2019-09-05": villageA})
	done(map[string]any{"moved_on": "2019-02-01"}) // so it never stood in the other village
	s.wantPlaces(map[string]string{"2018-12-31": villageA, "2019-02-01": villageA, "2019-09-05": villageA})
	if got := codeOf(change(map[string]any{"moved_on": "2019-09-11"}).want(422)); got != "IN_FUTURE" {
		t.Errorf("a move tomorrow: %s", got)
	}
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
