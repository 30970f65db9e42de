package casework

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/statement"
	"zhucan/internal/store"
)

// givenService is a service that another system has recorded, as far as it has come there.
type givenService struct {
	kind   care.Kind
	item   string        // what was given; of a home the day says it
	column string        // where a row says so
	opened calendar.Date // fitted, or completed, where that was before the last day
	on     calendar.Date
	given  bool // it is said to have been signed for, or accepted
	signed bool // a device of which only that is said
	result string
	need   care.Evidence
	steps  []givenStep
}

type givenStep struct {
	name     string
	on       calendar.Date
	evidence care.Evidence
}

// reports are the steps by which a list tells what came of a service. Where it knows the day before as well, that is a step of its own: what a list says that
// knows no more is then a part of this one.
func (g *givenService) reports(earlier calendar.Date, was string, report care.Evidence) {
	if !earlier.IsZero() && !earlier.After(g.on) && g.result != was {
		g.opened = earlier
		before := maps.Clone(report)
		before["result"] = was
		g.steps = append(g.steps, givenStep{care.Reported, earlier, before})
	}
	report["result"] = g.result
	g.steps = append(g.steps, givenStep{care.Reported, g.on, report})
}

// serviceList reads the service that a row is of.
type serviceList func(r exchange.ListRow, c *care.Catalogue) (givenService, *wrongCell)

// servedKey is what makes two services the same: what was given to whom on which day. Who reported it makes no difference, or two systems
// that both know of one training would count it twice.
type servedKey struct {
	subject uuid.UUID
	kind    care.Kind
	item    string
	on      calendar.Date
}

// found is the one item of the catalogue that a text means.
func found(c *care.Catalogue, kind care.Kind, column string, texts ...string) (string, *wrongCell) {
	wrong := &wrongCell{column, "NOT_IN_CATALOGUE", "目录中没有此项，请写目录中的名称或代码", "the catalogue has no such item; write a name or code of it"}
	for _, text := range texts {
		codes := c.Find(kind, strings.TrimSpace(text))
		if len(codes) == 1 {
			return codes[0], nil
		}
		if len(codes) > 1 {
			wrong = &wrongCell{column, "ITEM_AMBIGUOUS", "目录中有几项与此相符，请写全称或代码", "several items of the catalogue fit; write the whole name or the code"}
		}
	}
	return "", wrong
}

// put adds what a row says, where it says something.
func put(e care.Evidence, name string, r exchange.ListRow, column string) {
	switch text, day := r.Text(column), r.Date(column); {
	case !day.IsZero():
		e[name] = day.String()
	case text != "":
		e[name] = text
	case r.Has(column):
		e[name] = json.Number(strconv.FormatInt(int64(r.Fen(column)), 10))
	}
}

// rehabTypes are what kind of rehabilitation an item is where the list does not say, by words of its name; otherwise it is a training.
var rehabTypes = []struct{ word, kind string }{{"手术", "surgery"}, {"植入", "surgery"}, {"服药", "medication"}, {"适配", "device"}, {"验配", "device"}, {"护理", "nursing"}, {"支持", "nursing"}}

func rehabGiven(r exchange.ListRow, c *care.Catalogue) (g givenService, wrong *wrongCell) {
	item, wrong := found(c, care.Rehab, "service", r.Text("service"))
	if wrong != nil {
		return g, wrong
	}
	kind := r.Text("sort")
	for _, t := range rehabTypes {
		if kind == "" && strings.Contains(r.Text("service"), t.word) {
			kind = t.kind
		}
	}
	kind = cmp.Or(kind, "training")
	on := r.Date("to")
	report := care.Evidence{"item": item}
	put(report, "institution", r, "institution")
	put(report, "started_on", r, "from")
	put(report, "reported_fen", r, "cost")
	put(report, "note", r, "note")
	g = givenService{kind: care.Rehab, item: item, column: "service", opened: firstOf(r, on, "from"), on: on, need: care.Evidence{"types": []any{map[string]any{"type": kind}}},
		steps: []givenStep{{care.Reported, on, report}}}
	if outcome := r.Text("outcome"); outcome != "" {
		g.steps = append(g.steps, givenStep{"evaluate", on, care.Evidence{"outcome": outcome}})
	}
	return g, nil
}

