// Package exchange reads and writes the workbooks that offices send each other. A file is read whole and checked before
// anything is done with it: what it says is hostile until proven otherwise.
package exchange

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"zhucan/internal/fault"
)

// Bounds of a workbook. An uploaded file has a bound of its own before it gets here.
const (
	maxRows     = 20_000
	maxColumns  = 256
	maxUnzipped = 32 << 20
	maxXML      = 16 << 20
	maxMembers  = 2_000
)

var (
	errBroken   = fault.New(fault.Invalid, "WORKBOOK_BROKEN", "文件无法读取，可能已损坏", "the file cannot be read; it may be damaged")
	errEmpty    = fault.New(fault.Invalid, "WORKBOOK_EMPTY", "文件中没有数据", "there is no data in the file")
	errTooLarge = fault.New(fault.TooLarge, "WORKBOOK_TOO_LARGE", "文件过大：最多20000行、256列", "the file is too large: at most 20,000 rows and 256 columns")
	errType     = fault.New(fault.Invalid, "WORKBOOK_TYPE", "只接受xlsx或csv文件，不接受带宏、外部链接或嵌入对象的文件", "only xlsx and csv are taken, without macros, external links or embedded objects")
)

// CellKind says what stood in a cell beside its text.
type CellKind int

// The kinds of cells.
const (
	Text CellKind = iota
	Number
	Formula
)

// Cell is one cell: its text, and for a number the raw digits as the file keeps them.
type Cell struct {
	Text string
	Kind CellKind
}

// Table is the rows of a sheet as they stand, the first with index 0.
type Table struct{ Rows [][]Cell }

// ReadTable reads the first visible sheet of an xlsx file, or a csv file in UTF-8, UTF-16 or GB18030.
func ReadTable(data []byte) (*Table, error) {
	var table *Table
	var err error
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		table, err = readXLSX(data)
	} else {
		table, err = readCSV(data)
	}
	if err != nil {
		return nil, err
	}
	for _, row := range table.Rows {
		for _, cell := range row {
			if strings.TrimSpace(cell.Text) != "" {
				return table, nil
			}
		}
	}
	return nil, errEmpty
}

// checkArchive looks at the members before anything is unpacked.
func checkArchive(data []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return errBroken
	}
	if len(archive.File) > maxMembers {
		return errTooLarge
	}
	var total uint64
	for _, member := range archive.File {
		total += member.UncompressedSize64
		name := strings.ToLower(member.Name)
		for _, hostile := range []string{"vbaproject.bin", "externallinks/", "embeddings/", "activex/"} {
			if strings.Contains(name, hostile) {
				return errType
			}
		}
	}
	if total > maxUnzipped {
		return errTooLarge
	}
	return nil
}

// readXLSX keeps the library's panics to itself: a crafted file must not stop the service.
func readXLSX(data []byte) (table *Table, err error) {
	if err := checkArchive(data); err != nil {
		return nil, err
	}
	defer func() {
		if recover() != nil {
			table, err = nil, errBroken
		}
	}()
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxXML, RawCellValue: true})
	if err != nil {
		return nil, errBroken
	}
	defer book.Close()
	for _, sheet := range book.GetSheetList() {
		if visible, err := book.GetSheetVisible(sheet); err != nil || !visible {
			continue
		}
		table, err := readSheet(book, sheet)
		if err != nil || len(table.Rows) > 0 {
			return table, err
		}
	}
	return nil, errEmpty
}

func readSheet(book *excelize.File, sheet string) (*Table, error) {
	rows, err := book.Rows(sheet)
	if err != nil {
		return nil, errBroken
	}
	defer rows.Close()
	table := &Table{}
	for n := 1; rows.Next(); n++ {
		columns, err := rows.Columns()
		if err != nil {
			return nil, errBroken
		}
		if n > maxRows || len(columns) > maxColumns {
			return nil, errTooLarge
		}
		cells := make([]Cell, len(columns))
		for i, text := range columns {
			if cells[i], err = readCell(book, sheet, i+1, n, text); err != nil {
				return nil, err
			}
		}
		table.Rows = append(table.Rows, cells)
	}
	if rows.Error() != nil {
		return nil, errBroken
	}
	return table, nil
}

// readCell asks for the kind of a cell only where it matters: a text cannot be a number that lost its digits.
func readCell(book *excelize.File, sheet string, column, row int, text string) (Cell, error) {
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		return Cell{}, errTooLarge
	}
	cell := Cell{Text: text}
	kind, err := book.GetCellType(sheet, name)
	if err != nil {
		return cell, errBroken
	}
	switch kind {
	case excelize.CellTypeNumber, excelize.CellTypeDate:
		cell.Kind = Number
	case excelize.CellTypeUnset:
		if looksNumeric(text) {
			cell.Kind = Number
		}
	case excelize.CellTypeFormula:
		cell.Kind = Formula
	}
	if formula, err := book.GetCellFormula(sheet, name); err == nil && formula != "" {
		cell.Kind = Formula
	}
	return cell, nil
}

func looksNumeric(text string) bool {
	return text != "" && strings.Trim(text, "0123456789.+-eE") == ""
}

var utf16Marks = [][]byte{{0xFF, 0xFE}, {0xFE, 0xFF}}

// decodeText turns the bytes of a csv file into text: UTF-8 if it is that, otherwise UTF-16 by its mark or GB18030.
func decodeText(data []byte) (string, error) {
	for _, mark := range utf16Marks {
		if bytes.HasPrefix(data, mark) {
			text, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
			return string(text), err
		}
	}
	if utf8.Valid(data) {
		return strings.TrimPrefix(string(data), "\uFEFF"), nil
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
	return string(text), err
}

func readCSV(data []byte) (*Table, error) {
	text, err := decodeText(data)
	if err != nil || strings.ContainsAny(text, "\x00\uFFFD") {
		return nil, errType
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	table := &Table{}
	for next := 1; ; {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return table, nil
		}
		if err != nil {
			return nil, errBroken.Wrap(fmt.Errorf("read csv"))
		}
		line, _ := r.FieldPos(0)
		for ; next < line; next++ { // the reader skips blank lines; rows keep the numbers that the sender sees
			table.Rows = append(table.Rows, nil)
		}
		if len(table.Rows) >= maxRows || len(record) > maxColumns {
			return nil, errTooLarge
		}
		cells := make([]Cell, len(record))
		next++
		for i, field := range record {
			cells[i] = Cell{Text: field}
			next += strings.Count(field, "\n")
		}
		table.Rows = append(table.Rows, cells)
	}
}

// guardPattern are the characters with which a spreadsheet begins a formula, also after blanks and invisible ones.
const (
	formulaStarts = "=+-@|%＝＋－＠"
	invisible     = "\uFEFF\u00A0\u3000\x7F"
)

// guard makes a text harmless in a spreadsheet by a leading apostrophe; unguard takes exactly that away.
func guard(text string) string {
	rest := strings.TrimLeftFunc(text, func(r rune) bool { return r <= ' ' || strings.ContainsRune(invisible, r) })
	if rest != "" && strings.ContainsRune(formulaStarts, []rune(rest)[0]) {
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
