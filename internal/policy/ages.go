package policy

import (
	"fmt"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"zhucan/internal/calendar"
)

// The variables that grow with time alone. Every value at which an answer may change is a breakpoint of a file, so they
// may only be compared with numbers: an expression that reads them otherwise could change on any day.
const (
	age       = "age"        // completed years
	schoolAge = "school_age" // completed years at the end of the last school year; -1 without a birth date
)

// steps are the values at which a comparison changes its answer: x >= n and x < n at n, x > n and x <= n at n+1.
var steps = map[string][]int64{operators.GreaterEquals: {0}, operators.Less: {0}, operators.Greater: {1}, operators.LessEquals: {1},
	operators.Equals: {0, 1}, operators.NotEquals: {0, 1}}

// agesIn collects the ages at which an expression may change its answer.
func agesIn(ast *cel.Ast, found map[string][]int) error {
	reads, compared := 0, 0
	celast.PostOrderVisit(ast.NativeRep().Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() == celast.IdentKind && isAge(e.AsIdent()) {
			reads++
		}
		name, at, offsets, ok := ageCompared(e)
		if !ok {
			return
		}
		compared++
		for _, o := range offsets {
			found[name] = append(found[name], int(at+o))
		}
	}))
	if reads != compared {
		return fmt.Errorf("age and school_age may only stand on the left of a comparison with a number")
	}
	return nil
}

func isAge(name string) bool { return name == age || name == schoolAge }

// ageCompared is which age an expression compares with which number, if that is what it does, and by how much the answer changes beside it.
func ageCompared(e celast.Expr) (name string, at int64, offsets []int64, ok bool) {
	if e.Kind() != celast.CallKind {
		return "", 0, nil, false
	}
	args := e.AsCall().Args()
	if len(args) != 2 || args[0].Kind() != celast.IdentKind || args[1].Kind() != celast.LiteralKind {
		return "", 0, nil, false
	}
	name, offsets = args[0].AsIdent(), steps[e.AsCall().FunctionName()]
	at, isNumber := args[1].AsLiteral().Value().(int64)
	return name, at, offsets, isNumber && offsets != nil && isAge(name)
}

// birthdays are the days on which somebody reaches an age, or a school age, at which some answer may change.
func (p *Pack) birthdays(birth calendar.Date) (days []calendar.Date) {
	if birth.IsZero() {
		return nil
	}
	for _, n := range p.ages[age] {
		days = append(days, birth.AddYears(n))
	}
	for _, n := range p.ages[schoolAge] {
		days = append(days, p.schoolYear(birth.AddYears(n))) // of that age on the day before it
	}
	return slices.DeleteFunc(days, func(d calendar.Date) bool { return d.Before(birth) })
}

// schoolYear is the first day of the first school year that begins after a day.
func (p *Pack) schoolYear(after calendar.Date) calendar.Date {
	start := calendar.NewMonth(after.Year(), time.Month(p.SchoolYearStarts)).First()
	if !start.After(after) {
		return start.AddYears(1)
	}
	return start
}

// schoolAge is the completed years on the last day before the school year of a day, -1 without a birth date or before birth.
func (p *Pack) schoolAge(birth, day calendar.Date) int {
	began := calendar.NewMonth(day.Year(), time.Month(p.SchoolYearStarts)).First()
	if began.After(day) {
		began = calendar.NewMonth(day.Year()-1, time.Month(p.SchoolYearStarts)).First()
	}
	if last := began.Add(-1); !birth.IsZero() && !last.Before(birth) {
		return calendar.Age(birth, last)
	}
	return -1
}
