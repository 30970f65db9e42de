package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

func init() {
	readers, officers := roles{liaison, town, cdpf, civil, finance, auditor}, roles{town, cdpf, civil}
	maps.Copy(maySee, map[string]roles{"/persons/:id/awards/:award": readers, "/persons/:id/holds": readers})
	maps.Copy(mayDo, map[string]roles{"/persons/:id/awards/:award suspend": officers, "/persons/:id/awards/:award resume": officers, "/persons/:id/awards/:award end": officers,
		"/persons/:id/awards/:award void": {civil}, "/persons/:id/awards/:award reinstate": {cdpf, civil}, "/persons/:id/awards/:award back_pay": {cdpf, civil}, "/persons/:id/holds place": officers, "/persons/:id/holds release": officers})
}

// awardOf is the only award of a person.
func (s *site) awardOf(person uuid.UUID) award.Award {
	s.t.Helper()
	list, err := s.desk.Awards(context.Background(), s.actor("cdpf"), store.AwardFilter{PersonID: person, Limit: 5})
	must(s.t, err)
	if len(list) != 1 {
		s.t.Fatalf("%d awards", len(list))
	}
	return list[0]
}

// wantOwed compares the account of a person, up to this month: for each month what is owed, and what was paid.
func (s *site) wantOwed(person uuid.UUID, want ...string) {
	s.t.Helper()
	rows, err := s.desk.DB.Ledger(context.Background(), s.actor("cdpf"), person, s.today().Month())
	must(s.t, err)
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprintf("%s %s/%s", r.Month, r.Due.Yuan(), r.Paid.Yuan()))
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		s.t.Errorf("the account is %v, want %v", got, want)
	}
}

// on moves the clock to a day.
func (s *site) on(day string) {
	s.t.Helper()
	at, err := time.Parse(time.RFC3339, day+"T02:00:00Z")
	must(s.t, err)
	s.clock.Add(at.Sub(s.clock.Now()))
}

// nextRoster is what a roster of this month and village A's town would pay to a person: net amounts with the state of each line.
func (s *site) nextRoster(person uuid.UUID) string {
	s.t.Helper()
	ctx := context.Background()
	r, err := s.desk.MakeRoster(ctx, s.actor("cdpf"), s.today().Month(), area.Code(villageA).Parent(), "")
	must(s.t, err)
	lines, err := s.desk.DB.RosterLines(ctx, s.actor("cdpf"), store.LinesOf{Roster: r.ID, Limit: 50})
	must(s.t, err)
	var got []string
	for _, l := range lines {
		if l.PersonID == person {
			got = append(got, l.Net.Yuan()+" "+string(l.State))
		}
	}
	_, err = s.desk.CancelRoster(ctx, s.actor("cdpf"), r.ID, r.Version)
	must(s.t, err)
	return strings.Join(got, ", ")
}

func (s *site) wantNext(person uuid.UUID, want string) {
	s.t.Helper()
	if got := s.nextRoster(person); got != want {
		s.t.Errorf("the next roster has %q, want %q", got, want)
	}
}

// TestAwardSuspended: nothing is owed from the month of a suspension on; who resumes says whether its months are paid after all.
func TestAwardSuspended(t *testing.T) {
	t.Parallel()
	s := start(t)
	first, _ := s.paid(21, villageA)
	second := s.approved(23, villageA).PersonID
	for i, person := range []uuid.UUID{first, second} {
		town := s.again("town.a")
		at := town.get("/persons/"+person.String()).want(200).says("待遇", "发放中", "没有暂缓发放").link("重度残疾人护理补贴")
		old := town.get(at).want(200).says("审批通过的申请", "2023-03起")
		form := old.form("suspend")
		form.set("from_month", "").send().want(422).says("请填写此项")
		form.set("from_month", "四月", "reason", "住院").send().want(422).says("月份应写成")
		form.set("from_month", "2023-04").send().follow().want(200).says("已暂停发放", "2023-04起暂停：住院", "仍在暂停")
		old.form("end").set("reason", "自愿").send().want(412).says("这份记录刚被他人修改")
		town.get("/persons/"+person.String()+"/ledger").want(200).says("已暂停", "住院")
		if i == 0 {
			s.as("finance").get(at).want(200)
		}
	}
	s.on("2023-05-10")
	s.wantOwed(first, "2023-03 167.00/167.00")
	s.wantNext(first, "")
	for person, back := range map[uuid.UUID]string{first: "yes", second: "no"} {
		cdpf := s.again("cdpf")
		at := cdpf.get("/persons/" + person.String()).link("重度残疾人护理补贴")
		form := cdpf.get(at).form("resume")
		form.send().want(422).says("请选择")
		form.set("from_month", "2023-04", "back_pay", back).send().want(422).says("恢复月份须晚于暂停月份")
		form.set("from_month", "2023-05").send().follow().want(200).says("已恢复发放", "发放中", "2023-04至2023-04", map[string]string{"yes": "补发", "no": "不补发"}[back])
	}
	s.wantOwed(first, "2023-03 167.00/167.00", "2023-04 167.00/0.00", "2023-05 167.00/0.00")
	s.wantOwed(second, "2023-03 167.00/0.00", "2023-05 167.00/0.00")
	s.wantNext(first, "334.00 due")
	s.wantNext(second, "334.00 due")
}

