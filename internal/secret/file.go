package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// file is the key file: every key in base64, by id.
type file struct {
	Demo       bool    `json:"demo"`
	Encryption fileSet `json:"encryption"`
	Index      string  `json:"blind_index"`
	Token      fileSet `json:"token"`
}

type fileSet struct {
	Current string `json:"current"`
	Keys    byID   `json:"keys"`
}

// byID is keys by id. An id that stands twice is an error, not a silent choice of one.
type byID map[string]string

// maxFile is far above what a thousand keys take.
const maxFile = 1 << 20

// Load reads a key file. It must be readable by its owner alone. Errors name the entry that is wrong, never a key.
func Load(path string, random io.Reader) (*Ring, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	f, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	r := &Ring{Demo: f.Demo, rand: random}
	if r.index, err = decode("blind_index", f.Index); err == nil {
		if r.encryption, err = f.Encryption.decode("encryption"); err == nil {
			r.token, err = f.Token.decode("token")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	return r, r.prepare()
}

// readPrivate looks at the rights of the file that it has opened, so that no other can be put in its place between.
func readPrivate(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", path)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s is open to others than its owner: chmod 400 it", path)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s is too long for a key file", path)
	}
	return io.ReadAll(f)
}

// errFormat stands for the errors of the JSON package, which can quote what they stumble over.
var errFormat = errors.New("it is not the JSON that zhucan keys writes")

func parse(text []byte) (f file, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err = d.Decode(&f)
	if _, more := d.Token(); err == nil && !errors.Is(more, io.EOF) {
		err = errFormat
	}
	var known *idError
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return f, nil
	case errors.As(err, &known):
		return f, known
	case errors.As(err, &syntax):
		return f, fmt.Errorf("%w: see byte %d", errFormat, syntax.Offset)
	default:
		return f, errFormat
	}
}

// idError is a wrong id of a key; it names an id only when it cannot be a key.
type idError struct{ text string }

func (e *idError) Error() string { return e.text }

// UnmarshalJSON reads an object of texts and refuses an id that stands twice.
func (b *byID) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return errFormat
	}
	*b = byID{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return errFormat
		}
		id, _ := token.(string)
		if !keyID.MatchString(id) {
			return &idError{"the id of a key is not 1 to 32 letters, digits, - and _"}
		}
		if _, twice := (*b)[id]; twice {
			return &idError{"key " + id + " stands twice"}
		}
		var key string
		if err := d.Decode(&key); err != nil {
			return errFormat
		}
		(*b)[id] = key
	}
	return nil
}

func (s fileSet) decode(name string) (keySet, error) {
	set := keySet{Current: s.Current, Keys: map[string][]byte{}}
	for _, id := range sortedIDs(s.Keys) {
		key, err := decode(name+" key "+id, s.Keys[id])
		if err != nil {
			return set, err
		}
		set.Keys[id] = key
	}
	return set, nil
}

func decode(name, text string) ([]byte, error) {
	if text == "" {
		return nil, fmt.Errorf("%s is missing", name)
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%s is not base64", name)
	}
	return key, nil
}

func sortedIDs[V any](keys map[string]V) []string { return slices.Sorted(maps.Keys(keys)) }

// Save writes a new key file and never over an old one: whoever loses a key loses what it sealed.
func (r *Ring) Save(path string) error {
	text, err := json.MarshalIndent(file{Demo: r.Demo, Encryption: r.encryption.encode(),
		Index: base64.StdEncoding.EncodeToString(r.index), Token: r.token.encode()}, "", "  ")
	if err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write the key file: %w", err), os.Remove(path))
	}
	return nil
}

func (k keySet) encode() fileSet {
	set := fileSet{Current: k.Current, Keys: byID{}}
	for id, key := range k.Keys {
		set.Keys[id] = base64.StdEncoding.EncodeToString(key)
	}
	return set
}
