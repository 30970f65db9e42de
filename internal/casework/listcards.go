package casework

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/exchange"
	"zhucan/internal/idnum"
	"zhucan/internal/statement"
	"zhucan/internal/store"
)

// What lists say of cards: that one was issued, and in which state one is. Both are statements like any other; what follows from them
// are cards and events instead of circumstances, beside those that officers have written and never in their place.
//
// The sort of a card is its number without the person's: "42", "42B1". That of a state is the card and the state: "42:FROZEN".
const (
	factCard      = "certificate"
	factCardState = "certificate_state"
)

func ofCards(kind string) bool { return kind == factCard || kind == factCardState }

// cardSort is a card's number without the person's.
func cardSort(n idnum.Certificate) string { return n.Reveal()[len(n.Resident().Reveal()):] }

// cardSays reads a row of the certificate base: the card, where it says when that was issued or runs out, and its state.
func cardSays(r exchange.ListRow, asOf calendar.Date, file casefile.File) (says []said, wrong *wrongCell) {
	number := r.Certificate("certificate")
	if number.IsZero() {
		held, ok := file.Current(asOf)
		if !ok {
			return nil, &wrongCell{"certificate", "REQUIRED", "本人没有在册的残疾人证，请补上残疾证号", "no certificate of the person is known; give its number"}
		}
		number = held.Number
	}
	if !carries(file, number.Resident().Reveal()) {
		return nil, &wrongCell{"certificate", "CERT_NUMBER_MISMATCH", "残疾人证号前18位与身份证号不一致", "the first 18 characters are not the person's ID number"}
	}
	card, wrong := cardIn(r, file, cardSort(number))
	if wrong != nil {
		return nil, wrong
	}
	if card != nil {
		says = append(says, said{factCard, *card})
	}
	state, wrong := stateIn(r, asOf, file, number)
	return append(says, state...), wrong
}

// cardIn is the card of a row; nil where it is known and the row says no day of it.
func cardIn(r exchange.ListRow, file casefile.File, sort string) (*statement.Statement, *wrongCell) {
	issued, expires := r.Date("issued_on"), r.Date("expires_on")
	if !issued.IsZero() && issued.Before(file.Person.BirthDate) {
		return nil, &wrongCell{"issued_on", "BEFORE_BIRTH", "发证日期早于出生日期", "the certificate was issued before its holder was born"}
	}
	known := slices.DeleteFunc(slices.Clone(file.Certificates), func(c casefile.Certificate) bool { return cardSort(c.Number) != sort })
	if issued.IsZero() && !expires.IsZero() {
		issued = expires.Add(1).AddYears(-casefile.CertificateYears)
		for _, c := range known {
			if near(c.ExpiresOn, expires) {
				issued = c.IssuedOn
			}
		}
	}
	switch {
	case issued.IsZero() && (len(known) > 0 || r.Text("sort") == "REPLACED"):
		return nil, nil
	case issued.IsZero():
		return nil, &wrongCell{"issued_on", "REQUIRED", "此证不在册，须填发证日期或有效期", "this certificate is not known; say when it was issued or runs out"}
	case expires.IsZero():
		expires = casefile.DefaultExpiry(issued)
	case expires.Before(issued):
		return nil, &wrongCell{"expires_on", "CERTIFICATE_DATES", "有效期早于发证日期", "it runs out before it was issued"}
	}
	for _, c := range file.Certificates {
		switch {
		case c.IssuedOn != issued || c.ByList:
		case cardSort(c.Number) != sort || !near(c.ExpiresOn, expires):
			return nil, &wrongCell{"issued_on", "CONTRADICTS_RECORD", "与经办人登记的同日发证的残疾人证不一致，请核实", "an officer has recorded another certificate of that day, or another end of it"}
		default:
			expires = c.ExpiresOn
		}
	}
	return &statement.Statement{Says: statement.Holds, Sort: sort, From: issued, To: expires, AsOf: issued}, nil
}

// near reports whether two days are the same or neighbours: offices count the last day of ten years in two ways.
func near(a, b calendar.Date) bool { return a == b || a == b.Add(1) || b == a.Add(1) }

