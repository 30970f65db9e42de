package httpapi_test

import (
	"fmt"
	"testing"
)

func moveLine(n int, rest string) string {
	return fmt.Sprintf("金丝雀%d,%s,%s", n, number(n), rest)
}

// hukou is where a person's hukou was, with the days.
func (s *service) hukou(person string) string { s.t.Helper(); return s.factsOf(person, "hukou_area") }

// TestTwoMovesOfOnePerson: of two moves of one person on one list both are taken, in the order of their days, whatever that of the rows; both go with the list.
func TestTwoMovesOfOnePerson(t *testing.T) {
	t.Parallel()
	s := start(t)
	twice, there := s.person1(781, 1), s.person1(782, 1)
	was := s.hukou(twice)
	for _, id := range []string{twice, there} {
		s.granted(id, nursing, "2023-01-05", "2023-01-06")
	}
	s.at("2023-04-03")
	lines := []string{moveHead, moveLine(781, "区内迁移,2023-03-20,"+villageC), moveLine(782, "区内迁移,2023-03-21,"+villageA), moveLine(781, "区内迁移,2023-03-05,"+villageB),
		moveLine(782, "区内迁移,2023-03-06,"+villageB), moveLine(781, "迁入,2023-03-05,"+villageB)}
	tried := s.list("cdpf", "kind=moves&sender=ga&as_of=2023-04-01&dry_run=true", lines...).want(201).wantCounts(4, 0, 1, 0)
	want := villageA + " 1970-01-01 2023-03-05\n" + villageB + " 2023-03-06 2023-03-20\n" + villageC + " 2023-03-21 <nil>\n"
	shown := func(i answer) (text string) {
		for _, c := range items(s.do("cdpf", "GET", "/imports/"+i.text("id")+"/changes", nil).want(200), "items") {
			text += fmt.Sprintln(c["row"], c["kind"], c["before"], c["after"])
		}
		return text
	}
	moves := s.taken("cdpf", "moves", "2023-04-01", "ga", 0, 4, 0, 1, 0, lines...)
	if got := refusals(moves); got != "6  DUPLICATE_IN_FILE" {
		t.Errorf("refused: %s", got)
	}
	if shown(tried) != shown(moves) {
		t.Errorf("tried, the changes are\n%s\nand taken\n%s", shown(tried), shown(moves))
	}
	if got := s.hukou(twice); got != want {
		t.Errorf("the hukou was\n%s, not\n%s", got, want)
	}
	if p := s.do("liaison.c", "GET", "/persons/"+twice, nil).want(200).json(); p["hukou_area_code"] != villageC || p["managing_area_code"] != villageC {
		t.Errorf("who moved twice: %v", p)
	}
	if p := s.do("liaison.a", "GET", "/persons/"+there, nil).want(200).json(); p["hukou_area_code"] != villageA || p["managing_area_code"] != villageA {
		t.Errorf("who moved there and back: %v", p)
	}
	s.wantDerived()
	s.undone(moves)
	if got := s.hukou(twice); got != was {
		t.Errorf("taken back, the hukou is\n%s, not\n%s", got, was)
	}
	s.wantDerived()
}

// TestTwoMovesOfOneDay: of which of two villages somebody came to last nobody can say who moved to both on one day, so neither is taken.
func TestTwoMovesOfOneDay(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(783, 1)
	s.at("2023-04-03")
	moves := s.taken("cdpf", "moves", "2023-04-01", "ga", 0, 0, 0, 2, 0, moveHead, moveLine(783, "区内迁移,2023-03-05,"+villageB), moveLine(783, "区内迁移,2023-03-05,"+villageC))
	if got := refusals(moves); got != "2 D 迁移日期 SAME_DAY; 3 D 迁移日期 SAME_DAY" {
		t.Errorf("refused: %s", got)
	}
	if p := s.do("liaison.a", "GET", "/persons/"+id, nil).want(200).json(); p["hukou_area_code"] != villageA {
		t.Errorf("moved all the same: %v", p)
	}
}

// TestMovedOutAndBack: who came back, on the same list or a later one, had left all the same, and is asked about; each time that he left by itself.
func TestMovedOutAndBack(t *testing.T) {
	t.Parallel()
	for name, lists := range map[string][][]string{
		"one list":  {{moveLine(784, "迁入,2023-03-15,"+villageB), moveLine(784, "迁往市外,2023-01-10,")}},
		"two lists": {{moveLine(784, "迁往市外,2023-01-10,")}, {moveLine(784, "迁入,2023-03-15,"+villageB)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			id := s.person1(784, 1)
			s.granted(id, nursing, "2023-01-05", "2023-01-06")
			s.at("2023-04-03")
			for i, lines := range lists {
				s.list("cdpf", fmt.Sprintf("kind=moves&sender=ga&as_of=2023-04-0%d", i+1), append([]string{moveHead}, lines...)...).want(201)
			}
			s.wantWaits("left and back", id, "hukou_area ended 2023-01-10")
			s.wantHeld("left and back", id, 1)
			s.confirmed(id)
			want := villageA + " 1970-01-01 2023-01-10\n" + villageB + " 2023-03-16 <nil>\n"
			if got := s.hukou(id); got != want {
				t.Errorf("the hukou was\n%s, not\n%s", got, want)
			}
			s.wantOwed(id, nursing, 16700) // a month without hukou here ends the right
			s.wantDerived()
		})
	}
}

