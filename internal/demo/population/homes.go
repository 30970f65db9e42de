package population

import (
	"fmt"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
)

// Shares of a thousand.
const (
	multiDisabled    = 55 // of holders who live with the next one of their village (一户多残)
	dangerousHard    = 95 // of rural households, on the stock list of dangerous houses
	dangerousOther   = 25
	unconverted      = 110 // of those, in a town that is behind
	retrofitVerified = 300 // of households with a severe member that are hard up
	retrofitDone     = 965 // of those that can be altered; the target is 90 %
	retrofitSpread   = 60
)

// homes are the households of the severe, of several holders, and of those on the stock list.
func (m *recorder) homes(lives []*life) (homes []*exchange.HouseholdRecord) {
	byVillage := map[area.Code][]*life{}
	var villages []area.Code
	for _, l := range lives {
		if l.Certificate.IsZero() {
			continue // a child's household is entered when somebody in it has a certificate
		}
		if byVillage[l.Hukou] == nil {
			villages = append(villages, l.Hukou)
		}
		byVillage[l.Hukou] = append(byVillage[l.Hukou], l)
	}
	for _, village := range villages {
		for rest := byVillage[village]; len(rest) > 0; {
			n := 1
			for n < min(3, len(rest)) && m.chance(multiDisabled) {
				n++
			}
			if h := m.home(rest[:n], len(homes)+1); h != nil {
				homes = append(homes, h)
			}
			rest = rest[n:]
		}
	}
	return homes
}

// home is a household, or nil where nobody has a reason to have entered it.
func (m *recorder) home(members []*life, number int) *exchange.HouseholdRecord {
	head := members[0]
	h := &exchange.HouseholdRecord{Area: head.Hukou, Address: fmt.Sprintf("%s%d号", m.places[head.Hukou], number%300+1)}
	severe, hardUp := false, false
	for _, l := range members {
		severe, hardUp = severe || l.severe, hardUp || l.hardUp
		h.Members = append(h.Members, exchange.MemberRecord{IDNumber: l.record.IDNumber, Relation: relation(head, l), From: later(planBegan, l.BirthDate)})
	}
	dangerous := m.dangerous(h, head, hardUp)
	if !severe && len(members) == 1 && !dangerous {
		return nil
	}
	if severe && hardUp || dangerous {
		h.Facts = append(h.Facts, exchange.FactRecord{Kind: "dwelling", Value: text("own"), From: planBegan, Source: "入户登记"})
	}
	if severe && hardUp && m.chance(retrofitVerified) {
		m.retrofit(h, members)
	}
	return h
}

// relation follows from the ages.
func relation(head, l *life) string {
	switch gap := head.age - l.age; {
	case head == l:
		return "head"
	case gap >= 18:
		return "child"
	case gap <= -18:
		return "parent"
	case head.Sex != l.Sex && head.age >= 22 && l.age >= 20:
		return "spouse"
	}
	return "sibling"
}

// dangerous puts a rural household on the stock list, from which most have been dealt with since.
func (m *recorder) dangerous(h *exchange.HouseholdRecord, head *life, hardUp bool) bool {
	share := dangerousOther
	if hardUp {
		share = dangerousHard
	}
	rural := head.HukouType == "agricultural" && head.Hukou[6] != '0'
	if !rural || !m.chance(share) {
		return false
	}
	grade := pick(m, "C", "C", "D")
	h.Facts = append(h.Facts, exchange.FactRecord{Kind: "dangerous_house", Value: text(grade), From: calendar.MustDate("2016-06-30"), Source: "住建局"})
	if m.towns.behind(head.Hukou) && m.chance(unconverted) {
		return true
	}
	way := map[string]string{"C": "repaired", "D": pick(m, "rebuilt", "rebuilt", "moved")}[grade]
	h.Facts = append(h.Facts, exchange.FactRecord{Kind: "house_converted", Value: text(way), From: m.between(calendar.MustDate("2016-09-01"), calendar.MustDate("2020-10-31")), Source: "住建局"})
	return true
}

