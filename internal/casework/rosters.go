package casework

import (
	"bytes"
	"context"
	"iter"
	"strconv"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/money"
	"zhucan/internal/roster"
	"zhucan/internal/store"
)

// MakeRoster begins a roster for a month and calculates it: every difference between what is owed and what was paid, up
// to that month.
func (d *Desk) MakeRoster(ctx context.Context, who access.Actor, month calendar.Month, at area.Code, programme string) (r roster.Roster, err error) {
	if at == "" {
		at = who.Area
	}
	if !who.Covers(at) {
		return r, outsideArea("area_code")
	}
	if at != who.Area { // one that has ended may still have something to pay
		ever, err := d.DB.WasDivision(ctx, at, anyDay, time.Time{})
		if err != nil {
			return r, err
		}
		if !ever {
			return r, field("area_code", "UNKNOWN_AREA", "区划代码不存在", "no division has this code")
		}
	}
	if programme != "" && d.Pack().Programme(programme) == nil {
		return r, field("programme", "UNKNOWN_PROGRAMME", "没有这项补贴", "there is no such programme")
	}
	err = d.write(ctx, who, "roster.make", func(tx *store.Tx) error {
		if r, err = roster.Make(d.NewID(), month, at, programme, who, tx.Now); err != nil {
			return err
		}
		if err := tx.InsertRoster(ctx, r); err != nil {
			return err
		}
		return d.calculate(ctx, tx, &r)
	})
	return r, err
}

func (d *Desk) calculate(ctx context.Context, tx *store.Tx, r *roster.Roster) error {
	if err := tx.AllowLong(ctx); err != nil {
		return err
	}
	totals, err := tx.CalculateRoster(ctx, *r)
	if err != nil {
		return err
	}
	if totals.Lines+totals.Held == 0 {
		return fault.New(fault.Conflict, "NOTHING_TO_PAY", "本期没有应发未发的款项", "nothing is owed that is not paid or on another roster")
	}
	if err := r.Calculate(tx.Who, totals, tx.Now); err != nil {
		return err
	}
	if err := tx.UpdateRoster(ctx, *r); err != nil {
		return err
	}
	r.Version++
	return tx.Describe(ctx, r.ID, map[string]any{"month": r.Month.String(), "lines": totals.Lines, "net_fen": int64(totals.Net)})
}

// changeRoster locks a roster, takes one step, and saves it.
func (d *Desk) changeRoster(ctx context.Context, who access.Actor, action string, id uuid.UUID, version int,
	step func(tx *store.Tx, r *roster.Roster) error) (r roster.Roster, err error) {
	err = d.write(ctx, who, action, func(tx *store.Tx) error {
		if r, err = tx.LockRoster(ctx, id); err != nil {
			return err
		}
		if err := stale(r.Version, version); err != nil {
			return err
		}
		if err := step(tx, &r); err != nil {
			return err
		}
		if err := tx.UpdateRoster(ctx, r); err != nil {
			return err
		}
		r.Version++
		return tx.Describe(ctx, id, map[string]any{"state": string(r.State), "net_fen": int64(r.Totals.Net)})
	})
	return r, err
}

// CalculateRoster calculates a roster again that is not locked.
func (d *Desk) CalculateRoster(ctx context.Context, who access.Actor, id uuid.UUID, version int) (r roster.Roster, err error) {
	err = d.write(ctx, who, "roster.calculate", func(tx *store.Tx) error {
		if r, err = tx.LockRoster(ctx, id); err != nil {
			return err
		}
		if err := stale(r.Version, version); err != nil {
			return err
		}
		again := r // a step that is not allowed now is refused before the lines are touched
		if err := again.Calculate(who, roster.Totals{}, tx.Now); err != nil {
			return err
		}
		return d.calculate(ctx, tx, &r)
	})
	return r, err
}

// CheckRoster is the second pair of eyes.
func (d *Desk) CheckRoster(ctx context.Context, who access.Actor, id uuid.UUID, version int) (roster.Roster, error) {
	return d.changeRoster(ctx, who, "roster.check", id, version, func(tx *store.Tx, r *roster.Roster) error { return r.Check(who, tx.Now) })
}

