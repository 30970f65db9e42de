package httpapi_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"zhucan/internal/casework"
)

// wrong fails the test unless a problem names the field with the code.
func (a answer) wrong(field, code string) {
	a.t.Helper()
	fields, _ := a.json()["errors"].([]any)
	for _, raw := range fields {
		if f := raw.(map[string]any); f["field"] == field && f["code"] == code {
			return
		}
	}
	a.t.Errorf("%s of %s is not named: %s", code, field, a.body)
}

// items is how many a list has.
func (a answer) items() int {
	a.t.Helper()
	return len(a.want(200).json()["items"].([]any))
}

// TestQueriesThatCannotBeRead: what narrows a list is never left out in silence.
func TestQueriesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person("liaison.a", villageA, 1, 1).want(201)
	for _, query := range []string{"area=%zz", "%zz", "limit=1&area=%", "area=" + villageA + ";limit=1", "area=000000", "area=000000000000"} {
		s.do("cdpf", "GET", "/persons?"+query, nil).want(400, "BAD_PARAMETER")
		s.do("cdpf", "GET", "/indicators/values?"+query, nil).want(400, "BAD_PARAMETER")
	}
	s.do("cdpf", "GET", "/areas?parent=000000", nil).want(400, "BAD_PARAMETER").wrong("parent", "PATTERN")
	s.do("cdpf", "GET", "/applications?case_number=x", nil).want(400, "BAD_PARAMETER").wrong("case_number", "PATTERN")
	if n := s.do("cdpf", "GET", "/persons?area="+villageA+"&limit=1", nil).items(); n != 1 {
		t.Errorf("%d persons", n)
	}
}

// TestYesAndNo: 1 was taken for a yes by the check and for a no by what came after it; a trial was a real import.
func TestYesAndNo(t *testing.T) {
	t.Parallel()
	s := start(t)
	row := "姓名,身份证号,残疾证号,户籍村居,发证日期\n金丝雀," + number(1) + "," + number(1) + "41," + villageA + ",2020-01-06\n"
	for _, yes := range []string{"1", "t", "T", "TRUE", "True", "0", ""} {
		s.upload("cdpf", []byte(row), "/imports?kind=roster&dry_run="+yes).want(400, "BAD_PARAMETER").wrong("dry_run", "WRONG_TYPE")
		s.do("cdpf", "GET", "/applications?overdue="+yes, nil).want(400, "BAD_PARAMETER").wrong("overdue", "WRONG_TYPE")
		s.do("cdpf", "GET", "/services?waiting="+yes, nil).want(400, "BAD_PARAMETER")
	}
	if n := s.do("auditor", "GET", "/persons", nil).items(); n != 0 {
		t.Errorf("a trial took in %d persons", n)
	}
}

// TestNobodysID: the id of all zeros was no id, and narrowed nothing.
func TestNobodysID(t *testing.T) {
	t.Parallel()
	s := start(t)
	f := s.matrixFixture()
	none := "00000000-0000-0000-0000-000000000000"
	for user, queries := range map[string][]string{"cdpf": {"/applications?person_id=", "/services?person_id=", "/services?household_id=", "/recoveries?person_id=", "/list-statements?import="},
		"auditor": {"/audit-events?account_id=", "/audit-events?subject=", "/exports?account_id=", "/awards?person_id="}} {
		for _, query := range queries {
			s.do(user, "GET", query+none, nil).want(400, "BAD_PARAMETER")
			s.do(user, "GET", query+someID, nil).want(200)
		}
	}
	s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": none, "programme": "nursing_subsidy", "applied_on": "2023-03-28", "applicant": map[string]any{"relation": "self"}}).want(422).wrong("person_id", "FORMAT")
	s.do("cdpf", "GET", "/persons/"+none, nil).want(404)
	s.do("cdpf", "GET", "/applications?person_id="+f.person, nil).want(200)
}

