package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

const password = "hunter2hunter2"

func keyFile(t *testing.T, mode os.FileMode, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// good is the least that a service needs, with every default as the command line gives it.
func good(t *testing.T) Config {
	t.Helper()
	var c Config
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"--database-url", "postgres://zhucan_app:" + password + "@127.0.0.1/zhucan",
		"--key-file", keyFile(t, 0o400, `{"demo":false,"blind_index":"c2VjcmV0"}`), "--files", "file:///var/lib/zhucan/files"}); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c := good(t)
	want := Config{DatabaseURL: c.DatabaseURL, KeyFile: c.KeyFile, Files: "file:///var/lib/zhucan/files", Listen: "127.0.0.1:8080", ReplicaLag: 10 * time.Second, LogLevel: "info", ApprovalMode: "town_delegated"}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(*testing.T, *Config)
		want  string
	}{
		{"no database", func(_ *testing.T, c *Config) { c.DatabaseURL = "" }, "DATABASE_URL is required"},
		{"database that is no address", func(_ *testing.T, c *Config) { c.DatabaseURL = "postgres://zhucan_app:" + password + "@[::1/zhucan" }, "DATABASE_URL cannot be read"},
		{"superuser", func(_ *testing.T, c *Config) { c.DatabaseURL = "postgres://postgres:" + password + "@127.0.0.1/zhucan" }, "never as a superuser"},
		{"no files", func(_ *testing.T, c *Config) { c.Files = "" }, "ZHUCAN_FILES is required"},
		{"files that are no address", func(_ *testing.T, c *Config) { c.Files = "/var/lib/zhucan" }, "ZHUCAN_FILES is required"},
		{"files behind two slashes", func(_ *testing.T, c *Config) { c.Files = "file://var/lib/zhucan/files" }, "three slashes"},
		{"files everywhere", func(_ *testing.T, c *Config) { c.Files = "file:///" }, "three slashes"},
		{"files in memory", func(_ *testing.T, c *Config) { c.Files = "mem://" }, "ZHUCAN_FILES: memory keeps no files"},
		{"no port", func(_ *testing.T, c *Config) { c.Listen = "localhost" }, "ZHUCAN_LISTEN is not host:port"},
		{"port too high", func(_ *testing.T, c *Config) { c.Listen = ":65536" }, "ZHUCAN_LISTEN: the port"},
		{"port with a name", func(_ *testing.T, c *Config) { c.Listen = ":web" }, "ZHUCAN_LISTEN: the port"},
		{"no key file", func(_ *testing.T, c *Config) { c.KeyFile = "" }, "ZHUCAN_KEY_FILE is required"},
		{"key file that is not there", func(_ *testing.T, c *Config) { c.KeyFile += "x" }, "ZHUCAN_KEY_FILE: there is no"},
		{"key file below a file", func(_ *testing.T, c *Config) { c.KeyFile += "/x" }, "ZHUCAN_KEY_FILE cannot be read"},
		{"key file is a folder", func(t *testing.T, c *Config) { c.KeyFile = t.TempDir() }, "is not a file"},
		{"key file open to the group", func(t *testing.T, c *Config) { c.KeyFile = keyFile(t, 0o440, `{"demo":false}`) }, "chmod 400"},
		{"key file open to all", func(t *testing.T, c *Config) { c.KeyFile = keyFile(t, 0o604, `{"demo":false}`) }, "chmod 400"},
		{"key file of no JSON", func(t *testing.T, c *Config) { c.KeyFile = keyFile(t, 0o400, password) }, "not the JSON"},
		{"demo keys", func(t *testing.T, c *Config) { c.KeyFile = keyFile(t, 0o400, `{"demo":true}`) }, "belong to a demonstration"},
		{"proxy is no network", func(_ *testing.T, c *Config) { c.TrustedProxies = []string{"10.0.0.0/8", "10.0.0.1"} }, `"10.0.0.1" is no network`},
		{"everybody is a proxy", func(_ *testing.T, c *Config) { c.TrustedProxies = []string{"0.0.0.0/0"} }, "0.0.0.0/0 is everybody"},
		{"everybody is a proxy, IPv6", func(_ *testing.T, c *Config) { c.TrustedProxies = []string{"::/0"} }, "::/0 is everybody"},
		{"webhooks to no network", func(_ *testing.T, c *Config) { c.Networks = []string{"10.0.0.1"} }, `"10.0.0.1" is no network`},
		{"webhooks everywhere", func(_ *testing.T, c *Config) { c.Networks = []string{"10.0.0.0/8", "0.0.0.0/0"} }, "0.0.0.0/0 is everything"},
		{"one connection", func(_ *testing.T, c *Config) { c.Pool = 1 }, "ZHUCAN_DB_POOL is 2 to 200"},
		{"negative connections", func(_ *testing.T, c *Config) { c.Pool = -12 }, "ZHUCAN_DB_POOL is 2 to 200"},
		{"too many connections", func(_ *testing.T, c *Config) { c.Pool = 201 }, "ZHUCAN_DB_POOL is 2 to 200"},
		{"replica that is no address", func(_ *testing.T, c *Config) {
			c.Replicas = []string{"postgres://zhucan_app:" + password + "@[::1/zhucan"}
		}, "ZHUCAN_REPLICA_URLS cannot be read"},
		{"replica as a superuser", func(_ *testing.T, c *Config) { c.Replicas = []string{"postgres://postgres@127.0.0.1/zhucan"} }, "ZHUCAN_REPLICA_URLS: the service runs as zhucan_app"},
		{"replica without TLS", func(_ *testing.T, c *Config) { c.Replicas = []string{"postgres://zhucan_app@10.0.0.5/zhucan"} }, "ZHUCAN_REPLICA_URLS: a database on another machine"},
		{"role that nobody has", func(_ *testing.T, c *Config) { c.FactorRoles = []string{"administrator", "king"} }, `there is no role "king"`},
		{"replica that may not be late", func(_ *testing.T, c *Config) { c.ReplicaLag = 0 }, "ZHUCAN_REPLICA_LAG is 1s"},
		{"replica that may be an hour late", func(_ *testing.T, c *Config) { c.ReplicaLag = time.Hour }, "ZHUCAN_REPLICA_LAG is 1s"},
		{"checkpoints from here", func(_ *testing.T, c *Config) { c.Checkpoints = "checkpoints" }, "ZHUCAN_AUDIT_CHECKPOINTS is no whole path"},
		{"checkpoints nowhere", func(t *testing.T, c *Config) { c.Checkpoints = t.TempDir() + "/x/checkpoints" }, "ZHUCAN_AUDIT_CHECKPOINTS: there is no folder"},
		{"checkpoints are a folder", func(t *testing.T, c *Config) { c.Checkpoints = t.TempDir() }, "is a folder, and a file is meant"},
		{"unknown level", func(_ *testing.T, c *Config) { c.LogLevel = "trace" }, "ZHUCAN_LOG_LEVEL"},
		{"unknown mode", func(_ *testing.T, c *Config) { c.ApprovalMode = "nobody" }, "ZHUCAN_APPROVAL_MODE is town_delegated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := good(t)
			tt.spoil(t, &c)
			err := c.Check()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if strings.Contains(err.Error(), password) {
				t.Errorf("the error tells a secret: %v", err)
			}
			if n := strings.Count(err.Error(), "\n"); n > 0 {
				t.Errorf("one fault, %d errors: %v", n+1, err)
			}
		})
	}
}

