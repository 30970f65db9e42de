package casework

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// deriveHouseholds derives the standings of households again, wherever they are.
func (d *Desk) deriveHouseholds(ctx context.Context, tx *store.Tx, ids ...uuid.UUID) error {
	if len(ids) == 0 {
		return nil
	}
	return tx.Everywhere(ctx, func() error {
		files, err := tx.LockHouseholds(ctx, ids...)
		if err != nil {
			return err
		}
		return d.deriveHouseholdsBy(ctx, tx, d.Pack(), files)
	})
}

// deriveHouseholdsBy derives by a pack that need not be the one in force.
func (d *Desk) deriveHouseholdsBy(ctx context.Context, tx *store.Tx, pack *policy.Pack, files []casefile.HouseholdFile) error {
	var ids []uuid.UUID
	var timeline []standing.HouseholdInterval
	for _, file := range files {
		intervals, err := standing.DeriveHousehold(file, pack)
		if err != nil {
			return fmt.Errorf("derive a household: %w", err)
		}
		ids, timeline = append(ids, file.Household.ID), append(timeline, intervals...)
	}
	return tx.ReplaceHouseholdStandings(ctx, ids, timeline)
}

// savedHousehold derives again after a change to one household, signs the change as one of it, and reads it as it now is.
func (d *Desk) savedHousehold(ctx context.Context, tx *store.Tx, id uuid.UUID) (h casefile.HouseholdFile, err error) {
	if err := d.deriveHouseholds(ctx, tx, id); err != nil {
		return h, err
	}
	if err := tx.Describe(ctx, id, nil); err != nil {
		return h, err
	}
	return tx.Household(ctx, id)
}

// NewHousehold is a household as entered.
type NewHousehold struct {
	Area    area.Code
	Address string
	Members []NewMember
}

// NewMember is a person's place in a household; a zero To leaves it open.
type NewMember struct {
	PersonID uuid.UUID
	Relation string
	From, To calendar.Date
}

var errAlreadyMember = fault.New(fault.Conflict, "ALREADY_MEMBER", "该人在此期间已是本户成员；登记有误的请更正原登记",
	"the person is a member of this household on these days already; if that is recorded wrongly, correct it")

// CreateHousehold enters a household with those of its members who are on the register.
func (d *Desk) CreateHousehold(ctx context.Context, who access.Actor, in NewHousehold) (file casefile.HouseholdFile, err error) {
	id := d.NewID()
	err = d.write(ctx, who, "household.create", func(tx *store.Tx) error {
		if err := d.villageOf(ctx, who, in.Area); err != nil {
			return err
		}
		if err := hold(ctx, tx, in.Members...); err != nil {
			return err
		}
		h := casefile.Household{ID: id, Area: in.Area, Address: in.Address}
		if err := tx.InsertHousehold(ctx, h); err != nil {
			return err
		}
		if err := d.join(ctx, tx, casefile.HouseholdFile{Household: h}, "members", in.Members...); err != nil {
			return err
		}
		file, err = d.savedHousehold(ctx, tx, id)
		return err
	})
	return file, err
}

// villageOf refuses a place that is no village of the actor's area today.
func (d *Desk) villageOf(ctx context.Context, who access.Actor, at area.Code) error {
	if !who.Covers(at) {
		return outsideArea("area_code")
	}
	tree, err := d.DB.Divisions(ctx, at, calendar.DateOf(d.Now()))
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(tree, func(div area.Division) bool { return div.Code == at && div.Code.Level() == "village" }) {
		return field("area_code", "UNKNOWN_AREA", "没有这个村居", "there is no such village")
	}
	return nil
}

