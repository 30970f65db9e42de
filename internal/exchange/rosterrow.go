package exchange

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/idnum"
	"zhucan/internal/names"
)

// rowParser reads one row and gathers everything that is wrong with it.
type rowParser struct {
	row     int
	cells   []Cell
	columns map[string]int
	places  *Places
	today   calendar.Date
	shift   int // of serial dates
	errors  []RowError
}

func (p *rowParser) refuse(column, code, zh, en string) {
	p.errors = append(p.errors, RowError{Row: p.row, Column: column, Code: code, ZH: zh, EN: en})
}

func (p *rowParser) refuseNumber(column string, err error) {
	var wrong *idnum.Error
	if errors.As(err, &wrong) {
		p.refuse(column, wrong.Code, wrong.ZH, wrong.EN)
	}
}

func (p *rowParser) cell(column string) Cell {
	i, ok := p.columns[column]
	if !ok || i >= len(p.cells) {
		return Cell{}
	}
	c := p.cells[i]
	c.Text = unguard(strings.TrimSpace(c.Text))
	switch c.Kind {
	case Formula:
		p.refuse(column, "CELL_FORMULA", "单元格是公式，请粘贴为文本", "the cell is a formula; paste its text")
		return Cell{}
	case Failed:
		p.refuse(column, "CELL_ERROR", "单元格是公式错误值，请改填内容", "the cell is the error of a formula; fill in what it should say")
		return Cell{}
	}
	return c
}

func (p *rowParser) text(column string) string { return p.cell(column).Text }

func (p *rowParser) blank() bool {
	return !slices.ContainsFunc(p.cells, func(c Cell) bool { return strings.TrimSpace(c.Text) != "" })
}

// longNumber reads a column whose digits a spreadsheet would lose: a number cell there is refused, never guessed at.
func (p *rowParser) longNumber(column string) string {
	c := p.cell(column)
	if c.Kind == Text {
		return c.Text
	}
	switch {
	case strings.ContainsAny(c.Text, "eE."):
		p.refuse(column, "ID_SCIENTIFIC", "号码已被表格软件转成科学计数法，请按文本重新填写", "a spreadsheet has turned the number into scientific notation")
	case len(c.Text) > 15 && strings.HasSuffix(c.Text, "000"):
		p.refuse(column, "ID_ROUNDED", "号码末几位已被表格软件改为0，请按文本重新填写", "a spreadsheet has rounded the last digits to zero")
	case len(c.Text) > 15:
		p.refuse(column, "CELL_NUMBER", "号码须以文本格式填写", "the number must be a text cell")
	default:
		return c.Text // fifteen digits and fewer survive a spreadsheet
	}
	return ""
}

func (p *rowParser) parse() RosterRow {
	r := RosterRow{Row: p.row, Name: p.name(colName, true), GuardianName: p.name(colGuardian, false), GuardianRelation: p.words(colRelation)}
	p.parseIdentity(&r)
	p.parseCard(&r)
	p.parsePlaces(&r)
	if raw := p.longNumber(colPhone); raw != "" {
		phone, err := idnum.ParsePhone(raw)
		r.Phone = phone
		p.refuseNumber(colPhone, err)
	}
	if raw := p.longNumber(colBank); raw != "" {
		account, err := idnum.ParseAccount(raw)
		r.Account = account
		p.refuseNumber(colBank, err)
	}
	p.parseBenefits(&r)
	return r
}

// words are what somebody has written freely.
func (p *rowParser) words(column string) string {
	text := p.text(column)
	if wrong := idnum.CheckText(text); wrong != nil {
		p.refuse(column, wrong.Code, wrong.ZH, wrong.EN)
	}
	return text
}

// name reads a name as it is kept.
func (p *rowParser) name(column string, need bool) string {
	name, err := names.Written(p.text(column))
	var wrong *names.Error
	switch {
	case errors.As(err, &wrong):
		p.refuse(column, wrong.Code, wrong.ZH, wrong.EN)
	case need && name == "" || len([]rune(name)) > maxName:
		p.refuse(column, "NAME", "姓名为空或过长", "the name is empty or too long")
	}
	return name
}

var sexes = map[string]string{"男": "male", "女": "female", "": ""}

