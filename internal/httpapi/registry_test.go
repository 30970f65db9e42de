package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// message is an envelope of the disability-registry standard.
func message(content map[string]any) map[string]any {
	content["transaction_id"] = "txn-1"
	return map[string]any{"signature": "unsigned", "message": content, "header": map[string]any{"version": "1.0.0", "message_id": "m-1", "message_ts": "2023-04-10T10:00:00+08:00",
		"action": "search", "sender_id": "spmis.example", "receiver_id": "dr.example", "total_count": 1, "is_msg_encrypted": false, "meta": map[string]any{}}}
}

func searching(references ...string) map[string]any {
	list := []any{}
	for _, of := range references {
		reference, number, _ := strings.Cut(of, " ")
		list = append(list, map[string]any{"reference_id": reference, "timestamp": "2023-04-10T10:00:00Z", "search_criteria": map[string]any{"query_type": "idtype-value",
			"query": map[string]any{"type": "UIN", "value": number}, "authorize": map[string]any{"purpose": map[string]any{"text": "低保复核 37999919600101001X"}}}})
	}
	return message(map[string]any{"search_request": list})
}

func asking(number string) map[string]any {
	return message(map[string]any{"disabled_criteria": map[string]any{"query_type": "expression", "query": map[string]any{"member.member_identifier": map[string]any{"eq": number}}}})
}

// found are the answers of a search by their references.
func (a answer) found() map[string]map[string]any {
	a.t.Helper()
	list := map[string]map[string]any{}
	for _, one := range items(answer{a.t, a.status, a.header, mustJSON(a.json()["message"])}, "search_response") {
		list[one["reference_id"].(string)] = one
	}
	return list
}

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// record is the one record of an answer about one person, or nil.
func (a answer) record() any {
	a.t.Helper()
	data, _ := a.found()["txn-1"]["data"].(map[string]any)
	if data == nil {
		return nil
	}
	return data["reg_records"].([]any)[0]
}

// TestRegistryTellsWhatIsRecorded: a person with two disabilities, a device on its way and a benefit, as the standard has it.
func TestRegistryTellsWhatIsRecorded(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	id := s.born("liaison.a", villageA, 1, "1960-01-01", 7, 1, map[string]any{"components": []any{map[string]any{"category": 4, "level": 1}, map[string]any{"category": 2, "level": 3}}})
	number := numberOf("1960-01-01", 1)
	s.surveyed(id, 2018, "2018-08-01", needsDevice)

	if got := s.do("cdpf", "POST", "/registry/sync/get-disability-support", asking(number)).want(200).record(); fmt.Sprint(got) !=
		"[map[assistive_technology:[map[status:Needed]] housing_support:[map[status:Needed]] medical_care:[map[status:Needed]]]]" {
		t.Errorf("support by the survey alone: %v", got)
	}
	c := s.reviewed(id, "122203", "grant", 1).take("cdpf", "assess", "2019-01-10", suits("122203"))
	want := func(status string) {
		t.Helper()
		got := mustJSON(s.do("cdpf", "POST", "/registry/sync/get-disability-support", asking(number)).want(200).record())
		if !strings.Contains(string(got), `"status":"`+status+`","type":"Wheelchairs"`) || strings.Count(string(got), "Wheelchairs") != 1 {
			t.Errorf("support: %s, want a wheelchair %s", got, status)
		}
	}
	want("Needed")
	c.take("cdpf", "approve", "2019-01-15", costs("122203", 120000, 120000, 0, "none")).take("town.a", "fit", "2019-02-01", `{"supplier":"辅具店","pieces":1}`)
	want("Needed")
	c.take("liaison.a", "accept", "2019-02-10", `{"signed_by":"person"}`)
	want("Received")

	s.fact(id, "dibao", true, "2023-01-01", "")
	s.granted(id, living, "2023-02-01", "2023-02-20")
	s.at("2023-04-10")
	answer := s.do("cdpf", "POST", "/registry/sync/search", searching("r1 "+strings.ToLower(number), "r2 "+numberOf("1960-01-01", 2))).want(200)
	if header := answer.json()["header"].(map[string]any); header["status"] != "succ" || header["total_count"] != 2.0 || header["sender_id"] != "dr.example" || header["receiver_id"] != "spmis.example" {
		t.Errorf("header: %v", header)
	}
	list := answer.found()
	if nobody := list["r2"]; nobody["status"] != "succ" || nobody["data"] != nil {
		t.Errorf("who is not registered: %v", nobody)
	}
	data := list["r1"]["data"].(map[string]any)
	record := data["reg_records"].(map[string]any)
	delete(record, "disability_support")
	delete(record, "last_updated")
	if got := string(mustJSON(record)); got != `{"disability_details":[{"impairment_level":"Extreme","impairment_type":"Mobility"},{"impairment_level":"Moderate","impairment_type":"Hearing"}],`+
		`"disability_level":"High Support Needs","disability_status":"Approved","personal_details":{"date_of_birth":"1960-01-01","gender":"Male","identifier":"`+number+
		`","name":{"first_name":"丝雀1","last_name":"金"}},"programs_enrollments":[{"programme_identifier":"living_allowance","programme_name":"困难残疾人生活补贴"}],"registration_date":"2016-01-07T16:00:00Z"}` {
		t.Errorf("record: %s", got)
	}
	if details := s.do("civil", "POST", "/registry/sync/get-disability-details", asking(number)).want(200).record(); fmt.Sprint(details) !=
		"map[disability_details:[map[impairment_level:Extreme impairment_type:Mobility] map[impairment_level:Moderate impairment_type:Hearing]]]" {
		t.Errorf("details: %v", details)
	}
}

