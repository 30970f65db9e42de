package httpapi

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"zhucan/api"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/store"
)

// changeList is the contract's ChangeList with the events in the form in which webhooks get them.
type changeList struct {
	Items      []casework.EventBody `json:"items"`
	NextCursor *string              `json:"next_cursor"`
	Cursor     string               `json:"cursor"`
}

func (a *API) listChanges(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, _ := strconv.ParseInt(r.Query.Get("after"), 10, 64) // the contract has been checked
	c, err := a.Desk.ListChanges(r.Ctx, r.Who, in, r.Query.Get("type"), after, r.limit())
	if err != nil {
		return Response{}, err
	}
	v := changeList{Items: []casework.EventBody{}, Cursor: strconv.FormatInt(c.Cursor, 10)}
	if c.More {
		v.NextCursor = &v.Cursor
	}
	for _, e := range c.Events {
		v.Items = append(v.Items, casework.BodyOf(e))
	}
	return Response{Body: v}, nil
}

func (a *API) listWebhooks(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	list, err := a.Desk.ListWebhooks(r.Ctx, r.Who, in, after, r.limit())
	if err != nil {
		return Response{}, err
	}
	v := api.WebhookList{Items: []api.Webhook{}, NextCursor: next(list, r.limit(), func(w store.Webhook) string { return idCursor(w.ID) })}
	for _, w := range list {
		v.Items = append(v.Items, webhookView(w))
	}
	return Response{Body: v}, nil
}

func webhookView(w store.Webhook) api.Webhook {
	v := api.Webhook{ID: w.ID, Version: w.Version, URL: w.URL, Types: []api.EventType{}, AreaCode: api.AreaCode(w.Area), Paused: w.Paused, CreatedAt: w.CreatedAt.UTC(),
		Cursor: strconv.FormatInt(w.Cursor, 10), Behind: w.Behind, Dead: w.Dead, Attempts: some(w.Attempts), NextAt: instant(w.NextAt), Error: some(api.DeliveryError(w.Error))}
	for _, t := range w.Types {
		v.Types = append(v.Types, api.EventType(t))
	}
	return v
}

func (a *API) registerWebhook(r *Request) (Response, error) {
	in, err := decode[api.NewWebhook](r)
	if err != nil {
		return Response{}, err
	}
	asked := casework.NewWebhook{URL: in.URL}
	if in.AreaCode != nil {
		if asked.Area, err = code("area_code", in.AreaCode); err != nil {
			return Response{}, err
		}
	}
	for _, t := range in.Types {
		asked.Types = append(asked.Types, string(t))
	}
	if in.After != nil {
		after, _ := strconv.ParseInt(*in.After, 10, 64) // the contract has been checked
		asked.After = &after
	}
	w, secret, err := a.Desk.RegisterWebhook(r.Ctx, r.Who, asked)
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Version: w.Version, Body: api.RegisteredWebhook{Webhook: webhookView(w), Secret: secret}}, nil
}

func (a *API) getWebhook(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	w, err := a.Desk.DB.Webhook(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: w.Version, Body: webhookView(w)}, nil
}

func (a *API) pauseWebhook(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.WebhookPatch](r)
	if err != nil {
		return Response{}, err
	}
	w, err := a.Desk.PauseWebhook(r.Ctx, r.Who, id, r.Version, in.Paused)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: w.Version, Body: webhookView(w)}, nil
}

func (a *API) deleteWebhook(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusNoContent}, a.Desk.DeleteWebhook(r.Ctx, r.Who, id, r.Version)
}

func (a *API) listWebhookDeliveries(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	before, err := store.ParseBefore(r.Query.Get("cursor"))
	if err != nil {
		return Response{}, err
	}
	list, err := a.Desk.Deliveries(r.Ctx, r.Who, id, r.Query.Get("state"), before, r.limit())
	if err != nil {
		return Response{}, err
	}
	v := api.DeliveryList{Items: []api.Delivery{}, NextCursor: next(list, r.limit(), func(d store.Delivery) string { return strconv.FormatInt(d.Seq, 10) })}
	for _, d := range list {
		v.Items = append(v.Items, deliveryView(d))
	}
	return Response{Body: v}, nil
}

