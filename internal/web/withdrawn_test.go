package web_test

import (
	"slices"
	"strings"
	"testing"
)

// TestWithdrawPhoto: a photo of the wrong home goes out of sight by the page of its service, and is offered to no step.
func TestWithdrawPhoto(t *testing.T) {
	t.Parallel()
	s := start(t)
	one := s.ramp(s.homeOf("liaison.a", s.person(61, 1, villageA)))
	at := "/services/" + one.ID.String()
	wrong, right := s.attached("liaison.a", one.ID, 1), s.attached("liaison.a", one.ID, 2)
	if page := s.as("town.a").get(at).want(200); strings.Contains(textOf(page.doc), "撤回") {
		t.Error("who has not uploaded it is offered to withdraw it")
	}
	if got := s.as("cdpf").get(at).want(200).choices("attachment"); !slices.Equal(got, []string{wrong.ID.String(), right.ID.String()}) {
		t.Errorf("the district may withdraw %v", got)
	}
	form := s.as("liaison.a").get(at).want(200).form("withdraw").set("attachment", wrong.ID.String())
	form.send().want(422).says("撤回原因")
	form.set("reason", "拍的是隔壁家").send().want(303).follow().want(200).says("照片已撤回", "已撤回：拍的是隔壁家")
	s.as("liaison.a").get("/attachments/" + wrong.ID.String()).want(404).says("该材料已撤回")
	s.as("liaison.a").get("/attachments/" + right.ID.String()).want(200)
	page := s.as("liaison.a").get(at + "/steps/start").want(200)
	if strings.Contains(page.body, wrong.ID.String()) || !strings.Contains(page.body, right.ID.String()) {
		t.Error("a step is offered the photo that was withdrawn, or not the other")
	}
	page.form("take").choose("evidence.files.kept", right.ID.String()).send().want(303)
}
