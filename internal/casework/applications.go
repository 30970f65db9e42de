package casework

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/auth"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// NewApplication is an application as entered on behalf of a person.
type NewApplication struct {
	PersonID    uuid.UUID
	Programme   string
	AppliedOn   calendar.Date
	Applicant   application.Applicant
	BankAccount string
}

// EnterApplication begins an application as a draft.
func (d *Desk) EnterApplication(ctx context.Context, who access.Actor, in NewApplication) (c store.Case, err error) {
	if in.BankAccount != "" {
		if in.BankAccount, err = idnum.ParseAccount(in.BankAccount); err != nil {
			return c, numberFault("bank_account", err)
		}
	}
	if in.Applicant, err = applicant(in.Applicant); err != nil {
		return c, err
	}
	if d.Pack().Programme(in.Programme) == nil {
		return c, field("programme", "UNKNOWN_PROGRAMME", "没有这项补贴", "there is no such programme")
	}
	err = d.write(ctx, who, "application.enter", func(tx *store.Tx) error {
		dossier, err := tx.LockDossier(ctx, in.PersonID)
		if err != nil {
			return err
		}
		if in.AppliedOn.Before(dossier.File.Person.BirthDate) {
			return beforeBirth
		}
		app, err := application.Enter(d.NewID(), in.PersonID, in.Programme, in.AppliedOn, in.Applicant, in.BankAccount, who, tx.Now)
		if err != nil {
			return err
		}
		app.Steps[0].ID = d.NewID()
		if err := tx.InsertApplication(ctx, &app); err != nil {
			return err
		}
		c = caseOf(app, dossier)
		return tx.Describe(ctx, app.ID, map[string]any{"person_id": in.PersonID})
	})
	return c, err
}

// applicant is who applies, as he is kept.
func applicant(by application.Applicant) (application.Applicant, error) {
	var err error
	if by.Name, err = personName("applicant.name", by.Name); err == nil && by.Relation != "self" && by.Name == "" {
		err = field("applicant.name", "APPLICANT_NAME_REQUIRED", "非本人申请须填写申请人姓名", "who applies for another is named")
	}
	return by, err
}

func caseOf(app application.Application, dossier store.Dossier) store.Case {
	return store.Case{Application: app, PersonName: dossier.File.Person.Name, Area: dossier.File.Person.Managing}
}

// change locks the person and the case, applies one step of the pure domain, and saves the case with its new steps.
func (d *Desk) change(ctx context.Context, who access.Actor, action string, id uuid.UUID, version int,
	apply func(tx *store.Tx, app *application.Application, dossier store.Dossier) error) (c store.Case, err error) {
	err = d.write(ctx, who, action, func(tx *store.Tx) error {
		app, dossier, err := tx.LockCase(ctx, id)
		if err != nil {
			return err
		}
		if err := stale(app.Version, version); err != nil {
			return err
		}
		known := len(app.Steps)
		if err := apply(tx, &app, dossier); err != nil {
			return err
		}
		for i := known; i < len(app.Steps); i++ {
			app.Steps[i].ID = d.NewID()
		}
		if err := tx.UpdateApplication(ctx, app, app.Steps[known:]); err != nil {
			return err
		}
		app.Version++
		if app.Stage == application.Approved || app.Stage == application.Rejected {
			tx.Emit(ofPerson(decided, id, app.PersonID, map[string]any{"programme": app.Programme, "outcome": string(app.Stage)}))
		}
		if app.Stage == application.Approved {
			if app.AwardID, err = d.openAward(ctx, tx, app, dossier); err != nil {
				return err
			}
		}
		c = caseOf(app, dossier)
		return tx.Describe(ctx, id, map[string]any{"person_id": app.PersonID})
	})
	return c, err
}

// SubmitApplication hands a draft in, and tells once the code by which the applicant asks after it. What can never be decided is
// refused and stays a draft: no certificate, one that does not hold on the day of application, an ID number that fails its check, a right to
// the same that runs.
func (d *Desk) SubmitApplication(ctx context.Context, who access.Actor, id uuid.UUID, version int) (store.Case, error) {
	code := auth.NewStatusCode()
	c, err := d.change(ctx, who, "application.submit", id, version, func(tx *store.Tx, app *application.Application, dossier store.Dossier) error {
		if err := app.Submit(who, d.Pack().VillageCheck, tx.Now); err != nil {
			return err
		}
		if err := d.canHandIn(dossier, *app); err != nil {
			return err
		}
		return tx.SetStatusCode(ctx, *app, code)
	})
	c.StatusCode = code
	return c, err
}

