package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/application"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
)

func init() {
	takers := roles{town, cdpf, civil}
	maps.Copy(maySee, map[string]roles{"/statements": {liaison, town, cdpf, civil, auditor}, "/imports": {town, cdpf, civil, auditor}, "/imports/new": takers, "/imports/:id": takers, "/imports/:id/workbook": takers,
		"/imports/:id/unmatched": takers, "/imports/:id/unmatched/:row": takers})
	mayDo["/imports/:id undo"], mayDo["/imports/:id confirm"] = roles{cdpf, civil}, roles{cdpf, civil}
	further = append(further, func(s *site, f *fixture) {
		s.person(711, 2, villageA)
		i := s.handedIn("town.a", "dibao", "姓名,身份证号,出生日期,起始日期\n金丝雀711,,1970-01-01,2022-05-01\n无名,,,2022-05-01\n", true)
		f.more["/imports"] = i.ID
	})
}

// poor is somebody of village A who receives the living allowance, because the register says that he is on the dibao list.
func (s *site) poor(n int) uuid.UUID {
	s.t.Helper()
	ctx := context.Background()
	person := s.person(n, 1, villageA)
	_, err := s.desk.AddCircumstance(ctx, s.actor("town.a"), person, casework.NewCircumstance{Kind: "dibao", Value: json.RawMessage(`"household"`), ValidFrom: calendar.MustDate("2022-01-01"), Source: "民政"})
	must(s.t, err)
	c, err := s.desk.EnterApplication(ctx, s.actor("liaison.a"), casework.NewApplication{PersonID: person, Programme: "living_allowance", AppliedOn: calendar.MustDate("2023-03-28"),
		Applicant: application.Applicant{Relation: "self"}, BankAccount: fmt.Sprintf("62284802000%08d", n)})
	must(s.t, err)
	c, err = s.desk.SubmitApplication(ctx, s.actor("liaison.a"), c.ID, c.Version)
	must(s.t, err)
	_, err = s.desk.DecideApplication(ctx, s.actor("town.a"), c.ID, c.Version, application.Ruling{Decision: "approve"})
	must(s.t, err)
	return person
}

