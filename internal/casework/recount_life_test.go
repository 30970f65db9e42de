package casework_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/store"
	"zhucan/internal/survey"
)

// happening is what may befall the register, so many times of a hundred.
type happening struct {
	name  string
	times int
	do    func() error
}

func (w *world) happenings() (all []happening) {
	for _, h := range []happening{{"enter", 2, w.enter}, {"learn", 22, w.learn}, {"amend", 7, w.amend}, {"card", 5, w.cardEvent}, {"first card", 2, w.firstCard}, {"move", 5, w.move},
		{"grant", 8, w.grant}, {"award", 7, w.changeAward}, {"answer", 10, w.answer}, {"serve", 8, w.serve}, {"settle", 2, w.settle}, {"join", 4, w.join},
		{"leave", 3, w.leaveHome}, {"correct member", 3, w.correctMember}, {"house", 6, w.house}, {"rehouse", 3, w.rehouse}, {"retrofit", 9, w.retrofit}, {"figure", 5, w.figure}, {"inspect", 5, w.inspect}} {
		for range h.times {
			all = append(all, h)
		}
	}
	return all
}

// cardEvent freezes, unfreezes, cancels, reassesses or replaces a card.
func (w *world) cardEvent() error {
	d, err := w.desk.Person(w.t.Context(), w.sender, pick(w, w.persons...))
	if err != nil {
		return err
	}
	card, held := d.File.Current(w.today())
	if !held {
		return nothing
	}
	in := casework.NewEvent{Event: pick(w, "FREEZE", "FREEZE", "UNFREEZE", "CANCEL", "REASSESS", "RENEW", "CHANGE"), On: w.today().Add(-w.random.IntN(200))}
	switch in.Event {
	case "CANCEL":
		in.CancelReason = "RECOVERED"
	case "RENEW", "CHANGE":
		in.Certificate = w.card(d.File.Person.IDNumber.Reveal(), in.On)
		in.Certificate.ExpiresOn = calendar.Date{}
	}
	_, err = w.desk.AddEvent(w.t.Context(), w.sender, card.ID, card.Version, in)
	return err
}

// firstCard gives a card to a child, or to somebody whose card has ended.
func (w *world) firstCard() error {
	for range 12 {
		d, err := w.desk.Person(w.t.Context(), w.sender, pick(w, w.persons...))
		if err != nil {
			return err
		}
		if card, held := d.File.Current(w.today()); held && d.File.StatusOn(card, w.today()).Valid() {
			continue
		}
		_, _, err = w.desk.AddCertificate(w.t.Context(), w.sender, d.File.Person.ID, *w.card(d.File.Person.IDNumber.Reveal(), w.today().Add(-w.random.IntN(60))))
		return err
	}
	return nothing
}

// move takes somebody to another village, into the district or out of it, or corrects what is true apart from dates.
func (w *world) move() error {
	d, err := w.desk.Person(w.t.Context(), w.sender, pick(w, w.persons...))
	if err != nil {
		return err
	}
	p := d.File.Person
	in := casework.PersonPatch{EffectiveOn: w.today().Add(-w.random.IntN(300))}
	to := pick(w, worldVillages...)
	switch w.random.IntN(7) {
	case 0, 1, 2:
		in.Hukou, in.Managing = &to, &to
	case 3:
		in.Managing = &to
	case 4:
		away := pick(w, area.Code("130102001001"), to)
		in.Hukou = &away
	case 5:
		kind := pick(w, "agricultural", "non_agricultural")
		in.HukouType = &kind
	default: // 公安 corrects the day of birth
		number := w.number(p.BirthDate.Add(w.random.IntN(800) - 400))
		in.IDNumber, in.Reason = &number, "公安更正"
	}
	_, err = w.desk.UpdatePerson(w.t.Context(), w.sender, p.ID, p.Version, in)
	return err
}

// grant seeks somebody whose application is approved.
func (w *world) grant() (err error) {
	for range 6 {
		if err = w.apply(); err == nil {
			return nil
		}
	}
	return err
}

