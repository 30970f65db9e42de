package web_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// now brings the clock of the site to that of the browsers.
func (s *site) nowIsNow() { s.clock.Add(time.Since(s.clock.Now())) }

// TestOfflineJourney: a liaison enters a case where there is no network; the network comes back; the case is in the register.
func TestOfflineJourney(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.nowIsNow()
	p := s.phone()
	p.enrol("liaison.a")
	p.picture("offline-queue")
	(&tab{t, s, p.ctx}).wantNoBarriers("offline-queue")

	p.online(false)
	p.kill()
	p.start()
	p.open() // from what the phone keeps alone
	p.until(says("请输入本机密码"))
	p.picture("offline-locked")
	(&tab{t, s, p.ctx}).wantNoBarriers("offline-locked")
	p.unlock()
	p.press("新增人员和申请")
	p.until(`document.getElementById("keep")`)
	p.fillCase(41)
	p.fill("guardian.id_number", number(42)) // who is a woman
	p.until(`document.getElementById("f-guardian-id_number-live").textContent === "号码正确。" && document.getElementsByName("sex")[0].value === "male"`)
	p.fill("guardian.id_number", "")
	p.photo(7, 8)
	p.until(`document.querySelectorAll("ul.thumbs canvas").length === 2`)
	p.picture("offline-form")
	(&tab{t, s, p.ctx}).wantNoBarriers("offline-form")
	p.press("保存，待上传")
	p.until(says("未上传 1"))
	p.until(says("没有网络"))
	p.picture("offline-waiting")
	(&tab{t, s, p.ctx}).wantNoBarriers("offline-waiting")
	s.wantFound(41, 0, 0, 0)

	p.online(true)
	p.sent("liaison.a")
	s.wantFound(41, 1, 1, 2)
	p.until(`document.querySelectorAll("#queue li").length === 0`)
}

// chooses sends a form of the other pages in the phone's browser, by its button.
func (p *phone) chooses(at, do string) {
	p.t.Helper()
	onPhone(p, chromedp.Navigate(p.wire.url()+at))
	onPhone(p, chromedp.Evaluate[bool](`(document.querySelector("input[type=radio]")?.click(), document.querySelector("button[value=`+do+`]").click(), true)`))
	p.until(`location.pathname === "/" && document.readyState === "complete"`)
}

// TestNothingIsSentUnderAnother: while its owner acts for somebody, a phone says so and sends nothing, since entries were made under his own
// role and area; when he has stopped, they go out as they are.
func TestNothingIsSentUnderAnother(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.nowIsNow()
	s.deputed(s.accounts["liaison.b"], s.accounts["liaison.a"], "年休假")
	p := s.phone()
	p.enrol("liaison.a")
	p.enterOffline(48)
	onPhone(p, chromedp.Navigate("about:blank")) // nothing looks when the network comes back
	p.online(true)
	p.chooses("/act-for", "act")
	p.open()
	p.unlock()
	p.until(says("您正在代理 测试liaison.b") + ` && ` + says("未上传 1") + ` && ` + says("等待上传"))
	(&tab{t, s, p.ctx}).wantNoBarriers("offline-acting")
	p.press("现在上传")
	p.until(says("您正在代理 测试liaison.b"))
	s.wantFound(48, 0, 0, 0)

	p.chooses("/act-for", "end")
	p.open()
	p.unlock()
	p.sent("liaison.a")
	p.until(`!document.getElementById("alert-acting")`)
	s.wantFound(48, 1, 1, 0)
}

// everything is all that lies in the box, as text: whatever is in clear there can be read in it.
const everything = `(async () => {
	const base = await new Promise((done) => { const asked = indexedDB.open("zhucan-offline"); asked.onsuccess = () => done(asked.result); });
	const text = (value) => value instanceof Uint8Array ? new TextDecoder().decode(value) : value && typeof value === "object" ? Object.entries(value).map(([k, v]) => k + "=" + text(v)).join(" ") : String(value);
	let all = "";
	for (const name of base.objectStoreNames) {
		const rows = await new Promise((done) => { const asked = base.transaction(name).objectStore(name).getAll(); asked.onsuccess = () => done(asked.result); });
		all += rows.map((row) => name + ": " + text(row)).join("\\n") + "\\n";
	}
	base.close();
	return all;
})()`

func (p *phone) box() string {
	p.t.Helper()
	return onPhone(p, chromedp.Evaluate[string](everything, chromedp.EvalAwaitPromise))
}

