package secret

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
)

// checkpointUse keeps the key of checkpoints apart from all others that are made of the same one. Checkpoints are kept for years, so it never changes.
const checkpointUse = "zhucan audit checkpoint 1"

// checkpointKey is made of the key of the blind index, which stays for the life of a register: keys for tokens are changed, and what was signed by
// an old one could not be verified any more.
func (r *Ring) checkpointKey() (ed25519.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, r.index, nil, checkpointUse, ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// SignCheckpoint signs what the audit log is known by at an instant.
func (r *Ring) SignCheckpoint(text []byte) ([]byte, error) {
	key, err := r.checkpointKey()
	if err != nil {
		return nil, err
	}
	return ed25519.Sign(key, text), nil
}

// CheckpointVerifier reports of texts whether SignCheckpoint of the same keys has signed them.
func (r *Ring) CheckpointVerifier() (func(text, signature []byte) bool, error) {
	key, err := r.checkpointKey()
	if err != nil {
		return nil, err
	}
	public := key.Public().(ed25519.PublicKey)
	return func(text, signature []byte) bool { return ed25519.Verify(public, text, signature) }, nil
}