// LockRoster fixes a roster for ever, unless what is owed has changed since it was calculated.
func (d *Desk) LockRoster(ctx context.Context, who access.Actor, id uuid.UUID, version int) (roster.Roster, error) {
	return d.changeRoster(ctx, who, "roster.lock", id, version, func(tx *store.Tx, r *roster.Roster) error {
		if err := tx.AllowLong(ctx); err != nil {
			return err
		}
		before := *r
		if err := r.Lock(who, nil, tx.Now); err != nil {
			return err
		}
		written, err := tx.AccountsVersion(ctx, before, false)
		if err != nil {
			return err
		}
		outdated, err := tx.OutdatedLines(ctx, before)
		if err != nil {
			return err
		}
		if outdated > 0 {
			return outdatedBy(outdated)
		}
		if err := tx.KeepBankLines(ctx, before, d.programmeNames()); err != nil {
			return err
		}
		if r.Checksum, err = tx.RosterChecksum(ctx, id); err != nil {
			return err
		}
		now, err := tx.AccountsVersion(ctx, before, true)
		if err != nil {
			return err
		}
		if now != written { // while the lines were compared, for which nobody is held up
			return outdatedBy(1)
		}
		return tx.MoveOn(ctx, *r)
	})
}

func outdatedBy(lines int) error {
	return fault.New(fault.Conflict, "ROSTER_OUTDATED", "编制后有"+strconv.Itoa(lines)+"处变化，请重新计算并复核", strconv.Itoa(lines)+" lines would be different now; calculate and check again")
}

func (d *Desk) programmeNames() map[string]string {
	names := map[string]string{}
	for _, p := range d.Pack().Programmes {
		names[p.ID] = p.ZH
	}
	return names
}

// SendRoster gives the roster to the bank. Where the bank has nothing to pay, there is nothing to wait for.
func (d *Desk) SendRoster(ctx context.Context, who access.Actor, id uuid.UUID, version int) (roster.Roster, error) {
	return d.changeRoster(ctx, who, "roster.send", id, version, func(tx *store.Tx, r *roster.Roster) error {
		if err := r.Send(who, tx.Now); err != nil {
			return err
		}
		if err := tx.AllowLong(ctx); err != nil {
			return err
		}
		settled, err := d.settleKeptBack(ctx, tx, *r)
		if err != nil {
			return err
		}
		if settled == r.Totals.Lines {
			return r.TakeResults()
		}
		return tx.MarkSent(ctx, id)
	})
}

// settleKeptBack counts as paid what a roster keeps back whole, and says how many lines these are.
func (d *Desk) settleKeptBack(ctx context.Context, tx *store.Tx, r roster.Roster) (lines int, err error) {
	if r.Totals.Deduction == 0 {
		return 0, nil
	}
	seqs, err := tx.SettleKeptBack(ctx, r.ID)
	if err != nil || len(seqs) == 0 {
		return 0, err
	}
	return len(seqs), tx.Everywhere(ctx, func() error { return d.countPaid(ctx, tx, r.ID, seqs) })
}

// CloseRoster ends a roster for which the bank has answered in full.
func (d *Desk) CloseRoster(ctx context.Context, who access.Actor, id uuid.UUID, version int) (roster.Roster, error) {
	return d.changeRoster(ctx, who, "roster.close", id, version, func(tx *store.Tx, r *roster.Roster) error {
		if r.State == roster.ResultsIn { // it may have been sent when such lines were not settled at once
			if _, err := d.settleKeptBack(ctx, tx, *r); err != nil {
				return err
			}
		}
		open, err := tx.Unanswered(ctx, id)
		if err != nil {
			return err
		}
		if err := r.Close(who, open, tx.Now); err != nil {
			return err
		}
		emitClosed(tx, *r)
		return nil
	})
}

// CancelRoster gives up a roster that is not locked.
func (d *Desk) CancelRoster(ctx context.Context, who access.Actor, id uuid.UUID, version int) (roster.Roster, error) {
	return d.changeRoster(ctx, who, "roster.cancel", id, version, func(tx *store.Tx, r *roster.Roster) error {
		if err := r.Cancel(); err != nil {
			return err
		}
		return tx.ClearRoster(ctx, id)
	})
}

// RosterFile is a locked roster with the lines and totals that the bank gets. The lines are read while they are used.
type RosterFile struct {
	Roster roster.Roster
	Lines  iter.Seq2[roster.Line, error]
}

// OpenRosterFile begins the file of a locked roster for the bank. Who takes it out stands in the audit log.
func (d *Desk) OpenRosterFile(ctx context.Context, who access.Actor, id uuid.UUID) (f RosterFile, err error) {
	if f.Roster, err = d.DB.Roster(ctx, who, id); err != nil {
		return f, err
	}
	if len(f.Roster.Checksum) == 0 {
		return f, fault.New(fault.Conflict, "WRONG_STATE", "花名册锁定后才能导出", "the roster is not locked")
	}
	if f.Roster.Totals.Deduction > 0 { // some lines may be kept back whole
		if f.Roster.Totals, err = d.DB.BankTotals(ctx, who, id); err != nil {
			return f, err
		}
	}
	err = d.write(ctx, who, "roster.file", func(tx *store.Tx) error {
		return tx.Describe(ctx, id, map[string]any{"lines": f.Roster.Totals.Lines, "net_fen": int64(f.Roster.Totals.Net)})
	})
	f.Lines = d.DB.PaidLines(ctx, who, f.Roster, d.fileRows())
	return f, err
}

