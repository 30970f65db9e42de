package web_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
	"zhucan/internal/ticket"
)

// office is what there is to look at on the pages of numbers, administration, audit and hotline.
type office struct {
	release uuid.UUID
	entry   string // of the log
	tickets map[access.Role]uuid.UUID

	account, policy, webhook uuid.UUID
}

// of is the address of what a role sees of a page: a ticket is seen by the unit that has it alone.
func (o office) of(role access.Role, at string) string {
	if id, has := o.tickets[role]; has && strings.HasPrefix(at, "/tickets/0") {
		return "/tickets/" + id.String()
	}
	return at
}

func (s *site) office(person uuid.UUID) (o office) {
	s.t.Helper()
	ctx := context.Background()
	must := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	release, err := s.desk.SealRelease(ctx, s.actor("stats"), casework.NewRelease{Title: "一季度监测", Area: villageA, AsOf: calendar.MustDate("2023-03-28")})
	must(err)
	o.release = release.ID
	o.account = s.accounts["liaison.b"].ID
	packs, err := s.desk.DB.ListPacks(ctx, uuid.Nil, 1)
	must(err)
	o.policy = packs[0].ID
	hook, _, err := s.desk.RegisterWebhook(ctx, s.actor("admin"), casework.NewWebhook{URL: "https://partner.example/hooks", Types: []string{"release.sealed"}})
	must(err)
	o.webhook = hook.ID
	o.tickets = map[access.Role]uuid.UUID{}
	for role, unit := range map[access.Role]area.Code{town: townA, cdpf: "370305", civil: "370305"} {
		one, err := s.desk.ReceiveTicket(ctx, s.actor("hotline"), ticket.Ticket{Channel: "12385", Kind: "advice", Topic: "rehab", Anonymous: true, Text: "咨询"})
		must(err)
		_, err = s.desk.TakeTicketStep(ctx, s.actor("hotline"), one.ID, 1, ticket.Deed{Step: "assign", Unit: ticket.Unit{Area: unit, Role: role}})
		must(err)
		o.tickets[role] = one.ID
	}
	entries, err := s.desk.DB.ListAudit(ctx, store.AuditFilter{Area: "370305", Limit: 1})
	must(err)
	o.entry = fmt.Sprint(entries[0].Seq)
	return o
}

// address is that of a page of these, or empty.
func (o office) address(path string) string {
	id := uuid.Nil
	switch {
	case strings.HasPrefix(path, "/indicators/:key"), path == "/audit/:seq":
	case strings.HasPrefix(path, "/releases/:id"):
		id = o.release
		if strings.Contains(path, "changes") {
			path += "?since=" + id.String()
		}
	case path == "/accounts/:id":
		id = o.account
	case path == "/policies/:id":
		id = o.policy
	case path == "/webhooks/:id":
		id = o.webhook
	case path == "/tickets/:id":
		id = o.tickets[town]
	default:
		return ""
	}
	return strings.NewReplacer(":id", id.String(), ":key", "nursing_subsidy_coverage", ":seq", o.entry).Replace(path)
}

func momentOn(day string) store.Moment { return store.Moment{On: calendar.MustDate(day)} }

// second is a browser of another account of the role of a user.
func (s *site) second(user string) *browser {
	s.t.Helper()
	a := s.accounts[user]
	name := user + ".second"
	if _, err := s.desk.CreateAccount(context.Background(), access.SystemActor(), casework.NewAccount{Username: name, Name: "测试" + name, Password: password, Role: a.Role, Area: a.AreaCode}); err != nil {
		s.t.Fatal(err)
	}
	return s.as(name)
}
