package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"
)

func (b *tab) value(selector string) string {
	b.t.Helper()
	return run(b, chromedp.Evaluate[string](`document.querySelector('`+selector+`').value`))
}

func (b *tab) shows(texts ...string) {
	b.t.Helper()
	all := run(b, chromedp.Evaluate[string](`document.body.innerText`))
	for _, text := range texts {
		if !strings.Contains(all, text) {
			b.t.Fatalf("the screen does not show %q: %s", text, all)
		}
	}
}

// press is a key that is pressed on what has the focus.
func (b *tab) press(keys string) {
	b.t.Helper()
	run(b, chromedp.KeyEvent(keys))
}

// TestLiaisonInABrowser is a liaison's day in a real browser: signs in by keyboard, adds a person with what the script fills in,
// answers the survey with questions that come and go, signs out, and Back shows nothing.
func TestLiaisonInABrowser(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.tab(chromium(t))
	b.size(360, 800)
	b.cookie("zhucan-language", "zh")
	b.open("/persons/new")
	b.shows("登录", "用户名")
	run(b, chromedp.Focus(`#f-username`))
	b.press("liaison.a\t" + password)
	b.press("\r")
	if !comes(t, b.ctx, `location.pathname === "/persons/new" && document.readyState === "complete"`, patience) {
		t.Fatal("signing in leads nowhere")
	}
	b.shows("新增人员", "管理村居")
	id := number(401)
	b.fill(`[name="id_number"]`, id[:17]+"0")
	b.shows("校验码不正确")
	b.wantNoBarriers("a number that is wrong while typing")
	b.fill(`[name="id_number"]`, "\b"+id[17:])
	b.shows("号码正确")
	if day, sex := b.value(`[name="birth_date"]`), b.value(`[name="sex"]`); day != "1970-01-01" || sex != "male" {
		t.Errorf("the script filled in %q, %q", day, sex)
	}
	b.guardianIsAnother()
	b.fill(`[name="name"]`, "金丝雀401")
	b.fill(`[name="certificate.number"]`, id+"41")
	if c, l := b.value(`[name="certificate.category"]`), b.value(`[name="certificate.level"]`); c != "4" || l != "1" {
		t.Errorf("the script chose category %q, level %q", c, l)
	}
	b.shows("与类别、等级相符")
	run(b, chromedp.Evaluate[bool](`(document.querySelector('[name="hukou_type"]').value = "agricultural", document.querySelector('[name="certificate.issued_on"]').value = "2020-01-06", true)`))
	b.click(`button[value="add"]`)
	b.shows("已建档", "金丝雀401", "肢体残疾 一级")
	b.wantNoBarriers("a file that was just made")
	person := run(b, chromedp.Evaluate[string](`location.pathname`))
	b.open(person + "/survey")
	hidden := func(code string) bool {
		return run(b, chromedp.Evaluate[bool](`document.getElementsByName("answers.`+code+`")[0].closest("fieldset").hidden`))
	}
	if !hidden("R19_NOT_EMPLOYED") || !hidden("RETROFIT_NEED") {
		t.Error("questions are asked that follow from nothing")
	}
	run(b, chromedp.Click(`[name="answers.EMPLOYMENT"][value="none"]`))
	if hidden("R19_NOT_EMPLOYED") {
		t.Error("a question that follows is not asked")
	}
	run(b, chromedp.Click(`[name="answers.EMPLOYMENT"][value="farming"]`))
	if !hidden("R19_NOT_EMPLOYED") {
		t.Error("a question is still asked after the answer has changed")
	}
	for _, answer := range []string{`mode"][value="visit`, `answers.R3_HUKOU"][value="agricultural`, `answers.R4_MARITAL"][value="single`, `answers.INCOME"][value="middle`, `answers.HOUSING"][value="own`,
		`answers.R22_PENSION"][value="resident`, `answers.R23_MEDICAL"][value="resident`, `answers.R29_CARE"][value="2`, `answers.REHAB_NEED"][value="none`, `answers.RETROFIT_RECEIVED"][value="yes`} {
		run(b, chromedp.Click(`[name="`+answer+`"]`))
	}
	b.click(`button[value="save"]`)
	b.shows("服务与调查", "2022", "入户")
	saved, err := s.desk.DB.ListResponses(context.Background(), s.actor("liaison.a"), 2022, villageA, uuid.MustParse(strings.TrimPrefix(person, "/persons/")), uuid.Nil, 9)
	if err != nil || len(saved) != 1 {
		t.Fatalf("%d answers kept, %v", len(saved), err)
	}
	b.click(`form[action="/sign-out"] button`)
	b.shows("已退出登录")
	run(b, chromedp.NavigateBack())
	time.Sleep(300 * time.Millisecond)
	if all := run(b, chromedp.Evaluate[string](`document.body.innerText`)); strings.Contains(all, "金丝雀401") {
		t.Errorf("Back shows the file after signing out: %s", all)
	}
}

// guardianIsAnother types a guardian's number: it is checked, and says nothing of the person whose form it is.
func (b *tab) guardianIsAnother() {
	b.t.Helper()
	b.fill(`[name="guardian.id_number"]`, number(402))
	if said := run(b, chromedp.Evaluate[string](`document.getElementById("f-guardian-id_number-live").textContent`)); said != "号码正确。" {
		b.t.Errorf("of the guardian's number the script says %q", said)
	}
	if sex := b.value(`[name="sex"]`); sex != "male" {
		b.t.Errorf("the guardian's number made the person %s", sex)
	}
	run(b, chromedp.Evaluate[bool](`(document.querySelector('[name="guardian.id_number"]').value = "", true)`))
}

// TestHostileTextsInABrowser opens pages that show texts which would be script: none runs.
func TestHostileTextsInABrowser(t *testing.T) {
	t.Parallel()
	s := start(t)
	f := s.fixture(hostile[0], 410)
	b := s.tab(chromium(t))
	b.use("liaison.a")
	for i, text := range hostile {
		if len([]rune(text)) > 60 {
			continue
		}
		g := s.child(i, text)
		for _, path := range []string{"", "/edit"} {
			b.open("/persons/" + g.String() + path)
			if run(b, chromedp.Evaluate[bool](`window.pwned !== undefined`)) {
				t.Errorf("%s ran", text)
			}
		}
	}
	b.open("/applications/" + f.app.String())
	b.open("/persons")
	if run(b, chromedp.Evaluate[bool](`window.pwned !== undefined`)) {
		t.Error("a text ran in the list")
	}
	if !run(b, chromedp.Evaluate[bool](`(() => { const s = document.createElement("div"); try { s.innerHTML = "<b>x</b>"; return false } catch { return true } })()`)) {
		t.Error("the policy lets scripts write markup")
	}
}
