package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

// waits are the matters that wait of a person, as kind, what is said and the day of the list.
func (s *service) waits(person string) (list []map[string]any, text string) {
	s.t.Helper()
	var lines []string
	for _, w := range items(s.do("cdpf", "GET", "/list-statements", nil).want(200), "items") {
		if w["person_id"] == person {
			list, lines = append(list, w), append(lines, fmt.Sprint(w["kind"], " ", w["says"], " ", w["as_of"]))
		}
	}
	return list, strings.Join(lines, "; ")
}

func (s *service) wantWaits(when, person, want string) {
	s.t.Helper()
	if _, got := s.waits(person); got != want {
		s.t.Errorf("%s waits: %s, want %s", when, got, want)
	}
}

// wantHeld counts the holds of a person that are in force.
func (s *service) wantHeld(when, person string, want int) {
	s.t.Helper()
	n := 0
	for _, h := range items(s.do("town.a", "GET", "/persons/"+person+"/holds", nil).want(200), "items") {
		if h["released_at"] == nil {
			n++
		}
	}
	if n != want {
		s.t.Errorf("%s %d holds are in force, want %d", when, n, want)
	}
}

// decided confirms or dismisses a matter.
func (s *service) decided(matter map[string]any, decision string) answer {
	s.t.Helper()
	return s.do("cdpf", "POST", "/list-statements/"+matter["id"].(string)+"/decisions", map[string]any{"decision": decision, "reason": "核实"}).want(201)
}

// listed hands in a list of allowances on its day, each line of a person and a first day.
func (s *service) listed(kind, day string, lines ...string) answer {
	s.t.Helper()
	s.at(day)
	return s.list("civil", "kind="+kind+"&sender=x&as_of="+day, append([]string{dibaoHead}, lines...)...).want(201)
}

// stranger is a line of somebody who is not in the register.
var stranger = dibaoLine(699, "2022-01-01")

// hit is somebody who receives the nursing subsidy, and whom the list of April names as supported otherwise since 5 April; that of March, which
// names everybody, did not.
func (s *service) hit(n int) (person string, april answer) {
	s.t.Helper()
	person = s.person1(n, 1)
	s.granted(person, nursing, "2023-01-05", "2023-01-06")
	s.listed("tekun", "2023-03-10", stranger).wantCounts(0, 0, 1, 0)
	april = s.listed("tekun", "2023-04-10", dibaoLine(n, "2023-04-05")).wantCounts(0, 0, 0, 1)
	s.wantWaits("after the list of April", person, "tekun absent 2023-03-10; tekun holds 2023-04-10")
	s.wantHeld("after the list of April", person, 1)
	return person, april
}

// TestHoldStaysWhileHitWaits: the money of a hit is held until nothing of it waits any more, whatever becomes of a part of it.
func TestHoldStaysWhileHitWaits(t *testing.T) {
	t.Parallel()
	s := start(t)
	person, _ := s.hit(671)
	s.listed("tekun", "2023-05-10", dibaoLine(671, "2023-04-05"))
	s.wantWaits("after the list of May", person, "tekun holds 2023-04-10")
	s.wantHeld("after the list of May", person, 1)
	r := s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-05"}).want(201)
	if lines := s.lines("/rosters/" + r.text("id")); len(lines) != 1 || lines[0]["state"] != "held" || lines[0]["hold"] != "LEAD" {
		t.Errorf("the next roster: %v", lines)
	}
	held := items(s.do("town.a", "GET", "/persons/"+person+"/holds", nil).want(200), "items")[0]
	s.do("town.a", "POST", "/holds/"+fmt.Sprint(held["id"])+"/release", map[string]any{"reason": "x"}).want(409, "LIST_UNDECIDED")
	s.wantHeld("after somebody would have let it go without a decision", person, 1)
	list, _ := s.waits(person)
	s.decided(list[0], "confirm")
	s.wantHeld("after the decision", person, 0)
}

