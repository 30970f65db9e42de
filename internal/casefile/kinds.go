package casefile

import (
	"encoding/json"
	"slices"
	"strings"

	"zhucan/internal/area"
	"zhucan/internal/fault"
)

// Answer is what a recorded fact says. The zero Answer means that nothing is recorded.
type Answer int

// The answers a fact can give. Unknown is recorded by somebody who asked and could not find out.
const (
	Unrecorded Answer = iota
	Yes
	No
	Unknown
)

// Value is what rules read from a circumstance.
type Value struct {
	Answer     Answer
	Sort       string // one of the kind's sorts, or an area code for a place
	MonthlyFen int64  // of another benefit, where known
	AnnualFen  int64  // of a contribution that the government pays, where known
}

// Kind is one kind of dated fact.
type Kind struct {
	Name       string
	ZH, EN     string
	Sorts      []string // allowed sorts; the first is meant when only true is given
	Open       bool     // any further sort is accepted (lists that other departments own)
	SideBySide bool     // several sorts may run at the same time
	Place      bool     // the value is a division code
}

// Kinds lists every kind of dated fact of a person. What else a new one needs is in internal/README.md.
var Kinds = []Kind{
	{Name: "dibao", ZH: "低保", EN: "subsistence allowance", Sorts: []string{"household", "single"}},
	{Name: "dibao_edge", ZH: "低保边缘", EN: "low-income edge", Sorts: []string{"household"}},
	{Name: "tekun", ZH: "特困供养", EN: "extremely-poor support", Sorts: []string{"dispersed", "institution"}},
	{Name: "orphan_support", ZH: "孤儿或事实无人抚养儿童保障", EN: "orphan or de-facto orphan support", Sorts: []string{"orphan", "defacto"}},
	{Name: "key_child_allowance", ZH: "重点困境儿童补贴", EN: "key child allowance", Sorts: []string{"yes"}},
	{Name: "welfare_home", ZH: "儿童福利机构养育", EN: "child in a welfare home", Sorts: []string{"yes"}},
	{Name: "injury_care_fee", ZH: "工伤生活护理费", EN: "work-injury nursing fee", Sorts: []string{"yes"}},
	{Name: "other_benefit", ZH: "其他补贴", EN: "other benefit", SideBySide: true,
		Sorts: []string{"elder_living", "elder_nursing", "gaoling", "elder_service", "retired_care", "duty_injury_living", "veteran_nursing"}},
	{Name: "elected_benefit", ZH: "择高选择", EN: "election between competing benefits", SideBySide: true,
		Sorts: []string{"living_ours", "living_other", "nursing_ours", "nursing_other"}},
	{Name: "waiver", ZH: "自愿放弃", EN: "signed waiver", SideBySide: true, Sorts: []string{"living_allowance", "nursing_subsidy"}},
	{Name: "insurance_pension", ZH: "基本养老保险", EN: "basic pension insurance", Sorts: []string{"resident", "employee", "civil_servant", "none"}, Open: true},
	{Name: "insurance_medical", ZH: "基本医疗保险", EN: "basic medical insurance", Sorts: []string{"resident", "employee", "none"}, Open: true},
	{Name: "school", ZH: "就学", EN: "schooling", Sorts: []string{"regular", "special_class", "special_school", "home_teaching",
		"finished", "deferred", "rehab_or_kindergarten", "not_enrolled", "lost", "elsewhere"}, Open: true},
	{Name: "employment", ZH: "就业", EN: "employment", Sorts: []string{"employed", "public_staff", "public_retired", "none"}, Open: true},
	{Name: "imprisonment", ZH: "服刑", EN: "serving a prison sentence", Sorts: []string{"yes"}},
	{Name: "missing", ZH: "宣告失踪", EN: "declared missing", Sorts: []string{"yes"}},
	{Name: "veteran", ZH: "残疾军人或伤残人民警察", EN: "disabled soldier or police officer", Sorts: []string{"yes"}},
	{Name: "registered_poor", ZH: "建档立卡", EN: "registered poor", Sorts: []string{"yes", "exited", "removed"}, Open: true},
	{Name: "insurance_paid", ZH: "政府代缴保险费", EN: "insurance contribution paid by the government", SideBySide: true, Sorts: []string{"pension", "medical"}},
	{Name: "medical_assistance", ZH: "医疗救助", EN: "medical assistance", Sorts: []string{"yes"}, Open: true},
	{Name: "information_subsidy", ZH: "信息消费补贴", EN: "information subsidy", Sorts: []string{"yes"}, Open: true},
	{Name: "care_programme", ZH: "阳光家园托养", EN: "Sunshine Home care", Sorts: []string{"boarding", "day", "home"}},
	{Name: "disabled_driver", ZH: "残疾人机动轮椅车车主", EN: "owner of a motor vehicle for the disabled", Sorts: []string{"yes"}},
	{Name: "fuel_subsidy", ZH: "燃油补贴", EN: "fuel subsidy", Sorts: []string{"yes"}},
	{Name: "residence_permit", ZH: "居住证", EN: "residence permit", Sorts: []string{"yes"}},
	{Name: "death", ZH: "死亡", EN: "death", Sorts: []string{"yes"}},
	{Name: HukouArea, ZH: "户籍地", EN: "place of hukou", Place: true},
	{Name: ResidenceArea, ZH: "居住地", EN: "place of residence", Place: true},
	{Name: ManagingArea, ZH: "管理村居", EN: "managing village", Place: true},
}

