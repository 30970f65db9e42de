package care_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
)

// void takes back the last step that stands.
func (r *run) void(role access.Role, code string) *run {
	r.t.Helper()
	seq := 0
	if n := len(r.s.Steps); n > 0 {
		seq = r.s.Steps[n-1].Seq
	}
	return r.voidOf(seq, role, code)
}

func (r *run) voidOf(seq int, role access.Role, code string) *run {
	r.t.Helper()
	s, _, err := care.Void(r.at(today.String(), ""), seq, "记错", who[role], time.Unix(0, 0))
	r.wants(err, code)
	if err == nil {
		r.s = s
	}
	return r
}

// TestVoid: the last step that stands is taken back, one after the other, by whoever may take it or by the district's 残联.
func TestVoid(t *testing.T) {
	t.Parallel()
	r := (&run{t: t, file: person(1960, 4, 1)}).open(care.Device, "2019-01-05", `{"item":"120312","mode":"grant","pieces":1}`, "")
	r.void(access.CDPFReviewer, "NOT_THE_LAST_STEP") // there is none
	r.take(access.VillageLiaison, "village_check", "2019-01-05", `{"findings":"属实"}`, "").take(access.TownOfficer, "town_review", "2019-01-06", `{"findings":"同意"}`, "")
	r.voidOf(1, access.CDPFReviewer, "NOT_THE_LAST_STEP").void(access.VillageLiaison, "NOT_YOUR_STEP").void(access.Auditor, "NOT_YOUR_STEP")
	r.void(access.TownOfficer, "").voidOf(2, access.TownOfficer, "NOT_THE_LAST_STEP").void(access.CDPFReviewer, "")
	if r.s.State != "NEED" || len(r.s.Steps) != 0 || len(r.s.Voided) != 2 {
		t.Fatalf("after all was taken back: %s, %d steps, %d voided", r.s.State, len(r.s.Steps), len(r.s.Voided))
	}
	if v := r.s.Voided[0].Voided; v.Reason != "记错" || v.Role != access.TownOfficer || v.By != who[access.TownOfficer].AccountID {
		t.Errorf("voided by %+v", v)
	}
	r.take(access.VillageLiaison, "village_check", "2019-01-05", `{"findings":"属实"}`, "")
	if got := r.s.Steps[0].Seq; got != 3 {
		t.Errorf("the next step is number %d, want 3", got)
	}
}

// TestVoidAfterDeath: a death that was recorded by mistake ends nothing.
func TestVoidAfterDeath(t *testing.T) {
	t.Parallel()
	r := (&run{t: t, file: person(1960, 4, 1)}).fitted("2019-03-01", "122203", 1, "grant", "")
	r.take(access.VillageLiaison, "deceased", "2019-03-02", ``, "").void(access.VillageLiaison, "")
	if r.take(access.VillageLiaison, "accept", "2019-03-03", `{"signed_by":"person"}`, ""); r.s.State != "ACCEPTED" {
		t.Errorf("the service is %s", r.s.State)
	}
}

// TestVoidUncounts: what was accepted for the wrong person counts no more and stands in nobody's way.
func TestVoidUncounts(t *testing.T) {
	t.Parallel()
	wrong := (&run{t: t, file: person(1960, 4, 1)}).fitted("2019-03-01", "122203", 1, "grant", "2019-03-02")
	wrong.void(access.CDPFReviewer, "")
	wrong.take(access.CDPFReviewer, "reject", "2019-03-03", `{"reason":"签错人"}`, "")
	if got := wrong.counts(); len(got) != 0 {
		t.Errorf("counts %v", got)
	}
	(&run{t: t, file: person(1960, 4, 1), rest: []care.Service{wrong.s}}).fitted("2019-04-01", "122203", 1, "grant", "2019-04-02")
}

// TestVoidOpensNothingTwice: a service that had ended is not opened again beside another that took its place.
func TestVoidOpensNothingTwice(t *testing.T) {
	t.Parallel()
	need := `{"item":"120312","mode":"grant","pieces":1}`
	r := (&run{t: t, file: person(1960, 4, 1)}).open(care.Device, "2019-01-05", need, "").take(access.VillageLiaison, "moved", "2019-01-06", ``, "")
	again := (&run{t: t, file: person(1960, 4, 1), rest: []care.Service{r.s}}).open(care.Device, "2019-02-05", need, "")
	r.rest = []care.Service{again.s}
	r.void(access.CDPFReviewer, "OPEN_ALREADY")

	h := home(t, "own", false).planned(plan).take(access.VillageLiaison, "moved", "2019-02-04", ``, "")
	second := home(t, "own", false)
	second.rest = []care.Service{h.s}
	h.rest = []care.Service{second.open(care.Retrofit, "2019-03-01", wants, "").s}
	h.void(access.CDPFReviewer, "OPEN_ALREADY")
}

