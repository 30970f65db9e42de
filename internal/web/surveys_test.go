package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

// answered is the survey years and days of what somebody has answered, in the order of recording.
func (s *site) answered(id uuid.UUID, years ...int) (list []string) {
	s.t.Helper()
	for _, year := range years {
		found, err := s.desk.DB.ListResponses(context.Background(), s.actor("cdpf"), year, "370305", id, uuid.Nil, 9)
		must(s.t, err)
		for _, r := range found {
			list = append(list, fmt.Sprint(r.Year, " ", r.CollectedOn))
		}
	}
	return list
}

// answersOf are the fields of the questions that have to be answered, for a page or a phone.
func (s *site) answersOf(id uuid.UUID) (pairs []string) {
	s.t.Helper()
	answers := s.answers(id)
	for _, code := range slices.Sorted(maps.Keys(answers)) {
		pairs = append(pairs, "answers."+code, answers[code])
	}
	return pairs
}

// TestSurveyBetweenTheRounds: when the window of one year is over, the next year is asked, on pages and phones; what was asked before belongs
// to the year that it was asked for, however late it arrives.
func TestSurveyBetweenTheRounds(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(62, 1, villageA)
	answers := append(s.answersOf(id), "mode", "visit")
	s.as("liaison.a").get("/persons/" + id.String() + "/survey").want(200).says("2022年度需求调查")
	s.clock.Add(35 * 24 * time.Hour) // 2 May
	delete(s.browsers, "liaison.a")
	b := s.as("liaison.a")
	page := b.get("/persons/" + id.String() + "/survey").want(200).says("2023年度需求调查")
	page.form("save").set(answers...).send().follow().want(200).says("调查已保存")
	page.form("save").set(answers...).set("key", uuid.NewString(), "collected_on", "2022-12-31").send().want(422).says("日期不在该年度的调查期内")
	page.form("save").set(answers...).set("key", uuid.NewString(), "year", "2022", "seen", uuid.Nil.String(), "collected_on", "2023-03-31").send().want(303) // opened before midnight

	var taken struct{ Year int }
	must(t, json.Unmarshal([]byte(b.get("/offline/files").want(200).body), &taken))
	if seen := s.file(b, id).Seen; taken.Year != 2023 || seen == "" {
		t.Errorf("the phone asks for %d, seen %q", taken.Year, seen)
	}
	entry := func(person uuid.UUID, year, on string) entry {
		return newEntry("survey", append(slices.Clone(answers), "id", person.String(), "year", year, "collected_on", on, "seen", "")...)
	}
	b.send(entry(id, "2022", "2023-03-30")).want(t, 200, "")
	if got := fmt.Sprint(s.answered(id, 2022, 2023)); got != "[2022 2023-03-31 2022 2023-03-30 2023 2023-05-02]" {
		t.Errorf("answered: %s", got)
	}
	late := s.person(63, 1, villageA) // asked in April by a phone that has not heard since March
	b.send(entry(late, "2022", "2023-04-20")).want(t, 200, "")
	if got := fmt.Sprint(s.answered(late, 2022, 2023)); got != "[2023 2023-04-20]" {
		t.Errorf("answered: %s", got)
	}
	again := entry(late, "2022", "2023-04-21") // another phone of that kind: whoever has seen both decides, once
	again.values["answers.HOUSING"] = "borrowed"
	h := s.as("town.a").send(again).want(t, 412, "SURVEYED_MEANWHILE")
	maps.Copy(again.values, h.Conflict.Fresh)
	s.as("town.a").send(again).want(t, 200, "")
}

// TestSurveyedMeanwhile: answers that another has given since the page was opened are shown beside one's own, and not passed over.
func TestSurveyedMeanwhile(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(64, 1, villageA)
	at := "/persons/" + id.String() + "/survey"
	answers := append(s.answersOf(id), "mode", "visit", "collected_on", "2023-03-27")
	mine := s.as("liaison.a").get(at).want(200).form("save").set(answers...).set("answers.HOUSING", "own").choose("answers.REHAB_NEED", "training")
	s.as("town.a").get(at).want(200).form("save").set(answers...).set("answers.HOUSING", "borrowed").choose("answers.REHAB_NEED", "nursing", "device").send().want(303)
	mine.set("do", "next").send().want(200).form("save") // shows what follows, and not what another has answered
	both := mine.set("do", "save").send().want(412).says("刚被他人修改", "已被他人改为")
	if got := fmt.Sprint(s.answered(id, 2022)); got != "[2022 2023-03-27]" {
		t.Errorf("answered: %s", got)
	}
	both.form("save").send().want(303)
	now := s.as("town.a").get(at).want(200).form("save").values
	if now.Get("answers.HOUSING") != "own" || fmt.Sprint(now["answers.REHAB_NEED"]) != "[training]" || now.Get("answers.INCOME") == "" {
		t.Errorf("the page is filled in with %v", now)
	}
}
