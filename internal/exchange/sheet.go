package exchange

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// sheet is the rows of a sheet that hold something, in order.
type sheet struct {
	name    string
	unseen  bool // hidden, and not read
	rows    []sheetRow
	merges  []span
	hidden  []span // columns; only the columns count
	shift   int    // days between a serial date here and one that counts from 1900
	unended bool   // of a csv file: the last row has no end
	fields  int    // of a csv file: the cells of the last row, blank ones too

	inColumn map[int][]int32 // see mergedIn
}

type sheetRow struct {
	n      int // as the sheet counts, from 1
	hidden bool
	cells  []Cell
}

// span is a block of cells, both ends in it, counted from 1.
type span struct{ fromRow, fromColumn, toRow, toColumn int }

// Bounds of a sheet as the format has them.
const (
	lastRow    = 1 << 20
	lastColumn = 1 << 14
)

// sheetReader reads the XML of a sheet.
type sheetReader struct {
	*book
	sheet
	limit   rowLimit
	m       *markup
	data    bool // within the rows
	dataEnd bool
	row     int
	rowHide bool
	column  int
	inCell  bool
	formula bool
	text    bool // what comes now is text of a cell
	reading bool // a reading in small type, which is not
	form    string
	style   int
	from    int       // where the text of this cell begins
	buf     []byte    // the texts of this row
	found   []rawCell // the cells of this row
	cells   int
	size    int
}

// rawCell is a cell whose text still lies in the buffer of the row, or among the shared ones.
type rawCell struct {
	column   int
	kind     CellKind
	from, to int
	shared   string
}

func (b *book) readSheet(ref sheetRef, limit rowLimit) (*sheet, error) {
	r := &sheetReader{book: b, sheet: sheet{name: ref.name, shift: b.shift}, limit: limit}
	err := b.each(ref.part, func(m *markup) error {
		r.m = m
		switch m.kind {
		case openTag:
			return r.opened(string(m.name))
		case closeTag:
			return r.closed(string(m.name))
		}
		if r.text {
			var err error
			r.buf, err = m.appendText(r.buf)
			return err
		}
		return nil
	})
	if err != nil {
		name, row := Clip(ref.name), strconv.Itoa(max(r.row, 1))
		return nil, broken(err, "工作表“"+name+"”第"+row+"行附近损坏，请用表格软件打开后另存为xlsx再发送", "the sheet is damaged near row "+row+"; open it, save it as xlsx and send it again")
	}
	return &r.sheet, nil
}

func (r *sheetReader) opened(name string) error {
	switch depth := r.m.depth(); {
	case depth == 2 && name == "sheetData":
		if r.data || r.dataEnd {
			return errMarkup
		}
		r.data = true
	case depth == 3 && name == "col":
		return r.hide()
	case depth == 3 && name == "mergeCell":
		return r.merge()
	case depth == 3 && r.data:
		if name != "row" {
			return errMarkup
		}
		return r.startRow()
	case depth == 4 && r.data && name == "c":
		return r.startCell()
	case !r.inCell:
	case depth == 5 && name == "f":
		r.formula = true
	case depth == 5 && name == "v", depth >= 6 && name == "t" && !r.reading:
		r.text = true
	case depth == 6 && name == "rPh":
		r.reading = true
	}
	return nil
}

func (r *sheetReader) closed(name string) error {
	switch depth := r.m.depth(); {
	case depth == 1 && name == "sheetData":
		r.data, r.dataEnd = false, true
	case depth == 2 && r.data:
		return r.endRow()
	case depth == 3 && r.inCell:
		return r.endCell()
	case name == "rPh":
		r.reading = false
	case name == "v" || name == "t":
		r.text = false
	}
	return nil
}

// hide takes down columns that are not shown.
func (r *sheetReader) hide() error {
	values, err := r.m.attrValues("min", "max", "hidden")
	if err != nil || values[2] != "1" && values[2] != "true" {
		return err
	}
	from, fromErr := strconv.Atoi(values[0])
	to, toErr := strconv.Atoi(values[1])
	if fromErr != nil || toErr != nil || from < 1 || to < from || to > lastColumn || len(r.hidden) > lastColumn {
		return errMarkup
	}
	r.hidden = append(r.hidden, span{fromColumn: from, toColumn: to})
	return nil
}

func (r *sheetReader) merge() error {
	ref, err := r.m.attr("ref")
	if err != nil {
		return err
	}
	first, second, two := strings.Cut(ref, ":")
	if !two {
		second = first
	}
	var s span
	var ok, also bool
	s.fromRow, s.fromColumn, ok = cellAt([]byte(first))
	s.toRow, s.toColumn, also = cellAt([]byte(second))
	if !ok || !also || s.fromRow > s.toRow || s.fromColumn > s.toColumn {
		return errMarkup
	}
	if r.merges = append(r.merges, s); len(r.merges) > r.limit.rows {
		return r.limit.err
	}
	return nil
}

// cellAt reads a reference like AB12.
func cellAt(ref []byte) (row, column int, ok bool) {
	i := 0
	for ; i < len(ref) && i < 4 && ref[i]|0x20 >= 'a' && ref[i]|0x20 <= 'z'; i++ {
		column = column*26 + int(ref[i]|0x20-'a') + 1
	}
	for ; i < len(ref) && ref[i] >= '0' && ref[i] <= '9' && row <= lastRow; i++ {
		row = row*10 + int(ref[i]-'0')
	}
	return row, column, i == len(ref) && row >= 1 && row <= lastRow && column >= 1 && column <= lastColumn
}

// startRow takes rows in their order only: a number twice would leave it open which of the two is meant.
func (r *sheetReader) startRow() error {
	values, err := r.m.attrValues("r", "hidden")
	if err != nil {
		return err
	}
	next := r.row + 1
	if values[0] != "" {
		if next, err = strconv.Atoi(values[0]); err != nil {
			return errMarkup
		}
	}
	if next <= r.row || next > lastRow {
		return errMarkup
	}
	r.row, r.column, r.rowHide = next, 0, values[1] == "1" || values[1] == "true"
	r.buf, r.found = r.buf[:0], r.found[:0]
	return nil
}

func (r *sheetReader) startCell() error {
	r.inCell, r.formula, r.form, r.style, r.from = true, false, "", 0, len(r.buf)
	next := r.column + 1
	for attrs := r.m.attrs; ; {
		name, value, rest, err := nextAttr(attrs)
		if err != nil {
			return err
		}
		if name == nil {
			break
		}
		switch string(name) {
		case "r":
			row, column, ok := cellAt(value)
			if !ok || row != r.row {
				return errMarkup
			}
			next = column
		case "s":
			r.style = atoi(value)
		case "t":
			r.form = cellForm(value)
		}
		attrs = rest
	}
	if next <= r.column || next > lastColumn {
		return errMarkup
	}
	r.column = next
	return nil
}

// atoi is a small number, or -1.
func atoi(digits []byte) (n int) {
	digits = bytes.TrimSpace(digits)
	if len(digits) == 0 || len(digits) > 9 {
		return -1
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return -1
		}
		n = n*10 + int(d-'0')
	}
	return n
}

var cellForms = []string{"s", "n", "str", "inlineStr", "b", "e", "d"}

// cellForm is the type of a cell as a string that is not made anew each time.
func cellForm(value []byte) string {
	if i := slices.IndexFunc(cellForms, func(form string) bool { return form == string(value) }); i >= 0 {
		return cellForms[i]
	}
	return "?"
}
