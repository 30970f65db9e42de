package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/care"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// heard is what the server tells the scripts of a phone.
type heard struct {
	status int
	Code   string `json:"code"`
	CSRF   string `json:"csrf"`
	Next   string `json:"next"`
	Phone  string `json:"phone"`
	Secret string `json:"secret"`
	User   *struct {
		ID string `json:"id"`
	} `json:"user"`
	Fields   []struct{ Name, Message string } `json:"fields"`
	Known    *struct{ ID, Name string }       `json:"known"`
	Conflict *struct {
		Fresh  map[string]string `json:"fresh"`
		Fields []struct {
			Name, Mine, Theirs string
			Values             []string
		} `json:"fields"`
	} `json:"conflict"`
}

func (sh shown) heard() heard {
	sh.b.site.t.Helper()
	h := heard{status: sh.status}
	if err := json.Unmarshal([]byte(sh.body), &h); err != nil {
		sh.b.site.t.Fatalf("%s answers %q: %v", sh.path, sh.body, err)
	}
	return h
}

func (h heard) want(t *testing.T, status int, code string) heard {
	t.Helper()
	if h.status != status || h.Code != code {
		t.Fatalf("status %d %s, want %d %s (%v)", h.status, h.Code, status, code, h.Fields)
	}
	return h
}

func (b *browser) hello() heard { return b.get("/offline/hello").heard() }

func (b *browser) tell(path string, body map[string]any) heard {
	text, _ := json.Marshal(body)
	return b.do("POST", "/offline/"+path, bytes.NewReader(text), "Content-Type", "application/json", "X-CSRF", b.hello().CSRF).heard()
}

// entry is what a phone sends.
type entry struct {
	key    string
	values map[string]string
	photos [][]byte
}

func newEntry(kind string, pairs ...string) entry {
	e := entry{key: uuid.NewString(), values: map[string]string{"kind": kind}}
	for i := 0; i+1 < len(pairs); i += 2 {
		e.values[pairs[i]] = pairs[i+1]
	}
	return e
}

func (e entry) body() (*bytes.Buffer, string) {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(e.values)) {
		w.WriteField(name, e.values[name])
	}
	for _, photo := range e.photos {
		part, _ := w.CreateFormFile("photos", "photo.jpg")
		part.Write(photo)
	}
	w.Close()
	return &out, w.FormDataContentType()
}

func (b *browser) send(e entry, headers ...string) heard {
	b.site.t.Helper()
	body, kind := e.body()
	return b.do("POST", "/offline/items", body, append([]string{"Content-Type", kind, "Idempotency-Key", e.key, "X-CSRF", b.hello().CSRF}, headers...)...).heard()
}

func newCase(n int) entry {
	e := newEntry("case", "id_number", number(n), "name", fmt.Sprint("金丝雀", n), "managing_area_code", villageA, "hukou_type", "agricultural",
		"certificate.number", fmt.Sprintf("%s4%d", number(n), 1), "certificate.category", "4", "certificate.level", "1", "certificate.issued_on", "2020-01-06",
		"programme", "nursing_subsidy", "applied_on", "2023-03-27", "applicant.relation", "self")
	e.photos = [][]byte{photograph(3), photograph(4)}
	return e
}

// found is how many people have a number, and how many applications and photos they have.
func (s *site) found(n int) (persons, applications, photos int) {
	s.t.Helper()
	ctx, who := context.Background(), s.actor("cdpf")
	list, err := s.desk.DB.SearchPersons(ctx, who, store.Search{IDNumber: number(n)})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range list {
		cases, err := s.desk.DB.ListApplications(ctx, who, store.ApplicationFilter{PersonID: p.ID, Limit: 100})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, c := range cases {
			files, err := s.desk.DB.Attachments(ctx, who, c.ID)
			if err != nil {
				s.t.Fatal(err)
			}
			photos += len(files)
		}
		applications += len(cases)
	}
	return len(list), applications, photos
}

