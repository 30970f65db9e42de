package ticket_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/calendar/workdays"
	"zhucan/internal/fault"
	"zhucan/internal/ticket"
)

var (
	noon   = time.Date(2023, 5, 5, 4, 0, 0, 0, time.UTC) // Friday before a make-up Saturday
	clerk  = access.Actor{AccountID: uuid.UUID{1}, Role: access.HotlineClerk, Area: "370305"}
	town   = access.Actor{AccountID: uuid.UUID{2}, Role: access.TownOfficer, Area: "370305001"}
	other  = access.Actor{AccountID: uuid.UUID{3}, Role: access.TownOfficer, Area: "370305111"}
	cdpf   = access.Actor{AccountID: uuid.UUID{4}, Role: access.CDPFReviewer, Area: "370305"}
	actors = []access.Actor{clerk, town, other, cdpf}
	limits = map[string]int{"advice": 5, "complaint": 15, "petition": 15, "call_back": 3}
)

func unit(a access.Actor) ticket.Unit { return ticket.Unit{Area: a.Area, Role: a.Role} }

func received(t interface{ Fatal(...any) }, anonymous bool) ticket.Ticket {
	k := ticket.Ticket{Kind: "advice", Anonymous: anonymous, Text: "x"}
	if !anonymous {
		k.Caller = ticket.Caller{Name: "金丝雀", Phone: "19900001234"}
	}
	k, err := ticket.Receive(k, clerk, noon, 366)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// way is the whole table of rules once more, written as what may follow what and by whose hand.
var way = map[ticket.State]map[string]string{
	ticket.Received: {"assign": "clerk"}, ticket.Returned: {"assign": "clerk"},
	ticket.Assigned: {"forward": "clerk unit", "return": "unit", "reply": "unit"},
	ticket.Answered: {"call_back": "clerk", "close": "clerk"}, ticket.CalledBack: {"close": "clerk"},
	ticket.Closed: {"reopen": "clerk", "archive": "clerk"}, ticket.Archived: {},
}

// TestAnyWay takes any steps by anybody: only those of the table are taken, nothing closes before the caller was asked, and what
// Next offers is what can be taken.
func TestAnyWay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := received(t, rapid.Bool().Draw(t, "anonymous"))
		asked := ""
		for i := range rapid.IntRange(1, 30).Draw(t, "steps") {
			who := rapid.SampledFrom(actors).Draw(t, "who")
			d := ticket.Deed{Step: rapid.SampledFrom([]string{"assign", "forward", "return", "reply", "call_back", "close", "reopen", "archive"}).Draw(t, "step"), Text: "x"}
			if d.Step == "assign" || d.Step == "forward" {
				d.Unit = unit(rapid.SampledFrom(actors[1:]).Draw(t, "unit"))
			}
			if d.Step == "call_back" {
				d.Result = rapid.SampledFrom([]string{ticket.Satisfied, ticket.FairlySatisfied, ticket.Dissatisfied}).Draw(t, "result")
			}
			before, offered := k, slices.Contains(k.Next(who), d.Step)
			hands := way[k.State][d.Step]
			may := strings.Contains(hands, "clerk") && who.Role == access.HotlineClerk || strings.Contains(hands, "unit") && unit(who) == k.Unit
			may = may && (d.Step != "call_back" || !k.Anonymous) && (d.Step != "close" || k.State != ticket.Answered || k.Anonymous)
			if offered != may {
				t.Fatalf("%s in %s is offered to %s: %v", d.Step, k.State, who.Role, offered)
			}
			err := k.Take(who, d, noon.AddDate(0, 0, i))
			if taken := err == nil; taken != (may && (d.Unit == ticket.Unit{} || d.Unit != before.Unit)) {
				t.Fatalf("%s in %s by %s: %v", d.Step, before.State, who.Role, err)
			}
			if err != nil {
				if fmt.Sprint(k) != fmt.Sprint(before) {
					t.Fatal("a refused step changed the ticket")
				}
				continue
			}
			switch d.Step {
			case "call_back":
				asked = d.Result
			case "reopen":
				asked = ""
			}
			if k.State == ticket.Closed && !k.Anonymous && asked != ticket.Satisfied && asked != ticket.FairlySatisfied {
				t.Fatalf("closed after %q", asked)
			}
			if (k.Unit == ticket.Unit{}) != (k.State == ticket.Received || k.State == ticket.Returned) || (k.Limit == "") != (k.State == ticket.Closed || k.State == ticket.Archived) ||
				len(k.Steps) != len(before.Steps)+1 || k.Steps[len(k.Steps)-1].From != before.State || k.Steps[len(k.Steps)-1].To != k.State {
				t.Fatalf("after %s: %+v", d.Step, k)
			}
		}
	})
}

func TestClock(t *testing.T) {
	t.Parallel()
	k := received(t, false)
	at := func(day string) string {
		c := k.ClockOn(calendar.MustDate(day), workdays.Builtin(), limits)
		return fmt.Sprint(c.DueOn, " ", c.DaysLeft)
	}
	// Saturday 6 May is worked: 6, 8, 9, 10, 11 May are the five
	for day, want := range map[string]string{"2023-05-05": "2023-05-11 5", "2023-05-06": "2023-05-11 4", "2023-05-11": "2023-05-11 0", "2023-05-12": "2023-05-11 -1"} {
		if got := at(day); got != want {
			t.Errorf("on %s: %s, want %s", day, got, want)
		}
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		unit ticket.Unit
		code string
	}{
		{unit(town), ""}, {unit(cdpf), ""}, {ticket.Unit{Area: "370305", Role: access.CivilAffairsApprover}, ""}, {ticket.Unit{Area: "370305", Role: access.TownOfficer}, "NO_SUCH_UNIT"},
		{ticket.Unit{Area: "370305001", Role: access.CDPFReviewer}, "NO_SUCH_UNIT"}, {ticket.Unit{Area: "370304001", Role: access.TownOfficer}, "NO_SUCH_UNIT"},
		{ticket.Unit{Area: "370305001005", Role: access.VillageLiaison}, "NO_SUCH_UNIT"}, {ticket.Unit{Area: "370305", Role: access.FinanceOfficer}, "NO_SUCH_UNIT"},
	} {
		k := received(t, false)
		err := k.Take(clerk, ticket.Deed{Step: "assign", Unit: tt.unit}, noon)
		var f *fault.Error
		if errors.As(err, &f); tt.code == "" && err != nil || tt.code != "" && (f == nil || f.Code != tt.code) {
			t.Errorf("%v: %v, want %q", tt.unit, err, tt.code)
		}
	}
}
