package localpg

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// helperFolder makes this test binary a process that runs the cluster of a folder until its standard input ends.
const helperFolder = "ZHUCAN_LOCALPG_HELPER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperFolder); dir != "" {
		os.Exit(help(dir))
	}
	os.Exit(m.Run())
}

func help(dir string) int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := Start(ctx, Options{Dir: dir, Fast: true})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	conn, err := pgx.Connect(ctx, c.URL(Superuser, "postgres"))
	if err == nil {
		_, err = conn.Exec(ctx, "CREATE TABLE kept AS SELECT 7 AS n")
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := c.Stop(ctx); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// openFolder is a folder that every account can reach, unlike t.TempDir.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "localpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func running(t *testing.T, o Options) *Cluster {
	t.Helper()
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, c) })
	return c
}

func stopped(t *testing.T, c *Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := c.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func query(t *testing.T, c *Cluster, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.URL(Superuser, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var answer string
	if err := conn.QueryRow(t.Context(), sql).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

func keepSeven(t *testing.T, c *Cluster) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.URL(Superuser, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "CREATE TABLE kept AS SELECT 7 AS n"); err != nil {
		t.Fatal(err)
	}
}

func TestStopAndStartKeepsData(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openFolder(t), "data")
	c := running(t, Options{Dir: dir})
	keepSeven(t, c)
	if _, err := Start(t.Context(), Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("in use by process %d", os.Getpid())) {
		t.Errorf("a second start of a running cluster: %v", err)
	}
	stopped(t, c)
	stopped(t, c)
	again := running(t, Options{Dir: dir, MaxConnections: 33})
	if got := query(t, again, "SELECT n::text FROM kept"); got != "7" {
		t.Errorf("kept %s, want 7", got)
	}
	if got := query(t, again, "SHOW max_connections"); got != "33" {
		t.Errorf("max_connections %s, want 33", got)
	}
	if info, err := os.Stat(dir); err != nil || info.Sys().(*syscall.Stat_t).Uid != uint32(os.Geteuid()) {
		t.Errorf("the data folder changed hands: %v", err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	careful := map[string]string{"listen_addresses": "", "unix_socket_permissions": "0700", "data_checksums": "on", "server_encoding": "UTF8",
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "jit": "off", "shared_buffers": "128MB", "max_connections": "80",
		"log_error_verbosity": "terse", "log_min_error_statement": "panic", "log_parameter_max_length": "0",
		"log_parameter_max_length_on_error": "0", "log_min_messages": "log", "TimeZone": "UTC"}
	careless := map[string]string{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "data_checksums": "on"}
	for _, tt := range []struct {
		name string
		fast bool
		want map[string]string
	}{{"careful", false, careful}, {"fast", true, careless}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := running(t, Options{Dir: openFolder(t), Fast: tt.fast})
			got := map[string]string{}
			for name := range tt.want {
				got[name] = query(t, c, "SHOW "+name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			for _, folder := range []string{c.dir, c.sockets} {
				if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
					t.Errorf("%s is not private: %v %v", folder, info.Mode(), err)
				}
			}
		})
	}
}

// The log must not hold what a failing statement was about, whatever its error says.
func TestLogNamesNoValues(t *testing.T) {
	t.Parallel()
	const canary = "379999199001011234"
	c := running(t, Options{Dir: openFolder(t), Fast: true})
	conn, err := pgx.Connect(t.Context(), c.URL(Superuser, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, sql := range []string{"SELECT '" + canary + "x'::int", "SELECT '" + canary + "' FROM nowhere", "SELECT \"" + canary + "\"",
		"CREATE TABLE u (n text UNIQUE); INSERT INTO u VALUES ('" + canary + "'), ('" + canary + "')",
		"DO $$ BEGIN RAISE WARNING '" + canary + "'; RAISE EXCEPTION '" + canary + "'; END $$"} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s did not fail", sql)
		}
	}
	stopped(t, c)
	text, err := os.ReadFile(c.LogFile)
	if err != nil || len(text) == 0 {
		t.Fatalf("log of %d bytes: %v", len(text), err)
	}
	if strings.Contains(string(text), canary) {
		t.Errorf("the log names a value: %s", text)
	}
}

func TestOddFolders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, folder string
		inside       bool // the socket is in the data folder
	}{
		{"spaces and quotes", `a b'c"d\e`, true},
		{"comma", "a,b", false},
		{"too long", strings.Repeat("long", 30), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := running(t, Options{Dir: filepath.Join(openFolder(t), tt.folder), Fast: true})
			if got := query(t, c, "SELECT 'ok'"); got != "ok" {
				t.Error(got)
			}
			if got := strings.HasPrefix(c.sockets, c.root); got != tt.inside {
				t.Errorf("socket in %s", c.sockets)
			}
			stopped(t, c)
			if _, err := os.Stat(c.sockets); tt.inside != (err == nil) {
				t.Errorf("after the stop, the socket's folder: %v", err)
			}
		})
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	full := openFolder(t)
	if err := os.MkdirAll(filepath.Join(full, "pg", "someone's"), 0o755); err != nil {
		t.Fatal(err)
	}
	future := openFolder(t)
	if err := os.Mkdir(filepath.Join(future, "pg"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(future, "pg", "PG_VERSION"), []byte("99\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, dir, want string }{
		{"foreign files", full, "holds files but no database cluster"},
		{"data of another version", future, "the data was made by PostgreSQL 99"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if c, err := Start(t.Context(), Options{Dir: tt.dir}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v; want %q", c, err, tt.want)
			}
		})
	}
}

func TestServerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	stopped(t, running(t, Options{Dir: dir, Fast: true}))
	if err := os.WriteFile(filepath.Join(dir, "pg", "postgresql.conf"), []byte("work_mem = much\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Dir: dir, Fast: true}); err == nil || !strings.Contains(err.Error(), "work_mem") {
		t.Errorf("got %v, want a word about work_mem", err)
	}
}

func TestInterruptedInitdbIsForgotten(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	if err := os.MkdirAll(filepath.Join(dir, "pg.new", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pg.new", "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ended, Options{Dir: dir, Fast: true}); err == nil {
		t.Error("started although it was told to stop")
	}
	if got := query(t, running(t, Options{Dir: dir, Fast: true}), "SELECT 'ok'"); got != "ok" {
		t.Error(got)
	}
}

// A process that is being started at that moment has a copy of the lock's file, see dropLock: here others are started all the time.
func TestFolderIsFreeWhenItIsGivenBack(t *testing.T) {
	dir := openFolder(t)
	ended := make(chan struct{})
	var starters sync.WaitGroup
	for range 2 {
		starters.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
					_ = exec.Command("true").Run()
				}
			}
		})
	}
	for range 1000 {
		c := &Cluster{root: dir}
		if err := c.takeLock(); err != nil {
			t.Error(err)
			break
		}
		c.free()
	}
	close(ended)
	starters.Wait()
}

