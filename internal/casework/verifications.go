package casework

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

var notVerified = fault.New(fault.Conflict, "NO_REVERIFICATION", "现行政策未规定该年度定期复核", "the pack in force asks for no re-verification in that year")

// Verify records a look at whether a person still meets the conditions. One that finds they hold pays what was suspended
// for want of it; one that finds they do not suspends from the next month on, until facts or another look say otherwise.
func (d *Desk) Verify(ctx context.Context, who access.Actor, v casefile.Verification) (casefile.Verification, error) {
	if v.On.After(d.today()) {
		return v, field("on", "DATE_IN_FUTURE", "复核日期不能晚于今天", "the day lies in the future")
	}
	if !v.Passed && v.Findings == "" {
		return v, field("findings", "REASON_REQUIRED", "复核未通过须说明情况", "say what was found")
	}
	v.ID, v.RecordedBy = d.NewID(), who.AccountID
	err := d.write(ctx, who, "verification.record", func(tx *store.Tx) error {
		if _, err := tx.LockDossier(ctx, v.PersonID); err != nil {
			return err
		}
		v.RecordedAt = tx.Now
		if err := tx.InsertVerifications(ctx, v); err != nil {
			return err
		}
		_, err := d.saved(ctx, tx, v.PersonID)
		return err
	})
	return v, err
}

// VerifyByData verifies whom a department's list has confirmed since the window began (静默认证): a fact of one of the kinds
// that the pack names was recorded inside the window and holds today. It needs nothing of the person. Doing it again
// finds who has been confirmed since.
func (d *Desk) VerifyByData(ctx context.Context, who access.Actor, at area.Code) (verified int, err error) {
	if at, err = InArea(who, at); err != nil {
		return 0, err
	}
	rule, year, err := d.reverification(d.today().Year())
	if err != nil {
		return 0, err
	}
	if !rule.Window(year).Contains(d.today()) {
		return 0, fault.New(fault.Conflict, "OUTSIDE_WINDOW", "不在定期复核期内", "the window of re-verification is not open")
	}
	err = d.write(ctx, who, "verification.by_data", func(tx *store.Tx) error {
		if err := tx.AllowLong(ctx); err != nil {
			return err
		}
		ids, err := tx.ConfirmedByData(ctx, rule.Window(year), d.today(), at, rule.DataKinds)
		if err != nil {
			return err
		}
		verified = len(ids)
		for part := range slices.Chunk(ids, portion) {
			if err := d.verifyByData(ctx, tx, part); err != nil {
				return err
			}
		}
		return tx.Describe(ctx, uuid.Nil, map[string]any{"area": string(at), "verified": verified})
	})
	return verified, err
}

func (d *Desk) verifyByData(ctx context.Context, tx *store.Tx, persons []uuid.UUID) error {
	if _, err := tx.LockDossiers(ctx, persons...); err != nil {
		return err
	}
	var list []casefile.Verification
	for _, id := range persons {
		list = append(list, casefile.Verification{ID: d.NewID(), PersonID: id, On: d.today(), Method: "data", Passed: true})
	}
	if err := tx.InsertVerifications(ctx, list...); err != nil {
		return err
	}
	_, err := d.rederive(ctx, tx, persons...)
	return err
}

// reverification is the rule and the year asked about, which it has to cover.
func (d *Desk) reverification(year int) (*policy.Reverification, int, error) {
	rule := d.Pack().Reverification
	if rule == nil || year < rule.Since {
		return nil, 0, notVerified
	}
	return rule, year, nil
}

// Planned is who has to be verified, and the day on which it is planned: each village's persons are spread evenly over
// the working days of the window, so that its part-time liaison has the same to do every day.
type Planned struct {
	store.ToVerify
	On    calendar.Date
	State string // due, done, failed or missed
}

// VerificationFilter narrows the list of who has to be verified.
type VerificationFilter struct {
	Year   int
	Area   area.Code
	States []string
	After  store.Cursor
	Limit  int
}

// Verifications lists who has to be verified in a year.
func (d *Desk) Verifications(ctx context.Context, who access.Actor, f VerificationFilter) (list []Planned, err error) {
	if f.Area, err = InArea(who, f.Area); err != nil {
		return nil, err
	}
	rule, year, err := d.reverification(f.Year)
	if err != nil {
		return nil, err
	}
	window := rule.Window(year)
	found, err := d.DB.Verifications(ctx, who, window, f.Area, f.States, d.today().After(window.To), f.After, f.Limit)
	if err != nil {
		return nil, err
	}
	days := d.workingDays(window)
	for _, t := range found {
		p := Planned{ToVerify: t, On: days[(t.Place-1)*len(days)/t.Of], State: "due"}
		switch {
		case t.Verified != nil && t.Verified.Passed:
			p.State = "done"
		case t.Verified != nil:
			p.State = "failed"
		case d.today().After(window.To):
			p.State = "missed"
		}
		list = append(list, p)
	}
	return list, nil
}

func (d *Desk) workingDays(window calendar.Interval) (days []calendar.Date) {
	for day := window.From; window.Contains(day); day = day.Add(1) {
		if d.Workdays().IsWorking(day) {
			days = append(days, day)
		}
	}
	return days
}