// enterOffline enters a case where there is no network.
func (p *phone) enterOffline(n int, shades ...uint8) {
	p.t.Helper()
	p.online(false)
	p.press("新增人员和申请")
	p.until(`document.getElementById("keep")`)
	p.fillCase(n)
	if len(shades) > 0 {
		p.photo(shades...)
		p.until(`document.querySelectorAll("ul.thumbs canvas").length > 0`)
	}
	p.press("保存，待上传")
	p.until(says("未上传 1"))
}

// TestPhoneIsSealed: nothing on the phone can be read; ten wrong PINs, counted through reloads and kills, leave a sign-in only, and
// that opens all that is there; signing out leaves what is not sent, sealed.
func TestPhoneIsSealed(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.nowIsNow()
	s.person(40, 1, villageA)
	p := s.phone()
	p.enrol("liaison.a")
	p.enterOffline(42, 9)
	canaries := []string{"金丝雀40", "金丝雀42", number(42), number(40)[:14], "持证残疾人金丝雀"}
	onPhone(p, chromedp.Evaluate[bool](`(async () => {
		const base = await new Promise((done) => { const asked = indexedDB.open("in-clear", 1); asked.onupgradeneeded = () => asked.result.createObjectStore("x"); asked.onsuccess = () => done(asked.result); });
		await new Promise((done) => { const tx = base.transaction("x", "readwrite", { durability: "strict" }); tx.objectStore("x").put("对照文字，可以读出", 1); tx.oncomplete = done; });
		return true; })()`, chromedp.EvalAwaitPromise))
	box := p.box()
	for _, store := range []string{"vaults: ", "items: ", "photos: ", "files: "} {
		if !strings.Contains(box, store) {
			t.Fatalf("the box has no %s", store)
		}
	}
	for _, text := range append(canaries, "nursing_subsidy", "agricultural", testPIN, "JFIF") {
		if strings.Contains(box, text) {
			t.Errorf("the box says %s", text)
		}
	}
	p.kill()
	if p.readable("对照文字，可以读出") == "" {
		t.Fatal("the search does not find what is in clear")
	}
	p.nowhere(canaries...)

	left := 10
	wrong := func() {
		t.Helper()
		left--
		p.fill("pin", "000001")
		p.press("打开")
		p.until(says("还可以试 " + string(rune('0'+left)) + " 次"))
	}
	p.start()
	p.open()
	for range 4 {
		wrong()
	}
	p.kill() // gives no try back
	p.start()
	p.open()
	for range 4 {
		wrong()
	}
	p.open()
	wrong()
	p.fill("pin", "000001")
	p.press("打开")
	p.until(`document.getElementById("gone") && !document.getElementsByName("pin").length`)
	p.picture("offline-gone")
	p.open()
	p.until(`document.getElementById("gone") && !document.getElementsByName("pin").length`)

	p.online(true)
	p.fill("password", password)
	p.press("登录")
	p.until(`document.getElementsByName("repeat").length`)
	p.fill("pin", "850267")
	p.fill("repeat", "850267")
	p.online(false)
	p.press("设置")
	p.until(says("未上传 1") + ` && ` + says("金丝雀42"))

	p.kill() // and comes back to the other pages, signs in, looks at people, and signs out
	p.start()
	p.wire.pass()
	onPhone(p, chromedp.Navigate(p.wire.url()+"/sign-in?next=%2Fpersons"))
	if onPhone(p, chromedp.Evaluate[bool](`!!document.querySelector("input[name=password]")`)) {
		p.fill("username", "liaison.a")
		p.fill("password", password)
		onPhone(p, chromedp.Evaluate[bool](`document.querySelector("button[value=sign-in]").click(), true`))
	}
	p.until(says("金丝雀40"))
	onPhone(p, chromedp.Evaluate[bool](`document.querySelector("form[action='/sign-out'] button").click(), true`))
	p.until(says("已退出登录") + ` || ` + says("You have signed out"))
	p.kill()
	p.nowhere(canaries...)
	p.start()
	p.wire.cut()
	p.open()
	p.fill("pin", "850267")
	p.press("打开")
	p.until(`document.getElementById("queue") && ` + says("未上传 1"))
	p.online(true)
	p.press("现在上传")
	p.sent("liaison.a")
	s.wantFound(42, 1, 1, 1)
	p.kill()
	p.nowhere(canaries...)
}

