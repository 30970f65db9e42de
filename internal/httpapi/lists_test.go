package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

// list uploads a list as csv, its first line the headings.
func (s *service) list(user, query string, lines ...string) answer {
	s.t.Helper()
	return s.upload(user, []byte(strings.Join(lines, "\n")+"\n"), "/imports?"+query)
}

const dibaoHead = "姓名,身份证号,起始日期"

// wantCounts checks what became of a list.
func (a answer) wantCounts(changed, same, refused, pending float64) answer {
	a.t.Helper()
	v := a.json()
	if v["state"] != "done" || v["changed"] != changed || v["same"] != same || v["refused"] != refused || v["pending"] != pending {
		a.t.Fatalf("want %v changed, %v same, %v refused, %v pending: %s", changed, same, refused, pending, a.body)
	}
	return a
}

func dibaoLine(n int, from string) string {
	return fmt.Sprintf("金丝雀%d,%s,%s", n, number(n), from)
}

// TestListTakesNothingByItself is T26: a list that leaves somebody out by mistake opens a lead with a hold, stops nothing, and the
// next list that names her clears it.
func TestListTakesNothingByItself(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	a, b := s.person("liaison.a", villageA, 701, 1).want(201).text("id"), s.person("liaison.a", villageA, 702, 2).want(201).text("id")
	s.list("civil", "kind=dibao&sender=%E5%8C%BA%E6%B0%91%E6%94%BF%E5%B1%80&as_of=2023-01-10", dibaoHead, dibaoLine(701, "2022-05-01"), dibaoLine(702, "2022-06-01"), dibaoLine(799, "2022-06-01")).
		want(201).wantCounts(2, 0, 1, 0)
	s.granted(a, "living_allowance", "2023-01-11", "2023-01-12")
	s.at("2023-03-01")
	second := s.list("civil", "kind=dibao&sender=%E5%8C%BA%E6%B0%91%E6%94%BF%E5%B1%80&as_of=2023-03-01", dibaoHead, dibaoLine(702, "2022-06-01")).want(201).wantCounts(0, 1, 0, 1)
	waiting := s.do("town.a", "GET", "/list-statements", nil).want(200).json()["items"].([]any)
	if len(waiting) != 1 {
		t.Fatalf("what waits: %v", waiting)
	}
	lead := waiting[0].(map[string]any)
	if lead["person_id"] != a || lead["says"] != "absent" || lead["monthly_amount_fen"] != 18500.0 || lead["due_on"] != "2023-03-08" || lead["sender"] != "区民政局" {
		t.Errorf("the lead: %v", lead)
	}
	if holds := s.do("town.a", "GET", "/persons/"+a+"/holds", nil).want(200).json()["items"].([]any); len(holds) != 1 || holds[0].(map[string]any)["released_at"] != nil {
		t.Errorf("holds: %v", holds)
	}
	s.list("civil", "kind=dibao&sender=%E5%8C%BA%E6%B0%91%E6%94%BF%E5%B1%80&as_of=2023-03-01", dibaoHead, dibaoLine(702, "2022-06-01")).want(200)
	if again := s.do("town.c", "GET", "/list-statements", nil).want(200).json()["items"].([]any); len(again) != 0 {
		t.Errorf("another town sees %v", again)
	}
	s.at("2023-03-03")
	s.list("civil", "kind=dibao&sender=%E5%8C%BA%E6%B0%91%E6%94%BF%E5%B1%80&as_of=2023-03-03", dibaoHead, dibaoLine(701, "2022-05-01"), dibaoLine(702, "2022-06-01")).want(201).wantCounts(0, 2, 0, 0)
	if waiting := s.do("town.a", "GET", "/list-statements", nil).want(200).json()["items"].([]any); len(waiting) != 0 {
		t.Errorf("still waits: %v", waiting)
	}
	if holds := s.do("town.a", "GET", "/persons/"+a+"/holds", nil).want(200).json()["items"].([]any); holds[0].(map[string]any)["released_at"] == nil {
		t.Errorf("still held: %v", holds)
	}
	_, _ = b, second
}

// TestRefusedRowLeavesNobodyOut: whoever is named in a row that cannot be read is not left out by the list.
func TestRefusedRowLeavesNobodyOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	a := s.person("liaison.a", villageA, 706, 1).want(201).text("id")
	s.person("liaison.a", villageA, 707, 2).want(201)
	s.list("civil", "kind=dibao&sender=x&as_of=2023-01-10", dibaoHead, dibaoLine(706, "2022-05-01"), dibaoLine(707, "2022-06-01")).want(201).wantCounts(2, 0, 0, 0)
	s.granted(a, "living_allowance", "2023-01-11", "2023-01-12")
	s.at("2023-03-01")
	s.list("civil", "kind=dibao&sender=x&as_of=2023-03-01", dibaoHead, dibaoLine(706, "二零二二年"), dibaoLine(707, "2022-06-01")).want(201).wantCounts(0, 1, 1, 0)
	if got := s.dibao(a); !strings.Contains(got, "2022-05-01 <nil>") {
		t.Errorf("the facts: %s", got)
	}
}

