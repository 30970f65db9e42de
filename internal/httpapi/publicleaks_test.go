package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/xuri/excelize/v2"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
)

// TestPublicFilesHideTheSame holds the three files of a public release against each other, cell for cell.
func TestPublicFilesHideTheSame(t *testing.T) {
	t.Parallel()
	s := start(t)
	strange := []area.Division{{Code: "370305001901", Name: "=1+1村", ValidFrom: calendar.MustDate("2016-01-01")},
		{Code: "370305001902", Name: "@村", ValidFrom: calendar.MustDate("2016-01-01")}, {Code: "370305001903", Name: "-2+3村", ValidFrom: calendar.MustDate("2016-01-01")},
		{Code: "370305001904", Name: "+村", ValidFrom: calendar.MustDate("2016-01-01")}}
	if _, err := s.desk.ImportDivisions(t.Context(), systemActor, strange); err != nil {
		t.Fatal(err)
	}
	d := &district{s: s}
	var list []resident
	for i, div := range strange {
		d.add(&list, 2+4*i, plain(string(div.Code), true))
		d.add(&list, 2*i, plain(string(div.Code), false))
	}
	d.bring(list)
	d.children(villageA, 6)
	a := s.do("stats", "POST", "/indicator-releases", map[string]any{"title": "=HYPERLINK(1)", "as_of": "2023-03-28", "public": true}).want(201)
	id := a.text("id")
	public := readSheet(t, s.file("town.c", id, "csv"))
	var file struct{ Items []map[string]any }
	if err := json.Unmarshal(s.file("finance", id, "json"), &file); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(s.file("liaison.c", id, "xlsx")))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows("指标值")
	if err != nil || len(rows) != len(public.rows)+1 || len(file.Items) != len(public.rows) {
		t.Fatalf("%d rows in csv, %d in JSON, %d in the workbook (%v)", len(public.rows), len(file.Items), len(rows)-1, err)
	}
	hidden := 0
	for i, f := range public.rows {
		wantSameRow(t, public, f, file.Items[i])
		for at, text := range rows[i+1] {
			if want := f.line[at]; text != want {
				t.Fatalf("%v: column %d is %q in the workbook and %q in csv", f.cell, at, text, want)
			}
			name, _ := excelize.CoordinatesToCellName(at+1, i+2)
			if formula, _ := book.GetCellFormula("指标值", name); formula != "" || strings.ContainsAny(text[:min(1, len(text))], "=+@") {
				t.Errorf("%s is a formula: %s", name, text)
			}
		}
		if f.hidden {
			hidden++
		}
	}
	if float64(hidden) != a.json()["hidden"] || hidden == 0 {
		t.Errorf("%d rows are hidden, the release says %v", hidden, a.json()["hidden"])
	}
	if name := public.text(*public.at[cell{coverage, "tree", "370305001903", ""}], "area_name"); name != "'-2+3村" {
		t.Errorf("a village is called %s", name)
	}
}

// wantSameRow wants a row of JSON to say and to hide what that of csv does, and a hidden row to have nothing made of its numbers.
func wantSameRow(t *testing.T, public sheet, f figure, item map[string]any) {
	t.Helper()
	if f.hidden != (item["suppressed"] == true) || f.hidden != (public.text(f, "light") == "suppressed") {
		t.Errorf("%v: hidden is %v in csv and %v in JSON", f.cell, f.hidden, item["suppressed"])
	}
	for _, name := range []string{"indicator", "by", "area_code", "area_name", "group", "numerator", "denominator", "rate", "met", "light", "short_by"} {
		want := ""
		if v := item[name]; v != nil {
			want = fmt.Sprint(v)
		}
		numbers := slices.Contains([]string{"numerator", "denominator", "rate"}, name)
		if f.hidden && (numbers || name == "met" || name == "short_by") {
			if item[name] != nil {
				t.Errorf("%v: %s of a hidden row is %v", f.cell, name, item[name])
			}
			if numbers {
				want = "<5"
			}
		}
		if got := public.text(f, name); got != want && got != "'"+want {
			t.Errorf("%v: %s is %q in csv and %q in JSON", f.cell, name, got, want)
		}
	}
	for _, name := range []string{"excluded", "extra", "waived", "rate_without_waivers", "unplaced"} {
		if _, there := item[name]; there || public.text(f, name) != "" {
			t.Errorf("%v: a public release has %s", f.cell, name)
		}
	}
}

// TestTwoPublishAtOnce: of two who publish at the same time, one knows of the other.
func TestTwoPublishAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	d := &district{s: s}
	settled := villages(t)[townA]
	var list []resident
	for i, n := range []int{3, 12, 4} {
		d.add(&list, n, plain(settled[i], false))
	}
	later := plain(settled[2], false)
	later.card = "2023-03-10"
	d.add(&list, 16, later)
	d.bring(list)
	d.children(villageA, 6)
	ids := make([]string, 2)
	var both sync.WaitGroup
	for i, user := range []string{"stats", "cdpf"} {
		s.login(user)
		both.Go(func() { ids[i] = s.publishAlone(user, []string{"2023-02-28", "2023-03-28"}[i]) })
	}
	both.Wait()
	var series []published
	for _, id := range ids {
		if id == "" {
			t.Fatal("one of the two could not publish")
		}
		series = append(series, s.readPublished(id))
	}
	wantNothingTold(t, series)
}

