package web_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/auth"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
)

// kept is a cookie that a browser has.
func (b *browser) kept(name string) string {
	b.site.t.Helper()
	at, err := url.Parse(b.site.url)
	if err != nil {
		b.site.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(at) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// signIn signs in once more, in a browser whose session has ended.
func (b *browser) signIn(name, secret, code string) shown {
	at, _ := url.Parse(b.site.url)
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: "zhucan", Path: "/", MaxAge: -1}})
	form := b.get("/sign-in").form("sign-in").set("username", name, "password", secret)
	if code != "" { // which the page asks for once the password was right
		form.values.Set("code", code)
	}
	return form.send()
}

// TestKnownBrowser: who fails on purpose under somebody's name, with the password or without, makes nobody wait in a browser in which he has signed in
// before. Whoever fails there is counted there, and a token of another name is none.
func TestKnownBrowser(t *testing.T) {
	t.Parallel()
	s := start(t)
	signIn := (*browser).signIn
	owner, other, stranger := s.browser(), s.browser(), s.browser()
	signIn(owner, "town.a", password, "").want(303)
	signIn(other, "town.c", password, "").want(303)
	kept := owner.kept("zhucan-device")
	if strings.Contains(kept, "town") || owner.kept("zhucan-device") == other.kept("zhucan-device") {
		t.Errorf("the token is %q", kept)
	}
	for range 8 {
		signIn(stranger, "town.a", "a wrong enough secret", "")
	}
	signIn(stranger, "town.a", password, "").want(429)
	signIn(other, "town.a", password, "").want(429) // it knows another
	signIn(owner, "town.a", password, "").want(303)
	if now := owner.kept("zhucan-device"); now != kept {
		t.Error("each sign-in gives another token, and with it another count")
	}
	for range 8 {
		signIn(owner, "town.a", "a wrong enough secret", "")
	}
	signIn(owner, "town.a", password, "").want(429)

	s.clock.Add(2 * time.Hour)
	signIn(owner, "town.a", password, "").want(303)
	owner.get("/").want(200)
	waits := owner.get("/second-factor").form("begin").set("password", password).send().follow().want(200)
	secret := ""
	for _, p := range all(waits.doc, "p") {
		if attr(p, "class") == "now" {
			secret = strings.ReplaceAll(textOf(p), " ", "")
		}
	}
	code := func() string {
		text, err := auth.CodeAt(secret, s.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	waits.form("confirm").set("code", code()).send().want(303)
	s.clock.Add(time.Minute)
	for range 8 {
		signIn(stranger, "town.a", password, "000000") // who has got hold of the password
	}
	signIn(stranger, "town.a", password, code()).want(429)
	signIn(owner, "town.a", password, code()).want(303)
	if n := s.looked("town.a", password, "000000", "WRONG_CODE"); n < 20 || n > 60 {
		t.Errorf("%d codes were looked at in a moment", n)
	}
}

// looked says how many of many attempts, in as many browsers in which somebody has signed in, are looked at in a moment.
func (s *site) looked(name, secret, code, refusal string) (n int) {
	s.t.Helper()
	tokens := make([]string, 40)
	for i := range tokens {
		var err error
		tokens[i], err = s.desk.KnownDevice(s.t.Context(), access.Actor{Username: name}, "")
		must(s.t, err)
	}
	for range 3 {
		for _, token := range tokens {
			_, _, err := s.desk.LoginBrowser(s.t.Context(), casework.Credentials{Username: name, Password: secret, Code: code, Device: token}, "", netip.MustParseAddr("192.0.2.7"), "")
			if fault.Is(err, refusal) {
				n++
			}
		}
	}
	return n
}

// TestWhoKnewThePassword: who has signed in with somebody's password in many browsers is a stranger in each of them once it is another: he guesses no more
// than one, and does not make its owner wait where that has been changed, not even from the same network.
func TestWhoKnewThePassword(t *testing.T) {
	t.Parallel()
	s := start(t)
	const next = "another long secret"
	owner := s.browser()
	owner.signIn("town.a", password, "").want(303)
	theirs := make([]*browser, 15)
	for i := range theirs {
		theirs[i] = s.browser()
		theirs[i].signIn("town.a", password, "").want(303)
	}
	owner.get("/password").form("change").set("current_password", password, "new_password", next, "again_password", next).send().want(303)
	looked, waited := 0, time.Duration(0)
	for n := 0; n < 1000 && waited < 55*time.Minute; n++ {
		sh := theirs[n%len(theirs)].signIn("town.a", "a wrong enough secret", "")
		if sh.status == http.StatusTooManyRequests {
			seconds, _ := strconv.Atoi(sh.header.Get("Retry-After"))
			if wait := time.Duration(seconds) * time.Second; waited+wait < 55*time.Minute {
				s.clock.Add(wait)
				waited += wait
				continue
			}
			break
		}
		looked++
	}
	if looked > 20 {
		t.Errorf("%d guesses of an hour were looked at", looked)
	}
	if sh := owner.signIn("town.a", next, ""); sh.status != http.StatusSeeOther {
		t.Errorf("the owner is answered %d, and may come again in %s seconds", sh.status, sh.header.Get("Retry-After"))
	}
}
