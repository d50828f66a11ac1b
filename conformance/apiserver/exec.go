package apiserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/remotecommand"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// Executed is what a command in a Pod wrote, and the exit code that it ended with.
type Executed struct {
	Output, Errors []byte
	Code           int
}

// streamsWait is how long a client may take to open the streams that it asked for.
const streamsWait = 30 * time.Second

// serveExec runs a command in a Pod, for clients that speak SPDY as `kubectl exec` does. Commands read nothing and have
// no terminal.
func (s *Server) serveExec(w http.ResponseWriter, r *http.Request, at target) {
	query := r.URL.Query()
	if query.Get("stdin") == "true" || query.Get("tty") == "true" {
		answerError(w, apierrors.NewBadRequest("commands have neither an input nor a terminal"))
		return
	}
	if _, err := httpstream.Handshake(r, w, []string{remotecommand.StreamProtocolV4Name}); err != nil {
		answerError(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	opened := make(chan httpstream.Stream, 8)
	connection := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(stream httpstream.Stream, _ <-chan struct{}) error {
		opened <- stream
		return nil
	})
	if connection == nil {
		return
	}
	defer func() { _ = connection.Close() }()
	wanted := []string{corev1.StreamTypeError}
	for parameter, kind := range map[string]string{"stdout": corev1.StreamTypeStdout, "stderr": corev1.StreamTypeStderr} {
		if query.Get(parameter) == "true" {
			wanted = append(wanted, kind)
		}
	}
	streams, err := awaitStreams(opened, len(wanted))
	if err != nil {
		return
	}
	done := s.PodExec(at.namespace, at.name, query["command"])
	for kind, text := range map[string][]byte{
		corev1.StreamTypeStdout: done.Output, corev1.StreamTypeStderr: done.Errors, corev1.StreamTypeError: exitStatus(done.Code),
	} {
		if stream := streams[kind]; stream != nil {
			_, _ = stream.Write(text)
			_ = stream.Close()
		}
	}
	// The client ends the connection, once it has read everything.
	select {
	case <-connection.CloseChan():
	case <-time.After(streamsWait):
	}
}

// awaitStreams collects streams, each under what it carries.
func awaitStreams(opened <-chan httpstream.Stream, count int) (map[string]httpstream.Stream, error) {
	streams := map[string]httpstream.Stream{}
	expired := time.After(streamsWait)
	for len(streams) < count {
		select {
		case stream := <-opened:
			streams[stream.Headers().Get(corev1.StreamType)] = stream
		case <-expired:
			return nil, fmt.Errorf("%d of %d streams were opened", len(streams), count)
		}
	}
	return streams, nil
}

// exitStatus is what the error stream says of an exit code.
func exitStatus(code int) []byte {
	status := metav1.Status{Status: metav1.StatusSuccess}
	if code != 0 {
		status = metav1.Status{
			Status: metav1.StatusFailure, Reason: remotecommand.NonZeroExitCodeReason,
			Message: fmt.Sprintf("the command ended with exit code %d", code),
			Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{
				Type: remotecommand.ExitCodeCauseType, Message: strconv.Itoa(code),
			}}},
		}
	}
	text, _ := json.Marshal(status)
	return text
}
