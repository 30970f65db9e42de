package httpapi_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/calendar"
	"zhucan/internal/demo/divisions"
	"zhucan/internal/demo/population"
	"zhucan/internal/exchange"
)

// faults breaks the statements of every write, one after the other: the k-th that changes a table fails, or ends its
// connection, or the commit fails.
type faults struct {
	conn    *pgx.Conn
	state   string // the statement that reads the state of all tables
	broken  int
	writes  int
	deepest int
}

const breaking = `
CREATE TABLE fault (k int, how text);
INSERT INTO fault VALUES (-1, '');
CREATE SEQUENCE fault_hits; -- what a rolled back statement leaves behind
CREATE FUNCTION fault_statement() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    n int := coalesce(nullif(current_setting('fault.n', true), ''), '0')::int + 1;
    f fault;
BEGIN
    SELECT * INTO f FROM fault;
    PERFORM set_config('fault.n', n::text, true);
    IF n = f.k THEN
        PERFORM nextval('fault_hits');
        IF f.how = 'terminate' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
        RAISE EXCEPTION 'statement % is broken', n USING ERRCODE = '58030';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION fault_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF (SELECT k FROM fault) = 0 THEN
        PERFORM nextval('fault_hits');
        RAISE EXCEPTION 'the commit is broken' USING ERRCODE = '58030';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER zz_fault AFTER INSERT ON audit_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fault_commit();
DO $$
DECLARE
    t text;
BEGIN
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('fault', 'login_attempts', 'goose_db_version') LOOP
        EXECUTE format('CREATE TRIGGER aa_fault BEFORE INSERT OR UPDATE OR DELETE ON %I FOR EACH STATEMENT EXECUTE FUNCTION fault_statement()', t);
    END LOOP;
END $$`

func (s *service) breakEverything() *faults {
	s.t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.db.OwnerURL)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close(ctx) })
	f := &faults{conn: conn}
	if _, err := conn.Exec(ctx, breaking); err != nil {
		s.t.Fatal(err)
	}
	err = conn.QueryRow(ctx, `SELECT 'SELECT md5(string_agg(x, '''')) FROM (' || string_agg(format('(SELECT md5(coalesce(string_agg(t::text, ''|'' ORDER BY t::text), '''')) AS x FROM %I t)',
			tablename), ' UNION ALL ' ORDER BY tablename) || ') s' FROM pg_tables
		WHERE schemaname = 'public' AND tablename NOT IN ('fault', 'login_attempts', 'goose_db_version')`).Scan(&f.state)
	if err != nil {
		s.t.Fatal(err)
	}
	s.faults = f
	return f
}

func (f *faults) set(t *testing.T, k int, how string) {
	t.Helper()
	if _, err := f.conn.Exec(context.Background(), "UPDATE fault SET k = $1, how = $2", k, how); err != nil {
		t.Fatal(err)
	}
}

func (f *faults) look(t *testing.T) (state string, hits int) {
	t.Helper()
	if err := f.conn.QueryRow(context.Background(), "SELECT ("+f.state+"), (SELECT last_value FROM fault_hits WHERE is_called)").Scan(&state, &nullInt{&hits}); err != nil {
		t.Fatal(err)
	}
	return state, hits
}

type nullInt struct{ n *int }

func (n *nullInt) Scan(src any) error {
	if v, ok := src.(int64); ok {
		*n.n = int(v)
	}
	return nil
}

// under sends a request again and again, each time with another statement broken, until none is: what failed has changed
// nothing, and nothing that was broken is called done. Every statement fails, and every third one also ends its connection.
func (f *faults) under(s *service, req *http.Request) answer {
	s.t.Helper()
	f.writes++
	before, hits := f.look(s.t)
	for k := 0; ; k++ {
		for _, how := range []string{"raise", "terminate"} {
			if how == "terminate" && k%3 != 1 {
				continue
			}
			f.set(s.t, k, how)
			a := f.once(s, req)
			f.set(s.t, -1, "")
			after, hitsNow := f.look(s.t)
			switch hit := hitsNow > hits; {
			case !hit && k > 0 || !hit && a.status >= 400:
				f.deepest = max(f.deepest, k-1)
				return a
			case !hit:
				s.t.Fatalf("%s %s was done without an audit entry", req.Method, req.URL.Path)
			case a.status < 500:
				s.t.Fatalf("%s %s: statement %d failed (%s), and the answer is %d: %s", req.Method, req.URL.Path, k, how, a.status, a.body)
			case before != after:
				s.t.Fatalf("%s %s: statement %d failed (%s) and left something behind", req.Method, req.URL.Path, k, how)
			}
			f.broken++
			hits = hitsNow
		}
	}
}

func (f *faults) once(s *service, req *http.Request) answer {
	s.t.Helper()
	again := req.Clone(context.Background())
	if req.GetBody != nil {
		again.Body, _ = req.GetBody()
	}
	resp, err := http.DefaultClient.Do(again)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{t: s.t, status: resp.StatusCode, header: resp.Header, body: text}
}

