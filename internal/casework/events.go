package casework

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/award"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/roster"
	"zhucan/internal/store"
)

// EventType is one kind of change that other departments hear of.
type EventType struct {
	Name   string
	ZH, EN string
	Data   []string // the members that its data may have beside the ids of whose it is; codes only
}

// The kinds of events. A right that ends by itself has none: it follows from the fact, the card or the death that ended it.
const (
	personCreated   = "person.created"
	personUpdated   = "person.updated"
	personMoved     = "person.moved"
	personLeft      = "person.left"
	personDied      = "person.died"
	personMerged    = "person.merged"
	personUnmerged  = "person.unmerged"
	cardIssued      = "certificate.issued"
	cardChanged     = "certificate.changed"
	cardFrozen      = "certificate.frozen"
	cardCancelled   = "certificate.cancelled"
	factRecorded    = "fact.recorded"
	factEnded       = "fact.ended"
	factCorrected   = "fact.corrected"
	decided         = "application.decided"
	awardBegun      = "award.begun"
	awardSuspended  = "award.suspended"
	awardResumed    = "award.resumed"
	awardEnded      = "award.ended"
	serviceCounted  = "service.counted"
	serviceGone     = "service.withdrawn"
	rosterClosed    = "roster.closed"
	releaseIsSealed = "release.sealed"
)

// EventTypes lists every kind of event. To add one, add a line, emit it below, and name it in the contract.
var EventTypes = []EventType{
	{personCreated, "人员建档", "somebody came into the register", []string{"record_type"}},
	{personUpdated, "人员信息变更", "a person's master data changed", []string{"changed"}},
	{personMoved, "人员迁移", "a person's place changed", []string{"places"}},
	{personLeft, "人员调出", "a person is managed elsewhere from now on; told where he was managed", nil},
	{personDied, "人员死亡", "a death was recorded; fact.corrected or fact.ended of this kind take it back", nil},
	{personMerged, "档案合并", "another file was merged into this one; what had its id has this one's now", []string{"merged_id"}},
	{personUnmerged, "撤销合并", "a merge was undone; fetch both files anew", []string{"merged_id"}},
	{cardIssued, "残疾人证核发", "a first certificate was issued", nil},
	{cardChanged, "残疾人证变更", "a certificate was renewed, replaced, changed, moved, reassessed or unfrozen", []string{"event"}},
	{cardFrozen, "残疾人证冻结", "a certificate was frozen", nil},
	{cardCancelled, "残疾人证注销", "a certificate was cancelled", []string{"cancel_reason"}},
	{factRecorded, "情况登记", "a dated fact was recorded", []string{"kind"}},
	{factEnded, "情况终止", "a dated fact was ended", []string{"kind"}},
	{factCorrected, "情况更正", "a dated fact was corrected", []string{"kind"}},
	{decided, "申请办结", "an application was approved or rejected for good", []string{"programme", "outcome"}},
	{awardBegun, "待遇开始", "a right to a benefit began", []string{"programme", "basis"}},
	{awardSuspended, "待遇暂停", "an officer suspended a right", []string{"programme"}},
	{awardResumed, "待遇恢复", "an officer resumed a right, or took back its end", []string{"programme"}},
	{awardEnded, "待遇终止", "an officer ended a right, or a new one took its place", []string{"programme", "void"}},
	{serviceCounted, "服务完成", "a step completed a service", []string{"kind", "counts"}},
	{serviceGone, "服务撤销", "a completed service went with the list that had brought it, or the step that completed it was taken back", []string{"kind", "counts"}},
	{rosterClosed, "花名册办结", "the bank has answered a roster in full", []string{"month", "programme"}},
	{releaseIsSealed, "指标发布", "indicator values were sealed", []string{"as_of", "public"}},
}

// ofPerson is an event about somebody. It stands where the person is managed once the transaction is done.
func ofPerson(kind string, subject, person uuid.UUID, data map[string]any) store.Event {
	return store.Event{Type: kind, Subject: subject, Person: person, Data: data}
}

