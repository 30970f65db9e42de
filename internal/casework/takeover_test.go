package casework_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/demo/divisions"
	"zhucan/internal/demo/population"
	"zhucan/internal/exchange"
	"zhucan/internal/store"
)

// The people of these tests, by their ID numbers.
const (
	taken1 = "379999197001010011" // a man of 1970, level 1 by the roster
	taken2 = "379999198807170027" // a woman of 1988, level 3
	child1 = "379999201506200039" // a boy of 2015 without a certificate
)

// handedOver is a roster of three people of one village.
func handedOver(t *testing.T) []byte {
	t.Helper()
	lines := []string{strings.Join(exchange.Columns, ",")}
	row := func(name, id, certificate, issued string) {
		cells := make([]string, len(exchange.Columns))
		for i, column := range exchange.Columns {
			cells[i] = map[string]string{"姓名": name, "身份证号": id, "残疾证号": certificate, "发证日期": issued, "户籍村居": "370305001005", "户口性质": "农业"}[column]
		}
		lines = append(lines, strings.Join(cells, ","))
	}
	row("金丝雀甲", taken1, taken1+"41", "2018-03-01")
	row("金丝雀乙", taken2, taken2+"53", "2019-03-01")
	row("金丝雀丙", child1, "", "")
	return []byte(strings.Join(lines, "\n") + "\n")
}

// served is a rehabilitation of 2025 up to the day on which it was given.
const served = `{"kind":"rehab","opened_on":"2025-02-01","need":{"types":[{"type":"training"}]},"steps":[
	{"step":"assess","on":"2025-02-02","evidence":{"institution":"区康复中心","assessor":"医师","findings":"步态不稳"}},
	{"step":"plan","on":"2025-02-03","evidence":{"items":[{"item":"THERAPY"}],"agreed_by":"person"}},
	{"step":"serve","on":"2025-03-04","evidence":{"item":"THERAPY","institution":"区康复中心","place":"institution","started_on":"2025-02-10","sessions":5,"cost_fen":100,"payers":[{"source":"project","fen":100}],"signed_by":"person"}}]}`

const answered = `{"year":2024,"collected_on":"2024-08-01","mode":"visit","answers":{"R3_HUKOU":["agricultural"],"R4_MARITAL":["married"],"INCOME":["middle"],"HOUSING":["own"],
	"EMPLOYMENT":["farming"],"R22_PENSION":["resident"],"R23_MEDICAL":["resident"],"R29_CARE":["2"],"REHAB_NEED":["training"],"RETROFIT_RECEIVED":["no"],"RETROFIT_NEED":["yes"]}}`

const altered = `{"kind":"retrofit","opened_on":"2020-05-01","need":{"items":[{"item":"RAMP"}]},"steps":[
	{"step":"verify","on":"2020-05-02","evidence":{"findings":"属实","hardship":"dibao","willing":true}},
	{"step":"plan","on":"2020-05-03","evidence":{"items":[{"item":"RAMP","cost_fen":300000}],"agreed_by":"family"}},
	{"step":"approve","on":"2020-05-04","evidence":{"total_fen":300000,"funds":[{"source":"lottery","fen":300000}]}},
	{"step":"contract","on":"2020-05-05","evidence":{"contractor":"某公司","number":"2020-1","amount_fen":300000}},
	{"step":"start","on":"2020-05-06"},{"step":"finish","on":"2020-06-06"},
	{"step":"accept","on":"2020-06-07","evidence":{"result":"PASS","items":[{"item":"RAMP"}],"signatures":[{"by":"cdpf","name":"甲"},{"by":"applicant","name":"乙"},{"by":"builder","name":"丙"}]}}]}`

func oneLine(parts ...string) string {
	return strings.NewReplacer("\n", "", "\t", "").Replace(strings.Join(parts, "")) + "\n"
}

