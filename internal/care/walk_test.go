package care_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
)

// ways are the chains as the field draws them, written down a second time: a step, the states that it leads on from, where
// to (= stays, a result decides between several), and whose it is: V village, T town, D the district's 残联, L a list of another system alone.
var ways = map[care.Kind]string{
	care.Rehab: `
report            NEED                                       COMPLETED    L
assess            NEED                                       ASSESSED     VTD
plan              ASSESSED                                   PLANNED      VTD
approve_rescue    ASSESSED|PLANNED|IN_SERVICE                =            D
serve             PLANNED|IN_SERVICE                         IN_SERVICE   VTD
refer_out         ASSESSED|PLANNED|IN_SERVICE                =            VTD
referral_answered ASSESSED|PLANNED|IN_SERVICE                =            VTD
complete          IN_SERVICE                                 COMPLETED    VTD
evaluate          COMPLETED                                  EVALUATED    VTD
follow_up         COMPLETED|EVALUATED                        =            VTD
not_suitable      NEED|ASSESSED                              NOT_SUITABLE VTD
refuse            NEED|ASSESSED|PLANNED|IN_SERVICE           REFUSED      VTD
moved             NEED|ASSESSED|PLANNED|IN_SERVICE           MOVED        VTD
deceased          NEED|ASSESSED|PLANNED|IN_SERVICE           DECEASED     VTD`,
	care.Device: `
report            NEED|FITTED                                ACCEPTED|FITTED L
village_check     NEED                                       VILLAGE_CHECKED V
town_review       VILLAGE_CHECKED                            TOWN_REVIEWED   T
assess            TOWN_REVIEWED                              ASSESSED        D
approve           TOWN_REVIEWED|ASSESSED                     APPROVED        D
reject            NEED|VILLAGE_CHECKED|TOWN_REVIEWED|ASSESSED|APPROVED|FITTED REJECTED TD
fit               APPROVED                                   FITTED          VTD
accept            FITTED                                     ACCEPTED        VTD
loan_lasts        ACCEPTED|FOLLOWED_UP                       =               VTD
give_back         ACCEPTED|FOLLOWED_UP                       LOAN_RETURNED   VTD
follow_up         ACCEPTED|FOLLOWED_UP                       FOLLOWED_UP     VTD
refuse            NEED|VILLAGE_CHECKED|TOWN_REVIEWED|ASSESSED|APPROVED|FITTED REFUSED  VTD
moved             NEED|VILLAGE_CHECKED|TOWN_REVIEWED|ASSESSED|APPROVED|FITTED MOVED    VTD
deceased          NEED|VILLAGE_CHECKED|TOWN_REVIEWED|ASSESSED|APPROVED|FITTED DECEASED VTD`,
	care.Retrofit: `
report            NEED|ACCEPTANCE|RECTIFY|IN_WORK            DONE|RECTIFY|IN_WORK|ACCEPTANCE L
verify            NEED                                       VERIFIED     VT
plan              VERIFIED|PLANNED                           PLANNED      VTD
approve           PLANNED                                    APPROVED     D
contract          APPROVED|CONTRACTED|IN_WORK                CONTRACTED   D
start             CONTRACTED                                 IN_WORK      VTD
finish            IN_WORK|RECTIFY                            ACCEPTANCE   VTD
accept            ACCEPTANCE                                 DONE|RECTIFY|IN_WORK D
warranty_visit    DONE|ARCHIVED                              =            VTD
archive           DONE                                       ARCHIVED     D
reject            NEED|VERIFIED|PLANNED|APPROVED             REJECTED     TD
not_alterable     NEED|VERIFIED|PLANNED                      NOT_ALTERABLE VTD
demolition        NEED|VERIFIED|PLANNED|APPROVED|CONTRACTED|IN_WORK|ACCEPTANCE|RECTIFY DEMOLITION_PLANNED VTD
refuse            NEED|VERIFIED|PLANNED|APPROVED|CONTRACTED|IN_WORK|ACCEPTANCE|RECTIFY REFUSED      VTD
moved             NEED|VERIFIED|PLANNED|APPROVED|CONTRACTED|IN_WORK|ACCEPTANCE|RECTIFY MOVED        VTD
deceased          NEED|VERIFIED|PLANNED|APPROVED|CONTRACTED|IN_WORK|ACCEPTANCE|RECTIFY DECEASED     VTD`,
}

var letters = map[access.Role]string{access.VillageLiaison: "V", access.TownOfficer: "T", access.CDPFReviewer: "D", access.System: "L"}