// TestHoldStaysForTheOtherLine: of two lines of one hit the first that is decided lets nothing go.
func TestHoldStaysForTheOtherLine(t *testing.T) {
	t.Parallel()
	for _, decision := range []string{"confirm", "dismiss"} {
		t.Run(decision, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			person, _ := s.hit(672)
			list, _ := s.waits(person)
			s.decided(list[0], decision)
			s.wantHeld("after the first line", person, 1)
			s.decided(list[1], decision)
			s.wantHeld("after both", person, 0)
		})
	}
}

// TestHitTakenBackLetsGo: with the list that a hit comes from goes all that waits of it, also what earlier lists left unsaid.
func TestHitTakenBackLetsGo(t *testing.T) {
	t.Parallel()
	s := start(t)
	person, april := s.hit(673)
	s.undone(april)
	s.wantWaits("taken back", person, "")
	s.wantHeld("taken back", person, 0)
	s.wantOwed(person, nursing, 16700, 16700, 16700, 16700)
	s.listed("tekun", "2023-04-11", dibaoLine(673, "2023-04-05")).wantCounts(0, 0, 0, 1)
	s.wantHeld("named by another list", person, 1)
}

// TestClearedHitLetsGo: where a later list clears the only thing that would have taken money, nothing else of the hit is asked about.
func TestClearedHitLetsGo(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	person := s.person("liaison.a", villageA, 674, 1).want(201).text("id")
	s.listed("dibao", "2023-01-20", stranger).wantCounts(0, 0, 1, 0)
	s.fact(person, "dibao", "household", "2022-01-01", "")
	s.granted(person, living, "2023-01-21", "2023-01-22")
	s.listed("dibao", "2023-04-10", dibaoLine(674, "2022-01-01")).wantCounts(0, 0, 0, 1)
	s.wantWaits("after the list of April", person, "dibao absent 2023-01-20; dibao holds 2023-04-10")
	s.listed("dibao", "2023-05-10", dibaoLine(674, "2022-01-01")).wantCounts(0, 1, 0, 0)
	s.wantWaits("named again", person, "")
	s.wantHeld("named again", person, 0)
}

// TestRepeatedHitIsSaid: a list that repeats what waits already has spoken: once the officer has confirmed the hit, no later list counts it
// as having left the person out.
func TestRepeatedHitIsSaid(t *testing.T) {
	t.Parallel()
	s := start(t)
	person, _ := s.hit(675)
	s.listed("tekun", "2023-05-10", dibaoLine(675, "2023-04-05")).wantCounts(0, 1, 0, 0)
	for list, _ := s.waits(person); len(list) > 0; list, _ = s.waits(person) {
		s.decided(list[0], "confirm")
	}
	s.wantOwed(person, nursing, 16700, 16700, 16700, 16700)
	s.listed("tekun", "2023-06-10", dibaoLine(675, "2023-04-05")).wantCounts(0, 1, 0, 0)
	s.wantOwed(person, nursing, 16700, 16700, 16700, 16700)
	if got := s.factsOf(person, "tekun"); got != "dispersed 2023-04-05 <nil>\n" {
		t.Errorf("the facts: %s", got)
	}
}

// factsOf are the facts of a kind that are held true of a person, a line each.
func (s *service) factsOf(person, kind string) (text string) {
	s.t.Helper()
	for _, c := range items(s.do("cdpf", "GET", "/persons/"+person+"/circumstances", nil).want(200), "items") {
		if c["kind"] == kind && c["superseded_at"] == nil {
			text += fmt.Sprintln(c["value"], c["valid_from"], c["valid_to"])
		}
	}
	return text
}

// TestLeftOutTwiceAndNamedAgain is T26 with a second mistake: the list that names her again clears both.
func TestLeftOutTwiceAndNamedAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(676, 1)
	s.granted(person, living, "2023-01-05", "2023-01-06")
	s.listed("dibao", "2023-03-10", stranger).wantCounts(0, 0, 1, 1)
	again := s.listed("dibao", "2023-04-10", stranger, dibaoLine(698, "2022-01-01")).wantCounts(0, 0, 2, 0)
	s.wantWaits("left out twice", person, "dibao absent 2023-03-10")
	s.listed("dibao", "2023-05-10", dibaoLine(676, "2022-01-01")).wantCounts(0, 1, 0, 0)
	s.wantWaits("named again", person, "")
	s.wantHeld("named again", person, 0)
	s.wantOwed(person, living, 18500, 18500, 18500, 18500, 18500)
	s.list("civil", "kind=dibao&sender=x&as_of=2023-04-10", dibaoHead, stranger, dibaoLine(698, "2022-01-01")).want(200)
	s.undone(again)
	s.wantWaits("taken back", person, "")
	s.listed("dibao", "2023-06-10", dibaoLine(676, "2022-01-01")).wantCounts(0, 1, 0, 0)
}

