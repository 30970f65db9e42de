package casework_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/calendar/workdays"
)

// The oracle of the worklists is slow and plain. After each thing that is done, and at each midnight between two of them, it reads all
// rows, goes through everybody and writes down who belongs on which list and since when; nothing is kept from one look to the next but
// that. The rules of the two subsidies are those of the recount of the indicators.

// due is a line of a worklist as it ought to be.
type due struct {
	list, programme, reason string
	person                  uuid.UUID
	name, area              string
	monthly                 int64
	under, over, failed     int64
	on                      calendar.Date
	detail                  string
	others                  []string
	parts                   []string // by what it stands there: it goes when all of them have gone
	since                   time.Time
	dueOn                   calendar.Date
	overdue, soon           bool
}

// String is all that is compared of a line.
func (d due) String() string {
	return fmt.Sprintf("%s %s %s %s %s %q monthly %d, under %d, over %d, failed %d, on %s, %q, others %v, since %s, due %s, overdue %v, soon %v", d.list, d.person, d.programme, d.reason, d.area, d.name,
		d.monthly, d.under, d.over, d.failed, d.on, d.detail, d.others, d.since.UTC().Format(time.RFC3339Nano), d.dueOn, d.overdue, d.soon)
}

// What is read beside the register.
type (
	rawCase struct {
		Person    uuid.UUID `json:"person_id"`
		Programme string    `json:"programme"`
		Stage     string    `json:"stage"`
	}
	rawLook struct {
		Person   uuid.UUID     `json:"person_id"`
		On       calendar.Date `json:"happened_on"`
		Passed   bool          `json:"passed"`
		Findings string        `json:"findings"`
		Recorded time.Time     `json:"recorded_at"`
	}
	rawRetrofit struct {
		ID        uuid.UUID     `json:"id"`
		Household uuid.UUID     `json:"household_id"`
		Opened    calendar.Date `json:"opened_on"`
		State     string        `json:"state"`
	}
	rawRoster struct {
		ID    uuid.UUID     `json:"id"`
		Month calendar.Date `json:"month"`
		State string        `json:"state"`
		Made  time.Time     `json:"made_at"`
	}
	rawLine struct {
		Roster    uuid.UUID `json:"roster_id"`
		Person    uuid.UUID `json:"person_id"`
		Programme string    `json:"programme"`
		State     string    `json:"state"`
		Failure   string    `json:"failure"`
	}
	rawPayment struct {
		Roster    uuid.UUID     `json:"roster_id"`
		Person    uuid.UUID     `json:"person_id"`
		Programme string        `json:"programme"`
		Month     calendar.Date `json:"month"`
		Fen       int64         `json:"amount_fen"`
		Live      bool          `json:"live"`
	}
	rawPayee struct {
		ID       uuid.UUID `json:"id"`
		Person   uuid.UUID `json:"person_id"`
		Holder   string    `json:"holder"`
		Relation string    `json:"relation"`
	}
	rawVisit struct {
		ID       uuid.UUID     `json:"id"`
		Person   uuid.UUID     `json:"person_id"`
		On       calendar.Date `json:"happened_on"`
		Outcome  string        `json:"outcome"`
		Note     string        `json:"note"`
		Recorded time.Time     `json:"recorded_at"`
	}
	rawEntry struct {
		Seq  int       `json:"seq"`
		At   time.Time `json:"at"`
		Hash string    `json:"hash"`
	}
	rawAskedBack struct {
		Person    uuid.UUID     `json:"person_id"`
		Programme string        `json:"programme"`
		Month     calendar.Date `json:"month"`
		Fen       int64         `json:"amount_fen"`
		Repaid    int64         `json:"repaid_fen"`
		Waived    int64         `json:"waived_fen"`
	}
)

// person is somebody of the register with what only the worklists ask about.
type person struct {
	*man
	name, phone, guardian string
	cases                 []rawCase
	looks                 []rawLook
	visits                []rawVisit
	outstanding           map[string]int64 // of what is asked back, by programme
	owedIn                map[string]int64 // found already, by programme and month
	homes                 []livedIn
	paid                  rawPayee // to whom the money goes
	account               string
}

