// Package mesh is what the suite runs in Pods to call Services: the command `client`, whose connections go where those of
// a Pod would go, and whose output is what the suite reads.
package mesh

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
)

// Request is what a command asks for, and how many times.
type Request struct {
	URL    *url.URL
	Method string
	// Headers are those that are sent; Host, where it is given, is what the request says in place of the URL's.
	Headers http.Header
	Host    string
	Count   int
}

// Response is one answer, and what the backend says of the request that it got: nothing where it is not one that echoes.
type Response struct {
	Status  int
	Headers http.Header
	Seen    *Seen
}

// Seen is a request as a backend got it.
type Seen struct {
	Path, Host, Method, Protocol, Namespace, Pod string
	Headers                                      http.Header
}

// Parse reads a command.
func Parse(command []string) (*Request, error) {
	if len(command) < 2 || command[0] != "client" {
		return nil, fmt.Errorf("there is no command %q: only `client URL`", command)
	}
	target, err := url.Parse(command[1])
	if err != nil {
		return nil, err
	}
	request := &Request{URL: target, Headers: http.Header{}, Count: 1}
	for rest := command[2:]; len(rest) > 0; rest = rest[1:] {
		name, value, given := strings.Cut(rest[0], "=")
		switch {
		case name == "--method" && given:
			request.Method = value
		case name == "--count" && given:
			if request.Count, err = strconv.Atoi(value); err != nil {
				return nil, err
			}
		case rest[0] == "-H" && len(rest) > 1:
			rest = rest[1:]
			if err := request.addHeader(rest[0]); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("unknown argument %q", rest[0])
		}
	}
	return request, nil
}

func (r *Request) addHeader(text string) error {
	name, value, found := strings.Cut(text, ":")
	if !found {
		return fmt.Errorf("%q is no header", text)
	}
	if strings.EqualFold(name, "host") {
		r.Host = value
		return nil
	}
	r.Headers.Add(name, value)
	return nil
}

// Address is the host and the port that the request's URL names.
func (r *Request) Address() (string, string) {
	port := r.URL.Port()
	if port == "" {
		port = "80"
	}
	return r.URL.Hostname(), port
}

// print writes a response as the suite reads it: a field on each line, and an empty line behind the last one.
func (r *Response) print(text *bytes.Buffer, request *Request) {
	line := func(field, value string) { fmt.Fprintf(text, "%s=%s\n", field, value) }
	line("Url", request.URL.String())
	line("StatusCode", strconv.Itoa(r.Status))
	printHeaders(line, "ResponseHeader", r.Headers)
	if r.Seen != nil {
		line("Method", r.Seen.Method)
		line("Proto", r.Seen.Protocol)
		line("Host", r.Seen.Host)
		line("URL", r.Seen.Path)
		line("Hostname", r.Seen.Pod)
		printHeaders(line, "RequestHeader", r.Seen.Headers)
	}
	text.WriteByte('\n')
}

func printHeaders(line func(field, value string), field string, headers http.Header) {
	names := make([]string, 0, len(headers))
	for name := range headers {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, value := range headers[name] {
			line(field, name+":"+value)
		}
	}
}
