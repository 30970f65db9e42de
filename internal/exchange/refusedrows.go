package exchange

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// OnlyRefused is a workbook with the heading of a list and the refused rows alone, and behind them what is wrong with each:
// ready to be put right and sent again, also of a csv file, whose numbers a spreadsheet would round. It counts days from the same one.
// Days are written out, and a formula is what it came to.
func OnlyRefused(data []byte, list *List, refusals []RowError, english bool) (out []byte, err error) {
	defer guarded(&err)
	s, err := sheetOf(data, list)
	if err != nil {
		return nil, err
	}
	reasons := map[int][]string{}
	for _, e := range refusals {
		reasons[e.Row] = append(reasons[e.Row], placeAndText(e, english))
	}
	lines := list.refusedLines(s, rowNumbers(refusals), reasons, english)
	out, err = refusedBook(lines, s.shift == epoch1904)
	if err != nil {
		return nil, fmt.Errorf("write refused rows: %w", err)
	}
	return out, nil
}

// refusedLines are the heading and the refused rows, without an earlier column of complaints and with one of these.
func (l *List) refusedLines(s *sheet, refused []int, reasons map[int][]string, english bool) (lines [][]Cell) {
	width, ours := 0, map[int]bool{}
	for _, h := range l.Headings {
		if isOurs(h.Text) {
			ours[h.Index+1] = true
		}
	}
	for _, row := range s.rows {
		width = max(width, len(row.cells))
	}
	head := complaintHeading[0]
	if english {
		head = complaintHeading[1]
	}
	for _, row := range s.rows {
		isHead := row.n >= l.top && row.n <= l.HeadingRow
		if _, wrong := slices.BinarySearch(refused, row.n); !isHead && !wrong {
			continue
		}
		var line []Cell
		for column := 1; column <= width; column++ {
			if ours[column] {
				continue
			}
			c := row.cell(column)
			if isHead {
				c = Cell{Text: row.cell(s.covering(row.n, column).fromColumn).Text}
			}
			line = append(line, written(c, s.shift))
		}
		last := Cell{Text: strings.Join(reasons[row.n], "；")}
		if isHead {
			last.Text = head
		}
		lines = append(lines, append(line, last))
	}
	return lines
}

// written is a cell as it is written again.
func written(c Cell, shift int) Cell {
	switch c.Kind {
	case Dated:
		if d, ok := serialDay(c, shift); ok {
			return Cell{Text: d.String()}
		}
		return Cell{Text: c.Text}
	case Number:
		if _, ok := decimals(c.Text); ok {
			return c
		}
	}
	return Cell{Text: c.Text}
}

// refusedBook is a workbook with some lines. A number may be a day that is not shown as one: it must stay the same day.
func refusedBook(lines [][]Cell, from1904 bool) ([]byte, error) {
	book := excelize.NewFile()
	defer book.Close()
	if err := book.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &from1904}); err != nil {
		return nil, err
	}
	style, err := book.NewStyle(&excelize.Style{NumFmt: textFormat})
	if err != nil {
		return nil, err
	}
	sheet, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, err
	}
	for i, line := range lines {
		values := make([]any, len(line))
		for j, c := range line {
			values[j] = excelize.Cell{StyleID: style, Value: guardOnce(c.Text)}
			if n, ok := decimals(c.Text); ok && c.Kind == Number {
				values[j] = excelize.Cell{Value: n}
			}
		}
		if err := sheet.SetRow(fmt.Sprintf("A%d", i+1), values); err != nil {
			return nil, err
		}
	}
	if err := sheet.Flush(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = book.Write(&out)
	return out.Bytes(), err
}