// TestRegistryFollowsTheCard: whether somebody is disabled is whether a card holds today; a frozen one waits, one that has run out is told as such, and who
// has none, or has died, or lives in another area, is not on the registry.
func TestRegistryFollowsTheCard(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	id := s.born("liaison.a", villageA, 1, "1960-01-01", 4, 2, nil)
	number := numberOf("1960-01-01", 1)
	want := func(user, number, disabled, status string) {
		t.Helper()
		one := items(answer{t, 200, nil, mustJSON(s.do(user, "POST", "/registry/sync/disabled", asking(number)).want(200).json()["message"])}, "disabled_response")[0]
		reason, _ := one["status_reason_message"].(string)
		if one["disabled_status"] != disabled || (disabled == "no") != (reason != "") {
			t.Errorf("disabled: %v, want %s", one, disabled)
		}
		data, _ := s.do(user, "POST", "/registry/sync/search", searching("r1 "+number)).want(200).found()["r1"]["data"].(map[string]any)
		told := ""
		if data != nil {
			told = data["reg_records"].(map[string]any)["disability_status"].(string)
		}
		if told != status {
			t.Errorf("status: %q, want %q", told, status)
		}
	}
	card := func(event, on string, more ...string) {
		t.Helper()
		body := map[string]any{"event": event, "on": on}
		for i := 0; i < len(more); i += 2 {
			body[more[i]] = more[i+1]
		}
		current := items(s.do("cdpf", "GET", "/persons/"+id, nil).want(200), "certificates")[0]
		s.do("cdpf", "POST", "/certificates/"+current["id"].(string)+"/events", body, "If-Match", fmt.Sprintf(`"%v"`, current["version"])).want(201)
	}
	want("cdpf", number, "yes", "Approved")
	s.do("admin", "POST", "/accounts", map[string]any{"username": "cdpf.c", "name": "丙", "role": "cdpf_reviewer", "area_code": townC, "password": password}).want(201)
	want("cdpf.c", number, "no", "") // of another place
	want("cdpf", numberOf("1960-01-01", 9), "no", "")
	corrected := s.born("liaison.a", villageA, 3, "1960-01-01", 4, 2, nil)
	v := s.do("town.a", "GET", "/persons/"+corrected, nil).want(200).version()
	s.do("town.a", "PATCH", "/persons/"+corrected, map[string]any{"id_number": numberOf("1960-01-01", 4), "reason": "公安更正"}, "If-Match", v).want(200)
	want("cdpf", numberOf("1960-01-01", 4), "yes", "Approved")
	want("cdpf", numberOf("1960-01-01", 3), "no", "") // it may be somebody else's
	s.at("2019-03-01")
	card("FREEZE", "2019-03-01", "reason", "复核")
	want("cdpf", number, "no", "Pending")
	s.at("2019-04-01")
	card("UNFREEZE", "2019-04-01", "reason", "复核通过")
	want("cdpf", number, "yes", "Approved")
	s.at("2026-02-01")
	want("cdpf", number, "no", "Expired")
	s.enact(map[string]any{"document": s.edited("transitions: []", "transitions: [{from: 2026-01-01, to: 2026-06-30}]")})
	want("cdpf", number, "yes", "Approved")
	s.at("2026-07-01")
	want("cdpf", number, "no", "Expired")

	s.born("liaison.a", villageA, 2, "2024-01-01", 0, 0, map[string]any{"record_type": "UNCERTIFIED_CHILD", "diagnosis": "听力障碍"})
	want("cdpf", numberOf("2024-01-01", 2), "no", "")
	s.fact(id, "death", true, "2026-01-20", "")
	want("cdpf", number, "no", "")
}

