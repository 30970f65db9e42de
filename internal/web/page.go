package web

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"zhucan/internal/access"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/patience"
	"zhucan/internal/store"
)

// page is one page of the site. Its template has the name of its file.
type page struct {
	path  string // of Echo; no personal data stands in it
	file  string // the template, without .html
	title string // key of the catalogue
	roles []access.Role
	menu  string                        // the group of its roles' menu in which it stands, if any
	inOf  roles                         // of these alone, where they are named
	under string                        // path of the page above, for the way back
	files bool                          // its forms may bring files
	bare  bool                          // also shown to somebody who has yet to set up the second factor of his role
	trace bool                          // showing it leaves an entry in the audit, so its head alone is not to be had
	show  func(*visit) (any, error)     // what the template is filled with
	acts  map[string]act                // what its forms do, by the name of the button
	asks  map[string]func(*visit) error // posts that may come twice, for they change nothing or know what they have done: the page is shown again, with what they have put into the visit
}

// act is something that a form does. It says where to go on.
type act struct {
	roles []access.Role // who may, of those who may see the page; nil: all of them
	first func(*visit)  // what takes long, and so is done before the transaction
	alone bool          // nothing of the form is kept with its key: the desk keeps it itself, over several transactions, does nothing twice, or it is a secret
	do    func(*visit) (next string, err error)
}

func (p *page) allows(role access.Role) bool { return slices.Contains(p.roles, role) }

func (a act) allows(role access.Role) bool { return a.roles == nil || slices.Contains(a.roles, role) }

func pageOf(path string) *page {
	for i := range pages {
		if pages[i].path == path {
			return &pages[i]
		}
	}
	return nil
}

// raw is shown as it is, instead of a template: a file. One that may be large is written as it is made.
type raw struct {
	kind, name string
	content    []byte
	write      func(io.Writer) error
}

// enter finds who asks and whether the page is for his role. Who is not signed in is sent to sign in.
func (s *Site) enter(c echo.Context, p *page) (*visit, error) {
	v := s.visit(c, p)
	var err error
	v.who, v.known, err = s.Desk.ActorOfCookie(v.ctx, v.cookie(sessionCookie))
	if err != nil {
		return v, err
	}
	if !v.known {
		return v, notSignedIn
	}
	v.who.RequestID = requestID(c)
	if !p.allows(v.who.Role) {
		return v, forbidden
	}
	if !p.bare && s.Desk.NeedsFactor(v.who) {
		return v, casework.FactorNeeded
	}
	return v, nil
}

func (s *Site) get(p *page) echo.HandlerFunc {
	return func(c echo.Context) error {
		v, err := s.enter(c, p)
		if errors.Is(err, notSignedIn) {
			return c.Redirect(http.StatusSeeOther, "/sign-in?next="+url.QueryEscape(c.Request().URL.RequestURI()))
		}
		if err != nil {
			return err
		}
		return s.show(c, v, http.StatusOK)
	}
}

func (s *Site) show(c echo.Context, v *visit, status int) error {
	data, err := v.page.show(v)
	if err != nil {
		return err
	}
	if file, ok := data.(raw); ok {
		c.Response().Header().Set("Content-Disposition", `attachment; filename="`+file.name+`"`)
		if file.write != nil {
			return s.stream(c, v, file)
		}
		return c.Blob(http.StatusOK, file.kind, file.content)
	}
	return s.render(c, v, v.page.file, status, data)
}

// stream writes a file while it is made. What breaks on the way breaks the connection, so that nobody takes a part for the whole; what
// breaks before is a problem as ever.
func (s *Site) stream(c echo.Context, v *visit, file raw) error {
	c.Response().Header().Set("Content-Type", file.kind)
	began, err := patience.Send(v.ctx, c.Response(), file.write)
	if err == nil {
		return nil
	}
	if began {
		s.Log.ErrorContext(v.ctx, "a file broke off", "err", err, "request_id", requestID(c))
		panic(http.ErrAbortHandler)
	}
	c.Response().Header().Del("Content-Disposition")
	return err
}

// post does what a form asks for, once for each form that was shown, and then sends the browser on. What the desk refuses is
// shown beside the form, with all that was entered.
func (s *Site) post(p *page) echo.HandlerFunc {
	return func(c echo.Context) error {
		v, err := s.enter(c, p)
		if errors.Is(err, notSignedIn) {
			return s.signInToGoOn(c, v)
		}
		if err != nil {
			return err
		}
		defer v.finish()
		if err := v.readForm(c); notTaken(err) && v.goodToken(v.form.Get("csrf")) {
			return s.notTaken(c, v, err)
		} else if err != nil {
			return err
		}
		if ask, ok := p.asks[v.do]; ok {
			if err := ask(v); err != nil {
				return s.again(c, v, err)
			}
			return s.show(c, v, http.StatusOK)
		}
		a, ok := p.acts[v.do]
		if !ok {
			return fault.New(fault.Malformed, "UNKNOWN_ACTION", "无法识别的操作", "this page does nothing of the kind")
		}
		if !a.allows(v.who.Role) {
			return forbidden
		}
		next, err := s.once(v, a)
		if err != nil {
			return s.again(c, v, err)
		}
		if v.told != "" {
			v.tellOnce(next, v.told)
		}
		return c.Redirect(http.StatusSeeOther, next)
	}
}

