package httpapi_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// drawnBy recomputes from the audit, as it is read by anybody who may, who of some persons is drawn in the quarter that begins on a day: the first
// four bytes of sha256(hex of the seed, the day, the person's id) lie below five per cent of all that they can be. The seed is the hash of the entry before
// the first one of the quarter, or of the first of all.
func (s *service) drawnBy(from string, persons []string) (drawn []string) {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.db.OwnerURL)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(s.t.Context())
	rows, err := conn.Query(s.t.Context(), "SELECT at >= ($1 || ' 00:00+08')::timestamptz, hash FROM audit_entries ORDER BY seq", from)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	var seed []byte
	for rows.Next() {
		var inside bool
		var hash []byte
		if err := rows.Scan(&inside, &hash); err != nil {
			s.t.Fatal(err)
		}
		if seed == nil {
			seed = hash
		}
		if inside {
			break
		}
		seed = hash
	}
	for _, id := range persons {
		sum := sha256.Sum256([]byte(hex.EncodeToString(seed) + from + id))
		if uint64(binary.BigEndian.Uint32(sum[:4])) < 5*(1<<32)/100 {
			drawn = append(drawn, id)
		}
	}
	slices.Sort(drawn)
	return drawn
}

// toVisit reads who stands on the worklist, narrowed by a reason, all pages of it.
func (s *service) toVisit(user, reason string) (persons []string) {
	s.t.Helper()
	for cursor := ""; ; {
		page := s.do(user, "GET", "/worklists/home_visit?limit=50"+reason+"&cursor="+cursor, nil).want(200).json()
		for _, i := range page["items"].([]any) {
			persons = append(persons, i.(map[string]any)["person_id"].(string))
		}
		if page["next_cursor"] == nil {
			slices.Sort(persons)
			return persons
		}
		cursor = page["next_cursor"].(string)
	}
}

// paidPersons takes over so many who receive already, and returns all there are.
func (s *service) paidPersons(from, many int) (all []string) {
	s.t.Helper()
	var lines []string
	for n := from; n < from+many; n++ {
		id := numberOf(fmt.Sprintf("19%02d-03-05", 50+n/900), n%900)
		lines = append(lines, fmt.Sprintf("金丝雀%d,%s,%s41,2023-01-06,%s,2023-02,622200001111%04d", n, id, id, villageA, n))
	}
	if a := s.rosterOf("cdpf", lines...); a.json()["new"] != float64(many) {
		s.t.Fatalf("taken over: %s", a.body)
	}
	for after := ""; ; {
		page := s.do("auditor", "GET", "/persons?limit=200&cursor="+after, nil).want(200).json()
		for _, p := range page["items"].([]any) {
			all = append(all, p.(map[string]any)["id"].(string))
		}
		if page["next_cursor"] == nil {
			return all
		}
		after = page["next_cursor"].(string)
	}
}

func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(id string) bool { return slices.Contains(others, id) })
}

// TestDrawIsNobodys: of all who are in pay about five of a hundred are drawn in each quarter, by a hash that anybody computes again. It stays as it is when
// it is asked again, when others come and when some go, and is another one in the next quarter. Before the pack draws, nobody is.
func TestDrawIsNobodys(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2026-09-30")
	paid := s.paidPersons(0, 1200)
	ever := slices.Clone(paid)
	if drawn := s.toVisit("auditor", ""); len(drawn) != 0 {
		t.Errorf("before there is a draw %v are drawn", drawn)
	}
	drawnBefore := map[string]bool{}
	asked, all := 0, 0
	for i, from := range []string{"2026-10-01", "2027-01-01", "2027-04-01"} {
		s.at(from)
		first := s.toVisit("auditor", "&reason=NOT_VISITED")
		if want := s.drawnBy(from, paid); !slices.Equal(first, want) {
			t.Errorf("in the quarter of %s %d are drawn, want %d: %v, %v", from, len(first), len(want), first, want)
		}
		if n := len(first); n < len(paid)*2/100 || n > len(paid)*9/100 {
			t.Errorf("in the quarter of %s %d of %d are drawn", from, n, len(paid))
		}
		if names := strings.Join(first, " "); drawnBefore[names] {
			t.Errorf("in the quarter of %s the same are drawn as before", from)
		} else {
			drawnBefore[names] = true
		}
		asked, all = asked+len(paid), all+len(first)
		gone := append(slices.Clone(first[:3]), without(paid, first)[:5]...)
		for _, id := range gone {
			s.fact(id, "death", true, from, "")
		}
		newcomers := without(s.paidPersons(1200+40*i, 40), ever)
		ever = append(ever, newcomers...)
		s.at(from[:8] + "20")
		again := s.toVisit("town.a", "&reason=NOT_VISITED")
		if kept, left := without(again, newcomers), without(first, gone); !slices.Equal(kept, left) {
			t.Errorf("in the quarter of %s others are drawn after some came and went: %v, want %v", from, kept, left)
		}
		if paid = append(without(paid, gone), newcomers...); !slices.Equal(again, s.drawnBy(from, paid)) {
			t.Errorf("in the quarter of %s %v are drawn later on, want %v", from, again, s.drawnBy(from, paid))
		}
	}
	if all*1000 < asked*38 || all*1000 > asked*62 { // more than three deviations of the mean
		t.Errorf("%d of %d are drawn in all", all, asked)
	}
}

