package httpapi_test

import (
	"fmt"
	"testing"
)

// expiring is somebody in village A with a card of level 1 that runs out on 19 February 2023 and, for the living allowance, 低保 since 2022.
func (s *service) expiring(n int) string {
	s.t.Helper()
	s.at("2022-12-01")
	id := s.do("liaison.a", "POST", "/persons", map[string]any{"name": "金丝雀", "id_number": number(n), "hukou_area_code": villageA, "hukou_type": "agricultural",
		"certificate": map[string]any{"number": number(n) + "41", "category": 4, "level": 1, "issued_on": "2013-02-20", "expires_on": "2023-02-19"}}).want(201).text("id")
	s.fact(id, "dibao", true, "2022-01-01", "")
	return id
}

// TestInterruptionWhileTheCardHasRunOut is M18 beside M11: who is out of the district for some days of a month keeps a right that only
// waits for the card.
func TestInterruptionWhileTheCardHasRunOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.expiring(600)
	s.granted(id, living, "2023-01-05", "2023-01-10")
	s.at("2023-04-25")
	for _, move := range []struct{ to, on string }{{"370304001", "2023-04-05"}, {villageA, "2023-04-20"}} {
		v := s.do("town.a", "GET", "/persons/"+id, nil).want(200).version()
		s.do("town.a", "PATCH", "/persons/"+id, map[string]any{"hukou_area_code": move.to, "effective_on": move.on}, "If-Match", v).want(200)
	}
	s.at("2023-06-10")
	s.renewed(id, "RENEW", "2023-06-03", 600, 1)
	s.at("2023-08-10")
	s.wantOwed(id, living, 18500, 18500, 0, 0, 0, 18500, 18500, 18500)
	s.wantDerived()
}

// right is the only award of a person, as a reader sees it.
func (s *service) right(person string) map[string]any {
	s.t.Helper()
	list := items(s.do("cdpf", "GET", "/awards?person_id="+person, nil).want(200), "items")
	if len(list) != 1 {
		s.t.Fatalf("%d awards", len(list))
	}
	return list[0]
}

// onRight does something to the only award of a person, as it is now.
func (s *service) onRight(who, person, verb string, body map[string]any) answer {
	s.t.Helper()
	w := s.right(person)
	return s.do(who, "POST", "/awards/"+w["id"].(string)+"/"+verb, body, "If-Match", fmt.Sprintf(`"%v"`, w["version"]))
}

// TestGrantedMonthsWhileSuspended: nothing is paid of a right while it is suspended, the months that were granted for a late renewal neither;
// they are paid with the others once it is resumed with its months.
func TestGrantedMonthsWhileSuspended(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.expiring(601)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-08-10")
	s.renewed(id, "RENEW", "2023-08-03", 601, 2)
	s.onRight("cdpf", id, "back-pay", map[string]any{"months": 3, "reason": "住院"}).want(200)
	s.wantOwed(id, nursing, 16700, 16700, 0, 0, 14000, 14000, 14000, 14000)
	s.onRight("town.a", id, "suspend", map[string]any{"from_month": "2023-03", "reason": "UNDER_INVESTIGATION"}).want(200)
	s.wantOwed(id, nursing, 16700, 16700)
	s.at("2023-09-10")
	s.onRight("town.a", id, "resume", map[string]any{"from_month": "2023-09", "back_pay": true}).want(200)
	s.wantOwed(id, nursing, 16700, 16700, 0, 0, 14000, 14000, 14000, 14000, 14000)
	s.wantDerived()
}

// TestGapBeforeALaterCard: the months before a late renewal may be granted also when another card has followed, at the level of the renewal,
// once.
func TestGapBeforeALaterCard(t *testing.T) {
	t.Parallel()
	for n, event := range []string{"CHANGE", "REISSUE_LOST"} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			id, level := s.expiring(602+n), 2-n
			s.granted(id, nursing, "2023-01-05", "2023-01-10")
			s.at("2023-06-10")
			s.renewed(id, "RENEW", "2023-06-03", 602+n, 2)
			s.at("2023-08-10")
			if event == "CHANGE" {
				s.renewed(id, event, "2023-06-20", 602+n, 1) // in the month of the renewal, too
			} else {
				cards := items(s.do("cdpf", "GET", "/persons/"+id, nil).want(200), "certificates")
				last := cards[len(cards)-1]
				s.do("cdpf", "POST", "/certificates/"+last["id"].(string)+"/events", map[string]any{"event": event, "on": "2023-07-03",
					"certificate": map[string]any{"number": number(602+n) + "42B1", "category": 4, "level": 2, "issued_on": "2023-07-03"}}, "If-Match", fmt.Sprintf(`"%v"`, last["version"])).want(201)
			}
			july := map[int]int{2: 16700, 1: 14000}[level]
			s.wantOwed(id, nursing, 16700, 16700, 0, 0, 0, 14000, july, july)
			s.onRight("cdpf", id, "back-pay", map[string]any{"months": 2, "reason": "住院"}).want(200)
			s.wantOwed(id, nursing, 16700, 16700, 0, 14000, 14000, 14000, july, july)
			s.onRight("cdpf", id, "back-pay", map[string]any{"months": 3, "reason": "又"}).want(409, "GRANTED_ALREADY")
			s.wantDerived()
		})
	}
}

