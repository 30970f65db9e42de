package web

import (
	"context"
	"crypto/rand"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

const visitKey = "visit"

// visit is one request for a page: who asks, in which language, what was sent, and what came of it.
type visit struct {
	ctx     context.Context
	site    *Site
	desk    *casework.Desk
	who     access.Actor
	known   bool // somebody is signed in
	english bool
	secure  bool
	today   calendar.Date
	page    *page  // nil: none of the list
	title   string // key of the catalogue, where it is not the page's
	path    string
	query   url.Values
	form    url.Values          // of a post
	unfit   []fault.Field       // fields of it whose text is not taken
	uploads map[string][][]byte // files of a post, by field
	done    func()              // with them; nil: there are none
	do      string              // what a form asks for
	key     string              // of the form, by which it acts once
	fault   *fault.Error        // what was refused
	told    string              // what the next page tells once
	found   any                 // what an ask has found

	divisions map[area.Code]string // the names that were looked up
	again     casework.RowAgain    // what an act has read before its transaction
	echo      echo.Context

	kept      bool // the form was filled in before the session began, and is not sent yet
	placed    bool // what was refused is shown at its form
	newCookie string
}

// finish ends what a visit holds.
func (v *visit) finish() {
	if v.done != nil {
		v.done()
	}
}

func (s *Site) visit(c echo.Context, p *page) *visit {
	in := c.Request()
	v := &visit{ctx: in.Context(), site: s, desk: s.Desk, page: p, path: in.URL.Path, query: in.URL.Query(), secure: s.Secure || in.TLS != nil,
		today: calendar.DateOf(s.Desk.Now()), echo: c, divisions: map[area.Code]string{}}
	switch v.cookie(languageCookie) {
	case "en":
		v.english = true
	case "zh":
	default:
		v.english = fault.PrefersEnglish(in.Header.Get("Accept-Language"))
	}
	c.Set(visitKey, v)
	return v
}

// t is a text of the catalogue in the language of the visit.
func (v *visit) t(key string, args ...any) string { return say(v.english, key, args...) }

// within is a text in brackets, behind another.
func (v *visit) within(text string) string { return v.t("shell.within", text) }

// faultText is what was refused and, where it is a matter of time, when it may be tried again.
func (v *visit) faultText() string {
	text := v.fault.Message(v.english)
	switch wait := v.fault.RetryAfter; {
	case v.fault.Kind != fault.TooMany || wait == 0:
	case wait < 120:
		text += v.t("problem.seconds", wait)
	default:
		text += v.t("problem.minutes", (wait+59)/60)
	}
	return text
}

// either is the text in the language of the visit, of two that come from elsewhere.
func (v *visit) either(zh, en string) string {
	if v.english && en != "" {
		return en
	}
	return zh
}

// id is the path's id; what is no id names nothing.
func (v *visit) id() (uuid.UUID, error) {
	text := v.echo.Param("id")
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		return uuid.Nil, store.NotFound
	}
	return id, nil
}

// address is the path of a page with what this one has in its own: an id above stays the same below.
func (v *visit) address(path string) string {
	for _, name := range v.echo.ParamNames() {
		path = strings.ReplaceAll(path, ":"+name, v.echo.Param(name))
	}
	return path
}

// version is the one that the form was filled in from.
func (v *visit) version() int {
	n, _ := strconv.Atoi(v.form.Get("version"))
	return n
}

// value is a field of the form.
func (v *visit) value(name string) string { return v.form.Get(name) }

// may says whether this role sees a page of the list.
func (v *visit) may(path string) bool {
	p := pageOf(path)
	return p != nil && v.known && p.allows(v.who.Role)
}

// acts says whether this role may do something of the page.
func (v *visit) acts(do string) bool {
	a, ok := v.page.acts[do]
	return ok && a.allows(v.who.Role)
}

// mayDo says whether this role may do something of another page.
func (v *visit) mayDo(path, do string) bool {
	return v.may(path) && pageOf(path).acts[do].allows(v.who.Role)
}

// placeName is the name of a division, with those above it inside the district; the code where there is none.
func (v *visit) placeName(code area.Code) string {
	if code == "" {
		return ""
	}
	var names []string
	for c := code; len(c) > 6 || c == code; c = c.Parent() {
		name, err := v.divisionName(c)
		if err != nil {
			break
		}
		names = append([]string{name}, names...)
	}
	if len(names) == 0 {
		return string(code)
	}
	return strings.Join(names, " ")
}

// divisionName is the name of one division today, looked up once for a page.
func (v *visit) divisionName(code area.Code) (string, error) {
	if name, seen := v.divisions[code]; seen {
		return name, nil
	}
	d, err := v.desk.DB.Division(v.ctx, code, v.today)
	if err == nil {
		v.divisions[code] = d.Name
	}
	return d.Name, err
}

// villages are the villages of one's own area, as options.
func (v *visit) villages() ([]Option, error) {
	tree, err := v.desk.DB.Divisions(v.ctx, v.who.Area, v.today)
	if err != nil {
		return nil, err
	}
	towns := map[area.Code]string{}
	var list []Option
	for _, d := range tree {
		switch d.Code.Level() {
		case "town":
			towns[d.Code] = d.Name
		case "village":
			list = append(list, Option{Value: string(d.Code), Label: strings.TrimSpace(towns[d.Code.Parent()] + " " + d.Name)})
		}
	}
	return list, nil
}

// pageSize is how many lines a page of a list has.
const pageSize = 20

// more is where a list goes on after a full page.
func (v *visit) more(full bool, cursor string) string {
	if !full {
		return ""
	}
	q := url.Values{}
	for name, values := range v.query {
		if name != "cursor" && name != "done" {
			q[name] = values
		}
	}
	q.Set("cursor", cursor)
	return v.path + "?" + q.Encode()
}

// here is the address of this page with what narrows it and where it goes on: what is refused is shown where it was chosen.
func (v *visit) here() string {
	q := maps.Clone(v.query)
	q.Del("done")
	if len(q) == 0 {
		return v.path
	}
	return v.path + "?" + q.Encode()
}

func newKey() string { return rand.Text() }
