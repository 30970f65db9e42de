package httpapi_test

import (
	"fmt"
	"testing"
)

const (
	fittedHead = "姓名,身份证号,辅具名称,适配日期,签收日期"
	signedHead = "姓名,身份证号,辅具名称,签收日期"
	alterHead  = "户主姓名,身份证号,改造内容,竣工日期,验收日期,验收结果"
)

// wantServices compares the states of a person's or household's services.
func (s *service) wantServices(when, query, want string) {
	s.t.Helper()
	if got := fmt.Sprint(s.services(query)); got != want {
		s.t.Errorf("%s: %s, want %s", when, got, want)
	}
}

// homeOf is the household of a person that was entered last, as a query.
func (s *service) homeOf(person string) string {
	s.t.Helper()
	list := items(s.do("cdpf", "GET", "/households?person_id="+person, nil).want(200), "items")
	return "household_id=" + list[len(list)-1]["id"].(string)
}

// TestListBehindStandsAlone: a list that knows less than an earlier one leaves as much as it says when that one is taken back.
func TestListBehindStandsAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	id := s.person2(821)
	line := func(rest string) string { return "金丝雀821," + number(821) + "," + rest }
	signed := s.taken("cdpf", "devices", "2019-06-01", "fj", 1, 0, 0, 0, 0, fittedHead, line("手杖,2019-04-01,2019-04-09"))
	s.taken("cdpf", "devices", "2019-06-02", "fj", 0, 0, 1, 0, 0, fittedHead, line("手杖,2019-04-01,"))
	s.wantServices("a list that is behind", "person_id="+id, "[ACCEPTED]")
	s.undone(signed)
	s.wantServices("only fitted by what is left", "person_id="+id, "[FITTED]")
	s.taken("cdpf", "devices", "2019-06-03", "fj", 0, 1, 0, 0, 0, fittedHead, line("手杖,2019-04-01,2019-04-09"))
	s.wantServices("signed for after all", "person_id="+id, "[ACCEPTED]")

	passed := s.taken("cdpf", "retrofits", "2019-06-01", "wza", 1, 0, 0, 0, 0, alterHead, line("安装扶手,2019-04-20,2019-05-12,合格"))
	home := s.homeOf(id)
	s.taken("cdpf", "retrofits", "2019-06-02", "wza", 0, 0, 1, 0, 0, alterHead, line("安装扶手,2019-04-20,,"))
	s.wantRate(retrofitRate, "2019-06-09", 1, 1)
	s.undone(passed)
	s.wantServices("only completed by what is left", home, "[ACCEPTANCE]")
	s.wantRate(retrofitRate, "2019-06-09", 0, 1)
}

// TestListOfSignaturesAlone: a list that knows only the day of the signature brings on what was fitted last before it, and does not make a second
// service; what somebody here has fitted is signed for here.
func TestListOfSignaturesAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	id := s.person2(822)
	line := func(rest string) string { return "金丝雀822," + number(822) + "," + rest }
	s.taken("cdpf", "devices", "2019-06-01", "fj", 2, 0, 0, 0, 0, fittedHead, line("手杖,2018-04-01,"), line("手杖,2019-04-01,"))
	s.taken("cdpf", "devices", "2019-06-02", "fj", 1, 0, 0, 0, 0, signedHead, line("手杖,2018-03-31"))
	s.wantServices("signed for before any was fitted", "person_id="+id, "[FITTED FITTED ACCEPTED]")
	signed := s.taken("cdpf", "devices", "2019-06-03", "fj", 0, 1, 0, 0, 0, signedHead, line("手杖,2019-04-09"))
	s.wantServices("signed for", "person_id="+id, "[FITTED ACCEPTED ACCEPTED]")
	s.taken("cdpf", "devices", "2019-06-04", "fj", 0, 0, 1, 0, 0, signedHead, line("手杖,2019-04-09"))
	s.taken("cdpf", "devices", "2019-06-05", "fj", 0, 0, 1, 0, 0, fittedHead, line("手杖,2019-04-01,2019-04-09"))
	s.taken("cdpf", "devices", "2019-06-06", "fj", 1, 0, 0, 0, 0, signedHead, line("手动轮椅,2019-04-09"))
	s.undone(signed)
	s.wantServices("other lists say so", "person_id="+id, "[FITTED ACCEPTED ACCEPTED ACCEPTED]")

	s.at("2018-07-01")
	here := s.person2(823)
	s.reviewed(here, "120303", "grant", 1).take("cdpf", "approve", "2019-01-09", costs("120303", 5000, 5000, 0, "none")).
		take("town.a", "fit", "2019-02-05", `{"supplier":"辅具店","pieces":1}`)
	s.at("2019-06-10")
	later := s.taken("cdpf", "devices", "2019-06-07", "fj", 0, 0, 0, 1, 0, signedHead, "金丝雀823,"+number(823)+",手杖,2019-02-06")
	if got := refusals(later); got != "2 C 辅具名称 STANDS_OTHERWISE" {
		t.Errorf("somebody here is on it: %s", got)
	}
}