// stateIn is the state that a row says of a card. That it is in order ends whatever lists have said otherwise; against an officer's own
// record it says nothing.
func stateIn(r exchange.ListRow, asOf calendar.Date, file casefile.File, number idnum.Certificate) ([]said, *wrongCell) {
	key, state, on := cardSort(number)+":", r.Text("sort"), firstOf(r, asOf, "on")
	switch state {
	case "REPLACED":
		if held, ok := file.Current(asOf); ok && held.Number == number {
			return nil, &wrongCell{"sort", "NEW_CARD_MISSING", "名单称此证已换发，但册内没有新证，请报送新证", "the list says that the certificate was replaced; the new one is not known"}
		}
		return nil, nil
	case "CANCELLED":
		reason := r.Text("reason")
		if reason == "" {
			return nil, &wrongCell{"reason", "CANCEL_REASON_REQUIRED", "注销须说明原因", "a cancellation needs a reason"}
		}
		state += "_" + reason
	case "ACTIVE":
		for _, c := range file.Certificates {
			if s := byHand(file).StatusOn(c, asOf); c.Number == number && (s == casefile.Frozen || s == casefile.Cancelled) {
				return nil, &wrongCell{"sort", "CONTRADICTS_RECORD", "经办人已登记此证冻结或注销，请核实后更正登记", "an officer has recorded that it is frozen or cancelled; correct one of the two"}
			}
		}
		return []said{{factCardState, statement.Statement{Says: statement.Ended, Sort: key, From: on.Add(-1), AsOf: asOf}},
			{factCardState, statement.Statement{Says: statement.Absent, Sort: key, AsOf: asOf}}}, nil
	}
	return []said{{factCardState, statement.Statement{Says: statement.Holds, Sort: key + state, From: on, AsOf: asOf}}}, nil
}

// byHand is a file with the cards of which nothing is known but what officers have written.
func byHand(file casefile.File) casefile.File {
	file.Events = slices.DeleteFunc(slices.Clone(file.Events), func(e casefile.CertificateEvent) bool { return e.ByList })
	return file
}

// foldStates are the states of each card that all statements give.
func foldStates(list []store.Statement) map[string][]statement.Fact {
	byCard := map[string][]statement.Statement{}
	for _, s := range list {
		card, state, _ := strings.Cut(s.Sort, ":")
		s.Sort = state
		byCard[card] = append(byCard[card], s.Statement)
	}
	states := map[string][]statement.Fact{}
	for card, said := range byCard {
		states[card] = statement.Fold(said)
	}
	return states
}

// shownStates are these states in one list.
func shownStates(list []store.Statement) (facts []statement.Fact) {
	for card, states := range foldStates(list) {
		for _, f := range states {
			facts = append(facts, statement.Fact{Sort: card + ":" + f.Sort, Days: f.Days})
		}
	}
	slices.SortFunc(facts, func(a, b statement.Fact) int {
		return cmp.Or(a.Days.From.Compare(b.Days.From), cmp.Compare(a.Sort, b.Sort))
	})
	return facts
}

// shownCards are the cards of a file with the days on which they are valid.
func shownCards(file casefile.File) (facts []statement.Fact) {
	for _, c := range file.Certificates {
		facts = append(facts, statement.Fact{Sort: cardSort(c.Number), Days: calendar.Interval{From: c.IssuedOn, To: c.ExpiresOn}})
	}
	return facts
}

// cardChange is what lists change of somebody's cards.
type cardChange struct {
	gone       []casefile.Certificate
	goneEvents []casefile.CertificateEvent
	held       []casefile.Certificate // held until another day than before
	insert     []casefile.Certificate
	events     []casefile.CertificateEvent
}

func (c cardChange) empty() bool {
	return len(c.gone)+len(c.goneEvents)+len(c.held)+len(c.insert)+len(c.events) == 0
}

