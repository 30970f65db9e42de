package httpapi_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// listOffice is a service with some people on it, who receive or do not, and lists that other departments send about them.
type listOffice struct {
	*service
	conn   *pgx.Conn
	random *rand.Rand
	people []string // ids
}

// sent is a list as a department sends it.
type sent struct {
	kind, asOf string
	lines      []string
}

// byHand is what an officer records himself.
type byHand struct {
	person                int
	kind, value, from, to string
}

// listsFrom is the first number of the people.
const listsFrom = 740

func newListOffice(t *testing.T, seed uint64) *listOffice {
	t.Helper()
	o := &listOffice{service: start(t), random: rand.New(rand.NewPCG(seed, 5))}
	conn, err := pgx.Connect(t.Context(), o.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	o.conn = conn
	for n := range 9 {
		id := o.person1(listsFrom+n, 1+n%3)
		if n%3 < 2 {
			o.granted(id, nursing, "2023-01-05", "2023-01-06")
		}
		if n%2 == 0 {
			o.granted(id, "living_allowance", "2023-01-05", "2023-01-06")
		}
		o.people = append(o.people, id)
	}
	o.at("2023-06-05")
	return o
}

// someLists are lists of several kinds and days, each about some of the people; no two are of one kind and day.
func someLists(random *rand.Rand) (lists []sent) {
	date := map[string]string{"deaths": "死亡日期", "imprisonment": "判决生效日期", "medical": "参保年度"}
	for n, kind := range []string{"dibao", "dibao", "tekun", "tekun", "injury_fee", "deaths", "imprisonment", "medical"} {
		l := sent{kind: kind, asOf: fmt.Sprintf("2023-%02d-%02d", 1+random.IntN(5), 1+n)}
		heading := date[kind]
		if heading == "" {
			heading = "起始日期"
		}
		l.lines = []string{"姓名,身份证号,险种," + heading}
		for who := range 9 {
			if random.IntN(5) < 2 || who == n {
				day := fmt.Sprintf("2022-%02d-%02d", 1+random.IntN(12), 1+random.IntN(28))
				if kind == "medical" {
					day = "2023"
				}
				l.lines = append(l.lines, fmt.Sprintf("金丝雀%d,%s,居民,%s", listsFrom+who, number(listsFrom+who), day))
			}
		}
		lists = append(lists, l)
	}
	return lists
}

// someDeeds are facts that officers record by hand, of kinds that none of the lists speaks of: these commute with the lists.
func someDeeds(random *rand.Rand) (deeds []byHand) {
	for range 8 {
		d := byHand{person: random.IntN(9), from: fmt.Sprintf("2022-%02d-%02d", 1+random.IntN(12), 1+random.IntN(28))}
		d.kind, d.value = []string{"employment", "school", "welfare_home", "dibao_edge"}[len(deeds)%4], []string{"employed", "regular", "yes", "household"}[len(deeds)%4]
		if random.IntN(2) == 0 {
			d.to = fmt.Sprintf("2023-%02d-15", 1+random.IntN(7))
		}
		deeds = append(deeds, d)
	}
	return deeds
}

func (o *listOffice) byHand(d byHand) {
	o.t.Helper()
	body := map[string]any{"kind": d.kind, "value": d.value, "valid_from": d.from, "source": "入户"}
	if d.to != "" {
		body["valid_to"] = d.to
	}
	if a := o.do("cdpf", "POST", "/persons/"+o.people[d.person]+"/circumstances", body); a.status != 201 && a.status != 409 && a.status != 422 { // two of one kind may overlap
		a.want(201)
	}
}

// handIn hands a list in, and confirms one that leaves out too many to be believed.
func (o *listOffice) handIn(l sent) answer {
	o.t.Helper()
	a := o.list("civil", "kind="+l.kind+"&sender=x&as_of="+l.asOf, l.lines...).want(201)
	if a.json()["state"] == "waiting" {
		a = o.do("civil", "POST", "/imports/"+a.text("id")+"/confirmation", map[string]any{"reason": "名单属实"}, "If-Match", a.version()).want(200)
	}
	return a
}

// takeIn hands a list in and confirms at once what waits because of it.
func (o *listOffice) takeIn(l sent) answer {
	o.t.Helper()
	a := o.handIn(l)
	if v := a.json(); v["state"] != "done" || v["refused"] != 0.0 {
		o.t.Fatalf("a list: %s", a.body)
	}
	o.confirmAll()
	return a
}

// confirmAll confirms what waits, in any order, until nothing does.
func (o *listOffice) confirmAll() {
	o.t.Helper()
	for {
		waiting := items(o.do("civil", "GET", "/list-statements?limit=50", nil).want(200), "items")
		if len(waiting) == 0 {
			return
		}
		one := waiting[o.random.IntN(len(waiting))]["id"].(string)
		o.do("civil", "POST", "/list-statements/"+one+"/decisions", map[string]any{"decision": "confirm", "reason": "核实"}).want(201)
	}
}

func (o *listOffice) undo(a answer) {
	o.t.Helper()
	o.do("civil", "POST", "/imports/"+a.text("id")+"/undo", nil, "If-Match", a.version()).want(200)
}

// query is the rows of a statement, a line each.
func (o *listOffice) query(sql string) string {
	o.t.Helper()
	rows, err := o.conn.Query(o.t.Context(), sql)
	if err != nil {
		o.t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		o.t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// What is so of the people, by their names: the facts that are held true, and all that is derived from them; not since when it is known.
// Facts that follow one another without a change count as one, and 低保 without a word of which sort is that of a whole household.
var (
	factsNow = `SELECT concat_ws(' ', p.name, c.kind, c.value, lower(r), upper(r)) FROM (
		SELECT person_id, kind, CASE WHEN kind = 'dibao' AND value = 'true' THEN '"household"' ELSE value END AS value, unnest(range_agg(daterange(valid_from, valid_to, '[]'))) AS r
		FROM circumstances WHERE superseded_at IS NULL GROUP BY 1, 2, 3) c
		JOIN persons p ON p.id = c.person_id ORDER BY 1`
	standingsNow = `SELECT concat_ws(' ', p.name, s.indicator, s.valid_from, s.valid_to, s.status, s.reason, s.area_code, s.category, s.level, s.hardship, s.registered_poor, s.components)
		FROM standings s JOIN persons p ON p.id = s.person_id ORDER BY 1`
	duesNow   = `SELECT concat_ws(' ', p.name, d.programme, d.from_month, d.to_month, d.level, d.amount_fen) FROM dues d JOIN persons p ON p.id = d.person_id ORDER BY 1`
	heldNow   = `SELECT concat_ws(' ', p.name, h.programme, h.reason) FROM payment_holds h JOIN persons p ON p.id = h.person_id WHERE h.released_at IS NULL ORDER BY 1`
	awardsNow = `SELECT concat_ws(' ', p.name, a.programme, a.start_month, a.end_month, a.void) FROM awards a JOIN persons p ON p.id = a.person_id ORDER BY 1`
)

func (o *listOffice) state() map[string]string {
	o.t.Helper()
	return map[string]string{"facts": o.query(factsNow), "standings": o.query(standingsNow), "dues": o.query(duesNow), "holds": o.query(heldNow), "awards": o.query(awardsNow)}
}

// wantState compares what is so with what ought to be.
func (o *listOffice) wantState(when string, want map[string]string) {
	o.t.Helper()
	for what, got := range o.state() {
		if got != want[what] {
			o.t.Fatalf("%s, other %s:\n%s", when, what, differing(got, want[what]))
		}
	}
}

// differing are the lines that are only in one of two texts.
func differing(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	var lines []string
	for _, line := range a {
		if !slices.Contains(b, line) {
			lines = append(lines, "got  "+line)
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			lines = append(lines, "want "+line)
		}
	}
	return strings.Join(lines[:min(len(lines), 20)], "\n")
}

// contents is a sum over every row of every table of what people would call the register, beside the log of who did what and the
// imports themselves.
func (o *listOffice) contents() string {
	o.t.Helper()
	var sums []string
	for _, table := range strings.Split(o.query(`SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`), "\n") {
		if !strings.HasPrefix(table, "audit_") && !slices.Contains([]string{"imports", "import_changes", "import_progress", "sessions", "login_attempts"}, table) {
			sums = append(sums, table+" "+o.query("SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM "+table+" t"))
		}
	}
	return strings.Join(sums, "\n")
}

// changes are those that an import has made, or a dry run would make.
func (o *listOffice) changes(a answer) string {
	o.t.Helper()
	return fmt.Sprint(o.do("civil", "GET", "/imports/"+a.text("id")+"/changes?limit=200", nil).want(200).json()["items"])
}

// TestListsComeAndGo: whatever the order in which lists of other departments arrive, are taken back and are sent again, and whatever
// officers record by hand between them, the facts in the end, and all that is derived from them, are those of a register in which the
// officers have recorded the same and each list has come once. Taken back, they leave nothing.
func TestListsComeAndGo(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 77))
			lists, deeds := someLists(random), someDeeds(random)
			plain := newListOffice(t, seed)
			bare := plain.state()
			for _, d := range deeds {
				plain.byHand(d)
			}
			before := plain.state()
			for _, l := range lists {
				plain.takeIn(l)
			}
			after := plain.state()
			for _, what := range []string{"facts", "standings", "dues"} {
				if before[what] == after[what] || what != "dues" && bare[what] == before[what] {
					t.Fatalf("the %s do not change; the test shows nothing", what)
				}
			}
			o := newListOffice(t, seed+100)
			o.wantState("another register of the same people", bare)
			o.comeAndGo(lists, deeds, before, after)
		})
	}
}

