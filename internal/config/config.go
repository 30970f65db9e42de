// Package config is the settings of a service, from environment and flags, checked before anything starts.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhucan/internal/access"
)

// Config is every setting of zhucan serve. The tags are its flags, variables, defaults and help.
type Config struct {
	DatabaseURL    string        `name:"database-url" env:"DATABASE_URL" help:"Address of the database for the service's own role (zhucan_app)."`
	Listen         string        `env:"ZHUCAN_LISTEN" default:"127.0.0.1:8080" help:"Address to answer on."`
	KeyFile        string        `env:"ZHUCAN_KEY_FILE" type:"path" help:"File with the keys, as zhucan keys makes it; readable by its owner alone."`
	Files          string        `env:"ZHUCAN_FILES" help:"Where attachments are kept, sealed: an address such as file:///var/lib/zhucan/files."`
	TrustedProxies []string      `env:"ZHUCAN_TRUSTED_PROXIES" help:"Networks (CIDR) of proxies whose X-Forwarded-For is believed; none by default."`
	PlainHTTP      bool          `env:"ZHUCAN_PLAIN_HTTP" help:"Let browsers sign in over plain HTTP, without TLS in front: for a trial inside one machine only."`
	Networks       []string      `name:"webhook-networks" env:"ZHUCAN_WEBHOOK_NETWORKS" help:"Networks (CIDR) beside public addresses to which events may be sent; none by default."`
	Pool           int           `env:"ZHUCAN_DB_POOL" default:"0" help:"Connections to the database, and as many to each replica; 0 is six for each processor that there is."`
	Replicas       []string      `name:"replica-urls" env:"ZHUCAN_REPLICA_URLS" sep:";" help:"Addresses of streaming replicas for work that only reads, separated by ';'; none by default."`
	ReplicaLag     time.Duration `env:"ZHUCAN_REPLICA_LAG" default:"10s" help:"By how much a replica may be late before the primary answers instead."`
	Checkpoints    string        `name:"audit-checkpoints" env:"ZHUCAN_AUDIT_CHECKPOINTS" help:"File to which a signed line is added each minute that tells the audit log's head, best on another machine; none by default."`
	FactorRoles    []string      `name:"second-factor" env:"ZHUCAN_SECOND_FACTOR" help:"Roles that may do nothing before they have set up a second factor, such as administrator,finance_officer; none by default."`
	LogLevel       string        `env:"ZHUCAN_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"Least important line that is logged."`
	ApprovalMode   string        `env:"ZHUCAN_APPROVAL_MODE" default:"town_delegated" help:"Who decides: town_delegated (the town alone) or full_chain (town, disabled persons' federation, civil affairs)."`
}

// Check names every setting that cannot be served with, so that one start shows all of them. Its errors quote no
// setting that may hold a password.
func (c Config) Check() error {
	return errors.Join(CheckDatabase(c.DatabaseURL), checkListen(c.Listen), c.checkPlain(), checkKeyFile(c.KeyFile), CheckFiles(c.Files), checkProxies(c.TrustedProxies),
		CheckNetworks(c.Networks), checkPool(c.Pool), c.checkReplicas(), checkCheckpoints(c.Checkpoints), checkRoles(c.FactorRoles), checkLogLevel(c.LogLevel), checkApproval(c.ApprovalMode))
}

// CheckFiles refuses what is no place for files, and memory, which forgets them when the process ends.
func CheckFiles(address string) error {
	at, err := url.Parse(address)
	if address == "" || err != nil || at.Scheme == "" || at.User != nil {
		return errors.New("ZHUCAN_FILES is required: where attachments are kept, such as file:///var/lib/zhucan/files")
	}
	if at.Scheme == "file" && (at.Host != "" || at.Path == "" || at.Path == "/") {
		return errors.New("ZHUCAN_FILES: a folder has three slashes and its whole path, such as file:///var/lib/zhucan/files")
	}
	if at.Scheme == "mem" {
		return errors.New("ZHUCAN_FILES: memory keeps no files beyond the next start: name a folder, such as file:///var/lib/zhucan/files")
	}
	return nil
}

func checkListen(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("ZHUCAN_LISTEN is not host:port")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("ZHUCAN_LISTEN: the port is not a number up to 65535")
	}
	return nil
}

// checkPlain keeps cookies off the wire in the clear: plain HTTP is for this machine alone.
func (c Config) checkPlain() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if at, parsed := netip.ParseAddr(host); c.PlainHTTP && (err != nil || host != "localhost" && (parsed != nil || !at.IsLoopback())) {
		return errors.New("ZHUCAN_PLAIN_HTTP is for a ZHUCAN_LISTEN on this machine, such as 127.0.0.1:8080")
	}
	return nil
}

// checkProxies refuses networks that hold everybody: whoever is trusted says under whose address he is counted.
func checkProxies(networks []string) error {
	var wrong []error
	for _, network := range networks {
		prefix, err := netip.ParsePrefix(network)
		switch {
		case err != nil:
			wrong = append(wrong, fmt.Errorf("ZHUCAN_TRUSTED_PROXIES: %q is no network such as 10.0.0.0/24", network))
		case prefix.Bits() == 0:
			wrong = append(wrong, fmt.Errorf("ZHUCAN_TRUSTED_PROXIES: %s is everybody, who could then sign in under any address", network))
		}
	}
	return errors.Join(wrong...)
}

