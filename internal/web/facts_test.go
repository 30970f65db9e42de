package web_test

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
)

func init() {
	readers, writers := roles{liaison, town, cdpf, civil, auditor}, roles{liaison, town, cdpf}
	maps.Copy(maySee, map[string]roles{"/persons/:id/facts": readers, "/persons/:id/facts/new": writers, "/persons/:id/facts/:fact": readers,
		"/persons/:id/cards/new": writers, "/persons/:id/cards/:card": readers})
	maps.Copy(mayDo, map[string]roles{"/persons/:id/facts/:fact end": writers, "/persons/:id/facts/:fact correct": writers, "/persons/:id/cards/:card record": writers})
	furtherOn["/persons/:id/facts/new"], furtherOn["/persons/:id/cards/:card"] = "?kind=other_benefit", "?event=RENEW"
}

// link is where the first link leads that begins with a text; one that is the text alone goes first.
func (sh shown) link(text string) (to string) {
	sh.b.site.t.Helper()
	for _, a := range all(sh.doc, "a") {
		if textOf(a) == text {
			return attr(a, "href")
		}
		if to == "" && strings.HasPrefix(textOf(a), text) {
			to = attr(a, "href")
		}
	}
	if to != "" {
		return to
	}
	sh.b.site.t.Fatalf("%s has no link %q: %s", sh.path, text, textOf(sh.doc))
	return ""
}

// TestFactPages: a fact is recorded, ended and corrected; what was believed before stays in sight, and why it was wrong in the audit.
func TestFactPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(21, 3, villageA)
	at, b := "/persons/"+id.String()+"/facts", s.as("liaison.a")
	b.get("/persons/"+id.String()).want(200).says("情况登记", "查看全部、登记或更正")
	b.get(at).want(200).says("管理村居", "建档登记", "闻韶街道 辛东")
	b.get(at + "/new").want(200).says("登记哪类情况")
	form := b.get(at + "/new?kind=dibao").want(200).form("add")
	form.send().want(422).says("请填写此项")
	form.set("value", "yes", "value.sort", "single", "valid_from", "2022-01-01", "valid_to", "2021-01-01", "source", "区民政局", "source_doc", "低保证L1").send().want(422).says("结束日期早于开始日期")
	form.set("valid_to", "").send().follow().want(200).says("情况已登记", "低保", "单人保", "2022-01-01起", "区民政局", "低保证L1", "测试liaison.a")
	b.get(at+"/new?kind=dibao").form("add").set("value", "yes", "value.sort", "household", "valid_from", "2022-06-01", "source", "区民政局").send().want(409)
	b.get("/persons/"+id.String()).says("单人保", "符合")

	one := b.get(at).link("低保")
	form = b.get(one).want(200).form("correct")
	if form.values.Get("value.sort") != "single" || form.values.Get("source") != "区民政局" {
		t.Errorf("the form does not begin with what is recorded: %v", form.values)
	}
	form.send().want(422).says("请填写此项") // why
	late := form.set("value.sort", "household", "reason", "单人保系误录")
	late.send().follow().want(200).says("记录已更正", "整户保", "已被取代的记录（1条）", "单人保")
	b.get(one).want(200).says("已被更新的记录取代")
	late.set("key", "again").send().want(409).says("已被更新的记录取代")
	entry := s.as("auditor").get("/audit?action=circumstance.correct&subject=" + id.String()).want(200)
	s.as("auditor").get("/audit/" + entry.rows()[1][0]).want(200).says("单人保系误录")

	one = b.get(at).link("低保")
	b.get(one).form("end").set("valid_to", "2021-12-31").send().want(422).says("结束日期早于开始日期")
	b.get(one).form("end").set("valid_to", "2022-12-31").send().follow().want(200).says("结束日期已登记", "2022-01-01至2022-12-31")

	// an amount is written in yuan, and what a program kept beside it stays
	b.get(at+"/new?kind=other_benefit").form("add").set("value", "yes", "value.sort", "gaoling", "value.monthly", "一百", "valid_from", "2022-01-01", "source", "x").send().want(422).says("123.45")
	b.get(at+"/new?kind=other_benefit").form("add").set("value", "yes", "value.sort", "gaoling", "value.monthly", "120.5", "valid_from", "2022-01-01", "source", "x").send().follow().says("高龄津贴，每月120.50元")
	fact, err := s.desk.AddCircumstance(context.Background(), s.actor("town.a"), id, casework.NewCircumstance{Kind: "insurance_paid", Value: json.RawMessage(`{"type":"pension","annual_amount_fen":10000,"paid_by":"区财政"}`),
		ValidFrom: calendar.MustDate("2022-01-01"), ValidTo: calendar.MustDate("2022-12-31"), Source: "人社局"})
	must(t, err)
	b.get(at+"/"+fact.ID.String()).form("correct").set("value.annual", "200", "reason", "金额有误").send().follow().says("养老保险，每年200.00元")
	if raw := s.heldFact(id, "insurance_paid").Raw; !strings.Contains(string(raw), "区财政") {
		t.Errorf("what was kept beside the amount is gone: %s", raw)
	}
	b.get(at+"/new?kind=school").form("add").set("value", "unknown", "valid_from", "2022-01-01", "source", "x").send().follow().says("就学", "不详")
	s.as("auditor").get(at + "/new").want(403)
	if sh := s.as("auditor").get(at + "/" + fact.ID.String()).want(200); strings.Contains(sh.body, `name="do"`) {
		t.Error("an auditor is shown a form")
	}
	other := s.person(23, 1, villageA)
	b.get("/persons/" + other.String() + "/facts/" + fact.ID.String()).want(404)
	s.as("liaison.b").get(at).want(404)
}

