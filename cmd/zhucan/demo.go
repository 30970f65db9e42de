package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"zhucan/internal/access"
	"zhucan/internal/auth"
	"zhucan/internal/blobs"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/config"
	"zhucan/internal/demo"
	"zhucan/internal/httpapi"
	"zhucan/internal/policy"
	"zhucan/internal/secret"
	"zhucan/internal/store"
	"zhucan/internal/store/localpg"
	"zhucan/internal/webhook"
)

type demoCommand struct {
	Data         string   `type:"path" help:"Data folder; below the user's own, or /var/lib for root, where none is given."`
	Listen       string   `default:"127.0.0.1:8080" help:"Address to answer on."`
	People       int      `default:"10305" help:"Certificate holders to make up on the first start; 0 leaves the register empty."`
	Seed         uint64   `default:"1" help:"The same seed makes the same people."`
	AccountsFile string   `type:"path" help:"File to write the demo accounts to, as JSON."`
	Networks     []string `name:"webhook-networks" env:"ZHUCAN_WEBHOOK_NETWORKS" help:"Networks (CIDR) beside public addresses to which events may be sent, such as 127.0.0.0/8."`
	ClockControl bool     `help:"Open PUT /demo/clock, which moves the whole service in time."`
}

// Run starts the private database, prepares it on the first start, and serves until it is interrupted.
func (c demoCommand) Run(ctx context.Context, io stdio) error {
	if err := config.CheckNetworks(c.Networks); err != nil {
		return err
	}
	dir, err := c.folder()
	if err != nil {
		return err
	}
	cluster, err := localpg.Start(ctx, localpg.Options{Dir: dir})
	if err != nil {
		return err
	}
	log := newLog(io.err, "info")
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		if err := cluster.Stop(stop); err != nil {
			log.Error("the private database did not stop", "err", err)
		}
	}()
	clock := demo.NewClock(time.Now)
	desk, err := c.prepare(ctx, cluster, dir, clock, log)
	if err != nil {
		return err
	}
	defer desk.DB.Close()
	accounts, err := demo.MakeAccounts(ctx, desk, filepath.Join(dir, "accounts.json"))
	if err == nil {
		err = c.populateOnce(ctx, desk, dir, io)
	}
	if err == nil {
		err = deriveAgain(ctx, desk, dir, io)
	}
	if err != nil {
		return err
	}
	api := &httpapi.API{Desk: desk, Log: log, IPs: echo.ExtractIPDirect(), NewID: requestID}
	if c.ClockControl {
		api.Clock = clock
	}
	handler, err := faces(api, false) // on this machine alone, and without TLS
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	go desk.KeepDelivering(ctx, deliverEvery)
	go desk.KeepTallies(ctx, tallyEvery)
	if err := c.announce(io, listener, accounts); err != nil {
		return err
	}
	go desk.KeepImports(ctx, importsEvery)
	return serve(ctx, listener, handler)
}

// folder is where the demonstration lives. Root cannot run a database from its own home, which is closed to others.
func (c demoCommand) folder() (string, error) {
	if c.Data != "" {
		return c.Data, nil
	}
	if os.Geteuid() == 0 {
		return "/var/lib/zhucan-demo", nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a data folder; give one with --data: %w", err)
	}
	return filepath.Join(home, ".local", "share", "zhucan-demo"), nil
}

func (c demoCommand) prepare(ctx context.Context, cluster *localpg.Cluster, dir string, clock *demo.Clock, log *slog.Logger) (*casework.Desk, error) {
	if err := forgetUnfinished(ctx, cluster, dir); err != nil {
		return nil, err
	}
	if err := createDatabase(ctx, cluster); err != nil {
		return nil, err
	}
	owner := cluster.URL(localpg.Superuser, demoDatabase)
	if _, _, err := bringUp(ctx, owner, clock.Now); err != nil {
		return nil, err
	}
	ring, err := demoKeys(filepath.Join(dir, "keys.json"))
	if err != nil {
		return nil, err
	}
	desk, err := openDesk(ctx, cluster.URL("zhucan_app", demoDatabase), ring, clock.Now, log, store.Options{Pool: 12})
	if err != nil {
		return nil, err
	}
	desk.Passwords, desk.Sender = auth.NewPasswords(), webhook.NewSender(config.Prefixes(c.Networks)...)
	if desk.Files, err = blobs.Open(ctx, blobs.Folder(filepath.Join(dir, "files")), ring); err != nil {
		desk.DB.Close()
		return nil, err
	}
	if err := makeDivisions(ctx, desk, clock); err != nil {
		desk.DB.Close()
		return nil, err
	}
	return desk, nil
}

// makeDivisions loads the division tree. It is recorded on its first day, so that the tree is known at every instant to which the clock may
// be moved back: what is counted as it was known then is counted by town and village, as what is sealed always is.
func makeDivisions(ctx context.Context, desk *casework.Desk, clock *demo.Clock) error {
	there, err := desk.DB.Children(ctx, "", calendar.DateOf(clock.Now()))
	if err != nil {
		return err
	}
	if len(there) == 0 {
		clock.Set(demo.DivisionsFrom)
		defer func() { clock.Set(time.Now()) }()
	}
	_, err = demo.MakeDivisions(ctx, desk)
	return err
}

