package exchange_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"zhucan/internal/exchange"
)

// dibaoBook is a list of so many rows and twelve columns as a spreadsheet writes it: texts are shared, amounts are numbers,
// days are numbers with a format.
func dibaoBook(t testing.TB, rows int) []byte {
	var sheet, texts strings.Builder
	shared := 0
	text := func(ref string, s string) string {
		texts.WriteString("<si><t>" + s + "</t></si>")
		shared++
		return fmt.Sprintf(`<c r="%s" s="1" t="s"><v>%d</v></c>`, ref, shared-1)
	}
	line := func(n int, cells []string) {
		fmt.Fprintf(&sheet, `<row r="%d" spans="1:12">`, n)
		for i, s := range cells {
			ref := fmt.Sprintf("%c%d", 'A'+i, n)
			switch {
			case n > 1 && (i == 0 || i == 6):
				fmt.Fprintf(&sheet, `<c r="%s"><v>%s</v></c>`, ref, s)
			case n > 1 && i == 7:
				fmt.Fprintf(&sheet, `<c r="%s" s="2"><v>%s</v></c>`, ref, s)
			default:
				sheet.WriteString(text(ref, s))
			}
		}
		sheet.WriteString("</row>")
	}
	sheet.WriteString(`<worksheet ` + mainSpace + `><sheetData>`)
	line(1, words("序号 姓名 身份证号 低保证号 救助类型 低保类别 月保障金额 享受起始日期 状态 街镇 村居 备注"))
	for n := range rows {
		line(n+2, []string{fmt.Sprint(n + 1), "金丝雀", canaryID(n), fmt.Sprintf("D%08d", n/2), "整户保", "B类", fmt.Sprintf("%d.5", 300+n%900), fmt.Sprint(42000 + n%3000), "正常享受", "闻韶街道", "辛东社区", fmt.Sprintf("第%d户", n/2)})
	}
	sheet.WriteString(`</sheetData></worksheet>`)
	parts := with(rawParts(sheet.String()), "xl/sharedStrings.xml", `<sst `+mainSpace+`>`+texts.String()+`</sst>`)
	parts = with(parts, "xl/styles.xml", `<styleSheet `+mainSpace+`><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="49"/><xf numFmtId="14"/></cellXfs></styleSheet>`)
	return pack(t, parts)
}

func words(text string) []string { return strings.Fields(text) }

// TestFiftyThousandRows bounds the cost of a large list: 150 MiB of everything that is ever allocated, so that less is held at once. It measures memory and must not run beside others: it is not parallel.
func TestFiftyThousandRows(t *testing.T) {
	data := dibaoBook(t, 50_000)
	places := exchange.NewPlaces(tree(t))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	list, err := exchange.ReadList(kindOf(t, "dibao"), data, nil, places, today)
	runtime.ReadMemStats(&after)
	if err != nil || len(list.Rows) != 50_000 || len(list.Refused) > 0 {
		t.Fatalf("%v, refused %+v", err, list.Refused[:min(3, len(list.Refused))])
	}
	if r := list.Rows[49_999]; r.Row != 50_001 || r.ID("id").Reveal() != canaryID(49_999) || int64(r.Fen("monthly")) != 100*(300+49_999%900)+50 || r.Date("from").String() != "2020-06-17" { // day 43,999; day 43,831 is 1 January 2020
		t.Errorf("the last row is %d %v", r.Row, r.Date("from"))
	}
	allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
	if allocated > 150*slack {
		t.Errorf("%d MiB of %d bytes", allocated, len(data))
	}
}

// TestFiftyThousandRowsAnnotated bounds what is ever allocated while such a list is annotated: it is read once more, and the sheet
// that is written anew is never held as a whole. It measures memory as well.
func TestFiftyThousandRowsAnnotated(t *testing.T) {
	data := dibaoBook(t, 50_000)
	list := readBytes(t, "dibao", data)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	out, err := exchange.Annotate(data, list, []exchange.RowError{{Row: 50_001, Column: "姓名", ZH: "请核对"}}, false)
	runtime.ReadMemStats(&after)
	if err != nil || !strings.Contains(members(t, out)["xl/comments1.xml"], `ref="B50001"`) {
		t.Fatal(err)
	}
	if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > 220*slack {
		t.Errorf("%d MiB of %d bytes", allocated, len(data))
	}
}

func BenchmarkReadList(b *testing.B) {
	data := dibaoBook(b, 10_000)
	places := exchange.NewPlaces(tree(b))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := exchange.ReadList(kindOf(b, "dibao"), data, nil, places, today); err != nil {
			b.Fatal(err)
		}
	}
}
