package web_test

import (
	"strings"
	"testing"
)

func init() {
	maySee["/partner-lists"] = roles{cdpf, civil, auditor}
}

// TestPartnerListPage: the rows of a list are counted before it is taken out; the file says who took it and what for, and so does the audit.
func TestPartnerListPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person(21, 1, villageA)
	s.person(22, 2, villageA)
	b := s.as("cdpf")
	form := func() *filled { return b.get("/partner-lists").want(200).form("take") }
	form().send().want(422).says("请选择", "请填写此项")
	filled := form().set("list", "medical_holders", "purpose", "与医保局比对参保", "format", "csv")
	filled.set("do", "count").send().want(200).says("名单现有2行", "账号cdpf", "与医保局比对参保")
	if sh := s.as("auditor").get("/exports").want(200); strings.Contains(sh.body, "与医保局") {
		t.Error("counting was an export")
	}
	file := filled.set("do", "take").send().want(200)
	lines := strings.Split(strings.TrimSpace(file.body), "\r\n")
	if !strings.HasPrefix(file.header.Get("Content-Disposition"), `attachment; filename="medical-holders-`) || len(lines) != 5 {
		t.Fatalf("%v: %s", file.header, file.body)
	}
	for i, text := range map[int]string{0: "账号 cdpf", 2: number(21), 3: number(22), 4: "2"} {
		if !strings.Contains(lines[i], text) {
			t.Errorf("line %d is %q and lacks %q", i, lines[i], text)
		}
	}
	if !strings.Contains(lines[0], "与医保局比对参保") {
		t.Errorf("the watermark is %s", lines[0])
	}
	if row := s.as("auditor").get("/exports").want(200).row("2023-03-28 10:00"); !strings.Contains(strings.Join(row, " "), "与医保局比对参保 2 测试cdpf") {
		t.Errorf("the audit says %v", row)
	}
	s.as("auditor").get("/audit?action=list.export").want(200).says("list.export", "cdpf")
	form().set("list", "medical_holders", "purpose", "x").send().want(422).says("请写明用途")
	form().set("list", "medical_holders", "purpose", "参保比对", "area_code", "370306").send().want(404)
	watching := s.as("auditor").get("/partner-lists").want(200)
	if strings.Contains(watching.body, `name="do"`) {
		t.Error("the auditor is shown a form")
	}
	filled.page.b, filled.values["csrf"] = s.as("auditor"), watching.formTo("/sign-out").values["csrf"]
	filled.send().want(403)
}

// TestHostilePurposes stores each text as what a list is for.
func TestHostilePurposes(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("civil")
	for _, text := range hostile {
		form := b.get("/partner-lists").form("take").set("list", "school_children", "purpose", text, "format", "csv")
		form.set("do", "count").send().want(200).wantHarmless()
		form.set("do", "take").send().want(200)
		form.set("list", text, "area_code", text, "format", text).send().want(422).wantHarmless()
	}
	log := s.as("auditor").get("/exports").want(200)
	log.wantHarmless()
	if len(log.rows()) < 20 {
		t.Errorf("%d rows", len(log.rows()))
	}
}