// leads says where a step may lead from a state when a role takes it; nowhere if it may not.
func leads(kind care.Kind, state, step string, role access.Role) (to []string, known, mine bool) {
	for line := range strings.Lines(ways[kind]) {
		f := strings.Fields(line)
		if len(f) != 4 || f[0] != step {
			continue
		}
		known, mine = true, letters[role] != "" && strings.Contains(f[3], letters[role])
		if mine && slices.Contains(strings.Split(f[1], "|"), state) {
			to = strings.Split(strings.Replace(f[2], "=", state, 1), "|")
		}
	}
	return to, known, mine
}

var everyRole = []access.Role{access.VillageLiaison, access.TownOfficer, access.CDPFReviewer, access.CivilAffairsApprover, access.FinanceOfficer,
	access.Statistician, access.HotlineClerk, access.Auditor, access.Administrator}

// TestWays tries every step from every state as every role: exactly what the field draws is open.
func TestWays(t *testing.T) {
	t.Parallel()
	for _, chain := range care.Chains {
		if n := len(strings.Fields(ways[chain.Kind])) / 4; n != len(chain.Steps) {
			t.Errorf("%s has %d steps, drawn are %d", chain.Kind, len(chain.Steps), n)
		}
		for _, state := range chain.States {
			for _, step := range append(slices.Clone(chain.Steps), care.Step{Name: "no_such_step"}) {
				for _, role := range everyRole {
					r := &run{t: t, file: person(1970, 4, 1), s: care.Service{Kind: chain.Kind, PersonID: uuid.UUID{1}, State: state.Code}}
					_, _, err := care.Take(r.at("2019-05-01", `{"nonsense":1}`), step.Name, access.Actor{Role: role}, today)
					to, known, mine := leads(chain.Kind, state.Code, step.Name, role)
					want := "UNKNOWN_FIELD" // the evidence is nonsense, and is looked at last
					switch {
					case !known:
						want = "UNKNOWN_STEP"
					case !mine:
						want = "NOT_YOUR_STEP"
					case len(to) == 0:
						want = "WRONG_STATE"
					}
					if codeOf(err) != want {
						t.Errorf("%s: %s from %s as %s: %v, want %s", chain.Kind, step.Name, state.Code, role, err, want)
					}
				}
			}
		}
	}
}

// codeOf is the code of the first field that is wrong, or of the whole fault.
func codeOf(err error) string {
	f, ok := fault.Of(err)
	switch {
	case !ok:
		return fmt.Sprint(err)
	case len(f.Fields) > 0:
		return f.Fields[0].Code
	}
	return f.Code
}

// TestRandomWalks takes random steps as random people with random evidence, and has been everywhere in the end.
func TestRandomWalks(t *testing.T) {
	t.Parallel()
	for _, chain := range care.Chains {
		t.Run(string(chain.Kind), func(t *testing.T) {
			t.Parallel()
			been := map[string]bool{}
			rapid.Check(t, func(rt *rapid.T) { walk(rt, chain, been) })
			for _, counted := range map[care.Kind][]string{care.Rehab: {"EVALUATED", "rehab"}, care.Device: {"FOLLOWED_UP", "LOAN_RETURNED", "device"},
				care.Retrofit: {"RECTIFY", "ARCHIVED", "retrofit"}}[chain.Kind] {
				if !been[counted] {
					t.Errorf("no walk came to %s; the walks show nothing", counted)
				}
			}
		})
	}
}

func FuzzWalk(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(func(rt *rapid.T) { walk(rt, rapid.SampledFrom(care.Chains).Draw(rt, "chain"), map[string]bool{}) }))
}

