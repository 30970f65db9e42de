package exchange

import (
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/fault"
)

// MaxFigureRows is how many rows a workbook of figures holds at most; spreadsheets end soon after.
const MaxFigureRows = 1_000_000

var errFigureRows = fault.New(fault.Conflict, "TOO_MANY_ROWS", "行数超过工作簿上限，请导出csv", "more rows than a workbook holds; take csv")

// writeFiguresXLSX writes a workbook: the rows under Chinese headings, and of a release its dictionary and its definitions on
// sheets of their own. Counts and rates are numbers, with which a spreadsheet can reckon; codes are text, so that they stay whole.
func writeFiguresXLSX(w io.Writer, f Figures) error {
	if f.About > MaxFigureRows { // found out before all of them are counted
		return errFigureRows
	}
	book := excelize.NewFile()
	defer book.Close()
	if err := book.SetSheetName("Sheet1", "指标值"); err != nil {
		return err
	}
	cells := make([]string, len(FigureColumns)-1) // the explanations have sheets of their own
	shapes := make([]shape, len(cells))
	for i := range cells {
		cells[i], shapes[i] = FigureColumns[i].ZH, figureShapes[FigureColumns[i].Name]
	}
	sheet, err := newBookSheet(book, "指标值", shapes...)
	if err != nil {
		return err
	}
	sheet.line(cells)
	for row, err := range f.Rows {
		if err != nil {
			return err
		}
		for i := range cells {
			cells[i] = figureCell(FigureColumns[i].cell(&f.FiguresHead, &row))
		}
		if sheet.line(cells); sheet.row > MaxFigureRows {
			return errFigureRows
		}
	}
	if err := sheet.end(); err != nil {
		return err
	}
	if len(f.Dictionary) > 0 {
		if err := explain(book, f.FiguresHead); err != nil {
			return err
		}
	}
	return book.Write(w)
}

// explain writes the sheets of a release that say what its numbers mean.
func explain(book *excelize.File, head FiguresHead) error {
	columns := [][]string{{"列", "英文代码", "含义"}}
	for _, c := range head.Dictionary {
		columns = append(columns, []string{c.ZH, c.Name, c.Meaning})
	}
	definitions := [][]string{{"序号", "代码", "名称", "定义版本", "口径", "统计对象", "不计入", "已覆盖", "说明"}}
	for _, d := range head.Definitions {
		definitions = append(definitions, []string{fmt.Sprint(d.No), d.Key, d.NameZH, d.DefinitionVersion, d.Basis, d.Population, named(d.Exclusions), d.Covered, d.note()})
	}
	for _, s := range []struct {
		name   string
		lines  [][]string
		shapes []shape
	}{{"数据字典", columns, nil}, {"指标定义", definitions, []shape{asWhole}}} {
		if _, err := book.NewSheet(s.name); err != nil {
			return err
		}
		sheet, err := newBookSheet(book, s.name, s.shapes...)
		if err != nil {
			return err
		}
		for _, cells := range s.lines {
			for i := range cells {
				cells[i] = figureCell(cells[i])
			}
			sheet.line(cells)
		}
		if err := sheet.end(); err != nil {
			return err
		}
	}
	return nil
}
