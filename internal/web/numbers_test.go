package web_test

import (
	"slices"
	"strings"
	"testing"
)

// TestNumbersPage: who needs a number that is masked says which and what for, is shown it once, and it is kept who asked.
func TestNumbersPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	at := "/persons/" + s.person(71, 2, villageA).String()
	for _, user := range []string{"liaison.a", "town.a", "cdpf", "civil"} {
		b := s.as(user)
		page := b.get(b.get(at).want(200).link("查看完整号码")).want(200)
		if strings.Contains(page.body, number(71)) {
			t.Fatal("shown before anybody has asked")
		}
		page.form("reveal").set("reason", "电话核对").send().want(422).says("请选择")
		page.form("reveal").choose("fields", "id_number").send().want(422).says("请填写此项")
		told := page.form("reveal").choose("fields", "id_number", "phone").set("reason", "电话核对").send().want(200).says(number(71), "电话")
		if strings.Contains(told.body, number(71)+"42") {
			t.Error("the number of the card is shown, too")
		}
		if again := b.get(at + "/numbers").want(200); strings.Contains(again.body, number(71)) {
			t.Error("shown again to who has not asked again")
		}
	}
	if strings.Contains(s.as("auditor").get(at).want(200).body, "查看完整号码") {
		t.Error("an auditor is led there")
	}
	s.as("auditor").get("/audit?action=person.reveal").want(200).says("查看完整号码")
}

// TestReachedFromTheStart: pages that a role may see and that stand in no group of its menu are led to from where it begins.
func TestReachedFromTheStart(t *testing.T) {
	t.Parallel()
	s := start(t)
	for path, led := range map[string]roles{"/calendars": maySee["/calendars"], "/ratings": maySee["/ratings"], "/services": maySee["/services"], "/policies": {finance, auditor, admin}} {
		for role, user := range userOf {
			page := s.as(user).get("/").want(200)
			if reached := strings.Contains(page.body, `href="`+path+`"`); reached != slices.Contains(led, role) {
				t.Errorf("the start of %s leads to %s: %v", role, path, reached)
			}
		}
	}
	for _, user := range []string{"civil", "finance", "auditor"} {
		s.as(user).get("/services").want(200).says("全部未办结")
	}
}
