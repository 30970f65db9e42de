package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"zhucan/internal/config"
	"zhucan/internal/store/testdb"
)

// required are the settings without which there is no service.
var required = []string{"DATABASE_URL", "ZHUCAN_KEY_FILE", "ZHUCAN_FILES"}

func deployed(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// composed is what the test has to know of compose.yaml.
type composed struct {
	Services map[string]struct {
		Command     any
		Environment map[string]string
		Secrets     []string
	}
	Secrets map[string]struct{ File string }
}

func compose(t *testing.T) (c composed) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(deployed(t, "compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

var setting = regexp.MustCompile(`(?m)^(#?)([A-Z_]+)="(.*)"$`)

// TestSettingsOfUnit: the example has every setting of the service and no other, those that are left out with their defaults, and it can be served with.
func TestSettingsOfUnit(t *testing.T) {
	t.Parallel()
	values, named := map[string]string{}, []string{}
	for _, m := range setting.FindAllStringSubmatch(deployed(t, "zhucan.env"), -1) {
		named = append(named, m[2])
		if m[1] == "" {
			values[m[2]] = m[3]
		} else if by := defaults(t).Dump()[m[2]]; m[3] != by && m[2] != "ZHUCAN_DB_POOL" && m[2] != "ZHUCAN_AUDIT_CHECKPOINTS" {
			t.Errorf("%s is %q by default, and not %q", m[2], by, m[3])
		}
	}
	known := []string{}
	for name := range defaults(t).Dump() {
		known = append(known, name)
	}
	slices.Sort(named)
	slices.Sort(known)
	if !slices.Equal(named, known) {
		t.Errorf("zhucan.env has %v; the settings are %v", named, known)
	}
	servable(t, values)
}

// TestSettingsOfCompose: containers get settings that there are, and what they name is given to them.
func TestSettingsOfCompose(t *testing.T) {
	t.Parallel()
	c := compose(t)
	serve := c.Services["serve"].Environment
	serve["ZHUCAN_REPLICA_URLS"] = strings.TrimSuffix(strings.TrimPrefix(serve["ZHUCAN_REPLICA_URLS"], "${ZHUCAN_REPLICA_URLS:-"), "}")
	for name := range serve {
		if _, known := defaults(t).Dump()[name]; !known {
			t.Errorf("serve gets %s, which it does not know", name)
		}
	}
	servable(t, serve)
	owner := c.Services["migrate"].Environment["ZHUCAN_OWNER_URL"]
	if err := config.CheckOwner(owner); err != nil {
		t.Error(err)
	}
	for name, s := range c.Services {
		for _, secret := range s.Secrets {
			if c.Secrets[secret].File == "" {
				t.Errorf("%s: there is no secret %s", name, secret)
			}
		}
		for _, value := range s.Environment {
			if _, secret, found := strings.Cut(value, "/run/secrets/"); found && !slices.Contains(s.Secrets, secret) {
				t.Errorf("%s reads %s, which it does not get", name, secret)
			}
		}
	}
}

// defaults are the settings of who sets none.
func defaults(t *testing.T) (c config.Config) {
	t.Helper()
	parser, err := kong.New(&c)
	if err == nil {
		_, err = parser.Parse(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// servable checks settings as the service does at its start, with a key file in the place of the one that is not here.
func servable(t *testing.T, values map[string]string) {
	t.Helper()
	for _, name := range required {
		if values[name] == "" {
			t.Errorf("%s is required and not there", name)
		}
	}
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := run(t.Context(), []string{"keys", keys}, &output{}, &output{}); err != nil {
		t.Fatal(err)
	}
	c := defaults(t)
	c.DatabaseURL, c.KeyFile, c.Files, c.Listen = values["DATABASE_URL"], keys, values["ZHUCAN_FILES"], values["ZHUCAN_LISTEN"]
	c.TrustedProxies = strings.Split(values["ZHUCAN_TRUSTED_PROXIES"], ",")
	if err := c.Check(); err != nil {
		t.Error(err)
	}
}

// TestUnits: what the units and the container run are commands of this program, and nothing but the service gets its settings.
func TestUnits(t *testing.T) {
	t.Parallel()
	owner := regexp.MustCompile(`Environment="ZHUCAN_OWNER_URL=(.*)"`).FindStringSubmatch(deployed(t, "zhucan-migrate.service"))
	if owner == nil || config.CheckOwner(owner[1]) != nil {
		t.Errorf("zhucan-migrate.service: %v", owner)
	}
	for file, want := range map[string]string{"zhucan.service": "ExecStart=/usr/local/bin/zhucan serve\n", "zhucan-migrate.service": "ExecStart=/usr/local/bin/zhucan migrate\n",
		"zhucan-backup.service": "ExecStart=/usr/local/lib/zhucan/zhucan-backup.sh\n", "Containerfile": "ENTRYPOINT [\"/usr/local/bin/zhucan\"]\nCMD [\"serve\"]\n"} {
		if !strings.Contains(deployed(t, file), want) {
			t.Errorf("%s does not say %s", file, want)
		}
	}
	for _, from := range regexp.MustCompile(`(?m)^COPY ([a-z]+) `).FindAllStringSubmatch(deployed(t, "Containerfile"), -1) {
		if _, err := os.Stat(filepath.Join("../..", from[1])); err != nil {
			t.Errorf("Containerfile: %v", err)
		}
	}
}

var (
	metricName = regexp.MustCompile(`\b(?:zhucan|process)_[a-z_]+\b`)
	logMessage = regexp.MustCompile(`message=~?"([^"]+)"`)
	served     = regexp.MustCompile(`"address":"([^"]+)"`)
)

// TestMetricsOfAlerts: alerts and dashboard ask for metrics that a service gives, and for lines that it logs.
func TestMetricsOfAlerts(t *testing.T) {
	t.Parallel()
	alerts, board := deployed(t, "alerts.yaml"), deployed(t, "dashboard.json")
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal([]byte(alerts), &rules); err != nil || len(rules.Groups) != 1 || !json.Valid([]byte(board)) {
		t.Fatalf("alerts.yaml: %v; dashboard.json is json: %v", err, json.Valid([]byte(board)))
	}
	asked := board
	for _, r := range rules.Groups[0].Rules {
		asked += r.Expr + "\n"
	}
	address := serveForMetrics(t)
	for _, path := range []string{"/", "/healthz", "/readyz", "/api/v1/persons"} {
		fetch(t, address+path)
	}
	given := fetch(t, address+"/metrics")
	for _, name := range metricName.FindAllString(asked, -1) {
		if !regexp.MustCompile(`(?m)^` + name + `[{ ]`).MatchString(given) {
			t.Errorf("%s is asked for and not given", name)
		}
	}
	logged := sources(t)
	for _, m := range logMessage.FindAllStringSubmatch(asked, -1) {
		for _, message := range strings.Split(m[1], "|") {
			if !strings.Contains(logged, fmt.Sprintf("%q", message)) {
				t.Errorf("nothing logs %q", message)
			}
		}
	}
}

// serveForMetrics runs a service that has something to warn of, until the test ends: the end of its checkpoints is not its own.
func serveForMetrics(t *testing.T) (address string) {
	t.Helper()
	db, dir := testdb.New(t), t.TempDir()
	if _, err := activateBuiltin(t.Context(), db.OwnerURL, time.Now); err != nil {
		t.Fatal(err)
	}
	keys, checkpoints := filepath.Join(dir, "keys.json"), filepath.Join(dir, "checkpoints")
	if err := run(t.Context(), []string{"keys", keys}, &output{}, &output{}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(checkpoints, []byte("not signed\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log, ended := &output{}, make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		ended <- run(ctx, []string{"serve", "--listen", "127.0.0.1:0", "--database-url", db.URL, "--key-file", keys, "--files", "file://" + dir + "/files", "--audit-checkpoints", checkpoints}, &output{}, log)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the service ended with %v", err)
		}
	})
	for range 600 {
		if m := served.FindStringSubmatch(log.String()); m != nil && strings.Contains(log.String(), "no checkpoint") {
			return "http://" + m[1]
		}
		select {
		case err := <-ended:
			ended <- nil
			t.Fatalf("the service did not start: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("the service is not ready: %s", log)
	return ""
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sources is the program's own text.
func sources(t *testing.T) string {
	t.Helper()
	var all bytes.Buffer
	for _, pattern := range []string{"*.go", "../../internal/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "_test.go") {
				all.Write(text)
			}
		}
	}
	return all.String()
}