// BankRow is what the bank says of one line.
type BankRow struct {
	Row     int // in the file
	Seq     int
	Account string
	Amount  money.Fen
	Paid    bool
	Reason  string
}

// Taken is what became of a file of results.
type Taken struct {
	Roster             roster.Roster
	Paid, Failed, Same int
	Refusals           []store.Refusal
}

// TakeResults holds the bank's answers against the lines of the roster. Answers that fit are recorded; the others are
// named, and change nothing. The same file again changes nothing.
func (d *Desk) TakeResults(ctx context.Context, who access.Actor, id uuid.UUID, rows []BankRow, refusals []store.Refusal) (t Taken, err error) {
	t.Refusals = refusals
	err = d.write(ctx, who, "roster.results", func(tx *store.Tx) error {
		if t.Roster, err = tx.LockRoster(ctx, id); err != nil {
			return err
		}
		before := t.Roster
		if err := t.Roster.TakeResults(); err != nil {
			return err
		}
		if err := tx.AllowLong(ctx); err != nil {
			return err
		}
		taken := 0
		if err := tx.Everywhere(ctx, func() (err error) { taken, err = d.recordResults(ctx, tx, &t, rows); return err }); err != nil {
			return err
		}
		if taken == 0 {
			t.Roster = before
			return nil
		}
		if err := tx.UpdateRoster(ctx, t.Roster); err != nil {
			return err
		}
		t.Roster.Version++
		return tx.Describe(ctx, id, map[string]any{"paid": t.Paid, "failed": t.Failed, "same": t.Same, "refused": len(t.Refusals)})
	})
	return t, err
}

// recordResults records the answers that fit, and says how many were new. It is done everywhere: who was on the roster that month may have moved
// away since, with account and recoveries.
func (d *Desk) recordResults(ctx context.Context, tx *store.Tx, t *Taken, rows []BankRow) (taken int, err error) {
	outcomes, err := d.match(ctx, tx, t, rows)
	if err != nil || len(outcomes) == 0 {
		return 0, err
	}
	return len(outcomes), d.recordOutcomes(ctx, tx, t.Roster.ID, outcomes)
}

// match sorts the rows of the bank into outcomes, what is known already, and refusals.
func (d *Desk) match(ctx context.Context, tx *store.Tx, t *Taken, rows []BankRow) ([]store.Outcome, error) {
	seqs := make([]int, len(rows))
	for i, r := range rows {
		seqs[i] = r.Seq
	}
	lines, err := tx.LinesBySeq(ctx, t.Roster.ID, seqs)
	if err != nil {
		return nil, err
	}
	var outcomes []store.Outcome
	for _, r := range rows {
		line, known := lines[r.Seq]
		refuse := func(column, code, zh, en string) {
			t.Refusals = append(t.Refusals, store.Refusal{Row: r.Row, Column: column, Code: code, ZH: zh, EN: en})
		}
		switch {
		case !known:
			refuse("序号", "UNKNOWN_LINE", "花名册中没有该序号", "the roster has no such line")
		case line.Account != r.Account:
			refuse("账号", "ACCOUNT_DIFFERS", "账号与花名册不一致", "the account is not that of the line")
		case line.Net != r.Amount:
			refuse("金额", "AMOUNT_DIFFERS", "金额与花名册不一致", "the amount is not that of the line")
		case !line.ReturnedOn.IsZero(): // paid, as was said once, and failed by now
			t.Same++
		case line.State == "sent":
			outcomes = append(outcomes, store.Outcome{Seq: r.Seq, Paid: r.Paid, Failure: r.Reason})
			if r.Paid {
				t.Paid++
			} else {
				t.Failed++
			}
		case (line.State == "paid") == r.Paid:
			t.Same++
		default:
			refuse("结果", "RESULT_DIFFERS", "与已登记的结果不一致；已发放后被退回的，请逐笔登记退票", "another result is recorded already; what came back after it was paid is recorded line by line")
		}
	}
	return outcomes, nil
}

// recordOutcomes writes what the bank did and what follows.
func (d *Desk) recordOutcomes(ctx context.Context, tx *store.Tx, id uuid.UUID, outcomes []store.Outcome) error {
	if err := tx.RecordOutcomes(ctx, id, outcomes); err != nil {
		return err
	}
	var seqs []int
	for _, o := range outcomes {
		seqs = append(seqs, o.Seq)
	}
	return d.countPaid(ctx, tx, id, seqs)
}

