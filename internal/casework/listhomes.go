package casework

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/store"
)

// home is the household of somebody whom a list names.
type home struct {
	file  casefile.HouseholdFile
	fresh bool // the list makes it known
}

var errHomeElsewhere = &wrongCell{"", "HOUSEHOLD_ELSEWHERE", "该人当时所在的家庭在本人管辖区域之外，请由上级办理", "the household in which the person then lived is outside your area"}

// homesOf finds the households of persons, now and before, wherever they stand.
func (l *listRun) homesOf(ctx context.Context, dossiers []store.Dossier) (lived map[uuid.UUID]store.Homes, byID map[uuid.UUID]*home, err error) {
	persons := make([]uuid.UUID, len(dossiers))
	for i, d := range dossiers {
		persons[i] = d.File.Person.ID
	}
	byID = map[uuid.UUID]*home{}
	err = l.tx.Everywhere(ctx, func() error {
		if lived, err = l.tx.HomesOf(ctx, persons); err != nil {
			return err
		}
		var ids []uuid.UUID
		for _, homes := range lived {
			for _, h := range homes {
				ids = append(ids, h.Household)
			}
		}
		files, err := l.tx.LockHouseholds(ctx, ids...)
		for _, f := range files {
			byID[f.Household.ID] = &home{file: f}
		}
		return err
	})
	return lived, byID, err
}

// makeHome makes up the household of somebody who lives in none: in the village that the list names, or where the person lives, in the
// area of whoever hands the list in. He has lived there since he was born or left the last household that is known: whichever day a list speaks
// of, also one that comes later, a house has somebody in it. Whose birth is not known has lived there since the day that the row speaks of.
func (l *listRun) makeHome(d store.Dossier, r saidRow, day, left calendar.Date) *home {
	p := d.File.Person
	at := p.Managing
	for _, place := range []area.Code{p.Hukou, p.Residence, r.in.Area("area")} {
		if place.Level() == "village" && l.done.Area.Contains(place) {
			at = place
		}
	}
	from := day
	if birth := p.BirthDate; !birth.IsZero() {
		from = birth
	}
	if !left.IsZero() && !from.After(left) {
		from = left.Add(1)
	}
	now := l.desk.Now()
	h := casefile.Household{ID: l.desk.NewID(), Version: 1, Area: at, Address: r.in.Text("address"), CreatedAt: now, UpdatedAt: now}
	member := casefile.Member{ID: l.desk.NewID(), HouseholdID: h.ID, PersonID: p.ID, Relation: "head", From: from, RecordedAt: now}
	return &home{fresh: true, file: casefile.HouseholdFile{Household: h, Members: []casefile.Member{member}, Files: map[uuid.UUID]casefile.File{p.ID: d.File}}}
}

// openHomes writes households that a list makes known. That somebody lives somewhere stays so when the list is taken back.
func (l *listRun) openHomes(ctx context.Context, homes ...*home) error {
	for _, h := range homes {
		if err := l.tx.InsertHousehold(ctx, h.file.Household); err != nil {
			return err
		}
		if err := l.tx.InsertMembers(ctx, h.file.Household.Area, h.file.Members...); err != nil {
			return err
		}
	}
	return nil
}

// namedHomes locks whom rows name and finds or makes up their households; a row whose household cannot be had is refused. A service was given
// to the household in which the person then lived, and a list of houses speaks of its own day. Who lives in none that is known lives in one of
// his own: a house has somebody in it, and a household of one is put right by adding members.
func (l *listRun) namedHomes(ctx context.Context, portion []saidRow, found map[int]uuid.UUID, since func(saidRow) calendar.Date) (map[int]*home, map[uuid.UUID]store.Dossier, error) {
	dossiers, err := l.tx.LockDossiers(ctx, slices.Collect(maps.Values(found))...)
	if err != nil {
		return nil, nil, err
	}
	lived, byID, err := l.homesOf(ctx, dossiers)
	if err != nil {
		return nil, nil, err
	}
	files := map[uuid.UUID]store.Dossier{}
	for _, d := range dossiers {
		files[d.File.Person.ID] = d
	}
	homes, own := map[int]*home{}, map[uuid.UUID]*home{}
	for _, r := range portion {
		d, ok := files[found[r.Row]]
		if !ok {
			continue
		}
		person, day := d.File.Person.ID, l.done.AsOf
		if l.meaning.gives != nil {
			day = since(r)
		}
		h := byID[lived[person].On(day)]
		if h == nil {
			if own[person] == nil {
				own[person] = l.makeHome(d, r, since(r), lived[person].Left())
			}
			h = own[person]
		}
		if !l.done.Area.Contains(h.file.Household.Area) {
			l.wrong(r.Row, errHomeElsewhere)
		} else {
			homes[r.Row] = h
		}
	}
	return homes, files, nil
}

// homeRow is what a list says of a household; person is the member by whom it is known.
type homeRow struct {
	row    int
	home   *home
	person uuid.UUID
	says   []said
}