// TestAwardEnded: nothing is owed after the last month; one that was void from the start asks back what was paid.
func TestAwardEnded(t *testing.T) {
	t.Parallel()
	s := start(t)
	first, _ := s.paid(31, villageA)
	second := s.approved(33, villageA).PersonID
	town := s.as("town.a")
	page := town.get(town.get("/persons/" + second.String()).link("重度残疾人护理补贴"))
	form := page.form("end")
	form.set("reason", "").send().want(422).says("请填写此项")
	form.set("reason", "本人申请", "last_month", "2023-02").send().want(422).says("早于起发月份2023-03")
	form.set("last_month", "2023-03").send().follow().want(200).says("待遇已终止", "2023-03至2023-03", "本人申请")
	if strings.Contains(page.body, `value="void"`) {
		t.Error("a town is offered to void an award")
	}
	s.on("2023-05-10")
	s.wantOwed(second, "2023-03 167.00/0.00")
	s.wantNext(second, "167.00 due")
	civil := s.again("civil")
	if after := civil.get(civil.get("/persons/" + second.String()).link("重度残疾人护理补贴")).want(200).says("已终止"); strings.Contains(after.body, `value="end"`) || strings.Contains(after.body, `value="suspend"`) {
		t.Error("an award that has ended is offered to be ended or suspended")
	}

	at := civil.get("/persons/" + first.String()).link("重度残疾人护理补贴")
	civil.get(at).form("suspend").set("from_month", "2023-03", "reason", "住院").send().follow().says("已暂停发放")
	s.wantOwed(first, "2023-03 0.00/167.00")
	s.again("finance").get("/recoveries?state=open").want(200).says("金丝雀31", "167.00")
	void := civil.get(at).want(200).says("已经发放的全部追缴").form("void")
	void.send().want(422).says("请填写此项")
	void.set("reason", "材料虚假").send().follow().want(200).says("待遇已作废", "材料虚假", "已作废")
	s.wantOwed(first, "2023-03 0.00/167.00")
	s.wantNext(first, "")
	s.as("finance").get("/recoveries?state=open").want(200).says("金丝雀31", "167.00")
	void.set("key", uuid.NewString()).send().want(412)
}

// TestAwardOfACancelledCard: it is shown as ended with its card, and an officer may end it for good, as the worklist asks.
func TestAwardOfACancelledCard(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	person := s.approved(37, villageA).PersonID
	d, err := s.desk.Person(ctx, s.actor("cdpf"), person)
	must(t, err)
	card := d.File.Certificates[0]
	_, err = s.desk.AddEvent(ctx, s.actor("cdpf"), card.ID, card.Version, casework.NewEvent{Event: "CANCEL", On: s.today(), CancelReason: "RECOVERED"})
	must(t, err)
	s.on("2023-05-10")
	b := s.again("cdpf")
	page := b.get(b.get("/persons/"+person.String()).link("重度残疾人护理补贴")).want(200).says("已终止", "2023-03至2023-03", "残疾人证已注销")
	if strings.Contains(page.body, `value="reinstate"`) {
		t.Error("what ended with the card is offered to be reinstated")
	}
	form := page.form("end")
	if got := form.values.Get("last_month"); got != "2023-03" {
		t.Errorf("it is proposed to end with %s", got)
	}
	form.set("reason", "已不符合条件", "last_month", "2023-05").send().want(409).says("该待遇发放到2023-03为止（残疾人证已注销），终止月份不能更晚")
	form.set("last_month", "2023-03").send().follow().want(200).says("待遇已终止", "已不符合条件")
}

