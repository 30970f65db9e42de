package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// handedIn is a list that a user hands in.
func (s *site) handedIn(user, kind, text string, dryRun bool) store.Import {
	s.t.Helper()
	i, _, err := s.desk.ImportList(context.Background(), s.actor(user), casework.NewList{Kind: kind, Sender: "民政局", Data: []byte(text), DryRun: dryRun})
	must(s.t, err)
	return i
}

// onDibao says whether a fact says that somebody is on the dibao list.
func (s *site) onDibao(person uuid.UUID) bool {
	s.t.Helper()
	d, err := s.desk.Person(context.Background(), s.actor("cdpf"), person)
	must(s.t, err)
	for _, c := range d.File.Circumstances {
		if c.Kind == "dibao" && c.SupersededAt.IsZero() {
			return true
		}
	}
	return false
}

const describing = "姓名,身份证号,出生日期,起始日期\n"

// TestUnmatchedRowPages: a row without a number is looked at with all whom it may mean, and means one of them or nobody once an officer
// has said so, with a reason.
func TestUnmatchedRowPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	first, second := s.person(221, 2, villageA), s.person(223, 2, villageA)
	b := s.as("town.a")
	text := describing + "金丝雀221,,1970-01-01,2022-05-01\n金丝雀223,,1970-01-01,2022-05-01\n"
	tried := s.handedIn("town.a", "dibao", text, true)
	b.get("/imports/"+tried.ID.String()+"/unmatched/2").want(200).says("这是试读", "金丝雀221")
	i := s.handedIn("town.a", "dibao", text, false)
	at := "/imports/" + i.ID.String()
	if where := b.get(at).want(200).link("可能指在册人员的行"); where != at+"/unmatched" {
		t.Errorf("the import leads to %s", where)
	}
	list := b.get(at+"/unmatched").want(200).says("第2行", "第3行", "待认定", "金丝雀223")
	row := func(n string) shown { return b.get(list.link("第" + n + "行")).want(200) }
	one := row("2").says("名单原文姓名金丝雀221出生日期1970-01-01起始日期2022-05-01 可能的人", "姓名、出生日期和镇街相符", "档案有身份证号", "都不是")
	form := func(sh shown) *filled { return sh.form("choose") }
	form(one).send().want(422).says("请填写此项")
	form(one).set("person_id", "x", "reason", "核实").send().want(422).says("请从选项中选择")
	form(one).set("person_id", second.String(), "reason", "核实").send().want(422).says("此人不在该行的可选范围内")
	late := row("2")
	chosen := form(one).set("person_id", first.String(), "reason", "电话核实，身份证号漏填")
	chosen.send().follow().want(200).says("已认定，情况已变更", "电话核实，身份证号漏填")
	chosen.send().want(303) // the same form: done once
	form(late).set("person_id", first.String(), "reason", "核实").send().want(409).says("已处理")
	if sh := row("2").says("已认定", "电话核实"); strings.Contains(sh.body, `value="choose"`) {
		t.Error("a row that was decided has a form")
	}
	form(row("3")).set("person_id", "nobody", "reason", "同名，已迁出").send().follow().says("都不是", "同名，已迁出")
	if !s.onDibao(first) || s.onDibao(second) {
		t.Errorf("on the list: %v, %v", s.onDibao(first), s.onDibao(second))
	}
	b.get(at).want(200).says("变更 1")
	for path, status := range map[string]int{at + "/unmatched/4": 404, at + "/unmatched/x": 404, at + "/unmatched/1": 404} {
		b.get(path).want(status)
	}
	s.as("town.c").get(at + "/unmatched").want(404)
	s.as("town.c").get(at + "/unmatched/2").want(404)
}

// TestNumberBesideAnotherNamePage: a row with somebody's number and another name is looked at beside who has the number, and takes effect once an
// officer has said that it is he.
func TestNumberBesideAnotherNamePage(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person(225, 2, villageA)
	b := s.as("town.a")
	i := s.handedIn("town.a", "dibao", "姓名,身份证号,起始日期\n白鹤九,"+number(225)+",2022-05-01\n", false)
	at := "/imports/" + i.ID.String()
	b.get(at).want(200).says("号码在册，但与在册姓名不一致", "可能指在册人员的行")
	row := b.get(at+"/unmatched/2").want(200).says("白鹤九", "金丝雀225", "号码相符，姓名不同")
	if s.onDibao(person) {
		t.Error("taken before anybody has said that it is he")
	}
	row.form("choose").set("person_id", person.String(), "reason", "曾用名，已核对户口簿").send().follow().want(200).says("已认定，情况已变更")
	if !s.onDibao(person) {
		t.Error("the row that means him was not taken")
	}
}

// eightOnDibao are people who are on the dibao list.
func (s *site) eightOnDibao() (people []uuid.UUID) {
	s.t.Helper()
	for n := 231; n < 247; n += 2 {
		p := s.person(n, 2, villageA)
		_, err := s.desk.AddCircumstance(context.Background(), s.actor("town.a"), p, casework.NewCircumstance{Kind: "dibao", Value: json.RawMessage(`"household"`), ValidFrom: calendar.MustDate("2022-01-01"), Source: "民政"})
		must(s.t, err)
		people = append(people, p)
	}
	return people
}

// cutOff names one of them.
var cutOff = fmt.Sprintf("姓名,身份证号,起始日期\n金丝雀245,%s,2022-01-01\n", number(245))