// TestRegistryRefuses says what is wrong in the words of the standard, and asks nobody's file for it.
func TestRegistryRefuses(t *testing.T) {
	t.Parallel()
	s := start(t)
	number := numberOf("1960-01-01", 1)
	for _, tt := range []struct {
		name, want string
		change     func(header, criteria map[string]any)
	}{
		{"an instant without a zone", "rjct.message_ts.invalid", func(h, _ map[string]any) { h["message_ts"] = "2023-04-10 10:00" }},
		{"another version", "rjct.version.invalid", func(h, _ map[string]any) { h["version"] = "2.0.0" }},
		{"encrypted", "rjct.action.not_supported", func(h, _ map[string]any) { h["is_msg_encrypted"] = true }},
		{"another action", "rjct.action.not_supported", func(h, _ map[string]any) { h["action"] = "subscribe" }},
		{"a wrong check character", "rjct.search_criteria.invalid", func(_, c map[string]any) { c["query"] = map[string]any{"type": "UIN", "value": "379999196001010010"} }},
		{"another kind of number", "rjct.search_criteria.invalid", func(_, c map[string]any) { c["query"] = map[string]any{"type": "BRN", "value": number} }},
		{"an attribute", "rjct.search_criteria.invalid", func(_, c map[string]any) {
			c["query"] = map[string]any{"disability_status": map[string]any{"$eq": "Approved"}}
		}},
		{"no object", "rjct.search_criteria.invalid", func(_, c map[string]any) { c["query"] = []any{number} }},
		{"a number as a number", "rjct.search_criteria.invalid", func(_, c map[string]any) { c["query"] = map[string]any{"type": "UIN", "value": 37} }},
	} {
		m := asking(number)
		tt.change(m["header"].(map[string]any), m["message"].(map[string]any)["disabled_criteria"].(map[string]any))
		for _, verb := range []string{"disabled", "get-disability-details", "get-disability-support"} {
			got := s.do("cdpf", "POST", "/registry/sync/"+verb, m).want(200)
			header, code := got.json()["header"].(map[string]any), any(nil)
			switch code = header["status_reason_code"]; {
			case tt.want != "rjct.search_criteria.invalid":
			case verb == "disabled":
				code = tt.want // no header has a code for it
				if header["status"] != "rjct" || header["status_reason_message"] == nil || got.json()["message"] != nil {
					t.Errorf("%s, %s: %s", verb, tt.name, got.body)
				}
			default:
				code = got.found()["txn-1"]["status_reason_code"]
			}
			if code != tt.want {
				t.Errorf("%s, %s: %s", verb, tt.name, got.body)
			}
		}
		search := searching("r1 " + number)
		tt.change(search["header"].(map[string]any), search["message"].(map[string]any)["search_request"].([]any)[0].(map[string]any)["search_criteria"].(map[string]any))
		got := s.do("cdpf", "POST", "/registry/sync/search", search).want(200)
		code := got.json()["header"].(map[string]any)["status_reason_code"]
		if code == nil {
			code = got.found()["r1"]["status_reason_code"]
		}
		if code != tt.want {
			t.Errorf("search, %s: %s", tt.name, got.body)
		}
	}
	predicate := searching("r1 "+number, "r1 "+number)
	predicate["message"].(map[string]any)["search_request"].([]any)[0].(map[string]any)["search_criteria"].(map[string]any)["query_type"] = "predicate"
	both := items(answer{t, 200, nil, mustJSON(s.do("cdpf", "POST", "/registry/sync/search", predicate).want(200).json()["message"])}, "search_response")
	if both[0]["status_reason_code"] != "rjct.search_criteria.invalid" || both[1]["status_reason_code"] != "rjct.reference_id.duplicate" {
		t.Errorf("%v", both)
	}
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprintf("r%d %s", i, number)
	}
	s.do("cdpf", "POST", "/registry/sync/search", searching(many...)).want(422)
	s.do("hotline", "POST", "/registry/sync/search", searching("r1 "+number)).want(403)
}

