package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"testing"
)

// TestEncodedContent: a compressed body was taken for broken JSON, and the sender was not told that he may not compress.
func TestEncodedContent(t *testing.T) {
	t.Parallel()
	s := start(t)
	var packed bytes.Buffer
	out := gzip.NewWriter(&packed)
	_, _ = out.Write([]byte(`{"name":"金丝雀"}`))
	_ = out.Close()
	for _, coding := range []string{"gzip", "GZIP", "br", "identity, gzip", "deflate"} {
		a := s.do("cdpf", "POST", "/persons/search", packed.String(), "Content-Encoding", coding).want(415, "CONTENT_ENCODING")
		if got := a.header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("%s: Accept-Encoding %q", coding, got)
		}
	}
	for _, coding := range []string{"", "identity"} {
		s.do("cdpf", "POST", "/persons/search", `{"name":"金丝雀"}`, "Content-Encoding", coding).want(200)
	}
	s.do("cdpf", "GET", "/persons", nil, "Content-Encoding", "gzip").want(200) // nothing is sent
}
