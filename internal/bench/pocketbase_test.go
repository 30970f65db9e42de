package bench

import (
	"debug/buildinfo"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"zhucan/internal/area"
	"zhucan/internal/exchange"
)

// ofTown is the row scope of a user of PocketBase, over the column that says where a person is managed.
const ofTown = "%[1]s >= @request.auth.area_from && %[1]s < @request.auth.area_to"

// pocketBase is PocketBase as it comes, on SQLite, with API rules as row scope. Like the others it writes no log line for each request.
func (d *district) pocketBase() *side {
	b := d.b
	b.Helper()
	program := filepath.Join(os.Getenv("BESIDE_BIN"), "pocketbase")
	data := "--dir=" + b.TempDir()
	run(b, exec.Command(program, "superuser", "upsert", "admin@example.org", password, data))
	address := freeAddress(b)
	serveUntilEnd(b, exec.Command(program, "serve", "--http="+address, data), "http://"+address+"/api/health")
	pb := pocket{d, "http://" + address + "/api/", ""}
	pb.admin = pb.signIn("_superusers", "admin@example.org")
	pb.as("PATCH", "settings", map[string]any{"logs": map[string]any{"minLevel": 8}}).done(b)
	pb.collections()
	d.fill(pb.enter(pb.admin))
	town, whole := pb.user("town", d.town), pb.user("district", ownDistrict)
	ids, records := pb.ids(pb.inside()), pb.url+"collections/persons/records"
	return &side{name: "PocketBase", version: pb.installed(program), fewer: 2, fewerCounts: 2,
		person: func(n int) ask { return ask{"GET", records + "/" + ids[n%len(ids)], town, nil} },
		list: func(int) ask {
			return ask{"GET", records + "?perPage=50&skipTotal=1&sort=managing_area_code,id&filter=category=4", town, nil}
		},
		count: func(int) ask {
			return ask{"GET", pb.url + "collections/severe_by_village/records?perPage=1000&skipTotal=1", whole, nil}
		},
		enter: pb.enter(town),
		serve: func(n int) ask {
			return ask{"POST", pb.url + "collections/services/records", town, map[string]any{"kind": "rehab", "person": ids[n%len(ids)], "state": "NEED",
				"opened_on": d.desk.Now().Format("2006-01-02"), "need": need}}
		},
		stranger: ask{"GET", records + "/" + pb.ids(pb.outside())[0], town, nil},
	}
}

// pocket is a PocketBase and who sets it up.
type pocket struct {
	*district
	url, admin string
}

// installed is the version that was built in.
func (pb pocket) installed(program string) (version string) {
	pb.b.Helper()
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		pb.b.Fatal(err)
	}
	for _, module := range info.Deps {
		if module.Path == "github.com/pocketbase/pocketbase" {
			version = module.Version
		}
	}
	return version
}

func (pb pocket) as(method, path string, body any) ask {
	return ask{method, pb.url + path, pb.admin, body}
}

func (pb pocket) signIn(collection, identity string) string {
	pb.b.Helper()
	var session struct{ Token string }
	ask{"POST", pb.url + "collections/" + collection + "/auth-with-password", "", map[string]any{"identity": identity, "password": password}}.into(pb.b, &session)
	return session.Token
}

func (pb pocket) enter(token string) func(exchange.RosterRow) ask {
	return func(r exchange.RosterRow) ask {
		return ask{"POST", pb.url + "collections/persons/records", token, flat(r)}
	}
}

// collections makes those of persons and services, the view that counts, and says of a user from where to where he sees.
func (pb pocket) collections() {
	b := pb.b
	b.Helper()
	var users map[string]any
	pb.as("GET", "collections/users", nil).into(b, &users)
	fields := append(users["fields"].([]any), typed([]column{{"area_from", "text"}, {"area_to", "text"}})...)
	pb.as("PATCH", "collections/users", map[string]any{"fields": fields}).done(b)

	rule := fmt.Sprintf(ofTown, "managing_area_code")
	var persons struct{ ID string }
	pb.as("POST", "collections", map[string]any{"name": "persons", "type": "base", "fields": append(typed(columns), times...), "listRule": rule, "viewRule": rule, "createRule": rule,
		"indexes": []string{"CREATE INDEX persons_area ON persons (managing_area_code, id)", "CREATE UNIQUE INDEX persons_id_number ON persons (id_number)"}}).into(b, &persons)

	rule = fmt.Sprintf(ofTown, "person.managing_area_code")
	fields = append(typed([]column{{"kind", "text"}, {"state", "text"}, {"opened_on", "date"}, {"need", "json"}}), times...)
	fields = append(fields, map[string]any{"name": "person", "type": "relation", "collectionId": persons.ID, "required": true, "maxSelect": 1})
	pb.as("POST", "collections", map[string]any{"name": "services", "type": "base", "fields": fields, "listRule": rule, "viewRule": rule, "createRule": rule,
		"indexes": []string{"CREATE INDEX services_person ON services (person)"}}).done(b)

	pb.as("POST", "collections", map[string]any{"name": "severe_by_village", "type": "view", "listRule": fmt.Sprintf(ofTown, "area"),
		"viewQuery": "SELECT managing_area_code AS id, managing_area_code AS area, count(*) AS persons FROM persons WHERE level <= 2 GROUP BY managing_area_code"}).done(b)
}

// typed are columns as PocketBase names them.
func typed(list []column) (fields []any) {
	for _, c := range list {
		fields = append(fields, map[string]any{"name": c.name, "type": c.kind})
	}
	return fields
}

// times are when a row was made and changed, which the others keep as well.
var times = []any{map[string]any{"name": "created", "type": "autodate", "onCreate": true}, map[string]any{"name": "updated", "type": "autodate", "onCreate": true, "onUpdate": true}}

// user is the token of a user of an area.
func (pb pocket) user(name string, of area.Code) string {
	pb.b.Helper()
	email := name + "@example.org"
	pb.as("POST", "collections/users/records", map[string]any{"email": email, "password": password, "passwordConfirm": password, "verified": true,
		"area_from": string(of), "area_to": until(of)}).done(pb.b)
	return pb.signIn("users", email)
}

// inside and outside are filters for persons of the town and for all others.
func (pb pocket) inside() string {
	return fmt.Sprintf("managing_area_code >= '%s' && managing_area_code < '%s'", pb.town, until(pb.town))
}

func (pb pocket) outside() string {
	return fmt.Sprintf("managing_area_code < '%s' || managing_area_code >= '%s'", pb.town, until(pb.town))
}

// ids are those of persons whom a filter finds, in no order.
func (pb pocket) ids(filter string) (ids []string) {
	pb.b.Helper()
	var page struct{ Items []struct{ ID string } }
	pb.as("GET", fmt.Sprintf("collections/persons/records?perPage=%d&sort=@random&filter=%s", personsRead, url.QueryEscape(filter)), nil).into(pb.b, &page)
	for _, item := range page.Items {
		ids = append(ids, item.ID)
	}
	if len(ids) != personsRead {
		pb.b.Fatalf("%d of %d persons", len(ids), personsRead)
	}
	return ids
}