// join makes persons of the actor's area members. They are held, so that nobody changes their files meanwhile; always before
// the household is, as everywhere else. What is refused is named inside the member of the input in which they stand, if they do in one.
func (d *Desk) join(ctx context.Context, tx *store.Tx, h casefile.HouseholdFile, inside string, list ...NewMember) error {
	var members []casefile.Member
	for i, in := range list {
		m := casefile.Member{ID: d.NewID(), HouseholdID: h.Household.ID, PersonID: in.PersonID, Relation: in.Relation, From: in.From, To: in.To}
		if err := mayLive(h, m, calendar.DateOf(tx.Now)); err != nil {
			if f, ok := fault.Of(err); ok && inside != "" {
				err = f.Renamed(func(name string) string { return fmt.Sprintf("%s.%d.%s", inside, i, name) })
			}
			return err
		}
		h.Members, members = append(h.Members, m), append(members, m)
	}
	return tx.InsertMembers(ctx, h.Household.Area, members...)
}

// mayLive refuses days that cannot be, and days on which the person is a member of the household already. Whether he lives in another one
// is left to the database, which sees them all.
func mayLive(h casefile.HouseholdFile, m casefile.Member, today calendar.Date) error {
	switch {
	case m.From.After(today):
		return field("from", "IN_FUTURE", "日期不能晚于今天", "the day lies in the future")
	case m.To.After(today):
		return field("to", "IN_FUTURE", "日期不能晚于今天", "the day lies in the future")
	case !m.To.IsZero() && m.To.Before(m.From):
		return field("to", "DATES_REVERSED", "结束日期早于开始日期", "the last day is before the first")
	}
	days := calendar.Interval{From: m.From, To: m.To}
	if slices.ContainsFunc(h.Members, func(o casefile.Member) bool {
		return o.ID != m.ID && o.PersonID == m.PersonID && days.Overlaps(calendar.Interval{From: o.From, To: o.To})
	}) {
		return errAlreadyMember
	}
	return nil
}

// hold keeps the files of persons of the actor's area; one outside it is absent.
func hold(ctx context.Context, tx *store.Tx, members ...NewMember) error {
	ids := map[uuid.UUID]bool{}
	for _, m := range members {
		ids[m.PersonID] = true
	}
	held, err := tx.LockDossiers(ctx, slices.Collect(maps.Keys(ids))...)
	if err != nil {
		return err
	}
	if len(held) != len(ids) {
		return store.NotFound
	}
	return nil
}

// AddMember makes a person a member of a household.
func (d *Desk) AddMember(ctx context.Context, who access.Actor, household uuid.UUID, in NewMember) (casefile.HouseholdFile, error) {
	return d.changeHousehold(ctx, who, "household.join", household, func(tx *store.Tx, h casefile.HouseholdFile) error {
		if err := d.join(ctx, tx, h, "", in); err != nil {
			return err
		}
		return tx.TouchHousehold(ctx, household)
	}, in)
}

// EndMember says on which day somebody was last a member.
func (d *Desk) EndMember(ctx context.Context, who access.Actor, household, member uuid.UUID, lastDay calendar.Date) (casefile.HouseholdFile, error) {
	return d.changeHousehold(ctx, who, "household.leave", household, func(tx *store.Tx, h casefile.HouseholdFile) error {
		m, err := membership(h, member)
		if err != nil {
			return err
		}
		if m.To == lastDay {
			return nil // the same again
		}
		if !m.To.IsZero() {
			return fault.New(fault.Conflict, "ALREADY_ENDED", "成员关系已终止，结束日期有误请用更正", "the membership has an end already: correct it where that is wrong")
		}
		m.To = lastDay
		if err := mayLive(h, m, calendar.DateOf(tx.Now)); err != nil {
			return err
		}
		if err := tx.EndMember(ctx, m); err != nil {
			return err
		}
		return tx.TouchHousehold(ctx, household)
	})
}

// membership is the one with this id that is held true.
func membership(h casefile.HouseholdFile, id uuid.UUID) (casefile.Member, error) {
	with := func(m casefile.Member) bool { return m.ID == id }
	if i := slices.IndexFunc(h.Members, with); i >= 0 {
		return h.Members[i], nil
	}
	if slices.ContainsFunc(h.Superseded, with) {
		return casefile.Member{}, errSuperseded
	}
	return casefile.Member{}, store.NotFound
}

