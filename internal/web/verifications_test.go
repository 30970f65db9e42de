package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
)

func init() {
	readers := roles{liaison, town, cdpf, civil, auditor}
	maps.Copy(maySee, map[string]roles{"/persons/:id/payees": {liaison, town, cdpf, civil, finance, auditor}, "/persons/:id/verifications": readers, "/verifications": readers})
	maps.Copy(mayDo, map[string]roles{"/persons/:id/payees set": {liaison, town}, "/persons/:id/verifications record": {liaison, town}, "/verifications by_data": {cdpf, civil}})
}

// TestPayeePage: an account is the person's own, a recorded guardian's or an heir's; nothing of it is shown but its end.
func TestPayeePage(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(21, 1, villageA)
	at, b := "/persons/"+id.String()+"/payees", s.as("liaison.a")
	form := b.get(b.get("/persons/" + id.String()).want(200).says("没有登记收款账户").link("收款账户")).want(200).form("set")
	if form.values.Get("holder") != "金丝雀21" {
		t.Errorf("the form begins with %q", form.values.Get("holder"))
	}
	form.send().want(422).says("请填写此项")
	form.set("account", "6228480200012345678", "holder", "别人").send().want(422).says("须为残疾人本人账户")
	form.set("relation", "guardian").send().want(422).says("不是登记的监护人")
	form.set("relation", "estate").send().want(422).says("本人健在")
	sent := form.set("relation", "self", "holder", "金丝雀21").send().follow().want(200).says("收款账户已登记", "现用", "5678", "2023-03-28起")
	if strings.Contains(sent.body, "6228480200012345678") {
		t.Error("the page shows the account in clear")
	}
	form.set("account", "6228480200087654321", "reason", "换卡", "key", "again").send().follow().says("4321", "换卡", "2023-03-28至2023-03-28")
	b.get("/persons/" + id.String()).says("收款人：金丝雀21")
	_, err := s.desk.AddCircumstance(context.Background(), s.actor("town.a"), id, casework.NewCircumstance{Kind: "death", Value: json.RawMessage("true"), ValidFrom: calendar.MustDate("2023-03-27"), Source: "公安局"})
	must(t, err)
	b.get(at).form("set").set("relation", "estate", "holder", "继承人甲", "account", "6228480200012345678").send().follow().says("继承人甲", "继承人")
	if sh := s.as("finance").get(at).want(200).says("继承人甲"); strings.Contains(sh.body, `name="do"`) {
		t.Error("a finance officer is shown a form")
	}
	s.as("liaison.b").get(at).want(404)
}

// TestVerificationPages: in the window everybody who is paid is listed; who passes is done, by a look or by a list.
func TestVerificationPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	if sh := s.as("liaison.a").get("/verifications").want(200).says("未规定该年度定期复核"); chosenIn(sh, "year") != "2023" {
		t.Errorf("the page of 2023 says that it is of %q", chosenIn(sh, "year"))
	}
	first, second, third := s.person(31, 1, villageA), s.person(33, 1, villageA), s.person(35, 1, villageB)
	s.granted("liaison.a", first)
	s.granted("liaison.a", second)
	s.granted("liaison.b", third)
	s.clock.Add(time.Date(2027, 4, 20, 2, 0, 0, 0, time.UTC).Sub(s.clock.Now()))
	b := s.again("liaison.a")
	page := b.get("/verifications").want(200).says("2027年度定期复核", "金丝雀31", "金丝雀33", "待复核")
	if row := page.row("辛东社区居委会"); strings.Join(row[1:], " ") != "2 0 0 0 0 2" {
		t.Errorf("the village stands as %v", row)
	}
	at := page.link("金丝雀31")
	form := b.get(at).want(200).says("没有复核记录").form("record")
	form.send().want(422).says("请选择")
	form.set("method", "visit", "outcome", "failed").send().want(422).says("须说明情况")
	form.set("outcome", "passed", "on", "2027-05-01").send().want(422).says("不能晚于今天")
	form.set("on", "2027-04-20", "findings", "本人在家").send().follow().want(200).says("复核已登记", "入户", "通过", "本人在家")
	b.get(strings.TrimSuffix(at, "/verifications")).want(200).says("本人在家")
	b.get("/verifications?state=due").want(200).says("金丝雀33")
	if sh := b.get("/verifications?state=done").want(200).says("金丝雀31"); strings.Contains(sh.body, "金丝雀33") {
		t.Error("who is due stands among those who are done")
	}
	_, err := s.desk.AddCircumstance(context.Background(), s.actor("cdpf"), third, casework.NewCircumstance{Kind: "insurance_medical", Value: json.RawMessage(`"resident"`), ValidFrom: calendar.MustDate("2027-01-01"), Source: "医保局"})
	must(t, err)
	district := s.again("cdpf").get("/verifications").want(200)
	if row := district.row("闻韶街道"); strings.Join(row[1:], " ") != "3 0 1 0 0 2" {
		t.Errorf("the town stands as %v", row)
	}
	elsewhere := s.as("cdpf").get("/verifications?area=" + townC).want(200).form("by_data").send().follow().says("名单已确认的人员已复核")
	if in := chosenIn(elsewhere, "area"); in != townC {
		t.Errorf("who verified a town is shown %q", in)
	}
	if row := s.as("cdpf").get("/verifications").row("闻韶街道"); strings.Join(row[1:], " ") != "3 0 1 0 0 2" {
		t.Errorf("after another town was verified, this one stands as %v", row)
	}
	district.form("by_data").send().follow().says("名单已确认的人员已复核")
	villages := s.as("cdpf").get(district.link("闻韶街道")).want(200)
	if in := chosenIn(villages, "area"); in != townA {
		t.Errorf("who then asks for a state asks for it in %q", in)
	}
	if row := villages.row("闻韶街道 太公社区居委会"); strings.Join(row[1:], " ") != "1 1 0 0 0 0" {
		t.Errorf("the village stands as %v", row)
	}
	if sh := s.again("auditor").get("/verifications?year=2026").want(200); strings.Contains(sh.body, `name="do"`) {
		t.Error("an auditor is shown a form")
	}
}

// TestHostilePayees stores each text in every field of payees and verifications.
func TestHostilePayees(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	id := s.person(41, 1, villageA)
	at := "/persons/" + id.String()
	for i, text := range hostile {
		b.get(at+"/payees").form("set").set("account", fmt.Sprintf("62284802000%08d", i), "reason", text).send().want(303)
		b.get(at+"/payees").form("set").set("account", text, "holder", text, "relation", text).send().want(422).wantHarmless()
		_, err := s.desk.Verify(context.Background(), s.actor("liaison.a"), casefile.Verification{PersonID: id, On: s.today(), Method: "visit", Passed: i%2 == 0, Findings: text})
		must(t, err)
		b.get(at+"/verifications").form("record").set("method", text, "outcome", text, "findings", text, "on", text).send().want(422).wantHarmless()
		b.get("/verifications?year=" + escaped(text) + "&state=" + escaped(text) + "&area=" + escaped(text)).want(200).wantHarmless()
	}
	b.get(at + "/payees").want(200).says(strings.Join(strings.Fields(hostile[0]), " ")).wantHarmless()
	b.get(at + "/verifications").want(200).says(strings.Join(strings.Fields(hostile[0]), " ")).wantHarmless()
	b.get(at).want(200).wantHarmless()
	child := s.child(0, hostile[0]) // whose guardian's name stands in a hint
	b.get("/persons/" + child.String() + "/payees").want(200).wantHarmless()
}
