package casework

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/names"
	"zhucan/internal/statement"
	"zhucan/internal/store"
)

// match finds whom rows name: by ID number, also an earlier one, or by certificate. A row that names nobody for certain is kept with those
// whom it may mean, for an officer to choose: nobody is taken by a name alone, nor by a number that stands beside another name.
func (l *listRun) match(ctx context.Context, rows []saidRow) (map[int]uuid.UUID, error) {
	var ids, cards []string
	for _, r := range rows {
		if !r.ID.IsZero() {
			ids = append(ids, r.ID.Reveal())
		}
		if !r.Certificate.IsZero() {
			cards = append(cards, r.Certificate.Reveal())
		}
	}
	byID, err := l.tx.MatchIDNumbers(ctx, ids)
	if err != nil {
		return nil, err
	}
	byCard, err := l.tx.MatchCertificates(ctx, cards)
	if err != nil {
		return nil, err
	}
	found, others := map[int]uuid.UUID{}, map[int][]uuid.UUID{}
	var lost []saidRow
	for _, r := range rows {
		one, holder := byID[r.ID.Reveal()], byCard[r.Certificate.Reveal()]
		if one.PersonID == uuid.Nil {
			one = holder
		}
		switch {
		case one.PersonID == uuid.Nil:
			lost = append(lost, r)
		case l.otherName(r, one.Name):
			lost, others[r.Row] = append(lost, r), []uuid.UUID{one.PersonID}
			if holder.PersonID != uuid.Nil && holder.PersonID != one.PersonID {
				others[r.Row] = append(others[r.Row], holder.PersonID)
			}
		default:
			found[r.Row] = one.PersonID
		}
	}
	unknown, err := l.lookFor(ctx, lost, others)
	if err != nil {
		return nil, err
	}
	if l.meaning.opens {
		return found, l.open(ctx, unknown, found)
	}
	zh, en := "本辖区残疾人档案中没有此人", "nobody in the register of this area has this number, or this name with this birth date"
	if !l.done.Area.Contains(l.desk.Pack().District) { // said of everybody: who is told of some only would know whom another town manages
		zh, en = zh+"；由其他镇街管理的，请由区级导入", en+"; who is managed by another town is taken in by the district"
	}
	for _, r := range unknown {
		l.refuse(r.Row, "", "NOT_IN_REGISTER", zh, en)
	}
	return found, nil
}

// otherName reports whether a row whose number is somebody's bears another name: where a column was sorted by itself, one person's death
// would be written into another's file. A name with parts withheld is another one if the rest does not fit. Beside a card, a list of homes
// names the owner of the home, who need not hold the card.
func (l *listRun) otherName(r saidRow, name string) bool {
	return r.Name != "" && !names.Fits(r.Name, name) && (!l.meaning.home || r.Certificate.IsZero())
}

// lookFor keeps rows that name nobody for certain with those whom they may mean, first who has the number, and refuses them for now. It returns
// the rows that mean nobody.
func (l *listRun) lookFor(ctx context.Context, lost []saidRow, others map[int][]uuid.UUID) (unknown []saidRow, err error) {
	described, called := make([]store.Described, len(lost)), make(map[int]string, len(lost))
	for i, r := range lost {
		described[i], called[r.Row] = l.described(r), r.Name
	}
	candidates, err := l.tx.MatchDescribed(ctx, described)
	if err != nil {
		return nil, err
	}
	former, err := l.tx.FormerNames(ctx, others, called)
	if err != nil {
		return nil, err
	}
	var kept []store.Unmatched
	for _, r := range lost {
		may := candidates[r.Row]
		switch {
		case len(others[r.Row]) > 0:
			may = numbered(others[r.Row], former[r.Row], may)
			l.wrong(r.Row, errOtherName)
		case len(may) == 0:
			unknown = append(unknown, r)
			continue
		default:
			l.refuse(r.Row, "", candidatesFound, fmt.Sprintf("按姓名、出生日期和镇街（或监护人）找到%d名可能的人，未自动认定，请选择", len(may)),
				fmt.Sprintf("%d persons have this name with this birth date and town, or with this guardian; none was taken: choose", len(may)))
		}
		for _, c := range may {
			l.possible[c.PersonID] = r.Row
		}
		kept = append(kept, store.Unmatched{ID: l.desk.NewID(), ImportID: l.done.ID, Row: r.Row, Candidates: may})
	}
	return unknown, l.tx.InsertUnmatched(ctx, kept)
}

