package web_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
)

func init() {
	readers := roles{liaison, town, cdpf, civil, finance, auditor}
	maps.Copy(maySee, map[string]roles{"/persons/:id/merge": {town, cdpf}, "/persons/:id/merges": readers, "/merges/:id": readers})
	mayDo["/merges/:id undo"] = roles{town, cdpf}
	further = append(further, func(s *site, f *fixture) {
		stays, goes := s.twice(701, "双份")
		d, err := s.desk.Person(context.Background(), s.actor("town.a"), goes)
		must(s.t, err)
		m, err := s.desk.Merge(context.Background(), s.actor("town.a"), goes, stays, d.File.Person.Version, "同一人两份档案")
		must(s.t, err)
		f.more["/merges"] = m.ID
	})
}

// twice is somebody with two files: the number of one was corrected, and the other was made from the old one. It has a fact.
func (s *site) twice(n int, name string) (stays, goes uuid.UUID) {
	s.t.Helper()
	ctx, right := context.Background(), number(n+1)
	made := func(level, issued string) casefile.Person {
		d, err := s.desk.CreatePerson(ctx, s.actor("cdpf"), casework.NewPerson{Name: name, IDNumber: number(n), Hukou: villageA, HukouType: "agricultural",
			Certificate: &casework.NewCertificate{Number: number(n) + "4" + level, Category: 4, Level: int(level[0] - '0'), IssuedOn: calendar.MustDate(issued)}})
		must(s.t, err)
		return d.File.Person
	}
	first := made("3", "2020-01-06")
	_, err := s.desk.UpdatePerson(ctx, s.actor("cdpf"), first.ID, first.Version, casework.PersonPatch{IDNumber: &right, Reason: "公安更正"})
	must(s.t, err)
	second := made("2", "2021-05-06")
	_, err = s.desk.AddCircumstance(ctx, s.actor("town.a"), second.ID, casework.NewCircumstance{Kind: "residence_permit", Value: json.RawMessage("true"), ValidFrom: calendar.MustDate("2021-05-01"), Source: "公安分局"})
	must(s.t, err)
	return first.ID, second.ID
}

// TestMergePages: from the worklist of duplicates two files of one person are looked at side by side, made one with a reason, and given
// back what they had.
func TestMergePages(t *testing.T) {
	t.Parallel()
	s := start(t)
	stays, goes := s.twice(21, "金丝雀双")
	other := s.person(23, 2, villageB)
	b, file := s.as("town.a"), "/persons/"+goes.String()
	if listed := b.get("/worklists/duplicate").want(200).says("涉及：金丝雀双"); listed.link("合并重复档案") == "" {
		t.Error("the worklist does not lead to the merge")
	}
	start := b.get(b.get(file).want(200).link("合并重复档案")).want(200).says("本辖区内同名的档案")
	if strings.Contains(start.body, "into="+goes.String()) {
		t.Error("a file is offered to be merged into itself")
	}
	start.form("search").send().want(422).says("请填写姓名")
	start.form("search").set("text", "金丝雀23").send().want(200).says("查询结果", "金丝雀23")
	both := b.get(file+"/merge?into="+stays.String()).want(200).says("两份档案对照", "不同", "将移入保留档案", "情况")
	both.form("merge").send().want(422).says("请填写此项", "两份档案对照")
	b.get(file + "/merge?into=" + goes.String()).want(200).says("本辖区内同名的档案")
	wrong := b.get("/persons/"+stays.String()+"/merge?into="+goes.String()).want(200).form("merge").set("reason", "同一人")
	wrong.send().want(409).says("请反向合并")
	if at := wrong.page.link("反向合并"); at != file+"/merge?into="+stays.String() {
		t.Errorf("the other way round is %s", at)
	}
	b.get("/persons/"+stays.String()+"/merge?into="+other.String()).form("merge").set("reason", "看错了").send().want(409).says("属于两个人")

	form := both.form("merge").set("reason", "户籍核实为同一人")
	made := form.send()
	at := strings.Split(made.header.Get("Location"), "?")[0]
	made.follow().want(200).says("档案已合并", "户籍核实为同一人", "情况记录", "金丝雀双")
	if again := form.send(); again.header.Get("Location") != made.header.Get("Location") {
		t.Error("the form sent twice made another merge")
	}
	if gone := b.get(file).want(200).says("已并入另一份档案"); strings.Contains(gone.body, file+"/apply") || strings.Contains(gone.body, file+"/edit") {
		t.Error("a file that is not used any more leads to forms")
	}
	b.get("/persons/"+stays.String()).says("合并记录", "并入了金丝雀双的另一份档案", "居住证")
	b.get(file+"/merges").want(200).says("有效", "户籍核实为同一人")
	s.as("finance").get("/persons/" + stays.String() + "/merges").want(200).says("有效")
	if sh := s.as("auditor").get(at).want(200); strings.Contains(sh.body, `name="do"`) {
		t.Error("the auditor is shown a form")
	}

	undo := func() *filled { return b.get(at).want(200).form("undo") }
	undo().send().want(422).says("请填写此项")
	undo().set("reason", "实为双胞胎", "version", "9").send().want(412)
	undo().set("reason", "实为双胞胎").send().follow().says("两份档案已恢复", "实为双胞胎")
	b.get(file).want(200).says("居住证", "已撤销")
	d, err := s.desk.Person(context.Background(), s.actor("town.a"), goes)
	must(t, err)
	if d.File.Person.MergedInto != uuid.Nil || !slices.ContainsFunc(d.File.Circumstances, func(c casefile.Circumstance) bool { return c.Kind == "residence_permit" }) {
		t.Errorf("the file is %+v", d.File)
	}
}

