package exchange

import (
	"strconv"
	"time"
)

// Column is a column of a file of figures with its meaning; all of them are the data dictionary.
type Column struct {
	Name    string `json:"name"`
	ZH      string `json:"zh"`
	Meaning string `json:"meaning"`

	cell func(*FiguresHead, *Figure) string
}

// hiddenCell stands where a number of a public table is not shown.
const hiddenCell = "<5"

// lightWords are what a light says.
var lightWords = map[string]string{"met": "达标", "near": "接近达标", "unmet": "未达标", "not_applicable": "不适用", "missing": "待录入", "suppressed": "不公布"}

var unitWords = map[string]string{"person": "人", "household": "户", "facility": "处", "index": "分/人·年"}

// FigureColumns are the columns of csv and xlsx, in order.
var FigureColumns = []Column{
	{"release_id", "发布编号", "封存发布的编号；同一编号的文件逐字节不变。查询导出时为空", func(h *FiguresHead, _ *Figure) string { return h.ID }},
	{"no", "序号", "规划专栏1（指标）或专栏2（政策）中的序号", func(_ *FiguresHead, f *Figure) string { return strconv.Itoa(f.Definition.No) }},
	{"indicator", "指标代码", "指标的稳定代码；@之后为同一指标的另一口径。说明行此列为空", func(_ *FiguresHead, f *Figure) string { return f.Indicator }},
	{"name_zh", "指标名称", "指标的中文名称", func(_ *FiguresHead, f *Figure) string { return f.Definition.NameZH }},
	{"by", "分组方式", "none为全域，tree为区、镇街、村居，其余为分组的维度；component与age_group各组之间有重叠，不可相加", byCell},
	{"area_code", "区划代码", "as_of当日有效的行政区划代码：6位区、9位镇街、12位村居", func(_ *FiguresHead, f *Figure) string { return f.AreaCode }},
	{"area_name", "区划名称", "行政区划名称", func(_ *FiguresHead, f *Figure) string { return f.AreaName }},
	{"group", "组", "分组的取值；unplaced为管理村居不在当日区划内，unknown为未登记，not_applicable为该单位无此维度", func(_ *FiguresHead, f *Figure) string { return f.Group }},
	{"unit", "计量单位", "人、户、处；指数为每人每年收入（分）", func(_ *FiguresHead, f *Figure) string { return unitWords[f.Definition.Unit] }},
	{"numerator", "分子", "已覆盖；每人每户只计一次。“<5”为不公布：该行或与其有加总关系的行有1至4人（户）", func(_ *FiguresHead, f *Figure) string { return shown(f, f.Numerator) }},
	{"denominator", "分母", "应覆盖：已覆盖与未覆盖之和", func(_ *FiguresHead, f *Figure) string { return shown(f, f.Denominator) }},
	{"excluded", "不计入", "属于统计人群但按定义不应覆盖；公开版不列", func(_ *FiguresHead, f *Figure) string { return whole(f.Excluded) }},
	{"extra", "目标外服务", "不在目标人群但当年已接受服务；公开版不列", func(_ *FiguresHead, f *Figure) string { return whole(f.Extra) }},
	{"waived", "其中签字放弃", "未覆盖中已签字放弃的；公开版不列", func(_ *FiguresHead, f *Figure) string { return whole(f.Waived) }},
	{"rate", "覆盖率%", "百分数，截取两位小数，不四舍五入；分母为0时为空（不适用）", func(_ *FiguresHead, f *Figure) string { return rateCell(f) }},
	{"rate_without_waivers", "不含放弃的覆盖率%", "分母中去掉签字放弃后的覆盖率；无放弃时为空", func(_ *FiguresHead, f *Figure) string { return orEmpty(f.RateWithoutWaivers) }},
	{"comparator", "比较", ">为须超过目标，等于不算达标；=为须等于目标", func(_ *FiguresHead, f *Figure) string { return f.Definition.Comparator }},
	{"target_percent", "目标%", "规划目标；0为无目标", func(_ *FiguresHead, f *Figure) string { return strconv.FormatFloat(f.TargetPercent, 'f', -1, 64) }},
	{"binding", "属性", "约束性或预期性", bindingCell},
	{"met", "是否达标", "true或false，按整数比较，不按显示的百分数", metCell},
	{"light", "状态代码", "met、near（差不超过2个百分点）、unmet、not_applicable、missing、suppressed", func(_ *FiguresHead, f *Figure) string { return f.Light }},
	{"conclusion", "状态", "达标、接近达标、未达标、不适用、待录入、不公布", func(_ *FiguresHead, f *Figure) string { return lightWords[f.Light] }},
	{"short_by", "还差", "再覆盖多少（人、户、处）即达标；已达标为0", func(_ *FiguresHead, f *Figure) string { return whole(f.ShortBy) }},
	{"unplaced", "其中无村居归属", "管理村居不在当日区划内的；市级以上不列，见by为tree时的unplaced组", func(_ *FiguresHead, f *Figure) string { return whole(f.Unplaced) }},
	{"figure_year", "数据年份", "外部数据所属的年份；由档案或设施名录统计的为空", func(_ *FiguresHead, f *Figure) string { return yearCell(f) }},
	{"as_of", "统计日期", "统计的是这一天的情况", func(h *FiguresHead, _ *Figure) string { return h.AsOf.String() }},
	{"known_at", "知悉时间", "依据截至这一时刻已录入的事实；查询未指定时为查询的时刻", func(h *FiguresHead, _ *Figure) string { return instant(h.knownAt()) }},
	{"basis", "口径", "分母的依据", func(_ *FiguresHead, f *Figure) string { return f.Definition.Basis }},
	{"definition_version", "定义版本", "指标定义的版本", func(_ *FiguresHead, f *Figure) string { return f.Definition.DefinitionVersion }},
	{"pack_version", "政策包版本", "当时生效的政策包版本", func(h *FiguresHead, _ *Figure) string { return h.PackVersion }},
	{"generated_at", "生成时间", "封存或查询导出的时刻", func(h *FiguresHead, _ *Figure) string { return instant(h.generatedAt()) }},
	{"generated_by", "生成人", "封存人或查询导出人的用户名", func(h *FiguresHead, _ *Figure) string { return h.generatedBy() }},
	{"note", "说明", "数据字典的说明行；数据行为空", func(*FiguresHead, *Figure) string { return "" }},
}

// figureShapes are the columns that are numbers in a workbook.
var figureShapes = map[string]shape{"no": asWhole, "numerator": asWhole, "denominator": asWhole, "excluded": asWhole, "extra": asWhole, "waived": asWhole, "rate": asCents,
	"rate_without_waivers": asCents, "target_percent": asPlain, "short_by": asWhole, "unplaced": asWhole, "figure_year": asWhole}

func byCell(h *FiguresHead, f *Figure) string {
	if f.By != "" {
		return f.By
	}
	return h.By
}

func bindingCell(_ *FiguresHead, f *Figure) string {
	if f.Definition.Binding {
		return "约束性"
	}
	return "预期性"
}

func metCell(_ *FiguresHead, f *Figure) string {
	if f.Met == nil {
		return ""
	}
	return strconv.FormatBool(*f.Met)
}

func shown(f *Figure, n *int64) string {
	if f.Suppressed {
		return hiddenCell
	}
	return whole(n)
}

func yearCell(f *Figure) string {
	if f.FigureYear == nil {
		return ""
	}
	return strconv.Itoa(*f.FigureYear)
}

func rateCell(f *Figure) string {
	if f.Suppressed {
		return hiddenCell
	}
	return orEmpty(f.Rate)
}

func whole(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func instant(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
