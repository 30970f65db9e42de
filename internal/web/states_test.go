package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"zhucan/internal/casework"
)

// TestStatesWithoutBarriers looks at what people see when something is wrong or nothing is there: forms sent empty, refusals, what was
// not found, a version that somebody else has changed, a session that has ended, lists with nothing in them.
func TestStatesWithoutBarriers(t *testing.T) {
	t.Parallel()
	s, f := full(t)
	b := s.tab(chromium(t))
	b.cookie("zhucan-language", "zh")
	b.size(360, 900)

	b.open("/sign-in")
	b.click(`button[value="sign-in"]`)
	b.refused("sign-in", "登录")
	for _, form := range []struct{ user, path, do string }{{"liaison.a", "/persons/:id/apply", "submit"}, {"liaison.a", "/persons/:id/survey", "save"},
		{"liaison.a", "/persons/:id/services/new", "open"}, {"liaison.a", "/services/:id/steps/:step", "take"}, {"hotline", "/tickets/new", "receive"}, {"admin", "/accounts/new", "add"},
		{"admin", "/policies/new", "rates"}, {"admin", "/deputies", "depute"}, {"admin", "/webhooks", "register"}, {"admin", "/calendars", "record"}, {"stats", "/releases/new", "seal"},
		{"stats", "/figures", "record"}, {"town.a", "/facilities", "add"}, {"town.a", "/imports/new", "take"}, {"town.a", "/queue/:id", "decide"}, {"civil", "/persons/:id/numbers", "reveal"}, {"finance", "/policies/try", "simulate"}} {
		b.use(form.user)
		b.open(f.place(form.path, form.user) + furtherOn[form.path])
		b.openUp(`main button[value="` + form.do + `"]`)
		b.click(`main button[value="` + form.do + `"]`)
		b.refused(form.path+" sent empty", "")
	}

	b.use("cdpf")
	for at, says := range map[string]string{f.place("/persons/:id", "cdpf") + "?as_of=2.1.2023": "未采用", "/supervision?from=2.1.2023": "未采用", "/applications?case_number=1": "受理编号不正确",
		"/persons?area=" + villageA: "全部", "/tickets?state=waiting": "办理中", "/awards": "发放账目"} {
		b.open(at)
		b.shown(at, says)
	}
	b.open(f.place("/persons/:id/numbers", "cdpf"))
	b.tick(`[name="fields"][value="id_number"]`)
	b.fill(`[name="reason"]`, "电话核对")
	b.click(`button[value="reveal"]`)
	b.shown("numbers shown whole", "身份证")
	b.open("/policies/try")
	b.tick(`[name="programme"][value="nursing_subsidy"]`)
	for name, text := range map[string]string{"from": "2024-01-01", "level1": "200", "paper": "民发〔2024〕1号", "budget": "100"} {
		run(b, chromedp.Evaluate[string](`document.querySelector(`+quoted(`[name="`+name+`"]`)+`).value = `+quoted(text)))
	}
	b.click(`button[value="simulate"]`)
	b.shown("a forecast against a budget", "余额")

	b.use("town.a")
	b.open("/queue")
	b.click(`button[value="decide"]`)
	b.both("queue-wrong")

	b.use("liaison.a")
	b.open("/persons/new")
	b.click(`button[value="add"]`)
	b.both("person-wrong")
	if focused := run(b, chromedp.Evaluate[string](`document.activeElement.className`)); focused != "errors" {
		t.Errorf("the summary of errors has not got the focus: %q has", focused)
	}
	b.open("/nothing")
	b.both("not-found")
	b.size(360, 900)
	b.open("/accounts")
	b.shown("a page that is not for the role", "FORBIDDEN")
	b.open("/persons/" + uuid.NewString())
	b.shown("somebody who is not there", "NOT_FOUND")
	b.staleForm(f.person)

	b.use("town.c")
	for _, path := range []string{"/", "/queue", "/persons", "/applications", "/notices", "/rosters", "/recoveries", "/statements", "/imports", "/tickets", "/phones", "/releases"} {
		b.open(path)
		b.wantNoBarriers("nothing at " + path)
	}

	b.use("liaison.a")
	b.open("/persons/new")
	s.clock.Add(13 * time.Hour)
	b.click(`button[value="add"]`)
	b.shown("the session has ended", "登录已失效")
}

func (b *tab) tick(selector string) {
	run(b, chromedp.Evaluate[bool](`document.querySelector(`+quoted(selector)+`).checked = true`))
}

