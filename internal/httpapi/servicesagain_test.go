package httpapi_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestLaterListAccepts: a device that a list had as fitted and a home that one had as completed, or as being put right, are brought on by a
// later list, in one file as well; what that list has brought goes with it and no more.
func TestLaterListAccepts(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	id := s.person2(801)
	line := func(rest string) string { return "金丝雀801," + number(801) + "," + rest }
	const deviceHead, homeHead = "姓名,身份证号,辅具名称,适配日期,签收日期", "户主姓名,身份证号,改造内容,竣工日期,验收日期,验收结果"
	fitted := s.taken("cdpf", "devices", "2019-06-01", "fj", 1, 0, 0, 0, 0, deviceHead, line("手杖,2019-04-01,"))
	signed := []string{deviceHead, line("手杖,2019-04-01,2019-04-09")}
	if tried := s.list("cdpf", "kind=devices&sender=fj&as_of=2019-06-02&dry_run=true", signed...).want(201).json(); tried["changed"] != 1.0 {
		t.Errorf("a dry run: %v", tried)
	}
	want := func(query, states, when string) {
		t.Helper()
		if got := fmt.Sprint(s.services(query)); got != states {
			t.Errorf("%s: %s, want %s", when, got, states)
		}
	}
	device := "person_id=" + id
	want(device, "[FITTED]", "tried")
	accepted := s.taken("cdpf", "devices", "2019-06-02", "fj", 0, 1, 0, 0, 0, signed...)
	want(device, "[ACCEPTED]", "signed for since")
	again := s.taken("cdpf", "devices", "2019-06-03", "fj", 0, 0, 1, 0, 0, signed...)
	s.undone(accepted)
	want(device, "[ACCEPTED]", "another list says so")
	s.undone(again)
	want(device, "[FITTED]", "no list says so any more")
	s.taken("cdpf", "devices", "2019-06-04", "fj", 0, 1, 0, 0, 0, signed...)
	want(device, "[ACCEPTED]", "said once more")
	if kept := s.undone(fitted); len(kept) != 0 {
		t.Errorf("kept %v", kept)
	}
	want(device, "[ACCEPTED]", "the first list is gone")

	waiting := s.taken("cdpf", "retrofits", "2019-06-01", "wza", 1, 0, 0, 0, 0, homeHead, line("安装扶手,2019-04-20,,"))
	household := "household_id=" + items(s.do("cdpf", "GET", "/households?person_id="+id, nil).want(200), "items")[0]["id"].(string)
	want(household, "[ACCEPTANCE]", "completed")
	rectify := s.taken("cdpf", "retrofits", "2019-06-02", "wza", 0, 1, 0, 0, 0, homeHead, line("安装扶手,2019-04-20,2019-04-25,整改"))
	want(household, "[RECTIFY]", "to be put right")
	s.taken("cdpf", "retrofits", "2019-06-03", "wzb", 0, 0, 1, 0, 0, homeHead, line("安装扶手,2019-04-20,,"))
	want(household, "[RECTIFY]", "a list that is behind")
	passed := s.taken("cdpf", "retrofits", "2019-06-04", "wza", 0, 1, 0, 0, 0, homeHead, line("安装扶手,2019-05-10,2019-05-12,合格"))
	want(household, "[DONE]", "put right")
	s.wantRate(retrofitRate, "2019-06-09", 1, 1)
	s.undone(rectify)
	want(household, "[DONE]", "one between is gone")
	s.undone(passed)
	want(household, "[ACCEPTANCE]", "neither is there")
	s.wantRate(retrofitRate, "2019-06-09", 0, 1)
	s.undone(waiting)
	want(household, "[ACCEPTANCE]", "the other list has it")

	sameDay := s.person2(803)
	line = func(rest string) string { return "金丝雀803," + number(803) + "," + rest }
	s.taken("cdpf", "retrofits", "2019-06-01", "wza", 1, 0, 0, 0, 0, homeHead, line("安装扶手,2019-04-20,,"))
	s.taken("cdpf", "retrofits", "2019-06-02", "wza", 0, 1, 0, 0, 0, homeHead, line("安装扶手,2019-04-20,,整改"))
	s.taken("cdpf", "retrofits", "2019-06-03", "wzb", 0, 0, 1, 0, 0, homeHead, line("安装扶手,2019-04-20,,"))
	want("household_id="+items(s.do("cdpf", "GET", "/households?person_id="+sameDay, nil).want(200), "items")[0]["id"].(string), "[RECTIFY]", "to be put right since the day it was completed")

	other := s.person2(802)
	both := s.taken("cdpf", "devices", "2019-06-05", "fj", 1, 1, 0, 0, 0, deviceHead, fmt.Sprintf("金丝雀802,%s,手杖,2019-04-01,", number(802)), fmt.Sprintf("金丝雀802,%s,手杖,2019-04-01,2019-04-09", number(802)))
	want("person_id="+other, "[ACCEPTED]", "both in one file")
	if kept := s.undone(both); len(kept) != 0 {
		t.Errorf("kept %v", kept)
	}
	want("person_id="+other, "[]", "taken back")
}

