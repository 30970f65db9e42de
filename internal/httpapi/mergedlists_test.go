package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestListLeavesMergedFilesAlone: a list that names everybody is not silent about a file that is merged into another; it is no second
// person whom it should name.
func TestListLeavesMergedFilesAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	stays, goes := s.twice(871)
	m := s.merge("town.a", goes, stays).want(201)
	before := s.facts(goes)
	s.at("2023-02-10")
	a := s.list("civil", "kind=dibao&sender=x&as_of=2023-02-10", dibaoHead, "金丝雀871,"+number(872)+",2022-01-01").want(201)
	if v := a.json(); fmt.Sprint(v["absence"], v["changed"]) != "map[known:1 missing:0] 0" {
		t.Errorf("a list that names her: %s", a.body)
	}
	s.undo(m).want(200)
	if after := s.facts(goes); after != before {
		t.Errorf("after the merge is undone she has\n%s, and had\n%s", after, before)
	}
}

// TestMergeIsNotUndoneOverDecidedStatements: what a list says of the merged file and an officer has confirmed since is recorded of who stays.
// Undone, it would be of the wrong one, and the other would be paid on.
func TestMergeIsNotUndoneOverDecidedStatements(t *testing.T) {
	t.Parallel()
	s := start(t)
	stays, goes := s.twice(873)
	s.granted(goes, nursing, "2023-01-05", "2023-01-06")
	s.listed("tekun", "2023-04-10", dibaoLine(873, "2023-04-05")).wantCounts(0, 0, 0, 1)
	m := s.merge("town.a", goes, stays).want(201)
	list, _ := s.waits(stays)
	s.decided(list[0], "confirm")
	refused := s.undo(m).want(409, "CHANGED_SINCE")
	if !strings.Contains(string(refused.body), "名单所述：1项") {
		t.Errorf("what has changed: %s", refused.body)
	}
}
