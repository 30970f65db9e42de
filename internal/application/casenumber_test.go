package application_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zhucan/internal/application"
)

// checked is a number with its check digit by the definition of ISO 7064 MOD 11,10, found by trying.
func checked(digits string) string {
	for c := '0'; c <= '9'; c++ {
		p := 10
		for _, d := range digits {
			if p = (p + int(d-'0')) % 10; p == 0 {
				p = 10
			}
			p = 2 * p % 11
		}
		if (p+int(c-'0'))%10 == 1 {
			return digits + string(c)
		}
	}
	panic("no check digit")
}

func TestParseCaseNumber(t *testing.T) {
	t.Parallel()
	if got := checked("79462"); got != "794623" { // known from other libraries (python-stdnum)
		t.Fatalf("the check digit of 79462 makes %s", got)
	}
	for text, want := range map[string]string{"1000019": "1000019", " 100001-9 ": "1000019", "１０００ 019": "1000019", "100001—9": "1000019",
		"1000018": "", "": "", "x": "", "10000l9": "", "794623": "", "-1000019x": "", "0000000000000000000000": ""} {
		if got, err := application.ParseCaseNumber(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q (%v), want %q", text, got, err, want)
		}
	}
}

// TestWrongDigits changes any one digit, which is always found.
func TestWrongDigits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := checked(rapid.StringMatching(`[1-9][0-9]{5,9}`).Draw(t, "digits"))
		if got, err := application.ParseCaseNumber(number); err != nil || got != number {
			t.Fatalf("%s: %q, %v", number, got, err)
		}
		at, digit := rapid.IntRange(0, len(number)-1).Draw(t, "at"), rapid.SampledFrom(strings.Split("0123456789", "")).Draw(t, "digit")
		wrong := number[:at] + digit + number[at+1:]
		if _, err := application.ParseCaseNumber(wrong); (err == nil) != (wrong == number) {
			t.Fatalf("%s for %s: %v", wrong, number, err)
		}
	})
}
