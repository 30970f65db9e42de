package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"zhucan/internal/fault"
	"zhucan/internal/secret"
)

// AccessLife is how long an access token lives. Rights are not in it: they are read for each request.
const AccessLife = 10 * time.Minute

const (
	issuer   = "zhucan"
	audience = "zhucan-api"
	leeway   = 30 * time.Second
	cacheMax = 10_000
)

// BadToken is the one answer to every token that is not good.
var BadToken = fault.New(fault.Unauthenticated, "BAD_TOKEN", "登录已失效，请重新登录", "sign in again")

// Claims are who a token is for: an account and the session that carries its rights.
type Claims struct {
	Account uuid.UUID
	Session uuid.UUID
	Expires time.Time
}

type tokenClaims struct {
	Session uuid.UUID `json:"sid"`
	jwt.RegisteredClaims
}

// Tokens issues and verifies access tokens. Verified ones are remembered until they run out, since verifying costs a
// third of a read; the session behind a token is looked up each time all the same.
type Tokens struct {
	ring  *secret.Ring
	mu    sync.Mutex
	cache map[[sha256.Size]byte]Claims
}

// NewTokens signs and verifies with the keys of a ring.
func NewTokens(ring *secret.Ring) *Tokens {
	return &Tokens{ring: ring, cache: map[[sha256.Size]byte]Claims{}}
}

// Issue makes an access token for a session.
func (t *Tokens) Issue(account, session, id uuid.UUID, now time.Time) (string, error) {
	kid, key := t.ring.TokenKey()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, tokenClaims{Session: session, RegisteredClaims: jwt.RegisteredClaims{
		Subject: account.String(), ID: id.String(), Issuer: issuer, Audience: jwt.ClaimStrings{audience},
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(AccessLife))}})
	token.Header["kid"] = kid
	signed, err := token.SignedString(key)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return signed, nil
}

// Verify reads a token. Nothing in it is believed before its signature holds.
func (t *Tokens) Verify(token string, now time.Time) (Claims, error) {
	sum := sha256.Sum256([]byte(token))
	t.mu.Lock()
	known, ok := t.cache[sum]
	t.mu.Unlock()
	if ok && now.Before(known.Expires.Add(leeway)) {
		return known, nil
	}
	claims, err := t.verify(token, now)
	if err != nil {
		return Claims{}, BadToken.Wrap(err)
	}
	t.remember(sum, claims, now)
	return claims, nil
}

func (t *Tokens) verify(token string, now time.Time) (Claims, error) {
	var c tokenClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(func() time.Time { return now }))
	_, err := parser.ParseWithClaims(token, &c, func(token *jwt.Token) (any, error) {
		kid, _ := token.Header["kid"].(string)
		key, ok := t.ring.TokenPublicKey(kid)
		if !ok {
			return nil, fmt.Errorf("no key of this id")
		}
		return key, nil
	})
	if err != nil {
		return Claims{}, fmt.Errorf("verify a token: %w", err)
	}
	account, err := uuid.Parse(c.Subject)
	if err != nil || c.Session == uuid.Nil || c.ExpiresAt == nil {
		return Claims{}, fmt.Errorf("verify a token: it names no account or session")
	}
	return Claims{Account: account, Session: c.Session, Expires: c.ExpiresAt.Time}, nil
}

// remember keeps the cache bounded: when it is full, what has run out goes, and if nothing has, all of it.
func (t *Tokens) remember(sum [sha256.Size]byte, c Claims, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.cache) >= cacheMax {
		for key, old := range t.cache {
			if now.After(old.Expires) {
				delete(t.cache, key)
			}
		}
		if len(t.cache) >= cacheMax {
			clear(t.cache)
		}
	}
	t.cache[sum] = c
}

// NewRefresh makes a refresh token of 256 random bits. Only its hash is kept.
func NewRefresh() (token string, hash []byte, err error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(rand.Reader, raw); err != nil {
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
