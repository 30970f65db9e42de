package httpapi_test

import (
	"fmt"
	"testing"
)

// TestWrongPlacesAreNamed: a division that there is not, and one that is another's, are told apart, each at the member that has it.
func TestWrongPlacesAreNamed(t *testing.T) {
	t.Parallel()
	s := start(t)
	const nowhere, elsewhere = "370305001999", "320102001001"
	there := s.person("liaison.a", villageA, 640, 1).want(201)
	for i, tt := range []struct {
		user, hukou, residence, managing, want string
	}{
		{"liaison.a", nowhere, "", "", "UNKNOWN_AREA hukou_area_code"}, {"town.a", nowhere, "", "", "UNKNOWN_AREA hukou_area_code"},
		{"liaison.a", villageA, nowhere, "", "UNKNOWN_AREA residence_area_code"}, {"liaison.a", villageA, "", nowhere, "UNKNOWN_AREA managing_area_code"},
		{"liaison.a", villageB, "", "", "OUTSIDE_AREA hukou_area_code"}, {"liaison.a", elsewhere, "", "", "OUTSIDE_AREA hukou_area_code"},
		{"liaison.a", villageB, "", villageB, "OUTSIDE_AREA managing_area_code"}, {"liaison.a", elsewhere, villageA, villageA, ""},
	} {
		id := number(641 + i)
		body := map[string]any{"name": "金丝雀", "id_number": id, "hukou_area_code": tt.hukou, "hukou_type": "agricultural",
			"certificate": map[string]any{"number": id + "41", "category": 4, "level": 1, "issued_on": "2020-01-06"}}
		for name, code := range map[string]string{"residence_area_code": tt.residence, "managing_area_code": tt.managing} {
			if code != "" {
				body[name] = code
			}
		}
		if got := firstWrong(s.do(tt.user, "POST", "/persons", body)); got != tt.want {
			t.Errorf("%s enters hukou %s, residence %s, managed in %s: %q, want %q", tt.user, tt.hukou, tt.residence, tt.managing, got, tt.want)
		}
	}
	for name, got := range map[string]answer{
		"managing_area_code": s.do("liaison.a", "PATCH", "/persons/"+there.text("id"), map[string]any{"managing_area_code": villageB}, "If-Match", there.version()),
		"area_code":          s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageB}),
	} {
		if wrong := firstWrong(got); wrong != "OUTSIDE_AREA "+name {
			t.Errorf("%s: %q", name, wrong)
		}
	}
	account := func(at string) answer {
		return s.do("admin", "POST", "/accounts", map[string]any{"username": "far.one", "name": "x", "password": "a fine long password", "role": "auditor", "area_code": at})
	}
	if got := firstWrong(account("370306")) + ", " + firstWrong(account(nowhere)); got != "OUTSIDE_AREA area_code, UNKNOWN_AREA area_code" {
		t.Errorf("accounts: %s", got)
	}
	roster := func(at string) string {
		return firstWrong(s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-03", "area_code": at}))
	}
	if got := roster("370306") + ", " + roster("370305999") + ", " + roster(townA); got != "OUTSIDE_AREA area_code, UNKNOWN_AREA area_code, " {
		t.Errorf("rosters: %s", got)
	}
}

// firstWrong is why something is refused, and the first member that is wrong.
func firstWrong(a answer) string {
	if a.status != 422 {
		return ""
	}
	errors, _ := a.json()["errors"].([]any)
	if len(errors) == 0 {
		return a.text("code")
	}
	return fmt.Sprint(a.text("code"), " ", errors[0].(map[string]any)["field"])
}
