// Command droprelay joins a multicast group on one interface and sends what arrives there to another group, less some
// datagrams that it drops: a network with loss, for interoperability tests on one machine.
//
//	droprelay -from 239.255.7.1:3400 -to 239.255.7.2:3401 -interface lo -one-in 20 -seed 1
//	droprelay -from 239.255.7.1:3400 -to 239.255.7.2:3401 -interface lo -loss 0.1 -spare-fdt
//
// Of every 20 datagrams it drops one, at a place inside the 20 that the seed decides. Loss is thus spread out: of n
// datagrams in a row never more than n/20+2 are lost, so that a test may know whether a source block is decodable. The
// order of datagrams is kept, but for -reorder. With -spare-fdt packets of FDT Instances are never dropped, for peers
// that lose a file whose FDT Instance they missed. On SIGINT or SIGTERM it prints how many datagrams it forwarded,
// dropped, changed, overtook and repeated, and ends.
//
// The two ports must differ: the relay would hear itself.
//
// With -loss 0.1 each datagram is dropped with that probability instead, whatever became of the others: there are
// bursts, and a source block needs repair symbols for the worst of them.
//
// With -flip-at 300 it flips one bit in the 300th packet of a file that it forwards, once: a carousel's next turn mends
// that.
//
// With -reorder 0.1 each datagram is held back with that probability, behind 1 to 32 others; with -duplicate 0.1 a
// second copy is sent, up to 32 datagrams later. -spare-fdt keeps packets of FDT Instances in their places here, too.
// With -late-at 100 the 100th packet of a file is held back until no datagram has come for 50 ms after one with the B
// flag, or for 5 s: behind the last packet of its object. With -late-fdt that becomes of all packets of FDT Instances.
//
// With an address of this machine after -from it relays both ways, for protocols that answer: what clients send there
// goes to -to, and the answers go back to them. Both ways lose datagrams, each by draws of its own. Only -one-in, -loss
// and -seed mean something then.
//
//	droprelay -from 127.0.0.1:6001 -to 127.0.0.1:6000 -loss 0.01
//
// Receivers see the relay as the source. IPv4 only for groups; a measuring tool it is not: one system call for each
// datagram.
package main
