package care_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
)

// TestChains looks over the list: every state can be reached and left, every step has its texts.
func TestChains(t *testing.T) {
	t.Parallel()
	for _, c := range care.Chains {
		reached := map[string]bool{c.States[0].Code: true}
		left := map[string]bool{}
		names, codes := map[string]bool{}, map[string]bool{}
		for _, s := range c.Steps {
			if names[s.Name] || s.ZH == "" || s.EN == "" || len(s.Roles) == 0 || len(s.From) == 0 || s.To != "" && s.ByResult != nil {
				t.Errorf("%s: step %s is there twice or not whole", c.Kind, s.Name)
			}
			names[s.Name] = true
			for _, to := range leadsTo(s) {
				reached[to] = true
				for _, from := range s.From {
					left[from] = left[from] || to != from
				}
			}
			wantFields(t, s.Evidence, string(c.Kind)+" "+s.Name)
		}
		for _, s := range c.States {
			if codes[s.Code] || s.ZH == "" || s.EN == "" || !reached[s.Code] {
				t.Errorf("%s: state %s is there twice, without texts or never reached", c.Kind, s.Code)
			}
			codes[s.Code] = true
			if !s.Final && !left[s.Code] {
				t.Errorf("%s: nothing leads out of %s", c.Kind, s.Code)
			}
		}
		for code := range reached {
			if !codes[code] {
				t.Errorf("%s: a step leads to %s, which is no state", c.Kind, code)
			}
		}
	}
}

func leadsTo(s care.Step) (states []string) {
	if s.ByResult == nil {
		return strings.Fields(s.To)
	}
	for _, to := range s.ByResult {
		states = append(states, to)
	}
	return states
}

func wantFields(t *testing.T, fields []care.Field, where string) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range fields {
		if seen[f.Name] || f.ZH == "" || (f.Is == care.Choice) != (len(f.Codes) > 0) || (f.Is == care.List) != (len(f.Of) > 0) {
			t.Errorf("%s: field %s is there twice or not whole", where, f.Name)
		}
		seen[f.Name] = true
		wantFields(t, f.Of, where+" "+f.Name)
	}
}

var (
	today = calendar.MustDate("2019-12-31")
	who   = map[access.Role]access.Actor{}
	photo = uuid.UUID{7}
	later = uuid.UUID{9} // another photo
)

func init() {
	for i, role := range []access.Role{access.VillageLiaison, access.TownOfficer, access.CDPFReviewer, access.Auditor} {
		who[role] = access.Actor{AccountID: uuid.UUID{byte(i + 1)}, Role: role}
	}
}

// person is a holder of a card of a category and level, born in a year.
func person(born, category, level int) casefile.File {
	f := casefile.File{Person: casefile.Person{ID: uuid.UUID{1}, RecordType: casefile.Certified, BirthDate: calendar.NewYear(born)}}
	f.Certificates = []casefile.Certificate{{Category: category, Level: level, IssuedOn: calendar.MustDate("2015-01-01"), ExpiresOn: calendar.MustDate("2024-12-31")}}
	for kind, at := range map[string]string{casefile.HukouArea: "370305001005", casefile.ManagingArea: "370305001005"} {
		f.Circumstances = append(f.Circumstances, casefile.Circumstance{Kind: kind, Value: casefile.Value{Answer: casefile.Yes, Sort: at}, ValidFrom: f.Person.BirthDate})
	}
	return f
}

// tester is what fails: a test, or a walk of one.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// run is a service on its way, with what its checks look at.
type run struct {
	t    tester
	file casefile.File
	home casefile.HouseholdFacts
	s    care.Service
	rest []care.Service
}

func (r *run) at(on string, evidence string) care.Case {
	e, err := care.ParseEvidence([]byte(evidence))
	if err != nil {
		r.t.Fatal(err)
	}
	day := calendar.MustDate(on)
	return care.Case{Service: r.s, Evidence: e, On: day, File: r.file, Facts: r.file.On(day, nil), Household: r.home, Others: r.rest,
		Files: map[uuid.UUID]bool{photo: true, later: true}, Catalogue: care.Builtin, District: "370305"}
}

