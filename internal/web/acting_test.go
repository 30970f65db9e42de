package web_test

import (
	"context"
	"strings"
	"testing"

	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

func init() {
	maySee["/act-for"] = roles{liaison, town, cdpf, civil, finance}
}

// deputed makes one user the deputy of another for a month.
func (s *site) deputed(principal, deputy store.Account, reason string) store.Deputation {
	s.t.Helper()
	d, err := s.desk.Depute(context.Background(), s.actor("admin"), store.Deputation{PrincipalID: principal.ID, DeputyID: deputy.ID, From: s.today(), Until: s.today().Add(30), Reason: reason})
	must(s.t, err)
	return d
}

// TestActingForSomebody: a deputy chooses for whom to act, sees it on every page, does something under his own name, and stops.
func TestActingForSomebody(t *testing.T) {
	t.Parallel()
	s := start(t)
	file := "/persons/" + s.person(21, 1, villageA).String()
	s.as("town.a").get("/act-for").want(200).says("今天没有可以代理的人员")
	dep := s.deputed(s.accounts["town.a"], s.accounts["town.c"], "年休假")
	b := s.as("town.c")
	b.get(file).want(404)
	b.get(b.get("/").want(200).says("今天可以代理：测试town.a").link("今天可以代理：")).want(200).form("act").send().want(422).says("请选择")
	old := b.get("/act-for").form("act").set("deputation", dep.ID.String())
	old.send().follow().want(200).says("已开始代理", "正在代理测试town.a", "闻韶街道")
	old.send().want(403).says("表单已失效") // from before, in another window
	b.get(file).want(200).says("正在代理测试town.a", "测试town.c")
	b.get(file+"/edit").want(200).form("save").set("phone", "19900009999").send().want(303)
	log := s.as("auditor").get("/audit?action=person.update").want(200)
	if row := log.rows()[1]; !strings.Contains(row[2], "town.c") {
		t.Errorf("it stands under %s", row[2])
	}
	s.as("auditor").get("/audit/"+log.rows()[1][0]).want(200).says("town.c", "闻韶街道")
	page := b.get("/").want(200)
	if strings.Contains(textOf(page.doc), "今天可以代理") {
		t.Error("who acts is offered to act")
	}
	b.get(page.link("结束代理")).want(200).form("end").send().follow().want(200).says("代理已结束")
	if strings.Contains(textOf(b.get("/persons").want(200).doc), "正在代理") {
		t.Error("the header still says so")
	}
	b.get(file).want(404)

	b.get("/act-for").form("act").set("deputation", dep.ID.String()).send().want(303)
	_, err := s.desk.EndDeputation(context.Background(), s.actor("admin"), dep.ID, dep.Version)
	must(t, err)
	b.get(file).want(303) // it ends with the deputation
}

// TestActingLastsNoLongerThanTheSignIn: going to and fro makes no sign-in longer.
func TestActingLastsNoLongerThanTheSignIn(t *testing.T) {
	t.Parallel()
	s := start(t)
	dep := s.deputed(s.accounts["town.a"], s.accounts["town.c"], "年休假")
	b, began := s.as("town.c"), s.clock.Now()
	for s.clock.Now().Sub(began) < casework.SessionLife {
		b.get("/act-for").want(200).form("act").set("deputation", dep.ID.String()).send().want(303)
		b.get("/act-for").want(200).form("end").send().want(303)
		s.clock.Add(casework.SessionLife / 60)
	}
	b.get("/act-for").want(303)
}

// TestHostileActing stores each text as the name of who is acted for, and as the reason.
func TestHostileActing(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, b := context.Background(), s.as("town.c")
	for i, text := range hostile {
		name := string([]rune(text)[:min(60, len([]rune(text)))])
		a, err := s.desk.CreateAccount(ctx, s.actor("admin"), casework.NewAccount{Username: "hostile." + calendar.MustDate("2020-01-01").Add(i).String(), Name: name, Password: password, Role: town, Area: townA})
		must(t, err)
		dep := s.deputed(a, s.accounts["town.c"], text)
		b.get("/").want(200).wantHarmless()
		offer := b.get("/act-for").want(200)
		offer.wantHarmless()
		offer.form("act").set("deputation", text).send().want(422).wantHarmless()
		offer.form("act").set("deputation", dep.ID.String()).send().follow().want(200).says("正在代理" + strings.Join(strings.Fields(name), " ")).wantHarmless()
		acting := b.get("/act-for").want(200)
		acting.wantHarmless()
		acting.form("end").send().want(303)
		_, err = s.desk.EndDeputation(ctx, s.actor("admin"), dep.ID, dep.Version)
		must(t, err)
	}
}
