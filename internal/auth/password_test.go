package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"zhucan/internal/fault"
)

func TestHashAndVerify(t *testing.T) {
	t.Parallel()
	p := NewCheapPasswords()
	rapid.Check(t, func(t *rapid.T) {
		password, other := rapid.String().Draw(t, "password"), rapid.String().Draw(t, "other")
		text, err := p.Hash(t.Context(), password)
		if err != nil {
			t.Fatal(err)
		}
		for _, guess := range []string{password, other} {
			got, err := p.Verify(t.Context(), text, guess)
			if want := normal(guess) == normal(password); err != nil || got != want {
				t.Fatalf("%q against %q: %v, %v; want %v", guess, password, got, err, want)
			}
		}
		again, err := p.Hash(t.Context(), password)
		if err != nil || again == text {
			t.Fatalf("two hashes of one password are the same: %v", err)
		}
	})
}

// What is kept outlives the program, so its layout is fixed: that of the argon2 reference program.
func TestKeptFormat(t *testing.T) {
	t.Parallel()
	p := newPasswords(cost{64, 2})
	p.random = strings.NewReader("somesaltsomesalt")
	text, err := p.Hash(t.Context(), "password")
	if err != nil {
		t.Fatal(err)
	}
	if want := "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"; !strings.HasPrefix(text, want) {
		t.Errorf("%s does not begin with %s", text, want)
	}
	k, err := parseKept(text)
	if err != nil || k.String() != text {
		t.Errorf("read back as %s, %v", k, err)
	}
}

func TestTypedInTwoWays(t *testing.T) {
	t.Parallel()
	p := NewCheapPasswords()
	text, err := p.Hash(t.Context(), "correct horse ９９ é")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := p.Verify(t.Context(), text, "correct horse 99 e\u0301"); err != nil || !ok {
		t.Errorf("another way to type the same: %v, %v", ok, err)
	}
}

func TestNobodyHasNoPassword(t *testing.T) {
	t.Parallel()
	p := NewCheapPasswords()
	for _, guess := range []string{"", "password", strings.Repeat("\x00", keyLen)} {
		if ok, err := p.Verify(t.Context(), "", guess); ok || err != nil {
			t.Errorf("%q: %v, %v", guess, ok, err)
		}
	}
	k, err := parseKept(p.dummy)
	if err != nil || k.cost != p.cost {
		t.Errorf("nobody's password costs %v instead of %v: the time would tell; %v", k.cost, p.cost, err)
	}
	if k, err := parseKept(NewPasswords().dummy); err != nil || k.cost != (cost{46 * 1024, 1}) {
		t.Errorf("the real cost is %v, %v", k.cost, err)
	}
}

func TestVerifyRefusesWhatItDidNotWrite(t *testing.T) {
	t.Parallel()
	p := NewCheapPasswords()
	good, err := p.Hash(t.Context(), "password")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, old, new string }{
		{"other algorithm", "argon2id", "argon2i"},
		{"other version", "v=19", "v=16"},
		{"more lanes", "p=1$", "p=12$"},
		{"something behind the numbers", "p=1$", "p=1,x=2$"},
		{"no passes, which would panic", "t=1", "t=0"},
		{"a year of passes", "t=1", "t=4000000000"},
		{"all the memory", "m=64", "m=4194304"},
		{"too little memory", "m=64", "m=1"},
		{"number with a sign", "m=64", "m=+64"},
		{"number with a zero", "m=64", "m=064"},
		{"text before", "$argon2id", "x$argon2id"},
		{"a part too many", "$v=19", "$v=19$"},
	} {
		text := strings.Replace(good, tt.old, tt.new, 1)
		if text == good {
			t.Fatalf("%s: nothing replaced", tt.name)
		}
		if ok, err := p.Verify(t.Context(), text, "password"); ok || !errors.Is(err, errKept) {
			t.Errorf("%s: %v, %v", tt.name, ok, err)
		}
	}
	short := good[:len(good)-4]
	if ok, err := p.Verify(t.Context(), short, "password"); ok || !errors.Is(err, errKept) {
		t.Errorf("short key: %v, %v", ok, err)
	}
}

func TestStale(t *testing.T) {
	t.Parallel()
	p := newPasswords(cost{64, 1})
	for name, tt := range map[string]struct {
		by   *Passwords
		want bool
	}{"same cost": {p, false}, "less memory": {newPasswords(cost{32, 1}), true}, "more passes": {newPasswords(cost{64, 2}), true}} {
		text, err := tt.by.Hash(t.Context(), "password")
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Stale(text); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
		if ok, err := p.Verify(t.Context(), text, "password"); !ok || err != nil {
			t.Errorf("%s: a stale password still counts: %v, %v", name, ok, err)
		}
	}
	if !p.Stale("") || !p.Stale("$2b$12$bcrypt") {
		t.Error("what cannot be read is not stale")
	}
}