func (d *Desk) canHandIn(dossier store.Dossier, app application.Application) error {
	if err := d.canApply(dossier.File, app.AppliedOn); err != nil {
		return err
	}
	return d.Awarded(dossier, app.Programme)
}

// Awarded refuses an application for what the person has already, as an approval would: by what is recorded, the right has no end.
func (d *Desk) Awarded(dossier store.Dossier, programme string) error {
	reading, err := standing.Read(dossier.File, dossier.Awards, d.Pack())
	if err != nil {
		return err
	}
	for _, a := range reading.Awards() {
		lasts, runs := reading.Lasts(a.ID)
		if a.Programme != programme || !runs || !lasts.To.IsZero() {
			continue
		}
		since := a.StartMonth.String()
		if asSeen(reading, a, d.today()).Suspended() {
			return fault.New(fault.Conflict, alreadyAwarded, "该人自"+since+"起享受此项补贴，现暂停发放：请办理恢复（复核、换证等），不需重新申请；确已终止的，请先登记终止的原因，申请可先存为草稿，申请日期不变",
				"the person has had this benefit since "+since+" and it is suspended: have it resumed (verification, renewal of the card) instead of applying again; if it has ended, record first why; the draft keeps its day")
		}
		return fault.New(fault.Conflict, alreadyAwarded, "该人自"+since+"起正在享受此项补贴，不需重新申请，换证后类别、等级变化的自动按新证计发；确已终止的，请先登记终止的原因，申请可先存为草稿，申请日期不变",
			"the person has had this benefit since "+since+" and need not apply again: another category or level of the card counts by itself; if it has ended, record first why; the draft keeps its day")
	}
	return nil
}

const alreadyAwarded = "ALREADY_AWARDED"

func (d *Desk) canApply(file casefile.File, on calendar.Date) error {
	if file.Person.InvalidID != "" {
		return fault.New(fault.Invalid, "ID_INVALID", "身份证号校验码不正确，请先更正", "the ID number fails its check; correct it first")
	}
	card, ok := file.Current(on)
	if !ok {
		return fault.New(fault.Invalid, "NO_CERT", "申请日未持有残疾人证，请先申领残疾人证", "no certificate was held on the day of application; apply for one first")
	}
	if status := file.StatusOn(card, on); !status.Valid() {
		return fault.New(fault.Invalid, "CERT_NOT_VALID", "申请日残疾人证无效（过期、冻结或注销）", "the certificate was not valid on the day of application: "+string(status))
	}
	return nil
}

// Resubmission is what may be corrected in a returned application. Nil members stay.
type Resubmission struct {
	Applicant   *application.Applicant
	BankAccount *string
}

// ResubmitApplication hands a returned application in again.
func (d *Desk) ResubmitApplication(ctx context.Context, who access.Actor, id uuid.UUID, version int, in Resubmission) (store.Case, error) {
	return d.change(ctx, who, "application.resubmit", id, version, func(tx *store.Tx, app *application.Application, dossier store.Dossier) error {
		before := *app
		if in.Applicant != nil {
			var err error
			if app.Applicant, err = applicant(*in.Applicant); err != nil {
				return err
			}
		}
		if in.BankAccount != nil {
			account, err := idnum.ParseAccount(*in.BankAccount)
			if err != nil {
				return numberFault("bank_account", err)
			}
			app.BankAccount = account
		}
		if err := app.Resubmit(who, d.Pack().VillageCheck, tx.Now, changesOf(before, *app)); err != nil {
			return err
		}
		return d.canHandIn(dossier, *app)
	})
}

// CorrectApplication puts the day of application right that was entered wrongly, while nobody has decided on it.
func (d *Desk) CorrectApplication(ctx context.Context, who access.Actor, id uuid.UUID, version int, appliedOn calendar.Date, reason string) (store.Case, error) {
	if reason = strings.TrimSpace(reason); reason == "" {
		return store.Case{}, noReason
	}
	return d.change(ctx, who, "application.correct", id, version, func(tx *store.Tx, app *application.Application, dossier store.Dossier) error {
		if appliedOn.Before(dossier.File.Person.BirthDate) {
			return beforeBirth
		}
		if err := app.Correct(who, appliedOn, reason, tx.Now); err != nil {
			return err
		}
		if app.Stage == application.Draft || app.Stage == application.Returned { // looked at when it is handed in
			return nil
		}
		err := d.canApply(dossier.File, appliedOn)
		if fault.Is(err, "ID_INVALID") {
			return err
		}
		return atMember("applied_on", err)
	})
}

