package web_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/application"
	"zhucan/internal/casework"
	"zhucan/internal/recovery"
)

// TestHostileTextsOfOffices stores each text where an office writes one, and opens the pages that show it.
func TestHostileTextsOfOffices(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	f := fixture{more: map[string]uuid.UUID{}}
	for _, add := range further {
		add(s, &f)
	}
	notice, err := s.desk.DB.Notice(ctx, s.actor("town.a"), f.more["/notices"])
	must(t, err)
	asked, err := s.desk.DB.Recovery(ctx, s.actor("cdpf"), f.more["/recoveries"])
	must(t, err)
	c := s.submitted(601, 1, villageA)
	queue, at := s.submitted(603, 1, villageA), "/applications/"+c.ID.String()
	for i, text := range hostile {
		c, err = s.desk.DecideApplication(ctx, s.actor("town.a"), c.ID, c.Version, application.Ruling{Decision: "return", Reason: text, Fields: []string{text}})
		must(t, err)
		_, err = s.desk.RecordObjection(ctx, s.actor("town.a"), notice.ID, notice.Items[0].ID, text)
		must(t, err)
		asked, err = s.desk.StepRecovery(ctx, s.actor("cdpf"), asked.ID, asked.Version, recovery.Step{Event: "agree_instalments", Reason: text})
		must(t, err)
		list, _, err := s.desk.ImportList(ctx, s.actor("town.a"), casework.NewList{Kind: "deaths", Sender: string([]rune(text)[:min(60, len([]rune(text)))]), DryRun: true,
			Data: []byte("姓名,身份证号,死亡日期,\"" + doubled(text) + "\"\n\"" + doubled(text) + "\",1,2023-01-02,x\n")})
		must(t, err)
		b := s.as("town.a")
		for _, path := range []string{"/queue/" + c.ID.String(), at, at + "/letter", at + "/form", "/imports/" + list.ID.String()} {
			b.get(path).want(200).wantHarmless()
		}
		b.get("/queue/"+queue.ID.String()).form("decide").set("decision", text, "reason_code", text, "reason", text, "area", text, "stage", text, "programme", text).send().want(422).wantHarmless()
		b.get("/queue").form("decide").choose("case", text).set("decision", "approve").send().want(400).wantHarmless()
		b.get("/imports/new").form("try").set("kind", text, "sender", text, "as_of", text).send().want(422).wantHarmless()
		if i%10 == 0 {
			for _, path := range []string{"/queue", "/imports", "/notices/" + notice.ID.String(), "/recoveries/" + asked.ID.String()} {
				b.get(path).want(200).wantHarmless()
			}
		}
		c, err = s.desk.ResubmitApplication(ctx, s.actor("liaison.a"), c.ID, c.Version, casework.Resubmission{})
		must(t, err)
	}
	found, err := s.desk.DB.ListObjections(ctx, s.actor("town.a"), notice.ID)
	must(t, err)
	if len(found) != len(hostile) {
		t.Errorf("%d objections", len(found))
	}
}

// doubled is a text inside quotes of a csv file.
func doubled(text string) string {
	out := ""
	for _, r := range text {
		if out += string(r); r == '"' {
			out += `"`
		}
	}
	return out
}
