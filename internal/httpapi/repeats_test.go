package httpapi_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// keptRow is what is kept of a request with a key, as it lies there.
type keptRow struct {
	Account    uuid.UUID
	Key        string
	Hash, Body []byte
}

func (s *service) keptRows() []keptRow {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.db.OwnerURL)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(s.t.Context())
	rows, err := conn.Query(s.t.Context(), "SELECT account_id, key, request_hash, body FROM idempotency_keys ORDER BY created_at")
	if err != nil {
		s.t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[keptRow])
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// keptAnswers are all answers that are kept for repeats, opened.
func (s *service) keptAnswers() (text string) {
	s.t.Helper()
	for _, row := range s.keptRows() {
		body, err := s.db.Ring.Open("idempotency_keys", "body", uuid.NewSHA1(row.Account, []byte(row.Key)), row.Body)
		if err != nil {
			s.t.Fatal(err)
		}
		text += body
	}
	return text
}

// TestRepeatsAreSealed: what is kept of a request and its answer tells without the key neither, and a repeat still gets the answer.
func TestRepeatsAreSealed(t *testing.T) {
	t.Parallel()
	s := start(t)
	body := fmt.Sprintf(`{"username":"newcomer","name":"金丝雀九百五","password":%q,"role":"auditor","area_code":"370305"}`, password)
	first := s.do("admin", "POST", "/accounts", body, "Idempotency-Key", "new-account").want(201)
	rows := s.keptRows()
	if len(rows) != 1 || !strings.Contains(s.keptAnswers(), "金丝雀九百五") {
		t.Fatalf("kept: %q", rows)
	}
	if bytes.Contains(rows[0].Body, []byte("金丝雀九百五")) {
		t.Error("the answer lies there in clear")
	}
	if plain := sha256.Sum256([]byte("createAccount\n/api/v1/accounts\n\n0\n" + body)); bytes.Equal(rows[0].Hash, plain[:]) {
		t.Error("whoever tries passwords one after the other finds the one of this request")
	}
	again := s.do("admin", "POST", "/accounts", body, "Idempotency-Key", "new-account").want(201)
	if !bytes.Equal(again.body, first.body) || again.version() != first.version() {
		t.Errorf("the repeat answers %s, the first time it was %s", again.body, first.body)
	}
	s.do("admin", "POST", "/accounts", strings.Replace(body, "newcomer", "another", 1), "Idempotency-Key", "new-account").want(422, "IDEMPOTENCY_KEY_REUSED")
}

// TestAttemptsAreForgotten: records of sign-ins that no longer count go away, or strangers who send names without end fill the disk.
func TestAttemptsAreForgotten(t *testing.T) {
	t.Parallel()
	s := start(t)
	for n := range 4 {
		s.do("", "POST", "/auth/login", map[string]any{"username": fmt.Sprintf("nobody.%d", n), "password": "not the password"}).want(401)
	}
	s.clock.Set(s.clock.Now().Add(23 * time.Hour))
	if n, err := s.desk.ForgetAttempts(t.Context()); err != nil || n != 0 {
		t.Errorf("%d forgotten too early (%v)", n, err)
	}
	s.do("", "POST", "/auth/login", map[string]any{"username": "nobody.0", "password": "not the password"}).want(401)
	s.clock.Set(s.clock.Now().Add(2 * time.Hour))
	if n, err := s.desk.ForgetAttempts(t.Context()); err != nil || n != 3 {
		t.Errorf("%d forgotten, want those of three names (%v)", n, err)
	}
}

// TestAnswersAreForgotten: an answer is kept for ninety days and no longer, and goes in batches.
func TestAnswersAreForgotten(t *testing.T) {
	t.Parallel()
	s := start(t)
	add := func(n int) answer {
		return s.do("admin", "POST", "/accounts", map[string]any{"username": fmt.Sprintf("newcomer%d", n), "name": "测试", "password": password, "role": "auditor", "area_code": "370305"},
			"Idempotency-Key", fmt.Sprint(n))
	}
	s.at("2023-04-01")
	for n := range 4 {
		add(n).want(201)
	}
	s.at("2023-04-02")
	young := add(4).want(201)
	s.at("2023-06-30") // the ninetieth day
	if n, err := s.desk.ForgetAnswers(t.Context()); err != nil || n != 0 {
		t.Errorf("%d forgotten too early (%v)", n, err)
	}
	add(0).want(201)
	s.clock.Set(s.clock.Now().Add(time.Second))
	if n, err := s.desk.DB.ForgetAnswers(t.Context(), s.clock.Now().AddDate(0, 0, -90), 3); err != nil || n != 3 {
		t.Errorf("a batch of three was %d (%v)", n, err)
	}
	if n, err := s.desk.ForgetAnswers(t.Context()); err != nil || n != 1 {
		t.Errorf("%d forgotten, 1 was left (%v)", n, err)
	}
	add(0).want(409, "USERNAME_TAKEN") // done as a new request
	if got := add(4).want(201); !bytes.Equal(got.body, young.body) {
		t.Errorf("of the day after: %s", got.body)
	}
}
