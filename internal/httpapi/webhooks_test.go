package httpapi_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
)

// receiver is another department's server: it checks every message as its documentation says and answers as it is told.
type receiver struct {
	t      *testing.T
	url    string
	secret string
	mu     sync.Mutex
	got    []string // "type seq" of every message that arrived, in order
	answer func(n int, w http.ResponseWriter, r *http.Request)
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	rc := &receiver{t: t, answer: func(int, http.ResponseWriter, *http.Request) {}}
	server := httptest.NewServer(rc)
	t.Cleanup(server.Close)
	rc.url = server.URL + "/hooks/zhucan"
	return rc
}

func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var e struct {
		ID   string
		Seq  int
		Type string
	}
	if err := json.Unmarshal(body, &e); err != nil {
		rc.t.Errorf("a message that is no event: %v: %s", err, body)
	}
	rc.mu.Lock()
	defer rc.mu.Unlock()
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rc.secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("webhook-signature") != want || r.Header.Get("webhook-id") != e.ID {
		rc.t.Errorf("signature %s, want %s; id %s, want %s", r.Header.Get("webhook-signature"), want, r.Header.Get("webhook-id"), e.ID)
	}
	rc.got = append(rc.got, fmt.Sprint(e.Type, " ", e.Seq))
	rc.answer(len(rc.got), w, r)
}

// arrived is what has arrived since the last time.
func (rc *receiver) arrived() []string {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	got := rc.got
	rc.got = nil
	return got
}

func (rc *receiver) want(name string, want ...string) {
	rc.t.Helper()
	if got := rc.arrived(); !slices.Equal(got, want) {
		rc.t.Errorf("%s: %v arrived, want %v", name, got, want)
	}
}

func (rc *receiver) answers(status int) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.answer = func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

// hook registers the receiver for some types of events.
func (s *service) hook(rc *receiver, body map[string]any, types ...string) string {
	s.t.Helper()
	body["url"], body["types"] = rc.url, types
	a := s.do("admin", "POST", "/webhooks", body).want(201).json()
	rc.secret = a["secret"].(string)
	return "/webhooks/" + a["webhook"].(map[string]any)["id"].(string)
}

