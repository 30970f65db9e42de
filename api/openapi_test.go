package api_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"zhucan/api"
	"zhucan/internal/access"
)

func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.Document)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return doc
}

// operation is one operation with what the tests ask about it.
type operation struct {
	*openapi3.Operation
	method, path string
	public       bool
}

func (o operation) parameter(name string) *openapi3.Parameter {
	for _, p := range o.Parameters {
		if p.Value.Name == name {
			return p.Value
		}
	}
	return nil
}

// refuses reports whether the operation answers this status with a problem document.
func (o operation) refuses(status int) bool {
	r := o.Responses.Status(status)
	return r != nil && r.Value.Content.Get("application/problem+json") != nil
}

// success is the schema of the JSON answer of the first 2xx status that has one.
func (o operation) success() (schema *openapi3.Schema, status int) {
	for _, status := range []int{200, 201} {
		if r := o.Responses.Status(status); r != nil && r.Value.Content["application/json"] != nil {
			return r.Value.Content["application/json"].Schema.Value, status
		}
	}
	return nil, 0
}

func eachOperation(t *testing.T, check func(t *testing.T, o operation)) {
	t.Helper()
	for path, item := range load(t).Paths.Map() {
		for method, op := range item.Operations() {
			o := operation{Operation: op, method: method, path: path}
			o.public, _ = op.Extensions["x-public"].(bool)
			t.Run(method+path, func(t *testing.T) { check(t, o) })
		}
	}
}

func TestDocumentIsValid(t *testing.T) {
	if err := load(t).Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Fatal(err)
	}
}

func TestOperationsSayWhoMayCall(t *testing.T) {
	camel := regexp.MustCompile(`^[a-z][a-zA-Z]*$`)
	seen := map[string]bool{}
	eachOperation(t, func(t *testing.T, o operation) {
		if !camel.MatchString(o.OperationID) || seen[o.OperationID] {
			t.Errorf("operationId %q is not lowerCamelCase or stands twice", o.OperationID)
		}
		seen[o.OperationID] = true
		if o.Summary == "" {
			t.Error("no summary")
		}
		roles, _ := o.Extensions["x-roles"].([]any)
		if o.public == (len(roles) > 0) {
			t.Errorf("has to have either x-roles or x-public: %v, %v", roles, o.public)
		}
		for _, r := range roles {
			if name, _ := r.(string); !access.Role(name).Valid() {
				t.Errorf("no such role: %v", r)
			}
		}
		if scope, _ := o.Extensions["x-scope"].(string); !slices.Contains([]string{"none", "area", "self"}, scope) {
			t.Errorf("x-scope is %q", scope)
		}
		if withoutLogin := o.Security != nil && len(*o.Security) == 0; withoutLogin != o.public {
			t.Errorf("security says %v, x-public %v", withoutLogin, o.public)
		}
	})
}

func TestOperationsSayHowTheyRefuse(t *testing.T) {
	eachOperation(t, func(t *testing.T, o operation) {
		want := []int{400} // a query parameter that is not named
		if !o.public {
			want = append(want, 401, 403, 503)
		}
		if o.RequestBody != nil {
			want = append(want, 400, 408, 413, 415, 422)
		}
		if o.method != "GET" { // whose body is read, if there is one
			want = append(want, 408, 413)
		}
		if key := o.parameter("Idempotency-Key"); key != nil && key.Extensions["x-unused"] != true { // it may have come with another body
			want = append(want, 422)
		}
		if strings.Contains(o.path, "{") {
			want = append(want, 404)
		}
		if o.parameter("If-Match") != nil {
			want = append(want, 409, 412, 428)
		}
		for _, status := range want {
			if !o.refuses(status) {
				t.Errorf("%d is not answered by a problem document", status)
			}
		}
		if o.method == "POST" && o.parameter("Idempotency-Key") == nil {
			t.Error("a POST has to accept Idempotency-Key")
		}
		if o.method == "PATCH" && o.parameter("If-Match") == nil {
			t.Error("a PATCH has to need If-Match")
		}
	})
}

func TestAnswersKeepTheConventions(t *testing.T) {
	eachOperation(t, func(t *testing.T, o operation) {
		schema, status := o.success()
		if schema == nil {
			return
		}
		if schema.Properties["version"] != nil && o.Responses.Status(status).Value.Headers["ETag"] == nil {
			t.Error("a versioned record without ETag")
		}
		if schema.Properties["items"] != nil && o.OperationID != "getIndicatorValues" && o.OperationID != "getIndicatorReleaseFile" { // these are files
			if next := schema.Properties["next_cursor"]; next == nil || !next.Value.Nullable {
				t.Error("a list without a nullable next_cursor")
			}
		}
	})
}

func TestRequestsAreClosedAndBounded(t *testing.T) {
	eachOperation(t, func(t *testing.T, o operation) {
		for _, p := range o.Parameters {
			bounded(t, p.Value.Name, p.Value.Schema.Value)
		}
		if o.RequestBody == nil {
			return
		}
		for _, media := range o.RequestBody.Value.Content {
			bounded(t, "body", media.Schema.Value)
		}
	})
}

func bounded(t *testing.T, name string, s *openapi3.Schema) {
	t.Helper()
	switch {
	case s.Type.Is("object"):
		if s.AdditionalProperties.Has == nil || *s.AdditionalProperties.Has {
			t.Errorf("%s admits unknown members", name)
		}
		for member, p := range s.Properties {
			bounded(t, name+"."+member, p.Value)
		}
	case s.Type.Is("array"):
		if s.MaxItems == nil {
			t.Errorf("%s has no maxItems", name)
		}
		bounded(t, name+"[]", s.Items.Value)
	case s.Type.Is("string"):
		if s.MaxLength == nil && len(s.Enum) == 0 && s.Format == "" && s.Pattern == "" {
			t.Errorf("%s has no limit", name)
		}
	case s.Type.Is("integer"):
		if s.Min == nil || s.Max == nil {
			t.Errorf("%s has no minimum or maximum", name)
		}
	}
}

func TestMoneyIsNamedInFen(t *testing.T) {
	for name, schema := range load(t).Components.Schemas {
		for member, p := range schema.Value.Properties {
			if strings.Contains(member, "amount") && (!strings.HasSuffix(member, "_fen") || !p.Value.Type.Is("integer")) {
				t.Errorf("%s.%s is not an integer in fen", name, member)
			}
		}
	}
}

func TestGeneratedTypesAreUpToDate(t *testing.T) {
	fresh := filepath.Join(t.TempDir(), "types.gen.go")
	if out, err := exec.Command("go", "tool", "oapi-codegen", "-config", "oapi-codegen.yaml", "-o", fresh, "openapi.yaml").CombinedOutput(); err != nil {
		t.Fatalf("generate: %v\n%s", err, out)
	}
	want, err := os.ReadFile(fresh)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("types.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("types.gen.go is not what openapi.yaml says; run go generate ./api")
	}
}

func TestChangelogMentionsTheVersion(t *testing.T) {
	log, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	if heading := "## " + load(t).Info.Version + "\n"; !strings.Contains(string(log), heading) {
		t.Errorf("CHANGELOG.md has no heading %q", strings.TrimSpace(heading))
	}
}
