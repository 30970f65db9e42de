package web_test

import (
	"strings"
	"testing"
	"time"

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
