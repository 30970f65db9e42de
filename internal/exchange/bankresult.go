package exchange

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/money"
)

// BankResult is what the bank says of one line of a roster.
type BankResult struct {
	Row     int // as the file counts, from 1
	Seq     int
	Account string
	Amount  money.Fen
	Paid    bool
	Reason  string
}

// bankAliases are other headings in use for the same columns.
var bankAliases = map[string]string{colBatch: colBatch, "批次": colBatch, "发放批次": colBatch, "花名册编号": colBatch, colSeq: colSeq, "行号": colSeq,
	colAccount: colAccount, "银行账号": colAccount, "卡号": colAccount, "收款账号": colAccount, colAmount: colAmount, "金额": colAmount, "发放金额": colAmount,
	colResult: colResult, "状态": colResult, "发放结果": colResult, "处理结果": colResult, colFailure: colFailure, "原因": colFailure, "备注": colFailure}

// bankWords are the answers of banks.
var bankWords = map[string]bool{"成功": true, "已入账": true, "已发放": true, "交易成功": true, "paid": true, "失败": false, "退票": false, "已退票": false, "交易失败": false, "failed": false}

var (
	errNoResults   = fault.New(fault.Invalid, "HEADING_NOT_FOUND", "前10行中没有找到发放结果的表头，请在花名册文件的“结果”列中填写后发回", "no heading of results was found in the first 10 rows; fill in the column 结果 of the roster's own file and send it back")
	errOtherRoster = fault.New(fault.Invalid, "OTHER_ROSTER", "文件不是本花名册的发放结果", "the file is of another roster")
	errControl     = fault.New(fault.Invalid, "CONTROL_TOTAL", "合计行与明细不一致，文件可能被截断或改动", "the total row does not agree with the lines; the file may be cut off or changed")
	errNoControl   = fault.New(fault.Invalid, "CONTROL_ROW_MISSING", "文件缺少合计行，可能被截断", "the total row is missing; the file may be cut off")
)

// ReadBankResults reads the bank's answer for a roster: csv or xlsx with a heading, a line a row, and a row 合计 with the
// number of lines and the total. A file of another roster, or one that does not agree with its own total, is refused
// whole; a row that cannot be read is named, and the others are returned.
func ReadBankResults(data []byte, rosterID string) (results []BankResult, refused []RowError, err error) {
	table, err := ReadTable(data)
	if err != nil {
		return nil, nil, err
	}
	head, columns := bankHeading(table)
	if columns == nil {
		return nil, nil, errNoResults
	}
	b := &bankReader{columns: columns, roster: rosterID, seen: map[int]int{}}
	for i, cells := range table.Rows[head+1:] {
		if err := b.read(head+2+i, cells); err != nil {
			return nil, nil, err
		}
	}
	if !b.controlled {
		return nil, nil, errNoControl
	}
	return b.distinct(), b.refused, nil
}

func bankHeading(t *Table) (row int, columns map[string]int) {
	for i, cells := range t.Rows[:min(10, len(t.Rows))] {
		found := map[string]int{}
		for n, cell := range cells {
			if heading, ok := bankAliases[idnum.Normalize(cell.Text)]; ok {
				if _, twice := found[heading]; !twice {
					found[heading] = n
				}
			}
		}
		if _, ok := found[colResult]; ok && len(found) >= 5 {
			return i, found
		}
	}
	return 0, nil
}

type bankReader struct {
	columns    map[string]int
	roster     string
	results    []BankResult
	refused    []RowError
	seen       map[int]int // how often a number stands in the file
	lines      int
	total      money.Fen
	controlled bool
}

func (b *bankReader) cell(cells []Cell, column string) string {
	i, ok := b.columns[column]
	if !ok || i >= len(cells) {
		return ""
	}
	return strings.TrimPrefix(strings.TrimSpace(cells[i].Text), "'")
}

