package httpapi_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/auth"
	"zhucan/internal/calendar"
)

// codeNow is what the app of somebody shows so long from now on.
func (s *service) codeNow(secret string, on time.Duration) string {
	s.t.Helper()
	code, err := auth.CodeAt(secret, s.clock.Now().Add(on))
	if err != nil {
		s.t.Fatal(err)
	}
	return code
}

func (s *service) signsIn(username string, more ...string) answer {
	s.t.Helper()
	body := map[string]any{"username": username, "password": password}
	if len(more) > 0 {
		body["code"] = more[0]
	}
	return s.do("", "POST", "/auth/login", body)
}

// turnOn sets up the second factor of somebody, and returns the secret and the spare codes.
func (s *service) turnOn(user string) (secret string, spare []any) {
	s.t.Helper()
	secret = s.do(user, "POST", "/me/second-factor", map[string]any{"password": password}).want(200).text("secret")
	return secret, s.do(user, "POST", "/me/second-factor/confirmation", map[string]any{"code": s.codeNow(secret, 0)}).want(200).json()["spare_codes"].([]any)
}

// TestSecondFactor: it is asked for once its owner's app has shown that it knows the secret. A code is good once, a spare one too; it takes password
// and code to turn it off.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	s := start(t)
	state := func(enabled, required bool, spare float64) {
		t.Helper()
		got := s.do("town.a", "GET", "/me/second-factor", nil).want(200).json()
		if got["enabled"] != enabled || got["required"] != required || got["spare_codes"] != spare || (got["enabled_at"] != nil) != enabled {
			t.Errorf("the state is %v", got)
		}
	}
	state(false, false, 0)
	confirm := func(code string) answer {
		return s.do("town.a", "POST", "/me/second-factor/confirmation", map[string]any{"code": code})
	}
	confirm("123456").want(409, "SECOND_FACTOR_NOT_BEGUN")
	s.do("town.a", "POST", "/me/second-factor", map[string]any{"password": "wrong"}).want(422, "WRONG_PASSWORD")
	first := s.do("town.a", "POST", "/me/second-factor", map[string]any{"password": password}).want(200)
	s.signsIn("town.a").want(200) // nothing is asked for yet
	s.clock.Add(10 * time.Minute)
	clear(s.tokens)
	confirm(s.codeNow(first.text("secret"), 0)).want(409, "SECOND_FACTOR_NOT_BEGUN")
	begun := s.do("town.a", "POST", "/me/second-factor", map[string]any{"password": password}).want(200)
	secret := begun.text("secret")
	if begun.text("uri") != auth.CodeAddress("town.a", secret) || secret == first.text("secret") {
		t.Errorf("the secret: %s", begun.body)
	}
	confirm(s.codeNow(first.text("secret"), 0)).want(422, "WRONG_CODE")
	other := s.signsIn("town.a").want(200).text("access_token")
	spare := confirm(s.codeNow(secret, 0)).want(200).json()["spare_codes"].([]any)
	confirm(s.codeNow(secret, 30*time.Second)).want(409, "SECOND_FACTOR_ON")
	s.do("town.a", "POST", "/me/second-factor", map[string]any{"password": password}).want(409, "SECOND_FACTOR_ON")
	state(true, false, 10)
	s.tokens["other"] = other
	s.do("other", "GET", "/me", nil).want(401)

	s.signsIn("town.a").want(401, "CODE_REQUIRED")
	s.signsIn("town.a", " - ").want(401, "CODE_REQUIRED")
	s.signsIn("town.a", s.codeNow(secret, 0)).want(401, "WRONG_CODE") // it turned the factor on
	s.signsIn("town.a", s.codeNow(secret, 2*time.Minute)).want(401, "WRONG_CODE")
	next := s.codeNow(secret, 30*time.Second)
	s.signsIn("town.a", next[:3]+" "+next[3:]).want(200)
	s.signsIn("town.a", next).want(401, "WRONG_CODE")
	s.signsIn("town.a", spare[3].(string)).want(200)
	s.signsIn("town.a", spare[3].(string)).want(401, "WRONG_CODE")
	state(true, false, 9)
	s.do("", "POST", "/auth/login", map[string]any{"username": "town.a", "password": "wrong", "code": s.codeNow(secret, time.Minute)}).want(401, "BAD_CREDENTIALS")
	s.signsIn("liaison.a", "123456").want(200) // who has none is asked for none

	end := func(password, code string) answer {
		return s.do("town.a", "POST", "/me/second-factor/end", map[string]any{"password": password, "code": code})
	}
	s.clock.Add(2 * time.Minute)
	end("wrong", s.codeNow(secret, 0)).want(422, "WRONG_PASSWORD")
	end(password, "000000").want(422, "WRONG_CODE")
	end(password, s.codeNow(secret, 0)).want(204)
	end(password, s.codeNow(secret, 30*time.Second)).want(409, "SECOND_FACTOR_OFF")
	s.signsIn("town.a").want(200)
	state(false, false, 0)
}

