// Package idnum reads resident ID numbers (GB 11643-1999) and disability certificate numbers. A value of these types
// prints masked everywhere; only Reveal gives the number. Errors never hold the number.
package idnum

import (
	"log/slog"
	"regexp"
	"strings"
	"time"
	"unicode"

	"zhucan/internal/calendar"
)

// Error says what is wrong with a number, without the number.
type Error struct{ Code, ZH, EN string }

func (e *Error) Error() string { return e.Code + ": " + e.EN }

var (
	errEmpty      = &Error{"ID_EMPTY", "身份证号为空", "the ID number is empty"}
	errLength     = &Error{"ID_LENGTH", "身份证号应为18位", "an ID number has 18 characters"}
	errCharacters = &Error{"ID_CHARACTERS", "身份证号只能是17位数字加一位数字或X", "an ID number is 17 digits and a digit or X"}
	errCheck      = &Error{"ID_CHECK", "身份证号校验码不正确", "the check character of the ID number is wrong"}
	errBirth      = &Error{"ID_BIRTH_DATE", "身份证号中的出生日期不存在", "the birth date in the ID number does not exist"}
	errScientific = &Error{"ID_SCIENTIFIC", "身份证号已被表格软件转成科学计数法，请按文本重新填写", "a spreadsheet has turned the number into scientific notation"}
	errRounded    = &Error{"ID_ROUNDED", "身份证号末几位已被表格软件改为0，请按文本重新填写", "a spreadsheet has rounded the last digits to zero"}
)

// Resident is a valid resident ID number.
type Resident struct{ s string }

var (
	residentForm   = regexp.MustCompile(`^\d{17}[\dX]$`)
	scientificForm = regexp.MustCompile(`^\d(\.\d+)?[eE]\+?\d{2}$`)
	oldForm        = regexp.MustCompile(`^\d{15}$`)
	earliestBirth  = calendar.MustDate("1900-01-01")
)

// weights and characters of ISO 7064 MOD 11-2 as GB 11643-1999 uses it.
var weights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

const checkCharacters = "10X98765432"

// CheckCharacter is the eighteenth character for the first seventeen digits.
func CheckCharacter(body17 string) (byte, bool) {
	if len(body17) != 17 {
		return 0, false
	}
	sum := 0
	for i, w := range weights {
		c := body17[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		sum += int(c-'0') * w
	}
	return checkCharacters[sum%11], true
}

// Normalize removes blanks and invisible characters, and makes full-width characters half-width and letters capital.
func Normalize(raw string) string {
	if plain(raw) {
		return raw
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.IsControl(r):
			return -1
		case r >= '！' && r <= '～':
			r -= '！' - '!'
		}
		return unicode.ToUpper(r)
	}, raw)
}

// plain reports whether a text is nothing but digits and capital letters, as all that is stored.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// UpgradedFrom15 reports whether raw is a number from before 2000, which ParseResident makes longer.
func UpgradedFrom15(raw string) bool { return oldForm.MatchString(Normalize(raw)) }

// ParseResident reads a number. One of 15 digits gets its century and check character. The area is not checked: codes
// are those of the first registration and may have been abolished long ago.
func ParseResident(raw string, today calendar.Date) (Resident, error) {
	s := Normalize(raw)
	switch {
	case s == "":
		return Resident{}, errEmpty
	case scientificForm.MatchString(s):
		return Resident{}, errScientific
	case oldForm.MatchString(s):
		s = s[:6] + "19" + s[6:]
		c, _ := CheckCharacter(s)
		s += string(c)
	}
	if len(s) != 18 {
		return Resident{}, errLength
	}
	if !residentForm.MatchString(s) {
		return Resident{}, errCharacters
	}
	if c, _ := CheckCharacter(s[:17]); c != s[17] {
		if strings.HasSuffix(s, "000") {
			return Resident{}, errRounded
		}
		return Resident{}, errCheck
	}
	birth, err := birthDate(s)
	if err != nil || birth.Before(earliestBirth) || birth.After(today) {
		return Resident{}, errBirth
	}
	return Resident{s}, nil
}

func birthDate(s string) (calendar.Date, error) {
	number := func(digits string) (n int) {
		for _, c := range digits {
			n = n*10 + int(c-'0')
		}
		return n
	}
	return calendar.NewDate(number(s[6:10]), time.Month(number(s[10:12])), number(s[12:14]))
}

// BirthDate is digits 7 to 14.
func (r Resident) BirthDate() calendar.Date {
	if r.IsZero() {
		return calendar.Date{}
	}
	d, _ := birthDate(r.s)
	return d
}

// Sex is male or female by the seventeenth digit, odd for male.
func (r Resident) Sex() string {
	if r.IsZero() {
		return ""
	}
	if (r.s[16]-'0')%2 == 1 {
		return "male"
	}
	return "female"
}

// IsZero reports whether there is no number.
func (r Resident) IsZero() bool { return r.s == "" }

// Reveal is the number itself. What calls it must not log it.
func (r Resident) Reveal() string { return r.s }

// Masked keeps the first and last four characters.
func (r Resident) Masked() string { return MaskID(r.s) }

// MaskID masks any text that was given as an ID number.
func MaskID(s string) string {
	if len(s) < 12 {
		return strings.Repeat("*", len(s))
	}
	return s[:4] + strings.Repeat("*", len(s)-8) + s[len(s)-4:]
}

func (r Resident) String() string               { return r.Masked() }
func (r Resident) GoString() string             { return r.Masked() }
func (r Resident) LogValue() slog.Value         { return slog.StringValue(r.Masked()) }
func (r Resident) MarshalText() ([]byte, error) { return []byte(r.Masked()), nil }