// house decides of rows about households. A household counts once, whichever of its members the list names.
func (l *listRun) house(ctx context.Context, portion []saidRow, found map[int]uuid.UUID) error {
	homes, files, err := l.namedHomes(ctx, portion, found, func(r saidRow) calendar.Date {
		return firstOf(r.in, l.done.AsOf, "identified_on", "completed_on")
	})
	if err != nil {
		return err
	}
	var rows []homeRow
	for _, r := range portion {
		h, person := homes[r.Row], found[r.Row]
		if h == nil || !l.once(h.file.Household.ID, r.Row, "与第%d行为同一户", "row %d names the same household") {
			continue
		}
		says, wrong := l.meaning.says(r.in, l.done.AsOf, files[person].File)
		if wrong != nil {
			l.wrong(r.Row, wrong)
			if !h.fresh {
				l.doubt(person, h.file.Household.ID, r.Row)
			}
			continue
		}
		rows = append(rows, homeRow{r.Row, h, person, says})
	}
	return l.settleHomes(ctx, rows)
}

// homesSilence is what a list of houses that names all says of those which it leaves out.
func (l *listRun) homesSilence(ctx context.Context) error {
	kind := l.meaning.facts[0]
	for after := uuid.Nil; ; {
		ids, err := l.tx.HomesHolding(ctx, kind, l.done.Area, l.done.AsOf, after, listPortion)
		if err != nil {
			return err
		}
		var unnamed []uuid.UUID
		for _, id := range ids {
			if _, named := l.named[id]; !named {
				unnamed = append(unnamed, id)
			}
		}
		files, err := l.tx.LockHouseholds(ctx, unnamed...)
		if err != nil {
			return err
		}
		var rows []homeRow
		for _, f := range files {
			if person, lives := l.memberOf(f); lives {
				rows = append(rows, homeRow{0, &home{file: f}, person, []said{{kind, l.absent(l.done.AsOf)}}})
			}
		}
		if err := l.settleHomes(ctx, rows); err != nil {
			return err
		}
		if len(ids) < listPortion {
			return nil
		}
		after = ids[len(ids)-1]
	}
}

// memberOf is a member whose file is in the area of the list: what is said of the household is kept with somebody's.
func (l *listRun) memberOf(f casefile.HouseholdFile) (uuid.UUID, bool) {
	for _, m := range f.Members {
		if file, there := f.Files[m.PersonID]; there && l.done.Area.Contains(file.Person.Managing) {
			return m.PersonID, true
		}
	}
	return uuid.Nil, false
}

// homeWrites is what a portion of a list writes of households.
type homeWrites struct {
	listWrites
	fresh []*home
	facts []homeFacts
}

type homeFacts struct {
	household casefile.Household
	rewriting
}

// settleHomes decides of each household what a row does. No money hangs on a house, so nothing waits.
func (l *listRun) settleHomes(ctx context.Context, rows []homeRow) error {
	if len(rows) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.home.file.Household.ID
	}
	live, err := l.tx.HomeStatements(ctx, l.meaning.facts, ids)
	if err != nil {
		return err
	}
	silent, err := l.silentHomes(ctx, rows)
	if err != nil {
		return err
	}
	w := &homeWrites{}
	for _, r := range rows {
		l.decideHome(w, r, live[r.home.file.Household.ID], silent[r.home.file.Household.ID])
	}
	if l.done.DryRun {
		return l.tx.InsertImportChanges(ctx, l.done.ID, w.changes)
	}
	if err := l.openHomes(ctx, w.fresh...); err != nil {
		return err
	}
	if err := l.write(ctx, &w.listWrites); err != nil {
		return err
	}
	return l.desk.carryOutHomes(ctx, l.tx, w.facts)
}

func (l *listRun) decideHome(w *homeWrites, r homeRow, live, silent []store.Statement) {
	household, most := r.home.file.Household, outcomeSame
	written, n := *w, l.n
	if r.home.fresh {
		w.fresh = append(w.fresh, r.home)
	}
	for _, kind := range l.meaning.facts {
		statements := ofKind(r.says, kind)
		if len(statements) == 0 {
			continue
		}
		h := hearHome(r.home.file, r.person, kind, live)
		if kind == l.meaning.facts[0] {
			h.silent = silent
		}
		overruled, seeds := h.settle(l.desk.NewID)
		said := append(h.silent, l.statements(&h, r.row, statements)...)
		before := h.recorded()
		change, after := h.change(said, l.desk.NewID, l.done.Sender)
		if h.against(change) {
			*w, l.n = written, n
			l.refuse(r.row, "", "CONTRADICTS_RECORD", "与经办人登记的情况矛盾，请核实后更正登记", "an officer has recorded the opposite; correct one of the two")
			l.doubt(r.person, household.ID, r.row)
			return
		}
		w.overruled, w.statements = append(w.overruled, overruled...), append(w.statements, append(seeds, said...)...)
		if change.empty() {
			continue
		}
		l.n++
		most = outcomeChanged
		w.facts = append(w.facts, homeFacts{household, change})
		w.changes = append(w.changes, store.ImportChange{N: l.n, Row: r.row, PersonID: r.person, Outcome: "changed", Kind: kind, Before: before, After: after})
	}
	l.tally(household.ID, r.row, most)
}

