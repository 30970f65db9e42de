package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"golang.org/x/sync/errgroup"

	"zhucan/internal/auth"
	"zhucan/internal/blobs"
	"zhucan/internal/casework"
	"zhucan/internal/config"
	"zhucan/internal/httpapi"
	"zhucan/internal/secret"
	"zhucan/internal/store"
	"zhucan/internal/web"
	"zhucan/internal/webhook"
)

// rulesEvery is how long a process may read by rules that another has replaced. Writes find out at once.
const rulesEvery = 5 * time.Second

// importsEvery is how often lists are looked for that a process has left half done.
const importsEvery = 10 * time.Second

// filesEvery is how often contents that no attachment knows are looked for.
const filesEvery = 6 * time.Hour

// answersEvery is how often answers to repeats are looked for that were kept long enough.
const answersEvery = time.Hour

// deliverEvery is how long an event may wait before it is sent to webhooks.
const deliverEvery = time.Second

// tallyEvery is how long a change may wait to be folded into the counts kept by village; until then every answer has to read it.
const tallyEvery = 5 * time.Second

// memoryLimit is what the collector keeps the memory of the service below, in bytes, unless GOMEMLIMIT says otherwise. hashing is what the
// process that hashes passwords holds beside it.
const (
	memoryLimit = 112 << 20
	hashing     = 64 << 20
	leastLimit  = 64 << 20 // with less the collector would do nothing but collect
)

// collectAt is how much garbage may lie about before it is collected, in per cent of what is in use, unless GOGC says otherwise.
const collectAt = 400

type serveCommand struct{ config.Config }

func (c serveCommand) Run(ctx context.Context, io stdio) error {
	if err := c.Check(); err != nil {
		return err
	}
	ring, err := secret.Load(c.KeyFile, rand.Reader)
	if err != nil {
		return err
	}
	if ring.Demo {
		return errors.New("the key file belongs to a demonstration: make one with zhucan keys FILE")
	}
	log, loud := httpapi.CountLoud(newLog(io.err, c.LogLevel))
	limitMemory(log)
	collect := restCollector()
	ready := prepareFaces()
	desk, err := openDesk(ctx, c.DatabaseURL, ring, time.Now, log, store.Options{Pool: c.Connections(runtime.GOMAXPROCS(0)), Replicas: c.Replicas, ReplicaLag: c.ReplicaLag})
	if err != nil {
		return err
	}
	defer desk.DB.Close()
	if desk.Files, err = blobs.Open(ctx, c.Files, ring); err != nil {
		return err
	}
	defer func() { _ = desk.Files.Close() }() // all that was put is there
	if err := makeCheckpoints(c.Checkpoints); err != nil {
		return err
	}
	desk.Sender = webhook.NewSender(config.Prefixes(c.Networks)...)
	if err := hashApart(desk.Passwords); err != nil {
		return err
	}
	desk.FullChain, desk.FactorRoles = c.ApprovalMode == config.FullChain, c.RolesWithFactor()
	if err := ready(); err != nil {
		return err
	}
	handler, err := faces(&httpapi.API{Desk: desk, Log: log, IPs: clientAddress(c.TrustedProxies), NewID: requestID, Loud: loud}, !c.PlainHTTP)
	if err != nil {
		return err
	}
	collect()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	go desk.KeepRules(ctx, rulesEvery)
	go desk.KeepFiles(ctx, filesEvery)
	go desk.KeepImports(ctx, importsEvery)
	go desk.KeepAnswers(ctx, answersEvery)
	go desk.KeepDelivering(ctx, deliverEvery)
	go desk.KeepTallies(ctx, tallyEvery)
	if c.Checkpoints != "" {
		go keepCheckpoints(ctx, desk.DB, c.Checkpoints, log)
	}
	log.Info("serving", "address", listener.Addr().String(), "pack", desk.Pack().Version, "config", c.Dump())
	return serve(ctx, listener, handler)
}

