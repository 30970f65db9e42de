package casework_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// said is one made-up list.
type said struct {
	kind string
	asOf calendar.Date
	file []byte
}

// randomLists are lists of several kinds and days about some of the people of an office.
func (o *office) randomLists(people []string, from calendar.Date) (lists []said) {
	o.t.Helper()
	headings := map[string]string{"deaths": "死亡日期", "imprisonment": "判决生效日期"}
	for _, kind := range []string{"dibao", "dibao", "dibao", "tekun", "tekun", "injury_fee", "deaths", "imprisonment", "medical"} {
		l := said{kind: kind, asOf: from.Add(o.random.IntN(400))}
		heading := "起始日期"
		if h := headings[kind]; h != "" {
			heading = h
		}
		sorts := map[string][]string{"dibao": {"救助类型", "", "单人保", "整户保"}, "tekun": {"供养方式", "", "集中供养"}}[kind]
		if sorts == nil {
			sorts = []string{"险种", "居民"}
		}
		lines := []string{"姓名,身份证号," + sorts[0] + "," + heading}
		for _, one := range people {
			if o.random.IntN(3) == 0 {
				lines = append(lines, fmt.Sprintf("%s,%s,%s", one, sorts[1+o.random.IntN(len(sorts)-1)], l.asOf.Add(-o.random.IntN(300))))
			}
		}
		l.file = []byte(strings.Join(lines, "\n") + "\n")
		lists = append(lists, l)
	}
	return lists
}

// takeIn takes lists in and confirms at once whatever waits.
func (o *office) takeIn(who access.Actor, lists []said) (imports []store.Import) {
	o.t.Helper()
	for _, l := range lists {
		imports = append(imports, o.handIn(who, l))
		o.confirmAll(who)
	}
	return imports
}

// handIn takes a list in, and confirms one that leaves out too many to be believed.
func (o *office) handIn(who access.Actor, l said) store.Import {
	o.t.Helper()
	i, _, err := o.desk.ImportList(o.t.Context(), who, casework.NewList{Kind: l.kind, Sender: "测试", AsOf: l.asOf, Data: l.file})
	if err == nil && i.State == store.ImportWaiting {
		i, err = o.desk.ConfirmImport(o.t.Context(), who, i.ID, i.Version, "核实无误")
	}
	if err != nil || i.State != store.ImportDone || i.Refused > 0 {
		o.t.Fatalf("take in %s: %s, %v, %v", l.kind, i.State, i.Refusals, err)
	}
	return i
}

// confirmAll confirms whatever waits.
func (o *office) confirmAll(who access.Actor) {
	o.t.Helper()
	for {
		waiting, err := o.desk.PendingStatements(o.t.Context(), who, "", uuid.Nil, uuid.Nil, 50)
		if err != nil {
			o.t.Fatal(err)
		}
		if len(waiting) == 0 {
			return
		}
		if _, err := o.desk.ConfirmStatement(o.t.Context(), who, waiting[0].ID, "核实"); err != nil {
			o.t.Fatalf("confirm: %v", err)
		}
	}
}

// takenBack takes some imports back, in their order.
func (o *office) takenBack(who access.Actor, imports []store.Import) {
	o.t.Helper()
	for _, i := range imports {
		if _, err := o.desk.UndoImport(o.t.Context(), who, i.ID, i.Version); err != nil {
			o.t.Fatalf("take back %s: %v", i.Kind, err)
		}
		o.confirmAll(who)
	}
}

// TestSomeListsTakenBack: where some lists are taken back, the facts are those that the others give alone.
func TestSomeListsTakenBack(t *testing.T) {
	t.Parallel()
	day := calendar.MustDate("2026-10-12")
	o := newOffice(t, 40, 13, day)
	who := o.officer(access.CivilAffairsApprover)
	for round := range 4 {
		lists := append(o.randomLists(o.people(), day.Add(-500)), o.randomLists(o.people(), day.Add(-500))...)
		stay := lists[:len(lists)/2]
		alone := o.takeIn(who, stay)
		want := o.facts()
		o.takenBack(who, alone)
		order := o.random.Perm(len(lists))
		var kept, gone []store.Import
		for _, n := range order {
			taken := o.takeIn(who, lists[n:n+1])
			if n < len(stay) {
				kept = append(kept, taken...)
			} else {
				gone = append(gone, taken...)
			}
		}
		o.random.Shuffle(len(gone), func(i, j int) { gone[i], gone[j] = gone[j], gone[i] })
		o.takenBack(who, gone)
		if got := o.facts(); got != want {
			t.Fatalf("round %d: other facts than those of the lists that are left\n%s", round, differing(want, got))
		}
		if _, differed, err := o.desk.RebuildStandings(t.Context(), access.SystemActor(), true); err != nil || differed != 0 {
			t.Fatalf("%d standings differ from the facts (%v)", differed, err)
		}
		o.takenBack(who, kept)
	}
}

