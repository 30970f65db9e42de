package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/area"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
)

// applicationRow is a row of applications; the rules know application.Application instead.
type applicationRow struct {
	ID                uuid.UUID
	Version           int
	CaseNumber        string `gorm:"default:next_case_number()"`
	PersonID          uuid.UUID
	Programme         string
	Stage             string
	AppliedOn         calendar.Date
	OwedFrom          calendar.Month
	ApplicantRelation string
	ApplicantName     *string
	BankAccount       []byte
	EnteredBy         uuid.UUID
	SubmittedBy       *uuid.UUID
	SubmittedAt       *time.Time
	ReturnedOn        calendar.Date
	DecidedBy         *uuid.UUID
	DecidedAt         *time.Time
	Explanation       *string
	CreatedAt         time.Time
}

func (applicationRow) TableName() string { return "applications" }

func (db *DB) applicationRow(a application.Application) (applicationRow, error) {
	s := sealer{ring: db.Ring, table: "applications", row: a.ID}
	r := applicationRow{ID: a.ID, Version: a.Version, CaseNumber: a.CaseNumber, PersonID: a.PersonID, Programme: a.Programme, Stage: string(a.Stage), AppliedOn: a.AppliedOn,
		OwedFrom: a.OwedFrom, ApplicantRelation: a.Applicant.Relation, ApplicantName: textOrNull(a.Applicant.Name),
		BankAccount: s.seal("bank_account", a.BankAccount), EnteredBy: a.EnteredBy, SubmittedBy: orNull(a.SubmittedBy),
		SubmittedAt: instantOrNull(a.SubmittedAt), ReturnedOn: a.ReturnedOn, DecidedBy: orNull(a.DecidedBy), DecidedAt: instantOrNull(a.DecidedAt),
		CreatedAt: a.CreatedAt}
	if a.Explanation != nil {
		text, err := json.Marshal(a.Explanation)
		if err != nil {
			return r, fmt.Errorf("write an explanation: %w", err)
		}
		r.Explanation = textOrNull(string(text))
	}
	return r, s.err
}

func (db *DB) application(r applicationRow) (application.Application, error) {
	o := opener{ring: db.Ring, table: "applications", row: r.ID}
	a := application.Application{ID: r.ID, Version: r.Version, CaseNumber: r.CaseNumber, PersonID: r.PersonID, Programme: r.Programme, Stage: application.Stage(r.Stage),
		AppliedOn: r.AppliedOn, OwedFrom: r.OwedFrom, Applicant: application.Applicant{Relation: r.ApplicantRelation, Name: orZero(r.ApplicantName)},
		BankAccount: o.open("bank_account", r.BankAccount), EnteredBy: r.EnteredBy, SubmittedBy: orZero(r.SubmittedBy),
		SubmittedAt: orZero(r.SubmittedAt), ReturnedOn: r.ReturnedOn, DecidedBy: orZero(r.DecidedBy), DecidedAt: orZero(r.DecidedAt),
		CreatedAt: r.CreatedAt}
	if r.Explanation != nil {
		a.Explanation = &application.Explanation{}
		if err := json.Unmarshal([]byte(*r.Explanation), a.Explanation); err != nil {
			return a, fmt.Errorf("read an explanation: %w", err)
		}
	}
	return a, o.err
}

// InsertApplication writes a new application with its first step, and gives it its number.
func (tx *Tx) InsertApplication(ctx context.Context, a *application.Application) error {
	r, err := tx.db.applicationRow(*a)
	if err != nil {
		return err
	}
	if err := gorm.G[applicationRow](tx.gorm).Create(ctx, &r); err != nil {
		return fmt.Errorf("insert an application: %w", err)
	}
	a.CaseNumber = r.CaseNumber
	return tx.insertSteps(ctx, a.ID, a.Steps)
}

// UpdateApplication writes what can change of an application and the steps that are new.
func (tx *Tx) UpdateApplication(ctx context.Context, a application.Application, newSteps []application.Step) error {
	r, err := tx.db.applicationRow(a)
	if err != nil {
		return err
	}
	r.Version++
	if err := tx.insertSteps(ctx, a.ID, newSteps); err != nil {
		return err
	}
	n, err := gorm.G[applicationRow](tx.gorm).Where("id = ? AND version = ?", a.ID, a.Version).
		Select("version", "stage", "applied_on", "owed_from", "applicant_relation", "applicant_name", "bank_account", "submitted_by", "submitted_at",
			"returned_on", "decided_by", "decided_at", "explanation").Updates(ctx, r)
	if err := exactlyOne(n, err); err != nil {
		return fmt.Errorf("update an application: %w", err)
	}
	return nil
}

