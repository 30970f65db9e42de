package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zhucan/internal/access"
	"zhucan/internal/auth"
)

// codes are those that a page shows one by one.
func (sh shown) codes() (list []string) {
	for _, c := range all(sh.doc, "code") {
		list = append(list, textOf(c))
	}
	return list
}

// TestSecondFactorPages: somebody sets up a second factor, signs in with it and with a spare code, and turns it off; an administrator takes
// it from who has lost his telephone.
func TestSecondFactorPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("town.a")
	code := func(secret string) string {
		t.Helper()
		text, err := auth.CodeAt(strings.ReplaceAll(secret, " ", ""), s.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	off := b.get(b.get("/").want(200).link("动态口令")).want(200).says("未开启")
	off.form("begin").send().want(422).says("请填写此项")
	off.form("begin").set("password", "wrong").send().want(422).says("当前密码不正确")
	waits := off.form("begin").set("password", password).send().follow().want(200).says("扫描二维码")
	secret := ""
	for _, p := range all(waits.doc, "p") {
		if attr(p, "class") == "now" {
			secret = textOf(p)
		}
	}
	if len(all(waits.doc, "svg")) == 0 || len(secret) != 39 {
		t.Fatalf("the secret is shown as %q", secret)
	}
	waits.form("confirm").set("code", "000000").send().want(422).says("请核对手机时间")
	on := waits.form("confirm").set("code", code(secret)).send().follow().want(200).says("已开启，备用码剩10个", "不再显示")
	spare := on.codes()
	if len(spare) != 10 || len(b.get("/second-factor").want(200).codes()) != 0 {
		t.Fatalf("spare codes %v, and told again", spare)
	}

	fresh := s.browser()
	page := fresh.get("/sign-in")
	if strings.Contains(page.body, `name="code"`) {
		t.Error("everybody is asked for a code")
	}
	asked := page.form("sign-in").set("username", "town.a", "password", password).send().want(401).says("请填写动态口令")
	asked.form("sign-in").set("username", "town.a", "password", password, "code", code(secret)).send().want(401).says("已经用过")
	s.clock.Add(time.Minute)
	asked.form("sign-in").set("username", "town.a", "password", password, "code", code(secret)).send().want(303)
	fresh.get("/second-factor").want(200).says("备用码剩10个")
	other := s.browser()
	other.get("/sign-in").form("sign-in").set("username", "town.a", "password", password).send().want(401).
		form("sign-in").set("username", "town.a", "password", password, "code", strings.ToLower(spare[0][:4]+"-"+spare[0][4:])).send().want(303)
	end := other.get("/second-factor").want(200).says("备用码剩9个").form("end")
	end.set("password", password, "code", spare[0]).send().want(422).says("动态口令不正确")
	end.set("password", password, "code", spare[1]).send().follow().want(200).says("未开启", "动态口令已关闭")
	fresh.get("/").want(303) // its session has ended

	secondTime := other.get("/second-factor").form("begin").set("password", password).send().follow().want(200)
	for _, p := range all(secondTime.doc, "p") {
		if attr(p, "class") == "now" {
			secret = textOf(p)
		}
	}
	secondTime.form("confirm").set("code", code(secret)).send().follow().want(200)
	admin := s.as("admin")
	account := "/accounts/" + s.accounts["town.a"].ID.String()
	admin.get(account).want(200).form("factor").send().follow().want(200).says("账号已更改")
	if strings.Contains(admin.get(account).want(200).body, "取消动态口令") {
		t.Error("it can be taken away twice")
	}
	s.browser().get("/sign-in").form("sign-in").set("username", "town.a", "password", password).send().want(303)
}

// TestPagesOfWhoNeedsAFactor: whose role needs one is led to where it is set up, and from then on does his work.
func TestPagesOfWhoNeedsAFactor(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.desk.FactorRoles = []access.Role{access.TownOfficer}
	b := s.as("town.a")
	for _, path := range []string{"/", "/persons", "/queue"} {
		if got := b.get(path).want(303).header.Get("Location"); got != "/second-factor" {
			t.Errorf("%s leads to %q", path, got)
		}
	}
	b.get("/password").want(200)
	waits := b.get("/second-factor").want(200).says("您的角色须开启动态口令").form("begin").set("password", password).send().follow().want(200)
	secret := ""
	for _, p := range all(waits.doc, "p") {
		if attr(p, "class") == "now" {
			secret = strings.ReplaceAll(textOf(p), " ", "")
		}
	}
	code, err := auth.CodeAt(secret, s.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	waits.form("confirm").set("code", code).send().follow().want(200)
	b.get("/").want(200)
	s.as("liaison.a").get("/").want(200)
	s.browser().get("/sign-in").want(200).says("动态口令")
}

// TestPhoneOfWhoNeedsAFactor: a phone neither gets files nor sends anything for somebody whose role needs a factor that he has not, and is told why.
func TestPhoneOfWhoNeedsAFactor(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	made := b.tell("phones", nil).want(t, 200, "")
	s.desk.FactorRoles = []access.Role{access.VillageLiaison}
	if said := b.get("/offline/hello").want(200); !strings.Contains(said.body, `"factor":true`) {
		t.Errorf("the phone is told %s", said.body)
	}
	b.get("/offline/files").heard().want(t, 403, "SECOND_FACTOR_NEEDED")
	b.tell("phones", nil).want(t, 403, "SECOND_FACTOR_NEEDED")
	b.tell("open", map[string]any{"phone": made.Phone}).want(t, 403, "SECOND_FACTOR_NEEDED")
	b.tell("contact", map[string]any{"phone": made.Phone, "waiting": 0, "oldest": "2023-03-10T00:00:00Z"}).want(t, 403, "SECOND_FACTOR_NEEDED")
	e := newCase(77)
	b.send(e).want(t, 403, "SECOND_FACTOR_NEEDED")
	s.turnOn(b)
	b.get("/offline/files").want(200)
	b.send(e).want(t, 200, "")
	s.wantFound(77, 1, 1, 2)
}

// TestCodeIsNotKept: a code in a form that came too late does not stand in the page to sign in, which somebody else may look at.
func TestCodeIsNotKept(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("town.a")
	s.turnOn(b)
	late := b.get("/second-factor").want(200).form("end").set("password", password, "code", "ABCD2345")
	s.clock.Add(time.Hour)
	if asked := late.send().want(401); strings.Contains(asked.body, "ABCD2345") || asked.form("sign-in").values.Get("next") != "/second-factor" {
		t.Error("the code is kept, or the page forgotten")
	}
}

// turnOn sets up the second factor of who uses a browser.
func (s *site) turnOn(b *browser) (secret string) {
	s.t.Helper()
	waits := b.get("/second-factor").want(200).form("begin").set("password", password).send().follow().want(200)
	for _, p := range all(waits.doc, "p") {
		if attr(p, "class") == "now" {
			secret = strings.ReplaceAll(textOf(p), " ", "")
		}
	}
	code, err := auth.CodeAt(secret, s.clock.Now())
	must(s.t, err)
	waits.form("confirm").set("code", code).send().follow().want(200)
	return secret
}

// TestWhoActsAndNeedsAFactor: a deputy for whose principal's role a factor is needed is led to set it up, and may stop acting without; one whose
// own role needs it does not begin to act.
func TestWhoActsAndNeedsAFactor(t *testing.T) {
	t.Parallel()
	s := start(t)
	forTown, forOther := s.deputed(s.accounts["town.a"], s.accounts["liaison.a"], "休假"), s.deputed(s.accounts["liaison.b"], s.accounts["town.c"], "休假")
	s.desk.FactorRoles = []access.Role{access.TownOfficer}
	b := s.as("liaison.a")
	act := func() shown {
		return b.get("/act-for").want(200).form("act").set("deputation", forTown.ID.String()).send().want(303)
	}
	act()
	if got := b.get("/").want(303).header.Get("Location"); got != "/second-factor" {
		t.Errorf("led to %q", got)
	}
	b.get("/act-for").want(200).form("end").send().want(303)
	b.get("/").want(200)
	act()
	s.turnOn(b)
	b.get("/").want(200).says("正在代理")
	b.get("/act-for").want(200).form("end").send().follow().want(200)

	own := s.as("town.c")
	if got := own.get("/act-for").want(200).form("act").set("deputation", forOther.ID.String()).send().want(303).header.Get("Location"); got != "/second-factor" {
		t.Errorf("who acts is led to %q", got)
	}
	own.get("/").want(303)
}

// TestFormOfWhoNeedsAFactor: a form that is sent when the role has come to need a factor leads to where it is set up, also over a sign-in.
func TestFormOfWhoNeedsAFactor(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("town.a")
	form := b.get("/persons/"+s.person(21, 1, villageA).String()+"/edit").want(200).form("save").set("phone", "19900009999")
	s.desk.FactorRoles = []access.Role{access.TownOfficer}
	if got := form.send().want(303).header.Get("Location"); got != "/second-factor" {
		t.Errorf("led to %q", got)
	}
	s.clock.Add(time.Hour)
	over := form.send().want(401).form("sign-in").set("username", "town.a", "password", password).send().want(303)
	if got := over.header.Get("Location"); got != "/second-factor" {
		t.Errorf("over the sign-in led to %q", got)
	}
	b.get("/second-factor").want(200)
}

// TestPendingSecretOnOtherScreens: nobody who is signed in to the same account elsewhere sees the secret that waits.
func TestPendingSecretOnOtherScreens(t *testing.T) {
	t.Parallel()
	s := start(t)
	thief, b := s.browser(), s.as("town.a")
	thief.get("/sign-in").form("sign-in").set("username", "town.a", "password", password).send().want(303)
	b.get("/second-factor").want(200).form("begin").set("password", password).send().follow().want(200).says("扫描二维码")
	if strings.Contains(thief.get("/second-factor").want(200).body, "<svg class=\"qr\"") {
		t.Error("another session sees it")
	}
}

// TestCodeFieldStays: who was asked for a code is asked again after whatever else was wrong, and never sees the code that he has shown.
func TestCodeFieldStays(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.turnOn(s.as("town.a"))
	asked := s.browser().get("/sign-in").form("sign-in").set("username", "town.a", "password", password).send().want(401)
	again := asked.form("sign-in").set("username", "town.a", "password", "wrong", "code", "123456").send().want(401)
	if !strings.Contains(again.body, `name="code"`) || strings.Contains(again.body, "123456") {
		t.Error("after a wrong password the code is not asked for, or shown")
	}
	for range 6 {
		again = asked.form("sign-in").set("username", "town.a", "password", password, "code", "123456").send()
	}
	if again.want(429); !strings.Contains(again.body, `name="code"`) {
		t.Error("the code is not asked for after too many")
	}
}

// setsUp sets up the second factor in the browser of a phone, as somebody does who was led to its page.
func (p *phone) setsUp(s *site) {
	p.t.Helper()
	p.until(`location.pathname === "/second-factor" ? document.readyState === "complete" : void document.querySelector('a[href="/second-factor"]')?.click()`) // the page leads to itself, too
	p.fill("password", password)
	press := func(do string) {
		onPhone(p, chromedp.Evaluate[bool]("(document.querySelector('button[value="+do+"]').click(), true)")) // in the language of the browser
	}
	press("begin")
	p.until(`document.querySelector("svg.qr")`)
	(&tab{p.t, s, p.ctx}).wantNoBarriers("second-factor-begun")
	secret := onPhone(p, chromedp.Evaluate[string](`document.querySelector("p.now").textContent`))
	code, err := auth.CodeAt(strings.ReplaceAll(secret, " ", ""), s.clock.Now())
	must(p.t, err)
	p.fill("code", code)
	press("confirm")
	p.until(`document.querySelectorAll("code").length === 10`)
}

// TestPhoneIsLedToTheFactor: a phone whose owner needs a factor says so, keeps what waits and sends it when he has one; a new phone leads there
// before it is set up.
func TestPhoneIsLedToTheFactor(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.nowIsNow()
	p := s.phone()
	p.enrol("liaison.a")
	p.enterOffline(48)
	onPhone(p, chromedp.Navigate("about:blank")) // nothing looks when the network comes back
	p.online(true)
	s.desk.FactorRoles = []access.Role{access.VillageLiaison}
	p.open()
	p.unlock()
	p.until(says("您的角色须先开启动态口令") + ` && ` + says("未上传 1") + ` && ` + says("等待上传"))
	s.wantFound(48, 0, 0, 0)
	p.setsUp(s)
	p.open()
	p.unlock()
	p.until(says("未上传 0"))
	s.wantFound(48, 1, 1, 0)

	other := s.phone()
	other.open()
	other.fill("username", "liaison.b")
	other.fill("password", password)
	other.press("登录")
	other.until(says("您的角色须先开启动态口令"))
	other.setsUp(s)
	other.open()
	other.until(`document.getElementsByName("pin").length`)
}
