package web_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zhucan/internal/store"
)

var (
	killRuns = flag.Int("phone.runs", 4, "how often a phone is killed or cut off while a case is entered and sent")
	killSeed = flag.Uint64("phone.seed", 7, "what decides when and how")
)

// The steps of an entry. A fault comes some moments after one of them.
const (
	formOpened = iota
	nameEntered
	halfEntered
	allEntered
	photosTaken
	keepPressed // nobody has seen yet that it is kept
	keptSeen
	sendPressed
	steps
)

var stepNames = [steps]string{"form open", "name entered", "half entered", "all entered", "photos taken", "keep pressed", "seen as kept", "sending"}

// The faults. The first two end everything that runs; the others only the network.
const (
	killTab = iota
	killBrowser
	cutNetwork
	cutRequest
	cutAnswer
	faults
)

var faultNames = [faults]string{"tab killed", "browser killed", "network cut", "cut in the request", "cut in the answer"}

// caseOf is somebody by whom nothing in the register is unique, so that what is done twice is there twice.
func caseOf(n int) [][2]string {
	return [][2]string{{"name", nameOf(n)}, {"sex", "male"}, {"birth_date", "2021-05-03"}, {"managing_area_code", villageA}, {"hukou_type", "agricultural"}, {"diagnosis", "脑瘫"},
		{"guardian.name", "监护人"}, {"guardian.relation", "母亲"}, {"programme", "nursing_subsidy"}, {"applicant.relation", "guardian"}, {"applicant.name", "监护人"}}
}

func nameOf(n int) string { return fmt.Sprintf("金丝雀%c%c", '一'+rune(n/100), '丁'+rune(n%100)) }

