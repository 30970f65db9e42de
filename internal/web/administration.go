package web

import (
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/calendar/workdays"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// divisionsData is a division of a day with what lies in it.
type divisionsData struct {
	Fields []*Field
	Where  string
	Day    string
	Lines  []divisionLine
	Import *Form
	Tried  string
}

type divisionLine struct{ Path, Code, Name, Class, From string }

func showDivisions(v *visit) (any, error) {
	l, err := v.look()
	if err != nil {
		return nil, err
	}
	children, err := v.desk.DB.Children(v.ctx, l.in, l.on)
	if err != nil {
		return nil, err
	}
	data := divisionsData{Fields: l.Fields[:2], Where: v.placeName(l.in), Day: l.on.String()}
	for _, d := range children {
		at := l
		at.in = d.Code
		line := divisionLine{Path: "/divisions" + at.query(), Code: string(d.Code), Name: d.Name, Class: d.UrbanRuralClass, From: d.ValidFrom.String()}
		if d.Code.Level() == "village" {
			line.Path = ""
		}
		data.Lines = append(data.Lines, line)
	}
	data.Import = v.newForm("import", "divisions.import", &Field{Name: "file", Label: v.t("divisions.file"), Hint: v.t("divisions.file.hint"), Kind: "file", Need: true, Accept: ".csv,text/csv"},
		&Field{Name: "from", Label: v.t("divisions.from"), Hint: v.t("divisions.from.hint"), Kind: "date", Need: true})
	v.button(data.Import, "try", "import.try")
	if taken, tried := v.found.(store.TakenDivisions); tried {
		data.Tried = v.t("divisions.tried", taken.Added, taken.Ended, taken.Corrected)
	}
	return data, nil
}

// importDivisions takes a list of divisions: those that are new, and the ends of those that have ended.
func importDivisions(v *visit) (string, error) {
	_, err := v.divisionFile(false)
	return v.path + "?done=divisions", err
}

// tryDivisions shows what would become of a list of divisions.
func tryDivisions(v *visit) error {
	taken, err := v.divisionFile(true)
	if err == nil {
		v.found = taken
	}
	return err
}

func (v *visit) divisionFile(dryRun bool) (store.TakenDivisions, error) {
	r := v.reader()
	from := r.day("from", true)
	files := v.uploads["file"]
	if len(files) != 1 {
		r.missing("file")
	}
	if err := r.err(); err != nil {
		return store.TakenDivisions{}, err
	}
	return v.desk.ImportDivisionFile(v.ctx, v.who, files[0], from, dryRun)
}

// calendarsData is which days are worked, by year.
type calendarsData struct {
	Years []yearLine
	Form  *Form
}

type yearLine struct {
	Year, Document    string
	Holidays, Working []string
}

func showCalendars(v *visit) (any, error) {
	data := calendarsData{}
	for _, y := range v.desk.Workdays().Years() {
		data.Years = append(data.Years, yearLine{strconv.Itoa(y.Year), y.Document, y.Holidays, y.Working})
	}
	slices.SortFunc(data.Years, func(a, b yearLine) int { return strings.Compare(b.Year, a.Year) })
	if v.acts("record") {
		data.Form = v.newForm("record", "calendar.record", &Field{Name: "year", Label: v.t("record.year"), Kind: "text", Mode: "numeric", Need: true, Max: 4},
			&Field{Name: "document", Label: v.t("calendar.document"), Kind: "text", Need: true, Max: 200},
			&Field{Name: "holidays", Label: v.t("calendar.holidays"), Hint: v.t("calendar.holidays.hint"), Kind: "textarea", Need: true, Max: 3000},
			&Field{Name: "working", Label: v.t("calendar.working"), Hint: v.t("calendar.working.hint"), Kind: "textarea", Max: 1000})
	}
	return data, nil
}

const firstCalendar, lastCalendar = 2016, 2100 // as in the contract

func recordCalendar(v *visit) (string, error) {
	r := v.reader()
	y := workdays.Year{Year: r.number("year", true, firstCalendar, lastCalendar), Document: r.text("document", 200, true), Holidays: strings.Fields(r.text("holidays", 3000, true)), Working: strings.Fields(r.text("working", 1000, false))}
	for name, days := range map[string][]string{"holidays": y.Holidays, "working": y.Working} {
		for i, day := range days {
			written, ok := daysWritten(day, name == "holidays")
			if !ok {
				r.wrong(name, "NOT_A_DATE", "每行一个日期，如2027-02-06", "a day on each line, such as 2027-02-06")
				break
			}
			days[i] = written
		}
	}
	if err := r.err(); err != nil {
		return "", err
	}
	_, err := v.desk.RecordCalendar(v.ctx, v.who, y)
	return v.path + "?done=calendar", err
}

// daysWritten is a day, or from one to another, as the desk reads it.
func daysWritten(typed string, maySpan bool) (string, bool) {
	from, to, span := strings.Cut(typed, "..")
	first, ok := exchange.TypedDay(from)
	if !span || !ok {
		return first.String(), ok
	}
	last, ok := exchange.TypedDay(to)
	return first.String() + ".." + last.String(), ok && maySpan
}

// webhooksData is who is told what changes.
type webhooksData struct {
	filters
	Lines []webhookLine
	More  string
	Add   *Form
}

type webhookLine struct {
	Path, URL, Place, Types, State, Tone string
	Behind, Dead                         string
}

func showWebhooks(v *visit) (any, error) {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	list, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	found, err := v.desk.ListWebhooks(v.ctx, v.who, in, after.ID, pageSize)
	if err != nil {
		return nil, err
	}
	data := webhooksData{filters: filters{Filters: list}}
	for _, w := range found {
		data.Lines = append(data.Lines, v.webhookLine(w))
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	places, err := v.placesBelow("")
	if err != nil {
		return nil, err
	}
	var types []Option
	for _, t := range casework.EventTypes {
		types = append(types, Option{Value: t.Name, Label: v.either(t.ZH, t.EN)})
	}
	data.Add = v.newForm("register", "webhook.register", &Field{Name: "url", Label: v.t("webhook.url"), Hint: v.t("webhook.url.hint"), Kind: "url", Need: true, Max: 500},
		&Field{Name: "types", Label: v.t("webhook.types"), Kind: "checks", Need: true, Options: types},
		&Field{Name: "area_code", Label: v.t("queue.area"), Hint: v.t("webhook.area.hint"), Kind: "select", All: v.t("webhook.area.own"), Options: places},
		&Field{Name: "after", Label: v.t("webhook.after"), Hint: v.t("webhook.after.hint"), Kind: "text", Mode: "numeric", Max: 19})
	return data, nil
}

func (v *visit) webhookLine(w store.Webhook) webhookLine {
	line := webhookLine{Path: "/webhooks/" + w.ID.String(), URL: w.URL, Place: v.placeName(w.Area), State: v.t("webhook.running"), Tone: "good", Behind: strconv.FormatInt(w.Behind, 10), Dead: strconv.Itoa(w.Dead)}
	var names []string
	for _, t := range casework.EventTypes {
		if slices.Contains(w.Types, t.Name) {
			names = append(names, v.either(t.ZH, t.EN))
		}
	}
	line.Types = strings.Join(names, v.t("merge.comma"))
	switch {
	case w.Paused:
		line.State, line.Tone = v.t("webhook.paused"), "warn"
	case w.Attempts > 0:
		line.State, line.Tone = v.t("webhook.failing", w.Attempts), "bad"
	}
	return line
}

func registerWebhook(v *visit) (string, error) {
	r := v.reader()
	in := casework.NewWebhook{URL: r.text("url", 500, true), Types: v.form["types"], Area: r.place("area_code", false)}
	if text := r.text("after", 19, false); text != "" {
		after, err := strconv.ParseInt(typed(text), 10, 64)
		if in.After = &after; err != nil || after < 0 {
			r.wrong("after", "PATTERN", "请填写消息的序号", "the number of an event")
		}
	}
	if len(in.Types) == 0 {
		r.missing("types")
	}
	for _, t := range in.Types {
		if !slices.ContainsFunc(casework.EventTypes, func(known casework.EventType) bool { return known.Name == t }) {
			r.wrong("types", "NOT_A_CHOICE", "请从选项中选择", "choose from the list")
		}
	}
	if err := r.err(); err != nil {
		return "", err
	}
	w, secret, err := v.desk.RegisterWebhook(v.ctx, v.who, in)
	v.told = secret
	return "/webhooks/" + w.ID.String() + "?done=webhook", err
}

// webhookData is one webhook with its last deliveries.
type webhookData struct {
	filters
	Line       webhookLine
	Told       string
	Error      string
	Turn       *Form
	Delete     *Form
	Retry      *Form
	Deliveries []deliveryLine
	More       string
}

type deliveryLine struct{ At, Type, State, Tone, Attempts, Status, Error string }

var deliveryStates = []string{"pending", "delivered", "dead"}

func showWebhook(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	w, err := v.desk.DB.Webhook(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	before, err := store.ParseBefore(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	states := v.options("delivery", deliveryStates...)
	asked(states, v.query.Get("state"))
	found, err := v.desk.Deliveries(v.ctx, v.who, id, chosenOf(states), before, pageSize)
	if err != nil {
		return nil, err
	}
	data := webhookData{filters: filters{Filters: []filter{{"state", v.t("case.stage"), v.t("persons.all"), states}}}, Line: v.webhookLine(w), Told: v.toldOnce(), Error: w.Error}
	turn := "pause"
	if w.Paused {
		turn = "resume"
	}
	data.Turn, data.Delete = v.newForm(turn, "webhook."+turn), v.newForm("delete", "webhook.delete", &Field{Name: "sure", Label: v.t("webhook.delete.sure"), Kind: "radio", Need: true, Options: v.options("sure", "yes")})
	data.Turn.Version, data.Delete.Version, data.Delete.Grave = w.Version, w.Version, true
	var dead []Option
	for _, d := range found {
		line := deliveryLine{At: d.LastAt.In(china).Format("2006-01-02 15:04:05"), Type: d.Type, State: v.t("delivery." + d.State), Attempts: strconv.Itoa(d.Attempts), Error: d.Error}
		if d.Status > 0 {
			line.Status = strconv.Itoa(d.Status)
		}
		if d.State == "dead" {
			line.Tone = "bad"
			dead = append(dead, Option{Value: d.ID.String(), Label: line.At + " " + d.Type})
		}
		data.Deliveries = append(data.Deliveries, line)
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, strconv.FormatInt(found[n-1].Seq, 10))
	}
	if len(dead) > 0 {
		data.Retry = v.newForm("retry", "webhook.retry", &Field{Name: "delivery", Label: v.t("webhook.which"), Kind: "select", Need: true, Options: dead})
	}
	return data, nil
}

func turnWebhook(paused bool) func(*visit) (string, error) {
	return func(v *visit) (string, error) {
		id, err := v.id()
		if err != nil {
			return "", err
		}
		_, err = v.desk.PauseWebhook(v.ctx, v.who, id, v.version(), paused)
		return v.path + "?done=webhook_saved", err
	}
}

func deleteWebhook(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	r.choice("sure", true, "yes")
	if err := r.err(); err != nil {
		return "", err
	}
	return "/webhooks?done=webhook_deleted", v.desk.DeleteWebhook(v.ctx, v.who, id, v.version())
}

func retryDelivery(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	delivery, err := uuid.Parse(v.value("delivery"))
	if err != nil {
		return "", fault.InvalidFields(fault.Field{Name: "delivery", Code: "REQUIRED", ZH: "请选择", EN: "choose one"})
	}
	_, err = v.desk.RetryDelivery(v.ctx, v.who, id, delivery)
	return v.path + "?done=webhook_saved", err
}