func (s *site) wantFound(n, persons, applications, photos int) {
	s.t.Helper()
	if p, a, f := s.found(n); p != persons || a != applications || f != photos {
		s.t.Fatalf("number %d: %d persons, %d applications, %d photos; want %d, %d, %d", n, p, a, f, persons, applications, photos)
	}
}

// TestShell: what a phone keeps is the same for everybody, says nothing of anybody, is small, and has the strict policy.
func TestShell(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person(11, 1, villageA)
	b := s.as("liaison.a")
	b.get("/offline").want(303)
	shell := s.browser().get("/offline/").want(200)
	if own := b.get("/offline/").want(200); own.body != shell.body || own.header.Get("Set-Cookie") != "" {
		t.Error("the shell is another for who is signed in")
	}
	policy := shell.header.Get("Content-Security-Policy")
	if rest := strings.Replace(policy, " zhucan-worker", " 'none'", 1); rest != b.get("/").header.Get("Content-Security-Policy") || !strings.Contains(policy, "trusted-types zhucan-worker") {
		t.Errorf("the policy of the shell allows more than naming its worker: %s", policy)
	}
	worker := s.browser().get("/offline/sw.js").want(200)
	line, _, _ := strings.Cut(worker.body, "\n")
	var kept []string
	text := strings.TrimPrefix(line[:strings.Index(line, "]")+1], "const kept = ")
	if err := json.Unmarshal([]byte(text), &kept); err != nil || len(kept) < 10 {
		t.Fatalf("the worker keeps %s: %v", text, err)
	}
	total, scripts := len(worker.body), len(worker.body)
	for _, at := range kept {
		sh := s.browser().get(at).want(200)
		if strings.Contains(sh.body, "金丝雀") || sh.header.Get("Set-Cookie") != "" {
			t.Errorf("%s has something of somebody", at)
		}
		if total += len(sh.body); strings.HasSuffix(at, ".js") && strings.Contains(at, "offline") {
			scripts += len(sh.body)
		}
		if !strings.Contains(at, "icon") && !strings.Contains(at, "lang=en") && strings.HasPrefix(at, "/assets/") && !strings.Contains(shell.body, at) {
			t.Errorf("%s is kept and not loaded", at)
		}
	}
	for _, n := range append(all(shell.doc, "link"), all(shell.doc, "script")...) {
		if at := attr(n, "href") + attr(n, "src"); !slices.Contains(kept, at) {
			t.Errorf("%s is loaded and not kept", at)
		}
	}
	if total > 150<<10 || scripts > 41<<10 {
		t.Errorf("all that is kept has %d bytes, the scripts %d", total, scripts)
	}
	t.Logf("all that is kept has %d bytes, the scripts for it %d", total, scripts)
	var manifest struct {
		StartURL string `json:"start_url"`
		Scope    string
		Icons    []struct{ Src string }
	}
	if err := json.Unmarshal([]byte(s.browser().get("/offline/manifest.webmanifest?lang=en").want(200).body), &manifest); err != nil ||
		manifest.StartURL != "/offline/?lang=en" || manifest.Scope != "/offline/" || len(manifest.Icons) != 2 {
		t.Errorf("manifest: %+v, %v", manifest, err)
	}
	for _, icon := range manifest.Icons {
		if sh := s.browser().get(icon.Src).want(200); sh.header.Get("Content-Type") != "image/png" {
			t.Errorf("%s is %s", icon.Src, sh.header.Get("Content-Type"))
		}
	}
	s.browser().get("/offline/?lang=en").want(200).says("Offline capture", "中文")
	b.get("/").says("离线采集")
}

