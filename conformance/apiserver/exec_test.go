package apiserver

import (
	"bytes"
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
)

// execute runs a command as the suite does.
func execute(t *testing.T, done Executed, command ...string) (string, string, error) {
	t.Helper()
	server := newServer(t)
	server.PodExec = func(namespace, name string, got []string) Executed {
		if namespace != "shop" || name != "client" || strings.Join(got, " ") != strings.Join(command, " ") {
			t.Errorf("%s/%s was to run %q", namespace, name, got)
		}
		return done
	}
	listening := httptest.NewServer(server)
	defer listening.Close()
	target, err := url.Parse(listening.URL + "/api/v1/namespaces/shop/pods/client/exec?stdout=true&stderr=true")
	if err != nil {
		t.Fatal(err)
	}
	query := target.Query()
	query["command"] = command
	target.RawQuery = query.Encode()
	executor, err := remotecommand.NewSPDYExecutor(&rest.Config{Host: listening.URL}, "POST", target)
	if err != nil {
		t.Fatal(err)
	}
	var output, errors bytes.Buffer
	err = executor.StreamWithContext(context.Background(), remotecommand.StreamOptions{Stdout: &output, Stderr: &errors})
	return output.String(), errors.String(), err
}

func TestACommandIsRunInAPod(t *testing.T) {
	long := strings.Repeat("line\n", 50_000)
	output, errors, err := execute(t, Executed{Output: []byte(long), Errors: []byte("warned")}, "client", "http://a b/", "-H", "x:y")
	if err != nil || output != long || errors != "warned" {
		t.Errorf("%d bytes of output, errors %q, %v", len(output), errors, err)
	}
}

func TestACommandThatFailsSaysItsExitCode(t *testing.T) {
	_, errors, err := execute(t, Executed{Errors: []byte("no such host"), Code: 3}, "client")
	failed, ok := err.(exec.CodeExitError)
	if !ok || failed.Code != 3 || errors != "no such host" {
		t.Errorf("errors %q, %v", errors, err)
	}
}
