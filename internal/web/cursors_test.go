package web_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/web"
)

// farPlaces are cursors and numbers that are none of ours: above four and above eight bytes, and with such a number in front of an id.
var farPlaces = []string{"2147483648", "99999999999", "9223372036854775807", "9223372036854775808", "-1", "x",
	base64.RawURLEncoding.EncodeToString([]byte("99999999999|" + uuid.NewString())), base64.RawURLEncoding.EncodeToString([]byte("2147483648|" + uuid.NewString()))}

// TestFarPlaces goes on in every list behind places that no list has: a mistake of who asks, and no failure of ours.
func TestFarPlaces(t *testing.T) {
	t.Parallel()
	s := start(t)
	f := s.fixture("监护人甲", 11)
	f.more = map[string]uuid.UUID{}
	for _, add := range further {
		add(s, &f)
	}
	for _, p := range web.Pages() {
		for role, user := range userOf {
			if !slices.Contains(maySee[p.Path], role) {
				continue
			}
			at := f.office.of(role, f.address(p.Path))
			for _, place := range farPlaces {
				sep := "?"
				if strings.Contains(at, "?") {
					sep = "&"
				}
				if sh := s.as(user).get(at + sep + "cursor=" + place); sh.status != 200 && sh.status != 400 {
					t.Errorf("%s behind %s: status %d", p.Path, place, sh.status)
				}
			}
			break
		}
	}
	for _, path := range []string{"/audit", "/imports/:id", "/imports/:id/unmatched", "/rosters/:id", "/rosters/:id/sheet", "/queue"} { // those that go on behind a number
		user := userOf[maySee[path][0]]
		place := farPlaces[3]
		if path == "/queue" {
			place = farPlaces[6]
		}
		s.as(user).get(f.office.of(maySee[path][0], f.address(path)) + "?cursor=" + place).want(400)
	}
	for _, n := range farPlaces[:6] {
		s.as("auditor").get("/audit/" + n).want(404)
		at := f.address("/imports/:id/unmatched/:row")
		s.as(userOf[maySee["/imports/:id/unmatched/:row"][0]]).get(strings.TrimSuffix(at, "2") + n).want(404)
	}
}
