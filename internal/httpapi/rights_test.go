package httpapi_test

import (
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/httpapi"
)

// heldPaths are good requests of the operations that may begin with rights seen earlier; %s is a person.
var heldPaths = map[string]string{
	"getPerson": "/persons/{id}", "listPersons": "/persons", "getPersonRecord": "/persons/{id}/record",
	"getEligibility": "/persons/{id}/eligibility", "getIndicatorValues": "/indicators/values",
	"listIndicatorPersons": "/indicators/nursing_subsidy_coverage/persons",
}

// TestRightsEndAtOnce takes rights away between two requests of a session that the service has seen: the second is
// answered by the rights of its own moment.
func TestRightsEndAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person("liaison.a", villageA, 60, 1).want(201).text("id")
	for op := range httpapi.HeldByStore {
		path := heldPaths[op]
		if path == "" {
			t.Errorf("no request of %s here", op)
			continue
		}
		path = replaceID(path, person)
		one := map[bool]int{true: 404, false: 200}[contains([]string{"getPerson", "getPersonRecord", "getEligibility"}, op)]
		for _, tt := range []struct {
			name  string
			patch map[string]any
			want  int
		}{
			{"moved to another town", map[string]any{"area_code": townC}, one},
			{"made hotline clerk", map[string]any{"role": "hotline_clerk"}, map[bool]int{true: 200, false: 403}[op == "getPerson"]},
			{"made administrator", map[string]any{"role": "administrator"}, 403},
			{"made auditor, who may again", map[string]any{"role": "auditor"}, 200},
			{"disabled", map[string]any{"disabled": true}, 401},
		} {
			t.Run(op+" "+tt.name, func(t *testing.T) {
				user := "o" + uuid.NewString()[:8]
				account := s.do("admin", "POST", "/accounts", map[string]any{"username": user, "name": "测试", "password": password, "role": "town_officer", "area_code": townA}).want(201)
				for range 2 {
					s.do(user, "GET", path, nil).want(200)
				}
				s.do("admin", "PATCH", "/accounts/"+account.text("id"), tt.patch, "If-Match", account.version()).want(200)
				if got := s.do(user, "GET", path, nil); got.status != tt.want {
					t.Errorf("status %d, want %d: %s", got.status, tt.want, got.body)
				}
			})
		}
		t.Run(op+" signed out", func(t *testing.T) {
			user := "o" + uuid.NewString()[:8]
			s.do("admin", "POST", "/accounts", map[string]any{"username": user, "name": "测试", "password": password, "role": "town_officer", "area_code": townA}).want(201)
			s.do(user, "GET", path, nil).want(200)
			s.do(user, "POST", "/auth/logout", nil).want(204)
			s.do(user, "GET", path, nil).want(401)
		})
	}
}

// TestNewRightsCountAtOnce gives a role to one who was refused a moment ago.
func TestNewRightsCountAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person("liaison.a", villageA, 61, 1).want(201).text("id")
	account := s.do("admin", "POST", "/accounts", map[string]any{"username": "newcomer", "name": "测试", "password": password, "role": "statistician", "area_code": townA}).want(201)
	s.do("newcomer", "GET", "/persons/"+person, nil).want(403)
	s.do("admin", "PATCH", "/accounts/"+account.text("id"), map[string]any{"role": "town_officer"}, "If-Match", account.version()).want(200)
	s.do("newcomer", "GET", "/persons/"+person, nil).want(200)
}
