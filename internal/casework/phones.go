package casework

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/care"
	"zhucan/internal/fault"
	"zhucan/internal/store"
	"zhucan/internal/survey"
)

// freshSignIn is how long after a sign-in a phone is opened without its PIN.
const freshSignIn = 5 * time.Minute

var signInAgain = fault.New(fault.Unauthenticated, "SIGN_IN_AGAIN", "请重新登录后再打开", "sign in again to open it")

// EnrolPhone makes a phone of who asks: a browser that keeps entries while there is no network. The secret is 32 random bytes in
// base64; the phone keeps its key under it a second time, beside the PIN, and forgets it.
func (d *Desk) EnrolPhone(ctx context.Context, who access.Actor) (id uuid.UUID, secret string, err error) {
	key := make([]byte, 32)
	rand.Read(key)
	id, secret = d.NewID(), base64.StdEncoding.EncodeToString(key)
	return id, secret, d.write(ctx, who, "phone.enrol", func(tx *store.Tx) error {
		if err := tx.InsertPhone(ctx, id, secret); err != nil {
			return err
		}
		return tx.Describe(ctx, id, nil)
	})
}

// OpenPhone tells the secret of one's own phone, right after a sign-in: who finds the phone with a session still open in it does
// not get in. Each time is in the audit.
func (d *Desk) OpenPhone(ctx context.Context, who access.Actor, id uuid.UUID) (secret string, err error) {
	began, err := d.DB.SessionBegan(ctx, who.SessionID)
	if err != nil {
		return "", err
	}
	if d.Now().Sub(began) > freshSignIn {
		return "", signInAgain
	}
	err = d.write(ctx, who, "phone.open", func(tx *store.Tx) error {
		if secret, err = tx.PhoneSecret(ctx, id); err != nil {
			return err
		}
		return tx.Describe(ctx, id, nil)
	})
	return secret, err
}

// maxWaiting bounds what a phone may say of itself.
const maxWaiting = 10000

// HearOfPhone keeps what a phone says of itself: how many entries wait on it, and since when the oldest does.
func (d *Desk) HearOfPhone(ctx context.Context, who access.Actor, id uuid.UUID, waiting int, oldest time.Time) error {
	if waiting < 0 || waiting > maxWaiting {
		return field("waiting", "OUT_OF_RANGE", "数量不合理", "the number does not fit")
	}
	if now := d.Now(); oldest.After(now) || !oldest.After(time.Time{}) {
		oldest = now // clocks of phones go wrong; what lies before year 1 no answer could say
	}
	return d.DB.PhoneContact(ctx, who.AccountID, id, waiting, oldest)
}

var (
	lostAlready = fault.New(fault.Conflict, "PHONE_WRITTEN_OFF", "这部手机已登记遗失", "the phone is written off already")
	noReason    = field("reason", "REASON_REQUIRED", "请说明原因", "say why")
)

// WriteOffPhone ends a phone that is lost. What opens it without its PIN is destroyed, and every session of its account ends, since
// nobody knows which of them is open on it. What waits on it stays sealed there: whoever finds it again, knows the PIN and signs in
// can still send it.
func (d *Desk) WriteOffPhone(ctx context.Context, who access.Actor, id uuid.UUID, reason string) (p store.Phone, err error) {
	if reason = strings.TrimSpace(reason); reason == "" {
		return p, noReason
	}
	return p, d.write(ctx, who, "phone.write_off", func(tx *store.Tx) error {
		if p, err = tx.LockPhone(ctx, id); err != nil {
			return err
		}
		if !who.Covers(p.Area) {
			return store.NotFound
		}
		if !p.WrittenOffAt.IsZero() {
			return lostAlready
		}
		p.WrittenOffAt = tx.Now
		if err := tx.WriteOffPhone(ctx, id); err != nil {
			return err
		}
		if err := tx.EndSessionsOf(ctx, p.AccountID, who.SessionID); err != nil {
			return err
		}
		return tx.Describe(ctx, id, map[string]any{"reason": reason, "account_id": p.AccountID, "waiting": p.Waiting})
	})
}

