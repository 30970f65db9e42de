package web

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/roster"
	"zhucan/internal/store"
)

// rostersData is the monthly lists of payments of an area, the latest first.
type rostersData struct {
	filters
	Lines []rosterLine
	More  string
	Make  *Form // nil: not this role's
}

type rosterLine struct {
	Path, Month, Place, Programme, State, Net string
	Persons, Lines, Held                      int
}

func showRosters(v *visit) (any, error) {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	var data rostersData
	f := store.RosterFilter{After: after.ID, Latest: true, Limit: pageSize}
	if data.Filters, f.Area, err = v.areaFilter(); err != nil {
		return nil, err
	}
	data.Text, f.Month = v.askedMonth("month", "roster.month", calendar.Month{})
	data.Text.Of = "by"
	found, err := v.desk.DB.ListRosters(v.ctx, v.who, f)
	if err != nil {
		return nil, err
	}
	for _, r := range found {
		data.Lines = append(data.Lines, v.rosterLine(r))
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	if !v.acts("make") {
		return data, nil
	}
	places, err := v.placesBelow("")
	if err != nil {
		return nil, err
	}
	places = append([]Option{{Value: string(v.who.Area), Label: v.placeName(v.who.Area)}}, places...)
	var programmes []Option
	for _, p := range v.desk.Pack().Programmes {
		programmes = append(programmes, Option{Value: p.ID, Label: v.either(p.ZH, p.EN)})
	}
	data.Make = v.newForm("make", "rosters.make", &Field{Name: "month", Label: v.t("roster.month"), Kind: "month", Need: true, Value: v.today.Month().String()},
		&Field{Name: "area_code", Label: v.t("queue.area"), Kind: "select", Need: true, Options: places, Value: string(v.who.Area)},
		&Field{Name: "programme", Label: v.t("case.programme"), Hint: v.t("rosters.programme.hint"), Kind: "select", Options: programmes})
	return data, nil
}

func (v *visit) rosterLine(r roster.Roster) rosterLine {
	line := rosterLine{Path: "/rosters/" + r.ID.String(), Month: r.Month.String(), Place: v.placeName(r.Area), Programme: v.t("roster.all"), State: v.t("roster_state." + string(r.State)),
		Net: r.Totals.Net.Yuan(), Persons: r.Totals.Persons, Lines: r.Totals.Lines, Held: r.Totals.Held}
	if r.Programme != "" {
		line.Programme = v.programme(r.Programme)
	}
	return line
}

func makeRoster(v *visit) (string, error) {
	r := v.reader()
	month, at, programme := r.month("month"), r.place("area_code", true), r.text("programme", 60, false)
	if err := r.err(); err != nil {
		return "", err
	}
	made, err := v.desk.MakeRoster(v.ctx, v.who, month, at, programme)
	if err != nil {
		return "", err
	}
	return "/rosters/" + made.ID.String() + "?done=roster_made", nil
}

// rosterData is one roster: its totals, its steps and who may take the next, its lines with what each is made of.
type rosterData struct {
	Roster   rosterLine
	Facts    []pair
	Capitals string
	Parts    []pair // of each programme
	Steps    []rosterStep
	Forms    []titledForm
	Waits    []string // why a step is not this officer's
	Files    []link
	Results  *Form
	Return   *Form // of a payment that came back after it was paid
	Taken    *takenResults
	States   []Option
	Doubts   []Option // why somebody should look at lines; those that some bear
	Lines    []paymentLine
	More     string
	Sheet    string
}

type rosterStep struct{ Name, Who, At string }

// takenResults is what became of the bank's file.
type takenResults struct {
	Text     string
	Refusals []refusalLine
}

type refusalLine struct{ Row, Column, Text string }

type paymentLine struct {
	Seq                                           int
	Person, Path, Place, Programme, Level         string
	Net, State, Tone, Why, Account, Holder, Basis string
	Months                                        int
	Parts                                         []string // what the amount is made of
}

const linesShown = 50

var lineStates = []string{"due", "held", "sent", "paid", "failed"}

func showRoster(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	r, err := v.desk.DB.Roster(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := rosterData{Roster: v.rosterLine(r), Capitals: r.Totals.Net.Capitals(), States: v.options("line", lineStates...)}
	t := r.Totals
	data.Facts = []pair{{v.t("roster.persons"), numberText(t.Persons)}, {v.t("roster.lines"), numberText(t.Lines)}, {v.t("roster.months"), numberText(t.PersonMonths)},
		{v.t("roster.held"), numberText(t.Held)}, {v.t("roster.gross"), t.Gross.Yuan()}, {v.t("roster.deduction"), t.Deduction.Yuan()}}
	if r.State.Open() {
		n, err := v.desk.DB.CountDoubts(v.ctx, v.who, id, v.today)
		if err != nil {
			return nil, err
		}
		for _, d := range store.Doubts {
			if n[d] > 0 {
				data.Facts = append(data.Facts, pair{v.t("roster." + string(d)), numberText(n[d])})
				data.Doubts = append(data.Doubts, Option{Value: string(d), Label: v.t("roster." + string(d))})
			}
		}
	}
	for _, p := range t.Programmes {
		data.Parts = append(data.Parts, pair{v.programme(p.Programme), v.t("roster.part", p.Persons, p.PersonMonths, p.Net.Yuan())})
	}
	if data.Steps, err = v.rosterSteps(r); err != nil {
		return nil, err
	}
	left := 0 // answers that the bank still owes
	if r.State == roster.Sent || r.State == roster.ResultsIn {
		if left, err = v.desk.DB.Unanswered(v.ctx, v.who, id); err != nil {
			return nil, err
		}
		data.Facts = append(data.Facts, pair{v.t("roster.unanswered"), numberText(left)})
	}
	v.rosterForms(&data, r, left)
	if v.may("/rosters/:id/file") && len(r.Checksum) > 0 {
		for _, form := range []string{"csv", "xlsx"} {
			data.Files = append(data.Files, link{Path: v.path + "/file?format=" + form, Text: v.t("take_out." + form)})
		}
	}
	data.Sheet, data.Return = v.path+"/sheet", v.returnForm(r)
	data.Taken, _ = v.found.(*takenResults)
	err = v.rosterPage(&data, r)
	return data, err
}

// rosterPage reads a page of the lines.
func (v *visit) rosterPage(data *rosterData, r roster.Roster) error {
	after, err := store.ParsePlace(v.query.Get("cursor"))
	if err != nil {
		return err
	}
	q := store.LinesOf{Roster: r.ID, After: after, Limit: linesShown}
	if state := v.query.Get("state"); slices.Contains(lineStates, state) {
		asked(data.States, state)
		q.State = state
	}
	if doubt := store.Doubt(v.query.Get("doubt")); slices.Contains(store.Doubts, doubt) {
		if !slices.ContainsFunc(data.Doubts, func(o Option) bool { return o.Value == string(doubt) }) { // what narrows a list is not to be shown as nothing
			data.Doubts = append(data.Doubts, Option{Value: string(doubt), Label: v.t("roster." + string(doubt))})
		}
		asked(data.Doubts, string(doubt))
		q.Doubt, q.Today = doubt, v.today
	}
	lines, err := v.desk.DB.RosterLines(v.ctx, v.who, q)
	if err != nil {
		return err
	}
	place, err := v.places()
	if err != nil {
		return err
	}
	for _, l := range lines {
		data.Lines = append(data.Lines, v.paymentLine(l, place))
	}
	if n := len(lines); n > 0 {
		data.More = v.more(n == linesShown, strconv.Itoa(lines[n-1].Seq))
	}
	return nil
}

// paymentLine says what a line pays, and why it is another amount than the rate of a month.
func (v *visit) paymentLine(l roster.Line, place func(area.Code) string) paymentLine {
	line := paymentLine{Seq: l.Seq, Person: l.PersonName, Place: place(l.Area), Programme: v.programme(l.Programme), Level: v.t("level." + numberText(l.Level)), Net: l.Net.Yuan(),
		State: v.t("line." + l.State), Months: l.Months, Holder: l.Holder, Account: v.t("shell.none"), Basis: l.RateDocument}
	if l.Account != "" {
		line.Account = idnum.MaskAccount(l.Account)
	}
	if l.PersonName == "" {
		line.Person = v.t("roster.moved")
	} else if v.may("/persons/:id/ledger") {
		line.Path = "/persons/" + l.PersonID.String() + "/ledger"
	}
	switch l.State {
	case "held":
		line.Why, line.Tone = v.t("hold."+l.Hold), "warn"
	case "failed":
		line.Why, line.Tone = l.Failure, "bad"
		if !l.ReturnedOn.IsZero() {
			line.Why = v.t("line.returned", l.ReturnedOn.String(), l.ReturnDocument, l.Failure)
		}
	case "paid":
		line.Tone = "good"
		if l.Net == 0 {
			line.State = v.t("line.kept")
		}
	}
	if l.Regular != 0 {
		line.Parts = append(line.Parts, v.t("line.regular", l.Rate.Yuan(), l.Regular.Yuan()))
	}
	if l.Arrears != 0 {
		line.Parts = append(line.Parts, v.t("line.arrears", l.ArrearsFrom.String(), l.ArrearsTo.String(), l.Arrears.Yuan()))
	}
	if l.Supplement != 0 {
		line.Parts = append(line.Parts, v.t("line.supplement", l.Supplement.Yuan()))
	}
	if l.Deduction != 0 {
		line.Parts = append(line.Parts, v.t("line.deduction", l.Deduction.Yuan()))
	}
	return line
}

func (v *visit) rosterSteps(r roster.Roster) (list []rosterStep, err error) {
	stamps := []struct {
		name string
		roster.Stamp
	}{{"made", r.Made}, {"checked", r.Checked}, {"locked", r.Locked}, {"sent", r.Sent}, {"closed", r.Closed}}
	var ids []uuid.UUID
	for _, s := range stamps {
		ids = append(ids, s.By)
	}
	names, err := v.desk.DB.AccountNames(v.ctx, v.who, ids)
	if err != nil {
		return nil, err
	}
	for _, s := range stamps {
		step := rosterStep{Name: v.t("stamp." + s.name)}
		if !s.At.IsZero() {
			step.Who, step.At = names[s.By], s.At.In(china).Format("2006-01-02 15:04")
		}
		list = append(list, step)
	}
	return list, nil
}

// rosterAct is a step of a roster.
type rosterAct struct {
	do    string
	grave bool
	try   func(r *roster.Roster, who access.Actor, left int, now time.Time) error
	step  rosterStepping
}

type rosterStepping func(*casework.Desk, context.Context, access.Actor, uuid.UUID, int) (roster.Roster, error)

// rosterActs are the steps in their order. Whether one can be taken now, and by whom, the roster itself is asked, on a copy.
var rosterActs = []rosterAct{
	{"check", false, func(r *roster.Roster, who access.Actor, _ int, now time.Time) error { return r.Check(who, now) }, (*casework.Desk).CheckRoster},
	{"lock", false, func(r *roster.Roster, who access.Actor, _ int, now time.Time) error { return r.Lock(who, nil, now) }, (*casework.Desk).LockRoster},
	{"send", false, func(r *roster.Roster, who access.Actor, _ int, now time.Time) error { return r.Send(who, now) }, (*casework.Desk).SendRoster},
	{"close", false, (*roster.Roster).Close, (*casework.Desk).CloseRoster},
	{"calculate", false, func(r *roster.Roster, who access.Actor, _ int, now time.Time) error {
		return r.Calculate(who, r.Totals, now)
	}, (*casework.Desk).CalculateRoster},
	{"cancel", true, func(r *roster.Roster, _ access.Actor, _ int, _ time.Time) error { return r.Cancel() }, (*casework.Desk).CancelRoster},
}

func (v *visit) rosterForms(data *rosterData, r roster.Roster, left int) {
	for _, a := range rosterActs {
		if !v.acts(a.do) {
			continue
		}
		again := r
		switch err := a.try(&again, v.who, left, v.desk.Now()); {
		case fault.Is(err, roster.SameHands.Code):
			data.Waits = append(data.Waits, v.t("roster."+a.do)+"："+v.refusal(err))
		case fault.Is(err, "UNANSWERED_LINES") && v.do != a.do:
			data.Waits = append(data.Waits, v.t("roster.close.waits", left))
		case err == nil, v.do == a.do: // what was refused is shown with its form
			f := v.newForm(a.do, "roster."+a.do)
			f.Version, f.Grave = r.Version, a.grave
			data.Forms = append(data.Forms, titledForm{Title: v.t("roster." + a.do + ".hint"), Form: f})
		}
	}
	again := r
	if v.who.Role == access.FinanceOfficer && again.TakeResults() == nil {
		data.Results = v.newForm("results", "roster.results", &Field{Name: "file", Label: v.t("roster.results.file"), Hint: v.t("roster.results.hint"), Kind: "file", Need: true, Accept: tables})
	}
}

// returnForm asks for a payment that came back after it was paid.
func (v *visit) returnForm(r roster.Roster) *Form {
	if !v.acts("return") || r.Return() != nil {
		return nil
	}
	f := v.newForm("return", "roster.return", &Field{Name: "seq", Label: v.t("roster.seq"), Kind: "number", Need: true},
		&Field{Name: "net_fen", Label: v.t("roster.return.net"), Hint: v.t("roster.return.net.hint"), Need: true, Max: 20, Mode: "decimal"},
		&Field{Name: "returned_on", Label: v.t("roster.return.on"), Kind: "date", Need: true, Value: v.today.String()},
		&Field{Name: "document", Label: v.t("roster.return.document"), Need: true, Max: 100},
		&Field{Name: "reason", Label: v.t("roster.return.reason"), Need: true, Max: 100})
	f.Grave = true
	return f
}

func returnPayment(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	in := casework.Return{Seq: r.number("seq", true, 1, 10_000_000), Net: r.amount("net_fen"), On: r.day("returned_on", true),
		Document: r.text("document", 100, true), Reason: r.text("reason", 100, true)}
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.ReturnPayment(v.ctx, v.who, id, in)
	return v.path + "?state=failed&done=roster_return", err
}

// tables is what a field for a list takes.
const tables = ".xlsx,.csv"

// moneyRoles make rosters and ask money back.
var moneyRoles = roles{cdpf, civil, finance}

func rosterStepActs() map[string]act {
	acts := map[string]act{"return": {roles: roles{finance}, do: returnPayment}}
	for _, a := range rosterActs {
		acts[a.do] = act{roles: moneyRoles, do: stepRoster(a.step, a.do)}
	}
	return acts
}

// stepRoster takes a step of a roster.
func stepRoster(step rosterStepping, do string) func(*visit) (string, error) {
	return func(v *visit) (string, error) {
		id, err := v.id()
		if err != nil {
			return "", err
		}
		_, err = step(v.desk, v.ctx, v.who, id, v.version())
		return v.path + "?done=roster_" + do, err
	}
}

// takeResults reads the bank's answer and shows what was taken and what was not, row by row. The same file again changes nothing.
func takeResults(v *visit) error {
	if v.who.Role != access.FinanceOfficer {
		return forbidden
	}
	id, err := v.id()
	if err != nil {
		return err
	}
	if len(v.uploads["file"]) != 1 {
		return fault.InvalidFields(fault.Field{Name: "file", Code: "REQUIRED", ZH: "请选择银行返回的文件", EN: "choose the file of the bank"})
	}
	if _, err := v.desk.DB.Roster(v.ctx, v.who, id); err != nil {
		return err
	}
	results, refused, err := exchange.ReadBankResults(v.uploads["file"][0], id.String())
	if err != nil {
		return atField("file", err)
	}
	rows, refusals := make([]casework.BankRow, len(results)), make([]store.Refusal, len(refused))
	for i, one := range results {
		rows[i] = casework.BankRow(one)
	}
	for i, one := range refused {
		refusals[i] = store.Refusal(one)
	}
	t, err := v.desk.TakeResults(v.ctx, v.who, id, rows, refusals)
	if err != nil {
		return err
	}
	taken := &takenResults{Text: v.t("roster.taken", t.Paid, t.Failed, t.Same, len(t.Refusals)), Refusals: v.refusalLines(t.Refusals[:min(len(t.Refusals), refusalsShown)])}
	if left := len(t.Refusals) - refusalsShown; left > 0 {
		taken.Text += v.t("roster.taken.more", left)
	}
	v.found = taken
	v.form = nil
	return nil
}

func (v *visit) refusalLines(refusals []store.Refusal) (list []refusalLine) {
	for _, r := range refusals {
		line := refusalLine{Column: r.Column, Text: v.either(r.ZH, r.EN)}
		if r.Row > 0 {
			line.Row = numberText(r.Row)
		}
		list = append(list, line)
	}
	return list
}

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// showRosterFile is the file of a locked roster for the bank. Who takes it out is kept.
func showRosterFile(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	file, err := v.desk.OpenRosterFile(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	form, kind, write := "csv", "text/csv; charset=utf-8", exchange.WritePaymentCSV
	if v.query.Get("format") == "xlsx" {
		form, kind, write = "xlsx", xlsxType, exchange.WritePaymentXLSX
	}
	return raw{kind: kind, name: fmt.Sprintf("roster-%s-%s.%s", file.Roster.Month, id, form), write: func(w io.Writer) error { return write(w, file.Roster, file.Lines) }}, nil
}

// rosterSheet is a roster as it is printed and signed.
type rosterSheet struct {
	Roster     rosterLine
	Title      string
	Lines      []paymentLine
	Last       bool // the totals stand below
	Capitals   string
	Parts      []pair
	Steps      []rosterStep
	More, Back string
}

// sheetLines is how many lines one sheet to print has.
const sheetLines = 150

func showRosterSheet(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	r, err := v.desk.DB.Roster(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	after, err := store.ParsePlace(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	lines, err := v.desk.DB.RosterLines(v.ctx, v.who, store.LinesOf{Roster: id, After: after, Limit: sheetLines})
	if err != nil {
		return nil, err
	}
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	data := rosterSheet{Roster: v.rosterLine(r), Title: v.t("sheet.roster", r.Month.String()), Capitals: r.Totals.Net.Capitals(), Back: "/rosters/" + id.String(), Last: len(lines) < sheetLines}
	for _, l := range lines {
		data.Lines = append(data.Lines, v.paymentLine(l, place))
	}
	if n := len(lines); n > 0 {
		data.More = v.more(!data.Last, strconv.Itoa(lines[n-1].Seq))
	}
	for _, p := range r.Totals.Programmes {
		data.Parts = append(data.Parts, pair{v.programme(p.Programme), v.t("roster.part", p.Persons, p.PersonMonths, p.Net.Yuan())})
	}
	data.Steps, err = v.rosterSteps(r)
	return data, err
}