// unfound is somebody of whom the allowance is recorded by hand, and whom a list named before he could be found by his number.
func (s *service) unfound(n int, later func(list func()) (person string)) {
	s.t.Helper()
	person := later(func() { s.listed("dibao", "2023-01-20", dibaoLine(n, "2022-01-01")).wantCounts(0, 0, 1, 0) })
	s.fact(person, "dibao", "household", "2022-01-01", "")
	s.granted(person, living, "2023-01-22", "2023-01-23")
	s.listed("dibao", "2023-04-10", dibaoLine(n, "2022-01-01")).wantCounts(0, 1, 0, 0)
	s.wantWaits("named again", person, "")
	s.wantHeld("named again", person, 0)
	s.wantOwed(person, living, 18500, 18500, 18500, 18500)
}

// TestListIsNotSilentOfWhomItCouldNotFind: a list that was taken in before somebody was in the register, with the number that he has, does not
// leave him out: its row, if there was one, was refused.
func TestListIsNotSilentOfWhomItCouldNotFind(t *testing.T) {
	t.Parallel()
	t.Run("registered since", func(t *testing.T) {
		t.Parallel()
		s := start(t)
		s.unfound(681, func(list func()) string {
			list()
			s.at("2023-01-21")
			return s.person("liaison.a", villageA, 681, 1).want(201).text("id")
		})
	})
	t.Run("the number corrected since", func(t *testing.T) {
		t.Parallel()
		s := start(t)
		s.unfound(682, func(list func()) string {
			s.at("2023-01-10")
			id := s.person("liaison.a", villageA, 683, 1).want(201).text("id")
			list()
			s.at("2023-01-21")
			file := s.do("town.a", "GET", "/persons/"+id, nil).want(200)
			s.do("town.a", "PATCH", "/persons/"+id, map[string]any{"id_number": number(682), "name": "金丝雀682", "reason": "公安更正"}, "If-Match", file.version()).want(200)
			return id
		})
	})
	t.Run("merged since with a file that was entered since", func(t *testing.T) {
		t.Parallel()
		s := start(t)
		s.unfound(685, func(list func()) string {
			s.at("2023-01-10")
			old := s.named(villageA, "金丝雀甲", "1970-01-01", "", "")
			list()
			s.at("2023-01-21")
			id := s.person("liaison.a", villageA, 685, 1).want(201).text("id")
			s.merge("town.a", old, id).want(201)
			return id
		})
	})
}

// TestListIsNotSilentOfWhomItsTownDidNotHave: the list of a town leaves nobody out who lived in another town when it was taken in and has moved there since.
func TestListIsNotSilentOfWhomItsTownDidNotHave(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	person := s.person("liaison.c", villageC, 651, 1).want(201).text("id")
	s.listed("dibao", "2023-02-10", dibaoLine(651, "2022-01-01")).wantCounts(1, 0, 0, 0)
	s.at("2023-03-10")
	s.list("town.a", "kind=dibao&sender=a&as_of=2023-03-10", dibaoHead, stranger).want(201).wantCounts(0, 0, 1, 0)
	s.at("2023-04-01")
	file := s.do("cdpf", "GET", "/persons/"+person, nil).want(200)
	s.do("cdpf", "PATCH", "/persons/"+person, map[string]any{"managing_area_code": villageA, "hukou_area_code": villageA, "effective_on": "2023-02-20"}, "If-Match", file.version()).want(200)
	s.at("2023-04-10")
	s.list("town.a", "kind=dibao&sender=a&as_of=2023-04-10", dibaoHead, dibaoLine(651, "2022-01-01")).want(201).wantCounts(0, 1, 0, 0)
	if got := s.factsOf(person, "dibao"); got != "household 2022-01-01 <nil>\n" {
		t.Errorf("the facts: %s", got)
	}
	s.at("2023-05-10")
	s.list("town.a", "kind=dibao&sender=a&as_of=2023-05-10", dibaoHead, stranger).want(201).wantCounts(1, 0, 1, 0)
}

