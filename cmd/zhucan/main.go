// Command zhucan (助残) keeps one record for each disability-certificate holder, decides benefits by dated rules, and
// counts how many of those who should receive them do.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "zhucan:", err)
		os.Exit(1)
	}
}

// commands is everything the binary does.
type commands struct {
	Serve     serveCommand     `cmd:"" help:"Answer requests."`
	Demo      demoCommand      `cmd:"" help:"Run everything on a private database with a made-up district."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database to this binary's schema and activate the built-in policy pack."`
	Import    importCommand    `cmd:"" help:"Take in a file; it fails where rows are refused, and the others are in all the same."`
	Divisions divisionsCommand `cmd:"" help:"Administrative divisions."`
	User      userCommand      `cmd:"" help:"Accounts."`
	Keys      keysCommand      `cmd:"" help:"Key files."`
	Policy    policyCommand    `cmd:"" help:"Policy packs."`
	Standing  standingCommand  `cmd:"" help:"Derived standings."`
	Audit     auditCommand     `cmd:"" help:"The audit log."`
	Hash      hashCommand      `cmd:"" hidden:"" help:"Hash passwords for a service, which starts this itself."`
}

// stdio is where a command writes: results to out, progress and logs to err.
type stdio struct{ out, err io.Writer }

var errUsage = errors.New("see zhucan --help")

func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	var c commands
	exited := false
	parser, err := kong.New(&c, kong.Name("zhucan"), kong.Description("助残: benefits and services for disabled persons, case by case."),
		kong.Writers(out, errOut), kong.Exit(func(int) { exited = true }), kong.UsageOnError())
	if err != nil {
		return fmt.Errorf("prepare the command line: %w", err)
	}
	parsed, err := parser.Parse(args)
	if exited {
		return nil // help was asked for and given
	}
	if err != nil {
		return fmt.Errorf("%w (%w)", err, errUsage)
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(stdio{out: out, err: errOut})
}
