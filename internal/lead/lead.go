// Package lead is the list of standing worklists: who should receive and does not, who receives and should not, what is about
// to change for somebody. A lead is not kept and nobody ticks it off. It is what facts, standings, awards, dues and payments say
// today, so that only a change of these closes it. Each worklist is one entry here, its query in store, and its scenario in the
// tests of httpapi.
package lead

import (
	"slices"

	"zhucan/internal/access"
)

// List is one worklist.
type List struct {
	Name    string
	ZH, EN  string
	Roles   []access.Role // who works on it; an auditor reads all
	Reasons []Reason      // why somebody stands on it; none where the codes are those of the pack's conditions
}

// Reason is one of the ways onto a list.
type Reason struct{ Code, ZH, EN string }

var (
	offices = []access.Role{access.VillageLiaison, access.TownOfficer, access.CDPFReviewer, access.CivilAffairsApprover}
	money   = append(slices.Clone(offices), access.FinanceOfficer)
	// who look at what a liaison may have made up himself, and where somebody is drawn to be visited whom he must not know
	supervisors = []access.Role{access.TownOfficer, access.CDPFReviewer, access.CivilAffairsApprover, access.FinanceOfficer}
	visitors    = []access.Role{access.TownOfficer, access.CDPFReviewer, access.CivilAffairsApprover}
)

// The names by which other rooms know a list, or a reason.
const (
	Duplicate         = "duplicate"
	SharedAccount     = "shared_account"
	HomeVisit         = "home_visit"
	NoSurvey          = "no_survey"
	ReverificationDue = "reverification_due"
	NotVerified       = "NOT_VERIFIED" // a reason
)

