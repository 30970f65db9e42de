package exchange

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/idnum"
	"zhucan/internal/money"
)

// ShownCell is a cell for somebody who compares a row with a file.
type ShownCell struct {
	Column  string // of the kind
	Heading string // as the sender wrote it
	Text    string // as it was read; numbers are masked
}

// Shown are the cells of a row that say something, in the order of the sheet.
func (l *List) Shown(r ListRow, place func(area.Code) string) (cells []ShownCell) {
	seen := map[string]bool{}
	for _, h := range l.Headings {
		column, known := l.Kind.Column(h.Column)
		if !known || seen[h.Column] || !r.Has(h.Column) {
			continue
		}
		seen[h.Column] = true
		cells = append(cells, ShownCell{Column: h.Column, Heading: h.Text, Text: r.Values[h.Column].shown(column, place)})
	}
	return cells
}

func (v Value) shown(c ListColumn, place func(area.Code) string) string {
	switch is := v.is.(type) {
	case idnum.Resident:
		return is.Masked()
	case idnum.Certificate:
		return is.Masked()
	case phoneText:
		return idnum.MaskPhone(string(is))
	case bankText:
		return idnum.MaskAccount(string(is))
	case codeText:
		return c.word(string(is))
	case area.Code:
		return place(is)
	case calendar.Date:
		return is.String()
	case calendar.Month:
		return is.String()
	case money.Fen:
		return is.Yuan()
	case year:
		return strconv.Itoa(int(is))
	}
	return ListRow{Values: map[string]Value{c.Name: v}}.Text(c.Name)
}

// word is the shortest of the words that lists write for a code of a choice.
func (c ListColumn) word(code string) string {
	words := slices.Sorted(maps.Keys(c.Words))
	words = slices.DeleteFunc(words, func(w string) bool { return c.Words[w] != code })
	if len(words) == 0 {
		return code
	}
	return slices.MinFunc(words, func(a, b string) int { return cmp.Compare(utf8.RuneCountInString(a), utf8.RuneCountInString(b)) })
}
