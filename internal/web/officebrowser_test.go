package web_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"zhucan/internal/application"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
)

// officePages are the first parts of the paths of the offices' pages.
var officePages = []string{"/queue", "/rosters", "/recoveries", "/statements", "/imports", "/notices", "/applications/:id/", "/persons/:id/ledger", "/persons/:id/awards", "/persons/:id/holds", "/supervision", "/phones"}

// TestOfficePagesWithoutBarriers looks at every page of the offices, and at forms that were refused or done, on a small phone, on a desk,
// and with text of double size.
func TestOfficePagesWithoutBarriers(t *testing.T) {
	s := start(t)
	ctx := context.Background()
	f := s.fixture("监护人壬", 401)
	f.more = map[string]uuid.UUID{}
	for _, add := range further {
		add(s, &f)
	}
	f.more["/queue"] = s.submitted(403, 1, villageA).ID
	for n := range 4 {
		s.submitted(405+2*n, 1+n, villageA)
	}
	own, err := s.desk.EnterApplication(ctx, s.actor("town.a"), casework.NewApplication{PersonID: s.person(421, 1, villageA), Programme: "nursing_subsidy",
		AppliedOn: calendar.MustDate("2023-03-28"), Applicant: application.Applicant{Relation: "self"}})
	must(t, err)
	_, err = s.desk.SubmitApplication(ctx, s.actor("town.a"), own.ID, own.Version)
	must(t, err)
	_, _, err = s.desk.AttachToApplication(ctx, s.actor("liaison.a"), f.more["/queue"], photograph(3))
	must(t, err)
	s.poor(431)
	_, _, err = s.desk.ImportList(ctx, s.actor("town.a"), casework.NewList{Kind: "dibao", Sender: "区民政局", Data: []byte("姓名,身份证号\n不在册," + number(499) + "\n")})
	must(t, err)
	b := s.tab(chromium(t))
	b.cookie("zhucan-language", "zh")
	name := strings.NewReplacer("/", "-", ":", "").Replace
	for path, who := range maySee {
		if !slices.ContainsFunc(officePages, func(first string) bool { return strings.HasPrefix(path, first) }) || strings.HasSuffix(path, "/file") || strings.HasSuffix(path, "/workbook") {
			continue
		}
		user := "town.a"
		if strings.HasPrefix(path, "/rosters") {
			user = "finance"
		}
		if strings.HasPrefix(path, "/recoveries") {
			user = "cdpf"
		}
		if !slices.Contains(who, accounts[user].role) {
			t.Fatalf("%s is not for %s", path, user)
		}
		b.use(user)
		b.open(f.address(path))
		b.both("office" + name(path))
		if strings.HasSuffix(path, "/sheet") || strings.HasSuffix(path, "/form") || strings.HasSuffix(path, "/letter") {
			b.wantPaper("print" + name(path))
		}
	}
	b.use("town.a")
	b.open("/queue")
	b.click(`button[value="decide"]`)
	b.both("office-queue-wrong")
}

// wantPaper looks at a paper as it is printed: nothing but the paper.
func (b *tab) wantPaper(name string) {
	b.t.Helper()
	media := func(kind string) {
		run(b, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: kind})
			return err
		}))
	}
	media("print")
	defer media("")
	if shown := run(b, chromedp.Evaluate[string](`[...document.querySelectorAll("header, nav, form, footer, .noprint")].filter((e) => e.offsetParent !== null).map((e) => e.outerHTML.slice(0, 80)).join("\n")`)); shown != "" {
		b.t.Errorf("%s prints %s", name, shown)
	}
	b.picture(name)
}

// TestOfficeKeys: single keys choose and lead on, do nothing inside a field, and can be turned off.
func TestOfficeKeys(t *testing.T) {
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
