package care

import (
	"encoding/json"
	"slices"
	"strconv"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
)

// device is the fitting of assistive devices (辅助器具适配): village, town, assessment, district, fitting, signed acceptance,
// follow-up. What counts: an acceptance that was signed; of a loan, when it has lasted (choice). It counts as
// rehabilitation, too.
var device = Chain{
	Kind: Device, ZH: "辅助器具适配", EN: "assistive devices",
	States: append([]State{{"NEED", "已申请", "applied for", false}, {"VILLAGE_CHECKED", "村居已核实", "checked by the village", false},
		{"TOWN_REVIEWED", "镇办已审核", "reviewed by the town", false}, {"ASSESSED", "已评估", "assessed", false}, {"APPROVED", "已审批", "approved", false},
		{"FITTED", "已适配", "fitted", false}, {"ACCEPTED", "已签收", "accepted", false}, {"FOLLOWED_UP", "已回访", "followed up", true},
		{"LOAN_RETURNED", "已归还", "given back", true}, {"REJECTED", "未批准", "rejected", true}}, gone...),
	Given: []string{"ACCEPTED", "FOLLOWED_UP", "LOAN_RETURNED"},
	Need: []Field{{Name: "survey_year", ZH: "调查年度", Is: Number}, {Name: "item", ZH: "器具", Is: Item, Need: true},
		{Name: "mode", ZH: "方式", Is: Choice, Need: true, Codes: []string{"grant", "subsidy", "loan", "self_buy"}}, {Name: "pieces", ZH: "件数", Is: Number, Need: true},
		{Name: "reason", ZH: "申请理由", Is: Text}},
	Opens: func(c Case) error {
		item := c.Catalogue.device(c.Evidence.Text("item"))
		switch {
		case c.File.Person.RecordType == casefile.Recovering && c.Evidence.Text("mode") != "loan":
			return refuse("LOANS_ONLY", "功能恢复期未办证人员只能借用辅助器具", "who recovers without a certificate may only borrow devices")
		case c.Evidence.Text("mode") == "loan" && !item.Loan:
			return notLent
		case !c.TakenOver && c.openTwice(c.Evidence):
			return openAlready
		}
		return c.mayGet(c.Evidence.Text("mode"))
	},
	Steps: append([]Step{
		{Name: Reported, ZH: "据名单登记", EN: "recorded as another system has it", From: []string{"NEED", "FITTED"}, ByResult: map[string]string{"accepted": "ACCEPTED", "fitted": "FITTED"}, Roles: lists,
			Counts: countsReported, Evidence: reported(Field{Name: "result", ZH: "适配结果", Is: Choice, Need: true, Codes: []string{"accepted", "fitted"}},
				Field{Name: "supplier", ZH: "供应商", Is: Text}, Field{Name: "price_fen", ZH: "价格（分）", Is: Fen}, Field{Name: "subsidy_fen", ZH: "补贴（分）", Is: Fen})},
		{Name: "village_check", ZH: "村居核实", EN: "checked by the village", From: []string{"NEED"}, To: "VILLAGE_CHECKED", Roles: village, Evidence: []Field{{Name: "findings", ZH: "核实情况", Is: Text, Need: true}}},
		{Name: "town_review", ZH: "镇办审核", EN: "reviewed by the town", From: []string{"VILLAGE_CHECKED"}, To: "TOWN_REVIEWED", Roles: town, Evidence: []Field{{Name: "findings", ZH: "审核意见", Is: Text, Need: true}}},
		{Name: "assess", ZH: "适配评估", EN: "assessed", From: []string{"TOWN_REVIEWED"}, To: "ASSESSED", Roles: district, Evidence: []Field{
			{Name: "institution", ZH: "评估机构", Is: Text, Need: true}, {Name: "assessor", ZH: "评估人", Is: Text, Need: true}, {Name: "item", ZH: "建议器具", Is: Item, Need: true},
			{Name: "replaces_because", ZH: "提前更换原因", Is: Choice, Codes: []string{"damaged", "condition_changed"}}, {Name: "files", ZH: "附件", Is: Files}}},
		{Name: "approve", ZH: "审批", EN: "approved", From: []string{"TOWN_REVIEWED", "ASSESSED"}, To: "APPROVED", Roles: district, Check: approveDevice, Adds: edition, Evidence: []Field{
			{Name: "item", ZH: "器具", Is: Item, Need: true}, {Name: "price_fen", ZH: "价格（分）", Is: Fen, Need: true}, {Name: "subsidy_fen", ZH: "补贴（分）", Is: Fen, Need: true},
			{Name: "own_fen", ZH: "自付（分）", Is: Fen, Need: true}, {Name: "paid_elsewhere", ZH: "其他渠道支付", Is: Choice, Need: true, Codes: []string{"none", "work_injury", "traffic", "insurance"}}}},
		{Name: "reject", ZH: "不予批准", EN: "rejected", From: []string{"NEED", "VILLAGE_CHECKED", "TOWN_REVIEWED", "ASSESSED", "APPROVED", "FITTED"}, To: "REJECTED", Roles: []access.Role{access.TownOfficer, access.CDPFReviewer},
			Evidence: []Field{{Name: "reason", ZH: "原因", Is: Text, Need: true}}},
		{Name: "fit", ZH: "适配", EN: "fitted", From: []string{"APPROVED"}, To: "FITTED", Roles: anyone, Check: fitAll, Evidence: []Field{
			{Name: "supplier", ZH: "供应商", Is: Text, Need: true}, {Name: "pieces", ZH: "件数", Is: Number, Need: true}, {Name: "serial", ZH: "编号", Is: Text}, {Name: "files", ZH: "附件", Is: Files}}},
		{Name: "accept", ZH: "签收", EN: "accepted", From: []string{"FITTED"}, To: "ACCEPTED", Roles: anyone, Check: gotAnother, Counts: countsDevice, Evidence: []Field{
			{Name: "signed_by", ZH: "签收人", Is: Choice, Need: true, Codes: []string{"person", "guardian", "family"}}, {Name: "files", ZH: "附件", Is: Files}}},
		{Name: "loan_lasts", ZH: "确认借用满期", EN: "the loan has lasted", From: []string{"ACCEPTED", "FOLLOWED_UP"}, Roles: anyone, Check: lasted, Counts: countsLoan, Evidence: []Field{{Name: "note", ZH: "说明", Is: Text}}},
		{Name: "give_back", ZH: "归还", EN: "given back", From: []string{"ACCEPTED", "FOLLOWED_UP"}, To: "LOAN_RETURNED", Roles: anyone, Check: lent, Counts: countsLoan, Afterwards: true, Evidence: []Field{
			{Name: "condition", ZH: "完好情况", Is: Choice, Need: true, Codes: []string{"good", "worn", "damaged"}}}},
		{Name: "follow_up", ZH: "回访", EN: "followed up", From: []string{"ACCEPTED", "FOLLOWED_UP"}, To: "FOLLOWED_UP", Roles: anyone, Counts: countsLoan, Evidence: []Field{
			{Name: "findings", ZH: "使用情况", Is: Text, Need: true}, {Name: "satisfaction", ZH: "满意度", Is: Choice, Codes: []string{"1", "2", "3", "4", "5"}}}},
	}, leave([]string{"NEED", "VILLAGE_CHECKED", "TOWN_REVIEWED", "ASSESSED", "APPROVED", "FITTED"})...),
}

