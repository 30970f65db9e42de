package casework_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

const goodPassword = "a long enough secret"

// TestSignInBesideAChange: a sign-in has found its password good and then waits, while the account is changed. It opens no session for a
// password that is good no more.
func TestSignInBesideAChange(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0, 6, calendar.MustDate("2021-03-10"))
	another, yes, owner := "another long secret", true, o.owner()
	for _, tt := range []struct {
		name   string
		change func(context.Context, store.Account) error
		good   bool
	}{
		{"another password", o.patched(casework.AccountPatch{Password: &another}), false},
		{"disabled", o.patched(casework.AccountPatch{Disabled: &yes}), false},
		{"the same password, hashed again", o.hashedAgain, true},
	} {
		for _, browser := range []bool{false, true} {
			account := o.newAccount()
			err := o.signInBeside(owner, account, browser, tt.change)
			if (err == nil) != tt.good || err != nil && !fault.Is(err, "BAD_CREDENTIALS") {
				t.Errorf("%s, browser %t: the sign-in beside it ends with %v", tt.name, browser, err)
			}
			if open := howMany(t, owner, "SELECT count(*) FROM sessions WHERE account_id = $1 AND ended_at IS NULL", account.ID); open == 1 != tt.good {
				t.Errorf("%s, browser %t: %d sessions are open", tt.name, browser, open)
			}
			if refused := howMany(t, owner, "SELECT count(*) FROM audit_entries WHERE account_id = $1 AND action = 'login' AND outcome = 'refused'", account.ID); refused == 0 != tt.good {
				t.Errorf("%s, browser %t: %d refused sign-ins stand in the audit", tt.name, browser, refused)
			}
		}
	}
}

func (o *office) newAccount() store.Account {
	o.t.Helper()
	account, err := o.desk.CreateAccount(o.t.Context(), access.SystemActor(), casework.NewAccount{Username: "o" + uuid.NewString()[:8], Name: "测试", Password: goodPassword, Role: access.TownOfficer, Area: "370305001"})
	if err != nil {
		o.t.Fatal(err)
	}
	return account
}

func (o *office) patched(in casework.AccountPatch) func(context.Context, store.Account) error {
	return func(ctx context.Context, a store.Account) error {
		_, err := o.desk.UpdateAccount(ctx, access.SystemActor(), a.ID, a.Version, in)
		return err
	}
}

// hashedAgain is what another sign-in does where the cost of hashing is another than it was.
func (o *office) hashedAgain(ctx context.Context, a store.Account) error {
	phc, err := o.desk.Passwords.Hash(ctx, goodPassword)
	if err != nil {
		return err
	}
	return o.desk.DB.Write(ctx, access.SystemActor(), "test.rehash", func(tx *store.Tx) error { return tx.KeepPassword(ctx, a.ID, a.PasswordPHC, phc) })
}

// signInBeside signs in while a change of the account is not yet committed, which it is as soon as the sign-in waits for it, or has ended.
func (o *office) signInBeside(owner *pgx.Conn, account store.Account, browser bool, change func(context.Context, store.Account) error) error {
	o.t.Helper()
	return o.beside(owner, account, change, func() error {
		at := netip.MustParseAddr("127.0.0.1")
		if browser {
			_, _, err := o.desk.LoginBrowser(o.t.Context(), casework.Credentials{Username: account.Username, Password: goodPassword}, "", at, "")
			return err
		}
		_, err := o.desk.Login(o.t.Context(), casework.Credentials{Username: account.Username, Password: goodPassword}, at, "")
		return err
	})
}

