package idnum

import (
	"log/slog"
	"regexp"
	"strconv"
	"strings"

	"zhucan/internal/calendar"
)

var (
	errCertEmpty    = &Error{"CERT_EMPTY", "残疾人证号为空", "the certificate number is empty"}
	errCertLength   = &Error{"CERT_LENGTH", "残疾人证号应为20位，补办证后加B1、B2……", "a certificate number has 20 characters, and B1, B2 … after a reissue"}
	errCertCategory = &Error{"CERT_CATEGORY", "残疾人证号第19位（类别）应为1至7", "the nineteenth digit, the category, is 1 to 7"}
	errCertLevel    = &Error{"CERT_LEVEL", "残疾人证号第20位（等级）应为1至4", "the twentieth digit, the level, is 1 to 4"}
	errCertSuffix   = &Error{"CERT_SUFFIX", "残疾人证号的补办后缀应为B1至B99", "the suffix of a reissue is B1 to B99"}
)

// Certificate is a valid certificate number: the ID number, the category, the level, and B1, B2 … for each reissue of
// a lost card (残疾人证管理办法).
type Certificate struct {
	resident Resident
	category int
	level    int
	reissue  int
}

var suffixForm = regexp.MustCompile(`^B([1-9]\d?)?$`)

// ParseCertificate reads a number. An older rule wrote the first reissue as a bare B, which means B1.
func ParseCertificate(raw string, today calendar.Date) (Certificate, error) {
	s := Normalize(raw)
	switch {
	case s == "":
		return Certificate{}, errCertEmpty
	case scientificForm.MatchString(s):
		return Certificate{}, errScientific
	case len(s) < 20:
		return Certificate{}, errCertLength
	}
	resident, err := ParseResident(s[:18], today)
	if err != nil {
		return Certificate{}, err
	}
	c := Certificate{resident: resident, category: int(s[18]) - '0', level: int(s[19]) - '0'}
	if c.category < 1 || c.category > 7 {
		return Certificate{}, errCertCategory
	}
	if c.level < 1 || c.level > 4 {
		return Certificate{}, errCertLevel
	}
	if suffix := s[20:]; suffix != "" {
		if !suffixForm.MatchString(suffix) {
			return Certificate{}, errCertSuffix
		}
		c.reissue = 1
		if suffix != "B" {
			c.reissue, _ = strconv.Atoi(suffix[1:])
		}
	}
	return c, nil
}

// Resident is the ID number at the time of issue.
func (c Certificate) Resident() Resident { return c.resident }

// Category is 1 visual, 2 hearing, 3 speech, 4 physical, 5 intellectual, 6 psychiatric, 7 multiple.
func (c Certificate) Category() int { return c.category }

// Level is 1, the most severe, to 4.
func (c Certificate) Level() int { return c.level }

// Reissue is how often a lost card was reissued.
func (c Certificate) Reissue() int { return c.reissue }

// IsZero reports whether there is no number.
func (c Certificate) IsZero() bool { return c.resident.IsZero() }

// Reveal is the number in its canonical form. What calls it must not log it.
func (c Certificate) Reveal() string {
	if c.IsZero() {
		return ""
	}
	s := c.resident.s + strconv.Itoa(c.category) + strconv.Itoa(c.level)
	if c.reissue > 0 {
		s += "B" + strconv.Itoa(c.reissue)
	}
	return s
}

// Masked keeps the first four characters; the last ones would tell the diagnosis.
func (c Certificate) Masked() string {
	if c.IsZero() {
		return ""
	}
	return c.resident.s[:4] + strings.Repeat("*", 16)
}

func (c Certificate) String() string               { return c.Masked() }
func (c Certificate) GoString() string             { return c.Masked() }
func (c Certificate) LogValue() slog.Value         { return slog.StringValue(c.Masked()) }
func (c Certificate) MarshalText() ([]byte, error) { return []byte(c.Masked()), nil }
