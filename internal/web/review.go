package web

import (
	"slices"

	"zhucan/internal/application"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// reviewData is a case beside what a decision rests on: what the rules say today, the person's facts, the evidence, the way so far.
type reviewData struct {
	applicationData
	Verdict       verdictLine
	Start         string
	Basis         string // which rules, as of which day
	Clear         bool   // the rules have nothing against an approval
	Person        []pair
	Cards         []cardLine
	Circumstances []circumstanceLine
	Warnings      []string
	Place         string // of the person's file
	Closed        string // why this officer does not decide the case
	Form          *Form
	Next, Queue   string
}

func showReview(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	c, file, explanation, err := v.desk.Preview(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	asked := v.queueAsked()
	whole, err := showApplication(v)
	if err != nil {
		return nil, err
	}
	data := reviewData{applicationData: whole.(applicationData), Place: "/persons/" + c.PersonID.String(), Queue: asked.with("/queue")}
	data.explain(v, c, explanation)
	data.Person = v.personFacts(file.File.Person, v.today)
	for _, w := range append(v.desk.CaseWarnings(c.Application), v.desk.Warnings(file.File)...) {
		data.Warnings = append(data.Warnings, v.either(w.ZH, w.EN))
	}
	for _, card := range file.File.Certificates {
		data.Cards = append(data.Cards, v.cardLine(file.File, card, v.today))
	}
	for _, fact := range file.File.Circumstances {
		if fact.SupersededAt.IsZero() && fact.Interval().Contains(v.today) {
			data.Circumstances = append(data.Circumstances, v.circumstanceLine(fact))
		}
	}
	if data.Next, err = v.behind(asked, c); err != nil {
		return nil, err
	}
	if err := c.Decidable(v.who); err != nil {
		data.Closed = v.closed(c, err)
		return data, nil
	}
	data.Form = v.decisionForm("decide", explanation.Reasons, v.wantedField())
	data.Form.Version = c.Version
	return data, nil
}

// explain puts in what a decision of this moment would rest on.
func (data *reviewData) explain(v *visit, c store.Case, e application.Explanation) {
	data.Verdict = verdictLine{Programme: v.programme(c.Programme), Outcome: v.t("outcome_of." + e.Outcome), Tone: toneOf(e.Outcome)}
	if data.Clear = !e.StartMonth.IsZero(); data.Clear {
		data.Start = v.t("application.start", e.StartMonth.String())
		data.Verdict.Amount = v.t("record.monthly", yuan(e.AmountFen))
	}
	data.Basis = v.t("review.basis", e.RuleSet, e.PackVersion, e.AsOf.String())
	reasons := slices.Clone(e.Reasons)
	slices.SortStableFunc(reasons, func(a, b application.ExplanationReason) int { return graveness(a.Passed) - graveness(b.Passed) })
	for _, r := range reasons {
		data.Verdict.Reasons = append(data.Verdict.Reasons, v.reason(r.Passed, v.either(r.ZH, r.EN), r.Cite))
	}
}

// graveness puts what stands in the way of an approval first.
func graveness(passed *bool) int {
	switch {
	case passed == nil:
		return 1
	case *passed:
		return 2
	}
	return 0
}

func toneOf(outcome string) string {
	switch outcome {
	case "yes":
		return "good"
	case "needs_fact":
		return "warn"
	}
	return "bad"
}

// closed says in a sentence why this officer has no decision on a case now.
func (v *visit) closed(c store.Case, err error) string {
	if fault.Is(err, "OWN_CASE") {
		return v.t("review.own", v.refusal(err))
	}
	if slices.Contains(openStages, string(c.Stage)) {
		return v.t("review.elsewhere", v.t("stage."+string(c.Stage)))
	}
	return v.t("review.over", v.t("stage."+string(c.Stage)))
}

// behind is the address of the case that comes next in the queue; that of the queue where there is none.
func (v *visit) behind(asked queueAsked, c store.Case) (string, error) {
	if c.Stage != asked.Stage {
		return asked.with("/queue"), nil
	}
	of := asked.QueueOf
	of.Behind, of.Limit = c.ID, pageSize
	found, err := v.desk.Queue(v.ctx, v.who, of)
	if err != nil {
		return "", err
	}
	for _, next := range found.Cases {
		if next.Decidable(v.who) == nil {
			return asked.with("/queue/" + next.ID.String()), nil
		}
	}
	return asked.with("/queue"), nil
}

// decideCase decides, and goes on to the next case of the queue.
func decideCase(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	ruling, err := v.ruling()
	if err != nil {
		return "", err
	}
	asked := v.queueAsked()
	c, err := v.desk.DB.Application(v.ctx, v.who, id)
	if err != nil {
		return "", err
	}
	next, err := v.behind(asked, c) // as the queue is now: the case is still in it
	if err != nil {
		return "", err
	}
	if _, err := v.desk.DecideApplication(v.ctx, v.who, id, v.version(), ruling); err != nil {
		return "", err
	}
	return addQuery(next, "done", "decided_"+ruling.Decision), nil
}