// helper starts another process that runs a cluster, and waits until it is ready.
func helper(t *testing.T, binary, dir string, as *syscall.Credential) (*exec.Cmd, io.Closer) {
	t.Helper()
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), helperFolder+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "ready\n" {
		t.Fatalf("helper: %q %v", line, err)
	}
	return cmd, in
}

// A killed owner takes its server along, and the next owner waits for that and finds the data.
func TestServerDiesWithItsOwner(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	owner, _ := helper(t, os.Args[0], dir, nil)
	if _, err := Start(t.Context(), Options{Dir: dir, Fast: true}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("in use by process %d", owner.Process.Pid)) {
		t.Errorf("a start beside another process: %v", err)
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait()
	c := running(t, Options{Dir: dir, Fast: true})
	if got, want := c.lockedBy(), strconv.Itoa(c.server.cmd.Process.Pid); got != want {
		t.Errorf("the server that answers is process %s, not our own %s", got, want)
	}
	if got := query(t, c, "SELECT n::text FROM kept"); got != "7" {
		t.Errorf("kept %s, want 7", got)
	}
}

// A stop that is out of patience ends the server all the same, and the next start repairs the data.
func TestStopOutOfPatience(t *testing.T) {
	t.Parallel()
	c := running(t, Options{Dir: openFolder(t)})
	keepSeven(t, c)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Stop(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the context ended", err)
	}
	select {
	case <-c.server.done:
	default:
		t.Error("the server still runs")
	}
	if got := query(t, running(t, Options{Dir: c.root}), "SELECT n::text FROM kept"); got != "7" {
		t.Errorf("kept %s, want 7", got)
	}
}

// A server killed with its children left behind is repaired, not refused.
func TestStaleLockFile(t *testing.T) {
	t.Parallel()
	c := running(t, Options{Dir: openFolder(t)})
	keepSeven(t, c)
	if err := c.server.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	stopped(t, c)
	again := running(t, Options{Dir: c.root})
	if got := query(t, again, "SELECT n::text FROM kept"); got != "7" {
		t.Errorf("kept %s, want 7", got)
	}
}

// A lock file that names a process which is no server of these data is no hindrance: numbers are given again.
func TestLockFileOfStranger(t *testing.T) {
	t.Parallel()
	other := running(t, Options{Dir: openFolder(t), Fast: true})
	program := other.account.command(t.Context(), "sleep", "600") // which ends with the test
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Wait() })
	for name, id := range map[string]int{"another program": program.Process.Pid, "another server": other.server.cmd.Process.Pid} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := running(t, Options{Dir: openFolder(t), Fast: true})
			keepSeven(t, c)
			left, err := os.ReadFile(c.lockFile())
			if err != nil {
				t.Fatal(err)
			}
			stopped(t, c)
			_, rest, _ := strings.Cut(string(left), "\n")
			if err := os.WriteFile(c.lockFile(), []byte(fmt.Sprintf("%d\n%s", id, rest)), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := c.account.owns(c.lockFile()); err != nil {
				t.Fatal(err)
			}
			if got := query(t, running(t, Options{Dir: c.root, Fast: true}), "SELECT n::text FROM kept"); got != "7" {
				t.Errorf("kept %s, want 7", got)
			}
		})
	}
}

// What the environment says of another server does not reach the private one.
func TestEnvironmentOfAnotherServer(t *testing.T) {
	for name, value := range map[string]string{"PGSERVICE": "other", "PGHOST": "db.example", "PGTARGETSESSIONATTRS": "read-only", "PGOPTIONS": "-c work_mem=much"} {
		t.Setenv(name, value)
	}
	if got := query(t, running(t, Options{Dir: openFolder(t), Fast: true}), "SELECT 'ok'"); got != "ok" {
		t.Error(got)
	}
}
