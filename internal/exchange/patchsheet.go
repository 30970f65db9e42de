package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

var errNotWritten = errors.New("a workbook of a form that is not written")

// afterBoxes are the elements of a sheet before which the boxes of comments have to stand (ECMA-376 part 1, 18.3.1.99).
var afterBoxes = []string{"legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst"}

// sheetPatch is where the copy of a sheet has got to.
type sheetPatch struct {
	*patch
	left    []complaint
	prefix  string
	row     int
	column  int
	rowForm int         // the format of the row, or -1
	forms   map[int]int // the formats of columns
	boxed   bool
}

// patchSheet colours the wrong cells, makes those that are not there, and ties the boxes of the comments to the sheet.
func (p *patch) patchSheet() error {
	s := &sheetPatch{patch: p, left: p.wrong, forms: map[int]int{}}
	return p.changed(p.sheet, func(m *markup) ([]byte, error) {
		switch {
		case m.kind == chars:
			return m.seen, nil
		case m.depth() == 1 && m.kind == openTag && s.prefix == "":
			s.prefix = m.prefix()
			if bytes.Contains(m.attrs, []byte("purl.oclc.org")) { // the strict form has other names for everything
				return nil, errNotWritten
			}
		}
		return s.tag(m)
	})
}

func (s *sheetPatch) tag(m *markup) ([]byte, error) {
	name, opens := string(m.name), m.kind == openTag
	switch depth := m.depth(); {
	case opens && depth == 3 && name == "col":
		return m.seen, s.columnForm(m)
	case opens && depth == 3 && name == "row":
		return m.seen, s.beginRow(m)
	case opens && depth == 4 && name == "c":
		return s.atCell(m)
	case !opens && depth == 2 && name == "row":
		return s.endRow(m)
	case opens && depth == 2 && name == "legacyDrawing":
		id, err := m.attr("id")
		s.drawn, s.boxed = id, true
		return m.seen, err
	case opens && depth == 2 && slices.Contains(afterBoxes, name) || !opens && depth == 0:
		if !s.boxed {
			s.boxed = true
			return m.inFront(`<` + s.prefix + `legacyDrawing xmlns:r="` + officeRelations + `" r:id="` + drawingID + `"/>`), nil
		}
	}
	return m.seen, nil
}

func (s *sheetPatch) columnForm(m *markup) error {
	values, err := m.attrValues("min", "max", "style")
	if err != nil || values[2] == "" {
		return err
	}
	for c := max(1, number(values[0])); c <= min(number(values[1]), maxColumns); c++ {
		s.forms[c] = number(values[2])
	}
	return nil
}

func (s *sheetPatch) beginRow(m *markup) error {
	values, err := m.attrValues("r", "s", "customFormat")
	if s.row++; values[0] != "" {
		s.row = number(values[0])
	}
	if s.column, s.rowForm = 0, -1; values[1] != "" && (values[2] == "1" || values[2] == "true") {
		s.rowForm = number(values[1])
	}
	return err
}

// next is the complaint about a cell of this row before a column, or in it.
func (s *sheetPatch) next(column int) (complaint, bool) {
	for len(s.left) > 0 && s.left[0].row < s.row {
		s.left = s.left[1:] // its row holds nothing
	}
	if len(s.left) == 0 || s.left[0].row != s.row || s.left[0].column > column {
		return complaint{}, false
	}
	c := s.left[0]
	s.left = s.left[1:]
	return c, true
}

// missing are cells that are not there and have to be shown, before a column. They keep the format in which something
// would be written into them: a number in a column of texts must stay whole.
func (s *sheetPatch) missing(column int) string {
	var b strings.Builder
	for {
		c, ok := s.next(column - 1)
		if !ok {
			return b.String()
		}
		form := s.forms[c.column]
		if s.rowForm >= 0 {
			form = s.rowForm
		}
		fmt.Fprintf(&b, `<%sc r="%s" s="%d"/>`, s.prefix, c.cell(), s.coloured(form))
	}
}

// coloured is the format like another one, with the colour.
func (p *patch) coloured(form int) int {
	if form < 0 || form >= p.styles {
		return max(form, 0)
	}
	return form + p.styles
}

func (s *sheetPatch) atCell(m *markup) ([]byte, error) {
	values, err := m.attrValues("r", "s")
	if err != nil {
		return nil, err
	}
	if s.column++; values[0] != "" {
		if _, s.column, _ = cellAt([]byte(values[0])); s.column == 0 {
			return nil, errMarkup
		}
	}
	insert := s.missing(s.column)
	if _, wrong := s.next(s.column); wrong && s.styles > 0 {
		tag := m.setAttr("s", strconv.Itoa(s.coloured(number(values[1]))))
		m.seen = append(m.seen[:0], tag...)
	}
	if insert != "" {
		return m.inFront(insert), nil
	}
	return m.seen, nil
}

func (s *sheetPatch) endRow(m *markup) ([]byte, error) {
	insert := s.missing(lastColumn + 1)
	if insert == "" {
		return m.seen, nil
	}
	if len(m.seen) == 0 { // <row/> holds nothing, and nothing in it is wrong
		return nil, errNotWritten
	}
	return m.inFront(insert), nil
}
