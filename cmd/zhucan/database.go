package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/term"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/casework"
	"zhucan/internal/config"
	"zhucan/internal/policy"
	"zhucan/internal/secret"
	"zhucan/internal/store"
)

// database is what the commands beside serve need to reach the register.
type database struct {
	DatabaseURL string `name:"database-url" env:"DATABASE_URL" required:"" help:"Address of the database for the service's own role (zhucan_app)."`
	KeyFile     string `env:"ZHUCAN_KEY_FILE" required:"" type:"path" help:"File with the keys."`
}

func (d database) open(ctx context.Context, io stdio) (*casework.Desk, error) {
	if err := config.CheckDatabase(d.DatabaseURL); err != nil {
		return nil, err
	}
	ring, err := secret.Load(d.KeyFile, rand.Reader)
	if err != nil {
		return nil, err
	}
	return openDesk(ctx, d.DatabaseURL, ring, time.Now, newLog(io.err, "warn"), store.Options{Pool: 4})
}

type migrateCommand struct {
	OwnerURL string `name:"owner-url" env:"ZHUCAN_OWNER_URL" required:"" help:"Address of the database for the role that owns the schema."`
}

func (c migrateCommand) Run(ctx context.Context, io stdio) error {
	if err := config.CheckOwner(c.OwnerURL); err != nil {
		return err
	}
	version, renewed, err := bringUp(ctx, c.OwnerURL, time.Now)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "schema %d, policy pack %s\n", version, policy.MustLoadBuiltin().Version)
	if renewed {
		fmt.Fprintln(io.out, "what is derived was made by earlier rules: run zhucan standing rebuild")
	}
	return nil
}

// bringUp brings a database to the schema and the rules of this binary.
func bringUp(ctx context.Context, ownerURL string, now func() time.Time) (version int64, renewed bool, err error) {
	err = store.Alone(ctx, ownerURL, func() (err error) {
		if version, err = store.Migrate(ctx, ownerURL); err == nil {
			renewed, err = activateBuiltin(ctx, ownerURL, now)
		}
		return err
	})
	return version, renewed, err
}

// earlierBuiltins are versions of the builtin pack that came with earlier versions of this binary.
var earlierBuiltins = []string{"2026.1", "2026.2", "2026.3", "2026.4", "2026.5", "2026.6", "2026.7", "2026.8"}

// activateBuiltin puts the pack of this binary into the database when there is none yet, or an earlier one of its own:
// then renewed is true, and what is derived has to be made again. A district's own pack stays.
func activateBuiltin(ctx context.Context, url string, now func() time.Time) (renewed bool, err error) {
	pack, err := policy.Load(policy.Builtin)
	if err != nil {
		return false, err
	}
	db, err := store.Open(ctx, url, store.Options{Now: now, NewID: newID, Log: newLog(os.Stderr, "error"), Pool: 2, Owner: true})
	if err != nil {
		return false, err
	}
	defer db.Close()
	active, err := db.ActivePack(ctx)
	if err == nil {
		if renewed = active.Name == pack.Name && slices.Contains(earlierBuiltins, active.Version); !renewed {
			return false, nil
		}
	} else if !errors.Is(err, store.NotFound) {
		return false, err
	}
	return renewed, db.WriteRules(ctx, access.SystemActor(), "policy.activate", func(tx *store.Tx) error {
		id := newID()
		if err := tx.InsertPack(ctx, store.Pack{ID: id, Name: pack.Name, Version: pack.Version, Document: string(policy.Builtin)}); err != nil {
			return err
		}
		_, err := tx.ActivatePack(ctx, id)
		return err
	})
}

type keysCommand struct {
	New     newKeysCommand    `cmd:"" default:"withargs" help:"Make a new key file."`
	Add     addKeyCommand     `cmd:"" help:"Add a new encryption key to a key file; it opens values and seals none until it is made current."`
	Current currentKeyCommand `cmd:"" help:"Have an encryption key of a key file seal from the next start on; the others go on opening."`
}

type newKeysCommand struct {
	File string `arg:"" type:"path" help:"New file; an old one is never overwritten."`
}

func (c newKeysCommand) Run(io stdio) error {
	ring, err := secret.Generate(rand.Reader, false)
	if err != nil {
		return err
	}
	if err := ring.Save(c.File); err != nil {
		return err
	}
	fmt.Fprintln(io.out, "keys written; keep a copy apart from the database's backups")
	return nil
}

type addKeyCommand struct {
	File string `arg:"" type:"path" help:"The key file."`
}

func (c addKeyCommand) Run(io stdio) error {
	ring, err := secret.Load(c.File, rand.Reader)
	if err != nil {
		return err
	}
	id, err := ring.AddKey()
	if err != nil {
		return err
	}
	if err := ring.Replace(c.File); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "key %s added, not current yet: bring this file to every process and restart each, then zhucan keys current %s %s; keep a copy apart from the database's backups\n", id, c.File, id)
	return nil
}

type currentKeyCommand struct {
	File string `arg:"" type:"path" help:"The key file."`
	ID   string `arg:"" help:"The name of the key, as zhucan keys add has said it."`
}

