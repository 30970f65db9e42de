package casework

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/store"
)

// NewCertificate is a card as entered.
type NewCertificate struct {
	Number     string
	Category   int
	Level      int
	Components []casefile.Component
	IssuedOn   calendar.Date
	ExpiresOn  calendar.Date // ten years after the issue where zero
}

// checkedCard reads a card for a person: its digits 19 and 20 say category and level, its first 18 the person.
func (d *Desk) checkedCard(file casefile.File, in *NewCertificate) (*casefile.Certificate, error) {
	if in == nil {
		return nil, nil
	}
	number, err := idnum.ParseCertificate(in.Number, d.today())
	if err != nil {
		return nil, numberFault("certificate.number", err)
	}
	if number.Category() != in.Category || number.Level() != in.Level {
		return nil, field("certificate.number", "CERT_NUMBER_MISMATCH", "残疾人证号第19、20位与类别、等级不一致", "digits 19 and 20 of the number say another category or level")
	}
	if !carries(file, number.Resident().Reveal()) {
		return nil, field("certificate.number", "CERT_NUMBER_MISMATCH", "残疾人证号前18位与身份证号不一致", "the first 18 characters are not the person's ID number")
	}
	card := &casefile.Certificate{ID: d.NewID(), Version: 1, PersonID: file.Person.ID, Number: number, Category: in.Category, Level: in.Level,
		Components: in.Components, IssuedOn: in.IssuedOn, ExpiresOn: in.ExpiresOn}
	if raw := idnum.Normalize(in.Number); raw != number.Reveal() {
		card.RawNumber = raw
	}
	if card.ExpiresOn.IsZero() {
		card.ExpiresOn = casefile.DefaultExpiry(card.IssuedOn)
	}
	if card.ExpiresOn.Before(card.IssuedOn) || card.IssuedOn.After(d.today()) {
		return nil, field("certificate.issued_on", "CERTIFICATE_DATES", "残疾人证日期不合理", "the certificate's dates do not fit")
	}
	if card.IssuedOn.Before(file.Person.BirthDate) {
		return nil, field("certificate.issued_on", "BEFORE_BIRTH", "发证日期早于出生日期", "the certificate was issued before its holder was born")
	}
	return card, checkComponents(*card)
}

// carries reports whether the person has this number now or had it before a correction.
func carries(file casefile.File, number string) bool {
	return file.Person.IDNumber.Reveal() == number ||
		slices.ContainsFunc(file.Aliases, func(a casefile.Alias) bool { return a.Value == number })
}

// checkComponents wants at least two disabilities behind category 7, and the level of the most severe (GB/T 26341-2010).
func checkComponents(card casefile.Certificate) error {
	if len(card.Components) == 0 {
		return nil
	}
	most := slices.MinFunc(card.Components, func(a, b casefile.Component) int { return a.Level - b.Level })
	if most.Level != card.Level || card.Category == 7 && len(card.Components) < 2 {
		return field("certificate.components", "COMPONENT_LEVEL", "多重残疾须有两类以上，等级取最重者", "a multiple disability has two components or more, and the level of the most severe")
	}
	return nil
}

// issue writes a new card and the event that made it.
func (d *Desk) issue(ctx context.Context, tx *store.Tx, card casefile.Certificate, event string) error {
	if err := tx.InsertCertificates(ctx, card); err != nil {
		return err
	}
	made := casefile.CertificateEvent{ID: d.NewID(), CertificateID: card.ID, PersonID: card.PersonID, Event: event, On: card.IssuedOn}
	emitCard(tx, card.ID, made)
	return tx.InsertEvents(ctx, made)
}

// AddCertificate gives a first card, or a new one after the old was cancelled or ran out. The person stays the same.
func (d *Desk) AddCertificate(ctx context.Context, who access.Actor, person uuid.UUID, in NewCertificate) (dossier store.Dossier, card casefile.Certificate, err error) {
	err = d.write(ctx, who, "certificate.add", func(tx *store.Tx) error {
		old, err := tx.LockDossier(ctx, person)
		if err != nil {
			return err
		}
		checked, err := d.checkedCard(old.File, &in)
		if err != nil {
			return err
		}
		card = *checked
		if held, ok := old.File.Current(card.IssuedOn); ok {
			if err := replace(ctx, tx, old.File, held, card); err != nil {
				return err
			}
		}
		if err := d.issue(ctx, tx, card, "FIRST_ISSUE"); err != nil {
			return err
		}
		p := old.File.Person
		p.RecordType, p.UpdatedAt = casefile.Certified, tx.Now
		if err := tx.UpdatePersons(ctx, p); err != nil {
			return err
		}
		emitUpdate(tx, old.File.Person, p)
		dossier, err = d.saved(ctx, tx, person)
		return err
	})
	return dossier, card, err
}

