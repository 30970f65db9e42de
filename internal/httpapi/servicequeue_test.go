package httpapi_test

import (
	"slices"
	"testing"
)

// waiting are the ids of the services that the list has for a user.
func (s *service) waiting(user, more string) (ids []string) {
	s.t.Helper()
	for _, item := range s.do(user, "GET", "/services?limit=200"+more, nil).want(200).json()["items"].([]any) {
		ids = append(ids, item.(map[string]any)["id"].(string))
	}
	return ids
}

// TestServicesThatWaitForTheCaller: the list tells apart what the caller's role leads on, at each step of a chain.
func TestServicesThatWaitForTheCaller(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.inNeed(61, 4, 1)
	device := s.open("liaison.a", "device", person, "2019-01-05", deviceNeed("122203", "grant", 1))
	rehab := s.open("liaison.a", "rehab", person, "2019-01-05", training)
	d, r := device.last.text("id"), rehab.last.text("id")
	wait := func(user, more string, want ...string) {
		t.Helper()
		if got := s.waiting(user, "&waiting=true"+more); !slices.Equal(got, want) {
			t.Errorf("for %s wait %v, want %v", user, got, want)
		}
	}
	wait("liaison.a", "", d, r)
	wait("liaison.b", "")
	wait("town.a", "", r)
	wait("finance", "")
	device.take("liaison.a", "village_check", "2019-01-06", `{"findings":"属实"}`)
	wait("liaison.a", "", r)
	wait("town.a", "", d, r)
	wait("town.a", "&kind=device", d)
	wait("town.a", "&state=VILLAGE_CHECKED", d)
	wait("cdpf", "", r)
	if got := s.waiting("liaison.a", "&waiting=false"); !slices.Equal(got, []string{d, r}) {
		t.Errorf("without the question the list has %v", got)
	}
}
