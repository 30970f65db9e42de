package web_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/casefile"
)

// TestCorrectPersonPage: an ID number is corrected with a reason and the earlier one still finds the person; somebody moves to another
// village of the town from a day on, and not out of it.
func TestCorrectPersonPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	id, other := s.person(401, 2, villageA), s.person(403, 2, villageA)
	file := "/persons/" + id.String()
	b := s.as("town.a")
	form := func() *filled { return b.get(file + "/edit").want(200).form("save") }
	read := func() casefile.Person {
		t.Helper()
		d, err := s.desk.Person(context.Background(), s.actor("cdpf"), id)
		must(t, err)
		return d.File.Person
	}
	form().set("id_number", number(405)).send().want(422).says("更正身份证号须说明依据")
	form().set("id_number", "37", "reason", "公安更正").send().want(422).says("身份证号")
	form().set("id_number", number(403), "reason", "公安更正").send().want(409)
	late := form().set("phone", "19900008888")
	form().set("id_number", number(405), "reason", "公安更正").send().follow().want(200).says("已保存")
	if p := read(); p.IDNumber.Reveal() != number(405) || p.Managing != villageA {
		t.Errorf("corrected: %+v", p)
	}
	late.send().want(412).says("刚被他人修改")
	for _, n := range []int{401, 405} {
		b.get("/persons").form("search").set("text", number(n)).send().want(200).says("金丝雀401")
	}

	form().set("managing_area_code", s.villageOf(townC)).send().want(422).says("由上级办理")
	form().set("residence_area_code", "370305999999").send().want(422).says("区划代码不存在")
	form().set("residence_area_code", "x").send().want(422).says("区划代码格式不正确")
	form().set("residence_area_code", villageB, "effective_on", "2023-04-01").send().want(422).says("不能晚于今天")
	if p := read(); p.Residence == villageB {
		t.Error("what was refused is kept")
	}
	form().set("managing_area_code", villageB, "residence_area_code", villageB, "effective_on", "2023-03-20").send().follow().want(200).says("已保存", "居住地")
	if p := read(); p.Managing != villageB || p.Residence != villageB || p.Hukou != villageA {
		t.Errorf("moved: %+v", p)
	}
	b.get(file + "/facts").want(200).says("2023-03-20")
	s.as("liaison.a").get(file).want(404)
	mine := s.as("liaison.b").get(file + "/edit").want(200)
	if strings.Contains(mine.body, `name="managing_area_code"`) {
		t.Error("a village with no other is offered one")
	}
	mine.form("save").set("managing_area_code", villageA).send().want(422).says("由上级办理")
	mine.form("save").set("hukou_area_code", villageB).send().want(303)
	if p := read(); p.Hukou != villageB || p.Managing != villageB {
		t.Errorf("after the village's own change: %+v", p)
	}
	s.as("cdpf").get("/persons/"+other.String()+"/edit").form("save").set("managing_area_code", s.villageOf(townC)).send().want(303)
	s.as("town.c").get("/persons/" + other.String()).want(200).says("金丝雀403")
}

// villageOf is a village of a town.
func (s *site) villageOf(town string) string {
	s.t.Helper()
	list := s.as("town.c").get("/persons/new").want(200).choices("managing_area_code")
	if len(list) == 0 || !strings.HasPrefix(list[0], town) {
		s.t.Fatalf("villages of %s: %v", town, list)
	}
	return list[0]
}

// TestHostileCorrections puts each text into every field of the form, and stores it as the reason of a correction.
func TestHostileCorrections(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(411, 2, villageA)
	b, at := s.as("town.a"), "/persons/"+id.String()
	for i, text := range hostile {
		b.get(at+"/edit").form("save").set("id_number", text, "reason", text, "hukou_area_code", text, "residence_area_code", text, "managing_area_code", text, "effective_on", text).send().want(422).wantHarmless()
		b.get(at+"/edit").form("save").set("id_number", number(501+2*i), "reason", text).send().want(303)
		b.get(at).want(200).wantHarmless()
	}
}

// TestFormWhileOthersAreAtIt: a form that meets somebody who holds the file comes back with what was entered, and is taken when it is sent
// once more.
func TestFormWhileOthersAreAtIt(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(401, 2, villageA)
	b, file := s.as("town.a"), "/persons/"+id.String()
	form := b.get(file+"/edit").want(200).form("save").set("phone", "19900008888")
	other, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	must(t, err)
	defer other.Close(context.Background())
	tx, err := other.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), "SELECT FROM persons WHERE id = $1 FOR UPDATE", id)
	must(t, err)
	busy := form.send().want(503).says("繁忙")
	if busy.header.Get("Retry-After") == "" {
		t.Error("it is not said when to try again")
	}
	must(t, tx.Rollback(t.Context()))
	again := busy.form("save")
	if got := again.values.Get("phone"); got != "19900008888" {
		t.Errorf("what was entered is %q", got)
	}
	again.send().follow().want(200).says("已保存")
}