// goodRecords is what the office has on the three, in four lines.
func goodRecords() string {
	fact := func(kind, value string) string {
		return fmt.Sprintf(`{"kind":%q,"value":%q,"from":"2019-01-01","source":"医保局"}`, kind, value)
	}
	return oneLine(`{"person":{"id_number":"`, taken1, `","facts":[`, fact("insurance_medical", "resident"), `],"surveys":[`, answered, `],"services":[`, served, `]}}`) +
		oneLine(`{"household":{"area_code":"370305001005","address":"1号","members":[{"id_number":"`, taken1, `","relation":"head","from":"2016-01-01"},
			{"id_number":"`, taken2, `","relation":"spouse","from":"2016-01-01"}],"facts":[{"kind":"dwelling","value":"own","from":"2016-01-01","source":"登记"}],"services":[`, altered, `]}}`) +
		oneLine(`{"person":{"id_number":"`, child1, `","diagnosis":"脑性瘫痪","facts":[`, fact("school", "regular"), `]}}`) +
		oneLine(`{"person":{"id_number":"`, taken2, `","facts":[`, fact("insurance_medical", "employee"), `]}}`)
}

// taken are the counts of an import.
func taken(i store.Import) string {
	return fmt.Sprintf("%d new, %d changed, %d same, %d refused", i.New, i.Changed, i.Same, i.Refused)
}

// wantCounts compares covered and gap of indicators on a day with what was counted by hand.
func (o *office) wantCounts(day string, want map[string]string) {
	o.t.Helper()
	got := map[string]string{}
	for key := range want {
		values, _, err := o.desk.Values(o.t.Context(), o.maker, casework.ValuesOf{By: store.ByNone, Moment: store.Moment{On: calendar.MustDate(day)}, Indicator: key})
		if err != nil {
			o.t.Fatal(err)
		}
		got[key] = fmt.Sprintf("%d of %d", values[0].Covered, values[0].Denominator())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		o.t.Errorf("on %s (-want +got)\n%s", day, diff)
	}
}

// byHand is what goodRecords come to: the man is served and his household's home altered, of the two who are not in the employees'
// scheme one is insured, and one child of ten is at school.
var byHand = map[string]string{"rehab_coverage": "1 of 1", "medical_enrolment": "1 of 2", "compulsory_education": "1 of 1", "retrofit_coverage": "1 of 1", "device_fitting": "0 of 0"}

func TestTakeOver(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0, 1, calendar.MustDate("2025-10-01"))
	roster, records := handedOver(t), []byte(goodRecords())
	for _, step := range []struct {
		name     string
		handover casework.Handover
		dryRun   bool
		want     string
		first    bool
	}{
		{"a dry run", casework.Handover{Roster: roster, Records: records}, true, "3 new, 0 changed, 0 same, 0 refused", true},
		{"both files", casework.Handover{Roster: roster, Records: records}, false, "3 new, 0 changed, 0 same, 0 refused", true},
		{"the same again", casework.Handover{Roster: roster, Records: records}, false, "3 new, 0 changed, 0 same, 0 refused", false},
		{"the roster alone", casework.Handover{Roster: roster}, false, "0 new, 0 changed, 3 same, 0 refused", true},
		{"lines that are known", casework.Handover{Roster: roster, Records: []byte(goodRecords() + "\n")}, false, "0 new, 0 changed, 3 same, 0 refused", true},
	} {
		done, first, err := o.desk.TakeOver(t.Context(), access.SystemActor(), step.handover, step.dryRun)
		if err != nil || first != step.first || taken(done) != step.want {
			t.Errorf("%s: %s, first %v, %v, %v; want %s", step.name, taken(done), first, err, done.Refusals, step.want)
		}
	}
	o.wantCounts("2025-10-01", byHand)
	o.wantDerived()
}

// TestTakeOverInSteps gives first the roster and the records another day: it comes to the same.
func TestTakeOverInSteps(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0, 1, calendar.MustDate("2025-09-01"))
	roster := handedOver(t)
	if done, _, err := o.desk.TakeOver(t.Context(), access.SystemActor(), casework.Handover{Roster: roster}, false); err != nil || done.New != 3 {
		t.Fatalf("the roster: %s, %v", taken(done), err)
	}
	o.on(calendar.MustDate("2025-10-01"))
	done, _, err := o.desk.TakeOver(t.Context(), access.SystemActor(), casework.Handover{Roster: roster, Records: []byte(goodRecords())}, false)
	if err != nil || taken(done) != "0 new, 3 changed, 0 same, 0 refused" {
		t.Fatalf("the records: %s, %v, %v", taken(done), err, done.Refusals)
	}
	o.wantCounts("2025-10-01", byHand)
	o.wantDerived()
}

