// Package bench measures the service against what the bare stack does with the same rows in the same run, and prints
// ratios. It is run by make bench and never by the tests.
package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"zhucan/internal/access"
	"zhucan/internal/auth"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/demo/divisions"
	"zhucan/internal/demo/population"
	"zhucan/internal/exchange"
	"zhucan/internal/policy"
	"zhucan/internal/store/testdb"
)

func TestMain(m *testing.M) {
	testdb.Folder = "" // what is measured lies on a disk
	testdb.Main(m)
}

// smaller is by how much registers are made smaller where it is only asked whether the benchmarks still run.
var smaller = number("BENCH_SMALLER", 1)

func sized(n int) int { return max(n/smaller, 1) }

var people = sized(10305)

// rounds is how often everything is measured. BENCH_ROUNDS says otherwise, to try a part out.
var rounds = number("BENCH_ROUNDS", 5)

// number is a number of the environment.
func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// result is one line of the table and of bench.json. Ratio is value over reference.
type result struct {
	Name      string  `json:"name"`
	Value     float64 `json:"value"`
	Reference float64 `json:"reference"`
	Ratio     float64 `json:"ratio"`
	Min       float64 `json:"min"`
	Max       float64 `json:"max"`
	Rounds    int     `json:"rounds"`
	Unit      string  `json:"unit"`
}

// pairs measures a value and its reference in turn and keeps the median of the ratios.
func pairs(b *testing.B, name, unit string, value, reference func() float64) result {
	b.Helper()
	taken := inTurn(reference, value)
	return paired(name, unit, taken[1], taken[0])
}

// inTurn measures each in every round, so that whatever else the machine does meets all of them alike.
func inTurn(measures ...func() float64) [][]float64 {
	taken := make([][]float64, len(measures))
	for range rounds {
		for i, measure := range measures {
			taken[i] = append(taken[i], measure())
		}
	}
	return taken
}

func printed(out result) result {
	fmt.Printf("%-58s %12.1f %12.1f  %6.2f  (%.2f to %.2f, %d rounds) %s\n", out.Name, out.Value, out.Reference, out.Ratio, out.Min, out.Max, out.Rounds, out.Unit)
	return out
}

// parts are what is measured, in order. BENCH_ONLY names those that are wanted, all where it is empty. Those that only read share a
// register, which is made when the first of them asks for it.
var parts = []struct {
	name    string
	measure func(b *testing.B, shared func() *world) []result
}{
	{"import", func(b *testing.B, shared func() *world) []result { return []result{shared().importAgainstCopy(b)} }},
	{"read", func(b *testing.B, shared func() *world) []result { return reads(b, shared()) }},
	{"releases", func(b *testing.B, shared func() *world) []result { return releases(b, shared()) }},
	{"pages", alone(pages)},
	{"changes", alone(changes)},
	{"flood", alone(flood)},
	{"start", alone(start)},
	{"exports", alone(exports)},
	{"decisions", alone(bulkDecisions)},
	{"lists", alone(lists)},
	{"matching", alone(matching)},
	{"failed", alone(failures)},
	{"worklists", alone(worklists)},
	{"rosters", alone(rosters)},
	{"indicators", alone(indicators)},
	{"millions", alone(millions)},
}

// alone is a part that makes its own register.
func alone(measure func(*testing.B) []result) func(*testing.B, func() *world) []result {
	return func(b *testing.B, _ func() *world) []result { return measure(b) }
}

func BenchmarkAll(b *testing.B) {
	for b.Loop() {
		heading()
		shared := sync.OnceValue(func() *world {
			w := open(b)
			w.reader(b)
			return w
		})
		var results []result
		for _, part := range parts {
			if only := os.Getenv("BENCH_ONLY"); only == "" || slices.Contains(strings.Split(only, ","), part.name) {
				results = append(results, part.measure(b, shared)...)
			}
		}
		keep(b, results)
	}
}

func heading() { fmt.Printf("\n%-58s %12s %12s  %6s\n", "", "value", "reference", "ratio") }

// keep writes the results to the file named in BENCH_JSON.
func keep(b *testing.B, results any) {
	b.Helper()
	file := os.Getenv("BENCH_JSON")
	if file == "" {
		return
	}
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
		b.Fatal(err)
	}
}

