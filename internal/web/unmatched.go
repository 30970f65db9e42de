package web

import (
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/exchange"
	"zhucan/internal/store"
)

// unmatchedData is the rows of a list that name nobody for certain.
type unmatchedData struct {
	Lines []unmatchedLine
	More  string
}

type unmatchedLine struct{ Path, Row, May, Outcome, Tone, Reason string }

func showUnmatched(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	after, err := store.ParsePlace(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	rows, err := v.desk.UnmatchedRows(v.ctx, v.who, id, after, pageSize)
	if err != nil {
		return nil, err
	}
	var data unmatchedData
	for _, u := range rows {
		data.Lines = append(data.Lines, v.unmatchedLine(u))
	}
	if n := len(rows); n > 0 {
		data.More = v.more(n == pageSize, strconv.Itoa(rows[n-1].Row))
	}
	return data, nil
}

func (v *visit) unmatchedLine(u store.Unmatched) unmatchedLine {
	line := unmatchedLine{Path: "/imports/" + u.ImportID.String() + "/unmatched/" + strconv.Itoa(u.Row), Row: v.t("unmatched.row", u.Row), Outcome: v.t("unmatched_outcome." + u.Outcome), Tone: "good", Reason: u.Reason}
	if u.Outcome == store.UnmatchedOpen {
		line.Tone = "warn"
	}
	var names []string
	for _, c := range u.Candidates {
		names = append(names, c.Name)
	}
	line.May = orNone(v, strings.Join(names, v.t("merge.comma")))
	return line
}

// oneUnmatched is a row with all whom it may mean, beside each other.
type oneUnmatched struct {
	Line       unmatchedLine
	Cells      []exchange.ShownCell // what the row says
	Candidates []candidateLine
	Workbook   string // the file, in which the row is explained
	List       string // where the other rows are
	Tried      bool   // nothing can be chosen yet
	Form       *Form
}

type candidateLine struct {
	Path, Name, Birth, Place, Basis, Number string
	Chosen                                  bool
}

func showOneUnmatched(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	n, err := v.row()
	if err != nil {
		return nil, err
	}
	u, err := v.desk.UnmatchedRow(v.ctx, v.who, id, n)
	if err != nil {
		return nil, err
	}
	i, err := v.desk.Import(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	list := "/imports/" + id.String()
	data := oneUnmatched{Line: v.unmatchedLine(u.Unmatched), Cells: u.Cells, Workbook: list + "/workbook?only=refused", List: list + "/unmatched", Tried: i.DryRun}
	if data.Candidates, err = v.candidateLines(u.Unmatched); err != nil {
		return nil, err
	}
	if u.Outcome == store.UnmatchedOpen && !i.DryRun && i.State == store.ImportDone {
		data.Form = v.choiceForm(data.Candidates, u.Unmatched)
	}
	return data, nil
}

// row is the number of a row in the path.
func (v *visit) row() (int, error) {
	n, err := store.ParsePlace(v.echo.Param("row"))
	if err != nil || n == 0 {
		return 0, store.NotFound
	}
	return n, nil
}

func (v *visit) candidateLines(u store.Unmatched) (list []candidateLine, err error) {
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	for _, c := range u.Candidates {
		number := "unmatched.no_number"
		if c.HasID {
			number = "unmatched.number"
		}
		list = append(list, candidateLine{Path: "/persons/" + c.PersonID.String(), Name: c.Name, Birth: c.Birth.String(), Place: place(c.Area), Basis: v.t("match_basis." + c.Basis),
			Number: v.t(number), Chosen: c.PersonID == u.PersonID})
	}
	return list, nil
}

// nobody is the choice that a row means none of those whom it may mean.
const nobody = "nobody"

func (v *visit) choiceForm(candidates []candidateLine, u store.Unmatched) *Form {
	var options []Option
	for i, c := range candidates {
		options = append(options, Option{Value: u.Candidates[i].PersonID.String(), Label: strings.TrimSpace(c.Name + " " + c.Birth + " " + c.Place)})
	}
	options = append(options, Option{Value: nobody, Label: v.t("unmatched.nobody")})
	return v.newForm("choose", "unmatched.choose", &Field{Name: "person_id", Label: v.t("unmatched.whom"), Kind: "radio", Need: true, Options: options},
		&Field{Name: "reason", Label: v.t("application.reason"), Hint: v.t("unmatched.reason"), Kind: "textarea", Max: 500, Need: true})
}

// candidateChoice is whom a row is said to mean; nobody where the person is zero.
type candidateChoice struct {
	imported, person uuid.UUID
	row              int
	reason           string
}

func (v *visit) candidateChoice() (c candidateChoice, err error) {
	if c.imported, err = v.id(); err != nil {
		return c, err
	}
	if c.row, err = v.row(); err != nil {
		return c, err
	}
	r := v.reader()
	text := r.text("person_id", 36, true)
	c.reason = r.text("reason", 500, true)
	if text != "" && text != nobody {
		if c.person, err = uuid.Parse(text); err != nil {
			r.wrong("person_id", "NOT_A_CHOICE", "请从选项中选择", "choose one of the list")
		}
	}
	return c, r.err()
}

func readChosenRow(v *visit) {
	if c, err := v.candidateChoice(); err == nil && c.person != uuid.Nil {
		v.again = v.desk.ReadAgain(v.ctx, v.who, c.imported, c.row)
	}
}

func chooseCandidate(v *visit) (string, error) {
	c, err := v.candidateChoice()
	if err != nil {
		return "", err
	}
	_, err = v.desk.ChooseCandidate(v.ctx, v.who, c.imported, c.row, c.person, c.reason, v.again)
	return "/imports/" + c.imported.String() + "/unmatched?done=row_chosen", err
}
