package exchange

import (
	"zhucan/internal/calendar"
	"zhucan/internal/idnum"
)

// stub until the reader is here
type ListColumn struct {
	Name, ZH string
	Aliases  []string
	Need     bool
}
type ListKind struct {
	Name, ZH, EN, Partner string
	Complete              bool
	Columns               []ListColumn
}

var ListKinds = []ListKind{{Name: "dibao", Complete: true}, {Name: "tekun", Complete: true}, {Name: "deaths"}}

func ListKindOf(name string) *ListKind {
	for i := range ListKinds {
		if ListKinds[i].Name == name {
			return &ListKinds[i]
		}
	}
	return nil
}

type Heading struct {
	Index        int
	Text, Column string
	Sure         bool
}
type Repair struct {
	Row                  int
	Column, Code, ZH, EN string
}
type ListRow struct {
	Row    int
	Values map[string]string
}
type List struct {
	Kind       *ListKind
	Sheet      string
	HeadingRow int
	Headings   []Heading
	Rows       []ListRow
	Refused    []RowError
	Repairs    []Repair
}

func ReadList(kind *ListKind, data []byte, mapping map[string]string, places *Places, today calendar.Date) (*List, error) {
	t, err := ReadTable(data)
	if err != nil {
		return nil, err
	}
	l := &List{Kind: kind}
	for i, cells := range t.Rows[1:] {
		r := ListRow{Row: i + 2, Values: map[string]string{}}
		for n, c := range cells {
			r.Values[t.Rows[0][n].Text] = c.Text
		}
		l.Rows = append(l.Rows, r)
	}
	return l, nil
}

var _ = idnum.Normalize

func Annotate(data []byte, list *List, refusals []RowError, english bool) ([]byte, error) {
	return data, nil
}
func OnlyRefused(data []byte, list *List, refusals []RowError, english bool) ([]byte, error) {
	return data, nil
}
