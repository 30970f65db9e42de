package fault

import "testing"

// TestPrefersEnglish: what cannot be read of a header takes nothing from the rest.
func TestPrefersEnglish(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{"": false, "*": false, "en": true, "EN": true, "en_US": true, "en-US,en;q=0.9": true, "zh-CN,zh;q=0.9,en;q=0.8": false, "zh;q=0.5, en;q=0.9": true,
		"en,zh": true, "zh,en": false, "en;q=0,zh": false, "en;q=0": false, "fr,en;q=0.5": true, "en-US,en;q=0.9,qz;q=0.3": true, "qz,zh-CN;q=0.9,en;q=0.8": false, "en;q=0.9,": true, ",,": false, "-": false,
		"cmn": false, "cmn,en;q=0.9": false, "cmn-Hans-CN,en;q=0.9": false, "zh-Hans-CN,en;q=0.9": false, "yue,en;q=0.5": false, "yue-Hant-HK,en;q=0.5": false, "zh-yue,en;q=0.5": false, "wuu,en;q=0.5": false, "nan,en;q=0.5": false, "en,cmn;q=0.9": true} {
		if got := PrefersEnglish(accept); got != want {
			t.Errorf("%q: %t", accept, got)
		}
	}
}
