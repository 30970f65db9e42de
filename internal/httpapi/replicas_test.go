package httpapi_test

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"zhucan/internal/httpapi"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// behindReplica is a second process of the service that has a replica.
func (s *service) behindReplica(replica *testdb.Replica) *service {
	s.t.Helper()
	desk := *s.desk
	desk.DB = s.db.OpenWith(s.t, s.clock.Now, store.Options{Replicas: []string{replica.URL(s.db)}, ReplicaLag: 10 * time.Second})
	face := &httpapi.API{Desk: &desk, Log: testdb.Log(s.t), Clock: s.clock, IPs: echo.ExtractIPDirect(), NewID: func() string { return desk.NewID().String() }}
	handler, err := face.Handler()
	if err != nil {
		s.t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	s.t.Cleanup(server.Close)
	second := *s
	second.desk, second.url = &desk, server.URL
	return &second
}

// TestReplicaAnswersReports asks for every report on a process with a replica and on one without: the answers are the same, and
// nothing but the choice of the server and what is kept of an export was asked of the primary.
func TestReplicaAnswersReports(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-28")
	s.partnersRegister()
	sealed := s.sealed(map[string]any{"as_of": "2023-03-28"}).text("id")
	later := s.sealed(map[string]any{"as_of": "2023-03-28"}).text("id")
	replica := testdb.NewReplica(t)
	with := s.behindReplica(replica)
	s.clock.Set(s.clock.Now().Add(11 * time.Second))
	for _, user := range []string{"stats", "civil", "auditor"} {
		s.login(user)
	}
	replica.CatchUp()
	for _, ask := range []struct{ user, path string }{
		{"stats", "/indicators/values?by=tree"}, {"stats", "/indicators/values?by=sex&format=csv"}, {"stats", "/indicators/values?known_at=2023-03-28T02:00:00Z"},
		{"auditor", "/indicators/nursing_subsidy_coverage/persons?list=gap"}, {"stats", "/indicators/nursing_subsidy_coverage/trend"},
		{"stats", "/indicator-releases/" + later + "/changes?since=" + sealed}, {"stats", "/indicator-releases/" + sealed + "/file"},
		{"stats", "/surveys/2023/progress"}, {"stats", "/supervision"}, {"auditor", "/verifications/progress?year=2027"},
	} {
		before, _ := with.desk.DB.Answered()
		got, want := with.do(ask.user, "GET", ask.path, nil).want(200), s.do(ask.user, "GET", ask.path, nil).want(200)
		if !bytes.Equal(got.body, want.body) {
			t.Errorf("%s: with a replica\n%s\nwithout\n%s", ask.path, got.body, want.body)
		}
		if after, primary := with.desk.DB.Answered(); after == before || primary > 0 {
			t.Errorf("%s: %d answered by the replica, %d by the primary", ask.path, after-before, primary)
		}
		replica.CatchUp() // a file that was handed out is a write of who took it
	}
	before, _ := with.desk.DB.Answered()
	taken := with.takenOut("civil", "nursing_subsidy_candidates", map[string]any{"purpose": "核对"})
	if after, primary := with.desk.DB.Answered(); after < before+2 || primary > 0 || len(taken) < 4 {
		t.Errorf("of an export of %d rows %d reads were answered by the replica, %d by the primary", len(taken), after-before, primary)
	}
	if metrics := string(with.do("", "GET", "/metrics", nil).want(200).body); !strings.Contains(metrics, `zhucan_replica_reads_total{server="replica"}`) {
		t.Error("the metrics do not count what the replica answers")
	}

	replica.Pause()
	s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-03"}).want(201)
	_, primary := with.desk.DB.Answered()
	with.do("civil", "GET", "/indicators/values", nil).want(200)
	if _, after := with.desk.DB.Answered(); after == primary {
		t.Error("who has just written was answered by a replica that does not know it")
	}
}
