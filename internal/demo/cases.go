package demo

import (
	"context"
	"fmt"

	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// stages are how far the made-up applications go, in turn.
var stages = []application.Stage{application.Draft, application.TownReview, application.Returned, application.Rejected, application.Withdrawn, application.Approved}

// MakeCases enters applications for some of those who should receive and do not, and takes them to every stage. One
// officer enters and another decides, as the service demands.
func MakeCases(ctx context.Context, desk *casework.Desk, cases int) error {
	enters, err := actor(ctx, desk, "town.wenshao2")
	if err != nil {
		return err
	}
	decides, err := actor(ctx, desk, "town.wenshao")
	if err != nil {
		return err
	}
	today := calendar.DateOf(desk.Now())
	gaps, err := desk.Names(ctx, enters, store.NamesOf{Indicator: "nursing_subsidy_coverage", Moment: store.Moment{On: today}, Part: standing.Gap, Limit: cases})
	if err != nil {
		return fmt.Errorf("find gaps: %w", err)
	}
	for i, gap := range gaps.Names {
		c, err := desk.EnterApplication(ctx, enters, casework.NewApplication{PersonID: gap.ID, Programme: policy.NursingSubsidy, AppliedOn: today,
			Applicant: application.Applicant{Relation: "self"}, BankAccount: fmt.Sprintf("6222379999%06d", i)})
		if err == nil {
			err = takeTo(ctx, desk, enters, decides, c, stages[i%len(stages)])
		}
		if err != nil {
			return fmt.Errorf("make a case: %w", err)
		}
	}
	return nil
}

// actor is a demo account that acts in the whole district for the time of making cases.
func actor(ctx context.Context, desk *casework.Desk, username string) (access.Actor, error) {
	account, found, err := desk.DB.AccountByUsername(ctx, username)
	if err != nil || !found {
		return access.Actor{}, fmt.Errorf("find the demo account %s: %w", username, err)
	}
	return access.Actor{AccountID: account.ID, Username: username, Name: account.Name, Role: account.Role, Area: desk.Pack().District}, nil
}

func takeTo(ctx context.Context, desk *casework.Desk, enters, decides access.Actor, c store.Case, stage application.Stage) error {
	if stage == application.Draft {
		return nil
	}
	c, err := desk.SubmitApplication(ctx, enters, c.ID, c.Version)
	if err != nil {
		return err
	}
	switch stage {
	case application.Returned:
		_, err = desk.DecideApplication(ctx, decides, c.ID, c.Version, application.Ruling{Decision: "return", Reason: "请补充本人银行账户", Fields: []string{"银行账户"}})
	case application.Rejected:
		_, err = desk.DecideApplication(ctx, decides, c.ID, c.Version, application.Ruling{Decision: "reject", ReasonCode: "MATERIAL_MISSING", Reason: "材料不全，逾期未补"})
	case application.Approved:
		_, err = desk.DecideApplication(ctx, decides, c.ID, c.Version, application.Ruling{Decision: "approve"})
	case application.Withdrawn:
		_, err = desk.WithdrawApplication(ctx, enters, c.ID, c.Version, "本人要求撤回")
	}
	return err
}