var beforeBirth = field("applied_on", "BEFORE_BIRTH", "申请日期早于出生日期", "applied_on lies before the person was born")

// changesOf is what a resubmission changed, as the next reviewer sees it.
func changesOf(before, after application.Application) (changes []application.Change) {
	for _, c := range []application.Change{{Field: "applicant.relation", Before: before.Applicant.Relation, After: after.Applicant.Relation},
		{Field: "applicant.name", Before: before.Applicant.Name, After: after.Applicant.Name}, {Field: "bank_account", Before: before.BankAccount, After: after.BankAccount}} {
		if c.Before == c.After {
			continue
		}
		if c.Field == "bank_account" {
			c.Before, c.After = idnum.MaskAccount(c.Before), idnum.MaskAccount(c.After)
		}
		changes = append(changes, c)
	}
	return changes
}

// CaseWarnings says what is odd about an application without being wrong: a day of application long before the day of entry. Payment
// begins with the month of that day, and a phone whose clock was wrong may have proposed it.
func (d *Desk) CaseWarnings(app application.Application) []fault.Field {
	days := app.EnteredAfter()
	if days <= d.Pack().EnteredWithin {
		return nil
	}
	return []fault.Field{{Name: "applied_on", Code: "APPLIED_LONG_BEFORE",
		ZH: fmt.Sprintf("申请日期%s比录入日期早%d天，批准后自该月起计发，请核对申请表原件", app.AppliedOn, days),
		EN: fmt.Sprintf("the day of application, %s, lies %d days before it was entered, and what is approved is owed from its month on; look at the paper", app.AppliedOn, days)}}
}

// Clock is the time that an application has left in its stage.
func (d *Desk) Clock(app application.Application) *application.Clock {
	return app.ClockOn(d.today(), d.Workdays(), d.Pack().Limits)
}

// ClockState says in a word how an application stands with its limit.
func (d *Desk) ClockState(c *application.Clock) string {
	switch {
	case c.Paused:
		return "paused"
	case c.Overdue():
		return "overdue"
	case c.DaysLeft <= d.Pack().RemindDays:
		return "due_soon"
	}
	return "on_time"
}

// OverdueApplications lists the cases of a filter whose limit has passed, after one in order. Limits count working days,
// which the database does not know, so it looks through the open cases a page at a time.
func (d *Desk) OverdueApplications(ctx context.Context, who access.Actor, f store.ApplicationFilter) (list []store.Case, err error) {
	limit := f.Limit
	f.Limit, f.Among = 200, slices.Collect(maps.Keys(d.Pack().Limits))
	for len(list) < limit {
		page, err := d.DB.ListApplications(ctx, who, f)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			if clock := d.Clock(c.Application); clock != nil && clock.Overdue() && len(list) < limit {
				list = append(list, c)
			}
		}
		if len(page) < f.Limit {
			break
		}
		f.After = page[len(page)-1].ID
	}
	return list, nil
}

// BulkItem is one case of a bulk decision, at the version that was seen.
type BulkItem struct {
	ID      uuid.UUID
	Version int
}

// bulkWorkers is how many cases are decided at the same time, each in its own transaction: while one waits for the database, another
// works.
const bulkWorkers = 4

// DecideApplications decides case after case, each as if it were asked for alone. The outcomes stand in the order of the
// items; an error is that case's own. Each worker has a stretch of its own: the cases of one person stand side by side in a
// queue, and would wait for each other at the person's file.
func (d *Desk) DecideApplications(ctx context.Context, who access.Actor, items []BulkItem, ruling application.Ruling) (versions []int, errs []error) {
	versions, errs = make([]int, len(items)), make([]error, len(items))
	var workers sync.WaitGroup
	for w := range bulkWorkers {
		workers.Go(func() {
			for i := w * len(items) / bulkWorkers; i < (w+1)*len(items)/bulkWorkers; i++ {
				var c store.Case
				c, errs[i] = d.DecideApplication(ctx, who, items[i].ID, items[i].Version, ruling)
				if versions[i] = c.Version; fault.Is(errs[i], "STALE") && d.decidedBefore(ctx, who, items[i], ruling.Decision) {
					versions[i], errs[i] = items[i].Version+1, nil
				}
			}
		})
	}
	workers.Wait()
	return versions, errs
}

