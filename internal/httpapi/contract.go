package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"zhucan/api"
	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
)

// contract is the document as the service uses it.
type contract struct{ operations []*operation }

// operation is one operation of the document.
type operation struct {
	id, method, path string
	roles            []access.Role // nil: public
	public, demo     bool
	own              bool // about the caller's own sign-in
	needsVersion     bool // If-Match
	keepsAnswer      bool // the answer is stored for an Idempotency-Key; not where it holds tokens or clear numbers, nor where one transaction would lock too many
	keepsOwn         bool // the operation itself stores what the key was for
	locates          bool // a new record that can be read at the address of its list and its id
	whole            bool // a list that is read at once, and may be asked for in parts
	upload           bool
	stages           bool // and its file is kept before it is recorded
	query            map[string]*openapi3.Schema
	body             *openapi3.Schema
	parts            openapi3.Schemas // of an upload
	bodyRequired     bool
}

// ownAnswers are POSTs that store the key with what they do: a list that is queued goes on when its request is over.
var ownAnswers = []string{"createImport", "importAgain"}

// readContract reads it once, however many servers a process has; nobody changes what it gives.
var readContract = sync.OnceValues(parseContract)

// Prepare reads the contract, which Handler needs, and may run beside whatever else has to be done before it.
func Prepare() error {
	_, err := readContract()
	return err
}

func parseContract() (*contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.Document)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	c := &contract{}
	for path, item := range doc.Paths.Map() {
		base := Base
		if len(item.Servers) > 0 {
			base = ""
		}
		for method, op := range item.Operations() {
			o, err := readOperation(method, base+echoPath(path), slices.Concat(item.Parameters, op.Parameters), op)
			if err != nil {
				return nil, fmt.Errorf("read the contract: %s %s: %w", method, path, err)
			}
			c.operations = append(c.operations, o)
		}
	}
	return c, nil
}

var pathParameter = regexp.MustCompile(`\{([a-z_]+)\}`)

func echoPath(path string) string { return pathParameter.ReplaceAllString(path, ":$1") }

func readOperation(method, path string, params openapi3.Parameters, op *openapi3.Operation) (*operation, error) {
	o := &operation{id: op.OperationID, method: method, path: path, query: map[string]*openapi3.Schema{},
		public: op.Extensions["x-public"] == true, demo: op.Extensions["x-demo"] == true, own: op.Extensions["x-scope"] == "self"}
	if list, ok := op.Extensions["x-roles"].([]any); ok {
		for _, name := range list {
			role := access.Role(fmt.Sprint(name))
			if !role.Valid() {
				return nil, fmt.Errorf("unknown role %s", role)
			}
			o.roles = append(o.roles, role)
		}
	}
	if o.public == (len(o.roles) > 0) {
		return nil, errors.New("an operation has roles or is public")
	}
	for _, p := range params {
		switch p.Value.In {
		case "query":
			o.query[p.Value.Name] = p.Value.Schema.Value
		case "header":
			o.needsVersion = o.needsVersion || p.Value.Name == "If-Match"
			o.keepsAnswer = o.keepsAnswer || p.Value.Name == "Idempotency-Key" && p.Value.Extensions["x-unused"] != true
		}
	}
	if made := op.Responses.Status(http.StatusCreated); made != nil {
		o.locates = made.Value.Headers["Location"] != nil
	}
	limit := o.query["limit"]
	o.whole = limit != nil && limit.Default == nil
	o.stages = o.id == "addAttachment" || o.id == "addApplicationAttachment"
	o.keepsOwn = slices.Contains(ownAnswers, o.id)
	if op.RequestBody != nil {
		o.bodyRequired = op.RequestBody.Value.Required
		if media := op.RequestBody.Value.Content.Get("application/json"); media != nil {
			o.body = media.Schema.Value
		}
		if media := op.RequestBody.Value.Content.Get("multipart/form-data"); media != nil {
			o.upload, o.parts = true, media.Schema.Value.Properties
		}
	}
	return o, nil
}

