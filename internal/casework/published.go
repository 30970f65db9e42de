package casework

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
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
func (d *Desk) publicRows(ctx context.Context, who access.Actor, in NewRelease, rows iter.Seq2[exchange.Figure, error], counted map[uuid.UUID]*issue) (_ iter.Seq2[exchange.Figure, error], hidden int, err error) {
	now := &issue{asOf: in.AsOf, knownAt: in.KnownAt}
	if now.rows, err = inPublic(rows); err != nil {
		return nil, 0, err
	}
	others, err := d.issues(ctx, who, in, counted)
	if err != nil {
		return nil, 0, err
	}
	series := []*issue{now}
	for _, other := range others {
		series = append(series, other)
		now.keepRows(other)
	}
	slices.SortStableFunc(series, func(a, b *issue) int {
		return cmp.Or(a.asOf.Compare(b.asOf), a.knownAt.Compare(b.knownAt), bytes.Compare(a.id[:], b.id[:]))
	})
	if !suppress(series, now) {
		return nil, 0, errDiscloses
	}
	list := slices.DeleteFunc(now.rows, func(f exchange.Figure) bool { return empty(f) && !f.Suppressed })
	for i := range list {
		if list[i].Suppressed {
			list[i] = withheld(list[i])
			hidden++
		}
	}
	return listed(list), hidden, nil
}

