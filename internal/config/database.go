package config

import (
	"crypto/tls"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// attempt is one way in which pgx would connect. An address stands for several: other hosts, and for sslmode=prefer,
// which is the default, the same host without TLS.
type attempt struct {
	host string
	port uint16
	tls  *tls.Config
}

func attempts(config *pgx.ConnConfig) []attempt {
	all := []attempt{{config.Host, config.Port, config.TLSConfig}}
	for _, f := range config.Fallbacks {
		all = append(all, attempt{f.Host, f.Port, f.TLSConfig})
	}
	return all
}

// local reports whether the host is this machine itself: a unix socket or a loopback address.
func (a attempt) local() bool {
	ip, err := netip.ParseAddr(a.host)
	return filepath.IsAbs(a.host) || a.host == "localhost" || err == nil && ip.IsLoopback()
}

// proven reports whether the connection is encrypted, to a server that shows a certificate. Encryption alone does not
// keep out who stands in between.
func (a attempt) proven() bool {
	return a.tls != nil && (!a.tls.InsecureSkipVerify || a.tls.VerifyPeerCertificate != nil || a.tls.VerifyConnection != nil)
}

// CheckDatabase refuses an address for the service's own role that is none, a superuser's, or not safe.
func CheckDatabase(address string) error { return checkServiceRole("DATABASE_URL", address) }

func checkServiceRole(name, address string) error {
	config, err := safeDatabase(name, address)
	if err == nil && config.User == "postgres" {
		err = fmt.Errorf("%s: the service runs as zhucan_app, never as a superuser", name)
	}
	return err
}

// CheckOwner refuses an address for the role that owns the schema when it is none or not safe.
func CheckOwner(address string) error {
	_, err := safeDatabase("ZHUCAN_OWNER_URL", address)
	return err
}

func safeDatabase(name, address string) (*pgx.ConnConfig, error) {
	if address == "" {
		return nil, fmt.Errorf("%s is required", name)
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read", name) // the error may hold the password
	}
	for _, a := range attempts(config) {
		if !a.local() && !a.proven() {
			return nil, fmt.Errorf("%s: a database on another machine is reached with sslmode=verify-full only, and %s could be reached without", name, a.host)
		}
	}
	return config, nil
}

func describeDatabases(addresses []string) (list []string) {
	for _, address := range addresses {
		list = append(list, describeDatabase(address))
	}
	return list
}

func describeDatabase(address string) string {
	config, err := pgx.ParseConfig(address)
	if address == "" || err != nil {
		return "unreadable"
	}
	var hosts []string
	for _, a := range attempts(config) {
		safety := "no TLS"
		if a.tls != nil {
			safety = "TLS"
		}
		if a.proven() {
			safety = "verified TLS"
		}
		hosts = append(hosts, fmt.Sprintf("%s port %d (%s)", a.host, a.port, safety))
	}
	return fmt.Sprintf("%s as %s at %s", config.Database, config.User, strings.Join(hosts, ", "))
}
