package exchange

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
)

// The twenty columns of a certificate roster as officers head them, and the account where an office keeps it there.
const (
	colName          = "姓名"
	colSex           = "性别"
	colBirth         = "出生日期"
	colID            = "身份证号"
	colCertificate   = "残疾证号"
	colCategory      = "残疾类别"
	colLevel         = "残疾等级"
	colComponents    = "多重残疾明细"
	colIssued        = "发证日期"
	colExpires       = "有效期至"
	colHukou         = "户籍村居"
	colResidence     = "居住村居"
	colHukouType     = "户口性质"
	colPhone         = "联系电话"
	colGuardian      = "监护人姓名"
	colRelation      = "监护人关系"
	colHardship      = "困难类别"
	colHardshipFrom  = "困难类别起始日"
	colLivingFrom    = "生活补贴起始月"
	colNursingFrom   = "护理补贴起始月"
	colBank          = "银行账号"
	headingsToAccept = 4
)

// Columns are the headings in the order in which a roster is written.
var Columns = []string{colName, colSex, colBirth, colID, colCertificate, colCategory, colLevel, colComponents, colIssued, colExpires, colHukou,
	colResidence, colHukouType, colPhone, colGuardian, colRelation, colHardship, colHardshipFrom, colLivingFrom, colNursingFrom, colBank}

// aliases are other headings in use for the same columns.
var aliases = map[string]string{
	"出生年月日": colBirth, "出生年月": colBirth, "身份证号码": colID, "公民身份号码": colID, "证件号": colID, "证件号码": colID, "居民身份证号": colID,
	"残疾人证号": colCertificate, "残疾证号码": colCertificate, "残疾人证号码": colCertificate, "类别": colCategory, "残疾类型": colCategory, "等级": colLevel, "残疾级别": colLevel,
	"多重明细": colComponents, "多重残疾": colComponents, "签发日期": colIssued, "初次发证日期": colIssued, "有效期限": colExpires, "到期日期": colExpires, "有效期": colExpires,
	"户籍地": colHukou, "户口所在村居": colHukou, "户籍地址": colHukou, "村居": colHukou, "现住址村居": colResidence, "居住地": colResidence, "户籍性质": colHukouType,
	"电话": colPhone, "手机号": colPhone, "手机": colPhone, "本人电话": colPhone, "联系方式": colPhone, "监护人": colGuardian, "与监护人关系": colRelation, "与本人关系": colRelation,
	"救助类别": colHardship, "困难类型": colHardship, "低保起始日期": colHardshipFrom, "困难起始日": colHardshipFrom, "救助起始日期": colHardshipFrom,
	"生活补贴起始": colLivingFrom, "护理补贴起始": colNursingFrom, "账号": colBank, "卡号": colBank, "银行卡号": colBank, "一卡通账号": colBank, "社保卡账号": colBank,
}

// RosterRow is one person of a roster, checked.
type RosterRow struct {
	Row              int // as the sheet counts, from 1
	Name, Sex        string
	BirthDate        calendar.Date
	ID               idnum.Resident
	RawID15          string // the old number, where one of 15 digits was given
	Certificate      idnum.Certificate
	RawCertificate   string // as written, where that differs
	Category, Level  int
	Components       []casefile.Component
	IssuedOn         calendar.Date
	ExpiresOn        calendar.Date
	Hukou, Residence area.Code
	HukouType        string
	Phone            string
	GuardianName     string
	GuardianRelation string
	Hardships        []string // dibao, dibao_single, dibao_edge, tekun, orphan, defacto
	HardshipFrom     calendar.Date
	LivingFrom       calendar.Month
	NursingFrom      calendar.Month
	Account          string // the person's own bank account
}

// RowError is why a row was not taken: where, never what.
type RowError struct {
	Row                  int
	Column, Code, ZH, EN string
}

// Places finds divisions by code or name.
type Places struct {
	codes   map[area.Code]bool
	byName  map[string][]area.Code
	byShort map[string][]area.Code // as people say it, for lists of others
	above   []string               // the names of what the towns lie in, from the top
	towns   map[area.Code]string
}

// NewPlaces knows the villages of a tree by their own name and by town and name.
func NewPlaces(divisions []area.Division) *Places {
	p := &Places{codes: map[area.Code]bool{}, byName: map[string][]area.Code{}, byShort: map[string][]area.Code{}, towns: map[area.Code]string{}}
	names := map[area.Code]string{}
	for _, d := range divisions {
		p.codes[d.Code], names[d.Code] = true, d.Name
		switch d.Code.Level() {
		case "town":
			p.towns[d.Code] = d.Name
		case "village":
		default:
			p.above = append(p.above, d.Name)
		}
	}
	for _, d := range divisions {
		if d.Code.Level() == "village" {
			p.byName[d.Name] = append(p.byName[d.Name], d.Code)
			full := names[d.Code.Parent()] + d.Name
			p.byName[full] = append(p.byName[full], d.Code)
			for _, name := range []string{d.Name, full, strings.TrimSuffix(names[d.Code.Parent()], "街道") + d.Name, strings.TrimSuffix(names[d.Code.Parent()], "镇") + d.Name} {
				if short := shortVillage(name); !slices.Contains(p.byShort[short], d.Code) {
					p.byShort[short] = append(p.byShort[short], d.Code)
				}
			}
		}
	}
	return p
}

