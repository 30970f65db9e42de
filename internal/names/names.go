// Package names compares names of persons as registers and lists write them: with traditional or rare forms of a character,
// with characters that an old font kept where Unicode has none, full-width or half-width, with one of many signs between the
// parts of the names of other peoples. That two names have one key says that somebody should look; it never says that they are
// of one person.
package names

import (
	_ "embed"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:embed variants.txt
var variantsText string

var (
	sameAs      = map[rune]rune{} // a form of a character to the one that stands for it
	between     = map[rune]bool{} // signs between the parts of a name
	private     = map[rune]rune{} // code points of private use of GBK fonts to those of Unicode
	firstOfFont = rune(0xE815)    // of the characters of the section private
	groups      = readVariants(variantsText)
)

// Key is the same for names that differ only in forms of characters, widths, blanks, case, and signs between parts. It is
// empty for a name without a letter. The key of a key is itself.
func Key(name string) string {
	for range passes {
		key := pass(name)
		if key == name {
			break
		}
		name = key
	}
	return name
}

// passes is how often a name is gone through at most. What is left out may bring together what then combines to one character;
// nothing that somebody writes needs more than three.
const passes = 8

func pass(name string) string {
	var key strings.Builder
	for _, r := range unicodeOf(name) {
		if r = unicode.ToUpper(r); !ignored(r) {
			if standard, ok := sameAs[r]; ok {
				r = standard
			}
			key.WriteRune(r)
		}
	}
	return key.String()
}

// unicodeOf is the name in the characters that Unicode has now, in one of the forms that it calls compatible.
func unicodeOf(name string) string {
	return norm.NFKC.String(strings.Map(func(r rune) rune {
		if known, ok := private[r]; ok {
			return known
		}
		return r
	}, name))
}

// ignored reports whether a rune makes no difference: blanks, signs between parts, and what chooses a form of the character
// before it.
func ignored(r rune) bool {
	return unicode.IsSpace(r) || between[r] || unicode.In(r, unicode.Cf, unicode.Cc, unicode.Variation_Selector)
}

// readVariants reads the sections of variants.txt.
func readVariants(text string) (groups [][]rune) {
	section, next := "", firstOfFont
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(name, "]")
			continue
		}
		forms := []rune(strings.Join(strings.Fields(line), ""))
		switch {
		case len(forms) == 0:
		case section == "punctuation":
			for _, r := range forms {
				between[r] = true
			}
		case section == "private":
			for _, r := range forms {
				private[next] = r
				next++
			}
		default:
			groups = append(groups, forms)
			for _, r := range forms[1:] {
				sameAs[r] = forms[0]
			}
		}
	}
	return groups
}