// TestHomePutRightTwice: a home that a later list has to be put right once more is brought on, and one that is behind adds nothing.
func TestHomePutRightTwice(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	id := s.person2(824)
	line := func(rest string) string { return "金丝雀824," + number(824) + "," + rest }
	s.taken("cdpf", "retrofits", "2019-06-01", "wza", 1, 0, 0, 0, 0, alterHead, line("安装扶手,2019-04-20,2019-04-25,整改"))
	home := s.homeOf(id)
	again := s.taken("cdpf", "retrofits", "2019-06-02", "wza", 0, 1, 0, 0, 0, alterHead, line("安装扶手,2019-05-10,2019-05-12,整改"))
	s.taken("cdpf", "retrofits", "2019-06-03", "wza", 0, 0, 1, 0, 0, alterHead, line("安装扶手,2019-05-10,2019-05-12,整改"))
	s.taken("cdpf", "retrofits", "2019-06-04", "wza", 0, 0, 1, 0, 0, alterHead, line("安装扶手,2019-04-20,2019-04-25,整改"))
	s.taken("cdpf", "retrofits", "2019-06-05", "wza", 0, 0, 1, 0, 0, alterHead, line("安装扶手,2019-04-18,2019-04-22,整改"))
	s.wantServices("put right twice", home, "[RECTIFY]")
	s.undone(again)
	s.wantServices("one of them is gone", home, "[RECTIFY]")
	s.taken("cdpf", "retrofits", "2019-06-06", "wza", 0, 1, 0, 0, 0, alterHead, line("安装扶手,2019-05-30,2019-06-01,合格"))
	s.wantServices("accepted", home, "[DONE]")
	s.wantRate(retrofitRate, "2019-06-09", 1, 1)
}

// TestHomePutRightAfterAnEntry: a retrofit under way that a list has given to a home which was not known is the one of which a later list speaks, also
// where the person has been entered in another household since.
func TestHomePutRightAfterAnEntry(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	id := s.person2(825)
	line := func(rest string) string { return "金丝雀825," + number(825) + "," + rest }
	s.taken("cdpf", "retrofits", "2019-06-01", "wza", 1, 0, 0, 0, 0, alterHead, line("安装扶手,2019-04-20,2019-04-25,整改"))
	first := s.homeOf(id)
	home := s.do("liaison.a", "GET", "/households/"+first[len("household_id="):], nil).want(200).json()
	member := home["members"].([]any)[0].(map[string]any)["id"].(string)
	s.do("liaison.a", "POST", "/households/"+home["id"].(string)+"/members/"+member+"/end", map[string]any{"to": "2019-04-30"}).want(200)
	s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA, "address": "金丝雀路2号",
		"members": []any{map[string]any{"person_id": id, "relation": "head", "from": "2019-05-01"}}}).want(201)
	s.taken("cdpf", "retrofits", "2019-06-02", "wza", 0, 1, 0, 0, 0, alterHead, line("安装扶手,2019-05-10,2019-05-12,整改"))
	s.wantServices("the home of the first list", first, "[RECTIFY]")
	if all := items(s.do("cdpf", "GET", "/services?kind=retrofit", nil).want(200), "items"); len(all) != 1 {
		t.Errorf("%d retrofits, want one", len(all))
	}
}
