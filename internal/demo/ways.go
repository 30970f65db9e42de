package demo

import (
	"context"

	"zhucan/internal/care"
	"zhucan/internal/store"
)

// given is evidence by name, as a client would send it.
type given map[string]any

// served is a service on its way.
type served struct {
	*offices
	subject store.Named
	item    string // the device for the category
	service care.Service
}

type office int

const (
	village office = iota
	town
	district
)

// way leads to a state of a chain.
type way struct {
	state string
	need  func(*served) given
	steps []stepTo
}

// stepTo is a step with its evidence, or where that comes from.
type stepTo struct {
	name     string
	by       office
	evidence given
	from     func(context.Context, *served) (given, error)
}

// ways lists the beginnings of a chain's own way, one for each state on it, and the other endings.
func ways(need func(*served) given, states []string, steps []stepTo, others ...way) (list []way) {
	for i, state := range states {
		list = append(list, way{state, need, steps[:i]})
	}
	for _, other := range others {
		other.need = need
		list = append(list, other)
	}
	return list
}

// deviceItems are devices by category of disability.
var deviceItems = map[int]string{1: "123903", 2: "220615", 3: "091203", 4: "120603", 5: "091203", 6: "091203", 7: "091203"}

const centre = "临淄区残疾人康复中心"

var rehabWays = ways(func(*served) given { return given{"types": []given{{"type": "training"}}} },
	[]string{"NEED", "ASSESSED", "PLANNED", "IN_SERVICE", "COMPLETED", "EVALUATED"},
	[]stepTo{
		{name: "assess", by: village, evidence: given{"institution": centre, "assessor": "康复科医师", "findings": "情绪低落，社交退缩"}},
		{name: "plan", by: town, evidence: given{"items": []given{{"item": "COUNSELLING"}}, "agreed_by": "person"}},
		{name: "serve", by: village, from: func(ctx context.Context, s *served) (given, error) {
			sheet, err := s.photo(ctx, 1)
			return given{"item": "COUNSELLING", "institution": centre, "place": "institution", "started_on": s.day(1).String(), "sessions": 4, "cost_fen": 24000,
				"payers": []given{{"source": "project", "fen": 20000}, {"source": "self", "fen": 4000}}, "signed_by": "person", "files": []any{sheet}}, err
		}},
		{name: "complete", by: village}, {name: "evaluate", by: town, evidence: given{"outcome": "improved", "satisfaction": "5"}},
	},
	way{state: "NOT_SUITABLE", steps: []stepTo{{name: "not_suitable", by: town, evidence: given{"reason": "病情急性期，暂不适宜"}}}},
	way{state: "REFUSED", steps: []stepTo{{name: "refuse", by: village, evidence: given{"reason": "本人暂不需要", "signed_by": "person"}}}},
	way{state: "MOVED", steps: []stepTo{{name: "moved", by: village, evidence: given{"note": "随子女迁往外区"}}}},
	way{state: "DECEASED", steps: []stepTo{dies}})

// dies records the death as well, from which everything else follows.
var dies = stepTo{name: "deceased", by: village, from: func(ctx context.Context, s *served) (given, error) { return nil, s.death(ctx) }}

// applied is the way of a device up to its acceptance.
var applied = []stepTo{
	{name: "village_check", by: village, evidence: given{"findings": "情况属实"}}, {name: "town_review", by: town, evidence: given{"findings": "同意申请"}},
	{name: "assess", by: district, from: func(_ context.Context, s *served) (given, error) {
		return given{"institution": "淄博市残疾人辅助器具中心", "assessor": "适配评估员", "item": s.service.Need.Text("item")}, nil
	}},
	{name: "approve", by: district, from: func(_ context.Context, s *served) (given, error) {
		return given{"item": s.service.Need.Text("item"), "price_fen": 9000, "subsidy_fen": 9000, "own_fen": 0, "paid_elsewhere": "none"}, nil
	}},
	{name: "fit", by: town, evidence: given{"supplier": "临淄区辅助器具服务站", "pieces": 1}},
	{name: "accept", by: village, from: func(ctx context.Context, s *served) (given, error) {
		receipt, err := s.photo(ctx, 1)
		return given{"signed_by": "person", "files": []any{receipt}}, err
	}},
	{name: "follow_up", by: village, evidence: given{"findings": "使用正常", "satisfaction": "5"}},
}

