package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestCalendarIsTheDistricts: the days by which the limits of all cases are counted are not for the administrator of a part to say.
func TestCalendarIsTheDistricts(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.do("admin", "POST", "/accounts", map[string]any{"username": "admin.town", "name": "镇管理员", "password": password, "role": "administrator", "area_code": townA}).want(201)
	year := map[string]any{"year": 2027, "document": "x", "holidays": []string{"2027-03-01..2027-03-31"}, "working": []string{}}
	s.do("admin.town", "POST", "/calendars", year).want(422, "OUTSIDE_AREA")
	if list := string(s.do("admin.town", "GET", "/calendars", nil).want(200).body); strings.Contains(list, "2027") {
		t.Errorf("a town's calendar counts: %s", list)
	}
	s.do("admin", "POST", "/calendars", year).want(201)
}

// TestKeyOfAListStandsForAllThatWasAsked: the answer to one list is not given to who asks, by the same key, for the same file as another's list, of
// another day, or read by other headings.
func TestKeyOfAListStandsForAllThatWasAsked(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	s.person("liaison.a", villageA, 706, 1).want(201)
	file := []byte(dibaoHead + "\n" + dibaoLine(706, "2022-05-01") + "\n")
	ask := func(query string) answer {
		req := s.form("civil", file, "/imports?kind=dibao&"+query)
		req.Header.Set("Idempotency-Key", "january")
		return s.send(req)
	}
	first := ask("sender=a&as_of=2023-01-09").want(201).text("id")
	for _, other := range []string{"sender=b&as_of=2023-01-09", "sender=a&as_of=2023-01-08", "as_of=2023-01-09", "sender=a&as_of=2023-01-09&dry_run=true"} {
		ask(other).want(422, "IDEMPOTENCY_KEY_REUSED")
	}
	for _, same := range []string{"sender=a&as_of=2023-01-09", "sender=a"} { // who named no day does so again on the next
		if again := ask(same).want(200).text("id"); again != first {
			t.Errorf("%s: %s, want %s", same, again, first)
		}
	}
}

// TestStrangersAreAnsweredShortly: who is not signed in sends little, and an answer names some of what is wrong, not all.
func TestStrangersAreAnsweredShortly(t *testing.T) {
	t.Parallel()
	s := start(t)
	junk := func(members int) string {
		var b strings.Builder
		for i := range members {
			fmt.Fprintf(&b, `"a%d":1,`, i)
		}
		return `{` + b.String() + `"username":"x","password":"y"}`
	}
	s.do("", "POST", "/auth/login", junk(70_000)).want(413, "TOO_LARGE")
	for _, user := range []string{"", "liaison.a"} {
		path, members := "/auth/login", 1500
		if user != "" {
			path, members = "/persons", 70_000
		}
		if a := s.do(user, "POST", path, junk(members)).want(400, "UNKNOWN_FIELD"); len(a.body) > 12_000 {
			t.Errorf("%s: %d bytes", path, len(a.body))
		}
	}
}
