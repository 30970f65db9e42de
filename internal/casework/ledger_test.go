package casework_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/auth"
	"zhucan/internal/blobs"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/demo/divisions"
	"zhucan/internal/demo/population"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/money"
	"zhucan/internal/policy"
	"zhucan/internal/recovery"
	"zhucan/internal/roster"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(childOf); text != "" {
		os.Exit(child(text))
	}
	testdb.Main(m)
}

// office is a desk on a register of its own, with a clock that moves by hand and three people for three steps.
type office struct {
	t       *testing.T
	desk    *casework.Desk
	db      testdb.Database
	mu      sync.Mutex
	now     time.Time
	random  *rand.Rand
	maker   access.Actor
	checker access.Actor
	sender  access.Actor
	done    map[string]int
	strike  func(within time.Duration) <-chan struct{} // breaks something off soon, and says when all is up again
}

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) on(day calendar.Date) {
	t, err := time.Parse("2006-01-02 15:04 -0700", day.String()+" 12:00 +0800")
	if err != nil {
		o.t.Fatal(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = t
}

func newOffice(t *testing.T, people int, seed uint64, day calendar.Date) *office {
	t.Helper()
	return newOfficeOn(t, testdb.New(t), people, seed, day)
}

func newOfficeOn(t *testing.T, db testdb.Database, people int, seed uint64, day calendar.Date) *office {
	t.Helper()
	o := &office{t: t, db: db, random: rand.New(rand.NewPCG(seed, 1)), done: map[string]int{}}
	o.on(day)
	newID := func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	o.desk = &casework.Desk{DB: o.db.Open(t, o.clock), Rules: casework.NewRules(policy.MustLoadBuiltin()), Now: o.clock, NewID: newID, Passwords: auth.NewCheapPasswords(),
		Tokens: auth.NewTokens(o.db.Ring), Log: testdb.Log(t)}
	ctx := t.Context()
	var err error
	if o.desk.Files, err = blobs.Open(ctx, blobs.Folder(t.TempDir()), o.db.Ring); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.desk.Files.Close() })
	tree := divisions.Tree()
	if _, err := o.desk.ImportDivisions(ctx, access.SystemActor(), tree); err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]*access.Actor{"maker": &o.maker, "checker": &o.checker, "sender": &o.sender} {
		account, err := o.desk.CreateAccount(ctx, access.SystemActor(), casework.NewAccount{Username: name, Name: "测试", Password: "a long enough secret", Role: access.FinanceOfficer, Area: "370305"})
		if err != nil {
			t.Fatal(err)
		}
		*who = access.Actor{AccountID: account.ID, Role: access.FinanceOfficer, Area: "370305"}
	}
	if people == 0 {
		return o
	}
	var file bytes.Buffer
	if err := exchange.WriteRoster(&file, population.Generate(seed, people, tree, day)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.desk.ImportRoster(ctx, access.SystemActor(), file.Bytes(), false); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) owner() *pgx.Conn {
	o.t.Helper()
	conn, err := pgx.Connect(o.t.Context(), o.db.OwnerURL)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// steps takes a roster from calculation to the bank.
func (o *office) steps(r roster.Roster) roster.Roster {
	o.t.Helper()
	for _, step := range []struct {
		who access.Actor
		do  func(*casework.Desk, context.Context, access.Actor, uuid.UUID, int) (roster.Roster, error)
	}{{o.checker, (*casework.Desk).CheckRoster}, {o.maker, (*casework.Desk).LockRoster}, {o.sender, (*casework.Desk).SendRoster}} {
		next, err := step.do(o.desk, o.t.Context(), step.who, r.ID, r.Version)
		if err != nil {
			o.t.Fatal(err)
		}
		r = next
	}
	return r
}

// pay makes the roster of a month; the bank fails every fiftieth line.
func (o *office) pay(month calendar.Month) {
	o.t.Helper()
	r, err := o.desk.MakeRoster(o.t.Context(), o.maker, month, "", "")
	if err != nil {
		o.t.Fatal(err)
	}
	r = o.steps(r)
	rows := o.bankRows(r)
	taken, err := o.desk.TakeResults(o.t.Context(), o.sender, r.ID, rows, nil)
	if err != nil || len(taken.Refusals) > 0 || taken.Paid+taken.Failed != len(rows) { // the bank hears nothing of a line that is all kept back
		o.t.Fatalf("%s: %d paid, %d failed of %d, refused %v (%v)", month, taken.Paid, taken.Failed, len(rows), taken.Refusals, err)
	}
	if _, err := o.desk.CloseRoster(o.t.Context(), o.sender, r.ID, taken.Roster.Version); err != nil {
		o.t.Fatal(err)
	}
}

// happen lets something befall a person, often known only months later. What the rules refuse has not happened.
func (o *office) happen(id uuid.UUID) {
	o.t.Helper()
	ctx, who := o.t.Context(), access.SystemActor()
	dossier, err := o.desk.DB.Dossier(ctx, who, id)
	if err != nil {
		o.t.Fatal(err)
	}
	day := calendar.DateOf(o.clock()).Add(-o.random.IntN(240))
	fact := func(kind string) error {
		_, err := o.desk.AddCircumstance(ctx, who, id, casework.NewCircumstance{Kind: kind, Value: json.RawMessage("true"), ValidFrom: day, Source: "随机"})
		return err
	}
	what := []string{"death", "tekun", "dibao", "leaves", "leaves", "corrects", "freeze", "suspend", "resume", "repay"}[o.random.IntN(10)]
	switch what {
	case "death", "tekun", "dibao":
		err = fact(what)
	case "leaves":
		err = o.leave(dossier, day)
	case "corrects":
		err = o.correct(dossier)
	case "freeze":
		err = o.freeze(dossier)
	case "suspend", "resume":
		err = o.pause(dossier, what)
	case "repay":
		err = o.repay(id)
	}
	if _, isFault := fault.Of(err); err != nil && !isFault {
		o.t.Fatalf("%s: %v", what, err)
	}
	if err == nil {
		o.done[what]++
	}
}

var nothing = fault.New(fault.Conflict, "NOTHING", "", "")

func (o *office) leave(d store.Dossier, day calendar.Date) error {
	for _, c := range d.File.Circumstances {
		if (c.Kind == "dibao" || c.Kind == "tekun") && c.SupersededAt.IsZero() && c.ValidTo.IsZero() && c.ValidFrom.Before(day) {
			_, err := o.desk.EndCircumstance(o.t.Context(), access.SystemActor(), c.ID, 1, day)
			return err
		}
	}
	return nothing
}

// correct takes a death or an entry to 特困 back: it was reported wrongly.
func (o *office) correct(d store.Dossier) error {
	for _, c := range d.File.Circumstances {
		if (c.Kind == "death" || c.Kind == "tekun") && c.SupersededAt.IsZero() && c.Source == "随机" {
			_, err := o.desk.CorrectCircumstance(o.t.Context(), access.SystemActor(), c.ID, 1, casework.Correction{Value: json.RawMessage("false"), Source: "随机", Reason: "误报"})
			return err
		}
	}
	return nothing
}

func (o *office) freeze(d store.Dossier) error {
	card, ok := d.File.Current(calendar.DateOf(o.clock()))
	if !ok {
		return nothing
	}
	event := casework.NewEvent{Event: "FREEZE", On: calendar.DateOf(o.clock())}
	if d.File.StatusOn(card, event.On) == "FROZEN" {
		event.Event = "UNFREEZE"
	}
	_, err := o.desk.AddEvent(o.t.Context(), access.SystemActor(), card.ID, card.Version, event)
	return err
}

func (o *office) pause(d store.Dossier, what string) error {
	if len(d.Awards) == 0 {
		return nothing
	}
	a, month := d.Awards[0], calendar.DateOf(o.clock()).Month()
	if what == "suspend" {
		_, err := o.desk.SuspendAward(o.t.Context(), access.SystemActor(), a.ID, a.Version, month.Add(-o.random.IntN(6)), "随机")
		return err
	}
	_, err := o.desk.ResumeAward(o.t.Context(), access.SystemActor(), a.ID, a.Version, month, o.random.IntN(2) == 0)
	return err
}

func (o *office) repay(id uuid.UUID) error {
	list, err := o.desk.DB.ListRecoveries(o.t.Context(), access.SystemActor(), store.RecoveryFilter{PersonID: id, Limit: 10})
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.Outstanding() == 0 {
			continue
		}
		step := recovery.Step{Event: []string{"repay", "consent"}[o.random.IntN(2)], Amount: 1 + r.Outstanding()*2/3}
		_, err := o.desk.StepRecovery(o.t.Context(), o.maker, r.ID, r.Version, step)
		if err == nil {
			o.done[step.Event+"s"]++
		}
		return err
	}
	return nothing
}

