package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"zhucan/internal/access"
	"zhucan/internal/area"
)

// Account is who may sign in.
type Account struct {
	ID          uuid.UUID
	Version     int
	Username    string
	Name        string
	Role        access.Role
	AreaCode    area.Code
	PasswordPHC string
	Disabled    bool
	CreatedAt   time.Time
	UpdatedAt   time.Time

	SecondFactorAt *time.Time // since when a sign-in takes more than the password; nil: it does not
}

type accountRow struct {
	ID          uuid.UUID
	Version     int
	Username    string
	Name        string
	Role        string
	AreaCode    string
	PasswordPhc string
	Disabled    bool
	CreatedAt   time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt   time.Time `gorm:"autoUpdateTime:false"`

	SecondFactorAt *time.Time
}

func (accountRow) TableName() string { return "accounts" }

func (r accountRow) account() Account {
	return Account{r.ID, r.Version, r.Username, r.Name, access.Role(r.Role), area.Code(r.AreaCode), r.PasswordPhc, r.Disabled, r.CreatedAt, r.UpdatedAt, r.SecondFactorAt}
}

func rowOfAccount(a Account) accountRow {
	return accountRow{a.ID, a.Version, a.Username, a.Name, string(a.Role), string(a.AreaCode), a.PasswordPHC, a.Disabled, a.CreatedAt, a.UpdatedAt, a.SecondFactorAt}
}

// InsertAccount adds an account.
func (tx *Tx) InsertAccount(ctx context.Context, a Account) error {
	r := rowOfAccount(a)
	if err := gorm.G[accountRow](tx.gorm).Create(ctx, &r); err != nil {
		return fmt.Errorf("insert an account: %w", err)
	}
	return nil
}

// forChange locks a row against changes other than of its key: a request whose answer is kept refers to its account from its first
// statement to its last, and signing in must not wait for a file that the same person is handing in.
var forChange = clause.Locking{Strength: "NO KEY UPDATE"}

// LockAccount reads an account and holds it until the transaction ends.
func (tx *Tx) LockAccount(ctx context.Context, id uuid.UUID) (Account, error) {
	r, err := gorm.G[accountRow](tx.gorm, forChange).Where("id = ?", id).Take(ctx)
	if err != nil {
		return Account{}, fmt.Errorf("lock an account: %w", err)
	}
	return r.account(), nil
}

// UpdateAccount writes what can change of an account.
func (tx *Tx) UpdateAccount(ctx context.Context, a Account) error {
	r := rowOfAccount(a)
	r.Version++
	n, err := gorm.G[accountRow](tx.gorm).Where("id = ? AND version = ?", a.ID, a.Version).
		Select("version", "name", "role", "area_code", "password_phc", "disabled", "updated_at", "second_factor_at").Updates(ctx, r)
	return exactlyOne(n, err)
}

// KeepPassword stores the same password hashed at another cost, unless it has changed meanwhile.
func (tx *Tx) KeepPassword(ctx context.Context, account uuid.UUID, old, phc string) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE accounts SET password_phc = $3 WHERE id = $1 AND password_phc = $2", account, old, phc)
	if err != nil {
		return fmt.Errorf("keep a password at today's cost: %w", err)
	}
	return nil
}

// AccountByUsername finds who signs in. A missing account is found = false and no error, so that the caller can spend the same time on it.
func (db *DB) AccountByUsername(ctx context.Context, username string) (a Account, found bool, err error) {
	r, err := gorm.G[accountRow](db.gorm).Where("username = ?", username).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Account{}, false, nil
	}
	if err != nil {
		return Account{}, false, translate(fmt.Errorf("find an account: %w", err))
	}
	return r.account(), true, nil
}

// AccountByID reads an account.
func (db *DB) AccountByID(ctx context.Context, id uuid.UUID) (Account, error) {
	r, err := gorm.G[accountRow](db.gorm).Where("id = ?", id).Take(ctx)
	if err != nil {
		return Account{}, translate(fmt.Errorf("read an account: %w", err))
	}
	return r.account(), nil
}

// ListAccounts lists the accounts of an area in order of their ids.
func (db *DB) ListAccounts(ctx context.Context, in area.Code, after uuid.UUID, limit int) ([]Account, error) {
	lo, hi := in.Range()
	rows, err := gorm.G[accountRow](db.gorm).Where("area_code >= ? AND area_code < ? AND id > ?", lo, hi, after).
		Order("id").Limit(limit).Find(ctx)
	if err != nil {
		return nil, translate(fmt.Errorf("list accounts: %w", err))
	}
	list := make([]Account, len(rows))
	for i, r := range rows {
		list[i] = r.account()
	}
	return list, nil
}

