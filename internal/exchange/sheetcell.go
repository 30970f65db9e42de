package exchange

import (
	"bytes"
	"slices"
	"sort"
	"strings"
)

// endCell looks at what stood in a cell. Blanks are nothing.
func (r *sheetReader) endCell() error {
	c := rawCell{column: r.column, from: r.from}
	text, err := r.value(&c)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		text = nil
	}
	r.buf = append(r.buf[:r.from], text...) // text may lie there already
	c.to = len(r.buf)
	if r.formula && c.kind != Failed {
		c.kind = Formula
	}
	if c.to > c.from || c.shared != "" || c.kind == Formula {
		r.found = append(r.found, c)
	}
	r.inCell, r.text, r.reading = false, false, false
	return nil
}

// value is the text of a cell by its type; a shared text goes into c.
func (r *sheetReader) value(c *rawCell) (text []byte, err error) {
	raw := r.buf[r.from:]
	switch r.form {
	case "s":
		c.shared, err = r.sharedText(raw)
		if strings.TrimSpace(c.shared) == "" {
			c.shared = ""
		}
		return nil, err
	case "b":
		return truth(raw), nil
	case "d":
		day, _, _ := bytes.Cut(raw, []byte("T"))
		return day, nil
	case "e":
		c.kind = Failed
		return raw, nil
	case "str", "inlineStr":
		return unescapeCell(raw), nil
	case "", "n":
		raw = bytes.TrimSpace(raw)
		if c.kind = r.numberKind(raw); c.kind == Text && r.form == "n" && len(raw) > 0 {
			return nil, errMarkup
		}
		return raw, nil
	}
	return nil, errMarkup
}

func (r *sheetReader) sharedText(raw []byte) (string, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return "", nil
	}
	i := atoi(raw)
	if i < 0 || i >= len(r.texts) {
		return "", errMarkup
	}
	return r.texts[i], nil
}

func truth(raw []byte) []byte {
	if string(bytes.TrimSpace(raw)) == "1" {
		return []byte("TRUE")
	}
	return []byte("FALSE")
}

// numberKind tells numbers from days, which are numbers with a format.
func (r *sheetReader) numberKind(raw []byte) CellKind {
	switch {
	case len(raw) == 0 || bytes.IndexFunc(raw, notNumeric) >= 0:
		return Text
	case r.style >= 0 && r.style < len(r.dated) && r.dated[r.style]:
		return Dated
	}
	return Number
}

func notNumeric(c rune) bool { return !strings.ContainsRune("0123456789+-.eE", c) }

// endRow keeps a row that holds something. Its texts become one string that the cells share.
func (r *sheetReader) endRow() error {
	if len(r.found) == 0 {
		return nil
	}
	columns := r.found[len(r.found)-1].column
	if columns > maxColumns || len(r.rows) >= r.limit.rows {
		return r.limit.err
	}
	r.cells, r.size = r.cells+columns, r.size+len(r.buf)
	if r.cells > maxCells || r.size > maxTexts {
		return r.limit.err
	}
	texts := string(r.buf)
	row := sheetRow{n: r.row, hidden: r.rowHide, cells: make([]Cell, columns)}
	for _, c := range r.found {
		text := c.shared
		if text == "" {
			text = texts[c.from:c.to]
		}
		row.cells[c.column-1] = Cell{Text: text, Kind: c.kind}
	}
	r.rows = append(r.rows, row)
	return nil
}

// spread lets the value of merged cells count for each row that they cover. Across, it stays in the first column: the
// others are other fields.
func (s *sheet) spread() {
	left := maxCells
	for _, m := range s.merges {
		at, ok := slices.BinarySearchFunc(s.rows, m.fromRow, func(row sheetRow, n int) int { return row.n - n })
		if !ok || m.fromColumn > len(s.rows[at].cells) {
			continue
		}
		value := s.rows[at].cells[m.fromColumn-1]
		for at++; at < len(s.rows) && s.rows[at].n <= m.toRow && left > 0; at++ {
			cells := s.rows[at].cells
			if short := m.fromColumn - len(cells); short > 0 {
				cells = append(cells, make([]Cell, short)...)
			}
			if cells[m.fromColumn-1] == (Cell{}) {
				cells[m.fromColumn-1] = value
			}
			s.rows[at].cells = cells
			left--
		}
	}
}

// covering is the merged block that a cell lies in, or the cell alone.
func (s *sheet) covering(row, column int) span {
	blocks := s.mergedIn(column)
	if i := sort.Search(len(blocks), func(i int) bool { return s.merges[blocks[i]].fromRow > row }); i > 0 && s.merges[blocks[i-1]].toRow >= row {
		return s.merges[blocks[i-1]]
	}
	return span{row, column, row, column}
}

// mergedIn are the merged blocks with cells in a column, from the top, as indexes. It is kept: a sheet may have as many blocks
// as rows, and is asked for each cell that is wrong. Of two that overlap, which no spreadsheet writes, one counts.
func (s *sheet) mergedIn(column int) []int32 {
	if blocks, known := s.inColumn[column]; known {
		return blocks
	}
	if s.inColumn == nil {
		s.inColumn = map[int][]int32{}
		slices.SortStableFunc(s.merges, func(a, b span) int { return a.fromRow - b.fromRow })
	}
	var blocks []int32
	end := 0
	for i, m := range s.merges {
		if column >= m.fromColumn && column <= m.toColumn && m.fromRow > end {
			blocks, end = append(blocks, int32(i)), m.toRow
		}
	}
	s.inColumn[column] = blocks
	return blocks
}

// grouped reports whether a row has several texts of which one stands over several columns: groups, and no title.
func (s *sheet) grouped(i int) bool {
	_, alone := onlyText(s.rows[i])
	return !alone && slices.ContainsFunc(s.merges, func(m span) bool {
		return m.fromRow == s.rows[i].n && m.toRow == m.fromRow && m.toColumn > m.fromColumn
	})
}

// cell is what stands in a row and column, counted from 1.
func (row sheetRow) cell(column int) Cell {
	if column < 1 || column > len(row.cells) {
		return Cell{}
	}
	return row.cells[column-1]
}
