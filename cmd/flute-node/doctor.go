package main

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/flute-node/flute-node/internal/doctor"
)

// doctorCommand looks at this machine.
type doctorCommand struct {
	Interface string `placeholder:"NAME" help:"Interface to look at. Default: all that are up, but lo."`
	Group     string `default:"239.0.0.1" placeholder:"ADDRESS" help:"Multicast group to which there should be a route."`
	Dir       string `arg:"" optional:"" name:"DIR" help:"Folder whose disk is measured: a file of 8 MiB is written to it, and removed."`
}

// examined is what the command prints in JSON.
type examined struct {
	Worst    doctor.Grade     `json:"worst"`
	Findings []doctor.Finding `json:"findings"`
}

// Run prints what was found, and fails if something is to be mended.
func (c *doctorCommand) Run(out *output) error {
	group, err := netip.ParseAddr(c.Group)
	if err != nil || !group.IsMulticast() {
		return fmt.Errorf("--group %q is no multicast address", c.Group)
	}
	v := examined{Findings: doctor.Examine(doctor.Patient{
		Files: os.DirFS("/"), Interface: c.Interface, Group: group, Dir: c.Dir,
	})}
	v.Worst = doctor.Worst(v.Findings)
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, f := range v.Findings {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", f.Grade, f.Name, plain(f.Found))
		if f.Remedy != "" {
			_, _ = fmt.Fprintf(w, "\t\tremedy: %s\n", plain(f.Remedy))
		}
	}
	_ = w.Flush()
	out.table("doctor", v, strings.TrimRight(text.String(), "\n"))
	if v.Worst == doctor.Mend || v.Worst == doctor.Broken {
		return errFailed
	}
	return nil
}
