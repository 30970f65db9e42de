package casework

import (
	"context"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/money"
	"zhucan/internal/store"
)

// noticeMost is how many cases one notice shows at most; the rest comes on the next.
const noticeMost = 500

// childUnder is the age in years under which a notice shows nothing of a given name (PIPL: data of children under 14).
const childUnder = 14

// PublishNotice makes the approved cases of an area public that no notice has shown yet, for the days that the pack
// orders, beginning today. Payment of these cases is held while it runs.
func (d *Desk) PublishNotice(ctx context.Context, who access.Actor, at area.Code, telephones []string) (n store.Notice, err error) {
	if at, err = InArea(who, at); err != nil {
		return n, err
	}
	tree, err := d.DB.Divisions(ctx, d.Pack().District, d.today())
	if err != nil {
		return n, err
	}
	villages := map[area.Code]string{}
	for _, division := range tree {
		villages[division.Code] = division.Name
	}
	err = d.write(ctx, who, "notice.publish", func(tx *store.Tx) error {
		cases, err := tx.NotPublished(ctx, at, noticeMost)
		if err != nil {
			return err
		}
		if len(cases) == 0 {
			return fault.New(fault.Conflict, "NOTHING_TO_PUBLISH", "没有待公示的审批结果", "every approved case has been on a notice")
		}
		n = store.Notice{ID: d.NewID(), Version: 1, Area: at, From: d.today(), Until: d.today().Add(d.Pack().NoticeDays - 1), Telephones: telephones,
			CreatedBy: who.AccountID, CreatedAt: tx.Now}
		if n.Items, err = d.noticeItems(ctx, tx, cases, villages); err != nil {
			return err
		}
		if err := tx.InsertNotice(ctx, n); err != nil {
			return err
		}
		return tx.Describe(ctx, n.ID, map[string]any{"items": len(n.Items), "until": n.Until.String()})
	})
	return n, err
}

func (d *Desk) noticeItems(ctx context.Context, tx *store.Tx, cases []store.Case, villages map[area.Code]string) ([]store.NoticeItem, error) {
	var persons []uuid.UUID
	for _, c := range cases {
		persons = append(persons, c.PersonID)
	}
	born, err := tx.BirthDates(ctx, persons)
	if err != nil {
		return nil, err
	}
	items := make([]store.NoticeItem, len(cases))
	for i, c := range cases {
		items[i] = store.NoticeItem{ID: d.NewID(), N: i + 1, ApplicationID: c.ID, PersonID: c.PersonID, MaskedName: boardName(c.PersonName, born[c.PersonID], d.today()),
			Village: villages[c.Area], Programme: c.Programme}
		if c.Explanation != nil {
			items[i].Monthly = money.Fen(c.Explanation.AmountFen)
		}
	}
	return items, nil
}

// boardName is a name as a board may show it: the surname, and of a child not even how long the rest is.
func boardName(name string, born, today calendar.Date) string {
	if !born.IsZero() && calendar.Age(born, today) < childUnder {
		return string([]rune(name)[:1]) + "**"
	}
	return idnum.MaskName(name)
}

// RecordObjection writes down what somebody says against a case while its notice runs, and holds payment for the person
// until it is resolved.
func (d *Desk) RecordObjection(ctx context.Context, who access.Actor, notice, item uuid.UUID, content string) (o store.Objection, err error) {
	if _, err := d.DB.RunningNotice(ctx, notice, d.today()); err != nil {
		return o, err
	}
	err = d.write(ctx, who, "notice.objection", func(tx *store.Tx) error {
		person, programme, err := tx.ItemPerson(ctx, notice, item)
		if err != nil {
			return err
		}
		o = store.Objection{ID: d.NewID(), Version: 1, ItemID: item, PersonID: person, ReceivedOn: d.today(), Content: content, Outcome: "open", HoldID: d.NewID()}
		if err := tx.InsertObjection(ctx, o, programme); err != nil {
			return err
		}
		return tx.Describe(ctx, o.ID, map[string]any{"person_id": person})
	})
	return o, err
}

// AnswerObjection resolves an objection, once.
func (d *Desk) AnswerObjection(ctx context.Context, who access.Actor, id uuid.UUID, version int, outcome, answer string) (o store.Objection, err error) {
	err = d.write(ctx, who, "notice.answer", func(tx *store.Tx) error {
		if o, err = tx.LockObjection(ctx, id); err != nil {
			return err
		}
		if err := stale(o.Version, version); err != nil {
			return err
		}
		if o.Outcome != "open" {
			return fault.New(fault.Conflict, "ANSWERED_ALREADY", "该异议已答复", "the objection has been answered")
		}
		o.Outcome, o.Answer = outcome, answer
		if err := tx.AnswerObjection(ctx, o); err != nil {
			return err
		}
		o.Version++
		return tx.Describe(ctx, id, map[string]any{"person_id": o.PersonID, "outcome": outcome})
	})
	return o, err
}