// TestItemIsDoneOnce: the same entry, sent again and by eight at a time, is one person with one application and its photos.
func TestItemIsDoneOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	e := newCase(21)
	var mu sync.Mutex
	answers := map[string]int{}
	token := b.hello().CSRF
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			h := heard{status: http.StatusServiceUnavailable}
			for h.status == http.StatusServiceUnavailable { // the others have not let go of it yet: a phone comes again
				body, kind := e.body()
				h = b.do("POST", "/offline/items", body, "Content-Type", kind, "Idempotency-Key", e.key, "X-CSRF", token).heard()
			}
			mu.Lock()
			defer mu.Unlock()
			answers[fmt.Sprint(h.status, h.Next)]++
		})
	}
	group.Wait()
	if len(answers) != 1 {
		t.Errorf("the same entry was answered in %d ways: %v", len(answers), answers)
	}
	again := b.send(e).want(t, 200, "")
	b.get(again.Next).want(200).says("草稿", "金丝雀21")
	s.wantFound(21, 1, 1, 2)

	other := e
	other.values = maps.Clone(e.values)
	other.values["name"] = "另一人"
	b.send(other).want(t, 422, "IDEMPOTENCY_KEY_REUSED")
	other.values["name"], other.photos = e.values["name"], e.photos[:1]
	b.send(other).want(t, 422, "IDEMPOTENCY_KEY_REUSED")
	s.wantFound(21, 1, 1, 2)
}

// TestItemRefusedChangesNothing: an entry whose application is wrong leaves no person; corrected, it goes through under its key.
func TestItemRefusedChangesNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	e := newCase(22)
	e.values["applicant.relation"] = "guardian" // whose name is missing
	h := b.send(e).want(t, 422, "APPLICANT_NAME_REQUIRED")
	if len(h.Fields) != 1 || h.Fields[0].Name != "applicant.name" {
		t.Errorf("refused at %v", h.Fields)
	}
	s.wantFound(22, 0, 0, 0)
	e.photos[1] = []byte("%!PS no picture")
	e.values["applicant.name"] = "监护人"
	if h := b.send(e); h.status != 415 && h.status != 422 {
		t.Errorf("what is no picture: %d %s", h.status, h.Code)
	}
	s.wantFound(22, 0, 0, 0)
	e.photos = e.photos[:1]
	b.send(e).want(t, 200, "")
	s.wantFound(22, 1, 1, 1)

	again := newCase(22)
	if h := b.send(again).want(t, 409, "PERSON_EXISTS"); h.Known == nil || h.Known.Name != "金丝雀22" {
		t.Errorf("who is known: %+v", h.Known)
	}
	s.person(23, 1, villageB)
	if h := b.send(newCase(23)).want(t, 409, "PERSON_EXISTS"); h.Known != nil {
		t.Errorf("somebody of another village is named: %+v", h.Known)
	}
	outside := newCase(24)
	outside.values["managing_area_code"] = villageB
	b.send(outside).want(t, 422, "OUTSIDE_AREA")
	b.send(newEntry("case", "photos", "x")).want(t, 422, "INVALID_INPUT")
	b.send(newEntry("anything")).want(t, 400, "BAD_FORM")
	b.send(newEntry("step", "id", "no id")).want(t, 404, "NOT_FOUND")
}

