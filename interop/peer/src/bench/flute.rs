//! Crate `flute`: its Reed-Solomon codec, and whole objects through its sender and receiver, without sockets.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use flute::bench::ReedSolomon;
use flute::core::alc::{parse_alc_pkt, parse_payload_id};
use flute::core::{Oti, UDPEndpoint};
use flute::error::Result as FluteResult;
use flute::receiver::Receiver;
use flute::receiver::writer::{
    ObjectMetadata, ObjectWriter, ObjectWriterBufferBuilder, ObjectWriterBuilder, ObjectWriterBuilderResult,
};
use flute::sender::{Config, CreateFromBuffer, PriorityQueue, Sender, TransferConfig};

use super::loss::{Random, count};
use super::{Case, Options, measure};
use crate::codec::Codec;
use crate::options::Failure;

const PEER: &str = "flute 1.11.7";
const TSI: u64 = 1;
/// Source data of an object, at least: enough blocks that the session's own cost does not show.
const OBJECT: usize = 4_000_000;
/// The crate sends no more source blocks by FEC Encoding ID 5.
const MAX_BLOCKS: usize = 255;
/// Repair symbols beyond the lost ones, for Raptor.
const SPARE: usize = 16;

/// (k, p) of the Reed-Solomon codes.
const RS: [(usize, usize); 1] = [(64, 16)];
const RS16: [(usize, usize); 1] = [(300, 60)];

pub fn run(o: &Options) -> Result<(), Failure> {
    for (scheme, bits, sizes) in [("rs", 8u8, RS), ("rs16", 16, RS16)] {
        let limit = (1 << bits) - 1; // symbols of a block
        for k in o.sizes(scheme, &sizes.map(|s| s.0), limit - 1) {
            let known = sizes.iter().find(|s| s.0 == k).map(|s| s.1);
            let p = known.unwrap_or_else(|| o.repair_of(k)).min(limit - k);
            reed_solomon(o, scheme, bits, k, p)?;
            session(o, scheme, k, p, &[0.0, 0.05, 0.2])?;
        }
    }
    for k in o.sizes("raptor", &[1000], 7000).into_iter().filter(|&k| k >= 10) {
        session(o, "raptor", k, o.repair_of(k), &[0.0, 0.05])?;
    }
    Ok(())
}

/// The codec alone, as the crate's own benchmarks call it.
fn reed_solomon(o: &Options, scheme: &str, bits: u8, k: usize, p: usize) -> Result<(), Failure> {
    let data = Random::new().bytes(k * o.symbol);
    let codec = ReedSolomon::new(bits, k, k + p, o.symbol);
    let case = |operation, loss, repair| Case {
        peer: PEER,
        layer: "codec",
        scheme,
        k,
        symbol: o.symbol,
        operation,
        loss,
        repair,
    };
    measure(o, &case("encode", 0.0, p), data.len(), || (), |()| codec.encode(&data));

    let symbols = codec.encode(&data);
    for loss in [0.0, 0.01, 0.05, 0.2] {
        let lost = count(k, loss).min(p);
        let arrives = Random::new().arrivals(k, loss);
        let received: Vec<(u32, &[u8])> = (0..k)
            .filter(|&i| arrives[i])
            .chain(k..k + lost)
            .map(|esi| (esi as u32, symbols[esi].as_slice()))
            .collect();
        if codec.decode(&received) != data {
            return Err(format!("flute, {scheme}: other bytes").into());
        }
        measure(o, &case("decode", loss, lost), data.len(), || received.as_slice(), |r| codec.decode(r));
    }
    Ok(())
}

/// What goes through the sender and the receiver.
struct Session<'a> {
    scheme: &'a str,
    k: usize,
    /// Repair symbols of a block that a sender makes.
    p: usize,
    /// Repair symbols beyond the lost ones that a receiver is given.
    spare: usize,
    losses: &'a [f64],
    objects: usize,
    /// Source blocks of an object.
    blocks: usize,
    /// Names of sending and receiving.
    operations: [&'static str; 2],
}

/// An object through the sender and the receiver: what an application of the crate gets, with the packets' headers.
fn session(o: &Options, scheme: &str, k: usize, p: usize, losses: &[f64]) -> Result<(), Failure> {
    let spare = if scheme == "raptor" { SPARE } else { 0 };
    let blocks = OBJECT.div_ceil(k * o.symbol).min(MAX_BLOCKS);
    Session { scheme, k, p, spare, losses, objects: 1, blocks, operations: ["encode", "decode"] }.run(o)
}