// TestHouseListIsNotSilentOfWhatItsTownDidNotHave: nor does the list of a town leave out a household that stood in another one then, or that is known only
// since its member has come.
func TestHouseListIsNotSilentOfWhatItsTownDidNotHave(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]bool{"a household that moved": true, "a household that was not known": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.at("2023-01-10")
			person := s.person("liaison.c", villageC, 653, 1).want(201).text("id")
			s.person("liaison.a", villageA, 654, 1).want(201)
			line, other := houseLine(653, "D,2018-05-01,,,"), houseLine(654, "C,2018-05-01,,,")
			if known {
				s.taken("cdpf", "dangerous_houses", "2023-01-10", "zj", 0, 1, 0, 0, 0, houseHead, line)
			}
			s.at("2023-03-10")
			s.taken("town.a", "dangerous_houses", "2023-03-10", "a", 0, 1, 0, 0, 0, houseHead, other)
			s.at("2023-04-01")
			file := s.do("cdpf", "GET", "/persons/"+person, nil).want(200)
			s.do("cdpf", "PATCH", "/persons/"+person, map[string]any{"managing_area_code": villageA, "hukou_area_code": villageA, "effective_on": "2023-04-01"}, "If-Match", file.version()).want(200)
			home := func() answer {
				id := items(s.do("cdpf", "GET", "/households?person_id="+person, nil).want(200), "items")[0]["id"].(string)
				return s.do("cdpf", "GET", "/households/"+id, nil).want(200)
			}
			if known {
				h := home()
				s.do("cdpf", "PATCH", "/households/"+h.text("id"), map[string]any{"area_code": villageA, "moved_on": "2023-04-01"}, "If-Match", h.version()).want(200)
			}
			s.at("2023-04-10")
			s.list("town.a", "kind=dangerous_houses&sender=a&as_of=2023-04-10", houseHead, line, other).want(201)
			for _, c := range items(home(), "circumstances") {
				if c["kind"] == "dangerous_house" && c["superseded_at"] == nil && (c["valid_from"] != "2018-05-01" || c["valid_to"] != nil) {
					t.Errorf("the house: %v", c)
				}
			}
		})
	}
}

// cleared is somebody whom the list of March left out, until that of April named him, by mistake.
func (s *service) cleared(n int) (person string, april answer) {
	s.t.Helper()
	person = s.person1(n, 1)
	s.granted(person, living, "2023-01-05", "2023-01-06")
	s.listed("dibao", "2023-03-10", stranger).wantCounts(0, 0, 1, 1)
	april = s.listed("dibao", "2023-04-10", dibaoLine(n, "2022-01-01")).wantCounts(0, 1, 0, 0)
	s.wantWaits("named again", person, "")
	s.wantHeld("named again", person, 0)
	return person, april
}

// TestClearedHitComesBack: when the list that cleared a hit is taken back, the hit waits again and holds the money.
func TestClearedHitComesBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	person, april := s.cleared(641)
	s.at("2023-04-12")
	s.undone(april)
	s.wantWaits("taken back", person, "dibao absent 2023-03-10")
	s.wantHeld("taken back", person, 1)
	list, _ := s.waits(person)
	if list[0]["monthly_amount_fen"] != 18500.0 || list[0]["due_on"] != "2023-04-19" {
		t.Errorf("the matter: %v", list[0])
	}
	s.decided(list[0], "confirm")
	s.wantHeld("confirmed", person, 0)
	s.wantOwed(person, living, 18500, 18500, 18500)
}

