package web

import (
	"slices"

	"zhucan/internal/access"
	"zhucan/internal/casework"
)

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
	pages = slices.Concat(startPages(), peoplePages(), householdPages(), casePages(), officePages(), listPages(), progressPages(), numberPages(), auditPages(), hotlinePages(), administrationPages())
}

// startPages are those of everybody, and of phones.
func startPages() []page {
	return []page{
		{path: "/", file: "home", title: "home.title", roles: access.Roles, menu: "today", show: showHome},
		{path: "/password", file: "person-form", title: "password.title", under: "/", roles: access.Roles, bare: true, show: showPassword, acts: map[string]act{"change": {alone: true, do: changePassword}}},
		{path: "/second-factor", file: "second-factor", title: "factor.title", under: "/", roles: access.Roles, bare: true, show: showSecondFactor,
			acts: map[string]act{"begin": {alone: true, do: beginSecondFactor}, "confirm": {alone: true, do: confirmSecondFactor}, "end": {alone: true, do: endSecondFactor}}},
		{path: "/act-for", file: "act-for", title: "acting.title", under: "/", roles: hasDeputy, bare: true, show: showActFor, acts: map[string]act{"act": {alone: true, do: actFor}, "end": {alone: true, do: actForOneself}}},
		{path: "/phones", file: "phones", title: "phones.title", under: "/", roles: roles{town, cdpf}, show: showPhones},
		{path: "/phones/:id", file: "phone", title: "phone.title", under: "/phones", roles: roles{town, cdpf}, show: showPhone, acts: map[string]act{"write-off": {do: writeOffPhone}}},
	}
}

