package web_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
)

func init() {
	readers, writers := roles{liaison, town, cdpf, civil, auditor}, roles{liaison, town, cdpf}
	maps.Copy(maySee, map[string]roles{"/households": readers, "/households/new": writers, "/households/:id": readers, "/households/:id/edit": writers, "/households/:id/members/new": writers,
		"/households/:id/services/new": writers, "/households/:id/facts/new": writers, "/households/:id/facts/:fact": readers})
	maps.Copy(mayDo, map[string]roles{"/households/:id leave": writers, "/households/:id correct": writers, "/households/:id void": writers, "/households/:id/facts/:fact end": writers, "/households/:id/facts/:fact correct": writers})
	furtherOn["/households/:id/facts/new"], furtherOn["/households/:id/services/new"] = "?kind=income_bracket", "?kind=retrofit"
}

// TestHouseholdPages: a household is entered from a file, gets and loses members, moves, has facts, and gets a retrofit.
func TestHouseholdPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(21, 1, villageA)
	b, file := s.as("liaison.a"), "/persons/"+id.String()
	form := b.get(b.get(file).want(200).link("登记家庭")).want(200).says("金丝雀21", "第一位成员").form("add")
	form.set("address", "测试路1号").send().want(422).says("加入日期：请填写此项")
	form.set("from", "2023-04-01").send().want(422).says("不能晚于今天")
	made := form.set("from", "2020-01-06").send()
	at := strings.Split(made.header.Get("Location"), "?")[0]
	made.follow().want(200).says("家庭已登记", "金丝雀21家", "测试路1号", "户主", "2020-01-06起")
	if again := form.send(); again.header.Get("Location") != made.header.Get("Location") {
		t.Error("the form made another household")
	}
	b.get(file).says("金丝雀21家")
	b.get("/households").want(200).says("金丝雀21家", "测试路1号")
	s.as("liaison.b").get("/households").want(200).says("没有登记家庭")

	join := func() *filled { return b.get(at + "/members/new").want(200).form("join") }
	join().send().want(422).says("请填写此项")
	join().set("who", "没有此人", "relation", "child").send().want(422).says("本辖区内没有符合的人员")
	second, namesake := s.person(23, 2, villageA), s.namesake(23)
	several := join().set("who", "金丝雀23", "relation", "spouse", "from", "2021-01-01").send().want(422).says("有多人符合")
	several.form("join").set("person_id", namesake.String()).send().follow().says("成员已加入", "配偶")
	join().set("who", number(23), "relation", "sibling").send().want(422).says("加入日期：请填写此项")
	join().set("who", number(23), "relation", "sibling", "from", "2022-01-01").send().want(303)
	join().set("who", number(23), "relation", "sibling", "from", "2022-01-01").send().want(409).says("已是本户成员")
	b.get("/persons/" + second.String()).says("金丝雀21家")
	leave := b.get(at).want(200).form("leave")
	leave.send().want(422).says("请选择")
	leave.set("member", leave.page.choices("member")[1], "to", "2020-01-01").send().want(422).says("结束日期早于开始日期")
	leave.set("to", "2023-03-01").send().follow().says("成员离开已登记", "2021-01-01至2023-03-01")

	edit := b.get(at + "/edit").want(200).form("save")
	edit.set("address", "测试路2号").send().follow().says("住址已更改", "测试路2号")
	edit.set("key", "later").send().want(412).says("刚被他人修改")
	s.as("town.a").get(at+"/edit").form("save").set("moved_on", "2023-03-20").send().want(422).says("没有搬迁记录")
	s.as("town.a").get(at+"/edit").form("save").set("area_code", villageB, "moved_on", "2023-03-20").send().follow().says("住房所在村居", "建档登记", "2023-03-20起")
	s.as("town.a").get(at+"/edit").form("save").set("moved_on", "2023-03-21").send().follow().says("住房所在村居", "2023-03-21起", "2023-03-20")
	b.get(at).want(404) // it has left the village
	b = s.as("town.a")

	b.get(at+"/facts/new?kind=dwelling").want(200).form("add").set("value", "yes", "value.sort", "own", "valid_from", "2020-01-01", "source", "入户查看").send().follow().says("情况已登记", "自有住房")
	one := b.get(at).link("住房")
	b.get(one).form("correct").set("value.sort", "borrowed", "reason", "房主为亲属").send().follow().says("记录已更正", "借住", "已被取代的记录（3条）")
	one = b.get(at).link("住房")
	b.get(one).form("end").set("valid_to", "2019-12-31").send().want(422).says("早于开始日期")
	b.get(one).form("end").set("valid_to", "2022-12-31").send().follow().says("2020-01-01至2022-12-31")
	if place := b.get(b.get(at).link("住房所在村居")).want(200); strings.Contains(place.body, `name="do"`) {
		t.Error("a place may be corrected as a fact")
	}

	b.get(at+"/facts/new?kind=dwelling").form("add").set("value", "yes", "value.sort", "own", "valid_from", "2023-01-01", "source", "入户查看").send().want(303)
	b.get(at + "/services/new").want(200).says("家庭无障碍改造")
	b.get(at + "/services/new?kind=rehab").want(200).says("请先选择服务种类")
	opened := b.get(at+"/services/new?kind=retrofit").want(200).form("open").set("need.items.0.item", s.desk.Pack().Catalogue.Retrofit[0].Code).choose("need.items", s.desk.Pack().Catalogue.Retrofit[0].Code).send().follow().want(200).says("需求已登记")
	b.get(opened.link("家庭档案")).want(200).says("家庭无障碍改造")
	s.as("auditor").get(at).want(200)
	s.as("town.c").get(at).want(404)
}

