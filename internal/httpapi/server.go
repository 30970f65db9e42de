// Package httpapi is the JSON face. The contract (api/openapi.yaml) drives it: paths, roles, parameters and the shape of
// every body come from the document, so what is written there is what is enforced. Here stands only what each
// operation does.
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/labels"
	"zhucan/internal/patience"
)

// Base is where the contract's paths begin.
const Base = "/api/v1"

// API serves a desk. Clock is nil except in a demonstration whose clock may be set.
type API struct {
	Desk     *casework.Desk
	Log      *slog.Logger
	Clock    SettableClock
	IPs      echo.IPExtractor     // whom to believe about a client's address
	NewID    func() string        // of requests
	Loud     prometheus.Collector // of CountLoud; nil where nobody counts
	contract *contract
	seen     seenActors
	metrics  *metrics
}

// SettableClock is the clock of a demonstration.
type SettableClock interface {
	Now() time.Time
	Set(time.Time)
}

// Bounds of a request. Files have a bound of their own.
const (
	maxBody   = "1M"
	maxUpload = "11M"
	timeout   = 55 * time.Second
)

// Handler is the whole JSON face with its middleware, outermost first: request id, log, recovery, headers, size, time.
// It fails when the document names an operation that nothing here does, or the other way round.
func (a *API) Handler() (http.Handler, error) {
	var err error
	if a.contract, err = readContract(); err != nil {
		return nil, err
	}
	a.metrics = newMetrics(a.Desk)
	if a.Loud != nil {
		a.metrics.registry.MustRegister(a.Loud)
	}
	operations := a.operations()
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = a.IPs
	e.HTTPErrorHandler = a.problem
	e.Use(a.requestID, a.observe, middleware.RecoverWithConfig(middleware.RecoverConfig{DisableErrorHandler: true, DisablePrintStack: true}),
		secureHeaders, patience.Requests(timeout), heardOut, asSent, middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{Limit: maxBody, Skipper: isUpload}),
		middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{Limit: maxUpload}))
	for _, op := range a.contract.operations {
		if op.demo && a.Clock == nil {
			continue
		}
		do, ok := operations[op.id]
		if !ok {
			return nil, fmt.Errorf("the contract names %s, which nothing does", op.id)
		}
		e.Add(op.method, op.path, a.serve(op, do))
		if op.method == http.MethodGet && !slices.Contains(leaveTrace, op.id) {
			e.HEAD(op.path, a.serve(op, do)) // the server leaves out the body
		}
		delete(operations, op.id)
	}
	if a.Clock == nil {
		delete(operations, "getDemoClock")
		delete(operations, "setDemoClock")
	}
	for id := range operations {
		return nil, fmt.Errorf("the contract does not name %s", id)
	}
	return e, nil
}

// leaveTrace are the operations that read and leave an entry in the audit, so that their head alone is not to be had.
var leaveTrace = []string{"getAttachment", "getImportWorkbook", "getRosterFile", "getIndicatorReleaseFile"}

func isUpload(c echo.Context) bool {
	path := c.Request().URL.Path
	return strings.HasSuffix(path, "/imports") || strings.HasSuffix(path, "/results") || strings.HasSuffix(path, "/attachments")
}