// decidedBefore reports whether a refused decision is only the repeat of one that this actor has made of this version: a
// bulk request that was answered into a broken line can be sent again.
func (d *Desk) decidedBefore(ctx context.Context, who access.Actor, item BulkItem, decision string) bool {
	c, err := d.DB.Application(ctx, who, item.ID)
	if err != nil || c.Version != item.Version+1 || len(c.Steps) == 0 {
		return false
	}
	last := c.Steps[len(c.Steps)-1]
	return last.ActorID == who.AccountID && last.Action == decision
}

// WithdrawApplication ends an undecided application at the applicant's wish.
func (d *Desk) WithdrawApplication(ctx context.Context, who access.Actor, id uuid.UUID, version int, reason string) (store.Case, error) {
	return d.change(ctx, who, "application.withdraw", id, version, func(tx *store.Tx, app *application.Application, _ store.Dossier) error {
		return app.Withdraw(who, reason, tx.Now)
	})
}

// DecideApplication approves, returns or rejects. An approval needs a month, from the month of application on, in which
// all conditions hold; the explanation of that month is kept with the case, and the award opens with it.
func (d *Desk) DecideApplication(ctx context.Context, who access.Actor, id uuid.UUID, version int, ruling application.Ruling) (store.Case, error) {
	return d.change(ctx, who, "application."+ruling.Decision, id, version, func(tx *store.Tx, app *application.Application, dossier store.Dossier) error {
		if err := app.Decide(who, ruling, d.FullChain, tx.Now); err != nil {
			return err
		}
		explanation, err := d.explain(dossier, *app)
		if err != nil {
			return err
		}
		app.Explanation = explanation
		if ruling.Decision == "approve" && explanation.StartMonth.IsZero() {
			return notEligible(*explanation)
		}
		tx.Decided()
		return nil
	})
}

// notEligible is the first condition in the way of an approval.
func notEligible(e application.Explanation) error {
	if e.Outcome == string(policy.NeedsFact) {
		return fault.New(fault.Invalid, "NEEDS_FACT", "缺少审批所需的信息，请先核实登记", "a fact that the rules need is not recorded")
	}
	for _, r := range e.Reasons {
		if r.Passed != nil && !*r.Passed {
			return fault.New(fault.Invalid, r.Code, "不符合条件："+r.ZH, "this condition does not hold: "+r.EN)
		}
	}
	return fault.New(fault.Invalid, "NOT_ELIGIBLE", "自申请月起没有符合条件的月份", "there is no month from the month of application on in which the conditions hold")
}

// explain gives the verdict on which a decision rests: that of the first day on which all conditions hold in the month in which the award
// would begin, or, where there is no such month, that of the day of application.
func (d *Desk) explain(dossier store.Dossier, app application.Application) (*application.Explanation, error) {
	others := slices.DeleteFunc(slices.Clone(dossier.Awards), func(a award.Award) bool { return a.ApplicationID == app.ID })
	reading, err := standing.Read(dossier.File, append(others, d.rightFrom(app)), d.Pack())
	if err != nil {
		return nil, err
	}
	day := app.AppliedOn
	lasts, found := reading.Lasts(reading.Awards()[len(others)].ID)
	if found {
		if day, err = d.firstGoodDay(dossier.File, app.Programme, lasts.From); err != nil {
			return nil, err
		}
	}
	v, err := d.Pack().Judge(app.Programme, dossier.File.On(day, d.Pack().Transitions))
	if err != nil {
		return nil, fmt.Errorf("explain a decision: %w", err)
	}
	e := &application.Explanation{RuleSet: v.RuleSet, PackVersion: d.Pack().Version, AsOf: day, StartMonth: lasts.From, Outcome: string(v.Outcome), AmountFen: int64(v.Amount)}
	for _, r := range v.Reasons {
		e.Reasons = append(e.Reasons, application.ExplanationReason{Code: r.Code, Passed: r.Passed, ZH: r.ZH, EN: r.EN, Cite: r.Cite})
	}
	return e, nil
}

func (d *Desk) firstGoodDay(file casefile.File, programme string, month calendar.Month) (calendar.Date, error) {
	for day := month.First(); !day.After(month.Last()); day = day.Add(1) {
		outcome, _, err := d.Pack().Answer(programme, file.On(day, d.Pack().Transitions))
		if err != nil || outcome == policy.Yes {
			return day, err
		}
	}
	return month.First(), nil
}