// TestMembershipsCorrected: the days and the relation of a member are put right and a person of another household is taken out of this one, each
// with a reason; what was recorded before stays on the page, and who only reads finds no form.
func TestMembershipsCorrected(t *testing.T) {
	t.Parallel()
	s := start(t)
	head, other := s.person(51, 1, villageA), s.person(52, 2, villageA)
	b := s.as("liaison.a")
	ahead := b.get("/households/new?person="+head.String()).form("add").set("address", "测试路5号", "from", "2023-12-20").send().want(422).says("日期不能晚于今天")
	if attr(byID(t, ahead, "f-from"), "aria-invalid") != "true" {
		t.Error("the day is not marked")
	}
	made := b.get("/households/new?person="+head.String()).form("add").set("address", "测试路5号", "from", "2023-03-20").send().want(303)
	at := strings.Split(made.header.Get("Location"), "?")[0]
	b.get(at+"/members/new").form("join").set("who", number(52), "relation", "child", "from", "2021-01-01", "to", "2020-01-01").send().want(422).says("结束日期早于开始日期")
	b.get(at+"/members/new").form("join").set("who", number(52), "relation", "child", "from", "2021-01-01", "to", "2022-12-31").send().follow().says("成员已加入", "2021-01-01至2022-12-31")

	first := b.get(at).want(200).form("correct")
	first.send().want(422).says("请选择", "请填写此项")
	first.set("member", s.membership(at, head), "reason", "2016年起即居住于此").send().want(422).says("没有更正的内容")
	first.set("from", "2099-01-01").send().want(422).says("不能晚于今天")
	first.set("from", "2016-01-01", "to", "2022-12-31").choose("ongoing", "yes").send().want(422).says("仍是成员的，不填最后一天")
	first.choose("ongoing").set("to", "").send().follow().says("成员登记已更正", "2016-01-01起", "已被取代的记录（1条）", "2023-03-20起")
	first.set("key", "later", "from", "2017-01-01").send().want(412).says("刚被他人修改")
	b.get(at).form("correct").set("member", s.membership(at, other), "relation", "sibling", "reason", "x").choose("ongoing", "yes").send().follow().says("兄弟姐妹", "2021-01-01起")

	void := b.get(at).form("void")
	void.set("member", s.membership(at, other)).send().want(422).says("请填写此项")
	page := void.set("reason", "登记错户").send().follow().says("成员登记已撤销", "已被取代的记录（3条）")
	if strings.Contains(page.body, `>金丝雀52（`) {
		t.Error("somebody who was taken out of the household is offered as a member")
	}
	b.get("/persons/" + other.String()).says("没有登记家庭")
	b.get(at, "Accept-Language", "en").want(200).says("Correct a membership", "Somebody never belonged here", "Replaced records (3)")
	if page := s.as("auditor").get(at).want(200).says("已被取代的记录（3条）"); strings.Contains(page.body, `value="void"`) {
		t.Error("an auditor is offered to correct a membership")
	}
}

// membership is the id of a person's membership of the household with this page.
func (s *site) membership(at string, person uuid.UUID) string {
	s.t.Helper()
	h, err := s.desk.DB.Household(context.Background(), s.actor("liaison.a"), uuid.MustParse(strings.TrimPrefix(at, "/households/")))
	must(s.t, err)
	for _, m := range h.Members {
		if m.PersonID == person {
			return m.ID.String()
		}
	}
	s.t.Fatalf("%s is no member", person)
	return ""
}

// namesake is somebody else with the name of a person of the test.
func (s *site) namesake(n int) uuid.UUID {
	s.t.Helper()
	id := number(n + 400)
	d, err := s.desk.CreatePerson(context.Background(), s.actor("cdpf"), casework.NewPerson{Name: "金丝雀" + fmt.Sprint(n), IDNumber: id, Hukou: villageA, HukouType: "agricultural",
		Certificate: &casework.NewCertificate{Number: id + "42", Category: 4, Level: 2, IssuedOn: calendar.MustDate("2020-01-06")}})
	must(s.t, err)
	return d.File.Person.ID
}