// ledgerPeople is how many persons live through the years of the ledger; make proof takes ten thousand.
var ledgerPeople = flag.Int("ledger.people", 1000, "how many persons live through the years of the ledger")

// TestLedgerOverYears lives three years of many persons: facts arrive late, out of order and wrongly, payments
// fail, money is asked back. Every month a roster pays. In the end nothing is owed that nobody explains.
func TestLedgerOverYears(t *testing.T) {
	t.Parallel()
	people := *ledgerPeople
	const months, events = 36, 25
	first := calendar.MustMonth("2020-06")
	o := newOffice(t, people, 7, first.First().Add(4))
	ids := o.recipients()
	for m := range months {
		month := first.Add(m)
		for range events {
			o.on(month.First().Add(5 + o.random.IntN(20)))
			o.happen(ids[o.random.IntN(len(ids))])
		}
		o.on(month.Last())
		o.pay(month)
	}
	t.Logf("%d recipients; happened: %v", len(ids), o.done)
	for what, n := range map[string]int{"death": 20, "tekun": 20, "leaves": 5, "corrects": 1, "freeze": 20, "suspend": 20, "resume": 1, "repay": 1} {
		if o.done[what] < n {
			t.Errorf("%s happened %d times; the history shows little", what, o.done[what])
		}
	}
	if _, differed, err := o.desk.RebuildStandings(t.Context(), access.SystemActor(), true); err != nil || differed != 0 {
		t.Errorf("%d standings or dues differ from the facts (%v)", differed, err)
	}
	o.wantBalanced(first.Add(months - 1))
}

