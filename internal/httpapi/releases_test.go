package httpapi_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// sealed seals a release of the district as known now and returns it.
func (s *service) sealed(body map[string]any) answer {
	s.t.Helper()
	body["title"] = "小康进程监测"
	return s.do("stats", "POST", "/indicator-releases", body).want(201)
}

// file is a release's file as it is handed out.
func (s *service) file(user, release, form string) []byte {
	s.t.Helper()
	return s.do(user, "GET", "/indicator-releases/"+release+"/file?format="+form, nil).want(200).body
}

// releaseRow finds a row of a release's JSON.
func releaseRow(t *testing.T, file []byte, indicator, by, area, group string) map[string]any {
	t.Helper()
	var release struct{ Items []map[string]any }
	if err := json.Unmarshal(file, &release); err != nil {
		t.Fatal(err)
	}
	for _, row := range release.Items {
		if row["indicator"] == indicator && row["by"] == by && row["area_code"] == area && (row["group"] == nil && group == "" || row["group"] == group) {
			return row
		}
	}
	t.Fatalf("no row %s by %s of %s %s", indicator, by, area, group)
	return nil
}

// TestReleaseStaysAsItWas is T16: a death of March that is reported after the release of 31 March changes the next release, with
// the name that explains it, and not one byte of the first.
func TestReleaseStaysAsItWas(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	var persons []string
	for n := range 8 {
		village, user := villageA, "liaison.a"
		if n >= 5 {
			village, user = villageC, "liaison.c"
		}
		persons = append(persons, s.person(user, village, 600+n, 1).want(201).text("id"))
	}
	s.at("2023-04-01")
	first := s.sealed(map[string]any{"as_of": "2023-03-31"})
	forms := map[string][]byte{}
	for _, form := range []string{"json", "csv", "xlsx"} {
		forms[form] = s.file("stats", first.text("id"), form)
		sum := sha256.Sum256(forms[form])
		if got := first.json()["sha256"].(map[string]any)[form]; got != hex.EncodeToString(sum[:]) {
			t.Errorf("%s has another checksum than was sealed", form)
		}
	}
	// the same instant of the same clock is already later than what was sealed
	s.fact(persons[0], "death", true, "2023-03-20", "").want(201)
	for form, was := range forms {
		if !bytes.Equal(was, s.file("stats", first.text("id"), form)) {
			t.Errorf("%s is another file after the death", form)
		}
	}
	wantRow(t, releaseRow(t, forms["json"], "nursing_subsidy_coverage", "tree", "370305", ""), 0, 8)
	known := "known_at=" + first.text("known_at")
	again := s.do("stats", "GET", "/indicators/values?indicator=nursing_subsidy_coverage&as_of=2023-03-31&"+known, nil).want(200)
	wantRow(t, again.json()["items"].([]any)[0].(map[string]any), 0, 8)
	names := s.do("town.a", "GET", "/indicators/nursing_subsidy_coverage/persons?list=gap&as_of=2023-03-31&"+known, nil).want(200)
	if names.json()["total"] != 5.0 {
		t.Errorf("the names behind the release: %s", names.body)
	}
	second := s.sealed(map[string]any{"as_of": "2023-03-31"})
	wantRow(t, releaseRow(t, s.file("stats", second.text("id"), "json"), "nursing_subsidy_coverage", "tree", "370305", ""), 0, 7)
	s.wantExplained(first.text("id"), second.text("id"), persons[0])
}

func wantRow(t *testing.T, row map[string]any, numerator, denominator float64) {
	t.Helper()
	if row["numerator"] != numerator || row["denominator"] != denominator {
		t.Errorf("%v of %v, want %v of %v: %v", row["numerator"], row["denominator"], numerator, denominator, row)
	}
}

