package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// visitor asks a running demonstration as its accounts.
type visitor struct {
	t         *testing.T
	base      string
	passwords map[string]string
	tokens    map[string]string
}

// visit reads the accounts file that the demonstration wrote.
func visit(t *testing.T, address, file string) *visitor {
	t.Helper()
	var written struct {
		Accounts []struct{ Username, Password string }
	}
	text, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(text, &written) != nil {
		t.Fatalf("accounts file: %v %s", err, text)
	}
	v := &visitor{t: t, base: "http://" + address + "/api/v1", passwords: map[string]string{}, tokens: map[string]string{}}
	for _, a := range written.Accounts {
		v.passwords[a.Username] = a.Password
	}
	return v
}

// ask sends a request, wants a status and decodes the answer into out unless that is nil.
func (v *visitor) ask(user, method, path, body string, want int, out any, headers ...string) string {
	v.t.Helper()
	req, err := http.NewRequest(method, v.base+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if user != "" {
		req.Header.Set("Authorization", "Bearer "+v.token(user))
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != want {
		v.t.Fatalf("%s %s as %s: %d %s %v; want %d", method, path, user, resp.StatusCode, text, err, want)
	}
	if out != nil {
		if err := json.NewDecoder(bytes.NewReader(text)).Decode(out); err != nil {
			v.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return string(text)
}

func (v *visitor) token(user string) string {
	if v.tokens[user] == "" {
		login, err := json.Marshal(map[string]string{"username": user, "password": v.passwords[user]})
		if err != nil {
			v.t.Fatal(err)
		}
		var answer struct {
			Token string `json:"access_token"`
		}
		v.ask("", "POST", "/auth/login", string(login), http.StatusOK, &answer)
		v.tokens[user] = answer.Token
	}
	return v.tokens[user]
}

// value is a row of GET /indicators/values.
type value struct {
	Indicator              string
	Numerator, Denominator *int64
	Rate                   *string
	Missing                bool
}

func (v *visitor) values(query string) (list []value) {
	var answer struct{ Items []value }
	v.ask("stats", "GET", "/indicators/values"+query, "", http.StatusOK, &answer)
	return answer.Items
}

// TestDemoTour starts the demonstration with a few hundred people: all twelve indicators of 专栏1 have something to show, the
// benefits of 专栏2 have people, and the tour of the README goes through.
func TestDemoTour(t *testing.T) {
	file := filepath.Join(t.TempDir(), "accounts.json")
	dir := shortDir(t)
	address, out, _ := startDemo(t, "--data", dir, "--people", "400", "--accounts-file", file)
	if !strings.Contains(out.String(), "made up 412 people, 0 refused") {
		t.Errorf("the start says %s", out)
	}
	v := visit(t, address, file)
	all := []string{"income_growth", "living_allowance_coverage", "nursing_subsidy_coverage", "pension_enrolment", "medical_enrolment", "poverty_exit",
		"dangerous_house_conversion", "rehab_coverage", "device_fitting", "compulsory_education", "retrofit_coverage", "facility_accessibility"}
	values := v.values("")
	if len(values) != len(all) {
		t.Fatalf("%d indicators, want %d", len(values), len(all))
	}
	for i, row := range values {
		if row.Indicator != all[i] || row.Missing || row.Rate == nil || row.Denominator == nil || *row.Denominator <= 0 || *row.Numerator <= 0 {
			t.Errorf("indicator %d is %+v; want %s with a rate of something", i+1, row, all[i])
		}
	}
	for _, benefit := range []string{"dibao_single_person", "pension_paid_by_government", "medical_paid_by_government", "medical_assistance_access",
		"information_subsidy_access", "sunshine_home_care", "fuel_subsidy_access"} {
		if rows := v.values("?indicator=" + benefit); len(rows) != 1 || *rows[0].Denominator == 0 || *rows[0].Numerator == 0 {
			t.Errorf("benefit %s: %+v; want some who have it", benefit, rows)
		}
	}
	v.roles()
	v.pays()
	v.takesOver(dir)
	for _, kind := range []string{"rehab", "device", "retrofit"} {
		var list struct{ Items []struct{ State string } }
		v.ask("cdpf", "GET", "/services?limit=200&kind="+kind, "", http.StatusOK, &list)
		states := map[string]bool{}
		for _, s := range list.Items {
			states[s.State] = true
		}
		if len(states) < 4 {
			t.Errorf("services of %s are in the states %v; want several", kind, states)
		}
	}
}

// TestEmptyDemo: without people there are accounts and divisions, and nothing else.
func TestEmptyDemo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "accounts.json")
	address, _, _ := startDemo(t, "--data", shortDir(t), "--people", "0", "--accounts-file", file)
	v := visit(t, address, file)
	for _, path := range []string{"/persons", "/households", "/facilities", "/services"} {
		var list struct{ Items []any }
		v.ask("cdpf", "GET", path, "", http.StatusOK, &list)
		if len(list.Items) > 0 {
			t.Errorf("%s lists %v", path, list.Items)
		}
	}
	for _, row := range v.values("") {
		if row.Rate != nil || row.Denominator != nil && *row.Denominator > 0 {
			t.Errorf("%s counts something: %+v", row.Indicator, row)
		}
	}
}

// roles is the first tour of the README: a village enters somebody, the town decides, the statistician sees it.
func (v *visitor) roles() {
	t := v.t
	t.Helper()
	nursing := func() value { return v.values("?indicator=nursing_subsidy_coverage")[0] }
	before := nursing()
	var made struct{ ID string }
	v.ask("liaison.xindong", "POST", "/persons", `{"name":"金丝雀王","id_number":"379999197001010011","hukou_area_code":"370305001005","hukou_type":"agricultural",
		"certificate":{"number":"37999919700101001141","category":4,"level":1,"issued_on":"2020-01-06"}}`, http.StatusCreated, &made)
	person, waits := made.ID, nursing()
	if *waits.Denominator != *before.Denominator+1 || *waits.Numerator != *before.Numerator {
		t.Errorf("after entering: %d of %d, before %d of %d; want one more who waits", *waits.Numerator, *waits.Denominator, *before.Numerator, *before.Denominator)
	}
	var verdict struct {
		Programmes []struct {
			Programme string
			Eligible  bool
		}
	}
	v.ask("liaison.xindong", "GET", "/persons/"+person+"/eligibility", "", http.StatusOK, &verdict)
	if got := fmt.Sprint(verdict.Programmes); got != "[{living_allowance false} {nursing_subsidy true}]" {
		t.Errorf("the verdicts are %s", got)
	}
	today := time.Now().In(time.FixedZone("", 8*3600)).Format("2006-01-02")
	v.ask("liaison.xindong", "POST", "/applications", fmt.Sprintf(`{"person_id":%q,"programme":"nursing_subsidy","applied_on":%q,"applicant":{"relation":"self"}}`, person, today),
		http.StatusCreated, &made, "Idempotency-Key", "tour-1")
	v.ask("liaison.xindong", "POST", "/applications/"+made.ID+"/submit", "", http.StatusOK, nil, "If-Match", `"1"`)
	var decided struct{ Stage string }
	v.ask("town.wenshao", "POST", "/applications/"+made.ID+"/decisions", `{"decision":"approve"}`, http.StatusOK, &decided, "If-Match", `"2"`)
	after := nursing()
	if decided.Stage != "approved" || *after.Numerator != *before.Numerator+1 || *after.Denominator != *before.Denominator+1 {
		t.Errorf("the application is %s, and %d of %d receive; want approved and one more than %d of %d", decided.Stage, *after.Numerator, *after.Denominator, *before.Numerator, *before.Denominator)
	}
	var gap struct {
		Total int
		Items []struct{ Name string }
	}
	v.ask("town.wenshao", "GET", "/indicators/nursing_subsidy_coverage/persons?list=gap&area=370305001&limit=3", "", http.StatusOK, &gap)
	for _, n := range gap.Items {
		if n.Name == "金丝雀王" {
			t.Error("who receives is still listed as waiting")
		}
	}
}

// pays is the second tour: a roster by three people, and its file.
func (v *visitor) pays() {
	t := v.t
	t.Helper()
	month := time.Now().In(time.FixedZone("", 8*3600)).Format("2006-01")
	var roster struct {
		ID, State string
		Persons   int
	}
	v.ask("civil", "POST", "/rosters", fmt.Sprintf(`{"month":%q}`, month), http.StatusCreated, &roster)
	v.ask("cdpf", "POST", "/rosters/"+roster.ID+"/check", "", http.StatusOK, &roster, "If-Match", `"2"`)
	v.ask("civil", "POST", "/rosters/"+roster.ID+"/lock", "", http.StatusOK, &roster, "If-Match", `"3"`)
	v.ask("finance", "POST", "/rosters/"+roster.ID+"/send", "", http.StatusOK, &roster, "If-Match", `"4"`)
	text := v.ask("finance", "GET", "/rosters/"+roster.ID+"/file?format=csv", "", http.StatusOK, nil)
	if roster.State != "sent" || roster.Persons == 0 || strings.Count(text, "\n") <= roster.Persons {
		t.Errorf("the roster is %s with %d persons, the file has %d lines", roster.State, roster.Persons, strings.Count(text, "\n"))
	}
}

// takesOver imports another office's roster with its records, on the command line: one line of them is of nobody, so the command fails.
func (v *visitor) takesOver(dir string) {
	t := v.t
	t.Helper()
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	roster := write("roster.csv", "姓名,身份证号,残疾证号,发证日期,户籍村居\n金丝雀李,379999198807170027,37999919880717002741,2020-01-06,370305001005\n")
	records := write("records.jsonl", `{"person":{"id_number":"379999198807170027","facts":[{"kind":"insurance_medical","value":"resident","from":"2020-01-06","source":"医保局"}]}}
{"person":{"id_number":"37999919750510007X"}}
`)
	reach := []string{"--database-url", "host=" + filepath.Join(dir, "socket") + " user=zhucan_app dbname=zhucan", "--key-file", filepath.Join(dir, "keys.json")}
	medical := func() value { return v.values("?indicator=medical_enrolment")[0] }
	before, out := medical(), &output{}
	err := run(t.Context(), append([]string{"import", "roster", roster, "--records", records}, reach...), out, &output{})
	if want := "1 new, 0 changed, 0 same, 1 refused"; !partly(err) || !strings.Contains(out.String(), want) || !strings.Contains(out.String(), "row 2, records.id_number") {
		t.Errorf("import: %v, %s; want %s", err, out, want)
	}
	if after := medical(); *after.Numerator != *before.Numerator+1 {
		t.Errorf("%d are insured after %d; want one more", *after.Numerator, *before.Numerator)
	}
	list := write("rehab.csv", "姓名,残疾证号,康复项目,结束日期\n金丝雀李,37999919880717002741,心理辅导,2020-02-06\n金丝雀李,37999919880717002741,针灸,2020-02-07\n")
	out = &output{}
	err = run(t.Context(), append([]string{"import", "rehab", list, "--sender", "区医院", "--files", "file://" + t.TempDir()}, reach...), out, &output{})
	if want := "1 new, 0 changed, 0 same, 1 refused"; !partly(err) || !strings.Contains(out.String(), want) || !strings.Contains(out.String(), "row 3, C 康复项目") {
		t.Errorf("import of a list: %v, %s; want %s", err, out, want)
	}
	if err := run(t.Context(), append([]string{"import", "divisions", roster, "--records", records}, reach...), out, &output{}); err == nil {
		t.Error("divisions were taken with records")
	}
}

// partly reports whether a command failed for the one row of two that was refused.
func partly(err error) bool {
	return err != nil && strings.Contains(err.Error(), "rows refused: 1; taken in: 1")
}
