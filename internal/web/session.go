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
	onceCookie     = "zhucan-once"     // what is told once, until the next page has told it
	languageCookie = "zhucan-language" // zh or en
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

// csrf ties a form to the session that it is shown in, or, before one is open, to the browser. The token says nothing of the
// cookie that it is made from.
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
	Next string
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
	return s.showSignIn(c, v, http.StatusOK)
}

func (s *Site) showSignIn(c echo.Context, v *visit, status int) error {
	v.title = "signin.title"
	next := v.query.Get("next")
	if v.form != nil {
		next = v.form.Get("next")
	}
	form := v.newForm("sign-in", "signin.submit", &Field{Name: "next", Kind: "hidden", Value: nextOf(next)},
		&Field{Name: "username", Label: v.t("signin.username"), Kind: "text", Need: true, Auto: "username", Max: 64},
		&Field{Name: "password", Label: v.t("signin.password"), Kind: "password", Need: true, Auto: "current-password", Max: 200})
	form.Action = "/sign-in"
	return s.render(c, v, "sign-in", status, signInData{Form: form})
}

// signIn opens a session under a cookie that did not exist before. Failures slow down as those of the JSON face do, together.
func (s *Site) signIn(c echo.Context) error {
	v := s.visit(c, nil)
	if err := v.readForm(c); err != nil {
		return err
	}
	v.do = "sign-in"
	client, _ := netip.ParseAddr(c.RealIP())
	cookie, err := s.Desk.LoginBrowser(v.ctx, v.form.Get("username"), v.form.Get("password"), v.cookie(sessionCookie), client, requestID(c))
	if f, ok := fault.Of(err); ok && (f.Kind == fault.Unauthenticated || f.Kind == fault.TooMany) {
		if v.fault = f; f.RetryAfter > 0 {
			c.Response().Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		return s.showSignIn(c, v, f.Kind.Status())
	}
	if err != nil {
		return err
	}
	v.setCookie(sessionCookie, cookie, int(casework.SessionLife.Seconds()))
	v.setCookie(formCookie, "", -1)
	return c.Redirect(http.StatusSeeOther, nextOf(v.form.Get("next")))
}

// signOut ends the session and has the browser forget what it kept of it: the cookies of the session, and every page and answer.
// The chosen language stays, and so does what a phone has captured and not yet sent, which is sealed and would be lost.
func (s *Site) signOut(c echo.Context) error {
	v := s.visit(c, nil)
	var err error
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
	for _, name := range []string{sessionCookie, onceCookie, formCookie} {
		v.setCookie(name, "", -1)
	}
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
