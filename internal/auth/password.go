// Package auth is passwords, tokens and the throttle of sign-ins. It keeps nothing; the store does.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"

	"zhucan/internal/fault"
)

// Passwords hashes and checks passwords with argon2id. Two at a time: each needs its memory, and a flood of sign-ins
// must not stop the service.
type Passwords struct {
	memory, passes uint32 // KiB, passes
	turns          *semaphore.Weighted
	dummy          string
}

// NewPasswords uses 46 MiB and one pass, as OWASP recommends.
func NewPasswords() *Passwords { return newPasswords(46*1024, 1) }

// NewCheapPasswords is for tests and for demonstrations with made-up people.
func NewCheapPasswords() *Passwords { return newPasswords(64, 1) }

func newPasswords(memory, passes uint32) *Passwords {
	p := &Passwords{memory: memory, passes: passes, turns: semaphore.NewWeighted(2)}
	p.dummy = p.encode(make([]byte, saltLen), make([]byte, keyLen))
	return p
}

const (
	saltLen   = 16
	keyLen    = 32
	minLength = 12
	maxLength = 128
)

// Hash makes the text to keep for a password.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLen)
	if _, err := io.ReadFull(rand.Reader, salt); err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	if err := p.turns.Acquire(ctx, 1); err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	defer p.turns.Release(1)
	return p.encode(salt, argon2.IDKey(normal(password), salt, p.passes, p.memory, 1, keyLen)), nil
}

// Verify reports whether password belongs to the kept text. An empty text, of a user who does not exist, takes as long.
func (p *Passwords) Verify(ctx context.Context, kept, password string) (bool, error) {
	known := kept != ""
	if !known {
		kept = p.dummy
	}
	memory, passes, salt, key, err := decode(kept)
	if err != nil {
		return false, err
	}
	if err := p.turns.Acquire(ctx, 1); err != nil {
		return false, fmt.Errorf("check a password: %w", err)
	}
	defer p.turns.Release(1)
	same := subtle.ConstantTimeCompare(key, argon2.IDKey(normal(password), salt, passes, memory, 1, keyLen)) == 1
	return same && known, nil
}

func normal(password string) []byte { return norm.NFKC.Bytes([]byte(password)) }

func (p *Passwords) encode(salt, key []byte) string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=1$%s$%s", p.memory, p.passes, b.EncodeToString(salt), b.EncodeToString(key))
}

func decode(kept string) (memory, passes uint32, salt, key []byte, err error) {
	parts := strings.Split(kept, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != "v=19" {
		return 0, 0, nil, nil, errors.New("a kept password is not argon2id")
	}
	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=1", &memory, &passes); err != nil {
		return 0, 0, nil, nil, errors.New("a kept password has no parameters")
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err == nil {
		key, err = base64.RawStdEncoding.DecodeString(parts[5])
	}
	if err != nil || len(key) != keyLen {
		return 0, 0, nil, nil, errors.New("a kept password cannot be read")
	}
	return memory, passes, salt, key, nil
}

// common are passwords that are tried first everywhere.
//
//go:embed common-passwords.txt
var common string

// CheckPassword refuses what is too short, too long, common, or holds the user name. There is no rule of composition
// and no date of expiry (NIST SP 800-63B-4).
func CheckPassword(password, username string) error {
	plain := strings.ToLower(string(normal(password)))
	weak := func(zh, en string) error {
		return fault.InvalidFields(fault.Field{Name: "password", Code: "WEAK_PASSWORD", ZH: zh, EN: en})
	}
	switch n := utf8.RuneCountInString(plain); {
	case n < minLength || n > maxLength:
		return weak("密码长度须为12至128个字符", "a password has 12 to 128 characters")
	case username != "" && strings.Contains(plain, strings.ToLower(username)):
		return weak("密码不能包含用户名", "the password must not hold the user name")
	case strings.Count(plain, plain[:1]) == len(plain):
		return weak("密码过于简单", "the password is one repeated character")
	}
	for line := range strings.Lines(common) {
		if plain == strings.TrimSpace(line) {
			return weak("密码过于常见", "the password is a common one")
		}
	}
	return nil
}