// TestEveryStatementFails goes through the life of some cases while every statement of every write fails once.
func TestEveryStatementFails(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-05")
	f := s.breakEverything()

	id := s.person1(950, 1) // a person with 低保
	other := s.person1(951, 2)
	p := s.do("liaison.a", "GET", "/persons/"+id, nil).want(200)
	s.do("liaison.a", "PATCH", "/persons/"+id, map[string]any{"phone": "19900009999"}, "If-Match", p.version()).want(200)
	s.do("liaison.a", "POST", "/persons/"+id+"/payees", map[string]any{"holder": p.text("name"), "relation": "self", "account": "6222000011112222"}, "Idempotency-Key", "payee").want(201)
	app := s.applied(id, nursing, "2023-01-06")
	app = s.decide("town.a", app, map[string]any{"decision": "return", "reason": "x", "fields": []string{"bank_account"}}).want(200)
	app = s.do("liaison.a", "POST", "/applications/"+app.text("id")+"/resubmit", map[string]any{"bank_account": "6222000011112223"}, "If-Match", app.version()).want(200)
	s.decide("town.a", app, map[string]any{"decision": "approve"}).want(200)
	gone := s.applied(id, living, "2023-01-07")
	s.do("liaison.a", "POST", "/applications/"+gone.text("id")+"/withdraw", nil, "If-Match", gone.version()).want(200)
	s.granted(other, nursing, "2023-01-08", "2023-01-09")
	notice := s.do("town.a", "POST", "/public-notices", map[string]any{}).want(201)
	item := notice.json()["entries"].([]any)[0].(map[string]any)["id"]
	objection := s.do("town.a", "POST", "/public-notices/"+notice.text("id")+"/objections", map[string]any{"item_id": item, "content": "x"}).want(201)
	s.do("town.a2", "POST", "/objections/"+objection.text("id")+"/answer", map[string]any{"outcome": "dismissed", "answer": "x"}, "If-Match", objection.version()).want(200)
	s.pay("2023-02-10", "2023-02", func(l map[string]any) bool { return l["person_id"] == id })
	s.pause(id, "2023-03", "2023-04", true)
	s.at("2023-04-20")
	draft := s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-04"}).want(201)
	draft = s.do("civil", "POST", "/rosters/"+draft.text("id")+"/calculate", nil, "If-Match", draft.version()).want(200)
	s.do("civil", "POST", "/rosters/"+draft.text("id")+"/cancel", nil, "If-Match", draft.version()).want(200)
	s.renewed(other, "CHANGE", "2023-04-12", 951, 1)
	fact := s.fact(id, "tekun", true, "2023-02-01", "2023-02-28") // February was not owed
	back := s.do("finance", "GET", "/recoveries?person_id="+id, nil).want(200).json()["items"].([]any)[0].(map[string]any)["id"].(string)
	step := func(user, event string, body map[string]any) {
		r := s.do(user, "GET", "/recoveries/"+back, nil).want(200)
		body["event"] = event
		s.do(user, "POST", "/recoveries/"+back+"/events", body, "If-Match", r.version()).want(200)
	}
	step("finance", "notify", map[string]any{})
	step("finance", "repay", map[string]any{"amount_fen": 700})
	step("finance", "propose_waiver", map[string]any{"amount_fen": 100, "reason": "x"})
	step("civil", "waive", map[string]any{"amount_fen": 100, "reason": "x"})
	s.do("cdpf", "POST", "/circumstances/"+fact.text("id")+"/correct", map[string]any{"value": false, "source": "x", "reason": "x"}, "If-Match", `"1"`).want(200)
	s.endFact(id, "dibao", "2023-04-19")
	s.verify(other, "2023-04-15", "visit", "failed", "x").want(201)

	account := s.do("admin", "POST", "/accounts", map[string]any{"username": "new", "name": "新", "password": "quite another secret", "role": "town_officer", "area_code": townA}).want(201)
	s.do("admin", "PATCH", "/accounts/"+account.text("id"), map[string]any{"name": "旧"}, "If-Match", account.version()).want(200)
	s.do("admin", "POST", "/deputations", map[string]any{"principal_id": account.text("id"), "deputy_id": s.accountID("town.c"), "from": "2023-04-20", "until": "2023-04-30", "reason": "x"}).want(201)
	s.do("town.a2", "PUT", "/me/password", map[string]any{"current_password": password, "new_password": "yet another long secret"}).want(204)
	s.enact(raise("faults", "2023-02-01", 17000, 14000))
	s.do("admin", "POST", "/calendars", map[string]any{"year": 2027, "document": "x", "holidays": []string{"2027-05-01"}, "working": []string{}}).want(201)
	tree := divisions.Tree()
	var file bytes.Buffer
	if err := exchange.WriteRoster(&file, population.Generate(5, 12, tree, calendar.MustDate("2023-04-20"))); err != nil {
		t.Fatal(err)
	}
	s.upload("cdpf", file.Bytes(), "/imports?kind=roster").want(201)

	s.faults = nil
	t.Logf("%d writes, %d broken statements, the longest write has %d", f.writes, f.broken, f.deepest)
	if f.broken < 500 || f.deepest < 12 {
		t.Errorf("only %d statements were broken, at most %d in one write; the test shows little", f.broken, f.deepest)
	}
	s.wantDerived()
	if v, err := s.desk.DB.VerifyAudit(t.Context()); err != nil || v.Broken != "" {
		t.Errorf("VerifyAudit = %+v, %v", v, err)
	}
}
