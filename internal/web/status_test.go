package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"zhucan/internal/application"
	"zhucan/internal/calendar"
)

// TestStatusPage: an applicant without an account asks by the number of his case and its code, reads how it stands and nothing of the person, and rates
// the decision once. Who guesses waits, as at the sign-in, and what was entered is put back, but for nobody in an address.
func TestStatusPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.submitted(431, 2, villageA)
	b := s.browser()
	b.get("/sign-in").want(200).says("申请人查询办理进度")
	ask := func(number, code string) shown {
		return b.get("/status").want(200).form("ask").set("case_number", number, "code", code).send()
	}
	nothingPersonal := func(sh shown) {
		t.Helper()
		for _, secret := range []string{"金丝雀", number(431), c.PersonID.String(), "6228480"} {
			if strings.Contains(sh.body, secret) {
				t.Errorf("the page says %q", secret)
			}
		}
		if at := sh.path; strings.Contains(at, c.CaseNumber) {
			t.Errorf("the number stands in the address %s", at)
		}
	}
	ask("", "").want(422).says("请填写此项")
	ask("100001", c.StatusCode).want(422).says("受理编号不正确")
	if wrong := ask(c.CaseNumber, "AAAAAAAA").want(404).says("受理编号或查询码不正确"); wrong.form("ask").values.Get("case_number") != c.CaseNumber {
		t.Error("what was entered is gone")
	}
	waiting := ask(" "+c.CaseNumber+" ", strings.ToLower(c.StatusCode)).want(200).says("待镇办审核", "本环节办理期限")
	nothingPersonal(waiting)
	if strings.Contains(waiting.body, `value="rate"`) {
		t.Error("what is not decided is rated")
	}
	_, err := s.desk.DecideApplication(t.Context(), s.actor("town.a"), c.ID, c.Version, application.Ruling{Decision: "approve"})
	must(t, err)

	decided := ask(c.CaseNumber, c.StatusCode).want(200).says("已批准", "办结日期"+calendar.DateOf(s.clock.Now()).String(), "对办理结果是否满意")
	nothingPersonal(decided)
	decided.form("rate").set("text", "慢").send().want(422).says("请选择", "已批准")
	decided.form("rate").set("score", "4", "text", "证"+number(2)).send().want(422).says("已批准")
	decided.form("rate").set("score", "4", "code", "AAAAAAAA").send().want(404).says("受理编号或查询码不正确")
	decided.form("rate").set("score", "4", "text", "很快", "csrf", "x").send().want(403)
	nothingPersonal(decided.form("rate").set("score", "4", "text", "很快").send().want(200).says("评价已记录", "已批准"))
	decided.form("rate").set("score", "1").send().want(409).says("已评价")
	if got := strings.Join(s.opinions(), "; "); got != "4 code 很快" {
		t.Errorf("the opinions are %q", got)
	}
	b.get("/status", "Accept-Language", "en").want(200).says("How an application stands")
	b.do("POST", "/status", strings.NewReader("do=ask"), "Content-Type", "application/x-www-form-urlencoded").want(403)

	for range 8 {
		ask(c.CaseNumber, "AAAAAAAA")
	}
	late := ask(c.CaseNumber, c.StatusCode).want(http.StatusTooManyRequests).says("失败次数过多")
	if late.header.Get("Retry-After") == "" {
		t.Error("nobody is told how long to wait")
	}
	s.clock.Add(time.Hour)
	ask(c.CaseNumber, c.StatusCode).want(200).says("已批准")
}
