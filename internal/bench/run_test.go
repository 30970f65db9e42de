package bench

import (
	"os"
	"os/exec"
	"testing"
)

// TestBenchmarksRun runs those parts that write rows by hand once, on small registers: a migration breaks them unseen. The figures mean nothing.
func TestBenchmarksRun(t *testing.T) {
	t.Parallel()
	run := exec.Command("go", "test", "-run", "^$", "-bench", "All", "-benchtime", "1x", ".")
	run.Env = append(os.Environ(), "BENCH_SMALLER=20", "BENCH_ROUNDS=1", "BENCH_ONLY=pages,changes,decisions,matching,failed,worklists,rosters,indicators", "BENCH_JSON=")
	if out, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
