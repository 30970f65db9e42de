package web_test

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// media shows pages as on a screen or as on paper.
func (b *tab) media(kind string) {
	b.t.Helper()
	run(b, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: kind})
		return err
	}))
}

// TestFiguresWithoutBarriers looks at numbers in the states that the pages of the matrix do not show: by many groups, on paper, as a
// result of the chain, as a forecast; and finds what a reader of screens is told.
func TestFiguresWithoutBarriers(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.populated()
	at := s.brought("complaint")
	b := s.tab(chromium(t))
	b.cookie("zhucan-language", "zh")
	b.use("stats")
	b.open("/indicators?by=category")
	b.both("figures-category")
	if name := run(b, chromedp.Evaluate[string](`document.querySelector("table.heat td").innerText`)); name == "" {
		t.Error("a cell of the table says nothing")
	}
	b.open("/indicators")
	b.both("figures-town")
	b.paper("figures")
	b.open("/indicators/nursing_subsidy_coverage")
	b.both("indicator-trend")
	b.paper("indicator")
	tree := run(b, chromedp.Evaluate[string](`(() => { const s = document.querySelector("svg[role=img]"); return s.getAttribute("aria-labelledby").split(" ").map((id) => document.getElementById(id).textContent).join("|") })()`))
	if tree == "" || tree == "|" {
		t.Error("the picture of the trend has no name")
	}
	if small := run(b, chromedp.Evaluate[float64](`Math.min(...[...document.querySelectorAll("svg text")].map((e) => e.getBoundingClientRect().height))`)); small < 10 {
		t.Errorf("letters of the picture are %v pixels high", small)
	}
	b.use("auditor")
	b.open("/audit/verify")
	b.click(`button[value="verify"]`)
	b.both("chain-holds")
	b.use("hotline")
	b.open(at)
	run(b, chromedp.Click("summary"))
	b.fill(`input[name="reason"]`, "回访")
	b.click(`button[value="reveal"]`)
	b.both("ticket-revealed")
	b.use("admin")
	b.open("/policies/new")
	b.click(`button[value="simulate"]`)
	b.both("policy-wrong")
}

// paper looks at the page that is open as it is printed.
func (b *tab) paper(name string) {
	b.t.Helper()
	b.media("print")
	b.size(690, 980) // what A4 has between its margins
	b.wantNoSideways(name + " on paper")
	b.picture(name + "-paper")
	b.media("")
}
