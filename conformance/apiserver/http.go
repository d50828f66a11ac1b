package apiserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"gwctl.dev/conformance/object"
)

// target is what the path of a request names.
type target struct {
	apiVersion, group, plural, namespace, name, subresource string
}

// parsePath reads /api/VERSION/... and /apis/GROUP/VERSION/...
func parsePath(path string) (target, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var at target
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		at.apiVersion, parts = parts[1], parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		at.group, at.apiVersion, parts = parts[1], parts[1]+"/"+parts[2], parts[3:]
	default:
		return at, false
	}
	if parts[0] == "namespaces" && len(parts) >= 3 && parts[2] != "status" {
		at.namespace, parts = parts[1], parts[2:]
	}
	at.plural = parts[0]
	if len(parts) > 1 {
		at.name = parts[1]
	}
	if len(parts) > 2 {
		at.subresource = parts[2]
	}
	return at, true
}

// ServeHTTP answers the requests of Kubernetes clients that speak JSON.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at, ok := parsePath(r.URL.Path)
	if !ok {
		answerError(w, apierrors.NewNotFound(schema.GroupResource{}, r.URL.Path))
		return
	}
	kind := s.kind(at.plural, at.group)
	if kind == nil {
		answerError(w, apierrors.NewNotFound(schema.GroupResource{Group: at.group, Resource: at.plural}, ""))
		return
	}
	if at.subresource == "log" {
		since, _ := time.Parse(time.RFC3339, r.URL.Query().Get("sinceTime"))
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(s.PodLogs(at.namespace, at.name, since))
		return
	}
	if at.subresource == "exec" {
		s.serveExec(w, r, at)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		answerError(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	if r.Method == http.MethodGet {
		s.serveRead(w, r, kind, at)
		return
	}
	s.serveWrite(w, r, kind, at, body)
}

func (s *Server) serveRead(w http.ResponseWriter, r *http.Request, kind *Kind, at target) {
	var found object.Object
	var err error
	if at.name == "" {
		found, err = s.list(r.URL.Query().Get("labelSelector"), kind, at.namespace)
	} else {
		found, err = s.get(kind, at)
	}
	if err != nil {
		answerError(w, err)
		return
	}
	found["apiVersion"] = at.apiVersion
	answer(w, http.StatusOK, found)
}

func (s *Server) serveWrite(w http.ResponseWriter, r *http.Request, kind *Kind, at target, body []byte) {
	result, verdict, err := s.write(r, kind, at, body)
	if verdict != nil && at.subresource == "" && s.OnVerdict != nil {
		s.OnVerdict(*verdict)
	}
	if err != nil {
		answerError(w, err)
		return
	}
	if at.subresource != "status" {
		s.changed(kind.Kind)
	}
	if result["kind"] != "Status" {
		result["apiVersion"] = at.apiVersion
	}
	code := http.StatusOK
	if r.Method == http.MethodPost {
		code = http.StatusCreated
	}
	answer(w, code, result)
}

func (s *Server) get(kind *Kind, at target) (object.Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := s.objects[key{kind.Plural, kind.Group, at.namespace, at.name}]
	if stored == nil {
		return nil, apierrors.NewNotFound(schema.GroupResource{Group: kind.Group, Resource: kind.Plural}, at.name)
	}
	return runtime.DeepCopyJSON(stored), nil
}

func (s *Server) list(selection string, kind *Kind, namespace string) (object.Object, error) {
	selector, err := labels.Parse(selection)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []object.Object
	for at, stored := range s.objects {
		if at.plural != kind.Plural || at.group != kind.Group || namespace != "" && at.namespace != namespace {
			continue
		}
		set := labels.Set{}
		for name, value := range object.Child(stored, "metadata", "labels") {
			set[name] = fmt.Sprint(value)
		}
		if selector.Matches(set) {
			found = append(found, runtime.DeepCopyJSON(stored))
		}
	}
	object.Sort(found)
	items := make([]any, len(found))
	for i, one := range found {
		items[i] = one
	}
	return object.Object{
		"kind":     kind.Kind + "List",
		"metadata": object.Object{"resourceVersion": strconv.FormatInt(s.version, 10)},
		"items":    items,
	}, nil
}

// write does what a request other than GET asks for. The verdict is about a custom resource.
func (s *Server) write(r *http.Request, kind *Kind, at target, body []byte) (object.Object, *Verdict, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	resource := schema.GroupResource{Group: kind.Group, Resource: kind.Plural}
	place := key{kind.Plural, kind.Group, at.namespace, at.name}
	before := s.objects[place]
	if at.name != "" && before == nil {
		return nil, nil, apierrors.NewNotFound(resource, at.name)
	}
	if r.Method == http.MethodDelete {
		s.delete(kind, place)
		return object.Object{"apiVersion": "v1", "kind": "Status", "status": "Success"}, nil, nil
	}
	written, err := object.Parse(body)
	if err != nil {
		return nil, nil, apierrors.NewBadRequest(err.Error())
	}
	switch r.Method {
	case http.MethodPost:
		place.name = object.Name(written)
		if err := s.mayCreate(kind, resource, place); err != nil {
			return nil, nil, err
		}
		return s.store(kind, place, written, nil, false)
	case http.MethodPatch:
		if r.Header.Get("Content-Type") != "application/merge-patch+json" {
			return nil, nil, apierrors.NewBadRequest("only merge patches are served")
		}
		written, _ = object.Merge(runtime.DeepCopyJSON(before), written).(map[string]any)
	case http.MethodPut:
		given := object.String(written, "metadata", "resourceVersion")
		if given != "" && given != object.String(before, "metadata", "resourceVersion") {
			return nil, nil, apierrors.NewConflict(resource, at.name, errors.New("the object has been modified"))
		}
	default:
		return nil, nil, apierrors.NewMethodNotSupported(resource, r.Method)
	}
	if at.subresource == "status" {
		copied := runtime.DeepCopyJSON(before)
		copied["status"] = written["status"]
		return s.store(kind, place, copied, before, true)
	}
	return s.store(kind, place, written, before, false)
}

func (s *Server) mayCreate(kind *Kind, resource schema.GroupResource, place key) error {
	if place.name == "" {
		return apierrors.NewBadRequest("name or generateName is required")
	}
	if s.objects[place] != nil {
		return apierrors.NewAlreadyExists(resource, place.name)
	}
	if kind.Namespaced && s.objects[key{plural: "namespaces", name: place.namespace}] == nil {
		return apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, place.namespace)
	}
	return nil
}

// delete removes an object, and with a namespace all that is in it.
func (s *Server) delete(kind *Kind, place key) {
	delete(s.objects, place)
	if kind.Kind != "Namespace" {
		return
	}
	for other := range s.objects {
		if other.namespace == place.name {
			delete(s.objects, other)
		}
	}
}

func answer(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(value)
}

func answerError(w http.ResponseWriter, err error) {
	status := metav1.Status{Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Message: err.Error()}
	var known apierrors.APIStatus
	if errors.As(err, &known) {
		status = known.Status()
	}
	status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	answer(w, int(status.Code), status)
}
