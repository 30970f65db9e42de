package httpapi_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
)

var systemActor = access.SystemActor()

// TestRegister walks one person through what happens to a file.
func TestRegister(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.person("liaison.a", villageA, 40, 2).want(201)
	id := p.text("id")
	path := "/persons/" + id
	if number := p.text("id_number"); number == "" || number[4:14] != "**********" {
		t.Errorf("the number is not masked: %s", number)
	}
	clear := s.do("liaison.a", "POST", path+"/reveal", map[string]any{"fields": []string{"id_number", "phone"}, "reason": "入户核对"}).want(200)
	if clear.text("id_number") != number(40) || clear.text("phone") != "19900000040" {
		t.Errorf("reveal: %s", clear.body)
	}
	if n := len(s.do("auditor", "GET", "/audit-events?action=person.reveal&subject="+id, nil).want(200).json()["items"].([]any)); n != 1 {
		t.Errorf("%d reveals in the audit, want 1", n)
	}

	// a correction leaves an alias; both numbers find the person
	fixed := s.do("liaison.a", "PATCH", path, map[string]any{"id_number": number(41), "reason": "公安更正"}, "If-Match", p.version()).want(200)
	for _, n := range []int{40, 41} {
		found := s.do("liaison.a", "POST", "/persons/search", map[string]any{"id_number": number(n)}).want(200).json()["items"].([]any)
		if len(found) != 1 {
			t.Errorf("number %d finds %d persons, want 1", n, len(found))
		}
	}
	if found := s.do("liaison.b", "POST", "/persons/search", map[string]any{"id_number": number(41)}).want(200).json()["items"].([]any); len(found) != 0 {
		t.Error("another village finds the person")
	}
	s.do("liaison.a", "PATCH", path, map[string]any{"phone": "19900009999"}, "If-Match", p.version()).want(412, "STALE")

	// the card is frozen: an application cannot be handed in, and stays a draft
	card := fixed.json()["certificates"].([]any)[0].(map[string]any)["id"].(string)
	s.do("liaison.a", "POST", "/certificates/"+card+"/events", map[string]any{"event": "UNFREEZE", "on": "2023-03-01"}, "If-Match", `"1"`).want(409, "WRONG_STATUS")
	frozen := s.do("liaison.a", "POST", "/certificates/"+card+"/events", map[string]any{"event": "FREEZE", "on": "2023-03-01"}, "If-Match", `"1"`).want(201)
	app := s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": id, "programme": "nursing_subsidy", "applied_on": "2023-03-28", "applicant": map[string]any{"relation": "self"}}).want(201)
	s.do("liaison.a", "POST", "/applications/"+app.text("id")+"/submit", nil, "If-Match", app.version()).want(422, "CERT_NOT_VALID")
	s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": id, "programme": "nursing_subsidy", "applied_on": "2023-03-28", "applicant": map[string]any{"relation": "self"}}).want(409, "DUPLICATE_APPLICATION")
	s.do("liaison.a", "POST", "/certificates/"+card+"/events", map[string]any{"event": "UNFREEZE", "on": "2023-03-10"}, "If-Match", frozen.version()).want(201)
	submitted := s.do("liaison.a", "POST", "/applications/"+app.text("id")+"/submit", nil, "If-Match", app.version()).want(200)

	// facts: no overlap, an end, a correction, and what was known when
	fact := s.do("liaison.a", "POST", path+"/circumstances", map[string]any{"kind": "tekun", "value": true, "valid_from": "2022-06-01", "source": "民政"}).want(201)
	s.do("liaison.a", "POST", path+"/circumstances", map[string]any{"kind": "tekun", "value": true, "valid_from": "2023-01-01", "source": "民政"}).want(409, "OVERLAPS")
	s.do("town.a", "POST", "/applications/"+app.text("id")+"/decisions", map[string]any{"decision": "approve"}, "If-Match", submitted.version()).want(422, "X_TEKUN")
	s.do("liaison.a", "POST", "/circumstances/"+fact.text("id")+"/end", map[string]any{"valid_to": "2022-01-01"}, "If-Match", `"1"`).want(422, "DATES_REVERSED")
	ended := s.do("liaison.a", "POST", "/circumstances/"+fact.text("id")+"/end", map[string]any{"valid_to": "2023-02-10"}, "If-Match", `"1"`).want(200)
	s.do("liaison.a", "POST", "/circumstances/"+fact.text("id")+"/end", map[string]any{"valid_to": "2023-02-10"}, "If-Match", `"1"`).want(409, "SUPERSEDED")
	s.do("cdpf", "POST", "/circumstances/"+ended.text("id")+"/correct", map[string]any{"valid_to": "2023-02-28", "source": "民政", "reason": "登记有误"}, "If-Match", `"1"`).want(200)
	s.do("town.a", "POST", "/applications/"+app.text("id")+"/decisions", map[string]any{"decision": "approve"}, "If-Match", submitted.version()).want(200)
	record := s.do("auditor", "GET", path+"/record?as_of=2023-02-20", nil).want(200).json()
	if facts := record["circumstances"].([]any); len(facts) != 3 { // two places and 特困
		t.Errorf("on 20 February %d facts hold, want 3: %v", len(facts), facts)
	}
	if all := s.do("auditor", "GET", path+"/circumstances", nil).want(200).json()["items"].([]any); len(all) != 5 {
		t.Errorf("%d recorded facts, want 5 with the superseded", len(all))
	}

	// a lost card: the new one follows, the person and the right stay
	cardNow := s.do("liaison.a", "GET", path, nil).want(200).json()["certificates"].([]any)[0].(map[string]any)
	lost := s.do("liaison.a", "POST", "/certificates/"+card+"/events", map[string]any{"event": "REISSUE_LOST", "on": "2023-03-20",
		"certificate": map[string]any{"number": number(40) + "42B", "category": 4, "level": 2, "issued_on": "2023-03-20"}}, "If-Match", versionOf(cardNow)).want(201).json()
	if lost["certificate"].(map[string]any)["status"] != "REPLACED" || lost["new_certificate"].(map[string]any)["status"] != "ACTIVE" {
		t.Errorf("reissue: %v", lost)
	}

	// a move to another village: the file follows, the old village sees it no longer
	now := s.do("town.a", "GET", path, nil).want(200)
	s.do("liaison.a", "PATCH", path, map[string]any{"managing_area_code": villageB}, "If-Match", now.version()).want(422, "OUTSIDE_AREA")
	s.do("town.a", "PATCH", path, map[string]any{"managing_area_code": villageB, "hukou_area_code": villageB, "effective_on": "2023-03-25"}, "If-Match", now.version()).want(200)
	s.do("liaison.a", "GET", path, nil).want(404)
	s.do("liaison.b", "GET", path, nil).want(200)
	s.wantRowsWhereTheirPersonIs()
	if persons, differed, err := s.desk.RebuildStandings(t.Context(), systemActor, true); err != nil || differed != 0 || persons != 1 {
		t.Errorf("rebuild: %d persons, %d differed, %v", persons, differed, err)
	}
}

