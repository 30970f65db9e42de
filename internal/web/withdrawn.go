package web

import (
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/store"
)

// withdrawForm takes a photo out of sight that should not have been uploaded; nil where there is none that this officer may withdraw.
func (v *visit) withdrawForm(photos []photo) *Form {
	var choices []Option
	for _, p := range photos {
		if p.Withdraw {
			choices = append(choices, Option{Value: strings.TrimPrefix(p.Path, "/attachments/"), Label: p.Text})
		}
	}
	if len(choices) == 0 || !v.acts("withdraw") {
		return nil
	}
	f := v.newForm("withdraw", "attachment.withdraw", &Field{Name: "attachment", Label: v.t("attachment.which"), Kind: "select", Need: true, Options: choices, Of: "withdraw"},
		&Field{Name: "reason", Label: v.t("attachment.why"), Kind: "textarea", Max: 500, Need: true, Of: "withdraw"})
	f.Grave = true
	return f
}

// withdrawPhoto withdraws a photo of the service of the page.
func withdrawPhoto(v *visit) (string, error) {
	service, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	text, reason := r.text("attachment", 40, true), r.text("reason", 500, true)
	if err := r.err(); err != nil {
		return "", err
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return "", store.NotFound
	}
	return "/services/" + service.String() + "?done=photo", v.desk.WithdrawAttachment(v.ctx, v.who, id, reason)
}
