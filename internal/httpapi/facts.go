package httpapi

import (
	"net/http"
	"strings"

	"zhucan/api"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
)

func (a *API) addCertificate(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.CertificateInput](r)
	if err != nil {
		return Response{}, err
	}
	d, card, err := a.Desk.AddCertificate(r.Ctx, r.Who, id, *certificateIn(&in))
	if err != nil {
		if f, ok := fault.Of(err); ok { // here the card is the whole body
			err = f.Renamed(func(name string) string { return strings.TrimPrefix(name, "certificate.") })
		}
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Version: card.Version, Body: certificateView(d.File, card, r.Today)}, nil
}

func (a *API) addCertificateEvent(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewCertificateEvent](r)
	if err != nil {
		return Response{}, err
	}
	out, err := a.Desk.AddEvent(r.Ctx, r.Who, id, r.Version, casework.NewEvent{Event: string(in.Event), On: in.On, Reason: value(in.Reason),
		CancelReason: text(in.CancelReason), Certificate: certificateIn(in.Certificate)})
	if err != nil {
		return Response{}, err
	}
	v := api.CertificateEventResult{Event: eventView(out.Event), Certificate: certificateView(out.Dossier.File, out.Certificate, r.Today)}
	if out.Next != nil {
		card := certificateView(out.Dossier.File, *out.Next, r.Today)
		v.NewCertificate = &card
	}
	return Response{Status: http.StatusCreated, Version: out.Certificate.Version, Body: v}, nil
}

func (a *API) takeBackCertificateEvent(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	event, err := r.idOf("event")
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.TakenBackEvent](r)
	if err != nil {
		return Response{}, err
	}
	file, card, err := a.Desk.TakeBackEvent(r.Ctx, r.Who, id, event, r.Version, in.Reason)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: card.Version, Body: certificateView(file, card, r.Today)}, nil
}

func (a *API) listCircumstances(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	d, err := a.Desk.Person(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	items := []api.Circumstance{}
	for _, c := range d.File.Circumstances {
		items = append(items, circumstanceView(c))
	}
	return Response{Body: api.CircumstanceList{Items: items}}, nil
}

func (a *API) addCircumstance(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewCircumstance](r)
	if err != nil {
		return Response{}, err
	}
	fact, err := a.Desk.AddCircumstance(r.Ctx, r.Who, id, casework.NewCircumstance{Kind: string(in.Kind), Value: []byte(in.Value), ValidFrom: in.ValidFrom,
		ValidTo: value(in.ValidTo), Source: in.Source, SourceDoc: value(in.SourceDoc)})
	return factAnswer(http.StatusCreated, fact, err)
}

func factAnswer(status int, fact casefile.Circumstance, err error) (Response, error) {
	if err != nil {
		return Response{}, err
	}
	return Response{Status: status, Version: 1, Body: circumstanceView(fact)}, nil
}

func (a *API) endCircumstance(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.CircumstanceEnd](r)
	if err != nil {
		return Response{}, err
	}
	fact, err := a.Desk.EndCircumstance(r.Ctx, r.Who, id, r.Version, in.ValidTo)
	return factAnswer(http.StatusOK, fact, err)
}

func (a *API) correctCircumstance(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.CircumstanceCorrection](r)
	if err != nil {
		return Response{}, err
	}
	fact, err := a.Desk.CorrectCircumstance(r.Ctx, r.Who, id, r.Version, casework.Correction{Value: []byte(in.Value), ValidFrom: in.ValidFrom,
		ValidTo: in.ValidTo, Source: in.Source, SourceDoc: value(in.SourceDoc), Reason: in.Reason})
	return factAnswer(http.StatusOK, fact, err)
}
