package casework

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/ledger"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// portion is how many persons a rebuild takes at a time: short transactions, bounded memory.
const portion = 500

// RebuildStandings derives the standings of everybody again and says of how many persons they differed from what was
// stored. With checkOnly nothing is written.
func (d *Desk) RebuildStandings(ctx context.Context, who access.Actor, checkOnly bool) (persons, differed int, err error) {
	after := uuid.Nil
	for {
		ids, err := d.DB.PersonIDs(ctx, who, after, portion)
		if err != nil {
			return persons, differed, err
		}
		if len(ids) == 0 {
			return persons, differed, nil
		}
		wrong, err := d.differing(ctx, who, ids)
		if err != nil {
			return persons, differed, err
		}
		persons, differed, after = persons+len(ids), differed+len(wrong), ids[len(ids)-1]
		if checkOnly || len(wrong) == 0 {
			continue
		}
		err = d.write(ctx, who, "standing.rebuild", func(tx *store.Tx) error {
			dossiers, err := d.rederive(ctx, tx, wrong...)
			if err != nil {
				return err
			}
			return tx.WriteMatchKeys(ctx, dossiers)
		})
		if err != nil {
			return persons, differed, err
		}
	}
}

// differing finds the persons whose stored standings, dues or keys of comparison are not those that their facts give.
func (d *Desk) differing(ctx context.Context, who access.Actor, ids []uuid.UUID) ([]uuid.UUID, error) {
	dossiers, err := d.DB.Dossiers(ctx, who, ids...)
	if err != nil {
		return nil, err
	}
	stored, err := d.DB.Standings(ctx, who, ids)
	if err != nil {
		return nil, err
	}
	owed, err := d.DB.Dues(ctx, who, ids)
	if err != nil {
		return nil, err
	}
	byPerson := map[uuid.UUID][]standing.Interval{}
	for _, i := range stored {
		byPerson[i.PersonID] = append(byPerson[i.PersonID], i)
	}
	wrong, err := d.DB.MatchKeysDiffer(ctx, who, dossiers)
	if err != nil {
		return nil, err
	}
	for _, dossier := range dossiers {
		reading, err := standing.Read(dossier.File, dossier.Awards, d.Pack())
		if err != nil {
			return nil, fmt.Errorf("derive a standing: %w", err)
		}
		derived, err := reading.Standings()
		if err != nil {
			return nil, fmt.Errorf("derive a standing: %w", err)
		}
		standing.Sort(derived)
		id := dossier.File.Person.ID
		if !slices.Contains(wrong, id) && (!slices.Equal(derived, byPerson[id]) || !slices.Equal(ledger.Dues(reading), owed[id])) {
			wrong = append(wrong, id)
		}
	}
	return wrong, nil
}
