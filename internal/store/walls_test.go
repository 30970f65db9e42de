package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

func officer(at area.Code) access.Actor {
	return access.Actor{AccountID: uuid.UUID{9}, Role: access.TownOfficer, Area: at}
}

func putPerson(t *testing.T, db *store.DB, at area.Code) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	err := db.Write(context.Background(), access.SystemActor(), "test.person", func(tx *store.Tx) error {
		return tx.InsertPersons(context.Background(), casefile.Person{ID: id, RecordType: casefile.Certified, Name: "金丝雀", Managing: at, CreatedAt: tx.Now, UpdatedAt: tx.Now})
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func as(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// TestRowSecurity asks without any condition of its own: the database alone keeps areas apart.
func TestRowSecurity(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	db := d.Open(t, clock)
	ctx := context.Background()
	mine, other := putPerson(t, db, "370305001005"), putPerson(t, db, "370305111245")
	for _, tt := range []struct {
		name string
		who  access.Actor
		want []uuid.UUID
	}{
		{"town", officer("370305001"), []uuid.UUID{mine}},
		{"other town", officer("370305111"), []uuid.UUID{other}},
		{"district", officer("370305"), []uuid.UUID{mine, other}},
		{"neighbour", officer("370304"), nil},
		{"statistician", access.Actor{Role: access.Statistician, Area: "370305"}, nil},
		{"administrator", access.Actor{Role: access.Administrator, Area: "370305"}, nil},
	} {
		got, err := db.PersonIDs(ctx, tt.who, uuid.Nil, 100)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(tt.want) && len(got)+len(tt.want) > 0 {
			t.Errorf("%s sees %v (%v), want %v", tt.name, got, err, tt.want)
		}
	}
	conn := as(t, d.URL)
	var n int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM persons").Scan(&n); err != nil || n != 0 {
		t.Errorf("a query that forgot its area sees %d persons (%v)", n, err)
	}
	err := db.Write(ctx, officer("370305001"), "test.outside", func(tx *store.Tx) error {
		return tx.InsertPersons(ctx, casefile.Person{ID: uuid.Must(uuid.NewV7()), RecordType: casefile.Certified, Name: "金丝雀", Managing: "370305111245", CreatedAt: tx.Now, UpdatedAt: tx.Now})
	})
	if err == nil || !strings.Contains(err.Error(), "OUTSIDE_AREA") {
		t.Errorf("wrote outside the area: %v", err)
	}
}

// TestGrants tries as the service's role what it must not be able to do.
func TestGrants(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	db := d.Open(t, clock)
	putPerson(t, db, "370305001005")
	conn := as(t, d.URL)
	ctx := context.Background()
	for _, forbidden := range []string{
		"INSERT INTO audit_entries (id, at, role, area_code, action, outcome) VALUES (gen_random_uuid(), now(), 'x', '', 'x', 'done')",
		"UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries", "TRUNCATE audit_entries", "DELETE FROM audit_changes", "UPDATE audit_changes SET op = 'delete'",
		"DELETE FROM persons", "DELETE FROM circumstances", "DELETE FROM applications", "DELETE FROM awards", "UPDATE policy_packs SET document = ''",
		"UPDATE circumstances SET value = 'true'", "ALTER TABLE persons DISABLE ROW LEVEL SECURITY", "SELECT audit_watch('sessions')",
		"INSERT INTO divisions (id, code, name, level, parent_code, valid_from) VALUES (gen_random_uuid(), '11', 'x', 'province', '', now())", // nobody signed
		"SET session_replication_role = replica", "CREATE TABLE mine (id int)",
	} {
		if _, err := conn.Exec(ctx, forbidden); err == nil {
			t.Errorf("the service's role may: %s", forbidden)
		}
	}
}

// TestReusedEntry refuses a write under the entry of another transaction.
func TestReusedEntry(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	db := d.Open(t, clock)
	putPerson(t, db, "370305001005")
	conn := as(t, d.URL)
	ctx := context.Background()
	_, err := conn.Exec(ctx, `SELECT set_config('zhucan.entry', (SELECT id::text FROM audit_entries LIMIT 1), false)`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(ctx, `INSERT INTO divisions (id, code, name, level, parent_code, valid_from) VALUES (gen_random_uuid(), '11', 'x', 'province', '', now())`)
	if err == nil {
		t.Error("wrote under an entry of another transaction")
	}
}

// TestEntryIsFoundByItsKey has the server look at an audit of a few entries, for which reading all of it is the cheaper plan, and signs as a
// connection does that keeps that plan.
func TestEntryIsFoundByItsKey(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	owner, ctx := as(t, d.OwnerURL), t.Context()
	putPerson(t, d.Open(t, clock), "370305001005")
	if _, err := owner.Exec(ctx, "ANALYZE audit_entries"); err != nil {
		t.Fatal(err)
	}
	var scans int64
	err := pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		for _, statement := range []string{"SELECT audit_sign(gen_random_uuid(), now(), NULL, NULL, 'system', '', 'test', NULL, 'done', '', '{}')",
			"UPDATE persons SET version = version + 1", "SELECT audit_describe(NULL, '{}')", "SET CONSTRAINTS ALL IMMEDIATE"} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return tx.QueryRow(ctx, "SELECT pg_stat_get_xact_numscans('audit_entries'::regclass)").Scan(&scans)
	})
	if err != nil || scans != 0 {
		t.Errorf("the audit was read as a whole %d times (%v)", scans, err)
	}
}

// TestAuditChain alters the log as an owner of the database could, each time in another database.
func TestAuditChain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, alter, want string }{
		{"nothing", "SELECT 1", ""},
		{"a column of an entry", "UPDATE audit_entries SET action = 'other' WHERE seq = 3", "entry 3"},
		{"a time", "UPDATE audit_entries SET at = at + interval '1 day' WHERE seq = 2", "entry 2"},
		{"a recorded change", `UPDATE audit_changes SET new_row = jsonb_set(new_row, '{name}', '"x"') WHERE entry_id = (SELECT id FROM audit_entries WHERE seq = 4)`, "entry 4"},
		{"a change of no entry", "INSERT INTO audit_changes (entry_id, table_name, row_id, op) VALUES (gen_random_uuid(), 'persons', gen_random_uuid(), 'delete')", "change 6: belongs to no entry"},
		{"a removed change", "DELETE FROM audit_changes WHERE entry_id = (SELECT id FROM audit_entries WHERE seq = 2)", "entry 2"},
		{"a removed entry", "DELETE FROM audit_changes WHERE entry_id = (SELECT id FROM audit_entries WHERE seq = 3); DELETE FROM audit_entries WHERE seq = 3", "entry 3"},
		{"swapped entries", "UPDATE audit_entries SET seq = 100 WHERE seq = 2; UPDATE audit_entries SET seq = 2 WHERE seq = 3; UPDATE audit_entries SET seq = 3 WHERE seq = 100", "entry 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := testdb.New(t)
			db := d.Open(t, clock)
			for range 5 {
				putPerson(t, db, "370305001005")
			}
			ctx := context.Background()
			conn := as(t, d.OwnerURL)
			for _, statement := range strings.Split(tt.alter, "; ") {
				if _, err := conn.Exec(ctx, statement); err != nil {
					t.Fatal(err)
				}
			}
			v, err := db.VerifyAudit(ctx)
			if err != nil || !strings.HasPrefix(v.Broken, tt.want) || (tt.want == "") != (v.Broken == "") {
				t.Errorf("VerifyAudit = %q, %v; want %q", v.Broken, err, tt.want)
			}
		})
	}
}

