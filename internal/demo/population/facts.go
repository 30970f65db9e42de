package population

import (
	"slices"

	"zhucan/internal/calendar"
)

// The shares below are of a thousand. They are made up so that some targets of 专栏1 are met, some nearly, some not.
const (
	atSchool       = 935 // of the age of compulsory schooling; the target is 95 %
	schoolSpread   = 35
	inPension      = 947 // of who may; the target is 95 %
	inMedical      = 981 // the target is 97 %
	insuredSpread  = 18
	paidFor        = 960 // of those whose contribution the government pays
	assisted       = 340
	informed       = 850
	cared          = 310
	drivers        = 120
	fuelled        = 970
	stillPoor      = 60 // in a town that is behind
	misidentified  = 25
	benefitsSpread = 40
)

// The first days of what is recorded. The plan runs from 2016.
var planBegan = calendar.MustDate("2016-01-01")

// school is where a child is in the school year that runs. Who has finished the compulsory years may go on.
func (m *recorder) school(l *life) {
	began := calendar.NewMonth(m.today.Year(), 9).First()
	if began.After(m.today) {
		began = began.AddYears(-1)
	}
	age := calendar.Age(l.BirthDate, began.Add(-1))
	switch {
	case age < 6 || age > 17:
		return
	case age > 14:
		if m.chance(400) {
			l.schooling = "regular"
		}
	case m.usually(l, atSchool, schoolSpread):
		l.schooling = pick(m, "regular", "regular", "regular", "special_class", "special_school")
		if l.severe {
			l.schooling = pick(m, "special_school", "special_school", "home_teaching")
		}
	default:
		l.schooling = pick(m, "deferred", "deferred", "not_enrolled", "rehab_or_kindergarten")
	}
	if l.schooling == "" {
		return
	}
	if slices.Contains([]string{"regular", "special_class", "special_school", "home_teaching"}, l.schooling) {
		began = began.AddYears(6 - min(age, 14)) // since the child was six
	}
	l.fact("school", l.schooling, began, "教育局")
}

// poverty is the list of registered poor of the countryside (建档立卡), from which most have exited by 2020.
func (m *recorder) poverty(l *life) {
	share := 22
	if l.hardUp {
		share = 140
	}
	if l.HukouType != "agricultural" || l.Certificate.IsZero() || !l.BirthDate.Before(planBegan) || !m.chance(share) {
		return
	}
	l.poor = true
	l.fact("registered_poor", "yes", planBegan, "扶贫办")
	exit, next := m.between(calendar.MustDate("2016-11-01"), calendar.MustDate("2020-11-30")), "exited"
	switch {
	case m.chance(misidentified):
		next = "removed"
	case m.towns.behind(l.village()) && m.chance(stillPoor):
		return
	}
	l.until(exit)
	l.fact("registered_poor", next, exit, "扶贫办")
}

// insurance is that of the residents' schemes but for who works or has worked.
func (m *recorder) insurance(l *life) {
	worked := 30
	if !l.severe {
		worked = 140
	}
	switch {
	case l.age < 16 || l.age < 22 && l.schooling != "":
	case l.age >= 20 && !l.hardUp && m.chance(worked):
		l.pension = pick(m, "employee", "employee", "employee", "employee", "employee", "civil_servant")
		l.fact("insurance_pension", l.pension, planBegan, "人社局")
		if l.age < 60 {
			l.fact("employment", "employed", planBegan, "人社局")
		}
	case m.usually(l, inPension, insuredSpread):
		l.pension = "resident"
		l.fact("insurance_pension", l.pension, later(planBegan, l.BirthDate.AddYears(16)), "人社局")
	}
	switch {
	case l.pension == "employee" || l.pension == "civil_servant":
		l.medical = "employee"
	case m.usually(l, inMedical, insuredSpread):
		l.medical = "resident"
	default:
		return
	}
	l.fact("insurance_medical", l.medical, planBegan, "医保局")
}

// welfare is what other offices grant: the benefits of 专栏2.
func (m *recorder) welfare(l *life) {
	has := func(share int) bool { return m.usually(l, share, benefitsSpread) }
	if l.Certificate.IsZero() {
		return
	}
	adult := l.age >= 16 && l.age <= 59
	if l.severe && adult && l.pension == "resident" && has(paidFor) {
		l.fact("insurance_paid", "pension", later(m.year(), l.IssuedOn), "人社局")
	}
	if (l.severe || l.hardUp || l.poor) && l.medical == "resident" && has(paidFor) {
		l.fact("insurance_paid", "medical", later(m.year(), l.IssuedOn), "医保局")
	}
	if l.severe && l.hardUp && has(assisted) {
		l.fact("medical_assistance", "yes", m.between(m.year(), m.today), "医保局")
	}
	if (l.has(1) || l.has(2)) && has(informed) {
		l.fact("information_subsidy", "yes", l.IssuedOn, "工信局")
	}
	if adult && (l.has(5) || l.has(6) || l.severe && l.has(4)) && has(cared) {
		l.care = pick(m, "boarding", "day", "home", "home")
		l.fact("care_programme", l.care, m.between(l.IssuedOn, m.today), "残联")
	}
	if l.has(4) && !l.severe && l.age >= 20 && l.age <= 69 && m.chance(drivers) {
		l.fact("disabled_driver", "yes", l.IssuedOn, "残联")
		if m.chance(fuelled) {
			l.fact("fuel_subsidy", "yes", m.year(), "残联")
		}
	}
}

// needs are what last year's survey found. The more severe, the more is needed; a device mostly for body, eyes and ears.
func (m *recorder) needs(l *life) {
	share := []int{600, 380, 330, 190, 110}[l.Level]
	l.needsRehab = m.chance(share)
	device := 60
	switch {
	case l.has(2):
		device = 350
	case l.has(4), l.has(1):
		device = 300
	}
	l.needsDevice = l.needsRehab && !l.Certificate.IsZero() && m.chance(device)
	retrofit := 60
	if l.hardUp {
		retrofit = 300
	}
	l.needsRetrofit = l.severe && m.chance(retrofit)
}
