package exchange

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/casefile"
)

var (
	hardshipWords = map[string]string{"dibao": "低保", "dibao_single": "单人低保", "dibao_edge": "低保边缘", "tekun": "特困", "orphan": "孤儿", "defacto": "事实无人抚养"}
	sexWords      = map[string]string{"male": "男", "female": "女"}
	hukouWords    = map[string]string{"agricultural": "农业", "non_agricultural": "非农业"}
)

// cells is a row as officers write it. Numbers are revealed: this is the file that goes to its owner.
func (r RosterRow) cells() []string {
	number := r.Certificate.Reveal()
	if r.RawCertificate != "" {
		number = r.RawCertificate
	}
	id := r.ID.Reveal()
	if r.RawID15 != "" {
		id = r.RawID15
	}
	var hardship []string
	for _, kind := range r.Hardships {
		hardship = append(hardship, hardshipWords[kind])
	}
	category, level := "", ""
	if r.Category > 0 {
		category, level = categories[r.Category-1], levels[r.Level-1]
	}
	return []string{r.Name, sexWords[r.Sex], r.BirthDate.String(), id, number, category, level, componentWords(r.Components), r.IssuedOn.String(),
		r.ExpiresOn.String(), string(r.Hukou), string(r.Residence), hukouWords[r.HukouType], r.Phone, r.GuardianName, r.GuardianRelation,
		strings.Join(hardship, "、"), r.HardshipFrom.String(), r.LivingFrom.String(), r.NursingFrom.String(), r.Account}
}

func componentWords(list []casefile.Component) string {
	var words []string
	for _, c := range list {
		words = append(words, categories[c.Category-1]+levels[c.Level-1])
	}
	return strings.Join(words, "、")
}

// textFormat is "@", the number format of text: a long number stays whole even when somebody edits the cell.
const textFormat = 49

// WriteRoster writes a roster as xlsx. Every cell is text.
func WriteRoster(w io.Writer, rows []RosterRow) error {
	book := excelize.NewFile()
	defer book.Close()
	style, err := book.NewStyle(&excelize.Style{NumFmt: textFormat})
	if err != nil {
		return fmt.Errorf("write a roster: %w", err)
	}
	sheet, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return fmt.Errorf("write a roster: %w", err)
	}
	line := func(n int, texts []string) error {
		values := make([]any, len(texts))
		for i, text := range texts {
			values[i] = excelize.Cell{StyleID: style, Value: guard(text)}
		}
		return sheet.SetRow(fmt.Sprintf("A%d", n), values)
	}
	if err := line(1, Columns); err != nil {
		return fmt.Errorf("write a roster: %w", err)
	}
	for i, r := range rows {
		if err := line(i+2, r.cells()); err != nil {
			return fmt.Errorf("write a roster: %w", err)
		}
	}
	if err := sheet.Flush(); err != nil {
		return fmt.Errorf("write a roster: %w", err)
	}
	return book.Write(w)
}

// WriteRosterCSV writes a roster as csv in UTF-8 with a mark, which spreadsheets recognise.
func WriteRosterCSV(w io.Writer, rows []RosterRow) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return fmt.Errorf("write a roster: %w", err)
	}
	out := csv.NewWriter(w)
	out.Write(Columns)
	for _, r := range rows {
		texts := slices.Clone(r.cells())
		for i, text := range texts {
			texts[i] = guard(text)
		}
		out.Write(texts)
	}
	out.Flush()
	return out.Error()
}
