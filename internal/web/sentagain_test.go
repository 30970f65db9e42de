package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// slowSite is a site behind a line that counts what is sent, and on which the first thing that is sent to a path never arrives.
func (s *site) slowSite(lost string) (at *site, posts *atomic.Int64) {
	s.t.Helper()
	address, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	pass, posts := httputil.NewSingleHostReverseProxy(address), &atomic.Int64{}
	var once atomic.Bool
	line := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
			if r.URL.Path == lost && once.CompareAndSwap(false, true) {
				_, _ = io.Copy(io.Discard, r.Body) // only behind it the server watches whether somebody is there
				<-r.Context().Done()
				return
			}
		}
		pass.ServeHTTP(w, r)
	}))
	s.t.Cleanup(line.Close)
	behind := *s
	behind.url = line.URL
	return &behind, posts
}

// wants waits for a number of things to have been sent.
func (b *tab) wants(posts *atomic.Int64, n int64) {
	b.t.Helper()
	for end := time.Now().Add(patience); posts.Load() < n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("%d sent, want %d", posts.Load(), n)
		}
	}
	time.Sleep(300 * time.Millisecond)
	if posts.Load() != n {
		b.t.Fatalf("%d sent, want %d", posts.Load(), n)
	}
}

// presses presses a button without waiting for anything.
func (b *tab) presses(selector string) {
	b.t.Helper()
	run(b, chromedp.Evaluate[bool](`(document.querySelector('`+selector+`').click(), true)`))
}

// TestFormLivesOn: after an answer that was a file, or one that somebody has stopped, the form still does what it is asked; a double tap sends once.
func TestFormLivesOn(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person(21, 1, villageA)
	at, posts := s.slowSite("/persons/new")
	b := at.tab(chromium(t))
	b.cookie("zhucan-language", "zh")
	b.use("cdpf")
	b.open("/partner-lists")
	run(b, chromedp.Evaluate[bool](`(() => { const f = document.querySelector("button[value=take]").form; const set = (n, v) => { const e = f.elements[n];
		if (e instanceof RadioNodeList) e.value = v; else e.value = v; }; set("list", "medical_holders"); set("purpose", "与医保局比对参保"); set("format", "csv"); return true; })()`))
	posts.Store(0)
	take := `button[value="take"]`
	run(b, chromedp.Evaluate[bool](`(() => { const b = document.querySelector('`+take+`'); b.click(); b.click(); return true; })()`))
	b.wants(posts, 1)
	time.Sleep(3 * time.Second)
	b.presses(take)
	b.wants(posts, 2)
	b.turns("counting", func() { b.presses(`button[value="count"]`) }) // another button is another matter
	b.shows("名单现有1行")

	b.use("liaison.a")
	b.open("/persons/new")
	b.fill(`[name="name"]`, "金丝雀22")
	posts.Store(0)
	add := `button[value="add"]`
	b.presses(add)
	b.wants(posts, 1)
	run(b, chromedp.Stop())
	time.Sleep(3 * time.Second)
	b.turns("sending again", func() { b.presses(add) })
	b.shows("请改正以下内容")
	if got := b.value(`[name="name"]`); got != "金丝雀22" {
		t.Errorf("the name is now %q", got)
	}
}
