package httpapi_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"zhucan/internal/demo/divisions"
)

// resident is somebody of a roster: whoever has level 1 or 2 should receive the nursing subsidy, and who is on the subsistence
// allowance the living allowance.
type resident struct {
	village         string
	level, category int
	woman, town     bool // town: of no agricultural hukou
	born            int  // the year
	hardship        string
	nursing, living bool   // receives
	card, award     string // the day of the one and the first month of the other; long ago where empty
	n               int    // numbers residents; the same number is the same person
}

// district collects residents whom a roster brings in.
type district struct {
	s    *service
	next int
}

// add takes in a number of residents of a kind.
func (d *district) add(list *[]resident, count int, kind resident) {
	for range count {
		d.next++
		kind.n = d.next
		*list = append(*list, kind)
	}
}

// bring sends residents as a roster. Who is known already gets what is new.
func (d *district) bring(list []resident) {
	d.s.t.Helper()
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	w.Write(strings.Split("姓名,身份证号,残疾证号,发证日期,户籍村居,户口性质,困难类别,困难类别起始日,生活补贴起始月,护理补贴起始月", ","))
	for _, r := range list {
		w.Write(r.line())
	}
	w.Flush()
	done := d.s.upload("cdpf", file.Bytes(), "/imports?kind=roster").want(201).json()
	for _, e := range done["errors"].([]any) { // who has died since is on it still
		if e.(map[string]any)["code"] != "DECEASED" {
			d.s.t.Fatalf("the roster is refused: %v", done["errors"])
		}
	}
}

func (r resident) line() []string {
	n := r.n % 500 * 2 // odd is a man
	if !r.woman {
		n++
	}
	day := r.n / 500
	body := fmt.Sprintf("379999%04d%02d%02d%03d", r.born, 1+day/28, 1+day%28, n)
	c, _ := checkCharacter(body)
	id := body + string(c)
	hukou := "农业"
	if r.town {
		hukou = "非农业"
	}
	line := []string{fmt.Sprint("金丝雀", r.n), id, fmt.Sprint(id, r.category, r.level), cmp.Or(r.card, "2020-01-06"), r.village, hukou, r.hardship, "", "", ""}
	if r.hardship != "" {
		line[7] = "2021-01-01"
	}
	if r.living {
		line[8] = cmp.Or(r.award, "2021-01")
	}
	if r.nursing {
		line[9] = cmp.Or(r.award, "2021-01")
	}
	return line
}

// villages are the villages of Linzi by town.
func villages(t *testing.T) map[string][]string {
	t.Helper()
	tree := divisions.Tree()
	list := map[string][]string{}
	for _, d := range tree {
		if d.Code.Level() == "village" {
			list[string(d.Code.Parent())] = append(list[string(d.Code.Parent())], string(d.Code))
		}
	}
	return list
}

// populate draws a district of people: towns and villages of all sizes, some without gaps and some with few.
func (d *district) populate(random *rand.Rand, people int) (list []resident) {
	towns := villages(d.s.t)
	for _, town := range slices.Sorted(maps.Keys(towns)) {
		gaps := []int{0, 2, 5, 15, 40}[random.IntN(5)] // percent
		settled := towns[town]
		random.Shuffle(len(settled), func(i, j int) { settled[i], settled[j] = settled[j], settled[i] })
		settled = settled[:1+random.IntN(len(settled))]
		for left := people / 12; left > 0; {
			village := settled[random.IntN(len(settled))]
			size := min(left, 1+random.IntN(2<<random.IntN(6)))
			left -= size
			for range size {
				d.add(&list, 1, d.anybody(random, village, gaps))
			}
		}
	}
	return list
}

func (d *district) anybody(random *rand.Rand, village string, gaps int) resident {
	r := resident{village: village, level: 1 + random.IntN(4), category: 1 + min(random.IntN(6), random.IntN(6)), woman: random.IntN(2) == 0,
		town: random.IntN(10) == 0, born: 1935 + random.IntN(86)}
	if random.IntN(2) == 0 {
		r.category = 4
	}
	if random.IntN(60) == 0 {
		r.village = village[:len(townA)] // in no village
	}
	switch n := random.IntN(20); {
	case n < 8:
		r.hardship = "低保"
	case n == 8:
		r.hardship = "特困"
	case n == 9:
		r.hardship = "低保边缘"
	}
	receives := func() bool { return random.IntN(100) >= gaps }
	r.nursing = r.level <= 2 && r.hardship != "特困" && receives()
	r.living = r.hardship == "低保" && receives()
	return r
}

// some are persons behind a number, so many at most.
func (d *district) some(indicator, list string, most int) (ids []string) {
	d.s.t.Helper()
	a := d.s.do("cdpf", "GET", fmt.Sprintf("/indicators/%s/persons?list=%s&limit=%d", indicator, list, most), nil).want(200)
	for _, item := range a.json()["items"].([]any) {
		ids = append(ids, item.(map[string]any)["person_id"].(string))
	}
	return ids
}

// level2 are the persons of level 2 who should receive the nursing subsidy and do not.
func (d *district) level2() (ids []string) {
	d.s.t.Helper()
	a := d.s.do("cdpf", "GET", "/indicators/nursing_subsidy_coverage/persons?limit=200", nil).want(200)
	for _, raw := range a.json()["items"].([]any) {
		if item := raw.(map[string]any); item["level"] == 2.0 {
			ids = append(ids, item["person_id"].(string))
		}
	}
	return ids
}

// house makes each of some persons a household in a village, with a dangerous house that is converted or not.
func (d *district) house(ids []string, village string, converted func(i int) bool) {
	d.s.t.Helper()
	for i, id := range ids {
		home := d.s.do("cdpf", "POST", "/households", map[string]any{"area_code": village,
			"members": []map[string]any{{"person_id": id, "relation": "head", "from": "2021-01-01"}}}).want(201).text("id")
		kinds := map[string]any{"dangerous_house": "C"}
		if converted(i) {
			kinds["house_converted"] = "rebuilt"
		}
		for kind, value := range kinds {
			d.s.do("cdpf", "POST", "/households/"+home+"/circumstances", map[string]any{"kind": kind, "value": value, "valid_from": "2022-01-01", "source": "住建局"}).want(201)
		}
	}
}

// change lets some of a district's people come, receive and die.
func (d *district) change(random *rand.Rand, list []resident, on string) []resident {
	d.s.t.Helper()
	for i := range list {
		if random.IntN(60) == 0 {
			list[i].nursing = list[i].nursing || list[i].level <= 2 && list[i].hardship != "特困"
			list[i].living = list[i].living || list[i].hardship == "低保"
		}
	}
	for range len(list) / 80 {
		r := d.anybody(random, list[random.IntN(len(list))].village, 30)
		d.add(&list, 1, r)
	}
	d.bring(list)
	for _, id := range append(d.some("nursing_subsidy_coverage", "covered", 3), d.some("living_allowance_coverage", "gap", 2)...) {
		if a := d.s.do("cdpf", "POST", "/persons/"+id+"/circumstances", map[string]any{"kind": "death", "value": true, "valid_from": on, "source": "公安"}); a.status != 201 {
			a.want(409) // on both lists
		}
	}
	return list
}
