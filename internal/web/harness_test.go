package web_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"golang.org/x/net/html"

	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/area"
	"zhucan/internal/blobs"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/casework/testdesk"
	"zhucan/internal/idnum"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
	"zhucan/internal/web"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// what stands in every test's database
const (
	password = testdesk.Password
	villageA = testdesk.VillageA
	villageB = testdesk.VillageB
	townA    = testdesk.TownA
	townC    = testdesk.TownC
)

func newID() uuid.UUID { return testdesk.NewID() }

// userOf is a user for each role.
var userOf = map[access.Role]string{access.VillageLiaison: "liaison.a", access.TownOfficer: "town.a", access.CDPFReviewer: "cdpf", access.CivilAffairsApprover: "civil",
	access.FinanceOfficer: "finance", access.Statistician: "stats", access.HotlineClerk: "hotline", access.Auditor: "auditor", access.Administrator: "admin"}

// site is the whole thing under test: a real database, the real handler, a real connection.
type site struct {
	t        *testing.T
	desk     *casework.Desk
	clock    *testdesk.Clock
	url      string
	db       testdb.Database
	accounts map[string]store.Account
	browsers map[string]*browser
}

func start(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, clock: testdesk.NewClock(), browsers: map[string]*browser{}}
	s.db, s.accounts = testdesk.Furnished(t)
	s.desk = testdesk.New(t, s.db, s.db.Open(t, s.clock.Now), s.clock.Now)
	var err error
	if s.desk.Files, err = blobs.Open(context.Background(), blobs.Folder(t.TempDir()), s.db.Ring); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.desk.Files.Close() })
	face := &web.Site{Desk: s.desk, Log: testdb.Log(t), IPs: echo.ExtractIPDirect(), NewID: func() string { return newID().String() }}
	handler, err := face.Handler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// actor is a user as the desk knows him.
func (s *site) actor(user string) access.Actor {
	a := s.accounts[user]
	return access.Actor{AccountID: a.ID, Role: a.Role, Area: a.AreaCode, Username: a.Username, Name: a.Name}
}

// browser keeps cookies and follows nothing by itself.
type browser struct {
	site   *site
	client *http.Client
}