// HouseholdKinds lists every kind of dated fact of a household.
var HouseholdKinds = []Kind{
	{Name: "dangerous_house", ZH: "农村危房存量台账", EN: "on the stock list of dangerous houses", Sorts: []string{"D", "C"}},
	{Name: "house_converted", ZH: "危房改造完成", EN: "dangerous house dealt with", Sorts: []string{"rebuilt", "repaired", "moved"}},
	{Name: "dwelling", ZH: "住房", EN: "dwelling", Sorts: []string{"own", "public", "borrowed", "rented", "rented_short"}},
	{Name: "dibao_case", ZH: "低保家庭", EN: "subsistence allowance case", Sorts: []string{"A", "B", "C"}},
	{Name: "income_bracket", ZH: "人均收入分档", EN: "per-capita income bracket", Open: true, Sorts: []string{"below_dibao", "below_edge", "middle", "above"}},
	{Name: "elder_home_retrofit", ZH: "居家适老化改造", EN: "served by the elderly-home scheme", Sorts: []string{"yes"}},
	{Name: "zero_employment", ZH: "零就业家庭", EN: "household without employment", Sorts: []string{"yes"}},
	{Name: "utility_relief", ZH: "水电气暖减免", EN: "utility bills reduced or waived", Sorts: []string{"yes"}, Open: true},
	{Name: HouseholdArea, ZH: "住房所在村居", EN: "village of the dwelling", Place: true},
}

// HouseholdArea is the kind that keeps the history of a household's village.
const HouseholdArea = "household_area"

// The three places of a person are dated facts like any other.
const (
	HukouArea     = "hukou_area"
	ResidenceArea = "residence_area"
	ManagingArea  = "managing_area"
)

// KindOf returns the kind of a person's facts with this name.
func KindOf(name string) (Kind, bool) { return find(Kinds, name) }

// HouseholdKindOf returns the kind of a household's facts with this name.
func HouseholdKindOf(name string) (Kind, bool) { return find(HouseholdKinds, name) }

func find(kinds []Kind, name string) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// valueShape is every form that a value may take as an object.
type valueShape struct {
	Answer           string `json:"answer"`
	Sort             string `json:"sort"`
	Kind             string `json:"kind"`
	Type             string `json:"type"`
	Area             string `json:"area_code"`
	Scheme           any    `json:"scheme"`
	Status           any    `json:"status"`
	Mode             any    `json:"mode"`
	MonthlyAmountFen int64  `json:"monthly_amount_fen"`
	AnnualAmountFen  int64  `json:"annual_amount_fen"`
}

