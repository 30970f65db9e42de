package web_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

var pageTimes = flag.Bool("page.times", false, "measure the time to first content of every page on an old phone")

// What a page may cost when nothing of it is there yet, and when it is opened again.
const (
	maxBytes           = 150 << 10
	maxRequests        = 8
	maxRequestsOffline = 12 // with the icons and all else that a phone keeps
)

// The network and the processor of an old phone in a village: 1.6 Mbit/s down, 768 kbit/s up, 300 ms for each request, a quarter of this
// machine's speed.
var thirdGeneration = network.Conditions{Latency: 300, DownloadThroughput: 1.6e6 / 8, UploadThroughput: 768e3 / 8}

const slowDown = 4

// visited is what it takes to open a page once.
type visited struct {
	bytes    int64 // on the wire, with the heads of the answers
	requests int
	first    time.Duration // until the first content is on the screen
}

// wantBudget opens the page at a path with nothing kept and then again, and holds what comes over the wire to a budget. How long it takes
// on an old phone is printed when asked for and never held to anything: times are of this machine.
func (b *tab) wantBudget(w *wire, at string) {
	b.t.Helper()
	times := ""
	if *pageTimes {
		b.slowed(&thirdGeneration, slowDown)
		first, again := b.visitTwice(w, at)
		b.slowed(&network.Conditions{DownloadThroughput: -1, UploadThroughput: -1}, 1)
		times = fmt.Sprintf("%6d ms %6d ms", first.first.Milliseconds(), again.first.Milliseconds())
	}
	first, again := b.visitTwice(w, at)
	b.t.Logf("%-64s %7d bytes in %2d requests, again %6d in %d %s", at, first.bytes, first.requests, again.bytes, again.requests, times)
	most := maxRequests
	if at == "/offline/" {
		most = maxRequestsOffline
	}
	if first.bytes > maxBytes || first.requests > most {
		b.t.Errorf("%s takes %d bytes in %d requests", at, first.bytes, first.requests)
	}
	if again.bytes > first.bytes || again.requests > 2 {
		b.t.Errorf("%s takes %d bytes in %d requests when it is opened again", at, again.bytes, again.requests)
	}
}

// visitTwice opens a page with nothing kept, and then again.
func (b *tab) visitTwice(w *wire, at string) (first, again visited) {
	b.t.Helper()
	run(b, chromedp.Navigate("about:blank"))
	run(b, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.ClearBrowserCache, cdp.Empty{})
		if err == nil {
			_, err = cdp.Call(ctx, t, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: w.url(), StorageTypes: "service_workers,cache_storage"})
		}
		return err
	}))
	return b.visitOnce(w, at), b.visitOnce(w, at)
}

// visitOnce opens a page until all of it is there; that which works without a network, until the phone has all that it keeps.
func (b *tab) visitOnce(w *wire, at string) visited {
	b.t.Helper()
	before := w.down.Load()
	run(b, chromedp.Navigate(w.url()+at))
	var seen struct {
		First    float64
		Requests int
	}
	for end := time.Now().Add(patience); seen.First == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("%s never shows anything", at)
		}
		text := run(b, chromedp.Evaluate[string](`JSON.stringify({First: document.readyState === "complete" && (location.pathname !== "/offline/" || navigator.serviceWorker.controller) && performance.getEntriesByName("first-contentful-paint")[0]?.startTime || 0,
			Requests: [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].filter((e) => e.transferSize > 0).length})`))
		if err := json.Unmarshal([]byte(text), &seen); err != nil {
			b.t.Fatal(err)
		}
	}
	return visited{bytes: before - w.down.Load(), requests: seen.Requests, first: time.Duration(seen.First * float64(time.Millisecond))}
}

// slowed lets the browser work as on another network and another processor.
func (b *tab) slowed(as *network.Conditions, factor float64) {
	b.t.Helper()
	run(b, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{as}})
		if err == nil {
			_, err = cdp.Call(ctx, t, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: factor})
		}
		return err
	}))
}
