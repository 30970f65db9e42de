package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func init() {
	maySee["/surveys/progress"], maySee["/surveys/answers"] = roles{liaison, town, cdpf, stats, auditor}, roles{liaison, town, cdpf, auditor}
	further = append(further, func(s *site, _ *fixture) {
		s.as("town.a").survey("/persons/" + s.person(715, 2, villageA).String() + "/survey")
	})
}

// survey answers a grown-up's questions by telephone.
func (b *browser) survey(at string) { b.surveyOn(at, "2023-03-27") }

func (b *browser) surveyOn(at, day string) {
	b.site.t.Helper()
	form := b.get(at).want(200).form("next").set("mode", "phone", "collected_on", day, "answers.EMPLOYMENT", "none", "answers.RETROFIT_RECEIVED", "no").send().want(200).form("save")
	for code, answer := range map[string]string{"R3_HUKOU": "agricultural", "R4_MARITAL": "single", "INCOME": "middle", "HOUSING": "own", "R19_NOT_EMPLOYED": "5", "R18_LIVING_SOURCE": "4",
		"R22_PENSION": "resident", "R23_MEDICAL": "resident", "R29_CARE": "2", "RETROFIT_NEED": "yes"} {
		form.set("answers."+code, answer)
	}
	form.choose("answers.REHAB_NEED", "training").send().want(303)
}

// TestSurveyProgressPage: who is due and who has answered, by village and by town, within the area of who asks and without a name.
func TestSurveyProgressPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	for n := range 3 {
		s.person(21+n, 1+n, villageA)
	}
	s.person(31, 2, villageB)
	id := s.person(33, 2, townC+"006")
	s.as("town.c").survey("/persons/" + id.String() + "/survey")
	row := func(sh shown, name string) []string {
		rows := sh.want(200).rows()
		i := slices.IndexFunc(rows, func(row []string) bool { return strings.HasSuffix(row[0], name) })
		if i < 0 {
			t.Fatalf("%s has no %s: %v", sh.path, name, rows)
		}
		return rows[i][1:]
	}
	b := s.as("cdpf")
	towns := b.get("/surveys/progress?by=town")
	if got := row(towns, "闻韶街道"); !slices.Equal(got, []string{"4", "0", "0.00%", "0", "0", "0", "0", "—"}) {
		t.Errorf("the town has %v", got)
	}
	if got := row(towns, "合计"); !slices.Equal(got, []string{"5", "1", "20.00%", "0", "1", "0", "0", "0.00% 未达标"}) {
		t.Errorf("the district has %v", got)
	}
	if got := row(b.get("/surveys/progress?area="+townA), "辛东社区居委会"); got[0] != "3" {
		t.Errorf("the village has %v", got)
	}
	if got := row(s.as("town.a").get("/surveys/progress"), "合计"); got[0] != "4" {
		t.Errorf("a town officer sees %v", got)
	}
	list := s.as("liaison.a").get("/worklists/no_survey").want(200)
	if got := row(list.b.get(list.link("调查进度")), "合计"); got[0] != "3" {
		t.Errorf("a liaison sees %v", got)
	}
	if got := row(s.as("stats").get("/surveys/progress?year=1999&by=x&area=370305111"), "合计"); got[0] != "1" {
		t.Errorf("a statistician sees %v", got)
	}
	if strings.Contains(towns.body, "金丝雀") {
		t.Error("somebody is named")
	}
	for i, text := range hostile {
		if i%5 == 0 {
			b.get("/surveys/progress?year=" + escaped(text) + "&by=" + escaped(text) + "&area=" + escaped(text)).want(200).wantHarmless()
		}
	}
}

// TestSurveyAnswersPage: who may read answers reads those of a village and a year, page by page, from its number on.
func TestSurveyAnswersPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	const people = 22 // more than a page
	b := s.as("town.a")
	for n := range people {
		b.survey("/persons/" + s.person(41+n, 1+n%4, villageA).String() + "/survey")
	}
	s.person(31, 2, villageB)
	page := b.get(b.get("/surveys/progress").want(200).link("22"))
	names := map[string]bool{}
	for {
		page.want(200).says("闻韶街道 辛东社区居委会 · 电话 2023-03-27", "需求：康复", "康复需求功能训练")
		for _, h := range all(page.doc, "h2") {
			names[textOf(h)] = true
		}
		if !strings.Contains(page.body, "下一页") {
			break
		}
		page = b.get(page.link("下一页"))
	}
	if len(names) != people {
		t.Errorf("%d people of %d", len(names), people)
	}
	b.get("/surveys/answers?area=" + villageB).want(200).says("没有符合筛选条件的内容")
	b.get("/surveys/answers?year=2021").want(200).says("没有答卷")
	s.as("town.c").get("/surveys/answers?area=" + villageA).want(200).says("没有答卷")
	if sh := s.as("stats").get("/surveys/progress").want(200); strings.Contains(sh.body, "/surveys/answers") {
		t.Error("a statistician is led to names")
	}
	for i, text := range hostile {
		if i%5 == 0 {
			b.get("/surveys/answers?year=" + escaped(text) + "&area=" + escaped(text) + "&cursor=" + escaped(text)).wantHarmless()
		}
	}
}

// TestSurveyPagesBetweenSurveys: once a survey is over, answers are of the next, and the pages that tell of a year offer that one, too.
func TestSurveyPagesBetweenSurveys(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.clock.Set(time.Date(2023, 4, 10, 2, 0, 0, 0, time.UTC))
	b := s.as("town.a")
	at := "/persons/" + s.person(41, 4, villageA).String() + "/survey"
	b.surveyOn(at, "2023-04-10")
	for _, path := range []string{"/surveys/progress", "/surveys/answers?area=" + villageA} {
		var years []string
		for _, o := range all(byID(t, b.get(path).want(200), "by-year"), "option") {
			years = append(years, attr(o, "value"))
		}
		if !slices.Equal(years, []string{"2023", "2022", "2021", "2020"}) {
			t.Errorf("%s offers %v", path, years)
		}
	}
	b.get(b.get("/surveys/progress?year=2023").want(200).link("1")).want(200).says("电话 2023-04-10")
	b.get("/surveys/progress").want(200).says("2022")
}
