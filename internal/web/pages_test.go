package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casework"
	"zhucan/internal/casework/testdesk"
	"zhucan/internal/web"
)

// Short names of the roles in the table below.
const (
	liaison = access.VillageLiaison
	town    = access.TownOfficer
	cdpf    = access.CDPFReviewer
	civil   = access.CivilAffairsApprover
	finance = access.FinanceOfficer
	auditor = access.Auditor
	stats   = access.Statistician
	hotline = access.HotlineClerk
	admin   = access.Administrator
)

type roles = []access.Role

// maySee is the expectation, written from the roles of the offices and not from the list of pages. A page that is not here fails
// the test.
var maySee = map[string]roles{
	"/": access.Roles, "/password": access.Roles, "/second-factor": access.Roles, "/phones": {town, cdpf}, "/worklists/:name": {liaison, town, cdpf, civil, finance, auditor},
	"/persons": {liaison, town, cdpf, civil, auditor}, "/persons/new": {liaison, town}, "/persons/:id": {liaison, town, cdpf, civil, auditor},
	"/persons/:id/edit": {liaison, town, cdpf}, "/persons/:id/apply": {liaison, town}, "/persons/:id/survey": {liaison, town, cdpf}, "/persons/:id/services/new": {liaison, town, cdpf},
	"/applications": {liaison, town, cdpf, civil, auditor}, "/applications/:id": {liaison, town, cdpf, civil, auditor},
	"/attachments/:id": {liaison, town, cdpf, auditor}, "/services": {liaison, town, cdpf, civil, finance, auditor}, "/services/:id": {liaison, town, cdpf, civil, finance, auditor}, "/services/:id/steps/:step": {liaison, town, cdpf},
	"/indicators": {liaison, town, cdpf, civil, stats, auditor}, "/indicators/more": {liaison, town, cdpf, civil, stats, auditor}, "/indicators/file": {liaison, town, cdpf, civil, stats, auditor},
	"/indicators/:key": {liaison, town, cdpf, civil, stats, auditor}, "/indicators/:key/persons": {liaison, town, cdpf, civil, auditor},
	"/releases": {liaison, town, cdpf, civil, finance, stats, auditor}, "/releases/new": {cdpf, stats}, "/releases/:id": {liaison, town, cdpf, civil, finance, stats, auditor},
	"/releases/:id/file": {liaison, town, cdpf, civil, finance, stats, auditor}, "/releases/:id/changes": {town, cdpf, civil, stats, auditor}, "/releases/:id/changes/:key": {town, cdpf, civil, auditor},
	"/lookup": {hotline}, "/lookup/:id": {hotline}, "/tickets": {hotline, town, cdpf, civil, auditor}, "/tickets/new": {hotline}, "/tickets/:id": {hotline, town, cdpf, civil, auditor},
	"/accounts": {admin}, "/accounts/new": {admin}, "/accounts/:id": {admin}, "/deputies": {admin}, "/divisions": {admin}, "/policies": {cdpf, civil, finance, auditor, admin}, "/policies/new": {admin}, "/awards": {liaison, town, cdpf, civil, finance, auditor}, "/persons/:id/numbers": {liaison, town, cdpf, civil}, "/policies/try": {cdpf, civil, finance},
	"/policies/:id": {cdpf, civil, finance, auditor, admin}, "/calendars": {liaison, town, cdpf, civil, finance, auditor, admin}, "/webhooks": {admin}, "/webhooks/:id": {admin},
	"/exports": {auditor}, "/ratings": {town, cdpf, civil, auditor},
	"/audit": {auditor}, "/audit/verify": {auditor}, "/audit/:seq": {auditor},
	"/figures": {cdpf, stats, auditor}, "/facilities": {town, cdpf, stats, auditor}, "/facilities/:id": {town, cdpf, stats, auditor}, "/succession": {town, cdpf},
}

