package httpapi_test

import (
	"fmt"
	"testing"
)

// handedIn hands an application in on a day, with an account.
func (s *service) handedIn(person, programme, on, account string) answer {
	s.t.Helper()
	s.at(on)
	app := s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": person, "programme": programme, "applied_on": on,
		"applicant": map[string]any{"relation": "self"}, "bank_account": account}).want(201)
	return s.do("liaison.a", "POST", "/applications/"+app.text("id")+"/submit", nil, "If-Match", app.version()).want(200)
}

// approved approves a case on a day.
func (s *service) approved(app answer, on string) answer {
	s.t.Helper()
	s.at(on)
	return s.do("town.a", "POST", "/applications/"+app.text("id")+"/decisions", map[string]any{"decision": "approve"}, "If-Match", app.version())
}

// rights are the awards of a programme as "2023-01 to 2023-03 reason", the earliest first.
func (s *service) rights(person, programme string) (list []string) {
	s.t.Helper()
	for _, w := range items(s.do("auditor", "GET", "/awards?person_id="+person, nil).want(200), "items") {
		if w["programme"] == programme {
			list = append(list, fmt.Sprintf("%v to %v %v", w["start_month"], w["end_month"], w["end_reason"]))
		}
	}
	return list
}

func (s *service) wantOwes(person, programme string, want ...int) {
	s.t.Helper()
	if got := s.owed(person, programme); fmt.Sprint(got) != fmt.Sprint(want) {
		s.t.Errorf("%s owed %v, want %v", programme, got, want)
	}
	if _, differed, err := s.desk.RebuildStandings(s.t.Context(), systemActor, true); err != nil || differed != 0 {
		s.t.Errorf("%d standings or dues differ from the facts (%v)", differed, err)
	}
}

// TestTheStartFollowsTheFacts: 低保 is recorded from April for an application of 28 March, and corrected to March before or after the
// approval, or from March to April: the first month that is owed is that of the facts, whatever was known when.
func TestTheStartFollowsTheFacts(t *testing.T) {
	t.Parallel()
	for n, tt := range []struct {
		name, recorded, corrected string
		want                      []int
		start                     string
	}{
		{"known to be earlier", "2023-04-01", "2023-03-01", []int{0, 0, 18500, 18500, 18500, 18500}, "2023-03"},
		{"known to be later", "2023-03-01", "2023-04-01", []int{0, 0, 0, 18500, 18500, 18500}, "2023-04"},
		{"known to be before the application", "2023-04-01", "2023-01-01", []int{0, 0, 18500, 18500, 18500, 18500}, "2023-03"},
	} {
		for m, before := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, before the approval %v", tt.name, before), func(t *testing.T) {
				t.Parallel()
				s := start(t)
				s.at("2023-03-01")
				id := s.person("liaison.a", villageA, 600+2*n+m, 1).want(201).text("id")
				app := s.handedIn(id, living, "2023-03-28", "6222000011112222")
				s.at("2023-04-10")
				fact := s.fact(id, "dibao", true, tt.recorded, "")
				correct := func() {
					s.do("cdpf", "POST", "/circumstances/"+fact.text("id")+"/correct",
						map[string]any{"valid_from": tt.corrected, "source": "民政", "reason": "批准文件的月份"}, "If-Match", `"1"`).want(200)
				}
				if before {
					correct()
				}
				decided := s.approved(app, "2023-04-12").want(200).json()["explanation"].(map[string]any)
				if want := map[bool]string{true: tt.start, false: tt.recorded[:7]}[before]; decided["start_month"] != want {
					t.Errorf("approved from %v, want %s", decided["start_month"], want)
				}
				if !before {
					s.at("2023-04-13")
					correct()
				}
				s.at("2023-06-10")
				s.wantOwes(id, living, tt.want...)
				if got := s.rights(id, living); fmt.Sprint(got) != "["+tt.start+" to <nil> <nil>]" {
					t.Errorf("awards: %q, want one from %s", got, tt.start)
				}
			})
		}
	}
}

