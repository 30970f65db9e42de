package web

import (
	"io"
	"slices"
	"strings"

	"zhucan/internal/casework"
	"zhucan/internal/exchange"
)

// partnersData is the lists that other departments get. Who may take one out has a form.
type partnersData struct {
	Lines   []partnerLine
	Form    *Form
	Counted string // how many rows the list asked for has
	Marked  string // and what will stand in it
	Taken   bool   // may see who took out which
}

type partnerLine struct{ Name, Partner, Purpose, Columns string }

// takers are who may take a list out.
var takers = roles{cdpf, civil}

var partnerForms = []string{"xlsx", "csv"}

func showPartnerLists(v *visit) (any, error) {
	if file, ok := v.found.(raw); ok {
		return file, nil
	}
	data := partnersData{Taken: v.may("/exports")}
	var lists []Option
	for _, l := range exchange.PartnerLists {
		line := partnerLine{Name: v.either(l.ZH, l.EN), Partner: l.Partner, Purpose: l.Purpose}
		var columns []string
		for _, c := range l.Columns {
			columns = append(columns, c.ZH)
		}
		line.Columns = strings.Join(columns, v.t("merge.comma"))
		data.Lines = append(data.Lines, line)
		lists = append(lists, Option{Value: l.Name, Label: l.Partner + " · " + line.Name})
	}
	if n, ok := v.found.(int); ok {
		data.Counted, data.Marked = v.t("partner.rows", n), v.t("partner.marked", v.who.Username, v.value("purpose"))
	}
	if !slices.Contains(takers, v.who.Role) {
		return data, nil
	}
	places, err := v.placesBelow("")
	if err != nil {
		return nil, err
	}
	data.Form = v.newForm("take", "partner.take", &Field{Name: "list", Label: v.t("taken.list"), Kind: "select", Need: true, Options: lists},
		&Field{Name: "purpose", Label: v.t("taken.purpose"), Hint: v.t("partner.purpose.hint"), Kind: "textarea", Need: true, Max: 500},
		&Field{Name: "area_code", Label: v.t("queue.area"), Hint: v.t("partner.area.hint"), Kind: "select", Options: places},
		&Field{Name: "format", Label: v.t("partner.form"), Kind: "radio", Need: true, Options: v.options("take_out", partnerForms...), Value: partnerForms[0]})
	v.button(data.Form, "count", "partner.count")
	return data, nil
}

// partnerAsked reads which list is asked for, and what for.
func (v *visit) partnerAsked() (casework.NewExport, error) {
	if !slices.Contains(takers, v.who.Role) {
		return casework.NewExport{}, forbidden
	}
	var names []string
	for _, l := range exchange.PartnerLists {
		names = append(names, l.Name)
	}
	r := v.reader()
	in := casework.NewExport{List: r.choice("list", true, names...), Purpose: r.text("purpose", 500, true), Area: r.place("area_code", false), Form: r.choice("format", true, partnerForms...)}
	if len([]rune(in.Purpose)) == 1 {
		r.wrong("purpose", "TOO_SHORT", "请写明用途", "say it in words")
	}
	return in, r.err()
}

func countPartnerList(v *visit) error {
	in, err := v.partnerAsked()
	if err != nil {
		return err
	}
	n, err := v.desk.CountList(v.ctx, v.who, in)
	v.found = n
	return err
}

// takePartnerList gives the file. It is written down each time, for each time somebody has got it.
func takePartnerList(v *visit) error {
	in, err := v.partnerAsked()
	if err != nil {
		return err
	}
	e, rows, err := v.desk.ExportList(v.ctx, v.who, in)
	if err != nil {
		return err
	}
	v.found = raw{kind: fileTypes[in.Form], name: strings.ReplaceAll(in.List, "_", "-") + "-" + e.ID + "." + in.Form,
		write: func(w io.Writer) error { return exchange.WritePartnerList(w, in.Form, e, rows) }}
	return nil
}
