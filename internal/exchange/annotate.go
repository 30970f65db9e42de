package exchange

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// wrongColour is the fill of what is refused, the light red in which spreadsheets show bad values; annotator is the author
// of the comments.
const (
	wrongColour = "FFFFC7CE"
	annotator   = "助残核对"
)

var errNotOfFile = errors.New("the list was not read from this file")

// complaint is a cell and what is wrong with it.
type complaint struct {
	row, column int
	texts       []string
}

// cell is the reference of the cell, like B4.
func (c complaint) cell() string {
	name, _ := excelize.CoordinatesToCellName(c.column, c.row)
	return name
}

// complaints are the refusals by cell, in order: of merged cells the first, which alone is seen. A refusal without a column
// that the sheet has is that of the row's first cell. wrongRows counts the rows.
func (l *List) complaints(s *sheet, refusals []RowError, english bool) (list []complaint, wrongRows int) {
	at := map[[2]int]int{}
	for _, e := range refusals {
		column := 1
		for _, h := range l.Headings {
			if c, ok := l.Kind.Column(h.Column); e.Column == l.letters(h) || ok && (e.Column == c.Name || e.Column == c.ZH) {
				column = h.Index + 1
				break
			}
		}
		text := e.ZH
		if english {
			text = e.EN
		}
		block := s.covering(e.Row, column)
		key := [2]int{block.fromRow, block.fromColumn}
		if i, known := at[key]; !known {
			at[key] = len(list)
			list = append(list, complaint{block.fromRow, block.fromColumn, []string{text}})
		} else if !slices.Contains(list[i].texts, text) {
			list[i].texts = append(list[i].texts, text)
		}
	}
	slices.SortFunc(list, func(a, b complaint) int { return cmp.Or(a.row-b.row, a.column-b.column) })
	return list, len(rowNumbers(refusals))
}

// summary is how much has to be put right.
func summary(rows, cells int, english bool) string {
	if english {
		return fmt.Sprintf("%d rows and %d cells have to be corrected; they are coloured and have comments.", rows, cells)
	}
	return fmt.Sprintf("共%d行、%d处需要修改，已着色并加批注。", rows, cells)
}

// Annotate gives the sender's own workbook back: what is refused is coloured and has a comment, the heading has one that
// counts them, and all else is as it was, byte for byte. Of a csv file it makes a workbook with the same cells.
func Annotate(data []byte, list *List, refusals []RowError, english bool) (out []byte, err error) {
	defer guarded(&err)
	s, err := sheetOf(data, list)
	if err != nil {
		return nil, err
	}
	name := list.Sheet
	if !isXLSX(data) {
		name = "Sheet1"
		if data, err = textBook(s.rows); err != nil {
			return nil, err
		}
	}
	wrong, rows := list.complaints(s, refusals, english)
	if len(wrong) == 0 {
		return data, nil
	}
	heading := s.covering(list.HeadingRow, 1)
	head := complaint{heading.fromRow, heading.fromColumn, []string{summary(rows, len(wrong), english)}}
	corrected := "此处已改正。"
	if english {
		corrected = "This has been corrected."
	}
	out, err = annotateBook(data, name, wrong, head, corrected)
	if err != nil { // a part that reading has no need of is damaged, or something that we do not write
		return nil, placed(errBroken, "无法在原表上批注，请改用只含退回行的文件", "the workbook cannot be annotated; take the refused rows alone")
	}
	return out, nil
}

// sheetOf reads the sheet of a list once more.
func sheetOf(data []byte, list *List) (*sheet, error) {
	sheets, err := spreadSheets(data, listLimit)
	if err != nil {
		return nil, err
	}
	for s, err := range sheets {
		if err != nil {
			return nil, err
		}
		if !s.unseen && s.name == list.Sheet && len(s.rows) > 0 && s.rows[len(s.rows)-1].n >= list.HeadingRow {
			return s, nil
		}
	}
	return nil, fmt.Errorf("annotate a workbook: %w", errNotOfFile)
}

// textBook is a workbook with the cells of a csv file. All are text, so that long numbers stay whole.
func textBook(rows []sheetRow) ([]byte, error) {
	book := excelize.NewFile()
	defer book.Close()
	sheet, err := newBookSheet(book, "Sheet1")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		sheet.row = row.n - 1
		texts := make([]string, len(row.cells))
		for i, c := range row.cells {
			texts[i] = guardOnce(c.Text)
		}
		sheet.line(texts)
	}
	if err := sheet.end(); err != nil {
		return nil, fmt.Errorf("write a workbook: %w", err)
	}
	var out bytes.Buffer
	err = book.Write(&out)
	return out.Bytes(), err
}

// guardOnce guards a text that may be guarded already.
func guardOnce(text string) string { return guard(unguard(text)) }

// rowNumbers are the rows that are refused, in order.
func rowNumbers(refusals []RowError) []int {
	rows := make([]int, 0, len(refusals))
	for _, e := range refusals {
		rows = append(rows, e.Row)
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// isOurs reports whether a heading is that of the column in which OnlyRefused says what is wrong.
func isOurs(heading string) bool {
	plain := plainHeading(heading)
	return plain == plainHeading(complaintHeading[0]) || plain == plainHeading(complaintHeading[1])
}

var complaintHeading = [2]string{"需要修改", "needs correction"}

func placeAndText(e RowError, english bool) string {
	text := e.ZH
	if english {
		text = e.EN
	}
	if e.Column == "" {
		return text
	}
	return e.Column + ": " + text
}

// decimals reports whether a number may be written as a number: no digit of it is lost.
func decimals(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && len(text) <= 15 && strings.Trim(text, "0123456789.") == "" && strconv.FormatFloat(n, 'f', -1, 64) == text
}
