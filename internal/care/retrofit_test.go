package care_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
)

// home is a household with a severe member in a home of a kind.
func home(t tester, dwelling string, elder bool) *run {
	day := calendar.MustDate("2019-02-01")
	file := casefile.HouseholdFile{Household: casefile.Household{ID: uuid.UUID{9}}, Members: []casefile.Member{{PersonID: uuid.UUID{1}, From: day}},
		Files: map[uuid.UUID]casefile.File{{1}: person(1970, 4, 1)}}
	fact := func(kind, sort string) {
		file.Circumstances = append(file.Circumstances, casefile.Circumstance{Kind: kind, Value: casefile.Value{Answer: casefile.Yes, Sort: sort}, ValidFrom: day})
	}
	if dwelling != "" {
		fact("dwelling", dwelling)
	}
	if elder {
		fact("elder_home_retrofit", "yes")
	}
	return &run{t: t, home: file.On(day, nil)}
}

const (
	wants    = `{"items":[{"item":"RAMP"},{"item":"BATH"}]}`
	verified = `{"findings":"入户核实","hardship":"dibao","hardship_basis":"低保证","willing":true}`
	photos   = `"items":[{"item":"RAMP","before":["07000000-0000-0000-0000-000000000000"],"after":["09000000-0000-0000-0000-000000000000"]},{"item":"BATH","before":["07000000-0000-0000-0000-000000000000"],"after":["09000000-0000-0000-0000-000000000000"]}]`
	signed   = `"signatures":[{"by":"cdpf","name":"甲"},{"by":"applicant","name":"乙"},{"by":"builder","name":"丙"}]`
)

func (r *run) planned(plan string) *run {
	r.t.Helper()
	return r.open(care.Retrofit, "2019-02-01", wants, "").take(access.TownOfficer, "verify", "2019-02-02", verified, "").take(access.TownOfficer, "plan", "2019-02-03", plan, "")
}

const plan = `{"items":[{"item":"RAMP","cost_fen":300000},{"item":"BATH","cost_fen":50000}],"agreed_by":"family"}`

func (r *run) waiting() *run {
	r.t.Helper()
	r.take(access.CDPFReviewer, "approve", "2019-02-04", `{"total_fen":350000,"funds":[{"source":"lottery","fen":250000},{"source":"district","fen":100000}]}`, "")
	r.take(access.CDPFReviewer, "contract", "2019-02-05", `{"contractor":"某公司","number":"2019-01","amount_fen":350000}`, "").take(access.TownOfficer, "start", "2019-03-01", ``, "")
	return r.take(access.TownOfficer, "finish", "2019-03-20", ``, "")
}

// TestAmountsInYuan: officers type yuan, so what does not add up is told in yuan.
func TestAmountsInYuan(t *testing.T) {
	t.Parallel()
	r := home(t, "own", false).planned(plan)
	for evidence, want := range map[string][2]string{
		`{"total_fen":340000,"funds":[{"source":"lottery","fen":340000}]}`: {"与方案造价3500.00元不符", "the plan comes to 3500.00 yuan"},
		`{"total_fen":350000,"funds":[{"source":"lottery","fen":340005}]}`: {"各来源合计3400.05元，与总额3500.00元不符", "the parts add up to 3400.05 yuan, the whole is 3500.00 yuan"},
	} {
		_, _, err := care.Take(r.at("2019-02-04", evidence), "approve", who[access.CDPFReviewer], today)
		f, _ := fault.Of(err)
		if f == nil || len(f.Fields) != 1 || f.Fields[0].ZH != want[0] || f.Fields[0].EN != want[1] {
			t.Errorf("%s is refused with %+v", evidence, f)
		}
	}
}

