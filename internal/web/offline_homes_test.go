package web_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/care"
)

// TestHomeVisitOffline: the retrofit of somebody's household is on the phone with its steps, and what was seen at home is entered there.
func TestHomeVisitOffline(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, who, b := context.Background(), s.actor("liaison.a"), s.as("liaison.a")
	lives, other := s.person(61, 1, villageA), s.person(63, 1, villageA)
	home := s.homeOf("liaison.a", lives)
	one, err := s.desk.OpenService(ctx, who, care.Retrofit, uuid.Nil, home, calendar.MustDate("2023-03-01"), evidence(t, `{"items":[{"item":"RAMP"}]}`))
	must(t, err)
	if f := s.file(b, other); len(f.Services) != 0 {
		t.Errorf("somebody else's phone entry has %+v", f.Services)
	}
	f := s.file(b, lives)
	if len(f.Services) != 1 || !slices.Contains(f.Services[0].Steps, "retrofit/verify") {
		t.Fatalf("the phone has %+v, want the retrofit with its visit", f.Services)
	}
	if _, body := s.files(b); strings.Count(body, one.ID.String()) != 1 {
		t.Error("the phone does not name the retrofit")
	}
	b.send(newEntry("step", "id", one.ID.String(), "step", "verify", "version", "1", "on", "2023-03-20", "evidence.findings", "门口有台阶",
		"evidence.hardship", "dibao", "evidence.hardship_basis", "低保证", "evidence.willing", "yes")).want(t, 200, "")
	now, err := s.desk.DB.Service(ctx, who, one.ID)
	must(t, err)
	if now.State != "VERIFIED" {
		t.Errorf("after the visit the retrofit is %s", now.State)
	}
	if f = s.file(b, lives); len(f.Services) != 1 || !slices.Contains(f.Services[0].Steps, "retrofit/plan") {
		t.Errorf("after the visit the phone has %+v", f.Services)
	}
}
