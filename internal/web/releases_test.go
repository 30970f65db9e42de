package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/casework"
)

// TestReleasePages: a statistician seals two releases; their files are what the checksums say; the comparison has the counts of the desk,
// and names for those who may see them.
func TestReleasePages(t *testing.T) {
	t.Parallel()
	s := start(t)
	ids := s.populated()
	b := s.as("stats")
	b.get("/releases").want(200).says("还没有发布")
	seal := func(title, day string) string {
		return b.get("/releases/new").form("seal").set("title", title, "as_of", day).send().want(303).header.Get("Location")
	}
	first := strings.TrimSuffix(seal("三月", "2023-03-28"), "?done=sealed")
	s.clock.Add(24 * time.Hour)
	delete(s.browsers, "stats") // that session is over
	b = s.as("stats")
	s.granted("liaison.b", ids[3])
	second := strings.TrimSuffix(seal("三月底", "2023-03-29"), "?done=sealed")
	page := b.get(second).want(200).says("三月底", "2023-03-29", "内部")
	for _, form := range []string{"csv", "xlsx", "json"} {
		file := b.get(second + "/file?form=" + form).want(200)
		sum := sha256.Sum256([]byte(file.body))
		page.says(hex.EncodeToString(sum[:]))
		if !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s is not a download: %v", form, file.header)
		}
	}
	form := page.formTo(second + "/changes")
	compared := b.get(second + "/changes?since=" + strings.TrimPrefix(first, "/releases/")).want(200).says("未覆盖已覆盖1")
	if strings.Contains(compared.body, "/changes/") || strings.Contains(compared.body, "金丝雀") {
		t.Error("the statistician is led to names")
	}
	if form.values.Get("since") != "" {
		t.Error("a release is chosen that nobody asked for")
	}
	moved := s.as("cdpf").get(second + "/changes?since=" + strings.TrimPrefix(first, "/releases/")).want(200)
	moved.b.get(second+"/changes/nursing_subsidy_coverage?since="+strings.TrimPrefix(first, "/releases/")).want(200).says("金丝雀104", "已覆盖", "未覆盖")
	b.get(second + "/changes/nursing_subsidy_coverage?since=" + strings.TrimPrefix(first, "/releases/")).want(403)
	b.get(second + "/changes").want(200).says("请选择同一区域的另一次发布")
	b.get(second + "/changes?since=x").want(404)
	b.get(second + "/file?form=exe").want(404)
	s.as("liaison.a").get(second).want(404)
	b.get("/releases/new").form("seal").set("title", "", "as_of", "2023-13-01").send().want(422).says("请填写此项", "日期应写成")
	b.get("/releases/new").form("seal").set("title", "规划前", "as_of", "2015-12-31").send().want(422).says("该区划在统计日期不存在")
	b.get("/releases/new").form("seal").set("title", "明年", "as_of", "2024-01-01").send().want(422).says("统计日期不能晚于今天")
	b.get("/releases/new").form("seal").set("title", "镇公开", "area_code", townA, "public", "yes").send().want(422).says("公开版只能按全区发布")
	public := seal2(b, "公开版").follow().says("公开")
	s.as("liaison.b").get(public.path).want(200)
	if list := b.get("/releases").want(200); len(list.rows()) != 4 || !strings.Contains(list.rows()[1][0], "公开版") {
		t.Errorf("the list: %v", list.rows())
	}
	// a form that was sent twice seals once
	twice := b.get("/releases/new").form("seal").set("title", "两次")
	if a, b := twice.send().header.Get("Location"), twice.send().header.Get("Location"); a == "" || a != b {
		t.Errorf("sent twice it leads to %s and %s", a, b)
	}
}

// TestReleaseLeadsToItsNames: from a release one comes to the values and the names that were counted, also after more is known; a statistician to the values alone.
func TestReleaseLeadsToItsNames(t *testing.T) {
	t.Parallel()
	s := start(t)
	ids := s.populated()
	s.as("stats").get("/releases/new").form("seal").set("title", "三月", "as_of", "2023-03-28").send().want(303)
	list, err := s.desk.ListReleases(t.Context(), s.actor("cdpf"), "", uuid.Nil, 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d releases, %v", len(list), err)
	}
	path := "/releases/" + list[0].ID.String()
	if sh := s.as("stats").get(path).want(200).says("各项指标值"); strings.Contains(sh.body, "/persons") {
		t.Error("the statistician is led to names")
	}
	s.clock.Add(time.Minute)
	died := casework.NewCircumstance{Kind: "death", Value: json.RawMessage("true"), ValidFrom: calendar.MustDate("2023-03-20"), Source: "民政"}
	if _, err := s.desk.AddCircumstance(t.Context(), s.actor("cdpf"), ids[0], died); err != nil {
		t.Fatal(err)
	}
	b := s.as("cdpf")
	page := b.get(path).want(200)
	values := page.to("/indicators?")
	if row := values.row("3"); !strings.Contains(row[2], "2 / 5") {
		t.Errorf("the values of the release: %v", row)
	}
	if row := b.get("/indicators?as_of=2023-03-28").row("3"); !strings.Contains(row[2], "1 / 4") {
		t.Errorf("the values of now: %v", row)
	}
	names := page.to("/indicators/nursing_subsidy_coverage/persons?").says("记录截至")
	names.to("list=covered").says("金丝雀101", "共 2")
	b.get("/indicators/nursing_subsidy_coverage/persons?list=covered&as_of=2023-03-28").want(200).says("共 1")
	one := values.to("/indicators/nursing_subsidy_coverage?")
	one.to("list=covered").says("共 2")
}