// wants compares what a rule answered: the code, or nothing.
func (r *run) wants(err error, code string) {
	r.t.Helper()
	got := ""
	if f, ok := fault.Of(err); ok {
		got = f.Code
	} else if err != nil {
		got = err.Error()
	}
	if got != code {
		r.t.Fatalf("%q, want %q (%v)", got, code, err)
	}
}

func (r *run) open(kind care.Kind, on, need, code string) *run {
	r.t.Helper()
	r.s = care.Service{ID: uuid.New(), Kind: kind, PersonID: r.file.Person.ID}
	if kind == care.Retrofit {
		r.s.PersonID, r.s.HouseholdID = uuid.Nil, uuid.UUID{9}
	}
	s, err := care.Open(r.at(on, need))
	r.wants(err, code)
	r.s = s
	return r
}

func (r *run) take(role access.Role, step, on, evidence, code string) *run {
	r.t.Helper()
	s, _, err := care.Take(r.at(on, evidence), step, who[role], today)
	r.wants(err, code)
	r.s = s
	return r
}

// counts are the days that the service counts on.
func (r *run) counts() (days []string) {
	for _, d := range r.s.Steps {
		if len(d.Counts) > 0 {
			days = append(days, fmt.Sprintf("%s %v", d.On, d.Counts))
		}
	}
	return days
}

const (
	rehabNeed = `{"types":[{"type":"training"}]}`
	assessed  = `{"institution":"区康复中心","assessor":"甲","findings":"步态不稳"}`
	therapy   = `{"item":"THERAPY","institution":"区康复中心","place":"institution","started_on":"2019-03-01","sessions":10,"cost_fen":%d,"payers":[{"source":"project","fen":%d},{"source":"self","fen":500}],"signed_by":"person"}`
)

func served(cost, project int) string { return fmt.Sprintf(therapy, cost, project) }

func TestRehabV03V04(t *testing.T) {
	t.Parallel()
	r := (&run{t: t, file: person(1970, 4, 2)}).open(care.Rehab, "2019-02-01", rehabNeed, "")
	r.take(access.VillageLiaison, "serve", "2019-03-05", served(10500, 10000), "WRONG_STATE")
	r.take(access.Auditor, "assess", "2019-02-10", assessed, "NOT_YOUR_STEP")
	r.take(access.TownOfficer, "assess", "2019-02-10", `{"institution":"区康复中心"}`, "INVALID_INPUT")
	r.take(access.TownOfficer, "assess", "2019-02-10", assessed, "")
	r.take(access.TownOfficer, "plan", "2019-02-09", `{"items":[{"item":"THERAPY"}],"agreed_by":"person"}`, "OUT_OF_ORDER")
	r.take(access.TownOfficer, "plan", "2019-02-11", `{"items":[{"item":"THERAPY"}],"agreed_by":"person"}`, "")
	r.take(access.VillageLiaison, "serve", "2020-03-05", served(10500, 10000), "IN_FUTURE")
	r.take(access.VillageLiaison, "serve", "2019-03-05", served(10500, 9000), "DOES_NOT_ADD_UP")
	r.take(access.VillageLiaison, "serve", "2019-03-05", strings.Replace(served(10500, 10000), "THERAPY", "CATARACT", 1), "NOT_FOR_CATEGORY")
	r.take(access.VillageLiaison, "serve", "2019-03-05", strings.Replace(served(10500, 10000), "THERAPY", "MOTOR_TRAINING", 1), "NOT_FOR_AGE")
	r.take(access.VillageLiaison, "serve", "2019-03-05", strings.Replace(served(10500, 10000), "THERAPY", "NONSENSE", 1), "NOT_IN_CATALOGUE")
	r.take(access.VillageLiaison, "serve", "2019-03-05", strings.Replace(served(10500, 10000), `"signed_by":"person"`, `"signed_by":""`, 1), "REQUIRED")
	r.take(access.VillageLiaison, "serve", "2019-03-05", strings.Replace(served(10500, 10000), "THERAPY", "LECTURE", 1), "")
	if len(r.counts()) != 0 {
		t.Errorf("a lecture counts: %v", r.counts())
	}
	r.take(access.VillageLiaison, "serve", "2019-03-06", served(10500, 10000), "").take(access.VillageLiaison, "serve", "2019-04-06", served(10500, 10000), "")
	if got := r.counts(); len(got) != 2 {
		t.Errorf("counts %v; want two", got)
	}
	r.take(access.TownOfficer, "referral_answered", "2019-04-07", `{"answer":"accepted"}`, "NO_REFERRAL")
	r.take(access.TownOfficer, "refer_out", "2019-04-07", `{"to":"市康复医院","reason":"需进一步治疗"}`, "").take(access.TownOfficer, "referral_answered", "2019-04-08", `{"answer":"declined"}`, "")
	r.take(access.TownOfficer, "complete", "2019-05-01", ``, "").take(access.TownOfficer, "evaluate", "2019-05-02", `{"outcome":"improved"}`, "")
	r.take(access.TownOfficer, "refuse", "2019-05-03", `{"reason":"x","signed_by":"person"}`, "WRONG_STATE")
}

