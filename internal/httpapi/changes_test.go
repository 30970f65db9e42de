package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/jackc/pgx/v5"

	"zhucan/api"
	"zhucan/internal/casework"
)

// untold are changes of rows, as the audit has them, that are no event in the same transaction. It is written from what partners are
// promised and not from what the service does: whoever adds a way to change one of these tables has to tell of it.
const untold = `
WITH rows AS (
    SELECT c.entry_id, c.table_name AS t, c.op, c.row_id, coalesce(c.new_row, '{}') AS n, coalesce(c.old_row, '{}') AS o FROM audit_changes c WHERE c.op <> 'delete'
), due AS (
    SELECT entry_id, t, row_id, 'person.created' AS type, row_id AS subject FROM rows WHERE t = 'persons' AND op = 'insert'
    UNION ALL SELECT entry_id, t, row_id, 'person.updated', row_id FROM rows WHERE t = 'persons' AND op = 'update' AND
        ((n->>'name') <> (o->>'name') OR (n->'hukou_type') <> (o->'hukou_type') OR (n->'id_number_index') <> (o->'id_number_index') OR (n->'record_type') <> (o->'record_type'))
    UNION ALL SELECT entry_id, t, row_id, 'person.moved', row_id FROM rows WHERE t = 'persons' AND op = 'update' AND
        ((n->'hukou_area_code') <> (o->'hukou_area_code') OR (n->'residence_area_code') <> (o->'residence_area_code') OR (n->'managing_area_code') <> (o->'managing_area_code'))
    UNION ALL SELECT entry_id, t, row_id, 'person.left', row_id FROM rows WHERE t = 'persons' AND op = 'update' AND (n->'managing_area_code') <> (o->'managing_area_code')
    UNION ALL SELECT entry_id, t, row_id, 'certificate.', NULL FROM rows WHERE t = 'certificate_events' AND op = 'insert'
    UNION ALL SELECT entry_id, t, row_id, 'certificate.', row_id FROM rows WHERE t = 'certificates' AND op = 'insert'
    UNION ALL SELECT entry_id, t, row_id, 'fact.', row_id FROM rows WHERE t IN ('circumstances', 'household_circumstances') AND op = 'insert'
        AND n->>'kind' NOT IN ('hukou_area', 'residence_area', 'managing_area', 'household_area')
    UNION ALL SELECT entry_id, t, row_id, 'award.begun', row_id FROM rows WHERE t = 'awards' AND op = 'insert'
    UNION ALL SELECT entry_id, t, row_id, CASE WHEN n->'void' = o->'void' AND coalesce(n->>'end_month' > o->>'end_month', o->>'end_month' IS NOT NULL) THEN 'award.resumed' ELSE 'award.ended' END, row_id
        FROM rows WHERE t = 'awards' AND op = 'update' AND ((n->'end_month') <> (o->'end_month') OR (n->'void') <> (o->'void'))
    UNION ALL SELECT entry_id, t, row_id, CASE WHEN op = 'insert' AND n->>'to_month' IS NULL THEN 'award.suspended' ELSE 'award.resumed' END, (n->>'award_id')::uuid FROM rows
        WHERE t = 'award_suspensions' AND (op = 'insert' OR (n->'to_month') <> (o->'to_month'))
    UNION ALL SELECT entry_id, t, row_id, 'application.decided', row_id FROM rows WHERE t = 'applications' AND n->>'stage' IN ('approved', 'rejected') AND (n->>'stage') <> (o->>'stage')
    UNION ALL SELECT entry_id, t, row_id, 'service.counted', (n->>'service_id')::uuid FROM rows WHERE t = 'service_steps' AND op = 'insert' AND n->'counts' <> '[]'
    UNION ALL SELECT entry_id, t, row_id, 'service.withdrawn', (n->>'service_id')::uuid FROM rows WHERE t = 'service_steps' AND op = 'update' AND n->'counts' <> '[]'
        AND n->>'voided_at' IS NOT NULL AND o->>'voided_at' IS NULL
    UNION ALL SELECT entry_id, t, row_id, 'roster.closed', row_id FROM rows WHERE t = 'rosters' AND n->>'state' = 'closed' AND (n->>'state') <> (o->>'state')
    UNION ALL SELECT entry_id, t, row_id, 'release.sealed', row_id FROM rows WHERE t = 'indicator_releases' AND op = 'insert'
)
SELECT a.action || ': ' || d.type || ' of ' || d.t FROM due d JOIN audit_entries a ON a.id = d.entry_id
WHERE NOT (a.action = 'person.unmerge' AND d.type = 'award.ended') -- person.unmerged says to fetch both anew
  AND NOT EXISTS (SELECT FROM events e WHERE e.entry_id = d.entry_id AND (e.type = d.type OR right(d.type, 1) = '.' AND starts_with(e.type, d.type))
    AND (d.subject IS NULL OR e.subject_id = d.subject)) GROUP BY 1 ORDER BY 1`

