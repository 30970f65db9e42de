package httpapi_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
)

// soon is how long somebody may wait who asks for something else.
const soon = 5 * time.Second

// connections are those of a test's service.
const connections = 8

// reads asks for something small as often as it takes to see whether anybody is still answered.
func (s *service) reads(user string) {
	s.t.Helper()
	began := time.Now()
	s.do(user, "GET", "/indicators/values", nil).want(200)
	if took := time.Since(began); took > soon {
		s.t.Errorf("somebody else waits %v", took)
	}
}

// seals asks for a public release beside others, and says what came of it.
func (s *service) seals(title string, headers ...string) answer {
	return s.do("stats", "POST", "/indicator-releases", map[string]any{"title": title, "as_of": "2023-03-28", "public": true}, headers...)
}

// TestSealingTakesTurns: more ask for releases at once than there are connections. One after the other is sealed, who comes too much asks again,
// and everybody else is answered meanwhile.
func TestSealingTakesTurns(t *testing.T) {
	t.Parallel()
	s := start(t)
	(&district{s: s}).settle([]village{{9, 3}, {20, 12}, {30, 0}})
	s.publish("2023-03-27")
	s.login("stats")
	s.login("cdpf")
	for _, kept := range []bool{false, true} { // an answer that is kept has a connection before anything is done
		var all sync.WaitGroup
		var mu sync.Mutex
		came := map[int]int{}
		for n := range connections + 4 {
			all.Go(func() {
				var headers []string
				if kept {
					headers = []string{"Idempotency-Key", fmt.Sprint("seal-", n)}
				}
				a := s.seals(fmt.Sprint("同时", n), headers...)
				if a.status == 503 && (a.text("code") != "BUSY" || a.header.Get("Retry-After") == "") {
					t.Errorf("busy: %v %s", a.header, a.body)
				}
				mu.Lock()
				defer mu.Unlock()
				came[a.status]++
			})
		}
		for range 5 {
			s.reads("cdpf")
		}
		all.Wait()
		if came[201] == 0 || came[201]+came[503] != connections+4 {
			t.Errorf("answers are kept: %v; came %v", kept, came)
		}
	}
}

// TestAnotherProcessPublishes: it is not waited for.
func TestAnotherProcessPublishes(t *testing.T) {
	t.Parallel()
	s := start(t)
	conn := s.owner()
	if _, err := conn.Exec(t.Context(), "SELECT pg_advisory_lock(370305, 4)"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s.seals("另一进程").want(503, "BUSY")
	if took := time.Since(began); took > soon {
		t.Errorf("waited %v", took)
	}
	if _, err := conn.Exec(t.Context(), "SELECT pg_advisory_unlock(370305, 4)"); err != nil {
		t.Fatal(err)
	}
	s.seals("另一进程").want(201)
}

// owner is a connection that may do anything, beside the service.
func (s *service) owner() *pgx.Conn {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.db.OwnerURL)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// enlarge makes the file of a release as large as that of a city.
func (s *service) enlarge(release string, pieces int) {
	s.t.Helper()
	conn := s.owner()
	for _, do := range []struct {
		sql  string
		args []any
	}{
		{"ALTER TABLE indicator_release_files DISABLE TRIGGER ALL", nil},
		{"ALTER TABLE indicator_releases DISABLE TRIGGER ALL", nil},
		{"DELETE FROM indicator_release_files WHERE release_id = $1 AND form = 'json'", []any{release}},
		{"INSERT INTO indicator_release_files SELECT $1, 'json', n, $2 FROM generate_series(0, $3::int - 1) n", []any{release, make([]byte, 256<<10), pieces}},
		{"UPDATE indicator_releases SET json_sha256 = (SELECT sha256(string_agg(piece, ''::bytea ORDER BY seq)) FROM indicator_release_files WHERE release_id = $1 AND form = 'json') WHERE id = $1", []any{release}},
	} {
		if _, err := conn.Exec(s.t.Context(), do.sql, do.args...); err != nil {
			s.t.Fatal(err)
		}
	}
}

// slow asks as somebody whose line holds little.
func slow() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return conn, conn.(*net.TCPConn).SetReadBuffer(32 << 10)
	}}}
}

func (s *service) asksForFile(client *http.Client, user, release string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequest("GET", s.url+"/api/v1/indicator-releases/"+release+"/file", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.login(user))
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// TestLargeFileIsTakenSlowly: for longer than a statement may take.
func TestLargeFileIsTakenSlowly(t *testing.T) {
	t.Parallel()
	s := start(t)
	release := s.sealed(map[string]any{"as_of": "2023-03-28"}).text("id")
	const pieces = 120
	s.enlarge(release, pieces)
	resp := s.asksForFile(slow(), "stats", release)
	got, part := 0, make([]byte, 256<<10)
	for {
		n, err := io.ReadFull(resp.Body, part)
		if got += n; err != nil {
			if err != io.EOF {
				t.Error(err)
			}
			break
		}
		time.Sleep(60 * time.Millisecond)
	}
	if got != pieces*len(part) {
		t.Errorf("got %d of %d bytes", got, pieces*len(part))
	}
}

// TestFilesThatNobodyTakes: as many wait for their reader as there are connections, and others are answered.
func TestFilesThatNobodyTakes(t *testing.T) {
	t.Parallel()
	s := start(t)
	release := s.sealed(map[string]any{"as_of": "2023-03-28"}).text("id")
	s.enlarge(release, 60)
	s.login("cdpf")
	for range connections {
		s.asksForFile(slow(), "stats", release)
	}
	for range 3 {
		s.reads("cdpf")
	}
}

// TestWorkbookOfACity: one that would have more rows than a workbook holds is refused before they are counted.
func TestWorkbookOfACity(t *testing.T) {
	t.Parallel()
	s := start(t)
	from := calendar.MustDate("2016-01-01")
	tree := []area.Division{{Code: "370399", Name: "区", ValidFrom: from}}
	for n := range 84000 {
		village := area.Code(fmt.Sprint("370399", 100000+n))
		if n%1000 == 0 {
			tree = append(tree, area.Division{Code: village.Parent(), Name: "镇", ValidFrom: from})
		}
		tree = append(tree, area.Division{Code: village, Name: "村", ValidFrom: from})
	}
	if _, err := s.desk.ImportDivisions(t.Context(), access.SystemActor(), tree); err != nil {
		t.Fatal(err)
	}
	city := casework.NewAccount{Username: "city", Name: "测试city", Password: password, Role: access.Statistician, Area: "3703"}
	if _, err := s.desk.CreateAccount(t.Context(), access.SystemActor(), city); err != nil {
		t.Fatal(err)
	}
	s.do("city", "GET", "/indicators/values?by=tree&format=xlsx", nil).want(409, "TOO_MANY_ROWS")
	s.do("city", "GET", "/indicators/values?by=tree&format=xlsx&area=370305", nil).want(200)
}
