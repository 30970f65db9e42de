package care

import (
	"fmt"
	"slices"
	"strings"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/money"
)

// retrofit is the accessible alteration of a home (家庭无障碍改造), one plan a household (一户一案). What counts: the joint
// acceptance by 残联, applicant and builder.
var retrofit = Chain{
	Kind: Retrofit, ZH: "家庭无障碍改造", EN: "home accessibility retrofits", Household: true,
	States: append([]State{{"NEED", "有需求", "in need", false}, {"VERIFIED", "已入户核实", "verified", false}, {"PLANNED", "已制定方案", "planned", false},
		{"APPROVED", "已审批", "approved", false}, {"CONTRACTED", "已签合同", "contracted", false}, {"IN_WORK", "施工中", "in work", false},
		{"ACCEPTANCE", "待验收", "waits for acceptance", false}, {"RECTIFY", "整改中", "being put right", false}, {"DONE", "验收合格", "accepted", false},
		{"ARCHIVED", "已归档", "archived", true}, {"NOT_ALTERABLE", "不具备改造条件", "cannot be altered", true},
		{"DEMOLITION_PLANNED", "列入拆迁", "to be demolished", true}, {"REJECTED", "未批准", "rejected", true}}, gone...),
	Given: []string{"DONE", "ARCHIVED"},
	Need: []Field{{Name: "survey_year", ZH: "调查年度", Is: Number}, {Name: "items", ZH: "需求项目", Is: List, Need: true, Of: []Field{{Name: "item", ZH: "项目", Is: Item, Need: true}}},
		{Name: "again_because", ZH: "再次改造原因", Is: Choice, Codes: []string{"moved", "condition_worsened"}}, {Name: "note", ZH: "说明", Is: Text}},
	Opens: opensRetrofit,
	Steps: append([]Step{
		{Name: Reported, ZH: "据名单登记", EN: "recorded as another system has it", From: []string{"NEED", "ACCEPTANCE", "RECTIFY", "IN_WORK"}, ByResult: map[string]string{"PASS": "DONE", "RECTIFY": "RECTIFY", "FAIL": "IN_WORK", "WAITING": "ACCEPTANCE"},
			Roles: lists, Counts: countsRetrofit, Evidence: reported(Field{Name: "result", ZH: "验收结论", Is: Choice, Need: true, Codes: []string{"PASS", "RECTIFY", "FAIL", "WAITING"}},
				Field{Name: "contractor", ZH: "施工单位", Is: Text}, Field{Name: "reported_fen", ZH: "造价（分）", Is: Fen}, Field{Name: "completed_on", ZH: "竣工日期", Is: Day})},
		{Name: "verify", ZH: "入户核实", EN: "verified at home", From: []string{"NEED"}, To: "VERIFIED", Roles: field, Check: verifyHome, Adds: hardshipRecorded,
			Added: []Field{{Name: "hardship_recorded", ZH: "系统当日登记的困难类型", Is: List, Of: []Field{{Name: "hardship", ZH: "困难类型", Is: Choice, Codes: hardships}}}}, Evidence: []Field{
				{Name: "findings", ZH: "核实情况", Is: Text, Need: true}, {Name: "hardship", ZH: "困难类型", Is: Choice, Need: true, Codes: hardships},
				{Name: "hardship_basis", ZH: "困难类型依据", Is: Text}, {Name: "willing", ZH: "家庭愿意改造", Is: Flag, Need: true}, {Name: "files", ZH: "附件", Is: Files}}},
		{Name: "plan", ZH: "制定方案", EN: "planned", From: []string{"VERIFIED", "PLANNED"}, To: "PLANNED", Roles: anyone, Check: planned, Evidence: []Field{
			{Name: "items", ZH: "改造项目", Is: List, Need: true, Of: []Field{{Name: "item", ZH: "项目", Is: Item, Need: true}, {Name: "cost_fen", ZH: "造价（分）", Is: Fen, Need: true},
				{Name: "device_service", ZH: "由辅助器具适配支付的服务", Is: Ref}}},
			{Name: "agreed_by", ZH: "家庭签字人", Is: Choice, Need: true, Codes: []string{"person", "guardian", "family"}}, {Name: "files", ZH: "附件", Is: Files}}},
		{Name: "approve", ZH: "审批", EN: "approved", From: []string{"PLANNED"}, To: "APPROVED", Roles: district, Check: budgeted, Evidence: []Field{
			{Name: "total_fen", ZH: "总额（分）", Is: Fen, Need: true}, split("funds")}},
		{Name: "contract", ZH: "签订合同", EN: "contracted", From: []string{"APPROVED", "CONTRACTED", "IN_WORK"}, To: "CONTRACTED", Roles: district, Check: withinBudget, Evidence: []Field{
			{Name: "contractor", ZH: "施工单位", Is: Text, Need: true}, {Name: "number", ZH: "合同编号", Is: Text, Need: true}, {Name: "amount_fen", ZH: "合同金额（分）", Is: Fen, Need: true}}},
		{Name: "start", ZH: "开工", EN: "work began", From: []string{"CONTRACTED"}, To: "IN_WORK", Roles: anyone, Evidence: []Field{{Name: "files", ZH: "改造前照片", Is: Files}}},
		{Name: "finish", ZH: "完工报验", EN: "ready for acceptance", From: []string{"IN_WORK", "RECTIFY"}, To: "ACCEPTANCE", Roles: anyone, Evidence: []Field{{Name: "note", ZH: "说明", Is: Text}, {Name: "files", ZH: "附件", Is: Files}}},
		{Name: "accept", ZH: "联合验收", EN: "joint acceptance", From: []string{"ACCEPTANCE"}, ByResult: map[string]string{"PASS": "DONE", "RECTIFY": "RECTIFY", "FAIL": "IN_WORK"},
			Roles: district, Check: acceptHome, Counts: countsRetrofit, Evidence: []Field{
				{Name: "result", ZH: "验收结论", Is: Choice, Need: true, Codes: []string{"PASS", "RECTIFY", "FAIL"}},
				{Name: "signatures", ZH: "签字", Is: List, Need: true, Of: []Field{{Name: "by", ZH: "签字方", Is: Choice, Need: true, Codes: []string{"cdpf", "applicant", "builder"}},
					{Name: "name", ZH: "姓名", Is: Text, Need: true}}},
				{Name: "items", ZH: "逐项照片", Is: List, Of: []Field{{Name: "item", ZH: "项目", Is: Item, Need: true}, {Name: "before", ZH: "改造前照片", Is: Files, Need: true},
					{Name: "after", ZH: "改造后照片", Is: Files, Need: true}}},
				{Name: "satisfaction", ZH: "满意度", Is: Choice, Codes: []string{"1", "2", "3", "4", "5"}}, {Name: "note", ZH: "整改意见", Is: Text}}},
		{Name: "warranty_visit", ZH: "质保回访", EN: "warranty visit", From: []string{"DONE", "ARCHIVED"}, Roles: anyone, Evidence: []Field{{Name: "findings", ZH: "回访情况", Is: Text, Need: true}}},
		{Name: "archive", ZH: "归档", EN: "archived", From: []string{"DONE"}, To: "ARCHIVED", Roles: district, Check: settled, Evidence: []Field{
			{Name: "paid_fen", ZH: "实付总额（分）", Is: Fen, Need: true}, split("funds")}},
	}, leave(underWay,
		Step{Name: "reject", ZH: "不予批准", EN: "rejected", From: []string{"NEED", "VERIFIED", "PLANNED", "APPROVED"}, To: "REJECTED", Roles: []access.Role{access.TownOfficer, access.CDPFReviewer},
			Evidence: []Field{{Name: "reason", ZH: "原因", Is: Text, Need: true}}},
		Step{Name: "not_alterable", ZH: "认定不具备改造条件", EN: "found not alterable", From: []string{"NEED", "VERIFIED", "PLANNED"}, To: "NOT_ALTERABLE", Roles: anyone, Evidence: []Field{{Name: "reason", ZH: "原因", Is: Text, Need: true}}},
		Step{Name: "demolition", ZH: "列入拆迁", EN: "demolition is planned", From: underWay, To: "DEMOLITION_PLANNED", Roles: anyone, Evidence: []Field{{Name: "source_doc", ZH: "依据文件", Is: Text, Need: true}}})...),
}

