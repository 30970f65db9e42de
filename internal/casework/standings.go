package casework

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/casefile"
	"zhucan/internal/ledger"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// portion is how many persons a rebuild takes at a time: short transactions, bounded memory.
const portion = 500

// RebuildStandings derives the standings of everybody and of every household again and says of how many persons and households
// they differed from what was stored. With checkOnly nothing is written.
func (d *Desk) RebuildStandings(ctx context.Context, who access.Actor, checkOnly bool) (persons, differed int, err error) {
	if persons, differed, err = d.rebuildPersons(ctx, who, checkOnly); err != nil {
		return persons, differed, err
	}
	households, err := d.rebuildHouseholds(ctx, who, checkOnly)
	return persons, differed + households, err
}

func (d *Desk) rebuildPersons(ctx context.Context, who access.Actor, checkOnly bool) (persons, differed int, err error) {
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
			_, err := d.rederive(ctx, tx, wrong...)
			return err
		})
		if err != nil {
			return persons, differed, err
		}
	}
}

// differing finds the persons whose stored standings or dues are not those that their facts give.
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
	var wrong []uuid.UUID
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
		if id := dossier.File.Person.ID; !slices.Equal(derived, byPerson[id]) || !slices.Equal(ledger.Dues(reading), owed[id]) {
			wrong = append(wrong, id)
		}
	}
	return wrong, nil
}

// errUnchanged ends a transaction in which nothing is to be written.
var errUnchanged = errors.New("nothing to write")

func (d *Desk) rebuildHouseholds(ctx context.Context, who access.Actor, checkOnly bool) (differed int, err error) {
	for after, more := uuid.Nil, true; more; {
		err := d.write(ctx, who, "standing.rebuild", func(tx *store.Tx) error {
			ids, err := tx.HouseholdIDs(ctx, after, portion)
			if more = len(ids) > 0; err != nil || !more {
				return errors.Join(err, errUnchanged)
			}
			after = ids[len(ids)-1]
			wrong, err := d.differingHouseholds(ctx, tx, ids)
			differed += len(wrong)
			if err == nil && (checkOnly || len(wrong) == 0) {
				return errUnchanged
			}
			return errors.Join(err, d.deriveHouseholdsBy(ctx, tx, d.Pack(), wrong))
		})
		if err != nil && !errors.Is(err, errUnchanged) {
			return differed, err
		}
	}
	return differed, nil
}

// differingHouseholds finds the households whose stored standings are not those that their facts give.
func (d *Desk) differingHouseholds(ctx context.Context, tx *store.Tx, ids []uuid.UUID) (wrong []casefile.HouseholdFile, err error) {
	files, err := tx.LockHouseholds(ctx, ids...)
	if err != nil {
		return nil, err
	}
	stored, err := tx.HouseholdStandings(ctx, ids)
	if err != nil {
		return nil, err
	}
	of := map[uuid.UUID][]standing.HouseholdInterval{}
	for _, i := range stored {
		of[i.HouseholdID] = append(of[i.HouseholdID], i)
	}
	for _, file := range files {
		derived, err := standing.DeriveHousehold(file, d.Pack())
		if err != nil {
			return nil, fmt.Errorf("derive a household: %w", err)
		}
		standing.SortHousehold(derived)
		if !slices.Equal(derived, of[file.Household.ID]) {
			wrong = append(wrong, file)
		}
	}
	return wrong, nil
}
