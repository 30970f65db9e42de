package casework_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// listed is a world into which lists come, are decided about and taken back, in which people are entered twice, merged and parted again, and steps of
// services are taken back. What it knows of an instant it reads from the audit alone, since rows move and go.
type listed struct {
	*world
	approver access.Actor
	imports  []store.Import
	merges   []store.Merge
}

// TestRecountOfListsAndMerges recounts every indicator, variant and benefit of such a world. What a step counts as, and what somebody needs, is found
// from what was recorded with it.
func TestRecountOfListsAndMerges(t *testing.T) {
	t.Parallel()
	for i := range *recounts {
		seed := uint64(20260101 + i)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := &listed{world: newWorld(t, seed)}
			w.approver = w.officer(access.CivilAffairsApprover)
			history := w.years()
			t.Logf("%d persons, %d households; happened %v, refused %v", len(w.persons), len(w.households), w.done, w.refused)
			for name, n := range map[string]int{"list": 12, "decide": 6, "undo list": 2, "join files": 2, "part files": 1, "go on": 3, "void step": 2, "follow": 1} {
				if w.done[name] < n {
					t.Errorf("%s happened %d times, want %d; the history shows little", name, w.done[name], n)
				}
			}
			for _, then := range history {
				w.wantAsRecorded(then)
			}
			if _, differed, err := w.desk.RebuildStandings(t.Context(), access.SystemActor(), true); err != nil || differed != 0 {
				t.Errorf("%d standings or counts differ from what follows from the facts (%v)", differed, err)
			}
		})
	}
}

func (w *listed) years() (history []told) {
	for range 22 {
		w.live("enter", w.enter)
	}
	for range 7 {
		w.live("settle", w.settle)
	}
	all := w.happenings()
	for _, h := range []happening{{"list", 16, w.list}, {"decide", 10, w.decide}, {"undo list", 4, w.undoList}, {"twin", 4, w.twin}, {"join files", 7, w.joinFiles}, {"part files", 3, w.partFiles},
		{"lend", 12, w.lend}, {"go on", 14, w.goOn}, {"void step", 10, w.voidStep}} {
		for range h.times {
			all = append(all, h)
		}
	}
	for round, from := range []string{"2022-12-28", "2023-12-29"} {
		w.on(calendar.MustDate(from))
		for range 110 {
			h := pick(w.world, all...)
			w.live(h.name, h.do)
		}
		if round == 1 {
			w.live("merge", w.merge)
			w.live("follow", func() error {
				_, err := w.desk.FollowSuccession(w.t.Context(), w.sender, area.Code(mergedVillage))
				return err
			})
		}
		w.pass()
		then := told{known: w.clock(), said: map[calendar.Date]map[string]view{}}
		for _, day := range []calendar.Date{w.today().Add(-w.random.IntN(400)), w.today(), askedDays[2]} {
			then.said[day] = w.ask(store.Moment{On: day})
		}
		history = append(history, then)
	}
	return history
}

// wantAsRecorded compares what is said of an instant with what was said then, and with what the audit has of it.
func (w *listed) wantAsRecorded(then told) {
	w.t.Helper()
	r := w.recorded(then.known)
	for day, said := range then.said {
		at := moment{store.Moment{On: day, KnownAt: then.known}}
		asked := w.ask(at.Moment)
		for _, key := range slices.Concat(w.keys[false], w.keys[true]) {
			if now := asked[key]; !reflect.DeepEqual(now, said[key]) {
				w.t.Errorf("%s %s:\nnow  %v\nthen %v", at, key, now, said[key])
			}
			found := r.recount(key, slices.Contains(w.keys[true], key), day)
			w.wantTree(at, r, key, asked[key].tree, found)
			w.wantNames(at, key, asked[key].names, found)
		}
	}
}

// audited is every row of a table as it was at an instant, in an order.
const audited = `SELECT row FROM (SELECT DISTINCT ON (c.row_id) c.new_row AS row FROM audit_changes c JOIN audit_entries e ON e.id = c.entry_id
	WHERE c.table_name = '%s' AND e.at <= $1 ORDER BY c.row_id, c.n DESC) t WHERE row IS NOT NULL ORDER BY %s`

