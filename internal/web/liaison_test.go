package web_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"zhucan/internal/store"
)

// TestPersonForm: what is wrong stands beside its field, what was entered stays, and the form makes one person however often it is sent.
func TestPersonForm(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	b.get("/persons/new").form("add").send().want(422).says("请改正以下内容", "请填写此项")
	id := number(21)
	wrong := b.get("/persons/new").form("add").set("name", "金丝雀21", "id_number", id, "sex", "female", "hukou_type", "agricultural", "managing_area_code", villageA).send().want(422)
	wrong.says("性别与身份证号不一致")
	input := byID(t, wrong, "f-sex")
	if attr(input, "aria-invalid") != "true" || !strings.Contains(attr(input, "aria-describedby"), "f-sex-error") {
		t.Errorf("the field does not say that it is wrong: %v", input.Attr)
	}
	if link := summaryLink(wrong); link != "#f-sex" {
		t.Errorf("the summary leads to %q", link)
	}
	form := wrong.form("add")
	if form.values.Get("name") != "金丝雀21" || form.values.Get("id_number") != id {
		t.Errorf("what was entered is gone: %v", form.values)
	}
	form.set("sex", "", "certificate.number", id+"42", "certificate.category", "4", "certificate.level", "1", "certificate.issued_on", "2020-01-06").send().want(422).says("第19、20位与类别、等级不一致")
	form.set("certificate.level", "2")
	var mu sync.Mutex
	var together sync.WaitGroup
	places := map[string]bool{}
	for range 8 {
		together.Go(func() {
			sh := form.send()
			for sh.status == http.StatusServiceUnavailable { // the others have not let go of it yet: one sends again
				sh = form.send()
			}
			mu.Lock()
			defer mu.Unlock()
			places[sh.header.Get("Location")] = true
		})
	}
	together.Wait()
	if len(places) != 1 {
		t.Fatalf("the same form led to %v", places)
	}
	for place := range places {
		b.get(place).want(200).says("已建档", "金丝雀21", "男", "1970-01-01", "肢体残疾 二级", "有效")
	}
	if found, _ := s.desk.DB.SearchPersons(context.Background(), s.actor("liaison.a"), store.Search{IDNumber: id}); len(found) != 1 {
		t.Errorf("%d persons were made", len(found))
	}
	form.set("name", "另一个人").send().want(422).says("这次提交此前已经办理，内容却与那次不同")
	b.get("/persons").form("search").set("text", id).send().want(200).says("金丝雀21")
	b.get("/persons").form("search").set("text", id+"42").send().want(200).says("金丝雀21")
	b.get("/persons").form("search").set("text", "金丝雀21").send().want(200).says("金丝雀21")
	b.get("/persons").form("search").set("text", "金丝雀").send().want(200).says("没有符合的人员")
	s.as("liaison.b").get("/persons").form("search").set("text", id).send().want(200).says("没有符合的人员")
}

func byID(t *testing.T, sh shown, id string) *html.Node {
	t.Helper()
	for _, n := range all(sh.doc, "*") {
		if attr(n, "id") == id {
			return n
		}
	}
	t.Fatalf("%s has no %s", sh.path, id)
	return nil
}

func summaryLink(sh shown) string {
	for _, n := range all(sh.doc, "div") {
		if attr(n, "role") == "alert" {
			for _, a := range all(n, "a") {
				return attr(a, "href")
			}
		}
	}
	return ""
}

// TestStaleForm: who saves an old copy sees both values and can send again.
func TestStaleForm(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(31, 2, villageA)
	at := "/persons/" + id.String() + "/edit"
	mine := s.as("liaison.a").get(at).want(200).form("save").set("guardian.name", "我写的", "guardian.relation", "母亲")
	s.as("town.a").get(at).form("save").set("guardian.name", "别人写的", "guardian.relation", "父亲", "hukou_type", "non_agricultural").send().want(303)
	both := mine.send().want(412).says("刚被他人修改", "已被他人改为： 别人写的", "已被他人改为： 非农业")
	again := both.form("save")
	if got := again.values.Get("guardian.name"); got != "我写的" {
		t.Errorf("the form has %q", got)
	}
	again.send().want(303)
	d, err := s.desk.Person(context.Background(), s.actor("town.a"), id)
	if err != nil || d.File.Person.Guardian.Name != "我写的" || d.File.Person.HukouType != "agricultural" {
		t.Errorf("saved: %+v %v", d.File.Person.Guardian, err)
	}
	if d.File.Person.Phone != "19900000031" {
		t.Errorf("an empty field changed the telephone to %q", d.File.Person.Phone)
	}
}

