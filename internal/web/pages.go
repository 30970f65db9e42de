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
		{path: "/phones", file: "phones", title: "phones.title", under: "/", roles: roles{town, cdpf}, show: showPhones},

		// village and town
		{path: "/worklists/:name", file: "worklist", title: "worklist.title", under: "/", roles: roles{liaison, town, cdpf, civil, finance, auditor},
			show: showWorklist, acts: map[string]act{"act": {roles: roles{liaison, town, cdpf, civil, finance}, do: actOnLead}}},
		{path: "/persons", file: "persons", title: "persons.title", under: "/", menu: true, roles: roles{liaison, town, cdpf, civil, auditor},
			show: showPersons, asks: map[string]func(*visit) error{"search": searchPersons}},
		{path: "/persons/new", file: "person-form", title: "person.new.title", under: "/persons", roles: roles{liaison, town},
			show: showNewPerson, acts: map[string]act{"add": {do: addPerson}}},
		{path: "/persons/:id", file: "record", title: "record.title", under: "/persons", roles: roles{liaison, town, cdpf, civil, auditor}, show: showRecord},
		{path: "/persons/:id/edit", file: "person-form", title: "person.edit.title", under: "/persons/:id", roles: roles{liaison, town, cdpf},
			show: showEditPerson, acts: map[string]act{"save": {do: savePerson}}},
		{path: "/persons/:id/apply", file: "apply", title: "apply.title", under: "/persons/:id", roles: roles{liaison, town}, files: true,
			show: showApply, acts: map[string]act{"submit": {do: enterApplication(true)}, "draft": {do: enterApplication(false)}}},
		{path: "/persons/:id/survey", file: "survey", title: "survey.title", under: "/persons/:id", roles: roles{liaison, town, cdpf},
			show: showSurvey, acts: map[string]act{"save": {do: saveSurvey}}, asks: map[string]func(*visit) error{"next": askOn}},
		{path: "/persons/:id/services/new", file: "service-new", title: "service.new.title", under: "/persons/:id", roles: roles{liaison, town, cdpf},
			show: showNewService, acts: map[string]act{"open": {do: openService}}},
		{path: "/applications", file: "applications", title: "applications.title", under: "/", menu: true, roles: roles{liaison, town, cdpf, civil, auditor}, show: showApplications},
		{path: "/applications/:id", file: "application", title: "application.title", under: "/applications", roles: roles{liaison, town, cdpf, civil, auditor}, files: true,
			show: showApplication, acts: map[string]act{"submit": {roles: roles{liaison, town}, do: submitCase}, "resubmit": {roles: roles{liaison, town}, do: resubmitCase},
				"withdraw": {roles: roles{liaison, town}, do: withdrawCase}, "photos": {roles: roles{liaison, town}, do: addPhotos},
				"pass": {roles: roles{liaison}, do: passCase}, "return": {roles: roles{liaison}, do: returnCase}}},
		{path: "/attachments/:id", roles: roles{liaison, town, cdpf, auditor}, title: "attachment.title", show: showAttachment},
		{path: "/services/:id", file: "service", title: "service.title", under: "/persons", roles: roles{liaison, town, cdpf, civil, finance, auditor}, show: showService},
		{path: "/services/:id/steps/:step", file: "service-step", title: "service.step.title", under: "/services/:id", roles: roles{liaison, town, cdpf}, files: true,
			show: showStep, acts: map[string]act{"take": {do: takeStep}}, asks: map[string]func(*visit) error{"more": askOn}},
	}
}