type (
	auditedFact struct {
		rawFact
		Superseded *time.Time `json:"superseded_at"`
	}
	auditedAnswers struct {
		rawAnswers
		Answers map[string][]string `json:"answers"`
	}
	auditedMerge struct {
		Merged uuid.UUID  `json:"merged_id"`
		Undone *time.Time `json:"undone_at"`
	}
	auditedService struct {
		ID        uuid.UUID      `json:"id"`
		Kind      string         `json:"kind"`
		Person    uuid.UUID      `json:"person_id"`
		Household uuid.UUID      `json:"household_id"`
		Opened    calendar.Date  `json:"opened_on"`
		Need      map[string]any `json:"need"`
		accepted  calendar.Date  // of a device
		counted   bool           // of a loan
		steps     []auditedStep
	}
	auditedStep struct {
		rawStep
		Step     string         `json:"step"`
		Evidence map[string]any `json:"evidence"`
		Voided   *time.Time     `json:"voided_at"`
	}
)

// counts is as what a step counts: an item of rehabilitation that is no lecture, leaflet or check-up; a device that was signed for, and of a loan when it
// is known to have lasted thirty days; a home that was accepted.
func (s *auditedService) counts(d auditedStep) []string {
	fitted := []string{"device", "rehab"}
	switch {
	case s.Kind == "rehab" && (d.Step == "serve" || d.Step == "report") && !slices.Contains([]any{"LECTURE", "LEAFLET", "CHECK_UP"}, d.Evidence["item"]):
		return []string{"rehab"}
	case s.Kind == "retrofit" && (d.Step == "accept" || d.Step == "report") && d.Evidence["result"] == "PASS":
		return []string{"retrofit"}
	case s.Kind == "device" && (d.Step == "accept" || d.Step == "report" && d.Evidence["result"] == "accepted"):
		if s.accepted = d.On; s.Need["mode"] != "loan" {
			return fitted
		}
	case s.Kind == "device" && s.Need["mode"] == "loan" && !s.counted && !s.accepted.IsZero() && d.On.Sub(s.accepted) >= 30:
		s.counted = true
		return fitted
	}
	return nil
}

