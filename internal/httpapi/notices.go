package httpapi

import (
	"bytes"
	"html/template"
	"net/http"

	"zhucan/api"
	"zhucan/internal/store"
)

func (a *API) publishNotice(r *Request) (Response, error) {
	in, err := decode[api.NewNotice](r)
	if err != nil {
		return Response{}, err
	}
	at, err := code("area_code", in.AreaCode)
	if err != nil {
		return Response{}, err
	}
	n, err := a.Desk.PublishNotice(r.Ctx, r.Who, at, in.Telephones)
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Version: n.Version, Body: a.noticeView(n, true)}, nil
}

func (a *API) listNotices(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	found, err := a.Desk.DB.ListNotices(r.Ctx, r.Who, in, after, r.limit())
	if err != nil {
		return Response{}, err
	}
	items := []api.Notice{}
	for _, n := range found {
		items = append(items, a.noticeView(n, true))
	}
	return Response{Body: api.NoticeList{Items: items, NextCursor: next(found, r.limit(), func(n store.Notice) string { return idCursor(n.ID) })}}, nil
}

// getNotice is for everybody, while the notice runs. Nothing leads to a person.
func (a *API) getNotice(r *Request) (Response, error) {
	n, err := a.runningNotice(r)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: n.Version, Body: a.noticeView(n, false)}, nil
}

func (a *API) runningNotice(r *Request) (store.Notice, error) {
	id, err := r.id()
	if err != nil {
		return store.Notice{}, err
	}
	return a.Desk.DB.RunningNotice(r.Ctx, id, r.Today)
}

func (a *API) noticeView(n store.Notice, officer bool) api.Notice {
	v := api.Notice{ID: n.ID, Version: n.Version, AreaCode: api.AreaCode(n.Area), FromOn: n.From, UntilOn: n.Until, Telephones: append([]string{}, n.Telephones...), Entries: []api.NoticeItem{}}
	for _, i := range n.Items {
		item := api.NoticeItem{N: i.N, MaskedName: i.MaskedName, Village: i.Village, Programme: api.Programme(i.Programme), MonthlyAmountFen: int64(i.Monthly)}
		if officer {
			item.ID, item.ApplicationID = &i.ID, &i.ApplicationID
		}
		v.Entries = append(v.Entries, item)
	}
	return v
}

var noticeSheet = template.Must(template.New("sheet").Parse(`<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="robots" content="noindex, nofollow"><title>残疾人两项补贴审批结果公示</title></head>
<body><h1>残疾人两项补贴审批结果公示</h1>
<p>公示期：{{.From}} 至 {{.Until}}。对公示内容有异议的，请在公示期内反映。</p>
<table border="1"><thead><tr><th scope="col">序号</th><th scope="col">姓名</th><th scope="col">村居</th><th scope="col">补贴项目</th><th scope="col">月标准（元）</th><th scope="col">结果</th></tr></thead>
<tbody>{{range .Rows}}<tr><td>{{.N}}</td><td>{{.Name}}</td><td>{{.Village}}</td><td>{{.Programme}}</td><td>{{.Yuan}}</td><td>符合条件</td></tr>
{{end}}</tbody></table>
<p>监督电话：{{range $i, $t := .Telephones}}{{if $i}}、{{end}}{{$t}}{{end}}、12385</p></body></html>
`))

// getNoticeSheet is the sheet for the board, so that nobody pastes a roster.
func (a *API) getNoticeSheet(r *Request) (Response, error) {
	n, err := a.runningNotice(r)
	if err != nil {
		return Response{}, err
	}
	type row struct {
		N                              int
		Name, Village, Programme, Yuan string
	}
	var rows []row
	for _, i := range n.Items {
		rows = append(rows, row{i.N, i.MaskedName, i.Village, a.Desk.Pack().Programme(i.Programme).ZH, i.Monthly.Yuan()})
	}
	var page bytes.Buffer
	err = noticeSheet.Execute(&page, map[string]any{"From": n.From.String(), "Until": n.Until.String(), "Rows": rows, "Telephones": n.Telephones})
	return Response{Body: page.Bytes(), Type: "text/html; charset=utf-8"}, err
}

func (a *API) addObjection(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewObjection](r)
	if err != nil {
		return Response{}, err
	}
	o, err := a.Desk.RecordObjection(r.Ctx, r.Who, id, in.ItemID, in.Content)
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Version: o.Version, Body: objectionView(o)}, nil
}

func (a *API) listObjections(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	found, err := a.Desk.DB.ListObjections(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	v := api.ObjectionList{Items: []api.Objection{}}
	for _, o := range found {
		v.Items = append(v.Items, objectionView(o))
	}
	return Response{Body: v}, nil
}

func (a *API) answerObjection(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.ObjectionAnswer](r)
	if err != nil {
		return Response{}, err
	}
	o, err := a.Desk.AnswerObjection(r.Ctx, r.Who, id, r.Version, string(in.Outcome), in.Answer)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: o.Version, Body: objectionView(o)}, nil
}

func objectionView(o store.Objection) api.Objection {
	return api.Objection{ID: o.ID, Version: o.Version, ItemID: o.ItemID, ReceivedOn: o.ReceivedOn, Content: o.Content, Outcome: api.ObjectionOutcome(o.Outcome), Answer: some(o.Answer)}
}
