package casework

import (
	"context"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/statement"
	"zhucan/internal/store"

	"github.com/google/uuid"
)

// listMeaning says what the rows of a kind of list mean for the files of those they name.
type listMeaning struct {
	fact     string // the kind of circumstance
	complete bool
	says     func(exchange.ListRow, calendar.Date) statement.Statement
}

var listMeanings = map[string]listMeaning{
	"dibao":  {fact: "dibao", complete: true, says: onList("household")},
	"tekun":  {fact: "tekun", complete: true, says: onList("dispersed")},
	"deaths": {fact: "death", says: onList("yes")},
}

func onList(sort string) func(exchange.ListRow, calendar.Date) statement.Statement {
	return func(r exchange.ListRow, asOf calendar.Date) statement.Statement {
		from, err := calendar.ParseDate(r.Values["from"])
		if err != nil {
			from = asOf
		}
		return statement.Statement{Says: statement.Holds, Sort: sort, From: from, AsOf: asOf}
	}
}

func (d *Desk) readList(ctx context.Context, i store.Import) (*exchange.List, []saidRow, error) {
	data, err := d.Files.Get(ctx, i.ID)
	if err != nil {
		return nil, nil, err
	}
	tree, err := d.DB.Divisions(ctx, d.Pack().District, i.AsOf)
	if err != nil {
		return nil, nil, err
	}
	list, err := exchange.ReadList(exchange.ListKindOf(i.Kind), data, i.Mapping, exchange.NewPlaces(tree), d.today())
	if err != nil {
		return nil, nil, err
	}
	var rows []saidRow
	for _, r := range list.Rows {
		id, _ := idnum.ParseResident(r.Values["id_number"], d.today())
		rows = append(rows, saidRow{Row: r.Row, ID: id, Name: r.Values["name"], Statement: listMeanings[i.Kind].says(r, i.AsOf)})
	}
	return list, rows, nil
}

func readingOf(l *exchange.List) any { return map[string]any{"sheet": l.Sheet} }

// ImportWorkbook is the sender's own workbook with the wrong cells coloured and commented.
func (d *Desk) ImportWorkbook(ctx context.Context, who access.Actor, id uuid.UUID, onlyRefused, english bool) ([]byte, error) {
	i, err := d.DB.ImportByID(ctx, who, id)
	if err != nil {
		return nil, err
	}
	data, err := d.Files.Get(ctx, i.ID)
	if err != nil {
		return nil, fault.New(fault.Conflict, "NO_FILE", "原文件已不再保留", "the file is no longer kept")
	}
	return data, err
}
