// Package casework is what people do with cases: each method of Desk is one thing done at a desk. A write locks the
// person's file, applies the change in the pure domain, saves it, and derives the standing again, all in one signed
// transaction.
package casework

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/auth"
	"zhucan/internal/blobs"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/ledger"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
	"zhucan/internal/store"
	"zhucan/internal/webhook"
)

// Desk does casework. All members are required but FactorRoles; FullChain is false where the town decides alone.
type Desk struct {
	FactorRoles []access.Role // who may do nothing without a second factor
	FullChain   bool          // the town, then the disabled persons' federation (残联), then civil affairs (民政) decide
	DB          *store.DB
	Rules       *Rules
	Now         func() time.Time
	NewID       func() uuid.UUID
	Passwords   *auth.Passwords
	Tokens      *auth.Tokens
	Files       *blobs.Store // contents of attachments
	Sender      *webhook.Sender
	Log         *slog.Logger
	FileRows    int // rows of a file that are read at a time; where it is zero, fileRows
}

// Recorded reports whether a refusal is written to the audit: the caller was turned away for his role or his area, or was told that a
// number is in the register. The latter is told about the whole district, and nothing else records who asked.
func Recorded(f *fault.Error) bool {
	return f.Kind == fault.Forbidden || f.Kind == fault.NotFound || slices.Contains([]string{"OUTSIDE_AREA", "OWN_CASE", "PERSON_EXISTS", "CERTIFICATE_EXISTS"}, f.Code)
}

// repeatedly does something from time to time until ctx ends.
func repeatedly(ctx context.Context, every time.Duration, do func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			do()
		}
	}
}

// today is the civil day.
func (d *Desk) today() calendar.Date { return calendar.DateOf(d.Now()) }

// rederive reads the files of persons as they now are and replaces what is derived from them.
func (d *Desk) rederive(ctx context.Context, tx *store.Tx, persons ...uuid.UUID) ([]store.Dossier, error) {
	dossiers, err := tx.LockDossiers(ctx, persons...)
	if err != nil {
		return nil, err
	}
	if err := d.derive(ctx, tx, persons, dossiers); err != nil {
		return nil, err
	}
	var households []uuid.UUID
	for _, dossier := range dossiers {
		households = append(households, dossier.Households()...)
	}
	return dossiers, d.deriveHouseholds(ctx, tx, households...)
}

// derive replaces standings and dues, and asks back what has turned out not to be owed.
func (d *Desk) derive(ctx context.Context, tx *store.Tx, persons []uuid.UUID, dossiers []store.Dossier) error {
	return d.deriveBy(ctx, tx, d.Pack(), persons, dossiers)
}

// deriveBy derives by a pack that need not be the one in force.
func (d *Desk) deriveBy(ctx context.Context, tx *store.Tx, pack *policy.Pack, persons []uuid.UUID, dossiers []store.Dossier) error {
	return d.writeDerived(ctx, tx, persons, policy.Everything, deriving(pack, dossiers, policy.Everything))
}

// writeDerived writes what follows from the files of persons, once it is found, as far as a change reaches.
func (d *Desk) writeDerived(ctx context.Context, tx *store.Tx, persons []uuid.UUID, reach policy.Reach, found derivation) error {
	timeline, dues, err := found()
	if err != nil {
		return err
	}
	changed, err := tx.ReplaceDerived(ctx, persons, store.Reached{All: reach.All, Indicators: reach.Indicators, Dues: reach.Pays}, timeline, dues)
	if err != nil || len(changed) == 0 {
		return err
	}
	return d.askBack(ctx, tx, changed)
}

// derivation returns what follows from files once it is computed; it waits until then.
type derivation func() ([]standing.Interval, []ledger.Due, error)

// deriving starts to read files against the rules in the background, so that the database can work meanwhile. The files may not change
// until the derivation has returned.
func deriving(pack *policy.Pack, dossiers []store.Dossier, reach policy.Reach) derivation {
	var timeline []standing.Interval
	var dues []ledger.Due
	var err error
	found := make(chan struct{})
	go func() {
		defer close(found)
		timeline, dues, err = readAll(pack, dossiers, reach)
	}()
	return func() ([]standing.Interval, []ledger.Due, error) {
		<-found
		return timeline, dues, err
	}
}