// openUp opens the folded parts of a page in which something is.
func (b *tab) openUp(selector string) {
	b.t.Helper()
	if !run(b, chromedp.Evaluate[bool](`(() => { const one = document.querySelector(`+quoted(selector)+`); for (let e = one; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true; return !!one; })()`)) {
		b.t.Fatalf("%s has no %s: %s", run(b, chromedp.Location()), selector, run(b, chromedp.Evaluate[string](`document.querySelector("main").innerText`)))
	}
}

// refused looks at a form that came back.
func (b *tab) refused(name, says string) {
	b.t.Helper()
	if !run(b, chromedp.Evaluate[bool](`!!document.querySelector("[aria-invalid=true], .errors") && document.title.startsWith("有误")`)) {
		b.t.Errorf("%s: nothing says that it was refused: %s", name, run(b, chromedp.Evaluate[string](`document.title + " " + document.querySelector("main").innerText`)))
	}
	b.shown(name, says)
}

// shown looks at a page that has to say something.
func (b *tab) shown(name, says string) {
	b.t.Helper()
	b.shows(says)
	b.wantNoBarriers(name)
}

// staleForm changes somebody while a form about him is open.
func (b *tab) staleForm(person uuid.UUID) {
	b.t.Helper()
	ctx, s := context.Background(), b.site
	b.open("/persons/" + person.String() + "/edit")
	b.fill(`[name="phone"]`, "19900001234")
	d, err := s.desk.Person(ctx, s.actor("town.a"), person)
	must(b.t, err)
	theirs := "19900004321"
	_, err = s.desk.UpdatePerson(ctx, s.actor("town.a"), person, d.File.Person.Version, casework.PersonPatch{Phone: &theirs})
	must(b.t, err)
	b.click(`button[value="save"]`)
	b.shown("somebody else has changed it", "199****4321")
}

// TestOtherWaysOfLooking looks at pages in forced colours, on paper and with letters of double size.
func TestOtherWaysOfLooking(t *testing.T) {
	t.Parallel()
	s, f := full(t)
	s.populated()
	b := s.tab(chromium(t))
	b.cookie("zhucan-language", "zh")
	b.size(1280, 900)
	for _, path := range []string{"/", "/persons/:id", "/persons/:id/apply", "/queue/:id", "/queue", "/rosters/:id", "/indicators", "/indicators/:key", "/supervision", "/audit"} {
		user := seer(path, maySee[path])
		b.use(user)
		b.open(f.place(path, user))
		b.forced(true)
		b.wantNoBarriers(path + " in forced colours")
		b.wantEdges(path)
		b.picture("forced" + strings.NewReplacer("/", "-", ":", "").Replace(path))
		b.forced(false)
		b.media("print")
		b.wantNoBarriers(path + " on paper")
		b.media("")
		run(b, chromedp.Evaluate[string](`document.documentElement.style.fontSize = "225%"`))
		b.wantNoBarriers(path + " with double text")
	}
}

// forced shows pages in the few colours that somebody has chosen for everything.
func (b *tab) forced(on bool) {
	b.t.Helper()
	in := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: map[bool]string{true: "active", false: "none"}[on]}}}
	run(b, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, in)
		return err
	}))
	if run(b, chromedp.Evaluate[bool](`matchMedia("(forced-colors: active)").matches`)) != on {
		b.t.Fatal("colours are not forced")
	}
}

// wantEdges holds the page to showing where buttons, fields and the chosen entry of the menu are without its own colours.
func (b *tab) wantEdges(name string) {
	b.t.Helper()
	if lost := run(b, chromedp.Evaluate[string](`[...document.querySelectorAll("main button, main .button, main input:not([type=hidden]), main select, main textarea, .menu a[aria-current]")].filter((e) => {
		const s = getComputedStyle(e), widths = ["Top", "Right", "Bottom", "Left"].filter((side) => s["border" + side + "Style"] !== "none" && parseFloat(s["border" + side + "Width"]) > 0 && s["border" + side + "Color"] !== s.backgroundColor);
		return e.offsetParent && !widths.length && !["checkbox", "radio"].includes(e.type);
	}).map((e) => e.outerHTML.slice(0, 80)).join("\n")`)); lost != "" {
		b.t.Errorf("%s in forced colours: no edge shows %s", name, lost)
	}
	if alike := run(b, chromedp.Evaluate[string](`(() => {
		const edge = (e) => getComputedStyle(e).borderBottomColor, here = document.querySelector(".menu a[aria-current]");
		return here ? [...document.querySelectorAll(".menu a:not([aria-current])")].filter((e) => edge(e) === edge(here)).map((e) => e.innerText).join(" ") : "";
	})()`)); alike != "" {
		b.t.Errorf("%s in forced colours: what is not chosen in the menu looks as what is: %s", name, alike)
	}
}
