package web

import (
	"slices"
	"strconv"

	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// cardData is one certificate: what happened to it, and what may happen to it now.
type cardData struct {
	Name   string
	Line   cardLine
	Events []cardEvent
	May    []link
	Form   *Form
	Back   *Form // takes the last event back
}

type cardEvent struct{ On, Event, Why string }

// card is the certificate that the path names, of the person that it names.
func (v *visit) card() (file casefile.File, card casefile.Certificate, err error) {
	id, err := v.id()
	if err != nil {
		return file, card, err
	}
	d, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return file, card, err
	}
	for _, c := range d.File.Certificates {
		if c.ID.String() == v.echo.Param("card") {
			return d.File, c, nil
		}
	}
	return file, card, store.NotFound
}

func showCard(v *visit) (any, error) {
	file, card, err := v.card()
	if err != nil {
		return nil, err
	}
	data := cardData{Name: file.Person.Name, Line: v.cardLine(file, card, v.today)}
	for _, e := range file.Events {
		if e.CertificateID == card.ID {
			data.Events = append(data.Events, v.cardEvent(e))
		}
	}
	slices.Reverse(data.Events)
	if !v.acts("record") {
		return data, nil
	}
	if last, ok := casework.EventTakenBack(file, card); ok && v.acts("take_back") {
		data.Back = v.newForm("take_back", "card.take_back", &Field{Name: "taken", Kind: "hidden", Value: last.ID.String()},
			&Field{Name: "why", Label: v.t("fact.reason"), Hint: v.t("card.take_back.hint", v.t("event."+last.Event), last.On.String()), Kind: "textarea", Max: 1000, Need: true})
		data.Back.Version, data.Back.Grave = card.Version, true
	}
	asked := v.query.Get("event")
	if v.form != nil {
		asked = v.value("event")
	}
	for _, event := range v.desk.EventsNow(file, card) {
		data.May = append(data.May, link{Path: v.path + "?event=" + event, Text: v.t("event." + event), Here: event == asked})
	}
	if slices.Contains(casework.CardEvents, asked) {
		data.Form = v.eventForm(asked, card)
	}
	return data, nil
}

func (v *visit) cardEvent(e casefile.CertificateEvent) cardEvent {
	line := cardEvent{On: e.On.String(), Event: v.t("event." + e.Event), Why: e.Reason}
	if e.CancelReason != "" {
		line.Event = v.t("form.problem", line.Event, v.t("cancel."+e.CancelReason))
	}
	return line
}

var cancelReasons = []string{"DEATH", "RECOVERED", "VOLUNTARY", "EXPIRED_6M", "MOVED_1Y", "FRAUD", "DUPLICATE"}

// eventForm asks what an event needs, and nothing that does not go with it.
func (v *visit) eventForm(event string, card casefile.Certificate) *Form {
	f := v.newForm("record", "card.record", &Field{Name: "event", Kind: "hidden", Value: event},
		&Field{Name: "on", Label: v.t("card.on"), Kind: "date", Need: true, Value: v.today.String()})
	f.Version, f.Grave = card.Version, event == "CANCEL"
	about := []*Field{{Name: "reason", Label: v.t("card.reason"), Kind: "textarea", Max: 1000}}
	if event == "CANCEL" {
		about = append([]*Field{{Name: "cancel_reason", Label: v.t("card.cancel_reason"), Kind: "select", Need: true, Options: v.options("cancel", cancelReasons...)}}, about...)
	}
	v.group(f, v.t("event."+event), about...)
	if casework.MakesNewCard(event) {
		v.cardGroups(f, card.Category, card.Level)
	}
	return f
}

// cardGroups ask for a new card. The parts of a multiple disability are asked for one by one.
func (v *visit) cardGroups(f *Form, category, level int) {
	v.group(f, v.t("card.new"), &Field{Name: "certificate.number", Label: v.t("person.card"), Hint: v.t("card.number.hint"), Kind: "text", Need: true, Max: 30, Check: "certificate"},
		&Field{Name: "certificate.category", Label: v.t("person.category"), Kind: "select", Need: true, Options: v.options("category", categories...), Value: orEmpty(category)},
		&Field{Name: "certificate.level", Label: v.t("person.level"), Kind: "select", Need: true, Options: v.options("level", levels...), Value: orEmpty(level)},
		&Field{Name: "certificate.issued_on", Label: v.t("person.issued_on"), Kind: "date", Need: true},
		&Field{Name: "certificate.expires_on", Label: v.t("person.expires_on"), Hint: v.t("person.expires_on.hint"), Kind: "date"})
	var parts []*Field
	for _, c := range single7 {
		parts = append(parts, &Field{Name: componentField(c), Label: v.t("category." + c), Kind: "select", Options: v.options("level", levels...)})
	}
	v.group(f, v.t("card.parts"), parts...)
}

// single7 are the categories that a multiple disability, category 7, is made of.
var single7 = categories[:6]

func componentField(category string) string { return "certificate.component." + category }

func orEmpty(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// newCard reads a card with its parts.
func (r *reader) newCard() *casework.NewCertificate {
	card := &casework.NewCertificate{Number: r.text("certificate.number", 30, true), Category: r.number("certificate.category", true, 1, 7),
		Level: r.number("certificate.level", true, 1, 4), IssuedOn: r.day("certificate.issued_on", true), ExpiresOn: r.day("certificate.expires_on", false)}
	for i, c := range single7 {
		if level := r.number(componentField(c), false, 1, 4); level > 0 {
			card.Components = append(card.Components, casefile.Component{Category: i + 1, Level: level})
		}
	}
	return card
}

func recordCardEvent(v *visit) (string, error) {
	_, card, err := v.card()
	if err != nil {
		return "", err
	}
	r := v.reader()
	in := casework.NewEvent{Event: r.choice("event", true, casework.CardEvents...), On: r.day("on", true), Reason: r.text("reason", 1000, false)}
	if in.Event == "CANCEL" {
		in.CancelReason = r.choice("cancel_reason", true, cancelReasons...)
	}
	if casework.MakesNewCard(in.Event) {
		in.Certificate = r.newCard()
	}
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.AddEvent(v.ctx, v.who, card.ID, v.version(), in)
	return v.address("/persons/:id") + "?done=card_event", atComponents(err)
}

// takeBackCardEvent takes back the event that the form named.
func takeBackCardEvent(v *visit) (string, error) {
	_, card, err := v.card()
	if err != nil {
		return "", err
	}
	r := v.reader()
	event, reason := r.ref("taken"), r.text("why", 1000, true)
	if err := r.err(); err != nil {
		return "", err
	}
	_, _, err = v.desk.TakeBackEvent(v.ctx, v.who, card.ID, event, v.version(), reason)
	return v.address("/persons/:id") + "?done=card_taken_back", err
}

// atComponents puts what is wrong about the parts of a multiple disability beside the first of them.
func atComponents(err error) error {
	return renamed(err, "certificate.components", componentField(single7[0]))
}

type newCardData struct {
	Name string
	Form *Form
}

// showNewCard is the form of a first card, or of the next after one that was cancelled.
func showNewCard(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	d, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := newCardData{Name: d.File.Person.Name, Form: v.newForm("add", "person.save")}
	v.cardGroups(data.Form, 0, 0)
	return data, nil
}

func addCard(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	card := r.newCard()
	if err := r.err(); err != nil {
		return "", err
	}
	_, _, err = v.desk.AddCertificate(v.ctx, v.who, id, *card)
	return v.address("/persons/:id") + "?done=card_added", atComponents(err)
}
