package web_test

import (
	"testing"
	"time"
)

// now brings the clock of the site to that of the browsers.
func (s *site) nowIsNow() { s.clock.add(time.Since(s.clock.Now())) }

// TestOfflineJourney: a liaison enters a case where there is no network; the network comes back; the case is in the register.
func TestOfflineJourney(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.nowIsNow()
	p := s.phone()
	p.enrol("liaison.a")
	p.picture("offline-queue")

	p.online(false)
	p.kill()
	p.start()
	p.open() // from what the phone keeps alone
	p.until(says("请输入本机密码"))
	p.picture("offline-locked")
	p.unlock()
	p.press("新增人员和申请")
	p.until(`document.getElementById("keep")`)
	p.fillCase(41)
	p.photo(7, 8)
	p.until(`document.querySelectorAll("ul.thumbs canvas").length === 2`)
	p.picture("offline-form")
	p.press("保存，待上传")
	p.until(says("未上传 1"))
	p.until(says("没有网络"))
	p.picture("offline-waiting")
	s.wantFound(41, 0, 0, 0)

	p.online(true)
	p.sent("liaison.a")
	s.wantFound(41, 1, 1, 2)
	p.until(`document.querySelectorAll("#queue li").length === 0`)
}