// TestAnApplicationInTheMonthInWhichTheOldRightEnds is M15 and M20 in one month: the last month is the old award's, the new one begins with the
// first good month after it.
func TestAnApplicationInTheMonthInWhichTheOldRightEnds(t *testing.T) {
	t.Parallel()
	cancelled := func(s *service, id string, n int) {
		s.at("2023-05-20")
		card := items(s.do("cdpf", "GET", "/persons/"+id, nil).want(200), "certificates")[0]
		s.do("cdpf", "POST", "/certificates/"+card["id"].(string)+"/events", map[string]any{"event": "CANCEL", "on": "2023-05-10", "cancel_reason": "EXPIRED_6M"},
			"If-Match", fmt.Sprintf(`"%v"`, card["version"])).want(201)
		s.do("cdpf", "POST", "/persons/"+id+"/certificates", map[string]any{"number": number(n) + "41", "category": 4, "level": 1, "issued_on": "2023-05-20"}).want(201)
	}
	const full = 18500
	for n, tt := range []struct {
		name         string
		happens      func(s *service, id string, n int)
		applied      string
		later        func(s *service, id string)
		approved     string
		want, denied string
		owed         []int
		rights       string
	}{
		{"the card was cancelled, and another issued", cancelled, "2023-05-22", nil, "2023-06-12", "2023-06", "", []int{full, full, full, full, full, full, full},
			"[2023-01 to 2023-05 SUCCEEDED 2023-06 to <nil> <nil>]"},
		{"低保 ended, and again from June", func(s *service, id string, _ int) { s.at("2023-04-12"); s.endFact(id, "dibao", "2023-04-10") }, "2023-04-28",
			func(s *service, id string) { s.at("2023-06-05"); s.fact(id, "dibao", true, "2023-06-01", "") }, "2023-06-05", "2023-06", "",
			[]int{full, full, full, full, 0, full, full}, "[2023-01 to 2023-04 SUCCEEDED 2023-06 to <nil> <nil>]"},
		{"a voluntary stop that was regretted", func(s *service, id string, _ int) {
			s.at("2023-05-10")
			w := items(s.do("town.a", "GET", "/awards?person_id="+id, nil).want(200), "items")[0]
			s.do("town.a", "POST", "/awards/"+w["id"].(string)+"/end", map[string]any{"last_month": "2023-05", "reason": "本人自愿"}, "If-Match", fmt.Sprintf(`"%v"`, w["version"])).want(200)
		}, "2023-05-20", nil, "2023-05-25", "2023-06", "", []int{full, full, full, full, full, full, full}, "[2023-01 to 2023-05 本人自愿 2023-06 to <nil> <nil>]"},
		{"低保 ended, and never again", func(s *service, id string, _ int) { s.at("2023-04-12"); s.endFact(id, "dibao", "2023-04-10") }, "2023-04-28",
			nil, "2023-06-05", "", "422", []int{full, full, full, full}, "[2023-01 to 2023-04 NOT_DIBAO]"},
		{"the right runs after all", func(s *service, id string, _ int) {
			s.at("2023-05-10")
			s.onRight("town.a", id, "end", map[string]any{"last_month": "2023-05", "reason": "本人自愿"}).want(200)
		}, "2023-05-20", func(s *service, id string) {
			s.onRight("civil", id, "reinstate", map[string]any{"from_month": "2023-06", "document": "x", "reason": "记错"}).want(200)
		}, "2023-05-25", "", "409 ALREADY_AWARDED", []int{full, full, full, full, full, full, full}, "[2023-01 to <nil> <nil>]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			id := s.person1(620+n, 1)
			s.granted(id, living, "2023-01-05", "2023-01-10")
			tt.happens(s, id, 620+n)
			app := s.handedIn(id, living, tt.applied, "6222000011112222")
			if tt.later != nil {
				tt.later(s, id)
			}
			a := s.approved(app, tt.approved)
			switch tt.denied {
			case "":
				if e := a.want(200).json()["explanation"].(map[string]any); e["start_month"] != tt.want {
					t.Errorf("approved from %v, want %s", e["start_month"], tt.want)
				}
			case "422":
				a.want(422)
			default:
				a.want(409, "ALREADY_AWARDED")
			}
			s.at("2023-07-05")
			s.wantOwes(id, living, tt.owed...)
			if got := s.rights(id, living); fmt.Sprint(got) != tt.rights {
				t.Errorf("awards %q, want %s", got, tt.rights)
			}
		})
	}
}

