package policy

import "slices"

// Pays reports whether the conditions of some programme may ask about a kind of circumstance, or about something that follows from it. A
// change of another kind takes nothing from anybody. Kinds that are read under other names than their own always may.
func (p *Pack) Pays(kind string) bool {
	if !slices.Contains(flags, kind) && !slices.Contains(sorts, kind) {
		return true
	}
	return p.paying[kind]
}

// alsoReadAs are kinds that expressions read under another name beside their own.
var alsoReadAs = map[string]string{"dibao_sort": "dibao"}

// findPaying gathers all names that conditions of programmes read: by themselves, through terms, or to know what has to be asked for.
func (p *Pack) findPaying() {
	p.paying = map[string]bool{}
	for _, programme := range p.Programmes {
		for _, rules := range programme.RuleSets {
			for _, name := range rules.Conditions {
				c := p.conditions[name]
				p.read(c.expression)
				p.read(c.suspends)
			}
		}
	}
}

func (p *Pack) read(e *expression) {
	if e == nil {
		return
	}
	for _, name := range e.reads {
		if p.paying[name] {
			continue
		}
		p.paying[name] = true
		if kind, other := alsoReadAs[name]; other {
			p.paying[kind] = true
		}
		for _, t := range p.Terms {
			if t.Name == name {
				p.read(t.expression)
			}
		}
		for _, need := range p.NeedsWhen {
			if need.Fact == name {
				p.read(need.when)
			}
		}
	}
}