// recorded is the register as the audit has it.
func (w *listed) recorded(known time.Time) *register {
	w.t.Helper()
	conn := w.owner()
	defer conn.Close(w.t.Context())
	in := func(table, order string) string { return fmt.Sprintf(audited, table, order) }
	const inTurn = "(row->>'recorded_at')::timestamptz, row->>'id'"
	r := &register{tree: fetch[rawDivision](w.office, conn, known, asRows+"divisions t"+strings.Replace(factsHeld, "valid_from, recorded_at", "code", 1))}
	merged := map[uuid.UUID]bool{}
	for _, m := range fetch[auditedMerge](w.office, conn, known, in("person_merges", "row->>'id'")) {
		merged[m.Merged] = merged[m.Merged] || m.Undone == nil
	}
	men, empty := map[uuid.UUID]*man{}, func() *man {
		return &man{events: map[uuid.UUID][]rawEvent{}, facts: map[string][]rawFact{}, suspended: map[uuid.UUID][]rawSuspension{}, months: map[string]string{}, validOn: map[calendar.Date]string{}}
	}
	for _, p := range fetch[rawPerson](w.office, conn, known, in("persons", "row->>'id'")) {
		men[p.ID] = empty()
		if men[p.ID].rawPerson = p; !merged[p.ID] {
			r.persons = append(r.persons, men[p.ID])
		}
	}
	holder := map[uuid.UUID]*man{}
	for _, c := range fetch[rawCard](w.office, conn, known, in("certificates", "row->>'issued_on'")) {
		holder[c.ID] = men[c.Person]
		holder[c.ID].cards = append(holder[c.ID].cards, c)
	}
	for _, e := range fetch[rawEvent](w.office, conn, known, in("certificate_events", "row->>'happened_on', "+inTurn)) {
		holder[e.Card].events[e.Card] = append(holder[e.Card].events[e.Card], e)
	}
	for _, f := range fetch[auditedFact](w.office, conn, known, in("circumstances", "row->>'valid_from', "+inTurn)) {
		if m := men[f.Person]; f.Superseded == nil {
			m.facts[f.Kind] = append(m.facts[f.Kind], f.rawFact)
		}
	}
	for _, a := range fetch[auditedAnswers](w.office, conn, known, in("survey_responses", inTurn)) {
		if a.Needs = nil; len(a.Answers["REHAB_NEED"]) > 0 && a.Answers["REHAB_NEED"][0] != "none" {
			a.Needs = append(a.Answers["REHAB_NEED"], "rehab") // a device that is needed is one of the answers
		}
		men[a.Person].answers = append(men[a.Person].answers, a.rawAnswers)
	}
	granted := map[uuid.UUID]*man{}
	for _, a := range fetch[rawAward](w.office, conn, known, in("awards", "row->>'id'")) {
		granted[a.ID] = men[a.Person]
		granted[a.ID].awards = append(granted[a.ID].awards, a)
	}
	for _, s := range fetch[rawSuspension](w.office, conn, known, in("award_suspensions", "row->>'id'")) {
		granted[s.Award].suspended[s.Award] = append(granted[s.Award].suspended[s.Award], s)
	}
	lives := maps.Clone(men) // a merged file makes nobody a member
	for id := range merged {
		if merged[id] {
			lives[id] = empty()
		}
	}
	homes := map[uuid.UUID]*home{}
	for _, h := range fetch[rawHousehold](w.office, conn, known, in("households", "row->>'id'")) {
		homes[h.ID] = &home{rawHousehold: h, facts: map[string][]rawFact{}, files: lives}
		r.households = append(r.households, homes[h.ID])
	}
	for _, m := range fetch[rawMember](w.office, conn, known, in("household_members", "row->>'id'")) {
		if h := homes[m.Household]; m.Until == nil {
			h.members = append(h.members, m)
		}
	}
	for _, f := range fetch[auditedFact](w.office, conn, known, in("household_circumstances", "row->>'valid_from', "+inTurn)) {
		if h := homes[f.Household]; f.Superseded == nil {
			h.facts[f.Kind] = append(h.facts[f.Kind], f.rawFact)
		}
	}
	services := fetch[*auditedService](w.office, conn, known, in("services", "row->>'opened_on', row->>'id'"))
	for _, d := range fetch[auditedStep](w.office, conn, known, in("service_steps", "(row->>'seq')::int")) {
		if i := slices.IndexFunc(services, func(s *auditedService) bool { return s.ID == d.Service }); d.Voided == nil {
			services[i].steps = append(services[i].steps, d)
		}
	}
	for _, s := range services {
		if h := homes[s.Household]; h != nil {
			h.steps = append(h.steps, rawStep{State: "NEED", On: s.Opened})
		}
		for _, d := range s.steps {
			counts := s.counts(d)
			if slices.Sort(d.Counts); !slices.Equal(d.Counts, counts) {
				w.t.Errorf("step %q of %s counts as %v, by its evidence as %v", d.Step, s.Kind, d.Counts, counts)
			}
			d.Counts = counts
			if h := homes[s.Household]; h != nil {
				h.steps = append(h.steps, d.rawStep)
			} else if m := men[s.Person]; len(d.Counts) > 0 {
				m.served = append(m.served, d.rawStep)
			}
		}
	}
	return r
}