// livedIn is a home with the days on which somebody lived there.
type livedIn struct {
	*home
	as        rawMember
	retrofits []rawRetrofit
}

// oracle keeps who stands on which list since when.
type oracle struct {
	w       *world
	people  []*person
	money   []due // what follows from payments: the same on each day until something is done
	since   map[string]time.Time
	numbers map[uuid.UUID]string // of accounts, by their rows
	chain   []rawEntry           // the audit in its order
	seen    time.Time            // the last instant that was looked at
	entries int                  // of the audit, at the last look
}

func newOracle(w *world) *oracle {
	o := &oracle{w: w, since: map[string]time.Time{}, numbers: map[uuid.UUID]string{}, seen: w.clock()}
	o.read()
	o.readChain()
	o.look(o.seen)
	return o
}

// observe looks at each midnight since the last look, with what was recorded then, and at now.
func (o *oracle) observe() []due {
	o.w.t.Helper()
	now := o.w.clock()
	o.readChain()
	for day := calendar.DateOf(o.seen).Add(1); !midnight(day).After(now); day = day.Add(1) {
		o.look(midnight(day))
	}
	var entries int
	if err := o.w.conn.QueryRow(o.w.t.Context(), "SELECT count(*) FROM audit_entries").Scan(&entries); err != nil {
		o.w.t.Fatal(err)
	}
	if entries != o.entries { // or else nothing was written
		o.read()
	}
	o.seen, o.entries = now, entries
	return o.look(now)
}

func midnight(day calendar.Date) time.Time {
	t, err := time.Parse("2006-01-02 15:04 -0700", day.String()+" 00:00 +0800")
	if err != nil {
		panic(err)
	}
	return t
}

// look goes through everybody at an instant, and notes what has come and what has gone.
func (o *oracle) look(at time.Time) []due {
	day := calendar.DateOf(at)
	list := slices.Clone(o.money)
	for _, p := range o.people {
		list = append(list, p.onLists(day)...)
	}
	list = append(list, o.duplicates()...)
	list = append(list, o.sharedAccounts(day)...)
	list = append(list, o.toVisit(day)...)
	since := map[string]time.Time{}
	for i, d := range list {
		for _, part := range d.parts {
			part = d.list + " " + d.person.String() + " " + part
			if since[part] = at; !o.since[part].IsZero() {
				since[part] = o.since[part]
			}
			if list[i].since.IsZero() || since[part].Before(list[i].since) {
				list[i].since = since[part]
			}
		}
		list[i].dueOn = dueOn(list[i], day)
		list[i].overdue = day.After(list[i].dueOn)
		list[i].soon = !list[i].overdue && !list[i].dueOn.After(nextWorking(day))
	}
	o.since = since
	return list
}

// workingDays are how many there are for a lead, by list and reason or list alone.
var workingDays = map[string]int{"enrolled_not_eligible": 5, "eligible_not_enrolled": 5, "wrong_amount": 5, "undeliverable_payment": 5, "reverification_due": 5, "turning_age": 20,
	"certificate_expiring EXPIRES_IN_6_MONTHS": 20, "certificate_expiring EXPIRES_IN_1_MONTH": 5, "certificate_expiring CERT_EXPIRED": 5, "no_survey": 60, "retrofit_need": 60, "duplicate": 10, "shared_account": 5,
	"home_visit NOT_VISITED": 50, "home_visit NOT_FOUND": 10}

// nextWorking is the working day after a day: what is due by then is due soon.
func nextWorking(day calendar.Date) calendar.Date {
	for day = day.Add(1); !workdays.Builtin().IsWorking(day); {
		day = day.Add(1)
	}
	return day
}