// reader is the account that reads.
func (w *world) reader(b *testing.B) {
	b.Helper()
	_, err := w.desk.CreateAccount(context.Background(), access.SystemActor(), casework.NewAccount{Username: "reader", Name: "x", Password: "a long enough secret", Role: access.TownOfficer, Area: "370305"})
	if err != nil {
		b.Fatal(err)
	}
}

// world is a register of a district and the bare stack beside it.
type world struct {
	db   testdb.Database
	desk *casework.Desk
	file []byte
	pool *pgxpool.Pool // as the owner, for references
}

func open(b *testing.B) *world { return openIn(b, testdb.New(b)) }

func openIn(b *testing.B, in testdb.Database) *world {
	b.Helper()
	w := newWorldIn(b, in, people)
	if _, _, err := w.desk.ImportRoster(context.Background(), access.SystemActor(), w.file, false); err != nil {
		b.Fatal(err)
	}
	return w
}

// newWorld is a district without people, and the roster of them.
func newWorld(b *testing.B) *world { return newWorldOf(b, people) }

func newWorldOf(b *testing.B, people int) *world { return newWorldIn(b, testdb.New(b), people) }

func newWorldIn(b *testing.B, in testdb.Database, people int) *world {
	b.Helper()
	now := func() time.Time { return time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC) }
	w := &world{db: in}
	ctx := context.Background()
	db := w.db.Open(b, now)
	w.desk = &casework.Desk{DB: db, Rules: casework.NewRules(policy.MustLoadBuiltin()), Now: now, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
		Passwords: auth.NewCheapPasswords(), Tokens: auth.NewTokens(w.db.Ring), Log: testdb.Log(b)}
	tree := divisions.Tree()
	if _, err := w.desk.ImportDivisions(ctx, access.SystemActor(), tree); err != nil {
		b.Fatal(err)
	}
	var file bytes.Buffer
	if err := exchange.WriteRoster(&file, population.Generate(1, people, tree, calendar.DateOf(now()))); err != nil {
		b.Fatal(err)
	}
	w.file = file.Bytes()
	var err error
	if w.pool, err = pgxpool.New(ctx, w.db.OwnerURL); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(w.pool.Close)
	return w
}

// written are the tables that a roster import fills.
var written = []string{"persons", "certificates", "certificate_events", "circumstances", "awards", "payees", "standings", "dues", "open_months", "match_keys", "account_keys", "audit_changes", "events", "tally_moves"}

// importAgainstCopy compares the import of a workbook with COPY of the very rows that it ends up writing, into copies of
// the same indexed tables. Value and reference are rows a second.
func (w *world) importAgainstCopy(b *testing.B) result {
	ctx := context.Background()
	rows := make(map[string][]byte)
	total := 0
	for _, table := range written {
		var n int
		if err := w.pool.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			b.Fatal(err)
		}
		total += n
		rows[table] = w.copyOut(b, table)
	}
	imported := func() float64 {
		fresh := newWorld(b)
		began := time.Now()
		if _, _, err := fresh.desk.ImportRoster(ctx, access.SystemActor(), fresh.file, false); err != nil {
			b.Fatal(err)
		}
		return float64(total) / time.Since(began).Seconds()
	}
	copied := func() float64 {
		for _, table := range written {
			w.exec(b, "DROP TABLE IF EXISTS copy_"+table)
			w.exec(b, "CREATE TABLE copy_"+table+" (LIKE "+table+" INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)")
		}
		began := time.Now()
		for _, table := range written {
			w.copyIn(b, table, rows[table])
		}
		return float64(total) / time.Since(began).Seconds()
	}
	return pairs(b, "roster import / COPY of the rows it writes", "rows/s", imported, copied)
}

func (w *world) exec(b *testing.B, sql string) {
	b.Helper()
	if _, err := w.pool.Exec(context.Background(), sql); err != nil {
		b.Fatal(err)
	}
}

