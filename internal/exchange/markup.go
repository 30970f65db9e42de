package exchange

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// markup reads the XML of a workbook as a stream of tags and texts. It is ours because the two ready ones do not do:
// the rows of excelize have no cell types, and drop the error when a sheet breaks off, so that half of a list would pass
// for all of it; encoding/xml makes some twelve allocations a cell and reads 14 MB/s, a list of 50,000 people 4.5 s.
// It takes what OOXML needs (ECMA-376 part 2: no document types, UTF-8) and refuses the rest: a document type, entities
// other than the five and numbers, tags that do not match, bytes that are not text.
type markup struct {
	in      *bufio.Reader
	hold    []byte // a token that did not fit the reader's buffer
	open    []byte // the names of the open elements, one after another
	ends    []int  // where each of them ends
	inTag   bool   // the next byte is the first of a tag
	single  bool   // the last tag closes itself
	literal bool   // the text is CDATA
	began   bool
	keep    bool   // for a copy: what is read stays in seen
	seen    []byte // since the last tag or text
	tagAt   int    // where in it the tag begins

	kind  tokenKind
	name  []byte // of a tag, without prefix
	attrs []byte // of an opening tag, as they stand
	chars []byte // of a text, as it stands
}

type tokenKind int

const (
	openTag tokenKind = iota
	closeTag
	chars
)

const (
	maxToken = 2 << 20 // a cell has at most 32,767 characters
	maxDepth = 64
)

var (
	errMarkup   = errors.New("not well-formed")
	errDoctype  = errors.New("a document type")
	errEncoding = errors.New("not in UTF-8")
)

func newMarkup(r io.Reader) *markup { return &markup{in: bufio.NewReaderSize(r, 64<<10)} }

// next moves to the next tag or text; what the last one gave is gone. At the end of a whole document it is io.EOF.
func (m *markup) next() error {
	if m.single {
		m.single, m.kind = false, closeTag
		m.pop()
		return nil
	}
	for {
		if !m.inTag {
			text, err := m.until('<')
			if errors.Is(err, io.EOF) {
				return m.end(text)
			}
			if err != nil {
				return err
			}
			m.inTag = true
			if m.keep {
				m.seen = m.seen[:len(m.seen)-1] // the < belongs to the tag
			}
			if len(m.ends) > 0 && len(text) > 0 {
				m.kind, m.chars, m.literal = chars, text, false
				return nil
			}
			if len(m.ends) == 0 && !blankOutside(text, m.began) {
				return errMarkup
			}
		}
		m.inTag = false
		if found, err := m.tag(); found || err != nil {
			return err
		}
	}
}

// blankOutside reports whether only blanks stand outside the root element, and before it a byte order mark.
func blankOutside(text []byte, began bool) bool {
	if !began {
		text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	}
	return len(bytes.TrimSpace(text)) == 0
}

func (m *markup) end(text []byte) error {
	if len(m.ends) > 0 || !m.began || !blankOutside(text, true) {
		return io.ErrUnexpectedEOF
	}
	return io.EOF
}

// until reads up to a byte, which is taken and not given. The bytes hold until the next read.
func (m *markup) until(stop byte) ([]byte, error) {
	part, err := m.in.ReadSlice(stop)
	m.copy(part)
	if err == nil {
		return part[:len(part)-1], nil
	}
	if !errors.Is(err, bufio.ErrBufferFull) {
		return part, err
	}
	m.hold = append(m.hold[:0], part...)
	return m.more(stop)
}