// ParseValue reads the value of a circumstance of kind k: true or false, the name of a sort, "unknown", or an object
// with answer, sort (or kind, type), area_code, monthly_amount_fen and annual_amount_fen. A scheme, status or mode that is a sort of the kind is
// read as one: the first sort would be another thing than what was said. What else they hold is kept and not read, as further members are.
func ParseValue(k Kind, raw json.RawMessage) (Value, error) {
	var flag bool
	if len(raw) == 0 || string(raw) == "null" {
		return k.value("yes", "", 0)
	}
	if json.Unmarshal(raw, &flag) == nil {
		if flag {
			return k.value("yes", "", 0)
		}
		return k.value("no", "", 0)
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return k.fromText(text)
	}
	var shape valueShape
	if err := json.Unmarshal(raw, &shape); err != nil {
		return Value{}, badValue(k)
	}
	sort := shape.Sort
	for _, other := range []string{shape.Kind, shape.Type, shape.Area} {
		if sort == "" {
			sort = other
		}
	}
	for _, other := range []any{shape.Scheme, shape.Status, shape.Mode} {
		if word, _ := other.(string); sort == "" && slices.Contains(k.Sorts, word) {
			sort = word
		}
	}
	if shape.Answer == "" {
		shape.Answer = "yes"
	}
	if shape.AnnualAmountFen < 0 {
		return Value{}, errNegative
	}
	v, err := k.value(shape.Answer, sort, shape.MonthlyAmountFen)
	v.AnnualFen = shape.AnnualAmountFen
	return v, err
}

func (k Kind) fromText(text string) (Value, error) {
	switch text {
	case "yes", "no", "unknown":
		return k.value(text, "", 0)
	}
	return k.value("yes", text, 0)
}

func (k Kind) value(answer, sort string, fen int64) (Value, error) {
	answers := map[string]Answer{"yes": Yes, "no": No, "unknown": Unknown}
	v := Value{Answer: answers[answer], Sort: sort, MonthlyFen: fen}
	switch {
	case fen < 0:
		return Value{}, errNegative
	case v.Answer == Unrecorded:
		return Value{}, badValue(k)
	case k.Place:
		code, err := area.Parse(sort)
		if err != nil || v.Answer != Yes {
			return Value{}, badValue(k)
		}
		v.Sort = string(code)
	case sort == "" && len(k.Sorts) > 0:
		v.Sort = k.Sorts[0]
	case !slices.Contains(k.Sorts, sort) && !k.Open:
		return Value{}, badValue(k)
	}
	if k.SideBySide && sort == "" {
		return Value{}, badValue(k) // which of them must be said
	}
	return v, nil
}

var errNegative = fault.InvalidFields(fault.Field{Name: "value", Code: "VALUE_NOT_OF_KIND", ZH: "金额不能小于0", EN: "an amount is less than nothing"})

// values are what a fact of the kind may say, in one word. Of sorts that run side by side it has to be said which is meant, also by who says that
// it is not so.
func (k Kind) values() []string {
	switch {
	case k.Place:
		return nil
	case k.SideBySide:
		return slices.Clone(k.Sorts)
	}
	return append([]string{"true", "false", "unknown"}, k.Sorts...)
}

func badValue(k Kind) error {
	f := fault.Field{Name: "value", Code: "VALUE_NOT_OF_KIND", ZH: "“" + k.ZH + "”的取值不符合要求", EN: "the value does not fit the kind " + k.Name, Allowed: k.values()}
	switch {
	case k.Place:
		f.ZH, f.EN = f.ZH+"，应为区划代码", f.EN+"; it is the code of a division"
	default:
		f.ZH, f.EN = f.ZH+"，可填："+strings.Join(f.Allowed, "、"), f.EN+"; it may be "+strings.Join(f.Allowed, ", ")
	}
	if k.Open {
		f.ZH, f.EN = f.ZH+"，或其他文字", f.EN+", or another text"
	}
	return fault.InvalidFields(f)
}

// ExclusiveKey is what may hold only one value a day: the kind, or the kind and sort where sorts run side by side.
func (k Kind) ExclusiveKey(v Value) string {
	if k.SideBySide {
		return k.Name + ":" + v.Sort
	}
	return k.Name
}
