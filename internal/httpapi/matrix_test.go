package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"zhucan/api"
)

// Short names of the roles in the table below.
const (
	liaison = "village_liaison"
	town    = "town_officer"
	cdpf    = "cdpf_reviewer"
	civil   = "civil_affairs_approver"
	finance = "finance_officer"
	stats   = "statistician"
	hotline = "hotline_clerk"
	auditor = "auditor"
	admin   = "administrator"
)

var everybody = []string{liaison, town, cdpf, civil, finance, stats, hotline, auditor, admin}

// mayCall is the expectation, written from the roles of the offices and not from the contract. An operation that is
// not here fails the test. An empty list means: without signing in.
var mayCall = map[string][]string{
	"login": {}, "refresh": {}, "getOpenAPI": {}, "getDocs": {}, "getHealth": {}, "getReadiness": {}, "getMetrics": {}, "getDemoClock": {}, "setDemoClock": {},
	"logout": everybody, "getMe": everybody, "changePassword": everybody, "getSecondFactor": everybody, "beginSecondFactor": everybody, "confirmSecondFactor": everybody, "endSecondFactor": everybody, "listAreas": everybody, "getArea": everybody, "importAreas": {admin}, "followSuccession": {town, cdpf}, "getSuccession": {town, cdpf},
	"listAccounts": {admin}, "createAccount": {admin}, "updateAccount": {admin},
	"listDeputations": {admin}, "addDeputation": {admin}, "endDeputation": {admin}, "listMyDeputations": {liaison, town, cdpf, civil, finance}, "actFor": {liaison, town, cdpf, civil, finance},
	"listPhones": {town, cdpf}, "writeOffPhone": {town, cdpf},
	"createPerson": {liaison, town}, "updatePerson": {liaison, town, cdpf}, "mergePerson": {town, cdpf}, "undoMerge": {town, cdpf},
	"listPersonMerges": {liaison, town, cdpf, civil, finance, auditor}, "getMerge": {liaison, town, cdpf, civil, finance, auditor},
	"listUnmatchedRows": {town, cdpf, civil}, "getUnmatchedRow": {town, cdpf, civil}, "chooseCandidate": {town, cdpf, civil},
	"listPersons":   {liaison, town, cdpf, civil, auditor},
	"searchPersons": {liaison, town, cdpf, civil, hotline, auditor}, "getPerson": {liaison, town, cdpf, civil, hotline, auditor},
	"getPersonRecord": {liaison, town, cdpf, civil, auditor}, "getEligibility": {liaison, town, cdpf, civil, auditor},
	"revealPerson":   {liaison, town, cdpf, civil},
	"addCertificate": {liaison, town, cdpf}, "addCertificateEvent": {liaison, town, cdpf}, "takeBackCertificateEvent": {liaison, town, cdpf},
	"listCircumstances": {liaison, town, cdpf, civil, auditor}, "addCircumstance": {liaison, town, cdpf},
	"endCircumstance": {liaison, town, cdpf}, "correctCircumstance": {liaison, town, cdpf},
	"listHolds": {liaison, town, cdpf, civil, finance, auditor}, "placeHold": {town, cdpf, civil}, "releaseHold": {town, cdpf, civil},
	"createApplication": {liaison, town}, "submitApplication": {liaison, town}, "withdrawApplication": {liaison, town}, "resubmitApplication": {liaison, town}, "correctApplication": {liaison, town},
	"explainApplication": {liaison, town, cdpf, civil}, "listApplicationAttachments": {liaison, town, cdpf, auditor}, "addApplicationAttachment": {liaison, town},
	"listApplications": {liaison, town, cdpf, civil, auditor}, "getApplication": {liaison, town, cdpf, civil, auditor},
	"checkApplication": {liaison}, "decideApplication": {town, cdpf, civil}, "decideApplications": {town, cdpf, civil}, "listAwards": {liaison, town, cdpf, civil, finance, auditor},
	"listIndicators": {liaison, town, cdpf, civil, stats, auditor}, "getIndicatorValues": {liaison, town, cdpf, civil, stats, auditor},
	"listIndicatorPersons": {liaison, town, cdpf, civil, auditor}, "getIndicatorTrend": {liaison, town, cdpf, civil, stats, auditor},
	"listExternalFigures": {cdpf, stats, auditor}, "recordExternalFigure": {cdpf, stats},
	"listIndicatorReleases": {liaison, town, cdpf, civil, finance, stats, auditor}, "sealIndicatorRelease": {cdpf, stats},
	"getIndicatorRelease": {liaison, town, cdpf, civil, finance, stats, auditor}, "getIndicatorReleaseFile": {liaison, town, cdpf, civil, finance, stats, auditor},
	"listIndicatorReleaseChanges": {town, cdpf, civil, stats, auditor}, "listIndicatorReleaseChangePersons": {town, cdpf, civil, auditor},
	"listFacilities": {town, cdpf, stats, auditor}, "createFacility": {town, cdpf}, "inspectFacility": {town, cdpf},
	"getFacility": {town, cdpf, stats, auditor}, "correctFacility": {town, cdpf}, "correctInspection": {town, cdpf}, "withdrawExternalFigure": {cdpf, stats},
	"searchRegistry": {cdpf, civil}, "askDisabled": {cdpf, civil}, "getDisabilityDetails": {cdpf, civil}, "getDisabilitySupport": {cdpf, civil},
	"listServices": {liaison, town, cdpf, civil, finance, auditor}, "getService": {liaison, town, cdpf, civil, finance, auditor}, "openService": {liaison, town, cdpf},
	"takeServiceStep": {liaison, town, cdpf}, "voidServiceStep": {liaison, town, cdpf}, "correctService": {liaison, town, cdpf}, "listServiceChains": {liaison, town, cdpf, civil, finance, stats, auditor},
	"listAttachments": {liaison, town, cdpf, auditor}, "addAttachment": {liaison, town, cdpf}, "getAttachment": {liaison, town, cdpf, auditor}, "withdrawAttachment": {liaison, town, cdpf},
	"getQuestionnaire": {liaison, town, cdpf}, "listSurveyResponses": {liaison, town, cdpf, auditor}, "answerSurvey": {liaison, town, cdpf},
	"getSurveyProgress": {liaison, town, cdpf, auditor, stats},
	"listHouseholds":    {liaison, town, cdpf, civil, auditor}, "getHousehold": {liaison, town, cdpf, civil, auditor}, "createHousehold": {liaison, town, cdpf}, "getHouseholdHardships": {liaison, town, cdpf, civil, auditor},
	"updateHousehold": {liaison, town, cdpf}, "addHouseholdMember": {liaison, town, cdpf}, "endHouseholdMember": {liaison, town, cdpf},
	"correctHouseholdMember":   {liaison, town, cdpf},
	"addHouseholdCircumstance": {liaison, town, cdpf}, "correctHouseholdCircumstance": {liaison, town, cdpf},
	"suspendAward": {town, cdpf, civil}, "resumeAward": {town, cdpf, civil}, "endAward": {town, cdpf, civil}, "reinstateAward": {cdpf, civil}, "voidAward": {civil},
	"grantBackPay": {cdpf, civil}, "getLedger": {liaison, town, cdpf, civil, finance, auditor}, "listPayees": {liaison, town, cdpf, civil, finance, auditor},
	"setPayee": {liaison, town}, "listRosters": {town, cdpf, civil, finance, auditor}, "getRoster": {town, cdpf, civil, finance, auditor},
	"listRosterLines": {town, cdpf, civil, finance, auditor}, "createRoster": {cdpf, civil, finance}, "calculateRoster": {cdpf, civil, finance},
	"checkRoster": {cdpf, civil, finance}, "lockRoster": {cdpf, civil, finance}, "sendRoster": {cdpf, civil, finance}, "closeRoster": {cdpf, civil, finance},
	"getNotice": {}, "getNoticeSheet": {}, "listNotices": {town, cdpf, civil, auditor}, "publishNotice": {town, cdpf, civil},
	"listObjections": {town, cdpf, civil, auditor}, "addObjection": {town, cdpf, civil}, "answerObjection": {town, cdpf, civil},
	"getRosterFile": {cdpf, civil, finance}, "takeRosterResults": {finance}, "returnPayment": {finance},
	"cancelRoster": {cdpf, civil, finance}, "listRecoveries": {town, cdpf, civil, finance, auditor}, "getRecovery": {town, cdpf, civil, finance, auditor},
	"addRecoveryEvent":        {cdpf, civil, finance},
	"listPersonVerifications": {liaison, town, cdpf, civil, auditor}, "listVerifications": {liaison, town, cdpf, civil, auditor},
	"getVerificationProgress": {liaison, town, cdpf, civil, auditor}, "addVerification": {liaison, town}, "verifyByData": {cdpf, civil},
	"listHomeVisits": {town, cdpf, civil, auditor}, "addHomeVisit": {town, cdpf, civil},
	"listWorklists": {liaison, town, cdpf, civil, finance, auditor}, "listLeads": {liaison, town, cdpf, civil, finance, auditor}, "addLeadAction": {liaison, town, cdpf, civil, finance},
	"listPolicies": {cdpf, civil, finance, auditor, admin}, "getPolicy": {cdpf, civil, finance, auditor, admin}, "proposePolicy": {admin}, "activatePolicy": {admin},
	"simulatePolicy": {cdpf, civil, finance, admin}, "listCalendars": {liaison, town, cdpf, civil, finance, auditor, admin}, "recordCalendar": {admin},
	"createImport": {town, cdpf, civil}, "getImport": {town, cdpf, civil}, "listImports": {town, cdpf, civil, auditor}, "listImportKinds": {town, cdpf, civil},
	"getImportWorkbook": {town, cdpf, civil}, "listImportChanges": {town, cdpf, civil}, "importAgain": {town, cdpf, civil}, "undoImport": {cdpf, civil}, "confirmImport": {cdpf, civil},
	"listListStatements": {liaison, town, cdpf, civil, auditor}, "decideListStatement": {town, cdpf, civil}, "listAuditEvents": {auditor}, "findAuditedAccount": {auditor}, "verifyAudit": {auditor},
	"listChanges":  {cdpf, civil, auditor}, // not the administrator: no case data
	"listWebhooks": {admin}, "registerWebhook": {admin}, "getWebhook": {admin}, "pauseWebhook": {admin}, "deleteWebhook": {admin}, "listWebhookDeliveries": {admin},
	"retryWebhookDelivery": {admin}, "listPartnerLists": {cdpf, civil, auditor}, "exportPartnerList": {cdpf, civil}, "countPartnerList": {cdpf, civil}, "listExports": {auditor},
	"listTicketTopics": {hotline, town, cdpf, civil, auditor}, "listTickets": {hotline, town, cdpf, civil, auditor}, "getTicket": {hotline, town, cdpf, civil, auditor},
	"receiveTicket": {hotline}, "takeTicketStep": {hotline, town, cdpf, civil}, "revealTicketCaller": {hotline},
	"rateApplication": {liaison, hotline}, "rateService": {liaison, hotline}, "listRateable": {liaison, hotline}, "listRatings": {town, cdpf, civil, auditor}, "renewStatusCode": {liaison, town},
	"getApplicationStatus": {}, "rateByCode": {}, "getSupervision": {town, cdpf, civil, stats, auditor},
}