// TestSuspendedFromBefore: a right may be suspended from a month before a suspension that is over. While it lasts nothing is paid; after it
// the months of each are as was said of it.
func TestSuspendedFromBefore(t *testing.T) {
	t.Parallel()
	for n, tt := range []struct {
		earlier, later bool // paid after all
		want           []int
	}{
		{true, true, []int{16700, 16700, 16700, 16700, 16700, 16700, 16700, 16700, 16700}},
		{false, true, []int{16700, 16700, 16700, 16700, 16700, 0, 16700, 16700, 16700}},
		{true, false, []int{16700, 16700, 16700, 16700, 0, 0, 0, 0, 16700}},
	} {
		t.Run(fmt.Sprint(tt.earlier, tt.later), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			id := s.person1(610+n, 1)
			s.granted(id, nursing, "2023-01-05", "2023-01-10")
			s.at("2023-08-05")
			s.pause(id, "2023-06", "2023-07", tt.earlier)
			under := map[string]any{"from_month": "2023-05", "reason": "UNDER_INVESTIGATION"}
			s.onRight("town.a", id, "suspend", under).want(200)
			s.onRight("town.a", id, "suspend", under).want(409, "SUSPENDED_ALREADY")
			s.wantOwed(id, nursing, 16700, 16700, 16700, 16700)
			s.at("2023-09-05")
			s.onRight("town.a", id, "resume", map[string]any{"from_month": "2023-09", "back_pay": tt.later}).want(200)
			s.wantOwed(id, nursing, tt.want...)
			s.wantDerived()
		})
	}
}

// cancels records that the card of a person was cancelled.
func (s *service) cancels(person, on, reason string) {
	s.t.Helper()
	card := items(s.do("cdpf", "GET", "/persons/"+person, nil).want(200), "certificates")[0]
	s.do("cdpf", "POST", "/certificates/"+card["id"].(string)+"/events", map[string]any{"event": "CANCEL", "on": on, "cancel_reason": reason},
		"If-Match", fmt.Sprintf(`"%v"`, card["version"])).want(201)
}

// firstCard gives a person a first card of a level.
func (s *service) firstCard(person string, n, level int, on string) answer {
	s.t.Helper()
	return s.do("cdpf", "POST", "/persons/"+person+"/certificates", map[string]any{"number": fmt.Sprintf("%s4%d", number(n), level), "category": 4, "level": level, "issued_on": on}).want(201)
}

// TestRightsEndWithTheCard: a right that rested on a card ends with the month in which that was cancelled (M15), whoever says so and whatever
// brings the next card, an officer or a list. What was only one card too many ends nothing.
func TestRightsEndWithTheCard(t *testing.T) {
	t.Parallel()
	byHand := func(s *service, id string, _ int) { s.cancels(id, "2023-05-10", "FRAUD") }
	listed := func(s *service, id string, n int) {
		s.list("cdpf", "kind=certificates&sender=cl&as_of=2023-05-20", cardHead, cardLine(n, "1", "注销,2023-05-10,弄虚作假,,,,")).want(201)
		s.confirmed(id)
	}
	cardByHand := func(s *service, id string, n int) { s.firstCard(id, n, 2, "2023-06-12") }
	cardListed := func(s *service, id string, n int) {
		s.list("cdpf", "kind=certificates&sender=cl&as_of=2023-06-20", cardHead, cardLine(n, "2", "正常,,,2023-06-12,2033-06-11,,")).want(201)
	}
	ended := []int{16700, 16700, 16700, 16700, 16700}
	for n, tt := range []struct {
		name         string
		cancel, card func(s *service, id string, n int)
		want         []int
	}{
		{"by hand", byHand, cardByHand, ended}, {"the card by a list", byHand, cardListed, ended}, {"both by lists", listed, cardListed, ended},
		{"the cancellation by a list", listed, cardByHand, ended},
		{"another card on the very day", byHand, func(s *service, id string, n int) { s.firstCard(id, n, 2, "2023-05-10") }, ended},
		{"one card too many", func(s *service, id string, _ int) { s.cancels(id, "2023-05-10", "DUPLICATE") }, cardByHand, append(ended, 14000, 14000, 14000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			id := s.person1(620+n, 1)
			s.granted(id, nursing, "2023-01-05", "2023-01-10")
			s.at("2023-05-20")
			tt.cancel(s, id, 620+n)
			s.at("2023-06-20")
			s.wantOwed(id, nursing, ended...)
			tt.card(s, id, 620+n)
			s.at("2023-08-10")
			s.wantOwed(id, nursing, tt.want...)
			if w := s.right(id); len(tt.want) == len(ended) && (w["status"] != "ended" || w["end_month"] != "2023-05" || w["end_reason"] != "CARD_CANCELLED") {
				t.Errorf("the award is shown as %v", w)
			}
			s.wantDerived()
		})
	}
}

