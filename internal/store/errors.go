package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"zhucan/internal/application"
	"zhucan/internal/fault"
	"zhucan/internal/roster"
)

// NotFound is the answer for what is absent or outside the actor's area; the two cannot be told apart.
var NotFound = fault.New(fault.NotFound, "NOT_FOUND", "记录不存在", "no such record")

// RightsChanged is the answer to a transaction whose actor has lost the rights it began with; signing in again, or only
// asking again, finds out the present ones.
var RightsChanged = fault.New(fault.Unauthenticated, "RIGHTS_CHANGED", "您的权限已变更，请重新登录", "your rights have changed; sign in again")

// MergedAlready is the answer to a change of a file that is merged into another one.
var MergedAlready = fault.New(fault.Conflict, "MERGED", "该档案已并入另一份档案（见merged_into），请在保留的档案上办理", "this file is merged into another one (see merged_into); work on that one")

// GrantedAlready is the answer to a grant of months of a late renewal of which some were granted before.
var GrantedAlready = fault.New(fault.Conflict, "GRANTED_ALREADY", "该月已补发", "this month has been granted already")

// RightNeedsApplication is the answer to a right that a file brings where the office has begun to pay.
var RightNeedsApplication = fault.New(fault.Conflict, "RIGHT_NEEDS_APPLICATION", "本地区已由本系统发放补贴，新增的待遇须办理申请、由他人审批，不能随花名册登记；请清空起始月后重新导入",
	"this service pays here already: a right that is new is applied for, and another decides; leave the month empty and send the row again")

// byConstraint says what a broken constraint means to the user.
var byConstraint = map[string]*fault.Error{
	"persons_id_number_once":                 PersonExists,
	"persons_birth_certificate_once":         PersonExists,
	"certificates_number_once":               CertificateExists,
	"certificates_one_at_a_time":             fault.New(fault.Conflict, "CERTIFICATE_HELD", "同一时间只能持有一本残疾人证", "the person holds a certificate on these days already"),
	"certificates_dates":                     fault.New(fault.Invalid, "CERTIFICATE_DATES", "残疾人证日期不合理", "the certificate's dates do not fit"),
	"circumstances_do_not_overlap":           fault.New(fault.Conflict, "OVERLAPS", "与已登记的同类情况时间重叠", "overlaps a recorded circumstance of the same kind"),
	"circumstances_dates":                    fault.New(fault.Invalid, "DATES_REVERSED", "结束日期早于开始日期", "valid_to is before valid_from"),
	"applications_one_open":                  fault.New(fault.Conflict, "DUPLICATE_APPLICATION", "该人已有同一补贴的在办申请", "an application for this benefit is open already"),
	"applications_decider_is_another":        fault.New(fault.Conflict, "OWN_CASE", "不能审批本人录入或提交的申请", "nobody decides a case that he entered"),
	"awards_do_not_overlap":                  fault.New(fault.Conflict, "ALREADY_AWARDED", "该人已享受此项补贴", "the person has this benefit already"),
	"household_members_one_household":        fault.New(fault.Conflict, "MEMBER_ELSEWHERE", "该人在此期间已登记在其他家庭", "the person is a member of another household on these days"),
	"household_members_dates":                fault.New(fault.Invalid, "DATES_REVERSED", "结束日期早于开始日期", "the last day is before the first"),
	"household_circumstances_do_not_overlap": fault.New(fault.Conflict, "OVERLAPS", "与已登记的同类情况时间重叠", "overlaps a recorded circumstance of the same kind"),
	"person_merges_once":                     MergedAlready,
	"merged_persons_pkey":                    MergedAlready,
	"merged_persons_one_step":                MergedAlready,
	"import_unmatched_once":                  changedMeanwhile,
	"imports_file_once":                      changedMeanwhile,
	"imports_key_once":                       changedMeanwhile,
	"external_figures_current":               changedMeanwhile,
	"facilities_once":                        fault.New(fault.Conflict, "FACILITY_EXISTS", "该村居已有同名设施", "a facility of this name is there already"),
	"accounts_username_taken":                fault.New(fault.Conflict, "USERNAME_TAKEN", "用户名已被使用", "the user name is taken"),
	"accounts_username_check":                fault.New(fault.Invalid, "USERNAME", "用户名为2至60个小写字母、数字、点、横线或下划线，以字母或数字开头", "a user name is 2 to 60 small letters, digits, '.', '_' and '-', and begins with a letter or a digit"),
	"rosters_checker_is_another":             sameHands,
	"rosters_sender_is_another":              sameHands,
	"payments_once":                          paidTwice,
	"payments_once_a_kind":                   paidTwice,
	"recovery_waived_by_another":             fault.New(fault.Conflict, "WAIVER_NOT_PROPOSED", "核销须由他人以相同金额提出后批准", "a waiver is proposed by another for the same amount first"),
	"payees_current":                         changedMeanwhile,
	"award_grants_once":                      GrantedAlready,
	"awards_taken_over_at_the_start":         RightNeedsApplication,
	"award_suspensions_one_in_force":         fault.New(fault.Conflict, "SUSPENDED_ALREADY", "该待遇已暂停", "the award is suspended already"),
	"notice_items_once":                      changedMeanwhile,
	"deputations_one_at_a_time":              fault.New(fault.Conflict, "DEPUTED_ALREADY", "该账号在此期间已有代理人", "the principal has a deputy on these days already"),
	"deputations_of_another":                 fault.New(fault.Invalid, "NO_DEPUTY", "不能代理本人", "nobody is his own deputy"),
	"divisions_one_at_a_time":                fault.New(fault.Conflict, "DIVISION_EXISTS", "该区划代码在此期间已存在", "the division exists in this period already"),
	"policy_packs_activated_by_another":      fault.New(fault.Conflict, "OWN_CASE", "不能启用本人提出的政策包", "nobody activates a pack that he proposed"),
	"work_calendars_in_order":                changedMeanwhile,
	"policy_packs_activation_once":           changedMeanwhile,
	"ratings_once":                           fault.New(fault.Conflict, "RATED_ALREADY", "已评价过", "this has been rated already"),
	"home_visits_by_another":                 fault.New(fault.Conflict, "OWN_CASE", "此人的申请由您录入或提交，或者您是村居专职委员，入户核查须由他人进行", "you brought an application of this person or are a liaison: somebody else has to look"),
	"ratings_by_another":                     application.OwnCase,
	"ticket_steps_once":                      changedMeanwhile,
	"policy_packs_version_once":              fault.New(fault.Conflict, "PACK_VERSION_EXISTS", "该版本的政策包已存在", "this version of the pack exists already"),
}

