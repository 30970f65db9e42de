package web_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// rateShown is what the page of an indicator shows.
type rateShown struct {
	Covered, All int
	Rate         string
}

// rateNow is what the statistician sees of the nursing subsidy. The rate has to be that of its two counts.
func (h *hand) rateNow() rateShown {
	h.t.Helper()
	h.signIn("stats", "/indicators")
	h.follow(`main a[href^="/indicators/nursing_subsidy_coverage?"]`)
	text := run(h.tab, chromedp.Evaluate[string](`document.getElementById("value").parentElement.innerText`))
	found := regexp.MustCompile(`(\d+\.\d\d)%[\s\S]*?(\d+) / (\d+) 人`).FindStringSubmatch(text)
	if found == nil {
		h.t.Fatalf("the page of the indicator shows no rate: %s", text)
	}
	covered, _ := strconv.Atoi(found[2])
	all, _ := strconv.Atoi(found[3])
	if want := fmt.Sprintf("%d.%02d", covered*100/all, covered*10000/all%100); found[1] != want {
		h.t.Errorf("%d of %d is shown as %s%%, want %s%%", covered, all, found[1], want)
	}
	return rateShown{covered, all, found[1]}
}

// yuanAfter is the amount that a page shows after some words, in fen.
func (h *hand) yuanAfter(words string) int {
	h.t.Helper()
	text := run(h.tab, chromedp.Evaluate[string](`document.querySelector("main").innerText`))
	found := regexp.MustCompile(regexp.QuoteMeta(words) + `\s*([\d,]+)\.(\d\d)`).FindStringSubmatch(text)
	if found == nil {
		h.t.Fatalf("no amount after %q: %s", words, text)
	}
	fen, err := strconv.Atoi(strings.ReplaceAll(found[1], ",", "") + found[2])
	must(h.t, err)
	return fen
}

// TestFromTheFieldToTheRate is the whole way of one person in real browsers: a liaison enters an application where there is no network,
// with a photo, beside a visit and a need; the network comes back and all is sent; the town decides by keyboard; the district makes, checks and locks a roster and
// the bank pays it; and the statistician's page shows one person more, first among those who should receive and then among those who do.
func TestFromTheFieldToTheRate(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.populated()
	s.nowIsNow()
	h := &hand{tab: s.tab(chromium(t))}
	h.size(1280, 900)
	before := h.rateNow()
	if before.Covered == 0 || before.Covered == before.All {
		t.Fatalf("before anything happens it is %+v: one more could not be told", before)
	}

	p := s.phone()
	p.enrol("liaison.a")
	p.online(false)
	p.kill()
	p.start()
	p.open() // from what the phone keeps alone
	p.unlock()
	inHand := &hand{tab: &tab{t, s, p.ctx}}
	inHand.through()
	p.visitsOffline()
	p.press("新增人员和申请")
	p.until(`document.getElementById("keep")`)
	inHand.through()
	p.fillCase(601)
	p.fill("bank_account", "6228480200000601")
	p.photo(5)
	p.until(`document.querySelectorAll("ul.thumbs canvas").length === 1`)
	p.press("保存，待上传")
	p.until(says("未上传 3"))
	s.wantFound(601, 0, 0, 0)
	if now := h.rateNow(); now != before {
		t.Errorf("while it waits on the phone the rate goes from %+v to %+v", before, now)
	}
	p.online(true)
	p.sent("liaison.a")
	s.wantFound(601, 1, 1, 1)
	s.wantVisited()
	entered := h.rateNow()
	if want := before.All + 1; entered.All != want || entered.Covered != before.Covered {
		t.Errorf("with the person in the register it is %+v, before %+v", entered, before)
	}

	s.submitsOnThePhone(p)
	monthly := s.decidesByKeyboard(h)
	approved := h.rateNow()
	if approved.All != entered.All || approved.Covered != entered.Covered+1 || approved.Rate <= before.Rate {
		t.Errorf("after the approval it is %+v, before %+v", approved, entered)
	}
	s.paysTheRoster(h, monthly)
	if after := h.rateNow(); after != approved {
		t.Errorf("paying changes the rate from %+v to %+v", approved, after)
	}
}

// submitsOnThePhone finds the draft on the phone, now with a network, and hands it in.
func (s *site) submitsOnThePhone(p *phone) {
	s.t.Helper()
	h := &hand{tab: &tab{s.t, s, p.ctx}}
	h.cookie("zhucan-language", "zh")
	h.enter("/")
	h.menu("/applications")
	h.choose("stage", "draft")
	h.to(`form[method="get"] button`)
	h.lead("\r")
	h.shows("金丝雀601")
	h.follow(`main td a[href^="/applications/"]`)
	h.shows("草稿", "附件1")
	h.send("submit")
	h.shows("已提交")
}

// decidesByKeyboard takes the one case that waits for the town, looks at it and approves it. It says what is owed for a month, in fen.
func (s *site) decidesByKeyboard(h *hand) int {
	s.t.Helper()
	h.signIn("town.a", "/queue")
	h.shows("共 1 件待办", "金丝雀601")
	h.follow(`main td a[href^="/queue/"]`)
	h.shows("金丝雀601", "附件1", "成立")
	monthly := h.yuanAfter("每月")
	h.press("a")
	if !h.on(`[name="decision"][value="approve"]:checked`) {
		s.t.Fatal("the key a does not choose approval")
	}
	h.last = h.where()
	h.send("decide")
	h.shows("已同意", "没有待办的申请")
	return monthly
}

// paysTheRoster makes the roster of the month, has it checked, locked and sent by others, and takes in what the bank says.
func (s *site) paysTheRoster(h *hand, monthly int) {
	s.t.Helper()
	h.signIn("civil", "/rosters")
	h.send("make")
	h.shows("花名册已编制", "金丝雀601")
	at := run(h.tab, chromedp.Evaluate[string](`location.pathname`))
	text := run(h.tab, chromedp.Evaluate[string](`[...document.querySelectorAll("tbody tr")].map((tr) => tr.innerText).find((t) => t.includes("金丝雀601"))`))
	if want := fmt.Sprintf("%d.%02d", monthly/100, monthly%100); !strings.Contains(text, want) {
		s.t.Errorf("the line of the roster is %q, want %s", text, want)
	}
	for _, step := range []struct{ user, do, says string }{{"cdpf", "check", "已复核"}, {"civil", "lock", "已锁定"}, {"finance", "send", "已报送，待银行结果"}} {
		h.signIn(step.user, at)
		h.send(step.do)
		h.shows(step.says)
	}
	file := s.as("finance").get(at + "/file?format=csv").want(200)
	h.file("file", "results.csv", answered(s.t, []byte(file.body), func(string) (string, string) { return "成功", "" }))
	h.send("results")
	h.shows("成功 1 笔，失败 0 笔，以前已登记 0 笔，未接受 0 行") // the others have no account and are held
	person := run(h.tab, chromedp.Evaluate[string](`[...document.querySelectorAll("tbody a")].find((a) => a.textContent.includes("金丝雀601")).getAttribute("href")`))
	rows := rowsOf(s.as("finance").get(person).want(200))
	month := fmt.Sprintf("%d.%02d", monthly/100, monthly%100)
	if cells := strings.Split(rows[0], "|"); len(rows) != 1 || cells[2] != month || strings.Join(cells[4:], " ") != month+" 0.00 0.00 0.00 0.00" {
		s.t.Errorf("the account says %q, want %s due and paid", rows, month)
	}
}