// ActorOfSession reads who acts under a session, with the rights of this moment. found is false when the session has
// ended or run out, or the account is disabled.
func (db *DB) ActorOfSession(ctx context.Context, session, account uuid.UUID) (who access.Actor, found bool, err error) {
	who, _, found, err = db.actor(ctx, sessionsGoodAt("$3")+` AND s.id = $1 AND a.id = $2`, session, account, db.Now())
	return who, found, err
}

// ActorOfCookie reads who acts under the session that a cookie names, as ActorOfSession does, and when that session ends by itself.
func (db *DB) ActorOfCookie(ctx context.Context, cookieHash []byte) (who access.Actor, ends time.Time, found bool, err error) {
	return db.actor(ctx, sessionsGoodAt("$2")+` AND s.cookie_hash = $1`, cookieHash, db.Now())
}

func (db *DB) actor(ctx context.Context, from string, args ...any) (who access.Actor, ends time.Time, found bool, err error) {
	sql := `SELECT a.id, s.id, a.username, a.name, coalesce(p.role, a.role), coalesce(p.area_code, a.area_code), p.id, coalesce(p.name, ''), s.second_factor AND a.second_factor_at IS NOT NULL, s.expires_at FROM ` + from
	var principal *uuid.UUID
	err = db.pool.QueryRow(ctx, sql, args...).Scan(&who.AccountID, &who.SessionID, &who.Username, &who.Name, &who.Role, &who.Area, &principal, &who.Principal, &who.SecondFactor, &ends)
	who.ActingFor = orZero(principal)
	if errors.Is(err, pgx.ErrNoRows) {
		return access.Actor{}, ends, false, nil
	}
	if err != nil {
		return access.Actor{}, ends, false, translate(fmt.Errorf("read a session: %w", err))
	}
	return who, ends, true, nil
}

// ProlongSession moves the end of a session on, to at most so long after it began. That is nobody's act and leaves no entry in the audit.
func (db *DB) ProlongSession(ctx context.Context, id uuid.UUID, until time.Time, most time.Duration) error {
	_, err := db.pool.Exec(ctx, "UPDATE sessions SET expires_at = least($2, created_at + $3::interval) WHERE id = $1 AND ended_at IS NULL AND expires_at < least($2, created_at + $3::interval)", id, until, most)
	if err != nil {
		return translate(fmt.Errorf("prolong a session: %w", err))
	}
	return nil
}

// OpenSession begins a session with its first refresh token.
func (tx *Tx) OpenSession(ctx context.Context, id, account uuid.UUID, expires time.Time, refreshHash []byte) error {
	_, err := tx.sql.ExecContext(ctx, "INSERT INTO sessions (id, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4)", id, account, tx.Now, expires)
	if err == nil {
		_, err = tx.sql.ExecContext(ctx, "INSERT INTO refresh_tokens (hash, session_id, issued_at) VALUES ($1, $2, $3)", refreshHash, id, tx.Now)
	}
	if err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	return nil
}

// OpenBrowserSession begins a session that a cookie names.
func (tx *Tx) OpenBrowserSession(ctx context.Context, id, account uuid.UUID, expires time.Time, cookieHash []byte) error {
	_, err := tx.sql.ExecContext(ctx, "INSERT INTO sessions (id, account_id, created_at, expires_at, cookie_hash) VALUES ($1, $2, $3, $4, $5)",
		id, account, tx.Now, expires, cookieHash)
	if err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	return nil
}

// SwitchSession replaces a browser's session by another of the same sign-in: under a deputation or, without one, under the account's own
// rights. The earlier one ends. The new one lasts until an instant, and at most so long after the sign-in.
func (tx *Tx) SwitchSession(ctx context.Context, from, to, deputation uuid.UUID, until time.Time, most time.Duration, cookieHash []byte) error {
	_, err := tx.sql.ExecContext(ctx, `INSERT INTO sessions (id, account_id, created_at, expires_at, cookie_hash, deputation_id, second_factor)
		SELECT $2, account_id, created_at, least($4::timestamptz, created_at + make_interval(secs => $5)), $6, $3, second_factor FROM sessions WHERE id = $1`,
		from, to, orNull(deputation), until, most.Seconds(), cookieHash)
	if err != nil {
		return fmt.Errorf("switch a session: %w", err)
	}
	return tx.EndSession(ctx, from)
}

// Rotation is what became of a refresh token.
type Rotation struct {
	SessionID uuid.UUID
	Account   Account
	Reused    bool // the token had been used before: the session is ended
}

