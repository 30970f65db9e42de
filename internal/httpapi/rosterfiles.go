package httpapi

import (
	"fmt"
	"io"

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
	form, write := "csv", exchange.WritePaymentCSV
	if r.Query.Get("format") == "xlsx" {
		form, write = "xlsx", exchange.WritePaymentXLSX
	}
	return a.streamed(r, form, fmt.Sprintf("roster-%s-%s", file.Roster.Month, id), func(w io.Writer) error { return write(w, file.Roster, file.Lines) }), nil
}

func (a *API) takeRosterResults(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	up, err := r.upload()
	if err != nil {
		return Response{}, err
	}
	results, errs, err := exchange.ReadBankResults(up.file, id.String())
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
