package exchange_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"zhucan/internal/casefile"
	"zhucan/internal/exchange"
	"zhucan/internal/idnum"
)

// plain is how headings are compared, said once more and slowly.
func plain(heading string) (out string) {
	for _, r := range idnum.Normalize(heading) {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			out += string(r)
		}
	}
	return out
}

// TestListKinds holds every entry of the list against what is true of all of them.
func TestListKinds(t *testing.T) {
	t.Parallel()
	kinds := map[string]bool{}
	for _, k := range exchange.ListKinds {
		if k.Name == "" || k.ZH == "" || k.EN == "" || kinds[k.Name] {
			t.Errorf("%q: a name, once, both texts and words of titles are required", k.Name)
		}
		kinds[k.Name] = true
		if p, ok := exchange.Partners[k.Partner]; !ok || p.ZH == "" || p.EN == "" {
			t.Errorf("%s: there is no partner %q", k.Name, k.Partner)
		}
		if same, ok := exchange.ListKindOf(k.Name); !ok || same.Name != k.Name {
			t.Errorf("%s is not found by its name", k.Name)
		}
		columns, headings := map[string]bool{}, map[string]string{}
		identified := false
		for _, c := range k.Columns {
			if c.Name == "" || c.ZH == "" || columns[c.Name] {
				t.Errorf("%s.%s: a name, once, and a heading are required", k.Name, c.Name)
			}
			columns[c.Name] = true
			identified = identified || c.Need && c.Is == exchange.IDNumber
			for _, h := range append([]string{c.ZH}, c.Aliases...) {
				if other, twice := headings[plain(h)]; twice && other != c.Name || plain(h) == "" {
					t.Errorf("%s: the heading %s means %s and %s", k.Name, h, other, c.Name)
				}
				headings[plain(h)] = c.Name
			}
			checkWords(t, k, c)
		}
		if !identified {
			t.Errorf("%s: nobody is known by it", k.Name)
		}
		for _, c := range k.Columns {
			missing := slices.ContainsFunc(strings.Fields(c.Or), func(other string) bool { return !columns[other] })
			if missing || c.Town != "" && !columns[c.Town] {
				t.Errorf("%s.%s names a column that is not there", k.Name, c.Name)
			}
		}
	}
}

func checkWords(t *testing.T, k exchange.ListKind, c exchange.ListColumn) {
	t.Helper()
	if (c.Is == exchange.Choice) != (len(c.Words) > 0) {
		t.Errorf("%s.%s: a choice has words, and only that", k.Name, c.Name)
	}
	for word, code := range c.Words {
		if word != idnum.Normalize(word) || word == "" || code == "" {
			t.Errorf("%s.%s: %q is not as cells are compared", k.Name, c.Name, word)
		}
	}
	if c.Default != "" && !slices.Contains(codes(c), c.Default) {
		t.Errorf("%s.%s: the default %s is no code", k.Name, c.Name, c.Default)
	}
}

func codes(c exchange.ListColumn) (list []string) {
	for _, code := range c.Words {
		list = append(list, code)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// TestSortsOfLists holds the codes of choices against the sorts of the facts that they become.
func TestSortsOfLists(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ list, fact string }{
		{"dibao", "dibao"}, {"tekun", "tekun"}, {"orphan", "orphan_support"}, {"defacto", "orphan_support"}, {"pension", "insurance_pension"}, {"medical", "insurance_medical"},
		{"school", "school"}, {"registered_poor", "registered_poor"}, {"dangerous_houses", "house_converted"},
	} {
		kind, ok := exchange.ListKindOf(tt.list)
		if !ok {
			t.Fatalf("there is no kind %s", tt.list)
		}
		fact, ok := casefile.KindOf(tt.fact)
		if !ok {
			if fact, ok = casefile.HouseholdKindOf(tt.fact); !ok {
				t.Fatalf("there is no fact %s", tt.fact)
			}
		}
		sorts, _ := kind.Column("sort")
		for _, code := range codes(sorts) {
			if !slices.Contains(fact.Sorts, code) {
				t.Errorf("%s: %s is no sort of %s", tt.list, code, tt.fact)
			}
		}
	}
	houses, _ := exchange.ListKindOf("dangerous_houses")
	grade, _ := houses.Column("grade")
	if got := strings.Join(codes(grade), " "); got != "C D" {
		t.Errorf("grades %s, want C D", got)
	}
	cards, _ := exchange.ListKindOf("certificates")
	state, _ := cards.Column("sort")
	reason, _ := cards.Column("reason")
	if got := strings.Join(codes(state), " "); got != "ACTIVE CANCELLED EXPIRED FROZEN MIGRATING REASSESSING REPLACED" {
		t.Errorf("states of certificates: %s", got)
	}
	if got := strings.Join(codes(reason), " "); got != "DEATH DUPLICATE EXPIRED_6M FRAUD MOVED_1Y RECOVERED VOLUNTARY" {
		t.Errorf("reasons of cancellation: %s", got)
	}
}

// TestOrphansByKind has lists of children with and without a column that says which they are.
func TestOrphansByKind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ kind, heading, cell, want string }{
		{"orphan", "", "", "orphan"}, {"defacto", "", "", "defacto"}, {"orphan", "儿童类别", "事实无人抚养儿童", "defacto"}, {"defacto", "儿童类型", "孤儿", "orphan"}, {"defacto", "儿童类型", "", "defacto"},
	} {
		list := readList(t, tt.kind, "儿童姓名,身份证号,"+tt.heading+"\n金丝雀,379999201506200039,"+tt.cell+"\n")
		if len(list.Rows) != 1 || list.Rows[0].Text("sort") != tt.want {
			t.Errorf("%+v: %v %v", tt, list.Rows, list.Refused)
		}
	}
}
