package exchange_test

import (
	"fmt"
	"strings"
	"testing"

	"zhucan/internal/area"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
)

func kindOf(t testing.TB, name string) *exchange.ListKind {
	t.Helper()
	kind, ok := exchange.ListKindOf(name)
	if !ok {
		t.Fatalf("there is no kind %s", name)
	}
	return kind
}

// readList reads a list that can be read.
func readList(t testing.TB, kind, file string) *exchange.List {
	t.Helper()
	list, err := exchange.ReadList(kindOf(t, kind), []byte(file), nil, exchange.NewPlaces(tree(t)), today)
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return list
}

// TestListRow reads one row of every type of column.
func TestListRow(t *testing.T) {
	t.Parallel()
	l := readList(t, "dibao", "临淄区低保名单,,,,,,,,,\n序号,姓 名,身份证号码（18位）,救助类型,低保类别,月保障金额（元）,享受起始日期,停发日期,状态,银行账号\n"+
		"1,金丝雀,379999197001010011,整户保,B类,\"1,085.50\",2023年3月,长期,正常享受,6217 0000-1111 2222\n合计,1,,,,1085.50,,,,\n制表人：金丝雀,,,,,,,,,\n")
	if l.HeadingRow != 2 || len(l.Rows) != 1 || len(l.Refused) != 0 {
		t.Fatalf("heading %d, rows %d, refused %+v", l.HeadingRow, len(l.Rows), l.Refused)
	}
	r := l.Rows[0]
	got := fmt.Sprintln(r.Row, r.ID("id").Reveal(), r.Text("name"), r.Text("sort"), r.Text("class"), int64(r.Fen("monthly")), r.Date("from"), r.Date("to"), r.Text("status"), r.Text("account"), r.Has("to"))
	if want := "3 379999197001010011 金丝雀 household B 108550 2023-03-01  active 6217000011112222 false\n"; got != want {
		t.Errorf("read %s\nwant %s", got, want)
	}
	var repairs []string
	for _, p := range l.Repairs {
		repairs = append(repairs, fmt.Sprint(p.Row, " ", p.Column, " ", p.Code))
	}
	if got := strings.Join(repairs, "; "); got != "3 G 享受起始日期 MONTH_AS_DAY; 3 J 银行账号 BLANKS; 3 J 银行账号 DASHES" {
		t.Errorf("repairs %s", got)
	}
	var notes []string
	for _, n := range l.Notes {
		notes = append(notes, n.Code+" "+n.Column)
	}
	if got := strings.Join(notes, "; "); got != "HEADING_UNKNOWN A 序号; ROWS_TOTAL " {
		t.Errorf("notes %s", got)
	}
	if shown := fmt.Sprintf("%v %+v %#v", r.Values, r.Values, r.Values); strings.Contains(shown, "金丝雀") || strings.Contains(shown, "37999") || strings.Contains(shown, "6217") {
		t.Errorf("a row prints what it says: %s", shown)
	}
}

// TestNumbersOfSenders: a list is taken whose own numbers, or whose notes, have an ID number in them; of these columns nothing is kept.
func TestNumbersOfSenders(t *testing.T) {
	t.Parallel()
	for kind, file := range map[string]string{
		"school": "姓名,身份证号,就学状态,学籍号,学校\n金丝雀,379999201001010010,随班就读,G379999201001010010,第一小学\n",
		"dibao":  "姓名,身份证号,救助类型,低保证号,备注\n金丝雀,379999197001010011,整户保,379999197001010011,监护人379999197001010011\n",
	} {
		l := readList(t, kind, file)
		if len(l.Rows) != 1 {
			t.Fatalf("%s: refused %+v", kind, l.Refused)
		}
		if cells := fmt.Sprint(l.Shown(l.Rows[0], func(area.Code) string { return "" })); strings.Contains(cells, "010010") || strings.Contains(cells, "010011") {
			t.Errorf("%s: a row is shown with a whole number: %s", kind, cells)
		}
	}
	for kind, file := range map[string]string{ // whose notes are kept with the service
		"rehab":   "姓名,身份证号,康复项目,结束日期,备注\n金丝雀,379999197001010011,心理辅导,2019-05-01,监护人379999197001010011\n",
		"devices": "姓名,身份证号,辅具名称,适配日期,备注\n金丝雀,379999197001010011,轮椅,2019-05-01,监护人379999197001010011\n",
	} {
		if l := readList(t, kind, file); len(l.Rows) != 0 || len(l.Refused) != 1 || l.Refused[0].Code != "NUMBER_IN_TEXT" {
			t.Errorf("%s: rows %d, refused %+v", kind, len(l.Rows), l.Refused)
		}
	}
	if l := readList(t, "school", "姓名,身份证号,就学状态,学籍号,学校\n金丝雀,379999201001010010,随班就读,,第一小学379999197001010011\n"); len(l.Rows) != 0 {
		t.Error("a number in a text was taken")
	}
}

