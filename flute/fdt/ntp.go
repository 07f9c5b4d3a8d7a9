package fdt

import "time"

// ntpEpoch is 1900-01-01 00:00 UTC in seconds before the Unix epoch.
const ntpEpoch = 2208988800

// NTP returns the seconds field of t's NTP timestamp: modulo 2^32, fractions cut off.
func ntp(t time.Time) uint32 { return uint32(t.Unix() + ntpEpoch) }

// fromNTP returns the time that the NTP seconds v mean: of all eras, the one in which v is closest to near
// (RFC 6726, section 3.3: "by choosing the epoch for which the expiration time is closest in time to the current
// time"). The result is in UTC; a tie goes to the past.
func fromNTP(v uint32, near time.Time) time.Time {
	ahead := int32(v - ntp(near))
	return time.Unix(near.Unix()+int64(ahead), 0).UTC()
}