// works are what may be altered in a home, by category of disability, and what it costs.
var works = map[int][]string{1: {"READER", "RAIL"}, 2: {"ALARM", "RACK"}, 3: {"ALARM", "RACK"}, 4: {"RAMP", "RAIL", "TOILET", "DOOR", "KITCHEN"}, 5: {"SAFETY", "RAIL"}, 6: {"SAFETY", "ALARM"},
	7: {"RAIL", "TOILET"}}

// retrofit is one that was verified since the plan began; it is done, on its way, or turned out not to be possible.
func (m *recorder) retrofit(h *exchange.HouseholdRecord, members []*life) {
	var severe *life
	for _, l := range members {
		if l.severe && severe == nil {
			severe = l
		}
	}
	from, to := later(severe.IssuedOn, calendar.MustDate("2017-02-01")).Add(10), earlier(m.today.Add(-60), severe.ExpiresOn.Add(-300))
	if !from.Before(to) {
		return // there was no time for one yet
	}
	opened := m.between(from, to)
	days := m.days(opened, earlier(opened.Add(300), m.today), 8)
	items, planned, accepted := []evidence{}, []evidence{}, []evidence{}
	total := 0
	for _, code := range works[severe.Category] {
		cost := 1000_00 + m.random.IntN(8)*100_00
		total += cost
		items, accepted = append(items, evidence{"item": code}), append(accepted, evidence{"item": code})
		if planned = append(planned, evidence{"item": code, "cost_fen": cost}); len(items) == 3 {
			break
		}
	}
	funds := []evidence{{"source": "lottery", "fen": total / 2}, {"source": "district", "fen": total - total/2}}
	all := steps(days,
		step("verify", evidence{"findings": "入户核实，需求属实", "hardship": hardshipOf(members), "willing": true}),
		step("plan", evidence{"items": planned, "agreed_by": "family"}),
		step("approve", evidence{"total_fen": total, "funds": funds}),
		step("contract", evidence{"contractor": "临淄区惠民建筑工程有限公司", "number": fmt.Sprintf("WZA-%d-%03d", opened.Year(), m.random.IntN(1000)), "amount_fen": total}),
		step("start", nil), step("finish", nil),
		step("accept", evidence{"result": "PASS", "items": accepted, "satisfaction": pick(m, "5", "5", "4"), "signatures": []evidence{{"by": "cdpf", "name": "区残联验收组"},
			{"by": "applicant", "name": members[0].Name}, {"by": "builder", "name": "施工负责人"}}}),
		step("archive", evidence{"paid_fen": total, "funds": funds}))
	h.Services = []exchange.ServiceRecord{{Kind: "retrofit", OpenedOn: opened, Need: text(evidence{"items": items}), Steps: m.ending(severe, all, days)}}
	for _, l := range members {
		l.retrofitted = len(h.Services[0].Steps) >= 7
	}
}

// ending is how far a retrofit has come.
func (m *recorder) ending(l *life, all []exchange.StepRecord, days []calendar.Date) []exchange.StepRecord {
	last := func(name string, e evidence) []exchange.StepRecord {
		s := step(name, e)
		s.On = days[1]
		return append(all[:1], s)
	}
	switch n := m.random.IntN(100); {
	case n < 3:
		return last("not_alterable", evidence{"reason": "承重墙无法改动"})
	case n < 5:
		return last("demolition", evidence{"source_doc": "区棚改办拆迁计划"})
	case n < 7:
		return last("refuse", evidence{"reason": "家庭不同意施工", "signed_by": "family"})
	case m.usually(l, retrofitDone, retrofitSpread):
		return all[:7+m.random.IntN(2)]
	}
	return all[:1+m.random.IntN(6)]
}

// hardshipOf is the hardship of a household as the chain calls it.
func hardshipOf(members []*life) string {
	for _, l := range members {
		switch {
		case l.on("dibao") || l.on("dibao_single"):
			return "dibao"
		case l.on("tekun"):
			return "tekun"
		case l.on("dibao_edge"):
			return "dibao_edge"
		}
	}
	return "monitored"
}