// TestHomeVisits: who is drawn goes from the list when he was met, and stays there for another reason when he was not, until he is met or nothing is paid any
// more. A visit changes nothing else. A liaison sees neither list nor visits; who brought the application does not say that the person is there.
func TestHomeVisits(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(120, 1)
	s.granted(id, nursing, "2023-03-01", "2023-03-10")
	path := "/persons/" + id + "/home-visits"
	visit := func(user, on, outcome, note string) answer {
		return s.do(user, "POST", path, map[string]any{"on": on, "outcome": outcome, "note": note})
	}
	line := func(user string) string {
		t.Helper()
		list := items(s.do(user, "GET", "/worklists/home_visit", nil).want(200), "items")
		if len(list) == 0 {
			return ""
		}
		return fmt.Sprint(list[0]["reason"], " ", list[0]["on"], " ", list[0]["detail"], " ", list[0]["since"])
	}
	s.at("2026-11-02")
	state := func() (texts string) {
		for _, of := range []string{"/persons/" + id, "/persons/" + id + "/ledger", "/persons/" + id + "/holds", "/awards"} {
			texts += string(s.do("cdpf", "GET", of, nil).want(200).body)
		}
		return texts
	}
	before := state()
	drawn := len(s.drawnBy("2026-10-01", []string{id})) == 1
	if got := line("town.a"); (got != "") != drawn {
		t.Errorf("drawn is %v, the list has %q", drawn, got)
	}
	visit("town.a", "2026-11-03", "met", "").want(422, "DATE_IN_FUTURE")
	visit("town.a", "2026-11-02", "other", "").want(422, "REASON_REQUIRED")
	visit("town.a", "2026-11-02", "not_met", "证"+number(2)).want(422, "NUMBER_IN_TEXT")
	visit("town.a", "2026-11-02", "asleep", "").want(422)
	visit("liaison.a", "2026-11-02", "met", "").want(403)
	visit("finance", "2026-11-02", "met", "").want(403)
	visit("town.c", "2026-11-02", "met", "").want(404)
	s.do("liaison.a", "GET", path, nil).want(403)
	s.do("liaison.a", "GET", "/worklists/home_visit", nil).want(403)
	s.do("finance", "GET", "/worklists/home_visit", nil).want(403)
	if list := string(s.do("liaison.a", "GET", "/worklists", nil).want(200).body); strings.Contains(list, "home_visit") {
		t.Errorf("a liaison is told of the list: %s", list)
	}

	once := []string{"Idempotency-Key", "visit-1"}
	body := map[string]any{"on": "2026-11-02", "outcome": "moved", "note": "邻居说已搬走"}
	first := s.do("town.a", "POST", path, body, once...).want(201)
	if again := s.do("town.a", "POST", path, body, once...).want(201); again.text("id") != first.text("id") || first.text("by_name") == "" {
		t.Errorf("a repeat: %s, %s", first.body, again.body)
	}
	if got := line("town.a"); got != "NOT_FOUND 2026-11-02 邻居说已搬走 2026-11-02T04:00:00Z" {
		t.Errorf("after nobody was found: %s", got)
	}
	s.at("2026-11-05")
	visit("cdpf", "2026-11-01", "met", "").want(201) // an older one that is entered later says nothing of now
	visit("cdpf", "2026-11-05", "not_met", "").want(201)
	if after := state(); after != before {
		t.Errorf("visits have changed the file: %s, %s", before, after)
	}
	s.at("2027-02-10") // another quarter
	if got := line("auditor"); got != "NOT_FOUND 2026-11-05 <nil> 2026-11-02T04:00:00Z" {
		t.Errorf("in the next quarter: %s", got)
	}
	visit("civil", "2027-02-09", "met", "").want(201)
	if got := line("civil"); got != "" {
		t.Errorf("after the person was met: %s", got)
	}
	var told []string
	for _, v := range items(s.do("auditor", "GET", path, nil).want(200), "items") {
		told = append(told, fmt.Sprint(v["on"], " ", v["outcome"]))
	}
	if got := strings.Join(told, ", "); got != "2027-02-09 met, 2026-11-05 not_met, 2026-11-02 moved, 2026-11-01 met" {
		t.Errorf("the visits are %s", got)
	}
	visit("town.a", "2027-02-10", "died", "").want(201)
	s.fact(id, "death", true, "2027-02-10", "")
	s.at("2027-02-11")
	if got := line("town.a"); got != "" {
		t.Errorf("once the death is recorded: %s", got)
	}
}