// TestRostersInAnyOrder is TestLedgerOverYears where rosters wait: some are locked after later ones, some are answered by the bank when others
// have been paid, some are given up, and some payments come back after all. In the end everything is paid, once, and nothing is kept back that nobody has agreed to.
func TestRostersInAnyOrder(t *testing.T) {
	t.Parallel()
	const people, months, events = 400, 24, 25
	first := calendar.MustMonth("2020-06")
	o := newOffice(t, people, 13, first.First().Add(4))
	ids := o.recipients()
	var open, closed []roster.Roster
	for m := range months {
		month := first.Add(m)
		for range events {
			o.on(month.First().Add(5 + o.random.IntN(20)))
			o.happen(ids[o.random.IntN(len(ids))])
		}
		o.on(month.Last())
		o.consent()
		if r, made := o.make(month); made {
			open = append(open, r)
		}
		o.random.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
		var waiting []roster.Roster
		for _, r := range open {
			for steps := o.random.IntN(4); steps > 0 && !over(r); steps-- {
				r = o.step(r, o.random.IntN(8) == 0)
			}
			if !over(r) {
				waiting = append(waiting, r)
			} else if r.State == roster.Closed {
				closed = append(closed, r)
			}
		}
		open = waiting
		for _, r := range closed {
			if o.random.IntN(4) == 0 {
				o.sendBack(r)
			}
		}
	}
	for _, r := range open {
		for !over(r) {
			r = o.step(r, false)
		}
	}
	o.pay(first.Add(months - 1)) // whatever was failed or given up meanwhile
	var later, agreed int
	err := o.owner().QueryRow(t.Context(), "SELECT count(*) FROM rosters a JOIN rosters b ON a.month < b.month AND a.locked_at > b.locked_at").Scan(&later)
	t.Logf("%d locked after a later one; happened: %v", later, o.done)
	if err != nil || later < 3 || o.done["outdated"] < 5 || o.done["given up"] < 2 || o.done["consents"] < 5 || o.done["settled twice"] < 3 || o.done["sent back with what was kept"] < 3 {
		t.Errorf("%d were locked after a later one (%v); the history shows little", later, err)
	}
	err = o.owner().QueryRow(t.Context(), `SELECT count(*) FROM recoveries r WHERE (SELECT coalesce(sum(amount_fen), 0) FROM recovery_events e WHERE e.recovery_id = r.id AND e.event = 'offset')
		- (SELECT coalesce(sum(amount_fen), 0) FROM recovery_events e WHERE e.recovery_id = r.id AND e.event = 'offset_returned') > (SELECT coalesce(sum(amount_fen), 0) FROM recovery_events e WHERE e.recovery_id = r.id AND e.event = 'consented')`).Scan(&agreed)
	if err != nil || agreed != 0 {
		t.Errorf("more was kept back of %d recoveries than was agreed to (%v)", agreed, err)
	}
	o.wantBalanced(first.Add(months - 1))
}

