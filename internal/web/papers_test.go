package web_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/application"
	"zhucan/internal/casework"
)

func init() {
	readers, hands := roles{town, cdpf, civil, auditor}, roles{town, cdpf, civil}
	maps.Copy(maySee, map[string]roles{"/notices": readers, "/notices/:id": readers, "/notices/:id/sheet": readers,
		"/applications/:id/form": {liaison, town, cdpf, civil}, "/applications/:id/letter": {liaison, town, cdpf, civil}})
	mayDo["/notices publish"], mayDo["/notices/:id object"], mayDo["/notices/:id answer"] = hands, hands, hands
	further = append(further, func(s *site, f *fixture) {
		c := s.approved(63, villageA)
		n, err := s.desk.PublishNotice(context.Background(), s.actor("town.a"), "", nil)
		must(s.t, err)
		f.more["/notices"], f.more["/applications/:id/letter"] = n.ID, c.ID
	})
}

// TestPapers: the form is filled in as far as the case has come, with whole numbers only for who says why; the letter says what was
// decided, why, and what can be done about it.
func TestPapers(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	c := s.submitted(111, 1, villageA)
	at := "/applications/" + c.ID.String()
	b := s.as("town.a")
	form := b.get(at+"/form").want(200).says("山东省重度残疾人护理补贴申请审批表", c.CaseNumber, "金丝雀111", "肢体残疾", "一级", "经核实，材料齐全，报镇（街道）审核", "签字", "镇（街道）意见", "区民政局意见")
	if strings.Contains(form.body, number(111)) {
		t.Error("the form shows the whole ID number unasked")
	}
	form.form("reveal").send().want(422).says("请填写此项")
	whole := form.form("reveal").set("reason", "打印审批表给申请人签字").send().want(200).says(number(111), "6228480200000000111", "19900000111")
	if strings.Contains(textOf(whole.doc), "显示完整号码") {
		t.Error("what is whole is offered to be made whole")
	}
	b.get(at + "/letter").want(409).says("尚未作出决定")
	review := s.as("town.a").get("/queue/"+c.ID.String()).want(200).form("decide").set("decision", "return", "reason_code", "MATERIAL_MISSING", "reason", "缺<户口簿>首页")
	review.set("fields", strings.Repeat("长", 61)).send().want(422).says("每项不能超过60个字")
	review.set("fields", "户口簿、 申请日期，").send().want(303)
	c, err := s.desk.DB.Application(ctx, s.actor("town.a"), c.ID)
	must(t, err)
	why := "材料不齐全。缺<户口簿>首页"
	s.as("liaison.a").get("/").want(200).says("退回待补正", why+"；需更正：户口簿、申请日期（2023-04-27及以前重新提交的，仍自原月份起计发）")
	if returned := s.as("liaison.a").get("/applications/" + c.ID.String()).want(200).says("退回原因" + why); strings.Count(textOf(returned.doc), why) != 2 {
		t.Errorf("above and among the steps the case has to say why: %s", textOf(returned.doc))
	}
	letter := b.get(at+"/letter").want(200).says("补正通知书", "金丝雀111：", "2023年3月28日", "30日内", "材料不齐全。缺<户口簿>首页", "MATERIAL_MISSING", "闻韶街道")
	if strings.Contains(letter.body, "<户口簿>") {
		t.Error("the reason is not escaped")
	}
	s.as("liaison.a").get("/applications/"+c.ID.String()).want(200).says("打印决定书", "打印审批表")
	c, err = s.desk.ResubmitApplication(ctx, s.actor("liaison.a"), c.ID, c.Version, casework.Resubmission{})
	must(t, err)
	_, err = s.desk.DecideApplication(ctx, s.actor("town.a"), c.ID, c.Version, application.Ruling{Decision: "approve"})
	must(t, err)
	b.get(at+"/letter").want(200).says("批准决定书", "自2023-03起按月计发，每月167.00元（大写：壹佰陆拾柒圆整）")
	b.get(at + "/form").want(200).says("同意，自2023-03起计发，每月167.00元")
	weak := s.submitted(113, 3, villageA)
	_, err = s.desk.DecideApplication(ctx, s.actor("town.a"), weak.ID, weak.Version, application.Ruling{Decision: "reject", ReasonCode: "LEVEL_OUT_OF_RANGE"})
	must(t, err)
	b.get("/applications/"+weak.ID.String()+"/letter").want(200).says("不予批准决定书", "LEVEL_OUT_OF_RANGE", "国发", "行政复议", "行政诉讼")
	s.as("town.c").get(at + "/letter").want(404)
}

// TestNoticePages: published once, printed with nothing that leads to a person, objected to while it runs, answered, and over.
func TestNoticePages(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.approved(121, villageA)
	b := s.as("town.a")
	b.get("/notices").want(200).says("还没有公示").form("publish").set("telephones", "电话").send().want(422).says("数字和短横线")
	page := b.get("/notices").form("publish").set("telephones", "0533-7220000，0533-7220001").send().follow().want(200).says("公示已发布", "金**", "167.00", "0533-7220000、0533-7220001、12385", "公示中")
	at := page.path[:strings.Index(page.path, "?")]
	b.get("/notices").form("publish").send().want(409).says("没有待公示的审批结果")
	sheet := b.get(at+"/sheet").want(200).says("残疾人两项补贴审批结果公示", "2023年3月28日至2023年4月3日", "金**", "符合条件")
	for _, never := range []string{"金丝雀", number(121), c.ID.String(), "肢体", "一级", c.CaseNumber} {
		if strings.Contains(sheet.body, never) {
			t.Errorf("the sheet says %s", never)
		}
	}
	page.form("object").send().want(422).says("请填写此项")
	item := ""
	for _, o := range all(page.doc, "option") {
		if uuid.Validate(attr(o, "value")) == nil {
			item = attr(o, "value")
		}
	}
	page = page.form("object").set("item_id", item, "content", "家有轿车<b>").send().follow().want(200).says("异议已登记", "家有轿车<b>", "待答复")
	open := ""
	for _, o := range all(page.doc, "option") {
		if strings.HasSuffix(attr(o, "value"), "/1") {
			open = attr(o, "value")
		}
	}
	page.form("answer").set("objection", open).send().want(422).says("请填写此项")
	page.form("answer").set("objection", uuid.NewString()+"/1", "outcome", "dismissed", "answer", "x").send().want(422).says("请从选项中选择")
	page.form("answer").set("objection", open, "outcome", "dismissed", "answer", "经核实不属实").send().follow().want(200).says("异议已答复", "不成立", "经核实不属实")
	s.as("town.c").get(at).want(404)
	s.clock.Add(8 * 24 * time.Hour)
	s.again("auditor").get(at).want(200).says("已期满")
	s.again("town.a").get("/notices").want(200).says("已期满")
}
