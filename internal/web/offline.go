package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zhucan/internal/casework"
	"zhucan/internal/fault"
)

// The part of the pages that works without a network: one page that a phone keeps (the shell), and what its scripts ask for. The
// shell says nothing of anybody. What is personal comes as JSON, is never kept by the browser's own cache nor by the service worker,
// and lies on the phone sealed.
const (
	shellPath = "/offline/"
	itemsPath = "/offline/items"
)

// shellPolicy is contentPolicy with the one thing that the shell needs beside it: to name the script of its service worker.
var shellPolicy = strings.Replace(contentPolicy, "trusted-types 'none'", "trusted-types zhucan-worker", 1)

// offline adds the routes.
func (s *Site) offline(e *echo.Echo) {
	reads(e, "/offline", func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, shellPath) })
	reads(e, shellPath, s.shell)
	reads(e, "/offline/sw.js", s.worker)
	reads(e, "/offline/manifest.webmanifest", s.manifest)
	reads(e, "/offline/hello", s.talk(false, hello))
	e.GET("/offline/files", s.talk(true, files)) // leaves an entry in the audit, as the pages that have a trace
	e.POST("/offline/sign-in", s.talk(false, phoneSignIn))
	e.POST("/offline/phones", s.talk(true, enrolPhone))
	e.POST("/offline/open", s.talk(true, openPhone))
	e.POST("/offline/contact", s.talk(true, phoneContact))
	e.POST(itemsPath, s.talk(true, takeItem))
}

type shellData struct{ Texts, Other, Manifest string }

// shell is the page, the same for everybody in a language.
func (s *Site) shell(c echo.Context) error {
	page, err := s.shellPage(c.QueryParam("lang") == "en")
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Security-Policy", shellPolicy)
	return c.HTMLBlob(http.StatusOK, page)
}

func (s *Site) shellPage(english bool) ([]byte, error) {
	said := map[string]string{}
	for key := range texts() {
		if name, ok := strings.CutPrefix(key, "offline.say."); ok {
			key = "offline.say." + name
			said[name] = say(english, key)
		}
	}
	list, err := json.Marshal(said)
	if err != nil {
		return nil, err
	}
	data := shellData{Texts: string(list), Other: shellPath + "?lang=en", Manifest: "/offline/manifest.webmanifest"}
	if english {
		data.Other, data.Manifest = shellPath, data.Manifest+"?lang=en"
	}
	view, err := s.views.of("offline", english)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := view.ExecuteTemplate(&out, "shell", data); err != nil {
		return nil, fmt.Errorf("write the shell: %w", err)
	}
	return out.Bytes(), nil
}

// kept is what the service worker keeps: the shell in both languages and what it loads.
func (s *Site) kept() ([]string, error) {
	list := []string{shellPath, shellPath + "?lang=en", "/offline/manifest.webmanifest", "/offline/manifest.webmanifest?lang=en"}
	for _, name := range []string{"app.css", "offline.css", "app.js", "offline-box.js", "offline.js", "icon.svg", "icon-192.png", "icon-512.png"} {
		at, err := s.assets.path(name)
		if err != nil {
			return nil, err
		}
		list = append(list, at)
	}
	return list, nil
}

// worker is the script of the service worker behind the list of what it keeps. Its name stays, so a browser finds the next one: what
// is kept is part of it, by hash, so another shell is another script.
func (s *Site) worker(c echo.Context) error {
	list, err := s.kept()
	if err != nil {
		return err
	}
	edition := sha256.New()
	for _, english := range []bool{false, true} {
		page, err := s.shellPage(english)
		if err != nil {
			return err
		}
		edition.Write(page)
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	at, err := s.assets.path("sw.js")
	if err != nil {
		return err
	}
	code := s.assets.contents[strings.TrimPrefix(at, "/assets/")].content
	return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", fmt.Appendf(nil, "const kept = %s, edition = \"%x\";\n%s", text, edition.Sum(nil)[:8], code))
}