// peoplePages are those of the people of a village or town.
func peoplePages() []page {
	return []page{
		{path: "/worklists/:name", file: "worklist", title: "worklist.title", under: "/", roles: roles{liaison, town, cdpf, civil, finance, auditor},
			show: showWorklist, acts: map[string]act{"act": {roles: roles{liaison, town, cdpf, civil, finance}, do: actOnLead}}},
		{path: "/persons", file: "persons", title: "persons.title", under: "/", menu: "people", roles: roles{liaison, town, cdpf, civil, auditor},
			show: showPersons, asks: map[string]func(*visit) error{"search": searchPersons}},
		{path: "/persons/new", file: "person-form", title: "person.new.title", under: "/persons", roles: roles{liaison, town},
			show: showNewPerson, acts: map[string]act{"add": {do: addPerson}}},
		{path: "/persons/:id", file: "record", title: "record.title", under: "/persons", roles: roles{liaison, town, cdpf, civil, auditor}, show: showRecord},
		{path: "/persons/:id/numbers", file: "numbers", title: "numbers.title", under: "/persons/:id", roles: roles{liaison, town, cdpf, civil}, show: showNumbers, asks: map[string]func(*visit) error{"reveal": revealNumbers}},
		{path: "/persons/:id/edit", file: "person-form", title: "person.edit.title", under: "/persons/:id", roles: roles{liaison, town, cdpf},
			show: showEditPerson, acts: map[string]act{"save": {do: savePerson}}},
		{path: "/persons/:id/apply", file: "apply", title: "apply.title", under: "/persons/:id", roles: roles{liaison, town}, files: true,
			show: showApply, acts: map[string]act{"submit": {do: enterApplication(true)}, "draft": {do: enterApplication(false)}}},
		{path: "/persons/:id/survey", file: "survey", title: "survey.title", under: "/persons/:id", roles: roles{liaison, town, cdpf},
			show: showSurvey, acts: map[string]act{"save": {do: saveSurvey}}, asks: map[string]func(*visit) error{"next": askOn}},
		{path: "/persons/:id/services/new", file: "service-new", title: "service.new.title", under: "/persons/:id", roles: roles{liaison, town, cdpf},
			show: showNewService, acts: map[string]act{"open": {do: openService}}},
		{path: "/persons/:id/merge", file: "merge", title: "merge.title", under: "/persons/:id", roles: roles{town, cdpf},
			show: showMerge, asks: map[string]func(*visit) error{"search": searchPersons}, acts: map[string]act{"merge": {do: mergeFiles}}},
		{path: "/persons/:id/merges", file: "merges", title: "merges.title", under: "/persons/:id", roles: roles{liaison, town, cdpf, civil, finance, auditor}, show: showMerges},
		{path: "/merges/:id", file: "merge-done", title: "merge.one.title", under: "/persons", roles: roles{liaison, town, cdpf, civil, finance, auditor},
			show: showOneMerge, acts: map[string]act{"undo": {roles: roles{town, cdpf}, do: undoMerge}}},
		{path: "/persons/:id/facts", file: "facts", title: "facts.title", under: "/persons/:id", roles: roles{liaison, town, cdpf, civil, auditor}, show: showFacts},
		{path: "/persons/:id/facts/new", file: "fact-new", title: "fact.new.title", under: "/persons/:id/facts", roles: roles{liaison, town, cdpf},
			show: ofPerson.showNew, acts: map[string]act{"add": {do: ofPerson.addFact}}},
		{path: "/persons/:id/facts/:fact", file: "fact", title: "fact.title", under: "/persons/:id/facts", roles: roles{liaison, town, cdpf, civil, auditor},
			show: ofPerson.showFact, acts: map[string]act{"end": {roles: roles{liaison, town, cdpf}, do: ofPerson.endFact}, "correct": {roles: roles{liaison, town, cdpf}, do: ofPerson.correctFact}}},
		{path: "/persons/:id/cards/new", file: "card-new", title: "card.new.title", under: "/persons/:id", roles: roles{liaison, town, cdpf},
			show: showNewCard, acts: map[string]act{"add": {do: addCard}}},
		{path: "/persons/:id/cards/:card", file: "card", title: "card.title", under: "/persons/:id", roles: roles{liaison, town, cdpf, civil, auditor},
			show: showCard, acts: map[string]act{"record": {roles: roles{liaison, town, cdpf}, do: recordCardEvent}, "take_back": {roles: roles{liaison, town, cdpf}, do: takeBackCardEvent}}},
		{path: "/persons/:id/payees", file: "payees", title: "payees.title", under: "/persons/:id", roles: roles{liaison, town, cdpf, civil, finance, auditor},
			show: showPayees, acts: map[string]act{"set": {roles: roles{liaison, town}, do: setPayee}}},
		{path: "/persons/:id/awards/:award", file: "award", title: "award.title", under: "/persons/:id", roles: roles{liaison, town, cdpf, civil, finance, auditor}, show: showAward,
			acts: map[string]act{"suspend": {roles: roles{town, cdpf, civil}, do: suspendAward}, "resume": {roles: roles{town, cdpf, civil}, do: resumeAward}, "end": {roles: roles{town, cdpf, civil}, do: endAward},
				"reinstate": {roles: roles{cdpf, civil}, do: reinstateAward}, "void": {roles: roles{civil}, do: voidAward}, "back_pay": {roles: roles{cdpf, civil}, do: grantBackPay}}},
		{path: "/persons/:id/holds", file: "holds", title: "holds.title", under: "/persons/:id", roles: roles{liaison, town, cdpf, civil, finance, auditor}, show: showHolds,
			acts: map[string]act{"place": {roles: roles{town, cdpf, civil}, do: placeHold}, "release": {roles: roles{town, cdpf, civil}, do: releaseHold}}},
		{path: "/persons/:id/verifications", file: "person-verifications", title: "verify.title", under: "/persons/:id", roles: roles{liaison, town, cdpf, civil, auditor},
			show: showPersonVerifications, acts: map[string]act{"record": {roles: roles{liaison, town}, do: recordVerification}}},
		{path: "/persons/:id/home-visits", file: "person-home-visits", title: "homevisit.title", under: "/persons/:id", roles: roles{town, cdpf, civil, auditor},
			show: showHomeVisits, acts: map[string]act{"record": {roles: roles{town, cdpf, civil}, do: recordHomeVisit}}},
		{path: "/verifications", file: "verifications", title: "verifications.title", under: "/", menu: "people", roles: roles{liaison, town, cdpf, civil, auditor},
			show: showVerifications, acts: map[string]act{"by_data": {roles: roles{cdpf, civil}, do: verifyByData}}},
		{path: "/persons/:id/ledger", file: "ledger", title: "ledger.title", under: "/persons/:id", roles: roles{liaison, town, cdpf, civil, finance, auditor}, show: showLedger},
	}
}