// deviceGiven is a device that was fitted. Only what was signed for counts; the list of another system says so by a day of acceptance.
func deviceGiven(r exchange.ListRow, c *care.Catalogue) (g givenService, wrong *wrongCell) {
	item, wrong := found(c, care.Device, "device", r.Text("code"), r.Text("device"))
	if wrong != nil {
		return g, wrong
	}
	mode := cmp.Or(r.Text("sort"), "grant")
	pieces := json.Number("1")
	if text := r.Text("pieces"); text != "" {
		n, err := strconv.Atoi(strings.TrimRight(text, "件个台副辆双只套"))
		if err != nil || n < 1 {
			return g, &wrongCell{"pieces", "NOT_A_NUMBER", "应为件数", "not a number of pieces"}
		}
		pieces = json.Number(strconv.Itoa(n))
	}
	fitted, accepted := r.Date("fitted_on"), r.Date("accepted_on")
	on, result := firstOf(r, fitted, "accepted_on"), deviceFitted
	if !accepted.IsZero() {
		result = "accepted"
	}
	g = givenService{kind: care.Device, item: item, column: "device", opened: on, on: on, given: result != deviceFitted, signed: fitted.IsZero(), result: result,
		need: care.Evidence{"item": item, "mode": mode, "pieces": pieces}}
	report := care.Evidence{}
	put(report, "supplier", r, "supplier")
	put(report, "price_fen", r, "price")
	put(report, "subsidy_fen", r, "subsidy")
	put(report, "note", r, "note")
	g.reports(fitted, deviceFitted, report)
	return g, nil
}

// deviceFitted is a device that nobody has signed for yet.
const deviceFitted = "fitted"

// acceptances are what a list says of the acceptance of a home, as the chain has it.
var acceptances = map[string]string{"pass": "PASS", "rectify": "RECTIFY", "fail": "FAIL"}

// unaccepted is a home that nobody has accepted yet.
const unaccepted = "WAITING"

// retrofitGiven is a home that was altered. It counts where the acceptance is said; a list with a day of completion alone leaves it to be
// accepted.
func retrofitGiven(r exchange.ListRow, c *care.Catalogue) (g givenService, wrong *wrongCell) {
	items := c.Find(care.Retrofit, strings.TrimSpace(r.Text("items")))
	if len(items) == 0 {
		return g, &wrongCell{"items", "NOT_IN_CATALOGUE", "改造内容中没有目录内的项目，请写目录中的名称", "none of the works is in the catalogue; write names of it"}
	}
	list := make([]any, len(items))
	for i, item := range items {
		list[i] = map[string]any{"item": item}
	}
	completed, accepted := r.Date("completed_on"), r.Date("accepted_on")
	on, result := firstOf(r, completed, "accepted_on"), acceptances[r.Text("accepted")]
	switch {
	case result != "":
	case accepted.IsZero():
		result = unaccepted
	default:
		result = "PASS"
	}
	report := care.Evidence{}
	put(report, "contractor", r, "contractor")
	put(report, "reported_fen", r, "cost")
	put(report, "completed_on", r, "completed_on")
	g = givenService{kind: care.Retrofit, column: "items", opened: on, on: on, given: result == "PASS", result: result, need: care.Evidence{"items": list, "note": r.Text("items")}}
	g.reports(completed, unaccepted, report)
	return g, nil
}

// serviceRun is a portion of a list of services under way.
type serviceRun struct {
	*listRun
	homes  map[int]*home
	files  map[uuid.UUID]store.Dossier
	given  map[uuid.UUID][]care.Service // that there are, by person and household
	fresh  map[uuid.UUID]*home          // households that the list makes known
	writes []care.Service
	goesOn []store.Stepped // that were there, with one step more
	links  []store.ListedService
	shows  []store.ImportChange
}

// serve takes the services of rows. What is there already is the same, whoever recorded it.
func (l *listRun) serve(ctx context.Context, portion []saidRow, who map[int]uuid.UUID) error {
	s := &serviceRun{listRun: l, given: map[uuid.UUID][]care.Service{}, fresh: map[uuid.UUID]*home{}}
	if err := s.lookUp(ctx, portion, who); err != nil {
		return err
	}
	for _, r := range portion {
		dossier, ok := s.files[who[r.Row]]
		if !ok || l.meaning.home && s.homes[r.Row] == nil {
			continue
		}
		g, wrong := l.meaning.gives(r.in, l.desk.Pack().Catalogue)
		if wrong != nil {
			l.wrong(r.Row, wrong)
			continue
		}
		if err := s.row(ctx, r.Row, dossier, s.homes[r.Row], g); err != nil {
			return err
		}
	}
	if l.done.DryRun {
		return l.tx.InsertImportChanges(ctx, l.done.ID, s.shows)
	}
	return s.write(ctx)
}