// CheckNetworks refuses what is no network, and what is every one: webhooks would then reach whatever this machine can.
func CheckNetworks(networks []string) error {
	var wrong []error
	for _, network := range networks {
		prefix, err := netip.ParsePrefix(network)
		switch {
		case err != nil:
			wrong = append(wrong, fmt.Errorf("ZHUCAN_WEBHOOK_NETWORKS: %q is no network such as 10.0.0.0/24", network))
		case prefix.Bits() == 0:
			wrong = append(wrong, fmt.Errorf("ZHUCAN_WEBHOOK_NETWORKS: %s is everything that this machine can reach", network))
		}
	}
	return errors.Join(wrong...)
}

// Prefixes are networks that Check has let through.
func Prefixes(networks []string) (list []netip.Prefix) {
	for _, network := range networks {
		if prefix, err := netip.ParsePrefix(network); err == nil {
			list = append(list, prefix.Masked())
		}
	}
	return list
}

const minPool, maxPool = 2, 200

func checkPool(n int) error {
	if n != 0 && (n < minPool || n > maxPool) {
		return fmt.Errorf("ZHUCAN_DB_POOL is %d to %d, or 0 for six for each processor", minPool, maxPool)
	}
	return nil
}

// Connections is how many connections to the database to keep. With two processors writes were fastest with 8 to 16, and reads no faster
// with more than 8. processors are those of the machine or, in a container, those that it may use, as the runtime counts them.
func (c Config) Connections(processors int) int {
	if c.Pool != 0 {
		return c.Pool
	}
	return min(max(6*processors, 8), 48)
}

// maxLag is how late a number may be that is said to be of now.
const maxLag = 10 * time.Minute

func (c Config) checkReplicas() error {
	var wrong []error
	for _, address := range c.Replicas {
		wrong = append(wrong, checkServiceRole("ZHUCAN_REPLICA_URLS", address))
	}
	if c.ReplicaLag < time.Second || c.ReplicaLag > maxLag {
		wrong = append(wrong, fmt.Errorf("ZHUCAN_REPLICA_LAG is 1s to %s", maxLag))
	}
	return errors.Join(wrong...)
}

// checkCheckpoints refuses what is no place for a file. A path from where the service was started would be another one at the next start.
func checkCheckpoints(path string) error {
	if path == "" {
		return nil
	}
	if !filepath.IsAbs(path) {
		return errors.New("ZHUCAN_AUDIT_CHECKPOINTS is no whole path of a file, such as /mnt/witness/zhucan.checkpoints")
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("ZHUCAN_AUDIT_CHECKPOINTS: there is no folder %s", filepath.Dir(path))
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("ZHUCAN_AUDIT_CHECKPOINTS: %s is a folder, and a file is meant", path)
	}
	return nil
}

func checkRoles(roles []string) error {
	for _, role := range roles {
		if !access.Role(role).Valid() {
			return fmt.Errorf("ZHUCAN_SECOND_FACTOR: there is no role %q", role)
		}
	}
	return nil
}

// RolesWithFactor are roles that Check has let through.
func (c Config) RolesWithFactor() (list []access.Role) {
	for _, role := range c.FactorRoles {
		list = append(list, access.Role(role))
	}
	return list
}

func checkLogLevel(level string) error {
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, level) {
		return errors.New("ZHUCAN_LOG_LEVEL is debug, info, warn or error")
	}
	return nil
}

// FullChain is the approval mode in which town (镇办初审), federation (县残联审核) and civil affairs (县民政审定) decide in turn.
const FullChain = "full_chain"

func checkApproval(mode string) error {
	if mode != "town_delegated" && mode != FullChain {
		return errors.New("ZHUCAN_APPROVAL_MODE is town_delegated or full_chain")
	}
	return nil
}

// Dump is every setting by the name of its variable, for a line in the log at the start. It has no secrets: of the
// database's address it tells what pgx makes of it, without the password.
func (c Config) Dump() map[string]string {
	return map[string]string{
		"DATABASE_URL":             describeDatabase(c.DatabaseURL),
		"ZHUCAN_LISTEN":            c.Listen,
		"ZHUCAN_KEY_FILE":          c.KeyFile,
		"ZHUCAN_FILES":             c.Files,
		"ZHUCAN_TRUSTED_PROXIES":   strings.Join(c.TrustedProxies, ","),
		"ZHUCAN_PLAIN_HTTP":        strconv.FormatBool(c.PlainHTTP),
		"ZHUCAN_WEBHOOK_NETWORKS":  strings.Join(c.Networks, ","),
		"ZHUCAN_DB_POOL":           strconv.Itoa(c.Connections(runtime.GOMAXPROCS(0))),
		"ZHUCAN_REPLICA_URLS":      strings.Join(describeDatabases(c.Replicas), "; "),
		"ZHUCAN_REPLICA_LAG":       c.ReplicaLag.String(),
		"ZHUCAN_AUDIT_CHECKPOINTS": c.Checkpoints,
		"ZHUCAN_SECOND_FACTOR":     strings.Join(c.FactorRoles, ","),
		"ZHUCAN_LOG_LEVEL":         c.LogLevel,
		"ZHUCAN_APPROVAL_MODE":     c.ApprovalMode,
	}
}
