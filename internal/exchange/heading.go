package exchange

import (
	"slices"
	"strings"
	"unicode"

	"zhucan/internal/fault"
	"zhucan/internal/idnum"
)

// headingWithin is how far down a heading may stand; titles, notes and units stand above it.
const headingWithin = 15

// Heading is a heading of a list and what it was taken for.
type Heading struct {
	Index  int    // of the column, from 0
	Text   string // as it stands; of two rows, both
	Column string // of the kind; empty: not recognised, or by the mapping not to be read
	Sure   bool   // the whole heading is known, or the mapping says so
}

// headingIndex knows the headings of a kind.
type headingIndex struct {
	kind    *ListKind
	known   map[string]string
	mapping map[string]string
	mapped  map[string]bool // the entries of the mapping that were met
}

func indexHeadings(kind *ListKind, mapping map[string]string) *headingIndex {
	x := &headingIndex{kind: kind, known: map[string]string{}, mapping: map[string]string{}, mapped: map[string]bool{}}
	for _, c := range kind.Columns {
		for _, alias := range append([]string{c.ZH}, c.Aliases...) {
			x.known[plainHeading(alias)] = c.Name
		}
	}
	for text, column := range mapping {
		x.mapping[mappingKey(text)] = column
	}
	return x
}

// plainHeading is a heading without blanks, brackets and signs, in half-width capitals.
func plainHeading(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, idnum.Normalize(text))
}

// mappingKey makes a heading as it was shown and as it stands the same.
func mappingKey(text string) string { return plainHeading(shortHeading(text)) }

// withoutBrackets is a heading without what stands in brackets, and that. Where all of it stands in brackets, it is what
// the first have in them.
func withoutBrackets(text string) (outside, inside string) {
	depth := 0
	for _, r := range idnum.Normalize(text) {
		switch {
		case strings.ContainsRune("([{【〔<《", r):
			depth++
		case strings.ContainsRune(")]}】〕>》", r):
			if depth = max(0, depth-1); depth == 0 && plainHeading(outside) == "" {
				outside, inside = inside, outside
			}
		case depth > 0:
			inside += string(r)
		default:
			outside += string(r)
		}
	}
	return plainHeading(outside), plainHeading(inside)
}

// harmless are words in brackets that do not make a heading another one.
var harmless = words("元 元月 元人月 必填 必填项 选填 可空 文本 文本格式 18位 20位 公历 年月日 年月 YYYYMMDD YYYYMM YYYY 是否 如有 单位元 日期格式 下拉选择")

// column is what a heading means. A part of it is enough, but then the answer is not sure. The sender's unit must be ours:
// an amount in 万元 is not recognised.
func (x *headingIndex) column(text string) (name string, sure bool) {
	plain, key := plainHeading(text), mappingKey(text)
	if name, ok := x.mapping[key]; ok && key != "" {
		x.mapped[key] = true
		return name, true
	}
	if name, ok := x.known[plain]; ok || isOurs(text) {
		return name, true
	}
	outside, inside := withoutBrackets(text)
	name, ok := x.known[outside]
	if !ok || strings.Contains(plain, "万元") {
		return "", false
	}
	return name, slices.Contains(harmless, inside)
}

// otherPerson are groups of columns about somebody else than the row is about.
var otherPerson = words("户主 监护人 申请人 联系人 代理人 经办人 抚养人 父亲 母亲 配偶 代领人")

// pair is what a heading of two rows means: both together, or the lower one unless the upper one says whose it is.
func (x *headingIndex) pair(top, bottom string) (text, name string, sure bool) {
	top, bottom = strings.TrimSpace(top), strings.TrimSpace(bottom)
	if bottom == "" || bottom == top {
		name, sure = x.column(top)
		return top, name, sure
	}
	if top == "" {
		name, sure = x.column(bottom)
		return bottom, name, sure
	}
	group := strings.TrimRight(plainHeading(top), "信息情况资料部分")
	if name, sure = x.column(top + bottom); name == "" && !sure {
		name, sure = x.column(group + bottom)
	}
	if name == "" && !sure {
		name, sure = x.column(bottom)
		if (name == "id" || name == "name") && slices.ContainsFunc(otherPerson, func(who string) bool { return strings.Contains(group, who) }) {
			name, sure = "", false
		}
	}
	return top + " " + bottom, name, sure
}

// found is a heading row, or two of them, and what was recognised.
type found struct {
	from, to int // indexes of rows
	headings []Heading
	columns  int // of the kind, that are there
}

