package web

import (
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/casework"
	"zhucan/internal/idnum"
)

// payeesData is the accounts that a person is and was paid to, the present one first.
type payeesData struct {
	Name  string
	Lines []payeeLine
	Set   *Form
}

type payeeLine struct {
	Holder, Relation, Account, Reason, Days string
	Now                                     bool
}

func showPayees(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	payees, err := v.desk.DB.Payees(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	names, err := v.desk.DB.PersonNames(v.ctx, v.who, []uuid.UUID{id})
	if err != nil {
		return nil, err
	}
	data := payeesData{Name: names[id]}
	for _, p := range payees {
		line := payeeLine{Holder: p.Holder, Relation: v.t("payee." + p.Relation), Account: idnum.MaskAccount(p.Account), Reason: v.source(p.Reason), Now: p.SupersededAt.IsZero()}
		from, to := p.RecordedAt.In(china).Format("2006-01-02"), ""
		if !line.Now {
			to = p.SupersededAt.In(china).Format("2006-01-02")
		}
		line.Days = v.daysText(from, to)
		data.Lines = append(data.Lines, line)
	}
	slices.Reverse(data.Lines)
	if v.acts("set") {
		data.Set, err = v.payeeForm(id)
	}
	return data, err
}

var payeeRelations = []string{"self", "guardian", "estate"}

// payeeForm begins with the person's own account, which is the rule; a guardian's name is as the file has it.
func (v *visit) payeeForm(id uuid.UUID) (*Form, error) {
	d, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	guardian := v.t("shell.none")
	if g := d.File.Person.Guardian; g != nil {
		guardian = g.Name
	}
	return v.newForm("set", "payee.set", &Field{Name: "relation", Label: v.t("payee.relation"), Hint: v.t("payee.relation.hint"), Kind: "radio", Need: true, Options: v.options("payee", payeeRelations...), Value: "self"},
		&Field{Name: "holder", Label: v.t("payee.holder"), Hint: v.t("payee.holder.hint", guardian), Kind: "text", Need: true, Max: 60, Value: d.File.Person.Name},
		&Field{Name: "account", Label: v.t("payee.account"), Hint: v.t("payee.account.hint"), Kind: "text", Mode: "numeric", Need: true, Max: 40},
		&Field{Name: "reason", Label: v.t("payee.reason"), Kind: "text", Max: 200}), nil
}

func setPayee(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	in := casework.NewPayee{Holder: r.text("holder", 60, true), Relation: r.choice("relation", true, payeeRelations...), Account: r.text("account", 40, true), Reason: r.text("reason", 200, false)}
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.SetPayee(v.ctx, v.who, id, in)
	return v.path + "?done=payee_set", err
}
