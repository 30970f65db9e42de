package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/policy"
	"zhucan/internal/policy/scenario"
	"zhucan/internal/store"
)

type policyCommand struct {
	Test     policyTestCommand     `cmd:"" help:"Run scenario files against a policy pack."`
	Activate policyActivateCommand `cmd:"" help:"Put a pack in force, for a register too large for a request. Two administrators do the same through the API."`
}

type policyTestCommand struct {
	Dir  string `arg:"" optional:"" type:"path" help:"Folder with scenario files; the built-in ones where none is given."`
	Pack string `type:"path" help:"Pack to test; the built-in one where none is given."`
}

type policyActivateCommand struct {
	database
	File string `arg:"" type:"path" help:"The pack."`
}

func (c policyActivateCommand) Run(ctx context.Context, io stdio) error {
	document, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read the pack: %w", err)
	}
	desk, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer desk.DB.Close()
	proposed, err := desk.ProposePolicy(ctx, access.SystemActor(), casework.Draft{Document: string(document)}, "command line")
	if fault.Is(err, "PACK_VERSION_EXISTS") {
		proposed, err = interrupted(ctx, desk, document, err)
	}
	if err != nil {
		return err
	}
	if _, err := desk.ActivatePolicy(ctx, access.SystemActor(), proposed.ID); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "policy pack %s is in force\n", proposed.Version)
	return nil
}

// interrupted is the pack with exactly this document that an earlier run of the command has left proposed and not in force. Without one,
// the refusal stands.
func interrupted(ctx context.Context, desk *casework.Desk, document []byte, refusal error) (store.Pack, error) {
	const latest = 100
	text, err := exchange.ReadText(document)
	if err != nil {
		return store.Pack{}, err
	}
	packs, err := desk.DB.ListPacks(ctx, uuid.Nil, latest)
	if err != nil {
		return store.Pack{}, err
	}
	for _, p := range packs {
		if p.Document == text && p.Activation == 0 {
			return p, nil
		}
	}
	return store.Pack{}, refusal
}

func (c policyTestCommand) Run(io stdio) error {
	document := policy.Builtin
	if c.Pack != "" {
		var err error
		if document, err = os.ReadFile(c.Pack); err != nil {
			return fmt.Errorf("read the pack: %w", err)
		}
	}
	files := scenario.BuiltinFiles()
	if c.Dir != "" {
		files = os.DirFS(c.Dir)
	}
	passed, failures, err := scenario.RunAll(files, document)
	if err != nil {
		return err
	}
	for _, failure := range failures {
		fmt.Fprintln(io.out, "FAIL", failure)
	}
	fmt.Fprintf(io.out, "%d passed, %d failed\n", passed, len(failures))
	if len(failures) > 0 {
		return errors.New("the pack does not answer as the scenarios expect")
	}
	return nil
}
