package doctor

// judgeClock says what it means whether the kernel takes the clock for right.
func judgeClock(synchronised bool) Finding {
	if synchronised {
		return Finding{Name: "clock", Grade: Good, Found: "kept right"}
	}
	return Finding{
		Name: "clock", Grade: Mend, Found: "nothing keeps it right: descriptions of files expire by it",
		Remedy: "run chrony, systemd-timesyncd or ptp4l; on a one-way network --expiry auto takes the sender's clock",
	}
}