// apply takes an application through to the decision.
func (w *world) apply() error {
	programme := pick(w, "living_allowance", "nursing_subsidy", "nursing_subsidy")
	c, err := w.desk.EnterApplication(w.t.Context(), w.maker, casework.NewApplication{PersonID: pick(w, w.persons...), Programme: programme,
		AppliedOn: w.today().Add(-w.random.IntN(200)), Applicant: application.Applicant{Relation: "self"}})
	if err != nil {
		return err
	}
	submitted, err := w.desk.SubmitApplication(w.t.Context(), w.maker, c.ID, c.Version)
	if err == nil {
		_, err = w.desk.DecideApplication(w.t.Context(), w.checker, submitted.ID, submitted.Version, application.Ruling{Decision: "approve"})
	}
	if err != nil {
		withdrawn, _ := w.desk.WithdrawApplication(w.t.Context(), w.maker, c.ID, c.Version, "随机")
		if withdrawn.ID == uuid.Nil {
			_, _ = w.desk.WithdrawApplication(w.t.Context(), w.maker, submitted.ID, submitted.Version, "随机")
		}
	}
	return err
}

func (w *world) changeAward() error {
	for range 20 {
		d, err := w.desk.Person(w.t.Context(), w.sender, pick(w, w.persons...))
		if err != nil {
			return err
		}
		if len(d.Awards) == 0 {
			continue
		}
		a, month := d.Awards[w.random.IntN(len(d.Awards))], w.today().Month().Add(-w.random.IntN(8))
		switch w.random.IntN(8) {
		case 0, 1, 2:
			_, err = w.desk.SuspendAward(w.t.Context(), w.sender, a.ID, a.Version, month, "随机")
		case 3, 4, 5:
			_, err = w.desk.ResumeAward(w.t.Context(), w.sender, a.ID, a.Version, month, w.chance(50))
		case 6:
			_, err = w.desk.EndAward(w.t.Context(), w.sender, a.ID, a.Version, month, "本人自愿")
		default:
			_, err = w.desk.VoidAward(w.t.Context(), w.sender, a.ID, a.Version, "伪造材料")
		}
		return err
	}
	return nothing
}

// answer records a set of answers of a survey year, now and then for a person who has answered before.
func (w *world) answer() error {
	person := pick(w, w.persons...)
	d, err := w.desk.Person(w.t.Context(), w.sender, person)
	if err != nil {
		return err
	}
	on := w.today().Add(-w.random.IntN(700))
	year := on.Year()
	if _, month, _ := on.YMD(); month <= 3 && w.chance(50) {
		year--
	}
	answers, facts := survey.Answers{}, d.File.On(on, nil)
	for _, q := range survey.Builtin.Questions {
		for _, asked := range survey.Builtin.Applicable(facts, answers) {
			if asked.Code == q.Code && (q.Required || w.chance(30)) {
				answers[q.Code] = []string{q.Options[w.random.IntN(len(q.Options))].Code}
			}
		}
	}
	_, err = w.desk.Answer(w.t.Context(), w.maker, store.Response{Year: year, PersonID: person, Mode: pick(w, "visit", "phone"), CollectedOn: on, Answers: answers})
	return err
}

func evidence(text string) care.Evidence {
	e, err := care.ParseEvidence([]byte(text))
	if err != nil {
		panic(err)
	}
	return e
}

// step is a step of a service as somebody of a role takes it.
type step struct{ role, name, evidence string }

// take takes some of a service's steps, each some days after the one before, but not after today.
func (w *world) take(s care.Service, on calendar.Date, most int, list ...step) error {
	for i, one := range list {
		if i == most {
			break
		}
		if on = on.Add(w.random.IntN(25)); on.After(w.today()) {
			on = w.today()
		}
		w.pass()
		who := map[string]access.Actor{"village": w.maker, "town": w.checker, "cdpf": w.sender}[one.role]
		next, err := w.desk.TakeStep(w.t.Context(), who, s.ID, s.Version, one.name, on, evidence(one.evidence))
		if err != nil {
			return err
		}
		if s = next; w.chance(8) { // it was a mistake
			w.pass()
			_, err := w.desk.VoidStep(w.t.Context(), w.sender, s.ID, s.Version, s.Steps[len(s.Steps)-1].Seq, "记错")
			return err
		}
	}
	return nil
}