func (s *service) wantExplained(first, second, person string) {
	s.t.Helper()
	path := "/indicator-releases/" + second + "/changes"
	changes := s.do("stats", "GET", path+"?since="+first, nil).want(200)
	for _, item := range changes.json()["items"].([]any) {
		change := item.(map[string]any)
		passages, _ := json.Marshal(change["passages"])
		want := "[]"
		switch change["indicator"] {
		case "nursing_subsidy_coverage", "pension_enrolment", "medical_enrolment":
			want = `[{"after":"outside","before":"gap","count":1}]`
		case "living_allowance_coverage":
			want = `[{"after":"outside","before":"excluded","count":1,"reason_before":"NOT_DIBAO"}]`
		}
		if string(passages) != want {
			s.t.Errorf("%s: %s, want %s", change["indicator"], passages, want)
		}
	}
	s.do("stats", "GET", path+"/persons?indicator=nursing_subsidy_coverage&since="+first, nil).want(403)
	list := s.do("cdpf", "GET", path+"/persons?indicator=nursing_subsidy_coverage&since="+first, nil).want(200).json()["items"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["person_id"] != person {
		s.t.Errorf("who moved: %v", list)
	}
	s.do("town.a", "GET", path+"?since="+first, nil).want(404)
	s.do("cdpf", "GET", path+"/persons?indicator=income_growth&since="+first, nil).want(409, "NO_NAMES")
}

// TestReleaseFilesHaveTheSameRows: csv, xlsx and JSON say the same, and so does the answer to a question about the same moment.
func TestReleaseFilesHaveTheSameRows(t *testing.T) {
	t.Parallel()
	s := start(t)
	for n := range 6 {
		s.person("liaison.a", villageA, 620+n, 1+n%4).want(201)
	}
	release := s.sealed(map[string]any{"as_of": "2023-03-28"})
	id := release.text("id")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(s.file("stats", id, "csv")), "\uFEFF"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Items      []map[string]any
		Dictionary []map[string]any
	}
	if err := json.Unmarshal(s.file("stats", id, "json"), &file); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(s.file("stats", id, "xlsx")))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	sheet, err := book.GetRows("指标值")
	if err != nil {
		t.Fatal(err)
	}
	if n := int(release.json()["rows"].(float64)); len(file.Items) != n || len(sheet) != n+1 {
		t.Fatalf("%d rows sealed, %d in JSON, %d in the workbook", n, len(file.Items), len(sheet)-1)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	if len(file.Dictionary) != len(rows[0]) {
		t.Errorf("%d columns, %d are explained", len(rows[0]), len(file.Dictionary))
	}
	for i, item := range file.Items {
		line := rows[i+1]
		for _, name := range []string{"indicator", "by", "area_code", "area_name", "group", "numerator", "denominator", "rate", "met", "light", "short_by", "excluded", "extra"} {
			want := ""
			if v := item[name]; v != nil {
				want = fmt.Sprint(v)
			}
			if line[column[name]] != want {
				t.Fatalf("row %d: %s is %q in csv and %q in JSON", i, name, line[column[name]], want)
			}
		}
		for at, cell := range sheet[i+1] {
			if cell != line[at] {
				t.Fatalf("row %d: column %s is %q in the workbook and %q in csv", i, rows[0][at], cell, line[at])
			}
		}
	}
	if explained := rows[len(file.Items)+1:]; len(explained) < len(rows[0]) || explained[0][column["indicator"]] != "" || explained[0][column["note"]] == "" {
		t.Errorf("the dictionary behind the rows: %v", explained)
	}
	asked := s.do("stats", "GET", "/indicators/values?by=tree&format=csv&as_of=2023-03-28&known_at="+release.text("known_at"), nil).want(200)
	sealed := map[string]bool{}
	for _, row := range rows[1:] {
		sealed[strings.Join(row[1:24], ",")] = true
	}
	lines := strings.Split(strings.TrimSpace(string(asked.body)), "\n")[1:]
	if len(lines) < 12*400 {
		t.Errorf("%d rows of the tree", len(lines))
	}
	for _, line := range lines {
		if cells := strings.Join(strings.Split(line, ",")[1:24], ","); !sealed[cells] {
			t.Fatalf("asked for: %s; not sealed", cells)
		}
	}
}

// TestFilesOfQuestionsSayWhen: a file that is asked for says who asked, when, and as of when it was known, as a sealed one does.
func TestFilesOfQuestionsSayWhen(t *testing.T) {
	t.Parallel()
	s := start(t)
	for known, want := range map[string]string{"": "2023-03-28T02:00:00Z", "&known_at=2023-03-28T01:30:00%2B00:00": "2023-03-28T01:30:00Z"} {
		path := "/indicators/values?as_of=2023-03-27&by=none" + known + "&format="
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(s.do("stats", "GET", path+"csv", nil).want(200).body), "\uFEFF"))).ReadAll()
		if err != nil || len(rows) < 3 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		book, err := excelize.OpenReader(bytes.NewReader(s.do("stats", "GET", path+"xlsx", nil).want(200).body))
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		sheet, err := book.GetRows("指标值")
		if err != nil || len(sheet) != len(rows) {
			t.Fatalf("%d rows in the workbook and %d in csv, %v", len(sheet), len(rows), err)
		}
		for n, row := range rows[1:] {
			for i, name := range rows[0] {
				said := map[string]string{"known_at": want, "generated_at": "2023-03-28T02:00:00Z", "generated_by": "stats", "as_of": "2023-03-27"}[name]
				if said != "" && (row[i] != said || sheet[n+1][i] != said) {
					t.Fatalf("row %d: %s is %q in csv and %q in the workbook, want %q", n, name, row[i], sheet[n+1][i], said)
				}
			}
		}
	}
	if body := s.do("stats", "GET", "/indicators/values", nil).want(200).json(); body["known_at"] != nil || body["generated_at"] != nil {
		t.Errorf("JSON: %v and %v", body["known_at"], body["generated_at"])
	}
}

