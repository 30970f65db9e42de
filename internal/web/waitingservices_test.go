package web_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casework"
)

// evidence reads what a step or a need brings.
func evidence(t *testing.T, text string) care.Evidence {
	t.Helper()
	e, err := care.ParseEvidence([]byte(text))
	must(t, err)
	return e
}

// wheelchair opens an application for one.
func (s *site) wheelchair(user string, person uuid.UUID) care.Service {
	s.t.Helper()
	one, err := s.desk.OpenService(context.Background(), s.actor(user), care.Device, person, uuid.Nil, calendar.MustDate("2023-03-01"), evidence(s.t, `{"item":"122203","mode":"grant","pieces":1}`))
	must(s.t, err)
	return one
}

// step takes a step of a service as it now stands.
func (s *site) step(user string, id uuid.UUID, step, on, brings string) {
	s.t.Helper()
	now, err := s.desk.DB.Service(context.Background(), s.actor(user), id)
	must(s.t, err)
	_, err = s.desk.TakeStep(context.Background(), s.actor(user), id, now.Version, step, calendar.MustDate(on), evidence(s.t, brings))
	must(s.t, err)
}

// listed are the services of a page of the list, in order.
func listed(sh shown) (ids []string) {
	for _, a := range all(sh.doc, "a") {
		if id, ok := strings.CutPrefix(attr(a, "href"), "/services/"); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// TestServicesThatWait: each office sees on its pages which services it leads on, and how many.
func TestServicesThatWait(t *testing.T) {
	t.Parallel()
	s := start(t)
	head := s.person(61, 1, villageA)
	device := s.wheelchair("liaison.a", head)
	h, err := s.desk.CreateHousehold(context.Background(), s.actor("liaison.a"), casework.NewHousehold{Area: villageA, Address: "测试路9号",
		Members: []casework.NewMember{{PersonID: head, Relation: "head", From: calendar.MustDate("2020-01-01")}}})
	must(t, err)
	retrofit, err := s.desk.OpenService(context.Background(), s.actor("liaison.a"), care.Retrofit, uuid.Nil, h.Household.ID, calendar.MustDate("2023-02-01"), evidence(t, `{"items":[{"item":"RAMP"}]}`))
	must(t, err)
	d, r := device.ID.String(), retrofit.ID.String()
	waits := func(user string, want ...string) {
		t.Helper()
		sh := s.as(user).get("/services").want(200)
		if got := listed(sh); !slices.Equal(got, want) {
			t.Errorf("for %s wait %v, want %v", user, got, want)
		}
		if len(want) > 0 {
			sh.says(fmt.Sprintf("共 %d 项", len(want)))
			s.as(user).get("/").want(200).says(fmt.Sprintf("待办服务%d", len(want)))
		}
	}
	waits("liaison.a", d, r)
	waits("liaison.b")
	waits("town.a", r)
	waits("town.c")
	waits("cdpf")
	s.as("liaison.a").get("/services").want(200).says("金丝雀61", "金丝雀61家", "辅助器具适配", "已申请", "2023-03-01")
	s.step("liaison.a", device.ID, "village_check", "2023-03-02", `{"findings":"属实"}`)
	waits("liaison.a", r)
	waits("town.a", d, r)
	s.step("town.a", device.ID, "town_review", "2023-03-03", `{"findings":"同意"}`)
	waits("town.a", r)
	waits("cdpf", d)
	for at, want := range map[string][]string{"state=open": {d, r}, "state=open&kind=retrofit": {r}, "state=device.TOWN_REVIEWED": {d}, "state=retrofit.NEED&kind=retrofit": {r},
		"state=retrofit.NEED&kind=device": {}, "state=open&kind=rehab": {}, "kind=none&state=none.NEED": {r}} {
		if got := listed(s.as("liaison.a").get("/services?" + at).want(200)); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", at, got, want)
		}
	}
	s.as("liaison.a").get("/services?kind=none").want(200).says("没有这种服务")
	s.as("liaison.a").get("/services?state=device.NONE").want(200).says("该类服务没有这种状态")
	if sh := s.as("liaison.a").get("/services?kind=device&state=open").want(200); strings.Contains(sh.body, "没有这种") {
		t.Error("a good address is found fault with")
	}
	s.step("cdpf", device.ID, "reject", "2023-03-04", `{"reason":"不符合条件"}`)
	waits("cdpf")
	if got := listed(s.as("town.a").get("/services?state=open").want(200)); !slices.Equal(got, []string{r}) {
		t.Errorf("what has ended is still open: %v", got)
	}
	for at, want := range map[string][]string{"ended": {d}, "ended&kind=retrofit": {}, "device.REJECTED": {d}, "device.REJECTED&area=" + villageB: {}} {
		if got := listed(s.as("auditor").get("/services?state=" + at).want(200)); !slices.Equal(got, want) {
			t.Errorf("in the state %s there are %v, want %v", at, got, want)
		}
	}
}

// TestServicesGoOn: a list longer than a page goes on behind it, in the order of entry, and loses nobody.
func TestServicesGoOn(t *testing.T) {
	t.Parallel()
	s := start(t)
	var want []string
	for n := range 23 {
		want = append(want, s.wheelchair("liaison.a", s.person(501+2*n, 1, villageA)).ID.String())
	}
	first := s.as("liaison.a").get("/services?kind=device").want(200).says("共 23 项")
	var got []string
	got = append(got, listed(first)...)
	for _, a := range all(first.doc, "a") {
		if strings.Contains(attr(a, "href"), "cursor=") {
			got = append(got, listed(s.as("liaison.a").get(attr(a, "href")).want(200).says("共 23 项"))...)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("two pages have %d services: %v", len(got), got)
	}
}

// TestServicesOfTheDead: they leave the queue and the count of the start page; among all that are open they say why they wait no more.
func TestServicesOfTheDead(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person(61, 1, villageA)
	d := s.wheelchair("liaison.a", person).ID.String()
	s.as("liaison.a").get("/").want(200).says("待办服务1")
	_, err := s.desk.AddCircumstance(context.Background(), s.actor("town.a"), person, casework.NewCircumstance{Kind: "death", Value: []byte("true"), ValidFrom: calendar.MustDate("2023-03-20"), Source: "公安局"})
	must(t, err)
	b := s.as("liaison.a")
	if got := listed(b.get("/services").want(200).says("没有这样的服务")); len(got) > 0 {
		t.Errorf("still waits: %v", got)
	}
	if got := listed(b.get("/services?state=open").want(200).says("2023-03-20去世，不再等待办理")); !slices.Equal(got, []string{d}) {
		t.Errorf("open are %v", got)
	}
	b.get("/services/" + d).want(200).says("2023-03-20去世，不再等待办理")
}