func walk(rt *rapid.T, chain *care.Chain, been map[string]bool) {
	r := &run{t: rt, file: person(rapid.IntRange(1950, 2015).Draw(rt, "born"), rapid.IntRange(1, 6).Draw(rt, "category"), rapid.IntRange(1, 4).Draw(rt, "level"))}
	r.s = care.Service{ID: uuid.UUID{3}, Kind: chain.Kind, PersonID: r.file.Person.ID, State: chain.States[0].Code, OpenedOn: calendar.MustDate("2018-06-01"),
		Need: drawEvidence(rt, chain.Need, chain.Kind)}
	if chain.Household {
		r = &run{t: rt, home: home(rt, "own", false).home, s: r.s}
		r.s.PersonID, r.s.HouseholdID = uuid.Nil, uuid.UUID{9}
	}
	on := r.s.OpenedOn
	for range rapid.IntRange(20, 40).Draw(rt, "steps") {
		role := rapid.SampledFrom(everyRole).Draw(rt, "role")
		step := rapid.SampledFrom(chain.Steps).Draw(rt, "step")
		if open := openTo(chain, r.s.State); len(open) > 0 && rapid.IntRange(0, 5).Draw(rt, "sensible") < 5 {
			step = rapid.SampledFrom(open).Draw(rt, "open step")
			role = rapid.SampledFrom(step.Roles).Draw(rt, "its role")
		}
		on = on.Add(rapid.IntRange(-2, 25).Draw(rt, "days"))
		c := r.at(on.String(), "")
		c.Evidence = drawEvidence(rt, step.Evidence, chain.Kind)
		if rapid.IntRange(0, 5).Draw(rt, "mend") < 5 {
			mend(c, step.Name)
		}
		before := r.s
		before.Steps = slices.Clone(r.s.Steps)
		s, done, err := care.Take(c, step.Name, access.Actor{AccountID: uuid.UUID{4}, Role: role}, today)
		if !reflect.DeepEqual(before, r.s) {
			rt.Fatalf("%s changed the service that it was given", step.Name)
		}
		if err != nil {
			if _, ok := fault.Of(err); !ok || !reflect.DeepEqual(s, before) {
				rt.Fatalf("%s refused with %v changed the service", step.Name, err)
			}
			on = before.OpenedOn
			if n := len(before.Steps); n > 0 {
				on = before.Steps[n-1].On
			}
			continue
		}
		checkStep(rt, before, s, done, step.Name, role)
		been[s.State] = true
		for _, kind := range done.Counts {
			been[kind] = true
		}
		r.s = s
	}
	checkCounts(rt, r.s)
}

// openTo are the steps that lead on from a state, the leaving of it once among the others.
func openTo(chain *care.Chain, state string) (steps []care.Step) {
	for _, s := range chain.Steps {
		leaves := slices.Contains([]string{"refuse", "moved", "deceased", "reject", "not_suitable", "not_alterable", "demolition"}, s.Name)
		if slices.Contains(s.From, state) && !leaves {
			steps = append(steps, s)
		}
	}
	return steps
}

// checkStep wants a step that was taken to be one that the field draws, and to stand behind all those before it.
func checkStep(rt *rapid.T, before, after care.Service, done care.Done, step string, role access.Role) {
	if to, _, _ := leads(before.Kind, before.State, step, role); !slices.Contains(to, after.State) {
		rt.Fatalf("%s by %s leads from %s to %s, drawn is %v", step, role, before.State, after.State, to)
	}
	n := len(before.Steps)
	if len(after.Steps) != n+1 || !reflect.DeepEqual(after.Steps[:n:n], before.Steps[:n:n]) && n > 0 || !reflect.DeepEqual(after.Steps[n], done) {
		rt.Fatalf("%s: a step was lost", step)
	}
	if done.Seq != n+1 || done.Step != step || done.From != before.State || done.To != after.State || done.Role != role || n > 0 && done.On.Before(before.Steps[n-1].On) || done.On.After(today) {
		rt.Fatalf("%s is written down as %+v", step, done)
	}
	for whole, parts := range map[string]string{"cost_fen": "payers", "total_fen": "funds", "paid_fen": "funds"} {
		var sum int64
		for _, p := range done.Evidence.List(parts) {
			sum += p.Int("fen")
		}
		if _, has := done.Evidence[whole]; has && sum != done.Evidence.Int(whole) {
			rt.Fatalf("%s: %s come to %d, %s is %d", step, parts, sum, whole, done.Evidence.Int(whole))
		}
	}
}

// checkCounts wants an accepted device or home to count once in its life and each training once, and the person to be one
// person a year, however many of them there were.
func checkCounts(rt *rapid.T, s care.Service) {
	may := map[care.Kind][]string{care.Rehab: {"rehab"}, care.Device: {"device", "rehab"}, care.Retrofit: {"retrofit"}}[s.Kind]
	file := casefile.File{}
	counted, trained := map[string]int{}, map[int]bool{}
	for _, d := range s.Steps {
		if len(d.Counts) > 0 && !slices.Equal(d.Counts, may) {
			rt.Fatalf("%s of a %s counts as %v", d.Step, s.Kind, d.Counts)
		}
		for _, kind := range d.Counts {
			counted[kind]++
			trained[d.On.Year()] = true
		}
		if len(d.Counts) > 0 {
			file.Served = append(file.Served, casefile.Served{On: d.On, Kinds: d.Counts})
		}
	}
	if s.Kind != care.Rehab && (counted["device"] > 1 || counted["rehab"] > 1 || counted["retrofit"] > 1) {
		rt.Fatalf("one %s counts %v times", s.Kind, counted)
	}
	for year := 2018; year <= 2019; year++ {
		kinds := file.On(calendar.NewYear(year+1).Add(-1), nil).ServedThisYear
		if trained[year] != (len(kinds) > 0) || trained[year] && !slices.Equal(kinds, may) {
			rt.Fatalf("in %d the person was served with %v; the steps say %v", year, kinds, trained[year])
		}
	}
}