// householdPages are those of households.
func householdPages() []page {
	return []page{
		{path: "/households", file: "households", title: "households.title", under: "/", menu: "people", roles: roles{liaison, town, cdpf, civil, auditor}, show: showHouseholds},
		{path: "/households/new", file: "person-form", title: "household.new.title", under: "/households", roles: roles{liaison, town, cdpf}, show: showNewHousehold, acts: map[string]act{"add": {do: addHousehold}}},
		{path: "/households/:id", file: "household", title: "household.title", under: "/households", roles: roles{liaison, town, cdpf, civil, auditor},
			show: showHousehold, acts: map[string]act{"leave": {roles: roles{liaison, town, cdpf}, do: leaveHousehold}, "correct": {roles: roles{liaison, town, cdpf}, do: correctMember},
				"void": {roles: roles{liaison, town, cdpf}, do: voidMember}}},
		{path: "/households/:id/edit", file: "person-form", title: "household.edit.title", under: "/households/:id", roles: roles{liaison, town, cdpf}, show: showEditHousehold, acts: map[string]act{"save": {do: saveHousehold}}},
		{path: "/households/:id/members/new", file: "member-new", title: "member.new.title", under: "/households/:id", roles: roles{liaison, town, cdpf}, show: showNewMember, acts: map[string]act{"join": {do: joinHousehold}}},
		{path: "/households/:id/services/new", file: "service-new", title: "service.new.title", under: "/households/:id", roles: roles{liaison, town, cdpf},
			show: showHouseholdService, acts: map[string]act{"open": {do: openHouseholdService}}},
		{path: "/households/:id/facts/new", file: "fact-new", title: "fact.new.title", under: "/households/:id", roles: roles{liaison, town, cdpf},
			show: ofHousehold.showNew, acts: map[string]act{"add": {do: ofHousehold.addFact}}},
		{path: "/households/:id/facts/:fact", file: "fact", title: "fact.title", under: "/households/:id", roles: roles{liaison, town, cdpf, civil, auditor},
			show: ofHousehold.showFact, acts: map[string]act{"end": {roles: roles{liaison, town, cdpf}, do: ofHousehold.endFact}, "correct": {roles: roles{liaison, town, cdpf}, do: ofHousehold.correctFact}}},
	}
}

// casePages are those of applications and services.
func casePages() []page {
	return []page{
		{path: "/applications", file: "applications", title: "applications.title", under: "/", menu: "cases", roles: roles{liaison, town, cdpf, civil, auditor}, show: showApplications},
		{path: "/applications/:id", file: "application", title: "application.title", under: "/applications", roles: roles{liaison, town, cdpf, civil, auditor}, files: true,
			show: showApplication, acts: map[string]act{"submit": {roles: roles{liaison, town}, do: submitCase}, "resubmit": {roles: roles{liaison, town}, do: resubmitCase}, "redate": {roles: roles{liaison, town}, do: redateCase},
				"withdraw": {roles: roles{liaison, town}, do: withdrawCase}, "renew": {roles: roles{liaison, town}, do: renewStatusCode}, "photos": {roles: roles{liaison, town}, do: addPhotos},
				"pass": {roles: roles{liaison}, do: passCase}, "return": {roles: roles{liaison}, do: returnCase}, "rate": {roles: roles{liaison}, do: rateCase}}},
		{path: "/attachments/:id", roles: roles{liaison, town, cdpf, auditor}, title: "attachment.title", trace: true, show: showAttachment},
		{path: "/services", file: "services", title: "services.title", under: "/", menu: "cases", roles: roles{liaison, town, cdpf, civil, finance, auditor}, show: showServices},
		{path: "/services/:id", file: "service", title: "service.title", under: "/persons", roles: roles{liaison, town, cdpf, civil, finance, auditor},
			show: showService, acts: map[string]act{"rate": {roles: roles{liaison}, do: rateService}, "withdraw": {roles: roles{liaison, town, cdpf}, do: withdrawPhoto}, "void": {roles: roles{liaison, town, cdpf}, do: voidStep},
				"correct": {roles: roles{liaison, town, cdpf}, do: correctService}}},
		{path: "/services/:id/steps/:step", file: "service-step", title: "service.step.title", under: "/services/:id", roles: roles{liaison, town, cdpf}, files: true,
			show: showStep, acts: map[string]act{"take": {do: takeStep}}, asks: map[string]func(*visit) error{"more": askOn}},
	}
}