// TestRegistryIsAudited: whoever asks about somebody is in the audit, with the sender and the purpose that the message names, and without a number.
func TestRegistryIsAudited(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	id := s.born("liaison.a", villageA, 1, "1960-01-01", 4, 2, nil)
	other := s.born("liaison.a", villageA, 2, "1960-01-01", 4, 2, nil)
	s.do("cdpf", "POST", "/registry/sync/search", searching("r1 "+numberOf("1960-01-01", 1))).want(200)
	s.do("cdpf", "POST", "/registry/sync/search", searching("r1 "+numberOf("1960-01-01", 1), "r2 "+numberOf("1960-01-01", 2))).want(200)
	s.do("cdpf", "POST", "/registry/sync/disabled", asking(numberOf("1960-01-01", 3))).want(200)
	var said []string
	for _, e := range items(s.do("auditor", "GET", "/audit-events?action=registry.ask", nil).want(200), "items") {
		said = append(said, fmt.Sprint(e["subject"], " ", e["detail"]))
	}
	list := strings.Join(said, "\n")
	for _, want := range []string{id + " map[asked:1 purpose:低保复核 **** sender:spmis.example]", "asked:2", id, other, "persons:[]"} {
		if !strings.Contains(list, want) {
			t.Errorf("the audit does not say %s:\n%s", want, list)
		}
	}
	if strings.Contains(list, "19600101") || len(said) != 3 {
		t.Errorf("the audit says:\n%s", list)
	}
}

