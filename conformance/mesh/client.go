package mesh

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	suite "sigs.k8s.io/gateway-api/conformance/utils/grpc"

	"gwctl.dev/conformance/apiserver"
)

// Client runs commands as a Pod of one namespace. Connections go to the address of a name, as its file of hosts has it.
type Client struct {
	// Lookup is the address of a name.
	Lookup func(host string) (string, bool)
	// OnResponse is told each response to a request over HTTP.
	OnResponse func(request *Request, response *Response)
}

// requestWait is how long an answer may take.
const requestWait = 10 * time.Second

// Run runs a command. One that cannot be done has its reason as errors, and ends with 1.
func (c *Client) Run(command []string) apiserver.Executed {
	output, err := c.run(command)
	if err != nil {
		return apiserver.Executed{Output: output, Errors: []byte(err.Error() + "\n"), Code: 1}
	}
	return apiserver.Executed{Output: output}
}

func (c *Client) run(command []string) ([]byte, error) {
	request, err := Parse(command)
	if err != nil {
		return nil, err
	}
	var send func() (*Response, error)
	switch request.URL.Scheme {
	case "http":
		transport := &http.Transport{DialContext: c.dial, DisableCompression: true}
		defer transport.CloseIdleConnections()
		send = func() (*Response, error) { return c.sendHTTP(transport, request) }
	case "grpc":
		connection, err := grpc.NewClient("passthrough:///"+request.URL.Host,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return c.dial(ctx, "tcp", address) }))
		if err != nil {
			return nil, err
		}
		defer func() { _ = connection.Close() }()
		send = func() (*Response, error) { return sendGRPC(connection, request) }
	default:
		return nil, fmt.Errorf("there is no client for %s", request.URL)
	}
	var text bytes.Buffer
	for range request.Count {
		response, err := send()
		if err != nil {
			return text.Bytes(), err
		}
		response.print(&text, request)
	}
	return text.Bytes(), nil
}

// dial connects to the address of a name. An address is its own, as that of a Pod is.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if net.ParseIP(host) == nil {
		found, known := c.Lookup(host)
		if !known {
			return nil, fmt.Errorf("no address is known for %q", host)
		}
		host = found
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, net.JoinHostPort(host, port))
}

// sendHTTP sends one request over HTTP/1.1. Redirects are answers like others.
func (c *Client) sendHTTP(transport *http.Transport, request *Request) (*Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), requestWait)
	defer cancel()
	sent, err := http.NewRequestWithContext(ctx, request.Method, request.URL.String(), nil)
	if err != nil {
		return nil, err
	}
	sent.Header, sent.Host = request.Headers.Clone(), request.Host
	got, err := transport.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	defer func() { _ = got.Body.Close() }()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		return nil, err
	}
	response := &Response{Status: got.StatusCode, Headers: got.Header, Seen: seen(body)}
	if c.OnResponse != nil {
		c.OnResponse(request, response)
	}
	return response, nil
}

// seen reads what an echo server says that it got; nil for what is none.
func seen(body []byte) *Seen {
	var told struct {
		Path, Host, Method, Proto, Namespace, Pod string
		Headers                                   http.Header
	}
	if json.Unmarshal(body, &told) != nil || told.Pod == "" {
		return nil
	}
	return &Seen{
		Path: told.Path, Host: told.Host, Method: told.Method, Protocol: told.Proto, Namespace: told.Namespace, Pod: told.Pod,
		Headers: told.Headers,
	}
}

// echoMethod is what the suite's servers of gRPC have. Which package has its messages differs from release to release, so
// their types are those that the suite's own client names.
const echoMethod = "/gateway_api_conformance.echo_basic.grpcecho.GrpcEcho/Echo"

func another[T any](*T) *T { return new(T) }

// sendGRPC makes one call. The suite knows statuses of HTTP alone: 200 stands for OK, and an answer that is no gRPC
// or says another code is an error.
func sendGRPC(connection *grpc.ClientConn, request *Request) (*Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), requestWait)
	defer cancel()
	for name, values := range request.Headers {
		for _, value := range values {
			ctx = metadata.AppendToOutgoingContext(ctx, name, value)
		}
	}
	var headers metadata.MD
	var other peer.Peer
	got := another(suite.Response{}.Response)
	err := connection.Invoke(ctx, echoMethod, another(suite.ExpectedResponse{}.EchoRequest), got, grpc.Header(&headers), grpc.Peer(&other))
	if err != nil {
		return nil, fmt.Errorf("%v from %v", status.Convert(err).Err(), other.Addr)
	}
	told := got.GetAssertions()
	response := &Response{Status: http.StatusOK, Headers: http.Header(headers), Seen: &Seen{
		Path: told.GetFullyQualifiedMethod(), Host: told.GetAuthority(), Method: http.MethodPost, Protocol: "HTTP/2.0",
		Namespace: told.GetContext().GetNamespace(), Pod: told.GetContext().GetPod(), Headers: http.Header{},
	}}
	for _, header := range told.GetHeaders() {
		response.Seen.Headers.Add(header.GetKey(), header.GetValue())
	}
	return response, nil
}