// add joins what two changes do, the second after the first: what of the first the second takes away was never written.
func (c *cardChange) add(o cardChange) {
	for _, e := range o.goneEvents {
		if i := slices.IndexFunc(c.events, func(p casefile.CertificateEvent) bool { return p.ID == e.ID }); i >= 0 {
			c.events = slices.Delete(c.events, i, i+1)
			continue
		}
		c.goneEvents = append(c.goneEvents, e)
	}
	for _, g := range o.gone {
		if i := slices.IndexFunc(c.insert, func(n casefile.Certificate) bool { return n.ID == g.ID }); i >= 0 {
			c.insert = slices.Concat(c.insert[:i], c.insert[i+1:])
			continue
		}
		c.gone = append(c.gone, g)
	}
	for _, h := range o.held {
		if i := slices.IndexFunc(c.insert, func(n casefile.Certificate) bool { return n.ID == h.ID }); i >= 0 {
			c.insert = slices.Clone(c.insert)
			c.insert[i].HeldTo = h.HeldTo
			continue
		}
		if i := slices.IndexFunc(c.held, func(n casefile.Certificate) bool { return n.ID == h.ID }); i >= 0 {
			c.held = slices.Concat(c.held[:i], c.held[i+1:])
		}
		c.held = append(c.held, h)
	}
	c.insert, c.events = append(c.insert, o.insert...), append(c.events, o.events...)
}

// about is the card that an event is about for partners: the new one, where it made one.
func (c cardChange) about(e casefile.CertificateEvent) uuid.UUID {
	for _, card := range c.insert {
		if card.PersonID == e.PersonID && card.IssuedOn == e.On && slices.Contains(append(makesNewCard, "FIRST_ISSUE"), e.Event) {
			return card.ID
		}
	}
	return e.CertificateID
}

// applied is the file with the change carried out.
func (c cardChange) applied(file casefile.File) casefile.File {
	if c.empty() {
		return file
	}
	cards := slices.DeleteFunc(slices.Clone(file.Certificates), func(o casefile.Certificate) bool { return hasCard(c.gone, o.ID) })
	for i := range cards {
		for _, h := range c.held {
			if h.ID == cards[i].ID {
				cards[i].HeldTo = h.HeldTo
			}
		}
	}
	cards = append(cards, c.insert...)
	slices.SortStableFunc(cards, func(a, b casefile.Certificate) int { return a.IssuedOn.Compare(b.IssuedOn) })
	events := slices.DeleteFunc(slices.Clone(file.Events), func(e casefile.CertificateEvent) bool {
		return slices.ContainsFunc(c.goneEvents, func(g casefile.CertificateEvent) bool { return g.ID == e.ID })
	})
	events = append(events, c.events...)
	slices.SortStableFunc(events, func(a, b casefile.CertificateEvent) int { return a.On.Compare(b.On) })
	file.Certificates, file.Events = cards, events
	return file
}

func hasCard(list []casefile.Certificate, id uuid.UUID) bool {
	return slices.ContainsFunc(list, func(c casefile.Certificate) bool { return c.ID == id })
}

// rewriteCards is what has to change so that, of all that lists say of cards, these statements and no others hold.
func (h heard) rewriteCards(cards, states []store.Statement, newID func() uuid.UUID) (r rewriting) {
	file := h.dossier.File
	wanted := h.wantedCards(cards)
	var timeline []casefile.Certificate
	for _, c := range file.Certificates {
		if c.ByList && !slices.ContainsFunc(wanted, func(w casefile.Certificate) bool { return sameCard(c, w) }) && !builtUpon(file, c) {
			r.cards.gone = append(r.cards.gone, c)
			continue
		}
		timeline = append(timeline, c)
	}
	for _, w := range wanted {
		if slices.ContainsFunc(timeline, func(c casefile.Certificate) bool { return c.IssuedOn == w.IssuedOn }) {
			continue
		}
		w.ID = newID()
		r.cards.insert, timeline = append(r.cards.insert, w), append(timeline, w)
	}
	slices.SortStableFunc(timeline, func(a, b casefile.Certificate) int { return a.IssuedOn.Compare(b.IssuedOn) })
	r.cards.follow(timeline)
	r.cards.happen(file, append(makings(timeline), happenings(timeline, foldStates(states))...), newID)
	if p := file.Person; len(r.cards.insert) > 0 && p.RecordType != casefile.Certified && p.RecordType != casefile.HistoricalPerson {
		now := p
		now.RecordType = casefile.Certified
		r.moved = []movedPerson{{p, now}}
	}
	return r
}