func TestItemGuards(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	e := newCase(25)
	b.send(e, "X-CSRF", "").want(t, 403, "BAD_FORM_TOKEN")
	b.send(e, "X-CSRF", s.as("town.a").hello().CSRF).want(t, 403, "BAD_FORM_TOKEN")
	b.send(e, "Sec-Fetch-Site", "cross-site").want(t, 403, "CROSS_ORIGIN")
	b.send(e, "Sec-Fetch-Site", "same-site").want(t, 403, "CROSS_ORIGIN")
	b.send(e, "Origin", "https://evil.example").want(t, 403, "CROSS_ORIGIN")
	b.send(e, "Content-Type", "application/json").want(t, 415, "WRONG_TYPE")
	b.send(e, "Idempotency-Key", "").want(t, 400, "BAD_FORM")
	s.browser().send(e).want(t, 401, "NOT_SIGNED_IN")
	for role, user := range userOf {
		if role == liaison || role == town {
			continue
		}
		s.as(user).send(e).want(t, 403, "FORBIDDEN")
		if h := s.as(user).get("/offline/files"); h.status != 403 {
			t.Errorf("%s gets the files: %d", role, h.status)
		}
	}
	s.wantFound(25, 0, 0, 0)

	s.clock.Add(13 * time.Hour) // the session has run out
	b.send(e).want(t, 401, "NOT_SIGNED_IN")
	b.tell("sign-in", map[string]any{"username": "liaison.a", "password": "wrong"}).want(t, 401, "BAD_CREDENTIALS")
	b.do("POST", "/offline/sign-in", strings.NewReader(`{"username":"liaison.a","password":"`+password+`"}`), "Content-Type", "application/json").heard().want(t, 403, "BAD_FORM_TOKEN")
	in := b.tell("sign-in", map[string]any{"username": "liaison.a", "password": password}).want(t, 200, "")
	if in.User == nil || in.CSRF != b.hello().CSRF {
		t.Errorf("signed in: %+v", in)
	}
	b.send(e).want(t, 200, "")
	b.send(e).want(t, 200, "")
	s.wantFound(25, 1, 1, 2)
}