// TestCancellationTakenBack: a list's cancellation ends the right also once an officer has issued a first card on it, and no longer when the
// list is taken back.
func TestCancellationTakenBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(630, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-05-20")
	a := s.list("cdpf", "kind=certificates&sender=cl&as_of=2023-05-20", cardHead, cardLine(630, "1", "注销,2023-05-10,弄虚作假,,,,")).want(201)
	s.confirmed(id)
	s.at("2023-06-20")
	s.firstCard(id, 630, 2, "2023-06-12")
	s.at("2023-06-25")
	s.wantOwed(id, nursing, 16700, 16700, 16700, 16700, 16700)
	known := func(at string) string {
		w := s.do("auditor", "GET", "/persons/"+id+"/record?known_at="+at, nil).want(200).json()["awards"].([]any)[0].(map[string]any)
		return fmt.Sprint(w["status"], " ", w["end_month"], " ", w["end_reason"])
	}
	if before, now := known("2023-05-19T00:00:00Z"), known("2023-06-24T00:00:00Z"); before != "active <nil> <nil>" || now != "ended 2023-05 CARD_CANCELLED" {
		t.Errorf("the award is known as %s before the cancellation, and as %s after it", before, now)
	}
	v := s.do("cdpf", "GET", "/imports/"+a.text("id"), nil).want(200)
	s.do("cdpf", "POST", "/imports/"+a.text("id")+"/undo", nil, "If-Match", v.version()).want(200)
	s.at("2023-08-10")
	s.wantOwed(id, nursing, 16700, 16700, 16700, 16700, 16700, 16700, 14000, 14000)
	s.wantDerived()
}

// TestAppliedForOnTheNextCard: who applies on the card that followed a cancelled one has a right of his own, also in the month of the
// cancellation; who had applied before it has not, whenever that is decided.
func TestAppliedForOnTheNextCard(t *testing.T) {
	t.Parallel()
	for n, tt := range []struct {
		applied string
		want    []int
	}{{"2023-05-05", []int{0, 0, 0, 0, 16700}}, {"2023-05-22", []int{0, 0, 0, 0, 16700, 14000, 14000}}} {
		t.Run(tt.applied, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			id := s.person1(640+n, 1)
			s.at("2023-05-05")
			if n == 1 {
				s.at("2023-05-22")
			}
			early := s.applied(id, nursing, tt.applied)
			s.at("2023-05-23")
			s.cancels(id, "2023-05-10", "EXPIRED_6M")
			s.firstCard(id, 640+n, 2, "2023-05-20")
			s.at("2023-06-12")
			s.decide("town.a", early, map[string]any{"decision": "approve"}).want(200)
			s.at("2023-07-10")
			s.wantOwed(id, nursing, tt.want...)
			s.wantDerived()
		})
	}
}

