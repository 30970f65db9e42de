package httpapi_test

import (
	"fmt"
	"testing"
)

// TestHolds: an officer keeps money back and lets it go; a hold for an objection waits for its answer.
func TestHolds(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(980, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.do("town.a", "POST", "/persons/"+id+"/holds", map[string]any{"note": ""}).want(422)
	s.do("town.c", "POST", "/persons/"+id+"/holds", map[string]any{"note": "x"}).want(404)
	hold := s.do("town.a", "POST", "/persons/"+id+"/holds", map[string]any{"programme": nursing, "note": "账户待核实"}).want(201)
	s.at("2023-01-20")
	r := s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-01"}).want(201)
	if lines := s.lines("/rosters/" + r.text("id")); len(lines) != 1 || lines[0]["hold"] != "OFFICER" || lines[0]["state"] != "held" {
		t.Errorf("lines of the held: %v", lines)
	}
	s.do("civil", "POST", "/rosters/"+r.text("id")+"/cancel", nil, "If-Match", r.version()).want(200)
	s.do("town.c", "POST", "/holds/"+hold.text("id")+"/release", map[string]any{"reason": "x"}).want(404)
	s.do("town.a2", "POST", "/holds/"+hold.text("id")+"/release", map[string]any{"reason": "已核实"}).want(200)
	s.do("town.a2", "POST", "/holds/"+hold.text("id")+"/release", map[string]any{"reason": "x"}).want(409, "RELEASED_ALREADY")

	notice := s.do("town.a", "POST", "/public-notices", map[string]any{}).want(201)
	item := notice.json()["entries"].([]any)[0].(map[string]any)["id"]
	objection := s.do("town.a", "POST", "/public-notices/"+notice.text("id")+"/objections", map[string]any{"item_id": item, "content": "有车"}).want(201)
	open := s.do("town.a", "GET", "/persons/"+id+"/holds", nil).want(200).json()["items"].([]any)[0].(map[string]any)
	if open["reason"] != "OBJECTION" {
		t.Fatalf("the latest hold is %v", open)
	}
	path := "/holds/" + fmt.Sprint(open["id"]) + "/release"
	s.do("town.a", "POST", path, map[string]any{"reason": "x"}).want(409, "OBJECTION_OPEN")
	s.do("town.a2", "POST", "/objections/"+objection.text("id")+"/answer", map[string]any{"outcome": "upheld", "answer": "属实"}, "If-Match", objection.version()).want(200)
	s.do("town.a", "POST", path, map[string]any{"reason": "已处理"}).want(200)
	s.pay("2023-02-20", "2023-02", everyone)
	s.wantLedger(id, nursing, "2023-01 16700/16700/0", "2023-02 16700/16700/0")
}