// checkQuery refuses parameters that the document does not name and values that it does not allow.
func (o *operation) checkQuery(query url.Values) error {
	var fields []fault.Field
	for name, values := range query {
		schema, known := o.query[name]
		if !known || len(values) != 1 {
			fields = append(fields, fault.Field{Name: name, Code: "UNKNOWN_PARAMETER", ZH: "未定义或重复的查询参数", EN: "an unknown or repeated query parameter"})
			continue
		}
		if !isText(values[0]) {
			fields = append(fields, fault.Field{Name: name, Code: "NOT_A_TEXT", ZH: "不是UTF-8文本，或含有空字符", EN: "not in UTF-8, or with a NUL in it"})
			continue
		}
		for _, wrong := range violations(schema, typed(schema, values[0])) {
			wrong.Name = name
			fields = append(fields, wrong)
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return badParameter(fields...)
}

func badParameter(fields ...fault.Field) error {
	return fault.New(fault.Malformed, "BAD_PARAMETER", "查询参数有误", "a query parameter is wrong").With(fields...)
}

// isText reports whether the database could keep a text: in UTF-8, and without a NUL.
func isText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// typed is a parameter's text as a value of its type, or the text where it is none.
func typed(schema *openapi3.Schema, text string) any {
	switch {
	case schema.Type.Is("integer"):
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return float64(n)
		}
	case schema.Type.Is("boolean") && (text == "true" || text == "false"): // as in JSON: 1 is neither
		return text == "true"
	}
	return text
}

// checkBody refuses what does not fit the document: unknown members and wrong types are malformed, the rest is invalid. Apart from that it says what
// is wrong about free texts.
func (o *operation) checkBody(body []byte) (texts, err error) {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return nil, badJSON(err)
	}
	fields := violations(o.body, value)
	if len(fields) == 0 {
		return checkTexts(o.body, value), nil
	}
	named := fields[:min(len(fields), mostNamed)]
	for _, f := range fields {
		switch f.Code {
		case "UNKNOWN_FIELD":
			return nil, unknownField.With(named...)
		case "WRONG_TYPE":
			return nil, wrongType.With(named...)
		}
	}
	return nil, fault.New(fault.Invalid, "INVALID_INPUT", "输入有误", "some of the input is wrong").With(named...)
}

// mostNamed is how much of what is wrong about a body is named: an answer is not longer than what it answers.
const mostNamed = 100

var unknownField = fault.New(fault.Malformed, "UNKNOWN_FIELD", "包含未定义的字段", "the body has a member that this operation does not take")

var wrongType = fault.New(fault.Malformed, "WRONG_TYPE", "字段类型不正确", "a member is of the wrong type")

func badJSON(err error) error {
	return fault.New(fault.Malformed, "BAD_JSON", "请求体不是有效的JSON", "the body is not one JSON document").Wrap(errors.New("decode a body: " + fmt.Sprintf("%T", err)))
}

// violations says where a value does not fit a schema. Formats are checked here: the library leaves most unchecked.
func violations(schema *openapi3.Schema, value any) []fault.Field {
	var fields []fault.Field
	collect(schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.VisitAsRequest()), &fields)
	collectFormats(schema, value, "", &fields)
	slices.SortFunc(fields, func(a, b fault.Field) int { return strings.Compare(a.Name+a.Code, b.Name+b.Code) })
	return slices.CompactFunc(fields, func(a, b fault.Field) bool { return a.Name == b.Name && a.Code == b.Code && a.ZH == b.ZH })
}

func collect(err error, fields *[]fault.Field) {
	var many openapi3.MultiError
	var wrong *openapi3.SchemaError
	switch {
	case err == nil:
	case errors.As(err, &many):
		for _, e := range many {
			collect(e, fields)
		}
	case errors.As(err, &wrong):
		*fields = append(*fields, fieldOf(wrong))
	default:
		*fields = append(*fields, fault.Field{Code: "INVALID", ZH: "取值不符合要求", EN: "the value is not allowed"})
	}
}

// ruleText names what each rule of a schema means to the user.
var ruleText = map[string]fault.Field{
	"required": {Code: "REQUIRED", ZH: "必填", EN: "required"}, "type": {Code: "WRONG_TYPE", ZH: "类型不正确", EN: "wrong type"},
	"enum": {Code: "NOT_ALLOWED", ZH: "不在允许的取值范围内", EN: "not one of the allowed values"}, "pattern": {Code: "PATTERN", ZH: "格式不正确", EN: "not of the required form"},
	"maxLength": {Code: "TOO_LONG", ZH: "过长", EN: "too long"}, "minLength": {Code: "TOO_SHORT", ZH: "过短或为空", EN: "too short or empty"},
	"maximum": {Code: "TOO_LARGE", ZH: "超过最大值", EN: "above the maximum"}, "minimum": {Code: "TOO_SMALL", ZH: "低于最小值", EN: "below the minimum"},
	"maxItems": {Code: "TOO_MANY", ZH: "项目过多", EN: "too many items"}, "minItems": {Code: "TOO_FEW", ZH: "项目过少", EN: "too few items"},
	"nullable": {Code: "WRONG_TYPE", ZH: "不能为空值", EN: "must not be null"}, "format": {Code: "FORMAT", ZH: "格式不正确或该日期不存在", EN: "not of the required form, or no such date"},
}