// beside does something while a change of an account is not yet committed, which it is as soon as what is done waits for it, or has ended.
func (o *office) beside(owner *pgx.Conn, account store.Account, change func(context.Context, store.Account) error, do func() error) error {
	o.t.Helper()
	ended := make(chan error, 1)
	_, err := o.desk.DB.Once(o.t.Context(), o.checker, account.Username, []byte("change"), func(inside context.Context) (store.Answer, error) {
		if err := change(inside, account); err != nil {
			return store.Answer{}, err
		}
		go func() { ended <- do() }()
		for len(ended) == 0 && howMany(o.t, owner, "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')") == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		return store.Answer{}, nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return <-ended
}

// TestActingBesideAChange: who has got hold of a session goes to and fro between acting for somebody and not, while the account gets another password. No
// session that began meanwhile is left.
func TestActingBesideAChange(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0, 9, calendar.MustDate("2021-03-10"))
	another, owner, ctx := "another long secret", o.owner(), t.Context()
	for _, way := range []string{"token", "browser", "back"} {
		account, principal := o.newAccount(), o.newAccount()
		day := calendar.DateOf(o.desk.Now())
		d, err := o.desk.Depute(ctx, access.SystemActor(), store.Deputation{PrincipalID: principal.ID, DeputyID: account.ID, From: day, Until: day, Reason: "休假"})
		if err != nil {
			t.Fatal(err)
		}
		cookie, _, err := o.desk.LoginBrowser(ctx, casework.Credentials{Username: account.Username, Password: goodPassword}, "", netip.MustParseAddr("127.0.0.1"), "")
		if err != nil {
			t.Fatal(err)
		}
		who := o.named(cookie)
		if way == "back" {
			if cookie, err = o.desk.ActForInBrowser(ctx, who, d.ID); err != nil {
				t.Fatal(err)
			}
			who = o.named(cookie)
		}
		err = o.beside(owner, account, o.patched(casework.AccountPatch{Password: &another}), func() (err error) {
			switch way {
			case "token":
				_, err = o.desk.ActFor(ctx, who, d.ID)
			case "browser":
				_, err = o.desk.ActForInBrowser(ctx, who, d.ID)
			default:
				_, err = o.desk.ActForOneself(ctx, who)
			}
			return err
		})
		if open := howMany(t, owner, "SELECT count(*) FROM sessions WHERE account_id = $1 AND ended_at IS NULL", account.ID); open != 0 || !fault.Is(err, "RIGHTS_CHANGED") {
			t.Errorf("%s: %d sessions are open, %v", way, open, err)
		}
	}
}

// named is who acts under the session that a cookie names.
func (o *office) named(cookie string) access.Actor {
	o.t.Helper()
	who, found, err := o.desk.ActorOfCookie(o.t.Context(), cookie)
	if err != nil || !found {
		o.t.Fatal(found, err)
	}
	return who
}

func howMany(t *testing.T, owner *pgx.Conn, sql string, args ...any) (n int) {
	t.Helper()
	if err := owner.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSignInBesideOnesOwnRequest: somebody signs in, on another machine, while a request of his is still under way.
func TestSignInBesideOnesOwnRequest(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0, 8, calendar.MustDate("2021-03-10"))
	account := o.newAccount()
	who := access.Actor{AccountID: account.ID, Role: account.Role, Area: account.AreaCode}
	_, err := o.desk.DB.Once(t.Context(), who, "long", []byte("long"), func(context.Context) (store.Answer, error) {
		_, err := o.desk.Login(t.Context(), casework.Credentials{Username: account.Username, Password: goodPassword}, netip.MustParseAddr("127.0.0.1"), "")
		return store.Answer{}, err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestLineOfManyAddresses: who has a line with IPv6 has a /64 of addresses, and another one for each attempt slows him down all the same; the
// next line is not slowed down.
func TestLineOfManyAddresses(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0, 7, calendar.MustDate("2021-03-10"))
	try := func(n int, address string) error {
		_, err := o.desk.Login(o.t.Context(), casework.Credentials{Username: fmt.Sprintf("nobody%d", n), Password: goodPassword}, netip.MustParseAddr(address), "")
		return err
	}
	var err error
	tries := 0
	for ; tries < 100 && !fault.Is(err, "TOO_MANY_ATTEMPTS"); tries++ {
		err = try(tries, fmt.Sprintf("2001:db8:1:2:%x::1", tries))
	}
	if tries == 100 {
		t.Errorf("the hundredth address of a line ends with %v", err)
	}
	for n, address := range []string{"2001:db8:1:3::1", "192.0.2.1", "::ffff:192.0.2.2"} {
		if err := try(200+n, address); !fault.Is(err, "BAD_CREDENTIALS") {
			t.Errorf("another line, %s, ends with %v", address, err)
		}
	}
}
