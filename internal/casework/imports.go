package casework

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/award"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/exchange"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// KindRoster is the certificate roster of twenty columns.
const KindRoster = "roster"

// Handover is what an office has when it takes up this service: the roster, and the records that it keeps beside it, if any.
type Handover struct{ Roster, Records []byte }

// sum is the checksum by which the same file is known again; with records, of both files together.
func (h Handover) sum() []byte {
	sum := sha256.Sum256(h.Roster)
	if len(h.Records) > 0 {
		records := sha256.Sum256(h.Records)
		sum = sha256.Sum256(append(sum[:], records[:]...))
	}
	return sum[:]
}

// ImportRoster takes in a roster: everybody new with card, facts and running benefits, and what is new about those who
// are known. The whole file is read and checked first; what is good in it is then written in one transaction, and every
// row that is refused is named. The same file again is the same import, unless rows of it were refused: what stood in their way
// may be gone, and whoever is known by then is known. A dry run says what would happen.
func (d *Desk) ImportRoster(ctx context.Context, who access.Actor, data []byte, dryRun bool) (done store.Import, first bool, err error) {
	return d.TakeOver(ctx, who, Handover{Roster: data}, dryRun)
}

// TakeOver takes in a roster together with records of the same people, in the same transaction: what both say is derived once.
func (d *Desk) TakeOver(ctx context.Context, who access.Actor, in Handover, dryRun bool) (done store.Import, first bool, err error) {
	at := who.Area
	if who.Role == access.System {
		at = d.Pack().District
	}
	done = store.Import{ID: d.NewID(), Version: 1, State: store.ImportDone, Kind: KindRoster, SHA256: in.sum(), Area: at, AccountID: who.AccountID, DryRun: dryRun}
	leave, err := d.DB.TakeRoster(ctx)
	if err != nil {
		return done, false, err
	}
	defer leave()
	earlier, found, err := d.importedBefore(ctx, &done) // the one before may have been the same
	if err != nil || found {
		return earlier, false, err
	}
	read, err := d.readHandover(ctx, at, in)
	if err != nil {
		return done, false, err
	}
	taken := read.onlyRefused(earlier)
	err = d.write(ctx, who, "import.roster", func(tx *store.Tx) error {
		if err := tx.AllowLong(ctx); err != nil {
			return err
		}
		change, err := d.plan(ctx, tx, at, read)
		if err != nil {
			return err
		}
		done.New, done.Changed, done.Same, done.At, done.FinishedAt = len(change.fresh), len(change.touched), taken+change.same(), tx.Now, tx.Now
		done.Refusals = append(read.refused, change.refused...)
		done.Refused = countRows(done.Refusals)
		if done.Reading, err = json.Marshal(change.told(read)); err != nil {
			return fmt.Errorf("describe a roster: %w", err)
		}
		if !dryRun {
			if err := d.apply(ctx, tx, change); err != nil {
				return err
			}
			if len(change.fresh)+len(change.touched) > bulk {
				if err := tx.RefreshStatistics(ctx); err != nil {
					return err
				}
			}
		}
		if err := tx.InsertImport(ctx, done); err != nil {
			return err
		}
		return tx.Describe(ctx, done.ID, map[string]any{"new": done.New, "changed": done.Changed, "same": done.Same, "refused": done.Refused, "dry_run": dryRun,
			"households": len(change.homes), "surveys": len(change.responses), "services": len(change.services)})
	})
	return done, true, err
}

// importedBefore finds the import in which the same roster was taken in before. If rows of it were refused, it is read once more when it
// is sent again, since the register may know by now what those rows name; that is another import, with a checksum of its own.
func (d *Desk) importedBefore(ctx context.Context, i *store.Import) (earlier store.Import, found bool, err error) {
	sent, err := d.DB.AppliedImports(ctx, *i)
	if err != nil || len(sent) == 0 || i.DryRun {
		return earlier, false, err
	}
	i.SHA256 = append(slices.Clone(sent[0].SHA256), 0)
	return sent[0], sent[0].Refused == 0, nil
}

