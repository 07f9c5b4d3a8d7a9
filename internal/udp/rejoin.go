package udp

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// membership is what a Receiver has joined, by the name of an interface. Receiver.mu guards it.
type membership struct {
	group, source netip.Addr
	ifi           net.Interface // index 0: nothing is joined by name
	gone          bool          // and was told
	failure       string        // of the latest try, told
}

// Rejoin joins the group again if its interface is another one than was joined. A tunnel, a modem or a VLAN that comes
// back has the name and not the number of the one before, and with that one the system has forgotten the membership. A
// socket of IPv6 that is bound to the old one may be bound anew only with CAP_NET_RAW: without it the Receiver is
// closed, and its user has to open another one. Rejoin costs one system call when nothing has happened. It returns what
// an operator should know, in one line each. Where the system does not tell cheaply, or the interface was the system's
// choice, it does nothing.
func (r *Receiver) Rejoin() (told []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := &r.joined
	if r.closed || m.ifi.Index == 0 {
		return nil
	}
	index, known := indexByName(r.conn, m.ifi.Name)
	switch {
	case !known:
		return nil
	case index == 0 && !m.gone:
		m.gone = true
		text := fmt.Sprintf("udp: interface %s is gone: nothing of %v comes until it is back", m.ifi.Name, m.group)
		return []string{text}
	case index == 0 || index == m.ifi.Index && !m.gone:
		return nil
	}
	if index != m.ifi.Index { // else it was away for a moment under another name
		next := m.ifi
		next.Index = index
		err := m.move(r.conn, &next)
		if errors.Is(err, fs.ErrPermission) {
			r.drops.read(r.conn)
			r.closed = true
			_ = r.conn.Close() // ReadBatch fails, and whoever reads opens another one
			return []string{fmt.Sprintf(
				"udp: interface %s is there again: the socket of %v is opened anew", m.ifi.Name, m.group)}
		}
		if err != nil {
			text := fmt.Sprintf("udp: join %v on %s again: %v; it is tried again", m.group, m.ifi.Name, cause(err))
			if text == m.failure {
				return nil
			}
			m.failure = text
			return []string{text}
		}
		m.ifi.Index = index
	}
	m.gone, m.failure = false, ""
	return []string{fmt.Sprintf("udp: interface %s is there again: %v is joined", m.ifi.Name, m.group)}
}

// move leaves the group on the interface of old, which the system still counts, and joins it on next.
func (m *membership) move(conn *net.UDPConn, next *net.Interface) error {
	if err := rebind(conn, m.group, next); err != nil {
		return err
	}
	old := m.ifi
	p4, p6 := ipv4.NewPacketConn(conn), ipv6.NewPacketConn(conn)
	g := &net.UDPAddr{IP: m.group.WithZone("").AsSlice()}
	s := &net.UDPAddr{IP: m.source.WithZone("").AsSlice()}
	switch { // an error says that nothing is joined there
	case m.group.Is4() && m.source.IsValid():
		_ = p4.LeaveSourceSpecificGroup(&old, g, s)
	case m.group.Is4():
		_ = p4.LeaveGroup(&old, g)
	case m.source.IsValid():
		_ = p6.LeaveSourceSpecificGroup(&old, g, s)
	default:
		_ = p6.LeaveGroup(&old, g)
	}
	return join(conn, m.group, m.source, next)
}
