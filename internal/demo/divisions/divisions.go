// Package divisions carries the division tree of Linzi district (370305): 12 towns and streets, 468 villages.
package divisions

import (
	_ "embed"
	"fmt"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
)

// CSV has the columns code, name, level, parent_code.
//
//go:embed areas-370305.csv
var CSV []byte

// Tree is what it says, valid since 2016.
func Tree() []area.Division {
	rows, refused, err := exchange.ReadDivisions(CSV, calendar.MustDate("2016-01-01"))
	if err != nil || len(refused) > 0 {
		panic(fmt.Sprintf("the divisions that come with the service cannot be read: %v %v", err, refused)) // a test reads them
	}
	tree := make([]area.Division, len(rows))
	for i, r := range rows {
		tree[i] = r.Division
	}
	return tree
}
