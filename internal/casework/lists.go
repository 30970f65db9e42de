package casework

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/exchange"
	"zhucan/internal/idnum"
	"zhucan/internal/statement"
	"zhucan/internal/store"
)

// saidRow is a row of a list that names somebody.
type saidRow struct {
	Row         int
	ID          idnum.Resident
	Certificate idnum.Certificate
	Name        string
	Birth       calendar.Date
	Guardian    idnum.Resident
	Town        string // as the list writes it
	in          exchange.ListRow
	silent      []said // what the list says by not naming somebody; Row is 0
}

// listPortion is how many rows are held against the register at a time: what is in memory does not grow with the list.
const listPortion = 1000

// listRun is an import of a list under way.
type listRun struct {
	desk     *Desk
	tx       *store.Tx
	done     *store.Import
	list     *exchange.List
	places   *exchange.Places
	meaning  listMeaning
	complete bool              // the list names everybody of its area
	chosen   bool              // an officer has said whom its row means: it is decided anew, whatever was dismissed
	n        int               // changes so far
	named    map[uuid.UUID]int // the row that names somebody, or a household
	fresh    map[uuid.UUID]bool
	doubtful []store.Statement         // of whom the list says something that cannot be taken: it is not silent about them
	given    map[servedKey]int         // the row that names a service
	terms    map[uuid.UUID][]takenTerm // of a list of terms, what was taken of each person
	possible map[uuid.UUID]int         // the row that may mean somebody, and names nobody for certain
	towns    []area.Division
	progress func(rows int) error
	waiting  *listWrites // what the last portion writes, while the next is thought about
}

// take holds rows against the register, a portion at a time.
func (l *listRun) take(ctx context.Context, rows []saidRow) error {
	if l.complete {
		known, _, err := l.known(ctx)
		if err != nil {
			return err
		}
		l.done.Absence = &store.Absence{Known: known}
	}
	for portion := range l.portions(rows) {
		found, err := l.match(ctx, portion)
		if err != nil {
			return err
		}
		if err := l.takePortion(ctx, portion, found); err != nil {
			return err
		}
		clear(portion) // a long list is not held in memory longer than it is needed
		if err := l.progress(len(portion)); err != nil {
			return err
		}
	}
	if err := l.writeWaiting(ctx); err != nil || !l.complete {
		return err
	}
	if err := l.nameDoubtful(ctx); err != nil {
		return err
	}
	if err := l.believe(ctx); err != nil {
		return err
	}
	if l.meaning.home {
		return l.homesSilence(ctx)
	}
	return l.silence(ctx)
}

// takePortion decides of the rows whose people are found: by household, by service or by person. What it decides of persons waits to be
// written, by the next portion or by writeWaiting.
func (l *listRun) takePortion(ctx context.Context, portion []saidRow, found map[int]uuid.UUID) error {
	switch {
	case l.meaning.gives != nil:
		return l.serve(ctx, portion, found)
	case l.meaning.home:
		return l.house(ctx, portion, found)
	}
	said, twice := map[uuid.UUID][]saidRow{}, []uuid.UUID{}
	for _, r := range portion {
		person, ok := found[r.Row]
		if !ok || l.meaning.apart == nil && !l.once(person, r.Row, "与第%d行为同一人", "row %d names the same person") {
			continue
		}
		if l.meaning.apart != nil && l.meaning.apart.terms && l.overlaps(person, r) {
			continue
		}
		if said[person] = append(said[person], r); len(said[person]) == 2 {
			twice = append(twice, person)
		}
	}
	for _, person := range twice {
		if said[person] = l.inTurn(said[person]); len(said[person]) == 0 {
			delete(said, person)
		}
	}
	return l.settle(ctx, said)
}

// takenTerm is a term that a row of the list says of somebody.
type takenTerm struct {
	row  int
	days calendar.Interval
}

// overlaps refuses a term that overlaps another one of the person's, which would be cut off where that one ends.
func (l *listRun) overlaps(person uuid.UUID, r saidRow) bool {
	days := calendar.Interval{From: r.in.Date("from"), To: r.in.Date("to")}
	for _, t := range l.terms[person] {
		if t.days == days || !t.days.Overlaps(days) {
			continue
		}
		n := strconv.Itoa(t.row)
		l.refuse(r.Row, l.list.Place("from"), "TERMS_OVERLAP", "与第"+n+"行同一人的期间重叠，请合并为一行（最早的起始日期至最后的结束日期）后重新报送",
			"overlaps the term of the same person in row "+n+": send both as one row, from the first day to the last")
		return true
	}
	l.terms[person] = append(l.terms[person], takenTerm{r.Row, days})
	return false
}

