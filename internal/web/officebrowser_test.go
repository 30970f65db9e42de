package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestOfficeKeys: single keys choose and lead on, do nothing inside a field, and can be turned off.
func TestOfficeKeys(t *testing.T) {
	t.Parallel()
	s := start(t)
	first, second := s.submitted(441, 1, villageA), s.submitted(443, 1, villageA)
	b := s.tab(chromium(t))
	b.cookie("zhucan-language", "zh")
	b.use("town.a")
	b.open("/queue/" + first.ID.String())
	chosen := func() string {
		return run(b, chromedp.Evaluate[string](`(document.querySelector("input[name=decision]:checked") || {value: ""}).value`))
	}
	run(b, chromedp.SendKeys("textarea[name=reason]", "rax"))
	if got := chosen(); got != "" {
		t.Errorf("writing a reason has chosen %q", got)
	}
	run(b, chromedp.Evaluate[bool](`document.querySelector("h1").tabIndex = -1, document.querySelector("h1").focus(), true`))
	for key, want := range map[string]string{"a": "approve", "r": "return", "x": "reject"} {
		run(b, chromedp.KeyEvent(key))
		if got := chosen(); got != want {
			t.Errorf("%s has chosen %q", key, got)
		}
	}
	run(b, chromedp.Click(`#keys button`))
	run(b, chromedp.Evaluate[bool](`document.querySelector("h1").focus(), true`))
	run(b, chromedp.Evaluate[bool](`document.querySelectorAll("input[name=decision]").forEach((r) => { r.checked = false; }), true`))
	run(b, chromedp.KeyEvent("a"))
	if got := chosen(); got != "" {
		t.Errorf("turned off, a has chosen %q", got)
	}
	run(b, chromedp.Click(`#keys button`))
	run(b, chromedp.Evaluate[bool](`document.querySelector("h1").focus(), true`))
	run(b, chromedp.KeyEvent("n"))
	at := ""
	for range 200 {
		if at = run(b, chromedp.Evaluate[string](`location.pathname`)); strings.HasSuffix(at, second.ID.String()) {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Errorf("n leads to %s", at)
}
