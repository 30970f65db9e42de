package httpapi_test

import "testing"

// expiring is somebody in village A with a card of level 1 that runs out on 19 February 2023 and, for the living allowance, 低保 since 2022.
func (s *service) expiring(n int) string {
	s.t.Helper()
	s.at("2022-12-01")
	id := s.do("liaison.a", "POST", "/persons", map[string]any{"name": "金丝雀", "id_number": number(n), "hukou_area_code": villageA, "hukou_type": "agricultural",
		"certificate": map[string]any{"number": number(n) + "41", "category": 4, "level": 1, "issued_on": "2013-02-20", "expires_on": "2023-02-19"}}).want(201).text("id")
	s.fact(id, "dibao", true, "2022-01-01", "")
	return id
}

// TestInterruptionWhileTheCardHasRunOut is M18 beside M11: who is out of the district for some days of a month keeps a right that only
// waits for the card.
func TestInterruptionWhileTheCardHasRunOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.expiring(600)
	s.granted(id, living, "2023-01-05", "2023-01-10")
	s.at("2023-04-25")
	for _, move := range []struct{ to, on string }{{"370304001", "2023-04-05"}, {villageA, "2023-04-20"}} {
		v := s.do("town.a", "GET", "/persons/"+id, nil).want(200).version()
		s.do("town.a", "PATCH", "/persons/"+id, map[string]any{"hukou_area_code": move.to, "effective_on": move.on}, "If-Match", v).want(200)
	}
	s.at("2023-06-10")
	s.renewed(id, "RENEW", "2023-06-03", 600, 1)
	s.at("2023-08-10")
	s.wantOwed(id, living, 18500, 18500, 0, 0, 0, 18500, 18500, 18500)
	s.wantDerived()
}
