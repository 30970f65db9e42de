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
)

var errSealed = errors.New("the sealed value is damaged, moved from another row, or sealed with a key that is not in the key file")

// Seal encrypts one column of one row. The place is bound to the value: moved elsewhere it does not open.
func (r *Ring) Seal(table, column string, row uuid.UUID, plain string) ([]byte, error) {
	id := r.encryption.Current
	out := make([]byte, 0, 3+len(id)+nonceLen+len(plain)+16)
	out = append(out, layout, aes256, byte(len(id)))
	out = append(out, id...)
	nonce := out[len(out) : len(out)+nonceLen]
	if _, err := io.ReadFull(r.rand, nonce); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	out = out[:len(out)+nonceLen]
	return r.aeads[id].Seal(out, nonce, []byte(plain), place(table, column, row)), nil
}

// Open is the reverse of Seal for the same place.
func (r *Ring) Open(table, column string, row uuid.UUID, sealed []byte) (string, error) {
	if len(sealed) < 3 || sealed[0] != layout || sealed[1] != aes256 {
		return "", errSealed
	}
	idEnd := 3 + int(sealed[2])
	if len(sealed) < idEnd+nonceLen {
		return "", errSealed
	}
	aead, ok := r.aeads[string(sealed[3:idEnd])]
	if !ok {
		return "", errSealed
	}
	plain, err := aead.Open(nil, sealed[idEnd:idEnd+nonceLen], sealed[idEnd+nonceLen:], place(table, column, row))
	if err != nil {
		return "", errSealed
	}
	return string(plain), nil
}

func place(table, column string, row uuid.UUID) []byte {
	aad := make([]byte, 0, len(table)+len(column)+2+len(row))
	aad = append(aad, table...)
	aad = append(aad, '.')
	aad = append(aad, column...)
	aad = append(aad, '.')
	return append(aad, row[:]...)
}

// BlindIndex is a keyed hash for exact search and uniqueness. A plain hash would be broken in seconds, since the
// numbers of a district are few; without the key this one tells nothing.
func (r *Ring) BlindIndex(purpose, value string) []byte {
	mac := hmac.New(sha256.New, r.index)
	mac.Write([]byte(purpose))
	mac.Write([]byte{0})
	mac.Write([]byte(value))
	return mac.Sum(nil)
}
