package exchange

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"zhucan/internal/calendar"
	"zhucan/internal/idnum"
	"zhucan/internal/names"
)

// Lengths of what a cell says, in characters.
const (
	maxName = 60
	maxText = 200
)

// nothing is what lists write into cells that have nothing to say.
var nothing = words("- -- — —— – / \\ 无 N/A NA NULL 暂无 空 /// *")

// noEnd is what lists write where something goes on.
var noEnd = words("长期 长期有效 永久 至今 今 无期限 无固定期限 不限")

// failures are the errors of formulas as a csv file has them.
var failures = words("#N/A #REF! #VALUE! #NAME? #DIV/0! #NULL! #NUM! #SPILL! #CALC!")

// cell is what stands in a column, or what is wrong with it. ok is false where there is nothing to read.
func (r *listReader) cell(c *boundColumn) (cell Cell, ok bool) {
	for _, h := range c.at {
		other := r.row.cell(h.Index + 1)
		other.Text = unguard(strings.TrimSpace(other.Text))
		switch {
		case other == (Cell{}):
		case cell == (Cell{}):
			cell = other
		case idnum.Normalize(cell.Text) != idnum.Normalize(other.Text):
			r.errors = append(r.errors, RowError{Row: r.row.n, Column: r.list.letters(h), Code: "DOUBLE_COLUMN", ZH: "两列是同一项内容而填写不一致，请改为一致或只保留一列",
				EN: "two columns are for the same and differ in this row; make them agree or keep one"})
			return Cell{}, false
		}
	}
	return cell, r.readable(c, cell)
}

func (r *listReader) readable(c *boundColumn, cell Cell) bool {
	text := idnum.Normalize(cell.Text)
	switch {
	case cell.Kind == Formula:
		r.refuse(c, "CELL_FORMULA", "单元格是公式，请复制后选择性粘贴为数值", "the cell is a formula; paste what it shows as a value")
	case cell.Kind == Failed || slices.Contains(failures, text):
		r.refuse(c, "CELL_ERROR", "单元格是公式错误值，请改填内容", "the cell is the error of a formula; fill in what it should say")
	case strings.ContainsRune(cell.Text, '\uFFFD'):
		r.refuse(c, "BAD_CHARACTER", "有无法识别的字符，请重新填写", "a character cannot be read; fill the cell in again")
	case text == "":
	case slices.Contains(nothing, text) && c.Words[text] == "":
	case slices.Contains(noEnd, text) && (c.Is == LastDay || c.Is == Day && !c.Need):
	default:
		return true
	}
	return false
}

// column reads a cell by the type of its column.
func (r *listReader) column(c *boundColumn) {
	cell, ok := r.cell(c)
	if !ok {
		if c.Default != "" && !r.wrong(c) {
			r.values[c.Name] = Value{codeText(c.Default)}
		}
		return
	}
	var is any
	switch c.Is {
	case IDNumber, CertificateNumber, Phone, Account:
		is = r.longNumber(c, cell)
	case PersonName:
		is = r.name(c, cell)
	case Day, FirstDay, LastDay:
		is = r.day(c, cell)
	case MonthOf:
		is = r.month(c, cell)
	case YearOf:
		if y, ok := readYear(cell, r.sheet.shift); ok {
			is = year(y)
		} else {
			r.refuse(c, "YEAR", "年份无法识别，请写成2023这样", "not a year; write it like 2023")
		}
	case Yuan:
		if fen, ok := readYuan(cell); ok {
			is = fen
		} else {
			r.refuse(c, "AMOUNT", "金额无法识别，请以元为单位，最多两位小数", "not an amount; write it in yuan with two decimals at most")
		}
	case Place:
		is = r.village(c, cell)
	case Choice:
		if code, ok := c.Words[idnum.Normalize(cell.Text)]; ok && cell.Kind != Dated {
			is = codeText(code)
		} else {
			r.refuse(c, "WORD", "“"+c.ZH+"”的写法无法识别，可写："+c.examples(), "the word is not known; one may write "+c.examples())
		}
	default:
		is = r.plain(c, cell)
	}
	if is != nil {
		r.values[c.Name] = Value{is}
	}
}

