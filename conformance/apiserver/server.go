// Package apiserver is a Kubernetes API server in memory, as far as the conformance suite needs one: create, read,
// update, merge patch, delete, list with label selectors, the status subresource, Pod logs and commands in Pods. Custom
// resources are pruned, defaulted and refused as in a cluster, by apiextensions' own libraries. There is no watch:
// whoever follows changes sets OnChange.
package apiserver

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"gwctl.dev/conformance/object"
)

// Kind is what the server knows of a kind: where it is served, and its definition in each version.
type Kind struct {
	Group, Kind, Plural string
	Namespaced          bool
	// Versions holds the definitions of a custom resource; it is empty for built-in kinds, which are not validated.
	Versions map[string]*Definition
}

func (k *Kind) isCustom() bool { return len(k.Versions) > 0 }

// Verdict is how a written custom resource was judged.
type Verdict struct {
	// Written is the object as the client sent it, a merge patch applied.
	Written object.Object
	// Errors are the reasons for which it was refused.
	Errors field.ErrorList
	// Unknown are the fields that were pruned, for which kubectl would refuse it.
	Unknown []string
}

// Server is the API server. Its exported fields are set before it serves.
type Server struct {
	// OnChange is called with the kind after each change that is not one of a status.
	OnChange func(kind string)
	// OnVerdict is called about each custom resource that a client writes.
	OnVerdict func(verdict Verdict)
	// PodLogs gives what a Pod wrote since a time.
	PodLogs func(namespace, name string, since time.Time) []byte
	// PodExec runs a command in a Pod.
	PodExec func(namespace, name string, command []string) Executed

	kinds   []*Kind
	mu      sync.Mutex
	objects map[key]object.Object
	version int64
}

type key struct{ plural, group, namespace, name string }

// builtins are the kinds beside custom resources that the suite and its backends use.
func builtins() []*Kind {
	return []*Kind{
		{Kind: "Namespace", Plural: "namespaces"},
		{Kind: "Service", Plural: "services", Namespaced: true},
		{Kind: "Secret", Plural: "secrets", Namespaced: true},
		{Kind: "ConfigMap", Plural: "configmaps", Namespaced: true},
		{Kind: "Pod", Plural: "pods", Namespaced: true},
		{Kind: "ServiceAccount", Plural: "serviceaccounts", Namespaced: true},
		{Group: "apps", Kind: "Deployment", Plural: "deployments", Namespaced: true},
		{Group: "discovery.k8s.io", Kind: "EndpointSlice", Plural: "endpointslices", Namespaced: true},
		{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition", Plural: "customresourcedefinitions"},
	}
}

// New is a server of the built-in kinds and the defined ones.
func New(definitions []*Definition) (*Server, error) {
	s := &Server{kinds: builtins(), objects: map[key]object.Object{}}
	for _, definition := range definitions {
		kind := s.kind(definition.Plural, definition.Group)
		if kind == nil {
			kind = &Kind{
				Group: definition.Group, Kind: definition.Kind, Plural: definition.Plural,
				Namespaced: definition.Namespaced, Versions: map[string]*Definition{},
			}
			s.kinds = append(s.kinds, kind)
			if _, err := s.Put(definition.Source); err != nil {
				return nil, err
			}
		}
		kind.Versions[definition.Version] = definition
	}
	return s, nil
}

// Mapper says where each kind is served, so that clients need no discovery.
func (s *Server) Mapper() meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, kind := range s.kinds {
		scope := meta.RESTScopeRoot
		if kind.Namespaced {
			scope = meta.RESTScopeNamespace
		}
		versions := []string{"v1"}
		for version := range kind.Versions {
			if version != "v1" {
				versions = append(versions, version)
			}
		}
		for _, version := range versions {
			gv := schema.GroupVersion{Group: kind.Group, Version: version}
			singular := gv.WithResource(strings.ToLower(kind.Kind))
			mapper.AddSpecific(gv.WithKind(kind.Kind), gv.WithResource(kind.Plural), singular, scope)
		}
	}
	return mapper
}

// Put creates or replaces an object from inside, status included.
func (s *Server) Put(written object.Object) (object.Object, error) {
	s.mu.Lock()
	kind := s.kindOf(written)
	if kind == nil {
		s.mu.Unlock()
		return nil, fmt.Errorf("unknown kind %v", written["kind"])
	}
	at := key{kind.Plural, kind.Group, object.Namespace(written), object.Name(written)}
	stored, _, err := s.store(kind, at, object.Normal(written), s.objects[at], true)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	s.changed(kind.Kind)
	return stored, nil
}