// hearHome is what lists have said of a household. The facts of the household stand in for those of the member by whom it is known.
func hearHome(f casefile.HouseholdFile, person uuid.UUID, kind string, live []store.Statement) heard {
	said := slices.Clone(live)
	for i := range said {
		said[i].PersonID = person // whichever member a list named
	}
	h := hear(store.Dossier{File: casefile.File{Person: casefile.Person{ID: person}, Circumstances: f.Circumstances}}, kind, "", said)
	h.home = f.Household.ID
	return h
}

// silentHomes is silentBefore of households.
func (l *listRun) silentHomes(ctx context.Context, rows []homeRow) (map[uuid.UUID][]store.Statement, error) {
	homes, persons, files := make([]casefile.Household, len(rows)), map[uuid.UUID]uuid.UUID{}, map[uuid.UUID]casefile.HouseholdFile{}
	for i, r := range rows {
		id := r.home.file.Household.ID
		homes[i], persons[id], files[id] = r.home.file.Household, r.person, r.home.file
	}
	found, err := l.tx.SilentOfHomes(ctx, *l.done, homes)
	silent := map[uuid.UUID][]store.Statement{}
	for _, f := range found {
		if !couldName(f, files[f.HouseholdID]) {
			continue
		}
		silent[f.HouseholdID] = append(silent[f.HouseholdID], l.desk.unsaid(f, l.meaning, persons[f.HouseholdID], store.StatementActive))
	}
	return silent, err
}

// couldName reports whether a list could have named a household: when it was taken in, the household stood in its area, as far as it was known, and
// somebody who is or was a member was in the register there.
func couldName(f store.Silent, home casefile.HouseholdFile) bool {
	if !f.Area.Contains(placeThen(home.Circumstances, casefile.HouseholdArea, f.TakenIn, home.Household.Area)) {
		return false
	}
	for _, member := range home.Files {
		p := member.Person
		if !p.CreatedAt.After(f.TakenIn) && f.Area.Contains(placeThen(member.Circumstances, casefile.ManagingArea, f.TakenIn, p.Managing)) {
			return true
		}
	}
	return false
}

// placeThen is the place of a kind in which somebody was at an instant, as it was known then: the first one, where no move was known yet, or the
// one of now, where none ever was.
func placeThen(facts []casefile.Circumstance, kind string, at time.Time, now area.Code) area.Code {
	var first casefile.Circumstance
	for _, c := range facts {
		if c.Kind != kind {
			continue
		}
		if c.ValidTo.IsZero() && !c.RecordedAt.After(at) && (c.SupersededAt.IsZero() || c.SupersededAt.After(at)) {
			return area.Code(c.Value.Sort)
		}
		if first.Kind == "" || cmp.Or(c.RecordedAt.Compare(first.RecordedAt), c.ValidFrom.Compare(first.ValidFrom)) < 0 {
			first = c
		}
	}
	if first.Kind == "" {
		return now
	}
	return area.Code(first.Value.Sort)
}

// carryOutHomes writes what is rewritten of households and derives them again.
func (d *Desk) carryOutHomes(ctx context.Context, tx *store.Tx, list []homeFacts) error {
	touched := map[uuid.UUID]bool{}
	for _, f := range list {
		touched[f.household.ID] = true
		for _, old := range f.supersede {
			if err := tx.SupersedeHouseholdFact(ctx, old.ID); err != nil {
				return err
			}
		}
		if err := tx.InsertHouseholdCircumstances(ctx, f.household, f.insert...); err != nil {
			return err
		}
		emitHomeRewriting(tx, f.household, f.rewriting)
	}
	return d.deriveHouseholds(ctx, tx, slices.Collect(maps.Keys(touched))...)
}

// unsayHomes takes statements about households back.
func (d *Desk) unsayHomes(ctx context.Context, tx *store.Tx, kind string, said []store.Statement) error {
	ids, persons := map[uuid.UUID]bool{}, map[uuid.UUID]uuid.UUID{}
	for _, s := range said {
		ids[s.HouseholdID], persons[s.HouseholdID] = true, s.PersonID
	}
	files, err := tx.LockHouseholds(ctx, slices.Collect(maps.Keys(ids))...)
	if err != nil {
		return err
	}
	live, err := tx.HomeStatements(ctx, []string{kind}, slices.Collect(maps.Keys(ids)))
	if err != nil {
		return err
	}
	var all []homeFacts
	for _, f := range files {
		id := f.Household.ID
		h := hearHome(f, persons[id], kind, live[id])
		if !slices.Equal(folded(h.active), h.recorded()) {
			continue // recorded by hand since
		}
		if r, _ := h.become(without(h.active, said), d.NewID, "撤销导入"); !r.empty() {
			all = append(all, homeFacts{f.Household, r})
		}
	}
	if err := tx.DecideStatements(ctx, store.StatementUndone, "the import was taken back", said...); err != nil {
		return err
	}
	return d.carryOutHomes(ctx, tx, all)
}
