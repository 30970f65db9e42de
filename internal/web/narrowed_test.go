package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/casework"
	"zhucan/internal/exchange"
)

// TestListsNarrowed: what the interface narrows a list by, its page does, too: a district's lists are long.
func TestListsNarrowed(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.submitted(81, 1, villageA)
	s.submitted(83, 1, villageB)
	b := s.as("cdpf")
	for _, path := range []string{"/persons", "/applications"} {
		b.get(path).want(200).says("金丝雀81", "金丝雀83")
		if sh := b.get(path + "?area=" + villageA).want(200).says("金丝雀81"); strings.Contains(sh.body, "金丝雀83") {
			t.Errorf("%s names somebody of another village", path)
		} else if o := all(byID(t, sh, "by-area"), "option"); !has(o[len(o)-1], "selected") || attr(o[len(o)-1], "value") != villageA {
			t.Errorf("%s does not say to what it is narrowed", path)
		}
	}
	if sh := b.get("/applications?case_number=" + escaped(" "+c.CaseNumber+" ")).want(200).says("金丝雀81"); strings.Contains(sh.body, "金丝雀83") {
		t.Error("a number leads to another case")
	}
	b.get("/applications?case_number=1234567").want(200).says("受理编号不正确，请核对")
	b.get("/applications?programme=living_allowance").want(200).says("没有符合筛选条件的内容")
	b.get("/applications?late=yes").want(200).says("没有符合筛选条件的内容")
	s.granted("liaison.a", s.person(85, 1, villageA))
	for _, user := range []string{"liaison.a", "town.a", "cdpf", "civil", "finance", "auditor"} {
		office := s.as(user)
		rights := office.get(office.get("/").want(200).link("享受待遇人员")).want(200).says("金丝雀85", "重度残疾人护理补贴", "2023-03起")
		office.get(rights.link("发放账目")).want(200).says("金丝雀85")
		office.get(rights.link("重度残疾人护理补贴")).want(200).says("金丝雀85")
	}
	if sh := s.as("liaison.b").get("/awards").want(200); strings.Contains(sh.body, "金丝雀") {
		t.Error("rights of another village are listed")
	}
	b.get("/recoveries?area=" + townA).want(200).says("没有")
	if sh := s.as("admin").get("/accounts?area=" + townC).want(200).says("town.c"); strings.Contains(sh.body, "liaison.a") {
		t.Error("accounts of another town are listed")
	}
}

// TestEnglishMarks: what pages put between texts is of the language of the visit.
func TestEnglishMarks(t *testing.T) {
	t.Parallel()
	s := start(t)
	i := s.handedIn("cdpf", "dibao", "姓名,身份证号,起始日期\n甲,1,2022-05-01\n", true)
	for _, at := range []string{"/imports/" + i.ID.String(), "/applications/" + s.submitted(91, 1, villageA).ID.String()} {
		main := textOf(all(s.as("cdpf").get(at, "Accept-Language", "en").want(200).doc, "main")[0])
		if strings.Contains(main, "：") || strings.Contains(main, "（Village") {
			t.Errorf("%s has marks of another language: %s", at, main)
		}
	}
}

// TestListsOfOnePlace: each list that reaches over several places is narrowed to one of them by its form, which says to which, and leads back.
func TestListsOfOnePlace(t *testing.T) {
	t.Parallel()
	s, _ := full(t)
	s.placed()
	for path, user := range map[string]string{"/rosters": "finance", "/notices": "cdpf", "/tickets": "auditor", "/ratings": "cdpf", "/services?state=open": "civil", "/statements": "cdpf", "/imports": "civil",
		"/exports": "auditor", "/audit": "auditor", "/phones": "cdpf", "/deputies": "admin", "/releases": "stats", "/figures": "stats", "/facilities": "stats", "/webhooks": "admin",
		"/worklists/eligible_not_enrolled": "cdpf", "/awards": "finance", "/recoveries": "finance"} {
		b, sep := s.as(user), "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		if rows := rowsOf(b.get(path + sep + "area=" + townA).want(200)); len(rows) == 0 {
			t.Errorf("%s has nothing in a town in which there is something", path)
		}
		sh := b.get(path + sep + "area=" + townC).want(200)
		if rows := rowsOf(sh); len(rows) > 0 {
			t.Errorf("%s has in a town in which there is nothing: %q", path, rows)
		}
		if in := chosenIn(sh, "area"); in != townC {
			t.Errorf("%s does not say to what it is narrowed: %q", path, in)
		}
		if rows := rowsOf(b.get(path + sep + "area=370306").want(200)); len(rows) == 0 {
			t.Errorf("%s is narrowed to a place that is not of the area", path)
		}
	}
}

// chosenIn is the value that a choice of the address has on a page.
func chosenIn(sh shown, name string) string {
	for _, list := range all(sh.doc, "select") {
		for _, o := range all(list, "option") {
			if attr(list, "name") == name && has(o, "selected") {
				return attr(o, "value")
			}
		}
	}
	return ""
}

