package exchange

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"path"
	"slices"
	"strings"
)

// patch writes comments and colours into a workbook by copying it: only the parts that have to change are written anew, and
// of those only the tags. The library would load the whole sheet, half a gigabyte for 50,000 rows, and write all of it anew.
type patch struct {
	*book
	sheet    string // the part
	comments string // the part of the comments, new or old
	drawing  string // the part of their boxes
	head     complaint
	wrong    []complaint
	boxed    map[string]bool // the cells that have a comment already

	corrected string // what a comment of ours says where nothing is wrong any more

	texts  map[string]string // the comment of each cell
	drawn  string            // the relation of the boxes that the sheet has already
	packed bytes.Buffer      // an archive of what is written in place of parts, or added: a sheet may have 100 MiB, and a tenth of it packed
	parts  *zip.Writer       // into packed
	styles int               // how many cell formats there are; the coloured one of each comes so much later
}

const (
	officeRelations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	commentsRel     = officeRelations + "/comments"
	drawingRel      = officeRelations + "/vmlDrawing"
	commentsType    = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
	drawingType     = "application/vnd.openxmlformats-officedocument.vmlDrawing"
	commentsID      = "zhucanComments"
	drawingID       = "zhucanBoxes"
)

func annotateBook(data []byte, sheet string, wrong []complaint, head complaint, corrected string) ([]byte, error) {
	b, err := openBook(data)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(b.sheets, func(s sheetRef) bool { return s.name == sheet && !s.hidden })
	if i < 0 {
		return nil, errNotOfFile
	}
	p := &patch{book: b, sheet: b.sheets[i].part, head: head, wrong: wrong, corrected: corrected, texts: map[string]string{}, styles: len(b.dated)}
	p.parts = zip.NewWriter(&p.packed)
	for _, c := range append([]complaint{head}, wrong...) {
		text := strings.Join(c.texts, "\n")
		if before := p.texts[c.cell()]; before != "" {
			text = before + "\n" + text
		}
		p.texts[c.cell()] = text
	}
	for _, step := range []func() error{p.patchStyles, p.patchSheet, p.patchRelations, p.patchComments, p.patchBoxes, p.patchTypes} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return p.pack(data)
}

