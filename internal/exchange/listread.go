package exchange

import (
	"slices"
	"strconv"
	"strings"

	"zhucan/internal/calendar"
	"zhucan/internal/idnum"
)

// boundColumn is a column of the kind and where the sheet has it; more than one where two headings say the same.
type boundColumn struct {
	ListColumn
	at []Heading
}

// listReader reads the rows below the heading.
type listReader struct {
	list    *List
	sheet   *sheet
	found   found
	places  *Places
	today   calendar.Date
	columns []boundColumn
	titles  map[string]bool // what stands alone in a row above the heading

	row     sheetRow
	values  map[string]Value
	errors  []RowError
	repairs []Repair
}

func newListReader(l *List, s *sheet, f found, places *Places, today calendar.Date) *listReader {
	r := &listReader{list: l, sheet: s, found: f, places: places, today: today, titles: map[string]bool{}}
	for _, c := range l.Kind.Columns {
		bound := boundColumn{ListColumn: c}
		for _, h := range f.headings {
			if h.Column == c.Name {
				bound.at = append(bound.at, h)
			}
		}
		r.columns = append(r.columns, bound)
	}
	for _, row := range s.rows[:f.from] {
		if text, alone := onlyText(row); alone {
			r.titles[text] = true
		}
	}
	return r
}

// onlyText is the first text of a row without blanks, and whether no other text stands in it.
func onlyText(row sheetRow) (text string, alone bool) {
	for _, c := range row.cells {
		if t := idnum.Normalize(c.Text); t != "" {
			if text != "" && t != text {
				return text, false
			}
			text = t
		}
	}
	return text, text != ""
}

// passed are rows that are no people, by why.
type passed struct{ headings, totals, blanks []string }

func (r *listReader) rows() {
	var p passed
	for i := r.found.to + 1; i < len(r.sheet.rows); i++ {
		r.row = r.sheet.rows[i]
		r.sheet.rows[i].cells = nil // what was read may go
		n := strconv.Itoa(r.row.n)
		switch {
		case r.headingAgain():
			p.headings = append(p.headings, n)
		case r.footer():
			p.totals = append(p.totals, n)
		case r.blank():
			p.blanks = append(p.blanks, n)
		default:
			r.read(i == len(r.sheet.rows)-1)
		}
	}
	for _, n := range []struct {
		rows         []string
		code, zh, en string
	}{{p.headings, "ROWS_HEADING", "重复的标题或表头行，已跳过", "headings or titles again, passed over"}, {p.totals, "ROWS_TOTAL", "合计、签字或说明行，已跳过", "totals, signatures or notes, passed over"},
		{p.blanks, "ROWS_BLANK", "除未识别的列外没有内容的行，已跳过", "rows with nothing in the columns that are read, passed over"}} {
		if len(n.rows) > 0 {
			r.list.Notes = append(r.list.Notes, Note{Code: n.code, ZH: n.zh + "：第" + some(n.rows) + "行，共" + strconv.Itoa(len(n.rows)) + "行", EN: n.en + ": " + strconv.Itoa(len(n.rows)) + ", " + some(n.rows)})
		}
	}
}

// headingAgain reports whether a row is the heading or a title once more, as at the top of each printed page.
func (r *listReader) headingAgain() bool {
	same := 0
	for _, h := range r.found.headings {
		text := r.row.cell(h.Index + 1).Text
		if strings.TrimSpace(text) == "" {
			continue
		}
		if !r.headingWord(h, text) {
			same = 0
			break
		}
		same++
	}
	if same >= 2 {
		return true
	}
	text, alone := onlyText(r.row)
	return alone && r.titles[text]
}

func (r *listReader) headingWord(h Heading, text string) bool {
	for row := r.found.from; row <= r.found.to; row++ {
		s := r.sheet
		if top := s.rows[row].cell(s.covering(s.rows[row].n, h.Index+1).fromColumn).Text; top != "" && strings.TrimSpace(top) == strings.TrimSpace(text) {
			return true
		}
	}
	return false
}

// What the first words of rows below a list are.
var (
	totalWords = words("合计 总计 小计 共计 累计 本页合计 本页小计 总人数 总户数")
	signWords  = words("制表 填表 填报 审核 复核 经办 单位负责人 负责人 说明 备注 注: 打印日期 打印时间 打印人 联系人 联系电话 单位(盖章) 单位盖章 第1页 以下空白 截止日期 报送单位 报送日期")
)

// footer reports whether a row is a total, a signature or a note. Somebody's row has a number, whatever his name is.
func (r *listReader) footer() bool {
	for _, c := range r.columns {
		for _, h := range c.at {
			if (c.Is == IDNumber || c.Is == CertificateNumber) && len(idnum.Normalize(r.row.cell(h.Index+1).Text)) >= 15 {
				return false
			}
		}
	}
	first := ""
	for _, c := range r.row.cells {
		if first = idnum.Normalize(c.Text); first != "" {
			break
		}
	}
	begins := func(word string) bool { return strings.HasPrefix(first, word) }
	return slices.ContainsFunc(totalWords, begins) || slices.ContainsFunc(signWords, begins)
}

// blank reports whether nothing stands in the columns that are read: a running number at the margin makes no row.
func (r *listReader) blank() bool {
	for _, c := range r.columns {
		for _, h := range c.at {
			if cell := r.row.cell(h.Index + 1); cell.Kind == Formula || strings.TrimSpace(cell.Text) != "" {
				return false
			}
		}
	}
	return true
}