// TestReinstated is M35: an officer has ended a right by mistake; with a document it is paid again, with the months since or from a later one on.
func TestReinstated(t *testing.T) {
	t.Parallel()
	until := func(n int) (list []int) {
		for range n {
			list = append(list, 16700)
		}
		return list
	}
	for n, tt := range []struct {
		name, from string
		anew       string // when somebody has applied again meanwhile
		status     int
		code       string
		want       []int
	}{
		{"with all its months", "2023-05", "", 200, "", until(7)},
		{"from a later month on", "2023-07", "", 200, "", append(until(4), 0, 0, 16700)},
		{"from before its end", "2023-04", "", 422, "MONTHS_REVERSED", until(4)},
		{"from some year to come", "2032-05", "", 422, "DATE_IN_FUTURE", until(4)},
		{"until the next one", "2023-05", "2023-07-02", 200, "", until(7)},
		{"when the next one has begun", "2023-07", "2023-07-02", 422, "MONTHS_REVERSED", append(until(4), 0, 0, 16700)},
		{"followed at once", "2023-05", "2023-05-06", 409, "ALREADY_AWARDED", until(7)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			id := s.person1(650+n, 1)
			s.granted(id, nursing, "2023-01-05", "2023-01-10")
			s.at("2023-05-05")
			body := map[string]any{"from_month": tt.from, "document": "临民复〔2023〕1号", "reason": "复核认定符合条件"}
			s.onRight("cdpf", id, "reinstate", body).want(409, "NOT_ENDED")
			w := s.right(id)
			end := s.onRight("town.a", id, "end", map[string]any{"last_month": "2023-04", "reason": "复核不合格"}).want(200)
			s.wantOwed(id, nursing, until(4)...)
			if tt.anew != "" {
				s.granted(id, nursing, tt.anew, tt.anew)
			}
			s.at("2023-07-05")
			done := s.do("civil", "POST", "/awards/"+w["id"].(string)+"/reinstate", body, "If-Match", end.version())
			if done.status != tt.status || tt.code != "" && done.json()["code"] != tt.code {
				t.Fatalf("%d %s, want %d %s", done.status, done.body, tt.status, tt.code)
			}
			s.wantOwed(id, nursing, tt.want...)
			s.wantDerived()
			if tt.status != 200 {
				return
			}
			if now := done.json(); now["status"] == "ended" != (tt.anew != "") || now["reinstated_document"] != body["document"] || now["reinstated_reason"] != body["reason"] {
				t.Errorf("the award is now %v", now)
			}
			s.do("civil", "POST", "/awards/"+w["id"].(string)+"/reinstate", body, "If-Match", done.version()).want(409, "NOT_ENDED")
			known := s.do("auditor", "GET", "/persons/"+id+"/record?known_at=2023-06-01T00:00:00Z", nil).want(200).json()["awards"].([]any)[0].(map[string]any)
			if known["end_month"] != "2023-04" || known["end_reason"] != "复核不合格" || known["reinstated_document"] != nil {
				t.Errorf("before, the award was known as %v", known)
			}
		})
	}
}