// officePages are those of the offices that decide and pay.
func officePages() []page {
	return []page{
		{path: "/queue", file: "queue", title: "queue.title", under: "/", menu: "cases", roles: roles{town, cdpf, civil}, show: showQueue, asks: map[string]func(*visit) error{"decide": decideTogether}},
		{path: "/queue/:id", file: "review", title: "review.title", under: "/queue", roles: roles{town, cdpf, civil}, show: showReview, acts: map[string]act{"decide": {do: decideCase}}},
		{path: "/applications/:id/form", file: "form-paper", title: "paper.form", under: "/applications/:id", roles: roles{liaison, town, cdpf, civil}, show: showFormPaper,
			asks: map[string]func(*visit) error{"reveal": revealOnForm}},
		{path: "/applications/:id/letter", file: "letter-paper", title: "paper.letter", under: "/applications/:id", roles: roles{liaison, town, cdpf, civil}, show: showLetterPaper},
		{path: "/notices", file: "notices", title: "notices.title", under: "/", menu: "cases", roles: roles{town, cdpf, civil, auditor}, show: showNotices,
			acts: map[string]act{"publish": {roles: roles{town, cdpf, civil}, do: publishNotice}}},
		{path: "/notices/:id", file: "notice", title: "notice.title", under: "/notices", roles: roles{town, cdpf, civil, auditor}, show: showNotice,
			acts: map[string]act{"object": {roles: roles{town, cdpf, civil}, do: recordObjection}, "answer": {roles: roles{town, cdpf, civil}, do: answerObjection}}},
		{path: "/notices/:id/sheet", file: "notice-sheet", title: "notice.sheet", under: "/notices/:id", roles: roles{town, cdpf, civil, auditor}, show: showNoticeSheet},
		{path: "/rosters", file: "rosters", title: "rosters.title", under: "/", menu: "money", roles: roles{town, cdpf, civil, finance, auditor}, show: showRosters,
			acts: map[string]act{"make": {roles: moneyRoles, do: makeRoster}}},
		{path: "/rosters/:id", file: "roster", title: "roster.title", under: "/rosters", roles: roles{town, cdpf, civil, finance, auditor}, files: true, show: showRoster, acts: rosterStepActs(),
			asks: map[string]func(*visit) error{"results": takeResults}},
		{path: "/rosters/:id/file", roles: moneyRoles, title: "roster.title", under: "/rosters/:id", trace: true, show: showRosterFile},
		{path: "/rosters/:id/sheet", file: "roster-sheet", title: "roster.sheet", under: "/rosters/:id", roles: roles{town, cdpf, civil, finance, auditor}, show: showRosterSheet},
		{path: "/awards", file: "awards", title: "awards.list.title", under: "/", menu: "money", roles: roles{liaison, town, cdpf, civil, finance, auditor}, show: showAwards},
		{path: "/recoveries", file: "recoveries", title: "recoveries.title", under: "/", menu: "money", roles: roles{town, cdpf, civil, finance, auditor}, show: showRecoveries},
		{path: "/recoveries/:id", file: "recovery", title: "recovery.title", under: "/recoveries", roles: roles{town, cdpf, civil, finance, auditor}, show: showRecovery, acts: recoveryActs()},
	}
}

