package exchange_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/xuri/excelize/v2"

	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
	"zhucan/internal/money"
	"zhucan/internal/roster"
)

var rosterID = uuid.MustParse("0190f3a0-0000-7000-8000-00000000a001")

// paymentLine is one line of made-up people. Every number is long enough to be damaged by a spreadsheet.
func paymentLine(seq int) roster.Line {
	net := money.Fen(16800 + seq)
	return roster.Line{RosterID: rosterID, Seq: seq, Programme: []string{"living", "nursing"}[seq%2], ProgrammeName: []string{"困难残疾人生活补贴", "重度残疾人护理补贴"}[seq%2],
		Town: "云雀镇", Village: "百灵村", Level: 1, Category: 4, Rate: net,
		RateDocument: "金发〔2023〕1号", Months: 1, Regular: net, Net: net, State: "sent", PersonName: "金丝雀", Holder: "金丝雀",
		Account: fmt.Sprintf("6217%015d", seq), IDNumber: fmt.Sprintf("37999919800101%04d", seq%10000), Certificate: fmt.Sprintf("37999919800101%04d41", seq%10000)}
}

// payment is a roster of n lines, with totals added up here.
func payment(n int) (roster.Roster, iter.Seq2[roster.Line, error]) {
	r := roster.Roster{ID: rosterID, Month: calendar.MustMonth("2023-03"), Checksum: bytes.Repeat([]byte{0xAB}, 32)}
	parts := map[string]*roster.ProgrammeTotal{"living": {Programme: "living"}, "nursing": {Programme: "nursing"}}
	for seq := 1; seq <= n; seq++ {
		line := paymentLine(seq)
		part := parts[line.Programme]
		part.Persons, part.PersonMonths, part.Net = part.Persons+1, part.PersonMonths+1, part.Net+line.Net
		r.Totals.Lines, r.Totals.Persons, r.Totals.PersonMonths, r.Totals.Net = seq, seq, seq, r.Totals.Net+line.Net
	}
	r.Totals.Programmes = []roster.ProgrammeTotal{*parts["living"], *parts["nursing"]}
	return r, func(yield func(roster.Line, error) bool) {
		for seq := 1; seq <= n && yield(paymentLine(seq), nil); seq++ {
		}
	}
}

func paymentCSV(t testing.TB, r roster.Roster, lines iter.Seq2[roster.Line, error]) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := exchange.WritePaymentCSV(&file, r, lines); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func records(t testing.TB, file []byte) [][]string {
	t.Helper()
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\xEF\xBB\xBF"))))
	in.FieldsPerRecord = -1
	rows, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

var wantPayment = [][]string{
	{"批次号", "序号", "月份", "镇街", "村居", "姓名", "身份证号", "残疾证号", "类别", "等级", "补贴项目", "月数", "补发起", "补发止", "月标准",
		"当月金额", "补发金额", "补差金额", "抵扣金额", "实发金额", "户名", "账号", "发放依据", "结果", "失败原因"},
	{"0190f3a0-0000-7000-8000-00000000a001", "1", "2023-03", "云雀镇", "百灵村", "金丝雀", "379999198001010001", "37999919800101000141", "肢体", "一级",
		"重度残疾人护理补贴", "3", "2023-01", "2023-02", "168.01", "168.01", "336.02", "0.00", "0.05", "503.98", "金丝雀", "6217000000000000001", "金发〔2023〕1号", "", ""},
	{"合计", "1", "", "", "", "1人", "", "", "", "", "", "3", "", "", "", "", "", "", "", "503.98", "伍佰零叁圆玖角捌分", "", "", "", ""},
	{"其中", "", "", "", "", "1人", "", "", "", "", "重度残疾人护理补贴", "3", "", "", "", "", "", "", "", "503.98", "", "", "", "", ""},
	{"花名册校验值", strings.Repeat("ab", 32)},
}

func onePayment() (roster.Roster, iter.Seq2[roster.Line, error]) {
	r, _ := payment(0)
	line := paymentLine(1)
	line.Months, line.ArrearsFrom, line.ArrearsTo = 3, calendar.MustMonth("2023-01"), calendar.MustMonth("2023-02")
	line.Arrears, line.Deduction, line.Net = 33602, 5, 50398
	r.Totals = roster.Totals{Persons: 1, Lines: 1, PersonMonths: 3, Net: 50398,
		Programmes: []roster.ProgrammeTotal{{Programme: "nursing", Persons: 1, PersonMonths: 3, Net: 50398}}}
	return r, func(yield func(roster.Line, error) bool) { yield(line, nil) }
}

// TestPaymentCSV holds every cell, and the last row against the bytes before it.
func TestPaymentCSV(t *testing.T) {
	t.Parallel()
	file := paymentCSV(t, first(onePayment()), second(onePayment()))
	if !bytes.HasPrefix(file, []byte("\xEF\xBB\xBF批次号,")) || bytes.Count(file, []byte("\n")) != bytes.Count(file, []byte("\r\n")) {
		t.Error("no mark, or other ends of lines")
	}
	rows := records(t, file)
	if diff := cmp.Diff(wantPayment, rows[:len(rows)-1]); diff != "" {
		t.Error(diff)
	}
	if !sealed(file) {
		t.Error("the last row is not the sum of the bytes before it")
	}
	for n := range file {
		if sealed(file[:n]) && !bytes.HasPrefix(file[n:], []byte("\r\n")) && !bytes.HasPrefix(file[n:], []byte("\n")) {
			t.Fatalf("cut off after %d of %d bytes and still sealed", n, len(file))
		}
	}
}

func first[A, B any](a A, _ B) A  { return a }
func second[A, B any](_ A, b B) B { return b }

// sealed checks the last row as a reader of the file would.
func sealed(file []byte) bool {
	at := bytes.LastIndex(file, []byte("校验,"))
	if at < 0 {
		return false
	}
	return strings.TrimSpace(string(file[at+len("校验,"):])) == fmt.Sprintf("%x", sha256.Sum256(file[:at]))
}

// TestPaymentGuard writes texts that a spreadsheet would run.
func TestPaymentGuard(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", " =1", "|cmd"} {
		r, _ := onePayment()
		line := paymentLine(1)
		line.PersonName, line.Holder, line.RateDocument = evil, evil, evil
		lines := func(yield func(roster.Line, error) bool) { yield(line, nil) }
		row := records(t, paymentCSV(t, r, lines))[1]
		for _, n := range []int{5, 20, 22} {
			if !strings.HasPrefix(row[n], "'") {
				t.Errorf("%q stands in the file as %q", evil, row[n])
			}
		}
		cell := paymentBook(t, r, lines)[1][5]
		if !strings.HasPrefix(cell, "'") {
			t.Errorf("%q stands in the workbook as %q", evil, cell)
		}
	}
}

