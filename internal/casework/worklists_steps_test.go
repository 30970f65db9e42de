package casework_test

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/recovery"
	"zhucan/internal/store"
)

// What only the worklists ask about, beside what happens to the indicators.
func (l *lived) happenings() (all []happening) {
	for _, h := range l.world.happenings() {
		if slices.Contains([]string{"enter", "learn", "amend", "card", "first card", "move", "grant", "award", "answer"}, h.name) { // the others touch homes and services
			all = append(all, h)
		}
	}
	for _, h := range []happening{{"account", 12, l.account}, {"another account", 5, l.anotherAccount}, {"roster", 14, l.pay}, {"twin", 2, l.twin}, {"untwin", 1, l.untwin}, {"look", 9, l.verify}, {"note", 3, l.note},
		{"visit", 8, l.visit}, {"settle up", 7, l.settleUp}, {"apply", 4, l.leaveOpen}, {"grant", 12, l.grant}, {"orphan", 3, l.orphan},
		{"befall", 9, l.befall}, {"restore", 6, l.restore}, {"reverse", 5, l.reverse}, {"come of age", 2, l.comeOfAge}} {
		for range h.times {
			all = append(all, h)
		}
	}
	return all
}

// account says where to pay somebody.
func (l *lived) account() error {
	for _, d := range l.dossiers() {
		if len(d.Awards) == 0 || d.Payee != nil {
			continue
		}
		_, err := l.desk.SetPayee(l.t.Context(), l.maker, d.File.Person.ID, casework.NewPayee{Holder: d.File.Person.Name, Relation: "self", Account: luhn(l.born)})
		return err
	}
	return nothing
}

// anotherAccount has somebody paid elsewhere: now and then to an account of somebody else, by mistake or not, or to his guardian.
func (l *lived) anotherAccount() error {
	d, err := l.enrolled()
	if err != nil {
		return err
	}
	if d.Payee == nil {
		return nothing
	}
	in := casework.NewPayee{Holder: d.File.Person.Name, Relation: "self", Account: luhn(9000 + l.random.IntN(3)), Reason: "换卡"}
	if g := d.File.Person.Guardian; g != nil && l.chance(60) {
		in.Holder, in.Relation = g.Name, "guardian"
	}
	_, err = l.desk.SetPayee(l.t.Context(), l.maker, d.File.Person.ID, in)
	return err
}

