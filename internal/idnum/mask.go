package idnum

import (
	"regexp"
	"strings"
)

var (
	mobileForm   = regexp.MustCompile(`^1\d{10}$`)
	landlineForm = regexp.MustCompile(`^(0\d{2,3}-?)?\d{7,8}$`)
	accountForm  = regexp.MustCompile(`^\d{8,32}$`)
	numberInText = regexp.MustCompile(`\p{Nd}(?:[ \x{3000}]?\p{Nd}){7,}[XxＸｘ]?`)

	errPhone   = &Error{"PHONE", "电话号码格式不正确", "this is no telephone number"}
	errAccount = &Error{"ACCOUNT", "银行账号应为8至32位数字", "a bank account has 8 to 32 digits"}
)

// ParsePhone reads a mobile or landline number.
func ParsePhone(raw string) (string, error) {
	s := Normalize(raw)
	if scientificForm.MatchString(s) {
		return "", errScientific
	}
	if !mobileForm.MatchString(s) && !landlineForm.MatchString(s) {
		return "", errPhone
	}
	return s, nil
}

// ParseAccount reads a bank account number and drops blanks and dashes.
func ParseAccount(raw string) (string, error) {
	s := strings.ReplaceAll(Normalize(raw), "-", "")
	if scientificForm.MatchString(s) {
		return "", errScientific
	}
	if !accountForm.MatchString(s) {
		return "", errAccount
	}
	return s, nil
}

// MaskPhone keeps the first three and last four characters.
func MaskPhone(s string) string {
	if len(s) < 8 {
		return strings.Repeat("*", len(s))
	}
	return s[:3] + strings.Repeat("*", len(s)-7) + s[len(s)-4:]
}

// MaskAccount keeps the last four digits.
func MaskAccount(s string) string {
	if len(s) < 8 {
		return strings.Repeat("*", len(s))
	}
	return "****" + s[len(s)-4:]
}

// MaskNumbers hides what may be a number of somebody in words that an officer wrote: eight digits or more, also of full width and in groups as on a card.
func MaskNumbers(text string) string { return numberInText.ReplaceAllString(text, "****") }

// MaskName keeps the surname.
func MaskName(name string) string {
	runes := []rune(name)
	keep := surname(runes)
	if len(runes) <= keep {
		return name
	}
	return string(runes[:keep]) + strings.Repeat("*", len(runes)-keep)
}

// SplitName is a name in two: the surname, and the rest. A name in parts (买买提·阿卜杜拉) has no surname.
func SplitName(name string) (family, given string) {
	if strings.ContainsAny(name, "·• ") {
		return "", name
	}
	runes := []rune(name)
	keep := min(surname(runes), len(runes))
	return string(runes[:keep]), string(runes[keep:])
}

// surname is how long it is: one character, or two where the name begins with a surname of two.
func surname(name []rune) int {
	if len(name) > 2 && strings.Contains("欧阳 司马 诸葛 上官 夏侯 皇甫 尉迟 公孙 慕容 令狐 长孙 宇文 司徒 东方 南宫 西门", string(name[:2])) {
		return 2
	}
	return 1
}
