package population

import (
	"cmp"
	"slices"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/exchange"
	"zhucan/internal/survey"
)

// Last year's survey has reached nearly everybody; this year's is under way, in some towns further than in others.
const (
	answeredLastYear = 968
	answeredThisYear = 500
	stillInNeed      = 700 // of those in need last year
	newlyInNeed      = 90
	deviceAgain      = 150
	answersSpread    = 20
	progressSpread   = 250
)

// lastSurvey asks in the months in which an office does. Of whom nobody has asked, nobody knows a need.
func (m *recorder) lastSurvey(l *life) {
	year := m.today.Year() - 1
	days := calendar.Interval{From: calendar.NewMonth(year, 7).First(), To: calendar.NewMonth(year, 9).Last()}
	if !m.usually(l, answeredLastYear, answersSpread) || !m.survey(l, year, days) {
		l.needsRehab, l.needsDevice, l.needsRetrofit = false, false, false
	}
}

// thisSurvey finds other needs than last year's, as far as it has come.
func (m *recorder) thisSurvey(l *life) {
	if !m.usually(l, answeredThisYear, progressSpread) {
		return
	}
	l.needsRehab = m.chance(newlyInNeed) || l.needsRehab && m.chance(stillInNeed)
	l.needsDevice = l.needsRehab && m.chance(deviceAgain)
	days := calendar.Interval{From: calendar.NewMonth(m.today.Year(), 7).First(), To: earlier(calendar.NewMonth(m.today.Year(), 9).Last(), m.today)}
	if days.From.After(m.today) {
		days = calendar.Interval{From: m.year(), To: m.today}
	}
	m.survey(l, m.today.Year(), days)
}

// survey asks what the questionnaire asks of the person. Who had no certificate yet, or was not born, is not asked.
func (m *recorder) survey(l *life, year int, days calendar.Interval) bool {
	days.From = later(days.From, later(l.IssuedOn, l.BirthDate))
	if days.From.After(days.To) {
		return false
	}
	day := m.between(days.From, days.To)
	facts := casefile.Facts{Age: calendar.Age(l.BirthDate, day), Certificate: casefile.CertificateFacts{Category: l.Category, Level: l.Level, Components: l.Components}}
	answers := survey.Answers{}
	for i := range survey.Builtin.Questions {
		q := &survey.Builtin.Questions[i]
		if !q.Asks(facts) || q.After != nil && !slices.ContainsFunc(answers[q.After.Question], func(code string) bool { return slices.Contains(q.After.Any, code) }) {
			continue
		}
		if answer := m.answer(l, q); len(answer) > 0 {
			answers[q.Code] = answer
		}
	}
	l.record.Surveys = append(l.record.Surveys, exchange.SurveyRecord{Year: year, CollectedOn: day, Mode: pick(m, ways...), Answers: answers})
	return true
}

// ways of asking: a visit to 96 of a hundred (2021 rules).
var ways = append(slices.Repeat([]string{"visit"}, 96), "phone", "phone", "window", "system")

// answer is what follows from the life; what does not is drawn, and most of what need not be answered is left out.
func (m *recorder) answer(l *life, q *survey.Question) []string {
	one := func(when bool, then, otherwise string) []string {
		if when {
			return []string{then}
		}
		return []string{otherwise}
	}
	switch q.Code {
	case "R3_HUKOU":
		return []string{l.HukouType}
	case "R4_MARITAL":
		return one(l.age < 25, "single", pick(m, "married", "married", "married", "widowed", "single", "divorced"))
	case "INCOME":
		return one(l.on("dibao") || l.on("dibao_single") || l.on("tekun"), "below_dibao", pick(m, "below_edge", "middle", "middle", "above"))
	case "HOUSING":
		return []string{"own"}
	case "SCHOOLING":
		return one(slices.Contains([]string{"special_class", "special_school", "home_teaching", "deferred"}, l.schooling), l.schooling,
			one(l.schooling == "not_enrolled" || l.schooling == "rehab_or_kindergarten", "not_enrolled", "regular")[0])
	case "EMPLOYMENT":
		return one(l.pension == "employee" || l.pension == "civil_servant", pick(m, "quota", "concentrated"), pick(m, "none", "none", "none", "farming", "farming", "flexible"))
	case "R22_PENSION":
		return one(l.pension == "resident", "resident", one(l.pension != "", "employee", "none")[0])
	case "R23_MEDICAL":
		return one(l.medical != "", l.medical, "none")
	case "R27_ASSISTANCE":
		return map[bool][]string{true: {"1"}}[l.on("dibao") || l.on("dibao_single")]
	case "R29_CARE":
		return one(l.care != "", "1", "2")
	case "REHAB_NEED":
		return m.rehabNeed(l)
	case "DEVICE_NEED":
		return []string{cmp.Or(map[int]string{1: "vision", 2: "hearing", 4: pick(m, "mobility", "mobility", "prosthesis")}[l.Category], "self_care")}
	case "RETROFIT_RECEIVED":
		return one(l.retrofitted, "yes", "no")
	case "RETROFIT_NEED":
		return one(l.needsRetrofit, "yes", "no")
	}
	if !q.Required {
		return nil
	}
	return []string{pick(m, q.Options...).Code}
}

// rehabNeed is a device alone, something else alone, or both.
func (m *recorder) rehabNeed(l *life) []string {
	var codes []string
	if l.needsRehab {
		codes = append(codes, map[bool]string{true: "medication", false: pick(m, "training", "training", "nursing")}[l.Category == 6])
	}
	if l.needsDevice {
		codes = append(codes, "device")
	}
	if len(codes) == 0 {
		return []string{"none"}
	}
	return codes
}
