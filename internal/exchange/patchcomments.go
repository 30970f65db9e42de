package exchange

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// commentPatch is where the copy of the comments has got to.
type commentPatch struct {
	*patch
	prefix  string
	authors []string
	naming  bool // what comes now is the name of an author
	cell    string
	mine    bool            // the comment is one of ours from last time
	met     map[string]bool // the cells that have a comment
	drop    bool
}

// patchComments adds the comments, to the sender's own where he has written some. Those of ours that came back with the file
// say what is wrong now.
func (p *patch) patchComments() error {
	if !p.has(p.comments) {
		return p.put(p.comments, []byte(xml.Header+`<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors><author>`+annotator+`</author></authors><commentList>`+
			p.newComments("", 0, nil)+`</commentList></comments>`))
	}
	c := &commentPatch{patch: p, met: map[string]bool{}}
	return p.changed(p.comments, c.change)
}

func (c *commentPatch) change(m *markup) (_ []byte, err error) {
	name, opens := string(m.name), m.kind == openTag
	switch {
	case m.kind == chars:
		if c.naming {
			text, err := m.appendText(nil)
			c.authors[len(c.authors)-1] += string(text)
			return m.seen, err
		}
	case opens && m.depth() == 1:
		c.prefix = m.prefix()
	case name == "author":
		if c.naming = opens; opens {
			c.authors = append(c.authors, "")
		}
	case opens && name == "comment":
		return m.seen, c.begin(m)
	case name == "text" && (opens && m.depth() == 4 || !opens && m.depth() == 3):
		return c.text(m)
	case name == "authors":
		return into("authors", func(*markup) string { return "<" + c.prefix + "author>" + annotator + "</" + c.prefix + "author>" })(m)
	case name == "commentList":
		return into("commentList", func(*markup) string { return c.newComments(c.prefix, len(c.authors), c.met) })(m)
	}
	if c.drop {
		return nil, nil
	}
	return m.seen, nil
}

func (c *commentPatch) begin(m *markup) error {
	values, err := m.attrValues("ref", "authorId")
	author := number(values[1])
	c.cell, c.mine = values[0], author < len(c.authors) && c.authors[author] == annotator
	c.met[c.cell] = true
	return err
}

// text is the text of a comment: the sender's with ours behind it, or ours of now.
func (c *commentPatch) text(m *markup) ([]byte, error) {
	ours := c.texts[c.cell]
	run := func(text string) string {
		return fmt.Sprintf(`<%[1]sr><%[1]st xml:space="preserve">%[2]s</%[1]st></%[1]sr>`, c.prefix, escaped(text))
	}
	switch {
	case !c.mine && ours == "":
		return m.seen, nil
	case !c.mine:
		return into("text", func(*markup) string { return run("\n" + ours) })(m)
	case ours == "":
		ours = c.corrected
	}
	if m.kind == openTag && !m.single {
		c.drop = true
		return slices.Concat(m.seen, []byte(run(ours))), nil
	}
	c.drop = false
	return m.seen, nil
}

// newComments are those on cells that had none.
func (p *patch) newComments(prefix string, author int, met map[string]bool) string {
	var b strings.Builder
	for _, cell := range p.cells() {
		if !met[cell] {
			fmt.Fprintf(&b, `<%[1]scomment ref="%[2]s" authorId="%[3]d"><%[1]stext><%[1]sr><%[1]st xml:space="preserve">%[4]s</%[1]st></%[1]sr></%[1]stext></%[1]scomment>`, prefix, cell, author, escaped(p.texts[cell]))
		}
	}
	p.boxed = met
	return b.String()
}

// cells are those with a comment, from the top.
func (p *patch) cells() (list []string) {
	for _, c := range append([]complaint{p.head}, p.wrong...) {
		if cell := c.cell(); len(list) == 0 || cell != list[0] {
			list = append(list, cell)
		}
	}
	return list
}

const (
	boxesBegin = `<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel">` +
		`<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout>`
	boxType = `<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>`
	box     = `<v:shape id="_x0000_s%d" type="#_x0000_t202" style="position:absolute;width:180pt;height:60pt;z-index:1;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>` +
		`<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>` +
		`<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>%d, 15, %d, 2, %d, 15, %d, 4</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>%d</x:Row><x:Column>%d</x:Column></x:ClientData></v:shape>`
	firstBox = 1_000_000 // beyond the numbers that spreadsheets give
)

// boxNumber is the number of a box.
var boxNumber = regexp.MustCompile(`_x0000_s(\d{1,9})\b`)

// freeBox is a number beyond those of the boxes that are there, of which some may be ours from last time: two of one number are
// one box to some programs, and one of the comments is not seen.
func freeBox(old []byte) int {
	free := firstBox
	for _, m := range boxNumber.FindAllSubmatch(old, -1) {
		free = max(free, number(string(m[1]))+1)
	}
	return free
}

// boxes are those of the cells that had no comment, numbered from a first one.
func (p *patch) boxes(first int) string {
	var b strings.Builder
	for i, c := range append([]complaint{p.head}, p.wrong...) {
		if !p.boxed[c.cell()] && (i == 0 || c.cell() != p.head.cell()) {
			fmt.Fprintf(&b, box, first+i, c.column, max(c.row-2, 0), c.column+3, c.row+3, c.row-1, c.column-1)
		}
	}
	return b.String()
}

// patchBoxes draws the boxes in which comments are shown; without one a comment is not seen.
func (p *patch) patchBoxes() error {
	if !p.has(p.drawing) {
		return p.put(p.drawing, []byte(boxesBegin+boxType+p.boxes(firstBox)+`</xml>`))
	}
	old, err := p.whole(p.drawing)
	if err != nil {
		return err
	}
	end := bytes.LastIndex(old, []byte("</xml>")) // what spreadsheets write here is not always XML, and is not parsed
	if end < 0 || !bytes.Contains(old, []byte("urn:schemas-microsoft-com:vml")) {
		return errNotWritten
	}
	insert := p.boxes(freeBox(old))
	if !bytes.Contains(old, []byte(`"_x0000_t202"`)) {
		insert = boxType + insert
	}
	return p.put(p.drawing, slices.Concat(old[:end], []byte(insert), old[end:]))
}
