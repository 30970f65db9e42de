package web_test

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/policy"
)

// inUTF16 is a text as Notepad saves it as Unicode.
func inUTF16(text string) []byte {
	encoded, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		panic(err)
	}
	return []byte(encoded)
}

// TestDivisionFiles: what Windows writes by default is read, and what is nonsense is refused by row and column, in the language of the
// page; of a file that is refused nothing is kept.
func TestDivisionFiles(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("admin")
	const heading = "code,name,level,parent_code,urban_rural_class,valid_from,valid_to\n"
	send := func(file string) shown {
		return b.get("/divisions").form("import").set("from", "2026-01-01").file("file", []byte(file)).send()
	}
	try := func(file string) shown {
		return b.get("/divisions").form("import").set("do", "try", "from", "2026-01-01").file("file", []byte(file)).send()
	}
	try(heading+"370305099002,新村,village,370305099\n370305099,新镇,town,370305,121\n").want(200).says("尚未写入", "新增 2 个、终止 0 个、更正 0 个")
	try(heading + "370306001770,乙,village,370306001\n").want(422).says("第2行code列：超出本人管辖区域")
	if _, err := s.desk.DB.Division(t.Context(), "370305099", calendar.MustDate("2026-01-01")); !fault.Is(err, "NOT_FOUND") {
		t.Errorf("what was tried is there (%v)", err)
	}
	gbk, _ := simplifiedchinese.GBK.NewEncoder().String(heading + "370305001778,国标社区,village,370305001\n")
	for _, file := range []string{gbk, string(inUTF16(heading + "370305001779,宽码社区,village,370305001\n")),
		heading + "370305099002,新村,village,370305099\n370305099,新镇,town,370305,121\n"} {
		send(file).follow().says("区划已导入")
	}
	for code, name := range map[area.Code]string{"370305001778": "国标社区", "370305001779": "宽码社区", "370305099002": "新村"} {
		if d, err := s.desk.DB.Division(t.Context(), code, calendar.MustDate("2026-01-01")); d.Name != name || err != nil {
			t.Errorf("%s is %+v (%v)", code, d, err)
		}
	}
	for _, tt := range []struct{ file, zh string }{
		{heading, "文件中没有数据"},
		{heading + "370305001770,\x00,village,370305001\n", "编码无法识别"},
		{heading + "370305001770,\xff,village,370305001\n", "编码无法识别"},
		{heading + "370305001770,甲,village,370305001,999\n", "第2行urban_rural_class列：应为111、112"},
		{heading + "370305001770,甲,village,370305001\n370305098001,乙,village,370305098\n", "第3行parent_code列：上级区划370305098在起始日期时不存在"},
		{heading + "370305001770,甲,village,370305001,,2015-12-31\n", "第2行parent_code列：上级区划370305001在起始日期时不存在"},
		{heading + "370305001770,甲,village,370305001\n370305001770,乙,village,370305001\n", "第3行code列：与第2行重复"},
		{heading + "370305001770," + strings.Repeat("村", 300) + ",village,370305001\n", "第2行name列：名称为空、过长"},
		{heading + "370305001770,甲,town,370305001\n370306001770,乙,village,370306001,,x\n", "第3行valid_from列：日期应写成"},
		{heading + "370306001770,乙,village,370306001\n", "第2行code列：超出本人管辖区域"},
		{"x", "第1行：前四列应依次为"},
	} {
		refused := send(tt.file).want(422).says(tt.zh)
		if text := textOf(refused.doc); strings.Contains(text, "row 2") || strings.Contains(text, "division file") {
			t.Errorf("%q is refused in English: %s", tt.file, text)
		}
	}
	for _, name := range []string{"甲", "乙"} {
		if strings.Contains(b.get("/divisions?area="+townA+"&as_of=2026-01-01").want(200).body, ">"+name+"<") {
			t.Errorf("%s is kept", name)
		}
	}
	english := b.get("/divisions").form("import").set("from", "2026-01-01").file("file", []byte(heading+"370305098001,乙,village,370305098\n"))
	b.get("/").formTo("/language").set("to", "en").send().want(303)
	english.send().want(422).says("row 2, column parent_code: the division above, 370305098, is not there on its first day")
}

// TestPolicyFilesOfWindows: Notepad saves as Unicode, which is UTF-16, and in older versions as GBK.
func TestPolicyFilesOfWindows(t *testing.T) {
	t.Parallel()
	s := start(t)
	send := func(file []byte) shown {
		return s.as("admin").get("/policies/new").want(200).form("document").set("why", "x").file("document", file).send()
	}
	version := func(name string) string {
		text := strings.Replace(string(policy.Builtin), s.desk.Pack().Version, name, 1)
		if text == string(policy.Builtin) {
			t.Fatal("the version is not in the document")
		}
		return text
	}
	send(inUTF16(version("宽码-1"))).follow().says("草案已提出", "宽码-1")
	gbk, _ := simplifiedchinese.GB18030.NewEncoder().String(version("国标-1"))
	send([]byte(gbk)).follow().says("草案已提出", "国标-1")
	send([]byte("pack: \x00")).want(422).says("编码无法识别")
}
