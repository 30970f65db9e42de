package care

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/fault"
)

// Type is what a piece of evidence is.
type Type string

// The types. Money is in fen; a day is 2006-01-02; files are ids of attachments of the service.
const (
	Text   Type = "text"
	Day    Type = "date"
	Fen    Type = "fen"
	Number Type = "number" // a whole number from 1 on
	Flag   Type = "flag"   // true or false
	Choice Type = "choice"
	Item   Type = "item" // a code of the chain's catalogue
	Ref    Type = "service"
	Files  Type = "files"
	List   Type = "list"
)

// Field is a piece of evidence that a step asks for.
type Field struct {
	Name  string
	ZH    string
	Is    Type
	Need  bool
	Codes []string // of a choice
	Of    []Field  // the members of each entry of a list
}

// Evidence is what was given, by name. Numbers are whole.
type Evidence map[string]any

// ParseEvidence reads an object; nothing is an empty one.
func ParseEvidence(raw []byte) (Evidence, error) {
	e := Evidence{}
	if len(bytes.TrimSpace(raw)) == 0 {
		return e, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&e); err != nil || e == nil {
		return nil, fault.InvalidFields(fault.Field{Name: "evidence", Code: "NOT_AN_OBJECT", ZH: "应为对象", EN: "not an object"})
	}
	return e, nil
}

// Text is a text, a choice or a code; empty where absent.
func (e Evidence) Text(name string) string {
	s, _ := e[name].(string)
	return s
}

// Int is a whole number; 0 where absent.
func (e Evidence) Int(name string) int64 {
	n, _ := e[name].(json.Number)
	v, _ := n.Int64()
	return v
}

// Flag is whether something was affirmed.
func (e Evidence) Flag(name string) bool {
	b, _ := e[name].(bool)
	return b
}

// Day is a day; zero where absent.
func (e Evidence) Day(name string) calendar.Date {
	d, err := calendar.ParseDate(e.Text(name))
	if err != nil {
		return calendar.Date{}
	}
	return d
}

// List is a list of objects.
func (e Evidence) List(name string) (list []Evidence) {
	entries, _ := e[name].([]any)
	for _, entry := range entries {
		if m, ok := entry.(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}

// limits keep a mistake from filling the register.
const (
	maxText    = 1000
	maxEntries = 100
	maxFen     = 1_000_000_000_00
)

// check lists what is wrong about evidence: absent, of another type, or nothing that the step asks for.
func check(fields []Field, e Evidence, c Case, path string) (problems []fault.Field) {
	for name := range e {
		if !slices.ContainsFunc(fields, func(f Field) bool { return f.Name == name }) {
			problems = append(problems, fault.Field{Name: path + "." + name, Code: "UNKNOWN_FIELD", ZH: "没有这一项", EN: "no such field"})
		}
	}
	slices.SortFunc(problems, func(a, b fault.Field) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range fields {
		at := path + "." + f.Name
		value, given := e[f.Name]
		if !given || value == nil || blank(value) {
			if f.Need && (!c.TakenOver || f.Is != Files) {
				problems = append(problems, fault.Field{Name: at, Code: "REQUIRED", ZH: "请填写" + f.ZH, EN: "required"})
			}
			continue
		}
		problems = append(problems, f.wrong(value, c, at)...)
	}
	return problems
}

// blank reports whether a value is a text without a word in it.
func blank(value any) bool {
	text, ok := value.(string)
	return ok && strings.TrimSpace(text) == ""
}

func (f Field) wrong(value any, c Case, at string) []fault.Field {
	one := func(code, zh, en string) []fault.Field {
		return []fault.Field{{Name: at, Code: code, ZH: f.ZH + zh, EN: en}}
	}
	text, isText := value.(string)
	switch f.Is {
	case Text:
		if !isText || len(text) > maxText {
			return one("NOT_TEXT", "应为不超过1000字节的文字", "not a text of at most 1000 bytes")
		}
	case Choice:
		if !slices.Contains(f.Codes, text) {
			return one("NOT_A_CHOICE", "应为其中一项："+strings.Join(f.Codes, "、"), "one of "+strings.Join(f.Codes, ", "))
		}
	case Item:
		if !c.Catalogue.Has(c.Kind, text) {
			return one("NOT_IN_CATALOGUE", "不在目录内", "not in the catalogue")
		}
	case Day:
		if _, err := calendar.ParseDate(text); err != nil {
			return one("NOT_A_DATE", "应为日期", "not a date")
		}
	case Flag:
		if _, ok := value.(bool); !ok {
			return one("NOT_A_FLAG", "应为是或否", "not true or false")
		}
	case Fen, Number:
		return f.wrongNumber(value, one)
	case Ref:
		if !slices.ContainsFunc(c.Others, func(o Service) bool { return o.ID.String() == text }) {
			return one("NO_SUCH_SERVICE", "不是该户或该人的服务", "not a service of this household or person")
		}
	case Files:
		return f.wrongFiles(value, c, one)
	case List:
		return f.wrongList(value, c, at, one)
	}
	return nil
}

func (f Field) wrongNumber(value any, one func(code, zh, en string) []fault.Field) []fault.Field {
	n, ok := value.(json.Number)
	v, err := n.Int64()
	switch {
	case !ok || err != nil:
		return one("NOT_A_NUMBER", "应为整数", "not a whole number")
	case v < 0 || f.Is == Number && v == 0 || v > maxFen:
		return one("OUT_OF_RANGE", "超出范围", "out of range")
	}
	return nil
}

func (f Field) wrongFiles(value any, c Case, one func(code, zh, en string) []fault.Field) []fault.Field {
	list, ok := value.([]any)
	if !ok || len(list) > maxEntries || f.Need && len(list) == 0 {
		return one("NOT_FILES", "应为附件列表", "not a list of attachments")
	}
	for _, entry := range list {
		text, _ := entry.(string)
		if id, err := uuid.Parse(text); err != nil || id.String() != text || !c.Files[id] {
			return one("NO_SUCH_FILE", "有附件未上传到本服务", "an attachment was not uploaded to this service")
		}
	}
	return nil
}

func (f Field) wrongList(value any, c Case, at string, one func(code, zh, en string) []fault.Field) (problems []fault.Field) {
	list, ok := value.([]any)
	if !ok || len(list) > maxEntries || f.Need && len(list) == 0 {
		return one("NOT_A_LIST", "应为列表且不为空", "not a list with entries")
	}
	for i, entry := range list {
		m, ok := entry.(map[string]any)
		if !ok {
			return one("NOT_A_LIST", "每一项应为对象", "every entry is an object")
		}
		problems = append(problems, check(f.Of, m, c, fmt.Sprintf("%s.%d", at, i))...)
	}
	return problems
}

// shows reports whether something was photographed before and after: the same photo cannot show both.
func (e Evidence) shows(before, after string) bool {
	first, _ := e[before].([]any)
	then, _ := e[after].([]any)
	return len(first) > 0 && len(then) > 0 && !slices.ContainsFunc(then, func(id any) bool { return slices.Contains(first, id) })
}