// FieldFile is what is known beforehand of somebody who may be met where there is no network.
type FieldFile struct {
	Dossier  store.Dossier
	Asked    Asked          // this year's questions; none: not surveyed
	Answered store.Response // what was answered this year already; a zero id: nothing
	Services []care.Service // of the person and of the household that he lives in, without their steps
}

// fieldFiles is how many people a phone takes along at most: several villages.
const fieldFiles = 600

// FieldFiles reads what a phone takes along: the people of one's area with their questions of the year and their services, in a
// few statements for all of them, and how many people there are, where that is not all. It is in the audit with the number of people.
func (d *Desk) FieldFiles(ctx context.Context, who access.Actor) (list []FieldFile, total int, err error) {
	people, err := d.DB.ListPersons(ctx, who, store.PersonFilter{Area: who.Area, Current: true, Limit: fieldFiles + 1})
	if err != nil {
		return nil, 0, err
	}
	if len(people) > fieldFiles {
		people = people[:fieldFiles]
		if total, err = d.DB.CountCurrent(ctx, who, who.Area); err != nil {
			return nil, 0, err
		}
	}
	if list, err = d.fieldFiles(ctx, who, people); err != nil {
		return nil, 0, err
	}
	return list, total, d.write(ctx, who, "phone.files", func(tx *store.Tx) error {
		return tx.Describe(ctx, uuid.Nil, map[string]any{"persons": len(list)})
	})
}

func (d *Desk) fieldFiles(ctx context.Context, who access.Actor, people []store.Listed) ([]FieldFile, error) {
	ids := make([]uuid.UUID, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	dossiers, err := d.DB.Dossiers(ctx, who, ids...)
	if err != nil {
		return nil, err
	}
	year := d.OpenSurvey()
	during, before, err := d.DB.LatestResponses(ctx, who, year, ids...)
	if err != nil {
		return nil, err
	}
	var homes []uuid.UUID
	for _, dossier := range dossiers {
		if home := dossier.HomeOn(d.today()); home != uuid.Nil && !slices.Contains(homes, home) {
			homes = append(homes, home)
		}
	}
	services, err := d.DB.ServicesOfAll(ctx, who, ids, homes)
	if err != nil {
		return nil, err
	}
	of := map[uuid.UUID][]care.Service{}
	for _, s := range services {
		subject := s.PersonID
		if subject == uuid.Nil {
			subject = s.HouseholdID
		}
		of[subject] = append(of[subject], s)
	}
	list := make([]FieldFile, 0, len(dossiers))
	for _, dossier := range dossiers {
		facts := dossier.File.On(d.today(), d.Pack().Transitions)
		if !facts.Alive {
			continue
		}
		id := dossier.File.Person.ID
		list = append(list, FieldFile{Dossier: dossier, Asked: asked(facts, before[id].Answers), Answered: during[id],
			Services: slices.Concat(of[id], of[dossier.HomeOn(d.today())])})
	}
	return list, nil
}

var surveyedMeanwhile = fault.New(fault.Stale, "SURVEYED_MEANWHILE", "该人本年度的调查已由他人填写，请核对", "somebody else has answered this year's survey of the person meanwhile")

// AnswerAfter is Answer for answers that were given in sight of an earlier set of the year, or of none. Where another set has come
// between that says something else, it is refused, so that somebody looks at both.
func (d *Desk) AnswerAfter(ctx context.Context, who access.Actor, r store.Response, seen uuid.UUID) (store.Response, error) {
	return d.answer(ctx, who, r, func(tx *store.Tx) error {
		latest, err := tx.LatestResponse(ctx, r.PersonID, r.Year)
		if err != nil {
			return err
		}
		if latest.ID != seen && !sameAnswers(latest.Answers, r.Answers) {
			return surveyedMeanwhile
		}
		return nil
	})
}

func sameAnswers(a, b survey.Answers) bool {
	return maps.EqualFunc(a, b, func(x, y []string) bool {
		return slices.Equal(slices.Sorted(slices.Values(x)), slices.Sorted(slices.Values(y)))
	})
}