var unknownMember = regexp.MustCompile(`property "([^"]{1,60})" is unsupported`)

func fieldOf(e *openapi3.SchemaError) fault.Field {
	if m := unknownMember.FindStringSubmatch(e.Reason); m != nil {
		return fault.Field{Name: strings.Join(append(e.JSONPointer(), m[1]), "."), Code: "UNKNOWN_FIELD", ZH: "未定义的字段", EN: "unknown member"}
	}
	f, ok := ruleText[e.SchemaField]
	if !ok {
		f = fault.Field{Code: "INVALID", ZH: "取值不符合要求", EN: "the value is not allowed"}
	}
	f.Name = strings.Join(e.JSONPointer(), ".")
	if e.SchemaField == "enum" && e.Schema != nil {
		for _, one := range e.Schema.Enum {
			f.Allowed = append(f.Allowed, fmt.Sprint(one))
		}
	}
	return f
}

// formats are read exactly, so that a date that does not exist is refused by its name.
var formats = map[string]func(string) error{
	"date":       func(s string) error { _, err := calendar.ParseDate(s); return err },
	"year-month": func(s string) error { _, err := calendar.ParseMonth(s); return err },
	"uuid": func(s string) error {
		id, err := uuid.Parse(s)
		if len(s) != 36 || id == uuid.Nil { // which is no id to whatever reads it
			return errors.New("not the usual form")
		}
		return err
	},
	"date-time": func(s string) error { _, err := time.Parse(time.RFC3339, s); return err },
}

// blank reports whether nothing of a text can be seen: a reason that is one space is none.
func blank(text string) bool {
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) == ""
}

// collectFormats checks what the library leaves to whoever uses it.
func collectFormats(schema *openapi3.Schema, value any, at string, fields *[]fault.Field) {
	switch v := value.(type) {
	case string:
		if schema.MinLength > 0 && v != "" && blank(v) {
			f := ruleText["required"]
			f.Name = at
			*fields = append(*fields, f)
		}
		if check := formats[schema.Format]; check != nil && check(v) != nil {
			f := ruleText["format"]
			f.Name = at
			*fields = append(*fields, f)
		}
	case map[string]any:
		for name, member := range v {
			if inner := schema.Properties[name]; inner != nil && inner.Value != nil {
				collectFormats(inner.Value, member, strings.TrimPrefix(at+"."+name, "."), fields)
			}
		}
	case []any:
		for i, member := range v {
			if schema.Items != nil && schema.Items.Value != nil {
				collectFormats(schema.Items.Value, member, strings.TrimPrefix(fmt.Sprintf("%s.%d", at, i), "."), fields)
			}
		}
	}
}

// checkTexts refuses what no free text may have in it, in whatever member it is.
func checkTexts(schema *openapi3.Schema, value any) error {
	var fields []fault.Field
	collectTexts(schema, value, "", &fields)
	if len(fields) == 0 {
		return nil
	}
	slices.SortFunc(fields, func(a, b fault.Field) int { return strings.Compare(a.Name, b.Name) })
	return fault.InvalidFields(fields[:min(len(fields), mostNamed)]...)
}

// free reports whether a member is words that somebody writes: neither a number nor a secret, nor held to a form of its own.
func free(schema *openapi3.Schema) bool {
	return schema == nil || len(schema.Enum) == 0 && schema.Format == "" && schema.Pattern == ""
}

// collectTexts also looks where the document leaves open what a member is.
func collectTexts(schema *openapi3.Schema, value any, at string, fields *[]fault.Field) {
	if schema != nil && schema.Extensions["x-own-rules"] == true {
		return
	}
	switch v := value.(type) {
	case string:
		if wrong := idnum.CheckText(v); free(schema) && wrong != nil {
			*fields = append(*fields, fault.Field{Name: at, Code: wrong.Code, ZH: wrong.ZH, EN: wrong.EN})
		}
	case map[string]any:
		for name, member := range v {
			var inner *openapi3.Schema
			if schema != nil && schema.Properties[name] != nil {
				inner = schema.Properties[name].Value
			}
			collectTexts(inner, member, strings.TrimPrefix(at+"."+name, "."), fields)
		}
	case []any:
		var inner *openapi3.Schema
		if schema != nil && schema.Items != nil {
			inner = schema.Items.Value
		}
		for i, member := range v {
			collectTexts(inner, member, strings.TrimPrefix(fmt.Sprintf("%s.%d", at, i), "."), fields)
		}
	}
}
