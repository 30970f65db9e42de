package casework

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// portion is how many persons a rebuild takes at a time: short transactions, bounded memory.
const portion = 500

// portions hands the ids that list gives to do, a portion at a time, in their order.
func portions(ctx context.Context, list func(ctx context.Context, after uuid.UUID, most int) ([]uuid.UUID, error), do func(ids []uuid.UUID) error) error {
	after := uuid.Nil
	for {
		ids, err := list(ctx, after, portion)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := do(ids); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

// RebuildStandings derives the standings of everybody again, and of every household, and says of how many persons and
// households they differed from what was stored; the counts that are kept of an indicator and village, too. With checkOnly nothing
// is written.
func (d *Desk) RebuildStandings(ctx context.Context, who access.Actor, checkOnly bool) (persons, differed int, err error) {
	persons, differed, err = d.rebuild(ctx, who, checkOnly, d.DB.PersonIDs, d.differing, d.RebuildPersons)
	if err != nil {
		return persons, differed, err
	}
	_, households, err := d.rebuild(ctx, who, checkOnly, d.DB.HouseholdIDs, d.differingHouseholds, d.rebuildHouseholds)
	if err != nil {
		return persons, differed + households, err
	}
	tallies, err := d.DB.DifferingTallies(ctx)
	if err == nil && tallies > 0 && !checkOnly {
		err = d.DB.RebuildTallies(ctx, d.today())
	}
	return persons, differed + households + tallies, err
}

// RebuildPersons derives the standings of these persons again, in one transaction.
func (d *Desk) RebuildPersons(ctx context.Context, who access.Actor, ids ...uuid.UUID) error {
	return d.write(ctx, who, "standing.rebuild", func(tx *store.Tx) error {
		dossiers, err := d.rederive(ctx, tx, ids...)
		if err != nil {
			return err
		}
		return tx.WriteMatchKeys(ctx, dossiers)
	})
}

func (d *Desk) rebuildHouseholds(ctx context.Context, who access.Actor, ids ...uuid.UUID) error {
	return d.write(ctx, who, "standing.rebuild", func(tx *store.Tx) error { return d.deriveHouseholds(ctx, tx, ids...) })
}

// KeepTallies takes what has changed into the counts kept by village, until ctx ends. Any number of processes may do so.
func (d *Desk) KeepTallies(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := d.DB.FoldTallies(ctx, d.today()); err != nil && ctx.Err() == nil {
			d.Log.WarnContext(ctx, "counts could not be folded", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// rebuild looks at all subjects of a kind, a portion at a time, and puts right those that differ.
func (d *Desk) rebuild(ctx context.Context, who access.Actor, checkOnly bool, list func(context.Context, access.Actor, uuid.UUID, int) ([]uuid.UUID, error),
	compare func(context.Context, access.Actor, []uuid.UUID) ([]uuid.UUID, error), again func(context.Context, access.Actor, ...uuid.UUID) error) (subjects, differed int, err error) {
	all := func(ctx context.Context, after uuid.UUID, most int) ([]uuid.UUID, error) {
		return list(ctx, who, after, most)
	}
	err = portions(ctx, all, func(ids []uuid.UUID) error {
		wrong, err := compare(ctx, who, ids)
		if err != nil {
			return err
		}
		subjects, differed = subjects+len(ids), differed+len(wrong)
		if checkOnly || len(wrong) == 0 {
			return nil
		}
		return again(ctx, who, wrong...)
	})
	return subjects, differed, err
}

// differing finds the persons whose stored standings, dues or match keys are not those that follow from their facts.
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
		derived, due, err := readAll(d.Pack(), []store.Dossier{dossier}, policy.Everything)
		if err != nil {
			return nil, err
		}
		standing.Sort(derived)
		id := dossier.File.Person.ID
		if !slices.Contains(wrong, id) && (!slices.Equal(derived, byPerson[id]) || !slices.Equal(due, owed[id])) {
			wrong = append(wrong, id)
		}
	}
	return wrong, nil
}

// differingHouseholds finds the households whose stored standings are not those that their members and facts give.
func (d *Desk) differingHouseholds(ctx context.Context, who access.Actor, ids []uuid.UUID) ([]uuid.UUID, error) {
	files, err := d.DB.HouseholdFiles(ctx, who, ids...)
	if err != nil {
		return nil, err
	}
	stored, err := d.DB.HouseholdStandings(ctx, who, ids)
	if err != nil {
		return nil, err
	}
	byHousehold := map[uuid.UUID][]standing.HouseholdInterval{}
	for _, i := range stored {
		byHousehold[i.HouseholdID] = append(byHousehold[i.HouseholdID], i)
	}
	var wrong []uuid.UUID
	for _, file := range files {
		derived, err := standing.DeriveHousehold(file, d.Pack())
		if err != nil {
			return nil, fmt.Errorf("derive a household: %w", err)
		}
		standing.SortHousehold(derived)
		if id := file.Household.ID; !slices.Equal(derived, byHousehold[id]) {
			wrong = append(wrong, id)
		}
	}
	return wrong, nil
}
