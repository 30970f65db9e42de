package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
)

// A sealed value is: layout version, algorithm, length of the key id, key id, nonce, ciphertext with tag.
const (
	layout   = 1
	aes256   = 1 // AES-256-GCM; another number makes room for SM4-GCM
	nonceLen = 12
	tagLen   = 16
	headLen  = 3
)

var errSealed = errors.New("the sealed value is damaged, or was moved here from another row or column")

// Seal encrypts one column of one row. The place is bound to the value: moved elsewhere it does not open. Nonces are
// random, so a key is good for 2^32 values (NIST SP 800-38D, 8.3); a district seals a few million in its life.
func (r *Ring) Seal(table, column string, row uuid.UUID, plain string) ([]byte, error) {
	return r.sealBy(r.encryption.Current, table, column, row, plain)
}

func (r *Ring) sealBy(id, table, column string, row uuid.UUID, plain string) ([]byte, error) {
	head := headLen + len(id)
	out := make([]byte, head+nonceLen, head+nonceLen+len(plain)+tagLen)
	out[0], out[1], out[2] = layout, aes256, byte(len(id))
	copy(out[headLen:], id)
	nonce := out[head:]
	if _, err := io.ReadFull(r.rand, nonce); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return r.aeads[id].Seal(out, nonce, []byte(plain), place(table, column, row)), nil
}

// Open is the reverse of Seal for the same place.
func (r *Ring) Open(table, column string, row uuid.UUID, sealed []byte) (string, error) {
	if len(sealed) < headLen || sealed[0] != layout {
		return "", errSealed
	}
	if sealed[1] != aes256 {
		return "", fmt.Errorf("the value was sealed with algorithm %d, which this program does not know", sealed[1])
	}
	head := headLen + int(sealed[2])
	if len(sealed) < head+nonceLen+tagLen {
		return "", errSealed
	}
	id := string(sealed[headLen:head])
	aead, ok := r.aeads[id]
	switch {
	case !ok && keyID.MatchString(id):
		return "", fmt.Errorf("the value was sealed with key %s, which is not in the key file", id)
	case !ok:
		return "", errSealed
	}
	plain, err := aead.Open(nil, sealed[head:head+nonceLen], sealed[head+nonceLen:], place(table, column, row))
	if err != nil {
		return "", errSealed
	}
	return string(plain), nil
}

// place is what a value is bound to. Names of tables and columns hold no dot, so two places never look the same.
func place(table, column string, row uuid.UUID) []byte {
	aad := make([]byte, 0, len(table)+len(column)+2+len(row))
	aad = append(aad, table...)
	aad = append(aad, '.')
	aad = append(aad, column...)
	aad = append(aad, '.')
	return append(aad, row[:]...)
}

// BlindIndex is a keyed hash for exact search and uniqueness. A plain hash would be broken in seconds, since the numbers of a district are
// few; without the key this one tells nothing. The same value has another index for another purpose, so that equal values in two columns
// cannot be matched. Values have to be normalized first.
func (r *Ring) BlindIndex(purpose, normalized string) []byte {
	mac := hmac.New(sha256.New, r.index)
	mac.Write([]byte(purpose))
	mac.Write([]byte{0})
	mac.Write([]byte(normalized))
	return mac.Sum(nil)
}
