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
	mostWebhooks   = 1000
)

// Followed is an ended division and what became of those who stood in it.
type Followed struct {
	Division area.Division
	Refused  *fault.Error // why they stay
	Moved    store.Placed
	Left     store.Placed
	Accounts []string    // the names of those who still sign in for it
	Webhooks []uuid.UUID // of which the receivers hear of it alone
}

// followsNotAlone are the accounts and webhooks of divisions. They are not moved: that would change what somebody may see or hear, so an
// administrator decides.
type followsNotAlone struct {
	accounts map[area.Code][]string
	webhooks map[area.Code][]uuid.UUID
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
	stay, err := d.notAlone(ctx, in)
	if err != nil {
		return nil, err
	}
	room := mostFollowed
	for _, division := range ended {
		f, err := d.followDivision(ctx, who, division, room)
		if err != nil {
			return nil, err
		}
		f.Accounts, f.Webhooks = stay.accounts[division.Code], stay.webhooks[division.Code]
		room -= f.Moved.Sum()
		if division.Code == in || f.Moved.Sum() > 0 || f.Left.Sum() > 0 || len(f.Accounts) > 0 || len(f.Webhooks) > 0 {
			list = append(list, f)
		}
	}
	return list, nil
}

// notAlone finds the accounts and webhooks of an area by their very codes.
func (d *Desk) notAlone(ctx context.Context, in area.Code) (stay followsNotAlone, err error) {
	stay = followsNotAlone{accounts: map[area.Code][]string{}, webhooks: map[area.Code][]uuid.UUID{}}
	accounts, err := d.DB.ListAccounts(ctx, in, uuid.Nil, mostAccounts)
	if err != nil {
		return stay, err
	}
	for _, a := range accounts {
		if !a.Disabled {
			stay.accounts[a.AreaCode] = append(stay.accounts[a.AreaCode], a.Username)
		}
	}
	for _, names := range stay.accounts {
		slices.Sort(names)
	}
	webhooks, err := d.DB.ListWebhooks(ctx, in, uuid.Nil, mostWebhooks)
	for _, w := range webhooks {
		stay.webhooks[w.Area] = append(stay.webhooks[w.Area], w.ID)
	}
	return stay, err
}

// LeftBehind lists the ended divisions of an area in which somebody or something still stands, or of which there are accounts or webhooks.
func (d *Desk) LeftBehind(ctx context.Context, who access.Actor, in area.Code) (list []Followed, err error) {
	if in, err = InArea(who, in); err != nil {
		return nil, err
	}
	ended, _, err := d.DB.EndedDivisions(ctx, in, d.today())
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
	stay, err := d.notAlone(ctx, in)
	for _, one := range ended {
		f := Followed{Division: one, Left: left[one.Code], Accounts: stay.accounts[one.Code], Webhooks: stay.webhooks[one.Code]}
		if f.Left.Sum() > 0 || len(f.Accounts) > 0 || len(f.Webhooks) > 0 {
			list = append(list, f)
		}
	}
	return list, err
}

// followDivision moves as many as there is room for of one division. Persons go before households, as they are held in that order everywhere.
// Figures stay: each says of a place and a year what was so.
func (d *Desk) followDivision(ctx context.Context, who access.Actor, from area.Division, room int) (f Followed, err error) {
	f.Division = from
	if f.Left, err = d.placedIn(ctx, who, from.Code); err != nil || f.Left == (store.Placed{}) {
		return f, err
	}
	if f.Refused, err = d.cannotFollow(ctx, who, from); err != nil || f.Refused != nil {
		return f, err
	}
	for _, part := range []struct {
		left   int
		moved  *int
		follow func(context.Context, access.Actor, area.Division, int) (int, error)
	}{{f.Left.Persons, &f.Moved.Persons, d.followPersons}, {f.Left.Households, &f.Moved.Households, d.followHouseholds},
		{f.Left.Tickets, &f.Moved.Tickets, d.followTickets}, {f.Left.Facilities, &f.Moved.Facilities, d.followFacilities}} {
		if *part.moved, err = inPortions(min(room, part.left), func(n int) (int, error) { return part.follow(ctx, who, from, n) }); err != nil {
			return f, err
		}
		room -= *part.moved
	}
	if f.Left, err = d.placedIn(ctx, who, from.Code); err == nil && room > 0 && f.Left == (store.Placed{Facilities: f.Left.Facilities}) && f.Left.Facilities > 0 {
		f.Refused = errNamedAlike
	}
	return f, err
}

var errNamedAlike = fault.New(fault.Conflict, "FACILITY_EXISTS", "后继区划已有同名设施，请更正其中一个的名称或将重复的撤下名录，再次办理",
	"the division that follows has a facility of the same name; rename one of the two or take it off the list, and go on")

func (d *Desk) placedIn(ctx context.Context, who access.Actor, at area.Code) (store.Placed, error) {
	found, err := d.DB.PlacedByDivision(ctx, who, []area.Code{at})
	return found[at], err
}

// inPortions does something to at most so many, a portion in each transaction, until nobody is left to whom it can be done.
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

// followTickets gives open tickets to the unit that follows, wherever the clock of each stands.
func (d *Desk) followTickets(ctx context.Context, who access.Actor, from area.Division, most int) (moved int, err error) {
	err = d.write(ctx, who, "divisions.follow", func(tx *store.Tx) error {
		list, steps, err := tx.TicketsPlaced(ctx, from.Code, from.Successor, most)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, t := range list {
			t.Follow(who, from.Successor, steps[t.ID], tx.Now)
			t.Steps[0].ID = d.NewID()
			if err := tx.UpdateTicket(ctx, t, t.Steps); err != nil {
				return err
			}
		}
		moved = len(list)
		return describeFollowed(ctx, tx, from, "tickets", moved)
	})
	return moved, err
}

// followFacilities moves facilities of which the next division has none by the same name. On days up to the end they stood in the old one.
func (d *Desk) followFacilities(ctx context.Context, who access.Actor, from area.Division, most int) (moved int, err error) {
	err = d.write(ctx, who, "divisions.follow", func(tx *store.Tx) error {
		ids, err := tx.FacilitiesPlaced(ctx, from.Code, from.Successor, most)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			old, err := tx.LockFacility(ctx, id)
			if err != nil {
				return err
			}
			next := old.Facility
			next.Area = from.Successor
			if err := tx.CorrectFacility(ctx, d.NewID(), old.Facility, next, "区划撤并 "+string(from.Code)+" → "+string(from.Successor)); err != nil {
				return err
			}
			if err := tx.KeepFacilityPlace(ctx, d.NewID(), id, from.Code, from.ValidTo); err != nil {
				return err
			}
		}
		moved = len(ids)
		return describeFollowed(ctx, tx, from, "facilities", moved)
	})
	return moved, err
}

func describeFollowed(ctx context.Context, tx *store.Tx, from area.Division, what string, n int) error {
	return tx.Describe(ctx, uuid.Nil, map[string]any{"area": string(from.Code), "successor": string(from.Successor), what: n})
}
