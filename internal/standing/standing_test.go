package standing_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"zhucan/internal/area"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
)

var (
	pack      = policy.MustLoadBuiltin()
	firstDay  = calendar.MustDate("2016-01-01")
	daysDrawn = 365 * 8
)

// derive is the whole timeline of one person for every indicator of the pack.
func derive(file casefile.File, awards []award.Award, pack *policy.Pack) ([]standing.Interval, error) {
	r, err := standing.Read(file, awards, pack)
	if err != nil {
		return nil, err
	}
	return r.Standings(policy.Everything), nil
}

// history is a random file. Days are drawn close together, so that changes meet in one month, often on the first.
func history(t *rapid.T) (casefile.File, []award.Award) {
	day := func(label string) calendar.Date {
		d := firstDay.Add(rapid.IntRange(0, daysDrawn).Draw(t, label))
		if rapid.IntRange(0, 4).Draw(t, label+" on the first") == 0 {
			return d.Month().First()
		}
		return d
	}
	file := casefile.File{Person: casefile.Person{ID: uuid.UUID{1}, Sex: "male", BirthDate: calendar.MustDate("1970-01-01")}}
	drawCertificates(t, &file, day)
	drawPlaces(t, &file, day)
	for _, kind := range []string{"dibao", "tekun", "orphan_support", "injury_care_fee", "imprisonment"} {
		drawIntervals(t, &file, kind, day)
	}
	if rapid.IntRange(0, 3).Draw(t, "dies") == 0 {
		addFact(&file, "death", `true`, day("death"), calendar.Date{})
	}
	var awards []award.Award
	for i, programme := range []string{policy.LivingAllowance, policy.NursingSubsidy} {
		awards = append(awards, drawAwards(t, byte(i), programme, day("start").Month())...)
	}
	return file, awards
}

// drawAwards draws awards that follow one another, as their months do not overlap. An application may count from a month of those before.
func drawAwards(t *rapid.T, id byte, programme string, from calendar.Month) (list []award.Award) {
	for i := range rapid.IntRange(0, 3).Draw(t, "awards "+programme) {
		a := award.Award{ID: uuid.UUID{3, id, byte(i)}, Programme: programme, StartMonth: from, Void: rapid.IntRange(0, 7).Draw(t, "void") == 0}
		asked := from
		if rapid.Bool().Draw(t, "applied for") {
			asked = from.Add(-rapid.IntRange(0, 12).Draw(t, "months before"))
			a.Basis, a.OwedFrom = award.FromApplication, asked
		}
		a.AppliedOn = asked.First().Add(rapid.IntRange(0, 27).Draw(t, "applied on"))
		ends := rapid.IntRange(0, 2).Draw(t, "ends") > 0
		if ends {
			a.EndMonth = from.Add(rapid.IntRange(0, 30).Draw(t, "months"))
			a.EndReason = rapid.SampledFrom([]string{"本人自愿", award.Succeeded}).Draw(t, "why")
		}
		switch list = append(list, a); {
		case a.Void: // stands in nobody's way
		case !ends:
			return list
		default:
			from = a.EndMonth.Add(rapid.IntRange(1, 3).Draw(t, "months between"))
		}
	}
	return list
}

// drawCertificates draws cards that follow each other, often soon after something has happened to the one before, now and then before it.
func drawCertificates(t *rapid.T, file *casefile.File, day func(string) calendar.Date) {
	issued := day("issue")
	for i := range rapid.IntRange(0, 3).Draw(t, "cards") {
		c := casefile.Certificate{ID: uuid.UUID{2, byte(i)}, Category: rapid.IntRange(1, 6).Draw(t, "category"), Level: rapid.IntRange(1, 4).Draw(t, "level"),
			IssuedOn: issued, ExpiresOn: issued.Add(rapid.IntRange(0, 2000).Draw(t, "valid for"))}
		if i > 0 {
			file.Certificates[i-1].HeldTo = issued.Add(-1)
		}
		file.Certificates = append(file.Certificates, c)
		at := issued
		for _, event := range []string{"FREEZE", "UNFREEZE", "CANCEL"} {
			if rapid.IntRange(0, 2).Draw(t, event) > 0 {
				continue
			}
			at = at.Add(rapid.IntRange(0, 200).Draw(t, "days to event"))
			e := casefile.CertificateEvent{CertificateID: c.ID, Event: event, On: at}
			if event == "CANCEL" {
				e.CancelReason = rapid.SampledFrom([]string{"RECOVERED", "EXPIRED_6M", "DUPLICATE"}).Draw(t, "why")
			}
			file.Events = append(file.Events, e)
		}
		next := at.Add(rapid.IntRange(0, 40).Draw(t, "days to the next card"))
		if rapid.Bool().Draw(t, "some other day") {
			next = issued.Add(rapid.IntRange(0, 1500).Draw(t, "held for"))
		}
		if first := next.Month().First(); first.After(issued) && rapid.IntRange(0, 4).Draw(t, "next on the first") == 0 {
			next = first
		}
		if issued = issued.Add(1); next.After(issued) {
			issued = next
		}
	}
}