// TestApplicationFromVillageToTown is a liaison's main way: apply with photos, hand in, hear the code once, correct what is returned.
func TestApplicationFromVillageToTown(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	id := s.person(41, 1, villageA)
	b := s.as("liaison.a")
	apply := b.get("/persons/"+id.String()+"/apply").want(200).says("重度残疾人护理补贴", "符合").form("submit")
	apply.set("programme", "nursing_subsidy", "applicant.relation", "guardian").send().want(422).says("非本人申请须填写申请人姓名")
	apply.set("applicant.name", "监护人丁").file("photos", []byte("not a photo")).send().want(415).says("只接受JPEG")
	apply.files = map[string][][]byte{}
	sent := apply.file("photos", photograph(1)).file("photos", photograph(2)).send().want(303)
	first := sent.follow().want(200).says("已提交", "查询码", "待镇办审核", "监护人丁")
	if len(all(first.doc, "img")) != 2 {
		t.Errorf("%d photos", len(all(first.doc, "img")))
	}
	photo := b.get(attr(all(first.doc, "img")[0], "src")).want(200)
	if photo.header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(photo.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("a photo goes out as %v", photo.header)
	}
	case1 := strings.Split(sent.header.Get("Location"), "?")[0]
	if strings.Contains(textOf(b.get(case1).want(200).doc), "查询码，请抄给申请人") {
		t.Error("the code is told twice")
	}
	if again := apply.send(); again.header.Get("Location") != sent.header.Get("Location") || strings.Contains(strings.Join(again.header.Values("Set-Cookie"), " "), "zhucan-once") {
		t.Errorf("a repeat leads to %s and tells again", again.header.Get("Location"))
	}
	if cases, _ := s.desk.DB.ListApplications(ctx, s.actor("town.a"), store.ApplicationFilter{Area: townA, PersonID: id, Limit: 9}); len(cases) != 1 {
		t.Fatalf("%d applications", len(cases))
	}
	app := uuid.MustParse(strings.TrimPrefix(case1, "/applications/"))
	c, err := s.desk.DB.Application(ctx, s.actor("town.a"), app)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.desk.DecideApplication(ctx, s.actor("town.a"), app, c.Version, ruling("return", "照片不清")); err != nil {
		t.Fatal(err)
	}
	b.get("/").want(200).says("退回待补正", c.CaseNumber)
	again := b.get(case1).want(200).says("照片不清").form("resubmit")
	again.set("applicant.name", "监护人戊").send().want(303)
	b.get(case1).says("待镇办审核", "申请人姓名：由“监护人丁”改为“监护人戊”")
	b.get(case1).form("withdraw").set("reason", "不申请了").send().want(303)
	b.get(case1).says("已撤回")
}

// TestWholeFile: the file shows what the desk knows of a person, also of another day.
func TestWholeFile(t *testing.T) {
	t.Parallel()
	s := start(t)
	f := s.fixture("监护人己", 51)
	b := s.as("liaison.a")
	page := b.get("/persons/"+f.person.String()).want(200).says("金丝雀51", "3799**********", "肢体残疾 一级", "重度残疾人护理补贴", "符合", "基本康复服务", "首次发证", "代为申请")
	for _, clear := range []string{number(51), "19900000051"} {
		if strings.Contains(page.body, clear) {
			t.Errorf("the file shows %s in clear", clear[:4])
		}
	}
	b.get("/persons/"+f.person.String()+"?as_of=2019-06-01").want(200).says("2019-06-01的情况", "不符合")
	if strings.Contains(textOf(s.as("auditor").get("/persons/"+f.person.String()).want(200).doc), "代为申请") {
		t.Error("an auditor is offered to apply")
	}
	b.get("/?x=" + number(51)) // nobody logs addresses: the canary test of a whole run looks
}

