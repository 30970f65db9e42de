package scenario_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"zhucan/internal/policy"
	"zhucan/internal/policy/scenario"
)

func TestBuiltinScenarios(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(scenario.BuiltinFiles(), "*.yaml")
	if err != nil || len(names) < 3 {
		t.Fatalf("found %v, %v", names, err)
	}
	for _, name := range names {
		list, err := scenario.Load(scenario.BuiltinFiles(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			t.Run(s.ID, func(t *testing.T) {
				t.Parallel()
				if err := s.Run(policy.Builtin); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestWrongExpectationsFail proves that the files can fail.
func TestWrongExpectationsFail(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"a.yaml": {Data: []byte(`
- {id: A, source: s, number: {id: "379999197001010011", refused: ID_CHECK}}
- {id: B, source: s, number: {id: "379999197001010011", sex: female}}
- {id: C, source: s, date: 2023-05-01, facts: {certificates: [{category: 1, level: 1, issued: 2020-01-01}]}, expect: {nursing_subsidy: {outcome: "yes", fen: 1}}}
- {id: D, source: s, facts: {certificates: [{category: 1, level: 1, issued: 2020-01-01}]}, months: {nursing_subsidy: {"2023-05": 1}}}
- {id: E, source: s, status: {2023-05-01: ACTIVE}}
- {id: F, source: s, number: {id: "379999197001010011", sex: male}}
`)}}
	passed, failures, err := scenario.RunAll(files, policy.Builtin)
	if err != nil || passed != 1 || len(failures) != 5 {
		t.Errorf("%d passed, %d failed, %v; want 1 and 5", passed, len(failures), err)
	}
	for _, bad := range []string{`- {id: A}`, `- {id: A, source: s, unknown: 1}`, `nonsense`, "- {id: A, source: s, number: {id: \"1\"}}\n- {id: A, source: s, number: {id: \"1\"}}"} {
		if _, _, err := scenario.RunAll(fstest.MapFS{"a.yaml": {Data: []byte(bad)}}, policy.Builtin); err == nil {
			t.Errorf("taken: %s", bad)
		}
	}
}
