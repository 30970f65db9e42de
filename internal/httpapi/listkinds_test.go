package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// taken wants a list of a kind to be taken in with these counts.
func (s *service) taken(user, kind, asOf, sender string, fresh, changed, same, refused, pending int, lines ...string) answer {
	s.t.Helper()
	a := s.list(user, "kind="+kind+"&sender="+sender+"&as_of="+asOf, lines...).want(201)
	v := a.json()
	got := fmt.Sprint(v["state"], v["new"], v["changed"], v["same"], v["refused"], v["pending"])
	if want := fmt.Sprint("done", float64(fresh), float64(changed), float64(same), float64(refused), float64(pending)); got != want {
		s.t.Fatalf("%s: %s, want %s: %s", kind, got, want, a.body)
	}
	return a
}

// undone takes an import back and returns the codes of what stays.
func (s *service) undone(a answer) (kept []string) {
	s.t.Helper()
	for _, k := range items(s.do("civil", "POST", "/imports/"+a.text("id")+"/undo", nil, "If-Match", a.version()).want(200), "kept") {
		kept = append(kept, k["code"].(string))
	}
	return kept
}

// items are the entries of a list of an answer.
func items(a answer, name string) (list []map[string]any) {
	a.t.Helper()
	entries, _ := a.json()[name].([]any)
	for _, e := range entries {
		list = append(list, e.(map[string]any))
	}
	return list
}

// refusals are rows, columns and codes of what was refused.
func refusals(a answer) string {
	var lines []string
	for _, e := range items(a, "errors") {
		lines = append(lines, fmt.Sprint(e["row"], " ", e["column"], " ", e["code"]))
	}
	return strings.Join(lines, "; ")
}

// confirmed has an officer confirm what waits of a person.
func (s *service) confirmed(person string) {
	s.t.Helper()
	for _, w := range items(s.do("cdpf", "GET", "/list-statements", nil).want(200), "items") {
		if w["person_id"] == person {
			s.do("cdpf", "POST", "/list-statements/"+w["id"].(string)+"/decisions", map[string]any{"decision": "confirm", "reason": "核实"}).want(201)
			return
		}
	}
	s.t.Fatal("nothing waits")
}

