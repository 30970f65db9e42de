package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/xuri/excelize/v2"

	"zhucan/internal/access"
	"zhucan/internal/blobs"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/demo/divisions"
	"zhucan/internal/demo/population"
	"zhucan/internal/exchange"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

var (
	listRows   = sized(50_000)
	rosterRows = sized(10_000) // in one file of the register
)

// lists measures the dry run of a workbook of another department, and its import, against COPY of the very rows that the import
// writes into copies of the same indexed tables, which hold what the register held before. Each round is the insured of another
// year, so that each writes new facts of everybody. And what the service takes of memory meanwhile, which may be 200 MiB.
func lists(b *testing.B) []result {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the service has it
	r := newListed(b, listRows)
	var dry, taken, copied []float64
	for round := range rounds {
		book, asOf := r.insured(2020+round), calendar.MustDate(fmt.Sprintf("%d-12-20", 2020+round))
		looked, dryTook := r.hand(book, asOf, true)
		applied, took := r.hand(book, asOf, false)
		if looked.Changed != listRows || applied.Changed != listRows {
			b.Fatalf("%d rows would change something, %d did, of %d", looked.Changed, applied.Changed, listRows)
		}
		rows, again := r.copyOf(applied.ID)
		b.Logf("round %d: dry %.1f s, import %.1f s, COPY of %d rows %.1f s", round, dryTook, took, rows, again)
		dry, taken, copied = append(dry, float64(rows)/dryTook), append(taken, float64(rows)/took), append(copied, float64(rows)/again)
	}
	return []result{
		paired("dry run of a list of 50,000 / COPY of its rows", "rows/s", dry, copied),
		paired("import of a list of 50,000 / COPY of its rows", "rows/s", taken, copied),
		r.held(2020 + rounds),
	}
}

// held is the most memory that the built program takes while it tries the list of one more year, and takes it in, over HTTP.
func (r *listed) held(year int) result {
	const promised = 200 // MiB
	s := newService(r.b, r.db)
	r.account(r.b, access.CDPFReviewer)
	s.start(r.b)
	defer s.stop()
	url := "http://" + s.address + "/api/v1/imports"
	token := signInAs(r.b, "http://"+s.address, "cdpf.reviewer")
	book := r.insured(year)
	time.Sleep(2 * time.Second) // until what the sign-in took is given back
	s.forget(r.b)
	for _, dry := range []bool{true, false} {
		var form bytes.Buffer
		parts := multipart.NewWriter(&form)
		file, err := parts.CreateFormFile("file", "list.xlsx")
		if err == nil {
			_, err = file.Write(book)
		}
		if err != nil || parts.Close() != nil {
			r.b.Fatal(err)
		}
		req := request(r.b, "POST", fmt.Sprintf("%s?kind=medical&sender=x&as_of=%d-12-20&dry_run=%t", url, year, dry), token, form.String())
		req.Header.Set("Content-Type", parts.FormDataContentType())
		began := time.Now()
		for i := r.told(req); i.State != store.ImportDone; i = r.told(request(r.b, "GET", url+"/"+i.ID.String(), token, "")) {
			if i.State != store.ImportQueued {
				r.b.Fatalf("a list is %s: %s", i.State, s.said.String())
			}
			time.Sleep(50 * time.Millisecond)
		}
		r.b.Logf("the service, within its memory: dry run %t, %.1f s", dry, time.Since(began).Seconds())
	}
	mib := s.memory(r.b)
	return printed(result{Name: "  memory of the service meanwhile (MiB) / 200", Value: mib, Reference: promised, Ratio: mib / promised, Min: mib / promised, Max: mib / promised, Rounds: 1, Unit: "MiB"})
}