// once does an act in the transaction that keeps where it led to, so that the same form sent twice leads there twice and acts once.
func (s *Site) once(v *visit, a act) (string, error) {
	if v.key == "" || len(v.key) > 64 || !isText(v.key) {
		return "", badForm
	}
	unfit := len(v.unfit) > 0
	if a.alone && unfit {
		return "", fault.InvalidFields(v.unfit...)
	}
	if a.alone {
		return a.do(v)
	}
	if a.first != nil && !unfit {
		a.first(v)
	}
	answer, err := s.Desk.DB.Once(v.ctx, v.who, v.key, v.digest(), func(ctx context.Context) (store.Answer, error) {
		if unfit { // but for what was done before such texts were refused: its sender gets his answer
			return store.Answer{}, fault.InvalidFields(v.unfit...)
		}
		inside := *v
		inside.ctx = ctx
		next, err := a.do(&inside)
		v.told = inside.told
		return store.Answer{Status: http.StatusSeeOther, Body: []byte(next)}, err
	})
	return string(answer.Body), err
}

// again shows the page of a form that was refused, with what was entered; also where somebody else was changing the record, so that it
// need only be sent once more.
func (s *Site) again(c echo.Context, v *visit, err error) error {
	f, ok := fault.Of(err)
	if !ok || !slices.Contains([]fault.Kind{fault.Invalid, fault.Conflict, fault.Stale, fault.Malformed, fault.TooLarge, fault.WrongType, fault.TooMany, fault.Unavailable, fault.BrokenOff}, f.Kind) {
		return err
	}
	if f.Kind == fault.Unavailable {
		s.Log.Warn("a form was not taken", "err", err, "request_id", requestID(c))
	}
	if f.RetryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	s.auditRefusal(v, f)
	if v.fault = f; f.Code == "IDEMPOTENCY_KEY_REUSED" {
		v.key = "" // the form was sent before with other contents; sent once more it is another
	}
	shown := s.show(c, v, f.Kind.Status())
	if shown != nil && f.Kind == fault.Unavailable {
		return err // the page is not to be had either
	}
	return shown
}

// notTaken reports whether a form did not arrive whole, or its files are too many or too large: of its fields there is what arrived.
func notTaken(err error) bool {
	f, ok := fault.Of(err)
	return patience.BrokeOff(err) || ok && (f.Kind == fault.TooMany || f.Kind == fault.TooLarge)
}

// notTaken shows the page of such a form, with the fields that arrived: they stand before its files. Where it broke off, the context of the request
// has ended with its connection, for reading, but the answer may still be read.
func (s *Site) notTaken(c echo.Context, v *visit, err error) error {
	var done context.CancelFunc
	v.ctx, done = context.WithTimeout(context.WithoutCancel(v.ctx), problemTime)
	defer done()
	v.do, v.key = v.form.Get("do"), v.form.Get("key")
	return s.again(c, v, err)
}

var badForm = fault.New(fault.Malformed, "BAD_FORM", "表单无法识别，请返回后重新填写", "the form cannot be read; go back and fill it in again")

// readForm reads a form that comes from one of our own pages, in the session that it was shown in.
func (v *visit) readForm(c echo.Context) error {
	if err := v.readFields(c, v.readFiles); err != nil {
		return err
	}
	if !v.goodToken(v.form.Get("csrf")) {
		return badToken
	}
	v.do, v.key = v.form.Get("do"), v.form.Get("key")
	return nil
}

// readFields reads a form of this site, whoever sends it; one with files as it is said.
func (v *visit) readFields(c echo.Context, withFiles func(*http.Request) error) error {
	in := c.Request()
	if err := sameOrigin(in); err != nil {
		return err
	}
	kind, _, _ := mime.ParseMediaType(in.Header.Get("Content-Type"))
	switch kind {
	case "application/x-www-form-urlencoded":
		if err := in.ParseForm(); err != nil {
			return orTooLarge(err)
		}
	case "multipart/form-data":
		if v.page == nil || !v.page.files {
			return badForm
		}
		if err := withFiles(in); notTaken(err) {
			return cmp.Or(v.clean(in.PostForm), err)
		} else if err != nil {
			return err
		}
	default:
		return fault.New(fault.WrongType, "WRONG_TYPE", "请通过页面表单提交", "send the form of the page")
	}
	return v.clean(in.PostForm)
}

