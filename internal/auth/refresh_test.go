package auth

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestRefresh(t *testing.T) {
	t.Parallel()
	token, hash, err := newRefresh(bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", token); diff != "" {
		t.Error(diff)
	}
	sum := sha256.Sum256([]byte(token))
	if !bytes.Equal(hash, sum[:]) || !bytes.Equal(hash, RefreshHash(token)) {
		t.Errorf("hash %x", hash)
	}
	one, _, err1 := NewRefresh()
	two, _, err2 := NewRefresh()
	if one == two || len(one) != 43 || err1 != nil || err2 != nil {
		t.Errorf("%s, %s, %v, %v", one, two, err1, err2)
	}
	if token, hash, err := newRefresh(iotest.ErrReader(io.ErrClosedPipe)); token != "" || hash != nil || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("without random bytes: %s, %x, %v", token, hash, err)
	}
}
