package casework

import (
	"context"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/indicator"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// Value is one indicator for one area or group on a day.
type Value struct {
	Definition *policy.Indicator
	Area       area.Code
	AreaName   string
	Group      string // of a dimension that is no area; unplaced for who stands in no village
	indicator.Count
	Unplaced int64 // of the three parts together, where the value is for a whole area
}

// ValuesOf asks for indicators.
type ValuesOf struct {
	Area      area.Code // the caller's own where empty
	On        calendar.Date
	By        store.Dimension
	Indicator string // all where empty
}

// InArea is the area asked for, or the actor's own; one outside is absent.
func InArea(who access.Actor, asked area.Code) (area.Code, error) {
	if asked == "" {
		return who.Area, nil
	}
	if !who.Covers(asked) {
		return "", store.NotFound
	}
	return asked, nil
}

// Values counts indicators. Numbers and lists come from the same standings; sums add up the tree.
func (d *Desk) Values(ctx context.Context, who access.Actor, q ValuesOf) ([]Value, area.Code, error) {
	in, err := InArea(who, q.Area)
	if err != nil {
		return nil, "", err
	}
	definitions, ids, err := d.definitions(q.Indicator)
	if err != nil {
		return nil, "", err
	}
	counts, err := d.DB.Counts(ctx, who, ids, q.On, in, q.By)
	if err != nil {
		return nil, "", err
	}
	tree, err := d.DB.Divisions(ctx, in, q.On)
	if err != nil {
		return nil, "", err
	}
	var values []Value
	for _, def := range definitions {
		values = append(values, lay(def, in, q.By, tree, counts)...)
	}
	return values, in, nil
}

func (d *Desk) definitions(only string) (list []*policy.Indicator, ids []string, err error) {
	for i := range d.Pack().Indicators {
		if def := &d.Pack().Indicators[i]; only == "" || def.ID == only {
			list, ids = append(list, def), append(ids, def.ID)
		}
	}
	if len(list) == 0 {
		return nil, nil, fault.New(fault.NotFound, "NOT_FOUND", "没有这项指标", "there is no such indicator")
	}
	return list, ids, nil
}

// lay puts the counts of one indicator into rows: one for each area of the level asked for, also where nobody is
// counted, or one for each group that occurs.
func lay(def *policy.Indicator, in area.Code, by store.Dimension, tree []area.Division, counts []store.GroupCount) []Value {
	found := map[string]store.GroupCount{}
	var groups []string
	for _, c := range counts {
		if c.Indicator == def.ID {
			found[c.Group], groups = c, append(groups, c.Group)
		}
	}
	name := ""
	for _, div := range tree {
		if div.Code == in {
			name = div.Name
		}
	}
	value := func(code area.Code, name, key, group string) Value {
		return Value{Definition: def, Area: code, AreaName: name, Group: group, Count: found[key].Count, Unplaced: found[key].Unplaced}
	}
	var rows []Value
	switch by {
	case store.ByNone:
		return []Value{value(in, name, "", "")}
	case store.ByTown, store.ByVillage:
		for _, div := range tree {
			if div.Code.Level() == string(by) {
				rows = append(rows, value(div.Code, div.Name, string(div.Code), ""))
			}
		}
		if _, some := found[store.Unplaced]; some {
			rows = append(rows, value(in, name, store.Unplaced, store.Unplaced))
		}
		return rows
	}
	for _, group := range groups {
		rows = append(rows, value(in, name, group, group))
	}
	return rows
}

// NamesOf asks for the persons behind a number.
type NamesOf struct {
	Indicator string
	Area      area.Code
	On        calendar.Date
	Part      standing.Status
	After     store.Cursor
	Limit     int
}

// Names lists the persons behind one part of a number.
func (d *Desk) Names(ctx context.Context, who access.Actor, q NamesOf) (list []store.Named, total, elsewhere int64, err error) {
	in, err := InArea(who, q.Area)
	if err != nil {
		return nil, 0, 0, err
	}
	if _, _, err := d.definitions(q.Indicator); err != nil {
		return nil, 0, 0, err
	}
	return d.DB.Names(ctx, who, q.Indicator, q.On, in, q.Part, q.After, q.Limit)
}
