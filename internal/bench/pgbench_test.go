package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// load is what PostgreSQL's own load generator, pgbench, is to do: a script, run so many times by each of so many connections.
// Variables of the script are parameters of its statements, which are prepared once a connection.
type load struct {
	url       string
	script    string
	clients   int
	runs      int // of the script by each client
	variables map[string]string
}

var perSecond = regexp.MustCompile(`tps = ([0-9.]+) `)

// run is how often a second the script is run by all connections together, without the time that connecting takes.
func (l load) run(b *testing.B, owner *pgxpool.Pool) float64 {
	b.Helper()
	file := filepath.Join(b.TempDir(), "script.sql")
	if err := os.WriteFile(file, []byte(l.script), 0o600); err != nil {
		b.Fatal(err)
	}
	args := []string{"--no-vacuum", "--protocol=prepared", "--file=" + file, fmt.Sprintf("--client=%d", l.clients), fmt.Sprintf("--jobs=%d", min(l.clients, 2)),
		fmt.Sprintf("--transactions=%d", l.runs)}
	for name, value := range l.variables {
		args = append(args, "--define="+name+"="+value)
	}
	out, err := exec.Command(serverTool(b, owner, "pgbench"), append(args, l.url)...).CombinedOutput()
	found := perSecond.FindSubmatch(out)
	if err != nil || found == nil {
		b.Fatalf("pgbench: %v: %s", err, out)
	}
	rate, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return rate
}

// serverTool is a program that comes with the server that is measured, of the same version.
func serverTool(b *testing.B, owner *pgxpool.Pool, name string) string {
	b.Helper()
	var folder string
	if err := owner.QueryRow(context.Background(), "SELECT setting FROM pg_config WHERE name = 'BINDIR'").Scan(&folder); err != nil {
		b.Fatal(err)
	}
	return filepath.Join(folder, name)
}