// TestNothingInClear looks for the number and the telephone in a table's bytes and in the audit.
func TestNothingInClear(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	db := d.Open(t, clock)
	ctx := context.Background()
	id := uuid.Must(uuid.NewV7())
	p := casefile.Person{ID: id, RecordType: casefile.Certified, Name: "金丝雀", InvalidID: "379999197001010012", Phone: "19900001234", Managing: "370305001005", CreatedAt: noon, UpdatedAt: noon}
	err := db.Write(ctx, access.SystemActor(), "test.person", func(tx *store.Tx) error { return tx.InsertPersons(ctx, p) })
	if err != nil {
		t.Fatal(err)
	}
	var text string
	err = as(t, d.OwnerURL).QueryRow(ctx, `SELECT (SELECT string_agg(p::text, '') FROM persons p) || (SELECT string_agg(encode(id_number, 'escape'), '') FROM persons) || (SELECT string_agg(new_row::text, '') FROM audit_changes)`).Scan(&text)
	if err != nil || strings.Contains(text, p.InvalidID) || strings.Contains(text, p.Phone) {
		t.Errorf("a number stands in clear in the database (%v)", err)
	}
	got, err := db.Dossier(ctx, officer("370305001"), id)
	if err != nil || got.File.Person.InvalidID != p.InvalidID || got.File.Person.Phone != p.Phone {
		t.Errorf("read back: %+v, %v", got.File.Person, err)
	}
}

