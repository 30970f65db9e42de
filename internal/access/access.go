// Package access says who acts: the roles of the offices, the account behind a request and the area it reaches.
package access

import (
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/area"
)

// Role is what an account may do. Each account has exactly one.
type Role string

// The roles of the offices of village, town and district, and System, which no account has: the command line, and the service by itself.
const (
	VillageLiaison       Role = "village_liaison"        // 村居专职委员
	TownOfficer          Role = "town_officer"           // 镇办专职干事
	CDPFReviewer         Role = "cdpf_reviewer"          // 县残联
	CivilAffairsApprover Role = "civil_affairs_approver" // 县民政
	FinanceOfficer       Role = "finance_officer"
	Statistician         Role = "statistician"
	HotlineClerk         Role = "hotline_clerk"
	Auditor              Role = "auditor"
	Administrator        Role = "administrator"
	System               Role = "system"
)

// Roles lists every role that an account may have.
var Roles = []Role{VillageLiaison, TownOfficer, CDPFReviewer, CivilAffairsApprover, FinanceOfficer,
	Statistician, HotlineClerk, Auditor, Administrator}

// Valid reports whether r is a role that an account may have.
func (r Role) Valid() bool { return slices.Contains(Roles, r) }

// SeesPersons reports whether r ever sees a person. A statistician sees numbers only and an administrator no case
// data at all; row security then hides every person row from them, whatever a query says.
func (r Role) SeesPersons() bool { return r != Statistician && r != Administrator }

// Actor is who acts, with the rights as they are at this moment: they are read from the database for each request.
type Actor struct {
	AccountID uuid.UUID // zero for System
	ActingFor uuid.UUID // whose role and area a deputy has; zero: one's own
	Principal string    // his name
	SessionID uuid.UUID
	Username  string
	Name      string
	Role      Role
	Area      area.Code // empty for System: the whole register
	RequestID string

	SecondFactor bool // shown when the session was opened, and not given up since
}

// SystemActor is the command line, or the service by itself, acting on the whole register.
func SystemActor() Actor { return Actor{Role: System, Username: "system"} }

// Covers reports whether c lies in the actor's area.
func (a Actor) Covers(c area.Code) bool { return a.Role == System || a.Area.Contains(c) }
