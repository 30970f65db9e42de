package web

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// rightsData is what somebody is paid for and what keeps it back: it stands beside the money wherever that is shown.
type rightsData struct {
	Awards []awardLine
	Held   []string // what keeps money back now
	Holds  string   // where holds are placed and released
}

type awardLine struct{ Path, Programme, Months, State, Tone, Why string }

func (v *visit) rights(d store.Dossier) (data rightsData, err error) {
	id := d.File.Person.ID
	list, err := v.desk.Rights(d)
	if err != nil {
		return data, err
	}
	for _, r := range list {
		data.Awards = append(data.Awards, v.awardLine(r))
	}
	holds, err := v.desk.DB.Holds(v.ctx, v.who, id)
	for _, h := range holds {
		if h.ReleasedAt.IsZero() {
			data.Held = append(data.Held, v.holdWhy(h))
		}
	}
	data.Holds = "/persons/" + id.String() + "/holds"
	return data, err
}

func (v *visit) awardLine(r casework.Right) awardLine {
	line := awardLine{Path: "/persons/" + r.PersonID.String() + "/awards/" + r.ID.String(), Programme: v.programme(r.Programme),
		Months: v.daysText(r.StartMonth.String(), r.EndMonth.String()), Why: v.awardReason(r.EndReason)}
	state := v.awardState(r)
	line.State, line.Tone = v.t("award_state."+state), awardTones[state]
	if i := inForce(r.Award); i >= 0 && (state == "suspended" || state == "unverified") {
		line.Why = v.t("award.since", r.Suspensions[i].From.String(), v.awardReason(r.Suspensions[i].Reason))
	}
	return line
}

var awardTones = map[string]string{"active": "good", "suspended": "warn", "unverified": "warn", "stopped": "warn", "void": "bad"}

// awardState is how an award stands this month.
func (v *visit) awardState(r casework.Right) string {
	now := v.today.Month()
	switch paused := v.awardPaused(r.Award); {
	case paused != "":
		return paused
	case len(r.Owed) == 0 || !r.Owed[len(r.Owed)-1].To.IsZero() && r.Owed[len(r.Owed)-1].To.Before(now):
		return "stopped"
	}
	return "active"
}

// awardPaused is why an award pays nothing this month, of what stands in itself; empty where nothing does.
func (v *visit) awardPaused(a award.Award) string {
	switch i := inForce(a); {
	case a.Void:
		return "void"
	case !a.EndMonth.IsZero() && a.EndMonth.Before(v.today.Month()):
		return "ended"
	case i >= 0 && a.Suspensions[i].Reason == award.Reverify:
		return "unverified"
	case i >= 0 && a.Suspensions[i].ID == uuid.Nil: // by what is recorded
		return "stopped"
	case i >= 0:
		return "suspended"
	}
	return ""
}

// inForce is which suspension has no end yet; -1 where none is.
func inForce(a award.Award) int {
	return slices.IndexFunc(a.Suspensions, func(s award.Suspension) bool { return s.To.IsZero() })
}

// awardReason is an officer's words, or the words for what the register has written by itself.
func (v *visit) awardReason(reason string) string {
	if slices.Contains([]string{award.Reverify, award.Merged, award.CardCancelled, award.Succeeded}, reason) {
		return v.t("award_reason." + reason)
	}
	return reason
}

// awardData is one award: the months that it pays and does not pay, and what may be done about it.
type awardData struct {
	Name   string
	Line   awardLine
	Facts  []pair
	Paused []pausedLine
	Grants []pair
	Ledger string
	Forms  []awardForm
	Notes  []string
}

type pausedLine struct{ Months, Reason, After string }

// awardForm is a form with what it does to the money.
type awardForm struct {
	Title, Lead string
	Form        *Form
}

// award is the award that the path names, of the person that it names.
func (v *visit) award() (name string, right casework.Right, err error) {
	id, err := v.id()
	if err != nil {
		return "", right, err
	}
	d, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return "", right, err
	}
	list, err := v.desk.Rights(d)
	if err != nil {
		return "", right, err
	}
	for _, r := range list {
		if r.ID.String() == v.echo.Param("award") {
			return d.File.Person.Name, r, nil
		}
	}
	return "", right, store.NotFound
}