// manifest lets a phone put the page beside its other programs.
func (s *Site) manifest(c echo.Context) error {
	english, at := c.QueryParam("lang") == "en", shellPath
	if english {
		at += "?lang=en"
	}
	small, err := s.assets.path("icon-192.png")
	if err != nil {
		return err
	}
	large, err := s.assets.path("icon-512.png")
	if err != nil {
		return err
	}
	icon := func(src, sizes string) map[string]string {
		return map[string]string{"src": src, "sizes": sizes, "type": "image/png", "purpose": "any"}
	}
	text, err := json.Marshal(map[string]any{"id": shellPath, "name": say(english, "offline.app"), "short_name": say(english, "shell.brand"), "start_url": at, "scope": shellPath,
		"display": "standalone", "background_color": "#f6f5f1", "theme_color": "#0b5c63", "lang": map[bool]string{true: "en", false: "zh-CN"}[english],
		"icons": []any{icon(small, "192x192"), icon(large, "512x512")}})
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/manifest+json", text)
}

// answered is what the scripts are told of something that was refused.
type answered struct {
	Code     string       `json:"code"`
	Message  string       `json:"message"`
	Fields   []toldField  `json:"fields,omitempty"`
	Conflict *conflict    `json:"conflict,omitempty"`
	Known    *knownPerson `json:"known,omitempty"`
	Wait     int          `json:"wait,omitempty"` // seconds
}

type toldField struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

// talk answers the scripts of the shell with JSON. A post has to come from our own page, in the session whose token it shows in
// a header that no form of another site can set.
func (s *Site) talk(signed bool, do func(*visit) (any, error)) echo.HandlerFunc {
	return func(c echo.Context) error {
		v := s.visit(c, nil)
		defer v.finish()
		v.english = c.QueryParam("lang") == "en" // the language of the shell, which the phone keeps in both
		answer, err := v.heard(signed, do)
		if err != nil {
			return s.toldProblem(c, v, err)
		}
		return c.JSON(http.StatusOK, answer)
	}
}

func (v *visit) heard(signed bool, do func(*visit) (any, error)) (any, error) {
	in := v.echo.Request()
	if err := sameOrigin(in); err != nil {
		return nil, err
	}
	who := v.desk.ActorUnseen // the page asks by itself every few minutes; only what somebody has entered says that he is there
	if v.path == itemsPath {
		who = v.desk.ActorOfCookie
	}
	var err error
	if v.who, v.known, err = who(v.ctx, v.cookie(sessionCookie)); err != nil {
		return nil, err
	}
	v.who.RequestID = requestID(v.echo)
	if signed && !v.known {
		return nil, notSignedIn
	}
	if signed && !slices.Contains(offlineRoles, v.who.Role) {
		return nil, forbidden
	}
	if signed && v.desk.NeedsFactor(v.who) {
		return nil, casework.FactorNeeded
	}
	if in.Method == http.MethodPost && !v.goodToken(in.Header.Get("X-CSRF")) {
		return nil, badToken
	}
	return do(v)
}

// offlineRoles are those who go to people: the roles that enter at a village or town desk.
var offlineRoles = roles{liaison, town}

func (s *Site) toldProblem(c echo.Context, v *visit, err error) error {
	f := faultOf(err)
	if f.Kind == fault.Internal || f.Kind == fault.Unavailable {
		s.Log.Error("page failed", "err", err, "request_id", requestID(c))
	}
	s.auditRefusal(v, f)
	t := answered{Code: f.Code, Message: f.Message(v.english), Wait: f.RetryAfter}
	for _, field := range f.Fields {
		t.Fields = append(t.Fields, toldField{field.Name, v.either(field.ZH, field.EN)})
	}
	var more *refusal
	if errors.As(err, &more) {
		t.Conflict, t.Known = more.conflict, more.known
	}
	return c.JSON(f.Kind.Status(), t)
}

