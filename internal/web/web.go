// Package web is the pages: what people see who work with the service. A page is one file of Go, one template and one entry of
// the list in pages.go. Pages read and write by the desk alone; they hold no rule and repeat no decision of it. Everything works
// without JavaScript.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/labels"
	"zhucan/internal/patience"
	"zhucan/internal/store"
)

// Site serves the pages of a desk.
type Site struct {
	Desk   *casework.Desk
	Log    *slog.Logger
	IPs    echo.IPExtractor // whom to believe about a client's address
	NewID  func() string    // of requests
	Secure bool             // people reach it by TLS alone, so cookies are kept to TLS
	// Count counts an answer, where somebody does.
	Count func(method, route string, status int, took time.Duration)
	drawing
}

// drawing is what pages are drawn with.
type drawing struct {
	views  views
	assets *assets
}

// readDrawing reads it once, however many sites a process has; nobody changes what it gives.
var readDrawing = sync.OnceValues(func() (drawing, error) {
	texts()
	a, err := readAssets()
	if err != nil {
		return drawing{}, err
	}
	v, err := readViews(a)
	return drawing{views: v, assets: a}, err
})

// Prepare reads texts, templates and assets, which Handler needs, and may run beside whatever else has to be done before it.
func Prepare() error {
	_, err := readDrawing()
	return err
}

// Bounds of a request. A form may bring several photos; of one that brings more than are taken, the fields are still read, and the rest is passed
// by up to what nobody chooses by hand: a browser that is cut off while it sends shows no answer.
const (
	maxForm = "1M"
	maxSent = "1G"
	timeout = 55 * time.Second

	problemTime = 5 * time.Second
)

// Handler is the whole site with its middleware, outermost first: request id, log, recovery, headers, size, time.
func (s *Site) Handler() (http.Handler, error) {
	var err error
	if s.drawing, err = readDrawing(); err != nil {
		return nil, err
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = s.IPs
	e.HTTPErrorHandler = s.problem
	e.Use(s.observe, middleware.RecoverWithConfig(middleware.RecoverConfig{DisableErrorHandler: true, DisablePrintStack: true}), secureHeaders, asSent,
		middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{Limit: maxForm, Skipper: takesFiles}),
		middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{Limit: maxSent}), patience.Requests(timeout), addressIsText)
	for i := range pages {
		p := &pages[i]
		e.GET(p.path, s.get(p))
		if !p.trace {
			e.HEAD(p.path, headOf(s.get(p)))
		}
		if len(p.acts)+len(p.asks) > 0 {
			e.POST(p.path, s.post(p))
		}
	}
	reads(e, "/sign-in", s.signInPage)
	e.POST("/sign-in", s.signIn)
	reads(e, "/status", s.statusPage)
	e.POST("/status", s.askStatus)
	e.POST("/sign-out", s.signOut)
	reads(e, "/alive", s.alive)
	e.POST("/language", s.chooseLanguage)
	reads(e, "/assets/:name", s.assets.serve)
	s.offline(e)
	return e, nil
}

// addressIsText refuses an address that is not in UTF-8, or has a NUL in it: no page leads to one, and no column could hold it.
func addressIsText(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		at := c.Request().URL
		if !isText(at.Path) {
			return store.NotFound
		}
		for _, values := range at.Query() {
			if slices.ContainsFunc(values, func(value string) bool { return !isText(value) }) {
				return badAddress
			}
		}
		return next(c)
	}
}

// isText reports whether the database could keep a text.
func isText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// reads has a path answer GET and HEAD.
func reads(e *echo.Echo, path string, show echo.HandlerFunc) {
	e.GET(path, show)
	e.HEAD(path, headOf(show))
}

// headOf answers as to a GET; the server leaves out what nobody reads. So what is told once is not told here: its cookie is passed by.
func headOf(show echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		in := c.Request()
		cookies := in.Cookies()
		in.Header.Del("Cookie")
		for _, cookie := range cookies {
			if !strings.Contains(cookie.Name, onceCookie) {
				in.AddCookie(cookie)
			}
		}
		return show(c)
	}
}

func takesFiles(c echo.Context) bool {
	p := pageOf(c.Path())
	return p != nil && p.files || c.Path() == itemsPath
}

