package care

import (
	"slices"

	"zhucan/internal/access"
)

// Standing is a state of a chain.
type Standing struct {
	Kind  Kind
	State string
}

// OpenStandings are the states of all chains after which something has to follow.
func OpenStandings() []Standing { return standings(false) }

// EndedStandings are the states of all chains after which nothing has to follow.
func EndedStandings() []Standing { return standings(true) }

func standings(final bool) (list []Standing) {
	for _, c := range Chains {
		for _, s := range c.States {
			if s.Final == final {
				list = append(list, Standing{c.Kind, s.Code})
			}
		}
	}
	return list
}

// WaitsFor are the open states from which a role may lead a service on.
func WaitsFor(role access.Role) []Standing {
	return slices.DeleteFunc(OpenStandings(), func(at Standing) bool {
		c := ChainOf(at.Kind)
		return !slices.ContainsFunc(c.Next(at.State, role), func(s *Step) bool { return c.leadsOn(s, at.State) })
	})
}

// leadsOn reports whether a step brings a service nearer to being given. Steps that end it otherwise may be recorded by whoever hears of
// it, at almost any time, and steps that leave it where it stands keep it waiting: if either counted, everything would wait for everybody.
func (c *Chain) leadsOn(s *Step, from string) bool {
	for _, state := range c.States {
		leads := s.To == state.Code
		for _, to := range s.ByResult {
			leads = leads || to == state.Code
		}
		if leads && state.Code != from && (!state.Final || slices.Contains(c.Given, state.Code)) {
			return true
		}
	}
	return false
}