// read takes a row, or what is wrong with it.
func (r *listReader) read(last bool) {
	r.values, r.errors, r.repairs = make(map[string]Value, 8), nil, nil
	for i := range r.columns {
		r.column(&r.columns[i])
	}
	if card := (ListRow{Values: r.values}).Certificate("certificate"); !card.IsZero() && r.values["id"].IsZero() {
		r.values["id"] = Value{card.Resident()}
	}
	for i := range r.columns {
		r.require(&r.columns[i])
	}
	r.order()
	if last && r.sheet.unended && r.breaksOff() {
		r.errors = append(r.errors, RowError{Row: r.row.n, Code: cutOff[0], ZH: cutOff[1], EN: cutOff[2]})
	}
	if len(r.errors) > 0 {
		r.list.Refused = append(r.list.Refused, r.errors...)
		if named := (ListRow{r.row.n, r.values}); named.Has("id") || named.Has("certificate") || named.Has("name") {
			r.list.Doubtful = append(r.list.Doubtful, named)
		}
		return
	}
	r.list.Rows = append(r.list.Rows, ListRow{Row: r.row.n, Values: r.values})
	r.list.Repairs = append(r.list.Repairs, r.repairs...)
}

// breaksOff reports whether a row that has no end lacks its last cells, or has in the last of them only the beginning of a day or of a name, where
// no row before was written so.
func (r *listReader) breaksOff() bool {
	end := r.found.headings[len(r.found.headings)-1]
	return r.sheet.fields <= end.Index || slices.ContainsFunc(r.repairs, func(p Repair) bool {
		return p.Column == r.list.letters(end) && slices.Contains([]string{"MONTH_AS_DAY", "YEAR_AS_DAY", "PLACE_SHORT"}, p.Code) &&
			!slices.ContainsFunc(r.list.Repairs, func(before Repair) bool { return before.Column == p.Column && before.Code == p.Code })
	})
}

// require looks for what has to be there, unless something else is wrong with it already.
func (r *listReader) require(c *boundColumn) {
	if !c.Need || !r.values[c.Name].IsZero() || r.wrong(c) {
		return
	}
	instead := words(c.Or)
	if slices.ContainsFunc(r.columns, func(b boundColumn) bool {
		return slices.Contains(instead, b.Name) && (!r.values[b.Name].IsZero() || r.wrong(&b))
	}) {
		return
	}
	r.refuse(c, "REQUIRED", "该列必填，请补上", "the cell is blank; fill it in")
}

// wrong reports whether a cell of the column is refused.
func (r *listReader) wrong(c *boundColumn) bool {
	return len(r.errors) > 0 && slices.ContainsFunc(c.at, func(h Heading) bool {
		return slices.ContainsFunc(r.errors, func(e RowError) bool { return e.Column == r.list.letters(h) })
	})
}

// order refuses what ends before it begins, or begins more than a year from now: insurances of the next year are taken out before it.
func (r *listReader) order() {
	row := ListRow{Values: r.values}
	from, to := row.Date("from"), row.Date("to")
	column := func(name string) *boundColumn {
		return &r.columns[slices.IndexFunc(r.columns, func(c boundColumn) bool { return c.Name == name })]
	}
	switch {
	case from.IsZero():
	case !to.IsZero() && to.Before(from):
		r.refuse(column("to"), "DATES_REVERSED", "结束早于开始，请核对两个日期", "it ends before it begins; compare the two dates")
	case from.After(r.today.AddYears(1)):
		r.refuse(column("from"), "IN_FUTURE", "开始日期在一年以后，请核对", "it begins more than a year from now; compare it")
	}
}

func (r *listReader) refuse(c *boundColumn, code, zh, en string) {
	if !c.Need && !strings.HasPrefix(code, "DATES") && code != "DOUBLE_COLUMN" {
		zh, en = zh+"；不需要此列时可指定不读", en+"; or have the column left out"
	}
	r.errors = append(r.errors, RowError{Row: r.row.n, Column: r.list.Place(c.Name), Code: code, ZH: zh, EN: en})
}

func (r *listReader) repaired(c *boundColumn, code string) {
	r.repairs = append(r.repairs, Repair{Row: r.row.n, Column: r.list.Place(c.Name), Code: code, ZH: repairTexts[code][0], EN: repairTexts[code][1]})
}

// repairTexts say what was put right.
var repairTexts = map[string][2]string{
	"FULL_WIDTH": {"全角字符已转为半角", "full-width characters were made half-width"}, "BLANKS": {"已去掉空格或不可见字符", "blanks or invisible characters were removed"},
	"APOSTROPHE": {"已去掉号码前的引号", "a quotation mark before the number was removed"}, "TEXT_FORMULA": {"已去掉号码外的等号和引号", "the equals sign and quotes around the number were removed"},
	"LOWER_CASE": {"小写字母已转为大写", "small letters were made capital"}, "ID_15": {"15位身份证号已升为18位", "an ID number of 15 digits was made one of 18"},
	"CERT_SUFFIX": {"补办后缀B已写作B1", "the suffix B of a reissue was written B1"}, "DASHES": {"已去掉账号中的横线", "dashes were removed from the account"},
	"MONTH_AS_DAY": {"只有年月，起始取当月第一天，终止取当月最后一天", "there was only a month; its first day was taken for a beginning, its last for an end"},
	"YEAR_AS_DAY":  {"只有年份，起始取1月1日，终止取12月31日", "there was only a year; its first day was taken for a beginning, its last for an end"},
	"PLACE_SHORT":  {"按简称认出村居，请核对", "the village was recognised by a short name; compare it"},
}
