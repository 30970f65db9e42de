package web_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casework"
)

// TestHardshipBesideTheQuestion: whoever verifies a home reads what the register has of the day, and what contradicts it is asked about with
// everything kept that was entered.
func TestHardshipBesideTheQuestion(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, who, b := context.Background(), s.actor("liaison.a"), s.as("liaison.a")
	lives := s.person(61, 1, villageA)
	home := s.homeOf("liaison.a", lives)
	_, err := s.desk.AddCircumstance(ctx, s.actor("cdpf"), lives, casework.NewCircumstance{Kind: "dibao_edge", Value: []byte("true"), ValidFrom: calendar.MustDate("2023-03-10"), Source: "民政"})
	must(t, err)
	one, err := s.desk.OpenService(ctx, who, care.Retrofit, uuid.Nil, home, calendar.MustDate("2023-03-01"), evidence(t, `{"items":[{"item":"RAMP"}]}`))
	must(t, err)
	for _, user := range []string{"liaison.a", "civil", "auditor"} {
		s.as(user).get("/households/" + home.String()).want(200).says("困难类型：系统" + s.today().String() + "登记为：低保边缘。")
	}
	at := "/households/" + home.String()
	b.get(at + "?as_of=2023-03-09").want(200).says("困难类型：系统2023-03-09登记为：无。")
	b.get(at + "?as_of=2023.3.10").want(200).says("困难类型：系统2023-03-10登记为：低保边缘。")
	b.get(at+"?as_of=2023-02-30").want(200).says("“2023-02-30”不是可用的日期，未采用", "困难类型：系统"+s.today().String())
	page := b.get("/services/" + one.ID.String() + "/steps/verify").want(200).says("系统" + s.today().String() + "登记为：低保边缘。")
	again := page.form("take").set("on", "2023-03-05", "evidence.findings", "门口有台阶", "evidence.hardship", "dibao", "evidence.willing", "yes").send().want(422).
		says("系统2023-03-05登记为：无。", "系统当日登记的困难类型为无，与所填不符")
	f := again.form("take")
	if f.values.Get("evidence.findings") != "门口有台阶" || f.values.Get("evidence.hardship") != "dibao" {
		t.Errorf("the form has lost what was entered: %v", f.values)
	}
	f.set("evidence.hardship_basis", "低保证").send().follow().want(200).says("困难类型依据", "低保证", "系统当日登记的困难类型无")
}
