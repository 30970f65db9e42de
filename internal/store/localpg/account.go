package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// account is who runs the server: PostgreSQL refuses root.
type account struct {
	name     string
	uid, gid int
	drop     bool // we are root and become this account for the server
}

func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.Atoi(u.Uid)
		gid, errGID := strconv.Atoi(u.Gid)
		if errUID == nil && errGID == nil && uid != 0 {
			return account{name: name, uid: uid, gid: gid, drop: true}, nil
		}
	}
	return account{}, errors.New("root cannot run a database, and there is no account postgres or nobody to run it as")
}

// command is a command of that account, with nothing of our environment but the path.
func (a account) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.WaitDelay = 5 * time.Second
	if a.drop {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return cmd
}

// run runs a command to its end and gives what it printed. It dies with us.
func (a account) run(ctx context.Context, name string, args ...string) (out []byte, err error) {
	cmd := a.command(ctx, name, args...)
	dieWithParent(cmd.SysProcAttr, syscall.SIGKILL)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // see start
		out, err = cmd.CombinedOutput()
	}()
	<-ended
	return out, err
}

// folder makes a folder that only the account can enter.
func (a account) folder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("make a folder for the database: %w", err)
	}
	return a.owns(path)
}

func (a account) owns(path string) error {
	if !a.drop {
		return nil
	}
	if err := os.Chown(path, a.uid, a.gid); err != nil {
		return fmt.Errorf("give a folder to the database's account: %w", err)
	}
	return nil
}

// private reports whether path is a folder of the account that nobody else can enter, and no link to one.
func (a account) private(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return false
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == a.uid
}

// reaches reports whether the account can walk to a folder.
func (a account) reaches(folder string) bool {
	return !a.drop || a.command(context.Background(), "test", "-x", folder).Run() == nil
}

// mustReach names the folder on the way that is closed to the account; root's own home is one.
func (a account) mustReach(folder string) error {
	if a.reaches(folder) {
		return nil
	}
	closed := folder
	for at := folder; at != filepath.Dir(at); at = filepath.Dir(at) {
		if !a.reaches(at) {
			closed = at
		}
	}
	return fmt.Errorf("the account %s, which runs the database for root, cannot reach %s because %s is closed to it: choose a data folder elsewhere",
		a.name, folder, closed)
}

// leadingNumber reads 17 from "17.2", "17beta1" and "17"; 0 when there is no number.
func leadingNumber(text string) int {
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(text)
	}
	n, err := strconv.Atoi(text[:end])
	if err != nil {
		return 0
	}
	return n
}
