package auth

import (
	"crypto/rand"
	"strings"
)

// codeLetters has no letter that is mistaken for another or for a digit, on paper or on the telephone. There are 32, so that
// five random bits are one of them.
const codeLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

const codeLength = 8 // forty bits, which the throttle makes far too many to try

// NewStatusCode is the code by which an applicant asks after his case.
func NewStatusCode() string {
	b := make([]byte, codeLength)
	rand.Read(b)
	for i := range b {
		b[i] = codeLetters[b[i]&31]
	}
	return string(b)
}

// NormalStatusCode is a code as people type it: blanks, dashes and small letters do not matter.
func NormalStatusCode(text string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(text))
}