// readAll reads files against the rules, many of them on all processors: a reading depends on its own file alone.
func readAll(pack *policy.Pack, dossiers []store.Dossier, reach policy.Reach) (timeline []standing.Interval, dues []ledger.Due, err error) {
	const few = 64
	parts := make([]struct {
		timeline []standing.Interval
		dues     []ledger.Due
	}, 1+len(dossiers)/few)
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for n := range parts {
		group.Go(func() error {
			part := &parts[n]
			for _, dossier := range dossiers[n*few : min(len(dossiers), (n+1)*few)] {
				if dossier.File.Person.MergedInto != uuid.Nil {
					continue // nothing follows from what is left in a merged file
				}
				reading, err := standing.Read(dossier.File, dossier.Awards, pack)
				if err != nil {
					return fmt.Errorf("derive a standing: %w", err)
				}
				part.timeline = append(part.timeline, reading.Standings(reach)...)
				if reach.Pays {
					part.dues = append(part.dues, ledger.Dues(reading)...)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for _, part := range parts {
		timeline, dues = append(timeline, part.timeline...), append(dues, part.dues...)
	}
	return timeline, dues, nil
}

// saved derives again after a change to one person and returns the file as it now is.
func (d *Desk) saved(ctx context.Context, tx *store.Tx, person uuid.UUID) (store.Dossier, error) {
	dossiers, err := d.rederive(ctx, tx, person)
	if err != nil {
		return store.Dossier{}, err
	}
	if err := tx.Describe(ctx, person, nil); err != nil {
		return store.Dossier{}, err
	}
	return dossiers[0], nil
}

// savedAs is saved for a locked file whose change is in the dossier already, so that it need not be read again.
func (d *Desk) savedAs(ctx context.Context, tx *store.Tx, dossier store.Dossier) error {
	person := dossier.File.Person.ID
	if err := d.derive(ctx, tx, []uuid.UUID{person}, []store.Dossier{dossier}); err != nil {
		return err
	}
	if err := d.deriveHouseholds(ctx, tx, dossier.Households()...); err != nil {
		return err
	}
	return tx.Describe(ctx, person, nil)
}

// stale refuses a change that was made from an old copy.
func stale(version, expected int) error {
	if version != expected {
		return fault.New(fault.Stale, "STALE", "记录已更新，请刷新后重试", "the record has changed since it was read")
	}
	return nil
}

func field(name, code, zh, en string) *fault.Error {
	return fault.InvalidFields(fault.Field{Name: name, Code: code, ZH: zh, EN: en})
}

// atMember says of a fault which member of the input it is about.
func atMember(name string, err error) error {
	if f, ok := fault.Of(err); ok {
		return f.With(fault.Field{Name: name, Code: f.Code, ZH: f.ZH, EN: f.EN})
	}
	return err
}

// CheckKnown refuses an instant of which nobody can say what was known then. The zero instant would be taken for now. An instant to come is
// refused, too, unless a release was counted at it, by a process whose clock is ahead.
func (d *Desk) CheckKnown(ctx context.Context, at time.Time) error {
	switch {
	case !at.After(time.Time{}):
		return field("known_at", "TOO_EARLY", "知悉时间过早", "the instant lies before anything was recorded")
	case !at.After(d.Now()):
		return nil
	}
	closed, err := d.DB.LastClosed(ctx)
	if err == nil && at.After(closed) {
		err = field("known_at", "IN_FUTURE", "知悉时间不能晚于现在", "the instant lies in the future")
	}
	return err
}

// CheckDay refuses a day behind the end of next year. This year's numbers may be asked for its end, and the needs that the survey finds
// count next year. Later, rights will have run out, and a wrong digit in a year would look like a catastrophe.
func (d *Desk) CheckDay(on calendar.Date) error {
	if on.Year() > d.today().Year()+1 {
		return field("as_of", "IN_FUTURE", "统计日期不能晚于明年年底", "the day lies behind the end of next year")
	}
	return nil
}

// checkArea refuses a code of this district that the division tree of the day does not have. Codes elsewhere in the
// country are not ours to check.
func (d *Desk) checkArea(ctx context.Context, name string, code area.Code, on calendar.Date) error {
	if code == "" || !d.Pack().District.Contains(code) {
		return nil
	}
	if _, err := d.DB.Division(ctx, code, on); err != nil {
		if fault.Is(err, "NOT_FOUND") {
			return field(name, "UNKNOWN_AREA", "区划代码不存在", "no division has this code")
		}
		return err
	}
	return nil
}