/// The cases of `flute-node bench core`: so many objects that the caches of a processor do not hold them.
pub fn cores(o: &Options, bytes: usize) -> Result<(), Failure> {
    type Row = (&'static str, usize, usize, usize, &'static [f64]);
    const ROWS: [Row; 6] = [
        ("no-code", 64, 0, 0, &[0.0]),
        ("rs", 64, 16, 0, &[0.05]),
        ("rs", 200, 50, 0, &[0.1]),
        ("rs16", 300, 60, 0, &[0.1]),
        ("raptorq", 1000, 200, 2, &[0.0, 0.05, 0.2]),
        ("raptor", 1000, 200, SPARE, &[0.05]),
    ];
    for (scheme, k, p, spare, losses) in ROWS {
        if !o.schemes.is_empty() && !o.schemes.iter().any(|s| s == scheme) {
            continue;
        }
        let all = (bytes / (k * o.symbol)).max(1);
        let objects = all.div_ceil(MAX_BLOCKS);
        let blocks = (all / objects).max(1);
        Session { scheme, k, p, spare, losses, objects, blocks, operations: ["send", "receive"] }.run(o)?;
    }
    Ok(())
}

impl Session<'_> {
    fn oti(&self, o: &Options, repair: usize) -> Result<Oti, Failure> {
        let repair = 100.0 * repair as f64 / self.k as f64;
        Codec {
            scheme: self.scheme.into(),
            symbol: o.symbol as u16,
            block: self.k as u16,
            repair,
            ..Default::default()
        }
        .oti()
    }

    fn run(&self, o: &Options) -> Result<(), Failure> {
        let Session { scheme, k, p, spare, losses, objects, blocks, operations } = *self;
        let mut random = Random::new();
        let data: Vec<Vec<u8>> = (0..objects).map(|_| random.bytes(blocks * k * o.symbol)).collect();
        let total = objects * blocks * k * o.symbol;
        let case = |operation, loss, repair| Case {
            peer: PEER,
            layer: "session",
            scheme,
            k,
            symbol: o.symbol,
            operation,
            loss,
            repair,
        };

        let now = SystemTime::now();
        let send = |mut sender: Sender| {
            let mut packets = Vec::with_capacity(objects * blocks * (k + p) + 1);
            packets.extend(std::iter::from_fn(|| sender.read(now)));
            packets
        };
        let made = self.oti(o, p)?;
        measure(o, &case(operations[0], 0.0, p), total, || sender(&made, &data, now), send);

        let lost_most = losses.iter().map(|&loss| count(k, loss)).max().unwrap_or(0);
        let most = if p == 0 { 0 } else { (lost_most + spare).max(1) };
        let made = self.oti(o, most)?;
        let packets = Packets::sort(send(sender(&made, &data, now)), &made, objects, blocks, k + most)?;
        for &loss in losses {
            let lost = count(k, loss);
            let repair = if lost == 0 { 0 } else { lost + spare };
            let received = packets.select(k, loss, repair);
            let buffer = Rc::new(ObjectWriterBufferBuilder::new(false));
            receive(packets.receiver(buffer.clone(), now)?, &received, now);
            {
                let written = buffer.objects.borrow();
                if written.len() != objects || written.iter().zip(&data).any(|(w, d)| w.borrow().data != *d) {
                    return Err(format!("flute, {scheme}, k = {k}, {loss} lost: not received").into());
                }
            }
            drop(buffer);
            let sink = Rc::new(Sink::new(objects, blocks * k * o.symbol));
            let fresh = || packets.receiver(sink.clone(), now).expect("as before");
            measure(o, &case(operations[1], loss, repair), total, fresh, |r| receive(r, &received, now));
            if sink.failed.get() {
                return Err(format!("flute, {scheme}, k = {k}, {loss} lost: an object failed").into());
            }
        }
        Ok(())
    }
}

fn endpoint() -> UDPEndpoint {
    UDPEndpoint::new(None, "239.255.70.1".into(), 3400)
}

/// A session with these objects, one after the other. The FDT Instance is not coded.
fn sender(oti: &Oti, data: &[Vec<u8>], now: SystemTime) -> Sender {
    let mut config = Config { interleave_blocks: 1, ..Default::default() };
    config.set_priority_queue(PriorityQueue::HIGHEST, PriorityQueue::new(1));
    let mut sender = Sender::new(endpoint(), TSI, &Oti::new_no_code(oti.encoding_symbol_length, 64), &config);
    for (i, content) in data.iter().enumerate() {
        let object = CreateFromBuffer::builder()
            .content(content.clone())
            .content_type("application/octet-stream".into())
            .content_location(url::Url::parse(&format!("file:///object{i}")).expect("a URL"))
            .compute_md5(false)
            .config(TransferConfig { oti: Some(oti.clone()), ..Default::default() })
            .build()
            .create()
            .expect("an object");
        sender.add_object(PriorityQueue::HIGHEST, object).expect("an object that the code can code");
    }
    sender.publish(now).expect("an FDT Instance");
    sender
}