var hardships = []string{"dibao", "dibao_edge", "tekun", "monitored", "other"}

// underWay are the states in which a retrofit may be given up, also during the work: a home could not be closed otherwise.
var underWay = []string{"NEED", "VERIFIED", "PLANNED", "APPROVED", "CONTRACTED", "IN_WORK", "ACCEPTANCE", "RECTIFY"}

// opensRetrofit: a household is served once in some years, unless it has moved or the disability has become worse; and not
// where the scheme for the elderly has altered the home. Who was served as a member of another household counts as served in this one: that a
// household was divided or entered anew gives nobody a second retrofit.
func opensRetrofit(c Case) error {
	if c.Household.Value("elder_home_retrofit").Answer == casefile.Yes {
		return refuse("ELDER_SCHEME", "该户已享受居家适老化改造", "the elderly-home scheme has served this household")
	}
	for _, s := range c.Others {
		if s.Kind != Retrofit || s.HouseholdID != c.HouseholdID {
			continue
		}
		if s.UnderWay() {
			return fault.New(fault.Conflict, "OPEN_ALREADY", "该户已有在办的改造", "a retrofit of this household is under way")
		}
		if c.alteredLately(s) {
			return refuse("SERVED_LATELY", "该户近年已改造，除搬迁或残疾加重外不再安排", "the household has been served lately and has not moved, nor has the disability become worse")
		}
	}
	if slices.ContainsFunc(c.Before, c.alteredLately) {
		return refuse("SERVED_LATELY", "该户有成员近年已在原住户享受改造，除搬迁或残疾加重外不再安排",
			"a member has been served lately in another household and has not moved, nor has the disability become worse")
	}
	return nil
}

