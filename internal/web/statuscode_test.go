package web_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"zhucan/internal/fault"
)

func init() {
	mayDo["/applications/:id renew"] = roles{liaison, town}
}

// TestRenewedStatusCode: who has lost his code gets another, told once; the one before is good no more.
func TestRenewedStatusCode(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	form := b.get("/persons/"+s.person(21, 1, villageA).String()+"/apply").want(200).form("submit").set("programme", "nursing_subsidy", "applicant.relation", "self")
	page := form.send().follow().want(200)
	first := page.told()
	at, _, _ := strings.Cut(page.path, "?")
	renew := b.get(at).want(200).form("renew")
	told := renew.send().follow().want(200).says("已重发查询码")
	second := told.told()
	if second == "" || second == first {
		t.Fatalf("the code was %q and is %q", first, second)
	}
	if b.get(at).told() != "" {
		t.Error("the code is told twice")
	}
	if again := renew.send().follow(); again.told() != "" {
		t.Error("the form sent twice told a code again")
	}
	number := strings.TrimPrefix(textOf(all(told.doc, "h1")[0]), "申请")
	ctx, from := context.Background(), netip.MustParseAddr("192.0.2.7")
	if _, err := s.desk.CaseStatus(ctx, strings.TrimSpace(number), first, from); !fault.Is(err, "NOT_FOUND") {
		t.Errorf("the code before: %v", err)
	}
	if _, err := s.desk.CaseStatus(ctx, strings.TrimSpace(number), second, from); err != nil {
		t.Errorf("the new code for %s: %v", number, err)
	}
	s.as("auditor").get("/audit?action=application.status_code").want(200).says("liaison.a")
	if strings.Contains(s.as("cdpf").get(at).want(200).body, `value="renew"`) {
		t.Error("a reviewer is shown the form")
	}
}