// dueOn counts working days one by one. Who has to be verified has until the last working day of June.
func dueOn(d due, today calendar.Date) calendar.Date {
	if d.reason == "NOT_VERIFIED" {
		last := calendar.MustDate(fmt.Sprintf("%d-06-30", today.Year()))
		for !workdays.Builtin().IsWorking(last) {
			last = last.Add(-1)
		}
		return last
	}
	n, known := workingDays[d.list]
	if !known {
		n = workingDays[d.list+" "+d.reason]
	}
	day := calendar.DateOf(d.since)
	for n > 0 {
		if day = day.Add(1); workdays.Builtin().IsWorking(day) {
			n--
		}
	}
	return day
}

// read reads all rows. Whoever has not changed keeps what was found of his months.
func (o *oracle) read() {
	o.w.t.Helper()
	conn, now := o.w.conn, o.w.clock()
	before := map[uuid.UUID]*person{}
	for _, p := range o.people {
		before[p.ID] = p
	}
	o.people = nil
	byID := map[uuid.UUID]*person{}
	register := o.w.read(conn, now, asTheyAre)
	for _, m := range register.persons {
		p := &person{man: m, outstanding: map[string]int64{}, owedIn: map[string]int64{}}
		if old := before[m.ID]; old != nil && unchanged(*old.man, *m) {
			p.man, p.owedIn = old.man, old.owedIn
		}
		byID[m.ID], o.people = p, append(o.people, p)
	}
	retrofits := map[uuid.UUID][]rawRetrofit{}
	for _, s := range fetch[rawRetrofit](o.w.office, conn, now, fmt.Sprintf(asTheyAre, "services")) {
		retrofits[s.Household] = append(retrofits[s.Household], s)
	}
	for _, h := range register.households {
		for _, m := range h.members {
			byID[m.Person].homes = append(byID[m.Person].homes, livedIn{h, m, retrofits[h.ID]})
		}
	}
	for _, d := range o.w.dossiers() {
		p := byID[d.File.Person.ID]
		p.name, p.phone = d.File.Person.Name, d.File.Person.Phone
		if g := d.File.Person.Guardian; g != nil {
			p.guardian = g.IDNumber.Reveal()
		}
	}
	for _, c := range fetch[rawCase](o.w.office, conn, now, "SELECT jsonb_build_object('person_id', person_id, 'programme', programme, 'stage', stage) FROM applications WHERE $1::timestamptz IS NOT NULL") {
		byID[c.Person].cases = append(byID[c.Person].cases, c)
	}
	const current = "SELECT to_jsonb(y) FROM payees y WHERE superseded_at IS NULL AND NOT EXISTS (SELECT FROM merged_persons g WHERE g.person_id = y.person_id) AND $1::timestamptz IS NOT NULL"
	for _, y := range fetch[rawPayee](o.w.office, conn, now, current) {
		byID[y.Person].paid, byID[y.Person].account = y, o.numberOf(y)
	}
	for _, l := range fetch[rawLook](o.w.office, conn, now, fmt.Sprintf(asTheyAre, "verifications")) {
		byID[l.Person].looks = append(byID[l.Person].looks, l)
	}
	for _, v := range fetch[rawVisit](o.w.office, conn, now, fmt.Sprintf(asTheyAre, "home_visits")) {
		byID[v.Person].visits = append(byID[v.Person].visits, v)
	}
	o.money = o.ofMoney(byID)
}

// unchanged compares two readings of a person, without what was found of them.
func unchanged(a, b man) bool {
	a.months, b.months, a.validOn, b.validOn = nil, nil, nil, nil
	return reflect.DeepEqual(a, b)
}

// rates are what a month pays in yuan, by programme and the first year, by level.
var rates = map[string]map[int]map[int]int64{
	"living_allowance": {2017: {1: 80, 2: 80, 3: 80, 4: 80}, 2020: {1: 147, 2: 147, 3: 119, 4: 119}, 2021: {1: 162, 2: 162, 3: 131, 4: 131}, 2022: {1: 180, 2: 180, 3: 145, 4: 145}, 2023: {1: 185, 2: 185, 3: 145, 4: 145}},
	"nursing_subsidy":  {2017: {1: 80, 2: 80}, 2020: {1: 132, 2: 115}, 2021: {1: 146, 2: 127}, 2022: {1: 161, 2: 140}, 2023: {1: 167, 2: 140}},
}

