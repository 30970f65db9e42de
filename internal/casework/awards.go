package casework

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/names"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// changeAward locks a person, applies a change to one of the awards, and derives what follows.
func (d *Desk) changeAward(ctx context.Context, who access.Actor, action string, id uuid.UUID, version int,
	apply func(tx *store.Tx, a *award.Award, dossier store.Dossier) error) (changed award.Award, err error) {
	err = d.write(ctx, who, action, func(tx *store.Tx) error {
		dossier, err := tx.LockPersonOf(ctx, "award", id)
		if err != nil {
			return err
		}
		a := awardOf(dossier.Awards, id)
		if err := stale(a.Version, version); err != nil {
			return err
		}
		if err := apply(tx, &a, dossier); err != nil {
			return err
		}
		if err := tx.UpdateAward(ctx, a); err != nil {
			return err
		}
		after, err := d.rederive(ctx, tx, a.PersonID)
		if err != nil {
			return err
		}
		reading, err := standing.Read(after[0].File, after[0].Awards, d.Pack())
		if err != nil {
			return err
		}
		a = awardOf(reading.Awards(), id)
		if told := awardChanges[action]; told != "" {
			emitAward(tx, told, a)
		}
		changed = asSeen(reading, a, d.today())
		return tx.Describe(ctx, id, map[string]any{"person_id": a.PersonID})
	})
	return changed, err
}

func awardOf(list []award.Award, id uuid.UUID) award.Award {
	for _, a := range list {
		if a.ID == id {
			return a
		}
	}
	return award.Award{}
}

// notAfterNext refuses a month behind the next: of what is to come later nothing needs to be decided now, and a wrong year would not be noticed
// until then.
func (d *Desk) notAfterNext(name string, month calendar.Month) error {
	if month.After(d.today().Month().Add(1)) {
		return field(name, "DATE_IN_FUTURE", "不能晚于下个月", "next month at the latest")
	}
	return nil
}

// notBefore refuses a month before the one in which an award begins by what is recorded. An award that begins later than next month may be
// decided about from then on.
func (d *Desk) notBefore(dossier store.Dossier, id uuid.UUID, name string, month calendar.Month) error {
	reading, err := standing.Read(dossier.File, dossier.Awards, d.Pack())
	if err != nil {
		return err
	}
	switch begins := awardOf(reading.Awards(), id).StartMonth; {
	case month.Before(begins):
		return field(name, "MONTHS_REVERSED", "早于起发月份"+begins.String(), "the award begins in "+begins.String())
	case month == begins:
		return nil
	}
	return d.notAfterNext(name, month)
}

// lasting is the last month of an award that has one by what is recorded, and why in both languages; the zero month where it has none.
func (d *Desk) lasting(dossier store.Dossier, id uuid.UUID) (last calendar.Month, why [2]string, err error) {
	reading, err := standing.Read(dossier.File, dossier.Awards, d.Pack())
	if err != nil {
		return last, why, err
	}
	run, runs := reading.Lasts(id)
	if !runs || run.To.IsZero() {
		return last, why, nil
	}
	a := endedWithCard(reading, awardOf(reading.Awards(), id))
	if a.EndMonth != run.To {
		a = endedByFacts(reading, a, run.To)
	}
	if condition, known := d.Pack().Conditions[a.EndReason]; known {
		return run.To, [2]string{"不再符合：" + condition.ZH, "no longer holds: " + condition.EN}, nil
	}
	why, known := endWords[a.EndReason]
	if !known { // an officer's words
		why = [2]string{a.EndReason, a.EndReason}
	}
	return run.To, why, nil
}

// endWords are the ends that the register writes by itself, in both languages.
var endWords = map[string][2]string{award.CardCancelled: {"残疾人证已注销", "the card was cancelled"}, award.Succeeded: {"由后一次申请接续", "continued by a later application"},
	award.Merged: {"档案合并，由另一项待遇接续", "continued by another award, since two files were joined"}}

// endedBefore refuses what would be done about a month in which the award has ended.
func endedBefore(name string, last calendar.Month, why [2]string, zh, en string) error {
	f := fault.New(fault.Conflict, endedAlready, "该待遇发放到"+last.String()+"为止（"+why[0]+"），"+zh, "the award pays until "+last.String()+" ("+why[1]+"); "+en)
	return atMember(name, f)
}

const endedAlready = "ENDED_ALREADY"

