package names

import (
	"strings"
	"unicode"
)

// Error is why something is no name of anybody.
type Error struct{ Code, ZH, EN string }

func (e *Error) Error() string { return e.Code + ": " + e.EN }

var (
	errUnseen = &Error{"NAME_CHARACTERS", "姓名中有换行、制表符等看不见的字符，请重新输入", "the name has a line break, a tab or another character that nobody sees; type it anew"}
	errNumber = &Error{"NAME_NUMBER", "姓名中有证件号码、电话等长号码，请只写姓名", "a name has no long number in it, such as that of a card or a telephone"}
)

// longNumber is from how many digits on a number tells who somebody is: a birth date has as many. Names are shown in lists, in which
// numbers are masked.
const longNumber = 8

// Written is a name as it is kept: without blanks around it, and with one space for several inside, or none between Chinese characters,
// where officers put blanks to make a name of two characters as long as one of three. It refuses characters that nobody sees or that turn
// the text around, by which two names that look alike would differ; private ones stand for rare characters of old fonts, and stay.
func Written(name string) (string, error) {
	name = strings.TrimSpace(name)
	digits := 0
	for _, r := range name {
		switch {
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar:
			return "", errUnseen
		case unicode.IsDigit(r):
			digits++
		case !unicode.IsSpace(r) && !unicode.Is(unicode.Pd, r): // by which a number is written in groups
			digits = 0
		}
		if digits == longNumber {
			return "", errNumber
		}
	}
	parts := strings.Fields(name)
	if joined := strings.Join(parts, ""); !strings.ContainsFunc(joined, func(r rune) bool { return !unicode.Is(unicode.Han, r) && !between[r] }) {
		return joined, nil
	}
	return strings.Join(parts, " "), nil
}
