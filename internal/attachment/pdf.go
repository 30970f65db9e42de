package attachment

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"io"
	"regexp"
)

// Names of a PDF that do something when it is opened, carry other files, or hide what is in it. The bytes of a large picture have
// every short one in them by chance: those count in objects alone, the long ones wherever they stand.
var (
	active     = regexp.MustCompile(`/(JavaScript|JS|Launch|EmbeddedFiles?|OpenAction|AA|RichMedia|XFA|Encrypt|SubmitForm|ImportData)\b`)
	activeLong = regexp.MustCompile(`/(JavaScript|Launch|EmbeddedFiles?|OpenAction|RichMedia|Encrypt|SubmitForm|ImportData)\b`)
)

// escaped is a letter of a name written as its number, which readers understand and searches would miss.
var escaped = regexp.MustCompile(`#[0-9A-Fa-f]{2}`)

const (
	tail       = 1024     // bytes at the end in which the end mark stands
	maxInflate = 16 << 20 // bytes of all packed objects together, packed and unpacked
	maxLooks   = 4        // times that a byte is looked at; objects do not lie within each other, and once is enough
)

// paper is a PDF, and how much may still be done for it.
type paper struct {
	content []byte
	inflate int
	looks   int
}

// checkPDF refuses what is not whole and what is not just paper. Objects may be packed; those are looked into, too.
func checkPDF(content []byte) ([]byte, error) {
	if !bytes.Contains(content[max(0, len(content)-tail):], []byte("%%EOF")) || !bytes.Contains(content, []byte("startxref")) {
		return nil, errBroken
	}
	p := &paper{content: content, inflate: maxInflate, looks: maxLooks * len(content)}
	if activeLong.Match(plain(content)) || !p.quiet("obj") || !p.quiet("trailer") {
		return nil, errActive
	}
	return content, nil
}

// quiet looks at every object that begins with a word. A reader goes to objects by their places in the file, which may also lie
// within a stream, a text or a comment.
func (p *paper) quiet(word string) bool {
	for at := 0; ; {
		next := bytes.Index(p.content[at:], []byte(word))
		if next < 0 {
			return true
		}
		at += next + len(word)
		if before := at - len(word) - 1; word == "obj" && (before < 0 || !endsNumber(p.content[before])) {
			continue
		}
		if !p.quietAt(at) {
			return false
		}
	}
}

// endsNumber reports whether a byte may stand between the number of an object and the word obj.
func endsNumber(c byte) bool { return isBlank(c) || bytes.IndexByte([]byte("0123456789+-.eE"), c) >= 0 }

// quietAt looks at the names of one object, and into it where it is a stream of packed objects. One of those need not say so of
// itself: it has the place of its first object.
func (p *paper) quietAt(at int) bool {
	l := &lexer{text: p.content, at: at}
	var open []byte // the brackets that are not closed
	holds := false
	for {
		token := l.next()
		if p.looks -= l.at - at; p.looks < 0 {
			return false
		}
		at = l.at
		switch first := firstOf(token); {
		case first == '<' || first == '[':
			open = append(open, first)
		case len(open) == 0: // there was no dictionary or list, or it has ended
			rest, stream := bytes.CutPrefix(token, []byte("stream"))
			return !stream || !holds || p.quietWithin(p.content[l.at-len(rest):])
		case token == nil:
			return true
		case first == '>' && open[len(open)-1] == '<' || first == ']' && open[len(open)-1] == '[':
			open = open[:len(open)-1]
		case first == '/':
			switch string(plain(token)) {
			case "/JS", "/AA", "/XFA":
				return false
			case "/ObjStm", "/First":
				holds = true
			}
		}
	}
}

// quietWithin looks at packed objects. What cannot be unpacked, or takes too much, is not quiet.
func (p *paper) quietWithin(body []byte) bool {
	in := bytes.NewReader(bytes.TrimLeft(body, "\r\n"))
	size := in.Len()
	r, err := zlib.NewReader(in)
	if err != nil {
		return false
	}
	defer func() { _ = r.Close() }() // a reader of bytes
	text, err := io.ReadAll(io.LimitReader(r, int64(p.inflate)+1))
	p.inflate -= len(text) + size - in.Len()
	return err == nil && p.inflate >= 0 && !active.Match(plain(text))
}

// plain is a text with the letters of names that are written as numbers.
func plain(text []byte) []byte {
	if bytes.IndexByte(text, '#') < 0 {
		return text
	}
	return escaped.ReplaceAllFunc(text, func(e []byte) []byte {
		b, _ := hex.DecodeString(string(e[1:]))
		return b
	})
}
