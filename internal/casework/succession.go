package casework

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

const (
	followedAtOnce = 20  // persons or households of one transaction
	mostFollowed   = 200 // of one call, so that a request ends; the next goes on
	mostAccounts   = 10_000
)

// Followed is an ended division and what became of those who stood in it.
type Followed struct {
	Division area.Division
	Refused  *fault.Error // why they stay
	Moved    store.Placed
	Left     store.Placed
	Accounts []string // the names of those who still sign in for it
}

var errNotEnded = fault.New(fault.Conflict, "DIVISION_NOT_ENDED", "该区划及其下级区划均未终止", "neither this division nor one below it has ended")

// FollowSuccession moves the persons and households of the ended divisions of an area to the divisions that follow them, as of the day after
// their end. It goes in short transactions, each of which is signed, and stops after so many; called again it goes on with who is left, and
// does nothing where nobody is.
func (d *Desk) FollowSuccession(ctx context.Context, who access.Actor, in area.Code) (list []Followed, err error) {
	if !who.Covers(in) {
		return nil, store.NotFound
	}
	ended, known, err := d.DB.EndedDivisions(ctx, in, d.today())
	switch {
	case err != nil:
		return nil, err
	case !known:
		return nil, store.NotFound
	case len(ended) == 0:
		return nil, errNotEnded
	}
	room := mostFollowed
	for _, division := range ended {
		f, err := d.followDivision(ctx, who, division, room)
		if err != nil {
			return nil, err
		}
		room -= f.Moved.Persons + f.Moved.Households
		if division.Code == in || f.Moved != (store.Placed{}) || f.Left != (store.Placed{}) || len(f.Accounts) > 0 {
			list = append(list, f)
		}
	}
	return list, nil
}

// LeftBehind lists the ended divisions of an area in which somebody still stands.
func (d *Desk) LeftBehind(ctx context.Context, who access.Actor) (list []Followed, err error) {
	ended, _, err := d.DB.EndedDivisions(ctx, who.Area, d.today())
	if err != nil || len(ended) == 0 {
		return nil, err
	}
	codes := make([]area.Code, len(ended))
	for i, one := range ended {
		codes[i] = one.Code
	}
	left, err := d.DB.PlacedByDivision(ctx, who, codes)
	if err != nil {
		return nil, err
	}
	for _, one := range ended {
		if n, some := left[one.Code]; some {
			list = append(list, Followed{Division: one, Left: n})
		}
	}
	return list, nil
}

// followDivision moves as many as there is room for of one division. Persons go before households, as they are held in that order everywhere.
func (d *Desk) followDivision(ctx context.Context, who access.Actor, from area.Division, room int) (f Followed, err error) {
	f.Division = from
	if f.Accounts, err = d.accountsAt(ctx, from.Code); err != nil {
		return f, err
	}
	if f.Left, err = d.placedIn(ctx, who, from.Code); err != nil || f.Left == (store.Placed{}) {
		return f, err
	}
	if f.Refused, err = d.cannotFollow(ctx, who, from); err != nil || f.Refused != nil {
		return f, err
	}
	if f.Moved.Persons, err = inPortions(min(room, f.Left.Persons), func(n int) (int, error) { return d.followPersons(ctx, who, from, n) }); err != nil {
		return f, err
	}
	room -= f.Moved.Persons
	if f.Moved.Households, err = inPortions(min(room, f.Left.Households), func(n int) (int, error) { return d.followHouseholds(ctx, who, from, n) }); err != nil {
		return f, err
	}
	f.Left, err = d.placedIn(ctx, who, from.Code)
	return f, err
}

func (d *Desk) placedIn(ctx context.Context, who access.Actor, at area.Code) (store.Placed, error) {
	found, err := d.DB.PlacedByDivision(ctx, who, []area.Code{at})
	return found[at], err
}

// inPortions does something to so many, a portion in each transaction, until there is nobody left to whom it can be done.
func inPortions(most int, do func(int) (int, error)) (done int, err error) {
	for done < most {
		n, err := do(min(most-done, followedAtOnce))
		if err != nil || n == 0 {
			return done, err
		}
		done += n
	}
	return done, nil
}

// cannotFollow says why nobody can be moved on from a division.
func (d *Desk) cannotFollow(ctx context.Context, who access.Actor, from area.Division) (*fault.Error, error) {
	next := from.Successor
	switch {
	case next == "":
		return fault.New(fault.Conflict, "NO_SUCCESSOR", "该区划终止时未写明后继区划，请在区划文件中补充", "no division is named that follows this one; a file of divisions can name it"), nil
	case !who.Covers(next):
		return fault.New(fault.Conflict, "OUTSIDE_AREA", "后继区划超出本人管辖区域，请由上级办理", "the division that follows is outside your area"), nil
	}
	_, err := d.DB.Division(ctx, next, from.ValidTo.Add(1))
	if fault.Is(err, "NOT_FOUND") || err == nil && next.Level() != from.Code.Level() {
		return fault.New(fault.Conflict, "SUCCESSOR_NOT_THERE", "终止次日没有同级的后继区划"+string(next), "on the day after the end there is no division "+string(next)+" of the same level"), nil
	}
	return nil, err
}

