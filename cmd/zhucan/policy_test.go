package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// TestActivationInterrupted: a pack that was proposed by a run of the command which then was stopped is put in force by the next one, and one
// that is in force is refused.
func TestActivationInterrupted(t *testing.T) {
	i := install(t)
	document := strings.Replace(string(policy.Builtin), policy.MustLoadBuiltin().Version, "interrupted", 1)
	db := i.db.Open(t, time.Now)
	if err := db.WriteRules(t.Context(), access.SystemActor(), "policy.propose", func(tx *store.Tx) error {
		return tx.InsertPack(t.Context(), store.Pack{ID: uuid.Must(uuid.NewV7()), Name: policy.MustLoadBuiltin().Name, Version: "interrupted", Document: document, ProposedAt: tx.Now})
	}); err != nil {
		t.Fatal(err)
	}
	file := i.file("pack.yaml", document)
	i.runs("policy pack interrupted is in force", "", "policy", "activate", file)
	i.runs("", "this version of the pack exists already", "policy", "activate", file)
}
