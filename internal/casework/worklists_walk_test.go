package casework_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/httpapi"
	"zhucan/internal/lead"
	"zhucan/internal/policy"
	"zhucan/internal/roster"
	"zhucan/internal/store/testdb"
)

type rosterUnderWay = roster.Roster

var applicantSelf = application.Applicant{Relation: "self"}

// lived is a district that lives, with worklists that are read over HTTP and compared with the oracle.
type lived struct {
	*world
	oracle   *oracle
	url      string
	cashiers [3]access.Actor
	roster   rosterUnderWay
	told     []due          // by the oracle, at the last look
	soon     int            // how many lines that are due soon were ever compared
	stood    map[string]int // how many lines of a list and reason were ever compared
	gone     int            // how many went
}

// TestWorklists lives seven years of a small district and reads all worklists over HTTP again and again, of the district, of single towns
// and villages, and as the liaison of one village: every line, its reason, its amounts, since when it stands there and by when it is due
// are those of the oracle, and no other line is there. So a line goes exactly when its facts do, whatever anybody notes beside it.
func TestWorklists(t *testing.T) {
	t.Parallel()
	for i := range *recounts {
		seed := uint64(20270404 + i)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			l := newLived(t, seed)
			l.years()
			t.Logf("%d persons; happened %v, refused %v; compared %v, %d due soon, %d went", len(l.persons), l.done, l.refused, l.stood, l.soon, l.gone)
			l.wantMuchCompared()
		})
	}
}

func newLived(t *testing.T, seed uint64) *lived {
	t.Helper()
	l := &lived{world: newWorld(t, seed), stood: map[string]int{}}
	l.conn = l.owner()
	l.desk.Rules = casework.NewRules(l.drawingMore())
	for n := range l.cashiers {
		account, err := l.desk.CreateAccount(t.Context(), access.SystemActor(), casework.NewAccount{Username: fmt.Sprint("cashier", n), Name: "测试", Password: secretWord, Role: access.FinanceOfficer, Area: district})
		if err != nil {
			t.Fatal(err)
		}
		l.cashiers[n] = access.Actor{AccountID: account.ID, Role: access.FinanceOfficer, Area: district}
	}
	for name, in := range map[string]casework.NewAccount{"auditor": {Role: access.Auditor, Area: district}, "village": {Role: access.VillageLiaison, Area: worldVillages[0]}} {
		in.Username, in.Name, in.Password = name, "测试", secretWord
		if _, err := l.desk.CreateAccount(t.Context(), access.SystemActor(), in); err != nil {
			t.Fatal(err)
		}
	}
	face := &httpapi.API{Desk: l.desk, Log: testdb.Log(t), IPs: echo.ExtractIPDirect(), NewID: func() string { return uuid.NewString() }}
	handler, err := face.Handler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	l.url = server.URL + "/api/v1"
	return l
}

// drawingMore are the rules with so many drawn to be visited, and so early, that a small district has some at any time.
func (l *lived) drawingMore() *policy.Pack {
	l.t.Helper()
	few, more := "home_visits: {percent: 5, months: 3, since: 2026-10-01}", "home_visits: {percent: 40, months: 3, since: 2022-01-01}"
	pack, err := policy.Load([]byte(strings.Replace(string(policy.Builtin), few, more, 1)))
	if err != nil || pack.HomeVisits.Percent != 40 {
		l.t.Fatal(err)
	}
	return pack
}

// notForLiaisons are the lists of what a liaison may have made up.
var notForLiaisons = []string{"shared_account", "home_visit"}

const secretWord = "a long enough secret"

// The days from which something happens again: by the end of a year, when it is surveyed, and in the window of the first verification.
var livedFrom = []string{"2021-09-15", "2022-03-07", "2022-08-20", "2023-05-11", "2023-12-04", "2024-07-15", "2025-04-01", "2025-11-20", "2026-06-10", "2026-12-01", "2027-02-25", "2027-04-06", "2027-06-10"}

func (l *lived) years() {
	l.oracle = newOracle(l.world)
	for range 45 {
		l.live("enter", l.enter)
		l.look(false)
	}
	happenings := l.happenings()
	for _, from := range livedFrom {
		l.on(calendar.MustDate(from))
		for n := range 24 {
			h := pick(l.world, happenings...)
			l.live(h.name, h.do)
			l.look(n%8 == 7)
			if l.t.Failed() {
				l.t.Fatalf("on %s, after %s", l.clock(), h.name)
			}
		}
	}
}

// look has the oracle look, and sometimes compares what the service says.
func (l *lived) look(compare bool) {
	l.t.Helper()
	before := l.told
	l.told = l.oracle.observe()
	for _, d := range before {
		if !slices.ContainsFunc(l.told, func(e due) bool {
			return e.list == d.list && e.person == d.person && e.programme == d.programme && e.reason == d.reason
		}) {
			l.gone++
		}
	}
	if !compare {
		return
	}
	all := func(string) bool { return true }
	l.wantLines("auditor", district, inside(l.told, district, all))
	some := pick(l.world, worldTree...).Code
	l.wantLines("auditor", string(some), inside(l.told, string(some), all))
	own := string(worldVillages[0])
	theirs := slices.DeleteFunc(slices.Clone(l.told), func(d due) bool { return slices.Contains(notForLiaisons, d.list) })
	l.wantLines("village", own, inside(theirs, own, func(other string) bool {
		return slices.ContainsFunc(l.oracle.people, func(p *person) bool { return p.ID.String() == other && p.Managing == own })
	}))
	for _, d := range l.told {
		l.stood[d.list+" "+d.reason]++
	}
}