// portions are the rows a portion at a time. Where a list may name somebody twice they come by their days, so that each finds what those before
// it did, and those of one day together.
func (l *listRun) portions(rows []saidRow) iter.Seq[[]saidRow] {
	if l.meaning.apart == nil {
		return slices.Chunk(rows, listPortion)
	}
	slices.SortStableFunc(rows, func(a, b saidRow) int {
		return cmp.Or(l.dayOf(a).Compare(l.dayOf(b)), strings.Compare(a.ID.Reveal(), b.ID.Reveal()))
	})
	return func(yield func([]saidRow) bool) {
		for len(rows) > 0 {
			n := min(listPortion, len(rows))
			for n < len(rows) && !rows[n].ID.IsZero() && l.dayOf(rows[n]) == l.dayOf(rows[n-1]) && rows[n].ID == rows[n-1].ID {
				n++
			}
			if !yield(rows[:n]) {
				return
			}
			rows = rows[n:]
		}
	}
}

func (l *listRun) dayOf(r saidRow) calendar.Date {
	day, _ := l.meaning.apart.turn(r.in)
	return day
}

// inTurn keeps, of the rows about one person, those that can be told apart. Of two that say the same, the second is refused; of two rows
// of one day that differ, nobody knows which came first, so both are.
func (l *listRun) inTurn(rows []saidRow) (list []saidRow) {
	type matter struct {
		day calendar.Date
		of  string
	}
	turns, groups := make([]matter, len(rows)), map[matter][]int{}
	for i, r := range rows {
		day, of := l.meaning.apart.turn(r.in)
		turns[i] = matter{day, of}
		groups[turns[i]] = append(groups[turns[i]], i)
	}
	unlike := map[matter]bool{} // compared with the first only: one person may be in all rows
	for turn, group := range groups {
		unlike[turn] = slices.ContainsFunc(group[1:], func(i int) bool { return !l.alike(rows[group[0]], rows[i]) })
	}
	for i, r := range rows {
		group := groups[turns[i]]
		other := group[0]
		if other == i && len(group) > 1 {
			other = group[1]
		}
		switch n := strconv.Itoa(rows[other].Row); {
		case unlike[turns[i]]:
			l.refuse(r.Row, l.list.Place(l.meaning.apart.column), "SAME_DAY", "与第"+n+"行是同一人同一天的同一事项，内容不一致，先后无法判断，均未采用，请核实后重新报送", "row "+n+" says otherwise of the same person and day; nobody knows which was first, so neither was taken: find out and send it again")
		case other < i:
			l.refuse(r.Row, "", "DUPLICATE_IN_FILE", "与第"+n+"行为同一人同一事项", "row "+n+" says the same of the same person")
		default:
			list = append(list, r)
		}
	}
	return list
}

// alike reports whether two rows say the same, as far as that can be told without a file.
func (l *listRun) alike(a, b saidRow) bool {
	file := casefile.File{Person: casefile.Person{IDNumber: a.ID}}
	says, wrong := l.meaning.says(a.in, l.done.AsOf, file)
	others, alsoWrong := l.meaning.says(b.in, l.done.AsOf, file)
	return slices.Equal(says, others) && (wrong == nil && alsoWrong == nil || a.in.Text("sort") == b.in.Text("sort"))
}

func (l *listRun) refuse(row int, column, code, zh, en string) {
	l.done.Refusals = append(l.done.Refusals, store.Refusal{Row: row, Column: column, Code: code, ZH: zh, EN: en})
}

// wrong refuses a row for a cell of it.
func (l *listRun) wrong(row int, w *wrongCell) {
	column := ""
	if w.column != "" {
		column = l.list.Place(w.column)
	}
	l.refuse(row, column, w.code, w.zh, w.en)
}

// once refuses a second row about somebody or something.
func (l *listRun) once(subject uuid.UUID, row int, zh, en string) bool {
	if first, again := l.named[subject]; again {
		l.refuse(row, "", "DUPLICATE_IN_FILE", fmt.Sprintf(zh, first), fmt.Sprintf(en, first))
		return false
	}
	l.named[subject] = row
	return true
}

// nameDoubtful notes whom refused rows name or may mean: a row that cannot be read leaves nobody out.
func (l *listRun) nameDoubtful(ctx context.Context) error {
	for portion := range slices.Chunk(namedIn(l.list.Doubtful), listPortion) {
		ids, cards, described := make([]string, len(portion)), make([]string, len(portion)), make([]store.Described, len(portion))
		for i, n := range portion {
			ids[i], cards[i], described[i] = n.ID.Reveal(), n.Certificate.Reveal(), l.described(n)
		}
		byID, err := l.tx.MatchIDNumbers(ctx, ids)
		if err != nil {
			return err
		}
		byCard, err := l.tx.MatchCertificates(ctx, cards)
		if err != nil {
			return err
		}
		may, err := l.tx.MatchDescribed(ctx, described)
		if err != nil {
			return err
		}
		var persons []uuid.UUID
		for i, n := range portion {
			matches := []store.Match{byID[ids[i]], byCard[cards[i]]}
			for _, c := range may[n.Row] {
				matches = append(matches, store.Match{PersonID: c.PersonID})
			}
			for _, m := range matches {
				if _, named := l.named[m.PersonID]; m.PersonID != uuid.Nil && !named {
					l.named[m.PersonID], persons = n.Row, append(persons, m.PersonID)
				}
			}
		}
		if !l.meaning.home {
			for _, person := range persons {
				l.doubt(person, uuid.Nil, l.named[person])
			}
			continue
		}
		if err := l.nameHomes(ctx, persons, l.named); err != nil {
			return err
		}
	}
	if err := l.namePossible(ctx); err != nil || l.done.DryRun {
		return err
	}
	return l.tx.InsertStatements(ctx, l.doubtful...)
}

