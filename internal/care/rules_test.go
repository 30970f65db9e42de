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
)

// TestHousemates: what a brother or sister was given stands in nobody else's way.
func TestHousemates(t *testing.T) {
	t.Parallel()
	other := (&run{t: t, file: person(1960, 4, 1)}).fitted("2019-03-01", "122203", 1, "grant", "2019-03-10")
	mine := &run{t: t, file: person(1960, 4, 1), rest: []care.Service{other.s}}
	mine.file.Person.ID = uuid.UUID{2}
	mine.fitted("2019-04-01", "122203", 1, "grant", "2019-04-10")
	if len(mine.counts()) != 1 {
		t.Error("the second wheelchair of a household does not count")
	}

	child := func(id byte) *run {
		f := person(2010, 6, 2)
		f.Person.ID = uuid.UUID{id}
		r := (&run{t: t, file: f}).open(care.Rehab, "2019-01-05", rehabNeed, "")
		return r.take(access.TownOfficer, "assess", "2019-01-06", assessed, "")
	}
	approved := fmt.Sprintf(rescued, 6, "2019-01-08", 2019, 1500000)
	first, second := child(1), child(2)
	first.take(access.CDPFReviewer, "approve_rescue", "2019-01-10", approved, "")
	second.rest = []care.Service{first.s}
	second.take(access.CDPFReviewer, "approve_rescue", "2019-01-10", approved, "")
}

// TestAfterDeath: nothing is given to who has died; what was lent comes back, and the service is closed.
func TestAfterDeath(t *testing.T) {
	t.Parallel()
	died := func(r *run) *run {
		r.file.Circumstances = append(r.file.Circumstances, casefile.Circumstance{Kind: "death", Value: casefile.Value{Answer: casefile.Yes, Sort: "yes"}, ValidFrom: calendar.MustDate("2019-06-01")})
		return r
	}
	granted := died((&run{t: t, file: person(1960, 4, 1)}).fitted("2019-03-01", "122203", 1, "grant", ""))
	granted.take(access.VillageLiaison, "accept", "2019-06-02", `{"signed_by":"family"}`, "DECEASED")
	granted.take(access.VillageLiaison, "accept", "2019-06-01", `{"signed_by":"family"}`, "") // entered later, of a day on which he lived
	unsigned := died((&run{t: t, file: person(1960, 4, 1)}).fitted("2019-03-01", "122203", 1, "grant", ""))
	unsigned.take(access.VillageLiaison, "deceased", "2019-06-02", ``, "")
	lent := died((&run{t: t, file: person(1960, 4, 1)}).fitted("2019-03-01", "120312", 1, "loan", "2019-03-02"))
	lent.take(access.VillageLiaison, "give_back", "2019-06-10", `{"condition":"good"}`, "")
}

// TestLoanLastsAfterAVisit: a follow-up in between does not keep a loan from counting.
func TestLoanLastsAfterAVisit(t *testing.T) {
	t.Parallel()
	r := (&run{t: t, file: person(1960, 4, 2)}).fitted("2019-03-01", "120312", 1, "loan", "2019-03-02")
	r.take(access.VillageLiaison, "follow_up", "2019-03-20", `{"findings":"正常使用"}`, "").take(access.VillageLiaison, "loan_lasts", "2019-04-01", ``, "")
	r.take(access.VillageLiaison, "loan_lasts", "2019-05-01", ``, "")
	if got := r.counts(); len(got) != 1 || got[0] != "2019-04-01 [device rehab]" {
		t.Errorf("counts %v", got)
	}
}

