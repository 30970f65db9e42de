package attachment

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"io"
	"regexp"
)

// active are names of a PDF that do something when it is opened, carry other files, or hide what is in it.
var active = regexp.MustCompile(`/(JavaScript|JS|Launch|EmbeddedFiles?|OpenAction|AA|RichMedia|XFA|Encrypt|SubmitForm|ImportData)\b`)

// escaped is a letter of a name written as its number, which readers understand and searches would miss.
var escaped = regexp.MustCompile(`#[0-9A-Fa-f]{2}`)

const (
	tail       = 1024      // bytes at the end in which the end mark stands
	maxInflate = 100 << 20 // bytes of all packed objects together
)

// checkPDF refuses what is not whole and what is not just paper. Objects may be packed; those are looked into, too.
func checkPDF(content []byte) ([]byte, error) {
	if !bytes.Contains(content[max(0, len(content)-tail):], []byte("%%EOF")) || !bytes.Contains(content, []byte("startxref")) {
		return nil, errBroken
	}
	if acts(content) {
		return nil, errActive
	}
	left := int64(maxInflate)
	for rest := content; ; {
		at := bytes.Index(rest, []byte("stream"))
		if at < 0 {
			return content, nil
		}
		body := bytes.TrimLeft(rest[at+len("stream"):], "\r\n")
		if packed := bytes.LastIndex(rest[:at], []byte("/ObjStm")); packed >= 0 && bytes.LastIndex(rest[:at], []byte("endobj")) < packed {
			text, whole := inflate(body, left)
			if left -= int64(len(text)); !whole || acts(text) {
				return nil, errActive
			}
		}
		rest = rest[at+len("stream"):]
	}
}

func acts(text []byte) bool {
	if bytes.IndexByte(text, '#') >= 0 {
		text = escaped.ReplaceAllFunc(text, func(e []byte) []byte {
			b, _ := hex.DecodeString(string(e[1:]))
			return b
		})
	}
	return active.Match(text)
}

// inflate unpacks objects up to a limit; what cannot be unpacked is not whole.
func inflate(packed []byte, limit int64) (text []byte, whole bool) {
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, false
	}
	defer func() { _ = r.Close() }()
	text, err = io.ReadAll(io.LimitReader(r, limit+1))
	return text, err == nil && int64(len(text)) <= limit
}
