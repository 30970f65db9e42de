package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// output is a writer that a test may read while a command writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

var readyLine = regexp.MustCompile(`http://(127\.0\.0\.1:\d+)/api/v1/docs`)

// startDemo runs the demonstration until the test, or what it returns, stops it.
func startDemo(t *testing.T, args ...string) (address string, out *output, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out = &output{}
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, append([]string{"demo", "--listen", "127.0.0.1:0"}, args...), out, &output{})
	}()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("the demonstration ended with %v", err)
			}
		})
	}
	t.Cleanup(stop)
	for range 600 {
		if m := readyLine.FindStringSubmatch(out.String()); m != nil {
			return m[1], out, stop
		}
		select {
		case err := <-ended:
			ended <- nil // nothing is left to stop
			t.Fatalf("the demonstration did not start: %v", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatal("the demonstration is not ready after a minute")
	return "", nil, nil
}

// shortDir is a data folder that the database's own account can reach and whose socket path is not too long.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "zhucan-cmd-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestDemo starts the front door twice on the same folder, and checks what it leaves with the other commands.
func TestDemo(t *testing.T) {
	dir := shortDir(t)
	file := filepath.Join(t.TempDir(), "accounts.json")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, first, stop := startDemo(t, "--data", dir, "--people", "200", "--accounts-file", file)
	if !strings.Contains(first.String(), "made up 206 people, 0 refused") {
		t.Errorf("first start: %s", first)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the accounts file: %v, %v", info.Mode(), err)
	}
	stop()
	address, second, stop := startDemo(t, "--data", dir, "--people", "200", "--clock-control")
	if strings.Contains(second.String(), "made up") {
		t.Error("the second start made people again")
	}
	var written struct {
		Accounts []struct{ Username, Password, Role string }
	}
	text, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(text, &written) != nil || len(written.Accounts) < 9 {
		t.Fatalf("accounts file: %v %s", err, text)
	}
	login, _ := json.Marshal(map[string]string{"username": written.Accounts[0].Username, "password": written.Accounts[0].Password})
	for _, ask := range []struct{ method, path, body string }{
		{"GET", "/healthz", ""}, {"GET", "/readyz", ""}, {"GET", "/metrics", ""}, {"GET", "/api/v1/openapi.yaml", ""}, {"GET", "/api/v1/docs", ""}, {"GET", "/", ""},
		{"PUT", "/demo/clock", `{"now":"2023-03-28T10:00:00+08:00"}`}, {"POST", "/api/v1/auth/login", string(login)},
	} {
		req, _ := http.NewRequest(ask.method, "http://"+address+ask.path, strings.NewReader(ask.body))
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s %s: %v %v", ask.method, ask.path, resp, err)
			continue
		}
		resp.Body.Close()
	}
	checkCommands(t, dir)
	stop()
}

// checkCommands runs the other commands on the demonstration's database while it serves.
func checkCommands(t *testing.T, dir string) {
	t.Helper()
	url := "host=" + filepath.Join(dir, "socket") + " user=zhucan_app dbname=zhucan"
	reach := []string{"--database-url", url, "--key-file", filepath.Join(dir, "keys.json")}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{append([]string{"audit", "verify"}, reach...), "hold, 0 locked rosters add up; head"},
		{append([]string{"standing", "rebuild", "--check"}, reach...), "206 persons, 0 standings differed"},
		{[]string{"policy", "test"}, " 0 failed"},
	} {
		out := &output{}
		if err := run(context.Background(), tt.args, out, &output{}); err != nil || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%v: %v, %s; want %s", tt.args[:2], err, out, tt.want)
		}
	}
	other := filepath.Join(t.TempDir(), "keys.json")
	if err := run(context.Background(), []string{"keys", other}, &output{}, &output{}); err != nil {
		t.Fatal(err)
	}
	err := run(context.Background(), []string{"audit", "verify", "--database-url", url, "--key-file", other}, &output{}, &output{})
	if err == nil || !strings.Contains(err.Error(), "密钥文件不属于本登记库") {
		t.Errorf("with the keys of another register: %v, want a refusal", err)
	}
	err = run(context.Background(), append([]string{"serve"}, reach...), &output{}, &output{})
	if err == nil || !strings.Contains(err.Error(), "demonstration") {
		t.Errorf("serve with demo keys: %v, want a refusal", err)
	}
}

func TestBadCommands(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := run(context.Background(), []string{"keys", keys}, &output{}, &output{}); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"keys", keys}, // never over an old one
		{"serve"}, {"serve", "--database-url", "postgres://zhucan_app@db.example/zhucan?sslmode=disable", "--key-file", keys},
		{"serve", "--database-url", "host=/tmp user=postgres", "--key-file", keys}, {"serve", "--database-url", "host=/tmp user=zhucan_app", "--key-file", keys, "--listen", "x"},
		{"nonsense"}, {"migrate"}, {"policy", "test", t.TempDir()}, {"import", "roster", "/nowhere"},
	} {
		if err := run(context.Background(), args, &output{}, &output{}); err == nil {
			t.Errorf("zhucan %v succeeded", args)
		}
	}
}

// TestKeys makes a key file and turns its key, with the arguments that the documents name.
func TestKeys(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	for _, tt := range []struct {
		args          []string
		want, wantErr string
	}{
		{[]string{"keys", "current", keys, "e1"}, "", "no such file"},
		{[]string{"keys", keys}, "keys written", ""},
		{[]string{"keys", "current", keys, "e2"}, "", "it has [e1]"},
		{[]string{"keys", "add", keys}, "key e2 added, not current yet", ""},
		{[]string{"keys", "current", keys, "e2"}, "key e2 seals", ""},
		{[]string{"keys", "add", keys}, "key e3 added", ""},
		{[]string{"keys", "new", keys}, "", "exists"},
	} {
		out := &output{}
		err := run(t.Context(), tt.args, out, &output{})
		if (err != nil) != (tt.wantErr != "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) || !strings.Contains(out.String(), tt.want) {
			t.Errorf("zhucan %v: %v, %s; want %q, %q", tt.args, err, out, tt.want, tt.wantErr)
		}
	}
}