// alteredLately reports whether a retrofit was given too short a time ago for another one, and nothing is said why there should be one.
func (c Case) alteredLately(s Service) bool {
	done, ok := s.lastTo("DONE")
	return ok && slices.Contains([]string{"DONE", "ARCHIVED"}, s.State) && c.Evidence.Text("again_because") == "" &&
		c.On.Before(done.On.AddYears(c.Catalogue.RetrofitRules.RepeatYears))
}

func verifyHome(c Case) error {
	dwelling := c.Household.Value("dwelling")
	switch {
	case c.Household.Severe == 0:
		return refuse("NO_SEVERE_MEMBER", "家庭中没有一、二级残疾人", "nobody in the household holds a certificate of level 1 or 2")
	case dwelling.Answer != casefile.Yes:
		return fault.New(fault.Conflict, "DWELLING_NOT_KNOWN", "请先登记住房情况", "record the dwelling first")
	case !slices.Contains(c.Catalogue.RetrofitRules.Dwellings, dwelling.Sort):
		return refuse("DWELLING_NOT_FIXED", "须为固定、非临时住房", "the home has to be a fixed one")
	case c.Household.Value("elder_home_retrofit").Answer == casefile.Yes:
		return refuse("ELDER_SCHEME", "该户已享受居家适老化改造", "the elderly-home scheme has served this household")
	case !c.Evidence.Flag("willing"):
		return refuse("NOT_WILLING", "家庭不愿改造的，请登记拒绝", "a family that does not want it refuses")
	}
	return checkHardship(c)
}

