package attachment_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"zhucan/internal/attachment"
	"zhucan/internal/fault"
)

// scan is a paper with one picture in it, whose packed bytes are these.
func scan(dictionary string, body []byte) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n%\xE2\xE3\xCF\xD3\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n")
	fmt.Fprintf(&b, "4 0 obj\n<</Type/XObject/Subtype/Image/Width 2480/Height 3508%s/Length %d>>\nstream\n", dictionary, len(body))
	b.Write(body)
	b.WriteString("\nendstream\nendobj\nxref\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n")
	return b.Bytes()
}

// noise is what packed bytes look like.
func noise(seed uint64, size int) []byte {
	random, out := rand.New(rand.NewPCG(seed, 53)), make([]byte, size)
	for i := range out {
		out[i] = byte(random.Uint32())
	}
	return out
}

// dictionaries are what may be said of a picture.
var dictionaries = []string{"/Filter/DCTDecode", "/Filter/FlateDecode/ColorSpace[/Indexed/DeviceRGB 1(\\(>>stream<<)]", "/Filter /DCTDecode % of a scanner >>\n", "/Filter/CCITTFaxDecode/DecodeParms[<</K -1>>]"}

// TestScansAreTaken: three bytes of a picture are no script. A large scan has every short name in it somewhere.
func TestScansAreTaken(t *testing.T) {
	t.Parallel()
	for _, mebibytes := range []int{1, 2, 3, 5, 8} {
		for seed, dictionary := range dictionaries {
			body := noise(uint64(seed), mebibytes<<20)
			if _, err := attachment.Take(t.Context(), scan(dictionary, body)); err != nil {
				t.Errorf("a scan of %d MiB with seed %d and %s is refused: %v", mebibytes, seed, dictionary, err)
			}
			for i, name := range []string{"/JS ", "/AA<<", "/XFA[", "/JS(", "obj", " obj", "/AA 5 0 R", "stream", "(", "<<", "/#4aS ", "%"} {
				copy(body[1000+i*7919:], name)
			}
			if _, err := attachment.Take(t.Context(), scan(dictionary, body)); err != nil {
				t.Errorf("with names in it a scan of %d MiB with seed %d and %s is refused: %v", mebibytes, seed, dictionary, err)
			}
		}
	}
}

