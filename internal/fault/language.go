package fault

import (
	"strings"

	"golang.org/x/text/language"
)

// PrefersEnglish reports whether an Accept-Language asks for English rather than for Chinese, in which texts are where it asks for neither. Of a
// language that is not known nothing is taken, and the others count.
func PrefersEnglish(accept string) (english bool) {
	most := float32(0)
	for one := range strings.SplitSeq(accept, ",") {
		asked, weights, err := language.ParseAcceptLanguage(one) // without those that weigh nothing
		if err != nil || len(asked) == 0 || weights[0] <= most {
			continue
		}
		switch base, _ := asked[0].Base(); base.String() {
		case "en", "zh":
			english, most = base.String() == "en", weights[0]
		}
	}
	return english
}
