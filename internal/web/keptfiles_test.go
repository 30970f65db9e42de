package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// homeOf makes somebody's household, in a home that may be altered.
func (s *site) homeOf(user string, person uuid.UUID) uuid.UUID {
	s.t.Helper()
	ctx, who := context.Background(), s.actor(user)
	h, err := s.desk.CreateHousehold(ctx, who, casework.NewHousehold{Area: villageA, Address: "测试路9号",
		Members: []casework.NewMember{{PersonID: person, Relation: "head", From: calendar.MustDate("2020-01-01")}}})
	must(s.t, err)
	_, err = s.desk.AddHouseholdCircumstance(ctx, who, h.Household.ID, casework.NewCircumstance{Kind: "dwelling", Value: []byte(`"own"`), ValidFrom: calendar.MustDate("2020-01-01"), Source: "入户查看"})
	must(s.t, err)
	return h.Household.ID
}

// ramp is a retrofit of a home that has been agreed upon and contracted.
func (s *site) ramp(home uuid.UUID) care.Service {
	s.t.Helper()
	one, err := s.desk.OpenService(context.Background(), s.actor("liaison.a"), care.Retrofit, uuid.Nil, home, calendar.MustDate("2023-03-01"), evidence(s.t, `{"items":[{"item":"RAMP"}]}`))
	must(s.t, err)
	s.step("liaison.a", one.ID, "verify", "2023-03-02", `{"findings":"属实","hardship":"dibao","hardship_basis":"低保证","willing":true}`)
	s.step("liaison.a", one.ID, "plan", "2023-03-03", `{"items":[{"item":"RAMP","cost_fen":100}],"agreed_by":"family"}`)
	s.step("cdpf", one.ID, "approve", "2023-03-04", `{"total_fen":100,"funds":[{"source":"district","fen":100}]}`)
	s.step("cdpf", one.ID, "contract", "2023-03-05", `{"contractor":"甲","number":"1","amount_fen":100}`)
	return one
}

func (s *site) attached(user string, service uuid.UUID, shade uint8) store.Attachment {
	s.t.Helper()
	a, _, err := s.desk.Attach(context.Background(), s.actor(user), service, photograph(shade))
	must(s.t, err)
	return a
}

// TestPhotosTakenOnSite: what was photographed when work began and ended is chosen at acceptance, and need not be uploaded once more.
func TestPhotosTakenOnSite(t *testing.T) {
	t.Parallel()
	s := start(t)
	one := s.ramp(s.homeOf("liaison.a", s.person(61, 1, villageA)))
	before, after := s.attached("liaison.a", one.ID, 1), s.attached("liaison.a", one.ID, 2)
	s.step("liaison.a", one.ID, "start", "2023-03-06", fmt.Sprintf(`{"files":[%q]}`, before.ID))
	s.step("liaison.a", one.ID, "finish", "2023-03-07", fmt.Sprintf(`{"files":[%q]}`, after.ID))
	at := "/services/" + one.ID.String()
	page := s.as("cdpf").get(at+"/steps/accept").want(200).says("附件1（2023-03-28），开工", "附件2（2023-03-28），完工报验")
	form := page.form("take").set("evidence.result", "PASS", "evidence.items.0.item", "RAMP")
	for i, by := range []string{"cdpf", "applicant", "builder"} {
		form.set(fmt.Sprintf("evidence.signatures.%d.by", i), by, fmt.Sprintf("evidence.signatures.%d.name", i), "甲")
	}
	form.send().want(422)
	form.choose("evidence.items.0.before.kept", before.ID.String()).send().want(422)
	refused := form.choose("evidence.items.0.after.kept", uuid.NewString()).send().want(422).says("有附件未上传到本服务")
	ticked := 0
	for _, box := range all(refused.doc, "input") {
		for _, a := range box.Attr {
			if a.Key == "checked" && attr(box, "value") == before.ID.String() {
				ticked++
			}
		}
	}
	if ticked != 1 {
		t.Errorf("%d boxes are still ticked after a refusal, want 1", ticked)
	}
	form.choose("evidence.items.0.after.kept", after.ID.String()).send().want(303).follow().want(200).says("验收合格")
	done, err := s.desk.DB.Service(context.Background(), s.actor("cdpf"), one.ID)
	must(t, err)
	accepted, _ := done.Last("accept")
	if got, want := fmt.Sprint(accepted.Evidence["items"]), fmt.Sprintf("[map[after:[%s] before:[%s] item:RAMP]]", after.ID, before.ID); got != want {
		t.Errorf("the acceptance names %s, want %s", got, want)
	}
}

// TestPhotosOfTheStepItself: what is there may be joined by what comes with the step, each file once.
func TestPhotosOfTheStepItself(t *testing.T) {
	t.Parallel()
	s := start(t)
	one := s.ramp(s.homeOf("liaison.a", s.person(61, 1, villageA)))
	at := "/services/" + one.ID.String() + "/steps/start"
	if page := s.as("liaison.a").get(at).want(200); strings.Contains(page.body, ".kept") {
		t.Error("files are offered where there are none")
	}
	kept := s.attached("liaison.a", one.ID, 1)
	form := s.as("liaison.a").get(at).want(200).form("take").choose("evidence.files.kept", kept.ID.String())
	form.file("evidence.files", photograph(1)).file("evidence.files", photograph(2)).send().want(303)
	done, err := s.desk.DB.Service(context.Background(), s.actor("liaison.a"), one.ID)
	must(t, err)
	began, _ := done.Last("start")
	files, _ := began.Evidence["files"].([]any)
	list, err := s.desk.DB.Attachments(context.Background(), s.actor("liaison.a"), one.ID)
	must(t, err)
	if len(list) != 2 || len(files) != 2 || files[0] != kept.ID.String() || files[1] != list[1].ID.String() {
		t.Errorf("the step has %v of %v", files, list)
	}
}