func over(r roster.Roster) bool { return r.State == roster.Closed || r.State == roster.Cancelled }

func (o *office) make(month calendar.Month) (roster.Roster, bool) {
	o.t.Helper()
	r, err := o.desk.MakeRoster(o.t.Context(), o.maker, month, "", "")
	if fault.Is(err, "NOTHING_TO_PAY") {
		return r, false
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return r, true
}

// step takes the next step of a roster, or gives it up where that is still possible.
func (o *office) step(r roster.Roster, giveUp bool) (next roster.Roster) {
	o.t.Helper()
	ctx, err := o.t.Context(), error(nil)
	switch {
	case giveUp && r.State.Open():
		o.done["given up"]++
		next, err = o.desk.CancelRoster(ctx, o.maker, r.ID, r.Version)
	case r.State == roster.Calculated:
		next, err = o.desk.CheckRoster(ctx, o.checker, r.ID, r.Version)
	case r.State == roster.Checked:
		next, err = o.lock(r)
	case r.State == roster.Locked:
		next, err = o.desk.SendRoster(ctx, o.sender, r.ID, r.Version)
	case r.State == roster.Sent:
		o.settle(r)
		var taken casework.Taken
		taken, err = o.desk.TakeResults(ctx, o.sender, r.ID, o.bankRows(r), nil)
		next = taken.Roster
	default:
		next, err = o.desk.CloseRoster(ctx, o.sender, r.ID, r.Version)
	}
	if err != nil {
		o.t.Fatalf("a roster that is %s: %v", r.State, err)
	}
	return next
}

// sendBack lets the bank send back some of what it has paid on a closed roster, what keeps something back above all.
func (o *office) sendBack(r roster.Roster) {
	o.t.Helper()
	ctx := o.t.Context()
	lines, err := o.desk.DB.RosterLines(ctx, access.SystemActor(), store.LinesOf{Roster: r.ID, State: "paid", Limit: r.Totals.Lines + r.Totals.Held})
	if err != nil {
		o.t.Fatal(err)
	}
	for _, l := range lines {
		if l.Net == 0 || l.Deduction == 0 && o.random.IntN(80) > 0 || o.random.IntN(3) == 0 {
			continue
		}
		back := casework.Return{Seq: l.Seq, Net: l.Net, On: calendar.DateOf(o.clock()), Document: "随机", Reason: "账户已销户"}
		if _, err := o.desk.ReturnPayment(ctx, o.sender, r.ID, back); err != nil {
			o.t.Fatal(err)
		}
		o.done["sent back"]++
		if l.Deduction > 0 {
			o.done["sent back with what was kept"]++
		}
	}
}

// consent lets some of those who are asked for something agree that it is kept back, or some of it.
func (o *office) consent() {
	o.t.Helper()
	list, err := o.desk.DB.ListRecoveries(o.t.Context(), access.SystemActor(), store.RecoveryFilter{Area: o.maker.Area, Limit: 500})
	if err != nil {
		o.t.Fatal(err)
	}
	for _, r := range list {
		if rest := r.Outstanding() - r.Consented; rest > 0 && o.random.IntN(2) == 0 {
			if o.random.IntN(3) > 0 {
				rest = min(rest, 5000) // so that something is left to pay
			}
			if _, err := o.desk.StepRecovery(o.t.Context(), o.maker, r.ID, r.Version, recovery.Step{Event: "consent", Amount: rest}); err != nil {
				o.t.Fatal(err)
			}
			o.done["consents"]++
		}
	}
}

// settle lets somebody from whom a roster that is under way keeps something back repay it as well, or has it waived.
func (o *office) settle(r roster.Roster) {
	o.t.Helper()
	ctx := o.t.Context()
	lines, err := o.desk.DB.RosterLines(ctx, access.SystemActor(), store.LinesOf{Roster: r.ID, Limit: r.Totals.Lines + r.Totals.Held})
	if err != nil {
		o.t.Fatal(err)
	}
	for _, l := range lines {
		if l.Deduction == 0 || o.random.IntN(3) == 0 {
			continue
		}
		list, err := o.desk.DB.ListRecoveries(ctx, access.SystemActor(), store.RecoveryFilter{PersonID: l.PersonID, Limit: 10})
		if err != nil {
			o.t.Fatal(err)
		}
		for _, asked := range list {
			if asked.Programme != l.Programme || asked.Outstanding() == 0 {
				continue
			}
			some := asked.Outstanding() / money.Fen(1+o.random.IntN(3))
			steps := []recovery.Step{{Event: "repay", Amount: some}}
			if o.random.IntN(2) == 0 {
				steps = []recovery.Step{{Event: "propose_waiver", Amount: some, Reason: "随机"}, {Event: "waive", Amount: some, Reason: "随机"}}
			}
			for i, step := range steps {
				if asked, err = o.desk.StepRecovery(ctx, []access.Actor{o.maker, o.checker}[i], asked.ID, asked.Version, step); err != nil {
					o.t.Fatal(err)
				}
			}
			o.done["settled twice"]++
		}
	}
}

// lock locks a roster, or calculates it again where something has changed, or gives it up where nothing is left to pay.
func (o *office) lock(r roster.Roster) (roster.Roster, error) {
	ctx := o.t.Context()
	next, err := o.desk.LockRoster(ctx, o.maker, r.ID, r.Version)
	if !fault.Is(err, "ROSTER_OUTDATED") {
		return next, err
	}
	o.done["outdated"]++
	if next, err = o.desk.CalculateRoster(ctx, o.maker, r.ID, r.Version); fault.Is(err, "NOTHING_TO_PAY") {
		return o.desk.CancelRoster(ctx, o.maker, r.ID, r.Version)
	}
	return next, err
}

// recipients are the persons with an award.
func (o *office) recipients() (ids []uuid.UUID) {
	o.t.Helper()
	rows, err := o.owner().Query(o.t.Context(), "SELECT DISTINCT person_id FROM awards ORDER BY 1")
	if err == nil {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	}
	if err != nil || len(ids) == 0 {
		o.t.Fatalf("%d recipients (%v)", len(ids), err)
	}
	return ids
}

// unexplained is every month of every account in which due = paid + owed - repaid - waived does not hold, where owed may
// only be what the last roster could not pay (held, or failed by the bank) and what is outstanding counts against it.
const unexplained = `
WITH month AS (SELECT m::date AS month FROM generate_series('2016-01-01', $1::timestamp, '1 month') m),
due AS (SELECT d.person_id, d.programme, m.month, d.amount_fen AS fen FROM dues d JOIN month m ON m.month >= d.from_month AND (d.to_month IS NULL OR m.month <= d.to_month)),
paid AS (SELECT p.person_id, p.programme, p.month, sum(p.amount_fen) AS fen FROM payments p JOIN roster_lines l USING (roster_id, person_id, programme)
    WHERE l.state = 'paid' GROUP BY 1, 2, 3),
asked AS (SELECT person_id, programme, month, sum(amount_fen) AS fen, sum(repaid_fen + waived_fen) AS settled FROM recovery_months GROUP BY 1, 2, 3),
balance AS (SELECT person_id, programme, month, coalesce(d.fen, 0) - coalesce(p.fen, 0) + coalesce(a.settled, 0) AS owed,
        coalesce(a.fen, 0) - coalesce(a.settled, 0) AS outstanding
    FROM due d FULL JOIN paid p USING (person_id, programme, month) FULL JOIN asked a USING (person_id, programme, month))
SELECT count(*) FILTER (WHERE owed < 0 AND owed <> -outstanding OR owed >= 0 AND outstanding <> 0),
       count(*) FILTER (WHERE owed > 0 AND NOT EXISTS (SELECT FROM roster_lines l JOIN rosters r ON r.id = l.roster_id
           WHERE l.person_id = balance.person_id AND l.programme = balance.programme AND r.month = $1 AND l.state IN ('held', 'failed')))
FROM balance`

// wantBalanced looks past the service at all payments.
func (o *office) wantBalanced(last calendar.Month) {
	o.t.Helper()
	conn := o.owner()
	for name, sql := range map[string]string{
		"months paid more than once":        "SELECT count(*) FROM (SELECT FROM payments WHERE live AND kind <> 'supplement' GROUP BY award_id, month HAVING count(*) > 1) x",
		"lines that are not their payments": "SELECT count(*) FROM roster_lines l WHERE l.hold = '' AND net_fen + deduction_fen <> (SELECT sum(amount_fen) FROM payments p WHERE (p.roster_id, p.person_id, p.programme) = (l.roster_id, l.person_id, l.programme))",
		"rosters that are not their lines":  "SELECT count(*) FROM rosters r WHERE net_fen <> (SELECT coalesce(sum(net_fen), 0) FROM roster_lines l WHERE l.roster_id = r.id AND l.hold = '')",
		"deductions nobody wrote down": `SELECT count(*) FROM (SELECT sum(deduction_fen) AS kept FROM roster_lines WHERE state = 'paid') k
			WHERE kept <> (SELECT coalesce(sum(CASE event WHEN 'offset' THEN amount_fen ELSE -amount_fen END), 0) FROM recovery_events WHERE event IN ('offset', 'offset_returned'))`,
	} {
		var n int
		if err := conn.QueryRow(o.t.Context(), sql).Scan(&n); err != nil || n != 0 {
			o.t.Errorf("%s: %d (%v)", name, n, err)
		}
	}
	var wrong, owed int
	if err := conn.QueryRow(o.t.Context(), unexplained, last.First().String()).Scan(&wrong, &owed); err != nil || wrong != 0 || owed != 0 {
		o.t.Errorf("%d months do not add up, %d are owed and nobody says why (%v)", wrong, owed, err)
	}
	if v, err := o.desk.DB.VerifyAudit(o.t.Context()); err != nil || v.Broken != "" {
		o.t.Errorf("VerifyAudit = %+v, %v", v, err)
	}
}

// TestEightWorkersPayOnce lets eight processes make the same roster at once, each with connections of its own.
func TestEightWorkersPayOnce(t *testing.T) {
	t.Parallel()
	month := calendar.MustMonth("2021-03")
	o := newOffice(t, 600, 3, month.First().Add(9))
	var made sync.Map
	var workers sync.WaitGroup
	for range 8 {
		desk := *o.desk
		desk.DB = o.db.Open(t, o.clock)
		workers.Go(func() {
			r, err := desk.MakeRoster(t.Context(), o.maker, month, "", "")
			if err == nil {
				made.Store(r.ID, r)
			} else if !fault.Is(err, "NOTHING_TO_PAY") && !fault.Is(err, "ON_ANOTHER_ROSTER") && !fault.Is(err, "BUSY") {
				t.Errorf("a worker: %v", err)
			}
		})
	}
	workers.Wait()
	n := 0
	made.Range(func(_, r any) bool { n++; o.steps(r.(roster.Roster)); return true })
	if n != 1 {
		t.Errorf("%d rosters were made, want 1", n)
	}
	var lines, accounts int
	err := o.owner().QueryRow(t.Context(), "SELECT count(*), count(DISTINCT (person_id, programme)) FROM roster_lines").Scan(&lines, &accounts)
	if err != nil || lines == 0 || lines != accounts {
		t.Errorf("%d lines for %d accounts (%v)", lines, accounts, err)
	}
}

// TestLockWaitsForWhatChanges: what is owed changes in a transaction that is still open when a roster is locked. The lock waits for it and is
// refused, and does not close the month as paid that the change has opened.
func TestLockWaitsForWhatChanges(t *testing.T) {
	t.Parallel()
	month := calendar.MustMonth("2021-03")
	o := newOffice(t, 60, 5, month.First().Add(9))
	ctx := t.Context()
	r, err := o.desk.MakeRoster(ctx, o.maker, month, "", "")
	if err == nil {
		r, err = o.desk.CheckRoster(ctx, o.checker, r.ID, r.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
	var person uuid.UUID
	owner := o.owner()
	if err := owner.QueryRow(ctx, "SELECT person_id FROM roster_lines WHERE hold = '' ORDER BY person_id LIMIT 1").Scan(&person); err != nil {
		t.Fatal(err)
	}
	refused := make(chan error, 1)
	_, err = o.desk.DB.Once(ctx, o.checker, "open", []byte("open"), func(inside context.Context) (store.Answer, error) {
		_, err := o.desk.AddCircumstance(inside, access.SystemActor(), person, casework.NewCircumstance{Kind: "death", Value: json.RawMessage("true"), ValidFrom: calendar.MustDate("2021-02-03"), Source: "公安"})
		if err != nil {
			return store.Answer{}, err
		}
		go func() {
			_, err := o.desk.LockRoster(ctx, o.maker, r.ID, r.Version)
			refused <- err
		}()
		for waits := false; !waits && err == nil; time.Sleep(5 * time.Millisecond) {
			select {
			case err := <-refused:
				refused <- err
				return store.Answer{}, nil
			default:
				err = owner.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) OR locktype = 'transactionid' AND NOT granted)").Scan(&waits)
			}
		}
		return store.Answer{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-refused; !fault.Is(err, "ROSTER_OUTDATED") {
		t.Errorf("locked beside a change of what is owed: %v", err)
	}
}
