// Package auth is passwords, tokens and the throttle of sign-ins. It keeps nothing; the store does.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"
)

// Passwords hashes and checks passwords with argon2id, on half of the processors and two at a time at most: each needs its memory, and a
// flood of sign-ins must not stop the service. Further ones wait as long as their context lets them.
type Passwords struct {
	cost   cost
	turns  *semaphore.Weighted
	hash   func(job) ([]byte, error)
	random io.Reader // of salts
	dummy  string    // kept for nobody; checked when there is no such user
}

// cost is what a guess costs.
type cost struct{ memory, passes uint32 } // KiB, passes over it

// NewPasswords uses 46 MiB and one pass, as OWASP recommends.
func NewPasswords() *Passwords { return newPasswords(cost{46 * 1024, 1}) }

// NewCheapPasswords is for tests: its hashes are made, and guessed, in no time.
func NewCheapPasswords() *Passwords { return newPasswords(cost{64, 1}) }

func newPasswords(c cost) *Passwords {
	p := &Passwords{cost: c, turns: semaphore.NewWeighted(atOnce()), hash: here, random: rand.Reader}
	p.dummy = kept{c, make([]byte, saltLen), make([]byte, keyLen)}.String()
	return p
}

// atOnce is how many passwords are hashed beside one another.
func atOnce() int64 { return int64(max(1, min(2, runtime.GOMAXPROCS(0)/2))) }

const (
	saltLen = 16
	keyLen  = 32
)

// Hash makes the text to keep for a password.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLen)
	if _, err := io.ReadFull(p.random, salt); err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	key, err := p.derive(ctx, password, salt, p.cost)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return kept{p.cost, salt, key}.String(), nil
}

// Verify reports whether password belongs to the kept text. An empty text, of a user who does not exist, takes as
// long, so that the time tells nobody who exists.
func (p *Passwords) Verify(ctx context.Context, text, password string) (bool, error) {
	known := text != ""
	if !known {
		text = p.dummy
	}
	k, err := parseKept(text)
	if err != nil {
		return false, fmt.Errorf("check a password: %w", err)
	}
	key, err := p.derive(ctx, password, k.salt, k.cost)
	if err != nil {
		return false, fmt.Errorf("check a password: %w", err)
	}
	return subtle.ConstantTimeCompare(k.key, key) == 1 && known, nil
}

// Stale reports whether a kept text was made at another cost than today's and should be made again. That needs the
// password, so the time for it is right after Verify said yes.
func (p *Passwords) Stale(text string) bool {
	k, err := parseKept(text)
	return err != nil || k.cost != p.cost || len(k.salt) != saltLen
}

func (p *Passwords) derive(ctx context.Context, password string, salt []byte, c cost) ([]byte, error) {
	if err := p.turns.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer p.turns.Release(1)
	return p.hash(job{Password: []byte(normal(password)), Salt: salt, Memory: c.memory, Passes: c.passes})
}

// normal makes one text of what looks alike and may be typed in two ways, such as full-width digits.
func normal(password string) string { return norm.NFKC.String(password) }

// kept is what stands for a password in the database, in the format of the argon2 reference program.
type kept struct {
	cost
	salt, key []byte
}

func (k kept) String() string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, k.memory, k.passes, b.EncodeToString(k.salt), b.EncodeToString(k.key))
}

// What a kept text may cost at most. Whoever can write the database must not be able to stop the service with it.
const (
	maxMemory = 256 * 1024
	maxPasses = 16
)

var errKept = errors.New("what is kept for the password is not argon2id as this program writes it")

// parseKept reads exactly what String writes, and nothing that is only like it.
func parseKept(text string) (k kept, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 {
		return k, errKept
	}
	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=1", &k.memory, &k.passes); err == nil {
		k.salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	}
	if err == nil {
		k.key, err = base64.RawStdEncoding.DecodeString(parts[5])
	}
	if err != nil || k.String() != text || len(k.salt) < 8 || len(k.key) != keyLen ||
		k.memory < 8 || k.memory > maxMemory || k.passes < 1 || k.passes > maxPasses {
		return kept{}, errKept
	}
	return k, nil
}
