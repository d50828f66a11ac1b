package controller

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"gwctl.dev/conformance/object"
)

// gateway is a Gateway, or the clients of a namespace, and its Envoy, if it has one.
type gateway struct {
	id, address string
	config      []byte
	envoy       *proxy
}

// proxy is a running Envoy.
type proxy struct {
	command *exec.Cmd
	ended   chan struct{}
	log     *os.File
}

func (g *gateway) stop() {
	if g.envoy == nil {
		return
	}
	_ = g.envoy.command.Process.Kill()
	<-g.envoy.ended
	_ = g.envoy.log.Close()
	g.envoy = nil
}

// translation are the arguments of gwctl that give a configuration, or a section of it, of what is served.
func (c *Controller) translation(served ...string) []string {
	arguments := append([]string{"translate", c.Manifests(), "--partial", "--controller-name", c.Name}, served...)
	return append(append(arguments, "--no-admin", "--no-comments", "-q"), c.Translate...)
}

// program brings an Envoy to what gwctl says of what it serves.
func (c *Controller) program(running *gateway, admin int, served ...string) {
	config, report, err := c.run(c.translation(served...)...)
	if err != nil {
		// Exit code 1 and no output: nothing of this can be served.
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 || len(config) > 0 {
			c.OnFailure("gwctl translate %s: %v\n%s", strings.Join(served, " "), err, report)
		}
		running.stop()
		running.config = nil
		return
	}
	if bytes.Equal(config, running.config) && running.envoy != nil {
		return
	}
	if running.envoy != nil && running.envoy.hasEnded() {
		c.OnFailure("the Envoy of %s has ended by itself", running.id)
	}
	// The listeners of one Envoy do not share their ports with the next: the old one has to go first.
	running.stop()
	running.config = config
	running.envoy, err = c.startEnvoy(running.id, config, admin)
	if err != nil {
		c.OnFailure("the Envoy of %s: %v", running.id, err)
	}
}

// startEnvoy runs an Envoy with a configuration, and waits until it is ready.
func (c *Controller) startEnvoy(id string, config []byte, admin int) (*proxy, error) {
	name := strings.ReplaceAll(id, "/", ".")
	file := filepath.Join(c.Dir, "envoy", name[:min(len(name), 200)])
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(file+".yaml", config, 0o600); err != nil {
		return nil, err
	}
	output, err := os.OpenFile(file+".log", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	started := &proxy{log: output, ended: make(chan struct{})}
	started.command = exec.Command(c.Envoy, "-c", file+".yaml", "--config-yaml",
		fmt.Sprintf("admin: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}", admin),
		"--concurrency", "1", "--disable-hot-restart", "--log-level", "warning")
	started.command.Stdout, started.command.Stderr = output, output
	if err := started.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = started.command.Wait()
		close(started.ended)
	}()
	if !started.becomesReady(admin) {
		text, _ := os.ReadFile(file + ".log")
		return started, fmt.Errorf("it does not start:\n%s", object.Tail(string(text), 2000))
	}
	return started, nil
}

func (p *proxy) becomesReady(admin int) bool {
	for range 1500 {
		select {
		case <-p.ended:
			return false
		case <-time.After(20 * time.Millisecond):
		}
		response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/ready", admin))
		if err != nil {
			continue
		}
		text, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK && strings.HasPrefix(string(text), "LIVE") {
			return true
		}
	}
	return false
}

func (p *proxy) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}
