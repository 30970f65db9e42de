package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
)

// NewRefresh makes a refresh token of 256 random bits. Only its hash is kept: it is too long to guess, so a plain hash
// protects it.
func NewRefresh() (token string, hash []byte, err error) { return newRefresh(rand.Reader) }

func newRefresh(random io.Reader) (token string, hash []byte, err error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", nil, fmt.Errorf("make a refresh token: %w", err)
	}
	token = base64.RawURLEncoding.EncodeToString(raw)
	return token, RefreshHash(token), nil
}

// RefreshHash is what is kept of a refresh token.
func RefreshHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