// inside and outside are, for each role, a user whose area holds the test's person and one whose area does not. Roles
// of the district have nobody outside it.
var inside = map[string]string{liaison: "liaison.a", town: "town.a", cdpf: "cdpf", civil: "civil", finance: "finance", stats: "stats", hotline: "hotline", auditor: "auditor", admin: "admin"}
var outside = map[string][]string{liaison: {"liaison.b", "liaison.c"}, town: {"town.c"}}

// TestAuthorizationMatrix asks every operation as every role, inside and outside the area, and as nobody.
func TestAuthorizationMatrix(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := s.matrixFixture()
	doc, err := openapi3.NewLoader().LoadFromData(api.Document)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			id := op.OperationID
			allowed, known := mayCall[id]
			if !known {
				t.Errorf("operation %s has no expectation", id)
				continue
			}
			asked[id] = true
			if len(allowed) == 0 || id == "logout" {
				continue
			}
			m.ask(t, id, method, path, allowed)
		}
	}
	for id := range mayCall {
		if !asked[id] {
			t.Errorf("expectation for %s, which the contract does not name", id)
		}
	}
}

// fixture has one record of every kind in village A.
type fixture struct {
	s                                              *service
	person, certificate, circumstance, application string
	importID, account                              string
	household, facility, service, ticket           string
}

