package bench

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/exchange"
)

// directus is Directus as it comes, one process of Node, in a database of its own on the server that the service has. Its filters on
// rows in permissions need a licence, so it is asked for what lies in the town and would answer for any other.
func (d *district) directus() *side {
	b := d.b
	b.Helper()
	folder := filepath.Join(os.Getenv("BESIDE_BIN"), "directus", "node_modules", "directus")
	d.exec(b, "CREATE DATABASE directus")
	d.databases = append(d.databases, d.in.OwnerURL+" dbname=directus")
	ds := directus{d, freeAddress(b), "a-token-of-the-administrator"}
	command := func(do string) *exec.Cmd {
		c := exec.Command("node", filepath.Join(folder, "cli.js"), do)
		c.Dir, c.Env = b.TempDir(), append(os.Environ(), ds.environment()...)
		return c
	}
	run(b, command("bootstrap"))
	serveUntilEnd(b, command("start"), ds.url("server/ping"))
	ds.collections()
	d.fill(ds.enter(ds.token))
	worker := ds.worker()
	inTown := map[string]any{"managing_area_code": map[string]any{"_starts_with": string(d.town)}}
	ids := ds.ids(inTown)
	page := map[string]any{"_and": []any{inTown, map[string]any{"category": map[string]any{"_eq": 4}}}}
	severe := map[string]any{"level": map[string]any{"_lte": 2}}
	return &side{name: "Directus", version: ds.installed(folder), fewer: 10, fewerCounts: 3,
		person: func(n int) ask { return ask{"GET", ds.url("items/persons/" + ids[n%len(ids)]), worker, nil} },
		list: func(int) ask {
			return ask{"GET", ds.url("items/persons?limit=50&sort=managing_area_code,id&filter=" + query(page)), worker, nil}
		},
		count: func(int) ask {
			return ask{"GET", ds.url("items/persons?limit=-1&aggregate[count]=id&groupBy[]=managing_area_code&filter=" + query(severe)), worker, nil}
		},
		enter: ds.enter(worker),
		serve: func(n int) ask {
			return ask{"POST", ds.url("items/services"), worker, map[string]any{"kind": "rehab", "person": ids[n%len(ids)], "state": "NEED",
				"opened_on": d.desk.Now().Format("2006-01-02"), "need": need}}
		},
		stranger: ask{"GET", ds.url("items/persons/" + ds.ids(map[string]any{"managing_area_code": map[string]any{"_nstarts_with": string(d.town)}})[0]), worker, nil},
	}
}

// directus is a Directus and who sets it up.
type directus struct {
	*district
	address, token string
}

func (ds directus) url(path string) string { return "http://" + ds.address + "/" + path }

func (ds directus) as(method, path string, body any) ask {
	return ask{method, ds.url(path), ds.token, body}
}

func query(filter any) string {
	text, err := json.Marshal(filter)
	if err != nil {
		panic(err)
	}
	return url.QueryEscape(string(text))
}

// environment is its configuration: the defaults, without limits that would refuse what is measured and without a log line a request.
func (ds directus) environment() []string {
	ds.b.Helper()
	at, err := pgx.ParseConfig(ds.in.OwnerURL)
	if err != nil {
		ds.b.Fatal(err)
	}
	host, port, err := net.SplitHostPort(ds.address)
	if err != nil {
		ds.b.Fatal(err)
	}
	return []string{"HOST=" + host, "PORT=" + port, "PUBLIC_URL=http://" + ds.address, "DB_CLIENT=pg", "DB_HOST=" + at.Host, "DB_PORT=5432", "DB_USER=" + at.User, "DB_PASSWORD=none",
		"DB_DATABASE=directus", "KEY=a-key-of-this-run", "SECRET=a-secret-of-this-run-that-is-long-enough", "ADMIN_EMAIL=admin@example.org", "ADMIN_PASSWORD=" + password,
		"ADMIN_TOKEN=" + ds.token, "LOG_LEVEL=error", "TELEMETRY=false", "PRESSURE_LIMITER_ENABLED=false", "RATE_LIMITER_ENABLED=false", "NODE_ENV=production"}
}

