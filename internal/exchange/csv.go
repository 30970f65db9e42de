package exchange

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"zhucan/internal/fault"
)

var (
	utf8Mark   = []byte("\uFEFF")
	utf16Marks = [][]byte{{0xFF, 0xFE}, {0xFE, 0xFF}}
)

// decodeText turns the bytes of a csv file into text: UTF-16 by its mark, UTF-8 if it is that, otherwise GB18030. Some
// programs put the mark of UTF-8 before GBK.
func decodeText(data []byte) (string, error) {
	for _, mark := range utf16Marks {
		if bytes.HasPrefix(data, mark) {
			text, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
			return string(text), err
		}
	}
	rest := bytes.TrimPrefix(data, utf8Mark)
	if utf8.Valid(rest) {
		return string(rest), nil
	}
	if cutInRune(rest) {
		return "", placed(errBroken, "文件末尾被截断，请重新发送", "the end of the file is cut off; send it again")
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(rest)
	return strings.TrimPrefix(string(text), "\uFEFF"), err
}

// ReadText is a file that a program for texts has saved, in UTF-8, UTF-16 or GB18030: Chinese Windows writes each of them by default somewhere.
func ReadText(data []byte) (string, error) {
	text, err := decodeText(data)
	if f, ok := fault.Of(err); ok {
		return "", f
	}
	if err != nil || strings.ContainsAny(text, "\x00\uFFFD") {
		return "", errNoText
	}
	return text, nil
}

// cutInRune reports whether only the last character of a text in UTF-8 is not whole. What has no other character beyond
// ASCII may as well be GBK.
func cutInRune(data []byte) bool {
	for n := 1; n < utf8.UTFMax && n < len(data); n++ {
		if head := data[:len(data)-n]; utf8.Valid(head) {
			return !utf8.FullRune(data[len(head):]) && bytes.ContainsFunc(head, func(r rune) bool { return r >= utf8.RuneSelf })
		}
	}
	return false
}

// cutOff is the refusal of a row in which a csv file breaks off.
var cutOff = [3]string{"CUT_OFF", "文件可能在此行被截断，请核对后重新发送整个文件", "the file may be cut off in this row; compare it and send the whole file again"}

// csvReader takes a text apart: a record is a row as a spreadsheet would count it, also where a cell has several lines.
// encoding/csv is either strict about quotes that stand alone in a cell, which is common, or silent where a quote is
// never closed and the rest of the file ends up in one cell.
type csvReader struct {
	text  string
	comma byte
	limit rowLimit
	sheet sheet
	n     int
	cells int
	most  int  // cells in one of the rows so far
	odd   bool // a cell of this row has lines that could be rows
}

func readCSV(data []byte, limit rowLimit) (*sheet, error) {
	text, err := decodeText(data)
	if f, ok := fault.Of(err); ok {
		return nil, f
	}
	start := strings.ToLower(strings.TrimSpace(text[:min(len(text), 200)]))
	switch {
	case bytes.HasPrefix(data, []byte("\xD0\xCF\x11\xE0")):
		return nil, placed(errType, "这是旧版xls或加密文件，请另存为不加密的xlsx", "this is an old xls or an encrypted file; save it as xlsx without a password")
	case strings.HasPrefix(start, "<"):
		return nil, placed(errType, "这是网页格式，请用表格软件打开后另存为xlsx", "this is a web page; open it in a spreadsheet and save it as xlsx")
	case err != nil || strings.ContainsAny(text, "\x00\uFFFD"):
		return nil, errType
	}
	r := &csvReader{text: text, limit: limit}
	if rest, ok := strings.CutPrefix(text, "sep="); ok && len(rest) > 1 && strings.ContainsRune("\r\n", rune(rest[1])) {
		r.comma, r.text = rest[0], strings.TrimPrefix(strings.TrimPrefix(rest[1:], "\r"), "\n") // a spreadsheet does not show this line
	} else {
		r.comma = separator(text)
	}
	if err := r.read(); err != nil {
		return nil, err
	}
	return &r.sheet, nil
}

const sampleLines = 15

// separator is the character among comma, semicolon and tab that makes the most cells in one of the first lines, titles among them.
func separator(text string) byte {
	best, most := byte(','), 0
	for _, c := range []byte(",\t;") {
		if n := widest(text, c); n > most {
			best, most = c, n
		}
	}
	return best
}

func widest(text string, comma byte) (most int) {
	n, lines, quoted := 0, 0, false
	for i := 0; i < len(text) && lines < sampleLines; i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\n' && !quoted:
			if most = max(most, n); n > 0 {
				lines++
			}
			n = 0
		case c == comma && !quoted:
			n++
		}
	}
	return max(most, n)
}

func (r *csvReader) read() error {
	for len(r.text) > 0 {
		r.n++
		r.odd = false
		var cells []Cell
		filled := 0
		for more := true; more; {
			text, next, err := r.field()
			if err != nil {
				return err
			}
			cells, more = append(cells, Cell{Text: text}), next
			if strings.TrimSpace(text) != "" {
				filled = len(cells)
			}
		}
		if r.odd && len(cells) != r.most {
			return r.badQuote()
		}
		if filled == 0 {
			continue
		}
		r.most = max(r.most, len(cells))
		if r.cells += filled; filled > maxColumns || len(r.sheet.rows) >= r.limit.rows || r.cells > maxCells {
			return r.limit.err
		}
		r.sheet.fields = len(cells)
		r.sheet.rows = append(r.sheet.rows, sheetRow{n: r.n, cells: cells[:filled:filled]})
	}
	return nil
}

// field takes the next cell off the text; more says that another follows in the row.
func (r *csvReader) field() (text string, more bool, err error) {
	if strings.HasPrefix(r.text, `"`) {
		if text, err = r.quoted(); err != nil {
			return "", false, err
		}
	} else {
		end := strings.IndexFunc(r.text, func(c rune) bool { return c == rune(r.comma) || c == '\r' || c == '\n' })
		if end < 0 {
			end = len(r.text)
		}
		text, r.text = r.text[:end], r.text[end:]
	}
	switch {
	case r.text == "":
		r.sheet.unended = true
		return text, false, nil
	case r.text[0] == r.comma:
		r.text = r.text[1:]
		if r.text == "" {
			r.sheet.unended = true
			return text, false, nil
		}
		return text, true, nil
	}
	if !strings.HasPrefix(r.text, "\r") && !strings.HasPrefix(r.text, "\n") {
		return "", false, r.badQuote()
	}
	r.text = strings.TrimPrefix(strings.TrimPrefix(r.text, "\r"), "\n")
	return text, false, nil
}

// quoted takes a cell in quotes off the text. One that has whole rows in it is odd: of a row that has other cells than
// usual besides, it is taken that a quote is missing.
func (r *csvReader) quoted() (string, error) {
	for i := 1; i < len(r.text); i++ {
		if r.text[i] != '"' {
			continue
		}
		if i+1 < len(r.text) && r.text[i+1] == '"' {
			i++
			continue
		}
		inner := r.text[1:i]
		if strings.Contains(inner, "\n") {
			for line := range strings.Lines(inner) {
				r.odd = r.odd || strings.Count(line, string(rune(r.comma))) >= max(1, r.most-1)
			}
		}
		r.text = r.text[i+1:]
		return strings.ReplaceAll(inner, `""`, `"`), nil
	}
	return "", r.badQuote()
}

func (r *csvReader) badQuote() error {
	row := strconv.Itoa(r.n)
	return placed(errQuote, "第"+row+"行", "row "+row)
}
