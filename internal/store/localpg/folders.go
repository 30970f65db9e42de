package localpg

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// prepareRoot makes the data folder and sees that the server's account can walk to it. It gives that account a folder
// only when it is empty: one with other files in it keeps its owner.
func (c *Cluster) prepareRoot() error {
	if err := os.MkdirAll(c.root, 0o755); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if c.account.reaches(c.root) {
		return nil
	}
	if held, err := os.ReadDir(c.root); err == nil && len(held) == 0 {
		if err := c.account.owns(c.root); err != nil {
			return err
		}
	}
	return c.account.mustReach(c.root)
}

// takeLock keeps a second process from the same folder. The kernel drops the lock with the process.
func (c *Cluster) takeLock() error {
	f, err := os.OpenFile(filepath.Join(c.root, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		owner := make([]byte, 20)
		n, _ := f.Read(owner)
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("the data folder %s is in use by process %s: stop that one first, or choose another folder", c.root, owner[:n])
		}
		return fmt.Errorf("lock the data folder: %w", err)
	}
	c.lock = f
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("lock the data folder: %w", err)
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0); err != nil {
		return fmt.Errorf("lock the data folder: %w", err)
	}
	return nil
}

// dropLock gives the folder back. Closing the file alone would not: a process that is just being started elsewhere in this
// one holds a copy of it until its program runs, and the lock with it.
func (c *Cluster) dropLock() {
	_ = syscall.Flock(int(c.lock.Fd()), syscall.LOCK_UN)
	c.lock.Close()
}

// socketMax is how long the path of a unix socket may be, with the file's own name.
const socketMax = 107

func fits(folder string) bool {
	return len(folder)+len("/.s.PGSQL."+port) <= socketMax && !strings.Contains(folder, ",") // pgx reads a comma as two hosts
}

// prepareSockets makes the private folder of the socket: in the data folder, or in the one for temporary files when
// that path is too long for a socket. There a note in the data folder remembers it, so that a killed process leaves at
// most one behind.
func (c *Cluster) prepareSockets() error {
	if c.sockets = filepath.Join(c.root, "socket"); fits(c.sockets) {
		return c.account.folder(c.sockets)
	}
	if kept, err := os.ReadFile(c.note()); err == nil && c.account.private(string(kept)) {
		c.sockets = string(kept)
		return nil
	}
	short, err := os.MkdirTemp("", "zhucan-")
	if err != nil {
		return fmt.Errorf("make a folder for the socket: %w", err)
	}
	c.sockets = short
	if !fits(short) {
		return fmt.Errorf("the path of the data folder is too long for a socket, and so is that of %s: set TMPDIR to a short one", filepath.Dir(short))
	}
	if err := c.account.owns(short); err != nil {
		return err
	}
	if err := os.WriteFile(c.note(), []byte(short), 0o600); err != nil {
		return fmt.Errorf("remember the folder of the socket: %w", err)
	}
	return c.account.mustReach(short)
}

func (c *Cluster) note() string { return filepath.Join(c.root, "socket.path") }

// removeSockets takes away a folder that is not part of the data folder. Nothing depends on it.
func (c *Cluster) removeSockets() {
	if c.sockets == "" || strings.HasPrefix(c.sockets, c.root+string(filepath.Separator)) {
		return
	}
	_ = os.RemoveAll(c.sockets)
	_ = os.Remove(c.note())
}