// TestAwardThatAFactHasEnded: nobody is offered to suspend what has ended with a death, nor the months after the last one.
func TestAwardThatAFactHasEnded(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.approved(38, villageA).PersonID
	at := s.as("civil").get("/persons/" + person.String()).link("重度残疾人护理补贴")
	suspend := s.as("civil").get(at).want(200).form("suspend")
	_, err := s.desk.AddCircumstance(context.Background(), s.actor("cdpf"), person, casework.NewCircumstance{Kind: "death", Value: json.RawMessage("true"), ValidFrom: s.today(), Source: "公安"})
	must(t, err)
	suspend.set("from_month", "2023-04", "reason", "核查").send().want(409).says("该待遇发放到2023-03为止", "其后没有可暂停的月份")
	last := s.as("civil").get(at).want(200).form("suspend")
	if got := last.values.Get("from_month"); got != "2023-03" {
		t.Errorf("in the last month it is proposed to suspend from %s", got)
	}
	last.set("reason", "核查").send().follow().want(200).says("已暂停发放")
	s.on("2023-05-10")
	if page := s.again("civil").get(at).want(200); strings.Contains(page.body, `value="suspend"`) {
		t.Error("what ended with a death is offered to be suspended")
	}
}

// TestReinstatePage: an end by mistake is taken back with a document, by the county and not by the town that made it.
func TestReinstatePage(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.approved(35, villageA).PersonID
	town := s.as("town.a")
	at := town.get("/persons/" + person.String()).link("重度残疾人护理补贴")
	if page := s.as("civil").get(at).want(200); strings.Contains(page.body, `value="reinstate"`) {
		t.Error("an award that runs is offered to be reinstated")
	}
	town.get(at).form("end").set("reason", "复核不合格", "last_month", "2023-03").send().follow().want(200).says("待遇已终止")
	s.on("2023-05-10")
	s.wantOwed(person, "2023-03 167.00/0.00")
	if page := s.again("town.a").get(at).want(200); strings.Contains(page.body, `value="reinstate"`) {
		t.Error("a town is offered to reinstate an award")
	}
	form := s.again("cdpf").get(at).want(200).says("已终止").form("reinstate")
	form.send().want(422).says("请填写此项")
	form.set("document", hostile[0], "reason", hostile[1], "from_month", "2023-03").send().want(422).says("恢复月份须晚于终止月份").wantHarmless()
	form.set("from_month", "2023-04").send().follow().want(200).says("已撤销终止", "发放中", hostile[0], hostile[1]).wantHarmless()
	s.wantOwed(person, "2023-03 167.00/0.00", "2023-04 167.00/0.00", "2023-05 167.00/0.00")
	form.set("key", uuid.NewString()).send().want(412)
}

// TestBackPayPage: of the gap before a card that was renewed late, the months that were chosen are owed at the level of the new card.
func TestBackPayPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	d, err := s.desk.CreatePerson(ctx, s.actor("cdpf"), casework.NewPerson{Name: "金丝雀41", IDNumber: number(41), Hukou: villageA, HukouType: "agricultural",
		Certificate: &casework.NewCertificate{Number: number(41) + "41", Category: 4, Level: 1, IssuedOn: calendar.MustDate("2013-04-20"), ExpiresOn: calendar.MustDate("2023-04-19")}})
	must(t, err)
	id := d.File.Person.ID
	s.granted("liaison.a", id)
	path := fmt.Sprintf("/persons/%s/awards/%s", id, s.awardOf(id).ID)
	s.on("2023-10-10")
	s.again("cdpf").get("/awards").want(200).says("按登记情况不发放") // no officer can resume it
	if page := s.again("cdpf").get(path).want(200).says("按登记情况不发放"); strings.Contains(page.body, `value="back_pay"`) {
		t.Error("months are offered before the card was renewed")
	}
	d, err = s.desk.Person(ctx, s.actor("cdpf"), id)
	must(t, err)
	card := d.File.Certificates[0]
	_, err = s.desk.AddEvent(ctx, s.actor("cdpf"), card.ID, card.Version, casework.NewEvent{Event: "RENEW", On: calendar.MustDate("2023-10-03"),
		Certificate: &casework.NewCertificate{Number: number(41) + "42", Category: 4, Level: 2, IssuedOn: calendar.MustDate("2023-10-03")}})
	must(t, err)
	s.wantOwed(id, "2023-03 167.00/0.00", "2023-04 167.00/0.00", "2023-10 140.00/0.00")
	page := s.as("cdpf").get(path).want(200)
	if got := strings.Join(page.choices("months"), " "); got != "1 2 3" {
		t.Errorf("offered are %s months", got)
	}
	form := page.form("back_pay")
	form.send().want(422).says("请填写此项")
	form.set("months", "2", "reason", hostile[0]).send().follow().want(200).says("补发已批准", "2023-08", "2023-09", hostile[0]).wantHarmless()
	s.wantOwed(id, "2023-03 167.00/0.00", "2023-04 167.00/0.00", "2023-08 140.00/0.00", "2023-09 140.00/0.00", "2023-10 140.00/0.00")
	s.wantNext(id, "754.00 held")
	if page := s.as("cdpf").get(path).want(200); strings.Contains(page.body, `value="back_pay"`) {
		t.Error("months are offered twice")
	}
	form.set("key", uuid.NewString(), "months", "3").send().want(412)
}