// lookUp holds whom the rows name and reads their services, wherever their households stand.
func (s *serviceRun) lookUp(ctx context.Context, portion []saidRow, who map[int]uuid.UUID) (err error) {
	if s.meaning.home {
		if s.homes, s.files, err = s.namedHomes(ctx, portion, who, func(r saidRow) calendar.Date { return firstOf(r.in, s.done.AsOf, "completed_on", "accepted_on") }); err != nil {
			return err
		}
	} else {
		dossiers, err := s.tx.LockDossiers(ctx, slices.Collect(maps.Values(who))...)
		if err != nil {
			return err
		}
		s.files = map[uuid.UUID]store.Dossier{}
		for _, d := range dossiers {
			s.files[d.File.Person.ID] = d
		}
	}
	persons, households := slices.Collect(maps.Keys(s.files)), []uuid.UUID{}
	for _, d := range s.files {
		households = append(households, d.Households()...)
	}
	for _, h := range s.homes {
		households = append(households, h.file.Household.ID)
	}
	return s.tx.Everywhere(ctx, func() error {
		list, err := s.tx.ServicesAround(ctx, persons, households)
		for _, given := range list {
			subject := servedSubject(given)
			s.given[subject] = append(s.given[subject], given)
		}
		return err
	})
}

// servedSubject is the person or household that a service is for.
func servedSubject(s care.Service) uuid.UUID {
	if s.HouseholdID != uuid.Nil {
		return s.HouseholdID
	}
	return s.PersonID
}

// row takes one service, or finds it there.
func (s *serviceRun) row(ctx context.Context, row int, dossier store.Dossier, at *home, g givenService) error {
	person := dossier.File.Person
	service := care.Service{ID: s.desk.NewID(), Kind: g.kind, PersonID: person.ID, Area: string(person.Managing)}
	if at != nil {
		service.PersonID, service.HouseholdID, service.Area = uuid.Nil, at.file.Household.ID, string(at.file.Household.Area)
	}
	key := servedKey{servedSubject(service), g.kind, g.item, g.on}
	if first, again := s.listRun.given[key]; again {
		n := strconv.Itoa(first)
		s.refuse(row, "", "DUPLICATE_IN_FILE", "与第"+n+"行为同一服务", "row "+n+" is the same service")
		return nil
	}
	s.listRun.given[key] = row
	there, recorded, err := s.recorded(ctx, key.subject, dossier, g)
	if err != nil {
		return err
	}
	if recorded {
		return s.again(row, person.ID, there, dossier, at, g)
	}
	service, err = s.walk(service, dossier, at, g)
	if f, refused := fault.Of(err); refused {
		s.unfit(row, g, f)
		return nil
	}
	if err != nil {
		return err
	}
	s.n++
	s.done.New++
	s.given[key.subject] = append(s.given[key.subject], service)
	s.writes = append(s.writes, service)
	s.links = append(s.links, store.ListedService{Row: row, ServiceID: service.ID, Named: person.ID, Brought: 1 + len(service.Steps)})
	if at != nil && at.fresh {
		s.fresh[at.file.Household.ID] = at
	}
	shown := g.item
	if shown == "" {
		shown = service.State
	}
	s.shows = append(s.shows, store.ImportChange{N: s.n, Row: row, PersonID: person.ID, Outcome: "new", Kind: string(g.kind),
		After: []statement.Fact{{Sort: shown, Days: calendar.Interval{From: g.opened, To: g.on}}}})
	return nil
}