func (tx *Tx) insertSteps(ctx context.Context, id uuid.UUID, steps []application.Step) error {
	rows := make([]row, len(steps))
	for i, s := range steps {
		fields, err := json.Marshal(s.Fields)
		if err != nil {
			return fmt.Errorf("write the fields of a step: %w", err)
		}
		changes, err := json.Marshal(append([]application.Change{}, s.Changes...))
		if err != nil {
			return fmt.Errorf("write the changes of a step: %w", err)
		}
		rows[i] = row{s.ID, id, s.At, s.Action, s.ActorID, string(s.ActorRole), string(s.From), string(s.To), s.ReasonCode, s.Reason, string(fields), string(changes), s.ActingFor}
	}
	return tx.insert(ctx, table{"application_steps", []string{"id uuid", "application_id uuid", "at timestamptz", "action", "actor_id uuid",
		"actor_role", "from_stage", "to_stage", "reason_code text", "reason text", "fields jsonb", "changes jsonb", "acting_for uuid"}}, rows)
}

// LockCase reads an application and the file of its person, and holds the person first and then the application.
func (tx *Tx) LockCase(ctx context.Context, id uuid.UUID) (application.Application, Dossier, error) {
	person, err := tx.personOf(ctx, "application", id)
	if err != nil {
		return application.Application{}, Dossier{}, err
	}
	files := tx.newLoader([]uuid.UUID{person}, " FOR UPDATE")
	c, err := one(tx.db.applications(func(q Query) error { return tx.Batch(ctx, append(files.queries(), q)...) },
		"a.id = $1 ORDER BY a.id FOR UPDATE OF a", id))
	if err != nil {
		return application.Application{}, Dossier{}, err
	}
	dossier, err := writable(files.finish())
	return c.Application, dossier, err
}

// Case is an application with what a list shows beside it.
type Case struct {
	application.Application
	PersonName string
	Area       area.Code
	StatusCode string // only where it was just made; nobody can read it again
}

// ApplicationFilter narrows a list of applications. Zero members do not narrow.
type ApplicationFilter struct {
	Area       area.Code
	Stage      string
	Among      []string // in one of these stages; nil: in any
	Programme  string
	PersonID   uuid.UUID
	CaseNumber string
	After      uuid.UUID
	Limit      int
}

// ListApplications lists cases in the order in which they were entered.
func (db *DB) ListApplications(ctx context.Context, who access.Actor, f ApplicationFilter) ([]Case, error) {
	lo, hi := f.Area.Range()
	return db.applications(func(q Query) error { return db.Read(ctx, who, q) },
		`a.area_code >= $1 AND a.area_code < $2 AND ($3 = '' OR a.stage = $3) AND ($4 = '' OR a.programme = $4)
		AND ($5::uuid IS NULL OR a.person_id = $5) AND a.id > $6 AND ($8 = '' OR a.case_number = $8) AND ($9::text[] IS NULL OR a.stage = ANY($9)) ORDER BY a.id LIMIT $7`,
		lo, hi, f.Stage, f.Programme, orNull(f.PersonID), f.After, f.Limit, f.CaseNumber, f.Among)
}

// Application reads one case with its steps.
func (db *DB) Application(ctx context.Context, who access.Actor, id uuid.UUID) (Case, error) {
	list, err := db.applications(func(q Query) error { return db.Read(ctx, who, q) }, "a.id = $1", id)
	if err != nil {
		return Case{}, err
	}
	if len(list) == 0 {
		return Case{}, NotFound
	}
	return list[0], nil
}