// MemberCorrection is what was recorded wrongly of a membership. What is not given stays as recorded.
type MemberCorrection struct {
	From, To *calendar.Date
	Ongoing  bool // the recorded last day was none
	Relation *string
	Void     bool // the person never belonged there
	Reason   string
}

// CorrectMember replaces a membership that was recorded wrongly, or takes it away; what was believed before stays readable, and counts as
// known before stay what they were.
func (d *Desk) CorrectMember(ctx context.Context, who access.Actor, household, member uuid.UUID, version int, in MemberCorrection) (casefile.HouseholdFile, error) {
	return d.changeHousehold(ctx, who, "household.member_correct", household, func(tx *store.Tx, h casefile.HouseholdFile) error {
		if err := stale(h.Household.Version, version); err != nil {
			return err
		}
		old, err := membership(h, member)
		if err != nil {
			return err
		}
		next, err := in.over(old)
		if err != nil {
			return err
		}
		if err := tx.SupersedeMember(ctx, old.ID); err != nil {
			return err
		}
		if err := d.replaceMember(ctx, tx, h, next); err != nil {
			return err
		}
		if err := tx.TouchHousehold(ctx, household); err != nil {
			return err
		}
		return tx.Describe(ctx, household, map[string]any{"reason": in.Reason, "member_id": member, "void": in.Void})
	})
}

// over is the old membership with what was wrong about it put right; nil where the person never belonged there.
func (in MemberCorrection) over(old casefile.Member) (*casefile.Member, error) {
	next := old
	if in.From != nil {
		next.From = *in.From
	}
	if in.To != nil {
		next.To = *in.To
	}
	if in.Ongoing {
		next.To = calendar.Date{}
	}
	if in.Relation != nil {
		next.Relation = *in.Relation
	}
	switch {
	case in.Ongoing && in.To != nil:
		return nil, field("ongoing", "ENDED_AND_ONGOING", "仍是成员的，不填最后一天", "who is still a member has no last day")
	case in.Void && (in.From != nil || in.To != nil || in.Ongoing || in.Relation != nil):
		return nil, field("void", "VOID_ALONE", "从未是本户成员的，不再更正日期和关系", "of somebody who never belonged there nothing else is corrected")
	case in.Void:
		return nil, nil
	case next == old:
		return nil, field("from", "NOTHING_CORRECTED", "与原登记相同，没有更正的内容", "this is what is recorded already")
	}
	return &next, nil
}

// replaceMember records a membership in the place of the one with its id, which is superseded.
func (d *Desk) replaceMember(ctx context.Context, tx *store.Tx, h casefile.HouseholdFile, next *casefile.Member) error {
	if next == nil {
		return nil
	}
	if err := mayLive(h, *next, calendar.DateOf(tx.Now)); err != nil {
		return err
	}
	next.ID = d.NewID()
	return tx.InsertMembers(ctx, h.Household.Area, *next)
}

var errNotMoved = field("moved_on", "NOT_MOVED", "该住户没有搬迁记录，没有可更正的搬迁日期", "no move of this household is recorded whose day could be corrected")

// errEarlierMove keeps a recorded move from being forgotten by another before it.
var errEarlierMove = fault.New(fault.Conflict, "OVERLAPS", "日期早于该住户此前登记的搬迁", "the day is before an earlier recorded move of this household")