// recorded finds the service that a row names. A retrofit may stand with another home of the person, where an earlier list named him: in which one he
// then lived has been entered since.
func (s *serviceRun) recorded(ctx context.Context, subject uuid.UUID, of store.Dossier, g givenService) (there care.Service, ok bool, err error) {
	if there, ok = g.among(s.given[subject]); ok {
		return there, true, nil
	}
	if g.kind != care.Retrofit {
		return there, false, nil
	}
	for _, home := range of.Households() {
		for _, there := range s.given[home] {
			if home == subject || !g.sameDay(there) && (g.given || !g.goesWith(there)) {
				continue
			}
			if ok, err = s.tx.NamedForService(ctx, there.ID, of.File.Person.ID); ok || err != nil {
				return there, ok, err
			}
		}
	}
	return there, false, nil
}

// again hears of a service that is there. What only lists have brought goes on with them; with what somebody here works on he goes on himself.
func (s *serviceRun) again(row int, person uuid.UUID, there care.Service, dossier store.Dossier, at *home, g givenService) error {
	link := store.ListedService{Row: row, ServiceID: there.ID, Named: person}
	_, given := there.Given()
	switch listed := there.FromLists(); {
	case !given && listed && g.follows(there):
		return s.goOn(link, there, dossier, at, g)
	case !given && g.given:
		s.wrong(row, &wrongCell{g.column, "STANDS_OTHERWISE", "该服务已在册，尚未签收或验收，请在该服务上登记", "the service is recorded already and not signed for or accepted; record that with it"})
		return nil
	case listed:
		link.Brought = g.saidAlready(there)
	}
	s.done.Same++
	s.links = append(s.links, link)
	return nil
}

// follows reports whether a row tells what came after what is there. A home may have to be put right more than once.
func (g givenService) follows(there care.Service) bool {
	last := there.Steps[len(there.Steps)-1]
	has := last.Evidence.Text("result")
	return g.on.After(last.On) || g.on == last.On && g.result != has && (g.given || has == unaccepted)
}

// saidAlready is the version that a step with the same result has made, one of the same day before the first; 0: none has it.
func (g givenService) saidAlready(there care.Service) (version int) {
	for _, d := range there.Steps {
		if d.Evidence.Text("result") == g.result && (d.On == g.on || version == 0) {
			version = 1 + d.Seq
		}
	}
	return version
}

// broughtBy is the version of a service that its last step, which came with a list, has made.
func broughtBy(s care.Service) int { return 1 + s.Steps[len(s.Steps)-1].Seq }

// goOn brings a service on to where the row has it.
func (s *serviceRun) goOn(link store.ListedService, there care.Service, dossier store.Dossier, at *home, g givenService) error {
	service, err := s.report(there, dossier, at, g.steps[len(g.steps)-1:])
	if f, refused := fault.Of(err); refused {
		s.unfit(link.Row, g, f)
		return nil
	}
	if err != nil {
		return err
	}
	same := func(o care.Service) bool { return o.ID == service.ID }
	given := s.given[servedSubject(service)]
	given[slices.IndexFunc(given, same)] = service
	if i := slices.IndexFunc(s.writes, same); i >= 0 { // the same file has brought it
		s.writes[i] = service
	} else {
		s.goesOn = append(s.goesOn, store.Stepped{Service: service, Step: service.Steps[len(service.Steps)-1]})
	}
	s.n++
	s.done.Changed++
	link.Brought = broughtBy(service)
	s.links = append(s.links, link)
	s.shows = append(s.shows, store.ImportChange{N: s.n, Row: link.Row, PersonID: link.Named, Outcome: "changed", Kind: string(g.kind),
		Before: []statement.Fact{{Sort: there.State, Days: calendar.Interval{From: there.OpenedOn, To: there.Steps[len(there.Steps)-1].On}}},
		After:  []statement.Fact{{Sort: service.State, Days: calendar.Interval{From: there.OpenedOn, To: g.on}}}})
	return nil
}

// unfit refuses a row for the rule of the chain that stands in the way.
func (s *serviceRun) unfit(row int, g givenService, f *fault.Error) {
	if len(f.Fields) > 0 {
		s.wrong(row, &wrongCell{"", f.Fields[0].Code, f.Fields[0].ZH, f.Fields[0].EN})
		return
	}
	s.wrong(row, &wrongCell{g.column, f.Code, f.ZH, f.EN})
}

// among is the service that a row names of those that there are: given on one day, or else the last with which it goes.
func (g givenService) among(list []care.Service) (there care.Service, ok bool) {
	if i := slices.IndexFunc(list, g.sameDay); i >= 0 {
		return list[i], true
	}
	for _, s := range list {
		if g.goesWith(s) && (!ok || s.Steps[len(s.Steps)-1].On.After(there.Steps[len(there.Steps)-1].On)) {
			there, ok = s, true
		}
	}
	return there, ok
}