func showAward(v *visit) (any, error) {
	name, r, err := v.award()
	if err != nil {
		return nil, err
	}
	data := awardData{Name: name, Line: v.awardLine(r), Ledger: v.address("/persons/:id/ledger")}
	var owed []string
	for _, run := range r.Owed {
		owed = append(owed, v.daysText(run.From.String(), run.To.String()))
	}
	data.Facts = []pair{{v.t("award.months"), data.Line.Months}, {v.t("award.owed"), orNone(v, strings.Join(owed, v.t("award.and")))}, {v.t("award.basis"), v.t("award_basis." + r.Basis)}}
	if data.Line.Why != "" {
		data.Facts = append(data.Facts, pair{v.t("application.reason"), data.Line.Why})
	}
	if by := r.Reinstated; by.Document != "" {
		data.Facts = append(data.Facts, pair{v.t("award.reinstated"), v.t("award.reinstated.by", by.Document, by.Reason)})
	}
	for _, s := range r.Suspensions {
		data.Paused = append(data.Paused, v.pausedLine(s))
	}
	for _, g := range r.Grants {
		data.Grants = append(data.Grants, pair{g.Month.String(), g.Reason})
	}
	v.awardForms(&data, r)
	return data, nil
}

func (v *visit) pausedLine(s award.Suspension) pausedLine {
	line := pausedLine{Months: v.daysText(s.From.String(), s.To.String()), Reason: v.awardReason(s.Reason)}
	switch {
	case s.To.IsZero():
		line.After = v.t("paused.still")
	case s.BackPay:
		line.After = v.t("back_pay.yes")
	default:
		line.After = v.t("back_pay.no")
	}
	return line
}

// awardForms are what this role may do about an award as it stands. A form that was refused stays, whatever happened meanwhile.
func (v *visit) awardForms(data *awardData, r casework.Right) {
	paused := inForce(r.Award)
	byHand := paused >= 0 && r.Suspensions[paused].Reason != award.Reverify
	before := func(m calendar.Month) bool { return !m.IsZero() && m.Before(v.today.Month()) }
	over := r.Void || before(r.EndMonth)
	if paused >= 0 && !byHand && v.mayDo("/persons/:id/verifications", "record") {
		data.Notes = append(data.Notes, v.t("award.unverified"))
	}
	add := func(do string, now, grave bool, lead string, fields ...*Field) {
		if !v.acts(do) || !now && v.do != do {
			return
		}
		for _, f := range fields {
			f.Of = do
		}
		f := v.newForm(do, "award."+do, fields...)
		f.Version, f.Grave = r.Version, grave
		data.Forms = append(data.Forms, awardForm{Title: v.t("award." + do + ".title"), Lead: lead, Form: f})
	}
	add("suspend", !over && !byHand && !before(r.Last), false, v.t("award.suspend.lead"), v.monthField("from_month", "award.suspend.from", within(r, v.today.Month().Add(1))), v.reasonField(200))
	add("resume", !over && byHand, false, v.t("award.resume.lead"), v.monthField("from_month", "award.resume.from", resumable(r, v.today.Month())),
		&Field{Name: "back_pay", Label: v.t("award.back"), Kind: "radio", Need: true, Options: v.options("back_pay", "yes", "no")})
	add("back_pay", len(r.Gap) > 0, false, v.t("award.back_pay.lead"), &Field{Name: "months", Label: v.t("award.gap"), Kind: "select", Need: true, Options: v.gapOptions(r.Gap)}, v.reasonField(200))
	byCard := r.EndReason == award.CardCancelled && !r.EndedByHand // as long as the cancellation stands
	add("end", !r.Void && (r.EndReason == "" || byCard), true, v.t("award.end.lead"), v.monthField("last_month", "award.end.last", within(r, v.today.Month())), v.reasonField(200))
	add("reinstate", r.EndedByHand, false, v.t("award.reinstate.lead"), v.monthField("from_month", "award.reinstate.from", r.EndMonth.Add(1)),
		&Field{Name: "document", Label: v.t("award.reinstate.document"), Kind: "text", Need: true, Max: 100}, v.reasonField(200))
	add("void", !r.Void, true, v.t("award.void.lead"), v.reasonField(200))
}

