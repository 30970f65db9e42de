package web_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/blobs"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// TestNoTransactionWhileAListIsRead: whose row an officer has chosen is read again before his transaction, which would be cut off as idle while a
// long list is read, or others read theirs.
func TestNoTransactionWhileAListIsRead(t *testing.T) {
	t.Parallel()
	s := start(t)
	folder := s.filesIn()
	person := s.person(221, 2, villageA)
	i := s.handedIn("town.a", "dibao", describing+"金丝雀221,,1970-01-01,2022-05-01\n", false)
	form := s.as("town.a").get("/imports/"+i.ID.String()+"/unmatched/2").want(200).form("choose").set("person_id", person.String(), "reason", "电话核实")

	let, sent := s.heldUp(form, filepath.Join(folder, i.ID.String()))
	idle := s.transactionsOpen()
	let()
	(<-sent).want(303)
	if idle > 0 {
		t.Errorf("%d transactions waited while the list was read", idle)
	}
}

// TestTakenBackWhileItsRowIsRead: a row that somebody has chosen of a list is not taken when the list is taken back, or the row decided, while it is read.
func TestTakenBackWhileItsRowIsRead(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]func(*site, store.Import) error{
		"taken back": func(s *site, i store.Import) error {
			_, err := s.desk.UndoImport(t.Context(), s.actor("cdpf"), i.ID, i.Version)
			return err
		},
		"decided": func(s *site, i store.Import) error {
			_, err := s.desk.ChooseCandidate(t.Context(), s.actor("cdpf"), i.ID, 2, uuid.Nil, "不是", casework.RowAgain{})
			return err
		},
	} {
		s := start(t)
		folder := s.filesIn()
		person := s.person(221, 2, villageA)
		i := s.handedIn("town.a", "dibao", describing+"金丝雀221,,1970-01-01,2022-05-01\n", false)
		form := s.as("town.a").get("/imports/"+i.ID.String()+"/unmatched/2").want(200).form("choose").set("person_id", person.String(), "reason", "电话核实")
		let, sent := s.heldUp(form, filepath.Join(folder, i.ID.String()))
		must(t, meanwhile(s, i))
		let()
		if (<-sent).want(409); s.onDibao(person) {
			t.Errorf("%s: the row was taken", name)
		}
	}
}

// filesIn has the desk keep its files in a folder.
func (s *site) filesIn() string {
	s.t.Helper()
	folder := s.t.TempDir()
	files, err := blobs.Open(s.t.Context(), blobs.Folder(folder), s.db.Ring)
	must(s.t, err)
	s.t.Cleanup(func() { files.Close() })
	s.desk.Files = files
	return folder
}

// heldUp sends a form for which a list is read, and holds it up there until let is called.
func (s *site) heldUp(form *filled, list string) (let func(), sent chan shown) {
	s.t.Helper()
	content, err := os.ReadFile(list)
	must(s.t, err)
	must(s.t, os.Remove(list))
	must(s.t, syscall.Mkfifo(list, 0o600)) // whoever reads it waits for who writes it
	sent = make(chan shown)
	go func() { sent <- form.send() }()
	pipe, err := os.OpenFile(list, os.O_WRONLY, 0) // once it is being read
	must(s.t, err)
	must(s.t, os.Remove(list)) // who reads it after him finds it
	must(s.t, os.WriteFile(list, content, 0o600))
	return func() {
		_, err := pipe.Write(content)
		must(s.t, err)
		must(s.t, pipe.Close())
	}, sent
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
