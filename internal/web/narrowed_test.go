package web_test

import (
	"strings"
	"testing"
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
	b.get("/applications?programme=living_allowance").want(200).says("没有申请")
	b.get("/applications?late=yes").want(200).says("没有申请")
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
