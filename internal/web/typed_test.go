package web_test

import (
	"strings"
	"testing"
	"time"
)

// TestDaysAsTyped: where a browser offers no calendar, a day is taken in the spellings in which people write one, and nothing is guessed.
func TestDaysAsTyped(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	for n, day := range []string{"2020-1-6", "2020.1.6", "2020/01/06", "2020年1月6日", "20200106", "２０２０．１．６", "2020年 1月 6号"} {
		id := number(40 + n)
		form := b.get("/persons/new").form("add").set("name", "金丝雀", "id_number", id, "hukou_type", "agricultural", "managing_area_code", villageA,
			"certificate.number", id+"42", "certificate.category", "4", "certificate.level", "2", "certificate.issued_on", day)
		form.send().want(303).follow().want(200).says("2020-01-06")
	}
	for _, day := range []string{"2020116", "6.1.2020", "2020年2月30日", "2020-01", "去年"} {
		sh := b.get("/persons/new").form("add").set("name", "金丝雀", "certificate.issued_on", day).send().want(422).says("日期应写成2023-03-28的形式")
		if kept := sh.form("add").values.Get("certificate.issued_on"); kept != day {
			t.Errorf("%s came back as %q", day, kept)
		}
	}
	file := "/persons/" + s.person(60, 2, villageA).String()
	b.get(file + "?as_of=" + escaped("2023年1月2日")).want(200).says("2023-01-02")
	b.get("/indicators?as_of=2023.1.2").want(200).says("2023-01-02")
	for _, at := range []string{file + "?as_of=2.1.2023", file + "?known_on=23.1.2", file + "?as_of=2030-01-01"} {
		b.get(at).want(200).says(at[strings.Index(at, "=")+1:], "未采用")
	}
	s.as("cdpf").get("/supervision?from=2023.13.2&to=2023.3.1").want(200).says("“2023.13.2”不是可用的日期，未采用")
	for _, at := range []string{file, file + "?as_of=&known_on=2023-03-28", "/indicators"} {
		if sh := b.get(at).want(200); strings.Contains(sh.body, "未采用") {
			t.Errorf("%s minds", at)
		}
	}
}

// TestMonthsAsTyped: the same of months, for which many browsers offer nothing.
func TestMonthsAsTyped(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("civil")
	for _, month := range []string{"2023年3月", "2023.3", "2023/03", "202303", "2023-3"} {
		b.get("/rosters").form("make").set("month", month, "area_code", townC).send().want(409).says("本期没有应发未发的款项")
	}
	for _, month := range []string{"2023年", "20233", "20231"} { // 20231 may want a digit
		b.get("/rosters").form("make").set("month", month, "area_code", townC).send().want(422).says("月份应写成2023-03的形式")
	}
	sh := b.get("/indicators/nursing_subsidy_coverage?from=" + escaped("2022年11月") + "&to=2023.2").want(200)
	if from := attr(byID(t, sh, "f-from"), "value"); from != "2022-11" {
		t.Errorf("the trend begins in %q", from)
	}
	b.get("/indicators/nursing_subsidy_coverage?from=2022.13&to=2023.2").want(200).says("“2022.13”不是月份，未采用")
	b.get("/indicators/nursing_subsidy_coverage?from=20221&to=2023.2").want(200).says("“20221”不是月份，未采用")
}

// TestFileAsKnown: a file as known on a day says that day, and asks for it again.
func TestFileAsKnown(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(51, 2, villageA)
	s.clock.Add(9 * 24 * time.Hour)
	file := s.as("liaison.a").get("/persons/" + id.String() + "?known_on=2023-04-03").want(200).says("按2023-04-03已知的记录")
	if again := attr(byID(t, file, "known_on"), "value"); again != "2023-04-03" {
		t.Errorf("the file as known on 2023-04-03 asks for %s next", again)
	}
}
