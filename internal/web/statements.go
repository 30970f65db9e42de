package web

import (
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/fault"
	"zhucan/internal/statement"
	"zhucan/internal/store"
)

// statementsData is what lists of other departments would take from people and an officer has to confirm.
type statementsData struct {
	filters
	All     string // where those of every list are, while one list's are shown
	Lines   []statementLine
	More    string
	Results []statementResult
	Form    *Form // nil: not this role's to decide
}

type statementLine struct {
	ID, Person, Path, Place, Sender, Kind, Says, Money, Due, Tone string
	Picked                                                        bool
}

type statementResult struct{ Person, Kind, Text, Tone string }

func showStatements(v *visit) (any, error) {
	found, err := v.pendingStatements()
	if err != nil {
		return nil, err
	}
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	var data statementsData
	if data.Filters, _, err = v.areaFilter(); err != nil {
		return nil, err
	}
	if imported := idOf(v.query.Get("import")); imported != uuid.Nil {
		data.Text, data.All = &Field{Name: "import", Kind: "hidden", Value: imported.String()}, v.path
	}
	for _, p := range found {
		line := v.statementLine(p)
		line.Place = place(p.Area)
		data.Lines = append(data.Lines, line)
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	data.Results, _ = v.found.([]statementResult)
	if slices.Contains(statementDeciders, v.who.Role) && len(found) > 0 {
		data.Form = v.newForm("decide", "decide.submit", &Field{Name: "decision", Label: v.t("statement.decision"), Kind: "radio", Need: true, Options: v.options("statement_decision", statementDecisions...)},
			&Field{Name: "reason", Label: v.t("statement.reason"), Kind: "textarea", Need: true, Max: 500})
	}
	return data, nil
}

var (
	statementDeciders  = roles{town, cdpf, civil}
	statementDecisions = []string{"confirm", "dismiss"}
)

func (v *visit) pendingStatements() ([]store.PendingStatement, error) {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	return v.desk.PendingStatements(v.ctx, v.who, v.areaAsked(), idOf(v.query.Get("import")), after.ID, pageSize) // another text narrows nothing
}

func (v *visit) statementLine(p store.PendingStatement) statementLine {
	line := statementLine{ID: p.ID.String(), Person: p.Name, Sender: orNone(v, p.Sender), Kind: v.factKind(p.Kind), Due: p.DueOn.String()}
	if v.may("/persons/:id") {
		line.Path = "/persons/" + p.PersonID.String()
	}
	switch p.Says {
	case statement.Absent:
		line.Says = v.t("says.absent", p.AsOf.String())
	case statement.Ended:
		line.Says = v.t("says.ended", p.From.String())
	default:
		line.Says = v.t("says.holds", v.daysText(p.From.String(), p.To.String()))
	}
	if p.MonthlyFen > 0 {
		line.Money = v.t("worklist.monthly", yuan(p.MonthlyFen))
	}
	if p.DueOn.Before(v.today) {
		line.Due, line.Tone = v.t("worklist.overdue", p.DueOn.String()), "bad"
	}
	line.Picked = v.form != nil && slices.Contains(v.form["statement"], line.ID)
	return line
}

// decideStatements confirms or dismisses what was picked, each for itself. Sent again, what is decided says so.
func decideStatements(v *visit) error {
	if !slices.Contains(statementDeciders, v.who.Role) {
		return forbidden
	}
	r := v.reader()
	decision, reason := r.choice("decision", true, statementDecisions...), r.text("reason", 500, true)
	if err := r.err(); err != nil {
		return err
	}
	picked := v.form["statement"]
	if len(picked) == 0 {
		return fault.New(fault.Invalid, "NOTHING_PICKED", "请先勾选要办理的事项", "tick what is to be dealt with first")
	}
	if len(picked) > mostTogether {
		return badForm
	}
	waiting, err := v.pendingStatements()
	if err != nil {
		return err
	}
	decide, done := v.desk.ConfirmStatement, "statement.confirmed"
	if decision == "dismiss" {
		decide, done = v.desk.DismissStatement, "statement.dismissed"
	}
	results := []statementResult{}
	for _, text := range picked {
		id, err := uuid.Parse(text)
		if err != nil {
			return badForm
		}
		result := statementResult{Text: v.t(done), Tone: "good"}
		for _, p := range waiting {
			if p.ID == id {
				result.Person, result.Kind = p.Name, v.factKind(p.Kind)
			}
		}
		if _, err := decide(v.ctx, v.who, id, reason); err != nil {
			result.Text, result.Tone = v.t("decided.not", v.single("decide", id, err).Message(v.english)), "bad"
		}
		results = append(results, result)
	}
	v.found, v.form = results, nil
	v.query.Del("cursor")
	return nil
}