// listPages are those of what other departments send and get.
func listPages() []page {
	return []page{
		{path: "/statements", file: "statements", title: "statements.title", under: "/", menu: "lists", roles: roles{liaison, town, cdpf, civil, auditor}, show: showStatements,
			asks: map[string]func(*visit) error{"decide": decideStatements}},
		{path: "/imports", file: "imports", title: "imports.title", under: "/", menu: "lists", roles: roles{town, cdpf, civil, auditor}, show: showImports},
		{path: "/imports/new", file: "import-new", title: "imports.new", under: "/imports", roles: casework.Importing, files: true, show: showNewImport,
			acts: map[string]act{"try": {alone: true, do: handIn(true)}, "take": {alone: true, do: handIn(false)}}},
		{path: "/imports/:id", file: "import", title: "import.title", under: "/imports", roles: roles{town, cdpf, civil}, show: showImport,
			acts: map[string]act{"again": {alone: true, do: takeAgain(false)}, "retry": {alone: true, do: takeAgain(true)}, "undo": {roles: roles{cdpf, civil}, do: undoImport}, "confirm": {roles: roles{cdpf, civil}, alone: true, do: confirmImport}}},
		{path: "/imports/:id/unmatched", file: "unmatched", title: "unmatched.title", under: "/imports/:id", roles: roles{town, cdpf, civil}, show: showUnmatched},
		{path: "/imports/:id/unmatched/:row", file: "unmatched-row", title: "unmatched.one", under: "/imports/:id/unmatched", roles: roles{town, cdpf, civil},
			show: showOneUnmatched, acts: map[string]act{"choose": {first: readChosenRow, do: chooseCandidate}}},
		{path: "/imports/:id/workbook", title: "import.title", under: "/imports/:id", roles: roles{town, cdpf, civil}, trace: true, show: showWorkbook},
		{path: "/succession", file: "succession", title: "succession.title", under: "/", menu: "lists", roles: roles{town, cdpf}, show: showSuccession, acts: map[string]act{"follow": {alone: true, do: followSuccession}}},
		{path: "/partner-lists", file: "partner-lists", title: "partner.title", under: "/", menu: "lists", roles: roles{cdpf, civil, auditor}, show: showPartnerLists,
			asks: map[string]func(*visit) error{"count": countPartnerList, "take": takePartnerList}},
	}
}

// progressPages are those of how far the work is.
func progressPages() []page {
	return []page{
		{path: "/supervision", file: "board", title: "board.title", under: "/", menu: "numbers", roles: roles{town, cdpf, civil, statistic, auditor}, show: showBoard},
		{path: "/supervision/file", title: "board.title", under: "/supervision", roles: roles{town, cdpf, civil, statistic, auditor}, show: showBoardFile},
		{path: "/surveys/progress", file: "progress", title: "progress.title", under: "/", menu: "numbers", inOf: roles{town, cdpf, statistic, auditor}, roles: roles{liaison, town, cdpf, statistic, auditor}, show: showProgress},
		{path: "/surveys/answers", file: "answers", title: "answers.title", under: "/surveys/progress", roles: roles{liaison, town, cdpf, auditor}, show: showAnswers},
	}
}

