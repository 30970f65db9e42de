package exchange

import (
	"slices"
	"strconv"

	"zhucan/internal/calendar"
)

// PartnerList is one list that another department needs to do its part. It has the fields by which that department finds people in
// its own register and those that it asks for, and no others (PIPL: what is necessary for the purpose).
type PartnerList struct {
	Name    string
	Partner string // the department
	ZH, EN  string
	Purpose string // what the department does with it
	// Counts and Parts say who is on it, in the words of the indicators: so that the list and the number are never two opinions.
	Counts     string
	Parts      []string // covered, gap, excluded
	Holders    bool     // only who holds a certificate
	ByNumber   bool     // only who has an ID number: the department finds nobody without
	Households bool     // households with somebody on it
	Columns    []PartnerColumn
}

// PartnerColumn is one field of a list.
type PartnerColumn struct {
	ZH, Name string
	cell     func(*PartnerRow) string
	shape    shape
}

// PartnerRow is one person or household with all that any list may take from it.
type PartnerRow struct {
	Name      string // of the person; of a household, of who heads it or else of its first member with a certificate
	IDNumber  string
	BirthDate calendar.Date
	Town      string
	Village   string
	Category  int
	Level     int
	Address   string
	Holders   int // members with a certificate
}

var (
	nameColumn      = PartnerColumn{"姓名", "name", func(r *PartnerRow) string { return r.Name }, asText}
	numberColumn    = PartnerColumn{"身份证号", "id_number", func(r *PartnerRow) string { return r.IDNumber }, asText}
	birthDateColumn = PartnerColumn{"出生日期", "birth_date", func(r *PartnerRow) string { return r.BirthDate.String() }, asText}
	partnerTown     = PartnerColumn{"镇街", "town", func(r *PartnerRow) string { return r.Town }, asText}
	partnerVillage  = PartnerColumn{"村居", "village", func(r *PartnerRow) string { return r.Village }, asText}
	categoryColumn  = PartnerColumn{"残疾类别", "category", func(r *PartnerRow) string { return word(categories, r.Category) }, asText}
	levelColumn     = PartnerColumn{"残疾等级", "level", func(r *PartnerRow) string { return word(levels, r.Level) }, asText}
	headColumn      = PartnerColumn{"户主", "name", nameColumn.cell, asText}
	headIDColumn    = PartnerColumn{"户主身份证号", "id_number", numberColumn.cell, asText}
	partnerAddress  = PartnerColumn{"住址", "address", func(r *PartnerRow) string { return r.Address }, asText}
	holdersColumn   = PartnerColumn{"持证人数", "holders", func(r *PartnerRow) string { return strconv.Itoa(r.Holders) }, asWhole}
	everybody       = []string{"covered", "gap", "excluded"}
	byNumber        = []PartnerColumn{nameColumn, numberColumn}
	bySubsidy       = []PartnerColumn{nameColumn, numberColumn, partnerTown, partnerVillage}
)

// PartnerLists are all lists for other departments. To add one, add an entry. The finance department has none: it gets
// rosters.
var PartnerLists = []PartnerList{
	{Name: "pension_holders", Partner: "人力资源和社会保障局", ZH: "持证残疾人名单（养老保险、工伤生活护理费比对）", EN: "holders for matching pensions and work-injury nursing fees",
		Purpose: "比对养老保险参保和工伤生活护理费", Counts: "pension_enrolment@any_scheme", Parts: everybody, Holders: true, ByNumber: true, Columns: byNumber},
	{Name: "medical_holders", Partner: "医疗保障局", ZH: "持证残疾人名单（医疗保险比对）", EN: "holders for matching medical insurance",
		Purpose: "比对基本医疗保险参保", Counts: "medical_enrolment@any_scheme", Parts: everybody, ByNumber: true, Columns: byNumber},
	{Name: "school_children", Partner: "教育和体育局", ZH: "义务教育学龄残疾儿童名单", EN: "disabled children of compulsory school age",
		Purpose: "核对学籍，安排入学", Counts: "compulsory_education", Parts: everybody, // some have no number yet, and are found by the day of birth
		Columns: []PartnerColumn{nameColumn, numberColumn, birthDateColumn}},
	{Name: "registered_poor", Partner: "乡村振兴局", ZH: "建档立卡人口中的残疾人名单", EN: "disabled persons among the registered poor",
		Purpose: "防返贫监测和帮扶", Counts: "poverty_exit", Parts: []string{"covered", "gap"}, ByNumber: true,
		Columns: []PartnerColumn{nameColumn, numberColumn, partnerTown, partnerVillage, categoryColumn, levelColumn}},
	{Name: "households_with_holders", Partner: "住房和城乡建设局", ZH: "有持证残疾人的家庭名单", EN: "households with a certificate holder",
		Purpose: "核对农村危房和住房保障", Counts: "medical_enrolment@any_scheme", Parts: everybody, Holders: true, Households: true,
		Columns: []PartnerColumn{headColumn, headIDColumn, partnerTown, partnerVillage, partnerAddress, holdersColumn}},
	{Name: "living_allowance_candidates", Partner: "民政局", ZH: "困难残疾人生活补贴应享未享名单", EN: "eligible for the living allowance and not receiving it",
		Purpose: "核对低保，主动服务", Counts: "living_allowance_coverage@without_waivers", Parts: []string{"gap"}, ByNumber: true, Columns: bySubsidy},
	{Name: "living_allowance_recipients", Partner: "民政局", ZH: "困难残疾人生活补贴享受名单", EN: "recipients of the living allowance",
		Purpose: "与社会救助、养老补贴比对", Counts: "living_allowance_coverage", Parts: []string{"covered"}, ByNumber: true, Columns: bySubsidy},
	{Name: "nursing_subsidy_candidates", Partner: "民政局", ZH: "重度残疾人护理补贴应享未享名单", EN: "eligible for the nursing subsidy and not receiving it",
		Purpose: "主动服务", Counts: "nursing_subsidy_coverage@without_waivers", Parts: []string{"gap"}, ByNumber: true, Columns: bySubsidy},
	{Name: "nursing_subsidy_recipients", Partner: "民政局", ZH: "重度残疾人护理补贴享受名单", EN: "recipients of the nursing subsidy",
		Purpose: "与社会救助、养老补贴比对", Counts: "nursing_subsidy_coverage", Parts: []string{"covered"}, ByNumber: true, Columns: bySubsidy},
}

// PartnerListNamed is the list of a name, or nil.
func PartnerListNamed(name string) *PartnerList {
	i := slices.IndexFunc(PartnerLists, func(l PartnerList) bool { return l.Name == name })
	if i < 0 {
		return nil
	}
	return &PartnerLists[i]
}
