package httpapi_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestNumbersTellNothingOfOthers: who sends a number that he asks about beside one that he knows to be in the register does not learn whether
// the first is, and whoever is told that a number is there has left an entry.
func TestNumbersTellNothingOfOthers(t *testing.T) {
	t.Parallel()
	s := start(t)
	child := func(user, village, certificate string, n int) answer {
		return s.do(user, "POST", "/persons", map[string]any{"name": "金丝雀", "id_number": number(n), "birth_certificate_number": certificate, "hukou_area_code": village,
			"hukou_type": "agricultural", "diagnosis": "听力障碍", "record_type": "RECOVERING"})
	}
	child("liaison.b", villageB, "Z370000001", 960).want(201)
	child("liaison.a", villageA, "Z370000002", 961).want(201)
	there, absent := child("liaison.a", villageA, "Z370000002", 960).want(409, "PERSON_EXISTS"), child("liaison.a", villageA, "Z370000002", 962).want(409, "PERSON_EXISTS")
	if there.text("detail") != absent.text("detail") || there.text("title") != absent.text("title") || fmt.Sprint(there.json()["existing"]) != fmt.Sprint(absent.json()["existing"]) {
		t.Errorf("known: %s\nunknown: %s", there.body, absent.body)
	}
	card := s.person("liaison.b", villageB, 963, 1).want(201) // whose ID number turns out to be another, and the card keeps its own
	s.do("liaison.b", "PATCH", "/persons/"+card.text("id"), map[string]any{"id_number": number(964), "reason": "更正"}, "If-Match", card.version()).want(200)
	s.person("liaison.a", villageA, 963, 1).want(409, "CERTIFICATE_EXISTS")
	if got := s.refusals("liaison.a"); got["PERSON_EXISTS"] != 2 || got["CERTIFICATE_EXISTS"] != 1 {
		t.Errorf("what liaison.a was told: %v", got)
	}
}

// refusals counts the refusals of a user that stand in the audit, by their codes.
func (s *service) refusals(user string) map[string]int {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.db.OwnerURL)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(s.t.Context())
	rows, err := conn.Query(s.t.Context(), `SELECT e.detail->>'code', count(*) FROM audit_entries e JOIN accounts a ON a.id = e.account_id
		WHERE e.outcome = 'refused' AND a.username = $1 GROUP BY 1`, user)
	if err != nil {
		s.t.Fatal(err)
	}
	counts := map[string]int{}
	var code string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&code, &n}, func() error { counts[code] = n; return nil }); err != nil {
		s.t.Fatal(err)
	}
	return counts
}

// TestWhoExistsIsShown: whoever may see the person who has a number already gets the id; of somebody elsewhere nothing but that the number is taken.
func TestWhoExistsIsShown(t *testing.T) {
	t.Parallel()
	s := start(t)
	mine, other := s.person("liaison.a", villageA, 971, 1).want(201), s.person("liaison.b", villageB, 973, 1).want(201)
	existing := func(a answer) string { return fmt.Sprint(a.want(409).json()["existing"]) }
	again := func(user, village string, n int) answer { return s.person(user, village, n, 1) }
	for name, tt := range map[string]struct {
		got  answer
		want string
	}{
		"one's own": {again("liaison.a", villageA, 971), "[" + mine.text("id") + "]"}, "elsewhere": {again("liaison.a", villageA, 973), "<nil>"},
		"seen from the town": {again("town.a", villageA, 973), "[" + other.text("id") + "]"}, "from another town": {again("town.c", villageC, 973), "<nil>"},
	} {
		if got := existing(tt.got); got != tt.want {
			t.Errorf("%s: existing are %s, want %s", name, got, tt.want)
		}
	}
	third := s.person("town.a", villageA, 975, 1).want(201)
	change := func(user string, n int) answer {
		return s.do(user, "PATCH", "/persons/"+third.text("id"), map[string]any{"id_number": number(n), "reason": "更正"}, "If-Match", third.version())
	}
	if a, b := existing(change("town.a", 973)), existing(change("liaison.a", 973)); a != "["+other.text("id")+"]" || b != "<nil>" {
		t.Errorf("a number put right: the town is told %s, the village %s", a, b)
	}
	moved := s.do("liaison.a", "PATCH", "/persons/"+mine.text("id"), map[string]any{"id_number": number(977), "reason": "更正"}, "If-Match", mine.version()).want(200)
	card := s.person("liaison.a", villageA, 971, 1).want(409, "CERTIFICATE_EXISTS") // the number is nobody's now, the card is still hers
	if got := existing(card); got != "["+moved.text("id")+"]" {
		t.Errorf("of a card: %s", got)
	}
}

// TestWhoMovedAwayIsNotShown: a number that is left on a merged file leads to the file that stays only where that is the asker's.
func TestWhoMovedAwayIsNotShown(t *testing.T) {
	t.Parallel()
	s := start(t)
	child := func() answer {
		return s.do("liaison.a", "POST", "/persons", map[string]any{"name": "金丝雀童", "birth_date": "2014-06-20", "sex": "female", "birth_certificate_number": "Z370000019", "hukou_area_code": villageA,
			"hukou_type": "agricultural", "diagnosis": "听力障碍", "guardian": map[string]any{"name": "金丝雀母", "relation": "mother"}})
	}
	first, number := child().want(201), numberOf("2014-06-20", 984)
	stays := s.do("liaison.a", "POST", "/persons", map[string]any{"name": "金丝雀童", "id_number": number, "hukou_area_code": villageA, "hukou_type": "agricultural",
		"certificate": map[string]any{"number": number + "41", "category": 4, "level": 1, "issued_on": "2020-01-06"}}).want(201)
	s.do("town.a", "POST", "/persons/"+first.text("id")+"/merge", map[string]any{"into": stays.text("id"), "reason": "同一人"}, "If-Match", first.version()).want(201)
	if got := fmt.Sprint(child().want(409, "PERSON_EXISTS").json()["existing"]); got != "["+stays.text("id")+"]" {
		t.Errorf("existing are %s", got)
	}
	stays = s.do("town.a", "GET", "/persons/"+stays.text("id"), nil).want(200)
	s.do("town.a", "PATCH", "/persons/"+stays.text("id"), map[string]any{"managing_area_code": villageB}, "If-Match", stays.version()).want(200)
	if got := child().want(409, "PERSON_EXISTS").json()["existing"]; got != nil {
		t.Errorf("the village that she has left is told %v", got)
	}
}