// luhn is a made-up account number with its check digit.
func luhn(n int) string {
	body := fmt.Sprintf("622848%012d", n)
	sum := 0
	for i := range len(body) {
		d := int(body[len(body)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return body + fmt.Sprint((10-sum%10)%10)
}

// pay takes a roster some way: the one that is under way, or a new one. The bank fails two lines of five, and answers now and then in
// two parts.
func (l *lived) pay() error {
	ctx := l.t.Context()
	if l.roster.ID == uuid.Nil {
		month := l.today().Month()
		if l.chance(20) {
			month = month.Add(-1)
		}
		r, err := l.desk.MakeRoster(ctx, l.cashiers[0], month, "", pick(l.world, "", "", "nursing_subsidy"))
		if err == nil {
			l.roster = r
		}
		return err
	}
	r := l.roster
	var err error
	switch r.State {
	case "calculated":
		if r.Totals.Lines == 0 || l.chance(10) { // nothing that the bank could answer
			_, err = l.desk.CancelRoster(ctx, l.cashiers[0], r.ID, r.Version)
			l.roster.ID = uuid.Nil
			return err
		}
		r, err = l.desk.CheckRoster(ctx, l.cashiers[1], r.ID, r.Version)
	case "checked":
		if r, err = l.desk.LockRoster(ctx, l.cashiers[0], r.ID, r.Version); fault.Is(err, "ROSTER_OUTDATED") {
			r, err = l.desk.CalculateRoster(ctx, l.cashiers[0], l.roster.ID, l.roster.Version)
			if fault.Is(err, "NOTHING_TO_PAY") {
				_, err = l.desk.CancelRoster(ctx, l.cashiers[0], l.roster.ID, l.roster.Version)
				r.ID = uuid.Nil
			}
		}
	case "locked":
		r, err = l.desk.SendRoster(ctx, l.cashiers[2], r.ID, r.Version)
	case "sent":
		err = l.answers(&r, l.chance(40))
	case "results_in":
		if err = l.answers(&r, false); err == nil {
			if _, err = l.desk.CloseRoster(ctx, l.cashiers[2], r.ID, r.Version); err == nil {
				err = l.sendBack(r)
			}
			r.ID = uuid.Nil
		}
	}
	if err == nil {
		l.roster = r
	}
	return err
}

// sendBack lets the bank send back one line of ten that it has paid.
func (l *lived) sendBack(r rosterUnderWay) error {
	for line, err := range l.desk.DB.PaidLines(l.t.Context(), l.cashiers[2], r, 100) {
		if err != nil {
			return err
		}
		if line.State == "paid" && l.chance(10) {
			back := casework.Return{Seq: line.Seq, Net: line.Net, On: l.today(), Document: "退汇单", Reason: pick(l.world, "户名不符", "账户已销户")}
			if _, err := l.desk.ReturnPayment(l.t.Context(), l.cashiers[2], r.ID, back); err != nil {
				return err
			}
		}
	}
	return nil
}

// answers are the bank's for a roster, or for the first half of it.
func (l *lived) answers(r *rosterUnderWay, half bool) error {
	var rows []casework.BankRow
	for line, err := range l.desk.DB.PaidLines(l.t.Context(), l.cashiers[2], *r, 2) {
		if err != nil {
			return err
		}
		if line.State == "sent" && (!half || line.Seq%2 == 0) {
			rows = append(rows, casework.BankRow{Row: line.Seq + 1, Seq: line.Seq, Account: line.Account, Amount: line.Net, Paid: !l.chance(40), Reason: pick(l.world, "户名不符", "账户已销户", "其他")})
		}
	}
	taken, err := l.desk.TakeResults(l.t.Context(), l.cashiers[2], r.ID, rows, nil)
	if err == nil {
		*r = taken.Roster
	}
	return err
}

// twin enters somebody a second time, under another number: by the same telephone or guardian, at the same place, or by nothing but the
// name.
func (l *lived) twin() error {
	d, err := l.desk.Person(l.t.Context(), l.sender, pick(l.world, l.persons...))
	if err != nil {
		return err
	}
	p := d.File.Person
	in := casework.NewPerson{Name: p.Name, Hukou: pick(l.world, p.Managing, pick(l.world, worldVillages...)), Diagnosis: "孤独症"}
	in.IDNumber = l.number(p.BirthDate.Add(pick(l.world, 0, 0, 1+l.random.IntN(30))))
	for _, has := range []bool{l.chance(40), l.chance(40)} {
		if has && p.Phone == "" {
			p.Phone = fmt.Sprintf("1990000%04d", l.random.IntN(9000))
			d, err = l.desk.UpdatePerson(l.t.Context(), l.sender, p.ID, p.Version, casework.PersonPatch{Phone: &p.Phone, EffectiveOn: l.today()})
		} else if has && p.Guardian == nil {
			d, err = l.desk.UpdatePerson(l.t.Context(), l.sender, p.ID, p.Version, casework.PersonPatch{EffectiveOn: l.today(),
				Guardian: &casework.NewGuardian{Name: "金丝雀长", Relation: "父母", IDNumber: l.number(calendar.MustDate("1970-01-01"))}})
		}
		if err != nil {
			return err
		}
		p = d.File.Person
	}
	if in.Phone = p.Phone; p.Guardian != nil {
		in.Guardian = &casework.NewGuardian{Name: p.Guardian.Name, Relation: p.Guardian.Relation, IDNumber: p.Guardian.IDNumber.Reveal()}
	}
	if born := p.BirthDate; !born.After(l.today().AddYears(-17)) {
		in.Diagnosis, in.Certificate = "", l.card(in.IDNumber, l.today().Add(-l.random.IntN(300)))
	}
	twin, err := l.desk.CreatePerson(l.t.Context(), l.maker, in)
	if err == nil {
		l.persons = append(l.persons, twin.File.Person.ID)
	}
	return err
}

// untwin gives somebody another telephone, guardian or name: it parts duplicates, and now and then makes some.
func (l *lived) untwin() error {
	d, err := l.desk.Person(l.t.Context(), l.sender, pick(l.world, l.persons...))
	if err != nil {
		return err
	}
	p := d.File.Person
	in := casework.PersonPatch{EffectiveOn: l.today(), Reason: "公安更正"}
	phone, name := fmt.Sprintf("1990000%04d", l.random.IntN(9)), fmt.Sprintf("金丝雀改%d", l.random.IntN(20))
	switch l.random.IntN(3) {
	case 0:
		in.Phone = &phone
	case 1:
		in.Guardian = &casework.NewGuardian{Name: "金丝雀长", Relation: "父母", IDNumber: l.number(calendar.MustDate("1970-01-01"))}
	default:
		in.Name = &name
	}
	_, err = l.desk.UpdatePerson(l.t.Context(), l.sender, p.ID, p.Version, in)
	return err
}

// enrolled is the file of somebody with an award.
func (l *lived) enrolled() (store.Dossier, error) {
	for range 20 {
		d, err := l.desk.Person(l.t.Context(), l.sender, pick(l.world, l.persons...))
		if err != nil || len(d.Awards) > 0 {
			return d, err
		}
	}
	return store.Dossier{}, nothing
}

// befall brings something upon somebody with an award that ends it, interrupts it or changes what it pays, often known only months later.
func (l *lived) befall() error {
	d, err := l.enrolled()
	if err != nil {
		return err
	}
	day := l.today().Add(-l.random.IntN(200))
	if l.chance(30) {
		card, held := d.File.Current(l.today())
		if !held {
			return nothing
		}
		in := casework.NewEvent{Event: pick(l.world, "FREEZE", "UNFREEZE", "CHANGE"), On: day}
		if in.Event == "CHANGE" {
			in.Certificate = l.card(d.File.Person.IDNumber.Reveal(), in.On)
			in.Certificate.ExpiresOn = calendar.Date{}
		}
		_, err = l.desk.AddEvent(l.t.Context(), l.sender, card.ID, card.Version, in)
		return err
	}
	_, err = l.desk.AddCircumstance(l.t.Context(), l.sender, d.File.Person.ID, casework.NewCircumstance{Kind: pick(l.world, "death", "tekun", "tekun", "imprisonment"), Value: []byte("true"), ValidFrom: day, Source: "随机"})
	return err
}

// restore takes back what has befallen somebody: it was reported wrongly, or it began later.
func (l *lived) restore() error {
	for range 6 {
		d, err := l.enrolled()
		if err != nil {
			return err
		}
		for _, c := range d.File.Circumstances {
			if slices.Contains([]string{"death", "tekun", "imprisonment"}, c.Kind) && c.SupersededAt.IsZero() && c.Value.Answer == casefile.Yes {
				in := casework.Correction{Source: "随机", Reason: "误报", Value: []byte("false")}
				if later := c.ValidFrom.Add(l.random.IntN(100)); l.chance(30) {
					in.Value, in.ValidFrom = nil, &later
				}
				_, err = l.desk.CorrectCircumstance(l.t.Context(), l.sender, c.ID, 1, in)
				return err
			}
		}
	}
	return nothing
}

// reverse records wrongly that somebody is in 特困 support, asks the money back and gets it, and takes the fact back: less was paid now
// than is owed.
func (l *lived) reverse() error {
	d, err := l.enrolled()
	if err != nil {
		return err
	}
	id := d.File.Person.ID
	c, err := l.desk.AddCircumstance(l.t.Context(), l.sender, id, casework.NewCircumstance{Kind: "tekun", Value: []byte("true"), ValidFrom: l.today().Add(-150), Source: "随机"})
	if err != nil {
		return err
	}
	list, err := l.desk.DB.ListRecoveries(l.t.Context(), access.SystemActor(), store.RecoveryFilter{PersonID: id, Limit: 100})
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.Outstanding() > 0 {
			if _, err := l.desk.StepRecovery(l.t.Context(), l.cashiers[0], r.ID, r.Version, recovery.Step{Event: "repay", Amount: r.Outstanding()}); err != nil {
				return err
			}
		}
	}
	_, err = l.desk.CorrectCircumstance(l.t.Context(), l.sender, c.ID, 1, casework.Correction{Source: "随机", Reason: "误报", Value: []byte("false")})
	return err
}

// comeOfAge enters somebody who soon reaches an age that matters.
func (l *lived) comeOfAge() error {
	in := casework.NewPerson{Name: fmt.Sprintf("金丝雀%d", l.born), Hukou: pick(l.world, worldVillages...), IDNumber: l.number(l.today().AddYears(-pick(l.world, 16, 16, 18, 60)).Add(l.random.IntN(260)))}
	if l.chance(80) {
		in.Certificate = l.card(in.IDNumber, l.today().Add(-l.random.IntN(900)))
	} else {
		in.Diagnosis = "孤独症"
	}
	d, err := l.desk.CreatePerson(l.t.Context(), l.maker, in)
	if err == nil {
		l.persons = append(l.persons, d.File.Person.ID)
	}
	return err
}

// verify looks at somebody who receives, in the window of a year that is verified.
func (l *lived) verify() error {
	if l.today().Before(calendar.MustDate("2027-04-01")) {
		return nothing
	}
	d, err := l.enrolled()
	if err != nil {
		return err
	}
	v := casefile.Verification{PersonID: d.File.Person.ID, On: l.today().Add(-l.random.IntN(20)), Method: pick(l.world, "visit", "video"), Passed: l.chance(35)}
	if !v.Passed {
		v.Findings = pick(l.world, "已不在家中居住", "情况有变")
	}
	_, err = l.desk.Verify(l.t.Context(), l.maker, v)
	return err
}

// visit looks at somebody at home: now and then on the day, often one of those drawn, and with several outcomes, entered in any order.
func (l *lived) visit() error {
	d, err := l.enrolled()
	if err != nil {
		return err
	}
	person := d.File.Person.ID
	if i := slices.IndexFunc(l.told, func(d due) bool { return d.list == "home_visit" }); i >= 0 && l.chance(60) {
		person = l.told[i].person
	}
	v := store.HomeVisit{PersonID: person, On: l.today().Add(-pick(l.world, 0, 0, l.random.IntN(60))), Outcome: pick(l.world, "met", "met", "not_met", "moved", "died", "other")}
	if v.Outcome == "other" || l.chance(30) {
		v.Note = pick(l.world, "住院", "门锁着")
	}
	_, err = l.desk.VisitHome(l.t.Context(), l.checker, v)
	return err
}

// note writes down what was done about a line. It must not take the line away.
func (l *lived) note() error {
	if len(l.told) == 0 {
		return nothing
	}
	d := pick(l.world, l.told...)
	_, err := l.desk.ActOnLead(l.t.Context(), l.cashiers[0], store.LeadAction{Worklist: d.list, PersonID: d.person, Programme: d.programme, Outcome: "contacted", Note: "已联系"})
	if fault.Is(err, "FORBIDDEN") {
		_, err = l.desk.ActOnLead(l.t.Context(), l.checker, store.LeadAction{Worklist: d.list, PersonID: d.person, Programme: d.programme, Outcome: "contacted"})
	}
	return err
}

// settleUp repays some of what is asked back, or lets the rosters keep it.
func (l *lived) settleUp() error {
	list, err := l.desk.DB.ListRecoveries(l.t.Context(), access.SystemActor(), store.RecoveryFilter{Limit: 100})
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.Outstanding() > 0 && l.chance(60) {
			_, err := l.desk.StepRecovery(l.t.Context(), l.cashiers[0], r.ID, r.Version, recovery.Step{Event: pick(l.world, "repay", "repay", "consent"), Amount: pick(l.world, r.Outstanding(), 1+r.Outstanding()*2/3)})
			return err
		}
	}
	return nothing
}

// leaveOpen applies for somebody and leaves it to the town.
func (l *lived) leaveOpen() error {
	c, err := l.desk.EnterApplication(l.t.Context(), l.maker, casework.NewApplication{PersonID: pick(l.world, l.persons...), Programme: pick(l.world, subsidies...),
		AppliedOn: l.today().Add(-l.random.IntN(40)), Applicant: applicantSelf})
	if err == nil {
		_, err = l.desk.SubmitApplication(l.t.Context(), l.maker, c.ID, c.Version)
	}
	return err
}

// orphan records support of an orphan of whom it soon ends.
func (l *lived) orphan() error {
	for range 30 {
		d, err := l.desk.Person(l.t.Context(), l.sender, pick(l.world, l.persons...))
		if err != nil {
			return err
		}
		if turns := d.File.Person.BirthDate.AddYears(18); turns.After(l.today()) && turns.Before(l.today().Add(400)) {
			_, err = l.desk.AddCircumstance(l.t.Context(), l.sender, d.File.Person.ID, casework.NewCircumstance{Kind: "orphan_support", Value: quoted("orphan"), ValidFrom: l.lately(), Source: "随机"})
			return err
		}
	}
	return nothing
}