// deliver sends what is due now, and after a while that has passed.
func (s *service) deliver(passed time.Duration) {
	s.t.Helper()
	if s.clock.Set(s.clock.Now().Add(passed)); passed > 0 {
		clear(s.tokens)
	}
	for found := true; found; {
		var err error
		if found, err = s.desk.DeliverTurn(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	}
}

// changePhone makes one event of type person.updated.
func (s *service) changePhone(person string, n int) {
	s.t.Helper()
	p := s.do("liaison.a", "GET", "/persons/"+person, nil).want(200)
	s.do("liaison.a", "PATCH", "/persons/"+person, map[string]any{"phone": fmt.Sprintf("1990000%04d", n)}, "If-Match", p.version()).want(200)
}

// TestWebhookLife registers, sends, pauses, goes on and deletes.
func TestWebhookLife(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person("liaison.a", villageA, 800, 1).want(201).text("id") // events 1 and 2
	rc, early, town := newReceiver(t), newReceiver(t), newReceiver(t)
	path := s.hook(rc, map[string]any{}, "person.updated", "person.created")
	s.hook(early, map[string]any{"after": "0"}, "person.created", "certificate.issued")
	s.hook(town, map[string]any{"area_code": townC}, "person.created", "person.updated")
	s.changePhone(id, 1)                                    // 3
	s.person("liaison.c", villageC, 801, 2).want(201)       // 4 and 5
	s.changePhone(id, 2)                                    // 6
	s.do("liaison.a", "GET", "/persons/"+id, nil).want(200) // nothing
	s.deliver(0)
	rc.want("from now on", "person.updated 3", "person.created 4", "person.updated 6")
	early.want("from the beginning", "person.created 1", "certificate.issued 2", "person.created 4", "certificate.issued 5")
	town.want("of one town", "person.created 4")
	s.deliver(time.Hour)
	rc.want("nothing twice")

	w := s.do("admin", "GET", path, nil).want(200)
	if v := w.json(); v["cursor"] != "6" || v["behind"] != 0.0 || v["dead"] != 0.0 || v["paused"] != false || v["secret"] != nil || strings.Contains(string(w.body), "whsec") {
		t.Errorf("the webhook: %s", w.body)
	}
	paused := s.do("admin", "PATCH", path, map[string]any{"paused": true}, "If-Match", w.version()).want(200)
	s.do("admin", "PATCH", path, map[string]any{"paused": false}, "If-Match", w.version()).want(412)
	s.changePhone(id, 3)
	s.deliver(time.Minute)
	rc.want("paused")
	if v := s.do("admin", "GET", path, nil).want(200).json(); v["behind"] != 1.0 {
		t.Errorf("behind while paused: %v", v)
	}
	on := s.do("admin", "PATCH", path, map[string]any{"paused": false}, "If-Match", paused.version()).want(200)
	s.deliver(0)
	rc.want("on again", "person.updated 7")

	list := s.do("admin", "GET", path+"/deliveries?limit=3", nil).want(200).json()
	items := list["items"].([]any)
	if len(items) != 3 || items[0].(map[string]any)["seq"] != 7.0 || items[2].(map[string]any)["state"] != "delivered" || items[0].(map[string]any)["status"] != 200.0 {
		t.Errorf("deliveries: %v", items)
	}
	rest := s.do("admin", "GET", path+"/deliveries?limit=3&cursor="+list["next_cursor"].(string), nil).want(200).json()
	if items := rest["items"].([]any); len(items) != 1 || items[0].(map[string]any)["seq"] != 3.0 || rest["next_cursor"] != nil {
		t.Errorf("deliveries, the rest: %v", rest)
	}
	s.do("admin", "POST", path+"/deliveries/"+items[0].(map[string]any)["id"].(string)+"/retry", nil).want(409, "NOT_DEAD")

	s.do("admin", "DELETE", path, nil, "If-Match", `"1"`).want(412)
	s.do("admin", "DELETE", path, nil, "If-Match", on.version()).want(204)
	s.changePhone(id, 4)
	s.deliver(time.Minute)
	rc.want("deleted")
	s.do("admin", "GET", path, nil).want(404)
	s.do("admin", "DELETE", path, nil, "If-Match", on.version()).want(404)
	if left := s.do("admin", "GET", "/webhooks", nil).want(200).json()["items"].([]any); len(left) != 2 {
		t.Errorf("%d webhooks are left, want 2", len(left))
	}
}

// TestReceiverFails lets a receiver fail and come back: the event that failed is sent again and again at its times, nothing goes
// before it, and after ten attempts it is given up. The times are those of the contract.
func TestReceiverFails(t *testing.T) {
	t.Parallel()
	s := start(t)
	rc := newReceiver(t)
	id := s.person("liaison.a", villageA, 810, 1).want(201).text("id")
	path := s.hook(rc, map[string]any{}, "person.updated")
	s.changePhone(id, 1) // 3
	s.changePhone(id, 2) // 4
	rc.answers(http.StatusInternalServerError)
	s.deliver(0)
	rc.want("the first attempt", "person.updated 3")
	s.deliver(4 * time.Second)
	rc.want("after 4 s")
	s.deliver(time.Second)
	rc.want("after 5 s", "person.updated 3")
	w := s.do("admin", "GET", path, nil).want(200).json()
	if w["attempts"] != 2.0 || w["error"] != "BAD_STATUS" || w["behind"] != 2.0 || w["next_at"] != s.clock.Now().Add(30*time.Second).UTC().Format(time.RFC3339) {
		t.Errorf("while it fails: %v", w)
	}
	rc.answers(http.StatusNoContent)
	s.deliver(29 * time.Second)
	rc.want("29 s later")
	s.deliver(time.Second)
	rc.want("30 s later", "person.updated 3", "person.updated 4")
	list := s.do("admin", "GET", path+"/deliveries", nil).want(200).json()["items"].([]any)
	if one := list[1].(map[string]any); one["attempts"] != 3.0 || one["state"] != "delivered" || one["status"] != 204.0 || one["error"] != nil {
		t.Errorf("after all: %v", one)
	}

	// 10 attempts in all, with these pauses between
	s.changePhone(id, 3) // 5
	s.changePhone(id, 4) // 6
	rc.answers(http.StatusInternalServerError)
	s.deliver(0)
	for i, pause := range []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour} {
		rc.want(fmt.Sprint("attempt ", i+1), "person.updated 5")
		if i == 8 {
			rc.mu.Lock() // the last one is given up, and the next event gets through
			rc.answer = func(n int, w http.ResponseWriter, _ *http.Request) {
				if n == 1 {
					w.WriteHeader(http.StatusBadGateway)
				}
			}
			rc.mu.Unlock()
		}
		s.deliver(pause)
	}
	rc.want("attempt 10 and what waited", "person.updated 5", "person.updated 6")
	dead := s.do("admin", "GET", path+"/deliveries?state=dead", nil).want(200).json()["items"].([]any)
	if len(dead) != 1 || dead[0].(map[string]any)["attempts"] != 10.0 || dead[0].(map[string]any)["status"] != 502.0 {
		t.Fatalf("given up: %v", dead)
	}
	if w := s.do("admin", "GET", path, nil).want(200).json(); w["dead"] != 1.0 || w["attempts"] != nil || w["behind"] != 0.0 {
		t.Errorf("afterwards: %v", w)
	}
	retry := path + "/deliveries/" + dead[0].(map[string]any)["id"].(string) + "/retry"
	rc.answers(http.StatusServiceUnavailable)
	s.do("admin", "POST", retry, nil).want(200)
	s.do("admin", "POST", retry, nil).want(409, "NOT_DEAD")
	s.changePhone(id, 5) // 7: what is tried again by hand holds nothing up, and fails on its own
	s.deliver(0)
	rc.want("by hand", "person.updated 5", "person.updated 7")
	rc.answers(http.StatusOK)
	s.deliver(5 * time.Second)
	if got := rc.arrived(); len(got) != 2 || !slices.Contains(got, "person.updated 5") || !slices.Contains(got, "person.updated 7") {
		t.Errorf("both arrive: %v", got)
	}
	s.do("admin", "POST", path+"/deliveries/"+someID+"/retry", nil).want(404)
	s.do("admin", "POST", path+"/deliveries/x/retry", nil).want(404)
}