// TestCodesAreCounted: who knows the password guesses codes no faster from many addresses or in between good passwords.
func TestCodesAreCounted(t *testing.T) {
	t.Parallel()
	s := start(t)
	secret, _ := s.turnOn("town.a")
	refused := 0
	for range 7 {
		s.signsIn("town.a").want(401, "CODE_REQUIRED") // takes nothing back
		if s.signsIn("town.a", "000000").status == 429 {
			refused++
		}
	}
	if refused == 0 {
		t.Error("seven codes were looked at in a moment")
	}
	s.clock.Add(time.Hour)
	s.signsIn("town.a", s.codeNow(secret, 0)).want(200)
}

// TestAnotherPasswordEndsTheWait: who has got hold of a password makes its owner's codes wait, and no longer than until there is another.
func TestAnotherPasswordEndsTheWait(t *testing.T) {
	t.Parallel()
	s := start(t)
	secret, _ := s.turnOn("town.a")
	for range 8 {
		s.signsIn("town.a", "000000")
	}
	s.signsIn("town.a", s.codeNow(secret, 30*time.Second)).want(429, "TOO_MANY_ATTEMPTS")
	const next = "another good secret"
	s.do("admin", "PATCH", "/accounts/"+s.accountID("town.a"), map[string]any{"password": next}, "If-Match", s.accountVersion("town.a")).want(200)
	s.do("", "POST", "/auth/login", map[string]any{"username": "town.a", "password": next, "code": s.codeNow(secret, 30*time.Second)}).want(200)
}

// TestOwnPasswordGivesNoMoreCodes: who has got hold of a password and of a session guesses codes no faster by changing the password in between.
func TestOwnPasswordGivesNoMoreCodes(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.turnOn("town.a")
	known := password
	guess := func() answer {
		return s.do("town.a", "POST", "/me/second-factor/end", map[string]any{"password": known, "code": "000000"})
	}
	for range 8 {
		guess()
	}
	guess().want(429, "TOO_MANY_ATTEMPTS")
	const next = "another good secret"
	s.do("town.a", "PUT", "/me/password", map[string]any{"current_password": known, "new_password": next}).want(204)
	known = next
	guess().want(429, "TOO_MANY_ATTEMPTS")
	s.do("", "POST", "/auth/login", map[string]any{"username": "town.a", "password": next, "code": "000000"}).want(429, "TOO_MANY_ATTEMPTS")
}

// accountVersion is what a change of an account sends back.
func (s *service) accountVersion(username string) string {
	s.t.Helper()
	for _, raw := range s.do("admin", "GET", "/accounts?limit=200", nil).want(200).json()["items"].([]any) {
		if a := raw.(map[string]any); a["username"] == username {
			return fmt.Sprintf(`"%v"`, a["version"])
		}
	}
	return ""
}

