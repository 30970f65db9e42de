package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestByKeyboardAlone goes through the work of each role with Tab, Shift, Enter, Space, arrows and what is typed.
func TestByKeyboardAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	f := s.fixture("监护人癸", 701)
	person := s.person(711, 1, villageA).String()
	one := s.submitted(721, 1, villageA)
	many := []string{}
	for n := range 3 {
		c := s.submitted(723+2*n, 1, villageA)
		many = append(many, fmt.Sprintf("%s/%d", c.ID, c.Version))
	}
	ctx := chromium(t)
	for _, journey := range []struct {
		name string
		work func(*hand)
	}{
		{"liaison", func(h *hand) { h.liaison(person) }},
		{"officer", func(h *hand) { h.officer(one.ID.String(), many) }},
		{"district", (*hand).district},
		{"statistician", (*hand).statistician},
		{"administrator", (*hand).administrator},
		{"auditor", (*hand).auditor},
		{"hotline", func(h *hand) { s.approved(715, villageA); h.hotline() }},
	} {
		t.Run(journey.name, func(t *testing.T) {
			h := &hand{tab: &tab{t, s, ctx}}
			h.size(1280, 900)
			journey.work(h)
		})
	}
	t.Run("through", func(t *testing.T) {
		h := &hand{tab: &tab{t, s, ctx}}
		for user, paths := range map[string][]string{"liaison.a": {"/", "/persons/" + person, "/persons/new"}, "town.a": {"/queue/" + f.app.String()}, "admin": {"/policies/new"}, "hotline": {"/tickets/new"}} {
			h.use(user)
			for _, path := range paths {
				for _, width := range []int64{360, 1280} {
					h.size(width, 900)
					h.enter(path)
					h.through()
				}
			}
		}
	})
}

// liaison finds somebody, enters an application that is refused first, answers the survey, and records a need and a step.
func (h *hand) liaison(person string) {
	h.signIn("liaison.a", "/")
	h.menu("/persons")
	h.write("text", "金丝雀711")
	h.send("search")
	h.shows("金丝雀711")
	file := `main a[href="/persons/` + person + `"]`
	h.follow(file)
	h.follow(`main a[href$="/apply"]`)
	h.radio("programme", "nursing_subsidy")
	h.radio("applicant.relation", "guardian")
	h.send("submit")
	h.comesTo(".errors")
	h.to(`.errors a[href="#f-applicant-name"]`)
	h.enterKey()
	h.comesTo("#f-applicant-name")
	h.press("监护人癸")
	h.backTo(`[name="programme"]`)
	h.holds("nursing_subsidy")
	h.file("photos", "card.jpg", photograph(9))
	h.send("submit")
	h.shows("已提交", "附件1")

	h.follow(file)
	h.follow(`main a[href$="/survey"]`)
	for _, answer := range [][2]string{{"mode", "visit"}, {"answers.R3_HUKOU", "agricultural"}, {"answers.R4_MARITAL", "married"}, {"answers.INCOME", "middle"}, {"answers.HOUSING", "own"},
		{"answers.EMPLOYMENT", "farming"}, {"answers.R22_PENSION", "resident"}, {"answers.R23_MEDICAL", "resident"}, {"answers.R29_CARE", "2"}} {
		h.radio(answer[0], answer[1])
	}
	h.tick("answers.REHAB_NEED", "training")
	h.radio("answers.RETROFIT_RECEIVED", "yes")
	h.send("save")
	h.shows("调查已保存")

	h.follow(`main a[href$="/services/new"]`)
	h.follow(`main a[href$="kind=rehab"]`)
	h.tick("need.types", "training")
	h.send("open")
	h.shows("需求已登记")
	h.follow(`main a[href$="/steps/assess"]`)
	h.write("evidence.institution", "区康复中心")
	h.write("evidence.assessor", "评估员")
	h.write("evidence.findings", "可以训练")
	h.tick("evidence.items", "MOTOR_TRAINING")
	h.send("take")
	h.shows("步骤已记录")
}

// officer decides one case at its own page and the others together.
func (h *hand) officer(one string, many []string) {
	h.signIn("town.a", "/")
	h.menu("/queue")
	h.follow(`main td a[href^="/queue/` + one + `"]`)
	h.radio("decision", "approve")
	h.send("decide")
	h.shows("已同意")
	h.follow(`main a[data-key="u"]`)
	for _, c := range many {
		h.tick("case", c)
	}
	h.radio("decision", "return")
	h.choose("reason_code", "MATERIAL_MISSING")
	h.write("reason", "缺身份证复印件")
	h.send("decide")
	h.shows("批量办理结果")
	h.comesTo("#results")
	if text := run(h.tab, chromedp.Evaluate[string](`document.querySelector("[aria-labelledby=results]").innerText`)); strings.Count(text, "已退回") < len(many) {
		h.t.Errorf("not each was sent back: %s", text)
	}
}

