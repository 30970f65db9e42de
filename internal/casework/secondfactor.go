package casework

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/auth"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

var (
	codeRequired = fault.New(fault.Unauthenticated, "CODE_REQUIRED", "该账号已开启动态口令，请填写动态口令", "this account asks for a code of your app, too")
	wrongCode    = fault.New(fault.Unauthenticated, "WRONG_CODE", "动态口令不正确，或已经用过；请核对手机时间", "the code is wrong, or was used before; look whether the telephone's clock is right")
	factorOn     = fault.New(fault.Conflict, "SECOND_FACTOR_ON", "动态口令已经开启", "the second factor is on already")
	factorOff    = fault.New(fault.Conflict, "SECOND_FACTOR_OFF", "尚未开启动态口令", "there is no second factor")
)

// FactorNeeded is said of whoever has to show a second factor before he may do anything else.
var FactorNeeded = fault.New(fault.Forbidden, "SECOND_FACTOR_NEEDED", "您的角色须先开启动态口令", "your role has to set up a second factor first")

// enrolment is how long a secret waits for the first code of an app.
const enrolment = 10 * time.Minute

// FactorState is what somebody is told of his second factor.
type FactorState struct {
	Since    *time.Time // nil: he has none
	Spare    int        // codes for a lost telephone that are left
	Required bool       // his role needs one
	Secret   string     // that waits for the first code of his app; empty: none does
	Address  string     // of the same, as an app reads it
}

// NeedsFactor reports whether somebody has to set up a second factor before he may do anything else.
func (d *Desk) NeedsFactor(who access.Actor) bool {
	return !who.SecondFactor && slices.Contains(d.FactorRoles, who.Role)
}

// SecondFactor is the state of one's own.
func (d *Desk) SecondFactor(ctx context.Context, who access.Actor) (s FactorState, err error) {
	account, err := d.DB.AccountByID(ctx, who.AccountID)
	if err != nil {
		return s, err
	}
	s.Since, s.Required = account.SecondFactorAt, slices.Contains(d.FactorRoles, who.Role)
	f, err := d.DB.SecondFactor(ctx, who.AccountID)
	switch {
	case fault.Is(err, store.NotFound.Code):
		return s, nil
	case err == nil && s.Since != nil:
		s.Spare = len(f.Spare)
	case err == nil && unproven(f, who, d.Now()):
		s.Secret, s.Address = f.Secret, auth.CodeAddress(account.Username, f.Secret)
	}
	return s, err
}

// unproven reports whether a secret waits for the first code of an app in this session. Another session may be that of somebody who has
// got hold of the password, and whom the factor is to keep out.
func unproven(f store.SecondFactor, who access.Actor, now time.Time) bool {
	return f.LastStep == 0 && f.BegunIn == who.SessionID && now.Sub(f.BegunAt) < enrolment
}

// BeginSecondFactor makes a secret for somebody's app. Nothing is asked of him yet: first his app has to show that it knows the secret.
func (d *Desk) BeginSecondFactor(ctx context.Context, who access.Actor, password string) (secret string, err error) {
	if err := d.ownPassword(ctx, who, "password", password); err != nil {
		return "", err
	}
	secret = auth.NewCodeSecret()
	return secret, d.write(ctx, who, "second_factor.begin", func(tx *store.Tx) error {
		account, err := tx.LockAccount(ctx, who.AccountID)
		if err != nil {
			return err
		}
		if account.SecondFactorAt != nil {
			return factorOn
		}
		if err := tx.Describe(ctx, who.AccountID, nil); err != nil {
			return err
		}
		return tx.BeginSecondFactor(ctx, who.AccountID, secret)
	})
}

// ConfirmSecondFactor turns it on with the first code of the app, and returns the spare codes, which are never told again. All other
// sessions of the account end: they were opened with less. Wrong codes are not counted: whoever tries here was told the secret, and
// somebody with a stolen session could otherwise delay its owner's sign-ins.
func (d *Desk) ConfirmSecondFactor(ctx context.Context, who access.Actor, code string) (spare []string, err error) {
	spare = auth.NewSpareCodes()
	err = d.write(ctx, who, "second_factor.confirm", func(tx *store.Tx) error {
		account, err := tx.LockAccount(ctx, who.AccountID)
		if err != nil {
			return err
		}
		if account.SecondFactorAt != nil {
			return factorOn
		}
		f, err := tx.LockSecondFactor(ctx, who.AccountID)
		if fault.Is(err, store.NotFound.Code) || err == nil && !unproven(f, who, tx.Now) {
			return fault.New(fault.Conflict, "SECOND_FACTOR_NOT_BEGUN", "请重新开始设置动态口令", "begin to set up the second factor again")
		}
		if err != nil {
			return err
		}
		if f.LastStep, err = auth.CodeStep(f.Secret, auth.NormalCode(code), tx.Now, 0); err != nil {
			return err
		}
		if f.LastStep == 0 {
			return field("code", "WRONG_CODE", "动态口令不正确；请核对手机时间", "the code is wrong; look whether the telephone's clock is right")
		}
		for _, one := range spare {
			f.Spare = append(f.Spare, d.spareHash(who.AccountID, one))
		}
		return d.turnFactor(ctx, tx, account, &tx.Now, f)
	})
	if err != nil {
		return nil, err
	}
	return spare, nil
}