// TestVoidOfAList: what another system has recorded goes with its list, and by no hand.
func TestVoidOfAList(t *testing.T) {
	t.Parallel()
	r := (&run{t: t, file: person(1960, 4, 1)}).open(care.Device, "2019-01-05", `{"item":"120312","mode":"grant","pieces":1}`, "")
	c := r.at("2019-01-05", `{"source":"市平台","result":"accepted"}`)
	c.TakenOver = true
	s, _, err := care.Take(c, care.Reported, access.Actor{Role: access.System}, today)
	r.wants(err, "")
	r.s = s
	r.void(access.CDPFReviewer, "FROM_A_LIST")
}

// rescueOf is an approval of the year 2019.
func rescueOf(category, fen int) string {
	return fmt.Sprintf(rescued, category, "2019-01-08", 2019, fen)
}

// TestRescueSlip: fifteen thousand instead of a hundred and fifty, in the same year.
func TestRescueSlip(t *testing.T) {
	t.Parallel()
	r := (&run{t: t, file: person(2010, 6, 2)}).open(care.Rehab, "2019-01-05", rehabNeed, "").take(access.TownOfficer, "assess", "2019-01-06", assessed, "")
	r.take(access.CDPFReviewer, "approve_rescue", "2019-01-10", rescueOf(6, 15000), "").void(access.VillageLiaison, "NOT_YOUR_STEP").void(access.CDPFReviewer, "")
	r.take(access.CDPFReviewer, "approve_rescue", "2019-01-11", rescueOf(6, 1500000), "")
}

// TestSettled: the states in which nothing is under way are those of the chains in which a service was given or nothing follows.
func TestSettled(t *testing.T) {
	t.Parallel()
	for _, chain := range care.Chains {
		for _, s := range chain.States {
			want := !s.Final && !slices.Contains(chain.Given, s.Code)
			if got := (care.Service{Kind: chain.Kind, State: s.Code}).UnderWay(); got != want {
				t.Errorf("%s %s is under way: %v, want %v", chain.Kind, s.Code, got, want)
			}
		}
	}
}

// TestBuilderFails: another contract takes the place of the first, and a part that was paid to the first is no more than was approved.
func TestBuilderFails(t *testing.T) {
	t.Parallel()
	r := home(t, "own", false).planned(plan)
	r.take(access.CDPFReviewer, "approve", "2019-02-04", `{"total_fen":350000,"funds":[{"source":"lottery","fen":350000}]}`, "")
	r.take(access.CDPFReviewer, "contract", "2019-02-05", `{"contractor":"甲公司","number":"1","amount_fen":350000}`, "")
	r.take(access.CDPFReviewer, "contract", "2019-02-06", `{"contractor":"乙公司","number":"2","amount_fen":340000}`, "").take(access.TownOfficer, "start", "2019-03-01", ``, "")
	r.take(access.CDPFReviewer, "contract", "2019-03-06", `{"contractor":"丙公司","number":"3","amount_fen":350001}`, "OVER_BUDGET")
	r.take(access.CDPFReviewer, "contract", "2019-03-06", `{"contractor":"丙公司","number":"3","amount_fen":300000}`, "").take(access.TownOfficer, "start", "2019-03-07", ``, "")
	r.take(access.TownOfficer, "finish", "2019-03-20", ``, "").take(access.CDPFReviewer, "accept", "2019-03-25", `{"result":"PASS",`+signed+`,`+photos+`}`, "")
	r.take(access.CDPFReviewer, "archive", "2019-03-26", `{"paid_fen":350001,"funds":[{"source":"lottery","fen":350001}]}`, "OVER_CONTRACT")
	r.take(access.CDPFReviewer, "archive", "2019-03-26", `{"paid_fen":350000,"funds":[{"source":"lottery","fen":350000}]}`, "")
}

// TestHomeRejected: the office may turn a home down until it is contracted, and then it may be asked for again.
func TestHomeRejected(t *testing.T) {
	t.Parallel()
	r := home(t, "own", false).planned(plan).take(access.VillageLiaison, "reject", "2019-02-05", `{"reason":"资金不足"}`, "NOT_YOUR_STEP")
	r.take(access.TownOfficer, "reject", "2019-02-05", `{}`, "REQUIRED").take(access.TownOfficer, "reject", "2019-02-05", `{"reason":"不符合条件"}`, "")
	again := home(t, "own", false)
	again.rest = []care.Service{r.s}
	again.open(care.Retrofit, "2019-05-01", wants, "")
	waiting := home(t, "own", false).planned(plan).waiting()
	waiting.take(access.CDPFReviewer, "reject", "2019-03-21", `{"reason":"不符合条件"}`, "WRONG_STATE")
}

