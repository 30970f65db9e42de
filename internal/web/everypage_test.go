package web_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"zhucan/internal/application"
	"zhucan/internal/casework"
	"zhucan/internal/casework/testdesk"
)

// furtherOn is what is chosen first on pages that ask for it, so that what they then ask is looked at.
var furtherOn = map[string]string{"/persons/:id/services/new": "?kind=rehab"}

// TestEveryPage opens each page as an officer with nothing kept and again, and holds bytes and requests to a budget; then in Chinese as who has
// most to do with it and in English, and holds what is on the screen of a small phone, of a desk and with text of double size to WCAG 2.2.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	s, f := full(t)
	s.busy()
	w := newWire(t, s.url)
	b := s.tab(chromium(t))
	name := strings.NewReplacer("/", "-", ":", "").Replace
	budget := func(at string) {
		b.cookie("zhucan-language", "zh")
		b.size(360, 800)
		b.wantBudget(w, at)
	}
	inChinese := func(path string) {
		b.both("page" + name(path))
		if strings.HasSuffix(path, "/sheet") || strings.HasSuffix(path, "/form") || strings.HasSuffix(path, "/letter") {
			b.wantPaper("print" + name(path))
		}
	}
	inEnglish := func(at string) {
		b.cookie("zhucan-language", "en")
		b.size(360, 900)
		b.open(at)
		if lang := run(b, chromedp.Evaluate[string](`document.documentElement.lang`)); lang != "en" {
			t.Errorf("%s is in %s", at, lang)
		}
		b.wantNoBarriers("English " + at)
	}
	for _, at := range []string{"/sign-in", "/status"} {
		budget(at)
		inChinese(at)
		inEnglish(at)
	}
	for _, path := range slices.Sorted(maps.Keys(maySee)) {
		who := maySee[path]
		first, officer := userOf[who[0]], seer(path, who)
		if strings.HasPrefix(path, "/rosters") || strings.HasPrefix(path, "/recoveries") {
			first = officer
		}
		at, more := f.place(path, officer), furtherOn[path]
		if at == "" {
			continue
		}
		b.use(officer)
		budget(at + more)
		if first != officer {
			b.use(first)
			b.open(f.place(path, first) + more)
		}
		inChinese(path)
		b.use(officer)
		inEnglish(at)
		if more != "" {
			inEnglish(at + more)
		}
	}
	b.use("liaison.a")
	budget("/offline/")
	inChinese("/offline/")
}

// full is a site in which every page has something to show.
func full(t *testing.T) (*site, fixture) {
	s := start(t)
	f := s.fixture("监护人壬", 801)
	f.more = map[string]uuid.UUID{}
	for _, add := range further {
		add(s, &f)
	}
	f.more["/queue"] = s.submitted(803, 1, villageA).ID
	_, _, err := s.desk.AttachToApplication(t.Context(), s.actor("liaison.a"), f.more["/queue"], photograph(3))
	must(t, err)
	return s, f
}

// busy makes what fills lists: a village of people, cases that wait, among them one that the officer has handed in himself, and a list that
// leaves somebody out.
func (s *site) busy() {
	s.t.Helper()
	ctx := context.Background()
	for n := range 30 {
		s.person(821+2*n, 1+n%4, villageA)
	}
	for n := range 4 {
		s.submitted(405+2*n, 1+n, villageA)
	}
	own, err := s.desk.EnterApplication(ctx, s.actor("town.a"), casework.NewApplication{PersonID: s.person(421, 1, villageA), Programme: "nursing_subsidy",
		AppliedOn: s.today(), Applicant: application.Applicant{Relation: "self"}})
	must(s.t, err)
	_, err = s.desk.SubmitApplication(ctx, s.actor("town.a"), own.ID, own.Version)
	must(s.t, err)
	s.poor(431)
	s.handedIn("town.a", "dibao", "姓名,身份证号\n不在册,"+number(499)+"\n", false)
}

// seer is the officer who looks at a page in the tests, of those who may.
func seer(path string, who roles) string {
	switch {
	case strings.HasPrefix(path, "/rosters"):
		return "finance"
	case strings.HasPrefix(path, "/recoveries"):
		return "cdpf"
	case slices.Contains(who, town):
		return "town.a"
	}
	return userOf[who[0]]
}

// place is where a user of the tests looks at a page, and empty where it is a file.
func (f fixture) place(path, user string) string {
	if strings.HasPrefix(path, "/attachments") || strings.HasSuffix(path, "/file") || strings.HasSuffix(path, "/workbook") {
		return ""
	}
	return f.office.of(testdesk.Accounts[user].Role, strings.Replace(f.address(path), "wrong_amount", "eligible_not_enrolled", 1))
}

// wantPaper looks at a paper as it is printed: nothing but the paper.
func (b *tab) wantPaper(name string) {
	b.t.Helper()
	b.media("print")
	defer b.media("")
	if shown := run(b, chromedp.Evaluate[string](`[...document.querySelectorAll("header, nav, form, footer, .noprint")].filter((e) => e.offsetParent !== null).map((e) => e.outerHTML.slice(0, 80)).join("\n")`)); shown != "" {
		b.t.Errorf("%s prints %s", name, shown)
	}
	b.picture(name)
}
