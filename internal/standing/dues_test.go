package standing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/ledger"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
)

// rates are copied from the field's documents, in fen a month: living allowance by level, then nursing subsidy.
var rates = []struct {
	from            string
	living, nursing [5]int64
}{
	{"2016-01", [5]int64{0, 8000, 8000, 8000, 8000}, [5]int64{0, 8000, 8000}},
	{"2020-01", [5]int64{0, 14700, 14700, 11900, 11900}, [5]int64{0, 13200, 11500}},
	{"2021-01", [5]int64{0, 16200, 16200, 13100, 13100}, [5]int64{0, 14600, 12700}},
	{"2022-01", [5]int64{0, 18000, 18000, 14500, 14500}, [5]int64{0, 16100, 14000}},
	{"2023-01", [5]int64{0, 18500, 18500, 14500, 14500}, [5]int64{0, 16700, 14000}},
}

func rate(programme string, level int, m calendar.Month) (fen int64) {
	for _, r := range rates {
		if !calendar.MustMonth(r.from).After(m) {
			if fen = r.living[level]; programme == policy.NursingSubsidy {
				fen = r.nursing[level]
			}
		}
	}
	return fen
}

// levelIn is the level of the first good day of a month.
func (o oracle) levelIn(programme string, m calendar.Month) int {
	for day := m.First(); !day.After(m.Last()); day = day.Add(1) {
		if o.eligible(programme, day) {
			level, _ := o.card(day)
			return level
		}
	}
	return 0
}

// due is what one month is worth, looking at nothing but that month, which award has it and whether the right had lasted until then. While a right
// is suspended nothing is paid, neither a month in which the conditions held nor one that was granted.
func (o oracle) due(programme string, m calendar.Month, paid map[calendar.Month]bool, has map[calendar.Month]uuid.UUID) int64 {
	if !o.verified(programme, m) {
		return 0
	}
	level := 0
	if paid[m] {
		level = o.levelIn(programme, m)
	}
	for _, a := range o.awards {
		if a.ID != has[m] {
			continue
		}
		if m.Before(a.OwedFrom) {
			return 0
		}
		for _, s := range a.Suspensions {
			if !m.Before(s.From) && (s.To.IsZero() || !m.After(s.To) && !s.BackPay) {
				return 0
			}
		}
		for _, g := range a.Grants {
			if lasted, known := paid[m]; g.Month == m && known && !lasted && o.holdsWith(g.Level, programme, m) { // the right runs, only the card does not
				level = g.Level
			}
		}
	}
	if level == 0 {
		return 0
	}
	return rate(programme, level, m)
}

// holdsWith reports whether with the next card, at a level, the conditions would hold on some day of a month.
func (o oracle) holdsWith(level int, programme string, m calendar.Month) bool {
	category := 0
	for _, c := range slices.Backward(o.file.Certificates) {
		if category == 0 || c.IssuedOn.Month().After(m) {
			category = c.Category
		}
	}
	for day := m.First(); !day.After(m.Last()); day = day.Add(1) {
		if o.local(day) && o.conditions(programme, day, level, category) {
			return true
		}
	}
	return false
}

// asking is the pack with windows of re-verification inside the histories of these tests.
var asking = func() *policy.Pack {
	p, err := policy.Load([]byte(strings.Replace(string(policy.Builtin), "since: 2027", "since: 2018", 1)))
	if err != nil {
		panic(err)
	}
	return p
}()

// verified asks of every window that was over before a month, and in which the conditions held on some day, whether somebody has verified
// since it began, and of every verification that failed before it whether a later one has not.
func (o oracle) verified(programme string, m calendar.Month) bool {
	passedSince := func(day calendar.Date) bool {
		for _, v := range o.file.Verifications {
			if v.Passed && !v.On.Before(day) {
				return true
			}
		}
		return false
	}
	for year := 2018; calendar.MustMonth(fmt.Sprintf("%d-06", year)).Before(m); year++ {
		asked := false
		for month := range 3 {
			asked = asked || o.levelIn(programme, calendar.NewMonth(year, time.Month(4+month))) > 0
		}
		if asked && !passedSince(calendar.MustDate(fmt.Sprintf("%d-04-01", year))) {
			return false
		}
	}
	for _, v := range o.file.Verifications {
		if !v.Passed && v.On.Month().Before(m) && !passedSince(v.On) {
			return false
		}
	}
	return true
}

