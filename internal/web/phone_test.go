package web_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// wire is the network between a phone and the site: it passes everything, or nothing, or breaks after some bytes of a direction.
type wire struct {
	listener net.Listener
	to       string
	up, down atomic.Int64 // bytes that may still pass; above all of them: no bound

	mu    sync.Mutex
	dead  bool
	conns map[net.Conn]bool
}

const unbounded = int64(1) << 60

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l, to: strings.TrimPrefix(to, "http://"), conns: map[net.Conn]bool{}}
	w.pass()
	t.Cleanup(func() { w.cut(); l.Close() })
	go w.accept()
	return w
}

func (w *wire) url() string { return "http://" + w.listener.Addr().String() }

func (w *wire) accept() {
	for {
		c, err := w.listener.Accept()
		if err != nil {
			return
		}
		go w.carry(c)
	}
}

func (w *wire) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer server.Close()
	w.mu.Lock()
	if w.dead {
		w.mu.Unlock()
		return
	}
	w.conns[client], w.conns[server] = true, true
	w.mu.Unlock()
	ended := make(chan bool, 2)
	copy := func(to, from net.Conn, left *atomic.Int64) {
		buffer := make([]byte, 1024)
		for {
			n, err := from.Read(buffer)
			if err != nil {
				break
			}
			if may := left.Add(int64(-n)); may < 0 {
				to.Write(buffer[:max(0, n+int(may))])
				w.cut()
				break
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				break
			}
		}
		ended <- true
	}
	go copy(server, client, &w.up)
	go copy(client, server, &w.down)
	<-ended
	w.mu.Lock()
	delete(w.conns, client)
	delete(w.conns, server)
	w.mu.Unlock()
}

// cut ends all connections and lets no other begin.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
	for c := range w.conns {
		c.Close()
	}
}

// pass lets everything through.
func (w *wire) pass() {
	w.up.Store(unbounded)
	w.down.Store(unbounded)
	w.join()
}

// join ends a cut; where the wire was to break, it still is.
func (w *wire) join() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = false
}

func (w *wire) isCut() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dead
}

// phone is a browser with a memory of its own, which can be killed and started again.
type phone struct {
	t        *testing.T
	wire     *wire
	dir      string
	root     context.Context // the browser
	ctx      context.Context // the tab
	stop     func()
	shut     func() // the tab
	pid      int
	reopened int    // second tries to open the page
	more     string // scripts that run before those of a page
}

func (s *site) phone() *phone {
	s.t.Helper()
	p := &phone{t: s.t, wire: newWire(s.t, s.url), dir: s.t.TempDir()}
	p.start()
	s.t.Cleanup(p.kill)
	return p
}

func chromiumPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"} {
		if at, err := exec.LookPath(name); err == nil {
			return at
		}
	}
	t.Fatal("no Chromium: run deploy/ensure-chromium.sh, as make test does")
	return ""
}

// watcher notes what goes wrong in a page, and lets a test move its clock.
const watcher = `window.wrong = [];
addEventListener("error", (e) => wrong.push(String(e.message)));
addEventListener("unhandledrejection", (e) => wrong.push(String(e.reason)));
document.addEventListener("securitypolicyviolation", (e) => wrong.push("policy: " + e.violatedDirective + " " + e.blockedURI));
`

// start starts the browser on the memory that there is.
func (p *phone) start() {
	p.t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromiumPath(p.t)), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.UserDataDir(p.dir),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("lang", "zh-CN"), chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(400, 800),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, end := chromedp.NewContext(allocator)
	p.root, p.stop = ctx, func() { end(); stop() }
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		p.t.Fatalf("start Chromium: %v", err)
	}
	p.pid = chromedp.FromContext(ctx).Browser.Process().Pid
	p.tab()
}

// tab opens another tab and works in that one. A browser whose processes were just killed may never answer for a new tab: then
// another is tried, and another browser at last.
func (p *phone) tab() {
	p.t.Helper()
	for range 3 {
		p.ctx, p.shut = chromedp.NewContext(p.root)
		opened := make(chan error, 1)
		go func(ctx context.Context) {
			opened <- chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
				_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watcher + p.more})
				return err
			}))
		}(p.ctx)
		select {
		case err := <-opened:
			if err == nil {
				return
			}
		case <-time.After(15 * time.Second):
		}
		p.shut()
	}
	p.kill()
	p.start()
}

