// Package secret holds the keys of an installation: sealing of columns, blind indexes for exact search, and the keys
// that sign tokens. The keys live in a file outside the database, so a copy of the database alone tells no number.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hmac"
	"fmt"
	"io"
	"regexp"
)

// Ring is the keys of one installation, by id, so that a new key can be brought in while old values are still read.
// It may be used by many goroutines at once when its source of random bytes may, as crypto/rand.Reader.
type Ring struct {
	Demo       bool // keys of a demonstration; a real service refuses them
	encryption keySet
	index      []byte
	token      keySet

	aeads  map[string]cipher.AEAD // by key id, made once: making one costs more than sealing
	rand   io.Reader
	signer map[string]ed25519.PrivateKey
}

// keySet is keys for one use. Current makes new values; the others only read old ones.
type keySet struct {
	Current string
	Keys    map[string][]byte
}

const keySize = 32

// Generate makes new keys from random, which then also makes the nonces.
func Generate(random io.Reader, demo bool) (*Ring, error) {
	keys := make([]byte, 3*keySize)
	if _, err := io.ReadFull(random, keys); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	r := &Ring{Demo: demo, rand: random,
		encryption: keySet{Current: "e1", Keys: map[string][]byte{"e1": keys[:keySize:keySize]}},
		index:      keys[keySize : 2*keySize : 2*keySize],
		token:      keySet{Current: "t1", Keys: map[string][]byte{"t1": keys[2*keySize:]}}}
	return r, r.prepare()
}

// prepare checks the keys and makes what is made of them once.
func (r *Ring) prepare() error {
	if err := r.check(); err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	r.aeads, r.signer = map[string]cipher.AEAD{}, map[string]ed25519.PrivateKey{}
	for id, key := range r.encryption.Keys {
		block, err := aes.NewCipher(key)
		if err != nil {
			return fmt.Errorf("key file: encryption key %s: %w", id, err)
		}
		if r.aeads[id], err = cipher.NewGCM(block); err != nil {
			return fmt.Errorf("key file: encryption key %s: %w", id, err)
		}
	}
	for id, seed := range r.token.Keys {
		r.signer[id] = ed25519.NewKeyFromSeed(seed)
	}
	return nil
}

// check refuses keys that protect nothing, and one key for two uses: what one use gives away would weaken the other.
func (r *Ring) check() error {
	if err := checkKey("blind_index", r.index); err != nil {
		return err
	}
	seen := []named{{"blind_index", r.index}}
	for _, set := range []struct {
		name string
		keySet
	}{{"encryption", r.encryption}, {"token", r.token}} {
		if set.Keys[set.Current] == nil {
			return fmt.Errorf("%s: current names none of its keys", set.name)
		}
		for _, id := range sortedIDs(set.Keys) {
			key := named{set.name + " key " + id, set.Keys[id]}
			if err := checkKey(key.name, key.key); err != nil {
				return err
			}
			for _, other := range seen {
				if hmac.Equal(key.key, other.key) {
					return fmt.Errorf("%s is the same as %s: every use has a key of its own", key.name, other.name)
				}
			}
			seen = append(seen, key)
		}
	}
	return nil
}

type named struct {
	name string
	key  []byte
}

func checkKey(name string, key []byte) error {
	if len(key) != keySize {
		return fmt.Errorf("%s has %d bytes instead of %d", name, len(key), keySize)
	}
	for _, b := range key {
		if b != key[0] {
			return nil
		}
	}
	return fmt.Errorf("%s is one repeated byte, not a random key", name)
}

// keyID is what a key may be called. It is too short for a key, so that naming an id in an error never tells one.
var keyID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

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

// Format prints the ids of the keys under every verb, so that no log or error of a ring tells a key.
func (r Ring) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "secret.Ring(demo %t, encryption %s of %d, token %s of %d)",
		r.Demo, r.encryption.Current, len(r.encryption.Keys), r.token.Current, len(r.token.Keys))
}