var notLent = refuse("NOT_LENT", "该器具不提供借用", "this device is not lent")

// approveDevice refuses what another scheme pays for, and the same device before its time; what is above the cap the person pays.
func approveDevice(c Case) error {
	e := c.Evidence
	item := c.Catalogue.device(e.Text("item"))
	assessment, assessed := c.Last("assess")
	if err := c.mayGet(c.Need.Text("mode")); err != nil {
		return err
	}
	switch {
	case e.Text("paid_elsewhere") != "none":
		return refuse("PAID_ELSEWHERE", "该器具已由工伤、交通事故或保险支付", "the device has been paid for by others")
	case c.Need.Text("mode") == "loan" && !item.Loan:
		return notLent
	case item.Assessment && !assessed:
		return fault.New(fault.Conflict, "NOT_ASSESSED", "该器具须先评估", "the device needs an assessment first")
	case assessed && assessment.Evidence.Text("item") != item.Code:
		return fault.New(fault.Conflict, "NOT_AS_ASSESSED", "与评估建议的器具不一致", "not the device that the assessment named")
	case e.Int("price_fen") != e.Int("subsidy_fen")+e.Int("own_fen"):
		return adds([]Evidence{{"fen": e["subsidy_fen"]}, {"fen": e["own_fen"]}}, e.Int("price_fen"), "price_fen")
	case e.Int("subsidy_fen") > c.subsidyCap(item):
		return refuse("OVER_CAP", "补贴超出最高限额", "the subsidy is above the cap")
	case !c.replaces():
		// what the person bought is refunded in part also while one that was granted lasts, but not while one that was refunded does
		refunds := c.Need.Text("mode") == "self_buy"
		if earlier, found := c.earlier(item, func(s Service) bool { return !refunds || s.Need.Text("mode") == "self_buy" }); found && c.lasts(item.Code, earlier.On) {
			return withinLife
		}
	}
	return c.notInRetrofit(item.Code)
}

