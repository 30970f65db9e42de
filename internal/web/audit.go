package web

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
	"zhucan/internal/store"
)

// auditData is the log, the newest first, as far as a search narrows it.
type auditData struct {
	Fields  []*Field
	Account string // kept by the form while it narrows by somebody
	ByUser  *Form
	Only    string // what the list is narrowed to besides
	Unasked bool   // nothing was looked for, as what was asked for cannot be read
	All     string
	Lines   []auditLine
	More    string
}

type auditLine struct{ Path, Seq, At, Who, Role, Did, Action, Subject, Outcome, Tone, Changes string }

var auditOutcomes = []string{"done", "refused"}

func showAudit(v *visit) (any, error) {
	f := store.AuditFilter{Limit: pageSize}
	data := auditData{Fields: v.auditFields(&f), All: v.path}
	places, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	f.Area = in
	for _, p := range places {
		data.Fields = append(data.Fields, &Field{Name: p.Name, Label: p.Label, Kind: "select", All: p.All, Options: p.Options, Value: chosenOf(p.Options)})
	}
	account := v.query.Get("account")
	f.AccountID = idOf(account)
	data.Unasked = account != "" && f.AccountID == uuid.Nil
	if found, ok := v.found.(uuid.UUID); ok {
		f.AccountID, data.Unasked = found, false
		v.query.Set("account", found.String())
	}
	if f.Before, err = store.ParseBefore(v.query.Get("cursor")); err != nil {
		return nil, err
	}
	if f.AccountID != uuid.Nil {
		data.Account = f.AccountID.String()
		a, err := v.desk.DB.AccountByID(v.ctx, f.AccountID)
		if err == nil && !v.who.Covers(a.AreaCode) {
			err = store.NotFound
		}
		if err != nil {
			return nil, err
		}
		data.Only = v.t("audit.only", a.Username)
	}
	data.ByUser = v.newForm("by", "audit.by", &Field{Name: "username", Label: v.t("signin.username"), Kind: "text", Need: true, Max: 60})
	if data.Unasked = data.Unasked || slices.ContainsFunc(data.Fields, func(f *Field) bool { return f.Error != "" }); data.Unasked {
		return data, nil
	}
	found, err := v.desk.DB.ListAudit(v.ctx, f)
	if err != nil {
		return nil, err
	}
	for _, e := range found {
		data.Lines = append(data.Lines, v.auditLine(e))
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, strconv.FormatInt(found[n-1].Seq, 10))
	}
	return data, nil
}

// actionOptions are what the log says was done, by their words; and what an address asks for, if it has none.
func (v *visit) actionOptions(asked string) (list []Option) {
	for key := range texts() {
		if code, is := strings.CutPrefix(key, "did."); is {
			list = append(list, Option{Value: code, Label: v.t(key)})
		}
	}
	slices.SortFunc(list, func(a, b Option) int { return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Value, b.Value)) })
	if asked != "" && !slices.ContainsFunc(list, func(o Option) bool { return o.Value == asked }) {
		list = append(list, Option{Value: asked, Label: asked})
	}
	return list
}

// auditFields are the fields of a search, read from the address into a filter.
func (v *visit) auditFields(f *store.AuditFilter) []*Field {
	day := func(name, label string) (*Field, calendar.Date) {
		field := &Field{Name: name, Label: v.t(label), Kind: "date", Value: v.query.Get(name)}
		d, ok := exchange.TypedDay(field.Value)
		if !ok && field.Value != "" {
			field.Error = v.t("audit.day.bad", field.Value) // a field for days shows none that is none
		}
		return field, d
	}
	from, first := day("from", "audit.from")
	until, last := day("until", "audit.until")
	action := &Field{Name: "action", Label: v.t("audit.action"), Kind: "select", All: v.t("persons.all"), Value: v.query.Get("action")}
	action.Options = v.actionOptions(action.Value)
	action.choose()
	subject := &Field{Name: "subject", Label: v.t("audit.subject"), Hint: v.t("audit.subject.hint"), Kind: "text", Max: 36, Value: v.query.Get("subject")}
	outcome := &Field{Name: "outcome", Label: v.t("audit.outcome"), Kind: "select", All: v.t("persons.all"), Options: v.options("audited", auditOutcomes...), Value: v.query.Get("outcome")}
	outcome.choose()
	f.From, f.Until, f.Action = first, last, action.Value
	if slices.Contains(auditOutcomes, outcome.Value) {
		f.Outcome = outcome.Value
	}
	if f.SubjectID = idOf(subject.Value); f.SubjectID == uuid.Nil && subject.Value != "" {
		subject.Error = v.t("audit.subject.bad")
	}
	return []*Field{from, until, action, subject, outcome}
}