// heldFact is the fact of a kind that is held true.
func (s *site) heldFact(person uuid.UUID, kind string) casefile.Circumstance {
	s.t.Helper()
	d, err := s.desk.Person(context.Background(), s.actor("cdpf"), person)
	must(s.t, err)
	for _, c := range d.File.Circumstances {
		if c.Kind == kind && c.SupersededAt.IsZero() {
			return c
		}
	}
	s.t.Fatalf("no fact of the kind %s", kind)
	return casefile.Circumstance{}
}

// TestCardPages: what may happen to a card is offered, and nothing else; an event that brings a new card asks for it.
func TestCardPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(31, 2, villageA)
	person, b := "/persons/"+id.String(), s.as("liaison.a")
	at := b.get(person).want(200).link("3799")
	page := b.get(at).want(200).says("有效", "首次发证", "期满换领", "冻结", "注销")
	if strings.Contains(textOf(page.doc), "解冻") {
		t.Error("a valid card may be unfrozen")
	}
	b.get(at+"?event=FREEZE").want(200).form("record").set("on", "2023-04-01").send().want(422).says("不能晚于今天")
	b.get(at+"?event=FREEZE").form("record").set("on", "2023-03-20", "reason", "多次联系不上").send().follow().want(200).says("残疾人证变动已登记", "冻结")
	frozen := b.get(at).says("冻结", "多次联系不上", "解冻")
	if strings.Contains(textOf(frozen.doc), "遗失补办") || strings.Contains(b.get(person).body, person+"/cards/new") {
		t.Error("another card is offered in the place of a frozen one")
	}
	stale := b.get(at + "?event=UNFREEZE").form("record")
	b.get(at+"?event=UNFREEZE").form("record").set("on", "2023-03-25").send().want(303)
	stale.send().want(412).says("刚被他人修改")
	b.get(at + "?event=REASSESS").form("record").send().follow().says("复评中，有效")

	renew := b.get(at + "?event=RENEW").want(200).form("record")
	renew.send().want(422).says("请填写此项")
	renew.set("certificate.number", number(31)+"41", "certificate.level", "1", "certificate.issued_on", "2023-03-28").send().follow().want(200).says("肢体残疾 一级", "已换发", "期满换领")
	if old := b.get(at).want(200); strings.Contains(old.body, `name="do"`) || strings.Contains(old.body, "event=") {
		t.Error("something may happen to a card that was replaced")
	}
	at = b.get(person).link("3799")
	for _, a := range all(b.get(person).doc, "a") { // the card that is held now
		if href := attr(a, "href"); strings.Contains(href, "/cards/") && strings.Contains(textOf(b.get(href).doc), "期满换领") {
			at = href
		}
	}
	change := b.get(at+"?event=CHANGE").form("record").set("certificate.number", number(31)+"71", "certificate.category", "7", "certificate.level", "1", "certificate.issued_on", "2023-03-28")
	change.set("certificate.component.4", "2").send().want(422)
	b.get(at + "?event=CANCEL").form("record").send().want(422).says("请选择")
	s.as("auditor").get(at).want(200)
	b.get(at+"?event=CANCEL").form("record").set("cancel_reason", "VOLUNTARY").send().follow().says("注销")
	b.get(at).says("注销：本人自愿注销")
	first := b.get(b.get(person).link("登记残疾人证")).want(200).form("add")
	first.set("certificate.number", number(31)+"72", "certificate.category", "7", "certificate.level", "2", "certificate.issued_on", "2023-03-29").send().want(422).says("日期不合理")
	s.clock.Add(3 * 24 * time.Hour)
	b = s.again("liaison.a")
	first = b.get(person + "/cards/new").form("add")
	first.set("certificate.number", number(31)+"72", "certificate.category", "7", "certificate.level", "2", "certificate.issued_on", "2023-03-30", "certificate.component.4", "3").send().want(422).says("两类以上")
	first.set("certificate.component.1", "2").send().follow().want(200).says("残疾人证已登记", "多重残疾 二级")
}