// emitUpdate says what of a person changed, by the names of the members and not by what they are.
func emitUpdate(tx *store.Tx, old, now casefile.Person) {
	differs := func(names map[string]bool) (list []string) {
		for name, changed := range names {
			if changed {
				list = append(list, name)
			}
		}
		slices.Sort(list)
		return list
	}
	changed := differs(map[string]bool{"name": old.Name != now.Name, "phone": old.Phone != now.Phone, "hukou_type": old.HukouType != now.HukouType,
		"id_number": old.IDNumber != now.IDNumber || old.InvalidID != now.InvalidID, "guardian": orNone(old.Guardian) != orNone(now.Guardian),
		"record_type": old.RecordType != now.RecordType, "diagnosis": old.Diagnosis != now.Diagnosis, "birth_date": old.BirthDate != now.BirthDate, "sex": old.Sex != now.Sex})
	if len(changed) > 0 {
		tx.Emit(ofPerson(personUpdated, now.ID, now.ID, map[string]any{"changed": changed}))
	}
	places := differs(map[string]bool{"hukou_area_code": old.Hukou != now.Hukou, "residence_area_code": old.Residence != now.Residence,
		"managing_area_code": old.Managing != now.Managing})
	if len(places) > 0 {
		tx.Emit(ofPerson(personMoved, now.ID, now.ID, map[string]any{"places": places}))
	}
	if old.Managing != now.Managing {
		tx.Emit(store.Event{Type: personLeft, Subject: now.ID, Person: now.ID, Area: old.Managing})
	}
}

func orNone(g *casefile.Guardian) casefile.Guardian {
	if g == nil {
		return casefile.Guardian{}
	}
	return *g
}

// emitCard says what happened to a card; after an event that made a new one, the new one is what it is about.
func emitCard(tx *store.Tx, card uuid.UUID, e casefile.CertificateEvent) {
	kind, data := cardChanged, map[string]any{"event": e.Event}
	switch e.Event {
	case "FIRST_ISSUE":
		kind, data = cardIssued, nil
	case "FREEZE":
		kind, data = cardFrozen, nil
	case "CANCEL":
		kind, data = cardCancelled, map[string]any{"cancel_reason": e.CancelReason}
	}
	tx.Emit(ofPerson(kind, card, e.PersonID, data))
}

// emitFact says that a fact was recorded, ended or corrected. Places are not told as facts but as moves.
func emitFact(tx *store.Tx, kind string, fact casefile.Circumstance) {
	if of, _ := casefile.KindOf(fact.Kind); of.Place {
		return
	}
	tx.Emit(ofPerson(kind, fact.ID, fact.PersonID, map[string]any{"kind": fact.Kind}))
	if fact.Kind == "death" && kind == factRecorded && fact.Value.Answer == casefile.Yes {
		tx.Emit(ofPerson(personDied, fact.PersonID, fact.PersonID, nil))
	}
}

func emitHouseholdFact(tx *store.Tx, kind string, h casefile.Household, fact casefile.Circumstance) {
	tx.Emit(store.Event{Type: kind, Subject: fact.ID, Area: h.Area, Data: map[string]any{"kind": fact.Kind, "household_id": h.ID}})
}

// awardChanges are the events of what officers do to a right.
var awardChanges = map[string]string{"award.suspend": awardSuspended, "award.resume": awardResumed, "award.reinstate": awardResumed, "award.end": awardEnded, "award.void": awardEnded}

func emitAward(tx *store.Tx, kind string, a award.Award) {
	data := map[string]any{"programme": a.Programme}
	switch {
	case kind == awardBegun:
		data["basis"] = string(a.Basis)
	case a.Void:
		data["void"] = true
	}
	tx.Emit(ofPerson(kind, a.ID, a.PersonID, data))
}

// emitService tells of a step that completed something; the others are the office's own affair.
func emitService(tx *store.Tx, s care.Service, done care.Done) {
	emitCounts(tx, serviceCounted, s, done)
}

// emitVoided tells of a step that was taken back, if its completion was told.
func emitVoided(tx *store.Tx, s care.Service, done care.Done) { emitCounts(tx, serviceGone, s, done) }

func emitCounts(tx *store.Tx, kind string, s care.Service, done care.Done) {
	if len(done.Counts) == 0 {
		return
	}
	e := store.Event{Type: kind, Subject: s.ID, Person: s.PersonID, Area: area.Code(s.Area), Data: map[string]any{"kind": string(s.Kind), "counts": done.Counts}}
	if s.HouseholdID != uuid.Nil {
		e.Data["household_id"] = s.HouseholdID
	}
	tx.Emit(e)
}

// emitWithdrawn tells of services that go with their list, as far as they were told of.
func emitWithdrawn(tx *store.Tx, list []care.Service) {
	for _, s := range list {
		if !slices.ContainsFunc(s.Steps, func(d care.Done) bool { return len(d.Counts) > 0 }) {
			continue
		}
		e := store.Event{Type: serviceGone, Subject: s.ID, Person: s.PersonID, Area: area.Code(s.Area), Data: map[string]any{"kind": string(s.Kind)}}
		if s.HouseholdID != uuid.Nil {
			e.Data["household_id"] = s.HouseholdID
		}
		tx.Emit(e)
	}
}

