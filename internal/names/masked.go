package names

import (
	"regexp"
	"strings"
)

// withheld are the signs that offices write in the place of parts of a name (脱敏): 张*, 张＊＊, 张某, 张○○.
const withheld = "*×某○●□"

// Fits reports whether a name may be the one that somebody has written, parts of which may be withheld. However many signs there are stand for one
// character or more: some write two for every given name. What is withheld whole fits everybody.
func Fits(written, name string) bool {
	key := Key(written)
	if !strings.ContainsAny(key, withheld) {
		return key == Key(name)
	}
	var pattern strings.Builder
	hidden := false
	for _, r := range key {
		switch {
		case !strings.ContainsRune(withheld, r):
			pattern.WriteString(regexp.QuoteMeta(string(r)))
		case !hidden:
			pattern.WriteString(".+")
		}
		hidden = strings.ContainsRune(withheld, r)
	}
	fits, err := regexp.MatchString("^"+pattern.String()+"$", Key(name))
	return err == nil && fits
}
