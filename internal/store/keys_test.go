package store_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/casefile"
	"zhucan/internal/secret"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

func newRing(t *testing.T) *secret.Ring {
	t.Helper()
	ring, err := secret.Generate(rand.Reader, false)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// parts is a key file whose parts are taken from others.
type parts struct {
	Demo       bool   `json:"demo"`
	Encryption set    `json:"encryption"`
	Index      string `json:"blind_index"`
	Token      set    `json:"token"`
}

type set struct {
	Current string            `json:"current"`
	Keys    map[string]string `json:"keys"`
}

func take(t *testing.T, ring *secret.Ring) (p parts) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := ring.Save(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p parts) ring(t *testing.T) *secret.Ring {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	text, err := json.Marshal(p)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	ring, err := secret.Load(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// turned are the rings of a register whose key is being changed: with its first key alone, with a second one, and with that as the current one.
func turned(t *testing.T, ring *secret.Ring) (first, both, second parts) {
	first, both, second = take(t, ring), take(t, ring), take(t, ring)
	key := take(t, newRing(t)).Encryption.Keys["e1"]
	both.Encryption.Keys["e2"], second.Encryption.Keys["e2"] = key, key
	second.Encryption.Current = "e2"
	return first, both, second
}

func openBy(t *testing.T, d testdb.Database, ring *secret.Ring) error {
	t.Helper()
	d.Ring = ring
	return openAs(t, d, d.URL, store.Options{})
}

// TestRingOfAnotherRegister opens registers by key files of which a part is another's.
func TestRingOfAnotherRegister(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	if err := openBy(t, d, d.Ring); err != nil {
		t.Fatal(err)
	}
	other := take(t, newRing(t))
	index, key, token := take(t, d.Ring), take(t, d.Ring), take(t, d.Ring)
	index.Index, key.Encryption, token.Token = other.Index, other.Encryption, other.Token
	for name, ring := range map[string]parts{"everything": other, "blind index": index, "encryption": key} {
		if err := openBy(t, d, ring.ring(t)); !errors.Is(err, secret.ErrOther) {
			t.Errorf("opened with %s of another register: %v", name, err)
		}
	}
	if err := openBy(t, d, token.ring(t)); err != nil {
		t.Errorf("other keys for tokens are no other register: %v", err)
	}
	if err := openBy(t, d, d.Ring); err != nil {
		t.Errorf("its own ring after the others: %v", err)
	}
}

// TestRingTurned brings a new key in, in the order that BACKUP.md has, and then takes the wrong steps.
func TestRingTurned(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	first, both, second := turned(t, d.Ring)
	for i, step := range []parts{first, both, first, both, second, both, second} { // not every process has the new file at once
		if err := openBy(t, d, step.ring(t)); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	if err := openBy(t, d, first.ring(t)); err == nil || !strings.Contains(err.Error(), "lacks key e2") {
		t.Errorf("opened without the key that seals: %v", err)
	}
	delete(second.Encryption.Keys, "e1")
	if err := openBy(t, d, second.ring(t)); err == nil || !strings.Contains(err.Error(), "lacks key e1") {
		t.Errorf("opened without the key that has sealed: %v", err)
	}
	_, twin, _ := turned(t, d.Ring)
	if err := openBy(t, d, twin.ring(t)); !errors.Is(err, secret.ErrOther) {
		t.Errorf("opened with another key by the same name: %v", err)
	}
}

// TestRingOfAnOlderRegister has people in a register from before proofs of keys were kept.
func TestRingOfAnOlderRegister(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	first, _, second := turned(t, d.Ring)
	for _, ring := range []parts{first, second} { // one is sealed by each key
		d.Ring = ring.ring(t)
		putNumber(t, d)
	}
	owner := as(t, d.OwnerURL)
	forget := func() {
		if _, err := owner.Exec(t.Context(), "DELETE FROM key_proofs"); err != nil {
			t.Fatal(err)
		}
	}
	forget()
	index := second
	index.Index = take(t, newRing(t)).Index
	for name, ring := range map[string]*secret.Ring{"another": newRing(t), "only the first key": first.ring(t), "another blind index": index.ring(t)} {
		if err := openBy(t, d, ring); !errors.Is(err, secret.ErrOther) {
			t.Errorf("opened with %s: %v", name, err)
		}
	}
	var kept int
	if err := owner.QueryRow(t.Context(), "SELECT count(*) FROM key_proofs").Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d proofs of rings that were refused, %v", kept, err)
	}
	if err := openBy(t, d, second.ring(t)); err != nil {
		t.Fatal(err)
	}
	if err := openBy(t, d, newRing(t)); !errors.Is(err, secret.ErrOther) {
		t.Errorf("opened with another afterwards: %v", err)
	}
}

// TestRingOfTheFirst opens a new register by different rings at one moment: one of them makes it its own.
func TestRingOfTheFirst(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	rings := []*secret.Ring{newRing(t), newRing(t), newRing(t), newRing(t)}
	errs := make([]error, len(rings))
	var all sync.WaitGroup
	for i, ring := range rings {
		all.Go(func() { errs[i] = openBy(t, d, ring) })
	}
	all.Wait()
	var opened int
	for i, err := range errs {
		if err == nil {
			opened++
			if err := openBy(t, d, rings[i]); err != nil {
				t.Errorf("the ring that came first does not open: %v", err)
			}
		} else if !errors.Is(err, secret.ErrOther) {
			t.Errorf("refused for another reason: %v", err)
		}
	}
	if opened != 1 {
		t.Errorf("%d of four rings opened a new register", opened)
	}
}

// TestRingIsNotForgotten tries as the service's role to have the register take another ring.
func TestRingIsNotForgotten(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	if err := openBy(t, d, d.Ring); err != nil {
		t.Fatal(err)
	}
	service := as(t, d.URL)
	for _, statement := range []string{"DELETE FROM key_proofs", "UPDATE key_proofs SET proof = ''", "TRUNCATE key_proofs"} {
		if _, err := service.Exec(t.Context(), statement); err == nil {
			t.Errorf("the service's role may: %s", statement)
		}
	}
}

func putNumber(t *testing.T, d testdb.Database) {
	t.Helper()
	ctx, id := context.Background(), uuid.Must(uuid.NewV7())
	err := d.Open(t, clock).Write(ctx, access.SystemActor(), "test.person", func(tx *store.Tx) error {
		return tx.InsertPersons(ctx, casefile.Person{ID: id, RecordType: casefile.Certified, Name: "金丝雀", InvalidID: "37999919700101" + id.String()[32:], Managing: "370305001005", CreatedAt: noon, UpdatedAt: noon})
	})
	if err != nil {
		t.Fatal(err)
	}
}
