package labels_test

import (
	"testing"

	"zhucan/internal/labels"
)

func TestMethod(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{"GET": "GET", "HEAD": "HEAD", "POST": "POST", "PUT": "PUT", "PATCH": "PATCH", "DELETE": "DELETE", "OPTIONS": "OPTIONS",
		"get": "other", "TRACE": "other", "PROPFIND": "other", "379999197001010018": "other", "": "other", "other": "other"} {
		if got := labels.Method(method); got != want {
			t.Errorf("%q is %q, want %q", method, got, want)
		}
	}
}
