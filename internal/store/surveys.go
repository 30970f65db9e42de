package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/survey"
)

// Response is one set of answers of a person in a survey year. It is never changed.
type Response struct {
	ID            uuid.UUID
	Year          int
	PersonID      uuid.UUID
	Area          area.Code
	Mode          string // visit, phone, window or system
	CollectedOn   calendar.Date
	Answers       survey.Answers
	Confirmed     []string
	Needs         []string
	Questionnaire string
	RecordedAt    time.Time
	RecordedBy    uuid.UUID
}

const responseColumns = `id, survey_year, person_id, area_code, mode, collected_on, answers, confirmed, needs, questionnaire, recorded_at, recorded_by`

func scanResponse(row pgx.CollectableRow) (r Response, err error) {
	var answers []byte
	var by *uuid.UUID
	err = row.Scan(&r.ID, &r.Year, &r.PersonID, &r.Area, &r.Mode, &r.CollectedOn, &answers, &r.Confirmed, &r.Needs, &r.Questionnaire, &r.RecordedAt, &by)
	if err == nil {
		err = json.Unmarshal(answers, &r.Answers)
	}
	r.RecordedBy = orZero(by)
	return r, err
}

// ListResponses lists the answers of a year, after an id in order, also those that a later set of the same person corrects.
func (db *DB) ListResponses(ctx context.Context, who access.Actor, year int, in area.Code, person, after uuid.UUID, limit int) (list []Response, err error) {
	lo, hi := in.Range()
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT "+responseColumns+` FROM survey_responses WHERE survey_year = $1 AND area_code >= $2 AND area_code < $3
			AND ($4::uuid IS NULL OR person_id = $4) AND id > $5 ORDER BY id LIMIT $6`, year, lo, hi, orNull(person), after, limit).Query(into(&list, scanResponse))
	})
	if err != nil {
		return nil, fmt.Errorf("list answers: %w", err)
	}
	return list, nil
}

const answersBefore = "SELECT " + responseColumns + ` FROM survey_responses WHERE person_id = $1 AND survey_year < $2
	ORDER BY survey_year DESC, recorded_at DESC, id DESC LIMIT 1`

// AnswersBefore are the latest answers of a person from before a year; none where there are none.
func (db *DB) AnswersBefore(ctx context.Context, who access.Actor, person uuid.UUID, year int) (survey.Answers, error) {
	var list []Response
	err := db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(answersBefore, person, year).Query(into(&list, scanResponse))
	})
	return latest(list), err
}

// AnswersBefore are the latest answers of a person from before a year.
func (tx *Tx) AnswersBefore(ctx context.Context, person uuid.UUID, year int) (survey.Answers, error) {
	var list []Response
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(answersBefore, person, year).Query(into(&list, scanResponse))
	})
	return latest(list), err
}

func latest(list []Response) survey.Answers {
	if len(list) == 0 {
		return nil
	}
	return list[0].Answers
}

// InsertResponses adds sets of answers.
func (tx *Tx) InsertResponses(ctx context.Context, list ...Response) error {
	rows := make([]row, len(list))
	for i, r := range list {
		answers, err := json.Marshal(r.Answers)
		if err != nil {
			return fmt.Errorf("write answers: %w", err)
		}
		rows[i] = row{r.ID, r.Year, r.PersonID, r.Mode, r.CollectedOn, string(answers), arrayText(r.Confirmed), arrayText(r.Needs), r.Questionnaire, tx.Now, tx.Who.AccountID}
	}
	return tx.insert(ctx, table{"survey_responses", []string{"id uuid", "survey_year smallint", "person_id uuid", "mode", "collected_on date", "answers jsonb", "confirmed text[]",
		"needs text[]", "questionnaire", "recorded_at timestamptz", "recorded_by uuid"}}, rows)
}

// SurveyCount is how far a village is with a survey year.
type SurveyCount struct {
	Area                          area.Code
	Due, Answered                 int64
	Visits, Phone, Window, System int64
}

// SurveyCounts counts by village who was in the population of a key on a day and who of them has answered. Numbers only: who
// may count may be somebody who may see nobody, and an answer counts where its person was due, wherever the person has moved.
func (db *DB) SurveyCounts(ctx context.Context, who access.Actor, year int, population string, on calendar.Date, in area.Code) (list []SurveyCount, err error) {
	lo, hi := in.Range()
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT set_config('zhucan.area', ':', true)") // the standings below keep bounds of their own
		b.Queue(`WITH due AS (
				SELECT person_id, area_code FROM standings WHERE indicator = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)
				AND area_code >= $3 AND area_code < $4 AND status < 4
			), answered AS (
				SELECT DISTINCT ON (person_id) person_id, mode FROM survey_responses WHERE survey_year = $5 ORDER BY person_id, recorded_at DESC, id DESC
			)
			SELECT d.area_code, count(*), count(a.mode), count(*) FILTER (WHERE a.mode = 'visit'), count(*) FILTER (WHERE a.mode = 'phone'),
			       count(*) FILTER (WHERE a.mode = 'window'), count(*) FILTER (WHERE a.mode = 'system')
			FROM due d LEFT JOIN answered a USING (person_id) GROUP BY 1 ORDER BY 1`, population, on, lo, hi, year).Query(into(&list, func(row pgx.CollectableRow) (c SurveyCount, err error) {
			return c, row.Scan(&c.Area, &c.Due, &c.Answered, &c.Visits, &c.Phone, &c.Window, &c.System)
		}))
	})
	if err != nil {
		return nil, fmt.Errorf("count answers: %w", err)
	}
	return list, nil
}
