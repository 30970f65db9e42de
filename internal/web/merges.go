package web

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// mergeData is a file that may be of somebody who has another one, and that other one beside it.
type mergeData struct {
	Name       string
	Candidates []personLine
	Searched   bool
	Search     *Form
	Other      string // name of the file that would stay
	OtherPath  string
	Rows       []sideRow
	Moves      []pair
	Swap       string // where the two change places
	Form       *Form
}

// sideRow is one thing of two files.
type sideRow struct {
	Label, Goes, Stays string
	Differs            bool
}

func showMerge(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	goes, err := v.desk.Record(v.ctx, v.who, id, v.today, time.Time{})
	if err != nil {
		return nil, err
	}
	data := mergeData{Name: goes.File.Person.Name}
	data.Search = v.newForm("search", "persons.search", &Field{Name: "text", Label: v.t("persons.text"), Hint: v.t("persons.text.hint"), Kind: "text", Max: 40})
	if into := v.mergeInto(); into != uuid.Nil && into != id {
		err = v.sideBySide(&data, goes, into)
		return data, err
	}
	found, searched := v.found.([]store.Listed)
	if data.Searched = searched; !searched {
		if found, err = v.desk.DB.SearchPersons(v.ctx, v.who, store.Search{Name: goes.File.Person.Name}); err != nil {
			return nil, err
		}
	}
	for _, l := range found {
		if l.ID == id {
			continue
		}
		line := v.personLine(l)
		line.Path = addQuery(v.path, "into", l.ID.String())
		data.Candidates = append(data.Candidates, line)
	}
	return data, nil
}

// mergeInto is the file that was chosen to stay, by the address or by the form that was refused.
func (v *visit) mergeInto() uuid.UUID {
	text := v.query.Get("into")
	if v.do == "merge" {
		text = v.value("into")
	}
	into, err := uuid.Parse(text)
	if err != nil { // it chooses nobody
		return uuid.Nil
	}
	return into
}

// sideBySide puts two files beside each other, says what would move, and asks why.
func (v *visit) sideBySide(data *mergeData, goes casework.Record, into uuid.UUID) error {
	stays, err := v.desk.Record(v.ctx, v.who, into, v.today, time.Time{})
	if err != nil {
		return err
	}
	data.Other, data.OtherPath = stays.File.Person.Name, "/persons/"+into.String()
	a, err := v.sideOf(goes)
	if err != nil {
		return err
	}
	b, err := v.sideOf(stays)
	if err != nil {
		return err
	}
	data.Rows = besides(v, a, b)
	for _, row := range a[len(a)-countsOfSide:] {
		if row.Value != "0" {
			data.Moves = append(data.Moves, row)
		}
	}
	data.Swap = "/persons/" + into.String() + "/merge?into=" + goes.File.Person.ID.String()
	data.Form = v.newForm("merge", "merge.submit", &Field{Name: "into", Kind: "hidden", Value: into.String()},
		&Field{Name: "reason", Label: v.t("application.reason"), Hint: v.t("merge.reason.hint"), Kind: "textarea", Max: 500, Need: true})
	data.Form.Version, data.Form.Grave = goes.File.Person.Version, true
	return nil
}

// countsOfSide is how many lines at the end of a side are numbers of what would move.
const countsOfSide = 5

// sideOf is what tells whether two files are of one person, and how much hangs on one.
func (v *visit) sideOf(rec casework.Record) ([]pair, error) {
	services, err := v.desk.DB.ServicesOf(v.ctx, v.who, rec.File.Person.ID, nil)
	if err != nil {
		return nil, err
	}
	var cards []string
	for _, c := range rec.File.Certificates {
		cards = append(cards, v.disability(c.Category, c.Level)+" "+c.IssuedOn.String())
	}
	side := append([]pair{{v.t("case.person"), rec.File.Person.Name}}, v.personFacts(rec.File.Person, v.today)...)
	side = append(side, pair{v.t("merge.cards"), orNone(v, strings.Join(cards, v.t("merge.comma")))})
	return append(side, pair{v.t("person.group.card"), strconv.Itoa(len(rec.File.Certificates))}, pair{v.t("record.circumstances"), strconv.Itoa(len(rec.File.Circumstances))},
		pair{v.t("applications.title"), strconv.Itoa(len(rec.Applications))}, pair{v.t("merge.awards"), strconv.Itoa(len(rec.Awards))}, pair{v.t("record.services"), strconv.Itoa(len(services))}), nil
}