// TestTruncatedListWaits: a list that claims to name everybody and was cut off is not believed. Nothing of it is taken until an officer
// confirms it with a reason; then what takes money waits for each person as ever.
func TestTruncatedListWaits(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	lines := []string{dibaoHead}
	var first string
	for n := 731; n <= 738; n++ {
		id := s.person("liaison.a", villageA, n, 1).want(201).text("id")
		if lines = append(lines, dibaoLine(n, "2022-05-01")); first == "" {
			first = id
		}
	}
	whole := s.taken("civil", "dibao", "2023-01-10", "x", 0, 8, 0, 0, 0, lines...)
	if a := whole.json()["absence"].(map[string]any); a["known"] != 0.0 || a["missing"] != 0.0 {
		t.Errorf("of the first list %v", a)
	}
	s.granted(first, living, "2023-01-11", "2023-01-12")
	s.at("2023-03-01")
	wantAbsence := func(a answer, state string) {
		t.Helper()
		v := a.json()
		if got := v["absence"].(map[string]any); v["state"] != state || got["known"] != 8.0 || got["missing"] != 7.0 {
			t.Fatalf("want %s with 7 of 8 missing: %s", state, a.body)
		}
	}
	cut, query := []string{dibaoHead, dibaoLine(738, "2022-05-01")}, "kind=dibao&sender=x&as_of=2023-03-01"
	tried := s.list("civil", query+"&dry_run=true", cut...).want(201)
	wantAbsence(tried, "done")
	if tried.json()["pending"] != 1.0 || tried.json()["changed"] != 6.0 {
		t.Errorf("what it would do: %s", tried.body)
	}
	cutOff := s.list("civil", query, cut...).want(201)
	wantAbsence(cutOff, "waiting")
	path := "/imports/" + cutOff.text("id")
	if waiting := items(s.do("town.a", "GET", "/list-statements", nil).want(200), "items"); len(waiting) != 0 {
		t.Errorf("what waits before anybody has confirmed the list: %v", waiting)
	}
	s.wantOwed(first, living, 18500, 18500, 18500)
	wantAbsence(s.list("civil", query, cut...).want(200), "waiting") // the same file again is the same import
	reason := map[string]any{"reason": "民政局电话确认：本月集中清退"}
	s.do("town.a", "POST", path+"/confirmation", reason, "If-Match", cutOff.version()).want(403)
	s.do("civil", "POST", path+"/confirmation", reason).want(428)
	s.do("civil", "POST", path+"/confirmation", reason, "If-Match", `"9"`).want(412)
	s.do("civil", "POST", path+"/confirmation", map[string]any{"reason": ""}, "If-Match", cutOff.version()).want(422)
	done := s.do("civil", "POST", path+"/confirmation", reason, "If-Match", cutOff.version()).want(200)
	wantAbsence(done, "done")
	if v := done.json(); v["pending"] != 1.0 || v["changed"] != 6.0 || v["confirmed_reason"] != reason["reason"] {
		t.Errorf("confirmed: %s", done.body)
	}
	if waiting := items(s.do("town.a", "GET", "/list-statements", nil).want(200), "items"); len(waiting) != 1 || waiting[0]["person_id"] != first {
		t.Errorf("what waits: %v", waiting)
	}
	s.wantOwed(first, living, 18500, 18500, 18500)
	s.do("civil", "POST", path+"/confirmation", reason, "If-Match", done.version()).want(409, "NOT_WAITING")
	s.undone(done)
	again := s.list("civil", query, cut...).want(201)
	wantAbsence(again, "waiting")
	s.undone(again) // put away: nothing was taken
	if got := s.dibao(first); !strings.Contains(got, "2022-05-01 <nil>") {
		t.Errorf("the facts: %s", got)
	}
	few := append([]string{dibaoHead}, lines[2:]...)
	s.at("2023-03-02")
	s.taken("civil", "dibao", "2023-03-02", "x", 0, 0, 7, 0, 1, few...) // one of eight leaves every other month
}

const houseHead = "户主姓名,身份证号,危房等级,鉴定日期,改造方式,竣工日期,是否验收"

func houseLine(n int, rest string) string {
	return fmt.Sprintf("金丝雀%d,%s,%s", n, number(n), rest)
}

// TestHousesOfAList: a house is a fact of the household, which counts once whichever member is named; who lives in none that is known gets
// one. Converted is what was accepted. Taken back, the rate is as before.
func TestHousesOfAList(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	a, b := s.person2(741), s.person2(742)
	s.person2(743)
	household := s.household(a, b)
	head := s.taken("cdpf", "dangerous_houses", "2019-06-01", "zj", 0, 2, 0, 2, 0, houseHead, houseLine(742, "D级,2018-05-01,重建,2019-04-20,合格"), houseLine(741, "D,2018-05-01,,,"),
		houseLine(743, "C级,2018-06-01,修缮,2019-05-01,待整改"), houseLine(799, "C,2018-06-01,,,"))
	if got := refusals(head); got != "5  NOT_IN_REGISTER; 3  DUPLICATE_IN_FILE" {
		t.Errorf("refused: %s", got)
	}
	s.wantRate(houseRate, "2019-06-09", 1, 2)
	changes := items(s.do("cdpf", "GET", "/imports/"+head.text("id")+"/changes", nil).want(200), "items")
	if len(changes) != 3 || changes[0]["kind"] != "dangerous_house" || changes[1]["kind"] != "house_converted" || changes[0]["row"] != 2.0 {
		t.Errorf("changes: %v", changes)
	}
	s.taken("cdpf", "dangerous_houses", "2019-06-02", "zj", 0, 0, 2, 0, 0, houseHead, houseLine(741, "D级,2018-05-01,重建,2019-04-20,合格"), houseLine(743, "C级,2018-06-01,,,"))
	gone := s.taken("cdpf", "dangerous_houses", "2019-06-05", "zj", 0, 1, 1, 0, 0, houseHead, houseLine(741, "D级,2018-05-01,重建,2019-04-20,合格"))
	s.wantRate(houseRate, "2019-06-09", 1, 1)
	s.undone(gone)
	s.wantRate(houseRate, "2019-06-09", 1, 2)
	s.undone(head)
	s.wantRate(houseRate, "2019-06-09", 1, 2) // the other list says so, too
	if facts := s.do("cdpf", "GET", "/households/"+household, nil).want(200); !strings.Contains(string(facts.body), "house_converted") {
		t.Errorf("the household: %s", facts.body)
	}
	refused := s.taken("cdpf", "dangerous_houses", "2019-06-06", "zj", 0, 0, 1, 2, 0, houseHead, houseLine(741, "D级,2018-05-01,重建,2019-04-20,合格"), houseLine(743, "E级,2018-06-01,,,"),
		houseLine(742, "C,2018-06-01,,,合格"))
	if got := refusals(refused); !strings.Contains(got, "3 C 危房等级 ") {
		t.Errorf("refused: %s", got)
	}
}

