package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"zhucan/internal/fault"
	"zhucan/internal/secret"
)

var (
	account = uuid.MustParse("018f0000-0000-7000-8000-00000000000a")
	session = uuid.MustParse("018f0000-0000-7000-8000-00000000000b")
	jti     = uuid.MustParse("018f0000-0000-7000-8000-00000000000c")
)

func newTestRing(t testing.TB) *secret.Ring {
	t.Helper()
	ring, err := secret.Generate(rand.Reader, true)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func issue(t testing.TB, tokens *Tokens) string {
	t.Helper()
	token, err := tokens.Issue(account, session, jti, noon)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestIssue(t *testing.T) {
	t.Parallel()
	token := issue(t, NewTokens(newTestRing(t)))
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > tokenMax/2 {
		t.Fatalf("%d parts, %d bytes", len(parts), len(token))
	}
	if parts[0] != headerOf("t1") {
		t.Errorf("header %s", parts[0])
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	if err := json.Unmarshal(payload, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"iss": "zhucan", "aud": []any{"zhucan-api"}, "sub": account.String(), "sid": session.String(), "jti": jti.String(),
		"iat": float64(noon.Unix()), "exp": float64(noon.Add(10 * time.Minute).Unix())}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// attack is a token made with the real key, so that only the fault under test is in it.
type attack struct {
	ring   *secret.Ring
	header map[string]any
	claims map[string]any
}

func newAttack(ring *secret.Ring) attack {
	return attack{ring, map[string]any{"alg": "EdDSA", "typ": "JWT", "kid": "t1"},
		map[string]any{"iss": "zhucan", "aud": "zhucan-api", "sub": account.String(), "sid": session.String(), "jti": jti.String(),
			"iat": noon.Unix(), "exp": noon.Add(10 * time.Minute).Unix()}}
}

func segment(v any) string {
	text, ok := v.(string)
	if !ok {
		made, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		text = string(made)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

func (a attack) sign(header, claims any) string {
	_, key := a.ring.TokenKey()
	text := segment(header) + "." + segment(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
}

func with(m map[string]any, name string, value any) map[string]any {
	c := maps.Clone(m)
	c[name] = value
	return c
}

func without(m map[string]any, name string) map[string]any {
	c := maps.Clone(m)
	delete(c, name)
	return c
}

// hmacToken is signed with the public key as if it were a shared secret.
func (a attack) hmacToken(t *testing.T, claims map[string]any) string {
	t.Helper()
	public, _ := a.ring.TokenPublicKey("t1")
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims))
	token.Header["kid"] = "t1"
	signed, err := token.SignedString([]byte(public))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// respell changes the bits of the last letter that carry nothing.
func respell(token string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	return token[:last] + string(letters[strings.IndexByte(letters, token[last])^1])
}

// tokenCase is a token and who accepts it. A bad one that a careless parser with the right key accepts is bad in
// nothing but what its name says.
type tokenCase struct {
	name, token string
	good, naive bool
}

func tokenCases(t *testing.T, ring *secret.Ring) []tokenCase {
	t.Helper()
	a := newAttack(ring)
	h, c := a.header, a.claims
	good := a.sign(h, c)
	signature := good[strings.LastIndex(good, ".")+1:]
	return []tokenCase{
		{"good", good, true, true},
		{"alg none", segment(with(h, "alg", "none")) + "." + segment(c) + ".", false, false},
		{"alg None with a signature", segment(with(h, "alg", "None")) + "." + segment(c) + "." + signature, false, false},
		{"HS256 with the public key", a.hmacToken(t, c), false, false},
		{"alg ES256", a.sign(with(h, "alg", "ES256"), c), false, false},
		{"no alg", a.sign(without(h, "alg"), c), false, false},
		{"other key", newAttack(newTestRing(t)).sign(h, c), false, false},
		{"signature of another token", segment(h) + "." + segment(with(c, "sub", jti.String())) + "." + signature, false, false},
		{"no signature", segment(h) + "." + segment(c) + ".", false, false},
		{"unknown kid", a.sign(with(h, "kid", "t9"), c), false, true},
		{"kid is a path", a.sign(with(h, "kid", "../../t1"), c), false, true},
		{"kid is SQL", a.sign(with(h, "kid", "t1' OR '1'='1"), c), false, true},
		{"kid of the encryption key", a.sign(with(h, "kid", "e1"), c), false, true},
		{"kid is a list", a.sign(with(h, "kid", []string{"t1"}), c), false, true},
		{"no kid", a.sign(without(h, "kid"), c), false, true},
		{"two kids", a.sign(`{"alg":"EdDSA","kid":"t9","kid":"t1","typ":"JWT"}`, c), false, true},
		{"kid in capitals", a.sign(`{"alg":"EdDSA","KID":"t1","typ":"JWT"}`, c), false, true},
		{"brings its own key", a.sign(with(h, "jwk", map[string]any{"kty": "OKP"}), c), false, true},
		{"critical extension", a.sign(with(h, "crit", []string{"exp"}), c), false, true},
		{"other type", a.sign(with(h, "typ", "at+jwt"), c), false, true},
		{"space in the header", a.sign(`{"alg":"EdDSA", "kid":"t1","typ":"JWT"}`, c), false, true},
		{"wrong audience", a.sign(h, with(c, "aud", "zhucan-web")), false, true},
		{"no audience", a.sign(h, without(c, "aud")), false, true},
		{"wrong issuer", a.sign(h, with(c, "iss", "zhucan2")), false, true},
		{"no issuer", a.sign(h, without(c, "iss")), false, true},
		{"no end", a.sign(h, without(c, "exp")), false, true},
		{"end is null", a.sign(h, with(c, "exp", nil)), false, false},
		{"ended", a.sign(h, with(with(c, "exp", noon.Add(-time.Minute).Unix()), "iat", noon.Add(-11*time.Minute).Unix())), false, false},
		{"from the future", a.sign(h, with(with(c, "iat", noon.Add(time.Hour).Unix()), "exp", noon.Add(70*time.Minute).Unix())), false, true},
		{"no beginning", a.sign(h, without(c, "iat")), false, true},
		{"lives too long", a.sign(h, with(c, "exp", noon.Add(time.Hour).Unix())), false, true},
		{"not yet", a.sign(h, with(c, "nbf", noon.Add(time.Hour).Unix())), false, false},
		{"no account", a.sign(h, without(c, "sub")), false, true},
		{"account of zeros", a.sign(h, with(c, "sub", uuid.Nil.String())), false, true},
		{"account in another spelling", a.sign(h, with(c, "sub", "urn:uuid:"+account.String())), false, true},
		{"no session", a.sign(h, without(c, "sid")), false, true},
		{"respelt signature", respell(good), false, true},
		{"line break in the signature", good[:len(good)-5] + "\n" + good[len(good)-5:], false, true},
		{"line break at the end", good + "\r\n", false, true},
		{"padding", good + "==", false, false},
		{"fourth part", good + ".x", false, false},
		{"two parts", segment(h) + "." + segment(c), false, false},
		{"many dots", strings.Repeat(".", 1<<20), false, false},
		{"very long", good + strings.Repeat("A", 1<<20), false, false},
		{"empty", "", false, false},
		{"words", "Bearer " + good, false, false},
		{"claims are no object", a.sign(h, `"x"`), false, false},
	}
}

// TestTokenMatrix forges, ages and mixes up tokens in every way that is known: only the good one is accepted, and every other gets the same answer.
func TestTokenMatrix(t *testing.T) {
	t.Parallel()
	ring := newTestRing(t)
	public, _ := ring.TokenPublicKey("t1")
	naive := jwt.NewParser(jwt.WithTimeFunc(func() time.Time { return noon }))
	for _, tt := range tokenCases(t, ring) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := naive.Parse(tt.token, func(*jwt.Token) (any, error) { return public, nil })
			if got := err == nil; got != tt.naive {
				t.Errorf("the careless parser accepts: %v, want %v (%v)", got, tt.naive, err)
			}
			tokens := NewTokens(ring)
			got, err := tokens.Verify(tt.token, noon)
			if tt.good {
				want := Claims{Account: account, Session: session, Issued: noon, Expires: noon.Add(AccessLife)}
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Error(err, diff)
				}
				return
			}
			f, ok := fault.Of(err)
			if !ok || f.Kind != fault.Unauthenticated || f.Code != BadToken.Code || f.ZH != BadToken.ZH || f.EN != BadToken.EN {
				t.Errorf("got %v, want %v", err, BadToken)
			}
			if got != (Claims{}) || len(tokens.cache) != 0 {
				t.Errorf("claims %v, %d remembered", got, len(tokens.cache))
			}
		})
	}
}

// The length is looked at before anything that costs.
func TestLongTokenIsNotRead(t *testing.T) {
	t.Parallel()
	tokens := NewTokens(newTestRing(t))
	for _, token := range []string{strings.Repeat(".", 1<<20), issue(t, tokens) + strings.Repeat("A", tokenMax)} {
		if _, err := tokens.Verify(token, noon); err == nil || !strings.Contains(err.Error(), "too long") {
			t.Errorf("got %v", err)
		}
	}
}

// A remembered token gets the same answer at every instant as one that is verified anew.
func TestCacheChangesNothing(t *testing.T) {
	t.Parallel()
	ring := newTestRing(t)
	token := issue(t, NewTokens(ring))
	rapid.Check(t, func(t *rapid.T) {
		tokens := NewTokens(ring)
		if _, err := tokens.Verify(token, noon); err != nil {
			t.Fatal(err)
		}
		second := rapid.OneOf(rapid.IntRange(-32, -28), rapid.IntRange(628, 632), rapid.IntRange(-4000, 4000)).Draw(t, "second")
		now := noon.Add(time.Duration(second) * time.Second)
		got, err := tokens.Verify(token, now)
		want, wantErr := NewTokens(ring).Verify(token, now)
		if got != want || (err == nil) != (wantErr == nil) {
			t.Fatalf("%d s: %v, %v; verified anew %v, %v", second, got, err, want, wantErr)
		}
		if inside := second >= -30 && second < 630; inside != (err == nil) {
			t.Fatalf("%d s: %v", second, err)
		}
	})
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	tokens := NewTokens(newTestRing(t))
	fill := func(n int, now time.Time) {
		for i := range n {
			var sum [sha256.Size]byte
			binary.LittleEndian.PutUint64(sum[:], uint64(i))
			binary.LittleEndian.PutUint64(sum[8:], uint64(now.Unix()))
			tokens.remember(sum, Claims{Issued: now, Expires: now.Add(AccessLife)}, now)
		}
	}
	for _, tt := range []struct {
		name string
		add  int
		now  time.Time
		want int
	}{
		{"full", cacheMax, noon, cacheMax},
		{"one more empties it", 1, noon, 1},
		{"full again", cacheMax - 1, noon.Add(time.Minute), cacheMax},
		{"what has run out goes", 10, noon.Add(time.Hour), 10},
	} {
		if fill(tt.add, tt.now); len(tokens.cache) != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, len(tokens.cache), tt.want)
		}
	}
}

func TestTokensAtOnce(t *testing.T) {
	t.Parallel()
	tokens := NewTokens(newTestRing(t))
	good, bad := issue(t, tokens), issue(t, NewTokens(newTestRing(t)))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if _, err := tokens.Verify(good, noon); err != nil {
					t.Error(err)
				}
				if _, err := tokens.Verify(bad, noon); err == nil {
					t.Error("accepted a token of another ring")
				}
			}
		})
	}
	all.Wait()
}

func FuzzVerify(f *testing.F) {
	tokens := NewTokens(newTestRing(f))
	good := issue(f, tokens)
	f.Add(good)
	f.Add(headerOf("t1") + "..")
	f.Fuzz(func(t *testing.T, token string) {
		if c, err := tokens.Verify(token, noon); err == nil && token != good {
			t.Errorf("accepted %q as %v", token, c)
		}
	})
}

func BenchmarkTokenVerify(b *testing.B) {
	ring := newTestRing(b)
	tokens := NewTokens(ring)
	token := issue(b, tokens)
	for name, verify := range map[string]func() error{
		"remembered": func() error { _, err := tokens.Verify(token, noon); return err },
		"anew":       func() error { _, err := tokens.verify(token, noon); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := verify(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