// publishAlone publishes beside others, and so fails no test by itself.
func (s *service) publishAlone(user, day string) string {
	body, _ := json.Marshal(map[string]any{"title": "同时", "as_of": day, "public": true})
	req, err := http.NewRequest("POST", s.url+"/api/v1/indicator-releases", bytes.NewReader(body))
	if err != nil {
		return ""
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.tokens[user])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	var made struct{ ID string }
	if resp.StatusCode != http.StatusCreated || json.NewDecoder(resp.Body).Decode(&made) != nil {
		return ""
	}
	return made.ID
}

// TestWhatWasToldCannotBeTakenBack: in February two villages that are hidden have a gap of 8 together, in April the whole has 9, and
// in March the villages are still as in February and the whole is already as in April. The one person that makes the difference
// would be told even by a table that hides everything. In the order of their days such tables do not come about: what has changed
// since the last one can still be hidden.
func TestWhatWasToldCannotBeTakenBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-04-28")
	d := &district{s: s}
	settled := villages(t)[townA]
	var list []resident
	for _, kind := range []struct {
		n, village  int
		card, award string
	}{{2, 0, "", "2023-04"}, {6, 1, "", ""}, {1, 2, "2023-03-10", ""}, {2, 1, "2023-04-10", ""},
		{20, 3, "", "2023-01"}, {5, 3, "2023-04-10", "2023-04"}} { // so many receive that the two who do now are hidden among them
		one := plain(settled[kind.village], kind.award != "")
		one.card, one.award = kind.card, kind.award
		d.add(&list, kind.n, one)
	}
	d.bring(list)
	d.children(villageA, 3)
	series := []published{s.publish("2023-02-28"), s.publish("2023-04-28")}
	for i, want := range []int64{8, 9} {
		if whole := series[i].public.at[cell{coverage, "tree", "370305", ""}]; whole.hidden || whole.n[1] != want {
			t.Fatalf("the whole of table %d is %v, want it shown with a gap of %d", i, whole, want)
		}
	}
	conn, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	left := func() (rows [2]int) {
		err := conn.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM indicator_releases), (SELECT count(*) FROM indicator_release_files)").Scan(&rows[0], &rows[1])
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	before := left()
	march := map[string]any{"title": "三月", "as_of": "2023-03-28", "public": true}
	for range 2 {
		s.do("stats", "POST", "/indicator-releases", march, "Idempotency-Key", "march").want(409, "DISCLOSES")
	}
	if after := left(); after != before {
		t.Errorf("%v releases and pieces are left, want %v", after, before)
	}
	s.sealed(map[string]any{"as_of": "2023-03-28"}) // what is not published may be sealed
	wantNothingTold(t, series)
}

// TestWhatCountsOthersIsNotPublished: of 3 in need 2 are served, and 6 others; 8 of 3 would show the 3.
func TestWhatCountsOthersIsNotPublished(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.enact(map[string]any{"document": s.edited("    note: Need of last year's survey", "    counts_extra: true\n    note: Need of last year's survey")})
	public, internal := s.publish("2023-03-28"), s.sealed(map[string]any{"as_of": "2023-03-28"})
	if n := len(public.public.of["rehab_coverage"]); n != 0 {
		t.Errorf("%d rows of a rate that counts others are public", n)
	}
	if n := len(readSheet(t, s.file("stats", internal.text("id"), "csv")).of["rehab_coverage"]); n < 400 {
		t.Errorf("%d rows of it for offices", n)
	}
	if n := len(public.public.of["device_fitting"]); n < 400 {
		t.Errorf("%d rows of a rate that does not", n)
	}
}

// TestNobodySeesMoreByAnotherWay asks as those who see only their own area for numbers that a public release hides elsewhere.
func TestNobodySeesMoreByAnotherWay(t *testing.T) {
	t.Parallel()
	s := start(t)
	d := &district{s: s}
	d.settle([]village{{9, 3}, {20, 12}, {30, 0}}, []village{{9, 2}})
	first, second := s.publish("2023-03-28"), s.publish("2023-03-28")
	internal := s.sealed(map[string]any{"as_of": "2023-03-28"}).text("id")
	for _, user := range []string{"liaison.a", "liaison.c", "town.c", "hotline", "finance", "admin"} {
		status := map[string]int{"hotline": 403, "finance": 403, "admin": 403}
		for _, in := range []string{"370305", townA, "370305002", villageB} {
			for _, path := range []string{"/indicators/values?by=tree&area=", "/indicators/" + coverage + "/trend?area="} {
				s.do(user, "GET", path+in, nil).want(or(status[user], 404))
			}
			s.do(user, "GET", "/indicators/"+coverage+"/persons?area="+in, nil).want(or(status[user], 404))
		}
		s.do(user, "GET", "/indicator-releases/"+second.id+"/changes?since="+first.id, nil).want(or(map[string]int{"town.c": 404}[user], 403))
		s.do(user, "GET", "/indicator-releases/"+second.id+"/changes/persons?indicator="+coverage+"&since="+first.id, nil).want(or(map[string]int{"town.c": 404}[user], 403))
		s.do(user, "POST", "/indicator-releases", map[string]any{"title": "x", "as_of": "2023-03-28", "public": true}).want(403)
		if user != "finance" { // who sees the releases of the whole district
			s.do(user, "GET", "/indicator-releases/"+internal+"/file", nil).want(or(status[user], 404))
		}
	}
	s.do("stats", "GET", "/indicators/"+coverage+"/persons", nil).want(403)
	for _, in := range []string{townA, villageA} {
		s.do("stats", "POST", "/indicator-releases", map[string]any{"title": "x", "as_of": "2023-03-28", "public": true, "area_code": in}).want(422)
	}
}

func or(status, otherwise int) int {
	if status != 0 {
		return status
	}
	return otherwise
}
