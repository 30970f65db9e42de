package care

import (
	"slices"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
)

// rehab is basic rehabilitation (残疾人基本康复服务, 残联发〔2016〕27号; the record is the service file 康复服务档案 of the plan).
// What counts: a completed item of the catalogue, with day, institution and signature. A lecture, a leaflet or a check-up
// does not (choice).
var rehab = Chain{
	Kind: Rehab, ZH: "基本康复服务", EN: "basic rehabilitation",
	States: append([]State{{"NEED", "有需求", "in need", false}, {"ASSESSED", "已评估", "assessed", false}, {"PLANNED", "已制定计划", "planned", false},
		{"IN_SERVICE", "服务中", "in service", false}, {"COMPLETED", "已完成", "completed", false}, {"EVALUATED", "已评价", "evaluated", true},
		{"NOT_SUITABLE", "不适宜", "not suitable", true}}, gone...),
	Given: []string{"COMPLETED", "EVALUATED"},
	Need: []Field{{Name: "survey_year", ZH: "调查年度", Is: Number}, {Name: "types", ZH: "需求类型", Is: List, Need: true, Of: []Field{
		{Name: "type", ZH: "类型", Is: Choice, Need: true, Codes: []string{"surgery", "medication", "training", "device", "nursing"}}}},
		{Name: "referred_by", ZH: "转介来源", Is: Text}, {Name: "note", ZH: "说明", Is: Text}},
	Opens: func(c Case) error {
		if c.File.Person.RecordType == casefile.Recovering {
			return refuse("LOANS_ONLY", "功能恢复期未办证人员只能借用辅助器具", "who recovers without a certificate may only borrow devices")
		}
		if !c.TakenOver && c.openTwice(c.Evidence) {
			return openAlready
		}
		return c.inPopulation()
	},
	Steps: append([]Step{
		{Name: Reported, ZH: "据名单登记", EN: "recorded as another system has it", From: []string{"NEED"}, To: "COMPLETED", Roles: lists, Check: suits, Counts: countsRehab,
			Evidence: reported(Field{Name: "item", ZH: "服务项目", Is: Item, Need: true}, Field{Name: "institution", ZH: "服务机构", Is: Text}, Field{Name: "started_on", ZH: "开始日期", Is: Day},
				Field{Name: "reported_fen", ZH: "费用（分）", Is: Fen})},
		{Name: "assess", ZH: "评估", EN: "assessed", From: []string{"NEED"}, To: "ASSESSED", Roles: anyone, Evidence: []Field{
			{Name: "institution", ZH: "评估机构", Is: Text, Need: true}, {Name: "assessor", ZH: "评估人", Is: Text, Need: true},
			{Name: "findings", ZH: "功能状况", Is: Text, Need: true}, {Name: "items", ZH: "建议项目", Is: List, Of: []Field{{Name: "item", ZH: "项目", Is: Item, Need: true}}},
			{Name: "files", ZH: "附件", Is: Files}}},
		{Name: "plan", ZH: "制定计划", EN: "planned", From: []string{"ASSESSED"}, To: "PLANNED", Roles: anyone, Evidence: []Field{
			{Name: "items", ZH: "计划项目", Is: List, Need: true, Of: []Field{{Name: "item", ZH: "项目", Is: Item, Need: true}}},
			{Name: "agreed_by", ZH: "同意人", Is: Choice, Need: true, Codes: []string{"person", "guardian"}}, {Name: "files", ZH: "附件", Is: Files}}},
		{Name: "approve_rescue", ZH: "批准儿童康复救助", EN: "child rescue approved", From: []string{"ASSESSED", "PLANNED", "IN_SERVICE"}, Roles: district, Check: rescue,
			Evidence: []Field{{Name: "row", ZH: "救助类别", Is: Text, Need: true}, {Name: "category", ZH: "残疾类别", Is: Number, Need: true},
				{Name: "applied_on", ZH: "申请日期", Is: Day, Need: true}, {Name: "year", ZH: "救助年度", Is: Number, Need: true},
				{Name: "institution", ZH: "定点机构", Is: Text, Need: true}, {Name: "approved_fen", ZH: "批准金额（分）", Is: Fen, Need: true},
				{Name: "guardian_consents", ZH: "监护人同意", Is: Flag, Need: true}, {Name: "files", ZH: "附件", Is: Files}}},
		{Name: "serve", ZH: "提供服务", EN: "served", From: []string{"PLANNED", "IN_SERVICE"}, To: "IN_SERVICE", Roles: anyone, Check: served, Counts: countsRehab,
			Evidence: []Field{{Name: "item", ZH: "服务项目", Is: Item, Need: true}, {Name: "institution", ZH: "服务机构", Is: Text, Need: true},
				{Name: "place", ZH: "服务地点", Is: Choice, Need: true, Codes: []string{"institution", "community", "home"}},
				{Name: "started_on", ZH: "开始日期", Is: Day, Need: true}, {Name: "sessions", ZH: "次数", Is: Number, Need: true}, {Name: "staff", ZH: "服务人员", Is: Text},
				{Name: "cost_fen", ZH: "费用（分）", Is: Fen, Need: true}, split("payers"),
				{Name: "signed_by", ZH: "签字人", Is: Choice, Need: true, Codes: []string{"person", "guardian"}}, {Name: "files", ZH: "附件", Is: Files}}},
		{Name: "refer_out", ZH: "转介", EN: "referred", From: []string{"ASSESSED", "PLANNED", "IN_SERVICE"}, Roles: anyone, Evidence: []Field{
			{Name: "to", ZH: "转介机构", Is: Text, Need: true}, {Name: "reason", ZH: "原因", Is: Text, Need: true}}},
		{Name: "referral_answered", ZH: "转介答复", EN: "referral answered", From: []string{"ASSESSED", "PLANNED", "IN_SERVICE"}, Roles: anyone, Check: referred, Evidence: []Field{
			{Name: "answer", ZH: "答复", Is: Choice, Need: true, Codes: []string{"accepted", "declined"}}, {Name: "outcome", ZH: "结果", Is: Text}}},
		{Name: "complete", ZH: "完成服务", EN: "completed", From: []string{"IN_SERVICE"}, To: "COMPLETED", Roles: anyone, Evidence: []Field{{Name: "note", ZH: "说明", Is: Text}}},
		{Name: "evaluate", ZH: "效果评价", EN: "evaluated", From: []string{"COMPLETED"}, To: "EVALUATED", Roles: anyone, Evidence: []Field{
			{Name: "outcome", ZH: "效果", Is: Choice, Need: true, Codes: []string{"improved", "maintained", "none"}}, {Name: "satisfaction", ZH: "满意度", Is: Choice, Codes: []string{"1", "2", "3", "4", "5"}},
			{Name: "note", ZH: "说明", Is: Text}}},
		{Name: "follow_up", ZH: "回访", EN: "followed up", From: []string{"COMPLETED", "EVALUATED"}, Roles: anyone, Evidence: []Field{
			{Name: "findings", ZH: "回访情况", Is: Text, Need: true}, {Name: "files", ZH: "附件", Is: Files}}},
		{Name: "not_suitable", ZH: "不适宜服务", EN: "not suitable", From: []string{"NEED", "ASSESSED"}, To: "NOT_SUITABLE", Roles: anyone, Evidence: []Field{{Name: "reason", ZH: "原因", Is: Text, Need: true}}},
	}, leave([]string{"NEED", "ASSESSED", "PLANNED", "IN_SERVICE"})...),
}