// TestAVoidAwardStaysAsItWasFound: an award that rested on false materials keeps its reason when another follows it.
func TestAVoidAwardStaysAsItWasFound(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(640, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-05-20")
	w := items(s.do("cdpf", "GET", "/awards?person_id="+id, nil).want(200), "items")[0]
	s.do("civil", "POST", "/awards/"+w["id"].(string)+"/void", map[string]any{"reason": "弄虚作假"}, "If-Match", fmt.Sprintf(`"%v"`, w["version"])).want(200)
	s.granted(id, nursing, "2023-05-21", "2023-05-25")
	if got := s.rights(id, nursing); fmt.Sprint(got) != "[2023-01 to 2023-05 弄虚作假 2023-05 to <nil> <nil>]" {
		t.Errorf("awards %q", got)
	}
	s.at("2023-06-10")
	s.wantOwes(id, nursing, 0, 0, 0, 0, 16700, 16700)
}

// TestAnApprovalKeepsTheNewestAccount is M06 and M36: an approval takes the account of its application, unless another was named
// after it, and never from a guardian or the estate.
func TestAnApprovalKeepsTheNewestAccount(t *testing.T) {
	t.Parallel()
	const first, second, third = "6222000011112222", "6222000033334444", "6222000099998888"
	paid := func(s *service, id string) string {
		s.t.Helper()
		list := items(s.do("liaison.a", "GET", "/persons/"+id+"/payees", nil).want(200), "items")
		last := list[len(list)-1]
		return fmt.Sprint(last["holder"], " ", last["relation"], " ", last["account"])
	}
	name := func(s *service, id, holder, relation, account string) {
		s.do("liaison.a", "POST", "/persons/"+id+"/payees", map[string]any{"holder": holder, "relation": relation, "account": account, "reason": "变更"}).want(201)
	}
	for n, tt := range []struct {
		name    string
		happens func(s *service, id, own string)
		want    string
	}{
		{"the estate's, recorded while another application waits", func(s *service, id, _ string) {
			a, b := s.handedIn(id, living, "2023-01-05", first), s.handedIn(id, nursing, "2023-01-05", first)
			s.approved(a, "2023-01-10").want(200)
			s.at("2023-02-15")
			s.fact(id, "death", true, "2023-02-10", "")
			name(s, id, "继承人甲", "estate", third)
			s.approved(b, "2023-02-20").want(200)
		}, "继承人甲 estate ****8888"},
		{"a guardian's, recorded before the application", func(s *service, id, _ string) {
			s.granted(id, living, "2023-01-05", "2023-01-10")
			v := s.do("liaison.a", "GET", "/persons/"+id, nil).want(200).version()
			s.do("liaison.a", "PATCH", "/persons/"+id, map[string]any{"guardian": map[string]any{"name": "监护人甲", "relation": "parent"}}, "If-Match", v).want(200)
			name(s, id, "监护人甲", "guardian", third)
			s.approved(s.handedIn(id, nursing, "2023-02-05", first), "2023-02-10").want(200)
		}, "监护人甲 guardian ****8888"},
		{"a new card, recorded while the application waits", func(s *service, id, own string) {
			a := s.handedIn(id, nursing, "2023-01-05", first)
			s.at("2023-01-08")
			name(s, id, own, "self", third)
			s.approved(a, "2023-01-10").want(200)
		}, "self ****8888"},
		{"the application's, newer than what is recorded", func(s *service, id, own string) {
			s.at("2023-01-03")
			name(s, id, own, "self", third)
			s.approved(s.handedIn(id, nursing, "2023-01-05", first), "2023-01-10").want(200)
		}, "self ****2222"},
		{"that of the later application, approved first", func(s *service, id, _ string) {
			a, b := s.handedIn(id, living, "2023-01-05", first), s.handedIn(id, nursing, "2023-01-08", second)
			s.approved(b, "2023-01-10").want(200)
			s.approved(a, "2023-01-12").want(200)
		}, "self ****4444"},
		{"that of the later application, approved last", func(s *service, id, _ string) {
			a, b := s.handedIn(id, living, "2023-01-05", first), s.handedIn(id, nursing, "2023-01-08", second)
			s.approved(a, "2023-01-10").want(200)
			s.approved(b, "2023-01-12").want(200)
		}, "self ****4444"},
		{"recorded while the application was returned for something else", func(s *service, id, own string) {
			s.at("2023-01-09")
			a := s.returned(s.handedIn(id, nursing, "2023-01-05", first), "2023-01-08")
			s.at("2023-01-09")
			name(s, id, own, "self", third)
			s.at("2023-01-12")
			a = s.do("liaison.a", "POST", "/applications/"+a.text("id")+"/resubmit", map[string]any{}, "If-Match", a.version()).want(200)
			s.approved(a, "2023-01-15").want(200)
		}, "self ****8888"},
		{"put right in the returned application", func(s *service, id, own string) {
			a := s.returned(s.handedIn(id, nursing, "2023-01-05", first), "2023-01-08")
			s.at("2023-01-09")
			name(s, id, own, "self", third)
			s.at("2023-01-12")
			a = s.do("liaison.a", "POST", "/applications/"+a.text("id")+"/resubmit", map[string]any{"bank_account": second}, "If-Match", a.version()).want(200)
			s.approved(a, "2023-01-15").want(200)
		}, "self ****4444"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			id := s.person1(650+n, 1)
			own := s.do("liaison.a", "GET", "/persons/"+id, nil).want(200).text("name")
			if tt.happens(s, id, own); tt.want[:4] == "self" {
				tt.want = own + " " + tt.want
			}
			if got := paid(s, id); got != tt.want {
				t.Errorf("paid to %s, want %s", got, tt.want)
			}
		})
	}
}

// returned sends a case back on a day.
func (s *service) returned(app answer, on string) answer {
	s.t.Helper()
	s.at(on)
	return s.do("town.a", "POST", "/applications/"+app.text("id")+"/decisions", map[string]any{"decision": "return", "reason": "请补材料"}, "If-Match", app.version()).want(200)
}
