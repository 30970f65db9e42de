package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"zhucan/internal/access"
	"zhucan/internal/blobs"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/config"
	"zhucan/internal/demo"
	"zhucan/internal/store"
)

type importCommand struct {
	database
	Kind    string `arg:"" help:"What the file is: roster, divisions, or a kind of list such as dibao, moves or rehab."`
	File    string `arg:"" type:"existingfile" help:"The file: xlsx or csv."`
	DryRun  bool   `help:"Only say what would happen."`
	From    string `default:"2016-01-01" help:"First day on which imported divisions are valid."`
	Sender  string `help:"Of a list, who sent it."`
	AsOf    string `help:"Of a list, the day that it speaks of; today when not given."`
	Files   string `env:"ZHUCAN_FILES" help:"Of a list, where its file is kept, as the service has it."`
	Records string `type:"existingfile" help:"What the office has on the people of a roster beside it, as JSON lines: facts, surveys, services, households."`
}

func (c importCommand) Run(ctx context.Context, io stdio) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(c.File), err)
	}
	handover := casework.Handover{Roster: data}
	if c.Records != "" && c.Kind != "roster" {
		return errors.New("records belong to a roster")
	}
	if c.Records != "" {
		if handover.Records, err = os.ReadFile(c.Records); err != nil {
			return fmt.Errorf("read %s: %w", filepath.Base(c.Records), err)
		}
	}
	desk, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer desk.DB.Close()
	if c.Kind == "divisions" {
		return c.divisions(ctx, desk, data, io)
	}
	var done store.Import
	var first bool
	err = whileWaiting(io, "import", func() (err error) {
		if casework.TakesList(c.Kind) {
			done, first, err = c.list(ctx, desk, data)
			return err
		}
		if c.Kind != casework.KindRoster {
			return fmt.Errorf("there is no kind of file %s", c.Kind)
		}
		done, first, err = desk.TakeOver(ctx, access.SystemActor(), handover, c.DryRun)
		return err
	})
	if err != nil {
		return err
	}
	if err := notTaken(done); err != nil {
		return err
	}
	report(done, first, io)
	return refusal(done)
}

// notTaken is the error of an import of which nothing was taken in.
func notTaken(done store.Import) error {
	if done.State == store.ImportWaiting {
		return fmt.Errorf("nothing was taken in: the list leaves out %d of %d whom it should still name; an officer confirms it (POST /imports/%s/confirmation) or takes it back",
			done.Absence.Missing, done.Absence.Known, done.ID)
	}
	if done.Failure != nil {
		return fmt.Errorf("the list was not taken in: %s (%s)", done.Failure.EN, done.Failure.Code)
	}
	if done.State != store.ImportDone {
		return fmt.Errorf("the list was not taken in: %s", done.State)
	}
	return nil
}

// report prints the refused rows of an import, what became of the others, and what is left for an officer.
func report(done store.Import, first bool, io stdio) {
	for _, r := range done.Refusals {
		fmt.Fprintf(io.out, "row %d, %s: %s (%s)\n", r.Row, r.Column, r.ZH, r.Code)
	}
	if !first {
		fmt.Fprint(io.out, "imported before; nothing changed. At that time: ")
	}
	fmt.Fprintf(io.out, "%d new, %d changed, %d same, %d refused\n", done.New, done.Changed, done.Same, done.Refused)
	var how struct{ Differing int }
	if err := json.Unmarshal(done.Reading, &how); err == nil && how.Differing > 0 {
		fmt.Fprintf(io.out, "%d rows say otherwise than the register, which was not taken; GET /imports/%s names the columns\n", how.Differing, done.ID)
	}
	if done.Pending > 0 {
		fmt.Fprintf(io.out, "%d would take money from somebody and wait for an officer\n", done.Pending)
	}
}