// numbered are those whose number a row has beside another name, followed by those whom it describes and who are not among them.
func numbered(holders []uuid.UUID, former map[uuid.UUID]bool, described []store.Candidate) (may []store.Candidate) {
	for _, person := range holders {
		by := store.ByNumber
		if former[person] {
			by = store.ByFormerName
		}
		may = append(may, store.Candidate{PersonID: person, Basis: by})
	}
	for _, c := range described {
		if !slices.Contains(holders, c.PersonID) {
			may = append(may, c)
		}
	}
	return may
}

// candidatesFound is why a row is refused until somebody chooses; errOtherName is why one is whose number somebody has.
const candidatesFound = "CANDIDATES"

var errOtherName = &wrongCell{"name", "NAME_MISMATCH", "号码在册，但与在册姓名不一致，未自动认定，请选择是否为此人", "the register has another name for this number; nobody was taken: choose whether it is this person"}

// waits reports whether a row is refused only until somebody chooses.
func waits(r store.Refusal) bool { return r.Code == candidatesFound || r.Code == errOtherName.code }

// described is what a row tells of somebody beside a number. A valid number has the birth date in it.
func (l *listRun) described(r saidRow) store.Described {
	d := store.Described{Row: r.Row, Name: r.Name, Birth: r.Birth, Guardian: r.Guardian.Reveal(), Numbered: !r.ID.IsZero()}
	if d.Birth.IsZero() && d.Numbered {
		d.Birth = r.ID.BirthDate()
	}
	if d.Birth.IsZero() {
		return d
	}
	for _, town := range l.towns {
		if r.Town == "" || !slices.ContainsFunc(l.towns, r.isFrom) || r.isFrom(town) {
			d.Towns = append(d.Towns, town.Code)
		}
	}
	return d
}

// isFrom reports whether the town of a row is this one. Lists write 金岭 for 金岭镇, and 金岭回族镇.
func (r saidRow) isFrom(town area.Division) bool {
	const least = 2 // characters that tell one town from another
	short := strings.TrimRight(strings.TrimSuffix(strings.TrimSuffix(r.Town, "街道"), "办事处"), "镇乡")
	return r.Town == town.Name || len([]rune(short)) >= least && strings.HasPrefix(town.Name, short)
}

// townsOf are the towns in which an import may name somebody.
func (d *Desk) townsOf(ctx context.Context, i store.Import) ([]area.Division, error) {
	tree, err := d.DB.Divisions(ctx, d.Pack().District, i.AsOf)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(tree, func(div area.Division) bool {
		return div.Code.Level() != "town" || !i.Area.Contains(div.Code) && !div.Code.Contains(i.Area)
	}), nil
}

// UnmatchedRows lists the rows of an import that name nobody for certain.
func (d *Desk) UnmatchedRows(ctx context.Context, who access.Actor, imported uuid.UUID, after, limit int) ([]store.Unmatched, error) {
	if _, err := d.DB.ImportByID(ctx, who, imported); err != nil {
		return nil, err
	}
	return d.DB.UnmatchedRows(ctx, who, imported, after, limit)
}

// UnmatchedRow is a row that names nobody for certain, and what it says.
type UnmatchedRow struct {
	store.Unmatched
	Cells []exchange.ShownCell
}

// UnmatchedRow reads one of them out of the file.
func (d *Desk) UnmatchedRow(ctx context.Context, who access.Actor, imported uuid.UUID, row int) (u UnmatchedRow, err error) {
	i, err := d.DB.ImportByID(ctx, who, imported)
	if err != nil {
		return u, err
	}
	found, err := d.DB.UnmatchedRows(ctx, who, imported, row-1, 1)
	if err != nil {
		return u, err
	}
	if len(found) == 0 || found[0].Row != row {
		return u, store.NotFound
	}
	read, err := d.readRow(ctx, i, row)
	if err != nil {
		return u, err
	}
	place := func(code area.Code) string {
		at := slices.IndexFunc(read.tree, func(div area.Division) bool { return div.Code == code })
		if at < 0 {
			return string(code)
		}
		return read.tree[at].Name
	}
	return UnmatchedRow{Unmatched: found[0], Cells: read.list.Shown(read.row.in, place)}, nil
}