func drawPlaces(t *rapid.T, file *casefile.File, day func(string) calendar.Date) {
	moved, managed := day("moves out"), day("file moves")
	addFact(file, casefile.HukouArea, `"370305001005"`, file.Person.BirthDate, moved)
	if rapid.Bool().Draw(t, "comes back") {
		back := moved.Add(rapid.IntRange(1, 60).Draw(t, "days away"))
		addFact(file, casefile.HukouArea, `"110105001"`, moved.Add(1), back)
		addFact(file, casefile.HukouArea, `"370305111245"`, back.Add(1), calendar.Date{})
	}
	addFact(file, casefile.ManagingArea, `"370305001005"`, file.Person.BirthDate, managed)
	addFact(file, casefile.ManagingArea, `"370305001009"`, managed.Add(1), calendar.Date{})
}

func drawIntervals(t *rapid.T, file *casefile.File, kind string, day func(string) calendar.Date) {
	for i := range rapid.IntRange(0, 2).Draw(t, kind) {
		from := day(kind + " from")
		if i == 1 {
			from = firstDay.Add(daysDrawn + 100)
		}
		addFact(file, kind, `true`, from, from.Add(rapid.IntRange(0, 90).Draw(t, kind+" days")))
	}
}

func addFact(file *casefile.File, kind, raw string, from, to calendar.Date) {
	k, _ := casefile.KindOf(kind)
	value, err := casefile.ParseValue(k, json.RawMessage(raw))
	if err != nil {
		panic(err)
	}
	file.Circumstances = append(file.Circumstances, casefile.Circumstance{Kind: kind, Value: value, ValidFrom: from, ValidTo: to})
}

// oracle answers for one day by looking at the bare records. It is written from the rules' text, day by day, and calls
// nothing of what it checks.
type oracle struct {
	file   casefile.File
	awards []award.Award
}

// lasting reports whether a fact of a kind holds. Kinds that begin by an event let the event's own day pass.
func (o oracle) lasting(kind string, day calendar.Date, eventual bool) (sort string, holds bool) {
	for _, c := range o.file.Circumstances {
		from := c.ValidFrom
		if eventual {
			from = from.Add(1)
		}
		if c.Kind == kind && !day.Before(from) && (c.ValidTo.IsZero() || !day.After(c.ValidTo)) {
			return c.Value.Sort, true
		}
	}
	return "", false
}

// card is the level of a card that is valid on a day, or 0. A card issued on the first counts from the second, if there was a good one.
func (o oracle) card(day calendar.Date) (level int, category int) {
	if _, _, d := day.YMD(); d == 1 {
		for _, c := range o.file.Certificates {
			if c.HeldTo == day.Add(-1) && !c.IssuedOn.After(c.HeldTo) && !day.After(c.ExpiresOn) && (o.alive(c.ID, day.Add(-1)) || o.alive(c.ID, day)) && o.issuedOn(day) {
				return c.Level, c.Category
			}
		}
	}
	for _, c := range o.file.Certificates {
		if day.Before(c.IssuedOn) || !c.HeldTo.IsZero() && day.After(c.HeldTo) || day.After(c.ExpiresOn) {
			continue
		}
		// the day belongs to the better of what was before its events and what is after them
		for _, upTo := range []calendar.Date{day.Add(-1), day} {
			if o.alive(c.ID, upTo) {
				return c.Level, c.Category
			}
		}
	}
	return 0, 0
}

func (o oracle) issuedOn(day calendar.Date) bool {
	return slices.ContainsFunc(o.file.Certificates, func(c casefile.Certificate) bool { return c.IssuedOn == day })
}