// applications reads cases with their steps and awards in one statement; steps come as one document a case.
func (db *DB) applications(run func(Query) error, where string, args ...any) ([]Case, error) {
	const columns = `SELECT a.id, a.version, a.case_number, a.person_id, a.programme, a.stage, a.applied_on, a.owed_from, a.applicant_relation, a.applicant_name,
		a.bank_account, a.entered_by, a.submitted_by, a.submitted_at, a.returned_on, a.decided_by, a.decided_at, a.explanation::text, a.created_at,
		p.name, p.managing_area_code, w.id,
		(SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'at', s.at, 'action', s.action, 'actor_id', s.actor_id, 'acting_for', s.acting_for, 'actor_role', s.actor_role,
			'actor_name', c.name, 'from', s.from_stage, 'to', s.to_stage, 'reason_code', s.reason_code, 'reason', s.reason, 'fields', s.fields, 'changes', s.changes)
			ORDER BY s.at, s.id), '[]') FROM application_steps s JOIN accounts c ON c.id = s.actor_id WHERE s.application_id = a.id)
		FROM applications a JOIN persons p ON p.id = a.person_id LEFT JOIN awards w ON w.application_id = a.id WHERE `
	var list []Case
	err := run(func(b *pgx.Batch) {
		b.Queue(columns+where, args...).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				c, err := db.scanCase(rows)
				if err != nil {
					return err
				}
				list = append(list, c)
			}
			return rows.Err()
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read applications: %w", err)
	}
	return list, nil
}

func (db *DB) scanCase(rows pgx.Rows) (Case, error) {
	var r applicationRow
	var c Case
	var awardID *uuid.UUID
	var steps []stepDocument
	err := rows.Scan(&r.ID, &r.Version, &r.CaseNumber, &r.PersonID, &r.Programme, &r.Stage, &r.AppliedOn, &r.OwedFrom, &r.ApplicantRelation, &r.ApplicantName,
		&r.BankAccount, &r.EnteredBy, &r.SubmittedBy, &r.SubmittedAt, &r.ReturnedOn, &r.DecidedBy, &r.DecidedAt, &r.Explanation, &r.CreatedAt,
		&c.PersonName, &c.Area, &awardID, &steps)
	if err != nil {
		return c, err
	}
	if c.Application, err = db.application(r); err != nil {
		return c, err
	}
	c.AwardID = orZero(awardID)
	for _, s := range steps {
		c.Steps = append(c.Steps, application.Step{ID: s.ID, At: s.At, Action: s.Action, ActorID: s.ActorID, ActorRole: access.Role(s.ActorRole),
			ActingFor: orZero(s.ActingFor), ActorName: s.ActorName, From: application.Stage(s.From), To: application.Stage(s.To), ReasonCode: s.ReasonCode, Reason: s.Reason, Fields: s.Fields,
			Changes: s.Changes})
	}
	return c, nil
}

type stepDocument struct {
	ID         uuid.UUID            `json:"id"`
	At         time.Time            `json:"at"`
	Action     string               `json:"action"`
	ActorID    uuid.UUID            `json:"actor_id"`
	ActorRole  string               `json:"actor_role"`
	ActingFor  *uuid.UUID           `json:"acting_for"`
	ActorName  string               `json:"actor_name"`
	From       string               `json:"from"`
	To         string               `json:"to"`
	ReasonCode string               `json:"reason_code"`
	Reason     string               `json:"reason"`
	Fields     []string             `json:"fields"`
	Changes    []application.Change `json:"changes"`
}

// AwardFilter narrows a list of awards. Zero members do not narrow.
type AwardFilter struct {
	Area      area.Code
	Programme string
	PersonID  uuid.UUID
	After     uuid.UUID
	Limit     int
}

const listAwards = "SELECT " + awardColumns + ` FROM awards WHERE ($1::uuid IS NULL OR person_id = $1) AND ($4 = '' OR area_code >= $4 AND area_code < $5)
	AND ($6 = '' OR programme = $6) AND id > $2 ORDER BY id LIMIT $3`

// ListAwards lists rights of an area in the order in which they were given.
func (db *DB) ListAwards(ctx context.Context, who access.Actor, f AwardFilter) ([]award.Award, error) {
	var list []award.Award
	lo, hi := f.Area.Range()
	err := db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(listAwards, orNull(f.PersonID), f.After, f.Limit, lo, hi, f.Programme).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				a, err := scanAward(rows)
				if err != nil {
					return err
				}
				list = append(list, a)
			}
			return rows.Err()
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list awards: %w", err)
	}
	return list, nil
}

// BankAccount is the account of the person's latest application that named one, in clear.
func (tx *Tx) BankAccount(ctx context.Context, person uuid.UUID) (string, error) {
	list, err := tx.db.applications(func(q Query) error { return tx.Batch(ctx, q) },
		"a.person_id = $1 AND a.bank_account IS NOT NULL ORDER BY a.id DESC LIMIT 1", person)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].BankAccount, nil
}
