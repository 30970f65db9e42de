package exchange

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/calendar"
	"zhucan/internal/fault"
)

// A list with further sheets that would not be read is refused: what they say would be lost, and a list that names everybody would leave
// out the people on them.
var (
	errAlike = fault.New(fault.Invalid, "SHEETS_ALIKE", "还有工作表的表头与本名单相同，请合并到一张表，或分成几个文件发送",
		"other sheets have the headings of this list too; put them into one, or send them as several files")
	errAlikeWhole = fault.New(fault.Invalid, "SHEETS_ALIKE", "本类名单应当包括全部人员，而还有工作表的表头与之相同，请合并到一张表再发送",
		"this kind of list names everybody, and other sheets have its headings too; put them into one and send that")
)

// List is what another department's list says.
type List struct {
	Kind       *ListKind
	Sheet      string // empty for a csv file
	HeadingRow int    // as the sheet counts, from 1; of two rows the lower one
	Headings   []Heading
	Rows       []ListRow
	Refused    []RowError
	Doubtful   []ListRow // what can be read of refused rows that name or describe somebody: he is not left out
	Repairs    []Repair
	Notes      []Note

	top int // the first row of the heading
}

// Repair is what was put right in a cell before it was read: where and how, never what.
type Repair struct {
	Row                  int
	Column, Code, ZH, EN string
}

// Note is what a person who looks at the list should know, but what is no mistake: rows and columns that were hidden,
// rows that were passed over, other sheets. Row and Column are empty where the whole sheet is meant.
type Note struct {
	Row                  int
	Column, Code, ZH, EN string
}

var errNoHeading = fault.New(fault.Invalid, "HEADING_NOT_FOUND", "前15行中没有找到表头。请确认选对了名单类别，表头须有姓名、身份证号等列名",
	"no heading was found in the first 15 rows; is it this kind of list? A heading has names of columns such as 姓名 and 身份证号")

// ReadList reads a list of a kind from an xlsx or csv file: of several visible sheets the one with the most known
// headings. Of the mapping, a key is the text of a heading and its value the name of a column, or empty for a heading
// that is not to be read; it overrides what was recognised. A row with any error is refused and not among the rows.
// With the errors HEADING_MISSING and of the mapping the list is not nil, and has the headings.
func ReadList(kind *ListKind, data []byte, mapping map[string]string, places *Places, today calendar.Date) (list *List, err error) {
	defer guarded(&err)
	sheets, err := spreadSheets(data, listLimit)
	if err != nil {
		return nil, err
	}
	x := indexHeadings(kind, mapping)
	s, f, twins, notes, err := x.choose(sheets)
	if err != nil {
		return nil, err
	}
	if f.columns < 2 {
		return nil, errNoHeading
	}
	if len(twins) > 0 {
		alike := errAlike
		if kind.Complete {
			alike = errAlikeWhole
		}
		return nil, placed(alike, listed(twins), listed(twins))
	}
	list = &List{Kind: kind, Sheet: s.name, HeadingRow: s.rows[f.to].n, Headings: f.headings, Notes: notes, top: s.rows[f.from].n}
	x.mapped = map[string]bool{}
	x.judge(s, f.from, f.to)
	if err := x.errMapping(mapping); err != nil {
		return list, err
	}
	if missing := x.missing(f.headings); missing != nil {
		return list, x.errMissing(f.headings, missing)
	}
	list.noteHidden(s)
	list.noteHeadings()
	read := newListReader(list, s, f, places, today)
	read.rows()
	if len(list.Rows) == 0 && len(list.Refused) == 0 {
		return nil, errEmpty
	}
	return list, nil
}

// spreadSheets gives the sheets of a file one after another, with the values of merged cells in each row that they cover.
// A sheet that is hidden comes without its rows.
func spreadSheets(data []byte, limit rowLimit) (iter.Seq2[*sheet, error], error) {
	if !isXLSX(data) {
		s, err := readCSV(data, limit)
		return func(yield func(*sheet, error) bool) { yield(s, err) }, err
	}
	b, err := openBook(data)
	if err != nil {
		return nil, err
	}
	return func(yield func(*sheet, error) bool) {
		for _, ref := range b.sheets {
			s, err := &sheet{name: ref.name, unseen: true}, error(nil)
			if !ref.hidden {
				if s, err = b.readSheet(ref, limit); err == nil {
					s.spread()
				}
			}
			if !yield(s, err) {
				return
			}
		}
	}, nil
}

