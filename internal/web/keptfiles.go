package web

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/care"
)

// Photos are taken on site, by who is there, and the step that looks at them is taken later at a desk. So a step offers what its service
// has already beside what may be uploaded with it.

// ofKept is behind the name of the field whose files may also be those that are there.
const ofKept = ".kept"

// keptFiles are the files of a service, each with the step that brought it, and the same as choices.
func (v *visit) keptFiles(s care.Service) (list []photo, choices []Option, err error) {
	list, err = v.photos(s.ID)
	for i := range list {
		if list[i].Path == "" {
			continue
		}
		id := strings.TrimPrefix(list[i].Path, "/attachments/")
		for _, done := range s.Steps {
			if names(done.Evidence, id) {
				list[i].Text = v.t("service.file", list[i].Text, v.stepName(s.Kind, done.Step))
				break
			}
		}
		choices = append(choices, Option{Value: id, Label: list[i].Text})
	}
	return list, choices, err
}

// names reports whether an id stands somewhere in what a step brought.
func names(value any, id string) bool {
	switch is := value.(type) {
	case string:
		return is == id
	case []any:
		return slices.ContainsFunc(is, func(one any) bool { return names(one, id) })
	case map[string]any:
		return names(care.Evidence(is), id)
	case care.Evidence:
		for _, one := range is {
			if names(one, id) {
				return true
			}
		}
	}
	return false
}

func (v *visit) stepName(kind care.Kind, name string) string {
	for _, step := range care.ChainOf(kind).Steps {
		if step.Name == name {
			return v.either(step.ZH, step.EN)
		}
	}
	return name
}

// orKept offers what is there in front of each field for files. Either will do where one is needed.
func (v *visit) orKept(fields []*Field, choices []Option) (list []*Field) {
	for _, f := range fields {
		if f.Kind == "file" && len(choices) > 0 {
			list = append(list, &Field{Name: f.Name + ofKept, Label: v.t("service.kept", f.Label), Kind: "checks", Options: slices.Clone(choices), Need: f.Need})
			f.Label, f.Need = v.t("service.upload", f.Label), false
		}
		list = append(list, f)
	}
	return list
}

// filesOf are the files that a form names: those that are there, and those that came with it.
func (r *reader) filesOf(name string, uploaded []uuid.UUID) (ids []any) {
	for _, id := range r.v.form[name+ofKept] {
		if id != "" && !slices.Contains(ids, any(id)) {
			ids = append(ids, id)
		}
	}
	for _, id := range uploaded {
		if !slices.Contains(ids, any(id.String())) {
			ids = append(ids, id.String())
		}
	}
	return ids
}