// alive replays the events of a card.
func (o oracle) alive(card uuid.UUID, upTo calendar.Date) bool {
	frozen, cancelled := false, false
	for _, e := range o.file.Events {
		if e.CertificateID != card || e.On.After(upTo) {
			continue
		}
		switch e.Event {
		case "FREEZE":
			frozen = true
		case "UNFREEZE":
			frozen = false
		case "CANCEL":
			cancelled = true
		}
	}
	return !frozen && !cancelled
}

func (o oracle) inPopulation(day calendar.Date) bool {
	level, _ := o.card(day)
	return level > 0 && o.local(day)
}

// local: alive, with hukou in the district.
func (o oracle) local(day calendar.Date) bool {
	for _, c := range o.file.Circumstances {
		if c.Kind == "death" && day.After(c.ValidFrom) {
			return false
		}
	}
	hukou, _ := o.lasting(casefile.HukouArea, day, false)
	return len(hukou) >= 6 && hukou[:6] == "370305"
}

func (o oracle) eligible(programme string, day calendar.Date) bool {
	level, category := o.card(day)
	return o.inPopulation(day) && o.conditions(programme, day, level, category)
}

// conditions are all but those of the card's validity and of being alive and local.
func (o oracle) conditions(programme string, day calendar.Date, level, category int) bool {
	if day.Before(firstDay) {
		return false
	}
	_, tekun := o.lasting("tekun", day, false)
	_, injury := o.lasting("injury_care_fee", day, false)
	_, prison := o.lasting("imprisonment", day, true)
	if tekun || injury || prison {
		return false
	}
	before2017 := day.Before(calendar.MustDate("2017-01-01"))
	if programme == policy.NursingSubsidy {
		if before2017 && (category == 2 || category == 3 || category == 7) {
			return false
		}
		return level <= 2
	}
	_, dibao := o.lasting("dibao", day, false)
	_, orphan := o.lasting("orphan_support", day, false)
	return dibao && !orphan && (!before2017 || level <= 2)
}

// interrupted reports whether on a day nothing stands in the way but a card that has run out or is frozen.
func (o oracle) interrupted(programme string, day calendar.Date) bool {
	if !o.local(day) {
		return false
	}
	for _, c := range o.file.Certificates {
		if day.Before(c.IssuedOn) || !c.HeldTo.IsZero() && day.After(c.HeldTo) {
			continue
		}
		for _, e := range o.file.Events {
			if e.CertificateID == c.ID && e.Event == "CANCEL" && e.On.Before(day) {
				return false
			}
		}
		return o.conditions(programme, day, c.Level, c.Category)
	}
	return false
}

// month says of a month whether some day is good, and whether it ends a right: somebody who is out of the conditions and back within a month
// has not been out of them (M18), and that the card has run out or is frozen meanwhile makes no difference (M11).
func (o oracle) month(programme string, month calendar.Month) (good, ends bool) {
	ends = true
	for day := month.First(); !day.After(month.Last()); day = day.Add(1) {
		good = good || o.eligible(programme, day)
		ends = ends && !o.eligible(programme, day) && !o.interrupted(programme, day)
	}
	return good, ends
}

// cancelled reports whether in a month the card is cancelled which somebody holds who has applied: the old right has ended then, also if another
// card is issued at once (M15). One of two cards that is taken back because there may be only one (一人一证) ends nothing.
func (o oracle) cancelled(a award.Award, month calendar.Month) bool {
	for _, e := range o.file.Events {
		if e.Event != "CANCEL" || e.CancelReason == "DUPLICATE" || e.On.Month() != month || e.On.Before(a.AppliedOn) {
			continue
		}
		held := uuid.UUID{}
		for _, c := range o.file.Certificates { // in order of their issue
			if c.IssuedOn.Before(e.On) || c.ID == e.CertificateID {
				held = c.ID
			}
		}
		if held == e.CertificateID {
			return true
		}
	}
	return false
}

// paid walks the months of each award, from its first good month to the first that ends it: false is a month in which
// the right runs and is only interrupted.
func (o oracle) paid(programme string) map[calendar.Month]bool {
	paid := map[calendar.Month]bool{}
	o.walk(programme, func(_ award.Award, m calendar.Month, good bool) { paid[m] = good })
	return paid
}