// TestSurveyWithoutScript: the form asks what applies, comes back with what follows, and keeps what was answered.
func TestSurveyWithoutScript(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(61, 1, villageA)
	b := s.as("liaison.a")
	at := "/persons/" + id.String() + "/survey"
	page := b.get(at).want(200).says("2022年度需求调查", "就业形式", "家庭无障碍改造")
	if strings.Contains(page.body, "SCHOOLING") {
		t.Error("a grown-up is asked about school")
	}
	shownNow := func(sh shown, code string) bool {
		for _, n := range all(sh.doc, "input") {
			if attr(n, "name") == "answers."+code {
				return !disabled(n)
			}
		}
		return false
	}
	if shownNow(page, "R19_NOT_EMPLOYED") {
		t.Error("a question that follows nothing is asked")
	}
	form := page.form("next").set("mode", "visit", "collected_on", "2023-03-27", "answers.EMPLOYMENT", "none", "answers.RETROFIT_RECEIVED", "no")
	page = form.send().want(200)
	for _, code := range []string{"R19_NOT_EMPLOYED", "R18_LIVING_SOURCE", "RETROFIT_NEED"} {
		if !shownNow(page, code) {
			t.Errorf("%s is not asked", code)
		}
	}
	form = page.form("save")
	form.send().want(422).says("请回答：户口类型", "请回答：未就业原因")
	for code, answer := range map[string]string{"R3_HUKOU": "agricultural", "R4_MARITAL": "single", "INCOME": "middle", "HOUSING": "own", "R19_NOT_EMPLOYED": "5", "R18_LIVING_SOURCE": "4",
		"R22_PENSION": "resident", "R23_MEDICAL": "resident", "R29_CARE": "2", "RETROFIT_NEED": "yes"} {
		form.set("answers."+code, answer)
	}
	form.choose("answers.REHAB_NEED", "training", "nursing")
	form.send().want(303)
	answers, err := s.desk.DB.ListResponses(context.Background(), s.actor("liaison.a"), 2022, villageA, id, uuid.Nil, 9)
	if err != nil || len(answers) != 1 || fmt.Sprint(answers[0].Needs) != "[rehab retrofit]" {
		t.Fatalf("kept: %+v %v", answers, err)
	}
	// an answer that changes takes with it what followed from it
	again := b.get(at).form("save").set("mode", "phone", "answers.EMPLOYMENT", "farming", "answers.R19_NOT_EMPLOYED", "5")
	for name, values := range form.values {
		if strings.HasPrefix(name, "answers.") && again.values.Get(name) == "" {
			again.values[name] = values
		}
	}
	again.send().want(303)
	b.get("/persons/"+id.String()).says("需求", "电话")
}

