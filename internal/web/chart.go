package web

import (
	"strconv"
	"strings"

	"zhucan/internal/casework"
)

// chart is a line over time as it is drawn: in the units of a picture of chartWidth by chartHeight. The same values stand in a table
// beside it.
type chart struct {
	Title, Text   string
	Width, Height int
	Lines         []string // of points that follow each other without a gap
	Dots          []dot
	Grid          []gridLine
	Labels        []dot
	Target        *gridLine
}

type dot struct {
	X, Y  string
	R     string // its size
	Label string
}

type gridLine struct {
	Y, TextY string
	Label    string
}

// The picture is as wide as a phone, so that its letters are never made smaller there.
const (
	chartWidth, chartHeight                      = 360, 230
	chartLeft, chartRight, chartTop, chartBottom = 58, 40, 20, 34
	chartLabels                                  = 5  // of months below, at most
	chartSparse                                  = 24 // points, up to which they are drawn large
	hundred                                      = 100
)

// hundredths reads a decimal with two places into hundredths.
func hundredths(rate string) (int, bool) {
	n, err := strconv.Atoi(strings.Replace(rate, ".", "", 1))
	return n, err == nil
}

// scale is the rates of days in hundredths of a percent, and the whole fives between which they are drawn.
type scale struct {
	values            []*int // nil where nothing is known
	low, high, target int    // target 0: there is none
}

// scaleOf is the scale of some points; known is how many of them have a value.
func scaleOf(points []casework.TrendPoint) (s scale, known int) {
	s.values = make([]*int, len(points))
	for i, p := range points {
		f := p.Figure()
		s.target = int(f.TargetPercent*hundred + 0.5)
		if f.Rate == nil {
			continue
		}
		if n, ok := hundredths(*f.Rate); ok {
			if known == 0 {
				s.low, s.high = n, n
			}
			s.values[i] = &n
			s.low, s.high, known = min(s.low, n), max(s.high, n), known+1
		}
	}
	if s.target > 0 {
		s.low, s.high = min(s.low, s.target), max(s.high, s.target)
	}
	const step = 5 * hundred
	if s.low < 0 { // division goes towards zero, and the lowest line lies below
		s.low -= step
	}
	s.low, s.high = (s.low-1)/step*step, (s.high+step)/step*step
	return s, known
}

// x is where the i-th point is drawn.
func (s scale) x(i int) float64 {
	if len(s.values) == 1 {
		return (chartLeft + chartWidth - chartRight) / 2
	}
	return chartLeft + float64(i)/float64(len(s.values)-1)*(chartWidth-chartLeft-chartRight)
}

// y is where a value is drawn.
func (s scale) y(n int) float64 {
	return chartTop + float64(s.high-n)/float64(s.high-s.low)*(chartHeight-chartTop-chartBottom)
}

// line is a line across the picture at a value.
func (s scale) line(n int) gridLine {
	return gridLine{Y: at(s.y(n)), TextY: at(s.y(n) + 4), Label: strconv.FormatFloat(float64(n)/hundred, 'f', -1, 64) + "%"}
}

// chart draws the rates of days. It draws nothing where nothing is known.
func (v *visit) chart(name string, points []casework.TrendPoint) *chart {
	s, known := scaleOf(points)
	if known == 0 {
		return nil
	}
	c := &chart{Width: chartWidth, Height: chartHeight}
	for i := range 5 {
		c.Grid = append(c.Grid, s.line(s.low+(s.high-s.low)*i/4))
	}
	if s.target > 0 {
		target := s.line(s.target)
		c.Target = &target
	}
	c.draw(s, points)
	first, last := c.Dots[0], c.Dots[len(c.Dots)-1]
	c.Title, c.Text = v.t("trend.chart", name), v.t("trend.text", first.Label, last.Label)
	return c
}

// draw adds the points, the lines that join those without a gap between them, and the months below.
func (c *chart) draw(s scale, points []casework.TrendPoint) {
	var line []string
	end := func() {
		if len(line) > 1 {
			c.Lines = append(c.Lines, strings.Join(line, " "))
		}
		line = nil
	}
	size := "4"
	if len(points) > chartSparse {
		size = "2"
	}
	every := (len(points) + chartLabels - 1) / chartLabels
	for i, p := range points {
		if (len(points)-1-i)%every == 0 {
			c.Labels = append(c.Labels, dot{X: at(s.x(i)), Y: strconv.Itoa(chartHeight - 12), Label: p.On.Month().String()})
		}
		if s.values[i] == nil {
			end()
			continue
		}
		x, y := at(s.x(i)), at(s.y(*s.values[i]))
		line = append(line, x+","+y)
		c.Dots = append(c.Dots, dot{X: x, Y: y, R: size, Label: p.On.String() + "  " + *p.Figure().Rate + "%"})
	}
	end()
}

// at is a place in a picture, to a tenth.
func at(n float64) string { return strconv.FormatFloat(n, 'f', 1, 64) }
