package web_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"golang.org/x/net/html"
)

// menuOf is the entries of a page's menu at first sight, and where everything of it leads.
func menuOf(sh shown) (entries, paths []string) {
	for _, nav := range all(sh.doc, "nav") {
		if attr(nav, "class") != "menu" {
			continue
		}
		for li := range all(nav, "ul")[0].ChildNodes() {
			if li.Type != html.ElementNode {
				continue
			}
			name := textOf(li)
			for _, summary := range all(li, "summary") {
				name = textOf(summary)
			}
			entries = append(entries, name)
		}
		for _, a := range all(nav, "a") {
			paths = append(paths, attr(a, "href"))
		}
	}
	return entries, paths
}

// TestMenuIsGrouped: nobody has to read more than a handful of words, and nothing is lost behind them.
func TestMenuIsGrouped(t *testing.T) {
	t.Parallel()
	s := start(t)
	for role, user := range userOf {
		entries, paths := menuOf(s.as(user).get("/").want(200))
		if len(entries) > 8 {
			t.Errorf("the menu of %s has %d entries: %v", role, len(entries), entries)
		}
		for _, path := range paths {
			if !slices.Contains(maySee[path], role) {
				t.Errorf("the menu of %s leads to %s", role, path)
			}
		}
		if len(slices.Compact(slices.Sorted(slices.Values(paths)))) != len(paths) {
			t.Errorf("the menu of %s names a page twice: %v", role, paths)
		}
	}
	entries, paths := menuOf(s.as("town.a").get("/rosters").want(200))
	if want := "[今日工作 人员 办理 资金 名单比对 统计监督]"; fmt.Sprint(entries) != want {
		t.Errorf("a town officer's menu is %v, want %s", entries, want)
	}
	for _, path := range []string{"/", "/persons", "/households", "/verifications", "/applications", "/services", "/queue", "/notices", "/tickets", "/rosters", "/recoveries", "/statements", "/imports", "/supervision", "/indicators"} {
		if !slices.Contains(paths, path) {
			t.Errorf("a town officer's menu does not lead to %s", path)
		}
	}
	here := s.as("town.a").get("/rosters")
	for _, summary := range all(here.doc, "summary") {
		if marked := attr(summary, "aria-current") == "true"; marked != (textOf(summary) == "资金") {
			t.Errorf("%s is marked: %v", textOf(summary), marked)
		}
	}
}

// TestMenuByKeyboard opens groups by keys alone, on a small phone and on a desk: no barrier, nothing beside the screen.
func TestMenuByKeyboard(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.tab(chromium(t))
	b.cookie("zhucan-language", "zh")
	b.use("town.a")
	for _, width := range []int64{320, 1280} {
		b.size(width, 900)
		b.open("/rosters")
		for n := range 5 {
			run(b, chromedp.Evaluate[bool](fmt.Sprintf(`document.querySelectorAll(".menu summary")[%d].focus(); true`, n)))
			run(b, chromedp.KeyEvent(kb.Enter))
			if open := run(b, chromedp.Evaluate[string](`[...document.querySelectorAll(".menu details[open] a")].filter((a) => a.checkVisibility()).map((a) => a.textContent).join(" ")`)); open == "" {
				t.Errorf("group %d does not open at %d", n, width)
			}
			if open := run(b, chromedp.Evaluate[float64](`document.querySelectorAll(".menu details[open]").length`)); open != 1 {
				t.Errorf("%v groups are open at %d", open, width)
			}
			b.wantNoBarriers(fmt.Sprintf("menu group %d at %d", n, width))
			b.picture(fmt.Sprintf("menu-%d-%d", n, width))
		}
		run(b, chromedp.KeyEvent(kb.Escape))
		if left := run(b, chromedp.Evaluate[string](`document.querySelectorAll(".menu details[open]").length + " " + document.activeElement.tagName`)); left != "0 SUMMARY" {
			t.Errorf("after Escape: %s", left)
		}
		run(b, chromedp.KeyEvent(kb.Enter))
		b.click(`.menu details[open] a`)
		if at := run(b, chromedp.Evaluate[string](`location.pathname`)); at != "/supervision" {
			t.Errorf("the first entry of the last group leads to %s", at)
		}
	}
}
