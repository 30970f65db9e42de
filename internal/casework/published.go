package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"zhucan/internal/area"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/indicator"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// partitions are the breakdowns that are published, each adding up to the whole. Those that do not are not: what overlaps, and
// what follows from others: severe and other from the levels, urban and rural from the villages.
var partitions = []store.Dimension{store.ByTree, store.ByCategory, store.ByLevel, store.BySex, store.ByAgeBand, store.ByHardship, store.ByRegisteredPoor,
	store.ByHukouType, store.ByHolders}

func published(by store.Dimension) bool { return slices.Contains(partitions, by) }

// memory is how far apart in days two published tables may be and still be held against each other: from one month to the next
// few people change, and a reader may take those that he cannot see for the same (choice).
const memory = 366

var errDiscloses = fault.New(fault.Conflict, "DISCLOSES", "以往公开的数据会使本次隐藏的数字可被推算，不能公开", "what was published before would tell what has to be hidden now")

// publicRows are the rows of a public release: small numbers are hidden, and others with them, so that nobody can work out a
// hidden one from sums, or from what was published of the days around.
func publicRows(ctx context.Context, tx *store.Tx, in NewRelease, rows iter.Seq2[exchange.Figure, error]) (_ iter.Seq2[exchange.Figure, error], hidden int, err error) {
	files, err := tx.PublishedBefore(ctx, in.Area, in.AsOf.Add(-memory), in.AsOf.Add(memory))
	if err != nil {
		return nil, 0, err
	}
	before, err := readPublished(files)
	if err != nil {
		return nil, 0, err
	}
	var list []exchange.Figure
	for f, err := range rows {
		if err != nil {
			return nil, 0, err
		}
		list = append(list, inPublic(f))
	}
	for _, of := range byIndicator(list) {
		if !suppress(of, before) {
			return nil, 0, errDiscloses
		}
	}
	for i := range list {
		if list[i].Suppressed {
			list[i] = withheld(list[i])
			hidden++
		}
	}
	return listed(list), hidden, nil
}

// inPublic leaves out what only offices need.
func inPublic(f exchange.Figure) exchange.Figure {
	f.Excluded, f.Extra, f.Waived, f.RateWithoutWaivers, f.Unplaced = nil, nil, nil, nil, nil
	return f
}

// withheld is a row without its numbers, and without what is made from them.
func withheld(f exchange.Figure) exchange.Figure {
	f.Numerator, f.Denominator, f.Rate, f.Met, f.ShortBy, f.Light = nil, nil, nil, nil, nil, string(indicator.LightSuppressed)
	return f
}

// byIndicator are the rows of each indicator that counts persons or households, the whole first.
func byIndicator(list []exchange.Figure) (parts [][]*exchange.Figure) {
	at := map[string]int{}
	for i := range list {
		f := &list[i]
		if f.Definition.Unit != policy.UnitPerson && f.Definition.Unit != policy.UnitHousehold {
			continue
		}
		if _, ok := at[f.Indicator]; !ok {
			at[f.Indicator], parts = len(parts), append(parts, nil)
		}
		parts[at[f.Indicator]] = append(parts[at[f.Indicator]], f)
	}
	return parts
}

// cellKey names a cell across releases.
type cellKey struct{ indicator, by, area, group string }

func keyOf(f *exchange.Figure) cellKey { return cellKey{f.Indicator, f.By, f.AreaCode, f.Group} }

// seen is what was published of cells: hidden once, or shown with these numbers of covered and gap.
type seen struct {
	hidden map[cellKey]bool
	shown  [2]map[cellKey][]int64
}

func readPublished(files [][]byte) (seen, error) {
	s := seen{hidden: map[cellKey]bool{}, shown: [2]map[cellKey][]int64{{}, {}}}
	for _, file := range files {
		var release struct{ Items []exchange.Figure }
		if err := json.Unmarshal(file, &release); err != nil {
			return s, fmt.Errorf("read what was published before: %w", err)
		}
		for i := range release.Items {
			f := &release.Items[i]
			if f.Suppressed {
				s.hidden[keyOf(f)] = true
				continue
			}
			for part, n := range pair(f) {
				s.shown[part][keyOf(f)] = append(s.shown[part][keyOf(f)], n)
			}
		}
	}
	return s, nil
}

// pair is the covered and the gap of a row; nothing where it has no numbers.
func pair(f *exchange.Figure) [2]int64 {
	if f.Numerator == nil || f.Denominator == nil {
		return [2]int64{}
	}
	return [2]int64{*f.Numerator, *f.Denominator - *f.Numerator}
}

// suppress marks the rows of one indicator that are not shown.
func suppress(rows []*exchange.Figure, before seen) bool {
	table := make([]indicator.Cell, len(rows))
	places := map[area.Code]int{}
	for i, f := range rows {
		key := keyOf(f)
		c := indicator.Cell{Parent: -1, Partition: slices.Index(partitions, store.Dimension(f.By)), Count: pair(f), Hidden: before.hidden[key]}
		for part := range c.Known {
			c.Known[part] = slices.Contains(before.shown[part][key], c.Count[part])
		}
		switch {
		case i == 0: // the whole
		case f.By == string(store.ByTree) && f.Group == "":
			c.Parent = places[area.Code(f.AreaCode).Parent()]
		default:
			c.Parent = 0
		}
		if f.By == string(store.ByTree) && f.Group == "" {
			places[area.Code(f.AreaCode)] = i
		}
		table[i] = c
	}
	safe := indicator.Suppress(table)
	for i, f := range rows {
		f.Suppressed = table[i].Hidden
	}
	return safe
}
