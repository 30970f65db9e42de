package store_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/casefile"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// signIn makes an account with a session.
func signIn(t *testing.T, db *store.DB, id uuid.UUID, name string, at area.Code) access.Actor {
	t.Helper()
	ctx := context.Background()
	who := access.Actor{AccountID: id, SessionID: id, Username: name, Role: access.TownOfficer, Area: at}
	err := db.Write(ctx, access.SystemActor(), "test.sign_in", func(tx *store.Tx) error {
		if err := tx.InsertAccount(ctx, store.Account{ID: id, Version: 1, Username: name, Name: name, Role: who.Role, AreaCode: at, PasswordPHC: "x", CreatedAt: tx.Now, UpdatedAt: tx.Now}); err != nil {
			return err
		}
		return tx.OpenSession(ctx, id, id, tx.Now.Add(time.Hour), id[:])
	})
	if err != nil {
		t.Fatal(err)
	}
	return who
}

func addPerson(t *testing.T, db *store.DB, who access.Actor) {
	t.Helper()
	err := db.Write(context.Background(), who, "test.person", func(tx *store.Tx) error {
		return tx.InsertPersons(context.Background(), casefile.Person{ID: uuid.Must(uuid.NewV7()), RecordType: casefile.Certified, Name: "金丝雀", Managing: who.Area + "005",
			CreatedAt: tx.Now, UpdatedAt: tx.Now})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// seen is which server answers a piece of work, and how many persons it sees without a condition of its own.
type seen struct {
	replica bool
	persons int
}

func sees(t *testing.T, db *store.DB, who access.Actor) (s seen) {
	t.Helper()
	ctx, err := db.Reading(t.Context(), who)
	if err == nil {
		err = db.Read(ctx, who, func(b *pgx.Batch) {
			b.Queue("SELECT pg_is_in_recovery(), (SELECT count(*) FROM persons)").QueryRow(func(row pgx.Row) error { return row.Scan(&s.replica, &s.persons) })
		})
	}
	if err != nil {
		t.Fatalf("%s: %v", who.Username, err)
	}
	return s
}

// TestReplica holds a replica back and takes it away: whoever has written reads what he wrote, in every process; others may read what
// is a little late, never what is later; areas and rights hold as on the primary; and without a replica all goes on.
func TestReplica(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	replica := testdb.NewReplica(t)
	var late atomic.Int64
	now := func() time.Time { return noon.Add(time.Duration(late.Load())) }
	o := store.Options{Replicas: []string{replica.URL(d)}, ReplicaLag: 10 * time.Second}
	db, other := d.OpenWith(t, now, o), d.OpenWith(t, now, o)
	want := func(when string, db *store.DB, who access.Actor, want seen) {
		t.Helper()
		if got := sees(t, db, who); got != want {
			t.Errorf("%s, %s: %+v, want %+v", when, who.Username, got, want)
		}
	}
	town, county := signIn(t, db, uuid.UUID{1}, "town", "370305001"), signIn(t, db, uuid.UUID{2}, "county", "370305")
	town2 := signIn(t, db, uuid.UUID{3}, "town2", "370305111")
	addPerson(t, db, town)
	addPerson(t, db, town2)
	late.Add(int64(11 * time.Second))
	replica.CatchUp()
	want("caught up", db, town, seen{true, 1})
	want("caught up", db, county, seen{true, 2})

	replica.Pause()
	addPerson(t, db, town)
	want("behind a write of his own", db, town, seen{false, 2})
	want("behind a write of his own, in another process", other, town, seen{false, 2})
	want("behind a write of another", db, county, seen{true, 2})
	want("behind a write elsewhere", db, town2, seen{true, 1})
	late.Add(int64(11 * time.Second))
	want("behind by more than is allowed", db, county, seen{false, 3})

	newcomer := signIn(t, db, uuid.UUID{4}, "newcomer", "370305001")
	want("a session that the replica does not know", db, newcomer, seen{false, 2})
	replica.CatchUp()
	want("caught up again", db, town, seen{true, 2})
	want("caught up again", db, county, seen{true, 3})
	want("caught up again", other, newcomer, seen{true, 2})

	replica.Pause()
	err := db.Write(t.Context(), access.SystemActor(), "test.sign_out", func(tx *store.Tx) error { return tx.EndSession(t.Context(), town2.SessionID) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Reading(t.Context(), town2); !errors.Is(err, store.RightsChanged) {
		t.Errorf("an ended session that the replica still believes in: %v", err)
	}
	replica.CatchUp()

	replica.Stop()
	want("no replica", db, town, seen{false, 2})
	forgets(t, d)
	replica.Start()
	want("a replica that rests", db, town, seen{false, 2})
	late.Add(int64(6 * time.Second))
	replica.CatchUp()
	want("a replica that is back", db, town, seen{true, 2})
	if replica, primary := db.Answered(); replica < 7 || primary < 5 {
		t.Errorf("%d reads were counted for the replica, %d for the primary", replica, primary)
	}
}

// TestReplicaOfAnother is an address of another register, or of a primary from before a failover that has gone its own way: it has
// entries enough, and is not believed.
func TestReplicaOfAnother(t *testing.T) {
	t.Parallel()
	d, another := testdb.New(t), testdb.New(t)
	var late atomic.Int64
	now := func() time.Time { return noon.Add(time.Duration(late.Load())) }
	db := d.OpenWith(t, now, store.Options{Replicas: []string{another.URL}, ReplicaLag: time.Second})
	impostor := another.Open(t, now)
	who := signIn(t, db, uuid.UUID{1}, "town", "370305001")
	signIn(t, impostor, uuid.UUID{1}, "town", "370305001")
	addPerson(t, impostor, who)
	late.Add(int64(time.Minute))
	if got := sees(t, db, who); got.persons != 0 {
		t.Errorf("saw %d persons of another register", got.persons)
	}
	if fromReplica, fromPrimary := db.Answered(); fromReplica != 0 || fromPrimary != 1 {
		t.Errorf("%d reads from the impostor, %d from the primary", fromReplica, fromPrimary)
	}
}

// forgets has the primary go on to new files of its log, and give up those that nobody needs.
func forgets(t *testing.T, d testdb.Database) {
	t.Helper()
	conn := as(t, d.OwnerURL)
	for range 3 {
		for _, sql := range []string{"SELECT pg_switch_wal()", "SELECT txid_current()", "CHECKPOINT"} {
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
	}
}
