// Package population makes up the people of a district: none of them exists. ID numbers use the area 379999, which was
// never assigned. The same seed makes the same people.
package population

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/exchange"
	"zhucan/internal/idnum"
)

// Shares of a plausible district, in percent. They are made up; no register was looked at.
var (
	categoryShares = []int{11, 9, 2, 55, 10, 9, 4} // visual, hearing, speech, physical, intellectual, psychiatric, multiple
	levelShares    = []int{14, 27, 30, 29}
	ageShares      = []int{3, 17, 30, 50} // 0-17, 18-44, 45-59, 60 and over
	ageBands       = [][2]int{{2, 17}, {18, 44}, {45, 59}, {60, 92}}
)

const (
	dibaoSevere, dibaoOther = 30, 16 // percent on the subsistence allowance
	singleShare             = 14     // of severe adults on it, as a household of one
	tekunShare              = 4
	edgeShare               = 3
	expiredShare            = 2
	reissuedShare           = 1
	receivingShare          = 97 // of those who may receive, in a town like others
	receivingSpread         = 3
	childrenPerHundred      = 3 // without a certificate, on top
)

// maker draws people one after another.
type maker struct {
	random   *rand.Rand
	today    calendar.Date
	sequence int
	villages []area.Code
	used     map[idnum.Resident]bool
	towns    towns
}

// Generate makes people certificate holders over the villages of a tree, and some children without a certificate.
func Generate(seed uint64, people int, divisions []area.Division, today calendar.Date) []exchange.RosterRow {
	m := &maker{random: rand.New(rand.NewPCG(seed, 379999)), today: today, used: map[idnum.Resident]bool{}, towns: newTowns(seed, divisions)}
	m.layOutVillages(divisions)
	rows := make([]exchange.RosterRow, 0, people+people*childrenPerHundred/100)
	for range people {
		rows = append(rows, m.holder())
	}
	for range people * childrenPerHundred / 100 {
		rows = append(rows, m.child())
	}
	for i := range rows {
		rows[i].Row = i + 2
	}
	return rows
}

// layOutVillages repeats a village by its size: villages are not alike.
func (m *maker) layOutVillages(divisions []area.Division) {
	for _, d := range divisions {
		if d.Code.Level() == "village" {
			for range 1 + m.random.IntN(9) {
				m.villages = append(m.villages, d.Code)
			}
		}
	}
}

func (m *maker) percent(share int) bool { return m.random.IntN(100) < share }

// pick draws an index by shares.
func (m *maker) pick(shares []int) int {
	total := 0
	for _, s := range shares {
		total += s
	}
	n := m.random.IntN(total)
	for i, s := range shares {
		if n < s {
			return i
		}
		n -= s
	}
	return 0
}

func (m *maker) between(from, to calendar.Date) calendar.Date {
	return from.Add(m.random.IntN(max(1, to.Sub(from)+1)))
}

// person draws what everybody has. The sequence number of the ID counts up, so no two are alike.
func (m *maker) person(band [2]int) exchange.RosterRow {
	sex := []string{"male", "female"}[m.random.IntN(2)]
	age := band[0] + m.random.IntN(band[1]-band[0]+1)
	birth := m.today.AddYears(-age).Add(-1 - m.random.IntN(360))
	village := m.villages[m.random.IntN(len(m.villages))]
	r := exchange.RosterRow{Name: m.name(sex), Sex: sex, BirthDate: birth, ID: m.idNumber(birth, sex), Hukou: village, HukouType: m.hukouType(village),
		Phone: fmt.Sprintf("1990000%04d", m.random.IntN(10_000))}
	if m.percent(6) {
		r.Residence = m.villages[m.random.IntN(len(m.villages))]
	}
	return r
}

// hukouType is mostly agricultural outside the streets, whose codes run from 001 to 099.
func (m *maker) hukouType(village area.Code) string {
	share := 90
	if village[6] == '0' {
		share = 30
	}
	if m.percent(share) {
		return "agricultural"
	}
	return "non_agricultural"
}

// idNumber counts through the sequences of a birth date; the village of the ID says nothing about the hukou.
func (m *maker) idNumber(birth calendar.Date, sex string) idnum.Resident {
	for {
		m.sequence++
		n := m.sequence % 500 * 2
		if sex == "male" {
			n++
		}
		y, month, d := birth.YMD()
		body := fmt.Sprintf("379999%04d%02d%02d%03d", y, month, d, n)
		c, _ := idnum.CheckCharacter(body)
		id, err := idnum.ParseResident(body+string(c), m.today)
		if err == nil && !m.used[id] {
			m.used[id] = true
			return id
		}
	}
}