// operations says what does each operation of the contract.
func (a *API) operations() map[string]handler {
	return map[string]handler{
		"login": a.login, "refresh": a.refresh, "logout": a.logout, "getMe": a.getMe, "changePassword": a.changePassword, "getSecondFactor": a.getSecondFactor, "beginSecondFactor": a.beginSecondFactor,
		"confirmSecondFactor": a.confirmSecondFactor, "endSecondFactor": a.endSecondFactor,
		"listAreas": a.listAreas, "getArea": a.getArea, "importAreas": a.importAreas, "getSuccession": a.getSuccession, "followSuccession": a.followSuccession,
		"listAccounts": a.listAccounts, "createAccount": a.createAccount, "updateAccount": a.updateAccount,
		"listDeputations": a.listDeputations, "addDeputation": a.addDeputation, "endDeputation": a.endDeputation, "listMyDeputations": a.listMyDeputations, "actFor": a.actFor,
		"listPhones": a.listPhones, "writeOffPhone": a.writeOffPhone,
		"listPersons": a.listPersons, "createPerson": a.createPerson, "searchPersons": a.searchPersons, "getPerson": a.getPerson,
		"updatePerson": a.updatePerson, "mergePerson": a.mergePerson, "listPersonMerges": a.listPersonMerges, "getMerge": a.getMerge, "undoMerge": a.undoMerge, "getPersonRecord": a.getPersonRecord, "revealPerson": a.revealPerson, "getEligibility": a.getEligibility,
		"addCertificate": a.addCertificate, "addCertificateEvent": a.addCertificateEvent, "takeBackCertificateEvent": a.takeBackCertificateEvent,
		"listCircumstances": a.listCircumstances, "addCircumstance": a.addCircumstance, "endCircumstance": a.endCircumstance,
		"correctCircumstance": a.correctCircumstance,
		"createApplication":   a.createApplication, "listApplications": a.listApplications, "getApplication": a.getApplication,
		"explainApplication": a.explainApplication, "listApplicationAttachments": a.listApplicationAttachments, "addApplicationAttachment": a.addApplicationAttachment,
		"submitApplication": a.submitApplication, "withdrawApplication": a.withdrawApplication, "resubmitApplication": a.resubmitApplication, "correctApplication": a.correctApplication,
		"checkApplication": a.checkApplication, "decideApplication": a.decideApplication, "decideApplications": a.decideApplications, "listAwards": a.listAwards,
		"suspendAward": a.suspendAward, "resumeAward": a.resumeAward, "endAward": a.endAward, "reinstateAward": a.reinstateAward, "voidAward": a.voidAward, "grantBackPay": a.grantBackPay,
		"getLedger": a.getLedger, "listPayees": a.listPayees, "setPayee": a.setPayee,
		"listNotices": a.listNotices, "publishNotice": a.publishNotice, "getNotice": a.getNotice, "getNoticeSheet": a.getNoticeSheet,
		"listObjections": a.listObjections, "addObjection": a.addObjection, "answerObjection": a.answerObjection,
		"listHolds": a.listHolds, "placeHold": a.placeHold, "releaseHold": a.releaseHold,
		"listRosters": a.listRosters, "createRoster": a.createRoster, "getRoster": a.getRoster, "listRosterLines": a.listRosterLines,
		"calculateRoster": a.rosterStep((*casework.Desk).CalculateRoster), "checkRoster": a.rosterStep((*casework.Desk).CheckRoster),
		"lockRoster": a.rosterStep((*casework.Desk).LockRoster), "sendRoster": a.rosterStep((*casework.Desk).SendRoster),
		"closeRoster": a.rosterStep((*casework.Desk).CloseRoster), "cancelRoster": a.rosterStep((*casework.Desk).CancelRoster),
		"getRosterFile": a.getRosterFile, "takeRosterResults": a.takeRosterResults, "returnPayment": a.returnPayment,
		"listRecoveries": a.listRecoveries, "getRecovery": a.getRecovery, "addRecoveryEvent": a.addRecoveryEvent,
		"listPersonVerifications": a.listPersonVerifications, "addVerification": a.addVerification, "listVerifications": a.listVerifications,
		"getVerificationProgress": a.getVerificationProgress, "verifyByData": a.verifyByData,
		"listHomeVisits": a.listHomeVisits, "addHomeVisit": a.addHomeVisit,
		"listWorklists": a.listWorklists, "listLeads": a.listLeads, "addLeadAction": a.addLeadAction,
		"listPolicies": a.listPolicies, "proposePolicy": a.proposePolicy, "simulatePolicy": a.simulatePolicy, "getPolicy": a.getPolicy,
		"activatePolicy": a.activatePolicy, "listCalendars": a.listCalendars, "recordCalendar": a.recordCalendar,
		"listIndicators": a.listIndicators, "getIndicatorValues": a.getIndicatorValues, "listIndicatorPersons": a.listIndicatorPersons,
		"getIndicatorTrend": a.getIndicatorTrend, "listExternalFigures": a.listExternalFigures, "recordExternalFigure": a.recordExternalFigure,
		"listImports": a.listImports, "listImportKinds": a.listImportKinds, "getImportWorkbook": a.getImportWorkbook, "listImportChanges": a.listImportChanges, "importAgain": a.importAgain,
		"undoImport": a.undoImport, "confirmImport": a.confirmImport, "listUnmatchedRows": a.listUnmatchedRows, "getUnmatchedRow": a.getUnmatchedRow, "chooseCandidate": a.chooseCandidate,
		"listListStatements": a.listListStatements, "decideListStatement": a.decideListStatement,
		"listIndicatorReleases": a.listIndicatorReleases, "sealIndicatorRelease": a.sealIndicatorRelease, "getIndicatorRelease": a.getIndicatorRelease,
		"getIndicatorReleaseFile": a.getIndicatorReleaseFile, "listIndicatorReleaseChanges": a.listIndicatorReleaseChanges,
		"listIndicatorReleaseChangePersons": a.listIndicatorReleaseChangePersons,
		"searchRegistry":                    a.searchRegistry, "askDisabled": a.askDisabled, "getDisabilityDetails": a.getDisabilityDetails, "getDisabilitySupport": a.getDisabilitySupport,
		"listFacilities": a.listFacilities, "createFacility": a.createFacility, "inspectFacility": a.inspectFacility,
		"getFacility": a.getFacility, "correctFacility": a.correctFacility, "correctInspection": a.correctInspection, "withdrawExternalFigure": a.withdrawExternalFigure,
		"listServices": a.listServices, "openService": a.openService, "getService": a.getService, "takeServiceStep": a.takeServiceStep, "voidServiceStep": a.voidServiceStep, "correctService": a.correctService,
		"listAttachments": a.listAttachments, "addAttachment": a.addAttachment, "getAttachment": a.getAttachment, "withdrawAttachment": a.withdrawAttachment,
		"listServiceChains": a.listServiceChains,
		"getQuestionnaire":  a.getQuestionnaire, "listSurveyResponses": a.listSurveyResponses, "answerSurvey": a.answerSurvey, "getSurveyProgress": a.getSurveyProgress,
		"listHouseholds": a.listHouseholds, "createHousehold": a.createHousehold, "getHousehold": a.getHousehold, "updateHousehold": a.updateHousehold,
		"addHouseholdMember": a.addHouseholdMember, "endHouseholdMember": a.endHouseholdMember, "correctHouseholdMember": a.correctHouseholdMember, "addHouseholdCircumstance": a.addHouseholdCircumstance,
		"correctHouseholdCircumstance": a.correctHouseholdCircumstance, "getHouseholdHardships": a.getHouseholdHardships,
		"createImport": a.createImport, "getImport": a.getImport, "listAuditEvents": a.listAuditEvents, "findAuditedAccount": a.findAuditedAccount, "verifyAudit": a.verifyAudit,
		"listChanges": a.listChanges, "listWebhooks": a.listWebhooks, "registerWebhook": a.registerWebhook, "getWebhook": a.getWebhook, "pauseWebhook": a.pauseWebhook,
		"deleteWebhook": a.deleteWebhook, "listWebhookDeliveries": a.listWebhookDeliveries, "retryWebhookDelivery": a.retryWebhookDelivery,
		"listPartnerLists": a.listPartnerLists, "countPartnerList": a.countPartnerList, "exportPartnerList": a.exportPartnerList, "listExports": a.listExports,
		"listTicketTopics": a.listTicketTopics, "listTickets": a.listTickets, "receiveTicket": a.receiveTicket, "getTicket": a.getTicket, "takeTicketStep": a.takeTicketStep,
		"revealTicketCaller": a.revealTicketCaller, "rateApplication": a.rateApplication, "rateService": a.rateService, "listRateable": a.listRateable, "listRatings": a.listRatings,
		"renewStatusCode": a.renewStatusCode, "getApplicationStatus": a.getApplicationStatus, "rateByCode": a.rateByCode, "getSupervision": a.getSupervision,
		"getOpenAPI": getOpenAPI, "getDocs": a.getDocs, "getHealth": getHealth, "getReadiness": a.getReadiness, "getMetrics": a.getMetrics,
		"getDemoClock": a.getDemoClock, "setDemoClock": a.setDemoClock,
	}
}

