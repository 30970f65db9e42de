package main

import (
	"errors"
	"fmt"
	"os"

	"zhucan/internal/policy"
	"zhucan/internal/policy/scenario"
)

type policyCommand struct {
	Test policyTestCommand `cmd:"" help:"Run scenario files against the built-in pack."`
}

type policyTestCommand struct {
	Dir  string `arg:"" optional:"" type:"path" help:"Folder with scenario files; the built-in ones where none is given."`
	Pack string `type:"path" help:"Pack to test; the built-in one where none is given."`
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
