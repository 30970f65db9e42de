package web_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// hand is somebody who has a keyboard and nothing else. Every place that the focus comes to on the way is looked at: it can be seen,
// it lies behind the one before it, and it lets go again.
type hand struct {
	*tab
	last  stop
	stuck int // how often the focus has not moved
}

// stop is where the focus is.
type stop struct {
	Name        string  // for the reader of a failure
	At          int     // its place in the document; -1: nothing has the focus
	Unseen      string  // why it cannot be seen; empty: it can be
	Top, Bottom float64 // on the page
	Left, Right float64
	Fields      int // parts that Tab goes through inside it: those of a date
	Document    string
}

// where reads the focus: whether its outline is drawn, is thick, differs from the ground by 3 to 1, and lies in the window with nothing above it.
const where = `(() => {
	const e = document.activeElement, here = {Document: String(performance.timeOrigin), At: -1, Name: "nothing"};
	if (!e || e === document.body || e === document.documentElement) return JSON.stringify(here);
	const style = getComputedStyle(e), numbers = (c) => (c.match(/[\d.]+/g) || []).map(Number);
	const light = (c) => { const [r, g, b] = numbers(c).map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
	let behind = e.parentElement;
	while (behind && numbers(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
	const lights = [light(style.outlineColor), light(behind ? getComputedStyle(behind).backgroundColor : "rgb(255, 255, 255)")].sort((a, b) => b - a);
	const box = e.getBoundingClientRect(), part = e.getClientRects()[0] || box;
	const left = Math.max(part.left, 0), right = Math.min(part.right, innerWidth), top = Math.max(part.top, 0), bottom = Math.min(part.bottom, innerHeight);
	const above = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
	let unseen = "";
	if (!e.matches(":focus")) unseen = ""; // the button inside a date, which no style of the page reaches; the browser draws a ring around it
	else if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) unseen = "it has no outline";
	else if ((lights[0] + .05) / (lights[1] + .05) < 3) unseen = "its outline is too faint: " + style.outlineColor;
	else if (right - left < 1 || bottom - top < 1) unseen = "it is outside the window";
	else if (!above || !(e.contains(above) || above.contains(e))) unseen = "something lies above it: " + (above ? above.outerHTML.slice(0, 80) : "");
	const said = (e.labels && e.labels[0] || e).innerText || e.getAttribute("aria-label") || "";
	return JSON.stringify({...here, At: [...document.querySelectorAll("*")].indexOf(e), Name: e.tagName.toLowerCase() + " " + (e.name || e.getAttribute("href") || e.className || "") + " " + said.slice(0, 20),
		Unseen: unseen, Top: box.top + scrollY, Bottom: box.bottom + scrollY, Left: box.left, Right: box.right,
		Fields: {date: 5, month: 4, "datetime-local": 8}[e.type] || 1});
})()`

func (h *hand) where() (at stop) {
	h.t.Helper()
	if err := json.Unmarshal([]byte(run(h.tab, chromedp.Evaluate[string](where))), &at); err != nil {
		h.t.Fatal(err)
	}
	return at
}

// note notes where the focus has come to, and what is wrong with that.
func (h *hand) note(now stop, forwards bool) stop {
	h.t.Helper()
	last := h.last
	h.last = now
	if now.At < 0 || now.Document != last.Document || last.At < 0 {
		h.stuck = 0
	} else if now.At == last.At {
		if h.stuck++; h.stuck >= now.Fields {
			h.t.Fatalf("the focus is caught in %s", now.Name)
		}
	} else {
		h.stuck = 0
		if (now.At > last.At) != forwards {
			h.t.Errorf("the focus goes from %s to %s", last.Name, now.Name)
		}
		beside := now.Left >= last.Right || now.Right <= last.Left
		if !beside && (forwards && now.Bottom <= last.Top || !forwards && now.Top >= last.Bottom) {
			h.t.Errorf("on the screen the focus jumps from %s to %s", last.Name, now.Name)
		}
	}
	if now.Unseen != "" {
		h.t.Errorf("%s: nobody sees that %s has the focus: %s", run(h.tab, chromedp.Location()), now.Name, now.Unseen)
	}
	return now
}

