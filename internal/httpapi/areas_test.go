package httpapi_test

import (
	"strings"
	"testing"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
)

// TestAreasThatAreNone: numbers of an area that is no division are refused, where 0 of 0 would pass for an answer; one that was a
// division goes on being told of for its days.
func TestAreasThatAreNone(t *testing.T) {
	t.Parallel()
	s := start(t)
	const ended, later = "370305001390", "370305001391"
	tree := []area.Division{{Code: ended, Name: "原某村", ValidFrom: calendar.MustDate("2016-01-01"), ValidTo: calendar.MustDate("2019-12-31")},
		{Code: later, Name: "新某村", ValidFrom: calendar.MustDate("2022-07-01")}}
	if _, err := s.desk.ImportDivisions(t.Context(), systemActor, tree); err != nil {
		t.Fatal(err)
	}
	const values, names, trend = "/indicators/values?indicator=medical_enrolment&area=", "/indicators/medical_enrolment/persons?area=", "/indicators/medical_enrolment/trend?area="
	const never = "370305001999"
	for _, tt := range []struct {
		user, path string
		status     int
		code       string
	}{
		{"cdpf", values + never, 422, "UNKNOWN_AREA"}, {"cdpf", values + "370305999", 422, "UNKNOWN_AREA"}, {"cdpf", values + never + "&by=village", 422, "UNKNOWN_AREA"},
		{"cdpf", values + never + "&format=csv", 422, "UNKNOWN_AREA"}, {"cdpf", values + never + "&format=xlsx&as_of=2019-01-01", 422, "UNKNOWN_AREA"},
		{"cdpf", names + never, 422, "UNKNOWN_AREA"}, {"cdpf", trend + never, 422, "UNKNOWN_AREA"},
		{"cdpf", strings.Replace(trend, "medical_enrolment", "income_growth", 1) + never, 422, "UNKNOWN_AREA"},
		{"cdpf", "/supervision?area=" + never, 422, "UNKNOWN_AREA"}, {"cdpf", "/supervision?format=csv&area=" + never, 422, "UNKNOWN_AREA"},
		{"cdpf", "/surveys/2022/progress?area=" + never, 422, "UNKNOWN_AREA"}, {"cdpf", "/verifications/progress?area=" + never, 422, "UNKNOWN_AREA"},
		{"cdpf", "/worklists?area=" + never, 422, "UNKNOWN_AREA"},
		{"cdpf", values + ended, 200, ""}, {"cdpf", names + ended, 200, ""}, {"cdpf", trend + ended, 200, ""}, {"cdpf", "/supervision?area=" + ended, 200, ""},
		{"cdpf", values + ended + "&as_of=2015-12-31", 422, "NOT_THEN"}, {"cdpf", names + ended + "&as_of=2015-12-31", 422, "NOT_THEN"},
		{"cdpf", values + ended + "&as_of=2019-12-31", 200, ""}, {"cdpf", names + ended + "&as_of=2018-01-01", 200, ""}, {"cdpf", trend + ended + "&from=2019-06&to=2020-06", 200, ""},
		{"cdpf", strings.Replace(trend, "medical_enrolment", "income_growth", 1) + ended + "&from=2019-06&to=2020-06", 200, ""},
		{"cdpf", "/supervision?from=2019-01-01&to=2020-12-31&area=" + ended, 200, ""}, {"cdpf", "/surveys/2018/progress?area=" + ended, 200, ""},
		{"cdpf", "/worklists?area=" + ended, 200, ""}, {"cdpf", values + later + "&as_of=2019-12-31", 200, ""}, {"cdpf", trend + later + "&from=2022-01", 200, ""},
		{"cdpf", values + townA, 200, ""}, {"cdpf", values + "370305001000", 200, ""}, {"liaison.a", values + villageA, 200, ""}, {"liaison.a", values + never, 404, "NOT_FOUND"},
	} {
		a := s.do(tt.user, "GET", tt.path, nil)
		if a.status != tt.status || tt.code != "" && codeOf(a) != tt.code && a.text("code") != tt.code {
			t.Errorf("%s: %d %.300s, want %d %s", tt.path, a.status, a.body, tt.status, tt.code)
		}
	}
	s.do("cdpf", "GET", values+ended+"&as_of=2020-01-01&known_at=2023-03-28T01:00:00Z", nil).want(422, "NOT_THEN")
}