// onlyRefused keeps, of a handover that is sent again, the rows that were refused, and returns how many other rows there are: what those
// said is in the register, and officers may have put it right since. Of a handover that is sent for the first time it keeps everything.
func (r *handover) onlyRefused(earlier store.Import) (others int) {
	if earlier.Refused == 0 {
		return 0
	}
	refused, all := places(earlier.Refusals), len(r.rows)
	r.rows = slices.DeleteFunc(r.rows, func(row exchange.RosterRow) bool { return !refused[place{row.Row, false}] })
	r.records = slices.DeleteFunc(r.records, func(one exchange.Record) bool { return !refused[place{one.Row, true}] })
	return all - len(r.rows)
}

// bulk is how many persons an import touches before it changes the shape of the tables.
const bulk = 500

// place is a row of the roster, or a line of the records.
type place struct {
	row    int
	record bool
}

func places(refusals []store.Refusal) map[place]bool {
	rows := map[place]bool{}
	for _, r := range refusals {
		rows[place{r.Row, strings.HasPrefix(r.Column, exchange.RecordColumn)}] = true
	}
	return rows
}

// countRows counts rows of the roster and lines of the records, however much is wrong about each.
func countRows(refusals []store.Refusal) int { return len(places(refusals)) }

// handover is what was read of a handover.
type handover struct {
	rows     []exchange.RosterRow
	records  []exchange.Record
	villages map[area.Code]bool
	refused  []store.Refusal
	reading  *exchange.List // how the heading was understood
	read     int            // rows that could be read
}

func (d *Desk) readHandover(ctx context.Context, at area.Code, in Handover) (read handover, err error) {
	tree, err := d.DB.Divisions(ctx, d.Pack().District, d.today())
	if err != nil {
		return read, err
	}
	if err = d.readRoster(&read, at, in.Roster, tree); err != nil {
		return read, err
	}
	records, wrong, err := exchange.ReadRecords(in.Records, d.today())
	for _, e := range wrong {
		read.refused = append(read.refused, store.Refusal(e))
	}
	read.records, read.villages = records, map[area.Code]bool{}
	for _, division := range tree {
		read.villages[division.Code] = division.Code.Level() == "village"
	}
	return read, err
}

func (d *Desk) readRoster(read *handover, at area.Code, data []byte, tree []area.Division) error {
	table, err := exchange.ReadRoster(data)
	if err != nil {
		return err
	}
	rows, errs, err := exchange.ParseRoster(table, exchange.NewPlaces(tree), d.today())
	if err != nil {
		return err
	}
	read.reading, read.read = exchange.RosterHeadings(table), len(rows)
	for _, e := range errs {
		read.refused = append(read.refused, store.Refusal(e))
	}
	read.rows = slices.DeleteFunc(rows, func(r exchange.RosterRow) bool {
		if at.Contains(r.Hukou) {
			return false
		}
		read.refused = append(read.refused, store.Refusal{Row: r.Row, Column: "户籍村居", Code: "OUTSIDE_AREA", ZH: "超出本人管辖区域", EN: "outside your area"})
		return true
	})
	return nil
}

// change is everything that an import will write.
type change struct {
	fresh     []*store.Dossier          // the files of who is new, as they will be
	byNumber  map[string]*store.Dossier // of everybody whom the files name and the register will know, by ID number
	isNew     map[uuid.UUID]bool
	updated   []casefile.Person
	before    map[uuid.UUID]casefile.Person // of those
	cards     []casefile.Certificate
	ended     []casefile.Certificate
	events    []casefile.CertificateEvent
	facts     []casefile.Circumstance
	aliases   []casefile.Alias
	awards    []award.Award
	payees    []store.Payee
	responses []store.Response
	services  []care.Service
	homes     []casefile.HouseholdFile
	touched   map[uuid.UUID]bool // of those who were known, about whom something is new
	rows      []uuid.UUID        // of those who were known, whose rows were taken
	paying    []area.Code        // where rosters pay already, for whoever is not the command line
	refused   []store.Refusal
	accounts  map[uuid.UUID]string // to which those who were known are paid
	differs   []exchange.Note      // what a roster says otherwise of those who are known, and was not taken
}