// kill ends the browser with all its processes, as a phone does that needs the room or runs out of power.
func (p *phone) kill() {
	if p.pid == 0 {
		return
	}
	syscall.Kill(-p.pid, syscall.SIGKILL)
	p.stop()
	for range 200 {
		if syscall.Kill(-p.pid, 0) != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.pid = 0
}

// crash ends the processes that run pages and workers, and nothing else of the browser, and opens another tab.
func (p *phone) crash() {
	p.t.Helper()
	stats, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range stats {
		pid, _ := strconv.Atoi(strings.Split(name, "/")[2])
		line, err := os.ReadFile(name)
		group, wrong := syscall.Getpgid(pid)
		if err == nil && wrong == nil && group == p.pid && strings.Contains(string(line), "--type=renderer") {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	p.shut()
	p.tab()
}

const phonePatience = 60 * time.Second // the machine may be busy

func onPhone[T any](p *phone, do chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, phonePatience)
	defer cancel()
	got, err := chromedp.Run(ctx, do)
	if err != nil {
		p.t.Fatal(err)
	}
	return got
}

// open opens the page. Where the process that ran the service worker has just been killed, a browser may need a second try.
func (p *phone) open() {
	p.t.Helper()
	var err error
	for range 60 {
		ctx, cancel := context.WithTimeout(p.ctx, phonePatience)
		err = chromedp.Do(ctx, chromedp.Navigate(p.wire.url()+"/offline/"))
		cancel()
		if err == nil {
			return
		}
		p.reopened++
		time.Sleep(200 * time.Millisecond)
	}
	p.wire.pass()
	onPhone(p, chromedp.Navigate(p.wire.url()+"/offline/"))
	p.t.Fatalf("it does not open: %v; workers and what is kept: %s", err, onPhone(p, chromedp.Evaluate[string](`(async () => JSON.stringify([(await navigator.serviceWorker.getRegistrations()).map((r) =>
		[r.scope, r.active?.state, r.waiting?.state, r.installing?.state]), await caches.keys(), !!navigator.serviceWorker.controller]))()`, chromedp.EvalAwaitPromise)))
}

// online tells the page, as a browser does, whether there is a network; the wire is cut or joined with it.
func (p *phone) online(is bool) {
	p.t.Helper()
	if is {
		p.wire.pass()
	} else {
		p.wire.cut()
	}
	onPhone(p, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: !is, DownloadThroughput: -1, UploadThroughput: -1})
		return err
	}))
}

// until waits for something to be true of the page.
func (p *phone) until(expression string) {
	p.t.Helper()
	if !comes(p.t, p.ctx, expression, phonePatience) {
		p.t.Fatalf("never: %s\n%s", expression, p.text())
	}
	p.fine()
}

// fine fails the test where something has gone wrong in the page that nobody caught.
func (p *phone) fine() {
	p.t.Helper()
	if wrong := onPhone(p, chromedp.Evaluate[string](`(window.wrong || []).join("; ")`)); wrong != "" {
		p.t.Fatalf("in the page: %s", wrong)
	}
}

func (p *phone) text() string {
	p.t.Helper()
	return onPhone(p, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
}

func says(text string) string {
	return `(document.body?.innerText || "").includes(` + strconv.Quote(text) + `)`
}

// press presses the button with a text, once it is there.
func (p *phone) press(text string) {
	p.t.Helper()
	p.until(`(() => { const b = [...document.querySelectorAll("button, summary")].find((b) => b.textContent === ` + strconv.Quote(text) + ` && !b.disabled && b.offsetParent); if (b) b.click(); return b; })()`)
}

// fill enters something into a field of the page, as typing does.
func (p *phone) fill(name, value string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`(() => { const f = document.getElementsByName(%q), one = [...f].find((c) => c.type === "radio" || c.type === "checkbox" ? c.value === %q : c.offsetParent);
		if (!one) return false; if (one.type === "radio" || one.type === "checkbox") one.checked = true; else one.value = %q;
		one.dispatchEvent(new Event("input", {bubbles: true})); one.dispatchEvent(new Event("change", {bubbles: true})); return true; })()`, name, value, value))
}

