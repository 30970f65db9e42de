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

// chart draws the rates of days in hundredths of a percent, between bounds in whole fives. It draws nothing where nothing is known.
func (v *visit) chart(name string, points []casework.TrendPoint) *chart {
	c := &chart{Width: chartWidth, Height: chartHeight}
	low, high, known := 0, 0, 0
	target := 0
	values := make([]*int, len(points))
	for i, p := range points {
		f := p.Figure()
		target = int(f.TargetPercent*hundred + 0.5)
		if f.Rate == nil {
			continue
		}
		if n, ok := hundredths(*f.Rate); ok {
			if known == 0 {
				low, high = n, n
			}
			values[i] = &n
			low, high, known = min(low, n), max(high, n), known+1
		}
	}
	if known == 0 {
		return nil
	}
	if target > 0 {
		low, high = min(low, target), max(high, target)
	}
	const step = 5 * hundred
	if low < 0 { // division goes towards zero, and the lowest line lies below
		low -= step
	}
	low, high = (low-1)/step*step, (high+step)/step*step
	y := func(n int) float64 {
		return chartTop + float64(high-n)/float64(high-low)*(chartHeight-chartTop-chartBottom)
	}
	x := func(i int) float64 {
		if len(points) == 1 {
			return (chartLeft + chartWidth - chartRight) / 2
		}
		return chartLeft + float64(i)/float64(len(points)-1)*(chartWidth-chartLeft-chartRight)
	}
	for i := range 5 {
		n := low + (high-low)*i/4
		c.Grid = append(c.Grid, gridLine{Y: at(y(n)), TextY: at(y(n) + 4), Label: strconv.FormatFloat(float64(n)/hundred, 'f', -1, 64) + "%"})
	}
	if target > 0 {
		c.Target = &gridLine{Y: at(y(target)), TextY: at(y(target) + 4), Label: strconv.FormatFloat(float64(target)/hundred, 'f', -1, 64) + "%"}
	}
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
			c.Labels = append(c.Labels, dot{X: at(x(i)), Y: strconv.Itoa(chartHeight - 12), Label: p.On.Month().String()})
		}
		if values[i] == nil {
			end()
			continue
		}
		f := p.Figure()
		line = append(line, at(x(i))+","+at(y(*values[i])))
		c.Dots = append(c.Dots, dot{X: at(x(i)), Y: at(y(*values[i])), R: size, Label: p.On.String() + "  " + *f.Rate + "%"})
	}
	end()
	first, last := c.Dots[0], c.Dots[len(c.Dots)-1]
	c.Title, c.Text = v.t("trend.chart", name), v.t("trend.text", first.Label, last.Label)
	return c
}

// at is a place in a picture, to a tenth.
func at(n float64) string { return strconv.FormatFloat(n, 'f', 1, 64) }
