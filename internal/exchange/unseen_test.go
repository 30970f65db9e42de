package exchange_test

import (
	"bytes"
	"iter"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/exchange"
	"zhucan/internal/idnum"
	"zhucan/internal/roster"
)

// TestNothingUnseenGoesOut: whatever has come into the register, the files for the bank have no character in them that nobody sees. A workbook
// showed such as U+FFFD, and a list of them turned the columns around.
func TestNothingUnseenGoesOut(t *testing.T) {
	t.Parallel()
	const name = "金\u202E丝\x1b[2J\x0b雀\u0085\u2028\uFFFE"
	r, whole := payment(2)
	var lines iter.Seq2[roster.Line, error] = func(yield func(roster.Line, error) bool) {
		for line, err := range whole {
			if line.PersonName, line.Holder = name, name; !yield(line, err) {
				return
			}
		}
	}
	if text := string(paymentCSV(t, r, lines)); strings.ContainsFunc(text, idnum.Unseen) || !strings.Contains(text, "金丝[2J雀") {
		t.Errorf("the csv has %q", text)
	}
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
	if err != nil || len(rows) < 3 {
		t.Fatal(rows, err)
	}
	if text := strings.Join(rows[1], ","); strings.ContainsFunc(text, idnum.Unseen) || strings.Contains(text, "\uFFFD") || !strings.Contains(text, "金丝[2J雀") {
		t.Errorf("the workbook has %q", text)
	}
}