// Rotate uses a refresh token once and puts the next in its place. A token that comes a second time ends its session,
// because one of the two who hold it is a thief.
func (tx *Tx) Rotate(ctx context.Context, hash, next []byte) (Rotation, error) {
	var r Rotation
	var used *time.Time
	var accountID uuid.UUID
	err := tx.sql.QueryRowContext(ctx, `SELECT t.session_id, t.used_at, s.account_id FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
		WHERE t.hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2 FOR UPDATE`, hash, tx.Now).Scan(&r.SessionID, &used, &accountID)
	if err != nil {
		return r, fmt.Errorf("find a refresh token: %w", translate(err))
	}
	if used != nil {
		r.Reused = true
		return r, tx.EndSession(ctx, r.SessionID)
	}
	if r.Account, err = tx.LockAccount(ctx, accountID); err != nil {
		return r, err
	}
	if _, err := tx.sql.ExecContext(ctx, "UPDATE refresh_tokens SET used_at = $2 WHERE hash = $1", hash, tx.Now); err != nil {
		return r, fmt.Errorf("use a refresh token: %w", err)
	}
	_, err = tx.sql.ExecContext(ctx, "INSERT INTO refresh_tokens (hash, session_id, issued_at) VALUES ($1, $2, $3)", next, r.SessionID, tx.Now)
	if err != nil {
		return r, fmt.Errorf("keep a refresh token: %w", err)
	}
	return r, nil
}

// EndSession ends a session and with it every token that names it.
func (tx *Tx) EndSession(ctx context.Context, id uuid.UUID) error {
	if _, err := tx.sql.ExecContext(ctx, "UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL", id, tx.Now); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// HoldSignIn locks the account of the actor and checks that his session is still open. So what ends the sessions of the account either
// comes first and is noticed here, or waits and ends the session that is opened now as well.
func (tx *Tx) HoldSignIn(ctx context.Context) error {
	if _, err := tx.LockAccount(ctx, tx.Who.AccountID); err != nil {
		return err
	}
	var open bool
	err := tx.sql.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM sessions WHERE id = $1 AND ended_at IS NULL)", tx.Who.SessionID).Scan(&open)
	if err != nil {
		return fmt.Errorf("read a session: %w", err)
	}
	if !open {
		return RightsChanged
	}
	return nil
}

// EndSessionsOf ends every session of an account but one, which may be none.
func (tx *Tx) EndSessionsOf(ctx context.Context, account, except uuid.UUID) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE sessions SET ended_at = $3 WHERE account_id = $1 AND id <> $2 AND ended_at IS NULL", account, except, tx.Now)
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// Attempts is the record of failed sign-ins in one bucket.
type Attempts struct {
	Failures    int
	LastFailure time.Time
	WindowStart time.Time
}

// TakeLoginAttempt counts an attempt in its buckets before anything is checked, so that attempts at the same moment
// cannot all slip through. next says what an attempt makes of a record, or why there may be none now.
func (db *DB) TakeLoginAttempt(ctx context.Context, buckets [][]byte, next func(bucket int, a Attempts) (Attempts, error)) error {
	return translate(pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		for i, bucket := range buckets { // always in this order, so that two attempts cannot wait for each other
			var a Attempts
			err := tx.QueryRow(ctx, `INSERT INTO login_attempts (bucket, failures, last_failure, window_start) VALUES ($1, 0, $2, $2)
				ON CONFLICT (bucket) DO UPDATE SET failures = login_attempts.failures RETURNING failures, last_failure, window_start`,
				bucket, db.Now()).Scan(&a.Failures, &a.LastFailure, &a.WindowStart)
			if err != nil {
				return fmt.Errorf("count a sign-in: %w", err)
			}
			if a, err = next(i, a); err != nil {
				return err
			}
			_, err = tx.Exec(ctx, "UPDATE login_attempts SET failures = $2, last_failure = $3, window_start = $4 WHERE bucket = $1",
				bucket, a.Failures, a.LastFailure, a.WindowStart)
			if err != nil {
				return fmt.Errorf("count a sign-in: %w", err)
			}
		}
		return nil
	}))
}

// ForgiveLoginAttempt takes back what a good sign-in had counted: all of its name, one of its address.
func (db *DB) ForgiveLoginAttempt(ctx context.Context, name, address []byte) error {
	_, err := db.pool.Exec(ctx, "UPDATE login_attempts SET failures = CASE WHEN bucket = $1 THEN 0 ELSE greatest(failures - 1, 0) END WHERE bucket IN ($1, $2)", name, address)
	if err != nil {
		return translate(fmt.Errorf("forgive sign-in attempts: %w", err))
	}
	return nil
}

// ForgetAttempts removes records of sign-ins whose window began before an instant, no more than most of them, and says how many.
func (db *DB) ForgetAttempts(ctx context.Context, before time.Time, most int) (int64, error) {
	done, err := db.pool.Exec(ctx, `DELETE FROM login_attempts a USING (SELECT bucket FROM login_attempts WHERE window_start < $1 LIMIT $2 FOR UPDATE SKIP LOCKED) o
		WHERE a.bucket = o.bucket`, before, most)
	if err != nil {
		return 0, translate(fmt.Errorf("forget sign-in attempts: %w", err))
	}
	return done.RowsAffected(), nil
}