// TestMembersTwice: of a member that stood twice the last was checked, while both were read into one.
func TestMembersTwice(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := number(1)
	card := fmt.Sprintf(`"number":"%s71","category":7,"level":1,"issued_on":"2020-01-06"`, id)
	person := func(rest string) string {
		return fmt.Sprintf(`{"name":"金丝雀","id_number":"%s","hukou_area_code":"%s","hukou_type":"agricultural",%s}`, id, villageA, rest)
	}
	for _, tt := range []struct{ body, field string }{
		{person(`"certificate":{"components":[{"category":99,"level":1},{"category":5,"level":2}]},"certificate":{` + card + `}`), "certificate"},
		{person(`"name":"金丝雀二","certificate":{` + card + `}`), "name"},
		{person(`"certificate":{` + card + `,"components":[{"category":4,"level":1},{"category":5,"level":2,"level":3}]}`), "certificate.components.1.level"},
		{person(`"\u006eame":"金丝雀二","certificate":{` + card + `}`), "name"},
	} {
		s.do("liaison.a", "POST", "/persons", tt.body).want(400, "BAD_JSON").wrong(tt.field, "REPEATED")
	}
	long := strings.Repeat("名", 5000)
	if a := s.do("liaison.a", "POST", "/persons", `{"`+long+`":1,"`+long+`":2}`).want(400, "BAD_JSON"); len(a.body) > 1000 {
		t.Errorf("a long name is said back in %d bytes", len(a.body))
	}
	if n := s.do("auditor", "GET", "/persons", nil).items(); n != 0 {
		t.Errorf("%d persons were written", n)
	}
	s.do("liaison.a", "POST", "/persons", person(`"certificate":{`+card+`,"components":[{"category":4,"level":1},{"category":5,"level":2}]}`)).want(201)
}

// TestNoCharacters: an escape that stands for no character is no text. In the value of a fact it was an error of the database, elsewhere U+FFFD.
func TestNoCharacters(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := "/persons/" + s.person("liaison.a", villageA, 1, 1).want(201).text("id") + "/circumstances"
	fact := func(value, source string) answer {
		return s.do("liaison.a", "POST", path, fmt.Sprintf(`{"kind":"school","value":{"stage":"primary","note":"%s"},"valid_from":"2022-01-01","source":"%s"}`, value, source))
	}
	before := s.do("liaison.a", "GET", path, nil).items()
	for _, text := range []string{`\ud800`, `\udc00`, `\ud83d`, `\ud83dx`, `\ud83d\ud83d`, `\ude00\ud83d`, `\ud83d\n`, `a\uD800`, `\u0000`, `\\\u0000`, `\uD83D\\ude00`} {
		fact(text, "x").want(400, "BAD_JSON")
		fact("x", text).want(400, "BAD_JSON")
	}
	if n := s.do("liaison.a", "GET", path, nil).items(); n != before {
		t.Errorf("%d facts were written", n-before)
	}
	for _, text := range []string{`\ud83d\ude00`, `\\u0000`, `\\ud800`, `\uFFFD`} {
		if got := fact("x", text); got.status != http.StatusCreated && got.status != http.StatusConflict {
			t.Errorf("%s: %d %s", text, got.status, got.body)
		}
	}
}

// TestNumbersWithAPoint: 3.0 is JSON; where it is not taken, its member is named.
func TestNumbersWithAPoint(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := number(1)
	s.do("liaison.a", "POST", "/persons", fmt.Sprintf(`{"name":"金丝雀","id_number":"%s","hukou_area_code":"%s","hukou_type":"agricultural","certificate":{"number":"%s43","category":4,"level":3.0,"issued_on":"2020-01-06"}}`,
		id, villageA, id)).want(400, "WRONG_TYPE").wrong("certificate.level", "WRONG_TYPE")
}

// TestFieldsOfACard: a card that is added to a file stands by itself in the body.
func TestFieldsOfACard(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := "/persons/" + s.person("liaison.a", villageA, 1, 1).want(201).text("id") + "/certificates"
	s.do("liaison.a", "POST", path, map[string]any{"number": "123", "category": 4, "level": 1, "issued_on": "2020-01-06"}).want(422).wrong("number", "CERT_LENGTH")
	s.do("liaison.a", "POST", path, map[string]any{"number": number(1) + "41", "category": 4, "level": 1, "issued_on": "2020-01-06", "expires_on": "2019-01-06"}).want(422).wrong("issued_on", "CERTIFICATE_DATES")
}

// TestKeysOfRepeats: a key is what the contract says one is. An empty one is a program's mistake, and would make a repeat a second act.
func TestKeysOfRepeats(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := "/persons/" + s.person("liaison.a", villageA, 1, 1).want(201).text("id") + "/holds"
	for _, key := range []string{"", " ", "a b", strings.Repeat("x", 129), "键"} {
		s.do("town.a", "POST", path, map[string]any{"note": "x"}, "Idempotency-Key", key).want(400, "BAD_PARAMETER").wrong("Idempotency-Key", "PATTERN")
	}
	s.do("town.a", "POST", path, map[string]any{"note": "x"}, "Idempotency-Key", strings.Repeat("x", 128)).want(201)
}

var han = regexp.MustCompile(`\p{Han}`)

