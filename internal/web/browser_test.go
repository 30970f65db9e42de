package web_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// axe is the engine that looks for barriers, by its own licence in the folder; it is part of the tests only.
//
//go:embed testdata/axe/axe.min.js
var axe string

// chromium starts a browser of its own for one test.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"} {
		if at, err := exec.LookPath(name); err == nil {
			path = at
			break
		}
	}
	if path == "" {
		t.Fatal("no Chromium: run deploy/ensure-chromium.sh, as make test does")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("lang", "zh-CN"), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(time.Minute))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(func() { end(); stop() })
	if _, err := chromedp.Run(ctx, chromedp.Navigate("about:blank")); err != nil { // with no bound of its own: the browser lives as long as this context
		t.Fatalf("start Chromium: %v", err)
	}
	return ctx
}

// tab is one tab of a browser at a site.
type tab struct {
	t    *testing.T
	site *site
	ctx  context.Context
}

func (s *site) tab(ctx context.Context) *tab { return &tab{s.t, s, ctx} }

const patience = 40 * time.Second // the machine may be busy

// run does one thing in a tab and gives what comes of it.
func run[T any](b *tab, do chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	got, err := chromedp.Run(ctx, do)
	if err != nil {
		b.t.Fatal(err)
	}
	return got
}

func (b *tab) size(width, height int64) {
	b.t.Helper()
	run(b, chromedp.EmulateViewport(width, height))
}

func (b *tab) open(path string) {
	b.t.Helper()
	run(b, chromedp.Navigate(b.site.url+path))
	run(b, chromedp.WaitReady("main"))
}

// click presses something and waits for the page that it leads to.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.turns(selector, func() { run(b, chromedp.Click(selector)) })
}

// turns does what leads from one page to the next, and waits for that.
func (b *tab) turns(name string, do func()) {
	b.t.Helper()
	run(b, chromedp.Evaluate[bool](`window.before = true`))
	do()
	if !comes(b.t, b.ctx, `!window.before && document.readyState === "complete"`, patience) {
		b.t.Fatalf("%s leads nowhere", name)
	}
}

// comes asks a page until something is true of it.
func comes(t *testing.T, tab context.Context, expression string, within time.Duration) bool {
	t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(tab, phonePatience)
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`!!(`+expression+`)`))
		cancel()
		if is {
			return true
		}
		if err != nil && !gaveWay(err) {
			t.Fatal(err)
		}
	}
	return false
}

// gaveWay is whether a page did not answer because another came in its place while it was asked.
func gaveWay(err error) bool {
	refused := new(cdproto.Error)
	return errors.As(err, &refused) && (refused.Message == "Inspected target navigated or closed" || refused.Message == "Execution context was destroyed.")
}

func (b *tab) fill(selector, text string) {
	b.t.Helper()
	run(b, chromedp.SendKeys(selector, text))
}

// use signs in with the session that a user of the test has.
func (b *tab) use(user string) {
	b.t.Helper()
	for _, c := range b.site.as(user).client.Jar.Cookies(b.site.as(user).get("/").origin()) {
		b.cookie(c.Name, c.Value)
	}
}

func (b *tab) cookie(name, value string) {
	b.t.Helper()
	run(b, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: b.site.url})
		return err
	}))
}

type barrier struct {
	ID, Help string
	Nodes    []struct {
		HTML, FailureSummary string
	}
}

// wantNoBarriers holds what is on the screen to WCAG 2.2 AA, to what axe takes for good practice, and to no scrolling sideways.
func (b *tab) wantNoBarriers(name string) {
	b.t.Helper()
	if !run(b, chromedp.Evaluate[bool](`typeof axe !== "undefined"`)) {
		run(b, chromedp.Evaluate[bool](axe+"; true"))
	}
	text := run(b, chromedp.Evaluate[string](`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"]})
		.then((r) => JSON.stringify(r.violations.map((v) => ({ID: v.id, Help: v.help, Nodes: v.nodes.map((n) => ({HTML: n.html, FailureSummary: n.failureSummary}))}))))`, chromedp.EvalAwaitPromise))
	var found []barrier
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		b.t.Fatalf("%s: %v: %s", name, err, text)
	}
	for _, v := range found {
		b.t.Errorf("%s: %s (%s), %d times: %s %s", name, v.ID, v.Help, len(v.Nodes), v.Nodes[0].HTML, v.Nodes[0].FailureSummary)
	}
	b.wantNoSideways(name)
}

func (b *tab) wantNoSideways(name string) {
	b.t.Helper()
	if over := run(b, chromedp.Evaluate[float64](`document.documentElement.scrollWidth - document.documentElement.clientWidth`)); over > 0 {
		who := run(b, chromedp.Evaluate[string](`[...document.querySelectorAll("main *, header *")].filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).slice(0, 3).map((e) => e.outerHTML.slice(0, 120)).join("\n")`))
		b.t.Errorf("%s scrolls sideways by %v pixels: %s", name, over, who)
	}
}

// picture keeps what is on the screen where ZHUCAN_PICTURES says, for people to look at.
func (b *tab) picture(name string) {
	b.t.Helper()
	folder := os.Getenv("ZHUCAN_PICTURES")
	if folder == "" {
		return
	}
	png := run(b, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// both looks at the page that is open at three sizes.
func (b *tab) both(name string) {
	b.t.Helper()
	for _, width := range []int64{320, 360, 1280} {
		b.size(width, 900)
		if width != 360 {
			b.wantNoBarriers(fmt.Sprintf("%s at %d", name, width))
		}
		if width != 320 {
			b.picture(fmt.Sprintf("%s-%d", name, width))
		}
	}
	run(b, chromedp.Evaluate[string](`document.documentElement.style.fontSize = "225%"`))
	b.wantNoSideways(name + " with double text")
	run(b, chromedp.Evaluate[string](`document.documentElement.style.fontSize = ""`))
}
