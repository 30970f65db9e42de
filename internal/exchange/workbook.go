// Package exchange reads and writes the workbooks that offices send each other. A file is read whole and checked before
// anything is done with it: what it says is hostile until proven otherwise.
package exchange

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"zhucan/internal/fault"
	"zhucan/internal/idnum"
)

// Bounds of a workbook. An uploaded file has a bound of its own before it gets here. What is unpacked is read as a stream
// and never held, so that its bound is one of time: 128 MiB are a list of 60,000 rows and 30 columns.
const (
	maxRows     = 20_000
	maxListRows = 60_000
	maxColumns  = 256
	maxCells    = 2_000_000
	maxTexts    = 48 << 20
	maxUnzipped = 128 << 20
	maxRatio    = 100     // of a part to its packed size; sheets are packed to a tenth, bombs to a thousandth
	ratioFrom   = 1 << 20 // bytes
	maxMembers  = 2_000
)

var (
	errBroken   = fault.New(fault.Invalid, "WORKBOOK_BROKEN", "文件无法读取，可能已损坏", "the file cannot be read; it may be damaged")
	errEmpty    = fault.New(fault.Invalid, "WORKBOOK_EMPTY", "文件中没有数据", "there is no data in the file")
	errTooLarge = fault.New(fault.TooLarge, "WORKBOOK_TOO_LARGE", "文件过大：最多20000行、256列", "the file is too large: at most 20,000 rows and 256 columns")
	errTooLong  = fault.New(fault.TooLarge, "WORKBOOK_TOO_LARGE", "文件过大：最多60000行、256列，请分成几个文件", "the file is too large: at most 60,000 rows and 256 columns; divide it")
	errType     = fault.New(fault.Invalid, "WORKBOOK_TYPE", "只接受xlsx或csv文件，不接受带宏、外部链接或嵌入对象的文件", "only xlsx and csv are taken, without macros, external links or embedded objects")
	errNoText   = fault.New(fault.Invalid, "NOT_A_TEXT", "不是文本文件，或编码无法识别，请另存为UTF-8再发送", "this is no text, or in an encoding that is not known; save it as UTF-8 and send it again")
	errQuote    = fault.New(fault.Invalid, "CSV_QUOTE", "csv文件中的双引号没有成对，其后的行无法分辨，请另存为xlsx再发送", "a double quote in the csv file has no counterpart, so that the rows after it cannot be told apart; save it as xlsx and send it again")
)

// rowLimit is how many rows are read, and what is said of more.
type rowLimit struct {
	rows int
	err  *fault.Error
}

var (
	rosterLimit = rowLimit{maxRows, errTooLarge}
	listLimit   = rowLimit{maxListRows, errTooLong}
)

// CellKind says what stood in a cell beside its text.
type CellKind int

// The kinds of cells.
const (
	Text CellKind = iota
	Number
	Dated   // a number that is shown as a day
	Formula // its text is what it came to when the file was saved
	Failed  // #N/A and the like
)

// Cell is one cell: its text, and for a number the raw digits as the file keeps them.
type Cell struct {
	Text string
	Kind CellKind
}

// Table is the rows of a sheet as they stand, the first with index 0.
type Table struct {
	Rows  [][]Cell
	shift int // days between a serial date here and one that counts from 1900
	ends  int // of a csv file whose last row has no end: after how many cells it breaks off; otherwise 0
}

// cutOff reports whether the file breaks off in a row before the last of its headings.
func (t *Table) cutOff(row, headings int) bool {
	return row == len(t.Rows)-1 && t.ends > 0 && t.ends < headings
}

// ReadTable reads the first visible sheet of an xlsx file, or a csv file in UTF-8, UTF-16 or GB18030.
func ReadTable(data []byte) (table *Table, err error) {
	defer guarded(&err)
	first, err := firstSheet(data)
	if err != nil {
		return nil, err
	}
	return first.table()
}

func (s *sheet) table() (*Table, error) {
	table := &Table{shift: s.shift}
	for _, row := range s.rows {
		if row.n > maxRows {
			return nil, errTooLarge
		}
		for len(table.Rows) < row.n-1 { // rows keep the numbers that the sender sees
			table.Rows = append(table.Rows, nil)
		}
		table.Rows = append(table.Rows, row.cells)
	}
	if s.unended {
		table.ends = s.fields
	}
	return table, nil
}

func firstSheet(data []byte) (*sheet, error) {
	if !isXLSX(data) {
		s, err := readCSV(data, rosterLimit)
		if err == nil && len(s.rows) == 0 {
			err = errEmpty
		}
		return s, err
	}
	b, err := openBook(data)
	if err != nil {
		return nil, err
	}
	for _, ref := range b.sheets {
		if ref.hidden {
			continue
		}
		if s, err := b.readSheet(ref, rosterLimit); err != nil || len(s.rows) > 0 {
			return s, err
		}
	}
	return nil, errEmpty
}

func isXLSX(data []byte) bool { return bytes.HasPrefix(data, []byte("PK\x03\x04")) }

// guarded keeps a panic to itself: a crafted file must not stop the service.
func guarded(err *error) {
	if p := recover(); p != nil {
		*err = errBroken.Wrap(fmt.Errorf("panic: %T", p))
	}
}

// guardPattern are the characters with which a spreadsheet begins a formula, also after blanks and invisible ones.
const (
	formulaStarts = "=+-@|%＝＋－＠"
	invisible     = "\uFEFF\u00A0\u3000\x7F"
)

// guard makes a text harmless in a spreadsheet by a leading apostrophe, which unguard takes away. What no cell may hold is left out, whoever has
// brought it in.
func guard(text string) string {
	text = idnum.WithoutUnseen(text)
	if text == "" || '0' <= text[0] && text[0] <= '9' || 0xE4 <= text[0] && text[0] <= 0xE9 { // a digit or a Chinese character, as most cells begin
		return text
	}
	rest := strings.TrimLeftFunc(text, func(r rune) bool { return r <= ' ' || strings.ContainsRune(invisible, r) })
	if first, size := utf8.DecodeRuneInString(rest); size > 0 && strings.ContainsRune(formulaStarts, first) {
		return "'" + text
	}
	return text
}

func unguard(text string) string {
	if rest, ok := strings.CutPrefix(text, "'"); ok && guard(rest) == text {
		return rest
	}
	return text
}