// TestConfirmedOrDismissed: a death that a list tells ends what is owed once an officer confirms it, and not before; dismissed, it
// changes nothing.
func TestConfirmedOrDismissed(t *testing.T) {
	t.Parallel()
	s := start(t)
	dead, alive := s.person1(711, 1), s.person1(712, 1)
	for _, id := range []string{dead, alive} {
		s.granted(id, nursing, "2023-01-05", "2023-01-06")
	}
	s.at("2023-04-03")
	s.list("civil", "kind=deaths&sender=x&as_of=2023-04-01", "姓名,公民身份号码,死亡日期", dibaoLine(711, "2023-02-10"), dibaoLine(712, "2023-03-05")).want(201).wantCounts(0, 0, 0, 2)
	s.wantOwed(dead, nursing, 16700, 16700, 16700, 16700)
	waiting := map[string]string{}
	for _, item := range s.do("cdpf", "GET", "/list-statements", nil).want(200).json()["items"].([]any) {
		waiting[item.(map[string]any)["person_id"].(string)] = item.(map[string]any)["id"].(string)
	}
	decide := func(user, person, decision string) answer {
		return s.do(user, "POST", "/list-statements/"+waiting[person]+"/decisions", map[string]any{"decision": decision, "reason": "已入户核实"})
	}
	decide("town.c", dead, "confirm").want(404)
	decide("stats", dead, "confirm").want(403)
	decide("town.a", dead, "confirm").want(201)
	s.wantOwed(dead, nursing, 16700, 16700)
	decide("town.a", dead, "confirm").want(409, "DECIDED_ALREADY")
	decide("town.a", alive, "dismiss").want(201)
	s.wantOwed(alive, nursing, 16700, 16700, 16700, 16700)
	for _, id := range []string{dead, alive} {
		for _, hold := range s.do("town.a", "GET", "/persons/"+id+"/holds", nil).want(200).json()["items"].([]any) {
			if hold.(map[string]any)["released_at"] == nil {
				t.Errorf("the money of %s is still held", id)
			}
		}
	}
}

// TestListsTakenBack: a list, taken back, leaves the facts that were; sent again, it gives the same facts. What an officer has
// recorded by hand since stays.
func TestListsTakenBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-10")
	var ids []string
	for n := 721; n <= 723; n++ {
		ids = append(ids, s.person("liaison.a", villageA, n, 2).want(201).text("id"))
	}
	byHand, byList, later := ids[0], ids[1], ids[2]
	s.fact(byHand, "dibao", "single", "2023-01-01", "")
	lines := []string{dibaoHead, dibaoLine(721, "2022-03-01"), dibaoLine(722, "2022-04-01"), dibaoLine(723, "2022-05-01")}
	before := s.dibao(byHand, byList, later)
	first := s.list("civil", "kind=dibao&sender=x&as_of=2023-03-01", lines...).want(201).wantCounts(3, 0, 0, 0)
	after := s.dibao(byHand, byList, later)
	path := "/imports/" + first.text("id")
	changes := s.do("civil", "GET", path+"/changes?limit=2", nil).want(200).json()
	rest := s.do("civil", "GET", path+"/changes?limit=2&cursor="+changes["next_cursor"].(string), nil).want(200).json()
	if len(changes["items"].([]any)) != 2 || len(rest["items"].([]any)) != 1 {
		t.Errorf("changes: %v %v", changes, rest)
	}
	s.do("civil", "POST", path+"/undo", nil).want(428)
	s.do("civil", "POST", path+"/undo", nil, "If-Match", `"7"`).want(412)
	s.do("town.a", "POST", path+"/undo", nil, "If-Match", first.version()).want(403)
	s.do("civil", "POST", path+"/undo", nil, "If-Match", first.version()).want(200)
	if got := s.dibao(byHand, byList, later); got != before {
		t.Errorf("taken back:\n%s\nwant\n%s", got, before)
	}
	again := s.list("civil", "kind=dibao&sender=x&as_of=2023-03-01", lines...).want(201).wantCounts(3, 0, 0, 0)
	if got := s.dibao(byHand, byList, later); got != after {
		t.Errorf("sent again:\n%s\nwant\n%s", got, after)
	}
	s.endFact(later, "dibao", "2023-02-28")
	byOfficer := s.dibao(later)
	s.do("civil", "POST", "/imports/"+again.text("id")+"/undo", nil, "If-Match", again.version()).want(200)
	if got := s.dibao(byHand, byList, later); got != before+byOfficer {
		t.Errorf("taken back after an officer's record:\n%s\nwant\n%s%s", got, before, byOfficer)
	}
}

// dibao are the facts of the allowance that are held true of persons, a line each.
func (s *service) dibao(persons ...string) (text string) {
	s.t.Helper()
	for _, person := range persons {
		for _, item := range s.do("cdpf", "GET", "/persons/"+person+"/circumstances", nil).want(200).json()["items"].([]any) {
			if c := item.(map[string]any); c["kind"] == "dibao" && c["superseded_at"] == nil {
				text += fmt.Sprintln(person[24:], c["value"], c["valid_from"], c["valid_to"])
			}
		}
	}
	return text
}