// TestHomeVisitByAnother: the town's officer who handed in an application does not visit the person, nor does who acts for him, nor a liaison who acts for
// an officer of the town.
func TestHomeVisitByAnother(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(130, 1)
	app := s.do("town.a", "POST", "/applications", map[string]any{"person_id": id, "programme": nursing, "applied_on": "2022-12-01",
		"applicant": map[string]any{"relation": "self"}, "bank_account": "6222000011112222"}).want(201)
	s.do("town.a", "POST", "/applications/"+app.text("id")+"/submit", nil, "If-Match", app.version()).want(200)
	met := map[string]any{"on": "2022-12-01", "outcome": "met"}
	s.do("town.a", "POST", "/persons/"+id+"/home-visits", met).want(409, "OWN_CASE")
	s.do("cdpf", "POST", "/persons/"+id+"/home-visits", met).want(201)
	other := s.person1(131, 1)
	s.do("town.a", "POST", "/persons/"+other+"/home-visits", met).want(201)
	for deputy, want := range map[string]map[string]int{"town.c": {id: 409, other: 201}, "liaison.b": {other: 409}} {
		d := s.do("admin", "POST", "/deputations", map[string]any{"principal_id": s.accountID("town.a"), "deputy_id": s.accountID(deputy), "from": "2022-12-01", "until": "2022-12-09", "reason": "休假"}).want(201)
		s.tokens["acting"] = s.do(deputy, "POST", "/auth/act-for", map[string]any{"deputation_id": d.text("id")}).want(200).text("access_token")
		for person, status := range want {
			s.do("acting", "POST", "/persons/"+person+"/home-visits", met).want(status)
		}
		status, acts, listed := 200, 201, true
		if deputy == "liaison.b" {
			status, acts, listed = 403, 403, false
		}
		s.do("acting", "GET", "/persons/"+other+"/home-visits", nil).want(status)
		s.do("acting", "GET", "/worklists/home_visit", nil).want(status)
		s.do("acting", "POST", "/worklists/home_visit/actions", map[string]any{"person_id": other, "outcome": "visited"}).want(acts)
		if all := string(s.do("acting", "GET", "/worklists", nil).want(200).body); strings.Contains(all, "home_visit") != listed {
			t.Errorf("%s, who acts for an officer, is told of the lists %s", deputy, all)
		}
		s.do("admin", "POST", "/deputations/"+d.text("id")+"/end", nil, "If-Match", d.version()).want(200)
	}
}

// TestHomeVisitsGoWithTheFile: visits go with a file into another one, come back when that is undone, and with the person to another town.
func TestHomeVisitsGoWithTheFile(t *testing.T) {
	t.Parallel()
	s := start(t)
	stays, goes := s.twice(140)
	visits := func(user, person string) int {
		return len(items(s.do(user, "GET", "/persons/"+person+"/home-visits", nil).want(200), "items"))
	}
	met := map[string]any{"on": "2022-11-30", "outcome": "met"}
	s.do("cdpf", "POST", "/persons/"+goes+"/home-visits", met).want(201)
	m := s.merge("town.a", goes, stays).want(201)
	if n := visits("town.a", stays); n != 1 {
		t.Errorf("the file that stays has %d visits", n)
	}
	for _, of := range []string{"/merges/" + m.text("id"), "/persons/" + stays + "/merges", "/persons/" + stays + "/record"} {
		if told := string(s.do("liaison.a", "GET", of, nil).want(200).body); strings.Contains(told, "visit") {
			t.Errorf("a liaison reads in %s that somebody was visited: %s", of, told)
		}
	}
	s.do("cdpf", "POST", "/persons/"+goes+"/home-visits", met).want(409, "MERGED")
	s.undo(m).want(200)
	if a, b := visits("town.a", stays), visits("town.a", goes); a != 0 || b != 1 {
		t.Errorf("afterwards the two files have %d and %d visits", a, b)
	}
	now := s.do("cdpf", "GET", "/persons/"+goes, nil).want(200)
	s.do("cdpf", "PATCH", "/persons/"+goes, map[string]any{"managing_area_code": villageC, "effective_on": "2022-12-01"}, "If-Match", now.version()).want(200)
	s.do("town.a", "GET", "/persons/"+goes+"/home-visits", nil).want(404)
	if n := visits("town.c", goes); n != 1 {
		t.Errorf("the other town sees %d visits", n)
	}
}
