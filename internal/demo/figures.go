package demo

import (
	"context"
	"fmt"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// incomes are made-up yuan a head and year from 2015 on: the five years to 2020 grow by 8.7 % a year, later ones more slowly.
var incomes = []int64{11800, 12850, 13980, 15180, 16540, 17910, 19240, 20330, 21590, 22860, 24260}

const incomesBegin, laterGrowth = 2015, 1.058

// MakeFigures records what comes from outside the register: incomes by year, and counts of facilities from before the list.
func MakeFigures(ctx context.Context, desk *casework.Desk) error {
	stats, err := actor(ctx, desk, "stats")
	if err != nil {
		return err
	}
	last := calendar.DateOf(desk.Now()).Year() - 1
	income := 0.0
	for year := incomesBegin; year <= last; year++ {
		if n := year - incomesBegin; n < len(incomes) {
			income = float64(incomes[n])
		} else {
			income *= laterGrowth
		}
		f := casework.NewFigure{Indicator: "income_growth", Year: year, Area: stats.Area, Income: int64(income) * 100, SourceDoc: fmt.Sprintf("残疾人家庭收入状况抽样调查（%d年，演示数据）", year)}
		if _, err := desk.RecordFigure(ctx, stats, f); err != nil {
			return fmt.Errorf("record an income: %w", err)
		}
	}
	for n, year := range []int{2018, 2019, 2020} {
		f := casework.NewFigure{Indicator: "facility_accessibility", Year: year, Area: stats.Area, Numerator: new(int64(61 + 9*n)), Denominator: new(int64(96)), SourceDoc: fmt.Sprintf("住建局无障碍设施普查（%d年，演示数据）", year)}
		if _, err := desk.RecordFigure(ctx, stats, f); err != nil {
			return fmt.Errorf("record a count of facilities: %w", err)
		}
	}
	return nil
}

// facilityKinds are what a town has at least one of.
var facilityKinds = []struct{ kind, name string }{
	{"government", "便民服务中心"}, {"school", "中心小学"}, {"school", "初级中学"}, {"community", "社区综合服务站"}, {"medical", "卫生院"}, {"welfare", "敬老院"},
	{"culture_sport", "文体活动中心"}, {"transport", "客运站"},
}

const accessibility = "GB 50763-2012"

// MakeFacilities puts the facilities of each town on the list, with last year's inspection and, of those that failed, some
// of this year's. About four of five meet the standard.
func MakeFacilities(ctx context.Context, desk *casework.Desk, tree []area.Division) error {
	inspects, err := actor(ctx, desk, "cdpf")
	if err != nil {
		return err
	}
	villages, number := map[area.Code]area.Code{}, 0
	for _, d := range tree {
		if d.Code.Level() == "village" && villages[d.Code.Parent()] == "" {
			villages[d.Code.Parent()] = d.Code
		}
	}
	for _, town := range tree {
		if town.Code.Level() != "town" {
			continue
		}
		for i, kind := range facilityKinds {
			f, err := desk.CreateFacility(ctx, inspects, store.Facility{Area: villages[town.Code], Name: town.Name + kind.name, Kind: kind.kind, Address: town.Name + "驻地"})
			if err == nil {
				err = inspect(ctx, desk, inspects, f, number, i)
			}
			if err != nil {
				return fmt.Errorf("make a facility: %w", err)
			}
			number++
		}
	}
	return nil
}

// inspect looks at a facility: one in thirty is still to come, of those that failed every second has been put right.
func inspect(ctx context.Context, desk *casework.Desk, who access.Actor, f store.Facility, number, kind int) error {
	if number%30 == 29 {
		return nil
	}
	today := calendar.DateOf(desk.Now())
	town := number / len(facilityKinds)
	passes := (number*7+kind*3)%10 >= 1+town%3
	look := store.Inspection{Facility: f.ID, On: today.Add(-300 + number%60), Standard: accessibility, Compliant: passes, Report: "无障碍环境检查记录"}
	if _, err := desk.InspectFacility(ctx, who, look); err != nil || passes || number%2 > 0 {
		return err
	}
	look.On, look.Compliant, look.Report = today.Add(-30), true, "整改后复查"
	_, err := desk.InspectFacility(ctx, who, look)
	return err
}
