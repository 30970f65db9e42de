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

// maxComments is how many cells get a comment; with more, spreadsheets and the library become slow. All are coloured,
// and OnlyRefused says of all of them what is wrong.
const maxComments = 2_000

const (
	wrongColour   = "FFC7CE"
	annotator     = "助残核对"
	commentWidth  = 240
	commentHeight = 80
)

var errNotOfFile = errors.New("the list was not read from this file")

// complaint is a cell and what is wrong with it.
type complaint struct {
	row, column int
	texts       []string
}

// complaints are the refusals by cell, in order. One without a column that the sheet has is that of the row's first cell.
func (l *List) complaints(refusals []RowError, english bool) []complaint {
	at := map[[2]int]int{}
	var list []complaint
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
		key := [2]int{e.Row, column}
		if i, known := at[key]; known {
			list[i].texts = append(list[i].texts, text)
			continue
		}
		at[key] = len(list)
		list = append(list, complaint{e.Row, column, []string{text}})
	}
	slices.SortStableFunc(list, func(a, b complaint) int { return cmp.Or(a.row-b.row, a.column-b.column) })
	return list
}

// summary is how much has to be put right.
func summary(list []complaint, english bool) string {
	rows := map[int]bool{}
	for _, c := range list {
		rows[c.row] = true
	}
	zh, en := fmt.Sprintf("共%d行、%d处需要修改，已着色并加批注。", len(rows), len(list)), fmt.Sprintf("%d rows and %d cells have to be corrected; they are coloured and have comments.", len(rows), len(list))
	if len(list) > maxComments {
		zh += fmt.Sprintf("批注只加到前%d处。", maxComments)
		en += fmt.Sprintf(" Only the first %d have comments.", maxComments)
	}
	if english {
		return en
	}
	return zh
}

// Annotate gives the sender's own workbook back: what is refused is coloured and has a comment, the heading has one that
// counts them, and everything else is as it was. Of a csv file it makes a workbook with the same cells.
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
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped, RawCellValue: true})
	if err != nil {
		return nil, errBroken
	}
	defer book.Close()
	a := &annotation{book: book, sheet: name, merges: s.merges, marked: map[int]int{}}
	if err := a.write(list, refusals, english); err != nil {
		return nil, fmt.Errorf("annotate a workbook: %w", err)
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		return nil, fmt.Errorf("annotate a workbook: %w", err)
	}
	return b.Bytes(), nil
}

// sheetOf reads the sheet of a list once more.
func sheetOf(data []byte, list *List) (*sheet, error) {
	sheets, err := listSheets(data)
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

// annotation writes into a workbook.
type annotation struct {
	book   *excelize.File
	sheet  string
	merges []span
	marked map[int]int // the coloured style for each style
	notes  map[string]string
}

func (a *annotation) write(list *List, refusals []RowError, english bool) error {
	if err := a.readComments(); err != nil {
		return err
	}
	wrong := list.complaints(refusals, english)
	for i, c := range wrong {
		cell, err := a.cellName(c.row, c.column)
		if err != nil {
			return err
		}
		if err := a.colour(cell); err != nil {
			return err
		}
		if i < maxComments {
			if err := a.comment(cell, strings.Join(c.texts, "\n")); err != nil {
				return err
			}
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	cell, err := a.cellName(list.HeadingRow, 1)
	if err != nil {
		return err
	}
	return a.comment(cell, summary(wrong, english))
}

// cellName is the cell that shows what stands here: of merged cells only the first is seen.
func (a *annotation) cellName(row, column int) (string, error) {
	for _, m := range a.merges {
		if row >= m.fromRow && row <= m.toRow && column >= m.fromColumn && column <= m.toColumn {
			row, column = m.fromRow, m.fromColumn
			break
		}
	}
	return excelize.CoordinatesToCellName(column, row)
}

// colour keeps everything else of the cell's style.
func (a *annotation) colour(cell string) error {
	id, err := a.book.GetCellStyle(a.sheet, cell)
	if err != nil {
		return err
	}
	marked, known := a.marked[id]
	if !known {
		style, err := a.book.GetStyle(id)
		if err != nil {
			return err
		}
		style.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{wrongColour}}
		if marked, err = a.book.NewStyle(style); err != nil {
			return err
		}
		a.marked[id], a.marked[marked] = marked, marked
	}
	return a.book.SetCellStyle(a.sheet, cell, cell, marked)
}

func (a *annotation) readComments() error {
	a.notes = map[string]string{}
	comments, err := a.book.GetComments(a.sheet)
	for _, c := range comments {
		text := c.Text
		for _, run := range c.Paragraph {
			text += run.Text
		}
		a.notes[c.Cell] = text
	}
	return err
}

// comment adds to what the sender has written on a cell.
func (a *annotation) comment(cell, text string) error {
	if before, has := a.notes[cell]; has {
		if strings.Contains(before, text) {
			return nil
		}
		text = before + "\n" + text
		if err := a.book.DeleteComment(a.sheet, cell); err != nil {
			return err
		}
	}
	a.notes[cell] = text
	return a.book.AddComment(a.sheet, excelize.Comment{Cell: cell, Author: annotator, Text: text, Width: commentWidth, Height: commentHeight})
}

// textBook is a workbook with the cells of a csv file. All are text, so that long numbers stay whole.
func textBook(rows []sheetRow) ([]byte, error) {
	book := excelize.NewFile()
	defer book.Close()
	sheet, err := newTextSheet(book, "Sheet1")
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

// guardOnce makes a text harmless that may be so already.
func guardOnce(text string) string { return guard(unguard(text)) }

// Format is what kind of file some bytes are: xlsx or csv.
func Format(data []byte) string {
	if isXLSX(data) {
		return "xlsx"
	}
	return "csv"
}

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
