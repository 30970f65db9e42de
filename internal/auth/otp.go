package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// Codes of an app are those of RFC 6238 as every such app makes them: six digits of HMAC-SHA-1, another one every 30 seconds.
const (
	codeStep   = 30 * time.Second
	codeDrift  = 1  // steps by which a telephone may go ahead or behind
	secretSize = 20 // bytes, RFC 4226 §4 R6
)

// NewCodeSecret is what an app and the service share, as it is typed into the app.
func NewCodeSecret() string {
	raw := make([]byte, secretSize)
	rand.Read(raw)
	return base32.StdEncoding.EncodeToString(raw)
}

// CodeAddress is what an app reads from a picture or a link: the secret, and whose it is.
func CodeAddress(username, secret string) string {
	const issuer = "助残"
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(username) + "?" + url.Values{"secret": {secret}, "issuer": {issuer}}.Encode()
}

// CodeAt is the code that an app shows at an instant.
func CodeAt(secret string, at time.Time) (string, error) { return codeOf(secret, stepOf(at)) }

func stepOf(at time.Time) int64 { return at.Unix() / int64(codeStep/time.Second) }

func codeOf(secret string, step int64) (string, error) {
	code, err := hotp.GenerateCodeCustom(secret, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return "", fmt.Errorf("make the code of an app: %w", err)
	}
	return code, nil
}

// CodeStep finds the step whose code somebody shows at an instant; it has to come after the last step whose code was used. Zero: there is
// none.
func CodeStep(secret, code string, now time.Time, last int64) (step int64, err error) {
	for s := stepOf(now) - codeDrift; s <= stepOf(now)+codeDrift; s++ {
		right, err := codeOf(secret, s)
		if err != nil {
			return 0, err
		}
		if hmac.Equal([]byte(right), []byte(code)) && s > last {
			step = s
		}
	}
	return step, nil
}

// NormalCode is a code as people type it: blanks, dashes, small letters and full-width digits do not matter.
func NormalCode(text string) string {
	return NormalStatusCode(strings.Map(func(c rune) rune {
		if c >= '０' && c <= '９' {
			return c - '０' + '0'
		}
		return c
	}, text))
}

// spareCodes are for when the telephone with the app is lost.
const spareCodes = 10

// NewSpareCodes are codes that are good once each, in the place of one of the app.
func NewSpareCodes() []string {
	codes := make([]string, spareCodes)
	for i := range codes {
		codes[i] = NewStatusCode()
	}
	return codes
}