func (h *hand) next() stop {
	h.t.Helper()
	h.tabKey(true)
	return h.note(h.where(), true)
}

func (h *hand) tabKey(forwards bool) {
	h.t.Helper()
	if forwards {
		h.press("\t")
	} else {
		run(h.tab, chromedp.KeyEvent("\t", chromedp.KeyModifiers(chromedp.ModifierShift)))
	}
}

func (h *hand) back() stop {
	h.t.Helper()
	h.tabKey(false)
	return h.note(h.where(), false)
}

func (h *hand) on(selector string) bool {
	h.t.Helper()
	return run(h.tab, chromedp.Evaluate[bool](`document.activeElement.matches(`+quoted(selector)+`)`))
}

// comesTo waits until the page itself has put the focus somewhere.
func (h *hand) comesTo(selector string) {
	h.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if h.on(selector) {
			h.last = h.where()
			return
		}
	}
	h.t.Fatalf("the focus is not at %s, but at %s", selector, h.where().Name)
}

func quoted(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}

// to goes on with Tab to something. It has to lie ahead.
func (h *hand) to(selector string) {
	h.t.Helper()
	from := h.where()
	for !h.on(selector) {
		if now := h.next(); now.At < 0 {
			h.t.Fatalf("%s: no Tab leads from %s to %s", run(h.tab, chromedp.Location()), from.Name, selector)
		}
	}
}

// backTo goes to something with Shift and Tab.
func (h *hand) backTo(selector string) {
	h.t.Helper()
	from := h.where()
	for !h.on(selector) {
		if now := h.back(); now.At < 0 {
			h.t.Fatalf("no Shift-Tab leads from %s to %s", from.Name, selector)
		}
	}
}

// lead presses a key that leads to another page, and waits for that.
func (h *hand) lead(key string) {
	h.t.Helper()
	from := h.where()
	h.turns(from.Name, func() { h.press(key) })
	h.last = stop{}
}

// enterKey presses Enter in the parts that a keyboard sends. The driver's own stroke is one event, of which the second half would go
// to wherever the first has moved the focus.
func (h *hand) enterKey() {
	h.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeChar, input.DispatchKeyEventTypeKeyUp} {
		in := input.DispatchKeyEventParams{Type: kind, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13, NativeVirtualKeyCode: 13}
		if kind == input.DispatchKeyEventTypeChar {
			in.Text, in.UnmodifiedText = "\r", "\r"
		}
		run(h.tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, in)
			return err
		}))
	}
}

// follow goes to a link and takes it.
func (h *hand) follow(selector string) {
	h.t.Helper()
	h.to(selector)
	h.lead("\r")
}

// menu takes an entry of the menu; where it lies in a group that is folded, the group is opened first.
func (h *hand) menu(path string) {
	h.t.Helper()
	entry := `a[href="` + path + `"]`
	if run(h.tab, chromedp.Evaluate[bool](`!!document.querySelector(`+quoted(".menu details:not([open]) "+entry)+`)`)) {
		h.to(`.menu details:has(` + entry + `) > summary`)
		h.press(" ")
	}
	h.follow(`.menu ` + entry)
}

// send goes to a button of a form and presses it.
func (h *hand) send(do string) {
	h.t.Helper()
	h.to(`button[name="do"][value="` + do + `"]`)
	h.lead(" ")
}

