package httpapi_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestCrowd: more requests with keys at one moment than there are connections. Each holds one and reads by another, so if all connections
// could be held that way, everybody, also who only reads, would wait until the time of the requests is over.
func TestCrowd(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.login("liaison.a")
	const crowd = 40 // the tests have eight connections
	began := time.Now()
	answers := make([]answer, crowd)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = s.do("liaison.a", "POST", "/persons", map[string]any{"name": fmt.Sprint("金丝雀", i), "sex": "male", "birth_date": "2020-01-01",
				"hukou_area_code": villageA, "hukou_type": "agricultural"}, "Idempotency-Key", uuid.NewString())
		})
	}
	all.Wait()
	for _, a := range answers {
		a.want(http.StatusCreated)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
}