// TestListsOfOneKind: what else the interface narrows a list by; and an empty list says that it is the choice that leaves nothing.
func TestListsOfOneKind(t *testing.T) {
	t.Parallel()
	s, f := full(t)
	s.placed()
	const fits = "没有符合筛选条件的内容"
	for _, one := range []struct{ user, path, has, hasNot string }{
		{"finance", "/rosters", "?month=2023.3", "?month=2023-02"},
		{"finance", "/awards", "?programme=living_allowance", "?programme=living_allowance&area=" + townC},
		{"cdpf", "/worklists/enrolled_not_eligible", "?programme=nursing_subsidy", "?programme=living_allowance"},
		{"cdpf", "/statements", "?import=" + s.lastImport().String(), "?import=" + f.person.String()},
		{"auditor", "/exports", "?list=" + exchange.PartnerLists[0].Name, "?list=" + exchange.PartnerLists[1].Name},
		{"auditor", "/tickets", "?state=assigned", "?state=archived"},
		{"cdpf", "/ratings", "?score_up_to=2", "?score_up_to=1"},
	} {
		if rows := rowsOf(s.as(one.user).get(one.path + one.has).want(200)); len(rows) == 0 {
			t.Errorf("%s%s has nothing", one.path, one.has)
		}
		if rows := rowsOf(s.as(one.user).get(one.path + one.hasNot).want(200).says(fits)); len(rows) > 0 {
			t.Errorf("%s%s has %q", one.path, one.hasNot, rows)
		}
	}
	if sh := s.as("finance").get("/rosters?month=" + escaped("三月")).want(200).says("“三月”不是月份，未采用"); len(rowsOf(sh)) == 0 {
		t.Error("what is no month narrows a list")
	}
	one := s.as("cdpf").get("/statements?import=" + f.person.String()).want(200)
	if kept := one.formTo("").values.Get("import"); kept != f.person.String() {
		t.Errorf("who chooses an area goes on with the list %q", kept)
	}
	s.as("cdpf").get(one.link("显示全部")).want(200).says("金丝雀441")
	hook := s.as("admin").get("/webhooks/" + f.office.webhook.String() + "?state=dead").want(200)
	if chosenIn(hook, "state") != "dead" {
		t.Error("deliveries are not narrowed to those that were given up")
	}
}

func (s *site) lastImport() uuid.UUID {
	s.t.Helper()
	found, err := s.desk.ListImports(context.Background(), s.actor("cdpf"), "", uuid.Nil, 1)
	must(s.t, err)
	return found[0].ID
}

// TestPastOfAList: facilities are looked at as they were on a day, and as they were known.
func TestPastOfAList(t *testing.T) {
	t.Parallel()
	s, _ := full(t)
	s.clock.Add(9 * 24 * time.Hour)
	b := s.again("cdpf")
	if now := b.get("/facilities").want(200).says("辛东社区站", "达标", "加入名录"); strings.Contains(now.body, "的情况，按") {
		t.Error("today is said to be another day")
	}
	before := b.get("/facilities?as_of=2023-02-28&known_on=2023-04-05").want(200).says("辛东社区站", "未检查", "2023-02-28的情况，按2023-04-05已知的记录")
	if strings.Contains(before.body, `value="inspect"`) {
		t.Error("something is entered into the past")
	}
	b.get("/facilities?known_on=2023-03-27").want(200).says("名录中还没有设施")
	b.get("/facilities?as_of=2023-02-30").want(200).says("“2023-02-30”不是可用的日期，未采用", "辛东社区站")
}

// TestListsSayWhere: a list of people of many villages says of which each is, since names come twice.
func TestListsSayWhere(t *testing.T) {
	t.Parallel()
	s, _ := full(t)
	for path, user := range map[string]string{"/awards": "finance", "/recoveries": "cdpf", "/applications": "civil"} {
		rows := rowsOf(s.as(user).get(path).want(200))
		if len(rows) == 0 || !strings.Contains(rows[0], "辛东社区居委会") {
			t.Errorf("%s does not say where somebody lives: %q", path, rows)
		}
	}
}

// TestTicketsOfOnesOwnUnit: who sees the tickets of his own unit alone is not asked of which place.
func TestTicketsOfOnesOwnUnit(t *testing.T) {
	t.Parallel()
	s, _ := full(t)
	for user, want := range map[string]bool{"hotline": true, "auditor": true, "town.a": false, "cdpf": false} {
		sh := s.as(user).get("/tickets?area=" + townC).want(200)
		if got := len(sh.choices("area")) > 0; got != want {
			t.Errorf("%s is asked of which place: %v", user, got)
		}
		if rows := rowsOf(sh); len(rows) == 0 != want {
			t.Errorf("%s sees %q", user, rows)
		}
	}
}

// placed makes of each kind what the other fixtures do not have in town A.
func (s *site) placed() {
	s.t.Helper()
	ctx := context.Background()
	_, err := s.desk.SealRelease(ctx, s.actor("stats"), casework.NewRelease{Title: "镇办监测", Area: townA, AsOf: s.today()})
	must(s.t, err)
	_, err = s.desk.RecordFigure(ctx, s.actor("stats"), casework.NewFigure{Indicator: "facility_accessibility", Year: 2022, Area: townA, Numerator: new(int64(1)), Denominator: new(int64(2)), SourceDoc: "台账"})
	must(s.t, err)
	_, _, err = s.desk.RegisterWebhook(ctx, s.actor("admin"), casework.NewWebhook{URL: "https://partner.example/town", Types: []string{"release.sealed"}, Area: townA})
	must(s.t, err)
	_, rows, err := s.desk.ExportList(ctx, s.actor("cdpf"), casework.NewExport{List: exchange.PartnerLists[0].Name, Form: "csv", Purpose: "核对参保", Area: townA})
	must(s.t, err)
	for _, err := range rows {
		must(s.t, err)
	}
	s.deputed(s.accounts["town.a"], s.accounts["liaison.a"], "年休假")
	s.poor(441)
	s.handedIn("town.a", "dibao", "姓名,身份证号\n不在册,"+number(499)+"\n", false)
	s.as("hotline").step(s.brought("complaint"), "assign", "unit", townA+" "+string(town)).want(303)
	c := s.granted("liaison.a", s.person(443, 1, villageA))
	_, err = s.desk.RateApplication(ctx, s.actor("liaison.a"), c.ID, casework.Opinion{Score: 2, Text: "太慢"})
	must(s.t, err)
}
