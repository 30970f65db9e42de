package policy

import (
	"maps"
	"slices"
)

// Reach is what a change of some circumstances can change of what follows from a file.
type Reach struct {
	All        bool     // anything
	Indicators []string // keys of standings; those of programmes are their ids. None is meant where All
	Pays       bool     // what is owed
}

// Everything is the reach of a change that may change anything.
var Everything = Reach{All: true, Pays: true}

// Standing reports whether the standing for an indicator or programme may change.
func (r Reach) Standing(key string) bool { return r.All || slices.Contains(r.Indicators, key) }

// Reach is what a change of circumstances of some kinds can change: the indicators and programmes whose expressions read the kinds,
// directly, through terms, or to know which facts are needed. A kind whose readers are not known reaches everything, and so does one that
// every standing shows (told).
func (p *Pack) Reach(kinds ...string) (r Reach) {
	for _, kind := range kinds {
		if !followed(kind) {
			return Everything
		}
		r.All = r.All || slices.Contains(told, kind)
		for _, key := range p.readBy[kind] {
			r.Pays = r.Pays || p.byName[key] != nil
			if !r.Standing(key) {
				r.Indicators = append(r.Indicators, key)
			}
		}
	}
	return r
}

// Pays reports whether the conditions of some programme may read a kind of circumstance, directly or by what follows from it. A change of
// any other kind takes nothing from anybody.
func (p *Pack) Pays(kind string) bool { return p.Reach(kind).Pays }

// told are the kinds that every standing tells of somebody: by which assistance a person is hard-up.
var told = []string{"dibao", "tekun", "dibao_edge"}

// readAs are the kinds that expressions read under names that are not, or not only, their own.
var readAs = map[string]string{"dibao_sort": "dibao", "waivers": "waiver", "insurance_paid": "insurance_paid",
	"other_living": "other_benefit", "other_nursing": "other_benefit", "gaoling": "other_benefit", "elected_living": "elected_benefit", "elected_nursing": "elected_benefit"}

// followed reports whether it is known under which names a kind is read.
func followed(kind string) bool {
	return slices.Contains(flags, kind) || slices.Contains(sorts, kind) || slices.Contains(slices.Collect(maps.Values(readAs)), kind)
}

// findReach notes which indicators and programmes read a name.
func (p *Pack) findReach() {
	p.readBy = map[string][]string{}
	byProgramme := map[string]map[string]bool{}
	for _, programme := range p.Programmes {
		read := map[string]bool{}
		for _, rules := range programme.RuleSets {
			p.readConditions(read, rules.conditions)
		}
		byProgramme[programme.ID] = read
		p.noteReach(programme.ID, read)
	}
	for _, i := range p.Counting(UnitPerson) {
		read := map[string]bool{}
		for _, e := range []*expression{i.population, i.covered, i.extra} {
			p.read(read, e)
		}
		p.readConditions(read, i.exclusions)
		p.readConditions(read, i.gapReasons)
		for name := range byProgramme[i.Programme] {
			read[name] = true
		}
		p.noteReach(i.Key(), read)
	}
}

func (p *Pack) noteReach(key string, read map[string]bool) {
	for name := range read {
		p.readBy[name] = append(p.readBy[name], key)
	}
}

func (p *Pack) readConditions(read map[string]bool, conditions []*condition) {
	for _, c := range conditions {
		p.read(read, c.expression)
		p.read(read, c.suspends)
	}
}

// read gathers all names that an expression reads.
func (p *Pack) read(read map[string]bool, e *expression) {
	if e == nil {
		return
	}
	for _, name := range e.reads {
		if read[name] {
			continue
		}
		read[name] = true
		if kind, other := readAs[name]; other {
			read[kind] = true
		}
		for _, t := range p.Terms {
			if t.Name == name {
				p.read(read, t.expression)
			}
		}
		for _, need := range p.NeedsWhen {
			if need.Fact == name {
				p.read(read, need.when)
			}
		}
	}
}