// drawVerifications draws up to one a day; two on one day would need their order.
func drawVerifications(t *rapid.T, file *casefile.File) {
	day := calendar.MustDate("2018-03-01")
	for range rapid.IntRange(0, 12).Draw(t, "verifications") {
		day = day.Add(rapid.IntRange(1, 500).Draw(t, "days between verifications"))
		file.Verifications = append(file.Verifications, casefile.Verification{On: day, Passed: rapid.IntRange(0, 3).Draw(t, "outcome") > 0})
	}
}

func TestDuesEqualMonthByMonth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		file, awards := history(t)
		for i := range awards {
			drawInterruptions(t, &awards[i])
		}
		drawVerifications(t, &file)
		wantDues(t, file, awards)
	})
}

// TestDuesFollowTheCard is TestDuesEqualMonthByMonth for people of whom nothing changes but the card, and where they live for some days.
func TestDuesFollowTheCard(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		file := casefile.File{Person: casefile.Person{ID: uuid.UUID{1}, BirthDate: calendar.MustDate("1970-01-01")}}
		drawCertificates(t, &file, func(string) calendar.Date { return firstDay.Add(rapid.IntRange(0, 1000).Draw(t, "first card")) })
		left := firstDay.Add(rapid.IntRange(0, 2000).Draw(t, "moves out"))
		back := left.Add(rapid.IntRange(1, 40).Draw(t, "days away"))
		addFact(&file, casefile.HukouArea, `"370305001005"`, file.Person.BirthDate, left)
		addFact(&file, casefile.HukouArea, `"110105001"`, left.Add(1), back)
		addFact(&file, casefile.HukouArea, `"370305111245"`, back.Add(1), calendar.Date{})
		addFact(&file, casefile.ManagingArea, `"370305001005"`, file.Person.BirthDate, calendar.Date{})
		addFact(&file, "dibao", `true`, file.Person.BirthDate, calendar.Date{})
		var awards []award.Award
		for i, programme := range []string{policy.LivingAllowance, policy.NursingSubsidy} {
			applied := firstDay.Add(rapid.IntRange(0, 1500).Draw(t, "applied"))
			awards = append(awards, award.Award{ID: uuid.UUID{3, byte(i)}, Programme: programme, AppliedOn: applied, StartMonth: applied.Month()})
		}
		passed := casefile.Verification{On: calendar.MustDate("2026-06-30"), Passed: true}
		file.Verifications = append(file.Verifications, passed)
		wantDues(t, file, awards)
	})
}

// wantDues compares what is owed with the oracle, month by month.
func wantDues(t *rapid.T, file casefile.File, awards []award.Award) {
	reading, err := standing.Read(file, awards, asking)
	if err != nil {
		t.Fatal(err)
	}
	dues := ledger.Dues(reading)
	o := oracle{file, awards}
	for _, programme := range []string{policy.LivingAllowance, policy.NursingSubsidy} {
		paid, has := o.paid(programme), map[calendar.Month]uuid.UUID{}
		o.walk(programme, func(a award.Award, m calendar.Month, _ bool) { has[m] = a.ID })
		for m := firstDay.Month(); m.Before(lastMonth); m = m.Add(1) {
			got, at := dueIn(t, dues, programme, m)
			if want := o.due(programme, m, paid, has); got != want {
				t.Fatalf("%s in %s: %d fen, want %d", programme, m, got, want)
			}
			if managing, _ := o.lasting(casefile.ManagingArea, m.First(), false); got > 0 && at != managing {
				t.Fatalf("%s in %s is paid by %s, want %s", programme, m, at, managing)
			}
		}
	}
}