// countPaid is what follows from lines that are paid: what was kept back counts as repaid, and what was paid but is no longer owed is asked back.
func (d *Desk) countPaid(ctx context.Context, tx *store.Tx, id uuid.UUID, seqs []int) error {
	persons, kept, err := tx.PaidOf(ctx, id, seqs)
	if err != nil {
		return err
	}
	for _, k := range kept {
		if err := d.offset(ctx, tx, id, k); err != nil {
			return err
		}
	}
	return d.askBack(ctx, tx, persons)
}

// Return is what the bank says of a payment that it has sent back after it had reported it as paid (退票).
type Return struct {
	Seq      int
	Net      money.Fen // as it stands on the line, against a slip of the number
	On       calendar.Date
	Document string // by which the bank says so
	Reason   string // in the bank's words
}

// ReturnPayment records that a paid line has come back, also when its roster is closed, which stays as it is. The months are owed again and come
// with a later roster, what was kept back is outstanding again, and what had been asked back of these months no longer is. Once more, it changes nothing.
func (d *Desk) ReturnPayment(ctx context.Context, who access.Actor, id uuid.UUID, in Return) (line roster.Line, err error) {
	err = d.write(ctx, who, "roster.return", func(tx *store.Tx) error {
		r, err := tx.LockRoster(ctx, id)
		if err != nil {
			return err
		}
		if err := r.Return(); err != nil {
			return err
		}
		if err := in.check(calendar.DateOf(r.Sent.At), d.today()); err != nil {
			return err
		}
		return tx.Everywhere(ctx, func() error { line, err = d.returnLine(ctx, tx, id, in); return err })
	})
	return line, err
}

func (in Return) check(sent, today calendar.Date) error {
	var fields []fault.Field
	refuse := func(name, code, zh, en string) {
		fields = append(fields, fault.Field{Name: name, Code: code, ZH: zh, EN: en})
	}
	if in.On.Before(sent) || in.On.After(today) {
		refuse("returned_on", "DATE_OUT_OF_RANGE", "退票日期应在报送银行之后、今天以前", "the day lies between the day on which the roster was sent and today")
	}
	if in.Document == "" {
		refuse("document", "REQUIRED", "请填写银行退票凭证", "name the bank's document")
	}
	if in.Reason == "" {
		refuse("reason", "REASON_REQUIRED", "须说明理由", "a reason is required")
	}
	if fields != nil {
		return fault.InvalidFields(fields...)
	}
	return nil
}

func (d *Desk) returnLine(ctx context.Context, tx *store.Tx, id uuid.UUID, in Return) (line roster.Line, err error) {
	lines, err := tx.LinesBySeq(ctx, id, []int{in.Seq})
	if err != nil {
		return line, err
	}
	line, known := lines[in.Seq]
	switch {
	case !known:
		return line, field("seq", "UNKNOWN_LINE", "花名册中没有该序号", "the roster has no such line")
	case line.Net != in.Net:
		return line, field("net_fen", "AMOUNT_DIFFERS", "金额与花名册不一致", "the amount is not that of the line")
	case !line.ReturnedOn.IsZero():
		return line, nil
	case line.State != "paid" || line.Net == 0:
		return line, fault.New(fault.Conflict, "LINE_NOT_PAID", "该笔没有登记为银行已发放，不能登记退票", "the bank has not reported the line as paid")
	}
	line.State, line.Failure, line.ReturnedOn, line.ReturnDocument = "failed", exchange.Clip(in.Reason), in.On, in.Document
	if err := tx.ReturnLine(ctx, line); err != nil {
		return line, err
	}
	persons, err := d.returnOffset(ctx, tx, line)
	if err != nil {
		return line, err
	}
	if err := d.askBack(ctx, tx, append(persons, line.PersonID)); err != nil {
		return line, err
	}
	return line, tx.Describe(ctx, id, map[string]any{"seq": line.Seq, "person_id": line.PersonID, "net_fen": int64(line.Net)})
}

// VerifyRosters adds up every locked roster again and names the first whose lines are not those that were locked.
func (d *Desk) VerifyRosters(ctx context.Context, who access.Actor) (rosters int, broken uuid.UUID, err error) {
	after := uuid.Nil
	for {
		page, err := d.DB.ListRosters(ctx, who, store.RosterFilter{Area: d.Pack().District, After: after, Limit: portion})
		if err != nil || len(page) == 0 {
			return rosters, uuid.Nil, err
		}
		for _, r := range page {
			if after = r.ID; len(r.Checksum) == 0 {
				continue
			}
			sum, err := d.DB.RosterChecksum(ctx, who, r.ID)
			if err != nil || !bytes.Equal(sum, r.Checksum) {
				return rosters, r.ID, err
			}
			rosters++
		}
	}
}