// TestListPages hands in a list whose headings are not understood, puts them right, looks at what would change, takes it in, decides what
// waits, and takes the list back.
func TestListPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	on, off, also := s.poor(201), s.poor(203), s.poor(205)
	b := s.as("town.a")
	form := func() *filled { return b.get("/imports/new").want(200).form("try") }
	form().send().want(422).says("请填写此项")
	form().set("kind", "dibao").file("file", []byte("\x00\x01\x02")).send().want(303)
	form().set("kind", "nonsense").file("file", []byte("姓名\n")).send().want(422).says("没有这种名单")
	form().set("kind", "dibao", "as_of", "2023-04-01").file("file", []byte("姓名\n")).send().want(422).says("不能晚于今天")
	list := "姓名,人员识别码,低保证号\n金丝雀201," + number(201) + ",L1\n不在册," + number(299) + ",L2\n"
	sent := form().set("kind", "dibao", "sender", "区民政<i>局").file("file", []byte(list))
	tried := sent.send().follow().want(200).says("未能导入", "人员识别码")
	if strings.Contains(tried.body, "<i>") {
		t.Error("the sender is not escaped")
	}
	if again := sent.send().want(303).header.Get("Location"); again != tried.path {
		t.Errorf("the same form leads to %s and %s", tried.path, again)
	}
	right := tried.form("retry").set("mapping.1", "id").send().follow().want(200).says("试读，未写入", "待确认 2", "未接受 1", "本辖区残疾人档案中没有此人", "每月 185.00 元")
	if rows := strings.Join(rowsOf(right), "\n"); !strings.Contains(rows, "名单中没有|金丝雀203") {
		t.Errorf("what would change: %s", rows)
	}
	b.get("/statements").want(200).says("没有待确认的事项")
	taken := right.form("again").send().follow().want(200).says("已导入", "待确认 2")
	at := taken.path[:strings.Index(taken.path, "?")]
	if book := b.get(at + "/workbook").want(200); !strings.HasPrefix(book.body, "PK") || book.header.Get("Content-Type") == "" {
		t.Error("the workbook is none")
	}
	if book := b.get(at + "/workbook?only=refused").want(200); !strings.HasPrefix(book.body, "PK") {
		t.Error("the workbook of the refused rows is none")
	}
	b.get("/imports").want(200).says("低保名单", "区民政<i>局", "未接受 1")
	s.as("liaison.a").get("/statements").want(200).says("金丝雀203", "2023-03-28的名单中没有此人", "每月 185.00 元")
	page := b.get("/statements").want(200).says("金丝雀203", "金丝雀205")
	b.get("/").want(200).says("比对结果待确认2")
	boxes := map[string]string{}
	for _, i := range all(page.doc, "input") {
		if attr(i, "name") == "statement" {
			boxes[attr(i, "aria-label")] = attr(i, "value")
		}
	}
	page.form("decide").set("decision", "confirm", "reason", "已核实").send().want(422).says("先勾选")
	page.form("decide").choose("statement", boxes["选择 金丝雀203，低保"]).set("decision", "confirm").send().want(422).says("请填写此项")
	first := page.form("decide").choose("statement", boxes["选择 金丝雀203，低保"]).set("decision", "confirm", "reason", "已入户核实")
	first.send().want(200).says("已确认，情况已更新")
	first.send().want(200).says("未办理：该事项已处理")
	b.get("/statements").want(200).form("decide").choose("statement", boxes["选择 金丝雀205，低保"]).set("decision", "dismiss", "reason", "名单漏列").send().want(200).says("已认定不属实，恢复发放", "没有待确认的事项")
	s.as("town.c").get(at).want(404)
	cdpf := s.as("cdpf").get(at).want(200)
	cdpf.form("undo").send().follow().want(200).says("已撤销")
	cdpf.form("undo").send().want(303) // the same form: done once
	for person, want := range map[uuid.UUID]bool{on: true, off: true, also: true} {
		verdicts, err := s.desk.Eligibility(context.Background(), s.actor("town.a"), person, calendar.MustDate("2023-03-28"))
		must(t, err)
		for _, v := range verdicts {
			if v.Programme == "living_allowance" && (v.Outcome == "yes") != want {
				t.Errorf("after all is taken back, %s is %s", person, v.Outcome)
			}
		}
	}
}

// TestRosterByPage: the certificate roster is tried and taken in by the same page.
func TestRosterByPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("cdpf")
	sh := b.get("/imports/new").form("try").set("kind", "roster").file("file", []byte("姓名,身份证号\n甲,1\n")).send()
	sh.want(422).says("导入名单")
	found, err := s.desk.ListImports(context.Background(), s.actor("cdpf"), "", uuid.Nil, 5)
	must(t, err)
	if len(found) != 0 {
		t.Errorf("%d imports", len(found))
	}
}

// TestLeadFilters: a list of leads says whose it is, and is narrowed in the address.
func TestLeadFilters(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person(211, 1, villageA)
	b := s.as("town.a")
	b.get("/worklists/eligible_not_enrolled").want(200).says("村居专职委员、镇（街道）干事", "金丝雀211", "每月 167.00 元", "符合条件，未申请")
	b.get("/worklists/eligible_not_enrolled?area=" + villageB).want(200).says("没有符合筛选条件的内容")
	b.get("/worklists/eligible_not_enrolled?reason=APPLICATION_OPEN").want(200).says("没有符合筛选条件的内容")
	b.get("/worklists/eligible_not_enrolled?reason=NOT_APPLIED&area=" + villageA).want(200).says("金丝雀211")
	b.get("/worklists/eligible_not_enrolled?late=yes").want(200).says("没有符合筛选条件的内容")
	s.clock.Add(60 * 24 * time.Hour)
	s.again("town.a").get("/worklists/eligible_not_enrolled?late=yes").want(200).says("金丝雀211", "已逾期")
}