// wantedCards are the cards that lists bring: one a day of issue, by the latest word; where an officer has written one of that day, none.
func (h heard) wantedCards(said []store.Statement) (list []casefile.Certificate) {
	said = slices.Clone(said)
	slices.SortFunc(said, func(a, b store.Statement) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(b.Sort, a.Sort), b.To.Compare(a.To))
	})
	file := h.dossier.File
	for _, s := range said {
		taken := func(c casefile.Certificate) bool { return c.IssuedOn == s.From }
		if slices.ContainsFunc(list, taken) || slices.ContainsFunc(file.Certificates, func(c casefile.Certificate) bool { return !c.ByList && taken(c) }) {
			continue
		}
		number := h.card
		if number.IsZero() || cardSort(number) != s.Sort {
			var err error
			if number, err = idnum.ParseCertificate(file.Person.IDNumber.Reveal()+s.Sort, s.From.AddYears(200)); err != nil {
				continue // there is no ID number any more that a card could bear
			}
		}
		list = append(list, casefile.Certificate{Version: 1, PersonID: file.Person.ID, Number: number, Category: number.Category(), Level: number.Level(),
			IssuedOn: s.From, ExpiresOn: s.To, ByList: true})
	}
	return list
}

// builtUpon reports whether an officer has gone on with a card that a list brought: by an event, or a card that followed it.
func builtUpon(file casefile.File, c casefile.Certificate) bool {
	return slices.ContainsFunc(file.Events, func(e casefile.CertificateEvent) bool { return e.CertificateID == c.ID && !e.ByList }) ||
		slices.ContainsFunc(file.Certificates, func(o casefile.Certificate) bool {
			return !o.ByList && o.IssuedOn.After(c.IssuedOn) && o.RecordedAt.After(c.RecordedAt)
		})
}

// follow ends each card on the day before the next one, where a card came or went.
func (c *cardChange) follow(timeline []casefile.Certificate) {
	for i := range timeline {
		card, last := &timeline[i], timeline[i].HeldTo
		var next calendar.Date
		if i+1 < len(timeline) {
			next = timeline[i+1].IssuedOn
		}
		followed := slices.ContainsFunc(c.gone, func(g casefile.Certificate) bool { return last == g.IssuedOn.Add(-1) })
		switch {
		case !next.IsZero() && (last.IsZero() || !last.Before(next) || followed):
			last = next.Add(-1)
		case next.IsZero() && followed:
			last = calendar.Date{}
		}
		if last == card.HeldTo {
			continue
		}
		card.HeldTo = last
		if j := slices.IndexFunc(c.insert, func(n casefile.Certificate) bool { return n.ID == card.ID }); j >= 0 {
			c.insert[j].HeldTo = last
		} else {
			c.held = append(c.held, *card)
		}
	}
}

// makings are the events by which cards that lists brought came about; where there was a card before, they are events of that card.
func makings(timeline []casefile.Certificate) (events []casefile.CertificateEvent) {
	for i, c := range timeline {
		if !c.ByList {
			continue
		}
		e := casefile.CertificateEvent{CertificateID: c.ID, PersonID: c.PersonID, Event: madeBy(nil, c), On: c.IssuedOn}
		if i > 0 {
			e.CertificateID, e.Event = timeline[i-1].ID, madeBy(&timeline[i-1], c)
		}
		events = append(events, e)
	}
	return events
}

// madeBy is the event by which a card came about, as far as the card before it tells.
func madeBy(before *casefile.Certificate, c casefile.Certificate) string {
	switch {
	case before == nil:
		return "FIRST_ISSUE"
	case before.Number == c.Number:
		return "RENEW"
	case before.Category == c.Category && before.Level == c.Level:
		return "REISSUE_LOST"
	}
	return "CHANGE"
}