// limitMemory has the garbage collector work harder before memory runs out: at memoryLimit, or where that is less at nine tenths of the
// limit of the container or unit, less what hashing takes. Below it garbage is collected less often than usual, since collecting took a
// quarter of the time of an export. GOMEMLIMIT and GOGC are obeyed.
func limitMemory(log *slog.Logger) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	limit := debug.SetMemoryLimit(-1)
	if limit == math.MaxInt64 {
		limit = memoryLimit
		if most, err := memlimit.FromCgroup(); err == nil {
			limit = max(min(limit, int64(most/10*9)-hashing), leastLimit)
		}
		debug.SetMemoryLimit(limit)
	}
	log.Info("memory", "limit", limit, "processors", runtime.GOMAXPROCS(0))
}

// restCollector lets the garbage collector rest until collect is called, or memoryLimit reached: what is made at a start is kept, and
// looking through it again and again while it grows took a third of the start.
func restCollector() (collect func()) {
	percent := debug.SetGCPercent(-1)
	return func() { debug.SetGCPercent(percent) }
}

// prepareFaces begins to read the contract, and texts and templates of the pages, beside the database; ready waits for them.
func prepareFaces() (ready func() error) {
	var reading errgroup.Group
	reading.Go(httpapi.Prepare)
	reading.Go(web.Prepare)
	return reading.Wait
}

// hashCommand hashes passwords in a process of its own.
type hashCommand struct{}

func (hashCommand) Run(io stdio) error { return auth.ServeHashes(os.Stdin, io.out) }

// hashApart has passwords hashed by another process of this program: the very file that this one was started from, also when another
// version has taken its place since.
func hashApart(passwords *auth.Passwords) error {
	program := "/proc/self/exe"
	if _, err := os.Stat(program); err != nil { // not Linux
		if program, err = os.Executable(); err != nil {
			return fmt.Errorf("find this program: %w", err)
		}
	}
	passwords.HashApart(program, "hash")
	return nil
}

// faces is both faces of a desk behind one address: the JSON face and the pages.
func faces(api *httpapi.API, secure bool) (http.Handler, error) {
	programs, err := api.Handler()
	if err != nil {
		return nil, err
	}
	site := &web.Site{Desk: api.Desk, Log: api.Log, IPs: api.IPs, NewID: api.NewID, Secure: secure, Count: api.Count}
	people, err := site.Handler()
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if httpapi.Answers(r.URL.Path) {
			programs.ServeHTTP(w, r)
			return
		}
		people.ServeHTTP(w, r)
	}), nil
}

// serve answers until ctx ends. From then on a signal has its usual effect, so that a second one ends at once what the first has begun to end.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	defer context.AfterFunc(ctx, func() { signal.Reset(os.Interrupt, syscall.SIGTERM) })()
	err := httpapi.Serve(ctx, listener, handler)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// openDesk opens the store as the service does and loads the active policy pack. connections say how many, and to which replicas.
func openDesk(ctx context.Context, url string, ring *secret.Ring, now func() time.Time, log *slog.Logger, connections store.Options) (*casework.Desk, error) {
	o := connections
	o.Ring, o.Now, o.NewID, o.Log = ring, now, newID, log
	db, err := store.Open(ctx, url, o)
	if err != nil {
		return nil, err
	}
	var rules *casework.Rules
	if err = db.CheckSchema(ctx); err == nil {
		rules, err = casework.LoadRules(ctx, db)
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return &casework.Desk{DB: db, Rules: rules, Now: now, NewID: newID, Passwords: auth.NewPasswords(), Tokens: auth.NewTokens(ring), Log: log}, nil
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func requestID() string { return newID().String() }

func newLog(to io.Writer, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: l}))
}

// clientAddress is the address a request comes from; a forwarded one counts only from a proxy that is trusted.
func clientAddress(trusted []string) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, network := range trusted {
		if _, ipNet, err := net.ParseCIDR(network); err == nil {
			options = append(options, echo.TrustIPRange(ipNet))
		}
	}
	return echo.ExtractIPFromXFFHeader(options...)
}