func (s *service) matrixFixture() fixture {
	s.t.Helper()
	p := s.person("liaison.a", villageA, 7, 1).want(201)
	f := fixture{s: s, person: p.text("id"), importID: uuid.NewString(), account: uuid.NewString()}
	f.certificate = p.json()["certificates"].([]any)[0].(map[string]any)["id"].(string)
	f.circumstance = s.do("liaison.a", "POST", "/persons/"+f.person+"/circumstances", map[string]any{"kind": "dibao", "value": true, "valid_from": "2022-01-01", "source": "x"}).want(201).text("id")
	f.application = s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": f.person, "programme": "living_allowance", "applied_on": "2023-03-28",
		"applicant": map[string]any{"relation": "self"}}).want(201).text("id")
	f.household = s.do("liaison.a", "POST", "/households", map[string]any{"area_code": villageA}).want(201).text("id")
	f.service = s.do("liaison.a", "POST", "/services", map[string]any{"kind": "device", "person_id": f.person,
		"need": map[string]any{"item": "120312", "mode": "grant", "pieces": 1}}).want(201).text("id")
	f.facility = s.do("town.a", "POST", "/facilities", map[string]any{"area_code": villageA, "name": "闻韶街道便民服务中心", "kind": "government"}).want(201).text("id")
	f.ticket = s.assigned(s.brought("complaint", "rehab", ""), townA, town).text("id")
	return f
}

