package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/statement"
	"zhucan/internal/store"
)

// importsData is the files that came in to an area, the latest first.
type importsData struct {
	filters
	Lines []importLine
	More  string
	New   string // where another is handed in; empty: not by this role
}

type importLine struct {
	Path, Kind, Sender, AsOf, At, State, Tone, Counts string
}

func showImports(v *visit) (any, error) {
	before, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	list, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	found, err := v.desk.ListImports(v.ctx, v.who, in, before.ID, pageSize)
	if err != nil {
		return nil, err
	}
	data := importsData{filters: filters{Filters: list}}
	if v.may("/imports/new") {
		data.New = "/imports/new"
	}
	for _, i := range found {
		data.Lines = append(data.Lines, v.importLine(i))
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	return data, nil
}

func (v *visit) importLine(i store.Import) importLine {
	line := importLine{Kind: v.listKind(i.Kind), Sender: i.Sender, AsOf: i.AsOf.String(), At: i.At.In(china).Format("2006-01-02 15:04"), State: v.t("import_state." + i.State),
		Counts: v.t("import.counts", i.New, i.Changed, i.Same, i.Pending, i.Refused)}
	if v.may("/imports/:id") {
		line.Path = "/imports/" + i.ID.String()
	}
	switch {
	case i.State == store.ImportDone && i.DryRun:
		line.State = v.t("import.tried")
	case i.State == store.ImportDone:
		line.Tone = "good"
	case i.State == store.ImportFailed:
		line.Tone = "bad"
	case i.State == store.ImportWaiting:
		line.Tone = "warn"
	case i.State == store.ImportQueued:
		line.Tone, line.Counts = "warn", v.t("import.progress", i.Done, i.Total)
	}
	return line
}

func (v *visit) listKind(name string) string {
	if k, ok := exchange.ListKindOf(name); ok {
		return v.either(k.ZH, k.EN)
	}
	return v.t("import.roster")
}

type newImportData struct{ Form *Form }

func showNewImport(v *visit) (any, error) {
	kinds := []Option{{Value: casework.KindRoster, Label: v.t("import.roster")}}
	for _, k := range exchange.ListKinds {
		if casework.TakesList(k.Name) {
			kinds = append(kinds, Option{Value: k.Name, Label: v.either(k.ZH+"（"+exchange.Partners[k.Partner].ZH+"）", k.EN+" ("+exchange.Partners[k.Partner].EN+")")})
		}
	}
	f := v.newForm("try", "import.try", &Field{Name: "kind", Label: v.t("import.kind"), Kind: "select", Need: true, Options: kinds},
		&Field{Name: "file", Label: v.t("import.file"), Hint: v.t("import.file.hint"), Kind: "file", Need: true, Accept: tables},
		&Field{Name: "sender", Label: v.t("import.sender"), Hint: v.t("import.sender.hint"), Kind: "text", Max: 60},
		&Field{Name: "as_of", Label: v.t("import.as_of"), Hint: v.t("import.as_of.hint"), Kind: "date", Value: v.today.String()})
	v.button(f, "take", "import.take")
	return newImportData{f}, nil
}

// maxList is how large a list may be, as for programs.
const maxList = 10 << 20

// handIn hands in a list, to be tried or to be taken. The desk keeps the key of the form, so that it is handed in once.
func handIn(dryRun bool) func(*visit) (string, error) {
	return func(v *visit) (string, error) {
		r := v.reader()
		kind, sender, asOf := r.text("kind", 60, true), r.text("sender", 60, false), r.day("as_of", false)
		switch files := v.uploads["file"]; {
		case len(files) != 1:
			r.missing("file")
		case len(files[0]) > maxList:
			r.wrong("file", "TOO_LARGE", "文件过大：不超过10兆", "the file is larger than 10 MiB")
		}
		if err := r.err(); err != nil {
			return "", err
		}
		file := v.uploads["file"][0]
		if kind == casework.KindRoster {
			i, _, err := v.desk.ImportRoster(v.ctx, v.who, file, dryRun)
			return "/imports/" + i.ID.String() + "?done=import", atField("file", err)
		}
		i, _, err := v.desk.ImportList(v.ctx, v.who, casework.NewList{Kind: kind, Sender: sender, AsOf: asOf, Data: file, DryRun: dryRun, Key: v.key})
		return "/imports/" + i.ID.String() + "?done=import", atField("file", err)
	}
}

// importData is one import: how it was read, what it changes or would, what was refused, and what can be done about it.
type importData struct {
	Import    importLine
	Queued    bool
	Again     string // to look again
	Failure   string
	Read      string
	Headings  []headingLine
	Repairs   []string
	Refusals  []refusalLine
	Refused   link // to more of them, if any
	Changes   []changeLine
	More      string
	Pending   string // where what waits for an officer is decided
	Unmatched string // where rows are looked at that name nobody for certain
	Workbooks []link
	Absence   string // of how many a complete list is silent
	Confirmed string // why it may be
	Forms     []titledForm
}

type headingLine struct{ Text, Column string }

type changeLine struct {
	Row, Person, Path, Place, Kind, Before, After, Outcome, Money string
}

// reading is what was recognised of a list, as the desk keeps it.
type reading struct {
	Sheet      string `json:"sheet"`
	HeadingRow int    `json:"heading_row"`
	Rows       int    `json:"rows"`
	Repaired   int    `json:"repaired"`
	Differing  int    `json:"differing"` // rows of a roster with something else than the register
	Headings   []struct {
		Text   string `json:"text"`
		Column string `json:"column"`
		Sure   bool   `json:"sure"`
	} `json:"headings"`
	Repairs []told `json:"repairs"`
	Notes   []told `json:"notes"`
}

type told struct {
	Row     int    `json:"row"`
	Column  string `json:"column"`
	Message string `json:"message"`
}

// refusalsShown is how many refused rows a page names at a time; the workbook of a list names all.
const refusalsShown = 100

func showImport(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	i, err := v.desk.Import(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := importData{Import: v.importLine(i), Queued: i.State == store.ImportQueued, Again: v.path}
	if a := i.Absence; a != nil && a.Missing > 0 {
		data.Absence = v.t("import.absence", a.Known, a.Missing)
		if i.DryRun && v.desk.Pack().Lists.TooMany(a.Known, a.Missing) {
			data.Absence += v.t("import.absence.waits")
		}
	}
	data.Confirmed = i.ConfirmedReason
	if i.Failure != nil {
		data.Failure = v.either(i.Failure.ZH, i.Failure.EN)
	}
	if err := v.refusalsPage(&data, i); err != nil {
		return nil, err
	}
	list := i.Kind != casework.KindRoster
	var read reading
	if i.Reading != nil {
		if err := json.Unmarshal(i.Reading, &read); err != nil {
			return nil, fmt.Errorf("read how a list was read: %w", err)
		}
		data.reading(v, i, read)
	}
	if list {
		rows, err := v.desk.UnmatchedRows(v.ctx, v.who, id, 0, 1)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			data.Unmatched = v.path + "/unmatched"
		}
	}
	if list && i.State != store.ImportQueued && i.State != store.ImportFailed {
		data.Workbooks = []link{{Path: v.path + "/workbook", Text: v.t("import.workbook")}, {Path: v.path + "/workbook?only=refused", Text: v.t("import.workbook.refused")}}
	}
	if i.Pending > 0 && !i.DryRun && v.may("/statements") {
		data.Pending = "/statements?import=" + id.String()
	}
	v.importForms(&data, i, read)
	err = v.changesPage(&data, id)
	return data, err
}

// refusalsPage is a part of the refused rows, from where the address says.
func (v *visit) refusalsPage(data *importData, i store.Import) error {
	after, err := store.ParsePlace(v.query.Get("refused"))
	if err != nil {
		return err
	}
	from := min(after, len(i.Refusals))
	to := min(from+refusalsShown, len(i.Refusals))
	data.Refusals = v.refusalLines(i.Refusals[from:to])
	for n := range data.Refusals {
		data.Refusals[n].Column = columnName(i.Kind, data.Refusals[n].Column)
	}
	if to < len(i.Refusals) {
		data.Refused = link{Path: v.path + "?refused=" + strconv.Itoa(to), Text: v.t("import.more", len(i.Refusals)-to)}
	}
	return nil
}

func (data *importData) reading(v *visit, i store.Import, read reading) {
	data.Read = v.t("import.read", read.HeadingRow, read.Rows, read.Repaired)
	if read.Sheet != "" {
		data.Read = v.t("import.sheet", read.Sheet) + data.Read
	}
	if read.Differing > 0 {
		data.Read += v.t("import.differing", read.Differing)
	}
	for _, h := range read.Headings {
		line := headingLine{Text: h.Text, Column: v.t("import.unread")}
		if h.Column != "" {
			line.Column = columnName(i.Kind, h.Column)
		}
		data.Headings = append(data.Headings, line)
	}
	for _, one := range append(read.Notes, read.Repairs...) {
		data.Repairs = append(data.Repairs, v.t("import.repair", one.Row, one.Column, one.Message))
	}
	data.Repairs = data.Repairs[:min(len(data.Repairs), refusalsShown)]
}

func columnName(kind, column string) string {
	if k, ok := exchange.ListKindOf(kind); ok {
		for _, c := range k.Columns {
			if c.Name == column {
				return c.ZH
			}
		}
	}
	return column
}

func (v *visit) changesPage(data *importData, id uuid.UUID) error {
	after, err := store.ParsePlace(v.query.Get("cursor"))
	if err != nil {
		return err
	}
	changes, err := v.desk.ImportChanges(v.ctx, v.who, id, after, pageSize)
	if err != nil {
		return err
	}
	place, err := v.places()
	if err != nil {
		return err
	}
	for _, c := range changes {
		line := changeLine{Person: c.Name, Place: place(c.Area), Kind: v.factKind(c.Kind), Before: v.factsText(c.Kind, c.Before), After: v.factsText(c.Kind, c.After), Outcome: v.t("change." + c.Outcome), Row: v.t("import.silent")}
		if c.Row > 0 {
			line.Row = numberText(c.Row)
		}
		if v.may("/persons/:id") {
			line.Path = "/persons/" + c.PersonID.String()
		}
		if c.MonthlyFen > 0 {
			line.Money = v.t("worklist.monthly", yuan(c.MonthlyFen))
		}
		data.Changes = append(data.Changes, line)
	}
	if n := len(changes); n > 0 {
		data.More = v.more(n == pageSize, strconv.Itoa(changes[n-1].N))
	}
	return nil
}

func (v *visit) factKind(name string) string {
	if k, ok := casefile.KindOf(name); ok {
		return v.either(k.ZH, k.EN)
	}
	if chain := care.ChainOf(care.Kind(name)); chain != nil {
		return v.either(chain.ZH, chain.EN)
	}
	return name
}

// factsText is facts as people read them: from when to when, and of which sort where there are several.
func (v *visit) factsText(kind string, list []statement.Fact) string {
	text := ""
	for i, f := range list {
		if i > 0 {
			text += v.t("award.and")
		}
		text += v.daysText(f.Days.From.String(), f.Days.To.String())
		sort := v.sortName(kindIn(casefile.Kinds, kind), f.Sort)
		if care.ChainOf(care.Kind(kind)) != nil {
			sort = v.serviceState(care.Service{Kind: care.Kind(kind), State: f.Sort})
		}
		if sort != "" {
			text += v.within(sort)
		}
	}
	return orNone(v, text)
}

func (v *visit) daysText(from, to string) string {
	if to == "" {
		return v.t("days.from", from)
	}
	return v.t("days.between", from, to)
}

// importForms are what can be done about an import now: take in what was only tried, put headings right, take it back.
func (v *visit) importForms(data *importData, i store.Import, read reading) {
	list := i.Kind != casework.KindRoster
	if v.acts("again") && list && (i.DryRun && i.State == store.ImportDone || i.State == store.ImportFailed && len(read.Headings) > 0) {
		f := v.newForm("again", "import.again", mappingFields(v, i.Kind, read)...)
		v.button(f, "retry", "import.retry")
		data.Forms = append(data.Forms, titledForm{v.t("import.again.hint"), f})
	}
	if v.acts("confirm") && i.State == store.ImportWaiting {
		f := v.newForm("confirm", "import.confirm", &Field{Name: "reason", Label: v.t("application.reason"), Hint: v.t("import.confirm.reason"), Kind: "textarea", Max: 500, Need: true})
		f.Version = i.Version
		data.Forms = append(data.Forms, titledForm{v.t("import.confirm.hint"), f})
	}
	if v.acts("undo") && list && !i.DryRun && (i.State == store.ImportDone || i.State == store.ImportWaiting || v.do == "undo") {
		f := v.newForm("undo", "import.undo")
		f.Version, f.Grave = i.Version, true
		data.Forms = append(data.Forms, titledForm{v.t("import.undo.hint"), f})
	}
}

// mappingFields ask for each heading which column it is. What was recognised is chosen.
func mappingFields(v *visit, kind string, read reading) (fields []*Field) {
	k, ok := exchange.ListKindOf(kind)
	if !ok {
		return nil
	}
	columns := []Option{{Value: unread, Label: v.t("import.unread")}}
	for _, c := range k.Columns {
		columns = append(columns, Option{Value: c.Name, Label: c.ZH})
	}
	for n, h := range read.Headings {
		column := h.Column
		if column == "" {
			column = unread
		}
		hint := ""
		if !h.Sure && h.Column != "" {
			hint = v.t("import.unsure")
		}
		fields = append(fields, &Field{Name: "mapping." + strconv.Itoa(n), Label: v.t("import.heading", h.Text), Hint: hint, Kind: "select", Options: slices.Clone(columns), Value: column})
	}
	return fields
}

// unread is the choice of no column for a heading.
const unread = "-"

// takeAgain takes in a list that was tried, or tries it again, with the headings as they were put right.
func takeAgain(dryRun bool) func(*visit) (string, error) {
	return func(v *visit) (string, error) {
		id, err := v.id()
		if err != nil {
			return "", err
		}
		earlier, err := v.desk.Import(v.ctx, v.who, id)
		if err != nil {
			return "", err
		}
		var read reading
		if earlier.Reading == nil || json.Unmarshal(earlier.Reading, &read) != nil {
			return "", fault.New(fault.Conflict, "NOT_READ", "该文件没有读出表头，不能再次导入", "no headings of this file were read; it cannot be taken in again")
		}
		mapping := map[string]string{}
		for n, h := range read.Headings {
			switch chosen := v.value("mapping." + strconv.Itoa(n)); chosen {
			case "":
				return "", badForm
			case h.Column:
			case unread:
				if h.Column != "" {
					mapping[h.Text] = ""
				}
			default:
				mapping[h.Text] = chosen
			}
		}
		i, _, err := v.desk.ImportAgain(v.ctx, v.who, id, mapping, dryRun, v.key)
		return "/imports/" + i.ID.String() + "?done=import", err
	}
}

func undoImport(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	_, err = v.desk.UndoImport(v.ctx, v.who, id, v.version())
	return v.path + "?done=import_undone", err
}

// confirmImport lets a list have its way that leaves out too many.
func confirmImport(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	reason := r.text("reason", 500, true)
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.ConfirmImport(v.ctx, v.who, id, v.version(), reason)
	return v.path + "?done=import_confirmed", err
}

// showWorkbook is the sender's own workbook with what is wrong coloured and explained. Who takes it out is kept.
func showWorkbook(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	file, err := v.desk.ImportWorkbook(v.ctx, v.who, id, v.query.Get("only") == "refused", v.english)
	return raw{kind: xlsxType, name: "import-" + id.String() + ".xlsx", content: file}, err
}