// lists are the kinds that come in, with their headings and what a row may say about somebody on a day.
var lists = map[string]struct {
	heads string
	cells func(w *world, day calendar.Date) string
}{
	"dangerous_houses": {"危房等级,鉴定日期,竣工日期,是否验收", func(w *world, day calendar.Date) string {
		return "C," + day.String() + "," + pick(w, ",否", day.Add(20).String()+",是")
	}},
	"moves": {"迁移类型,迁移日期,村居", func(w *world, day calendar.Date) string {
		return pick(w, "迁出", "迁入", "区内迁移") + "," + day.String() + "," + string(pick(w, worldVillages...))
	}},
	"rehab": {"康复项目,结束日期", func(w *world, day calendar.Date) string {
		return pick(w, "心理辅导", "心理辅导", "康复知识讲座") + "," + day.String()
	}},
	"devices": {"辅具名称,适配日期,签收日期,适配方式", func(w *world, day calendar.Date) string {
		return pick(w, "手杖", "腋拐") + "," + day.String() + "," + pick(w, ",补贴", day.Add(5).String()+",", day.String()+",租借")
	}},
	"retrofits": {"改造内容,竣工日期,验收结果", func(w *world, day calendar.Date) string {
		return "安装扶手," + day.String() + "," + pick(w, "合格", "整改", "")
	}},
	"dibao": {"救助类型,起始日期", func(w *world, day calendar.Date) string {
		return pick(w, "单人保", "整户保") + "," + day.String()
	}},
	"registered_poor": {"脱贫状态,识别日期,脱贫年度", func(w *world, day calendar.Date) string {
		return pick(w, "已脱贫", "未脱贫", "清退") + "," + pick(w, "", day.String()) + "," + pick(w, "", strconv.Itoa(day.Year()-1))
	}},
	"medical": {"险种,起始日期", func(w *world, day calendar.Date) string { return pick(w, "居民", "职工") + "," + day.String() }},
	"deaths":  {"死亡日期", func(_ *world, day calendar.Date) string { return day.String() }},
}

func (w *listed) list() error {
	kind := pick(w.world, slices.Sorted(maps.Keys(lists))...)
	asOf, share := w.today().Add(-w.random.IntN(400)), 3
	if kind == "deaths" {
		share = 30
	}
	lines := []string{"姓名,身份证号," + lists[kind].heads}
	for _, one := range w.people() {
		if w.random.IntN(share) == 0 {
			lines = append(lines, one+","+lists[kind].cells(w.world, asOf.Add(-30-w.random.IntN(300))))
		}
	}
	i, _, err := w.desk.ImportList(w.t.Context(), w.approver, casework.NewList{Kind: kind, Sender: "测试", AsOf: asOf, Data: []byte(strings.Join(lines, "\n") + "\n")})
	if err == nil && i.State == store.ImportWaiting {
		i, err = w.desk.ConfirmImport(w.t.Context(), w.approver, i.ID, i.Version, "核实无误")
	}
	w.imports = append(w.imports, i)
	return err
}

func (w *listed) decide() error {
	waiting, err := w.desk.PendingStatements(w.t.Context(), w.approver, "", uuid.Nil, uuid.Nil, 50)
	if err != nil || len(waiting) == 0 {
		return err
	}
	if one := pick(w.world, waiting...); w.chance(70) {
		_, err = w.desk.ConfirmStatement(w.t.Context(), w.approver, one.ID, "核实")
	} else {
		_, err = w.desk.DismissStatement(w.t.Context(), w.approver, one.ID, "不实")
	}
	return err
}

func (w *listed) undoList() error {
	if len(w.imports) == 0 {
		return nothing
	}
	i, err := w.desk.Import(w.t.Context(), w.approver, pick(w.world, w.imports...).ID)
	if err == nil {
		_, err = w.desk.UndoImport(w.t.Context(), w.approver, i.ID, i.Version)
	}
	return err
}

// twin enters somebody a second time, without a number, with a service of his own.
func (w *listed) twin() error {
	d, err := w.desk.Person(w.t.Context(), w.sender, pick(w.world, w.persons...))
	if err != nil {
		return err
	}
	p := d.File.Person
	other, err := w.desk.CreatePerson(w.t.Context(), w.maker, casework.NewPerson{Name: p.Name, BirthDate: p.BirthDate, Sex: p.Sex, Hukou: pick(w.world, worldVillages...), Diagnosis: "孤独症"})
	if err != nil {
		return err
	}
	w.persons = append(w.persons, other.File.Person.ID)
	_, err = w.desk.AddCircumstance(w.t.Context(), w.sender, other.File.Person.ID, casework.NewCircumstance{Kind: "insurance_medical", Value: json.RawMessage(`"resident"`), ValidFrom: w.lately(), Source: "随机"})
	return err
}

