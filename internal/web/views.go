package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/money"
)

//go:embed templates
var templates embed.FS

// views are the templates by page.
type views map[string]*view

// view is the template of a page, and with the layout and the parts around it in either language, so that a template says {{t "key"}}
// and nothing else. They are put together when the page is first shown: nobody waits at the start for pages that few ask for.
type view struct {
	chinese, english func() (*template.Template, error)
}

// readViews reads the layout, the parts and each page.
func readViews(a *assets) (views, error) {
	layout, err := template.New("").Funcs(funcsOf(false, a)).ParseFS(templates, "templates/layout.html", "templates/parts*.html")
	if err != nil {
		return nil, fmt.Errorf("read the layout: %w", err)
	}
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	all := views{}
	for _, name := range names {
		own := strings.TrimSuffix(path.Base(name), ".html")
		if own == "layout" || strings.HasPrefix(own, "parts") {
			continue
		}
		page, err := template.New("").Funcs(funcsOf(false, a)).ParseFS(templates, name)
		if err != nil {
			return nil, fmt.Errorf("read the page %s: %w", own, err)
		}
		together := func(english bool) func() (*template.Template, error) {
			return sync.OnceValues(func() (*template.Template, error) { return withLayout(layout, page, funcsOf(english, a)) })
		}
		all[own] = &view{chinese: together(false), english: together(true)}
	}
	return all, nil
}

func funcsOf(english bool, a *assets) template.FuncMap {
	return template.FuncMap{
		"t":     func(key string, args ...any) string { return say(english, key, args...) },
		"has":   func(key string) bool { _, ok := texts()[key]; return ok },
		"asset": a.path,
		"yuan":  func(f money.Fen) string { return f.Yuan() },
		"when":  func(at time.Time) string { return at.In(china).Format("2006-01-02 15:04") },
		"lang":  func() string { return map[bool]string{false: "zh-CN", true: "en"}[english] },
		"join":  strings.Join,
		"dot":   func(d calendar.Date) string { return d.String() },
	}
}

// withLayout is a page with copies of the layout and of its own templates: what is once executed is changed by that.
func withLayout(layout, page *template.Template, funcs template.FuncMap) (*template.Template, error) {
	all, err := layout.Clone()
	if err != nil {
		return nil, err
	}
	all.Funcs(funcs)
	for _, t := range page.Templates() {
		if t.Tree == nil {
			continue
		}
		if _, err := all.AddParseTree(t.Name(), t.Tree.Copy()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// of is the template of a page in a language.
func (all views) of(name string, english bool) (*template.Template, error) {
	one, ok := all[name]
	switch {
	case !ok:
		return nil, fmt.Errorf("there is no template %s", name)
	case english:
		return one.english()
	}
	return one.chinese()
}

var china = time.FixedZone("Asia/Shanghai", 8*60*60)

// shown is what the layout shows around a page.
type shown struct {
	Title    string
	Brand    string
	Known    bool
	Who      access.Actor
	RoleName string
	Place    string
	Menu     []menuGroup
	Crumbs   []link
	CSRF     string
	Path     string // to come back to after choosing a language
	Done     string // what was done just now
	Wrong    bool   // a form of the page was refused
	Placed   bool   // which says so itself
	Message  string
	Code     string
	Request  string
	Signed   bool // the problem can be solved by signing in
	English  bool
	Data     any
}

type link struct {
	Path, Text string
	Here       bool
}

// render writes a page into memory: nothing goes out before all of it is known.
func (s *Site) render(c echo.Context, v *visit, name string, status int, data any) error {
	view, err := s.views.of(name, v.english)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := view.ExecuteTemplate(&out, "layout", v.around(name, data)); err != nil {
		return fmt.Errorf("write the page %s: %w", name, err)
	}
	return c.Blob(status, "text/html; charset=utf-8", out.Bytes())
}

func (v *visit) around(name string, data any) shown {
	sh := shown{Known: v.known, Who: v.who, CSRF: v.csrf(), Path: nextOf(v.echo.Request().URL.RequestURI()), English: v.english, Data: data, Request: requestID(v.echo)}
	switch {
	case name == "problem":
		sh.Title = v.t("problem." + fmt.Sprint(v.fault.Kind.Status()/100*100))
		sh.Path = "/"
	case v.title != "":
		sh.Title = v.t(v.title)
	default:
		sh.Title = v.t(v.page.title)
	}
	if v.fault != nil {
		sh.Placed = v.placed
		sh.Wrong, sh.Message, sh.Code = true, v.faultText(), v.fault.Code
		sh.Signed = v.fault.Kind.Status() == http.StatusUnauthorized
	}
	if done := "done." + v.query.Get("done"); v.form == nil && texts()[done][0] != "" {
		sh.Done = v.t(done)
	}
	if v.known {
		sh.RoleName, sh.Place = v.t("role."+string(v.who.Role)), v.placeName(v.who.Area)
		sh.Menu, sh.Crumbs = v.menuGroups(), v.crumbs()
	}
	return sh
}

// menu is the pages of one's role that stand in it.
func (v *visit) menu() (list []link) {
	for _, p := range v.menuPages() {
		list = append(list, v.menuLink(p))
	}
	return list
}

func (v *visit) menuPages() (list []*page) {
	for i := range pages {
		if p := &pages[i]; p.menu != "" && p.allows(v.who.Role) && (p.inOf == nil || slices.Contains(p.inOf, v.who.Role)) {
			list = append(list, p)
		}
	}
	return list
}

func (v *visit) menuLink(p *page) link {
	return link{Path: p.path, Text: v.t(p.title), Here: v.page == p}
}

// menuGroup is entries of the menu behind one word, or one entry by itself.
type menuGroup struct {
	Name  string // empty: its only link stands by itself
	Links []link
	Here  bool
}

// shortMenu is up to how many entries a menu is read at a glance; a longer one is grouped.
const shortMenu = 7

// menuGroups is the menu as it is shown, groups in the order of their first entries.
func (v *visit) menuGroups() (groups []menuGroup) {
	all := v.menuPages()
	at := map[string]int{}
	for _, p := range all {
		one := v.menuLink(p)
		i, known := at[p.menu]
		if !known || len(all) <= shortMenu {
			i = len(groups)
			at[p.menu], groups = i, append(groups, menuGroup{})
		}
		g := &groups[i]
		g.Links, g.Here = append(g.Links, one), g.Here || one.Here
		if len(g.Links) > 1 {
			g.Name = v.t("menu." + p.menu)
		}
	}
	return groups
}

// crumbs is the way from the start to this page. What a page above has in its path, this one has, too.
func (v *visit) crumbs() (list []link) {
	if v.page == nil || v.page.under == "" {
		return nil
	}
	for p := pageOf(v.page.under); p != nil && p.allows(v.who.Role); p = pageOf(p.under) {
		list = append([]link{{Path: v.address(p.path), Text: v.t(p.title)}}, list...)
	}
	return append(list, link{Text: v.t(v.page.title), Here: true})
}