func (c currentKeyCommand) Run(io stdio) error {
	ring, err := secret.Load(c.File, rand.Reader)
	if err != nil {
		return err
	}
	if err := ring.SetCurrent(c.ID); err != nil {
		return err
	}
	if err := ring.Replace(c.File); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "key %s seals from the next start of each process on; the others stay, for what they have sealed\n", c.ID)
	return nil
}

type userCommand struct {
	Add userAddCommand `cmd:"" help:"Add an account. Its password is asked for on a terminal, and read from standard input elsewhere, one line of it."`
}

type userAddCommand struct {
	database
	Username string      `required:"" help:"Name to sign in with."`
	Name     string      `required:"" help:"The person's name."`
	Role     access.Role `required:"" help:"village_liaison, town_officer, cdpf_reviewer, civil_affairs_approver, finance_officer, statistician, hotline_clerk, auditor or administrator."`
	Area     string      `required:"" help:"Division code of the area."`
}

// Run reads the password from the terminal, or one line from standard input, so that it stands in no command line.
func (c userAddCommand) Run(ctx context.Context, io stdio) error {
	at, err := area.Parse(c.Area)
	if err != nil {
		return err
	}
	password, err := readPassword(io.err)
	if err != nil {
		return err
	}
	desk, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer desk.DB.Close()
	account, err := desk.CreateAccount(ctx, access.SystemActor(), casework.NewAccount{Username: c.Username, Name: c.Name, Password: password, Role: c.Role, Area: at})
	if err != nil {
		return err
	}
	fmt.Fprintln(io.out, account.ID)
	return nil
}

func readPassword(prompt io.Writer) (string, error) {
	if term.IsTerminal(int(os.Stdin.Fd())) {
		fmt.Fprint(prompt, "password: ")
		typed, err := term.ReadPassword(int(os.Stdin.Fd()))
		fmt.Fprintln(prompt)
		return string(typed), err
	}
	var line strings.Builder
	one := make([]byte, 1)
	for {
		n, err := os.Stdin.Read(one)
		if n == 1 && one[0] != '\n' {
			line.WriteByte(one[0])
			continue
		}
		if n == 1 || errors.Is(err, io.EOF) {
			return strings.TrimSuffix(line.String(), "\r"), nil
		}
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
	}
}

type standingCommand struct {
	Rebuild rebuildCommand `cmd:"" help:"Derive every standing again from the facts."`
}

type rebuildCommand struct {
	database
	Check bool `help:"Only compare what is stored with what would be derived; fail when they differ."`
}

func (c rebuildCommand) Run(ctx context.Context, io stdio) error {
	desk, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer desk.DB.Close()
	persons, wrong, err := desk.RebuildStandings(ctx, access.SystemActor(), c.Check)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%d persons, %d standings differed\n", persons, wrong)
	if c.Check && wrong > 0 {
		return errors.New("stored standings differ from the facts")
	}
	return nil
}

type auditCommand struct {
	Verify verifyCommand `cmd:"" help:"Recompute the chain of the audit log and the checksums of rosters, and name what is broken first."`
}

type verifyCommand struct {
	database
	Checkpoints string `type:"existingfile" help:"File of signed checkpoints (ZHUCAN_AUDIT_CHECKPOINTS of the service): the log has to hold every one."`
	Head        string `help:"Head that was noted by hand, as this command prints it (SEQ:HASH): the log has to hold it."`
}

func (c verifyCommand) Run(ctx context.Context, io stdio) error {
	desk, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer desk.DB.Close()
	noted, err := c.noted(desk.DB.Ring)
	if err != nil {
		return err
	}
	v, err := desk.DB.VerifyAudit(ctx, noted...)
	if err != nil {
		return err
	}
	if v.Broken != "" {
		return fmt.Errorf("the audit log is broken at %s", v.Broken)
	}
	rosters, broken, err := desk.VerifyRosters(ctx, access.SystemActor())
	if err != nil {
		return err
	}
	if broken != uuid.Nil {
		return fmt.Errorf("the lines of roster %s are not those that were locked", broken)
	}
	if len(noted) > 0 {
		fmt.Fprintf(io.out, "%d checkpoints hold; ", len(noted))
	}
	fmt.Fprintf(io.out, "%d entries and %d changes hold, %d locked rosters add up; head %d:%x\n", v.Entries, v.Changes, rosters, v.Entries, v.Head)
	return nil
}

// noted is what is known of the log from outside the database.
func (c verifyCommand) noted(ring *secret.Ring) (list []store.Checkpoint, err error) {
	if c.Checkpoints != "" {
		f, err := os.Open(c.Checkpoints)
		if err != nil {
			return nil, fmt.Errorf("read the checkpoints: %w", err)
		}
		defer f.Close()
		if list, err = store.ReadCheckpoints(f, ring); err != nil {
			return nil, fmt.Errorf("checkpoints: %w", err)
		}
	}
	if c.Head != "" {
		head, err := store.ParseHead(c.Head)
		if err != nil {
			return nil, err
		}
		list = append(list, head)
	}
	return list, nil
}
