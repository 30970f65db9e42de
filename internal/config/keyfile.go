package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// checkKeyFile refuses what cannot be the key file of a service. Only whether the keys are a demonstration's is read
// of it here; the keys themselves are checked where they are used.
func checkKeyFile(path string) error {
	if path == "" {
		return errors.New("ZHUCAN_KEY_FILE is required: make one with zhucan keys FILE")
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("ZHUCAN_KEY_FILE: there is no %s: make one with zhucan keys FILE", path)
	case err != nil:
		return fmt.Errorf("ZHUCAN_KEY_FILE cannot be read: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("ZHUCAN_KEY_FILE: %s is not a file", path)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("ZHUCAN_KEY_FILE: %s is open to others than its owner: chmod 400 it", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("ZHUCAN_KEY_FILE cannot be read: %w", err)
	}
	defer f.Close()
	var keys struct {
		Demo bool `json:"demo"`
	}
	if err := json.NewDecoder(f).Decode(&keys); err != nil {
		return errors.New("ZHUCAN_KEY_FILE is not the JSON that zhucan keys writes") // the error may quote a key
	}
	if keys.Demo {
		return errors.New("ZHUCAN_KEY_FILE: these keys belong to a demonstration: make others with zhucan keys FILE")
	}
	return nil
}