// more goes on in hold.
func (m *markup) more(stop byte) ([]byte, error) {
	for {
		part, err := m.in.ReadSlice(stop)
		m.copy(part)
		m.hold = append(m.hold, part...)
		switch {
		case len(m.hold) > maxToken:
			return nil, errMarkup
		case err == nil:
			return m.hold[:len(m.hold)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return m.hold, err
		}
	}
}

func (m *markup) copy(part []byte) {
	if m.keep {
		m.seen = append(m.seen, part...)
	}
}

// upTo reads on until raw ends with a mark in front of the >, and gives what is between begin and mark.
func (m *markup) upTo(raw []byte, begin, mark string) (_ []byte, err error) {
	for len(raw) < len(begin)+len(mark) || !bytes.HasSuffix(raw, []byte(mark)) {
		if raw, err = m.further(raw); err != nil {
			return nil, err
		}
	}
	return raw[len(begin) : len(raw)-len(mark)], nil
}

// further adds to a tag the > that did not end it, and what follows up to the next.
func (m *markup) further(raw []byte) ([]byte, error) {
	m.hold = append(append(m.hold[:0], raw...), '>') // raw may lie in hold already, at its beginning
	raw, err := m.more('>')
	return raw, unexpected(err)
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// tag reads what follows a <. Comments and instructions are passed over.
func (m *markup) tag() (found bool, err error) {
	if m.tagAt = len(m.seen); m.keep {
		m.seen = append(m.seen, '<')
	}
	raw, err := m.until('>')
	if err != nil {
		return false, unexpected(err)
	}
	switch {
	case len(raw) == 0:
		return false, errMarkup
	case raw[0] == '/':
		return true, m.close(bytes.TrimRight(raw[1:], " \t\r\n"))
	case raw[0] == '?':
		raw, err = m.upTo(raw, "?", "?")
		if err == nil && !m.began && bytes.HasPrefix(raw, []byte("xml ")) {
			err = checkEncoding(raw[3:])
		}
		return false, err
	case bytes.HasPrefix(raw, []byte("!--")):
		_, err = m.upTo(raw, "!--", "--")
		return false, err
	case bytes.HasPrefix(raw, []byte("![CDATA[")) && len(m.ends) > 0:
		m.kind, m.literal = chars, true
		m.chars, err = m.upTo(raw, "![CDATA[", "]]")
		return true, err
	case raw[0] == '!':
		return false, errDoctype
	}
	return true, m.element(raw)
}

func checkEncoding(attrs []byte) error {
	for {
		name, value, rest, err := nextAttr(attrs)
		if err != nil || name == nil {
			return err
		}
		if string(name) == "encoding" && !bytes.EqualFold(value, []byte("utf-8")) && !bytes.EqualFold(value, []byte("us-ascii")) {
			return errEncoding
		}
		attrs = rest
	}
}

func (m *markup) element(raw []byte) (err error) {
	for !quotesClosed(raw) { // a > may stand in a value
		if raw, err = m.further(raw); err != nil {
			return err
		}
	}
	m.single = raw[len(raw)-1] == '/'
	if m.single {
		raw = raw[:len(raw)-1]
	}
	end := bytes.IndexAny(raw, " \t\r\n")
	if end < 0 {
		end = len(raw)
	}
	name := raw[:end]
	if len(name) == 0 || bytes.ContainsAny(name, `"'=<&`) || len(m.ends) >= maxDepth || len(m.ends) == 0 && m.began {
		return errMarkup
	}
	m.kind, m.attrs, m.began = openTag, raw[end:], true
	m.open = append(m.open, name...)
	m.ends = append(m.ends, len(m.open))
	m.name = local(name)
	return nil
}

func quotesClosed(raw []byte) bool {
	if bytes.IndexByte(raw, '\'') < 0 {
		return bytes.Count(raw, []byte{'"'})%2 == 0
	}
	var quote byte
	for _, b := range raw {
		switch {
		case quote == 0 && (b == '"' || b == '\''):
			quote = b
		case b == quote:
			quote = 0
		}
	}
	return quote == 0
}

// close ends the innermost element, which must have this name.
func (m *markup) close(name []byte) error {
	if len(m.ends) == 0 || !bytes.Equal(m.open[m.nameAt():], name) {
		return errMarkup
	}
	m.kind, m.name = closeTag, local(name)
	m.pop()
	return nil
}

// nameAt is where the name of the innermost element begins.
func (m *markup) nameAt() int {
	if len(m.ends) < 2 {
		return 0
	}
	return m.ends[len(m.ends)-2]
}

func (m *markup) pop() {
	m.open, m.ends = m.open[:m.nameAt()], m.ends[:len(m.ends)-1]
}

func local(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }

// depth is how many elements are open.
func (m *markup) depth() int { return len(m.ends) }

// attr is the value of an attribute of the opening tag, by its name without prefix.
func (m *markup) attr(want string) (string, error) {
	for attrs := m.attrs; ; {
		name, value, rest, err := nextAttr(attrs)
		if err != nil || name == nil {
			return "", err
		}
		if string(name) == want {
			text, err := unescape(nil, value)
			return string(text), err
		}
		attrs = rest
	}
}

// nextAttr is the first of some attributes, and the rest; no name when there is none.
func nextAttr(raw []byte) (name, value, rest []byte, err error) {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return nil, nil, nil, nil
	}
	equals := bytes.IndexByte(raw, '=')
	if equals < 1 {
		return nil, nil, nil, errMarkup
	}
	name = local(bytes.TrimRight(raw[:equals], " \t\r\n"))
	raw = bytes.TrimLeft(raw[equals+1:], " \t\r\n")
	if len(raw) < 2 || raw[0] != '"' && raw[0] != '\'' {
		return nil, nil, nil, errMarkup
	}
	end := bytes.IndexByte(raw[1:], raw[0])
	if end < 0 || bytes.IndexByte(raw[1:end+1], '<') >= 0 {
		return nil, nil, nil, errMarkup
	}
	return name, raw[1 : end+1], raw[end+2:], nil
}

// appendText adds the current text to dst.
func (m *markup) appendText(dst []byte) ([]byte, error) {
	if !m.literal {
		return unescape(dst, m.chars)
	}
	if !isText(m.chars) {
		return dst, errMarkup
	}
	return append(dst, m.chars...), nil
}

// unescape adds a text to dst with its references resolved.
func unescape(dst, src []byte) ([]byte, error) {
	if !isText(src) {
		return dst, errMarkup
	}
	for {
		at := bytes.IndexByte(src, '&')
		if at < 0 {
			return append(dst, src...), nil
		}
		dst = append(dst, src[:at]...)
		end := bytes.IndexByte(src[at:], ';')
		if end < 2 {
			return dst, errMarkup
		}
		r, ok := reference(string(src[at+1 : at+end]))
		if !ok {
			return dst, errMarkup
		}
		dst, src = utf8.AppendRune(dst, r), src[at+end+1:]
	}
}

var namedReferences = map[string]rune{"lt": '<', "gt": '>', "amp": '&', "quot": '"', "apos": '\''}

func reference(name string) (rune, bool) {
	if r, ok := namedReferences[name]; ok {
		return r, true
	}
	if name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if len(digits) > 1 && digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	r := rune(n)
	return r, err == nil && utf8.ValidRune(r) && (r >= ' ' || slices.Contains([]rune("\t\n\r"), r))
}

// isText reports whether some bytes are UTF-8 without control characters other than blanks.
func isText(b []byte) bool {
	ascii := true
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return ascii || utf8.Valid(b)
}

// attrValues are the values of some attributes of the opening tag, empty where it has none.
func (m *markup) attrValues(names ...string) ([]string, error) {
	values := make([]string, len(names))
	for i, name := range names {
		var err error
		if values[i], err = m.attr(name); err != nil {
			return values, err
		}
	}
	return values, nil
}
