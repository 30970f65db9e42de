// Package canary has the last test of a run: nothing of the made-up people of all other tests may stand in any log,
// error or metric.
package canary

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// canaries are what every made-up person of the tests carries: the ID area that was never assigned, the telephone range,
// the name, the account.
var canaries = regexp.MustCompile(`379999\d{8}|1990000\d{4}|金丝雀|6222\d{12,13}`)

// decimals are measured values, among whose digits anything may stand: 0.6222436099999999 seconds are no account.
var decimals = regexp.MustCompile(`\b\d+\.\d+`)

// TestLogsKeepSilent reads what the run before gathered: the logs of the service and of PostgreSQL, and among the
// former the metrics and all refusals. On its own, without a
// run before, it proves that it would find a canary.
func TestLogsKeepSilent(t *testing.T) {
	t.Parallel()
	if !canaries.MatchString(`{"msg":"379999197001010011"}`) {
		t.Fatal("the pattern does not find a canary")
	}
	if line := decimals.ReplaceAll([]byte(`sum 0.6222436099999999 of "379999197001010011"`), nil); string(canaries.Find(line)) != "37999919700101" {
		t.Fatalf("of a measured value and a number the pattern finds %q", canaries.Find(line))
	}
	folder := os.Getenv("ZHUCAN_CANARY_LOGS")
	if folder == "" {
		return
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.log"))
	if err != nil || len(files) < 2 {
		t.Fatalf("found %d logs (%v), want those of the service and of PostgreSQL", len(files), err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range bytes.Split(content, []byte("\n")) {
			if found := canaries.Find(decimals.ReplaceAll(line, nil)); found != nil {
				t.Errorf("%s line %d holds %s", filepath.Base(file), n+1, found)
			}
		}
	}
}
