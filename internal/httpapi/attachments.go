package httpapi

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"zhucan/api"
	"zhucan/internal/store"
)

func (a *API) listAttachments(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	if _, err := a.Desk.DB.Service(r.Ctx, r.Who, id); err != nil {
		return Response{}, err
	}
	return a.attachmentsOf(r, id)
}

func (a *API) listApplicationAttachments(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	if _, err := a.Desk.DB.Application(r.Ctx, r.Who, id); err != nil {
		return Response{}, err
	}
	return a.attachmentsOf(r, id)
}

func (a *API) attachmentsOf(r *Request, id uuid.UUID) (Response, error) {
	list, err := a.Desk.DB.Attachments(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	v := api.AttachmentList{Items: []api.Attachment{}}
	for _, one := range list {
		v.Items = append(v.Items, attachmentView(one))
	}
	return Response{Body: v}, nil
}

func (a *API) addAttachment(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	one, first, err := a.Desk.AttachStaged(r.Ctx, r.Who, id, r.staged)
	return attached(one, first, err)
}

func (a *API) addApplicationAttachment(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	one, first, err := a.Desk.AttachStagedToApplication(r.Ctx, r.Who, id, r.staged)
	return attached(one, first, err)
}

func attached(one store.Attachment, first bool, err error) (Response, error) {
	if err != nil {
		return Response{}, err
	}
	status := http.StatusOK
	if first {
		status = http.StatusCreated
	}
	return Response{Status: status, Body: attachmentView(one)}, nil
}

// stage takes the file of a request before anything is claimed for it: it may wait for others that are taken, each of which would hold a
// connection to the database until there are none left.
func (a *API) stage(r *Request, op *operation) (err error) {
	id, err := r.id()
	if err != nil {
		return err
	}
	up, err := r.upload()
	if err != nil {
		return err
	}
	stage := a.Desk.StageFile
	if op.id == "addApplicationAttachment" {
		stage = a.Desk.StageForApplication
	}
	r.staged, err = stage(r.Ctx, r.Who, id, up.file)
	return err
}

func attachmentView(a store.Attachment) api.Attachment {
	return api.Attachment{ID: a.ID, ServiceID: some(a.ServiceID), ApplicationID: some(a.ApplicationID), MediaType: api.AttachmentMediaType(a.Type), Bytes: a.Bytes, Sha256: hex.EncodeToString(a.SHA256[:]),
		RecordedAt: a.RecordedAt.UTC(), RecordedBy: some(a.RecordedBy), WithdrawnAt: some(a.Withdrawn.UTC()), WithdrawnBy: some(a.WithdrawnBy), WithdrawnReason: some(a.Reason)}
}

func (a *API) withdrawAttachment(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.AttachmentWithdrawal](r)
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusNoContent}, a.Desk.WithdrawAttachment(r.Ctx, r.Who, id, in.Reason)
}

// extensions name a file for who keeps it; the name says nothing of what is in it.
var extensions = map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}

func (a *API) getAttachment(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	one, content, err := a.Desk.ReadAttachment(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	return Response{raw: func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", one.Type)
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		w.Header().Set("Content-Disposition", `attachment; filename="`+one.ID.String()+extensions[one.Type]+`"`)
		_, _ = bytes.NewReader(content).WriteTo(w)
		return nil
	}}, nil
}