// TestOfficersAcceptWhatListsHave: an officer goes on with what a list has brought, and a later list does not go over his head.
func TestOfficersAcceptWhatListsHave(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	id := s.person2(811)
	line := func(rest string) string { return "金丝雀811," + number(811) + "," + rest }
	const deviceHead, homeHead = "姓名,身份证号,辅具名称,适配日期,签收日期", "户主姓名,身份证号,改造内容,竣工日期,验收日期,验收结果"
	fitted := s.taken("cdpf", "devices", "2019-06-01", "fj", 1, 0, 0, 0, 0, deviceHead, line("手杖,2019-04-01,"))
	take := func(query, user, step, on, evidence string) {
		t.Helper()
		there := items(s.do("cdpf", "GET", "/services?"+query, nil).want(200), "items")[0]
		s.do(user, "POST", "/services/"+there["id"].(string)+"/steps", map[string]any{"step": step, "on": on, "evidence": json.RawMessage(evidence)}, "If-Match", fmt.Sprintf(`"%v"`, there["version"])).want(201)
	}
	take("person_id="+id, "liaison.a", "accept", "2019-06-05", `{"signed_by":"person"}`)
	s.taken("cdpf", "devices", "2019-06-02", "fj", 0, 0, 1, 0, 0, deviceHead, line("手杖,2019-04-01,2019-04-09"))
	if kept := s.undone(fitted); len(kept) != 0 {
		t.Errorf("named by another list, and kept %v", kept)
	}
	s.taken("cdpf", "retrofits", "2019-06-01", "wza", 1, 0, 0, 0, 0, homeHead, line("安装扶手,2019-04-20,2019-04-25,整改"))
	household := "household_id=" + items(s.do("cdpf", "GET", "/households?person_id="+id, nil).want(200), "items")[0]["id"].(string)
	take(household, "town.a", "finish", "2019-06-06", `{}`)
	later := s.taken("cdpf", "retrofits", "2019-06-02", "wza", 0, 0, 0, 1, 0, homeHead, line("安装扶手,2019-04-20,2019-06-07,合格"))
	if got := refusals(later); got != "2 C 改造内容 STANDS_OTHERWISE" {
		t.Errorf("somebody here is on it: %s", got)
	}
	take(household, "cdpf", "accept", "2019-06-08", `{"result":"PASS","signatures":[{"by":"cdpf","name":"甲"},{"by":"applicant","name":"乙"},{"by":"builder","name":"丙"}]}`)
	if got := fmt.Sprint(s.services(household), s.services("person_id="+id)); got != "[DONE] [ACCEPTED]" {
		t.Errorf("accepted by officers: %s", got)
	}
}

// TestListAfterAStepThatWasTakenBack: a step that an officer took back before a list brought a service on does not keep what that list has brought.
func TestListAfterAStepThatWasTakenBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	device := "person_id=" + s.person2(812)
	line := func(rest string) string { return "金丝雀812," + number(812) + "," + rest }
	const head = "姓名,身份证号,辅具名称,适配日期,签收日期"
	s.taken("cdpf", "devices", "2019-06-01", "fj", 1, 0, 0, 0, 0, head, line("手杖,2019-04-01,"))
	there := func() (string, string) {
		t.Helper()
		one := items(s.do("cdpf", "GET", "/services?"+device, nil).want(200), "items")[0]
		return "/services/" + one["id"].(string) + "/steps", fmt.Sprintf(`"%v"`, one["version"])
	}
	path, version := there()
	s.do("liaison.a", "POST", path, map[string]any{"step": "accept", "on": "2019-06-05", "evidence": json.RawMessage(`{"signed_by":"person"}`)}, "If-Match", version).want(201)
	path, version = there()
	s.do("liaison.a", "POST", path+"/void", map[string]any{"seq": 2, "reason": "记错"}, "If-Match", version).want(200)
	accepted := s.taken("cdpf", "devices", "2019-06-02", "fj", 0, 1, 0, 0, 0, head, line("手杖,2019-04-01,2019-04-09"))
	if kept := s.undone(accepted); len(kept) != 0 {
		t.Errorf("kept %v", kept)
	}
	if got := fmt.Sprint(s.services(device)); got != "[FITTED]" {
		t.Errorf("no list says that it was signed for: %s", got)
	}
}
