package exchange

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// shape is how the cells of a column are written.
type shape int

// The shapes. Text is what is not said to be a number: a code, or the number of a person, a card, an account or a phone, of which a
// spreadsheet would lose digits and zeros in front.
const (
	asText  shape = iota
	asWhole       // counts and years
	asCents       // rates, and amounts in yuan
	asPlain       // with the decimals that it has
)

// formats are the built-in formats of the shapes (ECMA-376 part 1, 18.8.30).
var formats = [...]int{asText: textFormat, asWhole: 1, asCents: 2, asPlain: 0}

// bookSheet is a sheet that is written row by row.
type bookSheet struct {
	stream *excelize.StreamWriter
	shapes []shape // by column; text for those beyond
	styles [len(formats)]int
	row    int
	err    error
}

func newBookSheet(book *excelize.File, name string, shapes ...shape) (*bookSheet, error) {
	s := &bookSheet{shapes: shapes}
	var err error
	for i, format := range formats {
		if s.styles[i], err = book.NewStyle(&excelize.Style{NumFmt: format}); err != nil {
			return nil, err
		}
	}
	s.stream, err = book.NewStreamWriter(name)
	return s, err
}

// line writes a row; the first error stays.
func (s *bookSheet) line(cells []string) {
	if s.err != nil {
		return
	}
	s.row++
	values := make([]any, len(cells))
	for i, text := range cells {
		values[i] = s.cell(i, text)
	}
	s.err = s.stream.SetRow(fmt.Sprintf("A%d", s.row), values)
}

// cell is a number where the column has numbers and the text is one; a heading, <5 and the like stay text.
func (s *bookSheet) cell(column int, text string) excelize.Cell {
	if column < len(s.shapes) && s.shapes[column] != asText {
		if n, ok := plainNumber(unguard(text)); ok {
			return excelize.Cell{StyleID: s.styles[s.shapes[column]], Value: n}
		}
	}
	return excelize.Cell{StyleID: s.styles[asText], Value: text}
}

func (s *bookSheet) end() error {
	if s.err != nil {
		return s.err
	}
	return s.stream.Flush()
}

// wholeDigits are so many that a spreadsheet keeps all of them.
const wholeDigits = 15

// plainNumber reads a decimal of which a spreadsheet loses no digit.
func plainNumber(text string) (float64, bool) {
	digits := strings.TrimPrefix(text, "-")
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && strings.Trim(digits, "0123456789.") == "" && len(strings.Replace(digits, ".", "", 1)) <= wholeDigits
}
