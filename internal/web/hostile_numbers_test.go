package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"zhucan/internal/casework"
	"zhucan/internal/store"
	"zhucan/internal/ticket"
)

func init() { // what tables and the log are made of besides
	ours["caption"], ours["pre"] = true, true
}

// TestHostileNumbers stores each text in what the pages of numbers, hotline, audit and administration show, and sends it as every
// part of an address.
func TestHostileNumbers(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	stats, town, clerk, admin, auditor := s.as("stats"), s.as("town.a"), s.as("hotline"), s.as("admin"), s.as("auditor")
	release, err := s.desk.SealRelease(ctx, s.actor("stats"), casework.NewRelease{Title: hostile[0], AsOf: momentOn("2023-03-28").On})
	must(err)
	for i, text := range hostile {
		short := string([]rune(text)[:min(60, len([]rune(text)))])
		_, err := s.desk.RecordFigure(ctx, s.actor("stats"), casework.NewFigure{Indicator: "facility_accessibility", Year: 2011 + i%12, Numerator: new(int64(1)), Denominator: new(int64(2)), SourceDoc: text})
		must(err)
		f, err := s.desk.CreateFacility(ctx, s.actor("town.a"), store.Facility{Area: villageA, Name: text, Kind: "school", Address: text})
		must(err)
		_, err = s.desk.InspectFacility(ctx, s.actor("town.a"), store.Inspection{Facility: f.ID, On: momentOn("2023-03-28").On, Standard: text, Report: text})
		must(err)
		one, err := s.desk.ReceiveTicket(ctx, s.actor("hotline"), ticket.Ticket{Channel: "visit", Kind: "advice", Topic: "rehab", Text: text, Caller: ticket.Caller{Name: short, Phone: "19900005678"}})
		must(err)
		_, err = s.desk.TakeTicketStep(ctx, s.actor("hotline"), one.ID, 1, ticket.Deed{Step: "assign", Text: text, Unit: ticket.Unit{Area: townA, Role: "town_officer"}})
		must(err)
		at := "/tickets/" + one.ID.String()
		town.get(at).want(200).says(strings.Join(strings.Fields(text), " ")).wantHarmless()
		if i%8 == 0 {
			clerk.get(at).form("reveal").set("reason", text).send().want(200).wantHarmless()
			made := admin.get("/accounts/new").form("add").set("username", fmt.Sprint("hostile", i), "name", short, "role", "town_officer", "area_code", townA).send().follow().want(200)
			made.wantHarmless()
			admin.get("/policies/new").form("rates").set("paper", text, "version", text, "note", text, "level1", text).send().want(422).wantHarmless()
			admin.get("/webhooks").form("register").set("url", text).send().want(422).wantHarmless()
			clerk.get("/lookup").form("search").set("text", text).send().wantHarmless()
			clerk.get("/tickets/new").form("receive").set("text", text, "caller.name", text, "received_at", text).send().want(422).wantHarmless()
			auditor.get("/audit").form("by").set("username", text).send().want(422).wantHarmless()
		}
		q := escaped(text)
		stats.get("/indicators?as_of=" + q + "&area=" + q + "&by=" + q + "&cursor=" + q).want(200).wantHarmless()
		stats.get("/indicators/" + strings.ReplaceAll(q, "%2F", "") + "?from=" + q).wantHarmless()
		auditor.get("/audit?from=" + q + "&action=" + q + "&subject=" + q + "&outcome=" + q + "&account=" + q).want(200).wantHarmless()
		clerk.get("/tickets?state=" + q + "&topic=" + q + "&overdue=" + q + "&done=" + q).want(200).wantHarmless()
		admin.get("/divisions?as_of=" + q + "&area=" + q).want(200).wantHarmless()
	}
	stats.get("/releases").want(200).says(hostile[0]).wantHarmless()
	stats.get("/releases/" + release.ID.String()).want(200).says(hostile[0]).wantHarmless()
	for user, path := range map[string]string{"stats": "/figures", "town.a": "/facilities", "hotline": "/tickets", "admin": "/accounts", "auditor": "/audit"} {
		s.as(user).get(path).want(200).wantHarmless()
	}
	for _, user := range []string{"admin", "stats", "hotline"} {
		s.as(user).get("/").want(200).wantHarmless()
	}
}
