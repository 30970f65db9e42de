package exchange_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/money"
)

const (
	batch    = "0190f3a0-0000-7000-8000-00000000a001"
	account1 = "6217000000000000001"
	account2 = "6217000000000000002"
)

var bankHead = []string{"批次号", "序号", "账号", "实发金额", "结果", "失败原因"}

// answer is a file of results: the heading, the rows, nothing added.
func answer(rows ...[]string) [][]string { return append([][]string{bankHead}, rows...) }

func asCSV(t testing.TB, rows [][]string) []byte {
	t.Helper()
	var file bytes.Buffer
	out := csv.NewWriter(&file)
	if err := out.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func asXLSX(t testing.TB, rows [][]string) []byte {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	for i, row := range rows {
		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := book.Write(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func asGBK(t testing.TB, file []byte) []byte {
	t.Helper()
	gbk, err := simplifiedchinese.GBK.NewEncoder().Bytes(file)
	if err != nil {
		t.Fatal(err)
	}
	return gbk
}

var (
	goodAnswer = answer([]string{batch, "1", account1, "1,056.00", "成功", ""}, []string{batch, "2", account2, "￥0.5", "退票", "户名不符"},
		[]string{"合计", "2", "", "1056.50", "", ""})
	goodResults = []exchange.BankResult{{Row: 2, Seq: 1, Account: account1, Amount: 105600, Paid: true},
		{Row: 3, Seq: 2, Account: account2, Amount: 50, Reason: "户名不符"}}
)

// TestBankResultForms reads one answer in every form that banks send.
func TestBankResultForms(t *testing.T) {
	t.Parallel()
	plain := asCSV(t, goodAnswer)
	titled := append([][]string{{"代发结果明细表"}, {"开户行：云雀银行"}}, goodAnswer...)
	for name, form := range map[string]struct {
		file  []byte
		moved int
	}{
		"UTF-8":      {plain, 0},
		"mark":       {append([]byte("\xEF\xBB\xBF"), plain...), 0},
		"GBK":        {asGBK(t, plain), 0},
		"xlsx":       {asXLSX(t, goodAnswer), 0},
		"CRLF":       {bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n")), 0},
		"titles":     {asCSV(t, titled), 2},
		"titles GBK": {asGBK(t, asCSV(t, titled)), 2},
		"title xlsx": {asXLSX(t, titled), 2},
		"no newline": {bytes.TrimRight(plain, "\n"), 0},
		"upper case": {bytes.ReplaceAll(plain, []byte(batch), []byte(strings.ToUpper(batch))), 0},
	} {
		want := slices.Clone(goodResults)
		for i := range want {
			want[i].Row += form.moved
		}
		got, refused, err := exchange.ReadBankResults(form.file, batch)
		if err != nil || len(refused) > 0 {
			t.Errorf("%s: %v, %v", name, err, refused)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestBankResultReturned fills in the file that the bank got, as xlsx and csv, and reads it back.
func TestBankResultReturned(t *testing.T) {
	t.Parallel()
	r, lines := payment(25)
	var book bytes.Buffer
	if err := exchange.WritePaymentXLSX(&book, r, lines); err != nil {
		t.Fatal(err)
	}
	file, err := excelize.OpenReader(&book)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows := records(t, paymentCSV(t, r, lines))
	for n := 2; n <= 26; n++ {
		rows[n-1][23] = "成功"
		if err := file.SetCellStr("Sheet1", fmt.Sprintf("X%d", n), "成功"); err != nil {
			t.Fatal(err)
		}
	}
	filled, err := file.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"xlsx": filled.Bytes(), "csv": asCSV(t, rows)} {
		got, refused, err := exchange.ReadBankResults(data, batch)
		if err != nil || len(refused) > 0 || len(got) != 25 {
			t.Fatalf("%s: %d results, %v, %v", name, len(got), refused, err)
		}
		for i, g := range got {
			line := paymentLine(i + 1)
			if g.Seq != line.Seq || g.Account != line.Account || g.Amount != line.Net || !g.Paid {
				t.Errorf("%s: row %d is not the line that was sent", name, g.Row)
			}
		}
	}
}

// TestBankResultWords reads other headings and other words for the same.
func TestBankResultWords(t *testing.T) {
	t.Parallel()
	for word, paid := range map[string]bool{"成功": true, "已入账": true, "paid": true, "PAID": true, "失败": false, "退票": false, "failed": false} {
		for _, head := range [][]string{{"批次", "行号", "银行账号", "金额", "状态", "备注"}, {"发放批次", "序号", "卡号", "发放金额", "发放结果", "原因"}} {
			file := asCSV(t, [][]string{head, {batch, "7", account1, "80", word, ""}, {"总计", "1", "", "80.00", "", ""}})
			got, refused, err := exchange.ReadBankResults(file, batch)
			if err != nil || len(refused) > 0 || len(got) != 1 || got[0].Paid != paid || got[0].Seq != 7 || got[0].Amount != 8000 {
				t.Errorf("%s under %v: %v %v %v", word, head, got, refused, err)
			}
		}
	}
}

// TestBankResultAmounts never rounds: what is not exact to the fen is refused.
func TestBankResultAmounts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]money.Fen{"1,056.00": 105600, "1056": 105600, "1056.0": 105600, "￥1056.00": 105600, "¥1,056.07": 105607,
		"0.29": 29, "4.35": 435, "999999999999.99": 99999999999999, "0": 0} {
		got, refused, err := exchange.ReadBankResults(asCSV(t, answer([]string{batch, "1", account1, text, "成功", ""}, []string{"合计", "1", "", text, "", ""})), batch)
		if err != nil || len(refused) > 0 || len(got) != 1 || got[0].Amount != want {
			t.Errorf("%s: %v %v %v", text, got, refused, err)
		}
	}
	for _, text := range []string{"1.005", "1056.0999999999999", "1e3", "1.056E+03", "-5.00", "(5.00)", "1,05.00", "10,56", "", "NaN", "Inf", "0x10", "1_000", "1.", ".5", "1 056"} {
		file := asCSV(t, answer([]string{batch, "1", account1, text, "成功", ""}, []string{"合计", "1", "", "0", "", ""}))
		got, refused, err := exchange.ReadBankResults(file, batch)
		if err != nil || len(got) > 0 || len(refused) != 1 || refused[0].Code != "BAD_AMOUNT" || refused[0].Row != 2 || refused[0].Column != "实发金额" {
			t.Errorf("%q: %v %v %v", text, got, refused, err)
		}
	}
}

// TestBankResultNumberCells reads amounts as a spreadsheet keeps numbers, and sums as formulas; what is no amount of fen is
// refused in a number cell, too.
func TestBankResultNumberCells(t *testing.T) {
	t.Parallel()
	row := func(n int, seq, amount string) string {
		return textCells(n, batch, seq, account1) + numberCell(fmt.Sprintf("D%d", n), amount) + fmt.Sprintf(`<c r="E%d" t="inlineStr"><is><t>成功</t></is></c>`, n)
	}
	book := func(amount, total string) []byte {
		return pack(t, rawParts(sheetXML(textCells(1, bankHead...), row(2, "1", "1.1000000000000001"), row(3, "2", amount), textCells(4, "合计", "2")+`<c r="D4"`+total+`</c>`)))
	}
	for amount, want := range map[string]money.Fen{"785.10000000000002": 78510, "785.09999999999991": 78510, "785.1": 78510, "785": 78500, "0.99999999999999989": 100} {
		for _, total := range []string{`><v>` + (want + 110).Yuan() + `</v>`, `><f>SUM(D2:D3)</f><v>` + (want + 110).Yuan() + `0000000000001</v>`, ` t="str"><f>TEXT(D2)</f><v>￥` + (want + 110).Yuan() + `</v>`} {
			got, refused, err := exchange.ReadBankResults(book(amount, total), batch)
			if err != nil || len(refused) > 0 || len(got) != 2 || got[0].Amount != 110 || got[1].Amount != want {
				t.Errorf("%s with %s: %v %v %v", amount, total, got, refused, err)
			}
		}
	}
	for _, amount := range []string{"785.105", "785.1001", "-785.1", "7.851E2", "785.10000001", "4e"} {
		got, refused, err := exchange.ReadBankResults(book(amount, `><v>1.1</v>`), batch)
		if err != nil || len(got) != 1 || len(refused) != 1 || refused[0].Code != "BAD_AMOUNT" || refused[0].Row != 3 {
			t.Errorf("%s: %v %v %v", amount, got, refused, err)
		}
	}
	for _, total := range []string{"787.1", "786.205", "-786.2", "7.862E2"} {
		if _, _, err := exchange.ReadBankResults(book("785.10000000000002", `><v>`+total+`</v>`), batch); !fault.Is(err, "CONTROL_TOTAL") {
			t.Errorf("a total of %s: %v", total, err)
		}
	}
}

// TestBankResultRefusedWhole are files that nothing is taken from.
func TestBankResultRefusedWhole(t *testing.T) {
	t.Parallel()
	line1, line2 := []string{batch, "1", account1, "10.00", "成功", ""}, []string{batch, "2", account2, "5.00", "成功", ""}
	total := []string{"合计", "2", "", "15.00", "", ""}
	other := []string{"0190f3a0-0000-7000-8000-00000000a002", "2", account2, "5.00", "成功", ""}
	book := asXLSX(t, answer(line1, line2, total))
	for name, c := range map[string]struct {
		file []byte
		code string
	}{
		"no total row":       {asCSV(t, answer(line1, line2)), "CONTROL_ROW_MISSING"},
		"a line too few":     {asCSV(t, answer(line1, total)), "CONTROL_TOTAL"},
		"a line too many":    {asCSV(t, answer(line1, line2, line2, total)), "CONTROL_TOTAL"},
		"another amount":     {asCSV(t, answer(line1, line2, []string{"合计", "2", "", "15.01", "", ""})), "CONTROL_TOTAL"},
		"no amount":          {asCSV(t, answer(line1, line2, []string{"合计", "2", "", "", "", ""})), "CONTROL_TOTAL"},
		"lines below total":  {asCSV(t, answer(line1, line2, total, line1)), "CONTROL_TOTAL"},
		"two parts":          {asCSV(t, answer(line1, []string{"合计", "1", "", "10.00", "", ""}, line2, total)), "CONTROL_TOTAL"},
		"another roster":     {asCSV(t, answer(other, []string{"合计", "1", "", "5.00", "", ""})), "OTHER_ROSTER"},
		"two rosters":        {asCSV(t, answer(line1, other, total)), "OTHER_ROSTER"},
		"two below total":    {asCSV(t, answer(line1, line2, total, other)), "OTHER_ROSTER"},
		"no heading":         {asCSV(t, [][]string{line1, line2, total}), "HEADING_NOT_FOUND"},
		"cut in a quotation": {[]byte(strings.Join(bankHead, ",") + "\n" + batch + ",1,\"62170000"), "CSV_QUOTE"},
		"quoted to the end":  {[]byte(strings.Join(bankHead, ",") + "\n" + batch + ",1," + account1 + ",10.00,成功,\"\n合计,1,,10.00,,\n"), "CSV_QUOTE"},
		"cut xlsx":           {book[:len(book)*2/3], "WORKBOOK_BROKEN"},
		"empty":              {nil, "WORKBOOK_EMPTY"},
	} {
		got, refused, err := exchange.ReadBankResults(c.file, batch)
		if !fault.Is(err, c.code) || got != nil || refused != nil {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// TestBankResultCutOff cuts a file off after every byte: it is whole or it is refused.
func TestBankResultCutOff(t *testing.T) {
	t.Parallel()
	plain := bytes.TrimRight(asCSV(t, goodAnswer), ",\n")
	for name, file := range map[string][]byte{"UTF-8": plain, "GBK": asGBK(t, plain), "xlsx": asXLSX(t, goodAnswer)} {
		for n := range len(file) - 1 { // without its last digit 1056.50 is still 1056.50
			if got, _, err := exchange.ReadBankResults(file[:n], batch); err == nil {
				t.Fatalf("%s: %d of %d bytes were taken for an answer with %d lines", name, n, len(file), len(got))
			}
		}
	}
}

// TestBankResultRefusedLines names what is wrong with a line, and takes the others.
func TestBankResultRefusedLines(t *testing.T) {
	t.Parallel()
	good := []string{batch, "9", account2, "1.00", "成功", ""}
	total := []string{"合计", "2", "", "2.00", "", ""}
	for name, c := range map[string]struct {
		line         []string
		column, code string
	}{
		"number":    {[]string{batch, "x", account1, "1.00", "成功", ""}, "序号", "BAD_NUMBER"},
		"no number": {[]string{batch, "", account1, "1.00", "成功", ""}, "序号", "BAD_NUMBER"},
		"zero":      {[]string{batch, "0", account1, "1.00", "成功", ""}, "序号", "BAD_NUMBER"},
		"account":   {[]string{batch, "1", "6.217E+18", "1.00", "成功", ""}, "账号", "BAD_ACCOUNT"},
		"name":      {[]string{batch, "1", "金丝雀", "1.00", "成功", ""}, "账号", "BAD_ACCOUNT"},
		"result":    {[]string{batch, "1", account1, "1.00", "处理中", ""}, "结果", "BAD_RESULT"},
	} {
		got, refused, err := exchange.ReadBankResults(asCSV(t, answer(c.line, good, total)), batch)
		if err != nil || len(got) != 1 || got[0].Seq != 9 || len(refused) != 1 {
			t.Errorf("%s: %v %v %v", name, got, refused, err)
			continue
		}
		if r := refused[0]; r.Row != 2 || r.Column != c.column || r.Code != c.code || r.ZH == "" || r.EN == "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestBankResultDoubled takes no occurrence, also where one of them is refused for another fault (row 6): which one is
// meant is not ours to choose.
func TestBankResultDoubled(t *testing.T) {
	t.Parallel()
	line := func(seq, result string) []string { return []string{batch, seq, account1, "1.00", result, ""} }
	got, refused, err := exchange.ReadBankResults(asCSV(t, answer(line("1", "成功"), line("2", "成功"), line("1", "失败"), line("3", "成功"), line("3", "处理中"),
		[]string{"合计", "5", "", "5.00", "", ""})), batch)
	if err != nil || len(got) != 1 || got[0].Seq != 2 {
		t.Fatalf("%v %v", got, err)
	}
	doubled := map[int]bool{}
	for _, r := range refused {
		doubled[r.Row] = doubled[r.Row] || r.Code == "DOUBLED_LINE"
	}
	if diff := cmp.Diff(map[int]bool{2: true, 4: true, 5: true, 6: false}, doubled); diff != "" {
		t.Error(diff)
	}
}

// TestBankResultReason keeps numbers that could be an account out of the bank's words.
func TestBankResultReason(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{"账号" + account1 + "不存在": "账号****不存在", "６２１７０００００１": "****", "账号6217 0000 0000 001已销户": "账号****已销户",
		"代码1204": "代码1204", "": ""} {
		got, _, err := exchange.ReadBankResults(asCSV(t, answer([]string{batch, "1", account1, "1.00", "失败", reason}, []string{"合计", "1", "", "1.00", "", ""})), batch)
		if err != nil || len(got) != 1 || got[0].Reason != want {
			t.Errorf("%s: %v %v", reason, got, err)
		}
	}
}

// TestBankResultAny makes answers of its own, not with the writer, and reads them back equal.
func TestBankResultAny(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		seqs := rapid.SliceOfNDistinct(rapid.IntRange(1, 1_000_000), 1, 30, rapid.ID[int]).Draw(r, "seqs")
		rows, want, total := [][]string{bankHead}, []exchange.BankResult{}, 0
		for i, seq := range seqs {
			fen := rapid.IntRange(0, 1_000_000_00).Draw(r, "fen")
			total += fen
			b := exchange.BankResult{Row: i + 2, Seq: seq, Account: rapid.StringMatching(`6[0-9]{15,18}`).Draw(r, "account"), Amount: money.Fen(fen),
				Paid: rapid.Bool().Draw(r, "paid"), Reason: rapid.SampledFrom([]string{"", "户名不符", "账号状态异常，已销户", "say \"no\", twice"}).Draw(r, "reason")}
			word := map[bool]string{true: "成功", false: "失败"}[b.Paid]
			rows, want = append(rows, []string{batch, fmt.Sprint(seq), b.Account, fmt.Sprintf("%d.%02d", fen/100, fen%100), word, b.Reason}), append(want, b)
		}
		rows = append(rows, []string{"合计", fmt.Sprint(len(seqs)), "", fmt.Sprintf("%d.%02d", total/100, total%100), "", ""})
		file := asCSV(t, rows)
		switch rapid.IntRange(0, 3).Draw(r, "form") {
		case 0:
			file = asGBK(t, file)
		case 1:
			file = asXLSX(t, rows)
		case 2:
			file = append([]byte("\xEF\xBB\xBF"), file...)
		}
		got, refused, err := exchange.ReadBankResults(file, batch)
		if err != nil || len(refused) > 0 {
			r.Fatalf("%v %v", err, refused)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			r.Fatal(diff)
		}
	})
}

var longDigits = regexp.MustCompile(`[0-9]{6,}`)

// FuzzReadBankResults must not panic, and says nothing that could be a number of a person or an account.
func FuzzReadBankResults(f *testing.F) {
	plain := asCSV(f, goodAnswer)
	for _, seed := range [][]byte{nil, plain, asGBK(f, plain), asXLSX(f, goodAnswer), plain[:len(plain)/2], []byte("批次号,序号\n\"" + account1)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, refused, err := exchange.ReadBankResults(data, batch)
		if err != nil && (longDigits.MatchString(err.Error()) || got != nil || refused != nil) {
			t.Fatalf("an error with a number, or with results: %v", err)
		}
		for _, r := range refused {
			if r.Row < 2 || r.Code == "" || longDigits.MatchString(r.Column+r.ZH+r.EN) {
				t.Fatalf("a refusal of row %d with code %q", r.Row, r.Code)
			}
		}
		seen := map[int]bool{}
		for _, b := range got {
			if seen[b.Seq] || b.Seq < 1 || b.Amount < 0 || longDigits.MatchString(b.Reason) {
				t.Fatalf("row %d was taken", b.Row)
			}
			seen[b.Seq] = true
		}
	})
}

// TestBankHasNotAnsweredYet: a line whose result is empty waits, and counts in the totals of the file like the others. It is no error, among
// which a real one would not be seen.
func TestBankHasNotAnsweredYet(t *testing.T) {
	t.Parallel()
	waits := []string{batch, "1", account1, "1.00", " ", ""}
	good := []string{batch, "9", account1, "1.00", "成功", ""}
	got, refused, err := exchange.ReadBankResults(asCSV(t, answer(waits, good, []string{"合计", "2", "", "2.00", "", ""})), batch)
	if err != nil || len(refused) != 0 || len(got) != 1 || got[0].Seq != 9 {
		t.Errorf("%v %v %v", got, refused, err)
	}
	got, refused, err = exchange.ReadBankResults(asCSV(t, answer(waits, []string{batch, "1", account1, "1.00", "成功", ""}, []string{"合计", "2", "", "2.00", "", ""})), batch)
	if err != nil || len(refused) != 1 || refused[0].Code != "DOUBLED_LINE" || len(got) != 0 {
		t.Errorf("a line that stands there twice: %v %v %v", got, refused, err)
	}
}