// examples are the words of a choice, the shortest of each code.
func (c ListColumn) examples() string {
	shortest := map[string]string{}
	for word, code := range c.Words {
		if best := shortest[code]; best == "" || len(word) < len(best) || len(word) == len(best) && word < best {
			shortest[code] = word
		}
	}
	var list []string
	for _, word := range shortest {
		list = append(list, word)
	}
	slices.Sort(list)
	return strings.Join(list, "、")
}

// lost refuses a number cell that a spreadsheet has taken digits from, and says whether it did: fifteen digits and fewer
// survive.
func (r *listReader) lost(c *boundColumn, cell Cell) bool {
	switch {
	case cell.Kind == Text:
		return false
	case cell.Kind == Dated:
		r.refuse(c, "CELL_DATE", "表格软件已把内容变成日期，请把单元格设为文本后重新填写", "a spreadsheet has made a date of it; make the cell text and fill it in again")
	case strings.ContainsAny(cell.Text, "eE."):
		r.refuse(c, "ID_SCIENTIFIC", "号码已被表格软件转成科学计数法或小数，请把单元格设为文本后重新填写", "a spreadsheet has turned the number into scientific notation; make the cell text and fill it in again")
	case len(cell.Text) > 15 && strings.HasSuffix(cell.Text, "000"):
		r.refuse(c, "ID_ROUNDED", "号码末几位已被表格软件改为0，请把单元格设为文本后重新填写", "a spreadsheet has rounded the last digits to zero; make the cell text and fill it in again")
	case len(cell.Text) > 15:
		r.refuse(c, "CELL_NUMBER", "号码须以文本格式填写，请把单元格设为文本后重新填写", "the number must be text; make the cell text and fill it in again")
	default:
		return false
	}
	return true
}

var textFormula = regexp.MustCompile(`^="([^"]*)"$`)

// quoteMarks stand before numbers that somebody wanted to be text.
const quoteMarks = "'’‘`´＇\""

// tidy is a number without what stands around and between its digits, and what that was.
func tidy(raw string) (text string, repairs []string) {
	text = raw
	if m := textFormula.FindStringSubmatch(text); m != nil {
		text, repairs = m[1], append(repairs, "TEXT_FORMULA")
	}
	if t := strings.TrimLeft(text, quoteMarks); t != text {
		text, repairs = t, append(repairs, "APOSTROPHE")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r >= '！' && r <= '～' }) {
		repairs = append(repairs, "FULL_WIDTH")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.IsControl(r) }) {
		repairs = append(repairs, "BLANKS")
	}
	if strings.ContainsFunc(text, unicode.IsLower) {
		repairs = append(repairs, "LOWER_CASE")
	}
	return idnum.Normalize(text), repairs
}

func (r *listReader) longNumber(c *boundColumn, cell Cell) any {
	if r.lost(c, cell) {
		return nil
	}
	text, repairs := tidy(cell.Text)
	var is any
	var err error
	switch c.Is {
	case IDNumber:
		var id idnum.Resident
		if id, err = idnum.ParseResident(text, r.today); idnum.UpgradedFrom15(text) {
			repairs = append(repairs, "ID_15")
		}
		is = id
	case CertificateNumber:
		var card idnum.Certificate
		if card, err = idnum.ParseCertificate(text, r.today); strings.HasSuffix(text, "B") {
			repairs = append(repairs, "CERT_SUFFIX")
		}
		is = card
	case Phone:
		var phone string
		phone, err = idnum.ParsePhone(text)
		is = phoneText(phone)
	default:
		var account string
		if account, err = idnum.ParseAccount(text); strings.Contains(text, "-") {
			repairs = append(repairs, "DASHES")
		}
		is = bankText(account)
	}
	if wrong := (*idnum.Error)(nil); errors.As(err, &wrong) {
		zh := wrong.ZH
		if !strings.Contains(zh, "请") {
			zh += "，请核对证件后改正"
		}
		r.refuse(c, wrong.Code, zh, wrong.EN+"; compare the document and correct it")
		r.bornBy(c, text)
		return nil
	}
	for _, code := range repairs {
		r.repaired(c, code)
	}
	return is
}

