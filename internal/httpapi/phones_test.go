package httpapi_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
)

// TestPhones: an office sees which phones of its area have not been heard of for longest and what waits on them, and writes one off:
// nothing opens it any more, and whoever has lost it signs in anew.
func TestPhones(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := t.Context()
	enrolled := map[string]uuid.UUID{}
	for _, user := range []string{"liaison.a", "liaison.b", "town.c"} {
		id, _, err := s.desk.EnrolPhone(ctx, s.actor(user))
		if err != nil {
			t.Fatal(err)
		}
		enrolled[user] = id
		s.clock.Set(s.clock.Now().Add(time.Minute))
	}
	if err := s.desk.HearOfPhone(ctx, s.actor("liaison.a"), enrolled["liaison.a"], 3, s.clock.Now().AddDate(0, 0, -20)); err != nil {
		t.Fatal(err)
	}
	listed := func(user, query string, want ...string) {
		t.Helper()
		items := s.do(user, "GET", "/phones"+query, nil).want(200).json()["items"].([]any)
		if len(items) != len(want) {
			t.Fatalf("%s sees %d phones of %q, want %v", user, len(items), query, want)
		}
		for i, item := range items {
			if p := item.(map[string]any); p["id"] != enrolled[want[i]].String() || p["name"] != "测试"+want[i] {
				t.Errorf("phone %d of %q is %v, want that of %s", i, query, p, want[i])
			}
		}
	}
	listed("cdpf", "", "liaison.b", "town.c", "liaison.a") // the last has just been heard of
	listed("town.a", "", "liaison.b", "liaison.a")
	listed("town.a", "?waiting=true", "liaison.a")
	listed("town.a", "?waiting=false", "liaison.b")
	listed("cdpf", "?area="+townC, "town.c")
	first := s.do("cdpf", "GET", "/phones?limit=1", nil).want(200)
	listed("cdpf", "?limit=5&cursor="+first.text("next_cursor"), "town.c", "liaison.a")
	s.clock.Set(s.clock.Now().Add(time.Minute))
	if err := s.desk.HearOfPhone(ctx, s.actor("liaison.b"), enrolled["liaison.b"], 0, time.Time{}); err != nil {
		t.Fatal(err)
	}
	listed("cdpf", "?limit=5&cursor="+first.text("next_cursor"), "town.c", "liaison.a", "liaison.b") // its last one has been heard of meanwhile
	s.do("town.a", "GET", "/phones?area="+townC, nil).want(404)

	// a clock that is wrong altogether stands in no list's way
	if err := s.desk.HearOfPhone(ctx, s.actor("liaison.b"), enrolled["liaison.b"], 1, time.Date(0, 1, 1, 0, 0, 0, 0, calendar.Civil)); err != nil {
		t.Fatal(err)
	}
	s.do("cdpf", "GET", "/phones", nil).want(200)
	if err := s.desk.HearOfPhone(ctx, s.actor("liaison.b"), enrolled["liaison.b"], 0, s.clock.Now()); err != nil {
		t.Fatal(err)
	}

	at := "/phones/" + enrolled["liaison.a"].String() + "/write-off"
	lost := map[string]any{"reason": "入户途中遗失"}
	s.do("town.c", "POST", at, lost).want(404)
	s.do("town.a", "POST", "/phones/"+uuid.NewString()+"/write-off", lost).want(404)
	s.do("town.a", "POST", at, map[string]any{"reason": ""}).want(422)
	s.do("town.a", "POST", at, map[string]any{"reason": "  "}).want(422)
	s.do("liaison.a", "GET", "/me", nil).want(200)
	if got := s.do("town.a", "POST", at, lost).want(200).json(); got["written_off_at"] == nil || got["waiting"] != 3.0 {
		t.Errorf("written off: %v", got)
	}
	s.do("town.a", "POST", at, lost).want(409, "PHONE_WRITTEN_OFF")
	s.do("liaison.a", "GET", "/me", nil).want(401)
	s.do("liaison.b", "GET", "/me", nil).want(200)
	listed("town.a", "", "liaison.b")
	entry := s.do("auditor", "GET", "/audit-events?action=phone.write_off", nil).want(200)
	if items := entry.json()["items"].([]any); len(items) != 1 {
		t.Errorf("%d entries of the audit", len(items))
	}
}

// actor is a user as the desk knows him, for what only the pages do.
func (s *service) actor(user string) access.Actor {
	s.t.Helper()
	me := s.do(user, "GET", "/me", nil).want(200)
	return access.Actor{AccountID: uuid.MustParse(me.text("id")), Role: access.Role(me.text("role")), Area: area.Code(me.text("area_code"))}
}