// TestSelfBought: half of the price is refunded, up to 1,000 yuan (舟山市), also before the earlier device has served its time.
func TestSelfBought(t *testing.T) {
	t.Parallel()
	earlier := (&run{t: t, file: person(1960, 4, 1)}).fitted("2019-01-01", "122203", 1, "grant", "2019-01-10")
	bought := func(price, subsidy int, code string) *run {
		r := (&run{t: t, file: person(1960, 4, 1), rest: []care.Service{earlier.s}}).open(care.Device, "2019-03-01", `{"item":"122203","mode":"self_buy","pieces":1}`, "")
		r.take(access.VillageLiaison, "village_check", "2019-03-01", `{"findings":"属实"}`, "").take(access.TownOfficer, "town_review", "2019-03-02", `{"findings":"同意"}`, "")
		r.take(access.CDPFReviewer, "assess", "2019-03-03", `{"institution":"辅具中心","assessor":"乙","item":"122203"}`, "")
		return r.take(access.CDPFReviewer, "approve", "2019-03-04", fmt.Sprintf(`{"item":"122203","price_fen":%d,"subsidy_fen":%d,"own_fen":%d,"paid_elsewhere":"none"}`, price, subsidy, price-subsidy), code)
	}
	bought(80000, 40000, "")
	bought(80000, 40001, "OVER_CAP")
	bought(300000, 100000, "")
	done := bought(300000, 100001, "OVER_CAP").take(access.CDPFReviewer, "approve", "2019-03-04", `{"item":"122203","price_fen":300000,"subsidy_fen":100000,"own_fen":200000,"paid_elsewhere":"none"}`, "")
	if approved, _ := done.s.Last("approve"); approved.Evidence.Int("edition") != 2016 {
		t.Errorf("the edition of GB/T 16432 is not kept: %v", approved.Evidence)
	}
}

// TestRescueDays: a year is that of the application or the next, and nothing is approved before it was applied for.
func TestRescueDays(t *testing.T) {
	t.Parallel()
	r := (&run{t: t, file: person(2010, 6, 2)}).open(care.Rehab, "2019-01-05", rehabNeed, "").take(access.TownOfficer, "assess", "2019-01-06", assessed, "")
	for _, tt := range []struct {
		applied string
		year    int
		code    string
	}{{"2019-01-11", 2019, "DATES_REVERSED"}, {"2019-01-08", 2021, "YEAR_NOT_APPLIED_FOR"}, {"2019-01-08", 2018, "YEAR_NOT_APPLIED_FOR"}, {"2018-12-20", 2019, ""}, {"2019-01-08", 2020, ""}} {
		r.take(access.CDPFReviewer, "approve_rescue", "2019-01-10", fmt.Sprintf(rescued, 6, tt.applied, tt.year, 1500000), tt.code)
	}
}

// TestBlankEvidence: a text of blanks says nothing.
func TestBlankEvidence(t *testing.T) {
	t.Parallel()
	r := (&run{t: t, file: person(1970, 4, 2)}).open(care.Rehab, "2019-02-01", rehabNeed, "")
	r.take(access.TownOfficer, "assess", "2019-02-10", strings.Replace(assessed, "甲", "　 ", 1), "REQUIRED")
	r.take(access.TownOfficer, "refuse", "2019-02-10", `{"reason":" ","signed_by":"person"}`, "REQUIRED")
}

// TestHomes: whose home is altered, what shows it, and how a family leaves.
func TestHomes(t *testing.T) {
	t.Parallel()
	home(t, "own", false).open(care.Retrofit, "2019-02-01", wants, "").take(access.TownOfficer, "verify", "2019-02-02", strings.Replace(verified, "dibao", "other", 1), "NO_HARDSHIP")
	same := strings.ReplaceAll(photos, later.String(), photo.String())
	r := home(t, "own", false).planned(plan).waiting()
	r.take(access.CDPFReviewer, "accept", "2019-03-25", `{"result":"PASS",`+signed+`,`+same+`}`, "PHOTOS_MISSING")
	r.take(access.CDPFReviewer, "accept", "2019-03-25", `{"result":"PASS",`+signed+`}`, "PHOTOS_MISSING")
	r.take(access.CDPFReviewer, "accept", "2019-03-25", `{"result":"FAIL",`+signed+`}`, "") // nothing was done: there is nothing to show
	if r.s.State != "IN_WORK" {
		t.Errorf("after a failed acceptance: %s", r.s.State)
	}
	r.take(access.VillageLiaison, "moved", "2019-04-01", ``, "")
	again := home(t, "own", false)
	again.rest = []care.Service{r.s}
	again.open(care.Retrofit, "2019-05-01", wants, "")
}