// TestHomeThatAListMakesKnown: who has left a household and lives in none that is known has a home of his own since then, whatever day the list says of
// the house; and somebody has lived in a home that a list makes known on whatever day another list speaks of.
func TestHomeThatAListMakesKnown(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	left, other := s.person2(745), s.person2(746)
	old := s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA, "members": []map[string]any{{"person_id": left, "relation": "head", "from": "2016-01-06", "to": "2019-03-31"}}}).want(201)
	s.taken("cdpf", "dangerous_houses", "2019-06-01", "zj", 0, 2, 0, 0, 0, houseHead, houseLine(745, "D,2018-05-01,,,"), houseLine(746, "C,2019-05-01,,,"))
	for _, h := range items(s.do("cdpf", "GET", "/households?person_id="+left, nil).want(200), "items") {
		if m := h["members"].([]any)[0].(map[string]any); h["id"] != old.text("id") && (m["person_id"] != left || m["from"] != "2019-04-01") {
			t.Errorf("the home made known: %v", m)
		}
	}
	s.wantRate(houseRate, "2019-06-09", 0, 2)
	s.wantRate(houseRate, "2019-03-31", 0, 0)
	s.taken("cdpf", "dangerous_houses", "2019-06-05", "zj", 0, 1, 1, 0, 0, houseHead, houseLine(745, "D,2018-05-01,,,"), houseLine(746, "C,2017-05-01,,,"))
	s.wantRate(houseRate, "2018-05-01", 0, 1)
	s.taken("cdpf", "retrofits", "2019-06-05", "x", 1, 0, 0, 0, 0, "户主姓名,身份证号,改造内容,竣工日期,验收日期,验收结果",
		fmt.Sprintf("金丝雀746,%s,坡化,2016-11-01,2016-12-01,合格", number(746)))
	s.wantRate(retrofitRate, "2017-01-01", 1, 1)
	if homes := items(s.do("cdpf", "GET", "/households?person_id="+other, nil).want(200), "items"); len(homes) != 1 {
		t.Errorf("the homes: %v", homes)
	}
}

// TestHouseListIsNotSilentOfWhomItCouldNotFind: a list of houses that was taken in before anybody of the household was in the register leaves it not out.
func TestHouseListIsNotSilentOfWhomItCouldNotFind(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-02")
	s.taken("cdpf", "dangerous_houses", "2019-06-01", "zj", 0, 0, 0, 1, 0, houseHead, houseLine(747, "D,2018-05-01,,,"))
	s.at("2019-06-10")
	s.person2(747)
	s.taken("cdpf", "dangerous_houses", "2019-06-09", "zj", 0, 1, 0, 0, 0, houseHead, houseLine(747, "D,2018-05-01,,,"))
	s.wantRate(houseRate, "2019-06-09", 0, 1)
	s.wantRate(houseRate, "2019-06-05", 0, 1)
}