// joinFiles merges two files of one name, or any two, as if a number had been corrected.
func (w *listed) joinFiles() error {
	all := w.dossiers()
	goes, stays := pick(w.world, all...).File.Person, pick(w.world, all...).File
	for range 60 {
		if goes.Name == stays.Person.Name && goes.ID != stays.Person.ID {
			break
		}
		goes, stays = pick(w.world, all...).File.Person, pick(w.world, all...).File
	}
	if goes.ID == stays.Person.ID || goes.MergedInto != uuid.Nil || stays.Person.MergedInto != uuid.Nil {
		return nothing
	}
	if !stays.WasNumbered(goes.IDNumber.Reveal()) {
		w.oneNumber(stays.Person.ID, goes.ID)
	}
	m, err := w.desk.Merge(w.t.Context(), w.sender, goes.ID, stays.Person.ID, goes.Version, "随机")
	if err == nil {
		w.merges = append(w.merges, m)
	}
	return err
}

func (w *listed) partFiles() error {
	if len(w.merges) == 0 {
		return nothing
	}
	m, err := w.desk.DB.Merge(w.t.Context(), w.sender, pick(w.world, w.merges...).ID)
	if err == nil {
		_, err = w.desk.UndoMerge(w.t.Context(), w.sender, m.ID, m.Version, "随机")
	}
	return err
}

// lend takes a device that is granted or lent some way.
func (w *listed) lend() error {
	on, item := w.lately(), pick(w.world, "120312", "120603")
	s, err := w.desk.OpenService(w.t.Context(), w.maker, care.Device, pick(w.world, w.persons...), uuid.Nil, on, evidence(fmt.Sprintf(`{"item":%q,"mode":%q,"pieces":1}`, item, pick(w.world, "grant", "loan", "loan"))))
	if err != nil {
		return err
	}
	return w.take(s, on, 5+w.random.IntN(2), step{"village", "village_check", `{"findings":"属实"}`}, step{"town", "town_review", `{"findings":"同意"}`},
		step{"cdpf", "assess", fmt.Sprintf(`{"institution":"辅具中心","assessor":"乙","item":%q,"replaces_because":"damaged"}`, item)},
		step{"cdpf", "approve", fmt.Sprintf(`{"item":%q,"price_fen":1000,"subsidy_fen":500,"own_fen":500,"paid_elsewhere":"none"}`, item)},
		step{"town", "fit", `{"supplier":"辅具店","pieces":1}`}, step{"village", "accept", `{"signed_by":"person"}`})
}

// service is one of those with a step that stands and a condition of its own.
func (w *listed) service(which string) (s care.Service, err error) {
	conn := w.owner()
	defer conn.Close(w.t.Context())
	rows, _ := conn.Query(w.t.Context(), "SELECT id FROM services WHERE "+which+" AND EXISTS (SELECT FROM service_steps t WHERE t.service_id = services.id AND voided_at IS NULL) ORDER BY id")
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil || len(ids) == 0 {
		return s, nothing
	}
	return w.desk.DB.Service(w.t.Context(), w.sender, pick(w.world, ids...))
}

// goOn takes a further step of a device: who looks at a loan later finds that it has lasted.
func (w *listed) goOn() error {
	s, err := w.service("need->>'mode' = 'loan' AND state IN ('FITTED', 'ACCEPTED', 'FOLLOWED_UP')")
	if err != nil {
		return err
	}
	looks := step{"town", "follow_up", `{"findings":"好"}`}
	next := pick(w.world, looks, looks, step{"town", "loan_lasts", `{}`}, step{"town", "give_back", `{"condition":"good"}`})
	if s.State == "FITTED" {
		next = step{"town", "accept", `{"signed_by":"person"}`}
	}
	return w.take(s, s.Steps[len(s.Steps)-1].On.Add(w.random.IntN(50)), 1, next)
}

func (w *listed) voidStep() error {
	s, err := w.service("NOT EXISTS (SELECT FROM service_steps r WHERE r.service_id = services.id AND r.step = 'report')")
	if err == nil {
		_, err = w.desk.VoidStep(w.t.Context(), w.sender, s.ID, s.Version, s.Steps[len(s.Steps)-1].Seq, "记错")
	}
	return err
}
