package httpapi_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"zhucan/api"
	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// actorOf is a user as he acts by his own rights.
func (s *service) actorOf(user string) access.Actor {
	s.t.Helper()
	a, found, err := s.desk.DB.AccountByUsername(s.t.Context(), user)
	if err != nil || !found {
		s.t.Fatalf("no account %s (%v)", user, err)
	}
	return access.Actor{AccountID: a.ID, Username: a.Username, Name: a.Name, Role: a.Role, Area: a.AreaCode}
}

// queued hands in a list and leaves it in the queue, as a process does that ends right then.
func (s *service) queued(who access.Actor, lines ...string) uuid.UUID {
	s.t.Helper()
	data := []byte(strings.Join(lines, "\n") + "\n")
	sum := sha256.Sum256(data)
	i := store.Import{ID: s.desk.NewID(), Kind: "dibao", Sender: "minzheng", AsOf: calendar.DateOf(s.clock.Now()), SHA256: sum[:], Area: who.Area, AccountID: who.AccountID, State: store.ImportQueued}
	err := s.desk.Files.Put(s.t.Context(), i.ID, data)
	if err == nil {
		err = s.desk.DB.Write(s.t.Context(), who, "import.queue", func(tx *store.Tx) error { return tx.InsertImport(s.t.Context(), i) })
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return i.ID
}

// TestListOfADeputy: a deputy hands in a list by the rights of the one for whom he acts, and it is taken in.
func TestListOfADeputy(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person("liaison.a", villageA, 970, 1).want(201)
	s.at("2023-04-10")
	d := s.do("admin", "POST", "/deputations", map[string]any{"principal_id": s.accountID("town.a"), "deputy_id": s.accountID("town.c"), "from": "2023-04-10", "until": "2023-04-14", "reason": "休假"}).want(201)
	s.tokens["deputy"] = s.do("town.c", "POST", "/auth/act-for", map[string]any{"deputation_id": d.text("id")}).want(200).text("access_token")
	s.list("deputy", "kind=dibao&sender=minzheng", dibaoHead, dibaoLine(970, "2023-01-01")).want(201).wantCounts(1, 0, 0, 0)
}

// TestQueuedListKeepsNoRights: a list that waited is taken in by the rights of the day. Where they are gone it fails, holds up nothing behind
// it, and somebody else may send the same file.
func TestQueuedListKeepsNoRights(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person("liaison.a", villageA, 971, 1).want(201)
	s.at("2023-04-10")
	patch := func(members map[string]any) func(account, _ answer) {
		return func(account, _ answer) {
			s.do("admin", "PATCH", "/accounts/"+account.text("id"), members, "If-Match", account.version()).want(200)
		}
	}
	for n, tt := range []struct {
		name   string
		deputy bool
		change func(account, deputation answer)
		good   bool
	}{
		{"nothing has changed", false, func(answer, answer) {}, true},
		{"another role", false, patch(map[string]any{"role": "finance_officer"}), false},
		{"another town", false, patch(map[string]any{"area_code": townC}), false},
		{"disabled", false, patch(map[string]any{"disabled": true}), false},
		{"a deputy", true, func(answer, answer) {}, true},
		{"a deputy no more", true, func(_, d answer) {
			s.do("admin", "POST", "/deputations/"+d.text("id")+"/end", nil, "If-Match", d.version()).want(200)
		}, false},
		{"the deputy of one who is disabled", true, patch(map[string]any{"disabled": true}), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			user := "o" + uuid.NewString()[:8]
			account := s.do("admin", "POST", "/accounts", map[string]any{"username": user, "name": "测试", "password": password, "role": "town_officer", "area_code": townA}).want(201)
			who, deputation := s.actorOf(user), answer{}
			if tt.deputy {
				deputation = s.do("admin", "POST", "/deputations", map[string]any{"principal_id": account.text("id"), "deputy_id": s.accountID("town.c"), "from": "2023-04-10", "until": "2023-04-14", "reason": "休假"}).want(201)
				who = s.actorOf("town.c")
				who.ActingFor, who.Area = uuid.MustParse(account.text("id")), townA
			}
			line, behind := dibaoLine(971, fmt.Sprintf("2023-01-%02d", n+1)), dibaoLine(971, fmt.Sprintf("2023-02-%02d", n+1))
			ids := []uuid.UUID{s.queued(who, dibaoHead, line), s.queued(s.actorOf("town.a"), dibaoHead, behind)}
			tt.change(account, deputation)
			for range ids {
				if worked, err := s.desk.WorkImport(t.Context(), uuid.Nil); !worked || err != nil {
					t.Errorf("worked on a list: %t, %v", worked, err)
				}
			}
			s.wantTaken(ids[0], tt.good)
			s.wantTaken(ids[1], true)
			if !tt.good {
				s.list("town.a", "kind=dibao&sender=minzheng&as_of=2023-04-10", dibaoHead, line).want(201)
			}
		})
	}
}

