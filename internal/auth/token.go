package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"
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
	tokenMax = 1024 // bytes; our own have about 400
)

// BadToken is the one answer to every token that is not good: which of its faults it was is nobody's business.
var BadToken = fault.New(fault.Unauthenticated, "BAD_TOKEN", "登录已失效，请重新登录", "sign in again")

// Claims are who a token is for: an account and the session that carries its rights.
type Claims struct {
	Account uuid.UUID
	Session uuid.UUID
	Issued  time.Time
	Expires time.Time
}

// goodAt reports whether the token counts at an instant. Clocks may differ by the leeway.
func (c Claims) goodAt(now time.Time) bool {
	return now.Before(c.Expires.Add(leeway)) && !now.Before(c.Issued.Add(-leeway))
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

// Verify reads a token. Nothing in it is believed before its signature holds. A remembered token gets the same answer
// at every instant as one that is verified anew.
func (t *Tokens) Verify(token string, now time.Time) (Claims, error) {
	if len(token) > tokenMax {
		return Claims{}, BadToken.Wrap(errors.New("verify a token: it is too long"))
	}
	sum := sha256.Sum256([]byte(token))
	t.mu.Lock()
	known, ok := t.cache[sum]
	t.mu.Unlock()
	if ok && known.goodAt(now) {
		return known, nil
	}
	claims, err := t.verify(token, now)
	if err != nil {
		return Claims{}, BadToken.Wrap(fmt.Errorf("verify a token: %w", err))
	}
	t.remember(sum, claims, now)
	return claims, nil
}

func (t *Tokens) verify(token string, now time.Time) (Claims, error) {
	if strings.ContainsAny(token, "\r\n") {
		return Claims{}, errors.New("it has a line break") // base64 would not mind, and one token would have many spellings
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(func() time.Time { return now }))
	var c tokenClaims
	if _, err := parser.ParseWithClaims(token, &c, t.key); err != nil {
		return Claims{}, err
	}
	return c.check()
}

// key finds the key of a token by its header, which has to be letter for letter what Issue writes for that key: no
// second kid, no key brought along, no extension.
func (t *Tokens) key(token *jwt.Token) (any, error) {
	kid, _ := token.Header["kid"].(string)
	key, ok := t.ring.TokenPublicKey(kid)
	if !ok {
		return nil, errors.New("no key of this id")
	}
	if header, _, _ := strings.Cut(token.Raw, "."); header != headerOf(kid) {
		return nil, errors.New("a header that is not ours")
	}
	return key, nil // its type is ed25519.PublicKey, with which no other method verifies
}

func headerOf(kid string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","kid":"` + kid + `","typ":"JWT"}`))
}

// check reads the claims of a token whose signature holds.
func (c tokenClaims) check() (Claims, error) {
	account, err := uuid.Parse(c.Subject)
	switch {
	case err != nil || account == uuid.Nil || account.String() != c.Subject:
		return Claims{}, errors.New("it names no account")
	case c.Session == uuid.Nil:
		return Claims{}, errors.New("it names no session")
	case c.IssuedAt == nil || c.ExpiresAt.Sub(c.IssuedAt.Time) > AccessLife:
		return Claims{}, errors.New("it lives longer than ours")
	}
	return Claims{Account: account, Session: c.Session, Issued: c.IssuedAt.Time, Expires: c.ExpiresAt.Time}, nil
}

// remember keeps the cache bounded: when it is full, what has run out goes, and when that is little, all of it.
func (t *Tokens) remember(sum [sha256.Size]byte, c Claims, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.cache) >= cacheMax {
		maps.DeleteFunc(t.cache, func(_ [sha256.Size]byte, old Claims) bool { return !old.goodAt(now) })
		if len(t.cache) > cacheMax/2 {
			clear(t.cache)
		}
	}
	t.cache[sum] = c
}