// rate is what a level gets in a month, in fen.
func rate(programme string, level int, month calendar.Month) int64 {
	for year := month.First().Year(); year > 2016; year-- {
		if table, found := rates[programme][year]; found {
			return table[level] * 100
		}
	}
	return 8000
}

// levelIn is the level of the first good day of a month.
func (p *person) levelIn(programme string, month calendar.Month) int {
	for day := month.First(); !day.After(month.Last()); day = day.Add(1) {
		if p.right(programme, day) == good {
			return p.level(day)
		}
	}
	return 0
}

// owed is what a month is owed, in fen.
func (p *person) owed(programme string, month calendar.Month) int64 {
	if p.suspended(month) {
		return 0
	}
	key := programme + month.String()
	if fen, found := p.owedIn[key]; found {
		return fen
	}
	p.owedIn[key] = 0
	if p.payable(programme, month) {
		p.owedIn[key] = rate(programme, p.levelIn(programme, month), month)
	}
	return p.owedIn[key]
}

// suspended reports whether somebody has looked and found that the conditions do not hold: nothing is paid from the next month on, until
// somebody finds that they do.
func (p *person) suspended(month calendar.Month) bool {
	looks := slices.SortedStableFunc(slices.Values(p.looks), func(a, b rawLook) int { return cmp.Or(a.On.Compare(b.On), a.Recorded.Compare(b.Recorded)) })
	var failed calendar.Date
	for _, l := range looks {
		switch {
		case l.Passed:
			failed = calendar.Date{}
		case failed.IsZero():
			failed = l.On
		}
	}
	return !failed.IsZero() && month.After(failed.Month())
}

// ofMoney goes through every month of somebody that was ever on a list of payments.
func (o *oracle) ofMoney(byID map[uuid.UUID]*person) (list []due) {
	o.w.t.Helper()
	now, conn, office := o.w.clock(), o.w.conn, o.w.office
	rosters := map[uuid.UUID]rawRoster{}
	for _, r := range fetch[rawRoster](office, conn, now, fmt.Sprintf(asTheyAre, "rosters")) {
		rosters[r.ID] = r
	}
	const unordered = "SELECT to_jsonb(t) FROM %s t WHERE $1::timestamptz IS NOT NULL"
	lines := map[string]rawLine{}
	for _, l := range fetch[rawLine](office, conn, now, fmt.Sprintf(unordered, "roster_lines")) {
		lines[fmt.Sprint(l.Roster, l.Person, l.Programme)] = l
	}
	accounts := map[string]*account{}
	of := func(who uuid.UUID, programme string, month calendar.Date) *paidMonth {
		key := who.String() + programme
		if accounts[key] == nil {
			accounts[key] = &account{person: byID[who], programme: programme, months: map[string]*paidMonth{}}
		}
		a := accounts[key]
		if a.months[month.String()] == nil {
			a.months[month.String()] = &paidMonth{month: month.Month()}
		}
		return a.months[month.String()]
	}
	for _, p := range fetch[rawPayment](office, conn, now, fmt.Sprintf(unordered, "payments")) {
		line, r, m := lines[fmt.Sprint(p.Roster, p.Person, p.Programme)], rosters[p.Roster], of(p.Person, p.Programme, p.Month)
		switch {
		case p.Live && line.State == "paid":
			m.paid += p.Fen
			m.closed = m.closed || r.State == "closed"
		case !p.Live && line.State == "failed" && (m.failedOn.IsZero() || r.Month.After(m.failedOn) || r.Month == m.failedOn && r.Made.After(m.failedMade)):
			m.failedOn, m.failedMade, m.failure = r.Month, r.Made, line.Failure
		}
	}
	for _, b := range fetch[rawAskedBack](office, conn, now, fmt.Sprintf(asTheyAre, "recovery_months")) {
		m := of(b.Person, b.Programme, b.Month)
		m.asked, m.back = m.asked+b.Fen, m.back+b.Repaid+b.Waived
		byID[b.Person].outstanding[b.Programme] += b.Fen - b.Repaid - b.Waived
	}
	for _, key := range slices.Sorted(maps.Keys(accounts)) {
		list = append(list, accounts[key].wrong()...)
	}
	return list
}