// TestReceiverMisbehaves is everything else that a receiver can do wrong; each is a failure with a code, and nothing follows a
// redirect.
func TestReceiverMisbehaves(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person("liaison.a", villageA, 820, 1).want(201).text("id")
	other := newReceiver(t)
	s.desk.Sender.Timeout = 300 * time.Millisecond
	for n, tt := range []struct {
		name   string
		answer http.HandlerFunc
		code   string
		status any
	}{
		{"redirects", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.url, http.StatusPermanentRedirect)
		}, "REDIRECTED", 308.0},
		{"is slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "TIMED_OUT", nil},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "BROKEN_ANSWER", nil},
		{"refuses", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, "BAD_STATUS", 401.0},
		{"says a lot", func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 1<<20)) }, "", 200.0},
	} {
		rc := newReceiver(t)
		rc.answer = func(_ int, w http.ResponseWriter, r *http.Request) { tt.answer(w, r) }
		path := s.hook(rc, map[string]any{}, "person.updated")
		s.changePhone(id, 10+n)
		s.deliver(0)
		if got := rc.arrived(); len(got) != 1 {
			t.Errorf("%s: %v", tt.name, got)
		}
		one := s.do("admin", "GET", path+"/deliveries", nil).want(200).json()["items"].([]any)[0].(map[string]any)
		if code, _ := one["error"].(string); code != tt.code || one["status"] != tt.status || (one["state"] == "delivered") != (tt.code == "") {
			t.Errorf("%s: %v", tt.name, one)
		}
		w := s.do("admin", "GET", path, nil).want(200)
		s.do("admin", "PATCH", path, map[string]any{"paused": true}, "If-Match", w.version()).want(200)
	}
	other.want("behind a redirect")
}

