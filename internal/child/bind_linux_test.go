package child

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// role says what a process of the test is.
const role = "FLUTE_NODE_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "parent":
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), role+"=child")
		cmd.Stdout = os.Stdout
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no signal of a terminal reaches it
		if err := Bind(cmd).Run(); err != nil {
			os.Exit(1)
		}
	case "child":
		if _, err := os.Stdout.WriteString("here\n"); err != nil {
			os.Exit(1)
		}
		time.Sleep(2 * time.Minute)
	default:
		os.Exit(m.Run())
	}
}

// TestBind: a process whose parent is killed ends, also in a session of its own.
func TestBind(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), role+"=parent")
	out, err := parent.StdoutPipe() // the child has it, too
	if err != nil {
		t.Fatal(err)
	}
	if err := Bind(parent).Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); line != "here\n" {
		t.Fatal(line, err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, lines) // until nobody can write
		ended <- err
	}()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("the child goes on")
	}
	_ = parent.Wait() // it was killed
}
