package httpapi

import (
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"zhucan/api"
	"zhucan/internal/store"
)

func (a *API) mergePerson(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewMerge](r)
	if err != nil {
		return Response{}, err
	}
	m, err := a.Desk.Merge(r.Ctx, r.Who, id, in.Into, r.Version, in.Reason)
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Version: m.Version, Body: mergeView(m)}, nil
}

func (a *API) undoMerge(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.MergeUndo](r)
	if err != nil {
		return Response{}, err
	}
	m, err := a.Desk.UndoMerge(r.Ctx, r.Who, id, r.Version, in.Reason)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: m.Version, Body: mergeView(m)}, nil
}

func (a *API) getMerge(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	m, err := a.Desk.DB.Merge(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: m.Version, Body: mergeView(m)}, nil
}

func (a *API) listPersonMerges(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	list, err := a.Desk.Merges(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: api.MergeList{Items: mergeViews(list)}}, nil
}

func mergeViews(list []store.Merge) []api.Merge {
	views := make([]api.Merge, len(list))
	for i, m := range list {
		views[i] = mergeView(m)
	}
	return views
}

func mergeView(m store.Merge) api.Merge {
	v := api.Merge{ID: m.ID, Version: m.Version, PersonID: m.PersonID, AreaCode: api.AreaCode(m.Area), MergedID: m.MergedID, MergedName: some(m.MergedName), Reason: m.Reason,
		MergedAt: m.MergedAt.UTC(), MergedBy: m.MergedBy, UndoneBy: some(m.UndoneBy), UndoReason: some(m.UndoReason), Moved: m.Told(), Cut: len(m.Rows.Cut) + len(m.Rows.Back["awards"])}
	if !m.UndoneAt.IsZero() {
		at := m.UndoneAt.UTC()
		v.UndoneAt = &at
	}
	return v
}

func (a *API) listUnmatchedRows(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	after, err := store.ParsePlace(r.Query.Get("cursor"))
	if err != nil {
		return Response{}, err
	}
	list, err := a.Desk.UnmatchedRows(r.Ctx, r.Who, id, after, r.limit())
	if err != nil {
		return Response{}, err
	}
	v := api.UnmatchedRowList{Items: []api.UnmatchedRow{}, NextCursor: next(list, r.limit(), func(u store.Unmatched) string { return strconv.Itoa(u.Row) })}
	for _, u := range list {
		v.Items = append(v.Items, unmatchedView(u))
	}
	return Response{Body: v}, nil
}

// row is the number of a row in the path; what is none names nothing.
func (r *Request) row() (int, error) {
	n, err := store.ParsePlace(r.params("row"))
	if err != nil || n == 0 {
		return 0, store.NotFound
	}
	return n, nil
}

func (a *API) getUnmatchedRow(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	row, err := r.row()
	if err != nil {
		return Response{}, err
	}
	u, err := a.Desk.UnmatchedRow(r.Ctx, r.Who, id, row)
	if err != nil {
		return Response{}, err
	}
	v := unmatchedView(u.Unmatched)
	for _, c := range u.Cells {
		v.Cells = append(v.Cells, api.RowCell(c))
	}
	return Response{Body: v}, nil
}

// rereads is the operation that reads a list once more before its transaction.
const rereads = "chooseCandidate"

// candidateChoice is whom a row is said to mean; nobody where the person is zero.
type candidateChoice struct {
	imported, person uuid.UUID
	row              int
	reason           string
}

func (r *Request) candidateChoice() (c candidateChoice, err error) {
	if c.imported, err = r.id(); err != nil {
		return c, err
	}
	if c.row, err = r.row(); err != nil {
		return c, err
	}
	in, err := decode[api.CandidateChoice](r)
	if in.PersonID != nil {
		c.person = *in.PersonID
	}
	c.reason = in.Reason
	return c, err
}

func (a *API) readAgain(r *Request) {
	if c, err := r.candidateChoice(); err == nil && c.person != uuid.Nil {
		r.again = a.Desk.ReadAgain(r.Ctx, r.Who, c.imported, c.row)
	}
}

func (a *API) chooseCandidate(r *Request) (Response, error) {
	c, err := r.candidateChoice()
	if err != nil {
		return Response{}, err
	}
	u, err := a.Desk.ChooseCandidate(r.Ctx, r.Who, c.imported, c.row, c.person, c.reason, r.again)
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: unmatchedView(u)}, nil
}

func unmatchedView(u store.Unmatched) api.UnmatchedRow {
	v := api.UnmatchedRow{Row: u.Row, Outcome: api.UnmatchedRowOutcome(u.Outcome), PersonID: some(u.PersonID), Reason: some(u.Reason), DecidedBy: some(u.DecidedBy), Candidates: []api.MatchCandidate{}}
	if !u.DecidedAt.IsZero() {
		at := u.DecidedAt.UTC()
		v.DecidedAt = &at
	}
	for _, c := range u.Candidates {
		v.Candidates = append(v.Candidates, api.MatchCandidate{PersonID: c.PersonID, Name: c.Name, BirthDate: some(c.Birth), AreaCode: api.AreaCode(c.Area),
			Basis: api.MatchCandidateBasis(c.Basis), IDNumberKnown: c.HasID})
	}
	return v
}