// bornBy takes the birth date out of an ID number that cannot be right: with the name it may still tell who is not left out.
func (r *listReader) bornBy(c *boundColumn, number string) {
	const from, to, digits = 6, 14, 18
	if c.Name != "id" || len(number) != digits {
		return
	}
	if d, ok := readDay(Cell{Text: number[from:to]}, 0); ok && !d.After(r.today) {
		r.values["birth"] = Value{d}
	}
}

// name keeps a name as it is given, but for blanks.
func (r *listReader) name(c *boundColumn, cell Cell) any {
	text := strings.TrimFunc(cell.Text, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	written, err := names.Written(text)
	var wrong *names.Error
	switch {
	case errors.As(err, &wrong):
		r.refuse(c, wrong.Code, wrong.ZH, wrong.EN)
		return nil
	case cell.Kind != Text, written == "", len([]rune(written)) > maxName:
		r.refuse(c, "NAME", "姓名须为60字以内的一行文字，请改正", "a name is one line of at most 60 characters")
		return nil
	}
	if written != text {
		r.repaired(c, "BLANKS")
	}
	return nameText(written)
}

func (r *listReader) plain(c *boundColumn, cell Cell) any {
	if len([]rune(cell.Text)) > maxText {
		r.refuse(c, "TOO_LONG", "内容超过200字，请缩短", "more than 200 characters; make it shorter")
		return nil
	}
	if r.lost(c, cell) {
		return nil
	}
	if wrong := idnum.CheckText(cell.Text); wrong != nil {
		if !c.Aside { // else it is left out: who looks at the row would see the number
			r.refuse(c, wrong.Code, wrong.ZH, wrong.EN)
		}
		return nil
	}
	return plainText(cell.Text)
}

func (r *listReader) month(c *boundColumn, cell Cell) any {
	if r.doubtful(c, cell) {
		return nil
	}
	if m, ok := readMonth(cell, r.sheet.shift); ok && (!c.Past || !m.First().After(r.today)) {
		return m
	}
	r.refuse(c, "MONTH", "月份无法识别，请写成2023-03这样", "not a month; write it like 2023-03")
	return nil
}

// doubtful refuses a month of which nobody can say which it is, and says whether it did.
func (r *listReader) doubtful(c *boundColumn, cell Cell) bool {
	doubtful := doubtfulMonth(cell)
	if doubtful {
		r.refuse(c, "MONTH", doubtfulMonthTexts[0], doubtfulMonthTexts[1])
	}
	return doubtful
}

func (r *listReader) day(c *boundColumn, cell Cell) any {
	if c.Is != Day && r.doubtful(c, cell) { // else its year would be read below
		return nil
	}
	d, ok := readDay(cell, r.sheet.shift)
	if !ok && c.Is != Day {
		if m, isMonth := readMonth(cell, r.sheet.shift); isMonth {
			d, ok = edge(c.Is, m, m), true
			r.repaired(c, "MONTH_AS_DAY")
		} else if y, isYear := readYear(cell, r.sheet.shift); isYear {
			d, ok = edge(c.Is, calendar.NewMonth(y, 1), calendar.NewMonth(y, 12)), true
			r.repaired(c, "YEAR_AS_DAY")
		}
	}
	switch {
	case !ok:
		r.refuse(c, "DATE", "日期无法识别或不存在，请写成2023-03-28这样", "not a date, or one that does not exist; write it like 2023-03-28")
		return nil
	case c.Past && d.After(r.today):
		r.refuse(c, "IN_FUTURE", "日期晚于今天，请核对", "the day lies in the future; compare it")
		return nil
	}
	return d
}

func edge(is ColumnType, from, to calendar.Month) calendar.Date {
	if is == LastDay {
		return to.Last()
	}
	return from.First()
}
