#!/usr/bin/env python3
"""Writes datagrams of ROUTE, from the figures of RFC 9223 and RFC 5651 and the S-TSID of ATSC A/331.

It shares no code with the receiver that is tested. Run it in this folder: write.py > datagrams.txt. A line is
"case NAME", "> HEX" for a datagram, "= SHA-256 NAME" for a file that must come of the case, "- NAME" for one that must
not, "drop N" for how many datagrams are dropped, or "dup N" for how many are repetitions.
"""
import base64
import gzip
import hashlib
import struct
import sys

out = sys.stdout


def content(seed, length):
    """Returns bytes that no two places of have in common."""
    b = b""
    i = 0
    while len(b) < length:
        b += hashlib.sha256(f"{seed} {i}".encode()).digest()
        i += 1
    return b[:length]


def packet(tsi, toi, cp, payload_id, data, *, tol=None, tol48=None, fti=None, b=0, a=0, spi=1, cci=0, ext=b"", ert=None):
    """RFC 5651, section 5.1: V=1, C=0, PSI, S=1, O=1, H=0, Res=0, A, B, HDR_LEN, CP; CCI, TSI, TOI; extensions."""
    x = ext
    if tol is not None:  # HET 194: 24 bits
        x += bytes([194]) + tol.to_bytes(3, "big")
    if tol48 is not None:  # HET 67, HEL 2: 48 bits
        x += bytes([67, 2]) + tol48.to_bytes(6, "big")
    if fti is not None:  # RFC 5445, section 3.2.2.1: 48 bits, 16 reserved, 16 symbol length, 32 block length
        x += bytes([64, 4]) + fti.to_bytes(6, "big") + struct.pack(">HHI", 0, len(data), 64)
    if ert is not None:  # EXT_TIME, ERT
        x += bytes([2, 2]) + struct.pack(">HI", 0x2000, ert)
    head = bytes([0x10 | spi << 1, 0x80 | 1 << 5 | a << 1 | b, 4 + len(x) // 4, cp])
    head += struct.pack(">III", cci, tsi, toi) + x
    if payload_id is None:
        return head + data
    return head + struct.pack(">I", payload_id) + data


def split(data, sizes):
    """Returns (offset, bytes) of data, in pieces whose sizes go round."""
    at, i = 0, 0
    while at < len(data):
        n = sizes[i % len(sizes)]
        yield at, data[at:at + n]
        at, i = at + n, i + 1


def case(name):
    print("case", name, file=out)


def send(p):
    print(">", p.hex(), file=out)


def whole(data, name):
    print("=", hashlib.sha256(data).hexdigest(), name, file=out)


def single(tsi, toi, cp, data, **more):
    send(packet(tsi, toi, cp, 0, data, b=1, **more))


def package(*parts):
    text = 'Content-Type: multipart/related;\r\n boundary="next part";\r\n type="application/mbms-envelope+xml"\r\n\r\n'
    for kind, location, body in parts:
        text += f"--next part\r\nContent-Type: {kind}\r\nContent-Location: {location}\r\n\r\n{body}\r\n"
    return (text + "--next part--\r\n").encode()


FDT = 'xmlns="urn:ietf:params:xml:ns:fdt"'
AFDT = 'xmlns:afdt="tag:atsc.org,2016:XMLSchemas/ATSC3/Delivery/ATSC-FDT/1.0/"'


def stsid(*flows, rs=""):
    inner = "".join(f'<LS tsi="{t}"><SrcFlow rt="true">{body}</SrcFlow></LS>' for t, body in flows)
    return ('<?xml version="1.0"?><S-TSID xmlns="tag:atsc.org,2016:XMLSchemas/ATSC3/Delivery/S-TSID/1.0/" '
            f'xmlns:fdt="urn:ietf:params:xml:ns:fdt" {AFDT}><RS {rs}>{inner}</RS></S-TSID>')


def signalling(*flows, toi=7):
    """Service-layer signalling as a package, codepoint 3, with nothing that describes it."""
    b = package(("application/mbms-envelope+xml", "envelope.xml", "<metadataEnvelope/>"),
                ("application/route-s-tsid+xml", "stsid.xml", stsid(*flows)))
    for at, p in split(b, [500]):
        send(packet(0, toi, 3, at, p, tol=len(b), b=int(at + len(p) == len(b))))
    return b


# A live stream: an S-TSID with a template, initialization segments, media segments in chunks of any size.
case("live")
video = ('<EFDT><fdt:FDT-Instance Expires="4294967295" afdt:efdtVersion="3" afdt:maxExpiresDelta="60" '
         'afdt:maxTransportSize="90000" afdt:fileTemplate="video/$TOI%05d$.m4s" Content-Type="video/mp4">'
         '<fdt:File TOI="4294967295" Content-Location="video/init.mp4"/></fdt:FDT-Instance></EFDT>'
         '<Payload codePoint="8" formatId="1" srcFecPayloadId="1"/>')
sls = signalling((100, video))
whole(sls, "tsi-0-toi-7")
first, second = content("init", 700), content("another init", 812)
single(100, 0xffffffff, 5, first, tol=len(first))
single(100, 0xffffffff, 7, first, tol=len(first))
for toi in (33, 34):
    segment = content(toi, 60000 + toi)
    for at, p in split(segment, [1400, 1400, 333, 1400, 7, 1]):
        end = at + len(p)
        send(packet(100, toi, 10 if at == 0 else 8, at, p, cci=toi, b=int(end == len(segment)),
                    tol=len(segment) if end > len(segment) - 3000 else None))
    whole(segment, f"video/000{toi}.m4s")
single(100, 0xffffffff, 6, second, tol=len(second))
whole(second, "video/init.mp4")
print("dup 1", file=out)

# The same out of order, in two transfers with loss: offsets from the end to the start, then each second one again.
case("reverse")
sls = signalling((100, video))
segment = content("reverse", 50001)
packets = [packet(100, 9, 8, at, p, tol48=len(segment)) for at, p in split(segment, [1400, 999, 1234])]
for i, p in enumerate(reversed(packets)):
    if i % 3:
        send(p)
for p in packets:
    send(p)
whole(segment, "video/00009.m4s")
print(f"dup {len([i for i in range(len(packets)) if i % 3])}", file=out)

# An extended FDT Instance with TOI 0, of several packets, in the form of RFC 9223; files in EXT_FTI and by the File.
case("efdt")
names = [f"news/{i}.txt" for i in range(40)]
bodies = [content(f"news {i}", 900 + 31 * i) for i in range(40)]
doc = f'<?xml version="1.0" encoding="UTF-8"?><FDT-Instance {FDT} {AFDT} Expires="4294967295" afdt:efdtVersion="1">'
for i, (n, b) in enumerate(zip(names, bodies)):
    more = f' Transfer-Length="{len(b)}"' if i % 2 else ""
    doc += f'<File TOI="{i + 1}" Content-Location="{n}" Content-Type="text/plain" Content-Length="{len(b)}"{more}/>'
doc = (doc + "</FDT-Instance>").encode()
parts = list(split(doc, [700]))
for at, p in [parts[2], parts[0], parts[1]] + parts[3:]:
    send(packet(5, 0, 1, at, p, fti=len(doc)))
for i, (n, b) in enumerate(zip(names, bodies)):
    for at, p in split(b, [450]):
        send(packet(5, i + 1, 1, at, p, fti=None if i % 2 else len(b)))
    whole(b, n)

# The older form, gzip, and a length that only the B flag tells.
case("older form")
plain = content("plain", 5000)
packed = gzip.compress(b"The quick brown fox. " * 900, mtime=0)
doc = (f'<EFDT version="9"><FDTParameters><File TOI="1" Content-Location="fox.txt" Content-Encoding="gzip" '
       f'Content-Length="{len(packed)}" Transfer-Length="{len(packed)}"/>'
       '<File TOI="2" Content-Location="plain.bin"/></FDTParameters></EFDT>').encode()
single(6, 0, 0, doc)
single(6, 1, 0, packed)
for at, p in split(plain, [1000]):
    send(packet(6, 2, 0, at, p, b=int(at == 4000)))
whole(b"The quick brown fox. " * 900, "fox.txt")
whole(plain, "plain.bin")

# FileTemplate as an element, before 2017, and an escaped $.
case("older template")
doc = b'<EFDT version="1" maxTransportSize="1000"><FileTemplate>a$$b-$TOI$</FileTemplate></EFDT>'
single(6, 0, 0, doc)
single(6, 12, 0, plain[:900], tol=900)
single(6, 13, 0, plain[:1001], tol=1001)
whole(plain[:900], "a$b-12")
print("drop 1", file=out)

# Entity mode: the head in front, in one packet and in several, chunked, gzip.
case("entity")
body = content("entity", 9000)
head = (b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Location: seg/1.m4s\r\n"
        b"Content-Length: 9000\r\n\r\n")
for at, p in split(head + body, [1200]):
    send(packet(8, 1, 9, at, p))
whole(body, "seg/1.m4s")
head = b"Content-Location: seg/2.m4s\r\nContent-Type:\r\n video/mp4\r\nTransfer-Encoding: chunked\r\n\r\n"
chunks = b"".join(b"%x;a=b\r\n%s\r\n" % (len(p), p) for _, p in split(body, [3000, 1])) + b"0\r\nX: y\r\n\r\n"
stream = head + chunks
pieces = list(split(stream, [40, 1200]))
for at, p in pieces[1:] + pieces[:1]:
    send(packet(8, 2, 9, at, p, tol=len(stream)))
whole(body, "seg/2.m4s")
text = b"All work and no play. " * 500
packed = gzip.compress(text, mtime=0)
head = b"Content-Location: text.txt\nContent-Encoding: gzip\nContent-Length: %d\n\n" % len(packed)
single(8, 3, 2, head + packed)
whole(text, "text.txt")
stream = b"Content-Location: bad.bin\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc\r\n0\r\n\r\n"
single(8, 4, 9, stream, tol=len(stream))
print("- bad.bin", file=out)

# Codepoints that the S-TSID explains: without a FEC Payload ID, and with that of RFC 6330.
case("payload ids")
# RFC 6330, section 3.3: F=0 in 40 bits, 8 reserved, T=1000; Z=1, N=1, Al=4
oti = base64.b64encode(bytes(6) + struct.pack(">HBHB", 1000, 1, 1, 4)).decode()
flow = ('<EFDT><fdt:FDT-Instance Expires="4294967295" afdt:fileTemplate="t/$TOI$"/></EFDT>'
        '<Payload codePoint="128" formatId="1" srcFecPayloadId="0"/>'
        f'<Payload codePoint="129" formatId="1" srcFecPayloadId="2"><FECParameters fecOTI="{oti}"/></Payload>'
        '<Payload codePoint="130" formatId="2"/>')
signalling((200, flow))
one, many = content("one", 1200), content("many", 7300)
send(packet(200, 1, 128, None, one, tol=len(one)))
for at, p in split(many, [1000]):
    send(packet(200, 2, 129, at // 1000, p, tol=len(many)))
single(200, 3, 130, b"Content-Location: named\r\nContent-Length: 3\r\n\r\nabc")
whole(one, "t/1")
whole(many, "t/2")
whole(b"abc", "named")

# What must not be used: repair packets, bytes beyond the end, bytes that overlap, another length, short FEC Payload IDs.
case("hostile")
good = content("good", 4000)
doc = f'<FDT-Instance {FDT} Expires="4294967295"><File TOI="1" Content-Location="good" Transfer-Length="4000"/></FDT-Instance>'
single(9, 0, 1, doc.encode())
evil = b"\xee" * 1000
send(packet(9, 1, 1, 0, good[:1000], tol=4000))
send(packet(9, 1, 1, 0, evil, tol=4000, spi=0))  # a repair packet
send(packet(9, 1, 1, 3500, evil, tol=4000))  # beyond the end
send(packet(9, 1, 1, 500, evil, tol=4000))  # overlaps
send(packet(9, 1, 1, 1000, evil, tol=3999))  # another length
send(packet(9, 1, 1, 1000, evil, tol=4000, tol48=4001))  # two lengths
send(packet(9, 1, 1, None, b"\0\0", tol=4000))  # no FEC Payload ID
send(packet(9, 1, 1, 0, good[:1000], tol=4000))  # a repetition
for at, p in list(split(good, [1000]))[1:]:
    send(packet(9, 1, 1, at, p, tol=4000))
whole(good, "good")
print("drop 6", file=out)
print("dup 1", file=out)
