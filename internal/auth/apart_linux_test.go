package auth

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Whoever reads goes before hashing on each of its threads, as the runtime puts a hash on any of them.
func TestHashingGivesWay(t *testing.T) {
	t.Parallel()
	p, a := hashedApart(t)
	if _, err := p.Hash(t.Context(), "correct horse"); err != nil {
		t.Fatal(err)
	}
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", a.idle[0].process.Process.Pid))
	if err != nil || len(threads) < 2 {
		t.Fatalf("%d threads (%v)", len(threads), err)
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			t.Fatal(err)
		}
		_, fields, _ := strings.Cut(string(text), ") ") // what follows the name, from the third field of proc_pid_stat(5) on
		if nice, err := strconv.Atoi(strings.Fields(fields)[16]); err != nil || nice < 10 {
			t.Errorf("%s: nice %d (%v)", thread, nice, err)
		}
	}
}
