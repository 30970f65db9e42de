package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

// endingChild has the test binary serve, as another process, until signals end it.
const endingChild = "ZHUCAN_TEST_ENDING"

// TestSecondSignalEndsAtOnce: the first waits for what has begun, the second does not.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	if os.Getenv(endingChild) != "" {
		serveForEver(t)
		return
	}
	t.Parallel()
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestSecondSignalEndsAtOnce$")
	process.Env = append(os.Environ(), endingChild+"=1")
	said, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	defer process.Process.Kill()
	var line string
	for range []string{"has begun", "is ending"} {
		if _, err := fmt.Fscanln(said, &line); err != nil {
			t.Fatal(err)
		}
		if err := process.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	select {
	case <-ended:
		if status, ok := process.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
			t.Errorf("after the second signal: %v", process.ProcessState)
		}
	case <-time.After(10 * time.Second):
		t.Error("the second signal did not end it")
	}
}

// serveForEver has a request that does not end, and says when it has begun and when the service is about to end.
func serveForEver(t *testing.T) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go http.Get("http://" + listener.Addr().String())
	err = serve(ctx, listener, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		fmt.Println("begun")
		<-ctx.Done()
		time.Sleep(200 * time.Millisecond) // serve has heard of it by then
		fmt.Println("ending")
		select {}
	}))
	t.Fatalf("it ended by itself: %v", err)
}
