package httpapi_test

import (
	"fmt"
	"testing"
)

// dismissed finds every matter of a person wrong.
func (s *service) dismissed(person string) {
	s.t.Helper()
	list, _ := s.waits(person)
	if len(list) == 0 {
		s.t.Fatal("nothing waits")
	}
	for _, matter := range list {
		s.decided(matter, "dismiss")
	}
}

// notes are the codes of what an import tells of its rows, with the rows.
func (a answer) notes() (text string) {
	a.t.Helper()
	reading, _ := a.json()["reading"].(map[string]any)
	list, _ := reading["notes"].([]any)
	for _, n := range list {
		text += fmt.Sprintln(n.(map[string]any)["row"], n.(map[string]any)["code"], n.(map[string]any)["message"])
	}
	return text
}

// TestDismissedHitSaidAgain: what an officer has found wrong does not wait again when the next list says the very same; it holds no money, the list is
// not silent about the person, and says since when the matter is decided. Another begin waits, and so does the same in a list of another kind or sender.
func TestDismissedHitSaidAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	person, april := s.hit(951)
	s.dismissed(person)
	tried := s.list("civil", "kind=tekun&sender=x&as_of=2023-04-10&dry_run=true", dibaoHead, dibaoLine(951, "2023-04-05")).want(201).wantCounts(0, 1, 0, 0)
	s.list("civil", "kind=tekun&sender=y&as_of=2023-04-10&dry_run=true", dibaoHead, dibaoLine(951, "2023-04-05")).want(201).wantCounts(0, 0, 0, 1)
	for _, day := range []string{"2023-05-10", "2023-06-10"} {
		again := s.listed("tekun", day, dibaoLine(951, "2023-04-05")).wantCounts(0, 1, 0, 0)
		const want = "2 DISMISSED_BEFORE 2023-04-10已认定不属实，内容与那次相同，不再列入待确认\n"
		if got := again.notes(); got != want || tried.notes() != want {
			t.Errorf("the list of %s tells %q, tried %q", day, got, tried.notes())
		}
		s.wantWaits("after the list of "+day, person, "")
		s.wantHeld("after the list of "+day, person, 0)
	}
	s.wantOwed(person, nursing, 16700, 16700, 16700, 16700, 16700, 16700)
	s.undone(april)
	s.wantWaits("the first list is taken back", person, "")
	s.listed("tekun", "2023-07-05", stranger).wantCounts(0, 0, 1, 0)
	if got := s.factsOf(person, "tekun"); got != "" {
		t.Errorf("the facts: %s", got)
	}
	s.listed("tekun", "2023-07-10", dibaoLine(951, "2023-06-05")).wantCounts(0, 0, 0, 1)
	s.wantHeld("another begin", person, 1)
}

// TestDismissedHitThatDiffers: a claim that differs in its days or its sort from what was dismissed is another one; who is not on a list that names
// everybody is left out on each of its days anew.
func TestDismissedHitThatDiffers(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(952, 1)
	s.granted(person, nursing, "2023-01-05", "2023-01-06")
	s.granted(person, living, "2023-01-05", "2023-01-06")
	const head = "姓名,身份证号,供养方式,起始日期,终止日期"
	line := func(rest string) string { return "金丝雀952," + number(952) + "," + rest }
	for i, rest := range []string{"分散,2023-02-05,", "集中,2023-02-05,", "分散,2023-02-06,", "分散,2023-02-05,2023-08-31", "分散,2023-02-05,2023-09-30"} {
		for n, want := range []float64{1, 0} { // the first time it waits, the second it does not
			day := fmt.Sprintf("2023-04-%02d", 10+2*i+n)
			s.at(day)
			s.list("civil", "kind=tekun&sender=x&as_of="+day, head, line(rest)).want(201).wantCounts(0, 1-want, 0, want)
			if want > 0 {
				s.dismissed(person)
			}
		}
	}
	s.wantOwed(person, nursing, 16700, 16700, 16700, 16700)
	for _, day := range []string{"2023-05-10", "2023-06-10"} {
		s.listed("dibao", day, stranger).wantCounts(0, 0, 1, 1)
		s.dismissed(person)
	}
	for _, day := range []string{"2023-07-10", "2023-08-10"} { // without a first day it speaks of the day of the list
		s.listed("tekun", day, dibaoLine(952, "")).wantCounts(0, 0, 0, 1)
		s.dismissed(person)
	}

	for _, list := range []struct {
		kind, on string
		pending  float64
	}{{"deaths", "2023-08-11", 1}, {"deaths", "2023-08-12", 0}, {"cremations", "2023-08-13", 1}, {"cremations", "2023-08-14", 0}} {
		s.at(list.on)
		s.list("civil", "kind="+list.kind+"&sender=x&as_of="+list.on, "姓名,身份证号,死亡日期,火化日期", "金丝雀952,"+number(952)+",2023-08-03,2023-08-05").want(201).wantCounts(0, 1-list.pending, 0, list.pending)
		if list.pending > 0 {
			s.dismissed(person)
		}
	}
}

