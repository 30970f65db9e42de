package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zhucan/api"
	"zhucan/internal/blobs"
	"zhucan/internal/casework"
	"zhucan/internal/casework/testdesk"
	"zhucan/internal/httpapi"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

func TestMain(m *testing.M) {
	for _, kind := range []string{"text/html", "application/yaml"} { // a page, and the document itself, are checked as text
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
	testdb.Main(m)
}

// what stands in every test's database
const (
	password = testdesk.Password
	villageA = testdesk.VillageA
	villageB = testdesk.VillageB
	villageC = testdesk.VillageC
	townA    = testdesk.TownA
	townC    = testdesk.TownC
)

func newID() uuid.UUID { return testdesk.NewID() }

// service is the whole thing under test: a real database, the real handler, a real connection.
type service struct {
	t      *testing.T
	desk   *casework.Desk
	clock  *testdesk.Clock
	url    string
	db     testdb.Database
	router routers.Router
	tokens map[string]string
	files  string       // the folder of attachments
	faults *faults      // breaks every write, where it is there
	log    *slog.Logger // where errors and metrics go too, for the search for personal data
}

func start(t *testing.T) *service {
	t.Helper()
	return startWith(t, store.Options{})
}

func startWith(t *testing.T, o store.Options) *service {
	t.Helper()
	s := &service{t: t, clock: testdesk.NewClock(), tokens: map[string]string{}}
	s.db, _ = testdesk.Furnished(t)
	s.desk = testdesk.New(t, s.db, s.db.OpenWith(t, s.clock.Now, o), s.clock.Now, netip.MustParsePrefix("127.0.0.0/8"))
	s.files = t.TempDir()
	var err error
	if s.desk.Files, err = blobs.Open(context.Background(), blobs.Folder(s.files), s.db.Ring); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.desk.Files.Close() })
	face := &httpapi.API{Desk: s.desk, Log: testdb.Log(t), Clock: s.clock, IPs: echo.ExtractIPDirect(), NewID: func() string { return newID().String() }}
	handler, err := face.Handler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	s.url, s.log = server.URL, testdb.Log(t)
	t.Cleanup(s.wantEventsComplete)
	t.Cleanup(func() { s.log.Info("metrics", "text", string(s.do("", "GET", "/metrics", nil).want(200).body)) })
	if s.router, err = contractRouter(); err != nil {
		t.Fatal(err)
	}
	return s
}

// contractRouter finds the operation of a request in the contract, at whatever address a server answers.
var contractRouter = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.Document)
	if err != nil {
		return nil, err
	}
	doc.Servers = nil // paths are matched by themselves: a server's address would have to be that of the request
	return legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
})

// answer is what came back, checked against the contract already.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// json is the body as an object.
func (a answer) json() map[string]any {
	a.t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		a.t.Fatalf("answer is no object: %v: %s", err, a.body)
	}
	return v
}

// want fails the test unless the status, and for a problem the code, is the expected one.
func (a answer) want(status int, code ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if len(code) > 0 && a.json()["code"] != code[0] {
		a.t.Fatalf("code %v, want %s: %s", a.json()["code"], code[0], a.body)
	}
	return a
}

func (a answer) text(name string) string { a.t.Helper(); s, _ := a.json()[name].(string); return s }

func (a answer) version() string { return a.header.Get("ETag") }

// login signs in once for each test and user.
func (s *service) login(user string) string {
	s.t.Helper()
	if s.tokens[user] == "" {
		s.tokens[user] = s.do("", "POST", "/auth/login", map[string]any{"username": user, "password": password}).want(200).text("access_token")
	}
	return s.tokens[user]
}

// do asks as a user, or as nobody, and checks the answer against the contract. Headers come in pairs.
func (s *service) do(user, method, path string, body any, headers ...string) answer {
	s.t.Helper()
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	base := "/api/v1"
	if strings.HasPrefix(path, "/demo") || strings.HasPrefix(path, "/healthz") || strings.HasPrefix(path, "/readyz") || strings.HasPrefix(path, "/metrics") {
		base = ""
	}
	req, err := http.NewRequest(method, s.url+base+path, content)
	if err != nil {
		s.t.Fatal(err)
	}
	if content != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	if user != "" {
		req.Header.Set("Authorization", "Bearer "+s.login(user))
	}
	return s.send(req)
}

func (s *service) send(req *http.Request) answer {
	s.t.Helper()
	if s.faults != nil && req.Method != http.MethodGet && !strings.Contains(req.URL.Path, "/auth/") {
		a := s.faults.under(s, req)
		if err := s.fitsContract(req, a); err != nil {
			s.t.Fatalf("%s %s: the answer does not fit the contract: %v", req.Method, req.URL.Path, err)
		}
		return a
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := answer{t: s.t, status: resp.StatusCode, header: resp.Header, body: text}
	if a.status >= 400 {
		s.log.Info("problem", "body", string(text))
		if req.Header.Get("Accept-Language") == "" && codeInWords.Match(text) {
			s.t.Errorf("%s %s: a code stands in the words of %s", req.Method, req.URL.Path, text)
		}
	}
	if err := s.fitsContract(req, a); err != nil {
		s.t.Fatalf("%s %s: the answer does not fit the contract: %v\n%s", req.Method, req.URL.Path, err, text)
	}
	return a
}

// codeInWords is a code of ours in brackets, where officers would read a word.
var codeInWords = regexp.MustCompile(`（[a-z_]{4,}）|（[A-Z_]{5,}）`)

func (s *service) fitsContract(req *http.Request, a answer) error {
	asked := req.Clone(req.Context())
	asked.URL = &url.URL{Path: strings.TrimPrefix(req.URL.Path, httpapi.Base)}
	route, params, err := s.router.FindRoute(asked)
	if err != nil {
		return nil // no operation: nothing is promised
	}
	input := &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: a.status, Header: a.header, Options: input.Options}
	out.SetBodyBytes(a.body)
	return openapi3filter.ValidateResponse(context.Background(), out)
}

// TestAnswersAreHeldAgainstTheContract: for two days none was, as no request was found in the document.
func TestAnswersAreHeldAgainstTheContract(t *testing.T) {
	t.Parallel()
	router, err := contractRouter()
	if err != nil {
		t.Fatal(err)
	}
	s := &service{t: t, router: router}
	for _, path := range []string{"/api/v1/persons/" + someID, "/api/v1/me", "/healthz"} {
		req, err := http.NewRequest("GET", "http://127.0.0.1:8080"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range []answer{{status: 418}, {status: 200, header: http.Header{"Content-Type": {"application/json"}, "Etag": {`"1"`}}, body: []byte(`{"nonsense":1}`)}} {
			if s.fitsContract(req, a) == nil {
				t.Errorf("%d %s fits %s", a.status, a.body, path)
			}
		}
	}
}

// person makes somebody with a valid physical-disability certificate of a level in a village.
func (s *service) person(user, village string, n, level int) answer {
	s.t.Helper()
	id := number(n)
	return s.do(user, "POST", "/persons", map[string]any{"name": "金丝雀" + fmt.Sprint(n), "id_number": id, "phone": fmt.Sprintf("1990000%04d", n),
		"hukou_area_code": village, "hukou_type": "agricultural",
		"certificate": map[string]any{"number": fmt.Sprintf("%s4%d", id, level), "category": 4, "level": level, "issued_on": "2020-01-06"}})
}

// number is a made-up ID number: area 379999 was never assigned.
func number(n int) string {
	body := fmt.Sprintf("37999919700101%03d", n)
	c, _ := checkCharacter(body)
	return body + string(c)
}