var (
	sameHands = roster.SameHands
	// CertificateExists is the answer to a number that another card has.
	CertificateExists = fault.New(fault.Conflict, "CERTIFICATE_EXISTS", "该残疾人证号已在册", "this certificate number is in the register already")
	// PersonExists says not which of the two numbers it is: who sent one that he asks about beside one that he knows to be there would learn
	// whether somebody is in the register, wherever that person lives, and enter nobody by it.
	PersonExists = fault.New(fault.Conflict, "PERSON_EXISTS", "该身份证号或出生医学证明已在册；在本辖区查不到此人的，请联系镇办或区残联核实，迁入的由其办理迁移",
		"this ID number or birth certificate is in the register already; if you find nobody in your area, ask the town or the district, who can move the file here")
	paidTwice = fault.New(fault.Conflict, "ON_ANOTHER_ROSTER", "同一款项已列入其他花名册，请重新计算", "another roster pays the same; calculate again")
)

// translate is the one place that turns a database error into what a user may see. What it does not know stays internal.
func translate(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := fault.Of(err); ok {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) || errors.Is(err, sql.ErrNoRows) || errors.Is(err, gorm.ErrRecordNotFound) {
		return NotFound
	}
	if errors.Is(err, context.Canceled) { // who asked has gone
		return err
	}
	var pg *pgconn.PgError
	if !unreachable(err) && errors.As(err, &pg) {
		return translatePostgres(pg, err)
	}
	if unreachable(err) || errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err) {
		return fault.Busy(err)
	}
	return err
}

// unreachable reports whether there was no connection to be had, for whatever reason, or the one that there was has broken. pgx says of
// one that ends that it ended too early.
func unreachable(err error) bool {
	var connect *pgconn.ConnectError
	var network *net.OpError
	if errors.As(err, &connect) || errors.As(err, &network) {
		return true
	}
	return slices.ContainsFunc([]error{io.ErrUnexpectedEOF, net.ErrClosed, pgconn.ErrConnClosed, driver.ErrBadConn, sql.ErrConnDone},
		func(broken error) bool { return errors.Is(err, broken) })
}

// passing are the conditions of the server that are nobody's fault and end by themselves, or by somebody's work on it, as the beginnings of
// their codes: no connection, no resources (a full disk), an end by the operator or a crash, an error of the system below, too long in a
// transaction, a server that takes no writes, and who else holds what is asked for.
var passing = []string{"08", "53", "57P0", "58", "25P03", "25006", "55P03", "57014", "40P01"}

const diskFull = "53100"

func translatePostgres(pg *pgconn.PgError, err error) error {
	if known, ok := byConstraint[pg.ConstraintName]; ok {
		return known
	}
	if pg.Code == "42501" { // row security: the new row lies outside the actor's area
		return fault.New(fault.Invalid, "OUTSIDE_AREA", "超出本人管辖区域", "outside your area")
	}
	if slices.ContainsFunc(passing, func(begins string) bool { return strings.HasPrefix(pg.Code, begins) }) {
		return fault.Busy(err)
	}
	return err
}
