package auth

import (
	"os"
	"strings"
	"sync"
	"testing"
)

// TestMain is the process that hashes, where HashApart starts it.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "hash" {
		if err := ServeHashes(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func hashedApart(t *testing.T) (*Passwords, *apart) {
	t.Helper()
	p := NewCheapPasswords()
	a := &apart{command: []string{os.Args[0], "hash"}}
	p.hash = a.key
	t.Cleanup(func() {
		for _, h := range a.idle {
			h.end()
		}
	})
	return p, a
}

// What one process has hashed the other verifies, many at once, and there are no more processes than hash beside one another.
func TestHashApart(t *testing.T) {
	t.Parallel()
	p, a := hashedApart(t)
	inside := NewCheapPasswords()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			text, err := p.Hash(t.Context(), "correct horse")
			if err != nil {
				t.Error(err)
				return
			}
			for password, want := range map[string]bool{"correct horse": true, "wrong horse": false} {
				for _, who := range []*Passwords{p, inside} {
					if got, err := who.Verify(t.Context(), text, password); err != nil || got != want {
						t.Errorf("%s: %v, %v", password, got, err)
					}
				}
			}
		})
	}
	wg.Wait()
	if n := int64(len(a.idle)); n == 0 || n > atOnce() {
		t.Errorf("%d processes", n)
	}
}

// A process that has come to an end is replaced, and nobody who signs in hears of it.
func TestHasherEnds(t *testing.T) {
	t.Parallel()
	p, a := hashedApart(t)
	for range 3 {
		if _, err := p.Hash(t.Context(), "correct horse"); err != nil {
			t.Fatal(err)
		}
		for _, h := range a.idle {
			if err := h.process.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Where there is no such process nobody gets in, and the error does not tell the password.
func TestNoHasher(t *testing.T) {
	t.Parallel()
	for name, command := range map[string][]string{"absent": {"/nowhere/zhucan", "hash"}, "another program": {"/bin/echo", `"c2hvcnQ="`}, "silent": {"/bin/true"}} {
		p := NewCheapPasswords()
		text, err := p.Hash(t.Context(), "correct horse")
		if err != nil {
			t.Fatal(err)
		}
		p.HashApart(command...)
		got, err := p.Verify(t.Context(), text, "correct horse")
		if got || err == nil || strings.Contains(err.Error(), "correct") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
