package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zhucan/internal/casework"
)

// TestIdleSession: a session ends when nobody asks for anything, at a counter soon and on the way later, and at last whatever is asked.
func TestIdleSession(t *testing.T) {
	t.Parallel()
	s := start(t)
	counter, field := s.as("town.a"), s.as("liaison.a")
	for range 6 {
		s.clock.Add(14 * time.Minute)
		counter.get("/").want(200)
	}
	s.clock.Add(15 * time.Minute)
	counter.get("/").want(303)
	field.get("/").want(200) // asked for nothing in an hour and a half
	s.clock.Add(4 * time.Hour)
	field.get("/").want(303)
	counter = s.again("town.a")
	asked := 0
	for counter.get("/").status == 200 {
		s.clock.Add(10 * time.Minute)
		asked++
	}
	if lasted := time.Duration(asked) * 10 * time.Minute; lasted != casework.SessionLife {
		t.Errorf("a session that is used lasts %v", lasted)
	}
	counter = s.again("town.a")
	s.clock.Add(14 * time.Minute)
	counter.get("/alive").want(204)
	s.clock.Add(14 * time.Minute)
	counter.get("/").want(200)
	for range 2 { // what the page without a network asks by itself keeps nobody signed in
		s.clock.Add(9 * time.Minute)
		counter.hello()
	}
	counter.get("/").want(303)
	s.browser().get("/alive").want(401)
}

// TestFormAfterIdle: what was entered while the session ran out is kept over the sign-in, is sent by hand, and acts once.
func TestFormAfterIdle(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(21, 2, villageA)
	at := "/persons/" + id.String() + "/edit"
	b := s.as("town.a")
	form := b.get(at).want(200).form("save").set("guardian.name", "我写的", "guardian.relation", "母亲")
	s.clock.Add(20 * time.Minute)
	late := form.send().want(401).says("您填写的内容保留着")
	if strings.Contains(late.body, `name="do" value="save"`) {
		t.Error("who is not signed in is shown the form")
	}
	late = late.form("sign-in").set("username", "town.a", "password", "not this one").send().want(401).says("用户名或密码不正确", "您填写的内容保留着")
	again := late.form("sign-in").set("username", "town.a", "password", password).send().want(200).says("还没有提交", "刚才填写的内容还没有提交")
	kept := again.form("save")
	if kept.values.Get("guardian.name") != "我写的" || kept.values.Get("version") != form.values.Get("version") || kept.values.Get("key") != form.values.Get("key") {
		t.Errorf("kept: %v", kept.values)
	}
	d, err := s.desk.Person(context.Background(), s.actor("town.a"), id)
	must(t, err)
	if d.File.Person.Guardian != nil {
		t.Error("it was sent by itself")
	}
	kept.send().follow().want(200).says("已保存", "我写的")

	// somebody else has changed the record meanwhile: both values are shown, as ever
	form = b.get(at).form("save").set("guardian.name", "我又写的")
	s.clock.Add(20 * time.Minute)
	s.as("liaison.a").get(at).form("save").set("guardian.name", "别人写的").send().want(303)
	again = form.send().want(401).form("sign-in").set("username", "town.a", "password", password).send().want(200)
	again.form("save").send().want(412).says("刚被他人修改", "已被他人改为： 别人写的")

	// a form with photos: they have to be chosen anew, everything else is there
	b = s.as("liaison.a")
	apply := b.get("/persons/"+id.String()+"/apply").form("draft").set("programme", "nursing_subsidy", "applicant.relation", "guardian", "applicant.name", "监护人丁").file("photos", photograph(1))
	s.clock.Add(5 * time.Hour)
	again = apply.send().want(401).form("sign-in").set("username", "liaison.a", "password", password).send().want(200).says("照片等文件须重新选择")
	sent := again.form("draft")
	if sent.values.Get("applicant.name") != "监护人丁" || !sent.multi {
		t.Errorf("kept: %v", sent.values)
	}
	sent.file("photos", photograph(2)).send().follow().want(200).says("已存为草稿", "监护人丁", "附件1")
	stranger := &filled{page: shown{b: s.browser(), path: at}, action: "/persons/" + id.String() + "/apply", multi: true, values: map[string][]string{"a": {strings.Repeat("x", 2<<20)}}}
	stranger.send().want(400)

	// another user, another area, another site, nothing of ours
	b = s.again("town.a")
	form = b.get(at).form("save")
	s.clock.Add(20 * time.Minute)
	form.send().want(401).form("sign-in").set("username", "town.c", "password", password).send().want(404)
	s.browser().get("/sign-in").form("sign-in").set("username", "stats", "password", password, "kept", "do=save", "next", at).send().want(403)
	s.browser().get("/sign-in").form("sign-in").set("username", "stats", "password", password, "kept", "do=save", "next", "/nothing").send().want(303)
	s.browser().get("/sign-in").form("sign-in").set("username", "stats", "password", password, "kept", "%zz", "next", at).send().want(400)
	filled := &filled{page: shown{b: s.browser(), path: at}, action: at, values: form.values}
	filled.headers("Sec-Fetch-Site", "cross-site").send().want(403)
	secret := s.again("town.a").get("/password").form("change").set("current_password", "this is my old secret", "new_password", "this is my new secret")
	s.clock.Add(20 * time.Minute)
	if sh := secret.send().want(401); strings.Contains(sh.body, "secret") {
		t.Error("a password is kept in the page")
	}
	for _, text := range hostile {
		form.set("guardian.name", text).send().want(401).wantHarmless()
	}
	form.send().want(401).form("sign-in").set("username", "town.a", "password", password).send().want(200).wantHarmless()
}

// TestTypingKeepsTheSession: who types is not idle, though nothing is sent; who comes too late finds his form again.
func TestTypingKeepsTheSession(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(31, 2, villageA)
	b := s.tab(chromium(t))
	b.cookie("zhucan-language", "zh")
	b.use("town.a")
	b.open("/persons/" + id.String() + "/edit")
	run(b, chromedp.Evaluate[bool](`const now = Date.now; Date.now = () => now() + window.later; window.later = 0; true`))
	for range 3 {
		s.clock.Add(10 * time.Minute)
		run(b, chromedp.Evaluate[bool](`window.later += 10 * 60 * 1000; performance.clearResourceTimings(); true`))
		b.fill(`input[name="guardian.name"]`, "字")
		run(b, chromedp.Poll[bool](`performance.getEntriesByType("resource").some((e) => e.name.endsWith("/alive"))`))
	}
	b.click(`button[value="save"]`)
	if at := run(b, chromedp.Evaluate[string](`location.pathname + document.title`)); !strings.HasPrefix(at, "/persons/"+id.String()) || strings.Contains(at, "登录") {
		t.Errorf("after half an hour of typing the form leads to %s", at)
	}
	b.open("/persons/" + id.String() + "/edit")
	b.fill(`input[name="guardian.name"]`, "又")
	s.clock.Add(20 * time.Minute)
	b.click(`button[value="save"]`)
	b.shows("您填写的内容保留着")
	b.both("sign-in-kept")
	b.fill(`input[name="username"]`, "town.a")
	b.fill(`input[name="password"]`, password)
	b.click(`button[value="sign-in"]`)
	b.shows("刚才填写的内容还没有提交")
	if got := b.value(`[name="guardian.name"]`); !strings.HasSuffix(got, "又") {
		t.Errorf("the form has %q", got)
	}
	b.both("form-kept")
}
