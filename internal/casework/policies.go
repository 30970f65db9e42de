package casework

import (
	"context"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// Draft is rules that are not in force. Exactly one of the three is given: a whole document, a pack proposed before, or rates to be added
// to the pack in force.
type Draft struct {
	Document string
	PackID   uuid.UUID
	Rates    []policy.NewRate
	Version  string // of the pack that the rates make
}

// compile reads a draft as a pack of this district.
func (d *Desk) compile(ctx context.Context, draft Draft) (document string, pack *policy.Pack, err error) {
	switch {
	case draft.PackID != uuid.Nil:
		proposed, err := d.DB.Pack(ctx, draft.PackID)
		if err != nil {
			return "", nil, err
		}
		document = proposed.Document
	case len(draft.Rates) > 0:
		active, err := d.DB.ActivePack(ctx)
		if err != nil {
			return "", nil, err
		}
		for _, r := range draft.Rates {
			if d.Pack().Programme(r.Programme) == nil {
				return "", nil, field("rates", "UNKNOWN_PROGRAMME", "没有这项补贴", "there is no such programme")
			}
		}
		text, err := policy.WithRates([]byte(active.Document), draft.Version, draft.Rates)
		if err != nil {
			return "", nil, err
		}
		document = string(text)
	default:
		if document, err = exchange.ReadText([]byte(draft.Document)); err != nil {
			return "", nil, atMember("document", err)
		}
	}
	if pack, err = policy.Load([]byte(document)); err != nil {
		return "", nil, field("document", "BAD_PACK", "政策包无法使用："+err.Error(), err.Error())
	}
	if old := d.Pack(); pack.Name != old.Name || pack.District != old.District {
		return "", nil, field("document", "OTHER_PACK", "不是本区的政策包", "the pack has another name or another district than the one in force")
	}
	for _, programme := range d.Pack().Programmes {
		if pack.Programme(programme.ID) == nil || len(pack.Programmes) != len(d.Pack().Programmes) {
			return "", nil, field("document", "OTHER_PROGRAMMES", "政策包的补贴项目与现行不同", "the pack has other programmes than the one in force")
		}
	}
	return document, pack, nil
}

// ProposePolicy keeps a draft to be activated by another.
func (d *Desk) ProposePolicy(ctx context.Context, who access.Actor, draft Draft, note string) (store.Pack, error) {
	document, pack, err := d.compile(ctx, draft)
	if err != nil {
		return store.Pack{}, err
	}
	if !who.Covers(pack.District) {
		return store.Pack{}, fault.New(fault.Invalid, "OUTSIDE_AREA", "超出本人管辖区域", "outside your area")
	}
	p := store.Pack{ID: d.NewID(), Name: pack.Name, Version: pack.Version, Document: document, Note: note, ProposedBy: who.AccountID}
	err = d.write(ctx, who, "policy.propose", func(tx *store.Tx) error {
		p.ProposedAt = tx.Now
		if err := tx.InsertPack(ctx, p); err != nil {
			return err
		}
		return tx.Describe(ctx, p.ID, map[string]any{"version": p.Version})
	})
	return p, err
}

// ActivatePolicy puts a proposed pack in force and derives everybody's standing and dues by it, all in one transaction:
// nobody sees a register that is judged by two packs. Other writes wait meanwhile, or are told to try again.
func (d *Desk) ActivatePolicy(ctx context.Context, who access.Actor, id uuid.UUID) (store.Pack, error) {
	proposed, err := d.DB.Pack(ctx, id)
	if err != nil {
		return proposed, err
	}
	if proposed.Activation > 0 {
		return proposed, fault.New(fault.Conflict, "ACTIVATED_ALREADY", "该政策包已启用过；要恢复旧规则请另提新版本", "this pack has been activated; to go back propose its rules as a new version")
	}
	if proposed.ProposedBy == who.AccountID && who.Role != access.System {
		return proposed, fault.New(fault.Conflict, "OWN_CASE", "不能启用本人提出的政策包", "nobody activates a pack that he proposed")
	}
	_, pack, err := d.compile(ctx, Draft{PackID: id})
	if err != nil {
		return proposed, err
	}
	if !who.Covers(pack.District) {
		return proposed, store.NotFound
	}
	err = d.DB.WriteRules(ctx, who, "policy.activate", func(tx *store.Tx) error {
		if proposed, err = tx.ActivatePack(ctx, id); err != nil {
			return err
		}
		persons, err := d.deriveEverybody(ctx, tx, pack)
		if err != nil {
			return err
		}
		return tx.Describe(ctx, id, map[string]any{"version": pack.Version, "persons": persons})
	})
	if err != nil {
		return proposed, err
	}
	return proposed, d.Rules.put(proposed, d.Workdays())
}

// deriveEverybody derives the whole register by a pack, a portion at a time, inside one transaction.
func (d *Desk) deriveEverybody(ctx context.Context, tx *store.Tx, pack *policy.Pack) (persons int, err error) {
	err = portions(ctx, tx.PersonIDs, func(ids []uuid.UUID) error {
		persons += len(ids)
		dossiers, err := tx.ReadDossiers(ctx, ids...)
		if err != nil {
			return err
		}
		return d.deriveBy(ctx, tx, pack, ids, dossiers)
	})
	if err != nil {
		return persons, err
	}
	return persons, portions(ctx, tx.HouseholdIDs, func(ids []uuid.UUID) error {
		files, err := tx.ReadHouseholds(ctx, ids...)
		if err != nil {
			return err
		}
		return d.deriveHouseholdsBy(ctx, tx, pack, files)
	})
}