const rescued = `{"row":"ZIBO_2018","category":%d,"applied_on":%q,"year":%d,"institution":"育才中心","approved_fen":%d,"guardian_consents":true}`

// TestRescueV07V08V09: one category a year; a residence permit is enough; who turns eighteen finishes the approved year.
func TestRescueV07V08V09(t *testing.T) {
	t.Parallel()
	autism := func(born string) *run {
		f := person(2007, 6, 2)
		f.Person.BirthDate = calendar.MustDate(born)
		r := (&run{t: t, file: f}).open(care.Rehab, "2019-01-05", rehabNeed, "")
		return r.take(access.TownOfficer, "assess", "2019-01-06", assessed, "").take(access.TownOfficer, "plan", "2019-01-07", `{"items":[{"item":"COMMUNICATION_TRAINING"}],"agreed_by":"guardian"}`, "")
	}
	approve := func(category int, applied string, year, fen int) string {
		return fmt.Sprintf(rescued, category, applied, year, fen)
	}
	r := autism("2007-02-01")
	r.take(access.TownOfficer, "approve_rescue", "2019-01-10", approve(6, "2019-01-08", 2019, 1500000), "NOT_YOUR_STEP")
	r.take(access.CDPFReviewer, "approve_rescue", "2019-01-10", approve(6, "2018-12-01", 2019, 1500000), "ROW_NOT_IN_FORCE")
	r.take(access.CDPFReviewer, "approve_rescue", "2019-01-10", approve(6, "2019-01-08", 2019, 1500001), "OVER_RESCUE_CAP")
	r.take(access.CDPFReviewer, "approve_rescue", "2019-01-10", approve(1, "2019-01-08", 2019, 1500000), "NOT_FOR_CATEGORY")
	r.take(access.CDPFReviewer, "approve_rescue", "2019-01-10", approve(6, "2019-01-08", 2019, 1500000), "")
	other := autism("2007-02-01")
	other.file.Certificates[0].Category, other.file.Certificates[0].Components = 7, []casefile.Component{{Category: 5, Level: 2}, {Category: 6, Level: 2}}
	other.rest = []care.Service{r.s}
	other.take(access.CDPFReviewer, "approve_rescue", "2019-01-11", approve(5, "2019-01-08", 2019, 1500000), "ONE_CATEGORY_A_YEAR")
	pay := func(fen int) string {
		return fmt.Sprintf(`{"item":"COMMUNICATION_TRAINING","institution":"育才中心","place":"institution","started_on":"2019-02-01","sessions":20,"cost_fen":%d,"payers":[{"source":"rescue","fen":%d}],"signed_by":"guardian"}`, fen, fen)
	}
	r.take(access.TownOfficer, "serve", "2019-03-01", pay(1000000), "").take(access.TownOfficer, "serve", "2019-04-01", pay(500001), "OVER_RESCUE_CAP").take(access.TownOfficer, "serve", "2019-04-01", pay(500000), "")

	grown := autism("2001-06-15") // eighteen on 15 June 2019
	grown.take(access.CDPFReviewer, "approve_rescue", "2019-01-10", approve(6, "2019-01-08", 2019, 1500000), "")
	grown.take(access.TownOfficer, "serve", "2019-08-01", pay(1000000), "") // the training is for children; the approved year goes on
	grown.take(access.CDPFReviewer, "approve_rescue", "2019-09-01", approve(6, "2019-08-20", 2020, 1500000), "NOT_FOR_AGE")

	away := autism("2007-02-01")
	for i, c := range away.file.Circumstances {
		if c.Kind == casefile.HukouArea {
			away.file.Circumstances[i].Value.Sort = "130102001001"
		} else {
			away.file.Circumstances[i].Value.Sort = "370305001005"
		}
	}
	away.take(access.CDPFReviewer, "approve_rescue", "2019-01-10", approve(6, "2019-01-08", 2019, 1500000), "NOT_LOCAL")
	away.file.Circumstances = append(away.file.Circumstances, casefile.Circumstance{Kind: "residence_permit", Value: casefile.Value{Answer: casefile.Yes, Sort: "yes"}, ValidFrom: calendar.MustDate("2018-01-01")})
	away.take(access.CDPFReviewer, "approve_rescue", "2019-01-10", approve(6, "2019-01-08", 2019, 1500000), "")
}