// SuspendAward stops paying an award from a month on, next month at the latest, until it is resumed.
func (d *Desk) SuspendAward(ctx context.Context, who access.Actor, id uuid.UUID, version int, from calendar.Month, reason string) (award.Award, error) {
	return d.changeAward(ctx, who, "award.suspend", id, version, func(tx *store.Tx, a *award.Award, dossier store.Dossier) error {
		if a.Suspended() {
			return fault.New(fault.Conflict, "SUSPENDED_ALREADY", "该待遇已暂停", "the award is suspended already")
		}
		if err := d.notBefore(dossier, id, "from_month", from); err != nil {
			return err
		}
		switch last, why, err := d.lasting(dossier, id); {
		case err != nil:
			return err
		case a.Void:
			return voidAlready
		case !last.IsZero() && from.After(last):
			return endedBefore("from_month", last, why, "其后没有可暂停的月份", "there is no month after it to suspend")
		}
		return tx.InsertSuspension(ctx, a.PersonID, award.Suspension{ID: d.NewID(), AwardID: a.ID, From: from, Reason: reason})
	})
}

// ResumeAward pays an award again from a month on, next month at the latest, with or without the months that it was suspended.
func (d *Desk) ResumeAward(ctx context.Context, who access.Actor, id uuid.UUID, version int, from calendar.Month, backPay bool) (award.Award, error) {
	return d.changeAward(ctx, who, "award.resume", id, version, func(tx *store.Tx, a *award.Award, dossier store.Dossier) error {
		for _, s := range a.Suspensions {
			if !s.To.IsZero() {
				continue
			}
			if !from.After(s.From) {
				return field("from_month", "MONTHS_REVERSED", "恢复月份须晚于暂停月份", "the award resumes after the month from which it is suspended")
			}
			if err := d.notAfterNext("from_month", from); err != nil && from != s.From.Add(1) {
				return err
			}
			switch last, why, err := d.lasting(dossier, id); {
			case err != nil:
				return err
			case !backPay && !last.IsZero() && from.After(last) && !s.From.After(last):
				return endedBefore("from_month", last, why, "其后不再发放；暂停的月份确应发放的，请选择补发", "nothing is paid after it; if the months of the suspension are owed, have them paid back")
			}
			s.To, s.BackPay = from.Add(-1), backPay
			return tx.EndSuspension(ctx, s)
		}
		return fault.New(fault.Conflict, "NOT_SUSPENDED", "该待遇未暂停", "the award is not suspended")
	})
}

// EndAward ends an award after a month, next month at the latest, at the person's wish or for a reason. One that a fact has ended is ended
// for good by it, and not with a later month than it lasts.
func (d *Desk) EndAward(ctx context.Context, who access.Actor, id uuid.UUID, version int, last calendar.Month, reason string) (award.Award, error) {
	return d.changeAward(ctx, who, "award.end", id, version, func(_ *store.Tx, a *award.Award, dossier store.Dossier) error {
		if err := d.notBefore(dossier, id, "last_month", last); err != nil {
			return err
		}
		if a.EndReason == "" {
			switch to, why, err := d.lasting(dossier, id); {
			case err != nil:
				return err
			case !to.IsZero() && last.After(to):
				return endedBefore("last_month", to, why, "终止月份不能更晚", "it cannot be ended later")
			}
		}
		return a.End(last, reason)
	})
}

// ReinstateAward takes back that somebody has ended an award, which pays again from a month on: the one after its end (M35), or a later one.
func (d *Desk) ReinstateAward(ctx context.Context, who access.Actor, id uuid.UUID, version int, from calendar.Month, by award.Reinstatement) (award.Award, error) {
	return d.changeAward(ctx, who, "award.reinstate", id, version, func(tx *store.Tx, a *award.Award, dossier store.Dossier) error {
		unpaid := award.Suspension{ID: d.NewID(), AwardID: a.ID, From: a.EndMonth.Add(1), To: from.Add(-1), Reason: by.Reason}
		if err := a.Reinstate(by, dossier.Awards); err != nil {
			return err
		}
		switch {
		case from.Before(unpaid.From) || !a.EndMonth.IsZero() && from.After(a.EndMonth):
			return field("from_month", "MONTHS_REVERSED", "恢复月份须晚于终止月份，且早于接续的待遇", "the award is paid again after the month with which it ended, and before the award that has followed")
		case from == unpaid.From:
			return nil
		}
		if err := d.notAfterNext("from_month", from); err != nil {
			return err
		}
		return tx.InsertSuspension(ctx, a.PersonID, unpaid)
	})
}

// VoidAward declares an award wrong from the start: nothing was ever owed, and all that was paid is asked back.
func (d *Desk) VoidAward(ctx context.Context, who access.Actor, id uuid.UUID, version int, reason string) (award.Award, error) {
	return d.changeAward(ctx, who, "award.void", id, version, func(_ *store.Tx, a *award.Award, dossier store.Dossier) error {
		if a.Void {
			return voidAlready
		}
		last, _, err := d.lasting(dossier, id)
		if err != nil {
			return err
		}
		if a.Void = true; a.EndMonth.IsZero() {
			a.EndMonth = slices.MaxFunc([]calendar.Month{a.StartMonth, d.today().Month()}, calendar.Month.Compare)
			if !last.IsZero() && last.Before(a.EndMonth) {
				a.EndMonth = last
			}
		}
		a.EndReason = reason
		return nil
	})
}

