package exchange

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/calendar"
	"zhucan/internal/supervision"
)

// BoardRow is what the supervision board says of one unit. Group is unplaced for what stands in none of them.
type BoardRow struct {
	AreaCode, AreaName, Group string
	supervision.Tally
}

// Board is the supervision board of an area in a period. What is overdue is so on AsOf.
type Board struct {
	From, To, AsOf calendar.Date
	Area, By       string
	Rows           []BoardRow
}

// boardColumns are the columns of csv and xlsx, in order.
var boardColumns = []struct {
	name, zh string
	shape    shape
	cell     func(*Board, *BoardRow) string
}{
	{"area_code", "区划代码", asText, func(_ *Board, r *BoardRow) string { return r.AreaCode }},
	{"area_name", "区划名称", asText, func(_ *Board, r *BoardRow) string { return r.AreaName }},
	{"group", "组", asText, func(_ *Board, r *BoardRow) string { return r.Group }},
	{"from", "起始日期", asText, func(b *Board, _ *BoardRow) string { return b.From.String() }},
	{"to", "截止日期", asText, func(b *Board, _ *BoardRow) string { return b.To.String() }},
	{"as_of", "逾期计算日期", asText, func(b *Board, _ *BoardRow) string { return b.AsOf.String() }},
	{"received", "受理申请", asWhole, tallied(func(t *supervision.Tally) int64 { return t.Received })},
	{"decided", "办结申请", asWhole, tallied(func(t *supervision.Tally) int64 { return t.Decided })},
	{"in_time", "其中按期办结", asWhole, tallied(func(t *supervision.Tally) int64 { return t.InTime })},
	{"in_time_rate", "按期办结率%", asCents, text(supervision.Tally.InTimeRate)},
	{"overdue", "逾期未办", asWhole, tallied(func(t *supervision.Tally) int64 { return t.Overdue })},
	{"working_days", "办结用时合计（工作日）", asWhole, tallied(func(t *supervision.Tally) int64 { return t.WorkingDays })},
	{"average_days", "平均用时（工作日）", asCents, text(supervision.Tally.AverageDays)},
	{"most_days", "最长用时（工作日）", asWhole, tallied(func(t *supervision.Tally) int64 { return t.MostDays })},
	{"returned", "退回补正次数", asWhole, tallied(func(t *supervision.Tally) int64 { return t.Returned })},
	{"rejected", "不予批准", asWhole, tallied(func(t *supervision.Tally) int64 { return t.Rejected })},
	{"withdrawn", "撤回", asWhole, tallied(func(t *supervision.Tally) int64 { return t.Withdrawn })},
	{"tickets_received", "受理来件", asWhole, tallied(func(t *supervision.Tally) int64 { return t.TicketsReceived })},
	{"tickets_closed", "办结来件", asWhole, tallied(func(t *supervision.Tally) int64 { return t.TicketsClosed })},
	{"tickets_overdue", "逾期来件", asWhole, tallied(func(t *supervision.Tally) int64 { return t.TicketsOverdue })},
	{"called_back", "回访次数", asWhole, tallied(func(t *supervision.Tally) int64 { return t.CalledBack })},
	{"satisfied", "其中满意或基本满意", asWhole, tallied(func(t *supervision.Tally) int64 { return t.Satisfied })},
	{"satisfied_rate", "满意率%", asCents, text(supervision.Tally.SatisfiedRate)},
	{"services_opened", "受理服务", asWhole, tallied(func(t *supervision.Tally) int64 { return t.ServicesOpened })},
	{"services_completed", "完成服务", asWhole, tallied(func(t *supervision.Tally) int64 { return t.ServicesCompleted })},
	{"ratings", "评价数", asWhole, tallied(func(t *supervision.Tally) int64 { return t.Ratings })},
	{"scores", "评分合计", asWhole, tallied(func(t *supervision.Tally) int64 { return t.Scores })},
	{"average_score", "平均评分", asCents, text(supervision.Tally.AverageScore)},
}

func tallied(of func(*supervision.Tally) int64) func(*Board, *BoardRow) string {
	return func(_ *Board, r *BoardRow) string { return strconv.FormatInt(of(&r.Tally), 10) }
}

func text(of func(supervision.Tally) string) func(*Board, *BoardRow) string {
	return func(_ *Board, r *BoardRow) string { return of(r.Tally) }
}

// WriteBoard writes a board as csv, in UTF-8 with a mark, or xlsx, whose counts are numbers and whose codes are text, so that they stay whole.
func WriteBoard(w io.Writer, form string, b Board) error {
	write := map[string]func(io.Writer, Board) error{"csv": writeBoardCSV, "xlsx": writeBoardXLSX}[form]
	if write == nil {
		return fmt.Errorf("write a board: no form %q", form)
	}
	if err := write(w, b); err != nil {
		return fmt.Errorf("write a board: %w", err)
	}
	return nil
}

func (b *Board) line(r *BoardRow) []string {
	cells := make([]string, len(boardColumns))
	for i, c := range boardColumns {
		cells[i] = figureCell(c.cell(b, r))
	}
	return cells
}

func writeBoardCSV(w io.Writer, b Board) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	var heads []string
	for _, c := range boardColumns {
		heads = append(heads, c.name)
	}
	out.Write(heads)
	for i := range b.Rows {
		out.Write(b.line(&b.Rows[i]))
	}
	out.Flush()
	return out.Error()
}

func writeBoardXLSX(w io.Writer, b Board) error {
	book := excelize.NewFile()
	defer book.Close()
	const name = "监督评价"
	if err := book.SetSheetName("Sheet1", name); err != nil {
		return err
	}
	var heads []string
	var shapes []shape
	for _, c := range boardColumns {
		heads, shapes = append(heads, c.zh), append(shapes, c.shape)
	}
	sheet, err := newBookSheet(book, name, shapes...)
	if err != nil {
		return err
	}
	sheet.line(heads)
	for i := range b.Rows {
		sheet.line(b.line(&b.Rows[i]))
	}
	if err := sheet.end(); err != nil {
		return err
	}
	return book.Write(w)
}