// TestHitsConfirmedLate: what lists say that take money by naming somebody ends in the same facts, however long it waits for an officer while others
// arrive. Only who is left out by one list and named by a later one was never out, if nobody has decided meanwhile: so none of these is about 低保.
func TestHitsConfirmedLate(t *testing.T) {
	t.Parallel()
	day := calendar.MustDate("2026-10-12")
	o := newOffice(t, 40, 15, day)
	who := o.officer(access.CivilAffairsApprover)
	lists := slices.DeleteFunc(append(o.randomLists(o.people(), day.Add(-500)), o.randomLists(o.people(), day.Add(-500))...), func(l said) bool { return l.kind == "dibao" })
	imports := o.takeIn(who, lists)
	want := o.facts()
	for round := range 3 {
		o.takenBack(who, imports)
		o.random.Shuffle(len(lists), func(i, j int) { lists[i], lists[j] = lists[j], lists[i] })
		imports = nil
		for _, l := range lists {
			if imports = append(imports, o.handIn(who, l)); o.random.IntN(4) == 0 {
				o.confirmAll(who)
			}
		}
		o.confirmAll(who)
		if got := o.facts(); got != want {
			t.Fatalf("round %d: decided later gives other facts\n%s", round, differing(want, got))
		}
	}
}

func (o *office) dossiers() []store.Dossier {
	o.t.Helper()
	ids, err := o.desk.DB.PersonIDs(o.t.Context(), access.SystemActor(), uuid.Nil, 5000)
	if err != nil {
		o.t.Fatal(err)
	}
	dossiers, err := o.desk.DB.Dossiers(o.t.Context(), access.SystemActor(), ids...)
	if err != nil {
		o.t.Fatal(err)
	}
	return dossiers
}