// Remove deletes an object from inside.
func (s *Server) Remove(kindName, namespace, name string) {
	s.mu.Lock()
	for at := range s.objects {
		if s.kind(at.plural, at.group).Kind == kindName && at.namespace == namespace && at.name == name {
			delete(s.objects, at)
		}
	}
	s.mu.Unlock()
	s.changed(kindName)
}

// PutStatus replaces the status of an object, if there is still one, by what `change` makes of it; nil leaves it. The
// status has to be what the definition allows.
func (s *Server) PutStatus(kindName, namespace, name string, change func(before object.Object) object.Object) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at, stored := range s.objects {
		kind := s.kind(at.plural, at.group)
		if kind.Kind != kindName || at.namespace != namespace || at.name != name {
			continue
		}
		copied := runtime.DeepCopyJSON(stored)
		status := change(object.Child(copied, "status"))
		if status == nil {
			continue
		}
		copied["status"] = object.NormalValue(status)
		if _, _, err := s.store(kind, at, copied, stored, true); err != nil {
			return fmt.Errorf("the status of %s %s/%s is refused: %w", kindName, namespace, name, err)
		}
	}
	return nil
}

// List copies all objects of a kind, sorted by namespace and name.
func (s *Server) List(kindName string) []object.Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []object.Object
	for at, stored := range s.objects {
		if s.kind(at.plural, at.group).Kind == kindName {
			found = append(found, runtime.DeepCopyJSON(stored))
		}
	}
	object.Sort(found)
	return found
}

// CustomKinds names the kinds that are defined by custom resources.
func (s *Server) CustomKinds() []string {
	var names []string
	for _, kind := range s.kinds {
		if kind.isCustom() {
			names = append(names, kind.Kind)
		}
	}
	return names
}

func (s *Server) changed(kind string) {
	if s.OnChange != nil {
		s.OnChange(kind)
	}
}

func (s *Server) kind(plural, group string) *Kind {
	for _, kind := range s.kinds {
		if kind.Plural == plural && kind.Group == group {
			return kind
		}
	}
	return nil
}

func (s *Server) kindOf(written object.Object) *Kind {
	group, _ := groupAndVersion(written)
	for _, kind := range s.kinds {
		if kind.Kind == written["kind"] && kind.Group == group {
			return kind
		}
	}
	return nil
}

// groupAndVersion are the parts of an object's apiVersion.
func groupAndVersion(written object.Object) (string, string) {
	group, version, grouped := strings.Cut(object.String(written, "apiVersion"), "/")
	if !grouped {
		return "", group
	}
	return group, version
}

// store does what an API server does on each write, and keeps the object unless it is refused. The caller holds the
// lock.
func (s *Server) store(kind *Kind, at key, written, before object.Object, withStatus bool) (object.Object, *Verdict, error) {
	metadata := object.Child(written, "metadata")
	if metadata == nil {
		metadata = object.Object{}
		written["metadata"] = metadata
	}
	if kind.Namespaced {
		metadata["namespace"] = at.namespace
	}
	if kind.isCustom() && !withStatus {
		delete(written, "status")
	}
	var verdict *Verdict
	_, version := groupAndVersion(written)
	if definition := kind.Versions[version]; definition != nil {
		verdict = &Verdict{Written: runtime.DeepCopyJSON(written)}
		if !withStatus && before != nil && before["status"] != nil {
			written["status"] = before["status"]
		}
		verdict.Unknown = definition.Prepare(written)
		s.identify(written, before)
		verdict.Errors = definition.Admit(written, before)
		if len(verdict.Errors) > 0 {
			groupKind := schema.GroupKind{Group: kind.Group, Kind: kind.Kind}
			return nil, verdict, apierrors.NewInvalid(groupKind, at.name, verdict.Errors)
		}
	} else {
		setBuiltinDefaults(kind.Kind, at.name, written)
		s.identify(written, before)
	}
	s.version++
	metadata["resourceVersion"] = strconv.FormatInt(s.version, 10)
	delete(metadata, "managedFields")
	s.objects[at] = written
	return runtime.DeepCopyJSON(written), verdict, nil
}

// identify sets what only the server writes in an object's metadata.
func (s *Server) identify(written, before object.Object) {
	metadata := object.Child(written, "metadata")
	if before == nil {
		metadata["uid"] = fmt.Sprintf("00000000-0000-4000-8000-%012d", s.version+1)
		metadata["creationTimestamp"] = time.Now().UTC().Format(time.RFC3339)
		metadata["generation"] = int64(1)
		return
	}
	for _, name := range []string{"uid", "creationTimestamp", "generation", "resourceVersion"} {
		metadata[name] = object.Child(before, "metadata")[name]
	}
	if !reflect.DeepEqual(object.Spec(written), object.Spec(before)) {
		generation, _ := metadata["generation"].(int64)
		metadata["generation"] = generation + 1
	}
}