// kept is how many people of a name the register has, and their applications and photos.
func (s *site) kept(name string) (persons, applications, photos int) {
	s.t.Helper()
	ctx, who := context.Background(), s.actor("cdpf")
	list, err := s.desk.DB.SearchPersons(ctx, who, store.Search{Name: name})
	for _, p := range list {
		cases, wrong := s.desk.DB.ListApplications(ctx, who, store.ApplicationFilter{PersonID: p.ID, Limit: 100})
		for _, c := range cases {
			files, wrong := s.desk.DB.Attachments(ctx, who, c.ID)
			if photos += len(files); wrong != nil {
				s.t.Fatal(wrong)
			}
		}
		if applications += len(cases); wrong != nil {
			s.t.Fatal(wrong)
		}
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return len(list), applications, photos
}

type campaign struct {
	s    *site
	p    *phone
	rand *rand.Rand
	seen bool // somebody has seen that the entry is kept

	unknown, drafts, anew int // what became of the runs
}

// TestKilledPhones enters cases, and at some moment of each the tab or the browser is killed or the network breaks. Whatever was
// seen to be kept reaches the register, and nothing reaches it twice.
func TestKilledPhones(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.nowIsNow()
	c := &campaign{s: s, p: s.phone(), rand: rand.New(rand.NewPCG(*killSeed, 1))}
	t.Logf("seed %d", *killSeed)
	c.p.enrol("liaison.a")
	counts := map[string]int{}
	for run := range *killRuns {
		step, fault := c.rand.IntN(steps), c.rand.IntN(faults)
		online := c.rand.IntN(2) == 0
		began := time.Now()
		c.seen = false
		c.p.wire.pass()
		if !online {
			c.p.wire.cut()
		}
		c.enter(run, step, fault)
		c.recover(run)
		persons, applications, photos := s.kept(nameOf(run))
		counts[faultNames[fault]+" after "+stepNames[step]]++
		if persons != 1 || applications != 1 || photos != 2 {
			t.Errorf("run %d, %s after %s, online %v: %d persons, %d applications, %d photos", run, faultNames[fault], stepNames[step], online, persons, applications, photos)
		}
		if testing.Verbose() {
			t.Logf("run %d: %s after %s, online %v: %v", run, faultNames[fault], stepNames[step], online, time.Since(began).Round(time.Millisecond))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%3d × %s", counts[name], name)
	}
	t.Logf("%d runs; in %d of them the register had the entry and the phone did not know; %d drafts were finished, %d were entered anew, of which nothing had been seen as kept; %d times the page opened at a second try only",
		*killRuns, c.unknown, c.drafts, c.anew, c.p.reopened)
}

// enter enters a case as far as the fault lets it.
func (c *campaign) enter(run, at, fault int) {
	p, fields := c.p, caseOf(run)
	for step := range steps {
		switch step {
		case formOpened:
			p.press("新增人员和申请")
			p.until(`document.getElementById("keep")`)
		case nameEntered:
			p.fill(fields[0][0], fields[0][1])
		case halfEntered, allEntered:
			for _, f := range fields[1+5*(step-halfEntered) : 6+5*(step-halfEntered)] {
				p.fill(f[0], f[1])
			}
		case photosTaken:
			p.photo(uint8(2*run), uint8(2*run+1))
			p.until(`document.querySelectorAll("ul.thumbs canvas").length === 2`)
		case keepPressed:
			p.press("保存，待上传")
		case keptSeen:
			p.until(`document.getElementById("queue")`)
			c.seen = true
		case sendPressed:
			p.wire.join() // and where it is to break, it does so now
			p.press("现在上传")
		}
		if step == at && c.strike(fault) {
			return
		}
	}
	for end := time.Now().Add(400 * time.Millisecond); fault != cutNetwork && !p.wire.isCut() && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
}

// strike lets a fault happen after some moments; it is true where everything has ended.
func (c *campaign) strike(fault int) bool {
	p := c.p
	time.Sleep(time.Duration(c.rand.IntN(250)) * time.Millisecond)
	switch fault {
	case killTab:
		p.crash()
	case killBrowser:
		p.kill()
		p.start()
	case cutNetwork:
		p.wire.cut()
		time.Sleep(time.Duration(c.rand.IntN(200)) * time.Millisecond)
	case cutRequest:
		p.wire.up.Store(int64(c.rand.IntN(6000)))
	case cutAnswer:
		p.wire.down.Store(int64(c.rand.IntN(4000)))
	}
	return fault == killTab || fault == killBrowser
}

// recover does what a person does who comes back to the phone: opens it, still without a network, finishes what is not finished,
// enters again what was never seen as kept and is nowhere, signs in where asked, and waits until all is sent.
func (c *campaign) recover(run int) {
	p := c.p
	p.wire.cut()
	if onPhone(p, chromedp.Evaluate[string](`location.pathname`)) != "/offline/" {
		p.open()
		p.unlock()
	}
	if onPhone(p, chromedp.Evaluate[bool](`!!document.getElementById("keep")`)) { // the address led back into the form
		p.press("返回")
	}
	p.until(`document.getElementById("queue")`)
	persons, _, _ := c.s.kept(nameOf(run))
	waits := onPhone(p, chromedp.Evaluate[bool](`!!document.querySelector("#queue li")`))
	if persons > 0 && waits {
		c.unknown++
	}
	p.wire.pass()
	switch draft := onPhone(p, chromedp.Evaluate[bool](says("未填完"))); {
	case draft && c.seen:
		c.s.t.Errorf("run %d: what was kept is a draft again", run)
	case draft:
		p.press("继续填写")
		c.finish(run)
		c.drafts++
	case !waits && persons == 0 && c.seen:
		c.s.t.Errorf("run %d: what was kept is nowhere", run)
	case !waits && persons == 0:
		p.press("新增人员和申请")
		c.finish(run)
		c.anew++
	}
	p.press("现在上传")
	p.sent("liaison.a")
	p.until(`document.getElementById("queue") && !document.querySelector("#queue li")`)
}

// finish fills in a form to its end. A photo more is taken where one is missing.
func (c *campaign) finish(run int) {
	p := c.p
	p.until(`document.getElementById("keep")`)
	for _, f := range caseOf(run) {
		p.fill(f[0], f[1])
	}
	time.Sleep(50 * time.Millisecond) // thumbnails are drawn
	for have := 0; have < 2; {
		have = onPhone(p, chromedp.Evaluate[int](`document.querySelectorAll("ul.thumbs canvas").length`))
		if have < 2 {
			p.photo(uint8(100 + 2*run + have))
			p.until(fmt.Sprintf(`document.querySelectorAll("ul.thumbs canvas").length === %d`, have+1))
		}
	}
	p.press("保存，待上传")
	p.until(`document.getElementById("queue")`)
	c.seen = true
}
