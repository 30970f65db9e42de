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

// Said reports whether the catalogue has words for an action of the log.
func Said(action string) bool { _, ok := texts()["did."+action]; return ok }
