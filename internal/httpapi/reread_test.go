package httpapi_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestNoTransactionWhileAListIsRead: a choice with a key reads the list again before its transaction, which would be cut off as idle.
func TestNoTransactionWhileAListIsRead(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-10")
	person := s.named(villageA, "张堃", "1970-01-01", number(961), "")
	imported := s.send(s.form("civil", []byte("姓名,身份证号,出生日期,起始日期\n张堃,,1970-01-01,2022-05-01\n"), "/imports?kind=dibao")).want(201).text("id")
	list := filepath.Join(s.files, imported)
	content, err := os.ReadFile(list)
	if err == nil {
		err = os.Remove(list)
	}
	if err == nil {
		err = syscall.Mkfifo(list, 0o600) // whoever reads it waits for who writes it
	}
	if err != nil {
		t.Fatal(err)
	}
	chosen := make(chan answer)
	go func() {
		chosen <- s.do("civil", "POST", "/imports/"+imported+"/unmatched/2/choice", map[string]any{"person_id": person, "reason": "核实"}, "Idempotency-Key", "choice-1")
	}()
	pipe, err := os.OpenFile(list, os.O_WRONLY, 0) // once it is being read
	if err != nil {
		t.Fatal(err)
	}
	open := s.transactionsOpen()
	if _, err := pipe.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := pipe.Close(); err != nil {
		t.Fatal(err)
	}
	(<-chosen).want(201)
	if open > 0 {
		t.Errorf("%d transactions waited while the list was read", open)
	}
}

// transactionsOpen counts those that are open: each holds a lock of its own number.
func (s *service) transactionsOpen() (n int) {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.db.OwnerURL)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(s.t.Context())
	err = conn.QueryRow(s.t.Context(), "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'virtualxid' AND datname = current_database() AND pid <> pg_backend_pid()").Scan(&n)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}