// told is what is told of how a roster was read, and where the register has something else: first what decides more.
func (c *change) told(read handover) map[string]any {
	rank := func(n exchange.Note) int { return slices.Index(exchange.Columns, n.Column) }
	slices.SortStableFunc(c.differs, func(a, b exchange.Note) int { return rank(a) - rank(b) })
	l, rows := *read.reading, map[int]bool{}
	l.Notes = append(slices.Clone(l.Notes), c.differs...)
	for _, n := range c.differs {
		rows[n.Row] = true
	}
	how := readingOf(&l)
	how["rows"], how["differing"] = read.read, len(rows)
	return how
}

// touch notes that something about somebody is new.
func (c *change) touch(person uuid.UUID) {
	if !c.isNew[person] {
		c.touched[person] = true
	}
}

// was keeps what somebody was before the first change.
func (c *change) was(p casefile.Person) {
	if _, known := c.before[p.ID]; !known {
		c.before[p.ID] = p
	}
}

// same counts the rows about which nothing is new.
func (c *change) same() (n int) {
	for _, person := range c.rows {
		if !c.touched[person] {
			n++
		}
	}
	return n
}

func (c *change) refuse(row int, column, code, zh, en string) {
	c.refused = append(c.refused, store.Refusal{Row: row, Column: column, Code: code, ZH: zh, EN: en})
}

// differ notes that the register has something else than a column of a row.
func (c *change) differ(row int, column string) {
	c.differs = append(c.differs, exchange.Note{Row: row, Column: column, Code: "DIFFERS", ZH: "与在册不一致，未采用；花名册有误的不必处理，档案有误的请在档案中更正", EN: "the register has something else, and this was not taken; if the register is wrong, correct the file"})
}

// plan holds what was read against the register: one look-up for all of it.
func (d *Desk) plan(ctx context.Context, tx *store.Tx, at area.Code, read handover) (*change, error) {
	numbers := numbersOf(read)
	matches, err := tx.MatchIDNumbers(ctx, numbers)
	if err != nil {
		return nil, err
	}
	var known []uuid.UUID
	for _, m := range matches {
		known = append(known, m.PersonID)
	}
	dossiers, err := tx.LockDossiers(ctx, known...)
	if err != nil {
		return nil, err
	}
	files := map[uuid.UUID]*store.Dossier{}
	for i := range dossiers {
		files[dossiers[i].File.Person.ID] = &dossiers[i]
	}
	c := &change{byNumber: map[string]*store.Dossier{}, isNew: map[uuid.UUID]bool{}, touched: map[uuid.UUID]bool{},
		before: map[uuid.UUID]casefile.Person{}}
	for number, m := range matches {
		c.byNumber[number] = files[m.PersonID]
	}
	if c.accounts, err = tx.PayAccounts(ctx, known); err != nil {
		return nil, err
	}
	elsewhere, err := takenElsewhere(ctx, tx, numbers)
	if err != nil {
		return nil, err
	}
	if tx.Who.Role != access.System {
		if c.paying, err = tx.PayingAreas(ctx); err != nil {
			return nil, err
		}
	}
	named := map[uuid.UUID]int{}
	for _, r := range read.rows {
		file := c.byNumber[r.ID.Reveal()]
		switch {
		case file == nil && !r.ID.IsZero() && elsewhere[r.ID.Reveal()]:
			c.refuse(r.Row, "身份证号", "PERSON_EXISTS", existsElsewhere[0], existsElsewhere[1])
		case c.late(file, r):
		case file == nil || r.ID.IsZero():
			d.planNew(c, r)
		case named[file.File.Person.ID] > 0:
			first := strconv.Itoa(named[file.File.Person.ID])
			c.refuse(r.Row, "身份证号", "DUPLICATE_IN_FILE", "与第"+first+"行为同一人（身份证号更正过）", "row "+first+" names the same person, whose number was corrected")
		default:
			named[file.File.Person.ID] = r.Row
			d.planKnown(c, file, r)
		}
	}
	return c, d.planRecords(ctx, tx, at, c, read)
}