// TestClearedHitTwice: a hit that another list clears, too, comes back only with the last of them.
func TestClearedHitTwice(t *testing.T) {
	t.Parallel()
	s := start(t)
	person, april := s.cleared(642)
	may := s.listed("dibao", "2023-05-10", dibaoLine(642, "2022-01-01")).wantCounts(0, 1, 0, 0)
	s.undone(april)
	s.wantWaits("April taken back", person, "")
	s.wantHeld("April taken back", person, 0)
	s.undone(may)
	s.wantWaits("May taken back", person, "dibao absent 2023-03-10")
	s.wantHeld("May taken back", person, 1)
}

// TestClearedHitDecidedSince: a hit does not come back of whose matter an officer has recorded something since.
func TestClearedHitDecidedSince(t *testing.T) {
	t.Parallel()
	s := start(t)
	person, april := s.cleared(643)
	s.endFact(person, "dibao", "2023-03-31")
	s.undone(april)
	s.wantWaits("recorded by hand", person, "")
	s.wantHeld("recorded by hand", person, 0)
}

// TestRepeatedHitStands: what a later list repeats stands when the first is taken back: before it is decided it waits, confirmed it counts,
// dismissed it is dismissed.
func TestRepeatedHitStands(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ decision, waits, facts string }{
		{"", "tekun holds 2023-05-10", ""},
		{"confirm", "", "dispersed 2023-04-05 <nil>\n"},
		{"dismiss", "", ""},
	} {
		t.Run("decided "+tt.decision, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			person, april := s.hit(644)
			s.listed("tekun", "2023-05-10", dibaoLine(644, "2023-04-05")).wantCounts(0, 1, 0, 0)
			for list, _ := s.waits(person); tt.decision != "" && len(list) > 0; list, _ = s.waits(person) {
				s.decided(list[0], tt.decision)
			}
			s.undone(april)
			s.wantWaits("taken back", person, tt.waits)
			s.wantHeld("taken back", person, len(strings.Fields(tt.waits))/3)
			if got := s.factsOf(person, "tekun"); got != tt.facts {
				t.Errorf("the facts: %s, want %s", got, tt.facts)
			}
		})
	}
}

// TestLeftOutByALaterList: when the list that first left somebody out is taken back, a later one that leaves him out as well has its say: it had
// nothing to take before.
func TestLeftOutByALaterList(t *testing.T) {
	t.Parallel()
	t.Run("where no money is at stake", func(t *testing.T) {
		t.Parallel()
		s := start(t)
		s.at("2022-12-01")
		person := s.person("liaison.a", villageA, 646, 1).want(201).text("id")
		s.listed("dibao", "2023-01-20", dibaoLine(646, "2022-01-01")).wantCounts(1, 0, 0, 0)
		february := s.listed("dibao", "2023-02-20", stranger).wantCounts(1, 0, 1, 0)
		s.listed("dibao", "2023-03-20", stranger, dibaoLine(698, "2022-01-01")).wantCounts(0, 0, 2, 0)
		april := s.listed("dibao", "2023-04-20", stranger).wantCounts(0, 0, 1, 0)
		s.undone(february)
		if got := s.factsOf(person, "dibao"); got != "household 2022-01-01 2023-03-19\n" {
			t.Errorf("the facts: %s", got)
		}
		s.undone(april)
		if got := s.factsOf(person, "dibao"); got != "household 2022-01-01 2023-03-19\n" {
			t.Errorf("the facts without April: %s", got)
		}
	})
	t.Run("where it takes money", func(t *testing.T) {
		t.Parallel()
		s := start(t)
		person := s.person1(647, 1)
		s.granted(person, living, "2023-01-05", "2023-01-06")
		february := s.listed("dibao", "2023-02-10", stranger).wantCounts(0, 0, 1, 1)
		list, _ := s.waits(person)
		s.decided(list[0], "confirm")
		s.listed("dibao", "2023-03-10", stranger, dibaoLine(698, "2022-01-01")).wantCounts(0, 0, 2, 0)
		s.listed("dibao", "2023-04-10", stranger).wantCounts(0, 0, 1, 0)
		s.undone(february)
		s.wantWaits("taken back", person, "dibao absent 2023-03-10")
		s.wantHeld("taken back", person, 1)
		s.wantOwed(person, living, 18500, 18500, 18500, 18500)
		list, _ = s.waits(person)
		s.decided(list[0], "confirm")
		s.wantHeld("confirmed", person, 0)
		if got := s.factsOf(person, "dibao"); got != "household 2022-01-01 2023-03-09\n" {
			t.Errorf("the facts: %s", got)
		}
	})
	t.Run("of houses", func(t *testing.T) {
		t.Parallel()
		s := start(t)
		s.at("2019-06-10")
		s.person2(648)
		s.person2(649)
		one, other := houseLine(648, "D,2018-05-01,,,"), houseLine(649, "C,2018-06-01,,,")
		s.taken("cdpf", "dangerous_houses", "2019-06-01", "zj", 0, 2, 0, 0, 0, houseHead, one, other)
		gone := s.taken("cdpf", "dangerous_houses", "2019-06-03", "zj", 0, 1, 1, 0, 0, houseHead, one)
		s.taken("cdpf", "dangerous_houses", "2019-06-05", "zj", 0, 0, 1, 0, 0, houseHead, one)
		s.undone(gone)
		s.wantRate(houseRate, "2019-06-04", 0, 2)
		s.wantRate(houseRate, "2019-06-09", 0, 1)
	})
}

