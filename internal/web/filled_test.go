package web_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// TestFilledPagesWithoutBarriers looks at the pages of a person's file and household with something in every list, all of it unfolded.
func TestFilledPagesWithoutBarriers(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, who := context.Background(), s.actor("town.a")
	f := s.fixture("监护人壬", 95)
	paid := s.person(99, 1, villageA)
	granted := s.granted("liaison.a", paid)
	right := s.awardOf(paid)
	_, err := s.desk.SuspendAward(ctx, who, right.ID, right.Version, s.today().Month().Add(1), "入户查看，住院未在家，待家属补交材料")
	must(t, err)
	right = s.awardOf(paid)
	_, err = s.desk.ResumeAward(ctx, who, right.ID, right.Version, s.today().Month().Add(2), true)
	must(t, err)
	right = s.awardOf(paid)
	_, err = s.desk.SuspendAward(ctx, who, right.ID, right.Version, s.today().Month().Add(1), "长期外出")
	must(t, err)
	for _, programme := range []string{"nursing_subsidy", ""} {
		h, err := s.desk.PlaceHold(ctx, who, store.Hold{PersonID: paid, Programme: programme, Note: "账户户名与身份证不一致，待银行核实"})
		must(t, err)
		if programme != "" {
			_, err = s.desk.ReleaseHold(ctx, who, h.ID, "已核实")
			must(t, err)
		}
	}
	benefit := casework.NewCircumstance{Kind: "other_benefit", Value: json.RawMessage(`{"sort":"duty_injury_living","monthly_amount_fen":120050}`), ValidFrom: calendar.MustDate("2022-01-01"), Source: "退役军人事务局", SourceDoc: "临退役字〔2022〕第12号"}
	fact, err := s.desk.AddCircumstance(ctx, who, f.person, benefit)
	must(t, err)
	_, err = s.desk.CorrectCircumstance(ctx, who, fact.ID, 1, casework.Correction{Source: "区人社局", Reason: "来源有误"})
	must(t, err)
	d, err := s.desk.Person(ctx, who, f.person)
	must(t, err)
	_, err = s.desk.AddEvent(ctx, who, f.card, d.File.Certificates[0].Version, casework.NewEvent{Event: "FREEZE", On: s.today().Add(-9), Reason: "多次入户未见本人"})
	must(t, err)
	for _, account := range []string{"6228480200012345678", "6228480200087654321"} {
		_, err = s.desk.SetPayee(ctx, who, f.person, casework.NewPayee{Holder: "金丝雀95", Relation: "self", Account: account, Reason: "社保卡换卡"})
		must(t, err)
	}
	for _, passed := range []bool{true, false} {
		_, err = s.desk.Verify(ctx, who, casefile.Verification{PersonID: f.person, On: s.today(), Method: "visit", Passed: passed, Findings: "入户查看，本人在家，由配偶照料"})
		must(t, err)
	}
	h, err := s.desk.AddMember(ctx, who, f.home, casework.NewMember{PersonID: s.person(97, 2, villageA), Relation: "grandparent", From: calendar.MustDate("2021-03-01")})
	must(t, err)
	_, err = s.desk.EndMember(ctx, who, f.home, h.Members[1].ID, calendar.MustDate("2022-03-01"))
	must(t, err)
	_, err = s.desk.CorrectHouseholdCircumstance(ctx, who, f.home, f.homeFact, casework.Correction{Value: json.RawMessage(`"rented"`), Source: "入户查看", Reason: "租住"})
	must(t, err)

	s.clock.Add(time.Minute) // the file is as it was known a moment ago
	b := s.tab(chromium(t))
	b.cookie("zhucan-language", "zh")
	b.use("town.a")
	look := func(name, path string) {
		b.open(f.address(path))
		run(b, chromedp.Evaluate[bool](`document.querySelectorAll("main details").forEach((d) => { d.open = true }); true`))
		b.both("filled-" + name)
	}
	look("file", "/persons/:id")
	b.shows("因公致残生活补助，每月1200.50元", "冻结", "由配偶照料", "未通过")
	look("edit", "/persons/:id/edit")
	look("facts", "/persons/:id/facts")
	look("card", "/persons/:id/cards/:card")
	look("payees", "/persons/:id/payees")
	for name, at := range map[string]string{"paid-file": "", "award": "/awards/" + right.ID.String(), "holds": "/holds", "paid-ledger": "/ledger"} {
		look(name, "/persons/"+paid.String()+at)
	}
	waits := s.handedIn("town.a", "dibao", describing+"金丝雀97,,1970-01-01,2022-05-01\n金丝雀99,,1970-01-01,2022-05-01\n", false)
	look("import", "/imports/"+waits.ID.String())
	look("unmatched", "/imports/"+waits.ID.String()+"/unmatched")
	look("unmatched-row", "/imports/"+waits.ID.String()+"/unmatched/2")
	s.eightOnDibao()
	short := s.handedIn("civil", "dibao", cutOff, false)
	b.use("civil")
	look("import-waits", "/imports/"+short.ID.String())
	b.shows("缺人过多")
	b.open("/persons/" + paid.String() + "/awards/" + right.ID.String())
	run(b, chromedp.Evaluate[bool](`document.querySelectorAll("main details").forEach((d) => { d.open = true }); true`))
	b.click(`button[value="void"]`)
	b.both("filled-award-wrong")
	b.use("town.a")
	given := s.served(paid, true)
	b.use("liaison.a")
	look("rate-service", given)
	look("rate-case", "/applications/"+granted.ID.String())
	b.use("town.a")
	look("looked-at", "/persons/:id/verifications")
	_, err = s.desk.VisitHome(context.Background(), s.actor("cdpf"), store.HomeVisit{PersonID: paid, On: s.today(), Outcome: "moved", Note: "邻居说已搬到女儿家"})
	must(t, err)
	look("visits-at-home", "/persons/"+paid.String()+"/home-visits")
	look("worklist-visits", "/worklists/home_visit")
	look("household", "/households/:id")
	look("households", "/households")
	look("services", "/services?state=open")
	stays, goes := s.twice(703, "金丝雀双份")
	look("merge", "/persons/"+goes.String()+"/merge?into="+stays.String())
	dep := s.deputed(s.accounts["town.a"], s.accounts["town.c"], "年休假")
	s.as("town.c").get("/act-for").form("act").set("deputation", dep.ID.String()).send().want(303)
	b.use("town.c")
	look("acting", "/act-for")
	b.shows("正在代理测试town.a")
	s.clock.Add(time.Date(2027, 4, 20, 2, 0, 0, 0, time.UTC).Sub(s.clock.Now()))
	s.again("cdpf")
	b.use("cdpf")
	look("verifications", "/verifications")
	look("board", "/supervision?by=village")
}
