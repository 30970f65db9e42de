package secret

import (
	"bytes"
	"errors"
	"testing"
)

// TestProofs compares rings by what they prove.
func TestProofs(t *testing.T) {
	t.Parallel()
	r, other := newTestRing(t), newTestRing(t)
	proofs, err := r.Proofs()
	if err != nil || len(proofs) != 3 {
		t.Fatalf("%d proofs, %v", len(proofs), err)
	}
	for _, p := range proofs {
		if err := r.Fits(p); err != nil {
			t.Errorf("%s %s does not fit its own ring: %v", p.Use, p.KeyID, err)
		}
		if err := other.Fits(p); !errors.Is(err, ErrOther) {
			t.Errorf("%s %s fits another ring: %v", p.Use, p.KeyID, err)
		}
		if bytes.Contains(p.Value, r.index) || bytes.Contains(p.Value, r.encryption.Keys["e1"]) {
			t.Errorf("%s %s tells a key", p.Use, p.KeyID)
		}
		for _, value := range [][]byte{nil, {1}, p.Value[:len(p.Value)-1], proofs[0].Value} {
			spoilt := p
			if spoilt.Value = value; p.Use != ProofIndex && !errors.Is(r.Fits(spoilt), ErrOther) {
				t.Errorf("%s %s fits as % x", p.Use, p.KeyID, value)
			}
		}
	}
	absent := Proof{Use: ProofEncryption, KeyID: "e9", Value: proofs[1].Value}
	if err := r.Fits(absent); err != nil {
		t.Errorf("a key that has sealed nothing may be absent: %v", err)
	}
	if absent.Use = ProofSealing; r.Fits(absent) == nil {
		t.Error("a key that has sealed something is absent")
	}
}
