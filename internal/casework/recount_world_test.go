package casework_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/auth"
	"zhucan/internal/blobs"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/indicator"
	"zhucan/internal/policy"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

var recounts = flag.Int("recounts", 1, "how many random registers are recounted")

// world is a small district with a random life.
type world struct {
	*office
	persons    []uuid.UUID
	households []uuid.UUID
	facilities []uuid.UUID
	keys       map[bool][]string // of the pack: those that count persons, and those that count households
	refused    map[string]int
	born       int       // how many numbers were given out
	conn       *pgx.Conn // as the owner, past the service; only where rows are read again and again
}

const district = "370305"

// The villages: two of one town, two of another, one of a third, without a class or with one that its name does not tell.
var worldTree = []area.Division{
	{Code: "370305", Name: "临淄区"}, {Code: "370305001", Name: "闻韶街道"}, {Code: "370305100", Name: "齐都镇"}, {Code: "370305111", Name: "金山镇"},
	{Code: "370305001005", Name: "甲社区居委会", UrbanRuralClass: "111"}, {Code: "370305001009", Name: "乙社区居委会", UrbanRuralClass: "220"},
	{Code: "370305100201", Name: "丙村委会", UrbanRuralClass: "121"}, {Code: "370305100202", Name: "丁村委会", UrbanRuralClass: "220"},
	{Code: "370305111245", Name: "戊村委会"},
}

var worldVillages = []area.Code{"370305001005", "370305001009", "370305100201", "370305100202", "370305111245"}

// The village that is merged into its neighbour, and its last day.
const mergedVillage, intoVillage = "370305100202", "370305100201"

var mergedOn = calendar.MustDate("2023-08-31")

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	o := &office{t: t, db: testdb.New(t), random: rand.New(rand.NewPCG(seed, 8)), done: map[string]int{}}
	o.on(calendar.MustDate("2021-06-01"))
	o.desk = &casework.Desk{DB: o.db.Open(t, o.clock), Rules: casework.NewRules(policy.MustLoadBuiltin()), Now: o.clock, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
		Passwords: auth.NewCheapPasswords(), Tokens: auth.NewTokens(o.db.Ring), Log: testdb.Log(t)}
	var err error
	if o.desk.Files, err = blobs.Open(t.Context(), blobs.Folder(t.TempDir()), o.db.Ring); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.desk.Files.Close() })
	tree := make([]area.Division, len(worldTree))
	for i, d := range worldTree {
		d.ValidFrom = calendar.MustDate("2016-01-01")
		tree[i] = d
	}
	if _, err := o.desk.ImportDivisions(t.Context(), access.SystemActor(), tree); err != nil {
		t.Fatal(err)
	}
	o.maker, o.checker, o.sender = o.officer(access.VillageLiaison), o.officer(access.TownOfficer), o.officer(access.CDPFReviewer)
	w := &world{office: o, keys: map[bool][]string{}, refused: map[string]int{}}
	for _, d := range o.desk.Pack().Counting(policy.UnitPerson) {
		w.keys[false] = append(w.keys[false], d.Key())
	}
	for _, d := range o.desk.Pack().Counting(policy.UnitHousehold) {
		w.keys[true] = append(w.keys[true], d.Key())
	}
	return w
}

// officer is somebody who acts everywhere in the district in a role.
func (o *office) officer(role access.Role) access.Actor {
	o.t.Helper()
	account, err := o.desk.CreateAccount(o.t.Context(), access.SystemActor(), casework.NewAccount{Username: string(role), Name: "测试", Password: "a long enough secret", Role: role, Area: district})
	if err != nil {
		o.t.Fatal(err)
	}
	return access.Actor{AccountID: account.ID, Role: role, Area: district}
}

// pick chooses one of several.
func pick[T any](w *world, list ...T) T { return list[w.random.IntN(len(list))] }

// chance is true so many times of a hundred.
func (w *world) chance(percent int) bool { return w.random.IntN(100) < percent }

