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

// TestNobodyWaitsForTheDead: what was to be given to somebody who has died leaves the queue and says why, but for what he borrowed; the death
// corrected, it is back.
func TestNobodyWaitsForTheDead(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.inNeed(61, 4, 1)
	rehab := s.open("liaison.a", "rehab", person, "2019-01-05", training).last.text("id")
	loan := s.open("liaison.a", "device", person, "2019-01-05", deviceNeed("122203", "loan", 1)).take("liaison.a", "village_check", "2019-01-06", `{"findings":"属实"}`).
		take("town.a", "town_review", "2019-01-07", `{"findings":"同意"}`).take("cdpf", "assess", "2019-01-08", suits("122203")).take("cdpf", "approve", "2019-01-08", costs("122203", 100000, 100000, 0, "none")).
		take("town.a", "fit", "2019-01-09", `{"supplier":"某公司","pieces":1}`).take("town.a", "accept", "2019-01-10", `{"signed_by":"person"}`).last.text("id")
	wait := func(died any, want ...string) {
		t.Helper()
		if got := s.waiting("town.a", "&waiting=true"); !slices.Equal(got, want) {
			t.Errorf("wait %v, want %v", got, want)
		}
		if got := s.waiting("town.a", "&state=NEED"); !slices.Equal(got, []string{rehab}) {
			t.Errorf("in need are %v", got)
		}
		if got := s.do("town.a", "GET", "/services/"+rehab, nil).want(200).json()["died_on"]; got != died {
			t.Errorf("died on %v, want %v", got, died)
		}
	}
	wait(nil, rehab, loan)
	s.at("2019-02-01")
	death := s.fact(person, "death", true, "2019-01-20", "").text("id")
	wait("2019-01-20", loan)
	s.at("2019-02-02")
	s.do("town.a", "POST", "/circumstances/"+death+"/correct", map[string]any{"value": false, "source": "公安", "reason": "同名"}, "If-Match", `"1"`).want(200)
	wait(nil, rehab, loan)
}
