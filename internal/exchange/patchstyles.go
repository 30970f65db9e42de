package exchange

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
)

// maxStyles is how many cell formats spreadsheets take.
const maxStyles = 64_000

// stylePatch is where the copy of the styles has got to.
type stylePatch struct {
	*patch
	prefix   string
	fills    int
	hasFills bool
	inForms  bool
	forms    [][]byte // the cell formats as they stand, with what lies in them
}

// patchStyles adds a coloured form of each cell format behind them all. Cells of a workbook without formats get comments
// alone.
func (p *patch) patchStyles() error {
	if p.styles == 0 {
		return nil
	}
	if p.styles > maxStyles/2 {
		return errNotWritten
	}
	s := &stylePatch{patch: p}
	return p.changed(p.at.styles, s.change)
}

func (s *stylePatch) change(m *markup) ([]byte, error) {
	name, opens := string(m.name), m.kind == openTag
	switch depth := m.depth(); {
	case m.kind == chars:
		if len(s.forms) > 0 && s.inForms && depth > 2 {
			s.forms[len(s.forms)-1] = append(s.forms[len(s.forms)-1], m.seen...)
		}
	case opens && depth == 1:
		s.prefix = m.prefix()
	case opens && depth == 3 && name == "fill":
		s.fills++
	case opens && depth == 2 && name == "fills" && !m.single:
		s.hasFills = true
		return m.raised(1), nil
	case !opens && depth == 1 && name == "fills" && s.hasFills:
		return m.inFront(s.fill()), nil
	case opens && depth == 2 && !s.hasFills && (name == "borders" || name == "cellStyleXfs" || name == "cellXfs"):
		m.seen = m.inFront(s.firstFills()) // it has its place before these
		return s.form(m, name, opens)
	default:
		return s.form(m, name, opens)
	}
	return m.seen, nil
}

// form looks at a tag of the cell formats.
func (s *stylePatch) form(m *markup, name string, opens bool) ([]byte, error) {
	switch depth := m.depth(); {
	case opens && depth == 2 && name == "cellXfs":
		s.inForms = true
		return m.raised(s.styles), nil
	case !opens && depth == 1 && name == "cellXfs":
		s.inForms = false
		return s.endForms(m)
	case opens && depth == 3 && s.inForms:
		s.forms = append(s.forms, bytes.Clone(m.seen[m.tagAt:]))
	case s.inForms && len(m.seen) > 0:
		s.forms[len(s.forms)-1] = append(s.forms[len(s.forms)-1], m.seen[m.tagAt:]...)
	}
	return m.seen, nil
}

func (s *stylePatch) fill() string {
	return fmt.Sprintf(`<%[1]sfill><%[1]spatternFill patternType="solid"><%[1]sfgColor rgb="`+wrongColour+`"/><%[1]sbgColor indexed="64"/></%[1]spatternFill></%[1]sfill>`, s.prefix)
}

// firstFills are the fills of a workbook that had none: the first two are always these (ECMA-376 part 1, 18.8.21).
func (s *stylePatch) firstFills() string {
	s.hasFills, s.fills = true, 2
	return fmt.Sprintf(`<%[1]sfills count="3"><%[1]sfill><%[1]spatternFill patternType="none"/></%[1]sfill><%[1]sfill><%[1]spatternFill patternType="gray125"/></%[1]sfill>%[2]s</%[1]sfills>`, s.prefix, s.fill())
}

// raised is the current opening tag with its count raised.
func (m *markup) raised(by int) []byte {
	count, err := m.attr("count")
	if err != nil || count == "" {
		return m.seen
	}
	return m.setAttr("count", strconv.Itoa(number(count)+by))
}

func (s *stylePatch) endForms(m *markup) ([]byte, error) {
	if len(s.forms) != s.styles || len(m.seen) == 0 {
		return nil, errNotWritten
	}
	var insert bytes.Buffer
	for _, form := range s.forms {
		end := bytes.IndexByte(form, '>') + 1 // a format has numbers in its attributes, and no >
		insert.Write(slices.Concat(setAttr(setAttr(form[:end], "fillId", strconv.Itoa(s.fills)), "applyFill", "1"), form[end:]))
	}
	return m.inFront(insert.String()), nil
}