// secureHeaders go out with every answer. The documentation page is the only HTML and carries no script.
func secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Strict-Transport-Security", "max-age=31536000")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		return next(c)
	}
}

// mostHeard is how much of what is refused is read to its end.
const mostHeard = 32 << 20

// heardOut reads the rest of what was refused, since many programs read no answer before all is sent: to them the connection would have been
// reset. Who waits to be told to go on hears it at once. What bounds the size of a body is given to the next request when this one is done, so the
// body is read as it was before.
func heardOut(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		in := c.Request()
		body := in.Body
		err := next(c)
		if err != nil && in.ContentLength <= mostHeard && in.Header.Get("Expect") == "" {
			_, _ = io.CopyN(io.Discard, body, mostHeard) // it ends earlier, as a rule
		}
		return err
	}
}

// asSent refuses content that is encoded.
func asSent(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := fault.Encoded(c.Response().Header(), c.Request()); err != nil {
			return err
		}
		return next(c)
	}
}

func (a *API) requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := a.NewID()
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		return next(c)
	}
}

// observe counts and logs each request by its route, never by its address, which may hold what it should not.
func (a *API) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now() // how long it took, whatever the desk's clock says
		if err := next(c); err != nil {
			c.Error(err)
		}
		method, route, status, took := labels.Method(c.Request().Method), c.Path(), c.Response().Status, time.Since(began)
		if route == "" {
			route = "unmatched"
		}
		a.Count(method, route, status, took)
		a.Log.LogAttrs(context.WithoutCancel(c.Request().Context()), slog.LevelInfo, "request", slog.String("method", method),
			slog.String("route", route), slog.Int("status", status), slog.Duration("took", took),
			slog.String("request_id", c.Response().Header().Get(echo.HeaderXRequestID)))
		return nil
	}
}

