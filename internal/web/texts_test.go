package web

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"zhucan/internal/application"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/roster"
	"zhucan/internal/ticket"
)

// literal is a key of the catalogue as templates and code name it.
var literal = regexp.MustCompile(`(?:\bt |\bv\.t\(|newForm\("[^"]*", |button\(\w+, "[^"]*", |title: +|v\.title = |say\([^,]+, )"([a-z_]+\.[a-z0-9_.]+)"`)

// TestTexts: every key that is named is in the catalogue, with as many blanks in English as in Chinese, and every text is used.
func TestTexts(t *testing.T) {
	t.Parallel()
	var source strings.Builder
	for _, pattern := range []string{"*.go", "templates/*.html"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(text)
		}
	}
	all := source.String()
	named := literal.FindAllStringSubmatch(all, -1)
	if len(named) < 30 {
		t.Fatalf("only %d keys found in the source", len(named))
	}
	for _, m := range named {
		if _, ok := texts()[m[1]]; !ok {
			t.Errorf("the catalogue has no text %s", m[1])
		}
	}
	blanks := regexp.MustCompile(`%(\[\d\])?[a-z]`)
	prefixes := regexp.MustCompile(`"([a-z_]+(?:\.[a-z_]+)*)\." ?\+|options\("([a-z_.]+)"`).FindAllStringSubmatch(all, -1)
	for key, text := range texts() {
		if a, b := blanks.FindAllString(text[0], -1), blanks.FindAllString(text[1], -1); !slices.Equal(a, b) {
			t.Errorf("%s: the languages take different values: %v, %v", key, a, b)
		}
		used := strings.Contains(all, `"`+key+`"`) || slices.ContainsFunc(prefixes, func(p []string) bool { return strings.HasPrefix(key, p[1]+p[2]+".") })
		if !used {
			t.Errorf("nothing uses the text %s", key)
		}
	}
}

// TestCareTexts: every piece of evidence and every choice of the chains has its words.
func TestCareTexts(t *testing.T) {
	t.Parallel()
	var check func(fields []care.Field)
	check = func(fields []care.Field) {
		for _, f := range fields {
			if _, ok := texts()["evidence."+f.Name]; !ok {
				t.Errorf("no text evidence.%s", f.Name)
			}
			for _, code := range f.Codes {
				if _, ok := texts()["choice."+code]; !ok {
					t.Errorf("no text choice.%s", code)
				}
			}
			check(f.Of)
		}
	}
	for _, c := range care.Chains {
		check(c.Need)
		for _, s := range c.Steps {
			check(s.Evidence)
		}
	}
}

// TestStateTexts: what is refused for a state names it as the pages do.
func TestStateTexts(t *testing.T) {
	t.Parallel()
	said := map[string]func(string) string{"ticket_state.": func(s string) string { return ticket.State(s).ZH() }, "roster_state.": func(s string) string { return roster.State(s).ZH() },
		"stage.": func(s string) string { return application.Stage(s).ZH() }, "card.": func(s string) string { return casefile.CertificateStatus(s).ZH() }}
	found := 0
	for key, text := range texts() {
		for prefix, zh := range said {
			state, ok := strings.CutPrefix(key, prefix)
			if !ok || prefix == "card." && state != strings.ToUpper(state) {
				continue
			}
			if found++; zh(state) != text[0] {
				t.Errorf("%s is %q on pages and %q in messages", key, text[0], zh(state))
			}
		}
	}
	if found < 7+8+10+7 {
		t.Errorf("only %d states have words", found)
	}
}

// TestFactTexts: every sort of a fact has its words.
func TestFactTexts(t *testing.T) {
	t.Parallel()
	for _, kind := range slices.Concat(casefile.Kinds, casefile.HouseholdKinds) {
		for _, sort := range kind.Sorts {
			if _, ok := texts()["sort."+kind.Name+"."+sort]; !ok && sort != "yes" {
				t.Errorf("no text sort.%s.%s", kind.Name, sort)
			}
		}
	}
}