// TestMergeCannotBeUndonePage: a merge after which a record has changed says which, instead of undoing.
func TestMergeCannotBeUndonePage(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, who := context.Background(), s.actor("town.a")
	stays, goes := s.twice(31, "金丝雀双")
	b := s.as("town.a")
	made := b.get("/persons/"+goes.String()+"/merge?into="+stays.String()).form("merge").set("reason", "同一人").send().want(303)
	at := strings.Split(made.header.Get("Location"), "?")[0]
	d, err := s.desk.Person(ctx, who, stays)
	must(t, err)
	i := slices.IndexFunc(d.File.Circumstances, func(c casefile.Circumstance) bool { return c.Kind == "residence_permit" })
	_, err = s.desk.CorrectCircumstance(ctx, who, d.File.Circumstances[i].ID, 1, casework.Correction{Source: "区人社局", Reason: "来源有误"})
	must(t, err)
	b.get(at).form("undo").set("reason", "实为双胞胎").send().want(409).says("不能撤销合并", "情况登记")
}

// TestHostileMerges stores each text as a name and as the reasons of a merge.
func TestHostileMerges(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("town.a")
	for i, text := range hostile {
		name := string([]rune(text)[:min(60, len([]rune(text)))])
		stays, goes := s.twice(41+2*i, name)
		file := "/persons/" + goes.String()
		start := b.get(file + "/merge").want(200)
		start.wantHarmless()
		start.form("search").set("text", name).send().wantHarmless()
		both := b.get(file + "/merge?into=" + stays.String()).want(200)
		both.wantHarmless()
		both.form("merge").set("reason", text, "into", text).send().want(422).wantHarmless()
		made := both.form("merge").set("reason", text).send().want(303)
		at := strings.Split(made.header.Get("Location"), "?")[0]
		b.get(at).want(200).wantHarmless()
		b.get(file).want(200).wantHarmless()
		b.get(file + "/merges").want(200).wantHarmless()
		b.get(at).form("undo").set("reason", text).send().want(303)
		b.get(at).want(200).says(strings.Join(strings.Fields(text), " ")).wantHarmless()
		b.get(file + "/merge?into=" + escaped(text)).want(200).wantHarmless()
	}
}

// TestPhotosGoWithTheCase: the photos of an application go with it to the file that stays, and back: the village that it left read them on, and the one
// that has it now saw none.
func TestPhotosGoWithTheCase(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	stays, goes := s.twice(71, "金丝雀照")
	d, err := s.desk.Person(ctx, s.actor("cdpf"), stays)
	must(t, err)
	to := area.Code(villageB)
	_, err = s.desk.UpdatePerson(ctx, s.actor("cdpf"), stays, d.File.Person.Version, casework.PersonPatch{Managing: &to})
	must(t, err)
	at := strings.Split(s.as("liaison.a").get("/persons/"+goes.String()+"/apply").form("submit").set("programme", "nursing_subsidy", "applicant.relation", "self").
		file("photos", photograph(1)).send().want(303).header.Get("Location"), "?")[0]
	photo := attr(all(s.as("liaison.a").get(at).want(200).doc, "img")[0], "src")
	read := func(a, b, shown int) {
		t.Helper()
		s.as("liaison.a").get(photo).want(a)
		s.as("liaison.b").get(photo).want(b)
		if got := len(all(s.as("cdpf").get(at).want(200).doc, "img")); got != 1 {
			t.Errorf("the district sees %d photos", got)
		}
		if shown == 0 {
			s.as("liaison.b").get(at).want(404)
		} else if got := len(all(s.as("liaison.b").get(at).want(200).doc, "img")); got != shown {
			t.Errorf("liaison.b sees %d photos", got)
		}
	}
	read(200, 404, 0)
	d, err = s.desk.Person(ctx, s.actor("cdpf"), goes)
	must(t, err)
	m, err := s.desk.Merge(ctx, s.actor("cdpf"), goes, stays, d.File.Person.Version, "同一人两份档案")
	must(t, err)
	read(404, 200, 1)
	_, err = s.desk.UndoMerge(ctx, s.actor("cdpf"), m.ID, m.Version, "不是同一人")
	must(t, err)
	read(200, 404, 0)
}
