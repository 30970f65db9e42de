package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"zhucan/internal/application"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/store"
)

// rows reads the tables of a page: each row as its cells.
func (sh shown) rows() (list [][]string) {
	for _, tr := range all(sh.doc, "tr") {
		var cells []string
		for c := range tr.ChildNodes() {
			if c.Type == html.ElementNode {
				cells = append(cells, textOf(c))
			}
		}
		list = append(list, cells)
	}
	return list
}

// row is the first row that begins with some cells.
func (sh shown) row(first ...string) []string {
	sh.b.site.t.Helper()
	for _, cells := range sh.rows() {
		if len(cells) >= len(first) && strings.Join(cells[:len(first)], "|") == strings.Join(first, "|") {
			return cells
		}
	}
	sh.b.site.t.Fatalf("%s has no row %v: %v", sh.path, first, sh.rows())
	return nil
}

// granted lets somebody receive the nursing subsidy.
func (s *site) granted(by string, person uuid.UUID) store.Case {
	s.t.Helper()
	ctx := context.Background()
	c, err := s.desk.EnterApplication(ctx, s.actor(by), casework.NewApplication{PersonID: person, Programme: "nursing_subsidy", AppliedOn: calendar.MustDate("2023-03-20"),
		Applicant: application.Applicant{Relation: "self"}})
	if err == nil {
		c, err = s.desk.SubmitApplication(ctx, s.actor(by), c.ID, c.Version)
	}
	if err == nil {
		c, err = s.desk.DecideApplication(ctx, s.actor("town.a"), c.ID, c.Version, application.Ruling{Decision: "approve"})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// figures are the values of the desk, for comparison.
func (s *site) figures(user string, q casework.ValuesOf) (list []exchange.Figure) {
	s.t.Helper()
	got, err := s.desk.FigureRows(context.Background(), s.actor(user), q)
	if err != nil {
		s.t.Fatal(err)
	}
	for f, err := range got.Rows {
		if err != nil {
			s.t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}

// populated has seven people of three villages, two of whom receive.
func (s *site) populated() (ids []uuid.UUID) {
	s.t.Helper()
	for i, village := range []area.Code{villageA, villageA, villageA, villageB, villageB, "370305111245", "370305111245"} {
		ids = append(ids, s.person(101+i, 1+i%3, village))
	}
	s.granted("liaison.a", ids[0])
	s.granted("liaison.a", ids[1])
	return ids
}

// TestIndicatorNumbers: what the pages show is what the desk says, for the whole, for each town, each group and each month.
func TestIndicatorNumbers(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.populated()
	b := s.as("stats")
	page := b.get("/indicators").want(200)
	on := calendar.MustDate("2023-03-28")
	checked := 0
	for _, f := range s.figures("stats", casework.ValuesOf{Moment: store.Moment{On: on}, By: store.ByNone}) {
		row := page.row(fmt.Sprint(f.Definition.No))
		if !strings.Contains(row[1], f.Definition.NameZH) || !strings.Contains(row[2], rateOf(f)) {
			t.Errorf("%s: the page says %v, the desk %s", f.Indicator, row, rateOf(f))
		}
		if f.ShortBy != nil && *f.ShortBy > 0 {
			checked++
			if want := fmt.Sprintf("还差 %d ", *f.ShortBy); !strings.Contains(row[5], want) {
				t.Errorf("%s: the page says %v, want %s", f.Indicator, row, want)
			}
		}
		if word := map[string]string{"met": "已达标", "near": "接近目标", "unmet": "未达标", "missing": "待录入", "not_applicable": "不适用"}[f.Light]; !strings.Contains(row[4], word) {
			t.Errorf("%s: the page says %v, want %s", f.Indicator, row, word)
		}
	}
	if checked == 0 {
		t.Fatal("no indicator is short of its target; the comparison says nothing")
	}
	page.says("待录入", "> 96%", "还差")
	for _, by := range []store.Dimension{store.ByTown, store.BySex, store.ByLevel, store.ByAgeBand, store.ByUrbanRural, store.ByComponent, store.ByHolders} {
		s.wantHeat(b, by, casework.ValuesOf{Moment: store.Moment{On: on}, By: by})
	}
	s.wantHeat(b, store.ByVillage, casework.ValuesOf{Area: townA, Moment: store.Moment{On: on}, By: store.ByVillage})
	trend := b.get("/indicators/nursing_subsidy_coverage?from=2022-11&to=2023-03").want(200)
	points, _, err := s.desk.Trend(t.Context(), s.actor("stats"), "nursing_subsidy_coverage", "", calendar.NewMonth(2022, 11), calendar.NewMonth(2023, 3), store.Moment{}.KnownAt)
	if err != nil || len(points) != 5 {
		t.Fatalf("%d points, %v", len(points), err)
	}
	for _, p := range points {
		if row := trend.row(p.On.String()); !strings.Contains(row[1], rateOf(p.Figure())) {
			t.Errorf("on %s the page says %v, the desk %s", p.On, row, rateOf(p.Figure()))
		}
	}
	if len(all(trend.doc, "svg")) != 1 || attr(all(trend.doc, "svg")[0], "role") != "img" {
		t.Error("the trend is not drawn as a picture with a name")
	}
	trend.says("口径", "具有本区户籍", "从 ")
	b.get("/indicators/nursing_subsidy_coverage?from=2015-01&to=2023-03").want(200).says("最多60个月")
}

// rateOf is how a rate stands on a page.
func rateOf(f exchange.Figure) string {
	switch {
	case f.Missing:
		return "待录入"
	case f.Rate == nil:
		return "不适用"
	}
	return *f.Rate + "%"
}

func (s *site) wantHeat(b *browser, by store.Dimension, q casework.ValuesOf) {
	s.t.Helper()
	page := b.get("/indicators?by=" + string(by) + "&area=" + string(q.Area)).want(200)
	var table *html.Node
	for _, n := range all(page.doc, "table") {
		if strings.Contains(attr(n, "class"), "heat") {
			table = n
		}
	}
	if table == nil {
		s.t.Fatalf("by %s: there is no table", by)
	}
	said := map[string]int{}
	for _, td := range all(table, "td") {
		said[attr(td, "data-label")+"|"+strings.Trim(textOf(td), "●▲■–○ ")]++
	}
	rows := 0
	for _, f := range s.figures("stats", q) {
		light := map[string]string{"met": "已达标", "near": "接近目标", "unmet": "未达标", "missing": "待录入", "not_applicable": "不适用"}[f.Light]
		key := fmt.Sprintf("%d %s|%s %s", f.Definition.No, f.Definition.NameZH, strings.TrimSuffix(rateOf(f), "%"), light)
		if said[key]--; said[key] < 0 {
			s.t.Errorf("by %s: the desk says %s %s%s, the page does not", by, key, f.Group, f.AreaName)
		}
		rows++
	}
	if rows < 4 {
		s.t.Errorf("by %s: only %d values", by, rows)
	}
}

// TestIndicatorAddress: day, area and breakdown stand in the address; what cannot be is said beside its field; nobody looks outside his area.
func TestIndicatorAddress(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.populated()
	b := s.as("town.a")
	b.get("/indicators?as_of=2023-02-01&area="+villageA+"&by=none").want(200).says("2023-02-01", "辛东")
	b.get("/indicators?as_of=yesterday&by=colour&area="+townC).want(200).says("日期应写成2023-03-28的形式", "没有这种分组方式", "不是您辖区内的区划")
	b.get("/indicators?area=370305001999").want(200).says("不是您辖区内的区划", "闻韶")
	b.get("/indicators?known_at=yesterday").want(200).says("时刻应写成")
	b.get("/indicators?known_at=2024-01-01T00:00:00Z").want(200).says("时刻应写成")
	b.get("/indicators/file?form=csv&known_at=yesterday").want(404)
	b.get("/indicators/nothing").want(404)
	b.get("/indicators/nursing_subsidy_coverage@no_such").want(404)
	file := b.get("/indicators/file?by=village&form=csv").want(200)
	if !strings.Contains(file.header.Get("Content-Disposition"), "indicators-2023-03-28.csv") || !strings.Contains(file.body, villageA) || strings.Contains(file.body, villageB+"9") {
		t.Errorf("the file: %v %.200s", file.header, file.body)
	}
	b.get("/indicators/file?form=exe").want(404)
	more := b.get("/indicators/more").want(200).says("其他口径", "其他部门待遇")
	if n := len(more.rows()); n < 15 {
		t.Errorf("%d rows of other definitions", n)
	}
	b.get("/indicators/nursing_subsidy_coverage@without_waivers").want(200).says("符合条件且未放弃者")
	b.get("/indicators/income_growth").want(200).says("待录入")
	english := s.browser()
	english.get("/sign-in").form("sign-in").set("username", "stats", "password", password).send().want(303)
	english.get("/indicators?by=sex", "Accept-Language", "en").want(200).says("The twelve indicators", "to be entered", "short of the target")
}

// TestNamesBehindNumbers: each number leads to as many names, in scope; a statistician sees none.
func TestNamesBehindNumbers(t *testing.T) {
	t.Parallel()
	s := start(t)
	ids := s.populated()
	for _, f := range s.figures("town.a", casework.ValuesOf{Moment: store.Moment{On: calendar.MustDate("2023-03-28")}, By: store.ByNone, Indicator: "nursing_subsidy_coverage"}) {
		for part, n := range map[string]int64{"covered": *f.Numerator, "gap": *f.Denominator - *f.Numerator, "excluded": *f.Excluded} {
			s.as("town.a").get("/indicators/nursing_subsidy_coverage/persons?list=" + part).want(200).says(fmt.Sprintf("共 %d", n))
		}
		if *f.Numerator != 2 || *f.Denominator != 4 {
			t.Errorf("%d of %d", *f.Numerator, *f.Denominator)
		}
	}
	covered := s.as("town.a").get("/indicators/nursing_subsidy_coverage/persons?list=covered").want(200).says("金丝雀101", "金丝雀102")
	if !strings.Contains(covered.body, "/persons/"+ids[0].String()) {
		t.Error("a name does not lead to the file")
	}
	s.as("town.a").get("/indicators/nursing_subsidy_coverage/persons?list=excluded").want(200).says("不符合：残疾等级为一级、二级")
	if sh := s.as("town.a").get("/indicators/nursing_subsidy_coverage/persons?list=gap&area=" + townC); strings.Contains(sh.body, "金丝雀106") {
		t.Error("somebody of another town is named")
	}
	s.as("auditor").get("/indicators/nursing_subsidy_coverage/persons").want(200)
	s.as("town.a").get("/indicators/income_growth/persons").want(409)
	stats := s.as("stats")
	for _, path := range []string{"/", "/indicators", "/indicators?by=village&area=" + townA, "/indicators/more", "/indicators/nursing_subsidy_coverage", "/releases", "/figures", "/facilities"} {
		if sh := stats.get(path); strings.Contains(sh.body, "金丝雀") || strings.Contains(sh.body, "/persons") {
			t.Errorf("%s tells a statistician of somebody", path)
		}
	}
}
