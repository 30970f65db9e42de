package httpapi

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"

	"zhucan/api"
	"zhucan/internal/area"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

func (a *API) listAreas(r *Request) (Response, error) {
	parent, err := r.place("parent")
	if err != nil {
		return Response{}, err
	}
	found, err := a.Desk.DB.Children(r.Ctx, parent, r.asOf())
	if err != nil {
		return Response{}, err
	}
	items := []api.Area{}
	for _, d := range found {
		items = append(items, areaView(d))
	}
	return Response{Body: api.AreaList{Items: items}}, nil
}

func (a *API) getArea(r *Request) (Response, error) {
	c, err := area.Parse(r.params("code"))
	if err != nil {
		return Response{}, store.NotFound
	}
	d, err := a.Desk.DB.Division(r.Ctx, c, r.asOf())
	if err != nil {
		return Response{}, err
	}
	return Response{Body: areaView(d)}, nil
}

func (a *API) importAreas(r *Request) (Response, error) {
	from, dryRun := r.queryDay("from"), r.Query.Get("dry_run") == "true"
	if from.IsZero() {
		return Response{}, badParameter(fault.Field{Name: "from", Code: "REQUIRED", ZH: "必填", EN: "required"})
	}
	up, err := r.upload()
	if err != nil {
		return Response{}, err
	}
	taken, err := a.Desk.ImportDivisionFile(r.Ctx, r.Who, up.file, from, dryRun)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: api.AreasImported{DryRun: dryRun, Added: taken.Added, Ended: taken.Ended, Corrected: taken.Corrected}}, nil
}

func (a *API) followSuccession(r *Request) (Response, error) {
	in, err := area.Parse(r.params("code"))
	if err != nil {
		return Response{}, store.NotFound
	}
	followed, err := a.Desk.FollowSuccession(r.Ctx, r.Who, in)
	return followedAnswer(r, followed, err)
}

func (a *API) getSuccession(r *Request) (Response, error) {
	in, err := area.Parse(r.params("code"))
	if err != nil {
		return Response{}, store.NotFound
	}
	left, err := a.Desk.LeftBehind(r.Ctx, r.Who, in)
	return followedAnswer(r, left, err)
}

func followedAnswer(r *Request, followed []casework.Followed, err error) (Response, error) {
	if err != nil {
		return Response{}, err
	}
	divisions := []api.Followed{}
	for _, f := range followed {
		divisions = append(divisions, followedView(f, r.English))
	}
	return Response{Body: api.FollowedDivisions{Divisions: divisions}}, nil
}

func (a *API) findAuditedAccount(r *Request) (Response, error) {
	in, err := decode[api.AuditedAccountSearch](r)
	if err != nil {
		return Response{}, err
	}
	found, err := a.Desk.AccountNamed(r.Ctx, r.Who, in.Username)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: api.AuditActor{ID: &found.ID, Username: found.Username}}, nil
}

func (a *API) listAuditEvents(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	before, err := store.ParseBefore(r.Query.Get("cursor"))
	if err != nil {
		return Response{}, err
	}
	account := r.queryID("account_id")
	subject := r.queryID("subject")
	from := r.queryDay("from")
	until := r.queryDay("until")
	found, err := a.Desk.DB.ListAudit(r.Ctx, store.AuditFilter{Area: in, Before: before, AccountID: account, SubjectID: subject,
		Action: r.Query.Get("action"), Outcome: r.Query.Get("outcome"), From: from, Until: until, Limit: r.limit()})
	if err != nil {
		return Response{}, err
	}
	v := api.AuditEventList{Items: []api.AuditEvent{}, NextCursor: next(found, r.limit(), func(e store.AuditEntry) string { return fmt.Sprint(e.Seq) })}
	for _, e := range found {
		event := api.AuditEvent{Seq: e.Seq, ID: e.ID, At: e.At.UTC(), Actor: api.AuditActor{ID: some(e.AccountID), Username: e.Username}, Role: e.Role,
			AreaCode: string(e.Area), Action: e.Action, Outcome: api.AuditOutcome(e.Outcome), Subject: some(e.SubjectID), RequestID: some(e.RequestID),
			Detail: json.RawMessage(e.Detail), Changes: []api.AuditChange{}, Hash: hex.EncodeToString(e.Hash)}
		for _, c := range e.Changes {
			event.Changes = append(event.Changes, api.AuditChange{Table: c.Table, RowID: c.RowID, Op: api.AuditChangeOp(c.Op)})
		}
		v.Items = append(v.Items, event)
	}
	return Response{Body: v}, nil
}

func (a *API) verifyAudit(r *Request) (Response, error) {
	found, err := a.Desk.DB.VerifyAudit(r.Ctx)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: api.AuditChain{VerifiedAt: a.Desk.Now().UTC(), Holds: found.Broken == "", Entries: found.Entries, Changes: found.Changes,
		Head: hex.EncodeToString(found.Head), Broken: some(found.Broken)}}, nil
}

func getHealth(*Request) (Response, error) {
	return Response{Body: api.Health{Status: api.HealthStatusOk}}, nil
}

func (a *API) getReadiness(r *Request) (Response, error) {
	err := a.Desk.DB.CheckSchema(r.Ctx)
	if err == nil {
		err = a.Desk.DB.Ready(r.Ctx)
	}
	if err != nil {
		f := *fault.New(fault.Unavailable, "NOT_READY", "服务尚未就绪", "the service is not ready").Wrap(err)
		f.RetryAfter = 2
		return Response{}, &f
	}
	return getHealth(r)
}

func (a *API) getDemoClock(*Request) (Response, error) {
	return Response{Body: api.Clock{Now: a.Clock.Now()}}, nil
}

func (a *API) setDemoClock(r *Request) (Response, error) {
	in, err := decode[api.Clock](r)
	if err != nil {
		return Response{}, err
	}
	a.Clock.Set(in.Now)
	return a.getDemoClock(r)
}

func getOpenAPI(*Request) (Response, error) {
	return Response{Type: "application/yaml", Body: api.Document}, nil
}

// docsPage lists every operation in plain HTML without script or style, made from the contract itself.
var docsPage = template.Must(template.New("docs").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>zhucan API</title><meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><h1>助残 zhucan API</h1><p>The contract itself: <a href="openapi.yaml">openapi.yaml</a></p>
<table><thead><tr><th scope="col">Method</th><th scope="col">Path</th><th scope="col">Operation</th><th scope="col">Roles</th></tr></thead><tbody>
{{range .}}<tr><td>{{.Method}}</td><td><code>{{.Path}}</code></td><td>{{.ID}}</td><td>{{.Roles}}</td></tr>
{{end}}</tbody></table></body></html>
`))

func (a *API) getDocs(*Request) (Response, error) {
	type line struct{ Method, Path, ID, Roles string }
	var lines []line
	for _, op := range a.contract.operations {
		roles := "public"
		if !op.public {
			roles = fmt.Sprint(op.roles)
		}
		lines = append(lines, line{op.method, op.path, op.id, roles})
	}
	slices.SortFunc(lines, func(x, y line) int { return bytes.Compare([]byte(x.Path+x.Method), []byte(y.Path+y.Method)) })
	var out bytes.Buffer
	if err := docsPage.Execute(&out, lines); err != nil {
		return Response{}, fmt.Errorf("write the documentation page: %w", err)
	}
	return Response{Type: "text/html; charset=utf-8", Body: out.Bytes()}, nil
}