// mayDo is who may do what on a page, of those who see it, where not all of them may.
var mayDo = map[string]roles{
	"/worklists/:name act": {liaison, town, cdpf, civil, finance}, "/applications/:id submit": {liaison, town}, "/applications/:id resubmit": {liaison, town}, "/applications/:id redate": {liaison, town},
	"/tickets/:id assign": {hotline}, "/tickets/:id forward": {hotline, town, cdpf, civil}, "/tickets/:id return": {town, cdpf, civil}, "/tickets/:id reply": {town, cdpf, civil},
	"/tickets/:id call_back": {hotline}, "/tickets/:id close": {hotline}, "/tickets/:id reopen": {hotline}, "/tickets/:id archive": {hotline},
	"/policies/:id activate": {admin}, "/calendars record": {admin},
	"/figures record": {cdpf, stats}, "/figures withdraw": {cdpf, stats}, "/facilities/:id correct": {town, cdpf}, "/facilities/:id remove": {town, cdpf}, "/facilities/:id amend": {town, cdpf}, "/facilities/:id cancel": {town, cdpf}, "/facilities add": {town, cdpf}, "/facilities inspect": {town, cdpf},
	"/applications/:id withdraw": {liaison, town}, "/applications/:id photos": {liaison, town}, "/applications/:id rate": {liaison}, "/services/:id rate": {liaison}, "/services/:id withdraw": {liaison, town, cdpf}, "/services/:id void": {liaison, town, cdpf}, "/services/:id correct": {liaison, town, cdpf}, "/persons/:id/cards/:card take_back": {liaison, town, cdpf}, "/applications/:id pass": {liaison}, "/applications/:id return": {liaison},
}

// fixture is somebody of village A with a case, a photo and a service.
type fixture struct {
	person, app, photo, service uuid.UUID
	fact, card, award           uuid.UUID
	home, homeFact              uuid.UUID
	more                        map[string]uuid.UUID // what other pages are about, by the first part of their path
	office                      office
}

// further makes what the pages of other areas of work are about.
var further []func(s *site, f *fixture)

func (s *site) fixture(name string, n int) fixture {
	s.t.Helper()
	ctx := context.Background()
	f := fixture{person: s.person(n, 1, villageA)}
	must := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	c, err := s.desk.EnterApplication(ctx, s.actor("liaison.a"), casework.NewApplication{PersonID: f.person, Programme: "nursing_subsidy", AppliedOn: calendar.MustDate("2023-03-27"),
		Applicant: application.Applicant{Relation: "guardian", Name: name}})
	must(err)
	a, _, err := s.desk.AttachToApplication(ctx, s.actor("liaison.a"), c.ID, photograph(1))
	must(err)
	need, err := care.ParseEvidence([]byte(`{"types":[{"type":"training"}],"note":"x"}`))
	must(err)
	need["note"] = name
	service, err := s.desk.OpenService(ctx, s.actor("liaison.a"), care.Rehab, f.person, uuid.Nil, calendar.MustDate("2023-03-27"), need)
	must(err)
	fact, err := s.desk.AddCircumstance(ctx, s.actor("liaison.a"), f.person, casework.NewCircumstance{Kind: "residence_permit", Value: json.RawMessage("true"), ValidFrom: calendar.MustDate("2021-05-01"), Source: "公安分局", SourceDoc: name})
	must(err)
	d, err := s.desk.Person(ctx, s.actor("liaison.a"), f.person)
	must(err)
	f.app, f.photo, f.service, f.fact, f.card = c.ID, a.ID, service.ID, fact.ID, d.File.Certificates[0].ID
	home, err := s.desk.CreateHousehold(ctx, s.actor("liaison.a"), casework.NewHousehold{Area: villageA, Address: name + "路1号",
		Members: []casework.NewMember{{PersonID: f.person, Relation: "head", From: calendar.MustDate("2020-01-06")}}})
	must(err)
	of, err := s.desk.AddHouseholdCircumstance(ctx, s.actor("liaison.a"), home.Household.ID, casework.NewCircumstance{Kind: "dwelling", Value: json.RawMessage(`"own"`), ValidFrom: calendar.MustDate("2020-01-06"), Source: "入户查看"})
	must(err)
	f.home, f.homeFact = home.Household.ID, of.ID
	f.office = s.office(f.person)
	return f
}