// to is where a link of the page leads whose address has a text in it.
func (sh shown) to(part string) shown {
	sh.b.site.t.Helper()
	for _, a := range all(sh.doc, "a") {
		if href := attr(a, "href"); strings.Contains(href, part) {
			return sh.b.get(href).want(200)
		}
	}
	sh.b.site.t.Fatalf("%s has no link to %s", sh.path, part)
	return sh
}

func seal2(b *browser, title string) shown {
	return b.get("/releases/new").form("seal").set("title", title, "public", "yes").send()
}

// TestOutsideFigures: what is missing says so until it is entered with its source; then the page shows what the desk says.
func TestOutsideFigures(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("stats")
	b.get("/indicators").want(200).says("待录入")
	form := func() *filled { return b.get("/figures").want(200).form("record") }
	form().choose("indicator", "income_growth").set("year", "2015", "income", "10000", "source_doc", "抽样调查2015").send().follow().says("数据已录入", "10000.00 元")
	form().choose("indicator", "income_growth").set("year", "2020", "income", "20000.50", "source_doc", "抽样调查2020").send().want(303)
	v, _, err := s.desk.Values(t.Context(), s.actor("stats"), casework.ValuesOf{Moment: momentOn("2023-03-28"), By: "none", Indicator: "income_growth"})
	if err != nil || v[0].Growth == nil {
		t.Fatal(v, err)
	}
	b.get("/indicators/income_growth").want(200).says(v[0].Growth.Rate()+"%", "由 10000.00 元到 20000.50 元", "2020年的数据")
	form().choose("indicator", "income_growth").set("year", "2020", "income", "9800", "source_doc", "抽样调查2020").send().want(303)
	for _, circle := range all(b.get("/indicators/income_growth").want(200).doc, "circle") {
		if y, err := strconv.ParseFloat(attr(circle, "cy"), 64); err != nil || y > 196 { // where the picture has its lowest line
			t.Errorf("a rate below zero is drawn at %s", attr(circle, "cy"))
		}
	}
	form().choose("indicator", "facility_accessibility").set("year", "2023", "numerator", "9", "denominator", "10", "source_doc", "住建函").send().want(303)
	b.get("/indicators").says("90.00%")
	form().choose("indicator", "facility_accessibility").set("year", "2023", "numerator", "11", "denominator", "10", "source_doc", "住建函").send().want(422).says("分子大于分母")
	form().choose("indicator", "facility_accessibility").set("year", "2023", "denominator", "10", "source_doc", "住建函").send().want(422).says("达标数和总数须同时填写")
	form().choose("indicator", "facility_accessibility").set("year", "2023", "income", "5", "source_doc", "住建函").send().want(422).says("该指标应录入")
	form().set("year", "1900", "income", "x", "source_doc", "").send().want(422).says("应为2010至2199的整数", "金额应写成", "请填写此项")
	form().choose("indicator", "facility_accessibility").set("year", "2023", "numerator", "10", "denominator", "10", "source_doc", "住建函2").send().follow().says("现用", "起被替代")
	if sh := s.as("auditor").get("/figures").want(200); strings.Contains(sh.body, "f-source_doc") {
		t.Error("the auditor is shown a form")
	}
	town := s.as("town.a")
	town.get("/facilities").want(200).form("add").set("name", "辛东便民服务中心", "kind", "community", "area_code", villageA).send().follow().says("设施已加入名录", "未检查")
	town.get("/facilities").form("add").set("name", "辛东便民服务中心", "kind", "community", "area_code", villageA).send().want(409)
	add := town.get("/facilities").form("inspect")
	id := ""
	for _, o := range all(add.page.doc, "option") {
		if strings.Contains(textOf(o), "辛东便民服务中心") {
			id = attr(o, "value")
		}
	}
	add.set("facility", id).choose("compliant", "yes").send().follow().says("检查已记录", "达标", "GB 50763-2012")
	town.get("/facilities").form("inspect").set("facility", id, "inspected_on", "2024-01-01").choose("compliant", "no").send().want(422).says("日期不能晚于今天")
	if sh := b.get("/facilities").want(200).says("辛东便民服务中心"); strings.Contains(sh.body, `name="do"`) {
		t.Error("the statistician is shown a form")
	}
	s.as("town.c").get("/facilities").want(200).says("名录中还没有设施")
}
