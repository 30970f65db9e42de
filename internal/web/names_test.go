package web_test

import (
	"strings"
	"testing"
)

// TestNamesOnPages: who is sought by another form of his name is found, and what is no name is refused beside its field.
func TestNamesOnPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	fill := func(n int, name string) *filled {
		return b.get("/persons/new").want(200).form("add").set("name", name, "id_number", number(n), "managing_area_code", villageA, "hukou_type", "agricultural",
			"certificate.number", number(n)+"41", "certificate.category", "4", "certificate.level", "1", "certificate.issued_on", "2020-01-06")
	}
	fill(1, "阿卜杜拉•艾山").send().want(303)
	fill(2, "张　三").send().want(303)
	for _, sought := range []string{"阿卜杜拉·艾山", "张三", "张 三"} {
		if found := b.get("/persons").want(200).form("search").set("text", sought).send().want(200); strings.Contains(textOf(found.doc), "没有找到") || len(found.rows()) < 2 {
			t.Errorf("%q finds nobody: %s", sought, textOf(found.doc))
		}
	}
	fill(3, "张\u202e三").send().want(422).says("姓名：姓名中有换行、制表符等看不见的字符")
	fill(3, number(3)).send().want(422).says("姓名：姓名中有证件号码、电话等长号码")
}