// replace lets a first card follow one that has run out or was cancelled.
func replace(ctx context.Context, tx *store.Tx, file casefile.File, held, card casefile.Certificate) error {
	switch status := file.StatusOn(held, card.IssuedOn); {
	case status.Valid():
		return fault.New(fault.Conflict, "CERTIFICATE_HELD", "已持有有效残疾人证，请登记换领、补办或变更", "the person holds a valid certificate; record a renewal, reissue or change")
	case status == casefile.Frozen:
		return wrongStatus(status)
	}
	held.HeldTo = card.IssuedOn.Add(-1)
	return tx.EndCertificates(ctx, held)
}

// NewEvent is what happened to a card.
type NewEvent struct {
	Event        string
	On           calendar.Date
	Reason       string
	CancelReason string
	Certificate  *NewCertificate // of an event that makes a new card
}

// CardEvents are what may happen to a card that there is.
var CardEvents = []string{"RENEW", "REPLACE_DAMAGED", "REISSUE_LOST", "CHANGE", "REASSESS", "MIGRATE_OUT", "MIGRATE_IN", "FREEZE", "UNFREEZE", "CANCEL"}

// makesNewCard are the events after which the person holds another card.
var makesNewCard = []string{"RENEW", "REPLACE_DAMAGED", "REISSUE_LOST", "CHANGE"}

// MakesNewCard reports whether the person holds another card after an event.
func MakesNewCard(event string) bool { return slices.Contains(makesNewCard, event) }

// EventsNow are the events that may happen to a card as it is today.
func (d *Desk) EventsNow(file casefile.File, card casefile.Certificate) (list []string) {
	if !card.HeldTo.IsZero() {
		return nil
	}
	status := file.StatusOn(card, d.today())
	for _, event := range CardEvents {
		if allowed, limited := mayFollow[event]; !limited || slices.Contains(allowed, status) {
			list = append(list, event)
		}
	}
	return list
}

// mayFollow names, for events that need it, the statuses of the card at which they may happen.
var mayFollow = map[string][]casefile.CertificateStatus{
	"FREEZE":   {casefile.Active, casefile.Reassessing, casefile.Migrating, casefile.Expired},
	"UNFREEZE": {casefile.Frozen}, "MIGRATE_IN": {casefile.Migrating},
	"REASSESS": {casefile.Active}, "MIGRATE_OUT": {casefile.Active},
	"CANCEL": {casefile.Active, casefile.Reassessing, casefile.Migrating, casefile.Expired, casefile.Frozen},
	// a cancelled card is followed by a first one alone, on an application; a frozen one is looked at again and not just replaced
	"RENEW":           {casefile.Active, casefile.Reassessing, casefile.Migrating, casefile.Expired, casefile.Frozen},
	"CHANGE":          {casefile.Active, casefile.Reassessing, casefile.Migrating, casefile.Expired, casefile.Frozen},
	"REPLACE_DAMAGED": {casefile.Active, casefile.Reassessing, casefile.Migrating, casefile.Expired},
	"REISSUE_LOST":    {casefile.Active, casefile.Reassessing, casefile.Migrating, casefile.Expired},
}

// EventResult is what an event left behind.
type EventResult struct {
	Dossier     store.Dossier
	Event       casefile.CertificateEvent
	Certificate casefile.Certificate
	Next        *casefile.Certificate
}

// AddEvent records what happened to a card. An event that makes a new card ends the old one the day before.
func (d *Desk) AddEvent(ctx context.Context, who access.Actor, id uuid.UUID, version int, in NewEvent) (out EventResult, err error) {
	err = d.write(ctx, who, "certificate.event", func(tx *store.Tx) error {
		old, err := tx.LockPersonOf(ctx, "certificate", id)
		if err != nil {
			return err
		}
		card := old.File.Certificates[slices.IndexFunc(old.File.Certificates, func(c casefile.Certificate) bool { return c.ID == id })]
		if err := d.checkEvent(old.File, card, version, in); err != nil {
			return err
		}
		if out.Next, err = d.checkedCard(old.File, in.Certificate); err != nil {
			return err
		}
		out.Event = casefile.CertificateEvent{ID: d.NewID(), CertificateID: id, PersonID: card.PersonID, Event: in.Event, On: in.On,
			Reason: in.Reason, CancelReason: in.CancelReason, RecordedAt: tx.Now}
		if err := tx.InsertEvents(ctx, out.Event); err != nil {
			return err
		}
		held := id
		if out.Next == nil {
			err = tx.TouchCertificate(ctx, id, version)
		} else {
			held, err = out.Next.ID, d.follow(ctx, tx, card, *out.Next)
		}
		if err != nil {
			return err
		}
		emitCard(tx, held, out.Event)
		out.Dossier, err = d.saved(ctx, tx, card.PersonID)
		return err
	})
	for _, c := range out.Dossier.File.Certificates {
		if c.ID == id {
			out.Certificate = c
		}
	}
	return out, err
}

