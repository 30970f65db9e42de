package fault

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// chinese is Chinese and the languages in it (ISO 639-3), as zh-yue or cmn: who reads any of them reads our texts.
var chinese = []string{"zh", "cmn", "yue", "wuu", "nan", "hak", "gan", "hsn", "cdo", "cjy", "cpx", "czh", "czo", "mnp", "lzh"}

// PrefersEnglish reports whether an Accept-Language asks for English rather than for Chinese, in which texts are where it asks for neither. Of a
// language that is not known nothing is taken, and the others count.
func PrefersEnglish(accept string) (english bool) {
	most := float32(0)
	for one := range strings.SplitSeq(accept, ",") {
		asked, weights, err := language.ParseAcceptLanguage(one) // without those that weigh nothing
		if err != nil || len(asked) == 0 || weights[0] <= most {
			continue
		}
		base, _ := asked[0].Base()
		if isEnglish := base.String() == "en"; isEnglish || slices.Contains(chinese, base.String()) {
			english, most = isEnglish, weights[0]
		}
	}
	return english
}