// TestDefinitionsOfReleases: under 不计入 stands who is excluded, by the indicator and by the rules of its programme on the day, and the notes are
// in Chinese like the rest.
func TestDefinitionsOfReleases(t *testing.T) {
	t.Parallel()
	s := start(t)
	for day, want := range map[string]string{"2023-03-28": "X_TEKUN 不符合“未纳入特困人员供养”的", "2016-12-31": "CATEGORY_OUT_OF_RANGE 不符合“残疾类别为视力、肢体、智力、精神”的"} {
		id := s.sealed(map[string]any{"as_of": day}).text("id")
		book, err := excelize.OpenReader(bytes.NewReader(s.file("stats", id, "xlsx")))
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		sheet, err := book.GetRows("指标定义")
		if err != nil {
			t.Fatal(err)
		}
		column := map[string]int{}
		for i, heading := range sheet[0] {
			column[heading] = i
		}
		said := map[string]string{}
		for _, row := range sheet[1:] {
			said[row[column["代码"]]] = row[column["不计入"]]
			if note := row[column["说明"]]; !regexp.MustCompile(`\p{Han}`).MatchString(note) {
				t.Errorf("the note of %s: %s", row[column["代码"]], note)
			}
		}
		nursing, waived := said["nursing_subsidy_coverage"], said["nursing_subsidy_coverage@without_waivers"]
		if !strings.Contains(nursing, want) || !strings.HasPrefix(nursing, "DECEASED 不符合“健在”的；") || strings.Contains(nursing, "CATEGORY_OUT_OF_RANGE") != (day < "2017") {
			t.Errorf("on %s the nursing subsidy excludes %s", day, nursing)
		}
		if !strings.HasPrefix(waived, "WAIVED 不符合“本人未签字放弃护理补贴”的；") || !strings.HasSuffix(waived, nursing) {
			t.Errorf("on %s, without waivers: %s", day, waived)
		}
		if said["pension_enrolment"] == "" || said["pension_enrolment@any_scheme"] == "" || said["medical_enrolment@any_scheme"] != "" {
			t.Errorf("other indicators: %v", said)
		}
		if text := string(s.file("stats", id, "csv")); !strings.Contains(text, "不计入：DECEASED 不符合“健在”的") || strings.Contains(text, "is our choice") {
			t.Error("the dictionary of the csv says something else")
		}
	}
}