// happenings are the events of cards that states on days come from.
func happenings(timeline []casefile.Certificate, states map[string][]statement.Fact) (events []casefile.CertificateEvent) {
	for key, facts := range states {
		for i, f := range facts {
			next := statement.Fact{}
			if i+1 < len(facts) {
				next = facts[i+1]
			}
			events = append(events, happening(timeline, key, f, next)...)
		}
	}
	return events
}

// begins and ends are the events by which a card comes into a state and out of it again. A cancellation that has ended was none.
var (
	stateBegins = map[string]string{"FROZEN": "FREEZE", "EXPIRED": "FREEZE", "CANCELLED": "CANCEL", "REASSESSING": "REASSESS", "MIGRATING": "MIGRATE_OUT"}
	stateEnds   = map[string]string{"FROZEN": "UNFREEZE", "EXPIRED": "UNFREEZE", "CANCELLED": "UNFREEZE", "REASSESSING": "UNFREEZE", "MIGRATING": "MIGRATE_IN"}
)

func happening(timeline []casefile.Certificate, key string, f, next statement.Fact) (events []casefile.CertificateEvent) {
	state, reason, _ := strings.Cut(f.Sort, "_")
	add := func(event, why, cancel string, on calendar.Date) {
		if c, ok := cardOn(timeline, key, on); ok {
			events = append(events, casefile.CertificateEvent{CertificateID: c.ID, PersonID: c.PersonID, Event: event, On: on, Reason: why, CancelReason: cancel})
		}
	}
	ended := !f.Days.To.IsZero()
	if c, ok := cardOn(timeline, key, f.Days.From); state == "EXPIRED" && ok && c.ExpiresOn.Before(f.Days.From) {
		return nil // it ran out by itself
	}
	switch {
	case state == "CANCELLED" && !ended:
		add("CANCEL", "", reason, f.Days.From)
	case state == "CANCELLED":
		add("FREEZE", reason, "", f.Days.From)
	default:
		add(stateBegins[state], reasonOf[state], "", f.Days.From)
	}
	if after := f.Days.To.Add(1); ended && next.Days.From != after {
		add(stateEnds[state], "", "", after)
	}
	return events
}

// reasonOf says of an event why, where the state does.
var reasonOf = map[string]string{"EXPIRED": "期满未换"}

// cardOn is the card of a number that was held on a day.
func cardOn(timeline []casefile.Certificate, key string, on calendar.Date) (casefile.Certificate, bool) {
	for _, c := range slices.Backward(timeline) {
		if cardSort(c.Number) == key && (calendar.Interval{From: c.IssuedOn, To: c.HeldTo}).Contains(on) {
			return c, true
		}
	}
	return casefile.Certificate{}, false
}

// happen makes the events that lists give those of a target. What is there already stays.
func (c *cardChange) happen(file casefile.File, target []casefile.CertificateEvent, newID func() uuid.UUID) {
	same := func(a, b casefile.CertificateEvent) bool {
		return a.CertificateID == b.CertificateID && a.Event == b.Event && a.On == b.On && a.CancelReason == b.CancelReason
	}
	for _, e := range file.Events {
		i := slices.IndexFunc(target, func(t casefile.CertificateEvent) bool { return same(e, t) })
		switch {
		case i >= 0:
			target = slices.Delete(target, i, i+1) // written already, by whomever
		case e.ByList:
			c.goneEvents = append(c.goneEvents, e)
		}
	}
	for _, e := range target {
		e.ID, e.ByList = newID(), true
		c.events = append(c.events, e)
	}
}