// TestServiceSteps takes a service from a need to a step with photos and amounts, by forms alone.
func TestServiceSteps(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person(71, 1, villageA)
	b := s.as("liaison.a")
	at := "/persons/" + id.String() + "/services/new"
	b.get(at).want(200).says("基本康复服务", "辅助器具适配")
	b.get(at + "?kind=rehab").form("open").send().want(422).says("请填写需求类型")
	opened := b.get(at+"?kind=rehab").form("open").choose("need.types", "training", "device").set("need.note", "腿部训练").send().want(303)
	service := strings.Split(opened.header.Get("Location"), "?")[0]
	opened.follow().says("需求已登记", "有需求", "功能训练", "腿部训练")
	step := func(name string) *filled { return b.get(service + "/steps/" + name).want(200).form("take") }
	step("assess").send().want(422).says("请填写评估机构")
	step("assess").set("evidence.institution", "临淄康复中心", "evidence.assessor", "甲", "evidence.findings", "可训练").file("evidence.files", photograph(3)).send().want(303)
	items := s.desk.Pack().Catalogue.Rehab
	code := ""
	for _, i := range items {
		if i.Counts && i.AgeTo == 0 && len(i.Categories) == 0 {
			code = i.Code
		}
	}
	if code == "" {
		for _, i := range items {
			for _, c := range i.Categories {
				if c == 4 && i.AgeTo == 0 && i.Counts {
					code = i.Code
				}
			}
		}
	}
	step("plan").choose("evidence.items", code).set("evidence.agreed_by", "person").send().want(303)
	serve := step("serve").set("evidence.item", code, "evidence.institution", "临淄康复中心", "evidence.place", "home", "evidence.started_on", "2023-03-28", "evidence.sessions", "3",
		"evidence.cost_fen", "120.5", "evidence.signed_by", "person", "evidence.payers.0.source", "project", "evidence.payers.0.fen", "100")
	serve.send().want(422).says("各来源合计100.00元，与总额120.50元不符")
	serve.set("evidence.payers.0.fen", "一百").send().want(422).says("123.45")
	serve.page.form("more").send().want(200).says("第6行")
	serve.set("evidence.payers.0.fen", "100", "evidence.payers.1.source", "self", "evidence.payers.1.fen", "20.50").send().want(303)
	b.get(service).want(200).says("服务中", "120.50", "项目资金 100.00；自付 20.50", "附件1")
	step("complete").send().want(303)
	b.get("/persons/"+id.String()).says("已完成", "基本康复服务：提供服务")
	void := b.get(service).want(200).says("撤销最后一步", "“完成服务”记错时撤销").form("void")
	void.send().want(422).says("请填写此项")
	void.set("reason", "尚未完成").send().follow().want(200).says("步骤已撤销", "服务中", "由村居专职委员撤销：尚未完成")
	if seen := s.as("auditor").get(service).want(200).says("撤销：尚未完成"); strings.Contains(seen.body, `value="void"`) {
		t.Error("an auditor is asked to take a step back")
	}
}

// TestWorklist pages through a list, notes what was done, and stays within the area.
func TestWorklist(t *testing.T) {
	t.Parallel()
	s := start(t)
	for n := range 23 {
		s.person(100+n, 1, villageA)
	}
	s.person(130, 1, villageB)
	b := s.as("liaison.a")
	b.get("/").want(200).says("符合条件但未享受补贴23")
	list := b.get("/worklists/eligible_not_enrolled").want(200).says("金丝雀100", "符合条件，未申请")
	next := regexp.MustCompile(`/worklists/eligible_not_enrolled\?cursor=[^"]+`).FindString(html.UnescapeString(list.body))
	b.get(next).want(200).says("金丝雀122")
	act := list.form("act")
	who := list.choices("who")[0]
	act.set("who", who, "outcome", "visited", "note", "本人在家", "follow_up_on", "2023-04-03").send().want(303)
	b.get("/worklists/eligible_not_enrolled").says("已入户")
	act.set("who", "", "outcome", "").send().want(422)
	s.as("town.a").get("/").says("符合条件但未享受补贴24")
	b.get("/worklists/nothing").want(404)
	b.get("/worklists/eligible_not_enrolled?cursor=zzz").want(400)
	page1 := b.get("/persons").want(200).says("金丝雀100")
	more := regexp.MustCompile(`/persons\?cursor=[^"]+`).FindString(html.UnescapeString(page1.body))
	b.get(more).want(200).says("金丝雀122")
}

// TestGetsChangeNothing: no page that is only looked at changes the register.
func TestGetsChangeNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	f := s.fixture("监护人庚", 81)
	f.more = map[string]uuid.UUID{}
	for _, add := range further {
		add(s, &f)
	}
	before := s.state()
	for path, seenBy := range maySee {
		b, at := s.as(userOf[seenBy[0]]), f.office.of(seenBy[0], f.address(path))
		b.get(at).want(200)
		more := "?"
		if strings.Contains(at, more) {
			more = "&"
		}
		b.get(at+more+"do=withdraw&version=1&key=x", "Sec-Fetch-Site", "cross-site").want(200)
	}
	if after := s.state(); after != before {
		t.Errorf("looking changed something: %s, %s", before, after)
	}
}