// TestQueuedListWithoutFile: a list whose content is gone fails, and holds up nothing behind it; one that only cannot be read waits.
func TestQueuedListWithoutFile(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person("liaison.a", villageA, 972, 1).want(201)
	s.at("2023-04-10")
	gone := s.queued(s.actorOf("town.a"), dibaoHead, dibaoLine(972, "2023-01-01"))
	if err := s.desk.Files.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	behind := s.queued(s.actorOf("town.a"), dibaoHead, dibaoLine(972, "2023-02-01"))
	for range 2 {
		if worked, err := s.desk.WorkImport(t.Context(), uuid.Nil); !worked || err != nil {
			t.Errorf("worked on a list: %t, %v", worked, err)
		}
	}
	got := s.do("town.a", "GET", "/imports/"+gone.String(), nil).want(200)
	if failure, _ := got.json()["failure"].(map[string]any); got.text("state") != "failed" || failure["code"] != "NO_FILE" {
		t.Errorf("a list without its file: %s", got.body)
	}
	s.wantTaken(behind, true)
	if worked, err := s.desk.WorkImport(t.Context(), uuid.Nil); worked || err != nil {
		t.Errorf("it is worked on again: %t, %v", worked, err)
	}
	unread := s.queued(s.actorOf("town.a"), dibaoHead, dibaoLine(972, "2023-03-01"))
	if err := os.WriteFile(filepath.Join(s.files, unread.String()), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if worked, err := s.desk.WorkImport(t.Context(), uuid.Nil); worked || err == nil {
		t.Errorf("a file that cannot be read: %t, %v", worked, err)
	}
	if got := s.do("town.a", "GET", "/imports/"+unread.String(), nil).want(200); got.text("state") != "queued" {
		t.Errorf("a list whose file cannot be read now: %s", got.body)
	}
}

// wantTaken looks at what became of a list: it was taken in, or failed because the rights to it are gone.
func (s *service) wantTaken(id uuid.UUID, good bool) {
	s.t.Helper()
	got := s.do("town.a", "GET", "/imports/"+id.String(), nil).want(200)
	failure, _ := got.json()["failure"].(map[string]any)
	if good && got.text("state") != "done" || !good && (got.text("state") != "failed" || failure["code"] != "UPLOADER_RIGHTS_CHANGED") {
		s.t.Errorf("taken in %t: %s", good, got.body)
	}
}

// TestWhoHandsInFiles: whom the desk asks for when it works on a list are those whom the contract lets hand one in.
func TestWhoHandsInFiles(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(api.Document)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, role := range doc.Paths.Find("/imports").Post.Extensions["x-roles"].([]any) {
		said = append(said, role.(string))
	}
	var asked []string
	for _, role := range casework.Importing {
		asked = append(asked, string(role))
	}
	if !slices.Equal(said, asked) {
		t.Errorf("the contract says %v, the desk %v", said, asked)
	}
}