// goesWith reports whether a row tells of what is under way, on other days. One home has one retrofit at a time: what follows it, or says the same again, is of
// it. A device that was signed for is one that had been fitted, where the row does not say on which day.
func (g givenService) goesWith(s care.Service) bool {
	switch {
	case s.Kind != g.kind || len(s.Steps) == 0:
		return false
	case g.kind == care.Device:
		last := s.Steps[len(s.Steps)-1]
		return g.signed && s.State == "FITTED" && s.Need.Text("item") == g.item && !g.on.Before(last.On)
	}
	return g.kind == care.Retrofit && s.UnderWay() && s.FromLists() && (g.follows(s) || g.result == s.Steps[len(s.Steps)-1].Evidence.Text("result"))
}

// sameDay reports whether a service is the same item, or of the same home, given on the same day. A device is fitted on one day and signed for
// on another, a home completed and accepted: one of the two is enough.
func (g givenService) sameDay(s care.Service) bool {
	if s.Kind != g.kind || g.kind == care.Device && s.Need.Text("item") != g.item {
		return false
	}
	return slices.ContainsFunc(s.Steps, func(d care.Done) bool {
		if !slices.Contains(givenBy[g.kind], d.Step) {
			return false
		}
		if g.kind == care.Rehab {
			return d.On == g.on && d.Evidence.Text("item") == g.item
		}
		return d.On == g.on || d.On == g.opened || d.Step == care.Reported && (s.OpenedOn == g.on || s.OpenedOn == g.opened)
	})
}

// givenBy are the steps on whose day a service was given.
var givenBy = map[care.Kind][]string{care.Rehab: {care.Reported, "serve"}, care.Device: {care.Reported, "fit", "accept"}, care.Retrofit: {care.Reported, "finish", "accept"}}

// walk takes a service to the state in which the other system has it. The rules of the chain hold; whose step each was, and its papers,
// were seen to there.
func (s *serviceRun) walk(service care.Service, dossier store.Dossier, at *home, g givenService) (care.Service, error) {
	c := s.caseOn(g.opened, service, dossier, at)
	c.Evidence = g.need
	opened, err := care.Open(c)
	if err != nil {
		return service, err
	}
	return s.report(opened, dossier, at, g.steps)
}

// caseOn is what the chain looks at on a day.
func (s *serviceRun) caseOn(day calendar.Date, service care.Service, dossier store.Dossier, at *home) care.Case {
	pack := s.desk.Pack()
	c := care.Case{Service: service, TakenOver: true, Catalogue: pack.Catalogue, District: string(pack.District), On: day}
	c.Others = append(slices.Clone(s.given[dossier.File.Person.ID]), s.given[service.HouseholdID]...)
	if at != nil {
		c.Household = at.file.On(day, pack.Transitions)
	} else {
		c.File, c.Facts = dossier.File, dossier.File.On(day, pack.Transitions)
	}
	return c
}

// report takes steps of which a row tells.
func (s *serviceRun) report(service care.Service, dossier store.Dossier, at *home, steps []givenStep) (_ care.Service, err error) {
	for _, step := range steps {
		c := s.caseOn(step.on, service, dossier, at)
		c.Evidence = step.evidence
		if step.name == care.Reported {
			c.Evidence["source"] = s.source()
		}
		if service, _, err = care.Take(c, step.name, s.tx.Who, s.desk.today()); err != nil {
			return service, err
		}
		service.Steps[len(service.Steps)-1].ID = s.desk.NewID()
	}
	return service, nil
}

// source is who reported what a list brings.
func (l *listRun) source() string {
	if l.done.Sender != "" {
		return l.done.Sender
	}
	return l.list.Kind.ZH
}

