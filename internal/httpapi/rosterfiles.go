package httpapi

import (
	"fmt"
	"net/http"

	"zhucan/api"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/store"
)

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// getRosterFile writes while it reads, so that a large roster takes no memory. What breaks on the way breaks the
// connection; a client that got the last row got everything.
func (a *API) getRosterFile(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	file, err := a.Desk.OpenRosterFile(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	write, kind, name := exchange.WritePaymentCSV, "text/csv; charset=utf-8", "csv"
	if r.Query.Get("format") == "xlsx" {
		write, kind, name = exchange.WritePaymentXLSX, xlsxType, "xlsx"
	}
	return Response{raw: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="roster-%s-%s.%s"`, file.Roster.Month, id, name))
		if err := write(w, file.Roster, file.Names, file.Lines); err != nil {
			a.Log.ErrorContext(r.Ctx, "a roster file broke off", "err", err, "request_id", r.ID)
			panic(http.ErrAbortHandler)
		}
	})}, nil
}

func (a *API) takeRosterResults(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	data, err := r.upload()
	if err != nil {
		return Response{}, err
	}
	results, errs, err := exchange.ReadBankResults(data, id.String())
	if err != nil {
		return Response{}, err
	}
	rows, refusals := make([]casework.BankRow, len(results)), make([]store.Refusal, len(errs))
	for i, b := range results {
		rows[i] = casework.BankRow(b)
	}
	for i, e := range errs {
		refusals[i] = store.Refusal(e)
	}
	t, err := a.Desk.TakeResults(r.Ctx, r.Who, id, rows, refusals)
	if err != nil {
		return Response{}, err
	}
	v := api.RosterResults{Roster: rosterView(t.Roster), Paid: t.Paid, Failed: t.Failed, Same: t.Same, Errors: importErrors(t.Refusals, r.English)}
	return Response{Version: t.Roster.Version, Body: v}, nil
}