var (
	errNotApplied  = fault.New(fault.Conflict, "NOT_APPLIED", "该导入未生效或已撤销", "the import is not in force")
	errNamed       = fault.New(fault.Conflict, "NAMED_ALREADY", "名单另有一行写的是此人", "another row of the list names this person")
	errNoCandidate = field("person_id", "NO_CANDIDATE", "此人不在该行的可选范围内", "the person is no candidate of this row")
)

// RowAgain is a row of a list that was taken in, read again, or why it cannot be.
type RowAgain struct {
	list readRow
	err  error
}

// ReadAgain reads a row that somebody says means a person. It waits for others who read a list, and reads a long one for seconds, so it comes before
// the transaction of ChooseCandidate, which would be cut off as idle.
func (d *Desk) ReadAgain(ctx context.Context, who access.Actor, imported uuid.UUID, row int) (again RowAgain) {
	var i store.Import
	if i, again.err = d.applied(ctx, who, imported); again.err == nil {
		again.list, again.err = d.readRow(ctx, i, row)
	}
	return again
}

func (d *Desk) applied(ctx context.Context, who access.Actor, imported uuid.UUID) (store.Import, error) {
	i, err := d.DB.ImportByID(ctx, who, imported)
	if err == nil && (i.State != store.ImportDone || i.DryRun) {
		err = errNotApplied
	}
	return i, err
}

// ChooseCandidate says whom a row means, and takes the row, which was read again for it, as if it had named the person; a zero person is nobody.
func (d *Desk) ChooseCandidate(ctx context.Context, who access.Actor, imported uuid.UUID, row int, person uuid.UUID, reason string, again RowAgain) (u store.Unmatched, err error) {
	i, err := d.applied(ctx, who, imported)
	if err != nil {
		return u, err
	}
	if person != uuid.Nil && again.err != nil {
		return u, again.err
	}
	err = d.write(ctx, who, "import.choose", func(tx *store.Tx) error {
		if u, err = tx.LockUnmatched(ctx, imported, row); err != nil {
			return err
		}
		if u.Outcome != store.UnmatchedOpen {
			return errDecided
		}
		u.PersonID, u.Reason, u.Outcome, u.DecidedAt, u.DecidedBy = person, reason, "nobody", tx.Now, who.AccountID
		if person != uuid.Nil {
			if u.Outcome, err = d.takeChosen(ctx, tx, &i, again.list, u); err != nil {
				return err
			}
		}
		if err := tx.DecideUnmatched(ctx, u); err != nil {
			return err
		}
		left, err := d.leaveOut(ctx, tx, &i, u)
		if err != nil {
			return err
		}
		if person != uuid.Nil || left {
			if err := tx.RecountImport(ctx, i); err != nil {
				return err
			}
		}
		return tx.Describe(ctx, imported, map[string]any{"row": row, "person_id": person, "outcome": u.Outcome})
	})
	return u, err
}

// readRow is a row of a list that was taken in, read again.
type readRow struct {
	list *exchange.List
	tree []area.Division
	row  saidRow
}

// rereads lets one list at a time be read again for one of its rows. Whoever holds it must not wait for a transaction, because somebody in
// a transaction may be waiting for it.
var rereads = make(baton, 1)

func (d *Desk) readRow(ctx context.Context, i store.Import, n int) (read readRow, err error) {
	if read.tree, err = d.DB.Divisions(ctx, d.Pack().District, d.today()); err != nil {
		return read, err
	}
	done, err := rereads.take(ctx)
	if err != nil {
		return read, err
	}
	defer done()
	if read.list, err = d.readList(ctx, i); err != nil {
		return read, err
	}
	rows := namedIn(read.list.Rows)
	at := slices.IndexFunc(rows, func(r saidRow) bool { return r.Row == n })
	if at < 0 {
		return read, store.NotFound
	}
	read.row, read.list.Rows = rows[at], nil // the others of a long list are let go
	return read, nil
}

