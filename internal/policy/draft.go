package policy

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"zhucan/internal/calendar"
)

// NewRate is a rate row to be added to a programme. A row of the same day gives way to it.
type NewRate struct {
	Programme string
	Rate
}

// WithRates is the document of a pack with more rates and another version. All else stays as it is written, comments
// too, so that what is activated can be read beside what it replaces.
func WithRates(document []byte, version string, rates []NewRate) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(document, &doc); err != nil {
		return nil, fmt.Errorf("read policy pack: %w", err)
	}
	root := doc.Content[0]
	member(root, "version").SetString(version)
	member(root, "version").Style = yaml.DoubleQuotedStyle
	for _, r := range rates {
		list := ratesOf(root, r.Programme)
		if list == nil {
			return nil, fmt.Errorf("no programme %s", r.Programme)
		}
		var row yaml.Node
		if err := row.Encode(r.Rate); err != nil {
			return nil, fmt.Errorf("write a rate: %w", err)
		}
		row.Style = yaml.FlowStyle
		if err := insertRate(list, &row, r.From); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&doc); err != nil {
		return nil, fmt.Errorf("write policy pack: %w", err)
	}
	return out.Bytes(), nil
}

// member is the value of a key of a mapping, or nil.
func member(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

func ratesOf(root *yaml.Node, programme string) *yaml.Node {
	for _, p := range member(root, "programmes").Content {
		if member(p, "id").Value == programme {
			return member(p, "rates")
		}
	}
	return nil
}

func insertRate(list, row *yaml.Node, from calendar.Date) error {
	for i, other := range list.Content {
		day, err := calendar.ParseDate(member(other, "from").Value)
		if err != nil {
			return fmt.Errorf("read a rate: %w", err)
		}
		if day == from {
			list.Content[i] = row
			return nil
		}
		if day.After(from) {
			list.Content = append(list.Content[:i], append([]*yaml.Node{row}, list.Content[i:]...)...)
			return nil
		}
	}
	list.Content = append(list.Content, row)
	return nil
}
