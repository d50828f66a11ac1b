package oracle

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"sigs.k8s.io/gateway-api/conformance/utils/roundtripper"

	"gwctl.dev/conformance/object"
)

func request(t *testing.T, address string) roundtripper.Request {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return roundtripper.Request{URL: *target}
}

func TestTheQuestionNamesListenerHostAndHeaders(t *testing.T) {
	one := request(t, "http://127.0.1.1:8080/a%2Fb?c=d")
	one.Host, one.Headers = "example.com:90", map[string][]string{"b": {"2"}, "a": {"1", "3"}}
	want := "route http://example.com:8080/a%2Fb?c=d -X GET --gateway ns/gw -H Host: example.com:90 -H a: 1 -H a: 3 -H b: 2"
	if got := strings.Join(ask(one, "ns/gw"), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTheServerNameIsAskedWithTLSOnly(t *testing.T) {
	for protocol, want := range map[string]bool{roundtripper.HTTPSProtocol: true, "HTTP": false} {
		one := request(t, "http://127.0.1.1:443/")
		one.Protocol, one.ServerName = protocol, "a.example.com"
		if got := strings.Contains(strings.Join(ask(one, ""), " "), "--sni a.example.com"); got != want {
			t.Errorf("%s: %v", protocol, got)
		}
	}
}

func TestOnlyAForetoldEndIsAccepted(t *testing.T) {
	pods := []object.Object{
		{"metadata": object.Object{"namespace": "shop", "name": "a"}, "status": object.Object{"podIP": "127.0.2.1"}},
		{"metadata": object.Object{"namespace": "shop", "name": "b"}, "status": object.Object{"podIP": "127.0.2.10"}},
	}
	end := func(status int64, backend string) []object.Object {
		return []object.Object{{
			"status": status, "backend": backend, "endpoints": []any{"127.0.2.1:3000"},
			"upstream": object.Object{"method": "GET", "path": "/", "host": "h", "headers": []any{[]any{"X", "1"}, []any{"x", "2"}}},
		}}
	}
	saw := func(pod string, headers ...string) *roundtripper.CapturedRequest {
		return &roundtripper.CapturedRequest{
			Namespace: "shop", Pod: pod, Method: "GET", Path: "/", Host: "h", Headers: map[string][]string{"X": headers},
		}
	}
	none := &roundtripper.CapturedRequest{}
	for name, one := range map[string]struct {
		ends []object.Object
		seen *roundtripper.CapturedRequest
		code int
		want bool
	}{
		"the backend":               {end(0, "shop/a:80"), saw("a", "1", "2"), 200, true},
		"another Pod":               {end(0, "shop/a:80"), saw("b", "1", "2"), 200, false},
		"another header":            {end(0, "shop/a:80"), saw("a", "1"), 200, false},
		"an error of the backend":   {end(0, "shop/a:80"), none, 503, true},
		"an answer of its own":      {end(404, ""), none, 404, true},
		"another answer of its own": {end(404, ""), none, 500, false},
		"a backend instead of 404":  {end(404, ""), saw("a", "1", "2"), 404, false},
		"nothing foretold":          {nil, none, 404, false},
	} {
		if got := anyEnd(one.ends, pods, one.seen, &roundtripper.CapturedResponse{StatusCode: one.code}); got != one.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAQuestionIsNamedOnceWithItsFirstMismatch(t *testing.T) {
	o := New(nil, nil)
	for _, problem := range []string{"first", "second"} {
		o.note("question", errors.New(problem))
	}
	if got := o.Mismatches(); len(got) != 1 || got[0] != "2× question: first" {
		t.Errorf("got %q", got)
	}
}