func (m *maker) holder() exchange.RosterRow {
	r := m.person(ageBands[m.pick(ageShares)])
	r.Category, r.Level = m.pick(categoryShares)+1, m.pick(levelShares)+1
	if r.Category == 7 {
		r.Components = []casefile.Component{{Category: 1 + m.random.IntN(3), Level: min(4, r.Level+m.random.IntN(2))}, {Category: 4 + m.random.IntN(3), Level: r.Level}}
	}
	m.card(&r)
	if calendar.Age(r.BirthDate, m.today) < 18 || r.Category == 5 || r.Category == 6 {
		r.GuardianName, r.GuardianRelation = m.name("male"), "父亲"
	}
	m.hardship(&r)
	m.benefits(&r)
	return r
}

func (m *maker) card(r *exchange.RosterRow) {
	earliest := calendar.MustDate("2017-01-01")
	if born := r.BirthDate.AddYears(1); born.After(earliest) {
		earliest = born
	}
	r.IssuedOn = m.between(earliest, m.today.Add(-30))
	if m.percent(expiredShare) && r.BirthDate.Before(calendar.MustDate("2010-01-01")) {
		r.IssuedOn = m.between(calendar.MustDate("2014-01-01"), calendar.MustDate("2016-06-30"))
	}
	r.ExpiresOn = casefile.DefaultExpiry(r.IssuedOn)
	suffix := ""
	if m.percent(reissuedShare) {
		suffix = "B1"
	}
	r.Certificate, _ = idnum.ParseCertificate(fmt.Sprintf("%s%d%d%s", r.ID.Reveal(), r.Category, r.Level, suffix), m.today)
}

func (m *maker) hardship(r *exchange.RosterRow) {
	share := dibaoOther
	if r.Level <= 2 {
		share = dibaoSevere
	}
	age := calendar.Age(r.BirthDate, m.today)
	switch {
	case age < 18 && m.percent(4):
		r.Hardships = []string{"orphan"}
	case age < 18 && m.percent(4):
		r.Hardships = []string{"defacto"}
	case age >= 60 && m.percent(2*tekunShare):
		r.Hardships = []string{"tekun"}
	case m.percent(share):
		r.Hardships = []string{"dibao"}
		if r.Level <= 2 && age >= 18 && m.sequence%100 < singleShare { // by the number of the person, so that nothing else is drawn otherwise
			r.Hardships = []string{"dibao_single"}
		}
	case m.percent(edgeShare):
		r.Hardships = []string{"dibao_edge"}
	default:
		return
	}
	r.HardshipFrom = m.between(r.BirthDate.Add(30), m.today.Add(-60))
	if first := calendar.MustDate("2016-01-01"); r.HardshipFrom.Before(first) {
		r.HardshipFrom = m.between(first, m.today.Add(-60))
		if r.HardshipFrom.Before(r.BirthDate) {
			r.HardshipFrom = r.BirthDate.Add(30)
		}
	}
}

// benefits lets nearly everybody receive who may; the rest are the gaps that the service is to find. A few receive who
// no longer may, because their card has run out.
func (m *maker) benefits(r *exchange.RosterRow) {
	has := func(kind string) bool { return slices.Contains(r.Hardships, kind) }
	start := r.IssuedOn.Month().Add(m.random.IntN(3))
	if first := calendar.MustMonth("2017-01"); start.Before(first) {
		start = first
	}
	receiving := m.towns.share(receivingShare, receivingSpread, r.Hukou)
	if (has("dibao") || has("dibao_single")) && m.percent(receiving) {
		r.LivingFrom = start
		if from := r.HardshipFrom.Month(); from.After(start) {
			r.LivingFrom = from
		}
	}
	if r.Level <= 2 && !has("tekun") && m.percent(receiving) {
		r.NursingFrom = start
	}
	for _, month := range []*calendar.Month{&r.LivingFrom, &r.NursingFrom} {
		if month.After(m.today.Month()) {
			*month = m.today.Month()
		}
		if !month.IsZero() { // the account follows from the ID number, so the same seed makes the same people
			r.Account = "622200" + r.ID.Reveal()[6:17]
		}
	}
}

// child is a disabled child without a certificate yet.
func (m *maker) child() exchange.RosterRow {
	r := m.person([2]int{0, 9})
	r.GuardianName, r.GuardianRelation = m.name("female"), "母亲"
	return r
}

const (
	surnames     = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
	maleGiven    = "伟强磊军洋勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊建国志文永庆德海林"
	femaleGiven  = "芳娜敏静丽艳娟霞玲桂秀英兰玉萍红梅燕云莲凤琴洁晶欣怡琳雪"
	rareOccasion = "㐂𠮷堃喆淼"
)

func (m *maker) name(sex string) string {
	draw := func(from string) string { r := []rune(from); return string(r[m.random.IntN(len(r))]) }
	given := maleGiven
	if sex == "female" {
		given = femaleGiven
	}
	name := draw(surnames) + draw(given)
	switch n := m.random.IntN(200); {
	case n == 0:
		name += draw(rareOccasion)
	case n < 140:
		name += draw(given)
	}
	return name
}
