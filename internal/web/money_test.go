package web_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/application"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/roster"
	"zhucan/internal/store"
)

func init() {
	moneyReaders, moneyHands := roles{town, cdpf, civil, finance, auditor}, roles{cdpf, civil, finance}
	maps.Copy(maySee, map[string]roles{"/rosters": moneyReaders, "/rosters/:id": moneyReaders, "/rosters/:id/file": moneyHands, "/rosters/:id/sheet": moneyReaders,
		"/recoveries": moneyReaders, "/recoveries/:id": moneyReaders, "/persons/:id/ledger": {liaison, town, cdpf, civil, finance, auditor}})
	mayDo["/rosters make"] = moneyHands
	for _, do := range []string{"check", "lock", "send", "close", "calculate", "cancel"} {
		mayDo["/rosters/:id "+do] = moneyHands
	}
	mayDo["/rosters/:id return"] = roles{finance}
	for _, do := range []string{"notify", "consent", "repay", "agree_instalments", "transfer", "propose_waiver", "waive"} {
		mayDo["/recoveries/:id "+do] = moneyHands
	}
	mayDo["/recoveries/:id repay"] = roles{finance}
	further = append(further, func(s *site, f *fixture) {
		person, paid := s.paid(61, villageA)
		f.more["/rosters"], f.more["/recoveries"], f.more["/persons/:id/ledger"] = paid.ID, s.overpaid(person), person
		f.more["/persons/:id/awards/:award"], f.more["/persons/:id/holds"], f.more["/lookup/:id"], f.award = person, person, person, s.awardOf(person).ID
	})
}

// approved is a case that the town has approved.
func (s *site) approved(n int, village area.Code) store.Case {
	s.t.Helper()
	c := s.submitted(n, 1, village)
	c, err := s.desk.DecideApplication(context.Background(), s.actor("town.a"), c.ID, c.Version, application.Ruling{Decision: "approve"})
	must(s.t, err)
	return c
}

// sent is a roster of a town that three people have brought to the bank.
func (s *site) sent(at area.Code) roster.Roster {
	s.t.Helper()
	ctx := context.Background()
	r, err := s.desk.MakeRoster(ctx, s.actor("cdpf"), calendar.DateOf(s.clock.Now()).Month(), at, "")
	must(s.t, err)
	r, err = s.desk.CheckRoster(ctx, s.actor("civil"), r.ID, r.Version)
	must(s.t, err)
	r, err = s.desk.LockRoster(ctx, s.actor("cdpf"), r.ID, r.Version)
	must(s.t, err)
	r, err = s.desk.SendRoster(ctx, s.actor("finance"), r.ID, r.Version)
	must(s.t, err)
	return r
}

// paid is somebody to whom a month was paid, with the roster.
func (s *site) paid(n int, village area.Code) (person uuid.UUID, r roster.Roster) {
	s.t.Helper()
	ctx := context.Background()
	c := s.approved(n, village)
	r = s.sent(village.Parent())
	lines, err := s.desk.DB.RosterLines(ctx, s.actor("finance"), store.LinesOf{Roster: r.ID, Limit: 10})
	must(s.t, err)
	var rows []casework.BankRow
	for _, l := range lines {
		rows = append(rows, casework.BankRow{Row: l.Seq, Seq: l.Seq, Account: l.Account, Amount: l.Net, Paid: true})
	}
	t, err := s.desk.TakeResults(ctx, s.actor("finance"), r.ID, rows, nil)
	must(s.t, err)
	if t.Paid != len(lines) || len(lines) == 0 {
		s.t.Fatalf("paid %d of %d lines: %v", t.Paid, len(lines), t.Refusals)
	}
	return c.PersonID, t.Roster
}

// overpaid records a death that lies before what was paid, and finds what is asked back.
func (s *site) overpaid(person uuid.UUID) uuid.UUID {
	s.t.Helper()
	ctx := context.Background()
	_, err := s.desk.AddCircumstance(ctx, s.actor("town.a"), person, casework.NewCircumstance{Kind: "death", Value: json.RawMessage(`"yes"`),
		ValidFrom: calendar.MustDate("2023-02-10"), Source: "村居"})
	must(s.t, err)
	found, err := s.desk.DB.ListRecoveries(ctx, s.actor("cdpf"), store.RecoveryFilter{Area: "370305", PersonID: person, Limit: 5})
	must(s.t, err)
	if len(found) != 1 {
		s.t.Fatalf("%d recoveries", len(found))
	}
	return found[0].ID
}