// numberPages are those of the indicators.
func numberPages() []page {
	return []page{
		{path: "/indicators", file: "indicators", title: "indicators.title", under: "/", menu: "numbers", roles: roles{liaison, town, cdpf, civil, statistic, auditor}, show: showIndicators},
		{path: "/indicators/more", file: "indicators-more", title: "indicators.more.title", under: "/indicators", roles: roles{liaison, town, cdpf, civil, statistic, auditor}, show: showMoreIndicators},
		{path: "/indicators/file", title: "indicators.file.title", roles: roles{liaison, town, cdpf, civil, statistic, auditor}, show: showFiguresFile},
		{path: "/indicators/:key", file: "indicator", title: "indicator.title", under: "/indicators", roles: roles{liaison, town, cdpf, civil, statistic, auditor}, show: showIndicator},
		{path: "/indicators/:key/persons", file: "indicator-persons", title: "names.title", under: "/indicators/:key", roles: roles{liaison, town, cdpf, civil, auditor}, show: showNames},
		{path: "/releases", file: "releases", title: "releases.title", under: "/indicators", menu: "numbers", inOf: roles{statistic, cdpf, finance, auditor}, roles: roles{liaison, town, cdpf, civil, finance, statistic, auditor}, show: showReleases},
		{path: "/releases/new", file: "release-new", title: "release.new.title", under: "/releases", roles: roles{cdpf, statistic}, show: showNewRelease, acts: map[string]act{"seal": {do: sealRelease}}},
		{path: "/releases/:id", file: "release", title: "release.title", under: "/releases", roles: roles{liaison, town, cdpf, civil, finance, statistic, auditor}, show: showRelease},
		{path: "/releases/:id/file", title: "release.file.title", roles: roles{liaison, town, cdpf, civil, finance, statistic, auditor}, trace: true, show: showReleaseFile},
		{path: "/releases/:id/changes", file: "release-changes", title: "changes.title", under: "/releases/:id", roles: roles{town, cdpf, civil, statistic, auditor}, show: showChanges},
		{path: "/releases/:id/changes/:key", file: "release-moved", title: "moved.title", under: "/releases/:id/changes", roles: roles{town, cdpf, civil, auditor}, show: showMoved},
		{path: "/figures", file: "figures", title: "outside.title", under: "/indicators", roles: roles{cdpf, statistic, auditor}, show: showOutsideFigures, acts: map[string]act{"record": {roles: roles{cdpf, statistic}, do: recordFigure}, "withdraw": {roles: roles{cdpf, statistic}, do: withdrawFigure}}},
		{path: "/facilities", file: "facilities", title: "facilities.title", under: "/indicators", roles: roles{town, cdpf, statistic, auditor}, show: showFacilities, acts: map[string]act{"add": {roles: roles{town, cdpf}, do: addFacility}, "inspect": {roles: roles{town, cdpf}, do: inspectFacility}}},
		{path: "/facilities/:id", file: "facility", title: "facility.title", under: "/facilities", roles: roles{town, cdpf, statistic, auditor}, show: showFacility, acts: map[string]act{"correct": {roles: roles{town, cdpf}, do: correctFacility},
			"remove": {roles: roles{town, cdpf}, do: removeFacility}, "amend": {roles: roles{town, cdpf}, do: amendInspection}, "cancel": {roles: roles{town, cdpf}, do: cancelInspection}}},
	}
}

// auditPages are those of who looks over the others.
func auditPages() []page {
	return []page{
		{path: "/audit", file: "audit", title: "audit.title", under: "/", menu: "oversight", roles: roles{auditor}, show: showAudit, asks: map[string]func(*visit) error{"by": auditBy}},
		{path: "/audit/verify", file: "audit-verify", title: "chain.title", under: "/audit", roles: roles{auditor}, show: showChain, asks: map[string]func(*visit) error{"verify": verifyChain}},
		{path: "/audit/:seq", file: "audit-entry", title: "audit.entry.title", under: "/audit", roles: roles{auditor}, show: showEntry},
		{path: "/exports", file: "exports", title: "taken.title", under: "/", menu: "oversight", roles: roles{auditor}, show: showTaken},
		{path: "/ratings", file: "ratings", title: "ratings.title", under: "/", menu: "numbers", roles: roles{town, cdpf, civil, auditor}, show: showRatings},
	}
}