// find is the heading among the first rows with the most known columns. Two rows count as one heading where that makes
// known what one alone does not, or where the upper one puts the lower into groups.
func (x *headingIndex) find(s *sheet) (best found) {
	for i, row := range s.rows {
		if row.n > headingWithin {
			break
		}
		if one := x.judge(s, i, i); one.columns > best.columns {
			best = one
		}
		if i+1 < len(s.rows) && s.rows[i+1].n == row.n+1 {
			one := max(best.columns, x.judge(s, i+1, i+1).columns)
			if two := x.judge(s, i, i+1); two.columns > one || two.columns == one && s.grouped(i) {
				best = two
			}
		}
	}
	return best
}

func (x *headingIndex) judge(s *sheet, from, to int) found {
	f := found{from: from, to: to}
	seen := map[string]bool{}
	for column := 1; column <= max(len(s.rows[from].cells), len(s.rows[to].cells)); column++ {
		h := Heading{Index: column - 1}
		if from == to {
			h.Text = strings.TrimSpace(s.rows[from].cell(column).Text)
			h.Column, h.Sure = x.column(h.Text)
		} else {
			top := s.rows[from].cell(s.covering(s.rows[from].n, column).fromColumn).Text
			h.Text, h.Column, h.Sure = x.pair(top, s.rows[to].cell(column).Text)
		}
		if h.Text = shortHeading(h.Text); h.Text == "" {
			continue
		}
		f.headings = append(f.headings, h)
		if h.Column != "" && !seen[h.Column] {
			seen[h.Column] = true
			f.columns++
		}
	}
	x.dropDoubtful(f.headings)
	return f
}

// dropDoubtful leaves a column to the headings that are sure of it, where there are such.
func (x *headingIndex) dropDoubtful(headings []Heading) {
	sure := map[string]bool{}
	for _, h := range headings {
		sure[h.Column] = sure[h.Column] || h.Sure
	}
	for i, h := range headings {
		if h.Column != "" && !h.Sure && sure[h.Column] {
			headings[i].Column = ""
		}
	}
}

// shortHeading keeps a heading fit to be shown: without what could be somebody's number.
func shortHeading(text string) string {
	text = Clip(strings.Join(strings.Fields(text), " "))
	if runes := []rune(text); len(runes) > 30 {
		text = string(runes[:30]) + "…"
	}
	return text
}

// missing are the needed columns that no heading stands for.
func (x *headingIndex) missing(headings []Heading) (list []ListColumn) {
	has := map[string]bool{}
	for _, h := range headings {
		has[h.Column] = true
	}
	for _, c := range x.kind.Columns {
		if c.Need && !has[c.Name] && !slices.ContainsFunc(words(c.Or), func(other string) bool { return has[other] }) {
			list = append(list, c)
		}
	}
	return list
}

// errMissing names what is not there, and what is.
func (x *headingIndex) errMissing(headings []Heading, missing []ListColumn) error {
	var lacks, known, unknown []string
	var fields []fault.Field
	for _, c := range missing {
		lacks = append(lacks, c.ZH)
		fields = append(fields, fault.Field{Name: c.Name, Code: "HEADING_MISSING", ZH: "缺少“" + c.ZH + "”列", EN: "there is no column " + c.Name})
	}
	for _, h := range headings {
		if h.Column != "" {
			known = append(known, h.Text)
		} else if !h.Sure {
			unknown = append(unknown, h.Text)
		}
	}
	zh := "缺少列：" + strings.Join(lacks, "、") + "。已识别的表头：" + listed(known) + "；未识别的表头：" + listed(unknown) + "。请补上该列，或指明哪一列是它"
	en := "columns are missing: " + strings.Join(lacks, ", ") + "; headings known: " + listed(known) + "; not known: " + listed(unknown) + "; add the column, or say which of these it is"
	return fault.New(fault.Invalid, "HEADING_MISSING", zh, en).With(fields...)
}

func listed(texts []string) string {
	if len(texts) == 0 {
		return "–"
	}
	return strings.Join(texts[:min(len(texts), 40)], "、")
}

// errMapping looks for entries of the mapping that mean nothing here: a column that the kind has not, or a heading that
// the sheet has not.
func (x *headingIndex) errMapping(mapping map[string]string) error {
	var fields []fault.Field
	for text, column := range mapping {
		if _, ok := x.kind.Column(column); !ok && column != "" {
			fields = append(fields, fault.Field{Name: "mapping", Code: "MAPPING_COLUMN", ZH: "本类名单没有“" + shortHeading(column) + "”这一列", EN: "this kind of list has no column " + shortHeading(column)})
		} else if !x.mapped[mappingKey(text)] {
			fields = append(fields, fault.Field{Name: "mapping", Code: "MAPPING_HEADING", ZH: "表中没有“" + shortHeading(text) + "”这个表头", EN: "the sheet has no heading " + shortHeading(text)})
		}
	}
	if fields == nil {
		return nil
	}
	slices.SortFunc(fields, func(a, b fault.Field) int { return strings.Compare(a.ZH, b.ZH) })
	return fault.InvalidFields(fields...)
}