// wantEventsComplete looks, at the end of every test here, at what it has left behind: every change told, none invented, numbers
// without gap, and in no event more than ids and codes.
func (s *service) wantEventsComplete() {
	s.t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.db.OwnerURL)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, untold)
	if err != nil {
		s.t.Error(err)
		return
	}
	missing, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(missing) > 0 {
		s.t.Errorf("changes that nobody hears of (%v):\n%s", err, strings.Join(missing, "\n"))
	}
	var torn, invented, personal int
	err = conn.QueryRow(ctx, `SELECT (SELECT count(*) FROM events WHERE seq IS NULL) + (SELECT coalesce(max(seq), 0) - count(*) FROM events),
		(SELECT count(*) FROM events e LEFT JOIN audit_entries a ON a.id = e.entry_id AND a.outcome = 'done' AND a.seq IS NOT NULL
			WHERE a.id IS NULL OR NOT EXISTS (SELECT FROM audit_changes c WHERE c.entry_id = e.entry_id)),
		(SELECT count(*) FROM events e WHERE e::text ~ '379999\d{8}|1990000\d{4}|金丝雀|6222\d{12}')`).Scan(&torn, &invented, &personal)
	if err != nil || torn != 0 || invented != 0 || personal != 0 {
		s.t.Errorf("of the events %d are out of number, %d without a change, %d with personal data (%v)", torn, invented, personal, err)
	}
	s.wantCodesOnly(ctx, conn)
}

// code is all that the data of an event may hold.
var code = regexp.MustCompile(`^(true|false|[A-Za-z][A-Za-z0-9_.]{0,40}|\d{4}-\d{2}(-\d{2})?)$`)

func (s *service) wantCodesOnly(ctx context.Context, conn *pgx.Conn) {
	s.t.Helper()
	declared := map[string][]string{}
	for _, t := range casework.EventTypes {
		declared[t.Name] = t.Data
	}
	rows, err := conn.Query(ctx, `SELECT DISTINCT e.type, d.key, coalesce(a.value, d.value #>> '{}') FROM events e, jsonb_each(e.data) d
		LEFT JOIN LATERAL jsonb_array_elements_text(CASE jsonb_typeof(d.value) WHEN 'array' THEN d.value ELSE '[]' END) a(value) ON true`)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var kind, name, value string
		if err := rows.Scan(&kind, &name, &value); err != nil {
			s.t.Error(err)
			return
		}
		if name != "household_id" && name != "merged_id" && (!slices.Contains(declared[kind], name) || !code.MatchString(value)) {
			s.t.Errorf("%s tells %s = %q", kind, name, value)
		}
	}
}

func TestEventTypesAreWhatTheContractSays(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(api.Document)
	if err != nil {
		t.Fatal(err)
	}
	schema := doc.Components.Schemas["EventType"].Value
	name := regexp.MustCompile(`^[a-z]+\.[a-z]+$`)
	var names []any
	for _, e := range casework.EventTypes {
		if names = append(names, e.Name); !name.MatchString(e.Name) || e.ZH == "" || e.EN == "" {
			t.Errorf("%+v has no name or no words", e)
		}
		if strings.Count(schema.Description, "`"+e.Name+"`") != 1 {
			t.Errorf("the contract does not explain %s", e.Name)
		}
		for _, member := range e.Data {
			if !strings.Contains(schema.Description, "`"+member+"`") && member != "record_type" && member != "basis" {
				t.Errorf("the contract does not explain %s of %s", member, e.Name)
			}
		}
	}
	if fmt.Sprint(names) != fmt.Sprint(schema.Enum) {
		t.Errorf("the contract names\n%v, the service\n%v", schema.Enum, names)
	}
}

// changes reads the feed as far as it goes.
func (s *service) changes(user, query, after string) (list []map[string]any, cursor string) {
	s.t.Helper()
	for {
		a := s.do(user, "GET", "/changes?limit=3"+query+"&after="+after, nil).want(200).json()
		for _, item := range a["items"].([]any) {
			list = append(list, item.(map[string]any))
		}
		if after = a["cursor"].(string); a["next_cursor"] == nil {
			return list, after
		}
		if a["next_cursor"] != a["cursor"] {
			s.t.Errorf("next_cursor %v is not the cursor %v", a["next_cursor"], a["cursor"])
		}
	}
}

