package population

import (
	"cmp"

	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
)

// Of those whom last year's survey found in need, so many of a thousand have been served this year so far. The targets are
// 90 % for rehabilitation and 85 % for devices; a device counts as both.
const (
	rehabilitated = 890
	fitted        = 868
	servedSpread  = 60
	waiting       = 400 // of those not served yet, whose case is open
	servedExtra   = 4   // of those whom the survey did not find in need
)

// evidence of a step, by name.
type evidence map[string]any

// steps gives each step its day.
func steps(days []calendar.Date, list ...exchange.StepRecord) []exchange.StepRecord {
	for i := range list {
		list[i].On = days[i]
	}
	return list
}

func step(name string, e evidence) exchange.StepRecord {
	if e == nil {
		e = evidence{}
	}
	return exchange.StepRecord{Step: name, Evidence: text(e)}
}

// services are those of this year so far.
func (m *recorder) services(l *life) {
	year := m.today.Year()
	switch {
	case l.needsDevice:
		full := m.usually(l, fitted, servedSpread)
		if full || m.chance(waiting) {
			l.record.Services = append(l.record.Services, m.device(l, year-1, full))
		}
	case l.needsRehab:
		full := m.usually(l, rehabilitated, servedSpread)
		if full || m.chance(waiting) {
			l.record.Services = append(l.record.Services, m.rehab(l, year-1, full))
		}
	case m.chance(servedExtra):
		l.record.Services = append(l.record.Services, m.rehab(l, year, true))
	}
}

// rehab is a service up to its evaluation, or one that waits on its way.
func (m *recorder) rehab(l *life, surveyed int, served bool) exchange.ServiceRecord {
	days := m.days(m.year(), m.today, 6)
	item, sort := rehabItem(l, calendar.Age(l.BirthDate, days[3]))
	signer, cost := "person", 8000+m.random.IntN(40)*1000
	if l.GuardianName != "" {
		signer = "guardian"
	}
	institution := pick(m, "临淄区残疾人康复中心", "临淄区残疾人康复中心", "临淄区人民医院康复科", m.places[l.village().Parent()]+"卫生院")
	all := steps(days[1:],
		step("assess", evidence{"institution": institution, "assessor": "康复科医师", "findings": "有" + sort + "指征"}),
		step("plan", evidence{"items": []evidence{{"item": item}}, "agreed_by": signer}),
		step("serve", evidence{"item": item, "institution": institution, "place": pick(m, "institution", "community", "home"), "started_on": days[2].String(),
			"sessions": 1 + m.random.IntN(20), "cost_fen": cost, "payers": []evidence{{"source": "project", "fen": cost}}, "signed_by": signer}),
		step("complete", nil),
		step("evaluate", evidence{"outcome": pick(m, "improved", "improved", "maintained"), "satisfaction": pick(m, "5", "5", "4", "3")}))
	end := m.random.IntN(3) // before it is served
	if served {
		end = 3 + m.random.IntN(3)
	}
	return exchange.ServiceRecord{Kind: "rehab", OpenedOn: days[0], Need: text(evidence{"survey_year": surveyed, "types": []evidence{{"type": sortOf(item)}}}), Steps: all[:end]}
}

// rehabItem is an item of the catalogue for the disability and age, and what it is called in findings.
func rehabItem(l *life, age int) (item, called string) {
	child := age < 18
	category := l.Category
	if len(l.Components) > 0 {
		category = l.Components[0].Category
	}
	switch {
	case category == 0: // a child without a certificate
		return cmp.Or(map[string]string{"脑性瘫痪": "MOTOR_TRAINING", "听力障碍": "HEARING_SPEECH_TRAINING"}[l.record.Diagnosis], "PARENT_SUPPORT"), "早期干预"
	case category == 1 && child:
		return "VISION_TRAINING", "视功能训练"
	case category == 1 && age >= 65:
		return "CATARACT", "白内障复明"
	case category == 1:
		return "ORIENTATION", "定向行走训练"
	case category == 2 && child, category == 3 && child:
		return "HEARING_SPEECH_TRAINING", "听觉言语训练"
	case category == 2:
		return "ADAPTATION_TRAINING", "适应训练"
	case category == 4 && child:
		return "MOTOR_TRAINING", "运动训练"
	case category == 4 && l.Level == 1:
		return "CARE_SUPPORT", "护理支持"
	case category == 4:
		return "THERAPY", "肢体康复"
	case category == 5:
		return "COGNITION_TRAINING", "认知训练"
	case category == 6 && child:
		return "COMMUNICATION_TRAINING", "沟通训练"
	case category == 6:
		return "MEDICATION", "药物治疗"
	}
	return "COUNSELLING", "心理辅导"
}

// sortOf is under which of the survey's kinds an item falls.
func sortOf(item string) string {
	switch item {
	case "CATARACT":
		return "surgery"
	case "MEDICATION":
		return "medication"
	case "CARE_SUPPORT", "PARENT_SUPPORT":
		return "nursing"
	}
	return "training"
}

// device is a fitting up to the visit that follows it, or one that waits on its way.
func (m *recorder) device(l *life, surveyed int, accepted bool) exchange.ServiceRecord {
	item, price := deviceItem(m, l)
	days := m.days(m.year(), m.today, 8)
	mode, own := "grant", 0
	if !l.hardUp && m.chance(250) {
		mode, own = "subsidy", price/5
	}
	signer := "person"
	if l.GuardianName != "" {
		signer = "guardian"
	}
	all := steps(days[1:],
		step("village_check", evidence{"findings": "情况属实"}),
		step("town_review", evidence{"findings": "同意申请"}),
		step("assess", evidence{"institution": "淄博市残疾人辅助器具中心", "assessor": "适配评估员", "item": item}),
		step("approve", evidence{"item": item, "price_fen": price, "subsidy_fen": price - own, "own_fen": own, "paid_elsewhere": "none"}),
		step("fit", evidence{"supplier": "临淄区辅助器具服务站", "pieces": 1}),
		step("accept", evidence{"signed_by": signer}),
		step("follow_up", evidence{"findings": "使用正常", "satisfaction": pick(m, "5", "5", "4")}))
	end := m.random.IntN(6)
	if accepted {
		end = 6 + m.random.IntN(2)
	}
	return exchange.ServiceRecord{Kind: "device", OpenedOn: days[0],
		Need: text(evidence{"survey_year": surveyed, "item": item, "mode": mode, "pieces": 1}), Steps: all[:end]}
}

// deviceItem is a device of the list and a price within its cap.
func deviceItem(m *recorder, l *life) (item string, priceFen int) {
	switch {
	case l.has(1):
		return "123903", 8000
	case l.has(2):
		return "220615", 240000
	case l.has(4) && l.severe:
		return pick(m, "122203", "122203", "091203"), 28000
	case l.has(4):
		return pick(m, "120603", "120312", "120303"), 9000
	}
	return "091203", 28000
}