// checkHardship compares what was seen at home with what the register has of that day. A hardship that the register lacks is taken on a
// document, since lists come late. That there is none is not taken where the register has one: somebody would lose by a slip.
func checkHardship(c Case) error {
	said, recorded := c.Evidence.Text("hardship"), c.Catalogue.RetrofitRules.Recorded(c.Household)
	switch {
	case !slices.Contains(c.Catalogue.RetrofitRules.Hardships, said) && len(recorded) > 0:
		zh, en := hardshipNames(recorded)
		return fault.InvalidFields(fault.Field{Name: "evidence.hardship", Code: "HARDSHIP_RECORDED", ZH: "系统当日登记该户为" + zh + "，请核对；登记有误的先更正登记",
			EN: "on that day the register has the household as " + en + "; if that is wrong, correct it first"})
	case !slices.Contains(c.Catalogue.RetrofitRules.Hardships, said):
		return refuse("NO_HARDSHIP", "不属于认定的困难家庭", "the household is not recognised as hard-up")
	case len(c.Catalogue.RetrofitRules.HardshipFacts[said]) == 0 || slices.Contains(recorded, said) || strings.TrimSpace(c.Evidence.Text("hardship_basis")) != "" || c.TakenOver:
		return nil
	}
	zh, en := hardshipNames(recorded)
	return fault.InvalidFields(fault.Field{Name: "evidence.hardship_basis", Code: "HARDSHIP_NOT_RECORDED",
		ZH: "系统当日登记的困难类型为" + zh + "，与所填不符；登记尚未更新的，请写明依据（证件或文件名称、文号）",
		EN: "on that day the register has " + en + "; if it is behind, name the card or document that was seen"})
}

// hardshipRecorded keeps what the register had of the day, so that whoever approves sees both.
func hardshipRecorded(c Case) Evidence {
	if c.TakenOver {
		return nil // the register began later
	}
	list := []any{}
	for _, hardship := range c.Catalogue.RetrofitRules.Recorded(c.Household) {
		list = append(list, map[string]any{"hardship": hardship})
	}
	return Evidence{"hardship_recorded": list}
}

var hardshipWords = map[string][2]string{"dibao": {"低保", "dibao"}, "dibao_edge": {"低保边缘", "the edge of dibao"}, "tekun": {"特困供养", "tekun"},
	"monitored": {"防返贫监测或建档立卡", "monitored or registered poor"}}

func hardshipNames(codes []string) (zh, en string) {
	if len(codes) == 0 {
		return "无", "no hardship"
	}
	var both [2][]string
	for _, code := range codes {
		words := hardshipWords[code]
		both[0], both[1] = append(both[0], words[0]), append(both[1], words[1])
	}
	return strings.Join(both[0], "、"), strings.Join(both[1], ", ")
}

// planned lets each item be paid once: what a fitting of devices pays for costs nothing here.
func planned(c Case) error {
	seen := map[string]bool{}
	for i, entry := range c.Evidence.List("items") {
		code := entry.Text("item")
		at := fmt.Sprintf("evidence.items.%d", i)
		if seen[code] {
			return fault.InvalidFields(fault.Field{Name: at, Code: "ITEM_TWICE", ZH: "项目重复", EN: "the item is there twice"})
		}
		seen[code] = true
		fittings := c.fittings(c.Catalogue.work(code).Device)
		funded, linked := len(fittings) > 0, entry.Text("device_service")
		switch {
		case funded && linked == "" && entry.Int("cost_fen") > 0:
			return fault.InvalidFields(fault.Field{Name: at, Code: "FUNDED_BY_DEVICE", ZH: "该项已由辅助器具适配支付，请关联", EN: "a fitting of devices pays for it; link the two"})
		case linked != "" && (!slices.Contains(fittings, linked) || entry.Int("cost_fen") > 0):
			return fault.InvalidFields(fault.Field{Name: at, Code: "ONE_SOURCE_ONLY", ZH: "关联器具适配的项目在此不另计费用", EN: "what is linked to a fitting of that device costs nothing here"})
		}
	}
	return nil
}