// told is a list of events as lines: the type, what the data says beside ids, and what only a part of the register sees.
func told(list []map[string]any) (lines []string) {
	for _, e := range list {
		data := e["data"].(map[string]any)
		delete(data, "person_id")
		delete(data, "household_id")
		text, _ := json.Marshal(data)
		lines = append(lines, fmt.Sprintf("%s %s %s", e["type"], e["area_code"], text))
	}
	return lines
}

// TestChanges lets everything happen once that partners hear of, and reads it.
func TestChanges(t *testing.T) {
	t.Parallel()
	s := start(t)
	var cursor string
	step := func(name string, do func(), want ...string) {
		t.Helper()
		do()
		var list []map[string]any
		if list, cursor = s.changes("auditor", "", cursor); !slices.Equal(told(list), want) {
			t.Errorf("%s: told\n%s\nwant\n%s", name, strings.Join(told(list), "\n"), strings.Join(want, "\n"))
		}
	}
	cursor = "0"
	var id string
	card := func() (string, string) {
		last := s.do("cdpf", "GET", "/persons/"+id, nil).want(200).json()["certificates"].([]any)
		one := last[len(last)-1].(map[string]any)
		return "/certificates/" + one["id"].(string) + "/events", fmt.Sprintf(`"%v"`, one["version"])
	}
	event := func(body map[string]any) func() {
		return func() {
			path, version := card()
			s.do("cdpf", "POST", path, body, "If-Match", version).want(201)
		}
	}
	patch := func(user string, body map[string]any) func() {
		return func() {
			p := s.do(user, "GET", "/persons/"+id, nil).want(200)
			s.do(user, "PATCH", "/persons/"+id, body, "If-Match", p.version()).want(200)
		}
	}
	const a, c = " " + villageA + " ", " " + villageC + " "
	step("created", func() { id = s.person1(700, 1) }, `person.created`+a+`{"record_type":"CERTIFIED"}`, `certificate.issued`+a+`{}`, `fact.recorded`+a+`{"kind":"dibao"}`)
	step("read only", func() {
		s.do("cdpf", "POST", "/persons/"+id+"/reveal", map[string]any{"fields": []string{"id_number"}, "reason": "回访"}).want(200)
	})
	step("updated", patch("liaison.a", map[string]any{"phone": "19900007777", "guardian": map[string]any{"name": "金丝雀", "relation": "parent"}}), `person.updated`+a+`{"changed":["guardian","phone"]}`)
	step("the same again", patch("liaison.a", map[string]any{"phone": "19900007777"}))
	step("approved", func() { s.granted(id, living, "2023-01-05", "2023-01-06") }, `application.decided`+a+`{"outcome":"approved","programme":"living_allowance"}`,
		`award.begun`+a+`{"basis":"application","programme":"living_allowance"}`)
	step("rejected", func() {
		s.decide("town.a", s.applied(id, nursing, "2023-01-06"), map[string]any{"decision": "reject", "reason": "x"}).want(200)
	}, `application.decided`+a+`{"outcome":"rejected","programme":"nursing_subsidy"}`)
	step("returned", func() {
		s.decide("town.a", s.applied(id, nursing, "2023-01-06"), map[string]any{"decision": "return", "reason": "x", "fields": []string{"bank_account"}}).want(200)
	})
	step("paid", func() { s.pay("2023-02-10", "2023-02", func(map[string]any) bool { return true }) }, `roster.closed 370305 {"month":"2023-02"}`)
	step("suspended and resumed", func() { s.at("2023-03-01"); s.pause(id, "2023-03", "2023-04", true) }, `award.suspended`+a+`{"programme":"living_allowance"}`,
		`award.resumed`+a+`{"programme":"living_allowance"}`)
	step("frozen", event(map[string]any{"event": "FREEZE", "on": "2023-02-20"}), `certificate.frozen`+a+`{}`)
	step("unfrozen", event(map[string]any{"event": "UNFREEZE", "on": "2023-02-21"}), `certificate.changed`+a+`{"event":"UNFREEZE"}`)
	step("regraded", func() { s.renewed(id, "CHANGE", "2023-02-22", 700, 2) }, `certificate.changed`+a+`{"event":"CHANGE"}`)
	step("corrected", func() {
		fact := s.fact(id, "tekun", true, "2022-01-01", "2022-02-01").text("id")
		s.do("cdpf", "POST", "/circumstances/"+fact+"/correct", map[string]any{"value": false, "source": "x", "reason": "x"}, "If-Match", `"1"`).want(200)
	}, `fact.recorded`+a+`{"kind":"tekun"}`, `fact.corrected`+a+`{"kind":"tekun"}`)
	step("ended", func() { s.endFact(id, "dibao", "2023-02-28") }, `fact.ended`+a+`{"kind":"dibao"}`)
	step("moved in the records only", patch("cdpf", map[string]any{"residence_area_code": villageB}), `person.moved`+a+`{"places":["residence_area_code"]}`)
	step("served", func() { s.fitted(id) }, `service.counted`+a+`{"counts":["device","rehab"],"kind":"device"}`)
	step("of a household", func() {
		h := s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA}).want(201).text("id")
		s.do("cdpf", "POST", "/households/"+h+"/circumstances", map[string]any{"kind": "dwelling", "value": "own", "valid_from": "2022-01-01", "source": "x"}).want(201)
	}, `fact.recorded`+a+`{"kind":"dwelling"}`)
	step("sealed", func() { s.sealed(map[string]any{"as_of": "2023-02-28"}) }, `release.sealed 370305 {"as_of":"2023-02-28","public":false}`)
	step("moved away", patch("cdpf", map[string]any{"managing_area_code": villageC, "hukou_area_code": villageC}), `person.moved`+c+`{"places":["hukou_area_code","managing_area_code"]}`,
		`person.left`+a+`{}`)
	step("right ended", func() {
		w := s.do("civil", "GET", "/awards?person_id="+id, nil).want(200).json()["items"].([]any)[0].(map[string]any)
		s.do("civil", "POST", "/awards/"+w["id"].(string)+"/void", map[string]any{"reason": "x"}, "If-Match", fmt.Sprintf(`"%v"`, w["version"])).want(200)
	}, `award.ended`+c+`{"programme":"living_allowance","void":true}`)
	step("died", func() { s.fact(id, "death", true, "2023-02-27", "") }, `fact.recorded`+c+`{"kind":"death"}`, `person.died`+c+`{}`)
	step("cancelled", event(map[string]any{"event": "CANCEL", "on": "2023-02-28", "cancel_reason": "DEATH"}), `certificate.cancelled`+c+`{"cancel_reason":"DEATH"}`)
	s.wantFeedNarrows(id, cursor)
}

