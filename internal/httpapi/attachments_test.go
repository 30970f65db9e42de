package httpapi_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// snapshot is a small photo, another for each n.
func snapshot(t *testing.T, n int) []byte {
	t.Helper()
	p := image.NewRGBA(image.Rect(0, 0, 24, 16))
	for x := range 24 {
		for y := range 16 {
			p.Set(x, y, color.RGBA{uint8(x * n), uint8(y * 15), uint8(n), 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, p, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// position is where the photos of the tests were taken: a latitude, as EXIF writes it, and in words.
var position = []byte("\x00\x00\x00\x24\x00\x00\x00\x01\x00\x00\x00\x30\x00\x00\x00\x01")

// located is a photo with an EXIF segment that says when, by what and where it was taken, and an XMP segment that says so again.
func located(t *testing.T, n int) []byte {
	t.Helper()
	segment := func(body string) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0xFF, 0xE1}, uint16(len(body)+2)), body...)
	}
	// one directory: a pointer to the GPS directory behind it, which holds the latitude 36 deg 48 min and its reference
	exif := "Exif\x00\x00MM\x00\x2A\x00\x00\x00\x08" +
		"\x00\x01" + "\x88\x25\x00\x04\x00\x00\x00\x01\x00\x00\x00\x1A" + "\x00\x00\x00\x00" +
		"\x00\x02" + "\x00\x01\x00\x02\x00\x00\x00\x02N\x00\x00\x00" + "\x00\x02\x00\x05\x00\x00\x00\x02\x00\x00\x00\x38" + "\x00\x00\x00\x00" +
		string(position) + "2019:03:05 10:00:00 CameraOfTheLiaison"
	xmp := "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta exif:GPSLatitude='36,48N'/>"
	plain := snapshot(t, n)
	return bytes.Join([][]byte{plain[:2], segment(exif), segment(xmp), plain[2:]}, nil)
}

// attached uploads a photo to a service and answers its id.
func (c *chain) attached(user string, n int) string {
	c.s.t.Helper()
	return c.s.upload(user, snapshot(c.s.t, n), c.path+"/attachments").want(201).text("id")
}

// kept are the contents in the folder of the store.
func (s *service) kept() map[string][]byte {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.files, "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	found := map[string][]byte{}
	for _, file := range files {
		if found[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			s.t.Fatal(err)
		}
	}
	return found
}

// withService is a service of somebody in village A.
func (s *service) withService(n int) (person string, c *chain) {
	s.t.Helper()
	s.at("2019-01-04")
	person = s.born("liaison.a", villageA, n, "1970-01-01", 4, 2, nil)
	return person, s.open("liaison.a", "rehab", person, "2019-01-05", training)
}

// TestAttachments follows a photo from the liaison's phone to the disk and back.
func TestAttachments(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, c := s.withService(1)
	photo := located(t, 3)
	if !bytes.Contains(photo, position) {
		t.Fatal("the photo of this test has no position")
	}
	up := s.upload("liaison.a", photo, c.path+"/attachments").want(201)
	id := up.text("id")
	got := s.do("liaison.a", "GET", "/attachments/"+id, nil).want(200)
	for _, trace := range [][]byte{position, []byte("Exif"), []byte("GPS"), []byte("xmpmeta"), []byte("2019:03:05"), []byte("CameraOfTheLiaison")} {
		if bytes.Contains(got.body, trace) {
			t.Errorf("the served photo still says %q", trace)
		}
	}
	if p, err := jpeg.Decode(bytes.NewReader(got.body)); err != nil || p.Bounds().Dx() != 24 {
		t.Errorf("the served photo is none (%v)", err)
	}
	sum := sha256.Sum256(got.body)
	if up.text("sha256") != hex.EncodeToString(sum[:]) || up.json()["bytes"] != float64(len(got.body)) || up.text("media_type") != "image/jpeg" {
		t.Errorf("recorded as %s", up.body)
	}
	for header, want := range map[string]string{"Content-Type": "image/jpeg", "Content-Disposition": `attachment; filename="` + id + `.jpg"`, "X-Content-Type-Options": "nosniff",
		"Cache-Control": "no-store", "Content-Length": fmt.Sprint(len(got.body))} {
		if got.header.Get(header) != want {
			t.Errorf("%s: %q, want %q", header, got.header.Get(header), want)
		}
	}

	again := s.upload("liaison.a", photo, c.path+"/attachments").want(200)
	other := s.upload("town.a", snapshot(t, 4), c.path+"/attachments").want(201)
	stripped := s.upload("cdpf", got.body, c.path+"/attachments").want(200) // what was served is the same file
	if again.text("id") != id || stripped.text("id") != id || other.text("id") == id {
		t.Errorf("the same file is %s and %s, first %s; another %s", again.text("id"), stripped.text("id"), id, other.text("id"))
	}
	if list := s.do("auditor", "GET", c.path+"/attachments", nil).want(200).json()["items"].([]any); len(list) != 2 {
		t.Errorf("%d attachments, want 2", len(list))
	}
	for name, content := range s.kept() {
		if bytes.Contains(content, []byte{0xFF, 0xD8, 0xFF}) || bytes.Contains(content, got.body[20:60]) || bytes.Contains(content, []byte("JFIF")) {
			t.Errorf("%s lies on the disk in clear", name)
		}
	}
	read := s.do("auditor", "GET", "/audit-events?action=attachment.read&subject="+id, nil).want(200).json()["items"].([]any)
	if len(read) != 1 || read[0].(map[string]any)["actor"].(map[string]any)["username"] != "liaison.a" {
		t.Errorf("in the audit of readings: %v", read)
	}
	paper := "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\nxref\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
	pdf := s.upload("liaison.a", []byte(paper), c.path+"/attachments").want(201)
	if back := s.do("auditor", "GET", "/attachments/"+pdf.text("id"), nil).want(200); string(back.body) != paper || back.header.Get("Content-Type") != "application/pdf" {
		t.Errorf("a paper comes back as %s %q", back.header.Get("Content-Type"), back.body)
	}
}

// TestRefusedAttachments: what is no photo and no paper, is broken or too large is refused, and nothing of it is kept.
func TestRefusedAttachments(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, c := s.withService(1)
	photo := snapshot(t, 1)
	large := append([]byte("\xFF\xD8\xFF\xE0"), make([]byte, 10<<20)...)
	for _, tt := range []struct {
		name    string
		content []byte
		status  int
		code    string
	}{
		{"page", []byte("<!DOCTYPE html><html><script>alert(1)</script></html>"), 415, "WRONG_TYPE"},
		{"drawing", []byte("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), 415, "WRONG_TYPE"},
		{"gif", []byte("GIF89a<script>"), 415, "WRONG_TYPE"},
		{"nothing", nil, 415, "WRONG_TYPE"},
		{"photo with a page behind it", append(bytes.Clone(photo), "<html><script>alert(1)</script></html>"...), 422, "BROKEN_FILE"},
		{"page that begins like a photo", []byte("\xFF\xD8\xFF<html>"), 422, "BROKEN_FILE"},
		{"half a photo", photo[:len(photo)/2], 422, "BROKEN_FILE"},
		{"paper with a script", []byte("%PDF-1.4\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\nstartxref\n9\n%%EOF\n"), 422, "ACTIVE_CONTENT"},
		{"too large", large, 413, "TOO_LARGE"},
		{"far too large", append(large, make([]byte, 2<<20)...), 413, "TOO_LARGE"},
	} {
		got := s.upload("liaison.a", tt.content, c.path+"/attachments")
		if got.status != tt.status || got.text("code") != tt.code || got.header.Get("Content-Type") != "application/problem+json" || got.text("detail") == "" {
			t.Errorf("%s: %d %s, want %d %s", tt.name, got.status, got.body, tt.status, tt.code)
		}
	}
	if list := s.do("liaison.a", "GET", c.path+"/attachments", nil).want(200).json()["items"].([]any); len(list) != 0 {
		t.Errorf("%d attachments were recorded", len(list))
	}
	if kept := s.kept(); len(kept) != 0 {
		t.Errorf("%d contents were kept", len(kept))
	}
	s.do("liaison.a", "POST", c.path+"/attachments", `{"file":"x"}`).want(415, "WRONG_TYPE")
}

// TestAttachmentsStayInTheirArea: another village's liaison finds neither list nor file and cannot add one; when the person moves,
// the new village reads what the old one no longer does.
func TestAttachmentsStayInTheirArea(t *testing.T) {
	t.Parallel()
	s := start(t)
	person, c := s.withService(1)
	id := c.attached("liaison.a", 1)
	for _, user := range []string{"liaison.b", "liaison.c", "town.c"} {
		s.do(user, "GET", c.path+"/attachments", nil).want(404, "NOT_FOUND")
		s.do(user, "GET", "/attachments/"+id, nil).want(404, "NOT_FOUND")
		s.upload(user, snapshot(t, 2), c.path+"/attachments").want(404, "NOT_FOUND")
	}
	for _, user := range []string{"stats", "hotline", "finance", "civil", "admin"} {
		s.do(user, "GET", c.path+"/attachments", nil).want(403)
		s.do(user, "GET", "/attachments/"+id, nil).want(403)
		s.upload(user, snapshot(t, 2), c.path+"/attachments").want(403)
	}
	s.upload("auditor", snapshot(t, 2), c.path+"/attachments").want(403)
	if kept := s.kept(); len(kept) != 1 {
		t.Errorf("%d contents are kept, want the one that was allowed", len(kept))
	}
	s.do("liaison.a", "GET", "/attachments/"+uuid.NewString(), nil).want(404, "NOT_FOUND")
	s.do("", "GET", "/attachments/"+id, nil).want(401)

	p := s.do("town.a", "GET", "/persons/"+person, nil).want(200)
	s.do("town.a", "PATCH", "/persons/"+person, map[string]any{"managing_area_code": villageB}, "If-Match", p.version()).want(200)
	s.do("liaison.a", "GET", "/attachments/"+id, nil).want(404, "NOT_FOUND")
	s.do("liaison.a", "GET", c.path, nil).want(404, "NOT_FOUND")
	s.upload("liaison.a", snapshot(t, 3), c.path+"/attachments").want(404, "NOT_FOUND")
	s.do("liaison.b", "GET", "/attachments/"+id, nil).want(200)
	c.last = s.do("liaison.b", "GET", c.path, nil).want(200)
	c.take("liaison.b", "assess", "2019-01-08", found)
}

// TestSweptFiles: a content that no attachment knows goes after a day, one that is known stays.
func TestSweptFiles(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, c := s.withService(1)
	id := c.attached("liaison.a", 1)
	young, lost := uuid.New(), uuid.New()
	if err := s.desk.Files.Put(t.Context(), lost, snapshot(t, 1)); err != nil { // as an upload that ended before it was recorded
		t.Fatal(err)
	}
	if err := s.desk.Files.Put(t.Context(), young, snapshot(t, 2)); err != nil {
		t.Fatal(err)
	}
	before := s.kept()
	for name := range before {
		age := 25 * time.Hour
		if name == young.String() {
			age = 23 * time.Hour
		}
		at := s.clock.Now().Add(-age)
		if err := os.Chtimes(filepath.Join(s.files, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := s.desk.SweepFiles(t.Context(), systemActor)
	after := s.kept()
	if err != nil || len(before) != 3 || removed != 1 || len(after) != 2 || after[id] == nil || after[young.String()] == nil {
		t.Errorf("of %d contents %d were removed and %d are left (%v); want one of three, and neither %s nor %s", len(before), removed, len(after), err, id, young)
	}
	s.do("liaison.a", "GET", "/attachments/"+id, nil).want(200)
	if removed, err = s.desk.SweepFiles(t.Context(), systemActor); err != nil || removed != 0 {
		t.Errorf("swept again: %d, %v", removed, err)
	}
}

// TestSentAgainLeavesNothing: a photo that is sent again and again is kept once.
func TestSentAgainLeavesNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, c := s.withService(1)
	id := c.attached("liaison.a", 1)
	for range 5 {
		if again := s.upload("liaison.a", snapshot(t, 1), c.path+"/attachments").want(200); again.text("id") != id {
			t.Errorf("sent again it is %s, first %s", again.text("id"), id)
		}
	}
	if kept := s.kept(); len(kept) != 1 || kept[id] == nil {
		t.Errorf("%d contents are kept, want that of %s alone", len(kept), id)
	}
	s.do("liaison.a", "GET", "/attachments/"+id, nil).want(200)
}

// TestUploadOnce: the same key answers the first upload again, the same key with another file is refused, and one file uploaded by
// two at the same moment is one.
func TestUploadOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, c := s.withService(1)
	send := func(n int) answer {
		req := s.form("liaison.a", snapshot(t, n), c.path+"/attachments")
		req.Header.Set("Idempotency-Key", "photo-1")
		return s.send(req)
	}
	first := send(1).want(201)
	if again := send(1).want(201); string(again.body) != string(first.body) {
		t.Errorf("the same key answered %s, first %s", again.body, first.body)
	}
	send(2).want(422, "IDEMPOTENCY_KEY_REUSED")
	s.login("town.a")
	statuses := make([]int, 2)
	var wg sync.WaitGroup
	for i, user := range []string{"liaison.a", "town.a"} {
		req := s.form(user, snapshot(t, 3), c.path+"/attachments")
		wg.Go(func() { statuses[i] = s.send(req).status })
	}
	wg.Wait()
	if statuses[0]+statuses[1] != 200+201 {
		t.Errorf("the same file twice at the same moment answered %v", statuses)
	}
	if list := s.do("liaison.a", "GET", c.path+"/attachments", nil).want(200).json()["items"].([]any); len(list) != 2 {
		t.Errorf("%d attachments, want 2", len(list))
	}
}

// TestSweptFilesOfAnother: on a database that knows none of the files, or few of many, nothing is removed.
func TestSweptFilesOfAnother(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ known, lost, removed int }{{0, 1, 0}, {1, 20, 20}, {1, 21, 0}} {
		s := start(t)
		if tt.known > 0 {
			_, c := s.withService(1)
			c.attached("liaison.a", 1)
		}
		for range tt.lost {
			if err := s.desk.Files.Put(t.Context(), uuid.New(), []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		for name := range s.kept() {
			at := s.clock.Now().Add(-25 * time.Hour)
			if err := os.Chtimes(filepath.Join(s.files, name), at, at); err != nil {
				t.Fatal(err)
			}
		}
		removed, err := s.desk.SweepFiles(t.Context(), systemActor)
		if removed != tt.removed || (err == nil) != (tt.removed > 0) || len(s.kept()) != tt.known+tt.lost-tt.removed {
			t.Errorf("%d known and %d lost: %d were removed, %v, %d are left; want %d removed", tt.known, tt.lost, removed, err, len(s.kept()), tt.removed)
		}
	}
}