// TestListCells changes one cell of a good row at a time.
func TestListCells(t *testing.T) {
	t.Parallel()
	head := map[string]string{
		"deaths": "姓名,身份证号,死亡日期,注销日期,死亡原因", "moves": "姓名,身份证号,迁移类型,迁移日期,镇街,村居", "pension": "姓名,身份证号,险种,状态,年度,代缴,金额,待遇领取开始年月",
		"rehab": "姓名,身份证号,残疾证号,康复项目,开始日期,结束日期", "devices": "姓名,身份证号,辅具名称,适配日期,签收日期",
	}
	row := map[string]string{
		"deaths": "金丝雀,379999197001010011,2023-03-28,2023-04-01,疾病", "moves": "金丝雀,379999197001010011,迁入,2023-03-28,闻韶街道,辛东社区居委会",
		"pension": "金丝雀,379999197001010011,居民,参保,2023,是,100,2021-05", "rehab": "金丝雀,379999197001010011,37999919700101001142,运动训练,2023-01-01,2023-03-01", "devices": "金丝雀,379999197001010011,轮椅,2023-01-01,2023-01-02",
	}
	for _, tt := range []struct {
		kind   string
		column int
		cell   string
		name   string // the column that is looked at
		want   string // what is read, or the code of the refusal, or of the repair behind a +
	}{
		{"deaths", 0, "", "name", "REQUIRED"}, {"deaths", 0, "张　三", "name", "张三+BLANKS"}, {"deaths", 0, "买买提·金丝雀", "name", "买买提·金丝雀"}, {"deaths", 0, "张\u202e三", "name", "NAME_CHARACTERS"}, {"deaths", 0, "张三379999197001010011", "name", "NAME_NUMBER"}, {"deaths", 0, "Anna Li", "name", "Anna Li"},
		{"deaths", 1, "", "id", "REQUIRED"}, {"deaths", 1, "无", "id", "REQUIRED"}, {"deaths", 1, "379999197001010012", "id", "ID_CHECK"}, {"deaths", 1, "3.79999E+17", "id", "ID_SCIENTIFIC"}, {"deaths", 1, "379999197001010000", "id", "ID_ROUNDED"},
		{"deaths", 1, "３７９９９９１９７００１０１００１１", "id", "379999197001010011+FULL_WIDTH"}, {"deaths", 1, "379999 1970 0101 0011", "id", "379999197001010011+BLANKS"}, {"deaths", 1, "'379999197001010011", "id", "379999197001010011+APOSTROPHE"},
		{"deaths", 1, "37999919750510007x", "id", "37999919750510007X+LOWER_CASE"}, {"deaths", 1, "379999750510007", "id", "37999919750510007X+ID_15"}, {"deaths", 1, `="379999197001010011"`, "id", "379999197001010011+TEXT_FORMULA"},
		{"deaths", 1, "#N/A", "id", "CELL_ERROR"}, {"deaths", 2, "2023/3/28", "died_on", "2023-03-28"}, {"deaths", 2, "20230328", "died_on", "2023-03-28"}, {"deaths", 2, "2023年3月28日", "died_on", "2023-03-28"}, {"deaths", 2, "2023.3.28", "died_on", "2023-03-28"},
		{"deaths", 2, "2023-03-28 00:00:00", "died_on", "2023-03-28"}, {"deaths", 2, "2023/3/2 18:30:00", "died_on", "2023-03-02"}, {"deaths", 2, "2023/3/1　2:05", "died_on", "2023-03-01"}, {"deaths", 2, "2023年3月2日 18:30", "died_on", "2023-03-02"}, {"deaths", 2, "2023/3/218:30", "died_on", "DATE"}, {"deaths", 2, "２０２３－３－２８", "died_on", "2023-03-28"}, {"deaths", 2, "45013", "died_on", "2023-03-28"}, {"deaths", 2, "2023-02-29", "died_on", "DATE"}, {"deaths", 2, "2023328", "died_on", "DATE"},
		{"deaths", 2, "2022-03", "died_on", "DATE"}, {"deaths", 2, "2026-11-24", "died_on", "IN_FUTURE"}, {"deaths", 2, "2026-11-23", "died_on", "2026-11-23"}, {"deaths", 2, "长期", "died_on", "DATE"}, {"deaths", 3, "—", "registered_on", ""}, {"deaths", 3, "x", "registered_on", "DATE"},
		{"deaths", 4, strings.Repeat("长", 201), "cause", "TOO_LONG"}, {"moves", 2, "省外迁入", "sort", "in"}, {"moves", 2, "回来", "sort", "WORD"}, {"moves", 2, "", "sort", "REQUIRED"},
		{"moves", 5, "370305001005", "area", "370305001005"}, {"moves", 5, "370305001999", "area", "AREA_UNKNOWN"}, {"moves", 5, "370305001", "area", "AREA_UNKNOWN"}, {"moves", 5, "闻韶街道辛东社区居委会", "area", "370305001005"},
		{"moves", 5, "山东省淄博市临淄区闻韶街道辛东社区居委会", "area", "370305001005"}, {"moves", 5, "辛东社区", "area", "370305001005+PLACE_SHORT"}, {"moves", 5, "乌有村", "area", "AREA_UNKNOWN"}, {"moves", 4, "雪宫街道", "area", "AREA_OTHER_TOWN"}, {"moves", 4, "雪宫", "area", "AREA_OTHER_TOWN"}, {"moves", 4, "闻韶", "area", "370305001005"},
		{"moves", 4, "临淄区闻韶街道办事处", "area", "370305001005"}, {"moves", 4, "他处", "area", "370305001005"}, {"moves", 4, "", "area", "370305001005"}, {"moves", 5, "", "area", ""},
		{"pension", 2, "城乡居民基本养老保险", "sort", "resident"}, {"pension", 3, "领取待遇", "status", "drawing"}, {"pension", 4, "2023年度", "year", "2023"}, {"pension", 4, "23", "year", "YEAR"}, {"pension", 5, "否", "government_paid", "no"}, {"pension", 5, "无", "government_paid", "no"},
		{"pension", 6, "￥1,000.5元", "amount", "100050"}, {"pension", 6, "1.005", "amount", "AMOUNT"}, {"pension", 6, "-3", "amount", "AMOUNT"}, {"pension", 6, "三百", "amount", "AMOUNT"}, {"pension", 7, "202105", "drawing_since", "2021-05"},
		{"pension", 7, "2021年5月", "drawing_since", "2021-05"}, {"pension", 7, "2021-05-17", "drawing_since", "2021-05"}, {"pension", 7, "2021-13", "drawing_since", "MONTH"},
		{"rehab", 1, "", "id", "379999197001010011"}, {"rehab", 2, "", "certificate", ""}, {"rehab", 2, "37999919700101001142B", "certificate", "37999919700101001142B1+CERT_SUFFIX"}, {"rehab", 2, "37999919700101001182", "certificate", "CERT_CATEGORY"},
		{"rehab", 4, "2023年", "from", "2023-01-01+YEAR_AS_DAY"}, {"rehab", 5, "2023-02", "to", "2023-02-28+MONTH_AS_DAY"}, {"rehab", 5, "2022-12-31", "to", "DATES_REVERSED"}, {"rehab", 5, "", "to", "REQUIRED"},
		{"devices", 3, "", "fitted_on", ""}, {"devices", 4, "", "accepted_on", ""},
	} {
		cells := strings.Split(row[tt.kind], ",")
		cells[tt.column] = tt.cell
		if strings.ContainsAny(tt.cell, `",`) {
			cells[tt.column] = `"` + strings.ReplaceAll(tt.cell, `"`, `""`) + `"`
		}
		l := readList(t, tt.kind, head[tt.kind]+"\n"+strings.Join(cells, ",")+"\n")
		if got := outcome(l, tt.name); got != tt.want {
			t.Errorf("%s column %d %q: %q, want %q", tt.kind, tt.column+1, tt.cell, got, tt.want)
		}
		for _, e := range l.Refused {
			if e.Row != 2 || !strings.Contains(head[tt.kind], strings.Fields(e.Column)[1]) || tt.cell != "" && len(tt.cell) > 3 && strings.Contains(e.ZH+e.EN, tt.cell) || !strings.Contains(e.ZH, "请") && !strings.Contains(e.ZH, "可写") {
				t.Errorf("%s %q: the message %+v names no place, quotes the cell or does not say what to do", tt.kind, tt.cell, e)
			}
		}
	}
}

