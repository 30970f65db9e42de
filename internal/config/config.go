// Package config is the settings of a service, from environment and flags, checked before anything starts.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Config is every setting of zhucan serve. The tags are its flags, variables, defaults and help.
type Config struct {
	DatabaseURL    string   `name:"database-url" env:"DATABASE_URL" help:"Address of the database for the service's own role (zhucan_app)."`
	Listen         string   `env:"ZHUCAN_LISTEN" default:"127.0.0.1:8080" help:"Address to answer on."`
	KeyFile        string   `env:"ZHUCAN_KEY_FILE" type:"path" help:"File with the keys, as zhucan keys makes it; readable by its owner alone."`
	TrustedProxies []string `env:"ZHUCAN_TRUSTED_PROXIES" help:"Networks (CIDR) of proxies whose X-Forwarded-For is believed; none by default."`
	Pool           int      `env:"ZHUCAN_DB_POOL" default:"12" help:"Connections to the database; 8 to 16 serve two cores."`
	LogLevel       string   `env:"ZHUCAN_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"Least important line that is logged."`
	ApprovalMode   string   `env:"ZHUCAN_APPROVAL_MODE" default:"town_delegated" help:"Who gives final approval; town_delegated is the only mode for now."`
}

// Check names every setting that cannot be served with.
func (c Config) Check() error {
	var wrong []error
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if c.DatabaseURL == "" {
		add("DATABASE_URL is required")
	} else if err := checkDatabase(c.DatabaseURL); err != nil {
		wrong = append(wrong, err)
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		add("ZHUCAN_LISTEN is not host:port")
	}
	if c.KeyFile == "" {
		add("ZHUCAN_KEY_FILE is required: make one with zhucan keys FILE")
	} else if _, err := os.Stat(c.KeyFile); err != nil {
		add("ZHUCAN_KEY_FILE cannot be read")
	}
	if c.Pool < 2 || c.Pool > 200 {
		add("ZHUCAN_DB_POOL is 2 to 200")
	}
	if c.ApprovalMode != "town_delegated" {
		add("ZHUCAN_APPROVAL_MODE: only town_delegated is there for now")
	}
	for _, network := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(network); err != nil {
			add("ZHUCAN_TRUSTED_PROXIES: %s is no network", network)
		}
	}
	return errors.Join(wrong...)
}

// checkDatabase refuses a connection that others could read: without TLS only to this machine itself.
func checkDatabase(address string) error {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return errors.New("DATABASE_URL cannot be read") // it may hold a password
	}
	host := config.Host
	ip, err := netip.ParseAddr(host)
	local := strings.HasPrefix(host, "/") || host == "localhost" || err == nil && ip.IsLoopback()
	if config.TLSConfig == nil && !local {
		return errors.New("DATABASE_URL: a database on another machine is reached with sslmode=verify-full only")
	}
	if config.User == "postgres" {
		return errors.New("DATABASE_URL: the service runs as zhucan_app, never as a superuser")
	}
	return nil
}
