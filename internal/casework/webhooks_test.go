package casework_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/casework"
	"zhucan/internal/policy"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
	"zhucan/internal/webhook"
)

// quickSender sends to this machine and does not wait long.
func quickSender() *webhook.Sender {
	s := webhook.NewSender(netip.MustParsePrefix("127.0.0.0/8"))
	s.Timeout = 400 * time.Millisecond
	return s
}

// inbox is a receiver that keeps the numbers of all that arrives and of what it took, in order.
type inbox struct {
	mu            sync.Mutex
	arrived, took []int64
	url           string
}

// newInbox takes what take says; nil takes everything.
func newInbox(t *testing.T, take func(seq int64, w http.ResponseWriter) bool) *inbox {
	t.Helper()
	in := &inbox{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e casework.EventBody
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
			t.Errorf("not an event: %v", err)
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		in.arrived = append(in.arrived, e.Seq)
		if take == nil || take(e.Seq, w) {
			in.took = append(in.took, e.Seq)
		}
	}))
	t.Cleanup(server.Close)
	in.url = server.URL
	return in
}

func (in *inbox) count() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.took)
}

// firsts are the numbers in the order in which they came for the first time, and how many came again.
func firsts(list []int64) (order []int64, again int) {
	seen := map[int64]bool{}
	for _, seq := range list {
		if seen[seq] {
			again++
			continue
		}
		seen[seq] = true
		order = append(order, seq)
	}
	return order, again
}

