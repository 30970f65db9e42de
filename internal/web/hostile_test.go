package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/application"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
)

// hostile are texts that would be markup or script where a page did not write them as text.
var hostile = []string{
	`<script>window.pwned=1</script>`, `"><script>window.pwned=1</script>`, `'><script>window.pwned=1</script>`, `</title><script>window.pwned=1</script>`,
	`</textarea><script>window.pwned=1</script>`, `</option></select><script>window.pwned=1</script>`, `<img src=x onerror=window.pwned=1>`, `"><img src=x onerror=window.pwned=1>`,
	`<svg onload=window.pwned=1>`, `<svg><script>window.pwned=1</script></svg>`, `<body onload=window.pwned=1>`, `<iframe src=javascript:window.pwned=1>`, `<a href=javascript:window.pwned=1>x</a>`,
	`javascript:window.pwned=1`, `" onfocus=window.pwned=1 autofocus x="`, `' onfocus=window.pwned=1 autofocus x='`, `" onmouseover="window.pwned=1`, `<details open ontoggle=window.pwned=1>`,
	`<math><mi xlink:href=javascript:window.pwned=1>`, `<base href=//evil.example/>`, `<link rel=stylesheet href=//evil.example/x.css>`, `<meta http-equiv=refresh content=0;url=//evil.example>`,
	`<style>@import '//evil.example/x.css'</style>`, `<form action=//evil.example><input name=password>`, `<input autofocus onfocus=window.pwned=1>`, `<object data=javascript:window.pwned=1>`,
	`<embed src=javascript:window.pwned=1>`, `<video><source onerror=window.pwned=1>`, `<audio src=x onerror=window.pwned=1>`, `<marquee onstart=window.pwned=1>`, `<template><script>window.pwned=1</script></template>`,
	`<noscript><p title="</noscript><script>window.pwned=1</script>">`, `<!--><script>window.pwned=1</script>-->`, `<![CDATA[<script>window.pwned=1</script>]]>`, `{{.Who.Name}}{{html "<script>"}}`,
	`${window.pwned=1}`, "`;window.pwned=1//", `\u003cscript\u003ewindow.pwned=1\u003c/script\u003e`, `&lt;script&gt;window.pwned=1&lt;/script&gt;`, `＜script＞window.pwned=1＜/script＞`,
	`<xss id=x tabindex=1 onactivate=window.pwned=1>`,
}

// ours are the elements that pages are made of; anything else came out of a text.
var ours = map[string]bool{"html": true, "head": true, "body": true, "meta": true, "title": true, "link": true, "script": true, "header": true, "main": true, "footer": true, "nav": true, "section": true,
	"div": true, "p": true, "span": true, "a": true, "h1": true, "h2": true, "h3": true, "ul": true, "ol": true, "li": true, "dl": true, "dt": true, "dd": true, "form": true, "input": true, "select": true, "option": true,
	"textarea": true, "label": true, "fieldset": true, "legend": true, "button": true, "table": true, "thead": true, "tbody": true, "tr": true, "th": true, "td": true, "time": true, "strong": true, "details": true,
	"summary": true, "img": true, "code": true}

// wantHarmless holds a page to its own elements and scripts, whatever texts it shows.
func (sh shown) wantHarmless() {
	t := sh.b.site.t
	t.Helper()
	scripts := 0
	for _, n := range all(sh.doc, "*") {
		if !ours[n.Data] {
			t.Errorf("%s: an element %s out of a text", sh.path, n.Data)
		}
		if n.Data == "script" && !strings.HasPrefix(attr(n, "src"), "/assets/officer-") {
			scripts++
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || strings.Contains(a.Key, "<") {
				t.Errorf("%s: an attribute %s out of a text", sh.path, a.Key)
			}
		}
	}
	if scripts != 1 {
		t.Errorf("%s: %d scripts", sh.path, scripts)
	}
}