// fittings are the services in which a device was approved for a member and has not served its time.
func (c Case) fittings(code string) (ids []string) {
	for _, s := range c.Others {
		item, ok := s.granted()
		if code != "" && ok && item == code && c.lasts(code, s.grantedOn()) &&
			slices.Contains([]string{"APPROVED", "FITTED", "ACCEPTED", "FOLLOWED_UP"}, s.State) {
			ids = append(ids, s.ID.String())
		}
	}
	return ids
}

// grantedOn is the day of what granted says.
func (s Service) grantedOn() calendar.Date {
	if approved, ok := s.Last("approve"); ok {
		return approved.On
	}
	given, _ := s.Last(Reported)
	return given.On
}

func budgeted(c Case) error {
	plan, _ := c.Last("plan")
	var cost int64
	for _, entry := range plan.Evidence.List("items") {
		cost += entry.Int("cost_fen")
	}
	if total := c.Evidence.Int("total_fen"); total != cost {
		planned := money.Fen(cost).Yuan()
		return fault.InvalidFields(fault.Field{Name: "evidence.total_fen", Code: "NOT_AS_PLANNED", ZH: fmt.Sprintf("与方案造价%s元不符", planned), EN: fmt.Sprintf("the plan comes to %s yuan", planned)})
	}
	return adds(c.Evidence.List("funds"), c.Evidence.Int("total_fen"), "funds")
}

func withinBudget(c Case) error {
	if approved, _ := c.Last("approve"); c.Evidence.Int("amount_fen") > approved.Evidence.Int("total_fen") {
		return refuse("OVER_BUDGET", "合同金额超出批准总额", "more than was approved")
	}
	return nil
}

// acceptHome wants three signatures, and for each planned item a photo from before and another from after.
func acceptHome(c Case) error {
	by := map[string]bool{}
	for _, s := range c.Evidence.List("signatures") {
		by[s.Text("by")] = true
	}
	if len(by) != 3 {
		return fault.InvalidFields(fault.Field{Name: "evidence.signatures", Code: "SIGNATURES_MISSING", ZH: "须残联、申请人、施工方三方签字", EN: "残联, applicant and builder sign"})
	}
	if c.Evidence.Text("result") != "PASS" || c.TakenOver {
		return nil
	}
	shown := map[string]bool{}
	for _, entry := range c.Evidence.List("items") {
		shown[entry.Text("item")] = entry.shows("before", "after")
	}
	plan, _ := c.Last("plan")
	for _, entry := range plan.Evidence.List("items") {
		if !shown[entry.Text("item")] {
			return fault.InvalidFields(fault.Field{Name: "evidence.items", Code: "PHOTOS_MISSING", ZH: "每个项目须有改造前后照片", EN: "each item needs a photo from before and another from after"})
		}
	}
	return nil
}

func settled(c Case) error {
	contracted, known := c.contracted()
	if known && c.Evidence.Int("paid_fen") > contracted {
		return refuse("OVER_CONTRACT", "实付超出合同金额", "more was paid than the contract says")
	}
	return adds(c.Evidence.List("funds"), c.Evidence.Int("paid_fen"), "funds")
}

// contracted is the most that may be paid: what was contracted. A builder who failed may have been paid for a part, but never more than
// was approved. Of what another system has done it is not known.
func (c Case) contracted() (fen int64, known bool) {
	for _, d := range c.Steps {
		if d.Step == "contract" {
			fen, known = fen+d.Evidence.Int("amount_fen"), true
		}
	}
	approved, _ := c.Last("approve")
	return min(fen, approved.Evidence.Int("total_fen")), known
}

func countsRetrofit(c Case) []string {
	if c.Evidence.Text("result") == "PASS" {
		return []string{casefile.Retrofit}
	}
	return nil
}