// takeChosen takes a row that means somebody, and says what it did.
func (d *Desk) takeChosen(ctx context.Context, tx *store.Tx, i *store.Import, list readRow, u store.Unmatched) (outcome string, err error) {
	if !slices.ContainsFunc(u.Candidates, func(c store.Candidate) bool { return c.PersonID == u.PersonID }) {
		return "", errNoCandidate
	}
	if _, err := tx.LockDossier(ctx, u.PersonID); err != nil {
		return "", err
	}
	named, err := tx.NamedIn(ctx, i.ID, u.PersonID)
	if err != nil {
		return "", err
	}
	if named && listMeanings[i.Kind].apart == nil {
		return "", errNamed
	}
	before := *i
	i.Refusals = slices.DeleteFunc(slices.Clone(i.Refusals), func(r store.Refusal) bool { return r.Row == u.Row && waits(r) })
	refused := len(i.Refusals)
	run := d.newListRun(tx, i, list.list, list.tree)
	run.chosen = true
	if run.n, err = tx.ChangesOfImport(ctx, i.ID); err != nil {
		return "", err
	}
	if err := run.recallTerms(ctx, u.PersonID); err != nil {
		return "", err
	}
	if err := run.takePortion(ctx, []saidRow{list.row}, map[int]uuid.UUID{u.Row: u.PersonID}); err != nil {
		return "", err
	}
	if err := run.writeWaiting(ctx); err != nil {
		return "", err
	}
	if len(i.Refusals) > refused {
		r := i.Refusals[refused]
		return "", fault.New(fault.Conflict, r.Code, r.ZH, r.EN)
	}
	outcome = "same"
	switch {
	case i.Changed > before.Changed, i.New > before.New:
		outcome = "changed"
	case i.Pending > before.Pending:
		outcome = "pending"
	}
	i.Refused = countRows(i.Refusals)
	return outcome, nil
}

// recallTerms is which terms other rows of the list have said of somebody, also where an earlier list had said the same.
func (l *listRun) recallTerms(ctx context.Context, person uuid.UUID) error {
	if l.meaning.apart == nil || !l.meaning.apart.terms {
		return nil
	}
	list, err := l.tx.SaidOf(ctx, l.done.ID, person)
	for _, s := range list {
		if s.Says == statement.Holds {
			l.terms[person] = append(l.terms[person], takenTerm{s.Row, term(s.Statement)})
		}
	}
	return err
}

// leaveOut lets a list that names everybody leave out the candidates whom a row turned out not to mean, unless it names them otherwise or
// another row may still mean them. It reports whether there were any.
func (d *Desk) leaveOut(ctx context.Context, tx *store.Tx, i *store.Import, u store.Unmatched) (left bool, err error) {
	kind, _ := exchange.ListKindOf(i.Kind)
	run := d.newListRun(tx, i, &exchange.List{Kind: kind}, nil)
	if !run.complete || run.meaning.home {
		return false, nil
	}
	var persons []uuid.UUID
	for _, c := range u.Candidates {
		if c.PersonID != u.PersonID && i.Area.Contains(c.Area) {
			persons = append(persons, c.PersonID)
		}
	}
	if persons, err = tx.NotNamed(ctx, i.ID, persons); err != nil || len(persons) == 0 {
		return false, err
	}
	live, err := tx.LiveStatements(ctx, run.meaning.facts[:1], persons)
	if err != nil {
		return false, err
	}
	if run.n, err = tx.ChangesOfImport(ctx, i.ID); err != nil {
		return false, err
	}
	silent, cleared := run.leftOut(persons, live)
	if err := tx.InsertStatements(ctx, cleared...); err != nil {
		return false, err
	}
	if err := run.settle(ctx, silent); err != nil {
		return false, err
	}
	return true, run.writeWaiting(ctx)
}

// leftOut is what a list says afterwards by not naming persons. Whomever a later list has named since is cleared by that list.
func (l *listRun) leftOut(persons []uuid.UUID, live []store.Statement) (silent map[uuid.UUID][]saidRow, cleared []store.Statement) {
	silent = map[uuid.UUID][]saidRow{}
	kind, absent := l.meaning.facts[0], l.absent(l.done.AsOf)
	for _, person := range persons {
		s := store.Statement{ID: l.desk.NewID(), ImportID: l.done.ID, PersonID: person, Kind: kind, Statement: absent}
		since := slices.IndexFunc(live, func(other store.Statement) bool {
			return other.PersonID == person && other.State == store.StatementActive && len(outdated([]store.Statement{s}, []statement.Statement{other.Statement})) > 0
		})
		if since >= 0 {
			cleared = append(cleared, withdrawn(live[since].ImportID, []store.Statement{s})...)
			continue
		}
		silent[person] = []saidRow{{silent: []said{{kind, absent}}}}
	}
	return silent, cleared
}
