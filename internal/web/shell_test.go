package web_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/net/html"

	"zhucan/internal/casework"
)

// checkHeaders holds the table of headers on every answer of every test.
func (sh shown) checkHeaders(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
		"Strict-Transport-Security": "max-age=31536000", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy": "camera=(), geolocation=(), microphone=()"} {
		if got := sh.header.Get(name); got != value {
			t.Errorf("%s: %s is %q, want %q", sh.path, name, got, value)
		}
	}
	csp := sh.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("%s: the policy has no %s: %s", sh.path, want, csp)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("%s: the policy is unsafe: %s", sh.path, csp)
	}
	if strings.HasPrefix(sh.path, "/assets/") && sh.status == 200 {
		return
	}
	if got := sh.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("%s: Cache-Control is %q", sh.path, got)
	}
}

var missing = regexp.MustCompile(`⟦[^⟧]*⟧`)

// checkPage holds what is true of every page: nothing inline, one heading, labels, landmarks, no id twice, all texts there.
func checkPage(t *testing.T, name string, sh shown) {
	t.Helper()
	if key := missing.FindString(sh.body); key != "" {
		t.Errorf("%s: the catalogue has no text %s", name, key)
	}
	for what, most := range map[string]int{"main": 1, "h1": 1, "title": 1} {
		n := len(all(sh.doc, what))
		for _, svg := range all(sh.doc, "svg") {
			n -= len(all(svg, what)) // a picture has titles of its own
		}
		if n != most {
			t.Errorf("%s: %d elements %s", name, n, what)
		}
	}
	labelled, ids := map[string]bool{}, map[string]bool{}
	for _, n := range all(sh.doc, "label") {
		labelled[attr(n, "for")] = true
	}
	for _, n := range all(sh.doc, "*") {
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("%s: the id %s is there twice", name, id)
			}
			ids[id] = true
		}
	}
	for _, n := range all(sh.doc, "*") {
		checkElement(t, name, n, labelled, ids)
	}
	if len(sh.body) > 100<<10 {
		t.Errorf("%s: the page alone has %d bytes", name, len(sh.body))
	}
}

func checkElement(t *testing.T, name string, n *html.Node, labelled, ids map[string]bool) {
	t.Helper()
	for _, a := range n.Attr {
		if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key != "value" && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
			t.Errorf("%s: <%s %s=%q>", name, n.Data, a.Key, a.Val)
		}
		if (a.Key == "src" || a.Key == "href" || a.Key == "action") && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") || strings.HasPrefix(a.Val, "//") {
			t.Errorf("%s: <%s> leads to %q", name, n.Data, a.Val)
		}
		if a.Key == "href" && strings.HasPrefix(a.Val, "#") && !ids[a.Val[1:]] {
			t.Errorf("%s: nothing has the id %s", name, a.Val)
		}
		if a.Key == "aria-describedby" || a.Key == "aria-labelledby" {
			for _, id := range strings.Fields(a.Val) {
				if !ids[id] {
					t.Errorf("%s: %s names %s, which is not there", name, a.Key, id)
				}
			}
		}
	}
	switch n.Data {
	case "style", "iframe", "object", "embed", "base":
		t.Errorf("%s: an element %s", name, n.Data)
	case "script":
		if n.FirstChild != nil || attr(n, "src") == "" {
			t.Errorf("%s: a script stands in the page", name)
		}
	case "input", "select", "textarea":
		if kind := attr(n, "type"); kind != "hidden" && !labelled[attr(n, "id")] && attr(n, "aria-label") == "" {
			t.Errorf("%s: %s %s has no label", name, n.Data, attr(n, "name"))
		}
	case "form":
		if attr(n, "method") == "post" {
			checkForm(t, name, n)
		}
	case "img":
		if !has(n, "alt") {
			t.Errorf("%s: a picture without a text", name)
		}
	}
}

