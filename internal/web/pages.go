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

		// the offices that decide and pay
		{path: "/queue", file: "queue", title: "queue.title", under: "/", menu: true, roles: roles{town, cdpf, civil}, show: showQueue, asks: map[string]func(*visit) error{"decide": decideTogether}},
		{path: "/queue/:id", file: "review", title: "review.title", under: "/queue", roles: roles{town, cdpf, civil}, show: showReview, acts: map[string]act{"decide": {do: decideCase}}},
		{path: "/applications/:id/form", file: "form-paper", title: "paper.form", under: "/applications/:id", roles: roles{liaison, town, cdpf, civil}, show: showFormPaper,
			asks: map[string]func(*visit) error{"reveal": revealOnForm}},
		{path: "/applications/:id/letter", file: "letter-paper", title: "paper.letter", under: "/applications/:id", roles: roles{liaison, town, cdpf, civil}, show: showLetterPaper},
		{path: "/notices", file: "notices", title: "notices.title", under: "/", menu: true, roles: roles{town, cdpf, civil, auditor}, show: showNotices,
			acts: map[string]act{"publish": {roles: roles{town, cdpf, civil}, do: publishNotice}}},
		{path: "/notices/:id", file: "notice", title: "notice.title", under: "/notices", roles: roles{town, cdpf, civil, auditor}, show: showNotice,
			acts: map[string]act{"object": {roles: roles{town, cdpf, civil}, do: recordObjection}, "answer": {roles: roles{town, cdpf, civil}, do: answerObjection}}},
		{path: "/notices/:id/sheet", file: "notice-sheet", title: "notice.sheet", under: "/notices/:id", roles: roles{town, cdpf, civil, auditor}, show: showNoticeSheet},
		{path: "/rosters", file: "rosters", title: "rosters.title", under: "/", menu: true, roles: roles{town, cdpf, civil, finance, auditor}, show: showRosters,
			acts: map[string]act{"make": {roles: moneyRoles, do: makeRoster}}},
		{path: "/rosters/:id", file: "roster", title: "roster.title", under: "/rosters", roles: roles{town, cdpf, civil, finance, auditor}, files: true, show: showRoster, acts: rosterStepActs(),
			asks: map[string]func(*visit) error{"results": takeResults}},
		{path: "/rosters/:id/file", roles: moneyRoles, title: "roster.title", under: "/rosters/:id", show: showRosterFile},
		{path: "/rosters/:id/sheet", file: "roster-sheet", title: "roster.sheet", under: "/rosters/:id", roles: roles{town, cdpf, civil, finance, auditor}, show: showRosterSheet},
		{path: "/recoveries", file: "recoveries", title: "recoveries.title", under: "/", menu: true, roles: roles{town, cdpf, civil, finance, auditor}, show: showRecoveries},
		{path: "/recoveries/:id", file: "recovery", title: "recovery.title", under: "/recoveries", roles: roles{town, cdpf, civil, finance, auditor}, show: showRecovery, acts: recoveryActs()},
		{path: "/statements", file: "statements", title: "statements.title", under: "/", menu: true, roles: roles{liaison, town, cdpf, civil, auditor}, show: showStatements,
			asks: map[string]func(*visit) error{"decide": decideStatements}},
		{path: "/imports", file: "imports", title: "imports.title", under: "/", menu: true, roles: roles{town, cdpf, civil, auditor}, show: showImports},
		{path: "/imports/new", file: "import-new", title: "imports.new", under: "/imports", roles: roles{town, cdpf, civil}, files: true, show: showNewImport,
			acts: map[string]act{"try": {alone: true, do: handIn(true)}, "take": {alone: true, do: handIn(false)}}},
		{path: "/imports/:id", file: "import", title: "import.title", under: "/imports", roles: roles{town, cdpf, civil}, show: showImport,
			acts: map[string]act{"again": {alone: true, do: takeAgain(false)}, "retry": {alone: true, do: takeAgain(true)}, "undo": {roles: roles{cdpf, civil}, do: undoImport}}},
		{path: "/imports/:id/workbook", title: "import.title", under: "/imports/:id", roles: roles{town, cdpf, civil}, show: showWorkbook},
		{path: "/supervision", file: "board", title: "board.title", under: "/", menu: true, roles: roles{town, cdpf, civil, statistic, auditor}, show: showBoard},
		{path: "/supervision/file", title: "board.title", under: "/supervision", roles: roles{town, cdpf, civil, statistic, auditor}, show: showBoardFile},
		{path: "/persons/:id/ledger", file: "ledger", title: "ledger.title", under: "/persons/:id", roles: roles{liaison, town, cdpf, civil, finance, auditor}, show: showLedger},
	}
}
