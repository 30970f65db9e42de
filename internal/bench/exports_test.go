package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/store/testdb"
)

// takings of a file in a round, since one is over too soon to be measured.
const takings = 5

// What PostgreSQL does to give the rows of the same files out, sealed as they are.
const (
	rosterRowsOf = `SELECT l.*, b.name, b.id_number, b.holder, b.account, b.card_number, b.category, b.town, b.village, b.programme
		FROM roster_lines l JOIN bank_lines b ON b.roster_id = l.roster_id AND b.seq = l.seq WHERE l.roster_id = '%s' ORDER BY l.seq`
	listRowsOf = `SELECT p.name, p.id_number, p.birth_date, p.managing_area_code, c.category, c.level
		FROM standings s JOIN persons p ON p.id = s.person_id LEFT JOIN certificates c ON c.person_id = p.id AND c.held_to IS NULL
		WHERE s.indicator = 'medical_enrolment@any_scheme' AND s.valid_from <= current_date AND (s.valid_to IS NULL OR s.valid_to >= current_date)
		AND s.status < 4 AND s.area_code >= '370305' AND s.area_code < '370306' AND p.id_number IS NOT NULL ORDER BY s.area_code, s.person_id`
)

// exports measures the file of a roster for the bank and a list for another department, as the built program hands them out over HTTP,
// opened, with token, audit and totals, against COPY of the same rows of the same tables; rows a second. And what memory it takes.
func exports(b *testing.B) []result {
	b.Helper()
	in := testdb.New(b)
	in.Ring = newRing(b)
	w := openIn(b, in)
	s := newService(b, in)
	roster := w.locked(b)
	w.exec(b, "VACUUM ANALYZE")
	s.start(b)
	defer s.stop()
	url := "http://" + s.address
	token := signInAs(b, url, "cdpf.reviewer")
	file := func() *http.Request {
		return request(b, "GET", url+"/api/v1/rosters/"+roster.String()+"/file?format=csv", token, "")
	}
	list := func() *http.Request {
		return request(b, "POST", url+"/api/v1/partner-lists/medical_holders/exports", token, `{"purpose":"measuring","format":"csv"}`)
	}
	s.forget(b)
	results := []result{pairs(b, "roster file over HTTP / COPY of its rows", "rows/s", s.taking(b, file), w.givingOut(b, fmt.Sprintf(rosterRowsOf, roster))), s.within(b, "meanwhile")}
	s.forget(b)
	return append(results, pairs(b, "list for another office over HTTP / COPY of its rows", "rows/s", s.taking(b, list), w.givingOut(b, listRowsOf)), s.within(b, "meanwhile"))
}

// locked is a roster of everything that the register owes.
func (w *world) locked(b *testing.B) uuid.UUID {
	b.Helper()
	ctx := context.Background()
	maker, checker := w.account(b, access.FinanceOfficer), w.account(b, access.CDPFReviewer)
	r, err := w.desk.MakeRoster(ctx, maker, calendar.MustMonth("2026-11"), "", "")
	if err == nil {
		r, err = w.desk.CheckRoster(ctx, checker, r.ID, r.Version)
	}
	if err == nil {
		r, err = w.desk.LockRoster(ctx, maker, r.ID, r.Version)
	}
	if err != nil {
		b.Fatal(err)
	}
	return r.ID
}

// taking is how many rows a second the service gives out of a file.
func (s *service) taking(b *testing.B, ask func() *http.Request) func() float64 {
	return func() float64 {
		began, rows := time.Now(), 0
		for range takings {
			resp, err := client.Do(ask())
			if err != nil || resp.StatusCode != http.StatusOK {
				b.Fatalf("a file: %v %v: %s", resp, err, s.said.String())
			}
			text, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil {
				b.Fatal(err)
			}
			rows += bytes.Count(text, []byte("\n"))
		}
		return float64(rows) / time.Since(began).Seconds()
	}
}

// givingOut is how many rows a second COPY gives out of a query.
func (w *world) givingOut(b *testing.B, query string) func() float64 {
	return func() float64 {
		began, rows := time.Now(), int64(0)
		for range takings {
			err := w.pool.AcquireFunc(context.Background(), func(c *pgxpool.Conn) error {
				tag, err := c.Conn().PgConn().CopyTo(context.Background(), io.Discard, "COPY ("+query+") TO STDOUT")
				rows += tag.RowsAffected()
				return err
			})
			if err != nil || rows == 0 {
				b.Fatalf("%d rows (%v)", rows, err)
			}
		}
		return float64(rows) / time.Since(began).Seconds()
	}
}

func request(b *testing.B, method, url, token, body string) *http.Request {
	b.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	return req
}
