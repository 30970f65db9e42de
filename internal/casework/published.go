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

// memory is up to how many days apart two published tables are held against each other: from one month to the next few people change, so a
// reader may take numbers that he cannot see for unchanged (choice).
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
	heirs, err := d.DB.Succession(ctx, in.Area)
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
	nameAreas(series, heirs)
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
	return !ofArea(&f) && pair(&f) == [2]int64{}
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
	areas   map[area.Code]named
}

// named is what an area is called across issues, and where its people are once it has ended.
type named struct {
	last area.Code
	into []area.Code
	ends bool
}

// rowKey names a row of an issue.
type rowKey struct{ indicator, by, area, group string }

func keyOf(f *exchange.Figure) rowKey { return rowKey{f.Indicator, f.By, f.AreaCode, f.Group} }

// sameKey is the key of one of the rows that are the same people: whoever has no certificate has neither a category nor a level.
func sameKey(f *exchange.Figure) rowKey {
	key := keyOf(f)
	if f.By == string(store.ByCategory) && f.Group == "0" {
		key.by = string(store.ByLevel)
	}
	return key
}

// ofArea reports whether a row is of a division of the tree, and not of a group.
func ofArea(f *exchange.Figure) bool { return f.By == string(store.ByTree) && f.Group == "" }

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
	pack, err := d.PackAt(ctx, r.KnownAt)
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
	// everybody knows that nobody is in a division that was none then, even where a row has been kept for it
	was.rows = slices.DeleteFunc(was.rows, func(f exchange.Figure) bool { return f.Suppressed && f.Numerator == nil && ofArea(&f) })
	return was, nil
}

// keepRows adds rows that an earlier issue hid, there or where the same people stand once more, and that are gone: a row that is gone
// would tell that nobody is left in it. Of a division that is none any more everybody knows that.
func (s *issue) keepRows(before *issue) {
	definitions, has, hidden := map[string]*exchange.FigureDefinition{}, map[rowKey]bool{}, map[rowKey]bool{}
	for i := range s.rows {
		definitions[s.rows[i].Indicator], has[keyOf(&s.rows[i])] = s.rows[i].Definition, true
	}
	for i := range before.rows {
		hidden[sameKey(&before.rows[i])] = hidden[sameKey(&before.rows[i])] || before.rows[i].Suppressed
	}
	for _, f := range before.rows {
		if definition := definitions[f.Indicator]; hidden[sameKey(&f)] && definition != nil && !has[keyOf(&f)] && !ofArea(&f) {
			var nobody int64
			f.Numerator, f.Denominator, f.Definition, f.Suppressed = &nobody, &nobody, definition, true
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

// suppress marks the rows of one issue that are not shown, for persons and for households, one indicator after the other.
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
		tables[f.Indicator].add(f, s.areas)
	}
	return tables
}

func (c *cells) add(f *exchange.Figure, areas map[area.Code]named) {
	key := sameKey(f)
	one := indicator.Cell{Name: cellName(key.by, key.area, key.group), Partition: slices.Index(partitions, store.Dimension(f.By)), Count: pair(f), Hidden: f.Suppressed}
	if len(c.list) == 0 {
		one.Parent = -1
	}
	if code := area.Code(f.AreaCode); ofArea(f) {
		if len(c.list) > 0 {
			one.Parent = c.places[code.Parent()]
		}
		c.places[code] = len(c.list)
		one.Name = areaName(areas[code].last)
		for _, heir := range areas[code].into {
			one.Into = append(one.Into, areaName(heir))
		}
		if areas[code].ends && code.Level() == "village" { // towns are their villages
			one.Else = cellName(string(store.ByTree), string(code.District()), store.Unplaced)
		}
	}
	c.rows, c.list = append(c.rows, f), append(c.list, one)
}

// cellName is what is the same of a cell in every issue.
func cellName(by, in, group string) string { return by + " " + in + " " + group }

func areaName(code area.Code) string { return cellName(string(store.ByTree), string(code), "") }

// nameAreas gives an area the same name in all issues, whatever its code was then: that of its last code. Where an issue has both codes,
// because the end of the one was not known yet, they are two areas of which the one has gone into the other.
func nameAreas(series []*issue, heirs area.Succession) {
	both := map[area.Code]bool{}
	for range 2 {
		for _, s := range series {
			s.areas = map[area.Code]named{}
			has := map[area.Code]area.Code{}
			for i := range s.rows {
				code := area.Code(s.rows[i].AreaCode)
				if _, done := s.areas[code]; done || !ofArea(&s.rows[i]) {
					continue
				}
				one := named{}
				if one.last, one.into, one.ends = heirs.Last(code, s.asOf); both[code] {
					one.last = code
				}
				if other, there := has[one.last]; there {
					both[code], both[other] = true, true
				}
				s.areas[code], has[one.last] = one, code
			}
		}
	}
}
