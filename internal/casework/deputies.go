package casework

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/auth"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// represented are the roles whose work cannot wait for somebody's return. Who watches or administers has no deputy.
var represented = []access.Role{access.VillageLiaison, access.TownOfficer, access.CDPFReviewer, access.CivilAffairsApprover, access.FinanceOfficer}

var financeApart = field("deputy_id", "FINANCE_APART", "财务岗只能由财务岗人员代理，也只能代理财务岗", "only a finance officer acts for a finance officer, and for nobody else")

// Depute lets one account act with the role and area of another on some days. What has come back of the money finance alone says: whoever says
// as well what is owed could have the same months paid twice.
func (d *Desk) Depute(ctx context.Context, who access.Actor, in store.Deputation) (store.Deputation, error) {
	if in.Until.Before(in.From) || in.Until.Sub(in.From) > 365 || in.Until.Before(d.today()) {
		return in, field("until", "DATES_REVERSED", "代理期限不合理（不超过一年，且未过期）", "a deputation is of a year at most and not over")
	}
	in.ID = d.NewID()
	err := d.write(ctx, who, "deputation.record", func(tx *store.Tx) error {
		finance := 0
		for _, id := range []uuid.UUID{in.PrincipalID, in.DeputyID} {
			account, err := tx.LockAccount(ctx, id)
			if err != nil || !who.Covers(account.AreaCode) {
				return store.NotFound
			}
			if !slices.Contains(represented, account.Role) || account.Disabled {
				return field("deputy_id", "NO_DEPUTY", "该账号的角色不能代理或被代理", "accounts of this role have no deputies and are none")
			}
			if account.Role == access.FinanceOfficer {
				finance++
			}
		}
		if finance == 1 {
			return financeApart
		}
		if err := tx.InsertDeputation(ctx, in); err != nil {
			return err
		}
		if err := tx.Describe(ctx, in.ID, map[string]any{"principal_id": in.PrincipalID, "deputy_id": in.DeputyID}); err != nil {
			return err
		}
		var err error
		in, err = tx.LockDeputation(ctx, in.ID)
		return err
	})
	return in, err
}

// EndDeputation ends a deputation before its time; the deputy's sessions under it end at once.
func (d *Desk) EndDeputation(ctx context.Context, who access.Actor, id uuid.UUID, version int) (dep store.Deputation, err error) {
	err = d.write(ctx, who, "deputation.end", func(tx *store.Tx) error {
		if dep, err = tx.LockDeputation(ctx, id); err != nil {
			return err
		}
		if !who.Covers(dep.Area) {
			return store.NotFound
		}
		if err := stale(dep.Version, version); err != nil {
			return err
		}
		if !dep.EndedAt.IsZero() {
			return fault.New(fault.Conflict, "ENDED_ALREADY", "该代理已终止", "the deputation has been ended already")
		}
		if err := tx.EndDeputation(ctx, dep); err != nil {
			return err
		}
		dep.Version, dep.EndedAt = dep.Version+1, tx.Now
		return tx.Describe(ctx, id, nil)
	})
	return dep, err
}

// inForce is a deputation by which somebody may act today.
func (d *Desk) inForce(ctx context.Context, who access.Actor, deputation uuid.UUID) (store.Deputation, error) {
	if who.ActingFor == uuid.Nil && d.NeedsFactor(who) { // the other's role may need none
		return store.Deputation{}, FactorNeeded
	}
	if who.ActingFor != uuid.Nil {
		return store.Deputation{}, fault.New(fault.Conflict, "ACTING_ALREADY", "请先退出当前代理", "leave the present deputation first")
	}
	mine, err := d.DB.DeputationsOf(ctx, who.AccountID, d.today())
	if err != nil {
		return store.Deputation{}, err
	}
	i := slices.IndexFunc(mine, func(one store.Deputation) bool { return one.ID == deputation })
	if i < 0 {
		return store.Deputation{}, store.NotFound
	}
	return mine[i], nil
}

// ActFor opens a session of a deputy with the rights of the one for whom he acts, until the deputation ends.
func (d *Desk) ActFor(ctx context.Context, who access.Actor, deputation uuid.UUID) (SignIn, error) {
	mine, err := d.inForce(ctx, who, deputation)
	if err != nil {
		return SignIn{}, err
	}
	refresh, hash, err := auth.NewRefresh()
	if err != nil {
		return SignIn{}, err
	}
	session := d.NewID()
	err = d.write(ctx, who, "deputation.act", func(tx *store.Tx) error {
		if err := tx.HoldSignIn(ctx); err != nil {
			return err
		}
		if err := tx.OpenSession(ctx, session, who.AccountID, tx.Now.Add(SessionLife), hash); err != nil {
			return err
		}
		if err := tx.ActUnder(ctx, session, deputation); err != nil {
			return err
		}
		if who.SecondFactor {
			if err := tx.SecondFactorShown(ctx, session); err != nil {
				return err
			}
		}
		return tx.Describe(ctx, deputation, map[string]any{"session_id": session, "acting_for": mine.PrincipalID})
	})
	if err != nil {
		return SignIn{}, err
	}
	account := store.Account{ID: who.AccountID, Username: who.Username, Name: who.Name, Role: mine.Role, AreaCode: mine.Area}
	return d.signIn(account, session, refresh)
}

// ActForInBrowser is ActFor for a browser: it goes on under another cookie, which is told here once. The one before names nothing any
// more, so that a form that is still open in another window does nothing under other rights.
func (d *Desk) ActForInBrowser(ctx context.Context, who access.Actor, deputation uuid.UUID) (cookie string, err error) {
	mine, err := d.inForce(ctx, who, deputation)
	if err != nil {
		return "", err
	}
	return d.switchSession(ctx, who, "deputation.act", mine.Role, deputation, map[string]any{"acting_for": mine.PrincipalID})
}

// ActForOneself ends acting as a deputy: the browser goes on under another cookie with the deputy's own rights.
func (d *Desk) ActForOneself(ctx context.Context, who access.Actor) (cookie string, err error) {
	if who.ActingFor == uuid.Nil {
		return "", fault.New(fault.Conflict, "NOT_ACTING", "当前没有代理他人", "you act for nobody")
	}
	account, _, err := d.DB.AccountByUsername(ctx, who.Username)
	if err != nil {
		return "", err
	}
	return d.switchSession(ctx, who, "deputation.leave", account.Role, uuid.Nil, map[string]any{"acted_for": who.ActingFor})
}

func (d *Desk) switchSession(ctx context.Context, who access.Actor, action string, role access.Role, deputation uuid.UUID, detail map[string]any) (string, error) {
	cookie, hash, err := auth.NewRefresh()
	if err != nil {
		return "", err
	}
	session := d.NewID()
	detail["session_id"] = session
	about := deputation
	if about == uuid.Nil {
		about = who.AccountID
	}
	return cookie, d.write(ctx, who, action, func(tx *store.Tx) error {
		if err := tx.HoldSignIn(ctx); err != nil {
			return err
		}
		if err := tx.SwitchSession(ctx, who.SessionID, session, deputation, tx.Now.Add(idleOf(role)), SessionLife, hash); err != nil {
			return err
		}
		return tx.Describe(ctx, about, detail)
	})
}
