package attachment

import "bytes"

// lexer reads the tokens of a PDF (ISO 32000-1, 7.2 and 7.3).
type lexer struct {
	text []byte
	at   int
}

// next is the next token: a name with its slash, a word or number, << or >>, or another delimiter. Texts and comments are passed
// over, for nothing in them is a name. At the end it is nil.
func (l *lexer) next() []byte {
	for l.at < len(l.text) {
		switch c := l.text[l.at]; {
		case isBlank(c):
			l.at++
		case c == '%':
			l.pass("\r\n")
		case c == '(':
			l.passText()
		case c == '<' && !l.doubled():
			l.pass(">")
		default:
			return l.token()
		}
	}
	return nil
}

func (l *lexer) token() []byte {
	from := l.at
	switch c := l.text[from]; {
	case c == '/' || !isDelimiter(c):
		for l.at++; l.at < len(l.text) && !isBlank(l.text[l.at]) && !isDelimiter(l.text[l.at]); {
			l.at++
		}
	case l.doubled():
		l.at += 2
	default:
		l.at++
	}
	return l.text[from:l.at]
}

// doubled reports whether << or >> stands here.
func (l *lexer) doubled() bool {
	c := l.text[l.at]
	return (c == '<' || c == '>') && l.at+1 < len(l.text) && l.text[l.at+1] == c
}

// pass goes behind the next of some bytes.
func (l *lexer) pass(ends string) {
	if n := bytes.IndexAny(l.text[l.at:], ends); n >= 0 {
		l.at += n + 1
	} else {
		l.at = len(l.text)
	}
}

// passText goes behind a text in brackets, in which others may stand.
func (l *lexer) passText() {
	depth := 0
	for l.at < len(l.text) {
		switch l.text[l.at] {
		case '\\':
			l.at++
		case '(':
			depth++
		case ')':
			depth--
		}
		if l.at++; depth == 0 {
			break
		}
	}
	l.at = min(l.at, len(l.text))
}

// firstOf tells tokens apart by their first byte; a single > is nothing.
func firstOf(token []byte) byte {
	if len(token) == 0 || string(token) == ">" {
		return 0
	}
	return token[0]
}

func isBlank(c byte) bool { return bytes.IndexByte([]byte("\x00\t\n\f\r "), c) >= 0 }

func isDelimiter(c byte) bool { return bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0 }
