package fault

import "golang.org/x/text/language"

// PrefersEnglish reports whether an Accept-Language asks for English rather than for Chinese, in which texts are where it asks for neither.
func PrefersEnglish(accept string) bool {
	asked, _, err := language.ParseAcceptLanguage(accept) // by weight, without those that weigh nothing
	if err != nil {
		return false
	}
	for _, tag := range asked {
		switch base, _ := tag.Base(); base.String() {
		case "en":
			return true
		case "zh":
			return false
		}
	}
	return false
}
