package mesh

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	suite "sigs.k8s.io/gateway-api/conformance/utils/echo"
)

func TestACommandIsReadAsTheSuiteWritesIt(t *testing.T) {
	request, err := Parse([]string{"client", "http://echo:8080/a?b=c", "--method=POST", "-H", "Host:other", "-H", "x-a:b:c", "--count=3"})
	if err != nil {
		t.Fatal(err)
	}
	host, port := request.Address()
	if host != "echo" || port != "8080" || request.Method != "POST" || request.Host != "other" || request.Count != 3 || request.Headers.Get("X-A") != "b:c" {
		t.Errorf("%+v", request)
	}
	for _, command := range [][]string{nil, {"curl", "http://a/"}, {"client", "http://a/", "--follow"}, {"client", "http://a/", "-H"}, {"client", "http://a/", "-H", "x"}} {
		if _, err := Parse(command); err == nil {
			t.Errorf("%q is read", command)
		}
	}
}

// backend answers as an echo server does, or with a redirect that nobody is to follow.
func backend(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://elsewhere/", http.StatusFound)
			return
		}
		w.Header().Set("X-Said", "yes")
		_, _ = w.Write([]byte(`{"path":"` + r.URL.Path + `","host":"` + r.Host + `","method":"` + r.Method + `","proto":"HTTP/1.1",` +
			`"headers":{"X-A":["` + r.Header.Get("X-A") + `"]},"namespace":"shop","pod":"echo-v1"}`))
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestTheSuiteReadsWhatAClientSays(t *testing.T) {
	_, port, err := net.SplitHostPort(backend(t))
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	client := Client{
		Lookup:     func(host string) (string, bool) { return "127.0.0.1", host == "echo" },
		OnResponse: func(*Request, *Response) { told++ },
	}
	done := client.Run([]string{"client", "http://echo:" + port + "/x", "-H", "Host:forged", "-H", "X-A:1", "--count=2"})
	sections := strings.Split(strings.TrimSpace(string(done.Output)), "\n\n")
	if done.Code != 0 || len(sections) != 2 || told != 2 {
		t.Fatalf("%+v", done)
	}
	got := suite.ParseResponse(sections[1])
	if got.Code != "200" || got.Hostname != "echo-v1" || got.Host != "forged" || got.RequestHeaders.Get("X-A") != "1" || got.ResponseHeaders.Get("X-Said") != "yes" {
		t.Errorf("%+v", got)
	}
	if got := suite.ParseResponse(string(client.Run([]string{"client", "http://echo:" + port + "/away"}).Output)); got.Code != "302" || got.Hostname != "" {
		t.Errorf("%+v", got)
	}
}

func TestANameWithoutAnAddressIsAnError(t *testing.T) {
	client := Client{Lookup: func(string) (string, bool) { return "", false }}
	for _, command := range [][]string{{"client", "http://missing/"}, {"client", "grpc://missing:7070"}, {"client", "tcp://missing:1"}} {
		if done := client.Run(command); done.Code != 1 || len(done.Errors) == 0 {
			t.Errorf("%q: %+v", command, done)
		}
	}
}
