package web_test

import "testing"

// TestFullChainPages: where federation and civil affairs decide after the town, each finds the case on his start page and in his queue, sees what the
// others said, and the last of them grants it; one that is returned comes back to the town.
func TestFullChainPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.desk.FullChain = true
	first, second := s.submitted(11, 1, villageA), s.submitted(13, 1, villageA)
	say := func(user, decision, reason string, ids ...string) {
		t.Helper()
		b := s.as(user)
		for _, id := range ids {
			b.get("/queue/"+id).want(200).form("decide").set("decision", decision, "reason", reason).send().want(303)
		}
	}
	one, other := first.ID.String(), second.ID.String()
	say("town.a", "approve", "", one, other)
	s.as("town.a").get("/applications/" + one).want(200).says("待残联审核")
	s.as("cdpf").get("/").want(200).says("待我处理", "金丝雀11", "待残联审核")
	s.as("cdpf").get("/queue").want(200).says("共 2 件待办")
	s.as("civil").get("/queue").want(200).says("没有待办的申请")
	say("cdpf", "approve", "", one)
	say("cdpf", "return", "评定表缺页", other)
	s.as("civil").get("/").want(200).says("待我处理", "待民政审定")
	s.as("civil").get("/queue/" + one).want(200).says("金丝雀11")
	say("civil", "approve", "", one)
	s.as("liaison.a").get("/applications/" + one).want(200).says("已批准")
	s.as("liaison.a").get("/").want(200).says("退回待补正", "评定表缺页")
	s.as("civil").get("/applications/"+one+"/form").want(200).says("区残疾人联合会意见同意", "区民政局意见同意，自2023-03起计发")
	s.as("civil").get("/applications/" + one + "/letter").want(200).says("区民政局")
	s.as("liaison.a").get("/applications/" + other).form("resubmit").send().want(303)
	s.as("town.a").get("/queue").want(200).says("金丝雀13")
}