// TestRepeatedHitThatSaysMore: what a repetition takes beyond what the officer confirmed is asked about for itself.
func TestRepeatedHitThatSaysMore(t *testing.T) {
	t.Parallel()
	s := start(t)
	person, _ := s.hit(645)
	s.listed("tekun", "2023-05-10", dibaoLine(645, "2023-02-05")).wantCounts(0, 1, 0, 0)
	list, _ := s.waits(person)
	s.decided(list[len(list)-1], "confirm")
	s.wantWaits("confirmed", person, "tekun holds 2023-05-10")
	s.wantHeld("confirmed", person, 1)
	s.wantOwed(person, nursing, 16700, 16700, 16700, 16700)
}

// TestConfirmedHitEndsWithALaterList: a list that leaves somebody out while a hit of an earlier one waits has nothing to take. Once the hit is
// confirmed it has its say.
func TestConfirmedHitEndsWithALaterList(t *testing.T) {
	t.Parallel()
	s := start(t)
	person, _ := s.hit(650)
	s.listed("tekun", "2023-05-10", stranger).wantCounts(0, 0, 1, 0)
	s.at("2023-06-10")
	for list, _ := s.waits(person); len(list) > 0; list, _ = s.waits(person) {
		s.decided(list[0], "confirm")
	}
	if got := s.factsOf(person, "tekun"); got != "dispersed 2023-04-05 2023-05-09\n" {
		t.Errorf("the facts: %s", got)
	}
	s.wantOwed(person, nursing, 16700, 16700, 16700, 16700, 16700, 16700)
}

// TestRepeatedHitLeavesWhatSpeaksForSomebody: a later list that repeats a hit takes nothing back of what waits beside it in favour of the person:
// an earlier list, on whose day he was not named.
func TestRepeatedHitLeavesWhatSpeaksForSomebody(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(651, 1)
	s.granted(person, nursing, "2023-01-05", "2023-01-06")
	s.listed("tekun", "2023-03-10", stranger).wantCounts(0, 0, 1, 0)
	s.listed("tekun", "2023-04-10", dibaoLine(651, "2023-02-20")).wantCounts(0, 0, 0, 1)
	s.listed("tekun", "2023-05-10", dibaoLine(651, "2023-02-20")).wantCounts(0, 1, 0, 0)
	s.wantWaits("after the list of May", person, "tekun absent 2023-03-10; tekun holds 2023-04-10")
	for list, _ := s.waits(person); len(list) > 0; list, _ = s.waits(person) {
		s.decided(list[0], "confirm")
	}
	s.wantHeld("after the decision", person, 0)
	if got := s.factsOf(person, "tekun"); got != "dispersed 2023-02-20 2023-03-09\ndispersed 2023-04-10 <nil>\n" {
		t.Errorf("the facts: %s", got)
	}
	s.wantOwed(person, nursing, 16700, 16700, 16700, 16700)
}
