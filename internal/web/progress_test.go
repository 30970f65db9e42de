package web_test

import (
	"slices"
	"strings"
	"testing"
)

func init() {
	maySee["/surveys/progress"] = roles{liaison, town, cdpf, stats, auditor}
}

// survey answers a grown-up's questions by telephone.
func (b *browser) survey(at string) {
	b.site.t.Helper()
	form := b.get(at).want(200).form("next").set("mode", "phone", "collected_on", "2023-03-27", "answers.EMPLOYMENT", "none", "answers.RETROFIT_RECEIVED", "no").send().want(200).form("save")
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