// account is what was paid to somebody by a programme.
type account struct {
	person    *person
	programme string
	months    map[string]*paidMonth
}

// paidMonth is what became of a month: what was paid, asked back, and has come back or was waived; and how the bank failed.
type paidMonth struct {
	month             calendar.Month
	paid, asked, back int64
	closed            bool
	failedOn          calendar.Date
	failedMade        time.Time
	failure           string
}

// wrong are the lines of an account.
func (a *account) wrong() (list []due) {
	under := due{list: "wrong_amount", reason: "UNDERPAID"}
	over := due{list: "wrong_amount", reason: "OVERPAID"}
	failed := due{list: "undeliverable_payment", reason: "PAYMENT_FAILED"}
	var last *paidMonth
	for _, key := range slices.Sorted(maps.Keys(a.months)) {
		m := a.months[key]
		owed := a.person.owed(a.programme, m.month)
		part := a.programme + " " + key
		if short := owed - m.paid + m.back; m.closed && short > 0 {
			under.under, under.parts = under.under+short, append(under.parts, "under "+part)
		}
		if much := m.paid - owed - m.asked; m.closed && much > 0 {
			over.over, over.parts = over.over+much, append(over.parts, "over "+part)
		}
		if rest := owed - m.paid + m.back; !m.failedOn.IsZero() && rest > 0 {
			failed.failed, failed.parts = failed.failed+rest, append(failed.parts, part)
			if last == nil || !m.failedOn.Before(last.failedOn) {
				last, failed.detail = m, m.failure
			}
		}
	}
	for _, d := range []due{under, over, failed} {
		if len(d.parts) > 0 {
			list = append(list, a.person.line(d, a.programme))
		}
	}
	return list
}

func (p *person) line(d due, programme string) due {
	d.person, d.name, d.area, d.programme = p.ID, p.name, p.Managing, programme
	return d
}

// duplicates are who has a name in common with somebody else, and another thing.
func (o *oracle) duplicates() (list []due) {
	for _, p := range o.people {
		for reason, same := range map[string]func(q *person) bool{
			"SAME_NAME_BIRTH_TOWN": func(q *person) bool {
				return p.Birth == q.Birth && p.Managing[:min(9, len(p.Managing))] == q.Managing[:min(9, len(q.Managing))]
			},
			"SAME_GUARDIAN_NAME": func(q *person) bool { return p.guardian != "" && p.guardian == q.guardian },
			"SAME_PHONE_NAME":    func(q *person) bool { return p.phone != "" && p.phone == q.phone },
		} {
			d := due{list: "duplicate", reason: reason}
			for _, q := range o.people {
				if q != p && p.Type != "HISTORICAL" && q.Type != "HISTORICAL" && p.name == q.name && same(q) {
					d.others, d.parts = append(d.others, q.ID.String()), append(d.parts, reason+" "+q.ID.String())
				}
			}
			if slices.Sort(d.others); len(d.others) > 0 {
				list = append(list, p.line(d, ""))
			}
		}
	}
	return list
}

// numberOf is the number of an account, which stands sealed in its row.
func (o *oracle) numberOf(y rawPayee) string {
	o.w.t.Helper()
	if _, known := o.numbers[y.ID]; !known {
		list, err := o.w.desk.DB.Payees(o.w.t.Context(), o.w.maker, y.Person)
		if err != nil {
			o.w.t.Fatal(err)
		}
		for _, p := range list {
			o.numbers[p.ID] = p.Account
		}
	}
	return o.numbers[y.ID]
}

