package secret

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

var (
	rowA = uuid.MustParse("018f0000-0000-7000-8000-00000000000a")
	rowB = uuid.MustParse("018f0000-0000-7000-8000-00000000000b")
)

func TestSealRoundTrip(t *testing.T) {
	t.Parallel()
	r := newTestRing(t)
	rapid.Check(t, func(t *rapid.T) {
		table, column := rapid.StringMatching(`[a-z_]{1,20}`).Draw(t, "table"), rapid.StringMatching(`[a-z_]{1,20}`).Draw(t, "column")
		row := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "row"))
		plain := rapid.String().Draw(t, "plain")
		sealed, err := r.Seal(table, column, row, plain)
		if err != nil {
			t.Fatal(err)
		}
		again, err := r.Seal(table, column, row, plain)
		if err != nil || slices.Equal(sealed, again) {
			t.Fatalf("two seals of one value are the same: %v", err)
		}
		opened, err := r.Open(table, column, row, sealed)
		if err != nil || opened != plain {
			t.Fatalf("opened %q, %v; want %q", opened, err, plain)
		}
	})
}

func TestLayout(t *testing.T) {
	t.Parallel()
	r := newTestRing(t)
	sealed, err := r.Seal("persons", "phone", rowA, "13800000000")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]byte{1, 1, 2, 'e', '1'}, sealed[:5]); diff != "" {
		t.Error(diff)
	}
	if got, want := len(sealed), 5+12+11+16; got != want {
		t.Errorf("length %d, want %d", got, want)
	}
	if strings.Contains(string(sealed), "1380") {
		t.Error("the value stands in clear")
	}
}

func TestMovedValueDoesNotOpen(t *testing.T) {
	t.Parallel()
	r := newTestRing(t)
	sealed, err := r.Seal("persons", "phone", rowA, "13800000000")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, table, column string
		row                 uuid.UUID
	}{
		{"other row", "persons", "phone", rowB},
		{"other column", "persons", "address", rowA},
		{"other table", "accounts", "phone", rowA},
		{"letters moved between names", "person", "sphone", rowA},
	} {
		if plain, err := r.Open(tt.table, tt.column, tt.row, sealed); !errors.Is(err, errSealed) || plain != "" {
			t.Errorf("%s: opened %q, %v", tt.name, plain, err)
		}
	}
}

// Every single bit is protected, and so is the length.
func TestDamagedValueDoesNotOpen(t *testing.T) {
	t.Parallel()
	r := newTestRing(t)
	sealed, err := r.Seal("persons", "phone", rowA, "13800000000")
	if err != nil {
		t.Fatal(err)
	}
	open := func(damaged []byte) {
		t.Helper()
		if plain, err := r.Open("persons", "phone", rowA, damaged); err == nil || plain != "" {
			t.Errorf("opened %q of % x", plain, damaged)
		}
	}
	for bit := range 8 * len(sealed) {
		damaged := slices.Clone(sealed)
		damaged[bit/8] ^= 1 << (bit % 8)
		open(damaged)
	}
	for n := range sealed {
		open(sealed[:n])
	}
	open(append(slices.Clone(sealed), 0))
	open(nil)
	open([]byte{1, 1, 255})
}

// withKey is r after a rotation: a new current key, and the old ones still there.
func withKey(t *testing.T, r *Ring, id string, key []byte) *Ring {
	t.Helper()
	keys := maps.Clone(r.encryption.Keys)
	keys[id] = key
	rotated := &Ring{encryption: keySet{Current: id, Keys: keys}, index: r.index, token: r.token, rand: r.rand}
	if err := rotated.prepare(); err != nil {
		t.Fatal(err)
	}
	return rotated
}

func TestKeysByID(t *testing.T) {
	t.Parallel()
	old := newTestRing(t)
	rotated := withKey(t, old, "e2", newTestRing(t).index)
	stranger := withKey(t, old, "e2", newTestRing(t).index)
	byOld, err := old.Seal("persons", "phone", rowA, "old")
	if err != nil {
		t.Fatal(err)
	}
	byNew, err := rotated.Seal("persons", "phone", rowA, "new")
	if err != nil {
		t.Fatal(err)
	}
	binaryID := slices.Clone(byOld)
	binaryID[3] = 0
	algorithm := slices.Clone(byOld)
	algorithm[1] = 2
	version := slices.Clone(byOld)
	version[0] = 2
	for _, tt := range []struct {
		name      string
		ring      *Ring
		sealed    []byte
		want, err string
	}{
		{"old value, old ring", old, byOld, "old", ""},
		{"old value after the rotation", rotated, byOld, "old", ""},
		{"new value after the rotation", rotated, byNew, "new", ""},
		{"new value, key not there", old, byNew, "", "sealed with key e2, which is not in the key file"},
		{"same id, other key", stranger, byNew, "", "damaged"},
		{"id that is no id", old, binaryID, "", "damaged"},
		{"unknown algorithm", old, algorithm, "", "sealed with algorithm 2"},
		{"unknown layout", old, version, "", "damaged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.ring.Open("persons", "phone", rowA, tt.sealed)
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %q, %v; want %q, %q", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestSealWithoutRandomBytes(t *testing.T) {
	t.Parallel()
	r := newTestRing(t)
	for name, source := range map[string]io.Reader{"fails": iotest.ErrReader(io.ErrClosedPipe), "ends early": strings.NewReader("short")} {
		r.rand = source
		if sealed, err := r.Seal("persons", "phone", rowA, "x"); err == nil || sealed != nil {
			t.Errorf("%s: sealed % x, %v", name, sealed, err)
		}
	}
}

func TestBlindIndex(t *testing.T) {
	t.Parallel()
	r := newTestRing(t)
	mac := hmac.New(sha256.New, r.index)
	mac.Write([]byte("id_number\x00370305199001011234"))
	if diff := cmp.Diff(mac.Sum(nil), r.BlindIndex("id_number", "370305199001011234")); diff != "" {
		t.Error(diff)
	}
	seen := map[string]string{}
	for name, index := range map[string][]byte{
		"one":           r.BlindIndex("id_number", "1"),
		"other value":   r.BlindIndex("id_number", "2"),
		"other purpose": r.BlindIndex("phone", "1"),
		"moved letter":  r.BlindIndex("id_numbe", "r1"),
		"other ring":    newTestRing(t).BlindIndex("id_number", "1"),
	} {
		if twin, ok := seen[string(index)]; ok {
			t.Errorf("%s and %s have the same index", name, twin)
		}
		seen[string(index)] = name
	}
}

func FuzzOpen(f *testing.F) {
	r := newTestRing(f)
	sealed, err := r.Seal("persons", "phone", rowA, "13800000000")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add([]byte{1, 1, 255, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if plain, err := r.Open("persons", "phone", rowA, b); err == nil && !slices.Equal(b, sealed) {
			t.Errorf("% x opens as %q", b, plain)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	r, err := Generate(rand.Reader, true)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Seal("persons", "id_number", rowA, "370305199001011234"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	r := newTestRing(b)
	sealed, err := r.Seal("persons", "id_number", rowA, "370305199001011234")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Open("persons", "id_number", rowA, sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBlindIndex(b *testing.B) {
	r := newTestRing(b)
	b.ReportAllocs()
	for b.Loop() {
		r.BlindIndex("id_number", "370305199001011234")
	}
}