// fitted takes a device to its acceptance.
func (r *run) fitted(on, item string, pieces int, mode, accepted string) *run {
	r.t.Helper()
	r.open(care.Device, on, fmt.Sprintf(`{"item":%q,"mode":%q,"pieces":%d}`, item, mode, pieces), "")
	r.take(access.VillageLiaison, "village_check", on, `{"findings":"属实"}`, "").take(access.TownOfficer, "town_review", on, `{"findings":"同意"}`, "")
	r.take(access.CDPFReviewer, "assess", on, fmt.Sprintf(`{"institution":"辅具中心","assessor":"乙","item":%q}`, item), "")
	own := map[string]int{"self_buy": 500}[mode]
	r.take(access.CDPFReviewer, "approve", on, fmt.Sprintf(`{"item":%q,"price_fen":1000,"subsidy_fen":%d,"own_fen":%d,"paid_elsewhere":"none"}`, item, 1000-own, own), "")
	r.take(access.TownOfficer, "fit", on, fmt.Sprintf(`{"supplier":"辅具店","pieces":%d}`, pieces), "")
	if accepted != "" {
		r.take(access.VillageLiaison, "accept", accepted, `{"signed_by":"person"}`, "")
	}
	return r
}

func TestDevicesV11ToV15(t *testing.T) {
	t.Parallel()
	pair := (&run{t: t, file: person(1960, 2, 1)}).fitted("2019-03-01", "220615", 2, "grant", "2019-03-10")
	if got := pair.counts(); len(got) != 1 || got[0] != "2019-03-10 [device rehab]" {
		t.Errorf("V11: a pair counts %v; want once", got)
	}
	unsigned := (&run{t: t, file: person(1960, 2, 1)}).fitted("2019-03-01", "220615", 2, "grant", "")
	unsigned.take(access.VillageLiaison, "accept", "2019-03-10", `{}`, "REQUIRED")
	if len(unsigned.counts()) != 0 {
		t.Error("V15: a fitting without a signature counts")
	}
	reviewed := func(item, mode string) *run {
		r := (&run{t: t, file: person(1960, 4, 1)}).open(care.Device, "2019-03-01", fmt.Sprintf(`{"item":%q,"mode":%q,"pieces":1}`, item, mode), "")
		return r.take(access.VillageLiaison, "village_check", "2019-03-01", `{"findings":"属实"}`, "").take(access.TownOfficer, "town_review", "2019-03-02", `{"findings":"同意"}`, "")
	}
	money := func(item string, price, subsidy, own int, elsewhere string) string {
		return fmt.Sprintf(`{"item":%q,"price_fen":%d,"subsidy_fen":%d,"own_fen":%d,"paid_elsewhere":%q}`, item, price, subsidy, own, elsewhere)
	}
	r := reviewed("122203", "subsidy") // V12: a wheelchair of 2,000, capped at 1,200
	r.take(access.CDPFReviewer, "approve", "2019-03-05", money("122203", 200000, 120000, 80000, "none"), "NOT_ASSESSED")
	r.take(access.CDPFReviewer, "assess", "2019-03-04", `{"institution":"辅具中心","assessor":"乙","item":"122203"}`, "")
	r.take(access.CDPFReviewer, "approve", "2019-03-05", money("122306", 200000, 120000, 80000, "none"), "NOT_AS_ASSESSED")
	r.take(access.CDPFReviewer, "approve", "2019-03-05", money("122203", 200000, 120001, 79999, "none"), "OVER_CAP")
	r.take(access.CDPFReviewer, "approve", "2019-03-05", money("122203", 200000, 120000, 70000, "none"), "DOES_NOT_ADD_UP")
	r.take(access.CDPFReviewer, "approve", "2019-03-05", money("122203", 200000, 120000, 80000, "work_injury"), "PAID_ELSEWHERE") // V13
	r.take(access.CDPFReviewer, "approve", "2019-03-05", money("122203", 200000, 120000, 80000, "none"), "")
	r.take(access.TownOfficer, "fit", "2019-03-06", `{"supplier":"辅具店","pieces":2}`, "PIECES_DIFFER")
	r.take(access.TownOfficer, "fit", "2019-03-06", `{"supplier":"辅具店","pieces":1}`, "").take(access.VillageLiaison, "accept", "2019-03-07", `{"signed_by":"guardian"}`, "")

	again := reviewed("122203", "grant")
	again.rest = []care.Service{r.s}
	again.take(access.CDPFReviewer, "assess", "2019-06-04", `{"institution":"辅具中心","assessor":"乙","item":"122203"}`, "")
	again.take(access.CDPFReviewer, "approve", "2019-06-05", money("122203", 100000, 100000, 0, "none"), "WITHIN_SERVICE_LIFE")
	broken := reviewed("122203", "grant")
	broken.rest = []care.Service{r.s}
	broken.take(access.CDPFReviewer, "assess", "2019-06-04", `{"institution":"辅具中心","assessor":"乙","item":"122203","replaces_because":"damaged"}`, "")
	broken.take(access.CDPFReviewer, "approve", "2019-06-05", money("122203", 100000, 100000, 0, "none"), "")
}