// wantDerived asks that what is stored is what the facts give, also of households, and that a difference would be seen.
func (o *office) wantDerived() {
	o.t.Helper()
	ctx := o.t.Context()
	if _, differed, err := o.desk.RebuildStandings(ctx, access.SystemActor(), true); err != nil || differed != 0 {
		o.t.Errorf("%d standings differ from the facts (%v)", differed, err)
	}
	if _, err := o.owner().Exec(ctx, "UPDATE household_standings SET status = 2 WHERE indicator = 'retrofit_coverage'"); err != nil {
		o.t.Fatal(err)
	}
	if _, differed, err := o.desk.RebuildStandings(ctx, access.SystemActor(), false); err != nil || differed != 1 {
		o.t.Errorf("%d standings differ after one of a household was changed behind the service's back (%v); want 1", differed, err)
	}
	if _, differed, err := o.desk.RebuildStandings(ctx, access.SystemActor(), true); err != nil || differed != 0 {
		o.t.Errorf("%d standings differ after a rebuild (%v)", differed, err)
	}
}

// TestTakeOverRefusals: one rule after another stands in the way of a line, which is then not taken at all.
func TestTakeOverRefusals(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0, 1, calendar.MustDate("2025-10-01"))
	person := func(id, rest string) string { return oneLine(`{"person":{"id_number":"`, id, `"`, rest, `}}`) }
	home := func(area, relation, rest string) string {
		return oneLine(`{"household":{"area_code":"`, area, `","members":[{"id_number":"`, taken1, `","relation":"`, relation, `","from":"2016-01-01"}]`, rest, `}}`)
	}
	replaced := func(text, old, new string) string {
		if !strings.Contains(oneLine(text), old) {
			t.Fatalf("there is no %s", old)
		}
		return strings.Replace(oneLine(text), old, new, 1)
	}
	var records strings.Builder
	var want []string
	add := func(line, code, column string) {
		records.WriteString(line)
		want = append(want, fmt.Sprintf("%d %s %s", len(want)+1, code, column))
	}
	add("{\n", "BAD_RECORD", "records.")
	add(`{"person":{"id_number":"`+taken1+`"},"household":{"area_code":"370305001005","members":[]}}`+"\n", "BAD_RECORD", "records.")
	add(`{"person":{"id_number":"`+taken1+`","nonsense":1}}`+"\n", "BAD_RECORD", "records.")
	add(person("379999197001010012", ""), "ID_CHECK", "records.id_number")
	add(person("37999919750510007X", ""), "NOT_ON_REGISTER", "records.id_number")
	add(person(taken1, `,"facts":[{"kind":"nonsense","from":"2020-01-01","source":"x"}]`), "UNKNOWN_KIND", "records.facts.0.kind")
	add(person(taken1, `,"facts":[{"kind":"dibao","source":"x"}]`), "REQUIRED", "records.facts.0.from")
	add(person(taken1, `,"facts":[{"kind":"dibao","value":"single","from":"2020-01-01","source":"x"},{"kind":"dibao","from":"2021-01-01","source":"x"}]`), "FACT_OVERLAPS", "records.facts.1.from")
	add(person(taken1, `,"surveys":[`+replaced(answered, `"mode":"visit"`, `"mode":"guess"`)+`]`), "NOT_A_CHOICE", "records.surveys.0.mode")
	add(person(taken1, `,"surveys":[`+replaced(answered, `"2024-08-01"`, `"2025-08-01"`)+`]`), "OUTSIDE_SURVEY", "records.surveys.0.collected_on")
	add(person(taken1, `,"surveys":[`+replaced(answered, `"R23_MEDICAL":["resident"],`, ``)+`]`), "REQUIRED", "records.surveys.0.answers.R23_MEDICAL")
	add(person(taken1, `,"services":[`+replaced(served, `"kind":"rehab"`, `"kind":"retrofit"`)+`]`), "WRONG_SUBJECT", "records.services.0.kind")
	add(person(taken1, `,"services":[`+replaced(served, `"2025-02-01"`, `"2026-02-01"`)+`]`), "IN_FUTURE", "records.services.0.opened_on")
	add(person(taken1, `,"services":[`+replaced(served, `"on":"2025-02-03"`, `"on":"2025-01-03"`)+`]`), "OUT_OF_ORDER", "records.services.0.steps.1.on")
	add(person(taken1, `,"services":[`+replaced(served, `"fen":100`, `"fen":90`)+`]`), "DOES_NOT_ADD_UP", "records.services.0.steps.2.evidence.payers")
	add(home("370305999999", "head", ``), "UNKNOWN_AREA", "records.area_code")
	add(home("370305001005", "friend", ``), "NOT_A_CHOICE", "records.members.0.relation")
	add(home("370305001005", "head", `,"facts":[{"kind":"dibao","from":"2020-01-01","source":"x"}]`), "UNKNOWN_KIND", "records.facts.0.kind")
	add(home("370305001005", "head", `,"services":[`+altered+`]`), "DWELLING_NOT_KNOWN", "records.services.0.steps.0.")
	done, _, err := o.desk.TakeOver(t.Context(), access.SystemActor(), casework.Handover{Roster: handedOver(t), Records: []byte(records.String())}, false)
	if err != nil || done.New != 3 || done.Refused != len(want) {
		t.Fatalf("%s, %v; want 3 new and %d refused", taken(done), err, len(want))
	}
	got := make([]string, len(want))
	for _, r := range done.Refusals {
		got[r.Row-1] = fmt.Sprintf("%d %s %s", r.Row, r.Code, r.Column)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("refused (-want +got)\n%s", diff)
	}
	o.wantCounts("2025-10-01", map[string]string{"rehab_coverage": "0 of 0", "medical_enrolment": "0 of 2", "retrofit_coverage": "0 of 0", "retrofit_coverage@all_severe": "0 of 0"})
}

