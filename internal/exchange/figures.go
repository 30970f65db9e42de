package exchange

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"zhucan/internal/calendar"
)

// Figure is one row of indicator values as it goes out, the same in the API, on a page and in a file. Numbers are persons,
// households or facilities by the unit of the indicator, of an index fen a head and year; nil where there is none or where it
// is hidden.
type Figure struct {
	Indicator          string  `json:"indicator"`
	By                 string  `json:"by,omitempty"` // in a release, which holds several breakdowns
	AreaCode           string  `json:"area_code"`
	AreaName           string  `json:"area_name"`
	Group              string  `json:"group,omitempty"`
	Numerator          *int64  `json:"numerator"`
	Denominator        *int64  `json:"denominator"`
	Rate               *string `json:"rate"`
	TargetPercent      float64 `json:"target_percent"`
	Met                *bool   `json:"met"`
	Light              string  `json:"light"`
	ShortBy            *int64  `json:"short_by"`
	Missing            bool    `json:"missing,omitempty"`
	Suppressed         bool    `json:"suppressed,omitempty"`
	Excluded           *int64  `json:"excluded,omitempty"`
	Extra              *int64  `json:"extra,omitempty"`
	Waived             *int64  `json:"waived,omitempty"`
	RateWithoutWaivers *string `json:"rate_without_waivers,omitempty"`
	Unplaced           *int64  `json:"unplaced,omitempty"`
	FigureYear         *int    `json:"figure_year,omitempty"`

	Definition *FigureDefinition `json:"-"`
}

// FigureDefinition says what an indicator counts.
type FigureDefinition struct {
	Key               string  `json:"key"`
	No                int     `json:"no"`
	NameZH            string  `json:"name_zh"`
	NameEN            string  `json:"name_en"`
	TargetPercent     float64 `json:"target_percent"`
	Comparator        string  `json:"comparator"`
	Binding           bool    `json:"binding"`
	Unit              string  `json:"unit"`
	Basis             string  `json:"basis"`
	DefinitionVersion string  `json:"definition_version"`
	Population        string  `json:"population,omitempty"`
	Exclusions        []Named `json:"exclusions,omitempty"`
	Covered           string  `json:"covered,omitempty"`
	Note              string  `json:"note"`
	NoteZH            string  `json:"note_zh,omitempty"`
}

// note is in Chinese like the rest of the sheets, but for a pack that has it in English alone.
func (d *FigureDefinition) note() string { return cmp.Or(d.NoteZH, d.Note) }

// Named is a code with what it says.
type Named struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// FiguresHead is what holds for all rows. The members of a release are empty of values that are asked for.
type FiguresHead struct {
	ID          string             `json:"id,omitempty"` // of the release
	Title       string             `json:"title,omitempty"`
	Public      *bool              `json:"public,omitempty"`
	AsOf        calendar.Date      `json:"as_of"`
	KnownAt     *time.Time         `json:"known_at,omitempty"`
	Area        string             `json:"area"`
	By          string             `json:"by,omitempty"`
	Overlapping *bool              `json:"overlapping,omitempty"`
	PackVersion string             `json:"pack_version"`
	SealedAt    *time.Time         `json:"sealed_at,omitempty"`
	SealedBy    string             `json:"sealed_by,omitempty"`
	Definitions []FigureDefinition `json:"definitions,omitempty"`
	Dictionary  []Column           `json:"dictionary,omitempty"`

	Asked *Asked `json:"-"` // of values that are asked for: who asked and when, which a file says in each row and an answer need not
}

// Asked is who asked for values and when.
type Asked struct {
	At time.Time
	By string
}

// knownAt is the instant as of which the values are told.
func (h *FiguresHead) knownAt() *time.Time {
	if h.KnownAt == nil && h.Asked != nil {
		return &h.Asked.At
	}
	return h.KnownAt
}

func (h *FiguresHead) generatedAt() *time.Time {
	if h.SealedAt == nil && h.Asked != nil {
		return &h.Asked.At
	}
	return h.SealedAt
}

func (h *FiguresHead) generatedBy() string {
	if h.SealedBy == "" && h.Asked != nil {
		return h.Asked.By
	}
	return h.SealedBy
}

// Figures are rows under a head. Rows are made while they are written.
type Figures struct {
	FiguresHead
	Rows  iter.Seq2[Figure, error]
	About int // how many rows there will be, where that is known before
}

// WriteFigures writes figures in a form: json, csv or xlsx. All three have the same rows.
func WriteFigures(w io.Writer, form string, f Figures) error {
	write := map[string]func(io.Writer, Figures) error{"json": writeFiguresJSON, "csv": writeFiguresCSV, "xlsx": writeFiguresXLSX}[form]
	if write == nil {
		return fmt.Errorf("write figures: no form %q", form)
	}
	if err := write(w, f); err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	return nil
}

// writeFiguresJSON writes the head as an object and the rows as its last member.
func writeFiguresJSON(w io.Writer, f Figures) error {
	head, err := json.Marshal(f.FiguresHead)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, writeSize) // keeps the first error for the end
	_, _ = out.Write(head[:len(head)-1])
	rows, before := json.NewEncoder(out), `,"items":[`
	for row, err := range f.Rows {
		if err != nil {
			return err
		}
		_, _ = out.WriteString(before)
		if err := rows.Encode(&row); err != nil {
			return err
		}
		before = ","
	}
	if before != "," {
		_, _ = out.WriteString(before)
	}
	_, _ = out.WriteString(`]}`)
	return out.Flush()
}

// writeSize is how many bytes are gathered before they are written.
const writeSize = 32 << 10

// writeFiguresCSV writes rows in UTF-8 with a mark, under the names of the columns. Behind the rows of a release its dictionary
// follows, in rows that name no indicator.
func writeFiguresCSV(w io.Writer, f Figures) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	cells := make([]string, len(FigureColumns))
	for i, c := range FigureColumns {
		cells[i] = c.Name
	}
	out.Write(cells)
	for row, err := range f.Rows {
		if err != nil {
			return err
		}
		for i, c := range FigureColumns {
			cells[i] = figureCell(c.cell(&f.FiguresHead, &row))
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	clear(cells)
	for _, line := range dictionaryLines(f.FiguresHead) {
		cells[len(cells)-1] = figureCell(line)
		out.Write(cells)
	}
	out.Flush()
	return out.Error()
}

// figureCell keeps a text from being read as a formula. A number that we made is none, also with its sign.
func figureCell(text string) string {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return text
	}
	return guard(text)
}

// excluded says who is not counted, behind a note.
func excluded(list []Named) string {
	if len(list) == 0 {
		return ""
	}
	return "不计入：" + named(list)
}

func named(list []Named) string {
	texts := make([]string, len(list))
	for i, one := range list {
		texts[i] = one.Code + " " + one.Text
	}
	return strings.Join(texts, "；")
}

// dictionaryLines explain a release: its columns, and what each indicator counts.
func dictionaryLines(head FiguresHead) (lines []string) {
	for _, c := range head.Dictionary {
		lines = append(lines, "列 "+c.Name+"（"+c.ZH+"）："+c.Meaning)
	}
	for _, d := range head.Definitions {
		lines = append(lines, "指标 "+d.Key+"（"+d.NameZH+"，定义版本"+d.DefinitionVersion+"，依据"+d.Basis+"）："+d.note()+excluded(d.Exclusions))
	}
	return lines
}
