package httpapi_test

import (
	"fmt"
	"testing"

	"zhucan/internal/lead"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// counted is a register that grows, and what was sent to its database.
type counted struct {
	*service
	sent               *testdb.Sent
	persons, undecided []string
	household, roster  string
	first              string // the application of the first person
}

// grow enters people of village A until there are so many: all live in one household, each applies for two subsidies, the first has
// as many facts, and each has a service, has answered the survey, and has a ticket written down.
func (c *counted) grow(to int) {
	c.t.Helper()
	for n := len(c.persons); n < to; n++ {
		id := c.person("liaison.a", villageA, 500+n, 1).want(201).text("id")
		c.persons = append(c.persons, id)
		for _, programme := range []string{nursing, living} {
			app := c.do("liaison.a", "POST", "/applications", map[string]any{"person_id": id, "programme": programme, "applied_on": "2023-03-28",
				"applicant": map[string]any{"relation": "self"}, "bank_account": "6222000011112222"}).want(201)
			c.do("liaison.a", "POST", "/applications/"+app.text("id")+"/submit", nil, "If-Match", app.version()).want(200)
			if programme == nursing {
				c.undecided = append(c.undecided, app.text("id"))
			}
		}
		member := map[string]any{"person_id": id, "relation": "other", "from": "2020-01-01"}
		if n == 0 {
			c.first = c.undecided[0]
			h := map[string]any{"area_code": villageA, "address": "金丝雀路一号", "members": []any{member}}
			c.household = c.do("liaison.a", "POST", "/households", h).want(201).text("id")
		} else {
			h := c.do("liaison.a", "GET", "/households/"+c.household, nil).want(200)
			c.do("liaison.a", "POST", "/households/"+c.household+"/members", member, "If-Match", h.version()).want(201)
		}
		c.fact(c.persons[0], "registered_poor", true, fmt.Sprintf("%d-01-01", 1970+n), fmt.Sprintf("%d-06-30", 1970+n))
		c.asked("liaison.a", "rehab", id, "2023-03-28", training).want(201)
		c.surveyed(id, 2023, "2023-03-28", needsNothing)
		c.brought("advice", "card", "")
	}
}

// operation is a request that takes so many statements and round trips at most, however many rows there are.
type operation struct {
	name              string
	statements, trips int
	ask               func(*counted) answer
}

func at(path string) func(*counted) string { return func(*counted) string { return path } }

func ofFirst(below string) func(*counted) string {
	return func(c *counted) string { return "/persons/" + c.persons[0] + below }
}

func get(user string, path func(*counted) string) func(*counted) answer {
	return func(c *counted) answer { return c.counting(user, "GET", path(c), nil) }
}

// counting is do, after which only what that request has sent is counted.
func (c *counted) counting(user, method, path string, body any, headers ...string) answer {
	c.t.Helper()
	c.do(user, "GET", "/me", nil).want(200) // the process has seen the session
	c.sent.Since()
	return c.do(user, method, path, body, headers...)
}

// operations are the main requests. Those that change something come last: they are asked in this order.
var operations = []operation{
	{"persons", 3, 1, get("town.a", at("/persons?limit=200"))},
	{"persons by name", 3, 1, get("town.a", at("/persons?limit=200&q=金"))},
	{"person", 1, 1, get("town.a", ofFirst(""))},
	{"record", 22, 5, get("town.a", ofFirst("/record"))},
	{"facts", 15, 2, get("town.a", ofFirst("/circumstances"))},
	{"eligibility", 14, 1, get("town.a", ofFirst("/eligibility"))},
	{"ledger", 4, 2, get("town.a", ofFirst("/ledger"))},
	{"payees", 4, 2, get("town.a", ofFirst("/payees"))},
	{"holds", 17, 3, get("town.a", ofFirst("/holds"))},
	{"merges", 4, 3, get("town.a", ofFirst("/merges"))},
	{"person's verifications", 15, 2, get("town.a", ofFirst("/verifications"))},
	{"visits at home", 4, 2, get("town.a", ofFirst("/home-visits"))},
	{"applications", 3, 2, get("town.a", at("/applications?limit=200"))},
	{"queue", 3, 2, get("town.a", at("/applications?limit=200&stage=town_review"))},
	{"overdue applications", 3, 2, get("town.a", at("/applications?limit=200&overdue=true"))},
	{"application", 3, 2, get("town.a", func(c *counted) string { return "/applications/" + c.first })},
	{"households", 8, 3, get("town.a", at("/households?limit=200"))},
	{"household", 6, 2, get("town.a", func(c *counted) string { return "/households/" + c.household })},
	{"services", 3, 2, get("town.a", at("/services?limit=200"))},
	{"services that wait", 3, 2, get("town.a", at("/services?limit=200&waiting=true"))},
	{"tickets", 3, 2, get("hotline", at("/tickets?limit=200"))},
	{"worklists", 16, 2, // one of which says that they are planned for the area
		get("town.a", at("/worklists"))},
	{"verifications", 3, 2, get("town.a", at("/verifications?limit=200&year=2027"))},
	{"progress of verification", 3, 2, get("town.a", at("/verifications/progress?year=2027"))},
	{"survey responses", 3, 2, get("town.a", at("/surveys/2023/responses?limit=200"))},
	{"progress of the survey", 4, 2, get("town.a", at("/surveys/2023/progress"))},
	{"indicators", 10, 4, get("stats", at("/indicators/values?by=tree"))},
	{"indicators by sex", 10, 4, get("stats", at("/indicators/values?by=sex"))},
	{"names", 7, 1, // four of which say how the other two are planned
		get("auditor", at("/indicators/nursing_subsidy_coverage/persons?limit=200"))},
	{"trend", 17, 2, // one for each of its thirteen months
		get("stats", at("/indicators/nursing_subsidy_coverage/trend"))},
	{"supervision", 11, 3, get("stats", at("/supervision?by=village"))},
	{"changes", 4, 2, get("cdpf", at("/changes?limit=200"))},
	{"audit", 2, 2, get("auditor", at("/audit-events?limit=200"))},
	{"accounts", 2, 2, get("admin", at("/accounts?limit=200"))},
	{"areas", 3, 2, get("town.a", at("/areas?parent=370305001"))},
	{"imports", 2, 2, get("civil", at("/imports?limit=200"))},
	{"statements of lists", 3, 2, get("civil", at("/list-statements?limit=200"))},
	{"search", 4, 2, func(c *counted) answer {
		return c.counting("town.a", "POST", "/persons/search", map[string]any{"name": "金丝雀500"})
	}},
	{"change of a phone", 63, 14, func(c *counted) answer {
		version := c.do("liaison.a", "GET", ofFirst("")(c), nil).version()
		return c.counting("liaison.a", "PATCH", ofFirst("")(c), map[string]any{"phone": fmt.Sprintf("199%08d", len(c.persons))}, "If-Match", version)
	}},
	{"new fact", 50, 13, func(c *counted) answer {
		day := fmt.Sprintf("20%02d-02-01", len(c.persons)%20)
		return c.counting("liaison.a", "POST", ofFirst("/circumstances")(c), map[string]any{"kind": "dibao_edge", "value": true, "valid_from": day, "valid_to": day, "source": "民政"})
	}},
	{"decision", 42, 15, func(c *counted) answer {
		path := "/applications/" + c.undecided[0]
		version := c.do("town.a", "GET", path, nil).version()
		c.undecided = c.undecided[1:]
		return c.counting("town.a", "POST", path+"/decisions", map[string]any{"decision": "approve"}, "If-Match", version)
	}},
	{"awards", 17, 3, get("town.a", at("/awards?limit=200"))},
	{"list taken in", 92, 41, func(c *counted) answer {
		lines := []string{dibaoHead}
		for n := range c.persons {
			lines = append(lines, fmt.Sprintf("金丝雀%d,%s,2023-01-01", 500+n, number(500+n)))
		}
		c.login("civil")
		c.sent.Since()
		return c.list("civil", "kind=dibao&sender=minzheng&as_of=2023-03-28", lines...)
	}},
	{"export", 17, 9, func(c *counted) answer {
		return c.counting("civil", "POST", "/partner-lists/nursing_subsidy_recipients/exports", map[string]any{"purpose": "核对", "format": "csv"})
	}},
	{"roster", 20, 10, func(c *counted) answer {
		if c.roster != "" {
			c.do("civil", "POST", "/rosters/"+c.roster+"/cancel", nil, "If-Match", `"2"`).want(200)
		}
		a := c.counting("civil", "POST", "/rosters", map[string]any{"month": "2023-03"})
		c.roster = a.text("id")
		return a
	}},
	{"rosters", 3, 2, get("finance", at("/rosters"))},
	{"roster read", 8, 3, // one for each doubt
		get("finance", func(c *counted) string { return "/rosters/" + c.roster })},
	{"lines of a roster", 5, 3, get("finance", func(c *counted) string { return "/rosters/" + c.roster + "/lines?limit=200" })},
}

// noted are the statements of the entry, once an hour, that somebody decides faster than he can read.
const noted = 10

// bulk decides all that are undecided. Each decision is a transaction of its own, so that one that is refused does not hold up others.
func (c *counted) bulk() (statements, decided int) {
	c.t.Helper()
	var items []any
	for _, id := range c.undecided {
		items = append(items, map[string]any{"id": id, "version": 2})
	}
	c.undecided = nil
	c.counting("town.a", "POST", "/application-decisions", map[string]any{"decision": "approve", "items": items}).want(200)
	statements, _ = c.sent.Since()
	return statements, len(items)
}

// TestStatementsPerRequest sends the main requests with a few rows and with fifty: each keeps to its budget of statements, and none
// takes more because there is more.
func TestStatementsPerRequest(t *testing.T) {
	t.Parallel()
	sent := &testdb.Sent{}
	c := &counted{service: startWith(t, store.Options{Tracer: sent}), sent: sent}
	c.at("2023-03-28")
	all := operations
	for _, list := range lead.All {
		all = append(all, operation{list.Name, 4, 2, get("town.a", at("/worklists/"+list.Name+"?limit=200"))})
	}
	few := map[string]int{}
	for _, rows := range []int{2, 50} {
		c.grow(rows)
		for _, op := range all {
			a := op.ask(c)
			statements, trips := sent.Since()
			if a.status >= 300 {
				t.Fatalf("%s: %d %s", op.name, a.status, a.body)
			}
			if statements > op.statements || trips > op.trips {
				t.Errorf("%s of %d: %d statements in %d round trips, more than %d in %d", op.name, rows, statements, trips, op.statements, op.trips)
			}
			if few[op.name] == 0 {
				few[op.name] = statements
			} else if statements > few[op.name] {
				t.Errorf("%s takes %d statements of %d rows and %d of few", op.name, statements, rows, few[op.name])
			}
		}
		one := few["decision"]
		if statements, decided := c.bulk(); decided == 0 || statements > (one-1)*decided+1+noted {
			t.Errorf("%d decisions at once take %d statements, one alone takes %d", decided, statements, one)
		}
	}
}
