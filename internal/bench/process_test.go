package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"zhucan/internal/secret"
	"zhucan/internal/store/testdb"
)

// What a start may take, and the memory of the service whatever it does.
const (
	startPromised  = 300 // ms
	memoryPromised = 256 // MiB
)

func newRing(b *testing.B) *secret.Ring {
	b.Helper()
	ring, err := secret.Generate(rand.Reader, false)
	if err != nil {
		b.Fatal(err)
	}
	return ring
}

// service is the built program, to be started on a database that it has migrated.
type service struct {
	program, keys, files, url string
	address                   string
	running                   *exec.Cmd
	said                      bytes.Buffer
}

func newService(b *testing.B, in testdb.Database) *service {
	b.Helper()
	program := filepath.Join(b.TempDir(), "zhucan")
	if out, err := exec.Command("go", "build", "-o", program, "zhucan/cmd/zhucan").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	s := &service{program: program, keys: filepath.Join(b.TempDir(), "keys.json"), files: b.TempDir(), url: in.URL}
	if err := in.Ring.Save(s.keys); err != nil {
		b.Fatal(err)
	}
	if out, err := exec.Command(program, "migrate", "--owner-url", in.OwnerURL).CombinedOutput(); err != nil {
		b.Fatalf("migrate: %v: %s", err, out)
	}
	b.Cleanup(s.stop)
	return s
}

// start starts the program and waits until it answers, database and all; milliseconds.
func (s *service) start(b *testing.B) float64 {
	b.Helper()
	s.address = freeAddress(b)
	s.said.Reset()
	s.running = exec.Command(s.program, "serve")
	s.running.Env = append(os.Environ(), "DATABASE_URL="+s.url, "ZHUCAN_KEY_FILE="+s.keys, "ZHUCAN_FILES=file://"+s.files, "ZHUCAN_LISTEN="+s.address, "ZHUCAN_LOG_LEVEL=error",
		"ZHUCAN_TRUSTED_PROXIES=127.0.0.0/8")
	s.running.Stderr = &s.said
	began := time.Now()
	if err := s.running.Start(); err != nil {
		b.Fatal(err)
	}
	for !s.answers() {
		if time.Since(began) > time.Minute {
			b.Fatalf("the service does not answer: %s", s.said.String())
		}
		time.Sleep(time.Millisecond)
	}
	return float64(time.Since(began).Microseconds()) / 1000
}

func (s *service) answers() bool {
	resp, err := http.Get("http://" + s.address + "/readyz")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func (s *service) stop() {
	if s.running != nil {
		s.running.Process.Signal(syscall.SIGTERM)
		s.running.Wait()
		s.running = nil
	}
}

// memory is the most that the process, and those that it has started, have held since they were last forgotten, in MiB, as Linux counts it.
func (s *service) memory(b *testing.B) (mib float64) {
	b.Helper()
	for _, pid := range s.processes(b) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%s/status", pid))
		if err != nil {
			b.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		most, err := strconv.Atoi(strings.Fields(rest)[0])
		if err != nil {
			b.Fatal(err)
		}
		mib += float64(most) / 1024
	}
	return mib
}

// processes are the service and what it has started, whichever of its threads did.
func (s *service) processes(b *testing.B) []string {
	b.Helper()
	own := strconv.Itoa(s.running.Process.Pid)
	list, err := filepath.Glob("/proc/" + own + "/task/*/children")
	if err != nil {
		b.Fatal(err)
	}
	all := []string{own}
	for _, name := range list {
		children, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a thread may end meanwhile
			b.Fatal(err)
		}
		all = append(all, strings.Fields(string(children))...)
	}
	return all
}

// forget lets memory begin again with what the processes hold now.
func (s *service) forget(b *testing.B) {
	b.Helper()
	for _, pid := range s.processes(b) {
		if err := os.WriteFile("/proc/"+pid+"/clear_refs", []byte("5"), 0); err != nil {
			b.Fatal(err)
		}
	}
}

// within holds the most that the service held against what it may.
func (s *service) within(b *testing.B, during string) result {
	b.Helper()
	mib := s.memory(b)
	ratio := mib / memoryPromised
	return printed(result{Name: "  memory of the service " + during + " (MiB) / " + strconv.Itoa(memoryPromised), Value: mib, Reference: memoryPromised, Ratio: ratio, Min: ratio, Max: ratio,
		Rounds: 1, Unit: "MiB"})
}

// start is how long it takes from starting the program on a migrated database to its first answer, against what is promised.
func start(b *testing.B) []result {
	b.Helper()
	in := testdb.New(b)
	in.Ring = newRing(b)
	s := newService(b, in)
	if err := exec.CommandContext(context.Background(), s.program, "--help").Run(); err != nil { // the file is read once before
		b.Fatal(err)
	}
	started := func() float64 {
		defer s.stop()
		return s.start(b)
	}
	return []result{pairs(b, "start to first answer / promised (lower)", "ms", started, func() float64 { return startPromised })}
}