var withinLife = refuse("WITHIN_SERVICE_LIFE", "同类器具未到更换年限，须评估损坏或功能变化", "the earlier one has not served its time; damage or a change has to be assessed")

// mayGet refuses people to whom no devices are given. Somebody who recovers may borrow.
func (c Case) mayGet(mode string) error {
	if c.File.Person.RecordType == casefile.Recovering && mode == "loan" {
		return nil
	}
	return c.inPopulation()
}

// replaces reports whether a device was assessed to take the place of an earlier one before its time.
func (s Service) replaces() bool {
	assessment, _ := s.Last("assess")
	return assessment.Evidence.Text("replaces_because") != ""
}

// gotAnother refuses to hand out a device while another approval of the same device is open or carried out: two files that were merged may
// have one each. A device that replaces another, and a refund beside a granted one, are no obstacle.
func gotAnother(c Case) error {
	code, ok := c.granted()
	if mode := c.Need.Text("mode"); !ok || c.replaces() || mode == "loan" || c.TakenOver {
		return nil
	}
	refunds := c.Need.Text("mode") == "self_buy"
	other, found := c.earlier(c.Catalogue.device(code), func(s Service) bool { return !s.replaces() && refunds == (s.Need.Text("mode") == "self_buy") })
	if found && c.lasts(code, other.On) {
		return fault.New(fault.Conflict, "GRANTED_TWICE", "同类器具另有审批或已配发，请先不予批准其中一项", "the same device was approved or given in another service as well; reject one of the two first")
	}
	return nil
}

// subsidyCap is the most that is paid of a price: up to the cap of the device, of what was bought by the person a share.
func (c Case) subsidyCap(item *DeviceItem) int64 {
	price, pieces := c.Evidence.Int("price_fen"), c.Need.Int("pieces")
	if rule := c.Catalogue.SelfBuy; c.Need.Text("mode") == "self_buy" {
		return min(price*rule.Percent/100, min(item.CapFen, rule.CapFen)*pieces)
	}
	return min(price, item.CapFen*pieces)
}

// edition records in which edition of GB/T 16432 the code is meant.
func edition(c Case) Evidence {
	return Evidence{"edition": json.Number(strconv.Itoa(c.Catalogue.device(c.Evidence.Text("item")).Edition))}
}

