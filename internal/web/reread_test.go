package web_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/blobs"
)

// TestNoTransactionWhileAListIsRead: whose row an officer has chosen is read again before his transaction, which would be cut off as idle while a
// long list is read, or others read theirs.
func TestNoTransactionWhileAListIsRead(t *testing.T) {
	t.Parallel()
	s := start(t)
	folder := t.TempDir()
	files, err := blobs.Open(t.Context(), blobs.Folder(folder), s.db.Ring)
	must(t, err)
	t.Cleanup(func() { files.Close() })
	s.desk.Files = files
	person := s.person(221, 2, villageA)
	i := s.handedIn("town.a", "dibao", describing+"金丝雀221,,1970-01-01,2022-05-01\n", false)
	form := s.as("town.a").get("/imports/"+i.ID.String()+"/unmatched/2").want(200).form("choose").set("person_id", person.String(), "reason", "电话核实")

	list := filepath.Join(folder, i.ID.String())
	content, err := os.ReadFile(list)
	must(t, err)
	must(t, os.Remove(list))
	must(t, syscall.Mkfifo(list, 0o600)) // whoever reads it waits for who writes it
	sent := make(chan shown)
	go func() { sent <- form.send() }()
	pipe, err := os.OpenFile(list, os.O_WRONLY, 0) // once it is being read
	must(t, err)
	idle := s.transactionsOpen()
	_, err = pipe.Write(content)
	must(t, err)
	must(t, pipe.Close())
	(<-sent).want(303)
	if idle > 0 {
		t.Errorf("%d transactions waited while the list was read", idle)
	}
}

// transactionsOpen counts those that are open: each holds a lock of its own number.
func (s *site) transactionsOpen() (n int) {
	s.t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.db.OwnerURL)
	must(s.t, err)
	defer conn.Close(ctx)
	must(s.t, conn.QueryRow(ctx, "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'virtualxid' AND datname = current_database() AND pid <> pg_backend_pid()").Scan(&n))
	return n
}