// TestDismissedHitIsSentAgain: who takes back the lists that said it has it decided anew, and so has an officer who says whom a row means.
func TestDismissedHitIsSentAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	person, april := s.hit(953)
	s.dismissed(person)
	may := s.listed("tekun", "2023-05-10", dibaoLine(953, "2023-04-05")).wantCounts(0, 1, 0, 0)
	other := s.list("civil", "kind=tekun&sender=x&as_of=2023-05-10", dibaoHead, "金丝鹊953,"+number(953)+",2023-04-05").want(201).wantCounts(0, 0, 1, 0)
	if got := s.chosen("civil", other.text("id"), 2, person).want(201).text("outcome"); got != "pending" {
		t.Errorf("another name: %s", got)
	}
	s.dismissed(person)
	s.undone(april)
	s.undone(may)
	s.listed("tekun", "2023-06-10", dibaoLine(953, "2023-04-05")).wantCounts(0, 0, 0, 1)
}

// TestDismissedHitBesideAnother: a list that says once more what was dismissed has no say about what waits otherwise.
func TestDismissedHitBesideAnother(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(954, 1)
	s.granted(person, living, "2023-01-05", "2023-01-06")
	const head = "姓名,身份证号,起始日期,终止日期"
	ended := "金丝雀954," + number(954) + ",2022-01-01,2023-03-31"
	for _, day := range []string{"2023-04-10", "2023-06-10"} {
		s.at(day)
		s.list("civil", "kind=dibao&sender=x&as_of="+day, head, ended).want(201)
		if day == "2023-04-10" {
			s.dismissed(person)
			s.listed("dibao", "2023-05-10", stranger).wantCounts(0, 0, 1, 1)
		}
		s.wantWaits("after the list of "+day, person, "dibao absent 2023-05-10")
	}
	s.wantHeld("in the end", person, 1)
}

// TestDismissedHitThatGives: what was dismissed because it would have taken something is heard once it takes nothing any more.
func TestDismissedHitThatGives(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(955, 1)
	s.granted(person, living, "2023-01-05", "2023-01-06")
	until := []string{"姓名,身份证号,起始日期,终止日期", "金丝雀955," + number(955) + ",2022-01-01,2023-08-31"}
	s.at("2023-04-10")
	s.list("civil", "kind=dibao&sender=x&as_of=2023-04-10", until...).want(201).wantCounts(0, 0, 0, 1)
	s.dismissed(person)
	s.endFact(person, "dibao", "2023-02-28")
	s.at("2023-05-10")
	s.list("civil", "kind=dibao&sender=x&as_of=2023-05-10", until...).want(201).wantCounts(1, 0, 0, 0)
	if got := s.factsOf(person, "dibao"); got != "true 2022-01-01 2023-02-28\nhousehold 2023-05-10 2023-08-31\n" {
		t.Errorf("the facts: %s", got)
	}
}

// TestDismissedMatterThatHasCome: what lay ahead when it was found wrong is asked about once more when its day has come: who has truly lost something
// would be paid for ever.
func TestDismissedMatterThatHasCome(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(956, 1)
	s.granted(person, nursing, "2023-01-05", "2023-01-06")
	s.granted(person, living, "2023-01-05", "2023-01-06")
	for _, list := range []struct {
		kind, on, term string
		pending        float64
	}{
		{"dibao", "2023-04-10", "2022-01-01,2023-08-31", 1}, {"dibao", "2023-08-31", "2022-01-01,2023-08-31", 0},
		{"dibao", "2023-09-05", "2022-01-01,2023-08-31", 1}, {"dibao", "2023-10-10", "2022-01-01,2023-08-31", 0},
		{"tekun", "2023-10-11", "2023-12-01,", 1}, {"tekun", "2023-11-10", "2023-12-01,", 0}, {"tekun", "2023-12-01", "2023-12-01,", 1}, {"tekun", "2024-01-10", "2023-12-01,", 0},
	} {
		s.at(list.on)
		s.list("civil", "kind="+list.kind+"&sender=x&as_of="+list.on, "姓名,身份证号,起始日期,终止日期", "金丝雀956,"+number(956)+","+list.term).want(201).wantCounts(0, 1-list.pending, 0, list.pending)
		if list.pending > 0 {
			s.dismissed(person)
		}
	}
}

// TestDismissedHitNamesThePerson: a list that says once more what was dismissed, and by which somebody receives the allowance on its day, clears that an
// earlier one left him out (T26).
func TestDismissedHitNamesThePerson(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(957, 1)
	s.granted(person, living, "2023-01-05", "2023-01-06")
	until := []string{"姓名,身份证号,起始日期,终止日期", "金丝雀957," + number(957) + ",2022-01-01,2023-08-31"}
	s.at("2023-04-10")
	s.list("civil", "kind=dibao&sender=x&as_of=2023-04-10", until...).want(201).wantCounts(0, 0, 0, 1)
	s.dismissed(person)
	s.listed("dibao", "2023-05-10", stranger).wantCounts(0, 0, 1, 1)
	s.at("2023-06-10")
	june := s.list("civil", "kind=dibao&sender=x&as_of=2023-06-10", until...).want(201).wantCounts(0, 1, 0, 0)
	s.wantWaits("named again", person, "")
	s.wantHeld("named again", person, 0)
	s.undone(june)
	s.wantWaits("that is taken back", person, "dibao absent 2023-05-10")
	s.wantHeld("that is taken back", person, 1)
}
