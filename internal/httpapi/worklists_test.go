package httpapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"zhucan/internal/calendar"
	"zhucan/internal/casework"
)

// TestDayOfALeadAction: what was done about a lead is of today unless another day is named, and the last by that day is shown.
func TestDayOfALeadAction(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(750, 1)
	s.at("2023-03-28")
	act := func(outcome string, days map[string]any) answer {
		t.Helper()
		body := map[string]any{"person_id": person, "outcome": outcome}
		for name, day := range days {
			body[name] = day
		}
		return s.do("liaison.a", "POST", "/worklists/eligible_not_enrolled/actions", body)
	}
	act("visited", map[string]any{"on": "2023-03-29"}).want(422, "IN_FUTURE")
	act("visited", map[string]any{"on": "2023-03-20", "follow_up_on": "2023-03-19"}).want(422, "DATE_IN_PAST")
	if got := act("contacted", nil).want(201).text("on"); got != "2023-03-28" {
		t.Errorf("done on %s", got)
	}
	if got := act("visited", map[string]any{"on": "2023-03-20", "follow_up_on": "2023-03-25"}).want(201).text("on"); got != "2023-03-20" {
		t.Errorf("done on %s", got)
	}
	for _, raw := range s.do("liaison.a", "GET", "/worklists/eligible_not_enrolled", nil).want(200).json()["items"].([]any) {
		last := raw.(map[string]any)["last_action"].(map[string]any)
		if last["on"] != "2023-03-28" || last["outcome"] != "contacted" {
			t.Errorf("the last action is %v", last)
		}
	}
}