// MoveHousehold writes another address, and the village to which the dwelling belongs from a day on: today where none is given. Given with the
// village where the household stands, or with none, the day corrects that of its last move.
func (d *Desk) MoveHousehold(ctx context.Context, who access.Actor, id uuid.UUID, version int, to area.Code, address *string, from calendar.Date) (casefile.HouseholdFile, error) {
	return d.changeHousehold(ctx, who, "household.change", id, func(tx *store.Tx, h casefile.HouseholdFile) error {
		if err := stale(h.Household.Version, version); err != nil {
			return err
		}
		next := h.Household
		if address != nil {
			next.Address = *address
		}
		today := calendar.DateOf(tx.Now)
		if from.After(today) {
			return field("moved_on", "IN_FUTURE", "日期不能晚于今天", "the day lies in the future")
		}
		moves := to != "" && to != next.Area
		switch {
		case moves:
			if err := d.villageOf(ctx, who, to); err != nil {
				return err
			}
			next.Area = to
			if from.IsZero() {
				from = today
			}
		case from.IsZero():
			return tx.UpdateHousehold(ctx, next)
		}
		if err := d.placeHousehold(ctx, tx, h, next.Area, from, !moves); err != nil {
			return err
		}
		return tx.UpdateHousehold(ctx, next)
	})
}

// placeHousehold keeps where the household stood until the day before, and where it stands from then on. With corrected it puts the day of
// the last move right instead.
func (d *Desk) placeHousehold(ctx context.Context, tx *store.Tx, h casefile.HouseholdFile, at area.Code, from calendar.Date, corrected bool) error {
	recorded := placesOf(h)
	places := slices.Clone(recorded)
	if len(places) == 0 {
		places = append(places, standsFrom(h.Household.Area, d.knownSince(h)))
	}
	if corrected {
		if len(recorded) < 2 {
			return errNotMoved
		}
		places = places[:len(places)-1]
	}
	switch last := len(places) - 1; {
	case from.After(places[last].ValidFrom):
		places[last].ValidTo = from.Add(-1)
	case last > 0 && from.Before(places[last].ValidFrom):
		return errEarlierMove
	default:
		places = places[:last]
	}
	if last := len(places) - 1; last >= 0 && places[last].Value.Sort == string(at) {
		places[last].ValidTo = calendar.Date{} // it never stood elsewhere
	} else {
		places = append(places, standsFrom(at, from))
	}
	return d.replacePlaces(ctx, tx, h, recorded, places)
}

// replacePlaces writes where a household stood, as far as it is not recorded so already.
func (d *Desk) replacePlaces(ctx context.Context, tx *store.Tx, h casefile.HouseholdFile, recorded, places []casefile.Circumstance) error {
	among := func(list []casefile.Circumstance, p casefile.Circumstance) bool {
		return slices.ContainsFunc(list, func(c casefile.Circumstance) bool { return c.ID == p.ID && c.ValidTo == p.ValidTo })
	}
	for _, old := range recorded {
		if among(places, old) {
			continue
		}
		if err := tx.SupersedeHouseholdFact(ctx, old.ID); err != nil {
			return err
		}
	}
	var fresh []casefile.Circumstance
	for _, p := range places {
		if !among(recorded, p) {
			stands := standsFrom(area.Code(p.Value.Sort), p.ValidFrom)
			stands.ID, stands.ValidTo = d.NewID(), p.ValidTo
			fresh = append(fresh, stands)
		}
	}
	return tx.InsertHouseholdCircumstances(ctx, h.Household, fresh...)
}

// placesOf is where a household stood, one place after another.
func placesOf(h casefile.HouseholdFile) (places []casefile.Circumstance) {
	for _, c := range h.Circumstances {
		if c.Kind == casefile.HouseholdArea && c.SupersededAt.IsZero() {
			places = append(places, c)
		}
	}
	slices.SortFunc(places, func(a, b casefile.Circumstance) int { return a.ValidFrom.Compare(b.ValidFrom) })
	return places
}

func standsFrom(at area.Code, from calendar.Date) casefile.Circumstance {
	raw := []byte(fmt.Sprintf("%q", at))
	return casefile.Circumstance{Kind: casefile.HouseholdArea, Raw: raw, Value: casefile.Value{Answer: casefile.Yes, Sort: string(at)}, ValidFrom: from, Source: "register"}
}