// write goes to a field and writes into it, instead of what is there.
func (h *hand) write(name, text string) {
	h.t.Helper()
	h.to(`[name="` + name + `"]`)
	run(h.tab, chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	h.press(text)
	h.holds(text)
}

// date goes to a date and enters it part by part, in the order in which the browser has them.
func (h *hand) date(name, day string) {
	h.t.Helper()
	h.to(`[name="` + name + `"]`)
	parts := strings.Split(day, "-")
	order := run(h.tab, chromedp.Evaluate[string](`new Intl.DateTimeFormat(navigator.language).formatToParts().map((p) => p.type).filter((t) => t !== "literal").join()`))
	for i, part := range strings.Split(order, ",") {
		h.press(parts[map[string]int{"year": 0, "month": 1, "day": 2}[part]])
		if part == "year" && i == 0 {
			h.press("\t") // it may have six digits
		}
	}
	h.holds(day)
}

func (h *hand) holds(want string) {
	h.t.Helper()
	if got := run(h.tab, chromedp.Evaluate[string](`document.activeElement.value`)); got != want {
		h.t.Errorf("%s holds %q, want %q", h.where().Name, got, want)
	}
}

// radio goes to a group of choices and moves to one of them.
func (h *hand) radio(name, value string) {
	h.t.Helper()
	h.to(`[type="radio"][name="` + name + `"]`)
	h.arrow(value)
	if !run(h.tab, chromedp.Evaluate[bool](`document.activeElement.checked`)) {
		h.press(" ")
	}
	h.last = h.where()
}

// choose goes to a list and moves to an entry of it.
func (h *hand) choose(name, value string) {
	h.t.Helper()
	h.to(`select[name="` + name + `"]`)
	h.arrow(value)
}

// arrow goes down until what has the focus has a value.
func (h *hand) arrow(value string) {
	h.t.Helper()
	for range 150 {
		if run(h.tab, chromedp.Evaluate[string](`document.activeElement.value`)) == value {
			return
		}
		h.press(kb.ArrowDown)
	}
	h.t.Fatalf("no arrow leads to %s from %s", value, h.where().Name)
}

// tick goes to a box and ticks it.
func (h *hand) tick(name, value string) {
	h.t.Helper()
	h.to(`[type="checkbox"][name="` + name + `"][value="` + value + `"]`)
	h.press(" ")
	if !run(h.tab, chromedp.Evaluate[bool](`document.activeElement.checked`)) {
		h.t.Errorf("Space does not tick %s", value)
	}
}

// file goes to a field for files and opens the dialog of the browser, in which a file is chosen.
func (h *hand) file(name, file string, content []byte) {
	h.t.Helper()
	at := filepath.Join(h.t.TempDir(), file)
	must(h.t, os.WriteFile(at, content, 0o644))
	h.to(`[type="file"][name="` + name + `"]`)
	run(h.tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.SetInterceptFileChooserDialog, page.SetInterceptFileChooserDialogParams{Enabled: true})
		return err
	}))
	dialog := run(h.tab, chromedp.WaitEvent(page.FileChooserOpened, nil, chromedp.KeyEvent(" ")))
	run(h.tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{at}, BackendNodeID: dialog.BackendNodeID})
		return err
	}))
}

// enter opens a page, at which the focus is nowhere yet.
func (h *hand) enter(path string) {
	h.t.Helper()
	h.open(path)
	h.last = stop{}
}

// signIn signs in as somebody and goes on to a page. Nobody is signed in after that who was before.
func (h *hand) signIn(user, next string) {
	h.t.Helper()
	run(h.tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.ClearBrowserCookies, cdp.Empty{})
		return err
	}))
	h.cookie("zhucan-language", "zh")
	h.enter("/sign-in?next=" + escaped(next))
	h.write("username", user)
	h.write("password", password)
	h.lead("\r")
	if at := run(h.tab, chromedp.Evaluate[string](`location.pathname`)); at != next {
		h.t.Fatalf("signing in as %s leads to %s", user, at)
	}
}

// through goes to the end of a page, back to its beginning, and to its end again: the way back is the same.
func (h *hand) through() {
	h.t.Helper()
	h.sweep(true)
	back := h.sweep(false)
	way := h.sweep(true)
	slices.Reverse(back)
	if len(way) == 0 || !slices.Equal(way, back) {
		h.t.Errorf("%s: forwards\n%s\nand from the end backwards\n%s", run(h.tab, chromedp.Location()), strings.Join(way, "\n"), strings.Join(back, "\n"))
	}
}

// sweep goes on until the focus leaves the page or begins again.
func (h *hand) sweep(forwards bool) (way []string) {
	h.t.Helper()
	h.last = stop{At: -1}
	h.tabKey(forwards)
	if h.where().At < 0 { // it was at the end already
		h.tabKey(forwards)
	}
	first := -1
	for now := h.where(); ; now = h.where() {
		if now.At < 0 || now.At == first && h.last.At != first {
			return way
		}
		if first < 0 {
			first = now.At
		}
		way = append(way, h.note(now, forwards).Name)
		h.tabKey(forwards)
	}
}