fn receive(mut receiver: Receiver, packets: &[&[u8]], now: SystemTime) -> Receiver {
    for packet in packets {
        receiver.push_data(packet, now).expect("a valid packet");
    }
    receiver
}

/// The packets of a session.
struct Packets {
    fdt: Vec<Vec<u8>>,
    /// By object and source block, in the order of ESIs.
    blocks: Vec<Vec<Vec<u8>>>,
}

impl Packets {
    /// Each of the blocks has so many symbols. TOIs count from 1.
    fn sort(
        packets: Vec<Vec<u8>>,
        oti: &Oti,
        objects: usize,
        blocks: usize,
        symbols: usize,
    ) -> Result<Packets, Failure> {
        let mut sorted = Packets { fdt: Vec::new(), blocks: vec![Vec::new(); objects * blocks] };
        for packet in packets {
            let parsed = parse_alc_pkt(&packet).map_err(|e| e.0)?;
            if parsed.lct.toi == 0 {
                sorted.fdt.push(packet);
                continue;
            }
            let id = parse_payload_id(&parsed, oti).map_err(|e| e.0)?;
            let object = parsed.lct.toi as usize - 1;
            let block = sorted.blocks.get_mut(object * blocks + id.sbn as usize).ok_or("a block too many")?;
            if id.esi as usize != block.len() {
                return Err("symbols out of order".into());
            }
            block.push(packet);
        }
        if sorted.fdt.is_empty() || sorted.blocks.iter().any(|b| b.len() < symbols) {
            return Err("packets are missing".into());
        }
        Ok(sorted)
    }

    /// Of each block the source symbols that arrive, and so many repair symbols.
    fn select(&self, k: usize, loss: f64, repair: usize) -> Vec<&[u8]> {
        let mut random = Random::new();
        let mut out: Vec<&[u8]> = Vec::new();
        for block in &self.blocks {
            let arrives = random.arrivals(k, loss);
            out.extend((0..k).filter(|&i| arrives[i]).chain(k..k + repair).map(|i| block[i].as_slice()));
        }
        out
    }

    /// A receiver that knows the FDT Instance.
    fn receiver(&self, writer: Rc<dyn ObjectWriterBuilder>, now: SystemTime) -> Result<Receiver, Failure> {
        let mut receiver = Receiver::new(&endpoint(), TSI, writer, None);
        for packet in &self.fdt {
            receiver.push_data(packet, now).map_err(|e| e.0)?;
        }
        Ok(receiver)
    }
}

/// Where the bytes of objects go: memory that is there before they come, so that what is measured is not how the system
/// finds memory. One place for each object, used in turn.
struct Sink {
    failed: Rc<Cell<bool>>,
    places: Rc<Vec<RefCell<Vec<u8>>>>,
    next: Rc<Cell<usize>>,
    place: usize,
    end: Cell<usize>,
}

impl Sink {
    fn new(objects: usize, size: usize) -> Sink {
        Sink {
            failed: Rc::default(),
            places: Rc::new((0..objects).map(|_| RefCell::new(vec![1; size])).collect()),
            next: Rc::default(),
            place: 0,
            end: Cell::new(0),
        }
    }
}

impl ObjectWriterBuilder for Sink {
    fn new_object_writer(
        &self,
        _: &UDPEndpoint,
        _: &u64,
        _: &u128,
        _: &ObjectMetadata,
        _: SystemTime,
    ) -> ObjectWriterBuilderResult {
        let place = self.next.get() % self.places.len();
        self.next.set(place + 1);
        ObjectWriterBuilderResult::StoreObject(Box::new(Sink {
            failed: self.failed.clone(),
            places: self.places.clone(),
            next: self.next.clone(),
            place,
            end: Cell::new(0),
        }))
    }

    fn update_cache_control(&self, _: &UDPEndpoint, _: &u64, _: &u128, _: &ObjectMetadata, _: SystemTime) {}

    fn fdt_received(
        &self,
        _: &UDPEndpoint,
        _: &u64,
        _: &str,
        _: SystemTime,
        _: &ObjectMetadata,
        _: Duration,
        _: SystemTime,
        _: Option<SystemTime>,
    ) {
    }
}

impl ObjectWriter for Sink {
    fn open(&self, _: SystemTime) -> FluteResult<()> {
        Ok(())
    }

    fn write(&self, _: u32, data: &[u8], _: SystemTime) -> FluteResult<()> {
        let begin = self.end.get();
        self.end.set(begin + data.len());
        self.places[self.place].borrow_mut()[begin..begin + data.len()].copy_from_slice(data);
        Ok(())
    }

    fn complete(&self, _: SystemTime) {}

    fn error(&self, _: SystemTime) {
        self.failed.set(true);
    }

    fn interrupted(&self, _: SystemTime) {
        self.failed.set(true);
    }

    fn enable_md5_check(&self) -> bool {
        false
    }
}