// answered is a file that was taken out, as a bank fills it in: each number of a line with its result.
func answered(t *testing.T, file []byte, result func(seq string) (string, string)) []byte {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\uFEFF"))))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	must(t, err)
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	for _, row := range rows[:len(rows)-1] {
		if len(row) == 25 && uuid.Validate(row[0]) == nil {
			row[23], row[24] = result(row[1])
		}
		w.Write(row)
	}
	w.Flush()
	return out.Bytes()
}

// rowsOf are the rows of a page's tables without their headings, cell by cell.
func rowsOf(sh shown) (rows []string) {
	for _, tr := range all(sh.doc, "tr") {
		var cells []string
		for _, td := range all(tr, "td") {
			cells = append(cells, textOf(td))
		}
		if len(cells) > 0 {
			rows = append(rows, strings.Join(cells, "|"))
		}
	}
	return rows
}

// TestFromApplicationToMoney goes the whole way by forms alone: a village enters, the town approves, three people bring a roster to the
// bank, its answer is taken in, and the account says paid.
func TestFromApplicationToMoney(t *testing.T) {
	t.Parallel()
	s := start(t)
	people := []uuid.UUID{s.person(71, 1, villageA), s.person(73, 2, villageA), s.person(75, 1, villageA)}
	for i, person := range people {
		s.as("liaison.a").get("/persons/"+person.String()+"/apply").want(200).form("submit").set("programme", "nursing_subsidy", "applicant.relation", "self",
			"bank_account", fmt.Sprintf("6228480200000000%d", i)).send().follow().want(200).says("已提交")
	}
	town := s.as("town.a")
	queue := town.get("/queue").want(200).says("共 3 件待办")
	next := ""
	for _, a := range all(queue.doc, "a") {
		if at := attr(a, "href"); strings.HasPrefix(at, "/queue/") && next == "" {
			next = at
		}
	}
	page := town.get(next)
	for range people {
		page = page.want(200).form("decide").set("decision", "approve").send().follow()
	}
	page.want(200).says("已同意", "没有待办的申请")

	civil, cdpf, bank := s.as("civil"), s.as("cdpf"), s.as("finance")
	made := civil.get("/rosters").want(200).form("make").send().follow().want(200).says("花名册已编制", "474.00", "肆佰柒拾肆圆整", "当月 167.00", "编制、复核、发送须由不同人员办理")
	at := made.path[:strings.Index(made.path, "?")]
	for _, b := range all(made.doc, "button") {
		if attr(b, "value") == "check" {
			t.Error("the maker is offered to check")
		}
	}
	civil.get(at + "/file").want(409)
	cdpf.get(at).form("check").send().follow().want(200).says("已复核")
	civil.get(at).form("lock").send().follow().want(200).says("已锁定")
	bank.get(at).form("send").send().follow().want(200).says("已报送，待银行结果")
	file := bank.get(at + "/file?format=csv").want(200)
	if kind, name := file.header.Get("Content-Type"), file.header.Get("Content-Disposition"); kind != "text/csv; charset=utf-8" || !strings.Contains(name, "roster-2023-03-") {
		t.Errorf("the file is %s, %s", kind, name)
	}
	if xlsx := bank.get(at + "/file?format=xlsx").want(200); !strings.HasPrefix(xlsx.body, "PK") {
		t.Error("the workbook is none")
	}
	cdpf.get(at).want(200)
	form := func() *filled { return bank.get(at).form("results") }
	form().send().want(422).says("请选择银行返回的文件")
	form().file("file", []byte("\x00\x01 no table")).send().want(422).says("只接受xlsx或csv文件")
	wrong := strings.NewReplacer(",140.00,", ",141.00,").Replace(string(answered(t, []byte(file.body), func(string) (string, string) { return "成功", "" })))
	form().file("file", []byte(wrong)).send().want(422).says("合计行与明细不一致")
	first := answered(t, []byte(file.body), func(seq string) (string, string) { return map[string]string{"1": "成功"}[seq], "" })
	form().file("file", first).send().want(200).says("成功 1 笔，失败 0 笔")
	if early := civil.get(at).want(200).says("还有 2 条明细未收到银行结果，收齐后可办结", "未收到银行结果2"); strings.Contains(early.body, `value="close"`) || strings.Contains(early.body, "已全部登记") {
		t.Error("a roster without all answers is offered to be closed")
	}
	answer := answered(t, []byte(file.body), func(seq string) (string, string) {
		return map[string]string{"1": "成功", "2": "成功", "3": "失败"}[seq], "户名不符<b>"
	})
	taken := form().file("file", answer).send().want(200).says("成功 1 笔，失败 1 笔，以前已登记 1 笔，未接受 0 行")
	if strings.Contains(taken.body, "<b>") {
		t.Error("the bank's words are not escaped")
	}
	form().file("file", answer).send().want(200).says("成功 0 笔，失败 0 笔，以前已登记 3 笔")
	other := answered(t, []byte(file.body), func(string) (string, string) { return "成功", "" })
	form().file("file", other).send().want(200).says("未接受 1 行", "与已登记的结果不一致")
	many := "批次号,序号,实发金额,结果,失败原因\n"
	for n := range 250 {
		many += fmt.Sprintf("%s,%d,1.00,成功,\n", strings.TrimPrefix(at, "/rosters/"), 1001+n)
	}
	long := form().file("file", []byte(many+"合计,250,250.00,,\n")).send().want(200).says("未接受 250 行", "其余150行")
	if rows := len(long.rows()); rows > 130 {
		t.Errorf("%d rows of a page", rows)
	}
	bank.get(at+"?state=failed").want(200).says("户名不符<b>", "退票")
	civil.get(at).says("银行结果已全部登记", "未收到银行结果0").form("close").send().follow().want(200).says("已办结")
	bank.get(at+"/sheet").want(200).says("2023-03 残疾人两项补贴发放花名册", "肆佰柒拾肆圆整", "签字")
	seen := map[string]int{}
	for _, person := range people {
		rows := rowsOf(bank.get("/persons/" + person.String() + "/ledger").want(200))
		if len(rows) != 1 {
			t.Fatalf("the account has %q", rows)
		}
		cells := strings.Split(rows[0], "|")
		switch strings.Join(cells[4:], " ") {
		case cells[2] + " 0.00 0.00 0.00 0.00":
			seen["paid"]++
		case "0.00 0.00 0.00 0.00 " + cells[2]:
			seen["owed again"]++
		default:
			t.Errorf("an account says %q", rows)
		}
	}
	if seen["paid"] != 2 || seen["owed again"] != 1 {
		t.Errorf("the accounts say %v", seen)
	}
	back := func() *filled { return bank.get(at).want(200).form("return") }
	back().set("seq", "1", "net_fen", "1.00", "document", "退汇单42", "reason", "账户已销户").send().want(422).says("金额与花名册不一致")
	back().set("seq", "3", "net_fen", "167.00", "document", "退汇单42", "reason", "账户已销户").send().want(409).says("没有登记为银行已发放")
	back().set("seq", "1", "net_fen", "167.00", "document", "退汇单42", "reason", "账户已销户").send().follow().want(200).says("已登记退票", "2023-03-28 退回（退汇单42）：账户已销户")
	s.as("liaison.a").get("/persons/"+people[0].String()).want(200).says("发放", "2023-03")
}