// TestLanguage: the language is that which weighs most, and all words of a problem are in it.
func TestLanguage(t *testing.T) {
	t.Parallel()
	s := start(t)
	for accept, english := range map[string]bool{"": false, "en": true, "EN-gb": true, "en-GB,en;q=0.9": true, "zh-CN,zh;q=0.9,en;q=0.8": false, "en;q=0.1, zh;q=0.9": false,
		"zh;q=0.1, en;q=0.9": true, "fr, en;q=0.5": true, "fr": false, "en;q=0": false, "en;q=0, zh": false, "*": false, "enx": false, ";;;": false, "zh, en": false, "en, zh": true} {
		for status, a := range map[int]answer{404: s.do("cdpf", "GET", "/persons/"+someID, nil, "Accept-Language", accept), 400: s.do("cdpf", "GET", "/persons?limit=x", nil, "Accept-Language", accept),
			403: s.do("admin", "GET", "/persons", nil, "Accept-Language", accept), 401: s.do("", "GET", "/persons", nil, "Accept-Language", accept), 405: s.do("cdpf", "DELETE", "/persons", nil, "Accept-Language", accept)} {
			a.want(status)
			for _, text := range []string{a.text("title"), a.text("detail")} {
				if text == "" || han.MatchString(text) == english {
					t.Errorf("Accept-Language %q answers %q", accept, text)
				}
			}
		}
	}
}

// TestWebhookFromFarAhead: a number that no event has yet is told, however large it is.
func TestWebhookFromFarAhead(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.do("admin", "POST", "/webhooks", map[string]any{"url": "https://example.com/hook", "types": []string{"person.died"}, "after": "370305111245"}).want(422, "CURSOR_AHEAD")
	s.do("cdpf", "GET", "/changes?after=370305111245", nil).want(409, "CURSOR_AHEAD")
}

// TestLargestFigures: the largest number that the contract takes is kept.
func TestLargestFigures(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, fen := range []int{1, 1 << 31, 1_000_000_000_000} {
		a := s.do("cdpf", "POST", "/external-figures", map[string]any{"indicator": "income_growth", "year": 2020, "income_fen": fen, "source_doc": "x"}).want(201)
		if got := a.json()["income_fen"]; got != float64(fen) {
			t.Errorf("%d is kept as %v", fen, got)
		}
	}
	a := s.do("cdpf", "POST", "/external-figures", map[string]any{"indicator": "facility_accessibility", "year": 2020, "numerator": 0, "denominator": 1_000_000_000, "source_doc": "x"}).want(201)
	if got := a.json()["numerator"]; got != 0.0 {
		t.Errorf("none is kept as %v", got)
	}
	s.do("stats", "GET", "/indicators/values?as_of=2020-12-31", nil).want(200)
}

// TestWrongCalendars: the list that is wrong is named, and what is in it is not said back.
func TestWrongCalendars(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, tt := range []struct {
		holidays, working []string
		field, zh         string
	}{
		{[]string{"2027-05-01", "金丝雀"}, nil, "holidays", "第2项不是该年的日期"}, {[]string{"2028-05-01"}, nil, "holidays", "第1项不是该年的日期"},
		{nil, []string{"2027-05-10"}, "working", "第1项不是该年可以上班的周末"},
	} {
		body := map[string]any{"year": 2027, "document": "x", "holidays": append([]string{}, tt.holidays...), "working": append([]string{}, tt.working...)}
		a := s.do("admin", "POST", "/calendars", body).want(422, "BAD_CALENDAR")
		a.wrong(tt.field, "BAD_CALENDAR")
		if text := a.text("detail"); text != tt.zh {
			t.Errorf("told: %s", text)
		}
		if en := s.do("admin", "POST", "/calendars", body, "Accept-Language", "en").want(422).text("detail"); han.MatchString(en) {
			t.Errorf("told: %s", en)
		}
	}
}

// TestBudgetsOfAreas: the area of a budget is read as every other.
func TestBudgetsOfAreas(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.granted(s.person1(1, 1), nursing, "2023-01-05", "2023-01-06")
	ask := map[string]any{"draft": map[string]any{"document": s.edited("stop_mode: next_month", "stop_mode: same_month")}, "month": "2023-03", "to_month": "2023-03"}
	with := func(at string) answer {
		ask["budgets"] = []any{map[string]any{"area_code": at, "monthly_fen": 1}}
		return s.do("civil", "POST", "/policies/simulate", ask)
	}
	with("000000000000").want(422).wrong("budgets.0.area_code", "PATTERN")
	short, long := items(with(townA).want(200), "budgets")[0], items(with(townA+"000").want(200), "budgets")[0]
	if short["cost_fen"] == 0.0 || fmt.Sprint(long) != fmt.Sprint(short) {
		t.Errorf("%v, of the official code %v", short, long)
	}
}

