package exchange

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// book is what the sheets of a workbook share.
type book struct {
	*archive
	sheets []sheetRef
	texts  []string // the shared strings
	at     struct{ texts, styles string }
	dated  []bool // the cell formats that show a number as a day
	shift  int    // days between a serial date here and one that counts from 1900
}

type sheetRef struct {
	name, part string
	hidden     bool
}

// epoch1904 is how much later the days begin in workbooks of the 1904 date system (ECMA-376 part 1, 18.17.4.1).
const epoch1904 = 1462

func openBook(data []byte) (*book, error) {
	a, err := openArchive(data)
	if err != nil {
		return nil, err
	}
	b := &book{archive: a}
	part := b.mainPart()
	if !b.has(part) {
		return nil, placed(errBroken, "不是xlsx工作簿", "this is no xlsx workbook")
	}
	for _, step := range []func() error{
		func() error { return b.readWorkbook(part) },
		func() error { return b.readTargets(part) },
		func() error { return b.readTexts(b.at.texts) },
		func() error { return b.readStyles(b.at.styles) },
	} {
		if err := step(); err != nil {
			return nil, broken(err, "目录、文本表或样式表损坏，请用表格软件打开后另存为xlsx再发送", "the directory, texts or styles are damaged; open it, save it as xlsx and send it again")
		}
	}
	return b, nil
}

// mainPart is where the package says that the workbook is.
func (b *book) mainPart() string {
	part := "xl/workbook.xml"
	if b.has("_rels/.rels") {
		_ = b.each("_rels/.rels", func(m *markup) error { // without it the usual place counts
			if kind, err := m.attr("Type"); err == nil && m.kind == openTag && strings.HasSuffix(kind, "/officeDocument") {
				if target, err := m.attr("Target"); err == nil {
					part = strings.TrimPrefix(target, "/")
				}
			}
			return nil
		})
	}
	return part
}

// readWorkbook lists the sheets; their parts are the ids of relations yet.
func (b *book) readWorkbook(part string) error {
	return b.each(part, func(m *markup) error {
		if m.kind != openTag {
			return nil
		}
		values, err := m.attrValues("date1904", "name", "state", "id")
		if err != nil {
			return err
		}
		switch {
		case string(m.name) == "workbookPr" && (values[0] == "1" || values[0] == "true"):
			b.shift = epoch1904
		case string(m.name) == "sheet" && m.depth() == 3:
			b.sheets = append(b.sheets, sheetRef{name: values[1], part: values[3], hidden: values[2] != "" && values[2] != "visible"})
		}
		return nil
	})
}

// readTargets finds the parts of the sheets, texts and styles. Charts on sheets of their own are no lists.
func (b *book) readTargets(part string) error {
	dir, file := path.Split(part)
	targets := map[string]string{}
	b.at.texts, b.at.styles = dir+"sharedStrings.xml", dir+"styles.xml" // where a package does not say
	err := b.each(dir+"_rels/"+file+".rels", func(m *markup) error {
		if m.kind != openTag {
			return nil
		}
		values, err := m.attrValues("Id", "Type", "Target", "TargetMode")
		target := relative(part, values[2])
		switch _, kind := path.Split(values[1]); {
		case values[3] == "External":
			target = ""
		case kind == "sharedStrings":
			b.at.texts, target = target, ""
		case kind == "styles":
			b.at.styles, target = target, ""
		case kind != "worksheet":
			target = ""
		}
		targets[values[0]] = target
		return err
	})
	taken := map[string]bool{"": false}
	for i, s := range b.sheets {
		target, known := targets[s.part]
		if (!known || taken[target]) && err == nil {
			err = errMarkup
		}
		b.sheets[i].part, taken[target] = target, target != ""
	}
	b.sheets = slices.DeleteFunc(b.sheets, func(s sheetRef) bool { return s.part == "" })
	return err
}

// relative is the part that a target of a relation of another part means.
func relative(from, target string) string {
	target = strings.ReplaceAll(target, `\`, "/")
	if strings.HasPrefix(target, "/") {
		return target[1:]
	}
	return path.Join(path.Dir(from), target)
}

// readTexts reads the strings that cells refer to. Readings in small type (rPh) are not part of them.
func (b *book) readTexts(part string) error {
	if !b.has(part) {
		return nil
	}
	var buf []byte
	size, inText, reading := 0, false, false
	return b.each(part, func(m *markup) (err error) {
		switch {
		case m.kind == chars:
			if inText && !reading {
				buf, err = m.appendText(buf)
			}
			return err
		case string(m.name) == "t":
			inText = m.kind == openTag
		case string(m.name) == "rPh":
			reading = m.kind == openTag
		case string(m.name) == "si" && m.kind == closeTag:
			b.texts = append(b.texts, string(unescapeCell(buf)))
			if size += len(buf); size > maxTexts || len(b.texts) > maxCells {
				return errTooLarge
			}
			buf = buf[:0]
		}
		return nil
	})
}

var cellEscape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescapeCell resolves _x000D_ and the like, by which a text holds what XML cannot (ECMA-376 part 1, 22.9.2.19).
func unescapeCell(text []byte) []byte {
	if !bytes.Contains(text, []byte("_x")) {
		return text
	}
	return cellEscape.ReplaceAllFunc(text, func(escape []byte) []byte {
		n, _ := strconv.ParseUint(string(escape[2:6]), 16, 32)
		switch r := rune(n); {
		case r == '\r':
			return nil
		case r < ' ' && r != '\t' && r != '\n' || !utf8.ValidRune(r):
			return escape
		default:
			return utf8.AppendRune(nil, r)
		}
	})
}

// readStyles finds the cell formats that show a number as a day.
func (b *book) readStyles(part string) error {
	if !b.has(part) {
		return nil
	}
	custom, inCells := map[string]bool{}, false
	return b.each(part, func(m *markup) error {
		switch name := string(m.name); {
		case name == "cellXfs":
			inCells = m.kind == openTag
		case m.kind == openTag && name == "numFmt":
			values, err := m.attrValues("numFmtId", "formatCode")
			custom[values[0]] = showsDay(values[1])
			return err
		case m.kind == openTag && name == "xf" && inCells:
			id, err := m.attr("numFmtId")
			b.dated = append(b.dated, custom[id] || builtinDay(id))
			return err
		}
		return nil
	})
}

// builtinDay says which number formats without a code are those of days (ECMA-376 part 1, 18.8.30, with the Chinese ones).
func builtinDay(id string) bool {
	n, err := strconv.Atoi(id)
	return err == nil && (n >= 14 && n <= 17 || n == 22 || n >= 27 && n <= 31 || n == 36 || n >= 50 && n <= 54 || n == 57 || n == 58)
}

var (
	formatNoise = regexp.MustCompile(`"[^"]*"|\[[^\]]*\]|\\.|_.|\*.`)
	fractions   = regexp.MustCompile(`s\.0+`)
)

// showsDay reports whether a format code has years or days in it. The 0 of a country, [$-804], and of parts of a second is none
// that a number is shown by.
func showsDay(code string) bool {
	code = fractions.ReplaceAllString(strings.ToLower(formatNoise.ReplaceAllString(code, "")), "s")
	return strings.ContainsAny(code, "yde年日") && !strings.Contains(code, "general") && !strings.ContainsAny(code, "0#?")
}