// TestRosterRecalculated: what has changed since a roster was made is said when it is locked, and calculating again helps.
func TestRosterRecalculated(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.approved(81, villageA)
	at := s.as("cdpf").get("/rosters").form("make").send().follow().want(200).path
	at = at[:strings.Index(at, "?")]
	s.as("civil").get(at).form("check").send().want(303)
	s.approved(83, villageA)
	s.as("cdpf").get(at).form("lock").send().want(409).says("编制后有1处变化", "重新计算")
	s.as("cdpf").get(at).form("calculate").send().follow().want(200).says("334.00")
	s.as("cdpf").get(at).form("cancel").send().follow().want(200).says("已作废")
	s.as("cdpf").get("/rosters").form("make").set("month", "2023-05").send().want(422).says("不能提前编制")
	s.as("cdpf").get("/rosters").form("make").set("month", "").send().want(422).says("请填写此项")
	s.as("finance").get("/rosters").want(200).says("已作废")
}

// TestDoubtsOfARoster: whoever checks a roster is told how many lines he should look at, and sees which.
func TestDoubtsOfARoster(t *testing.T) {
	t.Parallel()
	s := start(t)
	one, two, three := s.approved(84, villageA).PersonID, s.approved(86, villageA).PersonID, s.approved(88, villageA).PersonID
	for n, person := range []uuid.UUID{one, two} {
		s.as("town.a").get("/persons/"+person.String()+"/payees").want(200).form("set").set("holder", fmt.Sprintf("金丝雀%d", 84+2*n), "relation", "self", "account", "6222000011112222", "reason", "换卡").send().want(303)
	}
	s.as("town.a").get("/persons/"+three.String()+"/payees").want(200).form("set").set("holder", "金丝雀88", "relation", "self", "account", "6222000033334448", "reason", "换卡").send().want(303)
	at := s.as("cdpf").get("/rosters").form("make").send().follow().want(200).path
	at = at[:strings.Index(at, "?")]
	page := s.as("civil").get(at).want(200).says("收款账户与他人相同的笔数2", "未经公示的笔数3", "金丝雀88")
	if strings.Contains(page.body, "换过收款账户") {
		t.Error("nobody has been paid before, and somebody's account has changed since")
	}
	if shared := s.as("civil").get(at+"?doubt=shared_account").want(200).says("金丝雀84", "金丝雀86"); strings.Contains(shared.body, "金丝雀88") {
		t.Error("who shares no account is among those who do")
	}
	none := s.as("civil").get(at + "?doubt=changed_account").want(200).says("没有")
	if !strings.Contains(none.body, `value="changed_account" selected`) {
		t.Error("a list that is narrowed to nothing does not say so")
	}
}