// person2 is somebody of level 1 in village A.
func (s *service) person2(n int) string {
	s.t.Helper()
	return s.do("liaison.a", "POST", "/persons", map[string]any{"name": "金丝雀" + fmt.Sprint(n), "id_number": number(n), "hukou_area_code": villageA, "hukou_type": "agricultural",
		"certificate": map[string]any{"number": number(n) + "41", "category": 4, "level": 1, "issued_on": "2016-01-06"}}).want(201).text("id")
}

// services are the states of a person's or household's services.
func (s *service) services(query string) (states []string) {
	s.t.Helper()
	for _, i := range items(s.do("cdpf", "GET", "/services?"+query, nil).want(200), "items") {
		states = append(states, i["state"].(string))
	}
	return states
}

// TestServicesOfLists: what another system has given becomes a service with its steps, once, whoever reports it. It goes with the last list
// that names it, unless somebody has gone on with it.
func TestServicesOfLists(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	id := s.person2(751)
	head := "姓名,残疾证号,康复项目,康复机构,开始日期,结束日期,费用,效果评估"
	line := func(item, to, outcome string) string {
		return "金丝雀751," + number(751) + "41," + item + ",区医院,2019-04-01," + to + ",300," + outcome
	}
	rows := []string{head, line("心理辅导", "2019-05-01", "改善"), line("心理辅导", "2019-05-01", ""), line("针灸", "2019-05-02", ""), line("白内障复明手术", "2019-05-03", "")}
	if tried := s.list("cdpf", "kind=rehab&sender=fy&as_of=2019-06-01&dry_run=true", rows...).want(201).json(); tried["new"] != 1.0 || tried["refused"] != 3.0 {
		t.Errorf("a dry run: %v", tried)
	}
	if got := s.services("person_id=" + id); len(got) != 0 {
		t.Fatalf("a dry run gave %v", got)
	}
	first := s.taken("cdpf", "rehab", "2019-06-01", "fy", 1, 0, 0, 3, 0, rows...)
	if got := refusals(first); got != "3  DUPLICATE_IN_FILE; 4 C 康复项目 NOT_IN_CATALOGUE; 5 C 康复项目 NOT_FOR_CATEGORY" {
		t.Errorf("refused: %s", got)
	}
	if got := fmt.Sprint(s.services("person_id=" + id)); got != "[EVALUATED]" {
		t.Errorf("services: %s", got)
	}
	if sheet := s.do("cdpf", "GET", "/imports/"+first.text("id")+"/workbook", nil).want(200); !strings.HasPrefix(string(sheet.body), "PK") {
		t.Error("the sender's own workbook does not come back")
	}
	s.list("cdpf", "kind=rehab&sender=fy&as_of=2019-06-01", rows...).want(200)
	second := s.taken("cdpf", "rehab", "2019-06-02", "clzx", 0, 0, 1, 0, 0, rows[:2]...)
	if kept := s.undone(first); len(kept) != 0 || len(s.services("person_id="+id)) != 1 {
		t.Errorf("another list names it, and it is gone (%v)", kept)
	}
	if kept := s.undone(second); len(kept) != 0 || len(s.services("person_id="+id)) != 0 {
		t.Errorf("no list names it any more, and it is there (%v)", kept)
	}
	third := s.taken("cdpf", "rehab", "2019-06-01", "fy", 1, 0, 0, 3, 0, rows...)
	there := items(s.do("cdpf", "GET", "/services?person_id="+id, nil).want(200), "items")[0]
	s.do("liaison.a", "POST", "/services/"+there["id"].(string)+"/steps", map[string]any{"step": "follow_up", "on": "2019-06-05", "evidence": map[string]any{"findings": "已好转"}},
		"If-Match", fmt.Sprintf(`"%v"`, there["version"])).want(201)
	if kept := s.undone(third); fmt.Sprint(kept) != "[WORKED_ON_SINCE]" || len(s.services("person_id="+id)) != 1 {
		t.Errorf("somebody has gone on with it: %v", kept)
	}
	s.taken("cdpf", "rehab", "2019-06-03", "fy", 0, 0, 1, 0, 0, rows[:2]...)
	s.do("liaison.a", "POST", "/services/"+there["id"].(string)+"/steps", map[string]any{"step": "report", "on": "2019-06-06", "evidence": map[string]any{"source": "我"}},
		"If-Match", fmt.Sprintf(`"%v"`, there["version"].(float64)+1)).want(403, "NOT_YOUR_STEP")
}