// installed is its version.
func (ds directus) installed(folder string) string {
	ds.b.Helper()
	var about struct{ Version string }
	text, err := os.ReadFile(filepath.Join(folder, "package.json"))
	if err == nil {
		err = json.Unmarshal(text, &about)
	}
	if err != nil {
		ds.b.Fatal(err)
	}
	return about.Version
}

// types are those of columns.
var types = map[string]string{"text": "string", "number": "integer", "date": "date", "json": "json"}

// collections makes those of persons and services, with the indexes that the others have.
func (ds directus) collections() {
	ds.b.Helper()
	ds.collection("persons", columns)
	ds.collection("services", []column{{"kind", "text"}, {"state", "text"}, {"opened_on", "date"}, {"need", "json"}})
	ds.as("POST", "fields/services", map[string]any{"field": "person", "type": "uuid", "schema": map[string]any{}}).done(ds.b)
	ds.as("POST", "relations", map[string]any{"collection": "services", "field": "person", "related_collection": "persons"}).done(ds.b)
	conn, err := pgx.Connect(ds.b.Context(), ds.in.OwnerURL+" dbname=directus")
	if err != nil {
		ds.b.Fatal(err)
	}
	defer conn.Close(ds.b.Context())
	_, err = conn.Exec(ds.b.Context(), "CREATE INDEX ON persons (managing_area_code, id); CREATE UNIQUE INDEX ON persons (id_number); CREATE INDEX ON services (person)")
	if err != nil {
		ds.b.Fatal(err)
	}
}

func (ds directus) collection(name string, list []column) {
	ds.b.Helper()
	fields := []any{map[string]any{"field": "id", "type": "uuid", "meta": map[string]any{"special": []string{"uuid"}}, "schema": map[string]any{"is_primary_key": true}}}
	for _, c := range append(list, column{"created", "timestamp"}, column{"updated", "timestamp"}) {
		field := map[string]any{"field": c.name, "type": types[c.kind], "schema": map[string]any{}}
		switch c.name {
		case "created":
			field["type"], field["meta"] = "timestamp", map[string]any{"special": []string{"date-created"}}
		case "updated":
			field["type"], field["meta"] = "timestamp", map[string]any{"special": []string{"date-created", "date-updated"}}
		}
		if c.kind == "json" {
			field["meta"] = map[string]any{"special": []string{"cast-json"}}
		}
		fields = append(fields, field)
	}
	ds.as("POST", "collections", map[string]any{"collection": name, "schema": map[string]any{}, "meta": map[string]any{}, "fields": fields}).done(ds.b)
}

func (ds directus) enter(token string) func(exchange.RosterRow) ask {
	return func(r exchange.RosterRow) ask { return ask{"POST", ds.url("items/persons"), token, flat(r)} }
}

// worker is the token of a user whose role may read and enter persons and services.
func (ds directus) worker() string {
	ds.b.Helper()
	policy := ds.made("policies", map[string]any{"name": "town", "app_access": false, "admin_access": false})
	role := ds.made("roles", map[string]any{"name": "town"})
	ds.as("POST", "access", map[string]any{"role": role, "policy": policy}).done(ds.b)
	for _, collection := range []string{"persons", "services"} {
		for _, action := range []string{"read", "create"} {
			ds.as("POST", "permissions", map[string]any{"policy": policy, "collection": collection, "action": action, "fields": []string{"*"}}).done(ds.b)
		}
	}
	const token = "a-token-of-a-town-officer"
	ds.made("users", map[string]any{"email": "town@example.org", "password": password, "role": role, "token": token, "status": "active"})
	return token
}

// made is the id of something that is made.
func (ds directus) made(what string, of map[string]any) string {
	ds.b.Helper()
	var answer struct{ Data struct{ ID string } }
	ds.as("POST", what, of).into(ds.b, &answer)
	return answer.Data.ID
}

// ids are those of persons whom a filter finds, in no order, since they are made at random.
func (ds directus) ids(filter any) (ids []string) {
	ds.b.Helper()
	var page struct{ Data []struct{ ID string } }
	ds.as("GET", "items/persons?fields=id&sort=id&limit="+fmt.Sprint(personsRead)+"&filter="+query(filter), nil).into(ds.b, &page)
	for _, item := range page.Data {
		ids = append(ids, item.ID)
	}
	if len(ids) != personsRead {
		ds.b.Fatalf("%d of %d persons", len(ids), personsRead)
	}
	return ids
}