func TestRetrofitV18ToV22(t *testing.T) {
	t.Parallel()
	home(t, "own", true).open(care.Retrofit, "2019-02-01", wants, "ELDER_SCHEME")                                                                                // V18
	home(t, "rented_short", false).open(care.Retrofit, "2019-02-01", wants, "").take(access.TownOfficer, "verify", "2019-02-02", verified, "DWELLING_NOT_FIXED") // V19
	home(t, "", false).open(care.Retrofit, "2019-02-01", wants, "").take(access.TownOfficer, "verify", "2019-02-02", verified, "DWELLING_NOT_KNOWN")
	refused := home(t, "own", false).planned(plan)
	refused.take(access.VillageLiaison, "refuse", "2019-02-04", `{"reason":"不同意方案"}`, "REQUIRED").take(access.VillageLiaison, "refuse", "2019-02-04", `{"reason":"不同意方案","signed_by":"family"}`, "")
	if refused.s.State != "REFUSED" {
		t.Errorf("V20: %s", refused.s.State)
	}
	r := home(t, "own", false).planned(plan)
	r.take(access.CDPFReviewer, "approve", "2019-02-04", `{"total_fen":340000,"funds":[{"source":"lottery","fen":340000}]}`, "NOT_AS_PLANNED")
	r.take(access.CDPFReviewer, "approve", "2019-02-04", `{"total_fen":350000,"funds":[{"source":"lottery","fen":340000}]}`, "DOES_NOT_ADD_UP")
	r.waiting()
	r.take(access.CDPFReviewer, "accept", "2019-03-25", `{"result":"PASS","signatures":[{"by":"cdpf","name":"甲"},{"by":"applicant","name":"乙"}],`+photos+`}`, "SIGNATURES_MISSING")
	r.take(access.CDPFReviewer, "accept", "2019-03-25", `{"result":"PASS",`+signed+`,"items":[{"item":"RAMP","before":["07000000-0000-0000-0000-000000000000"],"after":["09000000-0000-0000-0000-000000000000"]}]}`, "PHOTOS_MISSING")
	r.take(access.CDPFReviewer, "accept", "2019-03-25", `{"result":"PASS",`+signed+`,"items":[{"item":"RAMP","before":["08000000-0000-0000-0000-000000000000"],"after":["09000000-0000-0000-0000-000000000000"]}]}`, "NO_SUCH_FILE")
	r.take(access.CDPFReviewer, "accept", "2019-03-25", `{"result":"RECTIFY",`+signed+`,`+photos+`}`, "").take(access.TownOfficer, "finish", "2019-04-01", ``, "")
	if len(r.counts()) != 0 {
		t.Error("a retrofit that has to be put right counts")
	}
	r.take(access.CDPFReviewer, "accept", "2019-04-05", `{"result":"PASS",`+signed+`,`+photos+`}`, "")
	if got := r.counts(); len(got) != 1 || got[0] != "2019-04-05 [retrofit]" {
		t.Errorf("counts %v", got)
	}
	again := home(t, "own", false)
	again.rest = []care.Service{r.s}
	again.open(care.Retrofit, "2019-12-01", wants, "SERVED_LATELY").open(care.Retrofit, "2019-12-01", `{"items":[{"item":"RAMP"}],"again_because":"moved"}`, "")

	bath := (&run{t: t, file: person(1970, 4, 1)}).fitted("2019-01-05", "093307", 1, "grant", "2019-01-10") // V22
	linked := home(t, "own", false)
	linked.rest = []care.Service{bath.s}
	linked.open(care.Retrofit, "2019-02-01", wants, "").take(access.TownOfficer, "verify", "2019-02-02", verified, "").take(access.TownOfficer, "plan", "2019-02-03", plan, "FUNDED_BY_DEVICE")
	linked.take(access.TownOfficer, "plan", "2019-02-03", fmt.Sprintf(`{"items":[{"item":"RAMP","cost_fen":300000},{"item":"BATH","cost_fen":50000,"device_service":%q}],"agreed_by":"family"}`, bath.s.ID), "ONE_SOURCE_ONLY")
	linked.take(access.TownOfficer, "plan", "2019-02-03", fmt.Sprintf(`{"items":[{"item":"RAMP","cost_fen":300000},{"item":"BATH","cost_fen":0,"device_service":%q}],"agreed_by":"family"}`, bath.s.ID), "")
	device := (&run{t: t, file: person(1970, 4, 1), rest: []care.Service{r.s}}).open(care.Device, "2019-05-01", `{"item":"093307","mode":"grant","pieces":1}`, "")
	device.take(access.VillageLiaison, "village_check", "2019-05-01", `{"findings":"属实"}`, "").take(access.TownOfficer, "town_review", "2019-05-02", `{"findings":"同意"}`, "")
	device.take(access.CDPFReviewer, "approve", "2019-05-03", `{"item":"093307","price_fen":20000,"subsidy_fen":20000,"own_fen":0,"paid_elsewhere":"none"}`, "FUNDED_BY_RETROFIT")
}