// All are the worklists, in the order in which an office works through them: money first.
var All = []List{
	{Name: "enrolled_not_eligible", ZH: "享受补贴但今日不符合条件", EN: "receives and should not", Roles: money},
	{Name: "eligible_not_enrolled", ZH: "符合条件但未享受补贴", EN: "should receive and does not", Roles: offices, Reasons: []Reason{
		{"NOT_APPLIED", "符合条件，未申请", "the conditions hold and nobody has applied"},
		{"APPLICATION_OPEN", "符合条件，申请在办", "the conditions hold and an application is under way"},
		{"AWARD_NOT_PAID", "符合条件，已有待遇但本月不发放（暂停、未按期复核，或曾中断后自行终止）",
			"the conditions hold and there is an award that does not pay this month: suspended, not verified, or ended by itself before"},
	}},
	{Name: "wrong_amount", ZH: "已发月份金额与应发不符", EN: "months that were paid another amount than is owed", Roles: money, Reasons: []Reason{
		{"UNDERPAID", "已发金额少于应发，待补差", "less was paid than is owed"},
		{"OVERPAID", "已发金额多于应发且未立追缴", "more was paid than is owed and no recovery asks for it"},
	}},
	{Name: "undeliverable_payment", ZH: "银行退票未重发", EN: "payments that the bank could not deliver", Roles: money, Reasons: []Reason{
		{"PAYMENT_FAILED", "银行退回，至今未发放成功", "the bank returned it and it has not been paid since"},
	}},
	{Name: SharedAccount, ZH: "收款账户与他人相同", EN: "paid to an account of somebody else, too", Roles: supervisors, Reasons: []Reason{
		{"SHARED_ACCOUNT", "收款账户同时登记在他人名下（同一监护人代领的除外）", "the account is recorded for somebody else, too, and not as that of their guardian"},
	}},
	{Name: HomeVisit, ZH: "随机入户核查", EN: "drawn to be visited at home", Roles: visitors, Reasons: []Reason{
		{"NOT_VISITED", "本期随机抽中，尚未入户核查", "drawn in this period and not visited yet"},
		{"NOT_FOUND", "最近一次入户核查未见到本人或情况有变，须核实并登记、再次入户", "the last visit did not find the person as recorded; find out what holds, record it and visit again"},
	}},
	{Name: "certificate_expiring", ZH: "残疾人证到期换领", EN: "certificates to be renewed", Roles: offices, Reasons: []Reason{
		{"EXPIRES_IN_6_MONTHS", "残疾人证六个月内到期", "the certificate runs out within six months"},
		{"EXPIRES_IN_1_MONTH", "残疾人证一个月内到期，须书面告知", "the certificate runs out within a month; notify in writing"},
		{"CERT_EXPIRED", "残疾人证已到期未换领，冻结满六个月将被注销", "the certificate has run out; frozen for six months it is cancelled"},
	}},
	{Name: ReverificationDue, ZH: "待定期复核", EN: "recipients to be verified again", Roles: offices, Reasons: []Reason{
		{NotVerified, "本年度尚未复核", "not verified in this year's window yet"},
		{"VERIFICATION_FAILED", "复核未通过，须核实并更正情况或终止待遇", "the verification failed; correct the facts or end the award"},
	}},
	{Name: "turning_age", ZH: "六个月内年满关键年龄", EN: "reaches an age that matters within six months", Roles: offices, Reasons: []Reason{
		{"TURNS_16_PENSION", "将满16周岁，可参加城乡居民养老保险", "turns 16: may join the resident pension"},
		{"TURNS_16_CARE", "将满16周岁，可申请托养服务", "turns 16: may apply for care"},
		{"TURNS_18_UNCERTIFIED", "将满18周岁仍未办残疾人证，届时不再列为残疾儿童", "turns 18 without a certificate and then leaves the population of children"},
		{"TURNS_18_ORPHAN_SUPPORT", "将满18周岁，孤儿（事实无人抚养儿童）保障到期，可能符合生活补贴条件", "turns 18: orphan support ends, the living allowance may begin"},
		{"TURNS_60", "将满60周岁，养老待遇、托养和老年津贴有变化", "turns 60: pension, care and allowances of the elderly change"},
	}},
	{Name: NoSurvey, ZH: "本年度需求调查未登记", EN: "not surveyed this year", Roles: offices, Reasons: []Reason{
		{"NO_RESPONSE", "本年度调查尚无答卷", "there is no response in this year's survey"},
	}},
	{Name: "retrofit_need", ZH: "调查提出无障碍改造需求，尚未登记服务", EN: "the survey says that the home needs a retrofit, and none is recorded", Roles: offices, Reasons: []Reason{
		{"RETROFIT_NEEDED", "最近一次调查需要家庭无障碍改造，该户尚无在办或其后办理的改造", "the last answers ask for a retrofit, and none of the home is under way or was dealt with since"},
	}},
	{Name: Duplicate, ZH: "疑似同一人重复建档", EN: "files that may be of one person", Roles: offices, Reasons: []Reason{
		{"SAME_NAME_BIRTH_TOWN", "姓名、出生日期、镇（街道）相同", "the same name, birth date and town"},
		{"SAME_GUARDIAN_NAME", "监护人和姓名相同", "the same guardian and name"},
		{"SAME_PHONE_NAME", "电话和姓名相同", "the same telephone and name"},
	}},
}

// Find returns a worklist by its name, or nil.
func Find(name string) *List {
	for i := range All {
		if All[i].Name == name {
			return &All[i]
		}
	}
	return nil
}

// WorkedOnBy reports whether a role works on the list.
func (l *List) WorkedOnBy(role access.Role) bool { return slices.Contains(l.Roles, role) }

// ReadBy reports whether a role may see the list.
func (l *List) ReadBy(role access.Role) bool { return role == access.Auditor || l.WorkedOnBy(role) }

// Reason returns a reason of the list by its code, or nil.
func (l *List) Reason(code string) *Reason {
	for i := range l.Reasons {
		if l.Reasons[i].Code == code {
			return &l.Reasons[i]
		}
	}
	return nil
}