func (o *listOffice) comeAndGo(lists []sent, deeds []byHand, before, after map[string]string) {
	o.t.Helper()
	in := map[int]answer{}
	for len(deeds) > 0 || len(in) < len(lists) {
		n := o.random.IntN(len(lists))
		taken, there := in[n]
		switch {
		case len(deeds) > 0 && o.random.IntN(3) == 0:
			o.byHand(deeds[0])
			deeds = deeds[1:]
		case there && o.random.IntN(4) == 0:
			o.undo(taken)
			delete(in, n)
		case !there:
			in[n] = o.takeIn(lists[n])
		}
	}
	o.wantState("all lists there", after)
	for round := range 2 {
		for _, n := range o.random.Perm(len(lists)) {
			o.undo(in[n])
		}
		o.wantState(fmt.Sprint("round ", round, ", all taken back"), before)
		for _, n := range o.random.Perm(len(lists)) {
			in[n] = o.takeIn(lists[n])
		}
		o.wantState(fmt.Sprint("round ", round, ", sent again"), after)
	}
	if _, differed, err := o.desk.RebuildStandings(o.t.Context(), systemActor, true); err != nil || differed != 0 {
		o.t.Errorf("%d standings differ from the facts (%v)", differed, err)
	}
}

// hitLists are lists of which every row about somebody who receives is a hit, several of each kind, about many of the same people.
func hitLists(random *rand.Rand) (lists []sent) {
	for n, kind := range []string{"deaths", "deaths", "deaths", "imprisonment", "imprisonment", "imprisonment"} {
		l := sent{kind: kind, asOf: fmt.Sprintf("2023-%02d-%02d", 2+n%3, 1+n), lines: []string{"姓名,身份证号," + map[string]string{"deaths": "死亡日期", "imprisonment": "判决生效日期"}[kind]}}
		for who := range 9 {
			if random.IntN(4) > 0 && (who%2 == 0) == (kind == "deaths") {
				l.lines = append(l.lines, fmt.Sprintf("金丝雀%d,%s,2023-01-%02d", listsFrom+who, number(listsFrom+who), 1+random.IntN(28)))
			}
		}
		lists = append(lists, l)
	}
	return lists
}

