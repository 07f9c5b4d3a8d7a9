package sender

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/defaults"
)

// validated returns c with its defaults filled in, or an error that names the field.
func (c Config) validated() (*Config, error) {
	c.FDTDuration = cmp.Or(c.FDTDuration, defaultFDTDuration)
	c.FDTInterval = cmp.Or(c.FDTInterval, defaultFDTInterval)
	c.FDTCollect = cmp.Or(c.FDTCollect, defaultFDTCollect)
	c.FDTFiles = cmp.Or(c.FDTFiles, defaultFDTFiles)
	c.FDTBytes = cmp.Or(c.FDTBytes, defaultFDTBytes)
	c.Parallel = cmp.Or(c.Parallel, defaults.Parallel)
	c.Interleave = cmp.Or(c.Interleave, 1)
	if !c.Until.IsZero() {
		c.TransferCount = cmp.Or(c.TransferCount, -1)
	}
	c.Burst = cmp.Or(c.Burst, 1)
	c.Queues = maps.Clone(c.Queues)
	c.CacheBytes = cmp.Or(c.CacheBytes, defaultCacheBytes)
	c.TransferCount = cmp.Or(c.TransferCount, 1)
	c.MaxBlockBytes = cmp.Or(c.MaxBlockBytes, defaults.MaxBlockBytes)
	c.share = max(0, c.Redundancy)
	c.Redundancy = cmp.Or(c.Redundancy, defaultRedundancy)
	c.ReadAhead = cmp.Or(c.ReadAhead, defaultReadAhead)
	c.FirstTOI = cmp.Or(c.FirstTOI, flute.NewTOI(1))
	if c.mbms() {
		c.TOIBits = cmp.Or(c.TOIBits, mbmsTOIBits)
	}
	if c.mbms() && c.FTI == EveryPacket {
		c.FTI = FDTOnly
	}
	c.TOIBits = cmp.Or(c.TOIBits, defaults.TOIBits)
	c.FDTCollect = max(c.FDTCollect, 0)
	for _, check := range []struct {
		bad  bool
		text string
	}{
		{c.Registry == nil, "Registry is required"},
		{c.Session.TSI > flute.MaxTSI, fmt.Sprintf("Session.TSI %d has more than 48 bits", c.Session.TSI)},
		{c.Profile > fdt.DVBMABR, fmt.Sprintf("Profile %v is not known", c.Profile)},
		{c.FDTInterval < 0, "FDTInterval is negative"},
		{
			c.FDTDuration < max(2*time.Second, 2*c.FDTInterval) || c.FDTDuration > maxFDTDuration,
			fmt.Sprintf("FDTDuration %v is not at least 2s and twice FDTInterval, and at most 20 years", c.FDTDuration),
		},
		{c.FDTStartID > flute.MaxInstanceID, fmt.Sprintf("FDTStartID %d has more than 20 bits", c.FDTStartID)},
		{c.FDTCENC > flute.GZIP, fmt.Sprintf("FDTCENC %v is not known", c.FDTCENC)},
		{c.FDTFiles < 0, "FDTFiles is negative"},
		{c.FDTBytes < 0, "FDTBytes is negative"},
		{c.FDTTransfers < 0, "FDTTransfers is negative"},
		{
			c.TOIBits%16 != 0 || c.TOIBits < 16 || c.TOIBits > defaults.TOIBits,
			fmt.Sprintf("TOIBits %d is not 16, 32, 48, 64, 80, 96 or 112", c.TOIBits),
		},
		{c.mbms() && c.TOIBits != mbmsTOIBits, fmt.Sprintf("TOIBits %d is not the 16 of %v", c.TOIBits, c.Profile)},
		{c.FirstTOI.Len()*8 > c.TOIBits, fmt.Sprintf("FirstTOI %v has more than %d bits", c.FirstTOI, c.TOIBits)},
		{c.Parallel < 0 || c.Parallel > maxParallel, fmt.Sprintf("Parallel %d is not 1 to %d", c.Parallel, maxParallel)},
		{
			c.Interleave < 0 || c.Interleave > maxInterleave,
			fmt.Sprintf("Interleave %d is not 1 to %d", c.Interleave, maxInterleave),
		},
		{c.ReadAhead < 0, "ReadAhead is negative"},
		{c.ProgressInterval < 0, "ProgressInterval is negative"},
		{c.Order > Spread, fmt.Sprintf("Order %d is not known", c.Order)},
		{
			math.IsNaN(c.Redundancy) || c.Redundancy > maxRedundancy,
			fmt.Sprintf("Redundancy %v is not at most %d", c.Redundancy, maxRedundancy),
		},
		{
			c.mbms() && c.Session.TSI > maxMBMS,
			fmt.Sprintf("Session.TSI %d has more than the 16 bits of %v", c.Session.TSI, c.Profile),
		},
		{c.FullFDT && c.FDTInTransfer, "FullFDT contradicts FDTInTransfer"},
		{
			c.FullFDT && (c.Profile == fdt.MBMSDownload || c.Profile == fdt.DVBMABR),
			fmt.Sprintf("FullFDT is not allowed in %v", c.Profile),
		},
		{c.FTI > FDTOnly, fmt.Sprintf("FTI %v is not known", c.FTI)},
		{c.mbms() && c.FTI != FDTOnly, fmt.Sprintf("FTI %v is not allowed in %v", c.FTI, c.Profile)},
		{c.mbms() && c.SLC, fmt.Sprintf("SLC is not allowed in %v", c.Profile)},
		{c.mbms() && c.FileSCT, fmt.Sprintf("FileSCT is not allowed in %v", c.Profile)},
		{c.mbms() && c.ERT, fmt.Sprintf("ERT is not allowed in %v", c.Profile)},
		{c.mbms() && c.FDTCENC != flute.Null, fmt.Sprintf("FDTCENC %v is not allowed in %v", c.FDTCENC, c.Profile)},
	} {
		if check.bad {
			return nil, fmt.Errorf("sender: Config.%s", check.text)
		}
	}
	if c.Resume != nil {
		if err := c.Resume.check(&c); err != nil {
			return nil, fmt.Errorf("sender: Config.Resume: %w", err)
		}
		c.FDTStartID, c.FirstTOI = c.Resume.InstanceID, c.Resume.TOI
	}
	if err := c.checkGroups(); err != nil {
		return nil, fmt.Errorf("sender: Config.FDTGroups: %w", err)
	}
	for priority, n := range c.Queues {
		if n < 1 || n > maxParallel {
			return nil, fmt.Errorf("sender: Config.Queues[%d] %d is not 1 to %d", priority, n, maxParallel)
		}
	}
	fields := c.carousel()
	if field, err := fields.check(); err != nil {
		return nil, fmt.Errorf("sender: Config.%s: %w", field, err)
	}
	return &c, nil
}

// checkGroups refuses groups with which no FDT Instance could be written, or read.
func (c *Config) checkGroups() error {
	if len(c.FDTGroups) == 0 {
		return nil
	}
	in := fdt.Instance{
		Expires: time.Unix(0, 0), Groups: c.FDTGroups, Files: []fdt.File{{TOI: flute.NewTOI(1), ContentLocation: "a"}},
	}
	xml, err := in.AppendXML(nil, c.Profile)
	if err != nil {
		return err
	}
	_, err = fdt.Parse(xml, time.Unix(0, 0), fdt.Limits{})
	return err
}