// fitted takes somebody's wheelchair all the way until it is signed for.
func (s *service) fitted(person string) {
	s.t.Helper()
	one := s.do("liaison.a", "POST", "/services", map[string]any{"kind": "device", "person_id": person, "need": map[string]any{"item": "120312", "mode": "grant", "pieces": 1}}).want(201)
	for _, step := range []struct {
		user, name string
		evidence   map[string]any
	}{{"liaison.a", "village_check", map[string]any{"findings": "x"}}, {"town.a", "town_review", map[string]any{"findings": "x"}},
		{"cdpf", "approve", map[string]any{"item": "120312", "price_fen": 100, "subsidy_fen": 100, "own_fen": 0, "paid_elsewhere": "none"}},
		{"cdpf", "fit", map[string]any{"supplier": "x", "pieces": 1}}, {"cdpf", "accept", map[string]any{"signed_by": "person"}}} {
		one = s.do(step.user, "POST", "/services/"+one.text("id")+"/steps", map[string]any{"step": step.name, "on": "2023-03-01", "evidence": step.evidence}, "If-Match", one.version()).want(201)
	}
}

// wantFeedNarrows reads parts of the feed, and asks for what is not there.
func (s *service) wantFeedNarrows(person, end string) {
	t := s.t
	t.Helper()
	all, _ := s.changes("civil", "", "0")
	died, cursor := s.changes("cdpf", "&type=person.died", "0")
	if len(died) != 1 || died[0]["subject_id"] != person || died[0]["data"].(map[string]any)["person_id"] != person || cursor != end {
		t.Errorf("deaths: %v up to %s, want %s up to %s", died, cursor, person, end)
	}
	there, cursor := s.changes("auditor", "&area="+townC, "0")
	if len(there) != 5 || cursor != end {
		t.Errorf("in the other town: %v up to %s", told(there), cursor)
	}
	for i, e := range all {
		if e["seq"] != float64(i+1) {
			t.Fatalf("event %d has number %v", i+1, e["seq"])
		}
	}
	if rest, cursor := s.changes("auditor", "", end); len(rest) != 0 || cursor != end {
		t.Errorf("behind the end: %v, %s", rest, cursor)
	}
	s.do("auditor", "GET", "/changes?after=999999", nil).want(409, "CURSOR_AHEAD")
	s.do("auditor", "GET", "/changes?area=370306", nil).want(404)
	for _, bad := range []string{"after=-1", "after=x", "after=", "type=person.eaten", "type=", "limit=0", "limit=201", "cursor=1", "area=37030"} {
		s.do("auditor", "GET", "/changes?"+bad, nil).want(400)
	}
}