// issues are the public tables of the days around, but for those that have been counted already.
func (d *Desk) issues(ctx context.Context, who access.Actor, in NewRelease, counted map[uuid.UUID]*issue) (map[uuid.UUID]*issue, error) {
	list, err := d.DB.Published(ctx, in.Area, in.AsOf.Add(-memory), in.AsOf.Add(memory))
	if err != nil {
		return nil, err
	}
	found := map[uuid.UUID]*issue{}
	for _, r := range list {
		if found[r.ID] = counted[r.ID]; found[r.ID] == nil {
			if found[r.ID], err = d.readIssue(ctx, who, r); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// inPublic collects rows without what only offices need.
func inPublic(rows iter.Seq2[exchange.Figure, error]) (list []exchange.Figure, err error) {
	for f, err := range rows {
		if err != nil {
			return nil, err
		}
		f.Excluded, f.Extra, f.Waived, f.RateWithoutWaivers, f.Unplaced = nil, nil, nil, nil, nil
		list = append(list, f)
	}
	return list, nil
}

// empty reports whether a row is a group of nobody. It is not published: that it occurs would tell of somebody excluded.
func empty(f exchange.Figure) bool {
	return (f.By != string(store.ByTree) || f.Group != "") && pair(&f) == [2]int64{}
}

// withheld is a row without its numbers, and without what is made from them.
func withheld(f exchange.Figure) exchange.Figure {
	f.Numerator, f.Denominator, f.Rate, f.Met, f.ShortBy, f.Light = nil, nil, nil, nil, nil, string(indicator.LightSuppressed)
	return f
}

// issue is a public table with the numbers that it hides.
type issue struct {
	id      uuid.UUID // of the release; none of the one that is being made
	asOf    calendar.Date
	knownAt time.Time
	rows    []exchange.Figure
}

// rowKey names a row across issues.
type rowKey struct{ indicator, by, area, group string }

func keyOf(f *exchange.Figure) rowKey { return rowKey{f.Indicator, f.By, f.AreaCode, f.Group} }

// readIssue reads what was published, and counts again what it hides: the same moment has the same numbers for ever.
func (d *Desk) readIssue(ctx context.Context, who access.Actor, r store.Release) (*issue, error) {
	var file bytes.Buffer
	if err := d.DB.CopyReleaseFile(ctx, &file, r, "json"); err != nil {
		return nil, err
	}
	var published struct{ Items []exchange.Figure }
	if err := json.Unmarshal(file.Bytes(), &published); err != nil {
		return nil, fmt.Errorf("read what was published before: %w", err)
	}
	was := &issue{id: r.ID, asOf: r.AsOf, knownAt: r.KnownAt, rows: published.Items}
	pack, err := d.packAt(ctx, r.KnownAt)
	if err != nil {
		return nil, err
	}
	rows, err := d.releaseRows(ctx, who, pack, NewRelease{Area: r.Area, AsOf: r.AsOf, KnownAt: r.KnownAt, Public: true})
	if err != nil {
		return nil, err
	}
	counted := map[rowKey]exchange.Figure{}
	for f, err := range rows {
		if err != nil {
			return nil, err
		}
		counted[keyOf(&f)] = f
	}
	for i := range was.rows {
		if f := &was.rows[i]; f.Suppressed {
			f.Numerator, f.Denominator = counted[keyOf(f)].Numerator, counted[keyOf(f)].Denominator
		}
	}
	return was, nil
}

// keepRows adds rows that an earlier issue hid and that are gone: a row that is gone would tell that nobody is left in it.
func (s *issue) keepRows(before *issue) {
	definitions, has := map[string]*exchange.FigureDefinition{}, map[rowKey]bool{}
	for i := range s.rows {
		definitions[s.rows[i].Indicator], has[keyOf(&s.rows[i])] = s.rows[i].Definition, true
	}
	for _, f := range before.rows {
		if definition := definitions[f.Indicator]; f.Suppressed && definition != nil && !has[keyOf(&f)] {
			var nobody int64
			f.Numerator, f.Denominator, f.Definition = &nobody, &nobody, definition
			s.rows = append(s.rows, f)
		}
	}
}

// pair is the covered and the gap of a row; nothing where it has no numbers.
func pair(f *exchange.Figure) [2]int64 {
	if f.Numerator == nil || f.Denominator == nil {
		return [2]int64{}
	}
	return [2]int64{*f.Numerator, *f.Denominator - *f.Numerator}
}

// suppress marks the rows of one issue that are not shown, one indicator of persons or households after the other.
func suppress(series []*issue, now *issue) bool {
	tables := make([]map[string]*cells, len(series))
	for i, s := range series {
		tables[i] = s.cells()
	}
	at := slices.Index(series, now)
	for key, own := range tables[at] {
		if unit := own.rows[0].Definition.Unit; unit != policy.UnitPerson && unit != policy.UnitHousehold {
			continue
		}
		var list [][]indicator.Cell
		position := 0
		for i, table := range tables {
			if i == at {
				position = len(list)
			}
			if table[key] != nil {
				list = append(list, table[key].list)
			}
		}
		if !indicator.Suppress(list, position) {
			return false
		}
		for i, f := range own.rows {
			f.Suppressed = own.list[i].Hidden
		}
	}
	return true
}

// cells are the rows of one indicator as a table that adds up, the whole first.
type cells struct {
	rows   []*exchange.Figure
	list   []indicator.Cell
	places map[area.Code]int
}

// cells are the tables of an issue by indicator.
func (s *issue) cells() map[string]*cells {
	tables := map[string]*cells{}
	for i := range s.rows {
		f := &s.rows[i]
		if tables[f.Indicator] == nil {
			tables[f.Indicator] = &cells{places: map[area.Code]int{}}
		}
		tables[f.Indicator].add(f)
	}
	return tables
}

func (c *cells) add(f *exchange.Figure) {
	one := indicator.Cell{Name: f.By + " " + f.AreaCode + " " + f.Group, Partition: slices.Index(partitions, store.Dimension(f.By)), Count: pair(f), Hidden: f.Suppressed}
	if len(c.list) == 0 {
		one.Parent = -1
	}
	if f.By == string(store.ByTree) && f.Group == "" {
		if len(c.list) > 0 {
			one.Parent = c.places[area.Code(f.AreaCode).Parent()]
		}
		c.places[area.Code(f.AreaCode)] = len(c.list)
	}
	c.rows, c.list = append(c.rows, f), append(c.list, one)
}