// TestTwoFittings: of two bath chairs in a household, either may be linked; one that has served its time pays for nothing.
func TestTwoFittings(t *testing.T) {
	t.Parallel()
	chair := func(id byte, on string) care.Service {
		r := &run{t: t, file: person(1970, 4, 1)}
		r.file.Person.ID = uuid.UUID{id}
		return r.fitted(on, "093307", 1, "grant", on).s
	}
	planning := func(rest ...care.Service) *run {
		r := home(t, "own", false)
		r.rest = rest
		return r.open(care.Retrofit, "2019-02-01", wants, "").take(access.TownOfficer, "verify", "2019-02-02", verified, "")
	}
	first, second := chair(1, "2019-01-05"), chair(2, "2019-01-06")
	for _, linked := range []care.Service{first, second} {
		planning(first, second).take(access.TownOfficer, "plan", "2019-02-03", fmt.Sprintf(`{"items":[{"item":"RAMP","cost_fen":300000},{"item":"BATH","cost_fen":0,"device_service":%q}],"agreed_by":"family"}`, linked.ID), "")
	}
	worn := chair(1, "2016-01-05") // three years (catalogue)
	planning(worn).take(access.TownOfficer, "plan", "2019-02-03", plan, "")

	old := home(t, "own", false).planned(plan).waiting().take(access.CDPFReviewer, "accept", "2019-03-25", `{"result":"PASS",`+signed+`,`+photos+`}`, "").s
	for i := range old.Steps {
		old.Steps[i].On = old.Steps[i].On.AddYears(-4)
	}
	(&run{t: t, file: person(1970, 4, 1), rest: []care.Service{old}}).fitted("2019-05-01", "093307", 1, "grant", "2019-05-02")
}

func TestBadCatalogues(t *testing.T) {
	t.Parallel()
	const row = `rescue: [{code: A, zh: 甲, en: a, source: choice, mode: institution, from: %s, to: %s, age_to: %d, categories: %s, annual_cap_fen: %d}]`
	for name, text := range map[string]string{"unknown member": "version: x\nnonsense: 1\n", "no source": "rehab: [{code: A, zh: 甲, en: a}]",
		"twice": "rehab: [{code: A, zh: 甲, en: a, source: choice}, {code: A, zh: 甲, en: a, source: choice}]", "bad device": `devices: [{code: "12", zh: 甲, en: a, source: choice, edition: 2016, cap_fen: 1, years: 1}]`,
		"no such edition": `devices: [{code: "120000", zh: 甲, en: a, source: choice, edition: 2004, cap_fen: 1, years: 1}]`,
		"no such device":  `retrofit: [{code: A, zh: 甲, en: a, source: choice, device: "999999"}]`, "no such category": "rehab: [{code: A, zh: 甲, en: a, source: choice, categories: [8]}]",
		"ages reversed": "rehab: [{code: A, zh: 甲, en: a, source: choice, age_from: 7, age_to: 6}]", "days reversed": fmt.Sprintf(row, "2019-01-02", "2019-01-01", 17, "[1]", 1),
		"nobody's": fmt.Sprintf(row, "2019-01-01", "2019-12-31", 17, "[]", 1), "no money": fmt.Sprintf(row, "2019-01-01", "2019-12-31", 17, "[1]", 0)} {
		if _, err := care.LoadCatalogue([]byte(text)); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
	if _, err := care.LoadCatalogue([]byte(fmt.Sprintf(row, "2019-01-01", "2019-12-31", 17, "[1]", 1))); err != nil {
		t.Errorf("a good row is refused: %v", err)
	}
}
