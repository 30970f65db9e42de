package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zhucan/internal/access"
	"zhucan/internal/auth"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/patience"
	"zhucan/internal/store"
)

// Request is what an operation is asked: nothing of Echo enters it.
type Request struct {
	Ctx      context.Context
	Who      access.Actor
	Client   netip.Addr
	ID       string // of the request
	English  bool
	Version  int // of If-Match
	Query    url.Values
	Today    calendar.Date
	params   func(string) string
	body     []byte
	texts    error                  // what is wrong about the free texts in it: what was done before such a text was refused is answered as it was
	upload   func() (upload, error) // reads the body, once
	done     func()                 // with the file
	staged   *casework.StagedFile
	again    casework.RowAgain
	Key      string // the Idempotency-Key, for what keeps its own answers
	claims   auth.Claims
	believed bool // Who is from an earlier request and not looked up for this one
}

// Response is an operation's answer. A zero Status is 200, a zero Version gives no ETag.
type Response struct {
	Status  int
	Version int
	Body    any
	Kept    any    // what a repeat with the same Idempotency-Key gets, where Body has what is shown once
	Type    string // of a Body that is bytes already
	// raw writes the answer itself. It may fail only before anything has gone out.
	raw func(http.ResponseWriter, *http.Request) error
}

type handler func(*Request) (Response, error)

// serve does what is the same for every operation: it finds out who asks, whether he may, what he asks, and whether that was done before.
func (a *API) serve(op *operation, do handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, err := a.request(c, op)
		defer func() { r.done() }()
		if err == nil {
			var answer store.Answer
			if answer, err = a.answerWithRights(c, r, op, do); err == nil {
				return send(c, op, answer)
			}
		}
		a.auditRefusal(r, op, err)
		return err
	}
}

func (a *API) request(c echo.Context, op *operation) (*Request, error) {
	in := c.Request()
	r := &Request{Ctx: in.Context(), ID: c.Response().Header().Get(echo.HeaderXRequestID), Query: in.URL.Query(), Today: calendar.DateOf(a.Desk.Now()),
		English: fault.PrefersEnglish(in.Header.Get("Accept-Language")), params: c.Param, done: func() {}}
	r.Client, _ = netip.ParseAddr(c.RealIP())
	if !op.public {
		if err := a.authenticate(in, r, op); err != nil {
			return r, err
		}
	}
	if !isText(in.URL.Path) {
		return r, store.NotFound
	}
	if _, err := url.ParseQuery(in.URL.RawQuery); err != nil { // Query leaves out what cannot be read
		return r, fault.New(fault.Malformed, "BAD_PARAMETER", "查询参数的编码有误", "the query parameters are not encoded as they should be").Wrap(err)
	}
	if err := op.checkQuery(r.Query); err != nil {
		return r, err
	}
	if err := r.readVersion(in, op); err != nil {
		return r, err
	}
	if op.upload {
		done, err := a.Desk.DB.TakeUpload(r.Ctx, r.Who.AccountID)
		if err != nil {
			return r, err
		}
		r.done, r.upload = done, sync.OnceValues(func() (upload, error) { return readUpload(in, op.parts) })
		return r, nil
	}
	return r, r.readBody(in, op)
}

func (r *Request) readVersion(in *http.Request, op *operation) error {
	if !op.needsVersion {
		return nil
	}
	tag := in.Header.Get("If-Match")
	if tag == "" {
		return fault.New(fault.PreconditionMissing, "IF_MATCH_MISSING", "缺少If-Match", "If-Match is required")
	}
	version, err := strconv.Atoi(strings.Trim(strings.TrimPrefix(tag, "W/"), `"`))
	if err != nil || version < 1 {
		return fault.New(fault.Stale, "STALE", "If-Match与当前版本不符", "If-Match is not a version of this record")
	}
	r.Version = version
	return nil
}

const (
	maxDepth    = 32
	maxStranger = 16 << 10 // bytes of what somebody sends who is not signed in
)

func (r *Request) readBody(in *http.Request, op *operation) error {
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		if op.bodyRequired {
			return badJSON(io.EOF)
		}
		return nil
	}
	if op.public && len(body) > maxStranger {
		return tooLarge
	}
	if op.body == nil {
		if bytes.Equal(bytes.Join(bytes.Fields(body), nil), []byte("{}")) {
			return nil // what many programs send who have nothing to say
		}
		return fault.New(fault.Malformed, "BAD_JSON", "此操作没有请求体", "this operation takes no body")
	}
	if kind, _, _ := mime.ParseMediaType(in.Header.Get("Content-Type")); kind != "application/json" {
		return fault.New(fault.WrongType, "WRONG_TYPE", "请求体须为application/json", "the body must be application/json")
	}
	if err := checkText(body); err != nil {
		return err
	}
	if r.texts, err = op.checkBody(body); err != nil {
		return err
	}
	r.body = body
	return nil
}

