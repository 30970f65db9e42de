package httpapi_test

import "testing"

// TestFactsBeginInALifetime: a wrong digit in the year of a fact gave somebody a right from before he was born, or from 1800.
func TestFactsBeginInALifetime(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.born("liaison.a", villageA, 1, "1960-05-01", 4, 2, nil)
	home := s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA, "members": []any{map[string]any{"person_id": person, "relation": "head", "from": "2020-01-01"}}}).want(201).text("id")
	add := func(from string) answer {
		return s.do("liaison.a", "POST", "/persons/"+person+"/circumstances", map[string]any{"kind": "dibao", "value": true, "valid_from": from, "valid_to": "2023-01-31", "source": "区民政局"})
	}
	of := func(from string) answer {
		return s.do("liaison.a", "POST", "/households/"+home+"/circumstances", map[string]any{"kind": "dwelling", "value": "own", "valid_from": from, "valid_to": "2023-01-31", "source": "区住建局"})
	}
	for from, code := range map[string]string{"1800-01-01": "DATE_OUT_OF_RANGE", "1899-12-31": "DATE_OUT_OF_RANGE", "1960-04-30": "BEFORE_BIRTH"} {
		add(from).want(422, code).wrong("valid_from", code)
	}
	of("1899-12-31").want(422, "DATE_OUT_OF_RANGE")
	s.do("liaison.a", "POST", "/persons/"+person+"/circumstances", map[string]any{"kind": "dibao", "value": true, "valid_from": "2034-01-01", "source": "区民政局"}).want(422, "DATE_OUT_OF_RANGE")
	fact := add("1960-05-01").want(201)
	correct := func(from string) answer {
		return s.do("liaison.a", "POST", "/circumstances/"+fact.text("id")+"/correct", map[string]any{"valid_from": from, "source": "区民政局", "reason": "更正"}, "If-Match", `"1"`)
	}
	correct("1959-01-01").want(422, "BEFORE_BIRTH")
	correct("1061-01-01").want(422)
	correct("1961-01-01").want(200)
}