// pass lets some minutes go by.
func (w *world) pass() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(time.Duration(1+w.random.IntN(40)) * time.Minute)
}

func (w *world) today() calendar.Date { return calendar.DateOf(w.clock()) }

// lately is a day of the last years.
func (w *world) lately() calendar.Date { return w.today().Add(-w.random.IntN(900)) }

// number is a made-up ID number of somebody born on a day: area 379999 was never assigned.
func (w *world) number(born calendar.Date) string {
	w.born++
	y, m, d := born.YMD()
	body := fmt.Sprintf("379999%04d%02d%02d%03d", y, m, d, w.born%1000)
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(body[i]-'0') * weight
	}
	return body + string("10X98765432"[sum%11])
}

func (w *world) card(number string, issued calendar.Date) *casework.NewCertificate {
	c := &casework.NewCertificate{Category: 1 + w.random.IntN(7), Level: 1 + w.random.IntN(4), IssuedOn: issued}
	if c.Category == 7 {
		c.Components = []casefile.Component{{Category: pick(w, 1, 4, 5), Level: c.Level}, {Category: pick(w, 2, 6), Level: min(4, c.Level+1)}}
	}
	if w.chance(25) { // runs out in these years
		c.ExpiresOn = issued.Add(400 + w.random.IntN(2000))
	}
	c.Number = fmt.Sprintf("%s%d%d", number, c.Category, c.Level)
	return c
}

// enter brings somebody into the register: mostly holders, some children, a few whose hukou is elsewhere or whose place is no
// village.
func (w *world) enter() error {
	born := calendar.NewYear(pick(w, 1940, 1960, 1970, 1985, 2000, 2005, 2008, 2012, 2016, 2019)).Add(w.random.IntN(700))
	if w.chance(4) {
		born = pick(w, calendar.MustDate("2004-02-29"), calendar.MustDate("1964-02-29"))
	}
	in := casework.NewPerson{Name: fmt.Sprintf("金丝雀%d", w.born), IDNumber: w.number(born), Hukou: pick(w, worldVillages...),
		HukouType: pick(w, "agricultural", "agricultural", "non_agricultural", "")}
	in.Managing = in.Hukou
	switch {
	case w.chance(5):
		in.Hukou = "130102001001"
	case w.chance(5):
		in.Managing = "370305001" // known to the town only
	}
	young := born.After(w.today().AddYears(-17))
	if young && w.chance(60) {
		in.Diagnosis = "孤独症"
	} else {
		issued := w.today().Add(-30 - w.random.IntN(2500))
		if issued.Before(born) {
			issued = born.Add(30)
		}
		in.Certificate = w.card(in.IDNumber, issued)
	}
	d, err := w.desk.CreatePerson(w.t.Context(), w.maker, in)
	if err == nil {
		w.persons = append(w.persons, d.File.Person.ID)
	}
	return err
}

// kinds are the facts that indicators read, with what they may say.
var kinds = []struct {
	kind   string
	values []string
}{
	{"dibao", []string{"household", "household", "single", "unknown"}}, {"dibao_edge", []string{"household"}}, {"tekun", []string{"dispersed", "no", "unknown"}},
	{"orphan_support", []string{"orphan", "defacto"}}, {"welfare_home", []string{"yes"}}, {"injury_care_fee", []string{"yes", "no"}},
	{"other_benefit", []string{"elder_living", "elder_nursing", "gaoling"}}, {"elected_benefit", []string{"living_ours", "nursing_other", "nursing_ours", "living_other"}},
	{"waiver", []string{"living_allowance", "nursing_subsidy"}}, {"insurance_pension", []string{"resident", "resident", "employee", "civil_servant", "none"}},
	{"insurance_medical", []string{"resident", "resident", "employee", "none"}},
	{"school", []string{"regular", "special_school", "home_teaching", "finished", "deferred", "not_enrolled", "elsewhere"}},
	{"employment", []string{"employed", "public_retired", "none"}}, {"imprisonment", []string{"yes"}}, {"missing", []string{"yes"}},
	{"registered_poor", []string{"yes", "exited", "exited", "removed", "no"}}, {"insurance_paid", []string{"pension", "medical"}}, {"medical_assistance", []string{"yes"}},
	{"information_subsidy", []string{"yes"}}, {"care_programme", []string{"day", "home"}}, {"disabled_driver", []string{"yes"}}, {"fuel_subsidy", []string{"yes"}}, {"residence_permit", []string{"yes"}},
	{"death", []string{"yes"}},
}

