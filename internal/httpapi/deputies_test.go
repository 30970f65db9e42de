package httpapi_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// accountID finds an account by its user name.
func (s *service) accountID(username string) string {
	s.t.Helper()
	for _, raw := range s.do("admin", "GET", "/accounts?limit=200", nil).want(200).json()["items"].([]any) {
		if account := raw.(map[string]any); account["username"] == username {
			return account["id"].(string)
		}
	}
	s.t.Fatalf("no account %s", username)
	return ""
}

// TestDeputy: an officer of another town acts for one who is away, on the days of the deputation and no other, under his
// own name, and decides neither his own cases nor those of the one for whom he acts.
func TestDeputy(t *testing.T) {
	t.Parallel()
	s := start(t)
	principal, deputy := s.accountID("town.a"), s.accountID("town.c")
	second, third := s.person1(901, 1), s.person1(902, 1)
	app := s.applied(s.person1(900, 1), nursing, "2023-04-06")
	new := map[string]any{"principal_id": principal, "deputy_id": deputy, "from": "2023-04-10", "until": "2023-04-14", "reason": "休假"}
	d := s.do("admin", "POST", "/deputations", new).want(201)
	s.do("admin", "POST", "/deputations", new).want(409, "DEPUTED_ALREADY")
	s.do("admin", "POST", "/deputations", map[string]any{"principal_id": principal, "deputy_id": principal, "from": "2023-05-10", "until": "2023-05-14", "reason": "x"}).want(422, "NO_DEPUTY")
	s.do("admin", "POST", "/deputations", map[string]any{"principal_id": s.accountID("stats"), "deputy_id": deputy, "from": "2023-05-10", "until": "2023-05-14", "reason": "x"}).want(422)
	s.do("admin", "POST", "/deputations", map[string]any{"principal_id": principal, "deputy_id": deputy, "from": "2023-05-10", "until": "2023-05-01", "reason": "x"}).want(422)
	act := map[string]any{"deputation_id": d.text("id")}
	s.do("town.c", "POST", "/auth/act-for", act).want(404)

	s.at("2023-04-10")
	s.do("town.a2", "POST", "/auth/act-for", act).want(404)
	s.do("town.c", "GET", "/applications/"+app.text("id"), nil).want(404)
	if mine := s.do("town.c", "GET", "/me/deputations", nil).want(200).json()["items"].([]any); len(mine) != 1 || mine[0].(map[string]any)["principal_name"] != "测试town.a" {
		t.Errorf("whom he may act for: %v", mine)
	}
	acting := s.do("town.c", "POST", "/auth/act-for", act).want(200)
	s.tokens["deputy"] = acting.text("access_token")
	if me := s.do("deputy", "GET", "/me", nil).want(200); me.text("id") != deputy || me.text("area_code") != townA || me.text("acting_for") != principal {
		t.Errorf("the deputy is %s", me.body)
	}
	s.do("deputy", "POST", "/auth/act-for", act).want(409, "ACTING_ALREADY")
	own := s.do("deputy", "POST", "/applications", map[string]any{"person_id": second, "programme": nursing, "applied_on": "2023-04-10",
		"applicant": map[string]any{"relation": "self"}}).want(201)
	own = s.do("deputy", "POST", "/applications/"+own.text("id")+"/submit", nil, "If-Match", own.version()).want(200)
	s.decide("deputy", own, map[string]any{"decision": "approve"}).want(409, "OWN_CASE")
	his := s.do("town.a", "POST", "/applications", map[string]any{"person_id": third, "programme": nursing, "applied_on": "2023-04-10",
		"applicant": map[string]any{"relation": "self"}}).want(201)
	his = s.do("town.a", "POST", "/applications/"+his.text("id")+"/submit", nil, "If-Match", his.version()).want(200)
	s.decide("deputy", his, map[string]any{"decision": "approve"}).want(409, "OWN_CASE")
	done := s.decide("deputy", app, map[string]any{"decision": "approve"}).want(200)
	steps := done.json()["steps"].([]any)
	if last := steps[len(steps)-1].(map[string]any); last["acting_for"] != principal || last["actor"].(map[string]any)["id"] != deputy {
		t.Errorf("the decision stands as %v", last)
	}

	s.clock.Set(s.clock.Now().AddDate(0, 0, 5)) // the last day is over, and the session with it
	s.tokens["deputy"] = acting.text("access_token")
	s.do("deputy", "GET", "/me", nil).want(401)
	s.at("2023-04-14")
	s.tokens["again"] = s.do("town.c", "POST", "/auth/act-for", act).want(200).text("access_token")
	s.do("again", "GET", "/applications/"+app.text("id"), nil).want(200)
	s.do("admin", "POST", "/deputations/"+d.text("id")+"/end", nil, "If-Match", `"9"`).want(412)
	ended := s.do("admin", "POST", "/deputations/"+d.text("id")+"/end", nil, "If-Match", d.version()).want(200)
	s.do("admin", "POST", "/deputations/"+d.text("id")+"/end", nil, "If-Match", ended.version()).want(409, "ENDED_ALREADY")
	s.do("again", "GET", "/applications/"+app.text("id"), nil).want(401)
	if list := s.do("admin", "GET", "/deputations", nil).want(200).json()["items"].([]any); len(list) != 1 || fmt.Sprint(list[0].(map[string]any)["ended_at"]) == "<nil>" {
		t.Errorf("deputations: %v", list)
	}
}

