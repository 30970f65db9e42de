package web_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"
)

// breakOff sends a request as the browser would, and closes its line before the last bytes of the body.
func (b *browser) breakOff(path string, body []byte, missing int, headers ...string) shown {
	t := b.site.t
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, b.site.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	for _, c := range b.client.Jar.Cookies(req.URL) {
		req.AddCookie(c)
	}
	var whole bytes.Buffer
	if err := req.Write(&whole); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", req.URL.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(whole.Bytes()[:whole.Len()-missing]); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	sh := shown{b: b, path: path, status: resp.StatusCode, header: resp.Header, body: string(text)}
	if sh.doc, err = html.Parse(strings.NewReader(sh.body)); err != nil {
		t.Fatal(err)
	}
	return sh
}

// inOrder is a form as it stands in its page: the fields, and behind them the files and the button.
func (f *filled) inOrder(photo []byte) ([]byte, string) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, name := range []string{"csrf", "key", "form", "programme", "applied_on", "applicant.relation", "applicant.name", "bank_account"} {
		w.WriteField(name, f.values.Get(name))
	}
	part, _ := w.CreateFormFile("photos", "photo.jpg")
	part.Write(photo)
	w.WriteField("do", f.values.Get("do"))
	w.Close()
	return body.Bytes(), w.FormDataContentType()
}

// TestUploadThatBreaksOff: what did not arrive whole has done nothing and may be sent again. A page comes back with what was entered, and keeps its
// key, so that the same form is done once.
func TestUploadThatBreaksOff(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(41, 1, villageA)
	b := s.as("liaison.a")
	at := "/persons/" + id.String() + "/apply"
	form := b.get(at).want(200).form("submit").set("programme", "nursing_subsidy", "applicant.relation", "guardian", "applicant.name", "监护人丁", "bank_account", "6222000011112222")
	photo := photograph(1)
	body, kind := form.inOrder(photo)
	again := b.breakOff(at, body, len(photo)/2, "Content-Type", kind).want(408).says("内容没有传完").form("submit")
	for _, name := range []string{"programme", "applied_on", "applicant.relation", "applicant.name", "bank_account", "key"} {
		if got, want := again.values.Get(name), form.values.Get(name); got != want {
			t.Errorf("%s comes back as %q, want %q", name, got, want)
		}
	}
	s.wantFound(41, 1, 0, 0)
	// what breaks off before its token is nobody's, and is not shown
	if sh := b.breakOff(at, body, len(body)-20, "Content-Type", kind).want(408); strings.Contains(sh.body, "监护人丁") {
		t.Error("a form without its token is shown")
	}
	wrong := url.Values{"csrf": {"x"}}
	form.values, wrong = wrong, form.values
	forged, kindOfForged := form.inOrder(photo)
	b.breakOff(at, forged, len(photo)/2, "Content-Type", kindOfForged).want(408)
	form.values = wrong
	again.file("photos", photo).send().want(303)
	s.wantFound(41, 1, 1, 1)

	// a form without files, and what the scripts of a phone send
	b.breakOff(at, []byte("csrf=x&key=y&do=submit"), 5, "Content-Type", "application/x-www-form-urlencoded").want(408)
	e := newCase(42)
	item, kindOfItem := e.body()
	missing, token := len(photo)/2, b.hello().CSRF
	headers := []string{"Content-Type", kindOfItem, "Idempotency-Key", e.key, "X-CSRF", token}
	b.breakOff("/offline/items", item.Bytes(), missing, headers...).heard().want(t, 408, "BROKE_OFF")
	b.breakOff("/offline/contact", []byte(`{"waiting":1}`), 3, "Content-Type", "application/json", "X-CSRF", token).heard().want(t, 408, "BROKE_OFF")
	s.wantFound(42, 0, 0, 0)
	b.send(e).want(t, 200, "")
	s.wantFound(42, 1, 1, 2)
}

// TestPhoneSendsAgain: an entry that did not arrive whole stays on the phone as one that is on its way, and goes out the next time.
func TestPhoneSendsAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.nowIsNow()
	p := s.phone()
	p.kill()
	p.more = `const really = fetch.bind(window); let broken = 0;
window.fetch = (at, how) => !at.startsWith("/offline/items") || broken++ ? really(at, how) :
	Promise.resolve(new Response('{"code":"BROKE_OFF","message":"内容没有传完"}', { status: 408, headers: { "Content-Type": "application/json" } }));`
	p.start()
	p.enrol("liaison.a")
	p.enterOffline(43)
	p.online(true)
	p.until(says("内容没有传完") + ` || ` + says("未上传 0"))
	if got := onPhone(p, chromedp.Evaluate[string](`document.querySelector("#queue li")?.textContent || ""`)); strings.Contains(got, "内容没有传完") || !strings.Contains(got, fmt.Sprint("金丝雀", 43)) {
		t.Errorf("the entry says %q", got)
	}
	p.press("现在上传")
	p.sent("liaison.a")
	s.wantFound(43, 1, 1, 0)
}
