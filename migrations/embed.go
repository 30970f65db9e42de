// Package migrations carries the numbered SQL files, forward only: the schema's single authority.
package migrations

import "embed"

// FS holds every migration in order of its number.
//
//go:embed *.sql
var FS embed.FS
