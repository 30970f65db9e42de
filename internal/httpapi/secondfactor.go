package httpapi

import (
	"net/http"

	"zhucan/api"
	"zhucan/internal/auth"
)

func (a *API) getSecondFactor(r *Request) (Response, error) {
	s, err := a.Desk.SecondFactor(r.Ctx, r.Who)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: api.FactorState{Enabled: s.Since != nil, EnabledAt: s.Since, Required: s.Required, SpareCodes: s.Spare}}, nil
}

func (a *API) beginSecondFactor(r *Request) (Response, error) {
	in, err := decode[api.FactorPassword](r)
	if err != nil {
		return Response{}, err
	}
	secret, err := a.Desk.BeginSecondFactor(r.Ctx, r.Who, in.Password)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: api.FactorSecret{Secret: secret, URI: auth.CodeAddress(r.Who.Username, secret)}}, nil
}

func (a *API) confirmSecondFactor(r *Request) (Response, error) {
	in, err := decode[api.FactorConfirmation](r)
	if err != nil {
		return Response{}, err
	}
	spare, err := a.Desk.ConfirmSecondFactor(r.Ctx, r.Who, in.Code)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: api.FactorSpareCodes{SpareCodes: spare}}, nil
}

func (a *API) endSecondFactor(r *Request) (Response, error) {
	in, err := decode[api.FactorEnd](r)
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusNoContent}, a.Desk.EndSecondFactor(r.Ctx, r.Who, in.Password, in.Code)
}