func referred(c Case) error {
	out, sent := c.Last("refer_out")
	if in, answered := c.Last("referral_answered"); !sent || answered && in.Seq > out.Seq {
		return fault.New(fault.Conflict, "NO_REFERRAL", "没有待答复的转介", "no referral waits for an answer")
	}
	return nil
}

// served checks a service against the catalogue and the money against what was approved.
func served(c Case) error {
	if !c.rescuedIn(c.On.Year()) { // an approved year is finished
		if err := c.inPopulation(); err != nil {
			return err
		}
	}
	if err := suits(c); err != nil {
		return err
	}
	if c.servedThen(c.Evidence.Text("item")) {
		return fault.New(fault.Conflict, "SERVED_ALREADY", "当日已登记该项服务", "this item was served on this day already")
	}
	if err := adds(c.Evidence.List("payers"), c.Evidence.Int("cost_fen"), "payers"); err != nil {
		return err
	}
	return withinRescue(c)
}

// servedThen reports whether the person got an item on the day of the case before, by whomever it was recorded.
func (c Case) servedThen(item string) bool {
	return slices.ContainsFunc(append(c.own(), c.Service), func(s Service) bool {
		return s.Kind == Rehab && slices.ContainsFunc(s.Steps, func(d Done) bool {
			return (d.Step == "serve" || d.Step == Reported) && d.On == c.On && d.Evidence.Text("item") == item
		})
	})
}

