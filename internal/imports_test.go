// Package internal has only this test: who may import whom.
package internal

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// may lists, for each room, the other rooms that it imports, and outside libraries that only it may know.
var may = map[string]string{
	"calendar": "", "calendar/workdays": "calendar", "money": "", "fault": "", "area": "calendar", "idnum": "calendar", "names": "", "labels": "", "patience": "fault", "indicator": "",
	"access": "area", "lead": "access", "casefile": "area calendar fault idnum", "care": "access calendar casefile fault money", "attachment": "fault", "blobs": "fault secret", "survey": "calendar casefile fault", "statement": "calendar", "policy": "area calendar care casefile lead money", "award": "calendar fault",
	"ticket": "access area calendar calendar/workdays fault", "supervision": "",
	"policy/scenario": "calendar casefile idnum policy standing", "application": "access calendar calendar/workdays fault", "standing": "area award calendar casefile policy",
	"ledger": "area award calendar money policy standing", "roster": "access area calendar fault money", "recovery": "access calendar fault money",
	"secret": "", "store": "ticket supervision access application area award calendar calendar/workdays care casefile fault idnum indicator ledger money names recovery roster secret standing statement survey",
	"store/localpg": "", "store/testdb": "secret store store/localpg", "auth": "fault secret", "config": "access", "exchange": "area calendar casefile fault idnum money names roster supervision",
	"casework":          "ticket supervision access application area attachment auth award blobs calendar calendar/workdays care casefile exchange fault idnum indicator lead ledger money names policy recovery roster standing statement store survey webhook",
	"casework/testdesk": "access area auth casework demo/divisions policy store store/testdb webhook",
	"httpapi":           "ticket access application area auth award calendar calendar/workdays care casefile casework exchange fault idnum indicator labels money patience policy recovery roster standing statement store survey",
	"web":               "access application area award calendar calendar/workdays care casefile casework exchange fault idnum indicator labels lead money patience policy recovery roster standing statement store supervision survey ticket",
	"demo":              "access application area calendar care casework demo/divisions demo/population exchange policy standing store",
	"demo/divisions":    "area calendar exchange",
	"demo/population":   "area calendar casefile exchange idnum survey", "canary": "", "bench": "", "webhook": "",
}

// only says which rooms know a library.
var only = map[string][]string{
	"gorm.io/": {"store"}, "database/sql": {"store"}, "github.com/labstack/echo": {"httpapi", "web", "patience"}, "github.com/xuri/excelize": {"exchange"},
	"gocloud.dev/": {"blobs"}, "cel.dev/": {"policy"}, "net/http": {"httpapi", "web", "fault", "webhook", "patience"}, "github.com/golang-jwt": {"auth"}, "github.com/jackc/pgx": {"store", "store/localpg", "store/testdb", "config"},
}

// rooms are those of the table of README.md, with the line in which each stands.
func rooms(t *testing.T) map[string]int {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| room |")
	table, _, _ = strings.Cut(table, "\n\n")
	lines := map[string]int{}
	for n, line := range strings.Split(table, "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, room := range strings.Fields(strings.ReplaceAll(cells[1], "`", "")) {
				lines[room] = n
			}
		}
	}
	return lines
}

// TestImports: a room imports what is listed here and nothing else, and imports point up the table of README.md.
func TestImports(t *testing.T) {
	t.Parallel()
	lines := rooms(t)
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		room := strings.TrimPrefix(fields[0], "zhucan/internal/")
		if room == "zhucan/internal" {
			continue
		}
		allowed, known := may[room]
		if !known {
			t.Errorf("room %s is not listed here", room)
		}
		if lines[room] == 0 {
			t.Errorf("room %s is not in the table of README.md", room)
		}
		for _, imported := range fields[1:] {
			if other, ours := strings.CutPrefix(imported, "zhucan/internal/"); ours && !slices.Contains(strings.Fields(allowed), other) {
				t.Errorf("%s imports %s", room, other)
			} else if ours && lines[other] > lines[room] {
				t.Errorf("%s imports %s, which stands below it in the table of README.md", room, other)
			}
			for library, rooms := range only {
				if strings.HasPrefix(imported, library) && !slices.Contains(rooms, room) && imported != "database/sql/driver" {
					t.Errorf("%s imports %s, which only %v may know", room, imported, rooms)
				}
			}
		}
	}
}
