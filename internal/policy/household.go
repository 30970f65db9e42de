package policy

import (
	"fmt"

	"cel.dev/cel-go/cel"

	"zhucan/internal/casefile"
)

// newHouseholdCompiler makes programs over the facts of a household.
func newHouseholdCompiler() (*compiler, error) {
	env, err := cel.NewEnv(
		cel.Variable("area", cel.StringType), cel.Variable("district", cel.StringType),
		cel.Variable("holders", cel.IntType), cel.Variable("severe", cel.IntType),
		cel.Variable("registered_poor", cel.BoolType), cel.Variable("dangerous_house", cel.StringType), cel.Variable("house_converted", cel.StringType),
		cel.Variable("dwelling", cel.StringType), cel.Variable("elder_home_retrofit", cel.BoolType),
		cel.Variable("retrofit_need", cel.BoolType), cel.Variable("retrofit_state", cel.StringType),
		cel.Variable("retrofit_done_on", cel.StringType), // a day as text, which compares as days do; empty: never
	)
	if err != nil {
		return nil, fmt.Errorf("prepare expressions: %w", err)
	}
	return &compiler{env: env, ages: map[string][]int{}}, nil
}

// PlaceHousehold says where a household stands with an indicator on the day of its facts, and why.
func (p *Pack) PlaceHousehold(i *Indicator, f casefile.HouseholdFacts) (Place, string, error) {
	return i.place(map[string]any{
		"area": f.Area, "district": string(p.District), "holders": f.Holders, "severe": f.Severe, "registered_poor": f.RegisteredPoor,
		"dangerous_house": sortOf(f.Value("dangerous_house")), "house_converted": sortOf(f.Value("house_converted")), "dwelling": sortOf(f.Value("dwelling")),
		"elder_home_retrofit": f.Value("elder_home_retrofit").Answer == casefile.Yes, "retrofit_need": f.RetrofitNeed,
		"retrofit_state": f.RetrofitState, "retrofit_done_on": f.RetrofitDoneOn.String(),
	})
}