func deliveryView(d store.Delivery) api.Delivery {
	return api.Delivery{ID: d.ID, EventID: d.EventID, Seq: d.Seq, Type: api.EventType(d.Type), State: api.DeliveryState(d.State), Attempts: d.Attempts, NextAt: instant(d.NextAt),
		Status: some(d.Status), Error: some(api.DeliveryError(d.Error)), FirstAt: d.FirstAt.UTC(), LastAt: d.LastAt.UTC()}
}

func (a *API) retryWebhookDelivery(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	delivery, err := r.idOf("delivery")
	if err != nil {
		return Response{}, err
	}
	d, err := a.Desk.RetryDelivery(r.Ctx, r.Who, id, delivery)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: deliveryView(d)}, nil
}

func (a *API) listPartnerLists(*Request) (Response, error) {
	v := api.PartnerListList{Items: []api.PartnerList{}}
	for _, l := range exchange.PartnerLists {
		one := api.PartnerList{Name: l.Name, Partner: l.Partner, Title: l.ZH, Purpose: l.Purpose, Counts: l.Counts, Households: some(l.Households), Columns: []api.PartnerListColumn{}}
		for _, c := range l.Columns {
			one.Columns = append(one.Columns, api.PartnerListColumn{Name: c.Name, Title: c.ZH})
		}
		v.Items = append(v.Items, one)
	}
	return Response{Body: v}, nil
}

func (a *API) exportPartnerList(r *Request) (Response, error) {
	in, err := decode[api.NewExport](r)
	if err != nil {
		return Response{}, err
	}
	asked := casework.NewExport{List: r.params("name"), Form: "xlsx", Purpose: in.Purpose}
	if in.Format != nil {
		asked.Form = string(*in.Format)
	}
	if in.AreaCode != nil {
		if asked.Area, err = code("area_code", in.AreaCode); err != nil {
			return Response{}, err
		}
	}
	e, rows, err := a.Desk.ExportList(r.Ctx, r.Who, asked)
	if err != nil {
		return Response{}, err
	}
	name := strings.ReplaceAll(e.List.Name, "_", "-") + "-" + e.ID
	return a.streamed(r, asked.Form, name, func(w io.Writer) error { return exchange.WritePartnerList(w, asked.Form, e, rows) }), nil
}

func (a *API) countPartnerList(r *Request) (Response, error) {
	in, err := r.place("area")
	if err != nil {
		return Response{}, err
	}
	rows, err := a.Desk.CountList(r.Ctx, r.Who, casework.NewExport{List: r.params("name"), Area: in})
	if err != nil {
		return Response{}, err
	}
	return Response{Body: api.PartnerListCount{Rows: rows}}, nil
}

func (a *API) listExports(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	before, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	account := r.queryID("account_id")
	list, err := a.Desk.ListExports(r.Ctx, r.Who, store.ExportFilter{Area: in, List: r.Query.Get("list"), AccountID: account, Before: before, Limit: r.limit()})
	if err != nil {
		return Response{}, err
	}
	v := api.ExportList{Items: []api.Export{}, NextCursor: next(list, r.limit(), func(e store.Export) string { return idCursor(e.ID) })}
	for _, e := range list {
		one := api.Export{ID: e.ID, List: e.List, AreaCode: api.AreaCode(e.Area), Format: api.ExportFormat(e.Form), Purpose: e.Purpose, Rows: e.Rows,
			Account: api.ExportAccount{ID: e.AccountID, Username: e.Username, Name: e.Name}, Role: api.Role(e.Role), ActingFor: some(e.ActingFor), At: e.At.UTC()}
		if l := exchange.PartnerListNamed(e.List); l != nil {
			one.Partner = l.Partner
		}
		v.Items = append(v.Items, one)
	}
	return Response{Body: v}, nil
}