var badToken = fault.New(fault.Forbidden, "BAD_FORM_TOKEN", "表单已失效，请刷新页面后重新提交", "the form has run out; reload the page and send it again")

// clean takes the fields of a form: bounded, in UTF-8, without blanks around them. What is wrong about the words of one waits for the act.
func (v *visit) clean(form url.Values) error {
	v.form = form
	for name, values := range v.form {
		for i, value := range values {
			if len(value) > maxValue && name != keptField || !isText(value) {
				return badForm
			}
			if !strings.HasSuffix(name, "password") {
				values[i] = strings.TrimSpace(value)
			}
			if wrong := idnum.CheckText(value); wrong != nil && !v.ownRules(name) {
				v.unfit = append(v.unfit, fault.Field{Name: name, Code: wrong.Code, ZH: wrong.ZH, EN: wrong.EN})
			}
		}
	}
	return nil
}

var (
	numberFields = []string{"id_number", "number", "phone", "account", "bank_account", "who", "username", "code", "csrf", "key", keptField}
	nameFields   = []string{"name", "guardian.name", "applicant.name", "holder"} // of people, but of facilities
)

// ownRules reports whether a field has rules of its own for what is in it, as members have that the contract marks so: numbers, secrets, names
// of people, and what a form carries along.
func (v *visit) ownRules(name string) bool {
	if slices.Contains(nameFields, name) {
		return v.page == nil || !strings.HasPrefix(v.page.path, "/facilities")
	}
	last := name[strings.LastIndex(name, ".")+1:]
	return slices.Contains(numberFields, last) || strings.HasSuffix(last, "password")
}

const (
	maxValue = 16 << 10 // bytes of one field
	maxFile  = 11 << 20
	maxFiles = 33 << 20 // of all files of a form; people are told 32 MiB, which is surely taken
	inMemory = 1 << 20
)

// readFiles reads a form with its files, which are kept in memory. Where the account sends too many at a time, its fields alone are.
func (v *visit) readFiles(in *http.Request) (err error) {
	if v.done, err = v.desk.DB.TakeUpload(v.ctx, v.who.AccountID); notTaken(err) {
		return cmp.Or(passFiles(in), err)
	} else if err != nil {
		return err
	}
	v.uploads = map[string][][]byte{}
	left := maxFiles
	err = readParts(in, func(name string, file io.Reader) error {
		if left < 0 {
			return nil // passed by, as the fields are to be shown again
		}
		content, err := io.ReadAll(io.LimitReader(file, int64(min(maxFile, left+1))))
		if err == nil && len(content) > 0 { // else a field that was left empty
			v.uploads[name] = append(v.uploads[name], content)
		}
		if left -= len(content); left < 0 {
			v.uploads = nil
		}
		return err
	})
	if err == nil && left < 0 {
		return filesTooLarge
	}
	return err
}

var filesTooLarge = fault.New(fault.TooLarge, "TOO_LARGE", "照片等文件合计不能超过32兆，请减少张数后重新选择", "the files are more than 32 MiB together; choose fewer of them")

// passFiles reads the fields of a form and passes its files by: nothing of a stranger's is taken into memory.
func passFiles(in *http.Request) error {
	return readParts(in, func(string, io.Reader) error { return nil })
}

// readParts reads the fields of a form, and gives away its files. Of a form that breaks off there is what came before.
func readParts(in *http.Request, take func(name string, file io.Reader) error) error {
	parts, err := in.MultipartReader()
	if err != nil {
		return orTooLarge(err)
	}
	in.PostForm = url.Values{}
	for left := int64(inMemory); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return orTooLarge(err)
		}
		if part.FileName() != "" {
			if err := take(part.FormName(), part); err != nil {
				return orTooLarge(err)
			}
			continue
		}
		text, err := io.ReadAll(io.LimitReader(part, left))
		if err != nil {
			return orTooLarge(err)
		}
		if left -= int64(len(part.FormName()) + len(text)); left <= 0 {
			return badForm
		}
		in.PostForm.Add(part.FormName(), string(text))
	}
}

// orTooLarge keeps the answer to a body that is too large or broke off, and takes everything else for a form that is none.
func orTooLarge(err error) error {
	if f := faultOf(err); slices.Contains([]fault.Kind{fault.TooLarge, fault.Unavailable, fault.BrokenOff}, f.Kind) {
		return f
	}
	return badForm.Wrap(err)
}

// digest is what a form says, apart from its token.
func (v *visit) digest() []byte {
	sum := sha256.New()
	fmt.Fprintln(sum, v.path)
	for _, name := range slices.Sorted(maps.Keys(v.form)) {
		if name != "csrf" {
			fmt.Fprintf(sum, "%q %q\n", name, v.form[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.uploads)) {
		for _, content := range v.uploads[name] {
			fmt.Fprintf(sum, "%q %x\n", name, sha256.Sum256(content))
		}
	}
	return sum.Sum(nil)
}