// outcome is what was read in a column, or why the row was refused.
func outcome(l *exchange.List, column string) string {
	if len(l.Refused) > 0 {
		return l.Refused[0].Code
	}
	got := shown(l.Rows[0], column)
	for _, p := range l.Repairs {
		got += "+" + p.Code
	}
	return got
}

// shown is a value in the clear.
func shown(r exchange.ListRow, column string) string {
	if y := r.Year(column); y != 0 {
		return fmt.Sprint(y)
	}
	if r.Has(column) && r.Fen(column) != 0 {
		return fmt.Sprint(int64(r.Fen(column)))
	}
	return r.Text(column) + r.ID(column).Reveal() + r.Certificate(column).Reveal() + r.Date(column).String() + r.Month(column).String() + string(r.Area(column))
}

// TestMapping names columns by hand.
func TestMapping(t *testing.T) {
	t.Parallel()
	const file = "谁,号,哪天没的,备注（内部）\n金丝雀,379999197001010011,2023-03-28,x\n"
	places := exchange.NewPlaces([]area.Division{})
	for _, tt := range []struct {
		name    string
		mapping map[string]string
		code    string
	}{
		{"none", nil, "HEADING_NOT_FOUND"}, {"all", map[string]string{"谁": "name", "号": "id", "哪天没的": "died_on", "备注(内部)": ""}, ""}, {"one is missing", map[string]string{"谁": "name", "号": "id"}, "HEADING_MISSING"},
		{"no such column", map[string]string{"谁": "name", "号": "id", "哪天没的": "died"}, "MAPPING_COLUMN"}, {"no such heading", map[string]string{"谁": "name", "号": "id", "哪天没的": "died_on", "哪儿": "note"}, "MAPPING_HEADING"},
	} {
		list, err := exchange.ReadList(kindOf(t, "deaths"), []byte(file), tt.mapping, places, today)
		if tt.code == "" {
			if err != nil || len(list.Rows) != 1 || list.Rows[0].Date("died_on").String() != "2023-03-28" {
				t.Errorf("%s: %v %v", tt.name, list, err)
			}
			continue
		}
		if !fault.Is(err, tt.code) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.code)
		}
		if f, _ := fault.Of(err); tt.code == "HEADING_MISSING" && (list == nil || len(list.Headings) != 4 || !strings.Contains(f.ZH, "死亡日期") || !strings.Contains(f.ZH, "哪天没的")) {
			t.Errorf("%s does not name what is missing and what is there: %s", tt.name, f.ZH)
		}
	}
}