func emitClosed(tx *store.Tx, r roster.Roster) {
	data := map[string]any{"month": r.Month.String()}
	if r.Programme != "" {
		data["programme"] = r.Programme
	}
	tx.Emit(store.Event{Type: rosterClosed, Subject: r.ID, Area: r.Area, Data: data})
}

// emitImport tells of everything that an import has written.
func emitImport(tx *store.Tx, c *change) {
	for _, d := range c.fresh {
		tx.Emit(ofPerson(personCreated, d.File.Person.ID, d.File.Person.ID, map[string]any{"record_type": string(d.File.Person.RecordType)}))
	}
	for _, p := range c.updated {
		emitUpdate(tx, c.before[p.ID], p)
	}
	for _, e := range c.events {
		emitCard(tx, e.CertificateID, e)
	}
	for _, fact := range c.facts {
		emitFact(tx, factRecorded, fact)
	}
	for _, a := range c.awards {
		emitAward(tx, awardBegun, a)
	}
	for _, s := range c.services {
		for _, done := range s.Steps {
			emitService(tx, s, done)
		}
	}
	for _, h := range c.homes {
		for _, fact := range h.Circumstances {
			emitHouseholdFact(tx, factRecorded, h.Household, fact)
		}
	}
}

// emitRewriting tells of what lists have changed: facts that are new or go on otherwise, and those that are no more.
func emitRewriting(tx *store.Tx, r rewriting) {
	type fact struct {
		person uuid.UUID
		kind   string
	}
	superseded, again := map[fact]bool{}, map[uuid.UUID]bool{}
	for _, old := range r.supersede {
		superseded[fact{old.PersonID, old.Kind}] = true
	}
	for _, fresh := range r.insert {
		kind := factRecorded
		if superseded[fact{fresh.PersonID, fresh.Kind}] {
			kind, again[fresh.PersonID] = factCorrected, true
		}
		emitFact(tx, kind, fresh)
	}
	for _, old := range r.supersede {
		if !again[old.PersonID] {
			emitFact(tx, factEnded, old)
		}
	}
}

// emitHomeRewriting tells of what lists have changed about a household.
func emitHomeRewriting(tx *store.Tx, h casefile.Household, r rewriting) {
	for _, fact := range r.insert {
		kind := factRecorded
		if len(r.supersede) > 0 {
			kind = factCorrected
		}
		emitHouseholdFact(tx, kind, h, fact)
	}
	if len(r.insert) > 0 {
		return
	}
	for _, old := range r.supersede {
		emitHouseholdFact(tx, factEnded, h, old)
	}
}

// emitCards tells of the cards that lists have changed. One that is taken back has changed, too: whoever kept it asks again.
func emitCards(tx *store.Tx, c cardChange) {
	for _, e := range c.events {
		emitCard(tx, c.about(e), e)
	}
	for _, card := range c.gone {
		emitCard(tx, card.ID, casefile.CertificateEvent{PersonID: card.PersonID, Event: takenBackEvent})
	}
	for _, e := range c.goneEvents {
		emitCard(tx, e.CertificateID, casefile.CertificateEvent{PersonID: e.PersonID, Event: takenBackEvent})
	}
}

// takenBackEvent is what partners hear when a list that said something of a card, or brought it, was taken back.
const takenBackEvent = "TAKEN_BACK"

// Changes is a page of events in order, and where to go on: behind everything that was looked at, also where nothing of it fits.
type Changes struct {
	Events []store.Event
	Cursor int64
	More   bool
}

var cursorAhead = fault.New(fault.Conflict, "CURSOR_AHEAD", "游标超前于现有数据（可能已从备份恢复），请重新全量读取", "the cursor is ahead of all that is there; the data was restored, begin again")

// ListChanges lists what has changed in an area since a cursor, in the order in which the changes became visible: who goes on from
// the cursor that he was given misses nothing.
func (d *Desk) ListChanges(ctx context.Context, who access.Actor, asked area.Code, kind string, after int64, limit int) (c Changes, err error) {
	in, err := InArea(who, asked)
	if err != nil {
		return c, err
	}
	f := store.EventFilter{After: after, Area: in, Limit: limit}
	if kind != "" {
		f.Types = []string{kind}
	}
	list, horizon, err := d.DB.Events(ctx, who, f)
	switch {
	case err != nil:
		return c, err
	case after > horizon && len(list) == 0:
		return c, cursorAhead
	}
	c = Changes{Events: list, Cursor: max(horizon, after), More: len(list) == limit}
	if n := len(list); n > 0 && (c.More || list[n-1].Seq > c.Cursor) {
		c.Cursor = list[n-1].Seq
	}
	return c, nil
}
