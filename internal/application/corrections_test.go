package application_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
)

// TestNothingIsCorrectedUnderADecision: the day is put right while the village has it, and no longer once the village has passed it on.
func TestNothingIsCorrectedUnderADecision(t *testing.T) {
	t.Parallel()
	now := time.Date(2023, 3, 10, 4, 0, 0, 0, time.UTC)
	town, village := access.Actor{AccountID: uuid.UUID{1}, Role: access.TownOfficer}, access.Actor{AccountID: uuid.UUID{2}, Role: access.VillageLiaison}
	deputy := access.Actor{AccountID: uuid.UUID{3}, ActingFor: town.AccountID, Role: access.TownOfficer}
	a, err := application.Enter(uuid.UUID{9}, uuid.UUID{8}, "nursing_subsidy", calendar.MustDate("2022-03-01"), application.Applicant{Relation: "self"}, "", town, now)
	for _, step := range []func() error{func() error { return err }, func() error { return a.Submit(town, true, now) },
		func() error { return a.Correct(deputy, calendar.MustDate("2023-03-02"), "年份", now) }, func() error { return a.Correct(town, calendar.MustDate("2023-03-01"), "日期", now) }} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if a.Stage != application.Submitted || a.OwedFrom != calendar.MustDate("2023-03-01").Month() {
		t.Errorf("%s, owed from %s", a.Stage, a.OwedFrom)
	}
	if err := a.Correct(village, calendar.MustDate("2023-02-01"), "x", now); !fault.Is(err, "NOT_YOUR_ENTRY") {
		t.Errorf("the village corrects what it looks at: %v", err)
	}
	if err := a.Decide(village, application.Ruling{Decision: "approve"}, false, now); err != nil {
		t.Fatal(err)
	}
	if err := a.Correct(town, calendar.MustDate("2023-02-01"), "x", now); !fault.Is(err, "DECIDED_ON") {
		t.Errorf("after the village: %v", err)
	}
	if was := a.KnownAt(now.Add(-time.Second)); was.AppliedOn != calendar.MustDate("2022-03-01") {
		t.Errorf("before all of it the day was %s", was.AppliedOn)
	}
}

// TestKnownWhileReturned: what was put right of a returned application is known from then on, and it was returned when it was returned.
func TestKnownWhileReturned(t *testing.T) {
	t.Parallel()
	now := time.Date(2023, 3, 10, 4, 0, 0, 0, time.UTC)
	town, village := access.Actor{AccountID: uuid.UUID{1}, Role: access.TownOfficer}, access.Actor{AccountID: uuid.UUID{2}, Role: access.VillageLiaison}
	later := func(days int) time.Time { return now.AddDate(0, 0, days) }
	a, err := application.Enter(uuid.UUID{9}, uuid.UUID{8}, "nursing_subsidy", calendar.MustDate("2022-03-01"), application.Applicant{Relation: "self"}, "", village, now)
	for _, step := range []func() error{func() error { return err }, func() error { return a.Submit(village, true, now) },
		func() error {
			return a.Decide(town, application.Ruling{Decision: "return", Reason: "年份"}, false, later(1))
		},
		func() error { return a.Correct(village, calendar.MustDate("2023-03-01"), "年份", later(3)) }} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	for days, want := range map[int]string{2: "2022-03-01 2022-03 2023-03-11", 4: "2023-03-01 2023-03 2023-03-11"} {
		was := a.KnownAt(later(days))
		if got := was.AppliedOn.String() + " " + was.OwedFrom.String() + " " + was.ReturnedOn.String(); got != want {
			t.Errorf("known after %d days: %s, want %s", days, got, want)
		}
	}
}
