package httpapi_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"zhucan/api"
	"zhucan/internal/casework/testdesk"
)

var parameter = regexp.MustCompile(`\{[a-z_]+\}`)

// TestQueryThatIsNoText: no operation takes a query parameter that is not in UTF-8 or has a NUL in it, whatever the contract says of it; nor is
// there anything at a path like that.
func TestQueryThatIsNoText(t *testing.T) {
	t.Parallel()
	s := start(t)
	doc, err := openapi3.NewLoader().LoadFromData(api.Document)
	if err != nil {
		t.Fatal(err)
	}
	users := map[string]string{}
	for name, a := range testdesk.Accounts {
		users[string(a.Role)] = name
	}
	tried := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			user := ""
			if roles := mayCall[op.OperationID]; len(roles) > 0 {
				user = users[roles[0]]
			}
			for _, p := range append(item.Parameters, op.Parameters...) {
				for _, text := range []string{"%00", "%ff%fe", "%ED%A0%80", "a%00"} {
					if p.Value.In == "path" && method == http.MethodGet && !p.Value.Schema.Value.Type.Is("integer") {
						tried++
						at := parameter.ReplaceAllString(strings.Replace(path, "{"+p.Value.Name+"}", text, 1), uuid.NewString())
						if a := s.do(user, method, at, nil); a.status != 404 {
							t.Errorf("GET %s: %d %s", at, a.status, a.body)
						}
					}
					if p.Value.In != "query" {
						continue
					}
					tried++
					at := parameter.ReplaceAllString(path, uuid.NewString()) + "?" + p.Value.Name + "=" + text
					if a := s.do(user, method, at, nil); a.status != 400 || a.text("code") != "BAD_PARAMETER" {
						t.Errorf("%s %s: %d %s", method, at, a.status, a.body)
					}
				}
			}
		}
	}
	if tried < 400 {
		t.Errorf("only %d were tried", tried)
	}
}
