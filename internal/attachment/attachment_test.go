package attachment_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"zhucan/internal/attachment"
	"zhucan/internal/fault"
)

func picture() image.Image {
	p := image.NewRGBA(image.Rect(0, 0, 24, 16))
	for x := range 24 {
		for y := range 16 {
			p.Set(x, y, color.RGBA{uint8(x * 10), uint8(y * 15), 90, 255})
		}
	}
	return p
}

func photo(t testing.TB) []byte {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture(), nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// segment is a marker with a body.
func segment(marker byte, body string) []byte {
	s := []byte{0xFF, marker, 0, 0}
	binary.BigEndian.PutUint16(s[2:], uint16(len(body)+2))
	return append(s, body...)
}

// exif says how the picture lies, and where it was taken.
func exif(orientation byte) string {
	return "Exif\x00\x00II\x2A\x00\x08\x00\x00\x00\x02\x00" + "\x12\x01\x03\x00\x01\x00\x00\x00" + string(orientation) + "\x00\x00\x00" +
		"\x25\x88\x04\x00\x01\x00\x00\x00\x26\x00\x00\x00" + "\x00\x00\x00\x00" + "GPS 36.8N 118.3E"
}

func tagged(t testing.TB, orientation byte) []byte {
	plain := photo(t)
	said := [][]byte{plain[:2], segment(0xE1, exif(orientation)), segment(0xE1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>GPS</x:xmpmeta>"), segment(0xED, "Photoshop GPS"), segment(0xFE, "GPS comment")}
	return append(bytes.Join(said, nil), plain[2:]...)
}

// thumbnailed has a small picture in its JFIF segment, and another in the extension of it.
func thumbnailed(t testing.TB) []byte {
	plain := photo(t)
	jfif := "JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x01\x01" + "GPS"
	return bytes.Join([][]byte{plain[:2], segment(0xE0, jfif), segment(0xE0, "JFXX\x00\x13\x01\x01GPS"), plain[2:]}, nil)
}

// several is a file of a newer phone: further pictures stand behind the end, and are announced.
func several(t testing.TB) []byte {
	plain := photo(t)
	return bytes.Join([][]byte{plain[:2], segment(0xE2, "MPF\x00II\x2A\x00GPS"), plain[2:], tagged(t, 1)}, nil)
}

func pixels(t testing.TB, content []byte) []color.Color {
	p, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	var list []color.Color
	for y := p.Bounds().Min.Y; y < p.Bounds().Max.Y; y++ {
		for x := p.Bounds().Min.X; x < p.Bounds().Max.X; x++ {
			list = append(list, p.At(x, y))
		}
	}
	return list
}

func same(a, b []color.Color) bool {
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

func chunk(kind, body string) []byte {
	c := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	c = append(append(c, kind...), body...)
	return binary.BigEndian.AppendUint32(c, crc32.ChecksumIEEE(c[4:]))
}

func taggedPNG(t testing.TB) []byte {
	var out bytes.Buffer
	if err := png.Encode(&out, picture()); err != nil {
		t.Fatal(err)
	}
	const header = 8 + 25
	plain := out.Bytes()
	return bytes.Join([][]byte{plain[:header], chunk("tEXt", "Comment\x00GPS"), chunk("eXIf", "GPS"), plain[header:]}, nil)
}

func TestPhotosForgetWhereTheyWereTaken(t *testing.T) {
	t.Parallel()
	for name, content := range map[string][]byte{"upright": tagged(t, 1), "turned": tagged(t, 6), "png": taggedPNG(t), "plain": photo(t),
		"thumbnailed": thumbnailed(t), "several": several(t)} {
		f, err := attachment.Take(t.Context(), content)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if bytes.Contains(f.Content, []byte("GPS")) || bytes.Contains(f.Content, []byte("xmpmeta")) {
			t.Errorf("%s still says where it was taken", name)
		}
		if !same(pixels(t, content), pixels(t, f.Content)) {
			t.Errorf("%s has other pixels", name)
		}
		if turned := bytes.Contains(f.Content, []byte("Exif\x00\x00")); turned != (name == "turned") {
			t.Errorf("%s: says how it lies: %v", name, turned)
		}
		again, err := attachment.Take(t.Context(), f.Content)
		if err != nil || again.SHA256 != f.SHA256 {
			t.Errorf("%s changes when it is taken again (%v)", name, err)
		}
	}
}

const paper = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\nxref\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"

func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	if f, err := attachment.Take(t.Context(), []byte(paper)); err != nil || f.Type != attachment.PDF {
		t.Fatalf("a paper is refused: %v", err)
	}
	bomb := bytes.Clone(taggedPNG(t))
	binary.BigEndian.PutUint32(bomb[16:], 60000)
	binary.BigEndian.PutUint32(bomb[20:], 60000)
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	for name, c := range map[string]struct {
		content []byte
		code    string
	}{
		"nothing":        {nil, "WRONG_TYPE"},
		"program":        {[]byte("MZ\x90\x00"), "WRONG_TYPE"},
		"page":           {[]byte("<html><script>"), "WRONG_TYPE"},
		"drawing":        {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), "WRONG_TYPE"},
		"polyglot":       {append(photo(t), "<html><script>"...), "BROKEN_FILE"},
		"png with a zip": {append(taggedPNG(t), "PK\x03\x04"...), "BROKEN_FILE"},
		"cut off":        {photo(t)[:200], "BROKEN_FILE"},
		"bomb":           {bomb, "TOO_MANY_PIXELS"},
		"huge":           {append([]byte("\xFF\xD8\xFF\xE0"), make([]byte, attachment.MaxPhoto)...), "TOO_LARGE"},
		"half a paper":   {[]byte(paper[:40]), "BROKEN_FILE"},
		"script":         {bytes.Replace([]byte(paper), []byte("/Pages"), []byte("/OpenAction<</S/JavaScript/JS(app.alert(1))>>/Pages"), 1), "ACTIVE_CONTENT"},
		"hidden script":  {bytes.Replace([]byte(paper), []byte("/Pages"), []byte("/Open#41ction 3 0 R/Pages"), 1), "ACTIVE_CONTENT"},
		"packed script":  {bytes.Replace([]byte(paper), []byte("xref"), append([]byte("2 0 obj<</Type/ObjStm/Filter/FlateDecode>>stream\n"), packed("<</S/JavaScript>>")...), 1), "ACTIVE_CONTENT"},
	} {
		if _, err := attachment.Take(t.Context(), c.content); !fault.Is(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// FuzzTake: nothing panics, and what is taken is clean and stays as it is.
func FuzzTake(f *testing.F) {
	for _, seed := range [][]byte{tagged(f, 3), thumbnailed(f), several(f), taggedPNG(f), []byte(paper), photo(f)[:100]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		first, err := attachment.Take(t.Context(), content)
		if err != nil {
			return
		}
		again, err := attachment.Take(t.Context(), first.Content)
		if err != nil || again.SHA256 != first.SHA256 {
			t.Fatalf("taken again it is another file: %v", err)
		}
	})
}

func packed(text string) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	w.Write([]byte(text))
	w.Close()
	return out.Bytes()
}
