package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestComesAcrossPages: a page that is still thinking when another takes its place is no failure, the next one is asked.
func TestComesAcrossPages(t *testing.T) {
	t.Parallel()
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			time.Sleep(200 * time.Millisecond)
		}
		fmt.Fprint(w, "<main></main>")
	}))
	defer slow.Close()
	b := &tab{t: t, ctx: chromium(t)}
	here := slow.URL
	run(b, chromedp.Navigate(here))
	other := strings.Replace(here, "127.0.0.1", "localhost", 1) // of another site, which gets another process
	for n := range 10 {
		next := fmt.Sprintf("/next/%d", n)
		run(b, chromedp.Evaluate[bool](`location.href = "`+other+next+`"; true`))
		if !comes(t, b.ctx, `location.pathname === "`+next+`" || (() => { for (const end = performance.now() + 2000; performance.now() < end;); })()`, patience) {
			t.Fatal("the next page never comes")
		}
		here, other = other, here
	}
}
