// Package fault classifies errors, so that a face can answer them without knowing where they came from. Only a fault
// reaches a user; its texts carry no personal data.
package fault

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Kind is what the caller can do about an error.
type Kind int

// The kinds, each with one HTTP status.
const (
	Internal Kind = iota
	Malformed
	Unauthenticated
	Forbidden
	NotFound
	Conflict
	Stale
	TooLarge
	WrongType
	Invalid
	PreconditionMissing
	TooMany
	Unavailable
	MethodNotAllowed
	BrokenOff // what was sent did not arrive whole; the same may be sent again
)

var statuses = [...]int{
	Internal:            http.StatusInternalServerError,
	Malformed:           http.StatusBadRequest,
	Unauthenticated:     http.StatusUnauthorized,
	Forbidden:           http.StatusForbidden,
	NotFound:            http.StatusNotFound,
	Conflict:            http.StatusConflict,
	Stale:               http.StatusPreconditionFailed,
	TooLarge:            http.StatusRequestEntityTooLarge,
	WrongType:           http.StatusUnsupportedMediaType,
	Invalid:             http.StatusUnprocessableEntity,
	PreconditionMissing: http.StatusPreconditionRequired,
	TooMany:             http.StatusTooManyRequests,
	Unavailable:         http.StatusServiceUnavailable,
	MethodNotAllowed:    http.StatusMethodNotAllowed,
	BrokenOff:           http.StatusRequestTimeout,
}

// Status is the HTTP status of k.
func (k Kind) Status() int { return statuses[k] }

// Field is what is wrong with one member of the input.
type Field struct {
	Name, Code, ZH, EN string
	Allowed            []string // the values that it may have, where they are few
}

// Error is an error that a user may see.
type Error struct {
	Kind       Kind
	Code       string // stable, upper snake
	ZH, EN     string
	Fields     []Field
	Existing   []uuid.UUID // ids of records of the asker's own area that stand in the way
	RetryAfter int         // seconds; 0: not said
	Err        error
}

// New makes a fault.
func New(k Kind, code, zh, en string) *Error { return &Error{Kind: k, Code: code, ZH: zh, EN: en} }

// InvalidFields is input that was understood and is wrong in these members.
func InvalidFields(fields ...Field) *Error {
	code, zh, en := "INVALID_INPUT", "输入有误", "some of the input is wrong"
	if len(fields) == 1 {
		code, zh, en = fields[0].Code, fields[0].ZH, fields[0].EN
	}
	return New(Invalid, code, zh, en).With(fields...)
}

// Busy is what passes by itself, so that the same may be sent again in a moment.
func Busy(err error) *Error {
	e := New(Unavailable, "BUSY", "系统繁忙，请稍后重试", "the service is busy; try again").Wrap(err)
	e.RetryAfter = 2
	return e
}

// With is a copy of e that names members of the input.
func (e *Error) With(fields ...Field) *Error {
	c := *e
	c.Fields = append(c.Fields[:len(c.Fields):len(c.Fields)], fields...)
	return &c
}

// Renamed is a copy of e whose members are named otherwise.
func (e *Error) Renamed(name func(string) string) *Error {
	c := *e
	c.Fields = slices.Clone(e.Fields)
	for i := range c.Fields {
		c.Fields[i].Name = name(c.Fields[i].Name)
	}
	return &c
}

// Naming is a copy of e that says which records of the asker's own area stand in the way.
func (e *Error) Naming(ids ...uuid.UUID) *Error {
	c := *e
	c.Existing = ids
	return &c
}

// Wrap is a copy of e that keeps the cause for the log.
func (e *Error) Wrap(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// Message is the text in English or Chinese.
func (e *Error) Message(english bool) string {
	if english {
		return e.EN
	}
	return e.ZH
}

// Error is for logs: the code, the English text and the cause.
func (e *Error) Error() string {
	text := e.Code + ": " + e.EN
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Of finds the fault in an error.
func Of(err error) (*Error, bool) {
	var e *Error
	return e, errors.As(err, &e)
}

// Is reports whether err is a fault with this code.
func Is(err error, code string) bool {
	e, ok := Of(err)
	return ok && e.Code == code
}

var encoded = New(WrongType, "CONTENT_ENCODING", "不接受压缩或其他编码的请求内容，请按原样发送", "content that is compressed or otherwise encoded is not read; send it as it is")

// Encoded refuses the content of a request that is encoded (RFC 9110, 8.4), and says in the answer what is taken (12.5.3). Read as if it
// were not, it is no JSON and no form, and nobody would learn why.
func Encoded(answer http.Header, in *http.Request) error {
	for _, one := range in.Header.Values("Content-Encoding") {
		if one = strings.TrimSpace(one); one != "" && !strings.EqualFold(one, "identity") && in.ContentLength != 0 {
			answer.Set("Accept-Encoding", "identity")
			return encoded
		}
	}
	return nil
}