// Count counts an answer that another face of the same service has given, by the method that labels.Method says.
func (a *API) Count(method, route string, status int, took time.Duration) {
	a.metrics.requests.WithLabelValues(method, route, fmt.Sprint(status)).Inc()
	a.metrics.seconds.WithLabelValues(method, route).Observe(took.Seconds())
}

// Answers reports whether a path is of the JSON face; every other is a page.
func Answers(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return slices.Contains([]string{"api", "healthz", "readyz", "metrics", "demo"}, first)
}

type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(desk *casework.Desk) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zhucan_http_requests_total", Help: "Requests answered."}, []string{"method", "route", "status"}),
		seconds:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "zhucan_http_request_seconds", Help: "Time to answer."}, []string{"method", "route"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, prometheus.NewGaugeFunc(
		prometheus.GaugeOpts{Name: "zhucan_database_connections_in_use", Help: "Connections busy now."}, func() float64 { return float64(desk.DB.PoolInUse()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "zhucan_database_connections_max", Help: "Connections that there may be."}, func() float64 { return float64(desk.DB.PoolSize()) }),
		answeredBy(desk, "replica"), answeredBy(desk, "primary"), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// answeredBy counts the reads that a replica might answer by who has answered them.
func answeredBy(desk *casework.Desk, server string) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "zhucan_replica_reads_total", ConstLabels: prometheus.Labels{"server": server},
		Help: "Reads that a replica may answer, by the server that has answered."}, func() float64 {
		replica, primary := desk.DB.Answered()
		if server == "replica" {
			return float64(replica)
		}
		return float64(primary)
	})
}

func (a *API) getMetrics(r *Request) (Response, error) {
	show := promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{})
	return Response{raw: func(w http.ResponseWriter, r *http.Request) error {
		show.ServeHTTP(w, r)
		return nil
	}}, nil
}

// grace is for how long what has begun may go on when the service ends: less than what runs services gives them before it kills them.
const grace = 25 * time.Second

// Serve answers on a listener until ctx ends, then finishes what it has begun. What takes longer than grace, as an upload over a bad
// connection may, is broken off, and is as if it had not been sent.
func Serve(ctx context.Context, listener net.Listener, h http.Handler) error {
	return serveWith(ctx, listener, h, grace)
}

func serveWith(ctx context.Context, listener net.Listener, h http.Handler, grace time.Duration) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 120 * time.Second, MaxHeaderBytes: 16 << 10}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := srv.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		return srv.Close()
	}
	return err
}
