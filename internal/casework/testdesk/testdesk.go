// Package testdesk gives tests of the faces what all of them begin with: a database with the rules, the divisions of Linzi and accounts of
// every role, made once for a test binary.
package testdesk

import (
	"context"
	"maps"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/auth"
	"zhucan/internal/casework"
	"zhucan/internal/demo/divisions"
	"zhucan/internal/policy"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
	"zhucan/internal/webhook"
)

// Two villages of one town and one of another.
const (
	VillageA = "370305001005"
	VillageB = "370305001009"
	VillageC = "370305111245"
	TownA    = "370305001"
	TownC    = "370305111"
)

// Password is that of all accounts.
const Password = "a long enough secret"

// Begins is when the clock of a test stands at first.
var Begins = time.Date(2023, 3, 28, 2, 0, 0, 0, time.UTC)

// Place is whom an account is for, and where.
type Place struct {
	Role access.Role
	Area area.Code
}

// Accounts are those that are there, by user name.
var Accounts = map[string]Place{
	"liaison.a": {access.VillageLiaison, VillageA}, "liaison.b": {access.VillageLiaison, VillageB}, "liaison.c": {access.VillageLiaison, VillageC},
	"town.a": {access.TownOfficer, TownA}, "town.a2": {access.TownOfficer, TownA}, "town.c": {access.TownOfficer, TownC},
	"cdpf": {access.CDPFReviewer, "370305"}, "civil": {access.CivilAffairsApprover, "370305"}, "finance": {access.FinanceOfficer, "370305"},
	"stats": {access.Statistician, "370305"}, "hotline": {access.HotlineClerk, "370305"}, "auditor": {access.Auditor, "370305"},
	"admin": {access.Administrator, "370305"}, "admin2": {access.Administrator, "370305"},
}

// Clock is the time of a test's desk.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock stands at Begins.
func NewClock() *Clock { return &Clock{now: Begins} }

// Now is where it stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set puts it forward, or back.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Add lets time pass.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

var (
	made      = map[string]store.Account{}
	furnished = testdb.Furnished(func(t testing.TB, d testdb.Database) {
		now := func() time.Time { return Begins }
		db := d.Open(t, now)
		defer db.Close()
		furnish(t, New(t, d, db, now))
	})
)

// Furnished is a database of the test's own, and its accounts by user name.
func Furnished(t testing.TB) (testdb.Database, map[string]store.Account) {
	t.Helper()
	d := furnished(t)
	return d, maps.Clone(made)
}

func furnish(t testing.TB, desk *casework.Desk) {
	ctx, system := context.Background(), access.SystemActor()
	builtin := store.Pack{ID: NewID(), Name: desk.Pack().Name, Version: desk.Pack().Version, Document: string(policy.Builtin)}
	err := desk.DB.WriteRules(ctx, system, "policy.activate", func(tx *store.Tx) error {
		if err := tx.InsertPack(ctx, builtin); err != nil {
			return err
		}
		_, err := tx.ActivatePack(ctx, builtin.ID)
		return err
	})
	if err == nil {
		_, err = desk.ImportDivisions(ctx, system, divisions.Tree())
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, at := range Accounts {
		in := casework.NewAccount{Username: name, Name: "测试" + name, Password: Password, Role: at.Role, Area: at.Area}
		if made[name], err = desk.CreateAccount(ctx, system, in); err != nil {
			t.Fatalf("account %s: %v", name, err)
		}
	}
}

// New is a desk on an open store, without files, which may send to the addresses given beside public ones.
func New(t testing.TB, d testdb.Database, db *store.DB, now func() time.Time, reaches ...netip.Prefix) *casework.Desk {
	t.Helper()
	return &casework.Desk{DB: db, Rules: casework.NewRules(policy.MustLoadBuiltin()), Now: now, NewID: NewID, Passwords: auth.NewCheapPasswords(),
		Tokens: auth.NewTokens(d.Ring), Log: testdb.Log(t), Sender: webhook.NewSender(reaches...)}
}

// NewID is an id in the order of time.
func NewID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