// wantLines compares all worklists of an area, line by line, and their counts.
func (l *lived) wantLines(user, area string, want []string) {
	l.t.Helper()
	token := l.signIn(user)
	var got []string
	lists := slices.DeleteFunc(slices.Clone(lead.All), func(list lead.List) bool { return user == "village" && slices.Contains(notForLiaisons, list.Name) })
	for _, list := range lists {
		got = append(got, l.lines(token, area, list.Name)...)
	}
	slices.Sort(got)
	for _, line := range want {
		if !slices.Contains(got, line) {
			l.t.Errorf("%s in %s does not see\n  %s", user, area, line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			l.t.Errorf("%s in %s sees\n  %s", user, area, line)
		}
	}
	if len(got) != len(want) {
		l.t.Errorf("%s in %s sees %d lines, want %d", user, area, len(got), len(want))
	}
	var counts struct {
		Items []struct {
			Name           string
			Count, Overdue int
			Soon           int `json:"due_soon"`
		}
	}
	l.get(token, "/worklists?area="+area, &counts)
	if len(counts.Items) != len(lists) {
		l.t.Errorf("%d worklists, want %d", len(counts.Items), len(lists))
	}
	for _, c := range counts.Items {
		lines, late, soon := 0, 0, 0
		for _, line := range want {
			if strings.HasPrefix(line, c.Name+" ") {
				lines++
				if strings.HasSuffix(line, "overdue true, soon false") {
					late++
				}
				if strings.HasSuffix(line, "overdue false, soon true") {
					soon++
				}
			}
		}
		l.soon += soon
		if c.Count != lines || c.Overdue != late || c.Soon != soon {
			l.t.Errorf("%s in %s: %s counts %d, %d overdue, %d soon; want %d, %d, %d", user, area, c.Name, c.Count, c.Overdue, c.Soon, lines, late, soon)
		}
	}
}

// lines reads a worklist page by page.
func (l *lived) lines(token, area, list string) (lines []string) {
	l.t.Helper()
	cursor := ""
	for {
		var page struct {
			Items []struct {
				PersonID    uuid.UUID     `json:"person_id"`
				Name        string        `json:"name"`
				Area        string        `json:"area_code"`
				Programme   string        `json:"programme"`
				Reason      string        `json:"reason"`
				Text        string        `json:"reason_text"`
				Monthly     int64         `json:"monthly_amount_fen"`
				Under       int64         `json:"underpaid_fen"`
				Over        int64         `json:"overpaid_fen"`
				Undelivered int64         `json:"undelivered_fen"`
				On          calendar.Date `json:"on"`
				Detail      string        `json:"detail"`
				Others      []string      `json:"other_person_ids"`
				Since       time.Time     `json:"since"`
				DueOn       calendar.Date `json:"due_on"`
				Overdue     bool          `json:"overdue"`
				Soon        bool          `json:"due_soon"`
			} `json:"items"`
			Next string `json:"next_cursor"`
		}
		l.get(token, "/worklists/"+list+"?limit=7&area="+area+"&cursor="+url.QueryEscape(cursor), &page)
		for _, i := range page.Items {
			d := due{list: list, programme: i.Programme, reason: i.Reason, person: i.PersonID, name: i.Name, area: i.Area, monthly: i.Monthly, under: i.Under, over: i.Over, failed: i.Undelivered,
				on: i.On, detail: i.Detail, others: i.Others, since: i.Since, dueOn: i.DueOn, overdue: i.Overdue, soon: i.Soon}
			if i.Text == "" {
				l.t.Errorf("%s says no reason in words", d)
			}
			lines = append(lines, d.String())
		}
		if cursor = page.Next; cursor == "" {
			return lines
		}
	}
}

// signIn opens a session: the clock jumps, and no session lasts as long.
func (l *lived) signIn(user string) string {
	l.t.Helper()
	resp, err := http.Post(l.url+"/auth/login", "application/json", bytes.NewBufferString(fmt.Sprintf(`{"username":%q,"password":%q}`, user, secretWord)))
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	var session struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&session); err != nil || session.Token == "" {
		l.t.Fatalf("sign in: %d, %v", resp.StatusCode, err)
	}
	return session.Token
}

func (l *lived) get(token, path string, into any) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), "GET", l.url+path, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil || resp.StatusCode != http.StatusOK {
		l.t.Fatalf("%s: %d, %v", path, resp.StatusCode, err)
	}
}

// wantMuchCompared wants lines on all lists but one: rosters pay a wrong amount again so soon that a comparison need not meet it. There only its
// absence is shown.
func (l *lived) wantMuchCompared() {
	l.t.Helper()
	for i := range lead.All {
		if name := lead.All[i].Name; name != "wrong_amount" && !slices.ContainsFunc(slices.Collect(maps.Keys(l.stood)), func(key string) bool { return strings.HasPrefix(key, name+" ") }) {
			l.t.Errorf("nobody ever stood on %s; the years show little", name)
		}
	}
	if len(l.stood) < 16 || l.gone < 100 || l.soon == 0 {
		l.t.Errorf("lines for %d reasons, and %d went, %d were due soon; the years show little", len(l.stood), l.gone, l.soon)
	}
}
