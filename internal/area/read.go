package area

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"

	"zhucan/internal/calendar"
)

// ReadCSV reads a division tree with the columns code, name, level, parent_code and, where known, urban_rural_class. Every
// division is valid from the given day on, unless the columns valid_from, valid_to (the last day) and successor_code say more:
// how a division was founded, or merged into another.
func ReadCSV(text []byte, from calendar.Date) ([]Division, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\uFEFF"))))
	r.FieldsPerRecord = -1
	heading, err := r.Read()
	if err != nil || len(heading) < 4 || heading[0] != "code" || heading[1] != "name" {
		return nil, errors.New("the first row of a division file names code, name, level, parent_code")
	}
	var list []Division
	for row := 2; ; row++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil || len(cells) < 4 {
			return nil, fmt.Errorf("row %d of the division file cannot be read", row)
		}
		code, err := Parse(cells[0])
		if err != nil || code.Level() != cells[2] || string(code.Parent()) != cells[3] || cells[1] == "" {
			return nil, fmt.Errorf("row %d of the division file: code, level and parent do not agree", row)
		}
		d := Division{Code: code, Name: cells[1], ValidFrom: from}
		if err := d.read(heading, cells); err != nil {
			return nil, fmt.Errorf("row %d of the division file: %w", row, err)
		}
		list = append(list, d)
	}
}

// read takes what the further columns say.
func (d *Division) read(heading, cells []string) (err error) {
	for i := 4; i < min(len(heading), len(cells)) && err == nil; i++ {
		switch cell := cells[i]; {
		case cell == "":
		case heading[i] == "urban_rural_class":
			d.UrbanRuralClass = cell
		case heading[i] == "valid_from":
			d.ValidFrom, err = calendar.ParseDate(cell)
		case heading[i] == "valid_to":
			d.ValidTo, err = calendar.ParseDate(cell)
		case heading[i] == "successor_code":
			d.Successor, err = Parse(cell)
		}
	}
	if err == nil && !d.ValidTo.IsZero() && d.ValidTo.Before(d.ValidFrom) {
		err = errors.New("it ends before it begins")
	}
	return err
}