// TestDevicesAndHomesOfLists: a device counts once it is signed for, a home once it is accepted; the home is that of the household.
func TestDevicesAndHomesOfLists(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-06-10")
	a, b := s.person2(761), s.person2(762)
	line := func(n int, rest string) string { return fmt.Sprintf("金丝雀%d,%s,%s", n, number(n), rest) }
	devices := s.taken("cdpf", "devices", "2019-06-01", "fj", 2, 0, 0, 1, 0, "姓名,身份证号,辅具名称,数量,适配日期,签收日期,价格", line(761, "手动轮椅,1件,2019-04-01,2019-04-03,1200"),
		line(762, "手杖,2,2019-04-01,,80"), line(761, "轮椅,1,2019-04-05,,900"))
	if got := refusals(devices); got != "4 C 辅具名称 ITEM_AMBIGUOUS" {
		t.Errorf("refused: %s", got)
	}
	if got := fmt.Sprint(s.services("person_id="+a), s.services("person_id="+b)); got != "[ACCEPTED] [FITTED]" {
		t.Errorf("devices: %s", got)
	}
	s.taken("cdpf", "devices", "2019-06-02", "fj", 0, 1, 1, 0, 0, "姓名,身份证号,辅具名称,适配日期,签收日期", line(761, "手动轮椅,2019-04-01,"), line(762, "手杖,2019-04-01,2019-04-09"))
	if got := fmt.Sprint(s.services("person_id=" + b)); got != "[ACCEPTED]" {
		t.Errorf("signed for since: %s", got)
	}
	wheelchair := `{"item":"122203","mode":"grant","pieces":1}`
	s.open("liaison.a", "device", a, "2019-06-11", wheelchair).take("liaison.a", "village_check", "2019-06-11", `{"findings":"属实"}`).take("town.a", "town_review", "2019-06-11", `{"findings":"同意"}`).
		take("cdpf", "assess", "2019-06-11", `{"institution":"辅具中心","assessor":"乙","item":"122203"}`).
		refused(422, "WITHIN_SERVICE_LIFE", "cdpf", "approve", "2019-06-11", `{"item":"122203","price_fen":100000,"subsidy_fen":100000,"own_fen":0,"paid_elsewhere":"none"}`)
	s.at("2019-06-12")
	homes := s.taken("cdpf", "retrofits", "2019-06-01", "wza", 2, 0, 0, 1, 0, "户主姓名,身份证号,改造内容,竣工日期,验收日期,改造金额,施工单位", line(761, "卫生间改造、安装扶手,2019-04-20,2019-05-01,6000,建筑公司"),
		line(762, "坡化地面,2019-04-22,,3000,建筑公司"), line(762, "粉刷,2019-04-23,,3000,建筑公司"))
	if got := refusals(homes); got != "4 C 改造内容 NOT_IN_CATALOGUE" {
		t.Errorf("refused: %s", got)
	}
	living := items(s.do("cdpf", "GET", "/households?person_id="+a, nil).want(200), "items")
	if len(living) != 1 {
		t.Fatalf("the household of the first: %v", living)
	}
	if got := fmt.Sprint(s.services("household_id=" + living[0]["id"].(string))); got != "[DONE]" {
		t.Errorf("its home: %s", got)
	}
	s.wantRate(retrofitRate, "2019-06-11", 1, 2)
	s.undone(homes)
	s.wantRate(retrofitRate, "2019-06-11", 0, 0)
	s.taken("cdpf", "retrofits", "2019-06-01", "wza", 1, 0, 0, 0, 0, "户主姓名,身份证号,改造内容,竣工日期,验收日期", line(761, "安装扶手,2019-04-20,2019-05-01"))
	s.wantRate(retrofitRate, "2019-06-11", 1, 1)
}