func (s *serviceRun) write(ctx context.Context) error {
	persons, households := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for _, service := range s.writes {
		for _, done := range service.Steps {
			emitService(s.tx, service, done)
		}
		served(service, persons, households)
	}
	for _, on := range s.goesOn {
		emitService(s.tx, on.Service, on.Step)
		served(on.Service, persons, households)
	}
	for _, step := range []func() error{
		func() error { return s.openHomes(ctx, slices.Collect(maps.Values(s.fresh))...) },
		func() error { return s.tx.InsertServices(ctx, s.writes...) },
		func() error { return s.tx.InsertSteps(ctx, s.goesOn...) },
		func() error { return s.tx.InsertListedServices(ctx, s.done.ID, s.links...) },
		func() error { return s.tx.InsertImportChanges(ctx, s.done.ID, s.shows) },
		func() error { return s.desk.rederiveServed(ctx, s.tx, persons, households) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// served marks for whom a service is.
func served(s care.Service, persons, households map[uuid.UUID]bool) {
	if s.HouseholdID != uuid.Nil {
		households[s.HouseholdID] = true
	} else {
		persons[s.PersonID] = true
	}
}

func (d *Desk) rederiveServed(ctx context.Context, tx *store.Tx, persons, households map[uuid.UUID]bool) error {
	if len(persons) > 0 {
		if _, err := d.rederive(ctx, tx, slices.Collect(maps.Keys(persons))...); err != nil {
			return err
		}
	}
	return d.deriveHouseholds(ctx, tx, slices.Collect(maps.Keys(households))...)
}

// takeBackServices takes back the services that a list has brought and no other list in force names, and of others what no other list says.
// What somebody has gone on with since stays, and is named; so does what was there before any list.
func (d *Desk) takeBackServices(ctx context.Context, tx *store.Tx, imported uuid.UUID) (kept []store.Refusal, err error) {
	list, err := tx.ListedServices(ctx, imported)
	if err != nil {
		return nil, err
	}
	if err := d.holdServed(ctx, tx, list); err != nil {
		return nil, err
	}
	if list, err = tx.ListedServices(ctx, imported); err != nil { // as it is now that nobody can change it
		return nil, err
	}
	var gone, shorter []uuid.UUID
	said := map[uuid.UUID]int{}
	persons, households := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for _, s := range list {
		switch {
		case s.Brought == 0 || s.Elsewhere && !s.Further:
			continue
		case s.WorkedOn:
			kept = append(kept, store.Refusal{Row: s.Row, Code: workedOnSince, ZH: "该服务之后已有人继续办理，予以保留", EN: "somebody has gone on with this service since; it stays"})
			continue
		case s.Elsewhere:
			shorter, said[s.ServiceID] = append(shorter, s.ServiceID), s.Said
		default:
			gone = append(gone, s.ServiceID)
		}
		served(care.Service{PersonID: s.PersonID, HouseholdID: s.HouseholdID}, persons, households)
	}
	services, err := tx.ServicesByID(ctx, gone)
	if err != nil {
		return nil, err
	}
	emitWithdrawn(tx, services)
	if err := tx.TakeBackServices(ctx, gone); err != nil {
		return nil, err
	}
	if services, err = tx.ServicesByID(ctx, shorter); err != nil {
		return nil, err
	}
	for _, s := range services {
		if err := d.unsayService(ctx, tx, s, said[s.ID]); err != nil {
			return nil, err
		}
	}
	return kept, d.rederiveServed(ctx, tx, persons, households)
}

// unsayService takes back the steps of a service beyond what lists in force say of it.
func (d *Desk) unsayService(ctx context.Context, tx *store.Tx, s care.Service, said int) error {
	for s.FromLists() && len(s.Steps) > 1 && broughtBy(s) > said {
		back, done := care.Unsay(s, tx.Who, tx.Now)
		if err := tx.VoidStep(ctx, back, done); err != nil {
			return err
		}
		emitVoided(tx, back, done)
		s = back
	}
	return nil
}

// holdServed keeps whom services are for, and the services, until the transaction ends: persons first, as everywhere.
func (d *Desk) holdServed(ctx context.Context, tx *store.Tx, list []store.ListedService) error {
	var persons, households, services []uuid.UUID
	for _, s := range list {
		services = append(services, s.ServiceID)
		if s.HouseholdID != uuid.Nil {
			households = append(households, s.HouseholdID)
		} else {
			persons = append(persons, s.PersonID)
		}
	}
	if _, err := tx.LockDossiers(ctx, persons...); err != nil {
		return err
	}
	if err := tx.Everywhere(ctx, func() error {
		_, err := tx.LockHouseholds(ctx, households...)
		return err
	}); err != nil {
		return err
	}
	return tx.LockServices(ctx, services)
}
