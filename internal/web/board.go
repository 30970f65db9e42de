package web

import (
	"io"
	"slices"
	"strconv"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/store"
	"zhucan/internal/supervision"
)

// boardData is what the units of an area took in, did in time and left lying (监督评价), in a period that stands in the address.
type boardData struct {
	From, To, AsOf string
	Wrong          []string // days that were asked for and are none
	Levels         []Option
	Places         []Option
	Heads          []string
	Groups         []boardGroup
	Sum            boardRow
	Columns        int
	More           string
	Files          []link
}

// boardGroup is the villages of a town with what they add up to; units of other levels stand in one group without a name.
type boardGroup struct {
	Name string
	Rows []boardRow
	Sum  boardRow
}

type boardRow struct {
	Unit  string
	Cells []string
}

// boardColumns are what the board shows, with the words of each in the catalogue.
var boardColumns = []struct {
	key  string
	cell func(supervision.Tally) string
}{
	{"received", count(func(t supervision.Tally) int64 { return t.Received })},
	{"decided", count(func(t supervision.Tally) int64 { return t.Decided })},
	{"in_time", percent(supervision.Tally.InTimeRate)},
	{"overdue", count(func(t supervision.Tally) int64 { return t.Overdue })},
	{"average", supervision.Tally.AverageDays},
	{"most", count(func(t supervision.Tally) int64 { return t.MostDays })},
	{"returned", count(func(t supervision.Tally) int64 { return t.Returned })},
	{"rejected", count(func(t supervision.Tally) int64 { return t.Rejected })},
	{"withdrawn", count(func(t supervision.Tally) int64 { return t.Withdrawn })},
	{"tickets", count(func(t supervision.Tally) int64 { return t.TicketsReceived })},
	{"closed", count(func(t supervision.Tally) int64 { return t.TicketsClosed })},
	{"late", count(func(t supervision.Tally) int64 { return t.TicketsOverdue })},
	{"satisfied", percent(supervision.Tally.SatisfiedRate)},
	{"opened", count(func(t supervision.Tally) int64 { return t.ServicesOpened })},
	{"completed", count(func(t supervision.Tally) int64 { return t.ServicesCompleted })},
	{"score", supervision.Tally.AverageScore},
}

func count(of func(supervision.Tally) int64) func(supervision.Tally) string {
	return func(t supervision.Tally) string { return strconv.FormatInt(of(t), 10) }
}

func percent(of func(supervision.Tally) string) func(supervision.Tally) string {
	return func(t supervision.Tally) string {
		if text := of(t); text != "" {
			return text + "%"
		}
		return ""
	}
}

var boardLevels = []string{"district", "town", "village"}

// boardAsked reads which units and which days an address asks for.
func (v *visit) boardAsked() casework.BoardOf {
	q := casework.BoardOf{By: v.query.Get("by")}
	if !slices.Contains(boardLevels, q.By) {
		q.By = "town"
		if len(v.who.Area) >= len("370305001") {
			q.By = "village"
		}
	}
	q.From, _ = exchange.TypedDay(v.query.Get("from")) // what is no day narrows nothing
	q.To, _ = exchange.TypedDay(v.query.Get("to"))
	if code, err := area.Parse(v.query.Get("area")); err == nil {
		q.Area = code
	}
	return q
}

func showBoard(v *visit) (any, error) {
	q := v.boardAsked()
	b, err := v.desk.Supervision(v.ctx, v.who, q)
	if err != nil {
		return nil, err
	}
	data := boardData{From: b.From.String(), To: b.To.String(), AsOf: b.AsOf.String(), Wrong: v.daysNotTaken(calendar.Date{}, "from", "to"), Levels: v.options("board_level", boardLevels...)}
	for i := range data.Levels {
		data.Levels[i].Chosen = data.Levels[i].Value == q.By
	}
	if data.Places, err = v.placesBelow(q.Area); err != nil {
		return nil, err
	}
	for _, c := range boardColumns {
		data.Heads = append(data.Heads, v.t("board_column."+c.key))
	}
	data.Columns = len(boardColumns) + 1
	var sum supervision.Tally
	for _, r := range b.Rows {
		sum = sum.Add(r.Tally)
	}
	data.Sum = tallied(v.t("board.sum"), sum)
	groups, err := v.boardGroups(b)
	if err != nil {
		return nil, err
	}
	data.Groups, data.More = v.boardPage(groups)
	for _, form := range []string{"csv", "xlsx"} {
		at := addQuery(addQuery(addQuery("/supervision/file?format="+form, "by", q.By), "from", data.From), "to", data.To)
		if q.Area != "" {
			at = addQuery(at, "area", string(q.Area))
		}
		data.Files = append(data.Files, link{Path: at, Text: v.t("take_out." + form)})
	}
	return data, nil
}

// boardGroups puts the villages of several towns under their towns, in the order of the tree. What stands in no unit comes last.
func (v *visit) boardGroups(b exchange.Board) ([]boardGroup, error) {
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	var groups []boardGroup
	var of []area.Code
	var sum supervision.Tally
	for _, r := range b.Rows {
		name, town := r.AreaName, area.Code("")
		switch {
		case r.Group == store.Unplaced:
			name = v.t("board.unplaced")
		case b.By == "village" && area.Code(b.Area).Level() != "town":
			town = area.Code(r.AreaCode).Parent()
		}
		if n := len(groups); n == 0 || of[n-1] != town {
			groups, of, sum = append(groups, boardGroup{}), append(of, town), supervision.Tally{}
		}
		g := &groups[len(groups)-1]
		sum = sum.Add(r.Tally)
		g.Rows = append(g.Rows, tallied(name, r.Tally))
		if town != "" {
			g.Name = place(town)
			g.Sum = tallied(v.t("board.sum.of", g.Name), sum)
		}
	}
	return groups, nil
}

// boardRows is about how many rows a page has. A group is not cut.
const boardRows = 60

// boardPage is the groups of this page, and where the next begins.
func (v *visit) boardPage(groups []boardGroup) (page []boardGroup, more string) {
	from, _ := v.part(len(groups), boardRows)
	to, rows := from, 0
	for to < len(groups) && (to == from || rows+len(groups[to].Rows) <= boardRows) {
		rows += len(groups[to].Rows)
		to++
	}
	return groups[from:to], v.more(to < len(groups), strconv.Itoa(to))
}

func tallied(name string, t supervision.Tally) boardRow {
	row := boardRow{Unit: name}
	for _, c := range boardColumns {
		text := c.cell(t)
		if text == "" {
			text = "—"
		}
		row.Cells = append(row.Cells, text)
	}
	return row
}

// showBoardFile is the same board as a file, with every count that its rates are made from.
func showBoardFile(v *visit) (any, error) {
	b, err := v.desk.Supervision(v.ctx, v.who, v.boardAsked())
	if err != nil {
		return nil, err
	}
	form, kind := "csv", "text/csv; charset=utf-8"
	if v.query.Get("format") == "xlsx" {
		form, kind = "xlsx", xlsxType
	}
	return raw{kind: kind, name: "supervision-" + b.From.String() + "-" + b.To.String() + "." + form, write: func(w io.Writer) error { return exchange.WriteBoard(w, form, b) }}, nil
}
