package web_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestTooManyFilesAtOnce: an account that sends in too many files at a time gets its form back as it was filled in, and is told when to send it again.
func TestTooManyFilesAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	at := "/persons/" + s.person(41, 1, villageA).String() + "/apply"
	b := s.as("liaison.a")
	form := b.get(at).form("submit").set("programme", "nursing_subsidy", "applicant.relation", "guardian", "applicant.name", "监护人丁", "bank_account", "6222000011112222").file("photos", photograph(1))
	var ends []func()
	for range 3 {
		done, err := s.desk.DB.TakeUpload(t.Context(), s.actor("liaison.a").AccountID)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, done)
	}
	again := form.send().want(429).says("正在上传的文件过多", "10秒后")
	if again.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	same := again.form("submit")
	for _, name := range []string{"programme", "applied_on", "applicant.relation", "applicant.name", "bank_account", "key"} {
		if got, want := same.values.Get(name), form.values.Get(name); got != want {
			t.Errorf("%s came back as %q, not %q", name, got, want)
		}
	}
	for _, end := range ends {
		end()
	}
	same.file("photos", photograph(1)).send().want(303).follow().want(200).says("附件1")
}

// TestTooManyTries: who has tried a password too often is told when to try again.
func TestTooManyTries(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser()
	in := b.get("/sign-in").form("sign-in").set("username", "liaison.a", "password", "not that one")
	for range 20 {
		if sh := in.send(); sh.status == 429 {
			sh.says("失败次数过多", "后）", "用户名")
			return
		}
	}
	t.Error("nobody minds")
}

// TestTooManyPhotos: who chooses more photos than are taken at a time gets his form back as it was filled in, and is told to choose fewer.
func TestTooManyPhotos(t *testing.T) {
	t.Parallel()
	s := start(t)
	at := "/persons/" + s.person(43, 1, villageA).String() + "/apply"
	form := s.as("liaison.a").get(at).form("submit").set("programme", "nursing_subsidy", "bank_account", "6222000011112222")
	large := bytes.Repeat([]byte{0xFF}, 8<<20)
	for range 5 {
		form.file("photos", large)
	}
	again := form.send().want(413).says("合计不能超过32兆，请减少张数后重新选择").form("submit")
	for _, name := range []string{"programme", "bank_account", "key"} {
		if got, want := again.values.Get(name), form.values.Get(name); got != want {
			t.Errorf("%s came back as %q, not %q", name, got, want)
		}
	}
	again.file("photos", photograph(1)).send().want(303).follow().want(200).says("附件1")
}

// TestFarTooManyPhotos is the same where they are more than a form may bring: what was typed stands before them and is read all the same.
func TestFarTooManyPhotos(t *testing.T) {
	t.Parallel()
	s := start(t)
	at := "/persons/" + s.person(44, 1, villageA).String() + "/apply"
	form := s.as("liaison.a").get(at).form("submit").set("programme", "nursing_subsidy", "bank_account", "6222000011112222")
	large := bytes.Repeat([]byte{0xFF}, 8<<20)
	for range 14 {
		form.file("photos", large)
	}
	again := form.send().want(413).says("合计不能超过32兆，请减少张数后重新选择").form("submit")
	if got := again.values.Get("bank_account"); got != "6222000011112222" {
		t.Errorf("the account came back as %q", got)
	}
}

// TestTooManyPhotosAreSaidAtOnce: the script says of too many photos before anything is sent, and nothing any more once there are fewer.
func TestTooManyPhotosAreSaidAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.tab(chromium(t))
	b.cookie("zhucan-language", "zh")
	b.use("liaison.a")
	b.open("/persons/" + s.person(45, 1, villageA).String() + "/apply")
	choose := func(size int) string {
		return run(b, chromedp.Evaluate[string](fmt.Sprintf(`(() => { const chosen = new DataTransfer(), input = document.querySelector("[name=photos]");
			chosen.items.add(new File([new Uint8Array(%d)], "a.jpg")); input.files = chosen.files; input.dispatchEvent(new Event("change", { bubbles: true }));
			return document.getElementById(input.id + "-live")?.textContent ?? "nothing"; })()`, size)))
	}
	if got := choose(1 << 20); got != "nothing" {
		t.Errorf("of one photo it says %q", got)
	}
	if got := choose(33 << 20); got != "所选文件合计超过32兆，请减少张数" {
		t.Errorf("of too many it says %q", got)
	}
	if got := choose(1 << 20); got != "" {
		t.Errorf("of fewer it says %q", got)
	}
}