// TestHostileTexts stores each text in every field that takes one, and opens every page that shows it.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	s := start(t)
	f := s.fixture("监护人", 300)
	b := s.as("liaison.a")
	token := b.get("/").formTo("/sign-out").values.Get("csrf")
	for i, text := range hostile {
		if len([]rune(text)) > 60 {
			text = string([]rune(text)[:60])
		}
		person := "/persons/" + s.child(i, text).String()
		for _, path := range []string{person, person + "/edit", person + "/apply", person + "/survey", person + "/services/new?kind=rehab"} {
			b.get(path).want(200).wantHarmless()
		}
		if i%8 == 0 {
			s.hostileCase(f, i/8, text)
		}
		// and back out of forms that were refused, as a path and as a query
		in := &filled{page: shown{b: b, path: "/persons/new"}, action: "/persons/new", values: map[string][]string{"csrf": {token}, "do": {"add"}, "key": {fmt.Sprint("k", i)}}}
		for _, name := range []string{"name", "id_number", "sex", "birth_date", "phone", "managing_area_code", "hukou_area_code", "hukou_type", "certificate.number", "certificate.category", "diagnosis", "guardian.name"} {
			in.values.Set(name, text)
		}
		in.send().want(422).wantHarmless()
		b.get("/persons?cursor=" + escaped(text)).wantHarmless()
		b.get("/" + escaped(text)).want(404).wantHarmless()
		s.browser().get("/sign-in?next=" + escaped(text) + "&done=" + escaped(text)).want(200).wantHarmless()
	}
	b.get("/persons").want(200).wantHarmless()
	b.get("/worklists/no_survey").want(200).wantHarmless()
	b.get("/").want(200).wantHarmless()
}

// hostileCase puts a text into a case, its reason, a note and a step of a service for the nth device.
func (s *site) hostileCase(f fixture, n int, text string) {
	t := s.t
	t.Helper()
	ctx, b := context.Background(), s.as("liaison.a")
	c, err := s.desk.EnterApplication(ctx, s.actor("liaison.a"), casework.NewApplication{PersonID: f.person, Programme: "living_allowance", AppliedOn: s.today(), Applicant: application.Applicant{Relation: "agent", Name: text}})
	if err != nil {
		t.Fatal(err)
	}
	at := "/applications/" + c.ID.String()
	b.get(at).form("withdraw").set("reason", text).send().want(303)
	b.get(at).want(200).says(text).wantHarmless()
	list := b.get("/worklists/eligible_not_enrolled").want(200)
	list.form("act").set("who", list.choices("who")[0], "outcome", "other", "note", text).send().want(303)
	b.get("/worklists/eligible_not_enrolled").want(200).wantHarmless()
	opened := b.get("/persons/"+f.person.String()+"/services/new?kind=device").form("open").set("need.item", s.desk.Pack().Catalogue.Devices[n].Code, "need.mode", "grant", "need.pieces", "1", "need.reason", text).send().want(303)
	page := opened.follow().want(200).says(text)
	page.wantHarmless()
	b.get(strings.Split(opened.header.Get("Location"), "?")[0]+"/steps/village_check").form("take").set("evidence.findings", text).send().want(303)
	b.get(strings.Split(opened.header.Get("Location"), "?")[0]).says(text).wantHarmless()
}

// child is somebody whose every text is the given one.
func (s *site) child(i int, text string) uuid.UUID {
	s.t.Helper()
	p, err := s.desk.CreatePerson(context.Background(), s.actor("liaison.a"), casework.NewPerson{Name: text, BirthDate: calendar.MustDate(fmt.Sprintf("2015-01-%02d", 1+i%28)), Hukou: villageA,
		HukouType: "agricultural", BirthCertificate: fmt.Sprint("B", i), Diagnosis: text, Guardian: &casework.NewGuardian{Name: text, Relation: text}})
	if err != nil {
		s.t.Fatal(err)
	}
	return p.File.Person.ID
}