var deviceWays = append(ways(func(s *served) given { return given{"item": s.item, "mode": "grant", "pieces": 1} },
	[]string{"NEED", "VILLAGE_CHECKED", "TOWN_REVIEWED", "ASSESSED", "APPROVED", "FITTED", "ACCEPTED", "FOLLOWED_UP"}, applied,
	way{state: "REJECTED", steps: []stepTo{applied[0], {name: "reject", by: town, evidence: given{"reason": "同类器具未到更换年限"}}}},
	way{state: "REFUSED", steps: []stepTo{applied[0], {name: "refuse", by: village, evidence: given{"reason": "已自行购买", "signed_by": "family"}}}},
	way{state: "MOVED", steps: []stepTo{{name: "moved", by: village}}},
	way{state: "DECEASED", steps: []stepTo{dies}}),
	way{state: "LOAN_RETURNED", need: func(*served) given { return given{"item": "120312", "mode": "loan", "pieces": 1} },
		steps: append(applied[:6:6], stepTo{name: "give_back", by: village, evidence: given{"condition": "good"}})})

// rebuilt is the way of a home retrofit up to the archive.
var rebuilt = []stepTo{
	{name: "verify", by: village, evidence: given{"findings": "入户核实，需求属实", "hardship": "monitored", "hardship_basis": "防返贫监测对象认定表", "willing": true}},
	{name: "plan", by: town, evidence: given{"items": []given{{"item": "RAMP", "cost_fen": 200000}, {"item": "RAIL", "cost_fen": 120000}}, "agreed_by": "family"}},
	{name: "approve", by: district, evidence: given{"total_fen": 320000, "funds": []given{{"source": "lottery", "fen": 200000}, {"source": "district", "fen": 120000}}}},
	{name: "contract", by: district, evidence: given{"contractor": "临淄区惠民建筑工程有限公司", "number": "WZA-DEMO-001", "amount_fen": 320000}},
	{name: "start", by: village}, {name: "finish", by: village},
	{name: "accept", by: district, from: func(ctx context.Context, s *served) (given, error) { return accepted(ctx, s, "PASS") }},
	{name: "archive", by: district, evidence: given{"paid_fen": 320000, "funds": []given{{"source": "lottery", "fen": 200000}, {"source": "district", "fen": 120000}}}},
}

var retrofitWays = ways(func(*served) given { return given{"items": []given{{"item": "RAMP"}, {"item": "RAIL"}}} },
	[]string{"NEED", "VERIFIED", "PLANNED", "APPROVED", "CONTRACTED", "IN_WORK", "ACCEPTANCE", "DONE", "ARCHIVED"}, rebuilt,
	way{state: "RECTIFY", steps: append(rebuilt[:6:6], stepTo{name: "accept", by: district,
		from: func(ctx context.Context, s *served) (given, error) { return accepted(ctx, s, "RECTIFY") }})},
	way{state: "NOT_ALTERABLE", steps: []stepTo{rebuilt[0], {name: "not_alterable", by: town, evidence: given{"reason": "承重墙无法改动"}}}},
	way{state: "DEMOLITION_PLANNED", steps: []stepTo{rebuilt[0], {name: "demolition", by: town, evidence: given{"source_doc": "区棚改办拆迁计划"}}}},
	way{state: "REFUSED", steps: []stepTo{rebuilt[0], {name: "refuse", by: village, evidence: given{"reason": "家庭不同意施工", "signed_by": "family"}}}},
	way{state: "MOVED", steps: []stepTo{{name: "moved", by: village}}},
	way{state: "DECEASED", steps: []stepTo{{name: "deceased", by: village}}})

// accepted is a joint acceptance with a picture from before and one from after.
func accepted(ctx context.Context, s *served, result string) (given, error) {
	before, err := s.photo(ctx, 1)
	if err != nil {
		return nil, err
	}
	after, err := s.photo(ctx, 2)
	var items []given
	for _, item := range []string{"RAMP", "RAIL"} {
		items = append(items, given{"item": item, "before": []any{before}, "after": []any{after}})
	}
	return given{"result": result, "items": items, "satisfaction": "5", "note": "演示数据", "signatures": []given{{"by": "cdpf", "name": "区残联验收组"},
		{"by": "applicant", "name": s.subject.Name}, {"by": "builder", "name": "施工负责人"}}}, err
}