func TestCheckNamesEverything(t *testing.T) {
	t.Parallel()
	err := Config{TrustedProxies: []string{"x"}, Networks: []string{"x"}, PlainHTTP: true, Pool: 1, Replicas: []string{""}, Checkpoints: "x", FactorRoles: []string{"x"}}.Check()
	if err == nil {
		t.Fatal("accepted nothing at all")
	}
	for name := range (Config{}).Dump() {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("says nothing about %s: %v", name, err)
		}
	}
}

func TestConnections(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ pool, processors, want int }{{0, 1, 8}, {0, 2, 12}, {0, 4, 24}, {0, 64, 48}, {5, 64, 5}} {
		if got := (Config{Pool: tt.pool}).Connections(tt.processors); got != tt.want {
			t.Errorf("a pool of %d with %d processors is %d, want %d", tt.pool, tt.processors, got, tt.want)
		}
	}
}

func TestPlainHTTPStaysHere(t *testing.T) {
	t.Parallel()
	for address, refused := range map[string]bool{"127.0.0.1:8080": false, "localhost:80": false, "[::1]:8080": false, "0.0.0.0:8080": true, ":8080": true, "10.0.0.5:80": true} {
		c := good(t)
		c.Listen, c.PlainHTTP = address, true
		if err := c.Check(); (err != nil) != refused {
			t.Errorf("plain HTTP at %s: %v", address, err)
		}
	}
}

