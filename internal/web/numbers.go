package web

import "slices"

// numbersData is a person's numbers, masked everywhere else, for who has said what he needs them for.
type numbersData struct {
	Name  string
	Clear []pair
	Form  *Form
}

// numberNames are the numbers that may be asked for, by the names that the desk knows, with their words.
var numberNames = []struct{ name, word string }{{"phone", "person.phone"}, {"guardian_phone", "paper.guardian.phone"}, {"id_number", "person.id_number"},
	{"certificate_number", "person.card"}, {"guardian_id_number", "numbers.guardian_id"}, {"bank_account", "apply.bank_account"}}

func showNumbers(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	d, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := numbersData{Name: d.File.Person.Name}
	data.Clear, _ = v.found.([]pair)
	which := &Field{Name: "fields", Label: v.t("numbers.which"), Kind: "checks", Need: true}
	for _, one := range numberNames {
		which.Options = append(which.Options, Option{Value: one.name, Label: v.t(one.word)})
	}
	data.Form = v.newForm("reveal", "numbers.show", which, &Field{Name: "reason", Label: v.t("paper.reveal.reason"), Hint: v.t("paper.reveal.hint"), Kind: "text", Need: true, Max: 200})
	return data, nil
}

// revealNumbers shows the numbers that were asked for. It is kept who asked, for which and why.
func revealNumbers(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	r := v.reader()
	var asked []string
	for _, one := range numberNames {
		if slices.Contains(v.form["fields"], one.name) {
			asked = append(asked, one.name)
		}
	}
	if len(asked) == 0 {
		r.wrong("fields", "REQUIRED", "请选择", "choose one")
	}
	reason := r.text("reason", 200, true)
	if err := r.err(); err != nil {
		return err
	}
	clear, err := v.desk.Reveal(v.ctx, v.who, id, asked, reason)
	if err != nil {
		return err
	}
	var shown []pair
	for _, one := range numberNames {
		if slices.Contains(asked, one.name) {
			shown = append(shown, pair{v.t(one.word), orNone(v, clear[one.name])})
		}
	}
	v.found = shown
	return nil
}