// facts are all facts that are held true, cards with what happened to them, and what was given, without when and by whom they were
// recorded.
func (o *office) facts() string {
	o.t.Helper()
	var lines []string
	add := func(values ...any) { lines = append(lines, fmt.Sprintln(values...)) }
	homes := map[uuid.UUID]bool{}
	for _, d := range o.dossiers() {
		id := d.File.Person.ID
		add(id, d.File.Person.Hukou, d.File.Person.Managing)
		for _, c := range d.File.Circumstances {
			if c.SupersededAt.IsZero() {
				add(c.PersonID, c.Kind, c.Value.Answer, c.Value.Sort, c.ValidFrom, c.ValidTo)
			}
		}
		issued := map[uuid.UUID]calendar.Date{}
		for _, c := range d.File.Certificates {
			issued[c.ID] = c.IssuedOn
			add(id, "card", c.Category, c.Level, c.IssuedOn, c.ExpiresOn, c.HeldTo)
		}
		for _, e := range d.File.Events {
			add(id, "event", issued[e.CertificateID], e.Event, e.On, e.CancelReason)
		}
		for _, s := range d.File.Served {
			add(id, "served", s.On, s.Kinds)
		}
		for _, h := range d.Households() {
			homes[h] = true
		}
	}
	files, err := o.desk.DB.HouseholdFiles(o.t.Context(), access.SystemActor(), slices.Collect(maps.Keys(homes))...)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, h := range files {
		for _, c := range h.Circumstances {
			if c.SupersededAt.IsZero() {
				add(h.Household.ID, c.Kind, c.Value.Sort, c.ValidFrom, c.ValidTo)
			}
		}
		for _, r := range h.Retrofits {
			add(h.Household.ID, "retrofit", r.On, r.State, r.Done)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// TestListsInAnyOrder: the same lists end in the same facts in whatever order they arrive, are taken back and arrive again, and
// what is derived follows.
func TestListsInAnyOrder(t *testing.T) {
	t.Parallel()
	day := calendar.MustDate("2026-10-12")
	o := newOffice(t, 60, 11, day)
	o.inAnyOrder(o.randomLists(o.people(), day.Add(-500)))
}

// TestServicesMovesAndCardsInAnyOrder is the same of houses, services, moves of hukou and certificates, beside lists of money.
func TestServicesMovesAndCardsInAnyOrder(t *testing.T) {
	t.Parallel()
	day := calendar.MustDate("2026-10-12")
	o := newOffice(t, 15, 12, day)
	o.inAnyOrder(o.furtherLists(day.Add(-500)))
}

// people are the first two cells of everybody's line.
func (o *office) people() (cells []string) {
	o.t.Helper()
	for _, d := range o.dossiers() {
		if id := d.File.Person.IDNumber; !id.IsZero() {
			cells = append(cells, d.File.Person.Name+","+id.Reveal())
		}
	}
	return cells
}

func (o *office) inAnyOrder(lists []said) {
	t := o.t
	t.Helper()
	before := o.facts()
	who := o.officer(access.CivilAffairsApprover)
	imports := o.takeIn(who, lists)
	after := o.facts()
	if before == after {
		t.Fatal("the lists change nothing")
	}
	for round := range 3 {
		o.random.Shuffle(len(imports), func(i, j int) { imports[i], imports[j] = imports[j], imports[i] })
		for _, i := range imports {
			if _, err := o.desk.UndoImport(t.Context(), who, i.ID, i.Version); err != nil {
				t.Fatalf("take back %s: %v", i.Kind, err)
			}
		}
		if got := o.facts(); got != before {
			t.Fatalf("round %d: taken back, other facts are left\n%s", round, differing(before, got))
		}
		o.random.Shuffle(len(lists), func(i, j int) { lists[i], lists[j] = lists[j], lists[i] })
		imports = o.takeIn(who, lists)
		if got := o.facts(); got != after {
			t.Fatalf("round %d: another order gives other facts\n%s", round, differing(after, got))
		}
		if _, differed, err := o.desk.RebuildStandings(t.Context(), access.SystemActor(), true); err != nil || differed != 0 {
			t.Fatalf("%d standings differ from the facts (%v)", differed, err)
		}
	}
}

// differing are the lines that only one of two texts has.
func differing(want, got string) string {
	var lines []string
	for sign, pair := range map[string][2]string{"- ": {want, got}, "+ ": {got, want}} {
		for line := range strings.Lines(pair[0]) {
			if !strings.Contains(pair[1], line) {
				lines = append(lines, sign+line)
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// furtherLists are lists of the kinds that say more than a fact, about some of the people of an office.
func (o *office) furtherLists(from calendar.Date) (lists []said) {
	o.t.Helper()
	pick := func(words ...string) string { return words[o.random.IntN(len(words))] }
	villages := []string{"370305001005", "370305001009", "370305111245"}
	heads := map[string]string{
		"dangerous_houses": "姓名,身份证号,危房等级,鉴定日期,改造方式,竣工日期,是否验收", "moves": "姓名,身份证号,迁移类型,迁移日期,村居",
		"certificates": "姓名,残疾证号,证件状态,状态日期,注销原因,发证日期", "rehab": "姓名,身份证号,康复项目,结束日期,费用,效果评估",
		"devices": "姓名,身份证号,辅具名称,适配日期,签收日期", "retrofits": "姓名,身份证号,改造内容,竣工日期,验收结果", "dibao": "姓名,身份证号,起始日期",
	}
	dossiers := o.dossiers()
	for _, kind := range []string{"dangerous_houses", "dangerous_houses", "moves", "moves", "moves", "certificates", "certificates", "certificates", "rehab", "rehab", "devices", "retrofits", "dibao"} {
		l := said{kind: kind, asOf: from.Add(o.random.IntN(400))}
		lines := []string{heads[kind]}
		named := map[uuid.UUID]bool{}
		for _, d := range dossiers {
			file := d.File
			card, held := file.Current(l.asOf)
			if file.Person.IDNumber.IsZero() || o.random.IntN(3) > 0 {
				continue
			}
			day := l.asOf.Add(-o.random.IntN(300))
			cells := []string{}
			switch kind {
			case "dangerous_houses":
				if len(d.Households()) > 0 && named[d.Households()[0]] {
					continue
				}
				for _, h := range d.Households() {
					named[h] = true
				}
				cells = []string{pick("C", "D"), day.String(), pick("重建", "修缮"), "", "否"}
				if o.random.IntN(2) == 0 {
					cells[3], cells[4] = day.Add(20).String(), pick("是", "否")
				}
			case "moves":
				cells = []string{pick("迁出", "迁入", "区内迁移"), day.String(), pick(villages...)}
			case "certificates":
				if !held || !o.plain(file) {
					continue
				}
				level := pick("1", "2", "3", "4")
				cells = []string{pick("正常", "正常", "冻结", "注销"), day.Add(1).String(), pick("自愿注销", "死亡"), day.String()}
				lines = append(lines, fmt.Sprintf("%s,%s%d%s,%s", file.Person.Name, file.Person.IDNumber.Reveal(), card.Category, level, strings.Join(cells, ",")))
				continue
			case "rehab":
				cells = []string{pick("心理辅导", "康复知识讲座"), day.String(), "300", pick("改善", "")}
			case "devices":
				cells = []string{pick("手杖", "洗浴椅"), day.String(), pick("", day.String())}
			case "retrofits":
				if len(d.Households()) > 0 { // one home is altered once in some years, so that the order would matter
					continue
				}
				cells = []string{"安装扶手、坡化", day.String(), pick("合格", "")}
			case "dibao":
				cells = []string{day.String()}
			}
			lines = append(lines, fmt.Sprintf("%s,%s,%s", file.Person.Name, file.Person.IDNumber.Reveal(), strings.Join(cells, ",")))
		}
		l.file = []byte(strings.Join(lines, "\n") + "\n")
		lists = append(lists, l)
	}
	return lists
}

// plain reports whether an officer has written nothing of somebody's cards that a list could contradict.
func (o *office) plain(file casefile.File) bool {
	return !slices.ContainsFunc(file.Events, func(e casefile.CertificateEvent) bool { return e.Event == "FREEZE" || e.Event == "CANCEL" }) &&
		file.Person.RecordType == casefile.Certified
}