// TestNotReinstated: what was void from the start, or ended because another right took its place, is no mistake of who ended it.
func TestNotReinstated(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(660, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.onRight("civil", id, "void", map[string]any{"reason": "伪造材料"}).want(200)
	body := map[string]any{"from_month": "2023-03", "document": "x", "reason": "y"}
	s.onRight("town.a", id, "reinstate", body).want(403)
	s.onRight("civil", id, "reinstate", body).want(409, "NOT_ENDED")
}

// TestMonthsOfRightsAreNear: a year that was typed wrongly is refused, and does not wait for its month unseen.
func TestMonthsOfRightsAreNear(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(661, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-03-10")
	for _, tt := range []struct{ what, member, month, code string }{
		{"suspend", "from_month", "2024-03", "DATE_IN_FUTURE"}, {"suspend", "from_month", "2023-05", "DATE_IN_FUTURE"}, {"suspend", "from_month", "2022-12", "MONTHS_REVERSED"},
		{"end", "last_month", "2199-12", "DATE_IN_FUTURE"}, {"end", "last_month", "2022-12", "MONTHS_REVERSED"},
	} {
		s.onRight("civil", id, tt.what, map[string]any{tt.member: tt.month, "reason": "核查"}).want(422, tt.code)
	}
	s.onRight("civil", id, "suspend", map[string]any{"from_month": "2023-04", "reason": "核查"}).want(200)
	s.onRight("civil", id, "resume", map[string]any{"from_month": "2024-05", "back_pay": true}).want(422, "DATE_IN_FUTURE")
	s.onRight("civil", id, "resume", map[string]any{"from_month": "2023-05", "back_pay": true}).want(200) // the first that it can be
	s.onRight("civil", id, "end", map[string]any{"last_month": "2023-04", "reason": "本人自愿"}).want(200)

	s.at("2023-01-05")
	late := s.person("liaison.a", villageA, 662, 3).want(201).text("id") // applied in January, and owed since March
	s.fact(late, "dibao", true, "2023-03-01", "")
	s.granted(late, living, "2023-01-05", "2023-03-10")
	for verb, member := range map[string]string{"end": "last_month", "suspend": "from_month"} {
		s.onRight("civil", late, verb, map[string]any{member: "2023-02", "reason": "核查"}).want(422, "MONTHS_REVERSED")
	}
	s.onRight("civil", late, "end", map[string]any{"last_month": "2023-03", "reason": "本人自愿"}).want(200)
}

// TestGapThatIsNotOfTheCard: months that are unpaid because a choice between benefits is waited for are no gap before a renewal, whichever card has followed.
func TestGapThatIsNotOfTheCard(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(630, 2)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-08-10")
	s.fact(id, "other_benefit", "elder_nursing", "2023-03-01", "2023-06-30")
	s.renewed(id, "CHANGE", "2023-07-03", 630, 1)
	s.wantOwed(id, nursing, 14000, 14000, 0, 0, 0, 0, 14000, 16700)
	s.onRight("cdpf", id, "back-pay", map[string]any{"months": 3, "reason": "补"}).want(409, "NO_LATE_RENEWAL")
	s.wantOwed(id, nursing, 14000, 14000, 0, 0, 0, 0, 14000, 16700)
}

// TestGrantedMonthsMeetTheOtherConditions: what was granted of a gap is paid as far as nothing but the card is missing, also by what is learned later.
func TestGrantedMonthsMeetTheOtherConditions(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.expiring(631)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-08-10")
	s.renewed(id, "RENEW", "2023-08-03", 631, 2)
	s.onRight("cdpf", id, "back-pay", map[string]any{"months": 3, "reason": "住院"}).want(200)
	s.wantOwed(id, nursing, 16700, 16700, 0, 0, 14000, 14000, 14000, 14000)
	s.fact(id, "other_benefit", "elder_nursing", "2023-06-01", "2023-06-30")
	s.wantOwed(id, nursing, 16700, 16700, 0, 0, 14000, 0, 14000, 14000)
	s.fact(id, "elected_benefit", "nursing_ours", "2023-06-01", "")
	s.wantOwed(id, nursing, 16700, 16700, 0, 0, 14000, 14000, 14000, 14000)
	s.wantDerived()
}

// TestGapOfWhichAMonthWaitedForSomethingElse: of the latest three months before a late renewal those are granted in which nothing but the card was missing,
// also where a later one of them waited for a choice, too.
func TestGapOfWhichAMonthWaitedForSomethingElse(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.expiring(631)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-06-10")
	s.fact(id, "other_benefit", "elder_nursing", "2023-05-01", "2023-05-31")
	s.renewed(id, "RENEW", "2023-06-03", 631, 1)
	s.wantOwed(id, nursing, 16700, 16700, 0, 0, 0, 16700)
	s.onRight("cdpf", id, "back-pay", map[string]any{"months": 3, "reason": "补"}).want(200)
	s.wantOwed(id, nursing, 16700, 16700, 16700, 16700, 0, 16700)
	s.onRight("cdpf", id, "back-pay", map[string]any{"months": 3, "reason": "补"}).want(409, "GRANTED_ALREADY")
	s.wantDerived()
}

// TestRightsOfAPlace: rights are narrowed to a place and a programme, and lines of a roster to a state.
func TestRightsOfAPlace(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person("liaison.a", villageA, 640, 1).want(201).text("id")
	s.granted(id, nursing, "2023-03-28", "2023-04-10")
	for query, want := range map[string]int{"": 1, "?area=" + townA: 1, "?area=" + villageA: 1, "?area=" + townC: 0, "?programme=" + nursing: 1, "?programme=" + living: 0, "?area=" + villageA + "&programme=" + nursing + "&person_id=" + id: 1} {
		if got := items(s.do("finance", "GET", "/awards"+query, nil).want(200), "items"); len(got) != want {
			t.Errorf("/awards%s has %d rights, want %d", query, len(got), want)
		}
	}
	s.do("town.a", "GET", "/awards?area="+townC, nil).want(404, "NOT_FOUND")
	s.do("finance", "GET", "/awards?programme=nonsense", nil).want(400)
	s.at("2023-05-12")
	lines := "/rosters/" + s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-05"}).want(201).text("id") + "/lines"
	for state, want := range map[string]int{"due": 1, "held": 0} {
		if got := items(s.do("finance", "GET", lines+"?state="+state, nil).want(200), "items"); len(got) != want {
			t.Errorf("%d lines are %s, want %d", len(got), state, want)
		}
	}
	s.do("finance", "GET", lines+"?state=gone", nil).want(400)
}