// choose is the sheet with the most known headings, and of such the one with the most rows. The others are named, and by themselves those that are
// the same list.
func (x *headingIndex) choose(sheets iter.Seq2[*sheet, error]) (best *sheet, f found, twins []string, notes []Note, err error) {
	var others, hidden []string
	whole := false
	for s, err := range sheets {
		switch {
		case err != nil:
			return nil, f, nil, nil, err
		case s.unseen:
			hidden = append(hidden, shortHeading(s.name))
			continue
		case len(s.rows) == 0:
			continue
		}
		other := x.find(s)
		otherWhole := x.missing(other.headings) == nil && len(s.rows) > other.to+1 // with somebody below the heading
		if best == nil {
			best, f, whole = s, other, otherWhole
			continue
		}
		alike, loser := whole && otherWhole, s.name
		if cmp.Or(other.columns-f.columns, len(s.rows)-len(best.rows)) > 0 {
			loser, best, f, whole = best.name, s, other, otherWhole
		}
		if alike {
			twins = append(twins, shortHeading(loser))
		} else {
			others = append(others, shortHeading(loser))
		}
	}
	if best == nil {
		return nil, f, nil, nil, errEmpty
	}
	return best, f, twins, sheetNotes(others, hidden), nil
}

func sheetNotes(others, hidden []string) (notes []Note) {
	for _, n := range []struct {
		names        []string
		code, zh, en string
	}{{others, "SHEETS_OTHER", "没有读取的工作表", "sheets that were not read"}, {hidden, "SHEETS_HIDDEN", "隐藏的工作表，没有读取", "hidden sheets, which were not read"}} {
		if len(n.names) > 0 {
			notes = append(notes, Note{Code: n.code, ZH: n.zh + "：" + listed(n.names), EN: n.en + ": " + listed(n.names)})
		}
	}
	return notes
}

// noteHidden tells of columns and rows that the sender does not see and that are read all the same.
func (l *List) noteHidden(s *sheet) {
	for _, h := range l.Headings {
		if slices.ContainsFunc(s.hidden, func(c span) bool { return h.Index+1 >= c.fromColumn && h.Index+1 <= c.toColumn }) {
			l.Notes = append(l.Notes, Note{Column: l.letters(h), Code: "COLUMN_HIDDEN", ZH: "该列是隐藏列，已读取，请确认", EN: "the column is hidden and was read; make sure that it is meant"})
		}
	}
	var rows []string
	for _, row := range s.rows {
		if row.hidden && row.n > l.HeadingRow {
			rows = append(rows, strconv.Itoa(row.n))
		}
	}
	if n := strconv.Itoa(len(rows)); len(rows) > 0 {
		l.Notes = append(l.Notes, Note{Code: "ROWS_HIDDEN", ZH: "有" + n + "行被隐藏或筛选掉，已读取，请确认：第" + some(rows) + "行", EN: n + " rows are hidden and were read; make sure that they are meant: " + some(rows)})
	}
}

// some are the first of many row numbers.
func some(rows []string) string {
	if len(rows) > 10 {
		return strings.Join(rows[:10], "、") + "…"
	}
	return strings.Join(rows, "、")
}

func (l *List) noteHeadings() {
	for _, h := range l.Headings {
		switch {
		case h.Column == "" && !h.Sure:
			l.Notes = append(l.Notes, Note{Column: l.letters(h), Code: "HEADING_UNKNOWN", ZH: "未识别的表头，该列没有读取", EN: "the heading is not known, and the column was not read"})
		case !h.Sure:
			l.Notes = append(l.Notes, Note{Column: l.letters(h), Code: "HEADING_GUESSED", ZH: "按部分文字认作“" + l.columnZH(h.Column) + "”，请确认", EN: "taken for " + h.Column + " by a part of the heading; make sure that it is"})
		}
	}
}

func (l *List) columnZH(name string) string {
	c, _ := l.Kind.Column(name)
	return c.ZH
}

// letters is a heading as the sender finds it: the letters of the column, and the text.
func (l *List) letters(h Heading) string {
	name, _ := excelize.ColumnNumberToName(h.Index + 1)
	return name + " " + h.Text
}

// Place is where a column of the kind stands in the sheet, such as “C 身份证号”; errors found later are placed by it too.
// Where it has none it is its Chinese name.
func (l *List) Place(column string) string {
	for _, h := range l.Headings {
		if h.Column == column {
			return l.letters(h)
		}
	}
	return l.columnZH(column)
}
