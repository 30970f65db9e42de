package httpapi_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
)

// followed moves the people of an ended division and says what became of them. That each call has the same key changes nothing.
func (s *service) followed(user, code string) (list []string) {
	s.t.Helper()
	for _, item := range s.do(user, "POST", "/areas/"+code+"/succession", nil, "Idempotency-Key", "follow").want(200).json()["divisions"].([]any) {
		f := item.(map[string]any)
		moved, left := f["moved"].(map[string]any), f["left"].(map[string]any)
		line := fmt.Sprintf("%v: %v+%v moved, %v+%v left, %v", f["area"].(map[string]any)["code"], moved["persons"], moved["households"], left["persons"], left["households"], f["accounts"])
		if refused, ok := f["refused"].(map[string]any); ok {
			line += fmt.Sprint(" ", refused["code"])
		}
		list = append(list, line)
	}
	return list
}

// placesOf are the places of a person by their days.
func (s *service) placesOf(person string) (list []string) {
	s.t.Helper()
	for _, item := range s.do("cdpf", "GET", "/persons/"+person+"/circumstances", nil).want(200).json()["items"].([]any) {
		c := item.(map[string]any)
		if kind := c["kind"]; (kind == "managing_area" || kind == "hukou_area") && c["superseded_at"] == nil {
			list = append(list, fmt.Sprintf("%v %v %v..%v", kind, c["value"], c["valid_from"], c["valid_to"]))
		}
	}
	return list
}