// walk goes through the months of each award. One that was applied for begins with the first good month from the application on, another when the
// list says, and each after all months of those before it.
func (o oracle) walk(programme string, visit func(a award.Award, m calendar.Month, good bool)) {
	var over calendar.Month
	for _, a := range o.awards {
		if a.Programme != programme || a.Void {
			continue
		}
		m, started := a.StartMonth, false
		if a.Basis == award.FromApplication {
			m = a.OwedFrom
		}
		for !m.After(over) {
			m = m.Add(1)
		}
		end := a.EndMonth
		if ends := o.firstEnd(a, m); a.EndReason == award.Succeeded && end.Before(ends) { // it had not ended when the next one was given
			end = ends
		}
		for ; m.Before(lastMonth) && (end.IsZero() || !m.After(end)); m = m.Add(1) {
			good, ends := o.month(programme, m)
			started = started || good
			if started && ends {
				break
			}
			if started {
				visit(a, m, good)
				over = m
			}
			if started && o.cancelled(a, m) {
				break
			}
		}
	}
}

// firstEnd is the first month that ends an award that begins with the first good month from one on; zero where none does, or where it has not
// begun by the month with which it was ended.
func (o oracle) firstEnd(a award.Award, m calendar.Month) calendar.Month {
	for started := false; m.Before(lastMonth) && (started || !m.After(a.EndMonth)); m = m.Add(1) {
		good, ends := o.month(a.Programme, m)
		if started = started || good; started && (ends || o.cancelled(a, m)) {
			return m
		}
	}
	return calendar.Month{}
}

var lastMonth = firstDay.Add(daysDrawn + 400).Month()

func (o oracle) status(day calendar.Date, good, paid bool) standing.Status {
	switch {
	case !o.inPopulation(day):
		return 0
	case !good:
		return standing.Excluded
	case paid:
		return standing.Covered
	}
	return standing.Gap
}

func TestDeriveEqualsDayByDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		file, awards := history(t)
		timeline, err := derive(file, awards, pack)
		if err != nil {
			t.Fatal(err)
		}
		o := oracle{file, awards}
		for _, def := range pack.Indicators {
			if def.Programme == "" || def.Variant != "" {
				continue
			}
			month, good, paid := calendar.Month{}, false, o.paid(def.Programme)
			for day := firstDay; day.Before(firstDay.Add(daysDrawn + 200)); day = day.Add(1) {
				if day.Month() != month {
					month = day.Month()
					good, _ = o.month(def.Programme, month)
				}
				managing, _ := o.lasting(casefile.ManagingArea, day, false)
				got, at := statusOn(timeline, def.ID, day)
				if want := o.status(day, good, paid[month]); got != want || got != 0 && string(at) != managing {
					t.Fatalf("%s on %s: %d in %s, want %d in %s", def.ID, day, got, at, want, managing)
				}
			}
		}
	})
}

func statusOn(timeline []standing.Interval, indicator string, day calendar.Date) (standing.Status, area.Code) {
	for _, i := range timeline {
		if i.Indicator == indicator && i.Days.Contains(day) {
			return i.Status, i.Area
		}
	}
	return 0, ""
}

func TestTimelineIsTidy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		file, awards := history(t)
		timeline, err := derive(file, awards, pack)
		if err != nil {
			t.Fatal(err)
		}
		for n := 1; n < len(timeline); n++ {
			a, b := timeline[n-1], timeline[n]
			if a.Indicator != b.Indicator {
				continue
			}
			if a.Days.To.IsZero() || !a.Days.To.Before(b.Days.From) {
				t.Fatalf("%s and %s overlap", a.Days, b.Days)
			}
			days := b.Days
			b.Days = a.Days
			if a == b && a.Days.To.Add(1) == days.From {
				t.Fatalf("%s and %s are one stretch", a.Days, days)
			}
		}
		shuffled := file
		shuffled.Circumstances = slices.Clone(file.Circumstances)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled.Circumstances), func(i, j int) {
			shuffled.Circumstances[i], shuffled.Circumstances[j] = shuffled.Circumstances[j], shuffled.Circumstances[i]
		})
		again, err := derive(shuffled, awards, pack)
		if diff := cmp.Diff(fmt.Sprint(timeline), fmt.Sprint(again)); err != nil || diff != "" {
			t.Fatalf("the order of facts matters: %v %s", err, diff)
		}
	})
}

func BenchmarkDerive(b *testing.B) {
	file, awards := rapid.Custom(func(t *rapid.T) casefile.File { f, _ := history(t); return f }).Example(3), []award.Award(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := derive(file, awards, pack); err != nil {
			b.Fatal(err)
		}
	}
}
