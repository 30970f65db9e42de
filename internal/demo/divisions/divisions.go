// Package divisions carries the division tree of Linzi district (370305): 12 towns and streets, 468 villages.
package divisions

import _ "embed"

// CSV has the columns code, name, level, parent_code.
//
//go:embed areas-370305.csv
var CSV []byte
