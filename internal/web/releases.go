package web

import (
	"encoding/hex"
	"strconv"

	"github.com/google/uuid"

	"zhucan/internal/casework"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// releasesData is the sealed releases of an area, the latest first.
type releasesData struct {
	filters
	New   bool
	Lines []releaseLine
	More  string
}

type releaseLine struct{ Path, Title, Place, AsOf, Sealed, By, Public, Tone string }

func showReleases(v *visit) (any, error) {
	before, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	list, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	found, err := v.desk.ListReleases(v.ctx, v.who, in, before.ID, pageSize)
	if err != nil {
		return nil, err
	}
	data := releasesData{filters: filters{Filters: list}, New: v.may("/releases/new")}
	for _, r := range found {
		data.Lines = append(data.Lines, v.releaseLine(r))
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	return data, nil
}

func (v *visit) releaseLine(r store.Release) releaseLine {
	line := releaseLine{Path: "/releases/" + r.ID.String(), Title: r.Title, Place: v.placeName(r.Area), AsOf: r.AsOf.String(), Sealed: r.SealedAt.In(china).Format("2006-01-02 15:04"),
		By: r.SealerName, Public: v.t("release.internal")}
	if r.Public {
		line.Public, line.Tone = v.t("release.public"), "good"
	}
	return line
}

type oneForm struct{ Form *Form }

func showNewRelease(v *visit) (any, error) {
	areas, err := v.areasAround(v.who.Area, v.today)
	return oneForm{v.newForm("seal", "release.seal", &Field{Name: "title", Label: v.t("release.name"), Kind: "text", Need: true, Max: 100},
		&Field{Name: "as_of", Label: v.t("figures.as_of"), Kind: "date", Need: true, Value: v.today.String()},
		&Field{Name: "area_code", Label: v.t("figures.area"), Kind: "select", Need: true, Options: areas, Value: string(v.who.Area)},
		&Field{Name: "public", Label: v.t("release.for"), Hint: v.t("release.public.hint"), Kind: "radio", Need: true, Value: "no", Options: v.options("release_for", "no", "yes")})}, err
}

func sealRelease(v *visit) (string, error) {
	r := v.reader()
	in := casework.NewRelease{Title: r.text("title", 100, true), AsOf: r.day("as_of", true), Area: r.place("area_code", true), Public: r.choice("public", true, "no", "yes") == "yes"}
	if err := r.err(); err != nil {
		return "", err
	}
	sealed, err := v.desk.SealRelease(v.ctx, v.who, in)
	return "/releases/" + sealed.ID.String() + "?done=sealed", err
}

// releaseData is one release: what it is, the sums of its files, and what to compare it with.
type releaseData struct {
	Title   string
	Public  string
	Tone    string
	Facts   []pair
	Sums    []pair
	Files   []link
	Values  string // the numbers of its day as they were then known
	Names   []link // and who is behind them
	Compare *Field
	Path    string
}

func showRelease(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	r, err := v.desk.ReadRelease(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	line := v.releaseLine(r)
	data := releaseData{Title: r.Title, Public: line.Public, Tone: line.Tone, Path: v.path}
	data.Facts = []pair{{v.t("figures.area"), line.Place}, {v.t("figures.as_of"), line.AsOf}, {v.t("release.known"), r.KnownAt.In(china).Format("2006-01-02 15:04:05")},
		{v.t("release.rules"), r.PackVersion}, {v.t("release.rows"), strconv.Itoa(r.Rows)}, {v.t("release.hidden"), strconv.Itoa(r.Hidden)},
		{v.t("release.sealed"), line.Sealed}, {v.t("release.by"), r.SealerName}}
	for _, form := range fileForms {
		if sum := r.SHA256[form]; sum != nil {
			data.Sums = append(data.Sums, pair{form, hex.EncodeToString(sum)})
			data.Files = append(data.Files, link{Path: v.path + "/file?form=" + form, Text: v.t("file." + form)})
		}
	}
	if err := v.leadToValues(&data, r); err != nil {
		return nil, err
	}
	if v.may("/releases/:id/changes") {
		data.Compare, err = v.sinceField(r)
	}
	return data, err
}

// leadToValues leads to the values and the names behind a release of one's own area: they are told as of its instant, also long after it.
func (v *visit) leadToValues(data *releaseData, r store.Release) error {
	if !v.who.Covers(r.Area) || !v.may("/indicators") {
		return nil
	}
	at := look{on: r.AsOf, in: r.Area, known: r.KnownAt}
	data.Values = "/indicators" + at.query()
	pack, err := v.desk.PackAt(v.ctx, r.KnownAt)
	if err != nil || !v.may("/indicators/:key/persons") {
		return err
	}
	for i := range pack.Indicators {
		if def := &pack.Indicators[i]; def.Variant == "" && !def.External() {
			data.Names = append(data.Names, link{Path: "/indicators/" + def.Key() + "/persons" + at.query(), Text: v.either(def.ZH, def.EN)})
		}
	}
	return nil
}

// sinceField chooses another release of the same area to compare with.
func (v *visit) sinceField(r store.Release) (*Field, error) {
	list, err := v.desk.ListReleases(v.ctx, v.who, "", uuid.Nil, 100)
	if err != nil {
		return nil, err
	}
	f := &Field{Name: "since", Label: v.t("release.since"), Kind: "select", Value: v.query.Get("since")}
	for _, other := range list {
		if other.ID != r.ID && other.Area == r.Area {
			f.Options = append(f.Options, Option{Value: other.ID.String(), Label: other.AsOf.String() + "  " + other.Title})
		}
	}
	f.choose()
	if len(f.Options) == 0 {
		return nil, nil
	}
	return f, nil
}

func showReleaseFile(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	form := v.query.Get("form")
	if form == "" {
		form = fileForms[0]
	}
	if fileTypes[form] == "" {
		return nil, noSuchForm
	}
	r, write, err := v.desk.OpenRelease(v.ctx, v.who, id, form)
	return raw{kind: fileTypes[form], name: "indicators-" + r.AsOf.String() + "-" + id.String() + "." + form, write: write}, err
}

// changesData is what changed between two releases.
type changesData struct {
	Path, Back    string
	Before, After string
	Compare       *Field
	Lines         []indicatorChange
}

type indicatorChange struct {
	No, Name      string
	Before, After figureLine
	Passages      []passageLine
	Names         string
}

type passageLine struct{ From, To, Count string }

// places are where somebody stands with an indicator.
var places = map[standing.Status]string{0: "outside", standing.Covered: "covered", standing.Gap: "gap", standing.Excluded: "excluded", standing.Extra: "extra"}

func (v *visit) standsAt(s standing.Status, reason string) string {
	text := v.t("place." + places[s])
	if reason != "" {
		text += v.within(v.unmet(reason))
	}
	return text
}

func showChanges(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	after, err := v.desk.ReadRelease(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := changesData{Path: v.path, Back: "/releases/" + id.String(), After: after.AsOf.String() + "  " + after.Title}
	if data.Compare, err = v.sinceField(after); err != nil || v.query.Get("since") == "" {
		return data, err
	}
	before, changes, err := v.changes(id)
	if err != nil {
		return nil, err
	}
	data.Before = before.AsOf.String() + "  " + before.Title
	for _, c := range changes {
		line := indicatorChange{No: strconv.Itoa(c.Definition.No), Name: v.either(c.Definition.ZH, c.Definition.EN), Before: v.figureLine(c.Before.Figure(), ""), After: v.figureLine(c.After.Figure(), "")}
		for _, p := range c.Passages {
			line.Passages = append(line.Passages, passageLine{From: v.standsAt(p.Before, p.ReasonBefore), To: v.standsAt(p.After, p.ReasonAfter), Count: strconv.FormatInt(p.Count, 10)})
		}
		if len(line.Passages) > 0 && v.may("/releases/:id/changes/:key") {
			line.Names = v.path + "/" + c.Definition.Key() + "?since=" + before.ID.String()
		}
		data.Lines = append(data.Lines, line)
	}
	return data, nil
}

func (v *visit) changes(id uuid.UUID) (before store.Release, list []casework.Change, err error) {
	since, err := uuid.Parse(v.query.Get("since"))
	if err != nil {
		return before, nil, store.NotFound
	}
	if before, err = v.desk.ReadRelease(v.ctx, v.who, since); err != nil {
		return before, nil, err
	}
	list, err = v.desk.ReleaseChanges(v.ctx, v.who, id, since)
	return before, list, err
}

// movedData is who moved in one indicator between two releases.
type movedData struct {
	Name, Back string
	Households bool
	Lines      []movedLine
	More       string
}

type movedLine struct{ Path, Name, Place, From, To string }

func showMoved(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	since, err := uuid.Parse(v.query.Get("since"))
	if err != nil {
		return nil, store.NotFound
	}
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	def, found, err := v.desk.ReleaseChangeNames(v.ctx, v.who, id, since, v.echo.Param("key"), after.ID, pageSize)
	if err != nil {
		return nil, err
	}
	data := movedData{Name: v.either(def.ZH, def.EN), Back: "/releases/" + id.String() + "/changes?since=" + since.String(), Households: def.Unit == policy.UnitHousehold}
	where := v.placeNames()
	for _, p := range found {
		line := movedLine{Name: p.Name, Place: where(p.Area), From: v.standsAt(p.Before, p.ReasonBefore), To: v.standsAt(p.After, p.ReasonAfter)}
		if !data.Households {
			line.Path = "/persons/" + p.ID.String()
		}
		data.Lines = append(data.Lines, line)
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	return data, nil
}