// suits refuses what the catalogue has for other categories or ages.
func suits(c Case) error {
	item := c.Catalogue.rehab(c.Evidence.Text("item"))
	category := c.Facts.Certificate.Category
	fits := func(k int) bool { return slices.Contains(item.Categories, k) }
	components := slices.ContainsFunc(c.Facts.Certificate.Components, func(k casefile.Component) bool { return fits(k.Category) })
	switch {
	case c.Evidence.Day("started_on").After(c.On):
		return fault.InvalidFields(fault.Field{Name: "evidence.started_on", Code: "DATES_REVERSED", ZH: "开始日期晚于完成日期", EN: "it began after it was completed"})
	case len(item.Categories) > 0 && category != 0 && !fits(category) && !components:
		return refuse("NOT_FOR_CATEGORY", "该项目不适用于本人的残疾类别", "the item is not for this category of disability")
	case item.AgeTo > 0 && c.Facts.Age > item.AgeTo && !c.rescuedIn(c.On.Year()) || c.Facts.Age >= 0 && c.Facts.Age < item.AgeFrom:
		return refuse("NOT_FOR_AGE", "该项目不适用于本人的年龄", "the item is not for this age")
	}
	return nil
}

// rescuedIn reports whether the programme was approved for a year. Who turns too old meanwhile finishes that year (choice).
func (c Case) rescuedIn(year int) bool {
	return slices.ContainsFunc(c.Steps, func(d Done) bool { return d.Step == "approve_rescue" && int(d.Evidence.Int("year")) == year })
}

// withinRescue holds the programme's share of a year to what was approved for that year.
func withinRescue(c Case) error {
	year := c.On.Year()
	var approved, spent int64
	rescued := func(e Evidence) (fen int64) {
		for _, p := range e.List("payers") {
			if p.Text("source") == "rescue" {
				fen += p.Int("fen")
			}
		}
		return fen
	}
	for _, d := range c.Steps {
		switch {
		case d.Step == "approve_rescue" && int(d.Evidence.Int("year")) == year:
			approved += d.Evidence.Int("approved_fen")
		case d.Step == "serve" && d.On.Year() == year:
			spent += rescued(d.Evidence)
		}
	}
	if asked := rescued(c.Evidence); asked > 0 && spent+asked > approved {
		return refuse("OVER_RESCUE_CAP", "超出本年度批准的救助金额", "more than was approved of the rescue programme for this year")
	}
	return nil
}

