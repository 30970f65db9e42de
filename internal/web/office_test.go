package web_test

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// office is what there is to look at on the pages of numbers, administration, audit and hotline.
type office struct {
	release uuid.UUID
}

func (s *site) office(person uuid.UUID) (o office) {
	s.t.Helper()
	ctx := context.Background()
	must := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	release, err := s.desk.SealRelease(ctx, s.actor("stats"), casework.NewRelease{Title: "一季度监测", Area: villageA, AsOf: calendar.MustDate("2023-03-28")})
	must(err)
	o.release = release.ID
	return o
}

// address is that of a page of these, or empty.
func (o office) address(path string) string {
	id := uuid.Nil
	switch {
	case strings.HasPrefix(path, "/indicators/:key"):
	case strings.HasPrefix(path, "/releases/:id"):
		id = o.release
		if strings.Contains(path, "changes") {
			path += "?since=" + id.String()
		}
	default:
		return ""
	}
	return strings.NewReplacer(":id", id.String(), ":key", "nursing_subsidy_coverage").Replace(path)
}

func momentOn(day string) store.Moment { return store.Moment{On: calendar.MustDate(day)} }
