package auth

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// The secret of RFC 6238 appendix B, in base32.
const rfcSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

// TestCodes: codes are those of RFC 6238, appendix B, of which an app shows the last six digits.
func TestCodes(t *testing.T) {
	t.Parallel()
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got, err := CodeAt(rfcSecret, time.Unix(at, 0)); err != nil || got != want {
			t.Errorf("at %d the code is %s (%v), want %s", at, got, err, want)
		}
	}
}

// TestCodeStep: a code counts half a minute before and after its own, and once: not after a later one, nor after itself.
func TestCodeStep(t *testing.T) {
	t.Parallel()
	now := time.Unix(1234567890, 0)
	own := now.Unix() / 30
	for _, tt := range []struct {
		shift time.Duration
		last  int64
		want  int64
	}{
		{0, 0, own}, {-30 * time.Second, 0, own - 1}, {30 * time.Second, 0, own + 1}, {-60 * time.Second, 0, 0}, {60 * time.Second, 0, 0},
		{0, own - 1, own}, {0, own, 0}, {-30 * time.Second, own, 0}, {30 * time.Second, own, own + 1},
	} {
		code, err := CodeAt(rfcSecret, now.Add(tt.shift))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := CodeStep(rfcSecret, code, now, tt.last); err != nil || got != tt.want {
			t.Errorf("the code of %s on after step %d: step %d (%v), want %d", tt.shift, tt.last-own, got-own, err, tt.want-own)
		}
	}
	for _, code := range []string{"", "000000", "5924", "0005924"} {
		if got, _ := CodeStep(rfcSecret, code, now, 0); got != 0 {
			t.Errorf("%q counts", code)
		}
	}
}

// TestNormalCode: however people type it.
func TestNormalCode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"005 924": "005924", "００５９２４": "005924", " 005-924 ": "005924", "abcd-efgh": "ABCDEFGH", " - ": ""} {
		if got := NormalCode(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestSecrets: each is another one, apps can read it, and the address names account and issuer.
func TestSecrets(t *testing.T) {
	t.Parallel()
	one, two := NewCodeSecret(), NewCodeSecret()
	if one == two || len(one) != 32 || strings.Trim(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		t.Errorf("the secrets %s and %s", one, two)
	}
	at, err := url.Parse(CodeAddress("town.a", one))
	if err != nil || at.Scheme != "otpauth" || at.Host != "totp" || at.Path != "/助残:town.a" || at.Query().Get("secret") != one || at.Query().Get("issuer") != "助残" {
		t.Errorf("the address %s (%v)", at, err)
	}
	spare := map[string]bool{}
	for _, code := range NewSpareCodes() {
		spare[code] = NormalCode(code) == code && len(code) == 8
	}
	if len(spare) != 10 {
		t.Errorf("the spare codes %v", spare)
	}
}