// TestServicesOfTheCommandLine: what a list has recorded that came by the command line can be read.
func TestServicesOfTheCommandLine(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	id := s.person2(761)
	list := fmt.Sprintf("姓名,身份证号,辅具名称,数量,适配日期,签收日期,价格\n金丝雀761,%s,手动轮椅,1件,2019-04-01,2019-04-03,1200\n", number(761))
	if _, _, err := s.desk.ImportList(t.Context(), systemActor, casework.NewList{Kind: "devices", Sender: "fj", Data: []byte(list)}); err != nil {
		t.Fatal(err)
	}
	there := items(s.do("cdpf", "GET", "/services?person_id="+id, nil).want(200), "items")[0]
	if step := items(s.do("cdpf", "GET", "/services/"+there["id"].(string), nil).want(200), "steps")[0]; step["role"] != "system" {
		t.Errorf("%v", step)
	}
}

// TestFieldsInside: what is refused is named by its path in the body.
func TestFieldsInside(t *testing.T) {
	t.Parallel()
	s := start(t)
	one, two := s.person("liaison.a", villageA, 1, 1).want(201).text("id"), s.person("liaison.a", villageA, 2, 1).want(201).text("id")
	member := func(id, from string) map[string]any {
		return map[string]any{"person_id": id, "relation": "other", "from": from}
	}
	s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA, "members": []any{member(one, "2020-01-01"), member(two, "2099-01-01")}}).want(422).wrong("members.1.from", "IN_FUTURE")
	h := s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA}).want(201).text("id")
	s.do("liaison.a", "POST", "/households/"+h+"/members", member(one, "2099-01-01")).want(422).wrong("from", "IN_FUTURE")
	s.do("liaison.a", "POST", "/services", map[string]any{"kind": "device", "person_id": one, "need": []any{}}).want(422).wrong("need", "NOT_AN_OBJECT")
	service := s.do("liaison.a", "POST", "/services", map[string]any{"kind": "device", "person_id": one, "need": map[string]any{"item": "120312", "mode": "grant", "pieces": 1}}).want(201)
	s.do("liaison.a", "POST", "/services/"+service.text("id")+"/correct", map[string]any{"need": "x", "reason": "x"}, "If-Match", service.version()).want(422).wrong("need", "NOT_AN_OBJECT")
	s.do("liaison.a", "POST", "/services/"+service.text("id")+"/steps", map[string]any{"step": "village_check", "evidence": "x"}, "If-Match", service.version()).want(422).wrong("evidence", "NOT_AN_OBJECT")
}

// parts sends a multipart body of parts in pairs of name and content.
func (s *service) parts(user, path string, pairs ...string) answer {
	s.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i < len(pairs); i += 2 {
		create := w.CreateFormField
		if pairs[i] == "file" {
			create = func(name string) (io.Writer, error) { return w.CreateFormFile(name, "list.csv") }
		}
		part, _ := create(pairs[i])
		io.WriteString(part, pairs[i+1])
	}
	w.Close()
	return s.do(user, "POST", path, body.String(), "Content-Type", w.FormDataContentType())
}

// TestPartsOfUploads: a part that is not named, or comes twice, is refused like a member of a body; of two files one was passed over.
func TestPartsOfUploads(t *testing.T) {
	t.Parallel()
	s := start(t)
	list := "姓名,身份证号,起始日期\n金丝雀," + number(1) + ",2022-01-01\n"
	dibao, results := "/imports?kind=dibao&sender=mz&dry_run=true", "/rosters/"+someID+"/results"
	s.parts("civil", dibao, "file", list, "file", list).want(400, "BAD_UPLOAD").wrong("file", "REPEATED")
	s.parts("finance", results, "file", list, "file", list).want(400, "BAD_UPLOAD").wrong("file", "REPEATED")
	s.parts("finance", results, "file", list, "mapping", "{}").want(400, "UNKNOWN_FIELD").wrong("mapping", "UNKNOWN_FIELD")
	s.parts("civil", dibao, "file", list, "note", "x").want(400, "UNKNOWN_FIELD").wrong("note", "UNKNOWN_FIELD")
	s.parts("civil", dibao, "mapping", "{}", "mapping", "{}", "file", list).want(400, "BAD_UPLOAD").wrong("mapping", "REPEATED")
	for _, mapping := range []string{`{"\u0000":"name"}`, `{"\ud800":"name"}`, "{\"\xff\":\"name\"}", `{"a":"name","a":"id"}`, `{"a":`, `5`, `{"a":5}`} {
		s.parts("civil", dibao, "file", list, "mapping", mapping).want(422, "NOT_AN_OBJECT").wrong("mapping", "NOT_AN_OBJECT")
	}
	s.parts("civil", dibao, "file", list, "mapping", `{"`+strings.Repeat("a", 20_000)+`":"name"}`).want(413, "TOO_LARGE").wrong("mapping", "TOO_LONG")
	s.parts("civil", dibao, "mapping", `{"起始日期":"from"}`, "file", list).want(201)
}