// rescue checks an approval against the row of the programme in force on the day of application.
func rescue(c Case) error {
	e := c.Evidence
	applied := e.Day("applied_on")
	i := slices.IndexFunc(c.Catalogue.Rescue, func(r RescueRow) bool { return r.Code == e.Text("row") })
	if i < 0 {
		return fault.InvalidFields(fault.Field{Name: "evidence.row", Code: "NOT_IN_CATALOGUE", ZH: "没有这一救助类别", EN: "there is no such row"})
	}
	row := c.Catalogue.Rescue[i]
	birth := c.File.Person.BirthDate
	if err := c.inPopulation(); err != nil {
		return err
	}
	switch year := int(e.Int("year")); {
	case applied.After(c.On):
		return fault.InvalidFields(fault.Field{Name: "evidence.applied_on", Code: "DATES_REVERSED", ZH: "申请日期晚于批准日期", EN: "it was applied for after it was approved"})
	case year != applied.Year() && year != applied.Year()+1:
		return fault.InvalidFields(fault.Field{Name: "evidence.year", Code: "YEAR_NOT_APPLIED_FOR", ZH: "救助年度应为申请当年或次年", EN: "the year is that of the application or the next"})
	case !(calendar.Interval{From: row.From, To: row.To}).Contains(applied):
		return refuse("ROW_NOT_IN_FORCE", "申请之日该救助政策未施行", "the row was not in force on the day of application")
	case birth.IsZero() || calendar.Age(birth, applied) < row.AgeFrom || calendar.Age(birth, applied) > row.AgeTo:
		return refuse("NOT_FOR_AGE", "申请时年龄不在救助范围", "the age on the day of application is outside the programme")
	case !slices.Contains(row.Categories, int(e.Int("category"))):
		return refuse("NOT_FOR_CATEGORY", "该类别不在救助范围", "the category is outside the programme")
	case !c.has(int(e.Int("category"))):
		return refuse("NOT_ON_CARD", "该类别与残疾人证登记的残疾类别不符", "the child's certificate does not have this category")
	case !c.lives(row.Residents):
		return refuse("NOT_LOCAL", "无本地户籍或居住证", "neither hukou nor a residence permit here")
	case !e.Flag("guardian_consents"):
		return refuse("NO_CONSENT", "须监护人同意", "the guardian has to consent")
	case e.Int("approved_fen") > row.AnnualCapFen:
		return refuse("OVER_RESCUE_CAP", "超出年度救助标准", "more than the programme gives a year")
	}
	return oneCategoryAYear(c, row)
}

// has reports whether the person's card has a category, alone or among others. Of a child without a card, or with a card of several
// that are not told apart, it is not known and so not refused.
func (c Case) has(category int) bool {
	card := c.Facts.Certificate
	if !card.Status.Valid() || card.Category == category || card.Category == multiple && len(card.Components) == 0 {
		return true
	}
	return slices.ContainsFunc(card.Components, func(k casefile.Component) bool { return k.Category == category })
}

// multiple is the category of a card that stands for several.
const multiple = 7

// lives reports whether the person belongs here by hukou, or by a residence permit where that is enough.
func (c Case) lives(residents bool) bool {
	here := func(code string) bool { return len(code) >= len(c.District) && code[:len(c.District)] == c.District }
	permit := c.Facts.Value("residence_permit").Answer == casefile.Yes
	return here(c.Facts.Hukou) || residents && permit && (here(c.Facts.Residence) || here(c.Facts.Managing))
}

// oneCategoryAYear: a child is trained in institutions for one category a year, and not for more years than the row allows.
func oneCategoryAYear(c Case, row RescueRow) error {
	years := map[int64]bool{}
	for _, s := range append(c.own(), c.Service) {
		for _, d := range s.Steps {
			if d.Step != "approve_rescue" {
				continue
			}
			if d.Evidence.Int("year") == c.Evidence.Int("year") {
				return refuse("ONE_CATEGORY_A_YEAR", "同一年度只能享受一类机构训练救助", "one category of institution training a year")
			}
			if d.Evidence.Text("row") == row.Code {
				years[d.Evidence.Int("year")] = true
			}
		}
	}
	if row.MaxYears > 0 && len(years) >= row.MaxYears {
		return refuse("RESCUE_YEARS_USED", "已达最长救助年限", "the years of this row are used up")
	}
	return nil
}

func countsRehab(c Case) []string {
	if item := c.Catalogue.rehab(c.Evidence.Text("item")); item.Counts {
		return []string{casefile.Rehab}
	}
	return nil
}
