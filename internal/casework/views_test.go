package casework_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/indicator"
	"zhucan/internal/store"
)

// holder enters somebody with a severe physical disability who is managed in a village.
func (w *world) holder(at area.Code) uuid.UUID {
	w.t.Helper()
	number := w.number(calendar.MustDate("1970-05-01"))
	d, err := w.desk.CreatePerson(w.t.Context(), w.maker, casework.NewPerson{Name: "金丝雀", IDNumber: number, Hukou: at, HukouType: "agricultural",
		Certificate: &casework.NewCertificate{Number: number + "41", Category: 4, Level: 1, IssuedOn: calendar.MustDate("2016-01-06"), ExpiresOn: calendar.MustDate("2035-01-05")}})
	if err != nil {
		w.t.Fatal(err)
	}
	return d.File.Person.ID
}

// settled founds a household of one person, since 2016.
func (w *world) settled(at area.Code, person uuid.UUID) uuid.UUID {
	w.t.Helper()
	h, err := w.desk.CreateHousehold(w.t.Context(), w.sender, casework.NewHousehold{Area: at, Members: []casework.NewMember{{PersonID: person, Relation: "head", From: calendar.MustDate("2016-02-01")}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return h.Household.ID
}

// learned records a fact of a person, from 2017 on.
func (w *world) learned(person uuid.UUID, kind, value string) {
	w.t.Helper()
	w.pass()
	_, err := w.desk.AddCircumstance(w.t.Context(), w.sender, person, casework.NewCircumstance{Kind: kind, Value: quoted(value), ValidFrom: calendar.MustDate("2017-01-01"), Source: "民政"})
	if err != nil {
		w.t.Fatal(err)
	}
}

// listed puts the dwelling of a household on the stock list of dangerous houses in 2017.
func (w *world) listed(household uuid.UUID) {
	w.t.Helper()
	_, err := w.desk.AddHouseholdCircumstance(w.t.Context(), w.sender, household, casework.NewCircumstance{Kind: "dangerous_house", Value: quoted("C"), ValidFrom: calendar.MustDate("2017-01-01"), Source: "住建"})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wantCount(key, at, on string, want indicator.Count) {
	w.t.Helper()
	if got := w.values(key, area.Code(at), store.ByNone, store.Moment{On: calendar.MustDate(on)})[at]; got != want {
		w.t.Errorf("%s in %s on %s: %+v, want %+v", key, at, on, got, want)
	}
}

const villageOne, villageTwo = "370305001005", "370305001009"

// TestHouseholdBeforeTheRegisterKnewIt: a household that moves was where it moves from also in the years before it was entered;
// last year's number of a village does not move along.
func TestHouseholdBeforeTheRegisterKnewIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	home := w.settled(villageOne, w.holder(villageOne))
	w.listed(home)
	one, nobody := indicator.Count{Gap: 1}, indicator.Count{}
	w.wantCount("dangerous_house_conversion", villageOne, "2019-12-31", one)
	w.on(calendar.MustDate("2022-03-01"))
	if _, err := w.desk.MoveHousehold(w.t.Context(), w.sender, home, 1, villageTwo, nil, calendar.MustDate("2022-02-01")); err != nil {
		t.Fatal(err)
	}
	for on, want := range map[string][2]indicator.Count{"2019-12-31": {one, nobody}, "2021-12-31": {one, nobody}, "2022-01-31": {one, nobody}, "2022-02-01": {nobody, one}} {
		w.wantCount("dangerous_house_conversion", villageOne, on, want[0])
		w.wantCount("dangerous_house_conversion", villageTwo, on, want[1])
	}
}

// TestTakenOffTheList: who was taken off the list of registered poor as wrongly identified is not hard-up by it, nor is the
// household poor; who was exited was on it by right.
func TestTakenOffTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	for _, c := range []struct {
		sort string
		poor bool
		at   area.Code
	}{{"removed", false, villageOne}, {"exited", true, villageTwo}, {"yes", true, "370305100201"}} {
		person := w.holder(c.at)
		w.learned(person, "registered_poor", c.sort)
		w.listed(w.settled(c.at, person))
		var want indicator.Count
		if c.poor {
			want.Gap = 1
		}
		w.wantCount("medical_assistance_access", string(c.at), "2019-12-31", want)
		w.wantCount("dangerous_house_conversion@poor_only", string(c.at), "2019-12-31", want)
		w.wantCount("dangerous_house_conversion", string(c.at), "2019-12-31", indicator.Count{Gap: 1})
	}
}

// TestRetrofittedOnce: a home that was retrofitted stays so in the cumulative number, whatever becomes of a later retrofit.
func TestRetrofittedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	home := w.settled(villageOne, w.holder(villageOne))
	if err := w.altered(home, calendar.MustDate("2018-03-01"), 9, "accepted"); err != nil {
		t.Fatal(err)
	}
	w.wantCount("retrofit_coverage", villageOne, "2018-12-31", indicator.Count{Covered: 1})
	for _, way := range []string{"refused", "not alterable", "to be demolished", "moved"} {
		w.pass()
		if err := w.altered(home, calendar.MustDate("2020-06-01"), 9, way); err != nil {
			t.Fatal(err)
		}
		w.wantCount("retrofit_coverage", villageOne, "2020-12-31", indicator.Count{Covered: 1})
		w.wantCount("retrofit_coverage@all_severe", villageOne, "2020-12-31", indicator.Count{Covered: 1})
	}
	never := w.settled(villageTwo, w.holder(villageTwo))
	if err := w.altered(never, calendar.MustDate("2020-06-01"), 9, "refused"); err != nil {
		t.Fatal(err)
	}
	w.wantCount("retrofit_coverage", villageTwo, "2020-12-31", indicator.Count{Excluded: 1})
}

// TestLaterWriteWithAnEarlierTime: of two changes of one person the later may bear the earlier time, because it began first and
// waited, or because another machine's clock is behind. What was said in between stays said, and nobody is counted twice.
func TestLaterWriteWithAnEarlierTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4)
	person := w.holder(villageOne)
	w.settled(villageOne, person)
	w.pass()
	before := w.clock()
	w.learned(person, "tekun", "dispersed")
	said := w.clock()
	day := calendar.MustDate("2019-12-31")
	w.mu.Lock()
	w.now = said.Add(-30e9)
	w.mu.Unlock()
	_, err := w.desk.AddCircumstance(t.Context(), w.sender, person, casework.NewCircumstance{Kind: "death", Value: quoted("yes"), ValidFrom: calendar.MustDate("2018-01-01"), Source: "民政"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key   string
		known time.Time
		want  indicator.Count
	}{
		{"nursing_subsidy_coverage", before, indicator.Count{Gap: 1}}, {"nursing_subsidy_coverage", said.Add(-20e9), indicator.Count{Gap: 1}},
		{"nursing_subsidy_coverage", said, indicator.Count{Excluded: 1}}, {"nursing_subsidy_coverage", said.Add(1e9), indicator.Count{}}, {"nursing_subsidy_coverage", time.Time{}, indicator.Count{}},
		{"retrofit_coverage@all_severe", before, indicator.Count{Gap: 1}}, {"retrofit_coverage@all_severe", said.Add(1e9), indicator.Count{}},
	} {
		at := store.Moment{On: day, KnownAt: c.known}
		if got := w.values(c.key, villageOne, store.ByNone, at)[villageOne]; got != c.want {
			t.Errorf("%s as known at %s: %+v, want %+v", c.key, c.known, got, c.want)
		}
	}
}

// TestRebuildKnowsHouseholds: what is stored of households is compared with their facts, too, and made again.
func TestRebuildKnowsHouseholds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5)
	w.listed(w.settled(villageOne, w.holder(villageOne)))
	w.listed(w.settled(villageTwo, w.holder(villageTwo)))
	rebuilt := func(checkOnly bool, want int) {
		t.Helper()
		w.pass()
		if persons, differed, err := w.desk.RebuildStandings(t.Context(), access.SystemActor(), checkOnly); err != nil || persons != 2 || differed != want {
			t.Errorf("%d persons, %d differed (%v), want 2 and %d", persons, differed, err, want)
		}
	}
	rebuilt(true, 0)
	if _, err := w.owner().Exec(t.Context(), "UPDATE household_standings SET status = 1 WHERE area_code = $1", villageOne); err != nil {
		t.Fatal(err)
	}
	rebuilt(true, 1)
	w.wantCount("dangerous_house_conversion", villageOne, "2019-12-31", indicator.Count{Covered: 1})
	rebuilt(false, 1)
	rebuilt(true, 0)
	w.wantCount("dangerous_house_conversion", villageOne, "2019-12-31", indicator.Count{Gap: 1})
}
