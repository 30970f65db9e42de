package main

import (
	"context"
	"fmt"
	"strings"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

type divisionsCommand struct {
	Follow followCommand `cmd:"" help:"Move everybody of ended divisions to the divisions that follow them."`
}

type followCommand struct {
	database
	Code string `arg:"" help:"The ended division, or one above it."`
}

// Run goes on until nobody is left who can be moved, and fails where somebody has to stay.
func (c followCommand) Run(ctx context.Context, io stdio) error {
	in, err := area.Parse(c.Code)
	if err != nil {
		return err
	}
	desk, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer desk.DB.Close()
	stay := 0
	for again := true; again; {
		list, err := desk.FollowSuccession(ctx, access.SystemActor(), in)
		if err != nil {
			return err
		}
		again, stay = false, 0
		for _, f := range list {
			again = again || f.Moved.Sum() > 0 && f.Left.Sum() > 0
			stay += f.Left.Sum()
			fmt.Fprintln(io.out, followedLine(f))
		}
	}
	if stay > 0 {
		return fmt.Errorf("persons, households, tickets and facilities that stay in ended divisions: %d", stay)
	}
	return nil
}

func followedLine(f casework.Followed) string {
	line := fmt.Sprintf("%s to %s: %s moved, %s left", f.Division.Code, f.Division.Successor, placedText(f.Moved), placedText(f.Left))
	if f.Refused != nil {
		line += "; " + f.Refused.EN
	}
	if len(f.Accounts) > 0 {
		line += "; accounts still of it: " + strings.Join(f.Accounts, ", ")
	}
	for _, id := range f.Webhooks {
		line += "; webhook still of it: " + id.String()
	}
	return line
}

func placedText(p store.Placed) string {
	return fmt.Sprintf("%d persons, %d households, %d tickets, %d facilities", p.Persons, p.Households, p.Tickets, p.Facilities)
}