const moveHead = "姓名,身份证号,迁移类型,迁移日期,迁入村居"

// TestMovesOfLists: a move out of the district ends the right, once an officer confirms it; one inside takes the file along and nobody's
// money; both can be taken back.
func TestMovesOfLists(t *testing.T) {
	t.Parallel()
	s := start(t)
	out, within := s.person1(771, 1), s.person1(772, 1)
	for _, id := range []string{out, within} {
		s.granted(id, nursing, "2023-01-05", "2023-01-06")
	}
	s.at("2023-04-03")
	line := func(n int, rest string) string { return fmt.Sprintf("金丝雀%d,%s,%s", n, number(n), rest) }
	moves := s.taken("cdpf", "moves", "2023-04-01", "ga", 0, 1, 0, 2, 1, moveHead, line(771, "迁往市外,2023-02-10,"), line(772, "区内迁移,2023-03-05,"+villageB), line(773, "迁入,2023-03-05,"+villageB), line(771, "迁入,2023-03-06,"))
	if got := refusals(moves); got != "4  NOT_IN_REGISTER; 5 E 迁入村居 REQUIRED" {
		t.Errorf("refused: %s", got)
	}
	s.wantOwed(out, nursing, 16700, 16700, 16700, 16700)
	s.do("liaison.a", "GET", "/persons/"+within, nil).want(404)
	moved := s.do("liaison.b", "GET", "/persons/"+within, nil).want(200).json()
	if moved["hukou_area_code"] != villageB || moved["managing_area_code"] != villageB {
		t.Errorf("moved inside: %v", moved)
	}
	s.wantOwed(within, nursing, 16700, 16700, 16700, 16700)
	s.confirmed(out)
	s.wantOwed(out, nursing, 16700, 16700)
	if p := s.do("liaison.a", "GET", "/persons/"+out, nil).want(200).json(); p["hukou_area_code"] != nil {
		t.Errorf("moved out: %v", p)
	}
	s.undone(moves)
	s.wantOwed(out, nursing, 16700, 16700, 16700, 16700)
	for _, id := range []string{out, within} {
		if p := s.do("liaison.a", "GET", "/persons/"+id, nil).want(200).json(); p["hukou_area_code"] != villageA {
			t.Errorf("taken back: %v", p)
		}
	}
	far := s.taken("town.a", "moves", "2023-04-01", "ga", 0, 0, 0, 2, 0, moveHead, line(772, "区内迁移,2023-03-05,"+villageC), line(771, "区内迁移,2023-03-05,"))
	if got := refusals(far); got != "2 E 迁入村居 OUTSIDE_AREA; 3 E 迁入村居 REQUIRED" && got != "3 E 迁入村居 REQUIRED; 2 E 迁入村居 OUTSIDE_AREA" {
		t.Errorf("refused: %s", got)
	}
}

const cardHead = "姓名,残疾人证号,证件状态,状态日期,注销原因,发证日期,有效期至,镇街,村居"

func cardLine(n int, card, rest string) string {
	return fmt.Sprintf("金丝雀%d,%s4%s,%s", n, number(n), card, rest)
}

