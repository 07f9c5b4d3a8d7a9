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

// judge tells the warnings of a configuration that is put into effect, and returns them.
func (d *Daemon) judge(cfg *config.Config) (list []api.ConfigError) {
	for _, w := range Warnings(cfg) {
		d.warn(w.Error())
		list = append(list, api.ConfigError(*w))
	}
	return list
}