func TestReleasesOfOthers(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person("liaison.a", villageA, 640, 1).want(201)
	id := s.sealed(map[string]any{"as_of": "2023-03-28"}).text("id")
	town := s.do("cdpf", "POST", "/indicator-releases", map[string]any{"title": "闻韶街道", "as_of": "2023-03-28", "area_code": townA}).want(201).text("id")
	public := s.sealed(map[string]any{"as_of": "2023-03-28", "public": true}).text("id")
	for _, path := range []string{"", "/file", "/file?format=csv"} {
		s.do("town.a", "GET", "/indicator-releases/"+id+path, nil).want(404)
		s.do("town.c", "GET", "/indicator-releases/"+town+path, nil).want(404)
		s.do("town.a", "GET", "/indicator-releases/"+town+path, nil).want(200)
		s.do("liaison.a", "GET", "/indicator-releases/"+public+path, nil).want(200)
		s.do("admin", "GET", "/indicator-releases/"+public+path, nil).want(403)
	}
	s.do("town.a", "GET", "/indicator-releases/"+public+"/changes?since="+public, nil).want(404)
	s.do("cdpf", "GET", "/indicator-releases/"+town+"/changes?since="+id, nil).want(409, "OTHER_AREA")
	if list := s.do("town.a", "GET", "/indicator-releases", nil).want(200).json()["items"].([]any); len(list) != 1 {
		t.Errorf("a town lists %v", list)
	}
	page := s.do("stats", "GET", "/indicator-releases?limit=2", nil).want(200).json()
	rest := s.do("stats", "GET", "/indicator-releases?limit=2&cursor="+page["next_cursor"].(string), nil).want(200).json()
	if len(page["items"].([]any)) != 2 || len(rest["items"].([]any)) != 1 || rest["next_cursor"] != nil {
		t.Errorf("pages of releases: %v, %v", page, rest)
	}
	for _, c := range []struct {
		body map[string]any
		code string
	}{
		{map[string]any{"title": "x", "as_of": "2023-03-29"}, "IN_FUTURE"},
		{map[string]any{"title": "x", "as_of": "2023-03-28", "known_at": "2023-03-29T00:00:00Z"}, "IN_FUTURE"},
		{map[string]any{"title": "x", "as_of": "2023-03-28", "area_code": townA, "public": true}, "NOT_A_DISTRICT"},
		{map[string]any{"as_of": "2023-03-28"}, "REQUIRED"},
		{map[string]any{"title": " ", "as_of": "2023-03-28"}, "REQUIRED"},
		{map[string]any{"title": "x", "as_of": "2015-12-31"}, "NOT_THEN"}, // the tree begins a day later
		{map[string]any{"title": "x", "as_of": "2015-12-31", "public": true}, "NOT_THEN"},
		{map[string]any{"title": "x", "as_of": "2023-03-28", "known_at": "2023-03-27T00:00:00Z"}, "NOT_THEN"},
		{map[string]any{"title": "x", "as_of": "2023-03-28", "known_at": "2023-03-27T00:00:00Z", "public": true}, "NOT_THEN"},
		{map[string]any{"title": "x", "as_of": "2023-03-28", "area_code": "370305999"}, "NOT_THEN"},
		{map[string]any{"title": "x", "as_of": "2023-03-28", "area_code": "370305001999"}, "NOT_THEN"},
	} {
		if a := s.do("cdpf", "POST", "/indicator-releases", c.body).want(422); !strings.Contains(string(a.body), c.code) {
			t.Errorf("%v: %s, want %s", c.body, a.body, c.code)
		}
	}
	s.do("cdpf", "POST", "/indicator-releases", map[string]any{"title": "x", "as_of": "2023-03-28", "area_code": "370306"}).want(404)
	s.do("town.a", "POST", "/indicator-releases", map[string]any{"title": "x", "as_of": "2023-03-28"}).want(403)
	one := s.do("stats", "POST", "/indicator-releases", map[string]any{"title": "一次", "as_of": "2023-03-28"}, "Idempotency-Key", "seal-1").want(201)
	if same := s.do("stats", "POST", "/indicator-releases", map[string]any{"title": "一次", "as_of": "2023-03-28"}, "Idempotency-Key", "seal-1").want(201); same.text("id") != one.text("id") {
		t.Error("sealed twice for one key")
	}
}

// TestNamesOfAnEarlierPack: an indicator that the rules of today no longer have still has the names of its time.
func TestNamesOfAnEarlierPack(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person("liaison.a", villageA, 660, 1).want(201)
	first := s.sealed(map[string]any{"as_of": "2023-03-28"})
	s.at("2023-04-28")
	second := s.sealed(map[string]any{"as_of": "2023-03-28"})
	s.enact(map[string]any{"document": s.edited("    variant: resident_basis\n    no: 8", "    variant: living_here\n    no: 8")})
	const key = "rehab_coverage@resident_basis"
	s.do("cdpf", "GET", "/indicators/"+key+"/persons", nil).want(404)
	s.do("cdpf", "GET", "/indicators/"+key+"/persons?known_at="+first.text("known_at"), nil).want(200)
	s.do("cdpf", "GET", "/indicator-releases/"+second.text("id")+"/changes/persons?since="+first.text("id")+"&indicator="+key, nil).want(200)
}

// TestNothingIsRecordedBeforeAClosedInstant: a writer whose clock is behind records later all the same.
func TestNothingIsRecordedBeforeAClosedInstant(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person("liaison.a", villageA, 650, 1).want(201).text("id")
	release := s.sealed(map[string]any{"as_of": "2023-03-28"})
	s.clock.Set(s.clock.Now().Add(-10 * time.Minute))
	clear(s.tokens) // they are of the future now
	s.fact(person, "death", true, "2023-03-10", "").want(201)
	q := "/indicators/values?indicator=nursing_subsidy_coverage&as_of=2023-03-28"
	wantRow(t, s.do("stats", "GET", q+"&known_at="+release.text("known_at"), nil).want(200).json()["items"].([]any)[0].(map[string]any), 0, 1)
	wantRow(t, s.do("stats", "GET", q, nil).want(200).json()["items"].([]any)[0].(map[string]any), 0, 0)
}