// demoDatabase is the one database of the private cluster.
const demoDatabase = "zhucan"

func createDatabase(ctx context.Context, cluster *localpg.Cluster) error {
	conn, err := pgx.Connect(ctx, cluster.URL(localpg.Superuser, "postgres"))
	if err != nil {
		return fmt.Errorf("reach the private database: %w", err)
	}
	defer conn.Close(ctx)
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", demoDatabase).Scan(&there); err != nil || there {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+demoDatabase)
	return err
}

// unfinished is the mark in the data folder of a register that is being made up.
func unfinished(dir string) string { return filepath.Join(dir, "unfinished") }

// populateOnce makes up the register under a mark, which goes when all of it is there.
func (c demoCommand) populateOnce(ctx context.Context, desk *casework.Desk, dir string, io stdio) error {
	there, err := desk.DB.PersonIDs(ctx, access.SystemActor(), uuid.Nil, 1)
	if err == nil && c.People == 0 && len(there) == 0 {
		err = markDerived(dir, desk.Pack()) // nothing is derived yet
	}
	if err != nil || c.People == 0 || len(there) > 0 {
		return err
	}
	if err := os.WriteFile(unfinished(dir), nil, 0o600); err != nil {
		return fmt.Errorf("mark the register as unfinished: %w", err)
	}
	if err := populate(ctx, desk, c.People, c.Seed, io); err != nil {
		return err
	}
	if err := markDerived(dir, desk.Pack()); err != nil {
		return err
	}
	if err := os.Remove(unfinished(dir)); err != nil {
		return fmt.Errorf("mark the register as finished: %w", err)
	}
	return nil
}

// deriveAgain does what `zhucan standing rebuild` does where the register was derived by another version of this program: what differs is put right,
// and then the version is written down. So a start that is stopped meanwhile leaves it to the next.
func deriveAgain(ctx context.Context, desk *casework.Desk, dir string, io stdio) error {
	mark := filepath.Join(dir, "derived")
	before, err := os.ReadFile(mark)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read by which version the register was derived: %w", err)
	}
	now := derivedBy(desk.Pack())
	if string(before) == now {
		return nil
	}
	fmt.Fprintln(io.out, "checking what was derived by an earlier version (zhucan standing rebuild)")
	persons, differed, err := desk.RebuildStandings(ctx, access.SystemActor(), false)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%d persons, %d standings differed and were put right\n", persons, differed)
	return markDerived(dir, desk.Pack())
}

func markDerived(dir string, pack *policy.Pack) error {
	if err := os.WriteFile(filepath.Join(dir, "derived"), []byte(derivedBy(pack)), 0o600); err != nil {
		return fmt.Errorf("note by which version the register was derived: %w", err)
	}
	return nil
}

// derivedBy names what standings follow from beside the facts: the rules in force, and the program, as far as it was built from a commit.
func derivedBy(pack *policy.Pack) string {
	text := pack.Name + " " + pack.Version
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" || s.Key == "vcs.modified" {
				text += " " + s.Value
			}
		}
	}
	return text + "\n"
}

// forgetUnfinished drops the private database, and the files with it, where an earlier start was stopped while it made up the register: half
// a district would be taken for a whole one. Nobody has worked in it yet.
func forgetUnfinished(ctx context.Context, cluster *localpg.Cluster, dir string) error {
	if _, err := os.Stat(unfinished(dir)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	conn, err := pgx.Connect(ctx, cluster.URL(localpg.Superuser, "postgres"))
	if err != nil {
		return fmt.Errorf("reach the private database: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+demoDatabase+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop an unfinished register: %w", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "files")); err != nil {
		return fmt.Errorf("drop an unfinished register: %w", err)
	}
	return os.Remove(unfinished(dir))
}

func demoKeys(path string) (*secret.Ring, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := makeDemoKeys(path); err != nil {
			return nil, err
		}
	}
	return secret.Load(path, rand.Reader)
}

// makeDemoKeys makes the keys beside their place and moves them there when they are whole: half a key file would keep the demonstration
// from starting ever again.
func makeDemoKeys(path string) error {
	unfinished := path + ".new"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make the demo keys: %w", err)
	}
	ring, err := secret.Generate(rand.Reader, true)
	if err != nil {
		return err
	}
	if err := ring.Save(unfinished); err != nil {
		return err
	}
	if err := os.Rename(unfinished, path); err != nil {
		return fmt.Errorf("make the demo keys: %w", err)
	}
	return nil
}

func (c demoCommand) announce(io stdio, listener net.Listener, accounts []demo.Account) error {
	if c.AccountsFile != "" {
		text, err := json.MarshalIndent(map[string]any{"accounts": accounts}, "", "  ")
		if err != nil {
			return fmt.Errorf("write the accounts file: %w", err)
		}
		if err := demo.WritePrivate(c.AccountsFile, append(text, '\n')); err != nil {
			return fmt.Errorf("write the accounts file: %w", err)
		}
	}
	for _, a := range accounts {
		fmt.Fprintf(io.out, "%-17s %-20s %-22s %s\n", a.Username, a.Password, a.Role, a.Area)
	}
	_, err := fmt.Fprintf(io.out, "zhucan demo is ready: http://%s/ (API: http://%[1]s/api/v1/docs)\n", listener.Addr())
	return err
}