// TestListCutOffInItsLastCell: a csv file that breaks off in the last cell leaves of a day its month or year, which would be read as the first of it.
func TestListCutOffInItsLastCell(t *testing.T) {
	t.Parallel()
	whole := "姓名,身份证号,起始日期\n金丝雀,379999197001010011,2022-11-01\n金丝雀二,37999919700101002X,2022-11-05"
	for cut, want := range map[int]string{0: "2 rows", 3: "1 rows 3 CUT_OFF", 4: "1 rows 3 CUT_OFF", 6: "1 rows 3 CUT_OFF"} {
		list, err := exchange.ReadList(kindOf(t, "dibao"), []byte(whole[:len(whole)-cut]), nil, exchange.NewPlaces(tree(t)), today)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%d rows", len(list.Rows))
		for _, e := range list.Refused {
			got += fmt.Sprint(" ", e.Row, " ", e.Code)
		}
		if got != want {
			t.Errorf("cut by %d: %s, want %s", cut, got, want)
		}
	}
	list, err := exchange.ReadList(kindOf(t, "dibao"), []byte(whole[:len(whole)-3]+"\n"), nil, exchange.NewPlaces(tree(t)), today)
	if err != nil || len(list.Rows) != 2 {
		t.Errorf("a month in a file with its end: %d rows (%v)", len(list.Rows), err)
	}
	months := strings.ReplaceAll(strings.TrimSuffix(whole, "-05"), "2022-11-01", "2022-11")
	if list, err = exchange.ReadList(kindOf(t, "dibao"), []byte(months), nil, exchange.NewPlaces(tree(t)), today); err != nil || len(list.Rows) != 2 {
		t.Errorf("months in every row: %d rows (%v)", len(list.Rows), err)
	}
}
