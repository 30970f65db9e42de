package blobs

import (
	"crypto/rand"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/fault"
	"zhucan/internal/secret"
)

// TestFullDisk: what there is no room for is busy, and nothing of it stays. A file that may not grow stands for a disk that is full; that is
// of the whole process, so no other test runs beside this one.
func TestFullDisk(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "files")
	ring, err := secret.Generate(rand.Reader, true)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Folder(folder), ring)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	full := before
	full.Cur = 64 << 10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		t.Fatal(err)
	}
	err = s.Put(t.Context(), uuid.New(), make([]byte, 1<<20))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if f, ok := fault.Of(err); !ok || f.Code != "BUSY" || f.RetryAfter == 0 {
		t.Errorf("a disk that is full: %v", err)
	}
	if held, err := os.ReadDir(folder); err != nil || len(held) > 0 {
		t.Errorf("the folder holds %v, %v", held, err)
	}
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(folder, 0o700)
	if err := s.Put(t.Context(), uuid.New(), []byte("x")); os.Geteuid() != 0 && !fault.Is(err, "BUSY") {
		t.Errorf("a folder that takes nothing: %v", err)
	}
}