// amount is the amount of a row. One that is not written as banks write it may still be a number with the noise of a spreadsheet behind
// it, also as the result of a formula; a text may not.
func (b *bankReader) amount(cells []Cell) (money.Fen, bool) {
	text := b.cell(cells, colAmount)
	fen, ok := money.ParseYuan(text)
	if ok {
		return fen, true
	}
	if i := b.columns[colAmount]; i < len(cells) && cells[i].Kind != Text {
		return readYuan(Cell{Text: text, Kind: Number})
	}
	return 0, false
}

func (b *bankReader) read(row int, cells []Cell) error {
	batch := b.cell(cells, colBatch)
	switch {
	case b.controlled:
		return b.below(batch)
	case batch == "" && b.cell(cells, colSeq) == "":
		return nil // a blank row
	case batch == totalRow || batch == "总计":
		return b.control(cells)
	case !strings.EqualFold(batch, b.roster):
		return errOtherRoster
	}
	b.lines++
	amount, amountOK := b.amount(cells)
	b.total += amount
	seq, seqErr := strconv.Atoi(b.cell(cells, colSeq))
	b.seen[seq]++ // also where the row is refused: the other row of this number is no answer either
	result := strings.ToLower(b.cell(cells, colResult))
	paid, known := bankWords[result]
	account, accountErr := idnum.ParseAccount(b.cell(cells, colAccount))
	switch {
	case seqErr != nil || seq < 1:
		b.refuse(row, colSeq, "BAD_NUMBER", "序号无法识别", "the line number cannot be read")
	case !amountOK:
		b.refuse(row, colAmount, "BAD_AMOUNT", "金额无法识别，须为元、最多两位小数", "the amount cannot be read; it is in yuan with two decimals at most")
	case accountErr != nil:
		b.refuse(row, colAccount, "BAD_ACCOUNT", "账号无法识别", "the account cannot be read")
	case result == "": // the bank has not answered yet
	case !known:
		b.refuse(row, colResult, "BAD_RESULT", "结果须为成功或失败", "the result is neither paid nor failed")
	default:
		b.results = append(b.results, BankResult{Row: row, Seq: seq, Account: account, Amount: amount, Paid: paid, Reason: Clip(b.cell(cells, colFailure))})
	}
	return nil
}

// below looks at a row under the total: notes may stand there, but no line, which the total would not have counted.
func (b *bankReader) below(batch string) error {
	if strings.EqualFold(batch, b.roster) {
		return errControl
	}
	if uuid.Validate(batch) == nil {
		return errOtherRoster
	}
	return nil
}

// control holds the file against its own total.
func (b *bankReader) control(cells []Cell) error {
	total, ok := b.amount(cells)
	if lines, err := strconv.Atoi(b.cell(cells, colSeq)); err != nil || !ok || lines != b.lines || total != b.total {
		return errControl
	}
	b.controlled = true
	return nil
}

// distinct names every row of a number that stands in the file more than once, and takes none of them.
func (b *bankReader) distinct() []BankResult {
	var once []BankResult
	for _, r := range b.results {
		if b.seen[r.Seq] > 1 {
			b.refuse(r.Row, colSeq, "DOUBLED_LINE", "同一序号重复出现", "the same line stands in the file more than once")
			continue
		}
		once = append(once, r)
	}
	return once
}

func (b *bankReader) refuse(row int, column, code, zh, en string) {
	b.refused = append(b.refused, RowError{Row: row, Column: column, Code: code, ZH: zh, EN: en})
}

// Clip keeps a bank's words short and free of long numbers, which could be an account.
func Clip(text string) string {
	text = longNumber.ReplaceAllString(idnum.WithoutUnseen(text), "****")
	if runes := []rune(text); len(runes) > 100 {
		text = string(runes[:100])
	}
	return text
}

// longNumber is six digits or more, also of full width and in groups as on a card.
var longNumber = regexp.MustCompile(`\p{Nd}(?:[ \x{3000}]?\p{Nd}){5,}`)
