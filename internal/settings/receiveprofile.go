package settings

import (
	"github.com/flute-node/flute-node/flute/receiver"
)

// The values of profile that no sender of FLUTE has: ROUTE (RFC 9223, ATSC A/331) is received only.
const (
	profileAuto  = "auto"
	profileROUTE = "route"
)

// profile applies the dialect that is received. Of the dialects of FLUTE a receiver reads all documents; a profile
// fixes the FLUTE version, so that nothing else is believed.
func (r *Receive) profile(s *receiver.Config) error {
	locks := []choice[receiver.ProfileLock]{{profileAuto, receiver.AnyVersion}, {profileROUTE, receiver.AnyVersion}}
	for _, p := range profiles() {
		locks = append(locks, choice[receiver.ProfileLock]{p.name, receiver.ProfileLock(p.value.FLUTEVersion())})
	}
	var err error
	if s.Profile, err = oneOf(wordProfile, r.Profile, locks); err != nil {
		return err
	}
	s.ROUTE, s.STSID = r.Profile == profileROUTE, r.STSID
	if r.STSID == nil {
		return nil
	}
	if !s.ROUTE {
		return errorf("%v is for %v %s", wordSTSID, wordProfile, profileROUTE)
	}
	if err = s.CheckSTSID(); err != nil {
		return errorf("%v: %v", wordSTSID, err)
	}
	return nil
}

// ReceiveProfiles returns the values of profile of a reception.
func ReceiveProfiles() []string {
	names := []string{profileAuto, profileROUTE}
	for _, p := range profiles() {
		names = append(names, p.name)
	}
	return names
}