var voidAlready = fault.New(fault.Conflict, endedAlready, "该待遇已作废", "the award has been declared void already")

// backPayMonths is how many months of the gap before a late renewal may be paid at most (2021 Opinion).
const backPayMonths = 3

// GrantBackPay pays the latest months, at most three, of the gap before the card was renewed late, at the level of the
// new card.
func (d *Desk) GrantBackPay(ctx context.Context, who access.Actor, id uuid.UUID, version, months int, reason string) (award.Award, error) {
	return d.changeAward(ctx, who, "award.back_pay", id, version, func(tx *store.Tx, a *award.Award, dossier store.Dossier) error {
		if months < 1 || months > backPayMonths {
			return field("months", "TOO_MANY", "补发不超过三个月", "at most three months are paid for a late renewal")
		}
		grants, err := d.gapBeforeRenewal(dossier, *a, months, reason)
		if err != nil {
			return err
		}
		return tx.InsertGrants(ctx, a.PersonID, grants...)
	})
}

// gapBeforeRenewal is the latest gap that a renewal has closed and of which nothing was granted, whatever became of that card since: of its latest
// three months those in which nothing but the card was missing.
func (d *Desk) gapBeforeRenewal(dossier store.Dossier, a award.Award, months int, reason string) ([]award.Grant, error) {
	reading, err := standing.Read(dossier.File, dossier.Awards, d.Pack())
	if err != nil {
		return nil, err
	}
	good := reading.Months(a.Programme)
	lasts, runs := reading.Lasts(a.ID)
	unpaid := func(m calendar.Month) bool {
		return runs && lasts.Contains(m) && !good.Contains(m) && !m.Before(a.OwedFrom)
	}
	granted := func(g award.Grant) bool {
		return slices.ContainsFunc(a.Grants, func(old award.Grant) bool { return old.Month == g.Month })
	}
	none := fault.New(fault.Conflict, "NO_LATE_RENEWAL", "没有可补发的到期换证空档期", "there is no gap before a late renewal to be paid for")
	cards := dossier.File.Certificates // in order of their issue
	for i, card := range slices.Backward(cards) {
		last := card.IssuedOn.Month().Add(-1)
		if i > 0 && cards[i-1].IssuedOn.Month().After(last) {
			continue // the card before has closed it
		}
		var gap []award.Grant
		for month := last; unpaid(month) && len(gap) < months && month.After(last.Add(-backPayMonths)); month = month.Add(-1) {
			switch holds, err := reading.HoldsWith(card, a.Programme, month); {
			case err != nil:
				return nil, err
			case holds:
				gap = append(gap, award.Grant{ID: d.NewID(), AwardID: a.ID, Month: month, Level: card.Level, Reason: reason})
			}
		}
		switch {
		case len(gap) == 0:
		case slices.ContainsFunc(gap, granted):
			none = store.GrantedAlready
		default:
			return gap, nil
		}
	}
	return nil, none
}

// NewPayee is an account as entered.
type NewPayee struct{ Holder, Relation, Account, Reason string }

// SetPayee changes whom and where to pay. Only a minor's or an estate's money goes to another's account.
func (d *Desk) SetPayee(ctx context.Context, who access.Actor, person uuid.UUID, in NewPayee) (p store.Payee, err error) {
	account, err := idnum.ParseAccount(in.Account)
	if err != nil {
		return p, numberFault("account", err)
	}
	if in.Holder, err = personName("holder", in.Holder); err != nil {
		return p, err
	}
	err = d.write(ctx, who, "payee.set", func(tx *store.Tx) error {
		dossier, err := tx.LockDossier(ctx, person)
		if err != nil {
			return err
		}
		if err := d.mayReceive(dossier, in); err != nil {
			return err
		}
		p = store.Payee{ID: d.NewID(), PersonID: person, Holder: in.Holder, Relation: in.Relation, Account: account, Reason: in.Reason, RecordedAt: tx.Now}
		if err := tx.ReplacePayees(ctx, p); err != nil {
			return err
		}
		return tx.Describe(ctx, person, nil)
	})
	return p, err
}

func (d *Desk) mayReceive(dossier store.Dossier, in NewPayee) error {
	file := dossier.File
	switch {
	case in.Relation == "self" && names.Key(in.Holder) != names.Key(file.Person.Name):
		return field("holder", "NOT_OWN_ACCOUNT", "须为残疾人本人账户", "the account has to be the person's own")
	case in.Relation == "guardian" && (file.Person.Guardian == nil || names.Key(file.Person.Guardian.Name) != names.Key(in.Holder)):
		return field("holder", "NOT_GUARDIAN", "账户户名不是登记的监护人", "the holder is not the recorded guardian")
	case in.Relation == "estate" && file.On(d.today().Add(1), d.Pack().Transitions).Alive:
		return field("relation", "ALIVE", "本人健在，不能使用继承人账户", "the person is alive")
	}
	return nil
}
