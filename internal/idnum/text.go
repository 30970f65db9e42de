package idnum

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

var (
	errUnseen = &Error{"TEXT_CHARACTERS", "含有看不见的控制字符，请删去后重新输入", "the text has control characters, which nobody sees; take them out"}
	errInText = &Error{"NUMBER_IN_TEXT", "文字中不要写身份证号、残疾人证号或银行卡号：号码有专门的栏目，在文字中无法遮盖", "write no ID, certificate or bank card number into a text: they have fields of their own, and cannot be masked in a text"}

	// digitsInText are digits, also in groups as on a card.
	digitsInText = regexp.MustCompile(`[0-9](?:[ -]?[0-9]){15,}(?:[ -]?[Xx])?`)
)

const shortestNumber = 16 // digits, of a bank card

// CheckText refuses what words that somebody writes must not have in them: a number that is masked everywhere else, and characters that nobody
// sees. Telephone numbers may stand there: notes say whom to call, and often somebody who has no field.
func CheckText(text string) *Error {
	switch {
	case strings.ContainsFunc(text, Unseen):
		return errUnseen
	case holdsNumber(text):
		return errInText
	}
	return nil
}

// Unseen reports whether a character is a control (C0, C1, the separators of lines), turns the text around it (as a name of a file that ends in
// another way than it seems to), or is none. XML, and so a workbook, cannot hold most of them. Lines and tabs are no such characters.
func Unseen(r rune) bool {
	switch {
	case ' ' <= r && r <= '~', 0x4E00 <= r && r <= 0x9FFF, r == '\n' || r == '\r' || r == '\t': // as nearly all are: files are looked through
		return false
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069: // embeddings, overrides and isolates of a direction
		return true
	}
	return unicode.IsControl(r) || r == 0x2028 || r == 0x2029 || unicode.Is(unicode.Noncharacter_Code_Point, r)
}

// WithoutUnseen is a text without such characters.
func WithoutUnseen(text string) string {
	if !strings.ContainsFunc(text, Unseen) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if Unseen(r) {
			return -1
		}
		return r
	}, text)
}

func holdsNumber(text string) bool {
	digits := 0
	for _, r := range text {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if digits < shortestNumber { // as nearly every text has
		return false
	}
	for _, found := range digitsInText.FindAllString(folded(text), -1) {
		groups := strings.FieldsFunc(strings.ToUpper(found), func(r rune) bool { return r == ' ' || r == '-' })
		for i := range groups {
			if beginsWithNumber(groups[i:]) {
				return true
			}
		}
	}
	return false
}

// beginsWithNumber reports whether the first of some groups begins a number. Within a group none begins: days and telephone numbers that stand
// beside each other have an ID number somewhere in them far too often. A certificate number begins with one.
func beginsWithNumber(groups []string) bool {
	if all := strings.Join(groups, ""); len(all) >= 18 && resident(all[:18]) || bankCard(groups[0]) {
		return true
	}
	for n := 2; n <= min(5, len(groups)); n++ {
		if asOnCards(groups[:n]) && bankCard(strings.Join(groups[:n], "")) {
			return true
		}
	}
	return false
}

// asOnCards reports whether groups are as long as those in which people write the number of a card: by fours, or with its first six digits or its
// last three by themselves. Telephone numbers and days beside each other are not.
func asOnCards(groups []string) bool {
	long := make([]int, len(groups))
	for i, g := range groups {
		long[i] = len(g)
	}
	switch fmt.Sprint(long) {
	case "[4 4 4 4]", "[4 4 4 4 1]", "[4 4 4 4 2]", "[4 4 4 4 3]", "[4 4 4 7]", "[6 10]", "[6 13]", "[16 3]":
		return true
	}
	return false
}

// folded is a text with its digits and blanks as ASCII has them, and without what is invisible between them.
func folded(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, width.Fold.String(text))
}

// resident reports whether eighteen characters are an ID number of somebody born on some day.
func resident(s string) bool {
	if c, ok := CheckCharacter(s[:17]); !ok || c != s[17] {
		return false
	}
	birth, err := birthDate(s)
	return err == nil && !birth.Before(earliestBirth) && s[6:8] <= "20"
}

// bankCard reports whether digits are the number of a card of UnionPay: 16 to 19 of them that begin with 62, with the check digit of ISO 7812.
// Accounts of savings books have no such mark.
func bankCard(digits string) bool {
	if len(digits) < 16 || len(digits) > 19 || !strings.HasPrefix(digits, "62") || strings.HasSuffix(digits, "X") {
		return false
	}
	sum := 0
	for i := range digits {
		n := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			n = n*2/10 + n*2%10
		}
		sum += n
	}
	return sum%10 == 0
}