// state is how much there is of everything that people make.
func (s *site) state() string {
	s.t.Helper()
	ctx, who := context.Background(), s.actor("cdpf")
	people, err := s.desk.DB.ListPersons(ctx, who, store.PersonFilter{Area: "370305", Limit: 200})
	if err != nil {
		s.t.Fatal(err)
	}
	cases, _ := s.desk.DB.ListApplications(ctx, who, store.ApplicationFilter{Area: "370305", Limit: 200})
	services, _ := s.desk.DB.ListServices(ctx, who, store.ServiceFilter{Area: "370305", Limit: 200})
	text := ""
	for _, p := range people {
		text += fmt.Sprint(p.ID, p.Version, " ")
	}
	for _, c := range cases {
		text += fmt.Sprint(c.ID, c.Version, c.Stage, " ")
	}
	for _, v := range services {
		text += fmt.Sprint(v.ID, v.Version, v.State, " ")
	}
	return text
}

// TestKnownNumberLeavesAnEntry: the page says that a number is in the register and neither which of two nor where, and who was told stands in
// the log.
func TestKnownNumberLeavesAnEntry(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person(24, 1, villageB)
	id := number(24)
	s.as("liaison.a").get("/persons/new").form("add").set("name", "金丝雀", "id_number", id, "hukou_type", "agricultural", "managing_area_code", villageA, "certificate.number", id+"41",
		"certificate.category", "4", "certificate.level", "1", "certificate.issued_on", "2020-01-06").send().want(409).says("该身份证号或出生医学证明已在册")
	entries, err := s.desk.DB.ListAudit(t.Context(), store.AuditFilter{Area: "370305", Outcome: "refused", Limit: 20})
	if err != nil || len(entries) != 1 || entries[0].AccountID != s.accounts["liaison.a"].ID || !strings.Contains(string(entries[0].Detail), "PERSON_EXISTS") {
		t.Errorf("refused: %+v (%v)", entries, err)
	}
}

// TestKnownPersonIsOneClickAway: of somebody of one's own area the file is linked where it is refused to make another, and nothing entered is lost.
func TestKnownPersonIsOneClickAway(t *testing.T) {
	t.Parallel()
	s := start(t)
	known, id := s.person(24, 1, villageB), number(24)
	refused := func(user string, village string) shown {
		t.Helper()
		return s.as(user).get("/persons/new").want(200).form("add").set("name", "金丝雀", "id_number", id, "hukou_type", "agricultural", "managing_area_code", village, "certificate.number", id+"41",
			"certificate.category", "4", "certificate.level", "1", "certificate.issued_on", "2020-01-06").send().want(409).says("该身份证号或出生医学证明已在册")
	}
	sh := refused("liaison.b", villageB)
	to := sh.link("查看本辖区内已在册的档案")
	if to != "/persons/"+known.String() || sh.form("add").values.Get("name") != "金丝雀" {
		t.Errorf("the page leads to %s", to)
	}
	s.as("liaison.b").get(to).want(200).says("金丝雀24")
	if strings.Contains(refused("liaison.a", villageA).body, "已在册的档案") {
		t.Error("the page of another village leads to the file")
	}
}

// TestPeopleWithoutCards: a child that has no number yet is entered with that of its birth certificate, and a grown-up who recovers with a
// diagnosis.
func TestPeopleWithoutCards(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	form := func() *filled {
		return b.get("/persons/new").want(200).form("add").set("name", "金丝雀幼", "sex", "female", "birth_date", "2022-08-01", "hukou_type", "agricultural", "managing_area_code", villageA, "birth_certificate_number", "W370000001")
	}
	form().send().follow().want(200).says("人员类别", "未持证残疾儿童")
	form().send().want(409)
	grown := func() *filled {
		return b.get("/persons/new").want(200).form("add").set("name", "金丝雀恢复", "sex", "male", "birth_date", "1985-01-01", "hukou_type", "agricultural", "managing_area_code", villageA)
	}
	grown().send().want(422).says("未持证人员只登记18周岁以下残疾儿童")
	grown().choose("record_type", "RECOVERING").send().want(422).says("功能恢复期人员须有医院诊断")
	grown().choose("record_type", "RECOVERING").set("diagnosis", "骨折").send().follow().want(200).says("人员类别", "功能恢复期人员", "骨折")
	grown().choose("record_type", "CERTIFIED").set("diagnosis", "骨折").send().want(422).says("请从选项中选择")
}