func checkForm(t *testing.T, name string, f *html.Node) {
	t.Helper()
	for _, i := range all(f, "input") {
		if attr(i, "name") == "csrf" && len(attr(i, "value")) > 20 {
			return
		}
	}
	t.Errorf("%s: a form to %s without a token", name, attr(f, "action"))
}

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser()
	first := b.get("/?x=1")
	if to := first.want(303).header.Get("Location"); to != "/sign-in?next=%2F%3Fx%3D1" {
		t.Errorf("a stranger is sent to %s", to)
	}
	b.get("/sign-in").form("sign-in").set("username", "liaison.a", "password", "wrong").send().want(401).says("用户名或密码不正确")
	in := b.get("/sign-in").form("sign-in").set("username", "liaison.a", "password", password).send().want(303)
	cookie := in.header.Get("Set-Cookie")
	for _, want := range []string{"zhucan=", "HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie has no %s: %s", want, cookie)
		}
	}
	home := b.get("/").want(200).says("今日工作", "村居专职委员")
	old := b.client.Jar.Cookies(home.origin())
	out := home.formTo("/sign-out").send().want(303)
	if got := out.header.Get("Clear-Site-Data"); got != `"cache"` {
		t.Errorf("Clear-Site-Data is %q", got)
	}
	for _, c := range b.client.Jar.Cookies(home.origin()) {
		if c.Name != "zhucan-device" { // which says only that somebody has signed in here
			t.Errorf("the browser still has the cookie %s", c.Name)
		}
	}
	b.get("/").want(303)
	thief := s.browser()
	thief.client.Jar.SetCookies(home.origin(), old)
	thief.get("/").want(303) // the cookie of before is worth nothing
	out.follow().says("已退出登录")
}

// TestSessionEndsAtOnce: a disabled account, another sign-in in the same browser and a moved role act on the next request.
func TestSessionEndsAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("town.a")
	home := b.get("/").want(200)
	old := b.client.Jar.Cookies(home.origin())
	again := s.browser()
	again.client.Jar.SetCookies(home.origin(), old)
	sign := s.browser().get("/sign-in").form("sign-in")
	sign.page.b.client.Jar.SetCookies(home.origin(), old)
	sign.set("username", "town.a", "password", password).send().want(303)
	again.get("/").want(303) // rotated: what was known before the sign-in names nothing
	b = sign.page.b
	b.get("/").want(200)
	off := true
	a := s.accounts["town.a"]
	if _, err := s.desk.UpdateAccount(context.Background(), s.actor("admin"), a.ID, a.Version, casework.AccountPatch{Disabled: &off}); err != nil {
		t.Fatal(err)
	}
	b.get("/").want(303)
}

// TestOwnPassword: the current one is asked for, a weak one is refused, none is shown again or kept; the other sessions end and this one stays.
func TestOwnPassword(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	elsewhere := s.browser()
	elsewhere.get("/sign-in").form("sign-in").set("username", "liaison.a", "password", password).send().want(303)
	program, err := s.desk.Login(context.Background(), casework.Credentials{Username: "liaison.a", Password: password}, parseAddr("127.0.0.2"), "")
	must(t, err)
	page := b.get(b.get("/").link("更改密码")).want(200)
	page.form("change").send().want(422).says("请填写此项")
	next := " 一条够长的密码 with blanks "
	form := page.form("change").set("current_password", "not this one at all", "new_password", next, "again_password", next)
	wrong := form.send().want(422).says("当前密码不正确")
	for _, secret := range []string{"not this one", "一条够长的密码"} {
		if strings.Contains(wrong.body, secret) {
			t.Errorf("the page sends %q back", secret)
		}
	}
	form.set("current_password", password, "again_password", next+"x").send().want(422).says("两次输入的新密码不一致")
	form.set("new_password", "liaison.a liaison.a", "again_password", "liaison.a liaison.a").send().want(422).says("密码不能包含用户名")
	form.set("new_password", next, "again_password", next).send().follow().want(200).says("密码已更改")
	form.send().want(422).says("当前密码不正确") // sent again, it changes nothing
	elsewhere.get("/").want(303)
	if _, err := s.desk.Refresh(context.Background(), program.Refresh, ""); err == nil {
		t.Error("the session of a program goes on")
	}
	b.get("/").want(200)
	fresh := s.browser()
	fresh.get("/sign-in").form("sign-in").set("username", "liaison.a", "password", strings.TrimSpace(next)).send().want(401)
	fresh.get("/sign-in").form("sign-in").set("username", "liaison.a", "password", next).send().want(303)
	for range 4 {
		form.send().want(422)
	}
	if sh := form.send().want(http.StatusTooManyRequests).says("稍后再试"); sh.header.Get("Retry-After") == "" {
		t.Error("nobody says how long to wait")
	}
	if kept := s.keptKeys(); kept != 0 {
		t.Errorf("%d digests of forms with passwords are kept", kept)
	}
}

// keptKeys is how many keys of forms are kept with what the forms said.
func (s *site) keptKeys() (n int) {
	s.t.Helper()
	must(s.t, s.desk.DB.Read(context.Background(), s.actor("liaison.a"), func(b *pgx.Batch) {
		b.Queue("SELECT count(*) FROM idempotency_keys").QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
	}))
	return n
}