// TestGrantedTwice: of two approvals of one device that merging has brought together, one is rejected before the other is handed out.
func TestGrantedTwice(t *testing.T) {
	t.Parallel()
	approved := func(mode string) *run {
		r := (&run{t: t, file: person(1960, 4, 1)}).fitted("2019-03-01", "122203", 1, mode, "")
		return r.void(access.CDPFReviewer, "")
	}
	fit := `{"supplier":"辅具店","pieces":1}`
	a, b := approved("grant"), approved("grant")
	a.rest, b.rest = []care.Service{b.s}, []care.Service{a.s}
	a.take(access.TownOfficer, "fit", "2019-03-02", fit, "GRANTED_TWICE")
	b.take(access.TownOfficer, "fit", "2019-03-02", fit, "GRANTED_TWICE").take(access.CDPFReviewer, "reject", "2019-03-02", `{"reason":"重复"}`, "")
	a.rest = []care.Service{b.s}
	a.take(access.TownOfficer, "fit", "2019-03-02", fit, "").take(access.VillageLiaison, "accept", "2019-03-03", `{"signed_by":"person"}`, "")

	fitted := (&run{t: t, file: person(1960, 4, 1), rest: nil}).fitted("2019-03-01", "122203", 1, "grant", "")
	fitted.rest = []care.Service{a.s}
	fitted.take(access.VillageLiaison, "accept", "2019-03-05", `{"signed_by":"person"}`, "GRANTED_TWICE").take(access.CDPFReviewer, "reject", "2019-03-05", `{"reason":"重复"}`, "")

	bought := approved("self_buy") // is refunded beside what was granted
	bought.rest = []care.Service{a.s}
	bought.take(access.TownOfficer, "fit", "2019-03-06", fit, "")
}

// TestPopulation: who holds no valid card and is no child without one is granted nothing; who recovers may borrow.
func TestPopulation(t *testing.T) {
	t.Parallel()
	grant, lend := `{"item":"120312","mode":"grant","pieces":1}`, `{"item":"120312","mode":"loan","pieces":1}`
	uncertified := func(born int, of casefile.RecordType) *run {
		f := person(born, 4, 1)
		f.Certificates, f.Person.Diagnosis, f.Person.RecordType = nil, "脑瘫", of
		return &run{t: t, file: f}
	}
	adult := uncertified(2000, casefile.UncertifiedChild)
	adult.open(care.Device, "2019-02-01", grant, "NO_VALID_CERTIFICATE").open(care.Device, "2019-02-01", lend, "NO_VALID_CERTIFICATE").open(care.Rehab, "2019-02-01", rehabNeed, "NO_VALID_CERTIFICATE")
	child := uncertified(2002, casefile.UncertifiedChild)
	child.open(care.Rehab, "2019-02-01", rehabNeed, "").open(care.Device, "2019-02-01", grant, "")
	recovering := uncertified(1970, casefile.Recovering)
	recovering.open(care.Device, "2019-02-01", grant, "LOANS_ONLY").open(care.Device, "2019-02-01", lend, "")

	r := (&run{t: t, file: person(1960, 4, 1)}).open(care.Device, "2019-02-01", grant, "")
	r.take(access.VillageLiaison, "village_check", "2019-02-01", `{"findings":"属实"}`, "").take(access.TownOfficer, "town_review", "2019-02-02", `{"findings":"同意"}`, "")
	r.file.Certificates[0].ExpiresOn = today.AddYears(-1)
	r.take(access.CDPFReviewer, "approve", "2019-03-04", `{"item":"120312","price_fen":1000,"subsidy_fen":1000,"own_fen":0,"paid_elsewhere":"none"}`, "NO_VALID_CERTIFICATE")
	trained := (&run{t: t, file: person(1970, 4, 2)}).open(care.Rehab, "2019-02-01", rehabNeed, "").take(access.TownOfficer, "assess", "2019-02-02", assessed, "")
	trained.take(access.TownOfficer, "plan", "2019-02-03", `{"items":[{"item":"THERAPY"}],"agreed_by":"person"}`, "")
	trained.file.Certificates[0].ExpiresOn = today.AddYears(-1)
	trained.take(access.TownOfficer, "serve", "2019-03-05", served(10500, 10000), "NO_VALID_CERTIFICATE")
}