// EndSecondFactor turns one's own off. It takes the password, and a code as signing in does.
func (d *Desk) EndSecondFactor(ctx context.Context, who access.Actor, password, code string) error {
	if err := d.ownPassword(ctx, who, "password", password); err != nil {
		return err
	}
	forgive, err := d.countCode(ctx, d.codeBuckets(store.Account{ID: who.AccountID}, ""))
	if err != nil {
		return err
	}
	err = d.write(ctx, who, "second_factor.end", func(tx *store.Tx) error {
		account, err := tx.LockAccount(ctx, who.AccountID)
		if err != nil {
			return err
		}
		if account.SecondFactorAt == nil {
			return factorOff
		}
		f, good, err := d.codeShown(ctx, tx, who.AccountID, code)
		if err == nil && !good {
			err = field("code", wrongCode.Code, wrongCode.ZH, wrongCode.EN)
		}
		if err != nil {
			return err
		}
		return d.turnFactor(ctx, tx, account, nil, f)
	})
	if err != nil {
		return err
	}
	return forgive()
}

// turnFactor turns the second factor of who acts on or off, which ends all sessions but this one.
func (d *Desk) turnFactor(ctx context.Context, tx *store.Tx, account store.Account, since *time.Time, f store.SecondFactor) error {
	if err := tx.KeepSecondFactor(ctx, account.ID, f); err != nil {
		return err
	}
	account.SecondFactorAt, account.UpdatedAt = since, tx.Now
	if err := tx.UpdateAccount(ctx, account); err != nil {
		return err
	}
	if err := tx.EndSessionsOf(ctx, account.ID, tx.Who.SessionID); err != nil {
		return err
	}
	if since != nil {
		if err := tx.SecondFactorShown(ctx, tx.Who.SessionID); err != nil {
			return err
		}
	}
	return tx.Describe(ctx, account.ID, nil)
}

// takeCodeAttempt asks for a code where the account needs one, and counts the attempt before the code is checked; only somebody who knows the
// password can raise the count.
func (d *Desk) takeCodeAttempt(ctx context.Context, account store.Account, in Credentials) (forgive func() error, err error) {
	switch {
	case account.SecondFactorAt == nil:
		return func() error { return nil }, nil
	case auth.NormalCode(in.Code) == "":
		return nil, codeRequired
	}
	return d.countCode(ctx, d.codeBuckets(account, in.Device))
}

// countCode counts an attempt at a code; forgive takes that back when it was right.
func (d *Desk) countCode(ctx context.Context, buckets [][]byte) (forgive func() error, err error) {
	err = d.DB.TakeLoginAttempt(ctx, buckets, d.countAttempt)
	return func() error { return d.DB.ForgiveLoginAttempt(ctx, buckets[0], buckets[len(buckets)-1]) }, err
}

// forgetCodes drops the count of wrong codes of an account that an administrator has given another password: whoever raised it knew the old one.
// Who changes his own may be the one who guesses.
func (d *Desk) forgetCodes(ctx context.Context, account uuid.UUID) error {
	of := d.codeBuckets(store.Account{ID: account}, "")[0]
	return d.DB.ForgiveLoginAttempt(ctx, of, of)
}

// showCode holds the code of a sign-in against an account that is held, and uses it up. An account that has got a second factor since its
// password was looked at asks for a code now.
func (d *Desk) showCode(ctx context.Context, tx *store.Tx, account store.Account, code string) error {
	if account.SecondFactorAt == nil {
		return nil
	}
	if auth.NormalCode(code) == "" {
		return codeRequired
	}
	f, good, err := d.codeShown(ctx, tx, account.ID, code)
	if err != nil {
		return err
	}
	if !good {
		return wrongCode
	}
	return tx.KeepSecondFactor(ctx, account.ID, f)
}

// codeShown holds a code against the app's and the spare ones, and says what is left when it has been used.
func (d *Desk) codeShown(ctx context.Context, tx *store.Tx, account uuid.UUID, code string) (left store.SecondFactor, good bool, err error) {
	if left, err = tx.LockSecondFactor(ctx, account); err != nil {
		return left, false, err
	}
	code = auth.NormalCode(code)
	step, err := auth.CodeStep(left.Secret, code, tx.Now, left.LastStep)
	if err != nil || step > 0 {
		left.LastStep = step
		return left, err == nil, err
	}
	hash := d.spareHash(account, code)
	i := slices.IndexFunc(left.Spare, func(one []byte) bool { return bytes.Equal(one, hash) })
	if i < 0 {
		return left, false, nil
	}
	left.Spare = slices.Delete(left.Spare, i, i+1)
	return left, true, nil
}

func (d *Desk) spareHash(account uuid.UUID, code string) []byte {
	return d.DB.Ring.BlindIndex("spare_code", account.String()+" "+code)
}