// VerificationCounts counts a year by village.
func (d *Desk) VerificationCounts(ctx context.Context, who access.Actor, year int, at area.Code) ([]store.VerificationCount, error) {
	at, err := d.DivisionOn(ctx, who, at, anyDay, time.Time{})
	if err != nil {
		return nil, err
	}
	rule, year, err := d.reverification(year)
	if err != nil {
		return nil, err
	}
	if ctx, err = d.DB.Reading(ctx, who); err != nil {
		return nil, err
	}
	return d.DB.VerificationCounts(ctx, who, rule.Window(year), at)
}

// Awards lists rights, each as it stands by now: also ended by a cancelled card, or suspended by a verification that is missing.
func (d *Desk) Awards(ctx context.Context, who access.Actor, f store.AwardFilter) ([]award.Award, error) {
	list, err := d.DB.ListAwards(ctx, who, f)
	if err != nil || len(list) == 0 {
		return list, err
	}
	var persons []uuid.UUID
	for _, a := range list {
		persons = append(persons, a.PersonID)
	}
	dossiers, err := d.DB.Dossiers(ctx, who, persons...)
	if err != nil {
		return nil, err
	}
	now := map[uuid.UUID]award.Award{}
	for _, dossier := range dossiers {
		reading, err := standing.Read(dossier.File, dossier.Awards, d.Pack())
		if err != nil {
			return nil, err
		}
		for _, a := range reading.Awards() {
			now[a.ID] = asSeen(reading, a, d.today())
		}
	}
	for i, a := range list {
		list[i] = now[a.ID]
	}
	return list, nil
}

// asSeen is an award as its person's file has it on a day, where no officer has ended or suspended it: with its end, where a cancelled card or a
// condition has ended it, and suspended, where a verification is missing or nothing is owed until a condition holds again (a card that has run
// out is renewed). The reason is the code of the condition.
func asSeen(reading *standing.Reading, a award.Award, on calendar.Date) award.Award {
	a = endedWithCard(reading, a)
	settled := a.EndReason != "" || a.Void
	if !settled {
		a = endedByFacts(reading, a, on.Month())
	}
	a = unverified(reading, a, on.Month())
	if settled || a.Suspended() || !a.EndMonth.IsZero() && a.EndMonth.Before(on.Month()) {
		return a
	}
	return waiting(reading, a, on)
}

// unverified is an award with the suspension that a missing verification has brought by a month, where an officer's is not in force.
func unverified(reading *standing.Reading, a award.Award, by calendar.Month) award.Award {
	from, missed := reading.Unverified(a)
	if missed && !from.After(by) && (a.EndMonth.IsZero() || !from.After(a.EndMonth)) && !a.Suspended() {
		a.Suspensions = append(slices.Clone(a.Suspensions), award.Suspension{From: from, Reason: award.Reverify, BackPay: true})
	}
	return a
}

// endedByFacts is an award with its end, where a condition has ended it by a month.
func endedByFacts(reading *standing.Reading, a award.Award, by calendar.Month) award.Award {
	if run, ok := reading.Lasts(a.ID); ok && !run.To.IsZero() && !run.To.After(by) {
		a.EndMonth, a.EndReason = run.To, reading.EndedBy(a.Programme, run.To.Add(1))
	}
	return a
}

// waiting is an award that runs on a day, suspended where a condition does not hold on it and its month is not owed.
func waiting(reading *standing.Reading, a award.Award, on calendar.Date) award.Award {
	reason, from := reading.Fails(a.Programme, on), a.StartMonth
	if reason == "" || on.Month().Before(from) {
		return a
	}
	for _, run := range reading.Payable(a) {
		if run.Contains(on.Month()) {
			return a
		}
		if run.From.Before(on.Month()) {
			from = run.To.Add(1)
		}
	}
	a.Suspensions = append(slices.Clone(a.Suspensions), award.Suspension{From: from, Reason: reason})
	return a
}

// endedWithCard is an award with its end, where the card on which it rested was cancelled.
func endedWithCard(reading *standing.Reading, a award.Award) award.Award {
	if last, ended := reading.Months(a.Programme).EndedWithCard(a); ended {
		a.EndMonth, a.EndReason = last, award.CardCancelled
	}
	return a
}

// Right is an award with what its person's file says about it now.
type Right struct {
	award.Award                  // with what suspends it, a missing verification too
	Owed        []standing.Run   // the months that are owed, one after the other; the last may go on
	Gap         []calendar.Month // what may be granted before a late renewal, the latest month first
	Last        calendar.Month   // that it lasts, by hand or by what is recorded; zero: it goes on
	EndedByHand bool             // and may be reinstated
}

// Rights are the awards of a person, the latest first.
func (d *Desk) Rights(dossier store.Dossier) ([]Right, error) {
	reading, err := standing.Read(dossier.File, dossier.Awards, d.Pack())
	if err != nil {
		return nil, err
	}
	var list []Right
	for _, a := range reading.Awards() {
		right := Right{Award: unverified(reading, endedWithCard(reading, a), d.today().Month()), Owed: reading.Payable(a), EndedByHand: a.Reinstatable()}
		if lasts, runs := reading.Lasts(a.ID); runs {
			right.Last = lasts.To
		}
		if grants, err := d.gapBeforeRenewal(dossier, a, backPayMonths, ""); err == nil {
			for _, g := range grants {
				right.Gap = append(right.Gap, g.Month)
			}
		}
		list = append(list, right)
	}
	slices.SortStableFunc(list, func(a, b Right) int { return b.StartMonth.Compare(a.StartMonth) })
	return list, nil
}