// TestSharedAccount is T4: whose account is that of somebody else stands on a list of those who supervise, until one of them is paid elsewhere; wards
// of one guardian do not. Whoever checks a roster is told how many of its lines are paid so, and how many to another account than the last time.
func TestSharedAccount(t *testing.T) {
	t.Parallel()
	s := start(t)
	one, two, ward, sibling := s.person1(760, 1), s.person1(761, 1), s.person1(762, 1), s.person1(763, 2)
	account := map[string]string{one: "6222000011112222", two: "6222000033334448", ward: "6222000055556664", sibling: "6222000077778880"}
	to := func(person, holder, relation, number string) {
		t.Helper()
		s.do("town.a", "POST", "/persons/"+person+"/payees", map[string]any{"holder": holder, "relation": relation, "account": number, "reason": "换卡"}).want(201)
	}
	listed := func(user string) string {
		t.Helper()
		lines := ""
		for _, raw := range s.do(user, "GET", "/worklists/shared_account", nil).want(200).json()["items"].([]any) {
			l := raw.(map[string]any)
			lines += fmt.Sprint(l["name"], l["reason"], l["other_person_ids"], " ")
		}
		return lines
	}
	name := func(person string) string { return s.do("cdpf", "GET", "/persons/"+person, nil).want(200).text("name") }
	for _, id := range []string{one, two, ward, sibling} {
		s.granted(id, nursing, "2023-03-02", "2023-03-03")
		to(id, name(id), "self", account[id])
	}
	_, lines := s.pay("2023-03-16", "2023-03", everyone)
	if got := listed("town.a"); got != "" || len(lines) != 4 {
		t.Errorf("%s share accounts, %d lines", got, len(lines))
	}

	s.at("2023-04-03")
	for _, id := range []string{ward, sibling} {
		v := s.do("cdpf", "GET", "/persons/"+id, nil).want(200).version()
		s.do("cdpf", "PATCH", "/persons/"+id, map[string]any{"guardian": map[string]any{"name": "金丝雀母", "relation": "父母"}, "effective_on": "2023-04-03"}, "If-Match", v).want(200)
		to(id, "金丝雀母", "guardian", account[ward])
	}
	to(two, name(two), "self", account[one])
	want := fmt.Sprint(name(one), "SHARED_ACCOUNT", []string{two}, " ", name(two), "SHARED_ACCOUNT", []string{one}, " ")
	for _, user := range []string{"town.a", "finance", "auditor"} {
		if got := listed(user); got != want {
			t.Errorf("%s sees %s, want %s", user, got, want)
		}
	}
	s.do("liaison.a", "GET", "/worklists/shared_account", nil).want(403)
	roster := "/rosters/" + s.made("2023-04-10", "2023-04")
	r := s.do("finance", "GET", roster, nil).want(200).json()
	if r["lines"] != 4.0 || r["changed_account_lines"] != 3.0 || r["shared_account_lines"] != 2.0 {
		t.Errorf("the roster says %v", r)
	}
	for doubt, want := range map[string][]string{"changed_account": {two, ward, sibling}, "shared_account": {one, two}, "unpublished": {one, two, ward, sibling}} {
		var got []string
		cursor := ""
		for page := s.do("finance", "GET", roster+"/lines?limit=1&doubt="+doubt, nil).want(200); ; page = s.do("finance", "GET", roster+"/lines?limit=1&doubt="+doubt+"&cursor="+cursor, nil).want(200) {
			for _, raw := range page.json()["items"].([]any) {
				got = append(got, raw.(map[string]any)["person_id"].(string))
			}
			if cursor = page.text("next_cursor"); cursor == "" {
				break
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", doubt, got, want)
		}
	}
	s.do("finance", "GET", roster+"/lines?doubt=x", nil).want(400, "BAD_PARAMETER")

	to(two, name(two), "self", account[two])
	if got := listed("town.a"); got != "" {
		t.Errorf("%s share accounts still", got)
	}
	to(ward, name(ward), "self", account[ward]) // who is paid himself is no ward
	if got := listed("town.a"); !strings.Contains(got, sibling) {
		t.Errorf("not among those who share accounts: %s", got)
	}
	s.do("town.a", "POST", "/persons/"+ward+"/circumstances", map[string]any{"kind": "death", "value": true, "valid_from": "2023-04-08", "source": "派出所"}).want(201)
	if got := listed("town.a"); got != "" {
		t.Errorf("%s shares an account with the dead", got)
	}
	if r := s.do("finance", "GET", roster, nil).want(200).json(); r["shared_account_lines"] != 0.0 {
		t.Errorf("%v lines of a roster go to shared accounts, and nobody is on the list", r["shared_account_lines"])
	}
}

// TestSharedAccountOverMerges: two files that become one share no account any more, whichever of them had it, and do again when they are parted; what a
// rebuild would keep is kept at each step, also where the one that goes lies in another town.
func TestSharedAccountOverMerges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, stays, goes string // their accounts; empty: none
		village           string // of the file that goes
		merged, undone    int    // how many stand on the list: with a third person, whose account is the first
	}{
		{"only the one that goes", "", shared, villageA, 2, 2},
		{"only the one that stays", shared, "", villageA, 2, 2},
		{"both", shared, shared, villageA, 2, 3},
		{"different ones", private, shared, villageA, 0, 2},
		{"from another town", "", shared, villageC, 2, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			third, stays := s.person1(770, 1), s.person1(780, 1)
			file := s.do("town.a", "GET", "/persons/"+stays, nil).want(200)
			s.do("town.a", "PATCH", "/persons/"+stays, map[string]any{"id_number": number(781), "reason": "公安更正"}, "If-Match", file.version()).want(200)
			goes := s.second(c.village, 780)
			s.at("2023-03-03")
			to := func(person, number string) {
				t.Helper()
				if number != "" {
					s.do(map[bool]string{true: "town.c", false: "town.a"}[person == goes && c.village == villageC], "POST", "/persons/"+person+"/payees", map[string]any{"holder": s.do("cdpf", "GET", "/persons/"+person, nil).want(200).text("name"), "relation": "self", "account": number, "reason": "换卡"}).want(201)
				}
			}
			to(third, shared)
			to(stays, c.stays)
			to(goes, c.goes)
			wants := func(when string, n int) {
				t.Helper()
				if got := len(s.do("cdpf", "GET", "/worklists/shared_account", nil).want(200).json()["items"].([]any)); got != n {
					t.Errorf("%s %d stand on the list, want %d", when, got, n)
				}
				if _, differed, err := s.desk.RebuildStandings(t.Context(), systemActor, true); err != nil || differed != 0 {
					t.Errorf("%s %d differ from what a rebuild makes, %v", when, differed, err)
				}
			}
			wants("before", c.undone)
			m := s.merge("cdpf", goes, stays).want(201)
			wants("merged", c.merged)
			s.do("cdpf", "POST", "/merges/"+m.text("id")+"/undo", map[string]any{"reason": "核实为两人"}, "If-Match", `"1"`).want(200)
			wants("parted", c.undone)
		})
	}
}

const shared, private = "6222000011112222", "6222000033334448"

// TestManyOfOneName: of many files that may be of one person each stands on the list, and names twenty others.
func TestManyOfOneName(t *testing.T) {
	t.Parallel()
	s := start(t)
	const many = 30
	for n := range many {
		number := numberOf("1970-01-01", n)
		_, err := s.desk.CreatePerson(t.Context(), systemActor, casework.NewPerson{Name: "金丝雀", IDNumber: number, Hukou: villageA, HukouType: "agricultural",
			Certificate: &casework.NewCertificate{Number: number + "41", Category: 4, Level: 1, IssuedOn: calendar.MustDate("2018-01-06")}})
		if err != nil {
			t.Fatal(err)
		}
	}
	list := items(s.do("town.a", "GET", "/worklists/duplicate?limit=200", nil).want(200), "items")
	for _, l := range list {
		if others := l["other_person_ids"].([]any); len(others) != 20 || slices.Contains(others, l["person_id"]) {
			t.Errorf("%v names %d others", l["person_id"], len(others))
		}
	}
	if len(list) != many {
		t.Errorf("%d of %d stand on the list", len(list), many)
	}
}
