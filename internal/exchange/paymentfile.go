package exchange

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/roster"
)

// The columns of a roster as the bank gets it (发放花名册). The bank fills in the last two and sends the file back.
var paymentColumns = []string{colBatch, colSeq, "月份", "镇街", "村居", "姓名", "身份证号", "残疾证号", "类别", "等级", "补贴项目", "月数", "补发起", "补发止", "月标准",
	"当月金额", "补发金额", "补差金额", "抵扣金额", colAmount, "户名", colAccount, "发放依据", colResult, colFailure}

const (
	colBatch   = "批次号"
	colSeq     = "序号"
	colAmount  = "实发金额"
	colAccount = "账号"
	colResult  = "结果"
	colFailure = "失败原因"
	totalRow   = "合计"
	sealRow    = "校验"
)

func paymentCells(r roster.Roster, l roster.Line) []string {
	return []string{r.ID.String(), strconv.Itoa(l.Seq), r.Month.String(), l.Town, l.Village, l.PersonName, l.IDNumber, l.Certificate,
		word(categories, l.Category), word(levels, l.Level), l.ProgrammeName, strconv.Itoa(l.Months), l.ArrearsFrom.String(), l.ArrearsTo.String(),
		l.Rate.Yuan(), l.Regular.Yuan(), l.Arrears.Yuan(), l.Supplement.Yuan(), l.Deduction.Yuan(), l.Net.Yuan(), l.Holder, l.Account, l.RateDocument, "", ""}
}

func word(words []string, n int) string {
	if n < 1 || n > len(words) {
		return ""
	}
	return words[n-1]
}

// paymentFooter is what the lines come to: lines and net amount stand in their own columns, so that the file can be
// held against itself when it comes back; then persons, person-months, the amount in capitals, and each programme.
func paymentFooter(r roster.Roster, programmes map[string]string) [][]string {
	total := make([]string, len(paymentColumns))
	total[0], total[1], total[5], total[11], total[19] = totalRow, strconv.Itoa(r.Totals.Lines), strconv.Itoa(r.Totals.Persons)+"人",
		strconv.Itoa(r.Totals.PersonMonths), r.Totals.Net.Yuan()
	total[20] = r.Totals.Net.Capitals()
	rows := [][]string{total}
	for _, p := range r.Totals.Programmes {
		part := make([]string, len(paymentColumns))
		part[0], part[5], part[10], part[11], part[19] = "其中", strconv.Itoa(p.Persons)+"人", programmes[p.Programme], strconv.Itoa(p.PersonMonths), p.Net.Yuan()
		rows = append(rows, part)
	}
	return append(rows, []string{"花名册校验值", hex.EncodeToString(r.Checksum)})
}

// WritePaymentCSV writes a roster for the bank as csv in UTF-8 with a mark. Long numbers are whole; the last row is the
// sha256 over all bytes before it, so that a file that was cut off or changed shows it.
func WritePaymentCSV(w io.Writer, r roster.Roster, lines iter.Seq2[roster.Line, error]) error {
	sum := sha256.New()
	both := io.MultiWriter(w, sum)
	if _, err := io.WriteString(both, "\uFEFF"); err != nil {
		return fmt.Errorf("write a payment file: %w", err)
	}
	out := csv.NewWriter(both)
	out.UseCRLF = true
	write := func(cells []string) error {
		for i, text := range cells {
			cells[i] = guard(text)
		}
		return out.Write(cells)
	}
	if err := eachPaymentRow(r, lines, write); err != nil {
		return err
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write a payment file: %w", err)
	}
	_, err := fmt.Fprintf(w, "%s,%x\r\n", sealRow, sum.Sum(nil))
	return err
}

func eachPaymentRow(r roster.Roster, lines iter.Seq2[roster.Line, error], write func([]string) error) error {
	if err := write(append([]string{}, paymentColumns...)); err != nil {
		return fmt.Errorf("write a payment file: %w", err)
	}
	programmes := map[string]string{} // what the lines call them
	for line, err := range lines {
		if err == nil {
			programmes[line.Programme] = line.ProgrammeName
			err = write(paymentCells(r, line))
		}
		if err != nil {
			return fmt.Errorf("write a payment file: %w", err)
		}
	}
	for _, row := range paymentFooter(r, programmes) {
		if err := write(row); err != nil {
			return fmt.Errorf("write a payment file: %w", err)
		}
	}
	return nil
}

// paymentShapes are the columns of a roster that are numbers in a workbook.
var paymentShapes = map[string]shape{colSeq: asWhole, "月数": asWhole, "月标准": asCents, "当月金额": asCents, "补发金额": asCents, "补差金额": asCents, "抵扣金额": asCents,
	colAmount: asCents}

// WritePaymentXLSX writes the same as a workbook. Amounts and counts are numbers, so that they can be added up; the numbers of people,
// cards and accounts are text, so that they stay whole also when somebody edits them.
func WritePaymentXLSX(w io.Writer, r roster.Roster, lines iter.Seq2[roster.Line, error]) error {
	book := excelize.NewFile()
	defer book.Close()
	shapes := make([]shape, len(paymentColumns))
	for i, heading := range paymentColumns {
		shapes[i] = paymentShapes[heading]
	}
	sheet, err := newBookSheet(book, "Sheet1", shapes...)
	if err != nil {
		return fmt.Errorf("write a payment file: %w", err)
	}
	err = eachPaymentRow(r, lines, func(cells []string) error {
		for i, text := range cells {
			cells[i] = guard(text)
		}
		sheet.line(cells)
		return sheet.err
	})
	if err == nil {
		err = sheet.end()
	}
	if err != nil {
		return fmt.Errorf("write a payment file: %w", err)
	}
	return book.Write(w)
}
