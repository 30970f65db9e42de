package web_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// visitsOffline keeps what came of a visit and what somebody needs, where there is no network. The list of people is short and has one.
func (p *phone) visitsOffline() {
	p.t.Helper()
	for _, entry := range []struct {
		button string
		fields [][2]string
	}{{"走访：本年度需求调查未登记", [][2]string{{"outcome", "visited"}, {"note", "家中无人，下周再去"}}}, {"登记需求：基本康复服务", [][2]string{{"need.types", "training"}}}} {
		p.press("人员")
		p.press(entry.button)
		p.until(`document.getElementById("keep")`)
		for _, f := range entry.fields {
			p.fill(f[0], f[1])
		}
		p.press("保存，待上传")
		p.until(`document.getElementById("queue")`)
	}
	p.until(says("未上传 2"))
}

// wantVisited holds the register to one visit and one need.
func (s *site) wantVisited() {
	s.t.Helper()
	ctx := context.Background()
	visits, err := s.desk.DB.ListAudit(ctx, store.AuditFilter{Area: "370305", Action: "worklist.act", Limit: 10})
	must(s.t, err)
	needs, err := s.desk.DB.ListServices(ctx, s.actor("liaison.a"), store.ServiceFilter{Area: villageA, Limit: 10})
	must(s.t, err)
	if len(visits) != 1 || len(needs) != 1 {
		s.t.Errorf("%d visits and %d needs are recorded, want one each", len(visits), len(needs))
	}
}

// TestVisitsAndNeeds: a phone takes along on which worklists somebody stands and what may be needed; what came of a visit and a need are
// recorded once, in one's own village, with what a page asks for.
func TestVisitsAndNeeds(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	id, b := s.person(65, 1, villageA), s.as("liaison.a")
	f := s.file(b, id)
	if !slices.Contains(f.Visits, struct{ List, Programme string }{"eligible_not_enrolled", "nursing_subsidy"}) || !slices.Equal(f.Needs, []string{"need/rehab", "need/device"}) {
		t.Fatalf("the phone takes along %+v", f)
	}
	visit := newEntry("visit", "id", id.String(), "list", "eligible_not_enrolled", "programme", "nursing_subsidy", "outcome", "", "note", "住在女儿家")
	b.send(visit).want(t, 422, "REQUIRED")
	visit.values["outcome"] = "visited"
	s.as("liaison.b").send(visit).want(t, 404, "NOT_FOUND")
	b.send(newEntry("visit", "id", id.String(), "list", "no_such_list", "outcome", "visited")).want(t, 404, "NOT_FOUND")
	b.send(visit).want(t, 200, "")
	b.send(visit).want(t, 200, "")
	leads, err := s.desk.Leads(ctx, s.actor("liaison.a"), casework.LeadsOf{Worklist: "eligible_not_enrolled", Limit: 10})
	must(t, err)
	if len(leads) != 1 || leads[0].Last == nil || leads[0].Last.Outcome != "visited" || leads[0].Last.Note != "住在女儿家" {
		t.Errorf("the list says %+v", leads)
	}
	if day := leads[0].Last.On; day != s.today() {
		t.Errorf("the visit was on %s", day)
	}
	if kept, err := s.desk.DB.ListAudit(ctx, store.AuditFilter{Area: "370305", Action: "worklist.act", Limit: 10}); err != nil || len(kept) != 1 {
		t.Errorf("the visit is recorded %d times, %v", len(kept), err)
	}

	need := newEntry("need", "id", id.String(), "chain", "rehab", "opened_on", "2023-03-27")
	b.send(need).want(t, 422, "REQUIRED")
	need.values["need.types"] = "training"
	s.as("liaison.b").send(need).want(t, 404, "NOT_FOUND")
	b.send(newEntry("need", "id", id.String(), "chain", "retrofit", "opened_on", "2023-03-27")).want(t, 409, "NO_HOUSEHOLD")
	first, again := b.send(need).want(t, 200, ""), b.send(need).want(t, 200, "")
	if first.Next != again.Next {
		t.Errorf("the need is at %s and at %s", first.Next, again.Next)
	}
	services, err := s.desk.DB.ListServices(ctx, s.actor("liaison.a"), store.ServiceFilter{Area: villageA, Limit: 10})
	must(t, err)
	if len(services) != 1 || services[0].PersonID != id {
		t.Errorf("%d services: %+v", len(services), services)
	}
	twice := newEntry("need", "id", id.String(), "chain", "rehab", "opened_on", "2023-03-27")
	twice.values["need.types"] = "nursing"
	b.send(twice).want(t, 409, "OPEN_ALREADY") // the same need from another phone, which puts it away by hand
}

// TestVisitThatIsSentLate: a visit is of its own day, however late the phone tells of it, and so is what is compared with it.
func TestVisitThatIsSentLate(t *testing.T) {
	t.Parallel()
	s := start(t)
	id, b := s.person(66, 1, villageA), s.as("liaison.a")
	visit := newEntry("visit", "id", id.String(), "list", "eligible_not_enrolled", "outcome", "not_found", "on", "2023-03-29", "follow_up_on", "2023-03-19")
	refused := func(code, field string) {
		t.Helper()
		if h := b.send(visit).want(t, 422, code); len(h.Fields) != 1 || h.Fields[0].Name != field {
			t.Errorf("refused at %v", h.Fields)
		}
	}
	refused("IN_FUTURE", "on")
	visit.values["on"] = "2023-03-20"
	refused("DATE_IN_PAST", "follow_up_on")
	visit.values["follow_up_on"] = "2023-03-25" // gone by, since the phone was out of reach
	b.send(visit).want(t, 200, "")
	page := b.get("/worklists/eligible_not_enrolled").want(200).says("2023-03-20 测试liaison.a：未找到本人")
	if form := page.form("act"); form.values.Get("on") != "2023-03-28" {
		t.Errorf("the page proposes %q", form.values.Get("on"))
	}
}

// TestMoreThanAPhoneTakes: a phone that has only the first people of a town says so, and files of the past take nobody's place.
func TestMoreThanAPhoneTakes(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.nowIsNow()
	conn, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	must(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), `SET session_replication_role = replica;
		INSERT INTO persons (id, record_type, name, managing_area_code, created_at, updated_at)
			SELECT lpad(n::text, 32, '0')::uuid, CASE WHEN n <= 40 THEN 'HISTORICAL' ELSE 'CERTIFIED' END, CASE WHEN n <= 40 THEN '已归档' ELSE '金丝雀' END || n,
			CASE WHEN n <= 640 THEN '370305001005' ELSE '370305001009' END, now(), now() FROM generate_series(1, 642) n`)
	must(t, err)
	var taken struct {
		Total  int
		People []fileOf
	}
	must(t, json.Unmarshal([]byte(s.as("town.a").get("/offline/files").want(200).body), &taken))
	if n := len(taken.People); n != 600 || taken.Total != 602 || taken.People[0].Name != "金丝雀41" {
		t.Errorf("the town's phone has %d people of %d, first %s", n, taken.Total, taken.People[0].Name)
	}
	taken.Total = 0
	must(t, json.Unmarshal([]byte(s.as("liaison.a").get("/offline/files").want(200).body), &taken))
	if len(taken.People) != 600 || taken.Total != 0 {
		t.Errorf("the village's phone has %d people of %d", len(taken.People), taken.Total)
	}
	p := s.phone()
	p.enrol("town.a")
	p.press("人员")
	p.until(says("本辖区共 602 人，手机上只有前 600 人"))
	(&tab{t, s, p.ctx}).wantNoBarriers("offline-cut")
}