// TestDeputyAtMidnight: rights that were believed a moment ago end with the last day, also for reads.
func TestDeputyAtMidnight(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(910, 1)
	s.at("2023-04-10")
	d := s.do("admin", "POST", "/deputations", map[string]any{"principal_id": s.accountID("town.a"), "deputy_id": s.accountID("town.c"), "from": "2023-04-10",
		"until": "2023-04-10", "reason": "休假"}).want(201)
	s.clock.Set(s.clock.Now().Add(11*60*60*1e9 + 55*60*1e9)) // five minutes to midnight
	clear(s.tokens)
	s.tokens["deputy"] = s.do("town.c", "POST", "/auth/act-for", map[string]any{"deputation_id": d.text("id")}).want(200).text("access_token")
	for range 2 {
		s.do("deputy", "GET", "/persons/"+id, nil).want(200)
	}
	s.clock.Set(s.clock.Now().Add(6 * 60 * 1e9))
	s.do("deputy", "GET", "/persons/"+id, nil).want(401)
}

// TestDeputationsEndWithRights: another role or area of either side ends what is deputed and not over, with the sessions under it, since a
// deputy would come by whatever the other is made. Anything else leaves it alone.
func TestDeputationsEndWithRights(t *testing.T) {
	t.Parallel()
	s := start(t)
	officer := func(area string) (user string, account answer) {
		user = "o" + uuid.NewString()[:8]
		return user, s.do("admin", "POST", "/accounts", map[string]any{"username": user, "name": "测试", "password": password, "role": "town_officer", "area_code": area}).want(201)
	}
	for _, tt := range []struct {
		name  string
		of    int // the principal or the deputy
		patch map[string]any
		ends  bool
	}{
		{"the principal is made administrator", 0, map[string]any{"role": "administrator"}, true},
		{"the principal gets the district", 0, map[string]any{"area_code": "370305"}, true},
		{"the deputy is made auditor", 1, map[string]any{"role": "auditor"}, true},
		{"the deputy moves", 1, map[string]any{"area_code": townA}, true},
		{"the principal gets another name", 0, map[string]any{"name": "金丝雀"}, false},
		{"the principal stays what he is", 0, map[string]any{"role": "town_officer", "area_code": townA}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.at("2023-04-03")
			_, principal := officer(townA)
			user, deputy := officer(townC)
			depute := func(from, until string) string {
				return s.do("admin", "POST", "/deputations", map[string]any{"principal_id": principal.text("id"), "deputy_id": deputy.text("id"), "from": from, "until": until, "reason": "休假"}).want(201).text("id")
			}
			over, now, later := depute("2023-04-03", "2023-04-04"), depute("2023-04-10", "2023-04-14"), depute("2023-05-10", "2023-05-14")
			s.at("2023-04-10")
			s.tokens["acting"] = s.do(user, "POST", "/auth/act-for", map[string]any{"deputation_id": now}).want(200).text("access_token")
			s.do("acting", "GET", "/persons", nil).want(200)
			of := []answer{principal, deputy}[tt.of]
			s.do("admin", "PATCH", "/accounts/"+of.text("id"), tt.patch, "If-Match", of.version()).want(200)
			if got := s.do("acting", "GET", "/persons", nil).status; got != map[bool]int{true: 401, false: 200}[tt.ends] {
				t.Errorf("the deputy's session answers %d", got)
			}
			if got := s.endedOf(principal.text("id")); got[over] || got[now] != tt.ends || got[later] != tt.ends || len(got) != 3 {
				t.Errorf("ended: %v", got)
			}
		})
	}
}

// endedOf says of each deputation of a principal whether it was ended before its time.
func (s *service) endedOf(principal string) map[string]bool {
	s.t.Helper()
	ended := map[string]bool{}
	for _, raw := range s.do("admin", "GET", "/deputations?limit=200", nil).want(200).json()["items"].([]any) {
		if d := raw.(map[string]any); d["principal_id"] == principal {
			ended[d["id"].(string)] = d["ended_at"] != nil
		}
	}
	return ended
}

// TestFinanceStaysApart: who says what has come back of the money says nothing else, and nobody else says it in his place; not by a deputation that was
// recorded before either.
func TestFinanceStaysApart(t *testing.T) {
	t.Parallel()
	s := start(t)
	finance, civil, other := s.accountID("finance"), s.accountID("civil"), s.do("admin", "POST", "/accounts", map[string]any{"username": "finance.2", "name": "财务二", "password": password,
		"role": "finance_officer", "area_code": "370305"}).want(201).text("id")
	today := s.clock.Now().Format("2006-01-02")
	depute := func(principal, deputy string) answer {
		return s.do("admin", "POST", "/deputations", map[string]any{"principal_id": principal, "deputy_id": deputy, "from": today, "until": today, "reason": "休假"})
	}
	depute(finance, civil).want(422, "FINANCE_APART")
	depute(civil, finance).want(422, "FINANCE_APART")
	act := map[string]any{"deputation_id": depute(finance, other).want(201).text("id")}
	s.tokens["acting"] = s.do("finance.2", "POST", "/auth/act-for", act).want(200).text("access_token")
	owner, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(t.Context())
	change := func(to string) {
		t.Helper()
		if _, err := owner.Exec(t.Context(), "SET session_replication_role = replica; UPDATE deputations SET "+to); err != nil {
			t.Fatal(err)
		}
	}
	s.do("acting", "GET", "/me", nil).want(200)
	change("principal_id = '" + civil + "'")
	s.do("acting", "GET", "/me", nil).want(401) // who acts already
	change("principal_id = '" + finance + "', deputy_id = '" + civil + "'")
	s.do("civil", "POST", "/auth/act-for", act).want(404)
}