// TestOverlapIsImpossible writes past the code straight into the database.
func TestOverlapIsImpossible(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	db := d.Open(t, clock)
	ctx := context.Background()
	person := putPerson(t, db, "370305001005")
	kind, _ := casefile.KindOf("dibao")
	fact := func(from, to string) casefile.Circumstance {
		c := casefile.Circumstance{ID: uuid.Must(uuid.NewV7()), PersonID: person, Kind: kind.Name, Raw: []byte("true"), Value: casefile.Value{Answer: casefile.Yes, Sort: "household"}, ValidFrom: calendar.MustDate(from), Source: "x"}
		if to != "" {
			c.ValidTo = calendar.MustDate(to)
		}
		return c
	}
	put := func(c casefile.Circumstance) error {
		return db.Write(ctx, access.SystemActor(), "test.fact", func(tx *store.Tx) error { return tx.InsertCircumstances(ctx, c) })
	}
	if err := put(fact("2020-01-01", "2020-06-30")); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []casefile.Circumstance{fact("2020-06-30", ""), fact("2019-01-01", "2020-01-01"), fact("2020-02-01", "2020-02-01")} {
		if err := put(bad); err == nil || !strings.Contains(err.Error(), "OVERLAPS") {
			t.Errorf("%s..%s: %v, want OVERLAPS", bad.ValidFrom, bad.ValidTo, err)
		}
	}
	if err := put(fact("2020-07-01", "")); err != nil {
		t.Errorf("the day after: %v", err)
	}
}