// TestHitsRepeatedWhileTheyWait: whether an officer confirms hits one by one as the lists arrive, or only after others have repeated them, and
// whichever of the lists are taken back and sent again meanwhile, the facts in the end are the same.
func TestHitsRepeatedWhileTheyWait(t *testing.T) {
	t.Parallel()
	plain := newListOffice(t, 11)
	before, lists := plain.state(), hitLists(plain.random)
	for _, l := range lists {
		plain.takeIn(l)
	}
	after := plain.state()
	if before["facts"] == after["facts"] || before["dues"] == after["dues"] {
		t.Fatal("the lists change nothing; the test shows nothing")
	}
	o := newListOffice(t, 12)
	for round := range 3 {
		in := map[int]answer{}
		for len(in) < len(lists) {
			n := o.random.IntN(len(lists))
			switch taken, there := in[n]; {
			case !there:
				in[n] = o.handIn(lists[n])
			case o.random.IntN(4) == 0:
				o.undo(taken)
				delete(in, n)
			}
		}
		o.confirmAll()
		o.wantState(fmt.Sprint("round ", round, ", all confirmed"), after)
		back := o.random.Perm(len(lists))
		for _, n := range back[:3] {
			o.undo(in[n])
		}
		for _, n := range back[:3] {
			in[n] = o.handIn(lists[n])
		}
		o.confirmAll()
		o.wantState(fmt.Sprint("round ", round, ", some sent again"), after)
		for _, n := range o.random.Perm(len(lists)) {
			o.undo(in[n])
		}
		o.wantState(fmt.Sprint("round ", round, ", all taken back"), before)
	}
}

// TestDryRunChangesNothing: a dry run leaves every row of every table as it was, and tells the very changes that the import then makes.
func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	o := newListOffice(t, 9)
	told := 0
	o.login("civil")
	for _, l := range someLists(o.random) {
		before := o.contents()
		dry := o.list("civil", "dry_run=true&kind="+l.kind+"&sender=x&as_of="+l.asOf, l.lines...).want(201)
		if after := o.contents(); after != before {
			t.Fatalf("a dry run of %s changes\n%s", l.kind, differing(after, before))
		}
		taken := o.handIn(l)
		if before != o.contents() {
			told++
		}
		for _, n := range []string{"changed", "same", "refused", "pending", "new"} {
			if dry.json()[n] != taken.json()[n] {
				t.Errorf("%s: the dry run tells %v %s, the import %v", l.kind, dry.json()[n], n, taken.json()[n])
			}
		}
		if told, made := o.changes(dry), o.changes(taken); told != made {
			t.Errorf("%s: the dry run tells\n%s\nthe import makes\n%s", l.kind, told, made)
		}
	}
	if told < 6 {
		t.Errorf("%d lists changed something; the test shows little", told)
	}
}