// TestRegistryOddMessages: whatever stands where the standard leaves open what it is, a message is answered or refused, tells of nobody whom it
// does not name by a number, and leaves nothing in the audit that nobody sees or that is a number.
func TestRegistryOddMessages(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	s.born("liaison.a", villageA, 1, "1960-01-01", 4, 2, nil)
	n := numberOf("1960-01-01", 1)
	const around = `{"header":{"message_id":"m","message_ts":"2018-07-01T10:00:00Z","action":"search","sender_id":"a","total_count":1},"message":{"transaction_id":"t","search_request":[%s]}}`
	one := func(criteria string) string {
		return fmt.Sprintf(around, `{"reference_id":"r","search_criteria":{"query_type":"idtype-value",`+criteria+`}}`)
	}
	for _, query := range []string{`[]`, `"` + n + `"`, `null`, `{}`, `{"type":"UIN"}`, `{"type":"UIN","value":` + n + `}`, `{"type":"UIN","value":["` + n + `"]}`, `{"type":["UIN"],"value":"` + n + `"}`,
		`{"type":"uin","value":"` + n + `"}`, `{"type":"UIN","value":"%"}`, `{"type":"UIN","value":"' OR 1=1"}`, `{"member.member_identifier":"` + n + `"}`, `{"member.member_identifier":{"eq":["` + n + `"]}}`,
		`{"member.member_identifier":{"ne":"` + n + `"}}`, `{"member.member_identifier":{"eq":"` + n + `"},"or":1}`, strings.Repeat(`[`, 24) + strings.Repeat(`]`, 24)} {
		a := s.do("cdpf", "POST", "/registry/sync/search", one(`"query":`+query))
		if a.status >= 500 || a.status == 200 && a.found()["r"]["data"] != nil {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	for _, authorize := range []string{`1`, `[]`, `{"purpose":"x"}`, `{"purpose":{"text":7}}`, `{"purpose":{"text":"\u202e低保\u2028` + n + `"}}`} {
		if s.do("cdpf", "POST", "/registry/sync/search", one(`"query":{"type":"UIN","value":"`+n+`"},"authorize":`+authorize)).want(200).found()["r"]["data"] == nil {
			t.Errorf("%s: nobody is found", authorize)
		}
	}
	many := strings.TrimSuffix(strings.Repeat(`{"reference_id":"r","search_criteria":{"query_type":"idtype-value","query":{"type":"UIN","value":"`+n+`"}}},`, 21), ",")
	s.do("cdpf", "POST", "/registry/sync/search", fmt.Sprintf(around, many)).want(422)
	for _, user := range []string{"liaison.a", "town.a", "finance", "stats", "hotline", "auditor", "admin"} {
		s.do(user, "POST", "/registry/sync/search", searching("r "+n)).want(403)
	}
	audit := string(s.do("auditor", "GET", "/audit-events?action=registry.ask", nil).want(200).body)
	if strings.Contains(audit, n) || strings.Contains(audit, "\u202e") || strings.Contains(audit, `\u202e`) || strings.Contains(audit, `\u2028`) || !strings.Contains(audit, "低保****") {
		t.Errorf("the audit says %s", audit)
	}
	if got := strings.Count(audit, `"asked":1`); got != 5 {
		t.Errorf("%d questions are in the audit", got)
	}
	two := searching("r1 "+n, "r2 "+numberOf("1960-01-01", 2))
	asked := two["message"].(map[string]any)["search_request"].([]any)
	asked[0].(map[string]any)["search_criteria"].(map[string]any)["authorize"] = map[string]any{"purpose": map[string]any{"text": "住房"}}
	s.do("cdpf", "POST", "/registry/sync/search", two).want(200)
	if audit := string(s.do("auditor", "GET", "/audit-events?action=registry.ask", nil).want(200).body); !strings.Contains(audit, "住房; 低保复核") {
		t.Errorf("the purposes of one message: %s", audit)
	}
}

// TestRegistryNumbersOfMessages: what a caller calls his messages and questions is made of days and counts, and often looks like an ID number.
func TestRegistryNumbersOfMessages(t *testing.T) {
	t.Parallel()
	s := start(t)
	const id = "370300202411230018"
	body := searching(id + " " + number(5))
	body["header"].(map[string]any)["message_id"] = id
	body["message"].(map[string]any)["transaction_id"] = id
	found := s.do("civil", "POST", "/registry/sync/search", body).want(200).found()
	if found[id]["status"] != "succ" {
		t.Errorf("the answer is %v", found)
	}
}