// TestMoveChosenLate: a row about somebody whom the list names otherwise, too, is another move of his, and takes its place among them.
func TestMoveChosenLate(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(785, 1)
	s.at("2023-04-03")
	moves := s.taken("cdpf", "moves", "2023-04-01", "ga", 0, 1, 0, 1, 0, "姓名,身份证号,出生日期,迁移类型,迁移日期,迁入村居",
		"金丝雀785,"+number(785)+",,区内迁移,2023-03-20,"+villageC, "金丝雀785,,1970-01-01,区内迁移,2023-03-05,"+villageB)
	if got := s.chosen("cdpf", moves.text("id"), 3, id).want(201).text("outcome"); got != "changed" {
		t.Errorf("chosen: %s", got)
	}
	want := villageA + " 1970-01-01 2023-03-05\n" + villageB + " 2023-03-06 2023-03-20\n" + villageC + " 2023-03-21 <nil>\n"
	if got := s.hukou(id); got != want {
		t.Errorf("the hukou was\n%s, not\n%s", got, want)
	}
	s.wantDerived()
}

// TestMoveOnTheFirst: a move on the first of a month is paid that month by the town that was left, and the next by the other one, whether an officer
// has entered it or a list.
func TestMoveOnTheFirst(t *testing.T) {
	t.Parallel()
	s := start(t)
	byHand, byList := s.person1(786, 1), s.person1(787, 1)
	for _, id := range []string{byHand, byList} {
		s.granted(id, nursing, "2023-03-05", "2023-03-06")
	}
	s.at("2023-05-03")
	file := s.do("cdpf", "GET", "/persons/"+byHand, nil).want(200)
	s.do("cdpf", "PATCH", "/persons/"+byHand, map[string]any{"hukou_area_code": villageC, "managing_area_code": villageC, "effective_on": "2023-04-01"}, "If-Match", file.version()).want(200)
	s.taken("cdpf", "moves", "2023-05-01", "ga", 0, 1, 0, 0, 0, moveHead, moveLine(787, "区内迁移,2023-04-01,"+villageC))
	for _, kind := range []string{"hukou_area", "managing_area"} {
		if hand, list := s.factsOf(byHand, kind), s.factsOf(byList, kind); hand != list {
			t.Errorf("%s by hand\n%sby a list\n%s", kind, hand, list)
		}
	}
	for _, of := range []struct{ month, town string }{{"2023-04", townA}, {"2023-05", townC}} { // the town of the latest month pays all before it as well
		roster := s.do("civil", "POST", "/rosters", map[string]any{"month": of.month, "area_code": of.town}).want(201)
		if lines := s.lines("/rosters/" + roster.text("id")); len(lines) != 2 {
			t.Errorf("the roster of %s in %s pays %v", of.month, of.town, lines)
		}
	}
}

// TestManagingVillageOnTheDayOfAMove: on the day of a move the managing village can be put right, and one that an officer has given otherwise than by the
// hukou stays when a list tells of the same move.
func TestManagingVillageOnTheDayOfAMove(t *testing.T) {
	t.Parallel()
	s := start(t)
	id, other := s.person1(788, 1), s.person1(789, 1)
	s.at("2023-05-03")
	patch := func(person string, body map[string]any) {
		file := s.do("cdpf", "GET", "/persons/"+person, nil).want(200)
		s.do("cdpf", "PATCH", "/persons/"+person, body, "If-Match", file.version()).want(200)
	}
	patch(id, map[string]any{"hukou_area_code": villageC, "managing_area_code": villageC})
	patch(id, map[string]any{"managing_area_code": villageB})
	patch(other, map[string]any{"hukou_area_code": villageC, "managing_area_code": villageB})
	s.at("2023-05-05")
	s.taken("cdpf", "moves", "2023-05-04", "ga", 0, 0, 2, 0, 0, moveHead, moveLine(788, "区内迁移,2023-05-03,"+villageC), moveLine(789, "区内迁移,2023-05-03,"+villageC))
	for _, person := range []string{id, other} {
		if got, want := s.factsOf(person, "managing_area"), villageA+" 1970-01-01 2023-05-03\n"+villageB+" 2023-05-04 <nil>\n"; got != want {
			t.Errorf("managed\n%s, not\n%s", got, want)
		}
	}
	s.wantDerived()
}
