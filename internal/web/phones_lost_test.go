package web_test

import (
	"context"
	"html"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/store"
)

func init() {
	maps.Copy(maySee, map[string]roles{"/phones/:id": {town, cdpf}})
	further = append(further, func(s *site, f *fixture) {
		id, _, err := s.desk.EnrolPhone(s.t.Context(), s.actor("liaison.a"))
		must(s.t, err)
		f.more["/phones"] = id
	})
}

// TestLostPhone: a phone is found among those of the area and written off; nothing tells any more what opens it, its session has ended,
// and after a new sign-in what waits on it is still taken.
func TestLostPhone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.as("town.a").get(s.as("town.a").get("/").want(200).link("手机未上传")).want(200).says("没有等待上传的内容") // a lost phone is found though nothing waits
	b := s.as("liaison.a")
	made := b.tell("phones", nil).want(t, 200, "")
	b.tell("contact", map[string]any{"phone": made.Phone, "waiting": 2, "oldest": "2023-03-20T00:00:00Z"}).want(t, 200, "")
	other := s.as("liaison.b").tell("phones", nil).want(t, 200, "")
	list := s.as("town.a").get("/phones").want(200).says("有未上传内容的手机", "测试liaison.a", "其他手机", "测试liaison.b")
	at := "/phones/" + made.Phone
	if !strings.Contains(list.body, at) || !strings.Contains(list.body, other.Phone) {
		t.Error("the list does not lead to the phones")
	}
	page := s.as("town.a").get(at).want(200).says("测试liaison.a的手机", "未上传2", "2023-03-20")
	page.form("write-off").send().want(422).says("请说明原因")
	s.as("town.c").get(at).want(404)
	s.as("town.a").get("/phones/" + uuid.NewString()).want(404)
	page.form("write-off").set("reason", "遗失在集市").send().follow().want(200).says("已登记遗失", "没有等待上传的内容")
	s.as("town.a").get(at).want(200).says("已登记遗失", "登记遗失。")
	page.form("write-off").set("reason", "遗失", "key", uuid.NewString()).send().want(409)

	b.get("/").want(303)
	b.tell("open", map[string]any{"phone": made.Phone}).want(t, 401, "NOT_SIGNED_IN")
	b.tell("sign-in", map[string]any{"username": "liaison.a", "password": password}).want(t, 200, "")
	b.tell("open", map[string]any{"phone": made.Phone}).want(t, 409, "PHONE_WRITTEN_OFF")
	b.tell("contact", map[string]any{"phone": made.Phone, "waiting": 2, "oldest": "2023-03-20T00:00:00Z"}).want(t, 409, "PHONE_WRITTEN_OFF")
	b.send(newCase(61)).want(t, 200, "")
	s.as("town.a").get("/phones").says("没有等待上传的内容")
}

// TestManyPhones: however many there are, the start page counts what waits on all, and the list leads on to each of them, once.
func TestManyPhones(t *testing.T) {
	t.Parallel()
	s := start(t)
	conn, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	must(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), `SET zhucan.area = ':';
		INSERT INTO phones (id, account_id, secret, made_at, waiting, oldest_at, contacted_at)
			SELECT lpad(n::text, 32, '0')::uuid, (SELECT id FROM accounts WHERE username = 'liaison.a'), 'x', '2023-01-01', n % 2, CASE WHEN n % 2 = 1 THEN '2023-01-01'::timestamptz END, '2023-01-01'
			FROM generate_series(1, 520) n`)
	must(t, err)
	b := s.as("town.a")
	b.get("/").says("手机未上传260", "260")
	seen := map[string]int{}
	links := regexp.MustCompile(`href="(/phones/[^"]+)"`)
	next := []string{"/phones"}
	for pages := 0; len(next) > 0 && pages < 60; pages++ {
		sh := b.get(next[0]).want(200)
		next = next[1:]
		for _, at := range links.FindAllStringSubmatch(sh.body, -1) {
			seen[at[1]]++
		}
		for _, more := range regexp.MustCompile(`class="button" href="(/phones\?[^"]+)"`).FindAllStringSubmatch(sh.body, -1) {
			next = append(next, html.UnescapeString(more[1]))
		}
	}
	for at, times := range seen {
		if times != 1 {
			t.Errorf("%s is listed %d times", at, times)
		}
	}
	if len(seen) != 520 {
		t.Errorf("%d of 520 phones are listed", len(seen))
	}
	b.get("/phones?cursor=x").want(400)
}

// TestLostPhoneIsFound: who finds a phone again that was written off signs in, sends what waited on it, and it is empty.
func TestLostPhoneIsFound(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.nowIsNow()
	p := s.phone()
	p.enrol("liaison.a")
	p.enterOffline(63)
	waiting := false
	list, err := s.desk.DB.ListPhones(t.Context(), s.actor("town.a"), store.PhoneFilter{Area: townA, Waiting: &waiting, Limit: 5})
	must(t, err)
	if len(list) != 1 {
		t.Fatalf("%d phones", len(list))
	}
	_, err = s.desk.WriteOffPhone(t.Context(), s.actor("town.a"), list[0].ID, "遗失在集市")
	must(t, err)
	p.online(true)
	p.until(`document.getElementById("alert-sign")`) // its session has ended
	s.wantFound(63, 0, 0, 0)
	p.fill("username", "liaison.a")
	p.fill("password", password)
	p.until(`(() => { const b = document.querySelector("#alert-sign button"); if (b) b.click(); return b; })()`)
	p.until(says("已登记遗失") + ` && document.getElementsByName("repeat").length`)
	s.wantFound(63, 1, 1, 0)
	if box := p.box(); strings.Contains(box, ": ") {
		t.Errorf("what is left on the phone: %s", box)
	}
	p.fill("pin", "850267")
	p.fill("repeat", "850267")
	p.press("设置")
	p.until(`document.getElementById("queue") && ` + says("未上传 0"))
}
