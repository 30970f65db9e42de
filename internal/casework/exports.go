package casework

import (
	"context"
	"iter"
	"slices"
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

// ExportList takes a list for another department out. That it is, by whom, what for and how many rows it has is kept before the
// first row is given away. The ids are gathered first and the rows read as they are written, a portion at a time and each time with
// the rights of that moment, so that neither memory nor a connection is held for a slow line.
func (d *Desk) ExportList(ctx context.Context, who access.Actor, in NewExport) (e exchange.Export, rows iter.Seq2[exchange.PartnerRow, error], err error) {
	list := exchange.PartnerListNamed(in.List)
	if list == nil {
		return e, nil, store.NotFound
	}
	if in.Purpose = strings.TrimSpace(in.Purpose); in.Purpose == "" {
		return e, nil, field("purpose", "PURPOSE_REQUIRED", "须填写用途", "say what it is for")
	}
	if in.Area, err = InArea(who, in.Area); err != nil {
		return e, nil, err
	}
	if d.Pack().Indicator(list.Counts) == nil {
		return e, nil, fault.New(fault.Conflict, "NOT_COUNTED", "现行政策包未统计该名单的口径", "the pack in force does not count who is on this list")
	}
	q := store.ListOf{Indicator: list.Counts, Area: in.Area, On: d.today(), Holders: list.Holders, ByNumber: list.ByNumber, Households: list.Households}
	for _, part := range list.Parts {
		q.Parts = append(q.Parts, partOf[part])
	}
	reading, err := d.DB.Reading(ctx, who)
	if err != nil {
		return e, nil, err
	}
	ids, err := d.DB.OnList(reading, who, q)
	if err != nil {
		return e, nil, err
	}
	if in.Form == "xlsx" && len(ids) > exchange.MaxFigureRows {
		return e, nil, fault.New(fault.Conflict, "TOO_MANY_ROWS", "行数超过工作簿上限，请下载csv", "more rows than a workbook holds; take csv")
	}
	names, err := d.placeNames(reading, in.Area)
	if err != nil {
		return e, nil, err
	}
	kept := store.Export{ID: d.NewID(), List: list.Name, Area: in.Area, Form: in.Form, Purpose: in.Purpose, Rows: len(ids)}
	err = d.write(ctx, who, "list.export", func(tx *store.Tx) error {
		kept.At = tx.Now
		if err := tx.InsertExport(ctx, kept); err != nil {
			return err
		}
		return tx.Describe(ctx, kept.ID, map[string]any{"list": list.Name, "rows": kept.Rows, "form": in.Form, "area": string(in.Area), "purpose": in.Purpose})
	})
	e = exchange.Export{List: list, ID: kept.ID.String(), Account: who.Username, At: kept.At.In(calendar.Civil), Purpose: in.Purpose, Rows: kept.Rows}
	return e, d.listRows(reading, who, q, ids, names), err
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

func (d *Desk) listRows(ctx context.Context, who access.Actor, q store.ListOf, ids []uuid.UUID, names map[area.Code]string) iter.Seq2[exchange.PartnerRow, error] {
	return func(yield func(exchange.PartnerRow, error) bool) {
		for part := range slices.Chunk(ids, portion) {
			list, err := d.DB.Listed(ctx, who, q, part)
			if err != nil {
				yield(exchange.PartnerRow{}, err)
				return
			}
			for _, one := range list {
				row := exchange.PartnerRow{Name: one.Name, IDNumber: one.IDNumber, BirthDate: one.BirthDate, Town: names[one.Area.Parent()], Village: names[one.Area],
					Category: one.Category, Level: one.Level, Address: one.Address, Holders: one.Holders}
				if !yield(row, nil) {
					return
				}
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