// TestOfflineTrouble: another has changed the same meanwhile, the sign-in has run out, the phone is full, an entry has waited for
// more than 14 days.
func TestOfflineTrouble(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.nowIsNow()
	ctx := context.Background()
	id := s.person(44, 1, villageA)
	answers := s.answers(id)
	question := slices.Sorted(maps.Keys(answers))[0]
	options := s.options(question)
	p := s.phone()
	p.enrol("liaison.a")

	// both of them change the number, and both answer the survey
	p.online(false)
	p.press("人员")
	p.press("更改电话")
	p.fill("phone", "19900003333")
	p.press("保存，待上传")
	p.until(says("未上传 1"))
	p.press("人员")
	p.press("需求调查")
	p.until(`document.getElementById("keep")`)
	p.press("保存，待上传")
	p.until(says("请填写此项")) // nothing is answered yet
	p.fill("mode", "visit")
	hidden := onPhone(p, chromedp.Evaluate[int](`document.querySelectorAll("fieldset[data-after]:disabled").length`))
	for _, code := range slices.Sorted(maps.Keys(answers)) {
		p.until(`(() => { const one = document.getElementsByName("answers.` + code + `")[0]; return one && !one.matches(":disabled"); })() || true`)
		p.fill("answers."+code, answers[code])
	}
	p.fill("answers."+question, options[1])
	if hidden == 0 {
		t.Error("no question waits for an answer to another")
	}
	p.press("保存，待上传")
	p.until(says("未上传 2"))
	d, err := s.desk.Person(ctx, s.actor("town.a"), id)
	theirs := "19900002222"
	if err == nil {
		_, err = s.desk.UpdatePerson(ctx, s.actor("town.a"), id, d.File.Person.Version, casework.PersonPatch{Phone: &theirs})
	}
	given := map[string][]string{}
	for code, answer := range answers {
		given[code] = []string{answer}
	}
	if err == nil {
		_, err = s.desk.Answer(ctx, s.actor("town.a"), store.Response{Year: s.desk.SurveyYear(), PersonID: id, Mode: "phone", CollectedOn: calendar.DateOf(s.desk.Now()), Answers: given})
	}
	if err != nil {
		t.Fatal(err)
	}
	p.online(true)
	p.until(`[...document.querySelectorAll("button")].filter((b) => b.textContent === "核对两个结果").length === 2`)
	p.press("核对两个结果")
	p.until(says("19900003333") + ` && ` + says("199****2222"))
	p.picture("offline-clash")
	p.fill("c0", "mine")
	p.press("按所选上传")
	p.until(says("未上传 1"))
	p.press("核对两个结果")
	p.until(`document.getElementById("c-0-theirs")`)
	p.fill("c0", "theirs")
	p.press("按所选上传")
	p.until(says("未上传 0"))
	if d, _ = s.desk.Person(ctx, s.actor("cdpf"), id); d.File.Person.Phone != "19900003333" {
		t.Errorf("the number is %s", d.File.Person.Phone)
	}
	if now := s.file(s.as("liaison.a"), id); now.Answers[question][0] != options[0] {
		t.Errorf("the answer is %v, want %s", now.Answers[question], options[0])
	}

	// the sign-in runs out in the middle
	p.enterOffline(45)
	s.clock.Add(13 * time.Hour)
	p.online(true)
	p.until(`document.getElementById("alert-sign")`)
	p.until(says("未上传 1"))
	p.picture("offline-again")
	p.signIn("liaison.a")
	p.until(says("未上传 0"))
	s.wantFound(45, 1, 1, 0)

	// the phone is full: a photo is not kept, and is not half kept
	p.online(false)
	p.press("新增人员和申请")
	p.until(`document.getElementById("keep")`)
	p.fillCase(46)
	p.photo(11)
	p.until(`document.querySelectorAll("ul.thumbs canvas").length === 1`)
	p.kill()
	p.start()
	p.wire.cut()
	p.quota(3 << 20)
	p.open()
	p.unlock()
	p.press("继续填写")
	p.until(`document.querySelectorAll("ul.thumbs canvas").length === 1`)
	photos := 1
	for ; photos < 20; photos++ {
		p.shoot(noise(byte(photos)))
		p.until(fmt.Sprintf(`document.getElementById("alert-kept") || document.querySelectorAll("ul.thumbs canvas").length === %d`, photos+1))
		if onPhone(p, chromedp.Evaluate[bool](`!!document.getElementById("alert-kept")`)) {
			break
		}
	}
	p.until(says("存储空间已满"))
	p.picture("offline-full")
	if rows := strings.Count(p.box(), "photos: "); rows != photos {
		t.Errorf("%d photos are kept, want the %d of before", rows, photos)
	}
	p.quota(-1)
	for range 40 { // the browser believes for a while that there is no room
		if comes(p.t, p.ctx, says("未上传 1"), time.Second) {
			break
		}
		onPhone(p, chromedp.Evaluate[bool](`document.getElementById("keep")?.click(), true`))
	}

	// and nobody sends it for 15 days
	p.kill()
	p.more = `{ const now = Date.now; Date.now = () => now() + 15 * 864e5; }`
	p.start()
	p.wire.cut()
	p.open()
	p.unlock()
	p.until(`document.getElementById("alert-insist") && ` + says("超过14天") + ` && ` + says("未上传 1"))
	p.picture("offline-insist")
	s.clock.Add(15 * 24 * time.Hour)
	p.wire.pass()
	p.press("现在上传")
	p.sent("liaison.a")
	p.until(`!document.getElementById("alert-insist")`)
	s.wantFound(46, 1, 1, photos)

	// a phone without any room does not count a PIN, so it does not take one; a sign-in opens it, and sending makes room
	p.enterOffline(47)
	p.kill()
	p.start()
	p.wire.cut()
	p.quota(0)
	p.open()
	p.fill("pin", testPIN)
	p.press("打开")
	p.until(says("手机存储空间已满，无法用本机密码打开"))
	p.wire.pass()
	p.press("忘记本机密码")
	p.fill("password", password)
	p.press("登录")
	p.until(`document.getElementsByName("repeat").length`)
	p.fill("pin", "850267")
	p.fill("repeat", "850267")
	p.press("设置")
	p.sent("liaison.a")
	s.wantFound(47, 1, 1, 0)
}

