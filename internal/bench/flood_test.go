package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"zhucan/internal/access"
	"zhucan/internal/auth"
	"zhucan/internal/casework"
	"zhucan/internal/store/testdb"
)

const (
	readers  = 4
	signers  = 16 // who sign in all the time, each from an address of his own
	thinking = 5 * time.Millisecond
)

var readings = sized(300) // of each reader in a round

// flood compares the time that 99 of 100 readings of a person take at most while many sign in with the same when nobody does, in
// milliseconds. It is the built program that answers, so that its processors are not shared with who asks any more than they have to be.
func flood(b *testing.B) []result {
	b.Helper()
	in := testdb.New(b)
	in.Ring = newRing(b)
	w := openIn(b, in)
	w.reader(b)
	w.desk.Passwords = auth.NewPasswords() // as in production
	_, err := w.desk.CreateAccount(context.Background(), access.SystemActor(), casework.NewAccount{Username: "crowd", Name: "x", Password: "a long enough secret", Role: access.TownOfficer, Area: "370305"})
	if err != nil {
		b.Fatal(err)
	}
	s := newService(b, in)
	s.start(b)
	defer s.stop()
	url := "http://" + s.address
	urls, token := addresses(url+"/api/v1/persons/", w.spread(b, readIDs)), signIn(b, url)
	idle := func() float64 { return slowest(b, urls, token) }
	flooded := func() float64 {
		stop := crowd(b, url)
		defer stop()
		return slowest(b, urls, token)
	}
	s.forget(b)
	return []result{pairs(b, "reading a person at p99: while many sign in / nobody (lower)", "ms", flooded, idle), s.within(b, "meanwhile")}
}

// slowest is the time within which 99 of 100 readings are answered, in milliseconds.
func slowest(b *testing.B, urls []string, token string) float64 {
	b.Helper()
	took := make([]float64, readers*readings)
	var wg sync.WaitGroup
	for c := range readers {
		wg.Go(func() {
			for n := range readings {
				began := time.Now()
				if err := fetch(urls[(n*readers+c)%len(urls)], token); err != nil {
					b.Error(err)
					return
				}
				took[c*readings+n] = float64(time.Since(began).Microseconds()) / 1000
				time.Sleep(thinking)
			}
		})
	}
	wg.Wait()
	slices.Sort(took)
	return took[len(took)*99/100]
}

// crowd signs in without end until it is stopped. A round in which hardly anybody got in was no flood.
func crowd(b *testing.B, url string) (stop func()) {
	var done atomic.Bool
	var in atomic.Int64
	var wg sync.WaitGroup
	for s := range signers {
		wg.Go(func() {
			for n := 0; !done.Load(); n++ {
				if enter(url, fmt.Sprintf("10.%d.%d.%d", s, n/256%256, n%256)) {
					in.Add(1)
				}
			}
		})
	}
	time.Sleep(200 * time.Millisecond) // until it is one
	return func() {
		done.Store(true)
		wg.Wait()
		if in.Load() < signers {
			b.Errorf("%d signed in during a flood", in.Load())
		}
	}
}

func enter(url, from string) bool {
	body, _ := json.Marshal(map[string]string{"username": "crowd", "password": "a long enough secret"})
	req, err := http.NewRequest("POST", url+"/api/v1/auth/login", bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(echo.HeaderXForwardedFor, from)
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
