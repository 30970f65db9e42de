package blobs

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/secret"
)

// put opens a store, keeps a content in it and reads it back.
func put(t *testing.T, address string) uuid.UUID {
	t.Helper()
	ring, err := secret.Generate(rand.Reader, true)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), address, ring)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	id := uuid.New()
	if err := s.Put(t.Context(), id, []byte("content")); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(t.Context(), id); err != nil || string(got) != "content" {
		t.Errorf("read %q, %v", got, err)
	}
	if ids, err := s.Older(t.Context(), time.Now().Add(time.Hour)); err != nil || len(ids) != 1 || ids[0] != id {
		t.Errorf("the store has %v, %v; want %s alone", ids, err, id)
	}
	return id
}

// TestPlainAddress: the address as it is documented makes the folder, and leaves in it the content and nothing else. The folder for
// temporary files has no part in it: it may lie on another file system.
func TestPlainAddress(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "files")
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "nowhere"))
	id := put(t, "file://"+folder)
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v; want that its owner alone may enter it", info.Mode(), err)
	}
	held, err := os.ReadDir(folder)
	if err != nil || len(held) != 1 || held[0].Name() != id.String() {
		t.Errorf("the folder holds %v, %v; want %s alone", held, err, id)
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b", "a#b", "q?r", "50%zz", "p%41q", "文件", "a&b=c;d"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), name)
			id := put(t, Folder(folder))
			if _, err := os.Stat(filepath.Join(folder, id.String())); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestClosedFolder: a place where nothing can be written is found when the service starts, and not by the first photo.
func TestClosedFolder(t *testing.T) {
	t.Parallel()
	ring, err := secret.Generate(rand.Reader, true)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), Folder(deepest(t)), ring); err == nil {
		s.Close()
		t.Error("opened a store where nothing can be written")
	}
}

// deepest is a folder whose path is as long as one can be: no file can be written in it, by root either.
func deepest(t *testing.T) string {
	t.Helper()
	at := t.TempDir()
	for _, step := range []string{strings.Repeat("d", 50), "d"} {
		for os.Mkdir(filepath.Join(at, step), 0o700) == nil {
			at = filepath.Join(at, step)
		}
	}
	return at
}