// TestSecondFactorTakenAway: an administrator takes it from who has lost his telephone, which ends what is open on it, and gives nobody one.
func TestSecondFactorTakenAway(t *testing.T) {
	t.Parallel()
	s := start(t)
	secret, _ := s.turnOn("town.a")
	account := "/accounts/" + s.accountID("town.a")
	of := func() map[string]any {
		t.Helper()
		for _, raw := range s.do("admin", "GET", "/accounts?limit=200", nil).want(200).json()["items"].([]any) {
			if a := raw.(map[string]any); a["username"] == "town.a" {
				return a
			}
		}
		return nil
	}
	if of()["second_factor"] != true {
		t.Errorf("the account says %v", of())
	}
	version := func() string { return fmt.Sprintf(`"%v"`, of()["version"]) }
	lost := s.do("", "POST", "/auth/login", map[string]any{"username": "town.a", "password": password, "code": s.codeNow(secret, 30*time.Second)}).want(200)
	s.tokens["lost"] = lost.text("access_token")
	s.do("admin", "PATCH", account, map[string]any{"name": "镇办专干"}, "If-Match", version()).want(200)
	s.do("lost", "GET", "/me", nil).want(200)
	s.do("admin", "PATCH", account, map[string]any{"second_factor": true}, "If-Match", version()).want(422)
	taken := s.do("admin", "PATCH", account, map[string]any{"second_factor": false}, "If-Match", version()).want(200)
	entries := s.do("auditor", "GET", "/audit-events?action=account.update", nil).want(200)
	if !strings.Contains(string(entries.body), `"second_factor":false`) {
		t.Errorf("the audit does not say what was taken away: %s", entries.body)
	}
	if taken.json()["second_factor"] != false {
		t.Errorf("it is there still: %s", taken.body)
	}
	s.do("lost", "GET", "/me", nil).want(401) // on the telephone that is lost, perhaps
	s.do("", "POST", "/auth/refresh", map[string]any{"refresh_token": lost.text("refresh_token")}).want(401)
	s.tokens["town.a"] = ""
	s.signsIn("town.a").want(200)
	s.turnOn("town.a") // with a secret of its own
}

// TestRolesThatNeedAFactor: whose role needs one does nothing before he has it, from then on everything, also as a deputy; others are not asked.
func TestRolesThatNeedAFactor(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.desk.FactorRoles = []access.Role{access.TownOfficer}
	for range 2 { // also once the service has seen who he is
		s.do("town.a", "GET", "/persons", nil).want(403, "SECOND_FACTOR_NEEDED")
		s.do("town.a", "POST", "/public-notices", map[string]any{}).want(403, "SECOND_FACTOR_NEEDED")
	}
	s.do("liaison.a", "GET", "/persons", nil).want(200)
	if s.do("town.a", "GET", "/me/second-factor", nil).want(200).json()["required"] != true {
		t.Error("nobody tells him that he needs one")
	}
	secret, _ := s.turnOn("town.a")
	s.do("town.a", "GET", "/persons", nil).want(200)
	s.clock.Add(time.Minute)
	s.tokens["again"] = s.signsIn("town.a", s.codeNow(secret, 0)).want(200).text("access_token")
	s.do("again", "GET", "/persons", nil).want(200)
	today := calendar.DateOf(s.clock.Now()).String()
	d := s.do("admin", "POST", "/deputations", map[string]any{"principal_id": s.accountID("town.a2"), "deputy_id": s.accountID("town.a"), "from": today, "until": today, "reason": "休假"}).want(201)
	s.tokens["deputy"] = s.do("again", "POST", "/auth/act-for", map[string]any{"deputation_id": d.text("id")}).want(200).text("access_token")
	s.do("deputy", "GET", "/persons", nil).want(200)
}

// TestOneCodeOpensOneSession: a code that many show at once is good for one of them, be it the app's or a spare one; and what shows it to turn the
// factor off comes before or after a sign-in, never beside it.
func TestOneCodeOpensOneSession(t *testing.T) {
	t.Parallel()
	s := start(t)
	secret, spare := s.turnOn("town.a")
	for i, code := range []string{s.codeNow(secret, 30*time.Second), spare[0].(string), spare[1].(string)} {
		s.clock.Add(time.Hour) // nothing of the tries before is due
		if i == 0 {
			code = s.codeNow(secret, 0)
		}
		s.login("town.a2")
		opened := make(chan int, 32)
		var wg sync.WaitGroup
		for range cap(opened) {
			wg.Go(func() { opened <- s.signsIn("town.a", code).status })
		}
		wg.Wait()
		close(opened)
		count := map[int]int{}
		for status := range opened {
			count[status]++
		}
		if count[200] != 1 || count[200]+count[401]+count[429]+count[503] != 32 {
			t.Errorf("32 who show %s at once: %v", code, count)
		}
	}
}

