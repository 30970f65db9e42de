package web_test

import (
	"context"
	"net/http/cookiejar"
	"strings"
	"testing"

	"zhucan/internal/application"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
)

// TestToldOnceOfItsRecordAlone: a redirect that hangs, and another tab: what is told once stands on the page of its record, however many
// pages are opened before it, and beside what is told of another.
func TestToldOnceOfItsRecordAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("admin")
	at := func(user string) string { return "/accounts/" + s.accounts[user].ID.String() }
	b.get(at("town.a")).form("reset").send().want(303)
	b.get(at("stats")).form("reset").send().want(303)
	hook := b.get("/webhooks").form("register").set("url", "https://partner.example/hooks").choose("types", "person.died").send().want(303).header.Get("Location")
	if told := b.get(at("town.c")).want(200).told(); told != "" {
		t.Errorf("the page of town.c tells %q", told)
	}
	first, second := b.get(at("town.a")).told(), b.get(at("stats")).told()
	if first == "" || second == "" || first == second {
		t.Fatalf("told are %q and %q", first, second)
	}
	if secret := b.get(hook).told(); secret == "" || secret == first || secret == second {
		t.Errorf("the webhook tells %q", secret)
	}
	for user, told := range map[string]string{"town.a": first, "stats": second} {
		if again := b.get(at(user)).told(); again != "" {
			t.Errorf("%s is told again", user)
		}
		s.browser().get("/sign-in").form("sign-in").set("username", user, "password", told).send().want(303)
	}
}

// TestTheCodeOfACaseOnItsPageAlone: the draft of another person has no code, and shows none.
func TestTheCodeOfACaseOnItsPageAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	draft, err := s.desk.EnterApplication(context.Background(), s.actor("liaison.a"), casework.NewApplication{PersonID: s.person(11, 1, villageA), Programme: "nursing_subsidy",
		AppliedOn: calendar.MustDate("2023-03-20"), Applicant: application.Applicant{Relation: "self"}})
	if err != nil {
		t.Fatal(err)
	}
	sent := b.get("/persons/"+s.person(12, 1, villageA).String()+"/apply").form("submit").set("programme", "nursing_subsidy").send().want(303)
	if told := b.get("/applications/" + draft.ID.String()).want(200).told(); told != "" {
		t.Errorf("a draft tells the code %q", told)
	}
	if sent.follow().told() == "" {
		t.Error("the code is lost")
	}
}

// TestNothingIsToldAfterSigningOut: what waits is for who asked for it.
func TestNothingIsToldAfterSigningOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, out := range []bool{true, false} {
		b := s.browser()
		in := func(user string) {
			b.get("/sign-in").form("sign-in").set("username", user, "password", password).send().want(303)
		}
		in("admin")
		at := "/accounts/" + s.accounts["town.c"].ID.String()
		b.get(at).form("reset").send().want(303)
		if out {
			b.get("/").formTo("/sign-out").send().want(303)
		} else {
			dropped, _ := cookiejar.New(nil)
			for _, c := range b.client.Jar.Cookies(b.get("/").origin()) {
				if strings.HasPrefix(c.Name, "zhucan-once") {
					dropped.SetCookies(b.get("/").origin(), append(dropped.Cookies(b.get("/").origin()), c))
				}
			}
			b.client.Jar = dropped
		}
		in("admin")
		if told := b.get(at).want(200).told(); told != "" {
			t.Errorf("told after signing in anew, signed out before: %v", out)
		}
	}
}
