package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"zhucan/internal/fault"
)

// noCharacter reports whether an escape in a body stands for nothing that a text may hold: for NUL, or for half of a character, of which
// encoding/json makes U+FFFD, and of which the database refuses to make anything.
func noCharacter(body []byte) bool {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		i++ // an escaped backslash begins nothing
		switch first := unit(body, i); {
		case first == 0:
			return true
		case utf16.IsSurrogate(first):
			if i+5 >= len(body) || body[i+5] != '\\' || utf16.DecodeRune(first, unit(body, i+6)) == '\uFFFD' {
				return true
			}
			i += 6
		}
	}
	return false
}

// unit is the number of an escape that begins with its u at a place; -1 where none does.
func unit(body []byte, at int) rune {
	if at+5 > len(body) || body[at] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(body[at+1:at+5]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}

// checkNames refuses a member that stands twice in an object: encoding/json reads both into one, of which only the last is held against the contract.
func checkNames(body []byte) error {
	path, found, err := repeated(json.NewDecoder(bytes.NewReader(body)))
	if err != nil {
		return badJSON(err)
	}
	if !found {
		return nil
	}
	return fault.New(fault.Malformed, "BAD_JSON", "请求体中有重复的字段", "a member of the body stands twice").With(repeatedField(path))
}

// clipped is a name that somebody else has chosen, as far as it is said back.
func clipped(name string) string {
	if utf8.RuneCountInString(name) <= 60 {
		return name
	}
	return string([]rune(name)[:60])
}

func repeatedField(path string) fault.Field {
	return fault.Field{Name: clipped(path), Code: "REPEATED", ZH: "字段重复", EN: "stands twice"}
}

// repeated is the path of the first member that stands twice in its object, in what the decoder comes to next.
func repeated(d *json.Decoder) (path string, found bool, err error) {
	begin, err := d.Token()
	delim, opens := begin.(json.Delim)
	if err != nil || !opens {
		return "", false, err
	}
	names := map[json.Token]bool{}
	for i := 0; d.More(); i++ {
		var name json.Token = i
		if delim == '{' {
			if name, err = d.Token(); err != nil || names[name] {
				return fmt.Sprint(name), err == nil, err
			}
			names[name] = true
		}
		if path, found, err = repeated(d); found || err != nil {
			return fmt.Sprintf("%v.%s", name, path), found, err
		}
	}
	_, err = d.Token() // the end
	return "", false, err
}
