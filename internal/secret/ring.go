// Package secret holds the keys of an installation: sealing of columns, blind indexes for exact search, and the keys
// that sign tokens. The keys live in a file outside the database, so a copy of the database alone tells no number.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Ring is the keys of one installation, by id, so that a new key can be brought in while old values are still read.
type Ring struct {
	Demo       bool // keys of a demonstration; a real service refuses them
	encryption keySet
	index      []byte
	token      keySet

	aeads  map[string]cipher.AEAD
	rand   io.Reader
	signer map[string]ed25519.PrivateKey
}

type keySet struct {
	Current string            `json:"current"`
	Keys    map[string][]byte `json:"keys"` // 32 bytes each, base64 in the file
}

type file struct {
	Demo       bool   `json:"demo"`
	Encryption keySet `json:"encryption"`
	Index      []byte `json:"blind_index"`
	Token      keySet `json:"token"`
}

const keySize = 32

// Generate makes new keys from random.
func Generate(random io.Reader, demo bool) (*Ring, error) {
	keys := make([]byte, 3*keySize)
	if _, err := io.ReadFull(random, keys); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	return newRing(file{Demo: demo,
		Encryption: keySet{Current: "e1", Keys: map[string][]byte{"e1": keys[:keySize]}},
		Index:      keys[keySize : 2*keySize],
		Token:      keySet{Current: "t1", Keys: map[string][]byte{"t1": keys[2*keySize:]}}}, random)
}

// Load reads a key file. It must be readable by its owner alone.
func Load(path string, random io.Reader) (*Ring, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the key file is readable by others than its owner: chmod 400 it")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, errors.New("the key file is not the JSON that zhucan keys writes") // the text holds keys
	}
	return newRing(f, random)
}

// Save writes a new key file and never over an old one.
func (r *Ring) Save(path string) error {
	text, err := json.MarshalIndent(file{r.Demo, r.encryption, r.index, r.token}, "", "  ")
	if err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	if _, err := f.Write(append(text, '\n')); err != nil {
		f.Close()
		return fmt.Errorf("write the key file: %w", err)
	}
	return f.Close()
}

func newRing(f file, random io.Reader) (*Ring, error) {
	r := &Ring{Demo: f.Demo, encryption: f.Encryption, index: f.Index, token: f.Token, rand: random,
		aeads: map[string]cipher.AEAD{}, signer: map[string]ed25519.PrivateKey{}}
	if len(f.Index) != keySize || allZero(f.Index) {
		return nil, errors.New("key file: blind_index is not 32 random bytes")
	}
	if err := f.Encryption.check("encryption"); err != nil {
		return nil, err
	}
	if err := f.Token.check("token"); err != nil {
		return nil, err
	}
	for id, key := range f.Encryption.Keys {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("key file: encryption key %s: %w", id, err)
		}
		if r.aeads[id], err = cipher.NewGCM(block); err != nil {
			return nil, fmt.Errorf("key file: encryption key %s: %w", id, err)
		}
	}
	for id, seed := range f.Token.Keys {
		r.signer[id] = ed25519.NewKeyFromSeed(seed)
	}
	return r, nil
}

func (k keySet) check(name string) error {
	if len(k.Keys[k.Current]) == 0 {
		return fmt.Errorf("key file: %s has no key named as current", name)
	}
	for id, key := range k.Keys {
		if len(key) != keySize || allZero(key) || len(id) == 0 || len(id) > 32 {
			return fmt.Errorf("key file: %s key %s is not 32 random bytes", name, id)
		}
	}
	return nil
}

func allZero(key []byte) bool {
	for _, b := range key {
		if b != 0 {
			return false
		}
	}
	return true
}

// TokenKey is the key that signs tokens now, with its id.
func (r *Ring) TokenKey() (id string, key ed25519.PrivateKey) {
	return r.token.Current, r.signer[r.token.Current]
}

// TokenPublicKey is the key that verifies tokens signed under id.
func (r *Ring) TokenPublicKey(id string) (ed25519.PublicKey, bool) {
	key, ok := r.signer[id]
	if !ok {
		return nil, false
	}
	return key.Public().(ed25519.PublicKey), true
}
