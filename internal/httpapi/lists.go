package httpapi

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"zhucan/api"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/statement"
	"zhucan/internal/store"
)

func (a *API) listImportKinds(*Request) (Response, error) {
	v := api.ImportKindList{Items: []api.KindOfList{}}
	for _, k := range exchange.ListKinds {
		if casework.TakesList(k.Name) {
			v.Items = append(v.Items, kindView(k))
		}
	}
	return Response{Body: v}, nil
}

func (a *API) listImports(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	before, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	list, err := a.Desk.ListImports(r.Ctx, r.Who, in, before, r.limit())
	if err != nil {
		return Response{}, err
	}
	v := api.ImportList{Items: []api.Import{}, NextCursor: next(list, r.limit(), func(i store.Import) string { return idCursor(i.ID) })}
	for _, i := range list {
		v.Items = append(v.Items, importView(i, r.English))
	}
	return Response{Body: v}, nil
}

// newList is a list as it was uploaded.
func (r *Request) newList(file []byte, mapping string) (casework.NewList, error) {
	in := casework.NewList{Kind: r.Query.Get("kind"), Sender: r.Query.Get("sender"), Data: file, DryRun: r.Query.Get("dry_run") == "true", Key: r.Key}
	if r.Query.Get("as_of") != "" {
		in.AsOf = r.asOf()
	}
	var err error
	in.Mapping, err = readMapping(mapping)
	return in, err
}

func readMapping(text string) (mapping map[string]string, err error) {
	if text != "" && (checkText([]byte(text)) != nil || json.Unmarshal([]byte(text), &mapping) != nil) {
		err = fault.InvalidFields(fault.Field{Name: "mapping", Code: "NOT_AN_OBJECT", ZH: "应为标题到列名的对象", EN: "not an object from headings to columns"})
	}
	return mapping, err
}

func (a *API) getImportWorkbook(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	file, err := a.Desk.ImportWorkbook(r.Ctx, r.Who, id, r.Query.Get("only") == "refused", r.English)
	if err != nil {
		return Response{}, err
	}
	return a.streamed(r, "xlsx", "import-"+id.String(), func(w io.Writer) error {
		_, err := w.Write(file)
		return err
	}), nil
}

func (a *API) listImportChanges(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	after, err := store.ParsePlace(r.Query.Get("cursor"))
	if err != nil {
		return Response{}, err
	}
	list, err := a.Desk.ImportChanges(r.Ctx, r.Who, id, after, r.limit())
	if err != nil {
		return Response{}, err
	}
	v := importChangesView{Items: []importChangeView{}, NextCursor: next(list, r.limit(), func(c store.ImportChange) string { return strconv.Itoa(c.N) })}
	for _, c := range list {
		v.Items = append(v.Items, importChangeView{Row: c.Row, PersonID: c.PersonID, Name: c.Name, Area: string(c.Area), Outcome: c.Outcome, Kind: c.Kind,
			Before: factViews(c.Before), After: factViews(c.After), Monthly: c.MonthlyFen})
	}
	return Response{Body: v}, nil
}

type importChangesView struct {
	Items      []importChangeView `json:"items"`
	NextCursor *string            `json:"next_cursor"`
}

type importChangeView struct {
	Row      int            `json:"row"`
	PersonID uuid.UUID      `json:"person_id"`
	Name     string         `json:"name"`
	Area     string         `json:"area_code"`
	Outcome  string         `json:"outcome"`
	Kind     string         `json:"kind"`
	Before   []api.ListFact `json:"before"`
	After    []api.ListFact `json:"after"`
	Monthly  int64          `json:"monthly_amount_fen,omitempty"`
}

func factViews(list []statement.Fact) []api.ListFact {
	views := make([]api.ListFact, len(list))
	for i, f := range list {
		views[i] = api.ListFact{Value: f.Sort, ValidFrom: f.Days.From, ValidTo: some(f.Days.To)}
	}
	return views
}

func (a *API) undoImport(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	done, err := a.Desk.UndoImport(r.Ctx, r.Who, id, r.Version)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: done.Version, Body: importView(done, r.English)}, nil
}

func (a *API) confirmImport(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewImportConfirmation](r)
	if err != nil {
		return Response{}, err
	}
	done, err := a.Desk.ConfirmImport(r.Ctx, r.Who, id, r.Version, in.Reason)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: done.Version, Body: importView(done, r.English)}, nil
}

func (a *API) listListStatements(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	imported := r.queryID("import")
	list, err := a.Desk.PendingStatements(r.Ctx, r.Who, in, imported, after, r.limit())
	if err != nil {
		return Response{}, err
	}
	v := api.ListStatementList{Items: []api.ListStatement{}, NextCursor: next(list, r.limit(), func(p store.PendingStatement) string { return idCursor(p.ID) })}
	for _, p := range list {
		item := statementView(p.Statement)
		overdue := p.DueOn.Before(r.Today)
		item.Name, item.Sender, item.Overdue = some(p.Name), some(p.Sender), &overdue
		v.Items = append(v.Items, item)
	}
	return Response{Body: v}, nil
}

func statementView(s store.Statement) api.ListStatement {
	v := api.ListStatement{ID: s.ID, ImportID: some(s.ImportID), Row: some(s.Row), PersonID: s.PersonID, AreaCode: api.AreaCode(s.Area), Kind: s.Kind, Says: api.ListStatementSays(s.Says),
		Value: some(s.Sort), From: some(s.From), To: some(s.To), AsOf: s.AsOf, State: api.ListStatementState(s.State), MonthlyAmountFen: some(s.MonthlyFen), DueOn: some(s.DueOn)}
	return v
}

func (a *API) decideListStatement(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewListDecision](r)
	if err != nil {
		return Response{}, err
	}
	decide := a.Desk.ConfirmStatement
	if in.Decision == "dismiss" {
		decide = a.Desk.DismissStatement
	}
	s, err := decide(r.Ctx, r.Who, id, in.Reason)
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: statementView(s)}, nil
}

func kindView(k exchange.ListKind) api.KindOfList {
	v := api.KindOfList{Kind: k.Name, NameZH: k.ZH, NameEN: k.EN, Partner: exchange.Partners[k.Partner].ZH, Complete: k.Complete, Columns: []api.ColumnOfList{}}
	for _, c := range k.Columns {
		v.Columns = append(v.Columns, api.ColumnOfList{Name: c.Name, NameZH: c.ZH, Required: c.Need, Aliases: append([]string{}, c.Aliases...)})
	}
	return v
}