// TestMadeUpRecords takes in made-up people on awkward days: nothing of theirs is refused, whatever the season, and every
// indicator that is counted from files has somebody in it.
func TestMadeUpRecords(t *testing.T) {
	t.Parallel()
	tree := divisions.Tree()
	for _, day := range []string{"2027-01-01", "2028-02-29", "2026-06-30", "2026-12-31"} {
		t.Run(day, func(t *testing.T) {
			t.Parallel()
			today := calendar.MustDate(day)
			o := newOffice(t, 0, 1, today)
			rows := population.Generate(3, 300, tree, today)
			var roster, records bytes.Buffer
			if err := exchange.WriteRosterCSV(&roster, rows); err != nil {
				t.Fatal(err)
			}
			if err := exchange.WriteRecords(&records, population.Records(3, rows, tree, today)); err != nil {
				t.Fatal(err)
			}
			done, _, err := o.desk.TakeOver(t.Context(), access.SystemActor(), casework.Handover{Roster: roster.Bytes(), Records: records.Bytes()}, false)
			if err != nil || done.New != 309 || done.Refused != 0 {
				t.Fatalf("%s, %v: %v", taken(done), err, done.Refusals[:min(5, len(done.Refusals))])
			}
			values, _, err := o.desk.Values(t.Context(), o.maker, casework.ValuesOf{By: store.ByNone, Moment: store.Moment{On: today}})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				if !v.Definition.External() && (v.Covered == 0 || v.Denominator() < v.Covered) {
					t.Errorf("%s: %d of %d", v.Definition.ID, v.Covered, v.Denominator())
				}
			}
			if _, differed, err := o.desk.RebuildStandings(t.Context(), access.SystemActor(), true); err != nil || differed != 0 {
				t.Errorf("%d standings differ from the facts (%v)", differed, err)
			}
		})
	}
}

