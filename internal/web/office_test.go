package web_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/application"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

func init() {
	deciders := roles{town, cdpf, civil}
	maps.Copy(maySee, map[string]roles{"/queue": deciders, "/queue/:id": deciders})
	further = append(further, func(_ *site, f *fixture) { f.more["/queue"] = f.app })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// submitted enters a case for somebody new and hands it in.
func (s *site) submitted(n, level int, village area.Code) store.Case {
	s.t.Helper()
	user := map[area.Code]string{villageA: "liaison.a", villageB: "liaison.b"}[village]
	c, err := s.desk.EnterApplication(context.Background(), s.actor(user), casework.NewApplication{PersonID: s.person(n, level, village), Programme: "nursing_subsidy",
		AppliedOn: calendar.DateOf(s.clock.Now()), Applicant: application.Applicant{Relation: "self"}, BankAccount: fmt.Sprintf("62284802000%08d", n)})
	must(s.t, err)
	c, err = s.desk.SubmitApplication(context.Background(), s.actor(user), c.ID, c.Version)
	must(s.t, err)
	return c
}

// choices are the values of a select.
func (sh shown) choices(name string) (values []string) {
	for _, list := range all(sh.doc, "select") {
		for _, o := range all(list, "option") {
			if attr(list, "name") == name && attr(o, "value") != "" {
				values = append(values, attr(o, "value"))
			}
		}
	}
	return values
}

// again signs in once more: no session lasts over a day.
func (s *site) again(user string) *browser {
	s.t.Helper()
	delete(s.browsers, user)
	return s.as(user)
}

// numbersOf are the case numbers that a page shows, in order.
func numbersOf(sh shown, cases ...store.Case) (order []int) {
	text := textOf(sh.doc)
	at := map[int]int{}
	for i, c := range cases {
		if place := strings.Index(text, c.CaseNumber); place >= 0 {
			order, at[i] = append(order, i), place
		}
	}
	slices.SortFunc(order, func(a, b int) int { return at[a] - at[b] })
	return order
}

// TestQueueOrder: what has least time left stands first, also where a return has used some of it; filters narrow, and a page leads on.
func TestQueueOrder(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	first := s.submitted(21, 1, villageA)
	s.clock.Add(24 * time.Hour)
	second := s.submitted(23, 1, villageA)
	s.clock.Add(24 * time.Hour)
	third := s.submitted(25, 1, villageB)
	// the first has been with the town for two working days when it goes back, and comes again with three of its five left
	back, err := s.desk.DecideApplication(ctx, s.actor("town.a"), first.ID, first.Version, application.Ruling{Decision: "return", Reason: "缺材料"})
	must(t, err)
	b := s.as("town.a")
	if got := numbersOf(b.get("/queue").want(200), first, second, third); !slices.Equal(got, []int{1, 2}) {
		t.Fatalf("while the first is with the applicant: %v", got)
	}
	s.clock.Add(24 * time.Hour)
	_, err = s.desk.ResubmitApplication(ctx, s.actor("liaison.a"), first.ID, back.Version, casework.Resubmission{})
	must(t, err)
	want := []int{0, 1, 2}
	due := func(c store.Case) string {
		now, err := s.desk.DB.Application(ctx, s.actor("town.a"), c.ID)
		must(t, err)
		return s.desk.Clock(now.Application).DueOn.String()
	}
	all := []store.Case{first, second, third}
	slices.SortStableFunc(want, func(x, y int) int {
		return strings.Compare(due(all[x])+all[x].ID.String(), due(all[y])+all[y].ID.String())
	})
	b = s.again("town.a")
	sh := b.get("/queue").want(200).says("共 3 件待办，其中逾期 0 件")
	if got := numbersOf(sh, first, second, third); !slices.Equal(got, want) {
		t.Errorf("the queue stands as %v, due days say %v: %s %s %s", got, want, due(first), due(second), due(third))
	}
	if got := numbersOf(b.get("/queue?area="+villageB).want(200), first, second, third); !slices.Equal(got, []int{2}) {
		t.Errorf("of one village: %v", got)
	}
	if got := numbersOf(b.get("/queue?programme=living_allowance").want(200), first, second, third); len(got) != 0 {
		t.Errorf("of the other programme: %v", got)
	}
	if got := numbersOf(b.get("/queue?area=370305111").want(200), first, second, third); len(got) != 3 {
		t.Errorf("an area outside narrows to nothing that is not mine: %v", got)
	}
	s.clock.Add(30 * 24 * time.Hour)
	late := s.again("town.a").get("/queue?late=yes").want(200).says("其中逾期 3 件", "逾期")
	if got := numbersOf(late, first, second, third); len(got) != 3 {
		t.Errorf("overdue: %v", got)
	}
	s.as("town.c").get("/queue").want(200).says("没有待办的申请")
	s.as("civil").get("/queue?stage=town_review").want(200).says(first.CaseNumber) // looks, and has no form
}

// TestQueuePages: the queue goes on where a page ends, with nobody twice and nobody left out.
func TestQueuePages(t *testing.T) {
	t.Parallel()
	s := start(t)
	var cases []store.Case
	for n := range 25 {
		cases = append(cases, s.submitted(101+2*n, 1, villageA))
	}
	sh := s.as("town.a").get("/queue").want(200)
	first := numbersOf(sh, cases...)
	next := ""
	for _, a := range all(sh.doc, "a") {
		if strings.Contains(attr(a, "href"), "cursor=") {
			next = attr(a, "href")
		}
	}
	second := numbersOf(s.as("town.a").get(next).want(200), cases...)
	if seen := append(slices.Clone(first), second...); len(first) != 20 || len(second) != 5 || len(slices.Compact(slices.Sorted(slices.Values(seen)))) != 25 {
		t.Errorf("the pages hold %d and %d: %v %v", len(first), len(second), first, second)
	}
}

// TestDecideTogether: many are picked, each is decided for itself, and each has its answer; sent again, nothing is decided again.
func TestDecideTogether(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	good, moved, weak := s.submitted(31, 1, villageA), s.submitted(33, 1, villageA), s.submitted(35, 3, villageA) // level 3 has no right to it
	own, err := s.desk.EnterApplication(ctx, s.actor("town.a"), casework.NewApplication{PersonID: s.person(37, 1, villageA), Programme: "nursing_subsidy",
		AppliedOn: calendar.MustDate("2023-03-28"), Applicant: application.Applicant{Relation: "self"}})
	must(t, err)
	_, err = s.desk.SubmitApplication(ctx, s.actor("town.a"), own.ID, own.Version)
	must(t, err)
	page := s.as("town.a").get("/queue").want(200).says("不能审批本人录入或提交的申请")
	box := func(c store.Case) string { return fmt.Sprintf("%s/%d", c.ID, c.Version) }
	boxes := []string{}
	for _, i := range all(page.doc, "input") {
		if attr(i, "name") == "case" {
			boxes = append(boxes, attr(i, "value"))
		}
	}
	if want := []string{box(good), box(moved), box(weak)}; !slices.Equal(slices.Sorted(slices.Values(boxes)), slices.Sorted(slices.Values(want))) {
		t.Fatalf("boxes %v, want %v: an own case has none", boxes, want)
	}
	page.form("decide").set("decision", "approve").send().want(422).says("先勾选")
	page.form("decide").choose("case", box(good)).send().want(422).says("请选择")
	page.form("decide").choose("case", box(good)).set("decision", "reject").send().want(422).says("理由")
	page.form("decide").choose("case", "x/1").set("decision", "approve").send().want(400)
	withdrawn, err := s.desk.WithdrawApplication(ctx, s.actor("liaison.a"), moved.ID, moved.Version, "")
	must(t, err)
	form := page.form("decide").choose("case", box(good), box(moved), box(weak), box(own), uuid.NewString()+"/1").set("decision", "approve")
	for range 2 {
		sh := form.send().want(200).says("批量办理结果", "已同意", "未办理")
		var results []string
		for _, section := range all(sh.doc, "section") {
			if attr(section, "aria-labelledby") != "results" {
				continue
			}
			for _, tr := range all(section, "tr")[1:] {
				results = append(results, textOf(tr))
			}
		}
		if len(results) != 5 || !strings.Contains(results[0], "已同意") || !strings.Contains(results[1], "未办理") || !strings.Contains(results[1], "已撤回") ||
			!strings.Contains(results[2], "不符合条件") || !strings.Contains(results[3], "未办理") || !strings.Contains(results[4], "未办理") {
			t.Fatalf("results: %q", results)
		}
	}
	for _, want := range []struct {
		c     store.Case
		stage application.Stage
	}{{good, application.Approved}, {withdrawn, application.Withdrawn}, {weak, application.TownReview}, {own, application.TownReview}} {
		now, err := s.desk.DB.Application(ctx, s.actor("town.a"), want.c.ID)
		must(t, err)
		if now.Stage != want.stage {
			t.Errorf("%s is %s, want %s", want.c.CaseNumber, now.Stage, want.stage)
		}
	}
	s.as("civil").get("/queue?stage=town_review").want(200).says(weak.CaseNumber)
}

// TestReview: the case stands beside its explanation; a decision leads to the next case, a stale one shows both values, an own case says
// why there is no form.
func TestReview(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	first, second, weak := s.submitted(41, 1, villageA), s.submitted(43, 1, villageA), s.submitted(45, 3, villageA)
	_, _, err := s.desk.AttachToApplication(ctx, s.actor("liaison.a"), first.ID, photograph(7))
	must(t, err)
	b := s.as("town.a")
	sh := b.get("/queue/" + first.ID.String()).want(200)
	sh.says("每月 167.00 元", "自2023-03起计发", "成立", "肢体残疾", "一级", "附件1", "提交", "2023-04-04到期")
	if form := sh.form("decide"); form.values.Get("version") != "2" {
		t.Errorf("the form was made from version %s", form.values.Get("version"))
	}
	sh.form("decide").send().want(422).says("请选择")
	sh.form("decide").set("decision", "reject").send().want(422).says("理由")
	next := sh.form("decide").set("decision", "approve").send().follow().want(200).says("已同意", second.CaseNumber)
	// somebody else has moved the second meanwhile
	_, err = s.desk.WithdrawApplication(ctx, s.actor("liaison.a"), second.ID, second.Version, "")
	must(t, err)
	next.form("decide").set("decision", "reject", "reason", "我写的理由").send().want(412).says("没有待作的决定")
	sh = b.get("/queue/"+weak.ID.String()).want(200).says("不能批准", "不成立")
	sh.form("decide").set("decision", "approve").send().want(422).says("不符合条件")
	code := ""
	for _, o := range all(sh.doc, "option") {
		if attr(o, "value") == "LEVEL_OUT_OF_RANGE" {
			code = attr(o, "value")
		}
	}
	if code == "" {
		t.Fatalf("the condition that fails is no reason to choose: %s", textOf(sh.doc))
	}
	sh.form("decide").set("decision", "reject", "reason_code", code).send().follow().want(200).says("已作出不予批准的决定", "审核队列")
	now, err := s.desk.DB.Application(ctx, s.actor("town.a"), weak.ID)
	must(t, err)
	if last := now.Steps[len(now.Steps)-1]; now.Stage != application.Rejected || last.ReasonCode != code {
		t.Errorf("rejected as %s with %q", now.Stage, last.ReasonCode)
	}
	own, err := s.desk.EnterApplication(ctx, s.actor("town.a"), casework.NewApplication{PersonID: s.person(47, 1, villageA), Programme: "nursing_subsidy",
		AppliedOn: calendar.MustDate("2023-03-28"), Applicant: application.Applicant{Relation: "self"}})
	must(t, err)
	_, err = s.desk.SubmitApplication(ctx, s.actor("town.a"), own.ID, own.Version)
	must(t, err)
	sh = b.get("/queue/" + own.ID.String()).want(200).says("本件由他人办理")
	for _, button := range all(sh.doc, "button") {
		if attr(button, "value") == "decide" {
			t.Error("an own case has a button")
		}
	}
	s.as("town.c").get("/queue/" + own.ID.String()).want(404)
	s.as("cdpf").get("/queue/" + own.ID.String()).want(200).says("不由您的岗位办理")
}