// mend makes the evidence of a step what its rules ask for, as far as one piece depends on another.
func mend(c care.Case, step string) {
	e := c.Evidence
	fen := func(v int64) json.Number { return json.Number(fmt.Sprint(v)) }
	entry := func(pairs ...any) any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	plan, _ := c.Last("plan")
	var total int64
	photos := []any{}
	for _, p := range plan.Evidence.List("items") {
		total += p.Int("cost_fen")
		photos = append(photos, entry("item", p.Text("item"), "before", []any{photo.String()}, "after", []any{later.String()}))
	}
	switch string(c.Kind) + " " + step {
	case "rehab serve":
		e["item"], e["started_on"], e["payers"] = "COUNSELLING", "2018-06-01", []any{entry("source", "self", "fen", fen(e.Int("cost_fen")))}
	case "device approve":
		e["item"], e["subsidy_fen"], e["own_fen"], e["paid_elsewhere"] = c.Need["item"], fen(0), e["price_fen"], "none"
	case "device assess":
		e["item"] = c.Need["item"]
	case "device fit":
		e["pieces"] = c.Need["pieces"]
	case "retrofit verify":
		e["hardship"], e["hardship_basis"], e["willing"] = "dibao", "低保证", true
	case "retrofit plan":
		e["items"] = []any{entry("item", "RAMP", "cost_fen", fen(700)), entry("item", "RAIL", "cost_fen", fen(300))}
	case "retrofit approve":
		e["total_fen"], e["funds"] = fen(total), []any{entry("source", "lottery", "fen", fen(total))}
	case "retrofit contract":
		e["amount_fen"] = fen(total)
	case "retrofit accept":
		e["items"], e["signatures"] = photos, []any{entry("by", "cdpf", "name", "甲"), entry("by", "applicant", "name", "乙"), entry("by", "builder", "name", "丙")}
	case "retrofit archive":
		e["paid_fen"], e["funds"] = fen(total), []any{entry("source", "lottery", "fen", fen(total-100)), entry("source", "self", "fen", fen(100))}
	}
}

// drawEvidence is good evidence most of the time.
func drawEvidence(t *rapid.T, fields []care.Field, kind care.Kind) care.Evidence {
	e := care.Evidence{}
	for _, f := range fields {
		if !f.Need && rapid.Bool().Draw(t, "leave out "+f.Name) {
			continue
		}
		if rapid.IntRange(0, 60).Draw(t, "spoil "+f.Name) == 60 {
			e[f.Name] = rapid.SampledFrom([]any{nil, 1.5, "", " ", json.Number("-1"), json.Number("1e99"), []any{nil}, map[string]any{}, true}).Draw(t, "spoilt")
			continue
		}
		e[f.Name] = drawValue(t, f, kind)
	}
	return e
}

func drawValue(t *rapid.T, f care.Field, kind care.Kind) any {
	switch f.Is {
	case care.Choice:
		return rapid.SampledFrom(f.Codes).Draw(t, f.Name)
	case care.Item:
		return rapid.SampledFrom(map[care.Kind][]string{care.Rehab: {"THERAPY", "COUNSELLING", "LECTURE"}, care.Device: {"120312", "122203"}, care.Retrofit: {"RAMP", "BATH"}}[kind]).Draw(t, f.Name)
	case care.Day:
		return rapid.SampledFrom([]string{"2019-01-01", "2019-06-01", "2018-12-20"}).Draw(t, f.Name)
	case care.Fen, care.Number:
		return json.Number(fmt.Sprint(rapid.SampledFrom([]int{1, 1, 1, 2, 1000}).Draw(t, f.Name)))
	case care.Flag:
		return rapid.Bool().Draw(t, f.Name)
	case care.Files:
		return []any{photo.String()}
	case care.List:
		list := []any{}
		for range rapid.IntRange(1, 3).Draw(t, f.Name) {
			list = append(list, map[string]any(drawEvidence(t, f.Of, kind)))
		}
		return list
	}
	return "说明"
}