// TestTakeOverOfTwoDevicesOfOneDay: who was given two things on one day has both, and both once, however often the records are sent.
func TestTakeOverOfTwoDevicesOfOneDay(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0, 1, calendar.MustDate("2025-10-01"))
	device := func(item string) string {
		return `{"kind":"device","opened_on":"2025-03-01","need":{"item":"` + item + `","mode":"grant","pieces":1}}`
	}
	records := func(more string) []byte {
		return []byte(oneLine(`{"person":{"id_number":"`, taken1, `","services":[`, device("120312"), `,`, device("122203"), more, `]}}`))
	}
	for _, step := range []struct{ more, want string }{{"", "3 new, 0 changed, 0 same, 0 refused"}, {`,` + served, "0 new, 1 changed, 2 same, 0 refused"}} {
		done, _, err := o.desk.TakeOver(t.Context(), access.SystemActor(), casework.Handover{Roster: handedOver(t), Records: records(step.more)}, false)
		if err != nil || taken(done) != step.want {
			t.Fatalf("%s, %v, %v; want %s", taken(done), done.Refusals, err, step.want)
		}
	}
	var devices, all int
	if err := o.owner().QueryRow(t.Context(), "SELECT count(*) FILTER (WHERE kind = 'device'), count(*) FROM services").Scan(&devices, &all); err != nil || devices != 2 || all != 3 {
		t.Errorf("%d devices of %d services (%v), want 2 of 3", devices, all, err)
	}
	o.wantNothingDiffers()
}

// TestTakeOverOfAKnownHousehold: a line of a household that is known is the same only if it says nothing that is not recorded there; what it has beside
// that is not passed over in silence.
func TestTakeOverOfAKnownHousehold(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0, 1, calendar.MustDate("2025-10-01"))
	dwelling := `{"kind":"dwelling","value":"own","from":"2016-01-01","source":"登记"}`
	home := func(members, facts, services string) string {
		return oneLine(`{"household":{"area_code":"370305001005","members":[`, members, `],"facts":[`, facts, `],"services":[`, services, `]}}`)
	}
	member := func(id, relation string) string {
		return `{"id_number":"` + id + `","relation":"` + relation + `","from":"2016-01-01"}`
	}
	two := member(taken1, "head") + "," + member(taken2, "spouse")
	for _, step := range []struct{ name, records, want string }{
		{"new, and once more", home(two, dwelling, "") + home(two, dwelling, ""), ""},
		{"the same, and one of them alone", home(two, dwelling, "") + home(member(taken1, "head"), "", ""), ""},
		{"with a home that was altered", home(two, dwelling, altered), "1 IN_A_HOUSEHOLD"},
		{"with another fact", home(two, dwelling+`,{"kind":"dwelling","value":"rented","from":"2020-01-01","source":"登记"}`, ""), "1 IN_A_HOUSEHOLD"},
		{"with somebody more", home(two+","+member(child1, "child"), dwelling, ""), "1 IN_A_HOUSEHOLD"},
	} {
		done, _, err := o.desk.TakeOver(t.Context(), access.SystemActor(), casework.Handover{Roster: handedOver(t), Records: []byte(step.records)}, false)
		if err != nil {
			t.Fatal(err)
		}
		var refused []string
		for _, r := range done.Refusals {
			refused = append(refused, fmt.Sprint(r.Row, " ", r.Code))
		}
		if got := strings.Join(refused, "; "); got != step.want {
			t.Errorf("%s: refused %s, want %s", step.name, got, step.want)
		}
	}
	o.wantNothingDiffers()
}

// TestRosterOnceMoreSaysNothing: a roster of which the register has everything differs from it in nothing, in whatever form it comes again, and the records
// with it bring nothing twice.
func TestRosterOnceMoreSaysNothing(t *testing.T) {
	t.Parallel()
	today := calendar.MustDate("2026-06-30")
	o := newOffice(t, 0, 1, today)
	rows := population.Generate(3, 300, divisions.Tree(), today)
	var roster, again, records bytes.Buffer
	for _, err := range []error{exchange.WriteRosterCSV(&roster, rows), exchange.WriteRoster(&again, rows), exchange.WriteRecords(&records, population.Records(3, rows, divisions.Tree(), today))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, data := range [][]byte{roster.Bytes(), again.Bytes()} {
		done, _, err := o.desk.TakeOver(t.Context(), access.SystemActor(), casework.Handover{Roster: data, Records: records.Bytes()}, false)
		if want := []string{"309 new, 0 changed, 0 same, 0 refused", "0 new, 0 changed, 309 same, 0 refused"}[i]; err != nil || taken(done) != want {
			t.Fatalf("%s, %v: %v; want %s", taken(done), err, done.Refusals[:min(5, len(done.Refusals))], want)
		}
		if !strings.Contains(string(done.Reading), `"differing":0`) {
			t.Errorf("the register differs from its own roster: %s", done.Reading)
		}
	}
}
