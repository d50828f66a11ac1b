package kubelet

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
)

// podLog is what a Pod has written, each line with its time.
type podLog struct {
	mu    sync.Mutex
	lines []logLine
}

type logLine struct {
	time time.Time
	text string
}

func (l *podLog) read(from io.Reader) {
	scanner := bufio.NewScanner(from)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		l.mu.Lock()
		l.lines = append(l.lines, logLine{time.Now(), scanner.Text()})
		l.mu.Unlock()
	}
}

func (l *podLog) since(from time.Time) []byte {
	var text bytes.Buffer
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if !line.time.Before(from) {
			fmt.Fprintln(&text, line.text)
		}
	}
	return text.Bytes()
}

// Logs is what a Pod wrote since a time; nothing of a Pod that never ran.
func (k *Kubelet) Logs(namespace, name string, since time.Time) []byte {
	k.mu.Lock()
	written := k.logs[namespace+"/"+name]
	k.mu.Unlock()
	if written == nil {
		return nil
	}
	return written.since(since)
}
