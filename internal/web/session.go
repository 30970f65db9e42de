package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"zhucan/internal/casework"
	"zhucan/internal/fault"
)

// The cookies. Where people come by TLS alone each has the prefix that lets nobody else set it.
const (
	sessionCookie  = "zhucan"
	formCookie     = "zhucan-form"     // what the forms of nobody in particular are tied to: signing in, choosing a language
	onceCookie     = "zhucan-once"     // and the path of a record: what its page tells once, until it has told it
	languageCookie = "zhucan-language" // zh or en
	deviceCookie   = "zhucan-device"   // that somebody has signed in here before: see casework.Credentials
)

const year = 365 * 24 * 60 * 60 // seconds

var notSignedIn = fault.New(fault.Unauthenticated, "NOT_SIGNED_IN", "登录已失效，请重新登录", "sign in again")

func (v *visit) cookieName(name string) string {
	if v.secure {
		return "__Host-" + name
	}
	return name
}

func (v *visit) cookie(name string) string {
	c, err := v.echo.Cookie(v.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie for some seconds; an age below 0 removes it.
func (v *visit) setCookie(name, value string, age int) {
	v.echo.SetCookie(&http.Cookie{Name: v.cookieName(name), Value: value, Path: "/", MaxAge: age, Secure: v.secure, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// stillKnown makes this browser known again, after somebody has changed in it what he signs in with.
func (v *visit) stillKnown(err error) error {
	if err != nil {
		return err
	}
	device, err := v.desk.KnownDevice(v.ctx, v.who, v.cookie(deviceCookie))
	if err == nil {
		v.setCookie(deviceCookie, device, year)
	}
	return err
}

// onceCookieOf is the cookie of what is told once of a record. The record stands in its name: another page that is opened meanwhile neither
// tells nor takes it, and what is told of several waits side by side.
func onceCookieOf(record string) string { return onceCookie + strings.ReplaceAll(record, "/", "-") }

// tellOnce has the page that an act leads to tell something once, within a minute.
func (v *visit) tellOnce(next, secret string) {
	record, _, _ := strings.Cut(next, "?")
	v.setCookie(onceCookieOf(record), secret, 60)
}

// toldOnce is what the page of this record tells once.
func (v *visit) toldOnce() string {
	name := onceCookieOf(v.path)
	secret := v.cookie(name)
	if secret != "" {
		v.setCookie(name, "", -1)
	}
	return secret
}

// forgetOnce removes what waits to be told: it is for nobody who signs in after.
func (v *visit) forgetOnce() {
	for _, c := range v.echo.Cookies() {
		if record, ok := strings.CutPrefix(c.Name, v.cookieName(onceCookie)); ok {
			v.setCookie(onceCookie+record, "", -1)
		}
	}
}

// csrf is a token that ties a form to the session in which it is shown or, before there is one, to the browser. It tells nothing of the
// cookie from which it is made.
func (v *visit) csrf() string {
	cookie := v.cookie(sessionCookie)
	if !v.known {
		cookie = v.cookie(formCookie)
		if cookie == "" && v.newCookie == "" {
			v.newCookie = rand.Text()
			v.setCookie(formCookie, v.newCookie, 12*60*60)
		}
		if cookie == "" {
			cookie = v.newCookie
		}
	}
	return tokenOf(cookie)
}

func tokenOf(cookie string) string {
	sum := sha256.Sum256([]byte("form of " + cookie))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (v *visit) goodToken(token string) bool {
	cookie := v.cookie(sessionCookie)
	if !v.known {
		cookie = v.cookie(formCookie)
	}
	return cookie != "" && subtle.ConstantTimeCompare([]byte(token), []byte(tokenOf(cookie))) == 1
}

var crossOrigin = http.NewCrossOriginProtection()

// sameOrigin refuses what another site sends, by what the browser says of where it comes from.
func sameOrigin(in *http.Request) error {
	if err := crossOrigin.Check(in); err != nil {
		return fault.New(fault.Forbidden, "CROSS_ORIGIN", "不接受来自其他网站的提交", "forms of other sites are not taken").Wrap(err)
	}
	return nil
}

type signInData struct {
	Form *Form
	Kept bool // what was entered goes on with the form
}

func (s *Site) signInPage(c echo.Context) error {
	v := s.visit(c, nil)
	var err error
	if v.who, v.known, err = s.Desk.ActorOfCookie(v.ctx, v.cookie(sessionCookie)); err != nil {
		return err
	}
	if v.known {
		return c.Redirect(http.StatusSeeOther, nextOf(v.query.Get("next")))
	}
	return s.showSignIn(c, v, http.StatusOK, v.query.Get("next"), "")
}

// keptField carries what was entered in a form over the sign-in that it took to send it.
const keptField = "kept"

func (s *Site) showSignIn(c echo.Context, v *visit, status int, next, kept string) error {
	v.title = "signin.title"
	form := v.newForm("sign-in", "signin.submit", &Field{Name: "next", Kind: "hidden", Value: nextOf(next)},
		&Field{Name: "username", Label: v.t("signin.username"), Kind: "text", Need: true, Auto: "username", Max: 64},
		&Field{Name: "password", Label: v.t("signin.password"), Kind: "password", Need: true, Auto: "current-password", Max: 200})
	if len(s.Desk.FactorRoles) > 0 || v.form.Has("code") || v.fault != nil && v.fault.Code == "CODE_REQUIRED" { // once asked for, it stays, but is not shown again
		v.form.Del("code")
		form.Fields = append(form.Fields, &Field{Name: "code", Label: v.t("factor.code"), Hint: v.t("factor.code.hint"), Kind: "text", Auto: "one-time-code", Max: 40})
	}
	form.Action = "/sign-in"
	if kept != "" {
		form.Fields = append(form.Fields, &Field{Name: keptField, Kind: "hidden", Value: kept})
	}
	return s.render(c, v, "sign-in", status, signInData{Form: form, Kept: kept != ""})
}

// signInToGoOn shows the sign-in to somebody whose session has run out while he filled in a form, and keeps what he has entered. A page
// that was only looked at goes through the sign-in by its address.
func (s *Site) signInToGoOn(c echo.Context, v *visit) error {
	if err := v.readFields(c, passFiles); err != nil {
		return err
	}
	kept := url.Values{}
	for name, values := range v.form {
		if name != "csrf" && !strings.HasSuffix(name, "password") && !v.page.bare { // whose forms hold codes, too, and nothing long
			kept[name] = values
		}
	}
	v.page, v.form = nil, nil
	return s.showSignIn(c, v, http.StatusUnauthorized, v.here(), kept.Encode())
}

// signIn opens a session under a cookie that did not exist before. Failures slow down as those of the JSON face do, together.
func (s *Site) signIn(c echo.Context) error {
	v := s.visit(c, nil)
	if err := v.readForm(c); err != nil {
		return err
	}
	v.do = "sign-in"
	next, kept := v.form.Get("next"), v.form.Get(keptField)
	client, _ := netip.ParseAddr(c.RealIP())
	cookie, device, err := s.Desk.LoginBrowser(v.ctx, casework.Credentials{Username: v.form.Get("username"), Password: v.form.Get("password"), Code: v.form.Get("code"), Device: v.cookie(deviceCookie)}, v.cookie(sessionCookie), client, requestID(c))
	if f, ok := fault.Of(err); ok && (f.Kind == fault.Unauthenticated || f.Kind == fault.TooMany) {
		if v.fault = f; f.RetryAfter > 0 {
			c.Response().Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		return s.showSignIn(c, v, f.Kind.Status(), next, kept)
	}
	if err != nil {
		return err
	}
	v.setCookie(sessionCookie, cookie, int(casework.SessionLife.Seconds()))
	v.setCookie(deviceCookie, device, year)
	v.setCookie(formCookie, "", -1)
	v.forgetOnce()
	if kept != "" {
		return s.goOn(c, v, cookie, nextOf(next), kept)
	}
	return c.Redirect(http.StatusSeeOther, nextOf(next))
}

var notSentYet = fault.New(fault.Conflict, "NOT_SENT_YET", "登录曾失效，刚才填写的内容还没有提交。请核对后再次提交；照片等文件须重新选择。", "You had been signed out, and what you entered was not sent. Look at it and send it again; files have to be chosen anew.")

// goOn shows the page of a form that came too late, as it was filled in, in the session that has just begun.
func (s *Site) goOn(c echo.Context, signed *visit, cookie, address, kept string) error {
	form, err := url.ParseQuery(kept)
	if err != nil {
		return badForm
	}
	in := c.Request().Clone(signed.ctx)
	if in.URL, err = url.Parse(address); err != nil {
		return badForm
	}
	in.Method = http.MethodGet
	in.Header.Del("Cookie")
	for _, old := range c.Request().Cookies() {
		if old.Name != signed.cookieName(sessionCookie) {
			in.AddCookie(old)
		}
	}
	in.AddCookie(&http.Cookie{Name: signed.cookieName(sessionCookie), Value: cookie})
	there := c.Echo().NewContext(in, c.Response())
	c.Echo().Router().Find(http.MethodGet, in.URL.Path, there)
	p := pageOf(there.Path())
	if p == nil {
		return c.Redirect(http.StatusSeeOther, "/")
	}
	v, err := s.enter(there, p)
	if err != nil {
		return err
	}
	if err := v.clean(form); err != nil {
		return err
	}
	v.do, v.key, v.kept, v.fault = form.Get("do"), form.Get("key"), true, notSentYet
	return s.show(there, v, http.StatusOK)
}

// alive is what a page asks for while somebody types: the session goes on, as with any other request.
func (s *Site) alive(c echo.Context) error {
	v := s.visit(c, nil)
	_, known, err := s.Desk.ActorOfCookie(v.ctx, v.cookie(sessionCookie))
	if err == nil && !known {
		err = notSignedIn
	}
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// signOut ends the session and has the browser forget what it kept of it: the cookies of the session, and every page and answer. It is
// told to clear its cache alone: to clear its storage, too, would take what a phone has captured and not yet sent, which is sealed, and
// the worker that opens the page without a network; to clear all cookies, the chosen language.
func (s *Site) signOut(c echo.Context) error {
	v := s.visit(c, nil)
	err := sameOrigin(c.Request()) // its cookie does not come along then, but the answer would take it away
	if err != nil {
		return err
	}
	if v.who, v.known, err = s.Desk.ActorOfCookie(v.ctx, v.cookie(sessionCookie)); err != nil {
		return err
	}
	if v.known {
		if err := v.readForm(c); err != nil {
			return err
		}
		v.who.RequestID = requestID(c)
		if err := s.Desk.Logout(v.ctx, v.who); err != nil {
			return err
		}
	}
	v.setCookie(sessionCookie, "", -1)
	v.setCookie(formCookie, "", -1)
	v.forgetOnce()
	c.Response().Header().Set("Clear-Site-Data", `"cache"`)
	return c.Redirect(http.StatusSeeOther, "/sign-in?done=signed_out")
}

func (s *Site) chooseLanguage(c echo.Context) error {
	v := s.visit(c, nil)
	var err error
	if v.who, v.known, err = s.Desk.ActorOfCookie(v.ctx, v.cookie(sessionCookie)); err != nil {
		return err
	}
	if err := v.readForm(c); err != nil {
		return err
	}
	language := "zh"
	if v.form.Get("to") == "en" {
		language = "en"
	}
	v.setCookie(languageCookie, language, year)
	return c.Redirect(http.StatusSeeOther, nextOf(v.form.Get("next")))
}

// nextOf is a place of this site to go on to; everything else is the start.
func nextOf(asked string) string {
	u, err := url.Parse(asked)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(asked, "/") || strings.HasPrefix(asked, "//") ||
		strings.ContainsAny(asked, "\\\r\n\t") || strings.HasPrefix(asked, "/sign-") {
		return "/"
	}
	return asked
}