// checkText refuses a document that could not be kept as it was sent.
func checkText(body []byte) error {
	if !utf8.Valid(body) || depth(body) > maxDepth || noCharacter(body) {
		return badJSON(errors.New("encoding or depth"))
	}
	return checkNames(body)
}

// depth is how deep brackets nest outside strings.
func depth(body []byte) int {
	deepest, now, inString, escaped := 0, 0, false, false
	for _, b := range body {
		switch {
		case escaped:
			escaped = false
		case b == '\\':
			escaped = inString
		case b == '"':
			inString = !inString
		case inString:
		case b == '{' || b == '[':
			now++
			deepest = max(deepest, now)
		case b == '}' || b == ']':
			now--
		}
	}
	return deepest
}

// decode reads the body, which was checked against the contract, into the operation's own type.
func decode[T any](r *Request) (T, error) {
	var in T
	if len(r.body) == 0 {
		return in, nil
	}
	err := json.Unmarshal(r.body, &in)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) { // 3.0 is an integer of the contract, and none of Go
		return in, wrongType.With(fault.Field{Name: wrong.Field, Code: "WRONG_TYPE", ZH: "类型不正确", EN: "wrong type"})
	}
	if err != nil {
		return in, badJSON(err)
	}
	return in, nil
}

// id is the path parameter id.
func (r *Request) id() (uuid.UUID, error) { return r.idOf("id") }

// idOf is a path parameter that must be a UUID; anything else names nothing.
func (r *Request) idOf(name string) (uuid.UUID, error) {
	text := r.params(name)
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		return uuid.Nil, store.NotFound
	}
	return id, nil
}

// queryID is a query parameter that is an id, or zero where it is absent: the contract has refused everything else.
func (r *Request) queryID(name string) uuid.UUID {
	id, _ := uuid.Parse(r.Query.Get(name))
	return id
}

// queryDay is a query parameter that is a day, or zero where it is absent: the contract has refused everything else.
func (r *Request) queryDay(name string) calendar.Date {
	day, _ := calendar.ParseDate(r.Query.Get(name))
	return day
}

// limit is how many items a list answers at the most.
func (r *Request) limit() int {
	if n, err := strconv.Atoi(r.Query.Get("limit")); err == nil {
		return n
	}
	return 50
}

// asOf is the day asked about; today where none is.
func (r *Request) asOf() calendar.Date {
	if day, err := calendar.ParseDate(r.Query.Get("as_of")); err == nil {
		return day
	}
	return r.Today
}

// answer does the operation, with the file that it is about where there is one.
func (a *API) answer(c echo.Context, r *Request, op *operation, do handler) (store.Answer, error) {
	if op.id == rereads {
		a.readAgain(r)
	}
	if !op.stages {
		return a.once(c, r, op, do)
	}
	if err := a.stage(r, op); err != nil {
		return store.Answer{}, err
	}
	defer a.Desk.DropUnused(r.Ctx, r.staged)
	return a.once(c, r, op, do)
}

// once does the operation, once for each Idempotency-Key where there is one.
func (a *API) once(c echo.Context, r *Request, op *operation, do handler) (store.Answer, error) {
	keys := c.Request().Header.Values("Idempotency-Key")
	if len(keys) == 0 || !op.keepsAnswer {
		return finish(c, r, op, do)
	}
	key := keys[0]
	if r.Key = key; len(keys) > 1 || key == "" || len(key) > 128 || strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return store.Answer{}, badParameter(fault.Field{Name: "Idempotency-Key", Code: "PATTERN", ZH: "应为1至128个可见的ASCII字符", EN: "not 1 to 128 visible ASCII characters"})
	}
	if op.keepsOwn {
		return finish(c, r, op, do)
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n%s\n%d\n", op.id, c.Request().URL.Path, c.Request().URL.RawQuery, r.Version)
	sum.Write(r.body)
	if op.upload {
		up, err := r.upload()
		if err != nil {
			return store.Answer{}, err
		}
		sum.Write(up.file)
	}
	return a.Desk.DB.Once(r.Ctx, r.Who, key, sum.Sum(nil), func(ctx context.Context) (store.Answer, error) {
		inside := *r
		inside.Ctx = ctx
		return finish(c, &inside, op, do)
	})
}