// put keeps what a part becomes.
func (p *patch) put(part string, content []byte) error {
	w, err := p.parts.Create(part)
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

// changed keeps a part after a change of its tags.
func (p *patch) changed(part string, change func(*markup) ([]byte, error)) error {
	w, err := p.parts.Create(part)
	if err != nil {
		return err
	}
	return p.rewrite(part, w, change)
}

// pack copies the archive with the changed parts in their places and the new ones behind.
func (p *patch) pack(data []byte) ([]byte, error) {
	if err := p.parts.Close(); err != nil {
		return nil, err
	}
	old, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	ours, err := zip.NewReader(bytes.NewReader(p.packed.Bytes()), int64(p.packed.Len()))
	if err != nil {
		return nil, err
	}
	parts := map[string]*zip.File{}
	for _, f := range ours.File {
		parts[partName(f)] = f
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range old.File {
		if part := parts[partName(f)]; part != nil {
			delete(parts, partName(f))
			part.Name, f = f.Name, part
		}
		if err := w.Copy(f); err != nil {
			return nil, err
		}
	}
	for _, f := range ours.File {
		if parts[partName(f)] == f {
			if err := w.Copy(f); err != nil {
				return nil, err
			}
		}
	}
	err = w.Close()
	return out.Bytes(), err
}

// free is the first name with a number that no part has.
func (p *patch) free(before, after string) string {
	for n := 1; ; n++ {
		if name := fmt.Sprint(before, n, after); !p.has(name) {
			return name
		}
	}
}

// inFront is the current tag with something in front of it.
func (m *markup) inFront(insert string) []byte {
	return slices.Concat(m.seen[:m.tagAt], []byte(insert), m.seen[m.tagAt:])
}

// tagName is the name of the current tag as it stands, with its prefix.
func (m *markup) tagName() string {
	name := bytes.TrimPrefix(m.seen[m.tagAt+1:], []byte("/"))
	return string(name[:bytes.IndexAny(name, " \t\r\n/>")])
}

// prefix is what stands before the names of this part's elements, with the colon.
func (m *markup) prefix() string {
	name := m.tagName()
	return name[:strings.IndexByte(name, ':')+1]
}

// setAttr is the current opening tag with an attribute set.
func (m *markup) setAttr(name, value string) []byte {
	return slices.Concat(m.seen[:m.tagAt], setAttr(m.seen[m.tagAt:], name, value))
}

// setAttr sets an attribute of an opening tag.
func setAttr(tag []byte, name, value string) []byte {
	from := bytes.IndexAny(tag, " \t\r\n/>")
	to := len(bytes.TrimSuffix(bytes.TrimSuffix(tag, []byte(">")), []byte("/")))
	for attrs := tag[from:to]; ; {
		key, old, rest, err := nextAttr(attrs)
		if err != nil || key == nil {
			return slices.Concat(tag[:from], []byte(" "+name+`="`+value+`"`), tag[from:])
		}
		if string(key) == name {
			end := to - len(rest) - 1 // before the quote
			return slices.Concat(tag[:end-len(old)], []byte(value), tag[end:])
		}
		attrs = rest
	}
}

func escaped(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return ""
	}
	return b.String()
}

// patchRelations finds the comments and boxes of the sheet, or says where they will be.
func (p *patch) patchRelations() error {
	rels := path.Dir(p.sheet) + "/_rels/" + path.Base(p.sheet) + ".rels"
	var insert string
	if p.has(rels) {
		err := p.each(rels, func(m *markup) error {
			values, err := m.attrValues("Id", "Type", "Target")
			switch {
			case m.kind != openTag:
			case values[1] == commentsRel:
				p.comments = relative(p.sheet, values[2])
			case values[0] == p.drawn && p.drawn != "":
				p.drawing = relative(p.sheet, values[2])
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if p.comments == "" {
		p.comments = p.free("xl/comments", ".xml")
		insert = `<Relationship Id="` + commentsID + `" Type="` + commentsRel + `" Target="/` + p.comments + `"/>`
	}
	if p.drawing == "" {
		p.drawing = p.free("xl/drawings/vmlDrawing", ".vml")
		insert += `<Relationship Id="` + drawingID + `" Type="` + drawingRel + `" Target="/` + p.drawing + `"/>`
	}
	switch {
	case insert == "":
		return nil
	case !p.has(rels):
		return p.put(rels, []byte(xml.Header+`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`+insert+`</Relationships>`))
	}
	return p.changed(rels, into("Relationships", func(*markup) string { return insert }))
}

// into adds something at the end of an element.
func into(element string, insert func(*markup) string) func(*markup) ([]byte, error) {
	return func(m *markup) ([]byte, error) {
		switch {
		case m.kind == chars || string(m.name) != element:
		case m.kind == openTag && m.single: // <x/> becomes <x>…</x>, and its end, which comes next, has no bytes
			return slices.Concat(bytes.TrimRight(bytes.TrimSuffix(m.seen, []byte("/>")), " \t\r\n"), []byte(">"+insert(m)+"</"+m.tagName()+">")), nil
		case m.kind == closeTag && len(m.seen) > 0:
			return m.inFront(insert(m)), nil
		}
		return m.seen, nil
	}
}

// patchTypes says what the new parts are.
func (p *patch) patchTypes() error {
	const part = "[Content_Types].xml"
	insert, known := "", map[string]bool{}
	err := p.each(part, func(m *markup) error {
		values, err := m.attrValues("Extension", "PartName")
		known[strings.ToLower(values[0])], known[strings.ToLower(values[1])] = true, true
		return err
	})
	if err != nil {
		return err
	}
	if !known["vml"] {
		insert = `<Default Extension="vml" ContentType="` + drawingType + `"/>`
	}
	if !known["/"+strings.ToLower(p.comments)] {
		insert += `<Override PartName="/` + p.comments + `" ContentType="` + commentsType + `"/>`
	}
	if insert == "" {
		return nil
	}
	return p.changed(part, into("Types", func(*markup) string { return insert }))
}