// target is the path of an operation on the fixture.
func (f fixture) target(path string) string {
	id := f.person
	switch {
	case strings.HasPrefix(path, "/certificates/"):
		id = f.certificate
	case strings.HasPrefix(path, "/circumstances/"):
		id = f.circumstance
	case strings.HasPrefix(path, "/applications/"):
		id = f.application
	case strings.HasPrefix(path, "/imports/"):
		id = f.importID
	case strings.HasPrefix(path, "/accounts/"):
		id = f.account
	case strings.HasPrefix(path, "/services/"):
		id = f.service
	case strings.HasPrefix(path, "/tickets/"):
		id = f.ticket
	case strings.HasPrefix(path, "/households/"):
		id = f.household
	case strings.HasPrefix(path, "/facilities/"):
		id = f.facility
	case strings.HasPrefix(path, "/indicators/"):
		id = "nursing_subsidy_coverage"
	}
	return replaceID(path, id)
}

// bodies are good bodies whose version is old, so that an allowed write ends in 412 and changes nothing.
var bodies = map[string]any{
	"updatePerson": map[string]any{"phone": "19900001234"}, "addCertificateEvent": map[string]any{"event": "FREEZE", "on": "2023-03-01"},
	"endCircumstance":     map[string]any{"valid_to": "2023-03-01"},
	"correctCircumstance": map[string]any{"source": "x", "reason": "y"}, "decideApplication": map[string]any{"decision": "approve"},
	"updateAccount":   map[string]any{"disabled": true},
	"revealPerson":    map[string]any{"fields": []string{"phone"}, "reason": "回访"},
	"addCircumstance": map[string]any{"kind": "veteran", "value": "nonsense", "valid_from": "2022-01-01", "source": "x"},
	"suspendAward":    map[string]any{"from_month": "2023-03", "reason": "x"}, "resumeAward": map[string]any{"from_month": "2023-03", "back_pay": true},
	"endAward": map[string]any{"last_month": "2023-03", "reason": "x"}, "reinstateAward": map[string]any{"from_month": "2023-04", "document": "y", "reason": "x"}, "voidAward": map[string]any{"reason": "x"},
	"decideApplications": map[string]any{"items": []any{}, "decision": "approve"}, "grantBackPay": map[string]any{"months": 1, "reason": "x"}, "addRecoveryEvent": map[string]any{"event": "notify"},
	"setPayee": map[string]any{"holder": "别人", "relation": "self", "account": "6222000011112222"}, "createRoster": map[string]any{"month": "2099-01"}, "publishNotice": map[string]any{}, "answerObjection": map[string]any{"outcome": "dismissed", "answer": "x"},
	"addLeadAction":   map[string]any{"person_id": someID, "outcome": "visited"},
	"addHomeVisit":    map[string]any{"on": "2099-01-01", "outcome": "met"},
	"addVerification": map[string]any{"on": "2099-01-01", "method": "visit", "outcome": "passed"},
	"placeHold":       map[string]any{"note": ""}, "releaseHold": map[string]any{"reason": "x"},
	"checkApplication": map[string]any{"outcome": "pass"},
	"addDeputation":    map[string]any{"principal_id": "01a20a63-7168-7056-b276-4c563bc9a280", "deputy_id": "01a20a63-7168-7056-b276-4c563bc9a281", "from": "2023-03-01", "until": "2023-04-01", "reason": "x"},
	"actFor":           map[string]any{"deputation_id": "01a20a63-7168-7056-b276-4c563bc9a280"},
	"proposePolicy":    map[string]any{"draft": map[string]any{"document": "x"}, "note": "x"}, "simulatePolicy": map[string]any{"draft": map[string]any{"document": "x"}, "month": "2023-03"},
	"recordCalendar": map[string]any{"year": 2030, "document": "x", "holidays": []string{"2031-01-01"}, "working": []string{}},
	"addObjection":   map[string]any{"item_id": "01a20a63-7168-7056-b276-4c563bc9a280", "content": "x"},
	"openService":    map[string]any{"kind": "device", "need": map[string]any{}}, "takeServiceStep": map[string]any{"step": "village_check"}, "voidServiceStep": map[string]any{"seq": 1, "reason": "x"},
	"takeBackCertificateEvent": map[string]any{"reason": "x"},
	"correctService":           map[string]any{"opened_on": "2023-01-01", "reason": "x"}, "correctApplication": map[string]any{"applied_on": "2023-01-01", "reason": "x"},
	"answerSurvey":    map[string]any{"person_id": "01a20a63-7168-7056-b276-4c563bc9a280", "mode": "visit", "collected_on": "2099-01-01", "answers": []any{}},
	"createHousehold": map[string]any{"area_code": "370305001"}, "updateHousehold": map[string]any{"address": "x"},
	"addHouseholdMember": map[string]any{"person_id": "01a20a63-7168-7056-b276-4c563bc9a280", "relation": "head", "from": "2023-01-01"},
	"endHouseholdMember": map[string]any{"to": "2023-01-01"}, "correctHouseholdMember": map[string]any{"void": true, "reason": "x"},
	"addHouseholdCircumstance": map[string]any{"kind": "dwelling", "value": "nonsense", "valid_from": "2022-01-01", "source": "x"},
	"recordExternalFigure":     map[string]any{"indicator": "rehab_coverage", "year": 2020, "income_fen": 1, "source_doc": "x"},
	"createFacility":           map[string]any{"area_code": "370305001", "name": "x", "kind": "school"},
	"inspectFacility":          map[string]any{"inspected_on": "2099-01-01", "standard": "x", "compliant": true}, "correctHouseholdCircumstance": map[string]any{"source": "x", "reason": "y"},
	"correctFacility": map[string]any{"name": "y", "reason": "x"}, "correctInspection": map[string]any{"void": true, "reason": "x"}, "withdrawExternalFigure": map[string]any{"reason": "x"},
	"registerWebhook": map[string]any{"url": "ftp://x", "types": []string{"person.died"}}, "pauseWebhook": map[string]any{"paused": true},
	"exportPartnerList": map[string]any{"purpose": "比对"}, "searchRegistry": searching("r1 379999197001010011"), "askDisabled": asking("379999197001010011"),
	"getDisabilityDetails": asking("379999197001010011"), "getDisabilitySupport": asking("379999197001010011"),
	"addCertificate": map[string]any{"number": "379999197001010011" + "83", "category": 4, "level": 3, "issued_on": "2023-01-01"},
	"mergePerson":    map[string]any{"into": someID, "reason": "x"}, "undoMerge": map[string]any{"reason": "x"}, "chooseCandidate": map[string]any{"reason": "x"},
	"receiveTicket": map[string]any{"channel": "visit", "kind": "advice", "topic": "none", "text": "x"}, "takeTicketStep": map[string]any{"step": "archive"},
	"importAgain": map[string]any{"dry_run": true}, "findAuditedAccount": map[string]any{"username": "nobody"},
	"revealTicketCaller": map[string]any{"reason": "回访"}, "withdrawAttachment": map[string]any{"reason": "x"}, "rateApplication": map[string]any{"score": 3}, "rateService": map[string]any{"score": 3},
}