func TestDatabaseSafety(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		address string
		refused bool
	}{
		{"postgres://zhucan_app@127.0.0.1/zhucan?sslmode=disable", false},
		{"postgres://zhucan_app@[::1]/zhucan?sslmode=disable", false},
		{"postgres://zhucan_app@localhost/zhucan", false},
		{"postgres:///zhucan?host=/run/postgresql&user=zhucan_app", false},
		{"host='/tmp/a b' user=zhucan_app dbname=zhucan sslmode=disable", false},
		{"postgres://zhucan_app@db.example/zhucan?sslmode=verify-full", false},
		{"postgres://zhucan_app@db.example/zhucan?sslmode=verify-ca", false},
		{"postgres://zhucan_app@10.0.0.5/zhucan?sslmode=disable", true},
		{"postgres://zhucan_app@db.example/zhucan?sslmode=disable", true},
		{"postgres://zhucan_app@db.example/zhucan", true}, // prefer: without TLS when the server says so
		{"postgres://zhucan_app@db.example/zhucan?sslmode=allow", true},
		{"postgres://zhucan_app@db.example/zhucan?sslmode=require", true}, // encrypted, to anybody
		{"postgres://zhucan_app@127.0.0.1,db.example/zhucan?sslmode=disable", true},
		{"host=/run/postgresql,db.example user=zhucan_app dbname=zhucan", true},
	} {
		t.Run(tt.address, func(t *testing.T) {
			t.Parallel()
			err := CheckDatabase(tt.address)
			if got := err != nil; got != tt.refused {
				t.Errorf("refused %v, want %v: %v", got, tt.refused, err)
			}
			if err != nil && !strings.Contains(err.Error(), "sslmode=verify-full") {
				t.Errorf("says nothing of a way out: %v", err)
			}
		})
	}
}

func TestDump(t *testing.T) {
	t.Parallel()
	c := good(t)
	c.TrustedProxies, c.Networks = []string{"10.0.0.0/24", "fd00::/64"}, []string{"10.9.0.0/16"}
	c.Pool, c.Checkpoints, c.FactorRoles = 12, "/mnt/witness/zhucan", []string{"administrator", "finance_officer"}
	c.Replicas = []string{"postgres://zhucan_app:" + password + "@10.0.0.6/zhucan?sslmode=verify-full", "postgres://u:" + password + "@[::1/zhucan"}
	want := map[string]string{"DATABASE_URL": "zhucan as zhucan_app at 127.0.0.1 port 5432 (TLS), 127.0.0.1 port 5432 (no TLS)",
		"ZHUCAN_LISTEN": "127.0.0.1:8080", "ZHUCAN_KEY_FILE": c.KeyFile, "ZHUCAN_FILES": "file:///var/lib/zhucan/files", "ZHUCAN_TRUSTED_PROXIES": "10.0.0.0/24,fd00::/64", "ZHUCAN_WEBHOOK_NETWORKS": "10.9.0.0/16", "ZHUCAN_PLAIN_HTTP": "false",
		"ZHUCAN_DB_POOL": "12", "ZHUCAN_REPLICA_URLS": "zhucan as zhucan_app at 10.0.0.6 port 5432 (verified TLS); unreadable", "ZHUCAN_REPLICA_LAG": "10s", "ZHUCAN_AUDIT_CHECKPOINTS": "/mnt/witness/zhucan", "ZHUCAN_SECOND_FACTOR": "administrator,finance_officer", "ZHUCAN_LOG_LEVEL": "info", "ZHUCAN_APPROVAL_MODE": "town_delegated"}
	if diff := cmp.Diff(want, c.Dump()); diff != "" {
		t.Error(diff)
	}
	for _, address := range []string{"postgres://zhucan_app:" + password + "@[::1/zhucan", "host=h password=" + password + " port=x",
		"postgres://u:" + password + "@db/zhucan?sslmode=verify-full", "host=h user=u password=" + password, ""} {
		c.DatabaseURL = address
		if got := c.Dump()["DATABASE_URL"]; strings.Contains(got, password) || got == "" {
			t.Errorf("the dump of %q is %q", address, got)
		}
	}
}

// Every setting has a variable, which is how it is named in errors, in the dump and in the README's table.
func TestEverySettingIsDumped(t *testing.T) {
	t.Parallel()
	var want []string
	for field := range reflect.TypeFor[Config]().Fields() {
		want = append(want, field.Tag.Get("env"))
	}
	dump := Config{}.Dump()
	for _, name := range want {
		if _, ok := dump[name]; !ok {
			t.Errorf("%q is not dumped", name)
		}
	}
	if len(dump) != len(want) {
		t.Errorf("%d settings, %d dumped", len(want), len(dump))
	}
}
