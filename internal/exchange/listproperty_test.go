package exchange_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
)

// written is a cell in one of its spellings, and what it says.
type written struct {
	text   string
	serial int // a day as a number, in workbooks
	want   string
}

// pick draws one of some spellings.
func pick(t *rapid.T, spellings ...string) string {
	return rapid.SampledFrom(spellings).Draw(t, "spelling")
}

func drawDay(t *rapid.T, from, to int) calendar.Date {
	d, err := calendar.NewDate(rapid.IntRange(from, to).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func wide(digits string) string {
	return strings.Map(func(r rune) rune { return r - '!' + '！' }, digits)
}

// draw makes up a cell of a column.
func draw(t *rapid.T, c exchange.ListColumn, villages []area.Division, towns map[area.Code]string) written {
	id := canaryID(rapid.IntRange(0, 30_000).Draw(t, "person"))
	switch c.Is {
	case exchange.IDNumber:
		return written{text: pick(t, id, strings.ToLower(id), wide(id), id[:6]+" "+id[6:], "'"+id), want: id}
	case exchange.CertificateNumber:
		card := id + fmt.Sprint(rapid.IntRange(1, 7).Draw(t, "category")) + fmt.Sprint(rapid.IntRange(1, 4).Draw(t, "level"))
		return rapid.SampledFrom([]written{{text: card, want: card}, {text: wide(card), want: card}, {text: card + "B12", want: card + "B12"}, {text: card + "b", want: card + "B1"}}).Draw(t, "card")
	case exchange.PersonName:
		name := "金丝雀" + pick(t, "", "𠮷", "㐂", "·买买提")
		return written{text: pick(t, name, " "+name+"　"), want: name}
	case exchange.Day, exchange.FirstDay, exchange.LastDay:
		from, to := 1990, 2010
		if c.Name == "to" {
			from, to = 2011, 2025
		}
		d := drawDay(t, from, to)
		y, m, day := d.YMD()
		w := written{want: d.String(), text: pick(t, d.String(), fmt.Sprintf("%d/%d/%d", y, m, day), fmt.Sprintf("%d.%02d.%02d", y, m, day), fmt.Sprintf("%04d%02d%02d", y, m, day), fmt.Sprintf("%d年%d月%d日", y, m, day), d.String()+" 00:00:00")}
		w.serial = d.Sub(calendar.MustDate("1899-12-30"))
		if rapid.Bool().Draw(t, "as text") {
			w.serial = 0
		}
		return w
	case exchange.MonthOf:
		m := drawDay(t, 1990, 2025).Month()
		text := m.String()
		return written{text: pick(t, text, text[:4]+"年"+text[5:]+"月", text[:4]+text[5:], text+"-01"), want: text}
	case exchange.YearOf:
		y := fmt.Sprint(rapid.IntRange(1990, 2025).Draw(t, "year"))
		return written{text: pick(t, y, y+"年", y+"年度", y+"学年"), want: y}
	case exchange.Yuan:
		fen := rapid.IntRange(1, 99_999_999).Draw(t, "fen")
		text := fmt.Sprintf("%d.%02d", fen/100, fen%100)
		return written{text: pick(t, text, "￥"+text, text+"元", wide(text)), want: fmt.Sprint(fen)}
	case exchange.Place:
		v := rapid.SampledFrom(villages).Draw(t, "village")
		return written{text: pick(t, string(v.Code), towns[v.Code.Parent()]+v.Name), want: string(v.Code)}
	case exchange.Choice:
		var words []string
		for word := range c.Words {
			words = append(words, word)
		}
		slices.Sort(words)
		word := rapid.SampledFrom(words).Draw(t, "word")
		return written{text: word, want: c.Words[word]}
	case exchange.Phone:
		phone := fmt.Sprintf("199%08d", rapid.IntRange(0, 99_999_999).Draw(t, "phone"))
		return written{text: pick(t, phone, wide(phone), phone[:3]+" "+phone[3:]), want: phone}
	case exchange.Account:
		account := "6217" + fmt.Sprintf("%015d", rapid.IntRange(0, 1<<40).Draw(t, "account"))
		return written{text: pick(t, account, account[:4]+" "+account[4:], account[:4]+"-"+account[4:]), want: account}
	}
	text := rapid.StringOfN(rapid.SampledFrom([]rune("甲乙丙，,\"'=;\t 1a𠮷\n（-")), 1, 12, -1).Draw(t, "text")
	text = "文" + text + "。"
	return written{text: text, want: text}
}

// sheetOfRows is a list that somebody wrote: the columns in any order, under any of their headings.
type sheetOfRows struct {
	kind    *exchange.ListKind
	columns []exchange.ListColumn
	heading []string
	rows    [][]written
}

func drawSheet(t *rapid.T, villages []area.Division, towns map[area.Code]string) sheetOfRows {
	s := sheetOfRows{kind: &exchange.ListKinds[rapid.IntRange(0, len(exchange.ListKinds)-1).Draw(t, "kind")]}
	for _, c := range s.kind.Columns {
		if c.Need || rapid.Bool().Draw(t, "column "+c.Name) {
			s.columns = append(s.columns, c)
		}
	}
	s.columns = rapid.Permutation(s.columns).Draw(t, "order")
	for _, c := range s.columns {
		s.heading = append(s.heading, rapid.SampledFrom(append([]string{c.ZH}, c.Aliases...)).Draw(t, "heading"))
	}
	for range rapid.IntRange(1, 5).Draw(t, "rows") {
		var row []written
		for _, c := range s.columns {
			w := written{want: c.Default}
			if c.Need || rapid.Bool().Draw(t, "filled") {
				w = draw(t, c, villages, towns)
			}
			row = append(row, w)
		}
		s.rows = append(s.rows, row)
	}
	return s
}

func (s sheetOfRows) csv() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(s.heading)
	for _, row := range s.rows {
		var texts []string
		for _, cell := range row {
			texts = append(texts, cell.text)
		}
		w.Write(texts)
	}
	w.Flush()
	return b.Bytes()
}

func (s sheetOfRows) xlsx(t *rapid.T) []byte {
	book := excelize.NewFile()
	defer book.Close()
	for i, h := range s.heading {
		name, _ := excelize.CoordinatesToCellName(i+1, 1)
		book.SetCellStr("Sheet1", name, h)
		for n, row := range s.rows {
			name, _ := excelize.CoordinatesToCellName(i+1, n+2)
			if row[i].serial != 0 {
				book.SetCellInt("Sheet1", name, int64(row[i].serial))
			} else if row[i].text != "" {
				book.SetCellStr("Sheet1", name, row[i].text)
			}
		}
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func linzi(t testing.TB) (villages []area.Division, towns map[area.Code]string) {
	towns = map[area.Code]string{}
	for _, d := range tree(t) {
		switch d.Code.Level() {
		case "town":
			towns[d.Code] = d.Name
		case "village":
			villages = append(villages, d)
		}
	}
	return villages, towns
}

// TestListsAreReadAsWritten writes made-up lists of every kind and reads the same values from a workbook, from csv in UTF-8
// and GB18030. Annotated, the workbook is the same list.
func TestListsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	villages, towns := linzi(t)
	places := exchange.NewPlaces(tree(t))
	rapid.Check(t, func(t *rapid.T) {
		s := drawSheet(t, villages, towns)
		for name, data := range map[string][]byte{"xlsx": s.xlsx(t), "csv": s.csv(), "GB18030": gbk(string(s.csv()))} {
			list, err := exchange.ReadList(s.kind, data, nil, places, today)
			if err != nil {
				t.Fatalf("%s %s: %v", s.kind.Name, name, err)
			}
			s.compare(t, name, list)
			if name == "xlsx" {
				sameAnnotated(t, data, list, places)
			}
		}
	})
}

func (s sheetOfRows) compare(t *rapid.T, name string, list *exchange.List) {
	if len(list.Rows) != len(s.rows) || len(list.Refused) > 0 {
		t.Fatalf("%s %s: %d rows of %d, refused %+v", s.kind.Name, name, len(list.Rows), len(s.rows), list.Refused)
	}
	for n, row := range s.rows {
		for i, c := range s.columns {
			if got := shown(list.Rows[n], c.Name); got != row[i].want {
				t.Errorf("%s %s, row %d, %s: read %q of %q, want %q", s.kind.Name, name, n+2, c.Name, got, row[i].text, row[i].want)
			}
		}
	}
}

func sameAnnotated(t *rapid.T, data []byte, list *exchange.List, places *exchange.Places) {
	refusals := []exchange.RowError{{Row: list.Rows[0].Row, Column: list.Place("id"), Code: "X", ZH: "请核对", EN: "compare"}, {Row: list.Rows[len(list.Rows)-1].Row, Column: "name", Code: "Y", ZH: "请核对", EN: "compare"}}
	out, err := exchange.Annotate(data, list, refusals, false)
	if err != nil {
		t.Fatal(err)
	}
	again, err := exchange.ReadList(list.Kind, out, nil, places, today)
	if err != nil || !reflect.DeepEqual(list, again) {
		t.Fatalf("annotated, the list is another: %v", err)
	}
}