// idOf reads an id; what is none is no id at all.
func idOf(text string) uuid.UUID {
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil
	}
	return id
}

func (v *visit) auditLine(e store.AuditEntry) auditLine {
	line := auditLine{Path: "/audit/" + strconv.FormatInt(e.Seq, 10), Seq: strconv.FormatInt(e.Seq, 10), At: e.At.In(china).Format("2006-01-02 15:04:05"), Who: e.Username, Role: e.Role,
		Did: v.did(e.Action), Action: e.Action, Outcome: v.t("audited." + e.Outcome), Changes: strconv.Itoa(len(e.Changes))}
	if access.Role(e.Role).Valid() {
		line.Role = v.t("role." + e.Role)
	}
	if e.Outcome != auditOutcomes[0] {
		line.Tone = "bad"
	}
	if e.SubjectID != uuid.Nil {
		line.Subject = e.SubjectID.String()
	}
	return line
}

// did is an action of the log in words; empty where the log names the operation that was refused.
func (v *visit) did(action string) string {
	key := "did." + action
	if _, known := texts()[key]; !known {
		return ""
	}
	return v.t(key)
}

// auditBy finds the account whose name was given. It is a post, since no name stands in an address; the list goes on by its id.
func auditBy(v *visit) error {
	a, err := v.desk.AccountNamed(v.ctx, v.who, v.value("username"))
	if err == nil {
		v.found = a.ID
	}
	return err
}

// entryData is one entry of the log with the rows that it changed.
type entryData struct {
	Seq     string
	Facts   []pair
	Detail  string
	Changes []changeOf
	Hash    string
	Links   []link
}

type changeOf struct{ Table, Row, Op string }

func showEntry(v *visit) (any, error) {
	seq, err := strconv.ParseInt(v.echo.Param("seq"), 10, 64)
	if err != nil || seq < 1 {
		return nil, store.NotFound
	}
	found, err := v.desk.DB.ListAudit(v.ctx, store.AuditFilter{Area: v.who.Area, Before: seq + 1, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 || found[0].Seq != seq {
		return nil, store.NotFound
	}
	e := found[0]
	line := v.auditLine(e)
	data := entryData{Seq: line.Seq, Hash: hex.EncodeToString(e.Hash)}
	data.Facts = []pair{{v.t("audit.at"), line.At}, {v.t("audit.who"), orNone(v, line.Who)}, {v.t("audit.role"), line.Role}, {v.t("figures.area"), v.placeName(e.Area)},
		{v.t("audit.action"), strings.TrimSpace(line.Did + " " + e.Action)}, {v.t("audit.outcome"), line.Outcome}, {v.t("audit.subject"), orNone(v, line.Subject)}, {v.t("audit.request"), orNone(v, e.RequestID)}}
	var detail bytes.Buffer
	if json.Indent(&detail, e.Detail, "", "  ") == nil && detail.String() != "{}" {
		data.Detail = detail.String()
	}
	for _, c := range e.Changes {
		data.Changes = append(data.Changes, changeOf{c.Table, c.RowID.String(), v.t("changed_row." + c.Op)})
	}
	if e.AccountID != uuid.Nil {
		data.Links = append(data.Links, link{Path: "/audit?account=" + e.AccountID.String(), Text: v.t("audit.same_account")})
	}
	if line.Subject != "" {
		data.Links = append(data.Links, link{Path: "/audit?subject=" + line.Subject, Text: v.t("audit.same_subject")})
	}
	return data, nil
}

// chainData is what a walk over the chain of hashes has found.
type chainData struct {
	Form   *Form
	Walked bool
	Holds  bool
	Broken string
	Facts  []pair
}

func showChain(v *visit) (any, error) {
	data := chainData{Form: v.newForm("verify", "chain.verify")}
	found, walked := v.found.(store.Verification)
	if !walked {
		return data, nil
	}
	data.Walked, data.Holds, data.Broken = true, found.Broken == "", found.Broken
	data.Facts = []pair{{v.t("chain.at"), v.desk.Now().In(china).Format("2006-01-02 15:04:05")}, {v.t("chain.entries"), strconv.FormatInt(found.Entries, 10)},
		{v.t("chain.changes"), strconv.FormatInt(found.Changes, 10)}, {v.t("chain.head"), hex.EncodeToString(found.Head)}}
	return data, nil
}

// verifyChain computes every hash again. It changes nothing.
func verifyChain(v *visit) (err error) {
	v.found, err = v.desk.DB.VerifyAudit(v.ctx)
	return err
}