func (v *visit) monthField(name, label string, month calendar.Month) *Field {
	return &Field{Name: name, Label: v.t(label), Kind: "month", Need: true, Value: month.String()}
}

func (v *visit) reasonField(most int) *Field {
	return &Field{Name: "reason", Label: v.t("application.reason"), Kind: "textarea", Need: true, Max: most}
}

// within is a month, or the first of a right that begins later, or the last of one that ends before.
func within(r casework.Right, m calendar.Month) calendar.Month {
	if !r.Last.IsZero() && r.Last.Before(m) {
		return r.Last
	}
	return slices.MaxFunc([]calendar.Month{m, r.StartMonth}, calendar.Month.Compare)
}

// resumable is this month, or the first that can be paid again where the suspension begins later.
func resumable(r casework.Right, now calendar.Month) calendar.Month {
	if i := inForce(r.Award); i >= 0 && !now.After(r.Suspensions[i].From) {
		return r.Suspensions[i].From.Add(1)
	}
	return now
}

// gapOptions are how many months may be granted, each with the months that it is.
func (v *visit) gapOptions(gap []calendar.Month) (list []Option) {
	for n := range gap {
		list = append(list, Option{Value: numberText(n + 1), Label: v.daysText(gap[n].String(), gap[0].String())})
	}
	return list
}

// onAward does something to the award that the path names, of the person that it names.
func onAward(done string, do func(v *visit, r *reader, a award.Award) error) func(*visit) (string, error) {
	return func(v *visit) (string, error) {
		_, right, err := v.award()
		if err != nil {
			return "", err
		}
		return v.path + "?done=" + done, do(v, v.reader(), right.Award)
	}
}

var suspendAward = onAward("award_suspended", func(v *visit, r *reader, a award.Award) error {
	from, reason := r.month("from_month"), r.text("reason", 200, true)
	if err := r.err(); err != nil {
		return err
	}
	_, err := v.desk.SuspendAward(v.ctx, v.who, a.ID, v.version(), from, reason)
	return err
})

var resumeAward = onAward("award_resumed", func(v *visit, r *reader, a award.Award) error {
	from, back := r.month("from_month"), r.choice("back_pay", true, "yes", "no") == "yes"
	if err := r.err(); err != nil {
		return err
	}
	_, err := v.desk.ResumeAward(v.ctx, v.who, a.ID, v.version(), from, back)
	return err
})

var endAward = onAward("award_ended", func(v *visit, r *reader, a award.Award) error {
	last, reason := r.month("last_month"), r.text("reason", 200, true)
	if err := r.err(); err != nil {
		return err
	}
	_, err := v.desk.EndAward(v.ctx, v.who, a.ID, v.version(), last, reason)
	return err
})

var reinstateAward = onAward("award_reinstated", func(v *visit, r *reader, a award.Award) error {
	from, by := r.month("from_month"), award.Reinstatement{Document: r.text("document", 100, true), Reason: r.text("reason", 200, true)}
	if err := r.err(); err != nil {
		return err
	}
	_, err := v.desk.ReinstateAward(v.ctx, v.who, a.ID, v.version(), from, by)
	return err
})

var voidAward = onAward("award_voided", func(v *visit, r *reader, a award.Award) error {
	reason := r.text("reason", 200, true)
	if err := r.err(); err != nil {
		return err
	}
	_, err := v.desk.VoidAward(v.ctx, v.who, a.ID, v.version(), reason)
	return err
})

var grantBackPay = onAward("back_pay_granted", func(v *visit, r *reader, a award.Award) error {
	months, reason := r.number("months", true, 1, 3), r.text("reason", 200, true)
	if err := r.err(); err != nil {
		return err
	}
	_, err := v.desk.GrantBackPay(v.ctx, v.who, a.ID, v.version(), months, reason)
	return err
})