// finish does the operation and writes its answer into memory: nothing goes out before all of it is known.
func finish(c echo.Context, r *Request, op *operation, do handler) (store.Answer, error) {
	if r.texts != nil {
		return store.Answer{}, r.texts
	}
	out, err := do(r)
	if err == nil && op.whole && out.Body != nil {
		out.Body, err = r.part(out.Body)
	}
	if err != nil {
		return store.Answer{}, err
	}
	answer := store.Answer{Status: out.Status}
	if answer.Status == 0 {
		answer.Status = http.StatusOK
	}
	if out.Version > 0 {
		answer.ETag = `"` + strconv.Itoa(out.Version) + `"`
	}
	switch {
	case out.raw != nil:
		answer.Status, err = 0, out.raw(c.Response(), c.Request())
	case out.Type != "":
		c.Response().Header().Set("Content-Type", out.Type)
		answer.Body = out.Body.([]byte)
	case out.Body != nil:
		c.Response().Header().Set("Content-Type", "application/json; charset=utf-8")
		if answer.Body, err = json.Marshal(out.Body); err != nil {
			return answer, fmt.Errorf("write an answer: %w", err)
		}
		if out.Kept != nil {
			if answer.Kept, err = json.Marshal(out.Kept); err != nil {
				return answer, fmt.Errorf("write an answer: %w", err)
			}
		}
	}
	return answer, err
}

func send(c echo.Context, op *operation, answer store.Answer) error {
	if answer.Status == 0 {
		return nil // written already
	}
	if answer.ETag != "" {
		c.Response().Header().Set("ETag", answer.ETag)
	}
	if op.locates && answer.Status == http.StatusCreated {
		var made struct{ ID uuid.UUID }
		if err := json.Unmarshal(answer.Body, &made); err != nil {
			return fmt.Errorf("read where a new record is: %w", err)
		}
		c.Response().Header().Set("Location", c.Request().URL.Path+"/"+made.ID.String())
	}
	if c.Response().Header().Get("Content-Type") == "" && len(answer.Body) > 0 {
		c.Response().Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	c.Response().WriteHeader(answer.Status)
	if len(answer.Body) == 0 {
		return nil
	}
	_, err := c.Response().Write(answer.Body)
	return err
}

// auditRefusal records attempts that were turned away, of those that casework.Recorded names.
func (a *API) auditRefusal(r *Request, op *operation, err error) {
	subject, _ := uuid.Parse(r.params("id"))
	a.auditRefusalOf(r, op.id, subject, err)
}

func (a *API) auditRefusalOf(r *Request, operation string, subject uuid.UUID, err error) {
	f, ok := fault.Of(err)
	if !ok || r.Who.AccountID == uuid.Nil || !casework.Recorded(f) {
		return
	}
	detail := map[string]any{"code": f.Code, "status": f.Kind.Status()}
	if err := a.Desk.DB.Refused(context.WithoutCancel(r.Ctx), r.Who, operation, subject, detail); err != nil {
		a.Log.ErrorContext(r.Ctx, "a refused attempt was not recorded", "err", err, "request_id", r.ID)
	}
}

// problem answers every error as RFC 9457. Only faults speak; the rest is an internal error with a request id.
func (a *API) problem(err error, c echo.Context) {
	id := c.Response().Header().Get(echo.HeaderXRequestID)
	if c.Response().Committed {
		a.Log.Error("error after the answer began", "err", err, "request_id", id)
		return
	}
	f := faultOf(err)
	if f.Kind == fault.Internal || f.Kind == fault.Unavailable {
		a.Log.Error("request failed", "err", err, "request_id", id)
	}
	body, _ := json.Marshal(problemOf(f, fault.PrefersEnglish(c.Request().Header.Get("Accept-Language")), id))
	if f.RetryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	if f.Kind == fault.Unauthenticated {
		c.Response().Header().Set("WWW-Authenticate", "Bearer")
	}
	c.Response().Header().Set("Content-Type", "application/problem+json")
	c.Response().WriteHeader(f.Kind.Status())
	if _, err := c.Response().Write(body); err != nil {
		a.Log.Debug("the client went away", "request_id", id)
	}
}

var tooLarge = fault.New(fault.TooLarge, "TOO_LARGE", "请求体过大", "the body is too large")

var internalError = fault.New(fault.Internal, "INTERNAL", "系统内部错误，请提供请求编号", "internal error; quote the request id")

// faultOf finds what to tell the user about any error.
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
			return tooLarge
		case http.StatusBadRequest:
			return fault.New(fault.Malformed, "BAD_REQUEST", "请求无法识别", "the request cannot be read")
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
