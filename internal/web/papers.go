package web

import (
	"slices"

	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/money"
	"zhucan/internal/store"
)

// decidedStages are those in which there is a letter to the applicant.
var decidedStages = []application.Stage{application.Approved, application.Rejected, application.Returned}

// papers are what can be printed of a case.
func (v *visit) papers(c store.Case) (list []link) {
	at := "/applications/" + c.ID.String()
	if v.may("/applications/:id/form") {
		list = append(list, link{Path: at + "/form", Text: v.t("paper.form.print")})
	}
	if v.may("/applications/:id/letter") && slices.Contains(decidedStages, c.Stage) {
		list = append(list, link{Path: at + "/letter", Text: v.t("paper.letter.print")})
	}
	return list
}

// formPaper is the officers' own form of an application (审批表), filled in as far as the case has come.
type formPaper struct {
	Title    string
	Number   string
	Rows     [][]pair // two or three a row
	Facts    []pair   // what else the person receives
	Opinions []opinion
	Back     string
	Masked   bool
	Reveal   *Form
}

// opinion is what one office says on the form. Where it has said nothing yet there is room to write.
type opinion struct{ Office, Text, By, On string }

// revealed are the numbers that the form shows whole, once somebody has said why.
var revealed = []string{"id_number", "certificate_number", "phone", "guardian_phone"}