func (p *rowParser) parseIdentity(r *RosterRow) {
	sex, ok := sexes[p.text(colSex)]
	if !ok {
		p.refuse(colSex, "SEX", "性别应为男或女", "the sex is 男 or 女")
	}
	r.Sex, r.BirthDate = sex, p.date(colBirth)
	raw := p.longNumber(colID)
	if raw == "" {
		return
	}
	id, err := idnum.ParseResident(raw, p.today)
	if err != nil {
		p.refuseNumber(colID, err)
		return
	}
	if r.Sex != "" && r.Sex != id.Sex() {
		p.refuse(colSex, "SEX_MISMATCH", "性别与身份证号不一致", "the sex does not agree with the ID number")
	}
	if !r.BirthDate.IsZero() && r.BirthDate != id.BirthDate() {
		p.refuse(colBirth, "BIRTH_MISMATCH", "出生日期与身份证号不一致", "the birth date does not agree with the ID number")
	}
	if idnum.UpgradedFrom15(raw) {
		r.RawID15 = idnum.Normalize(raw)
	}
	r.ID, r.Sex, r.BirthDate = id, id.Sex(), id.BirthDate()
}

func (p *rowParser) parseCard(r *RosterRow) {
	raw := p.longNumber(colCertificate)
	if raw == "" {
		if len(p.errors) == 0 && r.ID.IsZero() { // without a number the same child would come in again with the next file
			p.refuse(colID, "REQUIRED", "未持证儿童须填写身份证号", "an uncertified child needs an ID number")
			return
		}
		if len(p.errors) == 0 && !casefile.IsChild(r.BirthDate, p.today) {
			p.refuse(colCertificate, "NO_CERT", "未持证人员只登记18周岁以下残疾儿童", "only a child under 18 is taken without a certificate")
		}
		return
	}
	card, err := idnum.ParseCertificate(raw, p.today)
	if err != nil {
		p.refuseNumber(colCertificate, err)
		return
	}
	r.Certificate, r.Category, r.Level = card, card.Category(), card.Level()
	if normal := idnum.Normalize(raw); normal != card.Reveal() {
		r.RawCertificate = normal
	}
	if r.ID.IsZero() {
		r.ID, r.Sex, r.BirthDate = card.Resident(), card.Resident().Sex(), card.Resident().BirthDate()
	}
	if card.Resident() != r.ID {
		p.refuse(colCertificate, "CERT_ID_MISMATCH", "残疾证号前18位与身份证号不一致", "the first 18 characters are not the ID number")
	}
	p.agree(colCategory, categories, card.Category())
	p.agree(colLevel, levels, card.Level())
	r.Components = p.components(card)
	r.IssuedOn, r.ExpiresOn = p.date(colIssued), p.date(colExpires)
	if r.IssuedOn.IsZero() {
		p.refuse(colIssued, "REQUIRED", "发证日期为必填", "the date of issue is required")
		return
	}
	if r.IssuedOn.Before(r.BirthDate) {
		p.refuse(colIssued, "BEFORE_BIRTH", "发证日期早于出生日期", "the certificate was issued before its holder was born")
	}
	if r.ExpiresOn.IsZero() {
		r.ExpiresOn = casefile.DefaultExpiry(r.IssuedOn)
	}
	if r.ExpiresOn.Before(r.IssuedOn) || r.IssuedOn.After(p.today) {
		p.refuse(colExpires, "DATES_REVERSED", "发证日期与有效期不合理", "the dates of the certificate do not fit")
	}
}

var (
	categories = []string{"视力", "听力", "言语", "肢体", "智力", "精神", "多重"}
	levels     = []string{"一级", "二级", "三级", "四级"}
)

// numbered reads 1 or 1级 or the word; 0 when it is none of them.
func numbered(words []string, text string) int {
	text = strings.TrimSuffix(strings.TrimSuffix(idnum.Normalize(text), "残疾"), "级")
	for i, word := range words {
		if text == strings.TrimSuffix(word, "级") || text == strconv.Itoa(i+1) {
			return i + 1
		}
	}
	return 0
}

// agree holds a column against the digit of the certificate number that says the same.
func (p *rowParser) agree(column string, words []string, digit int) {
	if text := p.text(column); text != "" && numbered(words, text) != digit {
		p.refuse(column, "CERT_DIGITS_MISMATCH", "与残疾证号第19、20位不一致", "digits 19 and 20 of the certificate number say otherwise")
	}
}

var componentForm = regexp.MustCompile(`^(视力|听力|言语|肢体|智力|精神)(?:残疾)?([一二三四1-4])级?$`)

func (p *rowParser) components(card idnum.Certificate) []casefile.Component {
	text := idnum.Normalize(p.text(colComponents))
	if text == "" {
		return nil
	}
	var list []casefile.Component
	most := 9
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("、,，;；", r) }) {
		m := componentForm.FindStringSubmatch(part)
		if m == nil {
			p.refuse(colComponents, "COMPONENTS", "多重明细应如“视力一级、智力三级”", "components are written like 视力一级、智力三级")
			return nil
		}
		c := casefile.Component{Category: numbered(categories, m[1]), Level: numbered(levels, m[2])}
		list, most = append(list, c), min(most, c.Level)
	}
	if card.Category() == 7 && (len(list) < 2 || most != card.Level()) {
		p.refuse(colComponents, "COMPONENT_LEVEL", "多重残疾须有两类以上，等级取最重者", "a multiple disability has two components or more, and the level of the most severe")
	}
	return list
}

