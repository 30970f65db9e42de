package httpapi_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"zhucan/internal/httpapi"
)

// TestEndOfService: what has begun is finished, an upload that does not come to its end is broken off after a while, and neither is an error.
func TestEndOfService(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	begun, brokenOff := make(chan string, 2), make(chan error, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun <- r.URL.Path
		if r.URL.Path == "/upload" {
			_, err := io.ReadAll(r.Body)
			brokenOff <- err
			return
		}
		<-ctx.Done()
		time.Sleep(50 * time.Millisecond)
		fmt.Fprint(w, "done")
	})
	served, answered := make(chan error, 1), make(chan string, 1)
	go func() { served <- httpapi.ServeWith(ctx, listener, handler, 500*time.Millisecond) }()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
	go func() {
		resp, err := http.Get("http://" + listener.Addr().String() + "/short")
		if err != nil {
			answered <- err.Error()
			return
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		answered <- string(text)
	}()
	<-begun
	<-begun
	end()
	if text := <-answered; text != "done" {
		t.Errorf("what had begun was answered %q", text)
	}
	select {
	case err := <-served:
		if err != nil {
			t.Errorf("the end is an error: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
	}
	if err := <-brokenOff; err == nil {
		t.Error("half an upload was taken for a whole one")
	}
}
