package web

import (
	"github.com/google/uuid"

	"zhucan/internal/casework"
)

// actForData is whom one may act for today, or for whom one acts.
type actForData struct {
	Now  string // for whom one acts
	Form *Form
	End  *Form
}

func showActFor(v *visit) (any, error) {
	if v.who.ActingFor != uuid.Nil {
		return actForData{Now: v.who.Principal, End: v.newForm("end", "acting.end")}, nil
	}
	mine, err := v.desk.DB.DeputationsOf(v.ctx, v.who.AccountID, v.today)
	if err != nil || len(mine) == 0 {
		return actForData{}, err
	}
	which := &Field{Name: "deputation", Label: v.t("acting.whom"), Kind: "radio", Need: true}
	where := v.placeNames()
	for _, d := range mine {
		which.Options = append(which.Options, Option{Value: d.ID.String(), Label: d.Principal + " · " + v.t("role."+string(d.Role)) + " · " + where(d.Area) + " · " + v.t("acting.until", d.Until.String()) + " · " + d.Reason})
	}
	return actForData{Form: v.newForm("act", "acting.act", which)}, nil
}

func actFor(v *visit) (string, error) {
	id, err := uuid.Parse(v.value("deputation"))
	if err != nil {
		r := v.reader()
		r.wrong("deputation", "REQUIRED", "请选择", "choose one")
		return "", r.err()
	}
	cookie, err := v.desk.ActForInBrowser(v.ctx, v.who, id)
	return v.goOnUnder(cookie, "/?done=acting", err)
}

func actForOneself(v *visit) (string, error) {
	cookie, err := v.desk.ActForOneself(v.ctx, v.who)
	return v.goOnUnder(cookie, "/?done=acting_ended", err)
}

// goOnUnder gives the browser the cookie of another session.
func (v *visit) goOnUnder(cookie, next string, err error) (string, error) {
	if err == nil {
		v.setCookie(sessionCookie, cookie, int(casework.SessionLife.Seconds()))
	}
	return next, err
}