// existsElsewhere says why a row of somebody is not taken whose file others have.
var existsElsewhere = [2]string{"该身份证号已在册，但不在本人管辖区域，请由上级办理", "the ID number is on the register, outside your area; ask the office above"}

// takenElsewhere are those of some numbers that somebody in the whole register has.
func takenElsewhere(ctx context.Context, tx *store.Tx, numbers []string) (taken map[string]bool, err error) {
	taken = map[string]bool{}
	err = tx.Everywhere(ctx, func() error {
		matches, err := tx.MatchIDNumbers(ctx, numbers)
		for number := range matches {
			taken[number] = true
		}
		return err
	})
	return taken, err
}

// numbersOf are the ID numbers that rows and records name.
func numbersOf(read handover) (numbers []string) {
	for _, r := range read.rows {
		numbers = append(numbers, r.ID.Reveal())
	}
	for _, r := range read.records {
		if r.Person != nil {
			numbers = append(numbers, r.Person.ID.Reveal())
			continue
		}
		for _, m := range r.Household.Members {
			numbers = append(numbers, m.ID.Reveal())
		}
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	return slices.DeleteFunc(numbers, func(n string) bool { return n == "" })
}

// apply writes a change: one statement a table, then the standings of everybody touched.
func (d *Desk) apply(ctx context.Context, tx *store.Tx, c *change) error {
	emitImport(tx, c)
	persons := make([]casefile.Person, len(c.fresh))
	for i, dossier := range c.fresh {
		persons[i] = dossier.File.Person
	}
	derived := deriving(d.Pack(), c.newFiles(), policy.Everything) // while the database writes what it is derived from
	steps := []func() error{
		func() error { return tx.InsertPersons(ctx, persons...) },
		func() error { return tx.UpdatePersons(ctx, c.updated...) },
		func() error { return tx.EndCertificates(ctx, c.ended...) },
		func() error { return tx.InsertCertificates(ctx, c.cards...) },
		func() error { return tx.InsertEvents(ctx, c.events...) },
		func() error { return tx.InsertCircumstances(ctx, c.facts...) },
		func() error { return tx.InsertAliases(ctx, c.aliases...) },
		func() error { return tx.InsertAwards(ctx, c.awards...) },
		func() error { return tx.ReplacePayees(ctx, c.payees...) },
		func() error { return tx.InsertResponses(ctx, c.responses...) },
		func() error { return tx.InsertHouseholds(ctx, c.homes...) },
		func() error { return tx.InsertServices(ctx, c.services...) },
		func() error { return d.deriveTouched(ctx, tx, c, derived) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("apply a roster: %w", err)
		}
	}
	return nil
}

// newFiles are the files of those who are new.
func (c *change) newFiles() []store.Dossier {
	list := make([]store.Dossier, len(c.fresh))
	for i, dossier := range c.fresh {
		list[i] = *dossier
	}
	return list
}

// deriveTouched derives from what was just written. Those who are new need no reading back, nor do their households.
func (d *Desk) deriveTouched(ctx context.Context, tx *store.Tx, c *change, derived derivation) error {
	fresh := make([]uuid.UUID, len(c.fresh))
	for i, dossier := range c.fresh {
		fresh[i] = dossier.File.Person.ID
	}
	if err := d.writeDerived(ctx, tx, fresh, policy.Everything, derived); err != nil {
		return err
	}
	if err := d.deriveHouseholdsBy(ctx, tx, d.Pack(), c.newHomes()); err != nil || len(c.touched) == 0 {
		return err
	}
	_, err := d.rederive(ctx, tx, slices.Collect(maps.Keys(c.touched))...)
	return err
}

// Import reads an import of the actor's area.
func (d *Desk) Import(ctx context.Context, who access.Actor, id uuid.UUID) (store.Import, error) {
	return d.DB.ImportByID(ctx, who, id)
}
