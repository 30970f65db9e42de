package web_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/store"
	"zhucan/internal/web"
)

// TestAuditPages: the log is what the store says, found by day, action, actor and record; an entry shows what it changed.
func TestAuditPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person(11, 1, villageA)
	s.as("liaison.b").get("/persons/" + person.String()).want(404) // which is kept
	b := s.as("auditor")
	entries, err := s.desk.DB.ListAudit(t.Context(), store.AuditFilter{Area: "370305", Limit: 20})
	if err != nil || len(entries) < 3 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	page := b.get("/audit").want(200)
	for i, e := range entries {
		if row := page.rows()[i+1]; row[0] != fmt.Sprint(e.Seq) && i > 0 { // looking at the page was not yet one
			t.Errorf("row %d is %v, the store says %d %s", i, row, e.Seq, e.Action)
		}
	}
	created := b.get("/audit?action=person.create").want(200)
	if offered := created.choices("action"); !slices.Contains(offered, "roster.send") || slices.Contains(offered, "nothing") {
		t.Errorf("the actions to choose from are %v", offered)
	}
	if len(created.rows()) != 2 {
		t.Fatalf("%v", created.rows())
	}
	created.row(created.rows()[1][0])
	entry := b.get("/audit/"+created.rows()[1][0]).want(200).says("person.create", "cdpf", "persons", "新增", person.String())
	if strings.Contains(entry.body, "金丝雀") {
		t.Error("the log names somebody")
	}
	b.get("/audit?subject="+person.String()).want(200).says("person.create", "被拒绝")
	b.get("/audit?subject=" + person.String() + "&outcome=done").want(200).says("person.create")
	b.get("/audit?from=2023-03-28&until=2023-03-28&action=person.create").want(200).says("person.create")
	for _, none := range []string{"?until=2023-03-27", "?from=2023-03-29", "?action=nothing"} {
		b.get("/audit" + none).want(200).says("没有符合的条目")
	}
	for query, told := range map[string]string{"from=x": "“x”不是日期", "until=2023-02-30": "“2023-02-30”不是日期", "from=2023.3.28&until=20233": "“20233”不是日期", "subject=y": "不是编号", "account=x": "审计日志"} {
		wrong := b.get("/audit?"+query).want(200).says(told, "请先更正查询条件")
		if strings.Contains(wrong.body, "data-label") || strings.Contains(wrong.body, "已按今天显示") || strings.Contains(wrong.body, "没有符合的条目") {
			t.Errorf("%s is answered with a list", query)
		}
	}
	b.get("/audit?from=x", "Accept-Language", "zh;q=0.1, en;q=0.9").want(200).says("“x” is no day", "Put right what is asked for first")
	found := page.form("by").set("username", "cdpf").send().want(200).says("仅显示 cdpf 的操作", "person.create")
	if strings.Contains(found.body, "username=") {
		t.Error("a name stands in an address")
	}
	for _, row := range found.rows()[1:] {
		if !strings.HasPrefix(row[2], "cdpf") {
			t.Errorf("%v is not of cdpf", row)
		}
	}
	page.form("by").set("username", "nobody.at.all").send().want(422).says("没有这个用户名")
	b.get("/audit/999999").want(404)
	b.get("/audit/x").want(404)
	next := b.get("/audit")
	seen := map[string]bool{}
	for range 30 {
		for _, row := range next.rows()[1:] {
			if seen[row[0]] {
				t.Fatalf("entry %s is there twice", row[0])
			}
			seen[row[0]] = true
		}
		more := ""
		for _, a := range all(next.doc, "a") {
			if textOf(a) == "下一页" {
				more = attr(a, "href")
			}
		}
		if more == "" {
			break
		}
		next = b.get(more).want(200)
	}
	if len(seen) < len(entries) {
		t.Errorf("page after page shows %d entries, want %d", len(seen), len(entries))
	}
}

