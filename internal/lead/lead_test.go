package lead_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"zhucan/internal/access"
	"zhucan/internal/lead"
)

// TestLists: each list is named once, in words of both languages, and each of its reasons too.
func TestLists(t *testing.T) {
	t.Parallel()
	code, seen := regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`), map[string]bool{}
	for i := range lead.All {
		l := &lead.All[i]
		if !regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`).MatchString(l.Name) || seen[l.Name] || l.ZH == "" || l.EN == "" || len(l.Roles) == 0 {
			t.Errorf("%+v is not a list of its own, with words and people", l)
		}
		seen[l.Name] = true
		if lead.Find(l.Name) != l {
			t.Errorf("%s is not found by its name", l.Name)
		}
		for n := range l.Reasons {
			r := &l.Reasons[n]
			if !code.MatchString(r.Code) || r.ZH == "" || r.EN == "" || strings.ContainsAny(r.EN, "，。；") || l.Reason(r.Code) != r {
				t.Errorf("%s: the reason %+v", l.Name, r)
			}
		}
		if l.Reason("NO_SUCH_REASON") != nil {
			t.Errorf("%s has a reason that nobody wrote down", l.Name)
		}
	}
	for _, name := range []string{"", "eligible", "ELIGIBLE_NOT_ENROLLED"} {
		if lead.Find(name) != nil {
			t.Errorf("%q is a list", name)
		}
	}
}

// TestAsked: the lists that the issue asks for are there, with the reasons that tell their cases apart.
func TestAsked(t *testing.T) {
	t.Parallel()
	for name, reasons := range map[string]string{
		"eligible_not_enrolled": "NOT_APPLIED APPLICATION_OPEN AWARD_NOT_PAID", "enrolled_not_eligible": "", "wrong_amount": "UNDERPAID OVERPAID",
		"certificate_expiring": "EXPIRES_IN_6_MONTHS EXPIRES_IN_1_MONTH CERT_EXPIRED", "turning_age": "TURNS_16_PENSION TURNS_16_CARE TURNS_18_UNCERTIFIED TURNS_18_ORPHAN_SUPPORT TURNS_60",
		lead.NoSurvey: "NO_RESPONSE", "duplicate": "SAME_NAME_BIRTH_TOWN SAME_GUARDIAN_NAME SAME_PHONE_NAME", "undeliverable_payment": "PAYMENT_FAILED",
		"retrofit_need": "RETROFIT_NEEDED", "shared_account": "SHARED_ACCOUNT", lead.HomeVisit: "NOT_VISITED NOT_FOUND", lead.ReverificationDue: lead.NotVerified + " VERIFICATION_FAILED",
	} {
		l := lead.Find(name)
		if l == nil {
			t.Errorf("there is no list %s", name)
			continue
		}
		var codes []string
		for _, r := range l.Reasons {
			codes = append(codes, r.Code)
		}
		if got := strings.Join(codes, " "); got != reasons {
			t.Errorf("%s has the reasons %q, want %q", name, got, reasons)
		}
	}
}

// TestRoles: money is worked on by finance too; who shares an account is not looked at by a liaison, who may have made it up himself, nor does he know who is drawn to be visited; who works on a list reads it, an auditor reads all and works on none, and nobody else
// sees any: not who keeps accounts, counts, or answers the telephone.
func TestRoles(t *testing.T) {
	t.Parallel()
	aboutMoney := []string{"enrolled_not_eligible", "wrong_amount", "undeliverable_payment", "shared_account"}
	for i := range lead.All {
		l := &lead.All[i]
		for role, works := range map[access.Role]bool{access.VillageLiaison: l.Name != "shared_account" && l.Name != "home_visit", access.TownOfficer: true, access.CDPFReviewer: true, access.CivilAffairsApprover: true,
			access.FinanceOfficer: slices.Contains(aboutMoney, l.Name), access.Auditor: false, access.Administrator: false, access.Statistician: false, access.HotlineClerk: false} {
			if got := l.WorkedOnBy(role); got != works {
				t.Errorf("%s works on %s: %v, want %v", role, l.Name, got, works)
			}
			if got, want := l.ReadBy(role), works || role == access.Auditor; got != want {
				t.Errorf("%s reads %s: %v, want %v", role, l.Name, got, want)
			}
		}
	}
}
