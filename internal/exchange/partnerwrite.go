package exchange

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/fault"
)

// Export is one list taken out: what it is, by whom and what for. It stands in the file itself, so that a copy that turns up
// somewhere tells where it came from.
type Export struct {
	List    *PartnerList
	ID      string
	Account string
	At      time.Time // in the time of the office
	Purpose string
	Rows    int
}

// Changed breaks a file off that would not have as many rows as were recorded for it.
var Changed = fault.New(fault.Conflict, "CHANGED_MEANWHILE", "名单在导出过程中发生变化，请重新导出", "the list changed while it was taken out; take it out again")

func (e Export) watermark() string {
	return "导出编号 " + e.ID + "；账号 " + e.Account + "；时间 " + e.At.Format(time.RFC3339) + "；用途 " + e.Purpose
}

// eachListRow writes the watermark, the headings, the rows and how many they are. All have as many cells as there are columns: many
// programs read no csv otherwise.
func (e Export) eachListRow(rows iter.Seq2[PartnerRow, error], put func([]string) error) error {
	write := func(cells []string) error {
		full := make([]string, len(e.List.Columns))
		copy(full, cells)
		return put(full)
	}
	headings := make([]string, len(e.List.Columns))
	for i, c := range e.List.Columns {
		headings[i] = c.ZH
	}
	if err := write([]string{e.watermark()}); err != nil {
		return err
	}
	if err := write(headings); err != nil {
		return err
	}
	n := 0
	for row, err := range rows {
		if err != nil {
			return err
		}
		cells := make([]string, len(e.List.Columns))
		for i, c := range e.List.Columns {
			cells[i] = c.cell(&row)
		}
		if err := write(cells); err != nil {
			return err
		}
		n++
	}
	if n != e.Rows {
		return Changed
	}
	return write([]string{totalRow, strconv.Itoa(n)})
}

// WritePartnerList writes a list as csv in UTF-8 with a mark, or as a workbook whose numbers of people are text, so that they stay whole.
func WritePartnerList(w io.Writer, form string, e Export, rows iter.Seq2[PartnerRow, error]) (err error) {
	if form == "xlsx" {
		err = writePartnerXLSX(w, e, rows)
	} else {
		err = writePartnerCSV(w, e, rows)
	}
	if err != nil {
		return fmt.Errorf("write a partner's list: %w", err)
	}
	return nil
}

func writePartnerCSV(w io.Writer, e Export, rows iter.Seq2[PartnerRow, error]) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	err := e.eachListRow(rows, func(cells []string) error {
		for i, text := range cells {
			cells[i] = guard(text)
		}
		return out.Write(cells)
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

func writePartnerXLSX(w io.Writer, e Export, rows iter.Seq2[PartnerRow, error]) error {
	book := excelize.NewFile()
	defer book.Close()
	if err := book.SetDocProps(&excelize.DocProperties{Title: e.List.ZH, Subject: e.List.Partner, Creator: e.Account, LastModifiedBy: e.Account, Identifier: e.ID,
		Description: e.watermark(), Created: e.At.UTC().Format(time.RFC3339), Modified: e.At.UTC().Format(time.RFC3339)}); err != nil {
		return err
	}
	const name = "名单"
	if err := book.SetSheetName("Sheet1", name); err != nil {
		return err
	}
	shapes := make([]shape, len(e.List.Columns))
	for i, c := range e.List.Columns {
		shapes[i] = c.shape
	}
	sheet, err := newBookSheet(book, name, shapes...)
	if err != nil {
		return err
	}
	err = e.eachListRow(rows, func(cells []string) error {
		for i, text := range cells {
			cells[i] = guard(text)
		}
		sheet.line(cells)
		return sheet.err
	})
	if err != nil {
		return err
	}
	if err := sheet.end(); err != nil {
		return err
	}
	return book.Write(w)
}
