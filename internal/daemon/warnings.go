package daemon

import (
	"os"
	"time"

	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/machine"
	"github.com/flute-node/flute-node/internal/udp"
)

// Warnings returns what this machine can do, and the configuration surely does not mean.
func Warnings(cfg *config.Config) config.Errors {
	return cfg.Warnings(config.Machine{
		Memory: machine.Memory(os.DirFS("/")), Disk: machine.Disk, Loopback: udp.IsLoopback,
	}, time.Now())
}

// judgePatience is how long a disk may take to tell its size, or that a folder is there. One that hangs, such as that
// of a server which is away, holds up neither a start nor a reload.
const judgePatience = 3 * time.Second

// judge tells the warnings of a configuration that is in effect, which find returns, and returns them.
func (d *Daemon) judge(cfg *config.Config, find func(*config.Config) config.Errors) (list []api.ConfigError) {
	const hangs = "the configuration is in effect, and was not looked through for warnings: a disk does not answer"
	if !d.judging.CompareAndSwap(false, true) { // one before waits for it to this day
		d.warn(hangs)
		return nil
	}
	found := make(chan config.Errors, 1)
	go func() {
		all := find(cfg)
		d.judging.Store(false) // before: whoever has the answer may ask again at once
		found <- all
	}()
	select {
	case all := <-found:
		for _, w := range all {
			d.warn(w.Error())
			list = append(list, api.ConfigError(*w))
		}
	case <-time.After(judgePatience):
		d.warn(hangs)
	}
	return list
}
