package secret

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func newTestRing(t testing.TB) *Ring {
	t.Helper()
	r, err := Generate(rand.Reader, true)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSaveAndLoad(t *testing.T) {
	t.Parallel()
	r := newTestRing(t)
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := newTestRing(t).Save(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("saved over an old file: %v", err)
	}
	again, err := Load(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := r.Seal("persons", "phone", uuid.Nil, "13800000000")
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Open("persons", "phone", uuid.Nil, sealed); err != nil || plain != "13800000000" {
		t.Errorf("opened %q, %v", plain, err)
	}
	if diff := cmp.Diff(r.BlindIndex("id", "x"), again.BlindIndex("id", "x")); diff != "" {
		t.Error(diff)
	}
	id, key := again.TokenKey()
	public, ok := r.TokenPublicKey(id)
	if id != "t1" || !ok || !ed25519.Verify(public, []byte("m"), ed25519.Sign(key, []byte("m"))) {
		t.Errorf("token key %s does not match", id)
	}
	if !again.Demo {
		t.Error("a demonstration's keys became real ones")
	}
}

// sample is the content of a good key file, to be spoilt.
func sample(fill ...byte) map[string]any {
	key := func(i int) string {
		k := bytes.Repeat([]byte{fill[i]}, keySize)
		k[0]++
		return base64.StdEncoding.EncodeToString(k)
	}
	return map[string]any{"demo": false, "blind_index": key(0),
		"encryption": map[string]any{"current": "e1", "keys": map[string]any{"e1": key(1), "e2": key(2)}},
		"token":      map[string]any{"current": "t1", "keys": map[string]any{"t1": key(3)}}}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	const key = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYw==" // 31 bytes
	zero := base64.StdEncoding.EncodeToString(make([]byte, keySize))
	keys := func(f map[string]any, set string) map[string]any {
		return f[set].(map[string]any)["keys"].(map[string]any)
	}
	for _, tt := range []struct {
		name  string
		spoil func(map[string]any)
		want  string
	}{
		{"good", func(map[string]any) {}, ""},
		{"short key", func(f map[string]any) { keys(f, "encryption")["e1"] = key }, "encryption key e1 has 31 bytes instead of 32"},
		{"zero key", func(f map[string]any) { keys(f, "token")["t1"] = zero }, "token key t1 is one repeated byte"},
		{"zero index", func(f map[string]any) { f["blind_index"] = zero }, "blind_index is one repeated byte"},
		{"not base64", func(f map[string]any) { keys(f, "encryption")["e2"] = key + "!" }, "encryption key e2 is not base64"},
		{"index not base64", func(f map[string]any) { f["blind_index"] = "?" + key }, "blind_index is not base64"},
		{"no index", func(f map[string]any) { delete(f, "blind_index") }, "blind_index is missing"},
		{"empty key", func(f map[string]any) { keys(f, "token")["t1"] = "" }, "token key t1 is missing"},
		{"same key twice", func(f map[string]any) { keys(f, "encryption")["e2"] = keys(f, "encryption")["e1"] },
			"encryption key e2 is the same as encryption key e1"},
		{"same key for two uses", func(f map[string]any) { keys(f, "token")["t1"] = f["blind_index"] },
			"token key t1 is the same as blind_index"},
		{"current is not there", func(f map[string]any) { f["encryption"].(map[string]any)["current"] = "e9" }, "encryption: current names none"},
		{"no keys", func(f map[string]any) { f["token"] = map[string]any{"current": "t1"} }, "token: current names none"},
		{"id that could be a key", func(f map[string]any) { keys(f, "token")[key] = key }, "the id of a key is not 1 to 32"},
		{"empty id", func(f map[string]any) { keys(f, "token")[""] = key }, "the id of a key is not 1 to 32"},
		{"unknown member", func(f map[string]any) { f[key] = key }, "not the JSON that zhucan keys writes"},
		{"key is a number", func(f map[string]any) { keys(f, "token")["t1"] = 7 }, "not the JSON that zhucan keys writes"},
		{"keys are a list", func(f map[string]any) { f["token"].(map[string]any)["keys"] = []string{key} }, "not the JSON that zhucan keys writes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := sample(1, 2, 3, 4)
			tt.spoil(f)
			text, err := json.Marshal(f)
			if err != nil {
				t.Fatal(err)
			}
			checkLoad(t, text, 0o400, tt.want)
		})
	}
}

func TestLoadRefusesFiles(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(sample(1, 2, 3, 4))
	if err != nil {
		t.Fatal(err)
	}
	twice := bytes.Replace(good, []byte(`"e2":`), []byte(`"e1":`), 1)
	for _, tt := range []struct {
		name string
		text []byte
		mode os.FileMode
		want string
	}{
		{"owner reads", good, 0o400, ""},
		{"owner reads and writes", good, 0o600, ""},
		{"group reads", good, 0o640, "open to others than its owner"},
		{"world reads", good, 0o604, "open to others than its owner"},
		{"world writes", good, 0o602, "open to others than its owner"},
		{"empty", nil, 0o600, "not the JSON that zhucan keys writes"},
		{"cut off", good[:len(good)/2], 0o600, "not the JSON that zhucan keys writes"},
		{"two documents", append(good[:len(good):len(good)], good...), 0o600, "not the JSON that zhucan keys writes"},
		{"an id twice", twice, 0o600, "key e1 stands twice"},
		{"too long", bytes.Repeat([]byte(" "), maxFile+1), 0o600, "too long"},
		{"broken at a byte", []byte(`{"demo":false,"blind_index":"c2Vj` + "\x01" + `"}`), 0o600, "see byte 34"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkLoad(t, tt.text, tt.mode, tt.want)
		})
	}
	if _, err := Load(t.TempDir(), rand.Reader); err == nil {
		t.Error("a folder was read as a key file")
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none"), rand.Reader); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

// checkLoad loads text as a key file. No error may quote the text.
func checkLoad(t *testing.T, text []byte, mode os.FileMode, want string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path, rand.Reader)
	if want == "" {
		if err != nil {
			t.Error(err)
		}
		return
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("got %v, want %q", err, want)
	}
	if strings.Contains(err.Error(), "c2Vj") || strings.Contains(err.Error(), "AAAA") {
		t.Errorf("the error tells a key: %v", err)
	}
}

func TestGenerateNeedsRandomBytes(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"", strings.Repeat("x", 95), strings.Repeat("x", 96)} {
		if _, err := Generate(strings.NewReader(source), false); err == nil {
			t.Errorf("made keys of %d bytes x", len(source))
		}
	}
}

// Whatever prints a ring, by mistake or in a panic, tells ids and no key.
func TestPrintingTellsNoKey(t *testing.T) {
	t.Parallel()
	r := newTestRing(t)
	const want = "secret.Ring(demo true, encryption e1 of 1, token t1 of 1)"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{r, *r} {
			if got := fmt.Sprintf(verb, value); got != want {
				t.Errorf("%s of %T prints %s", verb, value, got)
			}
		}
	}
	text, err := json.Marshal(r)
	if err != nil || string(text) != `{"Demo":true}` {
		t.Errorf("as JSON: %s, %v", text, err)
	}
}