// besides joins two sides by their labels, in the order of the first.
func besides(v *visit, a, b []pair) (rows []sideRow) {
	of := func(side []pair, label string) string {
		if i := slices.IndexFunc(side, func(p pair) bool { return p.Label == label }); i >= 0 {
			return side[i].Value
		}
		return v.t("shell.none")
	}
	for _, p := range a {
		rows = append(rows, sideRow{Label: p.Label, Goes: p.Value, Stays: of(b, p.Label)})
	}
	for _, p := range b {
		if !slices.ContainsFunc(a, func(o pair) bool { return o.Label == p.Label }) {
			rows = append(rows, sideRow{Label: p.Label, Goes: v.t("shell.none"), Stays: p.Value})
		}
	}
	for i := range rows {
		rows[i].Differs = rows[i].Goes != rows[i].Stays
	}
	return rows
}

func mergeFiles(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	into, bad := uuid.Parse(v.value("into"))
	if bad != nil {
		r.missing("into")
	}
	reason := r.text("reason", 500, true)
	if err := r.err(); err != nil {
		return "", err
	}
	m, err := v.desk.Merge(v.ctx, v.who, id, into, v.version(), reason)
	return "/merges/" + m.ID.String() + "?done=merged", err
}

// mergesData is the merges of which somebody's file is either side.
type mergesData struct {
	Lines []mergeLine
}

type mergeLine struct{ Path, What, At, Reason, State, Tone string }

func showMerges(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	found, err := v.desk.Merges(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	return mergesData{v.mergeLines(id, found)}, nil
}

// mergeLines are merges as they look from one of their files.
func (v *visit) mergeLines(of uuid.UUID, merges []store.Merge) (list []mergeLine) {
	for _, m := range merges {
		line := mergeLine{Path: "/merges/" + m.ID.String(), What: v.t("merge.took_in", orNone(v, m.MergedName)), At: m.MergedAt.In(china).Format("2006-01-02"), Reason: m.Reason, State: v.t("merge.stands"), Tone: "good"}
		if m.MergedID == of {
			line.What = v.t("merge.went")
		}
		if !m.UndoneAt.IsZero() {
			line.State, line.Tone = v.t("merge.undone"), "warn"
		}
		list = append(list, line)
	}
	return list
}

// oneMerge is a merge with what it moved, and the way back.
type oneMerge struct {
	Facts []pair
	Moved []pair
	Links []link
	Undo  *Form
}

func showOneMerge(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	m, err := v.desk.DB.Merge(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := oneMerge{Facts: []pair{{v.t("merge.merged"), orNone(v, m.MergedName)}, {v.t("merge.on"), m.MergedAt.In(china).Format("2006-01-02 15:04")}, {v.t("application.reason"), m.Reason}}}
	if !m.UndoneAt.IsZero() {
		data.Facts = append(data.Facts, pair{v.t("merge.undone_on"), m.UndoneAt.In(china).Format("2006-01-02 15:04")}, pair{v.t("merge.undo_reason"), m.UndoReason})
	}
	moved := m.Told()
	for _, table := range slices.Sorted(maps.Keys(moved)) {
		if n := moved[table]; n > 0 {
			data.Moved = append(data.Moved, pair{v.t("merge_table." + table), strconv.Itoa(n)})
		}
	}
	if n := len(m.Rows.Cut) + len(m.Rows.Back["awards"]); n > 0 {
		data.Moved = append(data.Moved, pair{v.t("merge.cut"), strconv.Itoa(n)})
	}
	if v.may("/persons/:id") {
		data.Links = []link{{Path: "/persons/" + m.PersonID.String(), Text: v.t("merge.into")}}
		if m.MergedName != "" { // otherwise it lies in another area
			data.Links = append(data.Links, link{Path: "/persons/" + m.MergedID.String(), Text: v.t("merge.merged")})
		}
	}
	if v.acts("undo") && m.UndoneAt.IsZero() {
		data.Undo = v.newForm("undo", "merge.undo", &Field{Name: "reason", Label: v.t("application.reason"), Hint: v.t("merge.undo.hint"), Kind: "textarea", Max: 500, Need: true})
		data.Undo.Version, data.Undo.Grave = m.Version, true
	}
	return data, nil
}

func undoMerge(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	reason := r.text("reason", 500, true)
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.UndoMerge(v.ctx, v.who, id, v.version(), reason)
	return v.path + "?done=unmerged", namingTables(err)
}

// namingTables puts into one sentence which records have changed since a merge: the form has no fields of their names.
func namingTables(err error) error {
	f, ok := fault.Of(err)
	if !ok || f.Code != "CHANGED_SINCE" {
		return err
	}
	zh, en := f.ZH, f.EN
	for _, table := range f.Fields {
		zh, en = zh+"；"+table.ZH, en+"; "+table.EN
	}
	return fault.New(f.Kind, f.Code, zh, en)
}