// TestCardsOfLists: what takes money (a freezing, a cancellation, a lower level) waits for an officer; a renewal at the same level does not.
func TestCardsOfLists(t *testing.T) {
	t.Parallel()
	s := start(t)
	frozen, lower, renewed := s.person1(781, 1), s.person1(782, 1), s.person1(783, 1)
	for _, id := range []string{frozen, lower, renewed} {
		s.granted(id, nursing, "2023-01-05", "2023-01-06")
	}
	s.at("2023-04-03")
	status := func(id string) (states []string) {
		t.Helper()
		for _, c := range items(s.do("cdpf", "GET", "/persons/"+id, nil).want(200), "certificates") {
			states = append(states, fmt.Sprint(c["level"], c["status"], c["issued_on"], c["expires_on"]))
		}
		return states
	}
	before := fmt.Sprint(status(frozen), status(lower), status(renewed))
	rows := []string{cardHead, cardLine(781, "1", "冻结,2023-02-10,,,,,"), cardLine(782, "3", "正常,,,2023-02-15,,,"), cardLine(783, "1", "正常,,,2023-03-01,2033-02-28,,"),
		cardLine(784, "2", "正常,,,2021-03-01,,闻韶街道,"+villageB), cardLine(785, "2", "正常,,,2021-03-01,,,"), cardLine(786, "1", "注销,2023-03-01,,,,,")}
	cards := s.taken("cdpf", "certificates", "2023-04-01", "cl", 1, 1, 0, 2, 2, rows...)
	if got := refusals(cards); got != "6  NOT_IN_REGISTER; 7  NOT_IN_REGISTER" {
		t.Errorf("refused: %s", got)
	}
	for _, id := range []string{frozen, lower, renewed} {
		s.wantOwed(id, nursing, 16700, 16700, 16700, 16700)
	}
	if got := status(renewed); len(got) != 2 || got[1] != "1ACTIVE2023-03-012033-02-28" {
		t.Errorf("renewed: %v", got)
	}
	found := items(s.do("liaison.b", "POST", "/persons/search", map[string]any{"id_number": number(784)}).want(200), "items")
	if len(found) != 1 || found[0]["hukou_area_code"] != villageB {
		t.Errorf("the new file: %v", found)
	}
	s.confirmed(frozen)
	s.confirmed(lower)
	s.wantOwed(frozen, nursing, 16700, 16700)
	s.wantOwed(lower, nursing, 16700, 16700)
	if got := fmt.Sprint(status(frozen), status(lower)); !strings.Contains(got, "1FROZEN") || !strings.Contains(got, "3ACTIVE2023-02-15") {
		t.Errorf("confirmed: %s", got)
	}
	s.taken("cdpf", "certificates", "2023-04-02", "cl", 0, 1, 1, 0, 0, cardHead, cardLine(781, "1", "解冻,2023-04-01,,,,,"), cardLine(783, "1", "正常,,,2023-03-01,2033-02-28,,"))
	s.wantOwed(frozen, nursing, 16700, 16700, 0, 16700)
	instant := s.clock.Now().UTC().Format(time.RFC3339)
	s.at("2023-04-05")
	if kept := s.undone(cards); len(kept) != 0 {
		t.Errorf("stays: %v", kept)
	}
	record := func(query string) (cards []string) {
		t.Helper()
		person := s.do("cdpf", "GET", "/persons/"+lower+"/record"+query, nil).want(200).json()["person"].(map[string]any)
		for _, c := range person["certificates"].([]any) {
			cards = append(cards, fmt.Sprint(c.(map[string]any)["level"]))
		}
		return cards
	}
	if then, now := fmt.Sprint(record("?known_at="+instant)), fmt.Sprint(record("")); then != "[1 3]" || now != "[1]" {
		t.Errorf("the record then %s and now %s", then, now)
	}
	if got := fmt.Sprint(status(frozen), status(lower), status(renewed)); !strings.HasPrefix(before, "[1ACTIVE2020-01-06") || !strings.Contains(got, "1ACTIVE2023-03-01") || strings.Contains(got, "3ACTIVE") || strings.Contains(got, "FROZEN") {
		t.Errorf("taken back, before %s, after %s; the renewal is in the other list, too", before, got)
	}
	for _, id := range []string{frozen, lower, renewed} {
		s.wantOwed(id, nursing, 16700, 16700, 16700, 16700)
	}
}