func TestForgedForms(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	out := func() *filled { return b.get("/").formTo("/sign-out") }
	out().headers("Sec-Fetch-Site", "cross-site").send().want(403).says("其他网站")
	out().headers("Sec-Fetch-Site", "same-site").send().want(403)
	out().headers("Origin", "https://evil.example").send().want(403)
	out().headers("Origin", "null").send().want(403)
	out().set("csrf", "").send().want(403).says("表单已失效")
	out().set("csrf", s.as("town.a").get("/").formTo("/sign-out").values.Get("csrf")).send().want(403) // another session's
	b.do("POST", "/sign-out", strings.NewReader(`{"csrf":"x"}`), "Content-Type", "application/json").want(415)
	// the cookie of the session is not sent from another site, but an answer could take it away, and leave the session open behind somebody who thinks that he has gone
	afar := s.browser().do("POST", "/sign-out", strings.NewReader("x=1"), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site").want(403)
	if taken := strings.Join(afar.header.Values("Set-Cookie"), " "); strings.Contains(taken, "zhucan=") {
		t.Errorf("another site takes the session away: %s", taken)
	}
	b.get("/").want(200) // still signed in
	s.browser().get("/sign-in").form("sign-in").set("csrf", "x", "username", "liaison.a", "password", password).send().want(403)
	s.browser().get("/sign-in").form("sign-in").headers("Sec-Fetch-Site", "cross-site").set("username", "liaison.a", "password", password).send().want(403)
	out().headers("Sec-Fetch-Site", "same-origin").send().want(303)
}

// TestNextStaysHere: signing in leads to a page of this site only.
func TestNextStaysHere(t *testing.T) {
	t.Parallel()
	s := start(t)
	for asked, want := range map[string]string{"//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/", "/sign-out": "/", "/?x=1": "/?x=1", "javascript:alert(1)": "/"} {
		got := s.browser().get("/sign-in").form("sign-in").set("username", "stats", "password", password, "next", asked).send().want(303).header.Get("Location")
		if got != want {
			t.Errorf("next %q leads to %q, want %q", asked, got, want)
		}
	}
}

// TestThrottleIsShared: the sign-ins of pages and of programs are counted together.
func TestThrottleIsShared(t *testing.T) {
	t.Parallel()
	s := start(t)
	client := parseAddr("127.0.0.1")
	for range 5 {
		s.desk.Login(context.Background(), casework.Credentials{Username: "liaison.a", Password: "wrong"}, client, "")
	}
	sh := s.browser().get("/sign-in").form("sign-in").set("username", "liaison.a", "password", password).send().want(http.StatusTooManyRequests)
	if sh.header.Get("Retry-After") == "" {
		t.Error("nobody says how long to wait")
	}
	sh.says("稍后再试")
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser()
	b.get("/sign-in", "Accept-Language", "en-GB,en").want(200).says("Sign in", "User name")
	b.get("/sign-in").says("登录").formTo("/language").send().want(303)
	if sh := b.get("/sign-in").says("Sign in"); attr(all(sh.doc, "html")[0], "lang") != "en" {
		t.Error("the page does not say that it is in English")
	}
	b.get("/nothing/here").want(404).says("This cannot be done")
	b.get("/sign-in").formTo("/language").send().want(303)
	b.get("/sign-in", "Accept-Language", "en").says("用户名")
}

func TestErrorsAndAssetsHaveHeaders(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser() // do looks at the headers of each
	b.get("/nothing").want(404)
	b.do("DELETE", "/", nil).want(405)
	b.get("/assets/app.css").want(404)
	b.get("/assets/../web.go")
	page := b.get("/sign-in")
	total := len(page.body)
	for _, n := range append(all(page.doc, "link"), all(page.doc, "script")...) {
		at := attr(n, "href") + attr(n, "src")
		a := b.get(at).want(200)
		if !strings.Contains(a.header.Get("Cache-Control"), "immutable") || a.header.Get("Content-Type") == "" {
			t.Errorf("%s: %v", at, a.header)
		}
		total += len(a.body)
	}
	css := regexp.MustCompile(`app-[0-9a-f]+\.css`).FindString(page.body)
	if n := len(b.get("/assets/" + css).body); n > 20<<10 {
		t.Errorf("the style sheet has %d bytes", n)
	}
	if total > 150<<10 {
		t.Errorf("the first load is %d bytes", total)
	}
	t.Logf("sign-in with all it loads: %d bytes", total)
}