// TestConfirmImportPage: a list that leaves out too many waits, says how many, and is taken in once somebody has said why.
func TestConfirmImportPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	people := s.eightOnDibao()
	last := len(people) - 1
	s.as("civil").get("/imports/"+s.handedIn("civil", "dibao", cutOff, true).ID.String()).want(200).says("本名单缺7人", "须由残联或民政说明原因并确认，才会生效")
	i := s.handedIn("civil", "dibao", cutOff, false)
	at := "/imports/" + i.ID.String()
	s.as("town.a").get(at).want(404)
	b := s.as("civil")
	b.get("/imports").want(200).says("缺人过多，待确认")
	page := b.get(at).want(200).says("应有8人，本名单缺7人", "缺人过多，待确认")
	if page.form("undo") == nil || !s.onDibao(people[0]) {
		t.Error("the list cannot be put away, or was taken in")
	}
	page.form("confirm").send().want(422).says("请填写此项", "应有8人")
	page.form("confirm").set("reason", "已核实", "version", "9").send().want(412)
	form := page.form("confirm").set("reason", "民政局确认：本月集中清退")
	form.send().follow().want(200).says("已导入", "确认依据", "本月集中清退", "应有8人，本名单缺7人", "变更 7")
	form.send().want(412)
	if sh := b.get(at).want(200); strings.Contains(sh.body, `value="confirm"`) {
		t.Error("what was confirmed can be confirmed again")
	}
	d, err := s.desk.Person(context.Background(), s.actor("cdpf"), people[0])
	must(t, err)
	open := 0
	for _, c := range d.File.Circumstances {
		if c.Kind == "dibao" && c.SupersededAt.IsZero() && c.ValidTo.IsZero() {
			open++
		}
	}
	if open > 0 || !s.onDibao(people[last]) {
		t.Errorf("%d facts of who is left out go on", open)
	}
}

// TestHostileChoices stores each text as a name, as the reason of a choice and as that of a list that is confirmed.
func TestHostileChoices(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, b := context.Background(), s.as("civil")
	for i, text := range hostile {
		name := string([]rune(text)[:min(60, len([]rune(text)))])
		_, err := s.desk.CreatePerson(ctx, s.actor("cdpf"), casework.NewPerson{Name: name, IDNumber: number(301 + i), Hukou: villageA, HukouType: "agricultural",
			Certificate: &casework.NewCertificate{Number: number(301+i) + "42", Category: 4, Level: 2, IssuedOn: calendar.MustDate("2020-01-06")}})
		must(t, err)
		list := s.handedIn("civil", "dibao", describing+"\""+doubled(name)+"\",,1970-01-01,2022-05-01\n", false)
		at := "/imports/" + list.ID.String()
		b.get(at + "/unmatched").want(200).wantHarmless()
		row := b.get(at + "/unmatched/2").want(200)
		row.wantHarmless()
		row.form("choose").set("reason", text, "person_id", text).send().want(422).wantHarmless()
		row.form("choose").set("reason", text, "person_id", "nobody").send().want(303)
		b.get(at + "/unmatched").want(200).says(strings.Join(strings.Fields(text), " ")).wantHarmless()
		b.get(at + "/unmatched/2").want(200).says(strings.Join(strings.Fields(text), " ")).wantHarmless()
		b.get(at + "/unmatched?cursor=" + escaped(text)).wantHarmless()
		b.get(at).want(200).wantHarmless()
	}
}

// TestHostileConfirmations stores each text as the reason why a list may leave out so many.
func TestHostileConfirmations(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.eightOnDibao()
	b := s.as("civil")
	for i, text := range hostile {
		list := s.handedIn("civil", "dibao", cutOff, false)
		page := b.get("/imports/" + list.ID.String()).want(200)
		page.form("confirm").set("reason", text, "version", text).send().want(412).wantHarmless()
		if i%8 == 0 {
			page = page.form("confirm").set("reason", text).send().follow().want(200).says(strings.Join(strings.Fields(text), " "))
			page.wantHarmless()
			page.form("undo").send().want(303)
		}
	}
}

// TestRosterDiffersPage: who hands in a roster sees that the register has something else, where, and that it was not taken.
func TestRosterDiffersPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person(227, 2, villageA)
	text := "姓名,身份证号,残疾证号,发证日期,户籍村居\n金丝雀227," + number(227) + "," + number(227) + "42,2020-01-06," + villageB + "\n"
	i, _, err := s.desk.ImportRoster(context.Background(), s.actor("cdpf"), []byte(text), false)
	must(t, err)
	s.as("cdpf").get("/imports/"+i.ID.String()).want(200).says("有1行与在册不一致", "第2行 户籍村居：与在册不一致，未采用")
}

// TestRosterRefusalsPage: who hands in a roster sees every row that was refused, although nothing like the workbook of a list comes with one.
func TestRosterRefusalsPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	var text strings.Builder
	text.WriteString("姓名,身份证号,残疾证号,发证日期,户籍村居\n")
	const wrong = 230
	for n := range wrong {
		fmt.Fprintf(&text, "金丝雀,%d,,2020-01-06,%s\n", n, villageA)
	}
	i, _, err := s.desk.ImportRoster(context.Background(), s.actor("cdpf"), []byte(text.String()), false)
	must(t, err)
	b, rows := s.as("cdpf"), map[string]bool{}
	page := b.get("/imports/" + i.ID.String())
	for range 20 {
		for _, row := range page.want(200).rows() {
			rows[row[0]] = true
		}
		if !strings.Contains(page.body, "查看其余") {
			break
		}
		page = b.get(page.link("查看其余"))
	}
	for n := range wrong {
		if !rows[strconv.Itoa(n+2)] {
			t.Fatalf("row %d is nowhere; there are %d", n+2, len(rows))
		}
	}
	if strings.Contains(page.body, "批注文件") {
		t.Error("a workbook is promised")
	}
}
