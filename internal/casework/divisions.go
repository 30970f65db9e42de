package casework

import (
	"context"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// ImportDivisionFile takes in a file of divisions, all of it or nothing; with dryRun it only says what would change. Divisions for which
// the file gives no first day are valid from a given one on.
func (d *Desk) ImportDivisionFile(ctx context.Context, who access.Actor, data []byte, from calendar.Date, dryRun bool) (taken store.TakenDivisions, err error) {
	rows, refused, err := exchange.ReadDivisions(data, from)
	if err != nil {
		return taken, atMember("file", err)
	}
	if len(refused) > 0 {
		return taken, refusedRows(refused)
	}
	return d.importDivisions(ctx, who, rows, dryRun)
}

// ImportDivisions adds divisions of the actor's area that are not there yet, ends those that are said to have ended, and corrects the names
// and classes of others.
func (d *Desk) ImportDivisions(ctx context.Context, who access.Actor, list []area.Division) (changed int, err error) {
	rows := make([]exchange.DivisionRow, len(list))
	for i, one := range list {
		rows[i].Division = one
	}
	taken, err := d.importDivisions(ctx, who, rows, false)
	return taken.Changed(), err
}

func (d *Desk) importDivisions(ctx context.Context, who access.Actor, rows []exchange.DivisionRow, dryRun bool) (taken store.TakenDivisions, err error) {
	list := make([]area.Division, len(rows))
	undated := map[int]bool{}
	var refused []exchange.RowError
	for i, r := range rows {
		if r.Undated {
			undated[i] = true
		}
		if list[i] = r.Division; !who.Covers(r.Code) {
			refused = append(refused, exchange.RowError{Row: r.Row, Column: "code", Code: "OUTSIDE_AREA", ZH: "超出本人管辖区域的区划：" + string(r.Code), EN: "a division outside your area: " + string(r.Code)})
		}
	}
	if len(refused) > 0 {
		return taken, refusedRows(refused)
	}
	write := d.write
	if dryRun {
		write = d.DB.Tried
	}
	err = write(ctx, who, "divisions.import", func(tx *store.Tx) error {
		if err := tx.AllowLong(ctx); err != nil { // the tree of a province has tens of thousands of rows
			return err
		}
		var uncovered []store.Uncovered
		if taken, uncovered, err = tx.InsertDivisions(ctx, list, undated); err != nil {
			return err
		}
		for _, u := range uncovered {
			refused = append(refused, notCovered(rows[u.At], u.On))
		}
		if len(refused) > 0 {
			return refusedRows(refused)
		}
		return tx.Describe(ctx, uuid.Nil, map[string]any{"added": taken.Added, "ended": taken.Ended, "corrected": taken.Corrected})
	})
	return taken, err
}

// notCovered refuses a division that has none above it on a day of its own.
func notCovered(r exchange.DivisionRow, on calendar.Date) exchange.RowError {
	parent := string(r.Code.Parent())
	if on == r.ValidFrom {
		return exchange.RowError{Row: r.Row, Column: "parent_code", Code: "NO_PARENT_DIVISION",
			ZH: "上级区划" + parent + "在起始日期时不存在", EN: "the division above, " + parent + ", is not there on its first day"}
	}
	return exchange.RowError{Row: r.Row, Column: "valid_to", Code: "OUTLIVES_PARENT",
		ZH: "有效期超出上级区划：" + parent + "自" + on.String() + "起不存在，本行应最迟在此前一日终止",
		EN: "it outlives the division above: " + parent + " is not there from " + on.String() + " on, so this one ends the day before at the latest"}
}

// mostNamed is how many rows a refusal names.
const mostNamed = 20

// refusedRows is the refusal of a file that is taken as a whole, with the rows and columns because of which it is.
func refusedRows(refused []exchange.RowError) error {
	var fields []fault.Field
	var zh, en []string
	for _, r := range refused[:min(len(refused), mostNamed)] {
		inChinese, inEnglish := "", []string{}
		if r.Row > 0 {
			inChinese, inEnglish = "第"+strconv.Itoa(r.Row)+"行", append(inEnglish, "row "+strconv.Itoa(r.Row))
		}
		if r.Column != "" {
			inChinese, inEnglish = inChinese+r.Column+"列", append(inEnglish, "column "+r.Column)
		}
		zh, en = append(zh, inChinese+"："+r.ZH), append(en, strings.Join(inEnglish, ", ")+": "+r.EN)
		fields = append(fields, fault.Field{Name: "file", Code: r.Code, ZH: zh[len(zh)-1], EN: en[len(en)-1]})
	}
	if n := len(refused) - len(fields); n > 0 {
		zh, en = append(zh, "另有"+strconv.Itoa(n)+"处"), append(en, strconv.Itoa(n)+" more")
	}
	f := fault.InvalidFields(fields...)
	f.ZH, f.EN = strings.Join(zh, "；"), strings.Join(en, "; ")
	return f
}
