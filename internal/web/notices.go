package web

import (
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// noticesData is the public notices of an area, the latest first.
type noticesData struct {
	filters
	Lines   []noticeLine
	More    string
	Publish *Form // nil: not this role's
}

type noticeLine struct {
	Path, Place, From, Until, State, Tone string
	Entries                               int
}

func showNotices(v *visit) (any, error) {
	before, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	list, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	found, err := v.desk.DB.LatestNotices(v.ctx, v.who, in, before.ID, pageSize)
	if err != nil {
		return nil, err
	}
	data := noticesData{filters: filters{Filters: list}}
	for _, n := range found {
		data.Lines = append(data.Lines, v.noticeLine(n))
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	if !v.acts("publish") {
		return data, nil
	}
	places, err := v.placesBelow("")
	if err != nil {
		return nil, err
	}
	places = append([]Option{{Value: string(v.who.Area), Label: v.placeName(v.who.Area)}}, places...)
	data.Publish = v.newForm("publish", "notice.publish", &Field{Name: "area_code", Label: v.t("queue.area"), Kind: "select", Need: true, Options: places, Value: string(v.who.Area)},
		&Field{Name: "telephones", Label: v.t("notice.telephones"), Hint: v.t("notice.telephones.hint"), Kind: "text", Max: 110})
	return data, nil
}

func (v *visit) noticeLine(n store.Notice) noticeLine {
	line := noticeLine{Path: "/notices/" + n.ID.String(), Place: v.placeName(n.Area), From: n.From.String(), Until: n.Until.String(), State: v.t("notice.over"), Entries: len(n.Items)}
	if v.noticeRuns(n) {
		line.State, line.Tone = v.t("notice.runs"), "warn"
	}
	return line
}

func (v *visit) noticeRuns(n store.Notice) bool {
	return !v.today.Before(n.From) && !v.today.After(n.Until)
}

// mostTelephones is how many a notice shows, beside 12385.
const mostTelephones = 5

func publishNotice(v *visit) (string, error) {
	r := v.reader()
	at := r.place("area_code", true)
	telephones := strings.FieldsFunc(v.value("telephones"), func(c rune) bool { return strings.ContainsRune(" ,，、;；", c) })
	for _, t := range telephones {
		if len(t) < 3 || len(t) > 20 || strings.Trim(t, "0123456789-") != "" || len(telephones) > mostTelephones {
			r.wrong("telephones", "PATTERN", "电话由数字和短横线组成，最多5个", "digits and hyphens, at most five")
			break
		}
	}
	if err := r.err(); err != nil {
		return "", err
	}
	n, err := v.desk.PublishNotice(v.ctx, v.who, at, telephones)
	if err != nil {
		return "", err
	}
	return "/notices/" + n.ID.String() + "?done=published", nil
}

// noticeData is one notice as the offices see it: its entries with the cases behind them, and what was said against them.
type noticeData struct {
	Notice     noticeLine
	Telephones string
	Entries    []noticeEntry
	More       string
	Objections []objectionLine
	Sheet      string
	Forms      []titledForm
}

type noticeEntry struct {
	N                                    int
	Name, Village, Programme, Yuan, Case string
}

type objectionLine struct{ On, Entry, Content, Outcome, Tone, Answer string }

func showNotice(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	n, err := v.desk.DB.Notice(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := noticeData{Notice: v.noticeLine(n), Telephones: strings.Join(append(n.Telephones, "12385"), v.t("merge.comma")), Sheet: v.path + "/sheet"}
	entries := v.noticeEntries(n)
	from, _ := strconv.Atoi(v.query.Get("cursor"))
	from = min(max(from, 0), len(entries))
	data.Entries = entries[from:min(from+linesShown, len(entries))]
	data.More = v.more(from+linesShown < len(entries), strconv.Itoa(from+linesShown))
	objections, err := v.desk.DB.ListObjections(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	named := map[uuid.UUID]string{}
	var items, open []Option
	for i, item := range n.Items {
		named[item.ID] = numberText(item.N) + " " + item.MaskedName + " " + entries[i].Programme
		items = append(items, Option{Value: item.ID.String(), Label: named[item.ID]})
	}
	for _, o := range objections {
		line := objectionLine{On: o.ReceivedOn.String(), Entry: named[o.ItemID], Content: o.Content, Outcome: v.t("objection." + o.Outcome), Answer: o.Answer}
		if o.Outcome == "open" {
			line.Tone = "warn"
			open = append(open, Option{Value: o.ID.String() + "/" + strconv.Itoa(o.Version), Label: line.Entry + v.within(line.On)})
		}
		data.Objections = append(data.Objections, line)
	}
	v.noticeForms(&data, n, items, open)
	return data, nil
}

func (v *visit) noticeForms(data *noticeData, n store.Notice, items, open []Option) {
	if v.acts("object") && v.noticeRuns(n) {
		data.Forms = append(data.Forms, titledForm{v.t("objection.record.hint"), v.newForm("object", "objection.record",
			&Field{Name: "item_id", Label: v.t("objection.item"), Kind: "select", Need: true, Options: items},
			&Field{Name: "content", Label: v.t("objection.content"), Hint: v.t("objection.content.hint"), Kind: "textarea", Need: true, Max: 2000})})
	}
	if v.acts("answer") && (len(open) > 0 || v.do == "answer") {
		data.Forms = append(data.Forms, titledForm{v.t("objection.answer.hint"), v.newForm("answer", "objection.answer",
			&Field{Name: "objection", Label: v.t("objection.which"), Kind: "select", Need: true, Options: open},
			&Field{Name: "outcome", Label: v.t("objection.outcome"), Kind: "radio", Need: true, Options: v.options("objection", objectionOutcomes...)},
			&Field{Name: "answer", Label: v.t("objection.text"), Kind: "textarea", Need: true, Max: 2000})})
	}
}

var objectionOutcomes = []string{"dismissed", "upheld"}

func (v *visit) noticeEntries(n store.Notice) (list []noticeEntry) {
	for _, i := range n.Items {
		e := noticeEntry{N: i.N, Name: i.MaskedName, Village: i.Village, Programme: v.programme(i.Programme), Yuan: i.Monthly.Yuan()}
		if v.may("/applications/:id") {
			e.Case = "/applications/" + i.ApplicationID.String()
		}
		list = append(list, e)
	}
	return list
}

func recordObjection(v *visit) (string, error) {
	notice, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	text, content := r.text("item_id", 40, true), r.text("content", 2000, true)
	item, wrong := uuid.Parse(text)
	if text != "" && wrong != nil {
		r.wrong("item_id", "NOT_A_CHOICE", "请从选项中选择", "choose one of the list")
	}
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.RecordObjection(v.ctx, v.who, notice, item, content)
	return v.path + "?done=objection", err
}

func answerObjection(v *visit) (string, error) {
	r := v.reader()
	which := r.text("objection", 60, true)
	outcome, answer := r.choice("outcome", true, objectionOutcomes...), r.text("answer", 2000, true)
	text, version, _ := strings.Cut(which, "/")
	id, wrong := uuid.Parse(text)
	n, notNumber := strconv.Atoi(version)
	if which != "" && (wrong != nil || notNumber != nil) {
		r.wrong("objection", "NOT_A_CHOICE", "请从选项中选择", "choose one of the list")
	}
	if err := r.err(); err != nil {
		return "", err
	}
	if err := v.ofThisNotice(id); err != nil {
		return "", err
	}
	_, err := v.desk.AnswerObjection(v.ctx, v.who, id, n, outcome, answer)
	return v.path + "?done=answered", err
}

// ofThisNotice refuses an objection to another notice than that of the page.
func (v *visit) ofThisNotice(objection uuid.UUID) error {
	notice, err := v.id()
	if err != nil {
		return err
	}
	list, err := v.desk.DB.ListObjections(v.ctx, v.who, notice)
	if err != nil {
		return err
	}
	for _, o := range list {
		if o.ID == objection {
			return nil
		}
	}
	return fault.InvalidFields(fault.Field{Name: "objection", Code: "NOT_A_CHOICE", ZH: "请从选项中选择", EN: "choose one of the list"})
}

// showNoticeSheet is the sheet for the board. Nothing on it leads to a person.
func showNoticeSheet(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	n, err := v.desk.DB.Notice(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := noticeSheet{Notice: v.noticeLine(n), From: longDay(n.From), Until: longDay(n.Until), Telephones: strings.Join(append(n.Telephones, "12385"), "、"), Entries: v.noticeEntries(n), Back: "/notices/" + id.String()}
	return data, nil
}

type noticeSheet struct {
	Notice                        noticeLine
	From, Until, Telephones, Back string
	Entries                       []noticeEntry
}
