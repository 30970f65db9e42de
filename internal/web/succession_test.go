package web_test

import (
	"strings"
	"testing"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/store"
)

// TestPeopleOfEndedDivisions: who has stayed in a village that was merged into another is seen by town and district, and moved on.
func TestPeopleOfEndedDivisions(t *testing.T) {
	t.Parallel()
	s := start(t)
	first := s.person(11, 1, villageB)
	s.person(12, 2, villageB)
	town := s.as("town.a")
	town.get("/succession").want(200).says("没有需要迁移的人员")
	end := func(successor area.Code) {
		t.Helper()
		d := area.Division{Code: villageB, Name: "乙社区", ValidFrom: calendar.MustDate("2016-01-01"), ValidTo: calendar.MustDate("2022-12-31"), Successor: successor}
		if _, err := s.desk.ImportDivisions(t.Context(), access.SystemActor(), []area.Division{d}); err != nil {
			t.Fatal(err)
		}
	}
	end("")
	if sh := town.get("/succession").want(200).says("乙社区", "2022-12-31", "2人，0户", "未写明"); strings.Contains(sh.body, `name="do"`) {
		t.Error("people are to be moved nobody knows where")
	}
	end("370305001998")
	town.get("/succession").want(200).form("follow").set("code", villageB).send().want(409).says("没有同级的后继区划")
	end(villageA)
	s.as("town.c").get("/succession").want(200).says("没有需要迁移的人员")
	s.as("cdpf").get("/succession").want(200).form("follow").set("code", villageB).send().follow().want(200).says("已迁移", "尚未迁移", "无", "仍属该区划的账号：liaison.b")
	if sh := town.get("/succession").want(200); strings.Contains(sh.body, `name="do"`) {
		t.Error("nobody is left, and the page offers to move them")
	}
	file, err := s.desk.DB.PersonFile(t.Context(), access.SystemActor(), first)
	if err != nil || file.File.Person.Managing != villageA {
		t.Errorf("managed in %s (%v)", file.File.Person.Managing, err)
	}
}

// TestFacilitiesOfEndedDivisions: where nobody but a facility has stayed in an ended village the page moves it, as it moves people.
func TestFacilitiesOfEndedDivisions(t *testing.T) {
	t.Parallel()
	s := start(t)
	f, err := s.desk.CreateFacility(t.Context(), s.actor("town.a"), store.Facility{Area: villageB, Name: "乙社区站", Kind: "community"})
	if err != nil {
		t.Fatal(err)
	}
	d := area.Division{Code: villageB, Name: "乙社区", ValidFrom: calendar.MustDate("2016-01-01"), ValidTo: calendar.MustDate("2022-12-31"), Successor: villageA}
	if _, err := s.desk.ImportDivisions(t.Context(), access.SystemActor(), []area.Division{d}); err != nil {
		t.Fatal(err)
	}
	s.as("town.a").get("/succession").want(200).form("follow").set("code", villageB).send().follow().want(200).says("已迁移")
	if moved, err := s.desk.DB.Facility(t.Context(), access.SystemActor(), f.ID); err != nil || moved.Area != villageA {
		t.Errorf("the facility stands in %s (%v)", moved.Area, err)
	}
}

// TestAccountsOfEndedDivisions: an administrator sees which accounts are of a division that has ended and which follows, and may change something else first.
func TestAccountsOfEndedDivisions(t *testing.T) {
	t.Parallel()
	s := start(t)
	d := area.Division{Code: villageB, Name: "乙社区", ValidFrom: calendar.MustDate("2016-01-01"), ValidTo: calendar.MustDate("2022-12-31"), Successor: villageA}
	if _, err := s.desk.ImportDivisions(t.Context(), access.SystemActor(), []area.Division{d}); err != nil {
		t.Fatal(err)
	}
	b := s.as("admin")
	b.get("/accounts").want(200).says("已于2022-12-31终止，后继区划：")
	path := "/accounts/" + s.accounts["liaison.b"].ID.String()
	edit := b.get(path).want(200).says("已于2022-12-31终止，后继区划：").form("save")
	if edit.values.Get("area_code") != villageB {
		t.Errorf("the form begins with area %q", edit.values.Get("area_code"))
	}
	named := edit.set("name", "测试改名").send().follow().want(200).says("测试改名")
	named.form("save").set("area_code", villageA).send().follow().want(200)
	if again := b.get(path).want(200); strings.Contains(textOf(again.doc), "已于2022-12-31终止") {
		t.Error("the account still is of the ended division")
	}
}
