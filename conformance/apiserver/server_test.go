package apiserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gwctl.dev/conformance/object"
)

const routes = "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes"

// definitions are those of the pinned release, from the module cache. To compile their rules takes a while.
var definitions = sync.OnceValues(func() ([]*Definition, error) {
	output, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	if err != nil {
		return nil, err
	}
	return ReadDefinitions(filepath.Join(strings.TrimSpace(string(output)), "config/crd/experimental"))
})

func newServer(t *testing.T) *Server {
	t.Helper()
	read, err := definitions()
	if err != nil {
		t.Fatal(err)
	}
	server, err := New(read)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Put(object.Object{"apiVersion": "v1", "kind": "Namespace", "metadata": object.Object{"name": "shop"}}); err != nil {
		t.Fatal(err)
	}
	return server
}

func call(t *testing.T, server *Server, method, path string, body any) (int, object.Object) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest(method, path, bytes.NewReader(text))
	if method == http.MethodPatch {
		request.Header.Set("Content-Type", "application/merge-patch+json")
	}
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, request)
	answered, err := object.Parse(recorder.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return recorder.Code, answered
}

func route(rules ...any) object.Object {
	return object.Object{
		"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
		"metadata": object.Object{"name": "web"}, "spec": object.Object{"rules": rules},
	}
}

func generation(written object.Object) string {
	return fmt.Sprint(object.Child(written, "metadata")["generation"])
}

func TestAnObjectIsPrunedAndDefaulted(t *testing.T) {
	server := newServer(t)
	var verdicts []Verdict
	server.OnVerdict = func(verdict Verdict) { verdicts = append(verdicts, verdict) }
	code, created := call(t, server, "POST", routes, route(object.Object{"surprise": "x"}))
	if code != http.StatusCreated {
		t.Fatalf("%d %v", code, created)
	}
	rule := object.List(created, "spec", "rules")[0]
	if rule["surprise"] != nil {
		t.Error("an unknown field stays")
	}
	path := object.Child(object.List(rule, "matches")[0], "path")
	if object.String(path, "type") != "PathPrefix" || object.String(path, "value") != "/" {
		t.Errorf("the default match is %v", path)
	}
	if len(verdicts) != 1 || len(verdicts[0].Unknown) != 1 || verdicts[0].Unknown[0] != "spec.rules[0].surprise" {
		t.Errorf("verdicts %v", verdicts)
	}
	if object.List(verdicts[0].Written, "spec", "rules")[0]["surprise"] != "x" {
		t.Error("a verdict is not about what was written")
	}
}

func TestWhatTheSchemaOrARuleForbidsIsRefusedWithItsField(t *testing.T) {
	server := newServer(t)
	weight := object.Object{"backendRefs": []any{object.Object{"name": "a", "port": 80, "weight": -1}}}
	path := object.Object{"matches": []any{object.Object{"path": object.Object{"type": "PathPrefix", "value": "relative"}}}}
	noPort := object.Object{"backendRefs": []any{object.Object{"name": "a"}}}
	for want, rule := range map[string]object.Object{
		"spec.rules[0].backendRefs[0].weight": weight,
		"spec.rules[0].matches[0].path":       path,
		"spec.rules[0].backendRefs[0]":        noPort,
	} {
		code, answered := call(t, server, "POST", routes, route(rule))
		if code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %v", want, code, answered)
			continue
		}
		causes := object.List(answered, "details", "causes")
		if len(causes) == 0 || object.String(causes[0], "field") != want {
			t.Errorf("%s: %v", want, causes)
		}
	}
	if stored := server.List("HTTPRoute"); len(stored) != 0 {
		t.Errorf("a refused object is kept: %v", stored)
	}
}

func TestAWrongNameIsRefused(t *testing.T) {
	written := route()
	written["metadata"] = object.Object{"name": "Not_A_Name"}
	if code, answered := call(t, newServer(t), "POST", routes, written); code != http.StatusUnprocessableEntity {
		t.Errorf("%d %v", code, answered)
	}
}

func TestTheGenerationCountsChangesOfTheSpecOnly(t *testing.T) {
	server := newServer(t)
	_, created := call(t, server, "POST", routes, route())
	_, labelled := call(t, server, "PATCH", routes+"/web", object.Object{"metadata": object.Object{"labels": object.Object{"a": "b"}}})
	_, changed := call(t, server, "PATCH", routes+"/web", object.Object{"spec": object.Object{"hostnames": []any{"a.example.com"}}})
	if got := generation(created) + generation(labelled) + generation(changed); got != "112" {
		t.Errorf("generations %s", got)
	}
}

