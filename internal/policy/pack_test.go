package policy_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/policy"
)

func file(category, level int, facts map[string]string) casefile.File {
	f := casefile.File{}
	if level > 0 {
		f.Certificates = []casefile.Certificate{{Category: category, Level: level, IssuedOn: calendar.MustDate("2015-01-01"), ExpiresOn: calendar.MustDate("2030-01-01")}}
	}
	for kind, raw := range facts {
		k, ok := casefile.KindOf(kind)
		if !ok {
			panic(kind)
		}
		v, err := casefile.ParseValue(k, json.RawMessage(raw))
		if err != nil {
			panic(err)
		}
		f.Circumstances = append(f.Circumstances, casefile.Circumstance{Kind: kind, Value: v, ValidFrom: calendar.MustDate("2015-01-01")})
	}
	return f
}

// TestEveryCombination answers every combination of the facts that count, in each rule set, and compares with the rules
// as a person would read them (国发〔2015〕52号 and Shandong's versions of it).
func TestEveryCombination(t *testing.T) {
	t.Parallel()
	pack := policy.MustLoadBuiltin()
	reasons := map[string]bool{}
	names := []string{"dibao", "tekun", "injury_care_fee", "welfare_home", "imprisonment", "missing"}
	for _, day := range []string{"2016-06-01", "2017-01-01", "2021-10-01", "2023-05-10"} {
		for category := 1; category <= 7; category++ {
			for level := range 5 {
				for bits := range 1 << len(names) {
					for _, orphan := range []string{"", `"orphan"`, `"defacto"`} {
						for _, hukou := range []string{`"370305001005"`, `"370306001005"`} {
							facts := map[string]string{casefile.HukouArea: hukou}
							is := map[string]bool{}
							for i, name := range names {
								if bits>>i&1 == 1 {
									facts[name], is[name] = "true", true
								}
							}
							if orphan != "" {
								facts["orphan_support"] = orphan
							}
							if bits > 8 && category > 2 && level == 4 {
								continue // enough of these
							}
							common := hukou == `"370305001005"` && level > 0 && !is["tekun"] && !is["injury_care_fee"] && !is["imprisonment"] && !is["missing"]
							first := day < "2017"
							living := common && is["dibao"] && orphan == "" && !is["welfare_home"] && (!first || level <= 2)
							nursing := common && level <= 2 && (!first || category != 2 && category != 3 && category != 7)
							compare(t, pack, day, file(category, level, facts), living, nursing, reasons)
						}
					}
				}
			}
		}
	}
	for _, code := range []string{"NOT_LOCAL_HUKOU", "NO_CERT", "NOT_DIBAO", "LEVEL_OUT_OF_RANGE", "CATEGORY_OUT_OF_RANGE", "X_TEKUN", "X_INJURY_CARE", "X_ORPHAN", "X_DEFACTO_ORPHAN",
		"X_WELFARE_HOME_CHILD", "P_PRISON", "MISSING"} {
		if !reasons[code] {
			t.Errorf("reason %s is never given", code)
		}
	}
}

func compare(t *testing.T, pack *policy.Pack, day string, f casefile.File, living, nursing bool, reasons map[string]bool) {
	t.Helper()
	facts := f.On(calendar.MustDate(day), pack.Transitions)
	for programme, want := range map[string]bool{policy.LivingAllowance: living, policy.NursingSubsidy: nursing} {
		outcome, code, err := pack.Answer(programme, facts)
		if err != nil || (outcome == policy.Yes) != want {
			t.Fatalf("%s on %s: %s (%s, %v), want %v: %+v", programme, day, outcome, code, err, want, f.Circumstances)
		}
		reasons[code] = true
	}
}

func TestJudgeExplains(t *testing.T) {
	t.Parallel()
	pack := policy.MustLoadBuiltin()
	f := file(4, 1, map[string]string{casefile.HukouArea: `"370305001005"`, "employment": `"public_staff"`, "tekun": "false"})
	v, err := pack.Judge(policy.NursingSubsidy, f.On(calendar.MustDate("2023-05-10"), nil))
	if err != nil || v.Outcome != policy.NeedsFact || len(v.Needs) != 1 || v.Needs[0].Fact != "injury_care_fee" || v.Amount != 0 {
		t.Errorf("%+v, %v; want the work-injury nursing fee to be asked for", v, err)
	}
	for _, r := range v.Reasons {
		if r.ZH == "" || r.EN == "" || r.Cite == "" || r.Code == "" {
			t.Errorf("reason %+v lacks text or source", r)
		}
	}
	used := fmt.Sprint(pack.Programmes, pack.Indicators)
	for _, name := range slices.Concat(slices.Collect(maps.Keys(pack.Conditions)), slices.Collect(maps.Keys(pack.HouseholdConditions))) {
		if !strings.Contains(used, name) {
			t.Errorf("condition %s is used by no rule set and no indicator", name)
		}
	}
}

func TestBadPacks(t *testing.T) {
	t.Parallel()
	good := string(policy.Builtin)
	for name, change := range map[string][2]string{
		"unknown member": {"pack: shandong-zibo", "pack: shandong-zibo\nsurprise: 1"}, "expression": {`expr: "!tekun"`, `expr: "!tekun &&"`}, "unknown fact": {`expr: "!tekun"`, `expr: "!teken"`},
		"not a question": {`expr: "!tekun"`, `expr: "cert_level"`}, "missing condition": {"[DECEASED,", "[DECEASEDD,"},
		"dates out of order": {"from: 2021-10-01", "from: 2015-10-01"}, "no such date": {"from: 2021-10-01", "from: 2021-02-30"}, "negative amount": {"1: 18500", "1: -1"}, "no version": {`version: "2026.9"`, `version: ""`},
		"comparator": {`comparator: ">"`, `comparator: "~"`}, "tenths that no count is compared with": {"target_percent: 97", "target_percent: 97\n    target_tenths: 5"},
		"entered before it was applied for": {"entered_within: 30", "entered_within: -1"}, "matters written down before they came": {"written_within: 366", "written_within: -1"}, "half a year in five months": {"months: 3", "months: 5"},
		"everybody drawn": {"{percent: 5,", "{percent: 100,"}, "drawn from the middle of a quarter": {"since: 2026-10-01}", "since: 2026-11-01}"}, "growth since never": {"    base_year: 2015\n", ""},
	} {
		if !strings.Contains(good, change[0]) {
			t.Fatalf("%s: the pack does not hold %q", name, change[0])
		}
		if _, err := policy.Load([]byte(strings.Replace(good, change[0], change[1], 1))); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func BenchmarkAnswer(b *testing.B) {
	pack := policy.MustLoadBuiltin()
	facts := file(4, 1, map[string]string{casefile.HukouArea: `"370305001005"`, "dibao": "true"}).On(calendar.MustDate("2023-05-10"), nil)
	for b.Loop() {
		if _, _, err := pack.Answer(policy.LivingAllowance, facts); err != nil {
			b.Fatal(err)
		}
	}
}
