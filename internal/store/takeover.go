package store

import (
	"context"
	"encoding/json"
	"fmt"

	"zhucan/internal/care"
	"zhucan/internal/casefile"
)

// InsertHouseholds adds households with their members and facts: a statement for each of the three.
func (tx *Tx) InsertHouseholds(ctx context.Context, list ...casefile.HouseholdFile) error {
	var households, members, facts []row
	for _, h := range list {
		r, err := tx.householdRow(h.Household)
		if err != nil {
			return err
		}
		households = append(households, r)
		for _, m := range h.Members {
			members = append(members, tx.memberRow(h.Household.Area, m))
		}
		for _, c := range h.Circumstances {
			facts = append(facts, tx.householdFactRow(h.Household, c))
		}
	}
	for _, part := range []struct {
		into table
		rows []row
	}{{householdsTable, households}, {membersTable, members}, {householdFactsTable, facts}} {
		if err := tx.insert(ctx, part.into, part.rows); err != nil {
			return err
		}
	}
	return nil
}

var stepsTable = table{"service_steps", []string{"id uuid", "service_id uuid", "area_code", "seq smallint", "step", "from_state", "to_state", "happened_on date",
	"evidence jsonb", "counts text[]", "actor_id uuid", "actor_role", "acting_for uuid", "recorded_at timestamptz"}}

// InsertServices adds services with the steps that have been taken of them.
func (tx *Tx) InsertServices(ctx context.Context, list ...care.Service) error {
	var services, steps []row
	for _, s := range list {
		r, err := tx.serviceRow(s)
		if err != nil {
			return err
		}
		services = append(services, r)
		for _, d := range s.Steps {
			evidence, err := json.Marshal(d.Evidence)
			if err != nil {
				return fmt.Errorf("write the evidence of a step: %w", err)
			}
			steps = append(steps, row{d.ID, s.ID, s.Area, d.Seq, d.Step, d.From, d.To, d.On, string(evidence), arrayText(d.Counts), d.By, string(d.Role), d.ActingFor, tx.Now})
		}
	}
	if err := tx.insert(ctx, servicesTable, services); err != nil {
		return err
	}
	return tx.insert(ctx, stepsTable, steps)
}