// quota leaves the page so many bytes of room beside what it has; below 0 there is no such bound.
func (p *phone) quota(room float64) {
	p.t.Helper()
	onPhone(p, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		in := storage.OverrideQuotaForOriginParams{Origin: p.wire.url()}
		if room >= 0 {
			used, err := cdp.Call(ctx, t, storage.GetUsageAndQuota, storage.GetUsageAndQuotaParams{Origin: in.Origin})
			if err != nil {
				return err
			}
			most := used.Usage + room
			in.QuotaSize = &most
		}
		_, err := cdp.Call(ctx, t, storage.OverrideQuotaForOrigin, in)
		return err
	}))
}

// noise is a picture that no compression makes small.
func noise(seed byte) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 1200, 900))
	random := rand.NewChaCha8([32]byte{seed})
	random.Read(img.Pix)
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255
	}
	var out bytes.Buffer
	jpeg.Encode(&out, img, nil)
	return out.Bytes()
}

// TestPhoneWithAWrongClock: days are filled in by the server's time, with a network and, as far as the phone has heard of it, without; and the phone says
// that its clock is wrong.
func TestPhoneWithAWrongClock(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.nowIsNow()
	p := s.phone()
	p.kill()
	p.more = `const right = Date.now; Date.now = () => right() - 94 * 30 * 86400000;`
	p.start()
	p.enrol("liaison.a")
	proposed := func(name string) string {
		p.press("新增人员和申请")
		p.until(`document.getElementById("keep")`)
		day := onPhone(p, chromedp.Evaluate[string](`document.getElementsByName("`+name+`")[0].value`))
		p.press("返回")
		return day
	}
	today := calendar.DateOf(s.clock.Now()).String()
	p.until(says("手机时间是 ") + ` && ` + says(today))
	if day := proposed("applied_on"); day != today {
		t.Errorf("the phone proposes %s, want %s", day, today)
	}
	(&tab{t, s, p.ctx}).wantNoBarriers("offline-clock")
	p.online(false)
	p.kill()
	p.start()
	p.open()
	p.unlock()
	p.until(says("手机时间是 "))
	if day := proposed("applied_on"); day != today {
		t.Errorf("without a network the phone proposes %s, want %s", day, today)
	}
	// a clock that was put right
	p.kill()
	p.more = ""
	p.start()
	p.open()
	p.unlock()
	p.until(`!document.getElementById("alert-clock")`)
	if day := proposed("applied_on"); day != today {
		t.Errorf("put right, the phone proposes %s, want %s", day, today)
	}
}