func quoted(text string) json.RawMessage { return json.RawMessage(fmt.Sprintf("%q", text)) }

// learn records a fact, now and then one that begins or ends in the future. Everybody comes by what most people have.
func (w *world) learn() error {
	k := kinds[w.random.IntN(len(kinds))]
	if w.chance(45) {
		k = kinds[pick(w, 0, 0, 9, 10, 11, 15)]
	}
	if k.kind == "death" && w.chance(60) {
		return nothing
	}
	from := w.lately().Add(-w.random.IntN(700))
	if w.chance(8) {
		from = w.today().Add(w.random.IntN(200))
	}
	in := casework.NewCircumstance{Kind: k.kind, Value: quoted(pick(w, k.values...)), ValidFrom: from, Source: "随机"}
	if k.kind != "death" && w.chance(30) {
		in.ValidTo = from.Add(w.random.IntN(1200))
	}
	_, err := w.desk.AddCircumstance(w.t.Context(), w.sender, pick(w, w.persons...), in)
	return err
}

// amend ends a fact or corrects what was recorded wrongly.
func (w *world) amend() error {
	d, err := w.desk.Person(w.t.Context(), w.sender, pick(w, w.persons...))
	if err != nil {
		return err
	}
	var live []casefile.Circumstance
	for _, c := range d.File.Circumstances {
		if kind, _ := casefile.KindOf(c.Kind); c.SupersededAt.IsZero() && !kind.Place {
			live = append(live, c)
		}
	}
	if len(live) == 0 {
		return nothing
	}
	c := live[w.random.IntN(len(live))]
	if c.Kind != "death" && w.chance(50) {
		_, err = w.desk.EndCircumstance(w.t.Context(), w.sender, c.ID, 1, c.ValidFrom.Add(w.random.IntN(800)))
		return err
	}
	in := casework.Correction{Source: "随机", Reason: "登记有误"}
	switch from := c.ValidFrom.Add(w.random.IntN(200) - 100); {
	case c.Kind == "death" || w.chance(40):
		in.ValidFrom = &from
	case w.chance(50):
		in.Value = json.RawMessage("false")
	default:
		for _, k := range kinds {
			if k.kind == c.Kind {
				in.Value = quoted(pick(w, k.values...))
			}
		}
	}
	_, err = w.desk.CorrectCircumstance(w.t.Context(), w.sender, c.ID, 1, in)
	return err
}

// live does something random; what the rules refuse has not happened.
func (w *world) live(name string, do func() error) {
	w.t.Helper()
	w.pass()
	err := do()
	if _, refused := fault.Of(err); refused {
		w.refused[name]++
		return
	}
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	w.done[name]++
}

// values are the counts of an indicator by area or group.
func (w *world) values(key string, in area.Code, by store.Dimension, at store.Moment) map[string]indicator.Count {
	w.t.Helper()
	rows, _, err := w.desk.Values(w.t.Context(), w.maker, casework.ValuesOf{Area: in, Moment: at, By: by, Indicator: key})
	if err != nil {
		w.t.Fatal(err)
	}
	counts := map[string]indicator.Count{}
	for _, row := range rows {
		name := strings.TrimSpace(string(row.Area) + " " + row.Group)
		if _, twice := counts[name]; twice {
			w.t.Errorf("%s by %s in %s: two rows for %s", key, by, in, name)
		}
		counts[name] = row.Count
	}
	return counts
}
