package httpapi_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestNewRecordsSayWhereTheyAre: an answer that promises where the new record is says it, again to a repeat, and the record is there.
func TestNewRecordsSayWhereTheyAre(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := map[string]any{"name": "金丝雀一", "hukou_area_code": villageA, "hukou_type": "agricultural", "birth_date": "2016-05-01", "sex": "female"}
	for range 2 {
		made := s.do("liaison.a", "POST", "/persons", person, "Idempotency-Key", "where").want(201)
		at, ok := strings.CutPrefix(made.header.Get("Location"), "/api/v1")
		if !ok || at != "/persons/"+made.text("id") {
			t.Fatalf("the new record is at %q", made.header.Get("Location"))
		}
		if read := s.do("liaison.a", "GET", at, nil).want(200); read.text("id") != made.text("id") {
			t.Errorf("at %s stands %s", at, read.body)
		}
	}
}

// TestEmptyObjectIsNoBody: programs that send {} where there is nothing to say are understood, and anything else is not.
func TestEmptyObjectIsNoBody(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person("liaison.a", villageA, 1, 1).want(201).text("id")
	draft := s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": person, "programme": "nursing_subsidy",
		"applied_on": "2023-03-28", "applicant": map[string]any{"relation": "self"}}).want(201)
	submit := "/applications/" + draft.text("id") + "/submit"
	s.do("liaison.a", "POST", submit, `{"note":"x"}`, "If-Match", draft.version()).want(400, "BAD_JSON")
	s.do("liaison.a", "POST", submit, "[]", "If-Match", draft.version()).want(400, "BAD_JSON")
	first := s.do("liaison.a", "POST", submit, " {\n}", "If-Match", draft.version(), "Idempotency-Key", "sent").want(200)
	if repeat := s.do("liaison.a", "POST", submit, nil, "If-Match", draft.version(), "Idempotency-Key", "sent").want(200); repeat.text("id") != first.text("id") {
		t.Errorf("without a body it is another request: %s", repeat.body)
	}
}

// TestWholeListsInParts: lists that are read at once are given in pages to who asks for them, and a page goes on behind what the one before
// ended with, also when something has come before that since.
func TestWholeListsInParts(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person("liaison.a", villageA, 1, 1).want(201).text("id")
	facts := "/persons/" + person + "/circumstances"
	fact := func(from string) {
		t.Helper()
		s.do("liaison.a", "POST", facts, map[string]any{"kind": "medical_assistance", "value": true, "valid_from": from, "valid_to": from, "source": "医保"}).want(201)
	}
	for _, day := range []string{"2022-02-01", "2022-03-01", "2022-04-01", "2022-05-01"} {
		fact(day)
	}
	names := func(a answer) (days []string) {
		for _, item := range a.want(200).json()["items"].([]any) {
			if m := item.(map[string]any); m["kind"] == "medical_assistance" {
				days = append(days, m["valid_from"].(string))
			}
		}
		return days
	}
	whole := s.do("liaison.a", "GET", facts, nil)
	if got := names(whole); len(got) != 4 || whole.json()["next_cursor"] != nil {
		t.Fatalf("the whole list: %s", whole.body)
	}
	first := s.do("liaison.a", "GET", facts+"?limit=4", nil) // behind the two places of the person
	fact("2022-01-01")
	behind := facts + "?limit=200&cursor=" + first.text("next_cursor")
	rest := s.do("liaison.a", "GET", behind, nil)
	if got := append(names(first), names(rest)...); !slices.Equal(got, names(whole)) || rest.json()["next_cursor"] != nil {
		t.Errorf("in two pages: %v, then %s", got, rest.body)
	}
	s.do("liaison.a", "GET", facts+"?limit=0", nil).want(400, "BAD_PARAMETER")
	s.do("liaison.a", "GET", facts+"?limit=201", nil).want(400, "BAD_PARAMETER")
	s.do("liaison.a", "GET", facts+"?cursor=x", nil).want(400, "BAD_CURSOR")
	for _, path := range []string{"/areas?parent=370305&limit=1", "/worklists?limit=1", "/indicators?limit=1", "/service-chains?limit=1", "/persons/" + person + "/ledger?limit=1"} {
		if got := s.do("cdpf", "GET", path, nil).want(200).json()["items"].([]any); len(got) > 1 {
			t.Errorf("%s: %d items", path, len(got))
		}
	}
}

// TestSearchSaysThatItWantsOne: a search by nothing, or by two things, is told what is wrong with it.
func TestSearchSaysThatItWantsOne(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.do("liaison.a", "POST", "/persons/search", map[string]any{}).want(422, "ONE_CRITERION")
	s.do("liaison.a", "POST", "/persons/search", map[string]any{"name": "金丝雀一", "id_number": number(1)}).want(422, "ONE_CRITERION")
}

// TestRefusalsAreHeard: a program that reads no answer before all is sent, as many libraries do, hears why it was refused and not that the connection
// has ended, however early that was known.
func TestRefusalsAreHeard(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, tt := range []struct {
		name, token, path string
		size              int
		want              string
	}{
		{"too much", s.login("liaison.a"), "/persons", 3 << 20, "413"},
		{"a little too much", s.login("liaison.a"), "/persons", 1<<20 + 50_000, "413"},
		{"a file that is too large", s.login("civil"), "/imports?kind=roster", 20 << 20, "413"},
		{"a session that has ended", "x", "/imports?kind=roster", 8 << 20, "401"},
		{"not his to do", s.login("liaison.a"), "/imports?kind=roster", 8 << 20, "403"},
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /api/v1%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n", tt.path, tt.token, tt.size)
		_, err = conn.Write(bytes.Repeat([]byte("x"), tt.size))
		line, _ := bufio.NewReader(conn).ReadString('\n')
		if conn.Close(); err != nil || !strings.Contains(line, tt.want) {
			t.Errorf("%s: %q (%v), want %s", tt.name, line, err, tt.want)
		}
	}
}

// TestRefusedBodiesAreReadAlone: while bodies that were refused are read to their end, nothing of another request is lost to them.
func TestRefusedBodiesAreReadAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.login("liaison.a")
	open := func(token string, size int) net.Conn {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
		fmt.Fprintf(conn, "POST /api/v1/persons/search HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", token, size)
		return conn
	}
	var refused []net.Conn
	for range 16 {
		refused = append(refused, open("x", 1000))
	}
	body := []byte(`{"name":"金丝雀一"}`)
	for range 6 {
		time.Sleep(50 * time.Millisecond) // until each is refused, or waits for more
		conn := open(s.login("liaison.a"), len(body))
		for piece := range slices.Chunk(body, 4) {
			_, _ = conn.Write(piece)
			time.Sleep(10 * time.Millisecond)
			for _, c := range refused {
				_, _ = c.Write([]byte(" "))
			}
		}
		if line, err := bufio.NewReader(conn).ReadString('\n'); !strings.Contains(line, " 200 ") {
			t.Fatalf("beside bodies that were refused: %q (%v), want 200", line, err)
		}
	}
	for _, c := range refused {
		_, _ = c.Write(bytes.Repeat([]byte(" "), 1000))
		if line, _ := bufio.NewReader(c).ReadString('\n'); !strings.Contains(line, " 401 ") {
			t.Errorf("a refused body is answered %q, want 401", line)
		}
	}
}