// TestWebhookInput asks for what cannot be, and as whom it does not concern.
func TestWebhookInput(t *testing.T) {
	t.Parallel()
	s := start(t)
	one := func(url string) map[string]any { return map[string]any{"url": url, "types": []string{"person.died"}} }
	for _, tt := range []struct {
		body   map[string]any
		status int
		code   string
	}{
		{one("ftp://partner.example/"), 422, "BAD_URL"}, {one("partner.example"), 422, "BAD_URL"}, {one("https://a:b@partner.example/"), 422, "BAD_URL"},
		{one("https://10.0.0.1/"), 422, "ADDRESS_REFUSED"}, {one("https://[::1]/"), 422, "ADDRESS_REFUSED"}, {one("http://169.254.169.254/"), 422, "ADDRESS_REFUSED"},
		{one("https://" + strings.Repeat("x", 500)), 422, "INVALID_INPUT"}, {one(""), 422, "INVALID_INPUT"},
		{map[string]any{"url": "https://partner.example/"}, 422, "INVALID_INPUT"}, {map[string]any{"url": "https://partner.example/", "types": []string{}}, 422, "INVALID_INPUT"},
		{map[string]any{"url": "https://partner.example/", "types": []string{"person.eaten"}}, 422, "INVALID_INPUT"},
		{map[string]any{"url": "https://partner.example/", "types": []string{"person.died"}, "secret": "mine"}, 400, "UNKNOWN_FIELD"},
		{map[string]any{"url": "https://partner.example/", "types": []string{"person.died"}, "after": "99"}, 422, "CURSOR_AHEAD"},
		{map[string]any{"url": "https://partner.example/", "types": []string{"person.died"}, "after": "-1"}, 422, "INVALID_INPUT"},
		{map[string]any{"url": "https://partner.example/", "types": []string{"person.died"}, "area_code": "370306"}, 404, "NOT_FOUND"},
	} {
		s.do("admin", "POST", "/webhooks", tt.body).want(tt.status, tt.code)
	}
	if list := s.do("admin", "GET", "/webhooks", nil).want(200).json()["items"].([]any); len(list) != 0 {
		t.Errorf("registered: %v", list)
	}
	rc := newReceiver(t)
	path := s.hook(rc, map[string]any{}, "person.updated")
	neighbour := area.Division{Code: "370306", Name: "邻区", ValidFrom: calendar.MustDate("2016-01-01")}
	if _, err := s.desk.ImportDivisions(t.Context(), access.SystemActor(), []area.Division{neighbour}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.desk.CreateAccount(t.Context(), access.SystemActor(), casework.NewAccount{Username: "far", Name: "测试", Password: password, Role: access.Administrator, Area: "370306"}); err != nil {
		t.Fatal(err)
	}
	s.do("far", "GET", path, nil).want(404)
	s.do("far", "GET", path+"/deliveries", nil).want(404)
	s.do("far", "PATCH", path, map[string]any{"paused": true}, "If-Match", `"1"`).want(404)
	s.do("far", "DELETE", path, nil, "If-Match", `"1"`).want(404)
	s.do("admin", "DELETE", path, nil).want(428)
	s.do("admin", "PATCH", path, map[string]any{}, "If-Match", `"1"`).want(422, "INVALID_INPUT")
	s.do("admin", "GET", path+"/deliveries?state=lost", nil).want(400)
	s.do("admin", "GET", path+"/deliveries?cursor=x", nil).want(400, "BAD_CURSOR")
	if list := s.do("far", "GET", "/webhooks", nil).want(200).json()["items"].([]any); len(list) != 0 {
		t.Errorf("seen from the next district: %v", list)
	}

	// what was shown once is sealed in every table, and no answer is kept
	secret := strings.TrimPrefix(rc.secret, "whsec_")
	key, _ := base64.StdEncoding.DecodeString(secret)
	conn := s.breakEverything().conn
	s.faults = nil
	var n int
	err := conn.QueryRow(context.Background(), `SELECT (SELECT count(*) FROM webhooks WHERE position($1 IN encode(secret, 'escape')) > 0 OR position($2::bytea IN secret) > 0)
		+ (SELECT count(*) FROM audit_changes WHERE position($1 IN new_row::text) > 0 OR position(encode($2::bytea, 'hex') IN new_row::text) > 0)`, secret, key).Scan(&n)
	if err != nil || n != 0 || strings.Contains(s.keptAnswers(), secret) {
		t.Errorf("the secret stands in clear in %d rows (%v)", n, err)
	}
}
