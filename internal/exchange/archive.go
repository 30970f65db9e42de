package exchange

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"zhucan/internal/fault"
)

// maxPart is how large a part may be that is held as a whole.
const maxPart = 32 << 20

// hostileParts are what a list has no need of and an attacker has: macros, links to other files, embedded objects.
var hostileParts = []string{"vbaproject.bin", "macrosheets/", "externallinks/", "embeddings/", "activex/"}

// archive is the members of a workbook by their names in lower case, and how much may still be unpacked of them.
type archive struct {
	members map[string]*zip.File
	left    int64
}

// openArchive looks at the members before anything is unpacked. The bounds on size and ratio are those on what the
// members declare; a member that holds more than it declares is refused by archive/zip when it is read.
func openArchive(data []byte) (*archive, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, placed(errBroken, "压缩包目录不完整，文件可能被截断，请重新发送", "the archive has no directory; the file may be cut off: send it again")
	}
	if len(z.File) > maxMembers {
		return nil, errTooLarge
	}
	a := &archive{members: make(map[string]*zip.File, len(z.File)), left: maxUnzipped}
	var total uint64
	for _, member := range z.File {
		name := partName(member)
		for _, part := range hostileParts {
			if strings.Contains(name, part) {
				return nil, errType
			}
		}
		size, packed := member.UncompressedSize64, member.CompressedSize64
		if total += size; size > maxUnzipped || total > maxUnzipped || size > ratioFrom && size/maxRatio > packed {
			return nil, errTooLarge
		}
		if a.members[name] != nil { // another reader might take the other one
			return nil, placed(errBroken, "压缩包内有重名文件", "two members of the archive have one name")
		}
		a.members[name] = member
	}
	return a, nil
}

// partName is the name of a member as parts are known by.
func partName(member *zip.File) string {
	return strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(member.Name, `\`, "/")), "/")
}

// has reports whether there is such a part.
func (a *archive) has(part string) bool { return a.members[strings.ToLower(part)] != nil }

// open begins to read a part. One part may be asked for many times, and counts each time.
func (a *archive) open(part string) (*markup, io.Closer, error) {
	member := a.members[strings.ToLower(part)]
	if member == nil {
		return nil, nil, fmt.Errorf("there is no part %s", path.Base(part))
	}
	if a.left -= int64(member.UncompressedSize64); a.left < 0 {
		return nil, nil, errTooLarge
	}
	r, err := member.Open()
	if err != nil {
		return nil, nil, err
	}
	return newMarkup(r), r, nil
}

// each gives the tags and texts of a part one after another.
func (a *archive) each(part string, do func(*markup) error) error {
	m, file, err := a.open(part)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it was only read
	for {
		if err := m.next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := do(m); err != nil {
			return err
		}
	}
}

// whole is all of a small part.
func (a *archive) whole(part string) ([]byte, error) {
	member := a.members[strings.ToLower(part)]
	if member.UncompressedSize64 > maxPart {
		return nil, errTooLarge
	}
	r, err := member.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // it was only read
	return io.ReadAll(r)
}

// rewrite copies a part. What change returns for a tag or text is written in place of its bytes.
func (a *archive) rewrite(part string, w io.Writer, change func(m *markup) ([]byte, error)) error {
	m, file, err := a.open(part)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it was only read
	m.keep = true
	for {
		err := m.next()
		if errors.Is(err, io.EOF) {
			_, err := w.Write(m.seen)
			return err
		}
		if err != nil {
			return err
		}
		out, err := change(m)
		if err != nil {
			return err
		}
		if _, err := w.Write(out); err != nil {
			return err
		}
		m.seen, m.tagAt = m.seen[:0], 0
	}
}

// broken is what a user reads of an error in a part of a workbook. What the library says stays with us.
func broken(err error, zh, en string) error {
	if _, ok := fault.Of(err); ok {
		return err
	}
	if errors.Is(err, errDoctype) {
		return errType
	}
	return placed(errBroken, zh, en)
}

// placed is a fault with the place added to its texts.
func placed(e *fault.Error, zh, en string) *fault.Error {
	c := *e
	c.ZH, c.EN = c.ZH+"："+zh, c.EN+": "+en
	return &c
}
