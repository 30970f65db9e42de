package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"

	"zhucan/internal/store"
)

// part is the part of a list that the caller asks for with a limit and a cursor, of a list that is read as a whole; without both it is all
// of it. The body has Items and NextCursor.
func (r *Request) part(body any) (any, error) {
	if !r.Query.Has("limit") && !r.Query.Has("cursor") {
		return body, nil
	}
	v := reflect.New(reflect.TypeOf(body)).Elem()
	v.Set(reflect.ValueOf(body))
	items := v.FieldByName("Items")
	begin, err := behind(items, r.Query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	end := items.Len()
	if r.Query.Has("limit") && begin+r.limit() < end {
		end = begin + r.limit()
		last, err := mark(items, end-1)
		if err != nil {
			return nil, err
		}
		cursor := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d|%s", end, last))
		v.FieldByName("NextCursor").Set(reflect.ValueOf(&cursor))
	}
	items.Set(items.Slice(begin, end))
	return v.Interface(), nil
}

// behind is where a list goes on: after the item at which the page before ended, wherever that stands by now; where it is no longer as it
// was, at the place that it had.
func behind(items reflect.Value, cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	place, last, ok := bytes.Cut(raw, []byte("|"))
	if err != nil || !ok {
		return 0, store.BadCursor
	}
	at, err := store.ParsePlace(string(place))
	if err != nil {
		return 0, err
	}
	for i := range items.Len() {
		item, err := mark(items, i)
		if err != nil {
			return 0, err
		}
		if item == string(last) {
			return i + 1, nil
		}
	}
	return min(at, items.Len()), nil
}

// mark tells an item of a list from every other.
func mark(items reflect.Value, i int) (string, error) {
	text, err := json.Marshal(items.Index(i).Interface())
	if err != nil {
		return "", fmt.Errorf("mark an item of a list: %w", err)
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:12]), nil
}
