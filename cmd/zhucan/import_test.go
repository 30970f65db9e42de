package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/blobs"
	"zhucan/internal/calendar"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// installation is a database as zhucan migrate leaves it, with its keys.
type installation struct {
	t     *testing.T
	db    testdb.Database
	reach []string
}

func install(t *testing.T) installation {
	t.Helper()
	db := testdb.New(t)
	if _, err := activateBuiltin(t.Context(), db.OwnerURL, time.Now); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := db.Ring.Save(keys); err != nil {
		t.Fatal(err)
	}
	return installation{t, db, []string{"--database-url", db.URL, "--key-file", keys}}
}

// runs runs a command on the installation and wants a text in what it prints, and an error with a text, or none where that is empty.
func (i installation) runs(wantOut, wantErr string, args ...string) {
	i.t.Helper()
	out := &output{}
	err := run(i.t.Context(), append(args, i.reach...), out, &output{})
	if wantErr == "" && err != nil || wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)) || !strings.Contains(out.String(), wantOut) {
		i.t.Errorf("zhucan %v: %v, %s; want %q, %q", args[:2], err, out, wantErr, wantOut)
	}
}

func (i installation) file(name, text string) string {
	i.t.Helper()
	path := filepath.Join(i.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		i.t.Fatal(err)
	}
	return path
}

const (
	district = "code,name,level,parent_code\n37,省,province,\n3703,市,city,37\n370305,区,district,3703\n370305001,街道,town,370305\n370305001005,社区,village,370305001\n"
	oneRow   = "姓名,身份证号,残疾证号,发证日期,户籍村居\n金丝雀李,379999198807170027,37999919880717002741,2020-01-06,370305001005\n"
)

// TestImportBeforeItsDivisions: a roster that came too early is refused, the command says so and fails, and the same file goes in later.
func TestImportBeforeItsDivisions(t *testing.T) {
	t.Parallel()
	i := install(t)
	roster := i.file("roster.csv", oneRow)
	i.runs("1 refused", "rows that would be refused: 1", "import", "roster", roster, "--dry-run")
	i.runs("0 new, 0 changed, 0 same, 1 refused", "nothing was taken in; rows refused: 1", "import", "roster", roster)
	i.runs("5 divisions", "", "import", "divisions", i.file("divisions.csv", district))
	i.runs("1 new, 0 changed, 0 same, 0 refused", "", "import", "roster", roster)
	i.runs("imported before; nothing changed. At that time: 1 new", "", "import", "roster", roster)
	i.runs("", "memory keeps no files", "import", "dibao", roster, "--files", "mem://")
}

// TestFollowDivisions: the command moves everybody of an ended village, says that there is nobody left, and fails where somebody has to stay.
func TestFollowDivisions(t *testing.T) {
	t.Parallel()
	i := install(t)
	i.runs("", "", "import", "divisions", i.file("divisions.csv", district+"370305001006,新社区,village,370305001\n"))
	i.runs("1 new", "", "import", "roster", i.file("roster.csv", oneRow))
	i.runs("", "neither this division nor one below it has ended", "divisions", "follow", "370305001005")
	const ended = "code,name,level,parent_code,valid_from,valid_to,successor_code\n370305001005,社区,village,370305001,2016-01-01,2020-12-31,"
	i.runs("1 divisions", "", "import", "divisions", i.file("ended.csv", ended+"\n"))
	i.runs("0 persons, 0 households, 0 tickets, 0 facilities moved, 1 persons, 0 households, 0 tickets, 0 facilities left; no division is named", "persons, households, tickets and facilities that stay in ended divisions: 1", "divisions", "follow", "370305")
	i.runs("1 divisions", "", "import", "divisions", i.file("followed.csv", ended+"370305001006\n"))
	i.runs("370305001005 to 370305001006: 1 persons, 0 households, 0 tickets, 0 facilities moved, 0 persons, 0 households, 0 tickets, 0 facilities left", "", "divisions", "follow", "370305")
	i.runs("", "", "divisions", "follow", "370305")
}

// TestImportWaits: a list that another process has queued and works on still is waited for, and when that one is silent for too long, worked
// on here.
func TestImportWaits(t *testing.T) {
	t.Parallel()
	i := install(t)
	i.runs("", "", "import", "divisions", i.file("divisions.csv", district))
	i.runs("", "", "import", "roster", i.file("roster.csv", oneRow))
	files := "file://" + filepath.Join(t.TempDir(), "files")
	list := "姓名,身份证号,起始日期\n金丝雀李,379999198807170027,2026-01-01\n"
	id := i.queue(files, list)

	owner, err := pgx.Connect(t.Context(), i.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(context.Background())
	silent := make(chan error, 1)
	time.AfterFunc(time.Second, func() {
		_, err := owner.Exec(context.Background(), "UPDATE import_progress SET seen_at = now() - interval '1 hour' WHERE import_id = $1", id)
		silent <- err
	})
	i.runs("0 new, 1 changed, 0 same, 0 refused", "", "import", "dibao", i.file("dibao.csv", list), "--as-of", "2026-02-01", "--files", files)
	if err := <-silent; err != nil {
		t.Error(err)
	}
}

// queue leaves a list as a process does that has just begun with it.
func (i installation) queue(files, list string) uuid.UUID {
	t := i.t
	t.Helper()
	db := i.db.Open(t, time.Now)
	kept, err := blobs.Open(t.Context(), files, i.db.Ring)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	id, sum := newID(), sha256.Sum256([]byte(list))
	if err := kept.Put(t.Context(), id, []byte(list)); err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), access.SystemActor(), "import.queue", func(tx *store.Tx) error {
		return tx.InsertImport(t.Context(), store.Import{ID: id, Kind: "dibao", AsOf: calendar.MustDate("2026-02-01"), SHA256: sum[:], Area: "370305", State: store.ImportQueued})
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, found, err := db.ClaimImport(t.Context(), newID(), id); err != nil || !found {
		t.Fatalf("claimed %v, %v", found, err)
	}
	return id
}

// TestNewerSchema runs commands of this program on a database that a later one has migrated.
func TestNewerSchema(t *testing.T) {
	t.Parallel()
	i := install(t)
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := run(t.Context(), []string{"keys", keys}, &output{}, &output{}); err != nil {
		t.Fatal(err)
	}
	i.reach[3] = keys // a service refuses those of a demonstration
	owner, err := pgx.Connect(t.Context(), i.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(context.Background())
	if _, err := owner.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)"); err != nil {
		t.Fatal(err)
	}
	i.runs("", "newer than this program", "audit", "verify")
	i.runs("", "newer than this program", "serve", "--files", "file://"+t.TempDir(), "--listen", "127.0.0.1:0")
	out := &output{}
	if err := run(t.Context(), []string{"migrate", "--owner-url", i.db.OwnerURL}, out, &output{}); !errors.Is(err, store.ErrNewerSchema) || out.String() != "" {
		t.Errorf("migrate: %v, %q", err, out)
	}
}
