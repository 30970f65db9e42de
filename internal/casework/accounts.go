package casework

import (
	"context"
	"errors"
	"math"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/auth"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// SessionLife is how long a sign-in lasts at most.
const SessionLife = 12 * time.Hour

var badCredentials = fault.New(fault.Unauthenticated, "BAD_CREDENTIALS", "用户名或密码不正确", "the user name or the password is wrong")

// How long a browser's session lasts without a request. It is short at a counter, where many people pass by, and long for a liaison, who
// is on the way for half a day and often without a network.
const (
	counterIdle = 15 * time.Minute
	fieldIdle   = 4 * time.Hour
	idleStep    = time.Minute // the end is moved on no more often than this
)

func idleOf(role access.Role) time.Duration {
	if role == access.VillageLiaison {
		return fieldIdle
	}
	return counterIdle
}

// SignIn is what a client gets when it has signed in.
type SignIn struct {
	Access, Refresh string
	ExpiresIn       int // seconds
	Account         store.Account
}

// Credentials are what somebody shows who signs in.
type Credentials struct {
	Username, Password string
	Code               string // of the app, or a spare one, for accounts with a second factor
	Device             string // what this browser was given when somebody signed in; empty for programs
}

// Login checks what somebody shows and opens a session. Failures slow down the same name from the same network, and the same
// address; in a browser in which the account has signed in before they are counted apart.
func (d *Desk) Login(ctx context.Context, in Credentials, client netip.Addr, requestID string) (SignIn, error) {
	account, err := d.checkPassword(ctx, in, client, requestID)
	if err != nil {
		return SignIn{}, err
	}
	refresh, hash, err := auth.NewRefresh()
	if err != nil {
		return SignIn{}, err
	}
	session, _, err := d.openSession(ctx, account, in, requestID, func(tx *store.Tx, session uuid.UUID) error {
		return tx.OpenSession(ctx, session, account.ID, tx.Now.Add(SessionLife), hash)
	})
	if err != nil {
		return SignIn{}, err
	}
	return d.signIn(account, session, refresh)
}

// LoginBrowser is Login for a browser. Its session is named by a cookie, whose value is returned here and kept nowhere, and it is known from then on
// by the token device. The session of an earlier sign-in in the same browser (the cookie earlier) ends.
func (d *Desk) LoginBrowser(ctx context.Context, in Credentials, earlier string, client netip.Addr, requestID string) (cookie, device string, err error) {
	account, err := d.checkPassword(ctx, in, client, requestID)
	if err != nil {
		return "", "", err
	}
	before, found, err := d.ActorOfCookie(ctx, earlier)
	if err != nil {
		return "", "", err
	}
	cookie, hash, err := auth.NewRefresh()
	if err != nil {
		return "", "", err
	}
	_, account, err = d.openSession(ctx, account, in, requestID, func(tx *store.Tx, session uuid.UUID) error {
		if found {
			if err := tx.EndSession(ctx, before.SessionID); err != nil {
				return err
			}
		}
		return tx.OpenBrowserSession(ctx, session, account.ID, tx.Now.Add(idleOf(account.Role)), hash)
	})
	return cookie, d.deviceOf(account, in.Device), err
}

// ActorOfCookie is who acts under the session that a browser's cookie names, with the rights of this moment. Asking counts as a request:
// it moves the end of the session on, up to SessionLife after the sign-in.
func (d *Desk) ActorOfCookie(ctx context.Context, cookie string) (who access.Actor, found bool, err error) {
	if cookie == "" {
		return who, false, nil
	}
	who, ends, found, err := d.DB.ActorOfCookie(ctx, auth.RefreshHash(cookie))
	if err != nil || !found {
		return who, found, err
	}
	if until := d.Now().Add(idleOf(who.Role)); until.Sub(ends) >= idleStep {
		err = d.DB.ProlongSession(ctx, who.SessionID, until, SessionLife)
	}
	return who, true, err
}

// ActorUnseen is ActorOfCookie for requests that a page makes by itself, whether anybody is there or not: the session is not prolonged by
// them.
func (d *Desk) ActorUnseen(ctx context.Context, cookie string) (who access.Actor, found bool, err error) {
	if cookie == "" {
		return who, false, nil
	}
	who, _, found, err = d.DB.ActorOfCookie(ctx, auth.RefreshHash(cookie))
	return who, found, err
}

func (d *Desk) checkPassword(ctx context.Context, in Credentials, client netip.Addr, requestID string) (store.Account, error) {
	account, found, err := d.DB.AccountByUsername(ctx, in.Username)
	if err != nil {
		return account, err
	}
	buckets := d.passwordBuckets(account, in, client)
	if err := d.DB.TakeLoginAttempt(ctx, buckets, d.countAttempt); err != nil {
		return account, err
	}
	good, err := d.Passwords.Verify(ctx, account.PasswordPHC, in.Password)
	if err != nil {
		return account, err
	}
	if !good || !found || account.Disabled {
		return account, d.loginFailed(ctx, account, requestID, badCredentials)
	}
	return account, d.DB.ForgiveLoginAttempt(ctx, buckets[0], buckets[len(buckets)-1])
}

// buckets are where failures are counted: under the name within a network (/24 or /48), and under the address. An IPv6 line has a /64 and
// could take another address for each attempt, so there the /64 counts as the address.
func (d *Desk) buckets(username string, client netip.Addr) [][]byte {
	return d.bucketsOf("login", username, client)
}

// bucketsOf are the buckets of one thing that strangers may try.
func (d *Desk) bucketsOf(what, name string, client netip.Addr) [][]byte {
	client = client.Unmap()
	wide, narrow := 24, 32
	if client.Is6() {
		wide, narrow = 48, 64
	}
	network, _ := client.Prefix(wide)
	address, _ := client.Prefix(narrow)
	return [][]byte{d.DB.Ring.BlindIndex(what+"_name_network", name+"|"+network.String()), d.DB.Ring.BlindIndex(what+"_address", address.String())}
}

// addressShare is how many failures of an address weigh as much as one of a name: a whole office may share an address.
const addressShare = 10

// countAttempt is what one more attempt makes of a bucket, or the wait that is still due. Every attempt counts as a
// failure until it has succeeded.
func (d *Desk) countAttempt(bucket int, a store.Attempts) (store.Attempts, error) {
	weighed := auth.Attempts(a)
	if bucket == 1 {
		weighed.Failures /= addressShare
	}
	if wait := weighed.Wait(d.Now()); wait > 0 {
		f := *fault.New(fault.TooMany, "TOO_MANY_ATTEMPTS", "失败次数过多，请稍后再试", "too many failed attempts; try again later")
		f.RetryAfter = int(math.Ceil(wait.Seconds()))
		return a, &f
	}
	return store.Attempts(auth.Attempts(a).Failed(d.Now())), nil
}

// loginFailed records a sign-in that was turned away, and says why.
func (d *Desk) loginFailed(ctx context.Context, account store.Account, requestID string, why error) error {
	who := access.Actor{AccountID: account.ID, Role: account.Role, Area: account.AreaCode, RequestID: requestID}
	if account.ID == uuid.Nil {
		who = access.SystemActor()
		who.RequestID = requestID
	}
	if err := d.DB.Refused(ctx, who, "login", account.ID, nil); err != nil {
		return err
	}
	return why
}

// openSession opens a session for somebody who has shown a password. Since it was checked, the password may have been changed or the
// account disabled, which ends only the sessions that were open then; so the account is locked and looked at again. A password that was
// hashed at another cost than today's is hashed again here, since only a sign-in knows it.
func (d *Desk) openSession(ctx context.Context, account store.Account, in Credentials, requestID string, open func(tx *store.Tx, session uuid.UUID) error) (session uuid.UUID, now store.Account, err error) {
	session = d.NewID()
	rehashed := ""
	if d.Passwords.Stale(account.PasswordPHC) {
		if rehashed, err = d.Passwords.Hash(ctx, in.Password); err != nil {
			return session, now, err
		}
	}
	forgive, err := d.takeCodeAttempt(ctx, account, in)
	if errors.Is(err, codeRequired) {
		return session, now, d.loginFailed(ctx, account, requestID, err)
	}
	if err != nil {
		return session, now, err
	}
	who := access.Actor{AccountID: account.ID, Role: account.Role, Area: account.AreaCode, RequestID: requestID}
	err = d.write(ctx, who, "login", func(tx *store.Tx) error {
		if now, err = d.stillGood(ctx, tx, account, in.Password); err != nil {
			return err
		}
		if err := d.showCode(ctx, tx, now, in.Code); err != nil {
			return err
		}
		if err := tx.Describe(ctx, account.ID, map[string]any{"session_id": session}); err != nil {
			return err
		}
		if rehashed != "" {
			if err := tx.KeepPassword(ctx, account.ID, account.PasswordPHC, rehashed); err != nil {
				return err
			}
			if now.PasswordPHC == account.PasswordPHC {
				now.PasswordPHC = rehashed
			}
		}
		if err := open(tx, session); err != nil || now.SecondFactorAt == nil {
			return err
		}
		return tx.SecondFactorShown(ctx, session)
	})
	if errors.Is(err, badCredentials) || errors.Is(err, wrongCode) {
		return session, now, d.loginFailed(ctx, account, requestID, err)
	}
	if err == nil {
		err = forgive()
	}
	return session, now, err
}

// stillGood locks an account and checks that the password which was good a moment ago still is. A stored hash that differs is no proof
// against it: another sign-in may just have hashed the same password again.
func (d *Desk) stillGood(ctx context.Context, tx *store.Tx, seen store.Account, password string) (now store.Account, err error) {
	if now, err = tx.LockAccount(ctx, seen.ID); err != nil {
		return now, err
	}
	good := true
	if now.PasswordPHC != seen.PasswordPHC {
		if good, err = d.Passwords.Verify(ctx, now.PasswordPHC, password); err != nil {
			return now, err
		}
	}
	if !good || now.Disabled {
		return now, badCredentials
	}
	return now, nil
}

func (d *Desk) signIn(account store.Account, session uuid.UUID, refresh string) (SignIn, error) {
	token, err := d.Tokens.Issue(account.ID, session, d.NewID(), d.Now())
	if err != nil {
		return SignIn{}, err
	}
	return SignIn{Access: token, Refresh: refresh, ExpiresIn: int(auth.AccessLife.Seconds()), Account: account}, nil
}

// Refresh gives new tokens for a refresh token, once.
func (d *Desk) Refresh(ctx context.Context, token, requestID string) (SignIn, error) {
	next, hash, err := auth.NewRefresh()
	if err != nil {
		return SignIn{}, err
	}
	who := access.SystemActor()
	who.RequestID = requestID
	var r store.Rotation
	err = d.write(ctx, who, "refresh", func(tx *store.Tx) error {
		r, err = tx.Rotate(ctx, auth.RefreshHash(token), hash)
		return err
	})
	switch {
	case fault.Is(err, "NOT_FOUND"):
		return SignIn{}, fault.New(fault.Unauthenticated, "BAD_REFRESH_TOKEN", "登录已失效，请重新登录", "sign in again")
	case err != nil:
		return SignIn{}, err
	case r.Reused:
		return SignIn{}, fault.New(fault.Unauthenticated, "REFRESH_TOKEN_REUSED", "登录凭证被重复使用，已强制退出", "the refresh token was used before; the session is ended")
	case r.Account.Disabled:
		return SignIn{}, badCredentials
	}
	now, found, err := d.DB.ActorOfSession(ctx, r.SessionID, r.Account.ID)
	if err != nil || !found { // a deputation may have ended
		return SignIn{}, errors.Join(err, auth.BadToken)
	}
	r.Account.Role, r.Account.AreaCode = now.Role, now.Area
	return d.signIn(r.Account, r.SessionID, next)
}

// Logout ends the session.
func (d *Desk) Logout(ctx context.Context, who access.Actor) error {
	return d.write(ctx, who, "logout", func(tx *store.Tx) error { return tx.EndSession(ctx, who.SessionID) })
}

// ChangePassword changes one's own password and ends one's other sessions. Attempts at the present password are counted as at the sign-in,
// so a stolen session guesses it no faster.
func (d *Desk) ChangePassword(ctx context.Context, who access.Actor, current, next string) error {
	if err := auth.CheckPassword("new_password", next, who.Username, who.Name); err != nil {
		return err
	}
	if err := d.ownPassword(ctx, who, "current_password", current); err != nil {
		return err
	}
	phc, err := d.Passwords.Hash(ctx, next)
	if err != nil {
		return err
	}
	return d.write(ctx, who, "password.change", func(tx *store.Tx) error {
		account, err := tx.LockAccount(ctx, who.AccountID)
		if err != nil {
			return err
		}
		account.PasswordPHC, account.UpdatedAt = phc, tx.Now
		if err := tx.UpdateAccount(ctx, account); err != nil {
			return err
		}
		return tx.EndSessionsOf(ctx, who.AccountID, who.SessionID)
	})
}

// ownPassword checks the password of somebody who is signed in already.
func (d *Desk) ownPassword(ctx context.Context, who access.Actor, member, password string) error {
	account, _, err := d.DB.AccountByUsername(ctx, who.Username)
	if err != nil {
		return err
	}
	bucket := d.DB.Ring.BlindIndex("password_account", who.AccountID.String())
	if err := d.DB.TakeLoginAttempt(ctx, [][]byte{bucket}, d.countAttempt); err != nil {
		return err
	}
	good, err := d.Passwords.Verify(ctx, account.PasswordPHC, password)
	if err == nil && good {
		err = d.DB.ForgiveLoginAttempt(ctx, bucket, bucket)
	}
	if err == nil && !good {
		err = field(member, "WRONG_PASSWORD", "当前密码不正确", "the current password is wrong")
	}
	return err
}

// NewAccount is an account as entered.
type NewAccount struct {
	Username, Name, Password string
	Role                     access.Role
	Area                     area.Code
}

// CreateAccount adds an account inside the administrator's area.
func (d *Desk) CreateAccount(ctx context.Context, who access.Actor, in NewAccount) (account store.Account, err error) {
	if !who.Covers(in.Area) {
		return account, outsideArea("area_code")
	}
	if err := d.checkAccountArea(ctx, in.Area); err != nil {
		return account, err
	}
	if !in.Role.Valid() {
		return account, field("role", "UNKNOWN_ROLE", "没有这个角色", "there is no such role")
	}
	if in.Name, err = needName(in.Name); err != nil {
		return account, err
	}
	if err := auth.CheckPassword("password", in.Password, in.Username, in.Name); err != nil {
		return account, err
	}
	phc, err := d.Passwords.Hash(ctx, in.Password)
	if err != nil {
		return account, err
	}
	err = d.write(ctx, who, "account.create", func(tx *store.Tx) error {
		account = store.Account{ID: d.NewID(), Version: 1, Username: in.Username, Name: in.Name, Role: in.Role, AreaCode: in.Area,
			PasswordPHC: phc, CreatedAt: tx.Now, UpdatedAt: tx.Now}
		if err := tx.InsertAccount(ctx, account); err != nil {
			return err
		}
		return tx.Describe(ctx, account.ID, nil)
	})
	return account, err
}

// checkAccountArea refuses an area in which no division of today lies: such an account would see nothing. Before the first divisions are
// taken in, any area may be right.
func (d *Desk) checkAccountArea(ctx context.Context, code area.Code) error {
	for _, in := range []area.Code{code, ""} {
		there, err := d.DB.HasDivision(ctx, in, d.today())
		if err != nil || there && in == code {
			return err
		}
		if there {
			return field("area_code", "UNKNOWN_AREA", "区划代码不存在", "no division has this code")
		}
	}
	return nil
}

// AccountNamed finds the account of the actor's area with a user name.
func (d *Desk) AccountNamed(ctx context.Context, who access.Actor, username string) (store.Account, error) {
	a, found, err := d.DB.AccountByUsername(ctx, username)
	if err == nil && (!found || !who.Covers(a.AreaCode)) {
		err = field("username", "NOBODY", "本辖区没有这个用户名", "nobody in your area has this name")
	}
	return a, err
}

// AccountPatch is what may change of an account. Nil members stay.
type AccountPatch struct {
	Name     *string
	Role     *access.Role
	Area     *area.Code
	Disabled *bool
	Password *string
	Factor   *bool // the second factor, which can only be taken away here
}

// UpdateAccount changes an account. It acts at once: rights are read for each request, and a new password, a disabled account or a second
// factor that is taken away, as with a telephone that is lost, ends every session. Another role or area ends the deputations on either side:
// they were made for what both were then, and a deputy would otherwise get whatever rights his principal is given later.
func (d *Desk) UpdateAccount(ctx context.Context, who access.Actor, id uuid.UUID, version int, in AccountPatch) (account store.Account, err error) {
	if id == who.AccountID {
		return account, fault.New(fault.Conflict, "OWN_ACCOUNT", "不能修改本人账号的权限", "nobody changes his own account here")
	}
	err = d.write(ctx, who, "account.update", func(tx *store.Tx) error {
		if account, err = tx.LockAccount(ctx, id); err != nil {
			return err
		}
		if !who.Covers(account.AreaCode) {
			return store.NotFound
		}
		if err := stale(account.Version, version); err != nil {
			return err
		}
		before := account
		if err := d.patchAccount(ctx, who, &account, in); err != nil {
			return err
		}
		account.UpdatedAt = tx.Now
		if err := tx.UpdateAccount(ctx, account); err != nil {
			return err
		}
		if account.Role != before.Role || account.AreaCode != before.AreaCode {
			if err := tx.EndDeputationsOf(ctx, id, d.today()); err != nil {
				return err
			}
		}
		account.Version++
		var detail map[string]any
		taken := before.SecondFactorAt != nil && account.SecondFactorAt == nil
		if taken {
			detail = map[string]any{"second_factor": false}
		}
		if err := tx.Describe(ctx, id, detail); err != nil {
			return err
		}
		if in.Password == nil && !account.Disabled && !taken {
			return nil
		}
		return tx.EndSessionsOf(ctx, id, uuid.Nil)
	})
	if err == nil && in.Password != nil {
		err = d.forgetCodes(ctx, id)
	}
	return account, err
}

func (d *Desk) patchAccount(ctx context.Context, who access.Actor, account *store.Account, in AccountPatch) error {
	if in.Area != nil && *in.Area != account.AreaCode { // an account whose division has ended can still be changed otherwise
		if !who.Covers(*in.Area) {
			return outsideArea("area_code")
		}
		if err := d.checkAccountArea(ctx, *in.Area); err != nil {
			return err
		}
		account.AreaCode = *in.Area
	}
	if in.Role != nil {
		if !in.Role.Valid() {
			return field("role", "UNKNOWN_ROLE", "没有这个角色", "there is no such role")
		}
		account.Role = *in.Role
	}
	if in.Name != nil && *in.Name != account.Name {
		var err error
		if account.Name, err = needName(*in.Name); err != nil {
			return err
		}
	}
	if in.Disabled != nil {
		account.Disabled = *in.Disabled
	}
	if in.Factor != nil && !*in.Factor {
		account.SecondFactorAt = nil
	}
	if in.Password == nil {
		return nil
	}
	if err := auth.CheckPassword("password", *in.Password, account.Username, account.Name); err != nil {
		return err
	}
	phc, err := d.Passwords.Hash(ctx, *in.Password)
	account.PasswordPHC = phc
	return err
}