// happen writes transactions of a few events of two kinds and two towns, some of which fail, and tells which events there then are.
func happen(t *testing.T, db *store.DB, random *rand.Rand, transactions int) (all []store.Event) {
	t.Helper()
	var writers sync.WaitGroup
	for range 3 {
		own := rand.New(rand.NewPCG(random.Uint64(), 1))
		writers.Go(func() {
			for range transactions / 3 {
				err := db.Write(context.WithoutCancel(t.Context()), access.SystemActor(), "test.happen", func(tx *store.Tx) error {
					for range 1 + own.IntN(3) {
						tx.Emit(store.Event{Type: []string{"person.updated", "person.died"}[own.IntN(2)], Subject: uuid.Must(uuid.NewV7()),
							Area: []area.Code{"370305001005", "370305111245"}[own.IntN(2)]})
					}
					time.Sleep(time.Duration(own.IntN(3)) * time.Millisecond)
					if own.IntN(8) == 0 {
						return fmt.Errorf("it did not happen")
					}
					return nil
				})
				if err != nil && err.Error() != "it did not happen" {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	all, _, err := db.Events(t.Context(), access.SystemActor(), store.EventFilter{Limit: 100000})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func subscribe(t *testing.T, desk *casework.Desk, url string, at area.Code, types ...string) {
	t.Helper()
	none := int64(0)
	_, _, err := desk.RegisterWebhook(t.Context(), access.SystemActor(), casework.NewWebhook{URL: url, Types: types, Area: at, After: &none})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDeliveriesKeepTheirOrder lets three receivers with different wishes fail at random while events happen and four processes'
// worth of senders work: each takes every event that it asked for once, in order, none before an earlier one was taken, and none that
// did not happen.
func TestDeliveriesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	var mu sync.Mutex
	now := time.Date(2023, 3, 28, 2, 0, 0, 0, time.UTC)
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	db := d.Open(t, clock)
	random := rand.New(rand.NewPCG(23, 1))
	desk := &casework.Desk{DB: db, Rules: casework.NewRules(policy.MustLoadBuiltin()), Now: clock, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
		Log: testdb.Log(t), Sender: quickSender()}
	desk.Sender.Timeout = 5 * time.Second // nothing is slow here but the machine
	fails := map[int64]int{}              // how often an event has failed at the first receiver: at most 6 times, so that none is given up
	wild := newInbox(t, func(seq int64, w http.ResponseWriter) bool {
		if random.IntN(3) == 0 && fails[seq] < 6 {
			fails[seq]++
			w.WriteHeader([]int{500, 503, 302, 404}[random.IntN(4)])
			return false
		}
		return true
	})
	steady, town := newInbox(t, nil), newInbox(t, nil)
	subscribe(t, desk, wild.url, "370305", "person.updated", "person.died")
	subscribe(t, desk, steady.url, "370305", "person.died")
	subscribe(t, desk, town.url, "370305111", "person.updated")
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	for range 2 {
		working.Go(func() { desk.KeepDelivering(ctx, 3*time.Millisecond) })
	}
	all := happen(t, db, rand.New(rand.NewPCG(5, 1)), 90)
	wants := func(e store.Event, in *inbox) bool {
		return in == wild || in == steady && e.Type == "person.died" || in == town && e.Type == "person.updated" && e.Area == "370305111245"
	}
	want := map[*inbox][]int64{}
	for _, e := range all {
		for _, in := range []*inbox{wild, steady, town} {
			if wants(e, in) {
				want[in] = append(want[in], e.Seq)
			}
		}
	}
	for tries := 0; wild.count() < len(want[wild]) || steady.count() < len(want[steady]) || town.count() < len(want[town]); tries++ {
		if tries > 6000 {
			t.Fatalf("after long %d of %d, %d of %d and %d of %d have arrived", wild.count(), len(want[wild]), steady.count(), len(want[steady]), town.count(), len(want[town]))
		}
		mu.Lock()
		now = now.Add(2 * time.Minute)
		mu.Unlock()
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	working.Wait()
	for name, in := range map[string]*inbox{"wild": wild, "steady": steady, "town": town} {
		if !slices.Equal(in.took, want[in]) {
			t.Errorf("%s took\n%v\nwant\n%v", name, in.took, want[in])
		}
		if !slices.IsSorted(in.arrived) {
			t.Errorf("%s was sent a later event before an earlier one was taken: %v", name, in.arrived)
		}
	}
	t.Logf("%d events; the wild receiver refused %d times", len(all), len(wild.arrived)-len(wild.took))
	if len(all) < 100 || len(wild.arrived) < len(wild.took)+30 {
		t.Error("too little happened to show anything")
	}
}

// TestSendersKilled kills one of two processes that send, again and again, while events happen. What arrives for the first time
// arrives in order, every event does, and none that did not happen.
func TestSendersKilled(t *testing.T) {
	t.Parallel()
	const killed = 25
	d := testdb.New(t)
	db := d.Open(t, time.Now)
	random := rand.New(rand.NewPCG(29, 1))
	desk := &casework.Desk{DB: db, Rules: casework.NewRules(policy.MustLoadBuiltin()), Now: time.Now, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
		Log: testdb.Log(t), Sender: quickSender()}
	in := newInbox(t, func(int64, http.ResponseWriter) bool { time.Sleep(2 * time.Millisecond); return true })
	subscribe(t, desk, in.url, "370305", "person.updated", "person.died")
	keys := filepath.Join(t.TempDir(), "keys")
	if err := d.Ring.Save(keys); err != nil {
		t.Fatal(err)
	}
	begin := func() *exec.Cmd {
		text, err := json.Marshal(task{URL: d.URL, Keys: keys, What: "deliver", Now: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		process := exec.CommandContext(t.Context(), os.Args[0])
		process.Env = append(os.Environ(), childOf+"="+string(text))
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		return process
	}
	enough, happened := make(chan struct{}), make(chan []store.Event)
	go func() {
		for own := rand.New(rand.NewPCG(31, 1)); ; {
			all := happen(t, db, own, 24)
			for in.count()+1000 < len(all) && t.Context().Err() == nil { // no more happens than is sent, or the rest of it takes for ever
				time.Sleep(time.Millisecond)
			}
			select {
			case <-enough:
				happened <- all
				return
			default:
			}
		}
	}()
	processes := []*exec.Cmd{begin(), begin()}
	for range killed { // each time when something has just been sent, by one of the two
		for before, more := in.count(), 1+random.IntN(20); in.count() < before+more; {
			time.Sleep(time.Millisecond)
		}
		one := random.IntN(2)
		processes[one].Process.Kill()
		processes[one].Wait()
		processes[one] = begin()
	}
	close(enough)
	all := <-happened
	for tries := 0; ; tries++ {
		in.mu.Lock()
		order, again := firsts(in.took)
		in.mu.Unlock()
		if len(order) < len(all) && tries < 600 {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		for i, seq := range order {
			if seq != int64(i+1) {
				t.Fatalf("the %dth to arrive is number %d", i+1, seq)
			}
		}
		if len(order) != len(all) {
			t.Errorf("%d of %d events arrived", len(order), len(all))
		}
		t.Logf("%d events, %d sent again", len(all), again)
		if again == 0 {
			t.Error("no kill ever hit between sending and recording; the test shows little")
		}
		break
	}
	for _, p := range processes {
		p.Process.Kill()
		p.Wait()
	}
}