// contentPolicy allows this site and nothing else: no script or style in a page, no other host, no frame around it.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// secureHeaders go out with every answer, also with errors and assets. A referrer goes to this site only, and no address holds personal
// data. It is not left out altogether: with no-referrer a browser sends forms with Origin: null, and one that is too old to send
// Sec-Fetch-Site could not be told from another site.
func secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Strict-Transport-Security", "max-age=31536000")
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Add("Vary", "Cookie, Accept-Language")
		return next(c)
	}
}

// asSent refuses content that is encoded.
func asSent(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := fault.Encoded(c.Response().Header(), c.Request()); err != nil {
			return err
		}
		return next(c)
	}
}

// observe counts and logs each request by its route, never by its address.
func (s *Site) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now() // how long it took, whatever the desk's clock says
		c.Response().Header().Set(echo.HeaderXRequestID, s.NewID())
		if err := next(c); err != nil {
			c.Error(err)
		}
		method, route, status, took := labels.Method(c.Request().Method), c.Path(), c.Response().Status, time.Since(began)
		if route == "" {
			route = "unmatched"
		}
		if s.Count != nil {
			s.Count(method, route, status, took)
		}
		s.Log.LogAttrs(context.WithoutCancel(c.Request().Context()), slog.LevelInfo, "page", slog.String("method", method),
			slog.String("route", route), slog.Int("status", status), slog.Duration("took", took), slog.String("request_id", requestID(c)))
		return nil
	}
}

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// problem answers every error with a page. Only faults speak; the rest is an internal error with a request id.
func (s *Site) problem(err error, c echo.Context) {
	id := requestID(c)
	if c.Response().Committed {
		s.Log.Error("error after the answer began", "err", err, "request_id", id)
		return
	}
	f := faultOf(err)
	if f == casework.FactorNeeded {
		_ = c.Redirect(http.StatusSeeOther, "/second-factor") // says what is wrong, and what to do
		return
	}
	if f.Kind == fault.Internal || f.Kind == fault.Unavailable {
		s.Log.Error("page failed", "err", err, "request_id", id)
	}
	v, known := c.Get(visitKey).(*visit)
	if !known {
		v = s.visit(c, nil)
	}
	var done context.CancelFunc
	v.ctx, done = context.WithTimeout(context.WithoutCancel(v.ctx), problemTime) // that of the request has ended with it
	defer done()
	if !known {
		v.who, v.known, _ = s.Desk.ActorOfCookie(v.ctx, v.cookie(sessionCookie)) // who cannot be found out is nobody
	}
	s.auditRefusal(v, f)
	if f.RetryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	v.fault = f
	if err := s.render(c, v, "problem", f.Kind.Status(), nil); err != nil {
		s.Log.Error("the page of a problem failed", "err", err, "request_id", id)
		c.Response().WriteHeader(http.StatusInternalServerError)
	}
}

// auditRefusal records attempts that were turned away, of those that casework.Recorded names.
func (s *Site) auditRefusal(v *visit, f *fault.Error) {
	if !v.known || v.page == nil || !casework.Recorded(f) {
		return
	}
	subject, _ := v.id()
	detail := map[string]any{"code": f.Code, "status": f.Kind.Status()}
	if err := s.Desk.DB.Refused(context.WithoutCancel(v.ctx), v.who, "page "+v.page.path, subject, detail); err != nil {
		s.Log.Error("a refused attempt was not recorded", "err", err, "request_id", v.who.RequestID)
	}
}

var (
	internalError = fault.New(fault.Internal, "INTERNAL", "系统内部错误，请提供请求编号", "internal error; quote the request id")
	badAddress    = fault.New(fault.Malformed, "BAD_PARAMETER", "网址中的查询条件不是有效文本，请返回后重新查询", "what the address asks for is no text; go back and ask again")
	forbidden     = fault.New(fault.Forbidden, "FORBIDDEN", "您的角色不使用此页面", "this page is not for your role")
)

// faultOf finds what to tell people about any error.
func faultOf(err error) *fault.Error {
	if f, ok := fault.Of(err); ok {
		return f
	}
	var he *echo.HTTPError
	if errors.As(err, &he) {
		switch he.Code {
		case http.StatusNotFound:
			return store.NotFound
		case http.StatusMethodNotAllowed:
			return fault.New(fault.MethodNotAllowed, "METHOD_NOT_ALLOWED", "不支持的请求方法", "this method is not allowed here")
		case http.StatusRequestEntityTooLarge:
			return fault.New(fault.TooLarge, "TOO_LARGE", "提交的内容过大", "what was sent is too large")
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fault.Busy(err)
	}
	if errors.Is(err, context.Canceled) {
		return patience.Gone
	}
	return internalError
}
