package web

import "zhucan/internal/access"

// Roles as the list below names them.
const (
	liaison   = access.VillageLiaison
	town      = access.TownOfficer
	cdpf      = access.CDPFReviewer
	civil     = access.CivilAffairsApprover
	finance   = access.FinanceOfficer
	statistic = access.Statistician
	hotline   = access.HotlineClerk
	auditor   = access.Auditor
	admin     = access.Administrator
)

type roles = []access.Role

// pages is every page. To add one, add its file, its template, its texts and its entry here; the matrix in pages_test.go then
// wants to know who sees it.
var pages []page

func init() { // not in the declaration, since pages name each other
	pages = []page{
		{path: "/", file: "home", title: "home.title", roles: access.Roles, menu: true, show: showHome},
	}
}