// ReadRoster reads the sheet of an xlsx file that has the headings of a roster, or a csv file, with the values of merged cells in each row
// that they cover. Of several such sheets it reads none: nobody would see that the people of the others are missing.
func ReadRoster(data []byte) (table *Table, err error) {
	defer guarded(&err)
	sheets, err := spreadSheets(data, rosterLimit)
	if err != nil {
		return nil, err
	}
	var other *Table
	var names []string
	for s, err := range sheets {
		if err != nil {
			return nil, err
		}
		if len(s.rows) == 0 {
			continue
		}
		t, err := s.table()
		if err != nil {
			return nil, err
		}
		head, columns := findHeading(t)
		if columns == nil {
			other = cmp.Or(other, t)
			continue
		}
		s.ownAccounts(t, head, columns)
		table, names = t, append(names, shortHeading(s.name))
	}
	switch {
	case len(names) > 1:
		return nil, placed(errSheets, listed(names), listed(names))
	case table == nil && other == nil:
		return nil, errEmpty
	}
	return cmp.Or(table, other), nil
}

// ownAccounts leaves an account in a cell that is merged over several people to the first of them: nobody's money goes into another's
// account unasked.
func (s *sheet) ownAccounts(t *Table, head int, columns map[string]int) {
	at, there := columns[colBank]
	for i, cells := range t.Rows {
		if there && i > head && at < len(cells) && s.covering(i+1, at+1).fromRow <= i {
			cells[at] = Cell{}
		}
	}
}

var errSheets = fault.New(fault.Invalid, "SHEETS_ALIKE", "有多张工作表都是名册，请合并到一张工作表，或分成几个文件发送", "several sheets are rosters; put them into one, or send them as several files")

var errNoRoster = fault.New(fault.Invalid, "HEADING_NOT_FOUND", "前10行中没有找到名册的表头，须至少有"+strconv.Itoa(headingsToAccept)+"个这样的列名："+strings.Join(Columns, "、"),
	"no heading of a roster was found in the first 10 rows; it has at least "+strconv.Itoa(headingsToAccept)+" of these: "+strings.Join(Columns, ", "))

// ParseRoster reads the rows below the heading. A row with any error is not among the rows.
func ParseRoster(t *Table, places *Places, today calendar.Date) (rows []RosterRow, refused []RowError, err error) {
	head, columns := findHeading(t)
	if columns == nil {
		return nil, nil, errNoRoster
	}
	seen := map[string]bool{}
	for i, cells := range t.Rows[head+1:] {
		p := &rowParser{row: head + 2 + i, cells: cells, columns: columns, places: places, today: today, shift: t.shift}
		if p.blank() {
			continue
		}
		row := p.parse()
		if key := row.ID.Reveal(); key != "" {
			if seen[key] {
				p.refuse(colID, "DUPLICATE_IN_FILE", "身份证号在文件中重复", "the ID number stands in the file before")
			}
			seen[key] = true
		}
		if t.cutOff(head+1+i, len(t.Rows[head])) {
			p.refuse("", cutOff[0], cutOff[1], cutOff[2])
		}
		if len(p.errors) > 0 {
			refused = append(refused, p.errors...)
			continue
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 && len(refused) == 0 {
		return nil, nil, errEmpty
	}
	return rows, refused, nil
}

// RosterHeadings is how the heading of a roster was understood, in the form of a list: what is not known was not read.
func RosterHeadings(t *Table) *List {
	row, columns := findHeading(t)
	l := &List{HeadingRow: row + 1}
	for i, cell := range t.Rows[row] {
		h := Heading{Index: i, Text: shortHeading(cell.Text)}
		if h.Text == "" {
			continue
		}
		if name := canonical(cell.Text); name != "" && columns[name] == i {
			h.Column, h.Sure = name, true
		}
		l.Headings = append(l.Headings, h)
	}
	l.noteHeadings()
	return l
}

// findHeading is the row among the first ten with the most known headings; titles may stand above it. The heading of our own name is the
// column before another that may mean it: 发证日期 before 初次发证日期.
func findHeading(t *Table) (row int, columns map[string]int) {
	most := headingsToAccept - 1
	for i, cells := range t.Rows[:min(10, len(t.Rows))] {
		found := map[string]int{}
		for n, cell := range cells {
			if heading := canonical(cell.Text); heading != "" {
				if _, twice := found[heading]; !twice || isHeading(cell.Text, heading) && !isHeading(cells[found[heading]].Text, heading) {
					found[heading] = n
				}
			}
		}
		if len(found) > most {
			most, row, columns = len(found), i, found
		}
	}
	return row, columns
}

func isHeading(text, heading string) bool { return bareHeading(text) == heading }

// bareHeading is a heading without what stands in brackets and around it.
func bareHeading(heading string) string {
	h := idnum.Normalize(heading)
	if i := strings.IndexAny(h, "(（"); i > 0 {
		h = h[:i]
	}
	return strings.Trim(h, "*:：")
}

// canonical is the column that a heading means, or empty.
func canonical(heading string) string {
	h := bareHeading(heading)
	if known, ok := aliases[h]; ok {
		return known
	}
	if slices.Contains(Columns, h) {
		return h
	}
	return ""
}