// granted is the device that was approved, or that another system has given.
func (s Service) granted() (code string, ok bool) {
	if s.Kind != Device {
		return "", false
	}
	if approved, ok := s.Last("approve"); ok {
		return approved.Evidence.Text("item"), true
	}
	_, ok = s.Last(Reported)
	return s.Need.Text("item"), ok
}

// item is the device that was granted, or else the one that was applied for.
func (s Service) item() string {
	if code, ok := s.granted(); ok {
		return code
	}
	return s.Need.Text("item")
}

// earlier is when the person last got the same device, or is about to get it, in a service that matters.
func (c Case) earlier(item *DeviceItem, matters func(Service) bool) (last Done, found bool) {
	for _, s := range c.own() {
		if s.ID == c.ID || !matters(s) {
			continue
		}
		code, ok := s.granted()
		got, done := s.lastTo("ACCEPTED")
		if !done && slices.Contains([]string{"APPROVED", "FITTED"}, s.State) {
			got, done = s.lastTo(s.State)
		}
		if ok && done && code == item.Code && s.Need.Text("mode") != "loan" && !got.On.Before(last.On) {
			last, found = got, true
		}
	}
	return last, found
}

// notInRetrofit refuses a device that a home retrofit of the household pays for.
func (c Case) notInRetrofit(code string) error {
	for _, s := range c.Others {
		plan, planned := s.Last("plan")
		if s.Kind != Retrofit || !planned || !s.UnderWay() && !slices.Contains([]string{"DONE", "ARCHIVED"}, s.State) {
			continue
		}
		if done, ok := s.Last("accept"); ok && !c.lasts(code, done.On) {
			continue
		}
		for _, entry := range plan.Evidence.List("items") {
			if work := c.Catalogue.work(entry.Text("item")); work != nil && work.Device == code && entry.Int("cost_fen") > 0 {
				return refuse("FUNDED_BY_RETROFIT", "该器具已列入家庭无障碍改造", "a home retrofit pays for this device")
			}
		}
	}
	return nil
}

// lasts reports whether a device of a day has not served its time.
func (c Case) lasts(code string, from calendar.Date) bool {
	return c.On.Before(from.AddYears(c.Catalogue.device(code).Years))
}

func fitAll(c Case) error {
	if c.Evidence.Int("pieces") != c.Need.Int("pieces") {
		return fault.InvalidFields(fault.Field{Name: "evidence.pieces", Code: "PIECES_DIFFER", ZH: "件数与申请不一致", EN: "not the pieces that were applied for"})
	}
	return gotAnother(c)
}

// countsReported: a device that was only fitted counts once its acceptance is signed.
func countsReported(c Case) []string {
	if c.Evidence.Text("result") != "accepted" {
		return nil
	}
	return countsDevice(c)
}

func countsDevice(c Case) []string {
	if c.Need.Text("mode") == "loan" || c.File.Person.RecordType == casefile.Recovering {
		return nil
	}
	return []string{casefile.Device, casefile.Rehab}
}

func lent(c Case) error {
	if c.Need.Text("mode") != "loan" {
		return fault.New(fault.Conflict, "NOT_A_LOAN", "不是借用的器具", "the device was not lent")
	}
	return nil
}

func lasted(c Case) error {
	if err := lent(c); err != nil {
		return err
	}
	if accepted, _ := c.lastTo("ACCEPTED"); c.On.Sub(accepted.On) < c.Catalogue.Loan.CountsAfterDays {
		return refuse("TOO_SHORT", "借用时间未满", "the loan has not lasted long enough")
	}
	return nil
}

// countsLoan counts a loan that has lasted, once.
func countsLoan(c Case) []string {
	if lasted(c) != nil || c.counted(casefile.Device) || c.File.Person.RecordType == casefile.Recovering {
		return nil
	}
	return []string{casefile.Device, casefile.Rehab}
}
