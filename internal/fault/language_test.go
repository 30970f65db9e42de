package fault

import "testing"

// TestPrefersEnglish: what cannot be read of a header takes nothing from the rest.
func TestPrefersEnglish(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{"": false, "*": false, "en": true, "EN": true, "en_US": true, "en-US,en;q=0.9": true, "zh-CN,zh;q=0.9,en;q=0.8": false, "zh;q=0.5, en;q=0.9": true,
		"en,zh": true, "zh,en": false, "en;q=0,zh": false, "en;q=0": false, "fr,en;q=0.5": true, "en-US,en;q=0.9,qz;q=0.3": true, "qz,zh-CN;q=0.9,en;q=0.8": false, "en;q=0.9,": true, ",,": false, "-": false} {
		if got := PrefersEnglish(accept); got != want {
			t.Errorf("%q: %t", accept, got)
		}
	}
}
