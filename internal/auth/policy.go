package auth

import (
	_ "embed"
	"slices"
	"strings"
	"unicode/utf8"

	"zhucan/internal/fault"
)

// Lengths count code points after normalization, so a password of Chinese characters counts as it reads.
const (
	minLength = 12
	maxLength = 128
)

// common are passwords that are tried first everywhere, and here, of the lengths that are allowed.
//
//go:embed common-passwords.txt
var common string

// CheckPassword refuses what is too short, too long, common, a short text over and over, or holds the user name or one
// of the context words, such as the person's or the office's name. There is no rule of composition and no date of
// expiry: both make passwords that are easier to guess (NIST SP 800-63B-4). member is the input's name of the password.
func CheckPassword(member, password, username string, context ...string) error {
	weak := func(zh, en string) error {
		return fault.InvalidFields(fault.Field{Name: member, Code: "WEAK_PASSWORD", ZH: zh, EN: en})
	}
	plain := fold(password)
	switch n := utf8.RuneCountInString(normal(password)); {
	case n < minLength || n > maxLength:
		return weak("密码长度须为12至128个字符", "a password has 12 to 128 characters")
	case username != "" && strings.Contains(plain, fold(username)):
		return weak("密码不能包含用户名", "the password must not hold the user name")
	case holdsWord(plain, context):
		return weak("密码不能包含姓名或单位名称", "the password must not hold a name of a person or an office")
	case repeats([]rune(plain)) || counts([]rune(plain)):
		return weak("密码过于简单", "the password is a short text over and over, or counts on")
	case slices.Contains(strings.Fields(common), plain):
		return weak("密码过于常见", "the password is a common one")
	}
	return nil
}

func fold(text string) string { return strings.ToLower(normal(text)) }

// holdsWord looks for words of at least two characters: many names have no more.
func holdsWord(plain string, words []string) bool {
	return slices.ContainsFunc(words, func(word string) bool {
		word = fold(strings.TrimSpace(word))
		return utf8.RuneCountInString(word) >= 2 && strings.Contains(plain, word)
	})
}

// repeats reports whether a text is only a shorter one over and over, that would be no password itself.
func repeats(text []rune) bool {
	for period := 1; period < minLength && 2*period <= len(text); period++ {
		if slices.Equal(text[period:], text[:len(text)-period]) {
			return true
		}
	}
	return false
}

// counts reports whether each character follows the one before it, up or down: 123456789012, lkjihgfedcba.
func counts(text []rune) bool {
	steps := func(next func(rune) rune) bool {
		for i := 1; i < len(text); i++ {
			if text[i] != next(text[i-1]) {
				return false
			}
		}
		return true
	}
	return steps(func(r rune) rune { return wrap(r, '9', '0', 1) }) || steps(func(r rune) rune { return wrap(r, '0', '9', -1) })
}

func wrap(r, last, first, step rune) rune {
	if r == last {
		return first
	}
	return r + step
}