// body reads a small JSON object: one, and with nothing in it that the database could not keep.
func (v *visit) body(into any) error {
	in := v.echo.Request()
	if !strings.HasPrefix(in.Header.Get("Content-Type"), "application/json") {
		return fault.New(fault.WrongType, "WRONG_TYPE", "请通过页面提交", "send it from the page")
	}
	text, err := io.ReadAll(in.Body)
	if err != nil {
		return orTooLarge(err)
	}
	if !utf8.Valid(text) || bytes.Contains(text, []byte(`\u0000`)) {
		return badForm
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return badForm.Wrap(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) { // something follows
		return badForm
	}
	return nil
}

// greeting says who is signed in, and the token of what is sent in this session.
type greeting struct {
	CSRF   string   `json:"csrf"`
	User   *userRef `json:"user,omitempty"`   // nobody: signed out
	Acting string   `json:"acting,omitempty"` // for whom the user acts: what waits was entered under his own role, and is not sent under another's
	May    bool     `json:"may"`              // this role works offline
	Factor bool     `json:"factor"`           // the user has yet to set up the second factor that his role needs
	Now    string   `json:"now"`
}

type userRef struct {
	ID       uuid.UUID `json:"id"`
	Username string    `json:"username"`
	Name     string    `json:"name"`
}

func hello(v *visit) (any, error) {
	return v.greeting(v.csrf()), nil
}

func (v *visit) greeting(csrf string) greeting {
	g := greeting{CSRF: csrf, Acting: v.who.Principal, Now: v.desk.Now().Format(time.RFC3339)}
	if v.known {
		g.User, g.May = &userRef{v.who.AccountID, v.who.Username, v.who.Name}, slices.Contains(offlineRoles, v.who.Role)
		g.Factor = v.desk.NeedsFactor(v.who)
	}
	return g
}

// phoneSignIn is the sign-in of the page, without leaving what is being entered.
func phoneSignIn(v *visit) (any, error) {
	var in struct {
		Username string `json:"username"`
		Password string `json:"password"`
		Code     string `json:"code"`
	}
	if err := v.body(&in); err != nil {
		return nil, err
	}
	client, _ := netip.ParseAddr(v.echo.RealIP())
	cookie, device, err := v.desk.LoginBrowser(v.ctx, casework.Credentials{Username: strings.TrimSpace(in.Username), Password: in.Password, Code: in.Code, Device: v.cookie(deviceCookie)}, v.cookie(sessionCookie), client, requestID(v.echo))
	if err != nil {
		return nil, err
	}
	v.setCookie(sessionCookie, cookie, int(casework.SessionLife.Seconds()))
	v.setCookie(deviceCookie, device, year)
	v.setCookie(formCookie, "", -1)
	if v.who, v.known, err = v.desk.ActorOfCookie(v.ctx, cookie); err != nil {
		return nil, err
	}
	return v.greeting(tokenOf(cookie)), nil
}

type phoneKey struct {
	Phone  uuid.UUID `json:"phone"`
	Secret string    `json:"secret"`
}

func enrolPhone(v *visit) (any, error) {
	id, secret, err := v.desk.EnrolPhone(v.ctx, v.who)
	return phoneKey{id, secret}, err
}

func openPhone(v *visit) (any, error) {
	var in struct {
		Phone uuid.UUID `json:"phone"`
	}
	if err := v.body(&in); err != nil {
		return nil, err
	}
	secret, err := v.desk.OpenPhone(v.ctx, v.who, in.Phone)
	return phoneKey{in.Phone, secret}, err
}

func phoneContact(v *visit) (any, error) {
	var in struct {
		Phone   uuid.UUID `json:"phone"`
		Waiting int       `json:"waiting"`
		Oldest  time.Time `json:"oldest"`
	}
	if err := v.body(&in); err != nil {
		return nil, err
	}
	return struct{}{}, v.desk.HearOfPhone(v.ctx, v.who, in.Phone, in.Waiting, in.Oldest)
}