func TestFewAtATime(t *testing.T) {
	t.Parallel()
	p := NewCheapPasswords()
	if err := p.turns.Acquire(t.Context(), atOnce()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.Hash(ctx, "password"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one hash more: %v", err)
	}
	if _, err := p.Verify(ctx, "", "password"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one check more: %v", err)
	}
	p.turns.Release(atOnce())
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			if _, err := p.Verify(t.Context(), "", fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if !p.turns.TryAcquire(atOnce()) {
		t.Error("a turn was not given back")
	}
}

func TestHashWithoutRandomBytes(t *testing.T) {
	t.Parallel()
	p := NewCheapPasswords()
	p.random = iotest.ErrReader(io.ErrClosedPipe)
	if text, err := p.Hash(t.Context(), "password"); text != "" || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	const fine, length, user, word, simple, frequent = "", "characters", "user name", "an office", "over and over", "common one"
	words := []string{"张三", "临淄", "LinZi", " ", "x"}
	for _, tt := range []struct{ name, password, username, want string }{
		{"good", "correct horse battery", "liaison.xindong", fine},
		{"twelve", "k7!mq0zpw4ty", "u1", fine},
		{"eleven", "k7!mq0zpw4t", "u1", length},
		{"empty", "", "u1", length},
		{"twelve characters of Chinese", "村口大槐树下三只花猫睡着", "u1", fine},
		{"eleven characters of Chinese", "村口大槐树下三只花猫睡", "u1", length},
		{"128", strings.Repeat("k7!mq0zpw4tyh8bn", 8), "u1", fine},
		{"129", strings.Repeat("k7!mq0zpw4tyh8bn", 8) + "x", "u1", length},
		{"twelve that become six", strings.Repeat("e\u0301", 6), "u1", length},
		{"eleven that become twelve", "k7!mq0zpw4ﬁ", "u1", fine},
		{"holds the user name", "k7!mq0ZHANGSANzpw", "zhangsan", user},
		{"user name in full width", "k7!mq0ｚｈａｎｇｓａｎ", "zhangsan", user},
		{"no user name", "k7!mq0zpw4ty", "", fine},
		{"holds a Chinese name", "我叫张三密码是真不少个字", "u1", word},
		{"holds a name in capitals", "k7!mq0LINZIzpw", "u1", word},
		{"words of one character do not count", "k7!mq0xzpw4ty", "u1", fine},
		{"one character", "aaaaaaaaaaaa", "u1", simple},
		{"one Chinese character", strings.Repeat("密", 12), "u1", simple},
		{"a word twice", "passwordpassword", "u1", simple},
		{"a word and a half", "k7!mq0zk7!mq0zk7!", "u1", simple},
		{"a good one twice", "k7!mq0zpw4tyk7!mq0zpw4ty", "u1", fine},
		{"counts up", "123456789012", "u1", simple},
		{"counts up the letters", "abcdefghijkl", "u1", simple},
		{"counts down", "109876543210987", "u1", simple},
		{"common", "1qaz2wsx3edc", "u1", frequent},
		{"common in capitals", "Password1234", "u1", frequent},
		{"common in full width", "ｐａｓｓｗｏｒｄ１２３４", "u1", frequent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := CheckPassword("password", tt.password, tt.username, words...)
			if tt.want == fine {
				if err != nil {
					t.Error(err)
				}
				return
			}
			f, ok := fault.Of(err)
			if !ok || f.Kind != fault.Invalid || f.Code != "WEAK_PASSWORD" || !strings.Contains(f.EN, tt.want) || len(f.Fields) != 1 || f.Fields[0].Name != "password" {
				t.Fatalf("got %v, want one about %q", err, tt.want)
			}
			if tt.password != "" && strings.Contains(err.Error(), tt.password) {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

// An entry that the other rules refuse already, or that can never match, only lengthens the list.
func TestCommonPasswords(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSuffix(common, "\n"), "\n")
	if len(lines) < 100 {
		t.Errorf("only %d", len(lines))
	}
	for i, line := range lines {
		if diff := cmp.Diff(fold(line), line); diff != "" {
			t.Errorf("never matches: %s", diff)
		}
		if i > 0 && lines[i-1] >= line {
			t.Errorf("%s is out of order or stands twice", line)
		}
		if f, ok := fault.Of(CheckPassword("password", line, "")); !ok || !strings.Contains(f.EN, "common one") {
			t.Errorf("%s is refused by another rule: %v", line, f)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	p := NewPasswords()
	for b.Loop() {
		if _, err := p.Verify(b.Context(), "", "correct horse battery"); err != nil {
			b.Fatal(err)
		}
	}
}