// TestRecoveryPages: what was paid after a death comes back in parts, and a waiver takes two people.
func TestRecoveryPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	person, _ := s.paid(91, villageA)
	at := "/recoveries/" + s.overpaid(person).String()
	s.as("finance").get("/recoveries?state=open").want(200).says("金丝雀91", "167.00")
	s.as("finance").get("/recoveries?state=closed").want(200).says("没有符合筛选条件的内容")
	b := s.as("cdpf")
	b.get(at).want(200).says("已发金额多于应发", "2023-03", "立案").form("notify").send().follow().want(200).says("已告知")
	b = s.as("finance")
	b.get(at).form("repay").set("amount_fen", "1000").send().want(422).says("不超过待追缴余额")
	b.get(at).form("repay").set("amount_fen", "十元").send().want(422).says("金额应写成元")
	b.get(at).form("repay").set("amount_fen", "67").send().follow().want(200).says("100.00")
	b = s.as("cdpf")
	b.get(at).form("agree_instalments").send().want(422).says("理由")
	b.get(at).form("agree_instalments").set("reason", "每月退50元").send().follow().want(200).says("分期中", "每月退50元")
	b.get(at).form("consent").set("amount_fen", "40.00").send().follow().want(200).says("40.00", "同意抵扣")
	b.get(at).form("propose_waiver").set("amount_fen", "100.00", "reason", "家庭无力退回").send().follow().want(200).says("核销已由您提出")
	civil := s.as("civil").get(at).want(200)
	if got := civil.form("waive").values.Get("amount_fen"); got != "100.00" {
		t.Errorf("the proposal asks for %q", got)
	}
	civil.form("waive").set("amount_fen", "90", "reason", "同意").send().want(409).says("核销须由他人以相同金额提出后批准")
	civil.form("waive").set("reason", "同意").send().follow().want(200).says("已办结", "核销")
	s.as("town.a").get(at).want(200)
	s.as("town.c").get(at).want(404)
	s.as("finance").get("/persons/"+person.String()+"/ledger").want(200).says("167.00", "67.00", "100.00")
}