// TestChainPage: the walk says that the chain holds, and where it breaks once somebody has altered an entry behind its back.
func TestChainPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person(11, 1, villageA)
	b := s.as("auditor")
	v, err := s.desk.DB.VerifyAudit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.get("/audit/verify").want(200).form("verify").send().want(200).says("日志链完整", fmt.Sprintf("%x", v.Head), fmt.Sprint(v.Entries))
	ctx := context.Background()
	owner, err := pgx.Connect(ctx, s.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(ctx)
	if _, err := owner.Exec(ctx, "ALTER TABLE audit_entries DISABLE TRIGGER ALL"); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Exec(ctx, "UPDATE audit_entries SET action = 'person.view' WHERE action = 'person.create'"); err != nil {
		t.Fatal(err)
	}
	b.get("/audit/verify").form("verify").send().want(200).says("日志链不完整", "its own columns were altered")
}

// TestOversightPages: what people think, and who took which list, as the desk keeps them.
func TestOversightPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	c := s.granted("liaison.a", s.person(101, 1, villageA))
	s.as("auditor").get("/ratings").want(200).says("没有评价")
	if _, err := s.desk.RateApplication(ctx, s.actor("hotline"), c.ID, casework.Opinion{Score: 2, Text: "等得太久"}); err != nil {
		t.Fatal(err)
	}
	s.as("cdpf").get("/ratings").want(200).says("等得太久", "不满意", "热线代填", "申请办理")
	s.as("town.c").get("/ratings").want(200).says("没有评价")
	for _, list := range all(s.as("auditor").get("/audit").want(200).doc, "select") {
		if first := textOf(all(list, "option")[0]); first != "全部" {
			t.Errorf("who narrows the log by nothing reads %q", first)
		}
	}
	s.as("auditor").get("/ratings?score_up_to=1").want(200).says("没有符合筛选条件的内容")
	s.as("auditor").get("/exports").want(200).says("没有导出过名单")
	_, rows, err := s.desk.ExportList(ctx, s.actor("cdpf"), casework.NewExport{List: exchange.PartnerLists[0].Name, Form: "csv", Purpose: "核对参保"})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
	}
	s.as("auditor").get("/exports").want(200).says("核对参保", exchange.PartnerLists[0].ZH, "cdpf")
	s.as("auditor").get("/exports?list=" + exchange.PartnerLists[1].Name).want(200).says("没有符合筛选条件的内容")
	one := s.as("auditor").get(s.as("auditor").get("/exports").want(200).link("测试cdpf（cdpf）")).want(200).says("仅显示一个账号的导出记录", "核对参保")
	if kept := one.formTo("").values.Get("account"); kept != s.accounts["cdpf"].ID.String() {
		t.Errorf("a further filter forgets the account: %q", kept)
	}
	s.as("auditor").get("/exports?account="+s.accounts["civil"].ID.String()).want(200).says("仅显示一个账号的导出记录", "没有符合筛选条件的内容")
}

// TestActionsInWords: whatever was done in a district with something of everything stands in the log in words.
func TestActionsInWords(t *testing.T) {
	t.Parallel()
	s, _ := full(t)
	s.busy()
	actions := map[string]bool{}
	for before := int64(0); ; {
		found, err := s.desk.DB.ListAudit(t.Context(), store.AuditFilter{Area: "370305", Before: before, Limit: 200})
		must(t, err)
		for _, e := range found {
			if e.Outcome == "done" {
				actions[e.Action] = true
			}
		}
		if len(found) < 200 {
			break
		}
		before = found[len(found)-1].Seq
	}
	if len(actions) < 20 {
		t.Errorf("only %d actions were done", len(actions))
	}
	for action := range actions {
		if !web.Said(action) {
			t.Errorf("the log says %s, for which there are no words", action)
		}
	}
	s.as("auditor").get("/audit?action=person.create").want(200).says("建立个人档案 person.create")
}