// TestHostileFacts stores each text in every field of facts and cards.
func TestHostileFacts(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(41, 2, villageA)
	person, b := "/persons/"+id.String(), s.as("liaison.a")
	card := b.get(person).link("3799")
	d, err := s.desk.Person(context.Background(), s.actor("liaison.a"), id)
	must(t, err)
	version := d.File.Certificates[0].Version
	for i, text := range hostile {
		short := string([]rune(text)[:min(60, len([]rune(text)))])
		day := calendar.MustDate("2021-01-01").Add(i)
		form := b.get(person+"/facts/new?kind=insurance_medical").form("add").set("value", "yes", "value.other", short, "valid_from", day.String(), "valid_to", day.String(), "source", short, "source_doc", text)
		form.send().want(303)
		one := b.get(person + "/facts/" + s.lastFact(id).ID.String()).want(200).says(strings.Join(strings.Fields(text), " "))
		one.wantHarmless()
		one.form("correct").set("reason", text, "value", text, "value.sort", text, "valid_from", text).send().want(422).wantHarmless()
		event := []string{"FREEZE", "UNFREEZE"}[i%2]
		_, err := s.desk.AddEvent(context.Background(), s.actor("liaison.a"), d.File.Certificates[0].ID, version, casework.NewEvent{Event: event, On: s.today(), Reason: text})
		must(t, err)
		version++
		b.get(person + "/facts/new?kind=" + escaped(text)).want(200).wantHarmless()
		b.get(card + "?event=" + escaped(text)).want(200).wantHarmless()
	}
	b.get(card).want(200).says(strings.Join(strings.Fields(hostile[0]), " ")).wantHarmless()
	b.get(person + "/facts").want(200).wantHarmless()
	b.get(person).want(200).wantHarmless()
}

// lastFact is the fact that was recorded last.
func (s *site) lastFact(person uuid.UUID) (last casefile.Circumstance) {
	s.t.Helper()
	d, err := s.desk.Person(context.Background(), s.actor("cdpf"), person)
	must(s.t, err)
	for _, c := range d.File.Circumstances {
		if c.Kind == "insurance_medical" && !c.ValidFrom.Before(last.ValidFrom) {
			last = c
		}
	}
	return last
}

// TestSortIsChosen: a fact that has sorts does not become the first of them because nobody has chosen, and what is missing stands where it is chosen.
func TestSortIsChosen(t *testing.T) {
	t.Parallel()
	s := start(t)
	id, b := s.person(23, 3, villageA), s.as("liaison.a")
	at := "/persons/" + id.String() + "/facts/new?kind="
	for _, kind := range []string{"other_benefit", "school", "dibao"} {
		form := b.get(at+kind).want(200).form("add").set("value", "yes", "valid_from", "2022-01-01", "source", "区民政局")
		form.values.Del("value.sort")
		again := form.send().want(422).says("请选择")
		if len(all(again.doc, "form")) == 0 || !strings.Contains(again.body, `href="#f-value-sort`) {
			t.Errorf("%s: the summary does not lead to the sort", kind)
		}
	}
	b.get(at+"dibao").form("add").set("value", "no", "valid_from", "2022-01-01", "source", "区民政局").send().follow().want(200).says("情况已登记")
}
