package secret

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestTurnKeys adds a key and makes it current, as the commands do, and reads what was sealed before each step.
func TestTurnKeys(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "keys.json")
	r := newTestRing(t)
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	seal := func() []byte {
		sealed, err := r.Seal("persons", "phone", uuid.Nil, "1")
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	sealed := [][]byte{seal()}
	for _, want := range []string{"e2", "e3"} {
		id, err := r.AddKey()
		if err != nil || id != want || r.encryption.Current == id {
			t.Fatalf("added %q, current %s, %v", id, r.encryption.Current, err)
		}
		sealed = append(sealed, seal())
		if err := r.SetCurrent(id); err != nil {
			t.Fatal(err)
		}
		sealed = append(sealed, seal())
		if by, _ := keyOf(sealed[len(sealed)-1]); by != id {
			t.Errorf("sealed by %s, want %s", by, id)
		}
		if err := r.Replace(link); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Load(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sealed {
		if plain, err := again.Open("persons", "phone", uuid.Nil, s); err != nil || plain != "1" {
			t.Errorf("opened %q, %v", plain, err)
		}
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("files left: %v, %v", left, err)
	}
	if err := r.SetCurrent("e9"); err == nil || !strings.Contains(err.Error(), "[e1 e2 e3]") {
		t.Errorf("a key that is not there is current: %v", err)
	}
}

// TestReplaceLosesNoKey replaces files that hold what the ring does not, and with one that somebody is writing.
func TestReplaceLosesNoKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	r := newTestRing(t)
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	changed, err := Load(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := changed.AddKey(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := changed.Replace(path); err == nil {
		t.Error("wrote over what somebody else is writing")
	}
	if err := os.Remove(path + ".new"); err != nil {
		t.Fatal(err)
	}
	if err := changed.Replace(path); err != nil {
		t.Fatal(err)
	}
	for name, ring := range map[string]*Ring{"an earlier state": r, "another ring": newTestRing(t)} {
		if err := ring.Replace(path); err == nil {
			t.Errorf("%s took the place of a file with other keys", name)
		}
	}
	if err := r.Replace(path + ".nowhere"); err == nil {
		t.Error("replaced what is not there")
	}
}