// knownSince is the day from which the first place of a household is dated where nobody knows since when it stands there: before
// everything else that is known of it.
func (d *Desk) knownSince(h casefile.HouseholdFile) calendar.Date {
	began := calendar.DateOf(h.Household.CreatedAt)
	if days := h.Breakpoints(d.Pack().Transitions); len(days) > 0 && days[0].Before(began) {
		began = days[0]
	}
	return began
}

// changeHousehold holds new members and then a household, does fn, derives again and reads the household as it then is.
func (d *Desk) changeHousehold(ctx context.Context, who access.Actor, action string, id uuid.UUID,
	fn func(*store.Tx, casefile.HouseholdFile) error, joining ...NewMember) (file casefile.HouseholdFile, err error) {
	err = d.write(ctx, who, action, func(tx *store.Tx) error {
		if err := hold(ctx, tx, joining...); err != nil {
			return err
		}
		h, err := tx.LockHousehold(ctx, id)
		if err != nil {
			return err
		}
		if err := fn(tx, h); err != nil {
			return err
		}
		file, err = d.savedHousehold(ctx, tx, id)
		return err
	})
	return file, err
}

// AddHouseholdCircumstance records a dated fact of a household.
func (d *Desk) AddHouseholdCircumstance(ctx context.Context, who access.Actor, household uuid.UUID, in NewCircumstance) (casefile.Circumstance, error) {
	fact, err := d.householdFact(in)
	if err != nil {
		return fact, err
	}
	if err := d.checkBegin(fact.ValidFrom, calendar.Date{}); err != nil {
		return fact, err
	}
	_, err = d.changeHousehold(ctx, who, "household.fact", household, func(tx *store.Tx, h casefile.HouseholdFile) error {
		fact.RecordedAt, fact.RecordedBy = tx.Now, tx.Who.AccountID
		emitHouseholdFact(tx, factRecorded, h.Household, fact)
		return tx.InsertHouseholdCircumstances(ctx, h.Household, fact)
	})
	return fact, err
}

func (d *Desk) householdFact(in NewCircumstance) (casefile.Circumstance, error) {
	kind, ok := casefile.HouseholdKindOf(in.Kind)
	if !ok || kind.Place {
		return casefile.Circumstance{}, field("kind", "UNKNOWN_KIND", "没有这种情况类别", "no circumstance of a household is of this kind")
	}
	return d.factOf(kind, uuid.Nil, in)
}

// CorrectHouseholdCircumstance replaces a fact that was recorded wrongly or has ended; what was believed before stays readable.
func (d *Desk) CorrectHouseholdCircumstance(ctx context.Context, who access.Actor, household, id uuid.UUID, in Correction) (next casefile.Circumstance, err error) {
	_, err = d.changeHousehold(ctx, who, "household.correct", household, func(tx *store.Tx, h casefile.HouseholdFile) error {
		i := slices.IndexFunc(h.Circumstances, func(c casefile.Circumstance) bool { return c.ID == id })
		if i < 0 {
			return store.NotFound
		}
		old := h.Circumstances[i]
		if !old.SupersededAt.IsZero() {
			return errSuperseded
		}
		if in.ValidFrom != nil && *in.ValidFrom != old.ValidFrom {
			if err := d.checkBegin(*in.ValidFrom, calendar.Date{}); err != nil {
				return err
			}
		}
		if next, err = d.householdFact(in.over(old)); err != nil {
			return err
		}
		if err := tx.SupersedeHouseholdFact(ctx, id); err != nil {
			return err
		}
		next.RecordedAt, next.RecordedBy = tx.Now, tx.Who.AccountID
		emitHouseholdFact(tx, factCorrected, h.Household, next)
		if err := tx.Describe(ctx, household, map[string]any{"reason": in.Reason}); err != nil {
			return err
		}
		return tx.InsertHouseholdCircumstances(ctx, h.Household, next)
	})
	return next, err
}
