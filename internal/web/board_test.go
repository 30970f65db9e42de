package web_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/application"
)

func init() {
	readers := roles{town, cdpf, civil, access.Statistician, auditor}
	maps.Copy(maySee, map[string]roles{"/supervision": readers, "/supervision/file": readers})
}

// TestBoardOfAllVillages: the villages of a district stand under their towns on several pages, each once, and add up.
func TestBoardOfAllVillages(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.submitted(511, 1, villageA)
	tree, err := s.desk.DB.Divisions(context.Background(), "370305", s.today())
	must(t, err)
	villages := 0
	for _, d := range tree {
		if d.Code.Level() == "village" {
			villages++
		}
	}
	b, at, seen, pages, sums := s.as("cdpf"), "/supervision?by=village", 0, 0, map[string]bool{}
	for at != "" {
		page := b.get(at).want(200)
		at = ""
		rows := 0
		for _, tbody := range all(page.doc, "tbody") {
			of := all(tbody, "tr")
			if len(of) > 1 { // less the name of the town and its sum
				rows += len(of) - 2
			}
		}
		if rows > 80 {
			t.Errorf("page %d has %d rows", pages, rows)
		}
		all := page.rows()
		sums[strings.Join(all[len(all)-1], "|")] = true
		seen, pages = seen+rows, pages+1
		if more := strings.Contains(page.body, `class="more"`); more {
			at = page.link("下一页")
		}
	}
	if seen != villages || pages < 6 || len(sums) != 1 {
		t.Errorf("%d of %d villages on %d pages, with sums %v", seen, villages, pages, sums)
	}
	first := b.get("/supervision?by=village").want(200).says("闻韶街道合计")
	if row := first.row("闻韶街道合计"); row[1] != "1" {
		t.Errorf("the town adds up to %v", row)
	}
	town := b.get("/supervision?by=village&area=" + townA).want(200).says("辛东社区居委会")
	if strings.Contains(town.body, "闻韶街道合计") || strings.Contains(town.body, "齐都镇</th>") {
		t.Error("a town alone stands under its name, or beside another")
	}
}

// TestBoardPage: rows add up, days stand in the address, and a town sees its own villages.
func TestBoardPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.submitted(501, 1, villageA)
	s.submitted(503, 1, villageB)
	_, err := s.desk.DecideApplication(context.Background(), s.actor("town.a"), c.ID, c.Version, application.Ruling{Decision: "approve"})
	must(t, err)
	rows := strings.Join(rowsOf(s.as("cdpf").get("/supervision").want(200).says("闻韶街道", "合计")), "\n")
	if strings.Count(rows, "2|1|100.00%|0|0.00|0|0|0|0|") != 2 { // the town and the sum
		t.Errorf("the board says %s", rows)
	}
	village := s.as("town.a").get("/supervision").want(200).says("辛东社区居委会", "合计")
	if text := textOf(village.doc); strings.Contains(text, "齐都镇") {
		t.Error("a town sees another")
	}
	s.as("stats").get("/supervision?by=district&from=2023-03-01&to=2023-03-31").want(200).says("临淄区", "100.00%")
	s.as("cdpf").get("/supervision?from=2023-04-01&to=2023-03-01").want(422).says("时间范围不合理")
	s.as("town.a").get("/supervision?area=370305111").want(404)
	if csv := s.as("cdpf").get("/supervision/file?format=csv&by=town").want(200); !strings.Contains(csv.body, "in_time_rate") || csv.header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("the file: %.200s", csv.body)
	}
	if xlsx := s.as("cdpf").get("/supervision/file?format=xlsx").want(200); !strings.HasPrefix(xlsx.body, "PK") {
		t.Error("the workbook is none")
	}
	s.clock.Add(30 * 24 * time.Hour)
	s.again("cdpf").get("/supervision?from=2023-03-01").want(200)
}