// TestSelfBoughtAgain: what was refunded is not refunded again within its service life, unless damage was assessed.
func TestSelfBoughtAgain(t *testing.T) {
	t.Parallel()
	earlier := (&run{t: t, file: person(1960, 4, 1)}).fitted("2019-03-01", "122203", 1, "self_buy", "2019-03-02")
	buy := func(on, because, code string) {
		r := (&run{t: t, file: person(1960, 4, 1), rest: []care.Service{earlier.s}}).open(care.Device, on, `{"item":"122203","mode":"self_buy","pieces":1}`, "")
		r.take(access.VillageLiaison, "village_check", on, `{"findings":"属实"}`, "").take(access.TownOfficer, "town_review", on, `{"findings":"同意"}`, "")
		r.take(access.CDPFReviewer, "assess", on, `{"institution":"辅具中心","assessor":"乙","item":"122203"`+because+`}`, "")
		r.take(access.CDPFReviewer, "approve", on, `{"item":"122203","price_fen":1000,"subsidy_fen":500,"own_fen":500,"paid_elsewhere":"none"}`, code)
	}
	buy("2019-03-03", "", "WITHIN_SERVICE_LIFE")
	buy("2019-03-03", `,"replaces_because":"damaged"`, "")
}

// TestLoanFollowedUp: a visit after the days of a loan makes it count, once.
func TestLoanFollowedUp(t *testing.T) {
	t.Parallel()
	r := (&run{t: t, file: person(1960, 4, 1)}).fitted("2019-02-01", "120312", 1, "loan", "2019-02-02")
	r.take(access.VillageLiaison, "follow_up", "2019-02-20", `{"findings":"正常"}`, "").take(access.VillageLiaison, "follow_up", "2019-06-02", `{"findings":"正常"}`, "")
	r.take(access.VillageLiaison, "give_back", "2019-07-01", `{"condition":"good"}`, "")
	if got := r.counts(); len(got) != 1 || got[0] != "2019-06-02 [device rehab]" {
		t.Errorf("counts %v", got)
	}
	granted := (&run{t: t, file: person(1960, 4, 1)}).fitted("2019-02-01", "120312", 1, "grant", "2019-02-02")
	if granted.take(access.VillageLiaison, "follow_up", "2019-06-02", `{"findings":"正常"}`, ""); len(granted.counts()) != 1 {
		t.Errorf("a grant counts %v", granted.counts())
	}
}

// TestTheSameTwice: the same need is not opened twice, nor the same item of a day served twice.
func TestTheSameTwice(t *testing.T) {
	t.Parallel()
	grant := `{"item":"120312","mode":"grant","pieces":1}`
	device := (&run{t: t, file: person(1960, 4, 1)}).open(care.Device, "2019-01-05", grant, "")
	again := &run{t: t, file: person(1960, 4, 1), rest: []care.Service{device.s}}
	again.open(care.Device, "2019-01-06", grant, "OPEN_ALREADY").open(care.Device, "2019-01-06", `{"item":"122203","mode":"grant","pieces":1}`, "")
	again.open(care.Device, "2019-01-06", `{"item":"120312","mode":"loan","pieces":1}`, "") // until the other comes
	mate := &run{t: t, file: person(1960, 4, 1), rest: []care.Service{device.s}}
	mate.file.Person.ID = uuid.UUID{2}
	mate.open(care.Device, "2019-01-06", grant, "")

	first := (&run{t: t, file: person(1970, 4, 2)}).open(care.Rehab, "2019-02-01", rehabNeed, "").take(access.TownOfficer, "assess", "2019-02-02", assessed, "")
	first.take(access.TownOfficer, "plan", "2019-02-03", `{"items":[{"item":"THERAPY"}],"agreed_by":"person"}`, "").take(access.TownOfficer, "serve", "2019-03-05", served(10500, 10000), "")
	first.take(access.TownOfficer, "serve", "2019-03-05", served(10500, 10000), "SERVED_ALREADY")
	second := (&run{t: t, file: person(1970, 4, 2), rest: []care.Service{first.s}}).open(care.Rehab, "2019-03-05", rehabNeed, "OPEN_ALREADY")
	first.take(access.TownOfficer, "complete", "2019-03-05", ``, "")
	second.rest = []care.Service{first.s}
	second.open(care.Rehab, "2019-03-05", rehabNeed, "").take(access.TownOfficer, "assess", "2019-03-05", assessed, "")
	second.take(access.TownOfficer, "plan", "2019-03-05", `{"items":[{"item":"THERAPY"}],"agreed_by":"person"}`, "").take(access.TownOfficer, "serve", "2019-03-05", served(10500, 10000), "SERVED_ALREADY")
}

// TestImpossible: nothing is needed before birth, and no programme is for a category that the card does not have.
func TestImpossible(t *testing.T) {
	t.Parallel()
	(&run{t: t, file: person(1970, 4, 2)}).open(care.Rehab, "1969-12-31", rehabNeed, "BEFORE_BIRTH")
	child := (&run{t: t, file: person(2012, 1, 1)}).open(care.Rehab, "2019-01-05", rehabNeed, "").take(access.TownOfficer, "assess", "2019-01-06", assessed, "")
	child.take(access.CDPFReviewer, "approve_rescue", "2019-01-10", rescueOf(6, 1500000), "NOT_ON_CARD")
}