// hotlinePages are those of what people bring.
func hotlinePages() []page {
	return []page{
		{path: "/lookup", file: "lookup", title: "lookup.title", under: "/", menu: "people", roles: roles{hotline}, show: showLookup, asks: map[string]func(*visit) error{"search": searchPersons}},
		{path: "/lookup/:id", file: "lookup-person", title: "rating.enter", under: "/lookup", roles: roles{hotline}, show: showRateable, acts: map[string]act{"rate": {do: rateFound}}},
		{path: "/tickets", file: "tickets", title: "tickets.title", under: "/", menu: "cases", roles: roles{hotline, town, cdpf, civil, auditor}, show: showTickets},
		{path: "/tickets/new", file: "ticket-new", title: "ticket.new.title", under: "/tickets", roles: roles{hotline}, show: showNewTicket, acts: map[string]act{"receive": {do: receiveTicket}}},
		{path: "/tickets/:id", file: "ticket", title: "ticket.title", under: "/tickets", roles: roles{hotline, town, cdpf, civil, auditor}, show: showTicket, asks: map[string]func(*visit) error{"reveal": revealCaller}, acts: ticketActs},
	}
}

// administrationPages are those of accounts, divisions and rules.
func administrationPages() []page {
	return []page{
		{path: "/accounts", file: "accounts", title: "accounts.title", under: "/", menu: "office", roles: roles{admin}, show: showAccounts},
		{path: "/accounts/new", file: "account-new", title: "account.new.title", under: "/accounts", roles: roles{admin}, show: showNewAccount, acts: map[string]act{"add": {do: addAccount}}},
		{path: "/accounts/:id", file: "account", title: "account.title", under: "/accounts", roles: roles{admin}, show: showAccount, acts: map[string]act{"save": {do: saveAccount}, "disable": {do: turnAccount(true)}, "enable": {do: turnAccount(false)}, "reset": {do: resetPassword}, "factor": {do: takeFactorAway}}},
		{path: "/deputies", file: "deputies", title: "deputies.title", under: "/", menu: "office", roles: roles{admin}, show: showDeputies, acts: map[string]act{"depute": {do: depute}, "end": {do: endDeputation}}},
		{path: "/divisions", file: "divisions", title: "divisions.title", under: "/", menu: "office", roles: roles{admin}, files: true, show: showDivisions, acts: map[string]act{"import": {do: importDivisions}}, asks: map[string]func(*visit) error{"try": tryDivisions}},
		{path: "/policies", file: "policies", title: "policies.title", under: "/", menu: "rules", inOf: roles{admin, auditor, finance}, roles: roles{cdpf, civil, finance, auditor, admin}, show: showPolicies},
		{path: "/policies/new", file: "policy-new", title: "policy.new.title", under: "/policies", roles: roles{admin}, files: true, show: showNewPolicy, acts: map[string]act{"rates": {do: proposeRates}, "document": {do: proposeDocument}}, asks: map[string]func(*visit) error{"simulate": simulateRates}},
		{path: "/policies/try", file: "policy-new", title: "policy.try.title", under: "/policies", roles: roles{cdpf, civil, finance}, show: showTryRates, asks: map[string]func(*visit) error{"simulate": simulateRates}},
		{path: "/policies/:id", file: "policy", title: "policy.title", under: "/policies", roles: roles{cdpf, civil, finance, auditor, admin}, show: showPolicy, acts: map[string]act{"activate": {roles: roles{admin}, do: activatePack}}, asks: map[string]func(*visit) error{"simulate": simulatePack}},
		{path: "/calendars", file: "calendars", title: "calendars.title", under: "/", menu: "rules", inOf: roles{admin}, roles: roles{liaison, town, cdpf, civil, finance, auditor, admin}, show: showCalendars, acts: map[string]act{"record": {roles: roles{admin}, do: recordCalendar}}},
		{path: "/webhooks", file: "webhooks", title: "webhooks.title", under: "/", menu: "rules", roles: roles{admin}, show: showWebhooks, acts: map[string]act{"register": {do: registerWebhook}}},
		{path: "/webhooks/:id", file: "webhook", title: "webhook.title", under: "/webhooks", roles: roles{admin}, show: showWebhook, acts: map[string]act{"pause": {do: turnWebhook(true)}, "resume": {do: turnWebhook(false)}, "delete": {do: deleteWebhook}, "retry": {do: retryDelivery}}},
	}
}
