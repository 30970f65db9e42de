package web

import (
	"maps"
	"slices"
)

// Listed is a page of the list, for tests.
type Listed struct {
	Path string
	Acts []string
}

// Pages are all pages of the list.
func Pages() (list []Listed) {
	for _, p := range pages {
		list = append(list, Listed{p.path, slices.Sorted(maps.Keys(p.acts))})
	}
	return list
}
