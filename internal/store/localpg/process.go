package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// settings keep personal data out of the server's log. The first line of an error can quote a value, and its details
// can quote a row, so no error of a statement is logged at all: the program that sent it knows it. Only a server that
// starts, repairs itself, fails or ends says so.
var settings = []string{"listen_addresses=", "port=" + port, "unix_socket_permissions=0700", "shared_buffers=128MB", "jit=off",
	"log_min_messages=log", "log_error_verbosity=terse", "log_min_error_statement=panic", "log_parameter_max_length=0", "log_parameter_max_length_on_error=0",
	"logging_collector=off", "log_timezone=UTC", "timezone=UTC"}

var fast = []string{"fsync=off", "synchronous_commit=off", "full_page_writes=off"}

const (
	defaultConnections = 80
	startLimit         = 60 * time.Second // of a start with repairs after a power cut
	handOver           = 15 * time.Second // for which a killed owner's server may still be shutting down
	quitLimit          = 10 * time.Second // after which even SIGQUIT is given up
)

func (c *Cluster) arguments(o Options) []string {
	set := append([]string{"unix_socket_directories=" + quoteSetting(c.sockets)}, settings...)
	connections := o.MaxConnections
	if connections == 0 {
		connections = defaultConnections
	}
	set = append(set, "max_connections="+strconv.Itoa(connections))
	if o.Fast {
		set = append(set, fast...)
	}
	set = append(set, o.Settings...)
	args := []string{"-D", c.dir}
	for _, s := range set {
		args = append(args, "-c", s)
	}
	return args
}

// quoteSetting writes one folder for a setting that is a list of folders.
func quoteSetting(folder string) string { return `"` + strings.ReplaceAll(folder, `"`, `""`) + `"` }

// serve starts the server and returns when it answers. We hold the folder's lock, so a server that is there already
// has lost its owner and is shutting down: wait for it. Where the data's lock file names a process that is none, it was left by a power cut
// or by a container that was stopped, and the number has another owner since: it is taken away.
func (c *Cluster) serve(ctx context.Context, postgres string, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	patience, enough := context.WithTimeout(ctx, handOver)
	defer enough()
	for {
		before := c.lockedBy()
		logged, err := c.launch(postgres, o)
		if err != nil {
			return err
		}
		err = c.answers(ctx)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errEnded) {
			giveUp, cancel := context.WithTimeout(context.WithoutCancel(ctx), quitLimit)
			defer cancel()
			return errors.Join(err, c.server.stop(giveUp))
		}
		other := c.lockedBy()
		if other == "" && before != "" { // it went while ours ended because of it
			continue
		}
		if other == "" {
			return fmt.Errorf("start the database: %s", c.loggedSince(logged))
		}
		if c.stranger(other) {
			if err := os.Remove(c.lockFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("take away the lock file of a server that is gone: %w", err)
			}
			continue
		}
		select {
		case <-patience.Done():
			return fmt.Errorf("another database server, process %s, runs on %s: stop it first", other, c.dir)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// launch starts the server's process and tells how long the log was before. The server gets SIGINT, an orderly
// shutdown, when this process dies in any way, even by SIGKILL. On systems other than Linux nothing does that; there
// the next start says that the folder is still in use.
func (c *Cluster) launch(postgres string, o Options) (logged int64, err error) {
	log, err := os.OpenFile(c.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("open the database's log: %w", err)
	}
	defer log.Close()
	if info, err := log.Stat(); err == nil {
		logged = info.Size()
	}
	cmd := c.account.command(context.Background(), postgres, c.arguments(o)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr.Setpgid = true // an interrupt at the terminal stops us first, then we stop it
	dieWithParent(cmd.SysProcAttr, syscall.SIGINT)
	c.server, err = start(cmd)
	return logged, err
}

// process is a child and the news of its end.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// start starts cmd from a thread of its own that lives as long as the child: the death signal comes when the thread
// that made the child ends, not the process, and the runtime ends idle threads as it likes.
func start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for good
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended stands in its log
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start the database: %w", err)
	}
	return p, nil
}

func (p *process) stop(ctx context.Context) error {
	if p == nil {
		return nil
	}
	if err := p.signal(syscall.SIGINT); err != nil {
		return fmt.Errorf("stop the database: %w", err)
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	err := p.signal(syscall.SIGQUIT)
	select {
	case <-p.done:
	case <-time.After(quitLimit):
	}
	return fmt.Errorf("stop the database: %w", errors.Join(ctx.Err(), err))
}

func (p *process) signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

var errEnded = errors.New("the database ended at its start")

// answers waits until our own server takes a connection. One that lost its owner may still answer on the same socket,
// so nothing counts before the data's lock file names our child.
func (c *Cluster) answers(ctx context.Context) error {
	ours := strconv.Itoa(c.server.cmd.Process.Pid)
	for {
		err := errors.New("it does not answer")
		if c.lockedBy() == ours {
			var conn *pgx.Conn
			if conn, err = pgx.Connect(ctx, c.URL(Superuser, "postgres")); err == nil {
				return conn.Close(ctx)
			}
		}
		select {
		case <-c.server.done:
			return errEnded
		case <-ctx.Done():
			return fmt.Errorf("wait for the database: %w: %w", ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// lockedBy is the id of the server that runs on our data, as the data's lock file tells; empty when there is none. A
// server removes its own file when it fails to start, so a file that is left then belongs to another.
func (c *Cluster) lockedBy() string {
	text, err := os.ReadFile(c.lockFile())
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(first)
}

func (c *Cluster) lockFile() string { return filepath.Join(c.dir, "postmaster.pid") }

// stranger reports whether a process is for certain no server of our data: another program, or one that was given another folder. On systems
// without /proc nothing is certain. A server that is mistaken for a stranger still keeps ours from the data, by the memory that it shares.
func (c *Cluster) stranger(id string) bool {
	text, err := os.ReadFile(filepath.Join("/proc", id, "cmdline"))
	if err != nil {
		return false
	}
	args := strings.Split(string(text), "\x00")
	if program := filepath.Base(args[0]); program != "postgres" && program != "postmaster" {
		return true
	}
	at := slices.Index(args, "-D") + 1
	if at == 0 || at == len(args) || !filepath.IsAbs(args[at]) {
		return false
	}
	ours, err := os.Stat(c.dir)
	if err != nil {
		return false
	}
	theirs, err := os.Stat(args[at])
	return err != nil || !os.SameFile(ours, theirs)
}

// loggedSince is the end of what the server wrote since the log had that length: why it did not start.
func (c *Cluster) loggedSince(length int64) string {
	text, err := os.ReadFile(c.LogFile)
	if err != nil || int64(len(text)) <= length {
		return "it ended without a word"
	}
	return lastLines(text[length:])
}

func lastLines(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], "; ")
}
