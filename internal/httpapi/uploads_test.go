package httpapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/store"
)

// workers counts who is between two statements at a time, as from the claim of a list to the end of it.
type workers struct {
	from, to  string
	now, most atomic.Int32
}

func (w *workers) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	switch {
	case strings.Contains(q.SQL, w.from):
		n := w.now.Add(1)
		for most := w.most.Load(); n > most && !w.most.CompareAndSwap(most, n); most = w.most.Load() {
		}
	case strings.HasPrefix(q.SQL, w.to):
		w.now.Add(-1)
	}
	return ctx
}

func (w *workers) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TestListsAreReadInTurn: a list of sixty thousand rows takes more than a hundred megabytes, so a dozen that come at a moment are read one after the other.
func TestListsAreReadInTurn(t *testing.T) {
	t.Parallel()
	w := &workers{from: "INSERT INTO import_progress", to: "UPDATE imports SET version"}
	s := startWith(t, store.Options{Tracer: w})
	s.at("2023-01-10")
	s.login("civil")
	answers := make([]answer, 6)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = s.send(s.form("civil", []byte(dibaoHead+"\n"+dibaoLine(700+i, "2022-05-01")+"\n"), fmt.Sprintf("/imports?kind=dibao&dry_run=true&sender=%d", i)))
		})
	}
	all.Wait()
	for _, a := range answers {
		a.want(201)
	}
	if most := w.most.Load(); most != 1 || w.now.Load() != 0 {
		t.Errorf("up to %d lists at a time, and %d without an end", most, w.now.Load())
	}
}

// TestOneRosterSentTwiceAtOnce: whoever sends a roster again because the answer was long in coming waits for the first, and is told what became of that.
func TestOneRosterSentTwiceAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	s.login("town.a")
	var lines []string
	for n := range 40 {
		lines = append(lines, rosterLine(800+n, 800+n, villageA, "2020-01-06"))
	}
	file := []byte(strings.Join(append([]string{rosterHead}, lines...), "\n") + "\n")
	answers := make([]answer, 3)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = s.send(s.form("town.a", file, "/imports?kind=roster")) })
	}
	all.Wait()
	created := 0
	for _, a := range answers {
		if a.status != http.StatusCreated {
			a.want(http.StatusOK)
		} else {
			created++
		}
		if a.text("id") != answers[0].text("id") {
			t.Error("two imports of one roster")
		}
	}
	if created != 1 {
		t.Errorf("it was taken in %d times", created)
	}
}

// TestOneListSentTwiceAtOnce: of one list that comes several times at a moment all are told of one import.
func TestOneListSentTwiceAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	s.login("civil")
	answers := make([]answer, 3)
	for round := range 25 {
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				answers[i] = s.send(s.form("civil", []byte(dibaoHead+"\n"+dibaoLine(700+round, "2022-05-01")+"\n"), "/imports?kind=dibao"))
			})
		}
		all.Wait()
		for _, a := range answers {
			if a.status != http.StatusCreated {
				a.want(http.StatusOK)
			}
			if a.text("id") != answers[0].text("id") {
				t.Error("two imports of one list")
			}
		}
	}
}

// TestAuditIsWalkedInTurn: an auditor who asks twelve times whether the log is whole takes one connection, not all of them for as long as the walks take.
func TestAuditIsWalkedInTurn(t *testing.T) {
	t.Parallel()
	w := &workers{from: "FROM audit_entries e LEFT JOIN audit_changes", to: "SELECT coalesce(min(format('change"}
	s := startWith(t, store.Options{Tracer: w})
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if v, err := s.desk.DB.VerifyAudit(t.Context()); err != nil || v.Broken != "" {
				t.Errorf("VerifyAudit = %+v, %v", v, err)
			}
		})
	}
	all.Wait()
	if most := w.most.Load(); most != 1 || w.now.Load() != 0 {
		t.Errorf("up to %d walks at a time, and %d without an end", most, w.now.Load())
	}
}

// TestFilesOfOneAccount: an account sends in three files at a time; a fourth waits, and is told to come again, while another account sends its own.
func TestFilesOfOneAccount(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	list := func(user string) *http.Request {
		return s.form(user, []byte(dibaoHead+"\n"+dibaoLine(700, "2022-05-01")+"\n"), "/imports?kind=dibao&dry_run=true")
	}
	for range 3 { // three bodies that begin and do not end
		request := list("civil")
		begun, ends := io.Pipe()
		t.Cleanup(func() { ends.CloseWithError(io.ErrUnexpectedEOF) })
		request.Body, request.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(strings.Repeat("\r\n", 64<<10)), begun)), -1
		go http.DefaultClient.Do(request)
	}
	var fourth answer
	for range 20 { // until the three have arrived
		if fourth = s.send(list("civil")); fourth.status != 201 {
			break
		}
	}
	if fourth.want(429, "TOO_MANY_FILES").header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	s.send(list("cdpf")).want(201)
}