// photo takes small pictures, one for each shade.
func (p *phone) photo(shades ...uint8) {
	p.t.Helper()
	var contents [][]byte
	for _, shade := range shades {
		contents = append(contents, photograph(shade))
	}
	p.shoot(contents...)
}

// shoot takes pictures, as the camera or the gallery gives them.
func (p *phone) shoot(contents ...[]byte) {
	p.t.Helper()
	var names []string
	for i, content := range contents {
		name := filepath.Join(p.t.TempDir(), fmt.Sprintf("camera-%d.jpg", i))
		if err := os.WriteFile(name, content, 0o644); err != nil {
			p.t.Fatal(err)
		}
		names = append(names, name)
	}
	onPhone(p, chromedp.SetUploadFiles(`#view input[type=file]`, names))
}

const testPIN = "739104"

// enrol signs in for the first time and sets the PIN.
func (p *phone) enrol(user string) {
	p.t.Helper()
	p.open()
	p.fill("username", user)
	p.fill("password", password)
	p.press("登录")
	p.fill("pin", testPIN)
	p.fill("repeat", testPIN)
	p.press("设置")
	p.until(`[...document.querySelectorAll("button")].some((b) => b.textContent === "人员")`) // what it takes along has come
	p.until(`navigator.serviceWorker.controller`)
}

// unlock opens the page that is there with the PIN.
func (p *phone) unlock() {
	p.t.Helper()
	p.fill("pin", testPIN)
	p.press("打开")
	p.until(`document.getElementById("queue") || document.getElementById("keep")`)
}

// sent waits until nothing waits any more. A browser that was killed may have forgotten the session: then it asks, and goes on.
func (p *phone) sent(user string) {
	p.t.Helper()
	for range 2 {
		p.until(says("未上传 0") + ` || document.getElementById("alert-sign")`)
		if !onPhone(p, chromedp.Evaluate[bool](`!!document.getElementById("alert-sign")`)) {
			return
		}
		p.signIn(user)
	}
	p.until(says("未上传 0"))
}

// signIn answers the question to sign in that stands above the page.
func (p *phone) signIn(user string) {
	p.t.Helper()
	p.fill("username", user)
	p.fill("password", password)
	p.until(`(() => { const b = document.querySelector("#alert-sign button"); if (b) b.click(); return b; })()`)
	p.until(`!document.getElementById("alert-sign")`)
}

// fillCase enters everything of a new case but its photos.
func (p *phone) fillCase(n int) {
	p.t.Helper()
	for _, pair := range caseFields(n) {
		p.fill(pair[0], pair[1])
	}
}

func caseFields(n int) [][2]string {
	return [][2]string{{"id_number", number(n)}, {"name", fmt.Sprint("金丝雀", n)}, {"managing_area_code", villageA}, {"hukou_type", "agricultural"},
		{"certificate.number", fmt.Sprintf("%s4%d", number(n), 1)}, {"certificate.category", "4"}, {"certificate.level", "1"}, {"certificate.issued_on", "2020-01-06"},
		{"programme", "nursing_subsidy"}, {"applicant.relation", "self"}}
}

func (p *phone) picture(name string) {
	folder := os.Getenv("ZHUCAN_PICTURES")
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), onPhone(p, chromedp.FullScreenshot(100)), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// nowhere fails the test where a text lies readable anywhere in the memory of the browser.
func (p *phone) nowhere(texts ...string) {
	p.t.Helper()
	if at := p.readable(texts...); at != "" {
		p.t.Errorf("readable on the phone: %s", at)
	}
}

// readable is the first file of the browser in which one of some texts stands, in UTF-8 or UTF-16.
func (p *phone) readable(texts ...string) string {
	p.t.Helper()
	found := ""
	err := filepath.WalkDir(p.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() || found != "" {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return nil // removed meanwhile
		}
		defer f.Close()
		content, err := io.ReadAll(f)
		for _, text := range texts {
			var wide strings.Builder
			for _, r := range text {
				wide.WriteByte(byte(r))
				wide.WriteByte(byte(r >> 8))
			}
			if strings.Contains(string(content), text) || strings.Contains(string(content), wide.String()) {
				found = path + ": " + text
			}
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}
