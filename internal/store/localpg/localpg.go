// Package localpg runs a private PostgreSQL from the machine's own binaries, on a unix socket that only its owner can
// reach. The demonstration and the tests use it; production brings its own server.
package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Options are where the cluster lives and how careful it is.
type Options struct {
	Dir  string // the data folder; made when missing
	Fast bool   // gives up safety at a power cut; for tests only
}

// Cluster is a running private server.
type Cluster struct {
	dir     string
	sockets string
	process *exec.Cmd
	ended   chan error
	LogFile string
}

// Superuser owns the cluster and migrates its databases.
const Superuser = "postgres"

// Start makes the cluster on first use and starts it. The server ends when this process does.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: filepath.Join(o.Dir, "pg"), LogFile: filepath.Join(o.Dir, "postgres.log"), ended: make(chan error, 1)}
	if err := c.prepareFolders(o.Dir, account); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(c.dir, "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		initdb := account.command(ctx, filepath.Join(bin, "initdb"), "-D", c.dir, "-U", Superuser, "--data-checksums",
			"--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-instructions")
		if out, err := initdb.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("make the database cluster: %w: %s", err, strings.TrimSpace(string(out)))
		}
	}
	if err := c.run(account, filepath.Join(bin, "postgres"), o.Fast); err != nil {
		return nil, err
	}
	if err := c.wait(ctx); err != nil {
		return nil, errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
	}
	return c, nil
}

// settings keep personal data out of the server's log: terse errors name no values, and no statement is written.
var settings = []string{"listen_addresses=", "unix_socket_permissions=0700", "max_connections=80", "shared_buffers=128MB", "jit=off",
	"log_error_verbosity=terse", "log_min_error_statement=panic", "log_parameter_max_length=0", "log_parameter_max_length_on_error=0",
	"log_timezone=UTC", "timezone=UTC"}

var fast = []string{"fsync=off", "synchronous_commit=off", "full_page_writes=off"}

func (c *Cluster) run(account account, postgres string, careless bool) error {
	log, err := os.OpenFile(c.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the database's log: %w", err)
	}
	args := []string{"-D", c.dir, "-c", "unix_socket_directories=" + c.sockets}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	for _, s := range fast {
		if careless {
			args = append(args, "-c", s)
		}
	}
	c.process = account.command(context.Background(), postgres, args...)
	c.process.Stdout, c.process.Stderr = log, log
	c.process.SysProcAttr.Setpgid = true // an interrupt at the terminal stops us first, then we stop it
	c.process.SysProcAttr.Pdeathsig = syscall.SIGINT
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the death signal follows the thread that starts the child, so this one stays
		err := c.process.Start()
		log.Close()
		started <- err
		if err == nil {
			c.ended <- c.process.Wait()
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start the database: %w", err)
	}
	return nil
}

func (c *Cluster) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.URL(Superuser, "postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case err := <-c.ended:
			c.ended <- err
			return fmt.Errorf("the database ended at its start; it may be running already: see %s", c.LogFile)
		case <-ctx.Done():
			return fmt.Errorf("wait for the database: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop ends the server in an orderly way; open connections are closed.
func (c *Cluster) Stop(ctx context.Context) error {
	if c.process.Process == nil {
		return nil
	}
	if err := c.process.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the database: %w", err)
	}
	select {
	case err := <-c.ended:
		c.ended <- err // whoever asks again gets the same answer
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop the database: %w", ctx.Err())
	}
}

// URL is the address of a database for a role. No password: the socket is private.
func (c *Cluster) URL(role, database string) string {
	return fmt.Sprintf("host=%s user=%s dbname=%s", c.sockets, role, database)
}

// socketMax is how long the path of a unix socket may be, less the file's own name.
const socketMax = 90

func (c *Cluster) prepareFolders(dir string, account account) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if err := account.owns(dir); err != nil {
		return err
	}
	c.sockets = filepath.Join(dir, "socket")
	if len(c.sockets) > socketMax {
		short, err := os.MkdirTemp("", "zhucan-socket-")
		if err != nil {
			return fmt.Errorf("make a folder for the socket: %w", err)
		}
		c.sockets = short
	}
	for _, folder := range []string{c.dir, c.sockets} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("make the data folder: %w", err)
		}
		if err := account.owns(folder); err != nil {
			return err
		}
	}
	return account.reaches(dir)
}

// account is who runs the server: PostgreSQL refuses root.
type account struct {
	uid, gid int
	drop     bool
}

func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		return account{uid: uid, gid: gid, drop: true}, nil
	}
	return account{}, errors.New("root cannot run a database, and there is no account postgres or nobody to run it as")
}

func (a account) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}
	if a.drop {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return cmd
}

func (a account) owns(path string) error {
	if !a.drop {
		return nil
	}
	if err := os.Chown(path, a.uid, a.gid); err != nil {
		return fmt.Errorf("give the data folder to the database's account: %w", err)
	}
	return nil
}

// reaches checks that the account can walk to the folder: root's own home is closed to it, for one.
func (a account) reaches(dir string) error {
	if !a.drop {
		return nil
	}
	if err := a.command(context.Background(), "test", "-x", dir).Run(); err != nil {
		return fmt.Errorf("the account that runs the database cannot reach %s: choose a data folder outside root's home", dir)
	}
	return nil
}

// oldest is the oldest server that has what the schema needs.
const oldest = 15

// binaries finds the folder with initdb and postgres, the newest first.
func binaries() (string, error) {
	var folders []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(real))
		}
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin"} {
		found, _ := filepath.Glob(pattern)
		sort.Sort(sort.Reverse(sort.StringSlice(found)))
		folders = append(folders, found...)
	}
	for _, folder := range folders {
		out, err := exec.Command(filepath.Join(folder, "postgres"), "--version").Output()
		if err == nil && majorVersion(string(out)) >= oldest {
			return folder, nil
		}
	}
	return "", fmt.Errorf("no PostgreSQL server of version %d or newer: install the package postgresql", oldest)
}

// majorVersion reads "postgres (PostgreSQL) 15.18 (Debian …)".
func majorVersion(text string) int {
	fields := strings.Fields(text)
	if len(fields) < 3 {
		return 0
	}
	major, _, _ := strings.Cut(fields[2], ".")
	n, _ := strconv.Atoi(major)
	return n
}
