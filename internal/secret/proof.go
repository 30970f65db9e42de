package secret

import (
	"crypto/hmac"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Proof tells whether a ring holds the same key as the one that made it, and nothing of the key.
type Proof struct {
	Use   string // ProofIndex, ProofEncryption or ProofSealing
	KeyID string // empty of the blind index
	Value []byte
}

// The uses of keys that are proven. A key that only opens values may be absent; one that has sealed some may not.
const (
	ProofIndex      = "blind_index"
	ProofEncryption = "encryption"
	ProofSealing    = "sealing"
)

// proofTable, proofColumn and proven are the place and the value that are sealed and hashed. Proofs are kept, so these never change.
const (
	proofTable  = "key_proofs"
	proofColumn = "proof"
	proven      = "zhucan"
)

// ErrOther is the refusal of a ring that did not make what is there.
var ErrOther = errors.New("密钥文件不属于本登记库 / the key file is not the one of this register")

// Proofs are those of all keys of a register: of the blind index, of every encryption key, and of the one that seals now.
func (r *Ring) Proofs() ([]Proof, error) {
	list := []Proof{{Use: ProofIndex, Value: r.BlindIndex(proofTable, proven)}}
	add := func(use, id string) error {
		sealed, err := r.sealBy(id, proofTable, proofColumn, uuid.Nil, proven)
		list = append(list, Proof{Use: use, KeyID: id, Value: sealed})
		return err
	}
	for _, id := range sortedIDs(r.encryption.Keys) {
		if err := add(ProofEncryption, id); err != nil {
			return nil, err
		}
	}
	return list, add(ProofSealing, r.encryption.Current)
}

// Fits refuses a ring whose key is not the one that made the proof, and one without a key that has sealed values.
func (r *Ring) Fits(p Proof) error {
	if p.Use == ProofIndex {
		if !hmac.Equal(p.Value, r.BlindIndex(proofTable, proven)) {
			return ErrOther
		}
		return nil
	}
	if _, here := r.aeads[p.KeyID]; !here {
		if p.Use == ProofSealing {
			return fmt.Errorf("密钥文件缺少密钥%s，本登记库有数据由它加密 / the key file lacks key %[1]s, by which values of this register are sealed", p.KeyID)
		}
		return nil
	}
	if id, ok := keyOf(p.Value); !ok || id != p.KeyID {
		return ErrOther
	}
	if plain, err := r.Open(proofTable, proofColumn, uuid.Nil, p.Value); err != nil || plain != proven {
		return ErrOther
	}
	return nil
}

// keyOf is the id of the key that a value says it is sealed by.
func keyOf(sealed []byte) (id string, ok bool) {
	if len(sealed) < headLen || len(sealed) < headLen+int(sealed[2]) {
		return "", false
	}
	return string(sealed[headLen : headLen+int(sealed[2])]), true
}