// TestLoansV14: who recovers without a certificate may borrow and is not counted; a loan of a holder counts after thirty days.
func TestLoansV14(t *testing.T) {
	t.Parallel()
	recovering := casefile.File{Person: casefile.Person{ID: uuid.UUID{1}, RecordType: casefile.Recovering, BirthDate: calendar.NewYear(1980)}}
	(&run{t: t, file: recovering}).open(care.Device, "2019-03-01", `{"item":"120312","mode":"grant","pieces":1}`, "LOANS_ONLY")
	(&run{t: t, file: recovering}).open(care.Rehab, "2019-03-01", rehabNeed, "LOANS_ONLY")
	(&run{t: t, file: recovering}).open(care.Device, "2019-03-01", `{"item":"220615","mode":"loan","pieces":1}`, "NOT_LENT")
	r := (&run{t: t, file: recovering}).fitted("2019-03-01", "120312", 1, "loan", "2019-03-02")
	r.take(access.VillageLiaison, "give_back", "2019-06-01", `{"condition":"good"}`, "")
	if len(r.counts()) != 0 {
		t.Errorf("V14 counts %v", r.counts())
	}
	holder := (&run{t: t, file: person(1960, 4, 2)}).fitted("2019-03-01", "120312", 1, "loan", "2019-03-02")
	holder.take(access.VillageLiaison, "loan_lasts", "2019-03-31", ``, "TOO_SHORT").take(access.VillageLiaison, "loan_lasts", "2019-04-01", ``, "")
	holder.take(access.VillageLiaison, "give_back", "2019-06-01", `{"condition":"good"}`, "")
	if got := holder.counts(); len(got) != 1 || got[0] != "2019-04-01 [device rehab]" {
		t.Errorf("a loan counts %v; want once, after thirty days", got)
	}
	short := (&run{t: t, file: person(1960, 4, 2)}).fitted("2019-03-01", "120312", 1, "loan", "2019-03-02").take(access.VillageLiaison, "give_back", "2019-03-20", `{"condition":"good"}`, "")
	if len(short.counts()) != 0 {
		t.Errorf("a loan of eighteen days counts %v", short.counts())
	}
}