// namePossible keeps a list from being silent about the households of those whom a row may mean.
func (l *listRun) namePossible(ctx context.Context) error {
	if !l.meaning.home || len(l.possible) == 0 {
		return nil
	}
	return l.nameHomes(ctx, slices.Collect(maps.Keys(l.possible)), l.possible)
}

// nameHomes keeps a list from being silent about the households in which those whom rows name lived on its day.
func (l *listRun) nameHomes(ctx context.Context, persons []uuid.UUID, rows map[uuid.UUID]int) error {
	homes, err := l.tx.HomesOf(ctx, persons)
	if err != nil {
		return err
	}
	for person, lived := range homes {
		household := lived.On(l.done.AsOf)
		if _, named := l.named[household]; !named && household != uuid.Nil {
			l.named[household] = rows[person]
			l.doubt(person, household, rows[person])
		}
	}
	return nil
}

// doubt notes that a list names somebody, or a household, in a row that is not taken: so the list is not silent about them.
func (l *listRun) doubt(person, household uuid.UUID, row int) {
	if !l.complete || row == 0 {
		return
	}
	l.doubtful = append(l.doubtful, store.Statement{ID: l.desk.NewID(), ImportID: l.done.ID, Row: row, PersonID: person, HouseholdID: household, Kind: l.meaning.facts[0],
		State: store.StatementDismissed, Statement: statement.Statement{Says: statement.Holds, From: l.done.AsOf, AsOf: l.done.AsOf}})
}

// errNotBelieved ends the transaction of a list that leaves out too many.
var errNotBelieved = errors.New("the list leaves out too many of those whom it should name")

// believe counts whom a list that names everybody should still name, and does not. Where that is too much to be true, nothing is taken
// until somebody has confirmed it: a file that was cut off looks like a list on which few are left.
func (l *listRun) believe(ctx context.Context) error {
	holders, named, err := l.known(ctx)
	if err != nil {
		return err
	}
	l.done.Absence.Missing = holders - named
	if !l.done.DryRun && l.done.ConfirmedAt.IsZero() && l.desk.Pack().Lists.TooMany(l.done.Absence.Known, l.done.Absence.Missing) {
		return errNotBelieved
	}
	return nil
}

// known counts of whom the fact is recorded for the day of the list, and how many of them it has named so far.
func (l *listRun) known(ctx context.Context) (holders, named int, err error) {
	subjects, kind := slices.AppendSeq(slices.Collect(maps.Keys(l.named)), maps.Keys(l.possible)), l.meaning.facts[0]
	if l.meaning.home {
		of, _ := casefile.HouseholdKindOf(kind)
		return l.tx.HomesKnown(ctx, of, l.done.Area, l.done.AsOf, subjects)
	}
	of, _ := casefile.KindOf(kind)
	return l.tx.HoldersKnown(ctx, of, l.meaning.only, l.done.Area, l.done.AsOf, subjects)
}

func firstSort(k casefile.Kind) string {
	if len(k.Sorts) == 0 {
		return ""
	}
	return k.Sorts[0]
}

// silence is what a list that names everybody says of those whom it does not name. Of somebody whom a row may mean it says nothing.
func (l *listRun) silence(ctx context.Context) error {
	asOf := l.done.AsOf
	holders, err := l.tx.HoldersOf(ctx, l.meaning.facts[0], l.done.Area, asOf)
	if err != nil {
		return err
	}
	unnamed := slices.DeleteFunc(holders, func(person uuid.UUID) bool {
		_, named := l.named[person]
		_, possible := l.possible[person]
		return named || possible
	})
	for portion := range slices.Chunk(unnamed, listPortion) {
		silent := make(map[uuid.UUID][]saidRow, len(portion))
		for _, person := range portion {
			silent[person] = []saidRow{{silent: []said{{l.meaning.facts[0], l.absent(asOf)}}}}
		}
		if err := l.settle(ctx, silent); err != nil {
			return err
		}
	}
	return l.writeWaiting(ctx)
}

func (l *listRun) absent(on calendar.Date) statement.Statement {
	return statement.Statement{Says: statement.Absent, Sort: l.meaning.only, AsOf: on}
}