// refusal is the error of an import of which rows were refused, so that a script of an office notices: it succeeds when the whole file is in.
func refusal(done store.Import) error {
	taken := done.New + done.Changed + done.Same + done.Pending
	switch {
	case done.Refused == 0:
		return nil
	case done.DryRun:
		return fmt.Errorf("rows that would be refused: %d; taken in: %d", done.Refused, taken)
	case taken == 0:
		return fmt.Errorf("nothing was taken in; rows refused: %d", done.Refused)
	}
	return fmt.Errorf("rows refused: %d; taken in: %d", done.Refused, taken)
}

// list takes in a list of another department.
func (c importCommand) list(ctx context.Context, desk *casework.Desk, data []byte) (done store.Import, first bool, err error) {
	in := casework.NewList{Kind: c.Kind, Sender: c.Sender, Data: data, DryRun: c.DryRun}
	if c.AsOf != "" {
		if in.AsOf, err = calendar.ParseDate(c.AsOf); err != nil {
			return done, false, err
		}
	}
	if c.Files == "" {
		return done, false, errors.New("a list needs --files, where the service keeps its files")
	}
	if err := config.CheckFiles(c.Files); err != nil {
		return done, false, err
	}
	if desk.Files, err = blobs.Open(ctx, c.Files, desk.DB.Ring); err != nil {
		return done, false, err
	}
	defer func() { _ = desk.Files.Close() }() // all that was put is there
	if done, first, err = desk.ImportList(ctx, access.SystemActor(), in); err == nil && done.State == store.ImportQueued {
		done, err = desk.FinishImport(ctx, access.SystemActor(), done.ID) // with this process its worker would end
	}
	return done, first, err
}

func (c importCommand) divisions(ctx context.Context, desk *casework.Desk, data []byte, io stdio) error {
	from, err := calendar.ParseDate(c.From)
	if err != nil {
		return err
	}
	var taken store.TakenDivisions
	err = whileWaiting(io, "import", func() (err error) {
		taken, err = desk.ImportDivisionFile(ctx, access.SystemActor(), data, from, c.DryRun)
		return err
	})
	if err != nil {
		return err
	}
	done := "added, ended or corrected"
	if c.DryRun {
		done = "would be added, end or be corrected"
	}
	fmt.Fprintf(io.out, "%d divisions %s\n", taken.Changed(), done)
	return nil
}

// whileWaiting shows on a terminal that something is going on.
func whileWaiting(io stdio, what string, do func() error) error {
	file, ok := io.err.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return do()
	}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(file), progressbar.OptionSetDescription(what), progressbar.OptionClearOnFinish())
	stop := make(chan struct{})
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				_ = bar.Add(1) // a bar that cannot be drawn harms nothing
			}
		}
	}()
	err := do()
	close(stop)
	_ = bar.Finish()
	return err
}

const (
	casesToMake  = 60   // applications of people who should receive and do not
	mostRounds   = 3    // how often services are brought to each of their states, at most
	peopleARound = 3000 // for each so many people there is one round
)

// populate makes up the people: it writes them as the files of an office and takes those in like any
// others. What the offices of the district then do with them is done through the same verbs as ever.
func populate(ctx context.Context, desk *casework.Desk, people int, seed uint64, io stdio) error {
	tree, err := desk.DB.Divisions(ctx, desk.Pack().District, calendar.DateOf(desk.Now()))
	if err != nil {
		return err
	}
	return whileWaiting(io, "making up people", func() error {
		handover, err := demo.MakeHandover(seed, people, tree, desk.Now())
		if err != nil {
			return err
		}
		done, _, err := desk.TakeOver(ctx, access.SystemActor(), handover, false)
		if err != nil {
			return err
		}
		fmt.Fprintf(io.out, "made up %d people, %d refused\n", done.New, done.Refused)
		if err := demo.MakeFigures(ctx, desk); err != nil {
			return err
		}
		if err := demo.MakeFacilities(ctx, desk, tree); err != nil {
			return err
		}
		if err := demo.MakeCases(ctx, desk, casesToMake); err != nil {
			return err
		}
		return demo.MakeServices(ctx, desk, min(mostRounds, 1+people/peopleARound))
	})
}
