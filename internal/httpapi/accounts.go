package httpapi

import (
	"net/http"

	"zhucan/api"
	"zhucan/internal/access"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

func userView(who access.Actor) api.User {
	return api.User{ID: who.AccountID, Username: who.Username, Name: who.Name, Role: api.Role(who.Role), AreaCode: api.AreaCode(who.Area), ActingFor: some(who.ActingFor)}
}

func sessionView(s casework.SignIn) api.Session {
	acc := s.Account
	return api.Session{AccessToken: s.Access, RefreshToken: s.Refresh, ExpiresIn: s.ExpiresIn, TokenType: "Bearer",
		User: api.User{ID: acc.ID, Username: acc.Username, Name: acc.Name, Role: api.Role(acc.Role), AreaCode: api.AreaCode(acc.AreaCode)}}
}

func (a *API) login(r *Request) (Response, error) {
	in, err := decode[api.LoginRequest](r)
	if err != nil {
		return Response{}, err
	}
	s, err := a.Desk.Login(r.Ctx, casework.Credentials{Username: in.Username, Password: in.Password, Code: value(in.Code)}, r.Client, r.ID)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: sessionView(s)}, nil
}

func (a *API) refresh(r *Request) (Response, error) {
	in, err := decode[api.RefreshRequest](r)
	if err != nil {
		return Response{}, err
	}
	s, err := a.Desk.Refresh(r.Ctx, in.RefreshToken, r.ID)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: sessionView(s)}, nil
}

func (a *API) logout(r *Request) (Response, error) {
	return Response{Status: http.StatusNoContent}, a.Desk.Logout(r.Ctx, r.Who)
}

func (a *API) getMe(r *Request) (Response, error) { return Response{Body: userView(r.Who)}, nil }

func (a *API) changePassword(r *Request) (Response, error) {
	in, err := decode[api.PasswordChange](r)
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusNoContent}, a.Desk.ChangePassword(r.Ctx, r.Who, in.CurrentPassword, string(in.NewPassword))
}

func (a *API) listAccounts(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	found, err := a.Desk.DB.ListAccounts(r.Ctx, in, after, r.limit())
	if err != nil {
		return Response{}, err
	}
	items := []api.Account{}
	for _, acc := range found {
		items = append(items, accountView(acc))
	}
	return Response{Body: api.AccountList{Items: items, NextCursor: next(found, r.limit(), func(acc store.Account) string { return idCursor(acc.ID) })}}, nil
}

func (a *API) createAccount(r *Request) (Response, error) {
	in, err := decode[api.NewAccount](r)
	if err != nil {
		return Response{}, err
	}
	at, err := code("area_code", &in.AreaCode)
	if err != nil {
		return Response{}, err
	}
	acc, err := a.Desk.CreateAccount(r.Ctx, r.Who, casework.NewAccount{Username: in.Username, Name: in.Name, Password: string(in.Password),
		Role: access.Role(in.Role), Area: at})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Version: acc.Version, Body: accountView(acc)}, nil
}

func (a *API) updateAccount(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.AccountPatch](r)
	if err != nil {
		return Response{}, err
	}
	patch := casework.AccountPatch{Name: in.Name, Disabled: in.Disabled, Password: (*string)(in.Password), Role: (*access.Role)(in.Role), Factor: (*bool)(in.SecondFactor)}
	if in.AreaCode != nil {
		at, err := code("area_code", in.AreaCode)
		if err != nil {
			return Response{}, err
		}
		patch.Area = &at
	}
	acc, err := a.Desk.UpdateAccount(r.Ctx, r.Who, id, r.Version, patch)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: acc.Version, Body: accountView(acc)}, nil
}