// rightFrom is the award that an approval makes. It runs from the month from which the application counts.
func (d *Desk) rightFrom(app application.Application) award.Award {
	return award.Award{ID: d.NewID(), PersonID: app.PersonID, Programme: app.Programme, ApplicationID: app.ID, Basis: award.FromApplication,
		AppliedOn: app.AskedOn(), StartMonth: app.OwedFrom, OwedFrom: app.OwedFrom}
}

// openAward gives the right that an approval makes, and derives what follows. An earlier right to the same, that had ended by itself,
// gives way to it; one that still runs stands in its way.
func (d *Desk) openAward(ctx context.Context, tx *store.Tx, app application.Application, dossier store.Dossier) (uuid.UUID, error) {
	right := d.rightFrom(app)
	right.RecordedAt, right.RecordedBy = tx.Now, tx.Who.AccountID
	var err error
	if right.StartMonth, err = d.giveWay(ctx, tx, right, dossier); err != nil {
		return uuid.Nil, err
	}
	if err := tx.InsertAwards(ctx, right); err != nil {
		return uuid.Nil, err
	}
	emitAward(tx, awardBegun, right)
	if err := d.payTo(ctx, tx, app, dossier); err != nil {
		return uuid.Nil, err
	}
	dossier.Awards = append(dossier.Awards, right) // nothing else has changed: the file is locked
	return right.ID, d.derive(ctx, tx, []uuid.UUID{app.PersonID}, []store.Dossier{dossier})
}

// payTo makes the account of an application, which is the person's own, the one to pay to. One that was named later stays, and so does
// that of a guardian or of the estate: an officer has looked at whose it is, and an application only names a number.
func (d *Desk) payTo(ctx context.Context, tx *store.Tx, app application.Application, dossier store.Dossier) error {
	named, known := app.AccountNamedAt(), dossier.Payee
	if app.BankAccount == "" || known != nil && (known.Relation != "self" || known.NamedAt.After(named)) {
		return nil
	}
	return tx.ReplacePayees(ctx, store.Payee{ID: d.NewID(), PersonID: app.PersonID, Holder: dossier.File.Person.Name, Relation: "self",
		Account: app.BankAccount, NamedAt: named})
}

// giveWay records the end of earlier awards of the same programme that had ended by themselves, and returns the month from which on the
// new one meets none of them. An award that still runs is left as it is, and the database refuses the new one beside it; a void award is
// passed over.
func (d *Desk) giveWay(ctx context.Context, tx *store.Tx, right award.Award, dossier store.Dossier) (from calendar.Month, err error) {
	from = right.StartMonth
	same := func(a award.Award) bool { return a.Programme == right.Programme && !a.Void }
	if !slices.ContainsFunc(dossier.Awards, same) {
		return from, nil
	}
	reading, err := standing.Read(dossier.File, dossier.Awards, d.Pack())
	if err != nil {
		return from, err
	}
	for _, old := range dossier.Awards {
		lasts, ok := reading.Lasts(old.ID)
		switch {
		case !same(old):
		case ok && lasts.To.IsZero():
			return from, nil // it runs
		default:
			from = slices.MaxFunc([]calendar.Month{from, old.StartMonth.Add(1), lasts.To.Add(1)}, calendar.Month.Compare)
		}
	}
	for i, old := range dossier.Awards {
		if !same(old) || !old.EndMonth.IsZero() && old.EndMonth.Before(from) {
			continue
		}
		if old.EndMonth = from.Add(-1); old.EndReason == "" {
			old.EndReason = award.Succeeded
		}
		if err := tx.UpdateAward(ctx, old); err != nil {
			return from, err
		}
		emitAward(tx, awardEnded, old)
		dossier.Awards[i] = old
	}
	return from, nil
}

// Eligibility judges every programme for a person on a day.
func (d *Desk) Eligibility(ctx context.Context, who access.Actor, person uuid.UUID, on calendar.Date) ([]policy.Verdict, error) {
	dossier, err := d.DB.Dossier(ctx, who, person)
	if err != nil {
		return nil, err
	}
	facts := dossier.File.On(on, d.Pack().Transitions)
	var verdicts []policy.Verdict
	for _, pr := range d.Pack().Programmes {
		v, err := d.Pack().Judge(pr.ID, facts)
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}