func (w *world) copyOut(b *testing.B, table string) []byte {
	b.Helper()
	var out bytes.Buffer
	err := w.pool.AcquireFunc(context.Background(), func(c *pgxpool.Conn) error {
		_, err := c.Conn().PgConn().CopyTo(context.Background(), &out, "COPY "+table+" TO STDOUT (FORMAT binary)")
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

func (w *world) copyIn(b *testing.B, table string, rows []byte) {
	b.Helper()
	err := w.pool.AcquireFunc(context.Background(), func(c *pgxpool.Conn) error {
		_, err := c.Conn().PgConn().CopyFrom(context.Background(), bytes.NewReader(rows), "COPY copy_"+table+" FROM STDIN (FORMAT binary)")
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// bareRow is the row that the bare handler reads.
type bareRow struct {
	ID               uuid.UUID `json:"id"`
	Version          int       `json:"version"`
	RecordType       string    `json:"record_type"`
	Name             string    `json:"name"`
	Sex              *string   `json:"sex"`
	BirthDate        time.Time `json:"birth_date"`
	IDNumber         []byte    `json:"id_number"`
	Phone            []byte    `json:"phone"`
	HukouType        *string   `json:"hukou_type"`
	HukouAreaCode    *string   `json:"hukou_area_code"`
	ManagingAreaCode string    `json:"managing_area_code"`
	GuardianName     *string   `json:"guardian_name"`
	CreatedAt        time.Time `json:"created_at"`
	UpdatedAt        time.Time `json:"updated_at"`
}

func (bareRow) TableName() string { return "persons" }

// bareFile is all that a person's file is made from: the row, the cards and what happened to them.
type bareFile struct {
	Row          bareRow    `json:"person" gorm:"embedded"`
	Certificates []bareCard `json:"certificates" gorm:"foreignKey:PersonID"`
}

type bareCard struct {
	ID        uuid.UUID   `json:"id"`
	Version   int         `json:"version"`
	PersonID  uuid.UUID   `json:"-"`
	Number    []byte      `json:"number"`
	Category  int         `json:"category"`
	Level     int         `json:"level"`
	IssuedOn  time.Time   `json:"issued_on"`
	ExpiresOn time.Time   `json:"expires_on"`
	HeldTo    *time.Time  `json:"held_to"`
	Events    []bareEvent `json:"events" gorm:"foreignKey:CertificateID"`
}

func (bareFile) TableName() string { return "persons" }
func (bareCard) TableName() string { return "certificates" }

type bareEvent struct {
	ID            uuid.UUID `json:"id"`
	CertificateID uuid.UUID `json:"-"`
	Event         string    `json:"event"`
	HappenedOn    time.Time `json:"happened_on"`
	RecordedAt    time.Time `json:"recorded_at"`
}

func (bareEvent) TableName() string { return "certificate_events" }

// bareServer has a handler that reads a person's row, /file/ one that reads the cards and their events as well.
func (w *world) bareServer(b *testing.B) string {
	g, err := gorm.Open(postgres.Open(w.db.OwnerURL), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		b.Fatal(err)
	}
	sqlDB, err := g.DB()
	if err != nil {
		b.Fatal(err)
	}
	sqlDB.SetMaxOpenConns(8) // as many as the service has
	sqlDB.SetMaxIdleConns(8)
	e := echo.New()
	e.GET("/:id", func(c echo.Context) error {
		var r bareRow
		if err := g.WithContext(c.Request().Context()).Where("id = ?", c.Param("id")).Take(&r).Error; err != nil {
			return err
		}
		return c.JSON(http.StatusOK, r)
	})
	e.GET("/file/:id", func(c echo.Context) error {
		var f bareFile
		if err := g.WithContext(c.Request().Context()).Preload("Certificates.Events").Where("id = ?", c.Param("id")).Take(&f).Error; err != nil {
			return err
		}
		return c.JSON(http.StatusOK, f)
	})
	server := httptest.NewServer(e)
	b.Cleanup(func() { server.Close(); sqlDB.Close() })
	return server.URL
}

func signIn(b *testing.B, url string) string { return signInAs(b, url, "reader") }

func signInAs(b *testing.B, url, name string) string {
	b.Helper()
	resp, err := http.Post(url+"/api/v1/auth/login", "application/json", strings.NewReader(`{"username":"`+name+`","password":"a long enough secret"}`))
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	var session struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&session); err != nil || session.Token == "" {
		b.Fatalf("sign in: %v", err)
	}
	return session.Token
}