// readChain reads what has come to the audit.
func (o *oracle) readChain() {
	o.w.t.Helper()
	sql := fmt.Sprintf(`SELECT jsonb_build_object('seq', seq, 'at', at, 'hash', encode(hash, 'hex')) FROM audit_entries WHERE seq > %d AND $1::timestamptz IS NOT NULL ORDER BY seq`, len(o.chain))
	o.chain = append(o.chain, fetch[rawEntry](o.w.office, o.w.conn, o.w.clock(), sql)...)
}

// The quarter in which people are drawn for the first time, and below what a hash begins of who is drawn: two of five.
var (
	firstDrawn = calendar.MustDate("2022-01-01")
	drawnBelow = "66666666"
)

// toVisit are those in pay whom the last visit has not found, and those drawn in this quarter who were not visited in it: of each a hash over that of
// the last entry before the first one of the quarter.
func (o *oracle) toVisit(day calendar.Date) (list []due) {
	year, month, _ := day.YMD()
	quarter := calendar.NewMonth(year, (month-1)/3*3+1).First()
	seed := o.chain[0].Hash
	for _, e := range o.chain {
		if !e.At.Before(midnight(quarter)) {
			break
		}
		seed = e.Hash
	}
	for _, p := range o.people {
		paid := false
		for _, programme := range subsidies {
			where, _ := p.subsidy(programme, day)
			paid = paid || where == covered && !p.suspended(day.Month())
		}
		var last rawVisit
		for _, v := range p.visits {
			if last.On.IsZero() || !v.On.Before(last.On) { // in the order in which they were recorded
				last = v
			}
		}
		sum := sha256.Sum256([]byte(seed + quarter.String() + p.ID.String()))
		drawn := !day.Before(firstDrawn) && hex.EncodeToString(sum[:4]) < drawnBelow
		switch {
		case !paid:
		case last.Outcome != "" && last.Outcome != "met":
			list = append(list, p.line(due{list: "home_visit", reason: "NOT_FOUND", on: last.On, detail: last.Note, parts: []string{"not found"}}, ""))
		case drawn && last.On.Before(quarter):
			list = append(list, p.line(due{list: "home_visit", reason: "NOT_VISITED", parts: []string{"drawn " + quarter.String()}}, ""))
		}
	}
	return list
}

// sharedAccounts are the living whose account is that of somebody else who lives, and not that of the guardian of both.
func (o *oracle) sharedAccounts(day calendar.Date) (list []due) {
	lives := func(p *person) bool { return p.account != "" && p.alive(day) && p.Type != "HISTORICAL" }
	for _, p := range o.people {
		d := due{list: "shared_account", reason: "SHARED_ACCOUNT"}
		for _, q := range o.people {
			wards := p.paid.Relation == "guardian" && q.paid.Relation == "guardian" && p.paid.Holder == q.paid.Holder
			if p != q && lives(p) && lives(q) && p.account == q.account && !wards {
				d.others = append(d.others, q.ID.String())
				d.parts = append(d.parts, q.ID.String()+p.account+fmt.Sprint(p.paid.wardOf(), q.paid.wardOf()))
			}
		}
		if slices.Sort(d.others); len(d.others) > 0 {
			list = append(list, p.line(d, ""))
		}
	}
	return list
}

// wardOf is the guardian who gets the money.
func (y rawPayee) wardOf() string {
	if y.Relation == "guardian" {
		return y.Holder
	}
	return ""
}

// inside are the lines of an area, as somebody sees them who sees that area: others elsewhere are not told.
func inside(list []due, area string, seen func(other string) bool) (lines []string) {
	for _, d := range list {
		if !strings.HasPrefix(d.area, area) {
			continue
		}
		d.others = slices.DeleteFunc(slices.Clone(d.others), func(other string) bool { return !seen(other) })
		if (d.list == "duplicate" || d.list == "shared_account") && len(d.others) == 0 {
			continue
		}
		lines = append(lines, d.String())
	}
	slices.Sort(lines)
	return lines
}
