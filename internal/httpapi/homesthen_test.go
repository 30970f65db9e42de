package httpapi_test

import (
	"fmt"
	"testing"
)

// TestHomesOfTheDay: a list speaks of the household in which somebody lived then. A retrofit is that of the home that was altered, and a list
// of houses that names all names those of its own day, though the person has moved since.
func TestHomesOfTheDay(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	goes, stays := s.person2(821), s.person2(822)
	household := func(members ...map[string]any) string {
		t.Helper()
		return s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA, "members": members}).want(201).text("id")
	}
	old := household(map[string]any{"person_id": goes, "relation": "head", "from": "2016-01-06", "to": "2019-03-31"}, map[string]any{"person_id": stays, "relation": "child", "from": "2016-01-06"})
	now := household(map[string]any{"person_id": goes, "relation": "head", "from": "2019-04-01"})
	want := func(home, states string) {
		t.Helper()
		if got := fmt.Sprint(s.services("household_id=" + home)); got != states {
			t.Errorf("retrofits of the home: %s, want %s", got, states)
		}
	}
	const head = "户主姓名,身份证号,改造内容,竣工日期,验收日期,验收结果"
	row := fmt.Sprintf("金丝雀821,%s,坡化,2018-11-01,2018-12-01,合格", number(821))
	first := s.taken("cdpf", "retrofits", "2019-06-05", "x", 1, 0, 0, 0, 0, head, row)
	want(old, "[DONE]")
	want(now, "[]")
	s.undone(first)
	s.taken("cdpf", "retrofits", "2019-06-06", "x", 2, 0, 0, 0, 0, head, row, fmt.Sprintf("金丝雀821,%s,安装扶手,2019-05-01,2019-05-02,合格", number(821)))
	want(old, "[DONE]")
	want(now, "[DONE]")
	// before he is known to have lived anywhere: the first home
	earlier := household(map[string]any{"person_id": s.person2(823), "relation": "head", "from": "2018-01-01"})
	s.taken("cdpf", "retrofits", "2019-06-07", "x", 1, 0, 0, 0, 0, head, fmt.Sprintf("金丝雀823,%s,坡化,2017-01-01,2017-02-01,合格", number(823)))
	want(earlier, "[DONE]")

	s.taken("cdpf", "dangerous_houses", "2019-02-01", "zj", 0, 1, 0, 0, 0, houseHead, houseLine(821, "D,2018-05-01,,,"))
	s.wantRate(houseRate, "2019-02-02", 0, 1)
	fact := func(home string) int {
		return len(items(s.do("cdpf", "GET", "/households/"+home, nil).want(200), "circumstances"))
	}
	if fact(old) != 1 || fact(now) != 0 {
		t.Errorf("the stock list of February is about the home of February: %d and %d", fact(old), fact(now))
	}
}

// TestHomesLearnedLater: a retrofit that a list gave to one home of somebody is not given again to another one that is entered later.
func TestHomesLearnedLater(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	id := s.person2(824)
	household := func(from, to string) string {
		t.Helper()
		member := map[string]any{"person_id": id, "relation": "head", "from": from}
		if to != "" {
			member["to"] = to
		}
		return s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA, "members": []any{member}}).want(201).text("id")
	}
	now := household("2019-04-01", "")
	const head = "户主姓名,身份证号,改造内容,竣工日期,验收日期,验收结果"
	row := fmt.Sprintf("金丝雀824,%s,坡化,2018-11-01,2018-12-01,合格", number(824))
	first := s.taken("cdpf", "retrofits", "2019-06-05", "x", 1, 0, 0, 0, 0, head, row)
	old := household("2016-01-06", "2019-03-31")
	again := s.taken("cdpf", "retrofits", "2019-06-06", "x", 0, 0, 1, 0, 0, head, row)
	if got := fmt.Sprint(s.services("household_id="+old), s.services("household_id="+now)); got != "[] [DONE]" {
		t.Errorf("retrofits of the two homes: %s", got)
	}
	s.undone(first)
	s.undone(again)
	s.taken("cdpf", "retrofits", "2019-06-07", "x", 1, 0, 0, 0, 0, head, row)
	if got := fmt.Sprint(s.services("household_id="+old), s.services("household_id="+now)); got != "[DONE] []" {
		t.Errorf("retrofits of the two homes, taken anew: %s", got)
	}
}