// numbered are the columns that are added up; all others are codes and numbers of people and accounts.
var (
	numbered = map[string]bool{"序号": true, "月数": true, "月标准": true, "当月金额": true, "补发金额": true, "补差金额": true, "抵扣金额": true, "实发金额": true}
	decimal  = regexp.MustCompile(`^\d+(\.\d\d)?$`)
)

func paymentBook(t testing.TB, r roster.Roster, lines iter.Seq2[roster.Line, error]) [][]string {
	t.Helper()
	var file bytes.Buffer
	if err := exchange.WritePaymentXLSX(&file, r, lines); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	for n := range rows {
		for column := range rows[n] {
			name, _ := excelize.CoordinatesToCellName(column+1, n+1)
			kind, _ := book.GetCellType("Sheet1", name)
			number, _ := book.GetCellStyle("Sheet1", name)
			style, err := book.GetStyle(number)
			isText := style.NumFmt == 49 && (kind == excelize.CellTypeInlineString || kind == excelize.CellTypeSharedString)
			isNumber := (style.NumFmt == 1 || style.NumFmt == 2) && (kind == excelize.CellTypeNumber || kind == excelize.CellTypeUnset)
			if err != nil || isText == isNumber || isNumber != (numbered[rows[0][column]] && decimal.MatchString(rows[n][column])) {
				t.Fatalf("%s, %s: %q as text %v, as a number %v", name, rows[0][column], rows[n][column], isText, isNumber)
			}
		}
	}
	return rows
}

// TestPaymentXLSX has the same cells as the csv, amounts and counts as numbers and the rest as text, and the same bytes each time.
func TestPaymentXLSX(t *testing.T) {
	t.Parallel()
	got := paymentBook(t, first(onePayment()), second(onePayment()))
	for i, want := range wantPayment {
		for len(want) > 0 && want[len(want)-1] == "" { // the library leaves out what is empty at the end
			want = want[:len(want)-1]
		}
		if diff := cmp.Diff(want, got[i]); diff != "" {
			t.Errorf("row %d: %s", i+1, diff)
		}
	}
	r, lines := payment(500)
	var a, b bytes.Buffer
	if err := errors.Join(exchange.WritePaymentXLSX(&a, r, lines), exchange.WritePaymentXLSX(&b, r, lines)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the same roster made other bytes")
	}
}

var errLines = errors.New("the lines broke off")

// TestPaymentBreaksOff shows that a file whose lines or whose writer fails is not sealed.
func TestPaymentBreaksOff(t *testing.T) {
	t.Parallel()
	r, lines := payment(10)
	broken := func(yield func(roster.Line, error) bool) {
		for line := range lines {
			if line.Seq == 6 {
				yield(roster.Line{}, errLines)
				return
			}
			if !yield(line, nil) {
				return
			}
		}
	}
	var file bytes.Buffer
	if err := exchange.WritePaymentCSV(&file, r, broken); !errors.Is(err, errLines) || sealed(file.Bytes()) {
		t.Errorf("csv: %v", err)
	}
	if err := exchange.WritePaymentXLSX(io.Discard, r, broken); !errors.Is(err, errLines) {
		t.Errorf("xlsx: %v", err)
	}
	whole := len(paymentCSV(t, r, lines))
	for room := range whole {
		if exchange.WritePaymentCSV(&narrow{room}, r, lines) == nil {
			t.Fatalf("a writer with room for %d of %d bytes went unnoticed", room, whole)
		}
	}
}

// narrow is a writer that is full after so many bytes.
type narrow struct{ room int }

func (n *narrow) Write(p []byte) (int, error) {
	if len(p) > n.room {
		return n.room, io.ErrShortWrite
	}
	n.room -= len(p)
	return len(p), nil
}

// TestPaymentMemory is not parallel: it looks at the heap. What is held must not grow with the lines.
func TestPaymentMemory(t *testing.T) {
	r, _ := payment(1)
	var heaps []uint64
	lines := func(yield func(roster.Line, error) bool) {
		for seq := 1; seq <= 150_000; seq++ {
			if seq%50_000 == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				heaps = append(heaps, m.HeapAlloc)
			}
			if !yield(paymentLine(seq), nil) {
				return
			}
		}
	}
	if err := exchange.WritePaymentCSV(io.Discard, r, lines); err != nil {
		t.Fatal(err)
	}
	if slices.Max(heaps) > slices.Min(heaps)+2<<20 {
		t.Errorf("the heap grew with the lines: %v", heaps)
	}
}