// told is what the service says of an import.
func (r *listed) told(req *http.Request) (i store.Import) {
	r.b.Helper()
	resp, err := client.Do(req)
	if err != nil {
		r.b.Fatal(err)
	}
	defer resp.Body.Close()
	var body struct {
		ID    uuid.UUID `json:"id"`
		State string    `json:"state"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || resp.StatusCode >= 300 {
		r.b.Fatalf("%d (%v)", resp.StatusCode, err)
	}
	return store.Import{ID: body.ID, State: body.State}
}

// listed is a register against which lists are held.
type listed struct {
	*world
	b      *testing.B
	people []exchange.RosterRow
	copied map[string]bool // the tables that there are copies of
}

// newListed is a register against which a list of so many rows is held.
func newListed(b *testing.B, rows int) *listed {
	b.Helper()
	tree := divisions.Tree()
	in := testdb.New(b)
	in.Ring = newRing(b)
	r := &listed{world: newWorldIn(b, in, 1), b: b, copied: map[string]bool{}}
	var err error
	if r.desk.Files, err = blobs.Open(context.Background(), blobs.Folder(b.TempDir()), r.db.Ring); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.desk.Files.Close() })
	for part := range slices.Chunk(population.Generate(1, rows+rows/50, tree, calendar.DateOf(r.desk.Now())), rosterRows) {
		var file bytes.Buffer
		if err := exchange.WriteRoster(&file, part); err != nil {
			b.Fatal(err)
		}
		if _, _, err := r.desk.ImportRoster(context.Background(), access.SystemActor(), file.Bytes(), false); err != nil {
			b.Fatal(err)
		}
		for _, p := range part {
			if !p.ID.IsZero() && len(r.people) < rows {
				r.people = append(r.people, exchange.RosterRow{Name: p.Name, ID: p.ID})
			}
		}
	}
	if err := r.desk.DB.FoldTallies(context.Background(), calendar.DateOf(r.desk.Now())); err != nil { // as the service does all the time
		b.Fatal(err)
	}
	r.exec(b, "VACUUM ANALYZE")
	return r
}

// insured is the workbook of who is insured in a year.
func (r *listed) insured(year int) []byte {
	r.b.Helper()
	book := excelize.NewFile()
	defer book.Close()
	lines, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		r.b.Fatal(err)
	}
	lines.SetRow("A1", []any{"序号", "姓名", "身份证号", "险种", "参保年度", "备注"})
	for n, p := range r.people {
		if err := lines.SetRow(fmt.Sprint("A", n+2), []any{n + 1, p.Name, p.ID.Reveal(), "居民医保", year, "正常参保"}); err != nil {
			r.b.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := lines.Flush(); err != nil {
		r.b.Fatal(err)
	}
	if err := book.Write(&out); err != nil {
		r.b.Fatal(err)
	}
	return out.Bytes()
}

// hand hands a list in and waits until it is done, in seconds.
func (r *listed) hand(book []byte, asOf calendar.Date, dry bool) (store.Import, float64) {
	r.b.Helper()
	ctx, began := context.Background(), time.Now()
	i, _, err := r.desk.ImportList(ctx, access.SystemActor(), casework.NewList{Kind: "medical", Sender: "医保局", AsOf: asOf, Data: book, DryRun: dry})
	for err == nil && i.State == store.ImportQueued {
		time.Sleep(5 * time.Millisecond)
		i, err = r.desk.DB.ImportByID(ctx, access.SystemActor(), i.ID)
	}
	if err != nil || i.State != store.ImportDone {
		r.b.Fatalf("a list is %s: %v, %v", i.State, i.Failure, err)
	}
	return i, time.Since(began).Seconds()
}

// copyOf copies what the transaction of an import has written into copies of its tables, in seconds. Which rows those are is what the
// database has noted on each of them. A copy begins with what its table held before, and goes on with it.
func (r *listed) copyOf(id uuid.UUID) (rows int, seconds float64) {
	r.b.Helper()
	ctx := context.Background()
	var xid string
	if err := r.pool.QueryRow(ctx, "SELECT xmin::text FROM imports WHERE id = $1", id).Scan(&xid); err != nil {
		r.b.Fatal(err)
	}
	content := map[string][]byte{}
	for _, table := range r.tables(r.b) {
		var n int
		if err := r.pool.QueryRow(ctx, fmt.Sprintf("SELECT count(*) FROM %s WHERE xmin::text = '%s'", table, xid)).Scan(&n); err != nil {
			r.b.Fatal(err)
		}
		if n == 0 {
			continue
		}
		rows += n
		content[table] = r.copyOut(r.b, fmt.Sprintf("(SELECT * FROM %s WHERE xmin::text = '%s')", table, xid))
		if !r.copied[table] {
			r.copied[table] = true
			r.exec(r.b, "CREATE TABLE copy_"+table+" (LIKE "+table+" INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)")
			r.exec(r.b, fmt.Sprintf("INSERT INTO copy_%s SELECT * FROM %s WHERE xmin::text <> '%s'", table, table, xid))
			continue
		}
		key := r.key(table) // what was changed in place is taken away before it is copied again
		if len(key) == 0 {
			continue // a table without a key only grows
		}
		r.exec(r.b, fmt.Sprintf("DELETE FROM copy_%[1]s c USING %[1]s t WHERE t.xmin::text = '%[2]s' AND (c.%[3]s) = (t.%[4]s)", table, xid, strings.Join(key, ", c."), strings.Join(key, ", t.")))
	}
	r.exec(r.b, "CHECKPOINT")
	began := time.Now()
	for table, text := range content {
		r.copyIn(r.b, table, text)
	}
	return rows, time.Since(began).Seconds()
}

// key is the primary key of a table; none where it has none.
func (r *listed) key(table string) (columns []string) {
	r.b.Helper()
	err := r.pool.QueryRow(context.Background(), `SELECT array_agg(a.attname::text) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
		WHERE i.indrelid = $1::regclass AND i.indisprimary`, table).Scan(&columns)
	if err != nil {
		r.b.Fatalf("the key of %s: %v", table, err)
	}
	return columns
}

// tables are those of the service.
func (w *world) tables(b *testing.B) (names []string) {
	b.Helper()
	rows, err := w.pool.Query(context.Background(), "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'copy_%' AND tablename NOT LIKE 'was_%' ORDER BY 1")
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			b.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// paired is the median of the ratios of values and references that were measured in turn.
func paired(name, unit string, values, references []float64) result {
	ratios := make([]float64, len(values))
	for i := range values {
		ratios[i] = values[i] / references[i]
	}
	median := func(list []float64) float64 { return slices.Sorted(slices.Values(list))[len(list)/2] }
	return printed(result{Name: name, Value: median(values), Reference: median(references), Ratio: median(ratios), Min: slices.Min(ratios), Max: slices.Max(ratios),
		Rounds: len(values), Unit: unit})
}
