package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// ask is a request to a server. A body is sent as JSON.
type ask struct {
	method, url, token string
	body               any
}

// send is the answer, read to its end, of a server that did what it was asked to.
func (a ask) send() ([]byte, error) {
	status, answer, err := a.sent()
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("%s %s: %d %.300s", a.method, a.url, status, answer)
	}
	return answer, err
}

func (a ask) sent() (status int, answer []byte, err error) {
	var body io.Reader
	if a.body != nil {
		text, err := json.Marshal(a.body)
		if err != nil {
			return 0, nil, err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequest(a.method, a.url, body)
	if err != nil {
		return 0, nil, err
	}
	if a.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// into asks and reads the answer into a value.
func (a ask) into(b *testing.B, value any) {
	b.Helper()
	answer, err := a.send()
	if err == nil {
		err = json.Unmarshal(answer, value)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// done asks for something of which only that it was done is of interest.
func (a ask) done(b *testing.B) {
	b.Helper()
	if _, err := a.send(); err != nil {
		b.Fatal(err)
	}
}

// beside does something so many times at once.
func beside(times int, do func()) {
	var wg sync.WaitGroup
	for range times {
		wg.Go(do)
	}
	wg.Wait()
}

// freeAddress is one of this machine on which nothing listens.
func freeAddress(b *testing.B) string {
	b.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer free.Close()
	return free.Addr().String()
}

// serveUntilEnd starts a server, waits until it answers, and ends it with the benchmark.
func serveUntilEnd(b *testing.B, server *exec.Cmd, health string) {
	b.Helper()
	var said strings.Builder
	server.Stdout, server.Stderr = &said, &said
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		server.Process.Signal(syscall.SIGTERM)
		server.Wait()
	})
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if status, _, err := (ask{method: "GET", url: health}).sent(); err == nil && status == http.StatusOK {
			return
		}
		if time.Since(began) > 3*time.Minute {
			b.Fatalf("%s does not answer: %s", server.Path, said.String())
		}
	}
}

// run runs a command to its end; what it says.
func run(b *testing.B, command *exec.Cmd) string {
	b.Helper()
	out, err := command.CombinedOutput()
	if err != nil {
		b.Fatalf("%s: %v: %s", command, err, out)
	}
	return string(out)
}

// describe prints how large the answers of a side are, so that it is seen whether they are alike, and makes sure that each is one.
func (s *side) describe(b *testing.B) {
	b.Helper()
	var sizes []any
	for _, a := range []ask{s.person(0), s.list(0), s.count(0)} {
		answer, err := a.send()
		if err != nil {
			b.Fatal(err)
		}
		sizes = append(sizes, len(answer))
	}
	status, _, err := s.stranger.sent()
	if err != nil {
		b.Fatal(err)
	}
	scope := "answered"
	if status == http.StatusNotFound {
		scope = "not found"
	}
	fmt.Printf("%-12s %-10s bytes of a person %d, a list %d, counts %d; a person outside the town is %s\n", append(append([]any{s.name, s.version}, sizes...), scope)...)
}