// serve gives somebody a rehabilitation service, a lecture, or a device.
func (w *world) serve() error {
	person, on := pick(w, w.persons...), w.lately()
	if w.chance(50) {
		s, err := w.desk.OpenService(w.t.Context(), w.maker, care.Rehab, person, uuid.Nil, on, evidence(`{"types":[{"type":"training"}]}`))
		if err != nil {
			return err
		}
		item := pick(w, "COUNSELLING", "COUNSELLING", "COUNSELLING", "LECTURE")
		given := fmt.Sprintf(`{"item":%q,"institution":"区康复中心","place":"home","started_on":%q,"sessions":1,"cost_fen":0,"payers":[{"source":"project","fen":0}],"signed_by":"person"}`, item, on)
		return w.take(s, on, 5, step{"town", "assess", `{"institution":"区康复中心","assessor":"甲","findings":"需要"}`},
			step{"town", "plan", fmt.Sprintf(`{"items":[{"item":%q}],"agreed_by":"person"}`, item)}, step{"town", "serve", given}, step{"town", "serve", given})
	}
	s, err := w.desk.OpenService(w.t.Context(), w.maker, care.Device, person, uuid.Nil, on, evidence(`{"item":"120312","mode":"grant","pieces":1}`))
	if err != nil {
		return err
	}
	return w.take(s, on, 2+w.random.IntN(6), step{"village", "village_check", `{"findings":"属实"}`}, step{"town", "town_review", `{"findings":"同意"}`},
		step{"cdpf", "assess", `{"institution":"辅具中心","assessor":"乙","item":"120312"}`},
		step{"cdpf", "approve", `{"item":"120312","price_fen":1000,"subsidy_fen":1000,"own_fen":0,"paid_elsewhere":"none"}`},
		step{"town", "fit", `{"supplier":"辅具店","pieces":1}`}, step{"village", "accept", `{"signed_by":"person"}`})
}

// settle founds a household of some persons.
func (w *world) settle() error {
	in := casework.NewHousehold{Area: pick(w, worldVillages...)}
	for i := range 1 + w.random.IntN(3) {
		in.Members = append(in.Members, casework.NewMember{PersonID: pick(w, w.persons...), Relation: pick(w, "spouse", "child", "parent"), From: w.lately().Add(-w.random.IntN(900))})
		if i == 0 {
			in.Members[0].Relation = "head"
		}
	}
	h, err := w.desk.CreateHousehold(w.t.Context(), w.sender, in)
	if err == nil {
		w.households = append(w.households, h.Household.ID)
	}
	return err
}

func (w *world) join() error {
	_, err := w.desk.AddMember(w.t.Context(), w.sender, pick(w, w.households...), casework.NewMember{PersonID: pick(w, w.persons...), Relation: "other", From: w.lately()})
	return err
}

func (w *world) leaveHome() error {
	h, err := w.desk.DB.Household(w.t.Context(), w.sender, pick(w, w.households...))
	if err != nil || len(h.Members) == 0 {
		return nothing
	}
	m := h.Members[w.random.IntN(len(h.Members))]
	_, err = w.desk.EndMember(w.t.Context(), w.sender, h.Household.ID, m.ID, m.From.Add(w.random.IntN(900)))
	return err
}

// correctMember puts the days of a membership right, or takes it away.
func (w *world) correctMember() error {
	h, err := w.desk.DB.Household(w.t.Context(), w.sender, pick(w, w.households...))
	if err != nil || len(h.Members) == 0 {
		return nothing
	}
	m := h.Members[w.random.IntN(len(h.Members))]
	in := casework.MemberCorrection{Void: w.chance(30), Reason: "登记有误"}
	if from := m.From.Add(w.random.IntN(900) - 600); !in.Void {
		in.From, in.Ongoing = &from, w.chance(30)
	}
	_, err = w.desk.CorrectMember(w.t.Context(), w.sender, h.Household.ID, m.ID, h.Household.Version, in)
	return err
}