// TestRowsOfAPersonHaveAnIndex: what moves with its person by a key that cascades is found by an index, in a register of any size.
func TestRowsOfAPersonHaveAnIndex(t *testing.T) {
	t.Parallel()
	rows, err := as(t, testdb.New(t).OwnerURL).Query(t.Context(), `SELECT c.conrelid::regclass::text, EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])
		FROM pg_constraint c WHERE c.contype = 'f' AND c.confrelid = 'persons'::regclass AND c.confupdtype = 'c' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	var table string
	var indexed bool
	tables := 0
	_, err = pgx.ForEachRow(rows, []any{&table, &indexed}, func() error {
		if tables++; !indexed {
			t.Errorf("the rows of a person in %s have no index", table)
		}
		return nil
	})
	if err != nil || tables < 20 {
		t.Errorf("%d tables (%v)", tables, err)
	}
}

// TestCardsAreNotReadByTheirConstraint: with the plain indexes gone, the planner has none for the card of a person or a number. It would
// take those of the exclusion constraints if it could, and they cost three times as much.
func TestCardsAreNotReadByTheirConstraint(t *testing.T) {
	t.Parallel()
	conn := as(t, testdb.New(t).OwnerURL)
	for _, sql := range []string{"DROP INDEX certificates_person, certificates_number", "SET enable_seqscan = off"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, by := range []string{"person_id = '00000000-0000-0000-0000-000000000001'", "number_index = sha256('x')", "person_id = '00000000-0000-0000-0000-000000000001' AND issued_on <= current_date"} {
		var first string
		if err := conn.QueryRow(t.Context(), "EXPLAIN SELECT FROM certificates WHERE "+by).Scan(&first); err != nil || !strings.HasPrefix(first, "Seq Scan") {
			t.Errorf("%s: %s (%v)", by, first, err)
		}
	}
}

// TestMembersStayAsBelieved writes past the code: a membership is superseded once, stays then as it was believed, and leaves its days to others.
func TestMembersStayAsBelieved(t *testing.T) {
	t.Parallel()
	db := testdb.New(t).Open(t, clock)
	person, home := putPerson(t, db, "370305001005"), casefile.Household{ID: uuid.Must(uuid.NewV7()), Area: "370305001005"}
	member := func(from, to string) casefile.Member {
		return casefile.Member{ID: uuid.Must(uuid.NewV7()), HouseholdID: home.ID, PersonID: person, Relation: "head", From: calendar.MustDate(from), To: calendar.MustDate(to)}
	}
	write := func(fn func(*store.Tx) error) error {
		return db.Write(t.Context(), access.SystemActor(), "test.member", fn)
	}
	put := func(m casefile.Member) error {
		return write(func(tx *store.Tx) error { return tx.InsertMembers(t.Context(), home.Area, m) })
	}
	first := member("2020-01-01", "2020-12-31")
	if err := errors.Join(write(func(tx *store.Tx) error { return tx.InsertHousehold(t.Context(), home) }), put(first)); err != nil {
		t.Fatal(err)
	}
	if err := put(member("2020-12-31", "2021-12-31")); err == nil || !strings.Contains(err.Error(), "MEMBER_ELSEWHERE") {
		t.Errorf("two on one day: %v", err)
	}
	if err := write(func(tx *store.Tx) error { return tx.SupersedeMember(t.Context(), first.ID) }); err != nil {
		t.Fatal(err)
	}
	first.To = calendar.MustDate("2020-06-30")
	if err := write(func(tx *store.Tx) error { return tx.EndMember(t.Context(), first) }); err == nil {
		t.Error("what was believed has changed")
	}
	if err := put(member("2019-01-01", "2021-12-31")); err != nil {
		t.Errorf("on days that were given back: %v", err)
	}
}

// TestStepsStayAsRecorded: a step is taken back once and the last one first, its number is not given again, and nothing else of it changes.
func TestStepsStayAsRecorded(t *testing.T) {
	t.Parallel()
	db := testdb.New(t).Open(t, clock)
	on := calendar.MustDate("2020-01-01")
	s := care.Service{ID: uuid.Must(uuid.NewV7()), Kind: care.Rehab, PersonID: putPerson(t, db, "370305001005"), Area: "370305001005", State: "PLANNED", OpenedOn: on, Need: care.Evidence{}}
	for i, name := range []string{"assess", "plan"} {
		s.Steps = append(s.Steps, care.Done{ID: uuid.Must(uuid.NewV7()), Seq: i + 1, Step: name, From: "NEED", To: "PLANNED", On: on, Evidence: care.Evidence{}, Counts: []string{}, Role: access.TownOfficer})
	}
	write := func(fn func(*store.Tx) error) error {
		return db.Write(t.Context(), access.SystemActor(), "test.step", fn)
	}
	void := func(i int, reason string) error {
		d := s.Steps[i]
		d.Voided = care.Voided{At: clock(), Role: access.CDPFReviewer, Reason: reason}
		return write(func(tx *store.Tx) error { return tx.VoidStep(t.Context(), s, d) })
	}
	if err := write(func(tx *store.Tx) error { return tx.InsertServices(t.Context(), s) }); err != nil {
		t.Fatal(err)
	}
	if err := void(0, "记错"); err == nil {
		t.Error("a step with another behind it was taken back")
	}
	if err := void(1, ""); err == nil {
		t.Error("a step was taken back without a reason")
	}
	if err := errors.Join(void(1, "记错"), void(0, "记错")); err != nil {
		t.Fatal(err)
	}
	if err := write(func(tx *store.Tx) error { return tx.InsertStep(t.Context(), s, s.Steps[1]) }); err == nil {
		t.Error("the number of a step that was taken back was given again")
	}
	if err := void(1, "另一原因"); err != nil {
		t.Errorf("again: %v", err)
	}
	var kept care.Service
	if err := write(func(tx *store.Tx) (err error) { kept, err = tx.Service(t.Context(), s.ID); return err }); err != nil || len(kept.Steps) != 0 || len(kept.Voided) != 2 || kept.Voided[1].Voided.Reason != "记错" {
		t.Errorf("the service has %+v, %v", kept, err)
	}
	if err := write(func(tx *store.Tx) error { return tx.TakeBackServices(t.Context(), []uuid.UUID{s.ID}) }); err != nil {
		t.Errorf("the past does not take it: %v", err)
	}
}

// TestMembersAreNotReadByTheirConstraint is the same of the households of a person as of his cards.
func TestMembersAreNotReadByTheirConstraint(t *testing.T) {
	t.Parallel()
	conn := as(t, testdb.New(t).OwnerURL)
	for _, sql := range []string{"DROP INDEX household_members_person", "SET enable_seqscan = off"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	var first string
	err := conn.QueryRow(t.Context(), "EXPLAIN SELECT FROM household_members WHERE person_id = '00000000-0000-0000-0000-000000000001' AND superseded_at IS NULL").Scan(&first)
	if err != nil || !strings.HasPrefix(first, "Seq Scan") {
		t.Errorf("%s (%v)", first, err)
	}
}

// TestOneCardAtATime: whatever the code does, a person has one card on a day, and a number is one person's on a day.
func TestOneCardAtATime(t *testing.T) {
	t.Parallel()
	db := testdb.New(t).Open(t, clock)
	one, other := putPerson(t, db, "370305001005"), putPerson(t, db, "370305001005")
	card := func(number string) idnum.Certificate {
		c, err := idnum.ParseCertificate(number, calendar.MustDate("2023-01-01"))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first, second := card("37999919700101001143"), card("37999919700101001144")
	for _, tt := range []struct {
		name          string
		person        uuid.UUID
		number        idnum.Certificate
		from, to, say string
	}{
		{"the first", one, first, "2020-01-01", "2021-12-31", ""},
		{"another on its last day", one, second, "2021-12-31", "", "CERTIFICATE_HELD"},
		{"the same number with somebody else", other, first, "2021-06-01", "", "CERTIFICATE_EXISTS"},
		{"the next on the day after", one, second, "2022-01-01", "", ""},
		{"the number again, when it is free", other, first, "2022-01-01", "", ""},
		{"one in front that goes on", one, card("37999919700101001142"), "2010-01-01", "", "CERTIFICATE_HELD"},
	} {
		c := casefile.Certificate{ID: uuid.Must(uuid.NewV7()), PersonID: tt.person, Number: tt.number, Category: 4, Level: 3, IssuedOn: calendar.MustDate(tt.from), ExpiresOn: calendar.MustDate("2031-01-01")}
		if tt.to != "" {
			c.HeldTo = calendar.MustDate(tt.to)
		}
		err := db.Write(t.Context(), access.SystemActor(), "test.card", func(tx *store.Tx) error { return tx.InsertCertificates(t.Context(), c) })
		var said *fault.Error
		code := ""
		if errors.As(err, &said) {
			code = said.Code
		}
		if code != tt.say || (err == nil) != (tt.say == "") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.say)
		}
	}
}