func TestAnUpdateNeedsTheCurrentVersion(t *testing.T) {
	server := newServer(t)
	_, created := call(t, server, "POST", routes, route())
	if code, _ := call(t, server, "PUT", routes+"/web", created); code != http.StatusOK {
		t.Errorf("an update of what was read: %d", code)
	}
	if code, _ := call(t, server, "PUT", routes+"/web", created); code != http.StatusConflict {
		t.Errorf("an update of an old version: %d", code)
	}
}

func TestStatusAndSpecAreWrittenApart(t *testing.T) {
	server := newServer(t)
	written := route()
	written["status"] = object.Object{"parents": []any{}}
	_, created := call(t, server, "POST", routes, written)
	if created["status"] != nil {
		t.Errorf("a client has created a status: %v", created["status"])
	}
	status := object.Object{"parents": []any{}}
	patch := object.Object{"status": status, "spec": object.Object{"hostnames": []any{"a.example.com"}}}
	if code, answered := call(t, server, "PATCH", routes+"/web/status", patch); code != http.StatusOK {
		t.Fatalf("%d %v", code, answered)
	}
	_, stored := call(t, server, "GET", routes+"/web", nil)
	if !object.Equal(stored["status"], status) || object.Child(stored, "spec")["hostnames"] != nil {
		t.Errorf("stored %v", stored)
	}
	call(t, server, "PATCH", routes+"/web", object.Object{"status": nil})
	if _, stored = call(t, server, "GET", routes+"/web", nil); !object.Equal(stored["status"], status) {
		t.Errorf("a client has removed a status: %v", stored)
	}
}

func TestAStatusThatTheDefinitionDoesNotAllowIsAnError(t *testing.T) {
	server := newServer(t)
	call(t, server, "POST", routes, route())
	becomes := func(parents any) func(object.Object) object.Object {
		return func(object.Object) object.Object { return object.Object{"parents": parents} }
	}
	if err := server.PutStatus("HTTPRoute", "shop", "web", becomes("none")); err == nil {
		t.Error("it is written")
	}
	if err := server.PutStatus("HTTPRoute", "shop", "web", becomes([]any{})); err != nil {
		t.Error(err)
	}
}

func TestANamespaceTakesItsObjectsAlong(t *testing.T) {
	server := newServer(t)
	call(t, server, "POST", routes, route())
	if code, _ := call(t, server, "DELETE", "/api/v1/namespaces/shop", nil); code != http.StatusOK {
		t.Fatalf("%d", code)
	}
	if stored := server.List("HTTPRoute"); len(stored) != 0 {
		t.Errorf("left behind: %v", stored)
	}
	if code, _ := call(t, server, "POST", routes, route()); code != http.StatusNotFound {
		t.Errorf("an object in a namespace that is gone: %d", code)
	}
}

func TestListsAreSelectedByLabels(t *testing.T) {
	server := newServer(t)
	for name, tier := range map[string]string{"a": "x", "b": "y"} {
		written := object.Object{"apiVersion": "v1", "kind": "Pod", "metadata": object.Object{
			"name": name, "namespace": "shop", "labels": object.Object{"tier": tier},
		}}
		if _, err := server.Put(written); err != nil {
			t.Fatal(err)
		}
	}
	_, found := call(t, server, "GET", "/api/v1/namespaces/shop/pods?labelSelector=tier%3Dx", nil)
	if items := object.List(found, "items"); len(items) != 1 || object.Name(items[0]) != "a" {
		t.Errorf("found %v", found)
	}
}

func TestSecretsAndServicesGetTheirDefaults(t *testing.T) {
	server := newServer(t)
	_, secret := call(t, server, "POST", "/api/v1/namespaces/shop/secrets", object.Object{
		"metadata": object.Object{"name": "s"}, "stringData": object.Object{"a": "b"},
	})
	if secret["stringData"] != nil || object.String(secret, "data", "a") != "Yg==" || secret["type"] != "Opaque" {
		t.Errorf("secret %v", secret)
	}
	_, service := call(t, server, "POST", "/api/v1/namespaces/shop/services", object.Object{
		"metadata": object.Object{"name": "s"}, "spec": object.Object{"ports": []any{object.Object{"port": 80}}},
	})
	port := object.List(service, "spec", "ports")[0]
	if port["targetPort"] != int64(80) || port["protocol"] != "TCP" {
		t.Errorf("port %v", port)
	}
}