// accountsAt are the names of the accounts of a division's very code.
func (d *Desk) accountsAt(ctx context.Context, at area.Code) (names []string, err error) {
	list, err := d.DB.ListAccounts(ctx, at, uuid.Nil, mostAccounts)
	for _, a := range list {
		if a.AreaCode == at && !a.Disabled {
			names = append(names, a.Username)
		}
	}
	return names, err
}

func (d *Desk) followPersons(ctx context.Context, who access.Actor, from area.Division, most int) (moved int, err error) {
	err = d.write(ctx, who, "divisions.follow", func(tx *store.Tx) error {
		ids, err := tx.PersonsPlaced(ctx, from.Code, most)
		if err != nil {
			return err
		}
		files, err := tx.LockDossiers(ctx, ids...)
		if err != nil {
			return err
		}
		// somebody else may have moved or merged one meanwhile
		files = slices.DeleteFunc(files, func(f store.Dossier) bool {
			return f.File.Person.Managing != from.Code || f.File.Person.MergedInto != uuid.Nil
		})
		if len(files) == 0 {
			return nil
		}
		persons, held := make([]casefile.Person, len(files)), make([]uuid.UUID, len(files))
		for i, f := range files {
			if persons[i], err = d.followed(ctx, tx, f.File, from); err != nil {
				return err
			}
			held[i] = f.File.Person.ID
		}
		if err := tx.UpdatePersons(ctx, persons...); err != nil {
			return err
		}
		if _, err := d.rederive(ctx, tx, held...); err != nil {
			return err
		}
		moved = len(files)
		return describeFollowed(ctx, tx, from, "persons", moved)
	})
	return moved, err
}

// followed moves all places of a person that are the ended division. A place that was recorded later than its end begins as it was recorded.
func (d *Desk) followed(ctx context.Context, tx *store.Tx, file casefile.File, from area.Division) (casefile.Person, error) {
	p := file.Person
	for _, place := range []struct {
		kind string
		now  *area.Code
	}{{casefile.HukouArea, &p.Hukou}, {casefile.ResidenceArea, &p.Residence}, {casefile.ManagingArea, &p.Managing}} {
		if *place.now != from.Code {
			continue
		}
		*place.now = from.Successor
		if err := d.replaceFact(ctx, tx, file, d.placeFact(p.ID, place.kind, from.Successor, placeBegins(file, place.kind, from.ValidTo.Add(1)))); err != nil {
			return p, err
		}
	}
	p.UpdatedAt = tx.Now
	emitUpdate(tx, file.Person, p)
	return p, nil
}

// placeBegins is the first day from a given one on from which a new place of a kind can follow those that are recorded.
func placeBegins(file casefile.File, kind string, on calendar.Date) calendar.Date {
	for _, c := range file.Circumstances {
		if c.Kind != kind || !c.SupersededAt.IsZero() {
			continue
		}
		free := c.ValidFrom // of what is open: it gives way
		if !c.ValidTo.IsZero() {
			free = c.ValidTo.Add(1)
		}
		if free.After(on) {
			on = free
		}
	}
	return on
}

func (d *Desk) followHouseholds(ctx context.Context, who access.Actor, from area.Division, most int) (moved int, err error) {
	err = d.write(ctx, who, "divisions.follow", func(tx *store.Tx) error {
		ids, err := tx.HouseholdsPlaced(ctx, from.Code, most)
		if err != nil {
			return err
		}
		files, err := tx.LockHouseholds(ctx, ids...)
		if err != nil {
			return err
		}
		files = slices.DeleteFunc(files, func(h casefile.HouseholdFile) bool { return h.Household.Area != from.Code })
		for _, h := range files {
			on := from.ValidTo.Add(1)
			if places := placesOf(h); len(places) > 0 && places[len(places)-1].ValidFrom.After(on) {
				on = places[len(places)-1].ValidFrom
			}
			if err := d.placeHousehold(ctx, tx, h, from.Successor, on, false); err != nil {
				return err
			}
			h.Household.Area = from.Successor
			if err := tx.UpdateHousehold(ctx, h.Household); err != nil {
				return err
			}
		}
		if err := d.deriveHouseholds(ctx, tx, ids...); err != nil {
			return err
		}
		moved = len(files)
		return describeFollowed(ctx, tx, from, "households", moved)
	})
	return moved, err
}

func describeFollowed(ctx context.Context, tx *store.Tx, from area.Division, what string, n int) error {
	return tx.Describe(ctx, uuid.Nil, map[string]any{"area": string(from.Code), "successor": string(from.Successor), what: n})
}