var hukouTypes = map[string]string{"": "", "农业": "agricultural", "非农业": "non_agricultural", "农村": "agricultural", "城镇": "non_agricultural"}

func (p *rowParser) parsePlaces(r *RosterRow) {
	r.Hukou = p.place(colHukou, true)
	r.Residence = p.place(colResidence, false)
	kind, ok := hukouTypes[p.text(colHukouType)]
	if !ok {
		p.refuse(colHukouType, "HUKOU_TYPE", "户口性质应为农业或非农业", "the kind of hukou is 农业 or 非农业")
	}
	r.HukouType = kind
}

func (p *rowParser) place(column string, required bool) area.Code {
	text := idnum.Normalize(p.text(column))
	if text == "" {
		if required {
			p.refuse(column, "REQUIRED", "必填", "required")
		}
		return ""
	}
	if code, err := area.Parse(text); err == nil {
		if !p.places.codes[code] {
			p.refuse(column, "AREA_UNKNOWN", "区划代码不存在", "no division has this code")
		}
		return code
	}
	found := p.places.byName[text]
	switch len(found) {
	case 1:
		return found[0]
	case 0:
		p.refuse(column, "AREA_UNKNOWN", "没有这个村居", "there is no such village")
	default:
		p.refuse(column, "AREA_AMBIGUOUS", "村居名称不唯一，请加上镇街名称", "several villages have this name; add the town")
	}
	return ""
}

var hardships = map[string]string{"低保": "dibao", "单人低保": "dibao_single", "单人保": "dibao_single", "低保边缘": "dibao_edge", "特困": "tekun", "孤儿": "orphan", "事实无人抚养": "defacto"}

func (p *rowParser) parseBenefits(r *RosterRow) {
	for _, word := range strings.FieldsFunc(idnum.Normalize(p.text(colHardship)), func(c rune) bool { return strings.ContainsRune("、,，;；", c) }) {
		if word == "无" || word == "否" {
			continue
		}
		kind, ok := hardships[word]
		if !ok {
			p.refuse(colHardship, "HARDSHIP", "困难类别应为低保、单人低保、低保边缘、特困、孤儿、事实无人抚养或无", "an unknown kind of hardship")
			continue
		}
		r.Hardships = append(r.Hardships, kind)
	}
	r.HardshipFrom = p.date(colHardshipFrom)
	if len(r.Hardships) > 0 && r.HardshipFrom.IsZero() {
		p.refuse(colHardshipFrom, "HARDSHIP_FROM", "须填写困难类别的起始日期", "since when is required with a kind of hardship")
	}
	p.begun(colHardshipFrom, r.HardshipFrom.Month())
	r.LivingFrom, r.NursingFrom = p.month(colLivingFrom), p.month(colNursingFrom)
	p.begun(colLivingFrom, r.LivingFrom)
	p.begun(colNursingFrom, r.NursingFrom)
	if r.Certificate.IsZero() && (!r.LivingFrom.IsZero() || !r.NursingFrom.IsZero()) {
		p.refuse(colLivingFrom, "NO_CERT", "未持证人员不能享受补贴", "nobody without a certificate receives a subsidy")
	}
}

// begun refuses a month after the next one: a roster says what is paid or approved already.
func (p *rowParser) begun(column string, from calendar.Month) {
	if from.After(p.today.Month().Add(1)) {
		p.refuse(column, "IN_FUTURE", "晚于下月，请核对", "it lies after the next month; compare it")
	}
}

func (p *rowParser) date(column string) calendar.Date {
	c := p.cell(column)
	if c.Text == "" || c.Text == "长期" && column == colExpires {
		return calendar.Date{}
	}
	d, ok := readDay(c, p.shift)
	if !ok {
		p.refuse(column, "DATE", "日期格式不正确或该日期不存在", "not a date, or a date that does not exist")
	}
	return d
}

func (p *rowParser) month(column string) calendar.Month {
	c := p.cell(column)
	if c.Text == "" {
		return calendar.Month{}
	}
	m, ok := readMonth(c, p.shift)
	switch {
	case ok:
	case doubtfulMonth(c):
		p.refuse(column, "MONTH", doubtfulMonthTexts[0], doubtfulMonthTexts[1])
	default:
		p.refuse(column, "MONTH", "月份应如2023-03", "a month is written like 2023-03")
	}
	return m
}
