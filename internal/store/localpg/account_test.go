package localpg

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Run as another account, the cluster is that account's own and needs no root.
func TestUnprivilegedOwner(t *testing.T) {
	t.Parallel()
	who, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	dir := openFolder(t)
	binary := filepath.Join(dir, "helper")
	copyFile(t, os.Args[0], binary)
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	var as *syscall.Credential
	if who.drop {
		as = &syscall.Credential{Uid: uint32(who.uid), Gid: uint32(who.gid)}
		if err := os.Chown(data, who.uid, who.gid); err != nil {
			t.Fatal(err)
		}
	}
	cmd, in := helper(t, binary, data, as)
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"postgres.log", "pg", "lock"} {
		info, err := os.Stat(filepath.Join(data, file))
		if err != nil || int(info.Sys().(*syscall.Stat_t).Uid) != who.uid {
			t.Errorf("%s is not its owner's: %v", file, err)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	r, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	syscall.ForkLock.RLock() // a child forked by another test meanwhile would hold the file open for writing, and nobody could run it
	defer syscall.ForkLock.RUnlock()
	w, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, r); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// Root's helper account can be shut out by any folder on the way; the error names that one.
func TestClosedFolderIsNamed(t *testing.T) {
	t.Parallel()
	who, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	closed := filepath.Join(openFolder(t), "closed")
	if err := os.MkdirAll(filepath.Join(closed, "inner"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = Start(t.Context(), Options{Dir: filepath.Join(closed, "inner", "data"), Fast: true})
	if !who.drop {
		if err != nil {
			t.Errorf("our own private folder is open to us: %v", err)
		}
		return
	}
	if err == nil || !strings.Contains(err.Error(), "because "+closed+" is closed to it") {
		t.Errorf("got %v, want the name of %s", err, closed)
	}
}

// A folder with files of others is never given away, even when the server cannot reach it.
func TestFullFolderKeepsItsOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "letter"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := Cluster{root: dir, account: account{name: "nobody", uid: 65534, gid: 65534, drop: os.Geteuid() == 0}}
	if err := c.prepareRoot(); c.account.drop == (err == nil) {
		t.Errorf("got %v", err)
	}
	if info, err := os.Stat(dir); err != nil || int(info.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
		t.Errorf("the folder changed hands: %v", err)
	}
}

func TestPrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	own, open, link, file := filepath.Join(dir, "own"), filepath.Join(dir, "open"), filepath.Join(dir, "link"), filepath.Join(dir, "file")
	for path, mode := range map[string]os.FileMode{own: 0o700, open: 0o755} {
		if err := os.Mkdir(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(own, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	us := account{uid: os.Geteuid()}
	for _, tt := range []struct {
		name, path string
		who        account
		want       bool
	}{
		{"own", own, us, true},
		{"open to others", open, us, false},
		{"link", link, us, false},
		{"file", file, us, false},
		{"missing", filepath.Join(dir, "none"), us, false},
		{"another's", own, account{uid: os.Geteuid() + 1}, false},
	} {
		if got := tt.who.private(tt.path); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
