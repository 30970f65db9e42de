package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// AddKey adds a new encryption key, which opens values and does not seal yet: first every process has to know it.
func (r *Ring) AddKey() (id string, err error) {
	key := make([]byte, keySize)
	if _, err := io.ReadFull(r.rand, key); err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	for n := len(r.encryption.Keys) + 1; id == "" || r.encryption.Keys[id] != nil; n++ {
		id = fmt.Sprint("e", n)
	}
	r.encryption.Keys[id] = key
	return id, r.prepare()
}

// SetCurrent has an encryption key seal from now on. The others go on opening what they have sealed.
func (r *Ring) SetCurrent(id string) error {
	if r.encryption.Keys[id] == nil {
		return fmt.Errorf("the key file has no encryption key of this name; it has %v", sortedIDs(r.encryption.Keys))
	}
	r.encryption.Current = id
	return r.prepare()
}

// Replace writes the keys in the place of those that were loaded from path. A file that is cut off would lose keys for good, so the new one is
// written beside it and takes its place when it is whole, with the same owner. Keys that are not in the ring are never lost by it.
func (r *Ring) Replace(path string) error {
	path, err := filepath.EvalSymlinks(path) // what a link leads to is replaced, and not the link
	if err != nil {
		return fmt.Errorf("replace the key file: %w", err)
	}
	if err := r.holdsAll(path); err != nil {
		return err
	}
	beside := path + ".new"
	if err := r.Save(beside); err != nil {
		return err
	}
	err = ownAs(beside, path)
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("replace the key file: %w", err), os.Remove(beside))
	}
	return syncFolder(filepath.Dir(path))
}

// holdsAll refuses to replace a file that has a key which the ring has not: somebody else has changed it meanwhile.
func (r *Ring) holdsAll(path string) error {
	there, err := Load(path, r.rand)
	if err != nil {
		return err
	}
	same := bytes.Equal(there.index, r.index) && there.Demo == r.Demo
	for _, sets := range [][2]keySet{{there.encryption, r.encryption}, {there.token, r.token}} {
		for id, key := range sets[0].Keys {
			same = same && bytes.Equal(key, sets[1].Keys[id])
		}
	}
	if !same {
		return errors.New("the key file was changed meanwhile: try again")
	}
	return nil
}

// ownAs gives a file the owner of another one: whoever changes the keys as root leaves them to the service's account.
func ownAs(path, other string) error {
	info, err := os.Stat(other)
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		return os.Chown(path, int(owner.Uid), int(owner.Gid))
	}
	return nil
}

// syncFolder has the new name survive a power cut.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("replace the key file: %w", err)
	}
	defer folder.Close()
	if err := folder.Sync(); err != nil {
		return fmt.Errorf("replace the key file: %w", err)
	}
	return nil
}