// district makes the roster of a month, and somebody else checks it.
func (h *hand) district() {
	h.signIn("cdpf", "/")
	h.menu("/rosters")
	h.choose("area_code", "370305")
	h.choose("programme", "nursing_subsidy")
	h.send("make")
	h.shows("花名册已编制", "金丝雀721")
	h.signIn("civil", "/rosters")
	h.follow(`main td a[href^="/rosters/"]`)
	h.send("check")
	h.shows("已复核")
}

// statistician looks at another day in another breakdown, at one indicator, and seals a release.
func (h *hand) statistician() {
	h.signIn("stats", "/")
	h.menu("/indicators")
	h.date("as_of", "2023-03-27")
	h.choose("by", "level")
	h.to(`form[method="get"] button`)
	h.lead(" ")
	h.shows("按残疾等级", "2023-03-27")
	if at := run(h.tab, chromedp.Evaluate[string](`location.search`)); !strings.Contains(at, "as_of=2023-03-27") || !strings.Contains(at, "by=level") {
		h.t.Errorf("what is shown is not in the address: %s", at)
	}
	h.follow(`main a[href^="/indicators/nursing_subsidy_coverage?"]`)
	h.shows("口径")
	h.menu("/releases")
	h.follow(`main a[href="/releases/new"]`)
	h.write("title", "键盘季报")
	h.choose("area_code", "370305001")
	h.radio("public", "no")
	h.send("seal")
	h.shows("已封存", "键盘季报")
}

// administrator adds an account and asks what another rate would do.
func (h *hand) administrator() {
	h.signIn("admin", "/")
	h.menu("/accounts")
	h.follow(`main a[href="/accounts/new"]`)
	h.write("username", "keyboard.town")
	h.write("name", "键盘干事")
	h.choose("role", "town_officer")
	h.choose("area_code", "370305001")
	h.send("add")
	h.shows("账号已新增")
	h.menu("/policies")
	h.follow(`main a[href="/policies/new"]`)
	h.radio("programme", "nursing_subsidy")
	h.date("from", "2023-04-01")
	h.write("level1", "187")
	h.write("level2", "160")
	h.write("paper", "临残发〔2023〕1号")
	h.write("version", "2023.1")
	h.choose("area_code", "370305")
	h.send("simulate")
	h.shows("测算结果", "增加的人数")
}

// auditor narrows the log, reads an entry, and has the chain verified.
func (h *hand) auditor() {
	h.signIn("auditor", "/")
	h.menu("/audit")
	h.choose("action", "application.approve")
	h.to(`form[method="get"][action="/audit"] button`)
	h.lead("\r")
	h.follow(`main td a[href^="/audit/"]`)
	h.shows("application.approve")
	h.menu("/audit")
	h.follow(`main a[href="/audit/verify"]`)
	h.send("verify")
	h.shows("日志链完整")
}

// hotline looks somebody up, enters what he thinks of a decision, writes down what a caller says, and gives it to a unit.
func (h *hand) hotline() {
	h.signIn("hotline", "/")
	h.menu("/lookup")
	h.write("text", "金丝雀711")
	h.send("search")
	if all := run(h.tab, chromedp.Evaluate[string](`document.body.innerText`)); strings.Contains(all, number(711)) {
		h.t.Error("a look-up shows a number whole")
	}
	h.write("text", "金丝雀715")
	h.send("search")
	h.follow(`main a[href^="/lookup/"]`)
	h.to(`[name="about"]`)
	h.press(" ")
	h.radio("score", "5")
	h.write("text", "办得快")
	h.send("rate")
	h.shows("评价已记录")
	h.menu("/tickets")
	h.follow(`main a[href="/tickets/new"]`)
	h.radio("channel", "12345")
	h.radio("kind", "complaint")
	h.choose("topic", "two_subsidies")
	h.write("text", "两个月没有收到补贴")
	h.radio("caller", "named")
	h.write("caller.name", "来电人")
	h.write("caller.phone", "19900007777")
	h.send("receive")
	h.shows("已登记")
	h.to(`select[name="unit"]`)
	h.press(kb.ArrowDown)
	h.send("assign")
	h.shows("已办理")
}
