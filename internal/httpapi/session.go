package httpapi

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zhucan/internal/access"
	"zhucan/internal/auth"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// heldByStore are operations that do nothing but read in transactions of the store, which ask the database first
// whether the rights of the session still are what they are taken for. They may begin with the rights last seen.
var heldByStore = map[string]bool{"getPerson": true, "listPersons": true, "getPersonRecord": true, "getEligibility": true,
	"getIndicatorValues": true, "listIndicatorPersons": true}

// authenticate finds who asks and whether his role may. The token only names a session; what the session may do is
// looked up for each request.
func (a *API) authenticate(in *http.Request, r *Request, op *operation) error {
	token, ok := strings.CutPrefix(in.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return fault.New(fault.Unauthenticated, "NO_TOKEN", "请先登录", "sign in first")
	}
	claims, err := a.Desk.Tokens.Verify(token, a.Desk.Now())
	if err != nil {
		return err
	}
	r.claims = claims
	r.Who, r.believed = a.seen.actor(claims)
	if r.believed && heldByStore[op.id] && a.allowed(r, op) == nil {
		r.Who.RequestID = r.ID
		return nil
	}
	if err := a.lookUp(r); err != nil {
		return err
	}
	return a.allowed(r, op)
}

func (a *API) lookUp(r *Request) error {
	who, found, err := a.Desk.DB.ActorOfSession(r.Ctx, r.claims.Session, r.claims.Account)
	if err != nil {
		return err
	}
	if !found {
		return auth.BadToken
	}
	who.RequestID = r.ID
	r.Who, r.believed = who, false
	a.seen.keep(who)
	return nil
}

func (a *API) allowed(r *Request, op *operation) error {
	if !slices.Contains(op.roles, r.Who.Role) {
		return fault.New(fault.Forbidden, "FORBIDDEN", "您的角色不能进行此操作", "your role may not do this")
	}
	if !op.own && a.Desk.NeedsFactor(r.Who) {
		return casework.FactorNeeded
	}
	return nil
}

// answerWithRights answers, and once more with rights looked up now where those believed have changed.
func (a *API) answerWithRights(c echo.Context, r *Request, op *operation, do handler) (store.Answer, error) {
	answer, err := a.answer(c, r, op, do)
	if !r.believed || !fault.Is(err, store.RightsChanged.Code) {
		return answer, err
	}
	if err := a.lookUp(r); err != nil {
		return store.Answer{}, err
	}
	if err := a.allowed(r, op); err != nil {
		return store.Answer{}, err
	}
	return a.answer(c, r, op, do)
}

// seenActors remembers the rights of sessions as last looked up.
type seenActors struct {
	mu     sync.Mutex
	actors map[uuid.UUID]access.Actor
}

const seenMax = 10_000 // sessions; far more than a district has people

func (s *seenActors) actor(claims auth.Claims) (access.Actor, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	who, ok := s.actors[claims.Session]
	return who, ok && who.AccountID == claims.Account
}

func (s *seenActors) keep(who access.Actor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.actors == nil || len(s.actors) >= seenMax {
		s.actors = map[uuid.UUID]access.Actor{}
	}
	s.actors[who.SessionID] = who
}