func drawInterruptions(t *rapid.T, a *award.Award) {
	month := func(label string) calendar.Month { return a.StartMonth.Add(rapid.IntRange(0, 40).Draw(t, label)) }
	for range rapid.IntRange(0, 2).Draw(t, "suspended") { // one may reach over another that is over
		s := award.Suspension{From: month("from"), BackPay: rapid.Bool().Draw(t, "back pay")}
		if rapid.Bool().Draw(t, "resumed") {
			s.To = s.From.Add(rapid.IntRange(0, 5).Draw(t, "months suspended"))
		}
		a.Suspensions = append(a.Suspensions, s)
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "grants") {
		g := award.Grant{ID: uuid.UUID{byte(i)}, Month: month("granted"), Level: rapid.IntRange(1, 2).Draw(t, "granted level")}
		if i == 0 || a.Grants[0].Month != g.Month { // a month is granted once; the database sees to it
			a.Grants = append(a.Grants, g)
		}
	}
	if a.Basis == "" && rapid.IntRange(0, 3).Draw(t, "taken over") == 0 {
		a.OwedFrom = month("owed from")
	}
}

// dueIn is what the dues say of a month, which must be one thing.
func dueIn(t rapid.TB, dues []ledger.Due, programme string, m calendar.Month) (fen int64, at string) {
	found := 0
	for _, d := range dues {
		if d.Programme == programme && !m.Before(d.From) && (d.To.IsZero() || !m.After(d.To)) {
			fen, at = int64(d.Amount), string(d.Area)
			found++
		}
	}
	if found > 1 {
		t.Fatal(fmt.Sprintf("%s in %s is owed %d times", programme, m, found))
	}
	return fen, at
}

// TestWhoIsNotAsked: somebody whose card is not good on any day of a window is not suspended for not being verified in it, somebody who
// renews it inside the window is; and what was found before an award was decided does not stop it.
func TestWhoIsNotAsked(t *testing.T) {
	t.Parallel()
	date, month := calendar.MustDate, calendar.MustMonth
	for _, tt := range []struct {
		name, renewed string
		recorded      string
		failed        string
		paid, unpaid  string
	}{
		{"renewed inside the window", "2018-05-10", "2017-01-10", "", "2018-06", "2018-07"},
		{"renewed behind the window", "2018-07-10", "2017-01-10", "", "2019-06", "2019-07"},
		{"found wanting under an earlier award", "2018-03-21", "2018-09-10", "2018-05-10", "2018-09", "2018-08"},
		{"found wanting under this one", "2018-03-21", "2018-05-10", "2018-08-10", "2018-08", "2018-09"},
	} {
		file := casefile.File{Person: casefile.Person{ID: uuid.UUID{1}, BirthDate: date("1970-01-01")}}
		file.Certificates = []casefile.Certificate{{ID: uuid.UUID{2}, Category: 4, Level: 1, IssuedOn: date("2015-01-01"), ExpiresOn: date("2018-03-20"), HeldTo: date(tt.renewed).Add(-1)},
			{ID: uuid.UUID{3}, Category: 4, Level: 1, IssuedOn: date(tt.renewed), ExpiresOn: date("2027-12-31")}}
		addFact(&file, casefile.HukouArea, `"370305001005"`, file.Person.BirthDate, calendar.Date{})
		addFact(&file, casefile.ManagingArea, `"370305001005"`, file.Person.BirthDate, calendar.Date{})
		if tt.failed != "" {
			file.Verifications = []casefile.Verification{{On: date(tt.failed)}}
		}
		recorded, err := time.Parse(time.DateOnly, tt.recorded)
		if err != nil {
			t.Fatal(err)
		}
		a := award.Award{ID: uuid.UUID{4}, PersonID: uuid.UUID{1}, Programme: policy.NursingSubsidy, StartMonth: date(tt.recorded).Month(), OwedFrom: date(tt.recorded).Month(), RecordedAt: recorded}
		reading, err := standing.Read(file, []award.Award{a}, asking)
		if err != nil {
			t.Fatal(err)
		}
		dues := ledger.Dues(reading)
		if fen, _ := dueIn(t, dues, policy.NursingSubsidy, month(tt.paid)); fen == 0 {
			t.Errorf("%s: %s is not paid", tt.name, tt.paid)
		}
		if fen, _ := dueIn(t, dues, policy.NursingSubsidy, month(tt.unpaid)); fen != 0 {
			t.Errorf("%s: %s is paid", tt.name, tt.unpaid)
		}
	}
}
