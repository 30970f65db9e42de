package policy_test

import (
	"strings"
	"testing"

	"zhucan/internal/policy"
)

// TestTooMany: more than a fifth of those known, and five of them at least. Exactly a fifth is believed.
func TestTooMany(t *testing.T) {
	t.Parallel()
	lists := policy.MustLoadBuiltin().Lists
	for _, tt := range []struct {
		known, missing int
		want           bool
	}{{0, 0, false}, {8, 7, true}, {4, 4, false}, {5, 5, true}, {25, 5, false}, {24, 5, true}, {1000, 200, false}, {1000, 201, true}} {
		if got := lists.TooMany(tt.known, tt.missing); got != tt.want {
			t.Errorf("%d of %d missing: %v", tt.missing, tt.known, got)
		}
	}
}

// TestListsOfAPack: a share above a hundred, nobody at all, or no reason are no rule; a pack that says nothing has ours.
func TestListsOfAPack(t *testing.T) {
	t.Parallel()
	const ours = `lists: {missing_percent: 20, missing_from: 5, note: "choice; a month takes fewer than that off a list"}`
	if !strings.Contains(string(policy.Builtin), ours) {
		t.Fatal("the pack says it otherwise")
	}
	for text, good := range map[string]bool{
		"": true, "lists: {missing_percent: 0, missing_from: 1, note: x}": true, "lists: {missing_percent: 101, missing_from: 5, note: x}": false,
		"lists: {missing_percent: 20, missing_from: 0, note: x}": false, "lists: {missing_percent: 20, missing_from: 5}": false,
	} {
		p, err := policy.Load([]byte(strings.Replace(string(policy.Builtin), ours, text, 1)))
		if (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
		if text == "" && err == nil && !p.Lists.TooMany(8, 7) {
			t.Error("a pack that says nothing believes everything")
		}
	}
}