func showFormPaper(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	c, file, e, err := v.desk.Preview(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	clear, whole := v.found.(map[string]string)
	p := file.File.Person
	data := formPaper{Title: v.t("paper.form.title", v.programme(c.Programme)), Number: c.CaseNumber, Back: "/applications/" + id.String(), Masked: !whole}
	number := func(name, masked string) string {
		if whole && clear[name] != "" {
			return clear[name]
		}
		return masked
	}
	card, held := file.File.Current(v.today)
	cardNumber, disability, level := "", "", ""
	if held {
		cardNumber, disability, level = card.Number.Masked(), v.t("category."+numberText(card.Category)), v.t("level."+numberText(card.Level))
	}
	sex := ""
	if p.Sex != "" {
		sex = v.t("sex." + p.Sex)
	}
	hukou := ""
	if p.HukouType != "" {
		hukou = v.t("hukou." + p.HukouType)
	}
	account := idnum.MaskAccount(c.BankAccount)
	if whole {
		account = c.BankAccount
	}
	data.Rows = [][]pair{
		{{v.t("person.name"), p.Name}, {v.t("person.sex"), sex}, {v.t("person.birth_date"), p.BirthDate.String()}},
		{{v.t("person.id_number"), number("id_number", maskedNumber(p))}, {v.t("person.card"), number("certificate_number", cardNumber)}},
		{{v.t("person.category"), disability}, {v.t("person.level"), level}, {v.t("person.hukou_type"), hukou}},
		{{v.t("person.hukou"), v.placeName(p.Hukou)}, {v.t("person.phone"), number("phone", idnum.MaskPhone(p.Phone))}},
		v.guardianRow(p, number),
		{{v.t("apply.relation"), v.t("relation."+c.Applicant.Relation) + " " + c.Applicant.Name}, {v.t("case.applied"), c.AppliedOn.String()}, {v.t("apply.bank_account"), account}},
	}
	data.Facts = v.paperFacts(file)
	data.Opinions = v.opinions(c, e)
	data.Reveal = v.newForm("reveal", "paper.reveal", &Field{Name: "reason", Label: v.t("paper.reveal.reason"), Hint: v.t("paper.reveal.hint"), Kind: "text", Need: true, Max: 200})
	return data, nil
}

func (v *visit) guardianRow(p casefile.Person, number func(name, masked string) string) []pair {
	g := casefile.Guardian{}
	if p.Guardian != nil {
		g = *p.Guardian
	}
	phone := ""
	if g.Phone != "" {
		phone = number("guardian_phone", idnum.MaskPhone(g.Phone))
	}
	return []pair{{v.t("person.guardian"), g.Name}, {v.t("person.guardian.relation"), g.Relation}, {v.t("paper.guardian.phone"), phone}}
}

// paperFacts are the dated facts of today, places apart.
func (v *visit) paperFacts(file store.Dossier) (list []pair) {
	for _, c := range file.File.Circumstances {
		k, known := casefile.KindOf(c.Kind)
		if !known || k.Place || !c.SupersededAt.IsZero() || !c.Interval().Contains(v.today) {
			continue
		}
		line := v.circumstanceLine(c)
		list = append(list, pair{line.Kind, line.Value + v.within(line.Days)})
	}
	return list
}

// offices sign the form in this order; each is filled in by the steps that its people took.
var offices = []struct {
	key  string
	role access.Role
}{{"village", access.VillageLiaison}, {"town", access.TownOfficer}, {"cdpf", access.CDPFReviewer}, {"civil", access.CivilAffairsApprover}}

func (v *visit) opinions(c store.Case, e application.Explanation) (list []opinion) {
	for _, office := range offices {
		o := opinion{Office: v.t("office." + office.key)}
		for _, s := range c.Steps {
			if s.ActorRole != office.role || s.Action == "enter" || s.Action == "withdraw" || s.Action == "correct" || s.ActorRole == access.TownOfficer && (s.Action == "submit" || s.Action == "resubmit") {
				continue
			}
			o.Text, o.By, o.On = v.t("action."+s.Action), s.ActorName, s.At.In(china).Format("2006-01-02")
			if s.Action == "submit" || s.Action == "resubmit" {
				o.Text = v.t("paper.handed_in")
			}
			if s.To == application.Approved {
				o.Text = v.t("paper.approved", e.StartMonth.String(), yuan(e.AmountFen))
			}
			if text := v.reasonOf(c, s); text != "" {
				o.Text += "：" + text
			}
		}
		list = append(list, o)
	}
	return list
}

// reasonOf is the reason of a step in words: what its code says, and what was written.
func (v *visit) reasonOf(c store.Case, s application.Step) string {
	text := ""
	if s.ReasonCode != "" {
		text = s.ReasonCode
		if _, known := texts()["why."+s.ReasonCode]; known {
			text = v.t("why." + s.ReasonCode)
		}
		if c.Explanation != nil {
			for _, r := range c.Explanation.Reasons {
				if r.Code == s.ReasonCode {
					text = v.either(r.ZH, r.EN)
				}
			}
		}
	}
	if s.Reason != "" && text != "" {
		text += "。"
	}
	return text + s.Reason
}

// revealOnForm shows the form with whole numbers, once somebody has said why. It is kept who asked.
func revealOnForm(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	r := v.reader()
	reason := r.text("reason", 200, true)
	if err := r.err(); err != nil {
		return err
	}
	c, err := v.desk.DB.Application(v.ctx, v.who, id)
	if err != nil {
		return err
	}
	clear, err := v.desk.Reveal(v.ctx, v.who, c.PersonID, append(revealed[:len(revealed):len(revealed)], "bank_account"), reason)
	v.found = clear
	return err
}

// letterPaper is the letter by which the applicant learns of a decision: what was decided and why, and what he can do about it.
type letterPaper struct {
	Title, Number, To, Asked, Decision string
	Money                              string
	Code                               string
	Reasons                            []reasonLine
	Fields                             []string
	Appeal                             string
	Office, On                         string
	Back                               string
}

func showLetterPaper(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	c, err := v.desk.DB.Application(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(decidedStages, c.Stage) {
		return nil, fault.New(fault.Conflict, "NOT_DECIDED", "申请尚未作出决定，没有决定书", "nothing is decided yet, so there is no letter")
	}
	to := c.PersonName
	if c.Applicant.Name != "" {
		to = c.Applicant.Name
	}
	last := c.Steps[len(c.Steps)-1]
	for _, s := range c.Steps {
		if s.To == c.Stage && s.From != s.To {
			last = s
		}
	}
	stage := string(c.Stage)
	data := letterPaper{Title: v.t("letter_title." + stage), Number: c.CaseNumber, To: to, Asked: v.asked(c),
		Decision: v.t("letter_decision." + stage), Appeal: v.t("letter_appeal." + stage), On: longDay(calendar.DateOf(last.At)), Back: "/applications/" + id.String(), Code: last.ReasonCode}
	if c.Stage == application.Returned {
		data.Decision = v.t("letter_decision.returned", application.KeepsMonthFor)
	}
	data.Office = v.placeName(c.Area.Parent())
	if last.ActorRole != access.TownOfficer {
		data.Office = v.t("office." + officeOf(last.ActorRole))
	}
	if e := c.Explanation; e != nil && c.Stage == application.Approved {
		data.Money = v.t("letter.money", e.StartMonth.String(), yuan(e.AmountFen), money.Fen(e.AmountFen).Capitals())
	} else {
		data.Reasons = append(data.Reasons, reasonLine{Text: v.reasonOf(c, last)})
		if e != nil {
			data.Reasons = append(data.Reasons, v.failed(*e)...)
		}
	}
	data.Fields = last.Fields
	return data, nil
}

// asked says what the letter answers.
func (v *visit) asked(c store.Case) string {
	if c.Applicant.Relation == "self" {
		return v.t("letter.asked.self", longDay(c.AppliedOn), v.programme(c.Programme))
	}
	return v.t("letter.asked.other", longDay(c.AppliedOn), c.PersonName, v.programme(c.Programme))
}

func officeOf(role access.Role) string {
	for _, o := range offices {
		if o.role == role {
			return o.key
		}
	}
	return "town"
}

// failed are the conditions that stood in the way, with the clause that each rests on.
func (v *visit) failed(e application.Explanation) (list []reasonLine) {
	for _, r := range e.Reasons {
		if r.Passed != nil && !*r.Passed {
			list = append(list, v.reason(r.Passed, v.either(r.ZH, r.EN), r.Cite))
		}
	}
	return list
}