func (f fixture) ask(t *testing.T, id, method, path string, allowed []string) {
	t.Helper()
	target := f.target(path)
	if got := f.s.do("", method, target, bodies[id], "If-Match", `"99"`); got.status != http.StatusUnauthorized {
		t.Errorf("%s as nobody: %d, want 401", id, got.status)
	}
	for _, role := range everybody {
		got := f.s.do(inside[role], method, target, bodies[id], "If-Match", `"99"`).status
		if may := contains(allowed, role); may == (got == http.StatusForbidden) || got >= 500 || got == http.StatusUnauthorized {
			t.Errorf("%s as %s: %d, allowed %v", id, role, got, may)
		}
		for _, user := range outside[role] {
			f.askOutside(t, id, method, path, target, user, contains(allowed, role))
		}
	}
}

// askOutside wants what is absent and what is foreign to look the same.
func (f fixture) askOutside(t *testing.T, id, method, path, target, user string, may bool) {
	t.Helper()
	if !strings.Contains(path, "{id}") || strings.HasPrefix(path, "/indicators/") || !may {
		return
	}
	foreign := f.s.do(user, method, target, bodies[id], "If-Match", `"99"`)
	random := f.s.do(user, method, strings.NewReplacer("{id}", uuid.NewString()).Replace(path), bodies[id], "If-Match", `"99"`)
	if foreign.status != random.status || foreign.status == http.StatusOK || foreign.status == http.StatusPreconditionFailed || foreign.status == http.StatusConflict {
		t.Errorf("%s as %s outside: foreign %d, random %d; want the same refusal", id, user, foreign.status, random.status)
	}
	if a, b := foreign.json()["detail"], random.json()["detail"]; fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("%s as %s outside tells foreign from absent: %v, %v", id, user, a, b)
	}
}

// someID is of nothing.
const someID = "01a20a63-7168-7056-b276-4c563bc9a280"

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

func replaceID(path, id string) string {
	name := "wrong_amount" // of a worklist
	if strings.HasPrefix(path, "/partner-lists") {
		name = "pension_holders"
	}
	return strings.NewReplacer("{id}", id, "{code}", "370305", "{member}", someID, "{fact}", someID, "{inspection}", someID, "{event}", someID, "{delivery}", someID, "{year}", "2023", "{row}", "2", "{name}", name).Replace(path)
}