// wantRowsWhereTheirPersonIs looks past the service that all rows of a person are in the area of the person, and that
// the audit still holds after rows have moved.
func (s *service) wantRowsWhereTheirPersonIs() {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.db.OwnerURL)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(s.t.Context())
	for _, table := range []string{"person_aliases", "certificates", "certificate_events", "circumstances", "applications", "awards"} {
		var rows, astray int
		err := conn.QueryRow(s.t.Context(), "SELECT count(*), count(*) FILTER (WHERE t.area_code <> p.managing_area_code) FROM "+table+" t JOIN persons p ON p.id = t.person_id").Scan(&rows, &astray)
		if err != nil || rows == 0 || astray != 0 {
			s.t.Errorf("%s: %d of %d rows are not where their person is (%v)", table, astray, rows, err)
		}
	}
	if v, err := s.desk.DB.VerifyAudit(s.t.Context()); err != nil || v.Broken != "" {
		s.t.Errorf("VerifyAudit = %+v, %v", v, err)
	}
}

func versionOf(resource map[string]any) string {
	return `"` + string(rune('0'+int(resource["version"].(float64)))) + `"`
}

// TestUnplaced counts openly who stands in no village of the tree.
func TestUnplaced(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person("liaison.a", villageA, 50, 1).want(201)
	s.person("town.a", townA, 51, 1).want(201)
	rows := s.do("stats", "GET", "/indicators/values?by=village&indicator=nursing_subsidy_coverage&area=370305001", nil).want(200).json()["items"].([]any)
	sum, unplaced := 0.0, 0.0
	for _, r := range rows {
		row := r.(map[string]any)
		sum += row["denominator"].(float64)
		if row["group"] == "unplaced" {
			unplaced = row["denominator"].(float64)
		}
	}
	if sum != 2 || unplaced != 1 {
		t.Errorf("villages sum to %v with %v unplaced, want 2 and 1", sum, unplaced)
	}
	csv := s.do("stats", "GET", "/indicators/values?by=town&format=csv", nil).want(200)
	if string(csv.body[:3]) != "\xEF\xBB\xBF" {
		t.Error("the csv has no mark")
	}
}