// TestCardGoneOnWith: a card that a list brought and an officer has gone on with stays when the list is taken back.
func TestCardGoneOnWith(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(791, 1)
	s.at("2023-04-03")
	cards := s.taken("cdpf", "certificates", "2023-04-01", "cl", 0, 1, 0, 1, 0, cardHead, cardLine(791, "1", "正常,,,2023-03-01,,,"), cardLine(791, "1", "正常,,,2023-03-01,,,"))
	held := items(s.do("cdpf", "GET", "/persons/"+id, nil).want(200), "certificates")
	last := held[len(held)-1]
	s.do("cdpf", "POST", "/certificates/"+last["id"].(string)+"/events", map[string]any{"event": "FREEZE", "on": "2023-04-02", "reason": "核查"}, "If-Match", fmt.Sprintf(`"%v"`, last["version"])).want(201)
	against := s.taken("cdpf", "certificates", "2023-04-03", "cl", 0, 0, 0, 1, 0, cardHead, cardLine(791, "1", "正常,,,2023-03-01,,,"))
	if got := refusals(against); got != "2 C 证件状态 CONTRADICTS_RECORD" {
		t.Errorf("against an officer's record: %s", got)
	}
	if kept := s.undone(cards); fmt.Sprint(kept) != "[WORKED_ON_SINCE]" {
		t.Errorf("stays: %v", kept)
	}
	if got := items(s.do("cdpf", "GET", "/persons/"+id, nil).want(200), "certificates"); len(got) != 2 {
		t.Errorf("certificates: %v", got)
	}
}

// TestTruncatedListConfirmedByKey: with an Idempotency-Key a list is confirmed in the transaction that keeps the answer; it is queued by it,
// and taken in by whoever keeps the imports. The same request again is the same answer.
func TestTruncatedListConfirmedByKey(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	lines := []string{dibaoHead}
	for n := 741; n <= 748; n++ {
		s.person("liaison.a", villageA, n, 1).want(201)
		lines = append(lines, dibaoLine(n, "2022-05-01"))
	}
	s.taken("civil", "dibao", "2023-01-10", "x", 0, 8, 0, 0, 0, lines...)
	s.at("2023-03-01")
	cutOff := s.list("civil", "kind=dibao&sender=x&as_of=2023-03-01", dibaoHead, dibaoLine(748, "2022-05-01")).want(201)
	path, reason := "/imports/"+cutOff.text("id"), map[string]any{"reason": "本月集中清退"}
	for range 2 {
		confirmed := s.do("civil", "POST", path+"/confirmation", reason, "If-Match", cutOff.version(), "Idempotency-Key", "confirmed").want(200)
		if got := confirmed.json()["state"]; got != "queued" || confirmed.version() == cutOff.version() {
			t.Errorf("confirmed as %v at version %s", got, confirmed.version())
		}
	}
	if worked, err := s.desk.WorkImport(t.Context(), uuid.Nil); err != nil || !worked {
		t.Fatalf("worked on: %v, %v", worked, err)
	}
	if done := s.do("civil", "GET", path, nil).want(200); done.json()["state"] != "done" || done.json()["changed"] != 7.0 {
		t.Errorf("afterwards %s", done.body)
	}
}

// TestListOfOneSortCountsBySort: a list of one sort is held against those of that sort alone, by whichever name the sort was recorded.
func TestListOfOneSortCountsBySort(t *testing.T) {
	t.Parallel()
	s := start(t)
	for i, value := range []any{true, map[string]any{"kind": "orphan"}, map[string]any{"status": "orphan", "mode": 3}, "defacto", map[string]any{"sort": "", "kind": "defacto"},
		map[string]any{"scheme": "defacto"}, map[string]any{"status": "active", "mode": "defacto"}, map[string]any{"answer": "no", "status": "orphan"}} {
		s.fact(s.person1(850+i, 1), "orphan_support", value, "2022-01-01", "")
	}
	s.at("2023-03-02")
	whole := s.list("civil", "kind=orphan&sender=x&as_of=2023-03-01&dry_run=true", "姓名,身份证号,起始日期", "白鹤九,"+number(899)+",2022-01-01").want(201)
	if got := fmt.Sprint(whole.json()["absence"]); got != "map[known:3 missing:3]" {
		t.Errorf("of three orphans: %s", got)
	}
}