// house records or corrects what is known of a dwelling.
func (w *world) house() error {
	h, err := w.desk.DB.Household(w.t.Context(), w.sender, pick(w, w.households...))
	if err != nil {
		return err
	}
	for _, c := range h.Circumstances {
		if c.SupersededAt.IsZero() && c.Kind != casefile.HouseholdArea && w.chance(20) {
			from := c.ValidFrom.Add(w.random.IntN(300) - 150)
			_, err := w.desk.CorrectHouseholdCircumstance(w.t.Context(), w.sender, h.Household.ID, c.ID, casework.Correction{ValidFrom: &from, Source: "随机", Reason: "登记有误"})
			return err
		}
	}
	in := casework.NewCircumstance{Kind: pick(w, "dangerous_house", "dangerous_house", "house_converted", "dwelling"), ValidFrom: w.lately().Add(-900), Source: "住建"}
	in.Value = json.RawMessage(map[string]string{"dangerous_house": `"C"`, "house_converted": `"rebuilt"`, "dwelling": `"own"`}[in.Kind])
	if in.Kind == "house_converted" {
		in.ValidFrom = w.lately()
	}
	_, err = w.desk.AddHouseholdCircumstance(w.t.Context(), w.sender, h.Household.ID, in)
	return err
}

func (w *world) rehouse() error {
	h, err := w.desk.DB.Household(w.t.Context(), w.sender, pick(w, w.households...))
	if err != nil {
		return err
	}
	_, err = w.desk.MoveHousehold(w.t.Context(), w.sender, h.Household.ID, h.Household.Version, pick(w, worldVillages...), nil, w.today().Add(-w.random.IntN(300)))
	return err // one that never moved has no day to correct, and no day may lie before an earlier move
}

// photo is a picture of a size, by which one differs from another.
func photo(size int) []byte {
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, size, size))); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// retrofit takes a home's retrofit some way, to the end or out of it.
func (w *world) retrofit() error {
	way, most := "accepted", 1+w.random.IntN(10)
	if w.chance(45) {
		way, most = pick(w, "refused", "not alterable", "to be demolished", "moved"), 9
	}
	return w.altered(pick(w, w.households...), w.lately(), most, way)
}

// altered opens a retrofit of a home and takes the first steps of a way.
func (w *world) altered(household uuid.UUID, on calendar.Date, most int, way string) error {
	ctx := w.t.Context()
	_, _ = w.desk.AddHouseholdCircumstance(ctx, w.sender, household, casework.NewCircumstance{Kind: "dwelling", Value: quoted("own"), ValidFrom: calendar.MustDate("2016-01-01"), Source: "随机"})
	s, err := w.desk.OpenService(ctx, w.maker, care.Retrofit, uuid.Nil, household, on, evidence(`{"items":[{"item":"RAMP"}],"again_because":"moved"}`))
	if err != nil {
		return err
	}
	before, _, err := w.desk.Attach(ctx, w.maker, s.ID, photo(2))
	if err != nil {
		return err
	}
	after, _, err := w.desk.Attach(ctx, w.maker, s.ID, photo(3))
	if err != nil {
		return err
	}
	shown := fmt.Sprintf(`{"result":"PASS","signatures":[{"by":"cdpf","name":"甲"},{"by":"applicant","name":"乙"},{"by":"builder","name":"丙"}],"items":[{"item":"RAMP","before":[%q],"after":[%q]}]}`, before.ID, after.ID)
	verify := step{"village", "verify", `{"findings":"属实","hardship":"dibao","hardship_basis":"低保证","willing":true}`}
	plan := step{"town", "plan", `{"items":[{"item":"RAMP","cost_fen":100}],"agreed_by":"family"}`}
	return w.take(s, on, most, map[string][]step{
		"accepted": {verify, plan, {"cdpf", "approve", `{"total_fen":100,"funds":[{"source":"district","fen":100}]}`}, {"cdpf", "contract", `{"contractor":"丁","number":"1","amount_fen":100}`},
			{"town", "start", `{}`}, {"town", "finish", `{}`}, {"cdpf", "accept", shown}},
		"refused": {verify, plan, {"town", "refuse", `{"reason":"不愿","signed_by":"family"}`}}, "not alterable": {verify, {"town", "not_alterable", `{"reason":"结构"}`}},
		"to be demolished": {verify, plan, {"town", "demolition", `{"source_doc":"拆迁公告"}`}}, "moved": {verify, {"town", "moved", `{}`}},
	}[way]...)
}
