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
	s.later(30 * 24 * time.Hour)
	s.again("cdpf").get("/supervision?from=2023-03-01").want(200)
}
