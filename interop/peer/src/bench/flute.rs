//! Crate `flute`: its Reed-Solomon codec, and whole objects through its sender and receiver, without sockets.

use std::cell::Cell;
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

/// An object through the sender and the receiver: what an application of the crate gets, with the packets' headers.
fn session(o: &Options, scheme: &str, k: usize, p: usize, losses: &[f64]) -> Result<(), Failure> {
    let spare = if scheme == "raptor" { SPARE } else { 0 };
    let oti = |repair: usize| {
        let repair = 100.0 * repair as f64 / k as f64;
        Codec { scheme: scheme.into(), symbol: o.symbol as u16, block: k as u16, repair, ..Default::default() }.oti()
    };
    let blocks = OBJECT.div_ceil(k * o.symbol).min(MAX_BLOCKS);
    let data = Random::new().bytes(blocks * k * o.symbol);
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
        let mut packets = Vec::with_capacity(blocks * (k + p) + 1);
        packets.extend(std::iter::from_fn(|| sender.read(now)));
        packets
    };
    let made = oti(p)?;
    measure(o, &case("encode", 0.0, p), data.len(), || sender(&made, &data, now), send);

    let most = losses.iter().map(|&loss| count(k, loss)).max().unwrap_or(0) + spare;
    let made = oti(most.max(1))?;
    let packets = Packets::sort(send(sender(&made, &data, now)), &made, blocks, k)?;
    for &loss in losses {
        let lost = count(k, loss);
        let repair = if lost == 0 { 0 } else { lost + spare };
        let received = packets.select(k, loss, repair);
        let buffer = Rc::new(ObjectWriterBufferBuilder::new(false));
        receive(packets.receiver(buffer.clone(), now)?, &received, now);
        let objects = buffer.objects.borrow();
        if objects.len() != 1 || objects[0].borrow().data != data {
            return Err(format!("flute, {scheme}, k = {k}, {loss} lost: not received").into());
        }
        let sink = Rc::new(Sink::default());
        let fresh = || packets.receiver(sink.clone(), now).expect("as before");
        measure(o, &case("decode", loss, repair), data.len(), fresh, |r| receive(r, &received, now));
        if sink.failed.get() {
            return Err(format!("flute, {scheme}, k = {k}, {loss} lost: an object failed").into());
        }
    }
    Ok(())
}

fn endpoint() -> UDPEndpoint {
    UDPEndpoint::new(None, "239.255.70.1".into(), 3400)
}

/// A session with one object. The FDT Instance is not coded.
fn sender(oti: &Oti, data: &[u8], now: SystemTime) -> Sender {
    let config = Config { interleave_blocks: 1, ..Default::default() };
    let mut sender = Sender::new(endpoint(), TSI, &Oti::new_no_code(oti.encoding_symbol_length, 64), &config);
    let object = CreateFromBuffer::builder()
        .content(data.to_vec())
        .content_type("application/octet-stream".into())
        .content_location(url::Url::parse("file:///object").expect("a URL"))
        .compute_md5(false)
        .config(TransferConfig { oti: Some(oti.clone()), ..Default::default() })
        .build()
        .create()
        .expect("an object");
    sender.add_object(PriorityQueue::HIGHEST, object).expect("an object that the code can code");
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
    /// By source block, in the order of ESIs.
    blocks: Vec<Vec<Vec<u8>>>,
}

impl Packets {
    fn sort(packets: Vec<Vec<u8>>, oti: &Oti, blocks: usize, k: usize) -> Result<Packets, Failure> {
        let mut sorted = Packets { fdt: Vec::new(), blocks: vec![Vec::new(); blocks] };
        for packet in packets {
            let parsed = parse_alc_pkt(&packet).map_err(|e| e.0)?;
            if parsed.lct.toi == 0 {
                sorted.fdt.push(packet);
                continue;
            }
            let id = parse_payload_id(&parsed, oti).map_err(|e| e.0)?;
            let block = sorted.blocks.get_mut(id.sbn as usize).ok_or("a block too many")?;
            if id.esi as usize != block.len() {
                return Err("symbols out of order".into());
            }
            block.push(packet);
        }
        if sorted.fdt.is_empty() || sorted.blocks.iter().any(|b| b.len() <= k) {
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

/// Takes objects and keeps nothing.
#[derive(Default)]
struct Sink {
    failed: Rc<Cell<bool>>,
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
        ObjectWriterBuilderResult::StoreObject(Box::new(Sink { failed: self.failed.clone() }))
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

    fn write(&self, _: u32, _: &[u8], _: SystemTime) -> FluteResult<()> {
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