// TestHostileHouseholds stores each text in every field of a household.
func TestHostileHouseholds(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(41, 2, villageA)
	b := s.as("liaison.a")
	made := b.get("/households/new?person="+id.String()).form("add").set("address", hostile[0], "from", "2020-01-06").send().want(303)
	at := strings.Split(made.header.Get("Location"), "?")[0]
	for i, text := range hostile {
		short := string([]rune(text)[:min(60, len([]rune(text)))])
		b.get(at+"/edit").form("save").set("address", text).send().want(303)
		b.get(at).want(200).says(strings.Join(strings.Fields(text), " ")).wantHarmless()
		b.get(at + "/edit").want(200).wantHarmless()
		if i%4 == 0 {
			b.get(at+"/facts/new?kind=utility_relief").form("add").set("value", "yes", "value.other", short, "valid_from", fmt.Sprintf("2021-01-%02d", 1+i/4), "valid_to", fmt.Sprintf("2021-01-%02d", 1+i/4), "source", short, "source_doc", text).send().want(303)
			b.get(b.get(at).link("水电气暖减免")).want(200).wantHarmless()
			b.get(at+"/members/new").form("join").set("who", short, "relation", text, "from", text).send().want(422).wantHarmless()
			b.get("/households").want(200).wantHarmless()
			b.get("/persons/" + id.String()).want(200).wantHarmless()
		}
		b.get("/households/new?person=" + escaped(text)).want(200).wantHarmless()
		b.get("/households?area=" + escaped(text) + "&cursor=").want(200).wantHarmless()
	}
	households, err := s.desk.DB.ListHouseholds(context.Background(), s.actor("liaison.a"), villageA, id, uuid.Nil, 9)
	must(t, err)
	if len(households) != 1 || len(households[0].Circumstances) != (len(hostile)+3)/4 {
		t.Errorf("%d households", len(households))
	}
}

// TestNeedOfTheHouseholdOfTheDay: what a household needs is recorded for the one in which somebody lives on the day, whichever was entered
// last; who lives in none may get one, and no household that was left gets anything.
func TestNeedOfTheHouseholdOfTheDay(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, liaison := context.Background(), s.actor("liaison.a")
	id := s.person(27, 1, villageA)
	home := func(head uuid.UUID) casefile.HouseholdFile {
		t.Helper()
		h, err := s.desk.CreateHousehold(ctx, liaison, casework.NewHousehold{Area: villageA, Members: []casework.NewMember{{PersonID: head, Relation: "head", From: calendar.MustDate("2020-01-01")}}})
		must(t, err)
		return h
	}
	now, before := home(s.person(28, 2, villageA)), home(id) // the one of today was entered first
	_, err := s.desk.EndMember(ctx, liaison, before.Household.ID, before.Members[0].ID, calendar.MustDate("2022-12-31"))
	must(t, err)
	now, err = s.desk.AddMember(ctx, liaison, now.Household.ID, casework.NewMember{PersonID: id, Relation: "spouse", From: calendar.MustDate("2023-01-01")})
	must(t, err)
	b, file, item := s.as("liaison.a"), "/persons/"+id.String(), s.desk.Pack().Catalogue.Retrofit[0].Code
	need := func(on string) shown {
		t.Helper()
		return b.get(file+"/services/new?kind=retrofit").want(200).form("open").set("opened_on", on, "need.items.0.item", item).choose("need.items", item).send()
	}
	for on, want := range map[string]casefile.HouseholdFile{"2023-03-27": now, "2022-12-31": before} {
		if got := need(on).follow().want(200).link("家庭档案"); got != "/households/"+want.Household.ID.String() {
			t.Errorf("the need of %s is that of %s, want %s", on, got, want.Household.ID)
		}
	}
	need("2019-12-31").want(409).says("没有登记其当日所在的家庭")
	if strings.Contains(textOf(b.get(file).want(200).doc), "登记家庭") {
		t.Error("who lives in a household is offered another")
	}

	_, err = s.desk.EndMember(ctx, liaison, now.Household.ID, now.Members[1].ID, calendar.MustDate("2023-03-26"))
	must(t, err)
	b.get(b.get(file).want(200).link("登记家庭")).want(200)
	b.get(file + "/services/new?kind=retrofit").want(200).says("请先选择服务种类")
	if needs := s.file(b, id).Needs; len(needs) != 2 {
		t.Errorf("the phone offers %v", needs)
	}
	b.send(newEntry("need", "id", id.String(), "chain", "retrofit", "opened_on", "2023-03-27", "need.items", item, "need.items.0.item", item)).want(t, 409, "NO_HOUSEHOLD")
	b.send(newEntry("need", "id", id.String(), "chain", "retrofit", "opened_on", "2023-03-26", "need.items", item, "need.items.0.item", item)).want(t, 409, "OPEN_ALREADY")
}
