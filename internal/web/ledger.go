package web

import (
	"cmp"
	"slices"

	"zhucan/internal/idnum"
	"zhucan/internal/store"
)

// ledgerData is the account of a person, month by month, with what each month is owed for.
type ledgerData struct {
	Name   string
	Payees []string
	Path   string // where accounts are set
	Rights rightsData
	Lines  []accountLine
}

type accountLine struct {
	moneyLine
	Repaid, Waived string
	Reason         string // level and basis
	Cites          []string
	Roster         string // path of the latest roster of the month
}

func showLedger(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	rows, err := v.desk.DB.Ledger(v.ctx, v.who, id, v.today.Month())
	if err != nil {
		return nil, err
	}
	d, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := ledgerData{Name: d.File.Person.Name, Path: "/persons/" + id.String() + "/payees"}
	if data.Rights, err = v.rights(d); err != nil {
		return nil, err
	}
	payees, err := v.desk.DB.Payees(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	for _, p := range payees {
		if p.SupersededAt.IsZero() {
			data.Payees = append(data.Payees, v.t("record.payee", p.Holder, idnum.MaskAccount(p.Account)))
		}
	}
	slices.SortStableFunc(rows, func(a, b store.LedgerRow) int {
		return cmp.Or(b.Month.Compare(a.Month), cmp.Compare(a.Programme, b.Programme))
	})
	for _, r := range rows {
		data.Lines = append(data.Lines, v.accountLine(r))
	}
	return data, nil
}

func (v *visit) accountLine(r store.LedgerRow) accountLine {
	line := accountLine{moneyLine: moneyLine{Month: r.Month.String(), Programme: v.programme(r.Programme), Due: r.Due.Yuan(), Paid: r.Paid.Yuan(), Coming: r.OnRoster.Yuan(), Open: r.Difference().Yuan()},
		Repaid: r.Repaid.Yuan(), Waived: r.Waived.Yuan()}
	if p := v.desk.Pack().Programme(r.Programme); r.Due > 0 && p != nil {
		line.Reason = v.t("ledger.reason", v.t("level."+numberText(r.Level)), r.RuleSet)
		line.Cites = append([]string{r.RateDocument}, p.Cites(r.RuleSet)...)
	}
	if n := len(r.RosterIDs); n > 0 && v.may("/rosters/:id") {
		line.Roster = "/rosters/" + r.RosterIDs[n-1].String()
	}
	return line
}
