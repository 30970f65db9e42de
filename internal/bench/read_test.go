package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"zhucan/internal/access"
	"zhucan/internal/httpapi"
)

const (
	readsRound = 4000 // reads of a round, by all connections together
	readIDs    = 20   // persons who are read, spread over the register
)

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// reads compares a person's file with token, live rights, area, decryption and masking with a bare Echo and GORM handler of the same
// row; with one that reads the cards and their events as well, of which the file consists; and with pgbench, which sends the very statement
// of the service and does nothing with its rows. Answers a second.
func reads(b *testing.B, w *world) (list []result) {
	ids := w.spread(b, readIDs)
	ours, token := w.serve(b)
	bare := w.bareServer(b)
	statements := w.personReads(b, ids)
	for _, clients := range []int{8, 32} {
		statements.clients, statements.runs = clients, readsRound/clients
		taken := inTurn(
			func() float64 { return get(b, clients, addresses(bare+"/", ids), "") },
			func() float64 { return statements.run(b, w.pool) },
			func() float64 { return get(b, clients, addresses(ours+"/api/v1/persons/", ids), token) },
			func() float64 { return get(b, clients, addresses(bare+"/file/", ids), "") })
		of := fmt.Sprintf("person with token and area, %d connections / ", clients)
		list = append(list, paired(of+"bare Echo+GORM", "req/s", taken[2], taken[0]), paired(of+"bare, with its cards and events", "req/s", taken[2], taken[3]),
			paired(of+"pgbench", "req/s", taken[2], taken[1]))
	}
	return list
}

// spread are the ids of so many persons from all over the register.
func (w *world) spread(b *testing.B, n int) []uuid.UUID {
	b.Helper()
	rows, err := w.pool.Query(context.Background(), "SELECT id FROM persons ORDER BY md5(id::text) LIMIT $1", n)
	if err != nil {
		b.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil || len(ids) != n {
		b.Fatalf("%d of %d persons (%v)", len(ids), n, err)
	}
	return ids
}

// serve is the JSON face with a reader's token.
func (w *world) serve(b *testing.B) (url, token string) {
	b.Helper()
	face := &httpapi.API{Desk: w.desk, Log: w.desk.Log, IPs: echo.ExtractIPDirect(), NewID: func() string { return uuid.NewString() }}
	handler, err := face.Handler()
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(handler)
	b.Cleanup(server.Close)
	return server.URL, signIn(b, server.URL)
}

// personReads reads one of these persons, by the statement of the service, as its role and with a reader's rights. It is one statement,
// which is prepared once and then planned for any of them, as it is for the service: so the person is one of an array.
func (w *world) personReads(b *testing.B, ids []uuid.UUID) load {
	b.Helper()
	sql, args := w.desk.DB.PersonPage(w.signedIn(b), uuid.Nil)
	last := len(args)
	sql = strings.ReplaceAll(strings.ReplaceAll(sql, "\n", " "), fmt.Sprintf("$%d", last), "(:ids::uuid[])[:n]")
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = id.String()
	}
	l := load{url: w.db.URL, variables: map[string]string{"ids": "{" + strings.Join(list, ",") + "}"}}
	for i, arg := range args[:last-1] {
		name := fmt.Sprintf("a%d", i+1)
		sql, l.variables[name] = strings.ReplaceAll(sql, fmt.Sprintf("$%d", i+1), ":"+name), text(arg)
	}
	l.script = fmt.Sprintf("\\set n random(1, %d)\n%s;\n", len(ids), sql)
	return l
}

func text(value any) string {
	if at, ok := value.(time.Time); ok {
		return at.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(value)
}

// signedIn is the reader in the session that began last.
func (w *world) signedIn(b *testing.B) (who access.Actor) {
	b.Helper()
	err := w.pool.QueryRow(context.Background(), `SELECT a.id, s.id, a.role, a.area_code FROM sessions s JOIN accounts a ON a.id = s.account_id
		WHERE a.username = 'reader' ORDER BY s.id DESC LIMIT 1`).Scan(&who.AccountID, &who.SessionID, &who.Role, &who.Area)
	if err != nil {
		b.Fatal(err)
	}
	return who
}

func addresses(base string, ids []uuid.UUID) (urls []string) {
	for _, id := range ids {
		urls = append(urls, base+id.String())
	}
	return urls
}

// get asks for the addresses again and again by so many connections; answers a second.
func get(b *testing.B, clients int, urls []string, token string) float64 {
	b.Helper()
	began := time.Now()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for n := range readsRound / clients {
				if err := fetch(urls[(n*clients+c)%len(urls)], token); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(readsRound/clients*clients) / time.Since(began).Seconds()
}

// fetch reads an answer to its end.
func fetch(url, token string) error {
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s (%w)", url, resp.Status, err)
	}
	return nil
}
