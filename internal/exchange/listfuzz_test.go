package exchange_test

import (
	"archive/zip"
	"bytes"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/exchange"
	"zhucan/internal/fault"
)

// sound holds what came of a file against what is true of all files: an error that a user may see and no panic behind it, or
// rows that have everything which rows of deaths need.
func sound(t *testing.T, list *exchange.List, err error) {
	t.Helper()
	if err != nil {
		if f, ok := fault.Of(err); !ok || f.Err != nil {
			t.Errorf("an error that is not for users: %v", err)
		}
		return
	}
	last := list.HeadingRow
	for _, r := range list.Rows {
		if r.Row <= last || r.Text("name") == "" || r.ID("id").IsZero() || r.Date("died_on").IsZero() || r.Date("died_on").After(today) {
			t.Errorf("row %d is not whole", r.Row)
		}
		last = r.Row
	}
	for _, e := range list.Refused {
		if e.Row <= list.HeadingRow || e.Code == "" || e.ZH == "" || e.EN == "" || e.Column == "" && e.Code != "CUT_OFF" {
			t.Errorf("a refusal names no place or no reason: %+v", e)
		}
	}
}

// baseFiles are good lists to spoil.
func baseFiles(t testing.TB) [][]byte {
	return [][]byte{deathsBook(t, 20, func(f *excelize.File) {
		set(f, "Sheet1", map[string]any{"C5": 45013, "D1": "年龄"})
		f.SetCellFormula("Sheet1", "D2", "=1+1")
		f.MergeCell("Sheet1", "C8", "C9")
	}), pack(t, rawParts(deathsXML(same), sheetXML(textCells(1, "说明"), textCells(2, "本月共两人")))), sent(t), []byte(deathsCSV(20)), gbk(deathsCSV(20))}
}

// spoil changes some bytes: flips, cuts, doubles, takes out, or puts in what means something to a parser.
func spoil(r *rand.Rand, data []byte) []byte {
	out := append([]byte{}, data...)
	for range 1 + r.IntN(4) {
		if len(out) < 4 {
			break
		}
		at := r.IntN(len(out))
		end := min(len(out), at+1+r.IntN(40))
		switch r.IntN(6) {
		case 0:
			out[at] ^= 1 << r.IntN(8)
		case 1:
			out = out[:at]
		case 2:
			out = append(out[:at:at], append(append([]byte{}, out[at:end]...), out[at:]...)...)
		case 3:
			out = append(out[:at:at], out[end:]...)
		case 4:
			marks := []string{"<", ">", "&", "\"", "</c>", "<row>", "r=\"9\"", "\x00", "-1", "99999999999", "<!DOCTYPE x>", "]]>", "\n", ",", "\xFF", "1E+17"}
			out = append(out[:at:at], append([]byte(marks[r.IntN(len(marks))]), out[at:]...)...)
		case 5:
			for i := at; i < end; i++ {
				out[i] = byte(r.IntN(256))
			}
		}
	}
	return out
}

// spoilMember spoils one part and packs the workbook anew, so that the archive is whole.
func spoilMember(t *testing.T, r *rand.Rand, data []byte) []byte {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var parts []part
	for _, f := range z.File {
		m, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(m)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part{f.Name, string(content)})
	}
	i := r.IntN(len(parts))
	parts[i].content = string(spoil(r, []byte(parts[i].content)))
	return pack(t, parts)
}

// TestSpoiledFiles spoils a thousand files: 601 archives and csv files byte by byte, 399 workbooks part by part. An archive has sums over
// its parts: spoiled byte by byte it is refused, or gives what it gave before.
func TestSpoiledFiles(t *testing.T) {
	t.Parallel()
	places := exchange.NewPlaces(tree(t))
	kind := kindOf(t, "deaths")
	read := func(data []byte) (*exchange.List, error) { return exchange.ReadList(kind, data, nil, places, today) }
	for n, base := range baseFiles(t) {
		whole, err := read(base)
		if err != nil {
			t.Fatal(err)
		}
		archive := bytes.HasPrefix(base, []byte("PK"))
		r := rand.New(rand.NewPCG(uint64(n), 379999))
		for i := range 200 {
			bad := spoil(r, base)
			if archive && i%3 > 0 {
				bad = spoilMember(t, r, base)
			}
			list, err := read(bad)
			sound(t, list, err)
			if archive && i%3 == 0 && err == nil && !reflect.DeepEqual(list, whole) {
				t.Errorf("file %d, round %d: an archive with wrong bytes was read as another list", n, i)
			}
			if err == nil && i%10 == 0 {
				if _, err := exchange.Annotate(bad, list, list.Refused, false); err != nil {
					if _, ok := fault.Of(err); !ok {
						t.Errorf("file %d, round %d: annotated: %v", n, i, err)
					}
				}
			}
			if t.Failed() {
				return
			}
		}
	}
}

func FuzzReadList(f *testing.F) {
	for _, data := range baseFiles(f) {
		f.Add(data)
	}
	f.Add([]byte("sep=;\n" + deathsHead + "\n\"a;b\n"))
	f.Add([]byte("\xFF\xFE姓"))
	places := exchange.NewPlaces(tree(f))
	kind := kindOf(f, "deaths")
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := exchange.ReadList(kind, data, nil, places, today)
		sound(t, list, err)
	})
}