func (s *site) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{site: s, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// as is a browser in which a user has signed in, once for each test.
func (s *site) as(user string) *browser {
	s.t.Helper()
	if s.browsers[user] == nil {
		b := s.browser()
		b.get("/sign-in").form("sign-in").set("username", user, "password", password).send().want(303)
		s.browsers[user] = b
	}
	return s.browsers[user]
}

// shown is a page that came back.
type shown struct {
	b      *browser
	path   string
	status int
	header http.Header
	body   string
	doc    *html.Node
}

func (b *browser) get(path string, headers ...string) shown {
	return b.do("GET", path, nil, headers...)
}

func (b *browser) do(method, path string, body io.Reader, headers ...string) shown {
	t := b.site.t
	t.Helper()
	req, err := http.NewRequest(method, b.site.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	resp, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	sh := shown{b: b, path: path, status: resp.StatusCode, header: resp.Header, body: string(text)}
	page := sh.body
	if !utf8.ValidString(page) {
		page = "" // a workbook, in which many bytes look like tags
	}
	if sh.doc, err = html.Parse(strings.NewReader(page)); err != nil {
		t.Fatal(err)
	}
	sh.checkHeaders(t)
	if method != http.MethodHead && strings.HasPrefix(sh.header.Get("Content-Type"), "text/html") {
		checkPage(t, method+" "+path, sh)
	}
	return sh
}

func (sh shown) want(status int) shown {
	sh.b.site.t.Helper()
	if sh.status != status {
		sh.b.site.t.Fatalf("%s: status %d, want %d: %s", sh.path, sh.status, status, textOf(sh.doc))
	}
	return sh
}

// says fails the test unless the page shows each of some texts.
func (sh shown) says(texts ...string) shown {
	sh.b.site.t.Helper()
	all := textOf(sh.doc)
	for _, text := range texts {
		if !strings.Contains(all, text) {
			sh.b.site.t.Fatalf("%s does not say %q: %s", sh.path, text, all)
		}
	}
	return sh
}

// follow goes where an answer leads.
func (sh shown) follow() shown {
	sh.b.site.t.Helper()
	sh.want(303)
	return sh.b.get(sh.header.Get("Location"))
}

// filled is a form as a browser would send it.
type filled struct {
	page   shown
	action string
	multi  bool
	values url.Values
	files  map[string][][]byte
	extra  []string // headers
}

// form finds the form by the name of its button.
func (sh shown) form(do string) *filled {
	sh.b.site.t.Helper()
	for _, f := range all(sh.doc, "form") {
		for _, b := range all(f, "button") {
			if attr(b, "name") == "do" && attr(b, "value") == do {
				return sh.read(f, do)
			}
		}
	}
	sh.b.site.t.Fatalf("%s has no form that does %s: %s", sh.path, do, textOf(sh.doc))
	return nil
}

// formTo finds a form by where it leads.
func (sh shown) formTo(action string) *filled {
	sh.b.site.t.Helper()
	for _, f := range all(sh.doc, "form") {
		if attr(f, "action") == action {
			return sh.read(f, "")
		}
	}
	sh.b.site.t.Fatalf("%s has no form to %s", sh.path, action)
	return nil
}

func (sh shown) read(f *html.Node, do string) *filled {
	in := &filled{page: sh, action: attr(f, "action"), multi: attr(f, "enctype") == "multipart/form-data", values: url.Values{}, files: map[string][][]byte{}}
	for _, i := range all(f, "input") {
		kind := attr(i, "type")
		if disabled(i) || kind == "file" || (kind == "checkbox" || kind == "radio") && !has(i, "checked") {
			continue
		}
		in.values.Add(attr(i, "name"), attr(i, "value"))
	}
	for _, i := range all(f, "textarea") {
		in.values.Add(attr(i, "name"), textOf(i))
	}
	for _, i := range all(f, "select") {
		for _, o := range all(i, "option") {
			if has(o, "selected") {
				in.values.Set(attr(i, "name"), attr(o, "value"))
			}
		}
	}
	if do != "" {
		in.values.Set("do", do)
	}
	return in
}

func (f *filled) set(pairs ...string) *filled {
	for i := 0; i+1 < len(pairs); i += 2 {
		f.values.Set(pairs[i], pairs[i+1])
	}
	return f
}

func (f *filled) choose(name string, values ...string) *filled {
	f.values[name] = values
	return f
}

func (f *filled) file(name string, content []byte) *filled {
	f.files[name] = append(f.files[name], content)
	return f
}

func (f *filled) headers(pairs ...string) *filled {
	f.extra = append(f.extra, pairs...)
	return f
}

func (f *filled) send() shown {
	t := f.page.b.site.t
	t.Helper()
	if !f.multi {
		return f.page.b.do("POST", f.action, strings.NewReader(f.values.Encode()), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, f.extra...)...)
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range f.values {
		for _, value := range values {
			w.WriteField(name, value)
		}
	}
	for name, contents := range f.files {
		for i, content := range contents {
			part, _ := w.CreateFormFile(name, fmt.Sprintf("photo%d.jpg", i))
			part.Write(content)
		}
	}
	w.Close()
	return f.page.b.do("POST", f.action, &body, append([]string{"Content-Type", w.FormDataContentType()}, f.extra...)...)
}

func all(n *html.Node, tag string) (list []*html.Node) {
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && (tag == "*" || c.Data == tag) {
			list = append(list, c)
		}
	}
	return list
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func disabled(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if has(n, "disabled") {
			return true
		}
	}
	return false
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode && (c.Parent == nil || c.Parent.Data != "script") {
			b.WriteString(c.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// number is a made-up ID number: area 379999 was never assigned. Odd n are men.
func number(n int) string {
	body := fmt.Sprintf("37999919700101%03d", n)
	c, _ := idnum.CheckCharacter(body)
	return body + string(c)
}

// person makes somebody with a physical disability of a level in a village.
func (s *site) person(n, level int, village area.Code) uuid.UUID {
	s.t.Helper()
	id := number(n)
	d, err := s.desk.CreatePerson(context.Background(), s.actor("cdpf"), casework.NewPerson{Name: "金丝雀" + fmt.Sprint(n), IDNumber: id, Phone: fmt.Sprintf("1990000%04d", n),
		Hukou: village, HukouType: "agricultural", Certificate: &casework.NewCertificate{Number: fmt.Sprintf("%s4%d", id, level), Category: 4, Level: level, IssuedOn: calendar.MustDate("2020-01-06")}})
	if err != nil {
		s.t.Fatal(err)
	}
	return d.File.Person.ID
}

// origin is the address that cookies are kept under.
func (sh shown) origin() *url.URL {
	u, err := url.Parse(sh.b.site.url)
	if err != nil {
		sh.b.site.t.Fatal(err)
	}
	return u
}

func parseAddr(text string) netip.Addr { return netip.MustParseAddr(text) }

func ruling(decision, reason string) application.Ruling {
	return application.Ruling{Decision: decision, Reason: reason}
}

func escaped(text string) string { return url.PathEscape(text) }

func (s *site) today() calendar.Date { return calendar.DateOf(s.clock.Now()) }
