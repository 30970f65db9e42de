package application

import (
	"strings"

	"zhucan/internal/fault"
)

// ParseCaseNumber reads the number of a case as people write it: blanks and dashes do not matter. One that was copied wrongly
// fails its check digit (ISO 7064 MOD 11,10).
func ParseCaseNumber(text string) (string, error) {
	digits := strings.Map(func(r rune) rune {
		switch {
		case r >= '\uFF10' && r <= '\uFF19': // full width
			return r - '\uFF10' + '0'
		case strings.ContainsRune(" \u3000-\u2013\u2014", r):
			return -1
		}
		return r
	}, text)
	if len(digits) < 7 || len(digits) > 19 || strings.Trim(digits, "0123456789") != "" || !checks(digits) {
		return "", fault.InvalidFields(fault.Field{Name: "case_number", Code: "CASE_NUMBER", ZH: "受理编号不正确，请核对", EN: "this is no number of a case; compare it with the slip"})
	}
	return digits, nil
}

func checks(digits string) bool {
	p := 10
	for _, d := range digits[:len(digits)-1] {
		if p = (p + int(d-'0')) % 10; p == 0 {
			p = 10
		}
		p = p * 2 % 11
	}
	return (p+int(digits[len(digits)-1]-'0'))%10 == 1
}