// TestFollowedDivision: the people of a village that has ended stand in the one that follows it from the day after, whoever came later from
// the day on which he came; with their households, in short transactions, and once only. Why they stay is said, and who still signs in there.
func TestFollowedDivision(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2022-01-10")
	late := s.person("liaison.a", villageA, 600, 1).want(201).text("id")
	s.granted(late, nursing, "2022-01-10", "2022-01-12")
	var there []string
	for n := range 22 {
		there = append(there, s.person("liaison.b", villageB, 601+n, 1).want(201).text("id"))
	}
	household := s.do("town.a", "POST", "/households", map[string]any{"area_code": villageB, "address": "测试路1号", "members": []any{
		map[string]any{"person_id": there[0], "relation": "head", "from": "2020-01-06"}, map[string]any{"person_id": late, "relation": "other", "from": "2020-01-06"}}}).want(201).text("id")
	s.at("2023-02-01")
	s.moved(late, villageB, "2023-02-01")
	s.do("town.a", "PATCH", "/persons/"+there[19], map[string]any{"id_number": number(700), "reason": "公安更正"}, "If-Match", s.do("town.a", "GET", "/persons/"+there[19], nil).version()).want(200)
	merge := s.merge("town.a", s.second(villageB, 620), there[19]).want(201)
	s.at("2023-03-28")
	s.do("cdpf", "POST", "/areas/"+villageB+"/succession", nil).want(409, "DIVISION_NOT_ENDED")
	s.do("cdpf", "POST", "/areas/370305001998/succession", nil).want(404)
	s.do("town.c", "POST", "/areas/"+villageB+"/succession", nil).want(404)

	end := func(successor area.Code) {
		t.Helper()
		d := area.Division{Code: villageB, Name: "乙社区", ValidFrom: calendar.MustDate("2016-01-01"), ValidTo: calendar.MustDate("2022-12-31"), Successor: successor}
		if n, err := s.desk.ImportDivisions(t.Context(), systemActor, []area.Division{d}); n != 1 || err != nil {
			t.Fatalf("%d divisions changed (%v)", n, err)
		}
	}
	for _, tt := range []struct {
		successor  area.Code
		user, want string
	}{
		{"", "cdpf", "[370305001009: 0+0 moved, 23+1 left, [liaison.b] NO_SUCCESSOR]"},
		{"370305001998", "cdpf", "[370305001009: 0+0 moved, 23+1 left, [liaison.b] SUCCESSOR_NOT_THERE]"},
		{townA, "cdpf", "[370305001009: 0+0 moved, 23+1 left, [liaison.b] SUCCESSOR_NOT_THERE]"},
		{villageC, "town.a", "[370305001009: 0+0 moved, 23+1 left, [liaison.b] OUTSIDE_AREA]"},
		{villageA, "town.a", "[370305001009: 23+1 moved, 0+0 left, [liaison.b]]"},
	} {
		end(tt.successor)
		s.wantLeft("cdpf", townA, "370305001009 0 23 1 [liaison.b]")
		if got := fmt.Sprint(s.followed(tt.user, townA)); got != tt.want {
			t.Errorf("followed by %q: %s, want %s", tt.successor, got, tt.want)
		}
	}
	if got := fmt.Sprint(s.followed("cdpf", villageB)); got != "[370305001009: 0+0 moved, 0+0 left, [liaison.b]]" {
		t.Errorf("again: %s", got)
	}
	s.wantLeft("town.a", townA, "370305001009 0 0 0 [liaison.b]")
	s.wantLeft("town.a", villageA, "")
	s.do("town.c", "GET", "/areas/"+townA+"/succession", nil).want(404)
	for person, want := range map[string]string{
		there[21]: "[hukou_area 370305001009 1970-01-01..2022-12-31 managing_area 370305001009 1970-01-01..2022-12-31 hukou_area 370305001005 2023-01-01..<nil> managing_area 370305001005 2023-01-01..<nil>]",
		late:      "[hukou_area 370305001005 1970-01-01..<nil> managing_area 370305001005 1970-01-01..2023-01-31 managing_area 370305001005 2023-02-01..<nil>]",
	} {
		if got := fmt.Sprint(s.placesOf(person)); got != want {
			t.Errorf("places: %s, want %s", got, want)
		}
	}
	if got := s.do("liaison.a", "GET", "/households/"+household, nil).want(200).json()["area_code"]; got != villageA {
		t.Errorf("the household stands in %v", got)
	}
	s.do("liaison.a", "GET", "/persons/"+there[21], nil).want(200)
	for _, c := range []struct{ day, village, want string }{{"2022-12-31", villageB, "0/22"}, {"2022-12-31", villageA, "1/1"}, {"2023-01-01", villageA, "1/23"}, {"2023-03-28", villageA, "1/23"}} {
		row := s.indicatorRow("stats", nursingQuery+"&by=tree&area="+townA+"&as_of="+c.day, c.village)
		if got := fmt.Sprintf("%v/%v", row["numerator"], row["denominator"]); got != c.want {
			t.Errorf("%s on %s: %s, want %s", c.village, c.day, got, c.want)
		}
	}
	s.undo(merge).want(200) // who comes back by it is moved by another call
	if got := fmt.Sprint(s.followed("cdpf", villageB)); got != "[370305001009: 1+0 moved, 0+0 left, [liaison.b]]" {
		t.Errorf("after a merge was undone: %s", got)
	}
	s.wantRowsWhereTheirPersonIs()
	s.wantDerived()
	conn, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var persons int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM audit_entries WHERE action = 'divisions.follow' AND detail ? 'persons'").Scan(&persons); err != nil || persons != 3 {
		t.Errorf("%d transactions moved 23 persons and one more, want 3 (%v)", persons, err)
	}
}

// wantLeft compares the ended divisions in which somebody is left.
func (s *service) wantLeft(user, in, want string) {
	s.t.Helper()
	var lines []string
	for _, one := range s.do(user, "GET", "/areas/"+in+"/succession", nil).want(200).json()["divisions"].([]any) {
		f := one.(map[string]any)
		moved, left := f["moved"].(map[string]any), f["left"].(map[string]any)
		lines = append(lines, fmt.Sprint(f["area"].(map[string]any)["code"], " ", moved["persons"], " ", left["persons"], " ", left["households"], " ", f["accounts"]))
	}
	if got := strings.Join(lines, "; "); got != want {
		s.t.Errorf("left in %s: %s, want %s", in, got, want)
	}
}
