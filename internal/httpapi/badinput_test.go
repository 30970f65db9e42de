package httpapi_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"zhucan/internal/calendar"
	"zhucan/internal/demo/divisions"
	"zhucan/internal/demo/population"
	"zhucan/internal/exchange"
)

// TestNoDivisionCode: what the pattern of the contract lets through and is no code of a division is refused wherever a body names an area.
func TestNoDivisionCode(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, tt := range []struct{ who, path, body string }{
		{"civil", "/rosters", `{"month":"2023-03","area_code":"000000"}`},
		{"town.a", "/public-notices", `{"area_code":"000000"}`},
		{"admin", "/policies/simulate", `{"month":"2023-03","area_code":"000000","draft":{"document":"x"}}`},
	} {
		s.do(tt.who, "POST", tt.path, tt.body).want(422, "PATTERN")
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	s := start(t)
	good := func(change string) string {
		body := fmt.Sprintf(`{"name":"金丝雀","id_number":"%s","hukou_area_code":"%s","hukou_type":"agricultural","certificate":{"number":"%s43","category":4,"level":3,"issued_on":"2020-01-06"}}`,
			number(11), villageA, number(11))
		if change == "" {
			return body
		}
		old, changed, _ := strings.Cut(change, " -> ")
		return strings.Replace(body, old, changed, 1)
	}
	for _, tt := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"malformed", `{"name":`, 400, "BAD_JSON"},
		{"two documents", good("") + "{}", 400, "BAD_JSON"},
		{"nothing", " ", 400, "BAD_JSON"},
		{"bad UTF-8", "{\"name\":\"\xff\"}", 400, "BAD_JSON"},
		{"too deep", strings.Repeat("[", 40) + strings.Repeat("]", 40), 400, "BAD_JSON"},
		{"NUL", good(`"金丝雀" -> "\u0000"`), 400, "BAD_JSON"},
		{"unknown member", good(`{"name" -> {"role":"administrator","name"`), 400, "UNKNOWN_FIELD"},
		{"unknown inner member", good(`"level":3 -> "level":3,"x":1`), 400, "UNKNOWN_FIELD"},
		{"wrong type", good(`"金丝雀" -> 5`), 400, "WRONG_TYPE"},
		{"number as text", good(`"level":3 -> "level":"3"`), 400, "WRONG_TYPE"},
		{"missing member", good(`"name":"金丝雀", -> `), 422, "INVALID_INPUT"},
		{"no such date", good(`2020-01-06 -> 2023-02-29`), 422, "INVALID_INPUT"},
		{"level out of range", good(`"level":3 -> "level":9`), 422, "INVALID_INPUT"},
		{"digits against form", good(`"level":3 -> "level":2`), 422, "CERT_NUMBER_MISMATCH"},
		{"scientific notation", good(`"` + number(11) + `" -> "3.70305E+17"`), 422, ""},
		{"impossible birth date", good(number(11) + ` -> 379999190002290017`), 422, ""},
		{"a village that is not there", good(villageA + ` -> 370305001999`), 422, "UNKNOWN_AREA"},
		{"another's village", good(villageA + ` -> ` + villageB), 422, "OUTSIDE_AREA"},
	} {
		got := s.do("liaison.a", "POST", "/persons", tt.body)
		if got.status != tt.status || tt.code != "" && got.text("code") != tt.code {
			t.Errorf("%s: %d %s, want %d %s", tt.name, got.status, got.body, tt.status, tt.code)
		}
		if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
			t.Errorf("%s: answered as %s", tt.name, kind)
		}
	}
	if n := len(s.do("auditor", "GET", "/persons", nil).want(200).json()["items"].([]any)); n != 0 {
		t.Errorf("%d persons were half written", n)
	}
	s.do("liaison.a", "POST", "/persons", good(""), "Content-Type", "text/plain").want(415)
	s.do("liaison.a", "POST", "/persons", `{"name":"`+strings.Repeat("x", 2<<20)+`"}`).want(413)
	s.do("liaison.a", "GET", "/persons?limit=0", nil).want(400, "BAD_PARAMETER")
	s.do("liaison.a", "GET", "/persons?sort=name", nil).want(400, "BAD_PARAMETER")
	s.do("liaison.a", "GET", "/persons?cursor=zz", nil).want(400)
	s.do("liaison.a", "GET", "/persons?q=379999197001010011", nil).want(400, "NUMBER_IN_URL")
	s.do("liaison.a", "GET", "/persons/zzz", nil).want(404)
	s.do("stats", "GET", "/indicators/values?as_of=2023-02-29", nil).want(400, "BAD_PARAMETER")
	s.do("", "GET", "/nowhere", nil).want(404)
	s.do("liaison.a", "DELETE", "/persons", nil).want(405)
	first := s.do("liaison.a", "POST", "/persons", good(""), "Idempotency-Key", "a").want(201)
	if again := s.do("liaison.a", "POST", "/persons", good(""), "Idempotency-Key", "a").want(201); string(again.body) != string(first.body) || again.version() != first.version() {
		t.Error("the same key gave another answer")
	}
	s.do("liaison.a", "POST", "/persons", good("金丝雀 -> 金丝雀二"), "Idempotency-Key", "a").want(422, "IDEMPOTENCY_KEY_REUSED")
	s.do("liaison.a", "POST", "/persons", good("")).want(409, "PERSON_EXISTS")
	s.do("liaison.b", "POST", "/persons", good(villageA+" -> "+villageB)).want(409, "PERSON_EXISTS")
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := start(t)
	in := s.do("", "POST", "/auth/login", map[string]any{"username": "town.a", "password": password}).want(200)
	refresh := in.text("refresh_token")
	next := s.do("", "POST", "/auth/refresh", map[string]any{"refresh_token": refresh}).want(200)
	s.do("", "POST", "/auth/refresh", map[string]any{"refresh_token": refresh}).want(401, "REFRESH_TOKEN_REUSED")
	s.do("", "POST", "/auth/refresh", map[string]any{"refresh_token": next.text("refresh_token")}).want(401, "BAD_REFRESH_TOKEN")
	s.do("", "GET", "/me", nil, "Authorization", "Bearer "+next.text("access_token")).want(401, "BAD_TOKEN")

	live := s.do("", "POST", "/auth/login", map[string]any{"username": "town.a", "password": password}).want(200)
	s.do("", "GET", "/me", nil, "Authorization", "Bearer "+live.text("access_token")).want(200)
	s.clock.Set(s.clock.Now().Add(11 * time.Minute))
	s.do("", "GET", "/me", nil, "Authorization", "Bearer "+live.text("access_token")).want(401)

	s.tokens = map[string]string{}
	list := s.do("admin", "GET", "/accounts", nil).want(200).json()["items"].([]any)
	s.login("liaison.b")
	for _, one := range list {
		if acc := one.(map[string]any); acc["username"] == "liaison.b" {
			s.do("admin", "PATCH", "/accounts/"+acc["id"].(string), map[string]any{"disabled": true}, "If-Match", `"1"`).want(200)
		}
	}
	s.do("liaison.b", "GET", "/me", nil).want(401) // at once, not when the token runs out
	s.do("admin", "POST", "/accounts", map[string]any{"username": "weak.one", "name": "x", "password": "123456789012", "role": "auditor", "area_code": "370305"}).want(422, "WEAK_PASSWORD")
	s.do("admin", "POST", "/accounts", map[string]any{"username": "far.one", "name": "x", "password": "a fine long password", "role": "auditor", "area_code": "370306"}).want(422, "OUTSIDE_AREA")
	s.do("hotline", "PUT", "/me/password", map[string]any{"current_password": "wrong", "new_password": "another long secret"}).want(422, "WRONG_PASSWORD")
	s.do("hotline", "PUT", "/me/password", map[string]any{"current_password": password, "new_password": "another long secret"}).want(204)
	s.do("hotline", "POST", "/auth/logout", nil).want(204)
	s.do("hotline", "GET", "/me", nil).want(401)
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	s := start(t)
	wrong := map[string]any{"username": "town.a", "password": "not the password"}
	for range 5 {
		s.do("", "POST", "/auth/login", wrong).want(401, "BAD_CREDENTIALS")
	}
	if got := s.do("", "POST", "/auth/login", map[string]any{"username": "town.a", "password": password}).want(429); got.header.Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
	s.clock.Set(s.clock.Now().Add(2 * time.Second))
	s.do("", "POST", "/auth/login", map[string]any{"username": "town.a", "password": password}).want(200)
	s.do("", "POST", "/auth/login", map[string]any{"username": "nobody.here", "password": password}).want(401, "BAD_CREDENTIALS")

	// at the same moment no more are let through than one after another
	var wg sync.WaitGroup
	var mu sync.Mutex
	evaluated := 0
	for range 40 {
		wg.Go(func() {
			if s.do("", "POST", "/auth/login", map[string]any{"username": "town.c", "password": "not the password"}).status == http.StatusUnauthorized {
				mu.Lock()
				evaluated++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if evaluated > 6 {
		t.Errorf("of 40 sign-ins at once %d were evaluated, want at most 6", evaluated)
	}
}

// TestTwoOfficersDecide lets two officers decide at the same moment: one wins, the other is told.
func TestTwoOfficersDecide(t *testing.T) {
	t.Parallel()
	s := start(t)
	for n := 20; n < 26; n++ {
		id := s.person("liaison.a", villageA, n, 2).want(201).text("id")
		app := s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": id, "programme": "nursing_subsidy", "applied_on": "2023-03-28", "applicant": map[string]any{"relation": "self"}}).want(201)
		path := "/applications/" + app.text("id")
		version := s.do("liaison.a", "POST", path+"/submit", nil, "If-Match", app.version()).want(200).version()
		s.login("town.a")
		s.login("town.a2")
		var wg sync.WaitGroup
		status := make([]int, 2)
		for i, user := range []string{"town.a", "town.a2"} {
			wg.Go(func() {
				status[i] = s.do(user, "POST", path+"/decisions", map[string]any{"decision": []string{"approve", "reject"}[i], "reason": "核实"}, "If-Match", version).status
			})
		}
		wg.Wait()
		if sum := status[0] + status[1]; sum != 200+409 && sum != 200+412 {
			t.Errorf("two decisions answered %v", status)
		}
	}
}

// TestOwnCase lets nobody decide what he entered, in the code and in the database.
func TestOwnCase(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person("town.a", villageA, 30, 2).want(201).text("id")
	app := s.do("town.a", "POST", "/applications", map[string]any{"person_id": id, "programme": "nursing_subsidy", "applied_on": "2023-03-28", "applicant": map[string]any{"relation": "self"}}).want(201)
	path := "/applications/" + app.text("id")
	version := s.do("town.a", "POST", path+"/submit", nil, "If-Match", app.version()).want(200).version()
	s.do("town.a", "POST", path+"/decisions", map[string]any{"decision": "approve"}, "If-Match", version).want(409, "OWN_CASE")
	back := s.do("town.a2", "POST", path+"/decisions", map[string]any{"decision": "return", "reason": "缺账号", "fields": []string{"bank_account"}}, "If-Match", version).want(200)
	s.clock.Set(time.Date(2023, 6, 1, 2, 0, 0, 0, time.UTC))
	s.tokens = map[string]string{}
	again := s.do("town.a", "POST", path+"/resubmit", map[string]any{"bank_account": "6222000011112222"}, "If-Match", back.version()).want(200)
	if month := again.text("owed_from_month"); month != "2023-06" {
		t.Errorf("resubmitted after more than 30 days counts from %s, want 2023-06", month)
	}
	s.do("town.a2", "POST", path+"/decisions", map[string]any{"decision": "reject"}, "If-Match", again.version()).want(422, "REASON_REQUIRED")
	done := s.do("town.a2", "POST", path+"/decisions", map[string]any{"decision": "reject", "reason_code": "MATERIAL_MISSING"}, "If-Match", again.version()).want(200)
	s.do("town.a", "POST", path+"/withdraw", nil, "If-Match", done.version()).want(409, "WRONG_STAGE")
}

func (s *service) upload(user string, file []byte, path string) answer {
	s.t.Helper()
	return s.send(s.form(user, file, path))
}

// form is a request that uploads a file.
func (s *service) form(user string, file []byte, path string) *http.Request {
	s.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, _ := w.CreateFormFile("file", "roster.xlsx")
	part.Write(file)
	w.Close()
	req, err := http.NewRequest("POST", s.url+"/api/v1"+path, &body)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+s.login(user))
	return req
}

func TestImportRoster(t *testing.T) {
	t.Parallel()
	s := start(t)
	tree := divisions.Tree()
	rows := population.Generate(1, 300, tree, calendar.DateOf(s.clock.Now()))
	var file bytes.Buffer
	if err := exchange.WriteRoster(&file, rows); err != nil {
		t.Fatal(err)
	}
	dry := s.upload("cdpf", file.Bytes(), "/imports?kind=roster&dry_run=true").want(201).json()
	if dry["new"] != 309.0 || dry["refused"] != 0.0 || len(s.do("auditor", "GET", "/persons", nil).want(200).json()["items"].([]any)) != 0 {
		t.Errorf("dry run: %v", dry)
	}
	done := s.upload("cdpf", file.Bytes(), "/imports?kind=roster").want(201).json()
	if done["new"] != 309.0 || done["refused"] != 0.0 {
		t.Errorf("import: %v", done)
	}
	again := s.upload("cdpf", file.Bytes(), "/imports?kind=roster").want(200).json()
	if again["id"] != done["id"] {
		t.Error("the same file was another import")
	}
	var other bytes.Buffer
	if err := exchange.WriteRosterCSV(&other, rows); err != nil {
		t.Fatal(err)
	}
	if same := s.upload("cdpf", other.Bytes(), "/imports?kind=roster").want(201).json(); same["same"] != 309.0 || same["new"] != 0.0 || same["changed"] != 0.0 {
		t.Errorf("the same people in another file: %v", same)
	}
	if town := s.upload("town.a", file.Bytes(), "/imports?kind=roster&dry_run=true").want(201).json(); town["refused"] == 0.0 {
		t.Error("a town took in people of other towns")
	}
	persons, differed, err := s.desk.RebuildStandings(t.Context(), systemActor, true)
	if err != nil || persons != 309 || differed != 0 {
		t.Errorf("rebuild: %d persons, %d differed, %v; want 309, 0", persons, differed, err)
	}
	for _, tt := range []struct{ name, content, code string }{
		{"empty", "", "WORKBOOK_EMPTY"}, {"binary", "\x00\x01\x02", "WORKBOOK_TYPE"}, {"no headings", "a,b\n1,2\n", "HEADING_NOT_FOUND"}, {"broken zip", "PK\x03\x04garbage", "WORKBOOK_BROKEN"},
	} {
		if got := s.upload("cdpf", []byte(tt.content), "/imports?kind=roster"); got.status != 422 || got.text("code") != tt.code {
			t.Errorf("%s: %d %s", tt.name, got.status, got.body)
		}
	}
	s.upload("cdpf", bytes.Repeat([]byte("x"), 11<<20), "/imports?kind=roster").want(413)
	bad := "姓名,身份证号,残疾证号,户籍村居,发证日期\n金丝雀,3.70305E+17,,370305001005,\n"
	got := s.upload("cdpf", []byte(bad), "/imports?kind=roster&dry_run=true").want(201).json()["errors"].([]any)[0].(map[string]any)
	if got["row"] != 2.0 || got["column"] != "身份证号" || got["code"] != "ID_SCIENTIFIC" {
		t.Errorf("refusal: %v", got)
	}
}
