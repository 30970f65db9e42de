package casework

import (
	"cmp"
	"context"
	"iter"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// NewExport asks for a partner's list.
type NewExport struct {
	List    string
	Form    string    // csv or xlsx
	Area    area.Code // the actor's own where empty
	Purpose string
}

var partOf = map[string]standing.Status{"covered": standing.Covered, "gap": standing.Gap, "excluded": standing.Excluded}

// chosenList is a partner's list as somebody asked for it.
type chosenList struct {
	list    *exchange.PartnerList
	reading context.Context
	q       store.ListOf
}

// choose finds out what is on a list, and completes what was asked for.
func (d *Desk) choose(ctx context.Context, who access.Actor, in *NewExport) (c chosenList, err error) {
	if c.list = exchange.PartnerListNamed(in.List); c.list == nil {
		return c, store.NotFound
	}
	if in.Area, err = InArea(who, in.Area); err != nil {
		return c, err
	}
	if d.Pack().Indicator(c.list.Counts) == nil {
		return c, fault.New(fault.Conflict, "NOT_COUNTED", "现行政策包未统计该名单的口径", "the pack in force does not count who is on this list")
	}
	c.q = store.ListOf{Indicator: c.list.Counts, Area: in.Area, On: d.today(), Holders: c.list.Holders, ByNumber: c.list.ByNumber, Households: c.list.Households}
	for _, part := range c.list.Parts {
		c.q.Parts = append(c.q.Parts, partOf[part])
	}
	c.reading, err = d.DB.Reading(ctx, who)
	return c, err
}

// CountList is how many rows a list would have if it were taken out now. Nobody is named, so it is no export.
func (d *Desk) CountList(ctx context.Context, who access.Actor, in NewExport) (int, error) {
	c, err := d.choose(ctx, who, &in)
	if err != nil {
		return 0, err
	}
	return d.DB.CountListed(c.reading, who, c.q)
}

// ExportList takes a list for another department out. That it is, by whom, what for and how many rows it has is kept before the
// first row is given away. The rows are read as they are written, a page at a time and each time with the rights of that moment, so that neither
// memory nor a connection is held for a slow line.
func (d *Desk) ExportList(ctx context.Context, who access.Actor, in NewExport) (e exchange.Export, rows iter.Seq2[exchange.PartnerRow, error], err error) {
	c, err := d.choose(ctx, who, &in)
	if err != nil {
		return e, nil, err
	}
	if in.Purpose = strings.TrimSpace(in.Purpose); in.Purpose == "" {
		return e, nil, field("purpose", "PURPOSE_REQUIRED", "须填写用途", "say what it is for")
	}
	names, err := d.placeNames(c.reading, in.Area)
	if err != nil {
		return e, nil, err
	}
	first, err := d.firstOfList(c, who)
	if err != nil {
		return e, nil, err
	}
	if in.Form == "xlsx" && first.of > exchange.MaxFigureRows {
		return e, nil, fault.New(fault.Conflict, "TOO_MANY_ROWS", "行数超过工作簿上限，请下载csv", "more rows than a workbook holds; take csv")
	}
	kept := store.Export{ID: d.NewID(), List: c.list.Name, Area: in.Area, Form: in.Form, Purpose: in.Purpose, Rows: first.of}
	err = d.write(ctx, who, "list.export", func(tx *store.Tx) error {
		kept.At = tx.Now
		if err := tx.InsertExport(ctx, kept); err != nil {
			return err
		}
		return tx.Describe(ctx, kept.ID, map[string]any{"list": c.list.Name, "rows": kept.Rows, "form": in.Form, "area": string(in.Area), "purpose": in.Purpose})
	})
	e = exchange.Export{List: c.list, ID: kept.ID.String(), Account: who.Username, At: kept.At.In(calendar.Civil), Purpose: in.Purpose, Rows: kept.Rows}
	return e, d.listRows(c, who, first, names), err
}

// placeNames are the names of divisions today. A list may name a town above the area asked for.
func (d *Desk) placeNames(ctx context.Context, in area.Code) (map[area.Code]string, error) {
	at := in
	if len(at) > len(d.Pack().District) {
		at = d.Pack().District
	}
	tree, err := d.DB.Divisions(ctx, at, d.today())
	if err != nil {
		return nil, err
	}
	names := make(map[area.Code]string, len(tree))
	for _, division := range tree {
		names[division.Code] = division.Name
	}
	return names, nil
}

// fileRows is how many rows of a file are read at a time: some 4 MiB, and more than most districts have, whose file is then read in one
// piece.
const fileRows = 16_000

func (d *Desk) fileRows() int { return cmp.Or(d.FileRows, fileRows) }

// mostOfList is how many persons or households a list may hold: their ids are kept in memory, 16 bytes each, while the file goes out.
const mostOfList = 2_000_000

// listPage is a page of a list, the ids of those behind it, and how many are on the whole list.
type listPage struct {
	rows   []store.OneListed
	behind []uuid.UUID
	of     int
}

// firstOfList is the first page, which for most lists is all of it. For a longer one it is fixed first who is on the list: somebody who
// moved while it is read would stand in it twice, or not at all.
func (d *Desk) firstOfList(c chosenList, who access.Actor) (p listPage, err error) {
	if p.rows, err = d.DB.Listed(c.reading, who, c.q, d.fileRows()); err != nil || len(p.rows) < d.fileRows() {
		p.of = len(p.rows)
		return p, err
	}
	ids, err := d.DB.OnList(c.reading, who, c.q, mostOfList+1)
	if err == nil && len(ids) > mostOfList {
		err = fault.New(fault.Conflict, "TOO_MANY_ROWS", "名单人数过多，请按下级区划分别导出", "too many for one list; take it out for smaller areas")
	}
	if err != nil {
		return p, err
	}
	p, err = d.nextOfList(c, who, ids)
	p.of = len(ids)
	return p, err
}

// nextOfList is the page of the first of some ids.
func (d *Desk) nextOfList(c chosenList, who access.Actor, ids []uuid.UUID) (p listPage, err error) {
	n := min(len(ids), d.fileRows())
	p.behind = ids[n:]
	p.rows, err = d.DB.ListedByID(c.reading, who, c.q, ids[:n])
	return p, err
}

// listRows are the rows of a list from its first page on. Nothing is told of somebody who has left the area meanwhile: the list then has
// fewer rows than were recorded, and the file is broken off.
func (d *Desk) listRows(c chosenList, who access.Actor, page listPage, names map[area.Code]string) iter.Seq2[exchange.PartnerRow, error] {
	return func(yield func(exchange.PartnerRow, error) bool) {
		for {
			for _, one := range page.rows {
				row := exchange.PartnerRow{Name: one.Name, IDNumber: one.IDNumber, BirthDate: one.BirthDate, Town: names[one.Area.Parent()], Village: names[one.Area],
					Category: one.Category, Level: one.Level, Address: one.Address, Holders: one.Holders}
				if !yield(row, nil) {
					return
				}
			}
			if len(page.behind) == 0 {
				return
			}
			var err error
			if page, err = d.nextOfList(c, who, page.behind); err != nil {
				yield(exchange.PartnerRow{}, err)
				return
			}
		}
	}
}

// ListExports lists who took out which list of an area and below, the latest first.
func (d *Desk) ListExports(ctx context.Context, who access.Actor, f store.ExportFilter) (list []store.Export, err error) {
	if f.Area, err = InArea(who, f.Area); err != nil {
		return nil, err
	}
	return d.DB.Exports(ctx, f)
}