// TestHoldPages: what an officer holds back stands on the roster as held, and goes with the next one once it is released.
func TestHoldPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	id, other := s.approved(51, villageA).PersonID, s.approved(53, villageA).PersonID
	s.wantNext(id, "167.00 due")
	b := s.as("town.a")
	at := b.get("/persons/" + id.String()).want(200).link("查看、登记或解除暂缓发放")
	form := b.get(at).want(200).says("没有暂缓发放", "应发的仍然应发").form("place")
	form.send().want(422).says("请填写此项")
	form.set("programme", "everything", "note", "账户待核实").send().want(422).says("请从选项中选择")
	form.set("programme", "nursing_subsidy").send().follow().want(200).says("已暂缓发放", "暂缓中", "账户待核实", "测试town.a")
	b.get("/persons/"+id.String()).says("暂缓中", "经办人暂缓", "账户待核实")
	s.wantOwed(id, "2023-03 167.00/0.00")
	s.wantNext(id, "167.00 held")
	s.wantNext(other, "167.00 due")

	b.get(at).form("place").set("note", "家属来电", "programme", "both").send().follow().says("两项补贴", "家属来电")
	release := b.get(at).form("release")
	release.send().want(422).says("请选择")
	holds, err := s.desk.DB.Holds(context.Background(), s.actor("town.a"), id)
	must(t, err)
	release.set("hold", holds[0].ID.String(), "reason", "").send().want(422).says("请填写此项")
	b.get("/persons/"+other.String()+"/holds").form("place").set("note", "另查").send().want(303)
	strange, err := s.desk.DB.Holds(context.Background(), s.actor("town.a"), other)
	must(t, err)
	release.set("hold", strange[0].ID.String(), "reason", "已核实").send().want(404)
	for _, h := range holds {
		s.wantNext(id, "167.00 held")
		b.get(at).form("release").set("hold", h.ID.String(), "reason", "已核实").send().follow().want(200).says("已解除暂缓")
	}
	s.wantNext(id, "167.00 due")
	s.wantNext(other, "167.00 held")
	release.set("hold", holds[0].ID.String(), "key", uuid.NewString()).send().want(409).says("该暂缓发放已解除")
	if sh := s.as("finance").get(at).want(200).says("2023-03-28"); strings.Contains(sh.body, `name="do"`) {
		t.Error("a finance officer is shown a form")
	}
	s.as("liaison.b").get(at).want(404)
}

// TestHostileAwards stores each text in every field of what is done about awards and holds.
func TestHostileAwards(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(61, 1, villageA)
	s.granted("liaison.a", id)
	at := "/persons/" + id.String()
	path, b := at+"/awards/"+s.awardOf(id).ID.String(), s.as("civil")
	month := calendar.MustDate("2023-04-01").Month()
	for _, text := range hostile {
		says := strings.Join(strings.Fields(text), " ")
		b.get(path).form("suspend").set("from_month", month.String(), "reason", text).send().follow().want(200).says(says).wantHarmless()
		b.get(at).want(200).says(says).wantHarmless()
		b.get(path).form("resume").set("from_month", text, "back_pay", text).send().want(422).wantHarmless()
		b.get(path).form("resume").set("from_month", month.Add(1).String(), "back_pay", "no").send().want(303)
		b.get(path).form("end").set("last_month", text, "reason", text).send().want(422).wantHarmless()
		b.get(path).form("void").set("reason", strings.Repeat(text, 20)).send().want(422).wantHarmless()

		b.get(at+"/holds").form("place").set("note", text, "programme", text).send().want(422).wantHarmless()
		b.get(at+"/holds").form("place").set("note", text).send().follow().want(200).says(says).wantHarmless()
		b.get(at+"/holds").form("release").set("hold", text, "reason", text).send().want(422).wantHarmless()
		b.get(path + "?done=" + escaped(text)).want(200).wantHarmless()
	}
	b.get(path).want(200).says(strings.Join(strings.Fields(hostile[0]), " ")).wantHarmless()
	b.get(at + "/ledger").want(200).says(strings.Join(strings.Fields(hostile[0]), " ")).wantHarmless()
	b.get(path).form("end").set("reason", hostile[1]).send().follow().want(200).says(hostile[1]).wantHarmless()
	b.get(at).want(200).says(hostile[1]).wantHarmless()
}