// escapes writes some letters of names as their numbers.
func escapes(text string, which uint64) string {
	var b strings.Builder
	inName := false
	for i := range len(text) {
		c := text[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if inName = c == '/' || inName && letter; inName && letter && which>>(i%64)&1 == 1 {
			fmt.Fprintf(&b, []string{"#%02x", "#%02X"}[i%2], c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// with puts something into a paper, before its table.
func with(text string) []byte {
	return bytes.Replace([]byte(paper), []byte("xref"), []byte(text+"\nxref"), 1)
}

// objects are packed objects with a text in them.
func objects(dictionary, text string) string {
	return "9 0 obj" + dictionary + "stream\n" + string(packed(text)) + "\nendstream\nendobj"
}

const quiet = "<</Type/Pages/Count 0>>"

// evasions are papers that do something when they are opened, and hide it.
func evasions() map[string][]byte {
	aa, js := "<</Type/Page/AA<</O 5 0 R>>>>", "<</S/Rendition/JS 6 0 R>>"
	list := map[string]string{
		"action": "5 0 obj" + aa + "endobj", "script": "5 0 obj " + js + "\nendobj", "form": "5 0 obj<</XFA[(x)7 0 R]>>endobj", "in a list": "5 0 obj[" + js + "]endobj",
		"not closed": "5 0 obj<</X 1 /AA 6 0 R", "before a value": "5 0 obj<</AA%\n6 0 R>>endobj", "comment": "5 %obj\n0%x\robj%>>\n" + aa + "endobj",
		"text":          "5 0 obj<</X(stream \\) endobj (>>) )" + js[2:] + "endobj",
		"word":          "5 0 obj<</X stream /Y endobj" + aa[2:] + "endobj",
		"inner":         "5 0 obj<</X<</Y 1>>stream\nendstream " + aa[2:] + "endobj",
		"brackets":      "5 0 obj<</X ] [>>]" + aa[2:] + "endobj",
		"hexadecimal":   "5 0 obj<</X<28>" + aa[2:] + "endobj",
		"trailer":       "trailer<</Root" + aa + ">>",
		"in a body":     string(scan("", append(noise(1, 5000), "\n5 0 obj"+aa+"endobj\n"...))),
		"objects":       objects("<</Type/ObjStm/N 1/First 4/Filter/FlateDecode>>", "5 0 "+aa),
		"other type":    objects("<</Type 8 0 R/N 1/First 4/Filter/FlateDecode>>", "5 0 "+aa),
		"comments":      objects("<</Type/ObjStm/N 1/First 4/Filter/FlateDecode>>%endobj\n", "5 0 "+aa),
		"not unpacked":  "9 0 obj<</Type/ObjStm/Filter/LZWDecode>>stream\nabc\nendstream endobj",
		"in a body too": string(scan("", append(noise(2, 5000), "\n"+objects("<</Type/ObjStm/First 4>>", "5 0 "+js)...))),
	}
	papers := map[string][]byte{}
	for name, text := range list {
		papers[name] = with(text)
	}
	return papers
}

func TestNothingActiveIsHidden(t *testing.T) {
	t.Parallel()
	for name, content := range evasions() {
		if _, err := attachment.Take(t.Context(), content); !fault.Is(err, "ACTIVE_CONTENT") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"JavaScript", "JS", "Launch", "EmbeddedFile", "EmbeddedFiles", "OpenAction", "AA", "RichMedia", "XFA", "Encrypt", "SubmitForm", "ImportData"} {
		for which := range uint64(200) {
			which = which * 0x9E3779B97F4A7C15
			value := escapes("<</X 1/"+name+" 7 0 R>>", which)
			for form, text := range map[string]string{"plain": "5 0 obj" + value + "endobj", "packed": objects(escapes("<</Type/ObjStm/N 1/Filter/FlateDecode>>", which>>7|1), "5 0 "+value)} {
				if _, err := attachment.Take(t.Context(), with(text)); !fault.Is(err, "ACTIVE_CONTENT") {
					t.Fatalf("%s: %s is taken: %v", form, value, err)
				}
			}
		}
	}
	if _, err := attachment.Take(t.Context(), with(objects("<</Type/ObjStm/N 1/First 4/Filter/FlateDecode>>", "5 0 "+quiet))); err != nil {
		t.Errorf("packed objects that do nothing are refused: %v", err)
	}
	for _, harmless := range []string{"5 0 obj(/JS /AA)endobj", "5 0 obj<</T(/AA)/H<2f4141>%/AA\n>>endobj", "5 0 obj<</AAB 1/JSON 2/XFAS 3>>endobj", "5 0 obj<</T(\\(/JS )>>endobj"} {
		if _, err := attachment.Take(t.Context(), with(harmless)); err != nil {
			t.Errorf("%s: %v", harmless, err)
		}
	}
}

// TestHostilePapersEnd: no paper keeps the service busy, whatever is nested in what.
func TestHostilePapersEnd(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"\nobj<<", "\nobj%", "\nobj[(", "\nobj<</First 1>>stream\n", "\n1 0 obj<</First 1>>stream\n\x78\x9c\x00\x00\x00\xff\xff", "#41", "trailer<<", "\nobj<</X", "\nobj<", "[", "<<", "\nobj[[[["} {
		began := time.Now()
		_, _ = attachment.Take(t.Context(), with(strings.Repeat(piece, (2<<20)/len(piece))))
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%q again and again took %v", piece, took)
		}
	}
}

// FuzzPDF: with an action in it no paper is taken, whatever stands before it, and however its name is spelt.
func FuzzPDF(f *testing.F) {
	f.Add([]byte("4 0 obj<</Length 5>>stream\nabc"), uint64(3), " ")
	f.Add([]byte("(%"), uint64(0), "%\n")
	f.Add([]byte("<<[<"), uint64(1<<40), "\x00")
	f.Fuzz(func(t *testing.T, before []byte, which uint64, blank string) {
		for _, c := range blank {
			if !strings.ContainsRune("\x00\t\n\f\r ", c) {
				return
			}
		}
		action := "\n5 0 obj" + blank + escapes("<</X 1/AA", which) + blank + "<</O 6 0 R>>>>endobj\n"
		if _, err := attachment.Take(t.Context(), with(string(before)+action)); err == nil {
			t.Fatalf("%q is taken behind %q", action, before)
		}
	})
}
