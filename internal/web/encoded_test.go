package web_test

import (
	"strings"
	"testing"
)

// TestEncodedForm: a form that somebody compresses is refused for that, and not as one that cannot be read.
func TestEncodedForm(t *testing.T) {
	t.Parallel()
	s := start(t)
	a := s.browser().do("POST", "/sign-in", strings.NewReader("username=cdpf"), "Content-Type", "application/x-www-form-urlencoded", "Content-Encoding", "gzip").want(415).says("不接受压缩")
	if got := a.header.Get("Accept-Encoding"); got != "identity" {
		t.Errorf("Accept-Encoding %q", got)
	}
}
