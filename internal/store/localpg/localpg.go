// Package localpg runs a private PostgreSQL from the machine's own binaries, on a unix socket that only its owner can
// reach. The demonstration and the tests use it; production brings its own server.
package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// Options are where the cluster lives and how careful it is.
type Options struct {
	Dir            string   // the data folder; made when missing
	Fast           bool     // gives up safety at a power cut; for tests only
	MaxConnections int      // 80 where none is given
	Primary        *Cluster // where this is to be a streaming replica: a running cluster with as many connections
	Settings       []string // further ones, such as shared_buffers=4GB, for a measurement of a large register
}

// Cluster is a running private server.
type Cluster struct {
	LogFile string // what the server writes; it names no values of rows, see settings

	root    string // Options.Dir, absolute
	dir     string // the data itself, below root
	sockets string
	account account
	lock    *os.File
	server  *process
	release sync.Once
}

// Superuser owns the cluster and migrates its databases.
const Superuser = "postgres"

// Start makes the cluster on first use and starts it; a later start finds the same data. The server ends when this
// process does, however that comes about: see launch. Only one process at a time may run the cluster of a folder.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	root, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("find the data folder: %w", err)
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	c := &Cluster{root: root, dir: filepath.Join(root, "pg"), LogFile: filepath.Join(root, "postgres.log"), account: account}
	if err := forgetEnvironment(); err != nil {
		return nil, err
	}
	if err := c.start(ctx, o); err != nil {
		c.free()
		return nil, err
	}
	return c, nil
}

// forgetEnvironment takes PGSERVICE and its like out of this process's environment. They are about another server, and pgx reads them for
// every connection: an address cannot say that there is no service, and what it does not mention they would change.
func forgetEnvironment() error {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "PG") {
			if err := os.Unsetenv(name); err != nil {
				return fmt.Errorf("forget %s: %w", name, err)
			}
		}
	}
	return nil
}

func (c *Cluster) start(ctx context.Context, o Options) error {
	if err := c.prepareRoot(); err != nil {
		return err
	}
	if err := c.takeLock(); err != nil {
		return err
	}
	if err := c.prepareSockets(); err != nil {
		return err
	}
	made, err := c.madeBy()
	if err != nil {
		return err
	}
	bin, err := binaries(made)
	if err != nil {
		return err
	}
	if made == 0 {
		fill := func(to string) ([]byte, error) { return c.initdb(ctx, filepath.Join(bin, "initdb"), to, o.Fast) }
		if o.Primary != nil {
			fill = func(to string) ([]byte, error) {
				return c.copy(ctx, filepath.Join(bin, "pg_basebackup"), to, o.Primary)
			}
		}
		if err := c.makeData(fill); err != nil {
			return err
		}
	}
	return c.serve(ctx, filepath.Join(bin, "postgres"), o)
}

// Stop ends the server in an orderly way: open transactions are rolled back and connections closed. When ctx ends
// first, the server is told to quit at once, and repairs itself at its next start. A second Stop does nothing.
func (c *Cluster) Stop(ctx context.Context) error {
	err := c.server.stop(ctx)
	c.free()
	return err
}

// free gives back what holds the folder. The data stays.
func (c *Cluster) free() {
	c.release.Do(func() {
		c.removeSockets()
		if c.lock != nil {
			c.dropLock()
		}
	})
}

// port names the socket's file; nothing listens on a network.
const port = "5432"

// URL is the address of a database for a role, as pgx reads it. It has no password: the socket is private.
func (c *Cluster) URL(role, database string) string {
	return fmt.Sprintf("host=%s port=%s user=%s dbname=%s sslmode=disable", quote(c.sockets), port, quote(role), quote(database))
}

func quote(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

// madeBy is the major version that the data belongs to, 0 when there is no data yet.
func (c *Cluster) madeBy() (int, error) {
	text, err := os.ReadFile(filepath.Join(c.dir, "PG_VERSION"))
	switch {
	case err == nil:
		return leadingNumber(strings.TrimSpace(string(text))), nil
	case !errors.Is(err, os.ErrNotExist):
		return 0, fmt.Errorf("read the version of the data: %w", err)
	}
	if held, err := os.ReadDir(c.dir); err == nil && len(held) > 0 {
		return 0, fmt.Errorf("%s holds files but no database cluster: choose another data folder", c.dir)
	}
	return 0, nil
}

// makeData has the cluster made beside its place and moves it there when it is whole, so that one that was interrupted is
// never mistaken for data.
func (c *Cluster) makeData(fill func(to string) (out []byte, err error)) error {
	unfinished := c.dir + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("make the database cluster: %w", err)
	}
	if err := c.account.folder(unfinished); err != nil {
		return err
	}
	if out, err := fill(unfinished); err != nil {
		return fmt.Errorf("make the database cluster: %w: %s", err, lastLines(out))
	}
	if err := os.Rename(unfinished, c.dir); err != nil {
		return fmt.Errorf("make the database cluster: %w", err)
	}
	return nil
}

func (c *Cluster) initdb(ctx context.Context, initdb, to string, careless bool) ([]byte, error) {
	args := []string{"-D", to, "-U", Superuser, "--data-checksums", "--encoding=UTF8", "--locale=C.UTF-8",
		"--auth-local=trust", "--auth-host=reject", "--no-instructions"}
	if careless {
		args = append(args, "--no-sync")
	}
	return c.account.run(ctx, initdb, args...)
}

// copy takes the data of a running cluster, and notes that what it writes from then on is to be followed. The primary keeps what this
// copy has not received yet, also while it rests: without a slot it would forget it at its next checkpoint.
func (c *Cluster) copy(ctx context.Context, basebackup, to string, primary *Cluster) ([]byte, error) {
	slot := "replica_" + strings.ReplaceAll(uuid.NewString(), "-", "_")
	return c.account.run(ctx, basebackup, "-D", to, "-d", primary.URL(Superuser, "replication"), "--write-recovery-conf", "--create-slot", "--slot="+slot,
		"--checkpoint=fast", "--no-sync")
}