// TestPhoneConflict: another number shows both; another change of the same file does not stand in the way.
func TestPhoneConflict(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	id, b := s.person(26, 1, villageA), s.as("liaison.a")
	seen := s.file(b, id)
	set := func(patch casework.PersonPatch) {
		d, err := s.desk.Person(ctx, s.actor("town.a"), id)
		if err == nil {
			_, err = s.desk.UpdatePerson(ctx, s.actor("town.a"), id, d.File.Person.Version, patch)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	change := func(number string, seen fileOf) entry {
		return newEntry("phone", "id", id.String(), "phone", number, "version", fmt.Sprint(seen.Version), "tag", seen.Tag)
	}
	hukou := "non_agricultural"
	set(casework.PersonPatch{HukouType: &hukou})
	b.send(change("19900001111", seen)).want(t, 200, "") // the file has changed, the number has not
	seen = s.file(b, id)
	theirs := "19900002222"
	set(casework.PersonPatch{Phone: &theirs})
	e := change("19900003333", seen)
	h := b.send(e).want(t, 412, "STALE")
	if h.Conflict == nil || len(h.Conflict.Fields) != 1 || h.Conflict.Fields[0].Mine != "19900003333" || h.Conflict.Fields[0].Theirs != "199****2222" {
		t.Fatalf("the two values: %+v", h.Conflict)
	}
	maps.Copy(e.values, h.Conflict.Fresh)
	b.send(e).want(t, 200, "")
	if d, _ := s.desk.Person(ctx, s.actor("cdpf"), id); d.File.Person.Phone != "19900003333" {
		t.Errorf("the number is %s", d.File.Person.Phone)
	}
	s.as("liaison.b").send(change("19900004444", seen)).want(t, 404, "NOT_FOUND")
}

// TestSurveyConflict: answers given in sight of an older set are refused with both, unless they say the same.
func TestSurveyConflict(t *testing.T) {
	t.Parallel()
	s := start(t)
	id, b := s.person(27, 1, villageA), s.as("liaison.a")
	seen := s.file(b, id)
	if len(seen.Asked) == 0 || seen.Seen != "" {
		t.Fatalf("what is asked: %+v", seen)
	}
	answers := s.answers(id)
	answer := func(code, value, seen string) entry {
		e := newEntry("survey", "id", id.String(), "mode", "visit", "collected_on", "2023-03-27", "seen", seen)
		for question, given := range answers {
			e.values["answers."+question] = given
		}
		e.values["answers."+code] = value
		return e
	}
	question := slices.Sorted(maps.Keys(answers))[0]
	options := s.options(question)
	b.send(answer(question, options[0], "")).want(t, 200, "")
	town := s.as("town.a")
	town.send(answer(question, options[0], "")).want(t, 200, "") // says the same
	e := answer(question, options[1], "")
	h := town.send(e).want(t, 412, "SURVEYED_MEANWHILE")
	if h.Conflict == nil || len(h.Conflict.Fields) != 1 || h.Conflict.Fields[0].Name != "answers."+question || h.Conflict.Fields[0].Mine == h.Conflict.Fields[0].Theirs ||
		!slices.Equal(h.Conflict.Fields[0].Values, []string{options[0]}) {
		t.Fatalf("the two answers: %+v", h.Conflict)
	}
	maps.Copy(e.values, h.Conflict.Fresh)
	town.send(e).want(t, 200, "")
	if now := s.file(b, id); now.Seen == "" || now.Seen == h.Conflict.Fresh["seen"] || now.Answers[question][0] != options[1] {
		t.Errorf("now %+v", now)
	}
}

func TestStepConflict(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	f, b := s.fixture("监护人乙", 28), s.as("liaison.a")
	seen := s.file(b, f.person)
	if len(seen.Services) != 1 || len(seen.Services[0].Steps) == 0 {
		t.Fatalf("the services: %+v", seen.Services)
	}
	step := strings.TrimPrefix(seen.Services[0].Steps[0], "rehab/")
	e := newEntry("step", "id", f.service.String(), "step", step, "version", "7", "on", "2023-03-27")
	h := b.send(e).want(t, 412, "STALE")
	if h.Conflict == nil || h.Conflict.Fresh["version"] != "1" {
		t.Fatalf("the conflict: %+v", h.Conflict)
	}
	maps.Copy(e.values, h.Conflict.Fresh)
	if h := b.send(e); h.status != 200 && h.status != 422 {
		t.Errorf("with the fresh version: %d %s", h.status, h.Code)
	}
	service, err := s.desk.DB.Service(ctx, s.actor("cdpf"), f.service)
	if err != nil || service.Kind != care.Rehab {
		t.Fatal(err)
	}
}

// fileOf is a person as a phone takes it along.
type fileOf struct {
	ID, Name, About, Phone, Tag, Seen string
	Version                           int
	Asked                             []string
	Answers                           map[string][]string
	Services                          []struct{ Steps []string }
	Needs                             []string
	Visits                            []struct{ List, Programme string }
}

func (s *site) files(b *browser) (list []fileOf, body string) {
	s.t.Helper()
	var data struct{ People []fileOf }
	body = b.get("/offline/files").want(200).body
	if err := json.Unmarshal([]byte(body), &data); err != nil {
		s.t.Fatal(err)
	}
	return data.People, body
}

func (s *site) file(b *browser, id uuid.UUID) fileOf {
	s.t.Helper()
	list, _ := s.files(b)
	for _, f := range list {
		if f.ID == id.String() {
			return f
		}
	}
	s.t.Fatalf("%s is not on the phone", id)
	return fileOf{}
}

// answers are the first choices of all questions that have to be answered.
func (s *site) answers(id uuid.UUID) map[string]string {
	s.t.Helper()
	asked, err := s.desk.Questionnaire(context.Background(), s.actor("cdpf"), s.desk.SurveyYear(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	answers := map[string]string{}
	for _, q := range asked.Questions {
		if q.Required && q.After == nil {
			answers[q.Code] = q.Options[0].Code
		}
	}
	for _, q := range asked.Questions {
		if q.Required && q.After != nil && slices.Contains(q.After.Any, answers[q.After.Question]) {
			answers[q.Code] = q.Options[0].Code
		}
	}
	return answers
}

func (s *site) options(question string) (codes []string) {
	s.t.Helper()
	var data struct {
		Questions map[string]struct{ Options []struct{ Value string } }
	}
	_, body := s.files(s.as("liaison.a"))
	if err := json.Unmarshal([]byte(body), &data); err != nil {
		s.t.Fatal(err)
	}
	for _, o := range data.Questions[question].Options {
		codes = append(codes, o.Value)
	}
	return codes
}

// TestFilesOnPhone: the people of one's own area, without a number in clear.
func TestFilesOnPhone(t *testing.T) {
	t.Parallel()
	s := start(t)
	mine, other := s.person(31, 1, villageA), s.person(32, 2, villageB)
	list, body := s.files(s.as("liaison.a"))
	if len(list) != 1 || list[0].ID != mine.String() {
		t.Errorf("the liaison takes along %+v", list)
	}
	for _, secret := range []string{number(31), "19900000031", number(31) + "41"} {
		if strings.Contains(body, secret) {
			t.Errorf("a number is sent in clear: %s", secret)
		}
	}
	if list[0].Phone != "199****0031" || len(list[0].Tag) != 16 {
		t.Errorf("the phone: %q %q", list[0].Phone, list[0].Tag)
	}
	if list, _ := s.files(s.as("town.a")); len(list) != 2 {
		t.Errorf("the town takes along %d people, want %s, too", len(list), other)
	}
	if list, _ := s.files(s.as("town.c")); len(list) != 0 {
		t.Errorf("another town takes along %+v", list)
	}
}

// TestPhones: the secret is told right after a sign-in and to nobody else; the office sees what waits.
func TestPhones(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	made := b.tell("phones", nil).want(t, 200, "")
	opened := b.tell("open", map[string]any{"phone": made.Phone}).want(t, 200, "")
	if opened.Secret != made.Secret || len(made.Secret) != 44 {
		t.Errorf("the secrets: %q %q", made.Secret, opened.Secret)
	}
	s.as("liaison.b").tell("open", map[string]any{"phone": made.Phone}).want(t, 404, "NOT_FOUND")
	s.as("liaison.b").tell("contact", map[string]any{"phone": made.Phone, "waiting": 1, "oldest": "2023-03-01T00:00:00Z"}).want(t, 404, "NOT_FOUND")
	s.clock.Add(6 * time.Minute)
	b.tell("open", map[string]any{"phone": made.Phone}).want(t, 401, "SIGN_IN_AGAIN")
	b.tell("sign-in", map[string]any{"username": "liaison.a", "password": password}).want(t, 200, "")
	b.tell("open", map[string]any{"phone": made.Phone}).want(t, 200, "")

	b.tell("contact", map[string]any{"phone": made.Phone, "waiting": 3, "oldest": "2023-03-10T00:00:00Z"}).want(t, 200, "")
	s.as("town.a").get("/phones").want(200).says("测试liaison.a", "2023-03-10", "超过14天", "3")
	s.as("town.a").get("/").says("手机未上传3")
	s.as("town.c").get("/phones").want(200).says("没有等待上传的内容")
	b.tell("contact", map[string]any{"phone": made.Phone, "waiting": 0, "oldest": "2023-03-10T00:00:00Z"}).want(t, 200, "")
	s.as("town.a").get("/phones").says("没有等待上传的内容")
	b.tell("contact", map[string]any{"phone": made.Phone, "waiting": -1, "oldest": "2023-03-10T00:00:00Z"}).want(t, 422, "OUT_OF_RANGE")
	b.tell("contact", map[string]any{"phone": made.Phone, "waiting": 1, "more": 1}).want(t, 400, "BAD_FORM")

	off := true
	a := s.accounts["liaison.a"]
	if _, err := s.desk.UpdateAccount(context.Background(), s.actor("admin"), a.ID, a.Version, casework.AccountPatch{Disabled: &off}); err != nil {
		t.Fatal(err)
	}
	b.tell("open", map[string]any{"phone": made.Phone}).want(t, 401, "NOT_SIGNED_IN")
}