// photograph is a small picture.
func photograph(shade uint8) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for y := range 30 {
		for x := range 40 {
			img.SetRGBA(x, y, color.RGBA{R: shade, G: uint8(x), B: uint8(y), A: 255})
		}
	}
	var out bytes.Buffer
	jpeg.Encode(&out, img, nil)
	return out.Bytes()
}

// address fills in what stands in the path of a page.
func (f fixture) address(path string) string {
	id, fact := f.person, f.fact
	if other, ok := f.more["/"+strings.Split(path, "/")[1]]; ok {
		id = other
	}
	switch {
	case f.more[path] != uuid.Nil:
		id = f.more[path]
	case strings.HasPrefix(path, "/households"):
		id, fact = f.home, f.homeFact
	case strings.HasPrefix(path, "/applications"):
		id = f.app
	case strings.HasPrefix(path, "/attachments"):
		id = f.photo
	case strings.HasPrefix(path, "/services"):
		id = f.service
	}
	if at := f.office.address(path); at != "" {
		return at
	}
	return strings.NewReplacer(":id", id.String(), ":name", "wrong_amount", ":step", "assess", ":row", "2", ":fact", fact.String(), ":card", f.card.String(), ":award", f.award.String()).Replace(path)
}

// TestMatrix asks for every page as every role, inside and outside the area, and as nobody; and sends every form of it.
func TestMatrix(t *testing.T) {
	t.Parallel()
	s := start(t)
	f := s.fixture("监护人甲", 11)
	f.more = map[string]uuid.UUID{}
	for _, add := range further {
		add(s, &f)
	}
	listed := map[string]bool{}
	for _, p := range web.Pages() {
		listed[p.Path] = true
		want, known := maySee[p.Path]
		if !known {
			t.Errorf("the page %s has no expectation", p.Path)
			continue
		}
		at := f.address(p.Path)
		s.browser().get(at).want(303)
		for role, user := range userOf {
			at := f.office.of(role, at)
			status := 403
			if slices.Contains(want, role) {
				status = 200
			}
			s.as(user).get(at).want(status)
			for _, do := range p.Acts {
				s.tryAct(p.Path, at, do, role, slices.Contains(want, role))
			}
		}
		if strings.Contains(p.Path, ":id") {
			for _, user := range []string{"liaison.b", "town.c"} {
				status := 404
				if !slices.Contains(want, testdesk.Accounts[user].Role) {
					status = 403
				}
				s.as(user).get(at).want(status)
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(maySee)) {
		if !listed[path] {
			t.Errorf("there is no page %s", path)
		}
	}
}

// tryAct sends an empty form. Who may is told what is missing, or that it cannot be done now; nobody else gets that far.
func (s *site) tryAct(path, at, do string, role access.Role, sees bool) {
	s.t.Helper()
	allowed, special := mayDo[path+" "+do]
	may := sees && (!special || slices.Contains(allowed, role))
	b := s.as(userOf[role])
	token := b.get("/").formTo("/sign-out").values.Get("csrf")
	in := &filled{page: shown{b: b, path: at}, action: at, values: map[string][]string{"csrf": {token}, "do": {do}, "key": {uuid.NewString()}, "kind": {"rehab"}, "version": {"99"}}}
	got := in.send()
	if refused := got.status == 403; refused == may {
		s.t.Errorf("%s %s as %s: status %d, may %v: %s", path, do, role, got.status, may, textOf(got.doc))
	}
	if may && (got.status < 400 || got.status >= 500) {
		s.t.Errorf("%s %s as %s with an empty form: status %d", path, do, role, got.status)
	}
}