// stays are the cards that a list brought and that stay although it is taken back, because an officer has gone on with them.
func (h heard) stays(said []store.Statement, r rewriting) (kept []store.Refusal) {
	if h.kind != factCard {
		return nil
	}
	rest := without(h.active, said)
	for _, s := range said {
		says := func(o store.Statement) bool { return o.Sort == s.Sort && o.From == s.From }
		if s.PersonID != h.dossier.File.Person.ID || slices.ContainsFunc(rest, says) {
			continue
		}
		for _, c := range h.dossier.File.Certificates {
			if c.ByList && c.IssuedOn == s.From && cardSort(c.Number) == s.Sort && !hasCard(r.cards.gone, c.ID) {
				kept = append(kept, store.Refusal{Row: s.Row, Code: workedOnSince, ZH: "此证之后经办人又有登记，予以保留", EN: "an officer has gone on with this certificate since; it stays"})
			}
		}
	}
	return kept
}

// workedOnSince is why something stays that a list brought.
const workedOnSince = "WORKED_ON_SINCE"

// open makes a file for each row that names somebody who is not on the register, where the row says enough: name, ID number, the village
// of the hukou, and a valid card. The other rows are refused.
func (l *listRun) open(ctx context.Context, unknown []saidRow, found map[int]uuid.UUID) error {
	opened := map[string]uuid.UUID{}
	var numbers []string
	for _, r := range unknown {
		numbers = append(numbers, r.ID.Reveal())
	}
	elsewhere, err := takenElsewhere(ctx, l.tx, numbers)
	if err != nil {
		return err
	}
	for _, r := range unknown {
		if !r.ID.IsZero() && elsewhere[r.ID.Reveal()] {
			l.refuse(r.Row, l.list.Place("id"), "PERSON_EXISTS", existsElsewhere[0], existsElsewhere[1])
			continue
		}
		if person, again := opened[r.ID.Reveal()]; again {
			found[r.Row] = person
			continue
		}
		at, ok := l.places.Village(r.in.Text("village"), r.in.Text("town"))
		if !ok || r.Name == "" || r.ID.IsZero() || r.Certificate.IsZero() || r.in.Text("sort") != "ACTIVE" {
			l.refuse(r.Row, "", "NOT_IN_REGISTER", "本辖区残疾人档案中没有此人，且名单信息不足以建档（需姓名、证号、户籍村居、有效证件）",
				"nobody in the register of this area has this number, and the row does not say enough to open a file: name, number, village of hukou, a valid certificate")
			continue
		}
		if !l.done.Area.Contains(at) {
			l.refuse(r.Row, l.list.Place("village"), "OUTSIDE_AREA", "超出本人管辖区域", "outside your area")
			continue
		}
		p := l.newPerson(r, at)
		if _, wrong := cardSays(r.in, l.done.AsOf, casefile.File{Person: p}); wrong != nil {
			l.wrong(r.Row, wrong)
			continue
		}
		opened[r.ID.Reveal()] = p.ID
		if l.done.DryRun {
			l.done.New++ // there is no file yet that a change could be shown of
			continue
		}
		if err := l.register(ctx, p); err != nil {
			return err
		}
		found[r.Row], l.fresh[p.ID] = p.ID, true
	}
	return nil
}

func (l *listRun) newPerson(r saidRow, at area.Code) casefile.Person {
	now := l.desk.Now()
	return casefile.Person{ID: l.desk.NewID(), Version: 1, RecordType: casefile.Certified, Name: r.Name, IDNumber: r.ID, Sex: r.ID.Sex(), BirthDate: r.ID.BirthDate(),
		Hukou: at, Managing: at, CreatedAt: now, UpdatedAt: now}
}

// register writes somebody new. The card follows as any other.
func (l *listRun) register(ctx context.Context, p casefile.Person) error {
	if err := l.tx.InsertPersons(ctx, p); err != nil {
		return err
	}
	l.tx.Emit(ofPerson(personCreated, p.ID, p.ID, map[string]any{"record_type": string(p.RecordType)}))
	return l.tx.InsertCircumstances(ctx, l.desk.firstPlaces(p, nil)...)
}

// sameCard reports whether two are one card, as far as lists can say.
func sameCard(a, b casefile.Certificate) bool {
	return a.IssuedOn == b.IssuedOn && a.ExpiresOn == b.ExpiresOn && cardSort(a.Number) == cardSort(b.Number)
}