// EventTakenBack is the event of a card that may be taken back: the last that an officer entered for the card held now, unless it brought
// another card.
func EventTakenBack(file casefile.File, card casefile.Certificate) (last casefile.CertificateEvent, ok bool) {
	if !card.HeldTo.IsZero() {
		return last, false
	}
	for _, e := range file.Events {
		if e.CertificateID == card.ID && (e.On.After(last.On) || e.On == last.On && !e.RecordedAt.Before(last.RecordedAt)) {
			last = e
		}
	}
	return last, last.ID != uuid.Nil && !last.ByList && slices.Contains(CardEvents, last.Event) && !MakesNewCard(last.Event)
}

var errNotTakenBack = fault.New(fault.Conflict, "NOT_THE_LAST_EVENT", "只能撤销现持残疾人证最后一次手工登记的变动；名单带来的随名单撤销，换证的不能撤销",
	"only what was written last by hand of the card that is held is taken back; what a list has brought goes with it, and another card stays")

// TakeBackEvent takes back what was recorded of a card by mistake, as if it had not happened: a right that ended with it goes on. What the service said
// until then stays known.
func (d *Desk) TakeBackEvent(ctx context.Context, who access.Actor, id, event uuid.UUID, version int, reason string) (file casefile.File, card casefile.Certificate, err error) {
	if reason = strings.TrimSpace(reason); reason == "" {
		return file, card, noReason
	}
	of := func(file casefile.File) casefile.Certificate {
		return file.Certificates[slices.IndexFunc(file.Certificates, func(c casefile.Certificate) bool { return c.ID == id })]
	}
	err = d.write(ctx, who, "certificate.take_back", func(tx *store.Tx) error {
		old, err := tx.LockPersonOf(ctx, "certificate", id)
		if err != nil {
			return err
		}
		if card = of(old.File); card.Version != version {
			return stale(card.Version, version)
		}
		if !slices.ContainsFunc(old.File.Events, func(e casefile.CertificateEvent) bool { return e.ID == event && e.CertificateID == id }) {
			return store.NotFound
		}
		last, ok := EventTakenBack(old.File, card)
		if !ok || last.ID != event {
			return errNotTakenBack
		}
		if err := tx.TakeBackCards(ctx, nil, []casefile.CertificateEvent{last}); err != nil {
			return err
		}
		if err := tx.TouchCertificate(ctx, id, version); err != nil {
			return err
		}
		emitCard(tx, id, casefile.CertificateEvent{PersonID: card.PersonID, Event: takenBackEvent})
		dossier, err := d.saved(ctx, tx, card.PersonID)
		if err != nil {
			return err
		}
		file, card = dossier.File, of(dossier.File)
		return tx.Describe(ctx, card.PersonID, map[string]any{"reason": reason, "event": last.Event, "on": last.On.String()})
	})
	return file, card, err
}

func (d *Desk) follow(ctx context.Context, tx *store.Tx, old, next casefile.Certificate) error {
	old.HeldTo = next.IssuedOn.Add(-1)
	if err := tx.EndCertificates(ctx, old); err != nil {
		return err
	}
	return tx.InsertCertificates(ctx, next)
}

func (d *Desk) checkEvent(file casefile.File, card casefile.Certificate, version int, in NewEvent) error {
	if err := stale(card.Version, version); err != nil {
		return err
	}
	switch {
	case in.On.After(d.today()):
		return field("on", "DATE_IN_FUTURE", "发生日期不能晚于今天", "the date is after today")
	case in.On.Before(card.IssuedOn):
		return field("on", "BEFORE_ISSUE", "发生日期早于发证日期", "the date is before the card was issued")
	case !card.HeldTo.IsZero():
		return wrongStatus(casefile.Replaced)
	case (in.Certificate != nil) != MakesNewCard(in.Event):
		return field("certificate", "CERTIFICATE_REQUIRED", "换领、补办、变更须填写新证，其他事件不得填写", "a new certificate goes with renewal, reissue and change, and with nothing else")
	case (in.CancelReason != "") != (in.Event == "CANCEL"):
		return field("cancel_reason", "CANCEL_REASON_REQUIRED", "注销须说明原因", "a cancellation, and only that, needs a cancel_reason")
	case in.Certificate != nil && !in.Certificate.IssuedOn.After(card.IssuedOn):
		return field("certificate.issued_on", "CERTIFICATE_DATES", "新证发证日期须晚于旧证", "the new card is issued after the old one")
	}
	status := file.StatusOn(card, in.On)
	if today := file.StatusOn(card, d.today()); MakesNewCard(in.Event) && (today == casefile.Cancelled || today == casefile.Frozen) {
		status = today // also for an event dated before it: a new card of that day would undo the cancellation or freezing
	}
	if allowed, limited := mayFollow[in.Event]; limited && !slices.Contains(allowed, status) {
		return wrongStatus(status)
	}
	return nil
}

func wrongStatus(status casefile.CertificateStatus) error {
	return fault.New(fault.Conflict, "WRONG_STATUS", "残疾人证当前状态（"+status.ZH()+"）不能进行此操作", "the certificate is "+string(status)+"; this cannot happen to it now")
}
