package casework_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// TestFactsInAnyOrderMakeTheSameLedger holds that what is owed follows from the facts, and not from the order in which they are recorded: two persons have the same facts and the same applications handed in on the
// same days. Of the one all facts are recorded before anything is decided, of the other some only after one approval or both, and some at first
// wrongly. What was approved of both makes the same ledger.
func TestFactsInAnyOrderMakeTheSameLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 41)
	w.on(calendar.MustDate("2023-01-01"))
	const rounds = 120
	compared, twice := 0, 0
	for range rounds {
		facts := w.drawFacts()
		months := []int{2 + w.random.IntN(4), 6 + w.random.IntN(8)} // of the applications
		late := []int{1 + w.random.IntN(len(facts)), w.random.IntN(len(facts) + 1)}
		one, given := w.lived(facts, months, []int{0, 0})
		other, also := w.lived(facts, months, late)
		if !also[0] || !given[0] || given[1] && !also[1] {
			continue // refused to one of them for what was recorded then
		}
		compared++
		if also[1] {
			twice++
		}
		if a, b := w.owedByMonth(one), w.owedByMonth(other); a != b {
			t.Fatalf("%d of %v recorded after the approvals\nbefore: %s\nafter:  %s", late, facts, a, b)
		}
	}
	if t.Logf("%d compared, %d approved twice", compared, twice); compared < rounds/4 || twice < 10 {
		t.Error("the lives show little")
	}
}

// span is days of 低保.
type span struct{ from, to calendar.Date }

func (s span) String() string { return s.from.String() + " to " + s.to.String() }

// mistaken is a span as somebody might record it at first: it reaches no other one.
func (w *world) mistaken(s span) span {
	return span{s.from.Add(w.random.IntN(15) - 9), s.to.Add(9 - w.random.IntN(15))}
}

func (w *world) drawFacts() (list []span) {
	day := calendar.MustDate("2022-10-01")
	for range 2 + w.random.IntN(3) {
		from := day.Add(25 + w.random.IntN(75))
		day = from.Add(20 + w.random.IntN(150))
		list = append(list, span{from, day})
	}
	w.random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// lived registers somebody, hands two applications in, and records the facts, the last late[i] of them after the i-th decision.
func (w *world) lived(facts []span, months, late []int) (person uuid.UUID, approved [2]bool) {
	w.t.Helper()
	ctx := w.t.Context()
	w.on(calendar.MustDate("2023-01-01"))
	person = w.certified()
	recorded, wrong := 0, map[uuid.UUID]span{}
	record := func(upTo int, surely bool) {
		for ; recorded < upTo; recorded++ {
			f := facts[recorded]
			if !surely && w.chance(50) {
				f = w.mistaken(f)
			}
			fact, err := w.desk.AddCircumstance(ctx, w.sender, person, casework.NewCircumstance{Kind: "dibao", Value: json.RawMessage("true"), ValidFrom: f.from, ValidTo: f.to, Source: "随机"})
			if err != nil {
				w.t.Fatal(err)
			}
			if f != facts[recorded] {
				wrong[fact.ID] = facts[recorded]
			}
		}
	}
	for i, month := range months {
		on := calendar.MustMonth("2023-01").Add(month).First().Add(7)
		w.on(on)
		c, err := w.desk.EnterApplication(ctx, w.maker, casework.NewApplication{PersonID: person, Programme: "living_allowance", AppliedOn: on, Applicant: application.Applicant{Relation: "self"}})
		if err == nil {
			c, err = w.desk.SubmitApplication(ctx, w.maker, c.ID, c.Version)
		}
		if err == nil {
			w.on(on.Add(20))
			record(len(facts)-late[i], late[0] == 0)
			approved[i] = w.decided(c)
		}
		if _, isFault := fault.Of(err); err != nil && !isFault {
			w.t.Fatal(err)
		}
	}
	record(len(facts), true)
	for id, f := range wrong {
		if _, err := w.desk.CorrectCircumstance(ctx, w.sender, id, 1, casework.Correction{ValidFrom: &f.from, ValidTo: &f.to, Source: "随机", Reason: "更正"}); err != nil {
			w.t.Fatal(err)
		}
	}
	w.on(calendar.MustDate("2025-06-10"))
	return person, approved
}

func (w *world) decided(c store.Case) bool {
	w.t.Helper()
	_, err := w.desk.DecideApplication(w.t.Context(), w.checker, c.ID, c.Version, application.Ruling{Decision: "approve"})
	if err == nil {
		return true
	}
	if _, isFault := fault.Of(err); !isFault {
		w.t.Fatal(err)
	}
	if _, err := w.desk.WithdrawApplication(w.t.Context(), w.maker, c.ID, c.Version, "随机"); err != nil {
		w.t.Fatal(err)
	}
	return false
}

// certified registers somebody of level 1 with a card that is valid for years.
func (w *world) certified() uuid.UUID {
	w.t.Helper()
	number := w.number(calendar.MustDate("1970-01-01"))
	d, err := w.desk.CreatePerson(w.t.Context(), w.maker, casework.NewPerson{Name: fmt.Sprintf("测试%d", w.born), IDNumber: number, Hukou: worldVillages[0], HukouType: "agricultural",
		Certificate: &casework.NewCertificate{Number: number + "41", Category: 4, Level: 1, IssuedOn: calendar.MustDate("2020-01-01")}})
	if err != nil {
		w.t.Fatal(err)
	}
	return d.File.Person.ID
}

// owedByMonth is the account of somebody in one line.
func (w *world) owedByMonth(person uuid.UUID) (line string) {
	w.t.Helper()
	rows, err := w.desk.DB.Ledger(w.t.Context(), access.SystemActor(), person, calendar.MustMonth("2025-06"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range rows {
		line += fmt.Sprintf("%s %d; ", r.Month, r.Due)
	}
	return line
}