// TestSecretStaysInItsSession: who knows the password alone, and is signed in, neither learns the secret that its owner begins meanwhile nor turns the
// factor on with it.
func TestSecretStaysInItsSession(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.tokens["thief"] = s.signsIn("town.a").want(200).text("access_token")
	secret := s.do("town.a", "POST", "/me/second-factor", map[string]any{"password": password}).want(200).text("secret")
	s.do("thief", "POST", "/me/second-factor/confirmation", map[string]any{"code": s.codeNow(secret, 0)}).want(409, "SECOND_FACTOR_NOT_BEGUN")
	s.do("town.a", "POST", "/me/second-factor/confirmation", map[string]any{"code": s.codeNow(secret, 0)}).want(200)
	s.do("thief", "GET", "/me", nil).want(401)
}

// TestFactorGoneIsGone: where a role needs one, sessions that were opened with a factor do nothing more once it is turned off or taken away.
func TestFactorGoneIsGone(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(1, 1)
	reads := func(status int, code ...string) {
		t.Helper()
		s.do("town.a", "GET", "/persons/"+person, nil).want(status, code...) // of those that begin with the rights last seen
		s.do("town.a", "GET", "/worklists", nil).want(status, code...)
	}
	s.desk.FactorRoles = []access.Role{access.TownOfficer}
	secret, _ := s.turnOn("town.a")
	reads(200)
	s.clock.Add(time.Minute)
	s.do("town.a", "POST", "/me/second-factor/end", map[string]any{"password": password, "code": s.codeNow(secret, 0)}).want(204)
	reads(403, "SECOND_FACTOR_NEEDED")
	s.turnOn("town.a")
	reads(200)
	account := s.do("admin", "GET", "/accounts?limit=200", nil).want(200)
	for _, raw := range account.json()["items"].([]any) {
		if a := raw.(map[string]any); a["username"] == "town.a" {
			s.do("admin", "PATCH", "/accounts/"+a["id"].(string), map[string]any{"second_factor": false}, "If-Match", fmt.Sprintf(`"%v"`, a["version"])).want(200)
		}
	}
	reads(401, "BAD_TOKEN")
}

// TestNobodyActsWithoutTheFactorOfHisRole: a deputy whose own role needs one acts for nobody before he has it, whatever the other's role needs; and
// for whom his role does not need it, the other's may.
func TestNobodyActsWithoutTheFactorOfHisRole(t *testing.T) {
	t.Parallel()
	s := start(t)
	today := calendar.DateOf(s.clock.Now()).String()
	deputed := func(principal, deputy string) map[string]any {
		t.Helper()
		d := s.do("admin", "POST", "/deputations", map[string]any{"principal_id": s.accountID(principal), "deputy_id": s.accountID(deputy), "from": today, "until": today, "reason": "休假"}).want(201)
		return map[string]any{"deputation_id": d.text("id")}
	}
	forOther, forTown := deputed("liaison.a", "town.a"), deputed("town.a", "liaison.a")
	s.desk.FactorRoles = []access.Role{access.TownOfficer}
	s.do("town.a", "POST", "/auth/act-for", forOther).want(403, "SECOND_FACTOR_NEEDED")
	s.tokens["deputy"] = s.do("liaison.a", "POST", "/auth/act-for", forTown).want(200).text("access_token")
	s.do("deputy", "GET", "/persons", nil).want(403, "SECOND_FACTOR_NEEDED")
	secret := s.do("deputy", "POST", "/me/second-factor", map[string]any{"password": password}).want(200).text("secret")
	s.do("deputy", "POST", "/me/second-factor/confirmation", map[string]any{"code": s.codeNow(secret, 0)}).want(200)
	s.do("deputy", "GET", "/persons", nil).want(200)
}

// TestSessionAloneLocksNobodyOut: who has got hold of an open session, and not of the password, makes no sign-in of its owner wait.
func TestSessionAloneLocksNobodyOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	secret, _ := s.turnOn("town.a")
	s.clock.Add(time.Minute)
	for range 25 {
		s.do("town.a", "POST", "/me/second-factor/confirmation", map[string]any{"code": "000000"}).want(409, "SECOND_FACTOR_ON")
	}
	s.signsIn("town.a", s.codeNow(secret, 0)).want(200)
}
